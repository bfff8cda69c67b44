/* text.c: the verdict for a person at a terminal */
#include <string.h>

#include "report/display.h"
#include "report/words.h"

/* A longer name pushes its own line to the right, not everybody's. */
#define WIDEST_COLUMN 32
/* "P1 FAIL  ", in front of each result. */
#define RESULT_INDENT 9
/* A summary that would be squeezed into less goes under its result. */
#define NARROWEST_SUMMARY 36
/* What stands under a finding. */
#define FINDING_INDENT 4

/* Of the rows that a finding names. */
#define SHOWN_ROWS 8

struct page {
	const struct drv_report *report;
	struct drvp_strbuf *out;
	unsigned flags;
	size_t source_column;        /* of the lines on top */
	size_t check, source, target;/* widths of the columns of results */
	size_t width;                /* of the terminal; 0: lines are not folded */
	size_t at;                   /* how far the line has come in out */
	struct drvp_strbuf rest;     /* what is still to be folded of it */
};

static const char *color_of(int verdict)
{
	static const char *const colors[] = {
		[DRV_PASS] = "\033[32m", [DRV_WARN] = "\033[33m", [DRV_FAIL] = "\033[1;31m",
		[DRV_INCONCLUSIVE] = "\033[1;35m", [DRV_SKIPPED] = "\033[2m",
	};

	return colors[verdict];
}

/* Our own words, in the colour of a verdict where colours are seen. */
static void paint(struct page *page, int verdict, const char *words)
{
	bool colored = page->flags & DRV_REPORT_COLOR;

	drvp_strbuf_str(page->out, colored ? color_of(verdict) : "");
	drvp_strbuf_str(page->out, words);
	drvp_strbuf_str(page->out, colored ? "\033[0m" : "");
}

static void widen(size_t *column, const char *text)
{
	size_t width = drvp_display_width(text);

	if (width > *column)
		*column = width < WIDEST_COLUMN ? width : WIDEST_COLUMN;
}

/* The parts of a line: columns, then text that is folded when the line is closed. */
static void column(struct page *page, const char *text, size_t width)
{
	size_t taken = drvp_display_width(text);

	drvp_display_padded(page->out, text, width);
	page->at += taken > width ? taken : width;
}

static void add_after(struct page *page, const char *separator, const char *text)
{
	if (!text[0])
		return;
	drvp_strbuf_str(&page->rest, separator);
	drvp_display(&page->rest, text);
}

static void add(struct page *page, const char *words)
{
	drvp_strbuf_str(&page->rest, words);
}

static void close_line(struct page *page, size_t indent)
{
	page->out->failed |= page->rest.failed;
	drvp_display_folded(page->out, drvp_strbuf_text(&page->rest), page->at, indent, page->width);
	drvp_strbuf_char(page->out, '\n');
	drvp_strbuf_clear(&page->rest);
	page->at = 0;
}

static const struct drv_result *result_at(const struct page *page, size_t index)
{
	return &page->report->ordered[index]->result;
}

/* ------------------------------------------------------------------ where the data is */

static void add_second(struct page *page, int64_t instant)
{
	drvp_instant_print(&page->rest, instant / DRVP_SECOND * DRVP_SECOND);
}

/* Of a report that was read again: when the run was that this is about. */
static void print_run(struct page *page)
{
	const struct drv_report *report = page->report;
	struct drvp_strbuf point = DRVP_STRBUF_INIT;

	column(page, "report", page->source_column + 2);
	add(page, report->capture ? "captured " : "verified ");
	add_second(page, report->started_at);
	add(page, " to ");
	add_second(page, report->finished_at);
	drvp_report_print_restore_point(&point, report);
	add_after(page, ", restored to: ", drvp_strbuf_text(&point));
	close_line(page, page->source_column + 2);
	page->out->failed |= point.failed;
	drvp_strbuf_free(&point);
}

