/* pg.h: private to the PostgreSQL store: its session, and what its files offer each other */
#ifndef DRVP_PG_H
#define DRVP_PG_H

#include <libpq-fe.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "store/store.h"

/* What another connection needs to see the same. Written by freeze, afterwards only read. */
struct drvp_pg_pin {
	const char **keywords;       /* connection parameters, NULL at the end */
	char **values;
	const char *snapshot;        /* NULL: this server cannot share it */
	const char *locks;           /* LOCK TABLE statement, or "" */
	const char *system_identifier;          /* as text; "" when it may not be read */
	const char *started;         /* when the server was started, likewise */
};

struct drvp_pg_known_zone;

struct drvp_pg {
	struct drvp_session session;
	PGconn *conn;
	struct drvp_lent lent;       /* what conn is, where somebody else owns it */
	bool lent_blocking;          /* how it was */
	const struct drvp_supply *supply;       /* of further ones; NULL: they are dialled */
	struct drvp_limits limits;
	struct drvp_arena arena;     /* lives as long as the session */
	struct drvp_arena row;       /* lives as long as one row */
	const struct drvp_relation *about;      /* what a question is about, for messages */
	int64_t asked_at, deadline;  /* of the question under way */
	bool pinned;                 /* the snapshot is taken and the savepoint set */
	bool in_recovery;
	bool superuser;
	int64_t server_now;
	struct drvp_pg_pin pin;
	struct drvp_pg_known_zone *zones;       /* already asked for, in arena */
};

static inline struct drvp_pg *drvp_pg(struct drvp_session *session)
{
	return (struct drvp_pg *)(void *)session;
}

#define DRVP_PG_SAVEPOINT "drverify"

/* ------------------------------------------------------------------ pg_connect.c */

/*
 * Connects within limits->connect, name resolution aside. Parameters as PQconnectStartParams()
 * takes them; "dbname" may hold a connection string when expand is set.
 */
int drvp_pg_dial(PGconn **out, const char *const *keywords, const char *const *values, int expand,
		 const struct drvp_limits *limits, struct drv_error *err);

/* The same for a user's connection string, "" being libpq's defaults. */
int drvp_pg_dial_uri(PGconn **out, const char *uri, const struct drvp_limits *limits,
		     struct drv_error *err);

/* Refuses a server that is too old. */
int drvp_pg_check_version(const PGconn *conn, struct drv_error *err);

/* Notes in s->pin how to reach the very server that s is connected to. */
int drvp_pg_note_parameters(struct drvp_pg *s, struct drv_error *err);

/* "host:port/database", never anything of a password. */
void drvp_pg_print_place(struct drvp_strbuf *out, const PGconn *conn);

/* ------------------------------------------------------------------ pg_lent.c */

/* Whether a connection is idle, so that it can be lent. */
int drvp_pg_accept(void *connection, struct drv_error *err);

/* Takes a connection of the caller's as s->conn, and leaves it as it was. */
int drvp_pg_borrow(struct drvp_pg *s, const struct drvp_supply *supply, bool first,
		   struct drv_error *err);
void drvp_pg_give_back(struct drvp_pg *s);

/* How long a server may take to end what it was told to give up. */
int64_t drvp_pg_patience(const struct drvp_pg *s);

/* Rolls back, whatever ended the run. */
void drvp_pg_end_transaction(struct drvp_pg *s);

/* ------------------------------------------------------------------ pg_wire.c */

/*
 * Runs one statement that gives at most a few rows, of so many columns, whose texts hold no NUL: what
 * does not is refused. PQclear() the result. The second, for statements that give exactly one row.
 */
int drvp_pg_query(struct drvp_pg *s, PGresult **out, int columns, const char *sql,
		  struct drv_error *err);
int drvp_pg_query_row(struct drvp_pg *s, PGresult **out, int columns, const char *sql,
		      struct drv_error *err);

/* Runs several statements, their results not wanted. */
int drvp_pg_batch(struct drvp_pg *s, const char *sql, struct drv_error *err);

/* Has one statement that gives rows, and takes so many values, parsed, not run. */
int drvp_pg_parse(struct drvp_pg *s, const char *sql, size_t values, struct drv_error *err);

