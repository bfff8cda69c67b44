/* step_json.c: makes JSON in a recipe ready: which members it has, in which order */
#include <string.h>

#include "chain/preimage.h"

/* While the members of an object are gathered. */
struct gathering {
	struct drvp_json_key *keys;
	const struct drvp_expr **values;
	size_t count;
};

static bool same_name(const struct drvp_json_key *key, const char *name)
{
	return key->len == strlen(name) && !memcmp(key->name, name, key->len);
}

static const struct drvp_expr *plain_column(struct drvp_preimage *p, const char *name)
{
	struct drvp_expr *expr = drvp_arena_alloc(&p->arena, sizeof *expr);

	if (!expr)
		return NULL;
	if (p->recipe->previous && !strcmp(name, p->recipe->previous)) {
		expr->kind = DRVP_EXPR_PREVIOUS;
		return expr;
	}
	expr->kind = DRVP_EXPR_COLUMN;
	expr->u.column.column = name;
	return expr;
}

static int gather_columns(struct drvp_preimage *p, const struct drvp_json_expr *json,
			  struct gathering *g, struct drv_error *err)
{
	for (size_t i = 0; i < p->tables.relation->column_count; i++) {
		const char *name = p->tables.relation->columns[i].name;
		const struct drvp_expr *value = NULL;
		bool excepted = p->recipe->hash && !strcmp(name, p->recipe->hash);

		for (size_t j = 0; j < json->all_except.count; j++)
			excepted = excepted || same_name(&json->all_except.keys[j], name);
		if (excepted)
			continue;
		for (size_t j = 0; j < json->columns.count; j++)
			if (same_name(&json->columns.items[j].key, name))
				value = json->columns.items[j].value;
		if (!value)
			value = plain_column(p, name);
		if (!value)
			return drvp_fail_nomem(err);
		g->keys[g->count] = (struct drvp_json_key){ name, strlen(name) };
		g->values[g->count++] = value;
	}
	return 0;
}

bool drvp_member_comes_first(const struct drvp_json_expr *json, const struct drvp_json_key *a,
			     const struct drvp_json_key *b)
{
	int sort = json->style->sort;
	uint32_t x = UINT32_MAX, y = UINT32_MAX;

	if (json->keys.value == DRVP_KEYS_SORTED && sort <= DRVP_SORT_INTEGERS_FIRST)
		sort = sort == DRVP_SORT_NONE ? DRVP_SORT_CODE_POINTS : DRVP_SORT_UTF16;
	if (sort > DRVP_SORT_INTEGERS_FIRST)
		return drvp_json_compare_keys(sort, a, b) < 0;
	if (sort == DRVP_SORT_NONE)
		return false;
	if (!drvp_json_integer_key(a, &x))
		x = UINT32_MAX;
	if (!drvp_json_integer_key(b, &y))
		y = UINT32_MAX;
	return x < y;
}

static void swap_members(struct gathering *g, size_t i, size_t j)
{
	struct drvp_json_key key = g->keys[i];
	const struct drvp_expr *value = g->values[i];

	g->keys[i] = g->keys[j];
	g->values[i] = g->values[j];
	g->keys[j] = key;
	g->values[j] = value;
}

static void order_members(const struct drvp_json_expr *json, struct gathering *g)
{
	for (size_t i = 1; i < g->count; i++)
		for (size_t j = i; j > 0 && drvp_member_comes_first(json, &g->keys[j], &g->keys[j - 1]);
		     j--)
			swap_members(g, j, j - 1);
}

/* A list of allowed names also orders, as the array given to JSON.stringify does. */
static void keep_allowed(const struct drvp_key_list *allow, struct gathering *g)
{
	size_t kept = 0;

	for (size_t i = 0; i < allow->count; i++)
		for (size_t j = kept; j < g->count; j++)
			if (g->keys[j].len == allow->keys[i].len &&
			    !memcmp(g->keys[j].name, allow->keys[i].name, g->keys[j].len)) {
				for (; j > kept; j--)
					swap_members(g, j, j - 1);
				kept++;
				break;
			}
	g->count = kept;
}

