/* spool.c: takes in any number of traces in any order and gives them back sorted */
#include "content/spool.h"

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "content/merge.h"
#include "content/runs.h"

#define FIRST_SLOTS 256
#define TEXTS_MAX 524288             /* bytes of texts in memory */

struct slot {
	uint64_t key, digest;
	uint32_t text_at;
	uint32_t text_len;           /* and one more; 0: no text */
};

struct drvp_spool {
	struct slot *slots;
	size_t count, capacity;
	struct drvp_strbuf texts;
	size_t given;                /* of the slots, while reading */
	uint64_t rows;
	struct drvp_runs runs;
	struct drvp_merge *merge;    /* NULL: not reading */
	uint64_t left;               /* rows still to be read */
	struct drv_error failure;
};

int drvp_spool_new(struct drvp_spool **out, const char *dir, bool keep_texts,
		   struct drv_error *err)
{
	struct drvp_spool *spool = calloc(1, sizeof *spool);

	*out = NULL;
	if (!spool)
		return drvp_fail_nomem(err);
	spool->failure = (struct drv_error)DRV_ERROR_INIT;
	spool->runs.texts = keep_texts;
	spool->runs.dir = strdup(dir);
	if (!spool->runs.dir) {
		drvp_spool_free(&spool);
		return drvp_fail_nomem(err);
	}
	*out = spool;
	return 0;
}

/* Repeats what was once said about a failure, if there was one. */
static int state(const struct drvp_spool *spool, struct drv_error *err)
{
	if (!spool->failure.status)
		return 0;
	drvp_fail(err, spool->failure.status, "%s", spool->failure.message);
	if (err)
		err->native_code = spool->failure.native_code;
	return spool->failure.status;
}

/* ------------------------------------------------------------------ in memory */

static void read_slot(const struct drvp_spool *spool, const struct slot *slot,
		      struct drvp_trace *trace)
{
	*trace = (struct drvp_trace){ slot->key, slot->digest, NULL, 0 };
	if (!slot->text_len)
		return;
	trace->text = drvp_strbuf_text(&spool->texts) + slot->text_at;
	trace->text_len = slot->text_len - 1;
}

static int compare_slots(const void *left, const void *right, void *user)
{
	const struct slot *a = left, *b = right;
	struct drvp_trace first, second;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	read_slot(user, a, &first);
	read_slot(user, b, &second);
	return drvp_trace_compare(&first, &second);
}

static void sort(struct drvp_spool *spool)
{
	if (spool->count)
		qsort_r(spool->slots, spool->count, sizeof *spool->slots, compare_slots, spool);
}

static int next_slot(struct drvp_trace *trace, void *user)
{
	struct drvp_spool *spool = user;

	if (spool->given == spool->count)
		return 0;
	read_slot(spool, &spool->slots[spool->given++], trace);
	return 1;
}

static int write_slots(struct drvp_spool *spool, struct drvp_run_writer *writer)
{
	struct drvp_trace trace;
	int status = 0;

	spool->given = 0;
	while (!status && next_slot(&trace, spool))
		status = drvp_run_write(writer, &trace, &spool->failure);
	return status;
}

/* Sorts what is in memory and appends it to the file. */
static int spill(struct drvp_spool *spool)
{
	struct drvp_run_writer writer;
	int status = drvp_run_begin(&writer, &spool->runs, &spool->failure);

	if (!status) {
		sort(spool);
		status = write_slots(spool, &writer);
	}
	status = drvp_run_end(&writer, status, &spool->failure);
	spool->count = 0;
	drvp_strbuf_clear(&spool->texts);
	return status;
}

static int make_room(struct drvp_spool *spool, size_t text_len)
{
	size_t capacity = spool->capacity ? 2 * spool->capacity : FIRST_SLOTS;
	struct slot *slots;

	if (spool->count == DRVP_SPOOL_SLOTS || spool->texts.len + text_len > TEXTS_MAX)
		return spill(spool);
	if (spool->count < spool->capacity)
		return 0;
	slots = realloc(spool->slots, capacity * sizeof *slots);
	if (!slots)
		return drvp_fail_nomem(&spool->failure);
	spool->slots = slots;
	spool->capacity = capacity;
	return 0;
}

