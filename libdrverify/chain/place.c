/* place.c: puts entries that store no previous hash into their order, place by place */
#include "chain/place.h"

#include <string.h>

#include "store/row_copy.h"

/* Of more rows than this, which of them was changed is not worth the time to find out. */
#define WORTH_FINDING 256

/* ------------------------------------------------------------------ candidates */

static void forget(struct drvp_candidate *candidate)
{
	candidate->link.state = DRVP_LINK_NULL;
	candidate->link.value = NULL;
}

/* Keeps a hash beyond its row. */
static void keep(struct drvp_candidate *candidate, const struct drvp_link *hash)
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

/* The link whose value lies in this very candidate, wherever that was copied to. */
static const struct drvp_link *link_of(struct drvp_candidate *candidate)
{
	candidate->value.bytes = candidate->text;
	candidate->link.value = &candidate->value;
	return &candidate->link;
}

/* What the first entry was made with. */
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

static int count(const struct drvp_ordered *w, const struct drvp_waiting *p, unsigned counter)
{
	return drvp_tally_count_row(w->m->tally, counter, &p->row, (int64_t)p->position,
				    w->m->settings->show_keys);
}

static bool fits(int content)
{
	return content == DRVP_CONTENT_MATCHES || content == DRVP_CONTENT_CLAIMS;
}

static int try(struct drvp_ordered *w, const struct drvp_waiting *p, struct drvp_entry *entry,
	       struct drvp_candidate *candidate, int *content)
{
	*content = DRVP_CONTENT_DIFFERS;
	if (candidate->link.state == DRVP_LINK_NULL || entry->hash.state != DRVP_LINK_HASH)
		return 0;
	entry->previous = *link_of(candidate);
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
	keep(&one->own, hash);
}

