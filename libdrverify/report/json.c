/* json.c: the report as a drverify/1 document: evidence, and the next baseline if it passed */
#include <inttypes.h>
#include <string.h>

#include "report/report.h"

/*
 * The moment whose data a verify looked at, where it is later than the baseline's and known of all
 * sources. For the very moment of the baseline nothing is renewed: a difference that a tolerance
 * lets pass would become the new expectation, night after night.
 */
static bool later_moment(const struct drv_report *report, int64_t *moment)
{
	bool found = false;

	for (size_t i = 0; i < report->source_count; i++) {
		const struct drvp_lineage *lineage = &report->sources[i].lineage;

		if (!report->sources[i].selected)
			continue;
		if (lineage->relation != DRVP_LINEAGE_NEWER || !lineage->moment.set)
			return false;
		if (!found || lineage->moment.value < *moment)
			*moment = lineage->moment.value;
		found = true;
	}
	return found;
}

/* A capture is of the moment that the earliest of its sources stood at, by the servers' clocks. */
static int64_t captured_moment(const struct drv_report *report)
{
	int64_t moment = report->finished_at;

	for (size_t i = 0; i < report->source_count; i++) {
		int64_t now = report->sources[i].identity.server_now;

		if (now && now < moment)
			moment = now;
	}
	return moment;
}

/*
 * Whether what was measured takes the place of what the document says, and as of when. It does so
 * only when all of it may: a document that mixes two moments would raise false alarms.
 */
static bool becomes_baseline(const struct drv_report *report, int64_t *moment)
{
	if (report->capture) {
		*moment = captured_moment(report);
		return true;
	}
	for (size_t i = 0; i < report->verdict_count; i++) {
		int verdict = report->verdicts[i].result.verdict;

		if (verdict == DRV_SKIPPED || verdict == DRV_INCONCLUSIVE)
			return false;
	}
	return report->baseline->captured_at.set && report->verdict == DRV_PASS &&
	       later_moment(report, moment);
}

static void put_instant(struct drvp_json_writer *writer, const char *key, int64_t instant)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	drvp_instant_print(&text, instant);
	writer->out->failed |= text.failed;
	drvp_json_put_text(writer, key, drvp_strbuf_text(&text));
	drvp_strbuf_free(&text);
}

static void put_formatted(struct drvp_json_writer *writer, const char *key, const char *format, ...)
	DRVP_PRINTF(3, 4);

static void put_formatted(struct drvp_json_writer *writer, const char *key, const char *format, ...)
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

static void put_text_unless_empty(struct drvp_json_writer *writer, const char *key,
				  const char *text)
{
	if (text[0])
		drvp_json_put_text(writer, key, text);
}

static void put_lsn(struct drvp_json_writer *writer, const char *key, uint64_t lsn)
{
	put_formatted(writer, key, "%" PRIX32 "/%" PRIX32, (uint32_t)(lsn >> 32), (uint32_t)lsn);
}

/* ------------------------------------------------------------------ sources */

static void put_moment(struct drvp_json_writer *writer, const char *key, int64_t instant)
{
	if (instant)
		put_instant(writer, key, instant);
}

/* Where the server stood, for a later run to compare with. */
static void put_position(struct drvp_json_writer *writer, const struct drvp_identity *identity)
{
	if (identity->timeline)
		drvp_json_put_uint(writer, "timeline", identity->timeline);
	if (identity->lsn)
		put_lsn(writer, "lsn", identity->lsn);
	if (identity->next_transaction)
		drvp_json_put_uint(writer, "next_transaction", identity->next_transaction);
	put_moment(writer, "server_started", identity->server_started);
	put_text_unless_empty(writer, "process", identity->process);
	if (identity->operation_time)
		put_formatted(writer, "operation_time", "%" PRIu32 ".%" PRIu32,
			      (uint32_t)(identity->operation_time >> 32),
			      (uint32_t)identity->operation_time);
}

/*
 * A server that was restored and then promoted writes WAL of its own: its position is not that of
 * the moment that came back.
 */
