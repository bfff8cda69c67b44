/* prng.h: the same "random" numbers in every run, for property tests */
#ifndef DRVP_TEST_PRNG_H
#define DRVP_TEST_PRNG_H

#include <stddef.h>
#include <stdint.h>

/* SplitMix64; any start value will do. */
static inline uint64_t prng_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

/* 0 … below-1; the slight bias does not matter here. */
static inline size_t prng_below(uint64_t *state, size_t below)
{
	return (size_t)(prng_next(state) % below);
}

#endif
