/* expr.h: the expressions of a recipe, which rebuild the bytes that a hash was made over */
#ifndef DRVP_EXPR_H
#define DRVP_EXPR_H

#include "chain/json_text.h"
#include "chain/time_text.h"
#include "document/fields.h"
#include "document/hex.h"

enum drvp_expr_kind {
	DRVP_EXPR_TEXT,
	DRVP_EXPR_LIST,
	DRVP_EXPR_COLUMN,
	DRVP_EXPR_JOIN,
	DRVP_EXPR_HEX,
	DRVP_EXPR_PREVIOUS,
	DRVP_EXPR_DIGEST,
	DRVP_EXPR_LENGTH_PREFIXED,
	DRVP_EXPR_JSON,
	DRVP_EXPR_STORED,
	DRVP_EXPR_PRESENT,
	DRVP_EXPR_UNESCAPE,
	DRVP_EXPR_LITERAL,
	DRVP_EXPR_UNSTORED
};

/* What stands for a value that is missing. */
enum drvp_missing { DRVP_MISSING_DEFAULT, DRVP_MISSING_OMIT, DRVP_MISSING_NULL, DRVP_MISSING_TEXT };

struct drvp_null_policy {
	int kind;                    /* enum drvp_missing */
	struct drvp_bytes text;      /* TEXT */
};

struct drvp_expr_list {
	const struct drvp_expr *items;
	size_t count;
};

/* Which values are missing besides NULL. */
enum drvp_omit_when { DRVP_OMIT_NULL, DRVP_OMIT_ZERO, DRVP_OMIT_FALSY };

enum drvp_letter_case { DRVP_CASE_LOWER, DRVP_CASE_UPPER };

enum drvp_byte_form {
	DRVP_BYTES_UUID, DRVP_BYTES_BYTEA, DRVP_BYTES_BASE64,
	DRVP_BYTES_I16BE, DRVP_BYTES_I32BE, DRVP_BYTES_I64BE
};

enum drvp_as { DRVP_AS_NUMBER, DRVP_AS_TEXT };

struct drvp_column_expr {
	const char *column;
	struct drvp_null_policy null;
	struct drvp_number omit_when;   /* enum drvp_omit_when */
	struct drvp_number time;        /* enum drvp_time_notation */
	struct drvp_number digits;      /* 0, 3, 6, 9 or enum drvp_time_digits */
	struct drvp_number zone, separator, unit, rounding;
	const char *column_zone;
	const char *local_zone;
	const char *zone_name;          /* what Date.toString() of JavaScript calls it */
	struct drvp_number precision;   /* enum drvp_time_precision, less one */
	struct drvp_number stored_as;   /* enum drvp_time_unit: of an integer that is a time */
	struct drvp_bytes truth, falsehood;     /* bytes NULL: "true", "false" */
	struct drvp_number decimals;    /* digits to which a float was rounded */
	struct drvp_number uuid;        /* set: without hyphens */
	bool parse;                     /* text that is JSON */
	struct drvp_number letter_case; /* enum drvp_letter_case */
	struct drvp_number bytes;       /* enum drvp_byte_form */
	struct drvp_number decimal;     /* set: strip zeros */
	struct drvp_number as;          /* enum drvp_as */
	const struct drvp_json_style *json;
};

struct drvp_join_expr {
	struct drvp_expr_list parts;
	struct drvp_bytes with;
	struct drvp_null_policy null;
};

struct drvp_member {
	struct drvp_json_key key;
	const struct drvp_expr *value;
	const struct drvp_json *node;   /* for messages */
};

struct drvp_members {
	const struct drvp_member *items;
	size_t count;
	bool set;
};

/* The column has the bytes that were hashed; what they say of others, as members of JSON. */
struct drvp_stored_expr {
	const char *column;
	struct drvp_members claims;
};

struct drvp_present_expr {
	const char *column;
	const struct drvp_expr *then, *otherwise;       /* otherwise NULL: nothing */
};

enum drvp_previous_form { DRVP_PREVIOUS_TEXT, DRVP_PREVIOUS_BYTES };
enum drvp_digest_form { DRVP_DIGEST_HEX, DRVP_DIGEST_BYTES };

struct drvp_digest_expr {
	const struct drvp_expr *inner;
	struct drvp_number algorithm;   /* enum drvp_digest_algorithm */
	struct drvp_number as;          /* enum drvp_digest_form */
};

enum drvp_length_form {
	DRVP_LENGTH_DECIMAL, DRVP_LENGTH_U32BE, DRVP_LENGTH_I32BE, DRVP_LENGTH_U64BE
};

struct drvp_length_expr {
	const struct drvp_expr *inner;
	struct drvp_number length;      /* enum drvp_length_form */
	struct drvp_number null;        /* the length that stands for a missing value */
};

enum drvp_keys { DRVP_KEYS_LISTED, DRVP_KEYS_SORTED };

struct drvp_key_list {
	const struct drvp_json_key *keys;
	size_t count;
	bool set;
	bool top_level;                 /* the names of this very object */
};

struct drvp_json_expr {
	const struct drvp_json_style *style;
	struct drvp_members object;
	struct drvp_expr_list array;
	bool has_array;
	struct drvp_key_list all_except;
	struct drvp_members columns;    /* ALL_EXCEPT: how some columns are written */
	struct drvp_null_policy null;
	struct drvp_number keys;        /* enum drvp_keys */
	struct drvp_key_list allow_keys, drop_keys;
	bool drop_empty;
};

struct drvp_expr {
	int kind;                       /* enum drvp_expr_kind */
	const struct drvp_json *node;
	union {
		struct drvp_bytes bytes;        /* TEXT, HEX */
		struct drvp_expr_list list;
		struct drvp_column_expr column;
		struct drvp_join_expr join;
		struct drvp_number previous;    /* enum drvp_previous_form */
		struct drvp_digest_expr digest;
		struct drvp_length_expr length;
		struct drvp_json_expr json;
		struct drvp_stored_expr stored;
		struct drvp_present_expr present;
		const struct drvp_expr *unescape;
		const struct drvp_json *literal;
		const char *unstored;           /* why */
	} u;
};

/*
 * The forms of an expression that is written as an object. The first whose name is a member
 * decides; its fields say what else may stand there. Parser and JSON Schema both come from here.
 */
struct drvp_expr_form {
	const char *name;
	int kind;                       /* enum drvp_expr_kind */
	const char *help;
	const struct drvp_field *fields;        /* of the member of u */
	int (*validate)(struct drvp_reader *reader, const struct drvp_expr *expr);
};

/* Ends with name NULL. */
extern const struct drvp_expr_form drvp_expr_forms[];

/* Reader of fields whose schema is "expression": out is a const struct drvp_expr *. */
int drvp_expr_read(struct drvp_reader *reader, const struct drvp_json *value, void *out);

/* Calls visit for each column that an expression names. */
void drvp_expr_columns(const struct drvp_expr *expr,
		       void (*visit)(const char *column, void *user), void *user);

/* The part of it that says that something is not stored, or NULL. */
const struct drvp_expr *drvp_expr_unstored(const struct drvp_expr *expr);

/*
 * Whether a column's value surely is among the bytes, in every row. is_previous: "previous" stands
 * for it; then name may be NULL.
 */
bool drvp_expr_covers(const struct drvp_expr *expr, const char *name, bool is_previous);

#endif
