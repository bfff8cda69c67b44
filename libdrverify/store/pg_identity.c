/* pg_identity.c: which PostgreSQL server this is, which moment it shows, and what looks wrong */
#include "store/pg.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ what may be refused */

int drvp_pg_ask_text(struct drvp_pg *s, const char *sql, const char **out, struct drv_error *err)
{
	PGresult *result;
	const char *text = "";
	int status = drvp_pg_query(s, &result, 1, sql, err);

	*out = "";
	if (status == DRV_E_CONNECT || status == DRV_E_CANCELLED || status == DRV_E_TIMEOUT ||
	    status == DRV_E_NOMEM)
		return status;
	if (!status && PQntuples(result) > 0)
		text = PQgetvalue(result, 0, 0);
	*out = drvp_arena_copy(&s->arena, text, strlen(text));
	if (!status)
		PQclear(result);
	return *out ? 0 : drvp_fail_nomem(err);
}

int drvp_pg_ask_server(struct drvp_pg *s, const char **system_identifier, const char **started,
		       struct drv_error *err)
{
	int status = drvp_pg_ask_text(
		s, "SELECT system_identifier FROM pg_catalog.pg_control_system()",
		system_identifier, err);

	return status ? status : drvp_pg_ask_text(
		s, "SELECT pg_catalog.pg_postmaster_start_time()", started, err);
}

/* ------------------------------------------------------------------ the moment */

static int ask_start(struct drvp_pg *s, struct drvp_identity *out, struct drv_error *err)
{
	static const char sql[] = "SELECT oid FROM pg_catalog.pg_database"
				  " WHERE datname = pg_catalog.current_database()";
	const char *oid;
	int status = drvp_pg_ask_text(s, sql, &oid, err);

	if (status)
		return status;
	out->database_oid = (uint32_t)strtoul(oid, NULL, 10);
	if (!drvp_instant_parse(&out->server_started, s->pin.started, strlen(s->pin.started)))
		out->server_started = 0;
	return 0;
}

static bool read_lsn(uint64_t *lsn, const char *text)
{
	unsigned high, low;

	if (sscanf(text, "%X/%X", &high, &low) != 2)
		return false;
	*lsn = (uint64_t)high << 32 | low;
	return true;
}

/*
 * Asked after the snapshot was taken, so that what it shows lies before. What is written to disk
 * may still be behind that, where commits do not wait for it.
 */
static int ask_lsn(struct drvp_pg *s, uint64_t *lsn, struct drv_error *err)
{
	const char *sql = s->in_recovery ? "SELECT pg_catalog.pg_last_wal_replay_lsn()" :
					   "SELECT pg_catalog.pg_current_wal_insert_lsn()";
	const char *text;
	int status = drvp_pg_ask_text(s, sql, &text, err);

	if (!status)
		read_lsn(lsn, text);
	return status;
}

/*
 * Where all of those from the oldest running one on are running, the snapshot is what the ones
 * before it have left. A standby does not list them, but a single one needs no list.
 */
static int ask_transaction(struct drvp_pg *s, uint64_t *next, struct drv_error *err)
{
	static const char sql[] =
		"SELECT s.xmin FROM (SELECT pg_catalog.txid_snapshot_xmin(s) AS xmin,"
		" pg_catalog.txid_snapshot_xmax(s) AS xmax,"
		" (SELECT count(*) FROM pg_catalog.txid_snapshot_xip(s)) AS running"
		" FROM pg_catalog.txid_current_snapshot() s) s"
		" WHERE s.xmax - s.xmin <= 1 OR s.xmax - s.xmin = s.running";
	const char *text;
	int status = drvp_pg_ask_text(s, sql, &text, err);

	if (!status)
		*next = strtoull(text, NULL, 10);
	return status;
}

/* The file that is written now is of the present timeline; the last checkpoint may be older. */
static int ask_timeline_written(struct drvp_pg *s, struct drvp_identity *out, struct drv_error *err)
{
	static const char sql[] = "SELECT pg_catalog.substr(pg_catalog.pg_walfile_name("
				  "pg_catalog.pg_current_wal_lsn()), 1, 8)";
	const char *text;
	int status = drvp_pg_ask_text(s, sql, &text, err);

	if (status)
		return status;
	out->timeline = (uint32_t)strtoul(text, NULL, 16);
	out->timeline_until = UINT64_MAX;
	return 0;
}

/*
 * The timeline that a standby is on its way to has its history beside the WAL from the start, but
 * only some roles may look. The control file, which all may read, learns of it later.
 */
static int ask_timeline_replayed(struct drvp_pg *s, struct drvp_identity *out, struct drv_error *err)
{
	static const char control[] =
		"SELECT greatest(c.timeline_id, r.min_recovery_end_timeline)"
		" FROM pg_catalog.pg_control_checkpoint() c, pg_catalog.pg_control_recovery() r";
	static const char until[] = "SELECT min_recovery_end_lsn FROM pg_catalog.pg_control_recovery()";
	static const char target[] =
		"SELECT coalesce(max(pg_catalog.substr(name, 1, 8)), '0')"
		" FROM pg_catalog.pg_ls_waldir() WHERE name LIKE '________.history'";
	const char *known, *position = "", *files = "";
	unsigned long there;
	int status = drvp_pg_ask_text(s, control, &known, err);

	if (!status)
		status = drvp_pg_ask_text(s, until, &position, err);
	if (!status)
		status = drvp_pg_ask_text(s, target, &files, err);
	if (status)
		return status;
	out->timeline = (uint32_t)strtoul(known, NULL, 10);
	read_lsn(&out->timeline_until, position);
	if (!files[0])
		return 0;
	out->timeline_until = UINT64_MAX;
	there = strtoul(files, NULL, 16);
	if (there > out->timeline && there <= UINT32_MAX)
		out->timeline = (uint32_t)there;
	return 0;
}

