/* mongo_session.c: what a MongoDB source is, and whether it stood still while it was read */
#include <string.h>

#include "store/mongo.h"

/* ------------------------------------------------------------------ hello */

static bool says(const bson_t *reply, const char *name)
{
	bson_iter_t at;

	return bson_iter_init_find(&at, reply, name) && bson_iter_as_bool(&at);
}

static uint64_t operation_time(const bson_t *reply)
{
	bson_iter_t at;
	uint32_t seconds, increment;

	if (!bson_iter_init_find(&at, reply, "operationTime") || !BSON_ITER_HOLDS_TIMESTAMP(&at))
		return 0;
	bson_iter_timestamp(&at, &seconds, &increment);
	return (uint64_t)seconds << 32 | increment;
}

static void read_hello(struct drvp_mongo_hello *out, const bson_t *reply)
{
	bson_iter_t at, inner;

	*out = (struct drvp_mongo_hello){ 0 };
	out->primary = says(reply, "isWritablePrimary") || says(reply, "ismaster");
	if (bson_iter_init_find(&at, reply, "setName") && BSON_ITER_HOLDS_UTF8(&at)) {
		snprintf(out->set_name, sizeof out->set_name, "%s", bson_iter_utf8(&at, NULL));
		out->replicated = true;
	}
	if (bson_iter_init_find(&at, reply, "msg") && BSON_ITER_HOLDS_UTF8(&at) &&
	    strcmp(bson_iter_utf8(&at, NULL), "isdbgrid") == 0)
		out->replicated = true;
	if (bson_iter_init_find(&at, reply, "localTime") && BSON_ITER_HOLDS_DATE_TIME(&at) &&
	    bson_iter_date_time(&at) > 0 && bson_iter_date_time(&at) < INT64_MAX / 1000)
		out->server_now = bson_iter_date_time(&at) * 1000;
	if (bson_iter_init(&at, reply) &&
	    bson_iter_find_descendant(&at, "topologyVersion.processId", &inner) &&
	    BSON_ITER_HOLDS_OID(&inner))
		bson_oid_copy(bson_iter_oid(&inner), &out->process);
	if (bson_iter_init_find(&at, reply, "maxWireVersion") && BSON_ITER_HOLDS_INT32(&at))
		out->wire = bson_iter_int32(&at);
	out->operation_time = operation_time(reply);
}

int drvp_mongo_say_hello(struct drvp_mongo *mongo, struct drvp_mongo_hello *out,
			 struct drv_error *err)
{
	static const char *const commands[] = { "hello", "isMaster" };  /* until 4.4.2 */
	int status = 0;

	for (size_t i = 0; i < 2; i++) {
		bson_t command = BSON_INITIALIZER, reply;

		BSON_APPEND_INT32(&command, commands[i], 1);
		status = drvp_mongo_command(mongo, &command, false, &reply, "connecting", err);
		if (!status)
			read_hello(out, &reply);
		bson_destroy(&reply);
		bson_destroy(&command);
		if (status != DRV_E_UNSUPPORTED)
			break;
	}
	return status;
}

/* ------------------------------------------------------------------ opening */

static int mongo_open(struct drvp_session **out, const struct drvp_address *address,
		      struct drv_error *err)
{
	struct drvp_mongo *mongo = NULL;
	int status = drvp_mongo_connect(&mongo, address, true, err);

	*out = status ? NULL : &mongo->session;
	return status;
}

/*
 * MongoDB pins no state for other connections. What can be made sure of is that they reach the
 * same process, so that no lagging member answers; finish() tells whether it stood still.
 */
static int mongo_attach(struct drvp_session **out, struct drvp_session *pinned,
			struct drv_error *err)
{
	const struct drvp_mongo *first = (const struct drvp_mongo *)pinned;
	struct drvp_mongo *mongo = NULL;
	int status = drvp_mongo_connect(&mongo, first->address, false, err);

