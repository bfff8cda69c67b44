/* setup.h: between the files that search for a recipe */
#ifndef DRVP_PROPOSE_SETUP_H
#define DRVP_PROPOSE_SETUP_H

#include "propose/propose.h"

/* The search goes by cost, see search.c. */
#define DRVP_COST_MAX 14

/* Where a part of the probed row lies in bytes of the setup. */
struct drvp_setup_part {
	size_t at, len;
	bool present;
};

/* Everything but which columns there are, and in which order. */
struct drvp_setup {
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
	struct drvp_setup_part parts[DRVP_DESIGN_PREVIOUS + 1];
	struct drvp_strbuf bytes;       /* of all parts, and what stands before and behind */
	struct drvp_setup_part before, after;
	bool renamed[DRVP_DESIGN_COLUMNS];      /* the naming gives these another key */
	char *message;
	size_t message_size;
	int64_t deadline;
	bool done;
	int status;
};

static inline bool drvp_row_is_open(const struct drvp_sample_row *row)
{
	return !row->unlinked && !row->settled;
}

/* Whether the previous hash is one of the parts. */
static inline bool drvp_has_own_place(const struct drvp_setup *s)
{
	return s->design.place <= DRVP_PLACE_LAST;
}

/* ------------------------------------------------------------------ try.c */

/* Tries these parts in this order; what fits is kept in s->search. */
void drvp_try_order(struct drvp_setup *s, const uint8_t *order, size_t count);

/*
 * How many open rows of the sample the reader and printer of real documents agree with. settle:
 * settles them.
 */
size_t drvp_try_confirm(struct drvp_search *search, const struct drvp_design *design, bool settle);

size_t drvp_open_rows(const struct drvp_sample *sample);

/* ------------------------------------------------------------------ columns.c */

/* All sets and orders of columns whose cost is exactly this. */
void drvp_try_columns(struct drvp_setup *s, unsigned cost);

/* Asked once for each choice of names, since all that is tried with it stands in this order. */
void drvp_setup_sort_keys(struct drvp_setup *s);

/* Not so columns that entries rarely have hashed: the database's own key, and bookkeeping. */
bool drvp_column_is_usual(const struct drvp_sample *sample, size_t column);

/* ------------------------------------------------------------------ choices.c */

/* Tries all that costs exactly this with the row that is probed. */
void drvp_try_cost(struct drvp_setup *s, unsigned cost);

/* The row with the fewest missing values but this one, or NULL. */
const struct drvp_sample_row *drvp_best_probe(const struct drvp_sample *sample,
					      const struct drvp_sample_row *not);

#endif
