/* test_recipe.c: recipes are read as written, and mistakes are named where they are */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain_run.h"

#define BASE "\"hash\": \"h\", \"previous\": \"p\", "
#define PREIMAGE(expression) BASE "\"preimage\": [{ \"previous\": \"text\" }, " expression "]"
#define ORDERED "\"order_by\": [\"seq\"]"
#define HEX64 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const char *const good[] = {
	BASE "\"preimage\": { \"previous\": \"text\" }",
	BASE "\"preimage\": { \"column\": \"p\" }",
	BASE "\"preimage\": { \"json\": \"jcs\", \"all_except\": [] }",
	PREIMAGE("\"x\"") ", \"digest\": \"sha512\", \"encoding\": \"base64\", "
	"\"order_by\": [\"seq\", \"id\"], \"front\": \"pruned\", "
	"\"where\": { \"column\": \"h\", \"is\": \"not null\" }",
	PREIMAGE("\"x\"") ", \"digest\": { \"hmac\": \"sha256\", \"key\": \"audit\" }",
	PREIMAGE("\"x\"") ", \"expect\": { \"head\": { \"rows\": 3, \"hash\": \"" HEX64 "\" } }",
	PREIMAGE("\"x\"") ", \"digest\": { \"by\": \"a\", \"cases\": { \"1\": \"sha512\", "
	"\"2\": { \"hmac\": \"sha384\", \"key\": \"k\" } } }",
	PREIMAGE("\"x\"") ", \"partition_by\": [\"t\", \"u\"], \"expect\": { \"heads\": ["
	"{ \"rows\": 3, \"partition\": [\"a\", null], \"hash\": \"" HEX64 "\" }] }",
	PREIMAGE("\"x\"") ", \"front\": \"pruned\", \"expect\": { \"genesis\": \"" HEX64 "\" }",
	PREIMAGE("\"x\"") ", \"known_forks\": [\"" HEX64 "\"]",
	PREIMAGE("\"x\"") ", \"versions\": [{ \"when\": { \"column\": \"v\", \"equals\": 2 }, "
	"\"preimage\": [{ \"previous\": \"bytes\" }] }, { \"digest\": \"sha512\" }]",
	PREIMAGE("\"x\"") ", \"join\": { \"table\": \"s.t\", \"on\": { \"id\": \"entry\" } }",
	BASE "\"mode\": \"links\", " ORDERED,
	BASE "\"preimage\": { \"unstored\": \"the payload\" }, " ORDERED,
	BASE "\"preimage\": \"x\", " ORDERED,
	"\"hash\": \"h\", \"preimage\": { \"previous\": \"text\" }, " ORDERED,
	"\"previous\": \"p\", \"preimage\": \"x\", " ORDERED,
	"\"preimage\": { \"previous\": \"text\" }, " ORDERED,
	"\"hash\": \"h\", \"mode\": \"rows\", \"preimage\": \"x\"",
	PREIMAGE("{ \"json\": \"python\", \"object\": [[\"a\", { \"column\": \"x\" }]], "
		 "\"drop_keys\": [\"z\"], \"drop_empty\": true }"),
};

