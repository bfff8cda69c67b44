/* test_fields.c: members by table: every kind, every mistake, and "did you mean" */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/clock.h"
#include "document/fields.h"

struct inner {
	struct drvp_number rto;
	const char *zone;
};

struct common {
	const char *check;
	struct drvp_number priority;
};

struct config {
	bool required;
	const char *name;
	const char *column;
	struct drvp_names columns;
	struct drvp_number max_loss;
	struct drvp_number captured_at;
	struct drvp_tolerance tolerance;
	struct drvp_number restored_by;
	struct inner objectives;
	const struct drvp_json *filter;
	size_t custom;
};

static const char *const ways[] = { "physical", "logical", "neither", NULL };

static int read_even_list(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	if (value->type != DRVP_JSON_ARRAY || value->count % 2)
		return drvp_document_fail(reader, value, "expected %s", "an even number of things");
	*(size_t *)out = value->count;
	return 0;
}

static const struct drvp_field inner_fields[] = {
	{ "rto", DRVP_FIELD_DURATION, 0, offsetof(struct inner, rto) },
	{ "zone", DRVP_FIELD_TEXT, DRVP_REQUIRED, offsetof(struct inner, zone) },
	{ NULL },
};

static const struct drvp_field common_fields[] = {
	{ "check", DRVP_FIELD_TEXT, DRVP_REQUIRED, offsetof(struct common, check) },
	{ "priority", DRVP_FIELD_UINT, 0, offsetof(struct common, priority) },
	{ NULL },
};

static const struct drvp_field config_fields[] = {
	{ "required", DRVP_FIELD_BOOL, 0, offsetof(struct config, required) },
	{ "name", DRVP_FIELD_TEXT, 0, offsetof(struct config, name) },
	{ "column", DRVP_FIELD_COLUMN, 0, offsetof(struct config, column) },
	{ "columns", DRVP_FIELD_COLUMNS, 0, offsetof(struct config, columns) },
	{ "max_loss", DRVP_FIELD_DURATION, 0, offsetof(struct config, max_loss) },
	{ "captured_at", DRVP_FIELD_TIME, 0, offsetof(struct config, captured_at) },
	{ "tolerance", DRVP_FIELD_TOLERANCE, 0, offsetof(struct config, tolerance) },
	{ "restored_by", DRVP_FIELD_CHOICE, 0, offsetof(struct config, restored_by),
	  .choices = ways },
	{ "objectives", DRVP_FIELD_OBJECT, 0, offsetof(struct config, objectives),
	  .fields = inner_fields },
	{ "filter", DRVP_FIELD_ANY, 0, offsetof(struct config, filter) },
	{ "pairs", DRVP_FIELD_CUSTOM, 0, offsetof(struct config, custom),
	  .read = read_even_list },
	{ NULL },
};

static struct drvp_arena arena;
static struct drv_error err;
static struct config config;
static struct common common;

static int free_arena(void **state)
{
	(void)state;
	drvp_arena_free(&arena);
	return 0;
}

static const struct drvp_json *parse(const char *text)
{
	static const struct drvp_json_limits limits = { 10000, 16, 0 };
	struct drvp_json *root;

	err = (struct drv_error)DRV_ERROR_INIT;
	if (drvp_json_parse(&root, &arena, text, strlen(text), &limits, &err))
		fail_msg("%s", err.message);
	return root;
}

static int read_text(const char *text)
{
	const struct drvp_field *const tables[] = { common_fields, config_fields, NULL };
	void *const outs[] = { &common, &config };
	const struct drvp_json *object = parse(text);
	struct drvp_reader reader = { &arena, &err, "day.json" };

	memset(&config, 0, sizeof config);
	memset(&common, 0, sizeof common);
	return drvp_fields_read(&reader, object, tables, outs);
}

