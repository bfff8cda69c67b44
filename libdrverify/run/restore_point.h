/* restore_point.h: the moment that somebody says was restored */
#ifndef DRVP_RESTORE_POINT_H
#define DRVP_RESTORE_POINT_H

#include "base/error.h"
#include "document/baseline.h"

enum drvp_relation_in_time {
	DRVP_LINEAGE_STATED,         /* nothing was captured: expectations are a person's statement */
	DRVP_LINEAGE_SAME,
	DRVP_LINEAGE_OLDER,          /* what came back may lack some of what was captured */
	DRVP_LINEAGE_NEWER,          /* it has all of it, and maybe more */
	DRVP_LINEAGE_UNKNOWN
};

/* A restore point as the caller gave it. */
struct drvp_restore_point {
	bool set;
	bool baseline;               /* the very moment of the capture */
	bool now;                    /* nothing was restored: the sources are live */
	struct drvp_number time;     /* instant */
	struct drvp_number lsn;
};

/* Reads a time with zone, an LSN, "baseline", or "now". */
int drvp_restore_point_parse(struct drvp_restore_point *out, const char *text,
			     struct drv_error *err);

/*
 * Restore points are kept as one a source, and one behind those for all sources that have none of
 * their own. Reads "POINT" or "SOURCE=POINT" into its place, which must still be free.
 */
int drvp_restore_points_add(struct drvp_restore_point *points, const struct drv_baseline *baseline,
			    const char *text, struct drv_error *err);

/* The one that holds for a source; its member set is false when there is none. */
const struct drvp_restore_point *drvp_restore_point_of(const struct drvp_restore_point *points,
						       const struct drv_baseline *baseline,
						       size_t source);

/* How a stated point relates to what was captured of a source; UNKNOWN when it cannot tell. */
int drvp_restore_point_relation(const struct drvp_restore_point *point,
				const struct drv_baseline *baseline,
				const struct drvp_source *source);

/* The moment by which everything recorded of a source had been read, by its server's clock. */
int64_t drvp_captured_moment(const struct drv_baseline *baseline, const struct drvp_source *source);

/* "0/3000060" → number; false when it is none. */
bool drvp_lsn_parse(uint64_t *lsn, const char *text);

/* The position that a source was recorded at; false when there is none. */
bool drvp_recorded_lsn(uint64_t *lsn, const struct drvp_source *source);

/* Whether a position is before another, headers of pages between records not counted. */
bool drvp_lsn_before(uint64_t lsn, uint64_t other);

#endif
