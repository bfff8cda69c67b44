/* links.c: follows the links of chains that are not proven, and says where they break */
#include "chain/links.h"

#include <stdlib.h>
#include <string.h>

#include "chain/chain_tally.h"
#include "chain/link_table.h"
#include "chain/prove.h"
#include "chain/reader.h"
#include "chain/take.h"
#include "chain/walk.h"

/* Records in memory at a time: 9 MiB, and as much again while they are sorted. */
#define RECORDS ((size_t)3 << 16)

struct following {
	const struct drvp_measure *m;
	struct drvp_chain_tally *own;        /* of m->tally */
	const struct drvp_recipe *recipe;
	struct drvp_chain_reader reader;
	struct drvp_link_table table;
	struct drvp_fingerprint *known_forks;
	uint64_t passes, pass;
	bool unordered;              /* some row has an order that cannot be compared */
	bool walk_broke;
	bool stray;                  /* and nothing but that is wrong */
	bool bad;                    /* there is a bad row … */
	int64_t first_bad;           /* … and this is where the first one stands */
	uint64_t before_bad;
};

/* ------------------------------------------------------------------ whether to follow */

/* Rows that can be followed in one pass; a tenth is left free, as fingerprints do not spread exactly. */
#define ONE_PASS ((RECORDS - RECORDS / 10) / 2)

/*
 * Changed rows are named already. What else may be wrong with them is worth a pass over the links,
 * but not hundreds.
 */
static bool prove_all(const struct following *f)
{
	const struct drvp_tally *tally = f->m->tally;
	struct drvp_chains *chains = &f->own->chains;
	bool all = true;

	for (size_t i = 0; i < chains->count; i++) {
		struct drvp_chain *chain = &chains->list[i];
		bool proven = drvp_chain_prove(chain, f->recipe,
					       &f->m->settings->multiset_key);

		all = all && proven && (!chain->unproven || tally->rows > ONE_PASS);
	}
	return all;
}

/* ------------------------------------------------------------------ reading links */

/* What the links of one row are. */
struct row_links {
	struct drvp_entry entry;
	struct drvp_fingerprint hash, previous;
	bool holds, claims;
	struct drvp_link_record held, claim;
	int64_t order;
};

static uint32_t chain_index(struct following *f, const struct drvp_row *row)
{
	const struct drvp_chains *chains = &f->own->chains;
	const struct drvp_chain *chain;

	drvp_chain_reader_partition(&f->reader, row);
	chain = drvp_chains_find(chains, drvp_strbuf_text(&f->reader.partition),
				 f->reader.partition.len);
	return chain ? (uint32_t)(chain - chains->list) : UINT32_MAX;
}

static void fingerprint_link(struct drvp_fingerprint *out, const struct following *f,
			     const struct drvp_link *link)
{
	const struct drvp_multiset_key *key = &f->m->settings->multiset_key;

	if (link->state == DRVP_LINK_HASH)
		drvp_fingerprint(out, key, link->bytes, link->size);
	else if (link->state == DRVP_LINK_MALFORMED && link->value && link->value->bytes)
		drvp_fingerprint(out, key, link->value->bytes, link->value->len);
	else
		*out = (struct drvp_fingerprint){ 0, 0 };
}

/* The rows must still be those that were measured. */
static int read_links(struct row_links *links, struct following *f, const struct drvp_row *row)
{
	struct drvp_entry *entry = &links->entry;
	uint32_t chain = chain_index(f, row);
	uint64_t place = (uint64_t)drvp_entry_order(row, NULL, 0), own;
	int status = drvp_chain_reader_links(&f->reader, row, entry);

	if (status || chain == UINT32_MAX)
		return status ? status : DRV_E_BUSY;
	fingerprint_link(&links->hash, f, &entry->hash);
	fingerprint_link(&links->previous, f, &entry->previous);
	if (drvp_chain_reader_is_front(&f->reader, &f->own->chains.list[chain], entry))
		links->previous = DRVP_NO_PREDECESSOR;
	links->holds = entry->hash.state == DRVP_LINK_HASH;
	links->claims = entry->previous.state != DRVP_LINK_NULL;
	links->order = drvp_chain_reader_order(&f->reader, row);
	/* A row without a hash is the copy of no other. */
	own = (links->holds ? links->hash.low : ~place << 1) | DRVP_CLAIMS;
	links->held = (struct drvp_link_record){ links->hash, DRVP_HOLDS, links->order, place,
						 chain };
	links->claim = (struct drvp_link_record){ links->previous, own, links->order, place,
						  chain };
	return 0;
}

static bool this_pass(const struct following *f, const struct drvp_fingerprint *value)
{
	return value->low % f->passes == f->pass;
}

static int gather(const struct drvp_row *row, void *user)
{
	struct following *f = user;
	struct row_links links;
	int status = read_links(&links, f, row);

	if (status)
		return status;
	if (links.holds && this_pass(f, &links.hash))
		drvp_link_table_add(&f->table, &links.held);
	if (links.claims && this_pass(f, &links.previous))
		drvp_link_table_add(&f->table, &links.claim);
	return f->table.failed ? DRV_E_NOMEM : 0;
}

