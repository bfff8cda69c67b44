/* test_signature.c: only the signed bytes are accepted, only from a trusted key, and never parsed before */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "document/baseline.h"
#include "drverify.h"
#include "run/run.h"

#define DOCUMENT "{ \"format\": \"drverify/1\",\n  \"sources\": { \"main\": { \"store\": \"postgresql\" } },\n" \
		 "  \"checks\": [] }\n"
#define MOST 512

struct bytes {
	uint8_t bytes[MOST];
	size_t len;
};

static struct drv_error error;

static struct bytes from_hex(const char *text)
{
	struct bytes b = { .len = strlen(text) / 2 };

	assert_int_equal(drvp_hex_decode(text, strlen(text), b.bytes, MOST), b.len);
	return b;
}

/* ------------------------------------------------------------------ keys */

static struct bytes read_bio(BIO *bio)
{
	struct bytes b;
	int len = BIO_read(bio, b.bytes, MOST);

	assert_true(len > 0);
	b.len = (size_t)len;
	BIO_free(bio);
	return b;
}

static struct bytes public_pem(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());

	assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
	return read_bio(bio);
}

static struct bytes private_pem(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());

	assert_int_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
	return read_bio(bio);
}

static struct bytes raw_pem(const char *hex)
{
	struct bytes raw = from_hex(hex), pem;
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw.bytes, raw.len);

	pem = public_pem(key);
	EVP_PKEY_free(key);
	return pem;
}

static struct bytes sign(EVP_PKEY *key, const void *bytes, size_t len)
{
	struct bytes signature = { .len = MOST };
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	assert_int_equal(EVP_DigestSignInit(context, NULL, NULL, NULL, key), 1);
	assert_int_equal(EVP_DigestSign(context, signature.bytes, &signature.len, bytes, len), 1);
	EVP_MD_CTX_free(context);
	assert_int_equal(signature.len, 64);
	return signature;
}

static struct drv_trust *trust_in(const struct bytes *pem, const char *name)
{
	struct drv_trust *trust;

	assert_int_equal(drv_trust_new(&trust, &error), 0);
	assert_int_equal(drv_trust_add(trust, name, pem->bytes, pem->len, &error), 0);
	return trust;
}

static int add_text(const char *pem, size_t len)
{
	struct drv_trust *trust;
	int status;

	assert_int_equal(drv_trust_new(&trust, &error), 0);
	status = drv_trust_add(trust, "ops", pem, len, &error);
	drv_trust_free(&trust);
	assert_null(trust);
	return status;
}

static void expect_no_key(const struct bytes *pem, const char *says)
{
	assert_int_equal(add_text((const char *)pem->bytes, pem->len), DRV_E_USAGE);
	assert_non_null(strstr(error.message, "\"ops\""));
	if (!strstr(error.message, says))
		fail_msg("\"%s\" is missing in: %s", says, error.message);
}

/* ------------------------------------------------------------------ published vectors */

static const struct vector {
	const char *key, *message, *signature;
} vectors[] = {
	/* RFC 8032, 7.1: TEST 1, TEST 2, TEST 3, TEST SHA(abc). */
	{ "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
	  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
	  "b46bd25bf5f0595bbe24655141438e7a100b" },
	{ "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
	  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f1"
	  "1d8c387b2eaeb4302aeeb00d291612bb0c00" },
	{ "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
	  "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984d"
	  "c6594a7c15e9716ed28dc027beceea1ec40a" },
	{ "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
	  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3fe"
	  "ebbd454d4423643ce80e2a9ac94fa54ca49f",
	  "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431"
	  "e0303dca179c138ac17ad9bef1177331a704" },
};

static int check(const struct drv_trust *trust, const struct bytes *message,
		 const struct bytes *signature)
{
	struct drvp_signed document = { "report.json", message->bytes, message->len,
					signature->bytes, signature->len };
	struct drvp_signer signer;
	int status = drvp_signature_check(&signer, trust, &document, &error);

	if (!status)
		assert_string_equal(signer.name, "rfc");
	return status;
}

static void published_vectors_hold(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		struct bytes pem = raw_pem(vectors[i].key), message = from_hex(vectors[i].message);
		struct bytes signature = from_hex(vectors[i].signature);
		struct drv_trust *trust = trust_in(&pem, "rfc");

		assert_int_equal(check(trust, &message, &signature), 0);
		drv_trust_free(&trust);
	}
}

