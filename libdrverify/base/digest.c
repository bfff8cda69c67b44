/* digest.c: SHA-2 and HMAC over many short messages, and their text forms */
#include "base/digest.h"

#include <endian.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

/*
 * HMAC is built from two plain states that have already taken in the padded key: copying a state
 * costs a fraction of EVP_MAC_init(), which runs the key schedule anew for each row.
 *
 * SHA-256, which nearly all hashes are, goes past EVP where OpenSSL lets it: of a message of 150
 * bytes that saves 40 of 185 ns, with a key 70 of 275.
 */
struct drvp_digester {
	EVP_MD *md;
	size_t size;
	bool keyed;
	EVP_MD_CTX *work;
	EVP_MD_CTX *inner, *outer;   /* keyed */
#ifdef DRVP_HAVE_SHA256
	bool direct;                 /* these instead of the contexts */
	SHA256_CTX work256;
	SHA256_CTX inner256, outer256;
#endif
};

/* A key as HMAC has it hashed before the message, and before the message's hash. */
struct pads {
	uint8_t inner[144], outer[144];
	size_t size;                 /* one block; 0: there is no key */
};

size_t drvp_algorithm_size(int algorithm)
{
	static const size_t sizes[] = { [DRVP_SHA256] = 32, [DRVP_SHA384] = 48,
					[DRVP_SHA512] = 64 };

	return sizes[algorithm];
}

static const char *algorithm_name(int algorithm)
{
	switch (algorithm) {
	case DRVP_SHA384:
		return "SHA384";
	case DRVP_SHA512:
		return "SHA512";
	default:
		return "SHA256";
	}
}

/* RFC 2104: a key longer than a block is hashed first, a shorter one is filled with zeroes. */
static bool make_pads(struct pads *pads, const EVP_MD *md, const void *key, size_t key_len)
{
	uint8_t block[sizeof pads->inner] = { 0 };
	unsigned int len = 0;
	bool ok = true;

	pads->size = (size_t)EVP_MD_get_block_size(md);
	if (pads->size > sizeof block)
		return false;
	if (key_len > pads->size)
		ok = EVP_Digest(key, key_len, block, &len, md, NULL) == 1;
	else
		memcpy(block, key, key_len);
	for (size_t i = 0; i < pads->size; i++) {
		pads->inner[i] = block[i] ^ 0x36;
		pads->outer[i] = block[i] ^ 0x5c;
	}
	OPENSSL_cleanse(block, sizeof block);
	return ok;
}

/* ------------------------------------------------------------------ by EVP */

static bool evp_begin(EVP_MD_CTX **ctx, const EVP_MD *md, const uint8_t *bytes, size_t len)
{
	*ctx = EVP_MD_CTX_new();
	return *ctx && EVP_DigestInit_ex2(*ctx, md, NULL) == 1 &&
	       EVP_DigestUpdate(*ctx, bytes, len) == 1;
}

static bool evp_prepare(struct drvp_digester *d, const struct pads *pads)
{
	return evp_begin(&d->work, d->md, NULL, 0) &&
	       (!d->keyed || (evp_begin(&d->inner, d->md, pads->inner, pads->size) &&
			      evp_begin(&d->outer, d->md, pads->outer, pads->size)));
}

/* begin NULL: an empty state. */
static bool evp_hash(struct drvp_digester *d, const EVP_MD_CTX *begin, const void *bytes, size_t len,
		     uint8_t *out)
{
	return (begin ? EVP_MD_CTX_copy_ex(d->work, begin) :
			EVP_DigestInit_ex2(d->work, NULL, NULL)) == 1 &&
	       EVP_DigestUpdate(d->work, bytes, len) == 1 &&
	       EVP_DigestFinal_ex(d->work, out, NULL) == 1;
}

static bool evp_digest(struct drvp_digester *d, const void *bytes, size_t len, uint8_t *out)
{
	return evp_hash(d, d->inner, bytes, len, out) &&
	       (!d->keyed || evp_hash(d, d->outer, out, d->size, out));
}

/* ------------------------------------------------------------------ past EVP */

