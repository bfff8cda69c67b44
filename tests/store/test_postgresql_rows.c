/* test_postgresql_rows.c: rows streamed from PostgreSQL: every type, every cut, every ending */
#include "pg_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#define STORE (&drvp_store_postgresql)

static struct drvp_relation *open_table(struct drvp_session **session, const char *name)
{
	*session = pg_open();
	return pg_freeze(*session, "public", name, DRVP_RELATION_READY);
}

/* ------------------------------------------------------------------ types */

static void expect_rows(const char *table, const char *const *columns, const char *expected)
{
	struct drvp_session *session;
	struct drvp_relation *relation = open_table(&session, table);
	char *text = pg_text_of(session, relation, columns);

	assert_string_equal(text, expected);
	free(text);
	pg_close(&session);
}

static void numbers(void **state)
{
	(void)state;
	pg_sql("CREATE TABLE numbers (b bool, i2 int2, i4 int4, i8 int8, o oid, f4 float4, f8"
	       " float8,"
	       " n numeric);"
	       "INSERT INTO numbers VALUES (true, -32768, -2147483648, -9223372036854775808,"
	       " 4294967295, 0.1, 1e-300, 1.10), (false, 0, 0, 0, 0, 'NaN', '-infinity', 'NaN'),"
	       " (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),"
	       " (true, 7, 7, 7, 7, 16777216, 0.1, 18446744073709551617.000)");
	expect_rows("numbers", PG_COLUMNS("b", "i2", "i4", "i8", "o", "f4", "f8", "n"),
		    "true|-32768|-2147483648|-9223372036854775808|4294967295|0.1|1e-300|1.10\n"
		    "false|0|0|0|0|NaN|-Infinity|NaN\n"
		    "null|null|null|null|null|null|null|null\n"
		    "true|7|7|7|7|16777216|0.1|18446744073709551617.000\n");
}

static void a_huge_numeric_keeps_all_digits(void **state)
{
	struct drvp_session *session;
	struct drvp_relation *relation;
	char *text;

	(void)state;
	pg_sql("CREATE TABLE huge AS SELECT ('1' || repeat('0', 99999) || '.5')::numeric AS n");
	relation = open_table(&session, "huge");
	text = pg_text_of(session, relation, PG_COLUMNS("n"));
	assert_int_equal(strlen(text), 100003);
	assert_string_equal(text + 99998, "00.5\n");
	free(text);
	pg_close(&session);
}

static void times(void **state)
{
	(void)state;
	pg_sql("CREATE TABLE clocks (z timestamptz, l timestamp, d date, t time, i interval);"
	       "INSERT INTO clocks VALUES"
	       " ('2025-12-30 14:30+09', '2025-12-30 14:30:00.5', '2025-12-30', '01:02:03', '1"
	       " day'),"
	       " ('1969-12-31 23:59:59.999999Z', '0044-03-15 BC', '0001-12-31 BC', '24:00', '-1"
	       " s'),"
	       " ('infinity', '-infinity', 'infinity', NULL, NULL),"
	       " ('4713-01-01 BC', '294247-01-09 04:00:54.775806', '5874897-12-31', NULL, NULL)");
	expect_rows("clocks", PG_COLUMNS("z", "l", "d", "t", "i"),
		    "2025-12-30T05:30:00Z|2025-12-30T14:30:00.500000|2025-12-30|01:02:03|1 day\n"
		    "1969-12-31T23:59:59.999999Z|-043-03-15T00:00:00|0000-12-31|24:00:00|"
		    "-00:00:01\n"
		    "infinity|-infinity|infinity|null|null\n"
		    "-4712-01-01T00:00:00Z|294247-01-09T04:00:54.775806|day"
		    " 2145042905|null|null\n");
}

