/* options.c: the options of the command line: one table reads them and describes them */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "message.h"
#include "suggest.h"

enum kind { FLAG, TEXT, LIST, JOBS, PRIORITY, COUNT, DURATION, RATE };

struct row {
	const char *name;
	char letter;                 /* 0: none */
	enum kind kind;
	unsigned sets;
	size_t offset;
	const char *argument;        /* NULL: takes none */
	const char *help;            /* lines after the first are set under it */
};

#define AT(member) offsetof(struct options, member)

static const struct row rows[] = {
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

#define ROWS (sizeof rows / sizeof *rows)

/* The command line while it is read. */
struct words {
	struct options *options;
	const struct command *command;
	char **argv;
	int argc, at;
};

/* ------------------------------------------------------------------ values */

static bool duration_read(uint32_t *ms, const char *text)
{
	static const struct {
		const char *unit;
		uint64_t ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 } };
	uint64_t sum = 0;

	do {
		uint64_t number = 0;
		size_t digits = strspn(text, "0123456789"), letters, i;

		letters = strspn(text + digits, "mshd");
		for (i = 0; i < digits && digits < 10; i++)
			number = number * 10 + (uint64_t)(text[i] - '0');
		text += digits;
		for (i = 0; i < sizeof units / sizeof *units; i++)
			if (strlen(units[i].unit) == letters && !strncmp(text, units[i].unit, letters))
				break;
		if (!digits || digits >= 10 || i == sizeof units / sizeof *units)
			return false;
		sum += number * units[i].ms;
		text += letters;
	} while (*text && sum <= UINT32_MAX);
	*ms = (uint32_t)sum;
	return !*text && sum > 0 && sum <= UINT32_MAX;
}

static bool number_read(uint32_t *out, const char *text, uint32_t most)
{
	char *end;
	unsigned long long number = strtoull(text, &end, 10);

	*out = (uint32_t)number;
	return text[0] >= '0' && text[0] <= '9' && !*end && number >= 1 && number <= most;
}

static bool rate_read(struct rate *rate, const char *text)
{
	static const struct {
		const char *unit;
		uint64_t bytes;      /* 0: it counts rows */
	} units[] = { { "rows", 0 }, { "kB", 1000 }, { "MB", 1000000 }, { "GB", 1000000000 } };
	size_t digits = strspn(text, "0123456789");
	uint64_t number = 0;

	for (size_t i = 0; i < digits && digits < 10; i++)
		number = number * 10 + (uint64_t)(text[i] - '0');
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (strcmp(text + digits, units[i].unit))
			continue;
		rate->bytes = number * units[i].bytes;
		rate->rows = units[i].bytes ? 0 : number;
		return number > 0;
	}
	return false;
}

static int list_add(struct texts *list, const char *value, size_t most)
{
	if (!list->items)
		list->items = calloc(most, sizeof *list->items);
	if (!list->items) {
		complain("out of memory");
		return -1;
	}
	list->items[list->count++] = value;
	return 0;
}

static int given_twice(const struct row *row)
{
	complain("--%s is given twice; give it once", row->name);
	return -1;
}

static int not_one(const struct row *row, const char *value, const char *kind)
{
	char shown[REPEAT_MAX];

	complain("--%s: \"%s\" is not %s", row->name, repeatable(shown, value), kind);
	return -1;
}

static int number_set(const struct row *row, uint32_t *at, const char *value)
{
	if (*at)
		return given_twice(row);
	switch (row->kind) {
	case JOBS:
		return number_read(at, value, 64) ? 0 : not_one(row, value, "a number from 1 to 64");
	case PRIORITY:
		return number_read(at, value, 9) ? 0 : not_one(row, value, "a number from 1 to 9");
	case COUNT:
		return number_read(at, value, UINT32_MAX) ? 0 : not_one(row, value,
									"a number from 1 on");
	default:
		return duration_read(at, value) ? 0 :
			not_one(row, value, "a duration from 1ms to 49d, such as 90s, 15m or 1h30m");
	}
}

static int rate_set(const struct row *row, struct rate *rate, const char *value)
{
	if (rate->rows || rate->bytes)
		return given_twice(row);
	return rate_read(rate, value) ? 0 :
		not_one(row, value, "a number of rows, kB, MB or GB, such as 50000rows or 20MB");
}

