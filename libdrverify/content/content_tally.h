/* content_tally.h: what measuring the content of a table gives, besides the counts of all checks */
#ifndef DRVP_CONTENT_TALLY_H
#define DRVP_CONTENT_TALLY_H

#include "base/arena.h"
#include "content/buckets.h"
#include "content/compare.h"
#include "content/named_rows.h"
#include "content/row_digest.h"
#include "run/tally.h"

struct drvp_content_tally {
	struct drvp_buckets buckets;
	/* in which form rows were digested */
	struct drvp_arena names;
	const char *encoding;        /* NULL: not of a table */
	struct drvp_recorded_columns columns;
	struct drvp_names key;
	int by;                      /* enum drvp_bucket_by */
	const char *column;          /* NUMBER, DAY; in names */
	char key_id[DRVP_KEY_ID];    /* "": no key */
	bool by_server;              /* the server hashed; all is in the unplaced bucket */
	uint64_t hashing;            /* by_server: tells servers apart that hash otherwise */
	/* capture with a trace of each row */
	struct drvp_spool *spool;
	struct drv_error spool_error;           /* of merging */
	struct drvp_sidecar_info sidecar;       /* by locate; name "": none was written */
	/* by locate, where rows differ and there is a trace of each */
	bool compared;
	struct drvp_comparison comparison;
	struct drvp_named_rows named[DRVP_ROW_EXTRA + 1];       /* by enum drvp_difference_kind */
	char not_compared[300];      /* why they were not, or "" */
};

extern const struct drvp_tally_kind drvp_content_tally_kind;

/*
 * Notes of a table in which encoding its texts are stored, and which columns of which types were
 * hashed. Copies what it keeps. Fails with DRV_E_NOMEM.
 */
int drvp_content_note_table(struct drvp_content_tally *tally, const struct drvp_relation *relation,
			    const char *const *columns, size_t count);

static inline struct drvp_content_tally *drvp_content_tally(const struct drvp_tally *tally)
{
	return tally->own;
}

#endif
