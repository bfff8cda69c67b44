/* doc_sample.h: the entry and the document that docs/CHAIN-RECIPES.md shows its examples with */
#ifndef DOC_SAMPLE_H
#define DOC_SAMPLE_H

#include <stdio.h>
#include <stdlib.h>

#include "base/digest.h"
#include "doc_page.h"
#include "fake_store.h"

#define DOC_HOUR (3600 * DRVP_SECOND)

static inline struct drvp_json *doc_json(const char *text, struct drvp_arena *arena)
{
	static const struct drvp_json_limits limits = { 1 << 20, 100, DRVP_JSON_DUPLICATES };
	struct drvp_json *root = NULL;

	if (drvp_json_parse(&root, arena, text, strlen(text), &limits, NULL))
		fail_msg("no JSON: %s", text);
	return root;
}

static inline struct drvp_value doc_hex(int kind, const char *text, struct drvp_arena *arena)
{
	char digits[64], *bytes = drvp_arena_alloc(arena, 32);
	size_t count = 0;

	for (; *text; text++)
		if (*text != '-')
			digits[count++] = *text;
	return (struct drvp_value){ .kind = kind, .bytes = bytes,
		.len = (size_t)drvp_hex_decode(digits, count, (uint8_t *)bytes, 32) };
}

static inline struct drvp_value doc_time(int kind, const char *text)
{
	char whole[64];
	int64_t instant;

	snprintf(whole, sizeof whole, "%s%s", text,
		 kind == DRVP_DATE ? "T00:00:00Z" : kind == DRVP_LOCAL_TIME ? "Z" : "");
	assert_true(drvp_instant_parse(&instant, whole, strlen(whole)));
	return fake_time(kind, kind == DRVP_DATE ? instant / (24 * DOC_HOUR) : instant);
}

static inline struct drvp_value doc_value(int kind, const char *text, bool order_lost,
					  struct drvp_arena *arena)
{
	struct drvp_value value = { .kind = kind };

	if (!strcmp(text, "NULL"))
		return (struct drvp_value){ .kind = DRVP_NULL };
	switch (kind) {
	case DRVP_INTEGER:
		return fake_integer(strtoll(text, NULL, 10));
	case DRVP_BOOL:
		value.integer = !strcmp(text, "true");
		return value;
	case DRVP_FLOAT:
		value.number = strtod(text, NULL);
		return value;
	case DRVP_UUID:
	case DRVP_BYTES:
		return doc_hex(kind, text, arena);
	case DRVP_INSTANT:
	case DRVP_LOCAL_TIME:
	case DRVP_DATE:
		return doc_time(kind, text);
	case DRVP_DOCUMENT:
		value = fake_document(doc_json(text, arena), order_lost);
		value.bytes = order_lost ? NULL : text;
		value.len = order_lost ? 0 : strlen(text);
		return value;
	default:
		value = fake_text(text);
		value.kind = kind;
		return value;
	}
}

/* The entry that the page shows under "column | type | value", twice on a line. */
static inline void doc_sample_table(struct fake_table *table, const char *page,
				    struct drvp_arena *arena)
{
	static const struct {
		const char *type;
		int kind;
	} types[] = {
		{ "bigint", DRVP_INTEGER }, { "integer", DRVP_INTEGER }, { "boolean", DRVP_BOOL },
		{ "double precision", DRVP_FLOAT }, { "numeric", DRVP_DECIMAL },
		{ "text", DRVP_TEXT }, { "timestamptz", DRVP_INSTANT },
		{ "timestamp", DRVP_LOCAL_TIME }, { "date", DRVP_DATE }, { "uuid", DRVP_UUID },
		{ "bytea", DRVP_BYTES }, { "json", DRVP_DOCUMENT }, { "jsonb", DRVP_DOCUMENT },
	};
	struct drvp_value values[FAKE_COLUMNS], *row;

	fake_table_init(table, 8);
	for (const char *at = doc_table(page, "| column |"); *at == '|'; at = doc_next_row(at))
		for (const char *name; (name = doc_cell(arena, &at)) && *name;) {
			const char *type = doc_cell(arena, &at), *text = doc_cell(arena, &at);
			size_t i = 0;

			while (i < sizeof types / sizeof *types && strcmp(types[i].type, type))
				i++;
			assert_true(i < sizeof types / sizeof *types);
			assert_true(table->column_count < FAKE_COLUMNS - 1);
			values[table->column_count] =
				doc_value(types[i].kind, text, !strcmp(type, "jsonb"), arena);
			fake_column(table, name, types[i].kind);
		}
	assert_true(table->column_count > 15);
	fake_column(table, "hash", DRVP_TEXT);
	row = fake_row(table);
	memcpy(row, values, (table->column_count - 1) * sizeof *row);
}

/* {"$date": …} and {"$oid": …} become what MongoDB's documents give. */
static inline void doc_take_types(struct drvp_json *node)
{
	const struct drvp_json *inner = node->first;

	if (node->type == DRVP_JSON_OBJECT && node->count == 1 && *inner->key == '$') {
		node->origin = strcmp(inner->key, "$oid") ? DRVP_ORIGIN_DATE :
							    DRVP_ORIGIN_OBJECT_ID;
		node->type = DRVP_JSON_STRING;
		node->text = inner->text;
		node->len = inner->len;
		node->first = NULL;
		return;
	}
	for (struct drvp_json *child = node->first; child; child = child->next)
		doc_take_types(child);
}

/* What a dotted path leads to in the document that the page shows. */
static inline struct drvp_value doc_document_value(const char *path, const char *page,
						   struct drvp_arena *arena)
{
	const char *at = page;
	struct drvp_json *root = doc_json(doc_block(arena, &at, "document"), arena);
	const struct drvp_json *node = root;

	doc_take_types(root);
	for (size_t len; node && *path; path += len + (path[len] == '.')) {
		const struct drvp_json *member = node->first;

		len = strcspn(path, ".");
		while (member && (member->key_len != len || memcmp(member->key, path, len)))
			member = member->next;
		node = member;
	}
	if (!node)
		return (struct drvp_value){ .kind = DRVP_NULL };
	if (node->origin == DRVP_ORIGIN_DATE)
		return doc_time(DRVP_INSTANT, node->text);
	return node->type == DRVP_JSON_STRING ? fake_text(node->text) :
	       node->type == DRVP_JSON_NUMBER ? fake_integer(strtoll(node->text, NULL, 10)) :
						fake_document(node, false);
}

#endif
