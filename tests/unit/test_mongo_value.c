/* test_mongo_value.c: typed values and JSON trees from BSON, and BSON that is broken */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store/mongo.h"

static struct drvp_value value_of(const bson_t *document, const char *path, int form,
				  struct drvp_arena *arena)
{
	struct drv_error error = DRV_ERROR_INIT;
	struct drvp_value value = { 0 };

	if (drvp_mongo_check(document, 0, &error) ||
	    drvp_mongo_value(&value, document, path, form, arena, 0, &error))
		fail_msg("%s: %s", path, error.message);
	return value;
}

/* The text of the JSON tree of a document with one member v. */
static void expect_json(bson_t *document, const char *text)
{
	struct drvp_arena arena = { 0 };
	struct drvp_strbuf out = DRVP_STRBUF_INIT;
	struct drvp_json_writer writer = { .out = &out };
	bson_t outer = BSON_INITIALIZER;
	struct drvp_value value;

	BSON_APPEND_DOCUMENT(&outer, "doc", document);
	value = value_of(&outer, "doc", DRVP_FORM_VALUE, &arena);
	assert_int_equal(value.kind, DRVP_DOCUMENT);
	/* On one line, which only members of an inline parent are. */
	drvp_json_open_array(&writer, NULL, true);
	drvp_json_put_value(&writer, NULL, drvp_json_member(value.json, "v"));
	drvp_json_close_array(&writer);
	assert_string_equal(drvp_strbuf_text(&out), text);
	drvp_strbuf_free(&out);
	drvp_arena_free(&arena);
	bson_destroy(&outer);
	bson_destroy(document);
	bson_init(document);
}

static const char *number_text(double number, struct drvp_arena *arena)
{
	bson_t inner = BSON_INITIALIZER, outer = BSON_INITIALIZER;
	const char *text;

	BSON_APPEND_DOUBLE(&inner, "v", number);
	BSON_APPEND_DOCUMENT(&outer, "doc", &inner);
	text = drvp_json_member(value_of(&outer, "doc", DRVP_FORM_VALUE, arena).json, "v")->text;
	bson_destroy(&inner);
	bson_destroy(&outer);
	return text;
}

static void doubles_print_shortest(void **state)
{
	static const struct { double number; const char *text; } cases[] = {
		{ 0.1, "0.1" }, { 0.3, "0.3" }, { 0.1 + 0.2, "0.30000000000000004" }, { 1, "1" },
		{ 100000, "100000" }, { 1e21, "1e+21" }, { -0.0, "-0" }, { 1.5, "1.5" },
		{ 1e-6, "0.000001" }, { 1e-7, "1e-7" }, { 1e15, "1000000000000000" },
		{ 123456789012345680000.0, "123456789012345680000" },
		{ 5e-324, "5e-324" }, { NAN, "NaN" }, { INFINITY, "Infinity" },
		{ -INFINITY, "-Infinity" },
	};
	struct drvp_arena arena = { 0 };
	uint64_t random = 88172645463325252;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(number_text(cases[i].number, &arena), cases[i].text);
	/* Whatever the number, its text reads back as it. */
	for (int i = 0; i < 20000; i++) {
		double number, again;

		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		memcpy(&number, &random, sizeof number);
		if (!isfinite(number))
			continue;
		again = strtod(number_text(number, &arena), NULL);
		assert_memory_equal(&again, &number, sizeof number);
		drvp_arena_reset(&arena);
	}
	drvp_arena_free(&arena);
}

