/* run.c: what commands have in common: from the command line to the exit status */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "drverify.h"
#include "dry_run.h"
#include "input.h"
#include "interrupt.h"
#include "key.h"
#include "message.h"
#include "output.h"
#include "progress.h"
#include "series.h"
#include "sidecars.h"
#include "source.h"
#include "terminal.h"
#include "trust.h"

int run_read_document(struct drv_baseline **baseline, const char *path,
		      const struct drv_trust *trust, const struct options *options)
{
	char *bytes, what[1024];
	size_t len;
	int status;

	*baseline = NULL;
	snprintf(what, sizeof what, "baseline \"%s\"", input_name(path));
	bytes = input_read(path, what, DOCUMENT_LIMIT, &len, NULL);
	if (!bytes)
		return DRV_E_IO;
	status = trust_parse(baseline, trust, options, path, bytes, len);
	free(bytes);
	return status;
}

int run_read_baseline(struct drv_baseline **baseline, const struct options *options)
{
	struct drv_trust *trust = NULL;
	int status = -1;

	if (!options->baselines.count)
		complain("no document: give --baseline FILE; drverify help verify shows examples");
	else if (options->baselines.count > 1)
		complain("--baseline is given twice; only to verify may there be several");
	else
		status = trust_read(&trust, options);
	if (!status)
		status = run_read_document(baseline, options->baselines.items[0], trust, options);
	drv_trust_free(&trust);
	return status;
}

static int give_key(struct drv_run *run, const char *option, const struct options *options)
{
	struct drv_error error = DRV_ERROR_INIT;
	const char *path = strchr(option, '=');
	struct stat kind;
	char name[128], what[160], *bytes;
	size_t len;
	int status;

	/* Neither is repeated: somebody may have given the key itself. */
	if (!path || path == option || !path[1]) {
		complain("--key needs NAME=FILE, where NAME is what the document calls the key");
		return -1;
	}
	snprintf(name, sizeof name, "%.*s", (int)(path++ - option), option);
	snprintf(what, sizeof what, "the file that --key %s=… names", name);
	bytes = input_read(path, what, KEY_LIMIT, &len, &kind);
	if (!bytes)
		return -1;
	if (S_ISREG(kind.st_mode) && kind.st_mode & (S_IRGRP | S_IROTH) && !options->quiet)
		complain("warning: others may read the key file \"%s\"; chmod 600 it", path);
	/* Editors and echo put a newline at the end. */
	status = drv_run_secret(run, name, bytes, len - (len && bytes[len - 1] == '\n'), &error);
	explicit_bzero(bytes, len);
	free(bytes);
	if (status)
		complain("--key %s=…: %s", name, error.message);
	return status;
}

int run_give_keys(struct drv_run *run, const struct options *options)
{
	for (size_t i = 0; i < options->keys.count; i++)
		if (give_key(run, options->keys.items[i], options))
			return -1;
	return 0;
}

static int narrow(struct drv_run *run, const struct options *options)
{
	struct drv_error error = DRV_ERROR_INIT;
	int status = 0;

	for (size_t i = 0; i < options->only.count && !status; i++)
		status = drv_run_only(run, options->only.items[i], &error);
	for (size_t i = 0; i < options->skip.count && !status; i++)
		status = drv_run_skip(run, options->skip.items[i], &error);
	if (status)
		complain("%s", error.message);
	return status;
}

