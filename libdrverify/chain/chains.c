/* chains.c: what the entries of each chain of a relation add up to, partition by partition */
#include "chain/chains.h"

#include <stdlib.h>
#include <string.h>

#define FEWEST_SLOTS 16

void drvp_chains_free(struct drvp_chains *chains)
{
	free(chains->list);
	free(chains->slots);
	drvp_arena_free(&chains->names);
	memset(chains, 0, sizeof *chains);
}

static uint64_t mix(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 wide;
	wide product = (wide)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t spread(const struct drvp_chains *chains, const char *bytes, size_t len)
{
	uint64_t hash = chains->seed ^ len;

	for (size_t i = 0; i < len; i += sizeof hash) {
		uint64_t word = 0;

		memcpy(&word, bytes + i, len - i < sizeof word ? len - i : sizeof word);
		hash = mix(hash ^ word, chains->seed | 1) + word;
	}
	return mix(hash, UINT64_C(0x9E3779B97F4A7C15));
}

/* The slot where the partition is, or belongs. */
static uint32_t *slot_of(const struct drvp_chains *chains, const char *partition, size_t len)
{
	size_t mask = chains->slot_count - 1, at = spread(chains, partition, len) & mask;

	for (;; at = (at + 1) & mask) {
		const struct drvp_chain *chain;

		if (!chains->slots[at])
			return &chains->slots[at];
		chain = &chains->list[chains->slots[at] - 1];
		if (chain->partition_len == len &&
		    (!len || !memcmp(chain->partition, partition, len)))
			return &chains->slots[at];
	}
}

/* Half of the slots at least stay free. */
static bool make_room(struct drvp_chains *chains)
{
	size_t capacity = chains->capacity ? 2 * chains->capacity : FEWEST_SLOTS / 2;
	struct drvp_chain *list;
	uint32_t *slots;

	if (chains->count < chains->capacity)
		return true;
	if (chains->failed || capacity > UINT32_MAX / 4)
		return false;
	list = realloc(chains->list, capacity * sizeof *list);
	if (!list)
		return false;
	chains->list = list;
	slots = calloc(2 * capacity, sizeof *slots);
	if (!slots)
		return false;
	free(chains->slots);
	chains->slots = slots;
	chains->slot_count = 2 * capacity;
	chains->capacity = capacity;
	for (size_t i = 0; i < chains->count; i++)
		*slot_of(chains, chains->list[i].partition, chains->list[i].partition_len) = (uint32_t)i + 1;
	return true;
}

struct drvp_chain *drvp_chains_find(const struct drvp_chains *chains, const char *partition,
				    size_t len)
{
	uint32_t *slot = chains->count ? slot_of(chains, partition, len) : NULL;

	return slot && *slot ? &chains->list[*slot - 1] : NULL;
}

static struct drvp_chain *add(struct drvp_chains *chains, const char *partition, size_t len)
{
	char *name = make_room(chains) ? drvp_arena_copy(&chains->names, partition, len) : NULL;
	struct drvp_chain *chain;

	if (!name) {
		chains->failed = true;
		return NULL;
	}
	*slot_of(chains, partition, len) = (uint32_t)chains->count + 1;
	chain = &chains->list[chains->count++];
	memset(chain, 0, sizeof *chain);
	chain->partition = name;
	chain->partition_len = len;
	drvp_multiset_init(&chain->hashes);
	drvp_multiset_init(&chain->previous);
	return chain;
}

struct drvp_chain *drvp_chains_get(struct drvp_chains *chains, const char *partition, size_t len)
{
	struct drvp_chain *chain = drvp_chains_find(chains, partition, len);

	return chain ? chain : add(chains, partition, len);
}

void drvp_chains_merge(struct drvp_chains *into, struct drvp_chains *other)
{
	if (!into->count)
		into->seed = other->seed;
	for (size_t i = 0; i < other->count; i++) {
		const struct drvp_chain *from = &other->list[i];
		struct drvp_chain *chain = drvp_chains_get(into, from->partition,
							   from->partition_len);

		if (!chain)
			break;
		chain->rows += from->rows;
		chain->firsts += from->firsts;
		chain->anchored += from->anchored;
		chain->anchor_held |= from->anchor_held;
		chain->forks += from->forks;
		chain->copies += from->copies;
		chain->second_firsts += from->second_firsts;
		chain->unproven += from->unproven;
		chain->unlinked += from->unlinked;
		chain->head_seen |= from->head_seen;
		chain->joined += from->joined;
		drvp_multiset_merge(&chain->hashes, &from->hashes);
		drvp_multiset_merge(&chain->previous, &from->previous);
		if (from->head_len) {
			memcpy(chain->head, from->head, from->head_len);
			chain->head_len = from->head_len;
		}
	}
	into->failed |= other->failed;
	drvp_chains_free(other);
}
