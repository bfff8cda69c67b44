/* test_postgresql_stable.c: the form in which rows are digested, and values that travel for it */
#include "pg_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#define STORE (&drvp_store_postgresql)

struct digested {
	struct drvp_strbuf stable;   /* of the last row, as printable text */
	struct drvp_strbuf keys;
	struct drvp_strbuf values;   /* those that are not STABLE */
	size_t stable_columns;
	uint64_t bytes;              /* of all rows */
};

static int note(const struct drvp_row *row, void *user)
{
	struct digested *d = user;

	drvp_strbuf_clear(&d->stable);
	drvp_strbuf_hex(&d->stable, row->stable, row->stable_len < 500 ? row->stable_len : 0);
	drvp_strbuf_clear(&d->keys);
	if (row->key_count)
		drvp_row_print_key(&d->keys, row);
	drvp_strbuf_clear(&d->values);
	for (size_t i = d->stable_columns; i < row->value_count; i++) {
		drvp_strbuf_str(&d->values, i > d->stable_columns ? "|" : "");
		drvp_value_print(&d->values, &row->values[i]);
	}
	d->bytes += row->stable_len;
	return 0;
}

static void digested_free(struct digested *d)
{
	drvp_strbuf_free(&d->stable);
	drvp_strbuf_free(&d->keys);
	drvp_strbuf_free(&d->values);
}

/* Reads a table; the first of the columns are STABLE, those behind are values. */
static int read_stable(struct digested *d, const char *table, const char *const *columns,
		       size_t stable, bool keys, struct drv_error *err)
{
	struct drvp_session *session = pg_open();
	struct drvp_wanted wanted[8];
	struct drvp_scan scan = { .columns = wanted, .keys = keys, .unplaced = true };
	uint64_t rows;
	int status;

	memset(d, 0, sizeof *d);
	d->stable_columns = stable;
	for (; columns[scan.column_count]; scan.column_count++)
		wanted[scan.column_count] = (struct drvp_wanted){
			columns[scan.column_count],
			scan.column_count < stable ? DRVP_FORM_STABLE : DRVP_FORM_VALUE };
	scan.relation = pg_freeze(session, "public", table, DRVP_RELATION_READY);
	status = STORE->scan(session, &scan, note, d, &rows, err);
	pg_close(&session);
	return status;
}

static void expect_stable(const char *table, const char *const *columns, size_t stable, bool keys,
			  const char *bytes, const char *key, const char *values)
{
	struct drv_error err = DRV_ERROR_INIT;
	struct digested d;

	if (read_stable(&d, table, columns, stable, keys, &err))
		fail_msg("%s: %s", table, err.message);
	assert_string_equal(drvp_strbuf_text(&d.stable), bytes);
	assert_string_equal(drvp_strbuf_text(&d.keys), key);
	assert_string_equal(drvp_strbuf_text(&d.values), values);
	digested_free(&d);
}

/* What comes for the digest is decoded for the key too; what comes in another form comes twice. */
static void keys_are_decoded_from_what_travelled(void **state)
{
	(void)state;
	pg_sql("CREATE TABLE twice (i int, n numeric, t text, v text, PRIMARY KEY (i, n, t));"
	       "INSERT INTO twice VALUES (-2, 1.50, 'k', NULL)");
	expect_stable("twice", PG_COLUMNS("i", "t", "v"), 3, true,
		      "00000004fffffffe" "000000016b" "ffffffff", "i=-2,n=1.50,t=k", "");
	expect_stable("twice", PG_COLUMNS("n", "i", "i", "n"), 2, true,
		      "0000000c0002000000000002" "00011388" "00000004fffffffe", "i=-2,n=1.50,t=k",
		      "-2|1.50");
}

static void null_is_no_empty_text(void **state)
{
	(void)state;
	pg_sql("CREATE TABLE empties (a text, b text, c text);"
	       "INSERT INTO empties VALUES ('', NULL, 'x')");
	expect_stable("empties", PG_COLUMNS("a", "b", "c"), 3, false,
		      "00000000" "ffffffff" "0000000178", "", "");
	expect_stable("empties", PG_COLUMNS("b", "a", "c"), 3, false,
		      "ffffffff" "00000000" "0000000178", "", "");
}

