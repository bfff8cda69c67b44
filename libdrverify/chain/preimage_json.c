/* preimage_json.c: the members and elements of JSON that an entry's hash was made over */
#include <string.h>

#include "chain/preimage.h"

/* Whether a member will be written, asked before any of them is. */
static bool is_present(const struct drvp_preimage *p, const struct drvp_step *step,
		       const struct drvp_null_policy *null)
{
	const struct drvp_genesis *genesis = &p->recipe->genesis;
	const struct drvp_column_expr *c = &step->expr->u.column;

	if (step->expr->kind == DRVP_EXPR_PREVIOUS &&
	    p->entry->previous.state == DRVP_LINK_GENESIS) {
		if (genesis->hashed.kind == DRVP_GENESIS_DEFAULT)
			return genesis->stored.set;
		if (genesis->hashed.kind == DRVP_GENESIS_AS_STORED && !genesis->stored.set)
			return null->kind != DRVP_MISSING_OMIT;
		return genesis->hashed.kind != DRVP_GENESIS_ABSENT;
	}
	if (step->expr->kind != DRVP_EXPR_COLUMN ||
	    !drvp_column_missing(step, &p->values[step->column]))
		return true;
	if (c->null.kind != DRVP_MISSING_DEFAULT)
		return c->null.kind != DRVP_MISSING_OMIT;
	return !c->omit_when.set && null->kind != DRVP_MISSING_OMIT;
}

/* Whether some value has members that could be left out. */
static bool has_members(const struct drvp_preimage *p, const struct drvp_step *step)
{
	for (size_t i = 0; i < step->child_count; i++) {
		const struct drvp_step *child = &step->children[i];

		if (child->expr->kind == DRVP_EXPR_COLUMN &&
		    p->values[child->column].kind == DRVP_DOCUMENT &&
		    p->values[child->column].json->first)
			return true;
	}
	return false;
}

/* The array given to JSON.stringify is this very entry's list of names. */
static void allow_present(const struct drvp_preimage *p, const struct drvp_step *step,
			  struct drvp_json_filter *filter, struct drvp_json_key *names)
{
	filter->allow = names;
	filter->allow_count = 0;
	for (size_t i = 0; i < step->child_count; i++)
		if (is_present(p, &step->children[i], &step->expr->u.json.null))
			names[filter->allow_count++] = step->keys[i];
}

bool drvp_wrote_empty(const struct drvp_strbuf *out, size_t mark)
{
	return !out->failed && out->len == mark + 2 && !memcmp(out->data + mark, "{}", 2);
}

static void put_members(struct drvp_preimage *p, const struct drvp_step *step,
			const struct drvp_json_place *place)
{
	size_t comma = strlen(step->style->comma);
	bool first = true;

	for (size_t i = 0; i < step->child_count; i++) {
		const struct drvp_step *child = &step->children[i];
		const char *label = step->labels[i].bytes + (first ? comma : 0);
		size_t len = step->labels[i].len - (first ? comma : 0);
		size_t mark = p->out.len, value;

		if (child->plain && p->values[child->column].kind == DRVP_TEXT) {
			const struct drvp_value *text = &p->values[child->column];

			drvp_json_print_labelled(&p->out, step->style, label, len, text->bytes,
						 text->len);
			first = false;
			continue;
		}
		drvp_strbuf_add(&p->out, label, len);
		value = p->out.len;
		if (drvp_put(p, child, place) == DRVP_OMITTED ||
		    (step->filter.drop_empty && drvp_wrote_empty(&p->out, value)))
			p->out.len = mark;
		else
			first = false;
	}
}

static void put_elements(struct drvp_preimage *p, const struct drvp_step *step,
			 const struct drvp_json_place *place)
{
	bool first = true;

	for (size_t i = 0; i < step->child_count; i++) {
		size_t mark = p->out.len;

		if (!first)
			drvp_strbuf_str(&p->out, step->style->comma);
		if (drvp_put(p, &step->children[i], place) == DRVP_OMITTED)
			p->out.len = mark;
		else
			first = false;
	}
}

int drvp_put_json(struct drvp_preimage *p, const struct drvp_step *step)
{
	const struct drvp_json_expr *json = &step->expr->u.json;
	struct drvp_json_filter filter = step->filter;
	struct drvp_json_place place = { step->style, &filter, &json->null };

	if (step->allow_present && has_members(p, step))
		allow_present(p, step, &filter, (struct drvp_json_key *)step->filter.allow);
	drvp_strbuf_char(&p->out, json->has_array ? '[' : '{');
	if (json->has_array)
		put_elements(p, step, &place);
	else if (step->whole)
		drvp_put_whole(p, step, &place);
	else
		put_members(p, step, &place);
	drvp_strbuf_char(&p->out, json->has_array ? ']' : '}');
	return DRVP_WRITTEN;
}
