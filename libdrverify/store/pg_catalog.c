/* pg_catalog.c: what a target is, whether it may be read, and which columns it has */
#include "store/pg.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ quoting */

void drvp_pg_put_identifier(struct drvp_pg *s, struct drvp_strbuf *sql, const char *name)
{
	char *quoted = PQescapeIdentifier(s->conn, name, strlen(name));

	if (quoted)
		drvp_strbuf_str(sql, quoted);
	else
		sql->failed = true;
	PQfreemem(quoted);
}

void drvp_pg_put_literal(struct drvp_pg *s, struct drvp_strbuf *sql, const char *text, size_t len)
{
	char *quoted = PQescapeLiteral(s->conn, text, len);

	if (quoted)
		drvp_strbuf_str(sql, quoted);
	else
		sql->failed = true;
	PQfreemem(quoted);
}

void drvp_pg_put_relation(struct drvp_pg *s, struct drvp_strbuf *sql,
			  const struct drvp_relation *relation)
{
	drvp_pg_put_identifier(s, sql, relation->schema);
	drvp_strbuf_char(sql, '.');
	drvp_pg_put_identifier(s, sql, relation->name);
}

/* ------------------------------------------------------------------ resolving */

/*
 * One row a target, in their order. Names are compared as text too: a literal longer than 63 bytes
 * would lose its end as a "name" and find another table. rewritten: the file that the snapshot
 * knows is not the present one, so somebody emptied or rewrote the table after the snapshot.
 * Nothing here waits for a lock.
 */
static const char resolve_head[] =
	"SELECT c.oid, c.relkind,"
	" pg_catalog.has_schema_privilege(n.oid, 'USAGE'),"
	" pg_catalog.has_table_privilege(c.oid, 'SELECT'),"
	" pg_catalog.has_any_column_privilege(c.oid, 'SELECT'),"
	" pg_catalog.row_security_active(c.oid),"
	" tree.has_children, tree.has_foreign, tree.rewritten,"
	" current_user FROM (VALUES ";

static const char resolve_tail[] =
	") AS t(ord, schema, name)"
	" LEFT JOIN pg_catalog.pg_namespace n"
	" ON n.nspname = t.schema::pg_catalog.name AND n.nspname::pg_catalog.text = t.schema"
	" LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid"
	" AND c.relname = t.name::pg_catalog.name AND c.relname::pg_catalog.text = t.name"
	" AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
	" LEFT JOIN LATERAL (WITH RECURSIVE d(oid) AS (SELECT c.oid UNION SELECT i.inhrelid"
	" FROM d JOIN pg_catalog.pg_inherits i ON i.inhparent = d.oid)"
	" SELECT pg_catalog.count(*) > 1 AS has_children,"
	" pg_catalog.bool_or(f.relkind = 'f') AS has_foreign,"
	" pg_catalog.bool_or(f.relkind IN ('r', 'm') AND f.relfilenode <> 0 AND"
	" f.relfilenode IS DISTINCT FROM pg_catalog.pg_relation_filenode(f.oid)) AS rewritten"
	" FROM d JOIN pg_catalog.pg_class f ON f.oid = d.oid) tree ON c.oid IS NOT NULL"
	" ORDER BY t.ord";

enum {
	OID, RELKIND, MAY_ENTER, MAY_SELECT, MAY_SELECT_SOME, ROW_SECURITY, HAS_CHILDREN,
	HAS_FOREIGN, REWRITTEN, ROLE
};

static bool is_true(const PGresult *result, int row, int field)
{
	return *PQgetvalue(result, row, field) == 't';
}

static void put_grant(struct drvp_pg *s, struct drvp_strbuf *text, const PGresult *result, int row,
		      const struct drvp_relation *relation)
{
	const char *role = PQgetvalue(result, row, ROLE);

	if (!is_true(result, row, MAY_ENTER)) {
		drvp_strbuf_str(text, "GRANT USAGE ON SCHEMA ");
		drvp_pg_put_identifier(s, text, relation->schema);
		drvp_strbuf_str(text, " TO ");
		drvp_pg_put_identifier(s, text, role);
	}
	if (!is_true(result, row, MAY_SELECT)) {
		drvp_strbuf_str(text, text->len ? "; GRANT SELECT ON " : "GRANT SELECT ON ");
		drvp_pg_put_relation(s, text, relation);
		drvp_strbuf_str(text, " TO ");
		drvp_pg_put_identifier(s, text, role);
	}
}

