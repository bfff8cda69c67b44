/* json_escape.c: strings in JSON, with the escapes that a language's printer chooses */
#include <string.h>

#include "base/plain.h"
#include "chain/json_text.h"

const char *const drvp_json_escape_names[] = { "minimal", "ascii", NULL };

#define ONES UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

/* Eight times what a byte must not be: any above ASCII (high), and this one (odd). */
struct exceptions {
	uint64_t high, odd;
};

static const struct exceptions exceptions[] = {
	[DRVP_ESCAPE_MINIMAL] = { 0, ONES * 0xED },      /* surrogates begin with it */
	[DRVP_ESCAPE_ASCII] = { HIGHS, ONES * 0x7F },
};

/*
 * Non-zero when one of eight bytes may need a closer look. A bit turned over brings the quote
 * (0x22) next to the control characters, so that one comparison finds both.
 */
static inline uint64_t suspicious(uint64_t word, struct exceptions e)
{
	uint64_t turned = word ^ ONES * 2, slash = word ^ ONES * '\\', odd = word ^ e.odd;

	return (((turned - ONES * 0x21) & ~turned) | ((slash - ONES) & ~slash) |
		((odd - ONES) & ~odd) | (word & e.high)) & HIGHS;
}

static inline uint64_t load(const char *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof word);
	return word;
}

/* How many bytes surely need no closer look. */
static size_t easy_span(const char *bytes, size_t len, struct exceptions e)
{
	size_t i = 0;

	while (len - i >= sizeof(uint64_t) && !suspicious(load(bytes + i), e))
		i += sizeof(uint64_t);
	/* The rest, looked at together with what is already known to be plain. */
	if (len >= sizeof(uint64_t) && len - i < sizeof(uint64_t) &&
	    !suspicious(load(bytes + len - sizeof(uint64_t)), e))
		return len;
	for (; i < len; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c < 0x20 || c == '"' || c == '\\' || c == (e.odd & 0xFF) ||
		    (c >= 0x80 && e.high))
			break;
	}
	return i;
}

/* How many bytes can be copied as they are. */
static size_t plain_span(const char *bytes, size_t len, int escape)
{
	size_t i = easy_span(bytes, len, exceptions[escape]);

	/* Many Korean syllables begin as surrogates do; the next byte tells them apart. */
	while (len - i > 2 && escape == DRVP_ESCAPE_MINIMAL && (unsigned char)bytes[i] == 0xED &&
	       (unsigned char)bytes[i + 1] < 0xA0) {
		i += 3;
		i += easy_span(bytes + i, len - i, exceptions[escape]);
	}
	return i;
}

static void put_unit(struct drvp_strbuf *out, unsigned unit)
{
	static const char digits[] = "0123456789abcdef";
	char text[6] = { '\\', 'u', digits[unit >> 12 & 15], digits[unit >> 8 & 15],
			 digits[unit >> 4 & 15], digits[unit & 15] };

	drvp_strbuf_add(out, text, sizeof text);
}

static void put_ascii(struct drvp_strbuf *out, unsigned char c)
{
	static const char letters[] = "btn?fr";
	char text[2] = { '\\', (char)c };

	if (c >= 8 && c <= 13 && c != 11)
		text[1] = letters[c - 8];
	else if (c != '"' && c != '\\') {
		put_unit(out, c);
		return;
	}
	drvp_strbuf_add(out, text, sizeof text);
}

/* The character at bytes, which was checked to be UTF-8 (or a surrogate in its form). */
static size_t decode(const char *bytes, size_t len, uint32_t *character)
{
	unsigned char lead = (unsigned char)bytes[0];
	size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;

	if (size > len)
		size = 1;
	*character = size == 1 ? lead : lead & (0x7Fu >> size);
	for (size_t i = 1; i < size; i++)
		*character = *character << 6 | ((unsigned char)bytes[i] & 0x3F);
	return size;
}

static size_t put_wide(struct drvp_strbuf *out, const char *bytes, size_t len, int escape)
{
	uint32_t c;
	size_t size = decode(bytes, len, &c);

	if (escape == DRVP_ESCAPE_MINIMAL && (c < 0xD800 || c > 0xDFFF))
		drvp_strbuf_add(out, bytes, size);
	else if (c > 0xFFFF) {
		put_unit(out, 0xD800 + ((c - 0x10000) >> 10));
		put_unit(out, 0xDC00 + (c & 0x3FF));
	} else {
		put_unit(out, c);
	}
	return size;
}

static void put_escaped(struct drvp_strbuf *out, const char *bytes, size_t len, int escape)
{
	while (len) {
		size_t span = plain_span(bytes, len, escape);

		drvp_strbuf_add(out, bytes, span);
		bytes += span;
		len -= span;
		if (!len)
			return;
		span = 1;
		if ((unsigned char)*bytes >= 0x80)
			span = put_wide(out, bytes, len, escape);
		else
			put_ascii(out, (unsigned char)*bytes);
		bytes += span;
		len -= span;
	}
}

/* Whether a surrogate in the form of UTF-8 is among these bytes. */
static bool has_surrogate(const char *bytes, size_t len)
{
	const char *end = bytes + len;

	while ((bytes = memchr(bytes, 0xED, (size_t)(end - bytes)))) {
		bytes++;
		if (bytes < end && (unsigned char)*bytes >= 0xA0)
			return true;
	}
	return false;
}

/* Copies a string; true when it is also what a printer writes, as nearly every string is. */
static bool copies_unescaped(char *to, const char *bytes, size_t len, int escape)
{
	unsigned found;

	if (escape > DRVP_ESCAPE_ASCII)
		return false;
	found = drvp_copy_and_look(to, bytes, len);
	if (found == DRVP_FOUND_WIDE && escape == DRVP_ESCAPE_MINIMAL)
		return !has_surrogate(bytes, len);
	return !found;
}

void drvp_json_print_string(struct drvp_strbuf *out, const struct drvp_json_style *style,
			    const char *bytes, size_t len)
{
	char *at;

	if (len > SIZE_MAX / 2 || !drvp_make_room(out, len + 2))
		return;
	at = out->data + out->len;
	*at++ = '"';
	if (copies_unescaped(at, bytes, len, style->escape)) {
		at += len;
		*at++ = '"';
		*at = '\0';
		out->len += len + 2;
		return;
	}
	*at = '\0';
	out->len++;
	put_escaped(out, bytes, len, style->escape);
	drvp_strbuf_char(out, '"');
}