static void texts(void **state)
{
	(void)state;
	pg_sql("CREATE TYPE mood AS ENUM ('sad', '좋아');"
	       "CREATE DOMAIN code AS text; CREATE DOMAIN code2 AS code; CREATE DOMAIN id AS int;"
	       "CREATE TABLE texts (t text, v varchar(9), c char(4), n name, m mood, d code2, k id,"
	       " u uuid, b bytea, \"q\" \"char\", ip inet, net cidr, a int[], r int4range, x xml,"
	       " reg regclass, row numbers, g text GENERATED ALWAYS AS (upper(t)) STORED);"
	       "INSERT INTO texts VALUES ('위염', 'v', 'c', 'n', '좋아', 'd', 5,"
	       " '6f0c0000-0000-4000-8000-0000000000ff', '\\x00ff', 'q', '10.0.0.1', '10.0.0.0/8',"
	       " '{1,NULL,3}', '[1,5)', '<a/>', 'numbers', ROW(true,1,2,3,4,5,6,7)::numbers);"
	       "INSERT INTO texts DEFAULT VALUES");
	expect_rows("texts", PG_COLUMNS("t", "v", "c", "n", "m", "d", "k", "u", "b", "q"),
		    "위염|v|c   |n|좋아|d|5|6f0c0000-0000-4000-8000-0000000000ff|00ff|q\n"
		    "null|null|null|null|null|null|null|null|null|null\n");
	expect_rows("texts", PG_COLUMNS("ip", "net", "a", "r", "x", "reg", "row", "g"),
		    "10.0.0.1|10.0.0.0/8|[1, null, 3]|[1,5)|<a/>|public.numbers|"
		    "(t,1,2,3,4,5,6,7)|위염\n"
		    "null|null|null|null|null|null|null|null\n");
}

static void documents(void **state)
{
	(void)state;
	pg_sql("CREATE TABLE documents (j json, b jsonb);"
	       "INSERT INTO documents VALUES"
	       " ('{\"b\":1.10, \"a\":2, \"b\":3}', '{\"b\":1.10, \"a\":2, \"b\":3}'),"
	       " ('null', 'null'), (NULL, NULL), ('\"\\u0000\"', '[18446744073709551617, \"한\"]')");
	expect_rows("documents", PG_COLUMNS("j", "b"),
		    "{ \"b\": 1.10, \"a\": 2, \"b\": 3 }|{ \"a\": 2, \"b\": 3 }\n"
		    "null|null\n"
		    "null|null\n"
		    "\"\\u0000\"|[18446744073709551617, \"한\"]\n");
}

static void unreadable_json_is_an_error(void **state)
{
	struct drvp_session *session;
	struct drvp_relation *relation;
	struct pg_scan scan = { .stop_at = 0 };

	(void)state;
	pg_sql("CREATE TABLE lone AS SELECT '{\"a\":\"\\ud800\"}'::json AS j");
	relation = open_table(&session, "lone");
	assert_int_equal(pg_scan(&scan, session, relation, NULL, false, PG_COLUMNS("j")),
			 DRV_E_UNSUPPORTED);
	assert_int_equal(pg_count(session, relation), 1);
	drvp_strbuf_free(&scan.text);
	pg_close(&session);
}

/* ------------------------------------------------------------------ keys, places, presence */

static void keys_and_places(void **state)
{
	struct drvp_session *session;
	struct drvp_relation *relation;
	struct pg_scan scan = { .stop_at = 0 };

	(void)state;
	pg_sql("CREATE TABLE keyed (v text, b int, \"a Key\" uuid, PRIMARY KEY (\"a Key\", b)"
	       " INCLUDE (v));"
	       "INSERT INTO keyed VALUES ('x', 4, '6f0c0000-0000-4000-8000-000000000001')");
	relation = open_table(&session, "keyed");
	assert_int_equal(pg_scan(&scan, session, relation, NULL, true, PG_COLUMNS("v", "b")), 0);
	assert_string_equal(scan.text.data,
			    "x|4 @ a Key=6f0c0000-0000-4000-8000-000000000001,b=4\n");
	drvp_strbuf_free(&scan.text);
	pg_close(&session);
}

struct place {
	uint64_t block;
	unsigned offset;
	uint64_t presents, nulls;
};

static int note_place(const struct drvp_row *row, void *user)
{
	struct place *place = user;

	place->block = row->ctid.block;
	place->offset = row->ctid.offset;
	assert_true(row->values[0].kind == DRVP_PRESENT || row->values[0].kind == DRVP_NULL);
	assert_null(row->values[0].json);
	place->presents += row->values[0].kind == DRVP_PRESENT;
	place->nulls += row->values[0].kind == DRVP_NULL;
	return 0;
}

