/* test_postgresql_custom.c: checks of the embedding program: what they ask, what they say, what becomes of it */
#include "pg_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "checks/custom.h"

static const struct drv_check_code codes[] = {
	{ sizeof codes[0], DRV_FAIL, "x.orphans.found", "Orders lack their customer.",
	  "One table is newer than the other.", "Restore both to one moment." },
	{ sizeof codes[0], DRV_WARN, "x.orphans.few", "Few.", "It happens.", "Look." },
};

#define EMPTY "{\"format\": \"drverify/1\", \"sources\": {\"main\": {\"store\": \"postgresql\"}}, " \
	      "\"checks\": []}"

static struct drv_baseline *parse(const char *text)
{
	struct drv_error err = DRV_ERROR_INIT;
	struct drv_baseline *baseline;

	if (drv_baseline_parse(&baseline, text, strlen(text), "test", &err))
		fail_msg("%s", err.message);
	return baseline;
}

static struct drv_run *run_over(const char *text, const struct drv_run_options *options)
{
	struct drv_baseline *baseline = parse(text);
	struct drv_error err = DRV_ERROR_INIT;
	struct drv_run *run;

	if (drv_run_new(&run, baseline, options, &err) ||
	    drv_run_source_uri(run, "main", pg_reader_uri(), &err))
		fail_msg("%s", err.message);
	drv_baseline_free(&baseline);
	return run;
}

static int add(struct drv_run *run, const char *check, const char *name, drv_check_fn fn, void *user,
	       struct drv_error *err)
{
	struct drv_check what = DRV_CHECK_INIT;

	what.check = check;
	what.source = "main";
	what.name = name;
	what.codes = codes;
	what.code_count = sizeof codes / sizeof *codes;
	what.fn = fn;
	what.user = user;
	return drv_run_add_check(run, &what, err);
}

static struct drv_report *verify(struct drv_run *run)
{
	struct drv_error err = DRV_ERROR_INIT;
	struct drv_report *report;

	if (drv_run_verify(run, &report, &err))
		fail_msg("%s", err.message);
	return report;
}

static const struct drv_result *result_of(const struct drv_report *report, const char *id)
{
	for (size_t i = 0; i < drv_report_result_count(report); i++)
		if (!strcmp(drv_report_result(report, i)->id, id))
			return drv_report_result(report, i);
	fail_msg("there is no result %s", id);
	return NULL;
}

static void expect(const struct drv_result *result, int verdict, const char *const *findings)
{
	size_t i = 0;

	assert_string_equal(drv_verdict_name(result->verdict), drv_verdict_name(verdict));
	for (; findings[i]; i++) {
		assert_true(i < result->finding_count);
		assert_string_equal(drv_result_finding(result, i)->code, findings[i]);
	}
	assert_int_equal(result->finding_count, i);
}

#define CODES(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__(,) NULL })

/* Verifies with this check alone, and expects that of it. */
static void try_check(drv_check_fn fn, void *user, int verdict, const char *const *findings,
		      const char *summary)
{
	struct drv_run *run = run_over(EMPTY, NULL);
	struct drv_error err = DRV_ERROR_INIT;
	struct drv_report *report;
	const struct drv_result *result;

	if (add(run, "x.orphans", NULL, fn, user, &err))
		fail_msg("%s", err.message);
	report = verify(run);
	drv_run_free(&run);
	result = result_of(report, "x.orphans:main");
	expect(result, verdict, findings);
	if (summary)
		assert_string_equal(result->summary, summary);
	assert_int_equal(drv_report_exit_status(report), verdict);
	drv_report_free(&report);
}

/* ------------------------------------------------------------------ what it asks and says */

static int add_row(size_t count, const char *const *values, void *user)
{
	struct drvp_strbuf *text = user;

	for (size_t i = 0; i < count; i++)
		drvp_strbuf_printf(text, "%s%s", values[i] ? values[i] : "NULL",
				   i + 1 < count ? "," : ";");
	return 0;
}

