/* expr_parts.h: readers of the parts of an expression that are expressions themselves */
#ifndef DRVP_EXPR_PARTS_H
#define DRVP_EXPR_PARTS_H

#include "chain/expr.h"

/*
 * Readers for DRVP_FIELD_CUSTOM. list fills a struct drvp_expr_list, array a struct drvp_json_expr,
 * object and columns a struct drvp_members, literal a const struct drvp_json *.
 */
int drvp_expr_list_read(struct drvp_reader *reader, const struct drvp_json *value, void *out);
int drvp_expr_array_read(struct drvp_reader *reader, const struct drvp_json *value, void *out);
int drvp_expr_object_read(struct drvp_reader *reader, const struct drvp_json *value, void *out);
int drvp_expr_columns_read(struct drvp_reader *reader, const struct drvp_json *value, void *out);
int drvp_expr_literal_read(struct drvp_reader *reader, const struct drvp_json *value, void *out);

#endif
