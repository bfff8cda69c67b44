/* test_postgresql_lent.c: connections that the caller lends come back as they went in */
#include "pg_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ROWS 20000

/* ------------------------------------------------------------------ the owner's side */

/* A connection with settings, objects and handlers of its owner's. */
struct owner {
	PGconn *conn;
	unsigned notices;
};

static void count_notice(void *user, const char *message)
{
	struct owner *owner = user;

	(void)message;
	owner->notices++;
}

static void must(PGconn *conn, const char *sql)
{
	PGresult *result = PQexec(conn, sql);
	ExecStatusType state = PQresultStatus(result);

	if (state != PGRES_COMMAND_OK && state != PGRES_TUPLES_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(conn));
	PQclear(result);
}

static struct owner own(bool nonblocking)
{
	struct owner owner = { PQconnectdb(pg_reader_uri()), 0 };

	assert_int_equal(PQstatus(owner.conn), CONNECTION_OK);
	must(owner.conn,
	     "SET client_encoding = 'LATIN1'; SET TimeZone = 'Asia/Seoul'; SET DateStyle = 'German';"
	     "SET search_path = pg_temp, public; SET statement_timeout = '77s'; SET lock_timeout = 5;"
	     "SET default_transaction_isolation = 'serializable'; SET row_security = on;"
	     "SET extra_float_digits = -3; SET enable_indexscan = on; SET enable_seqscan = off;"
	     "SET bytea_output = 'escape'; SET my.own = 'mine';"
	     "SELECT pg_advisory_lock_shared(4711); LISTEN news; CREATE TEMP TABLE mine (i int);"
	     "PREPARE question AS SELECT 1; DECLARE held CURSOR WITH HOLD FOR SELECT 2;"
	     "SET client_min_messages = 'error'; SELECT loud('and loads its language');"
	     "SET client_min_messages = 'debug1'");
	PQsetnonblocking(owner.conn, nonblocking);
	PQsetErrorVerbosity(owner.conn, PQERRORS_VERBOSE);
	PQsetErrorContextVisibility(owner.conn, PQSHOW_CONTEXT_ALWAYS);
	return owner;
}

static void append(struct drvp_strbuf *out, PGconn *conn, const char *sql)
{
	PGresult *result;

	assert_int_equal(PQsendQuery(conn, sql), 1);
	while (PQflush(conn) > 0)
		;
	result = PQgetResult(conn);
	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(conn));
	for (int row = 0; row < PQntuples(result); row++)
		for (int field = 0; field < PQnfields(result); field++)
			drvp_strbuf_printf(out, "%s%s", PQgetvalue(result, row, field),
					   field + 1 < PQnfields(result) ? "|" : "\n");
	PQclear(result);
	assert_null(PQgetResult(conn));
}

/* All that anybody can see of a connection, as text. */
static char *state_of(struct owner *owner)
{
	PGconn *conn = owner->conn;
	struct drvp_strbuf out = DRVP_STRBUF_INIT;
	PGVerbosity verbosity = PQsetErrorVerbosity(conn, PQERRORS_DEFAULT);
	PGContextVisibility context = PQsetErrorContextVisibility(conn, PQSHOW_CONTEXT_NEVER);

	PQsetErrorVerbosity(conn, verbosity);
	PQsetErrorContextVisibility(conn, context);
	drvp_strbuf_printf(&out, "%d %d %d %d %d %d %p %p\n", (int)PQstatus(conn),
			   (int)PQtransactionStatus(conn), PQisnonblocking(conn),
			   PQclientEncoding(conn), (int)verbosity, (int)context,
			   (void *)(uintptr_t)PQsetNoticeProcessor(conn, NULL, NULL),
			   (void *)(uintptr_t)PQsetNoticeReceiver(conn, NULL, NULL));
	drvp_strbuf_printf(&out, "%d %s %s\n", PQbackendPID(conn),
			   PQparameterStatus(conn, "TimeZone"),
			   PQparameterStatus(conn, "DateStyle"));
	append(&out, conn, "SELECT name, setting, source, reset_val FROM pg_settings ORDER BY name");
	append(&out, conn, "SELECT current_setting('my.own'), pg_listening_channels()");
	append(&out, conn, "SELECT name, statement FROM pg_prepared_statements ORDER BY name");
	append(&out, conn, "SELECT name, statement FROM pg_cursors WHERE is_holdable ORDER BY name");
	append(&out, conn, "SELECT relname FROM pg_class WHERE relnamespace = pg_my_temp_schema()");
	append(&out, conn, "SELECT locktype, objid, mode FROM pg_locks WHERE pid = pg_backend_pid()"
	       " AND locktype NOT IN ('relation', 'virtualxid') ORDER BY 1, 2");
	append(&out, conn, "SELECT session_user, current_user, pg_export_snapshot() IS NULL");
	assert_false(out.failed);
	return out.data;
}

