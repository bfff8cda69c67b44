/* checkpoint.h: recorded places of a chain, up to which an entry's hash stands for all before it */
#ifndef DRVP_CHECKPOINT_H
#define DRVP_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/multiset.h"

#define DRVP_CHECKPOINTS 16

/*
 * All rows whose order is at most this one's are so many, and are one path from the first entry
 * to the one with this hash, which has its order for itself. order_by may differ from the path
 * elsewhere: a checkpoint is only where it does not.
 */
struct drvp_checkpoint {
	int kind;                    /* enum drvp_kind of order: INTEGER, or a kind of time */
	int64_t order;
	uint64_t rows;
	uint8_t hash[DRVP_MULTISET_VALUE_MAX];
	size_t hash_len;
};

struct drvp_checkpoints {
	struct drvp_checkpoint list[DRVP_CHECKPOINTS];  /* in order */
	size_t count;
};

/* The first of them at or behind an order; count when there is none. */
size_t drvp_checkpoint_index(const struct drvp_checkpoints *checkpoints, int64_t order);

/* Takes checkpoints while the rows of one chain come in their order. */
struct drvp_checkpoint_taker {
	struct drvp_checkpoints *out;           /* borrowed, empty at first */
	const struct drvp_multiset_key *key;
	uint64_t rows, every;        /* one after so many rows, and at the end */
	uint64_t rows_before;        /* that do not come: they are before the checkpoint of a run */
	struct drvp_multiset hashes, claimed;
	bool pending;                /* last could be one: the row before it has another order,
					and if the one behind it has too */
	struct drvp_checkpoint last;
};

/* rows: how many will come. */
void drvp_checkpoint_taker_init(struct drvp_checkpoint_taker *taker, struct drvp_checkpoints *out,
				const struct drvp_multiset_key *key, uint64_t rows,
				uint64_t rows_before);

/* previous NULL: the first row. */
void drvp_checkpoint_taker_add(struct drvp_checkpoint_taker *taker, int kind, int64_t order,
			       const uint8_t *hash, const uint8_t *previous, size_t previous_len,
			       size_t hash_len);

/* After the last row. */
void drvp_checkpoint_taker_end(struct drvp_checkpoint_taker *taker);

#endif
