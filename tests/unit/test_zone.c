/* test_zone.c: wall clock times that a zone skips, shows once, or shows twice */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "store/store.h"

#define HOUR (3600 * DRVP_SECOND)

static int64_t at(int64_t year, unsigned month, unsigned day, unsigned hour, unsigned minute)
{
	struct drvp_civil civil = { year, month, day, hour, minute, 0, 0 };

	return drvp_instant_from_civil(&civil);
}

/* Central Europe in 2025 and 2026: +1 in winter, +2 in summer, changes at 01:00 UTC. */
static struct drvp_zone_change berlin_changes[5];
static struct drvp_zone berlin = { "Europe/Berlin", berlin_changes, 5 };

static int set_up(void **state)
{
	(void)state;
	berlin_changes[0] = (struct drvp_zone_change){ INT64_MIN, HOUR };
	berlin_changes[1] = (struct drvp_zone_change){ at(2025, 3, 30, 1, 0), 2 * HOUR };
	berlin_changes[2] = (struct drvp_zone_change){ at(2025, 10, 26, 1, 0), HOUR };
	berlin_changes[3] = (struct drvp_zone_change){ at(2026, 3, 29, 1, 0), 2 * HOUR };
	berlin_changes[4] = (struct drvp_zone_change){ at(2026, 10, 25, 1, 0), HOUR };
	return 0;
}

static void once(void **state)
{
	int64_t instants[2];

	(void)state;
	assert_int_equal(drvp_zone_instants(&berlin, at(1995, 7, 1, 12, 0), instants), 1);
	assert_true(instants[0] == at(1995, 7, 1, 11, 0));
	assert_int_equal(drvp_zone_instants(&berlin, at(2025, 7, 1, 12, 0), instants), 1);
	assert_true(instants[0] == at(2025, 7, 1, 10, 0));
	assert_int_equal(drvp_zone_instants(&berlin, at(2040, 7, 1, 12, 0), instants), 1);
	assert_true(instants[0] == at(2040, 7, 1, 11, 0));
}

static void skipped_and_its_edges(void **state)
{
	int64_t instants[2];

	(void)state;
	assert_int_equal(drvp_zone_instants(&berlin, at(2025, 3, 30, 2, 0), instants), 0);
	assert_int_equal(drvp_zone_instants(&berlin, at(2025, 3, 30, 2, 59), instants), 0);
	assert_int_equal(drvp_zone_instants(&berlin, at(2025, 3, 30, 1, 59), instants), 1);
	assert_true(instants[0] == at(2025, 3, 30, 0, 59));
	assert_int_equal(drvp_zone_instants(&berlin, at(2025, 3, 30, 3, 0), instants), 1);
	assert_true(instants[0] == at(2025, 3, 30, 1, 0));
}

static void twice_and_its_edges(void **state)
{
	int64_t instants[2];

	(void)state;
	assert_int_equal(drvp_zone_instants(&berlin, at(2025, 10, 26, 2, 30), instants), 2);
	assert_true(instants[0] == at(2025, 10, 26, 0, 30));
	assert_true(instants[1] == at(2025, 10, 26, 1, 30));
	assert_int_equal(drvp_zone_instants(&berlin, at(2025, 10, 26, 2, 0), instants), 2);
	assert_int_equal(drvp_zone_instants(&berlin, at(2025, 10, 26, 1, 59), instants), 1);
	assert_int_equal(drvp_zone_instants(&berlin, at(2025, 10, 26, 3, 0), instants), 1);
}

/* Each minute of two years, against trying every change. */
static void agrees_with_trying_all(void **state)
{
	(void)state;
	for (int64_t local = at(2025, 1, 1, 0, 0); local < at(2027, 1, 1, 0, 0);
	     local += 60 * DRVP_SECOND) {
		int64_t instants[2], expected[2];
		size_t count = 0;

		for (size_t i = 0; i < berlin.count; i++) {
			int64_t instant = local - berlin_changes[i].offset;
			bool over = i + 1 < berlin.count &&
				    instant >= berlin_changes[i + 1].instant;

			if (instant >= berlin_changes[i].instant && !over)
				expected[count++] = instant;
		}
		assert_int_equal(drvp_zone_instants(&berlin, local, instants), count);
		for (size_t i = 0; i < count; i++)
			assert_true(instants[i] == expected[i]);
	}
}

static void no_zone_and_no_time(void **state)
{
	struct drvp_zone_change nothing = { INT64_MIN, 0 };
	struct drvp_zone utc = { "UTC", &nothing, 1 }, empty = { "", NULL, 0 };
	int64_t instants[2];

	(void)state;
	assert_int_equal(drvp_zone_instants(&utc, 5, instants), 1);
	assert_true(instants[0] == 5);
	assert_int_equal(drvp_zone_instants(&empty, 5, instants), 0);
	assert_int_equal(drvp_zone_instants(&berlin, DRVP_TIME_INFINITY, instants), 1);
	assert_true(instants[0] == DRVP_TIME_INFINITY);
	assert_int_equal(drvp_zone_instants(&berlin, DRVP_TIME_MINUS_INFINITY, instants), 1);
	assert_int_equal(drvp_zone_instants(&berlin, DRVP_TIME_INFINITY - 1, instants), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(once),
		cmocka_unit_test(skipped_and_its_edges),
		cmocka_unit_test(twice_and_its_edges),
		cmocka_unit_test(agrees_with_trying_all),
		cmocka_unit_test(no_zone_and_no_time),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
