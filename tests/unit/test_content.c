/* test_content.c: what a recorded content says of a table in memory, whichever moment came back */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "chain_run.h"
#include "content/content.h"

/* So that the last of the parts, sixteen numbers each, has room for more. */
#define ROWS 1995
#define APPEND ", \"append_only\": true"

enum { ID, TEXT, DAY };

static const uint8_t key_bytes[] = "a key of the operator", other_bytes[] = "another key";
static const struct drvp_secret key = { "content", key_bytes, sizeof key_bytes };
static const struct drvp_secret other_key = { "content", other_bytes, sizeof other_bytes };

struct fixture {
	struct fake_table table;
	struct fake_session session;
	struct drv_baseline *baseline;
	struct chain_run run;
	char texts[ROWS + 40][24];
	size_t text_count;
	char folder[64];             /* for files beside the document; "": none */
};

static void set_row(struct fixture *f, struct drvp_value *row, int64_t id)
{
	char *text = f->texts[f->text_count++];

	snprintf(text, sizeof *f->texts, "text %d", (int)id);
	row[ID] = fake_integer(id);
	row[TEXT] = fake_text(text);
	row[DAY] = fake_time(DRVP_DATE, id / 100);
}

static void add_row(struct fixture *f, int64_t id)
{
	set_row(f, fake_row(&f->table), id);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	fake_table_init(&f->table, 100);
	fake_column(&f->table, "id", DRVP_INTEGER);
	fake_column(&f->table, "text", DRVP_TEXT);
	fake_column(&f->table, "day", DRVP_DATE);
	f->table.columns[ID].key_position = 1;
	for (int64_t id = 0; id < ROWS; id++)
		add_row(f, id);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	chain_run_done(&f->run);
	fake_table_free(&f->table);
	drv_baseline_free(&f->baseline);
	free(f);
	return 0;
}

/* Parses a document with one check, whose members besides the usual ones are given. */
static void read_document(struct fixture *f, const char *members)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	struct drv_error err = DRV_ERROR_INIT;

	drv_baseline_free(&f->baseline);
	drvp_strbuf_printf(&text, "{ \"format\": \"drverify/1\", \"sources\": { \"main\": { \"store\": "
				  "\"postgresql\" } }, \"checks\": [ { \"check\": \"content\", "
				  "\"source\": \"main\", \"table\": \"public.entries\"%s } ] }", members);
	if (drv_baseline_parse(&f->baseline, text.data, text.len, "test", &err))
		fail_msg("%s", err.message);
	drvp_strbuf_free(&text);
}

static void run(struct fixture *f, const struct drvp_secret *secret, bool capture, int relation)
{
	chain_run_done(&f->run);
	fake_session_init(&f->session, &f->table);
	chain_run_init(&f->run, f->baseline, &f->session);
	f->run.settings.secrets = secret;
	f->run.settings.secret_count = secret != NULL;
	f->run.settings.capture = capture;
	f->run.settings.sidecar_dir = f->folder[0] ? f->folder : NULL;
	f->run.settings.temporary_dir = "/tmp";
	f->run.lineage.relation = relation;
	f->run.captured = relation != DRVP_LINEAGE_STATED;
	/* In two parts, the second merged first. */
	f->run.ranges[0] = (struct drvp_range){ 0, 7 };
	f->run.ranges[1] = (struct drvp_range){ 7, UINT32_MAX };
	f->run.range_count = 2;
	chain_run(&f->run);
}

/* Reads in what the run recorded, as the next baseline. */
static void take_over(struct fixture *f, const char *members)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT, document = DRVP_STRBUF_INIT;
	struct drvp_json_writer writer = { .out = &text };

	assert_int_equal(0, f->run.status);
	assert_int_equal(DRV_PASS, f->run.verdict.result.verdict);
	drvp_json_open_object(&writer, NULL, true);
	f->run.item->check->record(f->run.item, &f->run.verdict.tally, &writer);
	drvp_json_close_object(&writer);
	drvp_strbuf_printf(&document, "%s, %.*s", members, (int)text.len - 2, text.data + 1);
	read_document(f, drvp_strbuf_text(&document));
	drvp_strbuf_free(&text);
	drvp_strbuf_free(&document);
}

static void capture(struct fixture *f, const char *members, const struct drvp_secret *secret)
{
	read_document(f, members);
	run(f, secret, true, DRVP_LINEAGE_STATED);
	take_over(f, members);
}

