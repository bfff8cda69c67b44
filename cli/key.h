/* key.h: private keys, which no other file sees from inside */
#ifndef KEY_H
#define KEY_H

#include <stddef.h>

#define SIGNATURE_SIZE 64

/* An Ed25519 key. Nothing prints it, and freeing it overwrites it. */
struct private_key;

/* From here on OpenSSL keeps keys where they are neither swapped out nor put into core files. */
void key_secure_memory(void);

/*
 * Reads the key that an option names; with path NULL there is none. May ask for a passphrase on the
 * terminal. Returns 0, or -1 after a complaint.
 */
int key_read(struct private_key **key, const char *path, const char *option);

int key_sign(const struct private_key *key, const void *bytes, size_t len,
	     unsigned char signature[SIGNATURE_SIZE]);

/* Accepts a pointer to NULL, and nulls the pointer. */
void key_free(struct private_key **key);

#endif
