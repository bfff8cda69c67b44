/* digest.h: SHA-2 and HMAC over many short messages, and their text forms */
#ifndef DRVP_DIGEST_H
#define DRVP_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define DRVP_DIGEST_MAX 64           /* bytes of SHA-512 */

enum drvp_digest_algorithm { DRVP_SHA256, DRVP_SHA384, DRVP_SHA512 };

/* Bytes that an algorithm gives. */
size_t drvp_algorithm_size(int algorithm);

/* A digester is fetched once and used for any number of messages, by one thread at a time. */
struct drvp_digester;

/*
 * key NULL: the plain hash. Else HMAC (RFC 2104) with key_len bytes of key, copied.
 */
int drvp_digester_new(struct drvp_digester **out, int algorithm, const void *key, size_t key_len,
		      struct drv_error *err);

/* Hashes one message into out, which has room for DRVP_DIGEST_MAX bytes. */
int drvp_digest(struct drvp_digester *digester, const void *bytes, size_t len, uint8_t *out);

/* Bytes that it gives. */
size_t drvp_digest_size(const struct drvp_digester *digester);

void drvp_digester_free(struct drvp_digester **digester);

/* The SHA-256 of some bytes in hexadecimal, as sha256sum prints it. */
#define DRVP_SHA256_TEXT 65
int drvp_sha256_print(char out[DRVP_SHA256_TEXT], const void *bytes, size_t len,
		      struct drv_error *err);

/* Secret bytes from the operating system. */
int drvp_random(void *bytes, size_t len, struct drv_error *err);

/* Overwrites a secret so that the compiler cannot leave it out. */
void drvp_cleanse(void *bytes, size_t len);

/* Writes 2 * len hexadecimal digits, in lower case. */
void drvp_hex_encode(char *out, const void *bytes, size_t len);

/*
 * Decodes hexadecimal in either case, or padded base64 (RFC 4648), into at most size bytes.
 * Returns the number of bytes, or -1 when the text is not exactly of that form or does not fit.
 */
long drvp_hex_decode(const char *text, size_t len, uint8_t *out, size_t size);
long drvp_base64_decode(const char *text, size_t len, uint8_t *out, size_t size);

#endif
