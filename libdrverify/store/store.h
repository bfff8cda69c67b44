/* store.h: what a check may ask of a database, whichever it is */
#ifndef DRVP_STORE_H
#define DRVP_STORE_H

#include "base/sum256.h"
#include "document/fields.h"
#include "store/limits.h"

/* ------------------------------------------------------------------ values and rows */

enum drvp_kind {
	DRVP_NULL,                   /* SQL NULL, BSON null, or a path that a document lacks */
	DRVP_BOOL,                   /* integer: 0 or 1 */
	DRVP_INTEGER,                /* integer */
	DRVP_FLOAT,                  /* number */
	DRVP_DECIMAL,                /* bytes: decimal text, scale kept (numeric, Decimal128) */
	DRVP_TEXT,                   /* bytes: UTF-8; other types as the server prints them */
	DRVP_BYTES,                  /* bytes: bytea, BSON binary */
	DRVP_UUID,                   /* bytes: 16 */
	DRVP_OBJECT_ID,              /* bytes: 12 */
	DRVP_INSTANT,                /* integer: microseconds since 1970 UTC (timestamptz, BSON date) */
	DRVP_LOCAL_TIME,             /* integer: microseconds since 1970 on the writer's wall clock */
	DRVP_DATE,                   /* integer: days since 1970-01-01 */
	DRVP_DOCUMENT,               /* json: json, jsonb, SQL array, BSON document or array */
	DRVP_PRESENT                 /* not NULL; the value itself was not asked for */
};

/* Infinity and -infinity of time types. */
#define DRVP_TIME_INFINITY INT64_MAX
#define DRVP_TIME_MINUS_INFINITY INT64_MIN

/*
 * One value of a row, borrowed from the receive buffer or the session's row arena.
 *
 * PostgreSQL: domains are their base type, and what is printed does not depend on settings. TEXT
 * is what psql shows with ISO dates, in UTC: enums, inet, cidr, time, timetz, interval, money,
 * ranges, composites ("(t,1,)") and all types not named above. An array is a DOCUMENT, nested as
 * deep as it has dimensions, its elements as to_json() prints them: numbers as written in SQL,
 * booleans, NULL as null, documents, composites as objects, and strings; lower bounds are dropped.
 *
 * MongoDB: a DOCUMENT says what JSON.stringify() would say of the document that the driver for
 * JavaScript gives: binary is base64, undefined is left out of an object and null in an array.
 * Where that would lose what is stored it does not: -0 keeps its sign, a Decimal128 is a number
 * with its scale, numbers that are not finite are strings (NaN, Infinity, -Infinity), a regular
 * expression is "/pattern/options", a Timestamp "seconds.increment", MinKey and MaxKey their
 * names. What a node was stored as is in its origin.
 *
 * At a path inside json or jsonb: TEXT; BOOL; INTEGER for a number without fraction and exponent
 * that fits (-0 does not); DECIMAL for any other, as written; DOCUMENT; and NULL also for JSON's.
 */
struct drvp_value {
	int kind;                    /* enum drvp_kind */
	bool order_lost;             /* DOCUMENT from jsonb: members are not in the writer's order */
	int64_t integer;
	double number;
	const char *bytes;           /* DOCUMENT: the stored text of a json column, else NULL */
	size_t len;
	const struct drvp_json *json;
};

/* One of several tables that are read as one: a partition, a child, or the parent of children. */
struct drvp_leaf {
	uint32_t oid;
	uint32_t number;             /* among them, from 0 */
	const char *name;            /* as SQL would write it, with its schema */
};

/*
 * A row, valid during one callback. values stand in the order of the scan's columns; the columns
 * of the primary key follow in keys.
 */