/* Every bit of message and signature counts; and so does S being less than the group's order. */
static void nothing_near_a_vector_holds(void **state)
{
	static const uint8_t order[32] = {
		0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
		0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10
	};
	struct bytes pem = raw_pem(vectors[2].key), message = from_hex(vectors[2].message);
	struct bytes signature = from_hex(vectors[2].signature);
	struct drv_trust *trust = trust_in(&pem, "rfc");
	unsigned carry = 0;

	(void)state;
	for (size_t bit = 0; bit < 8 * message.len; bit++) {
		message.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(check(trust, &message, &signature), DRV_E_UNTRUSTED);
		message.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t bit = 0; bit < 8 * signature.len; bit++) {
		signature.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(check(trust, &message, &signature), DRV_E_UNTRUSTED);
		signature.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_int_equal(check(trust, &message, &signature), 0);
	for (size_t i = 0; i < 32; i++) {
		carry += (unsigned)signature.bytes[32 + i] + order[i];
		signature.bytes[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_int_equal(check(trust, &message, &signature), DRV_E_UNTRUSTED);
	drv_trust_free(&trust);
}

static void a_signature_of_another_length_is_none(void **state)
{
	struct bytes pem = raw_pem(vectors[2].key), message = from_hex(vectors[2].message);
	struct bytes signature = from_hex(vectors[2].signature);
	struct drv_trust *trust = trust_in(&pem, "rfc");

	(void)state;
	for (size_t len = 0; len <= 130; len++) {
		signature.len = len;
		assert_int_equal(check(trust, &message, &signature), len == 64 ? 0 : DRV_E_UNTRUSTED);
		if (len && len != 64)
			assert_non_null(strstr(error.message, "raw Ed25519 signature has 64"));
		else if (!len)
			assert_non_null(strstr(error.message, "not signed"));
	}
	drv_trust_free(&trust);
}

/* ------------------------------------------------------------------ documents */

static int parse(struct drv_baseline **baseline, const char *text, size_t len,
		 const struct bytes *signature, const struct drv_trust *trust)
{
	return drv_baseline_parse_signed(baseline, text, len, "report.json", signature->bytes,
					 signature->len, trust, &error);
}

static void a_signed_document_says_who_signed_it(void **state)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	EVP_PKEY *other = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	struct bytes pem = public_pem(key), before = public_pem(other);
	struct bytes signature = sign(key, DOCUMENT, strlen(DOCUMENT));
	struct drv_trust *trust = trust_in(&before, "ops-2024");
	struct drv_baseline *baseline;
	struct drv_run *run;

	(void)state;
	assert_int_equal(parse(&baseline, DOCUMENT, strlen(DOCUMENT), &signature, trust),
			 DRV_E_UNTRUSTED);
	assert_null(baseline);
	assert_non_null(strstr(error.message, "report.json: the trusted key \"ops-2024\""));
	assert_int_equal(drv_trust_add(trust, "ops-2025", pem.bytes, pem.len, &error), 0);
	assert_int_equal(parse(&baseline, DOCUMENT, strlen(DOCUMENT), &signature, trust), 0);
	drv_trust_free(&trust);
	assert_string_equal(drv_baseline_signer(baseline), "ops-2025");
	assert_int_equal(strlen(baseline->signer.fingerprint), 64);
	/* Its code may run. */
	assert_int_equal(drv_run_new(&run, baseline, NULL, &error), 0);
	assert_true(run->settings.allow_sql);
	drv_run_free(&run);
	drv_baseline_free(&baseline);
	/* What nobody was asked to have signed is as it was. */
	assert_int_equal(drv_baseline_parse(&baseline, DOCUMENT, strlen(DOCUMENT), "x", &error), 0);
	assert_string_equal(drv_baseline_signer(baseline), "");
	assert_int_equal(drv_run_new(&run, baseline, NULL, &error), 0);
	assert_false(run->settings.allow_sql);
	drv_run_free(&run);
	drv_baseline_free(&baseline);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

struct changed {
	const char *text, *says;
};

static void a_changed_document_is_refused_before_it_is_parsed(void **state)
{
	static const char moved[] = "ends of lines, the end of the file or a byte order mark";
	static const char other[] = "the document or its signature was changed";
	static const char swapped[] =
		"{ \"format\": \"drverify/1\",\n  \"checks\": [],\n"
		"  \"sources\": { \"main\": { \"store\": \"postgresql\" } } }\n";
	static const char crlf[] =
		"{ \"format\": \"drverify/1\",\r\n  \"sources\": { \"main\": { \"store\": \"postgresql\" } },\r\n"
		"  \"checks\": [] }\r\n";
	const struct changed cases[] = {
		{ crlf, moved }, { "\xEF\xBB\xBF" DOCUMENT, moved }, { DOCUMENT "\n", moved },
		{ DOCUMENT " ", other }, { " " DOCUMENT, other }, { swapped, other },
		{ "{ \"format\": \"drverify/1\",\n", other }, { "", other }, { "not JSON", other },
	};
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	struct bytes pem = public_pem(key), signature = sign(key, DOCUMENT, strlen(DOCUMENT));
	struct drv_trust *trust = trust_in(&pem, "ops");
	struct drv_baseline *baseline;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(parse(&baseline, cases[i].text, strlen(cases[i].text), &signature,
				       trust), DRV_E_UNTRUSTED);
		assert_null(baseline);
		if (!strstr(error.message, cases[i].says))
			fail_msg("case %zu: %s", i, error.message);
	}
	/* Cut at every place; the very last one takes the newline alone. */
	for (size_t len = 0; len < strlen(DOCUMENT); len++)
		assert_int_equal(parse(&baseline, DOCUMENT, len, &signature, trust), DRV_E_UNTRUSTED);
	assert_non_null(strstr(error.message, moved));
	drv_trust_free(&trust);
	EVP_PKEY_free(key);
}

/* It was signed, so it is parsed, and the mistake is that of the document. */
static void a_signature_makes_no_document(void **state)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	struct bytes pem = public_pem(key), signature = sign(key, "{ oops", 6);
	struct drv_trust *trust = trust_in(&pem, "ops");
	struct drv_baseline *baseline;

	(void)state;
	assert_int_equal(parse(&baseline, "{ oops", 6, &signature, trust), DRV_E_DOCUMENT);
	assert_null(baseline);
	assert_non_null(strstr(error.message, "report.json:1:3: "));
	drv_trust_free(&trust);
	EVP_PKEY_free(key);
}

/* The signature is right, but nobody said that its key is. */
static void without_a_key_nothing_is_trusted(void **state)
{
	struct bytes message = from_hex(vectors[2].message);
	struct bytes signature = from_hex(vectors[2].signature);
	struct drv_trust *trust;

	(void)state;
	assert_int_equal(drv_trust_new(&trust, &error), 0);
	assert_int_equal(check(trust, &message, &signature), DRV_E_UNTRUSTED);
	assert_non_null(strstr(error.message, "no key is trusted"));
	drv_trust_free(&trust);
	drv_trust_free(&trust);
}

/* ------------------------------------------------------------------ what is no trusted key */

static void other_keys_are_refused(void **state)
{
	static const char *const types[] = { "RSA", "EC", "X25519", "ED448" };
	EVP_PKEY *keys[] = {
		EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024),
		EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"),
		EVP_PKEY_Q_keygen(NULL, NULL, "X25519"), EVP_PKEY_Q_keygen(NULL, NULL, "ED448"),
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct bytes pem = public_pem(keys[i]);

		expect_no_key(&pem, types[i]);
		EVP_PKEY_free(keys[i]);
	}
}

