/* report.c: builds verdicts out of findings, and hands reports to the caller */
#include "report/report.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ building a verdict */

int drvp_verdict_init(struct drvp_verdict *verdict, const struct drvp_item *item)
{
	memset(verdict, 0, sizeof *verdict);
	verdict->item = item;
	verdict->result.id = item->id;
	verdict->result.check = item->check->name;
	verdict->result.source = item->source->name;
	verdict->result.target = item->target_name;
	verdict->result.priority = item->priority;
	verdict->result.required = item->required;
	verdict->result.blocked_by = "";
	verdict->result.summary = "";
	/* A check that nobody came to judge has not passed. */
	verdict->result.verdict = DRV_INCONCLUSIVE;
	return drvp_tally_init(&verdict->tally, item->check->tally);
}

static void verdict_free(struct drvp_verdict *verdict)
{
	drvp_strbuf_free(&verdict->summary);
	if (verdict->findings != &verdict->last_word)
		free(verdict->findings);
	drvp_arena_free(&verdict->arena);
	drvp_tally_free(&verdict->tally);
}

static const char *keep(struct drvp_verdict *verdict, struct drvp_strbuf *text)
{
	const char *copy = text->failed ? NULL :
		drvp_arena_copy(&verdict->arena, drvp_strbuf_text(text), text->len);

	drvp_strbuf_free(text);
	if (!copy)
		verdict->failed = true;
	return copy ? copy : "";
}

const char *drvp_grouped(struct drvp_verdict *verdict, uint64_t number)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	drvp_strbuf_grouped(&text, number);
	return keep(verdict, &text);
}

const char *drvp_time_text(struct drvp_verdict *verdict, int64_t instant)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	drvp_instant_print(&text, instant);
	return keep(verdict, &text);
}

const char *drvp_duration_text(struct drvp_verdict *verdict, int64_t duration)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	drvp_duration_print(&text, duration);
	return keep(verdict, &text);
}

struct drvp_figures *drvp_figures(struct drvp_verdict *verdict)
{
	return &verdict->figures;
}

static const char *keep_hex(struct drvp_verdict *verdict, const uint8_t *bytes, size_t len)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	drvp_strbuf_hex(&text, bytes, len);
	return keep(verdict, &text);
}

void drvp_evidence(struct drvp_verdict *verdict, const char *what, const void *recorded,
		   size_t recorded_len, const void *found, size_t found_len)
{
	if (verdict->evidence_count == DRVP_EVIDENCE_MOST)
		return;
	verdict->evidence[verdict->evidence_count++] = (struct drvp_evidence){
		what, keep_hex(verdict, recorded, recorded_len), keep_hex(verdict, found, found_len),
	};
}

void drvp_summarise(struct drvp_verdict *verdict, const char *format, ...)
{
	va_list args;

	drvp_strbuf_clear(&verdict->summary);
	va_start(args, format);
	drvp_strbuf_vprintf(&verdict->summary, format, args);
	va_end(args);
	verdict->failed |= verdict->summary.failed;
	verdict->result.summary = drvp_strbuf_text(&verdict->summary);
}

static void point_at_rows(struct drvp_verdict *verdict, struct drvp_finding *finding,
			  const struct drvp_spot *spots, size_t count)
{
	struct drv_row_ref *rows;

	if (!count)
		return;
	rows = drvp_arena_array(&verdict->arena, count, sizeof *rows);
	if (!rows) {
		verdict->failed = true;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		const struct drvp_spot *spot = &spots[i];

		rows[i].place = drvp_arena_copy(&verdict->arena, spot->place, strlen(spot->place));
		rows[i].key = drvp_arena_copy(&verdict->arena, spot->key, strlen(spot->key));
		if (!rows[i].place || !rows[i].key) {
			verdict->failed = true;
			return;
		}
	}
	finding->rows = rows;
	finding->finding.row_count = count;
}

/* One place is kept free for the word that memory ran out. */
static struct drvp_finding *new_finding(struct drvp_verdict *verdict)
{
	struct drvp_finding *grown = verdict->findings;
	size_t capacity = verdict->finding_capacity;

	if (verdict->result.finding_count + 1 >= capacity) {
		capacity = capacity ? 2 * capacity : 4;
		grown = realloc(grown, capacity * sizeof *grown);
		if (!grown) {
			verdict->failed = true;
			return NULL;
		}
		verdict->findings = grown;
		verdict->finding_capacity = capacity;
	}
	return &grown[verdict->result.finding_count++];
}

/* Damage outweighs doubt, doubt outweighs a warning. */
static int weight(int verdict)
{
	switch (verdict) {
	case DRV_FAIL:
		return 3;
	case DRV_INCONCLUSIVE:
		return 2;
	case DRV_WARN:
		return 1;
	default:
		return 0;
	}
}

