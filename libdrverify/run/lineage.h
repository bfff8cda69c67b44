/* lineage.h: how the moment that came back relates to the moment that was captured */
#ifndef DRVP_LINEAGE_H
#define DRVP_LINEAGE_H

#include "base/error.h"
#include "store/store.h"

struct drv_baseline;
struct drvp_source;

enum drvp_relation_in_time {
	DRVP_LINEAGE_STATED,         /* nothing was captured: expectations are a person's statement */
	DRVP_LINEAGE_SAME,
	DRVP_LINEAGE_OLDER,          /* restored to before the capture */
	DRVP_LINEAGE_NEWER,
	DRVP_LINEAGE_UNKNOWN
};

/* The restore point as the caller gave it. */
struct drvp_restore_point {
	bool set;
	bool baseline;               /* the very moment of the capture */
	bool now;                    /* nothing was restored: the sources are live */
	struct drvp_number time;     /* instant */
	struct drvp_number lsn;
};

struct drvp_lineage {
	int relation;                /* enum drvp_relation_in_time */
	bool live;                   /* the captured server itself, running ever since */
	struct drvp_number moment;   /* the instant whose data the source holds, where known */
	bool other_system;           /* another system identifier than the baseline's */
	bool identity_conflict;      /* …although it was restored physically */
	char text[200];              /* one line for the report */
};

/* Reads a time with zone, an LSN, "baseline", or "now". */
int drvp_restore_point_parse(struct drvp_restore_point *out, const char *text,
			     struct drv_error *err);

/* "0/3000060" → number; false when it is none. */
bool drvp_lsn_parse(uint64_t *lsn, const char *text);

/* Decides the relation of a source. identity NULL: it could not be asked. */
void drvp_lineage_decide(struct drvp_lineage *out, const struct drv_baseline *baseline,
			 const struct drvp_source *source, const struct drvp_identity *identity,
			 const struct drvp_restore_point *restored_to);

#endif
