/* test_postgresql_digest.c: what the server hashes by itself changes with the data, and only then */
#include "pg_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#define STORE (&drvp_store_postgresql)

/* The digest of some columns of a table, as it is now. */
static struct drvp_server_digest digest_of(const char *name, int state, const char *const *columns,
					   size_t count)
{
	struct drvp_session *session = pg_open();
	struct drvp_digest_question question = {
		.relation = pg_freeze(session, "public", name, state),
		.columns = columns,
		.column_count = count,
	};
	struct drvp_server_digest digest;
	struct drv_error err = DRV_ERROR_INIT;

	if (STORE->digest(session, &question, &digest, &err))
		fail_msg("%s", err.message);
	pg_close(&session);
	return digest;
}

static const char *const columns[] = { "id", "n", "t", "j" };

static struct drvp_server_digest digest(void)
{
	return digest_of("hashed", DRVP_RELATION_READY, columns, 4);
}

static void make(const char *type)
{
	pg_sql("DROP TABLE IF EXISTS hashed");
	pg_sql("CREATE TABLE hashed (id bigint, n %s, t text, j jsonb)", type);
	pg_sql("INSERT INTO hashed SELECT i, NULL, 'text ' || i, pg_catalog.to_jsonb("
	       "ARRAY(SELECT k FROM generate_series(1, 70) k)) FROM generate_series(1, 40) i");
	pg_sql("GRANT SELECT ON hashed TO %s", pg_reader());
}

static void expect_same(const struct drvp_server_digest *before)
{
	struct drvp_server_digest after = digest();

	assert_int_equal(after.rows, before->rows);
	assert_true(drvp_sum256_equal(&after.sum, &before->sum));
	assert_int_equal(after.probe, before->probe);
}

/* ------------------------------------------------------------------ the same */

static void other_order_of_rows(void **state)
{
	struct drvp_server_digest before;

	(void)state;
	make("numeric");
	before = digest();
	assert_int_equal(before.rows, 40);
	pg_sql("CREATE TABLE kept AS SELECT * FROM hashed ORDER BY t DESC");
	pg_sql("TRUNCATE hashed");
	pg_sql("INSERT INTO hashed SELECT * FROM kept");
	pg_sql("DROP TABLE kept");
	expect_same(&before);
	pg_sql("UPDATE hashed SET t = t");
	pg_sql("VACUUM FULL hashed");
	expect_same(&before);
}

/* An enum's label has another OID after a restore, and a composite another type. */
static void other_oids(void **state)
{
	static const char *const names[] = { "e", "l", "c", "r" };
	struct drvp_server_digest digests[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		pg_sql("CREATE TYPE odd_mood AS ENUM ('well', 'ill')");
		pg_sql("CREATE DOMAIN odd_domain AS odd_mood");
		pg_sql("CREATE TYPE odd_pair AS (a odd_mood, b integer)");
		pg_sql("CREATE TABLE oids (e odd_domain, l odd_mood[], c odd_pair, r regtype)");
		pg_sql("INSERT INTO oids VALUES ('ill', '{ill,well}', '(ill,1)', 'odd_mood')");
		pg_sql("GRANT SELECT ON oids TO %s", pg_reader());
		digests[i] = digest_of("oids", DRVP_RELATION_READY, names, 4);
		pg_sql("DROP TABLE oids");
		pg_sql("DROP TYPE odd_pair");
		pg_sql("DROP DOMAIN odd_domain");
		pg_sql("DROP TYPE odd_mood");
	}
	assert_true(drvp_sum256_equal(&digests[0].sum, &digests[1].sum));
}

static void settings_of_a_role(void **state)
{
	struct drvp_server_digest before;

	(void)state;
	make("timestamptz");
	pg_sql("UPDATE hashed SET n = timestamptz '2024-01-01 00:00+00' + id * interval '1 hour'");
	before = digest();
	pg_sql("ALTER ROLE %s SET standard_conforming_strings = off", pg_reader());
	pg_sql("ALTER ROLE %s SET TimeZone = 'Asia/Seoul'", pg_reader());
	pg_sql("ALTER ROLE %s SET client_encoding = 'LATIN1'", pg_reader());
	pg_sql("ALTER ROLE %s SET parallel_setup_cost = 0", pg_reader());
	pg_sql("ALTER ROLE %s SET parallel_tuple_cost = 0", pg_reader());
	pg_sql("ALTER ROLE %s SET min_parallel_table_scan_size = 0", pg_reader());
	expect_same(&before);
	pg_sql("ALTER ROLE %s RESET ALL", pg_reader());
}

/* ------------------------------------------------------------------ different */

