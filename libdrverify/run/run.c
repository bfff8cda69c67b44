/* run.c: the public object that holds options, sources, secrets and the selection */
#include "run/run.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/options.h"
#include "run/progress.h"

#define DEFAULT_TIMEOUT (600 * DRVP_SECOND)
#define DEFAULT_CONNECT_TIMEOUT (10 * DRVP_SECOND)
#define MOST_JOBS 256

static unsigned default_jobs(void)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	return processors < 1 ? 1 : processors > 4 ? 4 : (unsigned)processors;
}

static int read_times(struct drv_run *run, const struct drv_run_options *options,
		      struct drv_error *err)
{
	if (options->incident_at) {
		run->incident_at.set = drvp_instant_parse(&run->incident_at.value,
							  options->incident_at,
							  strlen(options->incident_at));
		if (!run->incident_at.set)
			return drvp_fail(err, DRV_E_USAGE, "the incident time \"%.60s\" is not a time "
					 "with zone, such as 2025-12-30 14:30+09",
					 options->incident_at);
	}
	return options->restored_to ? drv_run_restored_to(run, options->restored_to, err) : 0;
}

static int read_folders(struct drv_run *run, const struct drv_run_options *options,
			struct drv_error *err)
{
	run->sidecar_dir = options->sidecar_dir ? strdup(options->sidecar_dir) : NULL;
	run->temporary_dir = strdup(options->temporary_dir ? options->temporary_dir : "/tmp");
	run->settings.sidecar_dir = run->sidecar_dir;
	run->settings.temporary_dir = run->temporary_dir;
	return run->temporary_dir && !run->sidecar_dir == !options->sidecar_dir ?
		       0 : drvp_fail_nomem(err);
}

static int read_options(struct drv_run *run, const struct drv_run_options *given,
			struct drv_error *err)
{
	struct drv_run_options options = DRV_RUN_OPTIONS_INIT;
	int status = drvp_options_read(&options, sizeof options, given, "the run options", err);

	if (status)
		return status;
	if (options.jobs > MOST_JOBS)
		return drvp_fail(err, DRV_E_USAGE, "at most %d connections a source are allowed",
				 MOST_JOBS);
	run->jobs = options.jobs ? options.jobs : default_jobs();
	run->limits.work = options.timeout_ms ? options.timeout_ms * INT64_C(1000) : DEFAULT_TIMEOUT;
	run->limits.connect = options.connect_timeout_ms ?
		options.connect_timeout_ms * INT64_C(1000) : DEFAULT_CONNECT_TIMEOUT;
	if (run->limits.connect > run->limits.work)
		run->limits.connect = run->limits.work;
	run->limits.cancelled = &run->cancelled;
	if (options.priority > DRVP_LEAST_PRIORITY)
		return drvp_fail(err, DRV_E_USAGE, "a priority is 1 (most important) to %d",
				 DRVP_LEAST_PRIORITY);
	run->priority = (int)options.priority;
	run->budget = options.budget_ms * INT64_C(1000);
	run->rows_per_second = options.rows_per_second;
	run->bytes_per_second = options.bytes_per_second;
	run->settings.allow_sql = options.allow_sql != 0 || run->baseline->signer.name;
	run->settings.show_keys = options.show_keys != 0;
	run->settings.since_checkpoint = options.since_checkpoint != 0;
	run->settings.keep_keys = options.keep_keys != 0;
	run->keep_driver = options.keep_driver != 0;
	status = read_folders(run, &options, err);
	return status ? status : read_times(run, &options, err);
}

