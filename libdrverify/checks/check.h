/* check.h: what a check is, and what it may use */
#ifndef DRVP_CHECK_H
#define DRVP_CHECK_H

#include "base/multiset.h"
#include "document/baseline.h"
#include "run/lineage.h"
#include "run/tally.h"
#include "store/store.h"

struct drvp_verdict;

enum drvp_store_mask { DRVP_ON_POSTGRESQL = 1, DRVP_ON_MONGODB = 2, DRVP_ON_BOTH = 3 };

enum drvp_check_shape {
	DRVP_WHOLE_SOURCE,           /* no table or collection: one unit */
	DRVP_STATEMENT,              /* PostgreSQL: SQL that names its tables; MongoDB: a collection */
	DRVP_ONE_UNIT,               /* a table or collection, in one question */
	DRVP_RANGES                  /* rows are streamed, in as many ranges as there are connections */
};

/* What the caller allows and gave; the same for all checks of a run. */
struct drvp_secret {
	const char *name;
	const uint8_t *bytes;
	size_t len;
};

struct drvp_settings {
	bool allow_sql;
	bool show_keys;
	bool since_checkpoint;       /* read of an audit chain only what is new */
	bool capture;                /* recorded expectations are not compared */
	bool keep_keys;              /* a capture keeps the keys of rows as text */
	const char *sidecar_dir;     /* the folder of the document, for files beside it; or NULL */
	const char *temporary_dir;
	const struct drvp_secret *secrets;
	size_t secret_count;
	struct drvp_multiset_key multiset_key;  /* drawn anew for each run */
};

/* NULL when none of that name was given. */
const struct drvp_secret *drvp_secret_find(const struct drvp_settings *settings, const char *name);

/* Everything that measuring one unit may use. */
struct drvp_measure {
	struct drvp_session *session;
	const struct drvp_item *item;
	const struct drvp_relation *relation;   /* NULL for WHOLE_SOURCE */
	const struct drvp_relation *joined;     /* the check's second target, or NULL */
	const struct drvp_range *range;         /* NULL: the whole relation */
	size_t range_index;                     /* for spots: earlier ranges come first */
	const struct drvp_settings *settings;
	const struct drvp_lineage *lineage;     /* of the source, for a second look */
	struct drvp_tally *tally;
};

/* Everything that judging may know besides expectation and tally. */
struct drvp_circumstances {
	const struct drvp_settings *settings;
	const struct drvp_lineage *lineage;     /* of the check's source */
	const struct drvp_identity *identity;
	const struct drvp_relation *relation;   /* NULL for WHOLE_SOURCE */
	const struct drvp_relation *joined;     /* the check's second target, or NULL */
	bool captured;               /* expectations were recorded by a capture, not stated by a
					person; a new capture does not compare with those */
	struct drvp_number captured_at;
	struct drvp_number incident_at;
	struct drvp_number restored_to;         /* an instant, when it was given or is known as one */
	struct drvp_objectives objectives;
};

/*
 * A check. measure needs a server, judge does not: it is pure, and sees only what was measured.
 * record writes the member "expect" of the next baseline.
 */
struct drvp_check {
	const char *name;            /* as documents call it */
	const char *help;            /* one sentence */
	unsigned stores;             /* enum drvp_store_mask */
	int shape;                   /* enum drvp_check_shape */
	int cost;                    /* within one priority, cheaper checks go first: 0, 1, 2 */
	const char *subject;         /* field that tells two checks of one table apart, or NULL */
	bool stands;                 /* damage that it saw is damage though it came to no end */
	size_t config_size;
	const struct drvp_tally_kind *tally;    /* what it measures besides counts, or NULL */
	const struct drvp_field *fields;
	const struct drv_explanation *codes;    /* finding codes; ends with code NULL */

	/* Optional: what the tables cannot say, such as "one of the two is needed". */
	int (*validate)(struct drvp_reader *reader, const struct drvp_item *item);

	/* Optional: calls visit for each column that the check needs to exist. */
	void (*columns)(const struct drvp_item *item, const struct drvp_settings *settings,
			void (*visit)(const char *column, void *user), void *user);

	/* Optional: whether all is there that it takes to measure; judge then says what is not. */
	bool (*ready)(const struct drvp_item *item, const struct drvp_settings *settings);

	/* Optional: the rows that it is about, for the independent count of a RANGES check. */
	struct drvp_selection (*selection)(const struct drvp_item *item,
					   const struct drvp_settings *settings);

