/* cmd_keygen.c: drverify keygen FILE */
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "file.h"
#include "key.h"
#include "message.h"

static int create(const char *path, BIO *pem, mode_t mode)
{
	char *bytes;
	long len = BIO_get_mem_data(pem, &bytes);

	if (!file_create(path, bytes, (size_t)len, mode))
		return 0;
	if (errno == EEXIST)
		complain("\"%s\" exists, and a key is never overwritten: give the new one another name",
			 path);
	else
		complain("the key could not be written to \"%s\": %s", path, strerror(errno));
	return -1;
}

static int make_files(EVP_PKEY *key, const char *path, const char *public)
{
	BIO *secret = BIO_new(BIO_s_secmem()), *open = BIO_new(BIO_s_mem());
	int failed = -1;

	if (!secret || !open || PEM_write_bio_PKCS8PrivateKey(secret, key, NULL, NULL, 0, NULL,
							      NULL) != 1 ||
	    PEM_write_bio_PUBKEY(open, key) != 1)
		complain("OpenSSL cannot write an Ed25519 key");
	else if (!create(path, secret, 0600)) {
		failed = create(public, open, 0644);
		/* Half a pair is of no use, and this one has signed nothing yet. */
		if (failed)
			unlink(path);
	}
	BIO_free(secret);
	BIO_free(open);
	return failed;
}

/* What whoever receives the public key compares. */
static void print_fingerprint(EVP_PKEY *key)
{
	unsigned char *der = NULL, digest[EVP_MAX_MD_SIZE];
	unsigned int size = 0;
	int len = i2d_PUBKEY(key, &der);

	if (len > 0 && EVP_Digest(der, (size_t)len, digest, &size, EVP_sha256(), NULL) == 1) {
		fputs("sha256   of the public key: ", stdout);
		for (unsigned int i = 0; i < size; i++)
			printf("%02x", digest[i]);
		putchar('\n');
	}
	OPENSSL_free(der);
}

static int make(const char *path)
{
	EVP_PKEY *key;
	char *public;
	int failed = -1;

	key_secure_memory();
	key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	if (!key)
		complain("OpenSSL makes no Ed25519 key as it is set up here; look at its configuration "
			 "(FIPS?)");
	else if (asprintf(&public, "%s.pub", path) < 0)
		complain("out of memory");
	else {
		failed = make_files(key, path, public);
		if (!failed) {
			printf("private  %s: keep it where documents are signed, and nowhere else\n"
			       "public   %s: whoever verifies gives it to --trust\n", path, public);
			print_fingerprint(key);
		}
		free(public);
	}
	EVP_PKEY_free(key);
	return failed;
}

int cmd_keygen(const struct options *options)
{
	const char *path = options->operand;
	size_t len = path ? strlen(path) : 0;

	if (!len || !strcmp(path, "-"))
		complain("no file: drverify keygen FILE writes the private key to FILE, never to "
			 "standard output, and the public one to FILE.pub");
	else if (len > 4 && !strcmp(path + len - 4, ".pub"))
		complain("name the file of the private key; the public one goes to that name with .pub");
	else
		return make(path) ? EXIT_UNDECIDED : 0;
	return EXIT_UNDECIDED;
}
