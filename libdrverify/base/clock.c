/* clock.c: instants, durations and the calendar, in microseconds since 1970 UTC */
#include "base/clock.h"

#include <inttypes.h>
#include <time.h>

#define DAY (86400 * DRVP_SECOND)

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/*
 * Days and the calendar by eras of 400 years (146,097 days) that begin on 1 March, so that the
 * leap day is the last of its year.
 */
static void set_day(struct drvp_civil *civil, int64_t days)
{
	int64_t shifted = days + 719468;
	int64_t era = floor_div(shifted, 146097);
	int64_t day_of_era = shifted - era * 146097;
	int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month = (5 * day_of_year + 2) / 153;

	civil->day = (unsigned)(day_of_year - (153 * month + 2) / 5 + 1);
	civil->month = (unsigned)(month < 10 ? month + 3 : month - 9);
	civil->year = year_of_era + era * 400 + (civil->month <= 2);
}

static int64_t days_from_civil(const struct drvp_civil *civil)
{
	int64_t year = civil->year - (civil->month <= 2);
	int64_t era = floor_div(year, 400);
	int64_t year_of_era = year - era * 400;
	int64_t month = civil->month > 2 ? civil->month - 3 : civil->month + 9;
	int64_t day_of_year = (153 * month + 2) / 5 + civil->day - 1;
	int64_t day_of_era =
		year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - 719468;
}

void drvp_civil_from_day(struct drvp_civil *civil, int64_t day)
{
	*civil = (struct drvp_civil){ 0 };
	set_day(civil, day);
}

void drvp_civil_from_instant(struct drvp_civil *civil, int64_t instant)
{
	int64_t days = floor_div(instant, DAY);
	uint64_t rest = (uint64_t)((instant % DAY + DAY) % DAY);

	set_day(civil, days);
	civil->microsecond = (unsigned)(rest % 1000000);
	rest /= 1000000;
	civil->hour = (unsigned)(rest / 3600);
	civil->minute = (unsigned)(rest / 60 % 60);
	civil->second = (unsigned)(rest % 60);
}

int64_t drvp_instant_from_civil(const struct drvp_civil *civil)
{
	int64_t seconds = civil->hour * 3600 + civil->minute * 60 + civil->second;

	return days_from_civil(civil) * DAY + seconds * DRVP_SECOND + civil->microsecond;
}

static int64_t read_clock(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * DRVP_SECOND + now.tv_nsec / 1000;
}

