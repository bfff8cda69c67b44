/* propose.h: finds out how the entries of a hash chain are hashed, by trying */
#ifndef DRVP_PROPOSE_H
#define DRVP_PROPOSE_H

#include "chain/preimage.h"
#include "checks/check.h"

/* What is asked, and what is known already. */
struct drvp_propose {
	struct drvp_session *session;
	const struct drvp_relation *relation;
	const char *source;             /* the name that the document gives it */
	const char *hash, *previous, *order_by; /* columns; NULL: to be guessed */
	const char *column_zone;        /* of times without zone, or NULL */
	const struct drvp_secret *secrets;      /* tried as HMAC keys */
	size_t secret_count;
	int64_t budget;                 /* microseconds of searching */
	const atomic_bool *cancelled;
};

/* What came out. Start with zeroes. */
struct drvp_proposed {
	struct drvp_strbuf check;       /* the check as JSON; empty: no recipe was found */
	uint64_t tried;
	size_t rows;                    /* looked at … */
	size_t agreeing;                /* … and whose hash the recipe gives */
	bool complete;                  /* not ended by the deadline */
};

int drvp_chain_propose(const struct drvp_propose *ask, struct drvp_proposed *out,
		       struct drv_error *err);

/* ------------------------------------------------------------------ sample.c */

/* Columns of one class are written in one format. */
enum drvp_piece_class {
	DRVP_PIECE_PLAIN, DRVP_PIECE_TIME, DRVP_PIECE_DOCUMENT, DRVP_PIECE_NUMBER, DRVP_PIECE_BOOL,
	DRVP_PIECE_UUID, DRVP_PIECE_CLASSES
};

struct drvp_sample_row {
	const struct drvp_value *values;        /* one a column of the sample */
	struct drvp_value previous;             /* stored, or the hash of the row before */
	uint8_t hash[DRVP_DIGEST_MAX];
	bool genesis;                   /* nothing stands before it */
	bool unlinked;                  /* what stands before it is not known */
	bool settled;                   /* a recipe was found that gives its hash */
	size_t nulls;
};

/* Some rows, and which column means what. */
struct drvp_sample {
	struct drvp_arena arena;
	const struct drvp_propose *ask;
	const struct drvp_column *columns;      /* of the relation, or members of its documents */
	uint8_t *classes;               /* enum drvp_piece_class, one a column */
	size_t column_count;
	struct drvp_sample_row *rows;
	size_t count;
	size_t hash, previous, order, partition;        /* columns, or DRVP_NO_COLUMN */
	size_t ordered;                 /* so many rows stand first, in order */
	size_t hash_size;               /* bytes */
	int encoding;                   /* enum drvp_encoding */
	bool order_lost;                /* of the members of all its documents */
	bool null_hashes;               /* some rows have none; they are not in the sample */
};

/* Errors: DRV_E_USAGE when no column can be the hash, or there is nothing to look at. */
int drvp_sample_take(struct drvp_sample *sample, const struct drvp_propose *ask,
		     struct drv_error *err);
/* Derives previous hashes anew, as if a column (or none) partitioned the chain. */
void drvp_sample_partition(struct drvp_sample *sample, size_t column);

/* Whether no two rows have the same value. */
bool drvp_sample_is_unique(const struct drvp_sample *sample, size_t column);

void drvp_sample_free(struct drvp_sample *sample);

/* ------------------------------------------------------------------ guess.c */

struct drvp_sample_rows {
	struct drvp_sample_row *rows;
	size_t count, most;
};

/* Sets which columns mean what; those that the caller named have to exist. */
int drvp_sample_guess(struct drvp_sample *sample, const struct drvp_sample_rows *rows,
		      struct drv_error *err);

/* Bytes of what looks like a hash, else 0. */
size_t drvp_hash_of(const struct drvp_value *value, uint8_t *out, int *encoding);