/* Of more lines than there is room for, the last ones are kept. */
static void read_history(struct drvp_identity *out, const char *text)
{
	const size_t most = sizeof out->history / sizeof *out->history;
	unsigned timeline, high, low;

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, "%u %X/%X", &timeline, &high, &low) != 3)
			continue;
		if (out->history_count == most)
			memmove(out->history, out->history + 1, --out->history_count *
				sizeof *out->history);
		out->history[out->history_count++] =
			(struct drvp_switch){ timeline, (uint64_t)high << 32 | low };
	}
}

/* Only where the role may: the file says where the server left which timeline. */
static int ask_history(struct drvp_pg *s, struct drvp_identity *out, struct drv_error *err)
{
	char sql[100];
	const char *text;
	int status;

	if (out->timeline < 2)
		return 0;
	snprintf(sql, sizeof sql, "SELECT pg_catalog.pg_read_file('pg_wal/%08" PRIX32 ".history')",
		 out->timeline);
	status = drvp_pg_ask_text(s, sql, &text, err);
	if (!status)
		read_history(out, text);
	return status;
}

/* ------------------------------------------------------------------ warnings */

/*
 * reset_val: what other sessions get, whatever this one has set for itself. That this role, or this
 * connection, is to write nothing is no setting of the server's.
 */
static const char suspicious[] =
	"SELECT 'setting ' || name || ' is ' || reset_val"
	" || CASE source WHEN 'database' THEN ', for this database' ELSE '' END"
	" FROM pg_catalog.pg_settings"
	" WHERE name IN ('fsync', 'full_page_writes', 'autovacuum') AND reset_val = 'off'"
	" OR name IN ('zero_damaged_pages', 'ignore_checksum_failure', 'ignore_invalid_pages',"
	" 'ignore_system_indexes') AND reset_val = 'on'"
	" OR name = 'default_transaction_read_only' AND reset_val = 'on'"
	" AND source NOT IN ('user', 'database user', 'client')"
	" OR name = 'session_replication_role' AND reset_val <> 'origin' ORDER BY name";

#define WARNINGS_MAX (sizeof((struct drvp_identity *)0)->warnings / \
		      sizeof((struct drvp_identity *)0)->warnings[0])

static int ask_warnings(struct drvp_pg *s, struct drvp_identity *out, struct drv_error *err)
{
	PGresult *result;
	int status = drvp_pg_query(s, &result, 1, suspicious, err);

	if (status)
		return status;
	for (int i = 0; i < PQntuples(result) && out->warning_count < WARNINGS_MAX; i++)
		snprintf(out->warnings[out->warning_count++], sizeof out->warnings[0], "%s",
			 PQgetvalue(result, i, 0));
	PQclear(result);
	return 0;
}

/* ------------------------------------------------------------------ all of it */

static int name_server(struct drvp_pg *s, struct drvp_identity *out, struct drv_error *err)
{
	const char *version = PQparameterStatus(s->conn, "server_version");
	struct drvp_strbuf place = DRVP_STRBUF_INIT;
	int status;

	version = version ? version : "";
	snprintf(out->server, sizeof out->server, "PostgreSQL %.*s", (int)strcspn(version, " "),
		 version);
	drvp_pg_print_place(&place, s->conn);
	status = place.failed ? drvp_fail_nomem(err) : 0;
	snprintf(out->address, sizeof out->address, "%s", drvp_strbuf_text(&place));
	drvp_strbuf_free(&place);
	return status;
}

int drvp_pg_identify(struct drvp_session *session, struct drvp_identity *out,
		     struct drv_error *err)
{
	struct drvp_pg *s = drvp_pg(session);
	int status;

	memset(out, 0, sizeof *out);
	s->about = NULL;
	status = name_server(s, out, err);
	out->tls = PQsslInUse(s->conn);
	out->in_recovery = s->in_recovery;
	out->superuser = s->superuser;
	out->system_identifier = strtoull(s->pin.system_identifier, NULL, 10);
	out->server_now = s->server_now;
	snprintf(out->consistency, sizeof out->consistency, "%s",
		 s->pin.snapshot ? "one snapshot" :
				   "one snapshot, one connection (the server cannot share it)");
	if (!status)
		status = ask_start(s, out, err);
	if (!status)
		status = ask_lsn(s, &out->lsn, err);
	if (!status)
		status = (s->in_recovery ? ask_timeline_replayed : ask_timeline_written)(s, out, err);
	if (!status)
		status = ask_transaction(s, &out->next_transaction, err);
	if (!status)
		status = ask_history(s, out, err);
	return status ? status : ask_warnings(s, out, err);
}
