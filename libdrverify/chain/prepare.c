/* prepare.c: makes a recipe ready for the rows of one relation */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/preimage.h"

static int prepare(struct drvp_preimage *p, struct drvp_step *step, const struct drvp_expr *expr,
		   struct drv_error *err);

size_t drvp_preimage_column(struct drvp_preimage *p, const char *name)
{
	for (size_t i = 0; i < p->column_count; i++)
		if (!strcmp(p->columns[i].column, name))
			return i;
	if (p->column_count == p->column_capacity) {
		size_t capacity = p->column_capacity ? 2 * p->column_capacity : 16;
		struct drvp_wanted *grown = realloc(p->columns, capacity * sizeof *grown);

		if (!grown)
			return SIZE_MAX;
		p->columns = grown;
		p->column_capacity = capacity;
	}
	p->columns[p->column_count] = (struct drvp_wanted){ name, DRVP_FORM_VALUE };
	return p->column_count++;
}

/* ------------------------------------------------------------------ columns */

static int find_zone(struct drvp_preimage *p, const char *name, const struct drvp_zone **out,
		     struct drv_error *err)
{
	struct drvp_zone *zone;

	*out = NULL;
	if (!name || !strcmp(name, "UTC") || !strcmp(name, "Z"))
		return 0;
	if (!p->session->store->zone)
		return drvp_fail(err, DRV_E_UNSUPPORTED, "this store keeps no local times, so "
				 "\"column_zone\" has no meaning");
	zone = drvp_arena_alloc(&p->arena, sizeof *zone);
	if (!zone)
		return drvp_fail_nomem(err);
	*out = zone;
	return p->session->store->zone(p->session, name, zone, err);
}

static struct drvp_time_format time_format(const struct drvp_column_expr *c)
{
	struct drvp_time_format format = drvp_time_javascript;

	if (c->time.set)
		format.notation = (int)c->time.value;
	if (c->digits.set)
		format.digits = (int)c->digits.value;
	if (c->zone.set)
		format.zone = (int)c->zone.value;
	if (c->separator.set && c->separator.value)
		format.separator = ' ';
	format.unit = (int)c->unit.value;
	format.rounding = (int)c->rounding.value;
	format.precision = c->precision.set ? (int)c->precision.value + 1 : DRVP_PRECISION_FULL;
	format.zone_name = c->zone_name;
	return format;
}

/* "+09:00"; false when it is the name of a zone. */
static bool read_offset(const char *text, int64_t *offset)
{
	unsigned hours, minutes;
	char sign;

	if (sscanf(text, "%c%2u:%2u", &sign, &hours, &minutes) != 3 || strlen(text) != 6 ||
	    (sign != '+' && sign != '-') || hours > 18 || minutes > 59)
		return false;
	*offset = (hours * 60 + minutes) * 60 * DRVP_SECOND * (sign == '-' ? -1 : 1);
	return true;
}

static const struct drvp_column *find_column(const struct drvp_preimage *p, const char *name)
{
	const struct drvp_column *column = drvp_relation_column(p->tables.relation, name);

	return column || !p->tables.joined ? column :
					     drvp_relation_column(p->tables.joined, name);
}

static int prepare_column(struct drvp_preimage *p, struct drvp_step *step, struct drv_error *err)
{
	const struct drvp_column_expr *c = &step->expr->u.column;
	const struct drvp_column *column = find_column(p, c->column);
	int status;

	step->column = drvp_preimage_column(p, c->column);
	if (step->column == SIZE_MAX)
		return drvp_fail_nomem(err);
	step->single = column && column->type && !strcmp(column->type, "real");
	step->time = time_format(c);
	step->style = c->json;
	step->plain = !c->json && !c->parse && !c->omit_when.set && !c->bytes.set &&
		      !c->letter_case.set;
	status = find_zone(p, c->column_zone, &step->zone, err);
	if (status || !c->local_zone || read_offset(c->local_zone, &step->time.offset))
		return status;
	return find_zone(p, c->local_zone, &step->local, err);
}

/* ------------------------------------------------------------------ JSON */

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
		status = prepare(p, &step->children[i], columns->items[i].value, err);
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
		status = prepare(p, &step->children[i], g.values[i], err);
	return status ? status : make_labels(p, step, err);
}

