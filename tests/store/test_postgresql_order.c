/* test_postgresql_order.c: rows in a wanted order, a few of them, from a bound on, and joined */
#include "pg_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#define STORE (&drvp_store_postgresql)

/* The ids that a scan gives, each with a blank behind. */
static void expect_order(const char *table, const struct drvp_scan *question, const char *expected)
{
	static const struct drvp_wanted id = { "id", DRVP_FORM_VALUE };
	struct drvp_session *session = pg_open();
	struct drvp_scan scan = *question;
	struct pg_scan seen = { .stop_at = 0 };

	scan.relation = pg_freeze(session, "public", table, DRVP_RELATION_READY);
	scan.columns = &id;
	scan.column_count = 1;
	if (pg_run(&seen, session, &scan))
		fail_msg("%s", seen.err.message);
	for (size_t i = 0; i < seen.text.len; i++)
		if (seen.text.data[i] == '\n')
			seen.text.data[i] = ' ';
	assert_string_equal(drvp_strbuf_text(&seen.text), expected);
	drvp_strbuf_free(&seen.text);
	pg_close(&session);
}

static void expect_sorted(const char *column, const char *expected)
{
	expect_order("sorted", &(struct drvp_scan){ .order_by = &column, .order_count = 1 },
		     expected);
}

/* A collation that sorts like a dictionary, where this server has one. */
static const char *dictionary(void)
{
	return pg_number("SELECT count(*) FROM pg_collation WHERE collname = 'und-x-icu'") ?
		" COLLATE \"und-x-icu\"" : "";
}

static void texts_by_bytes_and_nulls_last(void **state)
{
	(void)state;
	pg_sql("DO $$BEGIN IF EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'citext')"
	       " THEN CREATE EXTENSION citext; ELSE CREATE DOMAIN citext AS text; END IF; END$$");
	pg_sql("CREATE DOMAIN tag AS text%s;"
	       "CREATE TYPE mood AS ENUM ('sad', 'happy');"
	       "CREATE TABLE sorted (id int, t text%s, v varchar(9)%s, d tag, c citext, n numeric,"
	       " u uuid, z timestamptz, m mood);"
	       "INSERT INTO sorted VALUES (1, 'b', 'b', 'b', 'b', 10, '2%s', 'infinity', 'happy'),"
	       " (2, 'é', 'é', 'é', 'é', 9.5, '1%s', '2025-01-01Z', 'sad'),"
	       " (3, 'B', 'B', 'B', 'B', -1, 'f%s', '-infinity', 'happy'),"
	       " (4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),"
	       " (5, 'a', 'a', 'a', 'a', 'NaN', '0%s', '2024-01-01Z', 'sad')", dictionary(),
	       dictionary(), dictionary(), "f0c0000-0000-4000-8000-0000000000ff",
	       "f0c0000-0000-4000-8000-0000000000ff", "f0c0000-0000-4000-8000-0000000000ff",
	       "f0c0000-0000-4000-8000-0000000000ff");
	expect_sorted("t", "3 5 1 2 4 ");
	expect_sorted("v", "3 5 1 2 4 ");
	expect_sorted("d", "3 5 1 2 4 ");
	expect_sorted("c", "3 5 1 2 4 ");
	expect_sorted("n", "3 2 1 5 4 ");
	expect_sorted("u", "5 2 1 3 4 ");
	expect_sorted("z", "3 5 2 1 4 ");
	expect_sorted("m", "2 5 1 3 4 ");
}

static void ties_come_in_heap_order(void **state)
{
	static const char *const by[] = { "seq" };
	const struct drvp_scan ordered = { .order_by = by, .order_count = 1 };
	struct drvp_strbuf expected = DRVP_STRBUF_INIT;

	(void)state;
	/* More than is sorted in memory, its heap order unlike that of ids. */
	pg_sql("CREATE TABLE ties AS SELECT 1000 - i AS id, i / 500 AS seq, repeat('x', 50) AS f"
	       " FROM generate_series(1, 999) i;"
	       "CREATE TABLE tree (id int, seq int) PARTITION BY RANGE (id);"
	       "CREATE TABLE tree_high PARTITION OF tree FOR VALUES FROM (3) TO (9);"
	       "CREATE TABLE tree_low PARTITION OF tree FOR VALUES FROM (0) TO (3);"
	       "INSERT INTO tree VALUES (4, 1), (2, 1), (3, 1), (1, 1), (5, 0), (0, NULL)");
	for (int id = 999; id > 0; id--)
		drvp_strbuf_printf(&expected, "%d ", id);
	for (int again = 0; again < 3; again++)
		expect_order("ties", &ordered, expected.data);
	/* Tables of a tree come one after the other, in the order they were made. */
	expect_order("tree", &ordered, "5 4 3 2 1 0 ");
	pg_sql("CREATE VIEW seen AS SELECT id, seq FROM tree WHERE id <> 1");
	expect_order("seen", &(struct drvp_scan){ .order_by = (const char *const[]){ "seq", "id" },
						  .order_count = 2 }, "5 2 3 4 0 ");
	drvp_strbuf_free(&expected);
}

