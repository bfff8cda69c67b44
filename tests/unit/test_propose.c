/* test_propose.c: recipes are found from rows alone, and nothing is found where nothing fits */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "propose/propose.h"
#include "chain_run.h"

#define ROWS 24

/* 2026-01-02T03:04:05.678Z, and a second for each row */
#define INSTANT INT64_C(1767323045678000)

enum { ID, TENANT, ACTOR, ACTION, TARGET, COUNT, AT, PREVIOUS, HASH };

static const struct drvp_secret secret = { "audit", (const uint8_t *)"sekret", 6 };

/* An entry before it is hashed. */
struct source {
	int number;
	char tenant[32], actor[32], action[32], target[32], at[64];
	bool has_target;
	const char *previous;        /* NULL: the first of its chain */
};

/* How an application hashes. */
struct application {
	void (*print)(struct drvp_strbuf *out, const struct source *source);
	int algorithm;
	bool hmac;
	bool no_previous;            /* it does not store the previous hash */
	bool by_tenant;              /* each tenant has a chain of its own */
	const char *genesis;         /* what the first entry stores, or NULL */
	int rows;                    /* 0: ROWS */
	int only_null;               /* the only entry without a target; 0: every third */
};

/* A table as the application leaves it. */
struct world {
	struct fake_table table;
	struct fake_session session;
	struct drvp_arena arena;
	struct drvp_proposed proposed;
	struct drv_error err;
	int status;
};

static const char *keep(struct world *w, const char *text)
{
	const char *copy = drvp_arena_copy(&w->arena, text, strlen(text));

	assert_non_null(copy);
	return copy;
}

static void make_source(struct source *source, const struct application *app, int i,
			const char *previous)
{
	*source = (struct source){ .number = i, .previous = previous };
	source->has_target = app->only_null ? i != app->only_null : i % 3 != 0;
	snprintf(source->tenant, sizeof source->tenant, "tenant-%d", i % 2);
	snprintf(source->actor, sizeof source->actor, "user-%d", i % 5);
	snprintf(source->action, sizeof source->action, "action-%d", i);
	snprintf(source->target, sizeof source->target, "target-%d", i);
	snprintf(source->at, sizeof source->at, "2026-01-02T03:%02d:%02d.678Z",
		 4 + (5 + i) / 60, (5 + i) % 60);
}

static const char *make_hash(struct world *w, const struct application *app,
			     const struct source *source)
{
	struct drvp_strbuf bytes = DRVP_STRBUF_INIT, hex = DRVP_STRBUF_INIT;
	struct drvp_digester *digester;
	uint8_t digest[DRVP_DIGEST_MAX];
	const char *kept;

	app->print(&bytes, source);
	assert_int_equal(0, drvp_digester_new(&digester, app->algorithm,
					      app->hmac ? secret.bytes : NULL,
					      app->hmac ? secret.len : 0, NULL));
	assert_int_equal(0, drvp_digest(digester, drvp_strbuf_text(&bytes), bytes.len, digest));
	drvp_strbuf_hex(&hex, digest, drvp_digest_size(digester));
	kept = keep(w, drvp_strbuf_text(&hex));
	drvp_digester_free(&digester);
	drvp_strbuf_free(&bytes);
	drvp_strbuf_free(&hex);
	return kept;
}

static void make_world(struct world *w, const struct application *app)
{
	static const struct { const char *name; int kind; } columns[] = {
		{ "id", DRVP_INTEGER }, { "tenant_id", DRVP_TEXT }, { "actor", DRVP_TEXT },
		{ "action", DRVP_TEXT }, { "target_id", DRVP_TEXT }, { "count", DRVP_INTEGER },
		{ "created_at", DRVP_INSTANT }, { "prev_hash", DRVP_TEXT }, { "hash", DRVP_TEXT },
	};
	const char *heads[2] = { NULL, NULL };

	memset(w, 0, sizeof *w);
	w->err = (struct drv_error)DRV_ERROR_INIT;
	fake_table_init(&w->table, 8);
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		fake_column(&w->table, columns[i].name, columns[i].kind);
	for (int i = 0; i < (app->rows ? app->rows : ROWS); i++) {
		const char **head = &heads[app->by_tenant ? i % 2 : 0];
		struct drvp_value *row = fake_row(&w->table);
		struct source source;

		make_source(&source, app, i, *head);
		row[ID] = fake_integer(i + 1);
		row[TENANT] = fake_text(keep(w, source.tenant));
		row[ACTOR] = fake_text(keep(w, source.actor));
		row[ACTION] = fake_text(keep(w, source.action));
		if (source.has_target)
			row[TARGET] = fake_text(keep(w, source.target));
		row[COUNT] = fake_integer(7 * i);
		row[AT] = fake_time(DRVP_INSTANT, INSTANT + i * DRVP_SECOND);
		if (!app->no_previous && (*head || app->genesis))
			row[PREVIOUS] = fake_text(*head ? *head : app->genesis);
		*head = make_hash(w, app, &source);
		row[HASH] = fake_text(*head);
	}
	fake_session_init(&w->session, &w->table);
}

