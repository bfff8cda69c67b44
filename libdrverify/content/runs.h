/* runs.h: sorted runs of traces in temporary files */
#ifndef DRVP_RUNS_H
#define DRVP_RUNS_H

#include "base/error.h"
#include "content/trace.h"

/* So many runs are merged at once. */
#define DRVP_RUNS_MERGED 128

/* A temporary file, which is closed when nothing uses it any more. */
struct drvp_run_file {
	int fd;
	size_t users;
	uint64_t end;
};

struct drvp_run {
	struct drvp_run_file *file;  /* one of its users */
	uint64_t offset, bytes;
};

struct drvp_runs {
	char *dir;                   /* of the temporary files */
	bool texts;
	struct drvp_run *list;
	size_t count, capacity;
	struct drvp_run_file *file;  /* to which runs are appended; NULL: none yet */
};

/* Appends one run: begin, write each trace in order, end. */
struct drvp_run_writer {
	struct drvp_runs *runs;
	struct drvp_run run;
	size_t used;
	uint8_t *buffer;
};

int drvp_run_begin(struct drvp_run_writer *writer, struct drvp_runs *runs, struct drv_error *err);
int drvp_run_write(struct drvp_run_writer *writer, const struct drvp_trace *trace,
		   struct drv_error *err);

/* Adds it to the runs, unless status says that writing failed. Returns status, or why it failed. */
int drvp_run_end(struct drvp_run_writer *writer, int status, struct drv_error *err);

/* Moves the runs of from to into. */
int drvp_runs_move(struct drvp_runs *into, struct drvp_runs *from, struct drv_error *err);

/* Merges runs until few enough are left to be merged at once. */
int drvp_runs_reduce(struct drvp_runs *runs, struct drv_error *err);

void drvp_runs_free(struct drvp_runs *runs);

#endif
