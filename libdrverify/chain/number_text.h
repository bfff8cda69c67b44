/* number_text.h: numbers printed the way a programming language prints them */
#ifndef DRVP_NUMBER_TEXT_H
#define DRVP_NUMBER_TEXT_H

#include "base/strbuf.h"
#include "chain/shortest.h"

enum drvp_number_form {
	DRVP_NUMBERS_ES6,            /* JavaScript, RFC 8785 */
	DRVP_NUMBERS_PYTHON,
	DRVP_NUMBERS_GO,             /* float64, which any becomes */
	DRVP_NUMBERS_GO_INT64,       /* int64 where there is neither point nor exponent */
	DRVP_NUMBERS_SERDE,          /* serde_json with ryu */
	DRVP_NUMBERS_SERDE_ZMIJ,     /* and with zmij, from 1.0.147 on */
	DRVP_NUMBERS_JAVA,           /* Double.toString from Java 19 on */
	DRVP_NUMBERS_PHP,
	DRVP_NUMBERS_PHP_FRACTION,   /* JSON_PRESERVE_ZERO_FRACTION */
	DRVP_NUMBERS_DOTNET,
	DRVP_NUMBERS_STORED          /* the text that the store gives */
};

/* Ends with NULL: how recipes call them. */
extern const char *const drvp_number_names[];

/*
 * Whether a number in jsonb may have been a float that the language writes with an exponent: jsonb
 * writes 1e16 out as 10000000000000000, which then reads as an integer.
 */
bool drvp_number_may_be_float(int form, const char *text, size_t len);

/* The number that a JSON text of this spelling becomes when that language reads and prints it. */
void drvp_number_print_text(struct drvp_strbuf *out, int form, const char *text, size_t len);

/* The same of a text that was a float even where it looks like an integer. */
void drvp_number_print_float(struct drvp_strbuf *out, int form, const char *text, size_t len);

void drvp_number_print_double(struct drvp_strbuf *out, int form, double number);

/* 1.500 → 1.5, 10.00 → 10: decimal text without the zeros that only show its scale. */
void drvp_number_strip_zeros(struct drvp_strbuf *out, const char *text, size_t len);

/* The double nearest to a decimal text, whatever the locale; scratch keeps its content. */
double drvp_number_read(struct drvp_strbuf *scratch, const char *text, size_t len);

#endif
