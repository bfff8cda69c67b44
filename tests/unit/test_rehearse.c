/* test_rehearse.c: what was only rehearsed is no report that anybody could keep */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drverify.h"

/* Nothing says where its source is, which no server is needed to find out. */
static const char document[] =
	"{\"format\":\"drverify/1\",\"name\":\"t\",\"sources\":{\"main\":{\"store\":\"postgresql\"}},"
	"\"checks\":[{\"check\":\"connection\",\"source\":\"main\",\"required\":false},"
	"{\"check\":\"row_count\",\"source\":\"main\",\"table\":\"public.t\"}]}";

static struct drv_run *new_run(void)
{
	struct drv_error error = DRV_ERROR_INIT;
	struct drv_baseline *baseline = NULL;
	struct drv_run *run = NULL;

	if (drv_baseline_parse(&baseline, document, strlen(document), "t.json", &error) ||
	    drv_run_new(&run, baseline, NULL, &error))
		fail_msg("%s", error.message);
	drv_baseline_free(&baseline);
	return run;
}

static int refuse(const void *bytes, size_t len, void *user)
{
	(void)bytes;
	(void)len;
	(void)user;
	fail_msg("something was written");
	return -1;
}

static void test_no_format_takes_it(void **state)
{
	struct drv_run *run = new_run();
	struct drv_report *report;
	const char *format;

	(void)state;
	for (int capture = 0; capture < 2; capture++) {
		assert_int_equal(drv_run_rehearse(run, capture, &report, NULL), 0);
		assert_int_equal(drv_report_verdict(report), DRV_INCONCLUSIVE);
		for (size_t i = 0; (format = drv_report_format(i)); i++) {
			struct drv_error error = DRV_ERROR_INIT;

			assert_int_equal(drv_report_write(report, format, 0, refuse, NULL, &error),
					 DRV_E_USAGE);
			assert_non_null(strstr(error.message, "nothing was verified"));
		}
		drv_report_free(&report);
	}
	drv_run_free(&run);
}

/* The same run verifies in earnest afterwards. */
static void test_it_leaves_nothing_behind(void **state)
{
	struct drv_run *run = new_run();
	struct drv_report *report;

	(void)state;
	assert_int_equal(drv_run_rehearse(run, 1, &report, NULL), 0);
	drv_report_free(&report);
	assert_int_equal(drv_run_verify(run, &report, NULL), 0);
	assert_string_equal(drv_result_finding(drv_report_result(report, 0), 0)->statement, "");
	assert_int_equal(drv_report_write(report, "nope", 0, refuse, NULL, NULL), DRV_E_USAGE);
	drv_report_free(&report);
	drv_run_free(&run);
}

static void test_a_capture_takes_all(void **state)
{
	struct drv_run *run = new_run();
	struct drv_report *report;

	(void)state;
	assert_int_equal(drv_run_skip(run, "connection", NULL), 0);
	assert_int_equal(drv_run_rehearse(run, 1, &report, NULL), DRV_E_USAGE);
	assert_null(report);
	assert_int_equal(drv_run_rehearse(run, 0, &report, NULL), 0);
	drv_report_free(&report);
	drv_run_free(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_format_takes_it),
		cmocka_unit_test(test_it_leaves_nothing_behind),
		cmocka_unit_test(test_a_capture_takes_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