static int ask(struct drv_session *session, const char *sql, struct drvp_strbuf *text,
	       struct drv_error *error)
{
	drvp_strbuf_clear(text);
	return drv_session_query(session, sql, NULL, 0, add_row, text, error);
}

static int passes(struct drv_session *session, void *user, struct drv_error *error)
{
	const char *values[] = { "2", NULL };
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	int status = drv_session_query(session, "SELECT i, t, $2::text, now() - now(), '{1}'::int[]"
				       " FROM public.orders WHERE i <= $1::int ORDER BY i", values, 2,
				       add_row, &text, error);

	(void)user;
	if (!status)
		assert_string_equal(drvp_strbuf_text(&text), "1,é,NULL,00:00:00,{1};"
				    "2,2025-12-30 05:30:00+00,NULL,00:00:00,{1};");
	drvp_strbuf_free(&text);
	return status ? status : drv_session_summarise(session, "2 orders", error);
}

static void a_pass_says_what_it_saw(void **state)
{
	(void)state;
	try_check(passes, NULL, DRV_PASS, CODES(), "2 orders");
}

static void what_it_read_is_counted(void **state)
{
	struct drv_run *run = run_over(EMPTY, NULL);
	struct drv_error err = DRV_ERROR_INIT;
	struct drv_report *report;

	(void)state;
	assert_int_equal(add(run, "x.orphans", NULL, passes, NULL, &err), 0);
	report = verify(run);
	drv_run_free(&run);
	assert_int_equal(result_of(report, "x.orphans:main")->rows, 2);
	drv_report_free(&report);
}

static int finds(struct drv_session *session, void *user, struct drv_error *error)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	int status = ask(session, "SELECT count(*) FROM public.orders", &text, error);

	drvp_strbuf_free(&text);
	if (!status)
		status = drv_session_report(session, user, 2, "2 orders without a customer", error);
	for (int i = 0; i < 10 && !status; i++)
		status = drv_session_report_row(session, "ctid (0,1)", "id=canary", error);
	return status;
}

static void findings_have_the_effect_of_their_code(void **state)
{
	(void)state;
	try_check(finds, (void *)(uintptr_t)"x.orphans.found", DRV_FAIL, CODES("x.orphans.found"),
		  "2 orders without a customer");
	try_check(finds, (void *)(uintptr_t)"x.orphans.few", DRV_WARN, CODES("x.orphans.few"), NULL);
	try_check(finds, (void *)(uintptr_t)"x.unheard", DRV_INCONCLUSIVE,
		  CODES("check.not_possible"), NULL);
	try_check(finds, (void *)(uintptr_t)"row_count.below", DRV_INCONCLUSIVE,
		  CODES("check.not_possible"), NULL);
}

static int add_text(const void *bytes, size_t len, void *user)
{
	drvp_strbuf_add(user, bytes, len);
	return 0;
}

static char *write_as(const struct drv_report *report, const char *format)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	struct drv_error err = DRV_ERROR_INIT;

	if (drv_report_write(report, format, DRV_REPORT_VERBOSE, add_text, &text, &err))
		fail_msg("%s", err.message);
	drvp_strbuf_char(&text, '\0');
	return text.data;
}

/* In every format, and the key only where it was asked for. */
static void findings_stand_in_reports(void **state)
{
	(void)state;
	for (int show = 0; show < 2; show++) {
		struct drv_run_options options = DRV_RUN_OPTIONS_INIT;
		struct drv_error err = DRV_ERROR_INIT;
		struct drv_run *run;
		struct drv_report *report;

		options.show_keys = show;
		run = run_over(EMPTY, &options);
		assert_int_equal(add(run, "x.orphans", NULL, finds,
				     (void *)(uintptr_t)"x.orphans.found", &err), 0);
		report = verify(run);
		drv_run_free(&run);
		assert_int_equal(drv_result_finding(drv_report_result(report, 0), 0)->row_count, 8);
		for (size_t i = 0; drv_report_format(i); i++) {
			const char *format = drv_report_format(i);
			char *text = write_as(report, format);

			if (!strstr(text, strcmp(format, "nagios") && strcmp(format, "prometheus") ?
				    "x.orphans.found" : "x.orphans"))
				fail_msg("%s: %s", format, text);
			if (!strcmp(format, "text") || !strcmp(format, "html"))
				assert_non_null(strstr(text, "Restore both to one moment."));
			if (!show)
				assert_null(strstr(text, "canary"));
			else if (!strcmp(format, "json"))
				assert_non_null(strstr(text, "id=canary"));
			free(text);
		}
		drv_report_free(&report);
	}
}

