/* spool.h: takes in any number of traces in any order and gives them back sorted */
#ifndef DRVP_SPOOL_H
#define DRVP_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "content/trace.h"

/*
 * A spool holds up to DRVP_SPOOL_SLOTS traces in memory, where it grows with what comes. When they
 * do not fit it sorts them and appends them as a run to a temporary file, which has no name and
 * ends with the spool; reading merges the runs. So memory is bounded whatever the rows and however
 * unevenly their keys are spread: 4 MiB while adding, and 5 MiB more while reading. On disk it
 * takes 16 bytes a trace, and with texts 2 and their length more; from 8 million traces on twice
 * that while reading begins.
 *
 * One thread at a time. After a failure every further call but freeing fails with the same error.
 */
struct drvp_spool;

#define DRVP_SPOOL_SLOTS 65536

/*
 * dir is where the temporary file will be made, if there has to be one. Texts are dropped unless
 * keep_texts.
 */
int drvp_spool_new(struct drvp_spool **out, const char *dir, bool keep_texts,
		   struct drv_error *err);

/* The trace is copied. */
int drvp_spool_add(struct drvp_spool *spool, const struct drvp_trace *trace,
		   struct drv_error *err);

/*
 * Moves all of other, which keeps texts exactly if spool does, into spool, and frees other, also
 * when that fails. What is in its file is not copied.
 */
int drvp_spool_merge(struct drvp_spool *spool, struct drvp_spool **other, struct drv_error *err);

/* Traces that were added. */
uint64_t drvp_spool_rows(const struct drvp_spool *spool);

bool drvp_spool_keeps_texts(const struct drvp_spool *spool);

/* Goes to the first trace in order; has to come between adding or merging and reading. */
int drvp_spool_rewind(struct drvp_spool *spool, struct drv_error *err);

/*
 * Gives the next trace in order: 1, or 0 after the last, or a negative status. Its text is borrowed
 * until the next call.
 */
int drvp_spool_next(struct drvp_spool *spool, struct drvp_trace *trace, struct drv_error *err);

/* Closes the temporary file, which is the end of it. */
void drvp_spool_free(struct drvp_spool **spool);

#endif
