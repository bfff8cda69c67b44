/* propose_search.c: tries recipes on one row of a sample, the likely ones first */
#include <stdlib.h>
#include <string.h>

#include "chain/propose.h"

/*
 * Every choice that is not the usual one has a cost, and the search goes by total cost: first the
 * recipes that cost nothing, then all that cost 1, and so on until the time is up. So a table with
 * a usual recipe is done at once, and a long list of rare choices delays nothing that is likely.
 */
#define COST_MAX 14
#define MOVES_MAX 4

/* Up to which cost other rows than the first are searched with. */
#define OTHER_COST 2

/* How often the clock is read. */
#define TRIES_A_LOOK 1024

/* After a recipe that fits only some rows, the search for a better one goes on for so long. */
#define SECOND_THOUGHTS (5 * DRVP_SECOND)

/* Where a part of the probed row lies in setup.bytes. */
struct part {
	size_t at, len;
	bool present;
};

/* Everything but which columns there are, and in which order. */
struct setup {
	struct drvp_search *search;
	const struct drvp_sample_row *probe;
	struct drvp_design design;
	bool sorted;                    /* parts stand in the order of their keys */
	bool usual[DRVP_DESIGN_COLUMNS];        /* see is_usual() */
	const struct drvp_design_word *null;
	uint8_t usable[DRVP_DESIGN_COLUMNS];    /* columns that may have been hashed */
	size_t usable_count;
	uint8_t by_key[DRVP_DESIGN_COLUMNS + 1];        /* all parts in the order of their keys */
	size_t by_key_count;
	struct part parts[DRVP_DESIGN_PREVIOUS + 1];
	struct drvp_strbuf bytes;       /* of all parts, and what stands before and behind */
	struct part before, after;
	bool renamed[DRVP_DESIGN_COLUMNS];      /* the naming gives these another key */
	char *message;
	size_t message_size;
	int64_t deadline;
	bool done;
	int status;
};

/* ------------------------------------------------------------------ one try */

static void look_at_clock(struct setup *s)
{
	const struct drvp_propose *ask = s->search->ask;

	if (s->search->tried % TRIES_A_LOOK)
		return;
	if (drvp_monotonic() > s->deadline || (ask->cancelled && atomic_load(ask->cancelled))) {
		s->search->timed_out = true;
		s->done = true;
	}
}

static char *put(char *at, const struct setup *s, const struct part *part)
{
	memcpy(at, s->bytes.data + part->at, part->len);
	return at + part->len;
}

static size_t put_message(struct setup *s, const uint8_t *order, size_t count)
{
	static const char open[] = { [DRVP_SHAPE_OBJECT] = '{', [DRVP_SHAPE_ARRAY] = '[' };
	static const char close[] = { [DRVP_SHAPE_OBJECT] = '}', [DRVP_SHAPE_ARRAY] = ']' };
	size_t comma = strlen(s->design.comma);
	char *at = put(s->message, s, &s->before), *parts = at;
	bool first = true;

	if (s->design.shape != DRVP_SHAPE_TEXT)
		*at++ = open[s->design.shape];
	for (size_t i = 0; i < count; i++) {
		const struct part *part = &s->parts[order[i]];

		if (!part->present)
			continue;
		if (!first) {
			memcpy(at, s->design.comma, comma);
			at += comma;
		}
		first = false;
		at = put(at, s, part);
	}
	if (s->design.shape != DRVP_SHAPE_TEXT)
		*at++ = close[s->design.shape];
	if (s->design.inner_digest) {
		uint8_t digest[DRVP_DIGEST_MAX];
		struct drvp_strbuf hex = DRVP_STRBUF_INIT;

		if (drvp_digest(s->search->inner, parts, (size_t)(at - parts), digest))
			return 0;
		drvp_strbuf_hex(&hex, digest, drvp_digest_size(s->search->inner));
		at = parts;
		memcpy(at, drvp_strbuf_text(&hex), hex.len);
		at += hex.len;
		drvp_strbuf_free(&hex);
	}
	at = put(at, s, &s->after);
	return (size_t)(at - s->message);
}

static bool is_open(const struct drvp_sample_row *row)
{
	return !row->unlinked && !row->settled;
}

