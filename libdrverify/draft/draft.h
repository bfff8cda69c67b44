/* draft.h: a starting document, from what sources hold: catalogues and a few rows */
#ifndef DRVP_DRAFT_H
#define DRVP_DRAFT_H

#include "propose/propose.h"
#include "run/run.h"

/* ------------------------------------------------------------------ names.c */

/* Whether a column or path of that kind is named like one that holds ciphertext. */
bool drvp_names_ciphertext(const char *name, int kind);

/*
 * The name that the same value would have in plain text, in the arena; "" when it tells none. NULL:
 * no memory.
 */
const char *drvp_name_of_plaintext(struct drvp_arena *arena, const char *name);

/* How well a name fits the time at which a row was written: 0 not at all, more is better. */
int drvp_names_writing_time(const char *name);

/* The columns that are named like an entry's hash and the one before; false: there are none. */
bool drvp_names_links(const struct drvp_column *columns, size_t count, size_t *hash,
		      size_t *previous);

/* ------------------------------------------------------------------ what was seen */

/* The loss of data that a draft takes to be allowed. */
#define DRVP_DRAFT_RPO (3600 * DRVP_SECOND)
#define DRVP_DRAFT_RPO_TEXT "1h"

/* A column or path that is named as if it were encrypted. Numbers are of sampled rows. */
struct drvp_draft_field {
	const char *name;
	const char *plaintext;       /* what may hold the same readably, or NULL */
	size_t values;               /* not NULL */
	size_t nulls;
	size_t good[4];              /* values that fit each of drvp_ciphertext_formats */
	size_t readable;             /* rows in which the plaintext is there … */
	size_t unprotected;          /* … and no ciphertext */
};

/* A table or collection that is to be checked. */
struct drvp_draft_table {
	const struct drvp_relation *relation;
	const struct drvp_column *columns;      /* of a collection: in documents that were seen */
	size_t column_count;
	const char *trouble;         /* why it could not be looked into, else NULL */
	bool estimated;
	uint64_t rows;               /* estimate */
	size_t sampled;              /* rows */
	struct drvp_draft_field *fields;
	size_t field_count;
	const struct drvp_column *time;         /* when rows were written; NULL: it has none */
	bool newest_set;             /* newest says the newest time that was seen */
	int64_t newest;
	bool linked;                 /* by hash and previous */
	const char *hash, *previous;
	struct drvp_proposed proposed;
	const char *unproved;        /* why no recipe was found, else NULL */
};

/* One source. */
struct drvp_draft {
	struct drv_run *run;
	const struct drvp_source *source;
	const char *column_zone;     /* or NULL */
	int64_t chain_budget;        /* microseconds a chain */
	struct drvp_address address;
	struct drvp_session *session;
	struct drvp_arena arena;
	const struct drvp_listed *listed;
	size_t listed_count;
	struct drvp_draft_table *tables;
	size_t table_count;
	int64_t latest[2];           /* the latest of all newest times, that of columns without zone
					second; 0: there is none */
};

/* ------------------------------------------------------------------ look.c and what it uses */

/* Looks at a source. Whatever came of it, drvp_draft_close() is due. */
int drvp_draft_look(struct drvp_draft *draft, struct drv_error *err);
void drvp_draft_close(struct drvp_draft *draft);

/* Whether an error ends all of it: the session is of no more use, or the run has to end. */
bool drvp_draft_is_over(const struct drvp_draft *draft, int status);

/* Whether a table or collection is checked; else why not, for people. */
const char *drvp_draft_left_out(const struct drvp_listed *listed);

/* Takes the columns of the relation, or those that some documents of a collection have. */
int drvp_draft_columns(struct drvp_draft *draft, struct drvp_draft_table *table,
		       struct drv_error *err);

/* Examines some values of all that is named like ciphertext. */
int drvp_draft_fields(struct drvp_draft *draft, struct drvp_draft_table *table,
		      struct drv_error *err);

/* Whether the newest row is about as new as that of any table: rows are written all the time. */
bool drvp_draft_is_busy(const struct drvp_draft *draft, const struct drvp_draft_table *table);

/* Finds the column that says when rows were written, and about how new the newest is. */
int drvp_draft_newest(struct drvp_draft *draft, struct drvp_draft_table *table,
		      struct drv_error *err);

/* Looks for the recipe of an audit chain. */
int drvp_draft_chain(struct drvp_draft *draft, struct drvp_draft_table *table,
		     struct drv_error *err);

/* ------------------------------------------------------------------ write.c, write_checks.c */

/* The document, as JSON that is not laid out yet. */
void drvp_draft_write(struct drvp_strbuf *out, const struct drvp_draft *drafts, size_t count);

/* The checks of one table. */
void drvp_draft_put_table(struct drvp_json_writer *writer, const struct drvp_draft *draft,
			  const struct drvp_draft_table *table);

#endif
