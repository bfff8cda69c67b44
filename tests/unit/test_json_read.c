/* test_json_read.c: the JSON parser: values, positions, messages, limits, repeated names */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document/json.h"

static const struct drvp_json_limits usual = { (size_t)1 << 26, 64, 0 };
static const struct drvp_json_limits lenient = { (size_t)1 << 26, 64, DRVP_JSON_DUPLICATES };

static struct drvp_arena arena;
static struct drv_error err;

static int free_arena(void **state)
{
	(void)state;
	drvp_arena_free(&arena);
	return 0;
}

/* Parses an exact-size copy, so that a sanitizer sees any read behind its end. */
static const struct drvp_json *parse_bytes(const char *bytes, size_t len,
					   const struct drvp_json_limits *limits)
{
	char *copy = malloc(len ? len : 1);
	struct drvp_json *root = (struct drvp_json *)&err;
	int status;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	err = (struct drv_error)DRV_ERROR_INIT;
	status = drvp_json_parse(&root, &arena, copy, len, limits, &err);
	memset(copy, 'x', len);
	free(copy);
	assert_int_equal(status, err.status);
	if (status)
		assert_null(root);
	else
		assert_non_null(root);
	return root;
}

static const struct drvp_json *parse(const char *text)
{
	return parse_bytes(text, strlen(text), &usual);
}

static void assert_text(const struct drvp_json *value, const char *bytes, size_t len)
{
	assert_non_null(value);
	assert_int_equal(value->len, len);
	assert_memory_equal(value->text, bytes, len);
	assert_int_equal(value->text[len], '\0');
}

static void scalars_keep_their_text(void **state)
{
	static const char *const numbers[] = {
		"0", "-0", "1.10", "9223372036854775809", "1E+400", "-12.50e-3", "1.0",
	};
	const struct drvp_json *value;

	(void)state;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		value = parse(numbers[i]);
		assert_int_equal(value->type, DRVP_JSON_NUMBER);
		assert_text(value, numbers[i], strlen(numbers[i]));
	}
	assert_int_equal(parse("null")->type, DRVP_JSON_NULL);
	assert_true(parse(" true\n")->truth);
	value = parse("false");
	assert_int_equal(value->type, DRVP_JSON_BOOL);
	assert_false(value->truth);
	assert_text(parse("\"\""), "", 0);
	assert_text(parse("\"보리 and more than eight bytes\""),
		    "보리 and more than eight bytes", strlen("보리 and more than eight bytes"));
}

static void every_token_ends_with_nul(void **state)
{
	const struct drvp_json *v = parse("[1,22,\"a\",\"\\u0041b\",{\"k\":-3}]")->first;

	(void)state;
	assert_text(v, "1", 1);
	assert_text(v->next, "22", 2);
	assert_text(v->next->next, "a", 1);
	assert_text(v->next->next->next, "Ab", 2);
	v = v->next->next->next->next->first;
	assert_string_equal(v->key, "k");
	assert_text(v, "-3", 2);
}

