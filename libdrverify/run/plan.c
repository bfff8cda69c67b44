/* plan.c: which checks of a source run, in which order, and in which pieces */
#include "run/plan.h"

#include <stdlib.h>
#include <string.h>

/* Several pieces a connection, so that one slow piece does not leave the others idle. */
#define RANGES_PER_JOB 4
#define MOST_RANGES 256

/* ------------------------------------------------------------------ selection */

/* Matches id up to end; * stands for any text, ? for one byte. */
static bool glob_matches(const char *glob, const char *id, const char *end)
{
	const char *star = NULL, *retry = NULL;

	while (id < end) {
		if (*glob == '*') {
			star = glob++;
			retry = id;
		} else if (*glob == '?' || (*glob && *glob == *id)) {
			glob++;
			id++;
		} else if (star) {
			glob = star + 1;
			id = ++retry;
		} else {
			return false;
		}
	}
	while (*glob == '*')
		glob++;
	return !*glob;
}

bool drvp_glob_selects(const char *glob, const char *id)
{
	for (const char *colon = strchr(id, ':'); colon; colon = strchr(colon + 1, ':'))
		if (glob_matches(glob, id, colon))
			return true;
	return glob_matches(glob, id, id + strlen(id));
}

static bool any_selects(const struct drvp_globs *globs, const char *id)
{
	for (size_t i = 0; i < globs->count; i++)
		if (drvp_glob_selects(globs->globs[i], id))
			return true;
	return false;
}

static bool is_selected(const struct drv_run *run, const struct drvp_item *item)
{
	if (run->priority && item->priority > run->priority)
		return false;
	return (!run->only.count || any_selects(&run->only, item->id)) &&
	       !any_selects(&run->skip, item->id);
}

static int by_order(const void *left, const void *right)
{
	const struct drvp_item *a = ((const struct drvp_task *)left)->item;
	const struct drvp_item *b = ((const struct drvp_task *)right)->item;

	if (a->priority != b->priority)
		return a->priority < b->priority ? -1 : 1;
	if (a->check->cost != b->check->cost)
		return a->check->cost < b->check->cost ? -1 : 1;
	return a->index < b->index ? -1 : 1;
}

static bool same_target(const struct drvp_target *a, const struct drvp_target *b)
{
	if (!a->schema != !b->schema || (a->schema && strcmp(a->schema, b->schema)))
		return false;
	return !strcmp(a->name, b->name);
}

static size_t find_or_add_target(struct drvp_plan *plan, const struct drvp_target *target)
{
	for (size_t i = 0; i < plan->target_count; i++)
		if (same_target(&plan->targets[i], target))
			return i;
	plan->targets[plan->target_count] = *target;
	return plan->target_count++;
}

static const struct drvp_target *joined_target(const struct drvp_item *item)
{
	return item->check->joined ? item->check->joined(item) : NULL;
}

static void note_targets(struct drvp_plan *plan, struct drvp_task *task)
{
	const struct drvp_target *joined = joined_target(task->item);

	if (task->item->target.name)
		task->target = find_or_add_target(plan, &task->item->target);
	if (joined)
		task->joined_target = find_or_add_target(plan, joined);
}

int drvp_plan_select(struct drvp_plan *plan, struct drv_run *run, struct drv_report *report,
		     const struct drvp_source *source, struct drv_error *err)
{
	const struct drv_baseline *baseline = run->baseline;

	memset(plan, 0, sizeof *plan);
	plan->settings = &run->settings;
	plan->tasks = calloc(baseline->item_count + 1, sizeof *plan->tasks);
	plan->targets = calloc(2 * baseline->item_count + 1, sizeof *plan->targets);
	if (!plan->tasks || !plan->targets)
		return drvp_fail_nomem(err);
	for (size_t i = 0; i < baseline->item_count; i++) {
		const struct drvp_item *item = &baseline->items[i];

		if (item->source != source)
			continue;
		if (!is_selected(run, item)) {
			report->verdicts[i].result.verdict = DRV_SKIPPED;
			continue;
		}
		plan->tasks[plan->task_count++] = (struct drvp_task){
			.item = item,
			.verdict = &report->verdicts[i],
			.unready = item->check->ready && !item->check->ready(item, &run->settings),
			.error = DRV_ERROR_INIT,
		};
	}
	qsort(plan->tasks, plan->task_count, sizeof *plan->tasks, by_order);
	for (size_t i = 0; i < plan->task_count; i++)
		note_targets(plan, &plan->tasks[i]);
	return 0;
}

/* ------------------------------------------------------------------ units */

