/* number_text.h: numbers printed the way a programming language prints them */
#ifndef DRVP_NUMBER_TEXT_H
#define DRVP_NUMBER_TEXT_H

#include "base/strbuf.h"
#include "chain/shortest.h"

/* Rows of drvp_number_styles. */
enum drvp_number_form {
	DRVP_NUMBERS_ES6,            /* JavaScript, RFC 8785 */
	DRVP_NUMBERS_PYTHON,
	DRVP_NUMBERS_STORED          /* the text that the store gives */
};

/*
 * How a language lays out the shortest digits that read back as the same double. With
 * 0.d1d2… × 10^point: between the two points it is written out, outside with an exponent.
 */
struct drvp_number_style {
	const char *name;            /* as recipes call it */
	int least_point, most_point;
	unsigned exponent_digits;    /* at least so many */
	bool point_zero;             /* 1.0, not 1 */
	bool integers_exact;         /* a number without fraction and exponent is no double */
	const char *infinity;        /* what stands for a number out of range, without sign */
	bool signed_specials;        /* -0.0 and -Infinity keep their sign */
};

extern const struct drvp_number_style drvp_number_styles[];

/* The number that a JSON text of this spelling becomes when that language reads and prints it. */
void drvp_number_print_text(struct drvp_strbuf *out, int form, const char *text, size_t len);

void drvp_number_print_double(struct drvp_strbuf *out, int form, double number);

/* 1.500 → 1.5, 10.00 → 10: decimal text without the zeros that only show its scale. */
void drvp_number_strip_zeros(struct drvp_strbuf *out, const char *text, size_t len);

#endif
