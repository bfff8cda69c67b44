/* test_postgresql.c: PostgreSQL sessions: targets, rights, locks, snapshots, and questions */
#include "pg_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#define STORE (&drvp_store_postgresql)

/* Opens, freezes one target, counts it, closes. */
static void expect_count(const char *schema, const char *name, int kind, uint64_t expected)
{
	struct drvp_session *session = pg_open();
	struct drvp_relation *relation = pg_freeze(session, schema, name, DRVP_RELATION_READY);

	assert_int_equal(relation->kind, kind);
	assert_int_equal(pg_count(session, relation), expected);
	pg_close(&session);
}

/* Opens, freezes one target, expects it unreadable with a remedy that holds this text. */
static void expect_state(const char *schema, const char *name, int state, const char *remedy)
{
	struct drvp_session *session = pg_open();
	struct drvp_relation *relation = pg_freeze(session, schema, name, state);

	if (remedy) {
		assert_non_null(relation->remedy);
		assert_string_equal(relation->remedy, remedy);
	}
	pg_close(&session);
}

/* ------------------------------------------------------------------ kinds of relations */

static void tables_full_and_empty(void **state)
{
	(void)state;
	pg_sql("CREATE TABLE nothing (id int); CREATE TABLE plain AS SELECT i FROM "
	       "generate_series(1, 321) i; CREATE TABLE bare (); INSERT INTO bare DEFAULT VALUES");
	expect_count("public", "nothing", DRVP_TABLE, 0);
	expect_count("public", "plain", DRVP_TABLE, 321);
	expect_count("public", "bare", DRVP_TABLE, 1);
}

static void hostile_identifiers(void **state)
{
	static const char *const names[] = {
		"a \"b\" 'c'", "with space; DROP TABLE plain", "건강기록", "Upper", "$1",
		"back\\slash", "%s%n", "select",
		"sixty_three_bytes_is_the_longest_name_that_postgresql_can_store", "줄\n바꿈",
	};

	(void)state;
	pg_sql("CREATE SCHEMA \"od\"\"d '스키마\"; GRANT USAGE ON SCHEMA \"od\"\"d '스키마\" TO %s",
	       pg_reader());
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		PGconn *conn = pg_another();
		char *quoted = PQescapeIdentifier(conn, names[i], strlen(names[i]));
		struct drvp_session *session;
		struct drvp_relation *relation;
		char *text;

		pg_sql("CREATE TABLE \"od\"\"d '스키마\".%s (%s int PRIMARY KEY); "
		       "INSERT INTO \"od\"\"d '스키마\".%s VALUES (%zu)", quoted, quoted, quoted, i);
		session = pg_open();
		relation = pg_freeze(session, "od\"d '스키마", names[i], DRVP_RELATION_READY);
		assert_int_equal(pg_count(session, relation), 1);
		assert_int_equal(relation->column_count, 1);
		assert_string_equal(relation->columns[0].name, names[i]);
		text = pg_text_of(session, relation, PG_COLUMNS(names[i]));
		assert_int_equal(strtoul(text, NULL, 10), i);
		free(text);
		pg_close(&session);
		PQfreemem(quoted);
		PQfinish(conn);
	}
}

/* A literal cut at 63 bytes must not find the table of the shorter name. */
static void names_are_exact(void **state)
{
	(void)state;
	pg_sql("CREATE TABLE sixty_three_bytes_is_the_longest_name_that_postgresql_can_store (i"
	       " int)");
	expect_state("public", "sixty_three_bytes_is_the_longest_name_that_postgresql_can_store!",
		     DRVP_RELATION_MISSING, NULL);
	expect_state("public", "PLAIN", DRVP_RELATION_MISSING, NULL);
	expect_state("public", "", DRVP_RELATION_MISSING, NULL);
	expect_state("Public", "plain", DRVP_RELATION_MISSING, NULL);
	expect_state("no such", "plain", DRVP_RELATION_MISSING, NULL);
	pg_sql("CREATE INDEX an_index ON plain (i)");
	expect_state("public", "an_index", DRVP_RELATION_MISSING, NULL);
}

static void partitions_and_children(void **state)
{
	(void)state;
	pg_sql("CREATE TABLE parted (k int, v text) PARTITION BY RANGE (k);"
	       "CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);"
	       "CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (100) TO (200)"
	       " PARTITION BY LIST (k);"
	       "CREATE TABLE parted_2d PARTITION OF parted_2 DEFAULT;"
	       "INSERT INTO parted SELECT i, i FROM generate_series(0, 199) i;"
	       "CREATE TABLE parent (k int); CREATE TABLE child (extra int) INHERITS (parent);"
	       "INSERT INTO parent SELECT generate_series(1, 10);"
	       "INSERT INTO child SELECT generate_series(1, 5)");
	expect_count("public", "parted", DRVP_PARTITIONED, 200);
	expect_count("public", "parted_2", DRVP_PARTITIONED, 100);
	expect_count("public", "parted_1", DRVP_TABLE, 100);
	expect_count("public", "parent", DRVP_PARTITIONED, 15);
	expect_count("public", "child", DRVP_TABLE, 5);
}

