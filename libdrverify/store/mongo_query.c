/* mongo_query.c: questions that the server answers with a number or one document */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/mongo.h"

void drvp_mongo_natural(bson_t *out, const struct drvp_relation *relation)
{
	bson_t order;

	if (relation->kind != DRVP_COLLECTION)
		return;
	BSON_APPEND_DOCUMENT_BEGIN(out, "hint", &order);
	BSON_APPEND_INT32(&order, "$natural", 1);
	bson_append_document_end(out, &order);
	if (!relation->collated)
		return;
	BSON_APPEND_DOCUMENT_BEGIN(out, "collation", &order);
	BSON_APPEND_UTF8(&order, "locale", "simple");
	bson_append_document_end(out, &order);
}

struct drvp_mongo_subject drvp_mongo_subject(const char *collection)
{
	struct drvp_mongo_subject subject;

	snprintf(subject.text, sizeof subject.text, "collection %.255s", collection);
	return subject;
}

int drvp_mongo_check_path(const char *path, struct drv_error *err)
{
	size_t len = strlen(path);

	if (len == 0 || path[0] == '$' || path[0] == '.' || path[len - 1] == '.' ||
	    strstr(path, "..") || strstr(path, ".$"))
		return drvp_fail(err, DRV_E_USAGE, "\"%s\" is no path to a field: names are joined "
				 "by single dots and do not begin with $", path);
	return 0;
}

/* ------------------------------------------------------------------ counting */

static void append_group(bson_t *pipeline, const char *place)
{
	bson_t stage, group, sum;

	BSON_APPEND_DOCUMENT_BEGIN(pipeline, place, &stage);
	BSON_APPEND_DOCUMENT_BEGIN(&stage, "$group", &group);
	BSON_APPEND_NULL(&group, "_id");
	BSON_APPEND_DOCUMENT_BEGIN(&group, "n", &sum);
	BSON_APPEND_INT32(&sum, "$sum", 1);
	bson_append_document_end(&group, &sum);
	bson_append_document_end(&stage, &group);
	bson_append_document_end(pipeline, &stage);
}

/*
 * { aggregate: …, pipeline: [{ $match: filter }, { $limit: most },
 * { $group: { _id: null, n: { $sum: 1 } } }] }
 */
static void build_count(bson_t *out, const struct drvp_mongo *mongo,
			const struct drvp_relation *relation, const bson_t *filter, uint64_t most)
{
	bson_t pipeline, stage, cursor;

	BSON_APPEND_UTF8(out, "aggregate", relation->name);
	BSON_APPEND_ARRAY_BEGIN(out, "pipeline", &pipeline);
	BSON_APPEND_DOCUMENT_BEGIN(&pipeline, "0", &stage);
	BSON_APPEND_DOCUMENT(&stage, "$match", filter);
	bson_append_document_end(&pipeline, &stage);
	if (most) {
		BSON_APPEND_DOCUMENT_BEGIN(&pipeline, "1", &stage);
		BSON_APPEND_INT64(&stage, "$limit", (int64_t)most);
		bson_append_document_end(&pipeline, &stage);
	}
	append_group(&pipeline, most ? "2" : "1");
	bson_append_array_end(out, &pipeline);
	BSON_APPEND_DOCUMENT_BEGIN(out, "cursor", &cursor);
	bson_append_document_end(out, &cursor);
	drvp_mongo_natural(out, relation);
	BSON_APPEND_INT64(out, "maxTimeMS", drvp_mongo_left(mongo));
}

static bool read_number(const bson_iter_t *at, uint64_t *number)
{
	int64_t signed_number;

	if (BSON_ITER_HOLDS_DOUBLE(at)) {
		double value = bson_iter_double(at);

		/* The comparison is false for NaN, too. */
		if (!(value >= 0 && value <= 9007199254740992.0))
			return false;
		signed_number = (int64_t)value;
	} else if (BSON_ITER_HOLDS_INT32(at) || BSON_ITER_HOLDS_INT64(at)) {
		signed_number = bson_iter_as_int64(at);
	} else {
		return false;
	}
	*number = (uint64_t)signed_number;
	return signed_number >= 0;
}

