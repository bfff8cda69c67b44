/*
 * test_chain_adversary.c: what somebody who can write to the log may try, and what intact logs may
 * look like
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "chain_log.h"

#define PREIMAGE "\"preimage\": [{ \"previous\": \"text\" }, { \"column\": \"data\" }]"
#define BEGINS "\"genesis\": { \"hashed\": \"\" }, "
#define UNORDERED "\"hash\": \"hash\", \"previous\": \"previous\", " BEGINS PREIMAGE
#define ORDERED ", \"order_by\": [\"seq\"]"
#define STORED UNORDERED ORDERED
#define DERIVED "\"hash\": \"hash\", " BEGINS PREIMAGE ORDERED
#define LINKS "\"mode\": \"links\", \"hash\": \"hash\", \"previous\": \"previous\", \"order_by\": "
#define PRUNED ", \"front\": \"pruned\""

enum { DATA = HASH + 1, WORD };

/* An entry, made after another one of the list; none: -1. */
struct made {
	int64_t seq;
	const char *data;
	int after;
	const char *word;            /* what the hash does not cover */
};

#define COUNT(list) (sizeof(list) / sizeof *(list))

static struct drvp_strbuf document;

/* ------------------------------------------------------------------ logs */

static void begin(struct log *log, size_t rows)
{
	log_begin(log, rows);
	fake_column(&log->table, "data", DRVP_TEXT);
	fake_column(&log->table, "word", DRVP_TEXT);
}

static struct drvp_value null_value(void)
{
	return (struct drvp_value){ .kind = DRVP_NULL };
}

static struct drvp_value link_to(struct log *log, int after)
{
	return after < 0 ? null_value() : fake_text(log->hashes[after]);
}

/* The entries of a list, in its order. */
static void make(struct log *log, const struct made *list, size_t count)
{
	begin(log, count);
	for (size_t i = 0; i < count; i++) {
		struct drvp_value *row = fake_row(&log->table);
		char text[200];

		snprintf(text, sizeof text, "%s%s",
			 list[i].after < 0 ? "" : log->hashes[list[i].after], list[i].data);
		log_hash(log->hashes[i], text);
		row[SEQ] = fake_integer(list[i].seq);
		row[PREVIOUS] = link_to(log, list[i].after);
		row[HASH] = fake_text(log->hashes[i]);
		row[DATA] = fake_text(list[i].data);
		row[WORD] = list[i].word ? fake_text(list[i].word) : null_value();
	}
}

static void swap_rows(struct log *log, size_t a, size_t b)
{
	struct drvp_value *kept = log->table.rows[a];

	log->table.rows[a] = log->table.rows[b];
	log->table.rows[b] = kept;
}

/* A recipe, with an entry recorded as the last of so many. */
static void with_head(struct log *log, const char *recipe, size_t rows, size_t last)
{
	drvp_strbuf_clear(&document);
	drvp_strbuf_printf(&document,
			   "%s, \"expect\": { \"head\": { \"rows\": %zu, \"hash\": \"%s\" } }",
			   recipe, rows, log->hashes[last]);
}

/* A recipe, with a row recorded in its place, and no last row. */
static void with_checkpoint(struct log *log, const char *recipe, size_t row)
{
	drvp_strbuf_clear(&document);
	drvp_strbuf_printf(&document,
			   "%s, \"expect\": { \"checkpoints\": [{ \"at\": %lld, \"rows\": %zu, "
			   "\"hash\": \"%s\" }] }", recipe,
			   (long long)log->table.rows[row][SEQ].integer, row + 1, log->hashes[row]);
}

static void capture(struct log *log, const char *recipe)
{
	log_verify(log, recipe, true, false, DRVP_LINEAGE_STATED);
	log_record(log, recipe, &document);
	chain_run_done(&log->run);
}

/* The verdict, and the codes of all findings in the order in which they are told. */
static void expect(struct log *log, const char *members, bool since, int relation, int verdict,
		   const char *codes)
{
	const struct drv_result *result = &log->run.verdict.result;
	char told[200] = "";

	log_verify(log, members, false, since, relation);
	for (size_t i = 0; i < result->finding_count; i++) {
		size_t len = strlen(told);

		snprintf(told + len, sizeof told - len, "%s%s", i ? " " : "",
			 log->run.verdict.findings[i].finding.code);
	}
	if (result->verdict != verdict || strcmp(told, codes))
		fail_msg("%s (%s): %s", drv_verdict_name(result->verdict), told, result->summary);
	chain_run_done(&log->run);
}

