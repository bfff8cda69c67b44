/* fake_store.c: a store whose tables lie in memory, for tests of checks without a server */
#include "fake_store.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ tables */

void fake_table_init(struct fake_table *table, size_t rows_per_block)
{
	memset(table, 0, sizeof *table);
	table->rows_per_block = rows_per_block;
}

void fake_table_free(struct fake_table *table)
{
	while (table->row_count > 0)
		free(table->rows[--table->row_count]);
	free(table->rows);
	memset(table, 0, sizeof *table);
}

void fake_column(struct fake_table *table, const char *name, int kind)
{
	if (table->column_count == FAKE_COLUMNS)
		abort();
	table->columns[table->column_count] = (struct drvp_column){
		.name = name, .type = "", .kind = kind, .key_position = !table->column_count,
	};
	table->column_count++;
}

struct drvp_value *fake_row(struct fake_table *table)
{
	struct drvp_value *row = calloc(table->column_count, sizeof *row);

	if (table->row_count == table->row_capacity) {
		table->row_capacity = table->row_capacity ? 2 * table->row_capacity : 16;
		table->rows = realloc(table->rows, table->row_capacity * sizeof *table->rows);
	}
	if (!row || !table->rows)
		abort();
	return table->rows[table->row_count++] = row;
}

void fake_remove(struct fake_table *table, size_t row)
{
	free(table->rows[row]);
	table->row_count--;
	memmove(&table->rows[row], &table->rows[row + 1],
		(table->row_count - row) * sizeof *table->rows);
}

void fake_insert(struct fake_table *table, size_t at, const struct drvp_value *row)
{
	struct drvp_value *copy = fake_row(table);

	memcpy(copy, row, table->column_count * sizeof *copy);
	memmove(&table->rows[at + 1], &table->rows[at],
		(table->row_count - 1 - at) * sizeof *table->rows);
	table->rows[at] = copy;
}

/* ------------------------------------------------------------------ values */

struct drvp_value fake_text(const char *text)
{
	return (struct drvp_value){ .kind = DRVP_TEXT, .bytes = text, .len = strlen(text) };
}

struct drvp_value fake_integer(int64_t number)
{
	return (struct drvp_value){ .kind = DRVP_INTEGER, .integer = number };
}

struct drvp_value fake_time(int kind, int64_t microseconds)
{
	return (struct drvp_value){ .kind = kind, .integer = microseconds };
}

struct drvp_value fake_document(const struct drvp_json *json, bool order_lost)
{
	return (struct drvp_value){ .kind = DRVP_DOCUMENT, .json = json, .order_lost = order_lost };
}

struct drvp_value fake_bytes(const void *bytes, size_t len)
{
	return (struct drvp_value){ .kind = DRVP_BYTES, .bytes = bytes, .len = len };
}

/* ------------------------------------------------------------------ sessions */

void fake_session_init(struct fake_session *session, struct fake_table *table)
{
	size_t per_block = table->rows_per_block;

	memset(session, 0, sizeof *session);
	session->session.store = &fake_store;
	session->table = table;
	session->relation = (struct drvp_relation){
		.schema = per_block ? "public" : NULL,
		.name = "entries",
		.kind = per_block ? DRVP_TABLE : DRVP_COLLECTION,
		.columns = per_block ? table->columns : NULL,
		.column_count = per_block ? table->column_count : 0,
		.blocks = per_block ? (table->row_count + per_block - 1) / per_block : 0,
	};
}

static const struct drvp_value *value_of(const struct fake_table *table, size_t row,
					 const char *column)
{
	static const struct drvp_value null = { .kind = DRVP_NULL };

	for (size_t i = 0; i < table->column_count; i++)
		if (!strcmp(table->columns[i].name, column))
			return &table->rows[row][i];
	return &null;
}

static bool equals(const struct drvp_value *value, const struct drvp_json *wanted)
{
	if (value->kind == DRVP_TEXT)
		return value->len == wanted->len && !memcmp(value->bytes, wanted->text, value->len);
	if (value->kind == DRVP_INTEGER)
		return value->integer == strtoll(wanted->text, NULL, 10);
	return value->kind == DRVP_BOOL && (value->integer != 0) == wanted->truth;
}

