/* place_entry.h: takes an entry for the one after another, going by what it was made with */
#ifndef DRVP_PLACE_ENTRY_H
#define DRVP_PLACE_ENTRY_H

#include "chain/place.h"

/* Those that return an int return a status without words: DRV_E_NOMEM, DRV_E_INTERNAL. */

/* Keeps a hash beyond its row. */
void drvp_candidate_keep(struct drvp_candidate *candidate, const struct drvp_link *hash);

/* The link whose value lies in this very candidate, wherever that was copied to. */
const struct drvp_link *drvp_candidate_link(struct drvp_candidate *candidate);

/* Counts an entry in one of the chain's counters, and names it. */
int drvp_place_count(const struct drvp_ordered *w, const struct drvp_waiting *p, unsigned counter);

/* Whether what the comparison of an entry gave speaks for it. */
bool drvp_content_fits(int content);

/* *content: what an entry is if it was made after a candidate, whose hash entry->previous becomes. */
int drvp_place_try(struct drvp_ordered *w, const struct drvp_waiting *p, struct drvp_entry *entry,
		   struct drvp_candidate *candidate, int *content);

/* The entry's hash becomes what the next one was made with. */
void drvp_place_advance(struct drvp_ordered *w, const struct drvp_link *hash, bool matched);

/* Takes an entry that was made after a candidate. */
int drvp_place_take(struct drvp_ordered *w, const struct drvp_waiting *p,
		    const struct drvp_entry *entry, const struct drvp_candidate *made_after,
		    int content);

/* *accepted: whether it is the entry after the last one. */
int drvp_place_accept(struct drvp_ordered *w, const struct drvp_waiting *p, bool *accepted);

/* Takes an entry out of those that wait. */
void drvp_place_stop_waiting(struct drvp_ordered *w, size_t index);

#endif