/* As it stands, with nothing recorded. */
static void expect_alone(struct log *log, const char *members, int verdict, const char *codes)
{
	expect(log, members, false, DRVP_LINEAGE_STATED, verdict, codes);
}

/* Makes a log of a list, runs, and forgets it. */
static void expect_made(const struct made *list, size_t count, const char *members, int verdict,
			const char *codes)
{
	struct log log;

	make(&log, list, count);
	expect_alone(&log, members, verdict, codes);
	log_free(&log);
}

/* ------------------------------------------------------------------ recorded places */

/* A later entry that claims a predecessor in front of the checkpoint, and one that goes on. */
static void test_fork_before_checkpoint(void **state)
{
	struct log log;

	(void)state;
	log_init(&log, 60);
	log.table.row_count = 40;
	capture(&log, LOG_RECIPE);
	log.table.row_count = 60;
	for (size_t i = 50; i < 60; i++) {
		size_t after = i == 50 ? 20 : i == 51 ? 49 : i - 1;

		log.table.rows[i][PREVIOUS] = fake_text(log.hashes[after]);
		seal(&log, i);
	}
	expect(&log, document.data, true, DRVP_LINEAGE_NEWER, DRV_WARN, "chain.fork");
	expect(&log, document.data, false, DRVP_LINEAGE_NEWER, DRV_WARN, "chain.fork");
	log_free(&log);
}

/* Where no last row is recorded, a chain begun anew does not pass for what was recorded. */
static void test_begun_anew_at_checkpoint(void **state)
{
	struct log log;

	(void)state;
	log_init(&log, 60);
	with_checkpoint(&log, LOG_RECIPE, 39);
	expect(&log, document.data, true, DRVP_LINEAGE_NEWER, DRV_PASS, "");
	for (size_t i = 39; i < 60; i++) {
		log.table.rows[i][PREVIOUS] = i > 39 ? fake_text(log.hashes[i - 1]) : null_value();
		seal(&log, i);
	}
	expect(&log, document.data, true, DRVP_LINEAGE_NEWER, DRV_FAIL,
	       "chain.null_previous chain.checkpoint_missing");
	log_free(&log);
}

/* Entries that have no place in the order are not hidden from a run that begins at one. */
static void test_no_place_behind_checkpoint(void **state)
{
	static const struct made list[] = {
		{ 1, "a", -1 }, { 2, "b", 0 }, { 3, "c", 1 }, { 4, "d", 2 }, { 5, "e", 3 },
	};
	struct log log;

	(void)state;
	make(&log, list, COUNT(list));
	with_checkpoint(&log, STORED, 1);
	for (size_t i = 2; i < 5; i += 2)
		log.table.rows[i][SEQ] = null_value();
	expect(&log, document.data, true, DRVP_LINEAGE_NEWER, DRV_PASS, "");
	log.table.rows[4][DATA] = fake_text("edited");
	expect(&log, document.data, true, DRVP_LINEAGE_NEWER, DRV_FAIL, "chain.hash_mismatch");
	log_free(&log);
}

/* A capture over a chain that was replaced keeps no place of the old one. */
static void test_recaptured(void **state)
{
	struct drvp_strbuf old = DRVP_STRBUF_INIT;
	struct log log;

	(void)state;
	log_init(&log, 60);
	drvp_strbuf_printf(&old,
			   "%s, \"expect\": { \"head\": { \"rows\": 10, \"hash\": \"%064d\" }, "
			   "\"checkpoints\": [{ \"at\": 9, \"rows\": 10, \"hash\": \"%064d\" }] }",
			   LOG_RECIPE, 0, 0);
	log_verify(&log, old.data, true, false, DRVP_LINEAGE_NEWER);
	log_record(&log, LOG_RECIPE, &document);
	chain_run_done(&log.run);
	assert_null(strstr(document.data, "0000000000"));
	expect(&log, document.data, false, DRVP_LINEAGE_SAME, DRV_PASS, "");
	log.table.row_count = 30;
	expect(&log, document.data, false, DRVP_LINEAGE_OLDER, DRV_INCONCLUSIVE, "lineage.older");
	log.table.row_count = 60;
	drvp_strbuf_free(&old);
	log_free(&log);
}

