/* test_mongo_filter.c: query documents from JSON, seen through libbson's own canonical form */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <locale.h>
#include <string.h>

#include "document/filter.h"
#include "store/mongo.h"

static const struct drvp_json *json(struct drvp_arena *arena, const char *text)
{
	static const struct drvp_json_limits limits = { 1 << 20, 200, 0 };
	struct drv_error error = DRV_ERROR_INIT;
	struct drvp_json *root;

	if (drvp_json_parse(&root, arena, text, strlen(text), &limits, &error))
		fail_msg("%s: %s", text, error.message);
	return root;
}

static void expect(const char *text, const char *canonical)
{
	struct drvp_arena arena = { 0 };
	struct drv_error error = DRV_ERROR_INIT;
	bson_t filter;
	char *seen;

	if (drvp_mongo_filter(&filter, json(&arena, text), &error))
		fail_msg("%s: %s", text, error.message);
	assert_true(bson_validate(&filter, BSON_VALIDATE_UTF8_ALLOW_NULL, NULL));
	seen = bson_as_canonical_extended_json(&filter, NULL);
	assert_string_equal(seen, canonical);
	bson_free(seen);
	bson_destroy(&filter);
	drvp_arena_free(&arena);
}

static void plain_json_becomes_bson(void **state)
{
	(void)state;
	expect("{}", "{ }");
	expect("{\"a\": null, \"b\": true, \"c\": \"위염\"}",
	       "{ \"a\" : null, \"b\" : true, \"c\" : \"위염\" }");
	expect("{\"s\": \"a\\u0000b\"}", "{ \"s\" : \"a\\u0000b\" }");
	expect("{\"a\": [1, [], {}]}",
	       "{ \"a\" : [ { \"$numberInt\" : \"1\" }, [  ], {  } ] }");
	expect("{\"\": 1}", "{ \"\" : { \"$numberInt\" : \"1\" } }");
}

static void numbers_take_the_narrowest_type(void **state)
{
	(void)state;
	expect("{\"n\": 2147483647}", "{ \"n\" : { \"$numberInt\" : \"2147483647\" } }");
	expect("{\"n\": -2147483648}", "{ \"n\" : { \"$numberInt\" : \"-2147483648\" } }");
	expect("{\"n\": 2147483648}", "{ \"n\" : { \"$numberLong\" : \"2147483648\" } }");
	expect("{\"n\": 9223372036854775807}",
	       "{ \"n\" : { \"$numberLong\" : \"9223372036854775807\" } }");
	expect("{\"n\": 1.0}", "{ \"n\" : { \"$numberDouble\" : \"1.0\" } }");
	expect("{\"n\": 1e3}", "{ \"n\" : { \"$numberDouble\" : \"1000.0\" } }");
}

static void operators_stay_operators(void **state)
{
	(void)state;
	/* libbson's own JSON reader refuses this one. */
	expect("{\"a\": {\"$type\": \"double\"}}", "{ \"a\" : { \"$type\" : \"double\" } }");
	expect("{\"a\": {\"$regex\": \"^x\", \"$options\": \"i\"}}",
	       "{ \"a\" : { \"$regex\" : \"^x\", \"$options\" : \"i\" } }");
	expect("{\"$and\": [{\"a\": {\"$ne\": null}}]}",
	       "{ \"$and\" : [ { \"a\" : { \"$ne\" : null } } ] }");
	/* A wrapper's name beside others is none. */
	expect("{\"a\": {\"$oid\": \"x\", \"b\": true}}",
	       "{ \"a\" : { \"$oid\" : \"x\", \"b\" : true } }");
}