static void a_limit_takes_the_first(void **state)
{
	static const char *const by[] = { "t" };

	(void)state;
	expect_order("sorted", &(struct drvp_scan){ .order_by = by, .order_count = 1, .limit = 2 },
		     "3 5 ");
	expect_order("sorted", &(struct drvp_scan){ .limit = 3 }, "1 2 3 ");
	expect_order("sorted", &(struct drvp_scan){ .limit = UINT32_MAX }, "1 2 3 4 5 ");
	expect_order("sorted", &(struct drvp_scan){ .range = &(struct drvp_range){ 0, 1 },
						    .order_by = by, .order_count = 1 },
		     "3 5 1 2 4 ");
}

/* ------------------------------------------------------------------ bounds */

struct bounds {
	bool as_text;                /* the way it prints; else the number in it */
	size_t count;
	struct drvp_json values[16];
	struct drvp_strbuf texts[16];
};

static int note_bound(const struct drvp_row *row, void *user)
{
	struct bounds *b = user;
	const struct drvp_value *v = &row->values[0];
	struct drvp_strbuf *text = &b->texts[b->count];
	bool string = b->as_text && v->kind != DRVP_INTEGER && v->kind != DRVP_DECIMAL;

	if (v->kind == DRVP_NULL)
		return 0;
	if (b->as_text)
		drvp_value_print(text, v);
	else
		drvp_strbuf_printf(text, "%lld", (long long)v->integer);
	b->values[b->count++] = (struct drvp_json){
		.type = string ? DRVP_JSON_STRING : DRVP_JSON_NUMBER,
		.text = drvp_strbuf_text(text), .len = text->len };
	return 0;
}

/* With all keys different: from the n-th on there are those from the n-th on, and no more. */
static void expect_handed_back(const char *table, const char *column, bool as_text)
{
	struct drvp_wanted wanted = { column, DRVP_FORM_VALUE };
	struct drvp_session *session = pg_open();
	struct drvp_scan scan = {
		.relation = pg_freeze(session, "public", table, DRVP_RELATION_READY),
		.columns = &wanted, .column_count = 1, .order_by = &column, .order_count = 1 };
	struct bounds b = { .as_text = as_text };
	struct drv_error err = DRV_ERROR_INIT;
	uint64_t rows;

	assert_int_equal(STORE->scan(session, &scan, note_bound, &b, &rows, NULL), 0);
	assert_true(rows > b.count && b.count > 3);
	for (size_t i = 0; i < b.count; i++) {
		struct drvp_condition from = { column, DRVP_AT_LEAST, &b.values[i] };
		struct drvp_selection selection = { &from, 1, NULL };

		if (STORE->count(session, scan.relation, &selection, &rows, &err))
			fail_msg("%s, %s: %s", column, b.values[i].text, err.message);
		if (rows != b.count - i)
			fail_msg("%s, %s: %llu", column, b.values[i].text,
				 (unsigned long long)rows);
	}
	for (size_t i = 0; i < b.count; i++)
		drvp_strbuf_free(&b.texts[i]);
	pg_close(&session);
}

static void each_key_can_be_handed_back(void **state)
{
	static const char *const numbers[] = { "big", "z", "l", "d" };
	static const char *const texts[] = { "big", "n", "z", "l", "d", "s", "u", "c", "m" };

	(void)state;
	pg_sql("CREATE TABLE keyed (big int8, n numeric, z timestamptz, l timestamp, d date,"
	       " s text%s, u uuid, c citext, m mood);"
	       "INSERT INTO keyed VALUES"
	       " (9007199254740993, 1.10, '2025-12-30 05:30:00.123457Z',"
	       " '2025-12-30 05:30:00.123457', '2025-12-30', 'b'),"
	       " (9007199254740992, 1.1000000000000000000001, '2025-12-30 05:30:00.123456Z',"
	       " '2025-12-30 05:30:00.123456', '2025-12-29', 'B'),"
	       " (-9223372036854775808, -1e30, '-infinity', '-infinity', '-infinity', ''),"
	       " (9223372036854775807, 1e30, 'infinity', 'infinity', 'infinity', 'é'),"
	       " (0, 0, '9999-12-31 23:59:59.999999Z', '9999-12-31 23:59:59.999999',"
	       " '9999-12-31', E'a\\\\''b'),"
	       " (-1, -1, '0001-01-01Z', '0001-01-01', '0001-01-01', 'A'),"
	       " (NULL, NULL, NULL, NULL, NULL, NULL);"
	       "UPDATE keyed SET c = s, u = md5(s)::uuid;"
	       "ALTER TYPE mood ADD VALUE 'so so'; ALTER TYPE mood ADD VALUE 'glad'", dictionary());
	pg_sql("INSERT INTO keyed (m) VALUES ('sad'), ('happy'), ('so so'), ('glad')");
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		expect_handed_back("keyed", numbers[i], false);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		expect_handed_back("keyed", texts[i], true);
}

