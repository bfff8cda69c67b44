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
	if (digits == DRVP_DIGITS_THOUSANDS || digits == DRVP_DIGITS_JAVA)
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
	end = put_digits(end, 0, DRVP_DIGITS_MOST - 6);
	return end - (DRVP_DIGITS_MOST - needed);
}

/* +09:00; with the seconds that offsets had before there were zones. */
static char *put_offset(char *at, int64_t offset)
{
	unsigned seconds = (unsigned)((offset < 0 ? -offset : offset) / DRVP_SECOND);

	*at++ = offset < 0 ? '-' : '+';
	at = put_digits(at, seconds / 3600, 2);
	*at++ = ':';
	at = put_digits(at, seconds / 60 % 60, 2);
	if (seconds % 60) {
		*at++ = ':';
		at = put_digits(at, seconds % 60, 2);
	}
	return at;
}

static char *put_zone(char *at, int zone, int64_t offset)
{
	if (zone == DRVP_ZONE_NONE)
		return at;
	if (zone == DRVP_ZONE_NUMERIC || offset)
		return put_offset(at, offset);
	*at = 'Z';
	return at + 1;
}

/* What one unit of the last digit is, in microseconds. */
static int64_t last_digit(int digits)
{
	int64_t step = 1;

	for (; digits >= 0 && digits < 6; digits++)
		step *= 10;
	return step;
}

static void print_iso8601(struct drvp_strbuf *out, const struct drvp_time_format *format,
			  int64_t instant)
{
	struct drvp_civil civil;
	char text[64], *at = text;
	int64_t step = last_digit(format->digits);

	drvp_civil_from_instant(&civil, steps(instant, step, format->rounding) * step +
				format->offset);
	at = put_year(at, civil.year);
	*at++ = '-';
	at = put_digits(at, civil.month, 2);
	*at++ = '-';
	at = put_digits(at, civil.day, 2);
	*at++ = format->separator;
	at = put_digits(at, civil.hour, 2);
	*at++ = ':';
	at = put_digits(at, civil.minute, 2);
	if (format->digits != DRVP_DIGITS_JAVA || civil.second || civil.microsecond) {
		*at++ = ':';
		at = put_digits(at, civil.second, 2);
	}
	at = put_fraction(at, format->digits, civil.microsecond);
	at = put_zone(at, format->zone, format->offset);
	drvp_strbuf_add(out, text, (size_t)(at - text));
}

/* Fri Jan 02 2026 12:04:05 GMT+0900 (Korean Standard Time) */
static void print_js_date(struct drvp_strbuf *out, const struct drvp_time_format *format,
			  int64_t instant)
{
	static const char days[][4] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	int64_t local = instant + format->offset, day = floor_divide(local, 86400 * DRVP_SECOND);
	int64_t minutes = (format->offset < 0 ? -format->offset : format->offset) / (60 * DRVP_SECOND);
	struct drvp_civil civil;

	drvp_civil_from_instant(&civil, local);
	drvp_strbuf_printf(out, "%s %s %02u %0*" PRId64 " %02u:%02u:%02u GMT%c%02d%02d",
			   days[day - floor_divide(day, 7) * 7], months[civil.month - 1], civil.day,
			   civil.year < 0 ? 5 : 4, civil.year, civil.hour, civil.minute, civil.second,
			   format->offset < 0 ? '-' : '+', (int)(minutes / 60), (int)(minutes % 60));
	if (format->zone_name)
		drvp_strbuf_printf(out, " (%s)", format->zone_name);
}

static const int64_t units[] = { [DRVP_UNIT_S] = DRVP_SECOND, [DRVP_UNIT_MS] = 1000,
				 [DRVP_UNIT_US] = 1, [DRVP_UNIT_NS] = 1 };

static int64_t cut(const struct drvp_time_format *format, int64_t instant)
{
	static const int64_t step[] = { [DRVP_PRECISION_FULL] = 1, [DRVP_PRECISION_US] = 1,
					[DRVP_PRECISION_MS] = 1000,
					[DRVP_PRECISION_S] = DRVP_SECOND };

	return steps(instant, step[format->precision], format->rounding) * step[format->precision];
}

bool drvp_time_number(int64_t *number, const struct drvp_time_format *format, int64_t instant)
{
	int64_t unit = units[format->unit];

	instant = cut(format, instant);
	switch (format->notation) {
	case DRVP_TIME_DOTNET_TICKS:
		if (instant <= -TICKS_MOST || instant >= TICKS_MOST)
			return false;
		*number = (instant + format->offset) * 10 + TICKS_TO_1970;
		return true;
	case DRVP_TIME_FRACTION:
		instant = steps(instant, unit, format->rounding) * unit;
		instant -= floor_divide(instant, DRVP_SECOND) * DRVP_SECOND;
		break;
	default:
		break;
	}
	*number = steps(instant, unit, format->rounding);
	return format->unit != DRVP_UNIT_NS || !__builtin_mul_overflow(*number, 1000, number);
}

static void print_number(struct drvp_strbuf *out, const struct drvp_time_format *format,
			 int64_t instant)
{
	int64_t number;

	if (drvp_time_number(&number, format, instant))
		drvp_strbuf_printf(out, "%" PRId64, number);
	else if (format->notation == DRVP_TIME_EPOCH)
		drvp_strbuf_printf(out, "%" PRId64 "000", cut(format, instant));
}

void drvp_time_print(struct drvp_strbuf *out, const struct drvp_time_format *format,
		     int64_t instant)
{
	switch (format->notation) {
	case DRVP_TIME_ISO8601:
		print_iso8601(out, format, cut(format, instant));
		break;
	case DRVP_TIME_JS_DATE:
		print_js_date(out, format, cut(format, instant));
		break;
	default:
		print_number(out, format, instant);
	}
}

bool drvp_time_finer_than_stored(const struct drvp_time_format *format)
{
	if (format->precision != DRVP_PRECISION_FULL)
		return false;
	switch (format->notation) {
	case DRVP_TIME_EPOCH:
	case DRVP_TIME_FRACTION:
		return format->unit == DRVP_UNIT_NS;
	case DRVP_TIME_DOTNET_TICKS:
		return true;
	case DRVP_TIME_JS_DATE:
		return false;
	default:
		return format->digits > 6;
	}
}
