/* test_mongodb_lent.c: clients and pools that the caller lends, and its own checks, on a real server */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/mongo.h"

#define MANY 3000

extern void _mongoc_log_get_handler(mongoc_log_func_t *handler, void **data);

static const char *uri;
static char database[64];
static mongoc_client_t *writer;

static int set_up(void **state)
{
	mongoc_collection_t *to = mongoc_client_get_collection(writer, database, "many");
	mongoc_bulk_operation_t *bulk = mongoc_collection_create_bulk_operation_with_opts(to, NULL);
	bson_error_t error;

	(void)state;
	for (int i = 0; i < MANY; i++) {
		bson_t document = BSON_INITIALIZER;

		BSON_APPEND_INT32(&document, "_id", i);
		BSON_APPEND_BOOL(&document, "even", i % 2 == 0);
		mongoc_bulk_operation_insert(bulk, &document);
		bson_destroy(&document);
	}
	if (!mongoc_bulk_operation_execute(bulk, NULL, &error))
		fail_msg("bulk: %s", error.message);
	mongoc_bulk_operation_destroy(bulk);
	mongoc_collection_destroy(to);
	return 0;
}

static int tear_down(void **state)
{
	mongoc_database_t *all = mongoc_client_get_database(writer, database);

	(void)state;
	mongoc_database_drop(all, NULL);
	mongoc_database_destroy(all);
	return 0;
}

/* ------------------------------------------------------------------ runs */

static struct drv_run *prepare(const struct drv_run_options *options)
{
	struct drv_error err = DRV_ERROR_INIT;
	struct drv_baseline *baseline;
	struct drv_run *run;
	char text[600];

	snprintf(text, sizeof text, "{\"format\": \"drverify/1\", \"sources\": {\"search\": {\"store\": "
		 "\"mongodb\", \"database\": \"%s\"}}, \"checks\": [{\"check\": \"collection_count\", "
		 "\"source\": \"search\", \"collection\": \"many\", \"expect\": {\"documents\": %d}}, "
		 "{\"check\": \"encrypted_field\", \"source\": \"search\", \"collection\": \"many\", "
		 "\"ciphertext\": \"even\", \"plaintext\": \"plain\"}]}", database, MANY);
	if (drv_baseline_parse(&baseline, text, strlen(text), "test", &err) ||
	    drv_run_new(&run, baseline, options, &err))
		fail_msg("%s", err.message);
	drv_baseline_free(&baseline);
	return run;
}

static void verify(struct drv_run *run, int verdict, const char *code)
{
	struct drv_error err = DRV_ERROR_INIT;
	const struct drv_finding *finding;
	struct drv_report *report;

	if (drv_run_verify(run, &report, &err))
		fail_msg("%s", err.message);
	finding = drv_result_finding(drv_report_result(report, 0), 0);
	if (drv_report_verdict(report) != verdict || (code && strcmp(finding->code, code) != 0))
		fail_msg("%s: %s: %s", drv_verdict_name(drv_report_verdict(report)),
			 finding ? finding->code : "", finding ? finding->message : "");
	drv_report_free(&report);
}

/* ------------------------------------------------------------------ the driver's log */

static mongoc_log_func_t log_handler(void)
{
	mongoc_log_func_t handler;
	void *data;

	_mongoc_log_get_handler(&handler, &data);
	return handler;
}

/* Before any other test: what the library does, it does once. */
static void the_driver_is_the_callers(void **state)
{
	struct drv_run_options options = DRV_RUN_OPTIONS_INIT;
	struct drv_error err = DRV_ERROR_INIT;
	struct drv_run *run;

	(void)state;
	assert_true(log_handler() == mongoc_log_default_handler);
	options.keep_driver = 1;
	run = prepare(&options);
	assert_int_equal(drv_run_source_uri(run, "search", uri, &err), 0);
	verify(run, DRV_PASS, NULL);
	assert_true(log_handler() == mongoc_log_default_handler);
	drv_run_free(&run);
}

static void a_lent_client_leaves_the_driver_alone(void **state)
{
	struct drv_run *run = prepare(NULL);
	struct drv_error err = DRV_ERROR_INIT;

	(void)state;
	assert_int_equal(drv_run_source_mongo_client(run, "search", writer, &err), 0);
	verify(run, DRV_PASS, NULL);
	assert_true(log_handler() == mongoc_log_default_handler);
	drv_run_free(&run);
}

static void else_its_log_is_switched_off(void **state)
{
	struct drv_run *run = prepare(NULL);
	struct drv_error err = DRV_ERROR_INIT;

	(void)state;
	assert_int_equal(drv_run_source_uri(run, "search", uri, &err), 0);
	verify(run, DRV_PASS, NULL);
	assert_null(log_handler());
	drv_run_free(&run);
}

