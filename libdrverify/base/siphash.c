/* siphash.c: SipHash-2-4 */
#include "base/siphash.h"

#include <endian.h>
#include <string.h>

struct state {
	uint64_t v[4];
};

static uint64_t rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static void mix(struct state *s, int rounds)
{
	uint64_t *v = s->v;

	while (rounds--) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

static uint64_t read_word(const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof word);
	return le64toh(word);
}

static void take_word(struct state *s, uint64_t word)
{
	s->v[3] ^= word;
	mix(s, 2);
	s->v[0] ^= word;
}

uint64_t drvp_siphash(const uint8_t key[DRVP_SIPHASH_KEY], const void *bytes, size_t len)
{
	uint64_t k0 = read_word(key), k1 = read_word(key + 8);
	struct state s = { { k0 ^ UINT64_C(0x736f6d6570736575), k1 ^ UINT64_C(0x646f72616e646f6d),
			     k0 ^ UINT64_C(0x6c7967656e657261),
			     k1 ^ UINT64_C(0x7465646279746573) } };
	const uint8_t *at = bytes;
	uint8_t last[8] = { 0 };
	size_t left = len;

	for (; left >= 8; left -= 8, at += 8)
		take_word(&s, read_word(at));
	if (left)
		memcpy(last, at, left);
	last[7] = (uint8_t)len;
	take_word(&s, read_word(last));
	s.v[2] ^= 0xff;
	mix(&s, 4);
	return s.v[0] ^ s.v[1] ^ s.v[2] ^ s.v[3];
}
