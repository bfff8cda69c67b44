/* tally.h: what measuring a check gives: counters and fingerprints that merge in any order */
#ifndef DRVP_TALLY_H
#define DRVP_TALLY_H

#include "chain/chains.h"
#include "chain/checkpoint.h"
#include "store/store.h"

#define DRVP_TALLY_COUNTERS 24
#define DRVP_SPOTS 8

/* A row worth naming. */
struct drvp_spot {
	int64_t order;               /* spots with the smallest order are kept */
	char *place;                 /* owned */
	char *key;                   /* owned; "" unless keys may be shown */
};

/* How many rows fall under one heading, and the first few of them. */
struct drvp_counter {
	uint64_t count;
	size_t spot_count;
	struct drvp_spot spots[DRVP_SPOTS];
};

/*
 * One struct for all checks: each says in an enum of its own what its counters mean. Merging is
 * commutative and associative, so units may end in any order.
 */
struct drvp_tally {
	uint64_t rows;               /* fed, or counted by the server where nothing is fed */
	bool counted_set;
	uint64_t counted;            /* by an independent count in the same snapshot */
	struct drvp_counter counters[DRVP_TALLY_COUNTERS];
	bool newest_set;
	int64_t newest;              /* instant */
	struct drvp_chains chains;   /* audit chains */
	struct drvp_checkpoints taken;          /* of an audit chain, by locate */
	uint64_t checkpoint_rows[DRVP_CHECKPOINTS];     /* up to each recorded one, since the one
							   before it */
	unsigned checkpoints_seen;   /* bits */
	bool since_checkpoint;       /* only rows from the last one on were read, and they hold */
	uint64_t intact_before;      /* rows before the first bad one, found by locate */
	bool intact_before_set;
	int64_t elapsed;             /* microseconds of work, over all units */
};

void drvp_tally_init(struct drvp_tally *tally);
void drvp_tally_free(struct drvp_tally *tally);

/* Counts a row under a heading. order tells which rows are kept as examples. */
int drvp_tally_count_row(struct drvp_tally *tally, unsigned counter, const struct drvp_row *row,
			 int64_t order, bool show_keys);

/* Moves what one counter holds into another. */
void drvp_counter_merge(struct drvp_counter *into, struct drvp_counter *other);

/* Moves what other holds into into; other is left empty. */
void drvp_tally_merge(struct drvp_tally *into, struct drvp_tally *other);

#endif
