/* test_mongodb_script.c: the MongoDB store against a server that lies, stalls and dies on demand */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "responder.h"
#include "store/mongo.h"

#define DOCUMENTS 10
#define BATCH_SIZE 4
#define CURSOR 42

enum fault {
	NO_FAULT,
	EMPTY_BATCH,                 /* first getMore: nothing, but the cursor lives on */
	CORRUPT_LENGTH,              /* a document inside a batch says it is longer than it is */
	CORRUPT_INSIDE,              /* a string inside a document says so */
	TRUNCATED_BATCH,             /* the cursor ends before all documents were sent */
	WRONG_DOCUMENT_LENGTH,       /* of the whole reply */
	HUGE_MESSAGE,                /* announces 1 GiB */
	NEGATIVE_MESSAGE,
	SHORT_MESSAGE,               /* announces more than comes, then silence */
	BAD_TEXT,                    /* a value that is not UTF-8 */
	BAD_NAME,                    /* a field's name that is not UTF-8 */
	HANG_UP,                     /* closes the connection */
	STALL,                       /* answers after 30 s */
	NOT_A_COUNT,
	BIT_FLIP                     /* one bit of the first getMore's reply, header excepted */
};

/* What the scripted server is like. */
struct script {
	enum fault fault;
	const char *at;              /* the command that the fault concerns */
	int error;                   /* answer it with this error code */
	const char *error_name;
	bool replica, secondary, old, moving, deny_list;
	int counted;                 /* what a count says; 0: the truth */
	bool view, collated;
	int64_t statistics;          /* what collStats says there are; 0: nothing */
	atomic_uint counts;
	bool numbers;                /* documents also have a double of doubles[] */
	int nulls;                   /* what a count of documents without a value says */
	int wire;                    /* the newest protocol; 0: a recent one */
	uint32_t flip;               /* number of the bit; beyond the end: none */
	uint32_t reply_bits;         /* how many there were to choose from */
	atomic_int process;          /* part of the server's identity */
	atomic_uint hellos, gets, kills;
	atomic_bool majority, natural, retried;
	char find[600];              /* the latest, as JSON */
	atomic_bool *cancel;         /* set when the fault's command arrives */
};

static void append_error(bson_t *reply, int code, const char *name)
{
	BSON_APPEND_DOUBLE(reply, "ok", 0);
	/* Server messages can hold values and hosts: none of this may be repeated. */
	BSON_APPEND_UTF8(reply, "errmsg", "canary-value in mongodb://root:canary-password@host");
	BSON_APPEND_INT32(reply, "code", code);
	if (name)
		BSON_APPEND_UTF8(reply, "codeName", name);
}

static void append_hello(bson_t *reply, struct script *script, unsigned port)
{
	unsigned hellos = atomic_fetch_add(&script->hellos, 1);
	char me[32];
	bson_t list, version;
	bson_oid_t process;

	snprintf(me, sizeof me, "127.0.0.1:%u", port);
	BSON_APPEND_BOOL(reply, "ismaster", !script->secondary);
	BSON_APPEND_BOOL(reply, "isWritablePrimary", !script->secondary);
	BSON_APPEND_BOOL(reply, "secondary", script->secondary);
	BSON_APPEND_INT32(reply, "minWireVersion", script->old ? 0 : 0);
	BSON_APPEND_INT32(reply, "maxWireVersion",
			  script->old ? 2 : script->wire ? script->wire : 17);
	BSON_APPEND_INT32(reply, "maxBsonObjectSize", 16 << 20);
	BSON_APPEND_INT32(reply, "maxMessageSizeBytes", 48000000);
	BSON_APPEND_INT32(reply, "maxWriteBatchSize", 100000);
	BSON_APPEND_DATE_TIME(reply, "localTime", 1767225600000);
	bson_oid_init_from_string(&process, "0123456789abcdef01234567");
	process.bytes[0] = (uint8_t)atomic_load(&script->process);
	BSON_APPEND_DOCUMENT_BEGIN(reply, "topologyVersion", &version);
	BSON_APPEND_OID(&version, "processId", &process);
	BSON_APPEND_INT64(&version, "counter", 0);
	bson_append_document_end(reply, &version);
	if (script->replica) {
		BSON_APPEND_UTF8(reply, "setName", "rs0");
		BSON_APPEND_UTF8(reply, "me", me);
		BSON_APPEND_ARRAY_BEGIN(reply, "hosts", &list);
		BSON_APPEND_UTF8(&list, "0", me);
		bson_append_array_end(reply, &list);
		BSON_APPEND_TIMESTAMP(reply, "operationTime", 1000,
				      script->moving ? hellos + 1 : 7);
	}
	BSON_APPEND_DOUBLE(reply, "ok", 1);
}

/* All compare as equal to the one before, or to nothing, but are other bytes. */
static const uint64_t doubles[DOCUMENTS] = {
	0, UINT64_C(1) << 63,        /* 0, -0 */
	UINT64_C(0x7ff8000000000000), UINT64_C(0xfff8000000000000), UINT64_C(0x7ff8000000000001),
	UINT64_C(0x7ff0000000000001), UINT64_C(0x7fffffffffffffff), UINT64_C(0xfff0dead0000beef),
	UINT64_C(0x7ff0000000000000), UINT64_C(0xfff0000000000000),      /* infinities */
};

static double double_of(int index)
{
	double number;

	memcpy(&number, &doubles[index], sizeof number);
	return number;
}

static void append_document(bson_t *batch, const struct script *script, int index)
{
	char key[16], text[40];
	bson_t document;

	snprintf(key, sizeof key, "%d", index % BATCH_SIZE);
	snprintf(text, sizeof text, "text of document %d", index);
	BSON_APPEND_DOCUMENT_BEGIN(batch, key, &document);
	BSON_APPEND_INT32(&document, "_id", index);
	BSON_APPEND_UTF8(&document, "v", text);
	if (script->numbers)
		BSON_APPEND_DOUBLE(&document, "n", double_of(index));
	bson_append_document_end(batch, &document);
}

