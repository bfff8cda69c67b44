/*
 * libdrverify: verifies that the data which came back after a restore is the data we had.
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * How the pieces fit: a *baseline* is a parsed "drverify/1" document. A *run* holds what one
 * verification needs besides it: where the sources are, which checks are selected, limits and
 * secrets. Running it gives a *report*: one result a check, each with the findings that explain
 * its verdict. Damage is data in the report, never an error; errors say why the library could
 * not do what it was asked.
 *
 * Conventions
 *   - A function that can fail returns 0, or a negative DRV_E_* status; it then fills the
 *     optional, caller-owned struct drv_error once, where the error started.
 *   - Strings are UTF-8 and NUL-terminated. Returned const pointers are borrowed: they live as
 *     long as the object they were asked of.
 *   - drv_x_free(&x) accepts a pointer to NULL and nulls the pointer.
 *   - The library prints nothing, never exits, installs no signal handler, reads no environment
 *     variable of its own (libpq reads its PG* variables) and changes no locale.
 *   - Thread-safety: different objects may be used from different threads at the same time, and
 *     one baseline or report may be read by several. A run may be used from one thread at a time,
 *     drv_run_cancel() excepted.
 *   - Structs that the caller allocates, and events, start with struct_size (the caller sets it
 *     to sizeof; use the _INIT macros). They only ever grow at their end. Structs that the library
 *     hands out by pointer grow likewise: use them through the pointer, never copy them by sizeof.
 *   - Callbacks run on the thread that called the function they serve, unless they say otherwise.
 *   - Pointer arguments must not be NULL unless the function says so; struct drv_error pointers
 *     may always be NULL.
 *
 * All functions are available since 0.1.0.
 */
#ifndef DRVERIFY_H
#define DRVERIFY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

#define DRV_VERSION_MAJOR 0
#define DRV_VERSION_MINOR 1
#define DRV_VERSION_PATCH 0

/* Why something could not be done. Values are permanent. */
enum drv_status {
	DRV_OK = 0,
	DRV_E_NOMEM = -1,       /* out of memory */
	DRV_E_USAGE = -2,       /* an argument or a combination of options makes no sense */
	DRV_E_DOCUMENT = -3,    /* the document is not a valid drverify/1 document */
	DRV_E_CONNECT = -4,     /* a source could not be reached, or went away */
	DRV_E_DENIED = -5,      /* a source refused: no rights, wrong password, rows hidden by policy */
	DRV_E_TIMEOUT = -6,     /* a time limit passed */
	DRV_E_CANCELLED = -7,   /* drv_run_cancel() was called, or the server cancelled */
	DRV_E_BUSY = -8,        /* the server asks to try later: locks, recovery conflict, no slots */
	DRV_E_MISSING = -9,     /* the thing asked for does not exist */
	DRV_E_DAMAGED = -10,    /* the server itself says that stored data is corrupted */
	DRV_E_UNSUPPORTED = -11,/* not built in, or this server cannot do it */
	DRV_E_IO = -12,         /* writing or reading failed on this side */
	DRV_E_INTERNAL = -13,   /* a bug, here or in the server */
	DRV_E_NOT_ALLOWED = -14,/* the caller has not allowed it: see allow_sql */
	DRV_E_BUDGET = -15,     /* the time that the whole run may take was spent: see budget_ms */
	DRV_E_UNTRUSTED = -16   /* no trusted key has signed the document */
};

/*
 * Details of a failure, owned by the caller. Start with DRV_ERROR_INIT. message is one line for a
 * person, with nothing that would steer a terminal, and never holds a password; for a document it
 * starts with "name:line:column: ".
 */
struct drv_error {
	uint32_t struct_size;
	int32_t status;         /* enum drv_status */
	int32_t native_code;    /* errno or the driver's own code, else 0 */
	char sqlstate[8];       /* PostgreSQL's five characters, else "" */
	char message[1000];
};

#define DRV_ERROR_INIT { (uint32_t)sizeof(struct drv_error), 0, 0, { 0 }, { 0 } }

/* What was found out about one check, or about the whole run. */
enum drv_verdict {
	DRV_PASS = 0,
	DRV_WARN = 1,
	DRV_FAIL = 2,           /* damage found */
	DRV_INCONCLUSIVE = 3,   /* could not be decided; never counts as a pass */
	DRV_SKIPPED = 4         /* deselected by the caller */
};

/* "pass", "warn", "fail", "inconclusive" or "skipped"; NULL for any other number. */
const char *drv_verdict_name(int verdict);

/* The version of the library that runs, such as "0.1.0". */
const char *drv_version(void);

/* ------------------------------------------------------------------ baselines */

struct drv_baseline;

