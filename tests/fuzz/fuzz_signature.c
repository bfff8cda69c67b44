/* fuzz_signature.c: a file is one public key or none, and no bytes but the signature sign a document */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "document/signature.h"
#include "fuzz.h"

static const char document[] = "{ \"format\": \"drverify/1\" }";
static char pem[1000];               /* of the key that signed it */
static size_t pem_len;
static uint8_t signature[64];

/* A key that anybody can make, which is why it signs nothing elsewhere. */
static void prepare(void)
{
	static const uint8_t seed[32] = "a key for the sake of this test";
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof seed);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	BIO *out = BIO_new(BIO_s_mem());
	size_t len = sizeof signature;

	check(key && context && out);
	check(EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1);
	check(EVP_DigestSign(context, signature, &len, (const uint8_t *)document,
			     sizeof document - 1) == 1);
	check(PEM_write_bio_PUBKEY(out, key) == 1);
	pem_len = (size_t)BIO_read(out, pem, sizeof pem);
	BIO_free(out);
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
}

static int verify(const struct drv_trust *trust, const void *bytes, size_t len, const void *sig,
		  size_t sig_len)
{
	const struct drvp_signed d = { "document", bytes, len, sig, sig_len };
	struct drv_error err = DRV_ERROR_INIT;
	struct drvp_signer signer = { 0 };
	int status = drvp_signature_check(&signer, trust, &d, &err);

	if (status) {
		check(status == DRV_E_UNTRUSTED);
		fuzz_check_error(&err, status);
	} else {
		check(signer.name && strlen(signer.fingerprint) == 64);
	}
	check(!ERR_peek_error());
	return status;
}

/* Whatever is offered as a key, the host application's queue of errors stays as it was. */
static void try_key(const char *bytes, size_t len)
{
	struct drv_error err = DRV_ERROR_INIT;
	struct drv_trust *trust;
	int status;

	check(!drv_trust_new(&trust, NULL));
	status = drv_trust_add(trust, "offered", bytes, len, &err);
	check(!ERR_peek_error());
	if (status) {
		check(status == DRV_E_USAGE);
		fuzz_check_error(&err, status);
		check(verify(trust, document, sizeof document - 1, signature, 64) ==
		      DRV_E_UNTRUSTED);
	} else {
		check(memmem(bytes, len, "-----BEGIN PUBLIC KEY-----", 26) != NULL);
		check(memmem(bytes, len, "PRIVATE KEY-----", 16) == NULL);
	}
	drv_trust_free(&trust);
}

static void try_signature(const char *bytes, size_t len)
{
	bool right = len == sizeof signature && !memcmp(bytes, signature, len);
	struct drv_trust *trust;

	check(!drv_trust_new(&trust, NULL) && !drv_trust_add(trust, "right", pem, pem_len, NULL));
	check(!verify(trust, document, sizeof document - 1, bytes, len) == right);
	/* And no other document is what it signs. */
	check(verify(trust, bytes, len, signature, sizeof signature) == DRV_E_UNTRUSTED ||
	      (len == sizeof document - 1 && !memcmp(bytes, document, len)));
	drv_trust_free(&trust);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	char *bytes;

	if (!pem_len)
		prepare();
	bytes = fuzz_bytes(&in, size);
	try_key(bytes, size);
	try_signature(bytes, size);
	free(bytes);
	return 0;
}
