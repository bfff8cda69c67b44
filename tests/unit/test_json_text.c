/* test_json_text.c: JSON is printed as Node.js, CPython, PostgreSQL and RFC 8785 print it */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/digest.h"
#include "chain/json_text.h"
#include "vectors.h"

static struct drvp_arena arena;
static struct drvp_strbuf out;

static int reset(void **state)
{
	(void)state;
	drvp_arena_free(&arena);
	drvp_strbuf_free(&out);
	return 0;
}

static const struct drvp_json *parse(const char *text, size_t len)
{
	static const struct drvp_json_limits limits = { 1 << 24, 100, DRVP_JSON_DUPLICATES };
	struct drvp_json *root = NULL;

	assert_int_equal(0, drvp_json_parse(&root, &arena, text, len, &limits, NULL));
	return root;
}

/* Prints once with a fresh printer; returns whether something was lost. */
static bool print(const struct drvp_json_style *style, const struct drvp_json_filter *filter,
		  const struct drvp_json *value, bool order_lost)
{
	struct drvp_json_printer printer = { .out = &out, .style = style,
					     .order_lost = order_lost };

	if (filter)
		printer.filter = *filter;
	drvp_strbuf_clear(&out);
	drvp_json_print_value(&printer, value);
	assert_false(out.failed);
	drvp_json_printer_free(&printer);
	return printer.lossy;
}

static void expect(const struct drvp_json_style *style, const struct drvp_json_filter *filter,
		   const struct drvp_json *in, const struct drvp_json *expected)
{
	print(style, filter, parse(in->text, in->len), false);
	if (strcmp(out.data, expected->text))
		fail_msg("%s: %s gives\n%s instead of\n%s", style->name, in->text, out.data,
			 expected->text);
}

static void test_javascript(void **state)
{
	const struct drvp_json *root = vectors_read(&arena, "javascript.json");
	const struct drvp_json *names = drvp_json_member(root, "allow");
	const struct drvp_json *rows = drvp_json_member(root, "documents");
	const struct drvp_json_style *javascript = drvp_json_style_named("javascript");
	const struct drvp_json_style *jcs = drvp_json_style_named("jcs");
	struct drvp_json_key allow[16];
	struct drvp_json_filter filter = { .allow = allow };

	(void)state;
	for (const struct drvp_json *name = names->first; name; name = name->next)
		allow[filter.allow_count++] = (struct drvp_json_key){ name->text, name->len };
	assert_true(rows->count > 20);
	for (const struct drvp_json *row = rows->first; row; row = row->next) {
		expect(javascript, NULL, vectors_at(row, 0), vectors_at(row, 1));
		expect(jcs, NULL, vectors_at(row, 0), vectors_at(row, 2));
		expect(javascript, &filter, vectors_at(row, 0), vectors_at(row, 3));
	}
}

/* JSON.stringify writes them as escapes; a store that holds them does so in the form of UTF-8. */
static void test_lone_surrogates(void **state)
{
	const struct drvp_json *rows =
		drvp_json_member(vectors_read(&arena, "javascript.json"), "surrogates");

	(void)state;
	for (const struct drvp_json *row = rows->first; row; row = row->next) {
		const struct drvp_json *hex = vectors_at(row, 0);
		uint8_t bytes[64];
		long len = drvp_hex_decode(hex->text, hex->len, bytes, sizeof bytes);

		assert_true(len > 0);
		drvp_strbuf_clear(&out);
		drvp_json_print_string(&out, drvp_json_style_named("javascript"),
				       (const char *)bytes, (size_t)len);
		assert_string_equal(vectors_at(row, 1)->text, out.data);
	}
}

