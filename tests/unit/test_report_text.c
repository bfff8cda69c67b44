/* test_report_text.c: the verdict for a person: what is listed, folded, aligned and escaped */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "report/display.h"
#include "sample_report.h"

static struct drvp_strbuf page;

static const char *render(struct sample *s, unsigned flags)
{
	drvp_strbuf_free(&page);
	assert_int_equal(drvp_report_text(&s->report, flags, &page), 0);
	return drvp_strbuf_text(&page);
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is missing in:\n%s", part, text);
}

static void assert_lacks(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("\"%s\" should not be in:\n%s", part, text);
}

static int setup(void **state)
{
	*state = sample_new();
	return 0;
}

static int teardown(void **state)
{
	sample_free(*state);
	drvp_strbuf_free(&page);
	return 0;
}

static const struct drv_row_ref rows[] = { { "ctid (12,3)", "" }, { "ctid (12,4)", "id=7" } };
static const struct drvp_finding below = {
	{ "row_count.below", DRV_FAIL, "1,091 rows are missing", 1091, 2 }, rows,
};
static const struct drvp_finding late = {
	{ "check.timeout", DRV_INCONCLUSIVE, "timed out after 10m", 0, 0 }, NULL,
};

static void test_pass(void **state)
{
	const char *text = render(*state, 0);

	assert_has(text, "baseline  pet-to-you 운영, captured 2025-12-30T06:00:00Z (9h00m ago)\n");
	assert_has(text, "main      PostgreSQL 15.10 recovery/pettoyou, TLS; "
			 "restored 2 s after the baseline; one snapshot\n"
			 "          warning: setting fsync is off\n");
	assert_has(text, "검색      MongoDB 7.0 dr/pettoyou; quiescent\n");
	assert_has(text, "P1 ok    row_count main public.health_notes  as expected\n");
	assert_has(text, "         4 more checks passed (-v lists them)\n");
	assert_has(text, "INTACT: 5 passed of 5 in 12m04s. exit 0\n");
	assert_lacks(text, "public.users");
	assert_lacks(text, "next");
}

static void test_recovery_time(void **state)
{
	struct sample *s = *state;

	s->report.incident_at = (struct drvp_number){ true, SAMPLE_STARTED };
	assert_lacks(render(s, 0), "RTO");
	s->baseline.objectives.rto = (struct drvp_number){ true, 4 * 3600 * DRVP_SECOND };
	assert_has(render(s, 0), "RTO       4h00m: 12m04s since the incident, 3h47m left\n");
	s->baseline.objectives.rto.value = 120 * DRVP_SECOND;
	assert_has(render(s, 0), "RTO       2m00s: 12m04s since the incident, exceeded by 10m04s\n");
	assert_has(render(s, 0), "exit 0\n"); /* it says nothing of the data */
	s->report.incident_at.value = s->report.finished_at + 1;
	assert_has(render(s, 0), "RTO       2m00s: the incident lies ahead");
	s->report.capture = true;
	assert_lacks(render(s, 0), "RTO");
}

static void test_choice_of_a_baseline(void **state)
{
	struct sample *s = *state;

	s->report.basis.choice = "the newest of 3 baselines not after 14:30";
	assert_has(render(s, 0), "ago)\n          report.json: the newest of 3 baselines not after "
				 "14:30\nmain ");
}

static void test_signer(void **state)
{
	struct sample *s = *state;

	s->report.basis.signer = "ops\x1b[2025";
	assert_has(render(s, 0), " (9h00m ago), signed by ops");
	assert_lacks(render(s, 0), "\x1b");
	s->report.basis.captured_at.set = false;
	assert_has(render(s, 0), ", as it was written: nothing was captured yet, signed by ops");
	s->report.basis.signer = "";
	assert_lacks(render(s, 0), "signed");
}

static void test_verbose_lists_all(void **state)
{
	const char *text = render(*state, DRV_REPORT_VERBOSE);

	assert_has(text, "P4 ok    row_count  main public.users         as expected\n");
	/* 검색 is as wide as main, 병원 as four letters. */
	assert_has(text, "P4 ok    row_count  검색 병원                 as expected\n");
	assert_lacks(text, "more checks");
}

static void test_quiet_pass_is_empty(void **state)
{
	assert_string_equal(render(*state, DRV_REPORT_QUIET), "");
}

static void test_damage(void **state)
{
	struct sample *s = *state;
	const char *text;

	sample_decide(s, 0, DRV_FAIL, "48,911 rows, baseline 50,002");
	sample_find(s, 0, &below, 1);
	sample_decide(s, 3, DRV_INCONCLUSIVE, "timed out: not verified");
	sample_find(s, 3, &late, 1);
	s->report.verdict = DRV_FAIL;
	text = render(s, 0);
	assert_has(text, "P4 FAIL  row_count main public.users         48,911 rows");
	assert_has(text, "P4 ????  row_count 검색 병원                 timed out: not verified\n");
	assert_has(text, "\nrow_count:main:public.users\n"
			 "  row_count.below  1,091 rows are missing\n"
			 "    at ctid (12,3)\n"
			 "    at ctid (12,4), key id=7\n"
			 "    and 1,089 more\n");
	assert_has(text, "DAMAGE FOUND: 1 failed, 1 undecided, 3 passed of 5 in 12m04s. "
			 "Do not go live on this verdict. exit 2\n"
			 "next  drverify explain row_count.below\n");
	text = render(s, DRV_REPORT_QUIET);
	assert_has(text, "DAMAGE FOUND");
	assert_lacks(text, " ok ");
	assert_lacks(text, "passed (-v");
}

