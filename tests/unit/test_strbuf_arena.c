/* test_strbuf_arena.c: growing buffers, arenas, and messages that are cut to their room */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "prng.h"

static void a_buffer_grows_with_what_is_added(void **state)
{
	struct drvp_strbuf buf = DRVP_STRBUF_INIT;
	char *expected = calloc(1, 1 << 20);
	size_t len = 0;
	uint64_t seed = 5;

	(void)state;
	assert_non_null(expected);
	assert_string_equal(drvp_strbuf_text(&buf), "");
	drvp_strbuf_clear(&buf);
	while (len < (1 << 20) - 1000) {
		char piece[900];
		size_t piece_len = prng_below(&seed, sizeof piece);

		memset(piece, (int)('a' + len % 26), sizeof piece);
		drvp_strbuf_add(&buf, piece, piece_len);
		memcpy(expected + len, piece, piece_len);
		len += piece_len;
		assert_int_equal(buf.len, len);
		assert_int_equal(buf.data[len], '\0');
		assert_true(buf.capacity > len);
	}
	assert_memory_equal(buf.data, expected, len + 1);
	assert_false(buf.failed);
	drvp_strbuf_clear(&buf);
	assert_string_equal(drvp_strbuf_text(&buf), "");
	assert_true(buf.capacity > len);
	drvp_strbuf_free(&buf);
	assert_null(buf.data);
	free(expected);
}

static void text_is_formatted(void **state)
{
	struct drvp_strbuf buf = DRVP_STRBUF_INIT;

	(void)state;
	drvp_strbuf_str(&buf, "a");
	drvp_strbuf_char(&buf, '\0');
	drvp_strbuf_printf(&buf, "%0*d|%s", 200, 7, "");
	drvp_strbuf_hex(&buf, "\x00\xAf\xFF", 3);
	drvp_strbuf_hex(&buf, NULL, 0);
	drvp_strbuf_add(&buf, NULL, 0);
	assert_int_equal(buf.len, 2 + 200 + 1 + 6);
	assert_memory_equal(buf.data, "a\0" "000", 5);
	assert_string_equal(buf.data + 200, "07|00afff");
	drvp_strbuf_free(&buf);
}

static void numbers_are_grouped(void **state)
{
	static const struct {
		unsigned long long number;
		const char *text;
	} cases[] = {
		{ 0, "0" }, { 999, "999" }, { 1000, "1,000" }, { 12345, "12,345" },
		{ 1234567, "1,234,567" }, { UINT64_MAX, "18,446,744,073,709,551,615" },
	};
	struct drvp_strbuf buf = DRVP_STRBUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		drvp_strbuf_clear(&buf);
		drvp_strbuf_grouped(&buf, cases[i].number);
		assert_string_equal(buf.data, cases[i].text);
	}
	drvp_strbuf_free(&buf);
}

static void a_failed_buffer_stays_failed(void **state)
{
	struct drvp_strbuf buf = DRVP_STRBUF_INIT;

	(void)state;
	drvp_strbuf_str(&buf, "kept");
	assert_false(drvp_strbuf_reserve(&buf, SIZE_MAX - 2));
	assert_true(buf.failed);
	drvp_strbuf_str(&buf, "more");
	drvp_strbuf_printf(&buf, "%d", 1);
	drvp_strbuf_hex(&buf, "x", 1);
	assert_string_equal(drvp_strbuf_text(&buf), "kept");
	assert_true(buf.failed);
	drvp_strbuf_free(&buf);
	assert_false(buf.failed);
	drvp_strbuf_hex(&buf, "x", SIZE_MAX / 3);
	assert_true(buf.failed);
	drvp_strbuf_free(&buf);
}

#define PIECES 3000

static void fill_and_check(struct drvp_arena *arena, uint64_t *seed)
{
	static unsigned char *pieces[PIECES];
	static size_t sizes[PIECES];

	for (size_t i = 0; i < PIECES; i++) {
		sizes[i] = prng_below(seed, i % 100 ? 200 : 50000);
		pieces[i] = drvp_arena_alloc(arena, sizes[i]);
		assert_non_null(pieces[i]);
		assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
		for (size_t j = 0; j < sizes[i]; j++)
			assert_true(pieces[i][j] == 0);
		memset(pieces[i], (int)(i % 255 + 1), sizes[i]);
	}
	for (size_t i = 0; i < PIECES; i++)
		for (size_t j = 0; j < sizes[i]; j++)
			assert_true(pieces[i][j] == i % 255 + 1);
}

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
	struct drvp_arena arena = { 0 };
	uint64_t seed = 6;

	(void)state;
	/* After a reset there is old content in the block, which must not show. */
	for (int round = 0; round < 4; round++) {
		fill_and_check(&arena, &seed);
		drvp_arena_reset(&arena);
	}
	drvp_arena_free(&arena);
	assert_null(arena.first);
	drvp_arena_free(&arena);
	drvp_arena_reset(&arena);
}