/* Rows that had been pruned at the capture are there again in an older restore. */
static void test_restored_before_pruning(void **state)
{
	struct log log;
	struct drvp_value **all;

	(void)state;
	log_init(&log, 60);
	all = log.table.rows;
	log.table.rows = all + 20;
	log.table.row_count = 40;
	capture(&log, LOG_RECIPE PRUNED);
	expect(&log, document.data, false, DRVP_LINEAGE_SAME, DRV_PASS, "");
	log.table.rows = all;
	log.table.row_count = 55;
	expect(&log, document.data, false, DRVP_LINEAGE_OLDER, DRV_INCONCLUSIVE, "lineage.older");
	log.table.row_count = 60;
	expect(&log, document.data, false, DRVP_LINEAGE_UNKNOWN, DRV_PASS, "");
	log_free(&log);
}

/* At the recorded moment nothing can have been pruned since. */
static void test_front_removed_at_once(void **state)
{
	static const struct made list[] = {
		{ 1, "a", -1 }, { 2, "b", 0 }, { 3, "c", 1 }, { 4, "d", 2 },
	};
	static const char *const recipes[] = { STORED PRUNED, DERIVED PRUNED };

	(void)state;
	for (size_t i = 0; i < COUNT(recipes); i++) {
		struct log log;

		make(&log, list, COUNT(list));
		capture(&log, recipes[i]);
		expect(&log, document.data, false, DRVP_LINEAGE_SAME, DRV_PASS, "");
		fake_remove(&log.table, 0);
		fake_remove(&log.table, 0);
		expect(&log, document.data, false, DRVP_LINEAGE_SAME, DRV_FAIL,
		       "chain.head_missing");
		expect(&log, document.data, false, DRVP_LINEAGE_NEWER, DRV_PASS, "");
		log_free(&log);
	}
}

/* What was recorded of a chain without one last row holds at once. */
static void test_forked_partition(void **state)
{
	static const struct made list[] = {
		{ 1, "a", -1, "A" }, { 2, "b", 0, "A" },
		{ 3, "c", -1, "B" }, { 4, "d", 2, "B" }, { 5, "e", 2, "B" },
	};
	struct log log;

	(void)state;
	make(&log, list, COUNT(list));
	capture(&log, UNORDERED ", \"partition_by\": [\"word\"]");
	expect(&log, document.data, false, DRVP_LINEAGE_SAME, DRV_WARN, "chain.fork");
	fake_remove(&log.table, 4);
	expect(&log, document.data, false, DRVP_LINEAGE_SAME, DRV_FAIL, "chain.head_missing");
	log_free(&log);
}

/* Two last rows of one moment, which a logical restore may swap. */
static void test_tied_tails(void **state)
{
	static const struct made list[] = {
		{ 1, "a", -1 }, { 2, "b", 0 }, { 3, "c", 1 }, { 3, "d", 1 },
	};
	struct log log;

	(void)state;
	make(&log, list, COUNT(list));
	capture(&log, STORED);
	swap_rows(&log, 2, 3);
	expect(&log, document.data, false, DRVP_LINEAGE_SAME, DRV_WARN, "chain.fork");
	log_free(&log);
}

/* That two entries claim one predecessor is known; a third one is not. */
static void test_third_branch(void **state)
{
	static const struct made list[] = {
		{ 1, "a", -1 }, { 2, "b", 0 }, { 3, "c", 0 }, { 4, "d", 2 }, { 5, "forged", 0 },
	};
	char known[1000];
	struct log log;

	(void)state;
	make(&log, list, COUNT(list));
	log.table.row_count = 4;
	snprintf(known, sizeof known, STORED ", \"known_forks\": [\"%s\"]", log.hashes[0]);
	expect_alone(&log, known, DRV_PASS, "");
	log.table.row_count = 5;
	expect_alone(&log, known, DRV_WARN, "chain.fork");
	log_free(&log);
}

