/* multiset.c: proves that two streams hold the same values, in any order, in constant memory */
#include "base/multiset.h"


#include <string.h>

#include "base/big_endian.h"
#include "base/digest.h"

__extension__ typedef unsigned __int128 u128;

#define PRIME (((u128)1 << 127) - 1)
#define WORDS (DRVP_MULTISET_VALUE_MAX / 8)

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

/* ------------------------------------------------------------------ values */

/* A big-endian number of fewer than 8 bytes. */
static uint64_t load_few(const uint8_t *bytes, size_t len)
{
	uint64_t word = 0;

	for (size_t i = 0; i < len; i++)
		word = word << 8 | bytes[i];
	return word;
}

/*
 * The length and the words, each times its own secret. A word has 32 bits, so products of the two
 * halves of a secret, which are below 2^96, add up without a carry to look after: one reduction is
 * enough for all 17 of them.
 */
static inline u128 fold(const struct drvp_multiset_key *key, const uint8_t *value, size_t len)
{
	const uint64_t(*secret)[2] = key->words;
	u128 low = (u128)(*secret)[0] * len, high = (u128)(*secret)[1] * len;

	for (secret++; len >= 4; value += 4, len -= 4, secret++) {
		uint32_t word = drvp_get32(value);

		low += (u128)(*secret)[0] * word;
		high += (u128)(*secret)[1] * word;
	}
	if (len) {
		uint64_t word = load_few(value, len);

		low += (u128)(*secret)[0] * word;
		high += (u128)(*secret)[1] * word;
	}
	return shorten(low + ((high << 64) & PRIME) + (high >> 63));
}

/* ------------------------------------------------------------------ sums */

/* Returns what is carried into the next word. */
static inline bool add_word(uint64_t *sum, uint64_t word, bool carry)
{
	bool first = __builtin_add_overflow(word, (uint64_t)carry, &word);
	bool second = __builtin_add_overflow(*sum, word, sum);

	return first | second;
}

static inline void sum_add(uint64_t sum[WORDS], const uint8_t *value, size_t len)
{
	bool carry = false;
	size_t i = 0;

	for (; len >= 8; len -= 8)
		carry = add_word(&sum[i++], drvp_get64(value + len - 8), carry);
	if (len)
		carry = add_word(&sum[i++], load_few(value, len), carry);
	for (; carry && i < WORDS; i++)
		carry = add_word(&sum[i], 0, carry);
}

int drvp_multiset_key_random(struct drvp_multiset_key *key, struct drv_error *err)
{
	int status = drvp_random(key, sizeof *key, err);

	store(key->root, reduce(load(key->root)));
	for (size_t i = 0; i <= DRVP_MULTISET_VALUE_MAX / 4; i++)
		store(key->words[i], reduce(load(key->words[i])));
	return status;
}

void drvp_multiset_init(struct drvp_multiset *set)
{
	*set = (struct drvp_multiset){ { 1, 0 }, { 0 }, 0 };
}

void drvp_multiset_add(struct drvp_multiset *set, const struct drvp_multiset_key *key,
		       const uint8_t *value, size_t len)
{
	u128 factor = shorten(load(key->root) + fold(key, value, len));

	store(set->product, reduce(multiply(load(set->product), factor)));
	sum_add(set->sum, value, len);
	set->count++;
}

void drvp_multiset_merge(struct drvp_multiset *into, const struct drvp_multiset *other)
{
	bool carry = false;

	store(into->product, reduce(multiply(load(into->product), load(other->product))));
	for (size_t i = 0; i < WORDS; i++)
		carry = add_word(&into->sum[i], other->sum[i], carry);
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
	uint64_t result[WORDS], borrow = 0;

	for (size_t i = 0; i < WORDS; i++) {
		u128 word = (u128)a->sum[i] - b->sum[i] - borrow;

		result[i] = (uint64_t)word;
		borrow = (uint64_t)(word >> 64) & 1;
	}
	for (size_t i = 0; i < len; i++)
		out[len - 1 - i] = (uint8_t)(result[i / 8] >> 8 * (i % 8));
}