	*out = status ? NULL : &mongo->session;
	if (status || (strcmp(mongo->host, first->host) == 0 &&
		       bson_oid_equal(&mongo->hello.process, &first->hello.process)))
		return status;
	drvp_mongo_close(out);
	return drvp_fail(err, DRV_E_BUSY, "a second connection reached another or a restarted "
			 "server; run again when no failover is going on");
}

/* ------------------------------------------------------------------ relations */

/* What kind of relation one entry of the list is, or -1 when it is not the one called name. */
static int kind_of(bson_iter_t *entry, const char *name)
{
	int kind = DRVP_COLLECTION;
	bool named = false;
	bson_iter_t at;

	if (!BSON_ITER_HOLDS_DOCUMENT(entry) || !bson_iter_recurse(entry, &at))
		return -1;
	while (bson_iter_next(&at)) {
		if (!BSON_ITER_HOLDS_UTF8(&at))
			continue;
		if (strcmp(bson_iter_key(&at), "name") == 0)
			named = strcmp(bson_iter_utf8(&at, NULL), name) == 0;
		/* A time-series is a view of its buckets, too. */
		if (strcmp(bson_iter_key(&at), "type") == 0 &&
		    strcmp(bson_iter_utf8(&at, NULL), "collection") != 0)
			kind = DRVP_VIEW;
	}
	return named ? kind : -1;
}

/* The options name a collation only where it is not the plain one. */
static bool is_collated(const bson_iter_t *entry)
{
	bson_iter_t at, options;

	return bson_iter_recurse(entry, &at) && bson_iter_find(&at, "options") &&
	       BSON_ITER_HOLDS_DOCUMENT(&at) && bson_iter_recurse(&at, &options) &&
	       bson_iter_find(&options, "collation");
}

/* Finds name in a list that is whole; a list that may not be proves nothing. */
static bool read_list(const bson_t *reply, const char *name, int *found, bool *collated)
{
	bson_iter_t at, batch, one, id;

	*found = -1;
	*collated = false;
	if (!bson_iter_init(&at, reply) ||
	    !bson_iter_find_descendant(&at, "cursor.firstBatch", &batch) ||
	    !BSON_ITER_HOLDS_ARRAY(&batch) || !bson_iter_recurse(&batch, &one))
		return false;
	while (*found < 0 && bson_iter_next(&one)) {
		*found = kind_of(&one, name);
		*collated = *found >= 0 && is_collated(&one);
	}
	return *found >= 0 ||
	       (!one.err_off && bson_iter_init(&at, reply) &&
		bson_iter_find_descendant(&at, "cursor.id", &id) && bson_iter_as_int64(&id) == 0);
}

/*
 * Looks for a collection by name; *found receives what kind it is, or -1. Counting or reading a
 * collection that does not exist gives 0 documents and no error, so this is asked first.
 */
static int list_one(struct drvp_mongo *mongo, const char *name, int *found, bool *collated,
		    const char *subject, struct drv_error *err)
{
	bson_t command = BSON_INITIALIZER, filter, cursor, reply;
	int status;

	BSON_APPEND_INT32(&command, "listCollections", 1);
	BSON_APPEND_DOCUMENT_BEGIN(&command, "filter", &filter);
	BSON_APPEND_UTF8(&filter, "name", name);
	bson_append_document_end(&command, &filter);
	BSON_APPEND_DOCUMENT_BEGIN(&command, "cursor", &cursor);
	bson_append_document_end(&command, &cursor);
	BSON_APPEND_INT64(&command, "maxTimeMS", drvp_mongo_left(mongo));
	status = drvp_mongo_command(mongo, &command, false, &reply, subject, err);
	if (!status && !read_list(&reply, name, found, collated))
		status = drvp_fail(err, DRV_E_INTERNAL, "%s: the server's list of collections is "
				   "not whole", subject);
	bson_destroy(&reply);
	bson_destroy(&command);
	return status;
}

/* Whether the collection may be read: asks for one id. */
static int try_reading(struct drvp_mongo *mongo, const char *name, const char *subject,
		       struct drv_error *err)
{
	bson_t command = BSON_INITIALIZER, projection, reply;
	int status;

