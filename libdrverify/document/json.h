/* json.h: JSON as a tree that keeps number text and positions, and a writer */
#ifndef DRVP_JSON_H
#define DRVP_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "base/utf8.h"

enum drvp_json_type {
	DRVP_JSON_NULL,
	DRVP_JSON_BOOL,
	DRVP_JSON_NUMBER,
	DRVP_JSON_STRING,
	DRVP_JSON_ARRAY,
	DRVP_JSON_OBJECT
};

/*
 * What a node of a stored document was before it became JSON, for those who print it in another
 * form. Nodes of JSON text have none.
 */
enum drvp_json_origin {
	DRVP_ORIGIN_NONE,
	DRVP_ORIGIN_DATE,            /* STRING: 2025-12-30T05:30:00.000Z; NUMBER if out of range */
	DRVP_ORIGIN_OBJECT_ID,       /* STRING: 24 hexadecimal digits */
	DRVP_ORIGIN_DOUBLE,          /* NUMBER, even if it looks like an integer; STRING: NaN … */
	DRVP_ORIGIN_DECIMAL,         /* NUMBER with its scale kept; STRING: NaN … */
	DRVP_ORIGIN_BINARY           /* STRING: base64 */
};

/*
 * A value, in an arena. Numbers keep the text they were written with (1.10 stays 1.10, 2^63+1
 * stays exact), because a hash may have been made over it.
 */
struct drvp_json {
	uint8_t type;                /* enum drvp_json_type */
	bool truth;                  /* BOOL */
	uint8_t origin;              /* enum drvp_json_origin */
	uint32_t line, column;       /* of its first byte, from 1; columns count bytes */
	uint32_t key_line, key_column;  /* of its name's opening quote; 0 when it has none */
	const char *key;             /* as a member of an object: its name, decoded, else NULL */
	size_t key_len;              /* names may contain NUL */
	const char *text;            /* STRING: decoded, may contain NUL; NUMBER: as written */
	size_t len;
	struct drvp_json *first;     /* ARRAY, OBJECT: the first child */
	struct drvp_json *next;      /* the next sibling */
	size_t count;                /* ARRAY, OBJECT: how many children */
};

enum drvp_json_flags {
	DRVP_JSON_DUPLICATES = 1     /* accept a repeated member name (stored data may have them) */
};

struct drvp_json_limits {
	size_t bytes;                /* longest text */
	unsigned depth;              /* deepest nesting */
	unsigned flags;              /* enum drvp_json_flags */
	size_t values;               /* how many, each of which takes far more memory than the "[]"
					that it may be written as; 0: any number */
};

/*
 * Parses exactly one RFC 8259 value, without recursion. Refuses invalid UTF-8, lone surrogates, a
 * byte order mark, repeated member names (unless allowed) and anything over a limit. The tree
 * lives in the arena and copies what it keeps; names and texts end with a NUL besides. Errors are
 * DRV_E_DOCUMENT, their message "line:column: expected X, found Y", in which a repeated name is
 * the only part of the text that is quoted.
 */
int drvp_json_parse(struct drvp_json **root, struct drvp_arena *arena, const char *bytes,
		    size_t len, const struct drvp_json_limits *limits, struct drv_error *err);

/* The member of that name, or NULL; also NULL when value is NULL or no object. */
const struct drvp_json *drvp_json_member(const struct drvp_json *value, const char *name);

/* Whether a string equals a C string, NULs considered. */
bool drvp_json_is(const struct drvp_json *value, const char *text);

/* "null", "true or false", "a number", "a string", "an array", "an object". */
const char *drvp_json_type_name(int type);

/*
 * The writer. Members and elements are given in order; key is NULL inside an array and for the
 * outermost value. Output is indented by two spaces; an array or object opened with inline set
 * stays on one line. It is the only place that escapes text. Text that is not valid UTF-8 is
 * written with U+FFFD for each wrong byte. Failure to allocate shows in out->failed.
 */
struct drvp_json_writer {
	struct drvp_strbuf *out;
	unsigned depth;
	unsigned inline_depth;       /* depth at which one-line output began; 0: not */
	bool has_members;            /* something was already written at this depth */
};

void drvp_json_open_object(struct drvp_json_writer *writer, const char *key, bool inline_form);
void drvp_json_close_object(struct drvp_json_writer *writer);
void drvp_json_open_array(struct drvp_json_writer *writer, const char *key, bool inline_form);
void drvp_json_close_array(struct drvp_json_writer *writer);
void drvp_json_put_string(struct drvp_json_writer *writer, const char *key, const char *text,
			  size_t len);
void drvp_json_put_text(struct drvp_json_writer *writer, const char *key, const char *text);
void drvp_json_put_uint(struct drvp_json_writer *writer, const char *key, uint64_t number);
void drvp_json_put_int(struct drvp_json_writer *writer, const char *key, int64_t number);
void drvp_json_put_fixed(struct drvp_json_writer *writer, const char *key, int64_t thousandths);
void drvp_json_put_bool(struct drvp_json_writer *writer, const char *key, bool truth);
void drvp_json_put_null(struct drvp_json_writer *writer, const char *key);

/*
 * A whole tree as it was read; number text unchanged. Arrays and objects that are short enough
 * stand on one line. Recurses as deep as the tree, which is no deeper than its parser allowed.
 */
void drvp_json_put_value(struct drvp_json_writer *writer, const char *key,
			 const struct drvp_json *value);

/* A name for a message, which has to stay one short line: quoted, escaped, and cut if long. */
void drvp_json_print_name(struct drvp_strbuf *out, const char *text, size_t len);

#endif