static bool selected(const struct fake_table *table, size_t row,
		     const struct drvp_selection *selection)
{
	for (size_t i = 0; i < selection->where_count; i++) {
		const struct drvp_condition *c = &selection->where[i];
		const struct drvp_value *value = value_of(table, row, c->column);
		bool holds = c->op == DRVP_IS_NULL ? value->kind == DRVP_NULL :
			     c->op == DRVP_NOT_NULL ? value->kind != DRVP_NULL :
						      equals(value, c->value);

		if (!holds)
			return false;
	}
	return true;
}

static bool in_range(const struct fake_table *table, size_t row, const struct drvp_range *range)
{
	uint32_t block;

	if (!range || !table->rows_per_block)
		return true;
	block = (uint32_t)(row / table->rows_per_block);
	return block >= range->first_block &&
	       (range->end_block == UINT32_MAX || block < range->end_block);
}

static int feed(const struct fake_table *table, size_t row, const struct drvp_scan *scan,
		uint64_t ordinal, drvp_row_fn fn, void *user)
{
	static const char *const key_name[] = { "id" };
	struct drvp_value values[FAKE_COLUMNS];
	struct drvp_row fed = { .values = values, .value_count = scan->column_count,
				.ordinal = ordinal };

	for (size_t i = 0; i < scan->column_count; i++) {
		values[i] = *value_of(table, row, scan->columns[i].column);
		if (scan->columns[i].form == DRVP_FORM_PRESENCE && values[i].kind != DRVP_NULL)
			values[i] = (struct drvp_value){ .kind = DRVP_PRESENT };
	}
	fed.ctid.block = UINT32_MAX;
	if (table->rows_per_block) {
		fed.ctid.block = (uint32_t)(row / table->rows_per_block);
		fed.ctid.offset = (uint16_t)(row % table->rows_per_block + 1);
	}
	if (scan->keys) {
		fed.keys = table->rows[row];
		fed.key_names = key_name;
		fed.key_count = 1;
	}
	return fn(&fed, user);
}

static int fake_scan(struct drvp_session *session, const struct drvp_scan *scan, drvp_row_fn fn,
		     void *user, uint64_t *rows, struct drv_error *err)
{
	struct fake_session *fake = (struct fake_session *)session;

	bool fails = fake->fails && fake->scans >= fake->fail_scan;

	fake->scans++;
	*rows = 0;
	for (size_t i = 0; i < fake->table->row_count; i++) {
		int status;

		if (fails && *rows == fake->fail_after)
			return drvp_fail(err, fake->fail_status, "the scan was told to fail");
		if (!in_range(fake->table, i, scan->range) ||
		    !selected(fake->table, i, &scan->selection))
			continue;
		status = feed(fake->table, i, scan, (*rows)++, fn, user);
		fake->rows_fed++;
		if (status)
			return status < 0 ? status : 0;
	}
	return 0;
}

static int fake_count(struct drvp_session *session, const struct drvp_relation *relation,
		      const struct drvp_selection *selection, uint64_t *rows, struct drv_error *err)
{
	struct fake_session *fake = (struct fake_session *)session;

	(void)relation;
	(void)err;
	fake->counts++;
	*rows = 0;
	for (size_t i = 0; i < fake->table->row_count; i++)
		*rows += selected(fake->table, i, selection);
	return 0;
}

static int fake_cut(struct drvp_session *session, const struct drvp_relation *relation,
		    struct drvp_range *ranges, size_t most, size_t *count, struct drv_error *err)
{
	uint64_t blocks = relation->blocks;

	(void)session;
	(void)err;
	*count = blocks < 2 ? 1 : blocks < most ? (size_t)blocks : most;
	for (size_t i = 0; i < *count; i++) {
		ranges[i].first_block = (uint32_t)(blocks * i / *count);
		ranges[i].end_block = (uint32_t)(blocks * (i + 1) / *count);
	}
	ranges[*count - 1].end_block = UINT32_MAX;
	return 0;
}

static int fake_zone(struct drvp_session *session, const char *name, struct drvp_zone *out,
		     struct drv_error *err)
{
	struct fake_session *fake = (struct fake_session *)session;

	fake->zones++;
	if (!fake->zone)
		return drvp_fail(err, DRV_E_USAGE, "there is no time zone \"%s\"", name);
	*out = *fake->zone;
	return 0;
}

const struct drvp_store fake_store = {
	.name = "fake",
	.scan = fake_scan,
	.count = fake_count,
	.cut = fake_cut,
	.zone = fake_zone,
};
