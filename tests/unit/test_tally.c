/* test_tally.c: tallies give the same whatever the order and grouping of merges */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "run/tally.h"

#define ROWS 60

static void count_one(struct drvp_tally *tally, uint32_t n, bool show_keys)
{
	struct drvp_value key = { .kind = DRVP_INTEGER, .integer = n };
	struct drvp_row row = { .keys = &key, .key_count = 1, .ctid = { n, 1 }, .ordinal = n };

	assert_int_equal(drvp_tally_count_row(tally, n % 2, &row, (int64_t)(n * 7 % ROWS), show_keys),
			 0);
	tally->rows++;
}

static void expect_same(const struct drvp_tally *a, const struct drvp_tally *b)
{
	assert_int_equal(a->rows, b->rows);
	for (size_t i = 0; i < DRVP_TALLY_COUNTERS; i++) {
		assert_int_equal(a->counters[i].count, b->counters[i].count);
		assert_int_equal(a->counters[i].spot_count, b->counters[i].spot_count);
		for (size_t j = 0; j < a->counters[i].spot_count; j++) {
			assert_int_equal(a->counters[i].spots[j].order, b->counters[i].spots[j].order);
			assert_string_equal(a->counters[i].spots[j].place,
					    b->counters[i].spots[j].place);
		}
	}
	assert_int_equal(a->newest, b->newest);
}

/* Rows dealt to parts by n modulo parts, parts merged backwards. */
static void test_any_split_merges_to_the_same(void **state)
{
	struct drvp_tally whole;

	(void)state;
	drvp_tally_init(&whole, NULL);
	for (uint32_t n = 0; n < ROWS; n++)
		count_one(&whole, n, false);
	whole.newest_set = true;
	whole.newest = ROWS - 1;
	for (uint32_t parts = 1; parts <= 9; parts++) {
		struct drvp_tally merged, part[9];

		drvp_tally_init(&merged, NULL);
		for (uint32_t p = 0; p < parts; p++)
			drvp_tally_init(&part[p], NULL);
		for (uint32_t n = 0; n < ROWS; n++) {
			count_one(&part[n % parts], n, false);
			part[n % parts].newest_set = true;
			part[n % parts].newest = n;
		}
		for (uint32_t p = parts; p > 0; p--)
			drvp_tally_merge(&merged, &part[p - 1]);
		expect_same(&merged, &whole);
		drvp_tally_free(&merged);
	}
	assert_int_equal(whole.counters[0].spot_count, DRVP_SPOTS);
	assert_int_equal(whole.counters[0].spots[0].order, 0);
	drvp_tally_free(&whole);
}

static void test_keys_only_when_asked(void **state)
{
	struct drvp_tally tally;

	(void)state;
	drvp_tally_init(&tally, NULL);
	count_one(&tally, 42, false);
	assert_string_equal(tally.counters[0].spots[0].key, "");
	assert_string_equal(tally.counters[0].spots[0].place, "ctid (42,1)");
	count_one(&tally, 44, true);
	assert_non_null(strstr(tally.counters[0].spots[tally.counters[0].spots[0].key[0] ? 0 : 1].key,
			       "44"));
	drvp_tally_free(&tally);
}

static void test_counts_merge_with_and_without(void **state)
{
	struct drvp_tally a, b;

	(void)state;
	drvp_tally_init(&a, NULL);
	drvp_tally_init(&b, NULL);
	b.counted_set = true;
	b.counted = 5;
	drvp_tally_merge(&a, &b);
	assert_true(a.counted_set);
	assert_int_equal(a.counted, 5);
	assert_false(a.newest_set);
	drvp_tally_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_split_merges_to_the_same),
		cmocka_unit_test(test_keys_only_when_asked),
		cmocka_unit_test(test_counts_merge_with_and_without),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
