/* verify.c: recomputes the hash of every entry and gathers the links between them */
#include "chain/verify.h"

#include <string.h>

#include "chain/chain_tally.h"
#include "chain/ordered.h"
#include "chain/reader.h"

struct verification {
	const struct drvp_measure *m;
	struct drvp_chain_tally *own;        /* of m->tally */
	const struct drvp_recipe *recipe;
	struct drvp_chain_reader reader;
	struct drvp_chain *only;     /* the chain, where there are no partitions */
	struct drvp_link last;       /* of it: the hash of the row before, if not yet added */
};

/* ------------------------------------------------------------------ one row */

static int count(const struct verification *v, const struct drvp_row *row, unsigned counter)
{
	return drvp_tally_count_row(v->m->tally, counter, row,
				    drvp_chain_reader_order(&v->reader, row),
				    v->m->settings->show_keys);
}

/* A hash that is not stored is right by itself, where one can be made at all. */
static int judge_made(struct verification *v, const struct drvp_row *row,
		      const struct drvp_entry *entry, struct drvp_chain *chain)
{
	if (entry->hash.state == DRVP_LINK_HASH)
		return 0;
	chain->unproven++;
	return count(v, row, DRVP_CHAIN_MISMATCH);
}

static int judge_content(struct verification *v, const struct drvp_row *row,
			 const struct drvp_entry *entry, struct drvp_chain *chain)
{
	static const unsigned counters[] = {
		[DRVP_CONTENT_DIFFERS] = DRVP_CHAIN_MISMATCH,
		[DRVP_CONTENT_UNKNOWN] = DRVP_CHAIN_UNVERIFIABLE,
		[DRVP_CONTENT_UNCHECKED] = DRVP_CHAIN_UNCHECKED,
		[DRVP_CONTENT_CLAIMS] = DRVP_CHAIN_CLAIM,
	};
	int content, status;

	if (!v->recipe->hash)
		return judge_made(v, row, entry, chain);
	switch (entry->hash.state) {
	case DRVP_LINK_NULL:
		chain->unproven++;
		return count(v, row, DRVP_CHAIN_NULL_HASH);
	case DRVP_LINK_MALFORMED:
		chain->unproven++;
		status = count(v, row, DRVP_CHAIN_MALFORMED_HASH);
		return status ? status : count(v, row, DRVP_CHAIN_MISMATCH);
	default:
		break;
	}
	if (!v->recipe->preimage)
		return 0;
	status = drvp_chain_reader_compare(&v->reader, row, entry, &content);
	if (status || content == DRVP_CONTENT_MATCHES)
		return status;
	chain->unproven += content != DRVP_CONTENT_UNCHECKED;
	return count(v, row, counters[content]);
}

/* ------------------------------------------------------------------ links */

static void add(const struct verification *v, struct drvp_multiset *set,
		const struct drvp_link *link)
{
	drvp_multiset_add(set, &v->m->settings->multiset_key, link->bytes, link->size);
}

static bool same_hash(const struct drvp_link *a, const struct drvp_link *b)
{
	return a->state == DRVP_LINK_HASH && b->state == DRVP_LINK_HASH && a->size == b->size &&
	       !memcmp(a->bytes, b->bytes, a->size);
}

static void add_last(struct verification *v)
{
	if (v->last.state == DRVP_LINK_HASH)
		add(v, &v->only->hashes, &v->last);
	v->last.state = DRVP_LINK_NULL;
}

/* Where there are partitions, the next row is hardly ever the next of its chain. */
static void add_hash(struct verification *v, const struct drvp_link *hash,
		     struct drvp_chain *chain)
{
	if (v->only) {
		v->last = *hash;
		v->last.value = NULL;
	} else if (hash->state == DRVP_LINK_HASH) {
		add(v, &chain->hashes, hash);
	}
}

/*
 * Most rows lie right behind the one that they claim. A hash on both sides of the proof proves
 * nothing, so that pair is left out of both.
 */
static void add_claim(struct verification *v, const struct drvp_link *previous,
		      struct drvp_chain *chain)
{
	if (same_hash(&v->last, previous)) {
		v->last.state = DRVP_LINK_NULL;
		chain->joined++;
		return;
	}
	/* No row has a malformed hash: following the links finds the gap. */
	if (previous->state == DRVP_LINK_HASH)
		add(v, &chain->previous, previous);
}

