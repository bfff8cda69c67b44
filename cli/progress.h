/* progress.h: a few lines redrawn in place on a terminal while a run works */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdint.h>

#include "drverify.h"

#define PROGRESS_SOURCES 8           /* lines for so many; the last line counts all of them */

struct progress {
	int64_t started, drawn;      /* milliseconds */
	unsigned lines;              /* that stand on the terminal now */
	unsigned sources;            /* that told something since the lines were drawn */
	struct drv_event told[PROGRESS_SOURCES];
};

/* Shows progress of the run, if standard error is a terminal. The struct outlives the run. */
void progress_show(struct progress *progress, struct drv_run *run);

/* Takes the lines away. */
void progress_end(struct progress *progress);

#endif
