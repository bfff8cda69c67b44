/* test_multiset.c: equal multisets are equal in any order and cut; any other change shows */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/multiset.h"
#include "prng.h"

#define VALUES 60

struct value {
	uint8_t bytes[DRVP_MULTISET_VALUE_MAX];
	size_t len;
};

static struct drvp_multiset_key key;
static uint64_t seed = 8;

static int draw_key(void **state)
{
	(void)state;
	return drvp_multiset_key_random(&key, NULL);
}

/* Lengths 0 … 64; now and then a value that is already there, and runs of 0x00 and 0xFF. */
static void draw_values(struct value values[VALUES])
{
	for (size_t i = 0; i < VALUES; i++) {
		struct value *v = &values[i];
		size_t kind = prng_below(&seed, 8);

		if (i > 0 && kind == 0) {
			*v = values[prng_below(&seed, i)];
			continue;
		}
		v->len = prng_below(&seed, DRVP_MULTISET_VALUE_MAX + 1);
		for (size_t j = 0; j < v->len; j++)
			v->bytes[j] = kind == 1 ? 0x00 : kind == 2 ? 0xFF
							 : (uint8_t)prng_next(&seed);
	}
}

static void shuffle(struct value values[VALUES])
{
	for (size_t i = VALUES - 1; i > 0; i--) {
		size_t j = prng_below(&seed, i + 1);
		struct value swap = values[i];

		values[i] = values[j];
		values[j] = swap;
	}
}

static struct drvp_multiset fingerprint(const struct value *values, size_t count)
{
	struct drvp_multiset set;

	drvp_multiset_init(&set);
	for (size_t i = 0; i < count; i++)
		drvp_multiset_add(&set, &key, values[i].bytes, values[i].len);
	return set;
}

static struct drvp_multiset merged(struct drvp_multiset a, const struct drvp_multiset *b)
{
	drvp_multiset_merge(&a, b);
	return a;
}

static void assert_same(const struct drvp_multiset *a, const struct drvp_multiset *b)
{
	assert_true(drvp_multiset_equal(a, b));
	assert_memory_equal(a->sum, b->sum, sizeof a->sum);
}

static void order_and_cuts_make_no_difference(void **state)
{
	struct value values[VALUES];

	(void)state;
	for (int round = 0; round < 100; round++) {
		struct drvp_multiset whole, parts[4], joined;
		size_t from = 0;

		draw_values(values);
		whole = fingerprint(values, VALUES);
		shuffle(values);
		for (size_t i = 0; i < 4; i++) {
			size_t count = i < 3 ? prng_below(&seed, VALUES - from + 1) : VALUES - from;

			parts[i] = fingerprint(values + from, count);
			from += count;
		}
		drvp_multiset_init(&joined);
		for (size_t i = 0; i < 4; i++)
			drvp_multiset_merge(&joined, &parts[3 - i]);
		assert_same(&whole, &joined);
	}
}

static void merging_is_associative_and_has_a_neutral_element(void **state)
{
	struct value values[VALUES];
	struct drvp_multiset a, b, c, bc, left, right, empty;

	(void)state;
	for (int round = 0; round < 100; round++) {
		draw_values(values);
		a = fingerprint(values, 20);
		b = fingerprint(values + 20, 20);
		c = fingerprint(values + 40, 20);
		left = merged(merged(a, &b), &c);
		bc = merged(b, &c);
		right = merged(a, &bc);
		assert_same(&left, &right);
		right = merged(merged(c, &a), &b);
		assert_same(&left, &right);
		drvp_multiset_init(&empty);
		right = merged(left, &empty);
		assert_same(&left, &right);
		right = merged(empty, &left);
		assert_same(&left, &right);
	}
}

static void assert_change_shows(const struct drvp_multiset *whole, const struct value *values,
				size_t count)
{
	struct drvp_multiset other = fingerprint(values, count);

	assert_false(drvp_multiset_equal(whole, &other));
	/* Not even if the counts were made to agree. */
	other.count = whole->count;
	assert_false(drvp_multiset_equal(whole, &other));
}

static void any_single_change_shows(void **state)
{
	struct value values[VALUES + 1];

	(void)state;
	for (int round = 0; round < 20; round++) {
		struct drvp_multiset whole;

		draw_values(values);
		whole = fingerprint(values, VALUES);
		for (size_t i = 0; i < VALUES; i++) {
			struct value kept = values[i];

			values[VALUES] = kept;
			assert_change_shows(&whole, values, VALUES + 1);
			values[i] = values[VALUES - 1];
			values[VALUES - 1] = kept;
			assert_change_shows(&whole, values, VALUES - 1);
			values[VALUES - 1] = values[i];
			values[i] = kept;
			if (kept.len > 0) {
				uint8_t *byte = &values[i].bytes[prng_below(&seed, kept.len)];

				*byte ^= (uint8_t)(1 << prng_below(&seed, 8));
				assert_change_shows(&whole, values, VALUES);
			}
			values[i] = kept;
			/* A zero in front or behind makes another value. */
			if (kept.len < DRVP_MULTISET_VALUE_MAX) {
				values[i].bytes[values[i].len++] = 0;
				assert_change_shows(&whole, values, VALUES);
				memmove(values[i].bytes + 1, kept.bytes, kept.len);
				values[i].bytes[0] = 0;
				assert_change_shows(&whole, values, VALUES);
			}
			values[i] = kept;
		}
		assert_same(&whole, &(struct drvp_multiset[]){ fingerprint(values, VALUES) }[0]);
	}
}

