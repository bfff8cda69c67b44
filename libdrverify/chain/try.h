/* try.h: hashes single entries and tells how, so that a person can find a recipe's mistake */
#ifndef DRVP_TRY_H
#define DRVP_TRY_H

#include "checks/check.h"

struct drvp_try {
	uint64_t first, count;          /* rows, from 1, in the order of the check */
	drv_chain_entry_fn fn;
	void *user;
	bool stopped;                   /* receives whether fn asked to stop */
	uint64_t given;                 /* receives how many entries it got */
};

/* m: the check's item, relation, session and settings. No key may be missing. */
int drvp_chain_try(const struct drvp_measure *m, struct drvp_try *what, struct drv_error *err);

#endif
