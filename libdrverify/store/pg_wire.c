/* pg_wire.c: questions and answers over one connection, none without a deadline */
#include "store/pg.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define SLICE_MS 100                 /* how often cancellation is looked at */
#define GRACE (1 * DRVP_SECOND)      /* the server's own time limit should come first */

/* ------------------------------------------------------------------ waiting */

static int lose(struct drvp_pg *s, struct drv_error *err)
{
	struct drvp_strbuf cause = DRVP_STRBUF_INIT;
	int status;

	s->session.lost = true;
	drvp_pg_print_cause(&cause, PQerrorMessage(s->conn));
	status = drvp_pg_fail(s, err, DRV_E_CONNECT, "the connection was lost: %s",
			      drvp_strbuf_text(&cause));
	drvp_strbuf_free(&cause);
	return status;
}

/* 0 to go on; else the question is given up. */
static int check_limits(struct drvp_pg *s, struct drv_error *err)
{
	int stop = drvp_limits_stop(&s->limits);

	if (stop) {
		drvp_pg_abandon(s);
		return drvp_pg_fail(s, err, stop, "%s", drvp_limits_stop_text(stop));
	}
	if (drvp_monotonic() >= s->deadline) {
		struct drvp_strbuf limit = DRVP_STRBUF_INIT;
		int status;

		drvp_pg_abandon(s);
		drvp_duration_print(&limit, s->limits.work);
		status = drvp_pg_fail(s, err, DRV_E_TIMEOUT,
				      "no answer within %s; allow more time or look at the server",
				      drvp_strbuf_text(&limit));
		drvp_strbuf_free(&limit);
		return status;
	}
	return 0;
}

/* While rows come faster than they may, nothing is read, and so the server waits too. */
static int keep_pace(struct drvp_pg *s, struct drv_error *err)
{
	int64_t waited = drvp_flow_settle(&s->session.flow, &s->limits);

	s->deadline += waited;
	return waited ? check_limits(s, err) : 0;
}

/* Waits for the socket, no longer than until; > 0 when something happened. */
static int wait_slice(const struct drvp_pg *s, short events, int64_t until)
{
	struct pollfd fd = { PQsocket(s->conn), events, 0 };
	int64_t left = until - drvp_monotonic();

	if (left <= 0)
		return 0;
	return poll(&fd, 1, left / 1000 < SLICE_MS ? (int)(left / 1000) + 1 : SLICE_MS);
}

/* Which libpq keeps, however many. Those of a connection that was lent are for its owner. */
static void forget_notifications(struct drvp_pg *s)
{
	PGnotify *notification;

	while (!s->lent.connection && (notification = PQnotifies(s->conn)))
		PQfreemem(notification);
}

/* Sends what is left to send and waits until something arrived. */
static int receive(struct drvp_pg *s, struct drv_error *err)
{
	int status = keep_pace(s, err), unsent, ready;

	while (!status) {
		status = check_limits(s, err);
		if (status)
			break;
		unsent = PQflush(s->conn);
		if (unsent < 0)
			return lose(s, err);
		ready = wait_slice(s, unsent ? POLLIN | POLLOUT : POLLIN, s->deadline);
		if (ready < 0 && errno != EINTR)
			return lose(s, err);
		if (ready > 0 && !PQconsumeInput(s->conn))
			return lose(s, err);
		if (ready > 0) {
			forget_notifications(s);
			return 0;
		}
	}
	return status;
}

/* The next result; NULL when the question is answered. */
static int next_result(struct drvp_pg *s, PGresult **out, struct drv_error *err)
{
	*out = NULL;
	while (PQisBusy(s->conn)) {
		int status = receive(s, err);

		if (status)
			return status;
	}
	*out = PQgetResult(s->conn);
	return 0;
}

/* ------------------------------------------------------------------ giving up */

/* Reads and forgets what is there; true when the question is over. */
static bool discard(struct drvp_pg *s)
{
	while (!PQisBusy(s->conn)) {
		PGresult *result = PQgetResult(s->conn);
		ExecStatusType state = PQresultStatus(result);
		bool copying = state == PGRES_COPY_OUT;
		char *bytes;
		int n = 1;

		if (!result)
			return true;
		PQclear(result);
		/* Wants to be fed: libpq would say so for ever. */
		if (state == PGRES_COPY_IN || state == PGRES_COPY_BOTH) {
			s->session.lost = true;
			return true;
		}
		while (copying && n > 0) {
			n = PQgetCopyData(s->conn, &bytes, 1);
			if (n > 0)
				PQfreemem(bytes);
		}
		if (copying && n == 0)
			return false;
	}
	return false;
}

