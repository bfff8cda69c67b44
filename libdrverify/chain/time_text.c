/* time_text.c: instants printed the way an application wrote them into its hash */
#include "chain/time_text.h"

#include <inttypes.h>

/* 100 ns steps from 0001-01-01 to 1970-01-01. */
#define TICKS_TO_1970 INT64_C(621355968000000000)

const struct drvp_time_format drvp_time_javascript = {
	.notation = DRVP_TIME_ISO8601, .digits = 3, .zone = DRVP_ZONE_Z, .separator = 'T',
};

/* Beyond year 9999 .NET has no ticks, and 64 bits would not hold them. */
#define TICKS_MOST INT64_C(253402300800000000)

/* Towards the past, so that times before 1970 lose digits the same way as those after. */
static int64_t floor_divide(int64_t value, int64_t by)
{
	return value / by - (value % by < 0);
}

/* Whole steps of so many microseconds. */
static int64_t steps(int64_t instant, int64_t step, int rounding)
{
	int64_t whole = floor_divide(instant, step);
	int64_t rest = instant - whole * step;

	return whole + (rounding == DRVP_ROUND && rest * 2 >= step && step > 1);
}

static char *put_digits(char *at, unsigned number, unsigned width)
{
	for (unsigned i = width; i-- > 0; number /= 10)
		at[i] = (char)('0' + number % 10);
	return at + width;
}

static char *put_year(char *at, int64_t year)
{
	if (year >= 0 && year <= 9999)
		return put_digits(at, (unsigned)year, 4);
	*at++ = year < 0 ? '-' : '+';
	return put_digits(at, (unsigned)(year < 0 ? -year : year), 6);
}

static unsigned digits_needed(int digits, unsigned microsecond)
{
	unsigned needed = 6;

	if (digits >= 0)
		return (unsigned)digits;
	if (digits == DRVP_DIGITS_PYTHON)
		return microsecond ? 6 : 0;
	if (digits == DRVP_DIGITS_THOUSANDS)
		return !microsecond ? 0 : microsecond % 1000 ? 6 : 3;
	for (; needed && microsecond % 10 == 0; needed--)
		microsecond /= 10;
	return needed;
}

static char *put_fraction(char *at, int digits, unsigned microsecond)
{
	unsigned needed = digits_needed(digits, microsecond);
	char *end;

	if (!needed)
		return at;
	*at++ = '.';
	end = put_digits(at, microsecond, 6);
	end = put_digits(end, 0, 3);
	return end - (9 - needed);
}

static void print_iso8601(struct drvp_strbuf *out, const struct drvp_time_format *format,
			  int64_t instant)
{
	static const char *const zones[] = { "Z", "+00:00", "" };
	struct drvp_civil civil;
	char text[64], *at = text;
	int64_t step = format->digits == 0 ? DRVP_SECOND : format->digits == 3 ? 1000 : 1;

	drvp_civil_from_instant(&civil, steps(instant, step, format->rounding) * step);
	at = put_year(at, civil.year);
	*at++ = '-';
	at = put_digits(at, civil.month, 2);
	*at++ = '-';
	at = put_digits(at, civil.day, 2);
	*at++ = format->separator;
	at = put_digits(at, civil.hour, 2);
	*at++ = ':';
	at = put_digits(at, civil.minute, 2);
	*at++ = ':';
	at = put_digits(at, civil.second, 2);
	at = put_fraction(at, format->digits, civil.microsecond);
	drvp_strbuf_add(out, text, (size_t)(at - text));
	drvp_strbuf_str(out, zones[format->zone]);
}

static void print_epoch(struct drvp_strbuf *out, const struct drvp_time_format *format,
			int64_t instant)
{
	static const int64_t unit[] = { [DRVP_UNIT_S] = DRVP_SECOND, [DRVP_UNIT_MS] = 1000,
					[DRVP_UNIT_US] = 1, [DRVP_UNIT_NS] = 1 };
	int64_t number = steps(instant, unit[format->unit], format->rounding);

	drvp_strbuf_printf(out, "%" PRId64, number);
	if (format->unit == DRVP_UNIT_NS && number)
		drvp_strbuf_str(out, "000");
}

void drvp_time_print(struct drvp_strbuf *out, const struct drvp_time_format *format,
		     int64_t instant)
{
	switch (format->notation) {
	case DRVP_TIME_EPOCH:
		print_epoch(out, format, instant);
		break;
	case DRVP_TIME_DOTNET_TICKS:
		if (instant > -TICKS_MOST && instant < TICKS_MOST)
			drvp_strbuf_printf(out, "%" PRId64, instant * 10 + TICKS_TO_1970);
		break;
	default:
		print_iso8601(out, format, instant);
	}
}

bool drvp_time_finer_than_stored(const struct drvp_time_format *format)
{
	switch (format->notation) {
	case DRVP_TIME_EPOCH:
		return format->unit == DRVP_UNIT_NS;
	case DRVP_TIME_DOTNET_TICKS:
		return true;
	default:
		return format->digits > 6;
	}
}
