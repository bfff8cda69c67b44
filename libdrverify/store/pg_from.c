/* pg_from.c: which rows a query is about: relation, join, conditions and range as SQL */
#include "store/pg.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DAY (86400 * DRVP_SECOND)
#define FIRST_USER_OID 16384         /* types that a server is not born with */

/* ------------------------------------------------------------------ columns */

int drvp_pg_find_column(const struct drvp_column **out, const struct drvp_relation *relation,
			const char *name, struct drv_error *err)
{
	*out = drvp_relation_column(relation, name);
	if (*out)
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
void drvp_pg_put_key(struct drvp_pg *s, struct drvp_strbuf *sql, const char *row,
		     const struct drvp_column *column)
{
	bool foreign = column->type_oid >= FIRST_USER_OID;

	drvp_pg_put_column(s, sql, row, column);
	if (foreign)
		drvp_strbuf_str(sql, "::pg_catalog.text");
	if (foreign || drvp_pg_is_collated(column->type_oid))
		drvp_strbuf_str(sql, " COLLATE pg_catalog.\"C\"");
}

/* ------------------------------------------------------------------ relations */

static int put_join(struct drvp_pg *s, struct drvp_strbuf *sql,
		    const struct drvp_relation *relation, const struct drvp_join *join,
		    struct drv_error *err)
{
	const char *joint = " ON ";

	drvp_strbuf_str(sql, " LEFT JOIN ");
	drvp_pg_put_relation(s, sql, join->relation);
	drvp_strbuf_str(sql, " " DRVP_PG_JOINED);
	for (size_t i = 0; i < join->on_count; i++) {
		const struct drvp_column *column, *joined;
		int status = drvp_pg_find_column(&column, relation, join->on[i].column, err);

		if (!status)
			status = drvp_pg_find_column(&joined, join->relation, join->on[i].joined,
						     err);
		if (status)
			return status;
		drvp_strbuf_str(sql, joint);
		drvp_pg_put_column(s, sql, DRVP_PG_ROW, column);
		drvp_strbuf_str(sql, " OPERATOR(pg_catalog.=) ");
		drvp_pg_put_column(s, sql, DRVP_PG_JOINED, joined);
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

static int put_value(struct drvp_pg *s, struct drvp_strbuf *sql, const struct drvp_column *column,
		     const struct drvp_json *value, struct drv_error *err)
{
	switch (value->type) {
	case DRVP_JSON_BOOL:
		drvp_strbuf_str(sql, value->truth ? "true" : "false");
		return 0;
	case DRVP_JSON_NUMBER:
		return put_number(sql, column, value->text, err);
	case DRVP_JSON_STRING:
		if (memchr(value->text, '\0', value->len))
			break;
		drvp_pg_put_literal(s, sql, value->text, value->len);
		return 0;
	default:
		break;
	}
	return drvp_fail(err, DRV_E_USAGE,
			 "column \"%s\" can be compared with a string without NUL, a number or a "
			 "boolean only", column->name);
}

static int put_condition(struct drvp_pg *s, struct drvp_strbuf *sql,
			 const struct drvp_relation *relation,
			 const struct drvp_condition *condition, struct drv_error *err)
{
	const struct drvp_column *column;
	int status = drvp_pg_find_column(&column, relation, condition->column, err);

	if (status)
		return status;
	if (condition->op == DRVP_AT_LEAST)
		drvp_pg_put_key(s, sql, DRVP_PG_ROW, column);
	else
		drvp_pg_put_column(s, sql, DRVP_PG_ROW, column);
	switch (condition->op) {
	case DRVP_IS_NULL:
		drvp_strbuf_str(sql, " IS NULL");
		return 0;
	case DRVP_NOT_NULL:
		drvp_strbuf_str(sql, " IS NOT NULL");
		return 0;
	case DRVP_EQUALS:
		drvp_strbuf_str(sql, " OPERATOR(pg_catalog.=) ");
		break;
	default:
		drvp_strbuf_str(sql, " OPERATOR(pg_catalog.>=) ");
		break;
	}
	return put_value(s, sql, column, condition->value, err);
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