/* A batch of documents; first tells whether find or getMore asked for it. */
static void append_batch(bson_t *reply, const struct script *script, bool first, int from)
{
	int end = from + BATCH_SIZE < DOCUMENTS ? from + BATCH_SIZE : DOCUMENTS;
	bool last = end == DOCUMENTS ||
		    (script->fault == TRUNCATED_BATCH && !first);
	bson_t cursor, batch;

	if (script->fault == TRUNCATED_BATCH && !first)
		end = from + 1;
	BSON_APPEND_DOCUMENT_BEGIN(reply, "cursor", &cursor);
	BSON_APPEND_ARRAY_BEGIN(&cursor, first ? "firstBatch" : "nextBatch", &batch);
	for (int i = from; i < end; i++)
		append_document(&batch, script, i);
	bson_append_array_end(&cursor, &batch);
	BSON_APPEND_INT64(&cursor, "id", last ? 0 : CURSOR);
	BSON_APPEND_UTF8(&cursor, "ns", "db.things");
	bson_append_document_end(reply, &cursor);
	BSON_APPEND_DOUBLE(reply, "ok", 1);
}

static void append_empty_batch(bson_t *reply, int64_t id)
{
	bson_t cursor, batch;

	BSON_APPEND_DOCUMENT_BEGIN(reply, "cursor", &cursor);
	BSON_APPEND_ARRAY_BEGIN(&cursor, "nextBatch", &batch);
	bson_append_array_end(&cursor, &batch);
	BSON_APPEND_INT64(&cursor, "id", id);
	BSON_APPEND_UTF8(&cursor, "ns", "db.things");
	bson_append_document_end(reply, &cursor);
	BSON_APPEND_DOUBLE(reply, "ok", 1);
}

/* Only the question for documents that have nothing to be sorted by has alternatives. */
static int answer_to_count(const struct script *script, const bson_t *command)
{
	if (memmem(bson_get_data(command), command->len, "$or", 4))
		return script->nulls;
	return script->counted ? script->counted : DOCUMENTS;
}

static void append_count(bson_t *reply, const struct script *script, const bson_t *command,
			 bool aggregate)
{
	int counted = answer_to_count(script, command);
	bson_t cursor, batch, one;

	if (!aggregate) {
		BSON_APPEND_INT32(reply, "n", counted);
	} else {
		BSON_APPEND_DOCUMENT_BEGIN(reply, "cursor", &cursor);
		BSON_APPEND_ARRAY_BEGIN(&cursor, "firstBatch", &batch);
		BSON_APPEND_DOCUMENT_BEGIN(&batch, "0", &one);
		if (script->fault == NOT_A_COUNT)
			BSON_APPEND_UTF8(&one, "n", "ten");
		else
			BSON_APPEND_INT32(&one, "n", counted);
		bson_append_document_end(&batch, &one);
		bson_append_array_end(&cursor, &batch);
		BSON_APPEND_INT64(&cursor, "id", 0);
		BSON_APPEND_UTF8(&cursor, "ns", "db.things");
		bson_append_document_end(reply, &cursor);
	}
	BSON_APPEND_DOUBLE(reply, "ok", 1);
}

/* Lists "things" and nothing else. */
static void append_list(bson_t *reply, const struct script *script, const bson_t *command)
{
	bson_t cursor, batch, one, options, collation;
	bson_iter_t at, name;
	bool asked = bson_iter_init(&at, command) &&
		     bson_iter_find_descendant(&at, "filter.name", &name) &&
		     strcmp(bson_iter_utf8(&name, NULL), "things") == 0;

	BSON_APPEND_DOCUMENT_BEGIN(reply, "cursor", &cursor);
	BSON_APPEND_ARRAY_BEGIN(&cursor, "firstBatch", &batch);
	if (asked) {
		BSON_APPEND_DOCUMENT_BEGIN(&batch, "0", &one);
		BSON_APPEND_UTF8(&one, "name", "things");
		BSON_APPEND_UTF8(&one, "type", script->view ? "timeseries" : "collection");
		BSON_APPEND_DOCUMENT_BEGIN(&one, "options", &options);
		if (script->collated) {
			BSON_APPEND_DOCUMENT_BEGIN(&options, "collation", &collation);
			BSON_APPEND_UTF8(&collation, "locale", "ko");
			bson_append_document_end(&options, &collation);
		}
		bson_append_document_end(&one, &options);
		bson_append_document_end(&batch, &one);
	}
	bson_append_array_end(&cursor, &batch);
	BSON_APPEND_INT64(&cursor, "id", 0);
	BSON_APPEND_UTF8(&cursor, "ns", "db.$cmd.listCollections");
	bson_append_document_end(reply, &cursor);
	BSON_APPEND_DOUBLE(reply, "ok", 1);
}

/* Finds the bytes of one document's text and spoils what is near them. */
static bool reply_spoiled(struct exchange *x, const struct script *script, const bson_t *reply)
{
	static const char needle[] = "text of document 5";
	uint8_t *bytes = malloc(reply->len), *text;
	int32_t wrong = 1 << 20;
	bool sent;

	if (!bytes)
		abort();
	memcpy(bytes, bson_get_data(reply), reply->len);
	text = memmem(bytes, reply->len, needle, sizeof needle);
	switch (text ? script->fault : NO_FAULT) {
	case NO_FAULT:               /* a later batch */
		break;
	case CORRUPT_LENGTH:         /* length, "\x10_id\0", number, "\x02v\0", length, text */
		memcpy(text - 20, &wrong, sizeof wrong);
		break;
	case CORRUPT_INSIDE:
		memcpy(text - 4, &wrong, sizeof wrong);
		break;
	case BAD_TEXT:
		text[3] = 0xFF;
		break;
	case BAD_NAME:
		text[-6] = 0xC0;
		break;
	default:
		break;
	}
	if (script->fault == WRONG_DOCUMENT_LENGTH)
		memcpy(bytes, &wrong, sizeof wrong);
	sent = responder_reply_raw(x, bytes, reply->len, 0);
	free(bytes);
	return sent;
}

