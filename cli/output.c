/* output.c: reports on standard output and in files */
#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "carry.h"
#include "file.h"
#include "message.h"
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

/* The format that a FORMAT=PATH begins with, or NULL; *path receives the rest. */
static const char *split(const char *write, const char **path)
{
	size_t len = strcspn(write, "=");

	*path = write[len] ? write + len + 1 : "";
	return format_find(write, len);
}

/* "-", and also /dev/stdout and the file that standard output was redirected to. */
static bool is_stdout(const char *path)
{
	struct stat given, own;

	if (!strcmp(path, "-"))
		return true;
	return !stat(path, &given) && !fstat(STDOUT_FILENO, &own) && !S_ISCHR(own.st_mode) &&
	       given.st_dev == own.st_dev && given.st_ino == own.st_ino;
}

static int check_format(const char *write)
{
	const char *path, *format = split(write, &path), *guess;
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

		split(options->writes.items[i], &path);
		standard = is_stdout(path);
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
			split(options->writes.items[j], &other);
			if (standard ? !is_stdout(other) : strcmp(path, other))
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

		split(options->writes.items[i], &other);
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
		const char *path, *format = split(options->writes.items[i], &path);

		if (!format || strcmp(format, "json") != 0 || is_stdout(path))
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

/* Whether it is one of the files that may be baselines, or in a folder of them. */
static bool is_baseline(const char *path, const struct options *options)
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
		split(options->writes.items[i], &path);
		if (options->sign || !options->trusted.count || !is_baseline(path, options))
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

		split(options->writes.items[i], &path);
		if (is_stdout(path))
			return true;
	}
	return false;
}

bool output_has_json(const struct options *options)
{
	for (size_t i = 0; i < options->writes.count; i++) {
		const char *path, *format = split(options->writes.items[i], &path);

		if (!strcmp(format, "json"))
			return true;
	}
	return false;
}

const char *output_json_path(const struct options *options)
{
	for (size_t i = 0; i < options->writes.count; i++) {
		const char *path, *format = split(options->writes.items[i], &path);

		if (!strcmp(format, "json") && !is_stdout(path))
			return path;
	}
	return NULL;
}

/* Flushed at once, while errno still tells why it failed. */
static int write_bytes(const void *bytes, size_t len, void *stream)
{
	return fwrite(bytes, 1, len, stream) != len || fflush(stream);
}

int output_stream(const struct drv_report *report, const char *format, unsigned flags, FILE *stream)
{
	struct drv_error error = DRV_ERROR_INIT;

	if (!drv_report_write(report, format, flags, write_bytes, stream, &error))
		return 0;
	if (error.status == DRV_E_IO) {
		complain("the %s report could not be written to standard %s: %s", format,
			 stream == stdout ? "output" : "error", strerror(errno));
		/* It has been said; what follows may still fit. */
		clearerr(stream);
	} else {
		complain("%s", error.message);
	}
	return -1;
}

/* ------------------------------------------------------------------ files */

/* One report as it goes into a file. */
struct rendered {
	const char *format;
	char *path;                  /* owned, as what follows */
	char *bytes;
	size_t len;
};

/*
 * The report of a run that did not pass is no baseline. Written over a good one (which is what the
 * run was given, or what a capture is about to renew) it would leave none.
 */
static bool would_lose_baseline(const struct drv_report *report, const char *format,
				const char *path, const struct options *options, bool capture)
{
	int status = drv_report_exit_status(report);
	struct stat existing;

	if (capture && status >= 2 && !strcmp(format, "json"))
		return !stat(path, &existing) && S_ISREG(existing.st_mode);
	return status && is_baseline(path, options);
}

static char *choose_path(const struct drv_report *report, const char *format, const char *path,
			 const struct options *options, bool capture)
{
	char *beside;

	if (!would_lose_baseline(report, format, path, options, capture))
		return strdup(path);
	if (asprintf(&beside, "%s.failed", path) < 0)
		return NULL;
	complain("\"%s\" stays as it is, because this run did not pass; its report goes to \"%s\"",
		 path, beside);
	return beside;
}

static int gather(const void *bytes, size_t len, void *user)
{
	struct rendered *r = user;
	char *grown = realloc(r->bytes, r->len + len);

	if (!grown)
		return -1;
	memcpy(grown + r->len, bytes, len);
	r->bytes = grown;
	r->len += len;
	return 0;
}

/* Metrics of a run that did not pass still say when one last did. */
static int remember(struct rendered *r, const struct drv_report *report)
{
	char *line;
	int failed;

	if (strcmp(r->format, "prometheus") || drv_report_exit_status(report) < 2)
		return 0;
	line = carry_last_success(r->bytes, r->len, r->path);
	failed = line ? gather(line, strlen(line), r) : 0;
	free(line);
	return failed;
}

static int render(struct rendered *r, const struct drv_report *report)
{
	struct drv_error error = DRV_ERROR_INIT;

	if (!drv_report_write(report, r->format, DRV_REPORT_VERBOSE, gather, r, &error) &&
	    !remember(r, report))
		return 0;
	/* The only thing that gather() fails for. */
	errno = ENOMEM;
	return -1;
}

/* Who is told where things went, or NULL. */
static FILE *told(const struct output *output)
{
	bool silent = output->options->quiet && !drv_report_exit_status(output->report);

	return silent ? NULL : output->people;
}

/* Signs what next time is read as a baseline, and nothing else. */
static int sign(const struct rendered *r, const struct output *output)
{
	if (!output->key || strcmp(r->format, "json") != 0)
		return 0;
	if (drv_report_exit_status(output->report) >= 2) {
		complain("\"%s\" is not signed, because this run did not pass", r->path);
		return 0;
	}
	return signature_write(output->key, r->path, r->bytes, r->len, told(output));
}

static int write_file(struct rendered *r, const struct output *output, const char *given)
{
	/* Keys are for the owner alone, also where an older report was open to others. */
	mode_t mode = output->options->show_keys ? 0600 : 0777;

	r->path = choose_path(output->report, r->format, given, output->options, output->capture);
	if (!r->path || render(r, output->report) ||
	    file_replace(r->path, r->bytes, r->len, mode)) {
		complain("the %s report could not be written to \"%s\": %s", r->format, given,
			 strerror(errno));
		return -1;
	}
	if (told(output))
		fprintf(output->people, "%s  %s\n", r->format, r->path);
	return sign(r, output);
}

static int write_one(const struct output *output, const char *write)
{
	struct rendered r = { 0 };
	const char *given;
	int failed;

	r.format = split(write, &given);
	if (is_stdout(given))
		return output_stream(output->report, r.format, DRV_REPORT_VERBOSE, stdout);
	failed = write_file(&r, output, given);
	free(r.path);
	free(r.bytes);
	return failed;
}

int output_write_all(const struct output *output)
{
	const struct texts *writes = &output->options->writes;
	int failed = 0;

	for (size_t i = 0; i < writes->count; i++)
		if (write_one(output, writes->items[i]))
			failed = -1;
	return failed;
}
