/* options.c: reads the command line by the table of options */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "message.h"
#include "option_row.h"
#include "suggest.h"

/* The command line while it is read. */
struct words {
	struct options *options;
	const struct command *command;
	char **argv;
	int argc, at;
};

static const char *row_name(size_t index, const void *user)
{
	(void)user;
	return index < option_row_count ? option_rows[index].name : NULL;
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

static int not_for_command(const struct words *words, const struct option_row *row)
{
	complain("--%s means nothing to \"%s\"; drverify help %s lists what does", row->name,
		 words->command->name, words->command->name);
	return -1;
}

static int take_long(struct words *words, const char *word)
{
	const struct option_row *row = NULL;
	const char *value = strchr(word, '=');
	char name[64];

	snprintf(name, sizeof name, "%.*s", value ? (int)(value - word) : (int)sizeof name, word);
	/* One name may mean different things to different commands. */
	for (size_t i = 0; i < option_row_count; i++)
		if (!strcmp(option_rows[i].name, name) &&
		    (!row || option_rows[i].sets & words->command->options))
			row = &option_rows[i];
	if (!row)
		return unknown_option(words, name);
	if (!(row->sets & words->command->options))
		return not_for_command(words, row);
	if (row->kind == FLAG && value) {
		complain("--%s takes no value", row->name);
		return -1;
	}
	if (row->kind == FLAG || value)
		return option_value_set(words->options, row, value ? value + 1 : NULL, (size_t)words->argc);
	if (words->at == words->argc || !strncmp(words->argv[words->at], "--", 2)) {
		complain("--%s needs a value: --%s %s", row->name, row->name, row->argument);
		return -1;
	}
	return option_value_set(words->options, row, words->argv[words->at++], (size_t)words->argc);
}

static int take_letters(struct words *words, const char *letters)
{
	for (; *letters; letters++) {
		const struct option_row *row = NULL;

		for (size_t i = 0; i < option_row_count; i++)
			if (option_rows[i].letter == *letters)
				row = &option_rows[i];
		if (!row) {
			complain("there is no option -%c; drverify help %s lists them", *letters,
				 words->command->name);
			return -1;
		}
		if (!(row->sets & words->command->options))
			return not_for_command(words, row);
		if (option_value_set(words->options, row, NULL, (size_t)words->argc))
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
