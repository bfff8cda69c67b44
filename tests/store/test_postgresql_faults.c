/* test_postgresql_faults.c: servers that hang, refuse, die or talk nonsense, within bounded time */
#include "pg_fixture.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define STORE (&drvp_store_postgresql)
#define CANARY "canary7secret"

/* ------------------------------------------------------------------ scripted servers */

/* Answers each connection with fixed bytes and then says nothing more. */
struct scripted {
	int listener;
	unsigned port;
	const char *bytes;
	size_t len;
	bool waits;                  /* for a start-up packet before it answers */
	pthread_t thread;
};

static void *serve(void *user)
{
	struct scripted *server = user;
	int clients[16], count = 0, client;

	while (count < 16 && (client = accept(server->listener, NULL, NULL)) >= 0) {
		char packet[2000];

		clients[count++] = client;
		if (server->waits && recv(client, packet, sizeof packet, 0) <= 0)
			continue;
		if (send(client, server->bytes, server->len, MSG_NOSIGNAL) < 0)
			continue;
	}
	while (count > 0)
		close(clients[--count]);
	return NULL;
}

static void scripted_start(struct scripted *server, const void *bytes, size_t len, bool waits)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof address;

	*server = (struct scripted){ .bytes = bytes, .len = len, .waits = waits };
	server->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(server->listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(server->listener, 16), 0);
	assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
	server->port = ntohs(address.sin_port);
	if (bytes)
		assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void scripted_stop(struct scripted *server)
{
	shutdown(server->listener, SHUT_RDWR);
	if (server->bytes)
		pthread_join(server->thread, NULL);
	close(server->listener);
}

static int64_t since(int64_t start)
{
	return (drvp_monotonic() - start) / 1000;
}

/* Fails to open within that many milliseconds, says nothing secret. Returns the status. */
static int refuse(const char *uri, int64_t within, struct drv_error *err)
{
	struct drvp_session *session = (struct drvp_session *)1;
	int64_t start = drvp_monotonic();
	int status = pg_try_open(&session, uri, 600, err);

	assert_true(status < 0);
	assert_null(session);
	if (since(start) > within)
		fail_msg("took %lld ms", (long long)since(start));
	assert_int_equal(err->status, status);
	assert_true(err->message[0] != '\0');
	assert_null(strstr(err->message, "secret"));
	assert_null(strstr(err->message, "canary"));
	assert_null(strchr(err->message, '\n'));
	return status;
}

/* ------------------------------------------------------------------ connecting */

#define AT_PORT "host=127.0.0.1 port=%u sslmode=disable gssencmode=disable password=" CANARY " "

static int refuse_port(unsigned port, int64_t within, struct drv_error *err)
{
	char uri[300];

	snprintf(uri, sizeof uri, AT_PORT "user=u dbname=d", port);
	return refuse(uri, within, err);
}

/* As it does of values of which it can store the parts, but not print the whole. */
static void a_value_too_large_to_be_sent(void **state)
{
	static const char *const values[] = { "array_fill(1::bigint, ARRAY[134217727])",
					      "repeat('x', 2000000000)" };

	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		struct pg_scan scan = { .quiet = true };
		struct drvp_session *session;
		struct drvp_relation *relation;

		pg_sql("DROP VIEW IF EXISTS large; CREATE VIEW large AS SELECT %s AS v", values[i]);
		session = pg_open();
		relation = pg_freeze(session, "public", "large", DRVP_RELATION_READY);
		assert_int_equal(pg_scan(&scan, session, relation, NULL, false, PG_COLUMNS("v")),
				 DRV_E_UNSUPPORTED);
		assert_non_null(strstr(scan.err.message, "larger than the server can send"));
		pg_close(&session);
	}
}

static void a_mute_server(void **state)
{
	struct scripted server;
	struct drv_error err = DRV_ERROR_INIT;

	(void)state;
	scripted_start(&server, NULL, 0, false);
	assert_int_equal(refuse_port(server.port, 900, &err), DRV_E_CONNECT);
	assert_non_null(strstr(err.message, "127.0.0.1"));
	assert_non_null(strstr(err.message, "no answer within 600 ms"));
	scripted_stop(&server);
}