/* Receives a result of one row; 1 when it has seen enough, or a status. */
typedef int (*drvp_pg_result_fn)(const PGresult *result, void *user);

/* Gives the rows of one statement to fn. */
int drvp_pg_each(struct drvp_pg *s, const char *sql, const char *const *values, size_t value_count,
		 drvp_pg_result_fn fn, void *user, uint64_t *rows, struct drv_error *err);

int drvp_pg_copy_start(struct drvp_pg *s, const char *sql, struct drv_error *err);

/* 1 and a message, to be PQfreemem()'d; 0 at the end; or a status. */
int drvp_pg_copy_next(struct drvp_pg *s, char **bytes, size_t *len, struct drv_error *err);

/* After the end: whether the server says that it was one, and after how many rows. */
int drvp_pg_copy_finish(struct drvp_pg *s, uint64_t *rows, struct drv_error *err);

/* Stops a COPY, or any other question, without waiting long. */
void drvp_pg_abandon(struct drvp_pg *s);

/* ------------------------------------------------------------------ pg_answer.c */

/* What a question may be answered with, streams aside. */
#define DRVP_PG_ANSWER_MAX ((size_t)64 << 20)

/* The rows that have come so far; PQclear() them. */
struct drvp_pg_answer {
	PGresult *rows;
	size_t bytes;
};

/* Adds a row that came alone, since libpq would keep however many a server sends. */
int drvp_pg_gather(struct drvp_pg *s, struct drvp_pg_answer *answer, const PGresult *row,
		   struct drv_error *err);

/* Fails unless an answer has so many columns, and texts without NUL. */
int drvp_pg_check_answer(struct drvp_pg *s, const PGresult *answer, int columns,
			 struct drv_error *err);

/* A whole number that takes all of a text and fits. */
bool drvp_pg_read_number(int64_t *number, const char *text);

/* ------------------------------------------------------------------ pg_cancel.c */

/* Asks the server to end what it does, and waits so long for it to take note. */
void drvp_pg_cancel(PGconn *conn, int64_t patience);

/* ------------------------------------------------------------------ pg_sqlstate.c */

/* The status that a SQLSTATE stands for. */
int drvp_pg_status(const char *sqlstate);

/*
 * A server's primary message in one line, cleared of what may be row values. code is its SQLSTATE.
 */
void drvp_pg_print_message(struct drvp_strbuf *out, const char *code, const char *message);

/* The first line of a message of libpq's own, without anything it quotes. */
void drvp_pg_print_cause(struct drvp_strbuf *out, const char *message);

/* Fails with what the server said. Marks the session lost when the server closes it. */
int drvp_pg_fail_result(struct drvp_pg *s, const PGresult *result, struct drv_error *err);

/* As drvp_fail(), with what the question is about in front: "public.users: ". */
int drvp_pg_fail(const struct drvp_pg *s, struct drv_error *err, int status, const char *format,
		 ...) DRVP_PRINTF(4, 5);

/* ------------------------------------------------------------------ pg_catalog.c */

/* Looks targets up and fills relations: whether each may be read, and what it is. */
int drvp_pg_resolve(struct drvp_pg *s, const struct drvp_target *targets, size_t count,
		    struct drvp_relation *relations, struct drv_error *err);

/* Fills columns and sizes of those that can be read. */
int drvp_pg_describe(struct drvp_pg *s, struct drvp_relation *relations, size_t count,
		     struct drv_error *err);

/* Appends an identifier, a string literal, or a relation's quoted name. */
void drvp_pg_put_identifier(struct drvp_pg *s, struct drvp_strbuf *sql, const char *name);
void drvp_pg_put_literal(struct drvp_pg *s, struct drvp_strbuf *sql, const char *text, size_t len);
void drvp_pg_put_relation(struct drvp_pg *s, struct drvp_strbuf *sql,
			  const struct drvp_relation *relation);

/* ------------------------------------------------------------------ pg_tree.c */

/* Fills the leaves of those relations that need them. */
int drvp_pg_describe_trees(struct drvp_pg *s, struct drvp_relation *relations, size_t count,
			   struct drv_error *err);

