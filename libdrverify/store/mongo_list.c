/* mongo_list.c: which collections and views a database has */
#include <stdlib.h>
#include <string.h>

#include "store/mongo.h"

/* So many names fit into one answer, which is all that is asked for. */
#define NAMES_AT_ONCE 50000

static bool read_entry(struct drvp_mongo *mongo, const bson_iter_t *entry,
		       struct drvp_listed *listed, bool *nomem)
{
	const char *name = NULL;
	bson_iter_t at;

	*listed = (struct drvp_listed){ .kind = DRVP_COLLECTION };
	if (!BSON_ITER_HOLDS_DOCUMENT(entry) || !bson_iter_recurse(entry, &at))
		return false;
	while (bson_iter_next(&at)) {
		if (!BSON_ITER_HOLDS_UTF8(&at))
			continue;
		if (!strcmp(bson_iter_key(&at), "name"))
			name = bson_iter_utf8(&at, NULL);
		/* A time-series is a view of its buckets, too. */
		if (!strcmp(bson_iter_key(&at), "type") &&
		    strcmp(bson_iter_utf8(&at, NULL), "collection"))
			listed->kind = DRVP_VIEW;
	}
	if (!name || !strncmp(name, "system.", strlen("system.")))
		return false;
	listed->name = drvp_arena_copy(&mongo->arena, name, strlen(name));
	*nomem = !listed->name;
	return !*nomem;
}

static int compare_names(const void *left, const void *right)
{
	const struct drvp_listed *a = left, *b = right;

	return strcmp(a->name, b->name);
}

static size_t count_entries(bson_iter_t one)
{
	size_t count = 0;

	while (bson_iter_next(&one))
		count++;
	return count;
}

static int read_batch(struct drvp_mongo *mongo, const bson_t *reply, struct drvp_listed **out,
		      size_t *count, struct drv_error *err)
{
	bson_iter_t at, batch, one, id;
	bool nomem = false;

	if (!bson_iter_init(&at, reply) ||
	    !bson_iter_find_descendant(&at, "cursor.firstBatch", &batch) ||
	    !BSON_ITER_HOLDS_ARRAY(&batch) || !bson_iter_recurse(&batch, &one))
		return drvp_fail(err, DRV_E_INTERNAL, "the server's list of collections is broken");
	*out = drvp_arena_array(&mongo->arena, count_entries(one) + 1, sizeof **out);
	while (*out && !nomem && bson_iter_next(&one))
		*count += read_entry(mongo, &one, &(*out)[*count], &nomem);
	if (!*out || nomem)
		return drvp_fail_nomem(err);
	if (one.err_off || !bson_iter_init(&at, reply) ||
	    !bson_iter_find_descendant(&at, "cursor.id", &id) || bson_iter_as_int64(&id))
		return drvp_fail(err, DRV_E_UNSUPPORTED, "the server's list of collections is not whole, "
				 "or longer than one answer");
	qsort(*out, *count, sizeof **out, compare_names);
	return 0;
}

int drvp_mongo_list(struct drvp_session *session, struct drvp_listed **out, size_t *count,
		    struct drv_error *err)
{
	struct drvp_mongo *mongo = (struct drvp_mongo *)session;
	bson_t command = BSON_INITIALIZER, cursor, reply = BSON_INITIALIZER;
	int status = drvp_mongo_begin(mongo, err);

	*count = 0;
	BSON_APPEND_INT32(&command, "listCollections", 1);
	BSON_APPEND_BOOL(&command, "nameOnly", true);
	BSON_APPEND_DOCUMENT_BEGIN(&command, "cursor", &cursor);
	BSON_APPEND_INT32(&cursor, "batchSize", NAMES_AT_ONCE);
	bson_append_document_end(&command, &cursor);
	BSON_APPEND_INT64(&command, "maxTimeMS", drvp_mongo_left(mongo));
	if (!status) {
		bson_destroy(&reply);
		status = drvp_mongo_command(mongo, &command, false, &reply, "listing collections",
					    err);
	}
	if (!status)
		status = read_batch(mongo, &reply, out, count, err);
	bson_destroy(&reply);
	bson_destroy(&command);
	return status;
}
