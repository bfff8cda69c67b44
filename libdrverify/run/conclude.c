/* conclude.c: turns what happened to a task into the verdict on its check */
#include "run/conclude.h"

#include <inttypes.h>

/* ------------------------------------------------------------------ what stopped a task */

/* The finding code for an error: once for opening a source, once for reading from it. */
static const char *code_of(int status, bool opening)
{
	switch (status) {
	case DRV_E_CONNECT:
		return opening ? "source.unreachable" : "source.lost";
	case DRV_E_TIMEOUT:
		return opening ? "source.unreachable" : "check.timeout";
	case DRV_E_DENIED:
		return "source.denied";
	case DRV_E_BUDGET:
		return "budget.spent";
	case DRV_E_CANCELLED:
		return "check.cancelled";
	case DRV_E_BUSY:
		return opening ? "source.unreachable" : "check.busy";
	case DRV_E_DAMAGED:
		return "relation.corrupted";
	case DRV_E_NOT_ALLOWED:
		return "check.not_allowed";
	case DRV_E_MISSING:
	case DRV_E_UNSUPPORTED:
	case DRV_E_USAGE:
		return opening ? "source.unreachable" : "check.not_possible";
	case DRV_E_NOMEM:
		return "check.out_of_memory";
	case DRV_E_IO:
		return "check.local_files";
	default:
		return "check.internal";
	}
}

/* One cause is reported once; what it stops besides points at the first. */
static void block(struct drvp_task *task, const struct drvp_task *by)
{
	drvp_verdict_undecided(task->verdict, "check.blocked", by->item->id, "blocked by %s",
			       by->item->id);
}

/* What a budget was too short for is said of each check: no other one is to blame. */
static void conclude_budget(struct drvp_task *task, const struct drv_run *run, const char *opening)
{
	struct drvp_verdict *verdict = task->verdict;
	const char *budget = drvp_duration_text(verdict, run->budget);
	const char *rows = drvp_grouped(verdict, verdict->tally.rows);

	if (!task->begun)
		drvp_verdict_undecided(verdict, "budget.spent", "", "the budget of %s was spent "
				       "before this was begun%s%s", budget, opening ? "; " : "",
				       opening ? opening : "");
	else if (task->item->check->shape != DRVP_RANGES)
		drvp_verdict_undecided(verdict, "budget.spent", "",
				       "the budget of %s was spent before there was an answer", budget);
	else if (task->measured)
		drvp_verdict_undecided(verdict, "budget.spent", "", "the budget of %s was spent when "
				       "all %s rows had been read, but not yet looked at together",
				       budget, rows);
	else if (task->estimated && task->estimate > verdict->tally.rows)
		drvp_verdict_undecided(verdict, "budget.spent", "", "the budget of %s was spent when "
				       "%s of an estimated %s rows had been read", budget, rows,
				       drvp_grouped(verdict, task->estimate));
	else
		drvp_verdict_undecided(verdict, "budget.spent", "",
				       "the budget of %s was spent when %s rows had been read", budget,
				       rows);
}

void drvp_conclude_unreachable(struct drvp_plan *plan, const struct drv_run *run,
			       const struct drvp_source_report *source, const struct drv_error *err)
{
	for (size_t i = 0; i < plan->task_count; i++) {
		if (err->status == DRV_E_BUDGET)
			conclude_budget(&plan->tasks[i], run, drvp_error_text(err));
		else if (i > 0)
			block(&plan->tasks[i], &plan->tasks[0]);
		else
			drvp_verdict_undecided(plan->tasks[0].verdict, code_of(err->status, true), "",
					       "source %s: %s", source->source->name,
					       drvp_error_text(err));
	}
}

static void conclude_relation(struct drvp_task *task, const struct drvp_relation *relation)
{
	struct drvp_verdict *verdict = task->verdict;
	struct drvp_strbuf full = DRVP_STRBUF_INIT;
	const char *name = task->item->target_name;

	if (relation == task->joined) {
		drvp_strbuf_printf(&full, "%s.%s", relation->schema, relation->name);
		name = drvp_strbuf_text(&full);
	}
	switch (relation->state) {
	case DRVP_RELATION_MISSING:
		drvp_verdict_undecided(verdict, relation->schema ? "relation.missing" :
								   "collection.missing",
				       "", "%s does not exist", name);
		break;
	case DRVP_RELATION_DENIED:
		drvp_verdict_undecided(verdict, "relation.denied", "", "no right to read %s; %s", name,
				       relation->remedy ? relation->remedy : "grant it");
		drvp_verdict_statement(verdict, relation->statement);
		break;
	case DRVP_RELATION_HIDDEN:
		drvp_verdict_undecided(verdict, "relation.rows_hidden", "",
				       "row security would hide rows of %s; %s", name,
				       relation->remedy ? relation->remedy : "use a role with BYPASSRLS");
		drvp_verdict_statement(verdict, relation->statement);
		break;
	default:
		drvp_verdict_undecided(verdict, "relation.busy", "", "%s is locked: %s", name,
				       relation->remedy ? relation->remedy : "try again later");
		break;
	}
	drvp_strbuf_free(&full);
}

