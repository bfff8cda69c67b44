/* merge.h: reads several sorted runs of traces as if they were one */
#ifndef DRVP_MERGE_H
#define DRVP_MERGE_H

#include "content/runs.h"

struct drvp_merge;

/* Gives the next trace of something sorted: 1, or 0 at the end. */
typedef int (*drvp_trace_fn)(struct drvp_trace *trace, void *user);

/*
 * Merges the first count runs, at most DRVP_RUNS_MERGED, and what more gives, which may be NULL.
 * The files of the runs have to stay.
 */
int drvp_merge_new(struct drvp_merge **out, const struct drvp_runs *runs, size_t count,
		   drvp_trace_fn more, void *user, struct drv_error *err);

/* 1 and the next trace, or 0 after the last, or a negative status. Its text is borrowed until then. */
int drvp_merge_next(struct drvp_merge *merge, struct drvp_trace *trace, struct drv_error *err);

void drvp_merge_free(struct drvp_merge **merge);

#endif