	BSON_APPEND_UTF8(&command, "find", name);
	BSON_APPEND_DOCUMENT_BEGIN(&command, "projection", &projection);
	BSON_APPEND_INT32(&projection, "_id", 1);
	bson_append_document_end(&command, &projection);
	BSON_APPEND_INT32(&command, "limit", 1);
	BSON_APPEND_BOOL(&command, "singleBatch", true);
	BSON_APPEND_INT64(&command, "maxTimeMS", drvp_mongo_left(mongo));
	status = drvp_mongo_command(mongo, &command, true, &reply, subject, err);
	bson_destroy(&reply);
	bson_destroy(&command);
	return status;
}

static int deny(struct drvp_mongo *mongo, struct drvp_relation *out, struct drv_error *err)
{
	struct drvp_strbuf remedy = DRVP_STRBUF_INIT;

	drvp_strbuf_printf(&remedy, "grant role \"read\" on database \"%s\"", mongo->database);
	out->state = DRVP_RELATION_DENIED;
	out->remedy = remedy.failed ? NULL
				    : drvp_arena_copy(&mongo->arena, remedy.data, remedy.len);
	drvp_strbuf_free(&remedy);
	return out->remedy ? 0 : drvp_fail_nomem(err);
}

static int resolve(struct drvp_mongo *mongo, struct drvp_relation *out, const char *name,
		   struct drv_error *err)
{
	struct drvp_mongo_subject subject = drvp_mongo_subject(name);
	int kind = -1, status;

	out->name = drvp_arena_copy(&mongo->arena, name, strlen(name));
	if (!out->name)
		return drvp_fail_nomem(err);
	out->kind = DRVP_COLLECTION;
	out->state = DRVP_RELATION_READY;
	status = list_one(mongo, name, &kind, &out->collated, subject.text, err);
	if (!status && kind < 0)
		out->state = DRVP_RELATION_MISSING;
	else if (!status)
		out->kind = kind;
	/* A view can be expensive to begin with; its rights show when it is read. */
	if (!status && kind == DRVP_COLLECTION)
		status = try_reading(mongo, name, subject.text, err);
	return status == DRV_E_DENIED ? deny(mongo, out, err) : status;
}

static int mongo_freeze(struct drvp_session *session, const struct drvp_target *targets,
			size_t count, struct drvp_relation **out, struct drv_error *err)
{
	struct drvp_mongo *mongo = (struct drvp_mongo *)session;
	int status = drvp_mongo_begin(mongo, err);

	if (status)
		return status;
	*out = drvp_arena_array(&mongo->arena, count ? count : 1, sizeof **out);
	if (!*out)
		return drvp_fail_nomem(err);
	/* The moment that finish() compares with is before anything was read. */
	status = drvp_mongo_say_hello(mongo, &mongo->hello, err);
	for (size_t i = 0; i < count && !status; i++)
		status = resolve(mongo, &(*out)[i], targets[i].name, err);
	return status;
}

static int mongo_look(struct drvp_session *session, const struct drvp_target *target,
		      struct drvp_relation **out, struct drv_error *err)
{
	struct drvp_mongo *mongo = (struct drvp_mongo *)session;
	int status = drvp_mongo_begin(mongo, err);

	if (status)
		return status;
	*out = drvp_arena_alloc(&mongo->arena, sizeof **out);
	return *out ? resolve(mongo, *out, target->name, err) : drvp_fail_nomem(err);
}

/* One range that covers all: a cursor cannot be cut without trusting an index. */
static int mongo_cut(struct drvp_session *session, const struct drvp_relation *relation,
		     struct drvp_range *ranges, size_t most, size_t *count, struct drv_error *err)
{
	(void)session;
	(void)relation;
	(void)err;
	*count = most ? 1 : 0;
	if (most)
		ranges[0] = (struct drvp_range){ 0, UINT32_MAX };
	return 0;
}

/* ------------------------------------------------------------------ identity */

