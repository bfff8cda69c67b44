/* test_digest.c: SHA-2 and HMAC against published vectors and OpenSSL; hexadecimal and base64 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/strbuf.h"
#include "prng.h"

/* len bytes, times over. */
struct repeated {
	const char *bytes;
	size_t len, times;
};

static void repeat(struct drvp_strbuf *out, const struct repeated *what)
{
	drvp_strbuf_clear(out);
	for (size_t i = 0; i < what->times; i++)
		drvp_strbuf_add(out, what->bytes, what->len);
}

static void published_vectors_hold(void **state)
{
	/* FIPS 180-4 examples; RFC 4231 test cases 1, 2, 3 and 6. */
	static const struct {
		struct repeated key, message;
		const char *digests[3];
	} vectors[] = {
		{ { NULL, 0, 0 }, { "", 0, 1 },
		  {
		    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		    "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da"
		    "274edebfe76f65fbd51ad2f14898b95b",
		    "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
		    "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e" } },
		{ { NULL, 0, 0 }, { "abc", 3, 1 },
		  {
		    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		    "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
		    "8086072ba1e7cc2358baeca134c825a7",
		    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
		    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" } },
		{ { NULL, 0, 0 },
		  { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, 1 },
		  {
		    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
		    "3391fdddfc8dc7393707a65b1b4709397cf8b1d162af05abfe8f450de5f36bc6"
		    "b0455a8520bc4e6f5fe95b1fe3c8452b",
		    "204a8fc6dda82f0a0ced7beb8e08a41657c16ef468b228a8279be331a703c335"
		    "96fd15c13b1b07f9aa1d3bea57789ca031ad85c7a71dd70354ec631238ca3445" } },
		{ { NULL, 0, 0 }, { "a", 1, 1000000 },
		  {
		    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
		    "9d0e1809716474cb086e834e310a4a1ced149e9c00f248527972cec5704c2a5b"
		    "07b8b3dc38ecc4ebae97ddd87f3d8985",
		    "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb"
		    "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b" } },
		{ { "\x0b", 1, 20 }, { "Hi There", 8, 1 },
		  {
		    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
		    "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59c"
		    "faea9ea9076ede7f4af152e8b2fa9cb6",
		    "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
		    "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854" } },
		{ { "Jefe", 4, 1 }, { "what do ya want for nothing?", 28, 1 },
		  {
		    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
		    "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
		    "8e2240ca5e69e2c78b3239ecfab21649",
		    "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
		    "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737" } },
		{ { "\xaa", 1, 20 }, { "\xdd", 1, 50 },
		  {
		    "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
		    "88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9febe83ef4e55966144b"
		    "2a5ab39dc13814b94e3ab6e101a34f27",
		    "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39"
		    "bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb" } },
		{ { "\xaa", 1, 131 },
		  { "Test Using Larger Than Block-Size Key - Hash Key First", 54, 1 },
		  {
		    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
		    "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c6"
		    "0c2ef6ab4030fe8296248df163f44952",
		    "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
		    "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598" } },
	};
	struct drvp_strbuf key = DRVP_STRBUF_INIT, message = DRVP_STRBUF_INIT;
	struct drvp_strbuf hex = DRVP_STRBUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
		for (int algorithm = DRVP_SHA256; algorithm <= DRVP_SHA512; algorithm++) {
			uint8_t digest[DRVP_DIGEST_MAX];
			struct drvp_digester *d;

			repeat(&key, &vectors[i].key);
			repeat(&message, &vectors[i].message);
			assert_int_equal(drvp_digester_new(&d, algorithm, key.len ? key.data : NULL,
							   key.len, NULL), 0);
			/* The second use must give what the first did. */
			for (int twice = 0; twice < 2; twice++) {
				assert_int_equal(drvp_digest(d, drvp_strbuf_text(&message),
							     message.len, digest), 0);
				drvp_strbuf_clear(&hex);
				drvp_strbuf_hex(&hex, digest, drvp_digest_size(d));
				assert_string_equal(hex.data,
						    vectors[i].digests[algorithm - DRVP_SHA256]);
			}
			drvp_digester_free(&d);
			assert_null(d);
			drvp_digester_free(&d);
		}
	drvp_strbuf_free(&key);
	drvp_strbuf_free(&message);
	drvp_strbuf_free(&hex);
}

static void fill(uint64_t *seed, uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)prng_next(seed);
}

/* Keys around the block sizes of 64 and 128 bytes, the empty one included. */
static void hmac_is_the_same_as_openssls(void **state)
{
	const EVP_MD *const names[] = { EVP_sha256(), EVP_sha384(), EVP_sha512() };
	uint64_t seed = 1;

	(void)state;
	for (size_t key_len = 0; key_len < 150; key_len++) {
		uint8_t key[150], message[300], ours[DRVP_DIGEST_MAX], theirs[DRVP_DIGEST_MAX];
		int algorithm = (int)prng_below(&seed, 3);
		struct drvp_digester *d;
		unsigned int len = 0;

		fill(&seed, key, sizeof key);
		fill(&seed, message, sizeof message);
		assert_int_equal(drvp_digester_new(&d, algorithm, key, key_len, NULL), 0);
		for (size_t message_len = 0; message_len < sizeof message; message_len += 7) {
			assert_non_null(HMAC(names[algorithm], key, (int)key_len, message,
					     message_len, theirs, &len));
			assert_int_equal(drvp_digest(d, message, message_len, ours), 0);
			assert_int_equal(drvp_digest_size(d), len);
			assert_memory_equal(ours, theirs, len);
		}
		drvp_digester_free(&d);
	}
}

static void hexadecimal_is_strict(void **state)
{
	static const char *const bad[] = { "0", "0g", "g0", " 0", "0x", "00 ", "0\0" };
	uint8_t out[4];

	(void)state;
	assert_int_equal(drvp_hex_decode("00fFA9", 6, out, 3), 3);
	assert_memory_equal(out, "\x00\xFF\xA9", 3);
	assert_int_equal(drvp_hex_decode("", 0, out, 0), 0);
	assert_int_equal(drvp_hex_decode("00fFA9", 6, out, 2), -1);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(drvp_hex_decode(bad[i], strlen(bad[i]), out, sizeof out), -1);
	assert_int_equal(drvp_hex_decode("0\0", 2, out, sizeof out), -1);
}

/* Every byte at every place of texts that are a whole number of blocks, and of others. */
static void hexadecimal_of_any_length_reads_back(void **state)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	uint64_t seed = 3;

	(void)state;
	for (size_t len = 0; len <= 40; len++) {
		uint8_t bytes[40], out[40];
		char written[80], two[3];
		char *text = malloc(2 * len + 1);

		assert_non_null(text);
		for (size_t i = 0; i < len; i++) {
			bytes[i] = (uint8_t)prng_next(&seed);
			snprintf(text + 2 * i, 3, i % 2 ? "%02x" : "%02X", bytes[i]);
		}
		assert_int_equal(drvp_hex_decode(text, 2 * len, out, len), len);
		assert_memory_equal(out, bytes, len);
		drvp_hex_encode(written, bytes, len);
		for (size_t i = 0; i < len; i++) {
			snprintf(two, sizeof two, "%02x", bytes[i]);
			assert_memory_equal(written + 2 * i, two, 2);
		}
		for (size_t i = 0; i < 2 * len; i++) {
			char kept = text[i];

			for (int c = 0; c < 256; c++) {
				text[i] = (char)c;
				assert_int_equal(drvp_hex_decode(text, 2 * len, out, len),
						 c && strchr(digits, c) ? (long)len : -1);
			}
			text[i] = kept;
		}
		free(text);
	}
}

