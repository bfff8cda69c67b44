/* work.h: the work on the sources of a run while it is done, and what its threads share */
#ifndef DRVP_WORK_H
#define DRVP_WORK_H

#include <pthread.h>

#include "run/plan.h"
#include "run/progress.h"

/* Shared by all threads of a run. */
struct drvp_engine {
	struct drv_run *run;
	struct drv_report *report;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t sources_left;
	uint32_t tasks_done, tasks;
};

/* The work on one source: one thread opens it, further ones join with sessions of their own. */
struct drvp_work {
	struct drvp_engine *engine;
	struct drvp_source_report *source;
	struct drvp_meter meter;     /* outlives the sessions, as does the next */
	struct drvp_address address;
	struct drvp_plan plan;
	struct drvp_session *pinned;
	size_t next_unit;            /* under engine->lock, as are the rest */
	uint32_t tasks_done;
	struct drvp_progress progress;
	pthread_t thread;
	bool started;
};

/* Opens the source, measures its tasks and judges them. */
void drvp_work_on_source(struct drvp_work *work);

#endif