static int prepare_list(struct drvp_preimage *p, struct drvp_step *step,
			const struct drvp_expr_list *list, struct drv_error *err)
{
	int status = 0;

	step->child_count = list->count;
	step->children = drvp_arena_array(&p->arena, list->count, sizeof *step->children);
	if (!step->children)
		return drvp_fail_nomem(err);
	for (size_t i = 0; !status && i < list->count; i++)
		status = prepare(p, &step->children[i], &list->items[i], err);
	return status;
}

static int prepare_json(struct drvp_preimage *p, struct drvp_step *step, struct drv_error *err)
{
	const struct drvp_json_expr *json = &step->expr->u.json;
	struct drvp_json_key *names;

	step->style = json->style;
	step->filter.drop = json->drop_keys.keys;
	step->filter.drop_count = json->drop_keys.count;
	step->filter.drop_empty = json->drop_empty;
	if (json->has_array)
		return prepare_list(p, step, &json->array, err);
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

/* ------------------------------------------------------------------ all forms */

static int prepare_one(struct drvp_preimage *p, struct drvp_step *step,
		       const struct drvp_expr *inner, struct drv_error *err)
{
	const struct drvp_expr_list list = { inner, 1 };

	return prepare_list(p, step, &list, err);
}

static int prepare_digest(struct drvp_preimage *p, struct drvp_step *step, struct drv_error *err)
{
	int64_t algorithm = step->expr->u.digest.algorithm.value;
	int status = 0;

	if (!p->digesters[algorithm])
		status = drvp_digester_new(&p->digesters[algorithm], (int)algorithm, NULL, 0, err);
	step->digester = p->digesters[algorithm];
	return status ? status : prepare_one(p, step, step->expr->u.digest.inner, err);
}

static int prepare_stored(struct drvp_preimage *p, struct drvp_step *step, struct drv_error *err)
{
	const struct drvp_members *claims = &step->expr->u.stored.claims;
	int status = 0;

	step->column = drvp_preimage_column(p, step->expr->u.stored.column);
	step->child_count = claims->count;
	step->children = drvp_arena_array(&p->arena, claims->count, sizeof *step->children);
	if (step->column == SIZE_MAX || !step->children)
		return drvp_fail_nomem(err);
	for (size_t i = 0; !status && i < claims->count; i++)
		status = prepare(p, &step->children[i], claims->items[i].value, err);
	return status;
}

static int prepare_present(struct drvp_preimage *p, struct drvp_step *step, struct drv_error *err)
{
	const struct drvp_present_expr *present = &step->expr->u.present;
	int status;

	step->column = drvp_preimage_column(p, present->column);
	step->child_count = present->otherwise ? 2 : 1;
	step->children = drvp_arena_array(&p->arena, step->child_count, sizeof *step->children);
	if (step->column == SIZE_MAX || !step->children)
		return drvp_fail_nomem(err);
	status = prepare(p, &step->children[0], present->then, err);
	if (!status && present->otherwise)
		status = prepare(p, &step->children[1], present->otherwise, err);
	return status;
}

static int prepare(struct drvp_preimage *p, struct drvp_step *step, const struct drvp_expr *expr,
		   struct drv_error *err)
{
	step->expr = expr;
	switch (expr->kind) {
	case DRVP_EXPR_STORED:
		return prepare_stored(p, step, err);
	case DRVP_EXPR_PRESENT:
		return prepare_present(p, step, err);
	case DRVP_EXPR_UNESCAPE:
		return prepare_one(p, step, expr->u.unescape, err);
	case DRVP_EXPR_COLUMN:
		return prepare_column(p, step, err);
	case DRVP_EXPR_LIST:
		return prepare_list(p, step, &expr->u.list, err);
	case DRVP_EXPR_JOIN:
		return prepare_list(p, step, &expr->u.join.parts, err);
	case DRVP_EXPR_DIGEST:
		return prepare_digest(p, step, err);
	case DRVP_EXPR_LENGTH_PREFIXED:
		return prepare_one(p, step, expr->u.length.inner, err);
	case DRVP_EXPR_JSON:
		return prepare_json(p, step, err);
	default:
		return 0;
	}
}

/* ------------------------------------------------------------------ the whole recipe */

/* name NULL: there is no such column. */
static int want(struct drvp_preimage *p, const char *name, size_t *index, struct drv_error *err)
{
	*index = DRVP_NO_COLUMN;
	if (!name)
		return 0;
	*index = drvp_preimage_column(p, name);
	return *index == DRVP_NO_COLUMN ? drvp_fail_nomem(err) : 0;
}

static int want_all(struct drvp_preimage *p, const struct drvp_names *names, size_t **indexes,
		    struct drv_error *err)
{
	int status = 0;

	*indexes = drvp_arena_array(&p->arena, names->count, sizeof **indexes);
	if (!*indexes)
		return drvp_fail_nomem(err);
	for (size_t i = 0; !status && i < names->count; i++)
		status = want(p, names->names[i], &(*indexes)[i], err);
	return status;
}

static int name_order(struct drvp_preimage *p, struct drv_error *err)
{
	const struct drvp_names *parts[] = { &p->recipe->partition_by, &p->recipe->order_by };
	size_t n = 0;

	p->order_by = drvp_arena_array(&p->arena, parts[0]->count + parts[1]->count,
				       sizeof *p->order_by);
	if (!p->order_by)
		return drvp_fail_nomem(err);
	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j < parts[i]->count; j++)
			p->order_by[n++] = parts[i]->names[j];
	return 0;
}

