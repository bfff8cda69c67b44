/* test_postgresql_paths.c: values at paths inside json and jsonb columns, and chains of them */
#include "pg_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#define STORE (&drvp_store_postgresql)

static struct drvp_relation *open_table(struct drvp_session **session, const char *name)
{
	*session = pg_open();
	return pg_freeze(*session, "public", name, DRVP_RELATION_READY);
}

/* ------------------------------------------------------------------ values */

static int copy_value(const struct drvp_row *row, void *user)
{
	const struct drvp_value *value = &row->values[0];
	struct drvp_strbuf *text = user;

	drvp_strbuf_printf(text, "%d%s%s ", value->kind, value->order_lost ? " unordered" : "",
			   value->kind == DRVP_DOCUMENT && value->bytes ? " kept" : "");
	if (value->kind == DRVP_DOCUMENT && value->bytes)
		drvp_strbuf_add(text, value->bytes, value->len);
	else
		drvp_value_print(text, value);
	return 0;
}

/* Of a table of one row: kind, what is said of a document, and the value or its stored text. */
static void expect_found(const char *table, const char *name, int form, const char *expected)
{
	struct drvp_wanted wanted = { name, form };
	struct drvp_session *session;
	struct drvp_scan scan = { .relation = open_table(&session, table), .columns = &wanted,
				  .column_count = 1 };
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	struct drv_error err = DRV_ERROR_INIT;
	uint64_t rows;

	if (STORE->scan(session, &scan, copy_value, &text, &rows, &err))
		fail_msg("%s: %s", name, err.message);
	assert_int_equal(rows, 1);
	if (strcmp(drvp_strbuf_text(&text), expected) != 0)
		fail_msg("%s.%s: %s, not %s", table, name, drvp_strbuf_text(&text), expected);
	drvp_strbuf_free(&text);
	pg_close(&session);
}

/* What json and jsonb keep alike. */
static const struct {
	const char *stored;
	int kind;
	const char *expected;
} samples[] = {
	{ "\"9c1f\"", DRVP_TEXT, "9c1f" },
	{ "\"\"", DRVP_TEXT, "" },
	{ "\"null\"", DRVP_TEXT, "null" },
	{ "\"5\"", DRVP_TEXT, "5" },
	{ "\"\\uc704\\n'\\\"\\\\\"", DRVP_TEXT, "위\n'\"\\" },
	{ "null", DRVP_NULL, "null" },
	{ "true", DRVP_BOOL, "true" },
	{ "false", DRVP_BOOL, "false" },
	{ "0", DRVP_INTEGER, "0" },
	{ "-7", DRVP_INTEGER, "-7" },
	{ "9223372036854775807", DRVP_INTEGER, "9223372036854775807" },
	{ "-9223372036854775808", DRVP_INTEGER, "-9223372036854775808" },
	{ "9223372036854775808", DRVP_DECIMAL, "9223372036854775808" },
	{ "1.10", DRVP_DECIMAL, "1.10" },
	{ "1.0", DRVP_DECIMAL, "1.0" },
	{ "-0.5", DRVP_DECIMAL, "-0.5" },
};

static void scalars_stand_for_themselves(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
		struct drvp_strbuf expected = DRVP_STRBUF_INIT;

		pg_sql("CREATE DOMAIN doc AS jsonb;"
		       "CREATE TABLE sample AS SELECT t::json AS j, t::jsonb AS b, t::doc AS d"
		       " FROM (VALUES ($in$ {\"v\": {\"w\": [%s]}} $in$)) v(t)",
		       samples[i].stored);
		drvp_strbuf_printf(&expected, "%d %s", samples[i].kind, samples[i].expected);
		expect_found("sample", "j.v.w.0", DRVP_FORM_VALUE, expected.data);
		expect_found("sample", "b.v.w.0", DRVP_FORM_VALUE, expected.data);
		expect_found("sample", "d.v.w.0", DRVP_FORM_VALUE, expected.data);
		drvp_strbuf_clear(&expected);
		drvp_strbuf_printf(&expected, "%d %s",
				   samples[i].kind == DRVP_NULL ? DRVP_NULL : DRVP_PRESENT,
				   samples[i].kind == DRVP_NULL ? "null" : "present");
		expect_found("sample", "j.v.w.0", DRVP_FORM_PRESENCE, expected.data);
		expect_found("sample", "b.v.w.0", DRVP_FORM_PRESENCE, expected.data);
		drvp_strbuf_free(&expected);
		pg_sql("DROP TABLE sample; DROP DOMAIN doc");
	}
}

