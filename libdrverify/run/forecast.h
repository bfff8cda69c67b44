/* forecast.h: what reading a source will take, before anything is read, and whether that fits */
#ifndef DRVP_FORECAST_H
#define DRVP_FORECAST_H

#include "run/plan.h"

/*
 * Tells with each result that would be begun its turn, its pieces, its size and how long it may
 * take. Returns how long all of them may take together, in seconds; below 0: not known.
 */
double drvp_forecast(struct drvp_plan *plan, const struct drv_run *run,
		     struct drvp_session *session);

/* Once tasks are concluded: finds what will not fit into the budget, the RTO or a time limit. */
void drvp_forecast_judge(struct drvp_plan *plan, const struct drv_run *run);

#endif
