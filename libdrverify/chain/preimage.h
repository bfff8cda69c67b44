/* preimage.h: rebuilds the bytes that the hash of an entry was made over */
#ifndef DRVP_PREIMAGE_H
#define DRVP_PREIMAGE_H

#include "chain/entry.h"
#include "store/store.h"

/* At most so many local times of one row are tried both ways. */
#define DRVP_FOLDS_MAX 4

/* One node of a prepared expression. */
struct drvp_step {
	const struct drvp_expr *expr;
	struct drvp_step *children;
	size_t child_count;
	size_t column;                  /* COLUMN: index of its value */
	bool single;                    /* COLUMN: four-byte floats */
	bool plain;                     /* COLUMN: a text goes into JSON as it is stored */
	struct drvp_time_format time;   /* COLUMN */
	const struct drvp_zone *zone;   /* COLUMN, where it was written; NULL: UTC */
	const struct drvp_zone *local;  /* COLUMN, in which it was printed; NULL: as time says */
	const struct drvp_json_style *style;    /* JSON, and COLUMN with "json" */
	struct drvp_digester *digester; /* DIGEST */
	struct drvp_json_key *keys;     /* JSON object: names of the children … */
	struct drvp_bytes *labels;      /* … and with separator, quotes, escapes and colon */
	struct drvp_json_filter filter; /* JSON */
	bool allow_present;             /* JSON: allow is the names of the members of each row */
	bool whole;                     /* JSON: of all members of a document, that of column … */
	const struct drvp_json_expr *but;       /* … but these; children: how some are written */
};

/* One way in which entries were hashed. */
struct drvp_entry_form {
	const struct drvp_version *version;     /* NULL: the recipe's own */
	size_t *when_columns;           /* of the conditions of version */
	struct drvp_step root;
	const struct drvp_digest_choice *digest;
	size_t digest_column;           /* that chooses it */
};

/* Where entries are, and where the rest of each is (NULL: they are whole). */
struct drvp_entry_tables {
	const struct drvp_relation *relation, *joined;
};

/* A recipe made ready for the rows of one relation. One thread at a time. */
struct drvp_preimage {
	const struct drvp_recipe *recipe;
	struct drvp_entry_tables tables;
	struct drvp_session *session;
	struct drvp_arena arena;
	struct drvp_entry_form *forms;        /* the versions, then the recipe's own */
	size_t form_count;
	struct drvp_wanted *columns;    /* to be scanned, in this order */
	size_t column_count, column_capacity;
	size_t hash_column, previous_column, order_column;      /* DRVP_NO_COLUMN: there is none */
	size_t *partition_columns;      /* of recipe->partition_by */
	size_t *order_columns;          /* of recipe->order_by, where entries are read in order */
	const char **order_by;          /* partitions, and the order within them */
	struct drvp_digester *digesters[3];     /* by algorithm, those that "digest" needs */
	struct drvp_strbuf out, scratch;
	struct drvp_json_printer printer;
	struct drvp_arena row_arena;    /* of the row being built */
	/* of the row being built */
	const struct drvp_value *values;
	const struct drvp_entry *entry;
	unsigned fold;                  /* which instant each ambiguous time takes: bits */
	unsigned folds;                 /* ambiguous times met */
	bool lossy;                     /* the store did not keep all that was hashed */
	bool broken;                    /* OpenSSL failed */
	bool impossible;                /* no application can have hashed this value */
	bool claims_differ;             /* the stored bytes say something else than the columns */
	/* Optional: hears what each column, and the previous hash, gave to the bytes. */
	void (*on_piece)(const struct drvp_expr *expr, const char *bytes, size_t len, void *user);
	void *piece_user;
};

#define DRVP_NO_COLUMN SIZE_MAX

/* What an entry is needed for. */
enum drvp_preimage_use {
	DRVP_USE_CONTENTS,
	DRVP_USE_LINKS                  /* only its hashes; no forms, unless a hash has to be made */
};

/*
 * Prepares. Asks the session for the zones that the recipe names. The relations and the recipe
 * have to outlive it. Errors: DRV_E_UNSUPPORTED, DRV_E_NOMEM, and those of the session.
 */
int drvp_preimage_new(struct drvp_preimage **out, const struct drvp_recipe *recipe,
		      const struct drvp_entry_tables *tables, struct drvp_session *session, int use,
		      struct drv_error *err);

void drvp_preimage_free(struct drvp_preimage **preimage);

