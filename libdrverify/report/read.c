/* read.c: a report that was written as a document becomes a report again */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/report.h"

struct reading {
	struct drv_report *report;
	struct drvp_reader reader;   /* for messages with line and column */
};

/* ------------------------------------------------------------------ values */

/* The text of a member, or "". The tree keeps it as long as the report keeps the document. */
static const char *text_of(const struct drvp_json *object, const char *name)
{
	const struct drvp_json *member = drvp_json_member(object, name);

	return member && member->type == DRVP_JSON_STRING ? member->text : "";
}

static bool truth_of(const struct drvp_json *object, const char *name)
{
	const struct drvp_json *member = drvp_json_member(object, name);

	return member && member->type == DRVP_JSON_BOOL && member->truth;
}

struct drvp_number drvp_report_number(const struct drvp_json *object, const char *name,
				      int64_t scale)
{
	const struct drvp_json *member = drvp_json_member(object, name);
	struct drvp_number number = { 0 };
	int64_t unit = scale;
	bool fraction = false;

	if (!member || member->type != DRVP_JSON_NUMBER)
		return number;
	number.set = true;
	for (const char *c = member->text; *c && number.set; c++) {
		if (*c == '.' && !fraction) {
			fraction = true;
		} else if (*c < '0' || *c > '9') {
			number.set = false;
		} else if (fraction) {
			unit /= 10;
			number.value += (*c - '0') * unit;
		} else {
			number.set = !__builtin_mul_overflow(number.value, 10, &number.value) &&
				     !__builtin_add_overflow(number.value, (*c - '0') * scale,
							     &number.value);
		}
	}
	return number;
}

static struct drvp_number instant_of(const struct drvp_json *object, const char *name)
{
	const char *text = text_of(object, name);
	struct drvp_number instant = { 0 };

	instant.set = drvp_instant_parse(&instant.value, text, strlen(text));
	return instant;
}

static int read_verdict(struct reading *reading, const struct drvp_json *object, const char *name,
			int *verdict)
{
	const struct drvp_json *member = drvp_json_member(object, name);

	for (int i = 0; member && i <= DRV_SKIPPED; i++)
		if (drvp_json_is(member, drv_verdict_name(i))) {
			*verdict = i;
			return 0;
		}
	return drvp_document_fail(&reading->reader, member ? member : object,
				  "expected \"%s\" to be a verdict, such as \"pass\"", name);
}

/* ------------------------------------------------------------------ results */

static int read_rows(struct drvp_verdict *verdict, struct drvp_finding *finding,
		     const struct drvp_json *list)
{
	struct drv_row_ref *rows;

	if (!list || list->type != DRVP_JSON_ARRAY || !list->count)
		return 0;
	rows = drvp_arena_array(&verdict->arena, list->count, sizeof *rows);
	if (!rows)
		return DRV_E_NOMEM;
	for (const struct drvp_json *row = list->first; row; row = row->next)
		rows[finding->finding.row_count++] = (struct drv_row_ref){
			text_of(row, "place"), text_of(row, "key"),
		};
	finding->rows = rows;
	return 0;
}

/* Formats print codes as they are. */
static int check_code(struct reading *reading, const struct drvp_json *finding, const char *code)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

	if (*code && strspn(code, allowed) == strlen(code))
		return 0;
	return drvp_document_fail(&reading->reader, finding, "expected a finding with the \"code\" "
				  "of what was found, such as \"row_count.below\"");
}

