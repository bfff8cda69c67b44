/* propose_sample.c: some rows of a table, and which of its columns link them */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "chain/propose.h"
#include "store/row_copy.h"

/* Rows from which columns are guessed; rows of the beginning, and any others, that are kept. */
#define POPULATION 300
#define FIRST_ROWS 24
#define OTHER_ROWS 16

/* ------------------------------------------------------------------ reading rows */

struct rows {
	struct drvp_sample_row *rows;
	size_t count, most;
};

struct collecting {
	struct drvp_sample *sample;
	struct rows *rows;
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
static int collect(struct drvp_sample *sample, struct rows *rows, size_t most, size_t order,
		   struct drv_error *err)
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
	uint64_t fed;

	rows->most = rows->count + most;
	rows->rows = realloc(rows->rows, rows->most * sizeof *rows->rows);
	if (!wanted || !rows->rows)
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
static void find_kinds(struct drvp_sample *sample, const struct rows *rows)
{
	struct drvp_column *columns = (struct drvp_column *)(uintptr_t)sample->columns;

	for (size_t i = 0; i < sample->column_count; i++)
		for (size_t j = 0; j < rows->count && columns[i].kind == DRVP_NULL; j++)
			columns[i].kind = rows->rows[j].values[i].kind;
}

/* ------------------------------------------------------------------ hashes */

static bool is_size(long size)
{
	return size == 32 || size == 48 || size == 64;
}

/* Bytes of what looks like a hash, else 0. */
static size_t hash_of(const struct drvp_value *value, uint8_t *out, int *encoding)
{
	long size = -1;

	if (value->kind == DRVP_BYTES && is_size((long)value->len)) {
		memcpy(out, value->bytes, value->len);
		*encoding = DRVP_ENCODING_BYTES;
		return value->len;
	}
	if (value->kind != DRVP_TEXT)
		return 0;
	*encoding = DRVP_ENCODING_HEX;
	size = drvp_hex_decode(value->bytes, value->len, out, DRVP_DIGEST_MAX);
	if (!is_size(size)) {
		*encoding = DRVP_ENCODING_BASE64;
		size = drvp_base64_decode(value->bytes, value->len, out, DRVP_DIGEST_MAX);
	}
	return is_size(size) ? (size_t)size : 0;
}

static bool same_text(const struct drvp_value *a, const struct drvp_value *b)
{
	return a->kind == b->kind && a->kind != DRVP_NULL && a->len == b->len && a->bytes &&
	       b->bytes && !memcmp(a->bytes, b->bytes, a->len);
}

/* How many rows hold a hash in a column, and whether they all do that hold anything. */
static size_t count_hashes(const struct rows *rows, size_t column, bool *all)
{
	uint8_t bytes[DRVP_DIGEST_MAX];
	size_t count = 0;
	int encoding;

	*all = true;
	for (size_t i = 0; i < rows->count; i++) {
		const struct drvp_value *value = &rows->rows[i].values[column];

		if (hash_of(value, bytes, &encoding))
			count++;
		else if (value->kind != DRVP_NULL)
			*all = false;
	}
	return count;
}

/* How many rows hold in one column what another row holds in the other. */
static size_t count_links(const struct rows *rows, size_t hash, size_t previous)
{
	size_t count = 0;

	for (size_t i = 0; i < rows->count; i++)
		for (size_t j = 0; j < rows->count; j++)
			if (j != i && same_text(&rows->rows[i].values[previous],
						&rows->rows[j].values[hash])) {
				count++;
				break;
			}
	return count;
}

/* ------------------------------------------------------------------ guessing columns */

static bool has_word(const char *name, const char *word)
{
	return strcasestr(name, word) != NULL;
}

static size_t find_column(const struct drvp_sample *sample, const char *name)
{
	for (size_t i = 0; name && i < sample->column_count; i++)
		if (!strcmp(sample->columns[i].name, name))
			return i;
	return DRVP_NO_COLUMN;
}

static int hash_score(const char *name)
{
	static const char *const own[] = { "row", "entry", "record", "event", "current", "chain" };
	int score = has_word(name, "hash") || has_word(name, "hmac") || has_word(name, "sign") ||
		    has_word(name, "digest") ? 2 : 0;

	if (has_word(name, "prev") || has_word(name, "payload") || has_word(name, "parent"))
		return 0;
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		score += has_word(name, own[i]);
	return score + !strcasecmp(name, "hash");
}

/* Without links to go by, the name decides. */
static size_t guess_by_name(const struct drvp_sample *sample, const struct rows *rows)
{
	size_t best = DRVP_NO_COLUMN;
	int best_score = 0;
	bool all;

	for (size_t i = 0; i < sample->column_count; i++) {
		int score = hash_score(sample->columns[i].name);

		if (score <= best_score || !count_hashes(rows, i, &all) || !all)
			continue;
		best = i;
		best_score = score;
	}
	return best;
}

static bool names_previous(const char *name)
{
	return has_word(name, "prev") || has_word(name, "parent") || has_word(name, "preceding") ||
	       has_word(name, "prior");
}

/* Two linked columns tell by their names, rarely by their values, which is the earlier hash. */
static size_t rate_links(const struct drvp_sample *sample, const struct rows *rows, size_t hash,
			 size_t previous)
{
	size_t links = count_links(rows, hash, previous);

	if (!links)
		return 0;
	return 8 * links + (names_previous(sample->columns[previous].name) ? 12 : 0) +
	       (names_previous(sample->columns[hash].name) ? 0 : 12);
}

static void guess_links(struct drvp_sample *sample, const struct rows *rows)
{
	size_t most = 0, hash = sample->hash, previous = sample->previous;
	bool all;

	for (size_t h = 0; h < sample->column_count; h++) {
		if (sample->hash != DRVP_NO_COLUMN && h != sample->hash)
			continue;
		if (!count_hashes(rows, h, &all) || !all)
			continue;
		for (size_t p = 0; p < sample->column_count; p++) {
			size_t links;

			if (p == h || (sample->previous != DRVP_NO_COLUMN && p != sample->previous))
				continue;
			links = count_hashes(rows, p, &all) ? rate_links(sample, rows, h, p) : 0;
			if (links > most) {
				most = links;
				hash = h;
				previous = p;
			}
		}
	}
	sample->hash = hash == DRVP_NO_COLUMN ? guess_by_name(sample, rows) : hash;
	sample->previous = previous;
}

/* ------------------------------------------------------------------ guessing the order */

static int order_score(const struct drvp_column *column)
{
	if (!drvp_orders_rows(column->kind) && column->key_position != 1)
		return 0;
	if (column->kind == DRVP_INTEGER)
		return has_word(column->name, "seq") || has_word(column->name, "index") ? 4 :
			column->key_position == 1 ? 3 : 1;
	return drvp_orders_rows(column->kind) ? 2 : 0;
}

struct by_order {
	const struct drvp_sample_row *row;
	int64_t order;
};

static int compare_order(const void *left, const void *right)
{
	const struct by_order *a = left, *b = right;

	return a->order < b->order ? -1 : a->order > b->order;
}

/* How many rows follow their predecessor when sorted by a column. */
static size_t count_neighbours(const struct drvp_sample *sample, const struct rows *rows,
			       size_t column)
{
	struct by_order *sorted = calloc(rows->count + 1, sizeof *sorted);
	size_t count = 0;

	for (size_t i = 0; sorted && i < rows->count; i++)
		sorted[i] = (struct by_order){ &rows->rows[i],
					       rows->rows[i].values[column].integer };
	if (sorted)
		qsort(sorted, rows->count, sizeof *sorted, compare_order);
	for (size_t i = 1; sorted && i < rows->count && sample->previous != DRVP_NO_COLUMN; i++)
		count += same_text(&sorted[i].row->values[sample->previous],
				   &sorted[i - 1].row->values[sample->hash]);
	free(sorted);
	return count;
}

static void guess_order(struct drvp_sample *sample, const struct rows *rows)
{
	size_t best_neighbours = 0;
	int best_score = 0;

	if (sample->order != DRVP_NO_COLUMN)
		return;
	for (size_t i = 0; i < sample->column_count; i++) {
		int score = order_score(&sample->columns[i]);
		size_t neighbours;

		if (!score)
			continue;
		neighbours = count_neighbours(sample, rows, i);
		if (neighbours < best_neighbours ||
		    (neighbours == best_neighbours && score <= best_score))
			continue;
		sample->order = i;
		best_neighbours = neighbours;
		best_score = score;
	}
}

/* ------------------------------------------------------------------ guessing partitions */

static bool equal_values(const struct drvp_value *a, const struct drvp_value *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == DRVP_NULL || a->bytes)
		return a->kind == DRVP_NULL || (a->len == b->len && !memcmp(a->bytes, b->bytes, a->len));
	return !a->json && a->integer == b->integer;
}

