/* hex.h: reads bytes that a document writes in hexadecimal */
#ifndef DRVP_HEX_H
#define DRVP_HEX_H

#include "document/fields.h"

struct drvp_bytes {
	const char *bytes;
	size_t len;
};

/* Reader for DRVP_FIELD_CUSTOM ("hex"): out is a struct drvp_bytes. */
int drvp_hex_read(struct drvp_reader *reader, const struct drvp_json *value, void *out);

#endif
