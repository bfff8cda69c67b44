/* signature.c: decides whether a trusted key signed these bytes */
#include "document/signature.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"

#define SIGNATURE_SIZE 64
/* A PEM public key has some hundred bytes. */
#define LONGEST_KEY ((size_t)1 << 16)

struct trusted_key {
	char *name;                  /* owned */
	EVP_PKEY *key;               /* owned */
	char fingerprint[2 * 32 + 1];
};

struct drv_trust {
	struct trusted_key *keys;    /* owned */
	size_t count;
};

/* ------------------------------------------------------------------ trusted keys */

int drv_trust_new(struct drv_trust **out, struct drv_error *error)
{
	*out = calloc(1, sizeof **out);
	return *out ? 0 : drvp_fail_nomem(error);
}

static void free_key(struct trusted_key *key)
{
	EVP_PKEY_free(key->key);
	free(key->name);
}

void drv_trust_free(struct drv_trust **trust)
{
	struct drv_trust *t = *trust;

	*trust = NULL;
	if (!t)
		return;
	for (size_t i = 0; i < t->count; i++)
		free_key(&t->keys[i]);
	free(t->keys);
	free(t);
}

static int refuse_label(const char *name, const char *label, struct drv_error *err)
{
	if (strstr(label, "PRIVATE KEY"))
		return drvp_fail(err, DRV_E_USAGE, "trusted key \"%.200s\" is a private key: give the "
				 "public one (KEY.pub, or openssl pkey -pubout), and keep the private "
				 "one away from where documents are verified", name);
	return drvp_fail(err, DRV_E_USAGE, "trusted key \"%.200s\" is a %.60s in PEM form, and has to "
			 "be a PUBLIC KEY", name, label);
}

static int decode_key(EVP_PKEY **key, const char *name, const unsigned char *der, long len,
		      struct drv_error *err)
{
	const unsigned char *at = der;
	const char *type;

	*key = d2i_PUBKEY(NULL, &at, len);
	if (!*key || at != der + len)
		return drvp_fail(err, DRV_E_USAGE, "trusted key \"%.200s\" cannot be decoded: copy the "
				 "file again from where it was made", name);
	if (EVP_PKEY_is_a(*key, "ED25519"))
		return 0;
	type = EVP_PKEY_get0_type_name(*key);
	return drvp_fail(err, DRV_E_USAGE, "trusted key \"%.200s\" is of type %.40s, and documents are "
			 "signed with Ed25519: make such a key with drverify keygen", name,
			 type ? type : "unknown");
}

/* Exactly one block of PEM: a second one would be trusted in the eyes of whoever wrote it. */
static int read_key(EVP_PKEY **key, const char *name, BIO *pem, struct drv_error *err)
{
	char *label = NULL, *header = NULL, *more = NULL;
	unsigned char *der = NULL;
	long len = 0;
	int status;

	if (PEM_read_bio(pem, &label, &header, &der, &len) != 1)
		return drvp_fail(err, DRV_E_USAGE, "trusted key \"%.200s\" holds no public key in PEM "
				 "form (-----BEGIN PUBLIC KEY-----)", name);
	if (strcmp(label, PEM_STRING_PUBLIC) != 0)
		status = refuse_label(name, label, err);
	else
		status = decode_key(key, name, der, len, err);
	OPENSSL_clear_free(der, (size_t)len);
	OPENSSL_free(header);
	OPENSSL_free(label);
	if (status || PEM_read_bio(pem, &more, &header, &der, &len) != 1)
		return status;
	OPENSSL_clear_free(der, (size_t)len);
	OPENSSL_free(header);
	OPENSSL_free(more);
	return drvp_fail(err, DRV_E_USAGE, "trusted key \"%.200s\" holds more than one key: put each "
			 "into a file of its own", name);
}

/* What "openssl pkey -pubin -outform DER | sha256sum" gives. */
static bool take_fingerprint(struct trusted_key *key)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	unsigned char *der = NULL, digest[EVP_MAX_MD_SIZE];
	unsigned int size = 0;
	int len = i2d_PUBKEY(key->key, &der);
	bool made = len > 0 && EVP_Digest(der, (size_t)len, digest, &size, EVP_sha256(), NULL) == 1 &&
		    2 * size + 1 == sizeof key->fingerprint;

	if (made) {
		drvp_strbuf_hex(&text, digest, size);
		made = !text.failed;
	}
	if (made)
		memcpy(key->fingerprint, drvp_strbuf_text(&text), sizeof key->fingerprint);
	drvp_strbuf_free(&text);
	OPENSSL_free(der);
	return made;
}

static int add_key(struct drv_trust *trust, const char *name, BIO *pem, struct drv_error *err)
{
	struct trusted_key *grown = realloc(trust->keys, (trust->count + 1) * sizeof *grown);
	struct trusted_key added = { 0 };
	int status;

	if (!grown)
		return drvp_fail_nomem(err);
	trust->keys = grown;
	status = read_key(&added.key, name, pem, err);
	if (!status) {
		added.name = strdup(name);
		if (!added.name || !take_fingerprint(&added))
			status = drvp_fail_nomem(err);
	}
	if (status)
		free_key(&added);
	else
		trust->keys[trust->count++] = added;
	return status;
}