/* The verdict, and the codes of all findings in the order in which they are told. */
static void expect(struct fixture *f, const struct drvp_secret *secret, int relation, int verdict,
		   const char *codes)
{
	const struct drv_result *result = &f->run.verdict.result;
	char told[200] = "";

	run(f, secret, false, relation);
	for (size_t i = 0; i < result->finding_count; i++) {
		size_t len = strlen(told);

		snprintf(told + len, sizeof told - len, "%s%s", i ? " " : "",
			 f->run.verdict.findings[i].finding.code);
	}
	if (result->verdict != verdict || strcmp(told, codes))
		fail_msg("%s (%s): %s", drv_verdict_name(result->verdict), told, result->summary);
}

/* ------------------------------------------------------------------ the captured moment */

static void test_same(void **state)
{
	struct fixture *f = *state;
	static const char *const documents[] = {
		"", ", \"buckets\": 1", ", \"buckets\": 4096", ", \"bucket_by\": \"day\"",
		", \"key\": [\"text\"]", ", \"exclude\": [\"text\"]", ", \"exclude\": [\"id\"]",
	};

	for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
		const struct drvp_secret *secret = i % 2 ? &key : NULL;
		struct drvp_value *moved;

		capture(f, documents[i], secret);
		expect(f, secret, DRVP_LINEAGE_SAME, DRV_PASS, "");
		/* Where rows lie makes no difference. */
		moved = f->table.rows[3];
		f->table.rows[3] = f->table.rows[1500];
		f->table.rows[1500] = moved;
		expect(f, secret, DRVP_LINEAGE_SAME, DRV_PASS, "");
	}
}

static void test_damage(void **state)
{
	static const char *const documents[] = {
		"", ", \"buckets\": 1", ", \"buckets\": 7", ", \"bucket_by\": \"day\"",
		", \"key\": [\"text\"]", ", \"exclude\": [\"day\"]",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
		struct drvp_value kept = f->table.rows[700][TEXT];
		int64_t id = f->table.rows[700][ID].integer;

		capture(f, documents[i], &key);
		f->table.rows[700][TEXT] = fake_text("edited");
		/* Where the edited column is the key, the row is another one, in another part. */
		run(f, &key, false, DRVP_LINEAGE_SAME);
		assert_int_equal(DRV_FAIL, f->run.verdict.result.verdict);
		if (i != 4)
			expect(f, &key, DRVP_LINEAGE_SAME, DRV_FAIL, "content.changed");
		f->table.rows[700][TEXT] = (struct drvp_value){ .kind = DRVP_NULL };
		run(f, &key, false, DRVP_LINEAGE_SAME);
		assert_int_equal(DRV_FAIL, f->run.verdict.result.verdict);
		f->table.rows[700][TEXT] = kept;
		expect(f, &key, DRVP_LINEAGE_SAME, DRV_PASS, "");
		fake_insert(&f->table, 5, f->table.rows[700]);
		expect(f, &key, DRVP_LINEAGE_SAME, DRV_FAIL, "content.extra");
		fake_remove(&f->table, 5);
		expect(f, &key, DRVP_LINEAGE_SAME, DRV_PASS, "");
		fake_remove(&f->table, 700);
		expect(f, &key, DRVP_LINEAGE_SAME, DRV_FAIL, "content.missing");
		add_row(f, id);
		expect(f, &key, DRVP_LINEAGE_SAME, DRV_PASS, "");
	}
}

static void test_exchange(void **state)
{
	struct fixture *f = *state;
	struct drvp_value kept;

	capture(f, ", \"buckets\": 1", &key);
	kept = f->table.rows[1][TEXT];
	f->table.rows[1][TEXT] = f->table.rows[2][TEXT];
	f->table.rows[2][TEXT] = kept;
	expect(f, &key, DRVP_LINEAGE_SAME, DRV_FAIL, "content.changed");
}

/* ------------------------------------------------------------------ other moments */

static void test_other_moments(void **state)
{
	struct fixture *f = *state;

	capture(f, "", &key);
	expect(f, &key, DRVP_LINEAGE_OLDER, DRV_PASS, "");
	expect(f, &key, DRVP_LINEAGE_UNKNOWN, DRV_PASS, "");
	add_row(f, ROWS);
	expect(f, &key, DRVP_LINEAGE_STATED, DRV_FAIL, "content.extra");
	expect(f, &key, DRVP_LINEAGE_OLDER, DRV_INCONCLUSIVE, "lineage.older");
	expect(f, &key, DRVP_LINEAGE_UNKNOWN, DRV_INCONCLUSIVE, "lineage.unknown");
	expect(f, &key, DRVP_LINEAGE_NEWER, DRV_INCONCLUSIVE, "lineage.newer");
}

