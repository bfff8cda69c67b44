/* selected.c: whether a document is still about the rows and columns that were captured */
#include "content/selected.h"

#include <string.h>

#include "content/content.h"

static const char *const members[] = { "where", "filter", "exclude" };

void drvp_content_put_selected(const struct drvp_item *item, struct drvp_json_writer *writer)
{
	drvp_json_open_object(writer, "selected", true);
	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		const struct drvp_json *value = drvp_json_member(item->node, members[i]);

		if (value)
			drvp_json_put_value(writer, members[i], value);
	}
	drvp_json_close_object(writer);
}

/* ------------------------------------------------------------------ comparing */

/* As written, members in their order: MongoDB tells { a, b } from { b, a }. */
static bool same_json(const struct drvp_json *a, const struct drvp_json *b)
{
	const struct drvp_json *x = a ? a->first : NULL, *y = b ? b->first : NULL;

	if (!a || !b)
		return a == b;
	if (a->type != b->type || a->truth != b->truth || a->len != b->len ||
	    (a->len && memcmp(a->text, b->text, a->len)))
		return false;
	for (; x && y; x = x->next, y = y->next)
		if (x->key_len != y->key_len ||
		    (x->key_len && memcmp(x->key, y->key, x->key_len)) || !same_json(x, y))
			return false;
	return !x && !y;
}

static bool has_all_names(const struct drvp_names *names, const struct drvp_names *of)
{
	for (size_t i = 0; i < of->count; i++)
		if (!drvp_names_have(names, of->names[i]))
			return false;
	return true;
}

static bool has_condition(const struct drvp_conditions *conditions,
			  const struct drvp_condition *wanted)
{
	for (size_t i = 0; i < conditions->count; i++) {
		const struct drvp_condition *one = &conditions->list[i];

		if (one->op == wanted->op && !strcmp(one->column, wanted->column) &&
		    (one->op != DRVP_EQUALS || same_json(one->value, wanted->value)))
			return true;
	}
	return false;
}

static bool has_all_conditions(const struct drvp_conditions *conditions,
			       const struct drvp_conditions *of)
{
	for (size_t i = 0; i < of->count; i++)
		if (!has_condition(conditions, &of->list[i]))
			return false;
	return true;
}

const char *drvp_content_changed_member(const struct drvp_item *item,
					const struct drvp_settings *settings)
{
	const struct drvp_content *is = item->config;
	const struct drvp_content_selected *was = &is->expect.selected;

	if (!drvp_content_recorded(is, settings) ||
	    !drvp_json_member(drvp_json_member(item->node, "expect"), "selected"))
		return NULL;
	if (!has_all_conditions(&is->where, &was->where) ||
	    !has_all_conditions(&was->where, &is->where))
		return "where";
	if (!same_json(is->filter, was->filter))
		return "filter";
	if (!has_all_names(&is->exclude, &was->exclude) ||
	    !has_all_names(&was->exclude, &is->exclude))
		return "exclude";
	return NULL;
}
