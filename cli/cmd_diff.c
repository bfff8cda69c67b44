/* cmd_diff.c: drverify diff A B */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "drverify.h"
#include "message.h"
#include "run.h"

/* Long enough for a hash. */
#define VALUE_MAX 72

struct diff {
	unsigned long count;
	char *id;                    /* the last that was printed */
};

/* The bytes that are shown of a value: whole characters. */
static int shown(const char *value)
{
	size_t len = strlen(value);

	if (len <= VALUE_MAX)
		return (int)len;
	for (len = VALUE_MAX; len && ((unsigned char)value[len] & 0xC0) == 0x80;)
		len--;
	return (int)len;
}

static void print_value(const char *value)
{
	int len = shown(value);

	printf("%.*s%s", len, value[0] ? value : "", value[len] ? "…" : "");
	if (!value[0])
		fputs("(none)", stdout);
}

static int print(const struct drv_difference *difference, void *user)
{
	struct diff *diff = user;

	if (!diff->count || strcmp(diff->id, difference->id)) {
		free(diff->id);
		diff->id = strdup(difference->id);
		if (!diff->id)
			return -1;
		printf("%s%s\n", diff->count ? "\n" : "", diff->id[0] ? diff->id : "document");
	}
	diff->count++;
	printf("  %-22s ", difference->what);
	print_value(difference->before);
	fputs(" → ", stdout);
	print_value(difference->after);
	putchar('\n');
	return 0;
}

static int compare(const struct drv_baseline *before, const struct drv_baseline *after)
{
	struct drv_error error = DRV_ERROR_INIT;
	struct diff diff = { 0 };
	int failed = drv_baseline_compare(before, after, print, &diff, &error);

	free(diff.id);
	if (failed) {
		complain("%s", error.status == DRV_E_IO ? "out of memory" : error.message);
		return EXIT_UNDECIDED;
	}
	if (diff.count)
		printf("\n%lu %s\n", diff.count, diff.count == 1 ? "difference" : "differences");
	else
		puts("no difference");
	return diff.count ? 1 : 0;
}

int cmd_diff(const struct options *options)
{
	struct drv_baseline *before = NULL, *after = NULL;
	int status = EXIT_UNDECIDED;

	if (!options->second) {
		complain("diff what? drverify diff A B");
		return EXIT_UNDECIDED;
	}
	if (!strcmp(options->operand, "-") && !strcmp(options->second, "-"))
		complain("only one of the two can be standard input");
	else if (!run_read_document(&before, options->operand, NULL, options) &&
		 !run_read_document(&after, options->second, NULL, options))
		status = compare(before, after);
	drv_baseline_free(&before);
	drv_baseline_free(&after);
	return status;
}