static int set_remedy(struct drvp_pg *s, struct drvp_relation *relation, struct drvp_strbuf *text,
		      struct drv_error *err)
{
	if (!text->failed)
		relation->remedy = drvp_arena_copy(&s->arena, text->data, text->len);
	drvp_strbuf_free(text);
	return relation->remedy ? 0 : drvp_fail_nomem(err);
}

static int forbid(struct drvp_pg *s, struct drvp_relation *relation, int state,
		  const PGresult *result, int row, struct drv_error *err)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	relation->state = state;
	if (state == DRVP_RELATION_DENIED) {
		put_grant(s, &text, result, row, relation);
	} else if (state == DRVP_RELATION_HIDDEN) {
		drvp_strbuf_str(&text, "ALTER ROLE ");
		drvp_pg_put_identifier(s, &text, PQgetvalue(result, row, ROLE));
		drvp_strbuf_str(&text, " BYPASSRLS");
	} else {
		drvp_strbuf_str(&text, "it was rewritten while the snapshot was taken; run again");
	}
	return set_remedy(s, relation, &text, err);
}

/* The same as a statement to run, also where only some columns may be read. */
static int note_statement(struct drvp_pg *s, struct drvp_relation *relation,
			  const PGresult *result, int row, struct drv_error *err)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	if (relation->state == DRVP_RELATION_DENIED || relation->state == DRVP_RELATION_HIDDEN) {
		relation->statement = relation->remedy;
		return 0;
	}
	if (is_true(result, row, MAY_SELECT))
		return 0;
	put_grant(s, &text, result, row, relation);
	if (!text.failed)
		relation->statement = drvp_arena_copy(&s->arena, text.data, text.len);
	drvp_strbuf_free(&text);
	return relation->statement ? 0 : drvp_fail_nomem(err);
}

static int kind_of(const PGresult *result, int row)
{
	switch (*PQgetvalue(result, row, RELKIND)) {
	case 'v':
		return DRVP_VIEW;
	case 'm':
		return DRVP_MATERIALIZED_VIEW;
	case 'f':
		return DRVP_FOREIGN_TABLE;
	case 'p':
		return DRVP_PARTITIONED;
	default:
		return is_true(result, row, HAS_CHILDREN) ? DRVP_PARTITIONED : DRVP_TABLE;
	}
}

static int find_state(struct drvp_pg *s, struct drvp_relation *relation, const PGresult *result,
		      int row, struct drv_error *err)
{
	if (PQgetisnull(result, row, OID)) {
		relation->state = DRVP_RELATION_MISSING;
		return 0;
	}
	relation->state = DRVP_RELATION_READY;
	relation->oid = (uint32_t)strtoul(PQgetvalue(result, row, OID), NULL, 10);
	relation->kind = kind_of(result, row);
	/* A right to single columns covers no system column; foreign rows have no place here. */
	relation->has_ctid = is_true(result, row, MAY_SELECT) && relation->kind != DRVP_VIEW &&
			     !is_true(result, row, HAS_FOREIGN);
	if (!is_true(result, row, MAY_ENTER) || !is_true(result, row, MAY_SELECT_SOME))
		return forbid(s, relation, DRVP_RELATION_DENIED, result, row, err);
	if (is_true(result, row, ROW_SECURITY))
		return forbid(s, relation, DRVP_RELATION_HIDDEN, result, row, err);
	if (is_true(result, row, REWRITTEN))
		return forbid(s, relation, DRVP_RELATION_BUSY, result, row, err);
	return 0;
}

static int fill_relation(struct drvp_pg *s, struct drvp_relation *relation, const PGresult *result,
			 int row, struct drv_error *err)
{
	int status = find_state(s, relation, result, row, err);

	return status || relation->state == DRVP_RELATION_MISSING ?
		       status : note_statement(s, relation, result, row, err);
}

static int copy_name(struct drvp_pg *s, const char **to, const char *name, struct drv_error *err)
{
	*to = drvp_arena_copy(&s->arena, name, strlen(name));
	return *to ? 0 : drvp_fail_nomem(err);
}

static int put_targets(struct drvp_pg *s, struct drvp_strbuf *sql,
		       const struct drvp_target *targets, size_t count,
		       struct drvp_relation *relations, struct drv_error *err)
{
	int status = 0;

