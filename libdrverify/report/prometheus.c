/* prometheus.c: the report as metrics, for node_exporter's textfile collector */
#include <inttypes.h>

#include "report/escape.h"
#include "report/words.h"

/*
 * Numbers are those of exit statuses and verdicts: 0 pass, 1 warn, 2 fail, 3 inconclusive, 4 skipped.
 * What is not known has no sample rather than a made-up one.
 */
struct metrics {
	const struct drv_report *report;
	struct drvp_strbuf *out;
};

static void describe(const struct metrics *m, const char *name, const char *help)
{
	drvp_strbuf_printf(m->out, "# HELP drverify_%s %s\n# TYPE drverify_%s gauge\n", name, help,
			   name);
}

static void add_label(const struct metrics *m, const char *name, const char *value)
{
	drvp_strbuf_printf(m->out, ",%s=\"", name);
	drvp_escape_label(m->out, value);
	drvp_strbuf_char(m->out, '"');
}

/* The start of a sample: its name and the labels that all have. */
static void open_sample(const struct metrics *m, const char *name)
{
	drvp_strbuf_printf(m->out, "drverify_%s{document=\"", name);
	drvp_escape_label(m->out, drvp_report_title(m->report));
	drvp_strbuf_printf(m->out, "\",command=\"%s\"",
			   m->report->capture ? "capture" : "verify");
}

static void close_number(const struct metrics *m, uint64_t number)
{
	drvp_strbuf_printf(m->out, "} %" PRIu64 "\n", number);
}

/* Microseconds as seconds, down to the millisecond. */
static void close_seconds(const struct metrics *m, int64_t microseconds)
{
	drvp_strbuf_str(m->out, "} ");
	drvp_print_seconds(m->out, microseconds);
	drvp_strbuf_char(m->out, '\n');
}

/* ------------------------------------------------------------------ the run */

static void add_number(const struct metrics *m, const char *name, const char *help, uint64_t number)
{
	describe(m, name, help);
	open_sample(m, name);
	close_number(m, number);
}

static void add_seconds(const struct metrics *m, const char *name, const char *help,
			struct drvp_number microseconds)
{
	if (!microseconds.set || microseconds.value < 0)
		return;
	describe(m, name, help);
	open_sample(m, name);
	close_seconds(m, microseconds.value);
}

static struct drvp_number known(int64_t value)
{
	return (struct drvp_number){ true, value };
}

static void add_counts(const struct metrics *m)
{
	size_t counts[DRV_SKIPPED + 1];

	drvp_report_count(m->report, counts);
	describe(m, "checks", "Checks of the document by what came out of them.");
	for (int verdict = 0; verdict <= DRV_SKIPPED; verdict++) {
		open_sample(m, "checks");
		add_label(m, "verdict", drv_verdict_name(verdict));
		close_number(m, counts[verdict]);
	}
}

static void add_run(const struct metrics *m)
{
	const struct drv_report *report = m->report;
	const struct drvp_objectives *objectives = &report->baseline->objectives;
	int64_t since = report->finished_at - report->incident_at.value;

	describe(m, "build_info", "The version that wrote this.");
	open_sample(m, "build_info");
	add_label(m, "version", drv_version());
	close_number(m, 1);
	add_number(m, "exit_status", "The verdict of the run: 0 pass, 1 warnings, 2 damage, "
		   "3 undecided.", (uint64_t)report->verdict);
	add_seconds(m, "run_started_timestamp_seconds", "When the run began.",
		    known(report->started_at));
	add_seconds(m, "run_finished_timestamp_seconds", "When the run ended.",
		    known(report->finished_at));
	add_seconds(m, "run_duration_seconds", "How long the run took.", known(report->elapsed));
	add_seconds(m, "baseline_captured_timestamp_seconds",
		    "When the baseline was captured that the run compares with.",
		    report->basis.captured_at);
	add_seconds(m, "rto_seconds", "How long a recovery may take, as the document says.",
		    objectives->rto);
	add_seconds(m, "rpo_seconds", "How much data, counted in time, may be lost, as the document "
		    "says.", objectives->rpo);
	add_seconds(m, "recovery_seconds", "From the incident to the end of this run.",
		    report->incident_at.set ? known(since) : (struct drvp_number){ 0 });
	add_counts(m);
}

static void add_sources(const struct metrics *m)
{
	describe(m, "source_reached", "Whether the source could be read.");
	for (size_t i = 0; i < m->report->source_count; i++) {
		const struct drvp_source_report *source = &m->report->sources[i];

		if (!source->selected)
			continue;
		open_sample(m, "source_reached");
		add_label(m, "source", source->source->name);
		add_label(m, "store", source->source->store);
		close_number(m, source->reached);
	}
}

/* ------------------------------------------------------------------ checks */

static void open_check(const struct metrics *m, const char *name, const struct drv_result *result)
{
	open_sample(m, name);
	add_label(m, "id", result->id);
	add_label(m, "check", result->check);
	add_label(m, "source", result->source);
	add_label(m, "target", result->target);
	drvp_strbuf_printf(m->out, ",priority=\"%d\",required=\"%s\"", (int)result->priority,
			   result->required ? "true" : "false");
}