struct drvp_row {
	const struct drvp_value *values;
	size_t value_count;
	const struct drvp_value *keys;
	const char *const *key_names;           /* key_count of them */
	size_t key_count;
	struct {                     /* heap position; block UINT32_MAX: there is none */
		uint32_t block;
		uint16_t offset;
	} ctid;
	const struct drvp_leaf *leaf;           /* where in a tree of tables; NULL: there is no tree */
	uint64_t ordinal;            /* position in its scan, from 0 */
	const char *stable;          /* all columns asked for as DRVP_FORM_STABLE, in their order */
	size_t stable_len;
};

/* "ctid (12,3)", "public.log_2026 ctid (12,3)" or "document 17", and "id=6f0c…,n=4": how reports
 * name a row. */
void drvp_row_print_place(struct drvp_strbuf *out, const struct drvp_row *row);
void drvp_row_print_key(struct drvp_strbuf *out, const struct drvp_row *row);

/* A value as text, the way the store prints it (dates in UTC, bytes in hex, JSON compact). */
void drvp_value_print(struct drvp_strbuf *out, const struct drvp_value *value);

/* Non-zero ends the scan early; a negative number is a status and makes the scan fail with it. */
typedef int (*drvp_row_fn)(const struct drvp_row *row, void *user);

/* ------------------------------------------------------------------ relations */

enum drvp_relation_state {
	DRVP_RELATION_READY,
	DRVP_RELATION_MISSING,
	DRVP_RELATION_DENIED,        /* remedy holds the GRANT that would help */
	DRVP_RELATION_HIDDEN,        /* row security would hide rows; remedy says what would help */
	DRVP_RELATION_BUSY           /* locked by somebody for longer than we may wait */
};

enum drvp_relation_kind {
	DRVP_TABLE,
	DRVP_PARTITIONED,            /* partitioned, or has inheritance children: read as a whole */
	DRVP_VIEW,
	DRVP_MATERIALIZED_VIEW,
	DRVP_FOREIGN_TABLE,
	DRVP_COLLECTION
};

struct drvp_column {
	const char *name;
	const char *type;            /* as the store calls it, e.g. "character varying(64)" */
	int kind;                    /* enum drvp_kind that its values have when not NULL */
	bool generated;              /* computed by the server from other columns */
	bool order_lost;             /* jsonb */
	bool encoded_order;          /* PostgreSQL: parts of its values may be stored in an order that
					depends on the encoding of the database */
	bool has_members;            /* json, jsonb: a dotted name may lead into it */
	unsigned key_position;       /* from 1 within the primary key; 0: not part of it */
	uint32_t type_oid;           /* PostgreSQL */
};

/* What a document's target turned out to be. Owned by the session that froze it. */
struct drvp_relation {
	const char *schema;          /* PostgreSQL: schema; MongoDB: NULL */
	const char *name;
	int state;                   /* enum drvp_relation_state */
	int kind;                    /* enum drvp_relation_kind */
	const char *remedy;          /* or NULL */
	const char *statement;       /* SQL that gives the whole right to read it, where some of it is
					lacking; else NULL */
	const struct drvp_column *columns;      /* none for collections: paths need no declaration */
	size_t column_count;
	uint64_t blocks;             /* PostgreSQL: heap pages when frozen */
	bool collated;               /* MongoDB: its texts compare by the rules of a language */
	bool has_ctid;               /* PostgreSQL: rows may be named and cut by heap position */
	const struct drvp_leaf *leaves;         /* PARTITIONED with has_ctid, in order of their oid */
	size_t leaf_count;
	uint32_t oid;                /* PostgreSQL */
	const char *encoding;        /* PostgreSQL: in which the server stores texts; else NULL */
};

/* NULL when it has no such column. */
const struct drvp_column *drvp_relation_column(const struct drvp_relation *relation,
					       const char *name);

/* What a name in a document stands for: a column, or what is at a path inside one. */
struct drvp_place {
	const struct drvp_column *column;       /* NULL: neither */
	const char *path;            /* members and array indexes, dots between; NULL: the column */
};

/* A column of exactly that name wins; else the one with members whose name is longest. */
struct drvp_place drvp_relation_place(const struct drvp_relation *relation, const char *name);