static bool reply_flipped(struct exchange *x, struct script *script, const bson_t *reply)
{
	uint8_t *bytes = malloc(reply->len);
	bool sent;

	if (!bytes)
		abort();
	memcpy(bytes, bson_get_data(reply), reply->len);
	if (atomic_load(&script->gets) == 1) {
		script->reply_bits = reply->len * 8;
		if (script->flip < script->reply_bits)
			bytes[script->flip / 8] ^= (uint8_t)(1 << script->flip % 8);
	}
	sent = responder_reply_raw(x, bytes, reply->len, 0);
	free(bytes);
	return sent;
}

static bool reply_with_fault(struct exchange *x, struct script *script, const bson_t *reply)
{
	if (script->cancel)
		atomic_store(script->cancel, true);
	switch (script->fault) {
	case HANG_UP:
		return false;
	case STALL:
		return responder_sleep(x, 30000) && responder_reply(x, reply);
	case HUGE_MESSAGE:
		return responder_reply_raw(x, bson_get_data(reply), reply->len, 1 << 30);
	case NEGATIVE_MESSAGE:
		return responder_reply_raw(x, bson_get_data(reply), reply->len, -1);
	case SHORT_MESSAGE:
		return responder_reply_raw(x, bson_get_data(reply), reply->len, 4096);
	case BIT_FLIP:
		return reply_flipped(x, script, reply);
	case CORRUPT_LENGTH:
	case CORRUPT_INSIDE:
	case BAD_TEXT:
	case BAD_NAME:
	case WRONG_DOCUMENT_LENGTH:
		return reply_spoiled(x, script, reply);
	default:
		return responder_reply(x, reply);
	}
}

static void note(struct script *script, const struct exchange *x)
{
	bson_iter_t at, inner;

	if (strcmp(x->name, "find") && strcmp(x->name, "aggregate"))
		return;
	if (x->name[0] == 'f') {
		char *text = bson_as_relaxed_extended_json(x->command, NULL);

		snprintf(script->find, sizeof script->find, "%s", text);
		bson_free(text);
	}
	if (bson_iter_init(&at, x->command) &&
	    bson_iter_find_descendant(&at, "readConcern.level", &inner) &&
	    strcmp(bson_iter_utf8(&inner, NULL), "majority") == 0)
		atomic_store(&script->majority, true);
	if (bson_iter_init(&at, x->command) &&
	    bson_iter_find_descendant(&at, "hint.$natural", &inner))
		atomic_store(&script->natural, true);
}

static void append_answer(bson_t *reply, struct script *script, const struct exchange *x)
{
	unsigned gets;

	if (strcasecmp(x->name, "ismaster") == 0 || strcmp(x->name, "hello") == 0) {
		append_hello(reply, script, responder_port(x->responder));
	} else if (strcmp(x->name, "buildInfo") == 0) {
		BSON_APPEND_UTF8(reply, "version", "7.0.5");
		BSON_APPEND_DOUBLE(reply, "ok", 1);
	} else if (strcmp(x->name, "listCollections") == 0) {
		append_list(reply, script, x->command);
	} else if (strcmp(x->name, "find") == 0) {
		atomic_store(&script->gets, 0);
		append_batch(reply, script, true, 0);
	} else if (strcmp(x->name, "getMore") == 0) {
		gets = atomic_fetch_add(&script->gets, 1);
		if (script->fault == EMPTY_BATCH && gets == 0)
			append_empty_batch(reply, CURSOR);
		else
			append_batch(reply, script, false,
				     (int)(gets + (script->fault != EMPTY_BATCH)) * BATCH_SIZE);
	} else if (strcmp(x->name, "collStats") == 0 && script->statistics) {
		BSON_APPEND_INT64(reply, "count", script->statistics);
		BSON_APPEND_DOUBLE(reply, "ok", 1);
	} else if (strcmp(x->name, "aggregate") == 0 || strcmp(x->name, "count") == 0) {
		atomic_fetch_add(&script->counts, 1);
		append_count(reply, script, x->command, x->name[0] == 'a');
	} else {
		if (strcmp(x->name, "killCursors") == 0)
			atomic_fetch_add(&script->kills, 1);
		BSON_APPEND_DOUBLE(reply, "ok", 1);
	}
}

static bool answer(struct exchange *x, void *user)
{
	struct script *script = user;
	bson_t reply = BSON_INITIALIZER;
	bool concerned = script->at && strcmp(x->name, script->at) == 0, going;

	note(script, x);
	if (concerned && script->error)
		append_error(&reply, script->error, script->error_name);
	else
		append_answer(&reply, script, x);
	going = concerned ? reply_with_fault(x, script, &reply) : responder_reply(x, &reply);
	bson_destroy(&reply);
	return going;
}

/* ------------------------------------------------------------------ the session under test */

struct fixture {
	struct script script;
	struct responder *responder;
	char uri[200];
	struct drvp_address address;
	struct drvp_session *session;
	struct drvp_relation *relations;
	atomic_bool cancelled;
	struct drv_error error;
};

static const struct drvp_store *const store = &drvp_store_mongodb;

static void start(struct fixture *f, const char *options)
{
	f->error = (struct drv_error)DRV_ERROR_INIT;
	f->responder = responder_start(answer, &f->script);
	snprintf(f->uri, sizeof f->uri, "mongodb://127.0.0.1:%u/db%s",
		 responder_port(f->responder), options);
	f->address.uri = f->uri;
	f->address.limits = (struct drvp_limits){ 2 * DRVP_SECOND, 2 * DRVP_SECOND,
						  &f->cancelled };
}

