/* steer.c: characters that steer a terminal, which foreign text may not bring there */
#include "base/steer.h"

#include <string.h>

#include "base/utf8.h"

static const struct drvp_span steering[] = {
	{ 0x0000, 0x001F }, { 0x007F, 0x009F }, { 0x061C, 0x061C }, { 0x200E, 0x200F },
	{ 0x2028, 0x202E }, { 0x2066, 0x2069 }, { 0xFEFF, 0xFEFF }, { 0xFFFE, 0xFFFF },
};

bool drvp_is_in_spans(const struct drvp_span *spans, size_t count, uint32_t point)
{
	for (size_t i = 0; i < count; i++)
		if (point >= spans[i].first && point <= spans[i].last)
			return true;
	return false;
}

struct drvp_character drvp_character(const char *text)
{
	size_t len = drvp_utf8_length(text, strnlen(text, 4));
	struct drvp_character c = { .len = len ? len : 1, .point = (unsigned char)text[0] };

	if (len > 1)
		c.point &= 0x7Fu >> len;
	for (size_t i = 1; i < len; i++)
		c.point = c.point << 6 | ((unsigned char)text[i] & 0x3Fu);
	c.steers = !len ||
		   drvp_is_in_spans(steering, sizeof steering / sizeof *steering, c.point);
	return c;
}

void drvp_disarm(char *text)
{
	while (*text) {
		struct drvp_character c = drvp_character(text);

		if (c.steers)
			memset(text, '?', c.len);
		text += c.len;
	}
}
