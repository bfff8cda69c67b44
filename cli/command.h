/* command.h: the commands of drverify, one row each */
#ifndef COMMAND_H
#define COMMAND_H

#include "options.h"

/* "Could not decide": also usage errors, unreadable documents, reports that cannot be written. */
#define EXIT_UNDECIDED 3

struct command {
	const char *name;
	int (*run)(const struct options *options);      /* returns the exit status */
	const char *summary;
	unsigned options;            /* enum option_set that it takes */
	const char *operand;         /* what may follow the options, or NULL */
	const char *help;            /* prose and examples */
};

/* Ends with a row whose name is NULL. The first command is the one that needs no naming. */
extern const struct command commands[];

const struct command *command_find(const char *name);

/* The command whose name is nearest to a misspelt one, or NULL. */
const char *command_nearest(const char *name);

int cmd_verify(const struct options *options);
int cmd_capture(const struct options *options);
int cmd_init(const struct options *options);
int cmd_doctor(const struct options *options);
int cmd_chain_try(const struct options *options);
int cmd_chain_propose(const struct options *options);
int cmd_keygen(const struct options *options);
int cmd_sign(const struct options *options);
int cmd_show(const struct options *options);
int cmd_diff(const struct options *options);
int cmd_explain(const struct options *options);
int cmd_help(const struct options *options);

/* Writes the help of one command, or with NULL that of all, to standard output. */
void help_print(const struct command *command);

/* Writes all tables to standard output, for what is made from them: manual pages, completion. */
void tables_print(void);

#endif