static void open_and_freeze(struct fixture *f, const char *options)
{
	static const struct drvp_target target = { NULL, "things" };

	start(f, options);
	assert_int_equal(store->open(&f->session, &f->address, &f->error), 0);
	assert_int_equal(store->freeze(f->session, &target, 1, &f->relations, &f->error), 0);
}

static void end(struct fixture *f)
{
	if (f->session)
		store->close(&f->session);
	assert_null(f->session);
	responder_stop(&f->responder);
}

static int count_rows(const struct drvp_row *row, void *user)
{
	uint64_t *seen = user;

	assert_int_equal(row->ordinal, *seen);
	assert_int_equal(row->ctid.block, UINT32_MAX);
	assert_int_equal(row->values[0].kind, DRVP_TEXT);
	/* Never the same document twice; that none is missing is for the store to prove. */
	assert_true(row->keys[0].integer >= (int64_t)*seen);
	++*seen;
	return 0;
}

static int scan(struct fixture *f, uint64_t *seen, uint64_t *rows)
{
	static const struct drvp_wanted wanted = { "v", DRVP_FORM_VALUE };
	struct drvp_scan question = { .relation = &f->relations[0], .columns = &wanted,
				      .column_count = 1, .keys = true };

	*seen = 0;
	return store->scan(f->session, &question, count_rows, seen, rows, &f->error);
}

static int scan_status(struct fixture *f)
{
	uint64_t seen, rows;

	return scan(f, &seen, &rows);
}

/* ------------------------------------------------------------------ tests */

static void an_honest_server_is_read_whole(void **state)
{
	struct fixture f = { 0 };
	struct drvp_identity identity;
	uint64_t seen, rows, counted;
	struct drvp_selection all = { 0 };

	(void)state;
	open_and_freeze(&f, "");
	assert_int_equal(f.relations[0].state, DRVP_RELATION_READY);
	assert_int_equal(f.relations[0].kind, DRVP_COLLECTION);
	assert_int_equal(scan(&f, &seen, &rows), 0);
	assert_int_equal(seen, DOCUMENTS);
	assert_int_equal(rows, DOCUMENTS);
	assert_int_equal(store->count(f.session, &f.relations[0], &all, &counted, &f.error), 0);
	assert_int_equal(counted, DOCUMENTS);
	assert_int_equal(store->identify(f.session, &identity, &f.error), 0);
	assert_string_equal(identity.server, "MongoDB 7.0.5");
	assert_string_equal(strrchr(identity.address, '/'), "/db");
	assert_false(identity.in_recovery);
	assert_false(identity.tls);
	assert_int_equal(identity.server_now, INT64_C(1767225600000000));
	assert_int_equal(store->finish(f.session, &identity, &f.error), 0);
	assert_string_equal(identity.consistency, "none: this server has no operation time");
	/* A standalone server offers no majority; documents are read in their natural order. */
	assert_false(atomic_load(&f.script.majority));
	assert_true(atomic_load(&f.script.natural));
	end(&f);
}

/* Documents are counted again only where the server's statistics do not confirm what was read. */
static void what_was_read_is_confirmed(void **state)
{
	static const struct {
		int64_t statistics;
		int counted;
		uint64_t fed, says;
		unsigned counts;
		bool filtered;
	} cases[] = {
		{ DOCUMENTS, 0, DOCUMENTS, DOCUMENTS, 0, false },
		/* Wrong after a crash, or silent: the documents decide. */
		{ DOCUMENTS + 3, 0, DOCUMENTS, DOCUMENTS, 1, false },
		{ 0, 0, DOCUMENTS, DOCUMENTS, 1, false },
		/* Fewer were read than there are. */
		{ DOCUMENTS, 0, DOCUMENTS - 1, DOCUMENTS, 1, false },
		{ 0, 0, DOCUMENTS - 1, DOCUMENTS, 1, false },
		/* Statistics are of all documents. */
		{ DOCUMENTS, 7, DOCUMENTS, 7, 1, true },
	};
	const struct drvp_json filter = { .type = DRVP_JSON_OBJECT };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture f = { .script = { .statistics = cases[i].statistics,
						 .counted = cases[i].counted } };
		const struct drvp_selection selection = {
			.filter = cases[i].filtered ? &filter : NULL };
		uint64_t rows = 0;

		open_and_freeze(&f, "");
		atomic_store(&f.script.counts, 0);
		assert_int_equal(store->confirm(f.session, &f.relations[0], &selection,
						cases[i].fed, &rows, &f.error), 0);
		assert_int_equal(rows, cases[i].says);
		assert_int_equal(atomic_load(&f.script.counts), cases[i].counts);
		end(&f);
	}
}

static int compare_stable(const struct drvp_row *row, void *user)
{
	struct script script = { .numbers = true };
	bson_t batch = BSON_INITIALIZER;
	const uint8_t *data;
	bson_iter_t at;
	uint32_t len;

	append_document(&batch, &script, (int)row->ordinal);
	assert_true(bson_iter_init(&at, &batch) && bson_iter_next(&at));
	bson_iter_document(&at, &len, &data);
	assert_int_equal(row->stable_len, len);
	assert_memory_equal(row->stable, data, len);
	bson_destroy(&batch);
	++*(uint64_t *)user;
	return 0;
}

