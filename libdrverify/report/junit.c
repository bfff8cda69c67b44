/* junit.c: the report as JUnit XML, for continuous integration: a suite a source, a case a check */
#include "report/escape.h"
#include "report/words.h"

/*
 * Attributes and order are those that both the schema of Ant and that of Jenkins accept. A failure
 * is damage; an error is what could not be decided; optional doubt is skipped, as it spoils no run.
 */
struct suite {
	const struct drv_report *report;
	struct drvp_strbuf *out;
	const struct drvp_source_report *source;
	unsigned tests, failures, errors, skipped;
	int64_t elapsed;             /* microseconds */
};

static bool is_optional_doubt(const struct drv_result *result)
{
	return result->verdict == DRV_INCONCLUSIVE && !result->required;
}

static void add_attribute(struct drvp_strbuf *out, const char *name, const char *value)
{
	drvp_strbuf_printf(out, " %s=\"", name);
	drvp_escape_xml(out, value);
	drvp_strbuf_char(out, '"');
}

static void add_property(struct drvp_strbuf *out, const char *name, const char *value)
{
	if (!value[0])
		return;
	drvp_strbuf_printf(out, "      <property name=\"%s\"", name);
	add_attribute(out, "value", value);
	drvp_strbuf_str(out, "/>\n");
}

/* "2025-12-30T15:00:00": the schema of Ant has no place for the zone, which is UTC. */
static void add_timestamp(struct drvp_strbuf *out, int64_t instant)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	drvp_instant_print(&text, instant / DRVP_SECOND * DRVP_SECOND);
	out->failed |= text.failed;
	drvp_strbuf_printf(out, " timestamp=\"%.19s\"", drvp_strbuf_text(&text));
	drvp_strbuf_free(&text);
}

/* ------------------------------------------------------------------ one check */

static void add_finding(struct drvp_strbuf *out, const struct drv_finding *finding)
{
	drvp_escape_xml(out, finding->code);
	drvp_strbuf_str(out, "  ");
	drvp_escape_xml(out, finding->message);
	drvp_strbuf_char(out, '\n');
	for (size_t i = 0; i < finding->row_count; i++) {
		const struct drv_row_ref *row = drv_finding_row(finding, i);

		drvp_strbuf_str(out, "  at ");
		drvp_escape_xml(out, row->place);
		drvp_strbuf_str(out, row->place[0] && row->key[0] ? ", key " : "");
		drvp_escape_xml(out, row->key);
		drvp_strbuf_char(out, '\n');
	}
}

static void add_outcome(struct drvp_strbuf *out, const char *element,
			const struct drv_result *result)
{
	const char *code = result->finding_count ? drv_result_finding(result, 0)->code : "";

	drvp_strbuf_printf(out, "      <%s", element);
	add_attribute(out, "type", code);
	add_attribute(out, "message", drvp_result_says(result));
	drvp_strbuf_char(out, '>');
	for (size_t i = 0; i < result->finding_count; i++)
		add_finding(out, drv_result_finding(result, i));
	drvp_strbuf_printf(out, "</%s>\n", element);
}

static void add_case(struct drvp_strbuf *out, const struct drv_result *result)
{
	drvp_strbuf_str(out, "    <testcase");
	add_attribute(out, "name", result->id);
	drvp_strbuf_str(out, " classname=\"drverify.");
	drvp_escape_xml(out, result->source);
	drvp_strbuf_str(out, "\" time=\"");
	drvp_print_seconds(out, drvp_result_time(result));
	drvp_strbuf_char(out, '"');
	if (result->verdict == DRV_PASS || result->verdict == DRV_WARN) {
		drvp_strbuf_str(out, "/>\n");
		return;
	}
	drvp_strbuf_str(out, ">\n");
	add_outcome(out, result->verdict == DRV_FAIL ? "failure" :
			 result->verdict == DRV_SKIPPED || is_optional_doubt(result) ? "skipped" :
									   "error", result);
	drvp_strbuf_str(out, "    </testcase>\n");
}

/* ------------------------------------------------------------------ one source */