static void base64_reads_what_openssl_writes(void **state)
{
	uint64_t seed = 2;

	(void)state;
	for (size_t len = 0; len < 100; len++) {
		uint8_t bytes[100], text[140], *back = malloc(len + 1);
		size_t text_len;

		assert_non_null(back);
		fill(&seed, bytes, len);
		text_len = (size_t)EVP_EncodeBlock(text, bytes, (int)len);
		assert_int_equal(drvp_base64_decode((char *)text, text_len, back, len), (long)len);
		assert_memory_equal(bytes, back, len);
		if (len)
			assert_int_equal(drvp_base64_decode((char *)text, text_len, back, len - 1),
					 -1);
		free(back);
	}
}

static void base64_is_strict(void **state)
{
	static const char *const bad[] = {
		"A", "AA", "AAA", "AA=", "A===", "====", "AA==AAAA", "AAA=AAA=", "AB==", "AAB=",
		"AA-_", "AA\nA", " AAA", "AAAA\n", "=AAA", "AA=A",
	};
	uint8_t out[16];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (drvp_base64_decode(bad[i], strlen(bad[i]), out, sizeof out) != -1)
			fail_msg("\"%s\" was accepted", bad[i]);
	assert_int_equal(drvp_base64_decode("+/8=", 4, out, sizeof out), 2);
	assert_memory_equal(out, "\xFB\xFF", 2);
}

static void random_bytes_differ_and_secrets_are_overwritten(void **state)
{
	uint8_t a[32] = { 0 }, b[32] = { 0 }, zero[32] = { 0 };

	(void)state;
	assert_int_equal(drvp_random(a, sizeof a, NULL), 0);
	assert_int_equal(drvp_random(b, sizeof b, NULL), 0);
	assert_memory_not_equal(a, b, sizeof a);
	drvp_cleanse(a, sizeof a);
	assert_memory_equal(a, zero, sizeof a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_vectors_hold),
		cmocka_unit_test(hmac_is_the_same_as_openssls),
		cmocka_unit_test(hexadecimal_is_strict),
		cmocka_unit_test(hexadecimal_of_any_length_reads_back),
		cmocka_unit_test(base64_reads_what_openssl_writes),
		cmocka_unit_test(base64_is_strict),
		cmocka_unit_test(random_bytes_differ_and_secrets_are_overwritten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
