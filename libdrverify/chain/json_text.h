/* json_text.h: JSON printed the way a programming language prints it */
#ifndef DRVP_JSON_TEXT_H
#define DRVP_JSON_TEXT_H

#include "chain/number_text.h"
#include "document/json.h"

/*
 * Which characters, besides quotes, backslashes and control characters, are escaped. "Lines" are
 * U+2028 and U+2029, "pairs" the characters beyond U+FFFF; UPPER and DOTNET write hexadecimal
 * digits in upper case.
 */
enum drvp_json_escape {
	DRVP_ESCAPE_MINIMAL,         /* none, but lone surrogates (JSON.stringify) */
	DRVP_ESCAPE_ASCII,           /* all that is not printable ASCII (json.dumps) */
	DRVP_ESCAPE_HTML,            /* < > & and lines (json.Marshal) */
	DRVP_ESCAPE_LINES,           /* lines (Go's SetEscapeHTML(false); PHP with unescaped
				      * slashes and Unicode) */
	DRVP_ESCAPE_PHP,             /* / and all beyond ASCII (json_encode) */
	DRVP_ESCAPE_PHP_ASCII,       /* all beyond ASCII (JSON_UNESCAPED_SLASHES) */
	DRVP_ESCAPE_PHP_LINES,       /* / and lines (JSON_UNESCAPED_UNICODE) */
	DRVP_ESCAPE_UPPER,           /* none (Jackson, writeValueAsString) */
	DRVP_ESCAPE_UPPER_PAIRS,     /* pairs (Jackson, writeValueAsBytes) */
	DRVP_ESCAPE_UPPER_ASCII,     /* all beyond ASCII (Jackson, ESCAPE_NON_ASCII) */
	DRVP_ESCAPE_DOTNET,          /* all but printable ASCII without " < > & ' + ` */
	DRVP_ESCAPE_DOTNET_ALL,      /* the same of ASCII, pairs, spaces, private use
				      * (JavaScriptEncoder.Create(UnicodeRanges.All)) */
	DRVP_ESCAPE_DOTNET_RELAXED   /* pairs, spaces, private use (UnsafeRelaxedJsonEscaping) */
};

enum drvp_json_sort {
	DRVP_SORT_NONE,              /* as stored */
	DRVP_SORT_INTEGERS_FIRST,    /* as stored, but integer-like names first (JavaScript) */
	DRVP_SORT_UTF16,             /* by UTF-16 code units (JavaScript's sort, RFC 8785) */
	DRVP_SORT_CODE_POINTS,       /* by code points, which is by UTF-8 bytes */
	DRVP_SORT_JSONB,             /* by length, then bytes */
	DRVP_SORT_REBUILT,           /* integer-like names first, the rest by UTF-16 code units: an
				      * object that JavaScript made anew from its sorted names */
	DRVP_SORT_PHP,               /* as ksort() of PHP 8 does */
	DRVP_SORT_OUTSIDE_ARRAYS     /* by UTF-16 code units, but as stored within arrays: a walk
				      * that forgets what stands in them */
};

/*
 * A language's JSON printer. Another language is another row of drvp_json_styles, and where it
 * does something no other does, another value of one of the enums above.
 */
struct drvp_json_style {
	const char *name;            /* as recipes call it */
	const char *help;
	int escape;                  /* enum drvp_json_escape */
	int numbers;                 /* enum drvp_number_form */
	int sort;                    /* enum drvp_json_sort */
	const char *comma, *colon;
	bool decimals_are_numbers;   /* a numeric column becomes a number, not a string */
	bool typed;                  /* {"$date": …} and {"$oid": …} within MongoDB's documents */
};

/* Ends with name NULL. The names of the enums, for recipes and the schema, likewise. */
extern const struct drvp_json_style drvp_json_styles[];
extern const char *const drvp_json_escape_names[];
extern const char *const drvp_json_sort_names[];

/* NULL when this version knows no style of that name. */
const struct drvp_json_style *drvp_json_style_named(const char *name);

struct drvp_json_key {
	const char *name;
	size_t len;
};

/* Which members of a stored document, at every depth, were hashed. */
struct drvp_json_filter {
	const struct drvp_json_key *allow;      /* only these, in this order; NULL: all */
	size_t allow_count;
	const struct drvp_json_key *drop;       /* not these */
	size_t drop_count;
	bool drop_empty;                        /* no object without members, arrays excepted */
};

/* Prints any number of values, one thread at a time. Start with zeroes; out is borrowed. */
struct drvp_json_printer {
	struct drvp_strbuf *out;
	const struct drvp_json_style *style;
	struct drvp_json_filter filter;
	bool order_lost;             /* the store did not keep the order of members */
	bool lossy;                  /* set when that mattered, or a number lost its spelling */
	size_t arrays;               /* around what is printed now */
	const struct drvp_json **members;       /* a stack, owned */
	size_t member_count, member_capacity;
};

void drvp_json_printer_free(struct drvp_json_printer *printer);

/* Allocation failures show in printer->out->failed. */
void drvp_json_print_value(struct drvp_json_printer *printer, const struct drvp_json *value);

/*
 * Pushes the members of an object that are to be printed, in their order, and returns how many
 * they are. The caller takes them off again.
 */
size_t drvp_json_choose_members(struct drvp_json_printer *printer, const struct drvp_json *object);

/* A string with its quotes. */
void drvp_json_print_string(struct drvp_strbuf *out, const struct drvp_json_style *style,
			    const char *bytes, size_t len);

/* The same behind a label that is written as it is, such as a comma or a member's name. */
void drvp_json_print_labelled(struct drvp_strbuf *out, const struct drvp_json_style *style,
			      const char *label, size_t label_len, const char *bytes, size_t len);

/* Compares two names as that order does; for the orders that keep what is stored, 0. */
int drvp_json_compare_keys(int sort, const struct drvp_json_key *a, const struct drvp_json_key *b);

/* JavaScript keeps properties named by an array index apart. False when the name is none. */
bool drvp_json_integer_key(const struct drvp_json_key *key, uint32_t *index);

#endif
