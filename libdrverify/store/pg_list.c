/* pg_list.c: which tables and views a database has */
#include "store/pg.h"

#include <string.h>

/*
 * Partitions and children are read through their parents. Temporary tables are somebody's session,
 * and names that begin with pg_ are the server's own.
 */
static const char question[] =
	"SELECT n.nspname, c.relname, c.relkind, c.relpersistence,"
	" EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.deptype = 'e' AND d.objid = c.oid"
	" AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objsubid = 0)"
	" FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
	" WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't'"
	" AND pg_catalog.left(n.nspname::pg_catalog.text, 3) <> 'pg_'"
	" AND n.nspname <> 'information_schema'"
	" AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid)"
	" ORDER BY n.nspname, c.relname";

enum { SCHEMA, NAME, KIND, PERSISTENCE, OF_EXTENSION };

static int kind_of(char relkind)
{
	switch (relkind) {
	case 'p':
		return DRVP_PARTITIONED;
	case 'v':
		return DRVP_VIEW;
	case 'm':
		return DRVP_MATERIALIZED_VIEW;
	case 'f':
		return DRVP_FOREIGN_TABLE;
	default:
		return DRVP_TABLE;
	}
}

static int fill(struct drvp_pg *s, struct drvp_listed *listed, const PGresult *result, int row,
		struct drv_error *err)
{
	const char *schema = PQgetvalue(result, row, SCHEMA);
	const char *name = PQgetvalue(result, row, NAME);

	*listed = (struct drvp_listed){
		.schema = drvp_arena_copy(&s->arena, schema, strlen(schema)),
		.name = drvp_arena_copy(&s->arena, name, strlen(name)),
		.kind = kind_of(*PQgetvalue(result, row, KIND)),
		.unlogged = *PQgetvalue(result, row, PERSISTENCE) == 'u',
		.of_extension = *PQgetvalue(result, row, OF_EXTENSION) == 't',
	};
	return listed->schema && listed->name ? 0 : drvp_fail_nomem(err);
}

static int ask(struct drvp_pg *s, struct drvp_listed **out, size_t *count, struct drv_error *err)
{
	PGresult *result;
	int status = drvp_pg_query(s, &result, OF_EXTENSION + 1, question, err);
	size_t rows = status ? 0 : (size_t)PQntuples(result);

	if (!status) {
		*out = drvp_arena_array(&s->arena, rows + 1, sizeof **out);
		status = *out ? 0 : drvp_fail_nomem(err);
	}
	for (size_t i = 0; i < rows && !status; i++)
		status = fill(s, &(*out)[i], result, (int)i, err);
	*count = rows;
	PQclear(result);
	return status;
}

/* In a transaction of its own: that of the snapshot begins once the tables are known. */
int drvp_pg_list(struct drvp_session *session, struct drvp_listed **out, size_t *count,
		 struct drv_error *err)
{
	struct drvp_pg *s = drvp_pg(session);
	struct drvp_strbuf sql = DRVP_STRBUF_INIT;
	int status;

	drvp_pg_put_begin(s, &sql, NULL);
	status = sql.failed ? drvp_fail_nomem(err) : drvp_pg_batch(s, sql.data, err);
	drvp_strbuf_free(&sql);
	if (!status)
		status = ask(s, out, count, err);
	return status ? status : drvp_pg_batch(s, "ROLLBACK", err);
}
