/* filter.h: what may not be in a query document from somebody who is not trusted */
#ifndef DRVP_FILTER_H
#define DRVP_FILTER_H

#include "document/json.h"

/*
 * Whether a MongoDB query document asks the server to run JavaScript, however deep inside. NULL
 * has none.
 */
bool drvp_filter_has_code(const struct drvp_json *filter);

#endif