static void a_refused_port(void **state)
{
	struct scripted server;
	struct drv_error err = DRV_ERROR_INIT;
	char expected[40];

	(void)state;
	scripted_start(&server, NULL, 0, false);
	scripted_stop(&server);
	assert_int_equal(refuse_port(server.port, 300, &err), DRV_E_CONNECT);
	snprintf(expected, sizeof expected, "127.0.0.1:%u/d: ", server.port);
	assert_non_null(strstr(err.message, expected));
	assert_non_null(strstr(err.message, "Connection refused"));
}

static void no_socket(void **state)
{
	struct drv_error err = DRV_ERROR_INIT;

	(void)state;
	assert_int_equal(refuse("host=/nowhere/at/all", 300, &err), DRV_E_CONNECT);
	assert_non_null(strstr(err.message, "/nowhere/at/all"));
	assert_non_null(strstr(err.message, "No such file"));
}

static void a_server_of_another_kind(void **state)
{
	static const char *const words[] = { "HTTP/1.1 400 Bad Request\r\n\r\n", "R", "N", "S",
					     "E\377\377\377\377", "R\0\0\0\10\0\0\0\143" };
	struct drv_error err = DRV_ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		struct scripted server;

		scripted_start(&server, words[i], i == 5 ? 9 : strlen(words[i]), true);
		assert_int_equal(refuse_port(server.port, 900, &err), DRV_E_CONNECT);
		scripted_stop(&server);
	}
}

static size_t error_packet(char *to, const char *code, const char *message)
{
	int fields = sprintf(to + 5, "SFATAL%cVFATAL%cC%s%cM%s%c", 0, 0, code, 0, message, 0);
	uint32_t len = htonl((uint32_t)fields + 5);

	to[0] = 'E';
	memcpy(to + 1, &len, 4);
	to[5 + fields] = '\0';
	return (size_t)fields + 6;
}

/* What a server says instead of letting us in. */
static void refusals_are_sorted(void **state)
{
	static const struct {
		const char *code, *message;
		int status;
	} cases[] = {
		{ "28P01", "password authentication failed for user \"u\"", DRV_E_DENIED },
		{ "28000", "no pg_hba.conf entry for host \"10.0.0.1\"", DRV_E_DENIED },
		{ "3D000", "database \"d\" does not exist", DRV_E_MISSING },
		{ "53300", "sorry, too many clients already", DRV_E_BUSY },
		{ "57P03", "the database system is starting up", DRV_E_BUSY },
		{ "XX000", "it quotes " CANARY, DRV_E_INTERNAL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct scripted server;
		struct drv_error err = DRV_ERROR_INIT;
		char packet[300];

		scripted_start(&server, packet,
			       error_packet(packet, cases[i].code, cases[i].message), true);
		assert_int_equal(refuse_port(server.port, 500, &err), cases[i].status);
		assert_string_equal(err.sqlstate, cases[i].code);
		if (!strstr(cases[i].message, CANARY))
			assert_non_null(strstr(err.message, cases[i].message));
		scripted_stop(&server);
	}
}

static void real_refusals(void **state)
{
	struct drv_error err = DRV_ERROR_INIT;
	char uri[900];

	(void)state;
	snprintf(uri, sizeof uri, "%s dbname=absent", pg_reader_uri());
	assert_int_equal(refuse(uri, 500, &err), DRV_E_MISSING);
	assert_non_null(strstr(err.message, "absent"));
	snprintf(uri, sizeof uri, "%s user=nobody_of_that_name", pg_reader_uri());
	assert_int_equal(refuse(uri, 500, &err), DRV_E_DENIED);
	pg_sql("ALTER ROLE %s CONNECTION LIMIT 0", pg_reader());
	assert_int_equal(refuse(pg_reader_uri(), 500, &err), DRV_E_BUSY);
	pg_sql("ALTER ROLE %s CONNECTION LIMIT -1", pg_reader());
}

/* A password with "@" or "/" in it ends up in other parts of what libpq understands. */
static void malformed_uris_tell_nothing(void **state)
{
	static const char *const uris[] = {
		"postgresql://u:" CANARY "@@127.0.0.1:1/d",
		"postgresql://u:x@" CANARY "@127.0.0.1:1/d",
		"postgresql://u:" CANARY "/x@127.0.0.1:1/d",
		"postgresql://u:x/" CANARY "@127.0.0.1:1/d",
		"postgresql://u:%zz" CANARY "@h/d", "postgresql://u:" CANARY "@h:port/d",
		"postgresql://u:" CANARY "@127.0.0.1:1/d?" CANARY "=1",
		"postgresql://u:" CANARY "@127.0.0.1:1/d", "postgresql://u:" CANARY "@[::1/d",
		"host=127.0.0.1 port=1 password=a " CANARY,
		"host=127.0.0.1 port=1 password='" CANARY,
		"host=127.0.0.1 port=" CANARY, "password=" CANARY " sslmode=secretive"
								  " host=127.0.0.1",
		"host=127.0.0.1 port=1 user=u password=" CANARY,
		"host=127.0.0.1 port=1 service=" CANARY, CANARY "=x",
	};
	struct drv_error err = DRV_ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof uris / sizeof uris[0]; i++)
		refuse(uris[i], 900, &err);
}