static void expect_both(const char *path, const char *json, const char *jsonb)
{
	char name[100];

	snprintf(name, sizeof name, "j.%s", path);
	expect_found("shapes", name, DRVP_FORM_VALUE, json);
	snprintf(name, sizeof name, "b.%s", path);
	expect_found("shapes", name, DRVP_FORM_VALUE, jsonb);
}

static void what_json_and_jsonb_keep(void **state)
{
	char json[100], jsonb[100], null[100];

	(void)state;
	pg_sql("CREATE TABLE shapes AS SELECT t::json AS j, t::jsonb AS b FROM (VALUES"
	       " ($in${\"e\": 1.0e2, \"z\": -0, \"o\": {\"b\" : 1.50,\"a\":[ ]}, \"l\": [3, [4]],"
	       " \"twice\": 1, \"twice\": 2, \"1\": \"one\"}$in$)) v(t)");
	snprintf(null, sizeof null, "%d null", DRVP_NULL);
	snprintf(json, sizeof json, "%d 1.0e2", DRVP_DECIMAL);
	snprintf(jsonb, sizeof jsonb, "%d 100", DRVP_INTEGER);
	expect_both("e", json, jsonb);
	snprintf(json, sizeof json, "%d -0", DRVP_DECIMAL);
	snprintf(jsonb, sizeof jsonb, "%d 0", DRVP_INTEGER);
	expect_both("z", json, jsonb);
	snprintf(json, sizeof json, "%d kept {\"b\" : 1.50,\"a\":[ ]}", DRVP_DOCUMENT);
	snprintf(jsonb, sizeof jsonb, "%d unordered { \"a\": [], \"b\": 1.50 }", DRVP_DOCUMENT);
	expect_both("o", json, jsonb);
	snprintf(json, sizeof json, "%d kept [4]", DRVP_DOCUMENT);
	snprintf(jsonb, sizeof jsonb, "%d unordered [4]", DRVP_DOCUMENT);
	expect_both("l.1", json, jsonb);
	expect_both("l.-1", json, jsonb);
	snprintf(json, sizeof json, "%d 2", DRVP_INTEGER);
	expect_both("twice", json, json);
	snprintf(json, sizeof json, "%d one", DRVP_TEXT);
	expect_both("1", json, json);
	expect_both("absent", null, null);
	expect_both("l.2", null, null);
	expect_both("l.first", null, null);
	expect_both("e.deeper", null, null);
	expect_both("", null, null);
}

