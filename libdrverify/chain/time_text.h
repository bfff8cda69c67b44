/* time_text.h: instants printed the way an application wrote them into its hash */
#ifndef DRVP_TIME_TEXT_H
#define DRVP_TIME_TEXT_H

#include "base/clock.h"

enum drvp_time_notation {
	DRVP_TIME_ISO8601,
	DRVP_TIME_EPOCH,
	DRVP_TIME_DOTNET_TICKS,
	DRVP_TIME_FRACTION,          /* the second's fraction as a number */
	DRVP_TIME_JS_DATE            /* Date.toString() */
};

/* Digits of the second's fraction: so many, or chosen by the value. */
enum drvp_time_digits {
	DRVP_DIGITS_TRIM = -1,       /* without trailing zeros, none for a whole second (Go) */
	DRVP_DIGITS_THOUSANDS = -2,  /* 0, 3 or 6, as few as hold the value (Java, chrono) */
	DRVP_DIGITS_PYTHON = -3,     /* 0 or 6 (isoformat) */
	DRVP_DIGITS_JAVA = -4        /* as THOUSANDS, and no seconds either when they are zero
				      * (OffsetDateTime, LocalDateTime) */
};

#define DRVP_DIGITS_MOST 9

enum drvp_time_zone_text {
	DRVP_ZONE_Z,                 /* Z for UTC, else the offset */
	DRVP_ZONE_NUMERIC,           /* the offset */
	DRVP_ZONE_NONE
};
enum drvp_time_unit { DRVP_UNIT_S, DRVP_UNIT_MS, DRVP_UNIT_US, DRVP_UNIT_NS };
enum drvp_time_rounding { DRVP_TRUNCATE, DRVP_ROUND };

/* To what the application cut a time before it printed it. */
enum drvp_time_precision {
	DRVP_PRECISION_FULL, DRVP_PRECISION_US, DRVP_PRECISION_MS, DRVP_PRECISION_S
};

struct drvp_time_format {
	int notation;                /* enum drvp_time_notation */
	int digits;                  /* ISO8601: 0 to 9 or enum drvp_time_digits */
	int zone;                    /* ISO8601: enum drvp_time_zone_text */
	char separator;              /* ISO8601: 'T' or ' ' */
	int unit;                    /* EPOCH, FRACTION: enum drvp_time_unit */
	int rounding;                /* enum drvp_time_rounding: of what is not printed */
	int precision;               /* enum drvp_time_precision */
	int64_t offset;              /* of the printed clock, microseconds east of UTC; no matter
				      * for EPOCH and FRACTION */
	const char *zone_name;       /* JS_DATE: in parentheses; NULL: none */
};

/* What toISOString() of JavaScript gives. */
extern const struct drvp_time_format drvp_time_javascript;

/* An instant with at least two days before and behind it in 64 bits, which zone and rounding need. */
void drvp_time_print(struct drvp_strbuf *out, const struct drvp_time_format *format,
		     int64_t instant);

/* EPOCH, FRACTION and DOTNET_TICKS as a number; false when 64 bits do not hold it. */
bool drvp_time_number(int64_t *number, const struct drvp_time_format *format, int64_t instant);

/* Whether the hashed text may have held more digits than a store with microseconds keeps. */
bool drvp_time_finer_than_stored(const struct drvp_time_format *format);

#endif
