/* recipe_read.h: readers of the values that the members of a recipe have */
#ifndef DRVP_RECIPE_READ_H
#define DRVP_RECIPE_READ_H

#include "chain/recipe.h"

/*
 * Readers for DRVP_FIELD_CUSTOM. What each fills is its name's struct; versions fills the recipe
 * itself, body a const struct drvp_body *.
 */
int drvp_genesis_stored_read(struct drvp_reader *reader, const struct drvp_json *value, void *out);
int drvp_genesis_hashed_read(struct drvp_reader *reader, const struct drvp_json *value, void *out);
int drvp_digest_choice_read(struct drvp_reader *reader, const struct drvp_json *value, void *out);
int drvp_versions_read(struct drvp_reader *reader, const struct drvp_json *value, void *out);
int drvp_recorded_heads_read(struct drvp_reader *reader, const struct drvp_json *value, void *out);
int drvp_checkpoints_read(struct drvp_reader *reader, const struct drvp_json *value, void *out);
int drvp_hashes_read(struct drvp_reader *reader, const struct drvp_json *value, void *out);
int drvp_body_read(struct drvp_reader *reader, const struct drvp_json *value, void *out);

#endif
