/* guess.c: which columns of a table link its rows into chains */
#include <stdlib.h>
#include <string.h>

#include "propose/propose.h"

/* ------------------------------------------------------------------ hashes */

static bool is_size(long size)
{
	return size == 32 || size == 48 || size == 64;
}

size_t drvp_hash_of(const struct drvp_value *value, uint8_t *out, int *encoding)
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

bool drvp_same_text(const struct drvp_value *a, const struct drvp_value *b)
{
	return a->kind == b->kind && a->kind != DRVP_NULL && a->len == b->len && a->bytes &&
	       b->bytes && !memcmp(a->bytes, b->bytes, a->len);
}

/* How many rows hold a hash in a column, and whether they all do that hold anything. */
static size_t count_hashes(const struct drvp_sample_rows *rows, size_t column, bool *all)
{
	uint8_t bytes[DRVP_DIGEST_MAX];
	size_t count = 0;
	int encoding;

	*all = true;
	for (size_t i = 0; i < rows->count; i++) {
		const struct drvp_value *value = &rows->rows[i].values[column];

		if (drvp_hash_of(value, bytes, &encoding))
			count++;
		else if (value->kind != DRVP_NULL)
			*all = false;
	}
	return count;
}

/* How many rows hold in one column what another row holds in the other. */
static size_t count_links(const struct drvp_sample_rows *rows, size_t hash, size_t previous)
{
	size_t count = 0;

	for (size_t i = 0; i < rows->count; i++)
		for (size_t j = 0; j < rows->count; j++)
			if (j != i && drvp_same_text(&rows->rows[i].values[previous],
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
static size_t guess_by_name(const struct drvp_sample *sample, const struct drvp_sample_rows *rows)
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
static size_t rate_links(const struct drvp_sample *sample, const struct drvp_sample_rows *rows,
			 size_t hash, size_t previous)
{
	size_t links = count_links(rows, hash, previous);

	if (!links)
		return 0;
	return 8 * links + (names_previous(sample->columns[previous].name) ? 12 : 0) +
	       (names_previous(sample->columns[hash].name) ? 0 : 12);
}

static void guess_links(struct drvp_sample *sample, const struct drvp_sample_rows *rows)
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
static size_t count_neighbours(const struct drvp_sample *sample,
			       const struct drvp_sample_rows *rows, size_t column)
{
	struct by_order *sorted = calloc(rows->count + 1, sizeof *sorted);
	size_t count = 0;

	for (size_t i = 0; sorted && i < rows->count; i++)
		sorted[i] = (struct by_order){ &rows->rows[i],
					       rows->rows[i].values[column].integer };
	if (sorted)
		qsort(sorted, rows->count, sizeof *sorted, compare_order);
	for (size_t i = 1; sorted && i < rows->count && sample->previous != DRVP_NO_COLUMN; i++)
		count += drvp_same_text(&sorted[i].row->values[sample->previous],
				   &sorted[i - 1].row->values[sample->hash]);
	free(sorted);
	return count;
}

static void guess_order(struct drvp_sample *sample, const struct drvp_sample_rows *rows)
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

bool drvp_equal_values(const struct drvp_value *a, const struct drvp_value *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == DRVP_NULL || a->bytes)
		return a->kind == DRVP_NULL || (a->len == b->len && !memcmp(a->bytes, b->bytes, a->len));
	return !a->json && a->integer == b->integer;
}

static const struct drvp_sample_row *predecessor(const struct drvp_sample *sample,
						 const struct drvp_sample_rows *rows, size_t of)
{
	for (size_t i = 0; i < rows->count; i++)
		if (i != of && drvp_same_text(&rows->rows[of].values[sample->previous],
					 &rows->rows[i].values[sample->hash]))
			return &rows->rows[i];
	return NULL;
}

/* Whether entries that follow each other agree in a column, and first entries differ. */
static bool divides(const struct drvp_sample *sample, const struct drvp_sample_rows *rows,
		    size_t column)
{
	size_t firsts = 0;

	for (size_t i = 0; i < rows->count; i++) {
		const struct drvp_value *value = &rows->rows[i].values[column];
		const struct drvp_sample_row *before = predecessor(sample, rows, i);

		if (before && !drvp_equal_values(value, &before->values[column]))
			return false;
		if (before)
			continue;
		firsts++;
		for (size_t j = 0; j < i; j++)
			if (drvp_equal_values(value, &rows->rows[j].values[column]) &&
			    !predecessor(sample, rows, j))
				return false;
	}
	return firsts > 1;
}

static void guess_partition(struct drvp_sample *sample, const struct drvp_sample_rows *rows)
{
	sample->partition = DRVP_NO_COLUMN;
	for (size_t i = 0; sample->previous != DRVP_NO_COLUMN && i < sample->column_count; i++)
		if (i != sample->hash && i != sample->previous && divides(sample, rows, i)) {
			sample->partition = i;
			return;
		}
}

/* ------------------------------------------------------------------ all of it */

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

int drvp_sample_guess(struct drvp_sample *sample, const struct drvp_sample_rows *rows,
		      struct drv_error *err)
{
	uint8_t bytes[DRVP_DIGEST_MAX];
	size_t column;
	int status = find_stated(sample, err);

	if (status)
		return status;
	guess_links(sample, rows);
	column = sample->hash;
	if (!rows->count)
		return drvp_fail(err, DRV_E_USAGE, "the table is empty, so there is nothing to try on");
	for (size_t i = 0; column != DRVP_NO_COLUMN && i < rows->count && !sample->hash_size; i++)
		sample->hash_size = drvp_hash_of(&rows->rows[i].values[column], bytes,
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