static const struct {
	const char *members;
	const char *message;         /* a part of it */
} bad[] = {
	{ "\"hash\": \"h\", \"preimage\": { \"previous\": \"text\" }",
	  "\"order_by\" has to say" },
	{ "\"hash\": \"h\", \"preimage\": \"x\", " ORDERED, "nothing links the entries" },
	{ BASE "\"order_by\": []", "at least one column" },
	{ BASE ORDERED, "\"preimage\" is missing" },
	{ BASE "\"preimage\": \"x\"", "do not hold the previous hash" },
	{ BASE "\"preimage\": { \"json\": \"jcs\", \"all_except\": [\"p\"] }",
	  "do not hold the previous hash" },
	{ BASE "\"preimage\": { \"json\": \"jcs\", \"all_except\": [], \"columns\": "
	  "{ \"p\": \"x\" } }", "do not hold the previous hash" },
	{ PREIMAGE("\"x\"") ", \"versions\": [{ \"preimage\": \"x\" }]",
	  "do not hold the previous hash" },
	{ "\"hash\": \"h\", \"previous\": \"h\", \"preimage\": { \"previous\": \"text\" }",
	  "the same column" },
	{ PREIMAGE("7"), "expected an expression" },
	{ PREIMAGE("{}"), "an expression needs one of" },
	{ PREIMAGE("{ \"colum\": \"x\" }"), "an expression needs one of" },
	{ PREIMAGE("{ \"column\": \"x\", \"tim\": \"epoch\" }"), "did you mean \"time\"" },
	{ PREIMAGE("{ \"column\": \"x\", \"digits\": 3 }"), "\"time\": \"iso8601\"" },
	{ PREIMAGE("{ \"column\": \"x\", \"time\": \"iso8601\", \"digits\": 10 }"), "0 to 9" },
	{ PREIMAGE("{ \"column\": \"x\", \"time\": \"epoch\" }"), "belong together" },
	{ PREIMAGE("{ \"column\": \"x\", \"unit\": \"s\" }"), "belong together" },
	{ PREIMAGE("{ \"column\": \"x\", \"bytes\": \"uuid\", \"decimal\": \"strip zeros\" }"),
	  "only one of" },
	{ PREIMAGE("{ \"join\": [\"a\"] }"), "\"with\" is missing" },
	{ PREIMAGE("{ \"hex\": \"1\" }"), "hexadecimal" },
	{ PREIMAGE("{ \"previous\": \"hex\" }"), "\"text\" or \"bytes\"" },
	{ PREIMAGE("{ \"json\": \"javscript\", \"array\": [] }"), "\"javascript\"" },
	{ PREIMAGE("{ \"json\": \"cobol\", \"array\": [] }"), "this version knows" },
	{ PREIMAGE("{ \"json\": { \"like\": \"jcs\", \"sort\": \"up\" }, \"array\": [] }"),
	  "UTF-16" },
	{ PREIMAGE("{ \"json\": { \"like\": \"jcs\", \"separators\": [\",\"] }, \"array\": [] }"),
	  "two strings" },
	{ PREIMAGE("{ \"json\": \"jcs\" }"), "needs one of \"object\"" },
	{ PREIMAGE("{ \"json\": \"jcs\", \"array\": [], \"object\": [] }"), "needs one of" },
	{ PREIMAGE("{ \"json\": \"jcs\", \"array\": [], \"keys\": \"sorted\" }"), "has no keys" },
	{ PREIMAGE("{ \"json\": \"jcs\", \"object\": [[\"a\"]] }"), "[name, expression]" },
	{ PREIMAGE("{ \"json\": \"jcs\", \"object\": [[\"a\", \"1\"], [\"a\", \"2\"]] }"),
	  "already listed" },
	{ PREIMAGE("{ \"json\": \"jcs\", \"object\": { \"a\": \"1\" } }"), "a list of [name" },
	{ PREIMAGE("{ \"json\": \"jcs\", \"array\": [{ \"hex\": \"00\" }] }"), "cannot stand in "
	  "JSON" },
	{ PREIMAGE("{ \"json\": \"jcs\", \"array\": [[\"a\", { \"previous\": \"bytes\" }]] }"),
	  "cannot stand in JSON" },
	{ PREIMAGE("{ \"length_prefixed\": \"a\" }"), "\"length\" is missing" },
	{ PREIMAGE("\"x\"") ", \"digest\": \"md5\"", "sha256" },
	{ PREIMAGE("\"x\"") ", \"digest\": { \"hmac\": \"sha256\" }", "\"key\" is missing" },
	{ PREIMAGE("\"x\"") ", \"expect\": { \"head\": { \"rows\": 3, \"hash\": \"0011\" } }",
	  "has 2 bytes" },
	{ PREIMAGE("\"x\"") ", \"expect\": { \"head\": { \"rows\": 0, \"hash\": \"" HEX64 "\" } }",
	  "0 rows" },
	{ PREIMAGE("\"x\"") ", \"filter\": {}", "is for MongoDB" },
	{ PREIMAGE("\"x\"") ", \"digest\": { \"by\": \"a\" }", "\"cases\" is missing" },
	{ PREIMAGE("\"x\"") ", \"digest\": { \"by\": \"a\", \"cases\": {} }",
	  "expected { value: digest" },
	{ PREIMAGE("\"x\"") ", \"digest\": { \"by\": \"a\", \"cases\": { \"1\": \"md5\" } }",
	  "sha256" },
	{ PREIMAGE("\"x\"") ", \"partition_by\": [\"t\"], \"expect\": { \"head\": { \"rows\": 3, "
	  "\"hash\": \"" HEX64 "\" } }", "has \"heads\"" },
	{ PREIMAGE("\"x\"") ", \"expect\": { \"heads\": [{ \"rows\": 3, \"partition\": [\"a\"], "
	  "\"hash\": \"" HEX64 "\" }] }", "one \"head\"" },
	{ PREIMAGE("\"x\"") ", \"partition_by\": [\"t\"], \"expect\": { \"heads\": ["
	  "{ \"rows\": 3, \"partition\": [\"a\"], \"hash\": \"" HEX64 "\" }, "
	  "{ \"rows\": 4, \"partition\": [\"a\"], \"hash\": \"" HEX64 "\" }] }",
	  "[\"a\"] is listed twice" },
	{ PREIMAGE("\"x\"") ", \"partition_by\": [\"t\"], \"expect\": { \"heads\": ["
	  "{ \"rows\": 3, \"partition\": [7], \"hash\": \"" HEX64 "\" }] }",
	  "a string or null" },
	{ PREIMAGE("\"x\"") ", \"mode\": \"links\"", "have no meaning" },
	{ "\"hash\": \"h\", \"mode\": \"links\"", "needs \"hash\" and \"previous\"" },
	{ BASE "\"mode\": \"links\"", "\"order_by\" is needed" },
	{ BASE "\"mode\": \"rows\", \"preimage\": \"x\"", "there is no \"previous\"" },
	{ "\"mode\": \"rows\", \"preimage\": \"x\"", "needs \"hash\"" },
	{ PREIMAGE("\"x\"") ", \"versions\": []", "a list of" },
	{ PREIMAGE("\"x\"") ", \"versions\": [{ \"when\": { \"column\": \"v\", \"equals\": 2 } }]",
	  "needs \"preimage\"" },
	{ PREIMAGE("\"x\"") ", \"join\": {}", "\"table\" is missing" },
	{ PREIMAGE("\"x\"") ", \"join\": { \"table\": \"s.t\", \"on\": {} }", "column of the" },
	{ PREIMAGE("\"x\"") ", \"known_forks\": [\"x\"]", "hexadecimal" },
	{ PREIMAGE("\"x\"") ", \"genesis\": { \"stored\": 7 }", "expected a string" },
};

