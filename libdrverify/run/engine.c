/* engine.c: opens the sources, hands units to sessions, and merges what they measured */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "run/conclude.h"
#include "run/plan.h"

/* How often the caller hears about progress. */
#define EVENT_INTERVAL (DRVP_SECOND / 5)

/* Shared by all threads of a run. */
struct engine {
	struct drv_run *run;
	struct drv_report *report;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t sources_left;
	uint64_t rows;
	uint32_t tasks_done, tasks;
};

/* The work on one source: one thread opens it, further ones join with sessions of their own. */
struct source_work {
	struct engine *engine;
	struct drvp_source_report *source;
	struct drvp_address address; /* outlives the sessions */
	struct drvp_plan plan;
	struct drvp_session *pinned;
	size_t next_unit;            /* under engine->lock */
	pthread_t thread;
	bool started;
};

/* ------------------------------------------------------------------ units */

static int count_independently(const struct drvp_measure *m, struct drv_error *err)
{
	const struct drvp_check *check = m->item->check;
	struct drvp_selection rows = { NULL, 0, NULL };

	if (check->selection)
		rows = check->selection(m->item, m->settings);
	m->tally->counted_set = true;
	return m->session->store->count(m->session, m->relation, &rows, &m->tally->counted, err);
}

static int measure_unit(struct source_work *work, const struct drvp_unit *unit,
			struct drvp_session *session, struct drvp_tally *tally,
			struct drv_error *err)
{
	struct drvp_measure m = {
		.session = session,
		.item = unit->task->item,
		.relation = unit->task->relation,
		.joined = unit->task->joined,
		.range = unit->kind == DRVP_UNIT_RANGE ? &unit->range : NULL,
		.range_index = unit->range_index,
		.settings = &work->engine->run->settings,
		.tally = tally,
	};
	int64_t started = drvp_monotonic();
	int status = unit->kind == DRVP_UNIT_COUNT ? count_independently(&m, err) :
						     m.item->check->measure(&m, err);

	tally->elapsed += drvp_monotonic() - started;
	return status;
}

/* A callback may end with a status but without words. */
static void keep_first_error(struct drvp_task *task, int status, const struct drv_error *err)
{
	if (task->error.status)
		return;
	task->error = *err;
	task->error.status = status;
	if (!task->error.message[0])
		drvp_fail(&task->error, status, "%s",
			  status == DRV_E_NOMEM ? "out of memory" : "reading failed");
}

static const struct drvp_unit *take_unit(struct source_work *work)
{
	struct engine *engine = work->engine;
	const struct drvp_unit *unit = NULL;

	pthread_mutex_lock(&engine->lock);
	if (work->next_unit < work->plan.unit_count && !atomic_load(&engine->run->cancelled))
		unit = &work->plan.units[work->next_unit++];
	pthread_mutex_unlock(&engine->lock);
	return unit;
}

static void finish_unit(struct engine *engine, const struct drvp_unit *unit,
			struct drvp_tally *tally, int status, const struct drv_error *err)
{
	struct drvp_task *task = unit->task;

	pthread_mutex_lock(&engine->lock);
	engine->rows += tally->rows;
	if (status)
		keep_first_error(task, status, err);
	drvp_tally_merge(&task->verdict->tally, tally);
	if (--task->units_left == 0) {
		engine->tasks_done++;
		pthread_cond_signal(&engine->changed);
	}
	pthread_mutex_unlock(&engine->lock);
}

/* Works until nothing is left or the session is lost. */
static void work_on_units(struct source_work *work, struct drvp_session *session)
{
	const struct drvp_unit *unit;

	while (!session->lost && (unit = take_unit(work))) {
		struct drv_error err = DRV_ERROR_INIT;
		struct drvp_tally tally;
		int status;

		status = drvp_tally_init(&tally, unit->task->item->check->tally);
		if (!status)
			status = measure_unit(work, unit, session, &tally, &err);
		finish_unit(work->engine, unit, &tally, status, &err);
	}
}

/* ------------------------------------------------------------------ further sessions */