/* ------------------------------------------------------------------ the run's side */

struct document {
	struct drv_baseline *baseline;
	struct drv_run *run;
};

/* A run of these checks over the source "main", which is yet nowhere. */
static struct document prepare(const char *checks, const struct drv_run_options *options)
{
	struct document document;
	struct drv_error err = DRV_ERROR_INIT;
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	drvp_strbuf_printf(&text, "{\"format\": \"drverify/1\", \"sources\": {\"main\": "
			   "{\"store\": \"postgresql\"}, \"spare\": {\"store\": \"postgresql\"}, "
			   "\"other\": {\"store\": \"mongodb\"}}, \"checks\": [%s]}", checks);
	if (drv_baseline_parse(&document.baseline, text.data, text.len, "test", &err) ||
	    drv_run_new(&document.run, document.baseline, options, &err))
		fail_msg("%s", err.message);
	drvp_strbuf_free(&text);
	return document;
}

static void release(struct document *document)
{
	drv_run_free(&document->run);
	drv_baseline_free(&document->baseline);
}

#define COUNT(table, rows) \
	"{\"check\": \"row_count\", \"source\": \"main\", \"table\": \"public." table "\", " \
	"\"expect\": {\"rows\": " rows "}}"
#define FIELD(table) \
	"{\"check\": \"encrypted_field\", \"source\": \"main\", \"table\": \"public." table "\", " \
	"\"ciphertext\": \"v\", \"plaintext\": \"w\"}"

/* Verifies with what owner lends, and expects that code, or a pass; then nothing has changed. */
static void lend(struct owner *owner, struct document *document, int verdict, const char *code)
{
	struct drv_error err = DRV_ERROR_INIT;
	struct drv_report *report;
	const struct drv_finding *finding;
	char *before = state_of(owner), *after;

	PQsetNoticeProcessor(owner->conn, count_notice, owner);
	free(before);
	before = state_of(owner);
	owner->notices = 0;
	if (drv_run_source_pgconn(document->run, "main", owner->conn, &err) ||
	    drv_run_verify(document->run, &report, &err))
		fail_msg("%s", err.message);
	assert_int_equal(owner->notices, 0);
	finding = drv_result_finding(drv_report_result(report, 0), 0);
	if (drv_report_verdict(report) != verdict || (code && strcmp(finding->code, code) != 0))
		fail_msg("%s: %s: %s", drv_verdict_name(drv_report_verdict(report)),
			 finding ? finding->code : "", finding ? finding->message : "");
	after = state_of(owner);
	assert_string_equal(before, after);
	must(owner->conn, "INSERT INTO mine VALUES (1); FETCH held; EXECUTE question; CLOSE held;"
	     "DECLARE held CURSOR WITH HOLD FOR SELECT 2");
	free(before);
	free(after);
	drv_report_free(&report);
}