static void views_and_foreign_tables(void **state)
{
	(void)state;
	pg_sql("CREATE VIEW seen AS SELECT i, i / 2 AS half FROM plain WHERE i > 300;"
	       "CREATE MATERIALIZED VIEW kept AS SELECT * FROM plain WHERE i <= 7;"
	       "CREATE MATERIALIZED VIEW hollow AS SELECT * FROM plain WITH NO DATA;"
	       "CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;"
	       "CREATE FOREIGN TABLE outside (line text) SERVER files"
	       " OPTIONS (program 'printf \"a\\nb\\n\"');"
	       "GRANT SELECT ON outside TO %s", pg_reader());
	expect_count("public", "seen", DRVP_VIEW, 21);
	expect_count("public", "kept", DRVP_MATERIALIZED_VIEW, 7);
	expect_count("public", "outside", DRVP_FOREIGN_TABLE, 2);
}

static void a_view_without_its_data_is_an_error(void **state)
{
	struct drvp_session *session = pg_open();
	struct drvp_relation *relation = pg_freeze(session, "public", "hollow",
						   DRVP_RELATION_READY);
	struct drv_error err = DRV_ERROR_INIT;
	uint64_t rows;

	(void)state;
	assert_int_equal(STORE->count(session, relation, NULL, &rows, &err), DRV_E_UNSUPPORTED);
	assert_non_null(strstr(err.message, "public.hollow"));
	assert_string_equal(err.sqlstate, "55000");
	pg_close(&session);
}

static void columns_are_described(void **state)
{
	struct drvp_session *session;
	struct drvp_relation *relation;
	const struct drvp_column *column;

	(void)state;
	pg_sql("CREATE DOMAIN code AS varchar(8) CHECK (value <> ''); CREATE DOMAIN code2 AS code;"
	       "CREATE TYPE mood AS ENUM ('sad', 'ok');"
	       "CREATE TABLE described (gone int, b text, a code2, amount numeric(12,2), m mood,"
	       " twice int GENERATED ALWAYS AS (length(b) * 2) STORED, j jsonb, n int[],"
	       " \"createdAt\" timestamp, PRIMARY KEY (amount, b));"
	       "ALTER TABLE described DROP COLUMN gone");
	session = pg_open();
	relation = pg_freeze(session, "public", "described", DRVP_RELATION_READY);
	assert_int_equal(relation->column_count, 8);
	assert_string_equal(relation->columns[0].name, "b");
	assert_null(drvp_relation_column(relation, "gone"));
	assert_null(drvp_relation_column(relation, "createdat"));
	column = drvp_relation_column(relation, "a");
	assert_int_equal(column->kind, DRVP_TEXT);
	assert_int_equal(column->type_oid, 1043);
	assert_string_equal(column->type, "public.code2");
	column = drvp_relation_column(relation, "amount");
	assert_int_equal(column->kind, DRVP_DECIMAL);
	assert_int_equal(column->key_position, 1);
	assert_string_equal(column->type, "numeric(12,2)");
	assert_int_equal(drvp_relation_column(relation, "b")->key_position, 2);
	assert_int_equal(drvp_relation_column(relation, "m")->kind, DRVP_TEXT);
	assert_int_equal(drvp_relation_column(relation, "m")->key_position, 0);
	assert_true(drvp_relation_column(relation, "twice")->generated);
	assert_false(drvp_relation_column(relation, "b")->generated);
	assert_int_equal(drvp_relation_column(relation, "j")->kind, DRVP_DOCUMENT);
	assert_true(drvp_relation_column(relation, "j")->order_lost);
	assert_int_equal(drvp_relation_column(relation, "n")->kind, DRVP_DOCUMENT);
	assert_int_equal(drvp_relation_column(relation, "createdAt")->kind, DRVP_LOCAL_TIME);
	pg_close(&session);
}

/* ------------------------------------------------------------------ rights */

static void expect_remedy(const char *schema, const char *name, int state, const char *format)
{
	char remedy[300];

	snprintf(remedy, sizeof remedy, format, pg_reader(), pg_reader());
	expect_state(schema, name, state, remedy);
}

static void rights_that_lack_are_named(void **state)
{
	(void)state;
	pg_sql("CREATE TABLE secret (i int, open int); REVOKE ALL ON secret FROM %s;"
	       "CREATE SCHEMA closed; CREATE TABLE closed.inside (i int);"
	       "CREATE TABLE closed.\"de\"\"ep\" (i int); REVOKE ALL ON closed.\"de\"\"ep\" FROM"
	       " %s",
	       pg_reader(), pg_reader());
	expect_remedy("public", "secret", DRVP_RELATION_DENIED,
		      "GRANT SELECT ON \"public\".\"secret\" TO \"%s\"");
	expect_remedy("closed", "inside", DRVP_RELATION_DENIED,
		      "GRANT USAGE ON SCHEMA \"closed\" TO \"%s\"");
	expect_remedy("closed", "de\"ep", DRVP_RELATION_DENIED,
		      "GRANT USAGE ON SCHEMA \"closed\" TO \"%s\"; "
		      "GRANT SELECT ON \"closed\".\"de\"\"ep\" TO \"%s\"");
}

