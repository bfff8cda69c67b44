/* expr_covers.c: whether a value surely is among the bytes that an expression gives */
#include <string.h>

#include "chain/expr.h"

struct search {
	const char *name;            /* or NULL */
	bool is_previous;
};

static bool covers(const struct drvp_expr *expr, const struct search *search);

/* Whether a path is that of name, or of something that name is in. */
static bool holds(const char *path, size_t len, const char *name)
{
	return name && !strncmp(name, path, len) && (!name[len] || name[len] == '.');
}

static bool listed(const struct drvp_key_list *list, const struct drvp_json_key *key)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->keys[i].len == key->len &&
		    !memcmp(list->keys[i].name, key->name, key->len))
			return true;
	return false;
}

/* Whether every part of a path may stand in a document that is filtered. */
static bool passes(const struct drvp_json_expr *json, const char *name)
{
	while (*name) {
		const struct drvp_json_key part = { name, strcspn(name, ".") };

		if (listed(&json->drop_keys, &part))
			return false;
		if (json->allow_keys.set && !json->allow_keys.top_level &&
		    !listed(&json->allow_keys, &part))
			return false;
		name += part.len + (name[part.len] == '.');
	}
	return true;
}

/* By an object of all columns or members: as they are, or as some of them are written. */
static bool all_cover(const struct drvp_json_expr *json, const struct search *search)
{
	if (!search->name || !passes(json, search->name))
		return false;
	for (size_t i = 0; i < json->all_except.count; i++)
		if (holds(json->all_except.keys[i].name, json->all_except.keys[i].len, search->name))
			return false;
	for (size_t i = 0; i < json->columns.count; i++)
		if (holds(json->columns.items[i].key.name, json->columns.items[i].key.len,
			  search->name))
			return covers(json->columns.items[i].value, search);
	return true;
}

static bool members_cover(const struct drvp_json_expr *json, const struct drvp_members *members,
			  const struct search *search)
{
	for (size_t i = 0; i < members->count; i++) {
		bool allowed = !json->allow_keys.set || json->allow_keys.top_level ||
			       listed(&json->allow_keys, &members->items[i].key);

		if (allowed && covers(members->items[i].value, search))
			return true;
	}
	return false;
}

static bool any_covers(const struct drvp_expr_list *list, const struct search *search)
{
	for (size_t i = 0; i < list->count; i++)
		if (covers(&list->items[i], search))
			return true;
	return false;
}

static bool json_covers(const struct drvp_json_expr *json, const struct search *search)
{
	if (json->has_array)
		return any_covers(&json->array, search);
	if (members_cover(json, &json->object, search))
		return true;
	if (json->all_except.set)
		return all_cover(json, search) || members_cover(json, &json->columns, search);
	return false;
}

static bool stored_covers(const struct drvp_stored_expr *stored, const struct search *search)
{
	if (holds(stored->column, strlen(stored->column), search->name))
		return true;
	for (size_t i = 0; i < stored->claims.count; i++)
		if (covers(stored->claims.items[i].value, search))
			return true;
	return false;
}

/* Of the column itself it is enough that its value counts where there is one. */
static bool present_covers(const struct drvp_present_expr *present, const struct search *search)
{
	if (!covers(present->then, search))
		return false;
	if (search->name && !strcmp(present->column, search->name))
		return true;
	return present->otherwise && covers(present->otherwise, search);
}

static bool covers(const struct drvp_expr *expr, const struct search *search)
{
	switch (expr->kind) {
	case DRVP_EXPR_PREVIOUS:
		return search->is_previous;
	case DRVP_EXPR_COLUMN:
		return holds(expr->u.column.column, strlen(expr->u.column.column), search->name);
	case DRVP_EXPR_LIST:
		return any_covers(&expr->u.list, search);
	case DRVP_EXPR_JOIN:
		return any_covers(&expr->u.join.parts, search);
	case DRVP_EXPR_DIGEST:
		return covers(expr->u.digest.inner, search);
	case DRVP_EXPR_LENGTH_PREFIXED:
		return covers(expr->u.length.inner, search);
	case DRVP_EXPR_UNESCAPE:
		return covers(expr->u.unescape, search);
	case DRVP_EXPR_JSON:
		return json_covers(&expr->u.json, search);
	case DRVP_EXPR_STORED:
		return stored_covers(&expr->u.stored, search);
	case DRVP_EXPR_PRESENT:
		return present_covers(&expr->u.present, search);
	default:
		return false;
	}
}

bool drvp_expr_covers(const struct drvp_expr *expr, const char *name, bool is_previous)
{
	const struct search search = { name, is_previous };

	return covers(expr, &search);
}
