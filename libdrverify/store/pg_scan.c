/* pg_scan.c: streams a relation's rows by binary COPY */
#include "store/pg.h"

#include <inttypes.h>
#include <string.h>

/* A scan under way. */
struct scan {
	struct drvp_pg *s;
	struct drvp_strbuf sql;
	struct drvp_pg_field *fields;
	struct drvp_pg_alias *aliases;
	const struct drvp_column **stable;      /* of each field that is STABLE */
	size_t value_count;          /* so far */
	const char **key_names;
	size_t key_count;
	struct drvp_pg_decoder decoder;
};

/* ------------------------------------------------------------------ the query */

/* Finds what a name stands for, and which row has it: that of the relation first. */
static int find_place(struct drvp_place *place, const char **row, const struct drvp_scan *wanted,
		      const char *name, struct drv_error *err)
{
	const struct drvp_join *join = wanted->join;

	*row = DRVP_PG_ROW;
	*place = drvp_relation_place(wanted->relation, name);
	if (!place->column && join) {
		*row = DRVP_PG_JOINED;
		*place = drvp_relation_place(join->relation, name);
	}
	return place->column ? 0 : drvp_pg_find_place(place, wanted->relation, name, err);
}

/* format() prints with the type's own output function, which a cast to text may not do. */
static void put_stable(struct scan *scan, const struct drvp_column *column, const char *row,
		       struct drvp_pg_field *field)
{
	const struct drvp_pg_stable *stable = drvp_pg_stable(column->type_oid);

	field->form = DRVP_PG_STABLE;
	field->float_size = stable->float_size;
	field->float_skip = stable->float_skip;
	scan->stable[scan->decoder.stable_count++] = column;
	if (stable->printed)
		drvp_strbuf_str(&scan->sql, "pg_catalog.format('%L', ");
	drvp_pg_put_column(scan->s, &scan->sql, row, column);
	if (stable->printed)
		drvp_strbuf_char(&scan->sql, ')');
}

/* Whether a value can be decoded from what its column travels as for the sake of its bytes. */
static bool is_wire(const struct drvp_column *column)
{
	const struct drvp_pg_type *type = drvp_pg_type(column->type_oid);

	return !*type->prefix && !*type->suffix && !drvp_pg_stable(column->type_oid)->printed;
}

/* What a column has travelled for already is not asked for again. */
static bool put_alias(struct scan *scan, const struct drvp_pg_field *field,
		      const struct drvp_column *column)
{
	struct drvp_pg_decoder *d = &scan->decoder;

	for (size_t i = 0; i < d->stable_count; i++)
		if (scan->stable[i] == column && is_wire(column)) {
			scan->aliases[d->alias_count++] = (struct drvp_pg_alias){ *field, i };
			return true;
		}
	return false;
}

static void put_field(struct scan *scan, const struct drvp_place *place, const char *row,
		      const char *name, int form)
{
	const struct drvp_pg_type *type = drvp_pg_type(place->column->type_oid);
	struct drvp_pg_decoder *d = &scan->decoder;
	struct drvp_pg_field *field = &scan->fields[d->field_count];

	*field = (struct drvp_pg_field){
		.column = name,
		.form = type->form,
		.order_lost = type->order_lost,
		.inside = place->path,
		.to = scan->value_count++,
	};
	if (form == DRVP_FORM_VALUE && !place->path && put_alias(scan, field, place->column))
		return;
	if (d->field_count || d->has_ctid)
		drvp_strbuf_str(&scan->sql, ", ");
	d->field_count++;
	if (form == DRVP_FORM_STABLE) {
		put_stable(scan, place->column, row, field);
	} else if (form == DRVP_FORM_PRESENCE) {
		field->form = DRVP_PG_PRESENCE;
		drvp_strbuf_char(&scan->sql, '(');
		drvp_pg_put_presence(scan->s, &scan->sql, row, place, true);
		drvp_strbuf_char(&scan->sql, ')');
	} else if (place->path) {
		drvp_pg_put_inside(scan->s, &scan->sql, row, place);
	} else {
		drvp_strbuf_str(&scan->sql, type->prefix);
		drvp_pg_put_column(scan->s, &scan->sql, row, place->column);
		drvp_strbuf_str(&scan->sql, type->suffix);
	}
}

