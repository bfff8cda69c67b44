/* test_time_text.c: times are printed as the applications print them */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain/time_text.h"

#define ISO(digits, zone, separator, rounding) \
	{ DRVP_TIME_ISO8601, digits, zone, separator, 0, rounding }
#define EPOCH(unit, rounding) { DRVP_TIME_EPOCH, 0, 0, 'T', unit, rounding }

#define HOUR (3600 * DRVP_SECOND)

/* 2026-01-02T03:04:05Z */
#define WHOLE INT64_C(1767323045000000)

static const struct {
	struct drvp_time_format format;
	int64_t instant;
	const char *text;
} rows[] = {
	/* new Date(…).toISOString() */
	{ ISO(3, DRVP_ZONE_Z, 'T', 0), WHOLE + 678000, "2026-01-02T03:04:05.678Z" },
	{ ISO(3, DRVP_ZONE_Z, 'T', 0), WHOLE + 678999, "2026-01-02T03:04:05.678Z" },
	{ ISO(3, DRVP_ZONE_Z, 'T', DRVP_ROUND), WHOLE + 678500, "2026-01-02T03:04:05.679Z" },
	{ ISO(3, DRVP_ZONE_Z, 'T', DRVP_ROUND), WHOLE + 999500, "2026-01-02T03:04:06.000Z" },
	{ ISO(3, DRVP_ZONE_Z, 'T', 0), WHOLE, "2026-01-02T03:04:05.000Z" },
	{ ISO(3, DRVP_ZONE_Z, 'T', 0), 0, "1970-01-01T00:00:00.000Z" },
	{ ISO(3, DRVP_ZONE_Z, 'T', 0), -1, "1969-12-31T23:59:59.999Z" },
	{ ISO(3, DRVP_ZONE_Z, 'T', 0), INT64_C(253402300800000000), "+010000-01-01T00:00:00.000Z" },
	{ ISO(3, DRVP_ZONE_Z, 'T', 0), INT64_C(-62198755200000000), "-000001-01-01T00:00:00.000Z" },
	{ ISO(0, DRVP_ZONE_Z, 'T', 0), WHOLE + 999999, "2026-01-02T03:04:05Z" },
	{ ISO(6, DRVP_ZONE_NUMERIC, ' ', 0), WHOLE + 120, "2026-01-02 03:04:05.000120+00:00" },
	{ ISO(9, DRVP_ZONE_NONE, 'T', 0), WHOLE + 1, "2026-01-02T03:04:05.000001000" },
	/* datetime.isoformat() */
	{ ISO(DRVP_DIGITS_PYTHON, DRVP_ZONE_NUMERIC, 'T', 0), WHOLE, "2026-01-02T03:04:05+00:00" },
	{ ISO(DRVP_DIGITS_PYTHON, DRVP_ZONE_NUMERIC, 'T', 0), WHOLE + 500000,
	  "2026-01-02T03:04:05.500000+00:00" },
	/* Instant.toString() */
	{ ISO(DRVP_DIGITS_THOUSANDS, DRVP_ZONE_Z, 'T', 0), WHOLE, "2026-01-02T03:04:05Z" },
	{ ISO(DRVP_DIGITS_THOUSANDS, DRVP_ZONE_Z, 'T', 0), WHOLE + 500000,
	  "2026-01-02T03:04:05.500Z" },
	{ ISO(DRVP_DIGITS_THOUSANDS, DRVP_ZONE_Z, 'T', 0), WHOLE + 500001,
	  "2026-01-02T03:04:05.500001Z" },
	/* time.RFC3339Nano */
	{ ISO(DRVP_DIGITS_TRIM, DRVP_ZONE_Z, 'T', 0), WHOLE, "2026-01-02T03:04:05Z" },
	{ ISO(DRVP_DIGITS_TRIM, DRVP_ZONE_Z, 'T', 0), WHOLE + 500000, "2026-01-02T03:04:05.5Z" },
	{ ISO(DRVP_DIGITS_TRIM, DRVP_ZONE_Z, 'T', 0), WHOLE + 10, "2026-01-02T03:04:05.00001Z" },
	/* any number of digits */
	{ ISO(1, DRVP_ZONE_Z, 'T', 0), WHOLE + 678004, "2026-01-02T03:04:05.6Z" },
	{ ISO(1, DRVP_ZONE_Z, 'T', DRVP_ROUND), WHOLE + 650000, "2026-01-02T03:04:05.7Z" },
	{ ISO(2, DRVP_ZONE_Z, 'T', DRVP_ROUND), WHOLE + 674999, "2026-01-02T03:04:05.67Z" },
	{ ISO(5, DRVP_ZONE_Z, 'T', DRVP_ROUND), WHOLE + 999995, "2026-01-02T03:04:06.00000Z" },
	{ ISO(8, DRVP_ZONE_Z, 'T', 0), WHOLE + 678004, "2026-01-02T03:04:05.67800400Z" },
	/* cut before it was printed */
	{ { .digits = DRVP_DIGITS_TRIM, .separator = 'T', .precision = DRVP_PRECISION_MS },
	  WHOLE + 678999, "2026-01-02T03:04:05.678Z" },
	{ { .digits = 6, .separator = 'T', .precision = DRVP_PRECISION_MS, .rounding = DRVP_ROUND },
	  WHOLE + 999500, "2026-01-02T03:04:06.000000Z" },
	{ { .digits = 9, .separator = 'T', .precision = DRVP_PRECISION_US }, WHOLE + 1,
	  "2026-01-02T03:04:05.000001000Z" },
	{ { .digits = 3, .separator = 'T', .precision = DRVP_PRECISION_S }, -1,
	  "1969-12-31T23:59:59.000Z" },
	{ { DRVP_TIME_EPOCH, .unit = DRVP_UNIT_US, .precision = DRVP_PRECISION_MS }, WHOLE + 678999,
	  "1767323045678000" },
	{ { DRVP_TIME_DOTNET_TICKS, .precision = DRVP_PRECISION_MS }, WHOLE + 678999,
	  "639029198456780000" },
	/* on a clock east or west of UTC */
	{ { .digits = 3, .separator = 'T', .offset = 9 * HOUR }, WHOLE,
	  "2026-01-02T12:04:05.000+09:00" },
	{ { .digits = 0, .zone = DRVP_ZONE_NUMERIC, .separator = ' ', .offset = -9 * HOUR / 2 },
	  WHOLE, "2026-01-01 22:34:05-04:30" },
	{ { .digits = 0, .zone = DRVP_ZONE_NONE, .separator = ' ', .offset = 9 * HOUR }, WHOLE,
	  "2026-01-02 12:04:05" },
	{ { DRVP_TIME_EPOCH, .unit = DRVP_UNIT_S, .offset = 9 * HOUR }, WHOLE, "1767323045" },
	/* OffsetDateTime.toString() */
	{ { .digits = DRVP_DIGITS_JAVA, .separator = 'T' }, WHOLE - 5 * DRVP_SECOND,
	  "2026-01-02T03:04Z" },
	{ { .digits = DRVP_DIGITS_JAVA, .separator = 'T' }, WHOLE - 5 * DRVP_SECOND + 1000,
	  "2026-01-02T03:04:00.001Z" },
	/* Date.toString() */
	{ { DRVP_TIME_JS_DATE, .offset = 9 * HOUR, .zone_name = "Korean Standard Time" }, WHOLE + 999999,
	  "Fri Jan 02 2026 12:04:05 GMT+0900 (Korean Standard Time)" },
	{ { DRVP_TIME_JS_DATE }, -1, "Wed Dec 31 1969 23:59:59 GMT+0000" },
	{ { DRVP_TIME_JS_DATE }, INT64_C(-62198755200000000), "Fri Jan 01 -0001 00:00:00 GMT+0000" },
	{ { DRVP_TIME_FRACTION, .unit = DRVP_UNIT_MS }, WHOLE + 678999, "678" },
	{ { DRVP_TIME_FRACTION, .unit = DRVP_UNIT_MS, .rounding = DRVP_ROUND }, WHOLE + 999500, "0" },
	{ { DRVP_TIME_FRACTION, .unit = DRVP_UNIT_NS }, WHOLE + 678999, "678999000" },
	{ { DRVP_TIME_FRACTION, .unit = DRVP_UNIT_S }, WHOLE + 678999, "0" },
	{ { DRVP_TIME_FRACTION, .unit = DRVP_UNIT_US }, -1, "999999" },
	{ EPOCH(DRVP_UNIT_S, 0), WHOLE + 999999, "1767323045" },
	{ EPOCH(DRVP_UNIT_S, DRVP_ROUND), WHOLE + 500000, "1767323046" },
	{ EPOCH(DRVP_UNIT_S, DRVP_ROUND), WHOLE + 499999, "1767323045" },
	{ EPOCH(DRVP_UNIT_MS, 0), WHOLE + 678999, "1767323045678" },
	{ EPOCH(DRVP_UNIT_US, DRVP_ROUND), WHOLE + 1, "1767323045000001" },
	{ EPOCH(DRVP_UNIT_NS, 0), WHOLE + 1, "1767323045000001000" },
	{ EPOCH(DRVP_UNIT_NS, 0), 0, "0" },
	{ EPOCH(DRVP_UNIT_NS, 0), INT64_C(253402300799000001), "253402300799000001000" },
	{ EPOCH(DRVP_UNIT_S, 0), -1, "-1" },
	/* new DateTime(2026, 1, 2, 3, 4, 5).Ticks */
	{ { DRVP_TIME_DOTNET_TICKS }, WHOLE, "639029198450000000" },
	{ { DRVP_TIME_DOTNET_TICKS }, INT64_MAX - 1, "" },
};

