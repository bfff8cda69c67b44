/* progress.c: how far the work on one source is, how fast it goes, and what will not fit */
#include "run/progress.h"

#include "base/clock.h"

#define SETTLED (2 * DRVP_SECOND)    /* before that a pace says nothing about the rest */
#define LATELY 3.0                   /* seconds over which the speed is smoothed */

void drvp_progress_add(struct drvp_progress *p, const struct drvp_weight *weight, int priority)
{
	p->left[priority] += weight->rows;
	p->unsized += !weight->sized;
}

void drvp_progress_begin(struct drvp_progress *p, const struct drvp_weight *weight)
{
	if (weight->streamed)
		p->running += weight->rows;
}

void drvp_progress_end(struct drvp_progress *p, const struct drvp_weight *weight, int priority,
		       uint64_t streamed, uint64_t counted, bool whole)
{
	p->left[priority] -= weight->rows;
	p->done += weight->rows;
	p->unsized -= !weight->sized;
	p->streamed += streamed;
	p->counted += counted;
	if (!weight->streamed)
		return;
	p->running -= weight->rows;
	if (!whole)
		return;
	p->whole += (double)streamed;
	p->whole_weight += weight->rows;
}

/* What finished pieces really had tells how good the estimates are. */
static double under_way(const struct drvp_progress *p, uint64_t came)
{
	double rows = came > p->streamed ? (double)(came - p->streamed) : 0;

	if (p->whole > 0)
		rows *= p->whole_weight / p->whole;
	return rows < p->running ? rows : p->running;
}

static void look_at_speed(struct drvp_progress *p, uint64_t rows, int64_t now)
{
	double passed = (double)(now - p->looked_at) / (double)DRVP_SECOND;
	double since = (double)(now - p->started) / (double)DRVP_SECOND, speed;

	if (passed < 0.05)
		return;
	speed = (double)(rows - p->rows_then) / passed;
	/* At first the mean since the start, so that a burst at the start does not last. */
	if (since > LATELY)
		since = passed > LATELY ? passed : LATELY;
	p->rows_per_second += (speed - p->rows_per_second) * passed / since;
	p->looked_at = now;
	p->rows_then = rows;
}

static int first_unreached(const struct drvp_progress *p, double partly, double cost_per_second,
			   double seconds)
{
	double ahead = -partly;

	for (int priority = 1; priority <= DRVP_LEAST_PRIORITY; priority++) {
		ahead += p->left[priority];
		if (p->left[priority] > 0 && ahead > cost_per_second * seconds)
			return priority;
	}
	return 0;
}

void drvp_progress_look(struct drvp_progress *p, uint64_t came, int64_t now, int64_t until,
			struct drvp_outlook *out)
{
	double partly = under_way(p, came), speed;

	*out = (struct drvp_outlook){ .rows = came + p->counted, .done = -1, .left = -1,
				      .seconds_left = -1 };
	if (!p->started)
		return;
	if (!p->looked_at)
		p->looked_at = p->started;
	look_at_speed(p, out->rows, now);
	out->rows_per_second = p->rows_per_second;
	if (p->unsized)
		return;
	out->done = p->done + partly;
	out->left = -partly;
	for (int priority = 1; priority <= DRVP_LEAST_PRIORITY; priority++)
		out->left += p->left[priority];
	if (out->left < 0)
		out->left = 0;
	if (now - p->started < SETTLED || out->done <= 0)
		return;
	speed = out->done / ((double)(now - p->started) / (double)DRVP_SECOND);
	out->seconds_left = out->left / speed;
	if (until)
		out->unreached = first_unreached(p, partly, speed,
						 (double)(until - now) / (double)DRVP_SECOND);
}
