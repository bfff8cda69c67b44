/* link_table.h: finds what is wrong with the links of a chain, in bounded memory */
#ifndef DRVP_LINK_TABLE_H
#define DRVP_LINK_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/multiset.h"
#include "chain/chains.h"
#include "chain/recipe.h"
#include "run/tally.h"

/* The predecessor of a first entry. No hash has this fingerprint: those are below 2^127. */
#define DRVP_NO_PREDECESSOR ((struct drvp_fingerprint){ UINT64_MAX, UINT64_MAX })

void drvp_fingerprint(struct drvp_fingerprint *out, const struct drvp_multiset_key *key,
		      const void *bytes, size_t len);

bool drvp_fingerprint_equal(const struct drvp_fingerprint *a, const struct drvp_fingerprint *b);

/* Findings of one kind: all are counted, the first few in order are kept. */
struct drvp_link_finding {
	uint64_t count;
	size_t mark_count;
	struct drvp_link_record marks[DRVP_SPOTS];
};

struct drvp_link_table {
	struct drvp_link_record *records;
	size_t count, capacity;
	bool failed;                 /* out of memory */
	struct drvp_chains *chains;  /* which also learn what is found; borrowed */
	const struct drvp_fingerprint *known_forks;     /* predecessors; borrowed */
	size_t known_fork_count;
	bool ordered;                /* a row has to come after the one it claims */
	struct drvp_link_finding gaps, forks, second_firsts, copies, tails, backward, fronts;
};

/* Makes room for so many records at first; false without memory. */
bool drvp_link_table_init(struct drvp_link_table *table, size_t capacity);

void drvp_link_table_free(struct drvp_link_table *table);

void drvp_link_table_add(struct drvp_link_table *table, const struct drvp_link_record *record);

/* After the last finish: says where the chains begin whose front is gone. */
void drvp_link_table_tell_fronts(struct drvp_link_table *table);

/*
 * Adds up the findings about the values added since the last call, and forgets the values. All
 * records of one value have to come between two calls.
 */
void drvp_link_table_finish(struct drvp_link_table *table);

/* Whether a record is among those that were kept. */
bool drvp_link_finding_has(const struct drvp_link_finding *finding,
			   const struct drvp_link_record *record);

#endif