/* ------------------------------------------------------------------ a server falls silent */

/* Lets us in as version 15.1, and then never answers a question. */
static const char welcome[] =
	"R\0\0\0\10\0\0\0\0"
	"S\0\0\0\30server_version\00015.1\0"
	"K\0\0\0\14\0\0\0\1\0\0\0\2"
	"Z\0\0\0\5I";

static void mute_after_the_welcome(void **state)
{
	struct scripted server;
	struct drvp_session *session;
	struct drvp_relation *relations;
	struct drvp_target target = { "public", "t" };
	struct drv_error err = DRV_ERROR_INIT;
	char uri[300];
	int64_t start;

	(void)state;
	scripted_start(&server, welcome, sizeof welcome - 1, true);
	snprintf(uri, sizeof uri, AT_PORT "user=u dbname=d", server.port);
	session = pg_open_as(uri, 300, NULL);
	start = drvp_monotonic();
	assert_int_equal(STORE->freeze(session, &target, 1, &relations, &err), DRV_E_TIMEOUT);
	assert_true(since(start) < 300 + 1000 + 2500);
	assert_null(relations);
	/* Nothing more is asked of it, and closing does not wait. */
	start = drvp_monotonic();
	assert_int_equal(STORE->freeze(session, &target, 1, &relations, &err), DRV_E_CONNECT);
	pg_close(&session);
	assert_true(since(start) < 300);
	scripted_stop(&server);
}

/* ------------------------------------------------------------------ sessions that end badly */

static struct drvp_relation *open_slow(struct drvp_session **session, int64_t work,
				       const atomic_bool *cancelled)
{
	static bool made;

	if (!made)
		pg_sql("CREATE TABLE many AS SELECT i, repeat('x', 200) AS f FROM"
		       " generate_series(1, 200000) i; CREATE TABLE few AS SELECT 1 AS i;"
		       "CREATE VIEW slow AS SELECT i FROM few WHERE pg_sleep(20) IS NOT NULL");
	made = true;
	*session = pg_open_as(pg_reader_uri(), work, cancelled);
	return pg_freeze(*session, "public", "slow", DRVP_RELATION_READY);
}

static void wait_until_idle(void)
{
	for (int i = 0; i < 100; i++) {
		if (!pg_number("SELECT count(*) FROM pg_stat_activity WHERE usename = '%s' AND "
			       "state = 'active'", pg_reader()))
			return;
		usleep(20000);
	}
	fail_msg("the server is still at work");
}