/* The same, with a connection of each kind. */
static void lend_new(const char *checks, const struct drv_run_options *options, int verdict,
		     const char *code, drv_event_fn on_event)
{
	for (int nonblocking = 0; nonblocking < 2; nonblocking++) {
		struct owner owner = own(nonblocking);
		struct document document = prepare(checks, options);

		drv_run_on_event(document.run, on_event, document.run);
		lend(&owner, &document, verdict, code);
		release(&document);
		PQfinish(owner.conn);
	}
}

static int set_up(void **state)
{
	int status = pg_fixture_set_up(state);

	pg_sql("CREATE TABLE plain AS SELECT i, repeat('x', 100) AS v, NULL::text AS w FROM generate_series(1, %d) i;"
	       "CREATE FUNCTION loud(text) RETURNS text LANGUAGE plpgsql AS"
	       " 'BEGIN RAISE WARNING ''loud''; RETURN $1; END';"
	       "CREATE VIEW louder AS SELECT public.loud(v) AS v, w FROM plain WHERE i < 9;"
	       "CREATE VIEW slow AS SELECT pg_sleep(60)::text AS v, NULL::text AS w;"
	       "CREATE VIEW breaks AS SELECT (1 / (15000 - i))::text AS v, w FROM plain",
	       ROWS);
	return status;
}

/* ------------------------------------------------------------------ what comes back */

static void after_a_pass(void **state)
{
	(void)state;
	lend_new(COUNT("plain", "20000") "," FIELD("plain") "," FIELD("louder"), NULL, DRV_PASS, NULL,
		 NULL);
}

static void after_damage(void **state)
{
	(void)state;
	lend_new(COUNT("plain", "20001") "," FIELD("plain"), NULL, DRV_FAIL, "row_count.below", NULL);
}

static void after_a_missing_table(void **state)
{
	(void)state;
	lend_new(COUNT("nowhere", "1"), NULL, DRV_FAIL, "relation.missing", NULL);
}

static void cancel_when_rows_come(const struct drv_event *event, void *user)
{
	if (event->rows)
		drv_run_cancel(user);
}

static void after_cancelling(void **state)
{
	struct drv_run_options options = DRV_RUN_OPTIONS_INIT;

	(void)state;
	options.rows_per_second = 1000;
	lend_new(FIELD("plain"), &options, DRV_INCONCLUSIVE, "check.cancelled",
		 cancel_when_rows_come);
}

static void after_a_time_out(void **state)
{
	struct drv_run_options options = DRV_RUN_OPTIONS_INIT;

	(void)state;
	options.timeout_ms = 300;
	lend_new(FIELD("slow"), &options, DRV_INCONCLUSIVE, "check.timeout", NULL);
}

static void after_a_spent_budget(void **state)
{
	struct drv_run_options options = DRV_RUN_OPTIONS_INIT;

	(void)state;
	options.budget_ms = 500;
	lend_new(FIELD("slow"), &options, DRV_INCONCLUSIVE, "budget.spent", NULL);
}

static void after_an_error_among_rows(void **state)
{
	(void)state;
	lend_new(FIELD("breaks"), NULL, DRV_INCONCLUSIVE, "check.internal", NULL);
}

/* What the owner has locked stays locked. */
static void after_sql_of_the_document(void **state)
{
	struct drv_run_options options = DRV_RUN_OPTIONS_INIT;

	(void)state;
	options.allow_sql = 1;
	lend_new("{\"check\": \"assert\", \"source\": \"main\", \"rows\": 1, \"sql\": "
		 "\"SELECT set_config('TimeZone', 'UTC', false)\"}", &options, DRV_PASS, NULL, NULL);
}

/* A run, and a second one on the same connection. */
static void again_and_again(void **state)
{
	struct owner owner = own(false);
	struct document document = prepare(COUNT("plain", "20000"), NULL);

	(void)state;
	lend(&owner, &document, DRV_PASS, NULL);
	lend(&owner, &document, DRV_PASS, NULL);
	release(&document);
	PQfinish(owner.conn);
}

