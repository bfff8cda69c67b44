/* test_row_copy.c: copies of rows, after what they were copied from is gone */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json_equal.h"
#include "store/row_copy.h"

static const struct drvp_json *json(struct drvp_arena *arena, const char *text)
{
	static const struct drvp_json_limits limits = { 1 << 20, 1000, DRVP_JSON_DUPLICATES };
	struct drv_error err = DRV_ERROR_INIT;
	struct drvp_json *root;

	if (drvp_json_parse(&root, arena, text, strlen(text), &limits, &err))
		fail_msg("%s", err.message);
	return root;
}

static const char text[] =
	"{\"b\": [1.10, \"\\u0000x\", null, true, []], \"\\u0000\": {}, \"b\": 2}";

/* One value of each shape, in memory of its own, so that sanitizers see who still looks there. */
static struct drvp_value *values_of(struct drvp_arena *arena, char *bytes)
{
	const struct drvp_value values[] = {
		{ .kind = DRVP_NULL },
		{ .kind = DRVP_INTEGER, .integer = INT64_MIN },
		{ .kind = DRVP_FLOAT, .number = 0.1 },
		{ .kind = DRVP_TEXT, .bytes = bytes, .len = 3 },
		{ .kind = DRVP_TEXT, .bytes = bytes, .len = 0 },
		{ .kind = DRVP_UUID, .bytes = bytes, .len = 16 },
		{ .kind = DRVP_DOCUMENT, .json = json(arena, text), .bytes = bytes, .len = 5 },
		{ .kind = DRVP_DOCUMENT, .json = json(arena, "\"lone\""), .order_lost = true },
	};
	struct drvp_value *copy = drvp_arena_array(arena, 8, sizeof *copy);

	assert_non_null(copy);
	memcpy(copy, values, sizeof values);
	return copy;
}

static void a_copy_outlives_its_row(void **state)
{
	struct drvp_arena row = { 0 }, kept = { 0 };
	char *bytes = malloc(16);
	const char **names = malloc(sizeof *names);
	struct drvp_row from = { .value_count = 8, .key_names = names, .key_count = 1,
				 .ctid = { 12, 3 }, .ordinal = 7 }, to;
	const struct drvp_value *copy;

	(void)state;
	assert_true(bytes && names);
	memcpy(bytes, "a\0bcdefghijklmno", 16);
	names[0] = "id";
	from.values = values_of(&row, bytes);
	from.keys = from.values + 3;
	assert_int_equal(drvp_row_copy(&to, &from, &kept), 0);
	copy = to.values;
	free(bytes);
	free(names);
	drvp_arena_free(&row);

	assert_true(to.value_count == 8 && to.key_count == 1 && to.ordinal == 7);
	assert_true(to.ctid.block == 12 && to.ctid.offset == 3);
	assert_string_equal(to.key_names[0], "id");
	assert_memory_equal(to.keys[0].bytes, "a\0b", 4);

	assert_int_equal(copy[0].kind, DRVP_NULL);
	assert_null(copy[0].bytes);
	assert_true(copy[1].kind == DRVP_INTEGER && copy[1].integer == INT64_MIN);
	assert_true(copy[2].kind == DRVP_FLOAT && copy[2].number == 0.1);
	assert_int_equal(copy[3].len, 3);
	assert_memory_equal(copy[3].bytes, "a\0b", 4);
	assert_int_equal(copy[4].len, 0);
	assert_string_equal(copy[4].bytes, "");
	assert_memory_equal(copy[5].bytes, "a\0bcdefghijklmno", 16);
	assert_memory_equal(copy[6].bytes, "a\0bcd", 5);
	assert_true(json_equal(copy[6].json, json(&row, text)));
	assert_int_equal(copy[6].json->count, 3);
	assert_false(copy[6].order_lost);
	assert_true(copy[7].order_lost);
	assert_true(drvp_json_is(copy[7].json, "lone"));
	assert_null(copy[7].bytes);
	drvp_arena_free(&row);
	drvp_arena_free(&kept);
}

static void origins_and_places_are_copied(void **state)
{
	struct drvp_arena kept = { 0 };
	struct drvp_json date = { .type = DRVP_JSON_STRING, .origin = DRVP_ORIGIN_DATE, .line = 3,
				  .text = "2026-01-01T00:00:00.678Z", .len = 24 };
	struct drvp_json list = { .type = DRVP_JSON_ARRAY, .first = &date, .count = 1 };
	struct drvp_value value = { .kind = DRVP_DOCUMENT, .json = &list };
	struct drvp_row from = { .values = &value, .value_count = 1 }, to;
	const struct drvp_value *copy;

	(void)state;
	assert_int_equal(drvp_row_copy(&to, &from, &kept), 0);
	copy = to.values;
	assert_null(to.key_names);
	assert_ptr_not_equal(copy->json->first, &date);
	assert_int_equal(copy->json->first->origin, DRVP_ORIGIN_DATE);
	assert_int_equal(copy->json->first->line, 3);
	assert_null(copy->json->first->next);
	drvp_arena_free(&kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_outlives_its_row),
		cmocka_unit_test(origins_and_places_are_copied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
