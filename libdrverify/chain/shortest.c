/* shortest.c: the fewest decimal digits that read back as the same double */
#include "chain/shortest.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void strip_zeros(struct drvp_decimal *d)
{
	while (d->count > 1 && d->digits[d->count - 1] == '0')
		d->count--;
}

/* The digits of printf's %.*e, whatever its locale puts between them. */
static void read_printed(struct drvp_decimal *d, const char *text)
{
	const char *e = strrchr(text, 'e');

	d->count = 0;
	for (const char *c = text; c < e; c++)
		if (*c >= '0' && *c <= '9')
			d->digits[d->count++] = *c;
	d->point = (int)strtol(e + 1, NULL, 10) + 1;
}

/* Reads it back through an integer mantissa: then no locale has a say in it. */
static double value_of(const struct drvp_decimal *d)
{
	char text[DRVP_MOST_DIGITS + 32];

	snprintf(text, sizeof text, "%.*se%d", (int)d->count, d->digits,
		 d->point - (int)d->count);
	return strtod(text, NULL);
}

static bool is_value(const struct drvp_decimal *d, double size, bool single)
{
	double value = value_of(d);

	return single ? (float)value == (float)size : value == size;
}

/* One more in the last digit. */
static void increment(struct drvp_decimal *d)
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
static bool reads_back(struct drvp_decimal *d, double size, int digits, bool single)
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
void drvp_shortest(struct drvp_decimal *d, double number)
{
	double size = fabs(number);
	int digits = size < 1e-290 ? 1 : DRVP_SAFE_DIGITS;

	*d = (struct drvp_decimal){ .negative = signbit(number) != 0, .infinite = isinf(number) != 0 };
	if (d->infinite || size == 0)
		return;
	while (digits < DRVP_MOST_DIGITS && !reads_back(d, size, digits, false))
		digits++;
	if (digits == DRVP_MOST_DIGITS)
		reads_back(d, size, digits, false);
	strip_zeros(d);
}

void drvp_shortest_of_two(struct drvp_decimal *d)
{
	char text[64];

	if (d->point > -300)
		return;
	snprintf(text, sizeof text, "%.1e", value_of(d));
	read_printed(d, text);
	strip_zeros(d);
}

/* A wide integer's digits without its last dropped ones. */
static void set_digits(struct drvp_decimal *d, drvp_u128 digits, int dropped)
{
	char text[40], *at = text + sizeof text;

	for (; digits; digits /= 10)
		*--at = (char)('0' + (int)(digits % 10));
	d->count = (size_t)(text + sizeof text - at);
	d->point = (int)d->count + dropped;
	if (d->count > DRVP_MOST_DIGITS)
		d->count = DRVP_MOST_DIGITS; /* the rest are zeros: 17 always suffice */
	memcpy(d->digits, at, d->count);
	strip_zeros(d);
}

/*
 * The same as drvp_shortest() for integers above 2^53, such as ids made of 64 bits, without a detour
 * through printf: the fewest digits whose number lies closer to the double than half the way to
 * its neighbours. Half way counts where the mantissa is even, since that is how ties are rounded.
 */
void drvp_shortest_integer(struct drvp_decimal *d, double number)
{
	int exponent;
	double mantissa = frexp(number, &exponent);
	drvp_u128 value = (drvp_u128)number, half = (drvp_u128)1 << (exponent - 54), power = 1;
	drvp_u128 below = mantissa == 0.5 ? half / 2 : half;
	bool even = !((value / (half * 2)) & 1);
	int dropped = 0;

	for (drvp_u128 rest = value; rest >= UINT64_C(1000000000000000); rest /= 10, dropped++)
		power *= 10;
	for (;; dropped--, power /= 10) {
		drvp_u128 digits = value / power, under = value % power, over = power - under;
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

double drvp_number_from_single(double single)
{
	struct drvp_decimal d = { 0 };

	if (!isfinite(single) || single == 0)
		return single;
	for (int digits = 1; digits < 9; digits++)
		if (reads_back(&d, fabs(single), digits, true))
			return copysign(value_of(&d), single);
	reads_back(&d, fabs(single), 9, true);
	return copysign(value_of(&d), single);
}