static void test_append_only(void **state)
{
	struct fixture *f = *state;

	capture(f, APPEND, &key);
	/* A part of its own: what was recorded is all there, and the same. */
	add_row(f, 100000);
	expect(f, &key, DRVP_LINEAGE_NEWER, DRV_PASS, "");
	expect(f, &key, DRVP_LINEAGE_SAME, DRV_FAIL, "content.extra");
	/* In the last part, whose old rows can no longer be told apart. */
	add_row(f, ROWS);
	expect(f, &key, DRVP_LINEAGE_NEWER, DRV_INCONCLUSIVE, "content.grown");
	f->table.rows[0][TEXT] = fake_text("edited");
	expect(f, &key, DRVP_LINEAGE_NEWER, DRV_FAIL, "content.changed content.grown");
	fake_remove(&f->table, 0);
	expect(f, &key, DRVP_LINEAGE_NEWER, DRV_FAIL, "content.missing content.grown");
}

/* Night after night the report that passed is the next baseline: it keeps its parts. */
static void test_nights(void **state)
{
	struct fixture *f = *state;
	int64_t id = 100000;

	capture(f, APPEND ", \"buckets\": 50", &key);
	for (int night = 0; night < 5; night++) {
		const struct drvp_content *content = f->baseline->items[0].config;

		assert_in_range(content->expect.buckets.count, 25, 51);
		for (int i = 0; i < 3; i++)
			add_row(f, id += 1000);
		expect(f, &key, DRVP_LINEAGE_NEWER, DRV_PASS, "");
		take_over(f, APPEND ", \"buckets\": 50");
	}
	f->table.rows[1990][TEXT] = fake_text("edited");
	expect(f, &key, DRVP_LINEAGE_NEWER, DRV_FAIL, "content.changed");
}

/* ------------------------------------------------------------------ keys */

static void test_keys(void **state)
{
	struct fixture *f = *state;

	capture(f, "", &key);
	expect(f, NULL, DRVP_LINEAGE_SAME, DRV_INCONCLUSIVE, "content.key_missing");
	assert_int_equal(0, f->session.scans);
	expect(f, &other_key, DRVP_LINEAGE_SAME, DRV_INCONCLUSIVE, "content.key_differs");
	f->table.rows[0][TEXT] = fake_text("edited");
	expect(f, &other_key, DRVP_LINEAGE_SAME, DRV_INCONCLUSIVE, "content.key_differs");
	expect(f, &key, DRVP_LINEAGE_SAME, DRV_FAIL, "content.changed");
	/* What was captured without a key is verified without one, which is no secret. */
	capture(f, "", NULL);
	expect(f, NULL, DRVP_LINEAGE_SAME, DRV_PASS, "");
	assert_non_null(strstr(drvp_strbuf_text(&f->run.verdict.summary), "accidents only"));
	expect(f, &other_key, DRVP_LINEAGE_SAME, DRV_WARN, "content.key_unused");
	assert_non_null(strstr(drvp_strbuf_text(&f->run.verdict.summary), "accidents only"));
	f->table.rows[1][TEXT] = fake_text("edited");
	expect(f, &key, DRVP_LINEAGE_SAME, DRV_FAIL, "content.changed content.key_unused");
	/* A key that is named has to be there. */
	read_document(f, ", \"hmac_key\": \"ours\"");
	run(f, &key, true, DRVP_LINEAGE_STATED);
	assert_int_equal(DRV_INCONCLUSIVE, f->run.verdict.result.verdict);
	assert_non_null(chain_finding(&f->run, "content.key_missing"));
}

/* A key that everybody knows is none, and is not to be called one. */
static void test_empty_key(void **state)
{
	static const struct drvp_secret empty = { "content", key_bytes, 0 };
	struct fixture *f = *state;

	read_document(f, "");
	run(f, &empty, true, DRVP_LINEAGE_STATED);
	assert_int_equal(DRV_E_USAGE, f->run.status);
}

/* ------------------------------------------------------------------ rows that are named */

static struct drvp_content_expect *expectation(struct fixture *f)
{
	return &((struct drvp_content *)f->baseline->items[0].config)->expect;
}

