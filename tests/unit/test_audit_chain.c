/* test_audit_chain.c: what the check says where something besides the chain itself is unusual */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "chain_run.h"

#define ROWS 5
#define HOUR (3600 * DRVP_SECOND)

enum { SEQ, AT, PREVIOUS, HASH };

enum encoding { HEX, BASE64, BYTES };

/* A log of ROWS entries; each hash is over: the previous one as stored, "|", time in UTC. */
struct log {
	struct fake_table table;
	struct fake_session session;
	unsigned char digests[ROWS][64];
	char texts[ROWS][130];
	int64_t times[ROWS];         /* instants */
	const EVP_MD *md;
	const char *key;             /* NULL: no HMAC */
	int encoding;
	const char *genesis;         /* NULL: NULL */
	struct drv_baseline *baseline;
	struct chain_run run;
};

static void seal(struct log *log, size_t row)
{
	const struct drvp_value *previous = &log->table.rows[row][PREVIOUS];
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	unsigned int len = 0;

	if (previous->kind == DRVP_BYTES)
		drvp_strbuf_hex(&text, previous->bytes, previous->len);
	else if (previous->kind == DRVP_TEXT)
		drvp_strbuf_add(&text, previous->bytes, previous->len);
	drvp_strbuf_char(&text, '|');
	drvp_instant_print(&text, log->times[row]);
	if (log->key)
		assert_non_null(HMAC(log->md, log->key, (int)strlen(log->key),
				     (unsigned char *)text.data, text.len, log->digests[row],
				     &len));
	else
		assert_int_equal(1, EVP_Digest(text.data, text.len, log->digests[row], &len,
					       log->md, NULL));
	drvp_strbuf_clear(&text);
	drvp_strbuf_hex(&text, log->digests[row], len);
	strcpy(log->texts[row], text.data);
	if (log->encoding == BASE64)
		EVP_EncodeBlock((unsigned char *)log->texts[row], log->digests[row], (int)len);
	log->table.rows[row][HASH] = log->encoding == BYTES ? fake_bytes(log->digests[row], len) :
							      fake_text(log->texts[row]);
	drvp_strbuf_free(&text);
}

static void log_fill(struct log *log, int time_kind, int64_t offset)
{
	fake_table_init(&log->table, 2);
	fake_column(&log->table, "seq", DRVP_INTEGER);
	fake_column(&log->table, "at", time_kind);
	fake_column(&log->table, "previous", DRVP_TEXT);
	fake_column(&log->table, "hash", DRVP_TEXT);
	for (size_t i = 0; i < ROWS; i++) {
		struct drvp_value *row = fake_row(&log->table);

		log->times[i] = INT64_C(1767323045000000) + (int64_t)i * HOUR;
		row[SEQ] = fake_integer((int64_t)i);
		row[AT] = fake_time(time_kind, log->times[i] + offset);
		if (i)
			row[PREVIOUS] = log->table.rows[i - 1][HASH];
		else if (log->genesis)
			row[PREVIOUS] = fake_text(log->genesis);
		seal(log, i);
	}
}

#define RECIPE(more) "\"hash\": \"hash\", \"previous\": \"previous\", \"order_by\": [\"seq\"], " \
	"\"preimage\": [{ \"previous\": \"text\" }, \"|\", { \"column\": \"at\", " \
	"\"time\": \"iso8601\", \"digits\": 0 }]" more

static void log_open(struct log *log, const char *document)
{
	log->baseline = chain_document(document);
	assert_non_null(log->baseline);
	fake_session_init(&log->session, &log->table);
	chain_run_init(&log->run, log->baseline, &log->session);
}

static void log_close(struct log *log)
{
	chain_run_done(&log->run);
	drv_baseline_free(&log->baseline);
	fake_table_free(&log->table);
}

static void expect(const struct log *log, int verdict, const char *code)
{
	if (log->run.verdict.result.verdict != verdict)
		print_error("%s\n", log->run.verdict.result.summary);
	assert_int_equal(verdict, log->run.verdict.result.verdict);
	assert_int_equal(code ? 1 : 0, log->run.verdict.result.finding_count);
	if (code)
		assert_string_equal(code, log->run.verdict.findings[0].finding.code);
}

/* ------------------------------------------------------------------ digests and encodings */

