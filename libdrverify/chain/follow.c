/* follow.c: reads the links of all rows, and matches each with the entry that it refers to */
#include "chain/follow.h"

#include <stdlib.h>

static uint32_t chain_index(struct drvp_following *f, const struct drvp_row *row)
{
	const struct drvp_chains *chains = &f->own->chains;
	const struct drvp_chain *chain;

	drvp_chain_reader_partition(&f->reader, row);
	chain = drvp_chains_find(chains, drvp_strbuf_text(&f->reader.partition),
				 f->reader.partition.len);
	return chain ? (uint32_t)(chain - chains->list) : UINT32_MAX;
}

static void fingerprint_link(struct drvp_fingerprint *out, const struct drvp_following *f,
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

int drvp_follow_read(struct drvp_row_links *links, struct drvp_following *f, const struct drvp_row *row)
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

static bool this_pass(const struct drvp_following *f, const struct drvp_fingerprint *value)
{
	return value->low % f->passes == f->pass;
}

static int gather(const struct drvp_row *row, void *user)
{
	struct drvp_following *f = user;
	struct drvp_row_links links;
	int status = drvp_follow_read(&links, f, row);

	if (status)
		return status;
	if (links.holds && this_pass(f, &links.hash))
		drvp_link_table_add(&f->table, &links.held);
	if (links.claims && this_pass(f, &links.previous))
		drvp_link_table_add(&f->table, &links.claim);
	return f->table.failed ? DRV_E_NOMEM : 0;
}

static int scan(struct drvp_following *f, const struct drvp_scan *question, drvp_row_fn fn,
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

int drvp_follow_scan(struct drvp_following *f, drvp_row_fn fn, struct drv_error *err)
{
	const struct drvp_scan question = drvp_chain_reader_scan(&f->reader);

	return scan(f, &question, fn, err);
}

static int note_known_forks(struct drvp_following *f, struct drv_error *err)
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
static bool orders_by_first(const struct drvp_following *f)
{
	const struct drvp_column *column;

	if (f->m->relation->kind == DRVP_COLLECTION)
		return false;
	column = drvp_relation_column(f->m->relation, f->recipe->order_by.names[0]);
	return column && drvp_orders_rows(column->kind);
}

int drvp_follow(struct drvp_following *f, struct drv_error *err)
{
	uint64_t records = 2 * f->m->tally->rows;
	size_t capacity = records < DRVP_LINK_RECORDS ? (size_t)records + 1 : DRVP_LINK_RECORDS;
	int status = 0;

	if (!drvp_link_table_init(&f->table, capacity))
		return drvp_fail_nomem(err);
	f->table.chains = &f->own->chains;
	f->table.ordered = !f->recipe->committed && orders_by_first(f);
	status = note_known_forks(f, err);
	f->passes = f->m->tally->rows / DRVP_ONE_PASS + 1;
	for (f->pass = 0; !status && f->pass < f->passes; f->pass++) {
		status = drvp_follow_scan(f, gather, err);
		if (!status)
			drvp_link_table_finish(&f->table);
	}
	if (!status && f->table.failed)
		return drvp_fail_nomem(err);
	drvp_link_table_tell_fronts(&f->table);
	return status;
}
