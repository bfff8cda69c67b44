/* html.c: the report as one page for an auditor, which needs nothing besides itself */
#include "report/html.h"

#include "report/escape.h"
#include "report/words.h"

struct page {
	const struct drv_report *report;
	struct drvp_strbuf *out;
};

static void say(const struct page *page, const char *markup)
{
	drvp_strbuf_str(page->out, markup);
}

/* Foreign text, after markup, unless there is none. */
static void add(const struct page *page, const char *before, const char *text)
{
	if (!text[0])
		return;
	drvp_strbuf_str(page->out, before);
	drvp_escape_xml(page->out, text);
}

static void add_instant(const struct page *page, int64_t instant)
{
	drvp_instant_print(page->out, instant / DRVP_SECOND * DRVP_SECOND);
}

static const struct drv_result *result_at(const struct page *page, size_t index)
{
	return &page->report->ordered[index]->result;
}

/* Opens a cell; on a narrow screen the label stands in front of it instead of on top. */
static void cell(const struct page *page, const char *label, const char *class)
{
	drvp_strbuf_printf(page->out, "<td data-label=\"%s\"%s%s%s>", label,
			   class[0] ? " class=\"" : "", class, class[0] ? "\"" : "");
}

static void add_badge(const struct page *page, int verdict)
{
	const char *name = drv_verdict_name(verdict);

	drvp_strbuf_printf(page->out, "<span class=\"badge %s\">%s</span>", name, name);
}

/* ------------------------------------------------------------------ on top */

static void open_tile(const struct page *page, const char *label, const char *class)
{
	drvp_strbuf_printf(page->out, "<div class=\"%s\"><dt>%s</dt><dd>", class, label);
}

static void add_loss_tile(const struct page *page)
{
	const struct drvp_verdict *worst = drvp_report_worst_loss(page->report);

	if (!worst)
		return;
	open_tile(page, "Data loss", drv_verdict_name(worst->result.verdict));
	drvp_duration_print(page->out, worst->figures.loss.value);
	say(page, "<small>allowed ");
	drvp_duration_print(page->out, worst->figures.most_loss.value);
	say(page, "</small></dd></div>\n");
}

static void add_recovery_tile(const struct page *page)
{
	const struct drv_report *report = page->report;
	struct drvp_number rto = report->baseline->objectives.rto;
	int64_t took = report->finished_at - report->incident_at.value;

	if (!report->incident_at.set)
		return;
	open_tile(page, "Since the incident", rto.set && took > rto.value ? "fail" : "plain");
	drvp_duration_print(page->out, took);
	if (rto.set) {
		say(page, "<small>objective ");
		drvp_duration_print(page->out, rto.value);
		say(page, "</small>");
	}
	say(page, "</dd></div>\n");
}

static void add_tiles(const struct page *page)
{
	static const struct {
		int verdict;
		const char *label;
	} tiles[] = {
		{ DRV_FAIL, "Failed" }, { DRV_INCONCLUSIVE, "Undecided" }, { DRV_WARN, "Warned" },
		{ DRV_PASS, "Passed" }, { DRV_SKIPPED, "Skipped" },
	};
	size_t counts[DRV_SKIPPED + 1];

	drvp_report_count(page->report, counts);
	say(page, "<dl class=\"tiles\">\n");
	for (size_t i = 0; i < sizeof tiles / sizeof *tiles; i++) {
		if (!counts[tiles[i].verdict] && tiles[i].verdict == DRV_SKIPPED)
			continue;
		open_tile(page, tiles[i].label,
			  counts[tiles[i].verdict] ? drv_verdict_name(tiles[i].verdict) : "plain");
		drvp_strbuf_grouped(page->out, counts[tiles[i].verdict]);
		say(page, "</dd></div>\n");
	}
	add_loss_tile(page);
	add_recovery_tile(page);
	say(page, "</dl>\n");
}

static void add_header(const struct page *page)
{
	const struct drv_report *report = page->report;

	drvp_strbuf_printf(page->out, "<header class=\"%s\">\n<p class=\"kicker\">%s, ",
			   drv_verdict_name(report->verdict),
			   report->capture ? "Capture of a baseline" : "Verification of restored data");
	add_instant(page, report->finished_at);
	add(page, "</p>\n<h1>", drvp_report_title(report));
	drvp_strbuf_printf(page->out, "</h1>\n<p class=\"headline\">%s</p>\n<p>",
			   drvp_report_headline(report));
	drvp_report_print_counts(page->out, report);
	say(page, ".");
	drvp_report_print_remarks(page->out, report);
	say(page, "</p>\n");
	add_tiles(page);
	say(page, "</header>\n");
}

/* ------------------------------------------------------------------ what was compared */

static void open_fact(const struct page *page, const char *label)
{
	drvp_strbuf_printf(page->out, "<tr><td>%s</td><td>", label);
}

