/* mongo_value.c: typed values from BSON, which is checked before it is believed */
#include <inttypes.h>
#include <string.h>

#include "base/utf8.h"
#include "store/mongo.h"

/* More than MongoDB lets anybody store; it bounds the recursion over what a server sends. */
#define DEPTH_MAX 250

/* The fields that lead to a value, innermost first. */
struct trail {
	const struct trail *up;
	const char *key;
};

static void print_trail(struct drvp_strbuf *out, const struct trail *trail)
{
	if (!trail)
		return;
	print_trail(out, trail->up);
	drvp_strbuf_printf(out, "%s%s", trail->up ? "." : "", trail->key);
}

static int damaged(const struct trail *trail, uint64_t ordinal, const char *what,
		   struct drv_error *err)
{
	struct drvp_strbuf path = DRVP_STRBUF_INIT;

	print_trail(&path, trail);
	drvp_fail(err, DRV_E_DAMAGED, "document %" PRIu64 "%s%s: %s", ordinal,
		  trail ? ", field " : "", drvp_strbuf_text(&path), what);
	drvp_strbuf_free(&path);
	return DRV_E_DAMAGED;
}

/* ------------------------------------------------------------------ checking */

static bool is_valid(const char *text)
{
	return !text || drvp_utf8_valid(text, strlen(text));
}

/* All that is printed of it. */
static bool texts_are_valid(const bson_iter_t *at)
{
	const char *options = NULL, *text;
	uint32_t len, scope_len;
	const uint8_t *scope;

	switch (bson_iter_type(at)) {
	case BSON_TYPE_REGEX:
		text = bson_iter_regex(at, &options);
		return is_valid(text) && is_valid(options);
	case BSON_TYPE_CODEWSCOPE:
		return is_valid(bson_iter_codewscope(at, &len, &scope_len, &scope));
	default:
		text = drvp_mongo_text(at, &len);
		return !text || drvp_utf8_valid(text, len);
	}
}

/*
 * Walks over everything once. A false bson_iter_next() means either the end or broken lengths,
 * which only err_off tells apart; and libbson's own validator lets invalid UTF-8 pass in values.
 */
static int check(const uint8_t *data, size_t size, const struct trail *up, unsigned depth,
		 uint64_t ordinal, struct drv_error *err)
{
	uint32_t end = 4;            /* where the next element has to begin */
	bson_t document;
	bson_iter_t at;

	if (depth > DEPTH_MAX)
		return damaged(up, ordinal, "nested deeper than MongoDB can store", err);
	if (!bson_init_static(&document, data, size) || !bson_iter_init(&at, &document))
		return damaged(up, ordinal, "broken BSON", err);
	while (bson_iter_next(&at)) {
		struct trail here = { up, bson_iter_key(&at) };
		uint32_t inner_len = 0;
		const uint8_t *inner = NULL;
		int status;

		end = at.next_off;
		if (!drvp_utf8_valid(here.key, strlen(here.key)))
			return damaged(up, ordinal, "the name of a field is not valid UTF-8", err);
		if (!texts_are_valid(&at))
			return damaged(&here, ordinal, "the text is not valid UTF-8", err);
		if (BSON_ITER_HOLDS_DOCUMENT(&at))
			bson_iter_document(&at, &inner_len, &inner);
		else if (BSON_ITER_HOLDS_ARRAY(&at))
			bson_iter_array(&at, &inner_len, &inner);
		else
			continue;
		status = inner ? check(inner, inner_len, &here, depth + 1, ordinal, err)
			       : damaged(&here, ordinal, "broken BSON", err);
		if (status)
			return status;
	}
	return at.err_off || end != size - 1 ? damaged(up, ordinal, "broken BSON", err) : 0;
}

int drvp_mongo_check(const bson_t *document, uint64_t ordinal, struct drv_error *err)
{
	return check(bson_get_data(document), document->len, NULL, 1, ordinal, err);
}

/* ------------------------------------------------------------------ values */

static int set_instant(struct drvp_value *out, int64_t milliseconds, const char *path,
		       uint64_t ordinal, struct drv_error *err)
{
	if (milliseconds > INT64_MAX / 1000 || milliseconds < INT64_MIN / 1000)
		return drvp_fail(err, DRV_E_UNSUPPORTED, "document %" PRIu64 ", field %s: the date "
				 "is beyond the years that can be compared", ordinal, path);
	out->kind = DRVP_INSTANT;
	out->integer = milliseconds * 1000;
	return 0;
}

static void set_bytes(struct drvp_value *out, int kind, const void *bytes, size_t len)
{
	out->kind = kind;
	out->bytes = bytes;
	out->len = len;
}

static void set_binary(struct drvp_value *out, const bson_iter_t *at)
{
	bson_subtype_t subtype;
	const uint8_t *bytes;
	uint32_t len;

	bson_iter_binary(at, &subtype, &len, &bytes);
	/* Subtype 3 is a UUID too, but its byte order depends on who wrote it. */
	set_bytes(out, subtype == BSON_SUBTYPE_UUID && len == 16 ? DRVP_UUID : DRVP_BYTES, bytes,
		  len);
}

