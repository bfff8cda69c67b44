/* pg_snapshot.c: pins one moment: locks first, then the snapshot, then a look at what it shows */
#include "store/pg.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LOCK_WAIT (5 * DRVP_SECOND)
#define LOCK_SAVEPOINT "drverify_lock"

/* All LOCAL: a pooler may hand the connection on. */
static const char settings[] =
	"SET LOCAL search_path = '';"
	"SET LOCAL client_encoding = 'UTF8';"
	"SET LOCAL row_security = off;"
	"SET LOCAL DateStyle = 'ISO, YMD';"
	"SET LOCAL IntervalStyle = 'postgres';"
	"SET LOCAL TimeZone = 'UTC';"
	"SET LOCAL extra_float_digits = 3;"
	"SET LOCAL bytea_output = 'hex';"
	"SET LOCAL xmloption = 'content';"
	"SET LOCAL lc_monetary = 'C';"
	"SET LOCAL quote_all_identifiers = off;"
	"SET LOCAL idle_in_transaction_session_timeout = 0;"
	"SET LOCAL jit = off;"
	"SET LOCAL client_min_messages = 'error';";

/*
 * What is read from here on is the heap itself, not an index that may be broken; scans by ctid
 * range are not concerned. A question that fails falls back to the savepoint.
 */
const char drvp_pg_ready[] =
	"SET LOCAL enable_indexscan = off;"
	"SET LOCAL enable_indexonlyscan = off;"
	"SET LOCAL enable_bitmapscan = off;"
	"SAVEPOINT " DRVP_PG_SAVEPOINT;

static int64_t milliseconds(int64_t duration)
{
	int64_t ms = duration / 1000;

	if (ms < 1)
		return 1;
	return ms < INT32_MAX ? ms : INT32_MAX;
}

/* This side ends first what the budget ends; the server sees to it should this side be gone. */
void drvp_pg_put_time_limit(const struct drvp_pg *s, struct drvp_strbuf *sql, int64_t duration)
{
	int64_t left = drvp_limits_shorten(&s->limits, INT64_MAX - DRVP_SECOND) + DRVP_SECOND;

	if (s->limits.until && (!duration || left < duration))
		duration = left;
	drvp_strbuf_printf(sql, "SET LOCAL statement_timeout = %" PRId64 ";",
			   duration ? milliseconds(duration) : 0);
}

int drvp_pg_limit_time(struct drvp_pg *s, int64_t duration, struct drv_error *err)
{
	struct drvp_strbuf sql = DRVP_STRBUF_INIT;
	int status = 0;

	if (drvp_limits_paced(&s->limits)) {
		drvp_pg_put_time_limit(s, &sql, duration);
		status = sql.failed ? drvp_fail_nomem(err) : drvp_pg_batch(s, sql.data, err);
	}
	drvp_strbuf_free(&sql);
	return status;
}