static const struct drvp_sample_row *predecessor(const struct drvp_sample *sample,
						 const struct rows *rows, size_t of)
{
	for (size_t i = 0; i < rows->count; i++)
		if (i != of && same_text(&rows->rows[of].values[sample->previous],
					 &rows->rows[i].values[sample->hash]))
			return &rows->rows[i];
	return NULL;
}

/* Whether entries that follow each other agree in a column, and first entries differ. */
static bool divides(const struct drvp_sample *sample, const struct rows *rows, size_t column)
{
	size_t firsts = 0;

	for (size_t i = 0; i < rows->count; i++) {
		const struct drvp_value *value = &rows->rows[i].values[column];
		const struct drvp_sample_row *before = predecessor(sample, rows, i);

		if (before && !equal_values(value, &before->values[column]))
			return false;
		if (before)
			continue;
		firsts++;
		for (size_t j = 0; j < i; j++)
			if (equal_values(value, &rows->rows[j].values[column]) &&
			    !predecessor(sample, rows, j))
				return false;
	}
	return firsts > 1;
}

static void guess_partition(struct drvp_sample *sample, const struct rows *rows)
{
	sample->partition = DRVP_NO_COLUMN;
	for (size_t i = 0; sample->previous != DRVP_NO_COLUMN && i < sample->column_count; i++)
		if (i != sample->hash && i != sample->previous && divides(sample, rows, i)) {
			sample->partition = i;
			return;
		}
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

static int find_stated(struct drvp_sample *sample, struct drv_error *err)
{
	const char *stated[] = { sample->ask->hash, sample->ask->previous, sample->ask->order_by };
	size_t *columns[] = { &sample->hash, &sample->previous, &sample->order };

	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
		*columns[i] = find_column(sample, stated[i]);
		if (stated[i] && *columns[i] == DRVP_NO_COLUMN)
			return drvp_fail(err, DRV_E_USAGE, "there is no column \"%.80s\"", stated[i]);
	}
	return 0;
}

