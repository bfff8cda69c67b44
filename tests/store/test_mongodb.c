/* test_mongodb.c: the MongoDB store against a real server, named by DRV_TEST_MONGODB */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/mongo.h"

#define MANY 5000
#define FIRST_DATE INT64_C(1767225600000)

static const struct drvp_store *const store = &drvp_store_mongodb;
static const struct drvp_selection everything;

static char database[64];
static struct drvp_address address;
static mongoc_client_t *writer;

static void insert(const char *collection, const bson_t *document)
{
	mongoc_collection_t *to = mongoc_client_get_collection(writer, database, collection);
	bson_error_t error;

	if (!mongoc_collection_insert_one(to, document, NULL, NULL, &error))
		fail_msg("insert: %s", error.message);
	mongoc_collection_destroy(to);
}

/* numbered: n counts up, at is a date a second later each time, and absent in every tenth. */
static void insert_many(void)
{
	mongoc_collection_t *to = mongoc_client_get_collection(writer, database, "many");
	mongoc_bulk_operation_t *bulk = mongoc_collection_create_bulk_operation_with_opts(to, NULL);
	bson_error_t error;

	for (int i = 0; i < MANY; i++) {
		bson_t document = BSON_INITIALIZER;

		BSON_APPEND_INT32(&document, "_id", i);
		BSON_APPEND_INT32(&document, "n", i);
		BSON_APPEND_UTF8(&document, "이름", i % 2 ? "보리" : "초코");
		if (i % 10)
			BSON_APPEND_DATE_TIME(&document, "at", FIRST_DATE + 1000 * i);
		else if (i % 20)
			BSON_APPEND_NULL(&document, "at");
		mongoc_bulk_operation_insert(bulk, &document);
		bson_destroy(&document);
	}
	if (!mongoc_bulk_operation_execute(bulk, NULL, &error))
		fail_msg("bulk: %s", error.message);
	mongoc_bulk_operation_destroy(bulk);
	mongoc_collection_destroy(to);
}

static void create(const char *collection)
{
	bson_t command = BSON_INITIALIZER;
	bson_error_t error;

	BSON_APPEND_UTF8(&command, "create", collection);
	if (!mongoc_client_command_simple(writer, database, &command, NULL, NULL, &error))
		fail_msg("create: %s", error.message);
	bson_destroy(&command);
}

static void insert_odd(void)
{
	static const uint8_t bytes[16] = "0123456789abcde";
	bson_t document = BSON_INITIALIZER, inner, list;
	bson_oid_t id;

	bson_oid_init_from_string(&id, "65f0a1b2c3d4e5f601234567");
	BSON_APPEND_OID(&document, "_id", &id);
	BSON_APPEND_UTF8(&document, "text", "위염 \"기록\"/조회\n");
	bson_append_utf8(&document, "nul", -1, "a\0b", 3);
	BSON_APPEND_INT64(&document, "big", INT64_MAX);
	BSON_APPEND_DOUBLE(&document, "real", 0.1);
	BSON_APPEND_BOOL(&document, "yes", true);
	BSON_APPEND_NULL(&document, "nothing");
	BSON_APPEND_DATE_TIME(&document, "date", FIRST_DATE + 678);
	BSON_APPEND_BINARY(&document, "uuid", BSON_SUBTYPE_UUID, bytes, 16);
	BSON_APPEND_BINARY(&document, "bytes", BSON_SUBTYPE_BINARY, bytes, 5);
	BSON_APPEND_DOCUMENT_BEGIN(&document, "envelope", &inner);
	BSON_APPEND_UTF8(&inner, "encrypted", "a6f539d44922");
	BSON_APPEND_ARRAY_BEGIN(&inner, "list", &list);
	BSON_APPEND_INT32(&list, "0", 1);
	BSON_APPEND_UTF8(&list, "1", "둘");
	bson_append_array_end(&inner, &list);
	bson_append_document_end(&document, &inner);
	insert("odd", &document);
	bson_destroy(&document);
}