static void print_baseline(struct page *page)
{
	struct drvp_number captured_at = page->report->basis.captured_at;
	int64_t age = page->report->started_at - captured_at.value;

	column(page, "baseline", page->source_column + 2);
	add_after(page, "", drvp_report_title(page->report));
	if (!captured_at.set) {
		add(page, ", as it was written: nothing was captured yet");
	} else {
		add(page, ", captured ");
		add_second(page, captured_at.value);
		add(page, age < 0 ? " (ahead of this machine's clock)" : " (");
		if (age >= 0)
			drvp_duration_print(&page->rest, age);
		add(page, age < 0 ? "" : page->report->was_read ? " before)" : " ago)");
	}
	add_after(page, ", signed by ", page->report->basis.signer);
	close_line(page, page->source_column + 2);
}

/* Of several documents, which one it is, and why. */
static void print_choice(struct page *page)
{
	const struct drvp_basis *basis = &page->report->basis;

	if (!basis->choice[0])
		return;
	column(page, "", page->source_column + 2);
	add_after(page, "", basis->file);
	add_after(page, ": ", basis->choice);
	close_line(page, page->source_column + 2);
}

static void add_identity(struct page *page, const struct drvp_source_report *source)
{
	const struct drvp_identity *identity = &source->identity;

	add_after(page, "", identity->server);
	add_after(page, " ", identity->address);
	add(page, identity->tls ? ", TLS" : "");
	add(page, identity->in_recovery ? ", still in recovery" : "");
	add_after(page, "; ", source->lineage.text);
	add_after(page, "; ", identity->consistency);
}

static void print_source(struct page *page, const struct drvp_source_report *source)
{
	size_t indent = page->source_column + 2;

	column(page, source->source->name, indent);
	if (!source->selected)
		add(page, "not read: no selected check needs it");
	else if (!source->reached)
		add_after(page, "not verified: ", drvp_error_text(&source->error));
	else
		add_identity(page, source);
	close_line(page, indent);
	for (size_t i = 0; source->reached && i < source->identity.warning_count; i++) {
		column(page, "", indent);
		add_after(page, "warning: ", source->identity.warnings[i]);
		close_line(page, indent);
	}
}

static void print_objectives(struct page *page)
{
	drvp_objectives_text(page->report, &page->rest);
	if (!page->rest.len)
		return;
	column(page, "RTO", page->source_column + 2);
	close_line(page, page->source_column + 2);
}

static void print_header(struct page *page)
{
	const struct drv_report *report = page->report;

	widen(&page->source_column, "baseline");
	for (size_t i = 0; i < report->source_count; i++)
		widen(&page->source_column, report->sources[i].source->name);
	if (report->was_read)
		print_run(page);
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
	const char *mark = verdict_mark(result->verdict);
	size_t indent, room, target = drvp_display_width(result->target);

	drvp_strbuf_printf(page->out, "P%d ", (int)result->priority);
	paint(page, result->verdict, mark);
	drvp_display_padded(page->out, "", RESULT_INDENT - strlen("P1 ") - strlen(mark));
	page->at = RESULT_INDENT;
	column(page, result->check, page->check + 1);
	column(page, result->source, page->source + 1);
	add_after(page, "", drvp_result_says(result));
	add(page, result->verdict == DRV_INCONCLUSIVE && !result->required ? " (optional)" : "");
	indent = page->at + (target > page->target ? target : page->target) + 2;
	room = page->width > indent ? page->width - indent : 0;
	if (page->width && room < NARROWEST_SUMMARY &&
	    room < drvp_display_width(drvp_strbuf_text(&page->rest))) {
		drvp_display(page->out, result->target);
		drvp_strbuf_char(page->out, '\n');
		page->at = 0;
		indent = RESULT_INDENT;
		column(page, "", indent);
	} else {
		column(page, result->target, page->rest.len ? indent - page->at : 0);
	}
	close_line(page, indent);
}

