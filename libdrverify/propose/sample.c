/* sample.c: some rows of a table, each with what stands before it */
#include <stdlib.h>
#include <string.h>

#include "propose/propose.h"
#include "store/row_copy.h"

/* Rows from which columns are guessed; rows of the beginning, and any others, that are kept. */
#define POPULATION 300
#define FIRST_ROWS 24
#define OTHER_ROWS 16

/* ------------------------------------------------------------------ reading rows */

struct collecting {
	struct drvp_sample *sample;
	struct drvp_sample_rows *rows;
};

static int collect_row(const struct drvp_row *row, void *user)
{
	struct collecting *c = user;
	struct drvp_row copy;
	int status = drvp_row_copy(&copy, row, &c->sample->arena);

	if (status || c->rows->count == c->rows->most)
		return status;
	c->rows->rows[c->rows->count++] = (struct drvp_sample_row){ .values = copy.values };
	return 0;
}

/* At most so many more rows, in the order of a column or in none. */
static int collect(struct drvp_sample *sample, struct drvp_sample_rows *rows, size_t most,
		   size_t order, struct drv_error *err)
{
	const struct drvp_propose *ask = sample->ask;
	const char *order_by = order == DRVP_NO_COLUMN ? NULL : sample->columns[order].name;
	struct drvp_wanted *wanted = drvp_arena_array(&sample->arena, sample->column_count,
						      sizeof *wanted);
	const struct drvp_condition hashed = {
		sample->hash == DRVP_NO_COLUMN ? NULL : sample->columns[sample->hash].name,
		DRVP_NOT_NULL, NULL
	};
	struct collecting c = { sample, rows };
	const struct drvp_scan scan = {
		.relation = ask->relation,
		.selection = { &hashed, hashed.column ? 1 : 0, NULL },
		.columns = wanted,
		.column_count = sample->column_count,
		.order_by = &order_by,
		.order_count = order_by ? 1 : 0,
		.limit = most,
	};
	struct drvp_sample_row *grown;
	uint64_t fed;

	rows->most = rows->count + most;
	grown = realloc(rows->rows, rows->most * sizeof *rows->rows);
	if (grown)
		rows->rows = grown;
	if (!wanted || !grown)
		return drvp_fail_nomem(err);
	for (size_t i = 0; i < sample->column_count; i++)
		wanted[i] = (struct drvp_wanted){ sample->columns[i].name, DRVP_FORM_VALUE };
	return ask->session->store->scan(ask->session, &scan, collect_row, &c, &fed, err);
}

/* ------------------------------------------------------------------ members of documents */

/* More are no audit log, but somebody's data as names. */
#define MEMBERS_MAX 64

struct discovering {
	struct drvp_sample *sample;
	struct drvp_column *columns;
	size_t documents;
};

static int discover_member(struct discovering *d, const struct drvp_json *member)
{
	struct drvp_sample *sample = d->sample;
	char *name;

	for (size_t i = 0; i < sample->column_count; i++)
		if (!strcmp(sample->columns[i].name, member->key))
			return 0;
	/* A name with a dot or a NUL cannot be asked for. */
	if (sample->column_count == MEMBERS_MAX || strlen(member->key) != member->key_len ||
	    strchr(member->key, '.') || !member->key_len)
		return 0;
	name = drvp_arena_copy(&sample->arena, member->key, member->key_len);
	d->columns[sample->column_count++] = (struct drvp_column){
		.name = name, .kind = DRVP_NULL, .key_position = !strcmp(member->key, "_id"),
	};
	return name ? 0 : DRV_E_NOMEM;
}

static int discover_document(const struct drvp_row *row, void *user)
{
	struct discovering *d = user;
	int status = 0;

	if (row->values[0].kind != DRVP_DOCUMENT || d->documents++ >= POPULATION)
		return 0;
	for (const struct drvp_json *m = row->values[0].json->first; m && !status; m = m->next)
		status = discover_member(d, m);
	return status;
}

