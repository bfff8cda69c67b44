/* expr_parts.c: readers of the parts of an expression that are expressions themselves */
#include "chain/expr_parts.h"

#include <string.h>

int drvp_expr_list_read(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	struct drvp_expr_list *list = out;
	struct drvp_expr *items;
	size_t n = 0;

	if (value->type != DRVP_JSON_ARRAY)
		return drvp_document_fail(reader, value, "expected a list of expressions, found %s",
					  drvp_json_type_name(value->type));
	items = drvp_arena_array(reader->arena, value->count, sizeof *items);
	if (!items)
		return drvp_fail_nomem(reader->err);
	for (const struct drvp_json *one = value->first; one; one = one->next) {
		const struct drvp_expr *read = NULL;
		int status = drvp_expr_read(reader, one, &read);

		if (status)
			return status;
		items[n++] = *read;
	}
	*list = (struct drvp_expr_list){ items, n };
	return 0;
}

int drvp_expr_array_read(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	struct drvp_json_expr *json = out;

	json->has_array = true;
	return drvp_expr_list_read(reader, value, &json->array);
}

static int add_member(struct drvp_reader *reader, const struct drvp_json *node,
		      struct drvp_json_key key, const struct drvp_json *value,
		      struct drvp_members *members, struct drvp_member *items)
{
	for (size_t i = 0; i < members->count; i++)
		if (items[i].key.len == key.len && !memcmp(items[i].key.name, key.name, key.len))
			return drvp_document_fail(reader, node, "this member is already listed");
	items[members->count] = (struct drvp_member){ .key = key, .node = node };
	return drvp_expr_read(reader, value, &items[members->count++].value);
}

/* [[name, EXPR], …]: a list, because the order of an object's members means nothing in JSON. */
int drvp_expr_object_read(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	struct drvp_members *members = out;
	struct drvp_member *items;

	if (value->type != DRVP_JSON_ARRAY)
		return drvp_document_fail(reader, value, "expected a list of [name, expression], "
					  "found %s", drvp_json_type_name(value->type));
	items = drvp_arena_array(reader->arena, value->count, sizeof *items);
	if (!items)
		return drvp_fail_nomem(reader->err);
	*members = (struct drvp_members){ .items = items, .set = true };
	for (const struct drvp_json *pair = value->first; pair; pair = pair->next) {
		int status;

		if (pair->type != DRVP_JSON_ARRAY || pair->count != 2 ||
		    pair->first->type != DRVP_JSON_STRING)
			return drvp_document_fail(reader, pair, "expected [name, expression]");
		status = add_member(reader, pair->first,
				    (struct drvp_json_key){ pair->first->text, pair->first->len },
				    pair->first->next, members, items);
		if (status)
			return status;
	}
	return 0;
}

int drvp_expr_columns_read(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	struct drvp_members *members = out;
	struct drvp_member *items;

	if (value->type != DRVP_JSON_OBJECT)
		return drvp_document_fail(reader, value, "expected { column: expression }, "
					  "found %s",
					  drvp_json_type_name(value->type));
	items = drvp_arena_array(reader->arena, value->count, sizeof *items);
	if (!items)
		return drvp_fail_nomem(reader->err);
	*members = (struct drvp_members){ .items = items, .set = true };
	for (const struct drvp_json *m = value->first; m; m = m->next) {
		int status = add_member(reader, m, (struct drvp_json_key){ m->key, m->key_len }, m,
					members, items);

		if (status)
			return status;
	}
	return 0;
}

int drvp_expr_literal_read(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	if (value->type != DRVP_JSON_NUMBER && value->type != DRVP_JSON_BOOL &&
	    value->type != DRVP_JSON_NULL)
		return drvp_document_fail(reader, value, "expected a number, true, false or null, "
					  "found %s", drvp_json_type_name(value->type));
	*(const struct drvp_json **)out = value;
	return 0;
}
