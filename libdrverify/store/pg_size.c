/* pg_size.c: how many rows and bytes a relation has, as far as the catalogue knows */
#include "store/pg.h"

#include <inttypes.h>

#define ROWS_PER_BLOCK "60"

/* The tables below a partitioned one, or one with children. They are not looked at themselves,
 * which would need locks. */
#define BELOW \
	"WITH RECURSIVE below(rel) AS (SELECT i.inhrelid FROM pg_catalog.pg_inherits i" \
	" WHERE i.inhparent = %u UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i" \
	" JOIN below ON i.inhparent = below.rel) "

/* Asks for one number, of a relation that has a size. */
static int ask_size(struct drvp_pg *s, const struct drvp_relation *relation,
		    struct drvp_strbuf *sql, uint64_t *number, struct drv_error *err)
{
	PGresult *result = NULL;
	int status;

	*number = 0;
	s->about = relation;
	if (!relation->blocks && relation->kind != DRVP_TABLE && relation->kind != DRVP_PARTITIONED)
		status = drvp_pg_fail(s, err, DRV_E_UNSUPPORTED, "its size is not known");
	else
		status = sql->failed ? drvp_fail_nomem(err) :
				       drvp_pg_query(s, &result, 1, sql->data, err);
	if (!status)
		status = drvp_pg_parse_count(s, result, 0, number, err);
	PQclear(result);
	drvp_strbuf_free(sql);
	return status;
}

/*
 * From the latest VACUUM, ANALYZE or CREATE INDEX, scaled to the size of today. Where there was
 * none, a block is taken to hold as many rows as a planner would guess.
 */
int drvp_pg_estimate(struct drvp_session *session, const struct drvp_relation *relation,
		     uint64_t *rows, struct drv_error *err)
{
	struct drvp_strbuf sql = DRVP_STRBUF_INIT;

	drvp_strbuf_printf(
		&sql, BELOW "SELECT ((SELECT CASE WHEN c.relpages > 0 AND c.reltuples >= 0"
		" THEN c.reltuples / c.relpages ELSE " ROWS_PER_BLOCK " END * %" PRIu64
		" FROM pg_catalog.pg_class c WHERE c.oid = %u)"
		" + (SELECT coalesce(pg_catalog.sum(c.reltuples), 0) FROM below"
		" JOIN pg_catalog.pg_class c ON c.oid = below.rel WHERE c.reltuples > 0))"
		"::pg_catalog.int8", relation->oid, relation->blocks, relation->oid);
	return ask_size(drvp_pg(session), relation, &sql, rows, err);
}

/* With what is stored out of line, which is read as well. */
int drvp_pg_size(struct drvp_session *session, const struct drvp_relation *relation,
		 uint64_t *bytes, struct drv_error *err)
{
	struct drvp_strbuf sql = DRVP_STRBUF_INIT;

	drvp_strbuf_printf(
		&sql, BELOW "SELECT ((%" PRIu64 " + (SELECT coalesce(pg_catalog.sum(c.relpages"
		" + coalesce(t.relpages, 0)), 0) FROM below"
		" JOIN pg_catalog.pg_class c ON c.oid = below.rel"
		" LEFT JOIN pg_catalog.pg_class t ON t.oid = c.reltoastrelid))"
		" * pg_catalog.current_setting('block_size')::pg_catalog.int8"
		" + coalesce((SELECT pg_catalog.pg_relation_size(c.reltoastrelid)"
		" FROM pg_catalog.pg_class c WHERE c.oid = %u AND c.reltoastrelid <> 0), 0))"
		"::pg_catalog.int8", relation->oid, relation->blocks, relation->oid);
	return ask_size(drvp_pg(session), relation, &sql, bytes, err);
}