static void the_time_limit(void **state)
{
	struct drvp_session *session;
	struct drvp_relation *slow = open_slow(&session, 400, NULL);
	struct drv_error err = DRV_ERROR_INIT;
	int64_t start = drvp_monotonic();
	uint64_t rows;

	(void)state;
	assert_int_equal(STORE->count(session, slow, NULL, &rows, &err), DRV_E_TIMEOUT);
	assert_true(since(start) >= 380 && since(start) < 1200);
	assert_string_equal(err.sqlstate, "57014");
	assert_non_null(strstr(err.message, "public.slow"));
	/* The session goes on. */
	assert_int_equal(STORE->finish(session, &(struct drvp_identity){ .lsn = 0 }, NULL), 0);
	pg_close(&session);
}

struct later {
	atomic_bool cancelled;
	const char *sql;
};

static void *set_later(void *user)
{
	struct later *later = user;

	usleep(250000);
	if (later->sql) {
		PGconn *conn = pg_another();

		PQclear(PQexec(conn, later->sql));
		PQfinish(conn);
	} else {
		atomic_store(&later->cancelled, true);
	}
	return NULL;
}

/* Asks the slow question while something else happens. */
static int ask_slowly(struct later *later, struct drv_error *err)
{
	struct drvp_session *session;
	struct drvp_relation *slow = open_slow(&session, 15000, &later->cancelled);
	int64_t start = drvp_monotonic();
	pthread_t thread;
	uint64_t rows;
	int status;

	assert_int_equal(pthread_create(&thread, NULL, set_later, later), 0);
	status = STORE->count(session, slow, NULL, &rows, err);
	pthread_join(thread, NULL);
	assert_true(since(start) >= 240 && since(start) < 1500);
	pg_close(&session);
	wait_until_idle();
	return status;
}

static void the_cancel_flag(void **state)
{
	struct later later = { false, NULL };
	struct drv_error err = DRV_ERROR_INIT;

	(void)state;
	assert_int_equal(ask_slowly(&later, &err), DRV_E_CANCELLED);
}

static void an_administrators_cancel_is_no_time_out(void **state)
{
	struct later later = { false, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity"
				      " WHERE state = 'active' AND pid <> pg_backend_pid()" };
	struct drv_error err = DRV_ERROR_INIT;

	(void)state;
	assert_int_equal(ask_slowly(&later, &err), DRV_E_CANCELLED);
	assert_string_equal(err.sqlstate, "57014");
}

static void an_administrators_kill(void **state)
{
	struct later later = { false, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
				      " WHERE state = 'active' AND pid <> pg_backend_pid()" };
	struct drv_error err = DRV_ERROR_INIT;

	(void)state;
	assert_int_equal(ask_slowly(&later, &err), DRV_E_CONNECT);
	assert_string_equal(err.sqlstate, "57P01");
}

static struct drvp_relation *open_many(struct drvp_session **session,
				       const atomic_bool *cancelled)
{
	open_slow(session, 5000, NULL);
	pg_close(session);
	*session = pg_open_as(pg_reader_uri(), 15000, cancelled);
	return pg_freeze(*session, "public", "many", DRVP_RELATION_READY);
}

static void kill_reader(uint64_t row)
{
	if (row == 1000)
		pg_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename ="
		       " '%s'",
		       pg_reader());
}

static void a_death_amid_the_rows(void **state)
{
	struct drvp_session *session;
	struct drvp_relation *many = open_many(&session, NULL);
	struct pg_scan scan = { .quiet = true, .at_row = kill_reader };
	struct drv_error err = DRV_ERROR_INIT;
	uint64_t rows;

	(void)state;
	assert_int_equal(pg_scan(&scan, session, many, NULL, false, PG_COLUMNS("i", "f")),
			 DRV_E_CONNECT);
	assert_true(scan.rows >= 1000 && scan.rows < 200000);
	assert_non_null(strstr(scan.err.message, "public.many: the connection "));
	assert_int_equal(STORE->count(session, many, NULL, &rows, &err), DRV_E_CONNECT);
	pg_close(&session);
}

static atomic_bool flag;

static void set_flag(uint64_t row)
{
	if (row == 1000)
		atomic_store(&flag, true);
}

