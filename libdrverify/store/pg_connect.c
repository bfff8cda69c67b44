/* pg_connect.c: reaches a PostgreSQL server in bounded time, and says why not without a secret */
#include "store/pg.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/digest.h"

#define SLICE_MS 100                 /* how often cancellation is looked at */

/* ------------------------------------------------------------------ messages */

static bool has_at(const char *text)
{
	return text && strchr(text, '@');
}

static bool is_port(const char *text)
{
	return !text || !text[strspn(text, "0123456789")];
}

void drvp_pg_print_place(struct drvp_strbuf *out, const PGconn *conn)
{
	const char *host = PQhost(conn), *port = PQport(conn), *database = PQdb(conn);

	/*
	 * An unescaped "@" or "/" in the password of a URI makes libpq take the rest of it for
	 * part of the host, port or database; such a rest still has the "@" before the host.
	 */
	if (has_at(host) || has_at(database) || !is_port(port)) {
		drvp_strbuf_str(out, "the server (its host, port or database looks wrong; in a "
				     "password write %40 for \"@\" and %2F for \"/\")");
		return;
	}
	drvp_strbuf_str(out, host && *host ? host : "localhost");
	if (port && *port && strcmp(port, "5432") != 0)
		drvp_strbuf_printf(out, ":%s", port);
	drvp_strbuf_printf(out, "/%s", database ? database : "");
}

/*
 * The server's words behind "FATAL:  28P01: ". libpq keeps no SQLSTATE of a failed connection,
 * but with PQERRORS_VERBOSE its text holds it, in any language.
 */
static const char *find_server_words(const char *text, char code[6])
{
	const char *found = NULL;

	for (const char *at = strstr(text, ":  "); at; at = strstr(at + 1, ":  ")) {
		size_t len = strspn(at + 3, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ");

		if (len != 5 || at[8] != ':' || at[9] != ' ')
			continue;
		memcpy(code, at + 3, 5);
		found = at + 10;
	}
	return found;
}

/*
 * What libpq says of TLS lacks the next step, and names in quotes are not repeated. In another
 * language its own words have to do.
 */
static void print_failure(struct drvp_strbuf *out, const char *message)
{
	static const char *const known[][2] = {
		{ "certificate verify failed",
		  "certificate verify failed: the server's certificate has expired, or is not signed by "
		  "an authority in sslrootcert; renew it, or name the file of its authority" },
		{ "does not match host name",
		  "the server's certificate does not match the host name; connect by the name that it "
		  "holds, with hostaddr for another address" },
		{ "root certificate file",
		  "the file with root certificates does not exist; name that of the server's authority "
		  "as sslrootcert" },
		{ "does not support SSL",
		  "the server does not support SSL, which sslmode demands; set ssl = on there, and if it "
		  "is, somebody on the way holds it back" },
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strstr(message, known[i][0])) {
			drvp_strbuf_str(out, known[i][1]);
			return;
		}
	drvp_pg_print_cause(out, message);
}

static bool leaks(const PGconn *conn, const char *message)
{
	const char *password = PQpass(conn);

	return password && *password && strstr(message, password);
}

static int fail_connect(PGconn *conn, struct drv_error *err)
{
	struct drvp_strbuf message = DRVP_STRBUF_INIT;
	size_t prefix;
	char code[6] = "";
	const char *words = find_server_words(PQerrorMessage(conn), code);
	int status = words ? drvp_pg_status(code) : DRV_E_CONNECT;

	drvp_strbuf_str(&message, "cannot connect to ");
	drvp_pg_print_place(&message, conn);
	prefix = message.len;
	drvp_strbuf_str(&message, ": ");
	if (words)
		drvp_pg_print_message(&message, code, words);
	else
		print_failure(&message, PQerrorMessage(conn));
	if (!message.failed && leaks(conn, message.data + prefix))
		message.data[prefix] = '\0';
	if (message.failed)
		status = drvp_fail_nomem(err);
	else
		drvp_fail(err, status, "%s", message.data);
	if (err)
		memcpy(err->sqlstate, code, sizeof code);
	drvp_strbuf_free(&message);
	return status;
}

static int fail_silent(const PGconn *conn, const struct drvp_limits *limits, struct drv_error *err)
{
	struct drvp_strbuf message = DRVP_STRBUF_INIT;
	int status;

	drvp_strbuf_str(&message, "cannot connect to ");
	drvp_pg_print_place(&message, conn);
	drvp_strbuf_str(&message, ": no answer within ");
	drvp_duration_print(&message, limits->connect);
	drvp_strbuf_str(&message, "; look at its address, firewall and load");
	status = message.failed ? drvp_fail_nomem(err) :
				  drvp_fail(err, DRV_E_CONNECT, "%s", message.data);
	drvp_strbuf_free(&message);
	return status;
}

/* ------------------------------------------------------------------ dialling */

static void swallow(void *user, const char *message)
{
	(void)user;
	(void)message;
}

/* Waits until libpq can go on. 0, or a status. */
static int await_progress(PGconn *conn, short events, int64_t deadline,
			  const struct drvp_limits *limits, struct drv_error *err)
{
	for (;;) {
		struct pollfd fd = { PQsocket(conn), events, 0 };
		int64_t left = deadline - drvp_monotonic();
		int ms = left / 1000 < SLICE_MS ? (int)(left / 1000) + 1 : SLICE_MS, stop, n;

		stop = drvp_limits_stop(limits);
		if (stop)
			return drvp_fail(err, stop, "%s while connecting", drvp_limits_stop_text(stop));
		if (left <= 0)
			return fail_silent(conn, limits, err);
		n = poll(&fd, 1, ms);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return drvp_fail(err, DRV_E_CONNECT, "cannot connect: poll() failed");
	}
}

int drvp_pg_check_version(const PGconn *conn, struct drv_error *err)
{
	const char *version = PQparameterStatus(conn, "server_version");

	if (PQserverVersion(conn) >= 120000)
		return 0;
	return drvp_fail(err, DRV_E_UNSUPPORTED, "PostgreSQL %s is too old; 12 or newer is needed",
			 version ? version : "");
}

static int dial(PGconn *conn, const struct drvp_limits *limits, struct drv_error *err)
{
	int64_t deadline = drvp_monotonic() + limits->connect;
	PostgresPollingStatusType state = PGRES_POLLING_WRITING;

	if (PQstatus(conn) == CONNECTION_BAD)
		return fail_connect(conn, err);
	PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);
	PQsetNoticeProcessor(conn, swallow, NULL);
	while (state != PGRES_POLLING_OK) {
		short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
		int status = await_progress(conn, events, deadline, limits, err);

		if (status)
			return status;
		state = PQconnectPoll(conn);
		if (state == PGRES_POLLING_FAILED)
			return fail_connect(conn, err);
	}
	if (drvp_pg_check_version(conn, err))
		return DRV_E_UNSUPPORTED;
	if (PQsetnonblocking(conn, 1))
		return fail_connect(conn, err);
	PQsetErrorVerbosity(conn, PQERRORS_DEFAULT);
	return 0;
}

