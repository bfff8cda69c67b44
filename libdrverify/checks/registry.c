/* registry.c: the list of checks, and the finding codes that any of them can end in */
#include <string.h>

#include "checks/check.h"
#include "report/report.h"

const struct drvp_check *const drvp_checks[] = {
	&drvp_check_connection,	     &drvp_check_row_count,   &drvp_check_collection_count,
	&drvp_check_encrypted_field, &drvp_check_audit_chain, &drvp_check_content,
	&drvp_check_freshness,	     &drvp_check_assert,      NULL,
};

const struct drv_explanation drvp_common_codes[] = {
	{ "source.unreachable", DRV_INCONCLUSIVE,
	  "The source could not be connected to, so nothing on it was verified.",
	  "The server is still starting or replaying, the address is that of the lost server, or a "
	  "firewall or a missing password is in the way.",
	  "Connect with psql or mongosh using the same address; then run drverify again." },
	{ "source.lost", DRV_INCONCLUSIVE,
	  "The connection broke while the check was reading.",
	  "The server crashed on damaged data, ran out of memory, was restarted or failed over.",
	  "Read the server's log of that minute; a crash that comes back points at damage." },
	{ "source.denied", DRV_INCONCLUSIVE,
	  "The source refused the login or the question.",
	  "Roles and passwords are restored apart from the data, or not at all.",
	  "Give the role the right that the message names; run drverify again." },
	{ "source.extension", DRV_WARN,
	  "The database uses an extension whose files this server does not have.",
	  "A physical restore brings the data to a machine where the extension's package is missing.",
	  "Install the package of the same version on this server; SELECT * FROM pg_extension lists "
	  "what the database expects." },
	{ "source.no_tls", DRV_WARN,
	  "The connection to another machine is not encrypted.",
	  "The recovered server has no certificate yet, or the client does not ask for TLS.",
	  "Use sslmode=verify-full, or tls=true for MongoDB; a connection check with \"tls\": true "
	  "makes it a demand." },
	{ "source.pooler", DRV_WARN,
	  "Between drverify and the server stands a connection pooler.",
	  "The application's address, which leads to a pooler, was used for verifying too.",
	  "Connect to the server itself. Else let the pool hold --jobs connections more, and switch off "
	  "the pooler's time-outs for this user." },
	{ "source.rights", DRV_WARN,
	  "The role lacks a right without which the server does not show which moment came back.",
	  "A role that may read all data need not see the server's own files and state.",
	  "Run the GRANT that drverify doctor prints, or say the moment with --restored-to." },
	{ "source.standby", DRV_WARN,
	  "The server is a standby that may cancel reading which takes long.",
	  "Replay of what was vacuumed on the primary comes before queries, after a time of grace.",
	  "Set max_standby_streaming_delay to -1 or hot_standby_feedback to on while verifying." },
	{ "forecast.budget", DRV_WARN,
	  "The check may not be reached within --budget, by the sizes in the server's catalogue.",
	  "The tables are big, the link is slow, or --rate is low for the time that there is.",
	  "Give it a smaller \"priority\", or the run a longer --budget or more --jobs." },
	{ "forecast.rto", DRV_WARN,
	  "Reading may take longer than the document's recovery time objective leaves for it.",
	  "The restore took most of the time, or the document asks for more than there is time for.",
	  "Verify what matters first: --priority N, or --budget with the time that is left." },
	{ "forecast.timeout", DRV_WARN,
	  "One piece of the check may take longer than --timeout, and would be given up.",
	  "A big table is counted in one piece, or its rows have to come in one order.",
	  "Give a longer --timeout for that run." },
	{ "relation.missing", DRV_FAIL,
	  "The table does not exist in the restored database.",
	  "The backup did not contain it, the restore stopped early, or the connection leads to "
	  "another database.",
	  "Look for it with \\dt in psql; read the restore log for the first error." },
	{ "collection.missing", DRV_FAIL,
	  "The collection does not exist in the restored database. It is not taken as empty.",
	  "The backup did not contain it, the restore stopped early, or the connection leads to "
	  "another database.",
	  "Run show collections in mongosh; read the restore log for the first error." },
	{ "relation.column_missing", DRV_FAIL,
	  "A column that the check needs does not exist.",
	  "The backup is from before or after a migration, or the document names it wrongly (names "
	  "are exact: \"petId\" is not petid).",
	  "Compare with \\d in psql; run the missing migration or mend the document." },
	{ "relation.denied", DRV_INCONCLUSIVE,
	  "The role may not read the table or collection, so it was not verified.",
	  "Grants are lost by a restore with --no-privileges, or were never given to this role.",
	  "Run the GRANT that the message names, then drverify again." },
	{ "relation.rows_hidden", DRV_INCONCLUSIVE,
	  "Row security would hide rows from this role, so a count would not be the count.",
	  "Policies came back with the schema; the role lacks BYPASSRLS.",
	  "Give the verifying role BYPASSRLS, then run drverify again." },
	{ "relation.busy", DRV_INCONCLUSIVE,
	  "Somebody holds a lock on the table that keeps even readers out.",
	  "A migration, VACUUM FULL, REINDEX or a still running restore.",
	  "Wait for it (pg_stat_activity shows who), then run drverify again." },
	{ "relation.corrupted", DRV_FAIL,
	  "The server itself reports that stored data is damaged.",
	  "Pages were torn or lost in copying, files are missing, or the disk fails.",
	  "Restore again from another backup; do not repair this copy in place. pg_amcheck tells "
	  "how far the damage goes." },
	{ "check.blocked", DRV_INCONCLUSIVE,
	  "The check could not run because of something that another result already reports.",
	  "One cause, such as a missing table or an unreachable server, stops several checks.",
	  "Look at the result that it names, mend the cause, run drverify again." },
	{ "check.timeout", DRV_INCONCLUSIVE,
	  "The time limit passed before the server answered.",
	  "Cold caches after a restore, a big table, a lock, or a server that hangs.",
	  "Run it again with a longer --timeout, alone: --only ID." },
	{ "budget.spent", DRV_INCONCLUSIVE,
	  "The time that the whole run may take was spent before this was verified.",
	  "The budget is shorter than the work: big tables, a slow link, or a --rate that is low.",
	  "Run it again with a longer --budget, or alone: --only ID. More important checks go first, so "
	  "give what matters a smaller \"priority\"." },
	{ "check.cancelled", DRV_INCONCLUSIVE, "The run was stopped before this was verified.",
	  "Somebody pressed Ctrl-C, or a supervisor ended the run.",
	  "Run drverify again, with --only ID for what is missing." },
	{ "check.busy", DRV_INCONCLUSIVE, "The server asked to try later.",
	  "Too many connections, a conflict with replay on a standby, or writes during the scan.",
	  "Run it again; on a standby raise max_standby_streaming_delay or wait for promotion." },
	{ "check.not_possible", DRV_INCONCLUSIVE,
	  "This server, or this build of drverify, cannot do what the check needs.",
	  "An older server, a proxy in between, or a feature that was not built in.",
	  "The message names what is missing." },
	{ "check.not_allowed", DRV_INCONCLUSIVE,
	  "The document contains SQL or server-side code, which was not allowed to run.",
	  "Code in a document is run only when a trusted key has signed it, or the operator says so.",
	  "Have its author sign it and give --trust KEY; or read it and give --allow-sql." },
	{ "check.foreign", DRV_INCONCLUSIVE,
	  "The document has a check of another program's own, which nobody here can do.",
	  "That program embeds the library and adds checks in C; its report serves as baseline now.",
	  "Verify with the program that wrote it; or leave such checks out: --skip 'x.*'." },
	{ "check.judged_nothing", DRV_INCONCLUSIVE,
	  "A check of a program's own ended without a word, or without having read anything.",
	  "A mistake in the program: a path on which it asks nothing or forgets to say what it saw.",
	  "Ask the makers of the program." },
	{ "check.internal", DRV_INCONCLUSIVE, "Something happened that should not.",
	  "A bug in drverify or in the server, or a proxy that alters the protocol.",
	  "Run it again; report it with the message if it comes back." },
	{ "check.out_of_memory", DRV_INCONCLUSIVE,
	  "There was not enough memory on this machine, so the check was not finished, or not all that "
	  "it found could be written down.",
	  "Another program took the memory, or a limit (ulimit -v, a container) is tight. drverify needs "
	  "the size of the largest row for each connection, and some for what it finds.",
	  "Run it again where more memory is free, or with fewer connections: --jobs 1." },
	{ "check.local_files", DRV_INCONCLUSIVE,
	  "A file on this machine could not be written or read, such as a temporary one.",
	  "The folder that the message names is not there, or may not be written to, or its disk is full "
	  "or damaged.",
	  "Make the folder, or room in it; or name another one: --sidecars FOLDER for the files beside a "
	  "document, TMPDIR for temporary ones." },
	{ "check.no_expectation", DRV_INCONCLUSIVE,
	  "The document does not say what to expect, so there was nothing to compare with.",
	  "A hand-written document that has not been captured yet, or a check added after the capture.",
	  "State it in \"expect\", or write a baseline: drverify capture --baseline FILE." },
	{ "check.rows_differ", DRV_INCONCLUSIVE,
	  "The rows that were read are not as many as the server counts in the same snapshot.",
	  "A driver that loses part of a reply, writes during the scan where no snapshot can be had, "
	  "or a broken table.",
	  "Run it again while nothing writes; if it stays, treat the table as damaged." },
	{ "lineage.older", DRV_INCONCLUSIVE,
	  "The restore point lies before the baseline, so its recorded values cannot be expected.",
	  "The restore went back to before the last capture, which may be just what was wanted.",
	  "Use the newest baseline that is not after the restore point: --baseline FOLDER "
	  "--restored-to TIME finds it." },
	{ "lineage.unknown", DRV_INCONCLUSIVE,
	  "It is not known which moment was restored, so recorded values cannot be compared.",
	  "A dump carries no WAL position, and a promoted server has moved on.",
	  "Say it: --restored-to TIME, or --restored-to baseline when it is the captured moment." },
	{ "lineage.newer", DRV_INCONCLUSIVE,
	  "The restore point lies after the baseline and the value has changed since, in a way that "
	  "the document neither allows nor forbids.",
	  "The application went on writing between the capture and the restore point.",
	  "State what may change (\"tolerance\", \"above\", \"append_only\"), or capture closer to "
	  "the backup." },
	{ NULL, 0, NULL, NULL, NULL }
};