	for (size_t i = 0; i < count && !status; i++) {
		drvp_strbuf_printf(sql, "%s(%zu, ", i ? ", " : "", i);
		drvp_pg_put_literal(s, sql, targets[i].schema, strlen(targets[i].schema));
		drvp_strbuf_str(sql, "::pg_catalog.text, ");
		drvp_pg_put_literal(s, sql, targets[i].name, strlen(targets[i].name));
		drvp_strbuf_str(sql, "::pg_catalog.text)");
		status = copy_name(s, &relations[i].schema, targets[i].schema, err);
		if (!status)
			status = copy_name(s, &relations[i].name, targets[i].name, err);
	}
	return status;
}

int drvp_pg_resolve(struct drvp_pg *s, const struct drvp_target *targets, size_t count,
		    struct drvp_relation *relations, struct drv_error *err)
{
	struct drvp_strbuf sql = DRVP_STRBUF_INIT;
	PGresult *result = NULL;
	int status;

	if (!count)
		return 0;
	drvp_strbuf_str(&sql, resolve_head);
	status = put_targets(s, &sql, targets, count, relations, err);
	drvp_strbuf_str(&sql, resolve_tail);
	if (!status && sql.failed)
		status = drvp_fail_nomem(err);
	if (!status)
		status = drvp_pg_query(s, &result, ROLE + 1, sql.data, err);
	if (!status && (size_t)PQntuples(result) != count)
		status = drvp_fail(err, DRV_E_INTERNAL, "the server's catalog names a table twice");
	for (size_t i = 0; i < count && !status; i++)
		status = fill_relation(s, &relations[i], result, (int)i, err);
	PQclear(result);
	drvp_strbuf_free(&sql);
	return status;
}

/* ------------------------------------------------------------------ columns */

/*
 * Domains are followed down to their base type. DRVP_PG_ANYENUM stands for every enum, and
 * DRVP_PG_ANYARRAY for every array but that of jsonb, whose order is lost. What only looks like an
 * array, such as int2vector, is not the array of its elements' type.
 */
static const char describe_head[] =
	"WITH RECURSIVE w(ord, rel) AS (VALUES ";

static const char describe_tail[] =
	"), b(type, base, typtype) AS ("
	" SELECT t.oid, t.oid, t.typtype FROM pg_catalog.pg_type t WHERE t.oid IN"
	" (SELECT a.atttypid FROM pg_catalog.pg_attribute a JOIN w ON a.attrelid = w.rel)"
	" UNION ALL SELECT b.type, u.oid, u.typtype FROM b"
	" JOIN pg_catalog.pg_type t ON t.oid = b.base"
	" JOIN pg_catalog.pg_type u ON u.oid = t.typbasetype WHERE b.typtype = 'd')"
	" SELECT w.ord, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),"
	" CASE WHEN b.typtype = 'e' THEN '3500'::pg_catalog.oid"
	" WHEN b.base <> 3807 AND EXISTS (SELECT 1 FROM pg_catalog.pg_type e"
	" WHERE e.typarray = b.base) THEN '2277'::pg_catalog.oid ELSE b.base END,"
	" a.attgenerated <> '', coalesce(k.ord, 0)"
	" FROM w JOIN pg_catalog.pg_attribute a ON a.attrelid = w.rel"
	" JOIN b ON b.type = a.atttypid AND b.typtype <> 'd'"
	" LEFT JOIN pg_catalog.pg_index i ON i.indrelid = w.rel AND i.indisprimary"
	" LEFT JOIN LATERAL (SELECT u.ord"
	" FROM pg_catalog.unnest(i.indkey) WITH ORDINALITY u(num, ord)"
	" WHERE u.num = a.attnum AND u.ord <= i.indnkeyatts) k ON true"
	" WHERE a.attnum > 0 AND NOT a.attisdropped ORDER BY w.ord, a.attnum";

enum { REL, NAME, TYPE, BASE, GENERATED, KEY };

