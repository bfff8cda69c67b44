/* ordered.h: verifies chains whose entries do not store the previous hash, in their order */
#ifndef DRVP_ORDERED_H
#define DRVP_ORDERED_H

#include "chain/verify.h"

/*
 * Measures a chain whose entries do not store the previous hash: each is compared with the one
 * that comes before it by order_by, in its partition. The range has to be the whole relation.
 */
int drvp_chain_measure_ordered(const struct drvp_measure *m, struct drv_error *err);

#endif
