/* search.c: tries recipes on one row of a sample, the likely ones first */
#include <stdlib.h>
#include <string.h>

#include "propose/setup.h"

/*
 * Every choice that is not the usual one has a cost, and the search goes by total cost: first the
 * recipes that cost nothing, then all that cost 1, and so on until the time is up. So a table with
 * a usual recipe is done at once, and a long list of rare choices delays nothing that is likely.
 */

/* Up to which cost other rows than the first are searched with. */
#define OTHER_COST 2

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

/* The last or the first row that is open, which differ where the application has changed. */
static const struct drvp_sample_row *end_probe(const struct drvp_sample *sample,
					       const struct drvp_sample_row *not, bool last)
{
	for (size_t i = 0; i < sample->count; i++) {
		const struct drvp_sample_row *row =
			&sample->rows[last ? sample->count - 1 - i : i];

		if (row != not && !row->genesis && drvp_row_is_open(row))
			return row;
	}
	return NULL;
}

/* Some applications keep the very bytes that they hash. */
static void try_stored(struct drvp_setup *s)
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
		agreeing = drvp_try_confirm(search, &design, false);
		if (agreeing <= search->best_agrees)
			continue;
		search->best = design;
		search->best_agrees = agreeing;
		s->done = agreeing == drvp_open_rows(sample);
	}
}

static void search_from(struct drvp_setup *s)
{
	const struct drvp_sample_row *first = s->probe;
	const struct drvp_sample_row *others[] = { end_probe(s->search->sample, first, true),
						   end_probe(s->search->sample, first, false) };

	try_stored(s);
	for (unsigned cost = 0; cost <= DRVP_COST_MAX && !s->done; cost++) {
		s->probe = first;
		drvp_try_cost(s, cost);
		/* It may be one of few that were hashed in another way. */
		for (size_t i = 0; i < 2 && cost <= OTHER_COST && !s->done; i++) {
			s->probe = others[i];
			if (others[i])
				drvp_try_cost(s, cost);
		}
	}
}

int drvp_search_run(struct drvp_search *search, struct drv_error *err)
{
	struct drvp_setup *s = calloc(1, sizeof *s);
	int status = s ? make_digesters(search, err) : drvp_fail_nomem(err);

	if (!status) {
		s->search = search;
		s->probe = drvp_best_probe(search->sample, NULL);
		s->deadline = search->deadline;
		s->design.pieces = search->pieces;
		s->design.inner = search->inner;
		s->design.genesis = drvp_design_geneses;
		s->design.stored = DRVP_NO_COLUMN;
		for (size_t i = 0; i < search->sample->column_count && i < DRVP_DESIGN_COLUMNS; i++)
			s->usual[i] = drvp_column_is_usual(search->sample, i);
		if (s->probe)
			search_from(s);
		if (search->best_agrees)
			drvp_try_confirm(search, &search->best, true);
		status = s->status ? drvp_fail(err, s->status, "trying recipes failed") : 0;
		free(s->message);
		drvp_strbuf_free(&s->bytes);
	}
	free(s);
	return status;
}