static void escapes_are_decoded(void **state)
{
	static const char nul[] = "a\0b";
	const struct drvp_json *value;

	(void)state;
	assert_text(parse("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), "\"\\/\b\f\n\r\t", 8);
	assert_text(parse("\"\\u00e9\\uD83D\\ude00\\uffff\""), "é😀\xEF\xBF\xBF", 9);
	assert_text(parse("\"a\\u0000b\""), nul, 3);
	value = parse("{\"a\\u0000b\":1}")->first;
	assert_int_equal(value->key_len, 3);
	assert_memory_equal(value->key, nul, 4);
}

static void tree_has_order_counts_and_positions(void **state)
{
	const struct drvp_json *root = parse("\n { \"a\" : [ ] ,\r\n\t\"b\":\n  [true, {}] }"), *b;

	(void)state;
	assert_int_equal(root->line, 2);
	assert_int_equal(root->column, 2);
	assert_int_equal(root->count, 2);
	assert_null(root->key);
	assert_int_equal(root->key_line, 0);
	assert_int_equal(root->first->type, DRVP_JSON_ARRAY);
	assert_int_equal(root->first->count, 0);
	assert_null(root->first->first);
	assert_int_equal(root->first->key_column, 4);
	assert_int_equal(root->first->column, 10);
	b = root->first->next;
	assert_null(b->next);
	assert_int_equal(b->key_line, 3);
	assert_int_equal(b->key_column, 2);
	assert_int_equal(b->line, 4);
	assert_int_equal(b->column, 3);
	assert_int_equal(b->count, 2);
	assert_int_equal(b->first->next->column, 10);
	assert_null(b->first->next->next);
}

static void questions_about_a_tree(void **state)
{
	const struct drvp_json *root = parse("{\"ab\":\"x\",\"a\":\"x\\u0000\",\"n\":5}");

	(void)state;
	assert_true(drvp_json_is(drvp_json_member(root, "ab"), "x"));
	assert_false(drvp_json_is(drvp_json_member(root, "ab"), "xy"));
	assert_false(drvp_json_is(drvp_json_member(root, "a"), "x"));
	assert_false(drvp_json_is(drvp_json_member(root, "n"), "5"));
	assert_false(drvp_json_is(NULL, ""));
	assert_null(drvp_json_member(root, "b"));
	assert_null(drvp_json_member(root->first, "ab"));
	assert_null(drvp_json_member(NULL, "ab"));
	assert_string_equal(drvp_json_type_name(DRVP_JSON_OBJECT), "an object");
	assert_string_equal(drvp_json_type_name(DRVP_JSON_NULL), "null");
}

static void mistakes_say_where_and_what(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "", "1:1: expected a value, found the end" },
		{ " \n ", "2:2: expected a value, found the end" },
		{ "\xEF\xBB\xBF{}", "1:1: expected a value, found a byte order mark" },
		{ "nul", "1:1: expected a value, found 'n'" },
		{ "[1,]", "1:4: expected a value, found ']'" },
		{ "[1 2]", "1:4: expected ',' or ']', found '2'" },
		{ "[1", "1:3: expected ',' or ']', found the end" },
		{ "[1}", "1:3: expected ',' or ']', found '}'" },
		{ "{\"a\":1]", "1:7: expected ',' or '}', found ']'" },
		{ "{\"a\" 1}", "1:6: expected ':', found '1'" },
		{ "{\n a:1}", "2:2: expected a name in double quotes, found 'a'" },
		{ "{\"a\":1,}", "1:8: expected a name in double quotes, found '}'" },
		{ "{}\n}", "2:1: expected nothing after the value, found '}'" },
		{ "01", "1:1: expected a number without leading zeros, found '0'" },
		{ "-", "1:2: expected a digit, found the end" },
		{ "[1.]", "1:4: expected a digit after the point, found ']'" },
		{ "1e+", "1:4: expected a digit in the exponent, found the end" },
		{ "[\"a]", "1:2: expected this string to end, found no quote" },
		{ "\"\t\"", "1:2: expected \\u00XX for a control character, found the byte 0x09" },
		{ "\"\xC0\x80\"", "1:2: expected valid UTF-8, found the byte 0xC0" },
		{ "\"\xED\xA0\x80\"", "1:2: expected valid UTF-8, found the byte 0xED" },
		{ "\"\\x\"",
		  "1:3: expected one of \" \\ / b f n r t u after a backslash, found 'x'" },
		{ "\"\\", "1:3: expected one of \" \\ / b f n r t u after a backslash, "
			  "found the end" },
		{ "\"\\u12g4\"", "1:6: expected four hexadecimal digits after \\u, found 'g'" },
		{ "\"a\\udc00\"", "1:3: expected a pair of surrogates, found half of one" },
		{ "\"\\ud800\\n\"", "1:2: expected a pair of surrogates, found half of one" },
		{ "\"\\ud800\\ud800\"", "1:2: expected a pair of surrogates, found half of one" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_null(parse(cases[i].text));
		assert_int_equal(err.status, DRV_E_DOCUMENT);
		assert_string_equal(err.message, cases[i].message);
	}
	assert_null(parse_bytes("[1]\0", 4, &usual));
	assert_string_equal(err.message,
			    "1:4: expected nothing after the value, found the byte 0x00");
}

/* The scanner looks at eight bytes at once: a forbidden one shows wherever it stands. */
static void forbidden_bytes_show_at_any_place(void **state)
{
	char text[42], expected[32];

	(void)state;
	for (unsigned byte = 0; byte < 256; byte++)
		for (size_t at = 1; at < sizeof text - 1; at++) {
			bool plain = byte >= ' ' && byte < 0x80 && byte != '"' && byte != '\\';
			size_t column;

			memset(text, 'a', sizeof text);
			text[0] = text[sizeof text - 1] = '"';
			text[at] = (char)byte;
			if (plain) {
				assert_text(parse_bytes(text, sizeof text, &usual), text + 1,
					    sizeof text - 2);
				continue;
			}
			assert_null(parse_bytes(text, sizeof text, &usual));
			/* Quote and backslash are no mistakes, but what follows them is. */
			column = at + (byte == '"' || byte == '\\' ? 2 : 1);
			if (byte == '\\' && at == sizeof text - 2)
				column = 1;
			snprintf(expected, sizeof expected, "1:%zu: expected ", column);
			assert_memory_equal(err.message, expected, strlen(expected));
		}
}

