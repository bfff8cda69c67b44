/* verify.h: recomputes the hash of every entry and gathers the links between them */
#ifndef DRVP_VERIFY_H
#define DRVP_VERIFY_H

#include "checks/check.h"
#include "chain/recipe.h"

/* What the counters of an audit chain's tally mean. */
enum drvp_chain_counter {
	DRVP_CHAIN_NULL_HASH,
	DRVP_CHAIN_MALFORMED_HASH,      /* also counted as MISMATCH */
	DRVP_CHAIN_MISMATCH,
	DRVP_CHAIN_UNVERIFIABLE,        /* differs, but the store lost what was hashed */
	DRVP_CHAIN_UNCHECKED,           /* what was hashed cannot be had: not stored, or pruned */
	DRVP_CHAIN_CLAIM,               /* the preimage that is stored says other than the columns */
	DRVP_CHAIN_GENESIS,             /* nothing comes before them, or nothing that was read */
	DRVP_CHAIN_NULL_PREVIOUS,       /* NULL although there is a word for "none" */
	/* found by following the links */
	DRVP_CHAIN_GAP,                 /* claims a predecessor that is not there */
	DRVP_CHAIN_FORK,                /* claims one that an earlier row claims */
	DRVP_CHAIN_SECOND_GENESIS,
	DRVP_CHAIN_COPY,                /* has the same hash as an earlier row */
	DRVP_CHAIN_TAIL,                /* nobody claims it */
	DRVP_CHAIN_FRONT,               /* the first that is left of a chain whose front is gone */
	DRVP_CHAIN_BACKWARD,            /* stands before the row that it claims */
	DRVP_CHAIN_STRAY,               /* follows none that came before it by order_by */
	DRVP_CHAIN_FOLLOWED             /* 1: the links were followed to the end */
};

/* The last checkpoint, when only what came after it is to be read; else NULL. */
const struct drvp_checkpoint *drvp_chain_since(const struct drvp_recipe *recipe,
					       const struct drvp_settings *settings);

/* The rows that a run is about. */
struct drvp_selection drvp_chain_selection(const struct drvp_recipe *recipe,
					   const struct drvp_settings *settings);

/* Whether rows have to be read in the order of the chain, since nothing else links them. */
bool drvp_chain_is_ordered(const struct drvp_recipe *recipe);

/* Measures one range: content of every row, and the multisets of hashes and previous hashes. */
int drvp_chain_measure(const struct drvp_measure *m, struct drv_error *err);

#endif
