/* signature.h: decides whether a trusted key signed these bytes */
#ifndef DRVP_SIGNATURE_H
#define DRVP_SIGNATURE_H

#include <stddef.h>

#include "base/error.h"

/* A key that has signed a document. Borrowed from the struct drv_trust. */
struct drvp_signer {
	const char *name;
	const char *fingerprint;     /* SHA-256 of its DER form, in hexadecimal */
};

/* A document as it was received. */
struct drvp_signed {
	const char *name;            /* for messages */
	const void *bytes;
	size_t len;
	const void *signature;       /* raw Ed25519 */
	size_t signature_len;
};

/* Says which trusted key signed it. DRV_E_UNTRUSTED when none did, whatever the reason. */
int drvp_signature_check(struct drvp_signer *signer, const struct drv_trust *trust,
			 const struct drvp_signed *document, struct drv_error *err);

#endif