const struct drvp_check *drvp_check_find(const char *name)
{
	for (const struct drvp_check *const *check = drvp_checks; *check; check++)
		if (!strcmp((*check)->name, name))
			return *check;
	return NULL;
}

/* Table 0 is the common one, then one a check. */
static const struct drv_explanation *codes_of(size_t table)
{
	if (table == 0)
		return drvp_common_codes;
	return drvp_checks[table - 1] ? drvp_checks[table - 1]->codes : NULL;
}

const struct drv_explanation *drvp_explanation(const char *code)
{
	const struct drv_explanation *row;

	for (size_t table = 0; (row = codes_of(table)); table++)
		for (; row->code; row++)
			if (!strcmp(row->code, code))
				return row;
	return NULL;
}

const struct drv_explanation *drvp_check_explanation(const struct drvp_check *check,
						      const char *code)
{
	const struct drv_explanation *known = drvp_explanation(code);

	for (const struct drv_explanation *row = check->codes; !known && row->code; row++)
		if (!strcmp(row->code, code))
			known = row;
	return known;
}

const struct drv_explanation *drv_finding_explain(const char *code)
{
	return drvp_explanation(code);
}

/* The code that follows after in the alphabet; NULL starts. */
static const struct drv_explanation *next_code(const char *after)
{
	const struct drv_explanation *row, *best = NULL;

	for (size_t table = 0; (row = codes_of(table)); table++)
		for (; row->code; row++)
			if ((!after || strcmp(row->code, after) > 0) &&
			    (!best || strcmp(row->code, best->code) < 0))
				best = row;
	return best;
}

const struct drv_explanation *drv_finding_at(size_t index)
{
	const struct drv_explanation *row = next_code(NULL);

	while (row && index--)
		row = next_code(row->code);
	return row;
}
