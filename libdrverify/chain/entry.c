/* entry.c: what one row says about its place in a chain */
#include "chain/entry.h"

#include <string.h>

/* Of more tables that are read as one, some share the places of their rows. */
#define MOST_LEAVES 0x7fff

static long decode(uint8_t *out, const struct drvp_recipe *recipe, const struct drvp_value *value)
{
	const char *text = value->kind == DRVP_TEXT ? value->bytes : NULL;

	switch (recipe->encoding.value) {
	case DRVP_ENCODING_BYTES:
		if (value->kind != DRVP_BYTES || value->len > DRVP_DIGEST_MAX)
			return -1;
		memcpy(out, value->bytes, value->len);
		return (long)value->len;
	case DRVP_ENCODING_BASE64:
		return text ? drvp_base64_decode(text, value->len, out, DRVP_DIGEST_MAX) : -1;
	default:
		return text ? drvp_hex_decode(text, value->len, out, DRVP_DIGEST_MAX) : -1;
	}
}

static void read_link(struct drvp_link *link, const struct drvp_recipe *recipe,
		      const struct drvp_value *value)
{
	long size;

	link->value = value;
	link->size = 0;
	link->state = DRVP_LINK_NULL;
	if (!value || value->kind == DRVP_NULL)
		return;
	size = decode(link->bytes, recipe, value);
	if (size < 0 || !drvp_recipe_is_hash_size(recipe, (size_t)size)) {
		link->state = DRVP_LINK_MALFORMED;
		return;
	}
	link->state = DRVP_LINK_HASH;
	link->size = (size_t)size;
}

static bool is_genesis(const struct drvp_genesis_stored *stored, const struct drvp_value *value)
{
	if (!stored->set)
		return value->kind == DRVP_NULL;
	return (value->kind == DRVP_TEXT || value->kind == DRVP_BYTES) &&
	       value->len == stored->value.len &&
	       !memcmp(value->bytes, stored->value.bytes, value->len);
}

void drvp_entry_read(struct drvp_entry *entry, const struct drvp_recipe *recipe,
		     const struct drvp_value *hash, const struct drvp_value *previous)
{
	read_link(&entry->hash, recipe, hash);
	read_link(&entry->previous, recipe, previous);
	if (previous && is_genesis(&recipe->genesis.stored, previous))
		entry->previous.state = DRVP_LINK_GENESIS;
}

bool drvp_link_is(const struct drvp_link *link, const struct drvp_bytes *hash)
{
	return link->state == DRVP_LINK_HASH && hash->len == link->size && link->size &&
	       !memcmp(hash->bytes, link->bytes, link->size);
}

bool drvp_orders_rows(int kind)
{
	return kind == DRVP_INTEGER || kind == DRVP_INSTANT || kind == DRVP_LOCAL_TIME ||
	       kind == DRVP_DATE;
}

int64_t drvp_entry_order(const struct drvp_row *row, const struct drvp_value *order,
			 size_t range_index)
{
	if (order && drvp_orders_rows(order->kind))
		return order->integer;
	if (order && order->kind == DRVP_NULL)
		return INT64_MAX;
	if (row->ctid.block != UINT32_MAX)
		return (int64_t)(row->leaf ? row->leaf->number & MOST_LEAVES : 0) << 48 |
		       (int64_t)row->ctid.block << 16 | row->ctid.offset;
	return (int64_t)range_index << 40 | (int64_t)row->ordinal;
}
