/* expr_value.h: readers of the values that expressions are made of */
#ifndef DRVP_EXPR_VALUE_H
#define DRVP_EXPR_VALUE_H

#include "chain/expr.h"

/*
 * Readers for DRVP_FIELD_CUSTOM. What each fills is its name's struct: struct drvp_bytes for text
 * (any string, NULs included), struct drvp_number for digits and integer, struct
 * drvp_null_policy, struct drvp_key_list for names and allow_keys, a const struct
 * drvp_json_style * for style.
 */
int drvp_text_read(struct drvp_reader *reader, const struct drvp_json *value, void *out);
int drvp_digits_read(struct drvp_reader *reader, const struct drvp_json *value, void *out);
int drvp_integer_read(struct drvp_reader *reader, const struct drvp_json *value, void *out);
int drvp_null_policy_read(struct drvp_reader *reader, const struct drvp_json *value, void *out);
int drvp_key_list_read(struct drvp_reader *reader, const struct drvp_json *value, void *out);
int drvp_allow_keys_read(struct drvp_reader *reader, const struct drvp_json *value, void *out);
int drvp_json_style_read(struct drvp_reader *reader, const struct drvp_json *value, void *out);

/* What { "like": STYLE, … } may hold, for the schema; the names of styles and number forms. */
extern const struct drvp_field drvp_json_style_fields[];

#endif
