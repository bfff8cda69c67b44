/* dry_run.c: what a run would read, in which order, and how long it may take */
#include "dry_run.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "message.h"
#include "rehearsal.h"

#define NOTE_MAX 160

/* ------------------------------------------------------------------ numbers */

static void add_number(char *out, uint64_t number)
{
	char digits[24];
	size_t len = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, number);

	out += strlen(out);
	for (size_t i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			*out++ = ',';
		*out++ = digits[i];
	}
	*out = '\0';
}

static void add_bytes(char *out, uint64_t bytes)
{
	static const char *const units[] = { "bytes", "kB", "MB", "GB", "TB", "PB" };
	double size = (double)bytes;
	size_t unit = 0;

	for (; size >= 999.5 && unit < sizeof units / sizeof *units - 1; unit++)
		size /= 1000;
	sprintf(out + strlen(out), "%.*f %s", unit && size < 9.95 ? 1 : 0, size, units[unit]);
}

static void add_time(char *out, double seconds)
{
	uint64_t whole = (uint64_t)(seconds + 0.5);

	out += strlen(out);
	if (seconds < 1)
		strcpy(out, "less than 1s");
	else if (whole < 60)
		sprintf(out, "about %" PRIu64 "s", whole);
	else if (whole < 3600)
		sprintf(out, "about %" PRIu64 "m%02" PRIu64 "s", whole / 60, whole % 60);
	else
		sprintf(out, "about %" PRIu64 "h%02" PRIu64 "m", whole / 3600, whole / 60 % 60);
}

/* ------------------------------------------------------------------ one source */

/* What is added up over checks. */
struct sums {
	uint64_t rows, bytes;        /* that are sent */
	double seconds;              /* until the last source is done … */
	size_t unknown;              /* … but for so many checks */
};

static double longer(double a, double b)
{
	return a > b ? a : b;
}

/* "    reads about 812,344 rows, 240 MB, in 17 pieces; about 4s" */
static void describe(char note[NOTE_MAX], const struct drv_result *result)
{
	note[0] = '\0';
	if (!result->position)
		return;
	strcpy(note, result->streamed ? "    reads " : "    asks the server");
	if (result->estimated_rows || result->estimated_bytes) {
		strcat(note, result->streamed ? "about " : ", which looks at about ");
		add_number(note, result->estimated_rows);
		strcat(note, " rows");
		if (result->estimated_bytes) {
			strcat(note, ", ");
			add_bytes(note, result->estimated_bytes);
		}
	} else if (result->streamed) {
		strcat(note, "rows");
	}
	if (result->pieces > 1)
		sprintf(note + strlen(note), ", in %" PRIu32 " pieces", result->pieces);
	strcat(note, "; ");
	if (result->estimated_seconds < 0)
		strcat(note, "how long is not known");
	else
		add_time(note, result->estimated_seconds / (result->pieces < result->connections ?
							    result->pieces : result->connections));
	strcat(note, "\n");
}

static const struct drv_result *at_position(const struct drv_report *report, const char *source,
					    uint32_t position)
{
	const struct drv_result *result;

	for (size_t i = 0; (result = drv_report_result(report, i)); i++)
		if (!strcmp(result->source, source) && result->position == position)
			return result;
	return NULL;
}

static bool is_shown(const struct drv_result *result, const struct options *options)
{
	if (result->verdict == DRV_SKIPPED)
		return false;
	return !options->quiet || result->verdict != DRV_PASS;
}

static void show(const struct drv_result *result, const struct options *options)
{
	char note[NOTE_MAX];

	describe(note, result);
	if (is_shown(result, options))
		rehearsal_print_result(result, note);
}

/* Checks that would not be begun come last. */
static void show_source(const struct drv_report *report, const char *source,
			const struct options *options, struct sums *sums)
{
	const struct drv_result *result = at_position(report, source, 1);
	double sum = 0, longest = 0;
	char name[REPEAT_MAX];

	snprintf(name, sizeof name, "%s", source);
	disarm(name);
	if (result && !options->quiet)
		printf("source %s: by %" PRIu32 " connection%s, in this order\n", name,
		       result->connections, result->connections == 1 ? "" : "s");
	for (uint32_t i = 1; (result = at_position(report, source, i)); i++) {
		show(result, options);
		sums->rows += result->streamed ? result->estimated_rows : 0;
		sums->bytes += result->streamed ? result->estimated_bytes : 0;
		sums->unknown += result->estimated_seconds < 0;
		if (result->estimated_seconds < 0)
			continue;
		sum += result->estimated_seconds / result->connections;
		longest = longer(longest, result->estimated_seconds /
				 (result->pieces < result->connections ? result->pieces :
									 result->connections));
	}
	sums->seconds = longer(sums->seconds, longer(sum, longest));
	for (size_t i = 0; (result = drv_report_result(report, i)); i++)
		if (!strcmp(result->source, source) && !result->position)
			show(result, options);
}

/* ------------------------------------------------------------------ all of it */

static bool is_found(const struct drv_report *report, const char *code)
{
	const struct drv_result *result;
	const struct drv_finding *finding;

	for (size_t i = 0; (result = drv_report_result(report, i)); i++)
		for (size_t j = 0; (finding = drv_result_finding(result, j)); j++)
			if (!strcmp(finding->code, code))
				return true;
	return false;
}

static void print_sums(const struct drv_report *report, const struct drv_baseline *baseline,
		       const struct options *options, const struct sums *sums)
{
	char text[NOTE_MAX] = "about ";

	add_number(text, sums->rows);
	strcat(text, " rows");
	if (sums->bytes) {
		strcat(text, ", ");
		add_bytes(text, sums->bytes);
	}
	strcat(text, " would be sent; ");
	add_time(text, sums->seconds);
	printf("\n%s in all, %s", text, drv_baseline_verdict(baseline)[0] ?
	       "at the speed of the run that wrote the document" : "by a guess on the careful side");
	if (sums->unknown)
		printf("; of %zu check%s it is not known", sums->unknown,
		       sums->unknown == 1 ? "" : "s");
	putchar('\n');
	if (options->budget_ms)
		puts(is_found(report, "forecast.budget") ? "it does not fit into the budget" :
		     sums->unknown ? "whether it fits into the budget is not known" :
				     "it fits into the budget");
}

static void print_files(const struct options *options)
{
	for (size_t i = 0; i < options->writes.count; i++) {
		char text[1024];

		snprintf(text, sizeof text, "would write %s", options->writes.items[i]);
		disarm(text);
		puts(text);
	}
}

int dry_run(struct drv_run *run, const struct drv_baseline *baseline,
	    const struct options *options, bool capture)
{
	struct drv_report *report = NULL;
	struct sums sums = { 0 };
	const char *name;
	int status;

	if (rehearse(&report, run, capture))
		return EXIT_UNDECIDED;
	status = drv_report_exit_status(report);
	for (size_t i = 0; (name = drv_baseline_source_name(baseline, i)); i++)
		show_source(report, name, options, &sums);
	rehearsal_print_statements(report, baseline);
	if (status || !options->quiet) {
		print_sums(report, baseline, options, &sums);
		print_files(options);
		rehearsal_print_counts(report);
	}
	drv_report_free(&report);
	return status;
}
