/* trace.c: what is kept of a row to tell later whether it is still the same */
#include "content/trace.h"

#include <string.h>

#include "base/big_endian.h"

#define BARE 16                      /* bytes of key and digest */
#define TEXT_AT 18                   /* where a text begins, behind its length */

static int compare_texts(const struct drvp_trace *a, const struct drvp_trace *b)
{
	size_t shorter = a->text_len < b->text_len ? a->text_len : b->text_len;
	int order;

	if (!a->text || !b->text)
		return !!a->text - !!b->text;
	order = memcmp(a->text, b->text, shorter);
	if (order)
		return order;
	return (a->text_len > b->text_len) - (a->text_len < b->text_len);
}

int drvp_trace_compare(const struct drvp_trace *a, const struct drvp_trace *b)
{
	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	if (a->digest != b->digest)
		return a->digest < b->digest ? -1 : 1;
	return compare_texts(a, b);
}

size_t drvp_trace_size(const struct drvp_trace *trace, bool texts)
{
	return texts ? TEXT_AT + (trace->text ? trace->text_len : 0) : BARE;
}

void drvp_trace_encode(const struct drvp_trace *trace, bool texts, uint8_t *to)
{
	drvp_put64(to, trace->key);
	drvp_put64(to + 8, trace->digest);
	if (!texts)
		return;
	drvp_put16(to + BARE, (uint16_t)(trace->text ? trace->text_len + 1 : 0));
	if (trace->text)
		memcpy(to + TEXT_AT, trace->text, trace->text_len);
}

size_t drvp_trace_decode(struct drvp_trace *trace, bool texts, const uint8_t *from, size_t len)
{
	size_t text;

	if (len < (texts ? TEXT_AT : BARE))
		return 0;
	*trace = (struct drvp_trace){ drvp_get64(from), drvp_get64(from + 8), NULL, 0 };
	if (!texts)
		return BARE;
	text = drvp_get16(from + BARE);
	if (!text)
		return TEXT_AT;
	if (text - 1 > DRVP_KEY_TEXT_MAX || text - 1 > len - TEXT_AT)
		return 0;
	trace->text = (const char *)from + TEXT_AT;
	trace->text_len = text - 1;
	return TEXT_AT + trace->text_len;
}