static int put_columns(struct scan *scan, const struct drvp_scan *wanted, struct drv_error *err)
{
	for (size_t i = 0; i < wanted->column_count; i++) {
		const struct drvp_wanted *column = &wanted->columns[i];
		struct drvp_place place;
		const char *row;
		int status = find_place(&place, &row, wanted, column->column, err);

		if (!status && column->form == DRVP_FORM_STABLE &&
		    (place.path || scan->value_count != scan->decoder.stable_count))
			status = drvp_fail(err, DRV_E_INTERNAL, "column \"%s\" has no stable form here",
					   column->column);
		if (status)
			return status;
		put_field(scan, &place, row, column->column, column->form);
	}
	return 0;
}

static const struct drvp_column *key_column(const struct drvp_relation *relation, size_t position)
{
	for (size_t i = 0; i < relation->column_count; i++)
		if (relation->columns[i].key_position == position)
			return &relation->columns[i];
	return NULL;
}

static void put_keys(struct scan *scan, const struct drvp_relation *relation)
{
	const struct drvp_column *column;

	while ((column = key_column(relation, scan->key_count + 1))) {
		put_field(scan, &(struct drvp_place){ column, NULL }, DRVP_PG_ROW, column->name,
			  DRVP_FORM_VALUE);
		scan->key_names[scan->key_count++] = column->name;
	}
}

/* Rows that are alike come as they lie in the heap. A tree of tables has several. */
static int put_order(struct scan *scan, const struct drvp_scan *wanted, struct drv_error *err)
{
	const char *joint = " ORDER BY ";

	for (size_t i = 0; i < wanted->order_count; i++) {
		struct drvp_place place;
		const char *row;
		int status = find_place(&place, &row, wanted, wanted->order_by[i], err);

		if (status)
			return status;
		drvp_strbuf_str(&scan->sql, joint);
		drvp_pg_put_key(scan->s, &scan->sql, row, &place);
		drvp_strbuf_str(&scan->sql, " NULLS LAST");
		joint = ", ";
	}
	if (wanted->order_count && wanted->relation->has_ctid)
		drvp_strbuf_str(&scan->sql, wanted->relation->kind == DRVP_PARTITIONED ?
				", " DRVP_PG_ROW ".tableoid, " DRVP_PG_ROW ".ctid" :
				", " DRVP_PG_ROW ".ctid");
	return 0;
}

static int put_query(struct scan *scan, const struct drvp_scan *wanted, struct drv_error *err)
{
	int status;

	drvp_strbuf_str(&scan->sql, "COPY (SELECT ");
	if (scan->decoder.has_ctid)
		drvp_strbuf_str(&scan->sql, DRVP_PG_ROW ".ctid");
	if (scan->decoder.tree)
		drvp_strbuf_str(&scan->sql, ", " DRVP_PG_ROW ".tableoid");
	status = put_columns(scan, wanted, err);
	if (status)
		return status;
	if (wanted->keys)
		put_keys(scan, wanted->relation);
	status = drvp_pg_put_from(scan->s, &scan->sql, wanted->relation, wanted->join, err);
	if (!status)
		status = drvp_pg_put_where(scan->s, &scan->sql, wanted->relation,
					   &wanted->selection, wanted->range, err);
	if (!status)
		status = put_order(scan, wanted, err);
	/* Rights are judged before the first row is asked for. */
	if (scan->s->session.rehearsal)
		drvp_strbuf_str(&scan->sql, " LIMIT 0");
	else if (wanted->limit)
		drvp_strbuf_printf(&scan->sql, " LIMIT %" PRIu64, wanted->limit);
	drvp_strbuf_str(&scan->sql, ") TO STDOUT (FORMAT binary)");
	if (!status && scan->sql.failed)
		status = drvp_fail_nomem(err);
	return status;
}

/* ------------------------------------------------------------------ the stream */