/* Says that results were left out, so that a short list is not taken for a short document. */
static void print_folded(struct page *page, size_t count, bool more, const char *what)
{
	if (!count)
		return;
	column(page, "", RESULT_INDENT);
	drvp_strbuf_grouped(&page->rest, count);
	add(page, more ? " more" : "");
	add(page, count == 1 ? " check " : " checks ");
	add(page, what);
	close_line(page, RESULT_INDENT);
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

/* What blocked it has findings of its own; repeating them would bury the cause. */
static bool is_told(const struct page *page, const struct drv_result *result)
{
	return result->finding_count && result->verdict != DRV_SKIPPED &&
	       (!result->blocked_by[0] || page->flags & DRV_REPORT_VERBOSE);
}

static void print_rows(struct page *page, const struct drv_finding *finding)
{
	size_t shown = finding->row_count < SHOWN_ROWS ? finding->row_count : SHOWN_ROWS;

	for (size_t i = 0; i < shown; i++) {
		const struct drv_row_ref *row = drv_finding_row(finding, i);

		column(page, "", FINDING_INDENT);
		add_after(page, "at ", row->place[0] ? row->place : row->key);
		if (row->place[0])
			add_after(page, ", key ", row->key);
		close_line(page, FINDING_INDENT);
	}
	if (shown && finding->count > shown) {
		column(page, "", FINDING_INDENT);
		add(page, "and ");
		drvp_strbuf_grouped(&page->rest, finding->count - shown);
		add(page, " more");
		if (finding->row_count > shown) {
			add(page, "; the json report names ");
			drvp_strbuf_grouped(&page->rest, finding->row_count);
		}
		close_line(page, FINDING_INDENT);
	}
}

/* Whether an earlier finding said already what to do about this code. */
static bool is_repeated(const struct page *page, const struct drv_result *result, size_t index)
{
	const char *code = drv_result_finding(result, index)->code;

	for (size_t i = 0; i < page->report->verdict_count; i++) {
		const struct drv_result *earlier = result_at(page, i);
		size_t count = earlier == result ? index : earlier->finding_count;

		for (size_t j = 0; j < count; j++)
			if (is_told(page, earlier) &&
			    !strcmp(drv_result_finding(earlier, j)->code, code))
				return true;
		if (earlier == result)
			break;
	}
	return false;
}

static void print_finding(struct page *page, const struct drv_result *result, size_t index)
{
	const struct drv_finding *finding = drv_result_finding(result, index);
	const struct drv_explanation *known = drvp_verdict_explanation(result, finding->code);

	column(page, "  ", 2);
	paint(page, finding->effect, finding->code);
	page->at += strlen(finding->code);
	add_after(page, "  ", finding->message);
	close_line(page, FINDING_INDENT);
	print_rows(page, finding);
	if (!known || is_repeated(page, result, index))
		return;
	column(page, "", FINDING_INDENT);
	add_after(page, "next: ", known->next);
	close_line(page, FINDING_INDENT + strlen("next: "));
}

static void print_findings(struct page *page, const struct drv_result *result)
{
	if (!is_told(page, result))
		return;
	drvp_strbuf_char(page->out, '\n');
	drvp_display(page->out, result->id);
	drvp_strbuf_char(page->out, '\n');
	for (size_t i = 0; i < result->finding_count; i++)
		print_finding(page, result, i);
}

/* ------------------------------------------------------------------ the verdict */

static void print_closing(struct page *page)
{
	const char *headline = drvp_report_headline(page->report);

	paint(page, page->report->verdict, headline);
	page->at = strlen(headline);
	add(page, ": ");
	drvp_report_print_counts(&page->rest, page->report);
	add(page, ".");
	drvp_report_print_remarks(&page->rest, page->report);
	drvp_strbuf_printf(&page->rest, " exit %d", drv_report_exit_status(page->report));
	close_line(page, 0);
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
	struct page page = { .report = report, .out = out, .flags = flags, .width = flags >> 16 };
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
	drvp_strbuf_free(&page.rest);
	return out->failed ? DRV_E_NOMEM : 0;
}
