/* rehearsal.c: what a run that reads nothing found, as doctor and --dry-run show it */
#include "rehearsal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "interrupt.h"
#include "message.h"

/* So many tables are better granted at once. */
#define MANY_GRANTS 3

/* ------------------------------------------------------------------ results */

/* Names in it come from documents and servers. */
static void print_line(const char *before, const char *text, const char *after)
{
	char *copy = strdup(text);

	if (!copy)
		return;
	disarm(copy);
	printf("%s%s%s\n", before, copy, after);
	free(copy);
}

static const char *word_for(int verdict)
{
	switch (verdict) {
	case DRV_PASS:
		return "ready";
	case DRV_WARN:
		return "warning";
	case DRV_SKIPPED:
		return "skipped";
	default:
		return "UNDECIDED";
	}
}

void rehearsal_print_result(const struct drv_result *result, const char *note)
{
	const struct drv_finding *finding;
	char place[16];

	snprintf(place, sizeof place, "P%d %-10s ", result->priority, word_for(result->verdict));
	print_line(place, result->id, "");
	printf("%s", note);
	for (size_t i = 0; (finding = drv_result_finding(result, i)); i++) {
		printf("    %s: ", finding->code);
		print_line("", finding->message, "");
	}
}

/* ------------------------------------------------------------------ statements */

static const struct drv_finding *next_statement(const struct drv_report *report,
						const char *source, size_t *result, size_t *finding)
{
	const struct drv_result *one;
	const struct drv_finding *found;

	for (; (one = drv_report_result(report, *result)); ++*result, *finding = 0) {
		if (strcmp(one->source, source))
			continue;
		while ((found = drv_result_finding(one, (*finding)++)))
			if (found->statement[0])
				return found;
	}
	return NULL;
}

/* " TO role", as a GRANT ends. */
static const char *grantee(const char *statement)
{
	const char *found = "";

	for (const char *at = statement; (at = strstr(at, " TO ")); at++)
		found = at;
	return found;
}

/* Each as a line to paste, once. */
static void print_statements(const struct drv_report *report, const char *source)
{
	const struct drv_finding *found, *earlier, *last = NULL;
	size_t result = 0, finding = 0, grants = 0;

	while ((found = next_statement(report, source, &result, &finding))) {
		size_t r = 0, f = 0;

		while ((earlier = next_statement(report, source, &r, &f)) != found)
			if (!strcmp(earlier->statement, found->statement))
				break;
		if (earlier != found)
			continue;
		if (!last)
			print_line("\n-- as owner or superuser, on source ", source, ":");
		print_line("", found->statement, ";");
		grants += strstr(found->statement, "GRANT SELECT") != NULL;
		last = strstr(found->statement, "GRANT SELECT") || !last ? found : last;
	}
	if (grants >= MANY_GRANTS)
		print_line("-- or at once, from PostgreSQL 14 on: GRANT pg_read_all_data",
			   grantee(last->statement), ";");
}

void rehearsal_print_statements(const struct drv_report *report,
				const struct drv_baseline *baseline)
{
	const char *name;

	for (size_t i = 0; (name = drv_baseline_source_name(baseline, i)); i++)
		print_statements(report, name);
}

/* ------------------------------------------------------------------ all of it */

void rehearsal_print_counts(const struct drv_report *report)
{
	const struct drv_result *result;
	size_t counts[DRV_SKIPPED + 1] = { 0 };

	for (size_t i = 0; (result = drv_report_result(report, i)); i++)
		counts[result->verdict]++;
	printf("%zu ready, %zu with warnings, %zu would be undecided", counts[DRV_PASS],
	       counts[DRV_WARN], counts[DRV_INCONCLUSIVE]);
	if (counts[DRV_SKIPPED])
		printf(", %zu skipped", counts[DRV_SKIPPED]);
	printf("; no row was read. exit %d\n", drv_report_exit_status(report));
}

int rehearse(struct drv_report **report, struct drv_run *run, bool capture)
{
	struct drv_error error = DRV_ERROR_INIT;
	int status;

	interrupt_watch(run);
	status = drv_run_rehearse(run, capture, report, &error);
	interrupt_forget();
	if (status)
		complain("%s", error.message);
	return status;
}
