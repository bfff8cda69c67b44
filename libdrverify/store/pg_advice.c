/* pg_advice.c: what may get into the way of reading a PostgreSQL server, besides single tables */
#include "store/pg.h"

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
	") a(lacking, message, statement) WHERE a.lacking"
	" UNION ALL SELECT 'source.standby', 'this is a standby, where reading that takes longer than '"
	" || pg_catalog.current_setting('max_standby_streaming_delay') || ' may be cancelled', ''"
	" WHERE pg_catalog.pg_is_in_recovery()"
	" AND pg_catalog.current_setting('max_standby_streaming_delay') <> '-1'"
	" AND pg_catalog.current_setting('hot_standby_feedback') = 'off'";

/* A pooler gives each client a number of its own for the process that answers. */
static int ask_pooler(struct drvp_pg *s, drvp_advice_fn fn, void *user, struct drv_error *err)
{
	char answering[24];
	const char *process;
	int status = drvp_pg_ask_text(s, "SELECT pg_catalog.pg_backend_pid()", &process, err);

	snprintf(answering, sizeof answering, "%d", PQbackendPID(s->conn));
	if (!status && *process && strcmp(process, answering))
		fn("source.pooler", "a connection pooler stands before the server: verifying keeps one "
		   "transaction open to the end on each of its --jobs connections, which a pooler's "
		   "own time-outs (query_timeout, idle_transaction_timeout) and a small pool cut short",
		   "", user);
	return status;
}

int drvp_pg_advise(struct drvp_session *session, const struct drvp_identity *identity, bool moment,
		   drvp_advice_fn fn, void *user, struct drv_error *err)
{
	struct drvp_pg *s = drvp_pg(session);
	struct drvp_strbuf sql = DRVP_STRBUF_INIT;
	PGresult *result = NULL;
	int status;

	s->about = NULL;
	drvp_strbuf_printf(&sql, question, moment && identity->timeline > 1 ? "true" : "false",
			   moment ? "true" : "false");
	status = sql.failed ? drvp_fail_nomem(err) : drvp_pg_query(s, &result, sql.data, err);
	for (int i = 0; i < PQntuples(result); i++)
		fn(PQgetvalue(result, i, 0), PQgetvalue(result, i, 1), PQgetvalue(result, i, 2), user);
	PQclear(result);
	drvp_strbuf_free(&sql);
	return status ? status : ask_pooler(s, fn, user, err);
}