static void every_type_has_json(void **state)
{
	bson_t d = BSON_INITIALIZER, inner;
	bson_decimal128_t decimal;
	bson_oid_t oid;

	(void)state;
	BSON_APPEND_INT64(&d, "v", INT64_MIN);
	expect_json(&d, "[-9223372036854775808]");
	bson_decimal128_from_string("1.10", &decimal);
	BSON_APPEND_DECIMAL128(&d, "v", &decimal);
	expect_json(&d, "[1.10]");
	bson_decimal128_from_string("-Infinity", &decimal);
	BSON_APPEND_DECIMAL128(&d, "v", &decimal);
	expect_json(&d, "[\"-Infinity\"]");
	bson_oid_init_from_string(&oid, "65f0a1b2c3d4e5f601234567");
	BSON_APPEND_OID(&d, "v", &oid);
	expect_json(&d, "[\"65f0a1b2c3d4e5f601234567\"]");
	BSON_APPEND_BINARY(&d, "v", BSON_SUBTYPE_BINARY, (const uint8_t *)"\1\2", 2);
	expect_json(&d, "[\"AQI=\"]");
	BSON_APPEND_REGEX(&d, "v", "^x", "i");
	expect_json(&d, "[\"/^x/i\"]");
	BSON_APPEND_TIMESTAMP(&d, "v", 7, 3);
	expect_json(&d, "[\"7.3\"]");
	BSON_APPEND_MINKEY(&d, "v");
	expect_json(&d, "[\"MinKey\"]");
	BSON_APPEND_ARRAY_BEGIN(&d, "v", &inner);
	BSON_APPEND_UNDEFINED(&inner, "0");
	bson_append_array_end(&d, &inner);
	expect_json(&d, "[[null]]");
	BSON_APPEND_DOCUMENT_BEGIN(&d, "v", &inner);
	BSON_APPEND_UNDEFINED(&inner, "a");
	BSON_APPEND_INT32(&inner, "b", 1);
	BSON_APPEND_UNDEFINED(&inner, "c");
	bson_append_document_end(&d, &inner);
	expect_json(&d, "[{ \"b\": 1 }]");
	bson_append_utf8(&d, "v", -1, "위\0염", 7);
	expect_json(&d, "[\"위\\u0000염\"]");
	BSON_APPEND_DOCUMENT_BEGIN(&d, "v", &inner);
	BSON_APPEND_BOOL(&inner, "b", true);
	BSON_APPEND_NULL(&inner, "a");
	bson_append_document_end(&d, &inner);
	expect_json(&d, "[{ \"b\": true, \"a\": null }]");
	bson_destroy(&d);
}

static void dates_print_milliseconds(void **state)
{
	static const struct { int64_t milliseconds; const char *text; } cases[] = {
		{ 1767225600000, "[\"2026-01-01T00:00:00.000Z\"]" },
		{ 1767225600678, "[\"2026-01-01T00:00:00.678Z\"]" },
		{ -1, "[\"1969-12-31T23:59:59.999Z\"]" },
		{ INT64_C(253402300800000), "[\"+010000-01-01T00:00:00.000Z\"]" },
	};
	bson_t d = BSON_INITIALIZER;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		BSON_APPEND_DATE_TIME(&d, "v", cases[i].milliseconds);
		expect_json(&d, cases[i].text);
	}
	bson_destroy(&d);
}

static void nodes_tell_what_they_were(void **state)
{
	struct drvp_arena arena = { 0 };
	bson_t d = BSON_INITIALIZER, list;
	bson_decimal128_t decimal;
	bson_oid_t oid;
	static const struct { const char *path; int type, origin; } nodes[] = {
		{ "_id", DRVP_JSON_STRING, DRVP_ORIGIN_OBJECT_ID },
		{ "at", DRVP_JSON_STRING, DRVP_ORIGIN_DATE },
		{ "text", DRVP_JSON_STRING, DRVP_ORIGIN_NONE },
		{ "double", DRVP_JSON_NUMBER, DRVP_ORIGIN_DOUBLE },
		{ "nan", DRVP_JSON_STRING, DRVP_ORIGIN_DOUBLE },
		{ "int", DRVP_JSON_NUMBER, DRVP_ORIGIN_NONE },
		{ "long", DRVP_JSON_NUMBER, DRVP_ORIGIN_NONE },
		{ "decimal", DRVP_JSON_NUMBER, DRVP_ORIGIN_DECIMAL },
		{ "binary", DRVP_JSON_STRING, DRVP_ORIGIN_BINARY },
		{ "list", DRVP_JSON_ARRAY, DRVP_ORIGIN_NONE },
	};
	const struct drvp_json *node;
	struct drvp_value value;

	(void)state;
	bson_oid_init_from_string(&oid, "65f0a1b2c3d4e5f601234567");
	bson_decimal128_from_string("1.10", &decimal);
	BSON_APPEND_OID(&d, "_id", &oid);
	BSON_APPEND_DATE_TIME(&d, "at", 1767225600678);
	BSON_APPEND_UTF8(&d, "text", "2026-01-01T00:00:00.678Z");
	BSON_APPEND_DOUBLE(&d, "double", 1.0);
	BSON_APPEND_DOUBLE(&d, "nan", (double)NAN);
	BSON_APPEND_INT32(&d, "int", 1);
	BSON_APPEND_INT64(&d, "long", INT64_MAX);
	BSON_APPEND_DECIMAL128(&d, "decimal", &decimal);
	BSON_APPEND_BINARY(&d, "binary", BSON_SUBTYPE_BINARY, (const uint8_t *)"\1", 1);
	BSON_APPEND_ARRAY_BEGIN(&d, "list", &list);
	BSON_APPEND_DATE_TIME(&list, "0", 0);
	bson_append_array_end(&d, &list);
	/* The whole document, in its order. */
	value = value_of(&d, "", DRVP_FORM_VALUE, &arena);
	assert_int_equal(value.kind, DRVP_DOCUMENT);
	assert_false(value.order_lost);
	node = value.json->first;
	for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++, node = node->next) {
		assert_string_equal(node->key, nodes[i].path);
		assert_int_equal(node->type, nodes[i].type);
		assert_int_equal(node->origin, nodes[i].origin);
	}
	assert_null(node);
	assert_string_equal(drvp_json_member(value.json, "double")->text, "1");
	assert_string_equal(drvp_json_member(value.json, "long")->text, "9223372036854775807");
	assert_int_equal(drvp_json_member(value.json, "list")->first->origin, DRVP_ORIGIN_DATE);
	assert_int_equal(value_of(&d, "", DRVP_FORM_PRESENCE, &arena).kind, DRVP_PRESENT);
	bson_destroy(&d);
	drvp_arena_free(&arena);
}

