/* progress.h: one redrawn line on a terminal while a run works */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdint.h>

#include "drverify.h"

struct progress {
	int64_t started, drawn;      /* milliseconds */
};

/* Shows progress of the run, if standard error is a terminal. The struct outlives the run. */
void progress_show(struct progress *progress, struct drv_run *run);

/* Takes the line away. */
void progress_end(struct progress *progress);

#endif
