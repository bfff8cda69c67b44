/* test_buckets.c: sums of digests, in parts that come out the same in any order */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/siphash.h"
#include "content/buckets.h"
#include "prng.h"

/* ------------------------------------------------------------------ SipHash */

/* The first and some further vectors of the reference implementation: key 00 01 … 0f, message
 * 00 01 … of so many bytes. The one of 15 bytes is in appendix A of the paper. */
static void test_siphash(void **state)
{
	static const struct {
		size_t len;
		uint64_t hash;
	} vectors[] = {
		{ 0, UINT64_C(0x726fdb47dd0e0e31) }, { 1, UINT64_C(0x74f839c593dc67fd) },
		{ 7, UINT64_C(0xab0200f58b01d137) }, { 8, UINT64_C(0x93f5f5799a932462) },
		{ 15, UINT64_C(0xa129ca6149be45e5) },
	};
	uint8_t key[DRVP_SIPHASH_KEY], message[16];

	(void)state;
	for (uint8_t i = 0; i < 16; i++)
		key[i] = message[i] = i;
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
		assert_true(drvp_siphash(key, message, vectors[i].len) == vectors[i].hash);
	key[15] ^= 1;
	assert_true(drvp_siphash(key, message, 15) != vectors[4].hash);
}

/* ------------------------------------------------------------------ sums */

/* Addition digit by digit, as at school, from the last byte. */
static void add_bytes(uint8_t sum[32], const uint8_t number[32])
{
	unsigned carry = 0;

	for (size_t i = 32; i-- > 0;) {
		carry += sum[i] + number[i];
		sum[i] = (uint8_t)carry;
		carry >>= 8;
	}
}

static void random_digest(uint64_t *random, uint8_t digest[32])
{
	/* All ones now and then, so that carries run through. */
	bool ones = prng_next(random) % 4 == 0;

	for (size_t i = 0; i < 32; i++)
		digest[i] = ones ? 0xff : (uint8_t)prng_next(random);
}

static void test_sum(void **state)
{
	struct drvp_sum256 sum = { { 0 } }, halves[2] = { { { 0 } }, { { 0 } } };
	uint8_t expected[32] = { 0 }, bytes[32];
	uint64_t random = 7;

	(void)state;
	for (size_t i = 0; i < 10000; i++) {
		uint8_t digest[32];

		random_digest(&random, digest);
		drvp_sum256_add(&sum, digest);
		drvp_sum256_add(&halves[prng_next(&random) % 2], digest);
		add_bytes(expected, digest);
		drvp_sum256_bytes(&sum, bytes);
		assert_memory_equal(expected, bytes, 32);
	}
	drvp_sum256_merge(&halves[1], &halves[0]);
	assert_true(drvp_sum256_equal(&halves[1], &sum));
	halves[1].words[3]++;
	assert_false(drvp_sum256_equal(&halves[1], &sum));
}

/* ------------------------------------------------------------------ buckets */

#define ROWS 3000

struct placed {
	int64_t place;
	uint8_t digest[32];
};

static struct placed rows[ROWS];

static void fill(uint64_t seed, int64_t spread)
{
	for (size_t i = 0; i < ROWS; i++) {
		rows[i].place = (int64_t)(prng_next(&seed) % (uint64_t)spread) - spread / 2;
		random_digest(&seed, rows[i].digest);
	}
}

static void add_row(struct drvp_buckets *buckets, const struct placed *row)
{
	drvp_bucket_add(drvp_buckets_at(buckets, row->place), row->digest);
}

/* The smallest width at which there are at most so many, found by trying all. */
static unsigned needed_shift(size_t most, unsigned least)
{
	for (unsigned shift = least;; shift++) {
		int64_t seen[64];
		size_t count = 0;

		for (size_t i = 0; i < ROWS && count <= most; i++) {
			size_t at = 0;

			while (at < count && seen[at] != rows[i].place >> shift)
				at++;
			if (at == count && count < sizeof seen / sizeof *seen)
				seen[count++] = rows[i].place >> shift;
		}
		if (count <= most)
			return shift;
	}
}