static void every_kind_is_read(void **state)
{
	static const char text[] =
		"{\"filter\":{\"any\":[1]},\"required\":true,\"name\":\"\",\"check\":\"row_count\","
		"\"column\":\"petId\",\"columns\":[\"a\",\"강\"],\"max_loss\":\"1h30m\","
		"\"captured_at\":\"1970-01-02T00:00:00Z\",\"tolerance\":\"0.5%\",\"priority\":0,"
		"\"restored_by\":\"logical\",\"objectives\":{\"zone\":\"Asia/Seoul\"},"
		"\"pairs\":[1,2]}";

	(void)state;
	assert_int_equal(read_text(text), 0);
	assert_true(config.required);
	assert_string_equal(config.name, "");
	assert_string_equal(common.check, "row_count");
	assert_true(common.priority.set);
	assert_int_equal(common.priority.value, 0);
	assert_string_equal(config.column, "petId");
	assert_int_equal(config.columns.count, 2);
	assert_string_equal(config.columns.names[0], "a");
	assert_string_equal(config.columns.names[1], "강");
	assert_int_equal(config.max_loss.value, 5400 * DRVP_SECOND);
	assert_int_equal(config.captured_at.value, 86400 * DRVP_SECOND);
	assert_true(config.tolerance.set && config.tolerance.percent);
	assert_int_equal(config.tolerance.amount, 500);
	assert_true(config.restored_by.set);
	assert_int_equal(config.restored_by.value, 1);
	assert_false(config.objectives.rto.set);
	assert_string_equal(config.objectives.zone, "Asia/Seoul");
	assert_int_equal(config.filter->first->count, 1);
	assert_int_equal(config.custom, 2);
}

static void what_is_absent_stays_unset(void **state)
{
	(void)state;
	assert_int_equal(read_text("{\"check\":\"x\"}"), 0);
	assert_false(common.priority.set || config.max_loss.set || config.captured_at.set ||
		     config.tolerance.set || config.restored_by.set);
	assert_null(config.name);
	assert_null(config.filter);
	assert_int_equal(config.columns.count, 0);
}

static void mistakes_say_where_and_what(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "[]", "1:1: expected an object, found an array" },
		{ "{\n \"name\":\"x\"}", "1:1: \"check\" is missing" },
		{ "{\"check\":\"x\",\n \"objectives\": {}}", "2:16: \"zone\" is missing" },
		{ "{\"check\":null}", "1:10: \"check\": expected a string, found null" },
		{ "{\"check\":\"a\\u0000b\"}",
		  "1:10: \"check\": expected a string, found a NUL in it" },
		{ "{\n  \"maxLoss\": \"1h\"}",
		  "2:3: unknown member \"maxLoss\"; did you mean \"max_loss\"?" },
		{ "{\"prioritiy\":1}",
		  "1:2: unknown member \"prioritiy\"; did you mean \"priority\"?" },
		{ "{\"max_loss\\u0000\":1}",
		  "1:2: unknown member \"max_loss\\u0000\"; did you mean \"max_loss\"?" },
		{ "{\"zzz\":1}", "1:2: unknown member \"zzz\"; expected one of: check, priority, "
				 "required, name, column, columns, max_loss, captured_at, "
				 "tolerance, restored_by, objectives, filter, pairs" },
		{ "{\"objectives\":{\"rta\":1}}",
		  "1:16: unknown member \"rta\"; did you mean \"rto\"?" },
		{ "{\"required\":1}",
		  "1:13: \"required\": expected true or false, found a number" },
		{ "{\"priority\":\"1\"}", "1:13: \"priority\": expected a whole number such as "
					  "50000, found a string" },
		{ "{\"priority\":-1}", "1:13: \"priority\": expected a whole number such as 50000, "
				       "found a negative number" },
		{ "{\"priority\":1.0}", "1:13: \"priority\": expected a whole number such as "
					"50000, found a number with a fraction or an exponent" },
		{ "{\"priority\":9223372036854775808}",
		  "1:13: \"priority\": expected a whole number such as 50000, found a number above "
		  "2^63-1" },
		{ "{\"column\":\"\"}",
		  "1:11: \"column\": expected the name of a column, found an empty string" },
		{ "{\"columns\":\"a\"}",
		  "1:12: \"columns\": expected a list of columns, found a string" },
		{ "{\"columns\":[]}",
		  "1:12: \"columns\": expected at least one column, found none" },
		{ "{\"columns\":[\"a\", 5]}",
		  "1:18: expected the name of a column, found a number" },
		{ "{\"max_loss\":90}",
		  "1:13: \"max_loss\": expected a duration such as \"90m\", found a number" },
		{ "{\"max_loss\":\"secret\"}",
		  "1:13: \"max_loss\": expected a duration such as \"90m\", found other text" },
		{ "{\"captured_at\":\"2025-12-30 05:30:00\"}",
		  "1:16: \"captured_at\": expected a time with its zone such as "
		  "\"2025-12-30T05:30:00Z\", found other text" },
		{ "{\"captured_at\":0}",
		  "1:16: \"captured_at\": expected a time with its zone such as "
		  "\"2025-12-30T05:30:00Z\", found a number" },
		{ "{\"tolerance\":true}", "1:14: \"tolerance\": expected a whole number or a "
					  "percentage such as \"2%\", found true or false" },
		{ "{\"restored_by\":\"phisical\"}",
		  "1:16: \"restored_by\": expected \"physical\", \"logical\" or \"neither\" (did "
		  "you mean \"physical\"?), found other text" },
		{ "{\"restored_by\":1}", "1:16: \"restored_by\": expected \"physical\", "
					 "\"logical\" or \"neither\", found a number" },
		{ "{\"pairs\":[1]}", "1:10: expected an even number of things" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(read_text(cases[i].text), DRV_E_DOCUMENT);
		assert_int_equal(err.status, DRV_E_DOCUMENT);
		assert_memory_equal(err.message, "day.json:", 9);
		assert_string_equal(err.message + 9, cases[i].message);
	}
}

