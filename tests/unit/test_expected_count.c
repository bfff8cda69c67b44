/* test_expected_count.c: counts against expectations, at every edge and in every lineage */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "checks/expected_count.h"
#include "report/report.h"

static const struct drvp_count_words words = { "rows", "row_count.below", "row_count.above" };

struct scene {
	struct drvp_expected_count expected;
	bool append_only;
	int lineage;
	bool captured, capture;
};

static struct drvp_figures figures;     /* of the last scene */

/* Judges rows in a scene; code receives the first finding's code, or "". */
static int judge(struct scene scene, uint64_t rows, const char **code)
{
	static const struct drvp_source source = { .name = "main" };
	struct drvp_item item = { .check = &drvp_check_row_count, .id = "id", .source = &source,
				  .target_name = "t" };
	struct drvp_settings settings = { .capture = scene.capture };
	struct drvp_lineage lineage = { .relation = scene.lineage, .text = "told" };
	struct drvp_circumstances c = { .settings = &settings, .lineage = &lineage,
					.captured = scene.captured };
	struct drvp_verdict verdict;
	int result;

	assert_int_equal(0, drvp_verdict_init(&verdict, &item));
	verdict.result.verdict = DRV_PASS;
	drvp_expected_count_judge(&scene.expected, scene.append_only, &words, rows, &c, &verdict);
	*code = verdict.result.finding_count ? verdict.findings[0].finding.code : "";
	assert_true(verdict.summary.len > 0);
	result = verdict.result.verdict;
	figures = verdict.figures;
	drvp_strbuf_free(&verdict.summary);
	free(verdict.findings);
	drvp_arena_free(&verdict.arena);
	return result;
}

static void expect(struct scene scene, uint64_t rows, int verdict, const char *code)
{
	const char *got;

	assert_int_equal(judge(scene, rows, &got), verdict);
	assert_string_equal(got, code);
	/* The range that reports show is the one that passes. */
	if (figures.least.set && rows < (uint64_t)figures.least.value)
		assert_int_not_equal(verdict, DRV_PASS);
	else if (figures.most.set && rows > (uint64_t)figures.most.value)
		assert_int_not_equal(verdict, DRV_PASS);
	else if (figures.least.set && figures.most.set)
		assert_int_equal(verdict, DRV_PASS);
}

#define ROWS(n) .amount = { true, n }
#define COUNT(n) { true, false, n }
#define PERCENT(thousandths) { true, true, thousandths }

static void test_exact(void **state)
{
	struct scene s = { .expected = { ROWS(1000) } };

	(void)state;
	expect(s, 1000, DRV_PASS, "");
	expect(s, 999, DRV_FAIL, "row_count.below");
	expect(s, 1001, DRV_FAIL, "row_count.above");
	expect(s, 0, DRV_FAIL, "row_count.below");
}

static void expect_range(struct scene scene, int64_t least, int64_t most)
{
	const char *code;

	judge(scene, 1000, &code);
	assert_int_equal(figures.least.set ? figures.least.value : -1, least);
	assert_int_equal(figures.most.set ? figures.most.value : -1, most);
}

static void test_range_of_reports(void **state)
{
	struct scene s = { .expected = { ROWS(1000), .tolerance = PERCENT(2000) } };

	(void)state;
	expect_range(s, 980, 1020);
	s.expected.min = (struct drvp_number){ true, 990 };
	s.expected.max = (struct drvp_number){ true, 1010 };
	expect_range(s, 990, 1010);
	s.expected.min.value = 5;
	s.expected.max.value = 5000;
	expect_range(s, 980, 1020);
	s.captured = true;
	s.lineage = DRVP_LINEAGE_UNKNOWN;
	expect_range(s, 5, 5000);
	s = (struct scene){ .expected = { ROWS(1000) }, .captured = true,
			    .lineage = DRVP_LINEAGE_NEWER };
	expect_range(s, -1, -1);
	s.append_only = true;
	expect_range(s, 1000, -1);
	assert_int_equal(figures.expected.value, 1000);
}

