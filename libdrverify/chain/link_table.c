/* link_table.c: finds what is wrong with the links of a chain, in bounded memory */
#include "chain/link_table.h"

#include <stdlib.h>
#include <string.h>

/* So many rows with one value are kept; further ones are forks or copies without a name. */
#define KEPT 16

void drvp_fingerprint(struct drvp_fingerprint *out, const struct drvp_multiset_key *key,
		      const void *bytes, size_t len)
{
	struct drvp_multiset one;

	drvp_multiset_init(&one);
	drvp_multiset_add(&one, key, bytes,
			  len < DRVP_MULTISET_VALUE_MAX ? len : DRVP_MULTISET_VALUE_MAX);
	*out = (struct drvp_fingerprint){ one.product[0], one.product[1] };
}

bool drvp_fingerprint_equal(const struct drvp_fingerprint *a, const struct drvp_fingerprint *b)
{
	return a->low == b->low && a->high == b->high;
}

static int role_of(const struct drvp_link_record *record)
{
	return (int)(record->partner & 1);
}

/* By chain and value, holders before claimants, then in order. */
static int compare(const void *left, const void *right)
{
	const struct drvp_link_record *a = left, *b = right;

	if (a->chain != b->chain)
		return a->chain < b->chain ? -1 : 1;
	if (a->value.low != b->value.low)
		return a->value.low < b->value.low ? -1 : 1;
	if (a->value.high != b->value.high)
		return a->value.high < b->value.high ? -1 : 1;
	if (role_of(a) != role_of(b))
		return role_of(a) - role_of(b);
	if (a->order != b->order)
		return a->order < b->order ? -1 : 1;
	return a->place < b->place ? -1 : a->place > b->place;
}

bool drvp_link_table_init(struct drvp_link_table *table, size_t capacity)
{
	memset(table, 0, sizeof *table);
	table->records = calloc(capacity, sizeof *table->records);
	table->capacity = capacity;
	return table->records != NULL;
}

void drvp_link_table_free(struct drvp_link_table *table)
{
	free(table->records);
	table->records = NULL;
}

/* ------------------------------------------------------------------ gathering */

static bool same_value(const struct drvp_link_record *a, const struct drvp_link_record *b)
{
	return a->chain == b->chain && drvp_fingerprint_equal(&a->value, &b->value);
}

static size_t run_length(const struct drvp_link_record *records, size_t count)
{
	size_t n = 0;

	while (n < count && same_value(&records[n], &records[0]) &&
	       role_of(&records[n]) == role_of(&records[0]))
		n++;
	return n;
}

static bool is_first(const struct drvp_link_record *record)
{
	const struct drvp_fingerprint none = DRVP_NO_PREDECESSOR;

	return drvp_fingerprint_equal(&record->value, &none);
}

static bool known_fork(const struct drvp_link_table *table, const struct drvp_link_record *record)
{
	for (size_t i = 0; i < table->known_fork_count; i++)
		if (drvp_fingerprint_equal(&table->known_forks[i], &record->value))
			return true;
	return false;
}

/* Counts what is not kept of a run. */
static void count_dropped(struct drvp_link_table *table, const struct drvp_link_record *first,
			  uint64_t dropped)
{
	struct drvp_chain *chain = &table->chains->list[first->chain];

	if (role_of(first) == DRVP_HOLDS) {
		table->copies.count += dropped;
		chain->copies += dropped;
	} else if (is_first(first)) {
		table->second_firsts.count += dropped;
		chain->second_firsts += dropped;
	} else {
		table->forks.count += dropped;
		chain->forks += dropped;
	}
}

/* A million rows that claim one predecessor would not fit, and need not. */
static void compact(struct drvp_link_table *table)
{
	size_t kept = 0;

	qsort(table->records, table->count, sizeof *table->records, compare);
	for (size_t i = 0, n; i < table->count; i += n) {
		size_t keep;

		n = run_length(table->records + i, table->count - i);
		keep = n < KEPT ? n : KEPT;
		count_dropped(table, &table->records[i], n - keep);
		memmove(table->records + kept, table->records + i, keep * sizeof *table->records);
		kept += keep;
	}
	table->count = kept;
}

static void make_room(struct drvp_link_table *table)
{
	struct drvp_link_record *grown;

	compact(table);
	if (table->count < table->capacity - table->capacity / 4)
		return;
	grown = realloc(table->records, 2 * table->capacity * sizeof *grown);
	if (!grown) {
		table->failed = true;
		return;
	}
	table->records = grown;
	table->capacity *= 2;
}

void drvp_link_table_add(struct drvp_link_table *table, const struct drvp_link_record *record)
{
	if (table->count == table->capacity && !table->failed)
		make_room(table);
	if (!table->failed)
		table->records[table->count++] = *record;
}

