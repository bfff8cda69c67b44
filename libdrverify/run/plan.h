/* plan.h: which checks of a source run, in which order, and in which pieces */
#ifndef DRVP_PLAN_H
#define DRVP_PLAN_H

#include "run/progress.h"
#include "run/run.h"

/* One selected check while it is measured. Its merged tally is verdict->tally. */
struct drvp_task {
	const struct drvp_item *item;
	struct drvp_verdict *verdict;
	const struct drvp_relation *relation;   /* NULL: it has no target */
	const struct drvp_relation *joined;     /* a second one that its rows point to, or NULL */
	size_t target, joined_target;           /* indexes of both in the plan */
	bool unready;                           /* something is missing that judge tells */
	const char *missing_column;             /* a needed column that is not there, or NULL */
	size_t units_left;
	bool begun;                             /* some unit was taken … */
	bool measured;                          /* … and all were measured */
	bool estimated;                         /* whether the next is known */
	uint64_t estimate;                      /* how many rows its relation may have */
	double longest;                         /* how long its longest piece may take, in seconds */
	struct drv_error error;                 /* what stopped it; status 0: nothing */
};

enum drvp_unit_kind {
	DRVP_UNIT_WHOLE,
	DRVP_UNIT_RANGE,
	DRVP_UNIT_COUNT              /* the independent count of what the ranges feed */
};

/* A piece of work for one session. */
struct drvp_unit {
	struct drvp_task *task;
	int kind;                    /* enum drvp_unit_kind */
	struct drvp_range range;
	size_t range_index;
	struct drvp_weight weight;
};

/* The work on one source. */
struct drvp_plan {
	const struct drvp_settings *settings;
	struct drvp_task *tasks;     /* most important first, cheap before costly */
	size_t task_count;
	struct drvp_target *targets; /* each once */
	struct drvp_relation *relations;        /* one a target, after freeze */
	size_t target_count;
	struct drvp_unit *units;
	size_t unit_count, unit_capacity;
};

/* The first of a task's relations that cannot be read, or NULL. */
const struct drvp_relation *drvp_task_unreadable(const struct drvp_task *task);

/* Chooses the tasks of a source and marks the others as skipped. */
int drvp_plan_select(struct drvp_plan *plan, struct drv_run *run, struct drv_report *report,
		     const struct drvp_source *source, struct drv_error *err);

/* After freeze: ties tasks to relations and cuts them into units. jobs is the number of sessions. */
int drvp_plan_cut(struct drvp_plan *plan, struct drvp_session *session, unsigned jobs,
		  struct drv_error *err);

/* Whether its rows are sent here, rather than looked at by the server. */
bool drvp_task_is_streamed(const struct drvp_task *task);

/* How many units it is cut into for so many sessions. */
uint32_t drvp_task_pieces(const struct drvp_task *task, struct drvp_session *session,
			  unsigned jobs);

/*
 * Estimates what the units cost, as far as the store knows the size of its relations; session NULL:
 * as if it did not.
 */
void drvp_plan_weigh(struct drvp_plan *plan, struct drvp_session *session);

void drvp_plan_free(struct drvp_plan *plan);

#endif
