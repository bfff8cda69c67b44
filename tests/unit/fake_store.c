/* fake_store.c: a store whose tables lie in memory, for tests of checks without a server */
#include "fake_store.h"

#include <stdio.h>
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

static struct drvp_relation relation_of(const struct fake_table *table, const char *name)
{
	size_t per_block = table->rows_per_block;

	return (struct drvp_relation){
		.schema = per_block ? "public" : NULL,
		.name = name,
		.kind = per_block ? DRVP_TABLE : DRVP_COLLECTION,
		.columns = per_block ? table->columns : NULL,
		.column_count = per_block ? table->column_count : 0,
		.blocks = per_block ? (table->row_count + per_block - 1) / per_block : 0,
	};
}

void fake_session_init(struct fake_session *session, struct fake_table *table)
{
	memset(session, 0, sizeof *session);
	session->session.store = &fake_store;
	session->table = table;
	session->relation = relation_of(table, "entries");
}

void fake_session_join(struct fake_session *session, struct fake_table *table)
{
	session->joined = table;
	session->joined_relation = relation_of(table, "bodies");
}

/* NULL when the table has no such column. */
static const struct drvp_value *find_value(const struct fake_table *table, size_t row,
					   const char *column)
{
	for (size_t i = 0; i < table->column_count; i++)
		if (!strcmp(table->columns[i].name, column))
			return &table->rows[row][i];
	return NULL;
}

static const struct drvp_value no_value = { .kind = DRVP_NULL };

static const struct drvp_value *value_of(const struct fake_table *table, size_t row,
					 const char *column)
{
	const struct drvp_value *value = find_value(table, row, column);

	return value ? value : &no_value;
}

/* ------------------------------------------------------------------ comparing */

static int compare_numbers(double a, double b)
{
	return (a > b) - (a < b);
}

/* In the order of a scan: NULL last, texts by their bytes. */
static int compare(const struct drvp_value *a, const struct drvp_value *b)
{
	size_t shorter = a->len < b->len ? a->len : b->len;
	int order;

	if (a->kind == DRVP_NULL || b->kind == DRVP_NULL)
		return (a->kind == DRVP_NULL) - (b->kind == DRVP_NULL);
	if (a->kind == DRVP_FLOAT)
		return compare_numbers(a->number, b->number);
	if (a->kind == DRVP_DECIMAL)
		return compare_numbers(strtod(a->bytes, NULL), strtod(b->bytes, NULL));
	if (!a->bytes)
		return (a->integer > b->integer) - (a->integer < b->integer);
	order = shorter ? memcmp(a->bytes, b->bytes, shorter) : 0;
	return order ? order : (a->len > b->len) - (a->len < b->len);
}

/* The integer that a condition's text stands for in a column of a time. */
static int64_t time_of(int kind, const struct drvp_json *text)
{
	const char *rest = kind == DRVP_DATE ? "T00:00:00Z" : kind == DRVP_LOCAL_TIME ? "Z" : "";
	char whole[64];
	int64_t instant;
	int len = snprintf(whole, sizeof whole, "%s%s", text->text, rest);

	if (!drvp_instant_parse(&instant, whole, (size_t)len))
		abort();
	return kind == DRVP_DATE ? instant / (86400 * DRVP_SECOND) : instant;
}

/* What a condition compares with, as a value of the column's kind. */
static struct drvp_value wanted_value(int kind, const struct drvp_json *wanted)
{
	struct drvp_value value = { .kind = kind };

	if (wanted->type == DRVP_JSON_BOOL) {
		value.integer = wanted->truth;
	} else if (kind == DRVP_FLOAT) {
		value.number = strtod(wanted->text, NULL);
	} else if (kind == DRVP_TEXT || kind == DRVP_DECIMAL) {
		value.bytes = wanted->text;
		value.len = wanted->len;
	} else {
		value.integer = wanted->type == DRVP_JSON_NUMBER ? strtoll(wanted->text, NULL, 10) :
								   time_of(kind, wanted);
	}
	return value;
}

static bool holds(const struct drvp_condition *c, const struct drvp_value *value)
{
	struct drvp_value wanted;
	int order;

	if (c->op == DRVP_IS_NULL || c->op == DRVP_NOT_NULL)
		return (value->kind == DRVP_NULL) == (c->op == DRVP_IS_NULL);
	if (value->kind == DRVP_NULL)
		return false;
	wanted = wanted_value(value->kind, c->value);
	order = compare(value, &wanted);
	return c->op == DRVP_EQUALS ? order == 0 : order >= 0;
}