/*
 * How many rows of the sample the reader and printer of real documents agree with. settle: marks
 * them.
 */
static size_t confirm(struct drvp_search *search, const struct drvp_design *design, bool settle)
{
	const struct drvp_sample *sample = search->sample;
	struct drvp_strbuf members = DRVP_STRBUF_INIT;
	struct drvp_attempt *attempt = NULL;
	uint8_t digest[DRVP_DIGEST_MAX];
	size_t count = 0;

	drvp_design_write(design, NULL, &members);
	if (!members.failed)
		drvp_attempt_new(&attempt, sample, members.data, NULL);
	for (size_t i = 0; attempt && i < sample->count; i++) {
		struct drvp_sample_row *row = &sample->rows[i];

		if (!is_open(row) || drvp_attempt_build(attempt, row, 0) ||
		    drvp_digest(design->digester, drvp_strbuf_text(&attempt->preimage->out),
				attempt->preimage->out.len, digest) ||
		    memcmp(digest, row->hash, sample->hash_size) != 0)
			continue;
		count++;
		row->settled = settle;
	}
	drvp_attempt_free(&attempt);
	drvp_strbuf_free(&members);
	return count;
}

static size_t open_rows(const struct drvp_sample *sample)
{
	size_t count = 0;

	for (size_t i = 0; i < sample->count; i++)
		count += is_open(&sample->rows[i]);
	return count;
}

static void keep_if_better(struct setup *s, struct drvp_design *design)
{
	struct drvp_search *search = s->search;
	size_t agreeing;

	for (size_t i = 0; i < DRVP_DESIGN_COLUMNS; i++)
		design->nulls[i] = s->null;
	if (drvp_design_fit(design, search, s->probe) <= search->best_agrees)
		return;
	agreeing = confirm(search, design, false);
	if (agreeing <= search->best_agrees)
		return;
	search->best = *design;
	search->best_agrees = agreeing;
	s->done = agreeing == open_rows(search->sample);
}

/* The variant of that format in another context, or the first where it has none. */
static uint8_t same_format(const struct drvp_piece_context *context, int class,
			   const struct drvp_piece_format *format)
{
	for (size_t i = 0; i < context->variant_count[class]; i++)
		if (!strcmp(context->variants[class][i].format.members, format->members))
			return (uint8_t)i;
	return 0;
}

/* Every way of writing documents and numbers in a context, all else staying as it is. */
static void try_context(struct setup *s, const struct drvp_design *like,
			const struct drvp_piece_context *context)
{
	struct drvp_design design = *like;

	for (int class = 0; class < DRVP_PIECE_CLASSES; class++)
		design.variant[class] = same_format(context, class, &like->context->variants
						    [class][like->variant[class]].format);
	design.context = context;
	if (context->style)
		design.comma = context->comma;
	for (size_t i = 0; i < context->variant_count[DRVP_PIECE_DOCUMENT] && !s->done; i++)
		for (size_t j = 0; j < context->variant_count[DRVP_PIECE_NUMBER] && !s->done; j++) {
			struct drvp_design tried = design;

			tried.variant[DRVP_PIECE_DOCUMENT] = (uint8_t)i;
			tried.variant[DRVP_PIECE_NUMBER] = (uint8_t)j;
			keep_if_better(s, &tried);
		}
}

/* What gives the hash of one row gives others where a language's own habits show. */
static void found(struct setup *s, const uint8_t *order, size_t count)
{
	const struct drvp_pieces *pieces = s->search->pieces;
	struct drvp_design design = s->design;
	bool first = !s->search->best_agrees;

	memcpy(design.order, order, count);
	design.count = count;
	keep_if_better(s, &design);
	for (size_t i = 0; first && i < pieces->count && !s->done; i++)
		if (!pieces->contexts[i].style == !design.context->style)
			try_context(s, &design, &pieces->contexts[i]);
	if (first && s->search->best_agrees && s->deadline > drvp_monotonic() + SECOND_THOUGHTS)
		s->deadline = drvp_monotonic() + SECOND_THOUGHTS;
}

