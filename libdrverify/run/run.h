/* run.h: what one verification needs besides its document */
#ifndef DRVP_RUN_H
#define DRVP_RUN_H

#include "checks/check.h"
#include "report/report.h"

/* Where a source is: at most one of the two is given. */
struct drvp_run_source {
	char *uri;                   /* owned */
	struct drvp_supply supply;
};

struct drvp_globs {
	char **globs;                /* owned */
	size_t count;
};

struct drv_run {
	struct drv_baseline *baseline;          /* shared */
	struct drvp_settings settings;
	struct drvp_secret *secrets;            /* owned; settings.secrets */
	struct drvp_run_source *sources;        /* as in the baseline */
	struct drvp_globs only, skip;
	unsigned jobs;
	int priority;                           /* checks behind it are not selected; 0: all are */
	int64_t budget;                         /* microseconds; 0: none */
	uint64_t rows_per_second, bytes_per_second;     /* of a source; 0: any number */
	struct drvp_limits limits;
	struct drvp_restore_point *restored_to; /* as in the baseline, and one for all others */
	struct drvp_number incident_at;
	char *sidecar_dir, *temporary_dir;      /* owned; settings has them */
	drv_event_fn on_event;
	void *event_user;
	bool rehearsal;                         /* nothing is read */
	bool keep_driver;                       /* the drivers are set up by the caller */
	atomic_bool cancelled;
};

/* Whether a check's id, or one of its leading parts, matches a glob of * and ?. */
bool drvp_glob_selects(const char *glob, const char *id);

/* Fails with the name that may have been meant. */
int drvp_no_such_source(const struct drv_baseline *baseline, const char *name,
			struct drv_error *err);

/* Forgets where a source is, without a trace of it. */
void drvp_run_source_clear(struct drvp_run_source *place);

/* How to reach one, with the limits of the run. */
struct drvp_address drvp_run_address(const struct drv_run *run, const struct drvp_source *source);

/* Measures and judges into report; the caller finishes it. */
int drvp_engine_run(struct drv_run *run, struct drv_report *report, struct drv_error *err);

#endif
