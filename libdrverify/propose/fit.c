/* fit.c: settles with other rows what the row that was searched with could not show */
#include <string.h>

#include "propose/propose.h"

/* So many missing values of one row are tried with every combination of words. */
#define FREE_MAX 4

/* Tries for one row, which may after all be one that was edited. */
#define ROW_TRIES 150000

struct fitting {
	struct drvp_search *search;
	struct drvp_design *design;
	struct drvp_strbuf out;
	unsigned left;                          /* tries for this row */
	bool decided[DRVP_DESIGN_COLUMNS];
	bool maybe[DRVP_DESIGN_COLUMNS];        /* may belong to it: was missing all the time */
};

/* ------------------------------------------------------------------ one row */

static void put_parts(const struct drvp_design *design, const struct drvp_sample_row *row,
		      struct drvp_strbuf *out)
{
	static const char *const ends[] = { [DRVP_SHAPE_TEXT] = "\0", [DRVP_SHAPE_OBJECT] = "{}",
					    [DRVP_SHAPE_ARRAY] = "[]" };
	const char *end = ends[design->shape];
	bool first = true;

	if (end[0])
		drvp_strbuf_char(out, end[0]);
	for (size_t i = 0; i < design->count; i++) {
		size_t mark = out->len;

		if (!first)
			drvp_strbuf_str(out, design->comma);
		if (drvp_design_part(design, row, design->order[i], out))
			first = false;
		else
			out->len = mark;
	}
	if (end[0])
		drvp_strbuf_char(out, end[1]);
}

static bool put_row(const struct drvp_design *design, const struct drvp_sample_row *row,
		    struct drvp_strbuf *out)
{
	uint8_t digest[DRVP_DIGEST_MAX];
	size_t mark;

	drvp_strbuf_clear(out);
	if (design->place == DRVP_PLACE_BEFORE) {
		drvp_design_previous(design, row, out);
		drvp_strbuf_str(out, design->glue);
	}
	mark = out->len;
	put_parts(design, row, out);
	if (design->inner_digest && !out->failed) {
		if (drvp_digest(design->inner, drvp_strbuf_text(out) + mark, out->len - mark, digest))
			return false;
		out->len = mark;
		drvp_strbuf_hex(out, digest, drvp_digest_size(design->inner));
	}
	if (design->place == DRVP_PLACE_AFTER) {
		drvp_strbuf_str(out, design->glue);
		drvp_design_previous(design, row, out);
	}
	return !out->failed;
}

static bool agrees(struct fitting *f, const struct drvp_sample_row *row)
{
	const struct drvp_sample *sample = f->search->sample;
	uint8_t digest[DRVP_DIGEST_MAX];

	if (!f->left)
		return false;
	f->left--;
	f->search->tried++;
	return put_row(f->design, row, &f->out) &&
	       !drvp_digest(f->design->digester, drvp_strbuf_text(&f->out), f->out.len, digest) &&
	       !memcmp(digest, row->hash, sample->hash_size);
}

/* ------------------------------------------------------------------ what stands for NULL */

static size_t position_of(const struct drvp_design *design, uint8_t column)
{
	size_t i = 0;

	while (i < design->count && design->order[i] != column)
		i++;
	return i;
}

/* Included columns that this row lacks and that no earlier row has settled. */
static size_t find_free(const struct fitting *f, const struct drvp_sample_row *row,
			uint8_t free[DRVP_DESIGN_COLUMNS])
{
	size_t count = 0;

	for (size_t i = 0; i < f->design->count; i++) {
		uint8_t column = f->design->order[i];

		if (column != DRVP_DESIGN_PREVIOUS && !f->decided[column] &&
		    row->values[column].kind == DRVP_NULL)
			free[count++] = column;
	}
	return count;
}

static bool try_words(struct fitting *f, const struct drvp_sample_row *row, const uint8_t *free,
		      size_t count)
{
	if (!count)
		return agrees(f, row);
	for (const struct drvp_design_word *word = drvp_design_nulls; word->member; word++) {
		f->design->nulls[free[0]] = word;
		if (try_words(f, row, free + 1, count - 1))
			return true;
	}
	f->design->nulls[free[0]] = drvp_design_nulls;
	return false;
}

static void set_all(struct fitting *f, const uint8_t *free, size_t count,
		    const struct drvp_design_word *word)
{
	for (size_t i = 0; i < count; i++)
		f->design->nulls[free[i]] = word;
}

/* Too many for every combination: one word for all, but for one or two columns. */
static bool try_mostly_one(struct fitting *f, const struct drvp_sample_row *row,
			   const uint8_t *free, size_t count)
{
	const struct drvp_design_word *word = drvp_design_nulls;

	for (; word->member; word++) {
		set_all(f, free, count, word);
		if (agrees(f, row))
			return true;
	}
	for (word = drvp_design_nulls; word < drvp_design_nulls + 3; word++)
		for (size_t i = 0; i < count; i++)
			for (size_t j = 0; j <= i; j++) {
				const uint8_t pair[] = { free[i], free[j] };

				set_all(f, free, count, word);
				if (try_words(f, row, pair, j < i ? 2 : 1))
					return true;
			}
	set_all(f, free, count, drvp_design_nulls);
	return false;
}

