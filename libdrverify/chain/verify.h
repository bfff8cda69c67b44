/* verify.h: recomputes the hash of every entry and gathers the links between them */
#ifndef DRVP_VERIFY_H
#define DRVP_VERIFY_H

#include "chain/recipe.h"
#include "checks/check.h"

/* What the counters of an audit chain's tally mean. */
enum drvp_chain_counter {
	DRVP_CHAIN_NULL_HASH,
	DRVP_CHAIN_MALFORMED_HASH,      /* also counted as MISMATCH */
	DRVP_CHAIN_MISMATCH,
	DRVP_CHAIN_UNVERIFIABLE,        /* differs, but the store lost what was hashed */
	DRVP_CHAIN_GENESIS,             /* stores the word for "none before" */
	DRVP_CHAIN_NULL_PREVIOUS,       /* NULL although there is such a word */
	DRVP_CHAIN_HEAD_SEEN,           /* has the recorded head's hash */
	/* found by following the links */
	DRVP_CHAIN_GAP,                 /* claims a predecessor that is not there */
	DRVP_CHAIN_FORK,                /* claims one that an earlier row claims */
	DRVP_CHAIN_SECOND_GENESIS,
	DRVP_CHAIN_COPY,                /* has the same hash as an earlier row */
	DRVP_CHAIN_TAIL,                /* nobody claims it */
	DRVP_CHAIN_FRONT,               /* the first that is left of a chain whose front is gone */
	DRVP_CHAIN_FOLLOWED             /* 1: the links were followed to the end */
};

/* The HMAC key of a recipe: NULL when it needs none or was not given. */
const struct drvp_secret *drvp_chain_secret(const struct drvp_recipe *recipe,
					    const struct drvp_settings *settings);

/* Whether the recipe needs a key that was not given. */
bool drvp_chain_key_missing(const struct drvp_recipe *recipe,
			    const struct drvp_settings *settings);

/* Measures one range: content of every row, and the multisets of hashes and previous hashes. */
int drvp_chain_measure(const struct drvp_measure *m, struct drv_error *err);

/* The question that all scans of a chain ask. */
struct drvp_scan drvp_chain_scan(const struct drvp_measure *m, const struct drvp_wanted *columns,
				 size_t column_count);

#endif
