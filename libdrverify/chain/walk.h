/* walk.h: whether the links of a chain follow the order of its entries */
#ifndef DRVP_WALK_H
#define DRVP_WALK_H

#include "chain/verify.h"

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

#endif
