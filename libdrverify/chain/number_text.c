/* number_text.c: numbers printed the way a programming language prints them */
#include "chain/number_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A decimal of at most so many digits is the shortest text of the double it reads as. */
#define SAFE_DIGITS 15
#define SAFE_POINT 290               /* far from subnormal numbers, where that does not hold */
#define MOST_DIGITS 17
#define EXACT_INTEGER (UINT64_C(1) << 53)       /* all integers up to here are doubles */
#define WIDE_DIGITS 37               /* always below 2^126 */

__extension__ typedef unsigned __int128 u128;

const struct drvp_number_style drvp_number_styles[] = {
	[DRVP_NUMBERS_ES6] = { "javascript", -5, 21, 1, false, false, "null", false },
	[DRVP_NUMBERS_PYTHON] = { "python", -3, 16, 2, true, true, "Infinity", true },
	[DRVP_NUMBERS_STORED] = { "as stored", 0, 0, 0, false, false, "", false },
	{ NULL }
};

/* ±0.d1d2… × 10^point; count 0 is zero. */
struct decimal {
	bool negative;
	bool infinite;
	int point;
	size_t count;
	char digits[MOST_DIGITS + 1];
};

/*
 * The digits and exponent of a decimal text; false when it has more digits than are safe, or an
 * exponent that is not, and so has to become a double first.
 */
