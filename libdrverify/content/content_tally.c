/* content_tally.c: merges what was measured of the content of a table */
#include "content/content_tally.h"

#include <string.h>

static const char *copy(struct drvp_arena *arena, const char *text)
{
	return drvp_arena_copy(arena, text, strlen(text));
}

int drvp_content_note_table(struct drvp_content_tally *tally, const struct drvp_relation *relation,
			    const char *const *columns, size_t count)
{
	struct drvp_arena *names = &tally->names;
	struct drvp_recorded_column *list = drvp_arena_array(names, count + 1, sizeof *list);

	tally->encoding = relation->encoding ? copy(names, relation->encoding) : NULL;
	if (!list || !tally->encoding != !relation->encoding)
		return DRV_E_NOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct drvp_column *column = drvp_relation_column(relation, columns[i]);

		list[i].name = copy(names, column->name);
		list[i].type = copy(names, column->type);
		if (!list[i].name || !list[i].type)
			return DRV_E_NOMEM;
	}
	tally->columns = (struct drvp_recorded_columns){ list, count };
	return 0;
}

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
