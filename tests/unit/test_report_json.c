/* test_report_json.c: the report as a document: what is kept, what is measured anew, and when */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "sample_report.h"

struct fixture {
	struct sample *sample;
	struct drvp_arena arena;
	struct drvp_strbuf text;
	const struct drvp_json *root;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	if (!f)
		return -1;
	f->sample = sample_new();
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	sample_free(f->sample);
	drvp_arena_free(&f->arena);
	drvp_strbuf_free(&f->text);
	free(f);
	return 0;
}

/* Writes the report and reads it back: it must be JSON without repeated members. */
static void write_and_read(struct fixture *f)
{
	static const struct drvp_json_limits limits = { 1 << 20, 64, 0 };
	struct drv_error error = DRV_ERROR_INIT;
	struct drvp_json *root;

	drvp_strbuf_clear(&f->text);
	assert_int_equal(drvp_report_json(&f->sample->report, 0, &f->text), 0);
	if (drvp_json_parse(&root, &f->arena, f->text.data, f->text.len, &limits, &error))
		fail_msg("%s in:\n%s", error.message, f->text.data);
	f->root = root;
	assert_int_equal(f->text.data[f->text.len - 1], '\n');
}

/* The value at a path such as "checks.0.expect.rows", or NULL. */
static const struct drvp_json *at(const struct fixture *f, const char *path)
{
	const struct drvp_json *value = f->root;
	char word[64];

	while (value && *path) {
		size_t len = strcspn(path, ".");

		snprintf(word, sizeof word, "%.*s", (int)len, path);
		if (value->type == DRVP_JSON_ARRAY) {
			unsigned long index = strtoul(word, NULL, 10);

			for (value = value->first; value && index; index--)
				value = value->next;
		} else {
			value = drvp_json_member(value, word);
		}
		path += len + (path[len] == '.');
	}
	return value;
}

static void assert_text(const struct fixture *f, const char *path, const char *expected)
{
	const struct drvp_json *value = at(f, path);

	if (!value)
		fail_msg("%s is missing in:\n%s", path, f->text.data);
	assert_string_equal(value->text, expected);
}

static void assert_members(const struct drvp_json *object, const char *const *names)
{
	const struct drvp_json *member = object->first;

	for (; *names; names++, member = member->next) {
		assert_non_null(member);
		assert_string_equal(member->key, *names);
	}
	assert_null(member);
}

static void test_pass_becomes_baseline(void **state)
{
	struct fixture *f = *state;

	write_and_read(f);
	assert_text(f, "captured_at", "2025-12-30T15:00:00Z");
	assert_text(f, "checks.0.expect.rows", "100");
	assert_null(at(f, "checks.0.expect.below"));    /* record() decides what stays */
	assert_text(f, "checks.1.expect.rows", "101");
	assert_null(at(f, "checks.2.expect"));          /* a check that records nothing */
	assert_text(f, "sources.main.identity.system_identifier", "18446744073709551615");
	assert_int_equal(at(f, "sources.main.identity.system_identifier")->type, DRVP_JSON_STRING);
	assert_text(f, "sources.main.identity.moment", "2025-12-30T15:00:00Z");
	assert_text(f, "sources.검색.identity.set_name", "rs0");
	assert_text(f, "report.verdict", "pass");
	assert_null(strstr(f->text.data, "OLD-REPORT"));
}

/* A server that was promoted has gone on by itself: where it is now is not the moment restored. */
static void test_position_of_what_is_live(void **state)
{
	struct fixture *f = *state;

	write_and_read(f);
	assert_null(at(f, "sources.main.identity.lsn"));
	assert_null(at(f, "sources.main.identity.server_started"));
	assert_null(at(f, "sources.검색.identity.operation_time"));
	for (size_t i = 0; i < 2; i++)
		f->sample->source_reports[i].lineage.live = true;
	f->sample->source_reports[1].identity.read_until = SAMPLE_STARTED + 5 * DRVP_SECOND;
	write_and_read(f);
	assert_text(f, "sources.main.identity.timeline", "2");
	assert_text(f, "sources.main.identity.lsn", "1/60");
	assert_text(f, "sources.main.identity.next_transaction", "771");
	assert_text(f, "sources.main.identity.server_started", "2025-12-30T14:59:00Z");
	assert_text(f, "sources.main.identity.moment", "2025-12-30T15:00:01Z");
	assert_text(f, "sources.검색.identity.process", "6f0c");
	assert_text(f, "sources.검색.identity.operation_time", "1767106800.7");
	assert_text(f, "sources.검색.identity.moment", "2025-12-30T15:00:05Z");
	assert_null(at(f, "sources.검색.identity.lsn"));
}

