/* markdown.c: the report as the record of a recovery drill: scenario, metrics, issues, actions */
#include "report/escape.h"
#include "report/words.h"

/* What only people can say. */
#define BLANK "\\_\\_\\_\\_"

struct record {
	const struct drv_report *report;
	struct drvp_strbuf *out;
};

static void say(const struct record *r, const char *text)
{
	drvp_strbuf_str(r->out, text);
}

static void add(const struct record *r, const char *before, const char *text)
{
	if (!text[0])
		return;
	drvp_strbuf_str(r->out, before);
	drvp_escape_markdown(r->out, text);
}

static void add_instant(const struct record *r, int64_t instant)
{
	drvp_instant_print(r->out, instant / DRVP_SECOND * DRVP_SECOND);
}

static const struct drv_result *result_at(const struct record *r, size_t index)
{
	return &r->report->ordered[index]->result;
}

/* ------------------------------------------------------------------ scenario */

static void add_source(const struct record *r, const struct drvp_source_report *source)
{
	const struct drvp_identity *identity = &source->identity;

	add(r, "| Source ", source->source->name);
	say(r, " | ");
	if (!source->selected) {
		say(r, "not read: no selected check needs it");
	} else if (!source->reached) {
		add(r, "not verified: ", drvp_error_text(&source->error));
	} else {
		add(r, "", identity->server);
		add(r, " ", identity->address);
		say(r, identity->tls ? ", TLS" : "");
		say(r, identity->in_recovery ? ", still in recovery" : "");
		add(r, "; ", source->lineage.text);
		add(r, "; ", identity->consistency);
	}
	say(r, " |\n");
}

static void add_scenario(const struct record *r)
{
	const struct drv_report *report = r->report;
	struct drvp_strbuf point = DRVP_STRBUF_INIT;

	say(r, "\n## Scenario\n\n| | |\n|---|---|\n| What happened | " BLANK " |\n| Incident at | ");
	if (report->incident_at.set)
		add_instant(r, report->incident_at.value);
	else
		say(r, "not stated");
	say(r, " |\n| Restored to | ");
	drvp_report_print_restore_point(&point, report);
	add(r, "", drvp_strbuf_text(&point));
	r->out->failed |= point.failed;
	drvp_strbuf_free(&point);
	add(r, " |\n| Compared with | ", report->basis.file);
	if (report->basis.captured_at.set) {
		say(r, ", captured ");
		add_instant(r, report->basis.captured_at.value);
	} else {
		say(r, ", which no capture wrote");
	}
	add(r, ", signed by ", report->basis.signer);
	add(r, "; ", report->basis.choice);
	say(r, report->capture ? " |\n| Captured | " : " |\n| Verified | ");
	add_instant(r, report->started_at);
	say(r, " to ");
	add_instant(r, report->finished_at);
	say(r, " |\n");
	for (size_t i = 0; i < report->source_count; i++)
		add_source(r, &report->sources[i]);
	say(r, "| Taking part | " BLANK " |\n");
}

/* ------------------------------------------------------------------ metrics */

static void add_duration(const struct record *r, struct drvp_number duration, const char *otherwise)
{
	if (duration.set)
		drvp_duration_print(r->out, duration.value);
	else
		say(r, otherwise);
}

/* A recovery is not over while the verdict is not in, so only a late one is certain. */
static const char *recovery_met(const struct drv_report *report, struct drvp_number took)
{
	struct drvp_number rto = report->baseline->objectives.rto;

	if (!took.set || !rto.set)
		return "not known";
	if (took.value > rto.value)
		return "no";
	return report->verdict == DRV_PASS || report->verdict == DRV_WARN ? "yes" :
									    "not recovered yet";
}

static void add_recovery(const struct record *r)
{
	const struct drv_report *report = r->report;
	struct drvp_number took = { report->incident_at.set,
				    report->finished_at - report->incident_at.value };

	say(r, "| Full recovery (RTO) | ");
	add_duration(r, report->baseline->objectives.rto, "not stated");
	say(r, " | ");
	add_duration(r, took, BLANK);
	say(r, took.set ? ", from the incident to the end of this run" : "");
	drvp_strbuf_printf(r->out, " | %s |\n", recovery_met(report, took));
}

static void add_loss(const struct record *r)
{
	const struct drvp_verdict *worst = drvp_report_worst_loss(r->report);
	struct drvp_number rpo = r->report->baseline->objectives.rpo;

	say(r, "| Data loss (RPO) | ");
	if (!worst) {
		add_duration(r, rpo, "not stated");
		say(r, " | " BLANK " | not known |\n");
		return;
	}
	add_duration(r, worst->figures.most_loss, "not stated");
	say(r, " | ");
	drvp_duration_print(r->out, worst->figures.loss.value);
	add(r, ", in ", worst->result.target);
	drvp_strbuf_printf(r->out, " | %s |\n",
			   worst->result.verdict == DRV_FAIL	     ? "no" :
			   worst->result.verdict == DRV_INCONCLUSIVE ? "not known" : "yes");
}

static void add_metrics(const struct record *r)
{
	say(r, "\n## Metrics\n\n| Metric | Target | Actual | Met |\n|---|---|---|---|\n"
	       "| Detection | " BLANK " | " BLANK " | " BLANK " |\n"
	       "| Mobilisation | " BLANK " | " BLANK " | " BLANK " |\n"
	       "| Degraded service | " BLANK " | " BLANK " | " BLANK " |\n");
	add_recovery(r);
	add_loss(r);
	say(r, "| Verification | | ");
	drvp_duration_print(r->out, r->report->elapsed);
	say(r, " | |\n");
}

/* ------------------------------------------------------------------ results */