/* Each is undone before the next, by making the table anew. */
static const struct {
	const char *type, *before, *after;
} changes[] = {
	{ "integer", "SELECT", "UPDATE hashed a SET t = b.t FROM hashed b"
	  " WHERE a.id IN (1, 2) AND b.id = 3 - a.id" },
	{ "integer", "SELECT", "UPDATE hashed SET t = CASE id WHEN 1 THEN 'text 2' ELSE 'text 1' END"
	  " WHERE id IN (1, 2)" },
	{ "integer", "SELECT", "DELETE FROM hashed WHERE id = 7" },
	{ "integer", "SELECT", "INSERT INTO hashed SELECT * FROM hashed WHERE id = 7" },
	{ "integer", "SELECT", "UPDATE hashed SET id = id + 4294967295 WHERE id = 7" },
	{ "integer", "SELECT", "UPDATE hashed SET n = 0 WHERE id = 7" },
	{ "integer", "SELECT", "UPDATE hashed SET t = NULL WHERE id = 7" },
	{ "numeric", "UPDATE hashed SET n = 1.5", "UPDATE hashed SET n = -1.5 WHERE id = 7" },
	{ "numeric", "UPDATE hashed SET n = 1.5", "UPDATE hashed SET n = 1.50 WHERE id = 7" },
	{ "float8", "UPDATE hashed SET n = 0", "UPDATE hashed SET n = '-0' WHERE id = 7" },
	{ "interval", "UPDATE hashed SET n = '1 day'", "UPDATE hashed SET n = '24 h' WHERE id = 7" },
	{ "integer[]", "UPDATE hashed SET n = '{1,2,3,4}'",
	  "UPDATE hashed SET n = '{{1,2},{3,4}}' WHERE id = 7" },
	{ "timestamp", "UPDATE hashed SET n = '2024-01-01'",
	  "UPDATE hashed SET n = n + interval '4294.967299 s' WHERE id = 7" },
	{ "integer", "SELECT", "UPDATE hashed SET j = jsonb_set(jsonb_set(j, '{0}', '33'), '{32}', '1')"
	  " WHERE id = 7" },
	{ "integer", "UPDATE hashed SET j = '{\"amount\": 5}'",
	  "UPDATE hashed SET j = '{\"amount\": -5}' WHERE id = 7" },
};

static void changed_data(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		struct drvp_server_digest before, after;

		make(changes[i].type);
		pg_sql("%s", changes[i].before);
		before = digest();
		pg_sql("%s", changes[i].after);
		after = digest();
		if (after.rows == before.rows && drvp_sum256_equal(&after.sum, &before.sum))
			fail_msg("not noticed: %s", changes[i].after);
		assert_int_equal(after.probe, before.probe);
	}
}

/* ------------------------------------------------------------------ odd tables */

static void no_rows_and_no_columns(void **state)
{
	static const struct drvp_sum256 zero = { { 0, 0, 0, 0 } };
	struct drvp_server_digest empty, bare;

	(void)state;
	make("integer");
	pg_sql("TRUNCATE hashed");
	empty = digest();
	assert_int_equal(empty.rows, 0);
	assert_true(drvp_sum256_equal(&empty.sum, &zero));
	pg_sql("CREATE TABLE bare ()");
	pg_sql("INSERT INTO bare DEFAULT VALUES");
	pg_sql("GRANT SELECT ON bare TO %s", pg_reader());
	bare = digest_of("bare", DRVP_RELATION_READY, NULL, 0);
	assert_int_equal(bare.rows, 1);
	pg_sql("DROP TABLE bare");
}

static void unknown_column(void **state)
{
	static const char *const names[] = { "nowhere" };
	struct drvp_session *session;
	struct drvp_digest_question question = { .columns = names, .column_count = 1 };
	struct drvp_server_digest out;
	struct drv_error err = DRV_ERROR_INIT;

	(void)state;
	make("integer");
	session = pg_open();
	question.relation = pg_freeze(session, "public", "hashed", DRVP_RELATION_READY);
	assert_int_equal(STORE->digest(session, &question, &out, &err), DRV_E_MISSING);
	assert_false(session->lost);
	pg_close(&session);
}

/* It is cut off like every question, and the session goes on. */
static void too_slow(void **state)
{
	struct drvp_session *session;
	struct drvp_digest_question question = { .columns = PG_COLUMNS("a"), .column_count = 1 };
	struct drvp_server_digest out;
	struct drv_error err = DRV_ERROR_INIT;

	(void)state;
	pg_sql("CREATE VIEW slow AS SELECT 1 AS a FROM pg_sleep(60)");
	pg_sql("GRANT SELECT ON slow TO %s", pg_reader());
	session = pg_open_as(pg_reader_uri(), 600, NULL);
	question.relation = pg_freeze(session, "public", "slow", DRVP_RELATION_READY);
	assert_int_equal(STORE->digest(session, &question, &out, &err), DRV_E_TIMEOUT);
	pg_close(&session);
	pg_sql("DROP VIEW slow");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_order_of_rows),
		cmocka_unit_test(other_oids),
		cmocka_unit_test(settings_of_a_role),
		cmocka_unit_test(changed_data),
		cmocka_unit_test(no_rows_and_no_columns),
		cmocka_unit_test(unknown_column),
		cmocka_unit_test(too_slow),
	};

	return PG_RUN(tests);
}