static void try_form(const EVP_MD *md, const char *algorithm, int encoding, const char *name)
{
	struct log log = { .md = md, .encoding = encoding };
	const struct drvp_chain *chain;
	char document[1000];

	snprintf(document, sizeof document,
		 RECIPE(", \"digest\": \"%s\", \"encoding\": \"%s\""), algorithm, name);
	log_fill(&log, DRVP_INSTANT, 0);
	log_open(&log, document);
	chain_run(&log.run);
	expect(&log, DRV_PASS, NULL);
	chain = &drvp_chain_tally(&log.run.verdict.tally)->chains.list[0];
	assert_int_equal(EVP_MD_get_size(md), chain->head_len);
	assert_memory_equal(log.digests[ROWS - 1], chain->head, chain->head_len);
	chain_run_done(&log.run);
	log.table.rows[3][AT].integer += DRVP_SECOND;
	chain_run(&log.run);
	expect(&log, DRV_FAIL, "chain.hash_mismatch");
	assert_int_equal(3, drvp_chain_tally(&log.run.verdict.tally)->intact_before);
	log_close(&log);
}

static void test_forms(void **state)
{
	(void)state;
	try_form(EVP_sha256(), "sha256", HEX, "hex");
	try_form(EVP_sha384(), "sha384", HEX, "hex");
	try_form(EVP_sha512(), "sha512", HEX, "hex");
	try_form(EVP_sha256(), "sha256", BASE64, "base64");
	try_form(EVP_sha512(), "sha512", BASE64, "base64");
	try_form(EVP_sha256(), "sha256", BYTES, "bytes");
}

static void test_wrong_encoding(void **state)
{
	struct log log = { .md = EVP_sha256() };

	(void)state;
	log_fill(&log, DRVP_INSTANT, 0);
	log_open(&log, RECIPE(", \"encoding\": \"base64\""));
	chain_run(&log.run);
	assert_int_equal(DRV_INCONCLUSIVE,
			 chain_finding(&log.run, "chain.recipe_mismatch")->effect);
	assert_null(chain_finding(&log.run, "chain.hash_mismatch"));
	assert_non_null(strstr(chain_finding(&log.run, "chain.recipe_mismatch")->message,
			       "encoding"));
	log_close(&log);
}

/* Capital letters are the same hash. */
static void test_upper_case(void **state)
{
	struct log log = { .md = EVP_sha256() };
	char upper[65];

	(void)state;
	log_fill(&log, DRVP_INSTANT, 0);
	for (size_t i = 0; i < 65; i++)
		upper[i] = (char)(log.texts[ROWS - 1][i] >= 'a' ? log.texts[ROWS - 1][i] - 32 :
								  log.texts[ROWS - 1][i]);
	log.table.rows[ROWS - 1][HASH] = fake_text(upper);
	log_open(&log, RECIPE(""));
	chain_run(&log.run);
	expect(&log, DRV_PASS, NULL);
	log_close(&log);
}

/* ------------------------------------------------------------------ keys */

#define HMAC_RECIPE RECIPE(", \"digest\": { \"hmac\": \"sha256\", \"key\": \"audit\" }")

static void test_hmac(void **state)
{
	struct log log = { .md = EVP_sha256(), .key = "secret" };
	struct drvp_secret secrets[] = {
		{ "other", (const uint8_t *)"x", 1 }, { "audit", (const uint8_t *)"secret", 6 },
	};

	(void)state;
	log_fill(&log, DRVP_INSTANT, 0);
	log_open(&log, HMAC_RECIPE);
	chain_run(&log.run);
	expect(&log, DRV_INCONCLUSIVE, "chain.key_missing");
	assert_int_equal(0, log.session.scans);
	chain_run_done(&log.run);

	log.run.settings.secrets = secrets;
	log.run.settings.secret_count = 2;
	chain_run(&log.run);
	expect(&log, DRV_PASS, NULL);
	chain_run_done(&log.run);

	secrets[1].len = 5;
	log.run.captured = true; /* even then a wrong key is no damage */
	chain_run(&log.run);
	expect(&log, DRV_INCONCLUSIVE, "chain.recipe_mismatch");
	assert_non_null(strstr(log.run.verdict.findings[0].finding.message, "key"));
	chain_run_done(&log.run);

	secrets[1] = (struct drvp_secret){ "audit", NULL, 0 }; /* an empty key is no plain hash */
	chain_run(&log.run);
	expect(&log, DRV_INCONCLUSIVE, "chain.recipe_mismatch");
	log_close(&log);
}