/*
 * Parses a drverify/1 document: a hand-written specification, a captured baseline or a report.
 *   out    receives the baseline; release it with drv_baseline_free(). It may be freed while
 *          runs and reports made from it live on.
 *   bytes  the document, len bytes of UTF-8 JSON (RFC 8259), at most 64 MiB and 4,000,000 values;
 *          not kept
 *   name   what to call it in messages, such as its path
 * Errors: DRV_E_DOCUMENT (message has line and column), DRV_E_NOMEM. The report of a run that
 * neither passed nor merely warned parses, but drv_run_new() refuses it.
 */
int drv_baseline_parse(struct drv_baseline **out, const char *bytes, size_t len, const char *name,
		       struct drv_error *error);

void drv_baseline_free(struct drv_baseline **baseline);

/*
 * Public keys whose signatures are trusted. It is no longer needed once documents are parsed, and
 * may be read by several threads while nothing is added to it.
 */
struct drv_trust;

int drv_trust_new(struct drv_trust **out, struct drv_error *error);

/*
 * Trusts another key.
 *   name  what messages and reports call it, such as "ops-2025"; copied
 *   pem   one Ed25519 public key in PEM form (-----BEGIN PUBLIC KEY-----), len bytes; not kept
 * Errors: DRV_E_USAGE (it is something else, such as a private key), DRV_E_NOMEM.
 */
int drv_trust_add(struct drv_trust *trust, const char *name, const void *pem, size_t len,
		  struct drv_error *error);

void drv_trust_free(struct drv_trust **trust);

/*
 * As drv_baseline_parse(), for a document that a trusted key must have signed. It is refused before
 * it is parsed. The bytes must not change during the call, so read a file once and pass what was
 * read. Reports say which key it was, and code in the document may run: see allow_sql.
 *   signature  a raw Ed25519 signature (RFC 8032) over exactly these bytes: 64 bytes, such as the
 *              contents of FILE.sig; not kept
 * Errors: DRV_E_UNTRUSTED, else as drv_baseline_parse().
 */
int drv_baseline_parse_signed(struct drv_baseline **out, const char *bytes, size_t len,
			      const char *name, const void *signature, size_t signature_len,
			      const struct drv_trust *trust, struct drv_error *error);

/* The name of the trusted key that signed it; "" when drv_baseline_parse() read it. */
const char *drv_baseline_signer(const struct drv_baseline *baseline);

/* What it was called when it was parsed, such as its path. */
const char *drv_baseline_file(const struct drv_baseline *baseline);

/* The document's "name", or "". */
const char *drv_baseline_name(const struct drv_baseline *baseline);

/* When the document was captured, as it says: a time with zone; "" when no capture wrote it. */
const char *drv_baseline_captured_at(const struct drv_baseline *baseline);

/* Of a report: "pass" or "warn"; "fail" or "inconclusive", which is no baseline; else "". */
const char *drv_baseline_verdict(const struct drv_baseline *baseline);

/*
 * Chooses among several baselines of one thing: the newest that is not after what was restored,
 * since only what was captured before can be expected. Without a restore point it is the newest;
 * should an older moment have come back, its checks are undecided.
 *   chosen       receives its index. Reports made from that baseline say which it is, and why
 *   restored_to  restored_to_count restore points, as drv_run_restored_to() takes them
 * Errors: DRV_E_USAGE (none is from before the restore point; one was not captured, or is the
 * report of a run that did not pass; two are of different things, or of one moment and expect
 * different things; a restore point makes no sense for them), DRV_E_NOMEM.
 */
int drv_baseline_choose(size_t *chosen, struct drv_baseline *const *baselines, size_t count,
			const char *const *restored_to, size_t restored_to_count,
			struct drv_error *error);

/*
 * The sources that the document names, in its order; index from 0. store is "postgresql" or
 * "mongodb". NULL when index is out of range.
 */
size_t drv_baseline_source_count(const struct drv_baseline *baseline);
const char *drv_baseline_source_name(const struct drv_baseline *baseline, size_t index);
const char *drv_baseline_source_store(const struct drv_baseline *baseline, size_t index);

/* Receives a piece of output; returns 0, or non-zero to stop. */
typedef int (*drv_write_fn)(const void *bytes, size_t len, void *user);

/*
 * Writes for a person what the document checks, of which moment and of which servers, as text.
 * Errors: DRV_E_IO (fn asked to stop), DRV_E_NOMEM.
 */
int drv_baseline_write(const struct drv_baseline *baseline, drv_write_fn fn, void *user,
		       struct drv_error *error);

/* Something in which two documents differ. All strings live during the call only, and hold nothing
 * that would steer a terminal. */
struct drv_difference {
	const char *id;              /* of the check or source, or "" for the document itself */
	const char *what;            /* its member, such as "expect.rows" or "result.verdict" */
	const char *before;          /* as text; "": not there */
	const char *after;
};

/* Receives a difference; returns 0, or non-zero to stop. */
typedef int (*drv_difference_fn)(const struct drv_difference *difference, void *user);

/*
 * Compares two documents: what they check and expect, of which servers, and, where both are
 * reports, verdicts, counts and findings. What every run changes (times, positions in a log, the
 * words of summaries) makes no difference. Checks and sources are told by id and by name.
 * Errors: DRV_E_IO (fn asked to stop), DRV_E_NOMEM.
 */
