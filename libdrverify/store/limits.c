/* limits.c: what bounds the work on a source: time, cancellation, and how fast rows may come */
#include "store/limits.h"

#include <poll.h>

#include "drverify.h"

#define SLICE_MS 100                 /* how often cancellation is looked at */
#define LUMPS 100                    /* a second: rows are told in so many pieces at least */
#define BATCHES 4                    /* a second: likewise asked for, where they have a pace */
#define FIRST_BATCH 10               /* where it is not known how long rows are */

int drvp_limits_stop(const struct drvp_limits *limits)
{
	if (limits->cancelled && atomic_load_explicit(limits->cancelled, memory_order_relaxed))
		return DRV_E_CANCELLED;
	return limits->until && drvp_monotonic() >= limits->until ? DRV_E_BUDGET : 0;
}

const char *drvp_limits_stop_text(int status)
{
	return status == DRV_E_BUDGET ? "the budget was spent" : "the run was cancelled";
}

int64_t drvp_limits_shorten(const struct drvp_limits *limits, int64_t duration)
{
	int64_t left = limits->until ? limits->until - drvp_monotonic() : INT64_MAX;

	if (left < 0)
		return 0;
	return left < duration ? left : duration;
}

bool drvp_limits_paced(const struct drvp_limits *limits)
{
	return limits->meter && (limits->meter->rows_pace.rate || limits->meter->bytes_pace.rate);
}

uint64_t drvp_limits_batch(const struct drvp_limits *limits, uint64_t most, uint64_t rows,
			   uint64_t bytes)
{
	const struct drvp_meter *meter = limits->meter;

	if (!drvp_limits_paced(limits))
		return most;
	if (meter->rows_pace.rate && meter->rows_pace.rate / BATCHES < most)
		most = meter->rows_pace.rate / BATCHES;
	if (meter->bytes_pace.rate && !rows && most > FIRST_BATCH)
		most = FIRST_BATCH;
	if (meter->bytes_pace.rate && rows &&
	    meter->bytes_pace.rate / BATCHES / (bytes / rows + 1) < most)
		most = meter->bytes_pace.rate / BATCHES / (bytes / rows + 1);
	return most ? most : 1;
}

static uint64_t lump(uint64_t rate)
{
	return rate && rate < LUMPS ? 1 : rate / LUMPS;
}

void drvp_flow_init(struct drvp_flow *flow, const struct drvp_limits *limits)
{
	*flow = (struct drvp_flow){ 0 };
	if (!limits->meter)
		return;
	flow->most_rows = lump(limits->meter->rows_pace.rate);
	flow->most_bytes = lump(limits->meter->bytes_pace.rate);
}

static void wait_until(int64_t instant, const struct drvp_limits *limits)
{
	int64_t left;

	/* A signal may end a sleep early. */
	while ((left = instant - drvp_monotonic()) > 0 && !drvp_limits_stop(limits)) {
		int64_t ms = drvp_limits_shorten(limits, left) / 1000;

		poll(NULL, 0, ms < SLICE_MS ? (int)ms + 1 : SLICE_MS);
	}
}

int64_t drvp_flow_settle(struct drvp_flow *flow, const struct drvp_limits *limits)
{
	struct drvp_meter *meter = limits->meter;
	int64_t now, by_rows, by_bytes;

	if (!meter || !flow->rows)
		return 0;
	atomic_fetch_add_explicit(&meter->rows, flow->rows, memory_order_relaxed);
	flow->told += flow->rows;
	if (!drvp_limits_paced(limits)) {
		flow->rows = flow->bytes = 0;
		return 0;
	}
	now = drvp_monotonic();
	by_rows = drvp_pace_take(&meter->rows_pace, flow->rows, now);
	by_bytes = drvp_pace_take(&meter->bytes_pace, flow->bytes, now);
	flow->rows = flow->bytes = 0;
	if (by_bytes > by_rows)
		by_rows = by_bytes;
	if (by_rows <= now)
		return 0;
	wait_until(by_rows, limits);
	return drvp_monotonic() - now;
}