static void test_python(void **state)
{
	const struct drvp_json *rows =
		drvp_json_member(vectors_read(&arena, "python.json"), "documents");
	struct drvp_json_style sorted = *drvp_json_style_named("python-compact"), utf8;

	(void)state;
	sorted.sort = DRVP_SORT_CODE_POINTS;
	utf8 = sorted;
	utf8.escape = DRVP_ESCAPE_MINIMAL;
	assert_true(rows->count > 10);
	for (const struct drvp_json *row = rows->first; row; row = row->next) {
		expect(drvp_json_style_named("python"), NULL, vectors_at(row, 0),
		       vectors_at(row, 1));
		expect(drvp_json_style_named("python-compact"), NULL, vectors_at(row, 0),
		       vectors_at(row, 2));
		expect(&sorted, NULL, vectors_at(row, 0), vectors_at(row, 3));
		expect(&utf8, NULL, vectors_at(row, 0), vectors_at(row, 4));
	}
}

/* What SELECT '…'::jsonb::text gives. */
static void test_jsonb(void **state)
{
	static const char in[] = "{\"bb\":1.10,\"a\":[1,{}],\"ccc\":\"한\\u007f\\t\",\"ab\":null}";

	(void)state;
	print(drvp_json_style_named("postgres-jsonb"), NULL, parse(in, strlen(in)), true);
	assert_string_equal("{\"a\": [1, {}], \"ab\": null, \"bb\": 1.10, \"ccc\": \"한\x7f\\t\"}",
			    out.data);
}

static void test_every_escape_at_every_offset(void **state)
{
	const struct drvp_json_style *minimal = drvp_json_style_named("javascript");
	const struct drvp_json_style *ascii = drvp_json_style_named("python");
	char text[40];

	(void)state;
	for (size_t at = 0; at < 20; at++)
		for (int c = 1; c < 256; c++) {
			bool wide = c >= 0x80;
			size_t plain = 0;

			if (c >= 0xC0)
				continue;
			memset(text, 'x', sizeof text);
			text[at] = (char)(wide ? 0xC2 : c);
			text[at + 1] = (char)(wide ? c : 'x');
			drvp_strbuf_clear(&out);
			drvp_json_print_string(&out, minimal, text, 30);
			plain = c >= 0x20 && c != '"' && c != '\\' ? 32 : 0;
			assert_true(plain ? out.len == plain : out.len > 32);
			drvp_strbuf_clear(&out);
			drvp_json_print_string(&out, ascii, text, 30);
			plain = c < 0x7F ? plain : 0;
			assert_true(plain ? out.len == plain : out.len > 32);
		}
}

/* What stands around a character makes no difference: it is escaped as it is alone. */
static void test_every_style_at_every_offset(void **state)
{
	static const char *const wide[] = { "\xC2\x80", "é", "“", "\xE2\x80\xA8", "\xE2\x80\xA9", "가",
					    "힣", "　", "\xEE\x80\x80", "\xEF\xBF\xBF", "😀",
					    "\xED\xA0\x80" };
	static const char *const fillers[] = { "x", "한", "é" };
	struct drvp_strbuf alone = DRVP_STRBUF_INIT, text = DRVP_STRBUF_INIT;
	struct drvp_json_style style = { 0 };

	(void)state;
	for (; drvp_json_escape_names[style.escape]; style.escape++)
		for (int c = 1; c < 0x80 + (int)(sizeof wide / sizeof *wide); c++) {
			char ascii[2] = { (char)c, '\0' };
			const char *character = c < 0x80 ? ascii : wide[c - 0x80], *filler;

			filler = fillers[c % 3];
			for (int at = 0; at < 20; at++) {
				drvp_strbuf_clear(&text);
				drvp_strbuf_clear(&alone);
				drvp_strbuf_clear(&out);
				drvp_strbuf_char(&alone, '"');
				for (int i = 0; i < 20; i++) {
					const char *next = i == at ? character : filler;

					drvp_strbuf_str(&text, next);
					drvp_json_print_string(&out, &style, next, strlen(next));
					drvp_strbuf_add(&alone, out.data + 1, out.len - 2);
					drvp_strbuf_clear(&out);
				}
				drvp_strbuf_char(&alone, '"');
				drvp_json_print_string(&out, &style, text.data, text.len);
				assert_string_equal(alone.data, out.data);
			}
		}
	drvp_strbuf_free(&alone);
	drvp_strbuf_free(&text);
}

