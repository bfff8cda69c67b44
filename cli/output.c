/* output.c: reports on standard output and in files */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"
#include "suggest.h"

static const char *const formats[] = { "json", "text", NULL };

static const char *format_at(size_t index, const void *user)
{
	(void)user;
	return formats[index];
}

/* The format that a FORMAT=PATH begins with, or NULL; *path receives the rest. */
static const char *split(const char *write, const char **path)
{
	size_t len = strcspn(write, "=");

	*path = write[len] ? write + len + 1 : "";
	for (const char *const *format = formats; *format; format++)
		if (strlen(*format) == len && !strncmp(*format, write, len))
			return *format;
	return NULL;
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
	complain("--write needs json=PATH or text=PATH, not \"%s\"%s%s%s", repeatable(shown, write),
		 guess ? "; did you mean \"" : "", guess ? guess : "", guess ? "\"?" : "");
	return -1;
}

/* Of two reports in one place, one would be lost or neither readable. */
static int check_places(const struct options *options, bool capture)
{
	bool document = capture && !output_has_json(options);

	for (size_t i = 0; i < options->writes.count; i++) {
		const char *path, *other;
		bool standard;

		split(options->writes.items[i], &path);
		standard = is_stdout(path);
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

int output_check(const struct options *options, bool capture)
{
	for (size_t i = 0; i < options->writes.count; i++)
		if (check_format(options->writes.items[i]))
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

static int fill(FILE *file, const struct drv_report *report, const char *format)
{
	struct drv_error error = DRV_ERROR_INIT;
	int failed = drv_report_write(report, format, DRV_REPORT_VERBOSE, write_bytes, file, &error);
	int cause = error.status == DRV_E_NOMEM ? ENOMEM : errno;

	/* A pipe or device cannot be synchronised, and need not be. */
	if (!failed && fsync(fileno(file)) && errno != EINVAL && errno != EROFS) {
		cause = errno;
		failed = -1;
	}
	if (fclose(file) && !failed) {
		cause = errno;
		failed = -1;
	}
	errno = cause;
	return failed;
}

/* So that a power cut after the rename does not bring the old name back. */
static void sync_folder(const char *path)
{
	char *copy = strdup(path);
	int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(copy);
}

/* A new file is as readable as the umask says. */
static mode_t new_mode(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return 0666 & ~mask;
}

static int replace_file(const struct drv_report *report, const char *format, const char *path,
			mode_t mode)
{
	char *temporary;
	FILE *file = NULL;
	int fd, failed = -1;

	if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
		return -1;
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd >= 0 && !fchmod(fd, mode))
		file = fdopen(fd, "w");
	if (file)
		failed = fill(file, report, format);
	else if (fd >= 0)
		close(fd);
	if (!failed && rename(temporary, path))
		failed = -1;
	if (failed && fd >= 0) {
		int cause = errno;

		unlink(temporary);
		errno = cause;
	}
	free(temporary);
	if (!failed)
		sync_folder(path);
	return failed;
}

/* Renaming over a link would cut it, and over a device would delete the device. */
static int write_path(const struct drv_report *report, const char *format, const char *path,
		      const struct options *options)
{
	char *target = realpath(path, NULL);
	/* Keys are for the owner alone, also where an older report was open to others. */
	mode_t most = options->show_keys ? 0600 : 0777;
	struct stat status;
	FILE *file;
	int failed;

	if (!target || stat(target, &status))
		failed = replace_file(report, format, path, new_mode() & most);
	else if (S_ISREG(status.st_mode))
		failed = replace_file(report, format, target, status.st_mode & most);
	else {
		file = fopen(target, "w");
		failed = file ? fill(file, report, format) : -1;
	}
	free(target);
	return failed;
}

/* ------------------------------------------------------------------ all of them */

static bool is_same_file(const char *path, const char *other)
{
	struct stat a, b;

	return !stat(path, &a) && !stat(other, &b) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
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

/*
 * The report of a run that did not pass is no baseline. Written over a good one (which is what the
 * run was given, or what a capture is about to renew) it would leave none.
 */
static bool would_lose_baseline(const struct drv_report *report, const char *path,
				const struct options *options, bool capture)
{
	int status = drv_report_exit_status(report);
	struct stat existing;

	if (capture && status >= 2)
		return !stat(path, &existing) && S_ISREG(existing.st_mode);
	return status && is_baseline(path, options);
}

static char *choose_path(const struct drv_report *report, const char *path,
			 const struct options *options, bool capture)
{
	char *beside;

	if (!would_lose_baseline(report, path, options, capture))
		return strdup(path);
	if (asprintf(&beside, "%s.failed", path) < 0)
		return NULL;
	complain("\"%s\" stays as it is, because this run did not pass; its report goes to \"%s\"",
		 path, beside);
	return beside;
}

static int write_one(const struct drv_report *report, const char *write,
		     const struct options *options, bool capture, FILE *people)
{
	const char *given, *format = split(write, &given);
	char *path;
	int failed;

	if (is_stdout(given))
		return output_stream(report, format, DRV_REPORT_VERBOSE, stdout);
	path = choose_path(report, given, options, capture);
	failed = path ? write_path(report, format, path, options) : -1;
	if (failed)
		complain("the %s report could not be written to \"%s\": %s", format, given,
			 strerror(errno));
	else if (!options->quiet || drv_report_exit_status(report))
		fprintf(people, "%s  %s\n", format, path);
	free(path);
	return failed;
}

int output_write_all(const struct drv_report *report, const struct options *options, bool capture,
		     FILE *people)
{
	int failed = 0;

	for (size_t i = 0; i < options->writes.count; i++)
		if (write_one(report, options->writes.items[i], options, capture, people))
			failed = -1;
	return failed;
}
