/* pg_from.c: which rows a query is about: relation, join, conditions and range as SQL */
#include "store/pg.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DAY (86400 * DRVP_SECOND)
#define FIRST_USER_OID 16384         /* types that a server is not born with */

/* ------------------------------------------------------------------ columns */

int drvp_pg_find_place(struct drvp_place *out, const struct drvp_relation *relation,
		       const char *name, struct drv_error *err)
{
	*out = drvp_relation_place(relation, name);
	if (out->column)
		return 0;
	return drvp_fail(err, DRV_E_MISSING,
			 "%s.%s has no column \"%s\"; names are exact, upper and lower case too",
			 relation->schema, relation->name, name);
}

void drvp_pg_put_column(struct drvp_pg *s, struct drvp_strbuf *sql, const char *row,
			const struct drvp_column *column)
{
	drvp_strbuf_printf(sql, "%s.", row);
	drvp_pg_put_identifier(s, sql, column->name);
}

/* Types of extensions, such as citext, may compare in ways of their own. */
static void put_column_key(struct drvp_pg *s, struct drvp_strbuf *sql, const char *row,
			   const struct drvp_column *column)
{
	bool foreign = column->type_oid >= FIRST_USER_OID;

	drvp_pg_put_column(s, sql, row, column);
	if (foreign)
		drvp_strbuf_str(sql, "::pg_catalog.text");
	if (foreign || drvp_pg_is_collated(column->type_oid))
		drvp_strbuf_str(sql, " COLLATE pg_catalog.\"C\"");
}

void drvp_pg_put_key(struct drvp_pg *s, struct drvp_strbuf *sql, const char *row,
		     const struct drvp_place *place)
{
	if (place->path)
		drvp_pg_put_inside_key(s, sql, row, place);
	else
		put_column_key(s, sql, row, place->column);
}

/* ------------------------------------------------------------------ relations */

static void put_side(struct drvp_pg *s, struct drvp_strbuf *sql, const char *row,
		     const struct drvp_place *place, bool as_text)
{
	if (place->path)
		drvp_pg_put_inside_text(s, sql, row, place);
	else
		drvp_pg_put_column(s, sql, row, place->column);
	if (as_text)
		drvp_strbuf_str(sql, "::pg_catalog.text COLLATE pg_catalog.\"C\"");
}

/* What is inside JSON has no type of its own, so it is compared as text. */
static void put_pair(struct drvp_pg *s, struct drvp_strbuf *sql, const struct drvp_place *place,
		     const struct drvp_place *joined)
{
	bool as_text = place->path || joined->path;

	put_side(s, sql, DRVP_PG_ROW, place, as_text);
	drvp_strbuf_str(sql, " OPERATOR(pg_catalog.=) ");
	put_side(s, sql, DRVP_PG_JOINED, joined, as_text);
}

static int put_join(struct drvp_pg *s, struct drvp_strbuf *sql,
		    const struct drvp_relation *relation, const struct drvp_join *join,
		    struct drv_error *err)
{
	const char *joint = " ON ";

	drvp_strbuf_str(sql, " LEFT JOIN ");
	drvp_pg_put_relation(s, sql, join->relation);
	drvp_strbuf_str(sql, " " DRVP_PG_JOINED);
	for (size_t i = 0; i < join->on_count; i++) {
		struct drvp_place place, joined;
		int status = drvp_pg_find_place(&place, relation, join->on[i].column, err);

		if (!status)
			status = drvp_pg_find_place(&joined, join->relation, join->on[i].joined,
						    err);
		if (status)
			return status;
		drvp_strbuf_str(sql, joint);
		put_pair(s, sql, &place, &joined);
		joint = " AND ";
	}
	return 0;
}

int drvp_pg_put_from(struct drvp_pg *s, struct drvp_strbuf *sql,
		     const struct drvp_relation *relation, const struct drvp_join *join,
		     struct drv_error *err)
{
	drvp_strbuf_str(sql, " FROM ");
	drvp_pg_put_relation(s, sql, relation);
	drvp_strbuf_str(sql, " " DRVP_PG_ROW);
	return join ? put_join(s, sql, relation, join, err) : 0;
}

