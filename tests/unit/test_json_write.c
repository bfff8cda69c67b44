/* test_json_write.c: the JSON writer: layout, escapes, numbers, and what is read back */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "document/json.h"
#include "json_equal.h"
#include "prng.h"

static struct drvp_strbuf out;
static struct drvp_json_writer writer;

static int begin(void **state)
{
	(void)state;
	out = (struct drvp_strbuf)DRVP_STRBUF_INIT;
	writer = (struct drvp_json_writer){ .out = &out };
	return 0;
}

static int end(void **state)
{
	(void)state;
	drvp_strbuf_free(&out);
	return 0;
}

static void objects_and_arrays_are_indented(void **state)
{
	(void)state;
	drvp_json_open_object(&writer, NULL, false);
	drvp_json_put_text(&writer, "name", "보리");
	drvp_json_open_array(&writer, "list", false);
	drvp_json_put_uint(&writer, NULL, UINT64_MAX);
	drvp_json_put_int(&writer, NULL, INT64_MIN);
	drvp_json_open_object(&writer, NULL, false);
	drvp_json_close_object(&writer);
	drvp_json_close_array(&writer);
	drvp_json_open_array(&writer, "none", false);
	drvp_json_close_array(&writer);
	drvp_json_put_null(&writer, "");
	drvp_json_close_object(&writer);
	assert_string_equal(drvp_strbuf_text(&out), "{\n"
						    "  \"name\": \"보리\",\n"
						    "  \"list\": [\n"
						    "    18446744073709551615,\n"
						    "    -9223372036854775808,\n"
						    "    {}\n"
						    "  ],\n"
						    "  \"none\": [],\n"
						    "  \"\": null\n"
						    "}");
}

static void inline_form_stays_on_one_line(void **state)
{
	(void)state;
	drvp_json_open_array(&writer, NULL, false);
	drvp_json_open_object(&writer, NULL, true);
	drvp_json_put_int(&writer, "a", 1);
	drvp_json_open_array(&writer, "b", false);
	drvp_json_put_int(&writer, NULL, 1);
	drvp_json_put_int(&writer, NULL, 2);
	drvp_json_open_object(&writer, NULL, true);
	drvp_json_put_bool(&writer, "t", true);
	drvp_json_close_object(&writer);
	drvp_json_close_array(&writer);
	drvp_json_open_object(&writer, "c", false);
	drvp_json_close_object(&writer);
	drvp_json_close_object(&writer);
	drvp_json_open_array(&writer, NULL, false);
	drvp_json_put_bool(&writer, NULL, false);
	drvp_json_close_array(&writer);
	drvp_json_close_array(&writer);
	assert_string_equal(drvp_strbuf_text(&out),
			    "[\n"
			    "  { \"a\": 1, \"b\": [1, 2, { \"t\": true }], \"c\": {} },\n"
			    "  [\n"
			    "    false\n"
			    "  ]\n"
			    "]");
}

static void text_is_escaped_as_little_as_possible(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *written;
	} cases[] = {
		{ "", 0, "\"\"" },
		{ "a/b 'c' <d> é 강 😀", 23, "\"a/b 'c' <d> é 강 😀\"" },
		{ "\"\\\b\f\n\r\t", 7, "\"\\\"\\\\\\b\\f\\n\\r\\t\"" },
		{ "\0\x01\x1f\x7f ", 5, "\"\\u0000\\u0001\\u001f\\u007f \"" },
		{ "a\xE2\x80\xA8\xE2\x80\xA9\xE2\x80\xA7", 10,
		  "\"a\\u2028\\u2029\xE2\x80\xA7\"" },
		{ "a\xFF" "b", 3, "\"a\xEF\xBF\xBD" "b\"" },
		{ "\xED\xA0\x80", 3, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"" },
		{ "\xEA\xB0", 2, "\"\xEF\xBF\xBD\xEF\xBF\xBD\"" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		end(state);
		begin(state);
		drvp_json_put_string(&writer, NULL, cases[i].bytes, cases[i].len);
		assert_string_equal(drvp_strbuf_text(&out), cases[i].written);
	}
}

