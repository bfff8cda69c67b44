/* links.c: decides whether the links of chains hold, and says where they break */
#include "chain/links.h"

#include <stdlib.h>
#include <string.h>

#include "chain/follow.h"
#include "chain/prove.h"
#include "chain/take.h"
#include "chain/walk.h"

/* ------------------------------------------------------------------ whether to follow */

/*
 * Changed rows are named already. What else may be wrong with them is worth a pass over the links,
 * but not hundreds.
 */
static bool prove_all(const struct drvp_following *f)
{
	const struct drvp_tally *tally = f->m->tally;
	struct drvp_chains *chains = &f->own->chains;
	bool all = true;

	for (size_t i = 0; i < chains->count; i++) {
		struct drvp_chain *chain = &chains->list[i];
		bool proven = drvp_chain_prove(chain, f->recipe,
					       &f->m->settings->multiset_key);

		all = all && proven && (!chain->unproven || tally->rows > DRVP_ONE_PASS);
	}
	return all;
}

/* ------------------------------------------------------------------ saying where */

/* Names a row when it is one of those that were found. */
static int name(struct drvp_following *f, const struct drvp_link_finding *finding, unsigned counter,
		const struct drvp_row *row, const struct drvp_link_record *record)
{
	if (!drvp_link_finding_has(finding, record))
		return 0;
	return drvp_tally_count_row(f->m->tally, counter, row, record->order,
				    f->m->settings->show_keys);
}

static int name_row(struct drvp_following *f, const struct drvp_row_links *links, const struct drvp_row *row)
{
	const struct drvp_link_table *t = &f->table;
	const struct {
		const struct drvp_link_finding *finding;
		unsigned counter;
		bool of_claim;
	} names[] = {
		{ &t->copies, DRVP_CHAIN_COPY, false },
		{ &t->tails, DRVP_CHAIN_TAIL, false },
		{ &t->gaps, DRVP_CHAIN_GAP, true },
		{ &t->forks, DRVP_CHAIN_FORK, true },
		{ &t->second_firsts, DRVP_CHAIN_SECOND_GENESIS, true },
		{ &t->backward, DRVP_CHAIN_BACKWARD, true },
		{ &t->fronts, DRVP_CHAIN_FRONT, true },
	};
	int status = 0;

	for (size_t i = 0; !status && i < sizeof names / sizeof *names; i++)
		if (names[i].of_claim ? links->claims : links->holds)
			status = name(f, names[i].finding, names[i].counter, row,
				      names[i].of_claim ? &links->claim : &links->held);
	return status;
}

/* The row where a chain ends, and the one that its front now is. */
static void note_ends(struct drvp_chain *chain, const struct drvp_row_links *links)
{
	const struct drvp_entry *entry = &links->entry;

	if (links->holds && chain->tails &&
	    drvp_fingerprint_equal(&links->hash, &chain->last_tail.value)) {
		memcpy(chain->head, entry->hash.bytes, entry->hash.size);
		chain->head_len = entry->hash.size;
	}
	if (chain->front_cut && entry->previous.state == DRVP_LINK_HASH &&
	    drvp_fingerprint_equal(&links->previous, &chain->front.value)) {
		memcpy(chain->anchor, entry->previous.bytes, entry->previous.size);
		chain->anchor_len = entry->previous.size;
	}
}

static int look_again(const struct drvp_row *row, void *user)
{
	struct drvp_following *f = user;
	size_t column = f->reader.preimage->order_column;
	struct drvp_row_links links;
	int status = drvp_follow_read(&links, f, row);

	if (status)
		return status;
	if (column != DRVP_NO_COLUMN && row->values[column].kind != DRVP_NULL &&
	    !drvp_orders_rows(row->values[column].kind))
		f->unordered = true;
	if (links.order < f->first_bad)
		f->before_bad++;
	if (!f->table.records)
		return 0;
	note_ends(&f->own->chains.list[links.held.chain], &links);
	return name_row(f, &links, row);
}