/* {a, b} against {a+1, b-1}: sums agree, products must not. */
static void equal_sums_do_not_deceive(void **state)
{
	static const struct value pair[] = { { "\x00\x05", 2 }, { "\x00\x09", 2 } };
	static const struct value moved[] = { { "\x00\x06", 2 }, { "\x00\x08", 2 } };
	struct drvp_multiset a = fingerprint(pair, 2), b = fingerprint(moved, 2);

	(void)state;
	assert_memory_equal(a.sum, b.sum, sizeof a.sum);
	assert_false(drvp_multiset_equal(&a, &b));
}

static void the_one_value_too_many_is_recovered(void **state)
{
	struct value values[VALUES];

	(void)state;
	for (int round = 0; round < 500; round++) {
		struct drvp_multiset whole, less;
		uint8_t found[DRVP_MULTISET_VALUE_MAX];
		const struct value *last = &values[VALUES - 1];

		draw_values(values);
		shuffle(values);
		whole = fingerprint(values, VALUES);
		less = fingerprint(values, VALUES - 1);
		drvp_multiset_difference(&whole, &less, found, last->len);
		assert_memory_equal(found, last->bytes, last->len);
		drvp_multiset_add(&less, &key, found, last->len);
		assert_same(&whole, &less);
	}
}

static void keys_are_drawn_anew(void **state)
{
	struct drvp_multiset_key first = key;
	static const struct value one = { "abc", 3 };
	struct drvp_multiset before = fingerprint(&one, 1), after;

	assert_int_equal(draw_key(state), 0);
	assert_memory_not_equal(&first, &key, sizeof key);
	after = fingerprint(&one, 1);
	assert_false(drvp_multiset_equal(&before, &after));
}

static void what_was_never_begun_equals_nothing(void **state)
{
	struct drvp_multiset a = { 0 }, b = { 0 }, empty;

	(void)state;
	assert_false(drvp_multiset_equal(&a, &b));
	drvp_multiset_init(&empty);
	assert_true(drvp_multiset_equal(&empty, &empty));
	assert_false(drvp_multiset_equal(&a, &empty));
}

__extension__ typedef unsigned __int128 u128;
static const u128 prime = ((u128)1 << 127) - 1;

static u128 number(const uint64_t word[2])
{
	return (u128)word[1] << 64 | word[0];
}

/* By doubling, modulo 2^127 - 1. */
static u128 slow_product(u128 x, u128 y)
{
	u128 product = 0;

	for (int bit = 127; bit >= 0; bit--) {
		product = 2 * product % prime;
		if (y >> bit & 1)
			product = (product + x) % prime;
	}
	return product;
}

/* r + k0 * length + the words of four bytes, each times its k. */
static u128 slow_factor(const struct value *v)
{
	u128 sum = (number(key.root) + slow_product(number(key.words[0]), v->len)) % prime;

	for (size_t i = 0; i < v->len; i += 4) {
		uint64_t word = 0;

		for (size_t j = i; j < v->len && j < i + 4; j++)
			word = word << 8 | v->bytes[j];
		sum = (sum + slow_product(number(key.words[1 + i / 4]), word)) % prime;
	}
	return sum;
}

static void factors_are_those_of_the_definition(void **state)
{
	struct drvp_multiset_key drawn = key;
	struct value values[VALUES];

	(void)state;
	for (int round = 0; round < 50; round++) {
		draw_values(values);
		/* The greatest secrets there are bring every sum to its greatest. */
		for (size_t i = 0; round % 5 == 0 && i < sizeof key.words / sizeof *key.words; i++) {
			key.words[i][0] = UINT64_MAX - 1;
			key.words[i][1] = UINT64_MAX >> 1;
		}
		for (size_t i = 0; i < VALUES; i++) {
			struct drvp_multiset one = fingerprint(&values[i], 1);

			assert_true(number(one.product) == slow_factor(&values[i]));
		}
		key = drawn;
	}
}

/* The product is computed modulo 2^127 - 1. */
static void products_are_those_of_the_field(void **state)
{
	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct drvp_multiset a = { .count = 0 }, b = { .count = 0 };
		u128 slow;

		for (int i = 0; i < 2; i++) {
			a.product[i] = round % 7 ? prng_next(&seed) : UINT64_MAX;
			b.product[i] = round % 5 ? prng_next(&seed) : UINT64_MAX;
		}
		a.product[1] >>= 1 + prng_below(&seed, 3);
		b.product[1] >>= 1 + prng_below(&seed, 3);
		a.product[0] -= 1;
		slow = slow_product(number(a.product), number(b.product));
		drvp_multiset_merge(&a, &b);
		assert_true(slow == number(a.product));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_and_cuts_make_no_difference),
		cmocka_unit_test(merging_is_associative_and_has_a_neutral_element),
		cmocka_unit_test(any_single_change_shows),
		cmocka_unit_test(equal_sums_do_not_deceive),
		cmocka_unit_test(the_one_value_too_many_is_recovered),
		cmocka_unit_test(keys_are_drawn_anew),
		cmocka_unit_test(what_was_never_begun_equals_nothing),
		cmocka_unit_test(factors_are_those_of_the_definition),
		cmocka_unit_test(products_are_those_of_the_field),
	};

	return cmocka_run_group_tests(tests, draw_key, NULL);
}
