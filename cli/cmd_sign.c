/* cmd_sign.c: drverify sign --key KEY FILE */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "drverify.h"
#include "input.h"
#include "message.h"
#include "signature.h"

/* A key that signs documents signs nothing else: what it means elsewhere is not known here. */
static int check_document(const char *path, const char *bytes, size_t len)
{
	struct drv_error error = DRV_ERROR_INIT;
	struct drv_baseline *baseline;

	if (drv_baseline_parse(&baseline, bytes, len, path, &error)) {
		complain("%s", error.message);
		return -1;
	}
	drv_baseline_free(&baseline);
	return 0;
}

static int sign(const char *path, const struct private_key *key)
{
	char what[1024], *bytes;
	int failed = -1;
	size_t len;

	snprintf(what, sizeof what, "document \"%s\"", path);
	bytes = input_read(path, what, DOCUMENT_LIMIT, &len, NULL);
	if (!bytes)
		return -1;
	if (!check_document(path, bytes, len))
		failed = signature_write(key, path, bytes, len, stdout);
	free(bytes);
	return failed;
}

int cmd_sign(const struct options *options)
{
	const char *path = options->operand;
	struct private_key *key = NULL;
	int status = EXIT_UNDECIDED;

	if (!path || !path[0] || !strcmp(path, "-"))
		complain("no file: drverify sign --key KEY FILE writes the signature to FILE.sig");
	else if (!options->key)
		complain("no key: give --key KEY, a private key as drverify keygen makes it");
	else if (!key_read(&key, options->key, "--key") && !sign(path, key))
		status = 0;
	key_free(&key);
	return status;
}