/* Years that their text has no common form for. */
static void any_time_is_a_number(void **state)
{
	(void)state;
	pg_sql("CREATE TABLE ages (z timestamptz, l timestamp, d date);"
	       "INSERT INTO ages VALUES"
	       " ('4713-01-01 BC', '4713-01-01 BC', '4713-01-01 BC'),"
	       " ('0001-12-31 23:59:59.999999Z BC', '0001-12-31 23:59:59.999999 BC',"
	       " '0001-12-31 BC'),"
	       " ('0045-02-29Z BC', '0045-02-29 BC', '0045-02-29 BC'),"
	       " ('294247-01-09 04:00:54.775806Z', '294247-01-09 04:00:54.775806', '294247-01-09'),"
	       " ('10000-01-01Z', '10000-01-01', '10000-01-01'), (NULL, NULL, NULL)");
	expect_handed_back("ages", "z", false);
	expect_handed_back("ages", "l", false);
	expect_handed_back("ages", "d", false);
}

static void count_from(const char *column, int type, const char *bound, int expected)
{
	struct drvp_session *session = pg_open();
	struct drvp_relation *relation = pg_freeze(session, "public", "keyed",
						   DRVP_RELATION_READY);
	struct drvp_json value = { .type = (uint8_t)type, .text = bound, .len = strlen(bound) };
	struct drvp_condition from = { column, DRVP_AT_LEAST, &value };
	struct drvp_selection selection = { &from, 1, NULL };
	uint64_t rows;

	assert_int_equal(STORE->count(session, relation, &selection, &rows, NULL), expected);
	pg_close(&session);
}

static void bounds_that_make_no_sense(void **state)
{
	(void)state;
	count_from("z", DRVP_JSON_NUMBER, "1.5", DRV_E_USAGE);
	count_from("z", DRVP_JSON_NUMBER, "1e3", DRV_E_USAGE);
	count_from("z", DRVP_JSON_NUMBER, "9223372036854775808", DRV_E_USAGE);
	count_from("d", DRVP_JSON_NUMBER, "9223372036854775806", DRV_E_USAGE);
	count_from("z", DRVP_JSON_STRING, "yesterday evening", DRV_E_USAGE);
	count_from("s", DRVP_JSON_NUMBER, "5", DRV_E_USAGE);
	count_from("absent", DRVP_JSON_NUMBER, "5", DRV_E_MISSING);
}

/* ------------------------------------------------------------------ joins */

static struct drvp_relation *open_pair(struct drvp_session **session, const char *name,
				       const char *other)
{
	const struct drvp_target targets[] = { { "public", name }, { "public", other } };
	struct drvp_relation *relations;
	struct drv_error err = DRV_ERROR_INIT;

	*session = pg_open();
	if (STORE->freeze(*session, targets, 2, &relations, &err))
		fail_msg("%s", err.message);
	return relations;
}

static void expect_joined(const struct drvp_scan *question, const struct drvp_join *link,
			  const char *const *columns, const char *expected)
{
	struct drvp_session *session;
	struct drvp_relation *relations = open_pair(&session, "entries", "bodies");
	struct drvp_wanted wanted[8];
	struct drvp_scan scan = *question;
	struct drvp_join join = *link;
	struct pg_scan seen = { .stop_at = 0 };

	for (; columns[scan.column_count]; scan.column_count++)
		wanted[scan.column_count] = (struct drvp_wanted){ columns[scan.column_count],
								   DRVP_FORM_VALUE };
	join.relation = &relations[1];
	scan.relation = &relations[0];
	scan.join = &join;
	scan.columns = wanted;
	if (pg_run(&seen, session, &scan))
		fail_msg("%s", seen.err.message);
	assert_string_equal(drvp_strbuf_text(&seen.text), expected);
	drvp_strbuf_free(&seen.text);
	pg_close(&session);
}

