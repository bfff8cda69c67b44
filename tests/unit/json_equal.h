/* json_equal.h: whether two JSON trees say the same, positions aside */
#ifndef DRVP_TEST_JSON_EQUAL_H
#define DRVP_TEST_JSON_EQUAL_H

#include <string.h>

#include "document/json.h"

static inline bool json_bytes_equal(const char *a, size_t a_len, const char *b, size_t b_len)
{
	if (!a || !b)
		return a == b;
	return a_len == b_len && !memcmp(a, b, a_len);
}

static inline bool json_equal(const struct drvp_json *a, const struct drvp_json *b)
{
	const struct drvp_json *x = a->first, *y = b->first;

	if (a->type != b->type || a->truth != b->truth || a->count != b->count ||
	    !json_bytes_equal(a->key, a->key_len, b->key, b->key_len) ||
	    !json_bytes_equal(a->text, a->len, b->text, b->len))
		return false;
	for (; x && y; x = x->next, y = y->next)
		if (!json_equal(x, y))
			return false;
	return !x && !y;
}

#endif