/* Whether a name stands for something. A document may still lack what is at a path. */
bool drvp_relation_has(const struct drvp_relation *relation, const char *name);

/* A table, view or collection, as the catalogue of a source lists it. */
struct drvp_listed {
	const char *schema;          /* NULL for collections */
	const char *name;
	int kind;                    /* enum drvp_relation_kind */
	bool unlogged;               /* PostgreSQL empties it whenever it recovers */
	bool of_extension;           /* made by an extension, not by the user */
};

/* ------------------------------------------------------------------ questions */

enum drvp_operator { DRVP_IS_NULL, DRVP_NOT_NULL, DRVP_EQUALS, DRVP_AT_LEAST };

/*
 * One condition on a column; several are joined by AND. AT_LEAST compares in the order that
 * order_by gives; NULL is not at least anything.
 *
 * A value that a row had is handed back exactly by what drvp_value_print() prints of it: as a JSON
 * number for INTEGER and DECIMAL, as a string for TEXT, and for times from the year 1 to 9999 and
 * infinity. PostgreSQL takes UUIDs as strings likewise, and any time as a number too: the integer
 * that struct drvp_value has for it; inside json and jsonb a string equals what ->> gives, and a
 * number or a boolean JSON's own. In MongoDB a string that reads as an instant stands for that
 * date and for the text; and values may be extended JSON, such as {"$oid": "…"}.
 */
struct drvp_condition {
	const char *column;
	int op;                      /* enum drvp_operator */
	const struct drvp_json *value;          /* EQUALS, AT_LEAST */
};

/* What rows a question is about. */
struct drvp_selection {
	const struct drvp_condition *where;
	size_t where_count;
	const struct drvp_json *filter;         /* MongoDB: a query document as JSON, or NULL */
	bool run_code;                          /* the filter may run code on the server */
};

/* A part of a relation. Parts of one cut are disjoint and cover it whole. */
struct drvp_range {
	uint32_t first_block;
	uint32_t end_block;          /* first block behind it; UINT32_MAX: to the end, however long */
};

/*
 * STABLE: bytes that are the same after any restore of the same value, into this major version or
 * a newer one, and differ for different values. Such columns are asked for before all others;
 * struct drvp_row has them in one piece, none of which is ambiguous: in PostgreSQL each stands
 * behind its length in four bytes, NULL being the length -1; in MongoDB it is the stored bytes of
 * the whole document, whatever is asked for. Their values are of the kind BYTES: in MongoDB those
 * of a field begin with its type and name.
 */
enum drvp_form {
	DRVP_FORM_VALUE,
	DRVP_FORM_PRESENCE,          /* only NULL or PRESENT, so that no plaintext crosses the wire */
	DRVP_FORM_STABLE
};

struct drvp_wanted {
	const char *column;          /* or a dotted path; MongoDB: "" is the whole document */
	int form;                    /* enum drvp_form */
};

/*
 * A second relation, to which each row points: its columns stand beside the row's own, NULL where
 * no row of it matches. A row that several match is fed once for each of them, so that more rows
 * are fed than count() counts. PostgreSQL only: DRV_E_UNSUPPORTED elsewhere.
 */
struct drvp_join {
	const struct drvp_relation *relation;
	const struct drvp_join_pair {
		const char *column;             /* of the scan's relation */
		const char *joined;             /* of this one, equal to it */
	} *on;
	size_t on_count;
};

/*
 * A scan by order_by compares texts by their bytes, never by the rules of a language, and other
 * values as the store orders them; NULL comes last. Inside json and jsonb texts come first, then
 * numbers, booleans, arrays and objects, as jsonb orders them, which puts [] before all. In
 * PostgreSQL rows that compare as equal are fed in heap order, so that repeated scans agree; in
 * MongoDB, and where rows have no heap position, in any order.
 */