/* The server reads json whole to find a member, and says so of what it cannot hold. */
static void what_the_server_cannot_take_apart(void **state)
{
	static const struct {
		const char *stored;
		int status;
	} cases[] = {
		{ "{\"v\": 1, \"w\": \"\\u0000Kim\"}", DRV_E_UNSUPPORTED },
		{ "{\"v\": 1, \"w\": \"\\ud800Kim\"}", DRV_E_USAGE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct drvp_session *session;
		struct pg_scan seen = { .stop_at = 0 };
		struct drvp_relation *relation;

		pg_sql("CREATE TABLE odd AS SELECT $in$%s$in$::json AS j", cases[i].stored);
		relation = open_table(&session, "odd");
		assert_int_equal(pg_scan(&seen, session, relation, NULL, false, PG_COLUMNS("j.v")),
				 cases[i].status);
		assert_null(strstr(seen.err.message, "Kim"));
		drvp_strbuf_free(&seen.text);
		pg_close(&session);
		pg_sql("DROP TABLE odd");
	}
}

/* ------------------------------------------------------------------ names */

static const char *const hostile[] = {
	"it's", "back\\\\slash", "{brace}", "a,b", "\\\"quoted\\\"", "위염", "two words", "", "NULL",
	"$1", "'; DROP TABLE hostile; --", "]::text[]", "\\t", "%s", "Upper",
};

static void hostile_names(void **state)
{
	struct drvp_strbuf document = DRVP_STRBUF_INIT, name = DRVP_STRBUF_INIT;
	size_t count = sizeof hostile / sizeof *hostile;
	char expected[40];

	(void)state;
	for (size_t i = 0; i < count; i++)
		drvp_strbuf_printf(&document, "%s\"%s\": {\"%s\": %zu}", i ? ", " : "",
				   hostile[i], hostile[(i + 1) % count], i);
	pg_sql("CREATE TABLE hostile AS SELECT t::json AS \"a 'b' \\ \"\"c\"\" {위}\", t::jsonb AS b"
	       " FROM (VALUES ($in${%s}$in$)) v(t)", document.data);
	for (size_t i = 0; i < count; i++) {
		struct drvp_arena arena = { NULL, NULL, 0 };
		struct drvp_json_limits limits = { SIZE_MAX, 2, 0 };
		struct drvp_json *names;

		/* The names as JSON has them, decoded. */
		drvp_strbuf_clear(&name);
		drvp_strbuf_printf(&name, "[\"%s.%s\"]", hostile[i], hostile[(i + 1) % count]);
		assert_int_equal(drvp_json_parse(&names, &arena, name.data, name.len, &limits,
						 NULL), 0);
		snprintf(expected, sizeof expected, "%d %zu", DRVP_INTEGER, i);
		drvp_strbuf_clear(&name);
		drvp_strbuf_printf(&name, "b.%s", names->first->text);
		expect_found("hostile", name.data, DRVP_FORM_VALUE, expected);
		drvp_strbuf_clear(&name);
		drvp_strbuf_printf(&name, "a 'b' \\ \"c\" {위}.%s", names->first->text);
		expect_found("hostile", name.data, DRVP_FORM_VALUE, expected);
		drvp_arena_free(&arena);
	}
	drvp_strbuf_free(&document);
	drvp_strbuf_free(&name);
}

static void the_longest_column_wins(void **state)
{
	struct drvp_session *session;
	struct drvp_relation *relation;
	char *text;

	(void)state;
	pg_sql("CREATE TABLE named (a jsonb, \"a.b\" json, \"a.b.c\" text, \"a.x\" text, t text,"
	       " l jsonb[]);"
	       "INSERT INTO named VALUES ('{\"b\": {\"c\": 1, \"d\": 2}, \"x\": {\"y\": 3},"
	       " \"bc\": 4}', '{\"c\": 5, \"d\": 6}', 'seven', 'eight', 'nine', '{1}')");
	relation = open_table(&session, "named");
	text = pg_text_of(session, relation,
			  PG_COLUMNS("a.b.c", "a.b.d", "a.x", "a.x.y", "a.bc", "a.b"));
	assert_string_equal(text, "seven|6|eight|3|4|{ \"c\": 5, \"d\": 6 }\n");
	free(text);
	assert_true(drvp_relation_has(relation, "a.b.c"));
	assert_true(drvp_relation_has(relation, "a.nothing.of.it"));
	assert_null(drvp_relation_column(relation, "a.nothing.of.it"));
	assert_string_equal(drvp_relation_place(relation, "a.b.d").path, "d");
	assert_null(drvp_relation_place(relation, "a.b").path);
	assert_false(drvp_relation_has(relation, "t.c"));
	assert_false(drvp_relation_has(relation, "l.0"));
	assert_false(drvp_relation_has(relation, "A.b"));
	assert_false(drvp_relation_has(relation, "ab"));
	assert_false(drvp_relation_has(relation, ".a"));
	pg_close(&session);
}

static void no_column_no_path(void **state)
{
	static const char *const names[] = { "t.c", "l.0", "b.c", "named.a" };
	struct drvp_session *session;
	struct drvp_relation *relation = open_table(&session, "named");
	struct pg_scan seen = { .stop_at = 0 };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		assert_int_equal(pg_scan(&seen, session, relation, NULL, false,
					 PG_COLUMNS(names[i])), DRV_E_MISSING);
		assert_non_null(strstr(seen.err.message, names[i]));
	}
	drvp_strbuf_free(&seen.text);
	pg_close(&session);
}

