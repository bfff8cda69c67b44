/* pg_sqlstate.c: sorts what a server says into damage, no rights, try later, and so on */
#include "store/pg.h"

#include <string.h>

struct rule {
	const char *prefix;          /* a whole SQLSTATE, or how its class begins */
	int status;
};

/* The first that fits counts, so exact codes stand before their class. */
static const struct rule rules[] = {
	{ "XX001", DRV_E_DAMAGED },     /* data_corrupted */
	{ "XX002", DRV_E_DAMAGED },     /* index_corrupted */
	{ "58P01", DRV_E_DAMAGED },     /* undefined_file: a relation's file is not there */
	{ "58030", DRV_E_DAMAGED },     /* io_error: a block cannot be read */

	{ "42501", DRV_E_DENIED },      /* insufficient_privilege, row security included */
	{ "28", DRV_E_DENIED },         /* invalid authorization */

	{ "42P01", DRV_E_MISSING },     /* undefined_table */
	{ "42703", DRV_E_MISSING },     /* undefined_column */
	{ "42704", DRV_E_MISSING },     /* undefined_object */
	{ "3D000", DRV_E_MISSING },     /* no such database */
	{ "3F000", DRV_E_MISSING },     /* no such schema */

	{ "55P03", DRV_E_BUSY },        /* lock_not_available */
	{ "55006", DRV_E_BUSY },        /* object_in_use */
	{ "57P03", DRV_E_BUSY },        /* cannot_connect_now: starting up or shutting down */
	{ "40", DRV_E_BUSY },           /* recovery conflict, deadlock, serialization */
	{ "53", DRV_E_BUSY },           /* no memory, no disk, too many connections */

	{ "57014", DRV_E_CANCELLED },   /* query_canceled; the clock tells time-outs apart */

	{ "25P03", DRV_E_CONNECT },     /* idle_in_transaction_session_timeout */
	{ "25P04", DRV_E_CONNECT },     /* transaction_timeout */
	{ "57P", DRV_E_CONNECT },       /* terminated, crashed, database dropped, idle */
	{ "08", DRV_E_CONNECT },        /* connection exception */

	{ "0A", DRV_E_UNSUPPORTED },    /* feature not supported */
	{ "54", DRV_E_UNSUPPORTED },    /* program limit, such as a field above 1 GB */
	{ "55000", DRV_E_UNSUPPORTED }, /* wrong state: a materialized view without its data */
	{ "22P05", DRV_E_UNSUPPORTED }, /* a character that text cannot hold: \u0000 in json */

	{ "25001", DRV_E_USAGE },       /* the document's SQL tries to change the transaction */
	{ "25006", DRV_E_USAGE },       /* … to write */
	{ "2D000", DRV_E_USAGE },       /* … to end the transaction, in a procedure */
	{ "22P02", DRV_E_USAGE },       /* a literal that is none of the column's type */
	{ "22003", DRV_E_USAGE },
	{ "22007", DRV_E_USAGE },
	{ "22008", DRV_E_USAGE },
	{ "22023", DRV_E_USAGE },       /* such as an unknown time zone */
	{ "42", DRV_E_USAGE },          /* syntax, operators, types: the document's SQL or values */
};

int drvp_pg_status(const char *sqlstate)
{
	if (!sqlstate)
		return DRV_E_INTERNAL;
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		if (!strncmp(sqlstate, rules[i].prefix, strlen(rules[i].prefix)))
			return rules[i].status;
	return DRV_E_INTERNAL;
}

/* Up to the end of the line, its first to its last quotation mark replaced by an ellipsis. */
static void print_unquoted(struct drvp_strbuf *out, const char *text, size_t len)
{
	const char *first = memchr(text, '"', len);
	const char *last = first ? memrchr(text, '"', len) : NULL;

	if (!first) {
		drvp_strbuf_add(out, text, len);
		return;
	}
	drvp_strbuf_add(out, text, (size_t)(first - text));
	drvp_strbuf_str(out, "…");
	drvp_strbuf_add(out, last + 1, len - (size_t)(last + 1 - text));
}

/* Classes of errors that come from SQL, constraints and languages of the user's own: PL/pgSQL,
 * integrity, external routines, and the class that RAISE statements like to take. */
static bool is_raised(const char *code)
{
	static const char *const classes[] = { "P0", "23", "38", "39", "45" };

	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
		if (!strncmp(code, classes[i], 2))
			return true;
	return false;
}