struct drvp_scan {
	const struct drvp_relation *relation;
	const struct drvp_join *join;           /* or NULL */
	struct drvp_selection selection;        /* of the relation's own columns */
	const struct drvp_range *range;         /* NULL: the whole; else see scan() */
	const struct drvp_wanted *columns;      /* sought in relation first, then in join's */
	size_t column_count;
	const char *const *order_by;            /* sought likewise; none: in any order */
	size_t order_count;
	uint64_t limit;              /* rows at most; 0: all */
	bool keys;                   /* also the primary key */
	bool unplaced;               /* rows need no heap position */
	const char *const *except;   /* MongoDB: top-level fields that "" leaves out */
	size_t except_count;
};

/* A statement with values for its $1, $2 …, and who hears of its rows. */
struct drvp_query {
	const char *sql;
	const char *const *values;   /* as text; NULL: SQL NULL */
	size_t value_count;
	drv_row_fn fn;
	void *user;
};

/* Which values of which rows the server is to hash. */
struct drvp_digest_question {
	const struct drvp_relation *relation;
	struct drvp_selection selection;
	const char *const *columns;  /* their order matters */
	size_t column_count;
};

struct drvp_server_digest {
	uint64_t rows;
	struct drvp_sum256 sum;      /* of 64 bits a row, as a number with a sign */
	uint64_t probe;              /* servers that hash alike have the same one */
};

/* Where a timeline of PostgreSQL ended, and the next one of a server's history began. */
struct drvp_switch {
	uint32_t timeline;
	uint64_t lsn;
};

/* Who and which moment a source is; members that it cannot tell are 0 or "". */
struct drvp_identity {
	char server[128];            /* "PostgreSQL 15.10" */
	char address[256];           /* "host/database", without credentials */
	bool tls;
	bool tls_unknown;            /* it may be, but the driver does not tell */
	bool in_recovery;            /* a standby, or still replaying */
	bool superuser;
	uint64_t system_identifier;
	uint32_t timeline;
	uint64_t timeline_until;     /* the position up to which it is known to be that one */
	uint64_t lsn;                /* behind everything that the snapshot shows */
	uint64_t next_transaction;   /* the snapshot shows what those before it have left, and
					nothing else; 0: it is not that simple */
	struct drvp_switch history[32];         /* PostgreSQL: earlier timelines, oldest first */
	size_t history_count;
	uint32_t database_oid;
	int64_t server_started;      /* instant, by the server's clock */
	char set_name[128];          /* MongoDB replica set */
	char process[32];            /* MongoDB: which server process, in hexadecimal */
	uint64_t operation_time;     /* MongoDB: seconds << 32 | increment */
	int64_t server_now;          /* instant, by the server's clock */
	int64_t read_until;          /* likewise, when reading ended; 0: all is of one moment */
	char consistency[160];       /* how one moment was pinned, for people: "one snapshot" … */
	char warnings[8][160];       /* restore tuning left on and the like: "setting fsync is off" */
	size_t warning_count;
};

/* Where a zone's clocks stand: from instant on, local time = UTC + offset. Ordered by instant. */
struct drvp_zone_change {
	int64_t instant;             /* microseconds; the first is INT64_MIN */
	int64_t offset;              /* microseconds east of UTC */
};

struct drvp_zone {
	const char *name;
	struct drvp_zone_change *changes;
	size_t count;
};

/* The instants at which the zone's wall clock showed local: 0 (skipped), 1, or 2 (ambiguous). */
size_t drvp_zone_instants(const struct drvp_zone *zone, int64_t local, int64_t instants[2]);

/* How far east of UTC its wall clock stood at an instant, in microseconds. */
int64_t drvp_zone_offset(const struct drvp_zone *zone, int64_t instant);

/* ------------------------------------------------------------------ sessions */

/* Connections that the caller of the library owns, and lends it. */
struct drvp_supply {
	void *first;                 /* PGconn * or mongoc_client_t *, for the session that pins the
					moment; NULL: that one is opened, too */
	drv_connection_open_fn open; /* NULL: there is no other than first */
	drv_connection_close_fn close;
	void *user;
};

