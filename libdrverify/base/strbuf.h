/* strbuf.h: a growing byte buffer that remembers that it once ran out of memory */
#ifndef DRVP_STRBUF_H
#define DRVP_STRBUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/error.h"

/*
 * Start with DRVP_STRBUF_INIT or zeroes. data is NUL-terminated once anything was added, and NULL
 * before. After a failed allocation further additions do nothing and failed stays true, so callers
 * check once, at the end.
 */
struct drvp_strbuf {
	char *data;
	size_t len;
	size_t capacity;
	bool failed;
};

#define DRVP_STRBUF_INIT { NULL, 0, 0, false }

void drvp_strbuf_free(struct drvp_strbuf *buf);

/* Empties it and keeps the memory. */
static inline void drvp_strbuf_clear(struct drvp_strbuf *buf)
{
	buf->len = 0;
	if (buf->data)
		buf->data[0] = '\0';
}

/* What drvp_strbuf_reserve() does where there is no room yet. */
bool drvp_strbuf_grow(struct drvp_strbuf *buf, size_t extra);

/*
 * Makes room for extra more bytes and the NUL; false when there is no memory. This and what adds
 * bytes is inline, since printing a row takes dozens of pieces, most of them a few bytes long.
 */
static inline bool drvp_strbuf_reserve(struct drvp_strbuf *buf, size_t extra)
{
	return (!buf->failed && buf->capacity - buf->len > extra) || drvp_strbuf_grow(buf, extra);
}

static inline void drvp_strbuf_add(struct drvp_strbuf *buf, const void *bytes, size_t len)
{
	if (!drvp_strbuf_reserve(buf, len))
		return;
	if (len)
		memcpy(buf->data + buf->len, bytes, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

static inline void drvp_strbuf_str(struct drvp_strbuf *buf, const char *text)
{
	drvp_strbuf_add(buf, text, strlen(text));
}

static inline void drvp_strbuf_char(struct drvp_strbuf *buf, char c)
{
	if (!drvp_strbuf_reserve(buf, 1))
		return;
	buf->data[buf->len++] = c;
	buf->data[buf->len] = '\0';
}

void drvp_strbuf_hex(struct drvp_strbuf *buf, const void *bytes, size_t len);
void drvp_strbuf_printf(struct drvp_strbuf *buf, const char *format, ...) DRVP_PRINTF(2, 3);
void drvp_strbuf_vprintf(struct drvp_strbuf *buf, const char *format, va_list args)
	DRVP_PRINTF(2, 0);

/* A number with thousands separators, as reports show it: 1,234,567. */
void drvp_strbuf_grouped(struct drvp_strbuf *buf, unsigned long long number);

/* The text, never NULL. */
static inline const char *drvp_strbuf_text(const struct drvp_strbuf *buf)
{
	return buf->data ? buf->data : "";
}

/* Whether both hold the same bytes. */
static inline bool drvp_strbuf_equal(const struct drvp_strbuf *a, const struct drvp_strbuf *b)
{
	return a->len == b->len && (!a->len || !memcmp(a->data, b->data, a->len));
}

#endif