/* Whether both are there and have the same bytes; whether both are the same value, or NULL. */
bool drvp_same_text(const struct drvp_value *a, const struct drvp_value *b);
bool drvp_equal_values(const struct drvp_value *a, const struct drvp_value *b);

/* ------------------------------------------------------------------ attempt.c */

/* A recipe as text, read and prepared by what reads the document of a verification. */
struct drvp_attempt {
	struct drv_baseline *baseline;
	struct drvp_preimage *preimage;
	const struct drvp_sample *sample;
	struct drvp_value *values;      /* of one row, in the order of the preimage's columns */
	size_t *columns;                /* where each comes from */
};

/* members: those of the check besides source and table. Errors: DRV_E_DOCUMENT and others. */
int drvp_attempt_new(struct drvp_attempt **out, const struct drvp_sample *sample,
		     const char *members, struct drv_error *err);
void drvp_attempt_free(struct drvp_attempt **attempt);

/* Builds the bytes of a row into attempt->preimage->out. */
int drvp_attempt_build(struct drvp_attempt *attempt, const struct drvp_sample_row *row,
		       unsigned fold);

/* The whole document around the members of a check, or only the check. */
void drvp_attempt_text(struct drvp_strbuf *out, const struct drvp_sample *sample,
		       const char *members, bool document);

/* ------------------------------------------------------------------ pieces.c */

struct drvp_piece_format {
	const char *members;            /* of a column's expression, besides "column" */
	bool string;                    /* JSON inside a string */
	bool allow;                     /* only members that are named as columns are */
	bool unsorted;                  /* members as stored */
	bool zoned;                     /* a time in a zone that nobody has named */
};

struct drvp_piece_variant {
	struct drvp_piece_format format;
	const struct drvp_bytes *pieces;        /* by row, then by column */
};

#define DRVP_PIECE_VARIANTS 96

/* A way in which all values are written: text, or the JSON of one style. */
struct drvp_piece_context {
	const char *style;              /* as a recipe says it; NULL: text */
	const char *comma, *colon;
	struct drvp_piece_variant variants[DRVP_PIECE_CLASSES][DRVP_PIECE_VARIANTS];
	size_t variant_count[DRVP_PIECE_CLASSES];
};

struct drvp_pieces {
	const struct drvp_sample *sample;
	struct drvp_arena arena;
	struct drvp_piece_context *contexts;    /* that give different bytes */
	size_t count;
};

int drvp_pieces_make(struct drvp_pieces *pieces, const struct drvp_sample *sample,
		     struct drv_error *err);
void drvp_pieces_free(struct drvp_pieces *pieces);

/* ------------------------------------------------------------------ piece_recipe.c */

/* { "column": NAME, … } as the recipe will say it; null is the policy's member or "". */
void drvp_piece_expression(struct drvp_strbuf *out, const struct drvp_sample *sample,
			   const struct drvp_column *column,
			   const struct drvp_piece_format *format, const char *null);

/* A JSON string. */
void drvp_piece_string(struct drvp_strbuf *out, const char *text, size_t len);

/* What stands in front of a value to make it the only part of an array or object. */
void drvp_piece_label(struct drvp_strbuf *out, const struct drvp_sample *sample,
		      const struct drvp_piece_context *context, size_t column,
		      const struct drvp_piece_format *format);

/* A recipe that writes all columns of a class one after the other, each behind its length. */
void drvp_piece_recipe(struct drvp_strbuf *out, const struct drvp_sample *sample,
		       const struct drvp_piece_context *context, int class,
		       const struct drvp_piece_format *format);

/* ------------------------------------------------------------------ design.c, design_write.c */

#define DRVP_DESIGN_COLUMNS 128

/* Stands in an order for the previous hash. */
#define DRVP_DESIGN_PREVIOUS 0xFF

enum drvp_design_shape { DRVP_SHAPE_TEXT, DRVP_SHAPE_OBJECT, DRVP_SHAPE_ARRAY };
enum drvp_design_naming { DRVP_NAMES_STORED, DRVP_NAMES_CAMEL, DRVP_NAMES_SNAKE };

