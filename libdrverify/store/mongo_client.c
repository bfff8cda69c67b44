/* mongo_client.c: one driver client, bound to one server and to a session's limits */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "store/mongo.h"

/* How much longer this side waits than it lets the server work, in microseconds. */
#define GRACE (DRVP_SECOND / 2)

/*
 * Not in the driver's documented interface, and absent where a build hides it: who hears its log
 * messages now. There is no other way to learn whether the host application has set a handler.
 */
extern void _mongoc_log_get_handler(mongoc_log_func_t *handler, void **data)
	__attribute__((weak));

static pthread_once_t prepared = PTHREAD_ONCE_INIT;

/*
 * The driver's own handler prints, which a library must not; a handler that the host application
 * chose stays. mongoc_cleanup() is never called: the host may use the driver too. Where the host
 * has set the driver up, all of this is left alone.
 */
static void prepare_driver(void)
{
	mongoc_log_func_t handler = NULL;
	void *data = NULL;

	mongoc_init();
	if (!_mongoc_log_get_handler)
		return;
	_mongoc_log_get_handler(&handler, &data);
	if (handler == mongoc_log_default_handler)
		mongoc_log_set_handler(NULL, NULL);
}

static int32_t to_milliseconds(int64_t microseconds)
{
	int64_t milliseconds = microseconds / 1000;

	return milliseconds < 1 ? 1 : milliseconds > INT32_MAX ? INT32_MAX : (int32_t)milliseconds;
}

static void limit_option(mongoc_uri_t *uri, const char *option, int64_t most)
{
	int32_t limit = to_milliseconds(most);
	int32_t given = mongoc_uri_get_option_as_int32(uri, option, 0);

	if (given <= 0 || given > limit)
		mongoc_uri_set_option_as_int32(uri, option, limit);
}

static int64_t host_count(const mongoc_uri_t *uri)
{
	int64_t count = 0;

	for (const mongoc_host_list_t *at = mongoc_uri_get_hosts(uri); at; at = at->next)
		count++;
	return count ? count : 1;
}

static int parse_uri(mongoc_uri_t **out, const struct drvp_address *address, struct drv_error *err)
{
	const char *text = address->uri && *address->uri ? address->uri : "mongodb://localhost/";
	bson_error_t cause;
	mongoc_uri_t *uri = mongoc_uri_new_with_error(text, &cause);
	/* The budget is to be heard of as itself, before the driver's own limit. */
	int64_t connect = drvp_limits_shorten(&address->limits, address->limits.connect - GRACE) + GRACE;

	if (!uri)
		return drvp_fail(err, DRV_E_USAGE, "this is no valid mongodb:// URI; in user and "
				 "password, @ : / %% are written as %%40 %%3A %%2F %%25");
	limit_option(uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS, connect);
	/* One dead member must not use up the time for the others. */
	limit_option(uri, MONGOC_URI_CONNECTTIMEOUTMS, connect / host_count(uri));
	limit_option(uri, MONGOC_URI_SOCKETTIMEOUTMS, address->limits.work + GRACE);
	/* A retry could silently land on another server, with other data. */
	mongoc_uri_set_option_as_bool(uri, MONGOC_URI_RETRYREADS, false);
	/* What is compressed cannot be looked at before the driver reads it. */
	mongoc_uri_set_compressors(uri, NULL);
	mongoc_uri_set_appname(uri, "drverify");
	*out = uri;
	return 0;
}

/*
 * The session's own sockets make the driver log a line each time, so nobody may print it; and they
 * cannot pass on two rare TLS options. Without them everything works, but cancelling waits for the
 * answer that is under way.
 */
static bool may_use_own_sockets(const mongoc_uri_t *uri)
{
	mongoc_log_func_t handler = mongoc_log_default_handler;
	void *data;

	if (_mongoc_log_get_handler)
		_mongoc_log_get_handler(&handler, &data);
	return handler != mongoc_log_default_handler &&
	       !mongoc_uri_has_option(uri, MONGOC_URI_TLSDISABLECERTIFICATEREVOCATIONCHECK) &&
	       !mongoc_uri_has_option(uri, MONGOC_URI_TLSDISABLEOCSPENDPOINTCHECK);
}

