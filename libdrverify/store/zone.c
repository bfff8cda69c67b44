/* zone.c: from a wall clock's time to the instants at which it showed that time */
#include "store/store.h"

/* No clock stands further from UTC than this, and none is set by more. */
#define FURTHEST (30 * 3600 * DRVP_SECOND)

/* The last change that is certainly over when a clock shows local, whatever its offset. */
static size_t find_start(const struct drvp_zone *zone, int64_t local)
{
	size_t low = 0, high = zone->count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (zone->changes[middle].instant <= local - FURTHEST)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static int64_t end_of(const struct drvp_zone *zone, size_t change)
{
	return change + 1 < zone->count ? zone->changes[change + 1].instant : INT64_MAX;
}

size_t drvp_zone_instants(const struct drvp_zone *zone, int64_t local, int64_t instants[2])
{
	size_t found = 0;

	if (local == DRVP_TIME_INFINITY || local == DRVP_TIME_MINUS_INFINITY) {
		instants[0] = local;
		return 1;
	}
	/* Beyond any calendar; the sums below would overflow. */
	if (!zone->count || local > INT64_MAX - FURTHEST || local < INT64_MIN + FURTHEST)
		return 0;
	for (size_t i = find_start(zone, local); i < zone->count && found < 2; i++) {
		int64_t instant = local - zone->changes[i].offset;

		if (zone->changes[i].instant > local + FURTHEST)
			break;
		if (instant >= zone->changes[i].instant && instant < end_of(zone, i))
			instants[found++] = instant;
	}
	return found;
}

int64_t drvp_zone_offset(const struct drvp_zone *zone, int64_t instant)
{
	size_t low = 0, high = zone->count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (zone->changes[middle].instant <= instant)
			low = middle;
		else
			high = middle;
	}
	return zone->count ? zone->changes[low].offset : 0;
}
