/* trace.h: what is kept of a row to tell later whether it is still the same */
#ifndef DRVP_TRACE_H
#define DRVP_TRACE_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the longest key that is kept as text. Of a longer one no text is kept. */
#define DRVP_KEY_TEXT_MAX 4096

/*
 * Traces are ordered by key, then digest, then text. Rows with the same key belong together: they
 * are one row and its copies, or the rows of a table whose key is not unique. A table without any
 * key uses the digest as key.
 */
struct drvp_trace {
	uint64_t key;                /* keyed hash of the row's key, and its place in the order */
	uint64_t digest;             /* keyed digest of the row */
	const char *text;            /* the key for a person; NULL where it is not kept */
	size_t text_len;
};

#endif