static void try_order(struct setup *s, const uint8_t *order, size_t count)
{
	uint8_t digest[DRVP_DIGEST_MAX];
	size_t len = put_message(s, order, count);

	s->search->tried++;
	look_at_clock(s);
	if (drvp_digest(s->design.digester, s->message, len, digest))
		s->status = DRV_E_INTERNAL;
	else if (!memcmp(digest, s->probe->hash, s->search->sample->hash_size))
		found(s, order, count);
	s->done = s->done || s->status;
}

/* ------------------------------------------------------------------ columns and their order */

static void move_part(uint8_t *order, size_t from, size_t to)
{
	uint8_t part = order[from];

	if (from < to)
		memmove(order + from, order + from + 1, to - from);
	else
		memmove(order + to + 1, order + to, from - to);
	order[to] = part;
}

/* Keys, times and the previous hash wander more often than other columns. */
static unsigned move_cost(const struct setup *s, uint8_t part)
{
	const struct drvp_sample *sample = s->search->sample;

	if (part == DRVP_DESIGN_PREVIOUS)
		return 1;
	return sample->columns[part].key_position || part == sample->order ||
	       part == sample->partition ||
	       sample->classes[part] == DRVP_PIECE_TIME ? 1 : 2;
}

/* Each further move costs one more, or all orders would be tried before other likely things. */
static void try_moves(struct setup *s, const uint8_t *order, size_t count, unsigned moves,
		      unsigned left)
{
	uint8_t moved[DRVP_DESIGN_COLUMNS + 1];

	if (!left) {
		try_order(s, order, count);
		return;
	}
	if (s->sorted || moves == MOVES_MAX)
		return;
	for (size_t from = 0; from < count && !s->done; from++) {
		unsigned cost = move_cost(s, order[from]) + moves;

		for (size_t to = 0; to < count && cost <= left && !s->done; to++) {
			/* A step to the left is the other one's step to the right. */
			if (to == from || to + 1 == from)
				continue;
			memcpy(moved, order, count);
			move_part(moved, from, to);
			try_moves(s, moved, count, moves + 1, left - cost);
		}
	}
}

static bool has_own_place(const struct setup *s)
{
	return s->design.place <= DRVP_PLACE_LAST;
}

/* Puts the columns that are in, and the previous hash, into their first order. */
static size_t arrange(const struct setup *s, const bool *in, uint8_t *order)
{
	const struct drvp_sample *sample = s->search->sample;
	size_t count = 0;

	if (s->sorted) {
		for (size_t i = 0; i < s->by_key_count; i++) {
			uint8_t part = s->by_key[i];

			if (part == DRVP_DESIGN_PREVIOUS ? has_own_place(s) : in[part])
				order[count++] = part;
		}
		return count;
	}
	if (s->design.place == DRVP_PLACE_FIRST)
		order[count++] = DRVP_DESIGN_PREVIOUS;
	for (size_t i = 0; i < sample->column_count && i < DRVP_DESIGN_COLUMNS; i++) {
		if (i == sample->previous && s->design.place == DRVP_PLACE_OWN)
			order[count++] = DRVP_DESIGN_PREVIOUS;
		if (in[i])
			order[count++] = (uint8_t)i;
	}
	if (s->design.place == DRVP_PLACE_LAST)
		order[count++] = DRVP_DESIGN_PREVIOUS;
	return count;
}

/* Whether a choice shows in the bytes; else they were met when the usual one was tried. */
static bool shows(const struct setup *s, const bool *in)
{
	const struct drvp_sample *sample = s->search->sample;
	const struct drvp_design *design = &s->design;
	bool null = s->null == drvp_design_nulls || !s->null->json, name = !design->naming;
	bool class[DRVP_PIECE_CLASSES] = { false };

	for (size_t i = 0; i < s->usable_count; i++) {
		uint8_t column = s->usable[i];

		if (!in[column])
			continue;
		if (s->probe->values[column].kind == DRVP_NULL)
			null = true;
		else
			class[sample->classes[column]] = true;
		name = name || s->renamed[column];
	}
	for (int i = 0; i < DRVP_PIECE_CLASSES; i++)
		if (design->variant[i] && !class[i])
			return false;
	return null && (name || has_own_place(s)) && (!design->time_key || class[DRVP_PIECE_TIME]);
}

