/* test_progress.c: share, speed, time left and what a budget will not reach, by a clock of its own */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "run/progress.h"

#define START (1000 * DRVP_SECOND)

static const struct drvp_weight scan = { 1000, true, true };
static const struct drvp_weight count = { 100, true, false };
static const struct drvp_weight unknown = { 1, false, true };

static struct drvp_progress started(void)
{
	return (struct drvp_progress){ .started = START };
}

static struct drvp_outlook look(struct drvp_progress *p, uint64_t came, double seconds, double until)
{
	struct drvp_outlook out;

	drvp_progress_look(p, came, START + (int64_t)(seconds * (double)DRVP_SECOND),
			   until > 0 ? START + (int64_t)(until * (double)DRVP_SECOND) : 0, &out);
	return out;
}

static void expect_near(double is, double wanted)
{
	if (is < wanted - 0.01 || is > wanted + 0.01)
		fail_msg("%f instead of %f", is, wanted);
}

static double share(const struct drvp_outlook *out)
{
	return out->done / (out->done + out->left);
}

static void test_nothing_is_known_before_work_starts(void **state)
{
	struct drvp_progress p = { 0 };
	struct drvp_outlook out = look(&p, 0, 1, 0);

	(void)state;
	assert_true(out.done < 0 && out.left < 0 && out.seconds_left < 0);
	assert_int_equal(out.unreached, 0);
}

static void test_rows_of_pieces_under_way_count(void **state)
{
	struct drvp_progress p = started();
	struct drvp_outlook out;

	(void)state;
	drvp_progress_add(&p, &scan, 1);
	drvp_progress_add(&p, &scan, 5);
	drvp_progress_begin(&p, &scan);
	out = look(&p, 500, 10, 0);
	assert_int_equal(out.rows, 500);
	expect_near(share(&out), 0.25);
	expect_near(out.rows_per_second, 50);
	expect_near(out.seconds_left, 30);
	/* More than was expected is not more than all. */
	out = look(&p, 5000, 20, 0);
	expect_near(share(&out), 0.5);
}

static void test_finished_pieces_mend_the_estimate(void **state)
{
	struct drvp_progress p = started();
	struct drvp_outlook out;

	(void)state;
	for (int i = 0; i < 2; i++)
		drvp_progress_add(&p, &scan, 1);
	drvp_progress_begin(&p, &scan);
	drvp_progress_end(&p, &scan, 1, 4000, 0, true);       /* four times what was expected */
	drvp_progress_begin(&p, &scan);
	out = look(&p, 6000, 15, 0);
	expect_near(share(&out), 0.75);
	expect_near(out.seconds_left, 5);
}

/* A piece that a time limit ended tells nothing about how many rows there are. */
static void test_a_broken_piece_does_not_spoil_the_estimate(void **state)
{
	struct drvp_progress p = started();
	struct drvp_outlook out;

	(void)state;
	for (int i = 0; i < 2; i++)
		drvp_progress_add(&p, &scan, 1);
	drvp_progress_begin(&p, &scan);
	drvp_progress_end(&p, &scan, 1, 10, 0, false);
	drvp_progress_begin(&p, &scan);
	out = look(&p, 510, 15, 0);
	expect_near(share(&out), 0.75);
}

static void test_counted_rows(void **state)
{
	struct drvp_progress p = started();
	struct drvp_outlook out;

	(void)state;
	drvp_progress_add(&p, &count, 1);
	drvp_progress_begin(&p, &count);
	drvp_progress_end(&p, &count, 1, 0, 800, true);
	out = look(&p, 0, 5, 0);
	assert_int_equal(out.rows, 800);
	expect_near(share(&out), 1);
	expect_near(out.seconds_left, 0);
}

static void test_an_unknown_size_is_not_guessed(void **state)
{
	struct drvp_progress p = started();
	struct drvp_outlook out;

	(void)state;
	drvp_progress_add(&p, &scan, 1);
	drvp_progress_add(&p, &unknown, 2);
	drvp_progress_begin(&p, &scan);
	out = look(&p, 500, 10, 20);
	assert_true(out.done < 0 && out.seconds_left < 0);
	assert_int_equal(out.unreached, 0);
	expect_near(out.rows_per_second, 50);
	drvp_progress_begin(&p, &unknown);
	drvp_progress_end(&p, &unknown, 2, 7, 0, true);
	out = look(&p, 507, 11, 0);
	assert_true(out.done > 0);
}

static void test_what_a_budget_will_not_reach(void **state)
{
	struct drvp_progress p = started();

	(void)state;
	for (int priority = 1; priority <= 5; priority += 2)
		drvp_progress_add(&p, &scan, priority);
	drvp_progress_begin(&p, &scan);
	/* 50 rows a second: the three need 60 s. */
	assert_int_equal(look(&p, 50, 1, 10).unreached, 0);     /* too early to tell */
	assert_int_equal(look(&p, 500, 10, 0).unreached, 0);
	assert_int_equal(look(&p, 500, 10, 61).unreached, 0);
	assert_int_equal(look(&p, 500, 10, 59).unreached, 5);
	assert_int_equal(look(&p, 500, 10, 39).unreached, 3);
	assert_int_equal(look(&p, 500, 10, 19).unreached, 1);
}

static void test_the_speed_is_that_of_late(void **state)
{
	struct drvp_progress p = started();
	struct drvp_outlook out = { 0 };
	uint64_t came = 0;

	(void)state;
	for (int i = 1; i <= 50; i++)
		out = look(&p, came += 200, 0.2 * i, 0);
	expect_near(out.rows_per_second, 1000);
	for (int i = 51; i <= 150; i++)
		out = look(&p, came += 20, 0.2 * i, 0);
	assert_true(out.rows_per_second > 95 && out.rows_per_second < 110);
}

static void test_a_burst_at_the_start_does_not_last(void **state)
{
	struct drvp_progress p = started();
	struct drvp_outlook out = look(&p, 1000, 0.1, 0);
	uint64_t came = 1000;

	(void)state;
	for (int i = 1; i < 20; i++)
		out = look(&p, came += 100, 0.1 + 0.1 * i, 0);
	assert_true(out.rows_per_second < 1500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_known_before_work_starts),
		cmocka_unit_test(test_rows_of_pieces_under_way_count),
		cmocka_unit_test(test_finished_pieces_mend_the_estimate),
		cmocka_unit_test(test_a_broken_piece_does_not_spoil_the_estimate),
		cmocka_unit_test(test_counted_rows),
		cmocka_unit_test(test_an_unknown_size_is_not_guessed),
		cmocka_unit_test(test_what_a_budget_will_not_reach),
		cmocka_unit_test(test_the_speed_is_that_of_late),
		cmocka_unit_test(test_a_burst_at_the_start_does_not_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
