/* json_escape.c: strings in JSON, with the escapes that a language's printer chooses */
#include <string.h>

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

/* What does not go as it is, and all that follows it. */
static void put_escaped(struct drvp_strbuf *out, const char *bytes, size_t len, int escape)
{
	while (len) {
		size_t span = 1;

		if ((unsigned char)*bytes >= 0x80)
			span = put_wide(out, bytes, len, escape);
		else
			put_ascii(out, (unsigned char)*bytes);
		bytes += span;
		len -= span;
		span = plain_span(bytes, len, escape);
		drvp_strbuf_add(out, bytes, span);
		bytes += span;
		len -= span;
	}
}

void drvp_json_print_string(struct drvp_strbuf *out, const struct drvp_json_style *style,
			    const char *bytes, size_t len)
{
	size_t span = plain_span(bytes, len, style->escape);
	char *at;

	if (len > SIZE_MAX / 2 || !drvp_make_room(out, len + 2))
		return;
	at = out->data + out->len;
	*at++ = '"';
	if (span)
		memcpy(at, bytes, span);
	at += span;
	out->len += span + 1;
	if (span < len) {
		*at = '\0';
		put_escaped(out, bytes + span, len - span, style->escape);
		drvp_strbuf_char(out, '"');
		return;
	}
	*at++ = '"';
	*at = '\0';
	out->len++;
}