/* ------------------------------------------------------------------ no false pass */

static int does_nothing(struct drv_session *session, void *user, struct drv_error *error)
{
	(void)session;
	(void)user;
	(void)error;
	return 0;
}

static int only_talks(struct drv_session *session, void *user, struct drv_error *error)
{
	(void)user;
	return drv_session_summarise(session, "all is well", error);
}

static int only_asks(struct drv_session *session, void *user, struct drv_error *error)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	int status = ask(session, "SELECT 1", &text, error);

	(void)user;
	drvp_strbuf_free(&text);
	return status;
}

/* Asks what user says, lets no failure bother it, and says that all is well. */
static int looks_away(struct drv_session *session, void *user, struct drv_error *error)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	ask(session, "SELECT 1", &text, error);
	ask(session, user, &text, NULL);
	drvp_strbuf_free(&text);
	return drv_session_summarise(session, "all is well", error);
}

static int gives_up(struct drv_session *session, void *user, struct drv_error *error)
{
	drv_session_report(session, "x.orphans.found", 1, "one is enough", NULL);
	snprintf(error->message, sizeof error->message, "the moon was full");
	return *(const int *)user;
}

static void nothing_seen_is_no_pass(void **state)
{
	static const int busy = DRV_E_BUSY, odd = 17;

	(void)state;
	try_check(does_nothing, NULL, DRV_INCONCLUSIVE, CODES("check.judged_nothing"), NULL);
	try_check(only_talks, NULL, DRV_INCONCLUSIVE, CODES("check.judged_nothing"), NULL);
	try_check(only_asks, NULL, DRV_INCONCLUSIVE, CODES("check.judged_nothing"), NULL);
	/* What was found stands. */
	try_check(gives_up, (void *)(uintptr_t)&busy, DRV_FAIL,
		  CODES("x.orphans.found", "check.busy"), NULL);
	try_check(gives_up, (void *)(uintptr_t)&odd, DRV_FAIL,
		  CODES("x.orphans.found", "check.not_possible"), NULL);
}

static void a_failed_question_is_no_pass(void **state)
{
	static const char *const statements[] = {
		"SELECT nothing", "SELECT 1; SELECT 2", "COMMIT", "ROLLBACK", "SET TimeZone = 'UTC'",
		"SELECT $1::int", "INSERT INTO public.orders VALUES (1)",
		"INSERT INTO public.orders VALUES (1) RETURNING i", "COPY public.orders TO STDOUT",
		"SELECT nextval('public.numbers')", "PREPARE p AS SELECT 1", "", "SELECT 1 / 0",
	};

	(void)state;
	for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
		struct drv_run *run = run_over(EMPTY, NULL);
		struct drv_error err = DRV_ERROR_INIT;
		struct drv_report *report;

		assert_int_equal(add(run, "x.orphans", NULL, looks_away,
				     (void *)(uintptr_t)statements[i], &err), 0);
		assert_int_equal(add(run, "x.orphans", "after", passes, NULL, &err), 0);
		report = verify(run);
		drv_run_free(&run);
		if (result_of(report, "x.orphans:main")->verdict != DRV_INCONCLUSIVE)
			fail_msg("%s passes", statements[i]);
		assert_int_equal(result_of(report, "x.orphans:main:after")->verdict, DRV_PASS);
		drv_report_free(&report);
	}
}

