/* whole.c: all members of a document but some, as an object */
#include <string.h>

#include "chain/preimage.h"

/* A member that is written: as it is stored, or by a step. */
struct written {
	struct drvp_json_key key;
	const struct drvp_json *stored;
	const struct drvp_step *step;        /* NULL: as it is stored */
};

static bool same_key(const struct drvp_json_key *key, const char *name, size_t len)
{
	return key->len == len && !memcmp(key->name, name, len);
}

static bool listed(const struct drvp_json_key *keys, size_t count, const struct drvp_json *member)
{
	for (size_t i = 0; i < count; i++)
		if (same_key(&keys[i], member->key, member->key_len))
			return true;
	return false;
}

static bool is_written(const struct drvp_preimage *p, const struct drvp_step *step,
		       const struct drvp_json_filter *filter, const struct drvp_json *member)
{
	const struct drvp_json_key key = { member->key, member->key_len };
	const char *hash = p->recipe->hash;

	if (listed(step->but->all_except.keys, step->but->all_except.count, member))
		return false;
	if (hash && same_key(&key, hash, strlen(hash)))
		return false;
	if (filter->allow && !listed(filter->allow, filter->allow_count, member))
		return false;
	return !listed(filter->drop, filter->drop_count, member);
}

static const struct drvp_step *step_of(const struct drvp_step *step, const struct drvp_json *member)
{
	for (size_t i = 0; i < step->child_count; i++)
		if (same_key(&step->keys[i], member->key, member->key_len))
			return &step->children[i];
	return NULL;
}

/* In the order in which they are written. */
static struct written *choose(struct drvp_preimage *p, const struct drvp_step *step,
			      const struct drvp_json_filter *filter,
			      const struct drvp_json *document, size_t *count)
{
	struct written *list = drvp_arena_array(&p->row_arena, document->count, sizeof *list);
	size_t n = 0;

	*count = 0;
	if (!list) {
		p->out.failed = true;
		return NULL;
	}
	for (const struct drvp_json *m = document->first; m; m = m->next) {
		const struct written one = { { m->key, m->key_len }, m, step_of(step, m) };
		size_t at = n;

		if (!is_written(p, step, filter, m))
			continue;
		while (at > 0 && drvp_member_comes_first(step->but, &one.key, &list[at - 1].key))
			at--;
		memmove(&list[at + 1], &list[at], (n - at) * sizeof *list);
		list[at] = one;
		n++;
	}
	*count = n;
	return list;
}

void drvp_put_whole(struct drvp_preimage *p, const struct drvp_step *step,
		    const struct drvp_json_place *place)
{
	const struct drvp_json *document = p->values[step->column].json;
	bool first = true;
	struct written *list;
	size_t count;

	if (!document || document->type != DRVP_JSON_OBJECT) {
		p->impossible = true;
		return;
	}
	list = choose(p, step, place->filter, document, &count);
	for (size_t i = 0; i < count; i++) {
		size_t mark = p->out.len, value;
		int outcome = DRVP_WRITTEN;

		if (!first)
			drvp_strbuf_str(&p->out, place->style->comma);
		drvp_json_print_string(&p->out, place->style, list[i].key.name, list[i].key.len);
		drvp_strbuf_str(&p->out, place->style->colon);
		value = p->out.len;
		if (list[i].step)
			outcome = drvp_put(p, list[i].step, place);
		else
			drvp_put_document(p, list[i].stored, false, place->style, place->filter);
		if (outcome == DRVP_OMITTED ||
		    (place->filter->drop_empty && drvp_wrote_empty(&p->out, value)))
			p->out.len = mark;
		else
			first = false;
	}
}
