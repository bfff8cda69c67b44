/* display.c: foreign text on a terminal: the columns it takes, and nothing that steers it */
#include "report/display.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

struct span {
	uint32_t first, last;
};

/* wcwidth() would depend on the locale of the host application, which is not ours to set. */
static const struct span wide[] = {
	{ 0x1100, 0x115F },   { 0x2E80, 0x303E },   { 0x3041, 0x4DBF },   { 0x4E00, 0xA4CF },
	{ 0xA960, 0xA97C },   { 0xAC00, 0xD7A3 },   { 0xF900, 0xFAFF },   { 0xFE30, 0xFE6F },
	{ 0xFF01, 0xFF60 },   { 0xFFE0, 0xFFE6 },   { 0x1F300, 0x1F64F }, { 0x1F680, 0x1F6FF },
	{ 0x1F900, 0x1F9FF }, { 0x20000, 0x3FFFD },
};

/* Combining marks, among them the vowels and final consonants of decomposed Korean. */
static const struct span narrow[] = {
	{ 0x0300, 0x036F }, { 0x1160, 0x11FF }, { 0x200B, 0x200D }, { 0x20D0, 0x20FF },
	{ 0x302A, 0x302D }, { 0x3099, 0x309A }, { 0xFE00, 0xFE0F }, { 0xFE20, 0xFE2F },
};

/* What moves the cursor, starts a terminal sequence, reverses what follows, or XML forbids. */
static const struct span steering[] = {
	{ 0x0000, 0x001F }, { 0x007F, 0x009F }, { 0x061C, 0x061C }, { 0x200E, 0x200F },
	{ 0x2028, 0x202E }, { 0x2066, 0x2069 }, { 0xFEFF, 0xFEFF }, { 0xFFFE, 0xFFFF },
};

#define IS_IN(spans, point) is_in(spans, sizeof(spans) / sizeof *(spans), point)

static bool is_in(const struct span *spans, size_t count, uint32_t point)
{
	for (size_t i = 0; i < count; i++)
		if (point >= spans[i].first && point <= spans[i].last)
			return true;
	return false;
}

/* Decodes one character; returns its length, or 0 when the bytes are not UTF-8. */
static size_t decode(const char *text, uint32_t *point)
{
	size_t len = drvp_utf8_length(text, strnlen(text, 4));

	*point = (unsigned char)text[0];
	if (len > 1)
		*point &= 0x7Fu >> len;
	for (size_t i = 1; i < len; i++)
		*point = *point << 6 | ((unsigned char)text[i] & 0x3Fu);
	return len;
}

/* The character at text: its length, and its columns, or SIZE_MAX when it may not be shown. */
static size_t measure(const char *text, size_t *columns)
{
	uint32_t point;
	size_t len = decode(text, &point);

	if (!len || IS_IN(steering, point))
		*columns = SIZE_MAX;
	else if (IS_IN(narrow, point))
		*columns = 0;
	else
		*columns = IS_IN(wide, point) ? 2 : 1;
	return len ? len : 1;
}

void drvp_display(struct drvp_strbuf *out, const char *text)
{
	while (*text) {
		size_t columns, len = measure(text, &columns);

		for (size_t i = 0; i < len && columns == SIZE_MAX; i++)
			drvp_strbuf_printf(out, "\\x%02x", (unsigned char)text[i]);
		if (columns != SIZE_MAX)
			drvp_strbuf_add(out, text, len);
		text += len;
	}
}

size_t drvp_display_width(const char *text)
{
	size_t width = 0;

	while (*text) {
		size_t columns, len = measure(text, &columns);

		width += columns == SIZE_MAX ? 4 * len : columns;
		text += len;
	}
	return width;
}

void drvp_display_padded(struct drvp_strbuf *out, const char *text, size_t width)
{
	drvp_display(out, text);
	for (size_t at = drvp_display_width(text); at < width; at++)
		drvp_strbuf_char(out, ' ');
}

static size_t show_word(struct drvp_strbuf *out, const char *text, size_t len)
{
	struct drvp_strbuf word = DRVP_STRBUF_INIT;
	size_t width;

	drvp_strbuf_add(&word, text, len);
	out->failed |= word.failed;
	width = drvp_display_width(drvp_strbuf_text(&word));
	drvp_display(out, drvp_strbuf_text(&word));
	drvp_strbuf_free(&word);
	return width;
}

void drvp_display_folded(struct drvp_strbuf *out, const char *text, size_t at, size_t indent,
			 size_t width)
{
	bool first = true;

	while (*text) {
		size_t len = strspn(text, " "), start = out->len, columns;

		/* All blanks but one are part of the word behind them. */
		len += strcspn(text + len, " ");
		if (!first)
			drvp_strbuf_char(out, ' ');
		columns = show_word(out, text, len);
		if (!first && width && at + 1 + columns > width && !out->failed) {
			out->len = start;
			drvp_strbuf_char(out, '\n');
			drvp_display_padded(out, "", indent);
			show_word(out, text, len);
			at = indent + columns;
		} else {
			at += columns + !first;
		}
		first = false;
		text += len;
		text += text[0] == ' ' && text[1];
	}
}