static void a_reset_keeps_one_usual_block_and_no_huge_one(void **state)
{
	struct drvp_arena arena = { 0 };
	void *first;

	(void)state;
	first = drvp_arena_alloc(&arena, 100);
	drvp_arena_alloc(&arena, 1 << 20);
	drvp_arena_reset(&arena);
	assert_ptr_equal(drvp_arena_alloc(&arena, 100), first);
	drvp_arena_free(&arena);

	drvp_arena_alloc(&arena, 1 << 20);
	drvp_arena_reset(&arena);
	assert_null(arena.first);
	assert_null(arena.current);
	assert_non_null(drvp_arena_alloc(&arena, 100));
	drvp_arena_free(&arena);
}

static void impossible_sizes_are_refused(void **state)
{
	struct drvp_arena arena = { 0 };

	(void)state;
	assert_null(drvp_arena_alloc(&arena, SIZE_MAX));
	assert_null(drvp_arena_alloc(&arena, SIZE_MAX - 16));
	assert_null(drvp_arena_array(&arena, SIZE_MAX / 8 + 2, 8));
	assert_null(drvp_arena_copy(&arena, "", SIZE_MAX));
	assert_non_null(drvp_arena_array(&arena, 10, 0));
	drvp_arena_free(&arena);
}

static void copies_end_with_nul(void **state)
{
	struct drvp_arena arena = { 0 };
	char *copy = drvp_arena_copy(&arena, "abcdef", 3);

	(void)state;
	assert_string_equal(copy, "abc");
	assert_string_equal(drvp_arena_copy(&arena, NULL, 0), "");
	drvp_arena_free(&arena);
}

static void long_messages_are_cut_between_characters(void **state)
{
	struct drv_error err = DRV_ERROR_INIT;
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	(void)state;
	for (size_t ascii = 980; ascii < 1010; ascii++) {
		size_t len;

		drvp_strbuf_clear(&text);
		drvp_strbuf_printf(&text, "%0*d", (int)ascii, 0);
		drvp_strbuf_str(&text, "강😀é");
		assert_int_equal(drvp_fail(&err, DRV_E_IO, "%s", text.data), DRV_E_IO);
		len = strlen(err.message);
		assert_true(len < sizeof err.message);
		assert_true(drvp_utf8_valid(err.message, len));
		assert_memory_equal(err.message, text.data, len);
		/* No more than one character less than there was room for. */
		assert_true(len == text.len || len + 4 >= sizeof err.message - 1);
	}
	drvp_strbuf_free(&text);
}

static void a_message_steers_no_terminal(void **state)
{
	struct drv_error err = DRV_ERROR_INIT;

	(void)state;
	drvp_fail(&err, DRV_E_DOCUMENT, "no \"%s\"", "a\x1b[2J\nb\u202ec\xc2\x9b" "d\xff\xf0\x9f\x98\x80강");
	assert_string_equal(err.message, "no \"a?[2J?b???c??d?\xf0\x9f\x98\x80강\"");
}

static void a_failure_replaces_all_that_was_there(void **state)
{
	struct drv_error err = DRV_ERROR_INIT;

	(void)state;
	assert_string_equal(drvp_error_text(&err), "no reason was given");
	err.native_code = 7;
	strcpy(err.sqlstate, "57014");
	assert_int_equal(drvp_fail(&err, DRV_E_BUSY, "%d%%", 5), DRV_E_BUSY);
	assert_int_equal(err.status, DRV_E_BUSY);
	assert_int_equal(err.native_code, 0);
	assert_string_equal(err.sqlstate, "");
	assert_string_equal(drvp_error_text(&err), "5%");
	assert_int_equal(drvp_fail(NULL, DRV_E_BUSY, "x"), DRV_E_BUSY);
	assert_int_equal(drvp_fail_nomem(&err), DRV_E_NOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_buffer_grows_with_what_is_added),
		cmocka_unit_test(text_is_formatted),
		cmocka_unit_test(numbers_are_grouped),
		cmocka_unit_test(a_failed_buffer_stays_failed),
		cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
		cmocka_unit_test(a_reset_keeps_one_usual_block_and_no_huge_one),
		cmocka_unit_test(impossible_sizes_are_refused),
		cmocka_unit_test(copies_end_with_nul),
		cmocka_unit_test(long_messages_are_cut_between_characters),
		cmocka_unit_test(a_message_steers_no_terminal),
		cmocka_unit_test(a_failure_replaces_all_that_was_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
