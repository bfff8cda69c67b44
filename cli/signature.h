/* signature.h: the signature of a document, which stands beside it */
#ifndef SIGNATURE_H
#define SIGNATURE_H

#include <stdio.h>

#include "key.h"

/* PATH.sig, to be freed; NULL when memory is out. */
char *signature_path(const char *path);

/*
 * Signs what a file holds, writes PATH.sig, and says so on people unless it is NULL. Returns 0, or
 * -1 after a complaint.
 */
int signature_write(const struct private_key *key, const char *path, const void *bytes, size_t len,
		    FILE *people);

#endif