/* One of them while it is used; all NULL: none. */
struct drvp_lent {
	void *connection;
	drv_connection_close_fn close;          /* NULL: only given back */
	void *user;
};

/* How to reach a source. All borrowed, and they outlive the session. */
struct drvp_address {
	const char *uri;             /* "" : the driver's defaults; NULL: supply has connections */
	const char *database;        /* MongoDB: from the document; or NULL: the URI's */
	struct drvp_limits limits;
	struct drvp_supply supply;
	bool keep_driver;            /* the driver's set-up is the caller's: nothing global changes */
};

/* Whether it leads anywhere, and whether to one connection only. */
bool drvp_address_is_set(const struct drvp_address *address);
bool drvp_address_is_single(const struct drvp_address *address);

/* Takes a connection, as the first of its source or a further one. */
int drvp_lent_take(struct drvp_lent *out, const struct drvp_supply *supply, bool first,
		   struct drv_error *err);
void drvp_lent_give_back(struct drvp_lent *lent);

struct drvp_store;

/* One pinned, read-only state of one source. Stores embed it as their first member. */
struct drvp_session {
	const struct drvp_store *store;
	bool lost;                   /* set by the store: it can only be closed */
	bool alone;                  /* set by freeze: no further session can see the same */
	bool rehearsal;              /* questions are put as far as the server judges rights, names and
					types, but no row is read and every answer is of 0 rows */
	struct drvp_flow flow;       /* kept by the store: the rows of scans */
};

/* What may be in the way: a finding code, a line that says what is the matter, and SQL that would mend it, or "". */
typedef void (*drvp_advice_fn)(const char *code, const char *message, const char *statement,
			       void *user);

/* What is known beforehand of the reading that advice is about. */
struct drvp_prospect {
	bool moment;                 /* it is in question which moment came back */
	double seconds;              /* how long it may take; below 0: not known */
	uint32_t connections;        /* how many there will be */
};

struct drvp_target {
	const char *schema;          /* NULL for collections */
	const char *name;
};

/*
 * A kind of database. Functions fill err and return a negative status; afterwards the session's
 * lost tells whether it can go on. All strings that they hand out live as
 * long as the session. required: all but those marked optional.
 */
struct drvp_store {
	const char *name;            /* as documents call it */

	/* Whether a connection of the caller's own can be used as it is now. Optional. */
	int (*accept)(void *connection, struct drv_error *err);

	/* Take a connection from a pool of the driver's, which is user, and put it back. Optional. */
	drv_connection_open_fn pool_take;
	drv_connection_close_fn pool_put;

	/* Connects, as the session that pins the moment. */
	int (*open)(struct drvp_session **out, const struct drvp_address *address,
		    struct drv_error *err);

	/*
	 * Before freeze: what there is, ordered by schema and name, whether it may be read or not. The
	 * server's own tables are left out, and those that are read through the one above them.
	 * Optional.
	 */
	int (*list)(struct drvp_session *session, struct drvp_listed **out, size_t *count,
		    struct drv_error *err);

	/*
	 * Resolves the targets, locks them against being emptied, and takes the snapshot. *out receives
	 * an array of count relations, which the session owns; a target that cannot be read says so in
	 * its state and is no error.
	 */
	int (*freeze)(struct drvp_session *session, const struct drvp_target *targets, size_t count,
		      struct drvp_relation **out, struct drv_error *err);

	/* After freeze: who, which moment, and what looks wrong. */
	int (*identify)(struct drvp_session *session, struct drvp_identity *out,
			struct drv_error *err);

	/* Another connection that sees exactly what pinned sees. */
	int (*attach)(struct drvp_session **out, struct drvp_session *pinned,
		      struct drv_error *err);