/* ------------------------------------------------------------------ lent clients */

/* A cursor of the owner's, half read: it and its session have to survive the run. */
static mongoc_cursor_t *half_read(mongoc_collection_t *from)
{
	bson_t filter = BSON_INITIALIZER, options = BSON_INITIALIZER;
	mongoc_cursor_t *cursor;
	const bson_t *document;

	BSON_APPEND_INT32(&options, "batchSize", 10);
	cursor = mongoc_collection_find_with_opts(from, &filter, &options, NULL);
	for (int i = 0; i < 15; i++)
		assert_true(mongoc_cursor_next(cursor, &document));
	bson_destroy(&options);
	bson_destroy(&filter);
	return cursor;
}

static int rest_of(mongoc_cursor_t *cursor)
{
	const bson_t *document;
	bson_error_t error;
	int count = 15;

	while (mongoc_cursor_next(cursor, &document))
		count++;
	if (mongoc_cursor_error(cursor, &error))
		fail_msg("%s", error.message);
	mongoc_cursor_destroy(cursor);
	return count;
}

static void cancel_when_rows_come(const struct drv_event *event, void *user)
{
	if (event->rows)
		drv_run_cancel(user);
}

static void a_client_comes_back(void **state)
{
	static const struct {
		drv_event_fn on_event;
		int verdict;
		const char *code;
	} ways[] = {
		{ NULL, DRV_PASS, NULL },
		{ cancel_when_rows_come, DRV_INCONCLUSIVE, "check.cancelled" },
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct drv_run_options options = DRV_RUN_OPTIONS_INIT;
		mongoc_client_t *client = mongoc_client_new(uri);
		mongoc_collection_t *many = mongoc_client_get_collection(client, database, "many");
		mongoc_cursor_t *cursor = half_read(many);
		struct drv_error err = DRV_ERROR_INIT;
		struct drv_run *run;

		options.rows_per_second = ways[i].on_event ? 500 : 0;
		options.jobs = 4;
		run = prepare(&options);
		drv_run_on_event(run, ways[i].on_event, run);
		assert_int_equal(drv_run_source_mongo_client(run, "search", client, &err), 0);
		verify(run, ways[i].verdict, ways[i].code);
		drv_run_free(&run);
		assert_int_equal(rest_of(cursor), MANY);
		mongoc_collection_destroy(many);
		mongoc_client_destroy(client);
	}
}

static void a_client_without_server(void **state)
{
	mongoc_client_t *client = mongoc_client_new("mongodb://127.0.0.1:1/?serverSelectionTimeoutMS="
						    "200");
	struct drv_run *run = prepare(NULL);
	struct drv_error err = DRV_ERROR_INIT;

	(void)state;
	assert_int_equal(drv_run_source_mongo_client(run, "search", client, &err), 0);
	verify(run, DRV_INCONCLUSIVE, "source.unreachable");
	drv_run_free(&run);
	mongoc_client_destroy(client);
}

static void a_pool_gets_all_back(void **state)
{
	mongoc_uri_t *place = mongoc_uri_new(uri);
	mongoc_client_pool_t *pool = mongoc_client_pool_new(place);
	struct drv_run_options options = DRV_RUN_OPTIONS_INIT;
	struct drv_error err = DRV_ERROR_INIT;
	mongoc_client_t *clients[3];
	struct drv_run *run;

	(void)state;
	mongoc_client_pool_max_size(pool, 2);
	options.jobs = 4;
	run = prepare(&options);
	assert_int_equal(drv_run_source_mongo_pool(run, "search", pool, &err), 0);
	verify(run, DRV_PASS, NULL);
	for (int i = 0; i < 2; i++)
		assert_non_null(clients[i] = mongoc_client_pool_try_pop(pool));
	assert_null(mongoc_client_pool_try_pop(pool));
	/* The owner has them all. */
	verify(run, DRV_INCONCLUSIVE, "source.unreachable");
	for (int i = 0; i < 2; i++)
		mongoc_client_pool_push(pool, clients[i]);
	verify(run, DRV_PASS, NULL);
	drv_run_free(&run);
	mongoc_client_pool_destroy(pool);
	mongoc_uri_destroy(place);
}

static int open_client(void **connection, void *user, struct drv_error *error)
{
	(void)error;
	atomic_fetch_add((atomic_int *)user, 1);
	*connection = mongoc_client_new(uri);
	return 0;
}

static void close_client(void *connection, void *user)
{
	atomic_fetch_sub((atomic_int *)user, 1);
	mongoc_client_destroy(connection);
}