#ifdef DRVP_HAVE_SHA256
/* Deprecated since OpenSSL 3.0. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

static bool direct_begin(SHA256_CTX *state, const uint8_t *bytes, size_t len)
{
	return SHA256_Init(state) == 1 && SHA256_Update(state, bytes, len) == 1;
}

static bool direct_hash(struct drvp_digester *d, const SHA256_CTX *begin, const void *bytes,
			size_t len, uint8_t *out)
{
	d->work256 = *begin;
	return SHA256_Update(&d->work256, bytes, len) == 1 && SHA256_Final(out, &d->work256) == 1;
}

#pragma GCC diagnostic pop

static bool prepare(struct drvp_digester *d, int algorithm, const struct pads *pads)
{
	d->direct = algorithm == DRVP_SHA256;
	if (!d->direct)
		return evp_prepare(d, pads);
	return direct_begin(&d->inner256, pads->inner, pads->size) &&
	       direct_begin(&d->outer256, pads->outer, pads->size);
}

static bool digest(struct drvp_digester *d, const void *bytes, size_t len, uint8_t *out)
{
	if (!d->direct)
		return evp_digest(d, bytes, len, out);
	return direct_hash(d, &d->inner256, bytes, len, out) &&
	       (!d->keyed || direct_hash(d, &d->outer256, out, d->size, out));
}
#else
static bool prepare(struct drvp_digester *d, int algorithm, const struct pads *pads)
{
	(void)algorithm;
	return evp_prepare(d, pads);
}

static bool digest(struct drvp_digester *d, const void *bytes, size_t len, uint8_t *out)
{
	return evp_digest(d, bytes, len, out);
}
#endif

/* ------------------------------------------------------------------ digesters */

int drvp_digester_new(struct drvp_digester **out, int algorithm, const void *key, size_t key_len,
		      struct drv_error *err)
{
	struct drvp_digester *d = calloc(1, sizeof *d);
	struct pads pads = { .size = 0 };
	bool ok;

	*out = NULL;
	if (!d)
		return drvp_fail_nomem(err);
	d->size = drvp_algorithm_size(algorithm);
	d->keyed = key;
	d->md = EVP_MD_fetch(NULL, algorithm_name(algorithm), NULL);
	ok = d->md && (!key || make_pads(&pads, d->md, key, key_len)) &&
	     prepare(d, algorithm, &pads);
	OPENSSL_cleanse(&pads, sizeof pads);
	if (!ok) {
		drvp_digester_free(&d);
		return drvp_fail(err, DRV_E_INTERNAL, "OpenSSL offers no %s",
				 algorithm_name(algorithm));
	}
	*out = d;
	return 0;
}

int drvp_digest(struct drvp_digester *d, const void *bytes, size_t len, uint8_t *out)
{
	return digest(d, bytes, len, out) ? 0 : DRV_E_INTERNAL;
}

size_t drvp_digest_size(const struct drvp_digester *d)
{
	return d->size;
}

void drvp_digester_free(struct drvp_digester **digester)
{
	struct drvp_digester *d = *digester;

	if (!d)
		return;
	EVP_MD_CTX_free(d->work);
	EVP_MD_CTX_free(d->inner);
	EVP_MD_CTX_free(d->outer);
	EVP_MD_free(d->md);
	OPENSSL_cleanse(d, sizeof *d);
	free(d);
	*digester = NULL;
}

int drvp_sha256_print(char out[DRVP_SHA256_TEXT], const void *bytes, size_t len,
		      struct drv_error *err)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t digest[DRVP_DIGEST_MAX];
	struct drvp_digester *digester;
	int status = drvp_digester_new(&digester, DRVP_SHA256, NULL, 0, err);

	out[0] = '\0';
	if (status)
		return status;
	status = drvp_digest(digester, bytes, len, digest);
	if (status)
		drvp_fail(err, status, "libcrypto cannot compute SHA-256");
	for (size_t i = 0; !status && i < DRVP_SHA256_TEXT - 1; i++)
		out[i] = digits[digest[i / 2] >> (i % 2 ? 0 : 4) & 15];
	out[status ? 0 : DRVP_SHA256_TEXT - 1] = '\0';
	drvp_digester_free(&digester);
	return status;
}

int drvp_random(void *bytes, size_t len, struct drv_error *err)
{
	if (RAND_priv_bytes(bytes, (int)len) != 1)
		return drvp_fail(err, DRV_E_INTERNAL, "OpenSSL has no random bytes");
	return 0;
}