static void a_cancel_amid_the_rows(void **state)
{
	struct drvp_session *session;
	struct drvp_relation *many;
	struct pg_scan scan = { .quiet = true, .at_row = set_flag };

	(void)state;
	atomic_store(&flag, false);
	many = open_many(&session, &flag);
	assert_int_equal(pg_scan(&scan, session, many, NULL, false, PG_COLUMNS("i", "f")),
			 DRV_E_CANCELLED);
	assert_true(scan.rows >= 1000 && scan.rows < 100000);
	pg_close(&session);
	wait_until_idle();
}

static void dawdle(uint64_t row)
{
	if (row % 1000 == 0)
		usleep(20000);
}

static void a_time_limit_amid_the_rows(void **state)
{
	struct drvp_session *session;
	struct drvp_relation *many;
	struct pg_scan scan = { .quiet = true, .at_row = dawdle };
	int64_t start;

	(void)state;
	open_many(&session, NULL);
	pg_close(&session);
	session = pg_open_as(pg_reader_uri(), 500, NULL);
	many = pg_freeze(session, "public", "many", DRVP_RELATION_READY);
	start = drvp_monotonic();
	assert_int_equal(pg_scan(&scan, session, many, NULL, false, PG_COLUMNS("i", "f")),
			 DRV_E_TIMEOUT);
	assert_true(since(start) < 500 + 1000 + 1000);
	assert_true(scan.rows < 200000);
	assert_int_equal(pg_count(session, many), 200000);
	pg_close(&session);
}

/* ------------------------------------------------------------------ several threads */

struct worker {
	struct drvp_session *pinned;
	const struct drvp_relation *relation;
	struct drvp_range range;
	uint64_t rows;
	pthread_t thread;
};

static int count_row(const struct drvp_row *row, void *user)
{
	(void)row;
	++*(uint64_t *)user;
	return 0;
}

static void *work(void *user)
{
	struct worker *worker = user;
	struct drvp_scan scan = { .relation = worker->relation, .range = &worker->range };
	struct drvp_session *session;
	uint64_t rows;

	if (STORE->attach(&session, worker->pinned, NULL))
		return NULL;
	if (!STORE->scan(session, &scan, count_row, &worker->rows, &rows, NULL))
		worker->rows = rows;
	else
		worker->rows = 0;
	STORE->close(&session);
	return worker;
}

static void workers_attach_while_the_first_reads(void **state)
{
	struct drvp_session *session;
	struct drvp_relation *many = open_many(&session, NULL);
	struct worker workers[4];
	struct drvp_range ranges[4];
	uint64_t rows = 0;
	size_t count;

	(void)state;
	assert_int_equal(STORE->cut(session, many, ranges, 4, &count, NULL), 0);
	if (pg_number("SHOW server_version_num") >= 140000)
		assert_int_equal(count, 4);
	for (size_t i = 0; i < count; i++) {
		workers[i] = (struct worker){ .pinned = session, .relation = many,
					      .range = ranges[i] };
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
		assert_int_equal(pg_count(session, many), 200000);
	}
	for (size_t i = 0; i < count; i++) {
		void *done;

		pthread_join(workers[i].thread, &done);
		assert_non_null(done);
		rows += workers[i].rows;
	}
	assert_int_equal(rows, 200000);
	pg_close(&session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_too_large_to_be_sent),
		cmocka_unit_test(a_mute_server),
		cmocka_unit_test(a_refused_port),
		cmocka_unit_test(no_socket),
		cmocka_unit_test(a_server_of_another_kind),
		cmocka_unit_test(refusals_are_sorted),
		cmocka_unit_test(real_refusals),
		cmocka_unit_test(malformed_uris_tell_nothing),
		cmocka_unit_test(mute_after_the_welcome),
		cmocka_unit_test(the_time_limit),
		cmocka_unit_test(the_cancel_flag),
		cmocka_unit_test(an_administrators_cancel_is_no_time_out),
		cmocka_unit_test(an_administrators_kill),
		cmocka_unit_test(a_death_amid_the_rows),
		cmocka_unit_test(a_cancel_amid_the_rows),
		cmocka_unit_test(a_time_limit_amid_the_rows),
		cmocka_unit_test(workers_attach_while_the_first_reads),
	};

	return PG_RUN(tests);
}
