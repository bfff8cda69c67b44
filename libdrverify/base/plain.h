/* plain.h: copies text and tells at the same time whether it needs a closer look */
#ifndef DRVP_PLAIN_H
#define DRVP_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* What a text holds. 0: only printable ASCII that JSON has no need to escape. */
enum drvp_found {
	DRVP_FOUND_SPECIAL = 1,      /* a quote, a backslash, DEL or a control character */
	DRVP_FOUND_WIDE = 2          /* a byte beyond ASCII */
};

/*
 * Sixteen bytes at a time, which compilers turn into the vector instructions of the processor. A
 * comparison gives 0xFF where it holds.
 */
typedef uint8_t drvp_block __attribute__((vector_size(16)));

struct drvp_findings {
	drvp_block special, bytes;
};

static inline void drvp_look(struct drvp_findings *f, drvp_block block)
{
	f->special |= (drvp_block)(block < 0x20) | (drvp_block)(block == '"') |
		      (drvp_block)(block == '\\') | (drvp_block)(block == 0x7F);
	f->bytes |= block;
}

static inline void drvp_move_block(struct drvp_findings *f, char *to, const char *from)
{
	drvp_block block;

	memcpy(&block, from, sizeof block);
	memcpy(to, &block, sizeof block);
	drvp_look(f, block);
}

static inline void drvp_look_at_halves(struct drvp_findings *f, uint64_t first, uint64_t last)
{
	uint64_t halves[2] = { first, last };
	drvp_block block;

	memcpy(&block, halves, sizeof block);
	drvp_look(f, block);
}

/* Fewer than 16 bytes: what begins and what ends them, which may overlap. */
static inline void drvp_move_few(struct drvp_findings *f, char *to, const char *from, size_t len)
{
	if (len >= 8) {
		uint64_t first, last;

		memcpy(&first, from, 8);
		memcpy(&last, from + len - 8, 8);
		memcpy(to, &first, 8);
		memcpy(to + len - 8, &last, 8);
		drvp_look_at_halves(f, first, last);
	} else if (len >= 4) {
		uint32_t first, last;
		uint64_t both;

		memcpy(&first, from, 4);
		memcpy(&last, from + len - 4, 4);
		memcpy(to, &first, 4);
		memcpy(to + len - 4, &last, 4);
		both = (uint64_t)last << 32 | first;
		drvp_look_at_halves(f, both, both);
	} else if (len) {
		char first = from[0], middle = from[len / 2], last = from[len - 1];
		uint64_t all = UINT64_C(0x2020202020000000) | (uint64_t)(uint8_t)first << 16 |
			       (uint64_t)(uint8_t)middle << 8 | (uint8_t)last;

		to[0] = first;
		to[len / 2] = middle;
		to[len - 1] = last;
		drvp_look_at_halves(f, all, all);
	}
}

static inline bool drvp_any(drvp_block block)
{
	uint64_t halves[2];

	memcpy(halves, &block, sizeof block);
	return halves[0] | halves[1];
}

/* Copies len bytes, and says what was found in them: enum drvp_found. */
static inline unsigned drvp_copy_and_look(char *to, const char *from, size_t len)
{
	struct drvp_findings f = { { 0 }, { 0 } };
	size_t i;

	if (len < sizeof(drvp_block)) {
		drvp_move_few(&f, to, from, len);
	} else {
		for (i = 0; len - i >= sizeof(drvp_block); i += sizeof(drvp_block))
			drvp_move_block(&f, to + i, from + i);
		/* The rest together with bytes before it. */
		drvp_move_block(&f, to + len - sizeof(drvp_block), from + len - sizeof(drvp_block));
	}
	return (drvp_any(f.special) ? DRVP_FOUND_SPECIAL : 0) |
	       (drvp_any(f.bytes & 0x80) ? DRVP_FOUND_WIDE : 0);
}

/* Copies a few bytes without the call that memcpy() of a length known only at run time is. */
static inline void drvp_copy_short(char *to, const char *from, size_t len)
{
	drvp_copy_and_look(to, from, len);
}

#endif
