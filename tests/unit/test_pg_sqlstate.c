/* test_pg_sqlstate.c: the sorting of server errors, and what of their text may be shown */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "store/pg.h"

static void codes_are_sorted(void **state)
{
	static const struct {
		const char *code;
		int status;
	} cases[] = {
		{ "XX001", DRV_E_DAMAGED }, { "XX002", DRV_E_DAMAGED }, { "58P01", DRV_E_DAMAGED },
		{ "58030", DRV_E_DAMAGED }, { "XX000", DRV_E_INTERNAL },
		{ "58000", DRV_E_INTERNAL },
		{ "42501", DRV_E_DENIED }, { "28P01", DRV_E_DENIED }, { "28000", DRV_E_DENIED },
		{ "42P01", DRV_E_MISSING }, { "42703", DRV_E_MISSING }, { "3D000", DRV_E_MISSING },
		{ "3F000", DRV_E_MISSING }, { "55P03", DRV_E_BUSY }, { "40001", DRV_E_BUSY },
		{ "40P01", DRV_E_BUSY }, { "53300", DRV_E_BUSY }, { "57P03", DRV_E_BUSY },
		{ "57014", DRV_E_CANCELLED }, { "57P01", DRV_E_CONNECT },
		{ "57P02", DRV_E_CONNECT },
		{ "57P05", DRV_E_CONNECT }, { "08006", DRV_E_CONNECT }, { "25P03", DRV_E_CONNECT },
		{ "0A000", DRV_E_UNSUPPORTED }, { "54000", DRV_E_UNSUPPORTED },
		{ "42601", DRV_E_USAGE }, { "42883", DRV_E_USAGE }, { "25006", DRV_E_USAGE },
		{ "22P05", DRV_E_UNSUPPORTED },
		{ "22P02", DRV_E_USAGE }, { "22012", DRV_E_INTERNAL }, { "P0001", DRV_E_INTERNAL },
		{ "", DRV_E_INTERNAL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if (drvp_pg_status(cases[i].code) != cases[i].status)
			fail_msg("%s became %d", cases[i].code, drvp_pg_status(cases[i].code));
	assert_int_equal(drvp_pg_status(NULL), DRV_E_INTERNAL);
}

static void expect_message(const char *code, const char *message, const char *expected)
{
	struct drvp_strbuf out = DRVP_STRBUF_INIT;

	drvp_pg_print_message(&out, code, message);
	assert_string_equal(drvp_strbuf_text(&out), expected);
	drvp_strbuf_free(&out);
}

static void values_are_left_out(void **state)
{
	(void)state;
	expect_message("42501", "permission denied for table \"users\"\nmore",
		       "permission denied for table \"users\"");
	expect_message("22P02", "invalid input syntax for type integer: \"9 Elm Street\"",
		       "invalid input syntax for type integer: …");
	expect_message("22P02", "bad \"a\" and \"b", "bad …b");
	expect_message("22P02", "value \"a\"b\" is out of range", "value … is out of range");
	expect_message("22021", "invalid byte sequence for encoding \"UTF8\": 0xc3 0x28",
		       "invalid byte sequence for encoding …: ");
	expect_message("22012", "division by zero", "division by zero");
	expect_message("P0001", "user Kim has no card", "the database's own code raised an error");
	expect_message("23514", "Kim", "the database's own code raised an error");
}

static void expect_cause(const char *message, const char *expected)
{
	struct drvp_strbuf out = DRVP_STRBUF_INIT;

	drvp_pg_print_cause(&out, message);
	assert_string_equal(drvp_strbuf_text(&out), expected);
	drvp_strbuf_free(&out);
}

static void causes_quote_nothing(void **state)
{
	(void)state;
	expect_cause("connection to server at \"::1\", port 5 failed: Connection refused\n\tIs it?",
		     "Connection refused");
	expect_cause("could not translate host name \"ss@host\" to address: Name not known\n",
		     "could not translate host name … to address: Name not known");
	expect_cause("", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_are_sorted),
		cmocka_unit_test(values_are_left_out),
		cmocka_unit_test(causes_quote_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