int drv_baseline_compare(const struct drv_baseline *before, const struct drv_baseline *after,
			 drv_difference_fn fn, void *user, struct drv_error *error);

/* ------------------------------------------------------------------ runs */

struct drv_run;
struct drv_report;

/*
 * Options of a run. Zero means the default for every member.
 */
struct drv_run_options {
	uint32_t struct_size;
	uint32_t jobs;               /* connections a source, at most 256; default: processors,
					at most 4 */
	uint32_t timeout_ms;         /* longest wait for one piece of work, waits for a rate aside;
					default 600,000 */
	uint32_t connect_timeout_ms; /* longest wait for a connection; default 10,000 */
	int32_t allow_sql;           /* non-zero: run SQL and server-side code from the document, as
					is done anyway when a trusted key has signed it */
	int32_t show_keys;           /* non-zero: put primary keys of damaged rows into the report */
	const char *restored_to;     /* the restore point: a time with zone, a PostgreSQL LSN, or
					"baseline" for the very moment of the capture, or "now" when
					nothing was restored; NULL: unknown. For some of the sources
					only: drv_run_restored_to() */
	const char *incident_at;     /* when data was lost: a time with zone; NULL: unknown */
	int32_t since_checkpoint;    /* non-zero: of an audit chain with a recorded checkpoint, read
					only what came after it; older entries are not verified */
	int32_t keep_keys;           /* non-zero: a capture keeps the primary keys of rows, where it
					keeps a trace of each row, so that rows which go missing can
					be named; they are personal data like the rows */
	uint32_t budget_ms;          /* longest time for the whole run: more important checks go
					first, and what is not reached is inconclusive. What servers
					are doing then is cancelled, for which a server that answers
					nothing gets a few seconds. 0: no limit */
	uint32_t priority;           /* 1 to 9: checks of a priority behind it are skipped; 0: none */
	uint64_t rows_per_second;    /* most rows that a source may send; 0: any number */
	uint64_t bytes_per_second;   /* the same in bytes of rows; what a server counts by itself,
					without sending rows, is not slowed down by either */
	const char *sidecar_dir;     /* the folder of the document: where a capture writes the files
					that hold a trace of each row, and where they are looked for
					later; NULL: a capture writes none, and none are found */
	const char *temporary_dir;   /* where traces are sorted that do not fit into memory; NULL:
					/tmp */
	int32_t keep_driver;         /* non-zero: the program has set up the MongoDB driver, and its
					log stays where it goes now. Zero: the library calls
					mongoc_init(), which does nothing when called again, and
					switches the driver's log off if it would be printed. It never
					calls mongoc_cleanup() */
	int32_t reserved;            /* 0 */
};

#define DRV_RUN_OPTIONS_INIT \
	{ (uint32_t)sizeof(struct drv_run_options), 0, 0, 0, 0, 0, NULL, NULL, 0, 0, 0, 0, 0, 0, \
	  NULL, NULL, 0, 0 }

/*
 * Prepares a run over a baseline. options may be NULL. Strings in options are copied.
 * Errors: DRV_E_USAGE (an option makes no sense, such as "baseline" as the restore point of a
 * document that no capture wrote; or the baseline is the report of a run that did not pass),
 * DRV_E_NOMEM.
 */
int drv_run_new(struct drv_run **out, const struct drv_baseline *baseline,
		const struct drv_run_options *options, struct drv_error *error);

void drv_run_free(struct drv_run **run);

/*
 * Says where a source is: a libpq connection string or URI, or a mongodb:// URI. "" stands for
 * libpq's own defaults. Nothing is connected yet. The text is copied and never printed.
 * Errors: DRV_E_USAGE when the baseline has no such source, DRV_E_UNSUPPORTED when its store was
 * not built in, DRV_E_NOMEM.
 */
int drv_run_source_uri(struct drv_run *run, const char *source, const char *uri,
		       struct drv_error *error);

/*
 * The drivers' own types, by the tags that libpq-fe.h and mongoc.h give them, so that this header
 * needs neither: pass a PGconn *, a mongoc_client_t *, a mongoc_client_pool_t * as they are.
 */
struct pg_conn;
struct _mongoc_client_t;
struct _mongoc_client_pool_t;

/*
 * Lends a PostgreSQL source a connection that the caller owns, which takes the place of a URI. It
 * is used by drv_run_verify() and its like only, on a thread of the run, until they return; till
 * then nobody else may use it. It comes back as it went in: idle and outside a transaction, with
 * every setting, its encoding, blocking mode and notice processor as they were, and nothing
 * prepared, created or locked on the server. The text of PQerrorMessage() changes. After
 * cancelling, time-outs and errors it is usable, too, unless it broke or the server does not even
 * answer a request to cancel; then PQtransactionStatus() tells.
 *   connection  idle; not kept beyond the run. Without drv_run_source_factory() it is the only one:
 *               the source is read on it alone, whatever jobs says
 * Errors: DRV_E_USAGE (it is in a transaction, in pipeline mode, busy, or has unread results, all
 * of which is looked at again when the run begins; another source has it; the baseline has no such
 * source, or it is no PostgreSQL), DRV_E_UNSUPPORTED.
 */