/* What is digested are the bytes that the server sent, whatever they mean. */
static void every_bit_of_a_number_is_kept(void **state)
{
	static const struct drvp_wanted wanted = { "", DRVP_FORM_STABLE };
	struct fixture f = { .script = { .numbers = true } };
	struct drvp_scan question = { .columns = &wanted, .column_count = 1 };
	uint64_t seen = 0, rows;

	(void)state;
	open_and_freeze(&f, "");
	question.relation = &f.relations[0];
	assert_int_equal(store->scan(f.session, &question, compare_stable, &seen, &rows, &f.error),
			 0);
	assert_int_equal(seen, DOCUMENTS);
	end(&f);
}

static void an_empty_batch_is_not_the_end(void **state)
{
	struct fixture f = { .script = { .fault = EMPTY_BATCH } };
	uint64_t seen, rows;

	(void)state;
	open_and_freeze(&f, "");
	assert_int_equal(scan(&f, &seen, &rows), 0);
	assert_int_equal(seen, DOCUMENTS);
	assert_true(atomic_load(&f.script.gets) > DOCUMENTS / BATCH_SIZE);
	end(&f);
}

/* Whatever was done to the answers: an error, and none that says that the server cannot do it. */
static void no_broken_answer_passes(void **state)
{
	static const struct {
		enum fault fault;
		const char *at;
		int status;          /* 0: any error */
	} cases[] = {
		{ CORRUPT_LENGTH, "getMore", 0 },
		{ CORRUPT_INSIDE, "getMore", DRV_E_DAMAGED },
		{ TRUNCATED_BATCH, NULL, DRV_E_INTERNAL },
		{ WRONG_DOCUMENT_LENGTH, "getMore", 0 },
		{ WRONG_DOCUMENT_LENGTH, "find", 0 },
		{ HUGE_MESSAGE, "getMore", 0 },
		{ NEGATIVE_MESSAGE, "getMore", 0 },
		{ SHORT_MESSAGE, "getMore", DRV_E_TIMEOUT },
		{ BAD_TEXT, "getMore", DRV_E_DAMAGED },
		{ BAD_NAME, "getMore", DRV_E_DAMAGED },
		{ HANG_UP, "getMore", DRV_E_CONNECT },
		{ HANG_UP, "aggregate", DRV_E_CONNECT },
		{ NOT_A_COUNT, NULL, DRV_E_INTERNAL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture f = { 0 };
		int status;

		open_and_freeze(&f, "");
		assert_int_equal(scan_status(&f), 0);
		f.script.fault = cases[i].fault;
		f.script.at = cases[i].at;
		f.address.limits.work = DRVP_SECOND / 2;
		status = scan_status(&f);
		if (status >= 0 || (cases[i].status && status != cases[i].status))
			fail_msg("case %zu: status %d: %s", i, status, f.error.message);
		assert_int_equal(f.error.status, status);
		end(&f);
	}
}

static int count_any(const struct drvp_row *row, void *user)
{
	(void)row;
	++*(uint64_t *)user;
	return 0;
}

/*
 * A flipped bit inside a value cannot be told from another value; but none may crash the process,
 * and none may make documents disappear without an error.
 */
static void no_flipped_bit_loses_a_document(void **state)
{
	unsigned refused = 0, bits = 1;

	(void)state;
	for (uint32_t bit = 0; bit < bits; bit += 3) {
		struct fixture f = { .script = { .fault = BIT_FLIP, .at = "getMore",
						 .flip = bit } };
		static const struct drvp_wanted wanted = { "v", DRVP_FORM_VALUE };
		struct drvp_scan question = { .columns = &wanted, .column_count = 1 };
		uint64_t seen = 0, rows;

		open_and_freeze(&f, "");
		question.relation = &f.relations[0];
		if (store->scan(f.session, &question, count_any, &seen, &rows, &f.error))
			refused++;
		else if (seen != DOCUMENTS)
			fail_msg("bit %u: %u documents", bit, (unsigned)seen);
		bits = f.script.reply_bits;
		end(&f);
	}
	assert_true(refused > bits / 3 / 10 && refused < bits / 3);
}

static void damage_is_named_without_values(void **state)
{
	struct fixture f = { 0 };

	(void)state;
	open_and_freeze(&f, "");
	f.script.fault = BAD_TEXT;
	f.script.at = "getMore";
	assert_int_equal(scan_status(&f), DRV_E_DAMAGED);
	assert_string_equal(f.error.message, "document 5, field v: the text is not valid UTF-8");
	end(&f);
}

static void a_lost_connection_is_not_made_anew(void **state)
{
	struct fixture f = { 0 };
	unsigned connections;
	uint64_t counted;
	struct drvp_selection all = { 0 };

	(void)state;
	open_and_freeze(&f, "");
	connections = responder_connections(f.responder);
	f.script.fault = HANG_UP;
	f.script.at = "find";
	assert_int_equal(scan_status(&f), DRV_E_CONNECT);
	f.script.fault = NO_FAULT;
	assert_int_equal(store->count(f.session, &f.relations[0], &all, &counted, &f.error),
			 DRV_E_CONNECT);
	assert_int_equal(responder_connections(f.responder), connections);
	end(&f);
}

static void errors_of_the_server_are_sorted(void **state)
{
	static const struct { int code, status; const char *name; } cases[] = {
		{ 13, DRV_E_DENIED, "Unauthorized" }, { 18, DRV_E_DENIED, NULL },
		{ 8000, DRV_E_DENIED, NULL }, { 50, DRV_E_TIMEOUT, "MaxTimeMSExpired" },
		{ 262, DRV_E_TIMEOUT, NULL }, { 43, DRV_E_BUSY, "CursorNotFound" },
		{ 91, DRV_E_CONNECT, "ShutdownInProgress" }, { 11600, DRV_E_CONNECT, NULL },
		{ 10107, DRV_E_BUSY, NULL }, { 123, DRV_E_UNSUPPORTED, NULL },
		{ 239, DRV_E_BUSY, "SnapshotTooOld" }, { 26, DRV_E_MISSING, NULL },
		{ 11601, DRV_E_CANCELLED, NULL }, { 301, DRV_E_DAMAGED, NULL },
		{ 2, DRV_E_USAGE, "BadValue" }, { 98765, DRV_E_INTERNAL, NULL },
	};
	static const char *const commands[] = { "find", "getMore", "aggregate" };

	(void)state;
	for (size_t i = 0; i < 3 * sizeof cases / sizeof *cases; i++) {
		struct fixture f = { 0 };
		int status;

		open_and_freeze(&f, "");
		f.script.at = commands[i % 3];
		f.script.error = cases[i / 3].code;
		f.script.error_name = cases[i / 3].name;
		status = scan_status(&f);
		if (status != cases[i / 3].status)
			fail_msg("%d in %s: status %d: %s", cases[i / 3].code, f.script.at, status,
				 f.error.message);
		assert_int_equal(f.error.native_code, cases[i / 3].code);
		assert_null(strstr(f.error.message, "canary"));
		assert_non_null(strstr(f.error.message, "collection things"));
		if (cases[i / 3].name)
			assert_non_null(strstr(f.error.message, cases[i / 3].name));
		end(&f);
	}
}

static void rights_and_absence_are_states(void **state)
{
	static const struct drvp_target targets[] = { { NULL, "things" }, { NULL, "absent" } };
	static const char *const commands[] = { "find", "listCollections" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct fixture f = { 0 };

		start(&f, "");
		f.script.at = commands[i];
		f.script.error = 13;
		assert_int_equal(store->open(&f.session, &f.address, &f.error), 0);
		assert_int_equal(store->freeze(f.session, targets, 2, &f.relations, &f.error), 0);
		assert_int_equal(f.relations[0].state, DRVP_RELATION_DENIED);
		assert_string_equal(f.relations[0].remedy,
				    "grant role \"read\" on database \"db\"");
		assert_int_equal(f.relations[1].state,
				 i ? DRVP_RELATION_DENIED : DRVP_RELATION_MISSING);
		end(&f);
	}
}

static void a_view_is_called_one(void **state)
{
	struct fixture f = { .script = { .view = true } };

	(void)state;
	open_and_freeze(&f, "");
	assert_int_equal(f.relations[0].kind, DRVP_VIEW);
	assert_int_equal(scan_status(&f), 0);
	assert_false(atomic_load(&f.script.natural));
	end(&f);
}

static int scan_ordered(struct fixture *f, uint64_t limit, uint64_t *rows)
{
	static const struct drvp_wanted wanted = { "v", DRVP_FORM_VALUE };
	static const char *const order[] = { "at.seq", "_id" };
	struct drvp_scan question = { .relation = &f->relations[0], .columns = &wanted,
				      .column_count = 1, .keys = true, .order_by = order,
				      .order_count = 2, .limit = limit };
	uint64_t seen = 0;

	return store->scan(f->session, &question, count_any, &seen, rows, &f->error);
}

static void an_order_is_asked_for_as_the_server_takes_it(void **state)
{
	static const struct { bool collated; int wire; const char *disk, *collation; } cases[] = {
		{ false, 0, "\"allowDiskUse\" : true", NULL },
		{ true, 0, "\"allowDiskUse\" : true",
		  "\"collation\" : { \"locale\" : \"simple\" }" },
		{ false, 8, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture f = { .script = { .collated = cases[i].collated,
						 .wire = cases[i].wire } };
		const char *find = f.script.find;
		uint64_t rows;

		open_and_freeze(&f, "");
		assert_int_equal(scan_ordered(&f, 0, &rows), 0);
		assert_int_equal(rows, DOCUMENTS);
		assert_non_null(strstr(find, "\"sort\" : { \"at.seq\" : 1, \"_id\" : 1 }"));
		assert_non_null(strstr(find, "\"hint\" : { \"$natural\" : 1 }"));
		assert_null(strstr(find, "\"limit\""));
		assert_true(cases[i].disk ? strstr(find, cases[i].disk) != NULL :
					    !strstr(find, "allowDiskUse"));
		assert_true(cases[i].collation ? strstr(find, cases[i].collation) != NULL :
						 !strstr(find, "collation"));
		end(&f);
	}
}

/* Also when the server gives an order, or takes no notice of a limit. */
static void an_ordered_answer_has_to_be_whole(void **state)
{
	struct fixture cut = { .script = { .fault = TRUNCATED_BATCH } };
	struct fixture twice = { .script = { .nulls = 1 } };
	struct fixture endless = { .script = { .counted = BATCH_SIZE } };
	uint64_t rows;

	(void)state;
	open_and_freeze(&cut, "");
	assert_int_equal(scan_ordered(&cut, 0, &rows), DRV_E_INTERNAL);
	end(&cut);
	/* It was asked for those with a value and for those without, and gave all each time. */
	open_and_freeze(&twice, "");
	assert_int_equal(scan_ordered(&twice, 0, &rows), DRV_E_INTERNAL);
	end(&twice);
	open_and_freeze(&endless, "");
	assert_int_equal(scan_ordered(&endless, BATCH_SIZE, &rows), DRV_E_INTERNAL);
	assert_int_equal(rows, BATCH_SIZE);
	assert_non_null(strstr(endless.script.find, "\"limit\" : 4"));
	end(&endless);
}

static void a_view_keeps_its_collation(void **state)
{
	struct fixture f = { .script = { .view = true, .collated = true } };
	uint64_t rows;

	(void)state;
	open_and_freeze(&f, "");
	assert_int_equal(scan_status(&f), 0);
	assert_int_equal(scan_ordered(&f, 0, &rows), DRV_E_UNSUPPORTED);
	end(&f);
}

static void a_replica_set_that_stands_still_is_quiescent(void **state)
{
	struct fixture f = { .script = { .replica = true } };
	struct drvp_identity identity;

	(void)state;
	open_and_freeze(&f, "?replicaSet=rs0");
	assert_int_equal(scan_status(&f), 0);
	assert_true(atomic_load(&f.script.majority));
	assert_int_equal(store->identify(f.session, &identity, &f.error), 0);
	assert_string_equal(identity.set_name, "rs0");
	assert_int_equal(identity.operation_time, (UINT64_C(1000) << 32) + 7);
	assert_int_equal(store->finish(f.session, &identity, &f.error), 0);
	assert_string_equal(identity.consistency, "quiescent: no writes seen while reading");
	end(&f);
}

static void a_moved_operation_time_is_said(void **state)
{
	struct fixture f = { .script = { .replica = true, .moving = true } };
	struct drvp_identity identity;

	(void)state;
	open_and_freeze(&f, "?replicaSet=rs0");
	assert_int_equal(scan_status(&f), 0);
	/* A difference is then no proof of a lost document, but no proof of the opposite either. */
	f.script.counted = DOCUMENTS + 1;
	assert_int_equal(scan_status(&f), DRV_E_BUSY);
	assert_int_equal(store->identify(f.session, &identity, &f.error), 0);
	assert_int_equal(store->finish(f.session, &identity, &f.error), 0);
	assert_int_equal(strncmp(identity.consistency, "none: the operation time moved", 30), 0);
	end(&f);
}

static void a_secondary_is_in_recovery(void **state)
{
	struct fixture f = { .script = { .replica = true, .secondary = true } };
	struct drvp_identity identity;

	(void)state;
	open_and_freeze(&f, "?replicaSet=rs0&readPreference=secondary");
	assert_int_equal(store->identify(f.session, &identity, &f.error), 0);
	assert_true(identity.in_recovery);
	end(&f);
	/* By default only a primary will do. */
	start(&f, "?replicaSet=rs0");
	assert_int_equal(store->open(&f.session, &f.address, &f.error), DRV_E_CONNECT);
	end(&f);
}

static void the_wrong_replica_set_is_refused(void **state)
{
	struct fixture f = { .script = { .replica = true } };

	(void)state;
	start(&f, "?replicaSet=other");
	assert_int_equal(store->open(&f.session, &f.address, &f.error), DRV_E_CONNECT);
	assert_true(strlen(f.error.message) > 20);
	end(&f);
}

static void a_server_that_is_too_old_is_unsupported(void **state)
{
	struct fixture f = { .script = { .old = true } };

	(void)state;
	start(&f, "");
	assert_int_equal(store->open(&f.session, &f.address, &f.error), DRV_E_UNSUPPORTED);
	end(&f);
}

static void workers_reach_the_same_process(void **state)
{
	struct fixture f = { 0 };
	struct drvp_session *worker;
	struct drvp_range ranges[4];
	size_t count;

	(void)state;
	open_and_freeze(&f, "");
	assert_int_equal(store->attach(&worker, f.session, &f.error), 0);
	store->close(&worker);
	atomic_store(&f.script.process, 9);
	assert_int_equal(store->attach(&worker, f.session, &f.error), DRV_E_BUSY);
	assert_null(worker);
	assert_int_equal(store->cut(f.session, &f.relations[0], ranges, 4, &count, &f.error), 0);
	assert_int_equal(count, 1);
	assert_int_equal(ranges[0].first_block, 0);
	assert_int_equal(ranges[0].end_block, UINT32_MAX);
	end(&f);
}

/* ------------------------------------------------------------------ time */

static int64_t seconds_since(int64_t start_at)
{
	return (drvp_monotonic() - start_at) / DRVP_SECOND;
}

static void a_mute_server_ends_in_time(void **state)
{
	static const char *const options[] = { "", "?tls=true", "?tls=true&tlsInsecure=true",
					       "?serverSelectionTryOnce=false" };

	(void)state;
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		struct fixture f = { 0 };
		int64_t begun = drvp_monotonic();

		f.error = (struct drv_error)DRV_ERROR_INIT;
		f.responder = responder_start(NULL, NULL);
		snprintf(f.uri, sizeof f.uri, "mongodb://127.0.0.1:%u/db%s",
			 responder_port(f.responder), options[i]);
		f.address.uri = f.uri;
		f.address.limits = (struct drvp_limits){ DRVP_SECOND / 2, DRVP_SECOND,
							 &f.cancelled };
		assert_int_equal(store->open(&f.session, &f.address, &f.error), DRV_E_TIMEOUT);
		/* Far below the driver's own 10 s, and with room for a slow machine. */
		assert_true(seconds_since(begun) < 5);
		end(&f);
	}
}

static void nobody_listening_is_found_out_at_once(void **state)
{
	struct fixture f = { 0 };
	int64_t begun;

	(void)state;
	start(&f, "");
	responder_stop(&f.responder);
	begun = drvp_monotonic();
	assert_int_equal(store->open(&f.session, &f.address, &f.error), DRV_E_CONNECT);
	assert_non_null(strstr(f.error.message, "refused"));
	assert_true(seconds_since(begun) < 1);
	end(&f);
}

static void a_stalled_answer_is_a_timeout(void **state)
{
	static const char *const commands[] = { "find", "getMore", "aggregate", "hello" };

	(void)state;
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		struct fixture f = { 0 };
		int64_t begun;

		open_and_freeze(&f, "");
		f.script.fault = STALL;
		f.script.at = commands[i];
		f.address.limits.work = DRVP_SECOND / 4;
		begun = drvp_monotonic();
		assert_int_equal(scan_status(&f), DRV_E_TIMEOUT);
		assert_true(seconds_since(begun) < 2);
		begun = drvp_monotonic();
		end(&f);
		assert_true(seconds_since(begun) < 2);
	}
}

