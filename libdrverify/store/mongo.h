/* mongo.h: what the files of the MongoDB store share */
#ifndef DRVP_MONGO_H
#define DRVP_MONGO_H

#include <mongoc/mongoc.h>

#include "store/store.h"

/*
 * The wire of one session. The driver's own time-outs hold for one read at a time and cannot be
 * interrupted, so the session gives it sockets that look here while they wait.
 */
struct drvp_mongo_line {
	const struct drvp_limits *limits;       /* what ends the run; NULL: nothing */
	int64_t deadline;            /* of the present question, by drvp_monotonic() */
	int64_t dial_limit;          /* microseconds that one host may take */
	bool sealed;                 /* no new connection: it could lead to other data */
	int status;                  /* why the wire gave up: an enum drv_status; 0: it did not */
	const char *reason;          /* the same for people; static */
};

/* A mongoc_stream_initiator_t whose user data is a struct drvp_mongo_line. */
mongoc_stream_t *drvp_mongo_dial(const mongoc_uri_t *uri, const mongoc_host_list_t *host,
				 void *line, bson_error_t *error);

/* A stream that passes on only whole, sound messages. Takes over inner, also when it fails. */
mongoc_stream_t *drvp_mongo_frame(mongoc_stream_t *inner, struct drvp_mongo_line *line);

/* What a server says of itself in reply to hello. */
struct drvp_mongo_hello {
	bool primary;                /* takes writes */
	bool replicated;             /* replica set member or mongos: offers majority reads */
	char set_name[128];
	uint64_t operation_time;     /* 0: it has none */
	int64_t server_now;          /* 0: it did not say */
	int32_t wire;                /* the newest protocol that it speaks */
	bson_oid_t process;          /* all zero: it did not say */
};

struct drvp_mongo {
	struct drvp_session session;            /* first, so that one pointer serves for both */
	const struct drvp_address *address;
	struct drvp_mongo_line line;
	mongoc_client_t *client;
	struct drvp_lent lent;                  /* what client is, where somebody else owns it */
	mongoc_client_session_t *own_session;   /* on a lent client; NULL: it has none */
	char *database;
	uint32_t server;                        /* the one that is asked, by the driver's id */
	char host[256];                         /* "host:port" of it */
	struct drvp_mongo_hello hello;          /* when it was opened, or frozen */
	struct drvp_arena arena;                /* what is handed out */
	struct drvp_arena row;                  /* what one document needs */
};

/* Opens a client to the one server that will be asked, and fills hello. */
int drvp_mongo_connect(struct drvp_mongo **out, const struct drvp_address *address, bool first,
		       struct drv_error *err);
void drvp_mongo_close(struct drvp_session **session);

/* Takes a client of the caller's, as the first of its source or a further one, and gives it back. */
int drvp_mongo_borrow(struct drvp_mongo *mongo, bool first, struct drv_error *err);
void drvp_mongo_give_back(struct drvp_mongo *mongo);

/* On such a client, once its server is known. */
void drvp_mongo_open_session(struct drvp_mongo *mongo);

/* A drv_connection_open_fn and its counterpart, for a pool of the driver's. */
int drvp_mongo_pool_take(void **client, void *pool, struct drv_error *err);
void drvp_mongo_pool_put(void *client, void *pool);

/* The database that is named by the document, or else by the URI. */
int drvp_mongo_take_database(struct drvp_mongo *mongo, const mongoc_uri_t *uri,
			     struct drv_error *err);

/* Starts the time limit of a question; fails when the session can answer none. */
int drvp_mongo_begin(struct drvp_mongo *mongo, struct drv_error *err);

/* The same for the last question of all, which is asked after a spent budget too. */
int drvp_mongo_begin_last(struct drvp_mongo *mongo, struct drv_error *err);

/* Milliseconds that are left of it for the server, at least 1. */
int64_t drvp_mongo_left(const struct drvp_mongo *mongo);

/* Options that bind a read to the session's server; majority where that is offered and wanted. */
void drvp_mongo_options(const struct drvp_mongo *mongo, bool majority, bson_t *options);

/*
 * Runs a reading command in the session's database. reply is initialised in every case. subject
 * is what messages are about, such as "collection reviews".
 */
int drvp_mongo_command(struct drvp_mongo *mongo, const bson_t *command, bool majority,
		       bson_t *reply, const char *subject, struct drv_error *err);

int drvp_mongo_say_hello(struct drvp_mongo *mongo, struct drvp_mongo_hello *out,
			 struct drv_error *err);

/*
 * The one place that sorts driver and server errors. Their own words are never repeated: they can
 * hold parts of a password or of a document. reply may be NULL.
 */
