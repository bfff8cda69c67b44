/* reader.h: reads rows in the form in which they are digested, with their keys and places */
#ifndef DRVP_CONTENT_READER_H
#define DRVP_CONTENT_READER_H

#include "base/strbuf.h"
#include "checks/check.h"
#include "content/content.h"
#include "content/row_digest.h"

/* For one scan of one session. */
struct drvp_content_reader {
	const struct drvp_measure *m;
	const struct drvp_content *content;
	const struct drvp_content_expect *recorded;     /* NULL: nothing holds */
	struct drvp_row_digester *digester;
	struct drvp_wanted *wanted;  /* owned */
	size_t wanted_count;
	size_t *keys;                /* owned: where the columns of the key are among them */
	size_t key_count;
	int by;                      /* enum drvp_bucket_by */
	size_t place;                /* NUMBER, DAY: where the column is among them */
	struct drvp_strbuf key;      /* scratch */
};

/* Closing one that did not open, or was zeroed, does nothing. */
int drvp_content_reader_open(struct drvp_content_reader *reader, const struct drvp_measure *m,
			     struct drv_error *err);
void drvp_content_reader_close(struct drvp_content_reader *reader);

/* A question for the rows of the measured range; the caller may ask for more. */
struct drvp_scan drvp_content_reader_scan(const struct drvp_content_reader *reader);

int drvp_content_reader_digest(struct drvp_content_reader *reader, const struct drvp_row *row,
			       uint8_t digest[DRVP_ROW_DIGEST]);

/* The first bytes of a digest, which stand for it in a trace. */
uint64_t drvp_digest_word(const uint8_t digest[DRVP_ROW_DIGEST]);

/* A row's key as a number. Rows of a table without a key are their own. */
int drvp_content_reader_key(struct drvp_content_reader *reader, const struct drvp_row *row,
			    const uint8_t digest[DRVP_ROW_DIGEST], uint64_t *key);

/* The place that a key has by itself, for buckets by hash. */
int64_t drvp_content_hash_place(uint64_t key);

/* A row's place for the buckets; *found tells whether it has one. */
int drvp_content_reader_place(struct drvp_content_reader *reader, const struct drvp_row *row,
			      const uint8_t digest[DRVP_ROW_DIGEST], int64_t *place, bool *found);

/*
 * The columns that are hashed of a table, in their order: those that were recorded, else all but
 * the excluded, by name. NULL without memory; the caller frees the array, not the names.
 */
const char **drvp_content_columns(const struct drvp_content *content,
				  const struct drvp_content_expect *recorded,
				  const struct drvp_relation *relation, size_t *count);

/* The columns of the key, likewise; none: the table has no key, or part of it is not hashed. */
const char **drvp_content_key(const struct drvp_content *content,
			      const struct drvp_content_expect *recorded,
			      const struct drvp_relation *relation, size_t *count);

/* How rows fall into buckets, and *column by which; NULL: by the key. Fails with DRV_E_USAGE. */
int drvp_content_bucket_by(const struct drvp_content *content,
			   const struct drvp_content_expect *recorded,
			   const struct drvp_relation *relation, int *by, const char **column,
			   struct drv_error *err);

#endif