static void add_results(const struct record *r)
{
	say(r, "\n## Checks\n\n| Priority | Verdict | Check | Source | Target | Seen |\n"
	       "|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < r->report->verdict_count; i++) {
		const struct drv_result *result = result_at(r, i);
		bool news = result->verdict != DRV_PASS && result->verdict != DRV_SKIPPED;

		drvp_strbuf_printf(r->out, "| %d | %s%s%s%s | ", (int)result->priority,
				   news ? "**" : "", drv_verdict_name(result->verdict),
				   news ? "**" : "", result->required ? "" : " (optional)");
		add(r, "", result->check);
		say(r, " | ");
		add(r, "", result->source);
		say(r, " | ");
		add(r, "", result->target);
		say(r, " | ");
		add(r, "", drvp_result_says(result));
		say(r, " |\n");
	}
}

static void add_rows(const struct record *r, const struct drv_finding *finding)
{
	for (size_t i = 0; i < finding->row_count; i++) {
		const struct drv_row_ref *row = drv_finding_row(finding, i);

		say(r, "   - at ");
		add(r, "", row->place);
		add(r, row->place[0] ? ", key " : "key ", row->key);
		say(r, "\n");
	}
	if (finding->row_count && finding->count > finding->row_count) {
		say(r, "   - and ");
		drvp_strbuf_grouped(r->out, finding->count - finding->row_count);
		say(r, " more\n");
	}
}

static void add_issues(const struct record *r)
{
	unsigned number = 0;

	say(r, "\n## Issues found\n\n");
	for (size_t i = 0; i < r->report->verdict_count; i++) {
		const struct drv_result *result = result_at(r, i);

		for (size_t j = 0; j < result->finding_count; j++) {
			const struct drv_finding *finding = drv_result_finding(result, j);

			drvp_strbuf_printf(r->out, "%u. **", ++number);
			add(r, "", finding->code);
			drvp_strbuf_printf(r->out, "** (%s, P%d) in ",
					   drv_verdict_name(finding->effect),
					   (int)result->priority);
			add(r, "", result->id);
			add(r, ": ", finding->message);
			say(r, "\n");
			add_rows(r, finding);
		}
	}
	if (!number)
		say(r, "None.\n");
}

/* ------------------------------------------------------------------ actions and evidence */

/* Whether this code stands further up. */
static bool is_repeated(const struct record *r, size_t result, size_t finding)
{
	const char *code = drv_result_finding(result_at(r, result), finding)->code;

	for (size_t i = 0; i <= result; i++)
		for (size_t j = 0; j < (i < result ? result_at(r, i)->finding_count : finding); j++)
			if (!strcmp(drv_result_finding(result_at(r, i), j)->code, code))
				return true;
	return false;
}

static void add_actions(const struct record *r)
{
	say(r, "\n## Actions\n\n");
	for (size_t i = 0; i < r->report->verdict_count; i++)
		for (size_t j = 0; j < result_at(r, i)->finding_count; j++) {
			const char *code = drv_result_finding(result_at(r, i), j)->code;
			const struct drv_explanation *known = drvp_verdict_explanation(result_at(r, i), code);

			if (!known || is_repeated(r, i, j))
				continue;
			add(r, "- [ ] ", known->next);
			add(r, " (", code);
			say(r, ")\n");
		}
	say(r, "- [ ] " BLANK "\n");
}

/* What stands for the data itself: whoever has another copy of it can compare. */
static void add_values(const struct record *r)
{
	size_t count = 0;

	for (size_t i = 0; i < r->report->verdict_count; i++) {
		const struct drvp_verdict *verdict = r->report->ordered[i];

		for (size_t j = 0; j < verdict->evidence_count; j++) {
			const struct drvp_evidence *one = &verdict->evidence[j];

			if (!count++)
				say(r, "\n| Stands for | Recorded | Found |\n|---|---|---|\n");
			add(r, "| ", one->what);
			add(r, " of ", verdict->result.id);
			say(r, " | ");
			add(r, "", one->recorded[0] ? one->recorded : "none");
			say(r, " | ");
			add(r, "", one->found[0] ? one->found : "none");
			say(r, " |\n");
		}
	}
}

static int add_evidence(const struct record *r)
{
	char digest[DRVP_SHA256_TEXT];
	int status = drvp_report_digest(r->report, digest);

	if (status)
		return status;
	say(r, "\n## Evidence\n\nCompare with `sha256sum`.\n\n| | SHA-256 |\n|---|---|\n");
	drvp_strbuf_printf(r->out, "| JSON report of this run | `%s` |\n", digest);
	add(r, "| ", r->report->basis.file);
	drvp_strbuf_printf(r->out, " | `%s` |\n", r->report->basis.sha256);
	add_values(r);
	drvp_strbuf_printf(r->out, "\nWritten by drverify %s, exit status %d.\n\n"
			   "Signed: " BLANK "   Date: " BLANK "\n", drv_version(),
			   drv_report_exit_status(r->report));
	return 0;
}

int drvp_report_markdown(const struct drv_report *report, unsigned flags, struct drvp_strbuf *out)
{
	const struct record r = { report, out };

	(void)flags;
	say(&r, report->capture ? "# Baseline" : "# Recovery drill");
	add(&r, ": ", drvp_report_title(report));
	drvp_strbuf_printf(out, "\n\n**%s:** ", drvp_report_headline(report));
	drvp_report_print_counts(out, report);
	drvp_strbuf_char(out, '.');
	drvp_report_print_remarks(out, report);
	say(&r, "\n");
	add_scenario(&r);
	add_metrics(&r);
	add_results(&r);
	add_issues(&r);
	add_actions(&r);
	if (add_evidence(&r))
		return DRV_E_NOMEM;
	return out->failed ? DRV_E_NOMEM : 0;
}
