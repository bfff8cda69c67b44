/* multiset.h: proves that two streams hold the same values, in any order, in constant memory */
#ifndef DRVP_MULTISET_H
#define DRVP_MULTISET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define DRVP_MULTISET_VALUE_MAX 64   /* bytes of the longest value */

/*
 * The fingerprint of a multiset S is the product of (r - v) over its values v, modulo the prime
 * p = 2^127 - 1, for a secret random r. Two different multisets of n values have the same product
 * for at most n of the p possible r (a polynomial of degree n has at most n roots), so for data
 * that was chosen without knowing r the chance of a false "equal" is below n / p. Values longer
 * than 15 bytes are first folded into the field by a second secret, which adds 5 n^2 / p: for 10^9
 * rows still below 2^-64. No assumption about a hash function is needed, and products multiply,
 * so ranges, workers and machines that share the secret merge in any order.
 *
 * The plain sum beside it proves nothing. It tells *which* value one side has more, once the
 * product has shown that it is only one.
 */
struct drvp_multiset_key {
	uint64_t root[2];            /* r */
	uint64_t fold[2];
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