/* The leaf of that oid, never NULL: a table may be attached at any time. */
const struct drvp_leaf *drvp_pg_leaf(const struct drvp_relation *relation, uint32_t oid);

/* ------------------------------------------------------------------ pg_list.c */

int drvp_pg_list(struct drvp_session *session, struct drvp_listed **out, size_t *count,
		 struct drv_error *err);

/* ------------------------------------------------------------------ pg_snapshot.c */

/* The statements that end the set-up of a transaction, with the savepoint. */
extern const char drvp_pg_ready[];

/* Adds the statement that limits how long later ones may take; 0: only by the run's end. */
void drvp_pg_put_time_limit(const struct drvp_pg *s, struct drvp_strbuf *sql, int64_t duration);

/*
 * Sets that limit for rows that have a pace to keep: the server counts the time that they wait,
 * this side does not.
 */
int drvp_pg_limit_time(struct drvp_pg *s, int64_t duration, struct drv_error *err);

/* Adds the statements that open the read-only transaction; snapshot NULL: a new one. */
void drvp_pg_put_begin(struct drvp_pg *s, struct drvp_strbuf *sql, const char *snapshot);

/* Locks, takes the snapshot, looks at the relations again under it, and pins the session. */
int drvp_pg_freeze(struct drvp_session *session, const struct drvp_target *targets, size_t count,
		   struct drvp_relation **out, struct drv_error *err);

/* Whether the settings that matter are what was asked for. */
int drvp_pg_check_settings(struct drvp_pg *s, struct drv_error *err);

/* ------------------------------------------------------------------ pg_identity.c */

int drvp_pg_identify(struct drvp_session *session, struct drvp_identity *out,
		     struct drv_error *err);

/*
 * Asks for one text that the role may be refused: *out is then "", and NULL values are too.
 * An error is only what ends the session.
 */
int drvp_pg_ask_text(struct drvp_pg *s, const char *sql, const char **out, struct drv_error *err);

/* Asks which server this is, and when it was started. */
int drvp_pg_ask_server(struct drvp_pg *s, const char **system_identifier, const char **started,
		       struct drv_error *err);

/* ------------------------------------------------------------------ pg_from.c */

/* What a query calls the row of the relation, and the one joined to it. */
#define DRVP_PG_ROW "r"
#define DRVP_PG_JOINED "j"

/* Fails with DRV_E_MISSING when the name stands for nothing. */
int drvp_pg_find_place(struct drvp_place *out, const struct drvp_relation *relation,
		       const char *name, struct drv_error *err);

/* Adds a column, of the row called so. */
void drvp_pg_put_column(struct drvp_pg *s, struct drvp_strbuf *sql, const char *row,
			const struct drvp_column *column);

/* Adds what is compared, maybe a list: texts by their bytes, which no collation keeps from. */
void drvp_pg_put_key(struct drvp_pg *s, struct drvp_strbuf *sql, const char *row,
		     const struct drvp_place *place);

/* Adds whether there is a value: JSON's null is none. */
void drvp_pg_put_presence(struct drvp_pg *s, struct drvp_strbuf *sql, const char *row,
			  const struct drvp_place *place, bool present);

/* Adds " FROM …" with the join, if there is one. */
int drvp_pg_put_from(struct drvp_pg *s, struct drvp_strbuf *sql,
		     const struct drvp_relation *relation, const struct drvp_join *join,
		     struct drv_error *err);

/* Adds " WHERE …" for a selection and a range, or nothing. */
int drvp_pg_put_where(struct drvp_pg *s, struct drvp_strbuf *sql,
		      const struct drvp_relation *relation, const struct drvp_selection *selection,
		      const struct drvp_range *range, struct drv_error *err);

/* ------------------------------------------------------------------ pg_advice.c */

int drvp_pg_advise(struct drvp_session *session, const struct drvp_identity *identity,
		   const struct drvp_prospect *prospect, drvp_advice_fn fn, void *user,
		   struct drv_error *err);

/* ------------------------------------------------------------------ pg_path.c */

