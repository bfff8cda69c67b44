/* fuzz_report.c: a report that somebody changed is refused, or every format of it holds its form */

#include "base/strbuf.h"
#include "document/json.h"
#include "fuzz.h"
#include "markup.h"
#include "report/report.h"

static int collect(const void *bytes, size_t len, void *user)
{
	drvp_strbuf_add(user, bytes, len);
	return 0;
}

static struct drv_report *read_report(const char *bytes, size_t len)
{
	struct drv_error err = DRV_ERROR_INIT;
	struct drv_baseline *baseline;
	struct drv_report *report;
	int status = drv_baseline_parse(&baseline, bytes, len, "fuzz", &err);

	if (status)
		return NULL;
	status = drv_report_read(&report, baseline, &err);
	check(!status == !!report);
	if (status)
		fuzz_check_error(&err, status);
	drv_baseline_free(&baseline);
	return report;
}

static void write_report(struct drvp_strbuf *out, const struct drv_report *report, const char *format,
			 unsigned flags)
{
	drvp_strbuf_clear(out);
	check(!drv_report_write(report, format, flags, collect, out, NULL));
	check(!out->failed);
	check(fuzz_is_plain(drvp_strbuf_text(out), out->len, "\n"));
}

/* What is written is a report, of the same verdict, and is written alike. */
static void check_json(struct drvp_strbuf *out, const struct drv_report *report)
{
	struct drvp_strbuf again = DRVP_STRBUF_INIT;
	struct drv_report *back;

	drvp_strbuf_clear(out);
	check(!drv_report_write(report, "json", 0, collect, out, NULL) && !out->failed);
	back = read_report(out->data, out->len);
	check(back && drv_report_verdict(back) == drv_report_verdict(report));
	check(drv_report_exit_status(back) == drv_report_exit_status(report));
	check(drv_report_result_count(back) == drv_report_result_count(report));
	check(!drv_report_write(back, "json", 0, collect, &again, NULL));
	check(drvp_strbuf_equal(out, &again));
	drv_report_free(&back);
	drvp_strbuf_free(&again);
}

/* A metric is a name, labels whose quotes are closed, and a number. */
static void check_prometheus(const char *text)
{
	for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
		const char *end = strchr(line, '\n'), *at = line;
		bool quoted = false;

		check(end != NULL);
		if (*line == '#') {
			check(!strncmp(line, "# HELP drverify_", 16) ||
			      !strncmp(line, "# TYPE drverify_", 16));
			continue;
		}
		check(!strncmp(line, "drverify_", 9));
		at += strcspn(at, "{ \n");
		for (; at < end && (quoted || *at != ' '); at++) {
			if (quoted && *at == '\\')
				check(strchr("\\\"n", *++at) != NULL);
			else if (*at == '"')
				quoted = !quoted;
		}
		check(!quoted && *at == ' ' && at[-1] == '}' - (line[strcspn(line, "{ \n")] != '{') * 0);
		check(strspn(at + 1, "0123456789.-+e") == (size_t)(end - at - 1));
	}
}

/* One line of status, and numbers behind the only "|" of each line at most. */
static void check_nagios(const char *text)
{
	static const char *const words[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };
	bool known = false;

	for (size_t i = 0; i < 4; i++)
		known |= strstr(text, words[i]) && strstr(text, words[i]) < text + 20;
	check(known);
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
		size_t len = strcspn(line, "\n");
		const char *bar = memchr(line, '|', len);

		check(!bar || !memchr(bar + 1, '|', len - (size_t)(bar + 1 - line)));
		if (!line[len])
			break;
	}
}

static void check_results(const struct drv_report *report)
{
	const struct drv_result *result;

	for (size_t i = 0; (result = drv_report_result(report, i)); i++) {
		check(drv_verdict_name(result->verdict) && result->id && result->summary);
		for (size_t j = 0; j < result->finding_count; j++) {
			const struct drv_finding *finding = drv_result_finding(result, j);

			check(finding->message && *finding->code);
			check(!strpbrk(finding->code, "\"<>&|`' \n\x1b"));
		}
	}
	check(drv_report_exit_status(report) != 0 || drv_report_verdict(report) == DRV_PASS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned flags[] = { 0, DRV_REPORT_VERBOSE, DRV_REPORT_QUIET,
					  DRV_REPORT_WIDTH(40) | DRV_REPORT_VERBOSE };
	struct drvp_strbuf out = DRVP_STRBUF_INIT;
	struct drv_report *report = read_report(size ? (const char *)data : "", size);

	if (!report)
		return 0;
	check_results(report);
	check_json(&out, report);
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		write_report(&out, report, "text", flags[i]);
	write_report(&out, report, "markdown", 0);
	write_report(&out, report, "nagios", 0);
	check_nagios(out.data);
	write_report(&out, report, "prometheus", 0);
	check_prometheus(out.data);
	write_report(&out, report, "junit", 0);
	check(markup_is_well_formed(out.data));
	write_report(&out, report, "html", 0);
	check(markup_is_well_formed(out.data));
	drvp_strbuf_free(&out);
	drv_report_free(&report);
	return 0;
}
