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

/* What a difference is about. The first row whose member and text fit counts it. */
enum kind {
	CHECK_ADDED, CHECK_REMOVED, SOURCE_ADDED, SOURCE_REMOVED, RUN, VERDICT, ROWS, FINDING,
	EXPECTATION, IDENTITY, SETTING, KINDS
};

static const struct {
	const char *what;            /* the member, or all in it where it ends with a dot; "": any */
	bool added, removed;         /* only where it was not there before, or no longer is */
	const char *one, *several;
} kinds[KINDS] = {
	[CHECK_ADDED] = { "check", true, false, "check added", "checks added" },
	[CHECK_REMOVED] = { "check", false, true, "check removed", "checks removed" },
	[SOURCE_ADDED] = { "source", true, false, "source added", "sources added" },
	[SOURCE_REMOVED] = { "source", false, true, "source removed", "sources removed" },
	[RUN] = { "verdict", false, false, "verdict of the run", "verdicts of the run" },
	[VERDICT] = { "result.verdict", false, false, "verdict of a check", "verdicts of checks" },
	[ROWS] = { "result.rows", false, false, "count of rows", "counts of rows" },
	[FINDING] = { "result.finding", false, false, "finding", "findings" },
	[EXPECTATION] = { "expect.", false, false, "expected value", "expected values" },
	[IDENTITY] = { "identity.", false, false, "member of an identity", "members of an identity" },
	[SETTING] = { "", false, false, "setting", "settings" },
};

struct diff {
	unsigned long count, of[KINDS];
	char *id;                    /* the last that was printed */
};

static enum kind kind_of(const struct drv_difference *difference)
{
	enum kind kind = 0;

	for (; kind < SETTING; kind++) {
		const char *what = kinds[kind].what;
		size_t len = strlen(what);
		bool inside = what[len - 1] == '.';

		if (strncmp(difference->what, what, len) || (!inside && difference->what[len]))
			continue;
		if ((!kinds[kind].added || !difference->before[0]) &&
		    (!kinds[kind].removed || !difference->after[0]))
			break;
	}
	return kind;
}

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
	diff->of[kind_of(difference)]++;
	printf("  %-22s ", difference->what);
	print_value(difference->before);
	fputs(" → ", stdout);
	print_value(difference->after);
	putchar('\n');
	return 0;
}

/* "12 differences: 1 check added, 2 verdicts, 9 expected values" */
static void print_counts(const struct diff *diff)
{
	const char *separator = ": ";

	printf("\n%lu %s", diff->count, diff->count == 1 ? "difference" : "differences");
	for (size_t i = 0; i < KINDS; i++) {
		if (!diff->of[i])
			continue;
		printf("%s%lu %s", separator, diff->of[i],
		       diff->of[i] == 1 ? kinds[i].one : kinds[i].several);
		separator = ", ";
	}
	putchar('\n');
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
		print_counts(&diff);
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