static int read_version(struct drvp_mongo *mongo, char *out, size_t size, struct drv_error *err)
{
	bson_t command = BSON_INITIALIZER, reply;
	bson_iter_t at;
	int status;

	BSON_APPEND_INT32(&command, "buildInfo", 1);
	status = drvp_mongo_command(mongo, &command, false, &reply, "buildInfo", err);
	snprintf(out, size, "MongoDB");
	if (!status && bson_iter_init_find(&at, &reply, "version") && BSON_ITER_HOLDS_UTF8(&at))
		snprintf(out, size, "MongoDB %.100s", bson_iter_utf8(&at, NULL));
	bson_destroy(&reply);
	bson_destroy(&command);
	/* A server that keeps its version to itself can be read all the same. */
	return status == DRV_E_DENIED || status == DRV_E_UNSUPPORTED ? 0 : status;
}

static bool uses_tls(const struct drvp_mongo *mongo)
{
	const mongoc_uri_t *uri = mongoc_client_get_uri(mongo->client);
	const char *mechanism = mongoc_uri_get_auth_mechanism(uri);

	return mongoc_uri_get_tls(uri) || (mechanism && strcmp(mechanism, "MONGODB-X509") == 0);
}

/* Servers before 4.4 do not name their process. */
static bool process_is_none(const struct drvp_mongo_hello *hello)
{
	static const bson_oid_t none;

	return bson_oid_equal(&hello->process, &none);
}

static int mongo_identify(struct drvp_session *session, struct drvp_identity *out,
			  struct drv_error *err)
{
	struct drvp_mongo *mongo = (struct drvp_mongo *)session;
	struct drvp_mongo_hello now;
	int status = drvp_mongo_begin(mongo, err);

	*out = (struct drvp_identity){ 0 };
	if (!status)
		status = read_version(mongo, out->server, sizeof out->server, err);
	if (!status)
		status = drvp_mongo_say_hello(mongo, &now, err);
	if (status)
		return status;
	snprintf(out->address, sizeof out->address, "%.190s/%.63s", mongo->host, mongo->database);
	snprintf(out->set_name, sizeof out->set_name, "%s", now.set_name);
	out->tls = uses_tls(mongo);
	out->tls_unknown = !out->tls && mongo->lent.connection;
	out->in_recovery = !now.primary;
	if (!process_is_none(&mongo->hello))
		bson_oid_to_string(&mongo->hello.process, out->process);
	out->operation_time = mongo->hello.operation_time;
	out->server_now = now.server_now ? now.server_now : drvp_now();
	return 0;
}

static int mongo_finish(struct drvp_session *session, struct drvp_identity *identity,
			struct drv_error *err)
{
	struct drvp_mongo *mongo = (struct drvp_mongo *)session;
	struct drvp_mongo_hello now = { 0 };
	const char *word = "none: this server has no operation time";
	int status = drvp_mongo_begin_last(mongo, err);

	if (!status)
		status = drvp_mongo_say_hello(mongo, &now, err);
	if (status)
		word = "none: the server could not be asked at the end";
	else if (mongo->hello.operation_time && now.operation_time == mongo->hello.operation_time)
		word = "quiescent: no writes seen while reading";
	else if (mongo->hello.operation_time || now.operation_time)
		word = "none: the operation time moved while reading (writes, or the server's own "
		       "no-ops)";
	if (status || !now.operation_time || now.operation_time != mongo->hello.operation_time)
		identity->read_until = !status && now.server_now ? now.server_now : drvp_now();
	snprintf(identity->consistency, sizeof identity->consistency, "%s", word);
	return status;
}

const struct drvp_store drvp_store_mongodb = {
	.name = "mongodb",
	.pool_take = drvp_mongo_pool_take,
	.pool_put = drvp_mongo_pool_put,
	.open = mongo_open,
	.list = drvp_mongo_list,
	.freeze = mongo_freeze,
	.identify = mongo_identify,
	.attach = mongo_attach,
	.cut = mongo_cut,
	.count = drvp_mongo_count,
	.confirm = drvp_mongo_confirm,
	.estimate = drvp_mongo_estimate,
	.size = drvp_mongo_size,
	.newest = drvp_mongo_newest,
	.scan = drvp_mongo_scan,
	.look = mongo_look,
	.finish = mongo_finish,
	.close = drvp_mongo_close,
};