static void test_filters(void **state)
{
	static const char in[] = "{\"keep\":{\"drop\":{\"x\":1}},\"drop\":1,\"e\":{},\"l\":[],"
				 "\"o\":{\"drop\":2},\"a\":[{}]}";
	const struct drvp_json_key drop[] = { { "drop", 4 } };
	struct drvp_json_filter filter = { .drop = drop, .drop_count = 1 };

	(void)state;
	print(drvp_json_style_named("jcs"), &filter, parse(in, strlen(in)), true);
	assert_string_equal("{\"a\":[{}],\"e\":{},\"keep\":{},\"l\":[],\"o\":{}}", out.data);
	filter.drop_empty = true;
	print(drvp_json_style_named("jcs"), &filter, parse(in, strlen(in)), true);
	assert_string_equal("{\"a\":[{}],\"l\":[]}", out.data);
}

/* What was no JSON in its document is printed by what it was. */
static void test_origins(void **state)
{
	static const struct {
		const char *style;
		bool typed;
		int type, origin;
		const char *text, *expected;
	} rows[] = {
		{ "javascript", false, DRVP_JSON_STRING, DRVP_ORIGIN_DATE, "2026-01-02T03:04:05.678Z",
		  "\"2026-01-02T03:04:05.678Z\"" },
		{ "javascript", true, DRVP_JSON_STRING, DRVP_ORIGIN_DATE, "2026-01-02T03:04:05.678Z",
		  "{\"$date\":\"2026-01-02T03:04:05.678Z\"}" },
		{ "python", true, DRVP_JSON_STRING, DRVP_ORIGIN_OBJECT_ID, "0123456789abcdef01234567",
		  "{\"$oid\": \"0123456789abcdef01234567\"}" },
		{ "jcs", false, DRVP_JSON_STRING, DRVP_ORIGIN_OBJECT_ID, "0123456789abcdef01234567",
		  "\"0123456789abcdef01234567\"" },
		{ "jcs", true, DRVP_JSON_STRING, DRVP_ORIGIN_NONE, "text", "\"text\"" },
		{ "python", false, DRVP_JSON_NUMBER, DRVP_ORIGIN_NONE, "1", "1" },
		{ "python", false, DRVP_JSON_NUMBER, DRVP_ORIGIN_DOUBLE, "1", "1.0" },
		{ "python", false, DRVP_JSON_NUMBER, DRVP_ORIGIN_DOUBLE, "-0", "-0.0" },
		{ "python", false, DRVP_JSON_NUMBER, DRVP_ORIGIN_DOUBLE, "1234567890123456",
		  "1234567890123456.0" },
		{ "python", false, DRVP_JSON_NUMBER, DRVP_ORIGIN_DOUBLE, "10000000000000000", "1e+16" },
		{ "jackson", false, DRVP_JSON_NUMBER, DRVP_ORIGIN_DOUBLE, "12345678", "1.2345678E7" },
		{ "javascript", false, DRVP_JSON_NUMBER, DRVP_ORIGIN_DOUBLE, "1", "1" },
		{ "postgres-jsonb", false, DRVP_JSON_NUMBER, DRVP_ORIGIN_DOUBLE, "1", "1" },
		{ "javascript", false, DRVP_JSON_STRING, DRVP_ORIGIN_DOUBLE, "NaN", "null" },
		{ "python", false, DRVP_JSON_STRING, DRVP_ORIGIN_DOUBLE, "-Infinity", "-Infinity" },
		{ "postgres-jsonb", false, DRVP_JSON_STRING, DRVP_ORIGIN_DOUBLE, "Infinity",
		  "\"Infinity\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct drvp_json_style style = *drvp_json_style_named(rows[i].style);
		struct drvp_json member = { .type = (uint8_t)rows[i].type,
					    .origin = (uint8_t)rows[i].origin,
					    .key = "k", .key_len = 1,
					    .text = rows[i].text, .len = strlen(rows[i].text) };
		struct drvp_json object = { .type = DRVP_JSON_OBJECT, .first = &member, .count = 1 };
		struct drvp_strbuf expected = DRVP_STRBUF_INIT;

		style.typed = rows[i].typed;
		print(&style, NULL, &member, false);
		assert_string_equal(rows[i].expected, out.data);
		drvp_strbuf_printf(&expected, "{\"k\"%s%s}", style.colon, rows[i].expected);
		print(&style, NULL, &object, false);
		assert_string_equal(expected.data, out.data);
		drvp_strbuf_free(&expected);
	}
}

/* What the store lost is said only where it can matter. */
static void test_lossy(void **state)
{
	static const struct {
		const char *style, *in;
		bool lossy;
	} rows[] = {
		{ "javascript", "{}", false },
		{ "javascript", "{\"a\":1}", false },
		{ "javascript", "{\"a\":1,\"b\":2}", true },
		{ "javascript", "{\"a\":1,\"2\":2}", false },
		{ "javascript", "{\"1\":1,\"2\":2}", false },
		{ "javascript", "[{\"x\":{\"a\":1,\"b\":2}}]", true },
		{ "jcs", "{\"a\":1,\"b\":2}", false },
		{ "python", "{\"a\":1,\"2\":2}", true },
		{ "python", "{\"a\":9999999999999999}", false },
		{ "python", "{\"a\":10000000000000000}", true },
		{ "python", "{\"a\":10000000000000000.0}", false },
		{ "postgres-jsonb", "{\"a\":1,\"b\":10000000000000000}", false },
		{ "go", "{\"a\":1,\"b\":10000000000000000000000}", false },
		{ "serde", "{\"a\":1,\"b\":9999999999999999}", false },
		{ "serde", "{\"a\":-10000000000000000}", true },
		{ "serde", "{\"a\":100000000000000000000}", false },
		{ "jackson", "{\"a\":9999999}", false },
		{ "jackson", "{\"a\":10000000}", true },
		{ "jackson", "{\"a\":1,\"b\":2}", true },
		{ "php", "{\"a\":99999999999999999}", false },
		{ "php", "{\"a\":100000000000000000}", true },
		{ "php", "{\"a\":10000000000000000000}", false },
		{ "dotnet", "{\"a\":99999999999999999}", false },
		{ "dotnet", "{\"a\":100000000000000000}", true },
	};
	const struct drvp_json_key allow[] = { { "b", 1 }, { "a", 1 } };
	const struct drvp_json_filter filter = { .allow = allow, .allow_count = 2 };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct drvp_json_style *style = drvp_json_style_named(rows[i].style);
		const struct drvp_json *value = parse(rows[i].in, strlen(rows[i].in));

		if (print(style, NULL, value, true) != rows[i].lossy)
			fail_msg("%s of %s", rows[i].style, rows[i].in);
		assert_false(print(style, NULL, value, false));
	}
	assert_false(print(drvp_json_style_named("javascript"), &filter,
			   parse("{\"a\":1,\"b\":2}", 13), true));
	assert_string_equal("{\"b\":2,\"a\":1}", out.data);
}