int drvp_pg_dial(PGconn **out, const char *const *keywords, const char *const *values, int expand,
		 const struct drvp_limits *limits, struct drv_error *err)
{
	PGconn *conn = PQconnectStartParams(keywords, values, expand);
	int status = conn ? dial(conn, limits, err) : drvp_fail_nomem(err);

	if (status) {
		PQfinish(conn);
		conn = NULL;
	}
	*out = conn;
	return status;
}

/* The values may hold a password; libpq frees them as they are. */
static void free_options(PQconninfoOption *options)
{
	for (PQconninfoOption *at = options; at && at->keyword; at++)
		if (at->val)
			drvp_cleanse(at->val, strlen(at->val));
	PQconninfoFree(options);
}

/* libpq's own message would quote the text, with the password in it. */
static int check_uri(const char *uri, struct drv_error *err)
{
	PQconninfoOption *options;
	char *message = NULL;

	if (!strchr(uri, '=') && !strstr(uri, "://"))
		return 0;
	options = PQconninfoParse(uri, &message);
	if (message)
		drvp_cleanse(message, strlen(message));
	PQfreemem(message);
	if (!options)
		return drvp_fail(err, DRV_E_USAGE,
				 "the connection string cannot be read; write \"host=… dbname=…\" "
				 "or postgresql://user@host/database, in a password with %%40 for "
				 "\"@\"");
	free_options(options);
	return 0;
}

int drvp_pg_dial_uri(PGconn **out, const char *uri, const struct drvp_limits *limits,
		     struct drv_error *err)
{
	/* The connection string overrides what stands before it. */
	static const char *const keywords[] = {
		"fallback_application_name", "keepalives_idle", "keepalives_interval",
		"keepalives_count", "tcp_user_timeout", "dbname", NULL
	};
	const char *values[] = { "drverify", "30", "10", "3", "60000", uri, NULL };
	int status;

	*out = NULL;
	if (!*uri)
		values[5] = NULL;
	status = check_uri(uri, err);
	if (status)
		return status;
	return drvp_pg_dial(out, keywords, values, 1, limits, err);
}

/* ------------------------------------------------------------------ the same server again */

/* What the connection really uses, where it may differ from what was asked for. */
static const char *actual_value(const PGconn *conn, const PQconninfoOption *option)
{
	const char *host = PQhost(conn);

	if (!strcmp(option->keyword, "host"))
		return host;
	if (!strcmp(option->keyword, "hostaddr"))
		return host && *host != '/' && *host != '@' ? PQhostaddr(conn) : NULL;
	if (!strcmp(option->keyword, "port"))
		return PQport(conn);
	if (!strcmp(option->keyword, "dbname"))
		return PQdb(conn);
	if (!strcmp(option->keyword, "password"))
		return PQpass(conn);
	if (!strcmp(option->keyword, "service"))
		return NULL;
	return option->val;
}

static int copy_parameters(struct drvp_pg *s, const PQconninfoOption *options, size_t count,
			   struct drv_error *err)
{
	size_t n = 0;

	s->pin.keywords = drvp_arena_array(&s->arena, count + 1, sizeof *s->pin.keywords);
	s->pin.values = drvp_arena_array(&s->arena, count + 1, sizeof *s->pin.values);
	if (!s->pin.keywords || !s->pin.values)
		return drvp_fail_nomem(err);
	for (size_t i = 0; i < count; i++) {
		const char *keyword = options[i].keyword;
		const char *value = actual_value(s->conn, &options[i]);

		if (!value || !*value)
			continue;
		s->pin.values[n] = drvp_arena_copy(&s->arena, value, strlen(value));
		s->pin.keywords[n] = drvp_arena_copy(&s->arena, keyword, strlen(keyword));
		if (!s->pin.values[n] || !s->pin.keywords[n])
			return drvp_fail_nomem(err);
		n++;
	}
	return 0;
}

int drvp_pg_note_parameters(struct drvp_pg *s, struct drv_error *err)
{
	PQconninfoOption *options = PQconninfo(s->conn);
	size_t count = 0;
	int status;

	if (!options)
		return drvp_fail_nomem(err);
	while (options[count].keyword)
		count++;
	status = copy_parameters(s, options, count, err);
	free_options(options);
	return status;
}