/* ------------------------------------------------------------------ findings */

static bool comes_before(const struct drvp_link_record *a, const struct drvp_link_record *b)
{
	return a->order != b->order ? a->order < b->order : a->place < b->place;
}

static void find(struct drvp_link_finding *finding, const struct drvp_link_record *record)
{
	size_t at = finding->mark_count;

	finding->count++;
	while (at > 0 && comes_before(record, &finding->marks[at - 1]))
		at--;
	if (at == DRVP_SPOTS)
		return;
	if (finding->mark_count == DRVP_SPOTS)
		finding->mark_count--;
	memmove(&finding->marks[at + 1], &finding->marks[at],
		(finding->mark_count - at) * sizeof *record);
	finding->marks[at] = *record;
	finding->mark_count++;
}

bool drvp_link_finding_has(const struct drvp_link_finding *finding,
			   const struct drvp_link_record *record)
{
	for (size_t i = 0; i < finding->mark_count; i++)
		if (!compare(&finding->marks[i], record))
			return true;
	return false;
}

/*
 * Copies of one row claim the same, but are no fork; so many further ones are known. Returns how
 * many were found.
 */
static uint64_t judge_claimants(struct drvp_link_finding *finding,
				const struct drvp_link_record *claimants, size_t count,
				uint64_t known)
{
	uint64_t found = 0;

	for (size_t i = 1; i < count; i++) {
		bool copy = false;

		for (size_t j = 0; j < i; j++)
			copy = copy || claimants[j].partner == claimants[i].partner;
		if (copy || known) {
			known -= !copy;
			continue;
		}
		find(finding, &claimants[i]);
		found++;
	}
	return found;
}

/* Where no row of a chain is the first, its first gap is where the front was. */
static void judge_gap(struct drvp_link_table *table, struct drvp_chain *chain,
		      const struct drvp_link_record *claimant)
{
	struct drvp_link_record gap = *claimant;

	if (!drvp_chain_fronts(chain) && !chain->front_cut) {
		chain->front_cut = true;
		chain->front = gap;
		return;
	}
	if (chain->front_cut && comes_before(&gap, &chain->front)) {
		gap = chain->front;
		chain->front = *claimant;
	}
	find(&table->gaps, &gap);
	chain->gaps++;
}

/* Where hashes do not cover the links, only the order of rows shows that they run one way. */
static void judge_order(struct drvp_link_table *table, struct drvp_chain *chain,
			const struct drvp_link_record *holder,
			const struct drvp_link_record *claimants, size_t count)
{
	for (size_t i = 0; table->ordered && i < count; i++) {
		if (claimants[i].order >= holder->order)
			continue;
		find(&table->backward, &claimants[i]);
		chain->backward++;
	}
}

static void judge_tail(struct drvp_link_table *table, struct drvp_chain *chain,
		       const struct drvp_link_record *holder)
{
	find(&table->tails, holder);
	if (!chain->tails++ || comes_before(&chain->last_tail, holder))
		chain->last_tail = *holder;
}

/* Holders come first, then those that claim them. */
static void judge_value(struct drvp_link_table *table, const struct drvp_link_record *holders,
			size_t holder_count, size_t claimant_count)
{
	const struct drvp_link_record *claimants = holders + holder_count;
	struct drvp_chain *chain = &table->chains->list[holders->chain];

	if (is_first(holders)) {
		chain->second_firsts +=
			judge_claimants(&table->second_firsts, claimants, claimant_count, 0);
		return;
	}
	for (size_t i = 1; i < holder_count; i++, chain->copies++)
		find(&table->copies, &holders[i]);
	chain->forks += judge_claimants(&table->forks, claimants, claimant_count,
					known_fork(table, holders));
	if (!holder_count)
		judge_gap(table, chain, claimants);
	else if (!claimant_count)
		judge_tail(table, chain, holders);
	else
		judge_order(table, chain, holders, claimants, claimant_count);
}

void drvp_link_table_tell_fronts(struct drvp_link_table *table)
{
	for (size_t i = 0; i < table->chains->count; i++)
		if (table->chains->list[i].front_cut)
			find(&table->fronts, &table->chains->list[i].front);
}

void drvp_link_table_finish(struct drvp_link_table *table)
{
	if (table->failed)
		return;
	compact(table);
	for (size_t i = 0; i < table->count;) {
		const struct drvp_link_record *first = table->records + i;
		size_t left = table->count - i, holders = 0, claimants = 0;

		if (role_of(first) == DRVP_HOLDS)
			holders = run_length(first, left);
		if (holders < left && same_value(first, &first[holders]))
			claimants = run_length(first + holders, left - holders);
		judge_value(table, first, holders, claimants);
		i += holders + claimants;
	}
	table->count = 0;
}
