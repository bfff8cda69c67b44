/* key.c: private keys, which no other file sees from inside */
#include "key.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "input.h"
#include "message.h"

#define PASSPHRASE_MAX 1024
/* Bytes of an Ed25519 private key, from which all else follows. */
#define SEED_SIZE 32

/*
 * In secure memory. It becomes an EVP_PKEY only while it signs, because OpenSSL keeps that among
 * everything else.
 */
struct private_key {
	unsigned char seed[SEED_SIZE];
};

void key_secure_memory(void)
{
	CRYPTO_secure_malloc_init((size_t)1 << 16, 32);
}

/*
 * Asks on the terminal alone: OpenSSL would fall back on standard input, which may be a document.
 * Returns the length, or -1.
 */
static int ask(char *passphrase, int size, const char *path)
{
	int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);
	char prompt[256];

	if (terminal < 0)
		return -1;
	close(terminal);
	snprintf(prompt, sizeof prompt, "Passphrase of %s: ", path);
	if (EVP_read_pw_string(passphrase, size, prompt, 0))
		return -1;
	return (int)strlen(passphrase);
}

static size_t find(const char *bytes, size_t from, size_t len, const char *text)
{
	const char *at = memmem(bytes + from, len - from, text, strlen(text));

	return at ? (size_t)(at - bytes) : len;
}

/*
 * Decodes a block of PEM with that label in place. Returns its length, or -1. PEM_read_bio() would
 * leave pieces of it behind in memory that it gives back.
 */
static long decode_block(char *bytes, size_t len, const char *label)
{
	char begin[64], end[64];
	size_t at, to, n = 0, padding = 0;
	int size;

	snprintf(begin, sizeof begin, "-----BEGIN %s-----", label);
	snprintf(end, sizeof end, "-----END %s-----", label);
	at = find(bytes, 0, len, begin);
	if (at == len)
		return -1;
	at += strlen(begin);
	to = find(bytes, at, len, end);
	if (to == len)
		return -1;
	for (; at < to; at++)
		if (!memchr(" \t\r\n", bytes[at], 4))
			bytes[n++] = bytes[at];
	while (padding < 2 && padding < n && bytes[n - 1 - padding] == '=')
		padding++;
	size = EVP_DecodeBlock((unsigned char *)bytes, (unsigned char *)bytes, (int)n);
	return size < (int)padding ? -1 : size - (long)padding;
}

static PKCS8_PRIV_KEY_INFO *open_protected(const char *path, const unsigned char *der, long len)
{
	X509_SIG *protected = d2i_X509_SIG(NULL, &der, len);
	char passphrase[PASSPHRASE_MAX];
	int size = protected ? ask(passphrase, (int)sizeof passphrase, path) : -1;
	PKCS8_PRIV_KEY_INFO *info =
		size >= 0 ? PKCS8_decrypt(protected, passphrase, size) : NULL;

	OPENSSL_cleanse(passphrase, sizeof passphrase);
	X509_SIG_free(protected);
	return info;
}

/* An Ed25519 key is an OCTET STRING with its bytes, inside of another one. */
static int take_seed(struct private_key *key, const PKCS8_PRIV_KEY_INFO *info, const char *path)
{
	const unsigned char *octets = NULL;
	const ASN1_OBJECT *type;
	int len = 0;

	if (PKCS8_pkey_get0(&type, &octets, &len, NULL, info) != 1)
		type = NULL;
	if (type && OBJ_obj2nid(type) == NID_ED25519 && len == 2 + SEED_SIZE &&
	    octets[0] == V_ASN1_OCTET_STRING && octets[1] == SEED_SIZE) {
		memcpy(key->seed, octets + 2, SEED_SIZE);
		return 0;
	}
	complain("the private key \"%s\" is of type %s, and documents are signed with Ed25519: make "
		 "such a key with drverify keygen", path,
		 type ? OBJ_nid2sn(OBJ_obj2nid(type)) : "unknown");
	return -1;
}

/* Decodes in place what was read from path. */
static int decode(struct private_key *key, const char *path, char *bytes, size_t len)
{
	bool protected = find(bytes, 0, len, "-----BEGIN ENCRYPTED PRIVATE KEY-----") < len;
	long size = decode_block(bytes, len, protected ? "ENCRYPTED PRIVATE KEY" : "PRIVATE KEY");
	const unsigned char *der = (const unsigned char *)bytes;
	PKCS8_PRIV_KEY_INFO *info = NULL;
	int status = -1;

	if (size >= 0)
		info = protected ? open_protected(path, der, size)
				 : d2i_PKCS8_PRIV_KEY_INFO(NULL, &der, size);
	if (info)
		status = take_seed(key, info, path);
	else if (size >= 0 && protected)
		complain("the private key \"%s\" is protected, and was not opened: give its passphrase "
			 "on a terminal", path);
	else
		complain("\"%s\" holds no private key in PEM form (-----BEGIN PRIVATE KEY-----): make "
			 "one with drverify keygen", path);
	PKCS8_PRIV_KEY_INFO_free(info);
	return status;
}

/* As ssh does. A file of another owner that the group may read is how such a secret is mounted. */
static bool is_open_to_others(const struct stat *status)
{
	mode_t others = status->st_uid == geteuid() ? 0077 : 0007;

	return S_ISREG(status->st_mode) && status->st_mode & others;
}

static int take_key(struct private_key **key, const char *path, char *bytes, size_t len,
		    const struct stat *status)
{
	if (find(bytes, 0, len, "-----BEGIN PUBLIC KEY-----") < len) {
		complain("\"%s\" is a public key, and only the private one signs: the file of the same "
			 "name without .pub", path);
		return -1;
	}
	if (is_open_to_others(status)) {
		complain("others may read the private key \"%s\", so it is not used: chmod 600 it, and "
			 "make a new one if somebody may have read it", path);
		return -1;
	}
	*key = OPENSSL_secure_zalloc(sizeof **key);
	if (!*key)
		complain("out of memory");
	else if (decode(*key, path, bytes, len))
		key_free(key);
	return *key ? 0 : -1;
}

int key_read(struct private_key **key, const char *path, const char *option)
{
	struct stat kind;
	char what[64], *bytes;
	size_t len;
	int status;

	*key = NULL;
	if (!path)
		return 0;
	/* Not the path: somebody may have given the key itself. */
	snprintf(what, sizeof what, "the private key that %s names", option);
	key_secure_memory();
	bytes = input_read(path, what, KEY_LIMIT, &len, &kind);
	if (!bytes)
		return -1;
	status = take_key(key, path, bytes, len, &kind);
	OPENSSL_cleanse(bytes, len);
	free(bytes);
	return status;
}

void key_free(struct private_key **key)
{
	OPENSSL_secure_clear_free(*key, sizeof **key);
	*key = NULL;
}

int key_sign(const struct private_key *key, const void *bytes, size_t len,
	     unsigned char signature[SIGNATURE_SIZE])
{
	EVP_PKEY *pair = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key->seed, SEED_SIZE);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t size = SIGNATURE_SIZE;
	bool made = pair && context &&
		    EVP_DigestSignInit(context, NULL, NULL, NULL, pair) == 1 &&
		    EVP_DigestSign(context, signature, &size, bytes, len) == 1 &&
		    size == SIGNATURE_SIZE;

	EVP_MD_CTX_free(context);
	EVP_PKEY_free(pair);
	if (made)
		return 0;
	complain("OpenSSL cannot sign with Ed25519 as it is set up here; look at its configuration "
		 "(FIPS?)");
	return -1;
}
