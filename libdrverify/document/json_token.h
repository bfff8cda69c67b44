/* json_token.h: the words of a JSON text, for its parser only */
#ifndef DRVP_JSON_TOKEN_H
#define DRVP_JSON_TOKEN_H

#include "document/json.h"

/* Zeroes behind the text, so that its bytes can be looked at eight at a time up to its end. */
#define DRVP_JSON_PADDING 16

/*
 * A copy of the text. Words are decoded where they stand, escapes only ever shrink, and the NUL
 * that ends a word takes the place of what followed it. The zeroes behind the end look like a
 * control character, which nothing but a string's text may come across.
 */
struct drvp_json_source {
	const char *start, *end;
	char *at;
	const char *line_start;
	uint32_t line;
	char *number_end;            /* behind the last number; still to be read there */
	struct drv_error *err;
};

/* Whether this byte, no NUL, stands here. */
static inline bool drvp_json_sees(const struct drvp_json_source *source, char c)
{
	return *source->at == c;
}

/* The column of a place in the current line. */
static inline uint32_t drvp_json_column(const struct drvp_json_source *source, const char *at)
{
	return (uint32_t)(at - source->line_start) + 1;
}

/* Fails with "line:column: expected X, found Y", Y being what stands at the current place. */
int drvp_json_expected(const struct drvp_json_source *source, const char *expected);

void drvp_json_skip_lines(struct drvp_json_source *source);

/* Skips white space. None or one space is what programs write. */
static inline void drvp_json_skip_space(struct drvp_json_source *source)
{
	if (*source->at == ' ')
		source->at++;
	if ((unsigned char)*source->at <= ' ')
		drvp_json_skip_lines(source);
}

/* The string whose opening quote stands here, decoded and NUL-terminated. */
int drvp_json_take_string(struct drvp_json_source *source, const char **text, size_t *len);

/*
 * The number that begins here, as it is written. It is NUL-terminated by drvp_json_end_number(),
 * once what stands behind it was read.
 */
int drvp_json_take_number(struct drvp_json_source *source, const char **text, size_t *len);

static inline void drvp_json_end_number(struct drvp_json_source *source)
{
	*source->number_end = '\0';
}

#endif
