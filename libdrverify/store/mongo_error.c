/* mongo_error.c: sorts what the driver and the server report into the library's own statuses */
#include "store/mongo.h"

/* What a server's error code means for a reader who cannot change anything. */
static const struct meaning {
	uint32_t code;
	int status;
	const char *text;
} meanings[] = {
	{ 2, DRV_E_USAGE, "the server does not accept the question: look at the filter" },
	{ 9, DRV_E_USAGE, "the server does not understand the question: look at the filter" },
	{ 11, DRV_E_DENIED, "the server does not know this user" },
	{ 13, DRV_E_DENIED, "not authorised; grant the role \"read\" on the database" },
	{ 14, DRV_E_USAGE, "a value has the wrong type: look at the filter" },
	{ 17, DRV_E_INTERNAL, "the server did not understand the protocol" },
	{ 18, DRV_E_DENIED, "authentication failed: look at user, password and authSource" },
	{ 22, DRV_E_DAMAGED, "the server found a stored document that is no valid BSON" },
	{ 24, DRV_E_BUSY, "a lock was not free in time; try again later" },
	{ 26, DRV_E_MISSING, "there is no such collection" },
	{ 43, DRV_E_BUSY, "the server lost the cursor (restart, failover, idle limit); run again" },
	{ 46, DRV_E_BUSY, "a lock is taken; try again later" },
	{ 50, DRV_E_TIMEOUT, "the server stopped at the time limit; allow more time" },
	{ 59, DRV_E_UNSUPPORTED, "this server does not have the command" },
	{ 73, DRV_E_USAGE, "this is no name that a collection or database can have" },
	{ 89, DRV_E_TIMEOUT, "the server's own network timed out" },
	{ 91, DRV_E_CONNECT, "the server is shutting down" },
	{ 107, DRV_E_BUSY, "a lock was not free; try again later" },
	{ 112, DRV_E_BUSY, "another operation was in the way; try again later" },
	{ 115, DRV_E_UNSUPPORTED, "this server does not support the command" },
	{ 117, DRV_E_BUSY, "another operation is in the way; try again later" },
	{ 123, DRV_E_UNSUPPORTED, "this needs a replica set, and the server is none" },
	{ 133, DRV_E_BUSY, "no member fits the read preference now; try again later" },
	{ 134, DRV_E_BUSY, "read concern majority is not available yet; try again later" },
	{ 146, DRV_E_BUSY, "the server ran out of memory for this question" },
	{ 148, DRV_E_UNSUPPORTED, "read concern majority is not enabled" },
	{ 165, DRV_E_UNSUPPORTED, "the view is nested too deeply" },
	{ 166, DRV_E_UNSUPPORTED, "this cannot be asked of a view" },
	{ 167, DRV_E_UNSUPPORTED, "this cannot be asked of a view" },
	{ 168, DRV_E_UNSUPPORTED, "this server does not know an operator of the question" },
	{ 175, DRV_E_BUSY, "the collection was changed while it was read; run again" },
	{ 182, DRV_E_UNSUPPORTED, "the view's definition is not valid on this server" },
	{ 189, DRV_E_BUSY, "the primary stepped down; run again when there is a new one" },
	{ 202, DRV_E_TIMEOUT, "the server's own network timed out" },
	{ 216, DRV_E_BUSY, "an election is going on; try again later" },
	{ 237, DRV_E_CANCELLED, "somebody ended the question on the server" },
	{ 238, DRV_E_UNSUPPORTED, "this server does not implement part of the question" },
	{ 239, DRV_E_BUSY, "the snapshot is too old for the server; run again" },
	{ 241, DRV_E_USAGE, "a value could not be converted: look at the filter" },
	{ 246, DRV_E_BUSY, "the snapshot is not available; run again" },
	{ 250, DRV_E_BUSY, "the snapshot is too old for the server; run again" },
	{ 262, DRV_E_TIMEOUT, "the server stopped at a time limit of its own" },
	{ 290, DRV_E_TIMEOUT, "the server stopped at a time limit of its own" },
	{ 292, DRV_E_BUSY, "the server ran out of memory for this question" },
	{ 301, DRV_E_DAMAGED, "the server detected corrupted data" },
	{ 323, DRV_E_UNSUPPORTED, "the URI's strict API version forbids the command" },
	{ 334, DRV_E_DENIED, "the server does not offer this way to authenticate" },
	{ 365, DRV_E_BUSY, "the server is overloaded; try again later" },
	{ 378, DRV_E_DAMAGED, "the server found a stored document that is no valid BSON" },
	{ 391, DRV_E_DENIED, "the login has expired" },
	{ 402, DRV_E_BUSY, "the server is overloaded; try again later" },
	{ 433, DRV_E_BUSY, "the server is overloaded; try again later" },
	{ 8000, DRV_E_DENIED, "Atlas refused: look at user, password and IP access list" },
	{ 10107, DRV_E_BUSY, "the server is no longer primary; run again when there is one" },
	{ 11600, DRV_E_CONNECT, "the server is shutting down" },
	{ 11601, DRV_E_CANCELLED, "somebody ended the question on the server" },
	{ 11602, DRV_E_BUSY, "the server changed its role; run again" },
	{ 13435, DRV_E_BUSY, "the server is not primary; try again later" },
	{ 13436, DRV_E_BUSY, "the server is recovering; try again later" },
	{ 17287, DRV_E_UNSUPPORTED, "this server does not accept an operator of the question" },
	{ 40324, DRV_E_UNSUPPORTED, "this server does not know an operator of the question" },
};

static const struct meaning *meaning_of(uint32_t code)
{
	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
		if (meanings[i].code == code)
			return &meanings[i];
	return NULL;
}

