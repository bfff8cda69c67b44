/* cmd_help.c: drverify help [COMMAND] */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "message.h"

static void print_overview(void)
{
	fputs("drverify: is the data that came back after a restore the data we had?\n"
	      "\n"
	      "  drverify --baseline FILE [OPTIONS]\n"
	      "  drverify COMMAND [OPTIONS]\n"
	      "\n"
	      "Commands\n", stdout);
	for (const struct command *command = commands; command->name; command++)
		printf("  %-13s %s\n", command->name, command->summary);
	fputs("\n"
	      "Examples\n"
	      "  Verify restored databases:  drverify --baseline report.json\n"
	      "  Record healthy ones:        drverify capture --baseline checks.json "
	      "--write json=report.json\n"
	      "  Understand a finding:       drverify explain row_count.below\n"
	      "\n"
	      "Exit status\n"
	      "  0  all checks passed         2  damage found\n"
	      "  1  passed, with warnings     3  could not decide: never take it for a pass\n"
	      "\n"
	      "drverify help COMMAND shows the options of a command.\n", stdout);
}

void help_print(const struct command *command)
{
	if (!command) {
		print_overview();
		return;
	}
	printf("drverify %s: %s\n\n  drverify %s [OPTIONS]%s%s\n\n%s\nOptions\n", command->name,
	       command->summary, command->name, command->operand ? " " : "",
	       command->operand ? command->operand : "", command->help);
	options_print(command->options);
}

int cmd_help(const struct options *options)
{
	const struct command *command;
	char shown[REPEAT_MAX];
	const char *guess;

	if (!options->operand) {
		help_print(NULL);
		return 0;
	}
	/* Not for people, so no help names it. */
	if (!strcmp(options->operand, "tables")) {
		tables_print();
		return 0;
	}
	command = command_find(options->operand);
	if (command) {
		help_print(command);
		return 0;
	}
	guess = command_nearest(options->operand);
	complain("there is no command \"%s\"%s%s%s", repeatable(shown, options->operand),
		 guess ? "; did you mean \"" : "; drverify --help lists them", guess ? guess : "",
		 guess ? "\"?" : "");
	return EXIT_UNDECIDED;
}
