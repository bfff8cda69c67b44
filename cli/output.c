/* output.c: writes reports to standard output and into files */
#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "carry.h"
#include "file.h"
#include "message.h"
#include "signature.h"

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
	return status && output_is_baseline(path, options);
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

	r.format = output_split(write, &given);
	if (output_is_stdout(given))
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
