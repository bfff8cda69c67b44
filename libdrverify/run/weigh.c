/* weigh.c: estimates what the pieces of a plan cost, in rows to be read */
#include "run/plan.h"

/* Relations are asked about once, however many tasks read them. */
static const struct drvp_task *known_from(const struct drvp_plan *plan, const struct drvp_task *task)
{
	for (const struct drvp_task *other = plan->tasks; other < task; other++)
		if (other->units_left && other->relation == task->relation)
			return other;
	return NULL;
}

static void estimate(const struct drvp_plan *plan, struct drvp_task *task,
		     struct drvp_session *session)
{
	const struct drvp_task *known = known_from(plan, task);

	if (known) {
		task->estimated = known->estimated;
		task->estimate = known->estimate;
	} else if (session && !session->lost && session->store->estimate &&
		   task->relation->kind != DRVP_VIEW) {
		task->estimated = !session->store->estimate(session, task->relation,
							    &task->estimate, NULL);
	}
}

/* The part of the relation that a range covers; the last one is open. */
static double share_of(const struct drvp_range *range, const struct drvp_relation *relation)
{
	uint64_t end = range->end_block == UINT32_MAX ? relation->blocks : range->end_block;

	if (!relation->blocks || end < range->first_block)
		return 1;
	return (double)(end - range->first_block) / (double)relation->blocks;
}

static struct drvp_weight weigh_unit(const struct drvp_unit *unit)
{
	const struct drvp_task *task = unit->task;
	double rows = (double)task->estimate;
	struct drvp_weight weight = { .rows = 1, .sized = true };

	weight.streamed = unit->kind == DRVP_UNIT_RANGE;
	/* What a question of the document's own costs is not known, but it is one question. */
	if (task->item->check->shape == DRVP_WHOLE_SOURCE ||
	    task->item->check->shape == DRVP_STATEMENT)
		return weight;
	weight.sized = task->estimated;
	weight.rows += weight.streamed ? rows * share_of(&unit->range, task->relation) :
					 rows / DRVP_COUNTING;
	return weight;
}

void drvp_plan_weigh(struct drvp_plan *plan, struct drvp_session *session)
{
	for (size_t i = 0; i < plan->task_count; i++)
		if (plan->tasks[i].units_left && plan->tasks[i].relation)
			estimate(plan, &plan->tasks[i], session);
	for (size_t i = 0; i < plan->unit_count; i++)
		plan->units[i].weight = weigh_unit(&plan->units[i]);
}
