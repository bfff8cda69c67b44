/* ordered.c: verifies chains whose entries do not store the previous hash, in their order */
#include "chain/ordered.h"

#include <string.h>

#include "chain/reader.h"
#include "store/row_copy.h"

/* Rows of one place in the order that wait for the one before them. */
#define PENDING 64

/* A hash that the next entry may have been made with. */
struct candidate {
	struct drvp_link link;
	struct drvp_value value;     /* as an entry would store it */
	char text[2 * DRVP_DIGEST_MAX + 1];
};

struct pending {
	struct drvp_row row;
	uint64_t position;
};

struct ordered {
	const struct drvp_measure *m;
	const struct drvp_recipe *recipe;
	struct drvp_chain_reader reader;
	struct drvp_chain *chain;
	const struct drvp_recorded_head *head;
	bool anything;               /* nothing is known of what the next entry was made with */
	bool last_matched;
	struct candidate last;       /* the hash of the entry before */
	struct candidate made;       /* what it should be, where that differs; state NULL: none */
	struct candidate before;     /* the hash of the one before that */
	struct pending pending[PENDING];
	size_t pending_count;
	struct drvp_arena arena;     /* of the pending rows */
	uint64_t position;
};

/* ------------------------------------------------------------------ candidates */

static void forget(struct candidate *candidate)
{
	candidate->link.state = DRVP_LINK_NULL;
	candidate->link.value = NULL;
}

/* Keeps a hash beyond its row. */
static void keep(struct candidate *candidate, const struct drvp_link *hash)
{
	size_t len = hash->value && hash->value->len < sizeof candidate->text ? hash->value->len : 0;

	candidate->link = *hash;
	candidate->value = (struct drvp_value){ 0 };
	if (hash->value)
		candidate->value.kind = hash->value->kind;
	if (len)
		memcpy(candidate->text, hash->value->bytes, len);
	candidate->value.len = len;
}

/* The link whose value lies in this very candidate, wherever that was copied to. */
static const struct drvp_link *link_of(struct candidate *candidate)
{
	candidate->value.bytes = candidate->text;
	candidate->link.value = &candidate->value;
	return &candidate->link;
}

/* What the first entry was made with. */
static void begin_chain(struct ordered *w)
{
	const struct drvp_bytes *anchor = drvp_recipe_anchor(w->recipe, w->chain->partition,
							     w->chain->partition_len);

	forget(&w->last);
	forget(&w->made);
	forget(&w->before);
	w->last.link.state = DRVP_LINK_GENESIS;
	w->last_matched = true;
	w->anything = false;
	if (anchor) {
		memcpy(w->last.link.bytes, anchor->bytes, anchor->len);
		w->last.link.size = anchor->len;
		w->last.link.state = DRVP_LINK_HASH;
		drvp_chain_reader_store_hash(&w->reader, &w->last.link, &w->last.value,
					     w->last.text);
	} else if (w->recipe->front.value == DRVP_FRONT_PRUNED) {
		w->anything = true;
	}
	w->chain->firsts += !w->anything;
	w->m->tally->counters[DRVP_CHAIN_GENESIS].count += !w->anything;
}

/* ------------------------------------------------------------------ one entry */

static int count(const struct ordered *w, const struct pending *p, unsigned counter)
{
	return drvp_tally_count_row(w->m->tally, counter, &p->row, (int64_t)p->position,
				    w->m->settings->show_keys);
}

static int try(struct ordered *w, const struct pending *p, struct drvp_entry *entry,
	       struct candidate *candidate, int *content)
{
	if (candidate->link.state == DRVP_LINK_NULL) {
		*content = DRVP_CONTENT_DIFFERS;
		return 0;
	}
	entry->previous = *link_of(candidate);
	return drvp_chain_reader_compare(&w->reader, &p->row, entry, content);
}

/* The entry's hash becomes what the next one was made with. */
static void advance(struct ordered *w, const struct drvp_entry *entry, bool matched)
{
	struct candidate hash = { 0 };

	keep(&hash, &entry->hash);
	w->before = w->last;
	w->last = hash;
	w->last_matched = matched;
	w->anything = false;
	forget(&w->made);
	w->chain->unproven += !matched;
	if (w->head && drvp_link_is(&entry->hash, &w->head->hash))
		w->chain->head_seen = true;
}

