/* option_table.c: the table of options, and how it is shown */
#include <stdio.h>
#include <string.h>

#include "option_row.h"

#define AT(member) offsetof(struct options, member)

const struct option_row option_rows[] = {
	{ "baseline", 0, LIST, FOR_RUNS | FOR_TRY | FOR_DOCTOR, AT(baselines), "FILE",
	  "the document: a specification, a captured baseline, or the report\n"
	  "of a run that passed; - reads standard input. To verify, it may be a\n"
	  "folder (of *.json) or repeated: the newest baseline that is not after\n"
	  "the restore point is taken" },
	{ "source", 0, LIST, FOR_RUNS | FOR_TRY | FOR_DOCTOR, AT(sources), "NAME=URI",
	  "where a source of the document is, or @FILE with the file that says it;\n"
	  "without it DRVERIFY_SOURCE_<NAME>, then libpq's own settings or\n"
	  "MONGODB_URI decide, those two only for the one source of their kind;\n"
	  "repeatable" },
	{ "source", 0, LIST, FOR_INIT, AT(sources), "NAME=URI",
	  "a database to look at, and the name that the document gives it: a libpq\n"
	  "URI or connection string, a mongodb:// URI with its database, or @FILE\n"
	  "with the file that says it;\n"
	  "repeatable" },
	{ "source", 0, TEXT, FOR_PROPOSE, AT(place), "URI",
	  "where the database is: a libpq URI or connection string, a mongodb://\n"
	  "URI, or @FILE with the file that says it; without it libpq's own\n"
	  "settings decide" },
	{ "check", 0, TEXT, FOR_TRY, AT(check), "ID",
	  "which audit_chain check, such as audit_chain:main:public.audit_logs; not\n"
	  "needed where the document has one only" },
	{ "row", 0, COUNT, FOR_TRY, AT(row), "N",
	  "the row of that number, in the order of the check (default: 1)" },
	{ "rows", 0, COUNT, FOR_TRY, AT(rows), "N",
	  "how many rows, from --row on (default: 3, with --row 1)" },
	{ "hex", 0, FLAG, FOR_TRY, AT(hex), NULL,
	  "show the bytes as a dump instead of text" },
	{ "table", 0, TEXT, FOR_PROPOSE, AT(table), "SCHEMA.TABLE",
	  "the table with the entries; MongoDB: the collection" },
	{ "hash", 0, TEXT, FOR_PROPOSE, AT(hash), "COLUMN",
	  "the column with the hash of an entry" },
	{ "previous", 0, TEXT, FOR_PROPOSE, AT(previous), "COLUMN",
	  "the column with the hash of the entry before" },
	{ "order-by", 0, TEXT, FOR_PROPOSE, AT(order_by), "COLUMN",
	  "the column that orders the entries" },
	{ "column-zone", 0, TEXT, FOR_PROPOSE, AT(column_zone), "ZONE",
	  "for time columns without zone: the zone of the application that wrote\n"
	  "them, such as Asia/Seoul (default: UTC)" },
	{ "column-zone", 0, TEXT, FOR_INIT, AT(column_zone), "ZONE",
	  "for time columns without zone: the zone of the application that wrote\n"
	  "them, such as Asia/Seoul (without it the document asks for it)" },
	{ "output", 0, TEXT, FOR_INIT, AT(output), "FILE",
	  "where the document goes (default: standard output); a file that exists\n"
	  "is refused" },
	{ "overwrite", 0, FLAG, FOR_INIT, AT(overwrite), NULL,
	  "let --output take the place of a file that exists" },
	{ "restored-to", 0, LIST, FOR_RUNS | FOR_DOCTOR, AT(restored_to), "POINT",
	  "which moment came back: a time with zone, a PostgreSQL LSN,\n"
	  "\"baseline\" for the moment of the capture, or \"now\" when nothing was\n"
	  "restored and the sources are live; SOURCE=POINT is of one source;\n"
	  "repeatable" },
	{ "incident-at", 0, TEXT, FOR_RUNS | FOR_DOCTOR, AT(incident_at), "TIME",
	  "when data was lost: a time with zone" },
	{ "capture", 0, FLAG, FOR_DOCTOR, AT(for_capture), NULL,
	  "ask what would be in the way of drverify capture instead" },
	{ "only", 0, LIST, FOR_RUNS | FOR_DOCTOR, AT(only), "GLOB",
	  "only checks whose id matches, such as row_count or 'row_count:main:*';\n"
	  "each GLOB must match some check; repeatable" },
	{ "skip", 0, LIST, FOR_RUNS | FOR_DOCTOR, AT(skip), "GLOB",
	  "leave out checks whose id matches, even if --only names them; each GLOB\n"
	  "must match some check; repeatable" },
	{ "priority", 0, PRIORITY, FOR_RUNS | FOR_DOCTOR, AT(priority), "N",
	  "only checks of priority 1 to N" },
	{ "budget", 0, DURATION, FOR_RUNS, AT(budget_ms), "DURATION",
	  "longest time for the whole run, such as 30m: important checks go first,\n"
	  "and what is not reached is undecided" },
	{ "rate", 0, RATE, FOR_RUNS, AT(rate), "RATE",
	  "most that a source may send in a second: 50000rows, 500kB, 20MB or 1GB\n"
	  "(what a server counts by itself is not slowed down; see --jobs)" },
	{ "jobs", 0, JOBS, FOR_RUNS, AT(jobs), "N",
	  "connections a source (default: processors, at most 4)" },
	{ "timeout", 0, DURATION, FOR_RUNS | FOR_TRY | FOR_DOCTOR, AT(timeout_ms), "DURATION",
	  "longest wait for one piece of work, such as 90s or 1h30m (default: 10m)" },
	{ "timeout", 0, DURATION, FOR_PROPOSE, AT(timeout_ms), "DURATION",
	  "longest search, such as 5m (default: 60s)" },
	{ "timeout", 0, DURATION, FOR_INIT, AT(timeout_ms), "DURATION",
	  "longest search for the recipe of one audit log, such as 5m (default:\n"
	  "20s)" },
	{ "key", 0, LIST, FOR_RUNS | FOR_TRY | FOR_DOCTOR, AT(keys), "NAME=FILE",
	  "a key that the document asks for by name, read from a file (one newline\n"
	  "at its end is not part of it); repeatable" },
	{ "key", 0, LIST, FOR_PROPOSE | FOR_INIT, AT(keys), "NAME=FILE",
	  "a key to try as that of an HMAC, read from a file (one newline at its\n"
	  "end is not part of it); repeatable" },
	{ "key", 0, TEXT, FOR_SIGN, AT(key), "KEY",
	  "the private key to sign with, as drverify keygen made it" },
	{ "trust", 0, LIST, FOR_RUNS | FOR_TRY | FOR_DOCTOR, AT(trusted), "KEY.pub",
	  "refuse a document FILE unless FILE.sig is a signature of it by this key,\n"
	  "or by another one that is trusted; repeatable" },
	{ "signature", 0, TEXT, FOR_RUNS | FOR_TRY | FOR_DOCTOR, AT(signature), "FILE",
	  "with --trust, the signature of a document from standard input" },
	{ "sign", 0, TEXT, FOR_CAPTURE, AT(sign), "KEY",
	  "sign the baseline that --write json=PATH keeps with this private key;\n"
	  "the signature goes to PATH.sig" },
	{ "allow-sql", 0, FLAG, FOR_RUNS | FOR_TRY | FOR_DOCTOR, AT(allow_sql), NULL,
	  "run SQL and server-side code of a document that no trusted key signed" },
	{ "since-checkpoint", 0, FLAG, FOR_RUNS, AT(since_checkpoint), NULL,
	  "of audit chains, read only what came after the last recorded checkpoint" },
	{ "show-keys", 0, FLAG, FOR_RUNS, AT(show_keys), NULL,
	  "name damaged rows by primary key, which may be personal data" },
	{ "keep-keys", 0, FLAG, FOR_CAPTURE, AT(keep_keys), NULL,
	  "keep the primary key of each row with its trace (\"detail\": \"rows\"), so\n"
	  "that rows which go missing can be named; they may be personal data" },
	{ "sidecars", 0, TEXT, FOR_RUNS | FOR_DOCTOR, AT(sidecars), "FOLDER",
	  "where the files with traces of rows are (default: the folder of the\n"
	  "document; to capture, of the one that is written)" },
	{ "dry-run", 0, FLAG, FOR_RUNS, AT(dry_run), NULL,
	  "say what would be read, in which order, by how many connections, how\n"
	  "long it may take and whether that fits, and read no row; writes nothing" },
	{ "write", 0, LIST, FOR_RUNS, AT(writes), "FORMAT=PATH",
	  "also write the report into a file: json (evidence, and the next\n"
	  "baseline if all passed), html, markdown, junit, prometheus, nagios or\n"
	  "text; - is standard output; repeatable" },
	{ "format", 0, TEXT, FOR_RUNS | FOR_SHOW, AT(format), "FORMAT",
	  "what standard output gets, and all it gets: text (the default), json,\n"
	  "nagios, markdown, html, junit or prometheus" },
	{ "quiet", 'q', FLAG, FOR_RUNS | FOR_DOCTOR | FOR_INIT, AT(quiet), NULL,
	  "say nothing unless something is wrong" },
	{ "verbose", 'v', FLAG, FOR_RUNS, AT(verbose), NULL, "list passing checks one by one" },
	{ "help", 'h', FLAG, FOR_ALL, AT(help), NULL, "show this help" },
	{ "version", 'V', FLAG, FOR_ALL, AT(version), NULL, "show the version" },
};

const size_t option_row_count = sizeof option_rows / sizeof *option_rows;

/* ------------------------------------------------------------------ help */

bool option_at(size_t index, struct option_text *out)
{
	const struct option_row *row = &option_rows[index];

	if (index >= option_row_count)
		return false;
	*out = (struct option_text){ row->name, row->argument, row->help, row->letter, row->sets };
	return true;
}

/* Lines behind the first stand under it. */
static void print_lines(const char *text)
{
	const char *end;

	while ((end = strchr(text, '\n'))) {
		printf("%.*s\n%28s", (int)(end - text), text, "");
		text = end + 1;
	}
	printf("%s\n", text);
}

void options_print(unsigned sets)
{
	for (const struct option_row *row = option_rows; row < option_rows + option_row_count; row++) {
		char head[64];

		if (!(row->sets & sets))
			continue;
		snprintf(head, sizeof head, "%s%c%s--%s%s%s", row->letter ? "-" : " ",
			 row->letter ? row->letter : ' ', row->letter ? ", " : "  ", row->name,
			 row->argument ? " " : "", row->argument ? row->argument : "");
		printf("  %-25s ", head);
		print_lines(row->help);
	}
}