void drvp_pg_abandon(struct drvp_pg *s)
{
	int64_t until;

	if (s->session.lost)
		return;
	drvp_pg_cancel(s->conn, drvp_pg_patience(s));
	until = drvp_monotonic() + drvp_pg_patience(s);
	while (!discard(s)) {
		forget_notifications(s);
		wait_slice(s, POLLIN, until);
		if (!PQconsumeInput(s->conn) || drvp_monotonic() >= until) {
			s->session.lost = true;
			return;
		}
	}
}

/* ------------------------------------------------------------------ asking */

/* All results of what was sent. The first failure is reported, the last success kept in *out. */
static int collect(struct drvp_pg *s, PGresult **out, struct drv_error *err)
{
	PGresult *result, *kept = NULL;
	struct drvp_pg_answer answer = { 0 };
	int failure = 0, status;

	/* What follows a failure, such as the end of the connection, must not hide it. */
	while (!(status = next_result(s, &result, failure ? NULL : err)) && result) {
		ExecStatusType state = PQresultStatus(result);

		if (state == PGRES_SINGLE_TUPLE)
			failure = failure ? failure : drvp_pg_gather(s, &answer, result, err);
		else if (!failure && state != PGRES_COMMAND_OK && state != PGRES_TUPLES_OK)
			failure = drvp_pg_fail_result(s, result, err);
		PQclear(kept);
		kept = result;
		if (state == PGRES_COPY_OUT || state == PGRES_COPY_IN ||
		    state == PGRES_COPY_BOTH || answer.bytes > DRVP_PG_ANSWER_MAX) {
			drvp_pg_abandon(s);
			break;
		}
	}
	if (!failure)
		failure = status;
	if (answer.rows) {
		PQclear(kept);
		kept = answer.rows;
	}
	if (failure || !out) {
		PQclear(kept);
		kept = NULL;
	}
	if (out)
		*out = kept;
	return failure;
}

static int send_and_collect(struct drvp_pg *s, const char *sql, struct drv_error *err)
{
	if (!PQsendQuery(s->conn, sql))
		return lose(s, err);
	return collect(s, NULL, err);
}

/* A failed question leaves the transaction at the savepoint, with snapshot and locks. */
static int restore_savepoint(struct drvp_pg *s, struct drv_error *err)
{
	if (!s->pinned || PQtransactionStatus(s->conn) == PQTRANS_INTRANS)
		return 0;
	if (PQtransactionStatus(s->conn) == PQTRANS_INERROR)
		return send_and_collect(s, "ROLLBACK TO SAVEPOINT " DRVP_PG_SAVEPOINT, err);
	s->session.lost = true;
	return drvp_pg_fail(s, err, DRV_E_CONNECT,
			    "the read-only transaction has ended unexpectedly");
}

static int begin_question(struct drvp_pg *s, struct drv_error *err)
{
	int stop;

	if (s->session.lost)
		return drvp_pg_fail(s, err, DRV_E_CONNECT,
				    "the connection was given up after an earlier failure");
	s->asked_at = drvp_monotonic();
	s->deadline = s->asked_at + s->limits.work + GRACE;
	stop = drvp_limits_stop(&s->limits);
	if (stop)
		return drvp_pg_fail(s, err, stop, "%s", drvp_limits_stop_text(stop));
	return restore_savepoint(s, err);
}

int drvp_pg_batch(struct drvp_pg *s, const char *sql, struct drv_error *err)
{
	int status = begin_question(s, err);

	return status ? status : send_and_collect(s, sql, err);
}

static int send_statement(struct drvp_pg *s, const char *sql, struct drv_error *err)
{
	int status = begin_question(s, err);

	if (status)
		return status;
	if (!PQsendQueryParams(s->conn, sql, 0, NULL, NULL, NULL, NULL, 0))
		return lose(s, err);
	return 0;
}

int drvp_pg_query(struct drvp_pg *s, PGresult **out, int columns, const char *sql,
		  struct drv_error *err)
{
	int status = send_statement(s, sql, err);

	*out = NULL;
	if (!status && !PQsetSingleRowMode(s->conn))
		status = lose(s, err);
	if (!status)
		status = collect(s, out, err);
	if (!status && PQresultStatus(*out) != PGRES_TUPLES_OK)
		status = drvp_pg_fail(s, err, DRV_E_INTERNAL, "the server gave no rows");
	if (!status)
		status = drvp_pg_check_answer(s, *out, columns, err);
	if (status) {
		PQclear(*out);
		*out = NULL;
	}
	return status;
}

int drvp_pg_query_row(struct drvp_pg *s, PGresult **out, int columns, const char *sql,
		      struct drv_error *err)
{
	int status = drvp_pg_query(s, out, columns, sql, err);