static void names_are_escaped_too(void **state)
{
	(void)state;
	drvp_json_open_object(&writer, NULL, true);
	drvp_json_put_null(&writer, "a\"\n");
	drvp_json_close_object(&writer);
	assert_string_equal(drvp_strbuf_text(&out), "{ \"a\\\"\\n\": null }");
}

static void fixed_point_numbers_lose_their_zeros(void **state)
{
	static const struct {
		int64_t thousandths;
		const char *written;
	} cases[] = {
		{ 0, "0" },         { 1250, "1.25" },   { 1000, "1" },  { -5, "-0.005" },
		{ 100, "0.1" },     { 10010, "10.01" }, { -1500, "-1.5" },
		{ INT64_MAX, "9223372036854775.807" },  { INT64_MIN, "-9223372036854775.808" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		end(state);
		begin(state);
		drvp_json_put_fixed(&writer, NULL, cases[i].thousandths);
		assert_string_equal(drvp_strbuf_text(&out), cases[i].written);
	}
}

static const struct drvp_json *parse(struct drvp_arena *arena, const char *text, size_t len)
{
	static const struct drvp_json_limits limits = { 1 << 26, 64, DRVP_JSON_DUPLICATES };
	struct drv_error err = DRV_ERROR_INIT;
	struct drvp_json *root;

	if (drvp_json_parse(&root, arena, text, len, &limits, &err))
		fail_msg("%s in: %s", err.message, text);
	return root;
}

static void a_tree_is_written_as_it_was_read(void **state)
{
	static const char text[] =
		"{\"n\":[1.10,9223372036854775809,-0,1E+2],\"a\\u0000\":\"x\",\"short\":{\"e\":{}},"
		"\"long\":[\"0123456789012345678901234567890123456789\",true,false,null,"
		"\"0123456789012345678901234567890123456789\"]}";
	struct drvp_arena arena = { 0 };

	(void)state;
	drvp_json_open_object(&writer, NULL, false);
	drvp_json_put_value(&writer, "kept", parse(&arena, text, sizeof text - 1));
	drvp_json_close_object(&writer);
	assert_string_equal(drvp_strbuf_text(&out),
			    "{\n"
			    "  \"kept\": {\n"
			    "    \"n\": [1.10, 9223372036854775809, -0, 1E+2],\n"
			    "    \"a\\u0000\": \"x\",\n"
			    "    \"short\": { \"e\": {} },\n"
			    "    \"long\": [\n"
			    "      \"0123456789012345678901234567890123456789\",\n"
			    "      true,\n"
			    "      false,\n"
			    "      null,\n"
			    "      \"0123456789012345678901234567890123456789\"\n"
			    "    ]\n"
			    "  }\n"
			    "}");
	drvp_arena_free(&arena);
}

static void put_random_text(uint64_t *seed, struct drvp_strbuf *text)
{
	drvp_strbuf_clear(text);
	for (size_t len = prng_below(seed, 20); len > 0; len--) {
		static const unsigned kinds[] = { 0x80, 0x800, 0xD800, 0x20, 0x110000 };
		unsigned code = (unsigned)prng_below(seed, kinds[prng_below(seed, 5)]);
		char bytes[4];

		if (code < 0xD800 || code > 0xDFFF)
			drvp_strbuf_add(text, bytes, drvp_utf8_encode(bytes, code));
	}
}

/* Writes a random value straight through the writer. */
static void put_random(uint64_t *seed, const char *key, unsigned depth)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT, name = DRVP_STRBUF_INIT;
	size_t kind = prng_below(seed, depth < 6 ? 8 : 6), children = prng_below(seed, 7);
	bool one_line = prng_below(seed, 3) == 0;

	switch (kind) {
	case 0:
		drvp_json_put_null(&writer, key);
		break;
	case 1:
		drvp_json_put_bool(&writer, key, one_line);
		break;
	case 2:
		drvp_json_put_fixed(&writer, key, (int64_t)prng_next(seed));
		break;
	case 3:
		drvp_json_put_uint(&writer, key, prng_next(seed));
		break;
	case 4:
	case 5:
		put_random_text(seed, &text);
		drvp_json_put_string(&writer, key, drvp_strbuf_text(&text), text.len);
		break;
	case 6:
		drvp_json_open_array(&writer, key, one_line);
		while (children--)
			put_random(seed, NULL, depth + 1);
		drvp_json_close_array(&writer);
		break;
	default:
		drvp_json_open_object(&writer, key, one_line);
		while (children--) {
			put_random_text(seed, &name);
			put_random(seed, drvp_strbuf_text(&name), depth + 1);
		}
		drvp_json_close_object(&writer);
	}
	drvp_strbuf_free(&text);
	drvp_strbuf_free(&name);
}