int drv_run_source_pgconn(struct drv_run *run, const char *source, struct pg_conn *connection,
			  struct drv_error *error);

/*
 * The same for a MongoDB source. Nothing is set on the client, so its own options hold: a run that
 * is cancelled, or whose time is up, ends when the answer under way has come or socketTimeoutMS is
 * over, and replies that are no sound BSON are the driver's to bear. Whether the connection is
 * encrypted is known of what the client's URI says.
 * Errors: as drv_run_source_pgconn().
 */
int drv_run_source_mongo_client(struct drv_run *run, const char *source,
				struct _mongoc_client_t *client, struct drv_error *error);

/*
 * Has a MongoDB source take clients from a pool while the run lasts, as many as jobs says at most;
 * those that the pool does not have at once are done without. The pool has to live as long.
 * Errors: as drv_run_source_pgconn().
 */
int drv_run_source_mongo_pool(struct drv_run *run, const char *source,
			      struct _mongoc_client_pool_t *pool, struct drv_error *error);

/*
 * Opens a connection: *connection receives a PGconn * that is connected and idle, or a
 * mongoc_client_t *. Returns 0, or an enum drv_status and fills error, whose message goes into
 * the report and so may hold no password.
 */
typedef int (*drv_connection_open_fn)(void **connection, void *user, struct drv_error *error);

/* Closes it, or puts it back to where it came from. */
typedef void (*drv_connection_close_fn)(void *connection, void *user);

/*
 * Has the caller open the connections of a source: all of them, or with drv_run_source_pgconn() or
 * drv_run_source_mongo_client() those besides that one. They have to lead to one server and
 * database, which is verified. open and close are called on threads of the run, for several
 * connections at the same time; a call of open cannot be cut short. Each connection is treated as
 * a lent one until it is closed. close NULL: nothing is to be done.
 * Errors: DRV_E_USAGE (the baseline has no such source), DRV_E_UNSUPPORTED.
 */
int drv_run_source_factory(struct drv_run *run, const char *source, drv_connection_open_fn open,
			   drv_connection_close_fn close, void *user, struct drv_error *error);

/*
 * Says which moment was restored, in the words of the option restored_to: "POINT" of all sources
 * that have none of their own, or "SOURCE=POINT" of one, where two were restored to two moments.
 * Errors: DRV_E_USAGE (it is none; the baseline has no such source; an LSN for what it does not
 * place; "baseline" for a document that no capture wrote; said before), DRV_E_NOMEM.
 */
int drv_run_restored_to(struct drv_run *run, const char *point, struct drv_error *error);

/*
 * Gives a key by the name under which the document asks for it, such as the key of an HMAC chain.
 * The bytes are copied, and cleansed when the run is freed. A second key of the same name takes the
 * place of the first. Errors: DRV_E_NOMEM.
 */
int drv_run_secret(struct drv_run *run, const char *name, const void *bytes, size_t len,
		   struct drv_error *error);

/*
 * Narrows the run to some checks. A glob (* and ?) is matched against a check's id, such as
 * "row_count:main:public.users", and against each of its leading parts ("row_count:main").
 * With any "only" glob, checks that match none of them are skipped; "skip" wins over "only".
 * Errors: DRV_E_USAGE when a glob matches no check of the document, DRV_E_NOMEM.
 */
int drv_run_only(struct drv_run *run, const char *glob, struct drv_error *error);
int drv_run_skip(struct drv_run *run, const char *glob, struct drv_error *error);

enum drv_event_type {
	DRV_EVENT_PROGRESS = 1,      /* how far the run is; about five times a second */
	DRV_EVENT_SOURCE = 2         /* the same of one source; one for each comes right before */
};

struct drv_event {
	uint32_t struct_size;
	int32_t type;                /* enum drv_event_type; ignore unknown ones */
	uint64_t rows;               /* rows read or counted so far */
	uint32_t checks_done;        /* checks measured so far */
	uint32_t checks;             /* checks selected */
	const char *source;          /* of DRV_EVENT_SOURCE: its name, which lives as long as the run;
					else NULL */
	double share;                /* of the work that is done, 0 to 1; below 0: not known. This and
					the rest are estimates by the sizes in the sources' catalogues */
	double rows_per_second;      /* lately */
	double seconds_left;         /* at the speed so far; below 0: not known */
	int32_t unreached;           /* the most important priority that the budget will not reach at
					the speed so far; 0: it will reach all, as far as is known */
	int32_t reserved;            /* 0 */
};

typedef void (*drv_event_fn)(const struct drv_event *event, void *user);