/*
 * The form of a row: the first version whose conditions it meets, else the recipe's own. A
 * version without conditions is never the form of a row, only a further one to try.
 */
const struct drvp_entry_form *drvp_preimage_form(const struct drvp_preimage *preimage,
					   const struct drvp_value *values,
					   struct drvp_strbuf *scratch);

/* Whether a form is one to try where the row's own does not match. */
bool drvp_form_is_fallback(const struct drvp_entry_form *form);

/* The digest of a row in this form; NULL when its column names none. */
const struct drvp_digest_spec *drvp_form_digest(const struct drvp_entry_form *form,
						const struct drvp_value *values,
						struct drvp_strbuf *scratch);

/*
 * Builds the bytes of one row in a form into preimage->out. fold chooses among instants of
 * ambiguous local times; preimage->folds tells how many there were. Errors, without words:
 * DRV_E_NOMEM, or DRV_E_INTERNAL when OpenSSL fails.
 */
int drvp_preimage_build(struct drvp_preimage *preimage, const struct drvp_entry_form *form,
			const struct drvp_value *values, const struct drvp_entry *entry,
			unsigned fold);

/* ------------------------------------------------------------------ between its files */

/* Makes one expression ready; a list of them as the children of step; and JSON. */
int drvp_step_prepare(struct drvp_preimage *p, struct drvp_step *step,
		      const struct drvp_expr *expr, struct drv_error *err);
int drvp_step_prepare_list(struct drvp_preimage *p, struct drvp_step *step,
			   const struct drvp_expr_list *list, struct drv_error *err);
int drvp_step_prepare_json(struct drvp_preimage *p, struct drvp_step *step, struct drv_error *err);

/* The index of a column's value, adding it to the scan when it is new; SIZE_MAX without memory. */
size_t drvp_preimage_column(struct drvp_preimage *preimage, const char *name);

enum drvp_outcome { DRVP_WRITTEN, DRVP_OMITTED, DRVP_WAS_NULL };

/* Where in JSON a value stands. */
struct drvp_json_place {
	const struct drvp_json_style *style;
	const struct drvp_json_filter *filter;
	const struct drvp_null_policy *null;    /* NULL: null */
};

/* A value that is missing: what policy says, or what the place says. place NULL: in text. */
int drvp_put_missing(struct drvp_preimage *p, const struct drvp_null_policy *policy,
		     const struct drvp_json_place *place);

/* Whether a column's value counts as missing. */
bool drvp_column_missing(const struct drvp_step *step, const struct drvp_value *value);

/* The same of a JSON expression, which is never left out. */
int drvp_put_json(struct drvp_preimage *p, const struct drvp_step *step);

/* Prints what a step stands for: in JSON at place, or as text or bytes when that is NULL. */
int drvp_put(struct drvp_preimage *p, const struct drvp_step *step,
	     const struct drvp_json_place *place);

/* Whether the member a stands before b, both given in their listed order. */
bool drvp_member_comes_first(const struct drvp_json_expr *json, const struct drvp_json_key *a,
			     const struct drvp_json_key *b);

/* Whether what was written since mark is an object without members. */
bool drvp_wrote_empty(const struct drvp_strbuf *out, size_t mark);

/* Prints the members of a whole document. */
void drvp_put_whole(struct drvp_preimage *p, const struct drvp_step *step,
		    const struct drvp_json_place *place);

/* The bytes that the application kept of what it hashed; notes whether they say what they must. */
int drvp_put_stored(struct drvp_preimage *p, const struct drvp_step *step);

/* Text that is JSON, in the arena of the row; NULL when it is none. */
const struct drvp_json *drvp_parse_text(struct drvp_preimage *p, const char *text, size_t len);

/* Prints a document with a style and a filter (NULL: all of it). */
void drvp_put_document(struct drvp_preimage *p, const struct drvp_json *document, bool order_lost,
		       const struct drvp_json_style *style, const struct drvp_json_filter *filter);

/* Prints a column's value: in JSON at place, or as text when that is NULL. */
int drvp_put_column(struct drvp_preimage *p, const struct drvp_step *step,
		    const struct drvp_json_place *place);

/* Whether a value is a time by its kind; and prints one, or what an integer holds that is one. */
bool drvp_is_time(const struct drvp_value *value);
void drvp_put_time(struct drvp_preimage *p, const struct drvp_step *step,
		   const struct drvp_value *value);

/* form: one of the integers of enum drvp_byte_form. */
void drvp_put_big_endian(struct drvp_strbuf *out, uint64_t number, int64_t form);

#endif