/* ------------------------------------------------------------------ wrong recipes */

static void test_recipe_mismatch(void **state)
{
	struct log log = { .md = EVP_sha256() };
	char document[1000];

	(void)state;
	log_fill(&log, DRVP_INSTANT, 0);
	snprintf(document, sizeof document,
		 RECIPE(", \"expect\": { \"head\": { \"rows\": %d, \"hash\": \"%s\" } }"), ROWS,
		 log.texts[ROWS - 1]);
	for (size_t i = 0; i < ROWS; i++)
		log.table.rows[i][AT].integer += 9 * HOUR;
	log_open(&log, document);
	chain_run(&log.run);
	expect(&log, DRV_INCONCLUSIVE, "chain.recipe_mismatch");
	chain_run_done(&log.run);

	/* A capture has shown that the recipe is right: then all rows were changed. */
	log.run.captured = true;
	chain_run(&log.run);
	expect(&log, DRV_FAIL, "chain.hash_mismatch");
	assert_int_equal(ROWS, log.run.verdict.findings[0].finding.count);
	log_close(&log);
}

/* ------------------------------------------------------------------ genesis and front */

static void test_genesis_word(void **state)
{
	struct log log = { .md = EVP_sha256(), .genesis = "GENESIS" };

	(void)state;
	log_fill(&log, DRVP_INSTANT, 0);
	log_open(&log, RECIPE(", \"genesis\": { \"stored\": \"GENESIS\" }"));
	chain_run(&log.run);
	expect(&log, DRV_PASS, NULL);
	chain_run_done(&log.run);
	log.table.rows[2][PREVIOUS] = (struct drvp_value){ .kind = DRVP_NULL };
	chain_run(&log.run);
	assert_int_equal(1, chain_finding(&log.run, "chain.null_previous")->count);
	assert_string_equal("ctid (1,1)",
			    drv_finding_row(chain_finding(&log.run, "chain.null_previous"), 0)->place);
	log_close(&log);
}

static void test_pruned_front(void **state)
{
	struct log log = { .md = EVP_sha256() };
	struct drvp_strbuf out = DRVP_STRBUF_INIT;
	struct drvp_json_writer writer = { .out = &out };

	(void)state;
	log_fill(&log, DRVP_INSTANT, 0);
	fake_remove(&log.table, 0);
	fake_remove(&log.table, 0);
	log_open(&log, RECIPE(", \"front\": \"pruned\""));
	chain_run(&log.run);
	expect(&log, DRV_PASS, NULL);
	assert_non_null(strstr(log.run.verdict.result.summary, "pruned"));
	drvp_json_open_object(&writer, NULL, true);
	log.run.item->check->record(log.run.item, &log.run.verdict.tally, &writer);
	drvp_json_close_object(&writer);
	assert_non_null(strstr(out.data, log.texts[ROWS - 1]));
	assert_non_null(strstr(out.data, "\"rows\": 3"));
	chain_run_done(&log.run);

	/* A second gap is still one. */
	fake_remove(&log.table, 1);
	chain_run(&log.run);
	expect(&log, DRV_FAIL, "chain.link_broken");
	assert_int_equal(1, log.run.verdict.findings[0].finding.count);
	assert_int_equal(1, drvp_chain_tally(&log.run.verdict.tally)->intact_before);
	drvp_strbuf_free(&out);
	log_close(&log);
}

/* ------------------------------------------------------------------ local times */

