/* dry_run.h: what a run would read, in which order, and how long it may take */
#ifndef DRY_RUN_H
#define DRY_RUN_H

#include <stdbool.h>

#include "drverify.h"
#include "options.h"

/* Rehearses the run and prints what it would do. Returns the exit status. */
int dry_run(struct drv_run *run, const struct drv_baseline *baseline,
	    const struct options *options, bool capture);

#endif
