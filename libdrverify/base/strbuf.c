/* strbuf.c: a growing byte buffer that remembers that it once ran out of memory */
#include "base/strbuf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"

void drvp_strbuf_free(struct drvp_strbuf *buf)
{
	free(buf->data);
	*buf = (struct drvp_strbuf)DRVP_STRBUF_INIT;
}

bool drvp_strbuf_grow(struct drvp_strbuf *buf, size_t extra)
{
	size_t need, capacity = buf->capacity ? buf->capacity : 64;
	char *grown;

	if (buf->failed)
		return false;
	if (extra >= SIZE_MAX / 2 - buf->len) {
		buf->failed = true;
		return false;
	}
	need = buf->len + extra + 1;
	if (need <= buf->capacity)
		return true;
	while (capacity < need)
		capacity *= 2;
	grown = realloc(buf->data, capacity);
	if (!grown) {
		buf->failed = true;
		return false;
	}
	buf->data = grown;
	buf->capacity = capacity;
	return true;
}

void drvp_strbuf_hex(struct drvp_strbuf *buf, const void *bytes, size_t len)
{
	if (len > SIZE_MAX / 4 || !drvp_strbuf_reserve(buf, 2 * len)) {
		buf->failed = true;
		return;
	}
	drvp_hex_encode(buf->data + buf->len, bytes, len);
	buf->len += 2 * len;
	buf->data[buf->len] = '\0';
}

void drvp_strbuf_vprintf(struct drvp_strbuf *buf, const char *format, va_list args)
{
	va_list again;
	int len;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, args);
	if (len < 0)
		buf->failed = true;
	else if (drvp_strbuf_reserve(buf, (size_t)len)) {
		vsnprintf(buf->data + buf->len, (size_t)len + 1, format, again);
		buf->len += (size_t)len;
	}
	va_end(again);
}

void drvp_strbuf_printf(struct drvp_strbuf *buf, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	drvp_strbuf_vprintf(buf, format, args);
	va_end(args);
}

void drvp_strbuf_grouped(struct drvp_strbuf *buf, unsigned long long number)
{
	char digits[32];
	int len = snprintf(digits, sizeof digits, "%llu", number);

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			drvp_strbuf_char(buf, ',');
		drvp_strbuf_char(buf, digits[i]);
	}
}