static void no_time_inside(void **state)
{
	struct drvp_session *session;
	struct drvp_relation *relation = open_table(&session, "named");
	struct drv_error err = DRV_ERROR_INIT;
	int64_t instant;
	uint64_t rows;
	bool found;

	(void)state;
	assert_int_equal(STORE->newest(session, relation, NULL, "a.bc", NULL, &instant, &found,
				       &rows, &err), DRV_E_USAGE);
	assert_non_null(strstr(err.message, "no time"));
	assert_int_equal(STORE->newest(session, relation, NULL, "t.bc", NULL, &instant, &found,
				       &rows, &err), DRV_E_MISSING);
	pg_close(&session);
}

/* ------------------------------------------------------------------ conditions and order */

/* The ids of a scan, each with a blank behind. */
static char *ids_of(const char *table, const struct drvp_scan *question)
{
	static const struct drvp_wanted id = { "id", DRVP_FORM_VALUE };
	struct drvp_session *session;
	struct drvp_scan scan = *question;
	struct pg_scan seen = { .stop_at = 0 };
	struct drv_error err = DRV_ERROR_INIT;
	uint64_t rows;

	scan.relation = open_table(&session, table);
	scan.columns = &id;
	scan.column_count = 1;
	if (pg_run(&seen, session, &scan))
		fail_msg("%s", seen.err.message);
	if (STORE->count(session, scan.relation, &scan.selection, &rows, &err))
		fail_msg("%s", err.message);
	assert_true(rows == seen.rows);
	drvp_strbuf_str(&seen.text, "");
	for (size_t i = 0; i < seen.text.len; i++)
		if (seen.text.data[i] == '\n')
			seen.text.data[i] = ' ';
	pg_close(&session);
	return seen.text.data;
}

static void expect_where(const char *column, int op, const struct drvp_json *value,
			 const char *expected)
{
	struct drvp_condition condition = { column, op, value };
	struct drvp_scan scan = { .selection = { &condition, 1, NULL } };
	char *ids = ids_of("mixed", &scan);

	if (strcmp(ids, expected) != 0)
		fail_msg("%s, %d, %s: %s", column, op, value ? value->text : "", ids);
	free(ids);
}

/* In both columns. */
static void expect_in_both(int op, int type, const char *text, const char *expected)
{
	struct drvp_json value = { .type = (uint8_t)type, .text = text, .len = strlen(text),
				   .truth = !strcmp(text, "true") };

	expect_where("j.v", op, &value, expected);
	expect_where("b.v", op, &value, expected);
}

