/* json_escape.c: strings in JSON, with the escapes that a language's printer chooses */
#include <string.h>

#include "base/plain.h"
#include "chain/json_text.h"

const char *const drvp_json_escape_names[] = {
	[DRVP_ESCAPE_MINIMAL] = "minimal", [DRVP_ESCAPE_ASCII] = "ascii",
	[DRVP_ESCAPE_HTML] = "html", [DRVP_ESCAPE_LINES] = "lines",
	[DRVP_ESCAPE_PHP] = "slash, ascii", [DRVP_ESCAPE_PHP_ASCII] = "ascii but DEL",
	[DRVP_ESCAPE_PHP_LINES] = "slash, lines", [DRVP_ESCAPE_UPPER] = "upper case",
	[DRVP_ESCAPE_UPPER_PAIRS] = "upper case, pairs",
	[DRVP_ESCAPE_UPPER_ASCII] = "upper case, ascii", [DRVP_ESCAPE_DOTNET] = "dotnet",
	[DRVP_ESCAPE_DOTNET_ALL] = "dotnet all", [DRVP_ESCAPE_DOTNET_RELAXED] = "dotnet relaxed",
	NULL
};

#define ONES UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

static bool no_character(uint32_t c)
{
	(void)c;
	return false;
}

static bool any_character(uint32_t c)
{
	(void)c;
	return true;
}

/* JavaScript once took them for the ends of lines, within strings too. */
static bool is_line_end(uint32_t c)
{
	return c == 0x2028 || c == 0x2029;
}

static bool is_pair(uint32_t c)
{
	return c > 0xFFFF;
}

/*
 * What .NET never lets through: control characters, spaces but the common one, private use, what is
 * no character and all beyond U+FFFF. It also holds back what its version of Unicode does not
 * define, which no text has.
 */
static bool is_suspect(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x7F, 0xA0 }, { 0x1680, 0x1680 }, { 0x2000, 0x200A }, { 0x2028, 0x2029 },
		{ 0x202F, 0x202F }, { 0x205F, 0x205F }, { 0x3000, 0x3000 }, { 0xE000, 0xF8FF },
		{ 0xFDD0, 0xFDEF }, { 0xFFFE, 0x10FFFF },
	};

	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

/*
 * How a printer escapes, besides quotes, backslashes and control characters. Bytes that high or
 * odd match are looked at as characters; the rest beyond ASCII goes as it is.
 */
struct escape {
	uint64_t high;               /* HIGHS: every byte beyond ASCII */
	uint64_t odd;                /* eight times one more byte */
	const char *more;            /* further characters of ASCII, or NULL */
	bool (*escaped)(uint32_t c); /* beyond ASCII */
	const char *lone;            /* for half a pair of surrogates; NULL: its \u… */
	bool upper;                  /* hexadecimal digits */
	bool quote_as_unit;          /* \u0022 for a quote */
};

#define SURROGATE (ONES * 0xED)      /* they begin with it */
#define LINE_END (ONES * 0xE2)
#define DELETE (ONES * 0x7F)
#define REPLACEMENT "\xEF\xBF\xBD"

static const struct escape escapes[] = {
	[DRVP_ESCAPE_MINIMAL] = { .odd = SURROGATE, .escaped = no_character },
	[DRVP_ESCAPE_ASCII] = { HIGHS, DELETE, .escaped = any_character },
	[DRVP_ESCAPE_HTML] = { .odd = LINE_END, .more = "<>&", .escaped = is_line_end },
	[DRVP_ESCAPE_LINES] = { .odd = LINE_END, .escaped = is_line_end },
	[DRVP_ESCAPE_PHP] = { HIGHS, ONES * '/', .escaped = any_character },
	[DRVP_ESCAPE_PHP_ASCII] = { HIGHS, ONES * '"', .escaped = any_character },
	[DRVP_ESCAPE_PHP_LINES] = { .odd = LINE_END, .more = "/", .escaped = is_line_end },
	[DRVP_ESCAPE_UPPER] = { .odd = SURROGATE, .escaped = no_character, .lone = "?",
				.upper = true },
	[DRVP_ESCAPE_UPPER_PAIRS] = { HIGHS, SURROGATE, .escaped = is_pair, .upper = true },
	[DRVP_ESCAPE_UPPER_ASCII] = { HIGHS, ONES * '"', .escaped = any_character, .upper = true },
	[DRVP_ESCAPE_DOTNET] = { HIGHS, DELETE, "<>&'+`", any_character, "\\uFFFD", true, true },
	[DRVP_ESCAPE_DOTNET_ALL] = { HIGHS, DELETE, "<>&'+`", is_suspect, REPLACEMENT, true, true },
	[DRVP_ESCAPE_DOTNET_RELAXED] = { HIGHS, DELETE, NULL, is_suspect, REPLACEMENT, true },
};