/* ------------------------------------------------------------------ links that no hash covers */

static const struct made links[] = {
	{ 1, "a", -1, "01A" }, { 2, "b", 0, "01B" }, { 3, "c", 1, "01C" }, { 4, "d", 2, "01D" },
	{ 5, "e", 3, "01E" }, { 6, "f", 4, "01F" }, { 7, "g", 5, "01G" },
};

/* An entry changes places with the next one, in the links and in the heap. */
static void exchange(struct log *log, size_t row)
{
	struct drvp_value **rows = log->table.rows + row;
	struct drvp_value before = rows[0][PREVIOUS];

	rows[0][PREVIOUS] = rows[1][HASH];
	rows[2][PREVIOUS] = rows[0][HASH];
	rows[1][PREVIOUS] = before;
	swap_rows(log, row, row + 1);
}

/* Links rewritten against an order that is text, and rows moved to where the links lead. */
static void test_links_against_text(void **state)
{
	struct log log;

	(void)state;
	make(&log, links, 5);
	with_head(&log, LINKS "[\"word\"]", 5, 4);
	expect(&log, document.data, false, DRVP_LINEAGE_SAME, DRV_PASS, "");
	exchange(&log, 1);
	expect(&log, document.data, false, DRVP_LINEAGE_SAME, DRV_FAIL, "chain.order");
	log_free(&log);
}

/* The same, where only the second column tells rows apart. */
static void test_links_against_second_column(void **state)
{
	struct log log;

	(void)state;
	make(&log, links, 5);
	for (size_t i = 0; i < 5; i++)
		log.table.rows[i][SEQ] = fake_integer(7);
	with_head(&log, LINKS "[\"seq\", \"word\"]", 5, 4);
	expect(&log, document.data, false, DRVP_LINEAGE_SAME, DRV_PASS, "");
	exchange(&log, 1);
	expect(&log, document.data, false, DRVP_LINEAGE_SAME, DRV_FAIL, "chain.order");
	log_free(&log);
}

/* Two rows of one moment that refer to each other, and to no other. */
static void test_links_cycle(void **state)
{
	struct log log;

	(void)state;
	make(&log, links, 5);
	log.table.rows[3][SEQ] = log.table.rows[2][SEQ];
	with_head(&log, LINKS "[\"seq\"]", 5, 4);
	expect(&log, document.data, false, DRVP_LINEAGE_SAME, DRV_PASS, "");
	swap_rows(&log, 2, 3);
	expect(&log, document.data, false, DRVP_LINEAGE_SAME, DRV_PASS, "");
	log.table.rows[3][PREVIOUS] = link_to(&log, 3);
	log.table.rows[4][PREVIOUS] = link_to(&log, 1);
	expect(&log, document.data, false, DRVP_LINEAGE_SAME, DRV_FAIL, "chain.order");
	log_free(&log);
}

/* The same in one of two chains, in an order of texts: the summary must not say that links hold. */
static void test_links_cycle_in_partition(void **state)
{
	static const char recipe[] = LINKS "[\"word\"], \"partition_by\": [\"seq\"]";
	static const struct made list[] = {
		{ 1, "a", -1, "01A" }, { 1, "b", 0, "01B" }, { 2, "c", -1, "01C" },
		{ 2, "d", 2, "01D" }, { 2, "e", 3, "01E" }, { 2, "f", 4, "01E" },
	};
	struct log log;

	(void)state;
	make(&log, list, COUNT(list));
	expect_alone(&log, recipe, DRV_PASS, "");
	log.table.rows[4][PREVIOUS] = link_to(&log, 5);
	log_verify(&log, recipe, false, false, DRVP_LINEAGE_STATED);
	assert_int_equal(DRV_FAIL, log.run.verdict.result.verdict);
	assert_non_null(chain_finding(&log.run, "chain.order"));
	assert_null(strstr(drvp_strbuf_text(&log.run.verdict.summary), "holds"));
	log_free(&log);
}