static void numbers_reach_their_limit(void **state)
{
	(void)state;
	assert_int_equal(read_text("{\"check\":\"\",\"priority\":9223372036854775807}"), 0);
	assert_int_equal(common.priority.value, INT64_MAX);
}

static int read_tolerance(const char *value)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	int status;

	drvp_strbuf_printf(&text, "{\"check\":\"\",\"tolerance\":%s}", value);
	status = read_text(text.data);
	drvp_strbuf_free(&text);
	return status;
}

static void tolerances_are_rows_or_percentages(void **state)
{
	static const struct {
		const char *text;
		bool percent;
		int64_t amount;
	} good[] = {
		{ "0", false, 0 },          { "12345", false, 12345 }, { "\"0%\"", true, 0 },
		{ "\"2%\"", true, 2000 },   { "\"0.5%\"", true, 500 }, { "\"0.001%\"", true, 1 },
		{ "\"99.999%\"", true, 99999 },
		{ "\"100%\"", true, 100000 },
		{ "\"100.000%\"", true, 100000 },
		{ "\"12.30%\"", true, 12300 },
	};
	static const char *const bad[] = {
		"-1", "1.5", "\"\"", "\"2\"", "\"%\"", "\"-2%\"", "\"2.%\"", "\".5%\"", "\"2%%\"",
		"\"2 %\"", "\" 2%\"", "\"0.0001%\"", "\"100.001%\"", "\"101%\"", "\"1000%\"",
		"\"02%\"", "\"00%\"", "\"2,5%\"", "\"2%\\u0000\"", "\"1e1%\"", "[]", "{}", "null",
	};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_int_equal(read_tolerance(good[i].text), 0);
		assert_true(config.tolerance.set);
		assert_int_equal(config.tolerance.percent, good[i].percent);
		assert_int_equal(config.tolerance.amount, good[i].amount);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (read_tolerance(bad[i]) != DRV_E_DOCUMENT)
			fail_msg("%s was accepted", bad[i]);
}

