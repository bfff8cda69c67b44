/* ids.c: the ids of the checks of a document, told apart however many there are */
#include "document/ids.h"

#include <openssl/rand.h>
#include <string.h>

/* The key is drawn, so that nobody can write a document whose ids all fall into one place. */
int drvp_ids_init(struct drvp_ids *ids, struct drvp_arena *arena, size_t count,
		  struct drv_error *err)
{
	size_t size = 16;

	while (size < 2 * count)
		size *= 2;
	ids->mask = size - 1;
	ids->slots = drvp_arena_array(arena, size, sizeof *ids->slots);
	if (!ids->slots)
		return drvp_fail_nomem(err);
	if (RAND_bytes(ids->key, sizeof ids->key) != 1)
		return drvp_fail(err, DRV_E_INTERNAL, "OpenSSL gives no random bytes");
	return 0;
}

struct drvp_id_slot *drvp_ids_find(const struct drvp_ids *ids, const char *id)
{
	size_t at = (size_t)drvp_siphash(ids->key, id, strlen(id)) & ids->mask;

	while (ids->slots[at].id && strcmp(ids->slots[at].id, id))
		at = (at + 1) & ids->mask;
	return &ids->slots[at];
}
