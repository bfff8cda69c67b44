/* lineage.h: how the moment that came back relates to the moment that was captured */
#ifndef DRVP_LINEAGE_H
#define DRVP_LINEAGE_H

#include "run/restore_point.h"
#include "store/store.h"

struct drvp_lineage {
	int relation;                /* enum drvp_relation_in_time */
	bool live;                   /* the captured server itself, running ever since */
	struct drvp_number moment;   /* the instant whose data the source holds, where known */
	bool other_system;           /* another system identifier than the baseline's */
	bool identity_conflict;      /* …although it was restored physically */
	char text[240];              /* one line for the report */
};

/* Decides the relation of a source. identity NULL: it could not be asked. */
void drvp_lineage_decide(struct drvp_lineage *out, const struct drv_baseline *baseline,
			 const struct drvp_source *source, const struct drvp_identity *identity,
			 const struct drvp_restore_point *restored_to);

/*
 * NULL where what was recorded has to be in what came back; else the code of the finding that says
 * why that cannot be expected.
 */
const char *drvp_lineage_doubt(const struct drvp_lineage *lineage);

#endif
