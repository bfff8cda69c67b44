/* choices.c: all that a recipe chooses besides its columns, each choice with its cost */
#include <string.h>

#include "propose/setup.h"

static bool take_context(struct drvp_setup *s, size_t i, unsigned *cost)
{
	const struct drvp_pieces *pieces = s->search->pieces;

	if (i >= pieces->count)
		return false;
	s->design.context = &pieces->contexts[i];
	s->design.comma = s->design.context->comma;
	*cost = i > 5;
	return true;
}

static bool take_shape(struct drvp_setup *s, size_t i, unsigned *cost)
{
	static const struct {
		int shape;
		bool sorted;
		unsigned cost;
	} json[] = { { DRVP_SHAPE_OBJECT, true, 0 }, { DRVP_SHAPE_OBJECT, false, 0 },
		     { DRVP_SHAPE_ARRAY, false, 1 } };

	s->design.shape = DRVP_SHAPE_TEXT;
	s->sorted = false;
	*cost = 0;
	if (!s->design.context->style)
		return i == 0;
	if (i >= sizeof json / sizeof *json)
		return false;
	s->design.shape = json[i].shape;
	s->sorted = json[i].sorted;
	*cost = json[i].cost;
	return true;
}

static bool take_comma(struct drvp_setup *s, size_t i, unsigned *cost)
{
	static const char *const commas[] = { "|", "", ":", ",", "\n", ";", "||", "-", "::", " ",
					      "\x1f", "\x1e", "~", "#", "_", ".", "&", "/" };

	*cost = i > 4 ? i > 12 ? 2 : 1 : 0;
	s->design.lengths = false;
	if (s->design.shape != DRVP_SHAPE_TEXT)
		return i == 0;
	if (i < sizeof commas / sizeof *commas) {
		s->design.comma = commas[i];
		return true;
	}
	/* The last choice is no separator but a length before each part. */
	s->design.comma = "";
	s->design.lengths = true;
	*cost = 1;
	return i == sizeof commas / sizeof *commas;
}

static const struct place {
	int place;
	const char *glue;
	bool bytes, inner_digest;
	unsigned text_cost, listed_cost, sorted_cost, array_cost;
} places[] = {
	{ DRVP_PLACE_OWN, "", false, false, 1, 0, 0, 1 },
	{ DRVP_PLACE_FIRST, "", false, false, 0, 0, 2, 0 },
	{ DRVP_PLACE_LAST, "", false, false, 0, 0, 2, 0 },
	{ DRVP_PLACE_BEFORE, "", false, false, 1, 0, 0, 0 },
	{ DRVP_PLACE_AFTER, "", false, false, 1, 0, 0, 0 },
	{ DRVP_PLACE_BEFORE, "|", false, false, 2, 1, 1, 1 },
	{ DRVP_PLACE_BEFORE, ":", false, false, 2, 1, 1, 1 },
	{ DRVP_PLACE_AFTER, "|", false, false, 2, 1, 1, 1 },
	{ DRVP_PLACE_AFTER, ":", false, false, 2, 1, 1, 1 },
	{ DRVP_PLACE_BEFORE, "\n", false, false, 2, 1, 1, 2 },
	{ DRVP_PLACE_AFTER, "\n", false, false, 2, 1, 1, 2 },
	{ DRVP_PLACE_BEFORE, "", true, false, 1, 1, 1, 1 },
	{ DRVP_PLACE_AFTER, "", true, false, 1, 1, 1, 1 },
	{ DRVP_PLACE_AFTER, "|", true, false, 2, 3, 3, 3 },
	{ DRVP_PLACE_NONE, "", false, false, 2, 1, 1, 2 },
	{ DRVP_PLACE_BEFORE, "", false, true, 2, 1, 1, 2 },
	{ DRVP_PLACE_AFTER, "", false, true, 2, 1, 1, 2 },
	{ DRVP_PLACE_BEFORE, "|", false, true, 3, 2, 2, 3 },
	{ DRVP_PLACE_BEFORE, ":", false, true, 3, 2, 2, 3 },
	{ DRVP_PLACE_AFTER, "|", false, true, 3, 2, 2, 3 },
	{ DRVP_PLACE_BEFORE, "", true, true, 3, 3, 3, 3 },
};