/* Adds what is at a path, of the row called so: of the column's type, as text, or as jsonb. */
void drvp_pg_put_inside(struct drvp_pg *s, struct drvp_strbuf *sql, const char *row,
			const struct drvp_place *place);
void drvp_pg_put_inside_text(struct drvp_pg *s, struct drvp_strbuf *sql, const char *row,
			     const struct drvp_place *place);
void drvp_pg_put_inside_jsonb(struct drvp_pg *s, struct drvp_strbuf *sql, const char *row,
			      const struct drvp_place *place);

/* Adds two keys: DRVP_PG_STRING_KEY and its text for a string, else jsonb or NULL, and "". */
void drvp_pg_put_inside_key(struct drvp_pg *s, struct drvp_strbuf *sql, const char *row,
			    const struct drvp_place *place);
#define DRVP_PG_STRING_KEY "'\"\"'::pg_catalog.jsonb"

/* ------------------------------------------------------------------ pg_query.c */

/*
 * What a question begins with that the server answers by itself. In rehearsal it is only asked how
 * it would answer, for which it judges names, types and rights all the same, and gives no numbers.
 */
const char *drvp_pg_beginning(const struct drvp_pg *s);

int drvp_pg_cut(struct drvp_session *session, const struct drvp_relation *relation,
		struct drvp_range *ranges, size_t most, size_t *count, struct drv_error *err);
int drvp_pg_count(struct drvp_session *session, const struct drvp_relation *relation,
		  const struct drvp_selection *selection, uint64_t *rows, struct drv_error *err);
int drvp_pg_newest(struct drvp_session *session, const struct drvp_relation *relation,
		   const struct drvp_selection *selection, const char *column, const char *zone,
		   int64_t *instant, bool *found, uint64_t *rows, struct drv_error *err);
int drvp_pg_ask(struct drvp_session *session, const char *sql, uint64_t most, uint64_t *rows,
		struct drv_error *err);
int drvp_pg_rows(struct drvp_session *session, const struct drvp_query *query, uint64_t *rows,
		 struct drv_error *err);

/* Refuses what PostgreSQL would take for a POSIX rule of the opposite sign, such as "UTC+9". */
int drvp_pg_check_zone_name(const char *zone, struct drv_error *err);

/* Reads a number of a result with one row. */
int drvp_pg_parse_count(struct drvp_pg *s, const PGresult *result, int field, uint64_t *rows,
			struct drv_error *err);

/* ------------------------------------------------------------------ pg_size.c */

int drvp_pg_estimate(struct drvp_session *session, const struct drvp_relation *relation,
		     uint64_t *rows, struct drv_error *err);
int drvp_pg_size(struct drvp_session *session, const struct drvp_relation *relation,
		 uint64_t *bytes, struct drv_error *err);

/* ------------------------------------------------------------------ pg_hash.c, pg_digest.c */

/* Adds an expression that hashes a row into a bigint, its columns in that order. */
void drvp_pg_put_row_hash(struct drvp_pg *s, struct drvp_strbuf *sql,
			  const struct drvp_column *const *columns, size_t count);

/* Adds one that tells by its value whether two servers hash alike. */
void drvp_pg_put_hash_probe(struct drvp_strbuf *sql);

int drvp_pg_digest(struct drvp_session *session, const struct drvp_digest_question *question,
		   struct drvp_server_digest *out, struct drv_error *err);

/* ------------------------------------------------------------------ pg_scan.c, pg_zone.c */

int drvp_pg_scan(struct drvp_session *session, const struct drvp_scan *scan, drvp_row_fn fn,
		 void *user, uint64_t *rows, struct drv_error *err);
int drvp_pg_zone(struct drvp_session *session, const char *name, struct drvp_zone *out,
		 struct drv_error *err);

/* ------------------------------------------------------------------ pg_type.c, pg_stable.c */