/* The high bit of each of eight bytes that is the byte which eight repeats. */
static inline uint64_t equal(uint64_t word, uint64_t eight)
{
	uint64_t rest = word ^ eight;

	return (rest - ONES) & ~rest;
}

/*
 * Non-zero when one of eight bytes may need a closer look. A bit turned over brings the quote
 * (0x22) next to the control characters, so that one comparison finds both.
 */
static inline uint64_t suspicious(uint64_t word, const struct escape *e)
{
	uint64_t turned = word ^ ONES * 2;
	uint64_t found = ((turned - ONES * 0x21) & ~turned) | equal(word, ONES * '\\') |
			 equal(word, e->odd) | (word & e->high);

	if (e->more)
		for (const char *c = e->more; *c; c++)
			found |= equal(word, ONES * (unsigned char)*c);
	return found & HIGHS;
}

static inline uint64_t load(const char *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof word);
	return word;
}

/* How many bytes surely need no closer look. */
static size_t easy_span(const char *bytes, size_t len, const struct escape *e)
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

		if (c < 0x20 || c == '"' || c == '\\' || c == (e->odd & 0xFF) ||
		    (c >= 0x80 && e->high) || (e->more && strchr(e->more, c)))
			break;
	}
	return i;
}

/* How many bytes can be copied as they are. */
static size_t plain_span(const char *bytes, size_t len, const struct escape *e)
{
	size_t i = easy_span(bytes, len, e);

	/* Many Korean syllables begin as surrogates do; the next byte tells them apart. */
	while (len - i > 2 && e->odd == SURROGATE && !e->high && (unsigned char)bytes[i] == 0xED &&
	       (unsigned char)bytes[i + 1] < 0xA0) {
		i += 3;
		i += easy_span(bytes + i, len - i, e);
	}
	return i;
}

static void put_unit(struct drvp_strbuf *out, unsigned unit, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char text[6] = { '\\', 'u', digits[unit >> 12 & 15], digits[unit >> 8 & 15],
			 digits[unit >> 4 & 15], digits[unit & 15] };

	drvp_strbuf_add(out, text, sizeof text);
}

static void put_ascii(struct drvp_strbuf *out, unsigned char c, const struct escape *e)
{
	static const char letters[] = "btn?fr";
	char text[2] = { '\\', (char)c };

	if (c >= 8 && c <= 13 && c != 11)
		text[1] = letters[c - 8];
	else if (c != '\\' && c != '/' && (c != '"' || e->quote_as_unit)) {
		put_unit(out, c, e->upper);
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

static size_t put_wide(struct drvp_strbuf *out, const char *bytes, size_t len,
		       const struct escape *e)
{
	uint32_t c;
	size_t size = decode(bytes, len, &c);
	bool surrogate = c >= 0xD800 && c <= 0xDFFF;

	if (surrogate && e->lone)
		drvp_strbuf_str(out, e->lone);
	else if (!surrogate && !e->escaped(c))
		drvp_strbuf_add(out, bytes, size);
	else if (c > 0xFFFF) {
		put_unit(out, 0xD800 + ((c - 0x10000) >> 10), e->upper);
		put_unit(out, 0xDC00 + (c & 0x3FF), e->upper);
	} else {
		put_unit(out, c, e->upper);
	}
	return size;
}

static void put_escaped(struct drvp_strbuf *out, const char *bytes, size_t len,
			const struct escape *e)
{
	while (len) {
		size_t span = plain_span(bytes, len, e);

		drvp_strbuf_add(out, bytes, span);
		bytes += span;
		len -= span;
		if (!len)
			return;
		span = 1;
		if ((unsigned char)*bytes >= 0x80)
			span = put_wide(out, bytes, len, e);
		else
			put_ascii(out, (unsigned char)*bytes, e);
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

void drvp_json_print_labelled(struct drvp_strbuf *out, const struct drvp_json_style *style,
			      const char *label, size_t label_len, const char *bytes, size_t len)
{
	char *at;

	if (len > SIZE_MAX / 4 || !drvp_strbuf_reserve(out, label_len + len + 2))
		return;
	at = out->data + out->len;
	drvp_copy_short(at, label, label_len);
	at += label_len;
	*at++ = '"';
	if (copies_unescaped(at, bytes, len, style->escape)) {
		at += len;
		*at++ = '"';
		*at = '\0';
		out->len += label_len + len + 2;
		return;
	}
	*at = '\0';
	out->len += label_len + 1;
	put_escaped(out, bytes, len, &escapes[style->escape]);
	drvp_strbuf_char(out, '"');
}

void drvp_json_print_string(struct drvp_strbuf *out, const struct drvp_json_style *style,
			    const char *bytes, size_t len)
{
	drvp_json_print_labelled(out, style, "", 0, bytes, len);
}
