/* row_copy.h: keeps a row beyond its callback */
#ifndef DRVP_ROW_COPY_H
#define DRVP_ROW_COPY_H

#include "store/store.h"

/*
 * Copies a row's values and keys into the arena, with all that they point at. The names of the
 * keys' columns live as long as the session. Returns 0 or DRV_E_NOMEM.
 */
int drvp_row_copy(struct drvp_row *out, const struct drvp_row *row, struct drvp_arena *arena);

#endif