/*
 * Events arrive on the thread that called drv_run_verify() or drv_run_capture(). The callback may
 * call drv_run_cancel() and nothing else of this run. fn NULL: no events.
 */
void drv_run_on_event(struct drv_run *run, drv_event_fn fn, void *user);

/*
 * Measures everything selected and judges it against the baseline. Connects, reads inside one
 * read-only snapshot a source, and never writes. A source that cannot be read makes its checks
 * inconclusive; the others are still checked.
 *   out  receives the report, also when damage was found; release it with drv_report_free()
 * Errors: DRV_E_USAGE (nothing selected, or the document holds a "todo", which the message tells),
 * DRV_E_NOMEM. After an error *out is NULL. What goes wrong with a source is no error of this call
 * but a finding of its checks.
 */
int drv_run_verify(struct drv_run *run, struct drv_report **out, struct drv_error *error);

/*
 * As drv_run_verify(), but records what was measured instead of comparing it with what an earlier
 * capture recorded. The report, written as "json", is the baseline. What can be judged without one
 * (a broken hash chain, a missing table, numbers that a person stated) still is: damaged data makes
 * no baseline.
 * Errors: as drv_run_verify(); DRV_E_USAGE also when checks were deselected, since a baseline is
 * of one moment as a whole.
 */
int drv_run_capture(struct drv_run *run, struct drv_report **out, struct drv_error *error);

/*
 * Says what would be in the way of drv_run_verify(), or with capture of drv_run_capture(), and how
 * long it may take, without reading a row: connects, looks tables, columns and rights up, has the
 * server judge each question instead of answering it, and looks for keys, files and what the
 * document does not state.
 *   out  receives a report for its results and findings, which drv_report_write() refuses to
 *        write, because nothing was verified. A result is DRV_PASS where nothing was found to be in
 *        the way, DRV_WARN, or DRV_INCONCLUSIVE where the check would be undecided or, as with a
 *        missing table, fail before it began; DRV_FAIL never. What concerns a whole source stands
 *        with the first of its checks. Release it with drv_report_free().
 * Errors: as drv_run_verify() and drv_run_capture().
 */
int drv_run_rehearse(struct drv_run *run, int capture, struct drv_report **out,
		     struct drv_error *error);

/*
 * Asks a running verify or capture to end soon with what it has; what was not reached is
 * inconclusive. May be called from any thread and from a signal handler, any number of times;
 * the run stays cancelled.
 */
void drv_run_cancel(struct drv_run *run);

/* ------------------------------------------------------------------ checks of the caller's own */

/*
 * A check in the caller's code. It runs with all others, in the same snapshot and under the same
 * limits; what it finds stands in every report and decides the verdict. A document may name it, too
 * ("check": "x.orphans"), as a report does that is a baseline again: where no program has added it
 * there, it is inconclusive.
 */

/* One question may be under way, and for one call of one check only. */
struct drv_session;

/* A code of such a check. All texts have to be there, and are copied. */
struct drv_check_code {
	uint32_t struct_size;
	int32_t effect;              /* DRV_WARN, DRV_FAIL or DRV_INCONCLUSIVE: what it leads to */
	const char *code;            /* begins with "x.", else as "check" below: "x.orphans.found" */
	const char *meaning;         /* what was seen */
	const char *why;             /* how this comes about after a restore */
	const char *next;            /* what to do next */
};

#define DRV_CHECK_CODE_INIT { (uint32_t)sizeof(struct drv_check_code), 0, NULL, NULL, NULL, NULL }

/*
 * Asks by drv_session_query() and its like, tells by drv_session_report() and
 * drv_session_summarise(), and calls nothing else of the run but drv_run_cancel(). Runs on a thread
 * of its source, never on that of drv_run_verify() unless no thread can be had; with more than one
 * job, checks of one source run at the same time. Not called by drv_run_rehearse().
 * Returns 0, or an enum drv_status and fills error (whose message goes into the report) when it
 * could not decide: the check is then inconclusive, but the damage that it has reported stands.
 * It passes only if it reported nothing worse, has summarised what it saw, at least one question
 * was answered, and no call of the session failed.
 */
typedef int (*drv_check_fn)(struct drv_session *session, void *user, struct drv_error *error);

struct drv_check {
	uint32_t struct_size;
	int32_t priority;            /* 1 to 9; 0: what the document says, else 5 */
	const char *check;           /* its kind: "x." and a-z, 0-9, _ or dots, such as "x.orphans" */
	const char *source;          /* of the baseline */
	const char *name;            /* tells two of one kind and source apart; NULL: it is the only one.
					Its id is "x.orphans:main", or "x.orphans:main:NAME" */
	const struct drv_check_code *codes;     /* code_count of them, one behind the other */
	size_t code_count;
	drv_check_fn fn;
	void *user;
};

#define DRV_CHECK_INIT \
	{ (uint32_t)sizeof(struct drv_check), 0, NULL, NULL, NULL, NULL, 0, NULL, NULL }

