/* mongo_json.c: JSON trees from BSON */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "chain/number_text.h"
#include "store/mongo.h"

const char *drvp_mongo_text(const bson_iter_t *at, uint32_t *len)
{
	switch (bson_iter_type(at)) {
	case BSON_TYPE_UTF8:
		return bson_iter_utf8(at, len);
	case BSON_TYPE_SYMBOL:
		return bson_iter_symbol(at, len);
	case BSON_TYPE_CODE:
		return bson_iter_code(at, len);
	default:
		return NULL;
	}
}

static bool set_text(struct drvp_json *node, int type, struct drvp_arena *arena, const char *text,
		     size_t len)
{
	node->type = (uint8_t)type;
	node->text = drvp_arena_copy(arena, text, len);
	node->len = len;
	return node->text != NULL;
}

/*
 * The digits that JavaScript prints, but for the sign of -0, which others keep. JSON has no form
 * for what is not finite; that becomes the strings that MongoDB's extended JSON uses.
 */
static bool set_double(struct drvp_json *node, struct drvp_arena *arena, double number)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	bool done;

	node->origin = DRVP_ORIGIN_DOUBLE;
	if (!isfinite(number)) {
		const char *name = isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity";

		return set_text(node, DRVP_JSON_STRING, arena, name, strlen(name));
	}
	if (number == 0 && signbit(number))
		drvp_strbuf_char(&text, '-');
	drvp_number_print_double(&text, DRVP_NUMBERS_ES6, number);
	done = !text.failed && set_text(node, DRVP_JSON_NUMBER, arena, text.data, text.len);
	drvp_strbuf_free(&text);
	return done;
}

static bool set_integer(struct drvp_json *node, struct drvp_arena *arena, int64_t number)
{
	char text[24];
	int len = snprintf(text, sizeof text, "%" PRId64, number);

	return set_text(node, DRVP_JSON_NUMBER, arena, text, (size_t)len);
}

/* Always with three digits of a second, as programs that store dates in JSON write them. */
static bool set_date(struct drvp_json *node, struct drvp_arena *arena, int64_t milliseconds)
{
	int64_t seconds = milliseconds / 1000 - (milliseconds % 1000 < 0);
	struct drvp_civil civil;
	char text[64];
	int len;

	node->origin = DRVP_ORIGIN_DATE;
	if (seconds > INT64_MAX / DRVP_SECOND || seconds < INT64_MIN / DRVP_SECOND)
		return set_integer(node, arena, milliseconds);
	drvp_civil_from_instant(&civil, seconds * DRVP_SECOND);
	len = snprintf(text, sizeof text,
		       civil.year >= 0 && civil.year <= 9999
			       ? "%04" PRId64 "-%02u-%02uT%02u:%02u:%02u.%03uZ"
			       : "%+07" PRId64 "-%02u-%02uT%02u:%02u:%02u.%03uZ",
		       civil.year, civil.month, civil.day, civil.hour, civil.minute, civil.second,
		       (unsigned)(milliseconds - seconds * 1000));
	return set_text(node, DRVP_JSON_STRING, arena, text, (size_t)len);
}

static bool set_base64(struct drvp_json *node, struct drvp_arena *arena, const uint8_t *bytes,
		       uint32_t len)
{
	char *text = drvp_arena_alloc(arena, ((size_t)len + 2) / 3 * 4 + 1);

	if (!text)
		return false;
	node->type = DRVP_JSON_STRING;
	node->origin = DRVP_ORIGIN_BINARY;
	node->text = text;
	node->len = (size_t)EVP_EncodeBlock((unsigned char *)text, bytes, (int)len);
	return true;
}

static bool set_decimal(struct drvp_json *node, struct drvp_arena *arena,
			const bson_decimal128_t *decimal)
{
	char text[BSON_DECIMAL128_STRING];
	int type;

	bson_decimal128_to_string(decimal, text);
	node->origin = DRVP_ORIGIN_DECIMAL;
	type = strpbrk(text, "NnIi") ? DRVP_JSON_STRING : DRVP_JSON_NUMBER;
	return set_text(node, type, arena, text, strlen(text));
}