	/* Splits a relation into at most most parts of similar size; *count receives how many. */
	int (*cut)(struct drvp_session *session, const struct drvp_relation *relation,
		   struct drvp_range *ranges, size_t most, size_t *count, struct drv_error *err);

	/* Counts exactly, by looking at each row (not at an index, which may be broken). */
	int (*count)(struct drvp_session *session, const struct drvp_relation *relation,
		     const struct drvp_selection *selection, uint64_t *rows, struct drv_error *err);

	/*
	 * As count(), where fed rows were read: *rows is fed where what the store keeps about the relation
	 * itself, apart from its rows, says that these are all; else each is looked at. Optional, of a
	 * store that cuts no relation into several ranges, and whose count() takes as long as reading.
	 */
	int (*confirm)(struct drvp_session *session, const struct drvp_relation *relation,
		       const struct drvp_selection *selection, uint64_t fed, uint64_t *rows,
		       struct drv_error *err);

	/* What the store's own metadata believes the count to be. Optional. */
	int (*estimate)(struct drvp_session *session, const struct drvp_relation *relation,
			uint64_t *rows, struct drv_error *err);

	/* How many bytes its rows take by that metadata, without indexes. Optional. */
	int (*size)(struct drvp_session *session, const struct drvp_relation *relation,
		    uint64_t *bytes, struct drv_error *err);

	/*
	 * The greatest value of a time column as an instant, ignoring NULL; *found tells whether there
	 * is any. zone is needed for a column that has none: DRV_E_USAGE without it. *rows receives
	 * how many rows were looked at.
	 */
	int (*newest)(struct drvp_session *session, const struct drvp_relation *relation,
		      const struct drvp_selection *selection, const char *column, const char *zone,
		      int64_t *instant, bool *found, uint64_t *rows, struct drv_error *err);

	/*
	 * Streams rows to fn. *rows receives how many were fed, which the server's word confirmed; where
	 * that word costs a count, only without a range: who reads ranges compares their sum with one
	 * count of the whole.
	 */
	int (*scan)(struct drvp_session *session, const struct drvp_scan *scan, drvp_row_fn fn,
		    void *user, uint64_t *rows, struct drv_error *err);

	/*
	 * The sum of a hash of each row, computed by the server: the same after any restore. No
	 * cryptography; a row that changes keeps its hash with a chance of 2^-64. Optional.
	 */
	int (*digest)(struct drvp_session *session, const struct drvp_digest_question *question,
		      struct drvp_server_digest *out, struct drv_error *err);

	/* How many rows one user-written statement gives; never as superuser. Optional. */
	int (*ask)(struct drvp_session *session, const char *sql, uint64_t most, uint64_t *rows,
		   struct drv_error *err);

	/*
	 * Rows of one statement of the caller's own, as text. rows receives how many were fed. Optional.
	 */
	int (*query)(struct drvp_session *session, const struct drvp_query *query, uint64_t *rows,
		     struct drv_error *err);

	/* After freeze: a relation that is none of its targets. Optional. */
	int (*look)(struct drvp_session *session, const struct drvp_target *target,
		    struct drvp_relation **out, struct drv_error *err);

	/* The clock changes of a zone, from the server's own zone data. Optional. */
	int (*zone)(struct drvp_session *session, const char *name, struct drvp_zone *out,
		    struct drv_error *err);

	/* Tells what may get into the way of reading besides single relations. Optional. */
	int (*advise)(struct drvp_session *session, const struct drvp_identity *identity,
		      const struct drvp_prospect *prospect, drvp_advice_fn fn, void *user,
		      struct drv_error *err);

	/* After all work: whether the moment held. May put a word into identity->consistency. */
	int (*finish)(struct drvp_session *session, struct drvp_identity *identity,
		      struct drv_error *err);

	void (*close)(struct drvp_session **session);
};

/* NULL when there is no such store in this build. */
const struct drvp_store *drvp_store_find(const char *name);

extern const struct drvp_store drvp_store_postgresql;
extern const struct drvp_store drvp_store_mongodb;

#endif
