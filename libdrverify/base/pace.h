/* pace.h: how many of something may come a second, whoever of several threads receives them */
#ifndef DRVP_PACE_H
#define DRVP_PACE_H

#include <stdatomic.h>
#include <stdint.h>

/* All zero: as many as there are. */
struct drvp_pace {
	uint64_t rate;               /* a second; 0: any number */
	_Atomic int64_t due;         /* nanoseconds by drvp_monotonic(): when the next may come */
};

/*
 * Notes that count of them have come at now, in microseconds. Returns when the next may come, which
 * is now or later.
 */
int64_t drvp_pace_take(struct drvp_pace *pace, uint64_t count, int64_t now);

#endif
