/* compare.h: names the rows in which a table differs from its sidecar */
#ifndef DRVP_COMPARE_H
#define DRVP_COMPARE_H

#include "content/sidecar.h"

enum drvp_difference_kind {
	DRVP_ROW_CHANGED,            /* its key is there, its contents are others */
	DRVP_ROW_MISSING,            /* no row has its key, or fewer than had */
	DRVP_ROW_EXTRA               /* no row had its key, or fewer than have */
};

#define DRVP_DIFFERENCE_DIGESTS 10000

/* One kind of difference of the rows with one key. */
struct drvp_difference {
	int kind;                    /* enum drvp_difference_kind */
	uint64_t key;
	uint64_t rows;               /* that many; 1 unless keys occur several times */
	const uint64_t *digests;     /* CHANGED, EXTRA: of these rows as they are now, in order … */
	size_t digest_count;         /* … at most DRVP_DIFFERENCE_DIGESTS of them; else 0 */
	const char *text;            /* the key for a person; NULL where it is not known */
	size_t text_len;
};

/* Rows of keys that matter; what was plus what is = 2 * (same + changed) + missing + extra. */
struct drvp_comparison {
	uint64_t same, changed, missing, extra;
};

/* The difference is borrowed for the call. Anything but 0 ends the comparison, which returns it. */
typedef int (*drvp_difference_fn)(const struct drvp_difference *difference, void *user);

/*
 * Compares the rows that were, in a sidecar, with those that are, in a spool, and tells each
 * difference in order of the keys, changed before missing or extra. Among rows with one key those
 * with equal digests are the same, as many as both sides have; of the rest as many as both sides
 * have are changed, and what remains on one side is missing or extra. The order in which rows were
 * added plays no part; which of several rows are called changed, and which extra, is arbitrary.
 *
 * A text is the sidecar's, and where that has none, the spool's; of an extra row always the
 * spool's. Where rows with one key have different texts, which takes two keys with one hash, it is
 * not known which of them differs, and the text is NULL.
 *
 *   out      receives the sums; undefined after a failure, when differences told before are true
 *            but not all
 *   filter   which keys matter, on both sides; NULL: all
 *   tell     may be NULL
 * Both are read from their beginning. Memory does not depend on the number of rows.
 */
int drvp_compare(struct drvp_comparison *out, struct drvp_sidecar *was, struct drvp_spool *is,
		 drvp_key_filter_fn filter, drvp_difference_fn tell, void *user,
		 struct drv_error *err);

#endif