static void cancelling_interrupts_a_wait(void **state)
{
	static const char *const commands[] = { "find", "getMore", "aggregate" };

	(void)state;
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		struct fixture f = { 0 };
		int64_t begun;

		open_and_freeze(&f, "");
		f.script.fault = STALL;
		f.script.at = commands[i];
		f.script.cancel = &f.cancelled;
		f.address.limits.work = 60 * DRVP_SECOND;
		begun = drvp_monotonic();
		assert_int_equal(scan_status(&f), DRV_E_CANCELLED);
		assert_true(drvp_monotonic() - begun < DRVP_SECOND);
		end(&f);
	}
}

static int stop_after_two(const struct drvp_row *row, void *user)
{
	(void)user;
	return row->ordinal == 1;
}

static int fail_at_once(const struct drvp_row *row, void *user)
{
	(void)row;
	(void)user;
	return DRV_E_IO;
}

static void a_scan_may_end_early(void **state)
{
	struct fixture f = { 0 };
	struct drvp_scan question = { .keys = true };
	uint64_t rows;

	(void)state;
	open_and_freeze(&f, "");
	question.relation = &f.relations[0];
	assert_int_equal(store->scan(f.session, &question, stop_after_two, NULL, &rows, &f.error),
			 0);
	assert_int_equal(rows, 2);
	assert_int_equal(atomic_load(&f.script.kills), 1);
	assert_int_equal(store->scan(f.session, &question, fail_at_once, NULL, &rows, &f.error),
			 DRV_E_IO);
	assert_int_equal(scan_status(&f), 0);
	end(&f);
}

