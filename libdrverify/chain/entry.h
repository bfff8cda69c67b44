/* entry.h: what one row says about its place in a chain */
#ifndef DRVP_ENTRY_H
#define DRVP_ENTRY_H

#include "chain/recipe.h"

enum drvp_link_state {
	DRVP_LINK_NULL,
	DRVP_LINK_MALFORMED,            /* not a hash of this chain */
	DRVP_LINK_HASH,
	DRVP_LINK_GENESIS               /* previous only: the word that stands for "none" */
};

struct drvp_link {
	int state;                      /* enum drvp_link_state */
	uint8_t bytes[DRVP_DIGEST_MAX]; /* HASH: size of them */
	size_t size;
	const struct drvp_value *value; /* as stored; NULL where it is not */
};

struct drvp_entry {
	struct drvp_link hash, previous;
};

/* hash and previous are NULL where the recipe has no such column; then their state is NULL. */
void drvp_entry_read(struct drvp_entry *entry, const struct drvp_recipe *recipe,
		     const struct drvp_value *hash, const struct drvp_value *previous);

/* Whether a link is this hash. */
bool drvp_link_is(const struct drvp_link *link, const struct drvp_bytes *hash);

/*
 * Where a row stands: by its first order_by column (NULL: there is none) where that is a time or
 * an integer, else by its position in the heap or in its scan. Rows with a NULL there come last.
 */
int64_t drvp_entry_order(const struct drvp_row *row, const struct drvp_value *order,
			 size_t range_index);

/* Whether the values of a column of this kind order rows. */
bool drvp_orders_rows(int kind);

#endif