static int guess(struct drvp_sample *sample, struct rows *rows, struct drv_error *err)
{
	uint8_t bytes[DRVP_DIGEST_MAX];
	size_t column;

	guess_links(sample, rows);
	column = sample->hash;
	if (!rows->count)
		return drvp_fail(err, DRV_E_USAGE, "the table is empty, so there is nothing to try on");
	for (size_t i = 0; column != DRVP_NO_COLUMN && i < rows->count && !sample->hash_size; i++)
		sample->hash_size = hash_of(&rows->rows[i].values[column], bytes,
					    &sample->encoding);
	if (!sample->hash_size)
		return drvp_fail(err, DRV_E_USAGE, "no column looks like the hash of an entry (32, 48 or "
				 "64 bytes, or these in hexadecimal or base64); name it with --hash");
	guess_order(sample, rows);
	guess_partition(sample, rows);
	if (sample->previous == DRVP_NO_COLUMN && sample->order == DRVP_NO_COLUMN)
		return drvp_fail(err, DRV_E_USAGE, "neither a previous hash nor an order of the entries "
				 "was found; name them with --previous or --order-by");
	return 0;
}

static bool is_hash(const struct drvp_sample *sample, const struct drvp_value *value)
{
	uint8_t bytes[DRVP_DIGEST_MAX];
	int encoding;

	return hash_of(value, bytes, &encoding) == sample->hash_size &&
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
		found = found || same_text(previous, &sample->rows[i].values[sample->hash]);
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
	       !equal_values(&row->values[partition], &sample->rows[before - 1].values[partition]))
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
			if (equal_values(&sample->rows[i].values[column],
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

		if (hash_of(&row->values[sample->hash], bytes, &encoding) != sample->hash_size ||
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

/* By its hash, which is as good as drawing lots. */
static int collect_kept(struct drvp_sample *sample, struct drv_error *err)
{
	struct rows kept = { 0 };
	size_t ordered;
	int status = collect(sample, &kept, FIRST_ROWS, sample->order, err);

	ordered = kept.count;
	if (!status)
		status = collect(sample, &kept, OTHER_ROWS, sample->hash, err);
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
	struct rows rows = { 0 };
	int status = 0;

	*sample = (struct drvp_sample){ .ask = ask, .columns = ask->relation->columns,
					.column_count = ask->relation->column_count };
	sample->hash = DRVP_NO_COLUMN;
	sample->order = DRVP_NO_COLUMN;
	if (documents)
		status = discover(sample, err);
	if (!status)
		status = collect(sample, &rows, POPULATION, DRVP_NO_COLUMN, err);
	if (documents)
		find_kinds(sample, &rows);
	if (!status)
		status = find_stated(sample, err);
	if (!status)
		status = guess(sample, &rows, err);
	for (size_t i = 0; !status && i < rows.count; i++)
		sample->null_hashes |= rows.rows[i].values[sample->hash].kind == DRVP_NULL;
	free(rows.rows);
	if (!status)
		status = collect_kept(sample, err);
	return status ? status : classify(sample, err);
}

void drvp_sample_free(struct drvp_sample *sample)
{
	drvp_arena_free(&sample->arena);
}