/* Types that neither JSON nor a check knows more about, under the names that MongoDB uses. */
static bool set_odd(struct drvp_json *node, struct drvp_arena *arena, const bson_iter_t *at)
{
	struct drvp_strbuf out = DRVP_STRBUF_INIT;
	const char *options;
	uint32_t seconds, increment, len;
	bool done;

	switch (bson_iter_type(at)) {
	case BSON_TYPE_REGEX:
		drvp_strbuf_printf(&out, "/%s/", bson_iter_regex(at, &options));
		drvp_strbuf_str(&out, options);
		break;
	case BSON_TYPE_TIMESTAMP:
		bson_iter_timestamp(at, &seconds, &increment);
		drvp_strbuf_printf(&out, "%" PRIu32 ".%" PRIu32, seconds, increment);
		break;
	case BSON_TYPE_CODEWSCOPE: {
		const uint8_t *scope;
		uint32_t scope_len;

		drvp_strbuf_str(&out, bson_iter_codewscope(at, &len, &scope_len, &scope));
		break;
	}
	case BSON_TYPE_MINKEY:
		drvp_strbuf_str(&out, "MinKey");
		break;
	case BSON_TYPE_MAXKEY:
		drvp_strbuf_str(&out, "MaxKey");
		break;
	default:
		drvp_strbuf_str(&out, "DBPointer");
		break;
	}
	done = !out.failed && set_text(node, DRVP_JSON_STRING, arena, drvp_strbuf_text(&out),
				       out.len);
	drvp_strbuf_free(&out);
	return done;
}

static bool set_tree(struct drvp_json *node, struct drvp_arena *arena, const bson_iter_t *at);

/* BSON's strings end in NUL, so they are borrowed as they stand. */
bool drvp_mongo_json(struct drvp_json *node, struct drvp_arena *arena, const bson_iter_t *at)
{
	const uint8_t *bytes;
	uint32_t len;
	bson_decimal128_t decimal;

	switch (bson_iter_type(at)) {
	case BSON_TYPE_NULL:
	case BSON_TYPE_UNDEFINED:
		node->type = DRVP_JSON_NULL;
		return true;
	case BSON_TYPE_BOOL:
		node->type = DRVP_JSON_BOOL;
		node->truth = bson_iter_bool(at);
		return true;
	case BSON_TYPE_INT32:
		return set_integer(node, arena, bson_iter_int32(at));
	case BSON_TYPE_INT64:
		return set_integer(node, arena, bson_iter_int64(at));
	case BSON_TYPE_DOUBLE:
		return set_double(node, arena, bson_iter_double(at));
	case BSON_TYPE_DECIMAL128:
		bson_iter_decimal128(at, &decimal);
		return set_decimal(node, arena, &decimal);
	case BSON_TYPE_DATE_TIME:
		return set_date(node, arena, bson_iter_date_time(at));
	case BSON_TYPE_OID: {
		char text[25];

		bson_oid_to_string(bson_iter_oid(at), text);
		node->origin = DRVP_ORIGIN_OBJECT_ID;
		return set_text(node, DRVP_JSON_STRING, arena, text, 24);
	}
	case BSON_TYPE_BINARY:
		bson_iter_binary(at, NULL, &len, &bytes);
		return set_base64(node, arena, bytes, len);
	case BSON_TYPE_UTF8:
	case BSON_TYPE_SYMBOL:
	case BSON_TYPE_CODE:
		node->type = DRVP_JSON_STRING;
		node->text = drvp_mongo_text(at, &len);
		node->len = len;
		return true;
	case BSON_TYPE_DOCUMENT:
	case BSON_TYPE_ARRAY:
		return set_tree(node, arena, at);
	default:
		return set_odd(node, arena, at);
	}
}

/* Takes the children at the iterator, which stands in front of the first. */
static bool set_children(struct drvp_json *node, struct drvp_arena *arena, bson_iter_t *child,
			 bool object)
{
	struct drvp_json **next = &node->first;

	node->type = object ? DRVP_JSON_OBJECT : DRVP_JSON_ARRAY;
	while (bson_iter_next(child)) {
		struct drvp_json *one;

		/* JavaScript has it, but its JSON has no such member. */
		if (object && BSON_ITER_HOLDS_UNDEFINED(child))
			continue;
		one = drvp_arena_alloc(arena, sizeof *one);
		if (!one || !drvp_mongo_json(one, arena, child))
			return false;
		if (object) {
			one->key = bson_iter_key(child);
			one->key_len = strlen(one->key);
		}
		*next = one;
		next = &one->next;
		node->count++;
	}
	return true;
}

static bool set_tree(struct drvp_json *node, struct drvp_arena *arena, const bson_iter_t *at)
{
	bson_iter_t child;

	return bson_iter_recurse(at, &child) &&
	       set_children(node, arena, &child, BSON_ITER_HOLDS_DOCUMENT(at));
}

bool drvp_mongo_json_document(struct drvp_json *node, struct drvp_arena *arena,
			      const bson_t *document)
{
	bson_iter_t child;

	return bson_iter_init(&child, document) && set_children(node, arena, &child, true);
}