static void test_order_of_members(void **state)
{
	static const char *const document[] = { "format", "name", "captured_at", "objectives",
						"sources", "checks", "report", NULL };
	static const char *const check[] = { "check", "source", "table", "priority", "expect",
					     "result", NULL };
	static const char *const source[] = { "store", "restored_by", "identity", NULL };
	struct fixture *f = *state;

	write_and_read(f);
	assert_members(f->root, document);
	assert_members(at(f, "checks.0"), check);
	assert_members(at(f, "sources.main"), source);
}

/* The document of the old moment stays whole when any of it was not proved. */
static void assert_unchanged(struct fixture *f)
{
	write_and_read(f);
	assert_text(f, "captured_at", "2025-12-30T05:30:00Z");
	assert_text(f, "checks.0.expect.rows", "50000");
	assert_text(f, "checks.0.expect.below", "9007199254740993");
	assert_null(at(f, "checks.1.expect"));
	assert_text(f, "sources.main.identity.system_identifier", "42");
	assert_null(at(f, "sources.main.identity.lsn"));
	assert_null(at(f, "sources.검색.identity"));
}

static void test_damage_keeps_old_values(void **state)
{
	static const struct drv_row_ref rows[] = { { "ctid (12,3)", "" }, { "", "id=\"7\"" } };
	static const struct drvp_finding finding = {
		{ "row_count.below", DRV_FAIL, "missing", 1091, 2 }, rows,
	};
	struct fixture *f = *state;

	sample_decide(f->sample, 0, DRV_FAIL, "48,911 rows");
	sample_find(f->sample, 0, &finding, 1);
	f->sample->verdicts[3].result.blocked_by = "connection:main";
	f->sample->report.verdict = DRV_FAIL;
	assert_unchanged(f);
	assert_text(f, "checks.0.result.verdict", "fail");
	assert_text(f, "checks.0.result.summary", "48,911 rows");
	assert_text(f, "checks.0.result.rows", "100");
	assert_true(strtod(at(f, "checks.0.result.seconds")->text, NULL) == 1.25);
	assert_text(f, "checks.0.result.findings.0.code", "row_count.below");
	assert_text(f, "checks.0.result.findings.0.effect", "fail");
	assert_text(f, "checks.0.result.findings.0.count", "1091");
	assert_text(f, "checks.0.result.findings.0.rows.0.place", "ctid (12,3)");
	assert_null(at(f, "checks.0.result.findings.0.rows.0.key"));
	assert_text(f, "checks.0.result.findings.0.rows.1.key", "id=\"7\"");
	assert_text(f, "checks.3.result.blocked_by", "connection:main");
	assert_int_equal(at(f, "checks.1.result.findings")->count, 0);
	assert_text(f, "report.verdict", "fail");
	assert_text(f, "report.exit_status", "2");
}

static void test_doubt_and_gaps_keep_old_values(void **state)
{
	static const int verdicts[] = { DRV_SKIPPED, DRV_INCONCLUSIVE, DRV_WARN };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
		sample_decide(f->sample, 3, verdicts[i], "");
		f->sample->report.verdict = verdicts[i] == DRV_WARN ? DRV_WARN : DRV_PASS;
		assert_unchanged(f);
	}
}

/* Nothing is renewed for the baseline's own moment, lest a tolerance ratchet; nor for an unknown one. */
static void test_only_a_later_moment_is_renewed(void **state)
{
	struct fixture *f = *state;
	struct drvp_lineage *lineage = &f->sample->source_reports[1].lineage;

	lineage->relation = DRVP_LINEAGE_SAME;
	assert_unchanged(f);
	lineage->relation = DRVP_LINEAGE_NEWER;
	lineage->moment.set = false;
	assert_unchanged(f);
	lineage->moment = (struct drvp_number){ true, SAMPLE_STARTED - DRVP_SECOND };
	write_and_read(f);
	assert_text(f, "captured_at", "2025-12-30T14:59:59Z");
	f->sample->baseline.captured_at.set = false;
	write_and_read(f);
	assert_text(f, "checks.0.expect.rows", "50000");
}

