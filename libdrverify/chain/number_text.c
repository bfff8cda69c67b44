/* number_text.c: numbers printed the way a programming language prints them */
#include "chain/number_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SAFE_POINT 290               /* far from subnormal numbers, whose digits are fewer */
#define EXACT_INTEGER (UINT64_C(1) << 53)       /* all integers up to here are doubles */
#define WIDE_DIGITS 37               /* always below 2^126 */

const char *const drvp_number_names[] = {
	[DRVP_NUMBERS_ES6] = "javascript",
	[DRVP_NUMBERS_PYTHON] = "python",
	[DRVP_NUMBERS_GO] = "go",
	[DRVP_NUMBERS_GO_INT64] = "go int64",
	[DRVP_NUMBERS_SERDE] = "serde",
	[DRVP_NUMBERS_SERDE_ZMIJ] = "serde zmij",
	[DRVP_NUMBERS_JAVA] = "java",
	[DRVP_NUMBERS_PHP] = "php",
	[DRVP_NUMBERS_PHP_FRACTION] = "php fraction",
	[DRVP_NUMBERS_DOTNET] = "dotnet",
	[DRVP_NUMBERS_STORED] = "as stored",
	NULL
};

/* Which texts without point and exponent stay as they are; others become doubles. */
enum integer_range {
	INTEGERS_DOUBLE,        /* none */
	INTEGERS_64,            /* those that fit 64 bits with a sign */
	INTEGERS_U64,           /* and those that fit without one */
	INTEGERS_ALL
};

/*
 * How a language lays out the shortest digits that read back as the same double. With
 * 0.d1d2… × 10^point: between the two points it is written out, outside with an exponent.
 */
struct number_style {
	int least_point, most_point;
	const char *up, *down;       /* before a positive, a negative exponent */
	unsigned exponent_digits;    /* at least so many */
	bool point_zero;             /* 1.0, not 1 */
	bool exponent_point_zero;    /* 1.0e7, not 1e7 */
	bool two_digits;             /* chosen among numbers of two digits at least (Java) */
	bool signed_zero;            /* -0.0 keeps its sign */
	int integers;                /* enum integer_range */
	const char *minus_zero;      /* what the text -0 becomes */
	const char *infinity, *minus_infinity, *nan;
};

static const struct number_style number_styles[] = {
	[DRVP_NUMBERS_ES6] = { -5, 21, "e+", "e-", 1, .minus_zero = "0",
		.infinity = "null", .minus_infinity = "null", .nan = "null" },
	[DRVP_NUMBERS_PYTHON] = { -3, 16, "e+", "e-", 2, .point_zero = true,
		.signed_zero = true, .integers = INTEGERS_ALL, .minus_zero = "0",
		.infinity = "Infinity", .minus_infinity = "-Infinity", .nan = "NaN" },
	[DRVP_NUMBERS_GO] = { -5, 21, "e+", "e-", 1, .signed_zero = true, .minus_zero = "-0",
		.infinity = "+Inf", .minus_infinity = "-Inf", .nan = "NaN" },
	[DRVP_NUMBERS_GO_INT64] = { -5, 21, "e+", "e-", 1, .signed_zero = true,
		.integers = INTEGERS_U64, .minus_zero = "0",
		.infinity = "+Inf", .minus_infinity = "-Inf", .nan = "NaN" },
	[DRVP_NUMBERS_SERDE] = { -4, 16, "e", "e-", 1, .point_zero = true,
		.signed_zero = true, .integers = INTEGERS_U64, .minus_zero = "-0.0",
		.infinity = "null", .minus_infinity = "null", .nan = "null" },
	[DRVP_NUMBERS_SERDE_ZMIJ] = { -4, 16, "e+", "e-", 1, .point_zero = true,
		.signed_zero = true, .integers = INTEGERS_U64, .minus_zero = "-0.0",
		.infinity = "null", .minus_infinity = "null", .nan = "null" },
	[DRVP_NUMBERS_JAVA] = { -2, 7, "E", "E-", 1, .point_zero = true,
		.exponent_point_zero = true, .two_digits = true, .signed_zero = true,
		.integers = INTEGERS_ALL, .minus_zero = "0", .infinity = "\"Infinity\"",
		.minus_infinity = "\"-Infinity\"", .nan = "\"NaN\"" },
	[DRVP_NUMBERS_PHP] = { -3, 17, "e+", "e-", 1, .exponent_point_zero = true,
		.signed_zero = true, .integers = INTEGERS_64, .minus_zero = "0",
		.infinity = "INF", .minus_infinity = "-INF", .nan = "NAN" },
	[DRVP_NUMBERS_PHP_FRACTION] = { -3, 17, "e+", "e-", 1, .point_zero = true,
		.exponent_point_zero = true, .signed_zero = true, .integers = INTEGERS_64,
		.minus_zero = "0", .infinity = "INF", .minus_infinity = "-INF", .nan = "NAN" },
	[DRVP_NUMBERS_DOTNET] = { -3, 17, "E+", "E-", 2, .signed_zero = true,
		.integers = INTEGERS_ALL, .minus_zero = "0", .infinity = "Infinity",
		.minus_infinity = "-Infinity", .nan = "NaN" },
	[DRVP_NUMBERS_STORED] = { .minus_zero = "-0", .infinity = "Infinity",
		.minus_infinity = "-Infinity", .nan = "NaN" },
};