/* A mistyped document may hold a connection string where a word was expected. */
static void values_are_never_quoted(void **state)
{
	static const char *const names[] = {
		"check", "required", "column", "columns", "max_loss", "captured_at", "tolerance",
		"restored_by", "objectives", "pairs", "priority", "other",
	};
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	(void)state;
	for (size_t i = 1; i < sizeof names / sizeof *names; i++) {
		drvp_strbuf_clear(&text);
		drvp_strbuf_printf(&text, "{\"check\":\"canary\\u0000\",\"%s\":\"canary\"}",
				   names[i]);
		assert_int_equal(read_text(text.data), DRV_E_DOCUMENT);
		assert_null(strstr(err.message, "canary"));
		drvp_strbuf_clear(&text);
		drvp_strbuf_printf(&text, "{\"%s\":\"canary\\u0000\"}", names[i]);
		assert_int_equal(read_text(text.data), DRV_E_DOCUMENT);
		assert_null(strstr(err.message, "canary"));
	}
	drvp_strbuf_free(&text);
}

static void one_table_is_enough(void **state)
{
	struct drvp_reader reader = { &arena, &err, "one.json" };
	struct inner inner = { 0 };

	(void)state;
	assert_int_equal(drvp_fields_read_one(&reader, parse("{\"zone\":\"UTC\",\"rto\":\"4h\"}"),
					      inner_fields, &inner), 0);
	assert_string_equal(inner.zone, "UTC");
	assert_int_equal(inner.rto.value, 4 * 3600 * DRVP_SECOND);
	reader.err = NULL;
	assert_int_equal(drvp_fields_read_one(&reader, parse("{\"rto\":\"4h\"}"), inner_fields,
					      &inner), DRV_E_DOCUMENT);
}

static void a_failure_is_one_line_with_its_place(void **state)
{
	struct drvp_reader reader = { &arena, &err, "f.json" };
	const struct drvp_json *value = parse("[\n  5]")->first;
	const char *text;

	(void)state;
	assert_int_equal(drvp_document_fail(&reader, value, "%d is %s", 5, "odd"), DRV_E_DOCUMENT);
	assert_string_equal(err.message, "f.json:2:3: 5 is odd");
	assert_int_equal(drvp_document_text(&reader, value, "a name", &text), DRV_E_DOCUMENT);
	assert_string_equal(err.message, "f.json:2:3: expected a name, found a number");
}

static void the_nearest_word_is_suggested(void **state)
{
	static const char *const words[] = { "table", "tables", "source", "max_loss", "row_count",
					     "id", "captured_at", "column_zone", "강남" };
	static const struct {
		const char *word, *suggestion;
	} cases[] = {
		{ "tabel", "table" },          { "tabls", "table" },      { "Tables", "tables" },
		{ "TABLE", "table" },          { "maxloss", "max_loss" },
		{ "max-loss", "max_loss" },
		{ "Max Loss", "max_loss" },    { "rowcuont", "row_count" }, { "ID", "id" },
		{ "capturedAt", "captured_at" }, { "columnZones", "column_zone" },
		{ "sauce", "source" },         { "ix", NULL },            { "", NULL },
		{ "___", NULL },               { "completely else", NULL }, { "강님", "강남" },
		{ "table_table_table_table_table_table_table_table_table_table", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *found = drvp_suggest(cases[i].word, strlen(cases[i].word), words,
						 sizeof words / sizeof *words);

		if (!cases[i].suggestion)
			assert_null(found);
		else if (!found)
			fail_msg("nothing for %s", cases[i].word);
		else
			assert_string_equal(found, cases[i].suggestion);
	}
	assert_null(drvp_suggest("table", 5, words, 0));
}

#define TEST(name) cmocka_unit_test_teardown(name, free_arena)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_kind_is_read),
		TEST(what_is_absent_stays_unset),
		TEST(mistakes_say_where_and_what),
		TEST(numbers_reach_their_limit),
		TEST(tolerances_are_rows_or_percentages),
		TEST(values_are_never_quoted),
		TEST(one_table_is_enough),
		TEST(a_failure_is_one_line_with_its_place),
		TEST(the_nearest_word_is_suggested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