/* Texts whose order by bytes is no language's, numbers of two types, and what is not there. */
static void insert_unsorted(void)
{
	static const char *const documents[] = {
		"{\"_id\": 1, \"k\": 2, \"t\": \"b\"}", "{\"_id\": 2, \"k\": 1, \"t\": \"\u00e9\"}",
		"{\"_id\": 3, \"k\": 1.0, \"t\": \"Z\"}", "{\"_id\": 4, \"k\": null, \"t\": \"a\"}",
		"{\"_id\": 5, \"t\": \"B\"}", "{\"_id\": 6, \"k\": 1, \"t\": \"a\"}",
		"{\"_id\": 7, \"k\": 2}", "{\"_id\": 8, \"k\": null}",
	};

	for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
		bson_t *one = bson_new_from_json((const uint8_t *)documents[i], -1, NULL);

		assert_non_null(one);
		insert("unsorted", one);
		bson_destroy(one);
	}
}

static int set_up(void **state)
{
	bson_t mixed = BSON_INITIALIZER;

	(void)state;
	insert_many();
	insert_odd();
	insert_unsorted();
	create("empty");
	BSON_APPEND_UTF8(&mixed, "at", "2025-12-30");
	insert("mixed", &mixed);
	bson_reinit(&mixed);
	BSON_APPEND_DATE_TIME(&mixed, "at", FIRST_DATE);
	insert("mixed", &mixed);
	bson_destroy(&mixed);
	return 0;
}

static int tear_down(void **state)
{
	bson_t command = BSON_INITIALIZER;

	(void)state;
	BSON_APPEND_INT32(&command, "dropDatabase", 1);
	mongoc_client_command_simple(writer, database, &command, NULL, NULL, NULL);
	bson_destroy(&command);
	return 0;
}

/* ------------------------------------------------------------------ helpers */

struct opened {
	struct drvp_session *session;
	struct drvp_relation *relations;
	struct drv_error error;
};

static struct opened open_for(const char *collection)
{
	struct drvp_target target = { NULL, collection };
	struct opened o = { .error = DRV_ERROR_INIT };

	if (store->open(&o.session, &address, &o.error) ||
	    store->freeze(o.session, &target, 1, &o.relations, &o.error))
		fail_msg("%s", o.error.message);
	return o;
}

static uint64_t count(struct opened *o, const struct drvp_selection *selection)
{
	uint64_t rows;

	if (store->count(o->session, o->relations, selection, &rows, &o->error))
		fail_msg("%s", o->error.message);
	return rows;
}

static const struct drvp_json *json(struct drvp_arena *arena, const char *text)
{
	static const struct drvp_json_limits limits = { 1 << 20, 50, 0 };
	struct drv_error error = DRV_ERROR_INIT;
	struct drvp_json *root;

	if (drvp_json_parse(&root, arena, text, strlen(text), &limits, &error))
		fail_msg("%s", error.message);
	return root;
}

/* ------------------------------------------------------------------ tests */

static void what_exists_and_what_does_not(void **state)
{
	static const struct drvp_target targets[] = {
		{ NULL, "many" }, { NULL, "empty" }, { NULL, "absent" }, { NULL, "man" },
		{ NULL, "한국어" },
	};
	static const int states[] = { DRVP_RELATION_READY, DRVP_RELATION_READY,
				      DRVP_RELATION_MISSING, DRVP_RELATION_MISSING,
				      DRVP_RELATION_MISSING };
	struct opened o = { .error = DRV_ERROR_INIT };

	(void)state;
	assert_int_equal(store->open(&o.session, &address, &o.error), 0);
	assert_int_equal(store->freeze(o.session, targets, 5, &o.relations, &o.error), 0);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(o.relations[i].state, states[i]);
		assert_string_equal(o.relations[i].name, targets[i].name);
		assert_null(o.relations[i].schema);
	}
	o.relations++;
	assert_int_equal(count(&o, &everything), 0);
	store->close(&o.session);
}

