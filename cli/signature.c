/* signature.c: the signature of a document, which stands beside it */
#include "signature.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "message.h"

char *signature_path(const char *path)
{
	char *beside;

	return asprintf(&beside, "%s.sig", path) < 0 ? NULL : beside;
}

int signature_write(const struct private_key *key, const char *path, const void *bytes, size_t len,
		    FILE *people)
{
	unsigned char signature[SIGNATURE_SIZE];
	char *beside = signature_path(path);
	int failed = -1;

	if (!beside)
		complain("out of memory");
	else if (!key_sign(key, bytes, len, signature)) {
		failed = file_replace(beside, signature, sizeof signature, 0777);
		if (failed)
			complain("the signature could not be written to \"%s\": %s; sign \"%s\" with "
				 "drverify sign once that is mended", beside, strerror(errno), path);
		else if (people)
			fprintf(people, "signature  %s\n", beside);
	}
	free(beside);
	return failed;
}