static int read_findings(struct reading *reading, struct drvp_verdict *verdict,
			 const struct drvp_json *list)
{
	if (!list || list->type != DRVP_JSON_ARRAY)
		return 0;
	verdict->findings = calloc(list->count + 1, sizeof *verdict->findings);
	if (!verdict->findings)
		return drvp_fail_nomem(reading->reader.err);
	for (const struct drvp_json *node = list->first; node; node = node->next) {
		struct drvp_finding *finding = &verdict->findings[verdict->result.finding_count];
		int effect, status = read_verdict(reading, node, "effect", &effect);

		if (!status)
			status = check_code(reading, node, text_of(node, "code"));
		if (status)
			return status;
		finding->finding = (struct drv_finding){
			.code = text_of(node, "code"), .effect = effect,
			.message = text_of(node, "message"),
			.count = (uint64_t)drvp_report_number(node, "count", 1).value,
		};
		if (read_rows(verdict, finding, drvp_json_member(node, "rows")))
			return drvp_fail_nomem(reading->reader.err);
		verdict->result.finding_count++;
	}
	return 0;
}

static void read_evidence(struct drvp_verdict *verdict, const struct drvp_json *list)
{
	const struct drvp_json *node = list && list->type == DRVP_JSON_ARRAY ? list->first : NULL;

	for (; node && verdict->evidence_count < DRVP_EVIDENCE_MOST; node = node->next)
		verdict->evidence[verdict->evidence_count++] = (struct drvp_evidence){
			text_of(node, "what"), text_of(node, "recorded"), text_of(node, "found"),
		};
}

static int read_result(struct reading *reading, struct drvp_verdict *verdict)
{
	const struct drvp_json *check = verdict->item->node;
	const struct drvp_json *node = drvp_json_member(check, "result");
	struct drv_result *result = &verdict->result;
	int status;

	if (!node)
		return drvp_document_fail(&reading->reader, check, "a check of a report needs its "
					  "\"result\"");
	status = read_verdict(reading, node, "verdict", &result->verdict);
	if (status)
		return status;
	drvp_strbuf_str(&verdict->summary, text_of(node, "summary"));
	if (verdict->summary.failed)
		return drvp_fail_nomem(reading->reader.err);
	result->summary = drvp_strbuf_text(&verdict->summary);
	result->blocked_by = text_of(node, "blocked_by");
	verdict->tally.rows = (uint64_t)drvp_report_number(node, "rows", 1).value;
	verdict->tally.elapsed = drvp_report_number(node, "seconds", DRVP_SECOND).value;
	verdict->figures = (struct drvp_figures){
		.expected = drvp_report_number(node, "expected", 1),
		.least = drvp_report_number(node, "least", 1),
		.most = drvp_report_number(node, "most", 1),
		.loss = drvp_report_number(node, "loss_seconds", DRVP_SECOND),
		.most_loss = drvp_report_number(node, "most_loss_seconds", DRVP_SECOND),
	};
	read_evidence(verdict, drvp_json_member(node, "evidence"));
	verdict->measured = result->verdict == DRV_PASS || result->verdict == DRV_WARN ||
			    result->verdict == DRV_FAIL;
	return read_findings(reading, verdict, drvp_json_member(node, "findings"));
}

/* ------------------------------------------------------------------ the run */

static void copy(char *to, size_t size, const char *text)
{
	snprintf(to, size, "%s", text);
}

static int read_source(struct reading *reading, struct drvp_source_report *source,
		       const struct drvp_json *node)
{
	const char *restored_to = text_of(node, "restored_to");
	struct drvp_identity *identity = &source->identity;
	const struct drvp_json *warnings = drvp_json_member(node, "warnings");
	const struct drvp_json *warning = warnings && warnings->type == DRVP_JSON_ARRAY ?
		warnings->first : NULL;

	source->reached = drvp_json_member(node, "server") != NULL;
	source->selected = source->reached || drvp_json_member(node, "error");
	copy(source->error.message, sizeof source->error.message, text_of(node, "error"));
	copy(identity->server, sizeof identity->server, text_of(node, "server"));
	copy(identity->address, sizeof identity->address, text_of(node, "address"));
	copy(identity->consistency, sizeof identity->consistency, text_of(node, "consistency"));
	copy(source->lineage.text, sizeof source->lineage.text, text_of(node, "lineage"));
	identity->tls = truth_of(node, "tls");
	identity->in_recovery = truth_of(node, "in_recovery");
	for (; warning && identity->warning_count < 8; warning = warning->next)
		if (warning->type == DRVP_JSON_STRING)
			copy(identity->warnings[identity->warning_count++],
			     sizeof identity->warnings[0], warning->text);
	return restored_to[0] ? drvp_restore_point_parse(&source->restored_to, restored_to,
							 reading->reader.err) : 0;
}

