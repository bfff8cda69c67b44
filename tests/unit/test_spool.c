/* test_spool.c: traces come back sorted and complete, or not at all */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "content/merge.h"
#include "file_faults.h"
#include "traces.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool same_trace(const struct drvp_trace *a, const struct drvp_trace *b)
{
	return a->key == b->key && a->digest == b->digest && !a->text == !b->text &&
	       a->text_len == b->text_len &&
	       (!a->text || !memcmp(a->text, b->text, a->text_len));
}

static void assert_holds(struct drvp_spool *spool, const struct drvp_trace *sorted, size_t count)
{
	struct drv_error err = DRV_ERROR_INIT;
	struct drvp_trace trace;
	bool equal = true;

	assert_int_equal(drvp_spool_rows(spool), count);
	assert_int_equal(drvp_spool_rewind(spool, &err), 0);
	for (size_t i = 0; i < count; i++)
		equal = equal && drvp_spool_next(spool, &trace, &err) == 1 &&
			same_trace(&trace, &sorted[i]);
	assert_true(equal);
	assert_int_equal(drvp_spool_next(spool, &trace, &err), 0);
	assert_int_equal(drvp_spool_next(spool, &trace, &err), 0);
}

static void check_split(size_t count, size_t workers, int keys, bool texts, uint64_t seed)
{
	struct drvp_arena arena = { 0 };
	struct drvp_trace *traces = random_traces(&arena, &seed, count, keys, texts);
	struct drv_error err = DRV_ERROR_INIT;
	struct drvp_spool *spool = spool_traces(traces, count, workers, texts, &seed, &err);

	assert_non_null(spool);
	assert_true(drvp_spool_keeps_texts(spool) == texts);
	qsort(traces, count, sizeof *traces, naive_order);
	assert_holds(spool, traces, count);
	assert_holds(spool, traces, count);
	drvp_spool_free(&spool);
	assert_null(spool);
	drvp_arena_free(&arena);
}

static void order_and_split_do_not_matter(void **state)
{
	static const size_t counts[] = { 0, 1, 2, 3, 255, 256, 257, 3000 };

	(void)state;
	for (size_t i = 0; i < COUNT(counts); i++)
		for (int keys = 0; keys < KEYS_KINDS; keys++)
			for (size_t workers = 1; workers <= 8; workers += 1 + workers / 2)
				check_split(counts[i], workers, keys, (i + workers) % 2, i);
	assert_int_equal(empty_trace_folder(), 0);
}

static void what_does_not_fit_into_memory_is_sorted_too(void **state)
{
	(void)state;
	check_split(DRVP_SPOOL_SLOTS, 1, KEYS_SPREAD, false, 1);
	check_split(DRVP_SPOOL_SLOTS + 1, 1, KEYS_SPREAD, true, 2);
	check_split(150000, 2, KEYS_ONE, true, 3);
	check_split(150000, 2, KEYS_FEW, true, 5);
	check_split(200000, 2, KEYS_BUCKETS, true, 4);
	assert_int_equal(empty_trace_folder(), 0);
}

/* Too many to keep a second copy sorted by other means: ascending, and the same sum. */
static void a_million_rows_come_back(void **state)
{
	struct drv_error err = DRV_ERROR_INIT;
	struct drvp_spool *spool;
	struct drvp_trace trace = { 0 }, last = { 0 };
	uint64_t seed = 9, sum = 0, rows = 0;
	bool ordered = true;

	(void)state;
	assert_int_equal(drvp_spool_new(&spool, trace_folder, false, &err), 0);
	for (size_t i = 0; i < 1000000; i++) {
		trace = (struct drvp_trace){ .key = prng_next(&seed), .digest = i };
		sum += trace.key * (2 * i + 1);
		assert_int_equal(drvp_spool_add(spool, &trace, &err), 0);
	}
	assert_int_equal(drvp_spool_rewind(spool, &err), 0);
	for (; drvp_spool_next(spool, &trace, &err) > 0; rows++, last = trace) {
		sum -= trace.key * (2 * trace.digest + 1);
		ordered = ordered && trace.key >= last.key;
	}
	assert_int_equal(rows, 1000000);
	assert_int_equal(sum, 0);
	assert_true(ordered);
	drvp_spool_free(&spool);
}

