/* follow.h: reads the links of all rows, and matches each with the entry that it refers to */
#ifndef DRVP_FOLLOW_H
#define DRVP_FOLLOW_H

#include "chain/chain_tally.h"
#include "chain/link_table.h"
#include "chain/reader.h"

/* Records in memory at a time: 9 MiB, and as much again while they are sorted. */
#define DRVP_LINK_RECORDS ((size_t)3 << 16)

/* Rows that can be followed in one pass; a tenth is left free, as fingerprints do not spread exactly. */
#define DRVP_ONE_PASS ((DRVP_LINK_RECORDS - DRVP_LINK_RECORDS / 10) / 2)

struct drvp_following {
	const struct drvp_measure *m;
	struct drvp_chain_tally *own;        /* of m->tally */
	const struct drvp_recipe *recipe;
	struct drvp_chain_reader reader;
	struct drvp_link_table table;
	struct drvp_fingerprint *known_forks;
	uint64_t passes, pass;
	bool unordered;              /* some row has an order that cannot be compared */
	bool walk_broke;
	bool stray;                  /* and nothing but that is wrong */
	bool bad;                    /* there is a bad row … */
	int64_t first_bad;           /* … and this is where the first one stands */
	uint64_t before_bad;
};

/* What the links of one row are. */
struct drvp_row_links {
	struct drvp_entry entry;
	struct drvp_fingerprint hash, previous;
	bool holds, claims;
	struct drvp_link_record held, claim;
	int64_t order;
};

/* Reads the links of one row. DRV_E_BUSY: it cannot be one of those that were measured. */
int drvp_follow_read(struct drvp_row_links *links, struct drvp_following *f,
		     const struct drvp_row *row);

/* Gives every row to fn, whose user is f. The rows must still be those that were measured. */
int drvp_follow_scan(struct drvp_following *f, drvp_row_fn fn, struct drv_error *err);

/* Fills f->table, in as many passes as the rows need. */
int drvp_follow(struct drvp_following *f, struct drv_error *err);

#endif