int drv_run_new(struct drv_run **out, const struct drv_baseline *baseline,
		const struct drv_run_options *options, struct drv_error *error)
{
	struct drv_run *run;
	int status = drvp_baseline_refuse_failed(baseline, error);

	*out = NULL;
	if (status)
		return status;
	run = calloc(1, sizeof *run);
	if (!run)
		return drvp_fail_nomem(error);
	atomic_init(&run->cancelled, false);
	run->baseline = drvp_baseline_share(baseline);
	run->sources = calloc(baseline->source_count + 1, sizeof *run->sources);
	run->restored_to = calloc(baseline->source_count + 1, sizeof *run->restored_to);
	status = run->sources && run->restored_to ? read_options(run, options, error)
						  : drvp_fail_nomem(error);
	if (!status)
		status = drvp_multiset_key_random(&run->settings.multiset_key, error);
	if (status)
		drv_run_free(&run);
	*out = run;
	return status;
}

static void free_secret(struct drvp_secret *secret)
{
	drvp_cleanse((void *)(uintptr_t)secret->bytes, secret->len);
	free((void *)(uintptr_t)secret->bytes);
	free((void *)(uintptr_t)secret->name);
}

static void free_globs(struct drvp_globs *globs)
{
	for (size_t i = 0; i < globs->count; i++)
		free(globs->globs[i]);
	free(globs->globs);
}

void drv_run_free(struct drv_run **run)
{
	struct drv_run *r = *run;

	*run = NULL;
	if (!r)
		return;
	for (size_t i = 0; r->sources && i < r->baseline->source_count; i++)
		drvp_run_source_clear(&r->sources[i]);
	for (size_t i = 0; i < r->settings.secret_count; i++) {
		free_secret(&r->secrets[i]);
	}
	drvp_cleanse(&r->settings.multiset_key, sizeof r->settings.multiset_key);
	free(r->secrets);
	free(r->sources);
	free(r->restored_to);
	free(r->sidecar_dir);
	free(r->temporary_dir);
	free_globs(&r->only);
	free_globs(&r->skip);
	drv_baseline_free(&r->baseline);
	free(r);
}

const struct drvp_secret *drvp_secret_find(const struct drvp_settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->secret_count; i++)
		if (!strcmp(settings->secrets[i].name, name))
			return &settings->secrets[i];
	return NULL;
}

/* Where the secret of that name is, or the place behind the last. */
static size_t find_secret(const struct drv_run *run, const char *name)
{
	const struct drvp_secret *found = drvp_secret_find(&run->settings, name);

	return found ? (size_t)(found - run->secrets) : run->settings.secret_count;
}

int drv_run_restored_to(struct drv_run *run, const char *point, struct drv_error *error)
{
	return drvp_restore_points_add(run->restored_to, run->baseline, point, error);
}

int drv_run_secret(struct drv_run *run, const char *name, const void *bytes, size_t len,
		   struct drv_error *error)
{
	size_t count = find_secret(run, name);
	struct drvp_secret *grown = realloc(run->secrets, (run->settings.secret_count + 1) *
					    sizeof *grown);
	uint8_t *copy;
	char *name_copy;

	if (!grown)
		return drvp_fail_nomem(error);
	run->secrets = grown;
	run->settings.secrets = grown;
	copy = malloc(len + 1);
	name_copy = strdup(name);
	if (!copy || !name_copy) {
		free(copy);
		free(name_copy);
		return drvp_fail_nomem(error);
	}
	memcpy(copy, bytes, len);
	if (count < run->settings.secret_count)
		free_secret(&grown[count]);
	else
		run->settings.secret_count++;
	grown[count] = (struct drvp_secret){ name_copy, copy, len };
	return 0;
}

/* A misspelt glob would silently leave out what it was meant to select. */
static int check_glob(const struct drv_baseline *baseline, const char *glob, struct drv_error *err)
{
	const char *near = NULL, **ids;

	for (size_t i = 0; i < baseline->item_count; i++)
		if (drvp_glob_selects(glob, baseline->items[i].id))
			return 0;
	ids = calloc(2 * baseline->item_count + 1, sizeof *ids);
	for (size_t i = 0; ids && i < baseline->item_count; i++) {
		ids[2 * i] = baseline->items[i].check->name;
		ids[2 * i + 1] = baseline->items[i].id;
	}
	if (ids)
		near = drvp_suggest(glob, strlen(glob), ids, 2 * baseline->item_count);
	free(ids);
	return drvp_fail(err, DRV_E_USAGE, "\"%.80s\" selects no check of %s%s%.80s%s", glob,
			 baseline->file, near ? "; did you mean \"" : "", near ? near : "",
			 near ? "\"?" : "");
}