static int add_unit(struct drvp_plan *plan, struct drvp_unit unit, struct drv_error *err)
{
	if (plan->unit_count == plan->unit_capacity) {
		size_t capacity = plan->unit_capacity ? 2 * plan->unit_capacity : 64;
		struct drvp_unit *grown = realloc(plan->units, capacity * sizeof *grown);

		if (!grown)
			return drvp_fail_nomem(err);
		plan->units = grown;
		plan->unit_capacity = capacity;
	}
	plan->units[plan->unit_count++] = unit;
	unit.task->units_left++;
	return 0;
}

static void note_missing(const char *column, void *user)
{
	struct drvp_task *task = user;

	if (!task->missing_column && !drvp_relation_has(task->relation, column) &&
	    !(task->joined && drvp_relation_has(task->joined, column)))
		task->missing_column = column;
}

/* Documents have no declared columns: a path that is not there reads as NULL. */
static void find_missing_column(struct drvp_task *task, const struct drvp_settings *settings)
{
	if (task->relation && task->relation->kind != DRVP_COLLECTION && task->item->check->columns)
		task->item->check->columns(task->item, settings, note_missing, task);
}

static int add_count(struct drvp_plan *plan, struct drvp_task *task, struct drv_error *err)
{
	return add_unit(plan, (struct drvp_unit){ .task = task, .kind = DRVP_UNIT_COUNT }, err);
}

/* How many ranges there may be: one where all rows have to come in one piece. */
static size_t most_ranges(const struct drvp_task *task, unsigned jobs)
{
	const struct drvp_check *check = task->item->check;
	bool whole = jobs == 1 || (check->in_order && check->in_order(task->item));
	size_t most = whole ? 1 : (size_t)jobs * RANGES_PER_JOB;

	return most < MOST_RANGES ? most : MOST_RANGES;
}

/* A relation that cannot be cut stops its own task only. */
static int cut_ranges(struct drvp_plan *plan, struct drvp_task *task, struct drvp_session *session,
		      unsigned jobs, struct drv_error *err)
{
	struct drvp_range ranges[MOST_RANGES];
	size_t count = 0;
	int status;

	if (session->store->cut(session, task->relation, ranges, most_ranges(task, jobs), &count,
				&task->error))
		return 0;
	/* First what cannot be cut, so that none of several connections is left alone with it. */
	status = jobs > 1 && !session->store->confirm ? add_count(plan, task, err) : 0;
	for (size_t i = 0; !status && i < count; i++)
		status = add_unit(plan, (struct drvp_unit){ .task = task, .kind = DRVP_UNIT_RANGE,
							    .range = ranges[i], .range_index = i },
				  err);
	if (!status && jobs == 1 && !session->store->confirm)
		status = add_count(plan, task, err);
	return status;
}

const struct drvp_relation *drvp_task_unreadable(const struct drvp_task *task)
{
	if (task->relation && task->relation->state != DRVP_RELATION_READY)
		return task->relation;
	if (task->joined && task->joined->state != DRVP_RELATION_READY)
		return task->joined;
	return NULL;
}

bool drvp_task_is_streamed(const struct drvp_task *task)
{
	const struct drvp_check *check = task->item->check;

	return check->shape == DRVP_RANGES && !(check->by_server && check->by_server(task->item));
}

uint32_t drvp_task_pieces(const struct drvp_task *task, struct drvp_session *session,
			  unsigned jobs)
{
	struct drvp_range ranges[MOST_RANGES];
	size_t count;

	if (!drvp_task_is_streamed(task))
		return 1;
	if (session->store->cut(session, task->relation, ranges, most_ranges(task, jobs), &count,
				NULL))
		count = 1;
	/* And the count, where it is none of a range. */
	return (uint32_t)count + !session->store->confirm;
}

int drvp_plan_cut(struct drvp_plan *plan, struct drvp_session *session, unsigned jobs,
		  struct drv_error *err)
{
	for (size_t i = 0; i < plan->task_count; i++) {
		struct drvp_task *task = &plan->tasks[i];
		int status = 0;

		if (task->item->target.name)
			task->relation = &plan->relations[task->target];
		if (joined_target(task->item))
			task->joined = &plan->relations[task->joined_target];
		if (drvp_task_unreadable(task))
			continue;
		find_missing_column(task, plan->settings);
		if (task->missing_column || task->unready)
			continue;
		if (drvp_task_is_streamed(task))
			status = cut_ranges(plan, task, session, jobs, err);
		else
			status = add_unit(plan,
					  (struct drvp_unit){ .task = task, .kind = DRVP_UNIT_WHOLE },
					  err);
		if (status)
			return status;
	}
	return 0;
}

void drvp_plan_free(struct drvp_plan *plan)
{
	free(plan->tasks);
	free(plan->targets);
	free(plan->units);
	memset(plan, 0, sizeof *plan);
}