/* OpenSSL's queue of errors is the thread's, and so the host application's. */
int drv_trust_add(struct drv_trust *trust, const char *name, const void *pem, size_t len,
		  struct drv_error *error)
{
	int status;
	BIO *bio;

	if (len > LONGEST_KEY)
		return drvp_fail(error, DRV_E_USAGE, "trusted key \"%.200s\" is too long to be one",
				 name);
	ERR_set_mark();
	bio = BIO_new_mem_buf(pem, (int)len);
	status = bio ? add_key(trust, name, bio, error) : drvp_fail_nomem(error);
	BIO_free(bio);
	ERR_pop_to_mark();
	return status;
}

/* ------------------------------------------------------------------ signatures */

/* A trust with something that has the form of a signature. */
struct question {
	const struct drv_trust *trust;
	const void *signature;
	bool broken;                 /* OpenSSL could not even ask */
};

/* The key that signed these bytes, or NULL. */
static const struct trusted_key *find_signer(struct question *q, const void *bytes, size_t len)
{
	const struct trusted_key *found = NULL;

	for (size_t i = 0; i < q->trust->count && !found; i++) {
		EVP_MD_CTX *context = EVP_MD_CTX_new();

		if (!context || EVP_DigestVerifyInit(context, NULL, NULL, NULL,
						     q->trust->keys[i].key) != 1)
			q->broken = true;
		else if (EVP_DigestVerify(context, q->signature, SIGNATURE_SIZE, bytes, len) == 1)
			found = &q->trust->keys[i];
		EVP_MD_CTX_free(context);
	}
	return found;
}

/* As documents are written: without byte order mark, with \n at the end of each line. */
static size_t unify(char *to, const char *bytes, size_t len)
{
	size_t at = len >= 3 && !memcmp(bytes, "\xEF\xBB\xBF", 3) ? 3 : 0, n = 0;

	for (; at < len; at++)
		if (bytes[at] != '\r' || at + 1 == len || bytes[at + 1] != '\n')
			to[n++] = bytes[at];
	while (n && to[n - 1] == '\n')
		n--;
	to[n] = '\n';
	return n;
}

/*
 * Version control, mail and editors change the ends of lines and of files. That is refused like any
 * other change, but whoever reads about it at night should know that it is this and nothing else.
 */
static bool is_reformatted(struct question *q, const char *bytes, size_t len)
{
	char *unified = malloc(len + 1);
	size_t n = unified ? unify(unified, bytes, len) : 0;
	bool found = unified && (find_signer(q, unified, n) || find_signer(q, unified, n + 1));

	free(unified);
	return found;
}

static int refuse_bytes(struct question *q, const struct drvp_signed *d, struct drv_error *err)
{
	if (q->broken)
		return drvp_fail(err, DRV_E_UNTRUSTED, "%s: OpenSSL cannot verify Ed25519 signatures as "
				 "it is set up here; look at its configuration (FIPS?)", d->name);
	if (is_reformatted(q, d->bytes, d->len))
		return drvp_fail(err, DRV_E_UNTRUSTED, "%s: since it was signed, ends of lines, the end "
				 "of the file or a byte order mark were changed, and nothing else; copy "
				 "it again, byte for byte", d->name);
	if (q->trust->count == 1)
		return drvp_fail(err, DRV_E_UNTRUSTED, "%s: the trusted key \"%.200s\" did not sign these "
				 "bytes: the document or its signature was changed, or another key "
				 "signed it; get the original, or have its author sign it anew",
				 d->name, q->trust->keys[0].name);
	return drvp_fail(err, DRV_E_UNTRUSTED, "%s: none of the %zu trusted keys signed these bytes: the "
			 "document or its signature was changed, or another key signed it; get the "
			 "original, or have its author sign it anew", d->name, q->trust->count);
}

int drvp_signature_check(struct drvp_signer *signer, const struct drv_trust *trust,
			 const struct drvp_signed *d, struct drv_error *err)
{
	struct question q = { trust, d->signature, false };
	const struct trusted_key *key;
	int status = 0;

	if (!trust->count)
		return drvp_fail(err, DRV_E_UNTRUSTED, "%s: no key is trusted; add one", d->name);
	if (!d->signature_len)
		return drvp_fail(err, DRV_E_UNTRUSTED, "%s is not signed: its signature is empty; have "
				 "its author sign it", d->name);
	if (d->signature_len != SIGNATURE_SIZE)
		return drvp_fail(err, DRV_E_UNTRUSTED, "%s: its signature has %zu bytes, and a raw Ed25519 "
				 "signature has %d; copy it again, or have its author sign it anew",
				 d->name, d->signature_len, SIGNATURE_SIZE);
	ERR_set_mark();
	key = find_signer(&q, d->bytes, d->len);
	if (key)
		*signer = (struct drvp_signer){ key->name, key->fingerprint };
	else
		status = refuse_bytes(&q, d, err);
	ERR_pop_to_mark();
	return status;
}