static void kinds_follow_types(void **state)
{
	static const uint8_t bytes[16] = { 1, 2 };
	struct drvp_arena arena = { 0 };
	struct drv_error error = DRV_ERROR_INIT;
	struct drvp_value value;
	bson_decimal128_t decimal;
	bson_t d = BSON_INITIALIZER;

	(void)state;
	bson_decimal128_from_string("12.50", &decimal);
	BSON_APPEND_DECIMAL128(&d, "decimal", &decimal);
	BSON_APPEND_BINARY(&d, "uuid", BSON_SUBTYPE_UUID, bytes, 16);
	BSON_APPEND_BINARY(&d, "short", BSON_SUBTYPE_UUID, bytes, 15);
	BSON_APPEND_BINARY(&d, "old", BSON_SUBTYPE_UUID_DEPRECATED, bytes, 16);
	BSON_APPEND_DATE_TIME(&d, "date", -1);
	BSON_APPEND_DATE_TIME(&d, "never", INT64_MAX);
	BSON_APPEND_INT32(&d, "int", -5);
	value = value_of(&d, "decimal", DRVP_FORM_VALUE, &arena);
	assert_int_equal(value.kind, DRVP_DECIMAL);
	assert_string_equal(value.bytes, "12.50");
	assert_int_equal(value_of(&d, "uuid", DRVP_FORM_VALUE, &arena).kind, DRVP_UUID);
	assert_int_equal(value_of(&d, "short", DRVP_FORM_VALUE, &arena).kind, DRVP_BYTES);
	assert_int_equal(value_of(&d, "old", DRVP_FORM_VALUE, &arena).kind, DRVP_BYTES);
	assert_int_equal(value_of(&d, "date", DRVP_FORM_VALUE, &arena).integer, -1000);
	assert_int_equal(value_of(&d, "int", DRVP_FORM_VALUE, &arena).integer, -5);
	assert_int_equal(value_of(&d, "int.deeper", DRVP_FORM_VALUE, &arena).kind, DRVP_NULL);
	assert_int_equal(value_of(&d, "in", DRVP_FORM_VALUE, &arena).kind, DRVP_NULL);
	value = value_of(&d, "decimal", DRVP_FORM_PRESENCE, &arena);
	assert_int_equal(value.kind, DRVP_PRESENT);
	assert_null(value.bytes);
	assert_int_equal(drvp_mongo_value(&value, &d, "never", DRVP_FORM_VALUE, &arena, 3, &error),
			 DRV_E_UNSUPPORTED);
	assert_non_null(strstr(error.message, "document 3, field never"));
	bson_destroy(&d);
	drvp_arena_free(&arena);
}

