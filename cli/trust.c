/* trust.c: documents that a trusted key must have signed */
#include "trust.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "input.h"
#include "message.h"
#include "signature.h"

/* ------------------------------------------------------------------ keys */

/*
 * What reports call a key: the name of its file, less .pub or .pem. It is the operator who names
 * what is trusted here; a name inside the key would be a stranger's claim.
 */
static void key_name(char name[256], const char *path)
{
	const char *last = strrchr(path, '/');
	size_t len;

	last = last ? last + 1 : path;
	len = strlen(last);
	if (len > 4 && (!strcmp(last + len - 4, ".pub") || !strcmp(last + len - 4, ".pem")))
		len -= 4;
	snprintf(name, 256, "%.*s", (int)len, last);
}

static int add_key(struct drv_trust *trust, const char *path)
{
	struct drv_error error = DRV_ERROR_INIT;
	char name[256], what[1024], *bytes;
	struct stat kind;
	int status = -1;
	size_t len;

	snprintf(what, sizeof what, "the trusted key \"%s\"", path);
	bytes = input_read(path, what, KEY_LIMIT, &len, &kind);
	if (!bytes)
		return -1;
	key_name(name, path);
	if (S_ISREG(kind.st_mode) && kind.st_mode & S_IWOTH)
		complain("anybody may exchange the trusted key \"%s\", so it is not used: chmod go-w it, "
			 "and compare it with the original", path);
	else {
		status = drv_trust_add(trust, name, bytes, len, &error);
		if (status)
			complain("--trust %s: %s", path, error.message);
	}
	/* It may be a private key by mistake. */
	explicit_bzero(bytes, len);
	free(bytes);
	return status;
}

/* A signature that nobody compares with a key would look like a check. */
static int check_signature_option(const struct options *options)
{
	if (!options->signature)
		return 0;
	if (!options->trusted.count)
		complain("--signature means nothing without a key that is trusted: give --trust KEY.pub");
	else if (options->baselines.count != 1 || strcmp(options->baselines.items[0], "-") != 0)
		complain("--signature is for a document on standard input, --baseline -; the signature "
			 "of a FILE is FILE.sig");
	else
		return 0;
	return -1;
}

int trust_read(struct drv_trust **trust, const struct options *options)
{
	int status = check_signature_option(options);

	*trust = NULL;
	if (status || !options->trusted.count)
		return status;
	status = drv_trust_new(trust, NULL);
	if (status)
		complain("out of memory");
	for (size_t i = 0; i < options->trusted.count && !status; i++)
		status = add_key(*trust, options->trusted.items[i]);
	return status;
}

/* ------------------------------------------------------------------ documents */

/* Says which signature, and what to do about one that is not there. */
static char *read_signature(const char *path, const char *document, size_t *len)
{
	char what[1024];

	if (access(path, F_OK) && errno == ENOENT) {
		complain("\"%s\" is not signed: there is no \"%s\", which --trust asks for; have its "
			 "author sign it with drverify sign", document, path);
		return NULL;
	}
	snprintf(what, sizeof what, "the signature \"%s\", which --trust asks for", path);
	return input_read(path, what, KEY_LIMIT, len, NULL);
}

static int parse_signed(struct drv_baseline **baseline, const struct drv_trust *trust,
			const char *signature_file, const char *name, const char *bytes, size_t len)
{
	struct drv_error error = DRV_ERROR_INIT;
	size_t signature_len;
	char *signature = read_signature(signature_file, name, &signature_len);
	int status;

	if (!signature)
		return DRV_E_UNTRUSTED;
	status = drv_baseline_parse_signed(baseline, bytes, len, name, signature, signature_len, trust,
					   &error);
	if (status == DRV_E_UNTRUSTED)
		complain("%s (signature \"%s\")", error.message, signature_file);
	else if (status)
		complain("%s", error.message);
	free(signature);
	return status;
}

int trust_parse(struct drv_baseline **baseline, const struct drv_trust *trust,
		const struct options *options, const char *path, const char *bytes, size_t len)
{
	struct drv_error error = DRV_ERROR_INIT;
	bool standard = !strcmp(path, "-");
	const char *name = input_name(path);
	char *beside;
	int status;

	if (!trust) {
		status = drv_baseline_parse(baseline, bytes, len, name, &error);
		if (status)
			complain("%s", error.message);
		return status;
	}
	if (standard && !options->signature) {
		complain("the document comes from standard input, so --trust needs --signature FILE");
		return DRV_E_USAGE;
	}
	beside = standard ? strdup(options->signature) : signature_path(path);
	status = beside ? parse_signed(baseline, trust, beside, name, bytes, len) : DRV_E_NOMEM;
	if (!beside)
		complain("out of memory");
	free(beside);
	return status;
}
