/* trace.h: what is kept of a row to tell later whether it is still the same */
#ifndef DRVP_TRACE_H
#define DRVP_TRACE_H

#include <stdbool.h>
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

/* Negative, 0 or positive, as a comes before b, is the same, or comes after it. */
int drvp_trace_compare(const struct drvp_trace *a, const struct drvp_trace *b);

/* Bytes of the longest trace in a file. */
#define DRVP_TRACE_MAX (8 + 8 + 2 + DRVP_KEY_TEXT_MAX)

/* How many bytes a trace takes in a file that holds texts, or none. */
size_t drvp_trace_size(const struct drvp_trace *trace, bool texts);

/* Writes those bytes. A text is at most DRVP_KEY_TEXT_MAX long. */
void drvp_trace_encode(const struct drvp_trace *trace, bool texts, uint8_t *to);

/*
 * Reads the trace at the start of len bytes, with its text borrowed from them. Returns how many it
 * takes; 0 when they do not hold a whole one.
 */
size_t drvp_trace_decode(struct drvp_trace *trace, bool texts, const uint8_t *from, size_t len);

#endif