static int asks_within(size_t count, const char *const *values, void *user)
{
	struct drv_error err = DRV_ERROR_INIT;
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	(void)count;
	(void)values;
	assert_int_equal(ask(user, "SELECT 1", &text, &err), DRV_E_USAGE);
	return 1;
}

static int misuses(struct drv_session *session, void *user, struct drv_error *error)
{
	uint64_t count;

	(void)user;
	assert_int_equal(drv_session_report_row(session, "", "", error), DRV_E_USAGE);
	assert_int_equal(drv_session_count(session, "c", NULL, &count, error), DRV_E_UNSUPPORTED);
	assert_int_equal(drv_session_documents(session, "c", NULL, NULL, NULL, error),
			 DRV_E_UNSUPPORTED);
	assert_int_equal(drv_session_summarise(session, "two\nlines", error), DRV_E_USAGE);
	assert_int_equal(drv_session_summarise(session, "\xff", error), DRV_E_USAGE);
	assert_int_equal(drv_session_query(session, "SELECT generate_series(1, 1000000)", NULL, 0,
					   asks_within, session, error), 0);
	return drv_session_summarise(session, "all is well", error);
}

static void misuse_is_no_pass(void **state)
{
	(void)state;
	try_check(misuses, NULL, DRV_INCONCLUSIVE, CODES("check.not_possible"), NULL);
}

static int sleeps(struct drv_session *session, void *user, struct drv_error *error)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	int status;

	(void)user;
	drv_session_report(session, "x.orphans.few", 1, "one", NULL);
	status = ask(session, "SELECT pg_sleep(60)", &text, error);
	drvp_strbuf_free(&text);
	return status;
}

static void a_time_out_is_no_pass(void **state)
{
	struct drv_run_options options = DRV_RUN_OPTIONS_INIT;
	struct drv_error err = DRV_ERROR_INIT;
	struct drv_report *report;
	struct drv_run *run;

	(void)state;
	options.timeout_ms = 200;
	run = run_over(EMPTY, &options);
	assert_int_equal(add(run, "x.orphans", NULL, sleeps, NULL, &err), 0);
	report = verify(run);
	expect(drv_report_result(report, 0), DRV_INCONCLUSIVE, CODES("check.timeout"));
	drv_report_free(&report);
	drv_run_free(&run);
}

/* ------------------------------------------------------------------ one snapshot, one run */

struct snapshot {
	char text[64];
};

static int notes_snapshot(struct drv_session *session, void *user, struct drv_error *error)
{
	struct snapshot *snapshot = user;
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	int status = ask(session, "SELECT txid_current_snapshot(), set_config('TimeZone', 'Asia/Seoul', false)",
			 &text, error);

	snprintf(snapshot->text, sizeof snapshot->text, "%s", drvp_strbuf_text(&text));
	drvp_strbuf_free(&text);
	return status ? status : drv_session_summarise(session, "seen", error);
}

/* Transactions that end between two checks, and settings of one of them, make no difference. */
static int writes_between(struct drv_session *session, void *user, struct drv_error *error)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	int status;

	pg_sql("INSERT INTO public.orders VALUES (3, 'late'); DELETE FROM public.orders WHERE i = 3");
	status = notes_snapshot(session, user, error);
	if (!status)
		status = ask(session, "SELECT current_setting('TimeZone')", &text, error);
	if (!status)
		assert_string_equal(drvp_strbuf_text(&text), "UTC;");
	drvp_strbuf_free(&text);
	return status;
}