/* The entry's hash becomes what the next one was made with. */
static void advance(struct drvp_ordered *w, const struct drvp_link *hash, bool matched)
{
	struct drvp_candidate next = { 0 };

	keep(&next, hash);
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

/* Takes an entry that was made after a candidate. */
static int take(struct drvp_ordered *w, const struct drvp_waiting *p,
		const struct drvp_entry *entry, const struct drvp_candidate *made_after,
		int content)
{
	const struct drvp_candidate after = *made_after;
	const bool claimed = made_after == &w->last;
	int status = 0;

	if (content == DRVP_CONTENT_CLAIMS)
		status = count(w, p, DRVP_CHAIN_CLAIM);
	advance(w, &entry->hash, true);
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

	entry->previous = *link_of(&w->last);
	status = drvp_chain_reader_make_hash(&w->reader, &p->row, entry);
	made = entry->hash.state == DRVP_LINK_HASH;
	if (!status && !made)
		status = count(w, p, DRVP_CHAIN_MISMATCH);
	if (!status)
		advance(w, &entry->hash, made);
	return status;
}

/* *accepted: whether it is the entry after the last one. */
static int accept(struct drvp_ordered *w, const struct drvp_waiting *p, bool *accepted)
{
	struct drvp_entry entry;
	int content = DRVP_CONTENT_DIFFERS;
	int status = drvp_chain_reader_links(&w->reader, &p->row, &entry);

	*accepted = true;
	if (!status && !w->recipe->hash)
		return fold(w, p, &entry);
	if (!status && !w->anything)
		status = try(w, p, &entry, &w->last, &content);
	*accepted = !status && fits(content);
	return *accepted ? take(w, p, &entry, &w->last, content) : status;
}

/* ------------------------------------------------------------------ entries that do not fit */

static void forget_pending(struct drvp_ordered *w, size_t i)
{
	w->pending_count--;
	memmove(&w->pending[i], &w->pending[i + 1],
		(w->pending_count - i) * sizeof *w->pending);
}

/* The first of those that wait which comes next. */
static int accept_any(struct drvp_ordered *w, bool *found)
{
	*found = false;
	for (size_t i = 0; i < w->pending_count; i++) {
		int status = accept(w, &w->pending[i], found);

		if (status)
			return status;
		if (!*found)
			continue;
		forget_pending(w, i);
		return 0;
	}
	return 0;
}

static bool same_hash(const struct drvp_waiting *p, const struct drvp_accepted *other)
{
	return p->size && p->size == other->size && !memcmp(p->hash, other->hash, p->size);
}

/* The first that is there for the second time: it was made after what the other one was. */
static int find_copy(struct drvp_ordered *w, bool *found)
{
	*found = false;
	for (size_t i = 0; i < w->pending_count * w->accepted_count; i++) {
		const struct drvp_waiting *p = &w->pending[i / w->accepted_count];
		struct drvp_accepted *other = &w->accepted[i % w->accepted_count];
		struct drvp_entry entry;
		int content, status;

		if (!same_hash(p, other))
			continue;
		status = drvp_chain_reader_links(&w->reader, &p->row, &entry);
		if (!status)
			status = try(w, p, &entry, &other->made_after, &content);
		if (status)
			return status;
		if (!fits(content))
			continue;
		*found = true;
		w->chain->copies++;
		status = count(w, p, DRVP_CHAIN_COPY);
		forget_pending(w, i / w->accepted_count);
		return status;
	}
	return 0;
}

/* An entry made after one that another, intact one was made after. */
static int note_rival(struct drvp_ordered *w, const struct drvp_waiting *p,
		      const struct drvp_candidate *rivals)
{
	if (rivals->link.state == DRVP_LINK_GENESIS) {
		w->chain->second_firsts++;
		return count(w, p, DRVP_CHAIN_SECOND_GENESIS);
	}
	w->chain->forks++;
	return count(w, p, DRVP_CHAIN_FORK);
}

/* The first that was made after a candidate, which another entry may have been made after too. */
static int accept_other(struct drvp_ordered *w, struct drvp_candidate *candidate, bool rival,
			bool *found)
{
	*found = false;
	for (size_t i = 0; i < w->pending_count; i++) {
		const struct drvp_waiting p = w->pending[i];
		struct drvp_entry entry;
		int content, status = drvp_chain_reader_links(&w->reader, &p.row, &entry);

		if (!status)
			status = try(w, &p, &entry, candidate, &content);
		if (status)
			return status;
		if (!fits(content))
			continue;
		*found = true;
		if (rival)
			status = note_rival(w, &p, candidate);
		if (!status)
			status = take(w, &p, &entry, candidate, content);
		forget_pending(w, i);
		return status;
	}
	return 0;
}

/* The first that goes on with another branch. */
static int accept_branch(struct drvp_ordered *w, bool *found)
{
	*found = false;
	for (size_t i = 0; i < w->end_count; i++) {
		struct drvp_candidate end = w->ends[i];
		int status = accept_other(w, &end, false, found);

		if (status)
			return status;
		if (!*found)
			continue;
		memmove(&w->ends[i], &w->ends[i + 1], (--w->end_count - i) * sizeof *w->ends);
		return 0;
	}
	return 0;
}

/* The first that was made after an entry of this place, or after the one before the place. */
static int accept_rival(struct drvp_ordered *w, bool *found)
{
	int status = accept_other(w, &w->entered, true, found);

	for (size_t i = 0; !status && !*found && i < w->accepted_count &&
	     w->accepted_count * w->pending_count <= WORTH_FINDING * WORTH_FINDING; i++) {
		struct drvp_candidate own = w->accepted[i].own;

		status = accept_other(w, &own, true, found);
	}
	return status;
}

/* Whether q was made after p, going by the hash that p stores. */
static int follows(struct drvp_ordered *w, const struct drvp_waiting *p,
		   const struct drvp_waiting *q, bool *does)
{
	struct drvp_candidate hash = { 0 };
	struct drvp_entry entry;
	int content, status = drvp_chain_reader_links(&w->reader, &p->row, &entry);

	*does = false;
	if (status || p == q)
		return status;
	keep(&hash, &entry.hash);
	status = drvp_chain_reader_links(&w->reader, &q->row, &entry);
	if (!status)
		status = try(w, q, &entry, &hash, &content);
	*does = !status && fits(content);
	return status;
}

/*
 * Which of those that wait was changed: the first that none of the others comes before. The others
 * then follow it.
 */
static int find_changed(struct drvp_ordered *w, size_t *changed)
{
	*changed = 0;
	for (size_t i = 0; i < w->pending_count; i++) {
		bool has_predecessor = false;

		for (size_t j = 0; j < w->pending_count && !has_predecessor; j++) {
			int status = follows(w, &w->pending[j], &w->pending[i], &has_predecessor);

			if (status)
				return status;
		}
		*changed = i;
		if (!has_predecessor)
			return 0;
	}
	*changed = 0;
	return 0;
}

static unsigned how_it_differs(const struct drvp_ordered *w, int content)
{
	if (w->crowded)
		return DRVP_CHAIN_UNVERIFIABLE;
	return content == DRVP_CONTENT_UNKNOWN ? DRVP_CHAIN_UNVERIFIABLE : DRVP_CHAIN_MISMATCH;
}

/* Says that an entry is not what its hash says, and goes on from what it should be. */
static int mismatch(struct drvp_ordered *w, const struct drvp_waiting *p)
{
	struct drvp_entry entry, made;
	int content, status = drvp_chain_reader_links(&w->reader, &p->row, &entry);

	if (!status && entry.hash.state == DRVP_LINK_NULL) {
		w->chain->unproven++;
		return count(w, p, DRVP_CHAIN_NULL_HASH);
	}
	if (!status)
		status = try(w, p, &entry, &w->last, &content);
	if (!status)
		status = count(w, p, how_it_differs(w, content));
	if (!status && entry.hash.state == DRVP_LINK_MALFORMED)
		status = count(w, p, DRVP_CHAIN_MALFORMED_HASH);
	made = entry;
	made.previous = *link_of(&w->last);
	if (!status)
		status = drvp_chain_reader_make_hash(&w->reader, &p->row, &made);
	if (status)
		return status;
	advance(w, &entry.hash, false);
	keep(&w->made, &made.hash);
	return 0;
}

/* What the first entry that is left of a pruned chain was made after is gone. */
static int begin_pruned(struct drvp_ordered *w)
{
	struct drvp_entry entry;
	struct drvp_waiting p;
	size_t first = 0;
	int status = w->pending_count > WORTH_FINDING ? 0 : find_changed(w, &first);

	if (status)
		return status;
	p = w->pending[first];
	forget_pending(w, first);
	w->anything = false;
	status = drvp_chain_reader_links(&w->reader, &p.row, &entry);
	if (status || entry.hash.state != DRVP_LINK_HASH)
		return status ? status : mismatch(w, &p);
	status = count(w, &p, DRVP_CHAIN_UNCHECKED);
	return status ? status : take(w, &p, &entry, &w->last, DRVP_CONTENT_MATCHES);
}

static int blame_one(struct drvp_ordered *w)
{
	struct drvp_waiting p;
	size_t changed = 0;
	int status = w->pending_count > WORTH_FINDING ? 0 : find_changed(w, &changed);

	if (status)
		return status;
	p = w->pending[changed];
	forget_pending(w, changed);
	return mismatch(w, &p);
}

int drvp_place_finish(struct drvp_ordered *w)
{
	int status = 0;

	while (!status && w->pending_count) {
		bool found = w->anything;

		if (w->anything)
			status = begin_pruned(w);
		else
			status = accept_any(w, &found);
		if (!status && !found)
			status = find_copy(w, &found);
		if (!status && !found && !w->last_matched)
			status = accept_other(w, &w->made, false, &found);
		if (!status && !found)
			status = accept_other(w, &w->before,
					      w->last_matched && w->before_claimed, &found);
		if (!status && !found)
			status = accept_branch(w, &found);
		if (!status && !found)
			status = accept_rival(w, &found);
		if (!status && !found)
			status = blame_one(w);
	}
	w->accepted_count = 0;
	w->crowded = false;
	w->place = NULL;
	drvp_arena_reset(&w->arena);
	return status;
}

static int accept_waiting(struct drvp_ordered *w)
{
	bool found = true;
	int status = 0;

	while (!status && found && w->pending_count)
		status = accept_any(w, &found);
	return status;
}

static int wait_for_others(struct drvp_ordered *w, const struct drvp_waiting *p)
{
	struct drvp_waiting *copy = &w->pending[w->pending_count];
	struct drvp_entry entry;
	int status;

	if (w->pending_count == DRVP_PLACE_MOST) {
		w->crowded = true;
		w->chain->unproven++;
		return count(w, p, DRVP_CHAIN_UNVERIFIABLE);
	}
	status = drvp_chain_reader_links(&w->reader, &p->row, &entry);
	if (status)
		return status;
	copy->position = p->position;
	copy->size = entry.hash.state == DRVP_LINK_HASH ? entry.hash.size : 0;
	memcpy(copy->hash, entry.hash.bytes, copy->size);
	if (drvp_row_copy(&copy->row, &p->row, &w->arena))
		return DRV_E_NOMEM;
	w->pending_count++;
	return 0;
}

/* Copies are looked for as long as rows of one place come, so one of them is kept. */
static int enter_place(struct drvp_ordered *w, const struct drvp_row *row)
{
	int status = 0;

	if (w->place && !drvp_chain_reader_same_place(&w->reader, w->place, row))
		status = drvp_place_finish(w);
	if (status || w->place)
		return status;
	w->entered = w->last;
	w->place = drvp_arena_alloc(&w->arena, sizeof *w->place);
	return w->place && !drvp_row_copy(w->place, row, &w->arena) ? 0 : DRV_E_NOMEM;
}

int drvp_place_add(struct drvp_ordered *w, const struct drvp_row *row)
{
	const struct drvp_waiting p = { .row = *row, .position = w->position++ };
	bool accepted = false;
	int status = enter_place(w, row);

	if (!status)
		status = accept(w, &p, &accepted);
	if (status)
		return status;
	return accepted ? accept_waiting(w) : wait_for_others(w, &p);
}