static int add_links(struct verification *v, const struct drvp_row *row,
		     const struct drvp_entry *entry, struct drvp_chain *chain)
{
	int status = 0;

	if (v->recipe->mode.value == DRVP_MODE_ROWS)
		return 0;
	chain->anchored += drvp_chain_is_anchored(v->recipe, chain, &entry->previous);
	chain->anchor_held |= drvp_chain_is_anchored(v->recipe, chain, &entry->hash);
	if (drvp_chain_reader_is_first(&v->reader, entry)) {
		chain->firsts++;
		status = count(v, row, DRVP_CHAIN_GENESIS);
	} else if (entry->previous.state == DRVP_LINK_NULL) {
		chain->unlinked++;
		status = count(v, row, DRVP_CHAIN_NULL_PREVIOUS);
	} else {
		add_claim(v, &entry->previous, chain);
	}
	add_last(v);
	add_hash(v, &entry->hash, chain);
	return status;
}

static struct drvp_chain *chain_of(struct verification *v, const struct drvp_row *row)
{
	if (v->only)
		return v->only;
	drvp_chain_reader_partition(&v->reader, row);
	return drvp_chains_get(&v->own->chains, drvp_strbuf_text(&v->reader.partition),
			       v->reader.partition.len);
}

/* Which checkpoint a row belongs in front of, and whether it is the one. */
static void count_checkpoint(struct verification *v, const struct drvp_row *row,
			     const struct drvp_entry *entry)
{
	const struct drvp_checkpoints *recorded = &v->recipe->expect.checkpoints;
	int64_t order;
	size_t at;

	if (!recorded->count)
		return;
	order = drvp_chain_reader_order(&v->reader, row);
	at = drvp_checkpoint_index(recorded, order);
	if (at == recorded->count)
		return;
	v->own->checkpoint_rows[at]++;
	if (order == recorded->list[at].order &&
	    entry->hash.size == recorded->list[at].hash_len &&
	    !memcmp(entry->hash.bytes, recorded->list[at].hash, entry->hash.size))
		v->own->checkpoints_seen |= 1u << at;
}

static int feed(const struct drvp_row *row, void *user)
{
	struct verification *v = user;
	struct drvp_chain *chain = chain_of(v, row);
	const struct drvp_recorded_head *head;
	struct drvp_entry entry;
	int status;

	if (!chain)
		return DRV_E_NOMEM;
	status = drvp_chain_reader_links(&v->reader, row, &entry);
	if (status)
		return status;
	chain->rows++;
	count_checkpoint(v, row, &entry);
	head = drvp_recipe_head(v->recipe, chain->partition, chain->partition_len);
	if (head && drvp_link_is(&entry.hash, &head->hash))
		chain->head_seen = true;
	status = judge_content(v, row, &entry, chain);
	return status ? status : add_links(v, row, &entry, chain);
}

/* ------------------------------------------------------------------ one range */

static int scan(struct verification *v, struct drv_error *err)
{
	const struct drvp_measure *m = v->m;
	const struct drvp_scan question = drvp_chain_reader_scan(&v->reader);
	int status;

	if (!v->recipe->partition_by.count) {
		v->only = drvp_chains_get(&v->own->chains, "", 0);
		if (!v->only)
			return drvp_fail_nomem(err);
	}
	status = m->session->store->scan(m->session, &question, feed, v, &m->tally->rows, err);
	add_last(v);
	return status;
}

const struct drvp_checkpoint *drvp_chain_since(const struct drvp_recipe *recipe,
					       const struct drvp_settings *settings)
{
	const struct drvp_checkpoints *recorded = &recipe->expect.checkpoints;

	if (!settings->since_checkpoint || settings->capture || !recipe->since.count)
		return NULL;
	return &recorded->list[recorded->count - 1];
}

struct drvp_selection drvp_chain_selection(const struct drvp_recipe *recipe,
					   const struct drvp_settings *settings)
{
	const struct drvp_conditions *where =
		drvp_chain_since(recipe, settings) ? &recipe->since : &recipe->where;

	return (struct drvp_selection){ where->list, where->count, recipe->filter,
					settings->allow_sql };
}

bool drvp_chain_is_ordered(const struct drvp_recipe *recipe)
{
	return !recipe->previous && recipe->mode.value != DRVP_MODE_ROWS;
}

int drvp_chain_measure(const struct drvp_measure *m, struct drv_error *err)
{
	struct verification v = { .m = m, .own = drvp_chain_tally(m->tally),
				  .recipe = m->item->config };
	int status;

	v.own->chains.seed = m->settings->multiset_key.words[0][0];
	if (drvp_chain_is_ordered(v.recipe))
		return drvp_chain_measure_ordered(m, err);
	status = drvp_chain_reader_open(&v.reader, m, DRVP_USE_CONTENTS, err);
	if (!status)
		status = scan(&v, err);
	drvp_chain_reader_close(&v.reader);
	return status;
}