/* Where the previous hash stands: among the parts, around them, or nowhere. */
enum drvp_design_place {
	DRVP_PLACE_OWN, DRVP_PLACE_FIRST, DRVP_PLACE_LAST, DRVP_PLACE_BEFORE, DRVP_PLACE_AFTER,
	DRVP_PLACE_NONE
};

/* What stands for a missing value, in the recipe and in the bytes. */
struct drvp_design_word {
	const char *member;             /* of the recipe, such as "null": "omit" */
	const char *text, *json;        /* NULL: nothing at all, not even a separator */
};

/* A recipe as the search sees it. */
struct drvp_design {
	const struct drvp_pieces *pieces;
	const struct drvp_piece_context *context;
	uint8_t variant[DRVP_PIECE_CLASSES];
	int shape;                      /* enum drvp_design_shape */
	int naming;                     /* enum drvp_design_naming */
	int place;                      /* enum drvp_design_place */
	const char *comma;              /* between parts */
	const char *glue;               /* BEFORE, AFTER */
	bool previous_bytes;            /* decoded instead of as stored */
	bool lengths;                   /* TEXT: the length stands before each part */
	size_t stored;                  /* a column that holds the bytes themselves, or none */
	bool inner_digest;              /* BEFORE, AFTER: the parts are hashed first */
	const char *previous_key, *time_key;    /* OBJECT; NULL: as the naming has it */
	uint8_t order[DRVP_DESIGN_COLUMNS + 1];
	size_t count;
	const struct drvp_design_word *nulls[DRVP_DESIGN_COLUMNS];
	const struct drvp_design_word *genesis;
	const char *key;                /* the name of the HMAC key, or NULL */
	struct drvp_digester *digester, *inner;
	size_t partition;               /* as in the sample */
};

/* The last has member NULL. The first are what is usual. */
extern const struct drvp_design_word drvp_design_nulls[], drvp_design_geneses[];

/* The format that was chosen for a column. */
const struct drvp_piece_variant *drvp_design_variant(const struct drvp_design *design,
							    uint8_t column);

/* The name of a part in an object. Returns its length. */
size_t drvp_design_key(const struct drvp_design *design, uint8_t column, char *out, size_t size);

/* One part of a row: "name":value or value; false: it is left out. */
bool drvp_design_part(const struct drvp_design *design, const struct drvp_sample_row *row,
		      uint8_t column, struct drvp_strbuf *out);

/* The previous hash where it stands around the parts. */
void drvp_design_previous(const struct drvp_design *design, const struct drvp_sample_row *row,
			  struct drvp_strbuf *out);

/* The members of the check that say the same; version: how other entries were hashed, or NULL. */
void drvp_design_write(const struct drvp_design *design, const struct drvp_design *version,
		       struct drvp_strbuf *out);

/* ------------------------------------------------------------------ search.c, _fit.c */

#define DRVP_SEARCH_KEYS 8

struct drvp_search {
	const struct drvp_propose *ask;
	struct drvp_sample *sample;
	const struct drvp_pieces *pieces;
	struct drvp_digester *inner;            /* plain SHA-256 */
	struct drvp_digester *digesters[DRVP_SEARCH_KEYS]; /* the plain one, then HMACs */
	const char *keys[DRVP_SEARCH_KEYS];
	size_t digester_count;
	int64_t deadline;               /* by drvp_monotonic() */
	uint64_t tried;
	struct drvp_design best;
	size_t best_agrees;             /* rows; 0: nothing was found */
	bool timed_out;
};

/* Looks for a recipe of the rows that are not settled, and settles those that it gives. */
int drvp_search_run(struct drvp_search *search, struct drv_error *err);

/*
 * Settles what one row could not show: what stands for NULL, for the predecessor of the first
 * entry, and which columns that were NULL belong to it. Returns how many rows agree.
 */
size_t drvp_design_fit(struct drvp_design *design, struct drvp_search *search,
		       const struct drvp_sample_row *probe);

#endif
