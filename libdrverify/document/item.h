/* item.h: reads the entries of "checks" */
#ifndef DRVP_ITEM_H
#define DRVP_ITEM_H

#include "document/baseline.h"

/* Reader for DRVP_FIELD_CUSTOM: a table is "schema.name" or ["schema", "na.me"]. */
int drvp_table_read(struct drvp_reader *reader, const struct drvp_json *value, void *out);

/* Reads the array into baseline->items; the sources must have been read before. */
int drvp_items_read(struct drvp_reader *reader, const struct drvp_json *array,
		    struct drv_baseline *baseline);

/* The members that every check has, for the schema. */
extern const struct drvp_field drvp_item_fields[];

#endif
