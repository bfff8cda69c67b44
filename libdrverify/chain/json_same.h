/* json_same.h: whether two JSON values mean the same */
#ifndef DRVP_JSON_SAME_H
#define DRVP_JSON_SAME_H

#include "document/json.h"

/*
 * Members in any order, the last of each name; strings byte by byte; numbers as exact decimals, or
 * as doubles where one of them was stored as a double or doubles is set.
 */
bool drvp_json_same(const struct drvp_json *a, const struct drvp_json *b, bool doubles);

#endif
