/* pg_path.c: what is at a path inside a json or jsonb column, as SQL */
#include "store/pg.h"

#include <string.h>

#define JSON_OID 114

/* Steps are literals of their own: in an array's text some of their characters would mean more. */
static void put_steps(struct drvp_pg *s, struct drvp_strbuf *sql, const char *path)
{
	size_t len = strcspn(path, ".");

	drvp_strbuf_str(sql, "ARRAY[");
	drvp_pg_put_literal(s, sql, path, len);
	while (path[len]) {
		path += len + 1;
		len = strcspn(path, ".");
		drvp_strbuf_str(sql, ", ");
		drvp_pg_put_literal(s, sql, path, len);
	}
	drvp_strbuf_str(sql, "]::pg_catalog.text[]");
}

static void put_inside(struct drvp_pg *s, struct drvp_strbuf *sql, const char *row,
		       const struct drvp_place *place, const char *op)
{
	drvp_strbuf_char(sql, '(');
	drvp_pg_put_column(s, sql, row, place->column);
	drvp_strbuf_printf(sql, " OPERATOR(pg_catalog.%s) ", op);
	put_steps(s, sql, place->path);
	drvp_strbuf_char(sql, ')');
}

void drvp_pg_put_inside(struct drvp_pg *s, struct drvp_strbuf *sql, const char *row,
			const struct drvp_place *place)
{
	put_inside(s, sql, row, place, "#>");
}

void drvp_pg_put_inside_text(struct drvp_pg *s, struct drvp_strbuf *sql, const char *row,
			     const struct drvp_place *place)
{
	put_inside(s, sql, row, place, "#>>");
}

void drvp_pg_put_inside_jsonb(struct drvp_pg *s, struct drvp_strbuf *sql, const char *row,
			      const struct drvp_place *place)
{
	put_inside(s, sql, row, place, "#>");
	if (place->column->type_oid == JSON_OID)
		drvp_strbuf_str(sql, "::pg_catalog.jsonb");
}

static void put_is_string(struct drvp_pg *s, struct drvp_strbuf *sql, const char *row,
			  const struct drvp_place *place)
{
	drvp_strbuf_str(sql, "CASE WHEN pg_catalog.jsonb_typeof(");
	drvp_pg_put_inside_jsonb(s, sql, row, place);
	drvp_strbuf_str(sql, ") OPERATOR(pg_catalog.=) 'string' THEN ");
}

/* jsonb compares strings by the rules of a language, so here all are alike, and least. */
void drvp_pg_put_inside_key(struct drvp_pg *s, struct drvp_strbuf *sql, const char *row,
			    const struct drvp_place *place)
{
	put_is_string(s, sql, row, place);
	drvp_strbuf_str(sql, DRVP_PG_STRING_KEY " ELSE nullif(");
	drvp_pg_put_inside_jsonb(s, sql, row, place);
	drvp_strbuf_str(sql, ", 'null') END, ");
	put_is_string(s, sql, row, place);
	drvp_pg_put_inside_text(s, sql, row, place);
	drvp_strbuf_str(sql, " ELSE '' END COLLATE pg_catalog.\"C\"");
}
