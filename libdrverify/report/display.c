/* display.c: foreign text on a terminal: the columns it takes, and nothing that steers it */
#include "report/display.h"

#include <stdint.h>
#include <string.h>

#include "base/steer.h"

/* wcwidth() would depend on the locale of the host application, which is not ours to set. */
static const struct drvp_span wide[] = {
	{ 0x1100, 0x115F },   { 0x2E80, 0x303E },   { 0x3041, 0x4DBF },   { 0x4E00, 0xA4CF },
	{ 0xA960, 0xA97C },   { 0xAC00, 0xD7A3 },   { 0xF900, 0xFAFF },   { 0xFE30, 0xFE6F },
	{ 0xFF01, 0xFF60 },   { 0xFFE0, 0xFFE6 },   { 0x1F300, 0x1F64F }, { 0x1F680, 0x1F6FF },
	{ 0x1F900, 0x1F9FF }, { 0x20000, 0x3FFFD },
};

/* Combining marks, among them the vowels and final consonants of decomposed Korean. */
static const struct drvp_span narrow[] = {
	{ 0x0300, 0x036F }, { 0x1160, 0x11FF }, { 0x200B, 0x200D }, { 0x20D0, 0x20FF },
	{ 0x302A, 0x302D }, { 0x3099, 0x309A }, { 0xFE00, 0xFE0F }, { 0xFE20, 0xFE2F },
};

#define IS_IN(spans, point) drvp_is_in_spans(spans, sizeof(spans) / sizeof *(spans), point)

/* The character at text: its length, and its columns, or SIZE_MAX when it may not be shown. */
static size_t measure(const char *text, size_t *columns)
{
	struct drvp_character c = drvp_character(text);

	if (c.steers)
		*columns = SIZE_MAX;
	else if (IS_IN(narrow, c.point))
		*columns = 0;
	else
		*columns = IS_IN(wide, c.point) ? 2 : 1;
	return c.len;
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
