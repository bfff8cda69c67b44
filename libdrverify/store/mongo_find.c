/* mongo_find.c: the command that asks for the documents of a scan, and what answers it */
#include <string.h>

#include "store/mongo.h"

#define WIRE_4_4 9                   /* what MongoDB 4.4 calls the newest protocol it speaks */

static bool wants_whole_document(const struct drvp_scan *scan)
{
	for (size_t i = 0; i < scan->column_count; i++)
		if (!*scan->columns[i].column)
			return true;
	return false;
}

static void append_exclusion(bson_t *out, const struct drvp_scan *scan)
{
	bson_t fields;

	if (!scan->except_count)
		return;
	BSON_APPEND_DOCUMENT_BEGIN(out, "projection", &fields);
	for (size_t i = 0; i < scan->except_count; i++)
		BSON_APPEND_INT32(&fields, scan->except[i], 0);
	bson_append_document_end(out, &fields);
}

/*
 * Projects whole top-level fields: paths below them could collide ("a" and "a.b"). MongoDB 4.2
 * and servers that only speak its protocol cannot reduce a field to whether it is there, so a
 * DRVP_FORM_PRESENCE field crosses the wire and is dropped here.
 */
static void append_projection(bson_t *out, const struct drvp_scan *scan)
{
	bson_t fields;
	bool id = scan->keys, any = false;

	if (wants_whole_document(scan)) {
		append_exclusion(out, scan);
		return;
	}
	BSON_APPEND_DOCUMENT_BEGIN(out, "projection", &fields);
	for (size_t i = 0; i < scan->column_count; i++) {
		const char *path = scan->columns[i].column;
		int len = (int)strcspn(path, ".");
		bool seen = false;

		for (size_t j = 0; j < i && !seen; j++)
			seen = strncmp(scan->columns[j].column, path, (size_t)len) == 0 &&
			       strcspn(scan->columns[j].column, ".") == (size_t)len;
		if (len == 3 && strncmp(path, "_id", 3) == 0)
			id = true;
		else if (!seen)
			any = bson_append_int32(&fields, path, len, 1);
	}
	/* Excluding _id from nothing would mean "everything else". */
	BSON_APPEND_INT32(&fields, "_id", id || !any);
	bson_append_document_end(out, &fields);
}

/* A sort of all documents seldom fits into the memory that a server allows it. */
static void append_order(bson_t *out, const struct drvp_scan *scan, int32_t wire)
{
	bson_t order;

	if (!scan->order_count)
		return;
	BSON_APPEND_DOCUMENT_BEGIN(out, "sort", &order);
	for (size_t i = 0; i < scan->order_count; i++)
		BSON_APPEND_INT32(&order, scan->order_by[i], 1);
	bson_append_document_end(out, &order);
	if (wire >= WIRE_4_4)
		BSON_APPEND_BOOL(out, "allowDiskUse", true);
}

/*
 * No maxTimeMS: it would count over all batches together, and not every server counts right. This
 * side keeps the time limit; a server ends what it does for a connection that is closed.
 */
void drvp_mongo_build_find(bson_t *out, const struct drvp_scan *scan, const bson_t *filter,
			   uint64_t fed, int32_t batch, int32_t wire)
{
	BSON_APPEND_UTF8(out, "find", scan->relation->name);
	BSON_APPEND_DOCUMENT(out, "filter", filter);
	append_projection(out, scan);
	append_order(out, scan, wire);
	if (scan->limit)
		BSON_APPEND_INT64(out, "limit", (int64_t)(scan->limit - fed));
	BSON_APPEND_INT32(out, "batchSize", batch);
	drvp_mongo_natural(out, scan->relation);
}

bool drvp_mongo_open_batch(const bson_t *reply, const char *name, int64_t *cursor,
			   bson_iter_t *batch)
{
	bson_iter_t at, id, inner;

	if (!bson_iter_init_find(&at, reply, "cursor") || !BSON_ITER_HOLDS_DOCUMENT(&at) ||
	    !bson_iter_recurse(&at, &inner) || !bson_iter_find(&inner, "id") ||
	    !BSON_ITER_HOLDS_INT64(&inner))
		return false;
	id = inner;
	if (!bson_iter_recurse(&at, &inner) || !bson_iter_find(&inner, name) ||
	    !BSON_ITER_HOLDS_ARRAY(&inner))
		return false;
	*cursor = bson_iter_int64(&id);
	return bson_iter_recurse(&inner, batch);
}
