/* filter.c: what may not be in a query document from somebody who is not trusted */
#include "document/filter.h"

#include <string.h>

static bool is_code(const struct drvp_json *member)
{
	static const char *const operators[] = { "$where", "$function", "$accumulator", "$code" };

	for (size_t i = 0; member->key && i < sizeof operators / sizeof *operators; i++)
		if (strlen(operators[i]) == member->key_len &&
		    memcmp(operators[i], member->key, member->key_len) == 0)
			return true;
	return false;
}

bool drvp_filter_has_code(const struct drvp_json *filter)
{
	if (!filter || (filter->type != DRVP_JSON_OBJECT && filter->type != DRVP_JSON_ARRAY))
		return false;
	for (const struct drvp_json *at = filter->first; at; at = at->next)
		if (is_code(at) || drvp_filter_has_code(at))
			return true;
	return false;
}
