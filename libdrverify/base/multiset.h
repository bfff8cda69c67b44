/* multiset.h: proves that two streams hold the same values, in any order, in constant memory */
#ifndef DRVP_MULTISET_H
#define DRVP_MULTISET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define DRVP_MULTISET_VALUE_MAX 64   /* bytes of the longest value */

/*
 * The fingerprint of a multiset S is the product of (r + h(v)) over its values v, modulo the prime
 * p = 2^127 - 1, for a secret random r. Two different multisets of n numbers h(v) have the same
 * product for at most n of the p possible r (a polynomial of degree n has at most n roots), so for
 * data that was chosen without knowing the secrets the chance of a false "equal" is below n / p.
 *
 * h(v) brings a value into the field: k0 * length + k1 * w1 + k2 * w2 …, w being the 32-bit words
 * of the value and k secret random numbers, one for each place. Two different values differ in
 * some place, by less than p, so for exactly one of the p possible k of that place, whatever the
 * others are, h makes them equal: the chance is 1 / p. Among the 2n values of two multisets there
 * are fewer than 2 n^2 pairs. For 10^9 rows that is n / p + 2 n^2 / p, below 2^-65. No assumption
 * about a hash function is needed, and products multiply, so ranges, workers and machines that
 * share the secrets merge in any order.
 *
 * The plain sum beside it proves nothing. It tells *which* value one side has more, once the
 * product has shown that it is only one.
 */
struct drvp_multiset_key {
	uint64_t root[2];            /* r */
	uint64_t words[1 + DRVP_MULTISET_VALUE_MAX / 4][2];     /* k, k0 first */
};

struct drvp_multiset {
	uint64_t product[2];
	uint64_t sum[8];             /* values as big-endian numbers, modulo 2^512, low word first */
	uint64_t count;
};

int drvp_multiset_key_random(struct drvp_multiset_key *key, struct drv_error *err);

void drvp_multiset_init(struct drvp_multiset *set);

/* len is at most DRVP_MULTISET_VALUE_MAX. */
void drvp_multiset_add(struct drvp_multiset *set, const struct drvp_multiset_key *key,
		       const uint8_t *value, size_t len);

void drvp_multiset_merge(struct drvp_multiset *into, const struct drvp_multiset *other);

bool drvp_multiset_equal(const struct drvp_multiset *a, const struct drvp_multiset *b);

/* The len-byte big-endian number sum(a) - sum(b), as far as it fits. */
void drvp_multiset_difference(const struct drvp_multiset *a, const struct drvp_multiset *b,
			      uint8_t *out, size_t len);

#endif