/* ------------------------------------------------------------------ many runs */

static void write_run(struct drvp_runs *runs, uint64_t first, uint64_t step, size_t count)
{
	struct drvp_run_writer writer;
	int status = drvp_run_begin(&writer, runs, NULL);

	for (size_t i = 0; i < count && !status; i++) {
		struct drvp_trace trace = { .key = first + i * step, .digest = first };

		status = drvp_run_write(&writer, &trace, NULL);
	}
	assert_int_equal(drvp_run_end(&writer, status, NULL), 0);
}

static void check_runs(size_t count, size_t length)
{
	struct drvp_runs runs = { .dir = strdup(trace_folder) };
	struct drvp_merge *merge;
	struct drvp_trace trace;
	bool right = true;

	for (size_t i = 0; i < count; i++)
		write_run(&runs, i * 7919 % count, count, length);
	assert_int_equal(drvp_runs_reduce(&runs, NULL), 0);
	assert_true(runs.count <= DRVP_RUNS_MERGED);
	assert_true(count > DRVP_RUNS_MERGED || runs.count == count);
	assert_int_equal(drvp_merge_new(&merge, &runs, runs.count, NULL, NULL, NULL), 0);
	for (size_t i = 0; i < count * length; i++)
		right = right && drvp_merge_next(merge, &trace, NULL) == 1 && trace.key == i;
	assert_true(right);
	assert_int_equal(drvp_merge_next(merge, &trace, NULL), 0);
	drvp_merge_free(&merge);
	drvp_runs_free(&runs);
}

static void runs_are_merged_as_often_as_it_takes(void **state)
{
	static const size_t counts[] = {
		1, DRVP_RUNS_MERGED, DRVP_RUNS_MERGED + 1, 2 * DRVP_RUNS_MERGED - 1,
		2 * DRVP_RUNS_MERGED, 1000, DRVP_RUNS_MERGED * DRVP_RUNS_MERGED + 3,
	};

	(void)state;
	for (size_t i = 0; i < COUNT(counts); i++)
		check_runs(counts[i], counts[i] < 5000 ? 60 : 1);
	check_runs(3, 100000);
}

/* ------------------------------------------------------------------ use */

static void few_rows_need_no_file(void **state)
{
	struct drv_error err = DRV_ERROR_INIT;
	struct drvp_trace trace = { 0 };
	struct drvp_spool *spool;

	(void)state;
	assert_int_equal(drvp_spool_new(&spool, "/there is/no such folder", true, &err), 0);
	for (size_t i = 0; i < DRVP_SPOOL_SLOTS; i++)
		assert_int_equal(drvp_spool_add(spool, &trace, &err), 0);
	assert_int_equal(drvp_spool_rewind(spool, &err), 0);
	assert_int_equal(drvp_spool_next(spool, &trace, &err), 1);
	/* One more does, and from then on the spool is of no use. */
	for (int again = 0; again < 2; again++) {
		err = (struct drv_error)DRV_ERROR_INIT;
		assert_int_equal(drvp_spool_add(spool, &trace, &err), DRV_E_IO);
		assert_int_equal(err.status, DRV_E_IO);
		assert_int_equal(err.native_code, ENOENT);
		assert_string_equal(err.message, "cannot make a temporary file in "
						 "/there is/no such folder: "
						 "No such file or directory");
	}
	assert_int_equal(drvp_spool_rewind(spool, NULL), DRV_E_IO);
	assert_int_equal(drvp_spool_next(spool, &trace, NULL), DRV_E_IO);
	drvp_spool_free(&spool);
	drvp_spool_free(&spool);
}