/* The public vectors of RFC 8785, when DRV_CONFORMANCE says where they are. */
static void test_jcs_conformance(void **state)
{
	static const char *const names[] = { "arrays", "french", "structures", "unicode", "values",
					     "weird" };
	const char *folder = getenv("DRV_CONFORMANCE");

	(void)state;
	if (!folder)
		skip();
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char path[1000], *in, *expected;
		size_t in_len = 0, expected_len = 0;

		snprintf(path, sizeof path, "%s/jcs/input/%s.json", folder, names[i]);
		in = vectors_file(path, &in_len);
		snprintf(path, sizeof path, "%s/jcs/output/%s.json", folder, names[i]);
		expected = vectors_file(path, &expected_len);
		assert_non_null(in);
		assert_non_null(expected);
		print(drvp_json_style_named("jcs"), NULL, parse(in, in_len), false);
		while (expected_len && expected[expected_len - 1] == '\n')
			expected_len--;
		assert_int_equal(expected_len, out.len);
		assert_memory_equal(expected, out.data, expected_len);
		free(in);
		free(expected);
	}
}

/* What PHP 8.2 prints after ksort(), Node.js of an object made anew from sorted names, and Jackson
 * of a tree whose objects were sorted, but for those in arrays. */
static const struct {
	const char *style;
	int sort;
	const char *in, *expected;
} orders[] = {
	{ "php", DRVP_SORT_PHP,
	  "{\"10\":0,\"9\":1,\"b\":2,\"a\":3,\"1.5\":4,\"01\":5,\"e\":6,\"-1\":7,\"Z\":8}",
	  "{\"-1\":7,\"01\":5,\"1.5\":4,\"9\":1,\"10\":0,\"Z\":8,\"a\":3,\"b\":2,\"e\":6}" },
	{ "php", DRVP_SORT_PHP,
	  "{\"a\":0,\"B\":1,\"10\":2,\"2\":3,\"1e1\":4,\" 3\":5,\"x\":6}",
	  "{\"2\":3,\" 3\":5,\"10\":2,\"1e1\":4,\"B\":1,\"a\":0,\"x\":6}" },
	{ "php", DRVP_SORT_PHP, "{\"9223372036854775808\":0,\"5\":1,\"z\":2}",
	  "{\"5\":1,\"9223372036854775808\":0,\"z\":2}" },
	{ "javascript", DRVP_SORT_REBUILT,
	  "{\"10\":0,\"9\":1,\"b\":2,\"1.5\":4,\"01\":5,\"\303\251\":6,\"-1\":7,\"\357\277\275\":9,"
	  "\"\360\237\230\200\":10}",
	  "{\"9\":1,\"10\":0,\"-1\":7,\"01\":5,\"1.5\":4,\"b\":2,\"\303\251\":6,"
	  "\"\360\237\230\200\":10,\"\357\277\275\":9}" },
	{ "jackson", DRVP_SORT_OUTSIDE_ARRAYS, "{\"b\":{\"d\":1,\"c\":{\"f\":[],\"e\":2}},\"a\":0}",
	  "{\"a\":0,\"b\":{\"c\":{\"e\":2,\"f\":[]},\"d\":1}}" },
};