/*
 * The digits and exponent of a decimal text; false when it has more digits than are safe, or an
 * exponent that is not, and so has to become a double first.
 */
static bool read_safe(struct drvp_decimal *d, const char *text, size_t len)
{
	size_t i = 0, zeros = 0;
	bool fraction = false;
	long exponent = 0;

	*d = (struct drvp_decimal){ 0 };
	if (len && text[0] == '-') {
		d->negative = true;
		i++;
	}
	for (; i < len && (text[i] == '.' || (text[i] >= '0' && text[i] <= '9')); i++) {
		if (text[i] == '.') {
			fraction = true;
			continue;
		}
		if (!fraction && (d->count || zeros || text[i] != '0'))
			d->point++;
		if (text[i] == '0') {
			if (d->count)
				zeros++;
			else if (fraction)
				d->point--;
			continue;
		}
		if (d->count + zeros >= DRVP_SAFE_DIGITS)
			return false;
		memset(d->digits + d->count, '0', zeros);
		d->count += zeros;
		zeros = 0;
		d->digits[d->count++] = text[i];
	}
	if (i < len && (text[i] == 'e' || text[i] == 'E')) {
		bool down = text[i + 1] == '-';

		for (i++; i < len; i++)
			if (text[i] >= '0' && text[i] <= '9' && exponent < SAFE_POINT * 10)
				exponent = exponent * 10 + (text[i] - '0');
		exponent = down ? -exponent : exponent;
	}
	if (!d->count)
		return true;
	exponent += d->point;
	d->point = (int)exponent;
	return exponent > -SAFE_POINT && exponent < SAFE_POINT;
}

/* Reads an integer text of at most WIDE_DIGITS digits. */
static drvp_u128 wide_integer(const char *text, size_t len)
{
	drvp_u128 value = 0;

	for (size_t i = text[0] == '-'; i < len; i++)
		value = value * 10 + (unsigned)(text[i] - '0');
	return value;
}

static void put_zeros(struct drvp_strbuf *out, int count)
{
	while (count-- > 0)
		drvp_strbuf_char(out, '0');
}

/* d.ddde+XX */
static void put_exponential(struct drvp_strbuf *out, const struct number_style *style,
			    const struct drvp_decimal *d)
{
	char text[16], *at = text + sizeof text;
	int exponent = d->point - 1;

	drvp_strbuf_add(out, d->digits, 1);
	if (d->count > 1) {
		drvp_strbuf_char(out, '.');
		drvp_strbuf_add(out, d->digits + 1, d->count - 1);
	} else if (style->exponent_point_zero) {
		drvp_strbuf_str(out, ".0");
	}
	drvp_strbuf_str(out, exponent < 0 ? style->down : style->up);
	for (exponent = abs(exponent); exponent || at == text + sizeof text ||
	     text + sizeof text - at < (int)style->exponent_digits; exponent /= 10)
		*--at = (char)('0' + exponent % 10);
	drvp_strbuf_add(out, at, (size_t)(text + sizeof text - at));
}

static void put_plain(struct drvp_strbuf *out, const struct number_style *style,
		      const struct drvp_decimal *d)
{
	int count = (int)d->count;

	if (d->point <= 0) {
		drvp_strbuf_str(out, "0.");
		put_zeros(out, -d->point);
		drvp_strbuf_add(out, d->digits, d->count);
	} else if (count <= d->point) {
		drvp_strbuf_add(out, d->digits, d->count);
		put_zeros(out, d->point - count);
		if (style->point_zero)
			drvp_strbuf_str(out, ".0");
	} else {
		drvp_strbuf_add(out, d->digits, (size_t)d->point);
		drvp_strbuf_char(out, '.');
		drvp_strbuf_add(out, d->digits + d->point, (size_t)(count - d->point));
	}
}

static void put(struct drvp_strbuf *out, int form, struct drvp_decimal *d)
{
	const struct number_style *style = &number_styles[form];

	if (d->infinite) {
		drvp_strbuf_str(out, d->negative ? style->minus_infinity : style->infinity);
		return;
	}
	if (d->negative && (d->count || style->signed_zero))
		drvp_strbuf_char(out, '-');
	if (style->two_digits && d->count == 1)
		drvp_shortest_of_two(d);
	if (!d->count)
		drvp_strbuf_str(out, style->point_zero ? "0.0" : "0");
	else if (d->point > style->most_point || d->point < style->least_point)
		put_exponential(out, style, d);
	else
		put_plain(out, style, d);
}