static void try_toggles(struct setup *s, bool *in, size_t from, unsigned toggles, unsigned left)
{
	uint8_t order[DRVP_DESIGN_COLUMNS + 1];

	if (!toggles) {
		size_t count = shows(s, in) ? arrange(s, in, order) : 0;

		if (count && !s->done)
			try_moves(s, order, count, 0, left);
		return;
	}
	for (size_t i = from; i < s->usable_count && !s->done; i++) {
		in[s->usable[i]] = !in[s->usable[i]];
		try_toggles(s, in, i + 1, toggles - 1, left);
		in[s->usable[i]] = !in[s->usable[i]];
	}
}

/* ------------------------------------------------------------------ what is usual for a column */

static bool says(const char *name, const char *word)
{
	return strcasestr(name, word) != NULL;
}

static bool has_other_time(const struct drvp_sample *sample, size_t column)
{
	for (size_t i = 0; i < sample->column_count; i++)
		if (i != column && sample->classes[i] == DRVP_PIECE_TIME &&
		    !says(sample->columns[i].name, "updated"))
			return true;
	return false;
}

/* Columns that entries rarely have hashed: the key that the database gave, and bookkeeping. */
static bool is_usual(const struct drvp_sample *sample, size_t column)
{
	static const char *const rare[] = { "version", "verified", "checkpoint", "anchor", "signature",
					    "hmac", "archived", "updated" };
	const struct drvp_column *c = &sample->columns[column];

	if (c->key_position || c->generated || column == sample->order)
		return c->kind != DRVP_INTEGER && !c->key_position && !c->generated;
	for (size_t i = 0; i < sizeof rare / sizeof *rare; i++)
		if (says(c->name, rare[i]))
			return false;
	/* Beside the time of the event, that of its row. */
	return !(says(c->name, "created") && has_other_time(sample, column));
}

/* A column that is NULL and then left out shows nothing here; other rows settle it. */
static void choose_columns(struct setup *s, bool *in)
{
	const struct drvp_sample *sample = s->search->sample;
	bool omitted = !(s->design.context->style ? s->null->json : s->null->text);

	s->usable_count = 0;
	for (size_t i = 0; i < sample->column_count && i < DRVP_DESIGN_COLUMNS; i++) {
		in[i] = false;
		if (i == sample->hash || i == sample->previous ||
		    (omitted && s->probe->values[i].kind == DRVP_NULL))
			continue;
		s->usable[s->usable_count++] = (uint8_t)i;
		in[i] = s->usual[i];
	}
}

/* ------------------------------------------------------------------ parts */

static void add_part(struct setup *s, uint8_t column)
{
	struct part *part = &s->parts[column];

	part->at = s->bytes.len;
	part->present = drvp_design_part(&s->design, s->probe, column, &s->bytes);
	part->len = s->bytes.len - part->at;
}

static void add_surroundings(struct setup *s)
{
	s->before.at = s->bytes.len;
	if (s->design.place == DRVP_PLACE_BEFORE) {
		drvp_design_previous(&s->design, s->probe, &s->bytes);
		drvp_strbuf_str(&s->bytes, s->design.glue);
	}
	s->before.len = s->bytes.len - s->before.at;
	s->after.at = s->bytes.len;
	if (s->design.place == DRVP_PLACE_AFTER) {
		drvp_strbuf_str(&s->bytes, s->design.glue);
		drvp_design_previous(&s->design, s->probe, &s->bytes);
	}
	s->after.len = s->bytes.len - s->after.at;
}

