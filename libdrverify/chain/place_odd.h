/* place_odd.h: finds out what is wrong with entries of which none comes next */
#ifndef DRVP_PLACE_ODD_H
#define DRVP_PLACE_ODD_H

#include "chain/place.h"

/*
 * Each deals with one of the entries that wait, if there is one of that kind: *found. They return a
 * status without words.
 */

/* The first that is there for the second time: it was made after what the other one was. */
int drvp_place_find_copy(struct drvp_ordered *w, bool *found);

/* The first that was made after a candidate, which another entry may have been made after too. */
int drvp_place_accept_other(struct drvp_ordered *w, struct drvp_candidate *candidate, bool rival,
			    bool *found);

/* The first that goes on with another branch. */
int drvp_place_accept_branch(struct drvp_ordered *w, bool *found);

/* The first that was made after an entry of this place, or after the one before the place. */
int drvp_place_accept_rival(struct drvp_ordered *w, bool *found);

/* Begins with one of those that wait where what the first one was made after is gone. */
int drvp_place_begin_pruned(struct drvp_ordered *w);

/* Says of one of those that wait that it was changed. */
int drvp_place_blame_one(struct drvp_ordered *w);

#endif