int drvp_mongo_fail(struct drvp_mongo *mongo, const bson_error_t *cause, const bson_t *reply,
		    const char *subject, struct drv_error *err);

/* An enum drv_status for an error code of the server. */
int drvp_mongo_status(uint32_t code);

/* "collection reviews", for messages. */
struct drvp_mongo_subject {
	char text[300];
};

struct drvp_mongo_subject drvp_mongo_subject(const char *collection);

/* Whether a path can be asked for: the server takes some characters as operators. */
int drvp_mongo_check_path(const char *path, struct drv_error *err);

/*
 * Adds the hint to read the documents themselves, not an index that may be broken, and to compare
 * texts by their bytes. A view can be told neither.
 */
void drvp_mongo_natural(bson_t *out, const struct drvp_relation *relation);

/* The exact number of documents that filter matches, but no more than most; 0: however many. */
int drvp_mongo_count_matching(struct drvp_mongo *mongo, const struct drvp_relation *relation,
			      const bson_t *filter, uint64_t most, uint64_t *rows,
			      struct drv_error *err);

/* Adds a value of JSON, extended JSON wrappers included; key_len may be -1. */
int drvp_mongo_append(bson_t *out, const char *key, int key_len, const struct drvp_json *value,
		      struct drv_error *err);

/* A query document from JSON, extended JSON wrappers included. out is initialised, and empty when
 * it fails. filter NULL: matches everything. */
int drvp_mongo_filter(bson_t *out, const struct drvp_json *filter, struct drv_error *err);

/* A query document from all that a selection says. out as above. */
int drvp_mongo_selection(bson_t *out, const struct drvp_selection *selection,
			 struct drv_error *err);

/* The text of the BSON types that have one, NUL-terminated and borrowed; NULL for others. */
const char *drvp_mongo_text(const bson_iter_t *at, uint32_t *len);

/*
 * Makes node a JSON tree of what stands at the iterator, borrowing texts from it: numbers keep
 * their text, dates are RFC 3339 with milliseconds, ObjectIds hexadecimal, binary base64. False
 * when memory ran out. The second takes a whole document.
 */
bool drvp_mongo_json(struct drvp_json *node, struct drvp_arena *arena, const bson_iter_t *at);
bool drvp_mongo_json_document(struct drvp_json *node, struct drvp_arena *arena,
			      const bson_t *document);

/* Whether every byte of a document is what BSON says it should be, UTF-8 included. */
int drvp_mongo_check(const bson_t *document, uint64_t ordinal, struct drv_error *err);

/*
 * The value at a dotted path, or the whole, of a document that drvp_mongo_check() found good. It
 * borrows from the document and from arena.
 */
int drvp_mongo_value(struct drvp_value *out, const bson_t *document, const char *path, int form,
		     struct drvp_arena *arena, uint64_t ordinal, struct drv_error *err);

/*
 * Builds the command that asks for a scan's documents, of which fed are here already, in batches of
 * so many, by a server that speaks this version of the wire protocol.
 */
void drvp_mongo_build_find(bson_t *out, const struct drvp_scan *scan, const bson_t *filter,
			   uint64_t fed, int32_t batch, int32_t wire);

/* Finds the cursor's id and its batch, which is called so, in a reply. */
bool drvp_mongo_open_batch(const bson_t *reply, const char *name, int64_t *cursor,
			   bson_iter_t *batch);

/* Questions; see struct drvp_store. */
int drvp_mongo_list(struct drvp_session *session, struct drvp_listed **out, size_t *count,
		    struct drv_error *err);
int drvp_mongo_count(struct drvp_session *session, const struct drvp_relation *relation,
		     const struct drvp_selection *selection, uint64_t *rows,
		     struct drv_error *err);
int drvp_mongo_confirm(struct drvp_session *session, const struct drvp_relation *relation,
		       const struct drvp_selection *selection, uint64_t fed, uint64_t *rows,
		       struct drv_error *err);
int drvp_mongo_estimate(struct drvp_session *session, const struct drvp_relation *relation,
			uint64_t *rows, struct drv_error *err);
int drvp_mongo_size(struct drvp_session *session, const struct drvp_relation *relation,
		    uint64_t *bytes, struct drv_error *err);
int drvp_mongo_newest(struct drvp_session *session, const struct drvp_relation *relation,
		      const struct drvp_selection *selection, const char *column,
		      const char *zone, int64_t *instant, bool *found, uint64_t *rows,
		      struct drv_error *err);
int drvp_mongo_scan(struct drvp_session *session, const struct drvp_scan *scan, drvp_row_fn fn,
		    void *user, uint64_t *rows, struct drv_error *err);

#endif
