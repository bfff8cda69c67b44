/* utf8.c: UTF-8 as RFC 3629 has it: no surrogates, no overlong forms, nothing above U+10FFFF */
#include "base/utf8.h"

static bool continues(char c)
{
	return ((unsigned char)c & 0xC0) == 0x80;
}

/* By the first byte alone. 0xC0 and 0xC1 could only begin overlong forms. */
static size_t announced_length(unsigned char c)
{
	if (c < 0x80)
		return 1;
	if (c < 0xC2)
		return 0;
	return c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF5 ? 4 : 0;
}

size_t drvp_utf8_length(const char *bytes, size_t len)
{
	unsigned char first, second, low = 0x80, high = 0xBF;
	size_t need;

	if (!len)
		return 0;
	first = (unsigned char)bytes[0];
	need = announced_length(first);
	if (need > len)
		return 0;
	if (need < 2)
		return need;
	/* Other overlong forms, surrogates and numbers too high show in the second byte. */
	if (first == 0xE0)
		low = 0xA0;
	else if (first == 0xED)
		high = 0x9F;
	else if (first == 0xF0)
		low = 0x90;
	else if (first == 0xF4)
		high = 0x8F;
	second = (unsigned char)bytes[1];
	if (second < low || second > high || (need > 2 && !continues(bytes[2])) ||
	    (need > 3 && !continues(bytes[3])))
		return 0;
	return need;
}

bool drvp_utf8_valid(const char *bytes, size_t len)
{
	size_t step;

	for (size_t at = 0; at < len; at += step) {
		step = drvp_utf8_length(bytes + at, len - at);
		if (!step)
			return false;
	}
	return true;
}

size_t drvp_utf8_encode(char *to, unsigned code)
{
	char *at = to;

	if (code < 0x80) {
		*at = (char)code;
		return 1;
	}
	if (code < 0x800) {
		*at++ = (char)(0xC0 | code >> 6);
	} else if (code < 0x10000) {
		*at++ = (char)(0xE0 | code >> 12);
		*at++ = (char)(0x80 | (code >> 6 & 0x3F));
	} else {
		*at++ = (char)(0xF0 | code >> 18);
		*at++ = (char)(0x80 | (code >> 12 & 0x3F));
		*at++ = (char)(0x80 | (code >> 6 & 0x3F));
	}
	*at++ = (char)(0x80 | (code & 0x3F));
	return (size_t)(at - to);
}