/* No group at all means that nothing matched; anything else that is odd is no count. */
static bool read_count(const bson_t *reply, uint64_t *rows)
{
	bson_iter_t at, batch, one, field;

	*rows = 0;
	if (!bson_iter_init(&at, reply) ||
	    !bson_iter_find_descendant(&at, "cursor.firstBatch", &batch) ||
	    !BSON_ITER_HOLDS_ARRAY(&batch) || !bson_iter_recurse(&batch, &one))
		return false;
	if (!bson_iter_next(&one))
		return one.err_off == 0;
	return BSON_ITER_HOLDS_DOCUMENT(&one) && bson_iter_recurse(&one, &field) &&
	       bson_iter_find(&field, "n") && read_number(&field, rows) &&
	       !bson_iter_next(&one) && one.err_off == 0;
}

int drvp_mongo_count_matching(struct drvp_mongo *mongo, const struct drvp_relation *relation,
			      const bson_t *filter, uint64_t most, uint64_t *rows,
			      struct drv_error *err)
{
	struct drvp_mongo_subject subject = drvp_mongo_subject(relation->name);
	bson_t command = BSON_INITIALIZER, reply;
	int status;

	build_count(&command, mongo, relation, filter, most);
	status = drvp_mongo_command(mongo, &command, true, &reply, subject.text, err);
	if (!status && !read_count(&reply, rows))
		status = drvp_fail(err, DRV_E_INTERNAL, "%s: the server's answer to a count has "
				   "no number", subject.text);
	bson_destroy(&reply);
	bson_destroy(&command);
	return status;
}

int drvp_mongo_count(struct drvp_session *session, const struct drvp_relation *relation,
		     const struct drvp_selection *selection, uint64_t *rows, struct drv_error *err)
{
	struct drvp_mongo *mongo = (struct drvp_mongo *)session;
	bson_t filter = BSON_INITIALIZER;
	int status = drvp_mongo_begin(mongo, err);

	if (!status)
		status = drvp_mongo_selection(&filter, selection, err);
	*rows = 0;
	/* Whether it may be read was tried when it was looked up. */
	if (!status && !session->rehearsal)
		status = drvp_mongo_count_matching(mongo, relation, &filter, 0, rows, err);
	bson_destroy(&filter);
	return status;
}

/* A number out of the collection's metadata. */
static int ask_metadata(struct drvp_mongo *mongo, const char *name, const char *question,
			const char *member, uint64_t *number, struct drv_error *err)
{
	struct drvp_mongo_subject subject = drvp_mongo_subject(name);
	bson_t command = BSON_INITIALIZER, reply;
	bson_iter_t at;
	int status = drvp_mongo_begin(mongo, err);

	*number = 0;
	if (status)
		return status;
	BSON_APPEND_UTF8(&command, question, name);
	BSON_APPEND_INT64(&command, "maxTimeMS", drvp_mongo_left(mongo));
	status = drvp_mongo_command(mongo, &command, false, &reply, subject.text, err);
	if (!status && (!bson_iter_init_find(&at, &reply, member) || !read_number(&at, number)))
		status = drvp_fail(err, DRV_E_INTERNAL, "%s: the server's answer to %s holds no "
				   "number", subject.text, question);
	bson_destroy(&reply);
	bson_destroy(&command);
	return status;
}

/* A count without a query comes from there. */
/* What the server has counted as documents came and went; false when it does not say. */
static bool ask_statistics(struct drvp_mongo *mongo, const struct drvp_relation *relation,
			   uint64_t *rows)
{
	struct drvp_mongo_subject subject = drvp_mongo_subject(relation->name);
	bson_t command = BSON_INITIALIZER, reply;
	bson_iter_t at;
	bool said;

	BSON_APPEND_UTF8(&command, "collStats", relation->name);
	BSON_APPEND_INT64(&command, "maxTimeMS", drvp_mongo_left(mongo));
	said = !drvp_mongo_command(mongo, &command, false, &reply, subject.text, NULL) &&
	       bson_iter_init_find(&at, &reply, "count") && read_number(&at, rows);
	bson_destroy(&reply);
	bson_destroy(&command);
	return said;
}

/*
 * A count goes the way that reading went, over all documents. What the server keeps in its
 * statistics comes from elsewhere: it can be wrong, but hardly so that it agrees with a reading that
 * lost something.
 */
