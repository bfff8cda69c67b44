/* place.c: puts entries that store no previous hash into their order, place by place */
#include "chain/place.h"

#include <string.h>

#include "chain/place_entry.h"
#include "chain/place_odd.h"
#include "store/row_copy.h"

/* The first of those that wait which comes next. */
static int accept_any(struct drvp_ordered *w, bool *found)
{
	*found = false;
	for (size_t i = 0; i < w->pending_count; i++) {
		int status = drvp_place_accept(w, &w->pending[i], found);

		if (status)
			return status;
		if (!*found)
			continue;
		drvp_place_stop_waiting(w, i);
		return 0;
	}
	return 0;
}

int drvp_place_finish(struct drvp_ordered *w)
{
	int status = 0;

	while (!status && w->pending_count) {
		bool found = w->anything;

		if (w->anything)
			status = drvp_place_begin_pruned(w);
		else
			status = accept_any(w, &found);
		if (!status && !found)
			status = drvp_place_find_copy(w, &found);
		if (!status && !found && !w->last_matched)
			status = drvp_place_accept_other(w, &w->made, false, &found);
		if (!status && !found)
			status = drvp_place_accept_other(w, &w->before,
					      w->last_matched && w->before_claimed, &found);
		if (!status && !found)
			status = drvp_place_accept_branch(w, &found);
		if (!status && !found)
			status = drvp_place_accept_rival(w, &found);
		if (!status && !found)
			status = drvp_place_blame_one(w);
	}
	w->accepted_count = 0;
	w->crowded = false;
	w->place = NULL;
	drvp_arena_reset(&w->arena);
	return status;
}

static int accept_waiting(struct drvp_ordered *w)
{
	bool found = true;
	int status = 0;

	while (!status && found && w->pending_count)
		status = accept_any(w, &found);
	return status;
}

static int wait_for_others(struct drvp_ordered *w, const struct drvp_waiting *p)
{
	struct drvp_waiting *copy = &w->pending[w->pending_count];
	struct drvp_entry entry;
	int status;

	if (w->pending_count == DRVP_PLACE_MOST) {
		w->crowded = true;
		w->chain->unproven++;
		return drvp_place_count(w, p, DRVP_CHAIN_UNVERIFIABLE);
	}
	status = drvp_chain_reader_links(&w->reader, &p->row, &entry);
	if (status)
		return status;
	copy->position = p->position;
	copy->size = entry.hash.state == DRVP_LINK_HASH ? entry.hash.size : 0;
	memcpy(copy->hash, entry.hash.bytes, copy->size);
	if (drvp_row_copy(&copy->row, &p->row, &w->arena))
		return DRV_E_NOMEM;
	w->pending_count++;
	return 0;
}

/* Copies are looked for as long as rows of one place come, so one of them is kept. */
static int enter_place(struct drvp_ordered *w, const struct drvp_row *row)
{
	int status = 0;

	if (w->place && !drvp_chain_reader_same_place(&w->reader, w->place, row))
		status = drvp_place_finish(w);
	if (status || w->place)
		return status;
	w->entered = w->last;
	w->place = drvp_arena_alloc(&w->arena, sizeof *w->place);
	return w->place && !drvp_row_copy(w->place, row, &w->arena) ? 0 : DRV_E_NOMEM;
}

int drvp_place_add(struct drvp_ordered *w, const struct drvp_row *row)
{
	const struct drvp_waiting p = { .row = *row, .position = w->position++ };
	bool accepted = false;
	int status = enter_place(w, row);

	if (!status)
		status = drvp_place_accept(w, &p, &accepted);
	if (status)
		return status;
	return accepted ? accept_waiting(w) : wait_for_others(w, &p);
}