/* Asked once for each choice of names, since all that is tried with it stands in this order. */
static void sort_keys(struct setup *s)
{
	const struct drvp_sample *sample = s->search->sample;
	char keys[DRVP_DESIGN_COLUMNS + 1][128];
	uint8_t order[DRVP_DESIGN_COLUMNS + 1];
	size_t count = 0;

	for (; count < sample->column_count && count < DRVP_DESIGN_COLUMNS; count++)
		drvp_design_key(&s->design, (uint8_t)count, keys[count], sizeof keys[count]);
	drvp_design_key(&s->design, DRVP_DESIGN_PREVIOUS, keys[count], sizeof keys[count]);
	count++;
	for (size_t i = 0; i < count; i++) {
		size_t at = i;

		for (; at > 0 && strcmp(keys[i], keys[order[at - 1]]) < 0; at--)
			order[at] = order[at - 1];
		order[at] = (uint8_t)i;
	}
	for (size_t i = 0; i < count; i++)
		s->by_key[i] = order[i] == count - 1 ? DRVP_DESIGN_PREVIOUS : order[i];
	s->by_key_count = count;
}

static bool make_room(struct setup *s)
{
	size_t size = s->bytes.len + (s->usable_count + 2) * (strlen(s->design.comma) + 1) +
		      2 * DRVP_DIGEST_MAX + 8;

	if (size > s->message_size) {
		char *grown = realloc(s->message, size);

		if (grown) {
			s->message = grown;
			s->message_size = size;
		} else {
			s->status = DRV_E_NOMEM;
		}
	}
	if (s->bytes.failed)
		s->status = DRV_E_NOMEM;
	s->done = s->done || s->status;
	return !s->status;
}

/* Of columns that are in or out against expectation; sets are fewer than orders or formats. */
static unsigned toggle_cost(const struct setup *s, unsigned toggles)
{
	unsigned dear = s->sorted ? 1 : 2;

	return toggles <= dear ? toggles : (toggles + dear + 1) / 2;
}

/* All sets and orders of columns whose cost is exactly what is left. */
static void try_columns(struct setup *s, unsigned cost)
{
	bool in[DRVP_DESIGN_COLUMNS];

	for (size_t i = 0; i < DRVP_DESIGN_COLUMNS; i++)
		s->design.nulls[i] = s->null;
	choose_columns(s, in);
	drvp_strbuf_clear(&s->bytes);
	for (size_t i = 0; i < s->usable_count; i++)
		add_part(s, s->usable[i]);
	add_part(s, DRVP_DESIGN_PREVIOUS);
	add_surroundings(s);
	if (!make_room(s))
		return;
	for (unsigned toggles = 0; toggle_cost(s, toggles) <= cost && !s->done; toggles++)
		try_toggles(s, in, 0, toggles, cost - toggle_cost(s, toggles));
}

/* ------------------------------------------------------------------ choices */

static bool take_context(struct setup *s, size_t i, unsigned *cost)
{
	const struct drvp_pieces *pieces = s->search->pieces;

	if (i >= pieces->count)
		return false;
	s->design.context = &pieces->contexts[i];
	s->design.comma = s->design.context->comma;
	*cost = i > 5;
	return true;
}

static bool take_shape(struct setup *s, size_t i, unsigned *cost)
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

static bool take_comma(struct setup *s, size_t i, unsigned *cost)
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

static bool take_place(struct setup *s, size_t i, unsigned *cost)
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
		*cost += s->sorted ? 0 : COST_MAX;
	return true;
}

/* Whether a naming gives other keys than those before it. */
static bool names_differ(struct setup *s, int naming)
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

static bool take_naming(struct setup *s, size_t i, unsigned *cost)
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
		*cost = COST_MAX + 1;
	s->design.naming = (int)i;
	return true;
}

static bool take_previous_key(struct setup *s, size_t i, unsigned *cost)
{
	static const char *const keys[] = { NULL, "prev", "prevHash", "prev_hash", "previousHash",
					    "previous_hash", "previous", "parent", "parentHash" };
	bool member = s->design.shape == DRVP_SHAPE_OBJECT && has_own_place(s);

	if (i >= (member ? sizeof keys / sizeof *keys : 1))
		return false;
	s->design.previous_key = keys[i];
	*cost = i > 0;
	return true;
}

static bool take_time_key(struct setup *s, size_t i, unsigned *cost)
{
	static const char *const keys[] = { NULL, "timestamp", "ts", "time", "at", "createdAt",
					    "created_at", "date" };
	bool member = s->design.shape == DRVP_SHAPE_OBJECT &&
		      s->design.context->variant_count[DRVP_PIECE_TIME] > 1;

	if (i >= (member ? sizeof keys / sizeof *keys : 1))
		return false;
	s->design.time_key = keys[i];
	if (s->sorted)
		sort_keys(s);
	*cost = i > 2 ? 2 : i > 0;
	return true;
}

