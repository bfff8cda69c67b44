/* row_digest.h: fingerprints of rows and keys, the same wherever the values are the same */
#ifndef DRVP_ROW_DIGEST_H
#define DRVP_ROW_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define DRVP_ROW_DIGEST 32           /* bytes */
#define DRVP_KEY_ID 17               /* room for 16 digits and NUL */

/* For one thread at a time. */
struct drvp_row_digester;

/*
 * With the operator's secret, fingerprints are HMAC-SHA256 (RFC 2104), which nobody else can make.
 * secret NULL: plain SHA-256, which finds accidents only. Rows and keys are hashed under keys of
 * their own, derived from the secret.
 */
int drvp_row_digester_new(struct drvp_row_digester **out, const void *secret, size_t len,
			  struct drv_error *err);

int drvp_row_digest(struct drvp_row_digester *digester, const void *bytes, size_t len,
		    uint8_t out[DRVP_ROW_DIGEST]);

/* A row's key as a number that spreads evenly and tells nothing. */
uint64_t drvp_row_key(const struct drvp_row_digester *digester, const void *bytes, size_t len);

/* Tells apart which secret it was without giving it away; "" without one. */
const char *drvp_row_digester_key_id(const struct drvp_row_digester *digester);

void drvp_row_digester_free(struct drvp_row_digester **digester);

#endif