/* ------------------------------------------------------------------ what is refused */

static void refuse(PGconn *conn, const char *why)
{
	struct document document = prepare(COUNT("plain", "20000"), NULL);
	struct drv_error err = DRV_ERROR_INIT;

	assert_int_equal(drv_run_source_pgconn(document.run, "main", conn, &err), DRV_E_USAGE);
	if (!strstr(err.message, why))
		fail_msg("%s", err.message);
	release(&document);
}

static void what_is_not_idle(void **state)
{
	PGconn *conn = PQconnectdb(pg_reader_uri()), *dead = PQconnectdb("host=/nowhere");

	(void)state;
	must(conn, "BEGIN");
	refuse(conn, "in a transaction");
	PQclear(PQexec(conn, "SELECT 1 / 0"));
	refuse(conn, "in a transaction");
	must(conn, "ROLLBACK");
	assert_int_equal(PQsendQuery(conn, "SELECT 1"), 1);
	refuse(conn, "under way");
	PQclear(PQgetResult(conn));
	refuse(conn, "under way");
	PQclear(PQgetResult(conn));
	PQclear(PQexec(conn, "COPY (SELECT 1) TO STDOUT"));
	refuse(conn, "COPY");
	PQreset(conn);
	assert_int_equal(PQenterPipelineMode(conn), 1);
	refuse(conn, "pipeline");
	assert_int_equal(PQexitPipelineMode(conn), 1);
	refuse(dead, "not connected");
	PQfinish(conn);
	PQfinish(dead);
}

/* It may have been idle when it was lent. */
static void what_is_no_longer_idle(void **state)
{
	struct document document = prepare(COUNT("plain", "20000"), NULL);
	PGconn *conn = PQconnectdb(pg_reader_uri());
	struct drv_error err = DRV_ERROR_INIT;
	struct drv_report *report;

	(void)state;
	assert_int_equal(drv_run_source_pgconn(document.run, "main", conn, &err), 0);
	must(conn, "BEGIN");
	assert_int_equal(drv_run_verify(document.run, &report, &err), 0);
	assert_int_equal(drv_report_verdict(report), DRV_INCONCLUSIVE);
	assert_non_null(strstr(drv_result_finding(drv_report_result(report, 0), 0)->message,
			       "in a transaction"));
	assert_int_equal(PQtransactionStatus(conn), PQTRANS_INTRANS);
	drv_report_free(&report);
	release(&document);
	PQfinish(conn);
}

static void one_connection_for_two_sources(void **state)
{
	struct document document = prepare(COUNT("plain", "20000"), NULL);
	PGconn *conn = PQconnectdb(pg_reader_uri());
	struct drv_error err = DRV_ERROR_INIT;

	(void)state;
	assert_int_equal(drv_run_source_pgconn(document.run, "main", conn, &err), 0);
	assert_int_equal(drv_run_source_pgconn(document.run, "main", conn, &err), 0);
	assert_int_equal(drv_run_source_pgconn(document.run, "spare", conn, &err), DRV_E_USAGE);
	assert_int_equal(drv_run_source_pgconn(document.run, "other", conn, &err), DRV_E_USAGE);
	assert_int_equal(drv_run_source_pgconn(document.run, "mian", conn, &err), DRV_E_USAGE);
	assert_non_null(strstr(err.message, "did you mean \"main\"?"));
	release(&document);
	PQfinish(conn);
}

/* ------------------------------------------------------------------ further connections */

struct younger {
	int process;                 /* of the connection that was lent */
	uint64_t seen;
};

static void look_for_younger(const struct drv_event *event, void *user)
{
	struct younger *younger = user;

	(void)event;
	younger->seen += pg_number("SELECT count(*) FROM pg_stat_activity a, pg_stat_activity lent "
				   "WHERE lent.pid = %d AND a.usename = lent.usename "
				   "AND a.backend_start > lent.backend_start", younger->process);
}

