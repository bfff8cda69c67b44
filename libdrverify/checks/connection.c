/* connection.c: the source is there, is the right one, and is not left in a restore's settings */
#include <stddef.h>
#include <string.h>

#include "checks/check.h"

struct connection {
	bool tls;
	bool standby;
};

static const struct drvp_field fields[] = {
	{ .name = "tls", .kind = DRVP_FIELD_BOOL, .offset = offsetof(struct connection, tls),
	  .help = "true: the connection must be encrypted." },
	{ .name = "standby", .kind = DRVP_FIELD_BOOL, .offset = offsetof(struct connection, standby),
	  .help = "true: the server is expected to be a standby." },
	{ 0 }
};

static const struct drv_explanation codes[] = {
	{ "connection.other_system", DRV_FAIL,
	  "The server is not a physical copy of the one in the baseline: its system identifier differs.",
	  "The address leads to another cluster, or a new one was initialised and loaded from a dump.",
	  "Check the address; if it was restored from a dump, state \"restored_by\": \"logical\"." },
	{ "connection.unidentified", DRV_INCONCLUSIVE,
	  "The baseline says which system it was, but this server does not tell which one it is.",
	  "The role may not call pg_control_system(), or a proxy answers in the server's place.",
	  "GRANT EXECUTE ON FUNCTION pg_control_system() to the role; run drverify again." },
	{ "connection.other_set", DRV_WARN,
	  "The server belongs to another replica set than the one in the baseline.",
	  "The address leads to another deployment, or the restored files were given a new set name.",
	  "Check the address; if it was restored from a dump, state \"restored_by\": \"logical\"." },
	{ "connection.in_recovery", DRV_WARN,
	  "The server is still in recovery: it is a standby, or has not been promoted.",
	  "Recovery waits for WAL, is paused at its target, or the promotion was forgotten.",
	  "Look at pg_is_wal_replay_paused() and the log; promote it when the point is right." },
	{ "connection.setting", DRV_WARN,
	  "A setting that speeds up a restore, or hides damage, is still on.",
	  "It was set for the restore and not taken back.",
	  "Set it back and reload or restart the server before going live." },
	{ "connection.no_tls", DRV_WARN, "The connection is not encrypted, though it must be.",
	  "The recovered server has no certificate yet, or the client does not ask for TLS.",
	  "Configure TLS on the server; use sslmode=verify-full, or tls=true for MongoDB." },
	{ NULL, 0, NULL, NULL, NULL }
};

/* The engine has asked the server already: reaching this point is the measurement. */
static int measure(const struct drvp_measure *m, struct drv_error *err)
{
	(void)m;
	(void)err;
	return 0;
}

/* What a copy of the files shares with the server that it is a copy of. */
static void judge_copy(const struct drvp_recorded_identity *recorded,
		       const struct drvp_circumstances *c, struct drvp_verdict *out)
{
	if (c->lineage->identity_conflict)
		drvp_find(out, "connection.other_system", 0, NULL,
			  "the system identifier differs from the baseline's, though the source is "
			  "restored physically");
	if (recorded->system_identifier && !c->identity->system_identifier)
		drvp_find(out, "connection.unidentified", 0, NULL,
			  "the server does not tell its system identifier, which the baseline has");
	if (recorded->set_name && !c->settings->capture &&
	    strcmp(recorded->set_name, c->identity->set_name) != 0)
		drvp_find(out, "connection.other_set", 0, NULL, "the replica set is \"%s\", in the "
			  "baseline it is \"%s\"", c->identity->set_name, recorded->set_name);
}

static void judge(const struct drvp_item *item, const struct drvp_tally *tally,
		  const struct drvp_circumstances *c, struct drvp_verdict *out)
{
	const struct connection *config = item->config;
	const struct drvp_identity *identity = c->identity;

	(void)tally;
	drvp_summarise(out, "%s at %s%s", identity->server, identity->address,
		       identity->tls ? ", TLS" : "");
	if (item->source->restored_by.set && item->source->restored_by.value == DRVP_RESTORED_PHYSICAL)
		judge_copy(&item->source->identity, c, out);
	if (identity->in_recovery && !config->standby)
		drvp_find(out, "connection.in_recovery", 0, NULL, "the server is in recovery");
	if (config->tls && identity->tls_unknown)
		drvp_verdict_undecided(out, "check.not_possible", "", "the driver does not tell "
				       "whether the connection that was lent is encrypted");
	else if (config->tls && !identity->tls)
		drvp_find(out, "connection.no_tls", 0, NULL, "the connection is not encrypted");
	for (size_t i = 0; i < identity->warning_count; i++)
		drvp_find(out, "connection.setting", 0, NULL, "%s", identity->warnings[i]);
}

const struct drvp_check drvp_check_connection = {
	.name = "connection",
	.help = "Reaches the source and looks whether it is the right one, promoted, and set up for "
		"service.",
	.stores = DRVP_ON_BOTH,
	.shape = DRVP_WHOLE_SOURCE,
	.cost = 0,
	.config_size = sizeof(struct connection),
	.fields = fields,
	.codes = codes,
	.measure = measure,
	.judge = judge,
	.foresee = judge,
};