static void test_next_explains_the_verdict(void **state)
{
	struct sample *s = *state;

	/* Doubt stands first by priority; the verdict is damage, and that is what to explain. */
	sample_decide(s, 0, DRV_INCONCLUSIVE, "");
	sample_find(s, 0, &late, 1);
	sample_decide(s, 1, DRV_FAIL, "");
	sample_find(s, 1, &below, 1);
	s->report.verdict = DRV_FAIL;
	assert_has(render(s, 0), "next  drverify explain row_count.below\n");
	/* Without a summary of its own a result still says why. */
	assert_has(render(s, 0), "public.users         timed out after 10m\n");
}

static void test_undecided(void **state)
{
	struct sample *s = *state;
	const char *text;

	s->source_reports[1].reached = false;
	strcpy(s->source_reports[1].error.message, "connection refused");
	sample_decide(s, 3, DRV_INCONCLUSIVE, "blocked by connection:검색");
	s->verdicts[3].result.blocked_by = "connection:검색";
	s->verdicts[3].result.required = 0;
	sample_find(s, 3, &late, 1);
	s->report.verdict = DRV_INCONCLUSIVE;
	s->report.cancelled = true;
	text = render(s, 0);
	assert_has(text, "검색      not verified: connection refused\n");
	assert_has(text, "  blocked by connection:검색 (optional)\n");
	assert_has(text, "UNDECIDED: 1 undecided, 4 passed of 5 in 12m04s. Cancelled before its end. "
			 "What was not verified may be damaged. exit 3\n");
	/* What blocked it explains itself; -v repeats it. */
	assert_lacks(text, "timed out");
	assert_has(render(s, DRV_REPORT_VERBOSE), "check.timeout  timed out after 10m");
}

static void test_skipped_is_said(void **state)
{
	struct sample *s = *state;
	const char *text;

	sample_decide(s, 3, DRV_SKIPPED, "");
	s->source_reports[1].selected = s->source_reports[1].reached = false;
	text = render(s, 0);
	assert_has(text, "검색      not read: no selected check needs it\n");
	assert_has(text, "         1 check skipped as asked (-v lists them)\n");
	assert_has(text, "INTACT: 4 passed, 1 skipped of 5 in 12m04s. What was skipped is not proved. "
			 "exit 0\n");
	assert_has(render(s, DRV_REPORT_VERBOSE), "P4 skip  row_count");
}

static void test_capture(void **state)
{
	struct sample *s = *state;

	s->report.capture = true;
	s->report.basis.captured_at.set = false;
	assert_has(render(s, 0), ", as it was written: nothing was captured yet\n");
	assert_has(render(s, 0), "CAPTURED: 5 passed of 5 in 12m04s. exit 0\n");
	sample_decide(s, 0, DRV_FAIL, "");
	s->report.verdict = DRV_FAIL;
	assert_has(render(s, 0), "Damaged data makes no baseline. exit 2\n");
}

static void test_warning(void **state)
{
	struct sample *s = *state;

	sample_decide(s, 0, DRV_WARN, "older than usual");
	s->report.verdict = DRV_WARN;
	assert_has(render(s, 0), "P4 WARN  row_count");
	assert_has(render(s, 0), "WARNINGS: 1 warned, 4 passed of 5 in 12m04s.");
	assert_has(render(s, 0), " exit 1\n");
}

static void test_hostile_names(void **state)
{
	struct sample *s = *state;
	const char *text;

	s->baseline.name = "a\x1b[2J\nINTACT";
	s->verdicts[1].result.target = "t\r\xff\xe2\x80\xae";
	s->verdicts[1].result.summary = "two\nlines";
	text = render(s, 0);
	assert_has(text, "a\\x1b[2J\\x0aINTACT");
	assert_has(text, "t\\x0d\\xff\\xe2\\x80\\xae  two\\x0alines\n");
	for (const char *at = text; *at; at++)
		assert_true(*at == '\n' || (unsigned char)*at >= 0x20);
}

static void test_color(void **state)
{
	struct sample *s = *state;
	const char *text;

	sample_decide(s, 0, DRV_FAIL, "fewer");
	sample_find(s, 0, &below, 1);
	s->report.verdict = DRV_FAIL;
	text = render(s, DRV_REPORT_COLOR);
	assert_has(text, "P4 \033[1;31mFAIL\033[0m  row_count main public.users         fewer\n");
	assert_has(text, "P1 \033[32mok\033[0m    row_count");
	assert_has(text, "  \033[1;31mrow_count.below\033[0m  1,091");
	assert_has(text, "\n\033[1;31mDAMAGE FOUND\033[0m: 1 failed");
	assert_lacks(render(s, 0), "\033");
}

