/* json_members.c: which members of an object are printed, and in which order */
#include <stdlib.h>
#include <string.h>

#include "chain/json_text.h"

static struct drvp_json_key key_of(const struct drvp_json *member)
{
	return (struct drvp_json_key){ member->key, member->key_len };
}

static bool same_key(const struct drvp_json_key *a, const struct drvp_json_key *b)
{
	return a->len == b->len && !memcmp(a->name, b->name, a->len);
}

/* ------------------------------------------------------------------ choosing members */

static bool push(struct drvp_json_printer *p, const struct drvp_json *member)
{
	if (p->member_count == p->member_capacity) {
		size_t capacity = p->member_capacity ? 2 * p->member_capacity : 64;
		const struct drvp_json **grown =
			realloc(p->members, capacity * sizeof *grown);

		if (!grown) {
			p->out->failed = true;
			return false;
		}
		p->members = grown;
		p->member_capacity = capacity;
	}
	p->members[p->member_count++] = member;
	return true;
}

static bool listed(const struct drvp_json_key *list, size_t count, const struct drvp_json_key *key)
{
	for (size_t i = 0; i < count; i++)
		if (same_key(&list[i], key))
			return true;
	return false;
}

static bool hashed(const struct drvp_json_filter *f, const struct drvp_json *value);

/* Whether an object would be printed as {}. */
static bool empties(const struct drvp_json_filter *f, const struct drvp_json *value)
{
	if (value->type != DRVP_JSON_OBJECT)
		return false;
	for (const struct drvp_json *m = value->first; m; m = m->next)
		if (hashed(f, m))
			return false;
	return true;
}

static bool hashed(const struct drvp_json_filter *f, const struct drvp_json *member)
{
	struct drvp_json_key key = key_of(member);

	if (f->allow && !listed(f->allow, f->allow_count, &key))
		return false;
	if (listed(f->drop, f->drop_count, &key))
		return false;
	return !f->drop_empty || !empties(f, member);
}

/* From the members chosen since from. */
static void drop_unhashed(struct drvp_json_printer *p, size_t from)
{
	size_t kept = from;

	if (!p->filter.allow && !p->filter.drop_count && !p->filter.drop_empty)
		return;
	for (size_t i = from; i < p->member_count; i++)
		if (hashed(&p->filter, p->members[i]))
			p->members[kept++] = p->members[i];
	p->member_count = kept;
}

static size_t position(const struct drvp_json_key *list, size_t count,
		       const struct drvp_json *member)
{
	size_t i = 0;

	/* Names end with a NUL, so that there is always a first byte to tell them apart. */
	while (i < count &&
	       (list[i].len != member->key_len || *list[i].name != *member->key ||
		memcmp(list[i].name, member->key, list[i].len)))
		i++;
	return i;
}

/*
 * An array given to JSON.stringify names the members and also orders them. Members are few, so
 * each is put where it belongs; one that comes twice takes the place of the first.
 */
static void choose_allowed(struct drvp_json_printer *p, const struct drvp_json *object)
{
	const struct drvp_json_filter *f = &p->filter;
	size_t from = p->member_count;

	for (const struct drvp_json *m = object->first; m; m = m->next) {
		size_t at = position(f->allow, f->allow_count, m), i;

		if (at == f->allow_count || !push(p, m))
			continue;
		for (i = p->member_count - 1; i > from; i--) {
			size_t other = position(f->allow, f->allow_count, p->members[i - 1]);

			if (other < at)
				break;
			p->members[i] = p->members[i - 1];
			if (other == at) {
				memmove(&p->members[i], &p->members[i + 1],
					(--p->member_count - i) * sizeof *p->members);
				i--;
				break;
			}
		}
		p->members[i] = m;
	}
	if (f->drop_count || f->drop_empty)
		drop_unhashed(p, from);
}

/* Of so few members, looking at all pairs is the fastest way to find names that come twice. */
#define FEW_MEMBERS 32

/* By name, then by place: members follow each other in an arena, but not their nodes. */
struct placed {
	const struct drvp_json *member;
	size_t place;
};

