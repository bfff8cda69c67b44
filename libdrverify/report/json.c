/* json.c: the report as a drverify/1 document: evidence, and the next baseline if it passed */
#include <inttypes.h>
#include <string.h>

#include "report/json.h"


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

/* ------------------------------------------------------------------ sources */

static void put_moment(struct drvp_json_writer *writer, const char *key, int64_t instant)
{
	if (instant)
		drvp_json_put_instant(writer, key, instant);
}

/* Where the server stood, for a later run to compare with. */
static void put_position(struct drvp_json_writer *writer, const struct drvp_identity *identity)
{
	if (identity->timeline)
		drvp_json_put_uint(writer, "timeline", identity->timeline);
	if (identity->lsn)
		drvp_json_put_lsn(writer, "lsn", identity->lsn);
	if (identity->next_transaction)
		drvp_json_put_uint(writer, "next_transaction", identity->next_transaction);
	put_moment(writer, "server_started", identity->server_started);
	drvp_json_put_text_unless_empty(writer, "process", identity->process);
	if (identity->operation_time)
		drvp_json_put_formatted(writer, "operation_time", "%" PRIu32 ".%" PRIu32,
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
		drvp_json_put_formatted(writer, "system_identifier", "%" PRIu64,
					identity->system_identifier);
	if (identity->database_oid)
		drvp_json_put_uint(writer, "database_oid", identity->database_oid);
	drvp_json_put_text_unless_empty(writer, "set_name", identity->set_name);
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
	drvp_json_put_result(writer, verdict);
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
		drvp_json_put_instant(&writer, "captured_at", moment);
	for (; member; member = member->next)
		put_member(&writer, member, report, measured);
	drvp_json_put_report(&writer, report);
	drvp_json_close_object(&writer);
	drvp_strbuf_char(out, '\n');
	return out->failed ? DRV_E_NOMEM : 0;
}