static void an_error_struct_is_optional(void **state)
{
	struct drvp_json *root;

	(void)state;
	assert_int_equal(drvp_json_parse(&root, &arena, "[", 1, &usual, NULL), DRV_E_DOCUMENT);
	assert_int_equal(drvp_json_parse(&root, &arena, "{\"a\":1,\"a\":1}", 13, &usual, NULL),
			 DRV_E_DOCUMENT);
	assert_int_equal(drvp_json_parse(&root, &arena, NULL, 0, &usual, NULL), DRV_E_DOCUMENT);
}

static void no_beginning_of_a_document_is_a_document(void **state)
{
	static const char text[] =
		"{\"a\": [1, -2.5e+3, \"x\\u00e9\\ud83d\\ude00 보리 0123456789\"], "
		"\"b\": {\"c\": null, \"d\": true}, \"e\": \"\\\\\"}";

	(void)state;
	for (size_t len = 0; len < sizeof text - 1; len++)
		assert_null(parse_bytes(text, len, &usual));
	assert_non_null(parse_bytes(text, sizeof text - 1, &usual));
}

static void repeated_names_are_refused(void **state)
{
	const struct drvp_json *root;
	static const char escaped[] = "{\"a\":1,\n \"b\":{\"a\":2,\"c\":3},\n \"\\u0061\":4}";

	(void)state;
	assert_null(parse(escaped));
	assert_string_equal(err.message,
			    "3:2: expected each name once, found \"a\" again "
			    "(the first is at 1:2)");
	root = parse_bytes(escaped, strlen(escaped), &lenient);
	assert_int_equal(root->count, 3);
	assert_text(drvp_json_member(root, "a"), "1", 1);

	assert_null(parse("[{\"\":1,\"\":2}]"));
	assert_null(parse("{\"x\\n\\u0000\":1,\"x\\n\\u0000\":2}"));
	assert_non_null(strstr(err.message, "found \"x\\n\\u0000\" again"));
	assert_non_null(parse("{\"x\\u0000\":1,\"x\":2,\"x\\u0000\\u0000\":3}"));
}

static void a_long_repeated_name_is_cut(void **state)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	(void)state;
	drvp_strbuf_str(&text, "{\"");
	for (int twice = 0; twice < 2; twice++) {
		for (int i = 0; i < 2000; i++)
			drvp_strbuf_str(&text, "강");
		drvp_strbuf_str(&text, twice ? "\":2}" : "\":1,\"");
	}
	assert_null(parse(drvp_strbuf_text(&text)));
	assert_non_null(strstr(err.message, "강\"… again (the first is at 1:2)"));
	assert_true(drvp_utf8_valid(err.message, strlen(err.message)));
	drvp_strbuf_free(&text);
}

/* Names n0 … n<count-1>, and behind them those of the list. */
static void add_members(struct drvp_strbuf *text, unsigned count, const char *more)
{
	drvp_strbuf_clear(text);
	drvp_strbuf_char(text, '{');
	for (unsigned i = 0; i < count; i++)
		drvp_strbuf_printf(text, "%s\"n%u\":%u", i ? "," : "", i, i);
	drvp_strbuf_printf(text, "%s}", more);
}

static void repeated_names_are_found_in_objects_of_any_size(void **state)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	char expected[200];

	(void)state;
	for (unsigned count = 1; count < 40; count++) {
		add_members(&text, count, "");
		assert_int_equal(parse(text.data)->count, count);
		for (unsigned again = 0; again < count; again++) {
			char name[16], more[64];

			snprintf(name, sizeof name, "\"n%u\"", again);
			snprintf(more, sizeof more, ",%s:0,\"n0\":1", name);
			add_members(&text, count, more);
			/* The earliest repetition, and where the name stood before. */
			snprintf(expected, sizeof expected, "1:%zu: expected each name once, found "
				 "%s again (the first is at 1:%zu)",
				 (size_t)(strstr(text.data, more) - text.data) + 2, name,
				 (size_t)(strstr(text.data, name) - text.data) + 1);
			assert_null(parse(text.data));
			assert_string_equal(err.message, expected);
			assert_int_equal(parse_bytes(text.data, text.len, &lenient)->count,
					 count + 2);
		}
	}
	drvp_strbuf_free(&text);
}

