/* words.c: what all writers of reports say in the same words */
#include "report/words.h"

#include <inttypes.h>
#include <string.h>

const char *drvp_report_title(const struct drv_report *report)
{
	return report->baseline->name[0] ? report->baseline->name : report->basis.file;
}

const char *drvp_report_headline(const struct drv_report *report)
{
	static const char *const headlines[] = {
		[DRV_PASS] = "INTACT", [DRV_WARN] = "WARNINGS", [DRV_FAIL] = "DAMAGE FOUND",
		[DRV_INCONCLUSIVE] = "UNDECIDED",
	};

	return report->capture && report->verdict == DRV_PASS ? "CAPTURED"
							      : headlines[report->verdict];
}

const char *drvp_report_advice(const struct drv_report *report)
{
	static const char *const verified[] = {
		[DRV_PASS] = "", [DRV_WARN] = "Read them before going live.",
		[DRV_FAIL] = "Do not go live on this verdict.",
		[DRV_INCONCLUSIVE] = "What was not verified may be damaged.",
	};
	static const char *const captured[] = {
		[DRV_PASS] = "", [DRV_WARN] = "Read them before relying on this baseline.",
		[DRV_FAIL] = "Damaged data makes no baseline.",
		[DRV_INCONCLUSIVE] = "This makes no baseline.",
	};

	return report->capture ? captured[report->verdict] : verified[report->verdict];
}

const char *drvp_result_says(const struct drv_result *result)
{
	if (!result->summary[0] && result->finding_count)
		return drv_result_finding(result, 0)->message;
	return result->summary;
}

void drvp_report_count(const struct drv_report *report, size_t counts[DRV_SKIPPED + 1])
{
	memset(counts, 0, (DRV_SKIPPED + 1) * sizeof *counts);
	for (size_t i = 0; i < report->verdict_count; i++)
		counts[report->verdicts[i].result.verdict]++;
}

void drvp_report_print_counts(struct drvp_strbuf *out, const struct drv_report *report)
{
	static const struct {
		int verdict;
		const char *word;
	} order[] = {
		{ DRV_FAIL, "failed" }, { DRV_INCONCLUSIVE, "undecided" }, { DRV_WARN, "warned" },
		{ DRV_PASS, "passed" }, { DRV_SKIPPED, "skipped" },
	};
	size_t counts[DRV_SKIPPED + 1];
	const char *separator = "";

	drvp_report_count(report, counts);
	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		size_t count = counts[order[i].verdict];

		if (!count)
			continue;
		drvp_strbuf_str(out, separator);
		drvp_strbuf_grouped(out, count);
		drvp_strbuf_printf(out, " %s", order[i].word);
		separator = ", ";
	}
	drvp_strbuf_str(out, " of ");
	drvp_strbuf_grouped(out, report->verdict_count);
	drvp_strbuf_str(out, " in ");
	drvp_duration_print(out, report->elapsed);
}

static bool has_code(const struct drv_report *report, const char *code)
{
	for (size_t i = 0; i < report->verdict_count; i++) {
		const struct drv_result *result = &report->verdicts[i].result;

		for (size_t j = 0; j < result->finding_count; j++)
			if (!strcmp(drv_result_finding(result, j)->code, code))
				return true;
	}
	return false;
}

void drvp_report_print_remarks(struct drvp_strbuf *out, const struct drv_report *report)
{
	size_t counts[DRV_SKIPPED + 1];
	const char *advice = drvp_report_advice(report);

	drvp_report_count(report, counts);
	if (counts[DRV_SKIPPED] && report->verdict == DRV_PASS)
		drvp_strbuf_printf(out, " What was skipped is not %s.",
				   report->capture ? "recorded" : "proved");
	if (report->cancelled)
		drvp_strbuf_str(out, " Cancelled before its end.");
	else if (has_code(report, "budget.spent"))
		drvp_strbuf_str(out, " The budget was spent before its end.");
	drvp_strbuf_printf(out, "%s%s", advice[0] ? " " : "", advice);
}

void drvp_print_seconds(struct drvp_strbuf *out, int64_t microseconds)
{
	int64_t ms = microseconds / (DRVP_SECOND / 1000);

	drvp_strbuf_printf(out, "%" PRId64 ".%03" PRId64, ms / 1000, ms % 1000);
}

int64_t drvp_result_time(const struct drv_result *result)
{
	return (int64_t)(result->seconds * 1000 + 0.5) * (DRVP_SECOND / 1000);
}

int drvp_report_digest(const struct drv_report *report, char digest[DRVP_SHA256_TEXT])
{
	struct drvp_strbuf json = DRVP_STRBUF_INIT;
	int status;

	if (report->was_read) {
		memcpy(digest, report->baseline->sha256, DRVP_SHA256_TEXT);
		return 0;
	}
	status = drvp_report_json(report, 0, &json);
	if (!status)
		status = drvp_sha256_print(digest, drvp_strbuf_text(&json), json.len, NULL);
	drvp_strbuf_free(&json);
	return status;
}

/* A restore point as somebody would give it. */
static void print_point(struct drvp_strbuf *out, const struct drvp_restore_point *point)
{
	if (!point->set)
		drvp_strbuf_str(out, "not stated");
	else if (point->baseline)
		drvp_strbuf_str(out, "the moment of the baseline");
	else if (point->now)
		drvp_strbuf_str(out, "now: live data, nothing was restored");
	else if (point->time.set)
		drvp_instant_print(out, point->time.value);
	else
		drvp_strbuf_printf(out, "%X/%X", (unsigned)((uint64_t)point->lsn.value >> 32),
				   (unsigned)point->lsn.value);
}

void drvp_report_print_restore_point(struct drvp_strbuf *out, const struct drv_report *report)
{
	struct drvp_strbuf list = DRVP_STRBUF_INIT, first = DRVP_STRBUF_INIT;
	bool differ = false;

	for (size_t i = 0; i < report->source_count; i++) {
		struct drvp_strbuf point = DRVP_STRBUF_INIT;

		print_point(&point, &report->sources[i].restored_to);
		if (i == 0)
			drvp_strbuf_add(&first, point.data, point.len);
		differ |= !drvp_strbuf_equal(&first, &point);
		drvp_strbuf_printf(&list, "%s%s: %s", i ? "; " : "", report->sources[i].source->name,
				   drvp_strbuf_text(&point));
		out->failed |= point.failed;
		drvp_strbuf_free(&point);
	}
	out->failed |= list.failed || first.failed;
	drvp_strbuf_str(out, drvp_strbuf_text(differ ? &list : &first));
	drvp_strbuf_free(&list);
	drvp_strbuf_free(&first);
}

static int64_t excess(const struct drvp_verdict *verdict)
{
	return verdict->figures.loss.value - verdict->figures.most_loss.value;
}

const struct drvp_verdict *drvp_report_worst_loss(const struct drv_report *report)
{
	const struct drvp_verdict *worst = NULL;

	for (size_t i = 0; i < report->verdict_count; i++) {
		const struct drvp_verdict *verdict = &report->verdicts[i];

		if (verdict->figures.loss.set && (!worst || excess(verdict) > excess(worst)))
			worst = verdict;
	}
	return worst;
}