/* A collection declares no columns: the members of some of its documents stand for them. */
static int discover(struct drvp_sample *sample, struct drv_error *err)
{
	const struct drvp_propose *ask = sample->ask;
	const struct drvp_wanted whole = { "", DRVP_FORM_VALUE };
	const struct drvp_scan scan = { .relation = ask->relation, .columns = &whole,
					.column_count = 1, .limit = POPULATION };
	struct discovering d = { .sample = sample };
	uint64_t fed;

	d.columns = drvp_arena_array(&sample->arena, MEMBERS_MAX, sizeof *d.columns);
	if (!d.columns)
		return drvp_fail_nomem(err);
	sample->columns = d.columns;
	return ask->session->store->scan(ask->session, &scan, discover_document, &d, &fed, err);
}

/* What the members hold, by the first document that has them. */
static void find_kinds(struct drvp_sample *sample, const struct drvp_sample_rows *rows)
{
	struct drvp_column *columns = (struct drvp_column *)(uintptr_t)sample->columns;

	for (size_t i = 0; i < sample->column_count; i++)
		for (size_t j = 0; j < rows->count && columns[i].kind == DRVP_NULL; j++)
			columns[i].kind = rows->rows[j].values[i].kind;
}

/* ------------------------------------------------------------------ classes */

static bool is_json(const struct drvp_sample *sample, size_t column)
{
	static const struct drvp_json_limits limits = { 1 << 20, 64, DRVP_JSON_DUPLICATES };
	struct drvp_arena scratch = { 0 };
	struct drvp_json *root;
	size_t count = 0;
	bool all = true;

	for (size_t i = 0; i < sample->count && all; i++) {
		const struct drvp_value *value = &sample->rows[i].values[column];

		if (value->kind == DRVP_NULL)
			continue;
		all = value->len && (value->bytes[0] == '{' || value->bytes[0] == '[') &&
		      !drvp_json_parse(&root, &scratch, value->bytes, value->len, &limits, NULL);
		count++;
	}
	drvp_arena_free(&scratch);
	return all && count;
}

static int class_of(const struct drvp_sample *sample, size_t index)
{
	const struct drvp_column *column = &sample->columns[index];

	switch (column->kind) {
	case DRVP_INSTANT:
	case DRVP_LOCAL_TIME:
		return DRVP_PIECE_TIME;
	case DRVP_DOCUMENT:
		return DRVP_PIECE_DOCUMENT;
	case DRVP_TEXT:
		return is_json(sample, index) ? DRVP_PIECE_DOCUMENT : DRVP_PIECE_PLAIN;
	case DRVP_DECIMAL:
		return DRVP_PIECE_NUMBER;
	case DRVP_INTEGER:
		/* Drivers of languages with narrower numbers give these as text. */
		return column->type && !strcmp(column->type, "bigint") ? DRVP_PIECE_NUMBER :
									 DRVP_PIECE_PLAIN;
	case DRVP_BOOL:
		return DRVP_PIECE_BOOL;
	case DRVP_UUID:
		return DRVP_PIECE_UUID;
	default:
		return DRVP_PIECE_PLAIN;
	}
}

static int classify(struct drvp_sample *sample, struct drv_error *err)
{
	sample->classes = drvp_arena_array(&sample->arena, sample->column_count, 1);
	if (!sample->classes)
		return drvp_fail_nomem(err);
	sample->order_lost = true;
	for (size_t i = 0; i < sample->column_count; i++) {
		sample->classes[i] = (uint8_t)class_of(sample, i);
		if (sample->classes[i] == DRVP_PIECE_DOCUMENT)
			sample->order_lost &= sample->columns[i].order_lost;
	}
	return 0;
}

/* ------------------------------------------------------------------ the sample */

