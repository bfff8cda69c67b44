/* test_utf8.c: UTF-8 against counting and against its own encoder */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/utf8.h"

static void every_code_point_is_one_character(void **state)
{
	char text[5];

	(void)state;
	for (unsigned code = 0; code < 0x110000; code++) {
		size_t len = drvp_utf8_encode(text, code);
		bool surrogate = code >= 0xD800 && code <= 0xDFFF;
		size_t expected = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

		assert_int_equal(len, expected);
		assert_int_equal(drvp_utf8_length(text, len), surrogate ? 0 : len);
		/* Cut short it is none. */
		assert_int_equal(drvp_utf8_length(text, len - 1), 0);
	}
}

/* How many sequences of this length exist must be how many code points need it. */
static void nothing_else_is_a_character(void **state)
{
	static const unsigned char edges[] = { 0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F,
					       0xA0, 0xBF, 0xC0, 0xFF };
	size_t two = 0, three = 0, one = 0;

	(void)state;
	for (unsigned a = 0; a < 256; a++) {
		char text[4] = { (char)a };

		one += drvp_utf8_length(text, 1) == 1;
		for (unsigned b = 0; b < 256; b++) {
			text[1] = (char)b;
			two += drvp_utf8_length(text, 2) == 2;
			if (a < 0xE0 || a > 0xEF)
				continue;
			for (unsigned c = 0; c < 256; c++) {
				text[2] = (char)c;
				three += drvp_utf8_length(text, 3) == 3;
			}
		}
		for (size_t b = 0; b < sizeof edges; b++)
			for (size_t c = 0; c < sizeof edges; c++) {
				bool tail = edges[c] >= 0x80 && edges[c] <= 0xBF;
				unsigned high = (a & 7) << 2 | (edges[b] >> 4 & 3);
				bool good = a >= 0xF0 && a <= 0xF7 && tail && high >= 1 &&
					    high <= 0x10 && edges[b] >= 0x80 && edges[b] <= 0xBF;

				text[1] = (char)edges[b];
				text[2] = (char)edges[c];
				text[3] = (char)0x80;
				assert_int_equal(drvp_utf8_length(text, 4) == 4, good);
			}
	}
	assert_int_equal(one, 0x80);
	assert_int_equal(two, 0x800 - 0x80);
	assert_int_equal(three, 0x10000 - 0x800 - 0x800);
}

static void text_is_valid_as_a_whole(void **state)
{
	(void)state;
	assert_true(drvp_utf8_valid("", 0));
	assert_true(drvp_utf8_valid("a보é😀\0z", sizeof "a보é😀\0z" - 1));
	assert_false(drvp_utf8_valid("보", 2));
	assert_false(drvp_utf8_valid("a\x80", 2));
	assert_false(drvp_utf8_valid("\xED\xA0\x80", 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_point_is_one_character),
		cmocka_unit_test(nothing_else_is_a_character),
		cmocka_unit_test(text_is_valid_as_a_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
