/* links.h: proves that the links of a chain hold, or finds where they do not */
#ifndef DRVP_LINKS_H
#define DRVP_LINKS_H

#include "chain/verify.h"

/*
 * The second look at a chain, with the merged tally: decides whether its rows are one path, and
 * where that path ends. Only when they are not, or something else is wrong, rows are read again.
 */
int drvp_chain_locate(const struct drvp_measure *m, struct drv_error *err);

#endif
