/* cmd_show.c: drverify show FILE */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "drverify.h"
#include "message.h"
#include "output.h"
#include "run.h"
#include "terminal.h"

static int write_bytes(const void *bytes, size_t len, void *stream)
{
	return fwrite(bytes, 1, len, stream) != len;
}

static int show_report(const struct drv_report *report, const char *format)
{
	return output_stream(report, format, DRV_REPORT_VERBOSE | terminal_flags(stdout), stdout);
}

/* Standard output is looked at once more at the end, so a failed write is said there. */
static int show_document(const struct drv_baseline *document, const char *file, const char *format)
{
	struct drv_error error = DRV_ERROR_INIT;

	if (strcmp(format, "text")) {
		complain("\"%s\" is no report, so it has no verdict to show as %s; leave out --format",
			 file, format);
		return -1;
	}
	if (drv_baseline_write(document, write_bytes, stdout, &error) && error.status != DRV_E_IO) {
		complain("%s", error.message);
		return -1;
	}
	return 0;
}

static int show(const struct drv_baseline *document, const char *file, const char *format)
{
	struct drv_error error = DRV_ERROR_INIT;
	struct drv_report *report;
	int status = drv_report_read(&report, document, &error);

	if (status == DRV_E_MISSING)
		return show_document(document, file, format);
	if (status) {
		complain("%s", error.message);
		return -1;
	}
	status = show_report(report, format);
	drv_report_free(&report);
	return status;
}

int cmd_show(const struct options *options)
{
	const char *format = options->format ? options->format : "text";
	struct drv_baseline *document = NULL;
	int status;

	if (!options->operand) {
		complain("show what? drverify show FILE");
		return EXIT_UNDECIDED;
	}
	if (output_check_format(options))
		return EXIT_UNDECIDED;
	if (!strcmp(format, "nagios")) {
		complain("--format nagios is for a run: monitoring would take a report of some day for "
			 "that of today");
		return EXIT_UNDECIDED;
	}
	if (run_read_document(&document, options->operand, NULL, options))
		return EXIT_UNDECIDED;
	status = show(document, options->operand, format);
	drv_baseline_free(&document);
	return status ? EXIT_UNDECIDED : 0;
}
