/* text.c: the verdict for a person at a terminal */
#include <string.h>

#include "report/display.h"
#include "report/report.h"

/* A longer name pushes its own line to the right, not everybody's. */
#define WIDEST_COLUMN 32
/* "P1 FAIL  ", in front of each result. */
#define RESULT_INDENT 9

/* Of the rows that a finding names. */
#define SHOWN_ROWS 8

struct page {
	const struct drv_report *report;
	struct drvp_strbuf *out;
	unsigned flags;
	size_t source_column;        /* of the lines on top */
	size_t check, source, target;/* widths of the columns of results */
};

static void widen(size_t *column, const char *text)
{
	size_t width = drvp_display_width(text);

	if (width > *column)
		*column = width < WIDEST_COLUMN ? width : WIDEST_COLUMN;
}

static void indent(struct page *page, size_t columns)
{
	drvp_display_padded(page->out, "", columns);
}

static const struct drv_result *result_at(const struct page *page, size_t index)
{
	return &page->report->ordered[index]->result;
}

/* ------------------------------------------------------------------ where the data is */

static void add_after(struct page *page, const char *separator, const char *text)
{
	if (!text[0])
		return;
	drvp_strbuf_str(page->out, separator);
	drvp_display(page->out, text);
}

/* Of several documents, which one it is, and why. */
static void print_choice(struct page *page)
{
	const struct drv_baseline *baseline = page->report->baseline;

	if (!baseline->choice)
		return;
	indent(page, page->source_column + 2);
	drvp_display(page->out, baseline->file);
	add_after(page, ": ", baseline->choice);
	drvp_strbuf_char(page->out, '\n');
}

static void print_signer(struct page *page)
{
	add_after(page, ", signed by ", drv_baseline_signer(page->report->baseline));
	drvp_strbuf_char(page->out, '\n');
}

static void print_baseline(struct page *page)
{
	const struct drv_baseline *baseline = page->report->baseline;
	int64_t age = page->report->started_at - baseline->captured_at.value;

	drvp_display_padded(page->out, "baseline", page->source_column + 2);
	drvp_display(page->out, baseline->name[0] ? baseline->name : baseline->file);
	if (!baseline->captured_at.set) {
		drvp_strbuf_str(page->out, ", as it was written: nothing was captured yet");
		print_signer(page);
		return;
	}
	drvp_strbuf_str(page->out, ", captured ");
	drvp_instant_print(page->out, baseline->captured_at.value / DRVP_SECOND * DRVP_SECOND);
	if (age >= 0) {
		drvp_strbuf_str(page->out, " (");
		drvp_duration_print(page->out, age);
		drvp_strbuf_str(page->out, " ago)");
	} else {
		drvp_strbuf_str(page->out, " (ahead of this machine's clock)");
	}
	print_signer(page);
}

static void print_source(struct page *page, const struct drvp_source_report *source)
{
	const struct drvp_identity *identity = &source->identity;

	drvp_display_padded(page->out, source->source->name, page->source_column + 2);
	if (!source->selected) {
		drvp_strbuf_str(page->out, "not read: no selected check needs it\n");
		return;
	}
	if (!source->reached) {
		add_after(page, "not verified: ", drvp_error_text(&source->error));
		drvp_strbuf_char(page->out, '\n');
		return;
	}
	drvp_display(page->out, identity->server);
	add_after(page, " ", identity->address);
	drvp_strbuf_str(page->out, identity->tls ? ", TLS" : "");
	drvp_strbuf_str(page->out, identity->in_recovery ? ", still in recovery" : "");
	add_after(page, "; ", source->lineage.text);
	add_after(page, "; ", identity->consistency);
	drvp_strbuf_char(page->out, '\n');
	for (size_t i = 0; i < identity->warning_count; i++) {
		indent(page, page->source_column + 2);
		add_after(page, "warning: ", identity->warnings[i]);
		drvp_strbuf_char(page->out, '\n');
	}
}

static void print_objectives(struct page *page)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	drvp_objectives_text(page->report, &text);
	if (text.len) {
		drvp_display_padded(page->out, "RTO", page->source_column + 2);
		drvp_display(page->out, drvp_strbuf_text(&text));
		drvp_strbuf_char(page->out, '\n');
	}
	page->out->failed |= text.failed;
	drvp_strbuf_free(&text);
}

static void print_header(struct page *page)
{
	const struct drv_report *report = page->report;

	widen(&page->source_column, "baseline");
	for (size_t i = 0; i < report->source_count; i++)
		widen(&page->source_column, report->sources[i].source->name);
	print_baseline(page);
	print_choice(page);
	for (size_t i = 0; i < report->source_count; i++)
		print_source(page, &report->sources[i]);
	print_objectives(page);
}

