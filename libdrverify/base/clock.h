/* clock.h: instants, durations and the calendar, in microseconds since 1970 UTC */
#ifndef DRVP_CLOCK_H
#define DRVP_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

#define DRVP_SECOND INT64_C(1000000)

/* A date and time of day, without a zone. */
struct drvp_civil {
	int64_t year;
	unsigned month, day, hour, minute, second, microsecond;
};

/* Between an instant and the UTC calendar (proleptic Gregorian). */
void drvp_civil_from_instant(struct drvp_civil *civil, int64_t instant);
/* Of a day since 1970-01-01, of which there are far more than instants: at most INT64_MAX / 400. */
void drvp_civil_from_day(struct drvp_civil *civil, int64_t day);
int64_t drvp_instant_from_civil(const struct drvp_civil *civil);

/* Now, by the wall clock; and by the clock that never jumps, for deadlines and durations. */
int64_t drvp_now(void);
int64_t drvp_monotonic(void);

/*
 * Reads a time that names its zone: 2025-12-30T05:30:00Z, 2025-12-30 14:30+09,
 * 2025-12-30 14:30:00.123456+09:00 (RFC 3339, and what psql prints). False when it is anything
 * else, a time without zone included.
 */
bool drvp_instant_parse(int64_t *instant, const char *text, size_t len);

/* Reads 500ms, 90s, 15m, 4h, 2d, and sums such as 1h30m. */
bool drvp_duration_parse(int64_t *duration, const char *text, size_t len);

/* 2025-12-30T05:30:00.123456Z; a zero fraction is left out. */
void drvp_instant_print(struct drvp_strbuf *out, int64_t instant);

/* For a person: 250 ms, 7m50s, 9h04m, 3d02h. */
void drvp_duration_print(struct drvp_strbuf *out, int64_t duration);

#endif