static void count(struct suite *suite)
{
	for (size_t i = 0; i < suite->report->verdict_count; i++) {
		const struct drv_result *result = &suite->report->ordered[i]->result;

		if (strcmp(result->source, suite->source->source->name))
			continue;
		suite->tests++;
		suite->elapsed += drvp_result_time(result);
		suite->failures += result->verdict == DRV_FAIL;
		suite->errors += result->verdict == DRV_INCONCLUSIVE && result->required;
		suite->skipped += result->verdict == DRV_SKIPPED || is_optional_doubt(result);
	}
}

static void open_suite(const struct suite *suite, const char *name, unsigned id)
{
	const char *address = suite->source ? suite->source->identity.address : "";

	drvp_strbuf_str(suite->out, "  <testsuite name=\"drverify.");
	drvp_escape_xml(suite->out, name);
	drvp_strbuf_printf(suite->out, "\" package=\"drverify\" id=\"%u\"", id);
	add_timestamp(suite->out, suite->report->started_at);
	add_attribute(suite->out, "hostname", address[0] ? address : "localhost");
	drvp_strbuf_printf(suite->out, " tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\" "
			   "time=\"", suite->tests, suite->failures, suite->errors, suite->skipped);
	drvp_print_seconds(suite->out, suite->elapsed);
	drvp_strbuf_str(suite->out, "\">\n");
}

/* Warnings pass, and are said where a reader of the output finds them. */
static void close_suite(const struct suite *suite)
{
	drvp_strbuf_str(suite->out, "    <system-out>");
	for (size_t i = 0; suite->source && i < suite->report->verdict_count; i++) {
		const struct drv_result *result = &suite->report->ordered[i]->result;

		if (strcmp(result->source, suite->source->source->name) ||
		    result->verdict != DRV_WARN)
			continue;
		drvp_strbuf_str(suite->out, "warning: ");
		drvp_escape_xml(suite->out, result->id);
		drvp_strbuf_char(suite->out, '\n');
		for (size_t j = 0; j < result->finding_count; j++)
			add_finding(suite->out, drv_result_finding(result, j));
	}
	drvp_strbuf_str(suite->out, "</system-out>\n    <system-err></system-err>\n"
				    "  </testsuite>\n");
}

static void add_suite(const struct drv_report *report, struct drvp_strbuf *out, unsigned id,
		      unsigned *errors)
{
	struct suite suite = { .report = report, .out = out, .source = &report->sources[id] };
	const struct drvp_identity *identity = &suite.source->identity;

	count(&suite);
	*errors += suite.errors;
	open_suite(&suite, suite.source->source->name, id);
	drvp_strbuf_str(out, "    <properties>\n");
	add_property(out, "document", drvp_report_title(report));
	add_property(out, "server", identity->server);
	add_property(out, "lineage", suite.source->lineage.text);
	add_property(out, "consistency", identity->consistency);
	drvp_strbuf_str(out, "    </properties>\n");
	for (size_t i = 0; i < report->verdict_count; i++)
		if (!strcmp(report->ordered[i]->result.source, suite.source->source->name))
			add_case(out, &report->ordered[i]->result);
	close_suite(&suite);
}

/* Where nothing but optional checks ended undecided, the run did too, and no case shows it. */
static void add_run(const struct drv_report *report, struct drvp_strbuf *out)
{
	struct suite suite = { .report = report, .out = out, .tests = 1, .errors = 1 };

	open_suite(&suite, "run", (unsigned)report->source_count);
	drvp_strbuf_str(out, "    <properties></properties>\n"
			     "    <testcase name=\"verdict\" classname=\"drverify.run\" time=\"0.000\">\n"
			     "      <error type=\"inconclusive\" message=\"no check was decided\"></error>\n"
			     "    </testcase>\n");
	close_suite(&suite);
}

int drvp_report_junit(const struct drv_report *report, unsigned flags, struct drvp_strbuf *out)
{
	unsigned errors = 0;

	(void)flags;
	drvp_strbuf_str(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
	for (unsigned i = 0; i < report->source_count; i++)
		add_suite(report, out, i, &errors);
	if (report->verdict == DRV_INCONCLUSIVE && !errors)
		add_run(report, out);
	drvp_strbuf_str(out, "</testsuites>\n");
	return out->failed ? DRV_E_NOMEM : 0;
}