/* ------------------------------------------------------------------ one line a result */

static bool is_listed(const struct page *page, const struct drv_result *result)
{
	switch (result->verdict) {
	case DRV_PASS:
		return !(page->flags & DRV_REPORT_QUIET) &&
		       (page->flags & DRV_REPORT_VERBOSE || result->priority == 1);
	case DRV_SKIPPED:
		return page->flags & DRV_REPORT_VERBOSE;
	default:
		return true;
	}
}

static const char *verdict_mark(int verdict)
{
	static const char *const marks[] = {
		[DRV_PASS] = "ok", [DRV_WARN] = "WARN", [DRV_FAIL] = "FAIL",
		[DRV_INCONCLUSIVE] = "????", [DRV_SKIPPED] = "skip",
	};

	return marks[verdict];
}

static void print_result(struct page *page, const struct drv_result *result)
{
	const char *summary = result->summary;

	if (!summary[0] && result->finding_count)
		summary = drv_result_finding(result, 0)->message;
	drvp_strbuf_printf(page->out, "P%d %-4s  ", (int)result->priority,
			   verdict_mark(result->verdict));
	drvp_display_padded(page->out, result->check, page->check + 1);
	drvp_display_padded(page->out, result->source, page->source + 1);
	drvp_display_padded(page->out, result->target, page->target);
	add_after(page, "  ", summary);
	if (result->verdict == DRV_INCONCLUSIVE && !result->required)
		drvp_strbuf_str(page->out, " (optional)");
	drvp_strbuf_char(page->out, '\n');
}

/* Says that results were left out, so that a short list is not taken for a short document. */
static void print_folded(struct page *page, size_t count, bool more, const char *what)
{
	if (!count)
		return;
	indent(page, RESULT_INDENT);
	drvp_strbuf_grouped(page->out, count);
	drvp_strbuf_printf(page->out, "%s %s %s\n", more ? " more" : "",
			   count == 1 ? "check" : "checks", what);
}

static void print_results(struct page *page)
{
	size_t passed = 0, skipped = 0, listed_passes = 0;

	for (size_t i = 0; i < page->report->verdict_count; i++) {
		const struct drv_result *result = result_at(page, i);

		if (!is_listed(page, result))
			continue;
		widen(&page->check, result->check);
		widen(&page->source, result->source);
		widen(&page->target, result->target);
	}
	for (size_t i = 0; i < page->report->verdict_count; i++) {
		const struct drv_result *result = result_at(page, i);
		bool listed = is_listed(page, result);

		if (listed)
			print_result(page, result);
		passed += !listed && result->verdict == DRV_PASS;
		skipped += !listed && result->verdict == DRV_SKIPPED;
		listed_passes += listed && result->verdict == DRV_PASS;
	}
	if (page->flags & DRV_REPORT_QUIET)
		return;
	print_folded(page, passed, listed_passes > 0, "passed (-v lists them)");
	print_folded(page, skipped, false, "skipped as asked (-v lists them)");
}

/* ------------------------------------------------------------------ the findings behind them */

static void print_rows(struct page *page, const struct drv_finding *finding)
{
	size_t shown = finding->row_count < SHOWN_ROWS ? finding->row_count : SHOWN_ROWS;

	for (size_t i = 0; i < shown; i++) {
		const struct drv_row_ref *row = drv_finding_row(finding, i);

		add_after(page, "    at ", row->place[0] ? row->place : row->key);
		if (row->place[0])
			add_after(page, ", key ", row->key);
		drvp_strbuf_char(page->out, '\n');
	}
	if (shown && finding->count > shown) {
		drvp_strbuf_str(page->out, "    and ");
		drvp_strbuf_grouped(page->out, finding->count - shown);
		drvp_strbuf_str(page->out, finding->row_count > shown ? " more; the json report names "
					   "them\n" : " more\n");
	}
}

static void print_findings(struct page *page, const struct drv_result *result)
{
	/* What blocked it has findings of its own; repeating them would bury the cause. */
	if (!result->finding_count || result->verdict == DRV_SKIPPED ||
	    (result->blocked_by[0] && !(page->flags & DRV_REPORT_VERBOSE)))
		return;
	drvp_strbuf_char(page->out, '\n');
	drvp_display(page->out, result->id);
	drvp_strbuf_char(page->out, '\n');
	for (size_t i = 0; i < result->finding_count; i++) {
		const struct drv_finding *finding = drv_result_finding(result, i);

		add_after(page, "  ", finding->code);
		add_after(page, "  ", finding->message);
		drvp_strbuf_char(page->out, '\n');
		print_rows(page, finding);
	}
}