static int add_glob(struct drvp_globs *globs, const struct drv_baseline *baseline,
		    const char *glob, struct drv_error *err)
{
	int status = check_glob(baseline, glob, err);
	char **grown = realloc(globs->globs, (globs->count + 1) * sizeof *grown);
	char *copy = strdup(glob);

	if (grown)
		globs->globs = grown;
	if (status || !grown || !copy) {
		free(copy);
		return status ? status : drvp_fail_nomem(err);
	}
	grown[globs->count++] = copy;
	return 0;
}

int drv_run_only(struct drv_run *run, const char *glob, struct drv_error *error)
{
	return add_glob(&run->only, run->baseline, glob, error);
}

int drv_run_skip(struct drv_run *run, const char *glob, struct drv_error *error)
{
	return add_glob(&run->skip, run->baseline, glob, error);
}

void drv_run_on_event(struct drv_run *run, drv_event_fn fn, void *user)
{
	run->on_event = fn;
	run->event_user = user;
}

_Static_assert(ATOMIC_BOOL_LOCK_FREE == 2, "a signal handler may not wait for a lock");

void drv_run_cancel(struct drv_run *run)
{
	atomic_store(&run->cancelled, true);
}

static int execute(struct drv_run *run, bool capture, bool rehearsal, struct drv_report **out,
		   struct drv_error *error)
{
	struct drv_report *report;
	int64_t started = drvp_monotonic();
	int status = drvp_baseline_refuse_todo(run->baseline, error);

	*out = NULL;
	if (!status)
		status = drvp_report_new(&report, run->baseline, error);
	if (status)
		return status;
	run->settings.capture = capture;
	run->rehearsal = rehearsal;
	report->rehearsal = rehearsal;
	/* A rehearsal says whether the budget would do. */
	run->limits.until = run->budget && !rehearsal ? started + run->budget : 0;
	report->capture = capture;
	report->started_at = drvp_now();
	report->incident_at = run->incident_at;
	for (size_t i = 0; i < report->source_count; i++)
		report->sources[i].restored_to = *drvp_restore_point_of(run->restored_to,
									run->baseline, i);
	status = drvp_engine_run(run, report, error);
	if (status) {
		drv_report_free(&report);
		return status;
	}
	report->cancelled = atomic_load(&run->cancelled);
	report->finished_at = drvp_now();
	report->elapsed = drvp_monotonic() - started;
	drvp_report_finish(report);
	*out = report;
	return 0;
}

int drv_run_verify(struct drv_run *run, struct drv_report **out, struct drv_error *error)
{
	return execute(run, false, false, out, error);
}

static int capture_all(struct drv_run *run, bool rehearsal, struct drv_report **out,
		       struct drv_error *error)
{
	*out = NULL;
	if (run->only.count || run->skip.count || run->priority)
		return drvp_fail(error, DRV_E_USAGE, "a capture takes all checks, since a baseline is of "
				 "one moment; write a smaller document for a smaller baseline");
	return execute(run, true, rehearsal, out, error);
}

int drv_run_capture(struct drv_run *run, struct drv_report **out, struct drv_error *error)
{
	return capture_all(run, false, out, error);
}

int drv_run_rehearse(struct drv_run *run, int capture, struct drv_report **out,
		     struct drv_error *error)
{
	return capture ? capture_all(run, true, out, error) : execute(run, false, true, out, error);
}

#define TEXT_OF(number) #number
#define VERSION(major, minor, patch) TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)

const char *drv_version(void)
{
	return VERSION(DRV_VERSION_MAJOR, DRV_VERSION_MINOR, DRV_VERSION_PATCH);
}