/* A session more is only for speed: when it cannot be had, the others do the work. */
static void *helper_main(void *user)
{
	struct source_work *work = user;
	struct drvp_session *session = NULL;

	if (work->pinned->store->attach(&session, work->pinned, NULL))
		return NULL;
	work_on_units(work, session);
	session->store->close(&session);
	return NULL;
}

static void work_in_parallel(struct source_work *work)
{
	size_t wanted = work->engine->run->jobs, started = 0;
	pthread_t *threads;

	if (wanted > work->plan.unit_count)
		wanted = work->plan.unit_count;
	threads = wanted > 1 ? calloc(wanted - 1, sizeof *threads) : NULL;
	while (threads && started < wanted - 1 &&
	       !pthread_create(&threads[started], NULL, helper_main, work))
		started++;
	work_on_units(work, work->pinned);
	while (started > 0)
		pthread_join(threads[--started], NULL);
	free(threads);
}

/* ------------------------------------------------------------------ one source */

static void locate(struct source_work *work)
{
	for (size_t i = 0; i < work->plan.task_count; i++) {
		struct drvp_task *task = &work->plan.tasks[i];
		struct drv_error err = DRV_ERROR_INIT;
		struct drvp_measure m = {
			.session = work->pinned,
			.item = task->item,
			.relation = task->relation,
			.joined = task->joined,
			.settings = &work->engine->run->settings,
			.tally = &task->verdict->tally,
		};
		int64_t started = drvp_monotonic();
		int status;

		if (!task->item->check->locate || task->units_left || task->error.status ||
		    task->missing_column || task->unready ||
		    drvp_task_unreadable(task))
			continue;
		status = task->item->check->locate(&m, &err);
		m.tally->elapsed += drvp_monotonic() - started;
		if (status)
			keep_first_error(task, status, &err);
	}
}

/* Units that nobody came to: the run was cancelled, or all sessions were lost. */
static void note_unreached(struct source_work *work)
{
	bool cancelled = atomic_load(&work->engine->run->cancelled);
	struct drv_error err = DRV_ERROR_INIT;

	if (cancelled)
		drvp_fail(&err, DRV_E_CANCELLED, "the run was stopped before this was reached");
	else
		drvp_fail(&err, DRV_E_CONNECT, "the connection was lost before this was reached");
	for (size_t i = 0; i < work->plan.task_count; i++)
		if (work->plan.tasks[i].units_left)
			keep_first_error(&work->plan.tasks[i], err.status, &err);
}

static void decide_lineage(struct source_work *work)
{
	struct drv_run *run = work->engine->run;
	struct drvp_source_report *source = work->source;

	if (!run->settings.capture)
		drvp_lineage_decide(&source->lineage, run->baseline, source->source,
				    source->reached ? &source->identity : NULL, &run->restored_to);
}

static int open_source(struct source_work *work, struct drv_error *err)
{
	const struct drvp_source *source = work->source->source;
	const struct drvp_store *store = drvp_store_find(source->store);
	int status;

	if (!store)
		return drvp_fail(err, DRV_E_UNSUPPORTED, "this build has no support for %s",
				 source->store);
	if (!work->address.uri)
		return drvp_fail(err, DRV_E_USAGE, "it is not said where it is; give --source "
				 "%s=URI", source->name);
	status = store->open(&work->pinned, &work->address, err);
	if (!status)
		status = store->freeze(work->pinned, work->plan.targets, work->plan.target_count,
				       &work->plan.relations, err);
	if (!status)
		status = store->identify(work->pinned, &work->source->identity, err);
	if (!status)
		status = drvp_plan_cut(&work->plan, work->pinned, work->engine->run->jobs, err);
	return status;
}

/* Whether the moment held is said, not judged: a store that cannot tell has said so. */
static void finish_source(struct source_work *work)
{
	struct drv_error err = DRV_ERROR_INIT;

	if (work->pinned->store->finish(work->pinned, &work->source->identity, &err))
		snprintf(work->source->identity.consistency,
			 sizeof work->source->identity.consistency, "unknown: %.120s",
			 drvp_error_text(&err));
}