static void row_security_hides_nothing_silently(void **state)
{
	struct drvp_session *session;
	struct drvp_relation *relation;
	struct drv_error err = DRV_ERROR_INIT;
	uint64_t rows;

	(void)state;
	pg_sql("CREATE TABLE guarded AS SELECT i FROM generate_series(1, 100) i;"
	       "ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;"
	       "CREATE POLICY few ON guarded USING (i <= 10); GRANT ALL ON guarded TO %s;"
	       "CREATE VIEW by_reader AS SELECT * FROM guarded; ALTER VIEW by_reader OWNER TO %s",
	       pg_reader(), pg_reader());
	expect_remedy("public", "guarded", DRVP_RELATION_HIDDEN, "ALTER ROLE \"%s\" BYPASSRLS");
	session = pg_open();
	relation = pg_freeze(session, "public", "by_reader", DRVP_RELATION_READY);
	assert_int_equal(STORE->count(session, relation, NULL, &rows, &err), DRV_E_DENIED);
	assert_string_equal(err.sqlstate, "42501");
	pg_close(&session);
	pg_sql("ALTER ROLE %s BYPASSRLS", pg_reader());
	expect_count("public", "guarded", DRVP_TABLE, 100);
	pg_sql("ALTER ROLE %s NOBYPASSRLS", pg_reader());
}

static void rights_to_single_columns_suffice(void **state)
{
	struct drvp_session *session;
	struct drvp_relation *relation;
	struct pg_scan scan = { .stop_at = 0 };
	struct drvp_range range;
	size_t count;
	char *text;

	(void)state;
	pg_sql("GRANT SELECT (open) ON secret TO %s; INSERT INTO secret VALUES (1, 2), (3, 4)",
	       pg_reader());
	session = pg_open();
	relation = pg_freeze(session, "public", "secret", DRVP_RELATION_READY);
	assert_false(relation->has_ctid);
	assert_int_equal(pg_count(session, relation), 2);
	text = pg_text_of(session, relation, PG_COLUMNS("open"));
	assert_string_equal(text, "2\n4\n");
	free(text);
	assert_int_equal(STORE->cut(session, relation, &range, 1, &count, NULL), 0);
	assert_int_equal(pg_scan(&scan, session, relation, &range, false, PG_COLUMNS("open")), 0);
	assert_int_equal(scan.rows, 2);
	scan.rows = 0;
	assert_int_equal(pg_scan(&scan, session, relation, NULL, false, PG_COLUMNS("i")),
			 DRV_E_DENIED);
	assert_int_equal(pg_count(session, relation), 2);
	drvp_strbuf_free(&scan.text);
	pg_close(&session);
}

/* ------------------------------------------------------------------ locks and snapshots */

static void a_lock_of_somebody_else(void **state)
{
	PGconn *other = pg_another();
	struct drvp_target targets[2] = { { "public", "plain" }, { "public", "parted" } };
	struct drvp_session *session = pg_open_as(pg_reader_uri(), 600, NULL);
	struct drvp_relation *relations;

	(void)state;
	PQclear(PQexec(other, "BEGIN; LOCK TABLE plain IN ACCESS EXCLUSIVE MODE"));
	assert_int_equal(STORE->freeze(session, targets, 2, &relations, NULL), 0);
	assert_int_equal(relations[0].state, DRVP_RELATION_BUSY);
	assert_non_null(relations[0].remedy);
	assert_int_equal(relations[1].state, DRVP_RELATION_READY);
	assert_int_equal(pg_count(session, &relations[1]), 200);
	pg_close(&session);
	PQfinish(other);
}

/* TRUNCATE does not respect snapshots: only the lock keeps the rows. */
static void nobody_can_empty_what_is_read(void **state)
{
	struct drvp_target targets[3] = {
		{ "public", "plain" }, { "public", "parted" }, { "public", "kept" }
	};
	static const char *const attempts[] = {
		"SET lock_timeout = 100; TRUNCATE plain",
		"SET lock_timeout = 100; TRUNCATE parted_1",
		"SET lock_timeout = 100; REFRESH MATERIALIZED VIEW kept",
		"SET lock_timeout = 100; DROP TABLE plain CASCADE",
	};
	struct drvp_session *session = pg_open();
	struct drvp_relation *relations;

	(void)state;
	assert_int_equal(STORE->freeze(session, targets, 3, &relations, NULL), 0);
	for (size_t i = 0; i < 4; i++) {
		PGconn *other = pg_another();
		PGresult *result = PQexec(other, attempts[i]);

		assert_string_equal(PQresultErrorField(result, PG_DIAG_SQLSTATE), "55P03");
		PQclear(result);
		PQfinish(other);
	}
	assert_int_equal(pg_count(session, &relations[0]), 321);
	assert_int_equal(pg_count(session, &relations[1]), 200);
	pg_close(&session);
}

