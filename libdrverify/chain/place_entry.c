/* place_entry.c: takes an entry for the one after another, going by what it was made with */
#include "chain/place_entry.h"

#include <string.h>

/* ------------------------------------------------------------------ candidates */

static void forget(struct drvp_candidate *candidate)
{
	candidate->link.state = DRVP_LINK_NULL;
	candidate->link.value = NULL;
}

void drvp_candidate_keep(struct drvp_candidate *candidate, const struct drvp_link *hash)
{
	size_t len = hash->value ? hash->value->len : 0;

	candidate->link = *hash;
	candidate->value = (struct drvp_value){ 0 };
	if (hash->value)
		candidate->value.kind = hash->value->kind;
	if (len && len < sizeof candidate->text) {
		memcpy(candidate->text, hash->value->bytes, len);
		candidate->value.len = len;
	}
}

const struct drvp_link *drvp_candidate_link(struct drvp_candidate *candidate)
{
	candidate->value.bytes = candidate->text;
	candidate->link.value = &candidate->value;
	return &candidate->link;
}

void drvp_place_begin_chain(struct drvp_ordered *w)
{
	const struct drvp_bytes *anchor = drvp_recipe_anchor(w->recipe, w->chain->partition,
							     w->chain->partition_len);

	forget(&w->last);
	forget(&w->made);
	forget(&w->before);
	w->before_claimed = true;
	w->end_count = 0;
	w->last.link.state = DRVP_LINK_GENESIS;
	w->last_matched = true;
	w->anything = false;
	if (anchor) {
		memcpy(w->last.link.bytes, anchor->bytes, anchor->len);
		w->last.link.size = anchor->len;
		w->last.link.state = DRVP_LINK_HASH;
		drvp_chain_reader_store_hash(&w->reader, &w->last.link, &w->last.value,
					     w->last.text);
		/* A chain that came back from before it was pruned begins as others do. */
		w->made.link.state = DRVP_LINK_GENESIS;
		w->last_matched = false;
	} else if (w->recipe->front.value == DRVP_FRONT_PRUNED) {
		w->anything = true;
	}
	w->chain->firsts += !w->anything;
	w->m->tally->counters[DRVP_CHAIN_GENESIS].count += !w->anything;
}

/* ------------------------------------------------------------------ one entry */

int drvp_place_count(const struct drvp_ordered *w, const struct drvp_waiting *p, unsigned counter)
{
	return drvp_tally_count_row(w->m->tally, counter, &p->row, (int64_t)p->position,
				    w->m->settings->show_keys);
}

bool drvp_content_fits(int content)
{
	return content == DRVP_CONTENT_MATCHES || content == DRVP_CONTENT_CLAIMS;
}

int drvp_place_try(struct drvp_ordered *w, const struct drvp_waiting *p, struct drvp_entry *entry,
	       struct drvp_candidate *candidate, int *content)
{
	*content = DRVP_CONTENT_DIFFERS;
	if (candidate->link.state == DRVP_LINK_NULL || entry->hash.state != DRVP_LINK_HASH)
		return 0;
	entry->previous = *drvp_candidate_link(candidate);
	return drvp_chain_reader_compare(&w->reader, &p->row, entry, content);
}

/* Remembers an entry for as long as rows of its place come. */
static void remember(struct drvp_ordered *w, const struct drvp_link *hash,
		     const struct drvp_candidate *made_after)
{
	struct drvp_accepted *one;

	if (w->accepted_count == DRVP_PLACE_MOST)
		return;
	one = &w->accepted[w->accepted_count++];
	memcpy(one->hash, hash->bytes, hash->size);
	one->size = hash->size;
	one->made_after = *made_after;
	drvp_candidate_keep(&one->own, hash);
}

void drvp_place_advance(struct drvp_ordered *w, const struct drvp_link *hash, bool matched)
{
	struct drvp_candidate next = { 0 };

	drvp_candidate_keep(&next, hash);
	if (w->last_matched && !w->before_claimed && w->end_count < DRVP_OPEN_ENDS)
		w->ends[w->end_count++] = w->before;
	w->before = w->last;
	w->before_claimed = true;
	w->last = next;
	w->last_matched = matched;
	w->anything = false;
	forget(&w->made);
	w->chain->unproven += !matched;
	if (w->head && drvp_link_is(hash, &w->head->hash))
		w->chain->head_seen = true;
}

int drvp_place_take(struct drvp_ordered *w, const struct drvp_waiting *p,
		const struct drvp_entry *entry, const struct drvp_candidate *made_after,
		int content)
{
	const struct drvp_candidate after = *made_after;
	const bool claimed = made_after == &w->last;
	int status = 0;

	if (content == DRVP_CONTENT_CLAIMS)
		status = drvp_place_count(w, p, DRVP_CHAIN_CLAIM);
	drvp_place_advance(w, &entry->hash, true);
	w->chain->unproven += content == DRVP_CONTENT_CLAIMS;
	w->before_claimed = claimed;
	remember(w, &entry->hash, &after);
	return status;
}

/* An entry that stores no hash is as good as the last one, which the recorded head judges. */
static int fold(struct drvp_ordered *w, const struct drvp_waiting *p, struct drvp_entry *entry)
{
	bool made;
	int status;

	entry->previous = *drvp_candidate_link(&w->last);
	status = drvp_chain_reader_make_hash(&w->reader, &p->row, entry);
	made = entry->hash.state == DRVP_LINK_HASH;
	if (!status && !made)
		status = drvp_place_count(w, p, DRVP_CHAIN_MISMATCH);
	if (!status)
		drvp_place_advance(w, &entry->hash, made);
	return status;
}

int drvp_place_accept(struct drvp_ordered *w, const struct drvp_waiting *p, bool *accepted)
{
	struct drvp_entry entry;
	int content = DRVP_CONTENT_DIFFERS;
	int status = drvp_chain_reader_links(&w->reader, &p->row, &entry);

	*accepted = true;
	if (!status && !w->recipe->hash)
		return fold(w, p, &entry);
	if (!status && !w->anything)
		status = drvp_place_try(w, p, &entry, &w->last, &content);
	*accepted = !status && drvp_content_fits(content);
	return *accepted ? drvp_place_take(w, p, &entry, &w->last, content) : status;
}

void drvp_place_stop_waiting(struct drvp_ordered *w, size_t i)
{
	w->pending_count--;
	memmove(&w->pending[i], &w->pending[i + 1],
		(w->pending_count - i) * sizeof *w->pending);
}
