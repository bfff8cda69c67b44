/* cmd_chain_propose.c: drverify chain-propose */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "drverify.h"
#include "interrupt.h"
#include "message.h"
#include "run.h"
#include "source.h"

/* A document that names one source and checks nothing. */
static int make_baseline(struct drv_baseline **baseline, bool mongodb)
{
	struct drv_error error = DRV_ERROR_INIT;
	char text[160];
	int len = snprintf(text, sizeof text, "{ \"format\": \"drverify/1\", \"sources\": { \"main\": "
			   "{ \"store\": \"%s\" } }, \"checks\": [] }",
			   mongodb ? "mongodb" : "postgresql");

	if (!drv_baseline_parse(baseline, text, (size_t)len, "the search", &error))
		return 0;
	complain("%s", error.message);
	return -1;
}

/* Splits "schema.table" at its dot; a collection's name is taken whole. *copy is to be freed. */
static int split_table(const char *table, bool mongodb, char **copy,
		       struct drv_chain_propose_options *wanted)
{
	char *dot;

	*copy = strdup(table);
	if (!*copy) {
		complain("out of memory");
		return -1;
	}
	wanted->table = *copy;
	if (mongodb)
		return 0;
	dot = strchr(*copy, '.');
	if (!dot || dot == *copy || !dot[1]) {
		complain("--table needs SCHEMA.TABLE, such as public.audit_logs");
		return -1;
	}
	*dot = '\0';
	wanted->schema = *copy;
	wanted->table = dot + 1;
	return 0;
}

static int propose(struct drv_run *run, const struct options *options, bool mongodb,
		   struct drv_chain_proposal **proposal)
{
	struct drv_chain_propose_options wanted = DRV_CHAIN_PROPOSE_OPTIONS_INIT;
	struct drv_error error = DRV_ERROR_INIT;
	char *copy = NULL;
	int status = split_table(options->table, mongodb, &copy, &wanted);

	wanted.budget_ms = options->timeout_ms;
	wanted.hash = options->hash;
	wanted.previous = options->previous;
	wanted.order_by = options->order_by;
	wanted.column_zone = options->column_zone;
	if (!status) {
		interrupt_watch(run);
		status = drv_chain_propose(run, &wanted, proposal, &error);
		interrupt_forget();
		if (status)
			complain("%s", error.message);
	}
	free(copy);
	return status;
}

static int tell(const struct drv_chain_proposal *proposal)
{
	unsigned long long tried = proposal->tried, rows = proposal->rows,
			   agreeing = proposal->agreeing;

	if (!agreeing) {
		fprintf(stderr, "No recipe was found: %llu were tried on %llu rows%s. The bytes may hold "
			"a constant text,\nrenamed columns or values that are not in the table; "
			"see drverify help chain-try.\n", tried, rows,
			proposal->complete ? "" : ", and the time is up (--timeout)");
		return 2;
	}
	puts(proposal->check);
	if (agreeing == rows) {
		fprintf(stderr, "This recipe gives the hash of all %llu rows that were tried, after %llu "
			"tries. Put it under \"checks\"\nof a document and run drverify: only that "
			"tells whether all other rows agree.\n", rows, tried);
		return 0;
	}
	fprintf(stderr, "This recipe gives the hash of %llu of %llu rows that were tried, after %llu "
		"tries. The others were\nhashed in another way (\"versions\"), or changed: look at "
		"them with drverify chain-try.\n", agreeing, rows, tried);
	return 2;
}

/* --source takes a place alone here; with a name in front it would reach no server. */
static int check_place(const char *place)
{
	size_t name = strcspn(place, "=");
	const char *rest = place[name] ? place + name + 1 : "";

	if (!strncmp(rest, "postgres", 8) || !strncmp(rest, "mongodb", 7) ||
	    !strncmp(rest, "host=", 5) || !strncmp(rest, "service=", 8)) {
		complain("--source takes a URI without a name here, since there is one source only");
		return -1;
	}
	if (source_holds_password(place))
		complain("warning: the password in --source was visible in the process list for a moment, "
			 "and a shell may keep it; use --source @FILE, a service (service=NAME) or a "
			 "password file");
	return 0;
}

int cmd_chain_propose(const struct options *options)
{
	const char *stated = options->place ? options->place : "";
	char *place = NULL;
	bool mongodb = false;
	struct drv_chain_proposal *proposal = NULL;
	struct drv_error error = DRV_ERROR_INIT;
	struct drv_baseline *baseline = NULL;
	struct drv_run *run = NULL;
	int status = EXIT_UNDECIDED;

	if (!options->table)
		complain("no table: give --table SCHEMA.TABLE");
	else if (!check_place(stated))
		place = source_text(stated, "the file that --source @… names", options);
	if (place)
		mongodb = !strncmp(place, "mongodb", strlen("mongodb"));
	if (place && !make_baseline(&baseline, mongodb)) {
		if (drv_run_new(&run, baseline, NULL, &error) ||
		    drv_run_source_uri(run, "main", place, &error))
			complain("%s", error.message);
		else if (!run_give_keys(run, options) &&
			 !propose(run, options, mongodb, &proposal))
			status = tell(proposal);
	}
	drv_chain_proposal_free(&proposal);
	drv_run_free(&run);
	drv_baseline_free(&baseline);
	source_text_free(place);
	return status;
}
