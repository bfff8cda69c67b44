/* json_result.c: what a run adds to its document: the result of each check, and the report */
#include <inttypes.h>
#include <string.h>

#include "report/json.h"

/* ------------------------------------------------------------------ values */

void drvp_json_put_instant(struct drvp_json_writer *writer, const char *key, int64_t instant)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	drvp_instant_print(&text, instant);
	writer->out->failed |= text.failed;
	drvp_json_put_text(writer, key, drvp_strbuf_text(&text));
	drvp_strbuf_free(&text);
}

void drvp_json_put_formatted(struct drvp_json_writer *writer, const char *key, const char *format,
			     ...)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	va_list args;

	va_start(args, format);
	drvp_strbuf_vprintf(&text, format, args);
	va_end(args);
	writer->out->failed |= text.failed;
	drvp_json_put_text(writer, key, drvp_strbuf_text(&text));
	drvp_strbuf_free(&text);
}

void drvp_json_put_text_unless_empty(struct drvp_json_writer *writer, const char *key,
				     const char *text)
{
	if (text[0])
		drvp_json_put_text(writer, key, text);
}

void drvp_json_put_lsn(struct drvp_json_writer *writer, const char *key, uint64_t lsn)
{
	drvp_json_put_formatted(writer, key, "%" PRIX32 "/%" PRIX32,
				(uint32_t)(lsn >> 32), (uint32_t)lsn);
}

/* ------------------------------------------------------------------ checks */

static void put_rows(struct drvp_json_writer *writer, const struct drv_finding *finding)
{
	if (!finding->row_count)
		return;
	drvp_json_open_array(writer, "rows", false);
	for (size_t i = 0; i < finding->row_count; i++) {
		drvp_json_open_object(writer, NULL, true);
		drvp_json_put_text_unless_empty(writer, "place",
						drv_finding_row(finding, i)->place);
		drvp_json_put_text_unless_empty(writer, "key", drv_finding_row(finding, i)->key);
		drvp_json_close_object(writer);
	}
	drvp_json_close_array(writer);
}

static void put_findings(struct drvp_json_writer *writer, const struct drv_result *result)
{
	drvp_json_open_array(writer, "findings", result->finding_count == 0);
	for (size_t i = 0; i < result->finding_count; i++) {
		const struct drv_finding *finding = drv_result_finding(result, i);

		drvp_json_open_object(writer, NULL, false);
		drvp_json_put_text(writer, "code", finding->code);
		drvp_json_put_text(writer, "effect", drv_verdict_name(finding->effect));
		drvp_json_put_text(writer, "message", finding->message);
		drvp_json_put_uint(writer, "count", finding->count);
		put_rows(writer, finding);
		drvp_json_close_object(writer);
	}
	drvp_json_close_array(writer);
}

static void put_rows_figure(struct drvp_json_writer *writer, const char *key,
			    const struct drvp_number *rows)
{
	if (rows->set)
		drvp_json_put_int(writer, key, rows->value);
}

static void put_seconds_figure(struct drvp_json_writer *writer, const char *key,
			       const struct drvp_number *duration)
{
	if (duration->set)
		drvp_json_put_fixed(writer, key, duration->value / (DRVP_SECOND / 1000));
}

static void put_figures(struct drvp_json_writer *writer, const struct drvp_figures *figures)
{
	put_rows_figure(writer, "expected", &figures->expected);
	put_rows_figure(writer, "least", &figures->least);
	put_rows_figure(writer, "most", &figures->most);
	put_seconds_figure(writer, "loss_seconds", &figures->loss);
	put_seconds_figure(writer, "most_loss_seconds", &figures->most_loss);
}

static void put_evidence(struct drvp_json_writer *writer, const struct drvp_verdict *verdict)
{
	if (!verdict->evidence_count)
		return;
	drvp_json_open_array(writer, "evidence", false);
	for (size_t i = 0; i < verdict->evidence_count; i++) {
		drvp_json_open_object(writer, NULL, true);
		drvp_json_put_text(writer, "what", verdict->evidence[i].what);
		drvp_json_put_text_unless_empty(writer, "recorded", verdict->evidence[i].recorded);
		drvp_json_put_text_unless_empty(writer, "found", verdict->evidence[i].found);
		drvp_json_close_object(writer);
	}
	drvp_json_close_array(writer);
}