/* Clocks went back by an hour two hours after the first entry. */
static void test_ambiguous_times(void **state)
{
	static struct drvp_zone_change changes[] = {
		{ INT64_MIN, 2 * HOUR }, { INT64_C(1767323045000000) + 2 * HOUR, HOUR },
	};
	static const struct drvp_zone zone = { "Test/Zone", changes, 2 };
	struct log log = { .md = EVP_sha256() };

	(void)state;
	log_fill(&log, DRVP_LOCAL_TIME, 2 * HOUR);
	for (size_t i = 2; i < ROWS; i++)
		log.table.rows[i][AT].integer -= HOUR;
	assert_int_equal(log.table.rows[1][AT].integer, log.table.rows[2][AT].integer);
	log_open(&log, "\"hash\": \"hash\", \"previous\": \"previous\", \"order_by\": [\"seq\"], "
		       "\"preimage\": [{ \"previous\": \"text\" }, \"|\", { \"column\": \"at\", "
		       "\"time\": \"iso8601\", \"digits\": 0, \"column_zone\": \"Test/Zone\" }]");
	chain_run(&log.run);
	assert_int_equal(DRV_INCONCLUSIVE, log.run.verdict.result.verdict); /* no such zone */
	assert_int_equal(DRV_E_USAGE, log.run.status);
	chain_run_done(&log.run);
	log.session.zone = &zone;
	chain_run(&log.run);
	expect(&log, DRV_PASS, NULL);
	chain_run_done(&log.run);

	/* An hour off is found also where the clock showed it. */
	log.table.rows[3][AT].integer -= HOUR;
	chain_run(&log.run);
	expect(&log, DRV_FAIL, "chain.hash_mismatch");
	log_close(&log);
}

/* ------------------------------------------------------------------ what is not there */

static void test_nanoseconds(void **state)
{
	struct log log = { .md = EVP_sha256() };

	(void)state;
	log_fill(&log, DRVP_INSTANT, 0);
	log_open(&log, "\"hash\": \"hash\", \"previous\": \"previous\", "
		       "\"preimage\": [{ \"previous\": \"text\" }, \"|\", { \"column\": \"at\", "
		       "\"time\": \"iso8601\", \"digits\": 9 }]");
	chain_run(&log.run);
	expect(&log, DRV_INCONCLUSIVE, "chain.unverifiable");
	assert_int_equal(ROWS, log.run.verdict.findings[0].finding.count);
	log_close(&log);
}

static void test_where(void **state)
{
	struct log log = { .md = EVP_sha256() };
	struct drvp_selection selection;
	uint64_t rows;

	(void)state;
	log_fill(&log, DRVP_INSTANT, 0);
	fake_row(&log.table)[SEQ] = fake_integer(100);
	log_open(&log, RECIPE(", \"where\": { \"column\": \"hash\", \"is\": \"not null\" }"));
	chain_run(&log.run);
	expect(&log, DRV_PASS, NULL);
	selection = log.run.item->check->selection(log.run.item, &log.run.settings);
	assert_int_equal(0, fake_store.count(&log.session.session, &log.session.relation,
					     &selection, &rows, NULL));
	assert_int_equal(ROWS, rows);
	log_close(&log);

	log = (struct log){ .md = EVP_sha256() };
	log_fill(&log, DRVP_INSTANT, 0);
	fake_row(&log.table)[SEQ] = fake_integer(100);
	log_open(&log, RECIPE(""));
	chain_run(&log.run);
	assert_int_equal(1, chain_finding(&log.run, "chain.null_hash")->count);
	assert_string_equal("ctid (2,2)",
			    drv_finding_row(chain_finding(&log.run, "chain.null_hash"), 0)->place);
	log_close(&log);
}

static void test_documents(void **state)
{
	struct log log = { .md = EVP_sha256() };

	(void)state;
	log_fill(&log, DRVP_INSTANT, 0);
	log.table.rows_per_block = 0;
	fake_remove(&log.table, 2);
	log_open(&log, RECIPE(", \"filter\": {}"));
	chain_run(&log.run);
	expect(&log, DRV_FAIL, "chain.link_broken");
	assert_string_equal("document 2", log.run.verdict.findings[0].rows[0].place);
	assert_string_equal("", log.run.verdict.findings[0].rows[0].key);
	chain_run_done(&log.run);
	log.run.settings.show_keys = true;
	chain_run(&log.run);
	assert_string_equal("id=3", log.run.verdict.findings[0].rows[0].key);
	log_close(&log);
}