static void a_missing_database_has_no_collections(void **state)
{
	struct drvp_address elsewhere = address;
	struct drvp_target target = { NULL, "many" };
	struct drv_error error = DRV_ERROR_INIT;
	struct drvp_relation *relations;
	struct drvp_session *session;

	(void)state;
	elsewhere.database = "drverify_no_such_database";
	assert_int_equal(store->open(&session, &elsewhere, &error), 0);
	assert_int_equal(store->freeze(session, &target, 1, &relations, &error), 0);
	assert_int_equal(relations[0].state, DRVP_RELATION_MISSING);
	store->close(&session);
}

static void counts_are_exact(void **state)
{
	static const struct { const char *filter; uint64_t expected; } cases[] = {
		{ "{}", MANY },
		{ "{\"n\": {\"$lt\": 100}}", 100 },
		{ "{\"이름\": \"보리\"}", MANY / 2 },
		{ "{\"at\": {\"$type\": \"date\"}}", MANY - MANY / 10 },
		{ "{\"at\": {\"$exists\": false}}", MANY / 20 },
		{ "{\"at\": {\"$date\": \"2026-01-01T00:00:07Z\"}}", 1 },
		{ "{\"at\": {\"$date\": {\"$numberLong\": \"1767225607000\"}}}", 1 },
		{ "{\"$or\": [{\"n\": 3}, {\"n\": {\"$numberLong\": \"4\"}}, {\"n\": 5.0}]}", 3 },
		{ "{\"n\": {\"$in\": [1, 2, 999999]}}", 2 },
		{ "{\"n\": {\"$gte\": 12345678901}}", 0 },
	};
	struct opened o = open_for("many");
	uint64_t rows;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct drvp_arena arena = { 0 };
		struct drvp_selection selection = { .filter = json(&arena, cases[i].filter) };

		if (count(&o, &selection) != cases[i].expected)
			fail_msg("%s", cases[i].filter);
		drvp_arena_free(&arena);
	}
	assert_int_equal(store->estimate(o.session, o.relations, &rows, &o.error), 0);
	assert_int_equal(rows, MANY);
	store->close(&o.session);
}

static void conditions_mean_what_they_say(void **state)
{
	struct drvp_arena arena = { 0 };
	const struct drvp_json *time = json(&arena, "\"2026-01-01T00:00:15Z\"");
	const struct drvp_json *between = json(&arena, "\"2026-01-01T00:00:14.0005Z\"");
	const struct drvp_json *number = json(&arena, "15"), *name = json(&arena, "\"초코\"");
	const struct {
		struct drvp_condition where[2];
		size_t count;
		uint64_t expected;
	} cases[] = {
		{ { { "at", DRVP_IS_NULL, NULL } }, 1, MANY / 10 },
		{ { { "at", DRVP_NOT_NULL, NULL } }, 1, MANY - MANY / 10 },
		{ { { "n", DRVP_AT_LEAST, number } }, 1, MANY - 15 },
		{ { { "n", DRVP_EQUALS, number } }, 1, 1 },
		{ { { "at", DRVP_EQUALS, time } }, 1, 1 },
		{ { { "at", DRVP_EQUALS, between } }, 1, 0 },
		/* All but 1 … 14 without 10. */
		{ { { "at", DRVP_AT_LEAST, time } }, 1, MANY - MANY / 10 - 13 },
		{ { { "at", DRVP_AT_LEAST, between } }, 1, MANY - MANY / 10 - 13 },
		{ { { "이름", DRVP_EQUALS, name }, { "n", DRVP_AT_LEAST, number } }, 2,
		  MANY / 2 - 8 },
	};
	struct opened o = open_for("many");

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct drvp_selection selection = { cases[i].where, cases[i].count, NULL };
		uint64_t rows = count(&o, &selection);

		if (rows != cases[i].expected)
			fail_msg("case %zu: %llu", i, (unsigned long long)rows);
	}
	drvp_arena_free(&arena);
	store->close(&o.session);
}