/* ------------------------------------------------------------------ secrets and silence */

static void no_message_holds_a_password(void **state)
{
	static const char *const uris[] = {
		"mongodb://root:can@ary@127.0.0.1:1/db", "mongodb://root:can/ary@127.0.0.1/db",
		"mongodb://root:canary@127.0.0.1:1/db?authSource=admin",
		"mongodb://root:canary@", "mongodb://root:c%zzanary@host/db",
		"mongodb://root:canary@127.0.0.1:1/db?ssl=perhaps", "canary",
		"mongodb+srv://root:canary@no.such.name.invalid/db",
		"mongodb://root:canary@no.such.name.invalid/db",
	};

	(void)state;
	for (size_t i = 0; i < sizeof uris / sizeof *uris; i++) {
		struct drvp_address address = { .uri = uris[i], .database = "db",
						.limits = { DRVP_SECOND, DRVP_SECOND, NULL } };
		struct drv_error error = DRV_ERROR_INIT;
		struct drvp_session *session;

		assert_true(store->open(&session, &address, &error) < 0);
		assert_null(session);
		assert_null(strstr(error.message, "ary"));
		assert_true(strlen(error.message) > 10);
	}
}

static void a_database_has_to_be_named(void **state)
{
	struct drvp_address address = { .uri = "mongodb://127.0.0.1:1/",
					.limits = { DRVP_SECOND, DRVP_SECOND, NULL } };
	struct drv_error error = DRV_ERROR_INIT;
	struct drvp_session *session;

	(void)state;
	assert_int_equal(store->open(&session, &address, &error), DRV_E_USAGE);
	address.database = "a/b";
	assert_int_equal(store->open(&session, &address, &error), DRV_E_USAGE);
}