static void test_links_cycle_pruned(void **state)
{
	struct log log;

	(void)state;
	make(&log, links, 7);
	log.table.rows[4][SEQ] = log.table.rows[3][SEQ];
	fake_remove(&log.table, 0);
	expect_alone(&log, LINKS "[\"seq\"]" PRUNED, DRV_PASS, "");
	log.table.rows[2][PREVIOUS] = link_to(&log, 4);
	log.table.rows[4][PREVIOUS] = link_to(&log, 2);
	expect_alone(&log, LINKS "[\"seq\"]" PRUNED, DRV_FAIL, "chain.order");
	log_free(&log);
}

static void test_links_against_text_pruned(void **state)
{
	struct log log;

	(void)state;
	make(&log, links, 7);
	fake_remove(&log.table, 0);
	expect_alone(&log, LINKS "[\"word\"]" PRUNED, DRV_PASS, "");
	exchange(&log, 2);
	expect_alone(&log, LINKS "[\"word\"]" PRUNED, DRV_FAIL, "chain.order");
	log_free(&log);
}

/* A row is taken out and its link mended; entries that came since make up for the number. */
static void test_removal_hidden_by_growth(void **state)
{
	struct log log;

	(void)state;
	make(&log, links, 7);
	with_head(&log, LINKS "[\"seq\"]", 5, 4);
	expect(&log, document.data, false, DRVP_LINEAGE_NEWER, DRV_PASS, "");
	log.table.rows[3][PREVIOUS] = link_to(&log, 1);
	fake_remove(&log.table, 2);
	expect(&log, document.data, false, DRVP_LINEAGE_NEWER, DRV_FAIL, "chain.head_changed");
	log_free(&log);
}

/* A branch that begins some entries back is a fork and nothing else. */
static void test_links_late_branch(void **state)
{
	struct log log;

	(void)state;
	log_init(&log, 200);
	log.table.rows[150][PREVIOUS] = fake_text(log.hashes[119]);
	log.table.rows[151][PREVIOUS] = fake_text(log.hashes[149]);
	expect_alone(&log, LINKS "[\"seq\"]", DRV_WARN, "chain.fork");
	log_free(&log);
}

/* ------------------------------------------------------------------ no previous hash is stored */

/* In whichever order the branch and what was made after it come. */
static void test_branch_in_one_place(void **state)
{
	static const struct made list[] = {
		{ 1, "a", -1 }, { 2, "b", 0 }, { 3, "x", 0 }, { 3, "y", 2 }, { 4, "z", 3 },
	};
	struct log log;

	(void)state;
	make(&log, list, COUNT(list));
	expect_alone(&log, DERIVED, DRV_WARN, "chain.fork");
	swap_rows(&log, 2, 3);
	expect_alone(&log, DERIVED, DRV_WARN, "chain.fork");
	log.table.rows[2][DATA] = fake_text("edited");
	expect_alone(&log, DERIVED, DRV_FAIL, "chain.hash_mismatch chain.fork");
	log_free(&log);
}

static void test_many_in_one_place(void **state)
{
	struct made list[102];
	char data[102][8];
	struct log log;

	(void)state;
	for (int i = 0; i < 102; i++) {
		snprintf(data[i], sizeof data[i], "r%d", i);
		list[i] = (struct made){ i ? i == 101 ? 3 : 2 : 1, data[i], i - 1, NULL };
	}
	make(&log, list, 102);
	for (size_t i = 1; i < 51; i++)
		swap_rows(&log, i, 101 - i);
	expect_alone(&log, DERIVED, DRV_PASS, "");
	log.table.rows[50][DATA] = fake_text("edited");
	expect_alone(&log, DERIVED, DRV_FAIL, "chain.hash_mismatch");
	log_free(&log);
}

static void test_second_first_row(void **state)
{
	static const struct made list[] = {
		{ 1, "first", -1 }, { 2, "other", -1 }, { 3, "c", 1 }, { 4, "d", 2 },
	};

	(void)state;
	expect_made(list, COUNT(list), DERIVED, DRV_FAIL, "chain.null_previous");
	expect_made(list, COUNT(list), STORED, DRV_FAIL, "chain.null_previous");
}

