/* ordered.h: reads chains in the order of their entries, where links alone prove nothing */
#ifndef DRVP_ORDERED_H
#define DRVP_ORDERED_H

#include "chain/verify.h"

/*
 * Measures a chain whose entries do not store the previous hash: each is compared with the one
 * that comes before it by order_by, in its partition. The range has to be the whole relation.
 */
int drvp_chain_measure_ordered(const struct drvp_measure *m, struct drv_error *err);

/* Sets *unbroken to whether each entry's previous hash is that of the one before it in order. */
int drvp_chain_walk(const struct drvp_measure *m, bool *unbroken, struct drv_error *err);

/* Fills tally->taken, for one chain that was proven and whose hashes cover the previous one. */
int drvp_chain_take_checkpoints(const struct drvp_measure *m, struct drv_error *err);

#endif