static int worse(int a, int b)
{
	return weight(a) >= weight(b) ? a : b;
}

static void add_finding(struct drvp_verdict *verdict, const char *code, uint64_t count,
			const struct drvp_spot *rows, size_t row_count, const char *format,
			va_list args)
{
	const struct drv_explanation *known = drvp_check_explanation(verdict->item->check,
								     code);
	struct drvp_finding *added = new_finding(verdict);
	struct drvp_strbuf message = DRVP_STRBUF_INIT;

	if (!added)
		return;
	drvp_strbuf_vprintf(&message, format, args);
	*added = (struct drvp_finding){ .finding = {
		/* The explanation's own text lasts; what a store told may not. */
		.code = known ? known->code : code,
		/* A code without an explanation is a bug; it must not turn into a pass. */
		.effect = known ? known->effect : DRV_INCONCLUSIVE,
		.message = keep(verdict, &message),
		.count = count,
		.statement = "",
	} };
	point_at_rows(verdict, added, rows, row_count);
	verdict->result.verdict = worse(added->finding.effect, verdict->result.verdict);
}

void drvp_find(struct drvp_verdict *verdict, const char *code, uint64_t count,
	       const struct drvp_counter *counter, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_finding(verdict, code, count || !counter ? count : counter->count,
		    counter ? counter->spots : NULL, counter ? counter->spot_count : 0, format,
		    args);
	va_end(args);
}

void drvp_find_rows(struct drvp_verdict *verdict, const char *code, uint64_t count,
		    const struct drvp_spot *rows, size_t row_count, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_finding(verdict, code, count, rows, row_count, format, args);
	va_end(args);
}

void drvp_verdict_undecided(struct drvp_verdict *verdict, const char *code, const char *blocked_by,
			    const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_finding(verdict, code, 0, NULL, 0, format, args);
	va_end(args);
	if (verdict->result.finding_count && !verdict->summary.len)
		drvp_summarise(verdict, "%s",
			       verdict->findings[verdict->result.finding_count - 1].finding.message);
	verdict->result.blocked_by = blocked_by;
}

void drvp_verdict_statement(struct drvp_verdict *verdict, const char *statement)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	size_t count = verdict->result.finding_count;

	if (!statement || !count)
		return;
	drvp_strbuf_str(&text, statement);
	verdict->findings[count - 1].finding.statement = keep(verdict, &text);
}

void drvp_verdict_keep_damage(struct drvp_verdict *verdict, bool only_rows)
{
	size_t kept = 0;

	verdict->result.verdict = DRV_INCONCLUSIVE;
	for (size_t i = 0; i < verdict->result.finding_count; i++)
		if (verdict->findings[i].finding.effect == DRV_FAIL &&
		    (!only_rows || verdict->findings[i].finding.row_count)) {
			verdict->findings[kept++] = verdict->findings[i];
			verdict->result.verdict = DRV_FAIL;
		}
	verdict->result.finding_count = kept;
	drvp_strbuf_clear(&verdict->summary);
	verdict->result.summary = drvp_strbuf_text(&verdict->summary);
}

/* Without an allocation. Damage that was found stays damage, though not all of it may be told. */
static void tell_of_memory(struct drvp_verdict *verdict)
{
	static const char code[] = "check.out_of_memory";
	static const char message[] = "out of memory: what is told of this check is not all";

	if (!verdict->findings)
		verdict->findings = &verdict->last_word;
	verdict->findings[verdict->result.finding_count++] = (struct drvp_finding){ .finding = {
		.code = code, .effect = DRV_INCONCLUSIVE, .message = message, .statement = "",
	} };
	if (verdict->result.verdict != DRV_FAIL)
		verdict->result.verdict = DRV_INCONCLUSIVE;
	if (!verdict->result.summary[0])
		verdict->result.summary = message;
}

void drvp_verdict_finish(struct drvp_verdict *verdict)
{
	if (verdict->failed)
		tell_of_memory(verdict);
	verdict->result.rows = verdict->tally.rows;
	verdict->result.seconds = (double)verdict->tally.elapsed / (double)DRVP_SECOND;
}

/* ------------------------------------------------------------------ the whole run */

/* Doubt about a check that the document calls optional does not count. */
static int counted_verdict(const struct drv_result *result)
{
	if (result->verdict == DRV_SKIPPED ||
	    (result->verdict == DRV_INCONCLUSIVE && !result->required))
		return DRV_PASS;
	return result->verdict;
}