/* ------------------------------------------------------------------ conditions */

/* A time in the way that PostgreSQL reads; years before 1 are counted back from Christ. */
static void put_time(struct drvp_strbuf *sql, int64_t time)
{
	struct drvp_civil civil;

	if (time == DRVP_TIME_INFINITY || time == DRVP_TIME_MINUS_INFINITY) {
		drvp_strbuf_str(sql, time > 0 ? "'infinity'" : "'-infinity'");
		return;
	}
	drvp_civil_from_instant(&civil, time);
	drvp_strbuf_printf(sql, "'%04" PRId64 "-%02u-%02u %02u:%02u:%02u.%06u%s'",
			   civil.year > 0 ? civil.year : 1 - civil.year, civil.month, civil.day,
			   civil.hour, civil.minute, civil.second, civil.microsecond,
			   civil.year > 0 ? "" : " BC");
}

static int put_number(struct drvp_strbuf *sql, const struct drvp_column *column, const char *text,
		      struct drv_error *err)
{
	bool date = column->kind == DRVP_DATE, finite;
	int64_t time;
	char *end;

	if (!date && column->kind != DRVP_INSTANT && column->kind != DRVP_LOCAL_TIME) {
		/* JSON's number syntax is one that SQL has too. */
		drvp_strbuf_printf(sql, "(%s)", text);
		return 0;
	}
	errno = 0;
	time = strtoll(text, &end, 10);
	finite = time != DRVP_TIME_INFINITY && time != DRVP_TIME_MINUS_INFINITY;
	if (errno || *end || (date && finite && __builtin_mul_overflow(time, DAY, &time)))
		return drvp_fail(err, DRV_E_USAGE,
				 "column \"%s\" can be compared with whole %s since 1970 only",
				 column->name, date ? "days" : "microseconds");
	put_time(sql, time);
	return 0;
}

static bool is_comparable(const struct drvp_json *value)
{
	return value->type == DRVP_JSON_BOOL || value->type == DRVP_JSON_NUMBER ||
	       (value->type == DRVP_JSON_STRING && !memchr(value->text, '\0', value->len));
}

static int put_value(struct drvp_pg *s, struct drvp_strbuf *sql, const struct drvp_column *column,
		     const struct drvp_json *value, struct drv_error *err)
{
	switch (value->type) {
	case DRVP_JSON_BOOL:
		drvp_strbuf_str(sql, value->truth ? "true" : "false");
		return 0;
	case DRVP_JSON_NUMBER:
		return put_number(sql, column, value->text, err);
	default:
		drvp_pg_put_literal(s, sql, value->text, value->len);
		return 0;
	}
}

static int put_comparison(struct drvp_pg *s, struct drvp_strbuf *sql,
			  const struct drvp_place *place, const struct drvp_condition *condition,
			  struct drv_error *err)
{
	if (condition->op == DRVP_EQUALS) {
		drvp_pg_put_column(s, sql, DRVP_PG_ROW, place->column);
		drvp_strbuf_str(sql, " OPERATOR(pg_catalog.=) ");
	} else {
		drvp_pg_put_key(s, sql, DRVP_PG_ROW, place);
		drvp_strbuf_str(sql, " OPERATOR(pg_catalog.>=) ");
	}
	return put_value(s, sql, place->column, condition->value, err);
}

static void put_jsonb(struct drvp_strbuf *sql, const struct drvp_json *value)
{
	const char *text = value->type == DRVP_JSON_NUMBER ? value->text :
			   value->truth ? "true" : "false";

	drvp_strbuf_printf(sql, "'%s'::pg_catalog.jsonb", text);
}