	/* Optional: a second table that its rows point to; NULL: this item has none. */
	const struct drvp_target *(*joined)(const struct drvp_item *item);

	/* Optional: whether a RANGES check has to see all rows in one range, in an order. */
	bool (*in_order)(const struct drvp_item *item);

	/* Optional: whether a RANGES check has the server answer, in one question that counts too. */
	bool (*by_server)(const struct drvp_item *item);

	int (*measure)(const struct drvp_measure *m, struct drv_error *err);

	/* Optional: a second look, with the merged tally, while the snapshot still stands. */
	int (*locate)(const struct drvp_measure *m, struct drv_error *err);

	void (*judge)(const struct drvp_item *item, const struct drvp_tally *tally,
		      const struct drvp_circumstances *c, struct drvp_verdict *out);

	/* Optional: of a check that was rehearsed, and saw no row: what would keep judge from deciding
	 * whatever the rows are. */
	void (*foresee)(const struct drvp_item *item, const struct drvp_tally *tally,
			const struct drvp_circumstances *c, struct drvp_verdict *out);

	/* Optional. */
	void (*record)(const struct drvp_item *item, const struct drvp_tally *tally,
		       struct drvp_json_writer *writer);
};

extern const struct drvp_check drvp_check_assert;
extern const struct drvp_check drvp_check_audit_chain;
extern const struct drvp_check drvp_check_collection_count;
extern const struct drvp_check drvp_check_connection;
extern const struct drvp_check drvp_check_content;
extern const struct drvp_check drvp_check_encrypted_field;
extern const struct drvp_check drvp_check_freshness;
extern const struct drvp_check drvp_check_row_count;

/* All checks, in the order in which the documentation lists them; NULL at the end. */
extern const struct drvp_check *const drvp_checks[];

/* NULL when there is none of that name. */
const struct drvp_check *drvp_check_find(const char *name);

/* What a program's own checks are made of: see checks/custom.h. */
extern const struct drvp_check drvp_check_custom;

/* The explanation of a code of any check of the library, or of this one; NULL: there is none. */
const struct drv_explanation *drvp_check_explanation(const struct drvp_check *check,
						      const char *code);

/* Codes that any check can end in: relation.missing, source.unreachable … */
extern const struct drv_explanation drvp_common_codes[];

/* ------------------------------------------------------------------ judging */

/*
 * Adds a finding. Its effect comes from the code's explanation. counter, when not NULL, gives the
 * rows to name and, if count is 0, how many.
 */
void drvp_find(struct drvp_verdict *verdict, const char *code, uint64_t count,
	       const struct drvp_counter *counter, const char *format, ...) DRVP_PRINTF(5, 6);

/* The same of count rows, of which some are named. */
void drvp_find_rows(struct drvp_verdict *verdict, const char *code, uint64_t count,
		    const struct drvp_spot *rows, size_t row_count, const char *format, ...)
	DRVP_PRINTF(6, 7);

/* Adds a finding that kept the check from being judged; its message becomes the summary, unless
 * there is one. blocked_by names the check or source in the way, or is "". */
void drvp_verdict_undecided(struct drvp_verdict *verdict, const char *code, const char *blocked_by,
			    const char *format, ...) DRVP_PRINTF(4, 5);

/* Sets the line that says what was read and seen. */
void drvp_summarise(struct drvp_verdict *verdict, const char *format, ...) DRVP_PRINTF(2, 3);

/* The numbers behind the line that says what was seen, for charts and metrics. */
struct drvp_figures {
	struct drvp_number expected;            /* rows that the document or its capture names */
	struct drvp_number least, most;         /* rows that pass */
	struct drvp_number loss, most_loss;     /* microseconds of data that are lost; that may be */
};

/* Those of a verdict, for its check to fill in. */
struct drvp_figures *drvp_figures(struct drvp_verdict *verdict);

/*
 * Adds a value that stands for data, such as the digest of all rows: what was recorded, "" if nothing
 * was, and what was found, as bytes that are shown in hexadecimal.
 */
void drvp_evidence(struct drvp_verdict *verdict, const char *what, const void *recorded,
		   size_t recorded_len, const void *found, size_t found_len);

/* 1234567 → "1,234,567" for use in the two above. Each result owns a few such texts. */
const char *drvp_grouped(struct drvp_verdict *verdict, uint64_t number);

/* An instant or a duration as text, likewise. */
const char *drvp_time_text(struct drvp_verdict *verdict, int64_t instant);
const char *drvp_duration_text(struct drvp_verdict *verdict, int64_t duration);

#endif