void drvp_pg_print_message(struct drvp_strbuf *out, const char *code, const char *message)
{
	size_t len = strcspn(message, "\r\n");
	const char *bytes;

	/* Raised by functions and constraints of the user's own, so it may say anything. */
	if (is_raised(code)) {
		drvp_strbuf_str(out, "the database's own code raised an error");
		return;
	}
	if (strncmp(code, "22", 2)) {
		drvp_strbuf_add(out, message, len);
		return;
	}
	/* Data exceptions quote the data, or list its bytes as 0x…. */
	bytes = memmem(message, len, "0x", 2);
	if (bytes)
		len = (size_t)(bytes - message);
	print_unquoted(out, message, len);
}

void drvp_pg_print_cause(struct drvp_strbuf *out, const char *message)
{
	size_t len = strcspn(message, "\r\n");
	const char *failed = memmem(message, len, " failed: ", 9);

	if (failed) {
		len -= (size_t)(failed + 9 - message);
		message = failed + 9;
	}
	print_unquoted(out, message, len);
}

int drvp_pg_fail(const struct drvp_pg *s, struct drv_error *err, int status, const char *format,
		 ...)
{
	struct drvp_strbuf message = DRVP_STRBUF_INIT;
	va_list args;

	if (s->about)
		drvp_strbuf_printf(&message, "%s.%s: ", s->about->schema, s->about->name);
	va_start(args, format);
	drvp_strbuf_vprintf(&message, format, args);
	va_end(args);
	status = message.failed ? drvp_fail_nomem(err) :
				  drvp_fail(err, status, "%s", drvp_strbuf_text(&message));
	drvp_strbuf_free(&message);
	return status;
}

/* A statement_timeout and an administrator's cancel have the same code. */
static int refine(const struct drvp_pg *s, int status)
{
	int stop = drvp_limits_stop(&s->limits);

	if (status != DRV_E_CANCELLED)
		return status;
	if (stop)
		return stop;
	return drvp_monotonic() - s->asked_at >= s->limits.work - s->limits.work / 20 ?
		       DRV_E_TIMEOUT : DRV_E_CANCELLED;
}

static bool ends_session(const struct drvp_pg *s, const PGresult *result)
{
	const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

	return PQstatus(s->conn) == CONNECTION_BAD ||
	       (severity && (!strcmp(severity, "FATAL") || !strcmp(severity, "PANIC")));
}

/*
 * A limit of 1 GB that a value reaches only where it is printed, or with its row. The second is an
 * internal error to the server, whose words it does not translate.
 */
static bool is_too_large(const char *code, const char *text)
{
	static const char request[] = "invalid memory alloc request size";

	if (!code || !text)
		return false;
	return !strcmp(code, "54000") ||
	       (!strcmp(code, "XX000") && !strncmp(text, request, sizeof request - 1));
}

int drvp_pg_fail_result(struct drvp_pg *s, const PGresult *result, struct drv_error *err)
{
	const char *code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *file = PQresultErrorField(result, PG_DIAG_SOURCE_FILE);
	const char *function = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);
	struct drvp_strbuf message = DRVP_STRBUF_INIT;
	int status = refine(s, drvp_pg_status(code));

	if (ends_session(s, result)) {
		s->session.lost = true;
		status = DRV_E_CONNECT;
		drvp_strbuf_str(&message, "the connection ended: ");
	}
	/*
	 * A missing library of an extension has the code of a missing data file, and so has a file
	 * that the document's own SQL wants to read.
	 */
	if (status == DRV_E_DAMAGED && file && (!strcmp(file, "dfmgr.c") ||
						!strcmp(file, "genfile.c")))
		status = DRV_E_UNSUPPORTED;
	if (is_too_large(code, text) && status == DRV_E_INTERNAL)
		status = DRV_E_UNSUPPORTED;
	if (function && !strcmp(function, "exec_stmt_raise"))
		code = "P0001";
	/* What was not found in the statement's own text was looked for by a value. */
	if (code && text && !strncmp(code, "42", 2) &&
	    !PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION))
		print_unquoted(&message, text, strcspn(text, "\r\n"));
	else if (code && text)
		drvp_pg_print_message(&message, code, text);
	else
		drvp_pg_print_cause(&message, PQresultErrorMessage(result));
	if (status == DRV_E_TIMEOUT)
		drvp_strbuf_str(&message, "; allow more time or look at the server's load");
	if (is_too_large(code, text))
		drvp_strbuf_str(&message, "; a value or a row is larger than the server can send, or "
				"its length is damaged: exclude its column, or look for it with "
				"pg_amcheck");
	if (status == DRV_E_BUSY)
		drvp_strbuf_str(&message, "; try again later");
	status = message.failed ? drvp_fail_nomem(err) :
				  drvp_pg_fail(s, err, status, "%s", drvp_strbuf_text(&message));
	if (err && code)
		strncpy(err->sqlstate, code, sizeof err->sqlstate - 1);
	drvp_strbuf_free(&message);
	return status;
}