static void conditions(void **state)
{
	(void)state;
	pg_sql("CREATE TABLE mixed AS SELECT id, t::json AS j, t::jsonb AS b FROM (VALUES"
	       " (1, '{\"v\": \"b\"}'), (2, '{\"v\": \"é\"}'), (3, '{\"v\": \"B\"}'), (4, '{}'),"
	       " (5, '{\"v\": null}'), (6, NULL), (7, '{\"v\": 10}'), (8, '{\"v\": 9.50}'),"
	       " (9, '{\"v\": 9.5}'), (10, '{\"v\": true}'), (11, '{\"v\": false}'),"
	       " (12, '{\"v\": \"10\"}'), (13, '{\"v\": {\"a\": 1}}'), (14, '{\"v\": [1]}'),"
	       " (15, '{\"v\": \"\"}'), (16, '{\"v\": \"it''s \\\\\"}'), (17, '[\"v\"]'))"
	       " v(id, t)");
	expect_where("b.v", DRVP_IS_NULL, NULL, "4 5 6 17 ");
	expect_where("j.v", DRVP_IS_NULL, NULL, "4 5 6 17 ");
	expect_where("b.v", DRVP_NOT_NULL, NULL, "1 2 3 7 8 9 10 11 12 13 14 15 16 ");
	expect_where("j.v", DRVP_NOT_NULL, NULL, "1 2 3 7 8 9 10 11 12 13 14 15 16 ");
	expect_in_both(DRVP_EQUALS, DRVP_JSON_STRING, "b", "1 ");
	expect_in_both(DRVP_EQUALS, DRVP_JSON_STRING, "", "15 ");
	expect_in_both(DRVP_EQUALS, DRVP_JSON_STRING, "it's \\", "16 ");
	expect_in_both(DRVP_EQUALS, DRVP_JSON_STRING, "10", "7 12 ");
	expect_in_both(DRVP_EQUALS, DRVP_JSON_NUMBER, "1e1", "7 ");
	expect_in_both(DRVP_EQUALS, DRVP_JSON_NUMBER, "9.5", "8 9 ");
	expect_in_both(DRVP_EQUALS, DRVP_JSON_BOOL, "true", "10 ");
	expect_in_both(DRVP_EQUALS, DRVP_JSON_BOOL, "false", "11 ");
	expect_in_both(DRVP_EQUALS, DRVP_JSON_STRING, "null", "");
	expect_in_both(DRVP_AT_LEAST, DRVP_JSON_STRING, "b", "1 2 7 8 9 10 11 13 14 16 ");
	expect_in_both(DRVP_AT_LEAST, DRVP_JSON_NUMBER, "9.5", "7 8 9 10 11 13 14 ");
	expect_in_both(DRVP_AT_LEAST, DRVP_JSON_NUMBER, "9.6", "7 10 11 13 14 ");
	expect_in_both(DRVP_AT_LEAST, DRVP_JSON_BOOL, "true", "10 13 14 ");
}

static void conditions_that_make_no_sense(void **state)
{
	static const struct drvp_json values[] = {
		{ .type = DRVP_JSON_NULL }, { .type = DRVP_JSON_ARRAY },
		{ .type = DRVP_JSON_STRING, .text = "a\0b", .len = 3 },
	};
	struct drvp_session *session;
	struct drvp_relation *relation = open_table(&session, "mixed");
	struct drv_error err = DRV_ERROR_INIT;
	uint64_t rows;

	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		for (int op = DRVP_EQUALS; op <= DRVP_AT_LEAST; op++) {
			struct drvp_condition condition = { "b.v", op, &values[i] };
			struct drvp_selection selection = { &condition, 1, NULL };

			assert_int_equal(STORE->count(session, relation, &selection, &rows, &err),
					 DRV_E_USAGE);
			assert_non_null(strstr(err.message, "\"b.v\""));
		}
	pg_close(&session);
}

static void order(void **state)
{
	static const char *const names[] = { "j.v", "b.v" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct drvp_scan scan = { .order_by = (const char *const[]){ names[i], "id" },
					  .order_count = 2 };
		char *ids = ids_of("mixed", &scan);

		assert_string_equal(ids, "15 12 3 1 16 2 8 9 7 11 10 14 13 4 5 6 17 ");
		free(ids);
	}
}

/* In a database that compares like a dictionary, where this server can make one. */
static void make_dictionary(const char *name)
{
	bool icu = pg_number("SELECT (current_setting('server_version_num')::int >= 150000 AND"
			     " EXISTS (SELECT 1 FROM pg_collation WHERE collname = 'und-x-icu'))::int");

	pg_sql("CREATE DATABASE %s TEMPLATE template0 ENCODING 'UTF8'%s", name,
	       icu ? " LOCALE_PROVIDER icu ICU_LOCALE 'und'" : "");
}

