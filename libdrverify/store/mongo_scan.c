/* mongo_scan.c: streams the documents of one collection and proves that none was left out */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "store/mongo.h"

/* Documents in one answer. The server also stops at 16 MiB. */
#define BATCH 1000

/*
 * Projects whole top-level fields: paths below them could collide ("a" and "a.b"). MongoDB 4.2
 * and servers that only speak its protocol cannot reduce a field to whether it is there, so a
 * DRVP_FORM_PRESENCE field crosses the wire and is dropped here.
 */
static void append_projection(bson_t *out, const struct drvp_scan *scan)
{
	bson_t fields;
	bool id = scan->keys, any = false;

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

/* What one scan carries from document to document. */
struct scanning {
	struct drvp_mongo *mongo;
	const struct drvp_scan *scan;
	struct drvp_value *values;              /* column_count, and one for the key */
	drvp_row_fn fn;
	void *user;
	uint64_t fed;
	bool ended;                             /* fn has seen enough */
};

static int feed(struct scanning *s, const bson_t *document, struct drv_error *err)
{
	struct drvp_arena *arena = &s->mongo->row;
	struct drvp_row row = { .values = s->values, .value_count = s->scan->column_count,
				.ordinal = s->fed };
	int status = drvp_mongo_check(document, s->fed, err);

	row.ctid.block = UINT32_MAX;
	drvp_arena_reset(arena);
	for (size_t i = 0; i < s->scan->column_count && !status; i++)
		status = drvp_mongo_value(&s->values[i], document, s->scan->columns[i].column,
					  s->scan->columns[i].form, arena, s->fed, err);
	if (s->scan->keys) {
		row.keys = &s->values[s->scan->column_count];
		row.key_count = 1;
		if (!status)
			status = drvp_mongo_value(&s->values[s->scan->column_count], document,
						  "_id", DRVP_FORM_VALUE, arena, s->fed, err);
	}
	if (status)
		return status;
	s->fed++;
	status = s->fn(&row, s->user);
	s->ended = status > 0;
	return status < 0 ? status : 0;
}

static int interrupted(const struct drvp_mongo *mongo, const char *subject, struct drv_error *err)
{
	if (mongo->line.cancelled && atomic_load(mongo->line.cancelled))
		return drvp_fail(err, DRV_E_CANCELLED, "%s: the run was cancelled", subject);
	if (drvp_monotonic() >= mongo->line.deadline)
		return drvp_fail(err, DRV_E_TIMEOUT, "%s: not read to its end within the time limit",
				 subject);
	return 0;
}

/*
 * The driver ends mongoc_cursor_next() also after an empty batch of a cursor that lives on, so
 * only mongoc_cursor_more() tells the end.
 */
static int drain(struct scanning *s, mongoc_cursor_t *cursor, const char *subject,
		 struct drv_error *err)
{
	const bson_t *document, *reply;
	bson_error_t cause;
	int status = 0;

	while (!status && !s->ended) {
		status = interrupted(s->mongo, subject, err);
		if (status)
			break;
		if (mongoc_cursor_next(cursor, &document))
			status = feed(s, document, err);
		else if (mongoc_cursor_error_document(cursor, &cause, &reply))
			status = drvp_mongo_fail(s->mongo, &cause, reply, subject, err);
		else if (!mongoc_cursor_more(cursor))
			break;
	}
	return status;
}

/*
 * A reply with one wrong length makes the driver end a cursor early without an error. So what was
 * fed is compared with a count of the same documents by the server.
 */
static int cross_check(struct scanning *s, const bson_t *filter, const char *subject,
		       const struct drvp_mongo_hello *before, struct drv_error *err)
{
	struct drvp_mongo_hello after;
	uint64_t counted = 0;
	int status = drvp_mongo_count_matching(s->mongo, s->scan->relation, filter, &counted, err);

	if (status || counted == s->fed)
		return status;
	status = drvp_mongo_say_hello(s->mongo, &after, err);
	if (status)
		return status;
	if (after.operation_time != before->operation_time)
		return drvp_fail(err, DRV_E_BUSY, "%s: %" PRIu64 " documents were read but %" PRIu64
				 " counted, while the server was written to; run again when it is "
				 "not", subject, s->fed, counted);
	return drvp_fail(err, DRV_E_INTERNAL, "%s: %" PRIu64 " documents were read but %" PRIu64
			 " counted: an answer was cut short, or the collection was written to",
			 subject, s->fed, counted);
}

static int scan_filtered(struct scanning *s, const bson_t *filter, struct drv_error *err)
{
	struct drvp_mongo_subject subject = drvp_mongo_subject(s->scan->relation->name);
	struct drvp_mongo_hello before;
	bson_t options = BSON_INITIALIZER;
	mongoc_cursor_t *cursor;
	int status = drvp_mongo_say_hello(s->mongo, &before, err);

	if (status)
		return status;
	append_projection(&options, s->scan);
	BSON_APPEND_INT32(&options, "batchSize", BATCH);
	cursor = drvp_mongo_find(s->mongo, s->scan->relation, filter, &options);
	status = drain(s, cursor, subject.text, err);
	drvp_mongo_release(s->mongo, cursor);
	bson_destroy(&options);
	if (!status && !s->ended)
		status = cross_check(s, filter, subject.text, &before, err);
	return status;
}

/* The one range that cut() gives is the whole collection, so scan->range needs no look. */
int drvp_mongo_scan(struct drvp_session *session, const struct drvp_scan *scan, drvp_row_fn fn,
		    void *user, uint64_t *rows, struct drv_error *err)
{
	struct drvp_mongo *mongo = (struct drvp_mongo *)session;
	struct scanning s = { .mongo = mongo, .scan = scan, .fn = fn, .user = user };
	bson_t filter = BSON_INITIALIZER;
	int status = drvp_mongo_begin(mongo, err);

	*rows = 0;
	for (size_t i = 0; i < scan->column_count && !status; i++)
		status = drvp_mongo_check_path(scan->columns[i].column, err);
	if (!status)
		status = drvp_mongo_selection(&filter, &scan->selection, err);
	if (!status) {
		s.values = calloc(scan->column_count + 1, sizeof *s.values);
		status = s.values ? scan_filtered(&s, &filter, err) : drvp_fail_nomem(err);
	}
	*rows = s.fed;
	free(s.values);
	bson_destroy(&filter);
	return status;
}
