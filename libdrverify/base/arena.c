/* arena.c: memory that is given out in pieces and released as a whole */
#include "base/arena.h"

#include <stdlib.h>

#define BLOCK_SIZE ((size_t)16 * 1024)

static struct drvp_arena_block *block_new(size_t size)
{
	struct drvp_arena_block *block;

	if (size < BLOCK_SIZE)
		size = BLOCK_SIZE;
	if (size > SIZE_MAX - sizeof *block)
		return NULL;
	block = malloc(sizeof *block + size);
	if (!block)
		return NULL;
	block->next = NULL;
	block->size = size;
	return block;
}

void *drvp_arena_grow(struct drvp_arena *arena, size_t size)
{
	struct drvp_arena_block *fresh = block_new(size);

	if (!fresh)
		return NULL;
	if (arena->current)
		arena->current->next = fresh;
	else
		arena->first = fresh;
	arena->current = fresh;
	arena->used = size;
	return fresh->data;
}

void *drvp_arena_array(struct drvp_arena *arena, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size)
		return NULL;
	return drvp_arena_alloc(arena, count * size);
}

char *drvp_arena_copy(struct drvp_arena *arena, const char *bytes, size_t len)
{
	char *copy = len < SIZE_MAX ? drvp_arena_alloc(arena, len + 1) : NULL;

	if (copy && len)
		memcpy(copy, bytes, len);
	return copy;
}

static void free_after(struct drvp_arena_block *block)
{
	while (block) {
		struct drvp_arena_block *next = block->next;

		free(block);
		block = next;
	}
}

void drvp_arena_reset(struct drvp_arena *arena)
{
	if (!arena->first)
		return;
	free_after(arena->first->next);
	arena->first->next = NULL;
	arena->used = 0;
	if (arena->first->size > BLOCK_SIZE) {
		free(arena->first);
		arena->first = NULL;
	}
	arena->current = arena->first;
}

void drvp_arena_free(struct drvp_arena *arena)
{
	free_after(arena->first);
	*arena = (struct drvp_arena){ NULL, NULL, 0 };
}