int drvp_mongo_confirm(struct drvp_session *session, const struct drvp_relation *relation,
		       const struct drvp_selection *selection, uint64_t fed, uint64_t *rows,
		       struct drv_error *err)
{
	struct drvp_mongo *mongo = (struct drvp_mongo *)session;
	int status = drvp_mongo_begin(mongo, err);

	*rows = fed;
	if (status || session->rehearsal)
		return status;
	if (relation->kind == DRVP_COLLECTION && !selection->filter && !selection->where_count &&
	    ask_statistics(mongo, relation, rows) && *rows == fed)
		return 0;
	return drvp_mongo_count(session, relation, selection, rows, err);
}

int drvp_mongo_estimate(struct drvp_session *session, const struct drvp_relation *relation,
			uint64_t *rows, struct drv_error *err)
{
	return ask_metadata((struct drvp_mongo *)session, relation->name, "count", "n", rows, err);
}

int drvp_mongo_size(struct drvp_session *session, const struct drvp_relation *relation,
		    uint64_t *bytes, struct drv_error *err)
{
	return ask_metadata((struct drvp_mongo *)session, relation->name, "collStats", "size",
			    bytes, err);
}

/* ------------------------------------------------------------------ newest */

/* selection AND { column: { $type: "date" } }; or, with other, neither date nor null */
static void build_typed(bson_t *out, const bson_t *selection, const char *column, bool other)
{
	bson_t all, one, inner, negated;

	BSON_APPEND_ARRAY_BEGIN(out, "$and", &all);
	BSON_APPEND_DOCUMENT(&all, "0", selection);
	BSON_APPEND_DOCUMENT_BEGIN(&all, "1", &one);
	BSON_APPEND_DOCUMENT_BEGIN(&one, column, &inner);
	if (other) {
		BSON_APPEND_NULL(&inner, "$ne");
		BSON_APPEND_DOCUMENT_BEGIN(&inner, "$not", &negated);
		BSON_APPEND_UTF8(&negated, "$type", "date");
		bson_append_document_end(&inner, &negated);
	} else {
		BSON_APPEND_UTF8(&inner, "$type", "date");
	}
	bson_append_document_end(&one, &inner);
	bson_append_document_end(&all, &one);
	bson_append_array_end(out, &all);
}

static int not_dates(const char *subject, const char *column, struct drv_error *err)
{
	return drvp_fail(err, DRV_E_USAGE, "%s: %s holds values that are no dates, so there is no "
			 "newest one; name a field of dates, or leave such documents out with a "
			 "filter", subject, column);
}

/* Every document has to have a date or nothing: values of another type sort apart from dates. */
static int check_dates(struct drvp_mongo *mongo, const struct drvp_relation *relation,
		       const bson_t *selection, const char *column, struct drv_error *err)
{
	struct drvp_mongo_subject subject = drvp_mongo_subject(relation->name);
	bson_t filter = BSON_INITIALIZER;
	uint64_t odd = 0;
	int status;

	build_typed(&filter, selection, column, true);
	status = drvp_mongo_count_matching(mongo, relation, &filter, 0, &odd, err);
	bson_destroy(&filter);
	return status || !odd ? status : not_dates(subject.text, column, err);
}

static int read_newest(const bson_t *document, const char *column, struct drvp_arena *arena,
		       const char *subject, int64_t *instant, struct drv_error *err)
{
	struct drvp_value value;
	int status = drvp_mongo_check(document, 0, err);

	drvp_arena_reset(arena);
	if (!status)
		status = drvp_mongo_value(&value, document, column, DRVP_FORM_VALUE, arena, 0, err);
	if (status)
		return status;
	if (value.kind != DRVP_INSTANT)
		return not_dates(subject, column, err);
	*instant = value.integer;
	return 0;
}

/* The only document of a reply's batch, borrowed from it; false when the batch is empty. */
static bool only_document(const bson_t *reply, bson_t *document)
{
	bson_iter_t at, batch, one;
	const uint8_t *data;
	uint32_t len;

	if (!bson_iter_init(&at, reply) ||
	    !bson_iter_find_descendant(&at, "cursor.firstBatch", &batch) ||
	    !bson_iter_recurse(&batch, &one) || !bson_iter_next(&one) ||
	    !BSON_ITER_HOLDS_DOCUMENT(&one))
		return false;
	bson_iter_document(&one, &len, &data);
	return bson_init_static(document, data, len);
}