static void close_fact(const struct page *page)
{
	say(page, "</td></tr>\n");
}

static void add_source(const struct page *page, const struct drvp_source_report *source)
{
	const struct drvp_identity *identity = &source->identity;

	say(page, "<tr><td>Source ");
	add(page, "<code>", source->source->name);
	say(page, "</code></td><td>");
	if (!source->selected) {
		say(page, "not read: no selected check needs it");
	} else if (!source->reached) {
		add(page, "<span class=\"tone inconclusive\">not verified</span>: ",
		    drvp_error_text(&source->error));
	} else {
		add(page, "", identity->server);
		add(page, " at ", identity->address);
		say(page, identity->tls ? ", TLS" : "");
		say(page, identity->in_recovery ? ", still in recovery" : "");
		add(page, "<br>", source->lineage.text);
		add(page, "<br>", identity->consistency);
	}
	for (size_t i = 0; i < identity->warning_count; i++)
		add(page, "<br><span class=\"tone warn\">warning</span>: ", identity->warnings[i]);
	close_fact(page);
}

static void add_objectives(const struct page *page)
{
	const struct drvp_objectives *objectives = &page->report->baseline->objectives;

	if (!objectives->rto.set && !objectives->rpo.set)
		return;
	open_fact(page, "Objectives");
	if (objectives->rto.set) {
		say(page, "recovery within ");
		drvp_duration_print(page->out, objectives->rto.value);
	}
	say(page, objectives->rto.set && objectives->rpo.set ? ", " : "");
	if (objectives->rpo.set) {
		say(page, "loss of data of at most ");
		drvp_duration_print(page->out, objectives->rpo.value);
	}
	close_fact(page);
}

static void add_scope(const struct page *page)
{
	const struct drv_report *report = page->report;
	struct drvp_strbuf point = DRVP_STRBUF_INIT;

	say(page, "<section>\n<h2>What was compared</h2>\n<table class=\"facts\"><tbody>\n");
	open_fact(page, "Restored to");
	drvp_report_print_restore_point(&point, report);
	add(page, "", drvp_strbuf_text(&point));
	page->out->failed |= point.failed;
	drvp_strbuf_free(&point);
	close_fact(page);
	if (report->incident_at.set) {
		open_fact(page, "Incident at");
		add_instant(page, report->incident_at.value);
		close_fact(page);
	}
	open_fact(page, "Compared with");
	add(page, "", report->basis.file);
	if (report->basis.captured_at.set) {
		say(page, ", captured ");
		add_instant(page, report->basis.captured_at.value);
	} else {
		say(page, ", which no capture wrote");
	}
	add(page, ", signed by ", report->basis.signer);
	add(page, "<br>", report->basis.choice);
	close_fact(page);
	add_objectives(page);
	for (size_t i = 0; i < report->source_count; i++)
		add_source(page, &report->sources[i]);
	say(page, "</tbody></table>\n</section>\n");
}

/* ------------------------------------------------------------------ checks */

static void add_check(const struct page *page, const struct drv_result *result)
{
	say(page, "<tr>");
	cell(page, "Priority", "");
	drvp_strbuf_printf(page->out, "%d</td>", (int)result->priority);
	cell(page, "Verdict", "");
	say(page, "<span>");
	add_badge(page, result->verdict);
	say(page, result->required ? "</span></td>" : " optional</span></td>");
	cell(page, "Check", "word");
	add(page, "", result->check);
	say(page, "</td>");
	cell(page, "Where", "where");
	say(page, "<span>");
	add(page, "", result->source);
	add(page, " <strong>", result->target);
	say(page, result->target[0] ? "</strong></span></td>" : "</span></td>");
	cell(page, "Seen", "");
	add(page, "", drvp_result_says(result));
	say(page, "</td>");
	cell(page, "Rows", "number");
	if (result->rows)
		drvp_strbuf_grouped(page->out, result->rows);
	say(page, "</td></tr>\n");
}

static void add_checks(const struct page *page)
{
	say(page, "<section>\n<h2>Checks</h2>\n<table><thead><tr><th>P</th><th>Verdict</th>"
		  "<th>Check</th><th>Where</th><th>Seen</th><th class=\"number\">Rows</th></tr></thead>"
		  "<tbody>\n");
	for (size_t i = 0; i < page->report->verdict_count; i++)
		add_check(page, result_at(page, i));
	say(page, "</tbody></table>\n<p class=\"soft\">What no check covers is not proved. "
		  "Priority 1 is the most important.</p>\n</section>\n");
}

/* ------------------------------------------------------------------ findings */