/* Bytes of the document itself, so that a type and the order of fields are among them. */
static void stable_values_are_stored_bytes(void **state)
{
	struct drvp_arena arena = { 0 };
	bson_t narrow = BSON_INITIALIZER, wide = BSON_INITIALIZER, inner;
	struct drvp_value value;

	(void)state;
	BSON_APPEND_DOCUMENT_BEGIN(&narrow, "in", &inner);
	BSON_APPEND_INT32(&inner, "v", 7);
	bson_append_document_end(&narrow, &inner);
	BSON_APPEND_DOCUMENT_BEGIN(&wide, "in", &inner);
	BSON_APPEND_INT64(&inner, "v", 7);
	bson_append_document_end(&wide, &inner);
	BSON_APPEND_NULL(&wide, "nothing");
	value = value_of(&narrow, "", DRVP_FORM_STABLE, &arena);
	assert_int_equal(value.kind, DRVP_BYTES);
	assert_int_equal(value.len, narrow.len);
	assert_ptr_equal(value.bytes, bson_get_data(&narrow));
	value = value_of(&narrow, "in.v", DRVP_FORM_STABLE, &arena);
	assert_int_equal(value.len, 7);
	assert_memory_equal(value.bytes, "\x10v\0\7\0\0\0", 7);
	value = value_of(&wide, "in.v", DRVP_FORM_STABLE, &arena);
	assert_int_equal(value.len, 11);
	assert_memory_equal(value.bytes, "\x12v\0\7\0\0\0\0\0\0\0", 11);
	/* Null is a value; a field that is not there is none. */
	value = value_of(&wide, "nothing", DRVP_FORM_STABLE, &arena);
	assert_int_equal(value.kind, DRVP_BYTES);
	assert_memory_equal(value.bytes, "\x0anothing\0", 9);
	assert_int_equal(value_of(&narrow, "nothing", DRVP_FORM_STABLE, &arena).kind, DRVP_NULL);
	drvp_arena_free(&arena);
	bson_destroy(&narrow);
	bson_destroy(&wide);
}

static void paths_through_arrays_need_an_index(void **state)
{
	struct drvp_arena arena = { 0 };
	struct drv_error error = DRV_ERROR_INIT;
	struct drvp_value value;
	bson_t *d = bson_new_from_json((const uint8_t *)"{\"a\": [{\"b\": 1}, {\"b\": null}]}", -1,
				       NULL);

	(void)state;
	assert_int_equal(value_of(d, "a.0.b", DRVP_FORM_VALUE, &arena).integer, 1);
	assert_int_equal(value_of(d, "a.1.b", DRVP_FORM_VALUE, &arena).kind, DRVP_NULL);
	assert_int_equal(value_of(d, "a.2.b", DRVP_FORM_VALUE, &arena).kind, DRVP_NULL);
	assert_int_equal(drvp_mongo_value(&value, d, "a.b", DRVP_FORM_PRESENCE, &arena, 0, &error),
			 DRV_E_UNSUPPORTED);
	bson_destroy(d);
	drvp_arena_free(&arena);
}

/* A document with most types, whose every byte is then changed in turn. */
static bson_t *sample(void)
{
	bson_t *d = bson_new(), inner, list, scope = BSON_INITIALIZER;

	BSON_APPEND_INT32(d, "_id", 1);
	BSON_APPEND_UTF8(d, "text", "위염 abc");
	BSON_APPEND_BINARY(d, "bytes", BSON_SUBTYPE_BINARY, (const uint8_t *)"\1\2\3", 3);
	BSON_APPEND_DOCUMENT_BEGIN(d, "inner", &inner);
	BSON_APPEND_ARRAY_BEGIN(&inner, "list", &list);
	BSON_APPEND_UTF8(&list, "0", "x");
	BSON_APPEND_DOUBLE(&list, "1", 0.5);
	bson_append_array_end(&inner, &list);
	BSON_APPEND_REGEX(&inner, "regex", "^a", "i");
	bson_append_document_end(d, &inner);
	BSON_APPEND_INT32(&scope, "y", 1);
	BSON_APPEND_CODE_WITH_SCOPE(d, "code", "x", &scope);
	bson_destroy(&scope);
	BSON_APPEND_DATE_TIME(d, "date", 5);
	return d;
}

