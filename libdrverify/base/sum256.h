/* sum256.h: sums of digests modulo 2^256, which are the same in whatever order they are added */
#ifndef DRVP_SUM256_H
#define DRVP_SUM256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DRVP_SUM256_SIZE 32

/*
 * Digests count as numbers with their highest byte first. A value that is there twice counts
 * twice, as it does not under XOR. Of digests that nobody can choose (HMACs under a secret key)
 * two different multisets have the same sum with a chance of 2^-256; sums of plain hashes can be
 * forged by whoever may choose many values (D. Wagner, "A Generalized Birthday Problem", 2002).
 */
struct drvp_sum256 {
	uint64_t words[4];           /* lowest first */
};

void drvp_sum256_add(struct drvp_sum256 *sum, const uint8_t digest[DRVP_SUM256_SIZE]);
/* The number that decimal digits give, "-" before them or not; false: that is not what text is. */
bool drvp_sum256_read(struct drvp_sum256 *out, const char *text);

void drvp_sum256_merge(struct drvp_sum256 *into, const struct drvp_sum256 *other);
bool drvp_sum256_equal(const struct drvp_sum256 *a, const struct drvp_sum256 *b);

/* The number's bytes, highest first. */
void drvp_sum256_bytes(const struct drvp_sum256 *sum, uint8_t out[DRVP_SUM256_SIZE]);

#endif
