/* content_tally.c: merges what was measured of the content of a table */
#include "content/content_tally.h"

#include <string.h>

/* The form is the same in all ranges, so any of them tells it. */
static void merge_form(struct drvp_content_tally *into, struct drvp_content_tally *other)
{
	if (into->buckets.list || !other->buckets.list)
		return;
	into->names = other->names;
	into->encoding = other->encoding;
	into->columns = other->columns;
	into->key = other->key;
	into->by = other->by;
	into->column = other->column;
	into->by_server = other->by_server;
	into->hashing = other->hashing;
	memcpy(into->key_id, other->key_id, sizeof into->key_id);
	memset(&other->names, 0, sizeof other->names);
}

static void merge_spools(struct drvp_content_tally *into, struct drvp_content_tally *other)
{
	if (!into->spool) {
		into->spool = other->spool;
		other->spool = NULL;
	} else if (other->spool && !into->spool_error.status) {
		into->spool_error = (struct drv_error)DRV_ERROR_INIT;
		drvp_spool_merge(into->spool, &other->spool, &into->spool_error);
	}
}

static void merge(void *into_, void *other_)
{
	struct drvp_content_tally *into = into_, *other = other_;

	merge_form(into, other);
	merge_spools(into, other);
	drvp_buckets_merge(&into->buckets, &other->buckets);
}

static void release(void *own)
{
	struct drvp_content_tally *tally = own;

	drvp_buckets_free(&tally->buckets);
	drvp_arena_free(&tally->names);
	drvp_spool_free(&tally->spool);
	for (size_t i = 0; i < sizeof tally->named / sizeof *tally->named; i++)
		drvp_named_rows_free(&tally->named[i]);
}

const struct drvp_tally_kind drvp_content_tally_kind = {
	.size = sizeof(struct drvp_content_tally),
	.merge = merge,
	.release = release,
};
