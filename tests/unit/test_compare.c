/* test_compare.c: each row that differs is told, and no other */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/strbuf.h"
#include "content/compare.h"
#include "file_faults.h"
#include "traces.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* What was told, one difference a line. */
struct told {
	struct drvp_strbuf text;
	struct drvp_comparison sums;
	uint64_t first, last;        /* keys that matter; 0, 0: all */
	size_t stop_after;           /* differences; 0: never */
	size_t count;
};

static bool key_matters(uint64_t first, uint64_t last, void *user)
{
	const struct told *told = user;

	return first <= told->last && last >= told->first;
}

static int write_down(const struct drvp_difference *difference, void *user)
{
	static const char *const kinds[] = { "changed", "missing", "extra" };
	struct told *told = user;

	drvp_strbuf_printf(&told->text, "%016llx %s %llu",
			   (unsigned long long)difference->key, kinds[difference->kind],
			   (unsigned long long)difference->rows);
	if (difference->text)
		drvp_strbuf_printf(&told->text, " '%.*s'", (int)difference->text_len,
				   difference->text);
	drvp_strbuf_char(&told->text, '\n');
	return ++told->count == told->stop_after ? 17 : 0;
}

static int compare_spools(struct told *told, struct drvp_spool *was, struct drvp_spool *is,
			  struct drv_error *err)
{
	struct drvp_sidecar_info info;
	struct drvp_sidecar *sidecar;
	int status;

	assert_int_equal(drvp_sidecar_write(&info, was, trace_folder, err), 0);
	assert_int_equal(drvp_sidecar_open(&sidecar, trace_folder, info.name, info.digest,
					   info.rows, err), 0);
	drvp_strbuf_clear(&told->text);
	told->count = 0;
	status = drvp_compare(&told->sums, sidecar, is, told->last ? key_matters : NULL,
			      write_down, told, err);
	drvp_sidecar_free(&sidecar);
	empty_trace_folder();
	return status;
}

/* ------------------------------------------------------------------ against counting by hand */

/* The definition, rows one by one: equal digests first, then as many as both sides have. */
static void count_by_hand(struct told *told, const struct drvp_trace *was, size_t was_count,
			  const struct drvp_trace *is, size_t is_count, uint64_t key)
{
	bool *taken = calloc(is_count + 1, sizeof *taken);
	const char *was_text = NULL, *is_text = NULL;
	uint64_t was_left = 0, is_left = 0, changed;
	struct drvp_difference difference = { .key = key };

	for (size_t i = 0; i < was_count; i++) {
		size_t at = 0;

		if (was[i].key != key)
			continue;
		while (at < is_count && (taken[at] || is[at].key != key ||
					 is[at].digest != was[i].digest))
			at++;
		if (at < is_count) {
			taken[at] = true;
			told->sums.same++;
			continue;
		}
		was_left++;
		was_text = was[i].text;
	}
	for (size_t i = 0; i < is_count; i++)
		if (is[i].key == key && !taken[i]) {
			is_left++;
			is_text = is[i].text;
		}
	free(taken);
	changed = was_left < is_left ? was_left : is_left;
	told->sums.changed += changed;
	told->sums.missing += was_left - changed;
	told->sums.extra += is_left - changed;
	for (int kind = 0; kind < 3; kind++) {
		difference.kind = kind;
		difference.rows = kind == DRVP_ROW_CHANGED ? changed
				  : kind == DRVP_ROW_MISSING ? was_left - changed
							     : is_left - changed;
		difference.text = kind == DRVP_ROW_EXTRA ? is_text : was_text;
		if (kind == DRVP_ROW_CHANGED && !was_text)
			difference.text = is_text;
		difference.text_len = difference.text ? strlen(difference.text) : 0;
		if (difference.rows)
			write_down(&difference, told);
	}
}