struct sums {
	uint64_t rows, ids, present;
};

static int add_up(const struct drvp_row *row, void *user)
{
	struct sums *sums = user;

	assert_int_equal(row->value_count, 2);
	assert_int_equal(row->key_count, 1);
	assert_int_equal(row->values[0].kind, DRVP_TEXT);
	assert_true(row->values[1].kind == DRVP_PRESENT || row->values[1].kind == DRVP_NULL);
	sums->rows++;
	sums->ids += (uint64_t)row->keys[0].integer;
	sums->present += row->values[1].kind == DRVP_PRESENT;
	return 0;
}

static void a_scan_feeds_every_document_once(void **state)
{
	static const struct drvp_wanted wanted[] = {
		{ "이름", DRVP_FORM_VALUE }, { "at", DRVP_FORM_PRESENCE },
	};
	struct opened o = open_for("many");
	struct drvp_scan scan = { .relation = o.relations, .columns = wanted, .column_count = 2,
				  .keys = true };
	struct sums sums = { 0 };
	uint64_t rows;

	(void)state;
	if (store->scan(o.session, &scan, add_up, &sums, &rows, &o.error))
		fail_msg("%s", o.error.message);
	assert_int_equal(rows, MANY);
	assert_int_equal(sums.rows, MANY);
	assert_int_equal(sums.ids, (uint64_t)MANY * (MANY - 1) / 2);
	assert_int_equal(sums.present, MANY - MANY / 10);
	store->close(&o.session);
}

static int count_only(const struct drvp_row *row, void *user)
{
	(void)row;
	++*(uint64_t *)user;
	return 0;
}

static void an_empty_collection_feeds_nothing(void **state)
{
	struct opened o = open_for("empty");
	struct drvp_scan scan = { .relation = o.relations };
	uint64_t rows = 1, seen = 0;

	(void)state;
	assert_int_equal(store->scan(o.session, &scan, count_only, &seen, &rows, &o.error), 0);
	assert_int_equal(rows, 0);
	assert_int_equal(seen, 0);
	store->close(&o.session);
}

static int check_odd(const struct drvp_row *row, void *user)
{
	const struct drvp_value *v = row->values;
	const struct drvp_json *list;

	++*(uint64_t *)user;
	assert_int_equal(v[0].kind, DRVP_TEXT);
	assert_string_equal(v[0].bytes, "위염 \"기록\"/조회\n");
	assert_int_equal(v[1].len, 3);
	assert_memory_equal(v[1].bytes, "a\0b", 3);
	assert_int_equal(v[2].kind, DRVP_INTEGER);
	assert_true(v[2].integer == INT64_MAX);
	assert_int_equal(v[3].kind, DRVP_FLOAT);
	assert_true(v[3].number == 0.1);
	assert_int_equal(v[4].kind, DRVP_BOOL);
	assert_int_equal(v[5].kind, DRVP_NULL);
	assert_int_equal(v[6].kind, DRVP_INSTANT);
	assert_int_equal(v[6].integer, (FIRST_DATE + 678) * 1000);
	assert_int_equal(v[7].kind, DRVP_UUID);
	assert_int_equal(v[8].kind, DRVP_BYTES);
	assert_int_equal(v[8].len, 5);
	assert_int_equal(v[9].kind, DRVP_DOCUMENT);
	assert_true(drvp_json_is(drvp_json_member(v[9].json, "encrypted"), "a6f539d44922"));
	list = drvp_json_member(v[9].json, "list");
	assert_int_equal(list->count, 2);
	assert_string_equal(list->first->text, "1");
	assert_true(drvp_json_is(list->first->next, "둘"));
	assert_int_equal(v[10].kind, DRVP_TEXT);
	assert_int_equal(v[11].kind, DRVP_NULL);
	assert_int_equal(v[12].kind, DRVP_TEXT);
	assert_string_equal(v[12].bytes, "둘");
	assert_int_equal(row->keys[0].kind, DRVP_OBJECT_ID);
	return 0;
}