static bool is_hash(const struct drvp_sample *sample, const struct drvp_value *value)
{
	uint8_t bytes[DRVP_DIGEST_MAX];
	int encoding;

	return drvp_hash_of(value, bytes, &encoding) == sample->hash_size &&
	       encoding == sample->encoding;
}

static bool is_zeros(const struct drvp_value *value)
{
	for (size_t i = 0; i < value->len; i++)
		if (value->bytes[i] != (value->kind == DRVP_BYTES ? 0 : '0'))
			return false;
	return true;
}

/*
 * What the row refers to. The first by order that refers to a hash nobody has begins with a word
 * that only looks like one.
 */
static void link_row(struct drvp_sample *sample, size_t index)
{
	struct drvp_sample_row *row = &sample->rows[index];
	const struct drvp_value *previous = &row->values[sample->previous];
	bool found = false;

	row->previous = *previous;
	if (!is_hash(sample, previous) || is_zeros(previous)) {
		row->genesis = true;
		return;
	}
	for (size_t i = 0; i < sample->count; i++)
		found = found || drvp_same_text(previous, &sample->rows[i].values[sample->hash]);
	row->genesis = index == 0 && sample->ordered > 1 && !found;
}

/* Where no previous hash is stored, it is that of the row before, in order. */
static void derive_row(struct drvp_sample *sample, size_t index)
{
	struct drvp_sample_row *row = &sample->rows[index];
	size_t partition = sample->partition, before = index;

	row->previous = (struct drvp_value){ .kind = DRVP_NULL };
	row->unlinked = index >= sample->ordered;
	row->genesis = false;
	if (row->unlinked)
		return;
	while (before > 0 && partition != DRVP_NO_COLUMN &&
	       !drvp_equal_values(&row->values[partition], &sample->rows[before - 1].values[partition]))
		before--;
	row->genesis = !before;
	if (before)
		row->previous = sample->rows[before - 1].values[sample->hash];
}

void drvp_sample_partition(struct drvp_sample *sample, size_t column)
{
	sample->partition = column;
	for (size_t i = 0; i < sample->count; i++)
		derive_row(sample, i);
}

bool drvp_sample_is_unique(const struct drvp_sample *sample, size_t column)
{
	for (size_t i = 0; i < sample->count; i++)
		for (size_t j = 0; j < i; j++)
			if (drvp_equal_values(&sample->rows[i].values[column],
					 &sample->rows[j].values[column]))
				return false;
	return true;
}

static int compare_texts(const struct drvp_value *a, const struct drvp_value *b)
{
	size_t len = a->len < b->len ? a->len : b->len;
	int order = len ? memcmp(a->bytes, b->bytes, len) : 0;

	return order ? order : a->len < b->len ? -1 : a->len > b->len;
}

/* The same row, read for its order and once more for its hash, counts once. */
static bool is_repeated(const struct drvp_sample *sample, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (!compare_texts(&sample->rows[i].values[sample->hash],
				   &sample->rows[index].values[sample->hash]))
			return true;
	return false;
}

static void finish_rows(struct drvp_sample *sample, size_t ordered)
{
	uint8_t bytes[DRVP_DIGEST_MAX];
	size_t kept = 0;
	int encoding;

	for (size_t i = 0; i < sample->count; i++) {
		struct drvp_sample_row *row = &sample->rows[i];

		if (drvp_hash_of(&row->values[sample->hash], bytes, &encoding) != sample->hash_size ||
		    (i >= ordered && is_repeated(sample, i)))
			continue;
		sample->rows[kept] = *row;
		memcpy(sample->rows[kept++].hash, bytes, sizeof bytes);
		ordered -= i < ordered && kept - 1 != i;
	}
	sample->count = kept;
	sample->ordered = ordered;
	for (size_t i = 0; i < sample->count; i++) {
		struct drvp_sample_row *row = &sample->rows[i];

		if (sample->previous == DRVP_NO_COLUMN)
			derive_row(sample, i);
		else
			link_row(sample, i);
		for (size_t c = 0; c < sample->column_count; c++)
			row->nulls += row->values[c].kind == DRVP_NULL;
	}
}