void drvp_cleanse(void *bytes, size_t len)
{
	OPENSSL_cleanse(bytes, len);
}

/*
 * Every row's hashes pass through here, so 16 digits are decoded at once, and whether all were
 * digits is asked once, at the end. A comparison gives 0xFF where it holds.
 */
typedef uint8_t digits __attribute__((vector_size(16)));
typedef uint16_t pairs __attribute__((vector_size(16)));
typedef uint8_t eight __attribute__((vector_size(8)));

static inline digits digit_values(digits text, digits *wrong)
{
	digits digit = text - '0', letter = (text | 0x20) - 'a';
	digits is_digit = (digits)(digit <= 9);

	*wrong |= ~is_digit & (digits)(letter > 5);
	return (digit & is_digit) | ((letter + 10) & ~is_digit);
}

static inline void decode_digits(const char *text, uint8_t *out, digits *wrong)
{
	digits block;
	pairs values;
	eight joined;

	memcpy(&block, text, sizeof block);
	block = digit_values(block, wrong);
	memcpy(&values, &block, sizeof block);
	/* The first digit of two counts sixteen, whichever end of the number it became. */
	values = __BYTE_ORDER == __LITTLE_ENDIAN ? values << 4 | values >> 8 : values >> 4 | values;
	joined = __builtin_convertvector(values & 0xFF, eight);
	memcpy(out, &joined, sizeof joined);
}

long drvp_hex_decode(const char *text, size_t len, uint8_t *out, size_t size)
{
	digits wrong = { 0 };
	uint64_t halves[2];
	size_t i = 0;

	if (len % 2 || len / 2 > size)
		return -1;
	for (; len - i >= sizeof wrong; i += sizeof wrong)
		decode_digits(text + i, out + i / 2, &wrong);
	if (i < len) {
		char last[sizeof wrong];
		uint8_t decoded[sizeof wrong / 2];

		memset(last, '0', sizeof last);
		memcpy(last, text + i, len - i);
		decode_digits(last, decoded, &wrong);
		memcpy(out + i / 2, decoded, (len - i) / 2);
	}
	memcpy(halves, &wrong, sizeof wrong);
	return halves[0] | halves[1] ? -1 : (long)(len / 2);
}

/* Eight bytes, each of which becomes two digits. */
static inline void encode_eight(char *out, const uint8_t *in)
{
	eight few;
	pairs values;
	digits text;

	memcpy(&few, in, sizeof few);
	values = __builtin_convertvector(few, pairs);
	values = __BYTE_ORDER == __LITTLE_ENDIAN ? values >> 4 | (values & 15) << 8 :
						   (values & 0xF0) << 4 | (values & 15);
	memcpy(&text, &values, sizeof text);
	text += '0' + ((digits)(text > 9) & ('a' - '0' - 10));
	memcpy(out, &text, sizeof text);
}

void drvp_hex_encode(char *out, const void *bytes, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	const uint8_t *in = bytes;
	size_t i = 0;

	for (; len - i >= sizeof(eight); i += sizeof(eight))
		encode_eight(out + 2 * i, in + i);
	for (; i < len; i++) {
		out[2 * i] = hex[in[i] >> 4];
		out[2 * i + 1] = hex[in[i] & 15];
	}
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* OpenSSL's decoder takes white space and does not say how much padding it saw; a stored value
 * has to be exact. */
long drvp_base64_decode(const char *text, size_t len, uint8_t *out, size_t size)
{
	size_t padding = 0, n = 0;
	uint32_t bits = 0;

	if (len % 4)
		return -1;
	while (padding < 2 && padding < len && text[len - 1 - padding] == '=')
		padding++;
	if (len / 4 * 3 - padding > size)
		return -1;
	for (size_t i = 0; i < len; i++) {
		int digit = i < len - padding ? base64_digit(text[i]) : 0;

		if (digit < 0)
			return -1;
		bits = bits << 6 | (uint32_t)digit;
		if (i % 4 != 3)
			continue;
		for (int shift = 16; shift >= 0; shift -= 8)
			if (n < len / 4 * 3 - padding)
				out[n++] = (uint8_t)(bits >> shift);
			else if (bits >> shift & 0xFF)
				return -1;
		bits = 0;
	}
	return (long)n;
}