/* Nothing that a server may send can make the reader crash; sanitizers watch. */
static void spoilt_bytes_never_crash(void **state)
{
	static const char *const paths[] = { "_id", "text", "bytes", "inner", "inner.list.1",
					     "code", "date", "" };
	bson_t *good = sample(), spoilt;
	uint8_t *bytes = malloc(good->len);
	unsigned refused = 0;

	(void)state;
	assert_non_null(bytes);
	for (uint32_t at = 4; at < good->len; at++) {
		for (unsigned value = 0; value < 256; value++) {
			struct drvp_arena arena = { 0 };
			struct drvp_value out;

			memcpy(bytes, bson_get_data(good), good->len);
			bytes[at] = (uint8_t)value;
			if (!bson_init_static(&spoilt, bytes, good->len) ||
			    drvp_mongo_check(&spoilt, 0, NULL)) {
				refused++;
				continue;
			}
			for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
				drvp_mongo_value(&out, &spoilt, paths[i], DRVP_FORM_VALUE, &arena,
						 0, NULL);
			drvp_arena_free(&arena);
		}
	}
	assert_true(refused > good->len * 64);
	free(bytes);
	bson_destroy(good);
}

static void damage_names_its_path(void **state)
{
	struct drv_error error = DRV_ERROR_INIT;
	bson_t d = BSON_INITIALIZER, inner;
	uint8_t *bytes;

	(void)state;
	BSON_APPEND_DOCUMENT_BEGIN(&d, "a", &inner);
	BSON_APPEND_UTF8(&inner, "b", "needle");
	bson_append_document_end(&d, &inner);
	assert_int_equal(drvp_mongo_check(&d, 12, &error), 0);
	bytes = (uint8_t *)(uintptr_t)bson_get_data(&d);
	*(uint8_t *)memmem(bytes, d.len, "needle", 6) = 0x80;
	assert_int_equal(drvp_mongo_check(&d, 12, &error), DRV_E_DAMAGED);
	assert_string_equal(error.message, "document 12, field a.b: the text is not valid UTF-8");
	bson_destroy(&d);
}

/* Whatever type a text hides in, it is printed, so it has to be one. */
static void texts_of_odd_types_are_checked(void **state)
{
	bson_t empty = BSON_INITIALIZER;

	(void)state;
	for (int type = 0; type < 5; type++) {
		struct drv_error error = DRV_ERROR_INIT;
		bson_t d = BSON_INITIALIZER;
		char *at;

		if (type == 0)
			BSON_APPEND_REGEX(&d, "v", "needle", "i");
		else if (type == 1)
			BSON_APPEND_REGEX(&d, "v", "x", "imx");
		else if (type == 2)
			BSON_APPEND_CODE_WITH_SCOPE(&d, "v", "needle", &empty);
		else if (type == 3)
			BSON_APPEND_CODE(&d, "v", "needle");
		else
			BSON_APPEND_SYMBOL(&d, "v", "needle");
		assert_int_equal(drvp_mongo_check(&d, 0, &error), 0);
		at = memmem(bson_get_data(&d), d.len, type == 1 ? "imx" : "needle", type == 1 ? 3 : 6);
		assert_non_null(at);
		*at = (char)0x80;
		assert_int_equal(drvp_mongo_check(&d, 0, &error), DRV_E_DAMAGED);
		bson_destroy(&d);
	}
	bson_destroy(&empty);
}

static void endless_nesting_is_refused(void **state)
{
	enum { LEVELS = 20000 };
	size_t len = 5 + LEVELS * 8;
	uint8_t *bytes = calloc(len, 1);
	struct drv_error error = DRV_ERROR_INIT;
	bson_t d;

	(void)state;
	assert_non_null(bytes);
	/* Each level: length, type 3, "a", NUL, the next level, and a NUL behind it. */
	for (size_t i = 0; i <= LEVELS; i++) {
		uint32_t size = (uint32_t)(5 + (LEVELS - i) * 8);

		memcpy(bytes + 7 * i, &size, 4);
		if (i < LEVELS)
			memcpy(bytes + 7 * i + 4, "\3a", 2);
	}
	assert_true(bson_init_static(&d, bytes, len));
	assert_int_equal(drvp_mongo_check(&d, 0, &error), DRV_E_DAMAGED);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(doubles_print_shortest),
		cmocka_unit_test(every_type_has_json),
		cmocka_unit_test(dates_print_milliseconds),
		cmocka_unit_test(nodes_tell_what_they_were),
		cmocka_unit_test(kinds_follow_types),
		cmocka_unit_test(stable_values_are_stored_bytes),
		cmocka_unit_test(paths_through_arrays_need_an_index),
		cmocka_unit_test(spoilt_bytes_never_crash),
		cmocka_unit_test(damage_names_its_path),
		cmocka_unit_test(texts_of_odd_types_are_checked),
		cmocka_unit_test(endless_nesting_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
