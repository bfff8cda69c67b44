/* output_check.c: whether --write, --format and --sign make sense together, and where they lead */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"
#include "output.h"
#include "signature.h"
#include "suggest.h"

static const char *format_at(size_t index, const void *user)
{
	(void)user;
	return drv_report_format(index);
}

static const char *format_find(const char *name, size_t len)
{
	const char *format;

	for (size_t i = 0; (format = drv_report_format(i)); i++)
		if (strlen(format) == len && !strncmp(format, name, len))
			return format;
	return NULL;
}

const char *output_split(const char *write, const char **path)
{
	size_t len = strcspn(write, "=");

	*path = write[len] ? write + len + 1 : "";
	return format_find(write, len);
}

bool output_is_stdout(const char *path)
{
	struct stat given, own;

	if (!strcmp(path, "-"))
		return true;
	return !stat(path, &given) && !fstat(STDOUT_FILENO, &own) && !S_ISCHR(own.st_mode) &&
	       given.st_dev == own.st_dev && given.st_ino == own.st_ino;
}

static int check_format(const char *write)
{
	const char *path, *format = output_split(write, &path), *guess;
	char name[64], shown[REPEAT_MAX];

	if (format && path[0])
		return 0;
	snprintf(name, sizeof name, "%.*s", (int)strcspn(write, "="), write);
	guess = format ? NULL : nearest(name, format_at, NULL);
	complain("--write needs FORMAT=PATH, such as json=PATH, not \"%s\"%s%s%s",
		 repeatable(shown, write), guess ? "; did you mean \"" : "", guess ? guess : "",
		 guess ? "\"?" : "");
	return -1;
}

int output_check_format(const struct options *options)
{
	const char *format = options->format, *guess;
	char shown[REPEAT_MAX];

	if (!format)
		return 0;
	if (!format_find(format, strlen(format))) {
		guess = nearest(format, format_at, NULL);
		complain("there is no format \"%s\"%s%s%s", repeatable(shown, format),
			 guess ? "; did you mean \"" : "; drverify help verify lists them",
			 guess ? guess : "", guess ? "\"?" : "");
		return -1;
	}
	if (options->quiet && !strcmp(format, "nagios")) {
		complain("-q and --format nagios contradict each other: monitoring takes silence for "
			 "a fault; leave out -q");
		return -1;
	}
	return 0;
}

/* Of two reports in one place, one would be lost or neither readable. */
static int check_places(const struct options *options, bool capture)
{
	bool document = capture && !output_has_json(options);

	if (document && options->format && strcmp(options->format, "json")) {
		complain("--format: the captured document goes to standard output; give it a path "
			 "with --write json=PATH");
		return -1;
	}
	for (size_t i = 0; i < options->writes.count; i++) {
		const char *path, *other;
		bool standard;

		output_split(options->writes.items[i], &path);
		standard = output_is_stdout(path);
		if (standard && options->format) {
			complain("--format and --write: only one report can go to standard output; "
				 "give the other a path");
			return -1;
		}
		if (standard && document) {
			complain("--write: the captured document goes to standard output; give it "
				 "a path with --write json=PATH, or give the other report one");
			return -1;
		}
		for (size_t j = 0; j < i; j++) {
			output_split(options->writes.items[j], &other);
			if (standard ? !output_is_stdout(other) : strcmp(path, other))
				continue;
			complain("--write: only one report can go to %s; give the others a path",
				 standard ? "standard output" : path);
			return -1;
		}
	}
	return 0;
}

static bool is_same_file(const char *path, const char *other)
{
	struct stat a, b;

	return !stat(path, &a) && !stat(other, &b) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Whether another report would go to where the signature of the one at path goes. */
static bool is_signature_taken(const char *path, const struct options *options)
{
	char *beside = signature_path(path);
	bool taken = false;

	for (size_t i = 0; beside && i < options->writes.count && !taken; i++) {
		const char *other;

		output_split(options->writes.items[i], &other);
		taken = !strcmp(other, beside) || is_same_file(other, beside);
	}
	if (!beside)
		complain("out of memory");
	else if (taken)
		complain("--write: \"%s\" is where the signature of \"%s\" goes; give the other report "
			 "another path", beside, path);
	taken = taken || !beside;
	free(beside);
	return taken;
}

/* A signature stands beside the file that it is of. */
static int check_sign(const struct options *options)
{
	bool documents = false;

	for (size_t i = 0; i < options->writes.count; i++) {
		const char *path, *format = output_split(options->writes.items[i], &path);

		if (!format || strcmp(format, "json") != 0 || output_is_stdout(path))
			continue;
		if (is_signature_taken(path, options))
			return -1;
		documents = true;
	}
	if (documents)
		return 0;
	complain("--sign needs --write json=PATH: the signature goes to PATH.sig, beside the baseline");
	return -1;
}

bool output_is_baseline(const char *path, const struct options *options)
{
	const char *name = strrchr(path, '/');
	char inside[4096];

	name = name ? name + 1 : path;
	for (size_t i = 0; i < options->baselines.count; i++) {
		snprintf(inside, sizeof inside, "%s/%s", options->baselines.items[i], name);
		if (is_same_file(path, options->baselines.items[i]) || is_same_file(path, inside))
			return true;
	}
	return false;
}

/* A document that is trusted would give way to one that the same command line refuses. */
static int check_trusted(const struct options *options)
{
	const char *path;

	for (size_t i = 0; i < options->writes.count; i++) {
		output_split(options->writes.items[i], &path);
		if (options->sign || !options->trusted.count || !output_is_baseline(path, options))
			continue;
		complain("--write: \"%s\" is the signed document, and what is written is not signed; "
			 "give it another path", path);
		return -1;
	}
	return 0;
}

int output_check(const struct options *options, bool capture)
{
	for (size_t i = 0; i < options->writes.count; i++)
		if (check_format(options->writes.items[i]))
			return -1;
	if (output_check_format(options) || (options->sign && check_sign(options)) ||
	    check_trusted(options))
		return -1;
	return check_places(options, capture);
}

bool output_uses_stdout(const struct options *options)
{
	for (size_t i = 0; i < options->writes.count; i++) {
		const char *path;

		output_split(options->writes.items[i], &path);
		if (output_is_stdout(path))
			return true;
	}
	return false;
}

bool output_has_json(const struct options *options)
{
	for (size_t i = 0; i < options->writes.count; i++) {
		const char *path, *format = output_split(options->writes.items[i], &path);

		if (!strcmp(format, "json"))
			return true;
	}
	return false;
}

const char *output_json_path(const struct options *options)
{
	for (size_t i = 0; i < options->writes.count; i++) {
		const char *path, *format = output_split(options->writes.items[i], &path);

		if (!strcmp(format, "json") && !output_is_stdout(path))
			return path;
	}
	return NULL;
}
