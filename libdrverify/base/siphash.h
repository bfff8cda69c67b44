/* siphash.h: a short keyed hash of short texts, for places in an order and in tables */
#ifndef DRVP_SIPHASH_H
#define DRVP_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

#define DRVP_SIPHASH_KEY 16

/*
 * SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012). Whoever does not
 * know the key can neither tell what was hashed nor choose texts that collide.
 */
uint64_t drvp_siphash(const uint8_t key[DRVP_SIPHASH_KEY], const void *bytes, size_t len);

#endif