static void all_see_one_snapshot(void **state)
{
	(void)state;
	for (unsigned jobs = 1; jobs <= 4; jobs += 3) {
		struct drv_run_options options = DRV_RUN_OPTIONS_INIT;
		struct drv_error err = DRV_ERROR_INIT;
		struct snapshot first, second, third;
		struct drv_report *report;
		struct drv_run *run;

		options.jobs = jobs;
		run = run_over(EMPTY, &options);
		assert_int_equal(add(run, "x.one", NULL, notes_snapshot, &first, &err), 0);
		assert_int_equal(add(run, "x.two", NULL, writes_between, &second, &err), 0);
		assert_int_equal(add(run, "x.three", NULL, notes_snapshot, &third, &err), 0);
		report = verify(run);
		assert_int_equal(drv_report_verdict(report), DRV_PASS);
		assert_string_equal(first.text, second.text);
		assert_string_equal(first.text, third.text);
		drv_report_free(&report);
		drv_run_free(&run);
	}
}

static void selection_and_priority(void **state)
{
	struct drv_run *run = run_over(EMPTY, NULL);
	struct drv_error err = DRV_ERROR_INIT;
	struct drv_check first = DRV_CHECK_INIT;
	struct drv_report *report;

	(void)state;
	assert_int_equal(add(run, "x.orphans", NULL, passes, NULL, &err), 0);
	assert_int_equal(add(run, "x.orphans", NULL, passes, NULL, &err), DRV_E_USAGE);
	first.check = "x.first";
	first.source = "main";
	first.priority = 1;
	first.fn = passes;
	assert_int_equal(drv_run_add_check(run, &first, &err), 0);
	assert_int_equal(drv_run_skip(run, "x.orphans", &err), 0);
	assert_int_equal(drv_run_skip(run, "x.orphan", &err), DRV_E_USAGE);
	report = verify(run);
	assert_string_equal(drv_report_result(report, 0)->id, "x.first:main");
	assert_int_equal(drv_report_result(report, 0)->priority, 1);
	assert_int_equal(drv_report_result(report, 0)->verdict, DRV_PASS);
	assert_int_equal(drv_report_result(report, 1)->verdict, DRV_SKIPPED);
	drv_report_free(&report);
	drv_run_free(&run);
}

static void what_makes_no_sense_is_refused(void **state)
{
	static const struct {
		struct drv_check check;
		struct drv_check_code code;
	} odd[] = {
		{ { .check = "orphans" }, { 0 } }, { { .check = "x." }, { 0 } },
		{ { .check = "x.Orphans" }, { 0 } }, { { .check = "x.a b" }, { 0 } },
		{ { .check = "x.a:b" }, { 0 } }, { { .source = "mian" }, { 0 } },
		{ { .priority = 10 }, { 0 } }, { { .priority = -1 }, { 0 } }, { { .name = "" }, { 0 } },
		{ { 0 }, { .code = "orphans.found" } }, { { 0 }, { .effect = DRV_SKIPPED } },
		{ { 0 }, { .effect = 17 } }, { { 0 }, { .struct_size = 2 } },
	};
	struct drv_run *run = run_over(EMPTY, NULL);
	struct drv_error err = DRV_ERROR_INIT;
	struct drv_check none = DRV_CHECK_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		struct drv_check check = odd[i].check;
		struct drv_check_code code = odd[i].code;

		check.struct_size = sizeof check;
		check.check = check.check ? check.check : "x.orphans";
		check.source = check.source ? check.source : "main";
		check.codes = &code;
		check.code_count = 1;
		check.fn = passes;
		code.struct_size = code.struct_size ? code.struct_size : sizeof code;
		code.effect = code.effect ? code.effect : DRV_FAIL;
		code.code = code.code ? code.code : "x.orphans.found";
		code.meaning = code.why = code.next = "words";
		if (drv_run_add_check(run, &check, &err) != DRV_E_USAGE)
			fail_msg("case %zu is taken", i);
	}
	assert_int_equal(drv_run_add_check(run, &none, &err), DRV_E_USAGE);
	drv_run_free(&run);
}

/* ------------------------------------------------------------------ documents and reports */