static void fill_dictionary(const char *uri)
{
	static const char sql[] =
		"CREATE TABLE words AS SELECT id, jsonb_build_object('v', v) AS b,"
		" json_build_object('v', v) AS j FROM (VALUES (1, 'a'), (2, 'B'), (3, 'aa'),"
		" (4, '_'), (5, '위'), (6, 'é'), (7, NULL)) v(id, v);"
		"GRANT SELECT ON words TO PUBLIC";
	PGconn *conn = PQconnectdb(uri);
	PGresult *result = PQexec(conn, sql);

	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		fail_msg("%s", PQerrorMessage(conn));
	PQclear(result);
	PQfinish(conn);
}

static void expect_by_bytes(const char *uri, const char *column)
{
	static const struct drvp_wanted id = { "id", DRVP_FORM_VALUE };
	struct drvp_json bound = { .type = DRVP_JSON_STRING, .text = "a", .len = 1 };
	struct drvp_condition from = { column, DRVP_AT_LEAST, &bound };
	struct drvp_session *session = pg_open_as(uri, 30000, NULL);
	struct drvp_scan scan = { .columns = &id, .column_count = 1, .order_by = &column,
				  .order_count = 1 };
	struct pg_scan all = { .stop_at = 0 }, some = { .stop_at = 0 };

	scan.relation = pg_freeze(session, "public", "words", DRVP_RELATION_READY);
	assert_int_equal(pg_run(&all, session, &scan), 0);
	assert_string_equal(all.text.data, "2\n4\n1\n3\n6\n5\n7\n");
	scan.selection = (struct drvp_selection){ &from, 1, NULL };
	assert_int_equal(pg_run(&some, session, &scan), 0);
	assert_string_equal(some.text.data, "1\n3\n6\n5\n");
	drvp_strbuf_free(&all.text);
	drvp_strbuf_free(&some.text);
	pg_close(&session);
}

static void order_by_bytes(void **state)
{
	char name[80], uri[700];

	(void)state;
	snprintf(name, sizeof name, "%s_words", pg_reader());
	make_dictionary(name);
	snprintf(uri, sizeof uri, "%s dbname=%s", pg_super_uri(), name);
	fill_dictionary(uri);
	snprintf(uri, sizeof uri, "%s dbname=%s", pg_reader_uri(), name);
	expect_by_bytes(uri, "b.v");
	expect_by_bytes(uri, "j.v");
	pg_sql("DROP DATABASE %s WITH (FORCE)", name);
}

/* ------------------------------------------------------------------ joins */

static void joins(void **state)
{
	static const struct drvp_target targets[] = { { "public", "heads" },
						      { "public", "bodies" } };
	static const struct drvp_wanted wanted[] = { { "at.n", DRVP_FORM_VALUE },
						     { "doc.title", DRVP_FORM_VALUE } };
	static const struct drvp_join_pair pair = { "at.body", "id" };
	static const char *const by[] = { "at.n" };
	struct drvp_session *session = pg_open();
	struct drvp_relation *relations;
	struct drvp_join join = { .on = &pair, .on_count = 1 };
	struct drvp_scan scan = { .columns = wanted, .column_count = 2, .order_by = by,
				  .order_count = 1 };
	struct pg_scan seen = { .stop_at = 0 };

	(void)state;
	pg_sql("CREATE TABLE heads (at jsonb); CREATE TABLE bodies (id uuid, at jsonb, doc json);"
	       "INSERT INTO heads SELECT jsonb_build_object('n', i, 'body', md5(i::text)::uuid)"
	       " FROM generate_series(1, 3) i;"
	       "INSERT INTO bodies SELECT md5(i::text)::uuid, '{\"n\": 9}',"
	       " json_build_object('title', 't' || i) FROM generate_series(1, 2) i");
	assert_int_equal(STORE->freeze(session, targets, 2, &relations, NULL), 0);
	join.relation = &relations[1];
	scan.relation = &relations[0];
	scan.join = &join;
	if (pg_run(&seen, session, &scan))
		fail_msg("%s", seen.err.message);
	assert_string_equal(drvp_strbuf_text(&seen.text), "1|t1\n2|t2\n3|null\n");
	drvp_strbuf_free(&seen.text);
	pg_close(&session);
}

/* ------------------------------------------------------------------ chains */

