/* links.c: proves that the links of a chain hold, or finds where they do not */
#include "chain/links.h"

#include <string.h>

#include "chain/entry.h"
#include "chain/link_table.h"

/* Records in memory at a time: 7.5 MiB, and as much again while they are sorted. */
#define RECORDS ((size_t)3 << 16)

struct following {
	const struct drvp_measure *m;
	const struct drvp_recipe *recipe;
	struct drvp_link_table table;
	struct drvp_wanted columns[3];
	size_t column_count;
	uint64_t passes, pass;
	bool unordered;              /* some row has an order that cannot be compared */
	bool bad;                    /* there is a bad row … */
	int64_t first_bad;           /* … and this is where the first one stands */
	uint64_t before_bad;
};

/* ------------------------------------------------------------------ the proof */

/*
 * With every row's hash being that of its contents, and exactly one row that claims no
 * predecessor: the hashes are the claimed ones and one more, if and only if each row but one is
 * claimed exactly once. Walking back from any row never meets a row twice, because a hash that
 * depends on itself cannot be made; so all walks end at that one first row, and the rows are one
 * path. The hash that nobody claims is its head.
 */
static bool prove(const struct drvp_recipe *recipe, struct drvp_tally *tally,
		  const struct drvp_multiset_key *key)
{
	struct drvp_multiset claimed = tally->previous;
	size_t size = drvp_recipe_hash_size(recipe);
	uint8_t head[DRVP_MULTISET_VALUE_MAX];

	if (tally->counters[DRVP_CHAIN_MISMATCH].count ||
	    tally->counters[DRVP_CHAIN_UNVERIFIABLE].count ||
	    tally->counters[DRVP_CHAIN_GENESIS].count != 1 ||
	    tally->hashes.count != tally->rows || claimed.count + 1 != tally->rows)
		return false;
	drvp_multiset_difference(&tally->hashes, &claimed, head, size);
	drvp_multiset_add(&claimed, key, head, size);
	if (!drvp_multiset_equal(&claimed, &tally->hashes))
		return false;
	memcpy(tally->head, head, size);
	tally->head_len = size;
	return true;
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

static void fingerprint_link(struct drvp_fingerprint *out, const struct following *f,
			     const struct drvp_link *link, size_t size)
{
	const struct drvp_multiset_key *key = &f->m->settings->multiset_key;

	if (link->state == DRVP_LINK_GENESIS)
		*out = DRVP_NO_PREDECESSOR;
	else if (link->state == DRVP_LINK_HASH)
		drvp_fingerprint(out, key, link->bytes, size);
	else if (link->state == DRVP_LINK_MALFORMED && link->value->bytes)
		drvp_fingerprint(out, key, link->value->bytes, link->value->len);
	else
		*out = (struct drvp_fingerprint){ 0, 0 };
}

static void read_links(struct row_links *links, const struct following *f,
		       const struct drvp_row *row)
{
	const struct drvp_value *order = f->column_count > 2 ? &row->values[2] : NULL;
	uint64_t place, own;

	drvp_entry_read(&links->entry, f->recipe, &row->values[0], &row->values[1]);
	fingerprint_link(&links->hash, f, &links->entry.hash, links->entry.size);
	fingerprint_link(&links->previous, f, &links->entry.previous, links->entry.size);
	links->holds = links->entry.hash.state == DRVP_LINK_HASH;
	links->claims = links->entry.previous.state != DRVP_LINK_NULL;
	links->order = drvp_entry_order(row, order, 0);
	place = (uint64_t)drvp_entry_order(row, NULL, 0);
	/* A row without a hash is the copy of no other. */
	own = (links->holds ? links->hash.low : ~place << 1) | DRVP_CLAIMS;
	links->held = (struct drvp_link_record){ links->hash, DRVP_HOLDS, links->order, place };
	links->claim = (struct drvp_link_record){ links->previous, own, links->order, place };
}

static bool this_pass(const struct following *f, const struct drvp_fingerprint *value)
{
	return value->low % f->passes == f->pass;
}

static int gather(const struct drvp_row *row, void *user)
{
	struct following *f = user;
	struct row_links links;

	read_links(&links, f, row);
	if (links.holds && this_pass(f, &links.hash))
		drvp_link_table_add(&f->table, &links.held);
	if (links.claims && this_pass(f, &links.previous))
		drvp_link_table_add(&f->table, &links.claim);
	return f->table.failed ? DRV_E_NOMEM : 0;
}

/* One scan; the rows must still be those that were measured. */
static int scan(struct following *f, drvp_row_fn fn, struct drv_error *err)
{
	const struct drvp_measure *m = f->m;
	struct drvp_scan question = drvp_chain_scan(m, f->columns, f->column_count);
	uint64_t rows = 0;
	int status;

	question.range = NULL;
	status = m->session->store->scan(m->session, &question, fn, f, &rows, err);
	if (!status && rows != m->tally->rows)
		return drvp_fail(err, DRV_E_BUSY, "%s changed between two looks at it",
				 m->item->target_name);
	return status;
}

static int follow(struct following *f, struct drv_error *err)
{
	uint64_t records = 2 * f->m->tally->rows;
	size_t capacity = records < RECORDS ? (size_t)records + 1 : RECORDS;
	int status = 0;

	if (!drvp_link_table_init(&f->table, capacity))
		return drvp_fail_nomem(err);
	/* A tenth is left free: the fingerprints spread evenly, but not exactly so. */
	f->passes = records / (RECORDS - RECORDS / 10) + 1;
	for (f->pass = 0; !status && f->pass < f->passes; f->pass++) {
		status = scan(f, gather, err);
		if (!status)
			drvp_link_table_finish(&f->table);
	}
	if (!status && f->table.failed)
		return drvp_fail_nomem(err);
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
	int status = 0;

	if (links->holds) {
		status = name(f, &t->copies, DRVP_CHAIN_COPY, row, &links->held);
		if (!status)
			status = name(f, &t->tails, DRVP_CHAIN_TAIL, row, &links->held);
	}
	if (links->claims && !status) {
		status = name(f, &t->gaps, DRVP_CHAIN_GAP, row, &links->claim);
		if (!status)
			status = name(f, &t->forks, DRVP_CHAIN_FORK, row, &links->claim);
		if (!status)
			status = name(f, &t->second_geneses, DRVP_CHAIN_SECOND_GENESIS, row,
				      &links->claim);
	}
	return status;
}

static int look_again(const struct drvp_row *row, void *user)
{
	struct following *f = user;
	struct drvp_tally *tally = f->m->tally;
	struct row_links links;

	read_links(&links, f, row);
	if (f->column_count > 2 && row->values[2].kind != DRVP_NULL &&
	    !drvp_orders_rows(row->values[2].kind))
		f->unordered = true;
	if (links.order < f->first_bad)
		f->before_bad++;
	if (!f->table.records)
		return 0;
	if (links.holds && f->table.tails.count &&
	    drvp_fingerprint_equal(&links.hash, &f->table.last_tail.value)) {
		memcpy(tally->head, links.entry.hash.bytes, links.entry.size);
		tally->head_len = links.entry.size;
	}
	return name_row(f, &links, row);
}

/* The front is gone where no row is the first: then the first gap is where it was. */
static void tell_front(struct following *f)
{
	struct drvp_counter *gaps = &f->m->tally->counters[DRVP_CHAIN_GAP];
	struct drvp_counter *front = &f->m->tally->counters[DRVP_CHAIN_FRONT];

	if (f->m->tally->counters[DRVP_CHAIN_GENESIS].count || !gaps->spot_count)
		return;
	front->count = 1;
	front->spots[front->spot_count++] = gaps->spots[0];
	memmove(&gaps->spots[0], &gaps->spots[1], --gaps->spot_count * sizeof gaps->spots[0]);
	gaps->count--;
}

/* Naming counts only those that are named. */
static void set_counts(struct following *f)
{
	struct drvp_counter *counters = f->m->tally->counters;
	const struct drvp_link_table *t = &f->table;

	counters[DRVP_CHAIN_GAP].count = t->gaps.count;
	counters[DRVP_CHAIN_FORK].count = t->forks.count;
	counters[DRVP_CHAIN_SECOND_GENESIS].count = t->second_geneses.count;
	counters[DRVP_CHAIN_COPY].count = t->copies.count;
	counters[DRVP_CHAIN_TAIL].count = t->tails.count;
	tell_front(f);
}

/*
 * Where the chain ends, when it is not one path: at its only tail, or, when it only forks, at the
 * last of its tails in order. Then the head and the number of rows still tell a cut tail.
 */
static bool has_head(const struct following *f)
{
	const struct drvp_link_table *t = &f->table;
	uint64_t fronts = f->m->tally->counters[DRVP_CHAIN_FRONT].count;

	if (t->gaps.count > fronts || t->copies.count || t->second_geneses.count)
		return false;
	return t->tails.count == 1 || (t->tails.count > 1 && f->column_count > 2 && !f->unordered);
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
					     DRVP_CHAIN_NULL_PREVIOUS };
	const struct drvp_link_finding *const findings[] = { &f->table.gaps,
							     &f->table.second_geneses,
							     &f->table.copies };
	/* Without a genesis the first gap is where the front was. */
	const size_t skip[] = { !f->m->tally->counters[DRVP_CHAIN_GENESIS].count, 0, 0 };

	f->first_bad = INT64_MIN;
	for (size_t i = 0; i < sizeof counters / sizeof *counters; i++)
		if (f->m->tally->counters[counters[i]].spot_count)
			consider(f, f->m->tally->counters[counters[i]].spots[0].order);
	for (size_t i = 0; i < sizeof findings / sizeof *findings; i++)
		if (findings[i]->mark_count > skip[i])
			consider(f, findings[i]->marks[skip[i]].order);
}