/* Tasks without a unit, such as those of a missing table, are done before they begin. */
static void count_idle_tasks(struct source_work *work)
{
	pthread_mutex_lock(&work->engine->lock);
	for (size_t i = 0; i < work->plan.task_count; i++)
		work->engine->tasks_done += work->plan.tasks[i].units_left == 0;
	pthread_mutex_unlock(&work->engine->lock);
}

static void run_source(struct source_work *work)
{
	struct drvp_source_report *source = work->source;

	if (open_source(work, &source->error)) {
		decide_lineage(work);
		drvp_conclude_unreachable(&work->plan, source, &source->error);
		return;
	}
	source->reached = true;
	decide_lineage(work);
	count_idle_tasks(work);
	work_in_parallel(work);
	note_unreached(work);
	locate(work);
	finish_source(work);
	drvp_conclude(&work->plan, work->engine->run, source);
}

static void *source_main(void *user)
{
	struct source_work *work = user;
	struct engine *engine = work->engine;

	run_source(work);
	if (work->pinned)
		work->pinned->store->close(&work->pinned);
	pthread_mutex_lock(&engine->lock);
	engine->sources_left--;
	pthread_cond_signal(&engine->changed);
	pthread_mutex_unlock(&engine->lock);
	return NULL;
}

/* ------------------------------------------------------------------ the whole run */

static void tell(struct engine *engine, struct drv_event event)
{
	if (!engine->run->on_event)
		return;
	event.struct_size = sizeof event;
	engine->run->on_event(&event, engine->run->event_user);
}

/* On the caller's thread, until all sources are done. */
static void wait_and_tell(struct engine *engine)
{
	struct timespec until;

	pthread_mutex_lock(&engine->lock);
	while (engine->sources_left) {
		struct drv_event event = {
			.type = DRV_EVENT_PROGRESS,
			.rows = engine->rows,
			.checks_done = engine->tasks_done,
			.checks = engine->tasks,
		};

		pthread_mutex_unlock(&engine->lock);
		tell(engine, event);
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

static int plan_sources(struct engine *engine, struct source_work *works, struct drv_error *err)
{
	struct drv_report *report = engine->report;

	for (size_t i = 0; i < report->source_count; i++) {
		int status;

		works[i].engine = engine;
		works[i].source = &report->sources[i];
		works[i].address = (struct drvp_address){ engine->run->sources[i].uri,
							  report->sources[i].source->database,
							  engine->run->limits };
		status = drvp_plan_select(&works[i].plan, engine->run, report,
					  report->sources[i].source, err);
		if (status)
			return status;
		report->sources[i].selected = works[i].plan.task_count > 0;
		engine->tasks += (uint32_t)works[i].plan.task_count;
	}
	if (!engine->tasks)
		return drvp_fail(err, DRV_E_USAGE, "nothing is selected: %s",
				 report->verdict_count ? "--only and --skip leave no check" :
							 "the document has no checks");
	return 0;
}

/* When no thread can be had, the sources are done one after the other on the caller's. */
static void start_source(struct source_work *work)
{
	pthread_mutex_lock(&work->engine->lock);
	work->engine->sources_left++;
	pthread_mutex_unlock(&work->engine->lock);
	work->started = !pthread_create(&work->thread, NULL, source_main, work);
	if (!work->started)
		source_main(work);
}

static void run_all(struct engine *engine, struct source_work *works)
{
	size_t count = engine->report->source_count;

	for (size_t i = 0; i < count; i++)
		if (works[i].plan.task_count)
			start_source(&works[i]);
	wait_and_tell(engine);
	for (size_t i = 0; i < count; i++)
		if (works[i].started)
			pthread_join(works[i].thread, NULL);
}

static int engine_init(struct engine *engine, struct drv_run *run, struct drv_report *report,
		       struct drv_error *err)
{
	pthread_condattr_t attributes;

	*engine = (struct engine){ .run = run, .report = report };
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
	struct source_work *works = calloc(report->source_count + 1, sizeof *works);
	struct engine engine;
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