int drvp_mongo_status(uint32_t code)
{
	const struct meaning *meaning = meaning_of(code);

	return meaning ? meaning->status : DRV_E_INTERNAL;
}

/* The server's own name for its error: one identifier, unlike its message, holds no values. */
static const char *code_name(const bson_t *reply, char *out, size_t size)
{
	bson_iter_t at;
	const char *name;
	size_t len = 0;

	out[0] = '\0';
	if (!reply || !bson_iter_init_find(&at, reply, "codeName") || !BSON_ITER_HOLDS_UTF8(&at))
		return out;
	name = bson_iter_utf8(&at, NULL);
	while ((name[len] >= 'A' && name[len] <= 'Z') || (name[len] >= 'a' && name[len] <= 'z'))
		len++;
	if (name[len] == '\0' && len > 0 && len + 3 < size)
		snprintf(out, size, ", %s", name);
	return out;
}

static int server_failed(const bson_error_t *cause, const bson_t *reply, const char *subject,
			 struct drv_error *err)
{
	const struct meaning *meaning = meaning_of(cause->code);
	char name[80];

	code_name(reply, name, sizeof name);
	return drvp_fail(err, meaning ? meaning->status : DRV_E_INTERNAL,
			 "%s: %s (server error %u%s)", subject,
			 meaning ? meaning->text : "the server failed; its log says more",
			 (unsigned)cause->code, name);
}

static bool is_login(const bson_error_t *cause)
{
	return (cause->domain == MONGOC_ERROR_CLIENT &&
		cause->code == MONGOC_ERROR_CLIENT_AUTHENTICATE) ||
	       cause->domain == MONGOC_ERROR_SCRAM || cause->domain == MONGOC_ERROR_SASL;
}

static bool is_wire_version(const bson_error_t *cause)
{
	return (cause->domain == MONGOC_ERROR_PROTOCOL &&
		cause->code == MONGOC_ERROR_PROTOCOL_BAD_WIRE_VERSION) ||
	       (cause->domain == MONGOC_ERROR_SERVER_SELECTION &&
		cause->code == MONGOC_ERROR_SERVER_SELECTION_BAD_WIRE_VERSION);
}

/*
 * A time-out, a closed and a reset connection look alike in the driver's errors. The line knows;
 * without its sockets only the clock tells.
 */
static int wire_failed(const struct drvp_mongo *mongo, const bson_error_t *cause,
		       const char *subject, struct drv_error *err)
{
	int stop = mongo->line.limits ? drvp_limits_stop(mongo->line.limits) : 0;

	/* Whatever broke behind the end of the run is its doing. */
	if (stop)
		return drvp_fail(err, stop, "%s: %s", subject, drvp_limits_stop_text(stop));
	if (mongo->line.status)
		return drvp_fail(err, mongo->line.status, "%s: %s", subject, mongo->line.reason);
	if (drvp_monotonic() >= mongo->line.deadline)
		return drvp_fail(err, DRV_E_TIMEOUT, "%s: no answer within the time limit",
				 subject);
	if (cause->domain == MONGOC_ERROR_SERVER_SELECTION)
		return drvp_fail(err, DRV_E_CONNECT,
				 "%s: no server to read from: is there a primary, and is the "
				 "replica set called what the URI says?", subject);
	return drvp_fail(err, DRV_E_CONNECT, "%s: the connection broke", subject);
}

/* Errors that make the driver doubt which role the server has. */
static bool is_role_change(const bson_error_t *cause)
{
	static const uint32_t codes[] = { 91, 189, 10058, 10107, 11600, 11602, 13435, 13436 };

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if ((cause->domain == MONGOC_ERROR_SERVER || cause->domain == MONGOC_ERROR_QUERY) &&
		    cause->code == codes[i])
			return true;
	return false;
}

/*
 * From here on the driver must ask nothing more. It would look for a server anew, whose data could
 * differ; and while it says good-bye to a cursor or session it may free the very stream it is
 * using. A reset makes it forget them without a word; but on a lent client it would forget what its
 * owner has on it.
 */
static void lose(struct drvp_mongo *mongo)
{
	if (!mongo->session.lost && !mongo->lent.connection)
		mongoc_client_reset(mongo->client);
	mongo->session.lost = true;
}

int drvp_mongo_fail(struct drvp_mongo *mongo, const bson_error_t *cause, const bson_t *reply,
		    const char *subject, struct drv_error *err)
{
	int line = mongo->line.status, status;

	if (cause->domain == MONGOC_ERROR_SERVER || cause->domain == MONGOC_ERROR_QUERY)
		status = server_failed(cause, reply, subject, err);
	else if (is_login(cause) && line != DRV_E_TIMEOUT && line != DRV_E_CANCELLED &&
		 line != DRV_E_BUDGET)
		status = drvp_fail(err, DRV_E_DENIED, "%s: authentication failed: look at user, "
				   "password and authSource", subject);
	else if (is_wire_version(cause))
		status = drvp_fail(err, DRV_E_UNSUPPORTED, "%s: the server's version is too old "
				   "or too new for the MongoDB driver in use", subject);
	else if (line || cause->domain == MONGOC_ERROR_STREAM ||
		 cause->domain == MONGOC_ERROR_SERVER_SELECTION)
		status = wire_failed(mongo, cause, subject, err);
	else
		status = drvp_fail(err, DRV_E_INTERNAL, "%s: the server's answer makes no sense to "
				   "the MongoDB driver (its error %u.%u)", subject,
				   (unsigned)cause->domain, (unsigned)cause->code);
	if (status == DRV_E_CONNECT || line || cause->domain == MONGOC_ERROR_STREAM ||
	    cause->domain == MONGOC_ERROR_PROTOCOL || is_role_change(cause))
		lose(mongo);
	if (err)
		err->native_code = (int32_t)cause->code;
	return status;
}
