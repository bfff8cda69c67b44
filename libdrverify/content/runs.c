/* runs.c: sorted runs of traces in temporary files */
#include "content/runs.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "content/file.h"
#include "content/merge.h"

#define WRITE_BUFFER 65536

/* ------------------------------------------------------------------ files */

static struct drvp_run_file *use_file(struct drvp_run_file *file)
{
	file->users++;
	return file;
}

static void drop_file(struct drvp_run_file **file)
{
	if (*file && !--(*file)->users) {
		close((*file)->fd);
		free(*file);
	}
	*file = NULL;
}

static int make_file(struct drvp_runs *runs, struct drv_error *err)
{
	struct drvp_run_file *file = malloc(sizeof *file);

	if (!file)
		return drvp_fail_nomem(err);
	*file = (struct drvp_run_file){ drvp_file_unnamed(runs->dir), 1, 0 };
	if (file->fd < 0) {
		free(file);
		return drvp_fail_errno(err, DRV_E_IO, "cannot make a temporary file in %s",
				       runs->dir);
	}
	runs->file = file;
	return 0;
}

/* ------------------------------------------------------------------ writing */

int drvp_run_begin(struct drvp_run_writer *writer, struct drvp_runs *runs, struct drv_error *err)
{
	int status = runs->file ? 0 : make_file(runs, err);

	memset(writer, 0, sizeof *writer);
	writer->runs = runs;
	if (status)
		return status;
	writer->run.offset = runs->file->end;
	writer->buffer = malloc(WRITE_BUFFER);
	return writer->buffer ? 0 : drvp_fail_nomem(err);
}

static int flush(struct drvp_run_writer *writer, struct drv_error *err)
{
	struct drvp_run_file *file = writer->runs->file;

	if (drvp_file_write(file->fd, writer->buffer, writer->used, file->end))
		return drvp_fail_errno(err, DRV_E_IO, "cannot write the temporary file in %s",
				       writer->runs->dir);
	file->end += writer->used;
	writer->used = 0;
	return 0;
}

int drvp_run_write(struct drvp_run_writer *writer, const struct drvp_trace *trace,
		   struct drv_error *err)
{
	size_t size = drvp_trace_size(trace, writer->runs->texts);

	if (WRITE_BUFFER - writer->used < size && flush(writer, err))
		return DRV_E_IO;
	drvp_trace_encode(trace, writer->runs->texts, writer->buffer + writer->used);
	writer->used += size;
	return 0;
}

static bool add_run(struct drvp_runs *runs, const struct drvp_run *run)
{
	if (runs->count == runs->capacity) {
		size_t capacity = runs->capacity ? 2 * runs->capacity : 16;
		struct drvp_run *list = realloc(runs->list, capacity * sizeof *list);

		if (!list)
			return false;
		runs->list = list;
		runs->capacity = capacity;
	}
	runs->list[runs->count] = *run;
	use_file(run->file);
	runs->count++;
	return true;
}

int drvp_run_end(struct drvp_run_writer *writer, int status, struct drv_error *err)
{
	struct drvp_run_file *file = writer->runs->file;

	if (!status)
		status = flush(writer, err);
	if (!status) {
		writer->run.file = file;
		writer->run.bytes = file->end - writer->run.offset;
		if (!add_run(writer->runs, &writer->run))
			status = drvp_fail_nomem(err);
	}
	free(writer->buffer);
	writer->buffer = NULL;
	return status;
}

/* ------------------------------------------------------------------ the set of runs */

int drvp_runs_move(struct drvp_runs *into, struct drvp_runs *from, struct drv_error *err)
{
	for (size_t i = 0; i < from->count; i++)
		if (!add_run(into, &from->list[i]))
			return drvp_fail_nomem(err);
	return 0;
}

static void forget_first(struct drvp_runs *runs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		drop_file(&runs->list[i].file);
	memmove(runs->list, runs->list + count, (runs->count - count) * sizeof *runs->list);
	runs->count -= count;
}

static int copy_merged(struct drvp_run_writer *writer, struct drvp_merge *merge,
		       struct drv_error *err)
{
	struct drvp_trace trace;
	int status;

	while ((status = drvp_merge_next(merge, &trace, err)) > 0) {
		status = drvp_run_write(writer, &trace, err);
		if (status)
			break;
	}
	return status;
}

/* Puts the first runs, merged, behind the last. */
static int merge_first(struct drvp_runs *runs, size_t count, struct drv_error *err)
{
	struct drvp_run_writer writer;
	struct drvp_merge *merge;
	int status;

	status = drvp_merge_new(&merge, runs, count, NULL, NULL, err);
	if (status)
		return status;
	status = drvp_run_begin(&writer, runs, err);
	if (!status)
		status = copy_merged(&writer, merge, err);
	status = drvp_run_end(&writer, status, err);
	drvp_merge_free(&merge);
	if (!status)
		forget_first(runs, count);
	return status;
}

/*
 * Merging n runs leaves n - 1 fewer. The first time so few are merged that afterwards only whole
 * numbers of DRVP_RUNS_MERGED are: no trace is copied oftener than needed. Merged runs go to
 * another file than those they are made of, whose space is free again once all of them were read.
 */
int drvp_runs_reduce(struct drvp_runs *runs, struct drv_error *err)
{
	if (runs->count > DRVP_RUNS_MERGED)
		drop_file(&runs->file);
	while (runs->count > DRVP_RUNS_MERGED) {
		size_t over = (runs->count - 1) % (DRVP_RUNS_MERGED - 1);
		int status;

		if (runs->file == runs->list[0].file)
			drop_file(&runs->file);
		status = merge_first(runs, over ? over + 1 : DRVP_RUNS_MERGED, err);
		if (status)
			return status;
	}
	return 0;
}

void drvp_runs_free(struct drvp_runs *runs)
{
	if (runs->count)
		forget_first(runs, runs->count);
	drop_file(&runs->file);
	free(runs->list);
	free(runs->dir);
	memset(runs, 0, sizeof *runs);
}