static void values_arrive_as_they_were_stored(void **state)
{
	static const char *const paths[] = {
		"text", "nul", "big", "real", "yes", "nothing", "date", "uuid", "bytes", "envelope",
		"envelope.encrypted", "envelope.absent.deeper", "envelope.list.1",
	};
	struct drvp_wanted wanted[sizeof paths / sizeof *paths];
	struct opened o = open_for("odd");
	struct drvp_scan scan = { .relation = o.relations, .columns = wanted,
				  .column_count = sizeof paths / sizeof *paths, .keys = true };
	uint64_t rows, seen = 0;

	(void)state;
	for (size_t i = 0; i < scan.column_count; i++)
		wanted[i] = (struct drvp_wanted){ paths[i], DRVP_FORM_VALUE };
	if (store->scan(o.session, &scan, check_odd, &seen, &rows, &o.error))
		fail_msg("%s", o.error.message);
	assert_int_equal(seen, 1);
	wanted[0].column = "envelope.list.name";
	assert_int_equal(store->scan(o.session, &scan, check_odd, &seen, &rows, &o.error),
			 DRV_E_UNSUPPORTED);
	wanted[0].column = "a..b";
	assert_int_equal(store->scan(o.session, &scan, check_odd, &seen, &rows, &o.error),
			 DRV_E_USAGE);
	store->close(&o.session);
}

/* ------------------------------------------------------------------ order */

static int note_id(const struct drvp_row *row, void *user)
{
	drvp_strbuf_printf(user, "%lld ", (long long)row->keys[0].integer);
	return 0;
}

static void expect_order(const struct drvp_scan *question, const char *expected)
{
	struct opened o = open_for("unsorted");
	struct drvp_strbuf ids = DRVP_STRBUF_INIT;
	struct drvp_scan scan = *question;
	uint64_t rows;

	scan.relation = o.relations;
	scan.keys = true;
	if (store->scan(o.session, &scan, note_id, &ids, &rows, &o.error))
		fail_msg("%s", o.error.message);
	assert_string_equal(drvp_strbuf_text(&ids), expected);
	assert_int_equal(rows, strlen(expected) / 2);
	drvp_strbuf_free(&ids);
	store->close(&o.session);
}

static void rows_come_in_order_with_nulls_last(void **state)
{
	static const char *const by[] = { "k", "t" }, *const by_text[] = { "t", "_id" };
	struct drvp_arena arena = { 0 };
	struct drvp_condition two = { "k", DRVP_AT_LEAST, json(&arena, "2") };
	struct drvp_condition text = { "t", DRVP_AT_LEAST, json(&arena, "\"a\"") };
	struct drvp_selection ones = { .filter = json(&arena, "{\"k\": 1}") };

	(void)state;
	expect_order(&(struct drvp_scan){ .order_by = by, .order_count = 2 }, "3 6 2 1 7 5 4 8 ");
	expect_order(&(struct drvp_scan){ .order_by = by, .order_count = 2, .limit = 3 },
		     "3 6 2 ");
	expect_order(&(struct drvp_scan){ .order_by = by, .order_count = 2, .limit = 6 },
		     "3 6 2 1 7 5 ");
	expect_order(&(struct drvp_scan){ .order_by = by, .order_count = 2, .limit = 100 },
		     "3 6 2 1 7 5 4 8 ");
	expect_order(&(struct drvp_scan){ .order_by = by, .order_count = 2,
					  .selection = { &two, 1, NULL } }, "1 7 ");
	expect_order(&(struct drvp_scan){ .order_by = by_text, .order_count = 2 },
		     "5 3 4 6 1 2 7 8 ");
	expect_order(&(struct drvp_scan){ .order_by = by_text, .order_count = 2,
					  .selection = { &text, 1, NULL } }, "4 6 1 2 ");
	/* Without a null among them, in one go. */
	expect_order(&(struct drvp_scan){ .order_by = by, .order_count = 2, .selection = ones },
		     "3 6 2 ");
	drvp_arena_free(&arena);
}

