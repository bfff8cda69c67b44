/* nagios.c: the report as a monitoring plug-in prints it: one line, numbers, then the details */
#include <inttypes.h>

#include "report/escape.h"
#include "report/words.h"

static const char *state(const struct drv_report *report)
{
	static const char *const states[] = {
		[DRV_PASS] = "OK", [DRV_WARN] = "WARNING", [DRV_FAIL] = "CRITICAL",
		[DRV_INCONCLUSIVE] = "UNKNOWN",
	};

	return states[report->verdict];
}

static bool is_news(const struct drv_result *result)
{
	return result->verdict != DRV_PASS && result->verdict != DRV_SKIPPED;
}

static void add_result(struct drvp_strbuf *out, const struct drv_result *result)
{
	drvp_strbuf_printf(out, "P%d %s ", (int)result->priority,
			   drv_verdict_name(result->verdict));
	drvp_escape_nagios(out, result->id);
	drvp_strbuf_str(out, ": ");
	drvp_escape_nagios(out, drvp_result_says(result));
}

/* The most important result that leads to this verdict: often all that fits on a pager. */
static const struct drv_result *first_cause(const struct drv_report *report)
{
	for (size_t i = 0; i < report->verdict_count; i++)
		if (report->ordered[i]->result.verdict == report->verdict)
			return &report->ordered[i]->result;
	return NULL;
}

static void add_line(struct drvp_strbuf *out, const struct drv_report *report)
{
	const struct drv_result *cause = first_cause(report);

	drvp_strbuf_printf(out, "DRVERIFY %s - ", state(report));
	drvp_escape_nagios(out, drvp_report_title(report));
	drvp_strbuf_str(out, ": ");
	drvp_report_print_counts(out, report);
	if (report->verdict != DRV_PASS && cause) {
		drvp_strbuf_str(out, "; ");
		add_result(out, cause);
	}
}

/* ------------------------------------------------------------------ performance data */

static void open_number(struct drvp_strbuf *out, const char *what, const struct drv_result *result)
{
	drvp_strbuf_printf(out, " '%s ", what);
	drvp_escape_perfdata(out, result->id);
	drvp_strbuf_str(out, "'=");
}

/* The range that passes, as a threshold for CRITICAL: "10:20", "10:" or "20". */
static void add_range(struct drvp_strbuf *out, const struct drvp_figures *figures)
{
	if (figures->least.set)
		drvp_strbuf_printf(out, "%" PRId64 ":", figures->least.value);
	if (figures->most.set)
		drvp_strbuf_printf(out, "%" PRId64, figures->most.value);
}

static void add_figures(struct drvp_strbuf *out, const struct drvp_verdict *verdict)
{
	const struct drvp_figures *figures = &verdict->figures;

	if (figures->expected.set || figures->least.set || figures->most.set) {
		open_number(out, "rows", &verdict->result);
		drvp_strbuf_printf(out, "%" PRIu64 ";;", verdict->result.rows);
		add_range(out, figures);
		drvp_strbuf_str(out, ";0");
	}
	if (figures->loss.set && figures->most_loss.set) {
		open_number(out, "loss", &verdict->result);
		drvp_print_seconds(out, figures->loss.value);
		drvp_strbuf_str(out, "s;;");
		drvp_print_seconds(out, figures->most_loss.value);
		drvp_strbuf_str(out, ";0");
	}
}

static void add_numbers(struct drvp_strbuf *out, const struct drv_report *report)
{
	size_t counts[DRV_SKIPPED + 1];

	drvp_report_count(report, counts);
	drvp_strbuf_printf(out, " | failed=%zu;;0;0;%zu undecided=%zu;;;0;%zu warned=%zu;0;;0;%zu "
			   "passed=%zu;;;0;%zu skipped=%zu;;;0;%zu", counts[DRV_FAIL],
			   report->verdict_count, counts[DRV_INCONCLUSIVE], report->verdict_count,
			   counts[DRV_WARN], report->verdict_count, counts[DRV_PASS],
			   report->verdict_count, counts[DRV_SKIPPED], report->verdict_count);
	drvp_strbuf_str(out, " time=");
	drvp_print_seconds(out, report->elapsed);
	drvp_strbuf_str(out, "s;;;0");
	for (size_t i = 0; i < report->verdict_count; i++)
		add_figures(out, report->ordered[i]);
}

int drvp_report_nagios(const struct drv_report *report, unsigned flags, struct drvp_strbuf *out)
{
	(void)flags;
	add_line(out, report);
	add_numbers(out, report);
	drvp_strbuf_char(out, '\n');
	for (size_t i = 0; i < report->verdict_count; i++)
		if (is_news(&report->ordered[i]->result)) {
			add_result(out, &report->ordered[i]->result);
			drvp_strbuf_char(out, '\n');
		}
	return out->failed ? DRV_E_NOMEM : 0;
}
