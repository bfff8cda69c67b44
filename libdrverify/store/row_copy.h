/* row_copy.h: keeps a row beyond its callback */
#ifndef DRVP_ROW_COPY_H
#define DRVP_ROW_COPY_H
#include "store/store.h"
int drvp_row_copy(struct drvp_row *out, const struct drvp_row *row, struct drvp_arena *arena);
#endif