/* The same for what is inside JSON. */
static void put_inside_comparison(struct drvp_pg *s, struct drvp_strbuf *sql,
				  const struct drvp_place *place,
				  const struct drvp_condition *condition)
{
	const struct drvp_json *value = condition->value;
	bool string = value->type == DRVP_JSON_STRING;

	if (condition->op == DRVP_AT_LEAST) {
		drvp_strbuf_str(sql, "ROW(");
		drvp_pg_put_key(s, sql, DRVP_PG_ROW, place);
		drvp_strbuf_str(sql, ") OPERATOR(pg_catalog.>=) ROW(");
		if (string)
			drvp_strbuf_str(sql, DRVP_PG_STRING_KEY);
		else
			put_jsonb(sql, value);
		drvp_strbuf_str(sql, ", ");
		drvp_pg_put_literal(s, sql, string ? value->text : "", string ? value->len : 0);
		drvp_strbuf_char(sql, ')');
	} else if (string) {
		drvp_pg_put_inside_text(s, sql, DRVP_PG_ROW, place);
		drvp_strbuf_str(sql, " OPERATOR(pg_catalog.=) ");
		drvp_pg_put_literal(s, sql, value->text, value->len);
	} else {
		drvp_pg_put_inside_jsonb(s, sql, DRVP_PG_ROW, place);
		drvp_strbuf_str(sql, " OPERATOR(pg_catalog.=) ");
		put_jsonb(sql, value);
	}
}

void drvp_pg_put_presence(struct drvp_pg *s, struct drvp_strbuf *sql, const char *row,
			  const struct drvp_place *place, bool present)
{
	if (place->path)
		drvp_pg_put_inside_text(s, sql, row, place);
	else
		drvp_pg_put_column(s, sql, row, place->column);
	drvp_strbuf_str(sql, present ? " IS NOT NULL" : " IS NULL");
}

static int put_condition(struct drvp_pg *s, struct drvp_strbuf *sql,
			 const struct drvp_relation *relation,
			 const struct drvp_condition *condition, struct drv_error *err)
{
	struct drvp_place place;
	int status = drvp_pg_find_place(&place, relation, condition->column, err);

	if (status)
		return status;
	if (condition->op == DRVP_IS_NULL || condition->op == DRVP_NOT_NULL) {
		drvp_pg_put_presence(s, sql, DRVP_PG_ROW, &place,
				     condition->op == DRVP_NOT_NULL);
		return 0;
	}
	if (!is_comparable(condition->value))
		return drvp_fail(err, DRV_E_USAGE,
				 "column \"%s\" can be compared with a string without NUL, a "
				 "number or a boolean only", condition->column);
	if (!place.path)
		return put_comparison(s, sql, &place, condition, err);
	put_inside_comparison(s, sql, &place, condition);
	return 0;
}

static int put_range(struct drvp_strbuf *sql, const struct drvp_relation *relation,
		     const struct drvp_range *range, const char **joint, struct drv_error *err)
{
	bool whole = !range->first_block && range->end_block == UINT32_MAX;

	if (whole)
		return 0;
	if (!relation->has_ctid)
		return drvp_fail(err, DRV_E_INTERNAL, "%s.%s cannot be read in parts",
				 relation->schema, relation->name);
	drvp_strbuf_printf(sql, "%s" DRVP_PG_ROW ".ctid OPERATOR(pg_catalog.>=) "
			   "'(%u,0)'::pg_catalog.tid", *joint, range->first_block);
	if (range->end_block != UINT32_MAX)
		drvp_strbuf_printf(sql, " AND " DRVP_PG_ROW ".ctid OPERATOR(pg_catalog.<) "
				   "'(%u,0)'::pg_catalog.tid", range->end_block);
	*joint = " AND ";
	return 0;
}

int drvp_pg_put_where(struct drvp_pg *s, struct drvp_strbuf *sql,
		      const struct drvp_relation *relation, const struct drvp_selection *selection,
		      const struct drvp_range *range, struct drv_error *err)
{
	const char *joint = " WHERE ";
	int status = range ? put_range(sql, relation, range, &joint, err) : 0;

	for (size_t i = 0; selection && i < selection->where_count && !status; i++) {
		drvp_strbuf_str(sql, joint);
		status = put_condition(s, sql, relation, &selection->where[i], err);
		joint = " AND ";
	}
	if (!status && selection && selection->filter)
		status = drvp_fail(err, DRV_E_USAGE, "PostgreSQL takes no \"filter\"");
	if (!status && sql->failed)
		status = drvp_fail_nomem(err);
	return status;
}
