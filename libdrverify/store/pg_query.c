/* pg_query.c: questions that the server answers by itself: counts, the newest time, user's SQL */
#include "store/pg.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BLOCKS_PER_RANGE 1024        /* at least, so that small tables are one range */

/* ------------------------------------------------------------------ cutting */

/*
 * Ranges of heap blocks, never of keys: NULLs, collations and broken indexes lose rows. The last
 * one is open, for blocks added after the size was taken. Before version 14 a range would cost a
 * scan of the whole table.
 */
int drvp_pg_cut(struct drvp_session *session, const struct drvp_relation *relation,
		struct drvp_range *ranges, size_t most, size_t *count, struct drv_error *err)
{
	struct drvp_pg *s = drvp_pg(session);
	uint64_t parts = relation->blocks / BLOCKS_PER_RANGE;

	if (!most)
		return drvp_fail(err, DRV_E_USAGE, "a table cannot be cut into no parts");
	if (parts > most)
		parts = most;
	if (parts < 1 || relation->kind != DRVP_TABLE || !relation->has_ctid ||
	    PQserverVersion(s->conn) < 140000)
		parts = 1;
	for (uint64_t i = 0; i < parts; i++) {
		ranges[i].first_block = (uint32_t)(relation->blocks * i / parts);
		ranges[i].end_block = i + 1 < parts ?
			(uint32_t)(relation->blocks * (i + 1) / parts) : UINT32_MAX;
	}
	*count = parts;
	return 0;
}

/* ------------------------------------------------------------------ counting */

int drvp_pg_parse_count(struct drvp_pg *s, const PGresult *result, int field, uint64_t *rows,
			struct drv_error *err)
{
	const char *text = PQgetvalue(result, 0, field);
	char *end;

	*rows = strtoull(text, &end, 10);
	if (PQntuples(result) == 1 && end != text && !*end)
		return 0;
	return drvp_pg_fail(s, err, DRV_E_INTERNAL, "the server's count is no number");
}

const char *drvp_pg_beginning(const struct drvp_pg *s)
{
	return s->session.rehearsal ? "EXPLAIN " : "";
}

int drvp_pg_count(struct drvp_session *session, const struct drvp_relation *relation,
		  const struct drvp_selection *selection, uint64_t *rows, struct drv_error *err)
{
	struct drvp_pg *s = drvp_pg(session);
	struct drvp_strbuf sql = DRVP_STRBUF_INIT;
	PGresult *result = NULL;
	int status;

	*rows = 0;
	s->about = relation;
	drvp_strbuf_printf(&sql, "%sSELECT pg_catalog.count(*)", drvp_pg_beginning(s));
	status = drvp_pg_put_from(s, &sql, relation, NULL, err);
	if (!status)
		status = drvp_pg_put_where(s, &sql, relation, selection, NULL, err);
	if (!status)
		status = drvp_pg_query(s, &result, sql.data, err);
	if (!status && !session->rehearsal)
		status = drvp_pg_parse_count(s, result, 0, rows, err);
	PQclear(result);
	drvp_strbuf_free(&sql);
	return status;
}

/* ------------------------------------------------------------------ the newest time */

int drvp_pg_check_zone_name(const char *zone, struct drv_error *err)
{
	const char *sign = strpbrk(zone, "+-");

	if (*zone && (!sign || !strncmp(zone, "Etc/", 4) || sign[1] < '0' || sign[1] > '9'))
		return 0;
	return drvp_fail(err, DRV_E_USAGE,
			 "time zone \"%s\" is ambiguous; name it by place, such as Asia/Seoul, "
			 "or UTC", zone);
}

