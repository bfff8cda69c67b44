/* arena.h: memory that is given out in pieces and released as a whole */
#ifndef DRVP_ARENA_H
#define DRVP_ARENA_H

#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct drvp_arena_block {
	struct drvp_arena_block *next;
	size_t size;
	max_align_t data[];
};

/* Start with zeroes. One thread at a time. */
struct drvp_arena {
	struct drvp_arena_block *first;
	struct drvp_arena_block *current;
	size_t used;                 /* bytes used in current */
};

/* What the two below do where the current block has no room; size is a multiple of the alignment. */
void *drvp_arena_grow(struct drvp_arena *arena, size_t size);

/*
 * Memory aligned for any type, not zeroed, valid until reset or free; NULL when there is none.
 * Inline, since a parser asks for a node for each word that it reads.
 */
static inline void *drvp_arena_room(struct drvp_arena *arena, size_t size)
{
	struct drvp_arena_block *block = arena->current;
	void *piece;

	if (size > PTRDIFF_MAX - alignof(max_align_t))
		return NULL;
	size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (!block || block->size - arena->used < size)
		return drvp_arena_grow(arena, size);
	piece = (char *)block->data + arena->used;
	arena->used += size;
	return piece;
}

/* The same, zeroed. */
static inline void *drvp_arena_alloc(struct drvp_arena *arena, size_t size)
{
	void *piece = drvp_arena_room(arena, size);

	return piece ? memset(piece, 0, size) : NULL;
}

/* As drvp_arena_alloc() for count elements; refuses a product that overflows. */
void *drvp_arena_array(struct drvp_arena *arena, size_t count, size_t size);

/* A NUL-terminated copy of len bytes. */
char *drvp_arena_copy(struct drvp_arena *arena, const char *bytes, size_t len);

/* Forgets everything given out. Keeps memory for the next round, but no more than the first
 * block, so that one huge row does not stay resident. */
void drvp_arena_reset(struct drvp_arena *arena);

void drvp_arena_free(struct drvp_arena *arena);

#endif