static int prepare(struct drv_run **run, const struct drv_baseline *baseline,
		   const struct options *options, bool capture)
{
	struct drv_error error = DRV_ERROR_INIT;
	struct drv_run_options wanted = DRV_RUN_OPTIONS_INIT;
	char *folder;
	int status;

	wanted.jobs = options->jobs;
	wanted.timeout_ms = options->timeout_ms;
	wanted.budget_ms = options->budget_ms;
	wanted.priority = options->priority;
	wanted.rows_per_second = options->rate.rows;
	wanted.bytes_per_second = options->rate.bytes;
	wanted.allow_sql = options->allow_sql;
	wanted.show_keys = options->show_keys;
	wanted.since_checkpoint = options->since_checkpoint;
	wanted.incident_at = options->incident_at;
	wanted.keep_keys = options->keep_keys;
	wanted.temporary_dir = getenv("TMPDIR");
	wanted.sidecar_dir = folder = sidecars_folder(baseline, options, capture);
	status = drv_run_new(run, baseline, &wanted, &error);
	free(folder);
	if (status) {
		complain("%s", error.message);
		return -1;
	}
	for (size_t i = 0; i < options->restored_to.count; i++)
		if (drv_run_restored_to(*run, options->restored_to.items[i], &error)) {
			complain("--restored-to: %s", error.message);
			return -1;
		}
	if (run_give_keys(*run, options))
		return -1;
	if (narrow(*run, options))
		return -1;
	return sources_place(*run, baseline, options);
}

int run_prepare(struct drv_run **run, struct drv_baseline **baseline, const struct options *options,
		bool capture)
{
	int status = (capture ? run_read_baseline : series_read_baseline)(baseline, options);

	return status ? status : prepare(run, *baseline, options, capture);
}

static int measure(struct drv_report **report, struct drv_run *run, const struct options *options,
		   bool capture)
{
	struct drv_error error = DRV_ERROR_INIT;
	struct progress progress = { 0 };
	int status;

	if (!options->quiet)
		progress_show(&progress, run);
	interrupt_watch(run);
	status = capture ? drv_run_capture(run, report, &error)
			 : drv_run_verify(run, report, &error);
	interrupt_forget();
	progress_end(&progress);
	if (status)
		complain("%s", error.message);
	return status;
}

/* The verdict comes first: whatever happens to the files, somebody waits for it. */
static int deliver(const struct drv_report *report, const struct options *options, bool capture,
		   const struct private_key *key)
{
	bool document = capture && !output_has_json(options);
	FILE *people = document || output_uses_stdout(options) ? stderr : stdout;
	bool machine = options->format && strcmp(options->format, "text") && !document;
	unsigned flags = (options->quiet ? DRV_REPORT_QUIET : 0u) |
			 (options->verbose ? DRV_REPORT_VERBOSE : 0u) | terminal_flags(people);
	struct output output = { report, options, capture, key, machine ? NULL : people };
	int status = drv_report_exit_status(report), failed = 0;

	if (!machine)
		failed = output_stream(report, "text", flags, people);
	else if (status || !options->quiet)
		failed = output_stream(report, options->format, DRV_REPORT_VERBOSE, stdout);
	if (document && output_stream(report, "json", 0, stdout))
		failed = -1;
	if (output_write_all(&output))
		failed = -1;
	return failed && status != 2 ? EXIT_UNDECIDED : status;
}

int run_and_report(const struct options *options, bool capture)
{
	struct drv_baseline *baseline = NULL;
	struct drv_report *report = NULL;
	struct private_key *key = NULL;
	struct drv_run *run = NULL;
	int status = EXIT_UNDECIDED;

	if (options->dry_run && options->format && strcmp(options->format, "text")) {
		complain("--dry-run makes no report, so --format means nothing; leave it out");
		return EXIT_UNDECIDED;
	}
	/* A key that cannot be used should show now, not after hours of reading. */
	if (!output_check(options, capture) && !key_read(&key, options->sign, "--sign") &&
	    !run_prepare(&run, &baseline, options, capture)) {
		if (options->dry_run) {
			status = dry_run(run, baseline, options, capture);
		} else if (!measure(&report, run, options, capture)) {
			status = deliver(report, options, capture, key);
			sources_hint(report, baseline, options);
		}
	}
	key_free(&key);
	drv_report_free(&report);
	drv_run_free(&run);
	drv_baseline_free(&baseline);
	return status;
}