static void connections_see_the_same(void **state)
{
	struct drvp_session *first = pg_open(), *second, *third;
	struct drvp_relation *relation;
	struct drv_error err = DRV_ERROR_INIT;
	struct drvp_identity identity;

	(void)state;
	pg_sql("CREATE TABLE growing AS SELECT i FROM generate_series(1, 50) i");
	relation = pg_freeze(first, "public", "growing", DRVP_RELATION_READY);
	pg_sql("INSERT INTO growing SELECT generate_series(1, 25); DELETE FROM growing WHERE i ="
	       " 1");
	if (STORE->attach(&second, first, &err))
		fail_msg("%s", err.message);
	pg_sql("INSERT INTO growing VALUES (0)");
	assert_int_equal(STORE->attach(&third, first, &err), 0);
	assert_int_equal(pg_count(first, relation), 50);
	assert_int_equal(pg_count(second, relation), 50);
	assert_int_equal(pg_count(third, relation), 50);
	assert_int_equal(STORE->finish(first, &identity, &err), 0);
	pg_close(&first);
	pg_close(&second);
	pg_close(&third);
	expect_count("public", "growing", DRVP_TABLE, 74);
}

static void a_lost_snapshot_cannot_be_joined(void **state)
{
	struct drvp_session *first = pg_open(), *second = NULL;
	struct drv_error err = DRV_ERROR_INIT;

	(void)state;
	pg_freeze(first, "public", "plain", DRVP_RELATION_READY);
	pg_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '%s'",
	       pg_reader());
	while (pg_number("SELECT count(*) FROM pg_stat_activity WHERE usename = '%s'", pg_reader()))
		;
	assert_int_equal(STORE->attach(&second, first, &err), DRV_E_CONNECT);
	assert_null(second);
	assert_int_equal(STORE->finish(first, &(struct drvp_identity){ .lsn = 0 }, &err),
			 DRV_E_CONNECT);
	pg_close(&first);
}

/* A pooler may hand the connection on: nothing of ours may outlive the transaction. */
static void nothing_is_written_or_left(void **state)
{
	struct drvp_session *session = pg_open();

	(void)state;
	pg_freeze(session, "public", "plain", DRVP_RELATION_READY);
	assert_int_equal(pg_number("SELECT count(*) FROM pg_stat_activity WHERE usename = '%s' AND "
				   "state = 'idle in transaction' AND backend_xid IS NULL AND "
				   "application_name = 'drverify'", pg_reader()), 1);
	pg_close(&session);
}

static void who_and_when(void **state)
{
	struct drvp_session *session = pg_open();
	struct drvp_identity identity;
	char expected[64];

	(void)state;
	pg_freeze(session, "public", "plain", DRVP_RELATION_READY);
	assert_int_equal(STORE->identify(session, &identity, NULL), 0);
	snprintf(expected, sizeof expected, "PostgreSQL %llu.",
		 (unsigned long long)pg_number("SHOW server_version_num") / 10000);
	assert_int_equal(strncmp(identity.server, expected, strlen(expected)), 0);
	assert_true(identity.system_identifier ==
		    pg_number("SELECT system_identifier FROM pg_control_system()"));
	assert_true(identity.timeline == 1);
	assert_true(identity.lsn > 0 && identity.lsn <=
		    pg_number("SELECT pg_current_wal_insert_lsn() - '0/0'"));
	assert_true(llabs(identity.server_now - drvp_now()) < 60 * DRVP_SECOND);
	assert_false(identity.superuser);
	assert_false(identity.in_recovery);
	assert_string_equal(identity.consistency, "one snapshot");
	assert_null(strstr(identity.address, "user"));
	pg_close(&session);
	session = pg_open_as(pg_super_uri(), 5000, NULL);
	pg_freeze(session, "public", "plain", DRVP_RELATION_READY);
	assert_int_equal(STORE->identify(session, &identity, NULL), 0);
	assert_true(identity.superuser);
	pg_close(&session);
}

static bool warns(const char *text)
{
	struct drvp_session *session = pg_open();
	struct drvp_identity identity;
	bool found = false;

	pg_freeze(session, "public", "plain", DRVP_RELATION_READY);
	assert_int_equal(STORE->identify(session, &identity, NULL), 0);
	for (size_t i = 0; i < identity.warning_count; i++)
		found |= !strcmp(identity.warnings[i], text);
	pg_close(&session);
	return found;
}