static void an_order_over_many_batches(void **state)
{
	static const char *const by[] = { "이름", "_id" };
	struct opened o = open_for("many");
	struct drvp_scan scan = { .relation = o.relations, .keys = true, .order_by = by,
				  .order_count = 2 };
	struct drvp_strbuf ids = DRVP_STRBUF_INIT, expected = DRVP_STRBUF_INIT;
	uint64_t rows;

	(void)state;
	for (int odd = 1; odd >= 0; odd--)      /* 보리, then 초코 */
		for (int i = odd; i < MANY; i += 2)
			drvp_strbuf_printf(&expected, "%d ", i);
	assert_int_equal(store->scan(o.session, &scan, note_id, &ids, &rows, &o.error), 0);
	assert_int_equal(rows, MANY);
	assert_string_equal(ids.data, expected.data);
	drvp_strbuf_free(&ids);
	drvp_strbuf_free(&expected);
	store->close(&o.session);
}

static void what_cannot_be_ordered_or_joined_is_refused(void **state)
{
	static const char *const wrong[] = { "a..b" };
	struct opened o = open_for("unsorted");
	struct drvp_join join = { .relation = o.relations };
	struct drvp_scan joined = { .relation = o.relations, .join = &join };
	struct drvp_scan unordered = { .relation = o.relations, .order_by = wrong,
				       .order_count = 1 };
	uint64_t rows;

	(void)state;
	assert_int_equal(store->scan(o.session, &joined, note_id, NULL, &rows, &o.error),
			 DRV_E_UNSUPPORTED);
	assert_int_equal(store->scan(o.session, &unordered, note_id, NULL, &rows, &o.error),
			 DRV_E_USAGE);
	store->close(&o.session);
}

/* ------------------------------------------------------------------ whole documents */

static int check_whole(const struct drvp_row *row, void *user)
{
	static const char *const names[] = { "_id", "text", "nul", "big", "real", "yes", "nothing",
					     "date", "uuid", "bytes", "envelope" };
	const struct drvp_json *node = row->values[0].json->first;

	++*(uint64_t *)user;
	assert_int_equal(row->values[0].kind, DRVP_DOCUMENT);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++, node = node->next)
		assert_string_equal(node->key, names[i]);
	assert_null(node);
	node = drvp_json_member(row->values[0].json, "_id");
	assert_true(drvp_json_is(node, "65f0a1b2c3d4e5f601234567"));
	assert_int_equal(node->origin, DRVP_ORIGIN_OBJECT_ID);
	node = drvp_json_member(row->values[0].json, "date");
	assert_true(drvp_json_is(node, "2026-01-01T00:00:00.678Z"));
	assert_int_equal(node->origin, DRVP_ORIGIN_DATE);
	assert_string_equal(row->values[1].bytes, "둘");
	return 0;
}

static void a_document_arrives_whole(void **state)
{
	static const struct drvp_wanted wanted[] = {
		{ "", DRVP_FORM_VALUE }, { "envelope.list.1", DRVP_FORM_VALUE },
	};
	struct opened o = open_for("odd");
	struct drvp_scan scan = { .relation = o.relations, .columns = wanted, .column_count = 2 };
	uint64_t rows, seen = 0;

	(void)state;
	if (store->scan(o.session, &scan, check_whole, &seen, &rows, &o.error))
		fail_msg("%s", o.error.message);
	assert_int_equal(seen, 1);
	store->close(&o.session);
}

struct stored {
	uint8_t bytes[1024];
	size_t len;
	bool has_text, has_big, has_nested;
};