static bool selected(const struct fake_table *table, size_t row,
		     const struct drvp_selection *selection)
{
	for (size_t i = 0; i < selection->where_count; i++)
		if (!holds(&selection->where[i], value_of(table, row, selection->where[i].column)))
			return false;
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

/* ------------------------------------------------------------------ scans */

#define NO_ROW SIZE_MAX

/* A row that a scan feeds: one of the table, and one of the joined table or NO_ROW. */
struct pick {
	const struct fake_session *session;
	const struct drvp_scan *scan;
	size_t row, joined;
};

static const struct drvp_value *picked_value(const struct pick *pick, const char *column)
{
	const struct drvp_value *value = find_value(pick->session->table, pick->row, column);

	if (value || pick->joined == NO_ROW)
		return value ? value : &no_value;
	return value_of(pick->session->joined, pick->joined, column);
}

static int compare_picks(const void *left, const void *right)
{
	const struct pick *a = left, *b = right;

	for (size_t i = 0; i < a->scan->order_count; i++) {
		int order = compare(picked_value(a, a->scan->order_by[i]),
				    picked_value(b, a->scan->order_by[i]));

		if (order)
			return order;
	}
	if (a->row == b->row)
		return (a->joined > b->joined) - (a->joined < b->joined);
	return a->row > b->row ? 1 : -1;
}

static bool matches(const struct fake_session *fake, const struct drvp_join *join, size_t row,
		    size_t joined)
{
	for (size_t i = 0; i < join->on_count; i++) {
		const struct drvp_value *a = value_of(fake->table, row, join->on[i].column);
		const struct drvp_value *b = value_of(fake->joined, joined, join->on[i].joined);

		if (a->kind == DRVP_NULL || b->kind == DRVP_NULL || compare(a, b))
			return false;
	}
	return true;
}

/* Room is made whenever the number reaches a power of two. */
static void pick_row(struct pick **picks, size_t *count, struct pick pick)
{
	if ((*count & (*count - 1)) == 0)
		*picks = realloc(*picks, (*count ? 2 * *count : 1) * sizeof **picks);
	if (!*picks)
		abort();
	(*picks)[(*count)++] = pick;
}

/* All that a scan will feed, in its order. */
static struct pick *pick_rows(const struct fake_session *fake, const struct drvp_scan *scan,
			      size_t *count)
{
	struct pick *picks = NULL;

	*count = 0;
	for (size_t i = 0; i < fake->table->row_count; i++) {
		struct pick pick = { fake, scan, i, NO_ROW };
		size_t before = *count;

		if (!in_range(fake->table, i, scan->range) ||
		    !selected(fake->table, i, &scan->selection))
			continue;
		for (size_t j = 0; scan->join && j < fake->joined->row_count; j++) {
			pick.joined = j;
			if (matches(fake, scan->join, i, j))
				pick_row(&picks, count, pick);
		}
		pick.joined = NO_ROW;
		if (*count == before)
			pick_row(&picks, count, pick);
	}
	if (scan->order_count && *count)
		qsort(picks, *count, sizeof *picks, compare_picks);
	return picks;
}

/* As text behind its length, which does for the values of tests. */
static void add_stable(struct drvp_strbuf *stable, const struct drvp_value *value)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	drvp_value_print(&text, value);
	drvp_strbuf_printf(stable, "%d:", value->kind == DRVP_NULL ? -1 : (int)text.len);
	drvp_strbuf_add(stable, drvp_strbuf_text(&text), text.len);
	stable->failed |= text.failed;
	drvp_strbuf_free(&text);
}

static int feed(const struct pick *pick, uint64_t ordinal, drvp_row_fn fn, void *user)
{
	static const char *const key_name[] = { "id" };
	const struct fake_table *table = pick->session->table;
	const struct drvp_scan *scan = pick->scan;
	struct drvp_value values[FAKE_COLUMNS];
	struct drvp_row fed = { .values = values, .value_count = scan->column_count,
				.ordinal = ordinal };
	struct drvp_strbuf stable = DRVP_STRBUF_INIT;
	int status;

	for (size_t i = 0; i < scan->column_count; i++) {
		values[i] = *picked_value(pick, scan->columns[i].column);
		if (scan->columns[i].form == DRVP_FORM_STABLE)
			add_stable(&stable, &values[i]);
		if (scan->columns[i].form == DRVP_FORM_PRESENCE && values[i].kind != DRVP_NULL)
			values[i] = (struct drvp_value){ .kind = DRVP_PRESENT };
	}
	fed.stable = drvp_strbuf_text(&stable);
	fed.stable_len = stable.len;
	fed.ctid.block = UINT32_MAX;
	if (table->rows_per_block) {
		fed.ctid.block = (uint32_t)(pick->row / table->rows_per_block);
		fed.ctid.offset = (uint16_t)(pick->row % table->rows_per_block + 1);
	}
	if (scan->keys) {
		fed.keys = table->rows[pick->row];
		fed.key_names = key_name;
		fed.key_count = 1;
	}
	status = stable.failed ? DRV_E_NOMEM : fn(&fed, user);
	drvp_strbuf_free(&stable);
	return status;
}

static int fake_scan(struct drvp_session *session, const struct drvp_scan *scan, drvp_row_fn fn,
		     void *user, uint64_t *rows, struct drv_error *err)
{
	struct fake_session *fake = (struct fake_session *)session;
	bool fails = fake->fails && fake->scans >= fake->fail_scan;
	struct pick *picks;
	size_t count;
	int status = 0;

	fake->scans++;
	*rows = 0;
	if (scan->join && scan->join->relation != &fake->joined_relation)
		abort();
	picks = pick_rows(fake, scan, &count);
	for (size_t i = 0; i < count && !status && (!scan->limit || *rows < scan->limit); i++) {
		if (fails && *rows == fake->fail_after) {
			status = drvp_fail(err, fake->fail_status, "the scan was told to fail");
			break;
		}
		status = feed(&picks[i], (*rows)++, fn, user);
		fake->rows_fed++;
	}
	free(picks);
	return status < 0 ? status : 0;
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