static const struct drv_result *result_at(const struct metrics *m, size_t index)
{
	return &m->report->ordered[index]->result;
}

/* Nothing read is not the same as nothing there. */
static bool was_read(const struct drvp_verdict *verdict)
{
	return verdict->measured || verdict->result.rows;
}

static void add_results(const struct metrics *m)
{
	size_t count = m->report->verdict_count;

	describe(m, "check_verdict", "0 pass, 1 warning, 2 damage, 3 undecided, 4 skipped.");
	for (size_t i = 0; i < count; i++) {
		open_check(m, "check_verdict", result_at(m, i));
		close_number(m, (uint64_t)result_at(m, i)->verdict);
	}
	describe(m, "check_rows", "Rows or documents read or counted.");
	for (size_t i = 0; i < count; i++) {
		if (!was_read(m->report->ordered[i]))
			continue;
		open_check(m, "check_rows", result_at(m, i));
		close_number(m, result_at(m, i)->rows);
	}
	describe(m, "check_duration_seconds", "Time spent on it, all connections added up.");
	for (size_t i = 0; i < count; i++) {
		open_check(m, "check_duration_seconds", result_at(m, i));
		close_seconds(m, drvp_result_time(result_at(m, i)));
	}
}

static const struct drvp_figure {
	const char *name, *help;
	size_t offset;
	bool is_time;
} figures[] = {
	{ "check_expected_rows", "Rows or documents that the document or its capture names.",
	  offsetof(struct drvp_figures, expected), false },
	{ "check_least_rows", "The fewest that pass.", offsetof(struct drvp_figures, least), false },
	{ "check_most_rows", "The most that pass.", offsetof(struct drvp_figures, most), false },
	{ "check_data_loss_seconds", "How much data, counted in time, is lost.",
	  offsetof(struct drvp_figures, loss), true },
	{ "check_data_loss_limit_seconds", "How much may be lost.",
	  offsetof(struct drvp_figures, most_loss), true },
};

static void add_figure(const struct metrics *m, const struct drvp_figure *figure)
{
	bool described = false;

	for (size_t i = 0; i < m->report->verdict_count; i++) {
		const struct drvp_verdict *verdict = m->report->ordered[i];
		struct drvp_number number;

		memcpy(&number, (const char *)&verdict->figures + figure->offset, sizeof number);
		if (!number.set)
			continue;
		if (!described)
			describe(m, figure->name, figure->help);
		described = true;
		open_check(m, figure->name, &verdict->result);
		if (figure->is_time)
			close_seconds(m, number.value);
		else
			close_number(m, (uint64_t)number.value);
	}
}

/* ------------------------------------------------------------------ findings */

/* Whether an earlier finding of this result has the same code: one code is one sample. */
static bool is_repeated(const struct drv_result *result, size_t index)
{
	const char *code = drv_result_finding(result, index)->code;

	for (size_t i = 0; i < index; i++)
		if (!strcmp(drv_result_finding(result, i)->code, code))
			return true;
	return false;
}

/* How many findings of a result have this code, or how many rows they are about. */
static uint64_t sum_of(const struct drv_result *result, const char *code, bool rows)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < result->finding_count; i++) {
		const struct drv_finding *finding = drv_result_finding(result, i);

		if (!strcmp(finding->code, code))
			sum += rows ? finding->count : 1;
	}
	return sum;
}

static void add_findings(const struct metrics *m, const char *name, const char *help, bool rows)
{
	bool described = false;

	for (size_t i = 0; i < m->report->verdict_count; i++) {
		const struct drv_result *result = result_at(m, i);

		for (size_t j = 0; j < result->finding_count; j++) {
			const struct drv_finding *finding = drv_result_finding(result, j);
			uint64_t sum = sum_of(result, finding->code, rows);

			if (!sum || is_repeated(result, j))
				continue;
			if (!described)
				describe(m, name, help);
			described = true;
			open_check(m, name, result);
			add_label(m, "code", finding->code);
			add_label(m, "effect", drv_verdict_name(finding->effect));
			close_number(m, sum);
		}
	}
}

int drvp_report_prometheus(const struct drv_report *report, unsigned flags,
			   struct drvp_strbuf *out)
{
	const struct metrics m = { report, out };
	bool success = report->verdict == DRV_PASS || report->verdict == DRV_WARN;

	(void)flags;
	add_run(&m);
	add_sources(&m);
	add_results(&m);
	for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
		add_figure(&m, &figures[i]);
	add_findings(&m, "check_findings", "Findings by code.", false);
	add_findings(&m, "check_finding_rows", "Rows, documents or links that they are about.", true);
	/* Last, and always described, so that a file can be told after a failure when it was. */
	describe(&m, "last_success_timestamp_seconds",
		 "When a run of this document last ended with 0 or 1.");
	if (success) {
		open_sample(&m, "last_success_timestamp_seconds");
		close_seconds(&m, report->finished_at);
	}
	return out->failed ? DRV_E_NOMEM : 0;
}
