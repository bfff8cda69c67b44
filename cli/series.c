/* series.c: the baseline to verify with, where several are given */
#include "series.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "message.h"
#include "run.h"
#include "trust.h"

struct series {
	const struct options *options;
	struct drv_trust *trust;     /* NULL: whoever wrote them */
	struct drv_baseline **baselines;
	size_t count;
};

static bool is_folder(const char *path)
{
	struct stat kind;

	return !stat(path, &kind) && S_ISDIR(kind.st_mode);
}

static int add(struct series *series, struct drv_baseline *baseline)
{
	struct drv_baseline **grown =
		realloc(series->baselines, (series->count + 1) * sizeof *grown);

	if (!grown) {
		complain("out of memory");
		drv_baseline_free(&baseline);
		return -1;
	}
	series->baselines = grown;
	grown[series->count++] = baseline;
	return 0;
}

/* Whether the chooser will take it; it says of a file that is named why it does not. */
static bool is_usable(const struct series *series, const char *path,
		      const struct drv_baseline *baseline)
{
	const char *verdict = drv_baseline_verdict(baseline);
	bool failed = !strcmp(verdict, "fail") || !strcmp(verdict, "inconclusive");
	bool captured = drv_baseline_captured_at(baseline)[0];

	/* A folder of nightly reports has them; that is no news. */
	if (!series->options->quiet && (failed || !captured))
		complain("%s is skipped: %s", path, failed ? "it is the report of a run that did not pass" :
			 "it was not written by a capture");
	return captured && !failed;
}

/* What is damaged in a folder is said and skipped; what may not be read or trusted ends it. */
static int add_from_folder(struct series *series, const char *path)
{
	struct drv_baseline *baseline;
	int status = run_read_document(&baseline, path, series->trust, series->options);

	if (status == DRV_E_DOCUMENT) {
		complain("%s is skipped: it is no drverify/1 document", path);
		return 0;
	}
	if (status)
		return -1;
	if (is_usable(series, path, baseline))
		return add(series, baseline);
	drv_baseline_free(&baseline);
	return 0;
}

static int is_document(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 5 && !strcmp(entry->d_name + len - 5, ".json");
}

static int add_folder(struct series *series, const char *folder)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_document, alphasort), status = 0;
	bool slash = folder[strlen(folder) - 1] == '/';

	if (count < 0) {
		complain("cannot read the folder \"%s\": %s", folder, strerror(errno));
		return -1;
	}
	for (int i = 0; i < count; i++) {
		char path[4096];
		int len = snprintf(path, sizeof path, "%s%s%s", folder, slash ? "" : "/",
				   entries[i]->d_name);

		if (!status && (size_t)len >= sizeof path) {
			complain("the path of \"%s\" is too long", entries[i]->d_name);
			status = -1;
		}
		if (!status && !is_folder(path))
			status = add_from_folder(series, path);
		free(entries[i]);
	}
	free(entries);
	return status;
}

static int add_file(struct series *series, const char *path)
{
	struct drv_baseline *baseline;
	int status = run_read_document(&baseline, path, series->trust, series->options);

	return status ? status : add(series, baseline);
}

static int choose(struct series *series, struct drv_baseline **baseline)
{
	const struct texts *points = &series->options->restored_to;
	struct drv_error error = DRV_ERROR_INIT;
	size_t chosen;

	if (!series->count) {
		complain("no baseline is in what --baseline names: it takes *.json of a folder that a "
			 "capture, or a run that passed, has written");
		return -1;
	}
	if (drv_baseline_choose(&chosen, series->baselines, series->count, points->items, points->count,
				&error)) {
		complain("%s", error.message);
		return -1;
	}
	*baseline = series->baselines[chosen];
	series->baselines[chosen] = NULL;
	return 0;
}

int series_read_baseline(struct drv_baseline **baseline, const struct options *options)
{
	struct series series = { .options = options };
	const struct texts *given = &options->baselines;
	int status = 0;

	if (!given->count || (given->count == 1 && !is_folder(given->items[0])))
		return run_read_baseline(baseline, options);
	status = trust_read(&series.trust, options);
	for (size_t i = 0; i < given->count && !status; i++)
		status = is_folder(given->items[i]) ? add_folder(&series, given->items[i])
						    : add_file(&series, given->items[i]);
	if (!status)
		status = choose(&series, baseline);
	for (size_t i = 0; i < series.count; i++)
		drv_baseline_free(&series.baselines[i]);
	free(series.baselines);
	drv_trust_free(&series.trust);
	return status;
}