/*
 * Adds a check to a run, not to the caller's baseline. Add checks before drv_run_only() and
 * drv_run_skip() name them. A capture runs them as well and records nothing for them.
 *   check  copied, but for user
 * Errors: DRV_E_USAGE (a member makes no sense; it was added before), DRV_E_NOMEM.
 */
int drv_run_add_check(struct drv_run *run, const struct drv_check *check, struct drv_error *error);

/*
 * Receives a row: count values as text, NULL for SQL NULL, valid during the call. Returns 0, or
 * non-zero to end the question early.
 */
typedef int (*drv_row_fn)(size_t count, const char *const *values, void *user);

/*
 * Asks a PostgreSQL source, inside the snapshot, which is read-only.
 *   sql     one statement that gives rows. Names need their schema; values are printed in UTF-8,
 *           with ISO dates and UTC
 *   values  value_count texts for $1, $2 …, NULL for SQL NULL
 * Errors: DRV_E_USAGE (no such statement; asked from within fn), DRV_E_UNSUPPORTED (the source is
 * MongoDB), those of reading a source, DRV_E_NOMEM.
 */
int drv_session_query(struct drv_session *session, const char *sql, const char *const *values,
		      size_t value_count, drv_row_fn fn, void *user, struct drv_error *error);

/*
 * Reads the documents of a collection of a MongoDB source; each is one value, its JSON. Dates are
 * strings in RFC 3339, ids in hexadecimal, binary data in base64.
 *   filter  a query document as JSON, extended JSON included; NULL: all
 * Errors: DRV_E_MISSING (no such collection), else as drv_session_query().
 */
int drv_session_documents(struct drv_session *session, const char *collection, const char *filter,
			  drv_row_fn fn, void *user, struct drv_error *error);

/* Has a MongoDB source count documents one by one. *count is 0 after an error. Errors: as above. */
int drv_session_count(struct drv_session *session, const char *collection, const char *filter,
		      uint64_t *count, struct drv_error *error);

/*
 * Reports a finding, at most 100 of a check. Its effect is that of the code.
 *   code     one that the check was added with
 *   count    how many rows, documents or other things; 0: not of that kind
 *   message  one line of UTF-8, at most 2,000 bytes, which should hold no row values
 * Errors: DRV_E_USAGE, DRV_E_NOMEM.
 */
int drv_session_report(struct drv_session *session, const char *code, uint64_t count,
		       const char *message, struct drv_error *error);

/*
 * Names a row of the latest finding; of one finding the first eight are kept.
 *   place  where it is, such as "ctid (12,3)", or ""
 *   key    its primary key as text, or ""; dropped unless show_keys is set
 * Errors: DRV_E_USAGE (there is no finding; this is no line of text), DRV_E_NOMEM.
 */
int drv_session_report_row(struct drv_session *session, const char *place, const char *key,
			   struct drv_error *error);

/*
 * Says in one line what was read and seen; the last one counts. Errors: DRV_E_USAGE (this is no
 * line of text), DRV_E_NOMEM.
 */
int drv_session_summarise(struct drv_session *session, const char *summary,
			  struct drv_error *error);

/* ------------------------------------------------------------------ reports */

/* A row or document that a finding points at. */
struct drv_row_ref {
	const char *place;           /* "ctid (12,3)", with the partition's name before it, or "" */
	const char *key;             /* primary key as text, or "" unless show_keys was set */
};

/* Why a check is not a plain pass. */
struct drv_finding {
	const char *code;            /* permanent, such as "row_count.below" */
	int32_t effect;              /* the enum drv_verdict that it leads to */
	const char *message;         /* one line, without row values */
	uint64_t count;              /* how many rows, documents or links; 0: not of that kind */
	size_t row_count;            /* how many of them drv_finding_row() gives */
	const char *statement;       /* SQL for somebody with the right to run it that would mend what
					is in the way, such as a GRANT, without ";"; or "" */
};

/* What was found out about one check. */
struct drv_result {
	const char *id;              /* "row_count:main:public.users" */
	const char *check;           /* "row_count" */
	const char *source;          /* "main" */
	const char *target;          /* table, collection, or "" */
	int32_t verdict;             /* enum drv_verdict */
	int32_t priority;            /* 1 is the most important */
	int32_t required;            /* 0: an inconclusive result does not spoil the run */
	const char *summary;         /* one line: what was read and seen */
	const char *blocked_by;      /* id of the check or source that prevented it, or "" */
	uint64_t rows;               /* rows or documents read or counted */
	double seconds;              /* time spent on it, all connections added up */
	size_t finding_count;        /* how many drv_result_finding() gives */