/* What stands in arrays keeps its order, which jsonb forgot. */
static void test_order_within_arrays(void **state)
{
	static const char in[] = "{\"b\":[{\"d\":[{\"f\":1,\"e\":2}],\"c\":3}],"
				 "\"a\":{\"h\":4,\"g\":5}}";
	struct drvp_json_style style = *drvp_json_style_named("jackson");

	(void)state;
	style.sort = DRVP_SORT_OUTSIDE_ARRAYS;
	assert_false(print(&style, NULL, parse(in, sizeof in - 1), false));
	assert_string_equal("{\"a\":{\"g\":5,\"h\":4},\"b\":[{\"d\":[{\"f\":1,\"e\":2}],\"c\":3}]}",
			    out.data);
	assert_true(print(&style, NULL, parse(in, sizeof in - 1), true));
}

static void test_orders(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
		struct drvp_json_style style = *drvp_json_style_named(orders[i].style);

		style.sort = orders[i].sort;
		assert_false(print(&style, NULL, parse(orders[i].in, strlen(orders[i].in)), true));
		assert_string_equal(orders[i].expected, out.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_orders, reset),
		cmocka_unit_test_teardown(test_order_within_arrays, reset),
		cmocka_unit_test_teardown(test_javascript, reset),
		cmocka_unit_test_teardown(test_lone_surrogates, reset),
		cmocka_unit_test_teardown(test_python, reset),
		cmocka_unit_test_teardown(test_jsonb, reset),
		cmocka_unit_test_teardown(test_every_escape_at_every_offset, reset),
		cmocka_unit_test_teardown(test_every_style_at_every_offset, reset),
		cmocka_unit_test_teardown(test_filters, reset),
		cmocka_unit_test_teardown(test_origins, reset),
		cmocka_unit_test_teardown(test_lossy, reset),
		cmocka_unit_test_teardown(test_jcs_conformance, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