/* The first task that met the same unreadable relation. */
static const struct drvp_task *first_with_relation(const struct drvp_plan *plan,
						   const struct drvp_task *task)
{
	for (const struct drvp_task *other = plan->tasks; other < task; other++)
		if (drvp_task_unreadable(other) == drvp_task_unreadable(task))
			return other;
	return task;
}

/* ------------------------------------------------------------------ judging */

static struct drvp_circumstances circumstances(const struct drv_run *run,
					       const struct drvp_source_report *source,
					       const struct drvp_task *task)
{
	const struct drv_baseline *baseline = run->baseline;
	const struct drvp_restore_point *point = &source->restored_to;
	const struct drvp_number captured = { true, drvp_captured_moment(baseline, source->source) };

	return (struct drvp_circumstances){
		.settings = &run->settings,
		.lineage = &source->lineage,
		.identity = &source->identity,
		.relation = task->relation,
		.joined = task->joined,
		.captured = baseline->captured_at.set,
		.captured_at = baseline->captured_at,
		.incident_at = run->incident_at,
		.restored_to = point->baseline ? captured : point->time,
		.objectives = baseline->objectives,
	};
}

/* A scan that broke off has not proved anything, but the damage that it saw is damage. */
static void conclude_error(struct drvp_task *task, const struct drv_run *run,
			   const struct drvp_source_report *source)
{
	struct drvp_circumstances c = circumstances(run, source, task);
	const struct drvp_check *check = task->item->check;
	struct drvp_verdict *verdict = task->verdict;

	if ((check->shape == DRVP_RANGES || check->stands) && !run->rehearsal) {
		check->judge(task->item, &verdict->tally, &c, verdict);
		drvp_verdict_keep_damage(verdict, !check->stands);
	}
	if (task->error.status == DRV_E_BUDGET) {
		conclude_budget(task, run, NULL);
		return;
	}
	drvp_verdict_undecided(verdict, code_of(task->error.status, false), "", "%s%s%s%s",
			       drvp_error_text(&task->error),
			       task->error.sqlstate[0] ? " [SQLSTATE " : "", task->error.sqlstate,
			       task->error.sqlstate[0] ? "]" : "");
	if (task->error.status == DRV_E_DENIED && task->relation)
		drvp_verdict_statement(verdict, task->relation->statement);
}

/* Also of a check that something else is in the way of already, so that all is told at once. */
static void foresee(struct drvp_task *task, const struct drv_run *run,
		    const struct drvp_source_report *source)
{
	const struct drvp_check *check = task->item->check;
	struct drvp_circumstances c = circumstances(run, source, task);

	if (task->verdict->result.verdict == DRV_INCONCLUSIVE && !task->verdict->result.finding_count)
		task->verdict->result.verdict = DRV_PASS;
	if (task->unready)
		check->judge(task->item, &task->verdict->tally, &c, task->verdict);
	else if (check->foresee)
		check->foresee(task->item, &task->verdict->tally, &c, task->verdict);
}

static void judge(struct drvp_task *task, const struct drv_run *run,
		  const struct drvp_source_report *source)
{
	struct drvp_circumstances c = circumstances(run, source, task);
	struct drvp_verdict *verdict = task->verdict;
	const struct drvp_tally *tally = &verdict->tally;

	if (tally->counted_set && tally->counted != tally->rows) {
		drvp_verdict_undecided(verdict, "check.rows_differ", "",
				       "%s rows were read, but the server counts %s",
				       drvp_grouped(verdict, tally->rows),
				       drvp_grouped(verdict, tally->counted));
		return;
	}
	verdict->measured = true;
	verdict->result.verdict = DRV_PASS; /* findings make it worse */
	task->item->check->judge(task->item, tally, &c, verdict);
}

static void conclude_task(struct drvp_plan *plan, struct drvp_task *task, const struct drv_run *run,
			  const struct drvp_source_report *source)
{
	const struct drvp_relation *unreadable = drvp_task_unreadable(task);
	const struct drvp_task *first = first_with_relation(plan, task);

	if (unreadable) {
		if (first == task)
			conclude_relation(task, unreadable);
		else
			block(task, first);
	} else if (task->missing_column) {
		drvp_verdict_undecided(task->verdict, "relation.column_missing", "",
				       "%s has no column \"%s\"", task->item->target_name,
				       task->missing_column);
	} else if (task->error.status) {
		conclude_error(task, run, source);
	} else if (!run->rehearsal) {
		judge(task, run, source);
	}
	if (run->rehearsal)
		foresee(task, run, source);
}

void drvp_conclude(struct drvp_plan *plan, const struct drv_run *run,
		   const struct drvp_source_report *source)
{
	for (size_t i = 0; i < plan->task_count; i++)
		conclude_task(plan, &plan->tasks[i], run, source);
}