/* Two chains of ten entries; of each entry's own, only that of tenant and who is hashed. */
static void make_chains(const char *type)
{
	pg_sql("DROP TABLE IF EXISTS journal;"
	       "CREATE TABLE journal (id int, context jsonb, integrity %s);"
	       "DO $do$ DECLARE h text; p text; i int; t text; BEGIN"
	       " FOREACH t IN ARRAY ARRAY['a', 'b'] LOOP p := NULL; FOR i IN 1..10 LOOP"
	       " h := encode(sha256(convert_to(coalesce(p, '') || '|' || t || '|김' || i,"
	       " 'UTF8')), 'hex');"
	       " INSERT INTO journal VALUES (i, jsonb_build_object('tenantId', t, 'who', '김' || i),"
	       " json_build_object('hash', h, 'prev', p, 'seq', i)); p := h;"
	       " END LOOP; END LOOP; END $do$;"
	       "INSERT INTO journal VALUES (0, '{\"who\": \"nobody\"}', '{}')", type);
}

static const char document_head[] =
	"{ \"format\": \"drverify/1\", \"sources\": { \"main\": { \"store\": \"postgresql\" } },"
	" \"checks\": [ { \"check\": \"audit_chain\", \"source\": \"main\","
	" \"table\": \"public.journal\", \"hash\": \"";
static const char document_tail[] =
	"\", \"previous\": \"integrity.prev\", \"partition_by\": [\"context.tenantId\"],"
	" \"order_by\": [\"integrity.seq\"], \"genesis\": { \"stored\": null, \"hashed\": \"\" },"
	" \"where\": { \"column\": \"context.tenantId\", \"is\": \"not null\" },"
	" \"preimage\": { \"join\": [ { \"previous\": \"text\" },"
	" { \"column\": \"context.tenantId\" }, { \"column\": \"context.who\" } ],"
	" \"with\": \"|\" } } ] }";

/* code "": everything holds; count is then that of the rows that were read. */
static void expect_verdict(const char *document, int exit_status, const char *code, uint64_t count)
{
	struct drv_error err = DRV_ERROR_INIT;
	struct drv_baseline *baseline;
	struct drv_run *run;
	struct drv_report *report;
	const struct drv_result *result;
	const struct drv_finding *finding;

	if (drv_baseline_parse(&baseline, document, strlen(document), "document", &err) ||
	    drv_run_new(&run, baseline, NULL, &err) ||
	    drv_run_source_uri(run, "main", pg_reader_uri(), &err) ||
	    drv_run_verify(run, &report, &err))
		fail_msg("%s", err.message);
	result = drv_report_result(report, 0);
	finding = drv_result_finding(result, 0);
	if (drv_report_exit_status(report) != exit_status ||
	    strcmp(finding ? finding->code : "", code) != 0 ||
	    (finding ? finding->count : result->rows) != count)
		fail_msg("exit %d, %s, %llu: %s", drv_report_exit_status(report),
			 finding ? finding->code : "",
			 finding ? (unsigned long long)finding->count : 0, result->summary);
	drv_report_free(&report);
	drv_run_free(&run);
	drv_baseline_free(&baseline);
}

static void expect_chain(const char *hash, int exit_status, const char *code, uint64_t count)
{
	struct drvp_strbuf document = DRVP_STRBUF_INIT;

	drvp_strbuf_printf(&document, "%s%s%s", document_head, hash, document_tail);
	expect_verdict(document.data, exit_status, code, count);
	drvp_strbuf_free(&document);
}

static void try_chain(const char *type)
{
	make_chains(type);
	expect_chain("integrity.hash", 0, "", 20);
	pg_sql("UPDATE journal SET context = context || '{\"note\": 1}'");
	expect_chain("integrity.hash", 0, "", 20);
	/* A name that leads nowhere is never a pass. */
	expect_chain("integrity.hsah", 2, "chain.null_hash", 20);
	expect_chain("integrty.hash", 2, "relation.column_missing", 0);
	pg_sql("UPDATE journal SET context = context || '{\"who\": \"mallory\"}'"
	       " WHERE id = 4 AND context->>'tenantId' = 'b'");
	expect_chain("integrity.hash", 2, "chain.hash_mismatch", 1);
	make_chains(type);
	pg_sql("DELETE FROM journal WHERE id = 4 AND context->>'tenantId' = 'b'");
	expect_chain("integrity.hash", 2, "chain.link_broken", 1);
	make_chains(type);
	pg_sql("UPDATE journal SET integrity = (integrity::jsonb - 'hash')::%s WHERE id = 4", type);
	expect_chain("integrity.hash", 2, "chain.null_hash", 2);
}