/* Adds the greatest value as microseconds, or as "infinity" and "-infinity". */
static int put_newest(struct drvp_pg *s, struct drvp_strbuf *sql, const struct drvp_place *place,
		      const char *zone, struct drv_error *err)
{
	const struct drvp_column *column = place->column;
	bool local = column->kind == DRVP_LOCAL_TIME || column->kind == DRVP_DATE;
	int status;

	if (place->path)
		return drvp_pg_fail(s, err, DRV_E_USAGE,
				    "what is at a path in column \"%s\" is no time but JSON",
				    column->name);
	if (!local && column->kind != DRVP_INSTANT)
		return drvp_pg_fail(s, err, DRV_E_USAGE,
				    "column \"%s\" is of type %s, which is no time",
				    column->name, column->type);
	if (local && !zone)
		return drvp_pg_fail(s, err, DRV_E_USAGE,
				    "column \"%s\" has no time zone; it needs a column_zone, such "
				    "as Asia/Seoul", column->name);
	status = local ? drvp_pg_check_zone_name(zone, err) : 0;
	if (status)
		return status;
	drvp_strbuf_str(sql, drvp_pg_beginning(s));
	drvp_strbuf_str(sql, "SELECT pg_catalog.isfinite(t), CASE WHEN pg_catalog.isfinite(t) THEN "
			     "(EXTRACT(EPOCH FROM t) * 1000000)::pg_catalog.int8::pg_catalog.text "
			     "ELSE t::pg_catalog.text END, n FROM (SELECT pg_catalog.max(");
	drvp_pg_put_column(s, sql, DRVP_PG_ROW, column);
	drvp_strbuf_char(sql, ')');
	if (local) {
		drvp_strbuf_str(sql, "::pg_catalog.timestamp AT TIME ZONE ");
		drvp_pg_put_literal(s, sql, zone, strlen(zone));
	}
	drvp_strbuf_str(sql, " AS t, pg_catalog.count(*) AS n");
	return 0;
}

static int64_t read_newest(const PGresult *result)
{
	const char *text = PQgetvalue(result, 0, 1);

	if (*PQgetvalue(result, 0, 0) == 't')
		return strtoll(text, NULL, 10);
	return *text == '-' ? DRVP_TIME_MINUS_INFINITY : DRVP_TIME_INFINITY;
}

int drvp_pg_newest(struct drvp_session *session, const struct drvp_relation *relation,
		   const struct drvp_selection *selection, const char *column, const char *zone,
		   int64_t *instant, bool *found, uint64_t *rows, struct drv_error *err)
{
	struct drvp_pg *s = drvp_pg(session);
	struct drvp_strbuf sql = DRVP_STRBUF_INIT;
	struct drvp_place place;
	PGresult *result = NULL;
	int status = drvp_pg_find_place(&place, relation, column, err);

	*found = false;
	*rows = 0;
	s->about = relation;
	if (!status)
		status = put_newest(s, &sql, &place, zone, err);
	if (!status)
		status = drvp_pg_put_from(s, &sql, relation, NULL, err);
	if (!status)
		status = drvp_pg_put_where(s, &sql, relation, selection, NULL, err);
	if (!status) {
		drvp_strbuf_str(&sql, ") q");
		status = sql.failed ? drvp_fail_nomem(err) :
				      drvp_pg_query(s, &result, sql.data, err);
	}
	if (!status && !session->rehearsal)
		status = drvp_pg_parse_count(s, result, 2, rows, err);
	if (!status && !session->rehearsal && !PQgetisnull(result, 0, 1)) {
		*found = true;
		*instant = read_newest(result);
	}
	PQclear(result);
	drvp_strbuf_free(&sql);
	return status;
}

/* ------------------------------------------------------------------ the user's own SQL */

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
	int status = drvp_pg_parse(s, sql, err);

	if (!status && is_question(sql)) {
		drvp_strbuf_printf(&question, "EXPLAIN %s", sql);
		status = question.failed ? drvp_fail_nomem(err) :
					   drvp_pg_query(s, &result, question.data, err);
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
	int status = drvp_pg_query(s, &result, question, err);

	if (status)
		return status;
	if (PQntuples(result))
		status = drvp_fail(err, DRV_E_DENIED, "SQL from a document is not run as %s; "
				   "connect as a role made by: CREATE ROLE drverify LOGIN; "
				   "GRANT pg_read_all_data TO drverify", PQgetvalue(result, 0, 0));
	PQclear(result);
	return status;
}

/* The statement may have called set_config(), or taken locks, which may belong to the session. */
static const char forget[] = "ROLLBACK TO SAVEPOINT " DRVP_PG_SAVEPOINT
			     ";SELECT pg_catalog.pg_advisory_unlock_all()";

int drvp_pg_ask(struct drvp_session *session, const char *sql, uint64_t most, uint64_t *rows,
		struct drv_error *err)
{
	struct drvp_pg *s = drvp_pg(session);
	int status, again;

	*rows = 0;
	s->about = NULL;
	status = refuse_powers(s, err);
	if (status)
		return status;
	status = session->rehearsal ? rehearse(s, sql, err) :
				      drvp_pg_count_rows(s, sql, most, rows, err);
	if (s->session.lost)
		return status;
	again = drvp_pg_batch(s, forget, status ? NULL : err);
	return status ? status : again;
}