/* Wherever a scan breaks off, it is no pass, and not taken for damage of the links. */
static void test_broken_scans(void **state)
{
	struct log log = { .md = EVP_sha256() };

	(void)state;
	log_fill(&log, DRVP_INSTANT, 0);
	log_open(&log, RECIPE(""));
	log.session.fails = true;
	log.session.fail_status = DRV_E_CONNECT;
	for (log.session.fail_after = 0; log.session.fail_after < ROWS; log.session.fail_after++) {
		chain_run(&log.run);
		assert_int_equal(DRV_E_CONNECT, log.run.status);
		expect(&log, DRV_INCONCLUSIVE, "chain.not_followed");
		chain_run_done(&log.run);
	}
	/* The third scan is the one that names rows. */
	fake_remove(&log.table, 2);
	for (size_t scan = 1; scan <= 2; scan++) {
		log.session.scans = 0;
		log.session.fail_scan = scan;
		log.session.fail_after = 1;
		chain_run(&log.run);
		assert_int_equal(DRV_E_CONNECT, log.run.status);
		expect(&log, DRV_INCONCLUSIVE, "chain.not_followed");
		chain_run_done(&log.run);
	}
	log.session.fails = false;
	chain_run(&log.run);
	expect(&log, DRV_FAIL, "chain.link_broken");
	log_close(&log);
}

static void test_no_order(void **state)
{
	struct log log = { .md = EVP_sha256() };

	(void)state;
	log_fill(&log, DRVP_INSTANT, 0);
	fake_remove(&log.table, 2);
	log_open(&log, "\"hash\": \"hash\", \"previous\": \"previous\", \"preimage\": "
		       "[{ \"previous\": \"text\" }, \"|\", { \"column\": \"at\", "
		       "\"time\": \"iso8601\", \"digits\": 0 }]");
	chain_run(&log.run);
	expect(&log, DRV_FAIL, "chain.link_broken");
	assert_string_equal("ctid (1,1)", log.run.verdict.findings[0].rows[0].place);
	assert_false(drvp_chain_tally(&log.run.verdict.tally)->intact_before_set);
	log_close(&log);
}

static void test_empty(void **state)
{
	struct log log = { .md = EVP_sha256() };

	(void)state;
	log_fill(&log, DRVP_INSTANT, 0);
	while (log.table.row_count)
		fake_remove(&log.table, 0);
	log_open(&log, RECIPE(""));
	chain_run(&log.run);
	expect(&log, DRV_INCONCLUSIVE, "chain.empty");
	log_close(&log);
}

/* The findings of one code have one explanation each, and texts for a person. */
static void test_codes(void **state)
{
	(void)state;
	for (const struct drv_explanation *code = drvp_check_audit_chain.codes; code->code;
	     code++) {
		assert_ptr_equal(code, drvp_explanation(code->code));
		assert_true(strlen(code->meaning) > 20 && strlen(code->why) > 20 &&
			    strlen(code->next) > 20);
	}
}

/* Nothing is added to a quiet chain, so that at last its recorded end is pruned too. */
static void test_pruned_head(void **state)
{
	struct log log = { .md = EVP_sha256() };

	(void)state;
	log_fill(&log, DRVP_INSTANT, 0);
	log_open(&log, RECIPE(", \"front\": \"pruned\", \"expect\": { \"head\": { \"rows\": 9, \"hash\": "
			      "\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\" } }"));
	log.run.lineage.relation = DRVP_LINEAGE_NEWER;
	chain_run(&log.run);
	expect(&log, DRV_INCONCLUSIVE, "lineage.newer");
	chain_run_done(&log.run);
	log.run.lineage.relation = DRVP_LINEAGE_SAME;
	chain_run(&log.run);
	expect(&log, DRV_FAIL, "chain.head_missing");
	log_close(&log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pruned_head),
		cmocka_unit_test(test_forms), cmocka_unit_test(test_wrong_encoding),
		cmocka_unit_test(test_upper_case), cmocka_unit_test(test_hmac),
		cmocka_unit_test(test_recipe_mismatch), cmocka_unit_test(test_genesis_word),
		cmocka_unit_test(test_pruned_front), cmocka_unit_test(test_ambiguous_times),
		cmocka_unit_test(test_nanoseconds), cmocka_unit_test(test_where),
		cmocka_unit_test(test_documents), cmocka_unit_test(test_broken_scans),
		cmocka_unit_test(test_no_order), cmocka_unit_test(test_empty),
		cmocka_unit_test(test_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
