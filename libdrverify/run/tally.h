/* tally.h: what measuring a check gives: counters and fingerprints that merge in any order */
#ifndef DRVP_TALLY_H
#define DRVP_TALLY_H

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
 * What a check measures besides: a struct of its own, zeroed at first. merge moves what other
 * holds into into and leaves other fit to be released; it is commutative and associative.
 */
struct drvp_tally_kind {
	size_t size;
	void (*merge)(void *into, void *other);
	void (*release)(void *own);  /* what the struct owns, not the struct */
};

/*
 * Each check says in an enum of its own what its counters mean. Merging is commutative and
 * associative, so units may end in any order.
 */
struct drvp_tally {
	uint64_t rows;               /* fed, or counted by the server where nothing is fed */
	bool counted_set;
	uint64_t counted;            /* by an independent count in the same snapshot */
	struct drvp_counter counters[DRVP_TALLY_COUNTERS];
	bool newest_set;
	int64_t newest;              /* instant */
	int64_t elapsed;             /* microseconds of work, over all units */
	const struct drvp_tally_kind *kind;     /* NULL: the check has no own */
	void *own;
};

/* kind may be NULL. Fails with DRV_E_NOMEM; the tally may be merged and freed then, too. */
int drvp_tally_init(struct drvp_tally *tally, const struct drvp_tally_kind *kind);
void drvp_tally_free(struct drvp_tally *tally);

/* As after drvp_tally_init(). */
void drvp_tally_reset(struct drvp_tally *tally);

/* Counts a row under a heading. order tells which rows are kept as examples. */
int drvp_tally_count_row(struct drvp_tally *tally, unsigned counter, const struct drvp_row *row,
			 int64_t order, bool show_keys);

/* Moves what one counter holds into another. */
void drvp_counter_merge(struct drvp_counter *into, struct drvp_counter *other);

/* Moves what other holds into into, a tally of the same kind; other is freed. */
void drvp_tally_merge(struct drvp_tally *into, struct drvp_tally *other);

#endif