/* Rows are looked for only where it matters which they are: that costs two more looks at all. */
static void test_rows_are_sought_where_it_matters(void **state)
{
	static const struct {
		const char *members;
		int relation, verdict;
		const char *codes;
		size_t scans;
	} cases[] = {
		{ "", DRVP_LINEAGE_SAME, DRV_FAIL, "content.changed", 4 },
		{ APPEND, DRVP_LINEAGE_NEWER, DRV_FAIL, "content.changed", 4 },
		{ "", DRVP_LINEAGE_OLDER, DRV_INCONCLUSIVE, "lineage.older", 2 },
		{ "", DRVP_LINEAGE_UNKNOWN, DRV_INCONCLUSIVE, "lineage.unknown", 2 },
		{ "", DRVP_LINEAGE_NEWER, DRV_INCONCLUSIVE, "lineage.newer", 2 },
	};
	struct fixture *f = *state;
	char file[400];

	strcpy(f->folder, "/tmp/drv-content.XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct drvp_value kept = f->table.rows[700][TEXT];
		char members[80];

		snprintf(members, sizeof members, ", \"detail\": \"rows\"%s", cases[i].members);
		capture(f, members, &key);
		f->table.rows[700][TEXT] = fake_text("edited");
		expect(f, &key, cases[i].relation, cases[i].verdict, cases[i].codes);
		assert_int_equal(cases[i].scans, f->session.scans);
		f->table.rows[700][TEXT] = kept;
		snprintf(file, sizeof file, "%s/%s", f->folder, expectation(f)->sidecar.file);
		assert_int_equal(0, unlink(file));
	}
	assert_int_equal(0, rmdir(f->folder));
}

/* ------------------------------------------------------------------ a document that was changed */

#define WHERE_ID ", \"where\": { \"column\": \"id\", \"equals\": 7 }"
#define WHERE_TWO ", \"where\": [ { \"column\": \"id\", \"is\": \"not null\" }, " \
		  "{ \"column\": \"day\", \"equals\": \"1970-01-02\" } ]"
#define WHERE_TURNED ", \"where\": [ { \"column\": \"day\", \"equals\": \"1970-01-02\" }, " \
		     "{ \"column\": \"id\", \"is\": \"not null\" } ]"

/* Other rows or columns than were captured are not looked at, whether they are damaged or not. */
static void test_other_selection(void **state)
{
	static const struct {
		const char *captured, *now, *says;
	} cases[] = {
		{ "", ", \"exclude\": [\"text\"]", "\"exclude\" none, and the document now says "
						 "[\"text\"]" },
		{ ", \"exclude\": [\"text\"]", "", "now says none" },
		{ ", \"exclude\": [\"text\"]", ", \"exclude\": [\"day\"]", "[\"text\"], and" },
		{ ", \"exclude\": [\"text\", \"day\"]", ", \"exclude\": [\"text\"]", "[\"text\"]" },
		{ "", WHERE_ID, "with \"where\" other than" },
		{ WHERE_ID, "", "with \"where\" other than" },
		{ WHERE_ID, WHERE_TWO, "with \"where\" other than" },
		{ ", \"where\": { \"column\": \"id\", \"equals\": 8 }", WHERE_ID, "\"where\" other" },
		{ ", \"where\": { \"column\": \"id\", \"is\": \"null\" }",
		  ", \"where\": { \"column\": \"id\", \"is\": \"not null\" }", "\"where\" other" },
		{ WHERE_TWO, WHERE_TURNED, NULL },
		{ WHERE_ID, ", \"where\": [ { \"column\": \"id\", \"equals\": 7 } ]", NULL },
		{ ", \"exclude\": [\"text\", \"day\"]", ", \"exclude\": [\"day\", \"text\"]", NULL },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		read_document(f, cases[i].captured);
		run(f, &key, true, DRVP_LINEAGE_STATED);
		take_over(f, cases[i].now);
		if (!cases[i].says) {
			expect(f, &key, DRVP_LINEAGE_SAME, DRV_PASS, "");
			continue;
		}
		expect(f, &key, DRVP_LINEAGE_SAME, DRV_INCONCLUSIVE, "content.selection_differs");
		assert_non_null(strstr(drvp_strbuf_text(&f->run.verdict.summary), cases[i].says));
		assert_int_equal(0, f->session.scans);
	}
}

/* What tells parts and rows apart is taken from the capture: damage is damage all the same. */
static void test_other_parts(void **state)
{
	static const char *const members[] = { ", \"key\": [\"text\"]", ", \"buckets\": 3",
					       ", \"bucket_by\": \"day\"", "" };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		for (size_t j = 0; j < sizeof members / sizeof *members; j++) {
			struct drvp_value kept = f->table.rows[700][DAY];

			read_document(f, members[i]);
			run(f, &key, true, DRVP_LINEAGE_STATED);
			take_over(f, members[j]);
			expect(f, &key, DRVP_LINEAGE_SAME, DRV_PASS, "");
			f->table.rows[700][DAY] = fake_time(DRVP_DATE, 1);
			run(f, &key, false, DRVP_LINEAGE_SAME);
			assert_int_equal(DRV_FAIL, f->run.verdict.result.verdict);
			f->table.rows[700][DAY] = kept;
		}
}