static void put_identity(struct drvp_json_writer *writer, const struct drvp_source_report *source,
			 bool capture)
{
	const struct drvp_identity *identity = &source->identity;
	int64_t read = identity->read_until ? identity->read_until : identity->server_now;

	drvp_json_open_object(writer, "identity", true);
	/* As text: most JSON readers round integers above 2^53. */
	if (identity->system_identifier)
		put_formatted(writer, "system_identifier", "%" PRIu64, identity->system_identifier);
	if (identity->database_oid)
		drvp_json_put_uint(writer, "database_oid", identity->database_oid);
	put_text_unless_empty(writer, "set_name", identity->set_name);
	if (capture || source->lineage.live)
		put_position(writer, identity);
	put_moment(writer, "moment", capture || source->lineage.live ? read
								      : source->lineage.moment.value);
	drvp_json_close_object(writer);
}

static void put_source(struct drvp_json_writer *writer, const struct drvp_json *node,
		       const struct drvp_source_report *source, bool measured, bool capture)
{
	bool replace = measured && source->reached;

	drvp_json_open_object(writer, node->key, false);
	for (const struct drvp_json *member = node->first; member; member = member->next)
		if (strcmp(member->key, "identity") != 0 || !replace)
			drvp_json_put_value(writer, member->key, member);
	if (replace)
		put_identity(writer, source, capture);
	drvp_json_close_object(writer);
}

static void put_sources(struct drvp_json_writer *writer, const struct drvp_json *sources,
			const struct drv_report *report, bool measured)
{
	size_t index = 0;

	drvp_json_open_object(writer, sources->key, false);
	for (const struct drvp_json *node = sources->first; node; node = node->next)
		put_source(writer, node, &report->sources[index++], measured, report->capture);
	drvp_json_close_object(writer);
}

/* ------------------------------------------------------------------ checks */

static void put_rows(struct drvp_json_writer *writer, const struct drv_finding *finding)
{
	if (!finding->row_count)
		return;
	drvp_json_open_array(writer, "rows", false);
	for (size_t i = 0; i < finding->row_count; i++) {
		drvp_json_open_object(writer, NULL, true);
		put_text_unless_empty(writer, "place", drv_finding_row(finding, i)->place);
		put_text_unless_empty(writer, "key", drv_finding_row(finding, i)->key);
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
		put_text_unless_empty(writer, "recorded", verdict->evidence[i].recorded);
		put_text_unless_empty(writer, "found", verdict->evidence[i].found);
		drvp_json_close_object(writer);
	}
	drvp_json_close_array(writer);
}

static void put_result(struct drvp_json_writer *writer, const struct drvp_verdict *verdict)
{
	const struct drv_result *result = &verdict->result;

	drvp_json_open_object(writer, "result", false);
	drvp_json_put_text(writer, "verdict", drv_verdict_name(result->verdict));
	drvp_json_put_text(writer, "summary", result->summary);
	drvp_json_put_uint(writer, "rows", result->rows);
	drvp_json_put_fixed(writer, "seconds", (int64_t)(result->seconds * 1000 + 0.5));
	put_figures(writer, &verdict->figures);
	put_evidence(writer, verdict);
	put_text_unless_empty(writer, "blocked_by", result->blocked_by);
	put_findings(writer, result);
	drvp_json_close_object(writer);
}

/* A check that was not decided leaves no expectation behind: the old one is of another moment. */
static void record(const struct drvp_verdict *verdict, struct drvp_json_writer *writer)
{
	int decided = verdict->result.verdict;

	if (verdict->measured && (decided == DRV_PASS || decided == DRV_WARN))
		verdict->item->check->record(verdict->item, &verdict->tally, writer);
}

static void put_check(struct drvp_json_writer *writer, const struct drvp_json *node,
		      const struct drvp_verdict *verdict, bool measured)
{
	const struct drvp_check *check = verdict->item->check;
	const struct drvp_json *expect = drvp_json_member(node, "expect");

	drvp_json_open_object(writer, NULL, false);
	for (const struct drvp_json *member = node->first; member; member = member->next)
		if (member != expect && strcmp(member->key, "result") != 0)
			drvp_json_put_value(writer, member->key, member);
	if (measured && check->record)
		record(verdict, writer);
	else if (expect)
		drvp_json_put_value(writer, expect->key, expect);
	put_result(writer, verdict);
	drvp_json_close_object(writer);
}

