/* pg_query.c: questions that the server answers by itself: counts, sizes, the newest time */
#include "store/pg.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

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
	int64_t number;

	if (PQntuples(result) == 1 &&
	    drvp_pg_read_number(&number, PQgetvalue(result, 0, field)) && number >= 0) {
		*rows = (uint64_t)number;
		return 0;
	}
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
		status = drvp_pg_query(s, &result, 1, sql.data, err);
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

static int read_newest(struct drvp_pg *s, const PGresult *result, int64_t *instant,
		       struct drv_error *err)
{
	const char *text = PQgetvalue(result, 0, 1);

	*instant = *text == '-' ? DRVP_TIME_MINUS_INFINITY : DRVP_TIME_INFINITY;
	if (*PQgetvalue(result, 0, 0) != 't' || drvp_pg_read_number(instant, text))
		return 0;
	return drvp_pg_fail(s, err, DRV_E_INTERNAL, "the server's newest time is no number");
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
				      drvp_pg_query(s, &result, session->rehearsal ? 1 : 3, sql.data, err);
	}
	if (!status && !session->rehearsal)
		status = drvp_pg_parse_count(s, result, 2, rows, err);
	if (!status && !session->rehearsal && !PQgetisnull(result, 0, 1)) {
		*found = true;
		status = read_newest(s, result, instant, err);
	}
	PQclear(result);
	drvp_strbuf_free(&sql);
	return status;
}
