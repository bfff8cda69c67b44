/* prove.h: that the rows of a chain are one path, by what they add up to */
#ifndef DRVP_PROVE_H
#define DRVP_PROVE_H

#include "chain/chains.h"
#include "chain/recipe.h"

/*
 * Whether the links of a chain are one path from its first entry; then chain->head is where it
 * ends. It is a proof where each hash is that of its contents and covers the previous one.
 */
bool drvp_chain_prove(struct drvp_chain *chain, const struct drvp_recipe *recipe,
		      const struct drvp_multiset_key *key);

#endif
