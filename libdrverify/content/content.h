/* content.h: what a content check is told, and what a capture recorded of a table */
#ifndef DRVP_CONTENT_H
#define DRVP_CONTENT_H

#include "base/sum256.h"
#include "document/condition.h"
#include "document/hex.h"

#define DRVP_BUCKET_DIGEST 16        /* bytes that are recorded of a bucket's sum */

struct drvp_settings;
struct drvp_secret;

/* How rows were digested. */
enum drvp_content_method { DRVP_CONTENT_HMAC, DRVP_CONTENT_PLAIN, DRVP_CONTENT_SERVER };

/* Who digests them. */
enum drvp_content_by { DRVP_METHOD_STREAM, DRVP_METHOD_SERVER };

#define DRVP_HASHING 8               /* bytes that tell servers apart that hash otherwise */

/* What the place of a row is, by which it falls into a bucket. */
enum drvp_bucket_by {
	DRVP_BY_HASH,                /* the hash of its key, which spreads rows evenly */
	DRVP_BY_NUMBER,              /* a column of whole numbers */
	DRVP_BY_DAY,                 /* days since 1970 of a column of times */
	DRVP_BY_NOTHING              /* the column that gave it at the capture gives none now */
};

enum drvp_content_detail { DRVP_DETAIL_BUCKETS, DRVP_DETAIL_ROWS };

struct drvp_recorded_column {
	const char *name;
	const char *type;
};

struct drvp_recorded_columns {
	const struct drvp_recorded_column *list;
	size_t count;
};

struct drvp_recorded_bucket {
	int64_t number;              /* place >> shift */
	bool unplaced;               /* rows whose place is NULL, and not of a number */
	uint64_t rows;
	uint8_t digest[DRVP_BUCKET_DIGEST];
};

struct drvp_recorded_buckets {
	struct drvp_number by;       /* enum drvp_bucket_by */
	const char *column;          /* NUMBER, DAY */
	struct drvp_number shift;
	const struct drvp_recorded_bucket *list;        /* in order, the unplaced last */
	size_t count;
};

struct drvp_recorded_sidecar {
	const char *file;            /* its name, without a folder; NULL: there is none */
	struct drvp_bytes digest;
	struct drvp_number rows;
};

/* What of the document left rows and columns out. */
struct drvp_content_selected {
	struct drvp_names exclude;
	struct drvp_conditions where;
	const struct drvp_json *filter;
};

/* The member "expect". */
struct drvp_content_expect {
	struct drvp_number rows;
	struct drvp_number method;   /* enum drvp_content_method */
	const char *key_id;          /* HMAC */
	struct drvp_bytes digest;    /* len 0: nothing was recorded */
	struct drvp_bytes hashing;   /* SERVER: how it hashes */
	const char *encoding;        /* in which the server stored texts; of a table */
	struct drvp_recorded_columns columns;           /* of a table, in the order of hashing */
	struct drvp_names key;       /* columns that tell rows apart; none: all of them */
	struct drvp_recorded_buckets buckets;           /* count 0: none */
	struct drvp_recorded_sidecar sidecar;
	struct drvp_content_selected selected;
};

struct drvp_content {
	struct drvp_conditions where;
	const struct drvp_json *filter;
	struct drvp_names exclude;
	struct drvp_names key;
	const char *bucket_by;
	struct drvp_number buckets;  /* at most so many */
	struct drvp_number method;   /* enum drvp_content_by */
	struct drvp_number detail;   /* enum drvp_content_detail */
	const char *hmac_key;        /* name of the secret; NULL: "content", if there is one */
	bool append_only;
	struct drvp_content_expect expect;
};

extern const struct drvp_field drvp_content_fields[];

/* What the tables of fields cannot say. documents: the source is a MongoDB. */
int drvp_content_validate(struct drvp_reader *reader, const struct drvp_content *content,
			  const struct drvp_json *node, bool documents);

/* In how many parts differences are told, at most. */
size_t drvp_content_most_buckets(const struct drvp_content *content);

/* What the run is held against, or NULL: a capture begins anew. */
const struct drvp_content_expect *drvp_content_recorded(const struct drvp_content *content,
							const struct drvp_settings *settings);

/*
 * Sets *secret to the one that digests are made with, NULL being none. False when that is not
 * possible: the one that is needed was not given, and *name is its name.
 */
bool drvp_content_secret(const struct drvp_content *content, const struct drvp_settings *settings,
			 const struct drvp_secret **secret, const char **name);

/* What entries of "columns" and of the list of buckets may hold, for the schema. */
extern const struct drvp_field drvp_recorded_column_fields[];
extern const struct drvp_field drvp_recorded_bucket_fields[];

#endif