/* Naming counts only those that are named. */
static void set_counts(struct drvp_following *f)
{
	struct drvp_counter *counters = f->m->tally->counters;
	const struct drvp_link_table *t = &f->table;

	counters[DRVP_CHAIN_GAP].count = t->gaps.count;
	counters[DRVP_CHAIN_FORK].count = t->forks.count;
	counters[DRVP_CHAIN_SECOND_GENESIS].count = t->second_firsts.count;
	counters[DRVP_CHAIN_COPY].count = t->copies.count;
	counters[DRVP_CHAIN_TAIL].count = t->tails.count;
	if (!f->stray)
		counters[DRVP_CHAIN_BACKWARD].count = t->backward.count;
	counters[DRVP_CHAIN_FRONT].count = t->fronts.count;
}

/*
 * Where a chain ends, when it is not one path: at its only tail, or, when it only forks, at the
 * last of its tails in order. Then the head and the number of rows still tell a cut tail.
 */
static void forget_heads(struct drvp_following *f)
{
	bool ordered = f->recipe->order_by.count && !f->unordered;
	struct drvp_chains *chains = &f->own->chains;

	for (size_t i = 0; i < chains->count; i++) {
		struct drvp_chain *chain = &chains->list[i];

		if (chain->gaps || chain->copies || chain->second_firsts || chain->backward ||
		    (chain->tails > 1 && !ordered))
			chain->head_len = 0;
	}
}

static void consider(struct drvp_following *f, int64_t order)
{
	if (!f->bad || order < f->first_bad)
		f->first_bad = order;
	f->bad = true;
}

static void find_first_bad(struct drvp_following *f)
{
	static const unsigned counters[] = { DRVP_CHAIN_NULL_HASH, DRVP_CHAIN_MISMATCH,
					     DRVP_CHAIN_CLAIM, DRVP_CHAIN_NULL_PREVIOUS,
					     DRVP_CHAIN_BACKWARD };
	const struct drvp_link_finding *const findings[] = { &f->table.gaps,
							     &f->table.second_firsts,
							     &f->table.copies,
							     &f->table.backward };

	f->first_bad = INT64_MIN;
	for (size_t i = 0; i < sizeof counters / sizeof *counters; i++)
		if (f->m->tally->counters[counters[i]].spot_count)
			consider(f, f->m->tally->counters[counters[i]].spots[0].order);
	for (size_t i = 0; i < sizeof findings / sizeof *findings; i++)
		if (findings[i]->mark_count)
			consider(f, findings[i]->marks[0].order);
}

/*
 * Where the walk broke off, and nothing else is wrong that would explain it, that is what is: links
 * that hold in pairs may still go round in a circle. Otherwise what was found tells more.
 */
static void blame_stray(struct drvp_following *f)
{
	struct drvp_counter *counters = f->m->tally->counters;
	struct drvp_chains *chains = &f->own->chains;
	const struct drvp_link_table *t = &f->table;
	bool explained = t->backward.count || t->gaps.count || t->second_firsts.count ||
			 t->copies.count ||
			 (t->fronts.count && f->recipe->front.value != DRVP_FRONT_PRUNED) ||
			 counters[DRVP_CHAIN_NULL_HASH].count ||
			 counters[DRVP_CHAIN_MALFORMED_HASH].count ||
			 counters[DRVP_CHAIN_NULL_PREVIOUS].count;

	f->stray = f->walk_broke && !explained;
	if (!f->stray)
		return;
	drvp_counter_merge(&counters[DRVP_CHAIN_BACKWARD], &counters[DRVP_CHAIN_STRAY]);
	for (size_t i = 0; i < chains->count; i++)
		chains->list[i].backward += chains->list[i].strayed;
}