	if (status || PQntuples(*out) == 1)
		return status;
	status = drvp_pg_fail(s, err, DRV_E_INTERNAL, "the server's answer has %d rows, and one was "
			      "asked for", PQntuples(*out));
	PQclear(*out);
	*out = NULL;
	return status;
}

/* ------------------------------------------------------------------ the rows of a query */

/*
 * Parses the statement without running it. One that gives no rows could be COMMIT, which would end
 * the snapshot.
 */
int drvp_pg_parse(struct drvp_pg *s, const char *sql, size_t values, struct drv_error *err)
{
	PGresult *description;
	int status = begin_question(s, err);

	if (status)
		return status;
	if (!PQsendPrepare(s->conn, "", sql, 0, NULL))
		return lose(s, err);
	status = collect(s, NULL, err);
	if (status)
		return status;
	if (!PQsendDescribePrepared(s->conn, ""))
		return lose(s, err);
	status = collect(s, &description, err);
	if (status)
		return status;
	if (!PQnfields(description))
		status = drvp_pg_fail(s, err, DRV_E_USAGE,
				      "the statement must be one query that gives rows");
	else if ((size_t)PQnparams(description) != values)
		status = drvp_pg_fail(s, err, DRV_E_USAGE, "the statement takes %d values, and %zu are "
				      "given", PQnparams(description), values);
	PQclear(description);
	return status;
}

/* 0 to go on, 1 when fn has seen enough. */
static int feed_result(struct drvp_pg *s, const PGresult *result, drvp_pg_result_fn fn, void *user,
		       uint64_t *rows, struct drv_error *err)
{
	ExecStatusType state = PQresultStatus(result);
	uint64_t bytes = 0;

	if (state == PGRES_TUPLES_OK)
		return 0;
	if (state != PGRES_SINGLE_TUPLE)
		return drvp_pg_fail_result(s, result, err);
	++*rows;
	for (int i = 0; i < PQnfields(result); i++)
		bytes += (uint64_t)PQgetlength(result, 0, i);
	drvp_flow_count(&s->session.flow, bytes);
	return fn(result, user);
}

int drvp_pg_each(struct drvp_pg *s, const char *sql, const char *const *values, size_t value_count,
		 drvp_pg_result_fn fn, void *user, uint64_t *rows, struct drv_error *err)
{
	PGresult *result;
	int status = drvp_pg_parse(s, sql, value_count, err);

	*rows = 0;
	if (status)
		return status;
	if (!PQsendQueryPrepared(s->conn, "", (int)value_count, values, NULL, NULL, 0) ||
	    !PQsetSingleRowMode(s->conn))
		return lose(s, err);
	while (!(status = next_result(s, &result, err)) && result) {
		status = feed_result(s, result, fn, user, rows, err);
		PQclear(result);
		if (!status && drvp_flow_is_due(&s->session.flow))
			status = keep_pace(s, err);
		if (status)
			break;
	}
	drvp_flow_settle(&s->session.flow, &s->limits);
	if (status)
		drvp_pg_abandon(s);
	return status < 0 ? status : 0;
}

/* ------------------------------------------------------------------ COPY */

int drvp_pg_copy_start(struct drvp_pg *s, const char *sql, struct drv_error *err)
{
	PGresult *result = NULL;
	int status = send_statement(s, sql, err);

	if (!status)
		status = next_result(s, &result, err);
	if (status)
		return status;
	if (PQresultStatus(result) != PGRES_COPY_OUT) {
		status = drvp_pg_fail_result(s, result, err);
		drvp_pg_abandon(s);
	}
	PQclear(result);
	return status;
}

int drvp_pg_copy_next(struct drvp_pg *s, char **bytes, size_t *len, struct drv_error *err)
{
	int status = drvp_flow_is_due(&s->session.flow) ? keep_pace(s, err) : 0;

	while (!status) {
		int n = PQgetCopyData(s->conn, bytes, 1);

		if (n > 0) {
			*len = (size_t)n;
			drvp_flow_count(&s->session.flow, *len);
			return 1;
		}
		if (n == -1)
			return 0;
		if (n < 0)
			return lose(s, err);
		status = receive(s, err);
	}
	return status;
}

/* PQgetCopyData() ends alike after success and failure: only the result tells. */
int drvp_pg_copy_finish(struct drvp_pg *s, uint64_t *rows, struct drv_error *err)
{
	PGresult *result = NULL;
	int64_t number;
	int status = keep_pace(s, err);

	if (!status)
		status = collect(s, &result, err);
	if (status)
		return status;
	if (drvp_pg_read_number(&number, PQcmdTuples(result)) && number >= 0)
		*rows = (uint64_t)number;
	else
		status = drvp_pg_fail(s, err, DRV_E_INTERNAL,
				      "the server does not say how many rows it sent");
	PQclear(result);
	return status;
}
