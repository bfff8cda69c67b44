/* chain_tally.h: what measuring an audit chain gives, besides the counts of every check */
#ifndef DRVP_CHAIN_TALLY_H
#define DRVP_CHAIN_TALLY_H

#include "chain/chains.h"
#include "chain/checkpoint.h"
#include "run/tally.h"

struct drvp_chain_tally {
	struct drvp_chains chains;
	uint64_t checkpoint_rows[DRVP_CHECKPOINTS];     /* up to each recorded one, since the one
							   before it */
	unsigned checkpoints_seen;   /* bits */
	/* by locate */
	struct drvp_checkpoints taken;
	bool since_checkpoint;       /* only rows from the last one on were read, and they hold */
	bool intact_before_set;
	uint64_t intact_before;      /* rows before the first bad one */
};

extern const struct drvp_tally_kind drvp_chain_tally_kind;

static inline struct drvp_chain_tally *drvp_chain_tally(const struct drvp_tally *tally)
{
	return tally->own;
}

#endif
