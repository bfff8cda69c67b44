/* test_postgresql_types.c: values of every type arrive exact, whatever the settings of a role */
#include "pg_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#define STORE (&drvp_store_postgresql)

static struct drvp_relation *open_table(struct drvp_session **session, const char *name)
{
	*session = pg_open();
	return pg_freeze(*session, "public", name, DRVP_RELATION_READY);
}

/* What one column of a table of one row holds, as text. */
static void expect_text(const char *table, const char *column, int kind, const char *expected)
{
	struct drvp_session *session;
	struct drvp_relation *relation = open_table(&session, table);
	const struct drvp_column *known = drvp_relation_column(relation, column);
	char *text = pg_text_of(session, relation, PG_COLUMNS(column));

	text[strlen(text) - 1] = '\0';          /* the end of the row */
	if (known->kind != kind || strcmp(text, expected) != 0)
		fail_msg("%s: kind %d, %s", column, known->kind, text);
	free(text);
	pg_close(&session);
}

/* ------------------------------------------------------------------ settings */

/* Each would change what some type prints. */
static void spoil_settings(void)
{
	static const char *const settings[] = {
		"DateStyle = 'German, DMY'", "IntervalStyle = 'sql_standard'",
		"bytea_output = 'escape'", "TimeZone = 'Asia/Seoul'", "extra_float_digits = -15",
		"xmloption = 'document'", "quote_all_identifiers = on",
		"search_path = 'odd', 'public'", "client_encoding = 'LATIN1'",
	};

	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
		pg_sql("ALTER ROLE %s SET %s", pg_reader(), settings[i]);
}

static void mend_settings(void)
{
	pg_sql("ALTER ROLE %s RESET ALL", pg_reader());
}

static const struct {
	const char *type, *stored;
	int kind;
	const char *expected;
} samples[] = {
	{ "numeric(9,4)", "1.1", DRVP_DECIMAL, "1.1000" },
	{ "numeric", "-0.00", DRVP_DECIMAL, "0.00" },
	{ "numeric", "1e-20", DRVP_DECIMAL, "0.00000000000000000001" },
	{ "float4", "0.1", DRVP_FLOAT, "0.1" },
	{ "float8", "0.1234567890123456", DRVP_FLOAT, "0.1234567890123456" },
	{ "timestamptz", "2025-12-30 14:30:00.123456+09", DRVP_INSTANT,
	  "2025-12-30T05:30:00.123456Z" },
	{ "timestamp", "2025-12-30 14:30", DRVP_LOCAL_TIME, "2025-12-30T14:30:00" },
	{ "date", "2025-12-30", DRVP_DATE, "2025-12-30" },
	{ "time", "24:00", DRVP_TEXT, "24:00:00" },
	{ "time(3)", "01:02:03.4567", DRVP_TEXT, "01:02:03.457" },
	{ "timetz", "01:02:03.5+09:30", DRVP_TEXT, "01:02:03.5+09:30" },
	{ "interval", "14 months 3 days -04:05:06.789", DRVP_TEXT,
	  "1 year 2 mons 3 days -04:05:06.789" },
	{ "interval", "0", DRVP_TEXT, "00:00:00" },
	{ "money", "-1234.5", DRVP_TEXT, "-$1,234.50" },
	{ "uuid", "6F0C0000-0000-4000-8000-0000000000FF", DRVP_UUID,
	  "6f0c0000-0000-4000-8000-0000000000ff" },
	{ "bytea", "\\x00ff5c", DRVP_BYTES, "00ff5c" },
	{ "inet", "10.0.0.1", DRVP_TEXT, "10.0.0.1" },
	{ "inet", "10.0.0.1/8", DRVP_TEXT, "10.0.0.1/8" },
	{ "inet", "2001:DB8:0::1", DRVP_TEXT, "2001:db8::1" },
	{ "inet", "::ffff:1.2.3.4/120", DRVP_TEXT, "::ffff:1.2.3.4/120" },
	{ "cidr", "10.1", DRVP_TEXT, "10.1.0.0/16" },
	{ "cidr", "::1", DRVP_TEXT, "::1/128" },
	{ "macaddr", "08002B:010203", DRVP_TEXT, "08:00:2b:01:02:03" },
	{ "bit(4)", "0101", DRVP_TEXT, "0101" },
	{ "varbit", "", DRVP_TEXT, "" },
	{ "\"char\"", "q", DRVP_TEXT, "q" },
	{ "char(4)", "c", DRVP_TEXT, "c   " },
	{ "varchar(9)", "위염 ", DRVP_TEXT, "위염 " },
	{ "mood", "좋아", DRVP_TEXT, "좋아" },
	{ "int8range", "(1,5]", DRVP_TEXT, "[2,6)" },
	{ "tstzrange", "[2025-12-30 14:30+09,)", DRVP_TEXT,
	  "[\"2025-12-30 05:30:00+00\",)" },
	{ "daterange", "empty", DRVP_TEXT, "empty" },
	{ "point", "0.1,1e300", DRVP_TEXT, "(0.1,1e+300)" },
	{ "tsvector", "b:2 a:1", DRVP_TEXT, "'a':1 'b':2" },
	{ "pg_lsn", "16/B374D848", DRVP_TEXT, "16/B374D848" },
	{ "int2vector", "3 1", DRVP_TEXT, "3 1" },
	{ "regclass", "odd.\"a Table\"", DRVP_TEXT, "odd.\"a Table\"" },
	{ "regtype", "odd.pair", DRVP_TEXT, "odd.pair" },
	{ "xml", "a <b/> c", DRVP_TEXT, "a <b/> c" },
	{ "odd.pair", "(\"2025-12-30 14:30:00+09\",\"\\\\x00ff\",1 day,0.1)", DRVP_TEXT,
	  "(\"2025-12-30 05:30:00+00\",\"\\\\x00ff\",\"1 day\",0.1)" },
	{ "json", "{\"b\":1.10, \"a\":[]}", DRVP_DOCUMENT, "{ \"b\": 1.10, \"a\": [] }" },
	{ "jsonb", "{\"b\":1.10, \"a\":[]}", DRVP_DOCUMENT, "{ \"a\": [], \"b\": 1.10 }" },
};