static void adding_goes_on_after_reading(void **state)
{
	struct drvp_arena arena = { 0 };
	uint64_t seed = 12;
	size_t half = DRVP_SPOOL_SLOTS - 100, count = 2 * half;
	struct drvp_trace *traces = random_traces(&arena, &seed, count, KEYS_SPREAD, true);
	struct drvp_spool *spool = spool_traces(traces, half, 1, true, &seed, NULL);
	struct drv_error err = DRV_ERROR_INIT;
	struct drvp_trace trace;

	(void)state;
	assert_int_equal(drvp_spool_rewind(spool, NULL), 0);
	assert_int_equal(drvp_spool_next(spool, &trace, NULL), 1);
	for (size_t i = half; i < count; i++)
		assert_int_equal(drvp_spool_add(spool, &traces[i], NULL), 0);
	qsort(traces, count, sizeof *traces, naive_order);
	assert_holds(spool, traces, count);
	assert_int_equal(drvp_spool_add(spool, &traces[0], NULL), 0);
	assert_int_equal(drvp_spool_next(spool, &trace, &err), DRV_E_INTERNAL);
	assert_string_equal(err.message, "a spool is read before its rewind");
	drvp_spool_free(&spool);
	drvp_arena_free(&arena);
}

static void texts_are_kept_up_to_their_limit(void **state)
{
	static char long_text[DRVP_KEY_TEXT_MAX + 1];
	static const size_t lengths[] = { 0, 1, DRVP_KEY_TEXT_MAX, DRVP_KEY_TEXT_MAX + 1 };
	struct drvp_trace trace;
	struct drvp_spool *spool;

	(void)state;
	memset(long_text, 'k', sizeof long_text);
	for (int texts = 0; texts < 2; texts++) {
		assert_int_equal(drvp_spool_new(&spool, trace_folder, texts, NULL), 0);
		faults.writes = 0;
		/* Texts alone are enough to need a file. */
		for (size_t i = 0; i < 2000; i++) {
			trace = (struct drvp_trace){ i, i, long_text, lengths[i % 4] };
			assert_int_equal(drvp_spool_add(spool, &trace, NULL), 0);
		}
		assert_true((faults.writes > 0) == texts);
		assert_int_equal(drvp_spool_rewind(spool, NULL), 0);
		for (size_t i = 0; i < 2000; i++) {
			bool kept = texts && lengths[i % 4] <= DRVP_KEY_TEXT_MAX;

			assert_int_equal(drvp_spool_next(spool, &trace, NULL), 1);
			assert_int_equal(trace.key, i);
			assert_true(kept == !!trace.text);
			assert_int_equal(trace.text_len, kept ? lengths[i % 4] : 0);
			if (kept)
				assert_memory_equal(trace.text, long_text, trace.text_len);
		}
		drvp_spool_free(&spool);
	}
}

static void spools_of_two_kinds_do_not_merge(void **state)
{
	struct drvp_spool *with, *without;
	struct drv_error err = DRV_ERROR_INIT;

	(void)state;
	assert_int_equal(drvp_spool_new(&with, trace_folder, true, NULL), 0);
	assert_int_equal(drvp_spool_new(&without, trace_folder, false, NULL), 0);
	assert_int_equal(drvp_spool_merge(with, &without, &err), DRV_E_INTERNAL);
	assert_null(without);
	assert_int_equal(drvp_spool_rewind(with, &err), DRV_E_INTERNAL);
	drvp_spool_free(&with);
}

/* ------------------------------------------------------------------ failures of files */

#define FAULTY_ROWS (DRVP_SPOOL_SLOTS + 5000)

