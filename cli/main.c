/* main.c: picks the command and sees that its output arrived */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "arguments.h"
#include "command.h"
#include "drverify.h"
#include "message.h"
#include "suggest.h"

const struct command commands[] = {
	{ "verify", cmd_verify, "check restored data against a document (the default)", FOR_RUNS, NULL,
	  "Checks the data of every source that the document names, and says whether what came\n"
	  "back is what was there. Reads only, inside one snapshot a source.\n"
	  "\n"
	  "Examples\n"
	  "  After a restore, where the connection comes from a password file or PG* variables:\n"
	  "    drverify --baseline report.json\n"
	  "  Two sources, restored to a known moment:\n"
	  "    drverify --baseline report.json --source main=service=recovery \\\n"
	  "      --source search=mongodb://dr-host/ --restored-to '2025-12-30 14:30+09'\n"
	  "  Two stores restored to two moments, and a folder of nightly baselines to choose from:\n"
	  "    drverify --baseline /var/lib/drverify --restored-to main=0/3000060 \\\n"
	  "      --restored-to 'search=2025-12-30 14:30+09'\n"
	  "  Every night from cron: silent unless something is wrong, and keeping the evidence:\n"
	  "    drverify -q --baseline report.json --write json=last-night.json\n"
	  "  While users wait: the most important checks first, half an hour at most, and no more\n"
	  "  than the server can spare:\n"
	  "    drverify --baseline report.json --budget 30m --priority 4 --rate 20MB\n"
	  "  Before that: in which order, how much, how long, and whether it fits:\n"
	  "    drverify --baseline report.json --budget 30m --dry-run\n"
	  "  For monitoring, and for the auditor:\n"
	  "    drverify --baseline report.json --format nagios --write html=last-night.html\n"
	  "  One check only:\n"
	  "    drverify --baseline report.json --only audit_chain\n"
	  "  Only if report.json.sig shows that the owner of a key made the document:\n"
	  "    drverify --baseline report.json --trust ops-2025.pub\n" },
	{ "capture", cmd_capture, "record what is there now as the next baseline", FOR_RUNS | FOR_CAPTURE, NULL,
	  "Measures what the document asks for and writes the document back with the measured\n"
	  "values: the baseline for later. Run it against healthy data, close to each backup.\n"
	  "It takes all checks, so --only, --skip and --priority are refused: a baseline is of one\n"
	  "moment.\n"
	  "The baseline goes to standard output, unless --write json=PATH names a file.\n"
	  "\n"
	  "Examples\n"
	  "    drverify capture --baseline checks.json --write json=report.json\n"
	  "    drverify capture --baseline checks.json > report.json\n"
	  "  Signed, so that whoever verifies can tell where it comes from:\n"
	  "    drverify capture --baseline checks.json --write json=report.json --sign ops-2025\n" },
	{ "init", cmd_init, "draft a document from what databases hold", FOR_INIT, NULL,
	  "Looks into the catalogues of live databases and at a few rows of each table, and writes\n"
	  "a document to start from: counts of all tables and collections, encrypted columns with\n"
	  "the format that their values have, audit logs with the recipe that was found by trying,\n"
	  "columns that tell how new the data is, small tables with their content. It only reads,\n"
	  "and puts neither values nor credentials into the document.\n"
	  "\n"
	  "JSON has no comments, so each check says in a \"note\" what is a guess, such as its\n"
	  "priority, and in a \"todo\" what only you can say: the zone of times that have none, how\n"
	  "entries are hashed where no recipe was found, what to think of plain text in a column\n"
	  "that is named as if it were encrypted, tables that this role may not read. Nothing is\n"
	  "verified by a document that holds a todo: do it, and take it out. Views and foreign\n"
	  "tables are not checked; a note of the source names them.\n"
	  "\n"
	  "Numbers are left out: drverify capture measures them, all of one moment.\n"
	  "\n"
	  "Examples\n"
	  "  From nothing to a baseline:\n"
	  "    drverify init --source main=service=production \\\n"
	  "      --source search=mongodb://db-host/shop --output checks.json\n"
	  "    drverify show checks.json\n"
	  "    drverify doctor --capture --baseline checks.json --source main=service=production \\\n"
	  "      --source search=mongodb://db-host/shop\n"
	  "    drverify capture --baseline checks.json --source main=service=production \\\n"
	  "      --source search=mongodb://db-host/shop --write json=baseline.json\n"
	  "  Where applications write their own wall clock, and hash with a key:\n"
	  "    drverify init --source main=service=production --column-zone Asia/Seoul \\\n"
	  "      --key audit=hmac.key > checks.json\n" },
	{ "doctor", cmd_doctor, "say what would keep a document from being verified", FOR_DOCTOR, NULL,
	  "Connects as drverify verify would, and says of each check whether it could be decided:\n"
	  "rights that are lacking, with the SQL that grants them; row security; tables, columns,\n"
	  "keys and files that are missing; what the document does not state; poolers, standbys and\n"
	  "settings left over from a restore. It looks into catalogues only and reads no row, so it\n"
	  "is quick, and says nothing about the data.\n"
	  "\n"
	  "Exit status: 0 nothing is in the way, 1 warnings, 3 some check would be undecided, or\n"
	  "fail before it began, as with a missing table.\n"
	  "\n"
	  "Examples\n"
	  "  Before the first capture, and before the night when it is needed:\n"
	  "    drverify doctor --capture --baseline checks.json --source main=service=production\n"
	  "    drverify doctor --baseline report.json --source main=service=recovery\n" },
	{ "chain-try", cmd_chain_try, "show how some entries of an audit chain are hashed", FOR_TRY,
	  NULL,
	  "Builds the bytes that a recipe says were hashed, for a few entries, and shows them with\n"
	  "what each column gave, the hash that came out, and the hash that is stored. It is the\n"
	  "tool for chain.recipe_mismatch: compare the bytes with those of the application.\n"
	  "\n"
	  "It prints what stands in the table, which may be personal data. It goes to standard\n"
	  "output and nowhere else.\n"
	  "\n"
	  "Exit status: 0 all agree, 2 some do not, 3 it could not be tried.\n"
	  "\n"
	  "Examples\n"
	  "    drverify chain-try --baseline checks.json\n"
	  "    drverify chain-try --baseline checks.json --row 4711 --hex\n" },
	{ "chain-propose", cmd_chain_propose, "look for the recipe of an audit chain", FOR_PROPOSE,
	  NULL,
	  "Reads some rows of a table, guesses which columns hold the hash of an entry and of the\n"
	  "one before, and tries usual ways of hashing until one gives the stored hashes: order\n"
	  "and choice of columns, separators, JSON of several languages, times, NULL, the first\n"
	  "entry, SHA-2 by length, HMAC with each --key. It prints an audit_chain check for your\n"
	  "document. Then verify: only that tells whether all the other entries agree too.\n"
	  "\n"
	  "What it cannot find: constant texts and renamed columns it does not know, values that\n"
	  "are not in the table. Start from a recipe by hand then, with drverify chain-try.\n"
	  "\n"
	  "Exit status: 0 found, 2 none fits all rows, 3 it could not be tried.\n"
	  "\n"
	  "Examples\n"
	  "    drverify chain-propose --table public.audit_logs --source service=production\n"
	  "    drverify chain-propose --table public.audit_logs --key audit=hmac.key \\\n"
	  "      --hash row_hmac --previous prev_hmac --timeout 10m\n" },
	{ "keygen", cmd_keygen, "make a key that signs documents", FOR_KEYGEN, "FILE",
	  "Makes a private key in FILE, readable by you alone, and the public key that belongs\n"
	  "to it in FILE.pub. Neither file may exist yet. Name it after who signs and since\n"
	  "when: verdicts say \"signed by\" and the name of the trusted file, less \".pub\".\n"
	  "\n"
	  "The private key stays where baselines are captured, or with the person who signs\n"
	  "documents by hand. It does not belong on a machine that verifies. Use it for nothing\n"
	  "else. The public key goes to every machine that verifies, by a way on which nobody can\n"
	  "exchange it; compare its SHA-256.\n"
	  "\n"
	  "Both are what openssl writes (PKCS #8 and PUBLIC KEY in PEM form). To protect the\n"
	  "private one by a passphrase, which drverify then asks for on the terminal:\n"
	  "  openssl pkcs8 -topk8 -scrypt -in FILE -out PROTECTED\n"
	  "\n"
	  "Examples\n"
	  "    drverify keygen ops-2025\n" },
	{ "sign", cmd_sign, "sign a document, so that --trust accepts it", FOR_SIGN, "FILE",
	  "Signs the exact bytes of a document with an Ed25519 key, and writes the 64 bytes of\n"
	  "the signature to FILE.sig. Keep the two together; after any change to the document,\n"
	  "sign it again. What is no drverify/1 document is not signed.\n"
	  "\n"
	  "Read it first: wherever your key is trusted, its numbers are believed, and SQL and\n"
	  "server-side code in it run. drverify capture --sign signs what it has captured.\n"
	  "\n"
	  "Examples\n"
	  "    drverify sign --key ops-2025 checks.json\n"
	  "  The same question without drverify:\n"
	  "    openssl pkeyutl -verify -rawin -pubin -inkey ops-2025.pub -in checks.json \\\n"
	  "      -sigfile checks.json.sig\n" },
	{ "show", cmd_show, "show a document or a report as a person reads it", FOR_SHOW, "FILE",
	  "Shows what a document checks, of which moment and of which servers; of a report also\n"
	  "what came of it, whether it passed or not, and on demand in any format.\n"
	  "\n"
	  "Exit status: 0 shown, whatever the verdict, 3 it could not be read.\n"
	  "\n"
	  "Examples\n"
	  "    drverify show checks.json\n"
	  "    drverify show report.json\n"
	  "    drverify show --format html report.json > report.html\n" },
	{ "diff", cmd_diff, "say in what two documents or reports differ", FOR_DIFF, "A B",
	  "Compares what two documents check and expect, and of which servers; if both are\n"
	  "reports, also verdicts, counts and findings. Times and positions, which every run\n"
	  "changes, make no difference. The last line counts the differences by what they are\n"
	  "about: checks, verdicts, findings, expected values, settings.\n"
	  "\n"
	  "Exit status, as of diff(1): 0 the same, 1 different. It is 3 where they could not be\n"
	  "read, since 2 means damage here.\n"
	  "\n"
	  "Examples\n"
	  "    drverify diff yesterday.json today.json\n" },
	{ "explain", cmd_explain, "say what a finding means and what to do next", FOR_EXPLAIN, "[CODE]",
	  "Says what a finding code means, how it comes about after a restore, and what to do\n"
	  "next. Without CODE it lists all codes.\n"
	  "\n"
	  "Examples\n"
	  "    drverify explain row_count.below\n"
	  "    drverify explain\n" },
	{ "help", cmd_help, "show the help of a command", FOR_HELP, "[COMMAND]",
	  "Examples\n"
	  "    drverify help verify\n" },
	{ NULL, NULL, NULL, 0, NULL, NULL },
};