/* What the bytes of a field are. */
enum drvp_pg_form {
	DRVP_PG_TEXT,
	DRVP_PG_DECIMAL,
	DRVP_PG_BOOL,
	DRVP_PG_PRESENCE,            /* a boolean that says whether there is a value */
	DRVP_PG_INT2,
	DRVP_PG_INT4,
	DRVP_PG_INT8,
	DRVP_PG_OID,
	DRVP_PG_FLOAT4,
	DRVP_PG_FLOAT8,
	DRVP_PG_BYTEA,
	DRVP_PG_UUID,
	DRVP_PG_TIMESTAMP,
	DRVP_PG_TIMESTAMPTZ,
	DRVP_PG_DATE,
	DRVP_PG_JSON,
	DRVP_PG_JSONB,
	DRVP_PG_ARRAY,               /* cast to JSON by the query */
	DRVP_PG_STABLE               /* bytes that no restore changes */
};

/* How a type travels: as it is, or cast to text by the query. */
struct drvp_pg_type {
	uint32_t oid;
	int form;                    /* enum drvp_pg_form */
	int kind;                    /* enum drvp_kind */
	bool order_lost;
	const char *prefix, *suffix; /* around the column in the query */
};

/* How a value travels so that no restore changes its bytes. */
struct drvp_pg_stable {
	uint32_t oid;
	uint8_t float_size;          /* floating-point numbers of so many bytes; 0: none */
	uint8_t float_skip;          /* bytes before the first of them */
	bool printed;                /* as the server prints it, not in binary */
};

/* Never NULL: types that it does not know travel as they are printed. */
const struct drvp_pg_stable *drvp_pg_stable(uint32_t oid);

/* As struct drvp_column says; types that it does not know may do anything. */
bool drvp_pg_has_encoded_order(uint32_t oid);

/* Stand for every enum type, which travel as their labels, and for every array type. */
#define DRVP_PG_ANYENUM 3500
#define DRVP_PG_ANYARRAY 2277

/* Never NULL: types that it does not know travel as text. */
const struct drvp_pg_type *drvp_pg_type(uint32_t oid);

/* Whether values of a built-in type compare by the rules of a language. */
bool drvp_pg_is_collated(uint32_t oid);

/* ------------------------------------------------------------------ pg_decode.c, pg_value.c */

struct drvp_pg_field {
	const char *column;          /* for messages */
	int form;                    /* enum drvp_pg_form */
	bool order_lost;
	bool inside;                 /* at a path in JSON: what is no document stands for itself */
	uint8_t float_size, float_skip;         /* STABLE: as of struct drvp_pg_stable */
	size_t to;                   /* index of its value */
};

/* A value that is decoded from a field which has travelled for another one, too. */
struct drvp_pg_alias {
	struct drvp_pg_field field;
	size_t from;                 /* index of that one's value, which is STABLE */
};

/* A binary COPY stream on its way into rows. */
struct drvp_pg_decoder {
	const struct drvp_pg_field *fields;     /* without ctid and table, which come first */
	size_t field_count;
	size_t stable_count;         /* the first of them are STABLE */
	const struct drvp_pg_alias *aliases;
	size_t alias_count;
	bool has_ctid;
	const struct drvp_relation *tree;       /* behind the ctid comes the table's oid; or NULL */
	struct drvp_value *values;   /* field_count + alias_count of them */
	struct drvp_row row;         /* values, keys and their counts are set by the caller */
	struct drvp_arena *arena;    /* reset for each row */
	bool started, ended;
	uint64_t rows;               /* given to the callback */
};

/* Fails with what is wrong with the stream, and in which row. */
int drvp_pg_fail_stream(const struct drvp_pg_decoder *decoder, const char *what,
			struct drv_error *err);

/* Makes of a field that is not NULL, whose bytes are in value, the value that it stands for. */
int drvp_pg_decode_value(const struct drvp_pg_decoder *decoder, const struct drvp_pg_field *field,
			 struct drvp_value *value, struct drv_error *err);

/* Makes every NaN in a STABLE field the one that a dump brings back. */
void drvp_pg_unify_nans(const struct drvp_pg_field *field, char *bytes, size_t len);

/*
 * Feeds one message, whose bytes may be changed. Returns 0, the callback's non-zero, or a status
 * with err filled; *callback tells whether a negative number came from the callback.
 */
int drvp_pg_decode(struct drvp_pg_decoder *decoder, char *bytes, size_t len, drvp_row_fn fn,
		   void *user, bool *callback, struct drv_error *err);

#endif
