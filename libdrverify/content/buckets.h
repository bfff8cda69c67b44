/* buckets.h: digests of the rows in each part of a table, so that a difference says where it is */
#ifndef DRVP_BUCKETS_H
#define DRVP_BUCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "content/content.h"

#define DRVP_BUCKETS_MAX 4096

struct drvp_bucket {
	int64_t number;              /* of places: place >> shift */
	uint64_t rows;
	struct drvp_sum256 sum;
};

/*
 * Rows have a place, a whole number, and 2^shift places side by side share a bucket. As many as
 * most buckets come about; where rows are in more, the buckets become twice as wide. The width
 * that is reached in the end is the smallest that will do, whatever the order of rows and merges.
 *
 * Fixed buckets keep the width that was recorded. Beside the recorded ones others come about, but
 * not without end: rows in further ones are elsewhere.
 */
struct drvp_buckets {
	struct drvp_bucket *list;    /* owned; NULL: not open yet */
	uint16_t *slots;             /* open addressing: index + 1; 0 is free */
	size_t count, most, slot_count;
	unsigned shift;
	bool fixed;
	struct drvp_bucket elsewhere;           /* of no number */
	struct drvp_bucket unplaced; /* rows whose place is NULL */
	struct drvp_bucket *last;    /* the one that was asked for last */
};

/* Makes room for most buckets, 1 to DRVP_BUCKETS_MAX. Fails with DRV_E_NOMEM. */
int drvp_buckets_open(struct drvp_buckets *buckets, size_t most, unsigned shift);

/* Opens fixed ones, the recorded without rows yet. */
int drvp_buckets_open_fixed(struct drvp_buckets *buckets,
			    const struct drvp_recorded_buckets *recorded);

/* The bucket of a place, valid until the next call. */
struct drvp_bucket *drvp_buckets_at(struct drvp_buckets *buckets, int64_t place);

/* The one of that number, or NULL. */
const struct drvp_bucket *drvp_buckets_find(const struct drvp_buckets *buckets, int64_t number);

void drvp_bucket_add(struct drvp_bucket *bucket, const uint8_t digest[DRVP_SUM256_SIZE]);

/* Adds what is in other; both were opened alike, or into was not. Other is left empty. */
void drvp_buckets_merge(struct drvp_buckets *into, struct drvp_buckets *other);

/* Makes buckets wider until there are at most so many, at least 1. */
void drvp_buckets_widen(struct drvp_buckets *buckets, size_t most);

/* Puts them in the order of their numbers. */
void drvp_buckets_sort(struct drvp_buckets *buckets);

/* All rows, in whichever bucket. */
struct drvp_bucket drvp_buckets_total(const struct drvp_buckets *buckets);

void drvp_buckets_free(struct drvp_buckets *buckets);

#endif