static void restore_tuning_is_noticed(void **state)
{
	(void)state;
	assert_false(warns("setting session_replication_role is replica"));
	pg_sql("ALTER ROLE %s SET session_replication_role = 'replica'", pg_reader());
	assert_true(warns("setting session_replication_role is replica"));
	pg_sql("ALTER ROLE %s RESET session_replication_role;", pg_reader());
	pg_sql("DO $$ BEGIN EXECUTE pg_catalog.format('ALTER DATABASE %%I SET "
	       "default_transaction_read_only = on', current_database()); END $$");
	assert_true(warns("setting default_transaction_read_only is on, for this database"));
	pg_sql("DO $$ BEGIN EXECUTE pg_catalog.format('ALTER DATABASE %%I RESET ALL', "
	       "current_database()); END $$");
	assert_false(warns("setting default_transaction_read_only is on, for this database"));
}

/* That the verifier itself writes nothing was not left behind by a restore. */
static void a_role_may_be_read_only(void **state)
{
	(void)state;
	pg_sql("ALTER ROLE %s SET default_transaction_read_only = on", pg_reader());
	assert_false(warns("setting default_transaction_read_only is on"));
	pg_sql("ALTER ROLE %s RESET ALL", pg_reader());
}

/* What the role may not ask stays 0, and the session goes on. */
static void an_identity_that_may_not_be_read(void **state)
{
	struct drvp_session *session, *second;
	struct drvp_relation *relation;
	struct drvp_identity identity;
	struct drv_error err = DRV_ERROR_INIT;

	(void)state;
	pg_sql("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC;"
	       "REVOKE EXECUTE ON FUNCTION pg_current_wal_insert_lsn() FROM PUBLIC;"
	       "REVOKE EXECUTE ON FUNCTION pg_export_snapshot() FROM PUBLIC");
	session = pg_open();
	relation = pg_freeze(session, "public", "plain", DRVP_RELATION_READY);
	assert_int_equal(STORE->identify(session, &identity, NULL), 0);
	assert_true(identity.system_identifier == 0 && identity.lsn == 0);
	assert_non_null(strstr(identity.consistency, "one connection"));
	assert_int_equal(STORE->attach(&second, session, &err), DRV_E_UNSUPPORTED);
	assert_int_equal(pg_count(session, relation), 321);
	pg_sql("GRANT EXECUTE ON FUNCTION pg_control_system() TO PUBLIC;"
	       "GRANT EXECUTE ON FUNCTION pg_current_wal_insert_lsn() TO PUBLIC;"
	       "GRANT EXECUTE ON FUNCTION pg_export_snapshot() TO PUBLIC");
	pg_close(&session);
}

/* ------------------------------------------------------------------ conditions */

static uint64_t count_where(const char *column, int op, int type, const char *text, int expected)
{
	struct drvp_session *session = pg_open();
	struct drvp_relation *relation = pg_freeze(session, "public", "filtered",
						   DRVP_RELATION_READY);
	struct drvp_json value = { .type = (uint8_t)type, .text = text,
				   .len = text ? strlen(text) : 0, .truth = true };
	struct drvp_condition condition = { column, op, &value };
	struct drvp_selection selection = { &condition, 1, NULL };
	struct drv_error err = DRV_ERROR_INIT;
	uint64_t rows;
	int status = STORE->count(session, relation, &selection, &rows, &err);

	if (status != expected)
		fail_msg("%d: %s", status, err.message);
	pg_close(&session);
	return rows;
}

static void conditions_choose_rows(void **state)
{
	(void)state;
	pg_sql("CREATE TABLE filtered (t text, i int, n numeric, b bool, \"at\" timestamptz);"
	       "INSERT INTO filtered VALUES ('open', 1, 1.10, true, '2025-01-01Z'),"
	       " ('o''; DROP TABLE filtered; --', -2, 1e30, false, '2026-01-01Z'),"
	       " (NULL, NULL, NULL, NULL, NULL), (E'back\\\\slash', 3, 'NaN', true, 'infinity')");
	assert_int_equal(count_where("t", DRVP_IS_NULL, DRVP_JSON_NULL, NULL, 0), 1);
	assert_int_equal(count_where("t", DRVP_NOT_NULL, DRVP_JSON_NULL, NULL, 0), 3);
	assert_int_equal(count_where("t", DRVP_EQUALS, DRVP_JSON_STRING, "open", 0), 1);
	assert_int_equal(count_where("t", DRVP_EQUALS, DRVP_JSON_STRING,
				     "o'; DROP TABLE filtered; --", 0), 1);
	assert_int_equal(count_where("t", DRVP_EQUALS, DRVP_JSON_STRING, "back\\slash", 0), 1);
	assert_int_equal(count_where("t", DRVP_EQUALS, DRVP_JSON_STRING, "x' OR true OR t = '", 0),
			 0);
	assert_int_equal(count_where("i", DRVP_EQUALS, DRVP_JSON_NUMBER, "-2", 0), 1);
	assert_int_equal(count_where("i", DRVP_AT_LEAST, DRVP_JSON_NUMBER, "1.5", 0), 1);
	assert_int_equal(count_where("n", DRVP_EQUALS, DRVP_JSON_NUMBER, "1.1", 0), 1);
	assert_int_equal(count_where("n", DRVP_EQUALS, DRVP_JSON_NUMBER, "1E+30", 0), 1);
	assert_int_equal(count_where("b", DRVP_EQUALS, DRVP_JSON_BOOL, NULL, 0), 2);
	assert_int_equal(count_where("at", DRVP_AT_LEAST, DRVP_JSON_STRING, "2025-06-01Z", 0), 2);
}