static int make_client(struct drvp_mongo *mongo, const mongoc_uri_t *uri, struct drv_error *err)
{
	bson_error_t cause;

	mongo->client = mongoc_client_new_from_uri_with_error(uri, &cause);
	if (!mongo->client && cause.domain == MONGOC_ERROR_STREAM)
		return drvp_fail(err, DRV_E_CONNECT, "connecting: the mongodb+srv:// name was not "
				 "found in the DNS");
	if (!mongo->client)
		return drvp_fail(err, DRV_E_USAGE, "the options of the mongodb:// URI do not go "
				 "together");
	mongoc_client_set_error_api(mongo->client, MONGOC_ERROR_API_VERSION_2);
	mongo->line.dial_limit = mongo->address->limits.connect /
				 host_count(mongoc_client_get_uri(mongo->client));
	if (may_use_own_sockets(uri))
		mongoc_client_set_stream_initiator(mongo->client, drvp_mongo_dial, &mongo->line);
	return 0;
}

int drvp_mongo_take_database(struct drvp_mongo *mongo, const mongoc_uri_t *uri,
			     struct drv_error *err)
{
	const char *database = mongo->address->database;

	if (!database || !*database)
		database = mongoc_uri_get_database(uri);
	if (!database || !*database)
		return drvp_fail(err, DRV_E_USAGE, "no database is named, neither by the "
				 "document's source nor by the URI: add \"database\" to it");
	if (strlen(database) > 63 || strpbrk(database, "/\\. \"$"))
		return drvp_fail(err, DRV_E_USAGE, "the name of the database cannot be one: it "
				 "holds / \\ . \" $ or a space, or is longer than 63 bytes");
	mongo->database = strdup(database);
	return mongo->database ? 0 : drvp_fail_nomem(err);
}

/* Finds the one server that this session will ask. */
static int select_server(struct drvp_mongo *mongo, struct drv_error *err)
{
	const mongoc_read_prefs_t *preference = mongoc_client_get_read_prefs(mongo->client);
	mongoc_server_description_t *server;
	bson_error_t cause;

	mongo->line.deadline = drvp_monotonic() + mongo->address->limits.connect;
	server = mongoc_client_select_server(mongo->client, false, preference, &cause);
	if (!server)
		return drvp_mongo_fail(mongo, &cause, NULL, "connecting", err);
	mongo->server = mongoc_server_description_id(server);
	snprintf(mongo->host, sizeof mongo->host, "%.255s",
		 mongoc_server_description_host(server)->host_and_port);
	mongoc_server_description_destroy(server);
	mongo->line.sealed = true;
	return 0;
}

static int dial(struct drvp_mongo *mongo, struct drv_error *err)
{
	mongoc_uri_t *uri = NULL;
	int status;

	if (!mongo->address->keep_driver)
		pthread_once(&prepared, prepare_driver);
	status = parse_uri(&uri, mongo->address, err);
	if (!status)
		status = drvp_mongo_take_database(mongo, uri, err);
	if (!status)
		status = make_client(mongo, uri, err);
	if (uri)
		mongoc_uri_destroy(uri);
	return status;
}

int drvp_mongo_connect(struct drvp_mongo **out, const struct drvp_address *address, bool first,
		       struct drv_error *err)
{
	struct drvp_mongo *mongo = calloc(1, sizeof *mongo);
	struct drvp_session *session = NULL;
	int status;