static bool take_null(struct setup *s, size_t i, unsigned *cost)
{
	if (i > 5 || (i > 0 && !s->probe->nulls))
		return false;
	s->null = &drvp_design_nulls[i];
	*cost = i > 2 ? 2 : i > 1;
	return true;
}

static bool take_variant(struct setup *s, size_t i, unsigned *cost, int class, size_t usual)
{
	if (i >= s->design.context->variant_count[class])
		return false;
	s->design.variant[class] = (uint8_t)i;
	*cost = i >= 3 * usual ? 2 : i >= usual;
	return true;
}

static bool take_time(struct setup *s, size_t i, unsigned *cost)
{
	if (!take_variant(s, i, cost, DRVP_PIECE_TIME, 8))
		return false;
	if (s->design.context->variants[DRVP_PIECE_TIME][i].format.zoned)
		*cost = 3;
	return true;
}

/* Members in the order of writing are not to be had from a store that has lost it. */
static bool take_document(struct setup *s, size_t i, unsigned *cost)
{
	if (!take_variant(s, i, cost, DRVP_PIECE_DOCUMENT, 4))
		return false;
	if (s->search->sample->order_lost &&
	    s->design.context->variants[DRVP_PIECE_DOCUMENT][i].format.unsorted)
		*cost += 2;
	return true;
}

static bool take_number(struct setup *s, size_t i, unsigned *cost)
{
	return take_variant(s, i, cost, DRVP_PIECE_NUMBER, 2);
}

static bool take_uuid(struct setup *s, size_t i, unsigned *cost)
{
	return take_variant(s, i, cost, DRVP_PIECE_UUID, 1);
}

static bool take_bool(struct setup *s, size_t i, unsigned *cost)
{
	return take_variant(s, i, cost, DRVP_PIECE_BOOL, 2);
}

static bool take_digest(struct setup *s, size_t i, unsigned *cost)
{
	if (i >= s->search->digester_count)
		return false;
	s->design.digester = s->search->digesters[i];
	s->design.key = s->search->keys[i];
	/* Who gives a key believes that it was used. */
	*cost = !s->search->keys[i] && s->search->digester_count > 1;
	return true;
}

static const struct drvp_sample_row *next_probe(const struct drvp_sample *sample,
						const struct drvp_sample_row *not)
{
	const struct drvp_sample_row *best = NULL;

	for (size_t i = 0; i < sample->count; i++) {
		const struct drvp_sample_row *row = &sample->rows[i];

		if (row == not || row->genesis || !is_open(row))
			continue;
		if (!best || row->nulls < best->nulls)
			best = row;
	}
	return best;
}

