/* hasher.h: the digests that the entries of a chain are made with */
#ifndef DRVP_HASHER_H
#define DRVP_HASHER_H

#include "chain/recipe.h"
#include "checks/check.h"

/* One digester for each digest of a recipe. One thread at a time. */
struct drvp_hasher;

/* The name of the first HMAC key that the recipe needs and nobody gave, or NULL. */
const char *drvp_hasher_missing_key(const struct drvp_recipe *recipe,
				    const struct drvp_settings *settings);

/* No key may be missing. Errors: DRV_E_NOMEM, DRV_E_INTERNAL. */
int drvp_hasher_new(struct drvp_hasher **out, const struct drvp_recipe *recipe,
		    const struct drvp_settings *settings, struct drv_error *err);

void drvp_hasher_free(struct drvp_hasher **hasher);

/* Hashes into out, which has room for DRVP_DIGEST_MAX bytes; *size receives how many those are. */
int drvp_hash(struct drvp_hasher *hasher, const struct drvp_digest_spec *spec, const void *bytes,
	      size_t len, uint8_t *out, size_t *size);

#endif
