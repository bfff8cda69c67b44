/* fuzz_time.c: times, durations and positions that are read mean one thing, and are printed as that */
#include "chain/time_text.h"
#include "fuzz.h"
#include "run/restore_point.h"
#include "store/store.h"

#define YEAR_0 INT64_C(-62167219200000000)
#define YEAR_10000 INT64_C(253402300800000000)

static void check_instant(const char *text, size_t len)
{
	struct drvp_strbuf printed = DRVP_STRBUF_INIT;
	int64_t instant, again;

	if (drvp_instant_parse(&instant, text, len)) {
		/* A zone may lead a day out of the years that can be written. */
		check(instant > YEAR_0 - 86400 * DRVP_SECOND &&
		      instant < YEAR_10000 + 86400 * DRVP_SECOND);
		drvp_instant_print(&printed, instant);
		if (instant >= YEAR_0 && instant < YEAR_10000) {
			check(drvp_instant_parse(&again, printed.data, printed.len));
			check(again == instant);
		}
	}
	drvp_strbuf_free(&printed);
}

static void check_duration(const char *text, size_t len)
{
	struct drvp_strbuf printed = DRVP_STRBUF_INIT;
	int64_t duration;

	if (drvp_duration_parse(&duration, text, len)) {
		check(duration >= 0);
		drvp_duration_print(&printed, duration);
		check(fuzz_is_plain(printed.data, printed.len, ""));
	}
	drvp_strbuf_free(&printed);
}

static void check_restore_point(const char *text)
{
	struct drv_error err = DRV_ERROR_INIT;
	struct drvp_restore_point point;
	int status = drvp_restore_point_parse(&point, text, &err);

	if (status)
		fuzz_check_error(&err, status);
	else
		check(point.set && point.baseline + point.now + point.lsn.set + point.time.set == 1);
}

static void check_civil(int64_t instant)
{
	struct drvp_civil civil;

	drvp_civil_from_instant(&civil, instant);
	check(civil.month >= 1 && civil.month <= 12 && civil.day >= 1 && civil.day <= 31);
	check(civil.hour < 24 && civil.minute < 60 && civil.second < 60 &&
	      civil.microsecond < 1000000);
	/* The first day of all begins before the first instant of all. */
	if (instant > INT64_MIN + 86400 * DRVP_SECOND)
		check(drvp_instant_from_civil(&civil) == instant);
}

static void check_format(struct fuzz_input *in)
{
	struct drvp_time_format format = {
		.notation = fuzz_byte(in) % (DRVP_TIME_JS_DATE + 1),
		.digits = fuzz_byte(in) % 14 + DRVP_DIGITS_JAVA,
		.zone = fuzz_byte(in) % 3,
		.separator = fuzz_byte(in) & 1 ? 'T' : ' ',
		.unit = fuzz_byte(in) % 4,
		.rounding = fuzz_byte(in) % 2,
		.precision = fuzz_byte(in) % 4,
		.offset = (int64_t)(fuzz_byte(in) % 57 - 28) * 1800 * DRVP_SECOND,
		.zone_name = fuzz_byte(in) & 1 ? "KST" : NULL,
	};
	int64_t instant = (int64_t)fuzz_number(in), number;
	struct drvp_strbuf text = DRVP_STRBUF_INIT, again = DRVP_STRBUF_INIT;

	check_civil(instant);
	/* Who prints leaves out the last two days of all, which a zone could lead beyond. */
	if (instant > INT64_MAX - 172800 * DRVP_SECOND)
		instant -= 172800 * DRVP_SECOND;
	if (instant < INT64_MIN + 172800 * DRVP_SECOND)
		instant += 172800 * DRVP_SECOND;
	drvp_time_print(&text, &format, instant);
	drvp_time_print(&again, &format, instant);
	check(!text.failed && drvp_strbuf_equal(&text, &again));
	/* There are times before the first tick and behind the last. */
	check(text.len || format.notation == DRVP_TIME_DOTNET_TICKS);
	check(fuzz_is_plain(drvp_strbuf_text(&text), text.len, ""));
	if (format.notation == DRVP_TIME_EPOCH || format.notation == DRVP_TIME_FRACTION ||
	    format.notation == DRVP_TIME_DOTNET_TICKS)
		drvp_time_number(&number, &format, instant);
	drvp_time_finer_than_stored(&format);
	drvp_strbuf_free(&text);
	drvp_strbuf_free(&again);
}

/* A clock's time comes from at most two instants, each of which shows it. */
static void check_zone(struct fuzz_input *in)
{
	struct drvp_zone_change changes[4] = { { INT64_MIN, 0 } };
	struct drvp_zone zone = { "zone", changes, 1 };
	int64_t local, instants[2];
	size_t count;

	for (size_t i = 0; i < 4; i++) {
		changes[i].offset = (int64_t)(fuzz_byte(in) % 29 - 14) * 3600 * DRVP_SECOND;
		if (i)
			changes[i].instant = (int64_t)(i * 1000000000 + fuzz_byte(in)) * DRVP_SECOND;
	}
	zone.count = 1 + fuzz_byte(in) % 4;
	local = (int64_t)fuzz_number(in);
	count = drvp_zone_instants(&zone, local, instants);
	check(count <= 2);
	for (size_t i = 0; i < count && local != INT64_MAX && local != INT64_MIN; i++)
		check(instants[i] + drvp_zone_offset(&zone, instants[i]) == local);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	char *text = fuzz_text(&in);
	size_t len = strlen(text);

	check_instant(text, len);
	check_duration(text, len);
	check_restore_point(text);
	check_format(&in);
	check_zone(&in);
	free(text);
	return 0;
}
