/* columns.c: which columns a recipe may take, and in which order */
#include <stdlib.h>
#include <string.h>

#include "propose/setup.h"

#define MOVES_MAX 4

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
static unsigned move_cost(const struct drvp_setup *s, uint8_t part)
{
	const struct drvp_sample *sample = s->search->sample;

	if (part == DRVP_DESIGN_PREVIOUS)
		return 1;
	return sample->columns[part].key_position || part == sample->order ||
	       part == sample->partition ||
	       sample->classes[part] == DRVP_PIECE_TIME ? 1 : 2;
}

/* Each further move costs one more, or all orders would be tried before other likely things. */
static void try_moves(struct drvp_setup *s, const uint8_t *order, size_t count, unsigned moves,
		      unsigned left)
{
	uint8_t moved[DRVP_DESIGN_COLUMNS + 1];

	if (!left) {
		drvp_try_order(s, order, count);
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

/* Puts the columns that are in, and the previous hash, into their first order. */
static size_t arrange(const struct drvp_setup *s, const bool *in, uint8_t *order)
{
	const struct drvp_sample *sample = s->search->sample;
	size_t count = 0;

	if (s->sorted) {
		for (size_t i = 0; i < s->by_key_count; i++) {
			uint8_t part = s->by_key[i];

			if (part == DRVP_DESIGN_PREVIOUS ? drvp_has_own_place(s) : in[part])
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
static bool shows(const struct drvp_setup *s, const bool *in)
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
	return null && (name || drvp_has_own_place(s)) && (!design->time_key || class[DRVP_PIECE_TIME]);
}

static void try_toggles(struct drvp_setup *s, bool *in, size_t from, unsigned toggles,
			unsigned left)
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

bool drvp_column_is_usual(const struct drvp_sample *sample, size_t column)
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
static void choose_columns(struct drvp_setup *s, bool *in)
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

static void add_part(struct drvp_setup *s, uint8_t column)
{
	struct drvp_setup_part *part = &s->parts[column];

	part->at = s->bytes.len;
	part->present = drvp_design_part(&s->design, s->probe, column, &s->bytes);
	part->len = s->bytes.len - part->at;
}

static void add_surroundings(struct drvp_setup *s)
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

void drvp_setup_sort_keys(struct drvp_setup *s)
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

static bool make_room(struct drvp_setup *s)
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
static unsigned toggle_cost(const struct drvp_setup *s, unsigned toggles)
{
	unsigned dear = s->sorted ? 1 : 2;

	return toggles <= dear ? toggles : (toggles + dear + 1) / 2;
}

void drvp_try_columns(struct drvp_setup *s, unsigned cost)
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
