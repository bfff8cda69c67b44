/* test_clock.c: calendar against the C library's, times and durations as text */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "prng.h"

static void assert_as_timegm(int64_t instant)
{
	struct drvp_civil civil;
	time_t seconds;
	struct tm tm;

	drvp_civil_from_instant(&civil, instant);
	assert_in_range(civil.microsecond, 0, 999999);
	assert_true(civil.microsecond == (unsigned)((instant % DRVP_SECOND + DRVP_SECOND) %
						    DRVP_SECOND));
	assert_true(drvp_instant_from_civil(&civil) == instant);
	seconds = (time_t)((instant - civil.microsecond) / DRVP_SECOND);
	assert_non_null(gmtime_r(&seconds, &tm));
	assert_true(civil.year == (int64_t)tm.tm_year + 1900);
	assert_int_equal(civil.month, tm.tm_mon + 1);
	assert_int_equal(civil.day, tm.tm_mday);
	assert_int_equal(civil.hour, tm.tm_hour);
	assert_int_equal(civil.minute, tm.tm_min);
	assert_int_equal(civil.second, tm.tm_sec);
	assert_true(timegm(&tm) == seconds);
}

static void the_calendar_is_the_c_librarys(void **state)
{
	uint64_t seed = 3;

	(void)state;
	/* Each day of eight centuries, at both of its ends. */
	for (int64_t day = -146097; day < 146097; day++) {
		assert_as_timegm(day * 86400 * DRVP_SECOND);
		assert_as_timegm(day * 86400 * DRVP_SECOND - 1);
	}
	for (int i = 0; i < 100000; i++)
		assert_as_timegm((int64_t)prng_next(&seed) / (INT64_C(1) << prng_below(&seed, 40)) /
				 2);
}

static void the_ends_of_time_have_a_date(void **state)
{
	struct drvp_civil civil;

	(void)state;
	drvp_civil_from_instant(&civil, INT64_MAX);
	assert_int_equal(civil.year, 294247);
	drvp_civil_from_instant(&civil, INT64_MIN);
	assert_true(civil.year == -290308);
	assert_int_equal(civil.microsecond, 224192);
}

static void times_with_a_zone_are_read(void **state)
{
	static const struct {
		const char *text, *utc;
	} cases[] = {
		{ "2025-12-30T05:30:00Z", "2025-12-30T05:30:00Z" },
		{ "2025-12-30t05:30:00z", "2025-12-30T05:30:00Z" },
		{ "2025-12-30 14:30+09", "2025-12-30T05:30:00Z" },
		{ "2025-12-30 14:30:00.123456+09:00", "2025-12-30T05:30:00.123456Z" },
		{ "2025-12-30 14:30:00 +0900", "2025-12-30T05:30:00Z" },
		{ "2025-12-30T00:15:00.5-03:30", "2025-12-30T03:45:00.500000Z" },
		{ "2025-12-30T00:00:00.1234567Z", "2025-12-30T00:00:00.123456Z" },
		{ "2024-02-29T23:59:59-00:01", "2024-03-01T00:00:59Z" },
		{ "2000-02-29T00:00:00Z", "2000-02-29T00:00:00Z" },
		{ "1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z" },
		{ "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z" },
		{ "9999-12-31T23:59:59.999999-15:59", "10000-01-01T15:58:59.999999Z" },
	};
	struct drvp_strbuf out = DRVP_STRBUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t instant;

		if (!drvp_instant_parse(&instant, cases[i].text, strlen(cases[i].text)))
			fail_msg("%s was refused", cases[i].text);
		drvp_strbuf_clear(&out);
		drvp_instant_print(&out, instant);
		assert_string_equal(out.data, cases[i].utc);
	}
	drvp_strbuf_free(&out);
}

static void other_times_are_refused(void **state)
{
	static const char *const bad[] = {
		"", "2025", "2025-12-30", "2025-12-30T05:30:00", "2025-12-30 05:30", "today",
		"2025-13-01T00:00:00Z", "2025-00-01T00:00:00Z", "2025-01-00T00:00:00Z",
		"2025-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2025-04-31T00:00:00Z",
		"2025-12-30T24:00:00Z", "2025-12-30T05:60:00Z", "2025-12-30T05:30:60Z",
		"2025-12-30T05:30:00.Z", "2025-12-30T05:30.5Z", "2025-12-30T05:30:Z",
		"2025-12-30T05:30:00+16", "2025-12-30T05:30:00+09:60", "2025-12-30T05:30:00+9",
		"2025-12-30T05:30:00+09:", "2025-12-30T05:30:00+09:0", "2025-12-30T05:30:00Z ",
		" 2025-12-30T05:30:00Z", "2025-12-30T05:30:00ZZ", "2025-12-30T05:30:00 KST",
		"25-12-30T05:30:00Z", "2025-1-30T05:30:00Z", "2025/12/30T05:30:00Z",
		"-025-12-30T05:30:00Z", "2025-12-30T5:30:00Z", "2025-12-30T05:30:00+-9",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		int64_t instant;

		if (drvp_instant_parse(&instant, bad[i], strlen(bad[i])))
			fail_msg("\"%s\" was accepted", bad[i]);
	}
}