/* All of it, with whatever faults are armed: whether it worked. What worked has to be right. */
static bool try_spool(const struct drvp_trace *traces, const struct drvp_trace *sorted,
		      size_t workers, struct drv_error *err)
{
	uint64_t seed = 77;
	struct drvp_spool *spool = spool_traces(traces, FAULTY_ROWS, workers, true, &seed, err);
	struct drvp_trace trace;
	int status = spool ? drvp_spool_rewind(spool, err) : err->status;
	size_t rows = 0;

	for (; !status && (status = drvp_spool_next(spool, &trace, err)) > 0; rows++, status = 0)
		assert_true(rows < FAULTY_ROWS && same_trace(&trace, &sorted[rows]));
	drvp_spool_free(&spool);
	assert_true(status <= 0 && (status || rows == FAULTY_ROWS));
	assert_int_equal(status, err->status);
	return !status;
}

static void every_failure_is_told(void **state)
{
	static const int numbers[] = { EIO, ENOSPC, 0 };
	struct drvp_arena arena = { 0 };
	uint64_t seed = 21;
	struct drvp_trace *traces = random_traces(&arena, &seed, FAULTY_ROWS, KEYS_SPREAD, true);
	struct drvp_trace *sorted = drvp_arena_array(&arena, FAULTY_ROWS, sizeof *sorted);

	(void)state;
	memcpy(sorted, traces, FAULTY_ROWS * sizeof *sorted);
	qsort(sorted, FAULTY_ROWS, sizeof *sorted, naive_order);
	for (size_t i = 0; i < COUNT(numbers); i++)
		for (long at = 1;; at += 1 + at / 4) {
			struct drv_error err = DRV_ERROR_INIT;
			bool fine;

			memset(&faults, 0, sizeof faults);
			faults.countdown = at;
			faults.number = numbers[i];
			fine = try_spool(traces, sorted, 1, &err);
			if (faults.countdown) {
				assert_true(fine && at > 10);
				break;
			}
			assert_false(fine);
			assert_int_equal(err.status, DRV_E_IO);
			assert_non_null(strstr(err.message, trace_folder));
		}
	memset(&faults, 0, sizeof faults);
	assert_int_equal(empty_trace_folder(), 0);
	drvp_arena_free(&arena);
}

static void what_is_no_failure_is_none(void **state)
{
	struct drvp_arena arena = { 0 };
	uint64_t seed = 22;
	struct drvp_trace *traces = random_traces(&arena, &seed, FAULTY_ROWS, KEYS_SPREAD, true);
	struct drvp_trace *sorted = drvp_arena_array(&arena, FAULTY_ROWS, sizeof *sorted);
	struct drv_error err = DRV_ERROR_INIT;

	(void)state;
	memcpy(sorted, traces, FAULTY_ROWS * sizeof *sorted);
	qsort(sorted, FAULTY_ROWS, sizeof *sorted, naive_order);
	memset(&faults, 0, sizeof faults);
	assert_true(try_spool(traces, sorted, 1, &err));
	assert_int_equal(faults.unnamed_mode, S_IFREG | 0600);
	assert_int_equal(faults.unnamed_links, 0);
	faults.piecemeal = faults.interrupted = faults.no_unnamed = true;
	assert_true(try_spool(traces, sorted, 1, &err));
	assert_int_equal(empty_trace_folder(), 0);
	memset(&faults, 0, sizeof faults);
	drvp_arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_and_split_do_not_matter),
		cmocka_unit_test(what_does_not_fit_into_memory_is_sorted_too),
		cmocka_unit_test(a_million_rows_come_back),
		cmocka_unit_test(runs_are_merged_as_often_as_it_takes),
		cmocka_unit_test(few_rows_need_no_file),
		cmocka_unit_test(adding_goes_on_after_reading),
		cmocka_unit_test(texts_are_kept_up_to_their_limit),
		cmocka_unit_test(spools_of_two_kinds_do_not_merge),
		cmocka_unit_test(every_failure_is_told),
		cmocka_unit_test(what_is_no_failure_is_none),
	};

	return cmocka_run_group_tests(tests, make_trace_folder, remove_trace_folder);
}