/* ,"name": with the escapes and separators of the style; the first member has no comma. */
static int make_labels(struct drvp_preimage *p, struct drvp_step *step, struct drv_error *err)
{
	const struct drvp_json_style *style = step->style;

	step->labels = drvp_arena_array(&p->arena, step->child_count, sizeof *step->labels);
	if (!step->labels)
		return drvp_fail_nomem(err);
	for (size_t i = 0; i < step->child_count; i++) {
		struct drvp_strbuf *label = &p->scratch;
		char *copy;

		drvp_strbuf_clear(label);
		drvp_strbuf_str(label, style->comma);
		drvp_json_print_string(label, style, step->keys[i].name, step->keys[i].len);
		drvp_strbuf_str(label, style->colon);
		copy = label->failed ? NULL : drvp_arena_copy(&p->arena, label->data, label->len);
		if (!copy)
			return drvp_fail_nomem(err);
		step->labels[i] = (struct drvp_bytes){ copy, label->len };
	}
	return 0;
}

static int gather(struct drvp_preimage *p, const struct drvp_json_expr *json, struct gathering *g,
		  struct drv_error *err)
{
	size_t most = json->object.count + p->tables.relation->column_count + 1;

	g->count = 0;
	g->keys = drvp_arena_array(&p->arena, most, sizeof *g->keys);
	g->values = drvp_arena_array(&p->arena, most, sizeof *g->values);
	if (!g->keys || !g->values)
		return drvp_fail_nomem(err);
	for (; g->count < json->object.count; g->count++) {
		g->keys[g->count] = json->object.items[g->count].key;
		g->values[g->count] = json->object.items[g->count].value;
	}
	return json->all_except.set ? gather_columns(p, json, g, err) : 0;
}

/* A document has no declared columns: each row says which members it has. */
static int prepare_whole(struct drvp_preimage *p, struct drvp_step *step, struct drv_error *err)
{
	const struct drvp_members *columns = &step->expr->u.json.columns;
	int status = 0;

	step->whole = true;
	step->but = &step->expr->u.json;
	step->column = drvp_preimage_column(p, "");
	step->child_count = columns->count;
	step->children = drvp_arena_array(&p->arena, columns->count, sizeof *step->children);
	step->keys = drvp_arena_array(&p->arena, columns->count, sizeof *step->keys);
	if (step->column == SIZE_MAX || !step->children || !step->keys)
		return drvp_fail_nomem(err);
	for (size_t i = 0; !status && i < columns->count; i++) {
		step->keys[i] = columns->items[i].key;
		status = drvp_step_prepare(p, &step->children[i], columns->items[i].value, err);
	}
	return status;
}

static int prepare_object(struct drvp_preimage *p, struct drvp_step *step, struct drv_error *err)
{
	const struct drvp_json_expr *json = &step->expr->u.json;
	struct gathering g;
	int status = gather(p, json, &g, err);

	if (status)
		return status;
	order_members(json, &g);
	if (json->allow_keys.set && !json->allow_keys.top_level)
		keep_allowed(&json->allow_keys, &g);
	step->keys = g.keys;
	step->child_count = g.count;
	step->children = drvp_arena_array(&p->arena, g.count, sizeof *step->children);
	if (!step->children)
		return drvp_fail_nomem(err);
	for (size_t i = 0; !status && i < g.count; i++)
		status = drvp_step_prepare(p, &step->children[i], g.values[i], err);
	return status ? status : make_labels(p, step, err);
}

int drvp_step_prepare_json(struct drvp_preimage *p, struct drvp_step *step, struct drv_error *err)
{
	const struct drvp_json_expr *json = &step->expr->u.json;
	struct drvp_json_key *names;

	step->style = json->style;
	step->filter.drop = json->drop_keys.keys;
	step->filter.drop_count = json->drop_keys.count;
	step->filter.drop_empty = json->drop_empty;
	if (json->has_array)
		return drvp_step_prepare_list(p, step, &json->array, err);
	if (json->allow_keys.set && !json->allow_keys.top_level) {
		step->filter.allow = json->allow_keys.keys;
		step->filter.allow_count = json->allow_keys.count;
	}
	if (json->allow_keys.top_level) {
		names = drvp_arena_array(&p->arena,
					 json->object.count + p->tables.relation->column_count + 1,
					 sizeof *names);
		if (!names)
			return drvp_fail_nomem(err);
		step->filter.allow = names;
		step->allow_present = true;
	}
	if (json->all_except.set && p->tables.relation->kind == DRVP_COLLECTION)
		return prepare_whole(p, step, err);
	return prepare_object(p, step, err);
}