static void chains_in_jsonb(void **state)
{
	(void)state;
	try_chain("jsonb");
}

static void chains_in_json(void **state)
{
	(void)state;
	try_chain("json");
}

/* ------------------------------------------------------------------ other checks */

#define CHECK(members) \
	"{ \"format\": \"drverify/1\", \"sources\": { \"main\": { \"store\": \"postgresql\" } }," \
	" \"checks\": [ { \"source\": \"main\", \"table\": \"public.notes\", " members " } ] }"

static void fields_inside_jsonb(void **state)
{
	static const char document[] = CHECK("\"check\": \"encrypted_field\","
		" \"ciphertext\": \"note.cipher\", \"plaintext\": \"note.plain\","
		" \"plaintext_policy\": \"absent\", \"format\": \"hex\"");
	static const char cipher_only[] = CHECK("\"check\": \"encrypted_field\","
		" \"ciphertext\": \"note.cipher\", \"format\": \"hex\"");

	(void)state;
	pg_sql("CREATE TABLE notes AS SELECT i AS id, jsonb_build_object('cipher',"
	       " repeat(md5(i::text), 4), 'plain', NULL) AS note FROM generate_series(1, 9) i");
	expect_verdict(document, 0, "", 9);
	pg_sql("UPDATE notes SET note = note || '{\"plain\": \"asthma\"}' WHERE id < 3");
	expect_verdict(document, 2, "encrypted_field.plaintext_present", 2);
	pg_sql("UPDATE notes SET note = note - 'plain'");
	expect_verdict(document, 0, "", 9);
	expect_verdict(cipher_only, 0, "", 9);
	pg_sql("UPDATE notes SET note = note - 'cipher' WHERE id = 5");
	expect_verdict(document, 0, "", 9);
	expect_verdict(cipher_only, 2, "encrypted_field.null_ciphertext", 1);
}

static void counts_of_what_jsonb_says(void **state)
{
	static const char document[] = CHECK("\"check\": \"row_count\", \"where\":"
		" { \"column\": \"note.cipher\", \"is\": \"null\" },"
		" \"expect\": { \"rows\": 1 }");
	static const char typed_wrong[] = CHECK("\"check\": \"row_count\", \"where\":"
		" { \"column\": \"id.cipher\", \"is\": \"null\" },"
		" \"expect\": { \"rows\": 1 }");

	(void)state;
	expect_verdict(document, 0, "", 1);
	expect_verdict(typed_wrong, 2, "relation.column_missing", 0);
	pg_sql("UPDATE notes SET note = note || '{\"cipher\": null}' WHERE id = 6");
	expect_verdict(document, 2, "row_count.above", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scalars_stand_for_themselves),
		cmocka_unit_test(what_json_and_jsonb_keep),
		cmocka_unit_test(what_the_server_cannot_take_apart),
		cmocka_unit_test(hostile_names),
		cmocka_unit_test(the_longest_column_wins),
		cmocka_unit_test(no_column_no_path),
		cmocka_unit_test(no_time_inside),
		cmocka_unit_test(conditions),
		cmocka_unit_test(conditions_that_make_no_sense),
		cmocka_unit_test(order),
		cmocka_unit_test(order_by_bytes),
		cmocka_unit_test(joins),
		cmocka_unit_test(chains_in_jsonb),
		cmocka_unit_test(chains_in_json),
		cmocka_unit_test(fields_inside_jsonb),
		cmocka_unit_test(counts_of_what_jsonb_says),
	};

	return PG_RUN(tests);
}