/* A row's text that came from the callback is the callback's own error. */
static int stop(struct scan *scan, int status, bool callback, struct drv_error *err)
{
	drvp_pg_abandon(scan->s);
	if (callback && status < 0 && err && err->status != status)
		drvp_pg_fail(scan->s, err, status, "reading stopped after %" PRIu64 " rows",
			     scan->decoder.rows);
	return status > 0 ? 0 : status;
}

static int check_end(struct scan *scan, struct drv_error *err)
{
	uint64_t sent;
	int status = drvp_pg_copy_finish(scan->s, &sent, err);

	if (status)
		return status;
	if (!scan->decoder.ended)
		return drvp_pg_fail(scan->s, err, DRV_E_INTERNAL,
				    "protocol: the rows end without their end mark");
	if (sent != scan->decoder.rows)
		return drvp_pg_fail(scan->s, err, DRV_E_INTERNAL, "protocol: %" PRIu64
				    " rows arrived, the server sent %" PRIu64, scan->decoder.rows,
				    sent);
	return 0;
}

static int stream(struct scan *scan, drvp_row_fn fn, void *user, struct drv_error *err)
{
	char *bytes;
	size_t len;
	int status = drvp_pg_limit_time(scan->s, 0, err);

	if (!status)
		status = drvp_pg_copy_start(scan->s, scan->sql.data, err);
	if (status)
		return status;
	while ((status = drvp_pg_copy_next(scan->s, &bytes, &len, err)) > 0) {
		bool callback = false;
		int stopped = drvp_pg_decode(&scan->decoder, bytes, len, fn, user, &callback, err);

		PQfreemem(bytes);
		if (stopped)
			return stop(scan, stopped, callback, err);
	}
	if (!status)
		status = check_end(scan, err);
	/* What failed falls back to the savepoint, and with it to the usual limit. */
	return status ? status : drvp_pg_limit_time(scan->s, scan->s->limits.work, err);
}

/* ------------------------------------------------------------------ the scan */

static int prepare(struct scan *scan, struct drvp_arena *arena, const struct drvp_scan *wanted,
		   struct drv_error *err)
{
	const struct drvp_relation *relation = wanted->relation;
	size_t most = wanted->column_count + relation->column_count;
	struct drvp_pg_decoder *d = &scan->decoder;
	int status;

	scan->fields = drvp_arena_array(arena, most, sizeof *scan->fields);
	scan->aliases = drvp_arena_array(arena, most, sizeof *scan->aliases);
	scan->stable = drvp_arena_array(arena, most, sizeof *scan->stable);
	scan->key_names = drvp_arena_array(arena, relation->column_count, sizeof(char *));
	d->values = drvp_arena_array(arena, most, sizeof *d->values);
	if (!scan->fields || !scan->aliases || !scan->stable || !scan->key_names || !d->values)
		return drvp_fail_nomem(err);
	d->fields = scan->fields;
	d->aliases = scan->aliases;
	d->has_ctid = relation->has_ctid && !wanted->unplaced;
	d->tree = d->has_ctid && relation->kind == DRVP_PARTITIONED ? relation : NULL;
	d->arena = &scan->s->row;
	status = put_query(scan, wanted, err);
	d->row.values = d->values;
	d->row.value_count = wanted->column_count;
	d->row.keys = d->values + wanted->column_count;
	d->row.key_names = scan->key_names;
	d->row.key_count = scan->key_count;
	return status;
}

int drvp_pg_scan(struct drvp_session *session, const struct drvp_scan *wanted, drvp_row_fn fn,
		 void *user, uint64_t *rows, struct drv_error *err)
{
	struct scan scan = { .s = drvp_pg(session) };
	struct drvp_arena arena = { NULL, NULL, 0 };
	int status;

	scan.s->about = wanted->relation;
	status = prepare(&scan, &arena, wanted, err);
	if (!status)
		status = stream(&scan, fn, user, err);
	*rows = scan.decoder.rows;
	drvp_arena_reset(&scan.s->row);
	drvp_strbuf_free(&scan.sql);
	drvp_arena_free(&arena);
	return status;
}
