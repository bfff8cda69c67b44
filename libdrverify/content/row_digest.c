/* row_digest.c: fingerprints of rows and of their keys, under keys derived from one secret */
#include "content/row_digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/siphash.h"

struct drvp_row_digester {
	struct drvp_digester *rows;
	uint8_t key[DRVP_SIPHASH_KEY];       /* of the hash of keys */
	char id[DRVP_KEY_ID];
};

/* What is derived is of no use for anything else than what the label says. */
static int derive(struct drvp_digester *from, const char *label, uint8_t out[DRVP_DIGEST_MAX])
{
	return drvp_digest(from, label, strlen(label), out);
}

static int derive_all(struct drvp_row_digester *d, struct drvp_digester *from,
		      struct drv_error *err)
{
	uint8_t rows[DRVP_DIGEST_MAX], keys[DRVP_DIGEST_MAX], id[DRVP_DIGEST_MAX];
	int status = derive(from, "drverify content rows", rows);

	if (!status)
		status = derive(from, "drverify content keys", keys);
	if (!status)
		status = derive(from, "drverify content id", id);
	if (!status) {
		memcpy(d->key, keys, sizeof d->key);
		for (size_t i = 0; i < (DRVP_KEY_ID - 1) / 2; i++)
			snprintf(d->id + 2 * i, 3, "%02x", id[i]);
		status = drvp_digester_new(&d->rows, DRVP_SHA256, rows, DRVP_ROW_DIGEST, err);
	} else {
		drvp_fail(err, status, "OpenSSL cannot make an HMAC");
	}
	drvp_cleanse(rows, sizeof rows);
	drvp_cleanse(keys, sizeof keys);
	return status;
}

int drvp_row_digester_new(struct drvp_row_digester **out, const void *secret, size_t len,
			  struct drv_error *err)
{
	struct drvp_row_digester *d = calloc(1, sizeof *d);
	struct drvp_digester *from = NULL;
	int status;

	*out = NULL;
	if (!d)
		return drvp_fail_nomem(err);
	if (!secret) {
		status = drvp_digester_new(&d->rows, DRVP_SHA256, NULL, 0, err);
	} else {
		status = drvp_digester_new(&from, DRVP_SHA256, secret, len, err);
		if (!status)
			status = derive_all(d, from, err);
		drvp_digester_free(&from);
	}
	if (status)
		drvp_row_digester_free(&d);
	*out = d;
	return status;
}

int drvp_row_digest(struct drvp_row_digester *d, const void *bytes, size_t len,
		    uint8_t out[DRVP_ROW_DIGEST])
{
	uint8_t digest[DRVP_DIGEST_MAX];
	int status = drvp_digest(d->rows, bytes, len, digest);

	memcpy(out, digest, DRVP_ROW_DIGEST);
	return status;
}

uint64_t drvp_row_key(const struct drvp_row_digester *d, const void *bytes, size_t len)
{
	return drvp_siphash(d->key, bytes, len);
}

const char *drvp_row_digester_key_id(const struct drvp_row_digester *d)
{
	return d->id;
}

void drvp_row_digester_free(struct drvp_row_digester **digester)
{
	struct drvp_row_digester *d = *digester;

	*digester = NULL;
	if (!d)
		return;
	drvp_digester_free(&d->rows);
	drvp_cleanse(d, sizeof *d);
	free(d);
}