static void no_other_is_opened(void **state)
{
	struct drv_run_options options = DRV_RUN_OPTIONS_INIT;
	struct owner owner = own(false);
	struct younger younger = { PQbackendPID(owner.conn), 0 };
	struct document document;

	(void)state;
	options.jobs = 4;
	document = prepare(COUNT("plain", "20000") "," FIELD("plain"), &options);
	drv_run_on_event(document.run, look_for_younger, &younger);
	lend(&owner, &document, DRV_PASS, NULL);
	assert_int_equal(younger.seen, 0);
	release(&document);
	PQfinish(owner.conn);
}

struct factory {
	const char *uri;
	atomic_uint opened, closed;
	unsigned fail_from;          /* the how manieth is refused; 0: none */
};

static int open_one(void **connection, void *user, struct drv_error *error)
{
	struct factory *factory = user;
	unsigned n = atomic_fetch_add(&factory->opened, 1) + 1;
	PGconn *conn;

	if (factory->fail_from && n >= factory->fail_from) {
		atomic_fetch_sub(&factory->opened, 1);
		snprintf(error->message, sizeof error->message, "the vault is shut");
		return DRV_E_DENIED;
	}
	conn = PQconnectdb(factory->uri);
	assert_int_equal(PQstatus(conn), CONNECTION_OK);
	*connection = conn;
	return 0;
}

static void close_one(void *connection, void *user)
{
	struct factory *factory = user;

	assert_int_equal(PQtransactionStatus(connection), PQTRANS_IDLE);
	assert_false(PQisnonblocking(connection));
	PQfinish(connection);
	atomic_fetch_add(&factory->closed, 1);
}

static int verify(struct document *document, struct drv_report **report)
{
	struct drv_error err = DRV_ERROR_INIT;

	if (drv_run_verify(document->run, report, &err))
		fail_msg("%s", err.message);
	return drv_report_verdict(*report);
}

static struct document with_factory(struct factory *factory, PGconn *first)
{
	struct drv_run_options options = DRV_RUN_OPTIONS_INIT;
	struct drv_error err = DRV_ERROR_INIT;
	struct document document;

	options.jobs = 4;
	document = prepare(COUNT("plain", "20000") "," FIELD("plain") "," FIELD("breaks"), &options);
	if ((first && drv_run_source_pgconn(document.run, "main", first, &err)) ||
	    drv_run_source_factory(document.run, "main", open_one, close_one, factory, &err))
		fail_msg("%s", err.message);
	return document;
}

static void others_come_from_a_factory(void **state)
{
	(void)state;
	for (unsigned lent = 0; lent < 2; lent++) {
		struct factory factory = { .uri = pg_reader_uri() };
		PGconn *first = lent ? PQconnectdb(pg_reader_uri()) : NULL;
		struct document document = with_factory(&factory, first);
		struct drv_report *report;

		assert_int_equal(verify(&document, &report), DRV_INCONCLUSIVE);
		assert_int_equal(atomic_load(&factory.opened), lent ? 3 : 4);
		assert_int_equal(atomic_load(&factory.closed), atomic_load(&factory.opened));
		drv_report_free(&report);
		release(&document);
		if (first)
			assert_int_equal(PQtransactionStatus(first), PQTRANS_IDLE);
		PQfinish(first);
	}
}

static void a_factory_that_fails(void **state)
{
	struct factory factory = { .uri = pg_reader_uri(), .fail_from = 1 };
	struct document document = with_factory(&factory, NULL);
	struct drv_report *report;

	(void)state;
	assert_int_equal(verify(&document, &report), DRV_INCONCLUSIVE);
	assert_non_null(strstr(drv_result_finding(drv_report_result(report, 0), 0)->message,
			       "the vault is shut"));
	drv_report_free(&report);
	/* Without further ones the first does all. */
	factory.fail_from = 2;
	assert_int_equal(verify(&document, &report), DRV_INCONCLUSIVE);
	assert_int_equal(drv_report_result(report, 1)->verdict, DRV_PASS);
	assert_int_equal(drv_report_result(report, 2)->verdict, DRV_PASS);
	assert_int_equal(atomic_load(&factory.closed), 1);
	drv_report_free(&report);
	release(&document);
}