/* An entry that stores no hash is as good as the last one, which the recorded head judges. */
static int fold(struct ordered *w, const struct pending *p, struct drvp_entry *entry)
{
	int status;

	entry->previous = *link_of(&w->last);
	status = drvp_chain_reader_make_hash(&w->reader, &p->row, entry);
	if (!status)
		advance(w, entry, true);
	return status;
}

/* What is not checked may follow anything. */
static bool fits(int content)
{
	return content == DRVP_CONTENT_MATCHES || content == DRVP_CONTENT_CLAIMS ||
	       content == DRVP_CONTENT_UNCHECKED;
}

/* *accepted: whether it is the entry after the last one. */
static int accept(struct ordered *w, const struct pending *p, bool *accepted)
{
	struct drvp_entry entry;
	int content = DRVP_CONTENT_DIFFERS;
	int status = drvp_chain_reader_links(&w->reader, &p->row, &entry);

	*accepted = true;
	if (!status && !w->recipe->hash)
		return fold(w, p, &entry);
	if (status || entry.hash.state != DRVP_LINK_HASH) {
		*accepted = false;
		return status;
	}
	if (!w->anything)
		status = try(w, p, &entry, &w->last, &content);
	*accepted = w->anything || fits(content);
	if (status || !*accepted)
		return status;
	if (content == DRVP_CONTENT_CLAIMS)
		status = count(w, p, DRVP_CHAIN_CLAIM);
	else if (content == DRVP_CONTENT_UNCHECKED)
		status = count(w, p, DRVP_CHAIN_UNCHECKED);
	advance(w, &entry, true);
	w->chain->unproven += content == DRVP_CONTENT_CLAIMS;
	return status;
}

/* ------------------------------------------------------------------ entries that do not fit */

/* Whether an entry is there for the second time: then it follows what the last one follows. */
static int is_copy(struct ordered *w, const struct pending *p, struct drvp_entry *entry, bool *copy)
{
	const struct drvp_link *last = &w->last.link;
	int content = DRVP_CONTENT_DIFFERS, status = 0;

	if (last->size == entry->hash.size && !memcmp(last->bytes, entry->hash.bytes, last->size))
		status = try(w, p, entry, &w->before, &content);
	*copy = fits(content);
	return status;
}

/*
 * An entry may follow one whose stored hash was changed, or the one before a row that was put in
 * between; where that row is intact too, both claim one predecessor.
 */
static int try_others(struct ordered *w, const struct pending *p, struct drvp_entry *entry,
		      int *content, bool *fork)
{
	int status = w->last_matched ? 0 : try(w, p, entry, &w->made, content);

	*fork = false;
	if (status || fits(*content))
		return status;
	status = try(w, p, entry, &w->before, content);
	*fork = w->last_matched && fits(*content);
	return status;
}

static int mismatch(struct ordered *w, const struct pending *p, struct drvp_entry *entry, int content)
{
	struct drvp_entry made = *entry;
	int status = count(w, p, content == DRVP_CONTENT_UNKNOWN ? DRVP_CHAIN_UNVERIFIABLE :
								   DRVP_CHAIN_MISMATCH);

	if (!status && entry->hash.state == DRVP_LINK_MALFORMED)
		status = count(w, p, DRVP_CHAIN_MALFORMED_HASH);
	made.previous = *link_of(&w->last);
	if (!status)
		status = drvp_chain_reader_make_hash(&w->reader, &p->row, &made);
	advance(w, entry, false);
	keep(&w->made, &made.hash);
	return status;
}