static void a_factory_opens_clients(void **state)
{
	struct drv_run_options options = DRV_RUN_OPTIONS_INIT;
	struct drv_error err = DRV_ERROR_INIT;
	atomic_int open = 0;
	struct drv_run *run;

	(void)state;
	options.jobs = 3;
	run = prepare(&options);
	assert_int_equal(drv_run_source_factory(run, "search", open_client, close_client, &open, &err),
			 0);
	verify(run, DRV_PASS, NULL);
	assert_int_equal(atomic_load(&open), 0);
	drv_run_free(&run);
}

/* ------------------------------------------------------------------ the caller's own checks */

struct seen {
	uint64_t documents;
	char last[100];
};

static int on_document(size_t count, const char *const *values, void *user)
{
	struct seen *seen = user;

	snprintf(seen->last, sizeof seen->last, "%s", count == 1 ? values[0] : "");
	seen->documents++;
	return 0;
}

/* A check of cmocka's would end the process, since this is another thread. */
static int demand(bool holds, const char *what, int status, struct drv_error *error)
{
	if (holds || status)
		return status;
	snprintf(error->message, sizeof error->message, "%s", what);
	return DRV_E_INTERNAL;
}

static int counts_and_reads(struct drv_session *session, void *user, struct drv_error *error)
{
	struct seen seen = { 0 };
	uint64_t count = 0;
	int status = drv_session_count(session, "many", "{\"even\": true}", &count, error);

	(void)user;
	status = demand(count == MANY / 2, "the count is wrong", status, error);
	if (!status)
		status = drv_session_documents(session, "many", "{\"_id\": {\"$gte\": 2999}}",
					       on_document, &seen, error);
	status = demand(seen.documents == 1, "not one document", status, error);
	status = demand(!strcmp(seen.last, "{ \"_id\": 2999, \"even\": false }"), seen.last, status, error);
	return status ? status : drv_session_summarise(session, "seen", error);
}

static int asks_wrongly(struct drv_session *session, void *user, struct drv_error *error)
{
	struct seen seen = { 0 };
	uint64_t count = 7;
	int status = drv_session_count(session, user ? user : "many", user ? NULL : "[1]", &count, error);

	status = demand(!count && status == (user ? DRV_E_MISSING : DRV_E_USAGE), "wrong status", 0, error);
	status = demand(drv_session_query(session, "SELECT 1", NULL, 0, on_document, &seen, NULL) ==
			DRV_E_UNSUPPORTED, "wrong status", status, error);
	return status ? status : drv_session_summarise(session, "all is well", error);
}

static void own_checks(void **state)
{
	static const struct {
		drv_check_fn fn;
		const char *user;
		int verdict;
	} ways[] = {
		{ counts_and_reads, NULL, DRV_PASS },
		{ asks_wrongly, "nowhere", DRV_INCONCLUSIVE },
		{ asks_wrongly, NULL, DRV_INCONCLUSIVE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		struct drv_check check = DRV_CHECK_INIT;
		struct drv_run *run = prepare(NULL);
		struct drv_error err = DRV_ERROR_INIT;

		check.check = "x.own";
		check.source = "search";
		check.priority = 1;
		check.fn = ways[i].fn;
		check.user = (void *)(uintptr_t)ways[i].user;
		assert_int_equal(drv_run_add_check(run, &check, &err), 0);
		assert_int_equal(drv_run_source_mongo_client(run, "search", writer, &err), 0);
		verify(run, ways[i].verdict, ways[i].verdict ? "check.not_possible" : NULL);
		drv_run_free(&run);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_driver_is_the_callers),
		cmocka_unit_test(a_lent_client_leaves_the_driver_alone),
		cmocka_unit_test(else_its_log_is_switched_off),
		cmocka_unit_test(a_client_comes_back),
		cmocka_unit_test(a_client_without_server),
		cmocka_unit_test(a_pool_gets_all_back),
		cmocka_unit_test(a_factory_opens_clients),
		cmocka_unit_test(own_checks),
	};
	int failed;

	uri = getenv("DRV_TEST_MONGODB");
	if (!uri || !*uri) {
		fprintf(stderr, "skipped: DRV_TEST_MONGODB names no server\n");
		return 77;           /* what meson takes for "skipped" */
	}
	snprintf(database, sizeof database, "drverify_lent_%ld", (long)getpid());
	mongoc_init();
	writer = mongoc_client_new(uri);
	if (!writer) {
		fprintf(stderr, "DRV_TEST_MONGODB is no valid URI\n");
		return 1;
	}
	failed = cmocka_run_group_tests(tests, set_up, tear_down);
	mongoc_client_destroy(writer);
	mongoc_cleanup();
	return failed;
}