static void conditions_that_make_no_sense(void **state)
{
	(void)state;
	count_where("absent", DRVP_IS_NULL, DRVP_JSON_NULL, NULL, DRV_E_MISSING);
	count_where("ctid", DRVP_NOT_NULL, DRVP_JSON_NULL, NULL, DRV_E_MISSING);
	count_where("t", DRVP_EQUALS, DRVP_JSON_NUMBER, "5", DRV_E_USAGE);
	count_where("i", DRVP_EQUALS, DRVP_JSON_STRING, "five", DRV_E_USAGE);
	count_where("i", DRVP_EQUALS, DRVP_JSON_ARRAY, NULL, DRV_E_USAGE);
	assert_int_equal(pg_number("SELECT count(*) FROM filtered"), 4);
}

/* One failed question must not end the session. */
static void a_session_survives_its_errors(void **state)
{
	struct drvp_session *session = pg_open();
	struct drvp_relation *relation = pg_freeze(session, "public", "filtered",
						   DRVP_RELATION_READY);
	struct drvp_json five = { .type = DRVP_JSON_STRING, .text = "five", .len = 4 };
	struct drvp_condition condition = { "i", DRVP_EQUALS, &five };
	struct drvp_selection selection = { &condition, 1, NULL };
	struct drv_error err = DRV_ERROR_INIT;
	uint64_t rows;

	(void)state;
	pg_sql("INSERT INTO filtered VALUES ('later')");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(STORE->count(session, relation, &selection, &rows, &err),
				 DRV_E_USAGE);
		assert_null(strstr(err.message, "five"));
		assert_int_equal(pg_count(session, relation), 4);
	}
	pg_close(&session);
}

/* ------------------------------------------------------------------ the newest time */

static int newest(const char *table, const char *column, const char *zone, int64_t *instant,
		  bool *found, uint64_t *rows)
{
	struct drvp_session *session = pg_open();
	struct drvp_relation *relation = pg_freeze(session, "public", table, DRVP_RELATION_READY);
	int status = STORE->newest(session, relation, NULL, column, zone, instant, found, rows,
				   NULL);

	pg_close(&session);
	return status;
}

/* An estimate, or UINT64_MAX where the store makes none. */
static uint64_t estimate_of(const char *name)
{
	struct drvp_session *session = pg_open();
	struct drvp_relation *relation = pg_freeze(session, "public", name, DRVP_RELATION_READY);
	uint64_t rows = 0;

	if (STORE->estimate(session, relation, &rows, NULL))
		rows = UINT64_MAX;
	pg_count(session, relation);
	pg_close(&session);
	return rows;
}

static void sizes_are_estimated(void **state)
{
	(void)state;
	pg_sql("CREATE TABLE sized (id int, pad text); CREATE VIEW sized_view AS SELECT * FROM sized;"
	       "ALTER TABLE sized SET (autovacuum_enabled = off);"
	       "CREATE TABLE sized_parts (id int) PARTITION BY LIST (id);"
	       "CREATE TABLE sized_part_1 PARTITION OF sized_parts FOR VALUES IN (1);"
	       "CREATE TABLE sized_part_2 PARTITION OF sized_parts FOR VALUES IN (2);"
	       "INSERT INTO sized_parts SELECT 1 + g %% 2 FROM generate_series(1, 1000) g;"
	       "ANALYZE sized_parts;"
	       "GRANT SELECT ON sized, sized_view, sized_parts TO %s", pg_reader());
	assert_int_equal(estimate_of("sized"), 0);
	pg_sql("INSERT INTO sized SELECT g, repeat('x', 100) FROM generate_series(1, 10000) g");
	assert_in_range(estimate_of("sized"), 5000, 20000);      /* nothing but its blocks is known */
	pg_sql("ANALYZE sized");
	assert_in_range(estimate_of("sized"), 9900, 10100);
	pg_sql("INSERT INTO sized SELECT * FROM sized");
	assert_in_range(estimate_of("sized"), 19000, 21000);
	assert_int_equal(estimate_of("sized_parts"), 1000);
	assert_int_equal(estimate_of("sized_view"), UINT64_MAX);
	pg_sql("DROP TABLE sized, sized_parts CASCADE");
}