static void a_join_lends_columns(void **state)
{
	static const struct drvp_join_pair on[] = { { "body id", "id" }, { "kind", "kind" } };
	static const struct drvp_join both = { .on = on, .on_count = 2 };
	static const struct drvp_join loose = { .on = on, .on_count = 1 };
	static const char *const by_id[] = { "id" }, *const by_title[] = { "title", "id" };
	struct drvp_json two = { .type = DRVP_JSON_NUMBER, .text = "2", .len = 1 };
	struct drvp_condition from = { "id", DRVP_AT_LEAST, &two };

	(void)state;
	pg_sql("CREATE TABLE entries (id int PRIMARY KEY, \"body id\" int, kind text);"
	       "CREATE TABLE bodies (id int8, kind varchar(9), title text, doc json);"
	       "INSERT INTO entries VALUES (3, 30, 'x'), (1, 10, 'x'), (2, 20, 'y'),"
	       " (4, NULL, 'x');"
	       "INSERT INTO bodies VALUES (10, 'x', 'one', '{\"a\":1}'), (20, 'x', 'two', NULL),"
	       " (30, 'x', 'Three', '[]')");
	/* id is the entry's, though both have one; nothing matches the second and the fourth. */
	expect_joined(&(struct drvp_scan){ .order_by = by_id, .order_count = 1, .keys = true },
		      &both, PG_COLUMNS("id", "title", "doc"),
		      "1|one|{ \"a\": 1 } @ id=1\n2|null|null @ id=2\n3|Three|[] @ id=3\n"
		      "4|null|null @ id=4\n");
	/* In the order of a joined column. */
	expect_joined(&(struct drvp_scan){ .order_by = by_title, .order_count = 2 }, &loose,
		      PG_COLUMNS("id", "title"), "3|Three\n1|one\n2|two\n4|null\n");
	expect_joined(&(struct drvp_scan){ .order_by = by_id, .order_count = 1, .limit = 2,
					   .selection = { &from, 1, NULL } }, &loose,
		      PG_COLUMNS("id", "title"), "2|two\n3|Three\n");
	/* A body that is there twice is fed twice. */
	pg_sql("INSERT INTO bodies VALUES (10, 'x', 'again', NULL)");
	expect_joined(&(struct drvp_scan){ .order_by = by_title, .order_count = 2, .limit = 3 },
		      &both, PG_COLUMNS("id", "title"), "3|Three\n1|again\n1|one\n");
}

static int refuse(const struct drvp_join_pair *pair, const char *column, const char *order,
		  struct drv_error *err)
{
	struct drvp_session *session;
	struct drvp_relation *relations = open_pair(&session, "entries", "bodies");
	struct drvp_wanted wanted = { column, DRVP_FORM_VALUE };
	struct drvp_join join = { &relations[1], pair, 1 };
	struct drvp_scan scan = { .relation = relations, .join = &join, .columns = &wanted,
				  .column_count = 1, .order_by = &order, .order_count = 1 };
	struct pg_scan seen = { .stop_at = 0 };
	int status = pg_run(&seen, session, &scan);

	*err = seen.err;
	assert_int_equal(pg_count(session, relations), 4);
	drvp_strbuf_free(&seen.text);
	pg_close(&session);
	return status;
}

static void what_a_join_cannot_do(void **state)
{
	static const struct drvp_join_pair good = { "body id", "id" }, left = { "title", "id" },
		right = { "id", "body id" }, types = { "kind", "id" };
	struct drv_error err;

	(void)state;
	assert_int_equal(refuse(&good, "title", "id", &err), 0);
	assert_int_equal(refuse(&left, "title", "id", &err), DRV_E_MISSING);
	assert_int_equal(refuse(&right, "title", "id", &err), DRV_E_MISSING);
	assert_int_equal(refuse(&types, "title", "id", &err), DRV_E_USAGE);
	assert_int_equal(refuse(&good, "absent", "id", &err), DRV_E_MISSING);
	assert_int_equal(refuse(&good, "title", "absent", &err), DRV_E_MISSING);
	/* JSON has no order. */
	assert_int_equal(refuse(&good, "title", "doc", &err), DRV_E_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_by_bytes_and_nulls_last),
		cmocka_unit_test(ties_come_in_heap_order),
		cmocka_unit_test(a_limit_takes_the_first),
		cmocka_unit_test(each_key_can_be_handed_back),
		cmocka_unit_test(any_time_is_a_number),
		cmocka_unit_test(bounds_that_make_no_sense),
		cmocka_unit_test(a_join_lends_columns),
		cmocka_unit_test(what_a_join_cannot_do),
	};

	return PG_RUN(tests);
}