int64_t drvp_now(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t drvp_monotonic(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

/* A reader over text that takes what it finds or leaves its position alone. */
struct cursor {
	const char *at, *end;
};

static bool take_char(struct cursor *c, const char *any_of)
{
	if (c->at == c->end)
		return false;
	for (; *any_of; any_of++)
		if (*c->at == *any_of) {
			c->at++;
			return true;
		}
	return false;
}

static bool take_digits(struct cursor *c, int count, unsigned *value)
{
	unsigned number = 0;

	if (c->end - c->at < count)
		return false;
	for (int i = 0; i < count; i++) {
		if (c->at[i] < '0' || c->at[i] > '9')
			return false;
		number = number * 10 + (unsigned)(c->at[i] - '0');
	}
	c->at += count;
	*value = number;
	return true;
}

static unsigned days_in_month(int64_t year, unsigned month)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

static bool take_date(struct cursor *c, struct drvp_civil *civil)
{
	unsigned year;

	if (!take_digits(c, 4, &year) || !take_char(c, "-") || !take_digits(c, 2, &civil->month) ||
	    !take_char(c, "-") || !take_digits(c, 2, &civil->day))
		return false;
	civil->year = year;
	return civil->month >= 1 && civil->month <= 12 && civil->day >= 1 &&
	       civil->day <= days_in_month(civil->year, civil->month);
}

static bool take_fraction(struct cursor *c, unsigned *microsecond)
{
	unsigned scale = 100000;

	if (c->at == c->end || *c->at < '0' || *c->at > '9')
		return false;
	for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++, scale /= 10)
		*microsecond += (unsigned)(*c->at - '0') * scale;
	return true;
}

static bool take_time(struct cursor *c, struct drvp_civil *civil)
{
	if (!take_digits(c, 2, &civil->hour) || !take_char(c, ":") ||
	    !take_digits(c, 2, &civil->minute))
		return false;
	if (take_char(c, ":")) {
		if (!take_digits(c, 2, &civil->second))
			return false;
		if (take_char(c, ".") && !take_fraction(c, &civil->microsecond))
			return false;
	}
	return civil->hour < 24 && civil->minute < 60 && civil->second < 60;
}

static bool take_zone(struct cursor *c, int64_t *offset)
{
	unsigned hours, minutes = 0;
	bool west;

	take_char(c, " ");
	*offset = 0;
	if (take_char(c, "Zz"))
		return true;
	west = c->at < c->end && *c->at == '-';
	if (!take_char(c, "+-") || !take_digits(c, 2, &hours))
		return false;
	if (c->at < c->end) {
		take_char(c, ":");
		if (!take_digits(c, 2, &minutes))
			return false;
	}
	*offset = (int64_t)(hours * 60 + minutes) * 60 * DRVP_SECOND;
	if (west)
		*offset = -*offset;
	return hours <= 15 && minutes < 60;
}

bool drvp_instant_parse(int64_t *instant, const char *text, size_t len)
{
	struct cursor c = { text, text + len };
	struct drvp_civil civil = { 0 };
	int64_t offset;

	if (!take_date(&c, &civil) || !take_char(&c, "Tt ") || !take_time(&c, &civil) ||
	    !take_zone(&c, &offset) || c.at != c.end)
		return false;
	*instant = drvp_instant_from_civil(&civil) - offset;
	return true;
}

static int64_t take_unit(struct cursor *c)
{
	if (take_char(c, "d"))
		return DAY;
	if (take_char(c, "h"))
		return 3600 * DRVP_SECOND;
	if (take_char(c, "s"))
		return DRVP_SECOND;
	if (!take_char(c, "m"))
		return 0;
	return take_char(c, "s") ? DRVP_SECOND / 1000 : 60 * DRVP_SECOND;
}

bool drvp_duration_parse(int64_t *duration, const char *text, size_t len)
{
	struct cursor c = { text, text + len };
	int64_t sum = 0;

	if (!len)
		return false;
	while (c.at < c.end) {
		int64_t number = 0, unit;
		unsigned digit;

		if (*c.at < '0' || *c.at > '9')
			return false;
		while (take_digits(&c, 1, &digit)) {
			number = number * 10 + digit;
			if (number > INT32_MAX)
				return false;
		}
		unit = take_unit(&c);
		if (!unit || __builtin_mul_overflow(number, unit, &number) ||
		    __builtin_add_overflow(sum, number, &sum))
			return false;
	}
	*duration = sum;
	return true;
}

void drvp_instant_print(struct drvp_strbuf *out, int64_t instant)
{
	struct drvp_civil civil;

	drvp_civil_from_instant(&civil, instant);
	drvp_strbuf_printf(out, "%04" PRId64 "-%02u-%02uT%02u:%02u:%02u", civil.year, civil.month,
			   civil.day, civil.hour, civil.minute, civil.second);
	if (civil.microsecond)
		drvp_strbuf_printf(out, ".%06u", civil.microsecond);
	drvp_strbuf_char(out, 'Z');
}

void drvp_duration_print(struct drvp_strbuf *out, int64_t duration)
{
	int64_t seconds = duration / DRVP_SECOND;

	if (duration < 0) {
		drvp_strbuf_char(out, '-');
		drvp_duration_print(out, duration > INT64_MIN ? -duration : INT64_MAX);
	} else if (seconds < 1) {
		drvp_strbuf_printf(out, "%" PRId64 " ms", duration / 1000);
	} else if (seconds < 60) {
		drvp_strbuf_printf(out, "%" PRId64 "s", seconds);
	} else if (seconds < 3600) {
		drvp_strbuf_printf(out, "%" PRId64 "m%02" PRId64 "s", seconds / 60, seconds % 60);
	} else if (seconds < 86400) {
		drvp_strbuf_printf(out, "%" PRId64 "h%02" PRId64 "m", seconds / 3600,
				   seconds / 60 % 60);
	} else {
		drvp_strbuf_printf(out, "%" PRId64 "d%02" PRId64 "h", seconds / 86400,
				   seconds / 3600 % 24);
	}
}
