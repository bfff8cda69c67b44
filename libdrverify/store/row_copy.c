/* row_copy.c: keeps a row beyond its callback */
#include "store/row_copy.h"

/* Recurses as deep as the tree, which is no deeper than its parser allowed. */
static struct drvp_json *copy_tree(const struct drvp_json *tree, struct drvp_arena *arena)
{
	struct drvp_json *copy = drvp_arena_alloc(arena, sizeof *copy), **link;

	if (!copy)
		return NULL;
	*copy = *tree;
	copy->next = NULL;
	if (tree->key && !(copy->key = drvp_arena_copy(arena, tree->key, tree->key_len)))
		return NULL;
	if (tree->text && !(copy->text = drvp_arena_copy(arena, tree->text, tree->len)))
		return NULL;
	link = &copy->first;
	for (const struct drvp_json *child = tree->first; child; child = child->next) {
		*link = copy_tree(child, arena);
		if (!*link)
			return NULL;
		link = &(*link)->next;
	}
	return copy;
}

static bool copy_values(const struct drvp_value **out, const struct drvp_value *values,
			size_t count, struct drvp_arena *arena)
{
	struct drvp_value *copies = drvp_arena_array(arena, count, sizeof *copies);

	*out = copies;
	for (size_t i = 0; copies && i < count; i++) {
		copies[i] = values[i];
		if (values[i].bytes &&
		    !(copies[i].bytes = drvp_arena_copy(arena, values[i].bytes, values[i].len)))
			return false;
		if (values[i].json && !(copies[i].json = copy_tree(values[i].json, arena)))
			return false;
	}
	return copies != NULL;
}

/* The list goes with the scan. */
static bool copy_names(struct drvp_row *out, const struct drvp_row *row, struct drvp_arena *arena)
{
	const char **names;

	if (!row->key_names)
		return true;
	names = drvp_arena_array(arena, row->key_count, sizeof *names);
	for (size_t i = 0; names && i < row->key_count; i++)
		names[i] = row->key_names[i];
	out->key_names = names;
	return names != NULL;
}

int drvp_row_copy(struct drvp_row *out, const struct drvp_row *row, struct drvp_arena *arena)
{
	*out = *row;
	if (!copy_values(&out->values, row->values, row->value_count, arena) ||
	    !copy_values(&out->keys, row->keys, row->key_count, arena) ||
	    !copy_names(out, row, arena))
		return DRV_E_NOMEM;
	return 0;
}