/* ------------------------------------------------------------------ contradictions */

/* Parts have shorter digests than the whole, which none of them may outvote. */
static void test_whole_outranks_parts(void **state)
{
	struct fixture *f = *state;

	capture(f, APPEND, &key);
	((uint8_t *)expectation(f)->digest.bytes)[0] ^= 1;
	expect(f, &key, DRVP_LINEAGE_SAME, DRV_FAIL, "content.changed");
	expect(f, &key, DRVP_LINEAGE_NEWER, DRV_FAIL, "content.changed");
}

static void expect_refused(const char *expectation, const char *reason)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	struct drv_error err = DRV_ERROR_INIT;
	struct drv_baseline *baseline = NULL;

	drvp_strbuf_printf(&text, "{ \"format\": \"drverify/1\", \"sources\": { \"main\": { \"store\": "
			   "\"postgresql\" } }, \"checks\": [ { \"check\": \"content\", \"source\": "
			   "\"main\", \"table\": \"public.entries\", %s, \"method\": \"sha256\", "
			   "\"columns\": [], \"digest\": \"%064d\" } } ] }", expectation, 0);
	assert_int_equal(DRV_E_DOCUMENT, drv_baseline_parse(&baseline, text.data, text.len, "test",
							    &err));
	assert_non_null(strstr(err.message, reason));
	drvp_strbuf_free(&text);
}

static void test_contradictions(void **state)
{
	(void)state;
#define DIGEST "\"00000000000000000000000000000000\""
	expect_refused("\"expect\": { \"rows\": 3, \"buckets\": { \"by\": \"number\", \"column\": \"id\", "
		       "\"shift\": 4, \"list\": [] }", "buckets do not hold");
	expect_refused("\"expect\": { \"rows\": 3, \"buckets\": { \"by\": \"hash\", \"shift\": 4, "
		       "\"list\": [ { \"number\": 1, \"rows\": 2, \"digest\": " DIGEST " } ] }",
		       "buckets do not hold");
	expect_refused("\"expect\": { \"rows\": 3, \"sidecar\": { \"file\": \"a.rows\", \"rows\": 2, "
		       "\"digest\": \"0000000000000000000000000000000000000000000000000000000000000000\" "
		       "}", "as many rows as there were");
	expect_refused("\"hmac_key\": \"ours\", \"expect\": { \"rows\": 3", "without a key");
}

/* Digests of few rows would tell what is in them to whoever may guess. */
static void test_no_small_parts_without_a_key(void **state)
{
	struct fixture *f = *state;
	const struct drvp_content *content;

	capture(f, "", NULL);
	content = f->baseline->items[0].config;
	for (size_t i = 0; i < content->expect.buckets.count; i++)
		assert_true(content->expect.buckets.list[i].rows > 900);
	capture(f, "", &key);
	content = f->baseline->items[0].config;
	assert_true(content->expect.buckets.count > 100);
	/* Nor are they so narrow that their number is that of a row. */
	assert_true(content->expect.buckets.shift.value >= 4);
}

/* ------------------------------------------------------------------ nothing to compare with */

static void test_no_expectation(void **state)
{
	struct fixture *f = *state;

	read_document(f, "");
	expect(f, &key, DRVP_LINEAGE_STATED, DRV_INCONCLUSIVE, "check.no_expectation");
}

static void test_no_rows(void **state)
{
	struct fixture *f = *state;
	size_t rows = f->table.row_count;

	f->table.row_count = 0;
	capture(f, "", &key);
	expect(f, &key, DRVP_LINEAGE_SAME, DRV_PASS, "");
	f->table.row_count = rows;
	expect(f, &key, DRVP_LINEAGE_SAME, DRV_FAIL, "content.extra");
	capture(f, "", &key);
	f->table.row_count = 0;
	expect(f, &key, DRVP_LINEAGE_SAME, DRV_FAIL, "content.missing");
	f->table.row_count = rows;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_same),
		TEST(test_damage),
		TEST(test_exchange),
		TEST(test_other_moments),
		TEST(test_append_only),
		TEST(test_nights),
		TEST(test_keys),
		TEST(test_empty_key),
		TEST(test_rows_are_sought_where_it_matters),
		TEST(test_other_selection),
		TEST(test_other_parts),
		TEST(test_whole_outranks_parts),
		TEST(test_contradictions),
		TEST(test_no_small_parts_without_a_key),
		TEST(test_no_expectation),
		TEST(test_no_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