/* numeric and Decimal128 know NaN and Infinity, which are no JSON numbers. */
static bool is_finite(const char *text, size_t len)
{
	size_t sign = len && text[0] == '-';

	return len > sign && text[sign] >= '0' && text[sign] <= '9';
}

static bool only_digits(const char *text, size_t len)
{
	for (size_t i = text[0] == '-'; i < len; i++)
		if (text[i] < '0' || text[i] > '9')
			return false;
	return true;
}

/* Rounded once, by strtod, without a decimal point. */
double drvp_number_read(struct drvp_strbuf *out, const char *text, size_t len)
{
	size_t mark = out->len, i;
	long exponent = 0, fraction = 0;
	bool point = false;
	double number;

	for (i = 0; i < len && text[i] != 'e' && text[i] != 'E'; i++) {
		if (text[i] == '.') {
			point = true;
			continue;
		}
		fraction += point;
		drvp_strbuf_char(out, text[i]);
	}
	if (i < len)
		exponent = strtol(text + i + 1, NULL, 10);
	if (exponent > 1000000000)
		exponent = 1000000000;
	else if (exponent < -1000000000)
		exponent = -1000000000;
	drvp_strbuf_printf(out, "e%ld", exponent - fraction);
	if (out->failed)
		return 0;
	number = strtod(out->data + mark, NULL);
	out->len = mark;
	return number;
}

/* What is left of a text's digits when it becomes a double. */
static void round_text(struct drvp_decimal *d, struct drvp_strbuf *out, const char *text,
		       size_t len)
{
	if (len > WIDE_DIGITS || !only_digits(text, len) ||
	    wide_integer(text, len) < EXACT_INTEGER) {
		drvp_shortest(d, drvp_number_read(out, text, len));
		return;
	}
	*d = (struct drvp_decimal){ .negative = text[0] == '-' };
	drvp_shortest_integer(d, (double)wide_integer(text, len));
}

/* Whether digits, without a sign and leading zeros, are at most most, which has as many or more. */
static bool fits(const char *digits, size_t len, const char *most)
{
	size_t most_len = strlen(most);

	return len < most_len || (len == most_len && memcmp(digits, most, len) <= 0);
}

/* Whether a text of digits only is an integer of the language, and no double. */
static bool is_integer(const struct number_style *style, const char *text, size_t len)
{
	size_t sign = text[0] == '-';

	switch (style->integers) {
	case INTEGERS_ALL:
		return true;
	case INTEGERS_64:
	case INTEGERS_U64:
		return fits(text + sign, len - sign,
			    sign ? "9223372036854775808" :
			    style->integers == INTEGERS_64 ? "9223372036854775807" :
			    "18446744073709551615");
	default:
		/* Doubles that are written out digit by digit. */
		return len <= DRVP_SAFE_DIGITS ||
		       (len <= WIDE_DIGITS && wide_integer(text, len) <= EXACT_INTEGER);
	}
}

bool drvp_number_may_be_float(int form, const char *text, size_t len)
{
	const struct number_style *style = &number_styles[form];
	size_t sign = len && text[0] == '-';

	return len - sign > (size_t)style->most_point && style->integers != INTEGERS_DOUBLE &&
	       only_digits(text, len) && is_integer(style, text, len);
}

static void put_float(struct drvp_strbuf *out, int form, const char *text, size_t len)
{
	struct drvp_decimal d;

	if (!read_safe(&d, text, len))
		round_text(&d, out, text, len);
	put(out, form, &d);
}

void drvp_number_print_text(struct drvp_strbuf *out, int form, const char *text, size_t len)
{
	const struct number_style *style = &number_styles[form];

	if (form == DRVP_NUMBERS_STORED || !is_finite(text, len)) {
		drvp_strbuf_add(out, text, len);
		return;
	}
	if (only_digits(text, len) && is_integer(style, text, len)) {
		if (len == 2 && text[0] == '-' && text[1] == '0')
			drvp_strbuf_str(out, style->minus_zero);
		else
			drvp_strbuf_add(out, text, len);
		return;
	}
	put_float(out, form, text, len);
}

void drvp_number_print_float(struct drvp_strbuf *out, int form, const char *text, size_t len)
{
	if (form == DRVP_NUMBERS_STORED)
		drvp_strbuf_add(out, text, len);
	else
		put_float(out, form, text, len);
}

void drvp_number_print_double(struct drvp_strbuf *out, int form, double number)
{
	struct drvp_decimal d;

	if (isnan(number)) {
		drvp_strbuf_str(out, number_styles[form].nan);
		return;
	}
	if (form == DRVP_NUMBERS_STORED)
		form = DRVP_NUMBERS_ES6;
	drvp_shortest(&d, number);
	put(out, form, &d);
}

void drvp_number_strip_zeros(struct drvp_strbuf *out, const char *text, size_t len)
{
	if (memchr(text, '.', len)) {
		while (text[len - 1] == '0')
			len--;
		if (text[len - 1] == '.')
			len--;
	}
	drvp_strbuf_add(out, text, len);
}
