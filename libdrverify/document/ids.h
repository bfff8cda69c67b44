/* ids.h: the ids of the checks of a document, told apart however many there are */
#ifndef DRVP_IDS_H
#define DRVP_IDS_H

#include "base/arena.h"
#include "base/error.h"
#include "base/siphash.h"

struct drvp_id_slot {
	const char *id;
	unsigned next;               /* the number that the next one like it may get */
};

/* A table with room for twice as many ids as there will be. */
struct drvp_ids {
	struct drvp_id_slot *slots;
	size_t mask;
	uint8_t key[DRVP_SIPHASH_KEY];
};

/* For so many ids. Errors: DRV_E_NOMEM, DRV_E_INTERNAL. */
int drvp_ids_init(struct drvp_ids *ids, struct drvp_arena *arena, size_t count,
		  struct drv_error *err);

/* The place of an id, whether it is taken (its id is not NULL) or free. */
struct drvp_id_slot *drvp_ids_find(const struct drvp_ids *ids, const char *id);

#endif
