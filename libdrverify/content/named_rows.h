/* named_rows.h: rows worth naming, as many as a report should hold */
#ifndef DRVP_NAMED_ROWS_H
#define DRVP_NAMED_ROWS_H

#include "run/tally.h"

#define DRVP_NAMED_MAX 10000

struct drvp_named_rows {
	struct drvp_spot *list;      /* owned */
	size_t count;
	size_t told;                 /* rows that were told of, named or not; of missing ones, keys */
};

/* Copies both texts. Fails with DRV_E_NOMEM. */
int drvp_named_rows_add(struct drvp_named_rows *rows, const char *place, const char *key,
			size_t key_len);

void drvp_named_rows_free(struct drvp_named_rows *rows);

#endif