static int scan(struct following *f, const struct drvp_scan *question, drvp_row_fn fn,
		struct drv_error *err)
{
	const struct drvp_measure *m = f->m;
	uint64_t rows = 0;
	int status = m->session->store->scan(m->session, question, fn, f, &rows, err);

	if (status == DRV_E_BUSY || (!status && rows != m->tally->rows))
		return drvp_fail(err, DRV_E_BUSY, "%s changed between two looks at it",
				 m->item->target_name);
	return status;
}

static int scan_links(struct following *f, drvp_row_fn fn, struct drv_error *err)
{
	const struct drvp_scan question = drvp_chain_reader_scan(&f->reader);

	return scan(f, &question, fn, err);
}

static int note_known_forks(struct following *f, struct drv_error *err)
{
	const struct drvp_hashes *known = &f->recipe->known_forks;

	f->known_forks = calloc(known->count + 1, sizeof *f->known_forks);
	if (!f->known_forks)
		return drvp_fail_nomem(err);
	for (size_t i = 0; i < known->count; i++)
		drvp_fingerprint(&f->known_forks[i], &f->m->settings->multiset_key,
				 known->list[i].bytes, known->list[i].len);
	f->table.known_forks = f->known_forks;
	f->table.known_fork_count = known->count;
	return 0;
}

/* Whether the first column of order_by is one whose values tell of two rows which comes first. */
static bool orders_by_first(const struct following *f)
{
	const struct drvp_column *column;

	if (f->m->relation->kind == DRVP_COLLECTION)
		return false;
	column = drvp_relation_column(f->m->relation, f->recipe->order_by.names[0]);
	return column && drvp_orders_rows(column->kind);
}

static int follow(struct following *f, struct drv_error *err)
{
	uint64_t records = 2 * f->m->tally->rows;
	size_t capacity = records < RECORDS ? (size_t)records + 1 : RECORDS;
	int status = 0;

	if (!drvp_link_table_init(&f->table, capacity))
		return drvp_fail_nomem(err);
	f->table.chains = &f->own->chains;
	f->table.ordered = !f->recipe->committed && orders_by_first(f);
	status = note_known_forks(f, err);
	f->passes = f->m->tally->rows / ONE_PASS + 1;
	for (f->pass = 0; !status && f->pass < f->passes; f->pass++) {
		status = scan_links(f, gather, err);
		if (!status)
			drvp_link_table_finish(&f->table);
	}
	if (!status && f->table.failed)
		return drvp_fail_nomem(err);
	drvp_link_table_tell_fronts(&f->table);
	return status;
}

/* ------------------------------------------------------------------ saying where */

/* Names a row when it is one of those that were found. */
static int name(struct following *f, const struct drvp_link_finding *finding, unsigned counter,
		const struct drvp_row *row, const struct drvp_link_record *record)
{
	if (!drvp_link_finding_has(finding, record))
		return 0;
	return drvp_tally_count_row(f->m->tally, counter, row, record->order,
				    f->m->settings->show_keys);
}

static int name_row(struct following *f, const struct row_links *links, const struct drvp_row *row)
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
static void note_ends(struct drvp_chain *chain, const struct row_links *links)
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
	struct following *f = user;
	size_t column = f->reader.preimage->order_column;
	struct row_links links;
	int status = read_links(&links, f, row);

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
static void set_counts(struct following *f)
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
static void forget_heads(struct following *f)
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

static void consider(struct following *f, int64_t order)
{
	if (!f->bad || order < f->first_bad)
		f->first_bad = order;
	f->bad = true;
}

static void find_first_bad(struct following *f)
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
static void blame_stray(struct following *f)
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
static bool takes_checkpoints(const struct following *f)
{
	const struct drvp_recipe *recipe = f->recipe;

	return (f->m->settings->capture || drvp_chain_since(recipe, f->m->settings)) &&
	       recipe->previous && recipe->committed && recipe->order_by.count &&
	       !recipe->partition_by.count && f->m->tally->rows &&
	       !f->own->chains.list[0].unproven;
}

/* The first row of such a run stands for all that come before it. */
static void note_rows_before(struct following *f)
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

static int walk(struct following *f, bool *proven, struct drv_error *err)
{
	int walked = DRVP_WALK_STRAIGHT, status = drvp_chain_walk(f->m, &walked, err);

	f->walk_broke = walked == DRVP_WALK_BROKEN;
	*proven = *proven && walked == DRVP_WALK_STRAIGHT;
	return status;
}

static int locate(struct following *f, struct drv_error *err)
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
		status = follow(f, err);
	blame_stray(f);
	find_first_bad(f);
	if (!status && linked && (!proven || f->bad))
		status = scan_links(f, look_again, err);
	if (status || proven)
		return status;
	set_counts(f);
	forget_heads(f);
	return 0;
}

int drvp_chain_locate(const struct drvp_measure *m, struct drv_error *err)
{
	struct drvp_tally *tally = m->tally;
	struct following f = { .m = m, .own = drvp_chain_tally(m->tally), .recipe = m->item->config };
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