static int by_name(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;
	size_t len = x->member->key_len < y->member->key_len ? x->member->key_len :
							       y->member->key_len;
	int order = memcmp(x->member->key, y->member->key, len);

	if (order)
		return order;
	if (x->member->key_len != y->member->key_len)
		return x->member->key_len < y->member->key_len ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

/* Each name's last value goes to its first place; the other places become NULL. */
static void unite_names(const struct drvp_json **members, struct placed *sorted, size_t count)
{
	for (size_t i = 0, n; i < count; i += n) {
		struct drvp_json_key key = key_of(sorted[i].member);

		for (n = 1; i + n < count; n++) {
			struct drvp_json_key next = key_of(sorted[i + n].member);

			if (!same_key(&key, &next))
				break;
			members[sorted[i + n].place] = NULL;
		}
		members[sorted[i].place] = sorted[i + n - 1].member;
	}
}

static void choose_many(struct drvp_json_printer *p, const struct drvp_json *object)
{
	struct placed *sorted = calloc(object->count, sizeof *sorted);
	size_t from = p->member_count, count = 0, kept;

	for (const struct drvp_json *m = object->first; m && sorted && push(p, m); m = m->next)
		sorted[count++] = (struct placed){ m, p->member_count - 1 - from };
	if (!sorted || p->out->failed) {
		p->out->failed = true;
		free(sorted);
		return;
	}
	qsort(sorted, count, sizeof *sorted, by_name);
	unite_names(p->members + from, sorted, count);
	free(sorted);
	kept = from;
	for (size_t i = from; i < p->member_count; i++)
		if (p->members[i])
			p->members[kept++] = p->members[i];
	p->member_count = kept;
}

static void choose_few(struct drvp_json_printer *p, const struct drvp_json *object)
{
	size_t from = p->member_count;

	for (const struct drvp_json *m = object->first; m; m = m->next) {
		struct drvp_json_key key = key_of(m);
		size_t i = p->order_lost ? p->member_count : from;

		for (; i < p->member_count; i++) {
			struct drvp_json_key other = key_of(p->members[i]);

			if (same_key(&key, &other))
				break;
		}
		if (i < p->member_count)
			p->members[i] = m;
		else if (!push(p, m))
			return;
	}
}

/* A name that comes twice keeps its first place and its last value. jsonb has no such names. */
static void choose_all(struct drvp_json_printer *p, const struct drvp_json *object)
{
	size_t from = p->member_count;

	if (object->count > FEW_MEMBERS && !p->order_lost)
		choose_many(p, object);
	else
		choose_few(p, object);
	drop_unhashed(p, from);
}

/* ------------------------------------------------------------------ ordering members */

static int compare_members(const void *a, const void *b, void *user)
{
	const struct drvp_json_style *style = user;
	struct drvp_json_key x = key_of(*(const struct drvp_json *const *)a);
	struct drvp_json_key y = key_of(*(const struct drvp_json *const *)b);

	return drvp_json_compare_keys(style->sort, &x, &y);
}

/* Moves integer-like names to the front, in numeric order; returns how many there are. */
static size_t integers_first(const struct drvp_json **members, size_t count)
{
	size_t integers = 0;
	uint32_t number, other;

	for (size_t i = 0; i < count; i++) {
		const struct drvp_json *m = members[i];
		struct drvp_json_key key = key_of(m);
		size_t at = integers;

		if (!drvp_json_integer_key(&key, &number))
			continue;
		for (; at > 0; at--) {
			struct drvp_json_key before = key_of(members[at - 1]);

			drvp_json_integer_key(&before, &other);
			if (other < number)
				break;
		}
		memmove(&members[at + 1], &members[at], (i - at) * sizeof *members);
		members[at] = m;
		integers++;
	}
	return integers;
}

static void put_in_order(struct drvp_json_printer *p, const struct drvp_json **members, size_t count)
{
	size_t free_order = count;
	bool forgotten = p->arrays && p->style->sort == DRVP_SORT_OUTSIDE_ARRAYS;

	if (p->style->sort > DRVP_SORT_INTEGERS_FIRST && !forgotten) {
		struct drvp_json_style style = *p->style;

		qsort_r(members, count, sizeof *members, compare_members, &style);
		return;
	}
	if (p->filter.allow)
		return;
	if (p->style->sort == DRVP_SORT_INTEGERS_FIRST)
		free_order -= integers_first(members, count);
	if (p->order_lost && free_order > 1)
		p->lossy = true;
}

size_t drvp_json_choose_members(struct drvp_json_printer *p, const struct drvp_json *object)
{
	size_t from = p->member_count, count;

	if (p->filter.allow)
		choose_allowed(p, object);
	else
		choose_all(p, object);
	count = p->member_count - from;
	if (count > 1 && !p->out->failed)
		put_in_order(p, p->members + from, count);
	return count;
}

void drvp_json_printer_free(struct drvp_json_printer *p)
{
	free(p->members);
	p->members = NULL;
	p->member_count = p->member_capacity = 0;
}