/* ------------------------------------------------------------------ adding */

static int add(struct drvp_spool *spool, const struct drvp_trace *trace)
{
	bool texted = spool->runs.texts && trace->text && trace->text_len <= DRVP_KEY_TEXT_MAX;
	size_t text_len = texted ? trace->text_len : 0;
	struct slot *slot;

	drvp_merge_free(&spool->merge);
	if (spool->count == spool->capacity || spool->texts.len + text_len > TEXTS_MAX) {
		int status = make_room(spool, text_len);

		if (status)
			return status;
	}
	slot = &spool->slots[spool->count++];
	*slot = (struct slot){ trace->key, trace->digest, (uint32_t)spool->texts.len,
			       texted ? (uint32_t)text_len + 1 : 0 };
	if (text_len)
		drvp_strbuf_add(&spool->texts, trace->text, text_len);
	return spool->texts.failed ? drvp_fail_nomem(&spool->failure) : 0;
}

int drvp_spool_add(struct drvp_spool *spool, const struct drvp_trace *trace,
		   struct drv_error *err)
{
	if (spool->failure.status || add(spool, trace))
		return state(spool, err);
	spool->rows++;
	return 0;
}

static int take_in(struct drvp_spool *spool, struct drvp_spool *other)
{
	struct drvp_trace trace;
	int status = state(other, &spool->failure);

	if (!status && spool->runs.texts != other->runs.texts)
		status = drvp_fail(&spool->failure, DRV_E_INTERNAL,
				   "spools with and without texts cannot be merged");
	if (!status)
		status = drvp_runs_move(&spool->runs, &other->runs, &spool->failure);
	other->given = 0;
	while (!status && next_slot(&trace, other))
		status = add(spool, &trace);
	spool->rows += other->rows;
	return status;
}

int drvp_spool_merge(struct drvp_spool *spool, struct drvp_spool **other, struct drv_error *err)
{
	drvp_merge_free(&spool->merge);
	if (!spool->failure.status)
		take_in(spool, *other);
	drvp_spool_free(other);
	return state(spool, err);
}

uint64_t drvp_spool_rows(const struct drvp_spool *spool)
{
	return spool->rows;
}

bool drvp_spool_keeps_texts(const struct drvp_spool *spool)
{
	return spool->runs.texts;
}

/* ------------------------------------------------------------------ reading */

int drvp_spool_rewind(struct drvp_spool *spool, struct drv_error *err)
{
	int status = spool->failure.status;

	drvp_merge_free(&spool->merge);
	if (!status)
		status = drvp_runs_reduce(&spool->runs, &spool->failure);
	if (!status) {
		sort(spool);
		spool->given = 0;
		spool->left = spool->rows;
		drvp_merge_new(&spool->merge, &spool->runs, spool->runs.count, next_slot, spool,
			       &spool->failure);
	}
	return state(spool, err);
}

int drvp_spool_next(struct drvp_spool *spool, struct drvp_trace *trace, struct drv_error *err)
{
	int status = spool->failure.status;

	if (!status && !spool->merge)
		drvp_fail(&spool->failure, DRV_E_INTERNAL, "a spool is read before its rewind");
	else if (!status)
		status = drvp_merge_next(spool->merge, trace, &spool->failure);
	if (status > 0) {
		spool->left--;
		return status;
	}
	if (!status && spool->left && !spool->failure.status)
		drvp_fail(&spool->failure, DRV_E_IO,
			  "the temporary file in %s does not hold what was written",
			  spool->runs.dir);
	return state(spool, err);
}

void drvp_spool_free(struct drvp_spool **spool)
{
	struct drvp_spool *s = *spool;

	if (!s)
		return;
	drvp_merge_free(&s->merge);
	drvp_runs_free(&s->runs);
	drvp_strbuf_free(&s->texts);
	free(s->slots);
	free(s);
	*spool = NULL;
}