	if (!mongo)
		return drvp_fail_nomem(err);
	session = &mongo->session;
	session->store = &drvp_store_mongodb;
	mongo->address = address;
	mongo->line.limits = &address->limits;
	drvp_flow_init(&session->flow, &address->limits);
	status = address->uri ? dial(mongo, err) : drvp_mongo_borrow(mongo, first, err);
	if (!status)
		status = select_server(mongo, err);
	if (!status && mongo->lent.connection)
		drvp_mongo_open_session(mongo);
	if (!status)
		status = drvp_mongo_begin(mongo, err);
	if (!status)
		status = drvp_mongo_say_hello(mongo, &mongo->hello, err);
	if (status)
		drvp_mongo_close(&session);
	else
		*out = mongo;
	return status;
}

void drvp_mongo_close(struct drvp_session **session)
{
	struct drvp_mongo *mongo = (struct drvp_mongo *)*session;

	if (!mongo)
		return;
	/* The driver says good-bye to the server's session; that must not hang. */
	mongo->line.limits = NULL;
	mongo->line.deadline = drvp_monotonic() + GRACE;
	if (mongo->address->uri && mongo->client)
		mongoc_client_destroy(mongo->client);
	else if (!mongo->address->uri)
		drvp_mongo_give_back(mongo);
	free(mongo->database);
	drvp_arena_free(&mongo->arena);
	drvp_arena_free(&mongo->row);
	free(mongo);
	*session = NULL;
}

int drvp_mongo_begin(struct drvp_mongo *mongo, struct drv_error *err)
{
	int stop = drvp_limits_stop(&mongo->address->limits);

	if (mongo->session.lost)
		return drvp_fail(err, DRV_E_CONNECT, "the connection was lost before");
	if (stop)
		return drvp_fail(err, stop, "%s", drvp_limits_stop_text(stop));
	mongo->line.status = 0;
	mongo->line.reason = NULL;
	mongo->line.deadline = drvp_monotonic() + mongo->address->limits.work + GRACE;
	return 0;
}

/* What was decided in time should not be doubted because the budget is spent by now. */
int drvp_mongo_begin_last(struct drvp_mongo *mongo, struct drv_error *err)
{
	int status = drvp_mongo_begin(mongo, err);

	if (status != DRV_E_BUDGET)
		return status;
	mongo->line.limits = NULL;
	mongo->line.status = 0;
	mongo->line.reason = NULL;
	mongo->line.deadline = drvp_monotonic() + DRVP_LAST_WORD;
	return 0;
}

int64_t drvp_mongo_left(const struct drvp_mongo *mongo)
{
	const struct drvp_limits *limits = &mongo->address->limits;
	int64_t left = mongo->line.deadline - GRACE - drvp_monotonic();

	/* This side ends first what the budget ends. */
	if (limits->until && limits->until + DRVP_SECOND - drvp_monotonic() < left)
		left = limits->until + DRVP_SECOND - drvp_monotonic();
	return to_milliseconds(left);
}

void drvp_mongo_options(const struct drvp_mongo *mongo, bool majority, bson_t *options)
{
	bson_t concern;

	BSON_APPEND_INT32(options, "serverId", (int32_t)mongo->server);
	if (mongo->own_session)
		mongoc_client_session_append(mongo->own_session, options, NULL);
	if (!majority || !mongo->hello.replicated)
		return;
	BSON_APPEND_DOCUMENT_BEGIN(options, "readConcern", &concern);
	BSON_APPEND_UTF8(&concern, "level", "majority");
	bson_append_document_end(options, &concern);
}

/* Not as a "read command": the driver may send such a one again, to another server. */
int drvp_mongo_command(struct drvp_mongo *mongo, const bson_t *command, bool majority,
		       bson_t *reply, const char *subject, struct drv_error *err)
{
	const mongoc_read_prefs_t *preference = mongoc_client_get_read_prefs(mongo->client);
	bson_t options = BSON_INITIALIZER;
	bson_error_t cause;
	int status = 0;

	drvp_mongo_options(mongo, majority, &options);
	if (!mongoc_client_command_with_opts(mongo->client, mongo->database, command, preference,
					     &options, reply, &cause))
		status = drvp_mongo_fail(mongo, &cause, reply, subject, err);
	bson_destroy(&options);
	return status;
}
