/* place_odd.c: finds out what is wrong with entries of which none comes next */
#include "chain/place_odd.h"

#include <string.h>

#include "chain/place_entry.h"

/* Of more rows than this, which of them was changed is not worth the time to find out. */
#define WORTH_FINDING 256

static bool same_hash(const struct drvp_waiting *p, const struct drvp_accepted *other)
{
	return p->size && p->size == other->size && !memcmp(p->hash, other->hash, p->size);
}

int drvp_place_find_copy(struct drvp_ordered *w, bool *found)
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
			status = drvp_place_try(w, p, &entry, &other->made_after, &content);
		if (status)
			return status;
		if (!drvp_content_fits(content))
			continue;
		*found = true;
		w->chain->copies++;
		status = drvp_place_count(w, p, DRVP_CHAIN_COPY);
		drvp_place_stop_waiting(w, i / w->accepted_count);
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
		return drvp_place_count(w, p, DRVP_CHAIN_SECOND_GENESIS);
	}
	w->chain->forks++;
	return drvp_place_count(w, p, DRVP_CHAIN_FORK);
}

int drvp_place_accept_other(struct drvp_ordered *w, struct drvp_candidate *candidate, bool rival,
			bool *found)
{
	*found = false;
	for (size_t i = 0; i < w->pending_count; i++) {
		const struct drvp_waiting p = w->pending[i];
		struct drvp_entry entry;
		int content, status = drvp_chain_reader_links(&w->reader, &p.row, &entry);

		if (!status)
			status = drvp_place_try(w, &p, &entry, candidate, &content);
		if (status)
			return status;
		if (!drvp_content_fits(content))
			continue;
		*found = true;
		if (rival)
			status = note_rival(w, &p, candidate);
		if (!status)
			status = drvp_place_take(w, &p, &entry, candidate, content);
		drvp_place_stop_waiting(w, i);
		return status;
	}
	return 0;
}

int drvp_place_accept_branch(struct drvp_ordered *w, bool *found)
{
	*found = false;
	for (size_t i = 0; i < w->end_count; i++) {
		struct drvp_candidate end = w->ends[i];
		int status = drvp_place_accept_other(w, &end, false, found);

		if (status)
			return status;
		if (!*found)
			continue;
		memmove(&w->ends[i], &w->ends[i + 1], (--w->end_count - i) * sizeof *w->ends);
		return 0;
	}
	return 0;
}

int drvp_place_accept_rival(struct drvp_ordered *w, bool *found)
{
	int status = drvp_place_accept_other(w, &w->entered, true, found);

	for (size_t i = 0; !status && !*found && i < w->accepted_count &&
	     w->accepted_count * w->pending_count <= WORTH_FINDING * WORTH_FINDING; i++) {
		struct drvp_candidate own = w->accepted[i].own;

		status = drvp_place_accept_other(w, &own, true, found);
	}
	return status;
}

/* Whether q was made after p, going by the hash that p stores. */
static int follows(struct drvp_ordered *w, const struct drvp_waiting *p,
		   const struct drvp_waiting *q, bool *does)
{
	struct drvp_candidate hash = { 0 };
	struct drvp_entry entry;
	int content = 0, status = drvp_chain_reader_links(&w->reader, &p->row, &entry);

	*does = false;
	if (status || p == q)
		return status;
	drvp_candidate_keep(&hash, &entry.hash);
	status = drvp_chain_reader_links(&w->reader, &q->row, &entry);
	if (!status)
		status = drvp_place_try(w, q, &entry, &hash, &content);
	*does = !status && drvp_content_fits(content);
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
		return drvp_place_count(w, p, DRVP_CHAIN_NULL_HASH);
	}
	if (!status)
		status = drvp_place_try(w, p, &entry, &w->last, &content);
	if (!status)
		status = drvp_place_count(w, p, how_it_differs(w, content));
	if (!status && entry.hash.state == DRVP_LINK_MALFORMED)
		status = drvp_place_count(w, p, DRVP_CHAIN_MALFORMED_HASH);
	made = entry;
	made.previous = *drvp_candidate_link(&w->last);
	if (!status)
		status = drvp_chain_reader_make_hash(&w->reader, &p->row, &made);
	if (status)
		return status;
	drvp_place_advance(w, &entry.hash, false);
	drvp_candidate_keep(&w->made, &made.hash);
	return 0;
}

/* What the first entry that is left of a pruned chain was made after is gone. */
int drvp_place_begin_pruned(struct drvp_ordered *w)
{
	struct drvp_entry entry;
	struct drvp_waiting p;
	size_t first = 0;
	int status = w->pending_count > WORTH_FINDING ? 0 : find_changed(w, &first);

	if (status)
		return status;
	p = w->pending[first];
	drvp_place_stop_waiting(w, first);
	w->anything = false;
	status = drvp_chain_reader_links(&w->reader, &p.row, &entry);
	if (status || entry.hash.state != DRVP_LINK_HASH)
		return status ? status : mismatch(w, &p);
	status = drvp_place_count(w, &p, DRVP_CHAIN_UNCHECKED);
	return status ? status : drvp_place_take(w, &p, &entry, &w->last, DRVP_CONTENT_MATCHES);
}

int drvp_place_blame_one(struct drvp_ordered *w)
{
	struct drvp_waiting p;
	size_t changed = 0;
	int status = w->pending_count > WORTH_FINDING ? 0 : find_changed(w, &changed);

	if (status)
		return status;
	p = w->pending[changed];
	drvp_place_stop_waiting(w, changed);
	return mismatch(w, &p);
}
