/* chains.h: what the entries of each chain of a relation add up to, partition by partition */
#ifndef DRVP_CHAINS_H
#define DRVP_CHAINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/multiset.h"
#include "chain/link_record.h"

/* A chain: what its entries add up to, in any order; and what following its links has found. */
struct drvp_chain {
	const char *partition;       /* as of drvp_partition_put(); "" where there is only one */
	size_t partition_len;
	uint64_t rows;
	uint64_t firsts;             /* entries that nothing comes before */
	uint64_t anchored;           /* entries that refer to what the first one is recorded to */
	bool anchor_held;            /* an entry is that: older ones have come back */
	uint64_t unproven;           /* entries whose hash is not that of their contents */
	uint64_t unlinked;           /* entries without a previous hash, or a word for none */
	bool head_seen;              /* an entry has the recorded head's hash */
	/* Entries that came right behind the one that they claim; it and their claim are left out of: */
	uint64_t joined;
	struct drvp_multiset hashes, previous;
	/* by locating, and some by reading entries in their order */
	uint64_t rows_before;        /* that a checkpoint stands for, and that were not read */
	uint64_t gaps, forks, second_firsts, copies, tails, backward;
	uint64_t head_position;      /* of the recorded head in the order, from 1; 0: unknown */
	bool strayed;                /* an entry follows none that came before it in the order */
	bool front_cut;              /* no entry is the first; front is the first gap */
	struct drvp_link_record front, last_tail;
	uint8_t head[DRVP_MULTISET_VALUE_MAX];
	size_t head_len;             /* 0: it has no end that a later run could look for */
	uint8_t anchor[DRVP_MULTISET_VALUE_MAX];        /* what the entry at the front refers to */
	size_t anchor_len;
};

/* All rows that it has, whether read or not; chain NULL: none. */
static inline uint64_t drvp_chain_rows(const struct drvp_chain *chain)
{
	return chain ? chain->rows + chain->rows_before : 0;
}

/* Whether it begins with the entry that is recorded as its first. */
static inline bool drvp_chain_begins_anchored(const struct drvp_chain *chain)
{
	return !chain->firsts && !chain->anchor_held && chain->anchored;
}

/* How many entries it begins with. */
static inline uint64_t drvp_chain_fronts(const struct drvp_chain *chain)
{
	return drvp_chain_begins_anchored(chain) ? chain->anchored : chain->firsts;
}

struct drvp_chains {
	struct drvp_chain *list;     /* owned */
	size_t count, capacity;
	uint32_t *slots;             /* open addressing: index + 1, 0 is free */
	size_t slot_count;           /* a power of two */
	struct drvp_arena names;
	uint64_t seed;               /* secret, so that nobody can choose names that collide */
	bool failed;                 /* out of memory */
};

/* Start with zeroes and a seed. */
void drvp_chains_free(struct drvp_chains *chains);

/* The chain of a partition, which is made when it is new; NULL without memory. The pointer is
 * valid until the next call. */
struct drvp_chain *drvp_chains_get(struct drvp_chains *chains, const char *partition, size_t len);

/* NULL when there is none. */
struct drvp_chain *drvp_chains_find(const struct drvp_chains *chains, const char *partition,
				    size_t len);

/* Adds what was measured by other, which is left empty. */
void drvp_chains_merge(struct drvp_chains *into, struct drvp_chains *other);

#endif