const struct command *command_find(const char *name)
{
	for (const struct command *command = commands; command->name; command++)
		if (!strcmp(command->name, name))
			return command;
	return NULL;
}

static const char *command_name(size_t index, const void *user)
{
	(void)user;
	return commands[index].name;
}

const char *command_nearest(const char *name)
{
	return nearest(name, command_name, NULL);
}

static int unknown_command(const char *word)
{
	const char *guess = command_nearest(word);
	char shown[REPEAT_MAX];

	repeatable(shown, word);
	if (guess)
		complain("there is no command \"%s\"; did you mean \"%s\"?", shown, guess);
	else if (!access(word, F_OK))
		complain("there is no command \"%s\"; to verify against that document, "
			 "run: drverify --baseline %s", word, word);
	else
		complain("there is no command \"%s\"; drverify --help lists them", shown);
	return EXIT_UNDECIDED;
}

static int dispatch(int argc, char **argv)
{
	const struct command *command = &commands[0];
	struct options options;
	int first = 1, status = EXIT_UNDECIDED;

	if (argc < 2) {
		complain("nothing to do: give --baseline FILE; drverify --help shows examples");
		return EXIT_UNDECIDED;
	}
	if (argv[1][0] != '-') {
		command = command_find(argv[1]);
		if (!command)
			return unknown_command(argv[1]);
		first = 2;
	}
	if (!options_parse(&options, command, argc - first, argv + first)) {
		status = 0;
		if (options.version)
			printf("drverify %s\n", drv_version());
		else if (options.help)
			help_print(first == 1 ? NULL : command);
		else
			status = command->run(&options);
	}
	options_free(&options);
	return status;
}

/*
 * With standard output closed, the next file or socket would become it, and the report would be
 * written into a database connection. A read-only stand-in makes writing fail instead.
 */
static void hold_standard_descriptors(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

/* A full disk shows when the last bytes are written; damage found stays the stronger news. */
static int finish_output(int status)
{
	errno = 0;
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	complain("standard output could not be written: %s",
		 errno ? strerror(errno) : "an earlier part did not arrive");
	return status == 2 ? status : EXIT_UNDECIDED;
}

int main(int argc, char **argv)
{
	char **arguments = arguments_take(argc, argv);
	int status = EXIT_UNDECIDED;

	hold_standard_descriptors();
	/* A reader that went away is a failed write with a message, not a silent death. */
	signal(SIGPIPE, SIG_IGN);
	/* So is a file that grows beyond ulimit -f. */
	signal(SIGXFSZ, SIG_IGN);
	if (arguments)
		status = finish_output(dispatch(argc, arguments));
	else
		complain("out of memory");
	arguments_free(arguments);
	return status;
}