static bool read_safe(struct decimal *d, const char *text, size_t len)
{
	size_t i = 0, zeros = 0;
	bool fraction = false;
	long exponent = 0;

	*d = (struct decimal){ 0 };
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
		if (d->count + zeros >= SAFE_DIGITS)
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

static void strip_zeros(struct decimal *d)
{
	while (d->count > 1 && d->digits[d->count - 1] == '0')
		d->count--;
}

/* The digits of printf's %.*e, whatever its locale puts between them. */
static void read_printed(struct decimal *d, const char *text)
{
	const char *e = strrchr(text, 'e');

	d->count = 0;
	for (const char *c = text; c < e; c++)
		if (*c >= '0' && *c <= '9')
			d->digits[d->count++] = *c;
	d->point = (int)strtol(e + 1, NULL, 10) + 1;
}

/* Reads it back through an integer mantissa: then no locale has a say in it. */
static double value_of(const struct decimal *d)
{
	char text[MOST_DIGITS + 32];

	snprintf(text, sizeof text, "%.*se%d", (int)d->count, d->digits,
		 d->point - (int)d->count);
	return strtod(text, NULL);
}

static bool is_value(const struct decimal *d, double size, bool single)
{
	double value = value_of(d);

	return single ? (float)value == (float)size : value == size;
}

/* One more in the last digit. */
static void increment(struct decimal *d)
{
	size_t i = d->count;

	while (i > 0 && d->digits[i - 1] == '9')
		d->digits[--i] = '0';
	if (i > 0) {
		d->digits[i - 1]++;
		return;
	}
	d->digits[0] = '1';
	d->point++;
}

/*
 * So many digits that read back as the same number, if there are such. The nearest ones do if
 * any do, except at powers of two: below those doubles lie twice as close as above, so the next
 * decimal above may read back where the nearest, below, does not.
 */
static bool reads_back(struct decimal *d, double size, int digits, bool single)
{
	char text[64];

	snprintf(text, sizeof text, "%.*e", digits - 1, size);
	read_printed(d, text);
	if (is_value(d, size, single))
		return true;
	increment(d);
	return is_value(d, size, single);
}

/*
 * Fewest digits that read back as the same number. Normal numbers of up to 15 digits show them at
 * 15; subnormal ones have less precision and are tried from one digit on.
 */
static void shortest(struct decimal *d, double number)
{
	double size = fabs(number);
	int digits = size < 1e-290 ? 1 : SAFE_DIGITS;

	*d = (struct decimal){ .negative = signbit(number) != 0, .infinite = isinf(number) != 0 };
	if (d->infinite || size == 0)
		return;
	while (digits < MOST_DIGITS && !reads_back(d, size, digits, false))
		digits++;
	if (digits == MOST_DIGITS)
		reads_back(d, size, digits, false);
	strip_zeros(d);
}

/* A wide integer's digits without its last dropped ones. */
static void set_digits(struct decimal *d, u128 digits, int dropped)
{
	char text[40], *at = text + sizeof text;

	for (; digits; digits /= 10)
		*--at = (char)('0' + (int)(digits % 10));
	d->count = (size_t)(text + sizeof text - at);
	d->point = (int)d->count + dropped;
	if (d->count > MOST_DIGITS)
		d->count = MOST_DIGITS; /* the rest are zeros: 17 always suffice */
	memcpy(d->digits, at, d->count);
	strip_zeros(d);
}

/*
 * The same as shortest() for integers above 2^53, such as ids made of 64 bits, without a detour
 * through printf: the fewest digits whose number lies closer to the double than half the way to
 * its neighbours. Half way counts where the mantissa is even, since that is how ties are rounded.
 */
static void shortest_integer(struct decimal *d, double number)
{
	int exponent;
	double mantissa = frexp(number, &exponent);
	u128 value = (u128)number, half = (u128)1 << (exponent - 54), power = 1;
	u128 below = mantissa == 0.5 ? half / 2 : half;
	bool even = !((value / (half * 2)) & 1);
	int dropped = 0;

	for (u128 rest = value; rest >= UINT64_C(1000000000000000); rest /= 10, dropped++)
		power *= 10;
	for (;; dropped--, power /= 10) {
		u128 digits = value / power, under = value % power, over = power - under;
		bool down = under < below || (under == below && even);
		bool up = over < half || (over == half && even);

		if (up && (!down || over < under))
			digits++;
		if (up || down) {
			set_digits(d, digits, dropped);
			return;
		}
	}
}

/* Reads an integer text of at most WIDE_DIGITS digits. */
static u128 wide_integer(const char *text, size_t len)
{
	u128 value = 0;

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
static void put_exponential(struct drvp_strbuf *out, const struct drvp_number_style *style,
			    const struct decimal *d)
{
	char text[16], *at = text + sizeof text;
	int exponent = d->point - 1;

	drvp_strbuf_add(out, d->digits, 1);
	if (d->count > 1) {
		drvp_strbuf_char(out, '.');
		drvp_strbuf_add(out, d->digits + 1, d->count - 1);
	}
	drvp_strbuf_char(out, 'e');
	drvp_strbuf_char(out, exponent < 0 ? '-' : '+');
	for (exponent = abs(exponent); exponent || at == text + sizeof text ||
	     text + sizeof text - at < (int)style->exponent_digits; exponent /= 10)
		*--at = (char)('0' + exponent % 10);
	drvp_strbuf_add(out, at, (size_t)(text + sizeof text - at));
}

static void put_plain(struct drvp_strbuf *out, const struct drvp_number_style *style,
		      const struct decimal *d)
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

static void put(struct drvp_strbuf *out, int form, const struct decimal *d)
{
	const struct drvp_number_style *style = &drvp_number_styles[form];
	bool special = d->infinite || !d->count;

	if (d->negative && (!special || style->signed_specials))
		drvp_strbuf_char(out, '-');
	if (d->infinite)
		drvp_strbuf_str(out, style->infinity);
	else if (!d->count)
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

/* A text with more digits than fit a double: rounded once, by strtod, without a decimal point. */
static double rounded(struct drvp_strbuf *out, const char *text, size_t len)
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
static void round_text(struct decimal *d, struct drvp_strbuf *out, const char *text, size_t len)
{
	if (len > WIDE_DIGITS || !only_digits(text, len)) {
		shortest(d, rounded(out, text, len));
		return;
	}
	*d = (struct decimal){ .negative = text[0] == '-' };
	shortest_integer(d, (double)wide_integer(text, len));
}

void drvp_number_print_text(struct drvp_strbuf *out, int form, const char *text, size_t len)
{
	const struct drvp_number_style *style = &drvp_number_styles[form];
	struct decimal d;

	if (form == DRVP_NUMBERS_STORED || !is_finite(text, len)) {
		drvp_strbuf_add(out, text, len);
		return;
	}
	if (only_digits(text, len) && (style->integers_exact || len <= SAFE_DIGITS ||
				       (len <= WIDE_DIGITS && wide_integer(text, len) <= EXACT_INTEGER))) {
		bool minus_zero = len == 2 && text[0] == '-' && text[1] == '0';

		drvp_strbuf_add(out, text + minus_zero, len - minus_zero);
		return;
	}
	if (!read_safe(&d, text, len))
		round_text(&d, out, text, len);
	put(out, form, &d);
}

void drvp_number_print_double(struct drvp_strbuf *out, int form, double number)
{
	struct decimal d;

	if (isnan(number)) {
		drvp_strbuf_str(out, form == DRVP_NUMBERS_ES6 ? "null" : "NaN");
		return;
	}
	if (form == DRVP_NUMBERS_STORED)
		form = DRVP_NUMBERS_ES6;
	shortest(&d, number);
	put(out, form, &d);
}

double drvp_number_from_single(double single)
{
	struct decimal d = { 0 };

	if (!isfinite(single) || single == 0)
		return single;
	for (int digits = 1; digits < 9; digits++)
		if (reads_back(&d, fabs(single), digits, true))
			return copysign(value_of(&d), single);
	reads_back(&d, fabs(single), 9, true);
	return copysign(value_of(&d), single);
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
