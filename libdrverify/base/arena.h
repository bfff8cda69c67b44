/* arena.h: memory that is given out in pieces and released as a whole */
#ifndef DRVP_ARENA_H
#define DRVP_ARENA_H

#include <stddef.h>

struct drvp_arena_block;

/* Start with zeroes. One thread at a time. */
struct drvp_arena {
	struct drvp_arena_block *first;
	struct drvp_arena_block *current;
	size_t used;                 /* bytes used in current */
};

/* Zeroed memory aligned for any type, valid until reset or free; NULL when there is none. */
void *drvp_arena_alloc(struct drvp_arena *arena, size_t size);

/* As drvp_arena_alloc() for count elements; refuses a product that overflows. */
void *drvp_arena_array(struct drvp_arena *arena, size_t count, size_t size);

/* A NUL-terminated copy of len bytes. */
char *drvp_arena_copy(struct drvp_arena *arena, const char *bytes, size_t len);

/* Forgets everything given out. Keeps memory for the next round, but no more than the first
 * block, so that one huge row does not stay resident. */
void drvp_arena_reset(struct drvp_arena *arena);

void drvp_arena_free(struct drvp_arena *arena);

#endif