/* Printed: 'NULL' as a text is no NULL, and no text can pretend to be another. */
static void printed_values_are_quoted(void **state)
{
	(void)state;
	pg_sql("CREATE TABLE printed AS SELECT ARRAY['a']::text[] AS a, NULL::text[] AS n,"
	       " ROW(1, NULL)::record::text AS r");
	expect_stable("printed", PG_COLUMNS("a", "n"), 2, false,
		      "00000005277b617d27" "000000044e554c4c", "", "");
}

static void generated_columns_are_digested(void **state)
{
	(void)state;
	pg_sql("CREATE TABLE made (a int, g int GENERATED ALWAYS AS (a * 2) STORED);"
	       "INSERT INTO made VALUES (3)");
	expect_stable("made", PG_COLUMNS("a", "g", "g"), 2, false,
		      "0000000400000003" "0000000400000006", "", "6");
}

static void every_nan_is_one(void **state)
{
	(void)state;
	pg_sql("CREATE TABLE nans AS SELECT 'inf'::float8 - 'inf'::float8 AS a, 'NaN'::float8 AS b,"
	       " point('inf'::float8 - 'inf'::float8, 0) AS c");
	expect_stable("nans", PG_COLUMNS("a", "b", "c"), 3, false,
		      "000000087ff8000000000000" "000000087ff8000000000000"
		      "000000107ff80000000000000000000000000000", "", "");
}

/* As many columns as a table may have, and its key's once more. */
static void the_widest_table(void **state)
{
	struct drvp_session *session;
	struct drvp_wanted *wanted = calloc(1600, sizeof *wanted);
	struct drvp_scan scan = { .columns = wanted, .column_count = 1600, .keys = true,
				  .unplaced = true };
	struct digested d = { .stable_columns = 1600 };
	struct drv_error err = DRV_ERROR_INIT;
	uint64_t rows;

	(void)state;
	assert_non_null(wanted);
	pg_sql("DO $$ BEGIN EXECUTE (SELECT 'CREATE TABLE widest (' || string_agg(format('c%%s bool',"
	       " n), ', ') || ', i int, n numeric, PRIMARY KEY (i, n))' FROM generate_series(1, 1598)"
	       " n); END $$; INSERT INTO widest (i, n) VALUES (7, 0.10), (8, 0.20)");
	session = pg_open();
	scan.relation = pg_freeze(session, "public", "widest", DRVP_RELATION_READY);
	assert_int_equal(scan.relation->column_count, 1600);
	for (size_t i = 0; i < 1600; i++)
		wanted[i] = (struct drvp_wanted){ scan.relation->columns[i].name, DRVP_FORM_STABLE };
	if (STORE->scan(session, &scan, note, &d, &rows, &err))
		fail_msg("%s", err.message);
	assert_int_equal(rows, 2);
	assert_string_equal(drvp_strbuf_text(&d.keys), "i=8,n=0.20");
	assert_int_equal(d.bytes, 2 * (1598 * 4 + 8 + 4 + 10));
	pg_close(&session);
	digested_free(&d);
	free(wanted);
}

static void a_large_value_arrives_whole(void **state)
{
	struct drv_error err = DRV_ERROR_INIT;
	struct digested d;

	(void)state;
	pg_sql("CREATE TABLE large AS SELECT repeat('x', 100000000) AS t");
	assert_int_equal(read_stable(&d, "large", PG_COLUMNS("t"), 1, false, &err), 0);
	assert_int_equal(d.bytes, 100000004);
	digested_free(&d);
}

/* No server can send a row of more than 1 GB, which it can keep where values are compressed. */
static void what_is_too_large_to_send_is_an_error(void **state)
{
	struct drv_error err = DRV_ERROR_INIT;
	struct digested d;

	(void)state;
	pg_sql("CREATE VIEW halves AS SELECT repeat('x', 540000000) AS a, repeat('y', 540000000)"
	       " AS b");
	assert_int_not_equal(read_stable(&d, "halves", PG_COLUMNS("a", "b"), 2, false, &err), 0);
	assert_true(err.message[0] != '\0');
	assert_null(strstr(err.message, "xxxx"));
	assert_int_equal(d.bytes, 0);
	digested_free(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_decoded_from_what_travelled),
		cmocka_unit_test(null_is_no_empty_text),
		cmocka_unit_test(printed_values_are_quoted),
		cmocka_unit_test(generated_columns_are_digested),
		cmocka_unit_test(every_nan_is_one),
		cmocka_unit_test(the_widest_table),
		cmocka_unit_test(a_large_value_arrives_whole),
		cmocka_unit_test(what_is_too_large_to_send_is_an_error),
	};

	return PG_RUN(tests);
}