/* The first rows left share their place, and may come in any order. */
static void test_pruned_to_one_place(void **state)
{
	static const struct made list[] = {
		{ 1, "gone", -1 }, { 2, "p", 0 }, { 2, "q", 1 }, { 3, "r", 2 }, { 4, "t", 3 },
	};
	struct log log;

	(void)state;
	make(&log, list, COUNT(list));
	fake_remove(&log.table, 0);
	expect_alone(&log, DERIVED PRUNED, DRV_PASS, "");
	swap_rows(&log, 0, 1);
	expect_alone(&log, DERIVED PRUNED, DRV_PASS, "");
	log_verify(&log, DERIVED PRUNED, false, false, DRVP_LINEAGE_STATED);
	assert_non_null(strstr(log.run.verdict.result.summary, "1 of them by their links only"));
	log_free(&log);
}

/* ------------------------------------------------------------------ kept texts and columns */

#define CLAIM(column) BEGINS "\"preimage\": [{ \"previous\": \"text\" }, { \"stored\": \"data\", " \
	"\"claims\": [[\"amount\", " column "]] }]"
#define STORED_CLAIM(column) "\"hash\": \"hash\", \"previous\": \"previous\", " CLAIM(column)
#define NUMBER "{ \"column\": \"seq\" }"

/* Numbers that are equal as doubles. */
static void test_claimed_integers(void **state)
{
	static const struct made list[] = {
		{ INT64_C(9007199254740993), "{\"amount\":9007199254740993}", -1 },
	};
	struct log log;

	(void)state;
	make(&log, list, 1);
	expect_alone(&log, STORED_CLAIM(NUMBER), DRV_PASS, "");
	log.table.rows[0][SEQ] = fake_integer(INT64_C(9007199254740992));
	expect_alone(&log, STORED_CLAIM(NUMBER), DRV_FAIL, "chain.preimage_differs");
	log_free(&log);
}

static void claim_decimal(const char *number, int verdict, const char *codes)
{
	static const struct made list[] = { { 1, "{\"amount\":0.12345678901234567891}", -1 } };
	struct log log;

	make(&log, list, 1);
	log.table.columns[WORD].kind = DRVP_DECIMAL;
	log.table.rows[0][WORD] = fake_text(number);
	log.table.rows[0][WORD].kind = DRVP_DECIMAL;
	expect_alone(&log, STORED_CLAIM("{ \"column\": \"word\", \"as\": \"number\" }"), verdict,
		     codes);
	log_free(&log);
}

static void test_claimed_decimals(void **state)
{
	(void)state;
	claim_decimal("0.12345678901234567891", DRV_PASS, "");
	claim_decimal("0.1234567890123456789100", DRV_PASS, "");
	claim_decimal("0.12345678901234567892", DRV_FAIL, "chain.preimage_differs");
	claim_decimal("1.12345678901234567891", DRV_FAIL, "chain.preimage_differs");
}

/* A forged row in front of one that was edited does not hide that it was. */
static void test_claims_behind_a_branch(void **state)
{
	static const struct made list[] = {
		{ 1, "{\"amount\":1}", -1 }, { 2, "{\"amount\":2}", 0 },
		{ 3, "{\"amount\":3,\"forged\":1}", 1 }, { 4, "{\"amount\":4}", 1 },
	};
	struct log log;

	(void)state;
	make(&log, list, COUNT(list));
	expect_alone(&log, "\"hash\": \"hash\", " CLAIM(NUMBER) ORDERED, DRV_WARN, "chain.fork");
	log.table.rows[3][SEQ] = fake_integer(5);
	expect_alone(&log, "\"hash\": \"hash\", " CLAIM(NUMBER) ORDERED, DRV_FAIL,
		     "chain.preimage_differs chain.fork");
	log_free(&log);
}

/* ------------------------------------------------------------------ what a hash covers */

#define BODY "\"hash\": \"hash\", \"previous\": \"prev\", \"preimage\": "
#define JSON(members) BODY "{ \"json\": \"javascript\", " members " }"
#define DOCUMENTS "\"filter\": {}, \"hash\": \"chain.hash\", \"previous\": \"chain.prev\", " \
	"\"preimage\": { \"json\": \"javascript\", \"all_except\": "
#define WITH_PREVIOUS "{ \"previous\": \"text\" }"