static void presence_without_the_value(void **state)
{
	struct drvp_session *session;
	struct drvp_relation *relation;
	struct drvp_wanted wanted = { "j", DRVP_FORM_PRESENCE };
	struct drvp_scan scan = { .columns = &wanted, .column_count = 1 };
	struct place place = { 0 };
	uint64_t rows;

	(void)state;
	pg_sql("CREATE TABLE half (j jsonb); INSERT INTO half SELECT CASE WHEN i %% 3 = 0 THEN"
	       " to_jsonb(repeat('x', 500)) END FROM generate_series(1, 300) i");
	relation = open_table(&session, "half");
	scan.relation = relation;
	assert_int_equal(STORE->scan(session, &scan, note_place, &place, &rows, NULL), 0);
	assert_true(rows == 300 && place.presents == 100 && place.nulls == 200);
	assert_true(place.block == pg_number("SELECT max((ctid::text::point)[0]) FROM half"));
	assert_true(place.offset == 1 + pg_number("SELECT count(*) FROM half WHERE "
						  "ctid >= '(%llu,2)'",
						  (unsigned long long)place.block));
	pg_close(&session);
}

static void views_have_no_places(void **state)
{
	struct drvp_session *session;
	struct drvp_relation *relation;
	struct drvp_wanted wanted = { "v", DRVP_FORM_PRESENCE };
	struct drvp_scan scan = { .columns = &wanted, .column_count = 1 };
	struct place place = { 0 };
	uint64_t rows;

	(void)state;
	pg_sql("CREATE VIEW through AS SELECT v, 'not mine'::text AS ctid FROM keyed");
	relation = open_table(&session, "through");
	scan.relation = relation;
	assert_int_equal(STORE->scan(session, &scan, note_place, &place, &rows, NULL), 0);
	assert_true(rows == 1 && place.block == UINT32_MAX);
	pg_close(&session);
}

/* ------------------------------------------------------------------ cuts */

/* Every cut into 1 to 9 parts covers each row once. A part has at least 8 MiB. */
static void expect_cuts(const char *table, const char *column)
{
	struct drvp_session *session;
	struct drvp_relation *relation = open_table(&session, table);
	uint64_t whole = pg_count(session, relation), seen_most = 0;
	uint64_t expected_most = pg_number(
		"SELECT CASE WHEN current_setting('server_version_num')::int < 140000 THEN 1 "
		"ELSE greatest(1, pg_relation_size('%s') >> 23) END", table);

	for (size_t most = 1; most <= 9; most++) {
		struct drvp_range ranges[9];
		size_t count;
		struct pg_scan scan = { .quiet = true };
		uint64_t rows = 0;

		assert_int_equal(STORE->cut(session, relation, ranges, most, &count, NULL), 0);
		assert_true(count >= 1 && count <= most);
		assert_int_equal(ranges[0].first_block, 0);
		assert_true(ranges[count - 1].end_block == UINT32_MAX);
		for (size_t i = 0; i < count; i++) {
			assert_true(!i || ranges[i].first_block == ranges[i - 1].end_block);
			scan.rows = 0;
			assert_int_equal(pg_scan(&scan, session, relation, &ranges[i], false,
						 PG_COLUMNS(column)), 0);
			rows += scan.rows;
		}
		assert_true(rows == whole);
		seen_most = count > seen_most ? count : seen_most;
	}
	assert_int_equal(seen_most, expected_most);
	pg_close(&session);
}

static void every_cut_is_whole(void **state)
{
	(void)state;
	pg_sql("CREATE TABLE wide (i int, filler text) WITH (autovacuum_enabled = off);"
	       "ALTER TABLE wide ALTER filler SET STORAGE PLAIN;"
	       "INSERT INTO wide SELECT i, repeat('x', 2500) FROM generate_series(1, 12000) i");
	assert_true(pg_number("SELECT pg_relation_size('wide') / 8192") == 4000);
	expect_cuts("wide", "i");
	/* Dead rows in each block, whole blocks of them, and an empty tail. */
	pg_sql("DELETE FROM wide WHERE i %% 3 = 0 OR i BETWEEN 2000 AND 5000 OR i > 9000");
	expect_cuts("wide", "i");
	pg_sql("VACUUM (TRUNCATE off) wide");
	expect_cuts("wide", "i");
	/* Rows moved by updates into the holes. */
	pg_sql("UPDATE wide SET i = -i WHERE i %% 2 = 0");
	expect_cuts("wide", "i");
	pg_sql("DELETE FROM wide");
	expect_cuts("wide", "i");
	pg_sql("CREATE TABLE one AS SELECT 1 AS i; CREATE TABLE none (i int)");
	expect_cuts("one", "i");
	expect_cuts("none", "i");
	pg_sql("CREATE TABLE cut_parent (i int) PARTITION BY HASH (i);"
	       "CREATE TABLE cut_0 PARTITION OF cut_parent FOR VALUES WITH (MODULUS 2, REMAINDER"
	       " 0);"
	       "CREATE TABLE cut_1 PARTITION OF cut_parent FOR VALUES WITH (MODULUS 2, REMAINDER"
	       " 1);"
	       "INSERT INTO cut_parent SELECT generate_series(1, 1000)");
	expect_cuts("cut_parent", "i");
	pg_sql("CREATE TABLE base (i int); CREATE TABLE derived () INHERITS (base);"
	       "INSERT INTO base VALUES (1); INSERT INTO derived VALUES (2)");
	expect_cuts("base", "i");
	pg_sql("DROP TABLE wide");
}

