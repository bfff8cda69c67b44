/* prove.c: that the rows of a chain are one path, by what they add up to */
#include "chain/prove.h"

/* Of a pruned chain, the entry at the front claims what is gone, and that is recorded. */
static struct drvp_multiset with_anchor(const struct drvp_recipe *recipe,
					const struct drvp_chain *chain,
					const struct drvp_multiset_key *key)
{
	const struct drvp_bytes *anchor = drvp_recipe_anchor(recipe, chain->partition,
							     chain->partition_len);
	struct drvp_multiset hashes = chain->hashes;

	if (anchor && drvp_chain_begins_anchored(chain))
		drvp_multiset_add(&hashes, key, (const uint8_t *)anchor->bytes, anchor->len);
	return hashes;
}

/* Sets the head of a chain to the one hash that has to be added to claimed to give its hashes. */
static bool find_head(const struct drvp_recipe *recipe, struct drvp_chain *chain,
		      const struct drvp_multiset_key *key)
{
	const struct drvp_multiset hashes = with_anchor(recipe, chain, key);

	for (size_t size = 0; size <= DRVP_DIGEST_MAX; size += 8) {
		struct drvp_multiset claimed = chain->previous;

		if (!drvp_recipe_is_hash_size(recipe, size))
			continue;
		drvp_multiset_difference(&hashes, &claimed, chain->head, size);
		drvp_multiset_add(&claimed, key, chain->head, size);
		if (!drvp_multiset_equal(&claimed, &hashes))
			continue;
		chain->head_len = size;
		return true;
	}
	return false;
}

/*
 * With every row's hash being that of its contents, the previous hash among them, and exactly one
 * row that claims no predecessor: the hashes are the claimed ones and one more, if and only if
 * each row but one is claimed exactly once. Walking back from any row never meets a row twice,
 * because a hash that depends on itself cannot be made; so all walks end at that one first row,
 * and the rows are one path. The hash that nobody claims is its head. Where contents were changed,
 * only those rows can be part of something else, such as a circle.
 */
bool drvp_chain_prove(struct drvp_chain *chain, const struct drvp_recipe *recipe,
		      const struct drvp_multiset_key *key)
{
	if (!chain->rows)
		return true;
	return drvp_chain_fronts(chain) == 1 &&
	       chain->joined + chain->hashes.count == chain->rows &&
	       chain->joined + chain->previous.count + chain->firsts == chain->rows &&
	       find_head(recipe, chain, key);
}
