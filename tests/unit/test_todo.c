/* test_todo.c: nothing is verified by a document in which something is still to do */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "document/baseline.h"
#include "drverify.h"

/* A document with members on top, of its source, and of its second check. */
#define DOCUMENT(top, source, check) \
	"{ \"format\": \"drverify/1\"," top "\n\"sources\": { \"main\": { \"store\": \"postgresql\"" \
	source " } },\n\"checks\": [ { \"check\": \"connection\", \"source\": \"main\", \"note\": \"a\" },\n" \
	"{ \"check\": \"row_count\", \"source\": \"main\", \"table\": \"public.a\"" check " } ] }"

static struct drv_baseline *parse(const char *text)
{
	struct drv_error err = DRV_ERROR_INIT;
	struct drv_baseline *baseline;

	if (drv_baseline_parse(&baseline, text, strlen(text), "a.json", &err))
		fail_msg("%s", err.message);
	return baseline;
}

static void expect_refused(const char *text, const char *message)
{
	struct drv_error err = DRV_ERROR_INIT;
	struct drv_baseline *baseline = parse(text);

	assert_int_equal(drvp_baseline_refuse_todo(baseline, &err), DRV_E_USAGE);
	assert_string_equal(err.message, message);
	drv_baseline_free(&baseline);
}

static void test_without(void **state)
{
	struct drv_error err = DRV_ERROR_INIT;
	struct drv_baseline *baseline = parse(DOCUMENT(" \"note\": \"b\",", ", \"note\": \"c\"", ""));

	(void)state;
	assert_int_equal(drvp_baseline_refuse_todo(baseline, &err), 0);
	drv_baseline_free(&baseline);
}

static void test_where_it_is(void **state)
{
	(void)state;
	expect_refused(DOCUMENT(" \"todo\": \"name it\",", "", ""),
		       "a.json:1:27: todo: still to do, and then to be taken out: name it");
	expect_refused(DOCUMENT("", ", \"todo\": \"say how\"", ""),
		       "a.json:2:47: todo of source main: still to do, and then to be taken out: say how");
	expect_refused(DOCUMENT("", "", ", \"todo\": \"count\\nit\\u001b[1m\""),
		       "a.json:4:64: todo of row_count:main:public.a: still to do, and then to be taken "
		       "out: count it [1m");
	expect_refused(DOCUMENT("", ", \"todo\": \"x\"", ", \"todo\": \"\""),
		       "a.json:2:47: todo of source main and 1 more: still to do, and then to be taken "
		       "out: x");
}

/* Every way to use it says so before a source is asked. */
static void test_runs(void **state)
{
	struct drv_baseline *baseline = parse(DOCUMENT("", "", ", \"todo\": \"x\""));
	struct drv_error err = DRV_ERROR_INIT;
	struct drv_report *report;
	struct drv_run *run;

	(void)state;
	assert_int_equal(drv_run_new(&run, baseline, NULL, &err), 0);
	assert_int_equal(drv_run_verify(run, &report, &err), DRV_E_USAGE);
	assert_null(report);
	assert_non_null(strstr(err.message, "still to do"));
	assert_int_equal(drv_run_capture(run, &report, &err), DRV_E_USAGE);
	assert_int_equal(drv_run_rehearse(run, 0, &report, &err), DRV_E_USAGE);
	assert_int_equal(drv_run_rehearse(run, 1, &report, &err), DRV_E_USAGE);
	assert_non_null(strstr(err.message, "still to do"));
	drv_run_free(&run);
	drv_baseline_free(&baseline);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without),
		cmocka_unit_test(test_where_it_is),
		cmocka_unit_test(test_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
