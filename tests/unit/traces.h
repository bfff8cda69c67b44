/* traces.h: random rows, put into spools in all sorts of ways, and a folder to do it in */
#ifndef DRVP_TEST_TRACES_H
#define DRVP_TEST_TRACES_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "content/spool.h"
#include "prng.h"

/* How keys are spread. */
enum trace_keys {
	KEYS_SPREAD,                 /* as hashes are */
	KEYS_BUCKETS,                /* a few leading bits, and a hash behind them */
	KEYS_FEW,                    /* each key has many rows, of few digests */
	KEYS_ONE,                    /* all rows are the same */
	KEYS_KINDS
};

static char trace_folder[64];

static int make_trace_folder(void **state)
{
	(void)state;
	strcpy(trace_folder, "/tmp/drverify-test-XXXXXX");
	return mkdtemp(trace_folder) ? 0 : -1;
}

/* Removes what is in the folder, and says how many files that were. */
static inline size_t empty_trace_folder(void)
{
	DIR *dir = opendir(trace_folder);
	struct dirent *entry;
	size_t count = 0;

	while (dir && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..")) {
			unlinkat(dirfd(dir), entry->d_name, 0);
			count++;
		}
	closedir(dir);
	return count;
}

static int remove_trace_folder(void **state)
{
	(void)state;
	empty_trace_folder();
	return rmdir(trace_folder);
}

static inline struct drvp_trace random_trace(struct drvp_arena *arena, uint64_t *seed, int keys,
					     bool texts)
{
	struct drvp_trace trace = { prng_next(seed), prng_next(seed), NULL, 0 };
	char text[32];

	switch (keys) {
	case KEYS_BUCKETS:
		trace.key = (uint64_t)prng_below(seed, 3) << 56 | trace.key >> 16;
		break;
	case KEYS_FEW:
		trace.key = 1 + prng_below(seed, 40);
		trace.digest %= 7;
		break;
	case KEYS_ONE:
		trace.key = trace.digest = UINT64_MAX;
		break;
	default:
		break;
	}
	/* The text follows from the key, as it does for a row. */
	if (texts && trace.key % 11) {
		trace.text_len = (size_t)snprintf(text, sizeof text, "%.*llu",
						  (int)(trace.key % 5),
						  (unsigned long long)trace.key);
		trace.text = drvp_arena_copy(arena, text, trace.text_len);
	}
	return trace;
}

static inline struct drvp_trace *random_traces(struct drvp_arena *arena, uint64_t *seed,
					       size_t count, int keys, bool texts)
{
	struct drvp_trace *traces = drvp_arena_array(arena, count + 1, sizeof *traces);

	for (size_t i = 0; i < count; i++)
		traces[i] = random_trace(arena, seed, keys, texts);
	return traces;
}

static inline int naive_order(const void *left, const void *right)
{
	const struct drvp_trace *a = left, *b = right;
	char text_a[64], text_b[64];

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	if (a->digest != b->digest)
		return a->digest < b->digest ? -1 : 1;
	snprintf(text_a, sizeof text_a, "%d%.*s", !!a->text, (int)a->text_len,
		 a->text ? a->text : "");
	snprintf(text_b, sizeof text_b, "%d%.*s", !!b->text, (int)b->text_len,
		 b->text ? b->text : "");
	return strcmp(text_a, text_b);
}

/*
 * Deals traces to so many spools, merges those in some order, and gives the one that is left; NULL
 * when anything failed.
 */
static inline struct drvp_spool *spool_traces(const struct drvp_trace *traces, size_t count,
					      size_t workers, bool texts, uint64_t *seed,
					      struct drv_error *err)
{
	struct drvp_spool *spools[8] = { NULL };
	int status = 0;

	for (size_t i = 0; i < workers && !status; i++)
		status = drvp_spool_new(&spools[i], trace_folder, texts, err);
	for (size_t i = 0; i < count && !status; i++)
		status = drvp_spool_add(spools[prng_below(seed, workers)], &traces[i], err);
	for (size_t left = workers; left > 1 && !status; left--) {
		size_t from = prng_below(seed, left), into = (from + 1) % left;

		status = drvp_spool_merge(spools[into], &spools[from], err);
		spools[from] = spools[left - 1];
		spools[left - 1] = NULL;
		if (from == left - 1)
			spools[from] = NULL;
	}
	if (!status)
		return spools[0];
	for (size_t i = 0; i < workers; i++)
		drvp_spool_free(&spools[i]);
	return NULL;
}

#endif
