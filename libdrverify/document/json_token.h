/* json_token.h: the words of a JSON text, for its parser only */
#ifndef DRVP_JSON_TOKEN_H
#define DRVP_JSON_TOKEN_H

#include "document/json.h"

struct drvp_json_source {
	const char *start, *at, *end;
	const char *line_start;
	uint32_t line;
	/*
	 * Zeroed and one byte longer than the source. Each token is copied to its own offset, where
	 * the punctuation that follows it stays zero and so ends it; escapes only ever shrink.
	 */
	char *text;
	struct drv_error *err;
};

/* Whether this byte stands here. */
static inline bool drvp_json_sees(const struct drvp_json_source *source, char c)
{
	return source->at < source->end && *source->at == c;
}

/* The column of a place in the current line. */
uint32_t drvp_json_column(const struct drvp_json_source *source, const char *at);

/* Fails with "line:column: expected X, found Y", Y being what stands at the current place. */
int drvp_json_expected(const struct drvp_json_source *source, const char *expected);

void drvp_json_skip_space(struct drvp_json_source *source);

/* The string whose opening quote stands here, decoded and NUL-terminated. */
int drvp_json_take_string(struct drvp_json_source *source, const char **text, size_t *len);

/* The number that begins here, as it is written, NUL-terminated. */
int drvp_json_take_number(struct drvp_json_source *source, const char **text, size_t *len);

#endif
