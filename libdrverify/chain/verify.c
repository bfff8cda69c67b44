/* verify.c: recomputes the hash of every entry and gathers the links between them */
#include "chain/verify.h"

#include <string.h>

#include "chain/preimage.h"

/* The links of one chain, which add up over ranges. */
struct chain_sums {
	struct drvp_multiset *hashes, *previous;
};

struct verification {
	const struct drvp_measure *m;
	const struct drvp_recipe *recipe;
	struct drvp_preimage *preimage;
	struct drvp_digester *digester;
	struct chain_sums sums;
};

const struct drvp_secret *drvp_chain_secret(const struct drvp_recipe *recipe,
					    const struct drvp_settings *settings)
{
	for (size_t i = 0; recipe->digest.key && i < settings->secret_count; i++)
		if (!strcmp(settings->secrets[i].name, recipe->digest.key))
			return &settings->secrets[i];
	return NULL;
}

bool drvp_chain_key_missing(const struct drvp_recipe *recipe,
			    const struct drvp_settings *settings)
{
	return recipe->digest.key && !drvp_chain_secret(recipe, settings);
}

struct drvp_scan drvp_chain_scan(const struct drvp_measure *m, const struct drvp_wanted *columns,
				 size_t column_count)
{
	const struct drvp_recipe *recipe = m->item->config;

	return (struct drvp_scan){
		.relation = m->relation,
		.selection = { recipe->where.list, recipe->where.count, recipe->filter },
		.range = m->range,
		.columns = columns,
		.column_count = column_count,
		.keys = m->settings->show_keys,
	};
}

/* ------------------------------------------------------------------ one row */

static const struct drvp_value *order_value(const struct drvp_preimage *p,
					    const struct drvp_row *row)
{
	return p->order_column == SIZE_MAX ? NULL : &row->values[p->order_column];
}

static int count(const struct verification *v, const struct drvp_row *row, unsigned counter)
{
	return drvp_tally_count_row(v->m->tally, counter, row,
				    drvp_entry_order(row, order_value(v->preimage, row),
						     v->m->range_index),
				    v->m->settings->show_keys);
}

enum content { MATCHES, DIFFERS, CANNOT_TELL };

/* An ambiguous local time is tried both ways before a difference counts. */
static int compare_content(struct verification *v, const struct drvp_row *row,
			   const struct drvp_entry *entry, int *content)
{
	struct drvp_preimage *p = v->preimage;
	uint8_t digest[DRVP_DIGEST_MAX];
	unsigned fold = 0;

	do {
		int status = drvp_preimage_build(p, row->values, entry, fold);

		if (status)
			return status;
		status = drvp_digest(v->digester, drvp_strbuf_text(&p->out), p->out.len, digest);
		if (status)
			return status;
		if (!p->impossible && !memcmp(digest, entry->hash.bytes, entry->size)) {
			*content = MATCHES;
			return 0;
		}
	} while (++fold < 1u << p->folds);
	*content = p->lossy && !p->impossible ? CANNOT_TELL : DIFFERS;
	return 0;
}

static int judge_content(struct verification *v, const struct drvp_row *row,
			 const struct drvp_entry *entry)
{
	int content, status;

	switch (entry->hash.state) {
	case DRVP_LINK_NULL:
		return count(v, row, DRVP_CHAIN_NULL_HASH);
	case DRVP_LINK_MALFORMED:
		status = count(v, row, DRVP_CHAIN_MALFORMED_HASH);
		return status ? status : count(v, row, DRVP_CHAIN_MISMATCH);
	default:
		break;
	}
	status = compare_content(v, row, entry, &content);
	if (status || content == MATCHES)
		return status;
	return count(v, row, content == DIFFERS ? DRVP_CHAIN_MISMATCH : DRVP_CHAIN_UNVERIFIABLE);
}

static int add_links(struct verification *v, const struct drvp_row *row,
		     const struct drvp_entry *entry)
{
	const struct drvp_multiset_key *key = &v->m->settings->multiset_key;
	const struct drvp_recorded_head *head = &v->recipe->expect.head;
	int status = 0;

	if (entry->hash.state == DRVP_LINK_HASH) {
		drvp_multiset_add(v->sums.hashes, key, entry->hash.bytes, entry->size);
		if (head->rows.set && !memcmp(head->hash.bytes, entry->hash.bytes, entry->size))
			status = count(v, row, DRVP_CHAIN_HEAD_SEEN);
	}
	if (status)
		return status;
	switch (entry->previous.state) {
	case DRVP_LINK_GENESIS:
		return count(v, row, DRVP_CHAIN_GENESIS);
	case DRVP_LINK_NULL:
		return count(v, row, DRVP_CHAIN_NULL_PREVIOUS);
	case DRVP_LINK_HASH:
		drvp_multiset_add(v->sums.previous, key, entry->previous.bytes, entry->size);
		return 0;
	default:
		return 0; /* no row has such a hash: following the links finds the gap */
	}
}

static int feed(const struct drvp_row *row, void *user)
{
	struct verification *v = user;
	struct drvp_entry entry;
	int status;

	drvp_entry_read(&entry, v->recipe, &row->values[DRVP_COLUMN_HASH],
			&row->values[DRVP_COLUMN_PREVIOUS]);
	status = judge_content(v, row, &entry);
	return status ? status : add_links(v, row, &entry);
}

/* ------------------------------------------------------------------ one range */

static int only_count(const struct drvp_row *row, void *user)
{
	(void)row;
	(void)user;
	return 0;
}

/* Nothing can be said without the key, but the rows are still there. */
static int measure_without_key(const struct drvp_measure *m, struct drv_error *err)
{
	const struct drvp_recipe *recipe = m->item->config;
	const struct drvp_wanted hash = { recipe->hash, DRVP_FORM_PRESENCE };
	const struct drvp_scan scan = drvp_chain_scan(m, &hash, 1);

	return m->session->store->scan(m->session, &scan, only_count, NULL, &m->tally->rows, err);
}

static int prepare(struct verification *v, const struct drvp_measure *m, struct drv_error *err)
{
	const struct drvp_secret *secret = drvp_chain_secret(v->recipe, m->settings);
	int status = drvp_preimage_new(&v->preimage, v->recipe, m->relation, m->session, err);

	if (status)
		return status;
	if (!secret)
		return drvp_digester_new(&v->digester, v->recipe->digest.algorithm, NULL, 0, err);
	/* An empty key is still a key, and no plain hash. */
	return drvp_digester_new(&v->digester, v->recipe->digest.algorithm,
				 secret->len ? (const void *)secret->bytes : "", secret->len, err);
}

int drvp_chain_measure(const struct drvp_measure *m, struct drv_error *err)
{
	struct verification v = {
		.m = m,
		.recipe = m->item->config,
		.sums = { &m->tally->hashes, &m->tally->previous },
	};
	int status;

	if (drvp_chain_key_missing(v.recipe, m->settings))
		return measure_without_key(m, err);
	m->tally->multisets_set = true;
	status = prepare(&v, m, err);
	if (!status) {
		const struct drvp_scan scan = drvp_chain_scan(m, v.preimage->columns,
							      v.preimage->column_count);

		status = m->session->store->scan(m->session, &scan, feed, &v, &m->tally->rows, err);
	}
	drvp_digester_free(&v.digester);
	drvp_preimage_free(&v.preimage);
	return status;
}
