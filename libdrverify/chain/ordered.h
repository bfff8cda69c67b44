/* ordered.h: reads chains in the order of their entries, where links alone prove nothing */
#ifndef DRVP_ORDERED_H
#define DRVP_ORDERED_H

#include "chain/verify.h"

/*
 * Measures a chain whose entries do not store the previous hash: each is compared with the one
 * that comes before it by order_by, in its partition. The range has to be the whole relation.
 */
int drvp_chain_measure_ordered(const struct drvp_measure *m, struct drv_error *err);

enum drvp_walk {
	DRVP_WALK_STRAIGHT,          /* each entry refers to the one before it */
	DRVP_WALK_FORKED,            /* or to one a little before that */
	DRVP_WALK_BROKEN             /* the first that does neither is counted as STRAY */
};

/*
 * Sets *walked to how the entries follow each other in order; those of one place in the order may
 * come in any. Hashes that do not cover the link prove nothing about it, so this has to.
 */
int drvp_chain_walk(const struct drvp_measure *m, int *walked, struct drv_error *err);

/* Fills tally->taken, for one chain that was proven and whose hashes cover the previous one. */
int drvp_chain_take_checkpoints(const struct drvp_measure *m, struct drv_error *err);

#endif
