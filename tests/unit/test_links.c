/* test_links.c: damage is found in logs that do not fit into memory at once */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain/link_table.h"
#include "chain_log.h"

#define LONG 120000                  /* more links than one pass holds */

static void expect_first(const struct log *log, const char *code, uint64_t count, size_t row)
{
	const struct drv_finding *finding = chain_finding(&log->run, code);
	char place[40];

	snprintf(place, sizeof place, "ctid (%zu,%zu)", row / 100, row % 100 + 1);
	assert_non_null(finding);
	assert_int_equal(count, finding->count);
	assert_string_equal(place, drv_finding_row(finding, 0)->place);
}

static void test_long(void **state)
{
	struct log log;
	char kept[65];

	(void)state;
	log_init(&log, LONG);
	log_run(&log);
	assert_int_equal(DRV_PASS, log.run.verdict.result.verdict);
	assert_int_equal(1, log.session.scans);
	assert_int_equal(32, drvp_chain_tally(&log.run.verdict.tally)->chains.list[0].head_len);
	chain_run_done(&log.run);

	/* Two gaps, one fork and a copy, far from each other. */
	strcpy(kept, log.hashes[100000]);
	log.table.rows[100001][PREVIOUS] = fake_text(kept);
	log.table.rows[100000][PREVIOUS] = fake_text(log.hashes[59999]);
	seal(&log, 100000);
	fake_remove(&log.table, 110000);
	fake_insert(&log.table, 50000, log.table.rows[40000]);
	log_run(&log);
	assert_true(log.session.scans > 3);
	assert_int_equal(DRV_FAIL, log.run.verdict.result.verdict);
	assert_int_equal(3, log.run.verdict.result.finding_count);
	expect_first(&log, "chain.duplicate", 1, 50000);
	expect_first(&log, "chain.fork", 1, 100001);
	expect_first(&log, "chain.link_broken", 2, 100002);
	assert_int_equal(40000, drvp_chain_tally(&log.run.verdict.tally)->intact_before);
	log_free(&log);
}

/* A column that is the same everywhere fills no memory. */
static void test_all_claim_one(void **state)
{
	struct log log;

	(void)state;
	log_init(&log, LONG);
	for (size_t i = 2; i < LONG; i++) {
		log.table.rows[i][PREVIOUS] = fake_text(log.hashes[0]);
		seal(&log, i);
	}
	log_run(&log);
	assert_int_equal(1, log.run.verdict.result.finding_count);
	expect_first(&log, "chain.fork", LONG - 2, 2);
	assert_int_equal(DRV_WARN, log.run.verdict.result.verdict);
	/* The head is the last tail, so that a capture has something to record. */
	assert_int_equal(32, drvp_chain_tally(&log.run.verdict.tally)->chains.list[0].head_len);
	log_free(&log);
}

static void test_all_begin(void **state)
{
	struct log log;

	(void)state;
	log_init(&log, LONG);
	for (size_t i = 1; i < LONG; i++) {
		log.table.rows[i][PREVIOUS] = (struct drvp_value){ .kind = DRVP_NULL };
		seal(&log, i);
	}
	log_run(&log);
	expect_first(&log, "chain.null_previous", LONG - 1, 1);
	assert_int_equal(DRV_FAIL, log.run.verdict.result.verdict);
	log_free(&log);
}

/* A table far too small compacts itself and still finds the same. */
static void test_compaction(void **state)
{
	struct drvp_link_table table;
	struct drvp_chains chains = { 0 };
	struct drvp_chain *chain = drvp_chains_get(&chains, "", 0);
	struct drvp_fingerprint a = { 2, 3 }, b = { 4, 5 }, c = { 6, 7 };

	(void)state;
	assert_non_null(chain);
	chain->firsts = 1;
	assert_true(drvp_link_table_init(&table, 40));
	table.chains = &chains;
	drvp_link_table_add(&table, &(struct drvp_link_record){ a, DRVP_HOLDS, 0, 0, 0 });
	for (uint64_t i = 0; i < 5000; i++)
		drvp_link_table_add(&table, &(struct drvp_link_record){
						    a, (1000 + 2 * i) | DRVP_CLAIMS,
						    (int64_t)(5000 - i), i, 0 });
	drvp_link_table_add(&table, &(struct drvp_link_record){ b, DRVP_HOLDS, 9, 0, 0 });
	drvp_link_table_add(&table, &(struct drvp_link_record){ b, DRVP_HOLDS, 8, 1, 0 });
	drvp_link_table_add(&table, &(struct drvp_link_record){ c, DRVP_CLAIMS, 7, 0, 0 });
	drvp_link_table_finish(&table);
	assert_false(table.failed);
	assert_true(table.capacity <= 160);
	assert_int_equal(4999, table.forks.count);
	assert_int_equal(2, table.forks.marks[0].order);
	assert_int_equal(1, table.copies.count);
	assert_int_equal(9, table.copies.marks[0].order);
	assert_int_equal(1, table.gaps.count);
	assert_int_equal(1, table.tails.count);
	assert_int_equal(8, chain->last_tail.order);
	assert_int_equal(4999, chain->forks);
	drvp_chains_free(&chains);
	drvp_link_table_free(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_long), cmocka_unit_test(test_all_claim_one),
		cmocka_unit_test(test_all_begin), cmocka_unit_test(test_compaction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