static const struct drvp_sample_row *find_row(const struct drvp_sample *sample,
					      const struct drvp_sample_rows *rows, size_t column,
					      bool null)
{
	for (size_t i = 0; i < rows->count; i++)
		if ((rows->rows[i].values[column].kind == DRVP_NULL) == null &&
		    rows->rows[i].values[sample->hash].kind != DRVP_NULL)
			return &rows->rows[i];
	return NULL;
}

/* What stands for a value that is missing, or for one that seldom is there, only such rows tell. */
static int add_unlike(struct drvp_sample *sample, struct drvp_sample_rows *kept,
		      const struct drvp_sample_rows *population, struct drv_error *err)
{
	struct drvp_sample_row *grown;

	kept->most = kept->count + 2 * sample->column_count;
	grown = realloc(kept->rows, (kept->most + 1) * sizeof *kept->rows);
	if (!grown)
		return drvp_fail_nomem(err);
	kept->rows = grown;
	for (size_t i = 0; i < 2 * sample->column_count; i++) {
		const struct drvp_sample_row *row = find_row(sample, population, i / 2, i % 2);

		if (row && !find_row(sample, kept, i / 2, i % 2))
			kept->rows[kept->count++] = *row;
	}
	return 0;
}

/* By its hash, which is as good as drawing lots. */
static int collect_kept(struct drvp_sample *sample, const struct drvp_sample_rows *population,
			struct drv_error *err)
{
	struct drvp_sample_rows kept = { 0 };
	size_t ordered;
	int status = collect(sample, &kept, FIRST_ROWS, sample->order, err);

	ordered = kept.count;
	if (!status)
		status = collect(sample, &kept, OTHER_ROWS, sample->hash, err);
	if (!status)
		status = add_unlike(sample, &kept, population, err);
	if (!status) {
		sample->rows = drvp_arena_array(&sample->arena, kept.count + 1,
						sizeof *sample->rows);
		if (!sample->rows)
			status = drvp_fail_nomem(err);
	}
	if (!status) {
		memcpy(sample->rows, kept.rows, kept.count * sizeof *kept.rows);
		sample->count = kept.count;
		finish_rows(sample, ordered);
	}
	free(kept.rows);
	return status;
}

int drvp_sample_take(struct drvp_sample *sample, const struct drvp_propose *ask,
		     struct drv_error *err)
{
	bool documents = !ask->relation->column_count;
	struct drvp_sample_rows rows = { 0 };
	int status = 0;

	*sample = (struct drvp_sample){ .ask = ask, .columns = ask->relation->columns,
					.column_count = ask->relation->column_count };
	if (sample->column_count > DRVP_DESIGN_COLUMNS)
		return drvp_fail(err, DRV_E_UNSUPPORTED, "a recipe is not sought in a table of more than "
				 "%d columns", DRVP_DESIGN_COLUMNS);
	sample->hash = DRVP_NO_COLUMN;
	sample->order = DRVP_NO_COLUMN;
	if (documents)
		status = discover(sample, err);
	if (!status)
		status = collect(sample, &rows, POPULATION, DRVP_NO_COLUMN, err);
	if (documents)
		find_kinds(sample, &rows);
	if (!status)
		status = drvp_sample_guess(sample, &rows, err);
	for (size_t i = 0; !status && i < rows.count; i++)
		sample->null_hashes |= rows.rows[i].values[sample->hash].kind == DRVP_NULL;
	if (!status)
		status = collect_kept(sample, &rows, err);
	free(rows.rows);
	return status ? status : classify(sample, err);
}

void drvp_sample_free(struct drvp_sample *sample)
{
	drvp_arena_free(&sample->arena);
}
