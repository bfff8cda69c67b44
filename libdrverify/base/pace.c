/* pace.c: how many of something may come a second, whoever of several threads receives them */
#include "base/pace.h"

/*
 * What was not used a moment ago may be used now. Sleeps end late, and without this each of them
 * would make the whole slower than asked.
 */
#define CREDIT INT64_C(100000000)
#define MOST (INT64_MAX / 4)

static int64_t cost_of(uint64_t count, uint64_t rate)
{
	double cost = (double)count * 1e9 / (double)rate;

	return cost < (double)MOST ? (int64_t)cost : MOST;
}

int64_t drvp_pace_take(struct drvp_pace *pace, uint64_t count, int64_t now)
{
	int64_t due, next, cost, earliest = now * 1000 - CREDIT;

	if (!pace->rate || !count)
		return now;
	cost = cost_of(count, pace->rate);
	due = atomic_load(&pace->due);
	do {
		next = due > earliest ? due : earliest;
		next = next < MOST ? next + cost : next;
	} while (!atomic_compare_exchange_weak(&pace->due, &due, next));
	return next / 1000 > now ? next / 1000 : now;
}
