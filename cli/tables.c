/* tables.c: the commands, options and finding codes as lines of a file that programs read */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "drverify.h"

/* A line for each line of the text, behind the kind of line and what it is about. */
static void print_text(const char *kind, const char *about, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		printf("%s\t%s\t%.*s\n", kind, about, (int)len, text);
		text += len + (text[len] == '\n');
	}
}

static void print_commands(const struct option_text *option)
{
	const char *before = "";

	for (const struct command *command = commands; command->name; command++)
		if (command->options & option->sets) {
			printf("%s%s", before, command->name);
			before = " ";
		}
	putchar('\n');
}

void tables_print(void)
{
	const struct drv_explanation *finding;
	struct option_text option;
	const char *format;

	for (const struct command *command = commands; command->name; command++) {
		printf("command\t%s\t%s\t%s\n", command->name,
		       command->operand ? command->operand : "", command->summary);
		print_text("text", command->name, command->help);
	}
	for (size_t i = 0; option_at(i, &option); i++) {
		printf("option\t%s\t%.1s\t%s\t", option.name, (char[]){ option.letter, '\0' },
		       option.argument ? option.argument : "");
		print_commands(&option);
		print_text("help", option.name, option.help);
	}
	for (size_t i = 0; (format = drv_report_format(i)); i++)
		printf("format\t%s\n", format);
	for (size_t i = 0; (finding = drv_finding_at(i)); i++)
		printf("finding\t%s\t%s\n", finding->code, finding->meaning);
}
