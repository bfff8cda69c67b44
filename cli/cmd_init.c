/* cmd_init.c: drverify init --source NAME=URI … */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "drverify.h"
#include "file.h"
#include "interrupt.h"
#include "message.h"
#include "run.h"
#include "source.h"

/* Longest wait for one question: a server that is busy should not be held up by a draft. */
#define QUESTION_MS 30000

/* ------------------------------------------------------------------ the sources */

/* It becomes a member of the document as it is. */
static bool is_name(const char *option, size_t len)
{
	if (!len || option[len] != '=')
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)option[i] < ' ' || strchr("\"\\\x7F", option[i]))
			return false;
	return true;
}

static bool is_repeated(const struct texts *sources, size_t index, size_t len)
{
	for (size_t i = 0; i < index; i++)
		if (!strncmp(sources->items[i], sources->items[index], len + 1))
			return true;
	return false;
}

/* The store shows in the place, which may stand in a file. */
static int find_store(const char **store, const char *place, const struct options *options)
{
	struct options silent = *options;
	char *text;

	/* It is read once more where sources are placed, which warns. */
	silent.quiet = true;
	text = source_text(place, "the file with the place of a source", &silent);
	if (!text)
		return -1;
	*store = strncmp(text, "mongodb", strlen("mongodb")) ? "postgresql" : "mongodb";
	source_text_free(text);
	return 0;
}

static int put_sources(FILE *out, const struct options *options)
{
	const struct texts *sources = &options->sources;

	for (size_t i = 0; i < sources->count; i++) {
		const char *option = sources->items[i], *store;
		size_t len = strcspn(option, "=");

		/* Not repeated here: it may be a URI with a password. */
		if (!is_name(option, len)) {
			complain("--source needs NAME=URI, where NAME is what the document will call it");
			return -1;
		}
		if (find_store(&store, option + len + 1, options))
			return -1;
		/* What is given twice is told where sources are placed. */
		if (!is_repeated(sources, i, len))
			fprintf(out, "%s\"%.*s\": { \"store\": \"%s\" }", i ? ", " : "", (int)len,
				option, store);
	}
	return 0;
}

/* A document that names the sources and checks nothing. */
static int make_baseline(struct drv_baseline **baseline, const struct options *options)
{
	struct drv_error error = DRV_ERROR_INIT;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int status = out ? 0 : -1;

	if (out) {
		fputs("{ \"format\": \"drverify/1\", \"sources\": { ", out);
		status = put_sources(out, options);
		fputs(" }, \"checks\": [] }", out);
		if (fclose(out) || !text)
			status = -1;
	}
	if (!status && drv_baseline_parse(baseline, text, len, "the draft", &error)) {
		complain("%s", error.message);
		status = -1;
	}
	free(text);
	return status;
}

/* ------------------------------------------------------------------ the draft */

static int keep(const void *bytes, size_t len, void *out)
{
	return fwrite(bytes, 1, len, out) != len;
}

static int draft(struct drv_run *run, const struct options *options, FILE *out)
{
	struct drv_draft_options wanted = DRV_DRAFT_OPTIONS_INIT;
	struct drv_error error = DRV_ERROR_INIT;
	int status;

	wanted.chain_budget_ms = options->timeout_ms;
	wanted.column_zone = options->column_zone;
	interrupt_watch(run);
	status = drv_run_draft(run, &wanted, keep, out, &error);
	interrupt_forget();
	if (status)
		complain("%s", error.message);
	return status;
}

static int exists_already(const char *path)
{
	complain("\"%s\" exists; --overwrite lets the draft take its place", path);
	return -1;
}

static int deliver(const struct options *options, const char *text, size_t len)
{
	const char *path = options->output;

	if (!path) {
		fwrite(text, 1, len, stdout);
	} else if ((options->overwrite ? file_replace : file_place)(path, text, len, 0666)) {
		if (errno == EEXIST)
			return exists_already(path);
		complain("cannot write \"%s\": %s", path, strerror(errno));
		return -1;
	}
	if (!options->quiet)
		fprintf(stderr, "Read it first: drverify show %s\n"
			"Then, with the same --source: drverify doctor --capture --baseline %s\n",
			path ? path : "FILE", path ? path : "FILE");
	return 0;
}

static int draft_and_deliver(struct drv_run *run, const struct options *options)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int status = out ? draft(run, options, out) : -1;

	if (out && fclose(out))
		status = -1;
	if (!status)
		status = deliver(options, text, len);
	free(text);
	return status;
}

int cmd_init(const struct options *options)
{
	struct drv_run_options wanted = DRV_RUN_OPTIONS_INIT;
	struct drv_error error = DRV_ERROR_INIT;
	struct drv_baseline *baseline = NULL;
	struct drv_run *run = NULL;
	int status = EXIT_UNDECIDED;

	wanted.timeout_ms = QUESTION_MS;
	if (!options->sources.count)
		complain("no database: give --source NAME=URI; drverify help init shows examples");
	else if (options->output && !options->overwrite && !access(options->output, F_OK))
		exists_already(options->output);
	else if (!make_baseline(&baseline, options)) {
		if (drv_run_new(&run, baseline, &wanted, &error))
			complain("%s", error.message);
		else if (!run_give_keys(run, options) &&
			 !sources_place(run, baseline, options) &&
			 !draft_and_deliver(run, options))
			status = 0;
	}
	drv_run_free(&run);
	drv_baseline_free(&baseline);
	return status;
}
