/* rehearse.h: what a run that reads nothing says of its sources and checks */
#ifndef DRVP_REHEARSE_H
#define DRVP_REHEARSE_H

#include "run/plan.h"

/* What may be in the way on the whole source; it stands with the first task. */
void drvp_rehearse_source(struct drvp_plan *plan, const struct drv_run *run,
			  const struct drvp_source_report *source, struct drvp_session *session);

/* Once all tasks are concluded: none of them was verified, so none of them failed. */
void drvp_rehearse_settle(struct drvp_plan *plan, const struct drv_run *run);

#endif