static int order_numbers(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

static void compare_by_hand(struct told *told, const struct drvp_trace *was, size_t was_count,
			    const struct drvp_trace *is, size_t is_count)
{
	size_t count = was_count + is_count;
	uint64_t *keys = calloc(count + 1, sizeof *keys);

	for (size_t i = 0; i < count; i++)
		keys[i] = i < was_count ? was[i].key : is[i - was_count].key;
	qsort(keys, count, sizeof *keys, order_numbers);
	for (size_t i = 0; i < count; i++)
		if ((!i || keys[i] != keys[i - 1]) &&
		    (!told->last || key_matters(keys[i], keys[i], told)))
			count_by_hand(told, was, was_count, is, is_count, keys[i]);
	free(keys);
}

/* Some rows as they were, some changed, some left out, some twice, some new. */
static size_t damage(struct drvp_trace *is, const struct drvp_trace *was, size_t count,
		     struct drvp_arena *arena, uint64_t *seed, int keys, bool texts)
{
	size_t made = 0;

	for (size_t i = 0; i < count; i++) {
		size_t what = prng_below(seed, 10);

		if (what == 0)
			continue;
		is[made++] = was[i];
		if (what == 1)
			is[made - 1].digest ^= (uint64_t)1 << prng_below(seed, 64);
		if (what == 2)
			is[made++] = was[i];
		if (what == 3)
			is[made++] = random_trace(arena, seed, keys, texts);
	}
	return made;
}

static void check_random(size_t count, int keys, bool was_texts, bool is_texts, uint64_t seed)
{
	struct drvp_arena arena = { 0 };
	struct drvp_trace *was = random_traces(&arena, &seed, count, keys, was_texts || is_texts);
	struct drvp_trace *is = drvp_arena_array(&arena, 2 * count + 1, sizeof *is);
	size_t is_count = damage(is, was, count, &arena, &seed, keys, was_texts || is_texts);
	struct told by_hand = { 0 }, told = { 0 };
	struct drv_error err = DRV_ERROR_INIT;

	for (size_t i = 0; i < count && !was_texts; i++)
		was[i].text = NULL;
	for (size_t i = 0; i < is_count && !is_texts; i++)
		is[i].text = NULL;
	if (prng_below(&seed, 3) == 0) {
		by_hand.first = told.first = keys == KEYS_FEW ? 7 : prng_next(&seed) / 2;
		by_hand.last = told.last = keys == KEYS_FEW ? 21 : told.first + INT64_MAX;
	}
	compare_by_hand(&by_hand, was, count, is, is_count);
	for (size_t workers = 1; workers < 8; workers += 3) {
		struct drvp_spool *a, *b;

		a = spool_traces(was, count, workers, was_texts, &seed, &err);
		b = spool_traces(is, is_count, 8 - workers, is_texts, &seed, &err);
		assert_int_equal(compare_spools(&told, a, b, &err), 0);
		assert_string_equal(drvp_strbuf_text(&told.text), drvp_strbuf_text(&by_hand.text));
		assert_memory_equal(&told.sums, &by_hand.sums, sizeof told.sums);
		drvp_spool_free(&a);
		drvp_spool_free(&b);
	}
	drvp_strbuf_free(&told.text);
	drvp_strbuf_free(&by_hand.text);
	drvp_arena_free(&arena);
}

static void differences_are_those_counted_by_hand(void **state)
{
	static const size_t counts[] = { 0, 1, 2, 5, 60, 300 };

	(void)state;
	for (size_t i = 0; i < COUNT(counts); i++)
		for (uint64_t seed = 0; seed < 24; seed++)
			check_random(counts[i], (int)(seed % KEYS_KINDS), seed & 4, seed & 8, seed);
}

/* ------------------------------------------------------------------ rows with one key */

static struct drvp_spool *spool_of(const char *rows, bool texts)
{
	struct drvp_spool *spool;

	assert_int_equal(drvp_spool_new(&spool, trace_folder, texts, NULL), 0);
	/* "1aX 1b" is key 1 twice, with digest a and text X, and with digest b and no text. */
	while (*rows) {
		struct drvp_trace trace = { (uint64_t)(rows[0] - '0'), (uint64_t)rows[1], NULL, 0 };

		rows += 2;
		trace.text = *rows && *rows != ' ' ? rows : NULL;
		trace.text_len = !!trace.text;
		assert_int_equal(drvp_spool_add(spool, &trace, NULL), 0);
		rows += trace.text_len;
		rows += *rows == ' ';
	}
	return spool;
}

static void rows_with_one_key_are_paired(void **state)
{
	static const struct {
		const char *was, *is, *told;
	} cases[] = {
		{ "", "", "" },
		{ "1aX", "1aX", "" },
		{ "1aX 1aX", "1aX", "0000000000000001 missing 1 'X'\n" },
		{ "1aX", "1aX 1aX 1aX", "0000000000000001 extra 2 'X'\n" },
		/* Equal digests first, wherever they stand. */
		{ "1aX 1bX 1cX", "1bX 1dX", "0000000000000001 changed 1 'X'\n"
					    "0000000000000001 missing 1 'X'\n" },
		{ "1cX", "1aX 1bX 1cX", "0000000000000001 extra 2 'X'\n" },
		{ "1aX 1bX", "1cX 1dX", "0000000000000001 changed 2 'X'\n" },
		/* The text from where there is one. */
		{ "1a", "1bX", "0000000000000001 changed 1 'X'\n" },
		{ "1aX", "1b", "0000000000000001 changed 1 'X'\n" },
		{ "1a", "2aX", "0000000000000001 missing 1\n0000000000000002 extra 1 'X'\n" },
		{ "1aX", "2a", "0000000000000001 missing 1 'X'\n0000000000000002 extra 1\n" },
		/* Two keys with one hash: the right name, or none. */
		{ "1aX 1bY", "1bY", "0000000000000001 missing 1 'X'\n" },
		{ "1bY", "1aX 1bY", "0000000000000001 extra 1 'X'\n" },
		{ "1aX 1bY", "", "0000000000000001 missing 2\n" },
		{ "", "1aX 1b", "0000000000000001 extra 2\n" },
		{ "1aX", "1bY", "0000000000000001 changed 1\n" },
		{ "1aX 1bY", "1cX", "0000000000000001 changed 1\n0000000000000001 missing 1\n" },
		/* What was said of one key must not stick to the next. */
		{ "1aX 1bY 2cZ", "", "0000000000000001 missing 2\n"
				     "0000000000000002 missing 1 'Z'\n" },
		{ "1aX 2a", "1bX", "0000000000000001 changed 1 'X'\n"
				   "0000000000000002 missing 1\n" },
		{ "1aX 3aZ", "2aY 3bZ", "0000000000000001 missing 1 'X'\n"
					"0000000000000002 extra 1 'Y'\n"
					"0000000000000003 changed 1 'Z'\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct drvp_spool *was = spool_of(cases[i].was, true);
		struct drvp_spool *is = spool_of(cases[i].is, true);
		struct told told = { 0 };

		assert_int_equal(compare_spools(&told, was, is, NULL), 0);
		assert_string_equal(drvp_strbuf_text(&told.text), cases[i].told);
		drvp_strbuf_free(&told.text);
		drvp_spool_free(&was);
		drvp_spool_free(&is);
	}
}

struct told_digests {
	struct drvp_strbuf text;
	size_t counts[3];            /* of the last difference of each kind */
};

static int write_digests(const struct drvp_difference *difference, void *user)
{
	static const char kinds[] = "~-+";
	struct told_digests *told = user;

	told->counts[difference->kind] = difference->digest_count;
	for (size_t i = 0; i < difference->digest_count; i++)
		if (told->text.len < 100)
			drvp_strbuf_printf(&told->text, "%c%c ", kinds[difference->kind],
					   (char)difference->digests[i]);
	return 0;
}

static void compare_digests(struct told_digests *told, struct drvp_spool *was,
			    struct drvp_spool *is)
{
	struct drvp_comparison sums;
	struct drvp_sidecar_info info;
	struct drvp_sidecar *sidecar;

	assert_int_equal(drvp_sidecar_write(&info, was, trace_folder, NULL), 0);
	assert_int_equal(drvp_sidecar_open(&sidecar, trace_folder, info.name, info.digest,
					   info.rows, NULL), 0);
	assert_int_equal(drvp_compare(&sums, sidecar, is, NULL, write_digests, told, NULL), 0);
	drvp_sidecar_free(&sidecar);
	empty_trace_folder();
	drvp_spool_free(&was);
	drvp_spool_free(&is);
}

static void rows_that_have_no_equal_are_told_by_their_digests(void **state)
{
	static const struct {
		const char *was, *is, *told;
	} cases[] = {
		{ "1a", "1a", "" },
		{ "1a 1b", "1c 1b", "~c " },
		{ "1a 1b 1c", "1b 1d", "~d " },
		{ "1b", "1a 1b 1c", "+a +c " },
		{ "1a", "1b 1c 1d", "~b +c +d " },
		{ "1a", "1a 1a 1a", "+a +a " },
		{ "1a 2a 3a", "1b 2a 4c", "~b +c " },
		{ "1a 1b", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct told_digests told = { .text = DRVP_STRBUF_INIT };

		compare_digests(&told, spool_of(cases[i].was, false), spool_of(cases[i].is, false));
		assert_string_equal(drvp_strbuf_text(&told.text), cases[i].told);
		drvp_strbuf_free(&told.text);
	}
}

static void telling_can_be_stopped(void **state)
{
	struct drvp_spool *was = spool_of("1aX 2aX 3aX", true), *is = spool_of("1bX 3bX", true);
	struct told told = { 0 };

	(void)state;
	for (told.stop_after = 1; told.stop_after <= 3; told.stop_after++) {
		assert_int_equal(compare_spools(&told, was, is, NULL), 17);
		assert_int_equal(told.count, told.stop_after);
	}
	assert_int_equal(compare_spools(&told, was, is, NULL), 0);
	drvp_strbuf_free(&told.text);
	drvp_spool_free(&was);
	drvp_spool_free(&is);
}

/* ------------------------------------------------------------------ many rows */

static void add_row(struct drvp_spool *spool, uint64_t key, uint64_t digest)
{
	const struct drvp_trace trace = { .key = key, .digest = digest };

	assert_int_equal(drvp_spool_add(spool, &trace, NULL), 0);
}

/* Of rows 0, 1, 2 …: each one of a kind is left out, altered or there twice. */
static void a_million_rows_are_compared(void **state)
{
	enum { ROWS = 500000 };
	struct drvp_spool *was, *is;
	struct told told = { 0 };
	uint64_t was_seed = 1, is_seed = 1;

	(void)state;
	assert_int_equal(drvp_spool_new(&was, trace_folder, false, NULL), 0);
	assert_int_equal(drvp_spool_new(&is, trace_folder, false, NULL), 0);
	for (size_t i = 0; i < ROWS; i++) {
		add_row(was, prng_next(&was_seed), i);
		if (i % 99991 != 1)
			add_row(is, prng_next(&is_seed), i % 49999 == 2 ? i + 1 : i);
		else
			prng_next(&is_seed);
		if (i % 25000 == 3)
			add_row(is, i, i);
	}
	assert_int_equal(compare_spools(&told, was, is, NULL), 0);
	assert_int_equal(told.sums.missing, 6);
	assert_int_equal(told.sums.changed, 11);
	assert_int_equal(told.sums.extra, 20);
	assert_int_equal(told.sums.same, ROWS - 6 - 11);
	assert_int_equal(told.count, 6 + 11 + 20);
	drvp_strbuf_free(&told.text);
	drvp_spool_free(&was);
	drvp_spool_free(&is);
}

static void copies_of_one_row_are_counted(void **state)
{
	struct drvp_spool *was, *is;
	struct told told = { 0 };

	(void)state;
	assert_int_equal(drvp_spool_new(&was, trace_folder, false, NULL), 0);
	assert_int_equal(drvp_spool_new(&is, trace_folder, false, NULL), 0);
	for (size_t i = 0; i < 150000; i++)
		add_row(was, 5, 5);
	for (size_t i = 0; i < 149990; i++)
		add_row(is, 5, i < 7 ? i + 100 : 5);
	assert_int_equal(compare_spools(&told, was, is, NULL), 0);
	assert_string_equal(told.text.data, "0000000000000005 changed 7\n"
					    "0000000000000005 missing 10\n");
	drvp_strbuf_free(&told.text);
	drvp_spool_free(&was);
	drvp_spool_free(&is);
}

/* However many rows have one key, so many digests are told as can be named, and no more. */
static void digests_are_bounded(void **state)
{
	static const size_t most = DRVP_DIFFERENCE_DIGESTS;
	static const struct {
		size_t was, is, changed, extra;
	} cases[] = {
		{ 3, 5 * DRVP_DIFFERENCE_DIGESTS, 3, DRVP_DIFFERENCE_DIGESTS },
		{ 2 * DRVP_DIFFERENCE_DIGESTS, 5 * DRVP_DIFFERENCE_DIGESTS,
		  DRVP_DIFFERENCE_DIGESTS, DRVP_DIFFERENCE_DIGESTS },
		{ DRVP_DIFFERENCE_DIGESTS - 1, DRVP_DIFFERENCE_DIGESTS + 1,
		  DRVP_DIFFERENCE_DIGESTS - 1, 2 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct told_digests told = { .text = DRVP_STRBUF_INIT };
		struct drvp_spool *was, *is;

		assert_int_equal(drvp_spool_new(&was, trace_folder, false, NULL), 0);
		assert_int_equal(drvp_spool_new(&is, trace_folder, false, NULL), 0);
		for (size_t row = 0; row < cases[i].was; row++)
			add_row(was, 5, 10 * most + row);
		for (size_t row = 0; row < cases[i].is; row++)
			add_row(is, 5, row);
		compare_digests(&told, was, is);
		assert_int_equal(told.counts[DRVP_ROW_CHANGED], cases[i].changed);
		assert_int_equal(told.counts[DRVP_ROW_EXTRA], cases[i].extra);
		drvp_strbuf_free(&told.text);
	}
}

/* ------------------------------------------------------------------ failures */

static void every_failure_ends_it(void **state)
{
	struct drvp_sidecar_info info;
	struct drvp_sidecar *sidecar;
	struct drvp_comparison sums;
	struct drvp_spool *spool;
	struct drv_error err = DRV_ERROR_INIT;
	long at = 0;
	int status;

	(void)state;
	do {
		uint64_t seed = 1;

		assert_int_equal(drvp_spool_new(&spool, trace_folder, false, NULL), 0);
		for (size_t i = 0; i < DRVP_SPOOL_SLOTS + 100; i++)
			add_row(spool, prng_next(&seed), i);
		if (!at)
			assert_int_equal(drvp_sidecar_write(&info, spool, trace_folder, NULL), 0);
		assert_int_equal(drvp_sidecar_open(&sidecar, trace_folder, info.name, info.digest,
						   info.rows, NULL), 0);
		faults.countdown = at += 1 + at / 4;
		faults.number = EIO;
		err.status = 0;
		status = drvp_compare(&sums, sidecar, spool, NULL, NULL, NULL, &err);
		assert_int_equal(status, faults.countdown ? 0 : DRV_E_IO);
		assert_int_equal(err.status, faults.countdown ? 0 : DRV_E_IO);
		drvp_sidecar_free(&sidecar);
		drvp_spool_free(&spool);
	} while (!faults.countdown);
	assert_true(at > 20);
	memset(&faults, 0, sizeof faults);
	empty_trace_folder();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(differences_are_those_counted_by_hand),
		cmocka_unit_test(rows_with_one_key_are_paired),
		cmocka_unit_test(rows_that_have_no_equal_are_told_by_their_digests),
		cmocka_unit_test(telling_can_be_stopped),
		cmocka_unit_test(a_million_rows_are_compared),
		cmocka_unit_test(copies_of_one_row_are_counted),
		cmocka_unit_test(digests_are_bounded),
		cmocka_unit_test(every_failure_ends_it),
	};

	return cmocka_run_group_tests(tests, make_trace_folder, remove_trace_folder);
}