/* A report with such a check is a baseline; who has not the check cannot decide it, who has can. */
static void a_report_is_a_baseline_again(void **state)
{
	struct drv_run *run = run_over(EMPTY, NULL);
	struct drv_error err = DRV_ERROR_INIT;
	struct drv_baseline *baseline;
	struct drv_report *report, *again;
	char *text;

	(void)state;
	assert_int_equal(add(run, "x.orphans", "daily", passes, NULL, &err), 0);
	assert_int_equal(drv_run_capture(run, &report, &err), 0);
	assert_int_equal(drv_report_verdict(report), DRV_PASS);
	text = write_as(report, "json");
	drv_report_free(&report);
	drv_run_free(&run);

	baseline = parse(text);
	assert_int_equal(drv_report_read(&again, baseline, &err), 0);
	assert_string_equal(drv_report_result(again, 0)->id, "x.orphans:main:daily");
	assert_int_equal(drv_report_verdict(again), DRV_PASS);
	drv_report_free(&again);
	drv_baseline_free(&baseline);

	run = run_over(text, NULL);
	report = verify(run);
	expect(drv_report_result(report, 0), DRV_INCONCLUSIVE, CODES("check.foreign"));
	drv_report_free(&report);
	assert_int_equal(drv_run_rehearse(run, 0, &report, &err), 0);
	expect(drv_report_result(report, 0), DRV_INCONCLUSIVE, CODES("check.foreign"));
	drv_report_free(&report);
	assert_int_equal(add(run, "x.orphans", "daily", passes, NULL, &err), 0);
	assert_int_equal(drv_run_rehearse(run, 0, &report, &err), 0);
	assert_int_equal(drv_report_verdict(report), DRV_PASS);
	drv_report_free(&report);
	report = verify(run);
	assert_int_equal(drv_report_result_count(report), 1);
	assert_int_equal(drv_report_verdict(report), DRV_PASS);
	drv_report_free(&report);
	drv_run_free(&run);
	free(text);
}

/* A report outlives the run, and the run goes on to get checks. */
static void a_report_keeps_its_checks(void **state)
{
	struct drv_run *run = run_over(EMPTY, NULL);
	struct drv_error err = DRV_ERROR_INIT;
	struct drv_report *first, *second;

	(void)state;
	assert_int_equal(add(run, "x.one", NULL, finds, (void *)(uintptr_t)"x.orphans.found", &err), 0);
	first = verify(run);
	assert_int_equal(add(run, "x.two", NULL, passes, NULL, &err), 0);
	second = verify(run);
	drv_run_free(&run);
	assert_int_equal(drv_report_result_count(first), 1);
	assert_int_equal(drv_report_result_count(second), 2);
	free(write_as(first, "html"));
	free(write_as(second, "json"));
	drv_report_free(&first);
	drv_report_free(&second);
}

static int set_up(void **state)
{
	int status = pg_fixture_set_up(state);

	pg_sql("CREATE TABLE orders (i int, t text); CREATE SEQUENCE numbers;"
	       "INSERT INTO orders VALUES (1, 'é'), (2, '2025-12-30 05:30:00+00');"
	       "GRANT ALL ON orders, numbers TO %s", pg_reader());
	return status;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pass_says_what_it_saw),
		cmocka_unit_test(what_it_read_is_counted),
		cmocka_unit_test(findings_have_the_effect_of_their_code),
		cmocka_unit_test(findings_stand_in_reports),
		cmocka_unit_test(nothing_seen_is_no_pass),
		cmocka_unit_test(a_failed_question_is_no_pass),
		cmocka_unit_test(misuse_is_no_pass),
		cmocka_unit_test(a_time_out_is_no_pass),
		cmocka_unit_test(all_see_one_snapshot),
		cmocka_unit_test(selection_and_priority),
		cmocka_unit_test(what_makes_no_sense_is_refused),
		cmocka_unit_test(a_report_is_a_baseline_again),
		cmocka_unit_test(a_report_keeps_its_checks),
	};

	return pg_fixture_missing() ? 77 :
	       cmocka_run_group_tests(tests, set_up, pg_fixture_tear_down);
}