static void test_good(void **state)
{
	struct drv_error err;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_string_equal("", chain_refusal(good[i], &err));
}

static void test_bad(void **state)
{
	struct drv_error err;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		const char *message = chain_refusal(bad[i].members, &err);

		if (err.status != DRV_E_DOCUMENT || !strstr(message, bad[i].message) ||
		    strncmp(message, "test:1:", 7))
			fail_msg("%s gives \"%s\"", bad[i].members, message);
	}
}

static void note(const char *column, void *user)
{
	struct drvp_strbuf *names = user;

	drvp_strbuf_printf(names, "%s ", column);
}

static void test_columns(void **state)
{
	struct drv_baseline *baseline = chain_document(
		BASE "\"order_by\": [\"seq\"], \"where\": { \"column\": \"w\", \"is\": \"null\" }, "
		"\"preimage\": [{ \"previous\": \"text\" }, { \"digest\": { \"column\": \"d\" } }, "
		"{ \"join\": [{ \"column\": \"j\" }], \"with\": \"\" }, "
		"{ \"length_prefixed\": { \"column\": \"l\" }, \"length\": \"u32be\" }, "
		"{ \"json\": \"jcs\", \"object\": [[\"k\", { \"column\": \"o\" }]] }, "
		"{ \"json\": \"jcs\", \"array\": [{ \"column\": \"a\" }] }, "
		"{ \"json\": \"jcs\", \"all_except\": [\"gone\"], "
		"\"columns\": { \"c\": { \"column\": \"other\" } } }]");
	struct drvp_strbuf names = DRVP_STRBUF_INIT;

	(void)state;
	assert_non_null(baseline);
	baseline->items[0].check->columns(&baseline->items[0], NULL, note, &names);
	assert_string_equal("h p seq w d j l o a c other ", names.data);
	drvp_strbuf_free(&names);
	drv_baseline_free(&baseline);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_good), cmocka_unit_test(test_bad),
					    cmocka_unit_test(test_columns) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