/* Within a priority: damage, doubt, warnings, passes; then as the document has them. */
static int by_importance(const void *left, const void *right)
{
	const struct drvp_verdict *a = *(const struct drvp_verdict *const *)left;
	const struct drvp_verdict *b = *(const struct drvp_verdict *const *)right;

	if (a->result.priority != b->result.priority)
		return a->result.priority < b->result.priority ? -1 : 1;
	if (weight(a->result.verdict) != weight(b->result.verdict))
		return weight(a->result.verdict) > weight(b->result.verdict) ? -1 : 1;
	return a->item->index < b->item->index ? -1 : 1;
}

int drvp_report_new(struct drv_report **out, const struct drv_baseline *baseline,
		    struct drv_error *err)
{
	struct drv_report *report = calloc(1, sizeof *report);

	*out = NULL;
	if (!report)
		return drvp_fail_nomem(err);
	report->baseline = drvp_baseline_share(baseline);
	report->sources = calloc(baseline->source_count + 1, sizeof *report->sources);
	report->verdicts = calloc(baseline->item_count + 1, sizeof *report->verdicts);
	report->ordered = calloc(baseline->item_count + 1, sizeof(void *));
	if (!report->sources || !report->verdicts || !report->ordered) {
		drv_report_free(&report);
		return drvp_fail_nomem(err);
	}
	report->basis = (struct drvp_basis){
		.file = baseline->file, .sha256 = baseline->sha256,
		.captured_at = baseline->captured_at, .signer = drv_baseline_signer(baseline),
		.choice = baseline->choice ? baseline->choice : "",
	};
	report->source_count = baseline->source_count;
	report->verdict_count = baseline->item_count;
	for (size_t i = 0; i < report->source_count; i++) {
		report->sources[i].source = &baseline->sources[i];
		report->sources[i].error = (struct drv_error)DRV_ERROR_INIT;
	}
	for (size_t i = 0; i < report->verdict_count; i++) {
		if (drvp_verdict_init(&report->verdicts[i], &baseline->items[i])) {
			drv_report_free(&report);
			return drvp_fail_nomem(err);
		}
		report->ordered[i] = &report->verdicts[i];
	}
	*out = report;
	return 0;
}

void drvp_report_finish(struct drv_report *report)
{
	bool decided = false;

	report->verdict = DRV_PASS;
	for (size_t i = 0; i < report->verdict_count; i++) {
		const struct drv_result *result = &report->verdicts[i].result;

		drvp_verdict_finish(&report->verdicts[i]);
		decided |= result->verdict != DRV_SKIPPED && result->verdict != DRV_INCONCLUSIVE;
		report->verdict = worse(counted_verdict(result), report->verdict);
	}
	/* Optional checks may stay undecided, but not all that there is. */
	if (!decided)
		report->verdict = DRV_INCONCLUSIVE;
	qsort(report->ordered, report->verdict_count, sizeof(void *), by_importance);
}

void drv_report_free(struct drv_report **report)
{
	struct drv_report *r = *report;

	*report = NULL;
	if (!r)
		return;
	for (size_t i = 0; i < r->verdict_count; i++)
		verdict_free(&r->verdicts[i]);
	free(r->sources);
	free(r->verdicts);
	free(r->ordered);
	drv_baseline_free(&r->baseline);
	free(r);
}

int drv_report_verdict(const struct drv_report *report)
{
	return report->verdict;
}

int drv_report_exit_status(const struct drv_report *report)
{
	return report->verdict;
}

size_t drv_report_result_count(const struct drv_report *report)
{
	return report->verdict_count;
}

const struct drv_result *drv_report_result(const struct drv_report *report, size_t index)
{
	return index < report->verdict_count ? &report->ordered[index]->result : NULL;
}

const struct drv_finding *drv_result_finding(const struct drv_result *result, size_t index)
{
	const struct drvp_verdict *verdict = (const struct drvp_verdict *)(const void *)result;

	return index < result->finding_count ? &verdict->findings[index].finding : NULL;
}

const struct drv_row_ref *drv_finding_row(const struct drv_finding *finding, size_t index)
{
	const struct drvp_finding *whole = (const struct drvp_finding *)(const void *)finding;

	return index < finding->row_count ? &whole->rows[index] : NULL;
}

const struct drv_explanation *drvp_verdict_explanation(const struct drv_result *result,
							const char *code)
{
	const struct drvp_verdict *verdict = (const struct drvp_verdict *)(const void *)result;

	return drvp_check_explanation(verdict->item->check, code);
}

const char *drv_verdict_name(int verdict)
{
	static const char *const names[] = {
		[DRV_PASS] = "pass",	 [DRV_WARN] = "warn",	    [DRV_FAIL] = "fail",
		[DRV_INCONCLUSIVE] = "inconclusive", [DRV_SKIPPED] = "skipped",
	};

	return verdict >= 0 && verdict <= DRV_SKIPPED ? names[verdict] : NULL;
}
