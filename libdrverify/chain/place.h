/* place.h: puts entries that store no previous hash into their order, place by place */
#ifndef DRVP_PLACE_H
#define DRVP_PLACE_H

#include "chain/reader.h"

/* So many rows of one place in the order are put into theirs; more than that cannot be told. */
#define DRVP_PLACE_MOST 1024

/* So many branches can be open at a time. */
#define DRVP_OPEN_ENDS 8

/* A hash that the next entry may have been made with. */
struct drvp_candidate {
	struct drvp_link link;
	struct drvp_value value;     /* as an entry would store it */
	char text[2 * DRVP_DIGEST_MAX + 1];
};

/* An entry of the present place that waits for the one before it. */
struct drvp_waiting {
	struct drvp_row row;
	uint8_t hash[DRVP_DIGEST_MAX];          /* as it is stored; size 0: it has none */
	size_t size;
	uint64_t position;
};

/* An entry of the present place that was accepted, by which its copies are known. */
struct drvp_accepted {
	uint8_t hash[DRVP_DIGEST_MAX];
	size_t size;
	struct drvp_candidate made_after, own;
};

/* Chains while they are read, one after the other. */
struct drvp_ordered {
	const struct drvp_measure *m;
	const struct drvp_recipe *recipe;
	struct drvp_chain_reader reader;
	struct drvp_chain *chain;
	const struct drvp_recorded_head *head;
	bool anything;               /* nothing is known of what the next entry was made with */
	bool last_matched;
	struct drvp_candidate last;  /* the hash of the entry before */
	struct drvp_candidate made;  /* what it should be, where that differs; state NULL: none */
	struct drvp_candidate before;           /* the hash of the one before that */
	bool before_claimed;         /* the entry before was made after it: no end of its own */
	struct drvp_candidate ends[DRVP_OPEN_ENDS];     /* of other branches, that nobody claims */
	size_t end_count;
	struct drvp_candidate entered;          /* the hash of the last entry of an earlier place */
	struct drvp_arena arena;     /* of the rows of the present place */
	struct drvp_row *place;      /* one of them; NULL: none yet */
	struct drvp_accepted *accepted;         /* DRVP_PLACE_MOST of them */
	size_t accepted_count;
	struct drvp_waiting *pending;           /* DRVP_PLACE_MOST: they wait for the one before */
	size_t pending_count;
	bool crowded;                /* more rows wait than can be tried */
	uint64_t position;
};

/* Says what the first entry of w->chain was made with. */
void drvp_place_begin_chain(struct drvp_ordered *w);

/* Takes the next row in order. Errors, without words: DRV_E_NOMEM, DRV_E_INTERNAL. */
int drvp_place_add(struct drvp_ordered *w, const struct drvp_row *row);

/* After all rows of a place: puts those that wait in their order, or says what is wrong with them. */
int drvp_place_finish(struct drvp_ordered *w);

#endif