static bool is_committed(const char *members)
{
	struct drv_baseline *baseline = chain_document(members);
	bool committed;

	assert_non_null(baseline);
	committed = ((const struct drvp_recipe *)baseline->items[0].config)->committed;
	drv_baseline_free(&baseline);
	return committed;
}

/* Preimages that only seem to hold the previous hash. */
static void test_uncovered(void **state)
{
	static const char *const recipes[] = {
		JSON("\"all_except\": [\"id\"], \"drop_keys\": [\"prev\"]"),
		JSON("\"all_except\": [\"id\"], \"allow_keys\": [\"a\"]"),
		JSON("\"object\": [[\"a\", { \"column\": \"a\" }], [\"prev\", " WITH_PREVIOUS "]], "
		     "\"allow_keys\": [\"a\"]"),
		BODY "[{ \"present\": \"x\", \"then\": " WITH_PREVIOUS ", \"else\": \"-\" }]",
		BODY "[{ \"present\": \"x\", \"then\": " WITH_PREVIOUS " }, { \"column\": \"a\" }]",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(recipes); i++) {
		struct drv_error err;
		char ordered[1000];

		assert_non_null(strstr(chain_refusal(recipes[i], &err),
				       "do not hold the previous hash"));
		snprintf(ordered, sizeof ordered, "%s" ORDERED, recipes[i]);
		assert_false(is_committed(ordered));
	}
	assert_false(is_committed(DOCUMENTS "[\"_id\", \"chain\"] }" ORDERED));
}

static void test_covered(void **state)
{
	(void)state;
	assert_true(is_committed(JSON("\"all_except\": [\"id\"]")));
	assert_true(is_committed(JSON("\"all_except\": [], \"allow_keys\": [\"prev\"]")));
	assert_true(is_committed(BODY "{ \"present\": \"x\", \"then\": " WITH_PREVIOUS
				      ", \"else\": " WITH_PREVIOUS " }"));
	assert_true(is_committed(DOCUMENTS "[\"_id\", \"chain.hash\"] }"));
}

/* ------------------------------------------------------------------ entries without a hash */

#define CHOSEN ", \"digest\": { \"by\": \"word\", \"cases\": { \"v1\": \"sha256\" } }"

static const struct made unhashed[] = {
	{ 0, "a", -1, "v1" }, { 1, "b", 0, "v1" }, { 2, "c", 1, "v1" }, { 3, "d", 2, "v1" },
};

static void test_last_cannot_be_hashed(void **state)
{
	static const char recipe[] = "\"previous\": \"previous\", " BEGINS PREIMAGE ORDERED CHOSEN;
	struct log log;

	(void)state;
	make(&log, unhashed, COUNT(unhashed));
	expect_alone(&log, recipe, DRV_PASS, "");
	log.table.rows[3][WORD] = fake_text("v2");
	expect_alone(&log, recipe, DRV_FAIL, "chain.hash_mismatch");
	log_free(&log);
}

/* Rows in front of a fold, the last of which would let it begin anew. */
static void test_fold_begun_anew(void **state)
{
	struct log log;

	(void)state;
	make(&log, unhashed, COUNT(unhashed));
	with_head(&log, BEGINS PREIMAGE ORDERED CHOSEN, 4, 3);
	expect(&log, document.data, false, DRVP_LINEAGE_SAME, DRV_PASS, "");
	for (int i = 0; i < 2; i++) {
		struct drvp_value *row = fake_row(&log.table);

		row[SEQ] = fake_integer(i - 2);
		row[DATA] = fake_text("forged");
		row[WORD] = fake_text(i ? "v2" : "v1");
	}
	expect(&log, document.data, false, DRVP_LINEAGE_NEWER, DRV_FAIL, "chain.hash_mismatch");
	log.table.rows[5][WORD] = fake_text("v1");
	expect(&log, document.data, false, DRVP_LINEAGE_NEWER, DRV_FAIL, "chain.head_missing");
	log_free(&log);
}

/* ------------------------------------------------------------------ documents */

#define DIGITS16 "0123456789abcdef"
#define DIGITS64 DIGITS16 DIGITS16 DIGITS16 DIGITS16
#define PLACE(at, rows) "{ \"at\": " at ", \"rows\": " rows ", \"hash\": \"" DIGITS64 "\" }"