void drvp_pg_put_begin(struct drvp_pg *s, struct drvp_strbuf *sql, const char *snapshot)
{
	int64_t lock_wait = s->limits.work / 2 < LOCK_WAIT ? s->limits.work / 2 : LOCK_WAIT;

	drvp_strbuf_str(sql, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;");
	if (snapshot) {
		drvp_strbuf_str(sql, "SET TRANSACTION SNAPSHOT ");
		drvp_pg_put_literal(s, sql, snapshot, strlen(snapshot));
		drvp_strbuf_char(sql, ';');
	}
	drvp_strbuf_str(sql, settings);
	if (PQserverVersion(s->conn) >= 170000)
		drvp_strbuf_str(sql, "SET LOCAL transaction_timeout = 0;");
	drvp_pg_put_time_limit(s, sql, s->limits.work);
	drvp_strbuf_printf(sql, "SET LOCAL lock_timeout = %" PRId64 ";", milliseconds(lock_wait));
}

static int begin(struct drvp_pg *s, struct drv_error *err)
{
	struct drvp_strbuf sql = DRVP_STRBUF_INIT;
	int status;

	drvp_pg_put_begin(s, &sql, NULL);
	status = sql.failed ? drvp_fail_nomem(err) : drvp_pg_batch(s, sql.data, err);
	drvp_strbuf_free(&sql);
	return status;
}

int drvp_pg_check_settings(struct drvp_pg *s, struct drv_error *err)
{
	static const char question[] =
		"SELECT pg_catalog.current_setting('search_path') = '\"\"'"
		" AND pg_catalog.current_setting('transaction_read_only') = 'on'"
		" AND pg_catalog.current_setting('transaction_isolation') = 'repeatable read'"
		" AND pg_catalog.current_setting('TimeZone') = 'UTC'"
		" AND pg_catalog.current_setting('row_security') = 'off'";
	PGresult *result;
	int status = drvp_pg_query_row(s, &result, 1, question, err);

	if (status)
		return status;
	if (*PQgetvalue(result, 0, 0) != 't')
		status = drvp_fail(err, DRV_E_UNSUPPORTED,
				   "the server did not keep the settings of a transaction; connect "
				   "without a pooler in statement mode");
	PQclear(result);
	return status;
}

/* ------------------------------------------------------------------ locking */

/*
 * LOCK TABLE takes tables and views, and needs a right to the whole table. The rest is locked by
 * being looked at, after the snapshot; resolving again then tells whether it was too late.
 */
static bool takes_lock(const struct drvp_relation *relation)
{
	if (relation->state != DRVP_RELATION_READY)
		return false;
	return relation->kind == DRVP_VIEW ||
	       (relation->has_ctid && relation->kind != DRVP_MATERIALIZED_VIEW);
}

static bool needs_look(const struct drvp_relation *relation)
{
	return relation->state == DRVP_RELATION_READY && !takes_lock(relation) &&
	       relation->kind != DRVP_FOREIGN_TABLE;
}

static int state_of(int status)
{
	switch (status) {
	case DRV_E_BUSY:
		return DRVP_RELATION_BUSY;
	case DRV_E_MISSING:
		return DRVP_RELATION_MISSING;
	case DRV_E_DENIED:
		return DRVP_RELATION_DENIED;
	default:
		return DRVP_RELATION_READY;
	}
}

static const char *remedy_of(int state)
{
	switch (state) {
	case DRVP_RELATION_BUSY:
		return "another session locks it; find it in pg_locks, or try again later";
	case DRVP_RELATION_DENIED:
		return "GRANT SELECT on the tables below it to the view's owner";
	default:
		return NULL;
	}
}

/* Runs a statement that locks one relation; what refuses it becomes the relation's state. */
static int lock_by(struct drvp_pg *s, struct drvp_relation *relation, const char *before,
		   const char *after, struct drv_error *err)
{
	struct drvp_strbuf sql = DRVP_STRBUF_INIT;
	struct drv_error why = DRV_ERROR_INIT;
	int status;

	drvp_strbuf_printf(&sql, "SAVEPOINT " LOCK_SAVEPOINT ";%s", before);
	drvp_pg_put_relation(s, &sql, relation);
	drvp_strbuf_printf(&sql, "%s;RELEASE SAVEPOINT " LOCK_SAVEPOINT, after);
	status = sql.failed ? drvp_fail_nomem(&why) : drvp_pg_batch(s, sql.data, &why);
	drvp_strbuf_free(&sql);
	relation->state = state_of(status);
	if (relation->state != DRVP_RELATION_READY) {
		relation->remedy = remedy_of(relation->state);
		return drvp_pg_batch(s, "ROLLBACK TO SAVEPOINT " LOCK_SAVEPOINT
				     ";RELEASE SAVEPOINT " LOCK_SAVEPOINT, err);
	}
	if (status) {
		drvp_fail(err, status, "locking %s.%s: %s", relation->schema, relation->name,
			  why.message);
		if (err)
			memcpy(err->sqlstate, why.sqlstate, sizeof err->sqlstate);
	}
	return status;
}

static int lock_all(struct drvp_pg *s, struct drvp_relation *relations, size_t count,
		    struct drv_error *err)
{
	int status = 0;

	for (size_t i = 0; i < count && !status; i++)
		if (takes_lock(&relations[i]))
			status = lock_by(s, &relations[i], "LOCK TABLE ", " IN ACCESS SHARE MODE",
					 err);
	return status;
}

static int look_at_the_rest(struct drvp_pg *s, struct drvp_relation *relations, size_t count,
			    struct drv_error *err)
{
	int status = 0;

	for (size_t i = 0; i < count && !status; i++)
		if (needs_look(&relations[i]))
			status = lock_by(s, &relations[i], "EXPLAIN SELECT FROM ", "", err);
	return status;
}

/* Workers lock too: were the first connection lost, the tables could be emptied under them. */
static int note_locks(struct drvp_pg *s, const struct drvp_relation *relations, size_t count,
		      struct drv_error *err)
{
	struct drvp_strbuf sql = DRVP_STRBUF_INIT;

	for (size_t i = 0; i < count; i++) {
		if (!takes_lock(&relations[i]))
			continue;
		drvp_strbuf_str(&sql, sql.len ? ", " : "LOCK TABLE ");
		drvp_pg_put_relation(s, &sql, &relations[i]);
	}
	if (sql.len)
		drvp_strbuf_str(&sql, " IN ACCESS SHARE MODE;");
	if (!sql.failed)
		s->pin.locks = drvp_arena_copy(&s->arena, sql.data, sql.len);
	drvp_strbuf_free(&sql);
	return s->pin.locks ? 0 : drvp_fail_nomem(err);
}

/* ------------------------------------------------------------------ the snapshot */

/* The first query of the transaction: it takes the snapshot. */
static int take_snapshot(struct drvp_pg *s, bool share, struct drv_error *err)
{
	struct drvp_strbuf sql = DRVP_STRBUF_INIT;
	PGresult *result = NULL;
	int status;

	drvp_strbuf_printf(
		&sql,
		"SELECT %s, pg_catalog.pg_is_in_recovery(),"
		" (EXTRACT(EPOCH FROM pg_catalog.clock_timestamp()) * 1000000)::pg_catalog.int8,"
		" (SELECT pg_catalog.bool_or(rolsuper) FROM pg_catalog.pg_roles"
		" WHERE rolname IN (session_user, current_user))",
		share ? "pg_catalog.pg_export_snapshot()" : "NULL");
	status = sql.failed ? drvp_fail_nomem(err) : drvp_pg_query_row(s, &result, 4, sql.data, err);
	drvp_strbuf_free(&sql);
	if (status)
		return status;
	if (share) {
		const char *name = PQgetvalue(result, 0, 0);

		s->pin.snapshot = drvp_arena_copy(&s->arena, name, strlen(name));
		if (!s->pin.snapshot)
			status = drvp_fail_nomem(err);
	}
	s->session.alone = !share;
	s->in_recovery = *PQgetvalue(result, 0, 1) == 't';
	s->server_now = strtoll(PQgetvalue(result, 0, 2), NULL, 10);
	s->superuser = *PQgetvalue(result, 0, 3) == 't';
	PQclear(result);
	return status;
}

static int lock_and_take(struct drvp_pg *s, struct drvp_relation *relations, size_t count,
			 bool share, struct drv_error *err)
{
	int status = begin(s, err);

	if (!status)
		status = lock_all(s, relations, count, err);
	return status ? status : take_snapshot(s, share, err);
}

/* A server that cannot share a snapshot still has one, for a single connection. */
static int pin_moment(struct drvp_pg *s, struct drvp_relation *relations, size_t count,
		      struct drv_error *err)
{
	int status = lock_and_take(s, relations, count, true, err);

	if (status != DRV_E_UNSUPPORTED && status != DRV_E_DENIED && status != DRV_E_INTERNAL &&
	    status != DRV_E_USAGE)
		return status;
	status = drvp_pg_batch(s, "ROLLBACK", err);
	return status ? status : lock_and_take(s, relations, count, false, err);
}

/* What the snapshot shows, where locking did not already say that it cannot be read. */
static int resolve_again(struct drvp_pg *s, const struct drvp_target *targets, size_t count,
			 struct drvp_relation *relations, struct drv_error *err)
{
	struct drvp_relation *seen = drvp_arena_array(&s->arena, count, sizeof *seen);
	int status = seen ? drvp_pg_resolve(s, targets, count, seen, err) : drvp_fail_nomem(err);

	for (size_t i = 0; i < count && !status; i++)
		if (relations[i].state == DRVP_RELATION_READY)
			relations[i] = seen[i];
	return status;
}

static int note_pin(struct drvp_pg *s, const struct drvp_relation *relations, size_t count,
		    struct drv_error *err)
{
	int status = s->supply ? 0 : drvp_pg_note_parameters(s, err);

	if (!status)
		status = note_locks(s, relations, count, err);
	return status ? status : drvp_pg_ask_server(s, &s->pin.system_identifier, &s->pin.started,
						    err);
}

/* A short transaction of its own, so that only what may be locked is locked. */
static int resolve_first(struct drvp_pg *s, const struct drvp_target *targets, size_t count,
			 struct drvp_relation *relations, struct drv_error *err)
{
	int status = begin(s, err);

	if (!status)
		status = drvp_pg_resolve(s, targets, count, relations, err);
	return status ? status : drvp_pg_batch(s, "ROLLBACK", err);
}

int drvp_pg_freeze(struct drvp_session *session, const struct drvp_target *targets, size_t count,
		   struct drvp_relation **out, struct drv_error *err)
{
	struct drvp_pg *s = drvp_pg(session);
	struct drvp_relation *relations = drvp_arena_array(&s->arena, count, sizeof *relations);
	int status;

	*out = NULL;
	if (!relations)
		return drvp_fail_nomem(err);
	status = resolve_first(s, targets, count, relations, err);
	if (!status)
		status = pin_moment(s, relations, count, err);
	if (!status)
		status = look_at_the_rest(s, relations, count, err);
	if (!status)
		status = resolve_again(s, targets, count, relations, err);
	if (!status)
		status = drvp_pg_describe(s, relations, count, err);
	if (!status)
		status = drvp_pg_batch(s, drvp_pg_ready, err);
	if (status)
		return status;
	s->pinned = true;
	status = drvp_pg_check_settings(s, err);
	if (!status)
		status = note_pin(s, relations, count, err);
	if (!status)
		*out = relations;
	return status;
}