static bool try_nulls(struct fitting *f, const struct drvp_sample_row *row)
{
	uint8_t free[DRVP_DESIGN_COLUMNS];
	size_t count = find_free(f, row, free);
	bool found = count <= FREE_MAX ? try_words(f, row, free, count) :
					 try_mostly_one(f, row, free, count);

	for (size_t i = 0; found && i < count; i++)
		f->decided[free[i]] = true;
	return found;
}

/* ------------------------------------------------------------------ columns that were missing */

static void insert_column(struct drvp_design *design, size_t at, uint8_t column)
{
	memmove(&design->order[at + 1], &design->order[at], design->count - at);
	design->order[at] = column;
	design->count++;
}

static void remove_column(struct drvp_design *design, size_t at)
{
	design->count--;
	memmove(&design->order[at], &design->order[at + 1], design->count - at);
}

/* Each place that a column may take, in turn. */
static bool try_inserted(struct fitting *f, const struct drvp_sample_row *row,
			 const uint8_t *maybe, size_t count)
{
	if (!count)
		return try_nulls(f, row);
	if (try_inserted(f, row, maybe + 1, count - 1))
		return true;
	for (size_t at = 0; at <= f->design->count; at++) {
		insert_column(f->design, at, maybe[0]);
		/* It was left out where it was missing, or the search would have met it. */
		f->design->nulls[maybe[0]] = &drvp_design_nulls[1];
		if (try_inserted(f, row, maybe + 1, count - 1))
			return true;
		remove_column(f->design, at);
	}
	return false;
}

static bool try_columns(struct fitting *f, const struct drvp_sample_row *row)
{
	uint8_t maybe[DRVP_DESIGN_COLUMNS];
	size_t count = 0;
	bool found;

	for (size_t i = 0; i < f->search->sample->column_count; i++)
		if (f->maybe[i] && row->values[i].kind != DRVP_NULL)
			maybe[count++] = (uint8_t)i;
	found = count <= 2 ? try_inserted(f, row, maybe, count) : try_nulls(f, row);
	for (size_t i = 0; found && i < count; i++) {
		f->maybe[maybe[i]] = false;
		f->decided[maybe[i]] |= position_of(f->design, maybe[i]) < f->design->count;
	}
	return found;
}

/* ------------------------------------------------------------------ all rows */

static bool try_geneses(struct fitting *f, const struct drvp_sample_row *row)
{
	const struct drvp_design_word *given = f->design->genesis;

	for (f->design->genesis = drvp_design_geneses; f->design->genesis->member;
	     f->design->genesis++)
		if (try_columns(f, row))
			return true;
	f->design->genesis = given;
	return false;
}

static bool in_design(const struct drvp_design *design, size_t column)
{
	return memchr(design->order, (int)column, design->count) != NULL;
}

static void begin(struct fitting *f, const struct drvp_sample_row *probe)
{
	const struct drvp_sample *sample = f->search->sample;

	for (size_t i = 0; i < sample->column_count; i++) {
		bool missing = probe->values[i].kind == DRVP_NULL;

		f->decided[i] = missing && in_design(f->design, i);
		f->maybe[i] = missing && !in_design(f->design, i) && i != sample->hash &&
			      i != sample->previous;
		if (!missing || !in_design(f->design, i))
			f->design->nulls[i] = drvp_design_nulls;
	}
}

/* A row that cannot be settled leaves everything as it was. */
static bool settle_row(struct fitting *f, const struct drvp_sample_row *row,
		       bool (*try)(struct fitting *f, const struct drvp_sample_row *row))
{
	const struct drvp_design before = *f->design;

	f->left = ROW_TRIES;
	if (agrees(f, row) || try(f, row))
		return true;
	*f->design = before;
	return false;
}

/* Rows with fewer open questions go first, and the first entries last. */
static size_t settle(struct fitting *f)
{
	const struct drvp_sample *sample = f->search->sample;
	size_t count = 0;

	for (size_t nulls = 0; nulls <= sample->column_count; nulls++)
		for (size_t i = 0; i < sample->count; i++) {
			const struct drvp_sample_row *row = &sample->rows[i];

			if (row->nulls == nulls && !row->genesis && !row->unlinked && !row->settled)
				count += settle_row(f, row, try_columns);
		}
	for (size_t i = 0; i < sample->count; i++)
		if (sample->rows[i].genesis && !sample->rows[i].settled)
			count += settle_row(f, &sample->rows[i], try_geneses);
	return count;
}

size_t drvp_design_fit(struct drvp_design *design, struct drvp_search *search,
		       const struct drvp_sample_row *probe)
{
	struct fitting f = { .search = search, .design = design };
	size_t count;

	begin(&f, probe);
	count = settle(&f);
	drvp_strbuf_free(&f.out);
	return count;
}