	/* What drv_run_rehearse() foretells, by the sizes in the sources' catalogues: estimates. */
	uint32_t position;           /* its turn among those of its source, from 1; 0: it would not be
					begun, or this is no rehearsal, and the rest is 0 too */
	uint32_t pieces;             /* into so many it is cut … */
	uint32_t connections;        /* … and all of its source are read by so many connections */
	int32_t streamed;            /* whether its rows are sent, not looked at by the server */
	uint64_t estimated_rows;     /* of its table or collection, whichever the check selects … */
	uint64_t estimated_bytes;    /* … and what they take there, without indexes; 0: not known */
	double estimated_seconds;    /* as seconds, at the speed of the run that wrote the document,
					else at a guess on the careful side; below 0: not known */
};

/*
 * Builds a report again from the document that it was written to as "json", to look at it or to
 * write it in another format.
 *   out  receives the report; release it with drv_report_free()
 * Errors: DRV_E_MISSING (the document is no report), DRV_E_DOCUMENT (it is, but parts are missing,
 * or its verdict is not that of its results), DRV_E_NOMEM.
 */
int drv_report_read(struct drv_report **out, const struct drv_baseline *baseline,
		    struct drv_error *error);

/* DRV_PASS, DRV_WARN, DRV_FAIL or DRV_INCONCLUSIVE. */
int drv_report_verdict(const struct drv_report *report);

/* The process exit status that stands for it: 0 pass, 1 warn, 2 fail, 3 inconclusive. */
int drv_report_exit_status(const struct drv_report *report);

/* Results in the order of importance; NULL when index is out of range. */
size_t drv_report_result_count(const struct drv_report *report);
const struct drv_result *drv_report_result(const struct drv_report *report, size_t index);

/* The findings of a result, and the rows of a finding; NULL when index is out of range. The
 * argument must be what the report handed out, not a copy of it. */
const struct drv_finding *drv_result_finding(const struct drv_result *result, size_t index);
const struct drv_row_ref *drv_finding_row(const struct drv_finding *finding, size_t index);

enum drv_report_flags {
	DRV_REPORT_VERBOSE = 1,      /* text: list passing checks too */
	DRV_REPORT_QUIET = 2,        /* text: only what is not a pass */
	DRV_REPORT_COLOR = 4         /* text: verdicts in the colours of a terminal */
};

/* A flag, text: lines are folded at that many columns, 40 to 1000; without it they never are. */
#define DRV_REPORT_WIDTH(columns) ((unsigned)(columns) << 16)

/* The formats there are, in the order of the list below; NULL when index is out of range. */
const char *drv_report_format(size_t index);

/*
 * Writes the report. flags is a sum of enum drv_report_flags. format is one of
 *   "text"        for a person at a terminal
 *   "json"        a drverify/1 document: the evidence, and the next baseline if the run passed
 *   "junit"       JUnit XML, for continuous integration
 *   "prometheus"  metrics, for a textfile collector
 *   "markdown"    the record of a recovery drill
 *   "html"        one page that needs nothing besides itself
 *   "nagios"      the output of a monitoring plug-in
 * Errors: DRV_E_USAGE (no such format), DRV_E_IO (fn asked to stop), DRV_E_NOMEM.
 */
int drv_report_write(const struct drv_report *report, const char *format, unsigned flags,
		     drv_write_fn fn, void *user, struct drv_error *error);

void drv_report_free(struct drv_report **report);

/* ------------------------------------------------------------------ recipes of audit chains */

/*
 * The two functions below help to find the recipe of an audit chain: how an application makes the
 * bytes that it hashes. Both read through a run, of which they use the sources, the secrets and the
 * limits; drv_run_cancel() ends them early with DRV_E_CANCELLED. What they hand out is personal
 * data by nature: it is what stands in the table.
 */

/* What one column gave to the bytes that are hashed. */
struct drv_chain_piece {
	const char *column;          /* the column, or "previous" for the previous hash */
	const void *bytes;
	size_t len;
};

/* One entry of a chain, hashed as the document says. */
struct drv_chain_entry {
	uint64_t row;                /* its position in the order of the check, from 1 */
	const char *place;           /* "ctid (12,3)" and the like */
	const char *key;             /* its primary key as text, or "" */
	const void *preimage;        /* the bytes that were hashed, any bytes */
	size_t preimage_len;
	const char *made;            /* the hash of these bytes in hexadecimal; "": none was made */
	const char *stored;          /* the hash as it is stored, as text; "": there is none */
	int32_t agrees;              /* whether the two are the same hash */
	const char *reason;          /* the likely reason why they are not, else "" */
	size_t piece_count;          /* how many drv_chain_entry_piece() gives */
};

/* What a column gave, in the order of the bytes; NULL when index is out of range. The argument must
 * be what the callback got, not a copy of it. */
const struct drv_chain_piece *drv_chain_entry_piece(const struct drv_chain_entry *entry,
						    size_t index);

/* Receives an entry, valid during the call; returns 0, or non-zero to stop. */
typedef int (*drv_chain_entry_fn)(const struct drv_chain_entry *entry, void *user);