static int want_links(struct drvp_preimage *p, struct drv_error *err)
{
	const struct drvp_recipe *recipe = p->recipe;
	int status = want(p, recipe->hash, &p->hash_column, err);

	if (!status)
		status = want(p, recipe->previous, &p->previous_column, err);
	if (!status)
		status = want(p, recipe->order_by.count ? recipe->order_by.names[0] : NULL,
			      &p->order_column, err);
	if (!status)
		status = want_all(p, &recipe->partition_by, &p->partition_columns, err);
	if (!status && !recipe->previous)
		status = want_all(p, &recipe->order_by, &p->order_columns, err);
	return status ? status : name_order(p, err);
}

static int prepare_form(struct drvp_preimage *p, struct drvp_entry_form *form,
			const struct drvp_version *version, struct drv_error *err)
{
	const struct drvp_expr *preimage = p->recipe->preimage;
	size_t conditions = version ? version->when.count : 0;
	int status;

	form->version = version;
	form->digest = version && version->own_digest ? &version->digest : &p->recipe->digest;
	if (version && version->preimage)
		preimage = version->preimage;
	form->when_columns = drvp_arena_array(&p->arena, conditions, sizeof *form->when_columns);
	if (!form->when_columns)
		return drvp_fail_nomem(err);
	status = want(p, form->digest->column, &form->digest_column, err);
	for (size_t i = 0; !status && i < conditions; i++)
		status = want(p, version->when.list[i].column, &form->when_columns[i], err);
	return status ? status : prepare(p, &form->root, preimage, err);
}

static int prepare_forms(struct drvp_preimage *p, struct drv_error *err)
{
	const struct drvp_recipe *recipe = p->recipe;
	int status = 0;

	p->form_count = recipe->version_count + 1;
	p->forms = drvp_arena_array(&p->arena, p->form_count, sizeof *p->forms);
	if (!p->forms)
		return drvp_fail_nomem(err);
	for (size_t i = 0; !status && i < recipe->version_count; i++)
		status = prepare_form(p, &p->forms[i], &recipe->versions[i], err);
	return status ? status : prepare_form(p, &p->forms[recipe->version_count], NULL, err);
}

int drvp_preimage_new(struct drvp_preimage **out, const struct drvp_recipe *recipe,
		      const struct drvp_entry_tables *tables, struct drvp_session *session, int use,
		      struct drv_error *err)
{
	struct drvp_preimage *p = calloc(1, sizeof *p);
	int status;

	*out = NULL;
	if (!p)
		return drvp_fail_nomem(err);
	p->recipe = recipe;
	p->tables = *tables;
	p->session = session;
	p->printer.out = &p->out;
	status = want_links(p, err);
	if (!status && recipe->preimage && (use == DRVP_USE_CONTENTS || !recipe->hash))
		status = prepare_forms(p, err);
	if (status)
		drvp_preimage_free(&p);
	*out = p;
	return status;
}

void drvp_preimage_free(struct drvp_preimage **preimage)
{
	struct drvp_preimage *p = *preimage;

	if (!p)
		return;
	for (size_t i = 0; i < sizeof p->digesters / sizeof *p->digesters; i++)
		drvp_digester_free(&p->digesters[i]);
	drvp_json_printer_free(&p->printer);
	drvp_strbuf_free(&p->out);
	drvp_strbuf_free(&p->scratch);
	drvp_arena_free(&p->arena);
	drvp_arena_free(&p->row_arena);
	free(p->columns);
	free(p);
	*preimage = NULL;
}
