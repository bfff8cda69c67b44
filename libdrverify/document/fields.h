/* fields.h: tables that say which members an object may have, and the one reader that obeys them */
#ifndef DRVP_FIELDS_H
#define DRVP_FIELDS_H

#include "document/json.h"

/*
 * A table describes each member once; from it come the parser, its messages, "did you mean", and
 * docs/drverify.schema.json. It ends with an entry whose name is NULL.
 */
enum drvp_field_kind {
	DRVP_FIELD_BOOL,             /* bool */
	DRVP_FIELD_UINT,             /* struct drvp_number: 0 … 2^63-1 */
	DRVP_FIELD_TEXT,             /* const char *: a string without NUL */
	DRVP_FIELD_COLUMN,           /* const char *: likewise but not "", a column or path */
	DRVP_FIELD_COLUMNS,          /* struct drvp_names: a list of them, at least one */
	DRVP_FIELD_DURATION,         /* struct drvp_number in microseconds: "90m" */
	DRVP_FIELD_TIME,             /* struct drvp_number, an instant: "2025-12-30T05:30:00Z" */
	DRVP_FIELD_TOLERANCE,        /* struct drvp_tolerance: 5, or "0%" … "100%" */
	DRVP_FIELD_CHOICE,           /* struct drvp_number: index into choices */
	DRVP_FIELD_OBJECT,           /* fields describes it; its struct lies at offset */
	DRVP_FIELD_ANY,              /* const struct drvp_json *: checked by nobody here */
	DRVP_FIELD_CUSTOM            /* read() does it; schema names its definition */
};

enum drvp_field_flags {
	DRVP_REQUIRED = 1
};

struct drvp_number {
	bool set;
	int64_t value;
};

struct drvp_names {
	const char *const *names;
	size_t count;
};

bool drvp_names_have(const struct drvp_names *names, const char *name);

struct drvp_tolerance {
	bool set;
	bool percent;
	int64_t amount;              /* rows, or thousandths of a percent */
};

struct drvp_reader {
	struct drvp_arena *arena;
	struct drv_error *err;
	const char *file;            /* for messages */
};

struct drvp_field {
	const char *name;
	int kind;                    /* enum drvp_field_kind */
	unsigned flags;              /* enum drvp_field_flags */
	size_t offset;               /* in the struct that the table describes */
	const char *help;            /* one sentence for the schema and the manual */
	const struct drvp_field *fields;        /* OBJECT */
	const char *const *choices;             /* CHOICE: names, NULL at the end */
	int (*read)(struct drvp_reader *reader, const struct drvp_json *value, void *out);
	const char *schema;                     /* CUSTOM: name under $defs */
};

/*
 * Reads object into the struct at out, which is zeroed by the caller. tables is a NULL-terminated
 * list: the object may have members of any of them, each table with its own struct in outs[i].
 * A name that stands in two tables belongs to the first. Messages quote the document's member
 * names but none of its values, which may hold what must not be printed.
 */
int drvp_fields_read(struct drvp_reader *reader, const struct drvp_json *object,
		     const struct drvp_field *const *tables, void *const *outs);

/* The same for one table. */
int drvp_fields_read_one(struct drvp_reader *reader, const struct drvp_json *object,
			 const struct drvp_field *table, void *out);

/* Fails with DRV_E_DOCUMENT and "FILE:LINE:COLUMN: " of value in front of the message. */
int drvp_document_fail(struct drvp_reader *reader, const struct drvp_json *value,
		       const char *format, ...) DRVP_PRINTF(3, 4);

/*
 * Checks that value is a string without NUL and sets *out, which lives as long as value. what
 * says what it should be, as in "expected WHAT, found a number": "the name of a table".
 */
int drvp_document_text(struct drvp_reader *reader, const struct drvp_json *value, const char *what,
		       const char **out);

/*
 * The candidate nearest to a misspelt word, or NULL when none is near. Case, "_", "-" and spaces
 * make no difference, so maxLoss finds max_loss.
 */
const char *drvp_suggest(const char *word, size_t len, const char *const *candidates, size_t count);

#endif