static void expect_newest(const char *column, const char *zone, const char *expected)
{
	int64_t instant, wanted;
	uint64_t rows;
	bool found;

	assert_true(drvp_instant_parse(&wanted, expected, strlen(expected)));
	assert_int_equal(newest("times", column, zone, &instant, &found, &rows), 0);
	assert_true(found);
	assert_int_equal(rows, 3);
	if (instant != wanted)
		fail_msg("%s: %lld, not %lld", column, (long long)instant, (long long)wanted);
}

static void the_newest_row(void **state)
{
	int64_t instant;
	uint64_t rows;
	bool found;

	(void)state;
	pg_sql("CREATE TABLE times (z timestamptz, l timestamp, d date, far timestamp, never date);"
	       "INSERT INTO times VALUES ('2025-12-30 14:22:10.123456+09', '2025-12-30 14:22:10.5',"
	       " '2025-12-30', 'infinity', NULL), (NULL, '2020-01-01', '1950-01-01', '-infinity',"
	       " NULL), ('1969-12-31Z', NULL, NULL, '2020-01-01', NULL)");
	expect_newest("z", NULL, "2025-12-30T05:22:10.123456Z");
	expect_newest("z", "Asia/Seoul", "2025-12-30T05:22:10.123456Z");
	expect_newest("l", "Asia/Seoul", "2025-12-30T05:22:10.5Z");
	expect_newest("l", "UTC", "2025-12-30T14:22:10.5Z");
	expect_newest("d", "America/New_York", "2025-12-30T05:00:00Z");
	assert_int_equal(newest("times", "far", "UTC", &instant, &found, &rows), 0);
	assert_true(found && instant == DRVP_TIME_INFINITY);
	assert_int_equal(newest("times", "never", "UTC", &instant, &found, &rows), 0);
	assert_false(found);
	assert_int_equal(rows, 3);
	pg_sql("CREATE TABLE no_times (z timestamptz)");
	assert_int_equal(newest("no_times", "z", NULL, &instant, &found, &rows), 0);
	assert_true(!found && !rows);
	assert_int_equal(newest("times", "l", NULL, &instant, &found, &rows), DRV_E_USAGE);
	assert_int_equal(newest("times", "l", "Asia/Seul", &instant, &found, &rows), DRV_E_USAGE);
	assert_int_equal(newest("times", "l", "UTC+9", &instant, &found, &rows), DRV_E_USAGE);
	assert_int_equal(newest("times", "l", "+09:00", &instant, &found, &rows), DRV_E_USAGE);
	assert_int_equal(newest("times", "absent", "UTC", &instant, &found, &rows), DRV_E_MISSING);
	assert_int_equal(newest("filtered", "t", "UTC", &instant, &found, &rows), DRV_E_USAGE);
}

/* ------------------------------------------------------------------ zones */

/* Each change must be the first second of its offset, by the server's own word. */
static void zones_are_exact(void **state)
{
	static const char *const names[] = {
		"Asia/Seoul", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "UTC",
		"Asia/Kathmandu", "Africa/Monrovia", "Pacific/Apia", "asia/seoul", "Etc/GMT+9"
	};
	struct drvp_session *session = pg_open();

	(void)state;
	pg_freeze(session, "public", "plain", DRVP_RELATION_READY);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct drv_error err = DRV_ERROR_INIT;
		struct drvp_zone zone;

		if (STORE->zone(session, names[i], &zone, &err))
			fail_msg("%s: %s", names[i], err.message);
		assert_true(zone.count >= 1 && zone.changes[0].instant == INT64_MIN);
		for (size_t c = 1; c < zone.count; c++) {
			int64_t at = zone.changes[c].instant / DRVP_SECOND;

			assert_true(zone.changes[c].instant > zone.changes[c - 1].instant);
			assert_int_equal(
				pg_number("SELECT count(*) FROM (VALUES (%lld, %lld), (%lld,"
					  " %lld)) "
					  "v(t, o) WHERE extract(epoch FROM to_timestamp(t) AT"
					  " TIME "
					  "ZONE '%s' - to_timestamp(t) AT TIME ZONE 'UTC') = o",
					  (long long)at,
					  (long long)(zone.changes[c].offset / DRVP_SECOND),
					  (long long)at - 1,
					  (long long)(zone.changes[c - 1].offset / DRVP_SECOND),
					  names[i]), 2);
		}
	}
	pg_close(&session);
}

static void unknown_zones_are_named(void **state)
{
	struct drvp_session *session = pg_open();
	struct drvp_relation *relation = pg_freeze(session, "public", "plain", DRVP_RELATION_READY);
	struct drv_error err = DRV_ERROR_INIT;
	struct drvp_zone zone;

	(void)state;
	assert_int_equal(STORE->zone(session, "Asia/Seul", &zone, &err), DRV_E_USAGE);
	assert_non_null(strstr(err.message, "Asia/Seul"));
	assert_int_equal(STORE->zone(session, "UTC+9", &zone, &err), DRV_E_USAGE);
	assert_int_equal(STORE->zone(session, "", &zone, &err), DRV_E_USAGE);
	assert_int_equal(STORE->zone(session, "x'; DROP", &zone, &err), DRV_E_USAGE);
	assert_int_equal(pg_count(session, relation), 321);
	pg_close(&session);
}