/* A capture records them; a run that begins at the last one moves on to the next. */
static bool takes_checkpoints(const struct drvp_following *f)
{
	const struct drvp_recipe *recipe = f->recipe;

	return (f->m->settings->capture || drvp_chain_since(recipe, f->m->settings)) &&
	       recipe->previous && recipe->committed && recipe->order_by.count &&
	       !recipe->partition_by.count && f->m->tally->rows &&
	       !f->own->chains.list[0].unproven;
}

/* The first row of such a run stands for all that come before it. */
static void note_rows_before(struct drvp_following *f)
{
	const struct drvp_checkpoint *since = drvp_chain_since(f->recipe, f->m->settings);
	struct drvp_chains *chains = &f->own->chains;

	if (since && chains->count)
		chains->list[0].rows_before = since->rows - 1;
}

/*
 * Rows since the checkpoint that are no path by themselves may still be one with older rows, which
 * came late or came back: only all of them can tell.
 */
static int read_whole(const struct drvp_measure *m, struct drv_error *err)
{
	struct drvp_settings settings = *m->settings;
	struct drvp_measure whole = *m;
	struct drvp_selection rows;
	int64_t elapsed = m->tally->elapsed;
	int status;

	settings.since_checkpoint = false;
	whole.settings = &settings;
	rows = drvp_chain_selection(m->item->config, &settings);
	drvp_tally_reset(m->tally);
	m->tally->elapsed = elapsed;
	m->tally->counted_set = true;
	status = drvp_chain_measure(&whole, err);
	if (!status)
		status = m->session->store->count(m->session, m->relation, &rows,
						  &m->tally->counted, err);
	return status ? status : drvp_chain_locate(&whole, err);
}

static int walk(struct drvp_following *f, bool *proven, struct drv_error *err)
{
	int walked = DRVP_WALK_STRAIGHT, status = drvp_chain_walk(f->m, &walked, err);

	f->walk_broke = walked == DRVP_WALK_BROKEN;
	*proven = *proven && walked == DRVP_WALK_STRAIGHT;
	return status;
}

static int locate(struct drvp_following *f, struct drv_error *err)
{
	bool linked = f->recipe->previous;
	bool proven = !linked || prove_all(f);
	int status = 0;

	if (drvp_chain_since(f->recipe, f->m->settings)) {
		if (!proven || !f->m->tally->rows)
			return read_whole(f->m, err);
		f->own->since_checkpoint = true;
	}
	note_rows_before(f);
	if (linked && !f->recipe->committed)
		status = walk(f, &proven, err);
	else if (proven && takes_checkpoints(f))
		status = drvp_chain_take_checkpoints(f->m, err);
	if (!status && !proven)
		status = drvp_follow(f, err);
	blame_stray(f);
	find_first_bad(f);
	if (!status && linked && (!proven || f->bad))
		status = drvp_follow_scan(f, look_again, err);
	if (status || proven)
		return status;
	set_counts(f);
	forget_heads(f);
	return 0;
}

int drvp_chain_locate(const struct drvp_measure *m, struct drv_error *err)
{
	struct drvp_tally *tally = m->tally;
	struct drvp_following f = { .m = m, .own = drvp_chain_tally(m->tally), .recipe = m->item->config };
	int status;

	if (f.own->chains.failed)
		return drvp_fail_nomem(err);
	status = drvp_chain_reader_open(&f.reader, m, DRVP_USE_LINKS, err);
	if (!status)
		status = locate(&f, err);
	drvp_chain_reader_close(&f.reader);
	drvp_link_table_free(&f.table);
	free(f.known_forks);
	if (status || tally->counters[DRVP_CHAIN_FOLLOWED].count)
		return status;
	f.own->intact_before_set = f.bad && f.recipe->order_by.count && !f.unordered &&
				   f.recipe->previous;
	f.own->intact_before = f.before_bad;
	tally->counters[DRVP_CHAIN_FOLLOWED].count = 1;
	return 0;
}