static void add_rows(const struct page *page, const struct drv_finding *finding)
{
	if (!finding->row_count)
		return;
	say(page, "<ul>\n");
	for (size_t i = 0; i < finding->row_count; i++) {
		const struct drv_row_ref *row = drv_finding_row(finding, i);

		say(page, "<li><code>");
		add(page, "", row->place);
		add(page, row->place[0] ? "</code>, key <code>" : "", row->key);
		say(page, "</code></li>\n");
	}
	if (finding->count > finding->row_count) {
		say(page, "<li>and ");
		drvp_strbuf_grouped(page->out, finding->count - finding->row_count);
		say(page, " more</li>\n");
	}
	say(page, "</ul>\n");
}

static void add_finding(const struct page *page, const struct drv_result *result,
			const struct drv_finding *finding)
{
	const struct drv_explanation *known = drvp_verdict_explanation(result, finding->code);

	drvp_strbuf_printf(page->out, "<article class=\"finding %s\">\n<h3><span class=\"tone\">",
			   drv_verdict_name(finding->effect));
	add(page, "", finding->code);
	add(page, "</span> in ", result->id);
	add(page, "</h3>\n<p>", finding->message);
	say(page, finding->message[0] ? "</p>\n" : "</h3>\n");
	add_rows(page, finding);
	if (known) {
		add(page, "<p class=\"soft\">", known->meaning);
		add(page, " ", known->why);
		add(page, "</p>\n<p><strong>Next:</strong> ", known->next);
		say(page, "</p>\n");
	}
	say(page, "</article>\n");
}

static void add_findings(const struct page *page)
{
	size_t count = 0;

	say(page, "<section>\n<h2>Findings</h2>\n");
	for (size_t i = 0; i < page->report->verdict_count; i++) {
		const struct drv_result *result = result_at(page, i);

		for (size_t j = 0; j < result->finding_count; j++, count++)
			add_finding(page, result, drv_result_finding(result, j));
	}
	say(page, count ? "</section>\n" : "<p>None.</p>\n</section>\n");
}

/* ------------------------------------------------------------------ evidence */

static void add_value(const struct page *page, const char *label, const char *value)
{
	cell(page, label, "where");
	add(page, "<code>", value);
	say(page, value[0] ? "</code></td>" : "none</td>");
}

/* What stands for the data itself: whoever has another copy of it can compare. */
static void add_values(const struct page *page)
{
	size_t count = 0;

	for (size_t i = 0; i < page->report->verdict_count; i++) {
		const struct drvp_verdict *verdict = page->report->ordered[i];

		for (size_t j = 0; j < verdict->evidence_count; j++) {
			const struct drvp_evidence *one = &verdict->evidence[j];

			if (!count++)
				say(page, "<table><thead><tr><th>Stands for</th><th>Recorded</th>"
					  "<th>Found</th></tr></thead><tbody>\n");
			drvp_strbuf_printf(page->out, "<tr class=\"%s\">",
					   drv_verdict_name(verdict->result.verdict));
			cell(page, "Stands for", "");
			add(page, "<span><strong>", one->what);
			add(page, "</strong> of ", verdict->result.id);
			say(page, "</span></td>");
			add_value(page, "Recorded", one->recorded);
			add_value(page, "Found", one->found);
			say(page, "</tr>\n");
		}
	}
	if (count)
		say(page, "</tbody></table>\n");
}

static int add_evidence(const struct page *page)
{
	const struct drv_report *report = page->report;
	char digest[DRVP_SHA256_TEXT];
	int status = drvp_report_digest(report, digest);

	if (status)
		return status;
	say(page, "<section>\n<h2>Evidence</h2>\n<table class=\"facts\"><tbody>\n");
	open_fact(page, "Run");
	add_instant(page, report->started_at);
	say(page, " to ");
	add_instant(page, report->finished_at);
	drvp_strbuf_printf(page->out, ", exit status %d", drv_report_exit_status(report));
	close_fact(page);
	open_fact(page, "JSON report");
	drvp_strbuf_printf(page->out, "SHA-256 <code>%s</code>", digest);
	close_fact(page);
	open_fact(page, "Compared with");
	add(page, "", report->basis.file);
	add(page, ", SHA-256 <code>", report->basis.sha256);
	say(page, report->basis.sha256[0] ? "</code>" : "");
	close_fact(page);
	say(page, "</tbody></table>\n");
	add_values(page);
	drvp_strbuf_printf(page->out, "</section>\n<footer>Written by drverify %s. "
			   "Read-only: nothing was changed in any source.</footer>\n",
			   drv_version());
	return 0;
}

int drvp_report_html(const struct drv_report *report, unsigned flags, struct drvp_strbuf *out)
{
	const struct page page = { report, out };

	(void)flags;
	drvp_html_open(out, drvp_report_title(report));
	add_header(&page);
	add_checks(&page);
	drvp_html_chart(out, report);
	add_findings(&page);
	add_scope(&page);
	if (add_evidence(&page))
		return DRV_E_NOMEM;
	drvp_html_close(out);
	return out->failed ? DRV_E_NOMEM : 0;
}
