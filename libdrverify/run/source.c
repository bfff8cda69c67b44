/* source.c: opens one source, hands units to its sessions, and merges what they measured */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/conclude.h"
#include "run/rehearse.h"
#include "run/work.h"

/* ------------------------------------------------------------------ units */

static int count_independently(const struct drvp_measure *m, struct drv_error *err)
{
	const struct drvp_check *check = m->item->check;
	const struct drvp_store *store = m->session->store;
	struct drvp_selection rows = { NULL, 0, NULL };

	if (check->selection)
		rows = check->selection(m->item, m->settings);
	m->tally->counted_set = true;
	if (m->range && store->confirm)
		return store->confirm(m->session, m->relation, &rows, m->tally->rows,
				      &m->tally->counted, err);
	return store->count(m->session, m->relation, &rows, &m->tally->counted, err);
}

static int measure_unit(struct drvp_work *work, const struct drvp_unit *unit,
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
	int status = unit->kind == DRVP_UNIT_COUNT ? 0 : m.item->check->measure(&m, err);

	/* Where there is only one range, what it gave is all that there is to count. */
	if (!status && (unit->kind == DRVP_UNIT_COUNT || (m.range && session->store->confirm)))
		status = count_independently(&m, err);
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

static const struct drvp_unit *take_unit(struct drvp_work *work)
{
	struct drvp_engine *engine = work->engine;
	const struct drvp_unit *unit = NULL;

	if (drvp_limits_stop(&engine->run->limits))
		return NULL;
	pthread_mutex_lock(&engine->lock);
	if (work->next_unit < work->plan.unit_count) {
		unit = &work->plan.units[work->next_unit++];
		unit->task->begun = true;
		drvp_progress_begin(&work->progress, &unit->weight);
	}
	pthread_mutex_unlock(&engine->lock);
	return unit;
}

/* Under the lock. */
static void count_done_task(struct drvp_work *work)
{
	work->tasks_done++;
	work->engine->tasks_done++;
	pthread_cond_signal(&work->engine->changed);
}

/* Returns whether it was the last one of its task. */
static bool finish_unit(struct drvp_work *work, const struct drvp_unit *unit,
			struct drvp_tally *tally, uint64_t streamed, int status,
			const struct drv_error *err)
{
	struct drvp_task *task = unit->task;
	/* What came as a row has been told already. */
	uint64_t counted = unit->weight.streamed || tally->rows < streamed ? 0 :
			   tally->rows - streamed;
	bool last, cut_off = status && drvp_limits_stop(&work->engine->run->limits);

	pthread_mutex_lock(&work->engine->lock);
	if (!cut_off)
		drvp_progress_end(&work->progress, &unit->weight, task->item->priority, streamed,
				  counted, !status);
	if (status)
		keep_first_error(task, status, err);
	drvp_tally_merge(&task->verdict->tally, tally);
	last = --task->units_left == 0;
	pthread_mutex_unlock(&work->engine->lock);
	return last;
}

/*
 * As soon as all of a task is measured, so that no less important one uses up the time for it.
 * Nobody else looks at the task any more. Any session will do: all see the same.
 */
static void look_again(struct drvp_work *work, struct drvp_task *task, struct drvp_session *session)
{
	struct drv_error err = DRV_ERROR_INIT;
	struct drvp_measure m = {
		.session = session,
		.item = task->item,
		.relation = task->relation,
		.joined = task->joined,
		.settings = &work->engine->run->settings,
		.lineage = &work->source->lineage,
		.tally = &task->verdict->tally,
	};
	int64_t started = drvp_monotonic();
	int status;

	if (!task->item->check->locate || task->error.status || session->rehearsal)
		return;
	task->measured = true;
	status = task->item->check->locate(&m, &err);
	m.tally->elapsed += drvp_monotonic() - started;
	if (status)
		keep_first_error(task, status, &err);
}

static void work_on_unit(struct drvp_work *work, const struct drvp_unit *unit,
			 struct drvp_session *session)
{
	struct drv_error err = DRV_ERROR_INIT;
	struct drvp_tally tally;
	uint64_t before = drvp_flow_total(&session->flow), streamed;
	int status = drvp_tally_init(&tally, unit->task->item->check->tally);

	if (!status)
		status = measure_unit(work, unit, session, &tally, &err);
	streamed = drvp_flow_total(&session->flow) - before;
	if (!finish_unit(work, unit, &tally, streamed, status, &err))
		return;
	before += streamed;
	look_again(work, unit->task, session);
	pthread_mutex_lock(&work->engine->lock);
	work->progress.streamed += drvp_flow_total(&session->flow) - before;
	count_done_task(work);
	pthread_mutex_unlock(&work->engine->lock);
}

/* Works until nothing is left, the run has to end, or the session is lost. */
static void work_on_units(struct drvp_work *work, struct drvp_session *session)
{
	const struct drvp_unit *unit;

	while (!session->lost && (unit = take_unit(work)))
		work_on_unit(work, unit, session);
}

/* ------------------------------------------------------------------ further sessions */

/* A session more is only for speed: when it cannot be had, the others do the work. */
static void *helper_main(void *user)
{
	struct drvp_work *work = user;
	struct drvp_session *session = NULL;

	if (work->pinned->store->attach(&session, work->pinned, NULL))
		return NULL;
	work_on_units(work, session);
	session->store->close(&session);
	return NULL;
}

static unsigned connections(const struct drvp_work *work)
{
	const struct drv_run *run = work->engine->run;

	return run->rehearsal || drvp_address_is_single(&work->address) ? 1 : run->jobs;
}

static void work_in_parallel(struct drvp_work *work)
{
	size_t wanted = connections(work), started = 0;
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

/* Units that nobody came to: the run had to end, or all sessions were lost. */
static void note_unreached(struct drvp_work *work)
{
	int stop = drvp_limits_stop(&work->engine->run->limits);
	struct drv_error err = DRV_ERROR_INIT;

	if (stop)
		drvp_fail(&err, stop, "the run was stopped before this was reached");
	else
		drvp_fail(&err, DRV_E_CONNECT, "the connection was lost before this was reached");
	for (size_t i = 0; i < work->plan.task_count; i++)
		if (work->plan.tasks[i].units_left)
			keep_first_error(&work->plan.tasks[i], err.status, &err);
}

static void decide_lineage(struct drvp_work *work)
{
	struct drv_run *run = work->engine->run;
	struct drvp_source_report *source = work->source;

	if (!run->settings.capture)
		drvp_lineage_decide(&source->lineage, run->baseline, source->source,
				    source->reached ? &source->identity : NULL,
				    &source->restored_to);
}

static int open_source(struct drvp_work *work, struct drv_error *err)
{
	const struct drvp_source *source = work->source->source;
	const struct drvp_store *store = drvp_store_find(source->store);
	int status;

	if (!store)
		return drvp_fail(err, DRV_E_UNSUPPORTED, "this build has no support for %s",
				 source->store);
	if (!drvp_address_is_set(&work->address))
		return drvp_fail(err, DRV_E_USAGE, "it is not said where it is; give --source "
				 "%s=URI", source->name);
	status = store->open(&work->pinned, &work->address, err);
	if (!status)
		status = store->freeze(work->pinned, work->plan.targets, work->plan.target_count,
				       &work->plan.relations, err);
	if (!status)
		status = store->identify(work->pinned, &work->source->identity, err);
	if (!status)
		status = drvp_plan_cut(&work->plan, work->pinned, connections(work), err);
	if (!status)
		work->pinned->rehearsal = work->engine->run->rehearsal;
	return status;
}

/* Costs a question a table, so only where somebody wants to know. */
static void weigh(struct drvp_work *work)
{
	const struct drvp_plan *plan = &work->plan;
	const struct drv_run *run = work->engine->run;
	bool wanted = run->on_event || run->limits.until || run->rehearsal;

	drvp_plan_weigh(&work->plan, wanted ? work->pinned : NULL);
	pthread_mutex_lock(&work->engine->lock);
	work->progress.started = drvp_monotonic();
	for (size_t i = 0; i < plan->unit_count; i++)
		drvp_progress_add(&work->progress, &plan->units[i].weight,
				  plan->units[i].task->item->priority);
	pthread_mutex_unlock(&work->engine->lock);
}

/* Whether the moment held is said, not judged: a store that cannot tell has said so. */
static void finish_source(struct drvp_work *work)
{
	struct drv_error err = DRV_ERROR_INIT;

	if (work->pinned->store->finish(work->pinned, &work->source->identity, &err))
		snprintf(work->source->identity.consistency,
			 sizeof work->source->identity.consistency, "unknown: %.120s",
			 drvp_error_text(&err));
}

/* Tasks without a unit, such as those of a missing table, are done before they begin. */
static void count_idle_tasks(struct drvp_work *work)
{
	pthread_mutex_lock(&work->engine->lock);
	for (size_t i = 0; i < work->plan.task_count; i++)
		if (!work->plan.tasks[i].units_left)
			count_done_task(work);
	pthread_mutex_unlock(&work->engine->lock);
}

void drvp_work_on_source(struct drvp_work *work)
{
	struct drvp_source_report *source = work->source;

	if (open_source(work, &source->error)) {
		decide_lineage(work);
		drvp_conclude_unreachable(&work->plan, work->engine->run, source,
					  &source->error);
		if (work->engine->run->rehearsal)
			drvp_rehearse_settle(&work->plan, work->engine->run);
		return;
	}
	source->reached = true;
	decide_lineage(work);
	count_idle_tasks(work);
	weigh(work);
	work_in_parallel(work);
	note_unreached(work);
	if (work->engine->run->rehearsal)
		drvp_rehearse_source(&work->plan, work->engine->run, source, work->pinned);
	finish_source(work);
	drvp_conclude(&work->plan, work->engine->run, source);
	if (work->engine->run->rehearsal)
		drvp_rehearse_settle(&work->plan, work->engine->run);
}
