/* json_token.c: the words of a JSON text: strings, numbers, white space */
#include "document/json_token.h"

#include <endian.h>
#include <string.h>

int drvp_json_expected(const struct drvp_json_source *s, const char *expected)
{
	uint32_t column = drvp_json_column(s, s->at);
	unsigned char c;

	if (s->at == s->end)
		return drvp_fail(s->err, DRV_E_DOCUMENT, "%u:%u: expected %s, found the end",
				 s->line, column, expected);
	c = (unsigned char)*s->at;
	if (c > ' ' && c < 0x7F)
		return drvp_fail(s->err, DRV_E_DOCUMENT, "%u:%u: expected %s, found '%c'", s->line,
				 column, expected, c);
	if (s->at == s->start && s->end - s->at >= 3 && !memcmp(s->at, "\xEF\xBB\xBF", 3))
		return drvp_fail(s->err, DRV_E_DOCUMENT,
				 "%u:%u: expected %s, found a byte order mark", s->line, column,
				 expected);
	return drvp_fail(s->err, DRV_E_DOCUMENT, "%u:%u: expected %s, found the byte 0x%02X",
			 s->line, column, expected, c);
}

void drvp_json_skip_lines(struct drvp_json_source *s)
{
	for (;; s->at++) {
		if (*s->at == '\n') {
			s->line++;
			s->line_start = s->at + 1;
		} else if (*s->at != ' ' && *s->at != '\t' && *s->at != '\r') {
			return;
		}
	}
}

/* The high bit of each of eight bytes that is a quote, a backslash, a control character or not
 * ASCII, the lowest of them at least: subtracting may borrow from bytes above one of those. */
static inline uint64_t special(const char *bytes)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
	uint64_t word, quote, backslash;

	memcpy(&word, bytes, sizeof word);
	word = le64toh(word);
	quote = word ^ (ones * '"');
	backslash = word ^ (ones * '\\');
	return (word | (word - ones * ' ') | (quote - ones) | (backslash - ones)) & high;
}

/* Behind valid UTF-8 that is not ASCII; where there is none, the same place. */
static char *skip_wide(char *at, const char *end)
{
	size_t step = 1;

	while (step && (unsigned char)*at >= 0x80) {
		step = drvp_utf8_length(at, (size_t)(end - at));
		at += step;
	}
	return at;
}

/* The first byte that cannot simply be kept: quote, backslash, control or invalid UTF-8. */
static char *skip_plain(char *at, const char *end)
{
	for (;;) {
		uint64_t found = special(at);
		char *wide;

		while (!found) {
			at += 8;
			found = special(at);
		}
		at += __builtin_ctzll(found) / 8;
		if ((unsigned char)*at < 0x80)
			return at;
		wide = skip_wide(at, end);
		if (wide == at)
			return at;
		at = wide;
	}
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int take_unit(struct drvp_json_source *s, unsigned *unit)
{
	*unit = 0;
	for (int i = 0; i < 4; i++) {
		int digit = s->at < s->end ? hex_value(*s->at) : -1;

		if (digit < 0)
			return drvp_json_expected(s, "four hexadecimal digits after \\u");
		*unit = *unit << 4 | (unsigned)digit;
		s->at++;
	}
	return 0;
}

/* s->at stands behind "\u". */
static int take_code_point(struct drvp_json_source *s, unsigned *code)
{
	const char *escape = s->at - 2;
	unsigned low = 0;
	int status = take_unit(s, code);

	if (status || *code < 0xD800 || *code > 0xDFFF)
		return status;
	if (*code < 0xDC00 && s->end - s->at >= 2 && s->at[0] == '\\' && s->at[1] == 'u') {
		s->at += 2;
		status = take_unit(s, &low);
		if (status)
			return status;
	}
	if (low < 0xDC00 || low > 0xDFFF)
		return drvp_fail(s->err, DRV_E_DOCUMENT,
				 "%u:%u: expected a pair of surrogates, found half of one", s->line,
				 drvp_json_column(s, escape));
	*code = 0x10000 + ((*code - 0xD800) << 10) + (low - 0xDC00);
	return 0;
}

static int take_escape(struct drvp_json_source *s, char **to)
{
	static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	const char *letter;
	unsigned code;
	int status;

	s->at++;
	if (drvp_json_sees(s, 'u')) {
		s->at++;
		status = take_code_point(s, &code);
		if (!status)
			*to += drvp_utf8_encode(*to, code);
		return status;
	}
	letter = s->at < s->end ? memchr(letters, *s->at, sizeof letters - 1) : NULL;
	if (!letter)
		return drvp_json_expected(s, "one of \" \\ / b f n r t u after a backslash");
	*(*to)++ = meanings[letter - letters];
	s->at++;
	return 0;
}

static int fail_in_string(const struct drvp_json_source *s, const char *begin)
{
	if (s->at == s->end)
		return drvp_fail(s->err, DRV_E_DOCUMENT,
				 "%u:%u: expected this string to end, found no quote", s->line,
				 drvp_json_column(s, begin - 1));
	return drvp_json_expected(s, (unsigned char)*s->at < ' ' ?
					     "\\u00XX for a control character" : "valid UTF-8");
}

int drvp_json_take_string(struct drvp_json_source *s, const char **text, size_t *len)
{
	char *begin = ++s->at, *to;

	s->at = to = skip_plain(begin, s->end);
	while (*s->at == '\\') {
		int status = take_escape(s, &to);
		char *run = s->at;

		if (status)
			return status;
		s->at = skip_plain(run, s->end);
		memmove(to, run, (size_t)(s->at - run));
		to += s->at - run;
	}
	if (*s->at != '"')
		return fail_in_string(s, begin);
	s->at++;
	*to = '\0';
	*text = begin;
	*len = (size_t)(to - begin);
	return 0;
}

static bool skip_digits(struct drvp_json_source *s)
{
	const char *first = s->at;

	while (*s->at >= '0' && *s->at <= '9')
		s->at++;
	return s->at > first;
}

int drvp_json_take_number(struct drvp_json_source *s, const char **text, size_t *len)
{
	const char *begin = s->at;
	char *digits;

	if (*s->at == '-')
		s->at++;
	digits = s->at;
	if (!skip_digits(s))
		return drvp_json_expected(s, "a digit");
	if (*digits == '0' && s->at - digits > 1) {
		s->at = digits;
		return drvp_json_expected(s, "a number without leading zeros");
	}
	if (drvp_json_sees(s, '.')) {
		s->at++;
		if (!skip_digits(s))
			return drvp_json_expected(s, "a digit after the point");
	}
	if (drvp_json_sees(s, 'e') || drvp_json_sees(s, 'E')) {
		s->at++;
		if (drvp_json_sees(s, '+') || drvp_json_sees(s, '-'))
			s->at++;
		if (!skip_digits(s))
			return drvp_json_expected(s, "a digit in the exponent");
	}
	*len = (size_t)(s->at - begin);
	*text = begin;
	s->number_end = s->at;
	return 0;
}