/* Runs what is known to make the driver log, with standard output and error in a file. */
static void nothing_is_printed(void **state)
{
	FILE *file = tmpfile();
	int out = dup(STDOUT_FILENO), err_fd = dup(STDERR_FILENO);
	long printed;

	(void)state;
	assert_non_null(file);
	fflush(NULL);
	dup2(fileno(file), STDOUT_FILENO);
	dup2(fileno(file), STDERR_FILENO);
	no_message_holds_a_password(NULL);
	a_stalled_answer_is_a_timeout(NULL);
	fflush(NULL);
	dup2(out, STDOUT_FILENO);
	dup2(err_fd, STDERR_FILENO);
	printed = lseek(fileno(file), 0, SEEK_END);
	fclose(file);
	close(out);
	close(err_fd);
	assert_int_equal(printed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_honest_server_is_read_whole),
		cmocka_unit_test(what_was_read_is_confirmed),
		cmocka_unit_test(every_bit_of_a_number_is_kept),
		cmocka_unit_test(an_empty_batch_is_not_the_end),
		cmocka_unit_test(no_broken_answer_passes),
		cmocka_unit_test(no_flipped_bit_loses_a_document),
		cmocka_unit_test(damage_is_named_without_values),
		cmocka_unit_test(a_lost_connection_is_not_made_anew),
		cmocka_unit_test(errors_of_the_server_are_sorted),
		cmocka_unit_test(rights_and_absence_are_states),
		cmocka_unit_test(a_view_is_called_one),
		cmocka_unit_test(an_order_is_asked_for_as_the_server_takes_it),
		cmocka_unit_test(an_ordered_answer_has_to_be_whole),
		cmocka_unit_test(a_view_keeps_its_collation),
		cmocka_unit_test(a_replica_set_that_stands_still_is_quiescent),
		cmocka_unit_test(a_moved_operation_time_is_said),
		cmocka_unit_test(a_secondary_is_in_recovery),
		cmocka_unit_test(the_wrong_replica_set_is_refused),
		cmocka_unit_test(a_server_that_is_too_old_is_unsupported),
		cmocka_unit_test(workers_reach_the_same_process),
		cmocka_unit_test(a_mute_server_ends_in_time),
		cmocka_unit_test(nobody_listening_is_found_out_at_once),
		cmocka_unit_test(a_stalled_answer_is_a_timeout),
		cmocka_unit_test(cancelling_interrupts_a_wait),
		cmocka_unit_test(a_scan_may_end_early),
		cmocka_unit_test(no_message_holds_a_password),
		cmocka_unit_test(a_database_has_to_be_named),
		cmocka_unit_test(nothing_is_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
