/* test_postgresql_runs.c: several runs at once in one process, and runs among signals */
#include "pg_fixture.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>

#define THREADS 6
#define TIMES 4
#define ROWS 3000

static const char document[] =
	"{\"format\": \"drverify/1\", \"sources\": {\"main\": {\"store\": \"postgresql\"}}, \"checks\": ["
	"{\"check\": \"row_count\", \"source\": \"main\", \"table\": \"public.plain\", "
	"\"expect\": {\"rows\": 3000}},"
	"{\"check\": \"encrypted_field\", \"source\": \"main\", \"table\": \"public.plain\", "
	"\"ciphertext\": \"v\", \"plaintext\": \"w\"}]}";

static struct drv_baseline *baseline;

static int on_row(size_t count, const char *const *values, void *user)
{
	*(unsigned long *)user = strtoul(count ? values[0] : "0", NULL, 10);
	return 0;
}

static int counts_rows(struct drv_session *session, void *user, struct drv_error *error)
{
	unsigned long rows = 0;
	int status = drv_session_query(session, "SELECT count(*) FROM public.plain", NULL, 0, on_row,
				       &rows, error);

	if (!status && rows != ROWS)
		status = DRV_E_INTERNAL;
	(void)user;
	return status ? status : drv_session_summarise(session, "counted", error);
}

static struct drv_run *prepare(const struct drv_run_options *options, struct drv_error *err)
{
	struct drv_check check = DRV_CHECK_INIT;
	struct drv_run *run;

	check.check = "x.rows";
	check.source = "main";
	check.fn = counts_rows;
	if (drv_run_new(&run, baseline, options, err) || drv_run_add_check(run, &check, err))
		return NULL;
	return run;
}

/* ------------------------------------------------------------------ at once */

struct job {
	pthread_t thread;
	bool lent;
	unsigned passed;
	struct drv_error err;
};

static int discard(const void *bytes, size_t len, void *user)
{
	(void)bytes;
	*(size_t *)user += len;
	return 0;
}

static bool verify_once(struct job *job, struct drv_run *run)
{
	struct drv_report *report = NULL;
	size_t written = 0;
	bool passed = !drv_run_verify(run, &report, &job->err) &&
		      drv_report_verdict(report) == DRV_PASS &&
		      !drv_report_write(report, "json", 0, discard, &written, &job->err) && written;

	drv_report_free(&report);
	return passed;
}

static void *work(void *user)
{
	struct job *job = user;
	struct drv_run_options options = DRV_RUN_OPTIONS_INIT;
	PGconn *conn = job->lent ? PQconnectdb(pg_reader_uri()) : NULL;

	options.jobs = 2;
	for (int i = 0; i < TIMES; i++) {
		struct drv_run *run = prepare(&options, &job->err);

		if (!run || (conn ? drv_run_source_pgconn(run, "main", conn, &job->err) :
				    drv_run_source_uri(run, "main", pg_reader_uri(), &job->err)))
			break;
		job->passed += verify_once(job, run);
		drv_run_free(&run);
	}
	PQfinish(conn);
	return NULL;
}

static void several_runs_at_once(void **state)
{
	struct job jobs[THREADS] = { 0 };

	(void)state;
	for (int i = 0; i < THREADS; i++) {
		jobs[i].lent = i % 2;
		jobs[i].err = (struct drv_error)DRV_ERROR_INIT;
		assert_int_equal(pthread_create(&jobs[i].thread, NULL, work, &jobs[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(jobs[i].thread, NULL);
	for (int i = 0; i < THREADS; i++)
		if (jobs[i].passed != TIMES)
			fail_msg("thread %d: %u of %d runs passed: %s", i, jobs[i].passed, TIMES,
				 jobs[i].err.message);
}

/* ------------------------------------------------------------------ among signals */

static struct drv_run *to_cancel;
static volatile sig_atomic_t signals;

static void on_signal(int number)
{
	(void)number;
	signals++;
	if (to_cancel)
		drv_run_cancel(to_cancel);
}

/* Without SA_RESTART, so that every wait that a signal hits is cut short. */
static void run_among_signals(bool cancel, int verdict, const char *code)
{
	struct sigaction action = { .sa_handler = on_signal }, before;
	struct itimerval often = { { 0, 2000 }, { 0, 2000 } }, never = { { 0, 0 }, { 0, 0 } };
	struct drv_run_options options = DRV_RUN_OPTIONS_INIT;
	struct drv_error err = DRV_ERROR_INIT;
	const struct drv_finding *finding;
	struct drv_report *report = NULL;
	struct drv_run *run;
	int status;

	options.rows_per_second = 4000;
	run = prepare(&options, &err);
	assert_non_null(run);
	assert_int_equal(drv_run_source_uri(run, "main", pg_reader_uri(), &err), 0);
	to_cancel = cancel ? run : NULL;
	signals = 0;
	sigaction(SIGALRM, &action, &before);
	setitimer(ITIMER_REAL, &often, NULL);
	status = drv_run_verify(run, &report, &err);
	setitimer(ITIMER_REAL, &never, NULL);
	sigaction(SIGALRM, &before, NULL);
	if (status)
		fail_msg("%s", err.message);
	assert_true(signals > 0);
	finding = drv_result_finding(drv_report_result(report, 0), 0);
	if (drv_report_verdict(report) != verdict)
		fail_msg("%s", finding ? finding->message : "");
	if (code)
		assert_string_equal(finding->code, code);
	drv_report_free(&report);
	drv_run_free(&run);
}

static void signals_do_no_harm(void **state)
{
	(void)state;
	run_among_signals(false, DRV_PASS, NULL);
}

static void a_signal_handler_cancels(void **state)
{
	(void)state;
	run_among_signals(true, DRV_INCONCLUSIVE, "check.cancelled");
}

static int set_up(void **state)
{
	struct drv_error err = DRV_ERROR_INIT;
	int status = pg_fixture_set_up(state);

	pg_sql("CREATE TABLE plain AS SELECT i, repeat('x', 100) AS v, NULL::text AS w"
	       " FROM generate_series(1, %d) i", ROWS);
	if (!status)
		status = drv_baseline_parse(&baseline, document, sizeof document - 1, "test", &err);
	return status;
}

static int tear_down(void **state)
{
	drv_baseline_free(&baseline);
	return pg_fixture_tear_down(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(several_runs_at_once),
		cmocka_unit_test(signals_do_no_harm),
		cmocka_unit_test(a_signal_handler_cancels),
	};

	return pg_fixture_missing() ? 77 : cmocka_run_group_tests(tests, set_up, tear_down);
}