static int note_stored(const struct drvp_row *row, void *user)
{
	struct stored *stored = user;
	bson_iter_t at, inner;
	bson_t document;

	assert_int_equal(row->value_count, 2);
	assert_int_equal(row->values[0].len, row->stable_len);
	assert_memory_equal(row->values[0].bytes, row->stable, row->stable_len);
	assert_int_equal(row->values[1].bytes[0], BSON_TYPE_OID);
	assert_true(row->stable_len <= sizeof stored->bytes);
	memcpy(stored->bytes, row->stable, row->stable_len);
	stored->len = row->stable_len;
	assert_true(bson_init_static(&document, stored->bytes, stored->len));
	stored->has_text = bson_has_field(&document, "text");
	stored->has_big = bson_has_field(&document, "big");
	stored->has_nested = bson_iter_init(&at, &document) &&
			     bson_iter_find_descendant(&at, "envelope.list", &inner);
	return 0;
}

static struct stored read_stored(const char *const *except, size_t count)
{
	static const struct drvp_wanted wanted[] = {
		{ "", DRVP_FORM_STABLE }, { "_id", DRVP_FORM_STABLE },
	};
	struct opened o = open_for("odd");
	struct drvp_scan scan = { .relation = o.relations, .columns = wanted, .column_count = 2,
				  .except = except, .except_count = count, .unplaced = true };
	struct stored stored = { .len = 0 };
	uint64_t rows;

	if (store->scan(o.session, &scan, note_stored, &stored, &rows, &o.error))
		fail_msg("%s", o.error.message);
	assert_int_equal(rows, 1);
	store->close(&o.session);
	return stored;
}

/* Which fields are left out is the server's work; the others' bytes stay as they are. */
static void fields_can_be_left_out_of_stored_bytes(void **state)
{
	static const char *const except[] = { "text", "envelope.list", "not there" };
	struct stored whole = read_stored(NULL, 0), again = read_stored(NULL, 0);
	struct stored less = read_stored(except, 3);

	(void)state;
	assert_int_equal(whole.len, again.len);
	assert_memory_equal(whole.bytes, again.bytes, whole.len);
	assert_true(whole.has_text && whole.has_big && whole.has_nested);
	assert_true(!less.has_text && less.has_big && !less.has_nested);
	assert_true(less.len < whole.len);
}

static void the_newest_date_is_found(void **state)
{
	struct drvp_arena arena = { 0 };
	struct drvp_selection early = { .filter = json(&arena, "{\"n\": {\"$lt\": 100}}") };
	struct opened o = open_for("many"), none = open_for("empty"), mixed = open_for("mixed");
	int64_t instant;
	uint64_t rows;
	bool found;

	(void)state;
	assert_int_equal(store->newest(o.session, o.relations, &everything, "at", NULL, &instant,
				       &found, &rows, &o.error), 0);
	assert_true(found);
	assert_int_equal(rows, MANY);
	assert_int_equal(instant, (FIRST_DATE + 1000 * (MANY - 1)) * 1000);
	assert_int_equal(store->newest(o.session, o.relations, &early, "at", NULL, &instant, &found,
				       &rows, &o.error), 0);
	assert_int_equal(rows, 100);
	assert_int_equal(instant, (FIRST_DATE + 99000) * 1000);
	assert_int_equal(store->newest(o.session, o.relations, &everything, "absent", NULL,
				       &instant, &found, &rows, &o.error), 0);
	assert_false(found);
	assert_int_equal(store->newest(none.session, none.relations, &everything, "at", NULL,
				       &instant, &found, &rows, &none.error), 0);
	assert_false(found);
	assert_int_equal(rows, 0);
	/* Text sorts apart from dates: whichever is newest cannot be said. */
	assert_int_equal(store->newest(mixed.session, mixed.relations, &everything, "at", NULL,
				       &instant, &found, &rows, &mixed.error), DRV_E_USAGE);
	assert_int_equal(store->newest(o.session, o.relations, &everything, "n", NULL, &instant,
				       &found, &rows, &o.error), DRV_E_USAGE);
	store->close(&o.session);
	store->close(&none.session);
	store->close(&mixed.session);
	drvp_arena_free(&arena);
}