/* ------------------------------------------------------------------ the verdict */

static void print_counts(struct page *page)
{
	static const struct {
		int verdict;
		const char *word;
	} order[] = {
		{ DRV_FAIL, "failed" }, { DRV_INCONCLUSIVE, "undecided" }, { DRV_WARN, "warned" },
		{ DRV_PASS, "passed" }, { DRV_SKIPPED, "skipped" },
	};
	size_t counts[DRV_SKIPPED + 1] = { 0 };
	const char *separator = "";

	for (size_t i = 0; i < page->report->verdict_count; i++)
		counts[result_at(page, i)->verdict]++;
	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		size_t count = counts[order[i].verdict];

		if (!count)
			continue;
		drvp_strbuf_str(page->out, separator);
		drvp_strbuf_grouped(page->out, count);
		drvp_strbuf_printf(page->out, " %s", order[i].word);
		separator = ", ";
	}
	drvp_strbuf_str(page->out, " of ");
	drvp_strbuf_grouped(page->out, page->report->verdict_count);
	drvp_strbuf_str(page->out, " in ");
	drvp_duration_print(page->out, page->report->elapsed);
	drvp_strbuf_char(page->out, '.');
	if (counts[DRV_SKIPPED] && page->report->verdict == DRV_PASS)
		drvp_strbuf_printf(page->out, " What was skipped is not %s.",
				   page->report->capture ? "recorded" : "proved");
}

static bool has_code(const struct page *page, const char *code)
{
	for (size_t i = 0; i < page->report->verdict_count; i++) {
		const struct drv_result *result = result_at(page, i);

		for (size_t j = 0; j < result->finding_count; j++)
			if (!strcmp(drv_result_finding(result, j)->code, code))
				return true;
	}
	return false;
}

static void print_closing(struct page *page)
{
	static const struct {
		const char *headline, *verified, *captured;
	} closings[] = {
		[DRV_PASS] = { "INTACT", "", "" },
		[DRV_WARN] = { "WARNINGS", " Read them before going live.",
			       " Read them before relying on this baseline." },
		[DRV_FAIL] = { "DAMAGE FOUND", " Do not go live on this verdict.",
			       " Damaged data makes no baseline." },
		[DRV_INCONCLUSIVE] = { "UNDECIDED", " What was not verified may be damaged.",
				       " This makes no baseline." },
	};
	const struct drv_report *report = page->report;
	bool recorded = report->capture && report->verdict == DRV_PASS;

	drvp_strbuf_printf(page->out, "%s: ",
			   recorded ? "CAPTURED" : closings[report->verdict].headline);
	print_counts(page);
	if (report->cancelled)
		drvp_strbuf_str(page->out, " Cancelled before its end.");
	else if (has_code(page, "budget.spent"))
		drvp_strbuf_str(page->out, " The budget was spent before its end.");
	drvp_strbuf_str(page->out, report->capture ? closings[report->verdict].captured
						   : closings[report->verdict].verified);
	drvp_strbuf_printf(page->out, " exit %d\n", drv_report_exit_status(report));
}

/* The first finding, in the order of importance, that leads to this verdict. */
static const char *first_code(const struct page *page, int effect)
{
	for (size_t i = 0; i < page->report->verdict_count; i++) {
		const struct drv_result *result = result_at(page, i);

		for (size_t j = 0; j < result->finding_count; j++)
			if (drv_result_finding(result, j)[0].effect == effect)
				return drv_result_finding(result, j)[0].code;
	}
	return NULL;
}

static void print_next(struct page *page)
{
	const char *code = first_code(page, page->report->verdict);

	if (code && page->report->verdict != DRV_PASS)
		drvp_strbuf_printf(page->out, "next  drverify explain %s\n", code);
}

int drvp_report_text(const struct drv_report *report, unsigned flags, struct drvp_strbuf *out)
{
	struct page page = { .report = report, .out = out, .flags = flags };
	size_t details;

	if (flags & DRV_REPORT_QUIET && report->verdict == DRV_PASS)
		return 0;
	print_header(&page);
	print_results(&page);
	details = out->len;
	for (size_t i = 0; i < report->verdict_count; i++)
		print_findings(&page, result_at(&page, i));
	if (out->len > details)
		drvp_strbuf_char(out, '\n');
	print_closing(&page);
	print_next(&page);
	return out->failed ? DRV_E_NOMEM : 0;
}