/* Nothing that comes later explains the row: says what is wrong with it. */
static int judge(struct ordered *w, const struct pending *p)
{
	struct drvp_entry entry;
	int content = DRVP_CONTENT_DIFFERS, last = DRVP_CONTENT_DIFFERS;
	bool fork = false, copy = false;
	int status = drvp_chain_reader_links(&w->reader, &p->row, &entry);

	if (!status && entry.hash.state == DRVP_LINK_HASH)
		status = is_copy(w, p, &entry, &copy);
	if (!status && copy) {
		w->chain->copies++;
		return count(w, p, DRVP_CHAIN_COPY);
	}
	if (!status && entry.hash.state == DRVP_LINK_NULL) {
		status = count(w, p, DRVP_CHAIN_NULL_HASH);
		w->chain->unproven++;
		return status;
	}
	if (!status && entry.hash.state == DRVP_LINK_HASH) {
		status = try(w, p, &entry, &w->last, &last);
		if (!status)
			status = try_others(w, p, &entry, &content, &fork);
	}
	if (status)
		return status;
	if (!fits(content))
		return mismatch(w, p, &entry, last);
	if (fork) {
		w->chain->forks++;
		status = count(w, p, DRVP_CHAIN_FORK);
	}
	advance(w, &entry, true);
	return status;
}

static int flush(struct ordered *w)
{
	int status = 0;

	for (size_t i = 0; !status && i < w->pending_count; i++)
		status = judge(w, &w->pending[i]);
	w->pending_count = 0;
	drvp_arena_reset(&w->arena);
	return status;
}

/* After an entry was accepted: whether one of those that wait comes next. */
static int retry(struct ordered *w)
{
	bool accepted;

	for (size_t i = 0; i < w->pending_count; i = accepted ? 0 : i + 1) {
		int status = accept(w, &w->pending[i], &accepted);

		if (status)
			return status;
		if (!accepted)
			continue;
		w->pending_count--;
		memmove(&w->pending[i], &w->pending[i + 1],
			(w->pending_count - i) * sizeof *w->pending);
	}
	return 0;
}

static int wait_for_others(struct ordered *w, const struct pending *p)
{
	struct pending *copy = &w->pending[w->pending_count];

	copy->position = p->position;
	if (drvp_row_copy(&copy->row, &p->row, &w->arena))
		return DRV_E_NOMEM;
	w->pending_count++;
	return 0;
}

/* ------------------------------------------------------------------ all entries */

static int end_chain(struct ordered *w)
{
	int status = flush(w);

	if (status || !w->last_matched)
		return status;
	memcpy(w->chain->head, w->last.link.bytes, w->last.link.size);
	w->chain->head_len = w->last.link.size;
	return 0;
}

static int next_chain(struct ordered *w)
{
	const struct drvp_strbuf *partition = &w->reader.partition;
	int status = w->chain ? end_chain(w) : 0;

	if (status)
		return status;
	w->chain = drvp_chains_get(&w->m->tally->chains, drvp_strbuf_text(partition),
				   partition->len);
	if (!w->chain)
		return DRV_E_NOMEM;
	w->head = drvp_recipe_head(w->recipe, w->chain->partition, w->chain->partition_len);
	begin_chain(w);
	return 0;
}

static bool in_chain(const struct ordered *w)
{
	return w->chain && w->chain->partition_len == w->reader.partition.len &&
	       !memcmp(w->chain->partition, drvp_strbuf_text(&w->reader.partition),
		       w->reader.partition.len);
}

static int step(const struct drvp_row *row, void *user)
{
	struct ordered *w = user;
	struct pending p = { *row, w->position++ };
	bool accepted = false;
	int status = 0;

	drvp_chain_reader_partition(&w->reader, row);
	if (!in_chain(w))
		status = next_chain(w);
	if (status)
		return status;
	w->chain->rows++;
	if (w->pending_count &&
	    (w->pending_count == PENDING ||
	     !drvp_chain_reader_same_place(&w->reader, &w->pending[0].row, row)))
		status = flush(w);
	if (!status)
		status = accept(w, &p, &accepted);
	if (status)
		return status;
	return accepted ? retry(w) : wait_for_others(w, &p);
}

int drvp_chain_measure_ordered(const struct drvp_measure *m, struct drv_error *err)
{
	struct ordered w = { .m = m, .recipe = m->item->config };
	int status = drvp_chain_reader_open(&w.reader, m, DRVP_USE_CONTENTS, err);

	if (!status) {
		const struct drvp_scan question = drvp_chain_reader_scan_ordered(&w.reader);

		status = m->session->store->scan(m->session, &question, step, &w, &m->tally->rows,
						 err);
	}
	if (!status && w.chain)
		status = end_chain(&w);
	drvp_chain_reader_close(&w.reader);
	drvp_arena_free(&w.arena);
	return status;
}
