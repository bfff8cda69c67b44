/* test_checkpoints.c: recorded places of a chain: where they are taken, and what they prove later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain_log.h"

#define ROWS 5200
#define MORE 300                     /* rows that come after the capture */

static struct drvp_strbuf document;

/* The document that a capture of the first ROWS rows writes. */
static void capture(struct log *log)
{
	size_t all = log->table.row_count;

	log->table.row_count = ROWS;
	log_verify(log, LOG_RECIPE, true, false, DRVP_LINEAGE_STATED);
	assert_int_equal(DRV_PASS, log->run.verdict.result.verdict);
	log_record(log, LOG_RECIPE, &document);
	log->table.row_count = all;
	chain_run_done(&log->run);
}

static void expect_code(struct log *log, int verdict, const char *code)
{
	const struct drv_result *result = &log->run.verdict.result;

	if (result->verdict != verdict || (code && !chain_finding(&log->run, code)))
		fail_msg("%s: %s", drv_verdict_name(result->verdict), result->summary);
}

static void begin(struct log *log)
{
	log_init(log, ROWS + MORE);
	capture(log);
}

static void test_taken(void **state)
{
	struct log log;
	const struct drvp_checkpoints *taken;

	(void)state;
	log_init(&log, ROWS);
	log_verify(&log, LOG_RECIPE, true, false, DRVP_LINEAGE_STATED);
	taken = &drvp_chain_tally(&log.run.verdict.tally)->taken;
	assert_int_equal(6, taken->count);
	for (size_t i = 0; i < taken->count; i++) {
		uint64_t rows = i < 5 ? (i + 1) * 1000 : ROWS;
		char hash[65];

		assert_int_equal(rows, taken->list[i].rows);
		assert_int_equal(rows - 1, taken->list[i].order);
		for (size_t k = 0; k < 32; k++)
			sprintf(hash + 2 * k, "%02x", taken->list[i].hash[k]);
		assert_string_equal(log.hashes[rows - 1], hash);
	}
	log_free(&log);
}

/* Where rows are not in the order of their links, or of one moment, no checkpoint is. */
static void test_taken_elsewhere(void **state)
{
	struct log log;

	(void)state;
	log_init(&log, ROWS);
	for (size_t i = 990; i < 1010; i++)
		log.table.rows[i][SEQ] = fake_integer(1009 + 990 - (int64_t)i);
	for (size_t i = 2005; i < 2025; i++)
		log.table.rows[i][SEQ] = fake_integer(2010);
	for (size_t i = 0; i < ROWS; i++) {
		log.table.rows[i][PREVIOUS] = i ? fake_text(log.hashes[i - 1]) :
						  (struct drvp_value){ .kind = DRVP_NULL };
		seal(&log, i);
	}
	log_verify(&log, LOG_RECIPE, true, false, DRVP_LINEAGE_STATED);
	assert_int_equal(DRV_PASS, log.run.verdict.result.verdict);
	/* Row 1,010 is the first that is last in both ways. */
	assert_int_equal(1011, drvp_chain_tally(&log.run.verdict.tally)->taken.list[0].rows);
	assert_int_equal(2026, drvp_chain_tally(&log.run.verdict.tally)->taken.list[1].rows);
	log_free(&log);
}

static void test_since(void **state)
{
	struct log log;

	(void)state;
	begin(&log);
	log_verify(&log, document.data, false, true, DRVP_LINEAGE_NEWER);
	expect_code(&log, DRV_PASS, NULL);
	assert_int_equal(MORE + 1, log.run.verdict.tally.rows);
	assert_non_null(strstr(log.run.verdict.result.summary, "row 5,200 (seq 5199)"));
	/* The next run begins where this one ended. */
	assert_int_equal(1, drvp_chain_tally(&log.run.verdict.tally)->taken.count);
	assert_int_equal(ROWS + MORE, drvp_chain_tally(&log.run.verdict.tally)->taken.list[0].rows);
	chain_run_done(&log.run);

	/* What is older is not looked at, and found by a full run. */
	log.table.rows[17][SEQ] = fake_integer(-1);
	log_verify(&log, document.data, false, true, DRVP_LINEAGE_NEWER);
	expect_code(&log, DRV_PASS, NULL);
	chain_run_done(&log.run);
	log_verify(&log, document.data, false, false, DRVP_LINEAGE_NEWER);
	expect_code(&log, DRV_FAIL, "chain.hash_mismatch");
	log_free(&log);
}

