/* multiset.c: proves that two streams hold the same values, in any order, in constant memory */
#include "base/multiset.h"

#include <endian.h>
#include <string.h>

#include "base/digest.h"

__extension__ typedef unsigned __int128 u128;

#define PRIME (((u128)1 << 127) - 1)

static u128 load(const uint64_t word[2])
{
	return (u128)word[1] << 64 | word[0];
}

static void store(uint64_t word[2], u128 value)
{
	word[0] = (uint64_t)value;
	word[1] = (uint64_t)(value >> 64);
}

/*
 * 2^127 = 1 modulo the prime, so the bits from 127 on are added to those below. The result may be
 * one step above the prime: that is all right until numbers are compared.
 */
static inline u128 shorten(u128 value)
{
	return (value & PRIME) + (value >> 127);
}

/* The number below the prime. */
static u128 reduce(u128 value)
{
	value = shorten(shorten(value));
	return value >= PRIME ? value - PRIME : value;
}

/* a and b at most 2^127. */
static inline u128 multiply(u128 a, u128 b)
{
	uint64_t a0 = (uint64_t)a, a1 = (uint64_t)(a >> 64);
	uint64_t b0 = (uint64_t)b, b1 = (uint64_t)(b >> 64);
	u128 low = (u128)a0 * b0, high = (u128)a1 * b1;
	u128 middle = (u128)a0 * b1 + (u128)a1 * b0; /* a1, b1 at most 2^63: no overflow */
	u128 sum;

	/* middle * 2^64: its upper part counts 2^127, which is 1; high * 2^128 = high * 2. */
	sum = shorten(low) + (((middle << 64) & PRIME) + (middle >> 63));
	return shorten(shorten(sum) + (high << 1));
}

/* A big-endian number of at most 8 bytes. */
static uint64_t load_number(const uint8_t *value, size_t len)
{
	uint64_t word = 0;

	if (len == 8) {
		memcpy(&word, value, 8);
		return be64toh(word);
	}
	for (size_t i = 0; i < len; i++)
		word = word << 8 | value[i];
	return word;
}

/* Fifteen bytes a step always stay below the prime; the length tells "" from "\0". */
static u128 fold(const struct drvp_multiset_key *key, const uint8_t *value, size_t len)
{
	u128 secret = load(key->fold), folded = len;

	while (len > 0) {
		size_t take = len < 15 ? len : 15, high = take > 8 ? take - 8 : 0;
		u128 chunk = (u128)load_number(value, high) << 64 |
			     load_number(value + high, take - high);

		folded = shorten(multiply(folded, secret) + chunk);
		value += take;
		len -= take;
	}
	return folded;
}

static void sum_add(uint64_t sum[8], const uint64_t other[8])
{
	uint64_t carry = 0;

	for (int i = 0; i < 8; i++) {
		u128 word = (u128)sum[i] + other[i] + carry;

		sum[i] = (uint64_t)word;
		carry = (uint64_t)(word >> 64);
	}
}

static void sum_load(uint64_t sum[8], const uint8_t *value, size_t len)
{
	memset(sum, 0, 8 * sizeof *sum);
	for (size_t i = 0; len > 0; i++) {
		size_t take = len < 8 ? len : 8;

		len -= take;
		sum[i] = load_number(value + len, take);
	}
}

int drvp_multiset_key_random(struct drvp_multiset_key *key, struct drv_error *err)
{
	int status = drvp_random(key, sizeof *key, err);

	store(key->root, reduce(load(key->root)));
	store(key->fold, reduce(load(key->fold)));
	return status;
}

void drvp_multiset_init(struct drvp_multiset *set)
{
	*set = (struct drvp_multiset){ { 1, 0 }, { 0 }, 0 };
}

void drvp_multiset_add(struct drvp_multiset *set, const struct drvp_multiset_key *key,
		       const uint8_t *value, size_t len)
{
	uint64_t number[8];
	u128 factor = load(key->root) + (PRIME - reduce(fold(key, value, len)));

	store(set->product, reduce(multiply(load(set->product), shorten(factor))));
	sum_load(number, value, len);
	sum_add(set->sum, number);
	set->count++;
}

void drvp_multiset_merge(struct drvp_multiset *into, const struct drvp_multiset *other)
{
	store(into->product, reduce(multiply(load(into->product), load(other->product))));
	sum_add(into->sum, other->sum);
	into->count += other->count;
}

bool drvp_multiset_equal(const struct drvp_multiset *a, const struct drvp_multiset *b)
{
	/* No product is 0 but by a chance of n / p; one that was never begun must not pass. */
	return a->count == b->count && a->product[0] == b->product[0] &&
	       a->product[1] == b->product[1] && (a->product[0] | a->product[1]);
}

void drvp_multiset_difference(const struct drvp_multiset *a, const struct drvp_multiset *b,
			      uint8_t *out, size_t len)
{
	uint64_t result[8], borrow = 0;

	for (int i = 0; i < 8; i++) {
		u128 word = (u128)a->sum[i] - b->sum[i] - borrow;

		result[i] = (uint64_t)word;
		borrow = (uint64_t)(word >> 64) & 1;
	}
	for (size_t i = 0; i < len; i++)
		out[len - 1 - i] = (uint8_t)(result[i / 8] >> 8 * (i % 8));
}