void drvp_json_put_result(struct drvp_json_writer *writer, const struct drvp_verdict *verdict)
{
	const struct drv_result *result = &verdict->result;

	drvp_json_open_object(writer, "result", false);
	drvp_json_put_text(writer, "verdict", drv_verdict_name(result->verdict));
	drvp_json_put_text(writer, "summary", result->summary);
	drvp_json_put_uint(writer, "rows", result->rows);
	drvp_json_put_fixed(writer, "seconds", (int64_t)(result->seconds * 1000 + 0.5));
	put_figures(writer, &verdict->figures);
	put_evidence(writer, verdict);
	drvp_json_put_text_unless_empty(writer, "blocked_by", result->blocked_by);
	put_findings(writer, result);
	drvp_json_close_object(writer);
}

/* ------------------------------------------------------------------ the run */

static void put_restore_point(struct drvp_json_writer *writer,
			      const struct drvp_restore_point *point)
{
	if (!point->set)
		return;
	if (point->baseline)
		drvp_json_put_text(writer, "restored_to", "baseline");
	else if (point->now)
		drvp_json_put_text(writer, "restored_to", "now");
	else if (point->time.set)
		drvp_json_put_instant(writer, "restored_to", point->time.value);
	else
		drvp_json_put_lsn(writer, "restored_to", (uint64_t)point->lsn.value);
}

static void put_source_report(struct drvp_json_writer *writer,
			      const struct drvp_source_report *source)
{
	const struct drvp_identity *identity = &source->identity;

	drvp_json_open_object(writer, source->source->name, false);
	put_restore_point(writer, &source->restored_to);
	if (source->reached) {
		drvp_json_put_text(writer, "server", identity->server);
		drvp_json_put_text(writer, "address", identity->address);
		drvp_json_put_bool(writer, "tls", identity->tls);
		drvp_json_put_bool(writer, "in_recovery", identity->in_recovery);
		drvp_json_put_text_unless_empty(writer, "lineage", source->lineage.text);
		drvp_json_put_text(writer, "consistency", identity->consistency);
	} else if (source->selected) {
		drvp_json_put_text(writer, "error", drvp_error_text(&source->error));
	}
	if (identity->warning_count) {
		drvp_json_open_array(writer, "warnings", false);
		for (size_t i = 0; i < identity->warning_count; i++)
			drvp_json_put_text(writer, NULL, identity->warnings[i]);
		drvp_json_close_array(writer);
	}
	drvp_json_close_object(writer);
}

/* The name is what the operator calls the key; the fingerprint says which one it was. */
static void put_signer(struct drvp_json_writer *writer, const struct drvp_signer *signer)
{
	if (!signer->name)
		return;
	drvp_json_open_object(writer, "baseline_signed_by", true);
	drvp_json_put_text(writer, "key", signer->name);
	drvp_json_put_text(writer, "sha256", signer->fingerprint);
	drvp_json_close_object(writer);
}

static void put_basis(struct drvp_json_writer *writer, const struct drvp_basis *basis)
{
	drvp_json_open_object(writer, "compared_with", false);
	drvp_json_put_text(writer, "file", basis->file);
	if (basis->captured_at.set)
		drvp_json_put_instant(writer, "captured_at", basis->captured_at.value);
	drvp_json_put_text_unless_empty(writer, "sha256", basis->sha256);
	drvp_json_put_text_unless_empty(writer, "choice", basis->choice);
	drvp_json_close_object(writer);
}

void drvp_json_put_report(struct drvp_json_writer *writer, const struct drv_report *report)
{
	drvp_json_open_object(writer, "report", false);
	drvp_json_put_formatted(writer, "tool", "drverify %s", drv_version());
	drvp_json_put_text(writer, "command", report->capture ? "capture" : "verify");
	drvp_json_put_text(writer, "verdict", drv_verdict_name(report->verdict));
	drvp_json_put_int(writer, "exit_status", drv_report_exit_status(report));
	if (report->baseline->choice)
		drvp_json_put_formatted(writer, "baseline", "%s: %s", report->baseline->file,
					report->baseline->choice);
	drvp_json_put_instant(writer, "started_at", report->started_at);
	drvp_json_put_instant(writer, "finished_at", report->finished_at);
	put_signer(writer, &report->baseline->signer);
	drvp_json_put_fixed(writer, "seconds", report->elapsed / (DRVP_SECOND / 1000));
	if (report->cancelled)
		drvp_json_put_bool(writer, "cancelled", true);
	put_basis(writer, &report->basis);
	if (report->incident_at.set)
		drvp_json_put_instant(writer, "incident_at", report->incident_at.value);
	drvp_objectives_json(report, writer);
	drvp_json_open_object(writer, "sources", false);
	for (size_t i = 0; i < report->source_count; i++)
		put_source_report(writer, &report->sources[i]);
	drvp_json_close_object(writer);
	drvp_json_close_object(writer);
}