static void test_refused(void **state)
{
	static const struct {
		const char *members, *message;
	} cases[] = {
		{ DERIVED ", \"expect\": { \"genesis\": \"" DIGITS64 DIGITS64 DIGITS64 "\" }",
		  "bytes" },
		{ STORED ", \"expect\": { \"genesis\": \"00\" }", "bytes" },
		{ STORED ", \"expect\": { \"checkpoints\": [" PLACE("9", "0") "] }",
		  "at least one row" },
		{ STORED ", \"expect\": { \"checkpoints\": [" PLACE("9", "10") ", "
		  PLACE("9", "11") "] }", "in their order" },
		{ STORED ", \"expect\": { \"checkpoints\": [{ \"at\": 9, \"rows\": 10, "
		  "\"hash\": \"00\" }] }", "bytes" },
		{ "\"mode\": \"rows\", \"hash\": \"hash\", \"preimage\": { \"column\": \"data\" }, "
		  "\"expect\": { \"head\": { \"rows\": 5, \"hash\": \"" DIGITS64 "\" } }",
		  "no chain that has a head" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct drv_error err;
		const char *message = chain_refusal(cases[i].members, &err);

		if (err.status != DRV_E_DOCUMENT || !strstr(message, cases[i].message))
			fail_msg("%s gives \"%s\"", cases[i].members, message);
	}
}

/* ------------------------------------------------------------------ cost */

#define MEMBERS 80000

/* One row whose document is large takes the time of its size, not of its square. */
static void test_large_document(void **state)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	struct drvp_value *row;
	struct log log;
	clock_t from;

	(void)state;
	for (int i = 0; i < MEMBERS; i++)
		drvp_strbuf_printf(&text, "%s\"k%08d\":1", i ? "," : "{", MEMBERS - i);
	drvp_strbuf_char(&text, '}');
	begin(&log, 1);
	row = fake_row(&log.table);
	row[DATA] = fake_text(text.data);
	log_hash(log.hashes[0], text.data);
	row[HASH] = fake_text(log.hashes[0]);
	from = clock();
	expect_alone(&log, "\"mode\": \"rows\", \"hash\": \"hash\", \"preimage\": [{ \"column\": "
		     "\"data\", \"parse\": true, \"json\": \"javascript\" }]", DRV_PASS, "");
	assert_true(clock() - from < CLOCKS_PER_SEC);
	drvp_strbuf_free(&text);
	log_free(&log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fork_before_checkpoint),
		cmocka_unit_test(test_begun_anew_at_checkpoint),
		cmocka_unit_test(test_no_place_behind_checkpoint),
		cmocka_unit_test(test_recaptured),
		cmocka_unit_test(test_restored_before_pruning),
		cmocka_unit_test(test_front_removed_at_once),
		cmocka_unit_test(test_forked_partition),
		cmocka_unit_test(test_tied_tails),
		cmocka_unit_test(test_third_branch),
		cmocka_unit_test(test_links_against_text),
		cmocka_unit_test(test_links_against_second_column),
		cmocka_unit_test(test_links_cycle),
		cmocka_unit_test(test_links_cycle_in_partition),
		cmocka_unit_test(test_links_cycle_pruned),
		cmocka_unit_test(test_links_against_text_pruned),
		cmocka_unit_test(test_removal_hidden_by_growth),
		cmocka_unit_test(test_links_late_branch),
		cmocka_unit_test(test_branch_in_one_place),
		cmocka_unit_test(test_many_in_one_place),
		cmocka_unit_test(test_second_first_row),
		cmocka_unit_test(test_pruned_to_one_place),
		cmocka_unit_test(test_claimed_integers),
		cmocka_unit_test(test_claimed_decimals),
		cmocka_unit_test(test_claims_behind_a_branch),
		cmocka_unit_test(test_uncovered),
		cmocka_unit_test(test_covered),
		cmocka_unit_test(test_last_cannot_be_hashed),
		cmocka_unit_test(test_fold_begun_anew),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_large_document),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	drvp_strbuf_free(&document);
	return failed;
}