static bool take_place(struct drvp_setup *s, size_t i, unsigned *cost)
{
	const struct place *place = &places[i];

	if (i >= sizeof places / sizeof *places)
		return false;
	s->design.place = place->place;
	s->design.glue = place->glue;
	s->design.previous_bytes = place->bytes;
	s->design.inner_digest = place->inner_digest;
	*cost = s->design.shape == DRVP_SHAPE_TEXT ? place->text_cost :
		s->design.shape == DRVP_SHAPE_ARRAY ? place->array_cost :
		s->sorted ? place->sorted_cost : place->listed_cost;
	/* Where no previous hash is stored, it has no place among the columns. */
	if (place->place == DRVP_PLACE_OWN && s->search->sample->previous == DRVP_NO_COLUMN)
		*cost += s->sorted ? 0 : DRVP_COST_MAX;
	return true;
}

/* Whether a naming gives other keys than those before it. */
static bool names_differ(struct drvp_setup *s, int naming)
{
	const struct drvp_sample *sample = s->search->sample;
	char one[128], other[128];

	memset(s->renamed, 0, sizeof s->renamed);

	for (int earlier = 0; earlier < naming; earlier++) {
		bool differ = false;

		for (size_t i = 0; i < sample->column_count && i < DRVP_DESIGN_COLUMNS; i++) {
			s->design.naming = naming;
			drvp_design_key(&s->design, (uint8_t)i, one, sizeof one);
			s->design.naming = earlier;
			drvp_design_key(&s->design, (uint8_t)i, other, sizeof other);
			if (!strcmp(one, other))
				continue;
			differ = true;
			s->renamed[i] |= earlier == DRVP_NAMES_STORED;
		}
		if (!differ)
			return false;
	}
	return true;
}

static bool take_naming(struct drvp_setup *s, size_t i, unsigned *cost)
{
	*cost = 0;
	s->design.previous_key = NULL;
	s->design.time_key = NULL;
	s->design.naming = DRVP_NAMES_STORED;
	if (s->design.shape != DRVP_SHAPE_OBJECT)
		return i == 0;
	if (i > DRVP_NAMES_SNAKE)
		return false;
	if (!names_differ(s, (int)i))
		*cost = DRVP_COST_MAX + 1;
	s->design.naming = (int)i;
	return true;
}

static bool take_previous_key(struct drvp_setup *s, size_t i, unsigned *cost)
{
	static const char *const keys[] = { NULL, "prev", "prevHash", "prev_hash", "previousHash",
					    "previous_hash", "previous", "parent", "parentHash" };
	bool member = s->design.shape == DRVP_SHAPE_OBJECT && drvp_has_own_place(s);

	if (i >= (member ? sizeof keys / sizeof *keys : 1))
		return false;
	s->design.previous_key = keys[i];
	*cost = i > 0;
	return true;
}

static bool take_time_key(struct drvp_setup *s, size_t i, unsigned *cost)
{
	static const char *const keys[] = { NULL, "timestamp", "ts", "time", "at", "createdAt",
					    "created_at", "date" };
	bool member = s->design.shape == DRVP_SHAPE_OBJECT &&
		      s->design.context->variant_count[DRVP_PIECE_TIME] > 1;

	if (i >= (member ? sizeof keys / sizeof *keys : 1))
		return false;
	s->design.time_key = keys[i];
	if (s->sorted)
		drvp_setup_sort_keys(s);
	*cost = i > 2 ? 2 : i > 0;
	return true;
}

static bool take_null(struct drvp_setup *s, size_t i, unsigned *cost)
{
	if (i > 5 || (i > 0 && !s->probe->nulls))
		return false;
	s->null = &drvp_design_nulls[i];
	*cost = i > 2 ? 2 : i > 1;
	return true;
}

static bool take_variant(struct drvp_setup *s, size_t i, unsigned *cost, int class, size_t usual)
{
	if (i >= s->design.context->variant_count[class])
		return false;
	s->design.variant[class] = (uint8_t)i;
	*cost = i >= 3 * usual ? 2 : i >= usual;
	return true;
}

