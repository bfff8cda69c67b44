/* merge.c: reads several sorted runs of traces as if they were one */
#include "content/merge.h"

#include <stdlib.h>
#include <string.h>

#include "content/file.h"

#define READ_BUFFER 32768

/* A run, or what the function more gives. */
struct source {
	struct drvp_trace now;
	struct drvp_run rest;        /* what was not read into the buffer yet */
	uint8_t *buffer;             /* NULL: the function */
	size_t at, len;              /* of the buffer */
};

struct drvp_merge {
	const char *dir;
	bool texts;
	drvp_trace_fn more;
	void *user;
	struct source *sources;
	size_t source_count;
	struct source **heap;        /* the one with the first trace is at its root */
	size_t count;
	bool started;                /* the root's trace was given out */
};

/* ------------------------------------------------------------------ one source */

static int refill(const struct drvp_merge *merge, struct source *source, struct drv_error *err)
{
	size_t kept = source->len - source->at, room = READ_BUFFER - kept;
	size_t wanted = source->rest.bytes < room ? (size_t)source->rest.bytes : room;
	ssize_t n;

	memmove(source->buffer, source->buffer + source->at, kept);
	n = drvp_file_read(source->rest.file->fd, source->buffer + kept, wanted,
			   source->rest.offset);
	if (n < 0)
		return drvp_fail_errno(err, DRV_E_IO, "cannot read the temporary file in %s",
				       merge->dir);
	if ((size_t)n < wanted)
		return drvp_fail(err, DRV_E_IO,
				 "the temporary file in %s became shorter than it was written",
				 merge->dir);
	source->rest.offset += wanted;
	source->rest.bytes -= wanted;
	source->at = 0;
	source->len = kept + wanted;
	return 0;
}

/* As drvp_merge_next(), of one source. */
static int advance(const struct drvp_merge *merge, struct source *source, struct drv_error *err)
{
	size_t size;

	if (!source->buffer)
		return merge->more(&source->now, merge->user);
	if (source->rest.bytes && source->len - source->at < DRVP_TRACE_MAX) {
		int status = refill(merge, source, err);

		if (status)
			return status;
	}
	if (source->at == source->len)
		return 0;
	size = drvp_trace_decode(&source->now, merge->texts, source->buffer + source->at,
				 source->len - source->at);
	if (!size)
		return drvp_fail(err, DRV_E_IO,
				 "the temporary file in %s does not hold what was written",
				 merge->dir);
	source->at += size;
	return 1;
}

/* ------------------------------------------------------------------ the heap */

static bool before(const struct source *a, const struct source *b)
{
	if (a->now.key != b->now.key)
		return a->now.key < b->now.key;
	return drvp_trace_compare(&a->now, &b->now) < 0;
}

static void sink(struct drvp_merge *merge, size_t at)
{
	struct source *source = merge->heap[at];

	for (size_t child; (child = 2 * at + 1) < merge->count; at = child) {
		if (child + 1 < merge->count &&
		    before(merge->heap[child + 1], merge->heap[child]))
			child++;
		if (!before(merge->heap[child], source))
			break;
		merge->heap[at] = merge->heap[child];
	}
	merge->heap[at] = source;
}

static int begin(struct drvp_merge *merge, struct drv_error *err)
{
	for (size_t i = 0; i < merge->source_count; i++) {
		int status = advance(merge, &merge->sources[i], err);

		if (status < 0)
			return status;
		if (status)
			merge->heap[merge->count++] = &merge->sources[i];
	}
	for (size_t i = merge->count / 2; i-- > 0;)
		sink(merge, i);
	return 0;
}

static bool allocate(struct drvp_merge *merge, const struct drvp_runs *runs, size_t count)
{
	merge->source_count = count + !!merge->more;
	merge->sources = calloc(merge->source_count + 1, sizeof *merge->sources);
	merge->heap = calloc(merge->source_count + 1, sizeof *merge->heap);
	if (!merge->sources || !merge->heap)
		return false;
	for (size_t i = 0; i < count; i++) {
		merge->sources[i].rest = runs->list[i];
		merge->sources[i].buffer = malloc(READ_BUFFER);
		if (!merge->sources[i].buffer)
			return false;
	}
	return true;
}

int drvp_merge_new(struct drvp_merge **out, const struct drvp_runs *runs, size_t count,
		   drvp_trace_fn more, void *user, struct drv_error *err)
{
	struct drvp_merge *merge = calloc(1, sizeof *merge);
	int status;

	*out = NULL;
	if (!merge)
		return drvp_fail_nomem(err);
	merge->dir = runs->dir;
	merge->texts = runs->texts;
	merge->more = more;
	merge->user = user;
	status = allocate(merge, runs, count) ? begin(merge, err) : drvp_fail_nomem(err);
	if (status)
		drvp_merge_free(&merge);
	*out = merge;
	return status;
}

/* The trace given out last stays in its buffer until here. */
int drvp_merge_next(struct drvp_merge *merge, struct drvp_trace *trace, struct drv_error *err)
{
	if (merge->started && merge->count) {
		int status = advance(merge, merge->heap[0], err);

		if (status < 0)
			return status;
		if (!status)
			merge->heap[0] = merge->heap[--merge->count];
		if (merge->count)
			sink(merge, 0);
	}
	merge->started = true;
	if (!merge->count)
		return 0;
	*trace = merge->heap[0]->now;
	return 1;
}

void drvp_merge_free(struct drvp_merge **merge)
{
	struct drvp_merge *m = *merge;

	if (!m)
		return;
	for (size_t i = 0; m->sources && i < m->source_count; i++)
		free(m->sources[i].buffer);
	free(m->sources);
	free(m->heap);
	free(m);
	*merge = NULL;
}