static void test_since_damaged(void **state)
{
	struct log log;

	(void)state;
	begin(&log);
	log.table.rows[ROWS + 7][SEQ] = fake_integer(ROWS + 1000);
	log_verify(&log, document.data, false, true, DRVP_LINEAGE_NEWER);
	expect_code(&log, DRV_FAIL, "chain.hash_mismatch");
	chain_run_done(&log.run);
	log.table.rows[ROWS + 7][SEQ] = fake_integer(ROWS + 7);
	fake_remove(&log.table, ROWS + 7);
	log_verify(&log, document.data, false, true, DRVP_LINEAGE_NEWER);
	expect_code(&log, DRV_FAIL, "chain.link_broken");
	chain_run_done(&log.run);
	/* Without the checkpoint's row, all rows are read. */
	fake_remove(&log.table, ROWS - 1);
	log_verify(&log, document.data, false, true, DRVP_LINEAGE_NEWER);
	expect_code(&log, DRV_FAIL, "chain.head_missing");
	assert_int_equal(log.table.row_count, log.run.verdict.tally.rows);
	chain_run_done(&log.run);
	while (log.table.row_count > ROWS - 100)
		fake_remove(&log.table, log.table.row_count - 1);
	log_verify(&log, document.data, false, true, DRVP_LINEAGE_SAME);
	assert_int_not_equal(DRV_PASS, log.run.verdict.result.verdict);
	log_free(&log);
}

/* Another chain from the checkpoint on is not taken for what followed it. */
static void test_since_replaced(void **state)
{
	struct log log;

	(void)state;
	begin(&log);
	for (size_t i = ROWS - 1; i < ROWS + MORE; i++) {
		log.table.rows[i][PREVIOUS] = i < ROWS ? (struct drvp_value){ .kind = DRVP_NULL } :
							 fake_text(log.hashes[i - 1]);
		seal(&log, i);
	}
	log_verify(&log, document.data, false, true, DRVP_LINEAGE_NEWER);
	expect_code(&log, DRV_FAIL, "chain.null_previous");
	log_free(&log);
}

/* A writer that waited comes with an older time: no damage, and all rows are read to see it. */
static void test_since_late(void **state)
{
	struct log log;

	(void)state;
	begin(&log);
	for (size_t i = ROWS; i < ROWS + MORE; i++) {
		if (i == ROWS + 5)
			log.table.rows[i][SEQ] = fake_integer(ROWS - 3);
		log.table.rows[i][PREVIOUS] = fake_text(log.hashes[i - 1]);
		seal(&log, i);
	}
	log_verify(&log, document.data, false, true, DRVP_LINEAGE_NEWER);
	expect_code(&log, DRV_PASS, NULL);
	assert_int_equal(ROWS + MORE, log.run.verdict.tally.rows);
	assert_int_equal(ROWS + MORE, log.run.verdict.tally.counted);
	chain_run_done(&log.run);
	log_verify(&log, document.data, false, false, DRVP_LINEAGE_UNKNOWN);
	expect_code(&log, DRV_PASS, NULL);
	log_free(&log);
}

/* Of two rows at the end that share their order, neither can be begun at. */
static void test_tied_end(void **state)
{
	struct log log;
	const struct drvp_checkpoints *taken;

	(void)state;
	log_init(&log, ROWS);
	log.table.rows[ROWS - 1][SEQ] = fake_integer(ROWS - 2);
	seal(&log, ROWS - 1);
	log_verify(&log, LOG_RECIPE, true, false, DRVP_LINEAGE_STATED);
	taken = &drvp_chain_tally(&log.run.verdict.tally)->taken;
	assert_int_equal(5, taken->count);
	assert_int_equal(5000, taken->list[4].rows);
	log_free(&log);
}

/* Before the checkpoint, nothing came after it. */
static void test_since_older(void **state)
{
	struct log log;

	(void)state;
	begin(&log);
	while (log.table.row_count > 3200)
		fake_remove(&log.table, log.table.row_count - 1);
	log_verify(&log, document.data, false, true, DRVP_LINEAGE_OLDER);
	expect_code(&log, DRV_INCONCLUSIVE, "lineage.older");
	log_free(&log);
}

/* An older restore point: as far as the checkpoints go, it has to be the recorded chain. */
static void test_older(void **state)
{
	struct log log;

	(void)state;
	begin(&log);
	while (log.table.row_count > 3200)
		fake_remove(&log.table, log.table.row_count - 1);
	log_verify(&log, document.data, false, false, DRVP_LINEAGE_OLDER);
	expect_code(&log, DRV_INCONCLUSIVE, "lineage.older");
	assert_non_null(strstr(log.run.verdict.result.summary, "up to row 3,000 (seq 2999)"));
	chain_run_done(&log.run);

	log.table.rows[2500][SEQ] = fake_integer(2499);
	for (size_t i = 2500; i < 3200; i++) {
		log.table.rows[i][PREVIOUS] = fake_text(log.hashes[i - 1]);
		seal(&log, i);
	}
	log_verify(&log, document.data, false, false, DRVP_LINEAGE_OLDER);
	expect_code(&log, DRV_FAIL, "chain.checkpoint_missing");
	assert_non_null(strstr(log.run.verdict.result.summary, "row 3,000"));
	log_free(&log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_taken_elsewhere),
		cmocka_unit_test(test_since),
		cmocka_unit_test(test_since_damaged),
		cmocka_unit_test(test_since_replaced),
		cmocka_unit_test(test_since_late),
		cmocka_unit_test(test_since_older),
		cmocka_unit_test(test_tied_end),
		cmocka_unit_test(test_older),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	drvp_strbuf_free(&document);
	return failed;
}