/* Also of a domain over a domain over the type. Literals are read with the usual settings. */
static void every_type_under_odd_settings(void **state)
{
	(void)state;
	pg_sql("CREATE SCHEMA odd; GRANT USAGE ON SCHEMA odd TO %s;"
	       "CREATE TYPE mood AS ENUM ('sad', '좋아');"
	       "CREATE TABLE odd.\"a Table\" (i int);"
	       "CREATE TYPE odd.pair AS (t timestamptz, b bytea, i interval, f float4)",
	       pg_reader());
	spoil_settings();
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
		pg_sql("CREATE DOMAIN once AS %s; CREATE DOMAIN twice AS once;"
		       "CREATE TABLE sample (plain %s, through twice);"
		       "INSERT INTO sample VALUES ($in$%s$in$, $in$%s$in$)", samples[i].type,
		       samples[i].type, samples[i].stored, samples[i].stored);
		expect_text("sample", "plain", samples[i].kind, samples[i].expected);
		expect_text("sample", "through", samples[i].kind, samples[i].expected);
		pg_sql("DROP TABLE sample; DROP DOMAIN twice; DROP DOMAIN once");
	}
	mend_settings();
}

/* ------------------------------------------------------------------ arrays */

static const struct {
	const char *type, *stored, *expected;
} arrays[] = {
	{ "text[]", "{}", "[]" },
	{ "text[]", "{a,NULL,\"NULL\",\"\",\"b,\\\\\\\"}\",위염}",
	  "[\"a\", null, \"NULL\", \"\", \"b,\\\\\\\"}\", \"위염\"]" },
	{ "text[]", "{\"\n\t\"}", "[\"\\n\\t\"]" },
	{ "varchar(9)[]", "{true,1}", "[\"true\", \"1\"]" },
	{ "char(3)[]", "{a}", "[\"a  \"]" },
	{ "int4[]", "{1,NULL,-3}", "[1, null, -3]" },
	{ "int4[]", "{{1,2},{3,NULL}}", "[[1, 2], [3, null]]" },
	{ "int4[]", "[2:3]={1,2}", "[1, 2]" },
	{ "int8[]", "{9223372036854775807}", "[9223372036854775807]" },
	{ "int2[]", "{{{1}},{{2}}}", "[[[1]], [[2]]]" },
	{ "oid[]", "{4294967295}", "[\"4294967295\"]" },
	{ "bool[]", "{t,f,NULL}", "[true, false, null]" },
	{ "numeric[]", "{1.10,-0.00,18446744073709551617.000,NaN}",
	  "[1.10, 0.00, 18446744073709551617.000, \"NaN\"]" },
	{ "float8[]", "{0.1,1e300,0.30000000000000004,-0,Infinity}",
	  "[0.1, 1e+300, 0.30000000000000004, -0, \"Infinity\"]" },
	{ "float4[]", "{0.1,16777216}", "[0.1, 1.6777216e+07]" },
	{ "uuid[]", "{6F0C0000-0000-4000-8000-0000000000FF}",
	  "[\"6f0c0000-0000-4000-8000-0000000000ff\"]" },
	{ "mood[]", "{좋아,sad}", "[\"좋아\", \"sad\"]" },
	{ "inet[]", "{10.0.0.1,10.0.0.0/8}", "[\"10.0.0.1\", \"10.0.0.0/8\"]" },
	{ "bytea[]", "{\"\\\\x00ff\"}", "[\"\\\\x00ff\"]" },
	{ "timestamptz[]", "{2025-12-30 14:30:00.5+09,infinity}",
	  "[\"2025-12-30T05:30:00.5+00:00\", \"infinity\"]" },
	{ "timestamp[]", "{2025-12-30 14:30}", "[\"2025-12-30T14:30:00\"]" },
	{ "date[]", "{2025-12-30}", "[\"2025-12-30\"]" },
	{ "interval[]", "{14 months -1 second}", "[\"1 year 2 mons -00:00:01\"]" },
	{ "json[]", "{\"{\\\"b\\\":1.10,\\\"a\\\":2}\"}", "[{ \"b\": 1.10, \"a\": 2 }]" },
	{ "jsonb[]", "{\"{\\\"b\\\":1.10,\\\"a\\\":2}\"}", "[{ \"a\": 2, \"b\": 1.10 }]" },
	{ "odd.pair[]", "{\"(2025-12-30 14:30+09,,1 day,0.1)\"}",
	  "[{ \"t\": \"2025-12-30T05:30:00+00:00\", \"b\": null, \"i\": \"1 day\", \"f\": 0.1 }]" },
};