static int value_set(struct words *words, const struct row *row, const char *value)
{
	void *at = (char *)words->options + row->offset;

	switch (row->kind) {
	case FLAG:
		*(bool *)at = true;
		return 0;
	case LIST:
		return list_add(at, value, (size_t)words->argc);
	case JOBS:
	case PRIORITY:
	case COUNT:
	case DURATION:
		return number_set(row, at, value);
	case RATE:
		return rate_set(row, at, value);
	case TEXT:
		break;
	}
	if (*(const char **)at)
		return given_twice(row);
	*(const char **)at = value;
	return 0;
}

/* ------------------------------------------------------------------ words */

static const char *row_name(size_t index, const void *user)
{
	(void)user;
	return index < ROWS ? rows[index].name : NULL;
}

static int unknown_option(const struct words *words, const char *name)
{
	const char *guess = nearest(name, row_name, NULL);
	char shown[REPEAT_MAX];

	repeatable(shown, name);
	if (guess)
		complain("there is no option --%s; did you mean --%s?", shown, guess);
	else
		complain("there is no option --%s; drverify help %s lists them", shown,
			 words->command->name);
	return -1;
}

static int not_for_command(const struct words *words, const struct row *row)
{
	complain("--%s means nothing to \"%s\"; drverify help %s lists what does", row->name,
		 words->command->name, words->command->name);
	return -1;
}

static int take_long(struct words *words, const char *word)
{
	const struct row *row = NULL;
	const char *value = strchr(word, '=');
	char name[64];

	snprintf(name, sizeof name, "%.*s", value ? (int)(value - word) : (int)sizeof name, word);
	/* One name may mean different things to different commands. */
	for (size_t i = 0; i < ROWS; i++)
		if (!strcmp(rows[i].name, name) &&
		    (!row || rows[i].sets & words->command->options))
			row = &rows[i];
	if (!row)
		return unknown_option(words, name);
	if (!(row->sets & words->command->options))
		return not_for_command(words, row);
	if (row->kind == FLAG && value) {
		complain("--%s takes no value", row->name);
		return -1;
	}
	if (row->kind == FLAG || value)
		return value_set(words, row, value ? value + 1 : NULL);
	if (words->at == words->argc || !strncmp(words->argv[words->at], "--", 2)) {
		complain("--%s needs a value: --%s %s", row->name, row->name, row->argument);
		return -1;
	}
	return value_set(words, row, words->argv[words->at++]);
}

static int take_letters(struct words *words, const char *letters)
{
	for (; *letters; letters++) {
		const struct row *row = NULL;

		for (size_t i = 0; i < ROWS; i++)
			if (rows[i].letter == *letters)
				row = &rows[i];
		if (!row) {
			complain("there is no option -%c; drverify help %s lists them", *letters,
				 words->command->name);
			return -1;
		}
		if (!(row->sets & words->command->options))
			return not_for_command(words, row);
		if (value_set(words, row, NULL))
			return -1;
	}
	return 0;
}

static int take_operand(struct words *words, const char *word)
{
	struct options *options = words->options;
	char shown[REPEAT_MAX];

	if (words->command->operand && !options->operand) {
		options->operand = word;
		return 0;
	}
	/* A name for each: "A B". */
	if (words->command->operand && strchr(words->command->operand, ' ') && !options->second) {
		options->second = word;
		return 0;
	}
	if (command_find(word))
		complain("\"%s\" comes too late; the command goes first: drverify %s …", word, word);
	else
		complain("unexpected \"%s\"; drverify help %s shows what \"%s\" takes",
			 repeatable(shown, word), words->command->name, words->command->name);
	return -1;
}

int options_parse(struct options *options, const struct command *command, int argc, char **argv)
{
	struct words words = { options, command, argv, argc, 0 };

	*options = (struct options){ 0 };
	while (words.at < argc) {
		const char *word = argv[words.at++];
		int status;

		if (!strncmp(word, "--", 2) && word[2])
			status = take_long(&words, word + 2);
		else if (word[0] == '-' && word[1] && word[1] != '-')
			status = take_letters(&words, word + 1);
		else
			status = take_operand(&words, word);
		if (status)
			return -1;
	}
	if (options->quiet && options->verbose) {
		complain("-q and -v contradict each other; give one of them");
		return -1;
	}
	return 0;
}

void options_free(struct options *options)
{
	free(options->baselines.items);
	free(options->restored_to.items);
	free(options->sources.items);
	free(options->only.items);
	free(options->skip.items);
	free(options->keys.items);
	free(options->writes.items);
	free(options->trusted.items);
}

/* ------------------------------------------------------------------ help */

bool option_at(size_t index, struct option_text *out)
{
	const struct row *row = &rows[index];

	if (index >= ROWS)
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
	for (const struct row *row = rows; row < rows + ROWS; row++) {
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