/* Zero means the default for every member. */
struct drv_chain_try_options {
	uint32_t struct_size;
	const char *check;           /* the id of an audit_chain check; NULL: the only one there is */
	uint64_t first;              /* the first row, in the order of the check; default 1 */
	uint64_t count;              /* how many rows; default 3 */
};

#define DRV_CHAIN_TRY_OPTIONS_INIT \
	{ (uint32_t)sizeof(struct drv_chain_try_options), NULL, 0, 0 }

/*
 * Hashes some entries of an audit_chain check and gives each to fn on the caller's thread: the
 * bytes, the hash that came out and the hash that is stored. options may be NULL. Links between
 * entries are not judged.
 * Errors: DRV_E_USAGE (the baseline has no such check, or several and none is named; a key is
 * missing), DRV_E_IO (fn asked to stop), DRV_E_MISSING (no table, column or row of that number),
 * those of reaching and reading a source, DRV_E_NOMEM.
 */
int drv_chain_try(struct drv_run *run, const struct drv_chain_try_options *options,
		  drv_chain_entry_fn fn, void *user, struct drv_error *error);

/* Columns are exact, as stored. NULL: to be found out, where nothing else is said. */
struct drv_chain_propose_options {
	uint32_t struct_size;
	uint32_t budget_ms;          /* longest search; default 60,000 */
	const char *source;          /* of the baseline; NULL: its only one */
	const char *schema;          /* PostgreSQL; NULL for a collection */
	const char *table;           /* or collection; must be given */
	const char *hash;            /* column with the hash of an entry */
	const char *previous;        /* column with the hash of the entry before */
	const char *order_by;        /* column that orders the entries */
	const char *column_zone;     /* zone of times without zone; NULL: UTC */
};

#define DRV_CHAIN_PROPOSE_OPTIONS_INIT \
	{ (uint32_t)sizeof(struct drv_chain_propose_options), 0, NULL, NULL, NULL, NULL, NULL, NULL, \
	  NULL }

/* What a search for a recipe came to. */
struct drv_chain_proposal {
	const char *check;           /* an audit_chain check as JSON, for a document; "": none found */
	uint64_t tried;              /* hashes made */
	uint64_t rows;               /* entries looked at … */
	uint64_t agreeing;           /* … and whose stored hash the check gives */
	int32_t complete;            /* 0: the time was up before everything had been tried */
};

/*
 * Looks for the recipe that gives the stored hashes of some entries of a table: some first ones in
 * order, and some others. It guesses columns, then tries usual ways of hashing, the likely ones
 * first, with the plain hash and as HMAC with each secret of the run. A proposal that agrees with
 * every entry it was tried on is no guess, but only verifying tells whether all others agree too.
 *   out  receives the proposal, also when no recipe was found; release it with
 *        drv_chain_proposal_free()
 * Errors: DRV_E_USAGE (no such source or column, no column looks like a hash), DRV_E_MISSING (no
 * such table), DRV_E_UNSUPPORTED, those of reaching and reading a source, DRV_E_NOMEM.
 */
int drv_chain_propose(struct drv_run *run, const struct drv_chain_propose_options *options,
		      struct drv_chain_proposal **out, struct drv_error *error);

void drv_chain_proposal_free(struct drv_chain_proposal **proposal);

/* ------------------------------------------------------------------ drafts */

/* Zero means the default for every member. */
struct drv_draft_options {
	uint32_t struct_size;
	uint32_t chain_budget_ms;    /* longest search for the recipe of one audit chain; default
					20,000 */
	const char *column_zone;     /* zone of times without zone; NULL: each is left to be said */
};

#define DRV_DRAFT_OPTIONS_INIT { (uint32_t)sizeof(struct drv_draft_options), 0, NULL }

/*
 * Drafts a document that checks what the sources of the run hold, for a person to go on with:
 * looks into catalogues and at a few rows, whose values it does not repeat. Of the run it uses the
 * sources, the secrets and the limits; the baseline needs sources only. What is guessed stands in a
 * "note", what could not be found out in a "todo", which keeps the draft from being used as it is.
 *   fn  receives the document as JSON, once all sources were looked at
 * Errors: DRV_E_IO (fn asked to stop), those of reaching and reading a source, DRV_E_NOMEM. Tables
 * that cannot be read are no error: the draft says so.
 */
int drv_run_draft(struct drv_run *run, const struct drv_draft_options *options, drv_write_fn fn,
		  void *user, struct drv_error *error);

/* ------------------------------------------------------------------ explanations */

/* What a finding code means. All strings are static. */
struct drv_explanation {
	const char *code;
	int32_t effect;              /* the enum drv_verdict that it leads to */
	const char *meaning;         /* what was seen */
	const char *why;             /* how this comes about after a restore */
	const char *next;            /* what to do or to run next */
};

/* The explanation of a code of the library; NULL for others, such as those that begin with "x.". */
const struct drv_explanation *drv_finding_explain(const char *code);

/* All codes of the library in alphabetical order; NULL when index is out of range. */
const struct drv_explanation *drv_finding_at(size_t index);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif

#endif