static void arrays_are_documents(void **state)
{
	(void)state;
	spoil_settings();
	for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
		pg_sql("CREATE DOMAIN once AS %s; CREATE DOMAIN twice AS once;"
		       "CREATE TABLE sample (plain %s, through twice);"
		       "INSERT INTO sample VALUES ($in$%s$in$, $in$%s$in$)", arrays[i].type,
		       arrays[i].type, arrays[i].stored, arrays[i].stored);
		expect_text("sample", "plain", DRVP_DOCUMENT, arrays[i].expected);
		expect_text("sample", "through", DRVP_DOCUMENT, arrays[i].expected);
		pg_sql("UPDATE sample SET plain = NULL, through = NULL");
		expect_text("sample", "plain", DRVP_DOCUMENT, "null");
		pg_sql("DROP TABLE sample; DROP DOMAIN twice; DROP DOMAIN once");
	}
	mend_settings();
}

/* Elements of a domain are what they are a domain over. */
static void arrays_of_domains(void **state)
{
	(void)state;
	pg_sql("CREATE DOMAIN amount AS numeric(9,2);"
	       "CREATE TABLE amounts AS SELECT ARRAY[1.1, NULL, 2]::amount[] AS a");
	expect_text("amounts", "a", DRVP_DOCUMENT, "[1.10, null, 2.00]");
}

/* ------------------------------------------------------------------ documents */

static int check_documents(const struct drvp_row *row, void *user)
{
	const struct drvp_value *json = &row->values[0], *jsonb = &row->values[1];

	(void)user;
	assert_int_equal(json->kind, DRVP_DOCUMENT);
	assert_false(json->order_lost);
	assert_int_equal(json->len, strlen(" {\"b\" : 1.0e2,\t\"b\":[ ]} "));
	assert_memory_equal(json->bytes, " {\"b\" : 1.0e2,\t\"b\":[ ]} ", json->len);
	assert_int_equal(json->json->count, 2);
	assert_true(jsonb->order_lost);
	assert_null(jsonb->bytes);
	assert_int_equal(jsonb->json->count, 1);
	assert_false(row->values[2].order_lost);
	assert_null(row->values[2].bytes);
	assert_true(row->values[3].order_lost);
	return 0;
}

static void json_keeps_its_text(void **state)
{
	static const struct drvp_wanted wanted[] = {
		{ "j", DRVP_FORM_VALUE }, { "b", DRVP_FORM_VALUE }, { "ja", DRVP_FORM_VALUE },
		{ "ba", DRVP_FORM_VALUE },
	};
	struct drvp_session *session;
	struct drvp_scan scan = { .columns = wanted, .column_count = 4 };
	uint64_t rows;

	(void)state;
	pg_sql("CREATE TABLE kept AS SELECT t::json AS j, t::jsonb AS b, ARRAY[t::json] AS ja,"
	       " ARRAY[t::jsonb] AS ba FROM (VALUES (E' {\"b\" : 1.0e2,\\t\"b\":[ ]} ')) v(t)");
	scan.relation = open_table(&session, "kept");
	assert_int_equal(STORE->scan(session, &scan, check_documents, NULL, &rows, NULL), 0);
	assert_int_equal(rows, 1);
	pg_close(&session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_under_odd_settings),
		cmocka_unit_test(arrays_are_documents),
		cmocka_unit_test(arrays_of_domains),
		cmocka_unit_test(json_keeps_its_text),
	};

	return PG_RUN(tests);
}
