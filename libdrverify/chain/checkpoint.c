/* checkpoint.c: recorded places of a chain, up to which an entry's hash stands for all before it */
#include "chain/checkpoint.h"

#include <string.h>

/* Fewer rows than this between two are not worth a line of the document. */
#define FEWEST 1000

size_t drvp_checkpoint_index(const struct drvp_checkpoints *checkpoints, int64_t order)
{
	size_t low = 0, high = checkpoints->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (checkpoints->list[middle].order < order)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void drvp_checkpoint_taker_init(struct drvp_checkpoint_taker *taker, struct drvp_checkpoints *out,
				const struct drvp_multiset_key *key, uint64_t rows,
				uint64_t rows_before)
{
	*taker = (struct drvp_checkpoint_taker){ .out = out, .key = key,
						 .rows_before = rows_before };
	taker->every = rows / (DRVP_CHECKPOINTS - 1) + 1;
	if (taker->every < FEWEST)
		taker->every = FEWEST;
	drvp_multiset_init(&taker->hashes);
	drvp_multiset_init(&taker->claimed);
	out->count = 0;
}

/* Whether the rows so far are one path to the last of them: see the proof of a whole chain. */
static bool is_path(const struct drvp_checkpoint_taker *taker)
{
	struct drvp_multiset claimed = taker->claimed;

	drvp_multiset_add(&claimed, taker->key, taker->last.hash, taker->last.hash_len);
	return drvp_multiset_equal(&claimed, &taker->hashes);
}

static void take(struct drvp_checkpoint_taker *taker)
{
	struct drvp_checkpoints *out = taker->out;

	if (!taker->pending || !is_path(taker))
		return;
	if (out->count == DRVP_CHECKPOINTS)
		out->count--;
	out->list[out->count++] = taker->last;
	taker->pending = false;
}

void drvp_checkpoint_taker_add(struct drvp_checkpoint_taker *taker, int kind, int64_t order,
			       const uint8_t *hash, const uint8_t *previous, size_t previous_len,
			       size_t hash_len)
{
	uint64_t since = taker->out->count ?
		taker->rows + taker->rows_before - taker->out->list[taker->out->count - 1].rows :
		taker->rows;
	bool alone;

	alone = !taker->rows || taker->last.order != order;
	if (alone && since >= taker->every)
		take(taker);
	taker->rows++;
	drvp_multiset_add(&taker->hashes, taker->key, hash, hash_len);
	if (previous)
		drvp_multiset_add(&taker->claimed, taker->key, previous, previous_len);
	taker->last = (struct drvp_checkpoint){ .kind = kind, .order = order,
						.rows = taker->rows + taker->rows_before,
						.hash_len = hash_len };
	memcpy(taker->last.hash, hash, hash_len);
	taker->pending = alone;
}

void drvp_checkpoint_taker_end(struct drvp_checkpoint_taker *taker)
{
	take(taker);
}
