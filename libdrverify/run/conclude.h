/* conclude.h: turns what happened to a task into the verdict on its check */
#ifndef DRVP_CONCLUDE_H
#define DRVP_CONCLUDE_H

#include "run/plan.h"

/* The source could not be opened or read at all: err says why. */
void drvp_conclude_unreachable(struct drvp_plan *plan, const struct drv_run *run,
			       const struct drvp_source_report *source, const struct drv_error *err);

/* Judges every task; relations and identity must still be valid. */
void drvp_conclude(struct drvp_plan *plan, const struct drv_run *run,
		   const struct drvp_source_report *source);

#endif
