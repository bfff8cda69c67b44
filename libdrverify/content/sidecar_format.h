/* sidecar_format.h: what stands where in a sidecar */
#ifndef DRVP_SIDECAR_FORMAT_H
#define DRVP_SIDECAR_FORMAT_H

#include "base/big_endian.h"

/*
 * Numbers have their highest byte first.
 *
 *   header     "drvrows1", flags (4 bytes; 1: with texts), number of chunks (4), of rows (8)
 *   chunks     traces in order: each key (8), digest (8), and with texts a length (2; 0: no text,
 *              else one more than its bytes) and the text
 *   directory  of each chunk its first key (8), rows (4), bytes (4), SHA-256 (32)
 *
 * A chunk ends where the next trace would not fit any more. Chunks are cut by size and not by key,
 * so that rows with the same key, however many, need no more memory than others.
 */
#define DRVP_SIDECAR_MAGIC "drvrows1"
#define DRVP_MAGIC_SIZE 8
#define DRVP_HEADER_SIZE 24
#define DRVP_CHUNK_ENTRY_SIZE 48
#define DRVP_CHUNK_SIZE 262144       /* bytes of a chunk, at most */
#define DRVP_CHUNKS_MAX 1048576      /* which is 17 thousand million rows without texts */
#define DRVP_FLAG_TEXTS 1

struct drvp_sidecar_header {
	uint32_t flags, chunks;
	uint64_t rows;
};

struct drvp_chunk_entry {
	uint64_t first;
	uint32_t rows, bytes;
	const uint8_t *digest;       /* SHA-256 */
};

static inline void drvp_put_header(uint8_t *to, const struct drvp_sidecar_header *header)
{
	memcpy(to, DRVP_SIDECAR_MAGIC, DRVP_MAGIC_SIZE);
	drvp_put32(to + 8, header->flags);
	drvp_put32(to + 12, header->chunks);
	drvp_put64(to + 16, header->rows);
}

static inline struct drvp_sidecar_header drvp_get_header(const uint8_t *from)
{
	return (struct drvp_sidecar_header){ drvp_get32(from + 8), drvp_get32(from + 12),
					     drvp_get64(from + 16) };
}

/* All but its digest, for which there is room behind. */
static inline void drvp_put_chunk_entry(uint8_t *to, const struct drvp_chunk_entry *entry)
{
	drvp_put64(to, entry->first);
	drvp_put32(to + 8, entry->rows);
	drvp_put32(to + 12, entry->bytes);
}

static inline struct drvp_chunk_entry drvp_get_chunk_entry(const uint8_t *from)
{
	return (struct drvp_chunk_entry){ drvp_get64(from), drvp_get32(from + 8),
					  drvp_get32(from + 12), from + 16 };
}

#endif