static bool take_time(struct drvp_setup *s, size_t i, unsigned *cost)
{
	if (!take_variant(s, i, cost, DRVP_PIECE_TIME, 8))
		return false;
	if (s->design.context->variants[DRVP_PIECE_TIME][i].format.zoned)
		*cost = 3;
	return true;
}

/* Members in the order of writing are not to be had from a store that has lost it. */
static bool take_document(struct drvp_setup *s, size_t i, unsigned *cost)
{
	if (!take_variant(s, i, cost, DRVP_PIECE_DOCUMENT, 4))
		return false;
	if (s->search->sample->order_lost &&
	    s->design.context->variants[DRVP_PIECE_DOCUMENT][i].format.unsorted)
		*cost += 2;
	return true;
}

static bool take_number(struct drvp_setup *s, size_t i, unsigned *cost)
{
	return take_variant(s, i, cost, DRVP_PIECE_NUMBER, 2);
}

static bool take_uuid(struct drvp_setup *s, size_t i, unsigned *cost)
{
	return take_variant(s, i, cost, DRVP_PIECE_UUID, 1);
}

static bool take_bool(struct drvp_setup *s, size_t i, unsigned *cost)
{
	return take_variant(s, i, cost, DRVP_PIECE_BOOL, 2);
}

static bool take_digest(struct drvp_setup *s, size_t i, unsigned *cost)
{
	if (i >= s->search->digester_count)
		return false;
	s->design.digester = s->search->digesters[i];
	s->design.key = s->search->keys[i];
	/* Who gives a key believes that it was used. */
	*cost = !s->search->keys[i] && s->search->digester_count > 1;
	return true;
}

const struct drvp_sample_row *drvp_best_probe(const struct drvp_sample *sample,
						const struct drvp_sample_row *not)
{
	const struct drvp_sample_row *best = NULL;

	for (size_t i = 0; i < sample->count; i++) {
		const struct drvp_sample_row *row = &sample->rows[i];

		if (row == not || row->genesis || !drvp_row_is_open(row))
			continue;
		if (!best || row->nulls < best->nulls)
			best = row;
	}
	return best;
}

/* Few values, and none of them a time or a number that counts something. */
static bool may_partition(const struct drvp_sample *sample, size_t column)
{
	const struct drvp_column *c = &sample->columns[column];

	return column != sample->hash && column != sample->order && c->key_position != 1 &&
	       !drvp_sample_is_unique(sample, column) &&
	       (c->kind == DRVP_TEXT || c->kind == DRVP_UUID || c->kind == DRVP_INTEGER);
}

/* Where previous hashes are derived, it matters of which rows; else the sample has found out. */
static bool take_partition(struct drvp_setup *s, size_t i, unsigned *cost)
{
	struct drvp_sample *sample = s->search->sample;

	*cost = 0;
	s->design.partition = sample->partition;
	if (sample->previous != DRVP_NO_COLUMN || i > sample->column_count)
		return i == 0;
	*cost = i == 0 ? 0 : may_partition(sample, i - 1) ? 1 : DRVP_COST_MAX + 1;
	if (*cost > DRVP_COST_MAX)
		return true;
	s->design.partition = i == 0 ? DRVP_NO_COLUMN : i - 1;
	drvp_sample_partition(sample, s->design.partition);
	s->probe = drvp_best_probe(sample, NULL);
	return s->probe;
}

/* Each puts the choice of that index into the design; false: there is none. */
static bool (*const choices[])(struct drvp_setup *s, size_t i, unsigned *cost) = {
	take_partition, take_context, take_shape, take_comma, take_place, take_naming, take_previous_key,
	take_time_key, take_null, take_time, take_document, take_number, take_bool, take_uuid, take_digest,
};

static void choose(struct drvp_setup *s, size_t choice, unsigned left)
{
	unsigned cost;

	if (choice == sizeof choices / sizeof *choices) {
		drvp_try_columns(s, left);
		return;
	}
	for (size_t i = 0; !s->done && choices[choice](s, i, &cost); i++)
		if (cost <= left)
			choose(s, choice + 1, left - cost);
}

void drvp_try_cost(struct drvp_setup *s, unsigned cost)
{
	choose(s, 0, cost);
}