/* Ranges at any block, not only where cut() puts them. */
static void every_block_boundary(void **state)
{
	struct drvp_session *session;
	struct drvp_relation *relation;
	uint64_t whole;

	(void)state;
	pg_sql("CREATE TABLE bounds AS SELECT i, repeat('x', 300) AS f FROM generate_series(1,"
	       " 500) i;"
	       "DELETE FROM bounds WHERE i %% 7 = 0");
	relation = open_table(&session, "bounds");
	whole = pg_count(session, relation);
	assert_true(relation->blocks > 10);
	for (uint32_t at = 1; at <= relation->blocks + 2; at++) {
		struct drvp_range low = { 0, at }, high = { at, UINT32_MAX };
		struct pg_scan below = { .quiet = true }, above = { .quiet = true };

		assert_int_equal(pg_scan(&below, session, relation, &low, false, PG_COLUMNS("i")),
				 0);
		assert_int_equal(pg_scan(&above, session, relation, &high, false, NULL), 0);
		assert_true(below.rows + above.rows == whole);
	}
	pg_close(&session);
}

/* ------------------------------------------------------------------ endings */

static void an_early_end_leaves_a_usable_session(void **state)
{
	struct drvp_session *session;
	struct drvp_relation *relation;

	(void)state;
	pg_sql("CREATE TABLE many AS SELECT i, repeat('x', 200) AS f FROM generate_series(1,"
	       " 50000) i");
	relation = open_table(&session, "many");
	for (uint64_t at = 1; at <= 50000; at = at < 49999 ? at * 7 + 1 : at + 1) {
		struct pg_scan scan = { .quiet = true, .stop_at = at > 49998 ? 50000 : at,
					.answer = 1 };

		assert_int_equal(pg_scan(&scan, session, relation, NULL, false,
					 PG_COLUMNS("i", "f")), 0);
		assert_true(scan.rows == scan.stop_at);
		assert_int_equal(pg_count(session, relation), 50000);
	}
	pg_close(&session);
}

static void the_callers_refusal_is_passed_on(void **state)
{
	struct drvp_session *session;
	struct drvp_relation *relation = open_table(&session, "many");
	struct pg_scan scan = { .quiet = true, .stop_at = 10, .answer = DRV_E_NOMEM };

	(void)state;
	assert_int_equal(pg_scan(&scan, session, relation, NULL, false, PG_COLUMNS("i")),
			 DRV_E_NOMEM);
	assert_int_equal(scan.err.status, DRV_E_NOMEM);
	assert_int_equal(pg_count(session, relation), 50000);
	pg_close(&session);
}

static void an_error_amid_the_rows(void **state)
{
	struct drvp_session *session;
	struct drvp_relation *relation;
	struct pg_scan scan = { .quiet = true };

	(void)state;
	pg_sql("CREATE VIEW breaks AS SELECT i, 100 / (1000 - i) AS q FROM many");
	relation = open_table(&session, "breaks");
	assert_int_equal(pg_scan(&scan, session, relation, NULL, false, PG_COLUMNS("q")),
			 DRV_E_INTERNAL);
	assert_string_equal(scan.err.sqlstate, "22012");
	assert_non_null(strstr(scan.err.message, "public.breaks: division by zero"));
	assert_true(scan.rows < 50000);
	scan.rows = 0;
	assert_int_equal(pg_scan(&scan, session, relation, NULL, false, PG_COLUMNS("i")), 0);
	assert_int_equal(scan.rows, 50000);
	pg_close(&session);
}

/*
 * Runs a shell command on the server with $A and $B set to the files of two tables. A copied file
 * has no page in the server's cache, so that the server reads what the command made of it.
 */
