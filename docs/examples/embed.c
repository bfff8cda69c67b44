/*
 * embed.c: verify restored data from another program, through the library alone
 *
 *   cc embed.c $(pkg-config --cflags --libs drverify) -o embed
 *   ./embed report.json main=service=recovery search=mongodb://dr-host/
 *
 * The document says what to check; it names its sources ("main", "search") but not where they are.
 * That is the caller's part: here arguments, in a recovery tool its own configuration.
 *
 * The process exits with 0 (all passed), 1 (warnings), 2 (damage found) or 3 (could not decide).
 */
#include <drverify.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Reads a file whole. The library opens no files: documents may come from anywhere. */
static char *read_file(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rb");
	char *bytes = NULL;
	long size = -1;

	if (file && !fseek(file, 0, SEEK_END))
		size = ftell(file);
	if (size >= 0 && !fseek(file, 0, SEEK_SET))
		bytes = malloc((size_t)size + 1);
	if (bytes && fread(bytes, 1, (size_t)size, file) != (size_t)size) {
		free(bytes);
		bytes = NULL;
	}
	if (file)
		fclose(file);
	*len = bytes ? (size_t)size : 0;
	return bytes;
}

/* "main=service=recovery" places the source main. The library copies what it needs. */
static int place_source(struct drv_run *run, char *argument, struct drv_error *error)
{
	char *uri = strchr(argument, '=');

	/* "" stands for libpq's defaults: PGHOST, PGSERVICE, the password file … */
	if (!uri)
		return drv_run_source_uri(run, argument, "", error);
	*uri++ = '\0';
	return drv_run_source_uri(run, argument, uri, error);
}

/* A report is data: every check has a verdict, and findings that explain it. */
static void print_results(const struct drv_report *report)
{
	for (size_t i = 0; i < drv_report_result_count(report); i++) {
		const struct drv_result *result = drv_report_result(report, i);

		printf("%-12s  %s  %s\n", drv_verdict_name(result->verdict), result->id,
		       result->summary);
		for (size_t j = 0; j < result->finding_count; j++) {
			const struct drv_finding *finding = drv_result_finding(result, j);
			const struct drv_explanation *known = drv_finding_explain(finding->code);

			printf("    %s: %s\n", finding->code, finding->message);
			if (known)
				printf("    next: %s\n", known->next);
		}
	}
}

/* Damage is no error. An error says why there is no report at all. */
static int verify(const char *name, const char *bytes, size_t len, char **sources,
		  struct drv_error *error)
{
	struct drv_run_options options = DRV_RUN_OPTIONS_INIT;
	struct drv_baseline *baseline = NULL;
	struct drv_run *run = NULL;
	struct drv_report *report = NULL;
	int status, verdict = DRV_INCONCLUSIVE;

	options.timeout_ms = 15 * 60 * 1000;
	status = drv_baseline_parse(&baseline, bytes, len, name, error);
	if (!status)
		status = drv_run_new(&run, baseline, &options, error);
	for (; !status && *sources; sources++)
		status = place_source(run, *sources, error);
	if (!status)
		status = drv_run_verify(run, &report, error);
	if (!status) {
		print_results(report);
		verdict = drv_report_exit_status(report);
	}
	/* Each accepts a pointer to NULL, so one path cleans up after success and failure. */
	drv_report_free(&report);
	drv_run_free(&run);
	drv_baseline_free(&baseline);
	return status ? status : verdict;
}

int main(int argc, char **argv)
{
	struct drv_error error = DRV_ERROR_INIT;
	size_t len;
	char *bytes;
	int status;

	if (argc < 2) {
		fprintf(stderr, "usage: embed DOCUMENT [SOURCE=URI]...\n");
		return 3;
	}
	bytes = read_file(argv[1], &len);
	if (!bytes) {
		perror(argv[1]);
		return 3;
	}
	status = verify(argv[1], bytes, len, argv + 2, &error);
	free(bytes);
	if (status < 0) {
		fprintf(stderr, "embed: %s\n", error.message);
		return 3;
	}
	return status;
}