/* The first by descending order. A $max would do, but not every server has it. */
static void build_newest(bson_t *out, const struct drvp_mongo *mongo,
			 const struct drvp_relation *relation, const bson_t *selection,
			 const char *column)
{
	bson_t filter = BSON_INITIALIZER, part;

	build_typed(&filter, selection, column, false);
	BSON_APPEND_UTF8(out, "find", relation->name);
	BSON_APPEND_DOCUMENT(out, "filter", &filter);
	BSON_APPEND_DOCUMENT_BEGIN(out, "sort", &part);
	BSON_APPEND_INT32(&part, column, -1);
	bson_append_document_end(out, &part);
	BSON_APPEND_DOCUMENT_BEGIN(out, "projection", &part);
	bson_append_int32(&part, column, (int)strcspn(column, "."), 1);
	bson_append_document_end(out, &part);
	BSON_APPEND_INT32(out, "limit", 1);
	BSON_APPEND_BOOL(out, "singleBatch", true);
	drvp_mongo_natural(out, relation);
	BSON_APPEND_INT64(out, "maxTimeMS", drvp_mongo_left(mongo));
	bson_destroy(&filter);
}

static int find_newest(struct drvp_mongo *mongo, const struct drvp_relation *relation,
		       const bson_t *selection, const char *column, int64_t *instant, bool *found,
		       struct drv_error *err)
{
	struct drvp_mongo_subject subject = drvp_mongo_subject(relation->name);
	bson_t command = BSON_INITIALIZER, reply, document;
	int status;

	build_newest(&command, mongo, relation, selection, column);
	status = drvp_mongo_command(mongo, &command, true, &reply, subject.text, err);
	*found = !status && only_document(&reply, &document);
	if (*found)
		status = read_newest(&document, column, &mongo->row, subject.text, instant, err);
	bson_destroy(&reply);
	bson_destroy(&command);
	return status;
}

/* An empty answer is no proof; the count of dates is. */
static int confirm_none(struct drvp_mongo *mongo, const struct drvp_relation *relation,
			const bson_t *selection, const char *column, struct drv_error *err)
{
	struct drvp_mongo_subject subject = drvp_mongo_subject(relation->name);
	bson_t filter = BSON_INITIALIZER;
	uint64_t dates = 0;
	int status;

	build_typed(&filter, selection, column, false);
	status = drvp_mongo_count_matching(mongo, relation, &filter, 0, &dates, err);
	bson_destroy(&filter);
	if (!status && dates)
		status = drvp_fail(err, DRV_E_INTERNAL, "%s: the newest %s was not found although %"
				   PRIu64 " documents have one", subject.text, column, dates);
	return status;
}

/* BSON dates are instants, so no zone is needed. */
static int look_for_newest(struct drvp_mongo *mongo, const struct drvp_relation *relation,
			   const bson_t *filter, const char *column, int64_t *instant, bool *found,
			   uint64_t *rows, struct drv_error *err)
{
	int status = drvp_mongo_count_matching(mongo, relation, filter, 0, rows, err);

	if (!status)
		status = check_dates(mongo, relation, filter, column, err);
	if (!status)
		status = find_newest(mongo, relation, filter, column, instant, found, err);
	if (!status && !*found)
		status = confirm_none(mongo, relation, filter, column, err);
	return status;
}

int drvp_mongo_newest(struct drvp_session *session, const struct drvp_relation *relation,
		      const struct drvp_selection *selection, const char *column,
		      const char *zone, int64_t *instant, bool *found, uint64_t *rows,
		      struct drv_error *err)
{
	struct drvp_mongo *mongo = (struct drvp_mongo *)session;
	bson_t filter = BSON_INITIALIZER;
	int status = drvp_mongo_begin(mongo, err);

	(void)zone;
	*found = false;
	if (!status)
		status = drvp_mongo_check_path(column, err);
	if (!status)
		status = drvp_mongo_selection(&filter, selection, err);
	if (!status && !session->rehearsal)
		status = look_for_newest(mongo, relation, &filter, column, instant, found, rows, err);
	bson_destroy(&filter);
	return status;
}