static void wrappers_become_types(void **state)
{
	static const char *const same[] = {
		"{ \"a\" : { \"$oid\" : \"65f0a1b2c3d4e5f601234567\" } }",
		"{ \"a\" : { \"$numberInt\" : \"-5\" } }",
		"{ \"a\" : { \"$numberLong\" : \"5\" } }",
		"{ \"a\" : { \"$numberDouble\" : \"1.5\" } }",
		"{ \"a\" : { \"$numberDouble\" : \"Infinity\" } }",
		"{ \"a\" : { \"$numberDecimal\" : \"1.10\" } }",
		"{ \"a\" : { \"$date\" : { \"$numberLong\" : \"-1\" } } }",
		"{ \"a\" : { \"$binary\" : { \"base64\" : \"AQI=\", \"subType\" : \"04\" } } }",
		("{ \"a\" : { \"$regularExpression\" : { \"pattern\" : \"^x\", "
		 "\"options\" : \"i\" } } }"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		expect(same[i], same[i]);
	expect("{\"a\": {\"$date\": \"2026-01-01T09:00:00.678+09:00\"}}",
	       "{ \"a\" : { \"$date\" : { \"$numberLong\" : \"1767225600678\" } } }");
	expect("{\"a\": {\"$gt\": {\"$date\": \"1970-01-01T00:00:00Z\"}}}",
	       "{ \"a\" : { \"$gt\" : { \"$date\" : { \"$numberLong\" : \"0\" } } } }");
	expect("{\"a\": {\"$binary\": {\"subType\": \"0\", \"base64\": \"\"}}}",
	       "{ \"a\" : { \"$binary\" : { \"base64\" : \"\", \"subType\" : \"00\" } } }");
}

static void mistakes_have_a_place(void **state)
{
	static const char *const wrong[] = {
		"[]", "1", "{\"a\": {\"$oid\": \"65f0\"}}", "{\"a\": {\"$oid\": 1}}",
		"{\"a\": {\"$date\": \"yesterday\"}}", "{\"a\": {\"$date\": 5}}",
		"{\"a\": {\"$date\": \"2026-01-01T00:00:00\"}}",
		"{\"a\": {\"$date\": \"2026-01-01T00:00:00.0001Z\"}}",
		"{\"a\": {\"$numberInt\": \"2147483648\"}}", "{\"a\": {\"$numberInt\": 5}}",
		"{\"a\": {\"$numberLong\": \"9223372036854775808\"}}",
		"{\"a\": {\"$numberLong\": \"5x\"}}", "{\"a\": {\"$numberLong\": \"\"}}",
		"{\"a\": {\"$numberDouble\": \"1,5\"}}", "{\"a\": {\"$numberDecimal\": \"x\"}}",
		"{\"a\": {\"$binary\": {\"base64\": \"A\", \"subType\": \"00\"}}}",
		"{\"a\": {\"$binary\": {\"base64\": \"AQI=\", \"subType\": \"xx\"}}}",
		"{\"a\": {\"$binary\": \"AQI=\"}}",
		"{\"a\": {\"$regularExpression\": {\"pattern\": \"a\\u0000\", \"options\": \"\"}}}",
		"{\"a\": 9223372036854775808}", "{\"a\": 1e999}", "{\"a\\u0000b\": 1}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct drvp_arena arena = { 0 };
		struct drv_error error = DRV_ERROR_INIT;
		bson_t filter;

		if (drvp_mongo_filter(&filter, json(&arena, wrong[i]), &error) != DRV_E_USAGE)
			fail_msg("%s passed", wrong[i]);
		assert_int_equal(filter.len, 5);
		assert_int_equal(strncmp(error.message, "filter, line 1 column ", 22), 0);
		bson_destroy(&filter);
		drvp_arena_free(&arena);
	}
}

static void nesting_has_a_limit(void **state)
{
	struct drvp_arena arena = { 0 };
	struct drv_error error = DRV_ERROR_INIT;
	char text[2000] = "";
	bson_t filter;

	(void)state;
	for (int i = 0; i < 150; i++)
		strcat(text, "{\"a\":");
	strcat(text, "1");
	for (int i = 0; i < 150; i++)
		strcat(text, "}");
	assert_int_equal(drvp_mongo_filter(&filter, json(&arena, text), &error), DRV_E_USAGE);
	bson_destroy(&filter);
	drvp_arena_free(&arena);
}

static void no_filter_matches_everything(void **state)
{
	struct drvp_selection nothing = { 0 };
	struct drv_error error = DRV_ERROR_INIT;
	bson_t filter;

	(void)state;
	assert_int_equal(drvp_mongo_filter(&filter, NULL, &error), 0);
	assert_true(bson_empty(&filter));
	bson_destroy(&filter);
	assert_int_equal(drvp_mongo_selection(&filter, &nothing, &error), 0);
	assert_true(bson_empty(&filter));
	bson_destroy(&filter);
}

static void code_runs_only_where_it_may(void **state)
{
	struct drvp_arena arena = { 0 };
	struct drvp_selection selection = {
		NULL, 0, json(&arena, "{\"a\": [{\"$where\": \"sleep(9)\"}]}"), false
	};
	struct drv_error error = DRV_ERROR_INIT;
	bson_t filter;

	(void)state;
	assert_int_equal(drvp_mongo_selection(&filter, &selection, &error), DRV_E_NOT_ALLOWED);
	assert_true(bson_empty(&filter));
	bson_destroy(&filter);
	selection.run_code = true;
	assert_int_equal(drvp_mongo_selection(&filter, &selection, &error), 0);
	assert_false(bson_empty(&filter));
	bson_destroy(&filter);
	drvp_arena_free(&arena);
}

static void conditions_are_joined(void **state)
{
	static const char expected[] =
		"{ \"$and\" : [ { \"deletedAt\" : null }, { \"hash\" : { \"$ne\" : null } }, "
		"{ \"n\" : { \"$gte\" : { \"$numberInt\" : \"5\" } } }, "
		"{ \"$or\" : [ { \"at\" : { \"$eq\" : \"1970-01-01T00:00:01Z\" } }, "
		"{ \"at\" : { \"$eq\" : { \"$date\" : { \"$numberLong\" : \"1000\" } } } } ] }, "
		"{ \"$or\" : [ { \"at\" : { \"$gte\" : \"1970-01-01T00:00:00.0015Z\" } }, "
		"{ \"at\" : { \"$gte\" : { \"$date\" : { \"$numberLong\" : \"2\" } } } } ] }, "
		"{ \"x\" : { \"$numberInt\" : \"1\" } } ] }";
	struct drvp_arena arena = { 0 };
	const struct drvp_condition where[] = {
		{ "deletedAt", DRVP_IS_NULL, NULL }, { "hash", DRVP_NOT_NULL, NULL },
		{ "n", DRVP_AT_LEAST, json(&arena, "5") },
		{ "at", DRVP_EQUALS, json(&arena, "\"1970-01-01T00:00:01Z\"") },
		{ "at", DRVP_AT_LEAST, json(&arena, "\"1970-01-01T00:00:00.0015Z\"") },
	};
	struct drvp_selection selection = { where, 5, json(&arena, "{\"x\": 1}") };
	struct drv_error error = DRV_ERROR_INIT;
	bson_t filter;
	char *seen;

	(void)state;
	assert_int_equal(drvp_mongo_selection(&filter, &selection, &error), 0);
	seen = bson_as_canonical_extended_json(&filter, NULL);
	assert_string_equal(seen, expected);
	bson_free(seen);
	bson_destroy(&filter);
	drvp_arena_free(&arena);
}

/* Runs last: a host application may have set any locale. */
static void a_comma_locale_changes_nothing(void **state)
{
	static const char *const names[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE.utf8" };
	bool set = false;

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names && !set; i++)
		set = setlocale(LC_NUMERIC, names[i]) != NULL;
	if (!set)
		skip();
	numbers_take_the_narrowest_type(NULL);
	setlocale(LC_NUMERIC, "C");
}

static void server_side_code_is_found(void **state)
{
	static const struct { const char *filter; bool code; } cases[] = {
		{ "{}", false }, { "{\"$where\": \"1\"}", true },
		{ "{\"where\": \"$where\"}", false },
		{ "{\"$and\": [{\"a\": 1}, {\"$where\": \"1\"}]}", true },
		{ "{\"$expr\": {\"$eq\": [{\"$function\": {}}, 1]}}", true },
		{ "{\"a\": {\"b\": [[{\"$accumulator\": 1}]]}}", true },
		{ "{\"$wher\": 1, \"$where \": 1}", false },
		{ "{\"a\": {\"$code\": \"x\"}}", true },
	};

	(void)state;
	assert_false(drvp_filter_has_code(NULL));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct drvp_arena arena = { 0 };

		if (drvp_filter_has_code(json(&arena, cases[i].filter)) != cases[i].code)
			fail_msg("%s", cases[i].filter);
		drvp_arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_json_becomes_bson),
		cmocka_unit_test(numbers_take_the_narrowest_type),
		cmocka_unit_test(operators_stay_operators),
		cmocka_unit_test(wrappers_become_types),
		cmocka_unit_test(mistakes_have_a_place),
		cmocka_unit_test(nesting_has_a_limit),
		cmocka_unit_test(no_filter_matches_everything),
		cmocka_unit_test(code_runs_only_where_it_may),
		cmocka_unit_test(conditions_are_joined),
		cmocka_unit_test(server_side_code_is_found),
		cmocka_unit_test(a_comma_locale_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