static int fill_column(struct drvp_pg *s, struct drvp_column *column, const PGresult *result,
		       int row, struct drv_error *err)
{
	const struct drvp_pg_type *type;
	int status = copy_name(s, &column->name, PQgetvalue(result, row, NAME), err);

	if (!status)
		status = copy_name(s, &column->type, PQgetvalue(result, row, TYPE), err);
	column->type_oid = (uint32_t)strtoul(PQgetvalue(result, row, BASE), NULL, 10);
	type = drvp_pg_type(column->type_oid);
	column->kind = type->kind;
	column->order_lost = type->order_lost;
	column->encoded_order = drvp_pg_has_encoded_order(column->type_oid);
	column->has_members = type->form == DRVP_PG_JSON || type->form == DRVP_PG_JSONB;
	column->generated = is_true(result, row, GENERATED);
	column->key_position = (unsigned)strtoul(PQgetvalue(result, row, KEY), NULL, 10);
	return status;
}

/* Takes the rows from *row on that belong to relation ord. */
static int fill_columns(struct drvp_pg *s, struct drvp_relation *relation, size_t ord,
			const PGresult *result, int *row, struct drv_error *err)
{
	struct drvp_column *columns;
	int end = *row, status = 0;

	while (end < PQntuples(result) && strtoul(PQgetvalue(result, end, REL), NULL, 10) == ord)
		end++;
	columns = drvp_arena_array(&s->arena, (size_t)(end - *row), sizeof *columns);
	if (!columns)
		return drvp_fail_nomem(err);
	relation->columns = columns;
	for (; *row < end && !status; ++*row)
		status = fill_column(s, &columns[relation->column_count++], result, *row, err);
	return status;
}

/* Asks the question between head and tail about all relations that can be read. */
static int ask_about(struct drvp_pg *s, PGresult **out, int columns, const char *head, const char *tail,
		     const struct drvp_relation *relations, size_t count, struct drv_error *err)
{
	struct drvp_strbuf sql = DRVP_STRBUF_INIT;
	const char *joint = "";
	int status;

	drvp_strbuf_str(&sql, head);
	for (size_t i = 0; i < count; i++) {
		if (relations[i].state != DRVP_RELATION_READY)
			continue;
		drvp_strbuf_printf(&sql, "%s(%zu, '%u'::pg_catalog.oid)", joint, i,
				   relations[i].oid);
		joint = ", ";
	}
	drvp_strbuf_str(&sql, tail);
	*out = NULL;
	if (sql.failed)
		status = drvp_fail_nomem(err);
	else
		status = *joint ? drvp_pg_query(s, out, columns, sql.data, err) : 0;
	drvp_strbuf_free(&sql);
	return status;
}

/* Needs a lock that somebody may hold, so it is asked only once all are locked. */
static int fill_blocks(struct drvp_pg *s, struct drvp_relation *relations, size_t count,
		       struct drv_error *err)
{
	static const char head[] = "SELECT w.ord, pg_catalog.pg_relation_size(w.rel) / "
		"pg_catalog.current_setting('block_size')::pg_catalog.int8 FROM (VALUES ";
	PGresult *result;
	int status = ask_about(s, &result, 2, head, ") w(ord, rel)", relations, count, err);

	for (int i = 0; i < PQntuples(result) && !status; i++) {
		int64_t at, blocks;

		if (!drvp_pg_read_number(&at, PQgetvalue(result, i, 0)) || at < 0 ||
		    (size_t)at >= count || !drvp_pg_read_number(&blocks, PQgetvalue(result, i, 1)) ||
		    blocks < 0)
			status = drvp_fail(err, DRV_E_INTERNAL, "the server gives a table that was "
					   "not asked for, or a size that is no number");
		else
			relations[at].blocks = (uint64_t)blocks;
	}
	PQclear(result);
	return status;
}

static int copy_encoding(struct drvp_pg *s, struct drvp_relation *relation, struct drv_error *err)
{
	const char *encoding = PQparameterStatus(s->conn, "server_encoding");

	return copy_name(s, &relation->encoding, encoding ? encoding : "", err);
}

int drvp_pg_describe(struct drvp_pg *s, struct drvp_relation *relations, size_t count,
		     struct drv_error *err)
{
	PGresult *result;
	int row = 0;
	int status = ask_about(s, &result, KEY + 1, describe_head, describe_tail, relations, count, err);

	for (size_t i = 0; i < count && !status; i++) {
		if (relations[i].state != DRVP_RELATION_READY)
			continue;
		status = fill_columns(s, &relations[i], i, result, &row, err);
		if (!status)
			status = copy_encoding(s, &relations[i], err);
	}
	PQclear(result);
	if (!status)
		status = drvp_pg_describe_trees(s, relations, count, err);
	return status ? status : fill_blocks(s, relations, count, err);
}
