/* pg_own_sql.c: SQL of the document's author, or of the program that embeds the library */
#include "store/pg.h"

#include <string.h>
#include <strings.h>

/* Whether EXPLAIN takes it; what it does not take is only parsed. */
static bool is_question(const char *sql)
{
	static const char *const words[] = { "SELECT", "WITH", "VALUES", "TABLE" };

	sql += strspn(sql, " \t\r\n");
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (!strncasecmp(sql, words[i], strlen(words[i])))
			return true;
	return false;
}

/* Parsed first, which also proves that it is one statement. */
static int rehearse(struct drvp_pg *s, const char *sql, struct drv_error *err)
{
	struct drvp_strbuf question = DRVP_STRBUF_INIT;
	PGresult *result = NULL;
	int status = drvp_pg_parse(s, sql, 0, err);

	if (!status && is_question(sql)) {
		drvp_strbuf_printf(&question, "EXPLAIN %s", sql);
		status = question.failed ? drvp_fail_nomem(err) :
					   drvp_pg_query(s, &result, 1, question.data, err);
	}
	PQclear(result);
	drvp_strbuf_free(&question);
	return status;
}

/*
 * A read-only transaction that is rolled back undoes all that is stored, but neither a signal to
 * another session, nor a replication slot, nor what a program or file on the server did. Roles that
 * may do such things are refused, also where the statement would first have to take one on.
 */
static int refuse_powers(struct drvp_pg *s, struct drv_error *err)
{
	static const char question[] =
		"SELECT CASE WHEN r.rolsuper THEN 'superuser'"
		" WHEN r.rolreplication THEN 'a role with REPLICATION'"
		" ELSE 'a member of ' || r.rolname END"
		" FROM pg_catalog.pg_roles r WHERE (r.rolsuper OR r.rolreplication OR r.rolname IN"
		" ('pg_execute_server_program', 'pg_write_server_files', 'pg_signal_backend',"
		" 'pg_signal_autovacuum_worker'))"
		" AND (pg_catalog.pg_has_role(session_user, r.oid, 'MEMBER')"
		" OR pg_catalog.pg_has_role(current_user, r.oid, 'MEMBER'))"
		" ORDER BY r.rolsuper DESC, r.rolreplication DESC, r.rolname LIMIT 1";
	PGresult *result;
	int status = drvp_pg_query(s, &result, 1, question, err);

	if (status)
		return status;
	if (PQntuples(result))
		status = drvp_fail(err, DRV_E_DENIED, "SQL from a document is not run as %s; "
				   "connect as a role made by: CREATE ROLE drverify LOGIN; "
				   "GRANT pg_read_all_data TO drverify", PQgetvalue(result, 0, 0));
	PQclear(result);
	return status;
}

#define BACK "ROLLBACK TO SAVEPOINT " DRVP_PG_SAVEPOINT

/*
 * The statement may have called set_config(), or taken locks, which may belong to the session: a
 * pooler would hand them on. On a lent connection some may be its owner's.
 */
static int undo(struct drvp_pg *s, int status, struct drv_error *err)
{
	const char *sql = s->supply ? BACK : BACK ";SELECT pg_catalog.pg_advisory_unlock_all()";
	int again;

	if (s->session.lost)
		return status;
	again = drvp_pg_batch(s, sql, status ? NULL : err);
	return status ? status : again;
}

struct counting {
	uint64_t rows, most;
};

static int count_up(const PGresult *result, void *user)
{
	struct counting *counting = user;

	(void)result;
	return ++counting->rows > counting->most;
}

int drvp_pg_ask(struct drvp_session *session, const char *sql, uint64_t most, uint64_t *rows,
		struct drv_error *err)
{
	struct drvp_pg *s = drvp_pg(session);
	struct counting counting = { 0, most };
	int status;

	*rows = 0;
	s->about = NULL;
	status = refuse_powers(s, err);
	if (status)
		return status;
	status = session->rehearsal ? rehearse(s, sql, err) : drvp_pg_limit_time(s, 0, err);
	if (!status && !session->rehearsal)
		status = drvp_pg_each(s, sql, NULL, 0, count_up, &counting, rows, err);
	return undo(s, status, err);
}

/* ------------------------------------------------------------------ rows for the program */

struct reading {
	struct drvp_pg *s;
	const struct drvp_query *query;
};

static int feed_text(const PGresult *result, void *user)
{
	const struct reading *reading = user;
	size_t count = (size_t)PQnfields(result);
	const char **values;

	drvp_arena_reset(&reading->s->row);
	values = drvp_arena_array(&reading->s->row, count, sizeof *values);
	if (!values)
		return DRV_E_NOMEM;
	for (size_t i = 0; i < count; i++)
		values[i] = PQgetisnull(result, 0, (int)i) ? NULL : PQgetvalue(result, 0, (int)i);
	return reading->query->fn(count, values, reading->query->user) ? 1 : 0;
}

/* Also as superuser: whoever wrote the program that asks could connect by itself. */
int drvp_pg_rows(struct drvp_session *session, const struct drvp_query *query, uint64_t *rows,
		 struct drv_error *err)
{
	struct drvp_pg *s = drvp_pg(session);
	struct reading reading = { s, query };
	int status;

	s->about = NULL;
	*rows = 0;
	status = drvp_pg_limit_time(s, 0, err);
	if (!status)
		status = drvp_pg_each(s, query->sql, query->values, query->value_count, feed_text,
				      &reading, rows, err);
	if (status == DRV_E_NOMEM)
		drvp_fail_nomem(err);
	return undo(s, status, err);
}
