/* take.h: reads a proven chain in its order to record checkpoints of it */
#ifndef DRVP_TAKE_H
#define DRVP_TAKE_H

#include "chain/verify.h"

/* Fills what the tally has taken, for one proven chain whose hashes cover the previous one. */
int drvp_chain_take_checkpoints(const struct drvp_measure *m, struct drv_error *err);

#endif
