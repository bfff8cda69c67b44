/* source.c: where the sources of a document are: options, environment, defaults */
#include "source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "input.h"
#include "message.h"
#include "suggest.h"

#define VARIABLE_MAX 256

static const char *source_name(size_t index, const void *baseline)
{
	return drv_baseline_source_name(baseline, index);
}

/* DRVERIFY_SOURCE_<NAME>, in capitals, with _ for what a variable cannot have in its name. */
static void variable_name(char out[VARIABLE_MAX], const char *source)
{
	int at = snprintf(out, VARIABLE_MAX, "DRVERIFY_SOURCE_");

	for (; *source && at < VARIABLE_MAX - 1; source++) {
		char c = *source;

		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		else if (!(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9'))
			c = '_';
		out[at++] = c;
	}
	out[at] = '\0';
}

/* The URI of a --source option for that source, or NULL. */
static const char *option_uri(const struct options *options, const char *source)
{
	size_t len = strlen(source);

	for (size_t i = 0; i < options->sources.count; i++)
		if (!strncmp(options->sources.items[i], source, len) &&
		    options->sources.items[i][len] == '=')
			return options->sources.items[i] + len + 1;
	return NULL;
}

/*
 * Where the operator has placed a source, or NULL. An empty variable places nothing: it is what is
 * left of a secret that was not there.
 */
static const char *stated_uri(const struct drv_baseline *baseline, const struct options *options,
			      size_t index)
{
	const char *name = drv_baseline_source_name(baseline, index);
	const char *uri = option_uri(options, name);
	char variable[VARIABLE_MAX];

	variable_name(variable, name);
	if (!uri)
		uri = getenv(variable);
	return uri && uri[0] ? uri : NULL;
}

static const char *source_uri(const struct drv_baseline *baseline, const struct options *options,
			      size_t index)
{
	const char *uri = stated_uri(baseline, options, index);
	bool mongodb = !strcmp(drv_baseline_source_store(baseline, index), "mongodb");

	if (!uri && mongodb)
		uri = getenv("MONGODB_URI");
	if (mongodb)
		return uri && uri[0] ? uri : NULL;
	return uri ? uri : "";
}

/* user:password@ in a URI, or password= in a connection string or among a URI's parameters. */
bool source_holds_password(const char *uri)
{
	const char *authority = strstr(uri, "://"), *at = strrchr(uri, '@'), *word = uri;

	if (authority && at && at > authority) {
		const char *colon = strchr(authority + 3, ':');

		if (colon && colon + 1 < at)
			return true;
	}
	while ((word = strcasestr(word, "password"))) {
		word += strlen("password");
		word += strspn(word, " \t");
		if (*word == '=')
			return true;
	}
	return false;
}

/* A file such as a mounted secret; the end of its line is not part of the place. */
static char *read_place(const char *path, const char *what, bool quiet)
{
	struct stat kind;
	size_t len;
	char *text = input_read(path, what, KEY_LIMIT, &len, &kind);
	mode_t others = S_IROTH;

	if (!text)
		return NULL;
	/* One of another owner that the group may read is how such a secret is mounted. */
	if (kind.st_uid == geteuid())
		others |= S_IRGRP;
	if (S_ISREG(kind.st_mode) && kind.st_mode & others && !quiet)
		complain("warning: others may read %s; chmod 600 it", what);
	if (len && text[len - 1] == '\n')
		len--;
	if (len && text[len - 1] == '\r')
		len--;
	if (len && !memchr(text, '\0', len) && !memchr(text, '\n', len)) {
		text[len] = '\0';
		return text;
	}
	complain("%s holds no place: it has to be one line, a URI or connection string", what);
	explicit_bzero(text, len);
	free(text);
	return NULL;
}

char *source_text(const char *stated, const char *what, const struct options *options)
{
	char *copy;

	/* Not the path: somebody may have written a password there. */
	if (*stated == '@')
		return read_place(stated + 1, what, options->quiet);
	copy = strdup(stated);
	if (!copy)
		complain("out of memory");
	return copy;
}

void source_text_free(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

static int check_option(const struct drv_baseline *baseline, const struct options *options,
			const char *option)
{
	size_t len = strcspn(option, "=");
	const char *guess, *known;
	char name[128], shown[REPEAT_MAX], variable[VARIABLE_MAX];

	/* Not repeated here: it may be a URI with a password. */
	if (!option[len] || !len) {
		complain("--source needs NAME=URI, where NAME is a source of the document");
		return -1;
	}
	snprintf(name, sizeof name, "%.*s", (int)len, option);
	variable_name(variable, name);
	for (size_t i = 0; (known = drv_baseline_source_name(baseline, i)); i++)
		if (strlen(known) == len && !strncmp(known, option, len))
			break;
	if (!known) {
		guess = nearest(name, source_name, baseline);
		complain("--source %s: the document has no source of that name%s%s%s",
			 repeatable(shown, option), guess ? "; did you mean \"" : "",
			 guess ? guess : "", guess ? "\"?" : "");
		return -1;
	}
	/* A shell variable that is not set leaves this. The default may be another server. */
	if (!option[len + 1]) {
		complain("--source %s= names no place; give a URI, or leave the option out", name);
		return -1;
	}
	if (option_uri(options, known) != option + len + 1) {
		complain("--source %s=… is given twice; give it once", name);
		return -1;
	}
	if (source_holds_password(option + len + 1) && !options->quiet)
		complain("warning: the password in --source %s=… was visible in the process list for a "
			 "moment, and a shell may keep it; use --source %s=@FILE, %s, a service "
			 "(service=NAME) or a password file", name, name, variable);
	return 0;
}

/* Two names that share a variable would silently read the same server. */
static int check_variables(const struct drv_baseline *baseline, const struct options *options)
{
	const char *a, *b;
	char left[VARIABLE_MAX], right[VARIABLE_MAX];

	for (size_t i = 0; (a = drv_baseline_source_name(baseline, i)); i++) {
		variable_name(left, a);
		for (size_t j = 0; j < i && getenv(left); j++) {
			b = drv_baseline_source_name(baseline, j);
			variable_name(right, b);
			if (strcmp(left, right) || (option_uri(options, a) && option_uri(options, b)))
				continue;
			complain("sources \"%s\" and \"%s\" would both be read from %s; place them "
				 "with --source", b, a, left);
			return -1;
		}
	}
	return 0;
}

/* A default serves one source: with two of a store it would silently read the same server twice. */
static int check_defaults(const struct drv_baseline *baseline, const struct options *options)
{
	const char *name, *other, *store;
	char variable[VARIABLE_MAX];

	for (size_t i = 0; (name = drv_baseline_source_name(baseline, i)); i++) {
		store = drv_baseline_source_store(baseline, i);
		if (stated_uri(baseline, options, i))
			continue;
		for (size_t j = 0; (other = drv_baseline_source_name(baseline, j)); j++) {
			if (j == i || strcmp(drv_baseline_source_store(baseline, j), store))
				continue;
			variable_name(variable, name);
			complain("nothing says where source \"%s\" is, and with \"%s\" being %s too "
				 "there is no default: give --source %s=URI, or set %s", name, other,
				 store, name, variable);
			return -1;
		}
	}
	return 0;
}

static int place(struct drv_run *run, const char *name, const char *stated,
		 const struct options *options)
{
	struct drv_error error = DRV_ERROR_INIT;
	char what[160], *uri;
	int status;

	snprintf(what, sizeof what, "the file with the place of source \"%s\"", name);
	uri = source_text(stated, what, options);
	if (!uri)
		return -1;
	status = drv_run_source_uri(run, name, uri, &error);
	source_text_free(uri);
	/* A store that was not built in spoils its own checks, not those of the others. */
	if (!status || status == DRV_E_UNSUPPORTED)
		return 0;
	complain("source \"%s\": %s", name, error.message);
	return -1;
}

int sources_place(struct drv_run *run, const struct drv_baseline *baseline,
		  const struct options *options)
{
	const char *name;

	for (size_t i = 0; i < options->sources.count; i++)
		if (check_option(baseline, options, options->sources.items[i]))
			return -1;
	if (check_variables(baseline, options) || check_defaults(baseline, options))
		return -1;
	for (size_t i = 0; (name = drv_baseline_source_name(baseline, i)); i++) {
		const char *stated = source_uri(baseline, options, i);

		if (stated && place(run, name, stated, options))
			return -1;
	}
	return 0;
}

static bool is_undecided(const struct drv_report *report, const char *source)
{
	const struct drv_result *result;

	for (size_t i = 0; (result = drv_report_result(report, i)); i++)
		if (!strcmp(result->source, source) && result->verdict == DRV_INCONCLUSIVE)
			return true;
	return false;
}

void sources_hint(const struct drv_report *report, const struct drv_baseline *baseline,
		  const struct options *options)
{
	const char *name;
	char variable[VARIABLE_MAX];

	for (size_t i = 0; (name = drv_baseline_source_name(baseline, i)); i++) {
		if (source_uri(baseline, options, i) || !is_undecided(report, name))
			continue;
		variable_name(variable, name);
		complain("nothing says where source \"%s\" is: give --source %s=mongodb://HOST/, or "
			 "set %s or MONGODB_URI", name, name, variable);
	}
}