static void propose(struct world *w, const struct drvp_secret *key, int64_t budget)
{
	const struct drvp_propose ask = {
		.session = &w->session.session,
		.relation = &w->session.relation,
		.source = "main",
		.secrets = key,
		.secret_count = key ? 1 : 0,
		.budget = budget,
	};

	w->status = drvp_chain_propose(&ask, &w->proposed, &w->err);
}

static void free_world(struct world *w)
{
	drvp_strbuf_free(&w->proposed.check);
	fake_table_free(&w->table);
	drvp_arena_free(&w->arena);
}

/* Whether the proposed check, put into a document, passes over the whole table. */
static bool verifies(struct world *w, const struct drvp_secret *key)
{
	struct drv_baseline *baseline = NULL;
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	struct chain_run run;
	bool passed;

	drvp_strbuf_printf(&text, "{ \"format\": \"drverify/1\", \"sources\": { \"main\": { \"store\": "
			   "\"postgresql\" } }, \"checks\": [ %s ] }", w->proposed.check.data);
	assert_int_equal(0, drv_baseline_parse(&baseline, text.data, text.len, "test", &w->err));
	drvp_strbuf_free(&text);
	chain_run_init(&run, baseline, &w->session);
	run.settings.secrets = key;
	run.settings.secret_count = key ? 1 : 0;
	chain_run(&run);
	passed = !run.status && run.verdict.result.verdict == DRV_PASS;
	if (!passed)
		print_message("%s\n%s\n", w->proposed.check.data,
			      drvp_strbuf_text(&run.verdict.summary));
	chain_run_done(&run);
	drv_baseline_free(&baseline);
	return passed;
}

static void assert_found(const struct application *app, const char *part)
{
	const struct drvp_secret *key = app->hmac ? &secret : NULL;
	struct world w;

	make_world(&w, app);
	propose(&w, key, 300 * DRVP_SECOND);
	assert_string_equal("", w.err.message);
	assert_int_equal(ROWS, w.proposed.rows);
	assert_int_equal(ROWS, w.proposed.agreeing);
	assert_non_null(strstr(w.proposed.check.data, part));
	assert_true(verifies(&w, key));
	free_world(&w);
}

/* ------------------------------------------------------------------ applications */

static const char *or(const char *text, const char *other)
{
	return text ? text : other;
}

static void print_delimited(struct drvp_strbuf *out, const struct source *s)
{
	drvp_strbuf_printf(out, "%s|%s|%s|%s|%s", or(s->previous, ""), s->actor, s->action,
			   s->has_target ? s->target : "-", s->at);
}

static void test_delimited_text(void **state)
{
	static const struct application app = { print_delimited, DRVP_SHA256, false, false, false,
						NULL };

	(void)state;
	assert_found(&app, "\"null\": \"-\"");
}

/* Neither among the first entries nor among those with the least hashes is one without a target. */
static void test_a_value_that_is_seldom_missing(void **state)
{
	static const struct application app = { .print = print_delimited, .algorithm = DRVP_SHA256,
						.rows = 200, .only_null = 150 };
	struct world w;

	(void)state;
	make_world(&w, &app);
	propose(&w, NULL, 300 * DRVP_SECOND);
	assert_string_equal("", w.err.message);
	assert_true(w.proposed.rows > ROWS && w.proposed.rows < 60);
	assert_int_equal(w.proposed.rows, w.proposed.agreeing);
	assert_non_null(strstr(w.proposed.check.data, "\"null\": \"-\""));
	assert_true(verifies(&w, NULL));
	free_world(&w);
}

static void print_sorted(struct drvp_strbuf *out, const struct source *s)
{
	drvp_strbuf_printf(out, "{\"action\":\"%s\",\"actor\":\"%s\",\"createdAt\":\"%s\","
			   "\"prevHash\":\"%s\"", s->action, s->actor, s->at,
			   or(s->previous, "GENESIS"));
	if (s->has_target)
		drvp_strbuf_printf(out, ",\"targetId\":\"%s\"", s->target);
	drvp_strbuf_printf(out, ",\"tenantId\":\"%s\"}", s->tenant);
}

static void test_sorted_json_under_other_names(void **state)
{
	static const struct application app = { print_sorted, DRVP_SHA256, false, false, false,
						"GENESIS" };

	(void)state;
	assert_found(&app, "\"targetId\"");
}

static void print_array(struct drvp_strbuf *out, const struct source *s)
{
	char previous[160] = "null", target[40] = "null";

	if (s->previous)
		snprintf(previous, sizeof previous, "\"%s\"", s->previous);
	if (s->has_target)
		snprintf(target, sizeof target, "\"%s\"", s->target);
	drvp_strbuf_printf(out, "[\"%s\",\"%s\",\"%s\",\"%s\",%s,%d,%s]", s->at, s->tenant, s->actor,
			   s->action, target, 7 * s->number, previous);
}

