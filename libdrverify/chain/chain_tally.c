/* chain_tally.c: merges what was measured of an audit chain */
#include "chain/chain_tally.h"

static void merge(void *into_, void *other_)
{
	struct drvp_chain_tally *into = into_, *other = other_;

	drvp_chains_merge(&into->chains, &other->chains);
	for (size_t i = 0; i < DRVP_CHECKPOINTS; i++)
		into->checkpoint_rows[i] += other->checkpoint_rows[i];
	into->checkpoints_seen |= other->checkpoints_seen;
}

static void release(void *own)
{
	struct drvp_chain_tally *tally = own;

	drvp_chains_free(&tally->chains);
}

const struct drvp_tally_kind drvp_chain_tally_kind = {
	.size = sizeof(struct drvp_chain_tally),
	.merge = merge,
	.release = release,
};
