/* pg_fixture.c: a database of its own on a real PostgreSQL server, for the store's tests */
#include "pg_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char database[64], reader[64], super_uri[512], reader_uri[600];
static PGconn *admin;

static const char *server(void)
{
	return getenv("DRV_TEST_POSTGRESQL");
}

int pg_fixture_missing(void)
{
	if (server() && *server())
		return 0;
	puts("skipped: DRV_TEST_POSTGRESQL names no PostgreSQL server to test with");
	return 1;
}

static void run(PGconn *conn, const char *sql)
{
	PGresult *result = PQexec(conn, sql);
	ExecStatusType state = PQresultStatus(result);

	if (state != PGRES_COMMAND_OK && state != PGRES_TUPLES_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(conn));
	PQclear(result);
}

static void swallow(void *user, const char *message)
{
	(void)user;
	(void)message;
}

static PGconn *connect_to(const char *uri)
{
	PGconn *conn = PQconnectdb(uri);

	if (PQstatus(conn) != CONNECTION_OK)
		fail_msg("%s", PQerrorMessage(conn));
	PQsetNoticeProcessor(conn, swallow, NULL);
	return conn;
}

static void run_on_server(const char *format, const char *name)
{
	PGconn *conn = connect_to(server());
	char sql[200];

	snprintf(sql, sizeof sql, format, name);
	run(conn, sql);
	PQfinish(conn);
}

int pg_fixture_set_up(void **state)
{
	(void)state;
	snprintf(database, sizeof database, "drv_test_%d", (int)getpid());
	snprintf(reader, sizeof reader, "drv_reader_%d", (int)getpid());
	snprintf(super_uri, sizeof super_uri, "%s dbname=%s", server(), database);
	snprintf(reader_uri, sizeof reader_uri, "%s user=%s", super_uri, reader);
	run_on_server("CREATE DATABASE %s TEMPLATE template0 ENCODING 'UTF8'", database);
	run_on_server("CREATE ROLE %s LOGIN", reader);
	admin = connect_to(super_uri);
	pg_sql("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO %s", reader);
	return 0;
}

int pg_fixture_tear_down(void **state)
{
	(void)state;
	PQfinish(admin);
	admin = NULL;
	run_on_server("DROP DATABASE %s WITH (FORCE)", database);
	run_on_server("DROP ROLE %s", reader);
	return 0;
}

/* ------------------------------------------------------------------ as superuser */

static PGresult *ask(const char *format, va_list args)
{
	char *sql;
	PGresult *result;

	if (vasprintf(&sql, format, args) < 0)
		abort();
	result = PQexec(admin, sql);
	if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(admin));
	free(sql);
	return result;
}

void pg_sql(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	PQclear(ask(format, args));
	va_end(args);
}

uint64_t pg_number(const char *format, ...)
{
	va_list args;
	PGresult *result;
	uint64_t number;

	va_start(args, format);
	result = ask(format, args);
	va_end(args);
	number = strtoull(PQgetvalue(result, 0, 0), NULL, 10);
	PQclear(result);
	return number;
}

PGconn *pg_another(void)
{
	return connect_to(super_uri);
}

const char *pg_super_uri(void)
{
	return super_uri;
}

const char *pg_reader_uri(void)
{
	return reader_uri;
}

const char *pg_reader(void)
{
	return reader;
}

/* ------------------------------------------------------------------ sessions */

int pg_try_open(struct drvp_session **out, const char *uri, int64_t connect, struct drv_error *err)
{
	struct drvp_address address = { uri, NULL, { connect * 1000, DRVP_SECOND, NULL } };

	return drvp_store_postgresql.open(out, &address, err);
}

struct drvp_session *pg_open_as(const char *uri, int64_t work, const atomic_bool *cancelled)
{
	struct drvp_address address = { uri, NULL,
					{ 5 * DRVP_SECOND, work * 1000, cancelled } };
	struct drvp_session *session;
	struct drv_error err = DRV_ERROR_INIT;

	if (drvp_store_postgresql.open(&session, &address, &err))
		fail_msg("%s", err.message);
	return session;
}

struct drvp_session *pg_open(void)
{
	return pg_open_as(reader_uri, 30000, NULL);
}

void pg_close(struct drvp_session **session)
{
	drvp_store_postgresql.close(session);
	assert_null(*session);
}

struct drvp_relation *pg_freeze(struct drvp_session *session, const char *schema, const char *name,
				int state)
{
	struct drvp_target target = { schema, name };
	struct drvp_relation *relation;
	struct drv_error err = DRV_ERROR_INIT;

	if (session->store->freeze(session, &target, 1, &relation, &err))
		fail_msg("%s", err.message);
	assert_string_equal(relation->schema, schema);
	assert_string_equal(relation->name, name);
	if (relation->state != state)
		fail_msg("%s.%s is in state %d (%s)", schema, name, relation->state,
			 relation->remedy ? relation->remedy : "");
	return relation;
}

uint64_t pg_count(struct drvp_session *session, const struct drvp_relation *relation)
{
	struct drv_error err = DRV_ERROR_INIT;
	uint64_t rows;

	if (session->store->count(session, relation, NULL, &rows, &err))
		fail_msg("%s", err.message);
	return rows;
}

/* ------------------------------------------------------------------ scans */

static int see(const struct drvp_row *row, void *user)
{
	struct pg_scan *scan = user;

	assert_true(row->ordinal == scan->rows);
	for (size_t i = 0; i < row->value_count && !scan->quiet; i++) {
		drvp_strbuf_str(&scan->text, i ? "|" : "");
		drvp_value_print(&scan->text, &row->values[i]);
	}
	if (row->key_count && !scan->quiet) {
		drvp_strbuf_str(&scan->text, " @ ");
		drvp_row_print_key(&scan->text, row);
	}
	if (!scan->quiet)
		drvp_strbuf_char(&scan->text, '\n');
	scan->rows++;
	if (scan->at_row)
		scan->at_row(scan->rows);
	return scan->rows == scan->stop_at ? scan->answer : 0;
}

int pg_run(struct pg_scan *scan, struct drvp_session *session, const struct drvp_scan *question)
{
	uint64_t rows;
	int status;

	scan->err = (struct drv_error)DRV_ERROR_INIT;
	status = session->store->scan(session, question, see, scan, &rows, &scan->err);
	assert_true(rows == scan->rows);
	return status;
}

int pg_scan(struct pg_scan *scan, struct drvp_session *session,
	    const struct drvp_relation *relation, const struct drvp_range *range, bool keys,
	    const char *const *columns)
{
	struct drvp_wanted wanted[40];
	struct drvp_scan question = { .relation = relation, .range = range, .columns = wanted,
				      .keys = keys };

	for (; columns && columns[question.column_count]; question.column_count++)
		wanted[question.column_count] = (struct drvp_wanted){
			columns[question.column_count], DRVP_FORM_VALUE };
	return pg_run(scan, session, &question);
}

char *pg_text_of(struct drvp_session *session, const struct drvp_relation *relation,
		 const char *const *columns)
{
	struct pg_scan scan = { .stop_at = 0 };

	if (pg_scan(&scan, session, relation, NULL, false, columns))
		fail_msg("%s", scan.err.message);
	drvp_strbuf_str(&scan.text, "");
	return scan.text.data;
}