int drvp_chain_locate(const struct drvp_measure *m, struct drv_error *err)
{
	struct drvp_tally *tally = m->tally;
	struct following f = { .m = m, .recipe = m->item->config };
	bool proven;
	int status = 0;

	if (drvp_chain_key_missing(f.recipe, m->settings))
		return 0;
	f.columns[f.column_count++] = (struct drvp_wanted){ f.recipe->hash, DRVP_FORM_VALUE };
	f.columns[f.column_count++] = (struct drvp_wanted){ f.recipe->previous, DRVP_FORM_VALUE };
	if (f.recipe->order_by.count)
		f.columns[f.column_count++] =
			(struct drvp_wanted){ f.recipe->order_by.names[0], DRVP_FORM_VALUE };
	proven = !tally->rows || prove(f.recipe, tally, &m->settings->multiset_key);
	if (!proven)
		status = follow(&f, err);
	find_first_bad(&f);
	if (!status && (!proven || f.bad))
		status = scan(&f, look_again, err);
	if (!status && !proven) {
		set_counts(&f);
		if (!has_head(&f))
			tally->head_len = 0;
	}
	drvp_link_table_free(&f.table);
	if (status)
		return status;
	tally->intact_before_set = f.bad && f.column_count > 2 && !f.unordered;
	tally->intact_before = f.before_bad;
	tally->counters[DRVP_CHAIN_FOLLOWED].count = 1;
	return 0;
}
