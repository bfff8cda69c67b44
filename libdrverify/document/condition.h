/* condition.h: reads "where" and "filter": which rows a check is about */
#ifndef DRVP_CONDITION_H
#define DRVP_CONDITION_H

#include "document/fields.h"
#include "store/store.h"

/*
 * Readers for DRVP_FIELD_CUSTOM. A "where" is one condition or a list of them, joined by AND:
 * { "column": "deletedAt", "is": "null" | "not null" } or { "column": "status", "equals": "open" }.
 */
struct drvp_conditions {
	const struct drvp_condition *list;
	size_t count;
};

int drvp_conditions_read(struct drvp_reader *reader, const struct drvp_json *value, void *out);

/* A "filter" is a MongoDB query document; out is a const struct drvp_json *. */
int drvp_filter_read(struct drvp_reader *reader, const struct drvp_json *value, void *out);

/* What one condition may hold, for the schema. */
extern const struct drvp_field drvp_condition_fields[];

#endif