static void test_tolerances_at_the_edge(void **state)
{
	struct scene both = { .expected = { ROWS(1000), .tolerance = PERCENT(2000) } };
	struct scene own = { .expected = { ROWS(1000), .tolerance = COUNT(100), .below = COUNT(0),
					   .above = PERCENT(500) } };
	struct scene small = { .expected = { ROWS(49), .tolerance = PERCENT(2000) } };

	(void)state;
	expect(both, 980, DRV_PASS, "");
	expect(both, 979, DRV_FAIL, "row_count.below");
	expect(both, 1020, DRV_PASS, "");
	expect(both, 1021, DRV_FAIL, "row_count.above");
	expect(own, 999, DRV_FAIL, "row_count.below");
	expect(own, 1005, DRV_PASS, "");
	expect(own, 1006, DRV_FAIL, "row_count.above");
	expect(small, 48, DRV_FAIL, "row_count.below");
}

static void test_bounds(void **state)
{
	struct scene s = { .expected = { .min = { true, 10 }, .max = { true, 20 } } };

	(void)state;
	expect(s, 10, DRV_PASS, "");
	expect(s, 20, DRV_PASS, "");
	expect(s, 9, DRV_FAIL, "row_count.below");
	expect(s, 21, DRV_FAIL, "row_count.above");
}

static void test_no_overflow_at_the_top(void **state)
{
	struct scene s = { .expected = { ROWS(INT64_MAX), .tolerance = PERCENT(100000) } };

	(void)state;
	expect(s, 0, DRV_PASS, "");
	expect(s, (uint64_t)INT64_MAX * 2, DRV_PASS, "");
	expect(s, UINT64_MAX, DRV_FAIL, "row_count.above");
}

static void test_lineage_decides_what_may_be_expected(void **state)
{
	struct scene s = { .expected = { ROWS(1000) }, .captured = true };

	(void)state;
	s.lineage = DRVP_LINEAGE_SAME;
	expect(s, 999, DRV_FAIL, "row_count.below");
	s.lineage = DRVP_LINEAGE_OLDER;
	expect(s, 1000, DRV_INCONCLUSIVE, "lineage.older");
	expect(s, 900, DRV_INCONCLUSIVE, "lineage.older");
	s.lineage = DRVP_LINEAGE_UNKNOWN;
	expect(s, 1000, DRV_INCONCLUSIVE, "lineage.unknown");
	s.lineage = DRVP_LINEAGE_NEWER;
	expect(s, 1000, DRV_PASS, "");
	expect(s, 999, DRV_INCONCLUSIVE, "lineage.newer");
	expect(s, 1001, DRV_INCONCLUSIVE, "lineage.newer");
	s.expected.below = (struct drvp_tolerance)COUNT(0);
	expect(s, 999, DRV_FAIL, "row_count.below");
	expect(s, 1001, DRV_INCONCLUSIVE, "lineage.newer");
	s.expected.below.set = false;
	s.append_only = true;
	expect(s, 1001, DRV_PASS, "");
	expect(s, 999, DRV_FAIL, "row_count.below");
	s.expected.above = (struct drvp_tolerance)COUNT(5);
	expect(s, 1006, DRV_FAIL, "row_count.above");
}

/* What an earlier capture recorded is replaced, what a person stated is not. */
static void test_capture(void **state)
{
	struct scene s = { .expected = { ROWS(1000), .min = { true, 10 } }, .capture = true };

	(void)state;
	expect(s, 500, DRV_FAIL, "row_count.below");
	s.captured = true;
	expect(s, 500, DRV_PASS, "");
	expect(s, 9, DRV_FAIL, "row_count.below");
}

static void test_nothing_stated_proves_nothing(void **state)
{
	struct scene s = { .append_only = false };

	(void)state;
	expect(s, 5, DRV_INCONCLUSIVE, "check.no_expectation");
	s.capture = true;
	expect(s, 5, DRV_PASS, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_range_of_reports),
		cmocka_unit_test(test_tolerances_at_the_edge),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_no_overflow_at_the_top),
		cmocka_unit_test(test_lineage_decides_what_may_be_expected),
		cmocka_unit_test(test_capture),
		cmocka_unit_test(test_nothing_stated_proves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