static void put_checks(struct drvp_json_writer *writer, const struct drvp_json *checks,
		       const struct drv_report *report, bool measured)
{
	size_t index = 0;

	drvp_json_open_array(writer, checks->key, false);
	for (const struct drvp_json *node = checks->first; node; node = node->next)
		put_check(writer, node, &report->verdicts[index++], measured);
	drvp_json_close_array(writer);
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
		put_instant(writer, "restored_to", point->time.value);
	else
		put_lsn(writer, "restored_to", (uint64_t)point->lsn.value);
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
		put_text_unless_empty(writer, "lineage", source->lineage.text);
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
		put_instant(writer, "captured_at", basis->captured_at.value);
	put_text_unless_empty(writer, "sha256", basis->sha256);
	put_text_unless_empty(writer, "choice", basis->choice);
	drvp_json_close_object(writer);
}

static void put_report(struct drvp_json_writer *writer, const struct drv_report *report)
{
	drvp_json_open_object(writer, "report", false);
	put_formatted(writer, "tool", "drverify %s", drv_version());
	drvp_json_put_text(writer, "command", report->capture ? "capture" : "verify");
	drvp_json_put_text(writer, "verdict", drv_verdict_name(report->verdict));
	drvp_json_put_int(writer, "exit_status", drv_report_exit_status(report));
	if (report->baseline->choice)
		put_formatted(writer, "baseline", "%s: %s", report->baseline->file,
			      report->baseline->choice);
	put_instant(writer, "started_at", report->started_at);
	put_instant(writer, "finished_at", report->finished_at);
	put_signer(writer, &report->baseline->signer);
	drvp_json_put_fixed(writer, "seconds", report->elapsed / (DRVP_SECOND / 1000));
	if (report->cancelled)
		drvp_json_put_bool(writer, "cancelled", true);
	put_basis(writer, &report->basis);
	if (report->incident_at.set)
		put_instant(writer, "incident_at", report->incident_at.value);
	drvp_objectives_json(report, writer);
	drvp_json_open_object(writer, "sources", false);
	for (size_t i = 0; i < report->source_count; i++)
		put_source_report(writer, &report->sources[i]);
	drvp_json_close_object(writer);
	drvp_json_close_object(writer);
}

/* ------------------------------------------------------------------ the document */

static void put_member(struct drvp_json_writer *writer, const struct drvp_json *member,
		       const struct drv_report *report, bool measured)
{
	if (strcmp(member->key, "report") == 0 ||
	    (strcmp(member->key, "captured_at") == 0 && measured))
		return;
	if (strcmp(member->key, "sources") == 0)
		put_sources(writer, member, report, measured);
	else if (strcmp(member->key, "checks") == 0)
		put_checks(writer, member, report, measured);
	else
		drvp_json_put_value(writer, member->key, member);
}

/* The time of capture goes behind what names the document, wherever the old one stood. */
static bool names_document(const struct drvp_json *member)
{
	return member && (strcmp(member->key, "format") == 0 || strcmp(member->key, "name") == 0);
}

int drvp_report_json(const struct drv_report *report, unsigned flags, struct drvp_strbuf *out)
{
	const struct drvp_json *member = report->baseline->root->first;
	struct drvp_json_writer writer = { .out = out };
	int64_t moment = 0;
	bool measured = becomes_baseline(report, &moment);

	(void)flags;
	if (report->was_read) {
		drvp_json_put_value(&writer, NULL, report->baseline->root);
		drvp_strbuf_char(out, '\n');
		return out->failed ? DRV_E_NOMEM : 0;
	}
	drvp_json_open_object(&writer, NULL, false);
	for (; names_document(member); member = member->next)
		put_member(&writer, member, report, measured);
	if (measured)
		put_instant(&writer, "captured_at", moment);
	for (; member; member = member->next)
		put_member(&writer, member, report, measured);
	put_report(&writer, report);
	drvp_json_close_object(&writer);
	drvp_strbuf_char(out, '\n');
	return out->failed ? DRV_E_NOMEM : 0;
}