static void test_rows(void **state)
{
	struct drvp_strbuf out = DRVP_STRBUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		drvp_strbuf_clear(&out);
		drvp_time_print(&out, &rows[i].format, rows[i].instant);
		assert_string_equal(rows[i].text, drvp_strbuf_text(&out));
	}
	drvp_strbuf_free(&out);
}

static void test_numbers(void **state)
{
	const struct drvp_time_format ns = EPOCH(DRVP_UNIT_NS, 0), ticks = { DRVP_TIME_DOTNET_TICKS };
	int64_t number;

	(void)state;
	assert_true(drvp_time_number(&number, &ns, WHOLE + 1));
	assert_int_equal(WHOLE * 1000 + 1000, number);
	assert_false(drvp_time_number(&number, &ns, INT64_MAX / 1000 + 1));
	assert_true(drvp_time_number(&number, &ticks, 0));
	assert_int_equal(INT64_C(621355968000000000), number);
	assert_false(drvp_time_number(&number, &ticks, INT64_C(253402300800000000)));
}

static void test_precision(void **state)
{
	static const struct drvp_time_format finer[] = {
		ISO(9, 0, 'T', 0), ISO(7, 0, 'T', 0), EPOCH(DRVP_UNIT_NS, 0),
		{ DRVP_TIME_DOTNET_TICKS }, { DRVP_TIME_FRACTION, .unit = DRVP_UNIT_NS },
	};
	static const struct drvp_time_format kept[] = {
		ISO(3, 0, 'T', 0), ISO(6, 0, 'T', 0), ISO(DRVP_DIGITS_TRIM, 0, 'T', 0),
		EPOCH(DRVP_UNIT_US, 0), { DRVP_TIME_JS_DATE },
		{ DRVP_TIME_FRACTION, .unit = DRVP_UNIT_US },
		{ .digits = 9, .precision = DRVP_PRECISION_US },
		{ DRVP_TIME_DOTNET_TICKS, .precision = DRVP_PRECISION_MS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof finer / sizeof *finer; i++)
		assert_true(drvp_time_finer_than_stored(&finer[i]));
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
		assert_false(drvp_time_finer_than_stored(&kept[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows),
					    cmocka_unit_test(test_numbers),
					    cmocka_unit_test(test_precision) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
