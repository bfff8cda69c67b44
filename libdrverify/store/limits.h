/* limits.h: what bounds the work on a source: time, cancellation, and how fast rows may come */
#ifndef DRVP_LIMITS_H
#define DRVP_LIMITS_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/pace.h"

/* Of one source, shared by all its sessions: how many rows have come, and how fast they may. */
struct drvp_meter {
	_Atomic uint64_t rows;
	struct drvp_pace rows_pace;
	struct drvp_pace bytes_pace; /* of rows as they arrive, without the protocol around them */
};

/* Shared by all sessions of a source. */
struct drvp_limits {
	int64_t connect;             /* microseconds */
	int64_t work;                /* microseconds one question may take, waits for the pace aside */
	const atomic_bool *cancelled;
	int64_t until;               /* the run has to end then, by drvp_monotonic(); 0: never */
	struct drvp_meter *meter;    /* NULL: rows are not counted, and come as fast as they can */
};

/* How long the last question of all may take, which is asked after a spent budget too. */
#define DRVP_LAST_WORD DRVP_SECOND

/* 0 to go on; DRV_E_CANCELLED or DRV_E_BUDGET when the run has to end. */
int drvp_limits_stop(const struct drvp_limits *limits);

/* "cancelled" and the like, for that status. */
const char *drvp_limits_stop_text(int status);

/* A duration from now on, cut short where the run has to end before. */
int64_t drvp_limits_shorten(const struct drvp_limits *limits, int64_t duration);

/* Whether rows may come at a certain pace only. */
bool drvp_limits_paced(const struct drvp_limits *limits);

/*
 * How many rows to ask for at once, at most most, so that the wait for their pace can come between
 * answers. bytes is how much rows of them had together: none yet gives a cautious number.
 */
uint64_t drvp_limits_batch(const struct drvp_limits *limits, uint64_t most, uint64_t rows,
			   uint64_t bytes);

/* What one session received and has not yet told the meter, so that threads seldom meet there. */
struct drvp_flow {
	uint64_t rows, bytes;
	uint64_t most_rows, most_bytes;         /* to be told at the latest; 0: at any time */
	uint64_t told;               /* rows, since the session was opened */
};

/* Learns how much may come untold. */
void drvp_flow_init(struct drvp_flow *flow, const struct drvp_limits *limits);

static inline void drvp_flow_count(struct drvp_flow *flow, uint64_t bytes)
{
	flow->rows++;
	flow->bytes += bytes;
}

static inline bool drvp_flow_is_due(const struct drvp_flow *flow)
{
	return (flow->most_rows && flow->rows >= flow->most_rows) ||
	       (flow->most_bytes && flow->bytes >= flow->most_bytes);
}

/* Rows of the session, told or not. */
static inline uint64_t drvp_flow_total(const struct drvp_flow *flow)
{
	return flow->told + flow->rows;
}

/*
 * Tells the meter. Where rows come faster than they may it waits, but no longer than the run may
 * go on. Returns for how many microseconds it has waited.
 */
int64_t drvp_flow_settle(struct drvp_flow *flow, const struct drvp_limits *limits);

#endif
