/* pg_tree.c: which tables are read as one, so that a row can be named with its own */
#include "store/pg.h"

#include <stdlib.h>
#include <string.h>

/* Only tables that hold rows: a partitioned one holds none itself. */
static const char tail[] =
	"), d(ord, oid) AS (SELECT w.ord, w.rel FROM w UNION SELECT d.ord, i.inhrelid"
	" FROM d JOIN pg_catalog.pg_inherits i ON i.inhparent = d.oid)"
	" SELECT d.ord, d.oid, d.oid::pg_catalog.regclass::pg_catalog.text"
	" FROM d JOIN pg_catalog.pg_class c ON c.oid = d.oid AND c.relkind = 'r'"
	" ORDER BY d.ord, d.oid";

enum { REL, LEAF, NAME };

static bool needs_leaves(const struct drvp_relation *relation)
{
	return relation->state == DRVP_RELATION_READY && relation->kind == DRVP_PARTITIONED &&
	       relation->has_ctid;
}

static int ask(struct drvp_pg *s, PGresult **out, const struct drvp_relation *relations,
	       size_t count, struct drv_error *err)
{
	struct drvp_strbuf sql = DRVP_STRBUF_INIT;
	const char *joint = "WITH RECURSIVE w(ord, rel) AS (VALUES ";
	int status;

	*out = NULL;
	for (size_t i = 0; i < count; i++) {
		if (!needs_leaves(&relations[i]))
			continue;
		drvp_strbuf_printf(&sql, "%s(%zu, '%u'::pg_catalog.oid)", joint, i, relations[i].oid);
		joint = ", ";
	}
	if (!sql.len && !sql.failed)
		return 0;
	drvp_strbuf_str(&sql, tail);
	status = sql.failed ? drvp_fail_nomem(err) : drvp_pg_query(s, out, NAME + 1, sql.data, err);
	drvp_strbuf_free(&sql);
	return status;
}

/* Takes the rows from *row on that belong to relation ord. */
static int fill(struct drvp_pg *s, struct drvp_relation *relation, size_t ord,
		const PGresult *result, int *row, struct drv_error *err)
{
	struct drvp_leaf *leaves;
	int end = *row;

	while (end < PQntuples(result) && strtoul(PQgetvalue(result, end, REL), NULL, 10) == ord)
		end++;
	leaves = drvp_arena_array(&s->arena, (size_t)(end - *row), sizeof *leaves);
	if (!leaves)
		return drvp_fail_nomem(err);
	relation->leaves = leaves;
	for (; *row < end; ++*row) {
		struct drvp_leaf *leaf = &leaves[relation->leaf_count];
		const char *name = PQgetvalue(result, *row, NAME);

		leaf->oid = (uint32_t)strtoul(PQgetvalue(result, *row, LEAF), NULL, 10);
		leaf->number = (uint32_t)relation->leaf_count++;
		leaf->name = drvp_arena_copy(&s->arena, name, strlen(name));
		if (!leaf->name)
			return drvp_fail_nomem(err);
	}
	return 0;
}

int drvp_pg_describe_trees(struct drvp_pg *s, struct drvp_relation *relations, size_t count,
			   struct drv_error *err)
{
	PGresult *result;
	int row = 0;
	int status = ask(s, &result, relations, count, err);

	for (size_t i = 0; result && i < count && !status; i++)
		if (needs_leaves(&relations[i]))
			status = fill(s, &relations[i], i, result, &row, err);
	PQclear(result);
	return status;
}

static int by_oid(const void *left, const void *right)
{
	const struct drvp_leaf *a = left, *b = right;

	return a->oid < b->oid ? -1 : a->oid > b->oid;
}

const struct drvp_leaf *drvp_pg_leaf(const struct drvp_relation *relation, uint32_t oid)
{
	static const struct drvp_leaf unknown = { 0, 0, "a table attached meanwhile," };
	const struct drvp_leaf like = { .oid = oid };
	const struct drvp_leaf *found = bsearch(&like, relation->leaves, relation->leaf_count,
						sizeof like, by_oid);

	return found ? found : &unknown;
}
