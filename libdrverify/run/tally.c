/* tally.c: what measuring a check gives: counters and fingerprints that merge in any order */
#include "run/tally.h"

#include <stdlib.h>
#include <string.h>

int drvp_tally_init(struct drvp_tally *tally, const struct drvp_tally_kind *kind)
{
	memset(tally, 0, sizeof *tally);
	if (!kind)
		return 0;
	tally->own = calloc(1, kind->size);
	if (!tally->own)
		return DRV_E_NOMEM;
	tally->kind = kind;
	return 0;
}

static void spot_free(struct drvp_spot *spot)
{
	free(spot->place);
	free(spot->key);
}

static void release(struct drvp_tally *tally)
{
	for (size_t i = 0; i < DRVP_TALLY_COUNTERS; i++)
		for (size_t j = 0; j < tally->counters[i].spot_count; j++)
			spot_free(&tally->counters[i].spots[j]);
	if (tally->own)
		tally->kind->release(tally->own);
}

void drvp_tally_reset(struct drvp_tally *tally)
{
	const struct drvp_tally_kind *kind = tally->kind;
	void *own = tally->own;

	release(tally);
	if (own)
		memset(own, 0, kind->size);
	*tally = (struct drvp_tally){ .kind = kind, .own = own };
}

void drvp_tally_free(struct drvp_tally *tally)
{
	release(tally);
	free(tally->own);
	memset(tally, 0, sizeof *tally);
}

/* Ties are broken by place, so that the examples kept do not depend on the order of merging. */
static bool comes_before(const struct drvp_spot *a, const struct drvp_spot *b)
{
	if (a->order != b->order)
		return a->order < b->order;
	return strcmp(a->place, b->place) < 0;
}

/* Takes spot over. */
static void keep_smallest(struct drvp_counter *counter, struct drvp_spot spot)
{
	size_t at = counter->spot_count;

	while (at > 0 && comes_before(&spot, &counter->spots[at - 1]))
		at--;
	if (at == DRVP_SPOTS) {
		spot_free(&spot);
		return;
	}
	if (counter->spot_count == DRVP_SPOTS)
		spot_free(&counter->spots[--counter->spot_count]);
	memmove(&counter->spots[at + 1], &counter->spots[at],
		(counter->spot_count - at) * sizeof spot);
	counter->spots[at] = spot;
	counter->spot_count++;
}

int drvp_tally_count_row(struct drvp_tally *tally, unsigned counter, const struct drvp_row *row,
			 int64_t order, bool show_keys)
{
	struct drvp_counter *into = &tally->counters[counter];
	struct drvp_strbuf place = DRVP_STRBUF_INIT, key = DRVP_STRBUF_INIT;

	into->count++;
	if (into->spot_count == DRVP_SPOTS && order > into->spots[DRVP_SPOTS - 1].order)
		return 0;
	drvp_row_print_place(&place, row);
	drvp_strbuf_str(&key, "");
	if (show_keys)
		drvp_row_print_key(&key, row);
	if (place.failed || key.failed || !place.data || !key.data) {
		drvp_strbuf_free(&place);
		drvp_strbuf_free(&key);
		return DRV_E_NOMEM;
	}
	keep_smallest(into, (struct drvp_spot){ order, place.data, key.data });
	return 0;
}

void drvp_counter_merge(struct drvp_counter *into, struct drvp_counter *other)
{
	into->count += other->count;
	for (size_t i = 0; i < other->spot_count; i++)
		keep_smallest(into, other->spots[i]);
	other->spot_count = 0;
	other->count = 0;
}

void drvp_tally_merge(struct drvp_tally *into, struct drvp_tally *other)
{
	into->rows += other->rows;
	into->elapsed += other->elapsed;
	for (size_t i = 0; i < DRVP_TALLY_COUNTERS; i++)
		drvp_counter_merge(&into->counters[i], &other->counters[i]);
	if (other->newest_set && (!into->newest_set || other->newest > into->newest)) {
		into->newest_set = true;
		into->newest = other->newest;
	}
	if (into->own && other->own)
		into->kind->merge(into->own, other->own);
	if (other->counted_set) {
		into->counted_set = true;
		into->counted += other->counted;
	}
	drvp_tally_free(other);
}