static void join(struct bytes *to, const struct bytes *more)
{
	memcpy(to->bytes + to->len, more->bytes, more->len);
	to->len += more->len;
}

static void a_private_key_is_refused(void **state)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	struct bytes secret = private_pem(key), open = public_pem(key), both = secret;

	(void)state;
	expect_no_key(&secret, "is a private key");
	join(&both, &open);
	expect_no_key(&both, "is a private key");
	both = open;
	join(&both, &secret);
	expect_no_key(&both, "more than one key");
	both = open;
	join(&both, &open);
	expect_no_key(&both, "more than one key");
	EVP_PKEY_free(key);
}

static void what_is_no_key_is_refused(void **state)
{
	static const char *const texts[] = {
		"", "\n", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE", "-----BEGIN PUBLIC KEY-----\n",
		"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
		"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n",
		"-----BEGIN CERTIFICATE-----\nMCow\n-----END CERTIFICATE-----\n",
	};
	struct bytes pem = raw_pem(vectors[0].key);
	char *huge = calloc(1, 100000);

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (add_text(texts[i], strlen(texts[i])) != DRV_E_USAGE)
			fail_msg("%s", texts[i]);
	assert_non_null(strstr(error.message, "is a CERTIFICATE"));
	for (size_t len = 0; len + 2 < pem.len; len++)
		assert_int_equal(add_text((const char *)pem.bytes, len), DRV_E_USAGE);
	assert_int_equal(add_text((const char *)pem.bytes, pem.len), 0);
	assert_int_equal(add_text(huge, 100000), DRV_E_USAGE);
	free(huge);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_vectors_hold),
		cmocka_unit_test(nothing_near_a_vector_holds),
		cmocka_unit_test(a_signature_of_another_length_is_none),
		cmocka_unit_test(a_signed_document_says_who_signed_it),
		cmocka_unit_test(a_changed_document_is_refused_before_it_is_parsed),
		cmocka_unit_test(a_signature_makes_no_document),
		cmocka_unit_test(without_a_key_nothing_is_trusted),
		cmocka_unit_test(other_keys_are_refused),
		cmocka_unit_test(a_private_key_is_refused),
		cmocka_unit_test(what_is_no_key_is_refused),
	};

	error = (struct drv_error)DRV_ERROR_INIT;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