/* ------------------------------------------------------------------ the user's SQL */

static void expect_answer(struct drvp_session *session, const char *sql, uint64_t most,
			  int expected, uint64_t expected_rows)
{
	struct drv_error err = DRV_ERROR_INIT;
	uint64_t rows;
	int status = STORE->ask(session, sql, most, &rows, &err);

	if (status != expected)
		fail_msg("%s: %d %s", sql, status, err.message);
	if (!status)
		assert_int_equal(rows, expected_rows);
}

static void users_sql(void **state)
{
	struct drvp_session *session = pg_open();
	struct drvp_relation *relation = pg_freeze(session, "public", "plain", DRVP_RELATION_READY);
	static const char *const refused[] = {
		"SELECT 1; SELECT 2", "COMMIT", "ROLLBACK", "RELEASE SAVEPOINT drverify",
		"SET search_path = public", "SELECT $1::int", "SELEC 1", "",
		"DELETE FROM public.plain RETURNING i", "CREATE TEMP TABLE x (i int)",
		"COPY public.plain TO STDOUT", "DISCARD ALL",
	};

	(void)state;
	expect_answer(session, "SELECT i FROM public.plain WHERE i > 300", UINT64_MAX, 0, 21);
	expect_answer(session, "SELECT i FROM public.plain WHERE false", UINT64_MAX, 0, 0);
	expect_answer(session, "SELECT i FROM public.plain", 5, 0, 6);
	expect_answer(session, "SELECT i FROM plain", UINT64_MAX, DRV_E_MISSING, 0);
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
		expect_answer(session, refused[i], UINT64_MAX, DRV_E_USAGE, 0);
	expect_answer(session, "SELECT i FROM public.secret", UINT64_MAX, DRV_E_DENIED, 0);
	/* What it sets does not stay. */
	expect_answer(session, "SELECT set_config('search_path', 'public', false)", 1, 0, 1);
	expect_answer(session, "SELECT i FROM plain", UINT64_MAX, DRV_E_MISSING, 0);
	assert_int_equal(pg_count(session, relation), 321);
	pg_close(&session);
}

static void users_sql_not_as_superuser(void **state)
{
	char uri[900];
	struct drvp_session *session = pg_open_as(pg_super_uri(), 5000, NULL);

	(void)state;
	pg_freeze(session, "public", "plain", DRVP_RELATION_READY);
	expect_answer(session, "SELECT 1", 1, DRV_E_DENIED, 0);
	pg_close(&session);
	/* A superuser who put on another role can take it off again. */
	snprintf(uri, sizeof uri, "%s options='-c role=%s'", pg_super_uri(), pg_reader());
	session = pg_open_as(uri, 5000, NULL);
	pg_freeze(session, "public", "plain", DRVP_RELATION_READY);
	expect_answer(session, "SELECT 1", 1, DRV_E_DENIED, 0);
	pg_close(&session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_full_and_empty),
		cmocka_unit_test(hostile_identifiers),
		cmocka_unit_test(names_are_exact),
		cmocka_unit_test(partitions_and_children),
		cmocka_unit_test(views_and_foreign_tables),
		cmocka_unit_test(a_view_without_its_data_is_an_error),
		cmocka_unit_test(columns_are_described),
		cmocka_unit_test(rights_that_lack_are_named),
		cmocka_unit_test(row_security_hides_nothing_silently),
		cmocka_unit_test(rights_to_single_columns_suffice),
		cmocka_unit_test(a_lock_of_somebody_else),
		cmocka_unit_test(nobody_can_empty_what_is_read),
		cmocka_unit_test(connections_see_the_same),
		cmocka_unit_test(a_lost_snapshot_cannot_be_joined),
		cmocka_unit_test(nothing_is_written_or_left),
		cmocka_unit_test(who_and_when),
		cmocka_unit_test(restore_tuning_is_noticed),
		cmocka_unit_test(a_role_may_be_read_only),
		cmocka_unit_test(an_identity_that_may_not_be_read),
		cmocka_unit_test(conditions_choose_rows),
		cmocka_unit_test(conditions_that_make_no_sense),
		cmocka_unit_test(a_session_survives_its_errors),
		cmocka_unit_test(sizes_are_estimated),
		cmocka_unit_test(the_newest_row),
		cmocka_unit_test(zones_are_exact),
		cmocka_unit_test(unknown_zones_are_named),
		cmocka_unit_test(users_sql),
		cmocka_unit_test(users_sql_not_as_superuser),
	};

	return PG_RUN(tests);
}
