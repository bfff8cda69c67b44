/* arguments.c: the command line, out of sight of other users */
#include "arguments.h"

#include <stdlib.h>
#include <string.h>

#include "source.h"

/* What stands before the place stays, such as "main=", so that one sees what runs. */
static void hide(char *word)
{
	char *scheme = strstr(word, "://"), *equals = strchr(word, '='), *secret;

	if (!source_holds_password(word))
		return;
	secret = scheme && (!equals || scheme < equals) ? scheme + strlen("://") : equals + 1;
	memset(secret, '*', strlen(secret));
}

char **arguments_take(int argc, char **argv)
{
	char **copy = calloc((size_t)argc + 1, sizeof *copy);

	for (int i = 0; copy && i < argc; i++) {
		copy[i] = strdup(argv[i]);
		if (!copy[i]) {
			arguments_free(copy);
			return NULL;
		}
		hide(argv[i]);
	}
	return copy;
}

void arguments_free(char **arguments)
{
	for (char **at = arguments; at && *at; at++) {
		explicit_bzero(*at, strlen(*at));
		free(*at);
	}
	free(arguments);
}
