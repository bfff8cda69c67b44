/* pg_advice.c: what may get into the way of reading a PostgreSQL server, besides single tables */
#include "store/pg.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Names and settings only; NULL where nothing is the matter. All that it asks is open to anybody. */
static const char question[] =
	"SELECT 'source.rights', a.message, a.statement || pg_catalog.quote_ident(current_user)"
	" FROM (VALUES"
	" (NOT pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE'),"
	" 'the role may not ask which system this is',"
	" 'GRANT EXECUTE ON FUNCTION pg_catalog.pg_control_system() TO '),"
	" (%s AND NOT pg_catalog.pg_is_in_recovery() AND NOT"
	" pg_catalog.has_function_privilege('pg_catalog.pg_read_file(text)', 'EXECUTE'),"
	" 'the role may not read where the server left its earlier timeline',"
	" 'GRANT EXECUTE ON FUNCTION pg_catalog.pg_read_file(text) TO '),"
	" (%s AND pg_catalog.pg_is_in_recovery() AND NOT"
	" pg_catalog.has_function_privilege('pg_catalog.pg_ls_waldir()', 'EXECUTE'),"
	" 'the role may not see which timeline this standby follows', 'GRANT pg_monitor TO ')"
	") a(lacking, message, statement) WHERE a.lacking";

/*
 * A standby that applies WAL may cancel who has read it for longer than its time of grace. Of a
 * shorter run, twice as long as is expected, nothing is in the way.
 */
static const char standby[] =
	" UNION ALL SELECT 'source.standby', 'this is a standby, where reading that takes longer than '"
	" || pg_catalog.current_setting(d.name) || ' (' || d.name || ') may be cancelled%s', ''"
	" FROM pg_catalog.pg_settings d WHERE d.name = CASE WHEN EXISTS (SELECT FROM"
	" pg_catalog.pg_stat_wal_receiver) THEN 'max_standby_streaming_delay'"
	" ELSE 'max_standby_archive_delay' END"
	" AND CASE WHEN pg_catalog.pg_is_in_recovery() THEN NOT pg_catalog.pg_is_wal_replay_paused()"
	" ELSE false END"
	" AND d.setting <> '-1' AND d.setting::pg_catalog.int8 <= %" PRIu64
	" AND pg_catalog.current_setting('hot_standby_feedback') = 'off'";

/*
 * Files of the server's disk are not restored with its data: without those of an extension, values
 * of its types can be neither printed nor compared.
 */
static const char extensions[] =
	" UNION ALL SELECT 'source.extension', 'extension ' || e.extname || ' ' || e.extversion"
	" || ' is not installed on this server, so values of its types (such as ' || u.type"
	" || ' of ' || u.column || ') may not be readable', ''"
	" FROM pg_catalog.pg_extension e, LATERAL (SELECT t.typname AS type, c.relname || '.'"
	" || a.attname AS column FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_type t ON t.oid = d.objid"
	" JOIN pg_catalog.pg_attribute a ON a.atttypid IN (t.oid, t.typarray) AND a.attnum > 0"
	" JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'm')"
	" WHERE d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass"
	" AND d.refobjid = e.oid AND d.deptype = 'e'"
	" AND d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass"
	" ORDER BY c.relname, a.attname LIMIT 1) u"
	" WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_available_extensions() v WHERE v.name = e.extname)";

static int ask(struct drvp_pg *s, const struct drvp_identity *identity,
	       const struct drvp_prospect *prospect, drvp_advice_fn fn, void *user,
	       struct drv_error *err)
{
	struct drvp_strbuf sql = DRVP_STRBUF_INIT, expected = DRVP_STRBUF_INIT;
	PGresult *result = NULL;
	int status;

	if (prospect->seconds >= 0) {
		drvp_strbuf_str(&expected, "; it may take ");
		drvp_duration_print(&expected, (int64_t)(prospect->seconds * (double)DRVP_SECOND));
	}
	drvp_strbuf_printf(&sql, question, prospect->moment && identity->timeline > 1 ? "true" : "false",
			   prospect->moment ? "true" : "false");
	drvp_strbuf_printf(&sql, standby, drvp_strbuf_text(&expected),
			   prospect->seconds < 0 || prospect->seconds > 1e12 ?
			   INT64_MAX : (uint64_t)(prospect->seconds * 2000));
	drvp_strbuf_str(&sql, extensions);
	status = sql.failed || expected.failed ? drvp_fail_nomem(err) :
						 drvp_pg_query(s, &result, 3, sql.data, err);
	for (int i = 0; i < PQntuples(result); i++)
		fn(PQgetvalue(result, i, 0), PQgetvalue(result, i, 1), PQgetvalue(result, i, 2), user);
	PQclear(result);
	drvp_strbuf_free(&sql);
	drvp_strbuf_free(&expected);
	return status;
}

/* ------------------------------------------------------------------ poolers */

static int ask_process(struct drvp_pg *s, const char **process, struct drv_error *err)
{
	return drvp_pg_ask_text(s, "SELECT pg_catalog.pg_backend_pid()", process, err);
}

/*
 * Whether the pooler takes the server's process away from a client whose transaction has ended: then
 * the next client gets it. Where another one does, nothing is known.
 */
static bool is_shared(struct drvp_pg *s)
{
	struct drvp_session *first = NULL, *second = NULL;
	const char *before = "", *after = "";
	bool shared;

	if (!s->session.store->attach(&first, &s->session, NULL) &&
	    !ask_process(drvp_pg(first), &before, NULL)) {
		drvp_pg(first)->pinned = false;
		if (!drvp_pg_batch(drvp_pg(first), "ROLLBACK", NULL) &&
		    !s->session.store->attach(&second, &s->session, NULL))
			ask_process(drvp_pg(second), &after, NULL);
	}
	shared = after[0] && !strcmp(before, after);
	s->session.store->close(&second);
	s->session.store->close(&first);
	return shared;
}

/* A pooler gives each client a number of its own for the process that answers. */
static int ask_pooler(struct drvp_pg *s, const struct drvp_prospect *prospect, drvp_advice_fn fn,
		      void *user, struct drv_error *err)
{
	struct drvp_strbuf message = DRVP_STRBUF_INIT;
	char answering[24];
	const char *process;
	int status = ask_process(s, &process, err);

	snprintf(answering, sizeof answering, "%d", PQbackendPID(s->conn));
	if (status || !*process || !strcmp(process, answering))
		return status;
	drvp_strbuf_printf(&message, "a connection pooler%s stands before the server: verifying keeps "
			   "one transaction open to the end on each of its %u connections, which the "
			   "pool has to hold besides those of the application, and which a pooler's own "
			   "time-outs (query_timeout, idle_transaction_timeout) cut short",
			   is_shared(s) ? " in transaction mode" : "", prospect->connections);
	if (!message.failed)
		fn("source.pooler", message.data, "", user);
	status = message.failed ? drvp_fail_nomem(err) : 0;
	drvp_strbuf_free(&message);
	return status;
}

int drvp_pg_advise(struct drvp_session *session, const struct drvp_identity *identity,
		   const struct drvp_prospect *prospect, drvp_advice_fn fn, void *user,
		   struct drv_error *err)
{
	struct drvp_pg *s = drvp_pg(session);
	int status;

	s->about = NULL;
	status = ask(s, identity, prospect, fn, user, err);
	return status ? status : ask_pooler(s, prospect, fn, user, err);
}