/* The last or the first row that is open, which differ where the application has changed. */
static const struct drvp_sample_row *end_probe(const struct drvp_sample *sample,
					       const struct drvp_sample_row *not, bool last)
{
	for (size_t i = 0; i < sample->count; i++) {
		const struct drvp_sample_row *row =
			&sample->rows[last ? sample->count - 1 - i : i];

		if (row != not && !row->genesis && is_open(row))
			return row;
	}
	return NULL;
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
static bool take_partition(struct setup *s, size_t i, unsigned *cost)
{
	struct drvp_sample *sample = s->search->sample;

	*cost = 0;
	s->design.partition = sample->partition;
	if (sample->previous != DRVP_NO_COLUMN || i > sample->column_count)
		return i == 0;
	*cost = i == 0 ? 0 : may_partition(sample, i - 1) ? 1 : COST_MAX + 1;
	if (*cost > COST_MAX)
		return true;
	s->design.partition = i == 0 ? DRVP_NO_COLUMN : i - 1;
	drvp_sample_partition(sample, s->design.partition);
	s->probe = next_probe(sample, NULL);
	return s->probe;
}

/* Each puts the choice of that index into the design; false: there is none. */
static bool (*const choices[])(struct setup *s, size_t i, unsigned *cost) = {
	take_partition, take_context, take_shape, take_comma, take_place, take_naming, take_previous_key,
	take_time_key, take_null, take_time, take_document, take_number, take_bool, take_uuid, take_digest,
};

static void choose(struct setup *s, size_t choice, unsigned left)
{
	unsigned cost;

	if (choice == sizeof choices / sizeof *choices) {
		try_columns(s, left);
		return;
	}
	for (size_t i = 0; !s->done && choices[choice](s, i, &cost); i++)
		if (cost <= left)
			choose(s, choice + 1, left - cost);
}

/* ------------------------------------------------------------------ the search */

static int make_digesters(struct drvp_search *search, struct drv_error *err)
{
	const struct drvp_propose *ask = search->ask;
	int algorithm = search->sample->hash_size == 32 ? DRVP_SHA256 :
			search->sample->hash_size == 48 ? DRVP_SHA384 : DRVP_SHA512;
	int status = drvp_digester_new(&search->inner, DRVP_SHA256, NULL, 0, err);

	if (!status)
		status = drvp_digester_new(&search->digesters[search->digester_count++], algorithm,
					   NULL, 0, err);
	for (size_t i = 0; !status && i < ask->secret_count &&
	     search->digester_count < DRVP_SEARCH_KEYS; i++) {
		const struct drvp_secret *secret = &ask->secrets[i];

		search->keys[search->digester_count] = secret->name;
		status = drvp_digester_new(&search->digesters[search->digester_count++], algorithm,
					   secret->len ? (const void *)secret->bytes : "",
					   secret->len, err);
	}
	return status;
}

/* Some applications keep the very bytes that they hash. */
static void try_stored(struct setup *s)
{
	struct drvp_search *search = s->search;
	const struct drvp_sample *sample = search->sample;
	struct drvp_design design = s->design;

	for (size_t i = 0; i < sample->column_count * search->digester_count; i++) {
		size_t column = i % sample->column_count, agreeing;

		if (sample->columns[column].kind != DRVP_TEXT || column == sample->hash ||
		    column == sample->previous || sample->order == DRVP_NO_COLUMN)
			continue;
		design.digester = search->digesters[i / sample->column_count];
		design.key = search->keys[i / sample->column_count];
		design.partition = sample->partition;
		design.stored = column;
		search->tried++;
		agreeing = confirm(search, &design, false);
		if (agreeing <= search->best_agrees)
			continue;
		search->best = design;
		search->best_agrees = agreeing;
		s->done = agreeing == open_rows(sample);
	}
}

static void search_from(struct setup *s)
{
	const struct drvp_sample_row *first = s->probe;
	const struct drvp_sample_row *others[] = { end_probe(s->search->sample, first, true),
						   end_probe(s->search->sample, first, false) };

	try_stored(s);
	for (unsigned cost = 0; cost <= COST_MAX && !s->done; cost++) {
		s->probe = first;
		choose(s, 0, cost);
		/* It may be one of few that were hashed in another way. */
		for (size_t i = 0; i < 2 && cost <= OTHER_COST && !s->done; i++) {
			s->probe = others[i];
			if (others[i])
				choose(s, 0, cost);
		}
	}
}

int drvp_search_run(struct drvp_search *search, struct drv_error *err)
{
	struct setup *s = calloc(1, sizeof *s);
	int status = s ? make_digesters(search, err) : drvp_fail_nomem(err);

	if (!status) {
		s->search = search;
		s->probe = next_probe(search->sample, NULL);
		s->deadline = search->deadline;
		s->design.pieces = search->pieces;
		s->design.inner = search->inner;
		s->design.genesis = drvp_design_geneses;
		s->design.stored = DRVP_NO_COLUMN;
		for (size_t i = 0; i < search->sample->column_count && i < DRVP_DESIGN_COLUMNS; i++)
			s->usual[i] = is_usual(search->sample, i);
		if (s->probe)
			search_from(s);
		if (search->best_agrees)
			confirm(search, &search->best, true);
		status = s->status ? drvp_fail(err, s->status, "trying recipes failed") : 0;
		free(s->message);
		drvp_strbuf_free(&s->bytes);
	}
	free(s);
	return status;
}