static void expect_like_rows(struct drvp_buckets *buckets, size_t most, unsigned least)
{
	uint64_t found = 0;

	drvp_buckets_sort(buckets);
	assert_int_equal(needed_shift(most, least), buckets->shift);
	assert_true(buckets->count <= most);
	for (size_t b = 0; b < buckets->count; b++) {
		struct drvp_bucket like = { .number = buckets->list[b].number };

		assert_true(b == 0 || buckets->list[b - 1].number < like.number);
		for (size_t i = 0; i < ROWS; i++)
			if (rows[i].place >> buckets->shift == like.number)
				drvp_bucket_add(&like, rows[i].digest);
		assert_int_equal(like.rows, buckets->list[b].rows);
		assert_true(drvp_sum256_equal(&like.sum, &buckets->list[b].sum));
		assert_ptr_equal(&buckets->list[b], drvp_buckets_find(buckets, like.number));
		found += like.rows;
	}
	assert_int_equal(ROWS, found);
	assert_int_equal(ROWS, drvp_buckets_total(buckets).rows);
}

/* Dealt to parts, merged in either direction: always what trying all widths gives. */
static void test_any_split(void **state)
{
	static const int64_t spreads[] = { 10, 1000, INT64_C(1) << 40, INT64_MAX };
	uint64_t random = 3;

	(void)state;
	for (size_t s = 0; s < sizeof spreads / sizeof *spreads; s++)
		for (size_t most = 2; most <= 60; most += 29)
			for (size_t parts = 1; parts <= 5; parts += 2) {
				struct drvp_buckets part[5], merged = { .list = NULL };

				fill(s + most, spreads[s]);
				for (size_t p = 0; p < parts; p++)
					assert_int_equal(0, drvp_buckets_open(&part[p], most, 4));
				for (size_t i = 0; i < ROWS; i++)
					add_row(&part[prng_next(&random) % parts], &rows[i]);
				for (size_t p = 0; p < parts; p++)
					drvp_buckets_merge(&merged, &part[most % 2 ? p : parts - 1 - p]);
				expect_like_rows(&merged, most, 4);
				drvp_buckets_free(&merged);
			}
}

/* Others come about beside the recorded ones, in the order of rows, but not without end. */
static void test_fixed(void **state)
{
	static const struct drvp_recorded_bucket list[] = {
		{ .number = -2 }, { .number = 6000 }, { .unplaced = true },
	};
	const struct drvp_recorded_buckets recorded = { .shift = { true, 3 }, .list = list,
							.count = 3 };
	const size_t numbers = 13 + 5000, most = 3 + DRVP_BUCKETS_MAX;
	struct drvp_buckets buckets, other;
	struct placed row = { .digest = { 1 } };

	(void)state;
	assert_int_equal(0, drvp_buckets_open_fixed(&buckets, &recorded));
	assert_int_equal(0, drvp_buckets_open_fixed(&other, &recorded));
	for (row.place = -13 * 8; row.place < 5000 * 8; row.place++)
		add_row(row.place % 2 ? &buckets : &other, &row);
	drvp_bucket_add(&other.unplaced, row.digest);
	drvp_buckets_merge(&buckets, &other);
	assert_int_equal(3, buckets.shift);
	assert_int_equal(most, buckets.count);
	assert_int_equal(8, drvp_buckets_find(&buckets, -2)->rows);
	assert_int_equal(8, drvp_buckets_find(&buckets, 5)->rows);
	assert_int_equal(0, drvp_buckets_find(&buckets, 6000)->rows);
	assert_null(drvp_buckets_find(&buckets, 4999));
	/* All numbers but the one without rows take a place. */
	assert_int_equal((numbers + 1 - most) * 8, buckets.elsewhere.rows);
	assert_int_equal(1, buckets.unplaced.rows);
	assert_int_equal(numbers * 8 + 1, drvp_buckets_total(&buckets).rows);
	drvp_buckets_free(&buckets);
}

static void test_widen(void **state)
{
	struct drvp_buckets buckets;
	struct drvp_bucket before, after;

	(void)state;
	fill(1, 100000);
	assert_int_equal(0, drvp_buckets_open(&buckets, 60, 0));
	for (size_t i = 0; i < ROWS; i++)
		add_row(&buckets, &rows[i]);
	before = drvp_buckets_total(&buckets);
	drvp_buckets_widen(&buckets, 4);
	expect_like_rows(&buckets, 4, 0);
	after = drvp_buckets_total(&buckets);
	assert_true(drvp_sum256_equal(&before.sum, &after.sum));
	drvp_buckets_free(&buckets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_siphash),
		cmocka_unit_test(test_sum),
		cmocka_unit_test(test_any_split),
		cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_widen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
