/* test_pace.c: a pace holds over any clock, whoever takes and in whatever pieces */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/pace.h"
#include "drverify.h"
#include "store/limits.h"

#define START (1000000 * DRVP_SECOND)

/* Takes pieces as soon as it may until seconds have passed; how many a second that gives. */
static double run(uint64_t rate, uint64_t piece, double seconds, int64_t late)
{
	struct drvp_pace pace = { .rate = rate };
	int64_t now = START, end = START + (int64_t)(seconds * (double)DRVP_SECOND);
	uint64_t taken = 0;

	while (now < end) {
		int64_t next = drvp_pace_take(&pace, piece, now);

		assert_true(next >= now);
		taken += piece;
		now = next > now ? next + late : now;
	}
	return (double)taken / seconds;
}

static void expect_near(double is, double wanted)
{
	if (is < 0.97 * wanted || is > 1.03 * wanted)
		fail_msg("%f a second instead of %f", is, wanted);
}

static void test_keeps_the_rate(void **state)
{
	static const uint64_t rates[] = { 10, 333, 50000, 20000000, 3000000000 };

	(void)state;
	for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
		for (uint64_t piece = 1; piece <= rates[i] / 10; piece *= 10)
			if (rates[i] / piece < 1000000)
				expect_near(run(rates[i], piece, 10, 0), (double)rates[i]);
}

/* Sleeps that end some milliseconds late must not add up. */
static void test_late_sleeps_do_not_slow_it(void **state)
{
	(void)state;
	expect_near(run(50000, 500, 10, 5000), 50000);
	expect_near(run(20000000, 200000, 10, 9000), 20000000);
}

static void test_zero_is_no_limit(void **state)
{
	struct drvp_pace pace = { 0 };

	(void)state;
	assert_int_equal(drvp_pace_take(&pace, UINT64_MAX, START), START);
	pace.rate = 1;
	assert_int_equal(drvp_pace_take(&pace, 0, START), START);
}

/* After a pause it goes on at its rate, and does not make up for the pause. */
static void test_a_pause_is_no_credit(void **state)
{
	struct drvp_pace pace = { .rate = 1000 };
	int64_t later = START + 3600 * DRVP_SECOND;

	(void)state;
	drvp_pace_take(&pace, 1000, START);
	assert_true(drvp_pace_take(&pace, 2000, later) >= later + 18 * DRVP_SECOND / 10);
}

/* Two that share it have together what one would have. */
static void test_shared(void **state)
{
	struct drvp_pace pace = { .rate = 1000 };
	int64_t next[2] = { START, START };
	uint64_t taken = 0;

	(void)state;
	while (next[0] < START + 10 * DRVP_SECOND || next[1] < START + 10 * DRVP_SECOND) {
		int who = next[1] < next[0];

		next[who] = drvp_pace_take(&pace, 7, next[who]);
		taken += 7;
	}
	expect_near((double)taken / 10, 1000);
}

static void test_huge_numbers_wait_for_ever(void **state)
{
	struct drvp_pace pace = { .rate = 1 };

	(void)state;
	for (int i = 0; i < 10; i++)
		assert_true(drvp_pace_take(&pace, UINT64_MAX, START) > START + 86400 * DRVP_SECOND);
}

static struct drvp_limits limits_of(struct drvp_meter *meter)
{
	return (struct drvp_limits){ .work = DRVP_SECOND, .meter = meter };
}

/* Without a pace rows are only counted; with one a spent budget ends the wait, or cancelling. */
static void test_flow(void **state)
{
	struct drvp_meter meter = { 0 };
	struct drvp_limits limits = limits_of(&meter);
	struct drvp_flow flow;
	int64_t started = drvp_monotonic();
	atomic_bool cancelled = true;

	(void)state;
	drvp_flow_init(&flow, &limits);
	for (int i = 0; i < 5000; i++)
		drvp_flow_count(&flow, 100);
	assert_false(drvp_flow_is_due(&flow));
	assert_int_equal(drvp_flow_settle(&flow, &limits), 0);
	assert_int_equal(atomic_load(&meter.rows), 5000);
	assert_int_equal(drvp_flow_total(&flow), 5000);
	meter.bytes_pace.rate = 100;
	drvp_flow_init(&flow, &limits);
	drvp_flow_count(&flow, 100000);
	assert_true(drvp_flow_is_due(&flow));
	limits.until = started + DRVP_SECOND / 5;
	assert_true(drvp_flow_settle(&flow, &limits) > 0);
	assert_int_equal(drvp_limits_stop(&limits), DRV_E_BUDGET);
	assert_true(drvp_monotonic() < started + 5 * DRVP_SECOND);
	limits.until = 0;
	limits.cancelled = &cancelled;
	drvp_flow_count(&flow, 100000);
	drvp_flow_settle(&flow, &limits);
	assert_int_equal(drvp_limits_stop(&limits), DRV_E_CANCELLED);
	assert_true(drvp_monotonic() < started + 5 * DRVP_SECOND);
}

/* Questions are so small that at least a few a second can be asked. */
static void test_batches(void **state)
{
	struct drvp_meter meter = { 0 };
	struct drvp_limits limits = limits_of(&meter);

	(void)state;
	assert_int_equal(drvp_limits_batch(&limits, 1000, 0, 0), 1000);
	meter.rows_pace.rate = 500;
	assert_int_equal(drvp_limits_batch(&limits, 1000, 0, 0), 125);
	meter.rows_pace.rate = 1;
	assert_int_equal(drvp_limits_batch(&limits, 1000, 0, 0), 1);
	meter.rows_pace.rate = 0;
	meter.bytes_pace.rate = 1000000;
	assert_true(drvp_limits_batch(&limits, 1000, 0, 0) < 100);
	assert_in_range(drvp_limits_batch(&limits, 1000, 10, 10000), 240, 250);
	assert_int_equal(drvp_limits_batch(&limits, 1000, 1, 1 << 24), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keeps_the_rate),
		cmocka_unit_test(test_late_sleeps_do_not_slow_it),
		cmocka_unit_test(test_zero_is_no_limit),
		cmocka_unit_test(test_a_pause_is_no_credit),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_huge_numbers_wait_for_ever),
		cmocka_unit_test(test_flow),
		cmocka_unit_test(test_batches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
