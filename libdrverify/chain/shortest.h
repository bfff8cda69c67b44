/* shortest.h: the fewest decimal digits that read back as the same double */
#ifndef DRVP_SHORTEST_H
#define DRVP_SHORTEST_H

#include <stdbool.h>
#include <stddef.h>

__extension__ typedef unsigned __int128 drvp_u128;

/* A decimal of at most so many digits is the shortest text of the double it reads as. */
#define DRVP_SAFE_DIGITS 15
#define DRVP_MOST_DIGITS 17

/* ±0.d1d2… × 10^point; count 0 is zero. */
struct drvp_decimal {
	bool negative;
	bool infinite;
	int point;
	size_t count;
	char digits[DRVP_MOST_DIGITS + 1];
};

/* Of any double that is no NaN. */
void drvp_shortest(struct drvp_decimal *d, double number);

/*
 * Java chooses among the decimals of two digits where one digit would do: 4.9E-324. Given that one
 * digit; changes it only among the very smallest doubles.
 */
void drvp_shortest_of_two(struct drvp_decimal *d);

/* Of a positive integer from 2^53 to 2^126, without a detour through printf; sets digits only. */
void drvp_shortest_integer(struct drvp_decimal *d, double number);

/* A double with the shortest decimal digits of a single, which languages read instead of it. */
double drvp_number_from_single(double single);

#endif