static void test_hmac_of_an_array(void **state)
{
	static const struct application app = { print_array, DRVP_SHA512, true, false, false, NULL };
	struct world w;

	(void)state;
	assert_found(&app, "\"hmac\": \"sha512\"");
	make_world(&w, &app);
	propose(&w, NULL, DRVP_SECOND / 2);
	assert_int_equal(0, w.status);
	assert_int_equal(0, w.proposed.agreeing);
	assert_int_equal(0, w.proposed.check.len);
	assert_true(w.proposed.tried > 0);
	free_world(&w);
}

static void print_plain(struct drvp_strbuf *out, const struct source *s)
{
	drvp_strbuf_printf(out, "%s:%s:%s:%d:%s", s->tenant, s->actor, s->action, 7 * s->number,
			   or(s->previous, "0"));
}

static void test_partitions(void **state)
{
	static const struct application stored = { print_plain, DRVP_SHA384, false, false, true,
						   NULL };
	static const struct application derived = { print_plain, DRVP_SHA256, false, true, true,
						    NULL };

	(void)state;
	assert_found(&stored, "\"partition_by\": [\"tenant_id\"]");
	assert_found(&derived, "\"partition_by\": [\"tenant_id\"]");
}

/* From the twelfth entry on the application hashes another column too. */
static void print_changed(struct drvp_strbuf *out, const struct source *s)
{
	drvp_strbuf_printf(out, "%s|%s|%s", or(s->previous, ""), s->actor, s->action);
	if (s->number >= 12)
		drvp_strbuf_printf(out, "|%d", 7 * s->number);
}

static void test_an_application_that_changed(void **state)
{
	static const struct application app = { print_changed, DRVP_SHA256, false, false, false,
						NULL };

	(void)state;
	assert_found(&app, "\"versions\"");
}

/* ------------------------------------------------------------------ what is not found */

static void test_an_edited_row_stands_out(void **state)
{
	static const struct application app = { print_delimited, DRVP_SHA256, false, false, false,
						NULL };
	struct world w;

	(void)state;
	make_world(&w, &app);
	w.table.rows[5][ACTOR] = fake_text("somebody else");
	propose(&w, NULL, 2 * DRVP_SECOND);
	assert_int_equal(0, w.status);
	assert_int_equal(ROWS - 1, w.proposed.agreeing);
	assert_null(strstr(w.proposed.check.data, "versions"));
	free_world(&w);
}

static void print_constant(struct drvp_strbuf *out, const struct source *s)
{
	drvp_strbuf_printf(out, "kept in no column|%s|%s", s->action, or(s->previous, ""));
}

static void test_what_is_not_stored(void **state)
{
	static const struct application app = { print_constant, DRVP_SHA256, false, false, false,
						NULL };
	struct world w;

	(void)state;
	make_world(&w, &app);
	propose(&w, NULL, DRVP_SECOND / 2);
	assert_int_equal(0, w.status);
	assert_int_equal(0, w.proposed.check.len);
	assert_false(w.proposed.complete);
	free_world(&w);
}

static void test_a_table_without_a_chain(void **state)
{
	static const struct application app = { print_delimited, DRVP_SHA256, false, false, false,
						NULL };
	struct world w;

	(void)state;
	make_world(&w, &app);
	for (size_t i = 0; i < w.table.row_count; i++)
		w.table.rows[i][HASH] = w.table.rows[i][PREVIOUS] = fake_text("no hash");
	propose(&w, NULL, DRVP_SECOND);
	assert_int_equal(DRV_E_USAGE, w.status);
	assert_non_null(strstr(w.err.message, "--hash"));
	while (w.table.row_count)
		fake_remove(&w.table, 0);
	propose(&w, NULL, DRVP_SECOND);
	assert_int_equal(DRV_E_USAGE, w.status);
	assert_non_null(strstr(w.err.message, "empty"));
	free_world(&w);
}

static void test_a_failing_scan(void **state)
{
	static const struct application app = { print_delimited, DRVP_SHA256, false, false, false,
						NULL };
	struct world w;

	(void)state;
	for (size_t scan = 0; scan < 3; scan++) {
		make_world(&w, &app);
		w.session.fails = true;
		w.session.fail_scan = scan;
		w.session.fail_after = 3;
		w.session.fail_status = DRV_E_CONNECT;
		propose(&w, NULL, DRVP_SECOND);
		assert_int_equal(DRV_E_CONNECT, w.status);
		assert_int_equal(0, w.proposed.check.len);
		free_world(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_delimited_text),
		cmocka_unit_test(test_a_value_that_is_seldom_missing),
		cmocka_unit_test(test_sorted_json_under_other_names),
		cmocka_unit_test(test_hmac_of_an_array),
		cmocka_unit_test(test_partitions),
		cmocka_unit_test(test_an_application_that_changed),
		cmocka_unit_test(test_an_edited_row_stands_out),
		cmocka_unit_test(test_what_is_not_stored),
		cmocka_unit_test(test_a_table_without_a_chain),
		cmocka_unit_test(test_a_failing_scan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