/* Everything whose value is a text or a tree, which a node can hold. */
static int set_from_node(struct drvp_value *out, const bson_iter_t *at, struct drvp_arena *arena,
			 struct drv_error *err)
{
	struct drvp_json *node = drvp_arena_alloc(arena, sizeof *node);

	if (!node || !drvp_mongo_json(node, arena, at))
		return drvp_fail_nomem(err);
	if (BSON_ITER_HOLDS_DOCUMENT(at) || BSON_ITER_HOLDS_ARRAY(at)) {
		out->kind = DRVP_DOCUMENT;
		out->json = node;
	} else {
		set_bytes(out, BSON_ITER_HOLDS_DECIMAL128(at) ? DRVP_DECIMAL : DRVP_TEXT,
			  node->text, node->len);
	}
	return 0;
}

static int set_value(struct drvp_value *out, const bson_iter_t *at, const char *path,
		     struct drvp_arena *arena, uint64_t ordinal, struct drv_error *err)
{
	switch (bson_iter_type(at)) {
	case BSON_TYPE_NULL:
	case BSON_TYPE_UNDEFINED:
		out->kind = DRVP_NULL;
		return 0;
	case BSON_TYPE_BOOL:
		out->kind = DRVP_BOOL;
		out->integer = bson_iter_bool(at);
		return 0;
	case BSON_TYPE_INT32:
	case BSON_TYPE_INT64:
		out->kind = DRVP_INTEGER;
		out->integer = bson_iter_as_int64(at);
		return 0;
	case BSON_TYPE_DOUBLE:
		out->kind = DRVP_FLOAT;
		out->number = bson_iter_double(at);
		return 0;
	case BSON_TYPE_DATE_TIME:
		return set_instant(out, bson_iter_date_time(at), path, ordinal, err);
	case BSON_TYPE_OID:
		set_bytes(out, DRVP_OBJECT_ID, bson_iter_oid(at)->bytes, 12);
		return 0;
	case BSON_TYPE_BINARY:
		set_binary(out, at);
		return 0;
	default:
		return set_from_node(out, at, arena, err);
	}
}

static bool is_index(const char *component, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (component[i] < '0' || component[i] > '9')
			return false;
	return len > 0;
}

/*
 * Follows a dotted path. 1: found; 0: the document has no such field. A name that would have to
 * be looked up in each element of an array stands for many values, not one: an error, because
 * taking any of them could hide the others.
 */
static int follow(bson_iter_t *at, const bson_t *document, const char *path, uint64_t ordinal,
		  struct drv_error *err)
{
	const char *component = path;

	if (!bson_iter_init(at, document))
		return 0;
	for (;;) {
		size_t len = strcspn(component, ".");
		bson_iter_t child;

		if (!bson_iter_find_w_len(at, component, (int)len))
			return 0;
		if (component[len] == '\0')
			return 1;
		component += len + 1;
		if (BSON_ITER_HOLDS_ARRAY(at) && !is_index(component, strcspn(component, ".")))
			return drvp_fail(err, DRV_E_UNSUPPORTED, "document %" PRIu64 ": the path "
					 "%s leads through an array; name one element, such as "
					 "list.0.name", ordinal, path);
		if (!bson_iter_recurse(at, &child))
			return 0;
		*at = child;
	}
}

static int set_document(struct drvp_value *out, const bson_t *document, struct drvp_arena *arena,
			struct drv_error *err)
{
	struct drvp_json *node = drvp_arena_alloc(arena, sizeof *node);

	if (!node || !drvp_mongo_json_document(node, arena, document))
		return drvp_fail_nomem(err);
	out->kind = DRVP_DOCUMENT;
	out->json = node;
	return 0;
}

int drvp_mongo_value(struct drvp_value *out, const bson_t *document, const char *path, int form,
		     struct drvp_arena *arena, uint64_t ordinal, struct drv_error *err)
{
	bson_iter_t at;
	int found;

	*out = (struct drvp_value){ .kind = DRVP_NULL };
	if (!*path && form == DRVP_FORM_VALUE)
		return set_document(out, document, arena, err);
	if (!*path && form == DRVP_FORM_STABLE) {
		set_bytes(out, DRVP_BYTES, bson_get_data(document), document->len);
		return 0;
	}
	if (!*path) {
		out->kind = DRVP_PRESENT;
		return 0;
	}
	found = follow(&at, document, path, ordinal, err);
	if (found <= 0)
		return found;
	if (form == DRVP_FORM_VALUE)
		return set_value(out, &at, path, arena, ordinal, err);
	if (form == DRVP_FORM_STABLE) {
		set_bytes(out, DRVP_BYTES, at.raw + at.off, at.next_off - at.off);
		return 0;
	}
	if (!BSON_ITER_HOLDS_NULL(&at) && !BSON_ITER_HOLDS_UNDEFINED(&at))
		out->kind = DRVP_PRESENT;
	return 0;
}