static void a_filter_that_the_server_refuses_is_an_error(void **state)
{
	struct drvp_arena arena = { 0 };
	struct drvp_selection bad = { .filter = json(&arena, "{\"n\": {\"$nope\": 1}}") };
	struct opened o = open_for("many");
	uint64_t rows;

	(void)state;
	assert_true(store->count(o.session, o.relations, &bad, &rows, &o.error) < 0);
	assert_non_null(strstr(o.error.message, "collection many"));
	/* The session survives it. */
	assert_int_equal(count(&o, &everything), MANY);
	store->close(&o.session);
	drvp_arena_free(&arena);
}

static void the_server_is_identified(void **state)
{
	struct opened o = open_for("many");
	struct drvp_identity identity;
	struct drvp_session *worker;
	uint64_t rows;

	(void)state;
	assert_int_equal(store->identify(o.session, &identity, &o.error), 0);
	assert_int_equal(strncmp(identity.server, "MongoDB ", 8), 0);
	assert_true(identity.server[8] >= '0' && identity.server[8] <= '9');
	assert_non_null(strstr(identity.address, database));
	assert_null(strchr(identity.address, '@'));
	assert_true(llabs(identity.server_now - drvp_now()) < 60 * DRVP_SECOND);
	assert_int_equal(store->attach(&worker, o.session, &o.error), 0);
	assert_int_equal(store->count(worker, o.relations, &everything, &rows, &o.error), 0);
	assert_int_equal(rows, MANY);
	store->close(&worker);
	assert_int_equal(store->finish(o.session, &identity, &o.error), 0);
	assert_true(strncmp(identity.consistency, "none: ", 6) == 0 ||
		    strncmp(identity.consistency, "quiescent: ", 11) == 0);
	store->close(&o.session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_exists_and_what_does_not),
		cmocka_unit_test(a_missing_database_has_no_collections),
		cmocka_unit_test(counts_are_exact),
		cmocka_unit_test(conditions_mean_what_they_say),
		cmocka_unit_test(a_scan_feeds_every_document_once),
		cmocka_unit_test(an_empty_collection_feeds_nothing),
		cmocka_unit_test(values_arrive_as_they_were_stored),
		cmocka_unit_test(rows_come_in_order_with_nulls_last),
		cmocka_unit_test(an_order_over_many_batches),
		cmocka_unit_test(what_cannot_be_ordered_or_joined_is_refused),
		cmocka_unit_test(a_document_arrives_whole),
		cmocka_unit_test(fields_can_be_left_out_of_stored_bytes),
		cmocka_unit_test(the_newest_date_is_found),
		cmocka_unit_test(a_filter_that_the_server_refuses_is_an_error),
		cmocka_unit_test(the_server_is_identified),
	};
	const char *uri = getenv("DRV_TEST_MONGODB");
	int failed;

	if (!uri || !*uri) {
		fprintf(stderr, "skipped: DRV_TEST_MONGODB names no server\n");
		return 77;           /* what meson takes for "skipped" */
	}
	snprintf(database, sizeof database, "drverify_test_%ld", (long)getpid());
	address = (struct drvp_address){ uri, database,
					 { 10 * DRVP_SECOND, 60 * DRVP_SECOND, NULL } };
	mongoc_init();
	mongoc_log_set_handler(NULL, NULL);
	writer = mongoc_client_new(uri);
	if (!writer) {
		fprintf(stderr, "DRV_TEST_MONGODB is no valid URI\n");
		return 1;
	}
	failed = cmocka_run_group_tests(tests, set_up, tear_down);
	mongoc_client_destroy(writer);
	mongoc_cleanup();
	return failed;
}
