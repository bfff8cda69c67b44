/* engine.c: does the whole run: a thread a source, and word of the progress to the caller */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "run/work.h"

/* How often the caller hears about progress. */
#define EVENT_INTERVAL (DRVP_SECOND / 5)

static void *source_main(void *user)
{
	struct drvp_work *work = user;
	struct drvp_engine *engine = work->engine;

	drvp_work_on_source(work);
	if (work->pinned)
		work->pinned->store->close(&work->pinned);
	pthread_mutex_lock(&engine->lock);
	engine->sources_left--;
	pthread_cond_signal(&engine->changed);
	pthread_mutex_unlock(&engine->lock);
	return NULL;
}

/* ------------------------------------------------------------------ the whole run */

static void tell(struct drvp_engine *engine, struct drv_event event)
{
	event.struct_size = sizeof event;
	engine->run->on_event(&event, engine->run->event_user);
}

static double share(const struct drvp_outlook *outlook)
{
	if (outlook->done < 0)
		return -1;
	return outlook->done > 0 ? outlook->done / (outlook->done + outlook->left) : 0;
}

/* What the sources have together, of which the slowest decides how long it takes. */
static void add(struct drvp_outlook *all, const struct drvp_outlook *one, bool first)
{
	if (first) {
		*all = *one;
		return;
	}
	all->rows += one->rows;
	all->rows_per_second += one->rows_per_second;
	all->done = all->done < 0 || one->done < 0 ? -1 : all->done + one->done;
	all->left = all->left < 0 || one->left < 0 ? -1 : all->left + one->left;
	if (all->seconds_left < 0 || one->seconds_left < 0)
		all->seconds_left = -1;
	else if (one->seconds_left > all->seconds_left)
		all->seconds_left = one->seconds_left;
	if (one->unreached && (!all->unreached || one->unreached < all->unreached))
		all->unreached = one->unreached;
}

static struct drv_event event_of(const struct drvp_outlook *outlook, uint32_t done, uint32_t all)
{
	return (struct drv_event){
		.rows = outlook->rows,
		.checks_done = done,
		.checks = all,
		.share = share(outlook),
		.rows_per_second = outlook->rows_per_second,
		.seconds_left = outlook->seconds_left,
		.unreached = outlook->unreached,
	};
}

/* Each source, then all together. */
static void tell_progress(struct drvp_engine *engine, struct drvp_work *works)
{
	struct drvp_outlook all = { 0 }, one;
	struct drv_event event;
	bool first = true;

	for (size_t i = 0; i < engine->report->source_count; i++) {
		struct drvp_work *work = &works[i];

		if (!work->plan.task_count)
			continue;
		pthread_mutex_lock(&engine->lock);
		drvp_progress_look(&work->progress, atomic_load(&work->meter.rows), drvp_monotonic(),
				   engine->run->limits.until, &one);
		event = event_of(&one, work->tasks_done, (uint32_t)work->plan.task_count);
		pthread_mutex_unlock(&engine->lock);
		add(&all, &one, first);
		first = false;
		event.type = DRV_EVENT_SOURCE;
		event.source = work->source->source->name;
		tell(engine, event);
	}
	pthread_mutex_lock(&engine->lock);
	event = event_of(&all, engine->tasks_done, engine->tasks);
	pthread_mutex_unlock(&engine->lock);
	event.type = DRV_EVENT_PROGRESS;
	tell(engine, event);
}

/* On the caller's thread, until all sources are done. */
static void wait_and_tell(struct drvp_engine *engine, struct drvp_work *works)
{
	struct timespec until;

	pthread_mutex_lock(&engine->lock);
	while (engine->sources_left) {
		pthread_mutex_unlock(&engine->lock);
		if (engine->run->on_event)
			tell_progress(engine, works);
		pthread_mutex_lock(&engine->lock);
		if (!engine->sources_left)
			break;
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += EVENT_INTERVAL * 1000;
		if (until.tv_nsec >= 1000000000) {
			until.tv_nsec -= 1000000000;
			until.tv_sec++;
		}
		pthread_cond_timedwait(&engine->changed, &engine->lock, &until);
	}
	pthread_mutex_unlock(&engine->lock);
}

static int plan_sources(struct drvp_engine *engine, struct drvp_work *works, struct drv_error *err)
{
	struct drv_report *report = engine->report;

	for (size_t i = 0; i < report->source_count; i++) {
		int status;

		works[i].engine = engine;
		works[i].source = &report->sources[i];
		works[i].address = drvp_run_address(engine->run, report->sources[i].source);
		works[i].address.limits.meter = &works[i].meter;
		works[i].meter.rows_pace.rate = engine->run->rows_per_second;
		works[i].meter.bytes_pace.rate = engine->run->bytes_per_second;
		status = drvp_plan_select(&works[i].plan, engine->run, report,
					  report->sources[i].source, err);
		if (status)
			return status;
		report->sources[i].selected = works[i].plan.task_count > 0;
		engine->tasks += (uint32_t)works[i].plan.task_count;
	}
	if (!engine->tasks)
		return drvp_fail(err, DRV_E_USAGE, "nothing is selected: %s",
				 report->verdict_count ? "--only, --skip and --priority leave no check" :
							 "the document has no checks");
	return 0;
}

/* When no thread can be had, the sources are done one after the other on the caller's. */
static void start_source(struct drvp_work *work)
{
	pthread_mutex_lock(&work->engine->lock);
	work->engine->sources_left++;
	pthread_mutex_unlock(&work->engine->lock);
	work->started = !pthread_create(&work->thread, NULL, source_main, work);
	if (!work->started)
		source_main(work);
}

static void run_all(struct drvp_engine *engine, struct drvp_work *works)
{
	size_t count = engine->report->source_count;

	for (size_t i = 0; i < count; i++)
		if (works[i].plan.task_count)
			start_source(&works[i]);
	wait_and_tell(engine, works);
	for (size_t i = 0; i < count; i++)
		if (works[i].started)
			pthread_join(works[i].thread, NULL);
}

static int engine_init(struct drvp_engine *engine, struct drv_run *run, struct drv_report *report,
		       struct drv_error *err)
{
	pthread_condattr_t attributes;

	*engine = (struct drvp_engine){ .run = run, .report = report };
	if (pthread_mutex_init(&engine->lock, NULL))
		return drvp_fail_nomem(err);
	/* Waits must not depend on a wall clock that somebody may set. */
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	if (pthread_cond_init(&engine->changed, &attributes)) {
		pthread_mutex_destroy(&engine->lock);
		return drvp_fail_nomem(err);
	}
	pthread_condattr_destroy(&attributes);
	return 0;
}

int drvp_engine_run(struct drv_run *run, struct drv_report *report, struct drv_error *err)
{
	struct drvp_work *works = calloc(report->source_count + 1, sizeof *works);
	struct drvp_engine engine;
	int status;

	if (!works)
		return drvp_fail_nomem(err);
	status = engine_init(&engine, run, report, err);
	if (status) {
		free(works);
		return status;
	}
	status = plan_sources(&engine, works, err);
	if (!status)
		run_all(&engine, works);
	for (size_t i = 0; i < report->source_count; i++)
		drvp_plan_free(&works[i].plan);
	pthread_cond_destroy(&engine.changed);
	pthread_mutex_destroy(&engine.lock);
	free(works);
	return status;
}