static void test_capture_records_what_was_measured(void **state)
{
	struct fixture *f = *state;

	f->sample->report.capture = true;
	f->sample->report.verdict = DRV_FAIL;
	sample_decide(f->sample, 0, DRV_INCONCLUSIVE, "");
	f->sample->source_reports[1].reached = false;
	strcpy(f->sample->source_reports[1].error.message, "connection refused");
	write_and_read(f);
	assert_text(f, "captured_at", "2025-12-30T15:00:00Z");
	assert_null(at(f, "checks.0.expect"));  /* undecided: the old value is of another moment */
	assert_text(f, "checks.1.expect.rows", "101");
	assert_null(at(f, "sources.검색.identity"));
	assert_text(f, "report.command", "capture");
	assert_text(f, "report.sources.검색.error", "connection refused");
	assert_null(at(f, "report.sources.검색.server"));
}

static void test_circumstances(void **state)
{
	struct fixture *f = *state;
	struct drv_report *report = &f->sample->report;

	report->incident_at = (struct drvp_number){ true, SAMPLE_STARTED - DRVP_SECOND };
	write_and_read(f);
	assert_text(f, "report.command", "verify");
	assert_text(f, "report.started_at", "2025-12-30T15:00:00Z");
	assert_text(f, "report.finished_at", "2025-12-30T15:12:04Z");
	assert_text(f, "report.incident_at", "2025-12-30T14:59:59Z");
	assert_null(at(f, "report.rto"));
	assert_null(at(f, "report.baseline"));
	assert_null(at(f, "report.sources.main.restored_to"));
	assert_null(at(f, "report.baseline_signed_by"));
	assert_text(f, "report.sources.main.server", "PostgreSQL 15.10");
	assert_text(f, "report.sources.main.lineage", "restored 2 s after the baseline");
	assert_text(f, "report.sources.main.warnings.0", "setting fsync is off");
	assert_true(at(f, "report.sources.main.tls")->truth);
	f->sample->source_reports[0].restored_to = (struct drvp_restore_point){ .set = true, .baseline = true };
	write_and_read(f);
	assert_text(f, "report.sources.main.restored_to", "baseline");
	f->sample->baseline.signer = (struct drvp_signer){ "ops-2025", "0490f4" };
	f->sample->source_reports[0].restored_to = (struct drvp_restore_point){
		.set = true, .time = { true, SAMPLE_STARTED },
	};
	write_and_read(f);
	assert_text(f, "report.sources.main.restored_to", "2025-12-30T15:00:00Z");
	f->sample->source_reports[0].restored_to = (struct drvp_restore_point){
		.set = true, .lsn = { true, INT64_C(0x2A0000001F) },
	};
	write_and_read(f);
	assert_text(f, "report.sources.main.restored_to", "2A/1F");
	assert_text(f, "report.baseline_signed_by.key", "ops-2025");
	assert_text(f, "report.baseline_signed_by.sha256", "0490f4");
}

static void test_recovery_time(void **state)
{
	struct fixture *f = *state;
	struct drv_report *report = &f->sample->report;

	f->sample->baseline.objectives.rto = (struct drvp_number){ true, 725 * DRVP_SECOND };
	write_and_read(f);
	assert_null(at(f, "report.rto"));
	report->incident_at = (struct drvp_number){ true, SAMPLE_STARTED - DRVP_SECOND };
	write_and_read(f);
	assert_text(f, "report.rto.allowed_seconds", "725");
	assert_text(f, "report.rto.elapsed_seconds", "725");
	assert_true(at(f, "report.rto.met")->truth);
	report->incident_at.value--;
	write_and_read(f);
	assert_false(at(f, "report.rto.met")->truth);
	report->incident_at.value = report->finished_at + 1;
	write_and_read(f);
	assert_null(at(f, "report.rto.met"));
	report->capture = true;
	write_and_read(f);
	assert_null(at(f, "report.rto"));
}

static void test_choice_of_a_baseline(void **state)
{
	struct fixture *f = *state;

	f->sample->baseline.choice = "the newest of 3 baselines";
	write_and_read(f);
	assert_text(f, "report.baseline", "report.json: the newest of 3 baselines");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_pass_becomes_baseline, setup, teardown),
		cmocka_unit_test_setup_teardown(test_position_of_what_is_live, setup, teardown),
		cmocka_unit_test_setup_teardown(test_order_of_members, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damage_keeps_old_values, setup, teardown),
		cmocka_unit_test_setup_teardown(test_doubt_and_gaps_keep_old_values, setup, teardown),
		cmocka_unit_test_setup_teardown(test_only_a_later_moment_is_renewed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_capture_records_what_was_measured, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_circumstances, setup, teardown),
		cmocka_unit_test_setup_teardown(test_recovery_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_choice_of_a_baseline, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