static void no_beginning_of_a_time_is_a_time(void **state)
{
	static const char text[] = "2025-12-30T14:30:00.123456+09:00";
	int64_t instant;

	(void)state;
	for (size_t len = 0; len < sizeof text - 1; len++) {
		bool whole_zone = len == strlen("2025-12-30T14:30:00.123456+09");

		assert_int_equal(drvp_instant_parse(&instant, text, len), whole_zone);
	}
}

static void printed_instants_read_back(void **state)
{
	struct drvp_strbuf out = DRVP_STRBUF_INIT;
	uint64_t seed = 4;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		/* Years 0 to 9999, with and without a fraction. */
		int64_t seconds = (int64_t)prng_below(&seed, 315500000000) - 62160000000;
		int64_t instant = seconds * DRVP_SECOND, back;

		instant += i % 2 ? (int64_t)prng_below(&seed, 1000000) : 0;
		drvp_strbuf_clear(&out);
		drvp_instant_print(&out, instant);
		assert_true(drvp_instant_parse(&back, out.data, out.len));
		assert_true(back == instant);
	}
	drvp_strbuf_free(&out);
}

static void durations_are_read(void **state)
{
	static const struct {
		const char *text;
		int64_t milliseconds;
	} cases[] = {
		{ "500ms", 500 },  { "90s", 90000 },       { "15m", 900000 },    { "0s", 0 },
		{ "4h", 14400000 },  { "2d", 172800000 },   { "1h30m", 5400000 },
		{ "1m500ms", 60500 },
		{ "100000000d", INT64_C(100000000) * 86400000 },
	};
	static const char *const bad[] = {
		"", "5", "m", "-5m", "+5m", "5 m", " 5m", "5m ", "1.5h", "5M", "5min", "5sec",
		"1h30", "5w", "5y", "2147483648s", "99999999999999999999s", "1hh", "ms",
		"2147483647d", "100000000d100000000d",
	};
	int64_t duration;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (!drvp_duration_parse(&duration, cases[i].text, strlen(cases[i].text)))
			fail_msg("%s was refused", cases[i].text);
		assert_true(duration == cases[i].milliseconds * 1000);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (drvp_duration_parse(&duration, bad[i], strlen(bad[i])))
			fail_msg("\"%s\" was accepted", bad[i]);
	assert_false(drvp_duration_parse(&duration, "5s\0", 3));
}

static void durations_are_printed_for_people(void **state)
{
	static const struct {
		int64_t milliseconds;
		const char *text;
	} cases[] = {
		{ 0, "0 ms" },           { 250, "250 ms" },      { 999, "999 ms" },
		{ 1000, "1s" },          { 59999, "59s" },       { 60000, "1m00s" },
		{ 470000, "7m50s" },     { 3599999, "59m59s" },  { 3600000, "1h00m" },
		{ 32640000, "9h04m" },   { 86399999, "23h59m" }, { 86400000, "1d00h" },
		{ 266400000, "3d02h" },  { -470000, "-7m50s" },
	};
	struct drvp_strbuf out = DRVP_STRBUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		drvp_strbuf_clear(&out);
		drvp_duration_print(&out, cases[i].milliseconds * 1000);
		assert_string_equal(out.data, cases[i].text);
	}
	drvp_strbuf_clear(&out);
	drvp_duration_print(&out, INT64_MIN);
	assert_string_equal(out.data, "-106751991d04h");
	drvp_strbuf_free(&out);
}

static void the_clocks_run(void **state)
{
	int64_t start = drvp_monotonic(), last = start;

	(void)state;
	assert_true(drvp_now() / DRVP_SECOND - (int64_t)time(NULL) <= 1);
	assert_true((int64_t)time(NULL) - drvp_now() / DRVP_SECOND <= 1);
	while (last == start) {
		last = drvp_monotonic();
		assert_true(last >= start);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_calendar_is_the_c_librarys),
		cmocka_unit_test(the_ends_of_time_have_a_date),
		cmocka_unit_test(times_with_a_zone_are_read),
		cmocka_unit_test(other_times_are_refused),
		cmocka_unit_test(no_beginning_of_a_time_is_a_time),
		cmocka_unit_test(printed_instants_read_back),
		cmocka_unit_test(durations_are_read),
		cmocka_unit_test(durations_are_printed_for_people),
		cmocka_unit_test(the_clocks_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