/* Formats print it as it is. */
static int read_sha256(struct reading *reading, const struct drvp_json *basis)
{
	const char *text = text_of(basis, "sha256");

	reading->report->basis.sha256 = text;
	if (!*text || (strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64))
		return 0;
	return drvp_document_fail(&reading->reader, drvp_json_member(basis, "sha256"),
				  "expected a SHA-256 as 64 hexadecimal digits");
}

/* An older report does not say what it was held against; its own moment is the best there is. */
static int read_basis(struct reading *reading, const struct drvp_json *node)
{
	const struct drvp_json *basis = drvp_json_member(node, "compared_with");
	struct drv_report *report = reading->report;
	int status = read_sha256(reading, basis);

	report->basis.choice = text_of(basis, "choice");
	report->basis.signer = text_of(drvp_json_member(node, "baseline_signed_by"), "key");
	if (!basis)
		return 0;
	report->basis.file = text_of(basis, "file");
	report->basis.captured_at = instant_of(basis, "captured_at");
	return status;
}

static int read_run(struct reading *reading, const struct drvp_json *node)
{
	struct drv_report *report = reading->report;
	int status = 0;
	struct drvp_number started = instant_of(node, "started_at");
	struct drvp_number finished = instant_of(node, "finished_at");
	struct drvp_number seconds = drvp_report_number(node, "seconds", DRVP_SECOND);

	if (!started.set || !finished.set)
		return drvp_document_fail(&reading->reader, node, "a report needs the times "
					  "\"started_at\" and \"finished_at\"");
	report->started_at = started.value;
	report->finished_at = finished.value;
	report->elapsed = seconds.set ? seconds.value : finished.value - started.value;
	report->capture = !strcmp(text_of(node, "command"), "capture");
	report->cancelled = truth_of(node, "cancelled");
	report->incident_at = instant_of(node, "incident_at");
	status = read_basis(reading, node);
	for (size_t i = 0; i < report->source_count && !status; i++)
		status = read_source(reading, &report->sources[i],
				     drvp_json_member(drvp_json_member(node, "sources"),
						      report->sources[i].source->name));
	return status;
}

/* Whoever edits one verdict should not get a report that says something else on top. */
static int check_verdict(struct reading *reading, const struct drvp_json *node)
{
	int stated, status = read_verdict(reading, node, "verdict", &stated);

	if (status || stated == reading->report->verdict)
		return status;
	return drvp_document_fail(&reading->reader, drvp_json_member(node, "verdict"),
				  "the report says \"%s\", but its results come to \"%s\": it was "
				  "changed after it was written", drv_verdict_name(stated),
				  drv_verdict_name(reading->report->verdict));
}

int drv_report_read(struct drv_report **out, const struct drv_baseline *baseline,
		    struct drv_error *error)
{
	const struct drvp_json *node = drvp_json_member(baseline->root, "report");
	struct reading reading = { NULL, { NULL, error, baseline->file } };
	int status;

	*out = NULL;
	if (!node)
		return drvp_fail(error, DRV_E_MISSING, "%s is no report: no run wrote it",
				 baseline->file);
	status = drvp_report_new(&reading.report, baseline, error);
	if (status)
		return status;
	reading.report->was_read = true;
	status = read_run(&reading, node);
	for (size_t i = 0; i < reading.report->verdict_count && !status; i++)
		status = read_result(&reading, &reading.report->verdicts[i]);
	if (!status) {
		drvp_report_finish(reading.report);
		status = check_verdict(&reading, node);
	}
	if (status)
		drv_report_free(&reading.report);
	*out = reading.report;
	return status;
}