static void damage(const char *from, const char *to, const char *command)
{
	pg_sql("CHECKPOINT");
	pg_sql("DO $$ BEGIN EXECUTE format('COPY (SELECT 1) TO PROGRAM %%L', 'cat >/dev/null;"
	       " A=' ||"
	       " pg_relation_filepath('%s') || ' B=' || pg_relation_filepath('%s') || '; %s');"
	       " END $$",
	       from, to, command);
}

static int count_damaged(const char *table, struct drv_error *err)
{
	struct drvp_session *session;
	struct drvp_relation *relation = open_table(&session, table);
	struct pg_scan scan = { .quiet = true };
	uint64_t rows;
	int status = STORE->count(session, relation, NULL, &rows, err);

	assert_int_equal(pg_scan(&scan, session, relation, NULL, false, PG_COLUMNS("i")), status);
	pg_close(&session);
	return status;
}

static void damaged_files_are_damage(void **state)
{
	struct drv_error err = DRV_ERROR_INIT;

	(void)state;
	pg_sql("CREATE TABLE sound AS SELECT i, repeat('x', 500) AS f FROM generate_series(1,"
	       " 200) i;"
	       "CREATE TABLE copied (LIKE sound); CREATE TABLE rotten (LIKE sound);"
	       "CREATE TABLE gone (LIKE sound)");
	damage("sound", "copied", "cp $A $B");
	assert_int_equal(count_damaged("copied", &err), 0);
	damage("sound", "rotten", "cp $A $B; head -c 8192 /dev/zero | tr \\\\0 x | "
				  "dd of=$B bs=8192 seek=3 conv=notrunc 2>/dev/null");
	assert_int_equal(count_damaged("rotten", &err), DRV_E_DAMAGED);
	assert_string_equal(err.sqlstate, "XX001");
	assert_non_null(strstr(err.message, "public.rotten: "));
	damage("sound", "gone", "rm $B");
	assert_int_equal(count_damaged("gone", &err), DRV_E_DAMAGED);
	assert_string_equal(err.sqlstate, "58P01");
}

/* What an index says does not matter: rows that a broken one has lost are still counted. */
static void the_heap_is_read_not_an_index(void **state)
{
	struct drvp_session *session;
	struct drvp_relation *relation;
	struct drvp_json high = { .type = DRVP_JSON_NUMBER, .text = "30000", .len = 5 };
	struct drvp_condition condition = { "i", DRVP_AT_LEAST, &high };
	struct drvp_selection selection = { &condition, 1, NULL };
	uint64_t rows;

	(void)state;
	pg_sql("CREATE TABLE indexed AS SELECT i FROM generate_series(1, 20000) i;"
	       "CREATE INDEX lying ON indexed (i) WHERE i >= 30000");
	pg_sql("UPDATE pg_index SET indisready = false WHERE indexrelid = 'lying'::regclass");
	pg_sql("INSERT INTO indexed SELECT 30000 + g FROM generate_series(1, 10) g");
	pg_sql("UPDATE pg_index SET indisready = true WHERE indexrelid = 'lying'::regclass");
	pg_sql("SET enable_seqscan = off");
	assert_int_equal(pg_number("SELECT count(*) FROM indexed WHERE i >= 30000"), 0);
	pg_sql("RESET enable_seqscan");
	relation = open_table(&session, "indexed");
	assert_int_equal(STORE->count(session, relation, &selection, &rows, NULL), 0);
	assert_int_equal(rows, 10);
	assert_int_equal(pg_count(session, relation), 20010);
	pg_close(&session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(a_huge_numeric_keeps_all_digits),
		cmocka_unit_test(times),
		cmocka_unit_test(texts),
		cmocka_unit_test(documents),
		cmocka_unit_test(unreadable_json_is_an_error),
		cmocka_unit_test(keys_and_places),
		cmocka_unit_test(presence_without_the_value),
		cmocka_unit_test(views_have_no_places),
		cmocka_unit_test(every_cut_is_whole),
		cmocka_unit_test(every_block_boundary),
		cmocka_unit_test(an_early_end_leaves_a_usable_session),
		cmocka_unit_test(the_callers_refusal_is_passed_on),
		cmocka_unit_test(an_error_amid_the_rows),
		cmocka_unit_test(damaged_files_are_damage),
		cmocka_unit_test(the_heap_is_read_not_an_index),
	};

	return PG_RUN(tests);
}