static void what_is_written_reads_back_equal(void **state)
{
	uint64_t seed = 7;

	for (int round = 0; round < 2000; round++) {
		struct drvp_strbuf again = DRVP_STRBUF_INIT;
		struct drvp_json_writer second = { .out = &again };
		struct drvp_arena arena = { 0 };
		const struct drvp_json *first, *back;

		end(state);
		begin(state);
		put_random(&seed, NULL, 0);
		first = parse(&arena, out.data, out.len);
		drvp_json_put_value(&second, NULL, first);
		back = parse(&arena, again.data, again.len);
		assert_true(json_equal(first, back));
		assert_false(out.failed || again.failed);
		drvp_strbuf_free(&again);
		drvp_arena_free(&arena);
	}
}

static void put_and_read_back_text(const char *bytes, size_t len)
{
	struct drvp_arena arena = { 0 };
	const struct drvp_json *value;

	drvp_strbuf_clear(&out);
	writer = (struct drvp_json_writer){ .out = &out };
	drvp_json_put_string(&writer, NULL, bytes, len);
	value = parse(&arena, out.data, out.len);
	assert_int_equal(value->len, len);
	assert_memory_equal(value->text, bytes, len);
	drvp_arena_free(&arena);
}

static void every_character_survives(void **state)
{
	(void)state;
	for (unsigned code = 0; code < 0x110000; code += code < 0x3000 ? 1 : 97) {
		char text[24] = "12345678";
		size_t at = code % 9, len;

		if (code >= 0xD800 && code <= 0xDFFF)
			continue;
		/* Any place within the words in which the parser scans. */
		len = at + drvp_utf8_encode(text + at, code);
		memcpy(text + len, "abcdefgh", 8);
		put_and_read_back_text(text, len + 8);
	}
}

static void names_in_messages_are_short_and_on_one_line(void **state)
{
	char name[200];

	(void)state;
	drvp_json_print_name(&out, "a\nb", 3);
	assert_string_equal(drvp_strbuf_text(&out), "\"a\\nb\"");
	drvp_strbuf_clear(&out);
	memset(name, 'x', sizeof name);
	drvp_json_print_name(&out, name, sizeof name);
	assert_int_equal(out.len, 60 + 2 + strlen("…"));
	drvp_strbuf_clear(&out);
	drvp_json_print_name(&out, name, 60);
	assert_int_equal(out.len, 60 + 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(objects_and_arrays_are_indented),
		TEST(inline_form_stays_on_one_line),
		TEST(text_is_escaped_as_little_as_possible),
		TEST(names_are_escaped_too),
		TEST(fixed_point_numbers_lose_their_zeros),
		TEST(a_tree_is_written_as_it_was_read),
		TEST(what_is_written_reads_back_equal),
		TEST(every_character_survives),
		TEST(names_in_messages_are_short_and_on_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
