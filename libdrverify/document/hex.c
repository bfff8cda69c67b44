/* hex.c: reads bytes that a document writes in hexadecimal */
#include "document/hex.h"

#include "base/digest.h"

static int wrong(struct drvp_reader *reader, const struct drvp_json *value)
{
	return drvp_document_fail(reader, value, "expected bytes in hexadecimal such as \"1e\", "
				  "found %s", value->type == DRVP_JSON_STRING
					  ? "other text" : drvp_json_type_name(value->type));
}

int drvp_hex_read(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	char *bytes;
	long len;

	if (value->type != DRVP_JSON_STRING)
		return wrong(reader, value);
	bytes = drvp_arena_alloc(reader->arena, value->len / 2 + 1);
	if (!bytes)
		return drvp_fail_nomem(reader->err);
	len = drvp_hex_decode(value->text, value->len, (uint8_t *)bytes, value->len / 2);
	if (len < 0)
		return wrong(reader, value);
	*(struct drvp_bytes *)out = (struct drvp_bytes){ bytes, (size_t)len };
	return 0;
}
