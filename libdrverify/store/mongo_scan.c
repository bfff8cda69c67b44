/* mongo_scan.c: streams the documents of one collection and proves that none was left out */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "store/mongo.h"

/* Documents in one answer. The server also stops at 16 MiB. */
#define BATCH 1000

/* What one scan carries from document to document. */
struct scanning {
	struct drvp_mongo *mongo;
	const struct drvp_scan *scan;
	struct drvp_value *values;              /* column_count, and one for the key */
	drvp_row_fn fn;
	void *user;
	const char *subject;
	int64_t cursor;                         /* the server's; 0: none, or read to its end */
	uint64_t fed, bytes;                    /* documents, and how long they were */
	bool ended;                             /* fn has seen enough */
};

static int feed(struct scanning *s, const bson_t *document, struct drv_error *err)
{
	struct drvp_arena *arena = &s->mongo->row;
	struct drvp_row row = { .values = s->values, .value_count = s->scan->column_count,
				.ordinal = s->fed };
	int status = drvp_mongo_check(document, s->fed, err);

	if (s->scan->limit && s->fed == s->scan->limit)
		return drvp_fail(err, DRV_E_INTERNAL, "%s: the server sent more documents than it "
				 "was asked for", s->subject);
	row.ctid.block = UINT32_MAX;
	row.stable = (const char *)bson_get_data(document);
	row.stable_len = document->len;
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

static int interrupted(const struct scanning *s, struct drv_error *err)
{
	int stop = drvp_limits_stop(&s->mongo->address->limits);

	if (stop)
		return drvp_fail(err, stop, "%s: %s", s->subject, drvp_limits_stop_text(stop));
	if (drvp_monotonic() >= s->mongo->line.deadline)
		return drvp_fail(err, DRV_E_TIMEOUT, "%s: the time limit passed before its "
				 "end was read", s->subject);
	return 0;
}

/* ------------------------------------------------------------------ batches */

/*
 * The driver reads an answer as a whole. Where documents have a pace to keep, answers are so small
 * that the wait comes between them, and the server waits with us.
 */
static int32_t batch_size(const struct scanning *s)
{
	return (int32_t)drvp_limits_batch(&s->mongo->address->limits, BATCH, s->fed, s->bytes);
}

static void build_get_more(bson_t *out, const struct scanning *s)
{
	BSON_APPEND_INT64(out, "getMore", s->cursor);
	BSON_APPEND_UTF8(out, "collection", s->scan->relation->name);
	BSON_APPEND_INT32(out, "batchSize", batch_size(s));
}

static int broken_batch(const struct scanning *s, struct drv_error *err)
{
	return drvp_fail(err, DRV_E_INTERNAL, "%s: a batch of documents that the server sent is "
			 "broken", s->subject);
}

/* What is waited for the pace does not count as time that the server took. */
static void keep_pace(struct scanning *s)
{
	s->mongo->line.deadline += drvp_flow_settle(&s->mongo->session.flow,
						    &s->mongo->address->limits);
}

static int feed_batch(struct scanning *s, const bson_t *reply, const char *name,
		      struct drv_error *err)
{
	bson_iter_t batch;
	int status = 0;

	if (!drvp_mongo_open_batch(reply, name, &s->cursor, &batch))
		return broken_batch(s, err);
	while (!status && !s->ended && bson_iter_next(&batch)) {
		const uint8_t *data = NULL;
		bson_t document;
		uint32_t len = 0;

		if (BSON_ITER_HOLDS_DOCUMENT(&batch))
			bson_iter_document(&batch, &len, &data);
		if (!data || !bson_init_static(&document, data, len))
			return broken_batch(s, err);
		status = interrupted(s, err);
		if (!status)
			status = feed(s, &document, err);
		drvp_flow_count(&s->mongo->session.flow, len);
		s->bytes += len;
		if (drvp_flow_is_due(&s->mongo->session.flow))
			keep_pace(s);
	}
	keep_pace(s);
	/* The end of a batch and a wrong length within it look alike but for this. */
	return !status && batch.err_off ? broken_batch(s, err) : status;
}

/*
 * The driver has cursors of its own, but they take some broken replies for the end, and abort the
 * process over others. Documents end when the cursor's id is 0, not when a batch is empty.
 */
static int drain(struct scanning *s, const bson_t *filter, struct drv_error *err)
{
	bool first = true;
	int status;

	do {
		bson_t command = BSON_INITIALIZER, reply;

		if (first)
			drvp_mongo_build_find(&command, s->scan, filter, s->fed, batch_size(s),
					      s->mongo->hello.wire);
		else
			build_get_more(&command, s);
		status = drvp_mongo_command(s->mongo, &command, first, &reply, s->subject, err);
		if (!status)
			status = feed_batch(s, &reply, first ? "firstBatch" : "nextBatch", err);
		bson_destroy(&reply);
		bson_destroy(&command);
		first = false;
		if (!status)
			status = interrupted(s, err);
	} while (!status && !s->ended && s->cursor);
	return status;
}

static bool is_full(const struct scanning *s)
{
	return s->ended || (s->scan->limit && s->fed >= s->scan->limit);
}

/* ------------------------------------------------------------------ the order of nulls */

static void build_null_test(bson_t *out, const char *path, bool null)
{
	bson_t inner;

	if (null) {
		BSON_APPEND_NULL(out, path);
		return;
	}
	BSON_APPEND_DOCUMENT_BEGIN(out, path, &inner);
	BSON_APPEND_NULL(&inner, "$ne");
	bson_append_document_end(out, &inner);
}

/* { $and: [filter, more] } */
static void build_both(bson_t *out, const bson_t *filter, const bson_t *more)
{
	bson_t all;

	BSON_APPEND_ARRAY_BEGIN(out, "$and", &all);
	BSON_APPEND_DOCUMENT(&all, "0", filter);
	BSON_APPEND_DOCUMENT(&all, "1", more);
	bson_append_array_end(out, &all);
}

/* Whether some document has nothing to be sorted by in one of the fields. */
static int find_nulls(struct scanning *s, const bson_t *filter, bool *found, struct drv_error *err)
{
	bson_t nulls = BSON_INITIALIZER, both = BSON_INITIALIZER, list;
	uint64_t count = 0;
	int status;

	BSON_APPEND_ARRAY_BEGIN(&nulls, "$or", &list);
	for (size_t i = 0; i < s->scan->order_count; i++) {
		bson_t one = BSON_INITIALIZER;
		char buffer[16];
		const char *key;

		bson_uint32_to_string((uint32_t)i, &key, buffer, sizeof buffer);
		build_null_test(&one, s->scan->order_by[i], true);
		BSON_APPEND_DOCUMENT(&list, key, &one);
		bson_destroy(&one);
	}
	bson_append_array_end(&nulls, &list);
	build_both(&both, filter, &nulls);
	status = drvp_mongo_count_matching(s->mongo, s->scan->relation, &both, 0, &count, err);
	*found = count > 0;
	bson_destroy(&both);
	bson_destroy(&nulls);
	return status;
}

/*
 * MongoDB sorts null before everything. Where it occurs, the documents that have a value are asked
 * for first, then those that have none, field by field.
 */
static int drain_nulls_last(struct scanning *s, const bson_t *filter, size_t field,
			    struct drv_error *err)
{
	int status = 0;

	if (field == s->scan->order_count)
		return drain(s, filter, err);
	for (int null = 0; null < 2 && !status && !is_full(s); null++) {
		bson_t test = BSON_INITIALIZER, both = BSON_INITIALIZER;

		build_null_test(&test, s->scan->order_by[field], null);
		build_both(&both, filter, &test);
		status = drain_nulls_last(s, &both, field + 1, err);
		bson_destroy(&both);
		bson_destroy(&test);
	}
	return status;
}

static int drain_all(struct scanning *s, const bson_t *filter, struct drv_error *err)
{
	bool nulls = false;
	int status = s->scan->order_count ? find_nulls(s, filter, &nulls, err) : 0;

	if (status)
		return status;
	return nulls ? drain_nulls_last(s, filter, 0, err) : drain(s, filter, err);
}

/* ------------------------------------------------------------------ the whole scan */

/*
 * Tells the server to forget a cursor that was not read to its end. A cancelled run or a spent time
 * limit must not prevent that, so it has a little time of its own. Whether it works does not
 * matter.
 */
static void forget_cursor(struct scanning *s)
{
	struct drvp_mongo_line *line = &s->mongo->line;
	const struct drvp_limits *limits = line->limits;
	bson_t command = BSON_INITIALIZER, list, reply;

	if (!s->cursor || s->mongo->session.lost)
		return;
	BSON_APPEND_UTF8(&command, "killCursors", s->scan->relation->name);
	BSON_APPEND_ARRAY_BEGIN(&command, "cursors", &list);
	BSON_APPEND_INT64(&list, "0", s->cursor);
	bson_append_array_end(&command, &list);
	line->limits = NULL;
	line->deadline = drvp_monotonic() + DRVP_SECOND / 2;
	drvp_mongo_command(s->mongo, &command, false, &reply, s->subject, NULL);
	line->limits = limits;
	bson_destroy(&reply);
	bson_destroy(&command);
}

/* What was fed has to be as many documents as the server counts for the same question. */
static int cross_check(struct scanning *s, const bson_t *filter,
		       const struct drvp_mongo_hello *before, struct drv_error *err)
{
	struct drvp_mongo_hello after;
	uint64_t counted = 0;
	int status = drvp_mongo_count_matching(s->mongo, s->scan->relation, filter, s->scan->limit,
					       &counted, err);

	if (status || counted == s->fed)
		return status;
	status = drvp_mongo_say_hello(s->mongo, &after, err);
	if (status)
		return status;
	if (after.operation_time != before->operation_time)
		return drvp_fail(err, DRV_E_BUSY, "%s: %" PRIu64 " documents were read but %" PRIu64
				 " counted, while the server was written to; run again when it is "
				 "not", s->subject, s->fed, counted);
	return drvp_fail(err, DRV_E_INTERNAL, "%s: %" PRIu64 " documents were read but %" PRIu64
			 " counted: an answer was cut short, or the collection was written to",
			 s->subject, s->fed, counted);
}

static int scan_filtered(struct scanning *s, const bson_t *filter, struct drv_error *err)
{
	struct drvp_mongo_hello before;
	int status = drvp_mongo_say_hello(s->mongo, &before, err);

	if (status)
		return status;
	status = drain_all(s, filter, err);
	forget_cursor(s);
	/* The caller counts what its ranges sum up to; a second count could cost as much as a scan. */
	if (status || s->ended || s->scan->range)
		return status;
	return cross_check(s, filter, &before, err);
}

static int check_scan(const struct drvp_scan *scan, const char *subject, struct drv_error *err)
{
	int status = 0;

	if (scan->join)
		return drvp_fail(err, DRV_E_UNSUPPORTED, "%s: MongoDB joins no other collection to "
				 "one", subject);
	if (scan->order_count && scan->relation->collated && scan->relation->kind == DRVP_VIEW)
		return drvp_fail(err, DRV_E_UNSUPPORTED, "%s: a view with a collation cannot be "
				 "read in the order of bytes", subject);
	for (size_t i = 0; i < scan->column_count && !status; i++)
		if (*scan->columns[i].column)
			status = drvp_mongo_check_path(scan->columns[i].column, err);
	for (size_t i = 0; i < scan->order_count && !status; i++)
		status = drvp_mongo_check_path(scan->order_by[i], err);
	for (size_t i = 0; i < scan->except_count && !status; i++)
		status = drvp_mongo_check_path(scan->except[i], err);
	return status;
}

/* The one range that cut() gives is the whole collection, so scan->range needs no look. */
int drvp_mongo_scan(struct drvp_session *session, const struct drvp_scan *scan, drvp_row_fn fn,
		    void *user, uint64_t *rows, struct drv_error *err)
{
	struct drvp_mongo *mongo = (struct drvp_mongo *)session;
	struct drvp_mongo_subject subject = drvp_mongo_subject(scan->relation->name);
	struct scanning s = { .mongo = mongo, .scan = scan, .fn = fn, .user = user,
			      .subject = subject.text };
	bson_t filter = BSON_INITIALIZER;
	int status = drvp_mongo_begin(mongo, err);

	*rows = 0;
	if (!status)
		status = check_scan(scan, subject.text, err);
	if (!status)
		status = drvp_mongo_selection(&filter, &scan->selection, err);
	if (!status && !session->rehearsal) {
		s.values = calloc(scan->column_count + 1, sizeof *s.values);
		status = s.values ? scan_filtered(&s, &filter, err) : drvp_fail_nomem(err);
	}
	*rows = s.fed;
	free(s.values);
	bson_destroy(&filter);
	return status;
}