/* Wide and narrow names at several widths: no line is too long, and nothing is lost but blanks. */
static void test_folding(void **state)
{
	static const unsigned widths[] = { 60, 80, 100, 200 };
	struct sample *s = *state;
	char whole[8192];

	sample_decide(s, 0, DRV_FAIL, "48,911 rows, baseline 50,002 (-1,091; allowed 0) of a table that "
		      "needs more than one line of eighty columns");
	sample_find(s, 0, &below, 1);
	sample_decide(s, 3, DRV_WARN, "병원 문서가 많이 늘었습니다 그래서 한 줄에 다 들어가지 않습니다 "
		      "여든 칸에도 백 칸에도");
	s->report.verdict = DRV_FAIL;
	strcpy(whole, render(s, DRV_REPORT_VERBOSE));
	for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
		const char *a = whole, *b = render(s, DRV_REPORT_VERBOSE |
						   DRV_REPORT_WIDTH(widths[i]));
		struct drvp_strbuf line = DRVP_STRBUF_INIT;

		for (const char *at = b; *at; at++) {
			if (*at != '\n') {
				drvp_strbuf_char(&line, *at);
				continue;
			}
			assert_true(drvp_display_width(drvp_strbuf_text(&line)) <= widths[i]);
			drvp_strbuf_clear(&line);
		}
		drvp_strbuf_free(&line);
		for (;; a++, b++) {
			a += strspn(a, " \n");
			b += strspn(b, " \n");
			assert_int_equal(*a, *b);
			if (!*a)
				break;
		}
	}
}

static void test_folded_lines_are_aligned(void **state)
{
	struct sample *s = *state;

	sample_decide(s, 3, DRV_WARN, "one two three four five six seven eight nine ten eleven");
	s->report.verdict = DRV_WARN;
	assert_has(render(s, DRV_REPORT_WIDTH(81)),
		   "P4 WARN  row_count 검색 병원                 one two three four five six seven\n"
		   "                                             eight nine ten eleven\n");
	/* Squeezed, it goes under its result. */
	assert_has(render(s, DRV_REPORT_WIDTH(60)),
		   "P4 WARN  row_count 검색 병원\n"
		   "         one two three four five six seven eight nine ten\n"
		   "         eleven\n");
}

static void test_next_is_said_once(void **state)
{
	static const struct drvp_finding twice[] = {
		{ { "row_count.below", DRV_FAIL, "first", 0, 0 }, NULL },
		{ { "row_count.below", DRV_FAIL, "second", 0, 0 }, NULL },
	};
	struct sample *s = *state;
	const char *text;

	sample_decide(s, 0, DRV_FAIL, "");
	sample_find(s, 0, twice, 2);
	sample_decide(s, 1, DRV_FAIL, "");
	sample_find(s, 1, twice, 1);
	s->report.verdict = DRV_FAIL;
	text = render(s, 0);
	assert_has(text, "  row_count.below  first\n    next: Compare the newest rows");
	assert_lacks(strstr(text, "next: ") + 1, "next: ");
}

static void test_width(void **state)
{
	static const struct {
		const char *text;
		size_t width;
	} cases[] = {
		{ "", 0 }, { "users", 5 }, { "건강기록", 8 }, { "é", 1 }, { "e\xcc\x81", 1 },
		{ "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", 2 },  /* 한, decomposed */
		{ "漢", 2 }, { "🐶", 2 }, { "\t", 4 }, { "\xc0\x80", 8 }, { "\xed\xa0\x80", 12 },
		{ "\xf4\x90\x80\x80", 16 }, { "\xe2\x82", 8 }, { "\xc2\x9b", 8 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct drvp_strbuf shown = DRVP_STRBUF_INIT;

		assert_int_equal(drvp_display_width(cases[i].text), cases[i].width);
		drvp_display(&shown, cases[i].text);
		/* What is shown is clean, so showing it again changes nothing. */
		assert_int_equal(drvp_display_width(drvp_strbuf_text(&shown)), cases[i].width);
		drvp_strbuf_free(&shown);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_pass, setup, teardown),
		cmocka_unit_test_setup_teardown(test_recovery_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_choice_of_a_baseline, setup, teardown),
		cmocka_unit_test_setup_teardown(test_signer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_verbose_lists_all, setup, teardown),
		cmocka_unit_test_setup_teardown(test_quiet_pass_is_empty, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damage, setup, teardown),
		cmocka_unit_test_setup_teardown(test_next_explains_the_verdict, setup, teardown),
		cmocka_unit_test_setup_teardown(test_undecided, setup, teardown),
		cmocka_unit_test_setup_teardown(test_skipped_is_said, setup, teardown),
		cmocka_unit_test_setup_teardown(test_capture, setup, teardown),
		cmocka_unit_test_setup_teardown(test_warning, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_color, setup, teardown),
		cmocka_unit_test_setup_teardown(test_folding, setup, teardown),
		cmocka_unit_test_setup_teardown(test_folded_lines_are_aligned, setup, teardown),
		cmocka_unit_test_setup_teardown(test_next_is_said_once, setup, teardown),
		cmocka_unit_test(test_width),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