/* Another database has another snapshot, and might have other rows. */
static void a_factory_that_leads_elsewhere(void **state)
{
	struct factory factory = { .uri = getenv("DRV_TEST_POSTGRESQL") };
	PGconn *first = PQconnectdb(pg_reader_uri());
	struct document document = with_factory(&factory, first);
	struct drv_report *report;

	(void)state;
	assert_int_equal(verify(&document, &report), DRV_INCONCLUSIVE);
	assert_int_equal(drv_report_result(report, 1)->verdict, DRV_PASS);
	assert_int_equal(drv_report_result(report, 2)->verdict, DRV_PASS);
	assert_int_equal(drv_report_result(report, 2)->rows, ROWS);
	assert_int_equal(atomic_load(&factory.closed), 3);
	drv_report_free(&report);
	release(&document);
	PQfinish(first);
}

/* ------------------------------------------------------------------ the same source */

static int add_text(const void *bytes, size_t len, void *user)
{
	drvp_strbuf_add(user, bytes, len);
	return 0;
}

/* What a capture writes about the server, from its identity on. */
static char *captured(struct document *document)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	struct drv_error err = DRV_ERROR_INIT;
	struct drv_report *report;
	char *end;

	if (drv_run_capture(document->run, &report, &err) ||
	    drv_report_write(report, "json", 0, add_text, &text, &err))
		fail_msg("%s", err.message);
	drvp_strbuf_char(&text, '\0');
	end = strstr(text.data, "\"lsn\"");
	assert_non_null(end);
	*end = '\0';
	drv_report_free(&report);
	memmove(text.data, strstr(text.data, "\"identity\""), strlen(strstr(text.data, "\"identity\"")) + 1);
	return text.data;
}

static void the_same_identity(void **state)
{
	struct document document = prepare(COUNT("plain", "20000"), NULL);
	PGconn *conn = PQconnectdb(pg_reader_uri());
	struct drv_error err = DRV_ERROR_INIT;
	char *by_uri, *lent;

	(void)state;
	assert_int_equal(drv_run_source_uri(document.run, "main", pg_reader_uri(), &err), 0);
	by_uri = captured(&document);
	assert_non_null(strstr(by_uri, "system_identifier"));
	assert_int_equal(drv_run_source_pgconn(document.run, "main", conn, &err), 0);
	lent = captured(&document);
	assert_string_equal(by_uri, lent);
	free(by_uri);
	free(lent);
	release(&document);
	PQfinish(conn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(after_a_pass),
		cmocka_unit_test(after_damage),
		cmocka_unit_test(after_a_missing_table),
		cmocka_unit_test(after_cancelling),
		cmocka_unit_test(after_a_time_out),
		cmocka_unit_test(after_a_spent_budget),
		cmocka_unit_test(after_an_error_among_rows),
		cmocka_unit_test(after_sql_of_the_document),
		cmocka_unit_test(again_and_again),
		cmocka_unit_test(what_is_not_idle),
		cmocka_unit_test(what_is_no_longer_idle),
		cmocka_unit_test(one_connection_for_two_sources),
		cmocka_unit_test(no_other_is_opened),
		cmocka_unit_test(others_come_from_a_factory),
		cmocka_unit_test(a_factory_that_fails),
		cmocka_unit_test(a_factory_that_leads_elsewhere),
		cmocka_unit_test(the_same_identity),
	};

	return pg_fixture_missing() ? 77 :
	       cmocka_run_group_tests(tests, set_up, pg_fixture_tear_down);
}