/* Quadratic comparing would take hours here. */
static void a_huge_object_is_no_trouble(void **state)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	(void)state;
	add_members(&text, 300000, "");
	assert_int_equal(parse(text.data)->count, 300000);
	add_members(&text, 300000, ",\"n123456\":1");
	assert_null(parse(text.data));
	assert_non_null(strstr(err.message, "found \"n123456\" again"));
	drvp_strbuf_free(&text);
}

static void depth_is_limited(void **state)
{
	enum { DEEP = 100000 };
	struct drvp_json_limits limits = usual;
	char *text = malloc(2 * DEEP);
	const struct drvp_json *value;
	unsigned depth = 0;

	(void)state;
	assert_non_null(text);
	memset(text, '[', DEEP);
	memset(text + DEEP, ']', DEEP);
	assert_null(parse_bytes(text, 2 * DEEP, &limits));
	assert_string_equal(err.message, "1:65: expected at most 64 levels of nesting, found more");
	limits.depth = 0;
	assert_null(parse_bytes("[]", 2, &limits));
	assert_non_null(parse_bytes("1", 1, &limits));
	limits.depth = 2;
	assert_non_null(parse_bytes("[[],{},[1]]", 11, &limits));
	assert_null(parse_bytes("[[],{\"a\":[]}]", 13, &limits));
	/* No recursion: the limit may be as high as one likes. */
	limits.depth = DEEP;
	value = parse_bytes(text, 2 * DEEP, &limits);
	for (; value; value = value->first) {
		assert_null(value->next);
		depth++;
	}
	assert_int_equal(depth, DEEP);
	limits.depth = DEEP - 1;
	assert_null(parse_bytes(text, 2 * DEEP, &limits));
	free(text);
}

static void the_number_of_values_is_limited(void **state)
{
	static const char members[] = "{\"a\":[],\"b\":[],\"c\":{},\"d\":0}";
	struct drvp_json_limits limits = usual;

	(void)state;
	limits.values = 4;
	assert_non_null(parse_bytes("[1,[2]]", 7, &limits));
	assert_null(parse_bytes("[1,[2,3]]", 9, &limits));
	assert_string_equal(err.message, "1:7: expected at most 4 values, found more");
	assert_null(parse_bytes(members, strlen(members), &limits));
	assert_string_equal(err.message, "1:23: expected at most 4 values, found more");
}

static void length_is_limited(void **state)
{
	struct drvp_json_limits limits = { 4, 8, 0 };

	(void)state;
	assert_non_null(parse_bytes("[12]", 4, &limits));
	assert_null(parse_bytes("[123]", 5, &limits));
	assert_string_equal(err.message, "1:1: expected at most 4 bytes, found 5");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(scalars_keep_their_text, free_arena),
		cmocka_unit_test_teardown(every_token_ends_with_nul, free_arena),
		cmocka_unit_test_teardown(escapes_are_decoded, free_arena),
		cmocka_unit_test_teardown(tree_has_order_counts_and_positions, free_arena),
		cmocka_unit_test_teardown(questions_about_a_tree, free_arena),
		cmocka_unit_test_teardown(mistakes_say_where_and_what, free_arena),
		cmocka_unit_test_teardown(forbidden_bytes_show_at_any_place, free_arena),
		cmocka_unit_test_teardown(an_error_struct_is_optional, free_arena),
		cmocka_unit_test_teardown(no_beginning_of_a_document_is_a_document, free_arena),
		cmocka_unit_test_teardown(repeated_names_are_refused, free_arena),
		cmocka_unit_test_teardown(a_long_repeated_name_is_cut, free_arena),
		cmocka_unit_test_teardown(repeated_names_are_found_in_objects_of_any_size,
					  free_arena),
		cmocka_unit_test_teardown(a_huge_object_is_no_trouble, free_arena),
		cmocka_unit_test_teardown(depth_is_limited, free_arena),
		cmocka_unit_test_teardown(the_number_of_values_is_limited, free_arena),
		cmocka_unit_test_teardown(length_is_limited, free_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
