/*
 * test_chain_ordered.c: chains whose entries do not store the previous hash: every damage is found
 * at the right row, in every order in which rows of one place can come
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain_damage.h"
#include "chain_run.h"

#define LONGEST 6

#define RECIPE "\"hash\": \"hash\", \"order_by\": [\"seq\"], \"genesis\": { \"hashed\": \"\" }, " PREIMAGE
#define PREIMAGE "\"preimage\": { \"join\": [{ \"previous\": \"text\" }, { \"column\": \"seq\" }," \
	"{ \"column\": \"data\" }], \"with\": \"|\" }"

/* ------------------------------------------------------------------ running one table */

struct log {
	struct fake_table table;
	struct fake_session session;
	struct drv_baseline *baseline;
	struct chain_run run;
};

static void add_row(struct fake_table *table, const struct entry *e, int64_t seq)
{
	struct drvp_value *row = fake_row(table);

	row[0] = fake_integer(seq);
	row[1] = fake_text(e->data);
	row[2] = fake_text(e->hash);
}

static void log_init(struct log *log)
{
	memset(log, 0, sizeof *log);
	fake_table_init(&log->table, 1);
	fake_column(&log->table, "seq", DRVP_INTEGER);
	fake_column(&log->table, "data", DRVP_TEXT);
	fake_column(&log->table, "hash", DRVP_TEXT);
}

static void log_run(struct log *log, const char *document)
{
	log->baseline = chain_document(document);
	assert_non_null(log->baseline);
	fake_session_init(&log->session, &log->table);
	chain_run_init(&log->run, log->baseline, &log->session);
	chain_run(&log->run);
	assert_int_equal(0, log->run.status);
}

static void log_free(struct log *log)
{
	chain_run_done(&log->run);
	drv_baseline_free(&log->baseline);
	fake_table_free(&log->table);
}

static void run_chain(struct log *log, const struct chain *c, const char *document)
{
	log_init(log);
	for (size_t i = 0; i < c->count; i++)
		add_row(&log->table, &c->entries[i], c->entries[i].seq);
	log_run(log, document);
}

/* ------------------------------------------------------------------ what damage must show */

struct expectation {
	const char *code;            /* NULL: none */
	uint64_t count;
	size_t first;                /* the row that is named first */
};

/* original has as many rows as it has; damaged is what is left. */
typedef struct expectation (*expect_fn)(const struct chain *damaged, size_t length, size_t i);

static struct expectation mismatch(uint64_t count, size_t first)
{
	return (struct expectation){ "chain.hash_mismatch", count, first };
}

static struct expectation none(const struct chain *damaged, size_t length, size_t i)
{
	(void)damaged;
	(void)length;
	(void)i;
	return (struct expectation){ NULL, 0, 0 };
}

/* The entry that was made after the one that is gone. */
static struct expectation next_row(const struct chain *damaged, size_t length, size_t i)
{
	return i + 1 < length ? mismatch(1, i) : none(damaged, length, i);
}

static struct expectation this_row(const struct chain *damaged, size_t length, size_t i)
{
	(void)damaged;
	(void)length;
	return mismatch(1, i);
}

/* The row is right by itself, but the next one was made after what it was. */
static struct expectation following(const struct chain *damaged, size_t length, size_t i)
{
	return i + 1 < length ? mismatch(1, i + 1) : none(damaged, length, i);
}

static struct expectation copy(const struct chain *damaged, size_t length, size_t i)
{
	(void)length;
	(void)i;
	return (struct expectation){ "chain.duplicate", 1, damaged->count - 1 };
}

static struct expectation front(const struct chain *damaged, size_t length, size_t i)
{
	return damaged->count ? mismatch(1, 0) : none(damaged, length, i);
}

/* An entry at the end, made after entry i. */
static struct expectation appended(const struct chain *damaged, size_t length, size_t i)
{
	if (i + 1 == length)
		return none(damaged, length, i);
	if (i + 2 == length)
		return (struct expectation){ "chain.fork", 1, damaged->count - 1 };
	return mismatch(1, damaged->count - 1);
}

/* An entry at the end that was made after none. */
static struct expectation begun_again(const struct chain *damaged, size_t length, size_t i)
{
	(void)i;
	if (length == 1)
		return (struct expectation){ "chain.null_previous", 1, damaged->count - 1 };
	return mismatch(1, damaged->count - 1);
}

/* The forged entry comes last by order; the one after it was made anew. */
static struct expectation spliced(const struct chain *damaged, size_t length, size_t i)
{
	(void)damaged;
	return mismatch(i + 2 == length ? 1 : 2, i + 1);
}

static const struct {
	const char *name;
	damage_fn damage;
	expect_fn expect;
} cases[] = {
	{ "intact", intact, none }, { "delete", delete_one, next_row },
	{ "duplicate", duplicate, copy }, { "swap rows", swap_rows, none },
	{ "edit", edit, this_row }, { "edit hash", edit_hash, this_row },
	{ "edit and rehash", edit_and_rehash, following }, { "fork", fork_at, appended },
	{ "new genesis", new_genesis, begun_again }, { "splice", splice, spliced },
	{ "cut front", cut_front, front }, { "cut tail", cut_tail, none },
	{ "grow", grow, none },
};

static void check(const struct log *log, const struct expectation *e, const char *name,
		  size_t length, size_t i)
{
	const struct drv_result *result = &log->run.verdict.result;
	const struct drv_finding *finding = e->code ? chain_finding(&log->run, e->code) : NULL;
	char place[40];

	if (result->finding_count != (e->code ? 1u : 0u) || (e->code && !finding))
		fail_msg("%s at %zu of %zu gives \"%s\"", name, i, length, result->summary);
	if (!finding || !strcmp(e->code, "chain.recipe_mismatch"))
		return;
	snprintf(place, sizeof place, "ctid (%zu,1)", e->first);
	if (finding->count != e->count || strcmp(place, drv_finding_row(finding, 0)->place))
		fail_msg("%s at %zu of %zu: %llu rows, the first is %s", name, i, length,
			 (unsigned long long)finding->count, drv_finding_row(finding, 0)->place);
}

static void try(size_t which, size_t length, size_t i, size_t j)
{
	struct chain c;
	struct expectation e;
	struct log log;

	build(&c, length);
	if (!cases[which].damage(&c, i, j))
		return;
	e = cases[which].expect(&c, length, i);
	if (e.code && !strcmp(e.code, "chain.hash_mismatch") && e.count == c.count)
		e.code = "chain.recipe_mismatch";
	if (!c.count)
		e = (struct expectation){ "chain.empty", 0, 0 };
	run_chain(&log, &c, RECIPE);
	if (c.count)
		check(&log, &e, cases[which].name, length, i);
	else
		assert_non_null(chain_finding(&log.run, "chain.empty"));
	log_free(&log);
}

static void test_damage(void **state)
{
	(void)state;
	for (size_t length = 1; length <= LONGEST; length++)
		for (size_t which = 0; which < sizeof cases / sizeof *cases; which++)
			for (size_t i = 0; i < LONGEST; i++)
				for (size_t j = 0; j < LONGEST; j++)
					try(which, length, i, j);
}

/* ------------------------------------------------------------------ ties */

static void permute(size_t order[], size_t count, size_t number)
{
	for (size_t i = 0; i < count; i++)
		order[i] = i;
	for (size_t i = count; i > 1; number /= i, i--) {
		size_t j = number % i, kept = order[i - 1];

		order[i - 1] = order[j];
		order[j] = kept;
	}
}

/* Entries of one moment may come in any order. */
static void test_ties(void **state)
{
	struct chain c;

	(void)state;
	build(&c, 0);
	c.next_seq = 6;
	append(&c, "", "first");
	for (size_t i = 1; i < 5; i++) {
		c.next_seq = 7;
		append(&c, c.entries[i - 1].hash, i == 4 ? "last" : "data");
	}
	for (size_t number = 0; number < 24; number++) {
		size_t order[4];
		struct log log;

		permute(order, 4, number);
		log_init(&log);
		add_row(&log.table, &c.entries[0], 6);
		for (size_t i = 0; i < 4; i++)
			add_row(&log.table, &c.entries[order[i] + 1], 7);
		log_run(&log, RECIPE);
		assert_int_equal(DRV_PASS, log.run.verdict.result.verdict);
		assert_int_equal(5, log.run.verdict.tally.rows);
		log_free(&log);
	}
}

/* Damage among entries of one moment, in each order in which they can come. */
static void try_tied(const struct chain *c, size_t rows, const char *code, uint64_t count,
		     const char *named)
{
	for (size_t number = 0; number < 120; number++) {
		const struct drv_finding *finding;
		size_t order[MOST];
		struct log log;

		permute(order, rows, number);
		log_init(&log);
		for (size_t i = 0; i < rows; i++)
			add_row(&log.table, &c->entries[order[i]], c->entries[order[i]].seq);
		log_run(&log, RECIPE);
		finding = chain_finding(&log.run, code);
		if (log.run.verdict.result.finding_count != 1 || !finding || finding->count != count)
			fail_msg("permutation %zu: %s", number, log.run.verdict.result.summary);
		if (named) {
			size_t row = strtoul(drv_finding_row(finding, 0)->place + 6, NULL, 10);

			assert_string_equal(named, c->entries[order[row]].data);
		}
		log_free(&log);
	}
}

static void build_tied(struct chain *c)
{
	build(c, 0);
	for (size_t i = 0; i < 5; i++) {
		char data[8];

		c->next_seq = i && i < 4 ? 7 : 6 + 2 * (int64_t)i / 4;
		snprintf(data, sizeof data, "d%zu", i);
		append(c, i ? c->entries[i - 1].hash : "", data);
	}
}

static void test_damage_in_ties(void **state)
{
	struct chain c, damaged;

	(void)state;
	build_tied(&c);
	for (size_t i = 1; i < 4; i++) {
		damaged = c;
		strcpy(damaged.entries[i].data, "edited");
		try_tied(&damaged, 5, "chain.hash_mismatch", 1, "edited");
		damaged = c;
		damaged.entries[damaged.count++] = damaged.entries[i];
		try_tied(&damaged, 6, "chain.duplicate", 1, c.entries[i].data);
	}
	damaged = c;
	delete_one(&damaged, 2, 0);
	try_tied(&damaged, 4, "chain.hash_mismatch", 1, "d3");
}

static void append_at(struct chain *c, int64_t seq, const char *previous, const char *data)
{
	c->next_seq = seq;
	append(c, previous, data);
}

/* Two writers fork within one moment, and both branches may go on in it: every order is a fork. */
static void try_branches(bool both)
{
	size_t tied = both ? 4 : 3;
	struct chain c;

	build(&c, 0);
	append_at(&c, 1, "", "a");
	append_at(&c, 2, c.entries[0].hash, "b1");
	append_at(&c, 2, c.entries[0].hash, "b2");
	append_at(&c, 2, c.entries[1].hash, "c");
	if (both)
		append_at(&c, 2, c.entries[2].hash, "c2");
	append_at(&c, 3, c.entries[3].hash, "d");
	for (size_t number = 0; number < 24; number++) {
		size_t order[MOST];
		struct log log;

		permute(order, tied, number);
		log_init(&log);
		add_row(&log.table, &c.entries[0], 1);
		for (size_t i = 0; i < tied; i++)
			add_row(&log.table, &c.entries[order[i] + 1], 2);
		add_row(&log.table, &c.entries[tied + 1], 3);
		log_run(&log, RECIPE);
		if (log.run.verdict.result.verdict != DRV_WARN ||
		    chain_finding(&log.run, "chain.fork")->count != 1)
			fail_msg("permutation %zu: %s", number, log.run.verdict.result.summary);
		log_free(&log);
	}
}

static void test_branches_in_ties(void **state)
{
	(void)state;
	try_branches(false);
	try_branches(true);
}

/* ------------------------------------------------------------------ folds */

#define FOLD "\"order_by\": [\"seq\"], \"genesis\": { \"hashed\": \"\" }, " PREIMAGE

static void try_fold(const struct chain *c, const char *head, size_t rows, int verdict,
		     const char *code)
{
	char document[1000];
	struct log log;

	snprintf(document, sizeof document,
		 FOLD ", \"expect\": { \"head\": { \"rows\": %zu, \"hash\": \"%s\" } }", rows, head);
	run_chain(&log, c, document);
	assert_int_equal(verdict, log.run.verdict.result.verdict);
	if (code)
		assert_non_null(chain_finding(&log.run, code));
	log_free(&log);
}

/* Nothing is stored but the last value, somewhere else. */
static void test_fold(void **state)
{
	struct chain c, damaged;
	struct log log;

	(void)state;
	build(&c, 5);
	try_fold(&c, c.entries[4].hash, 5, DRV_PASS, NULL);
	for (size_t i = 0; i < 5; i++) {
		damaged = c;
		edit(&damaged, i, 0);
		try_fold(&damaged, c.entries[4].hash, 5, DRV_FAIL, "chain.head_missing");
		damaged = c;
		delete_one(&damaged, i, 0);
		try_fold(&damaged, c.entries[4].hash, 5, DRV_FAIL, "chain.head_missing");
	}
	run_chain(&log, &c, FOLD);
	assert_int_equal(DRV_INCONCLUSIVE, log.run.verdict.result.verdict);
	assert_non_null(chain_finding(&log.run, "check.no_expectation"));
	log_free(&log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_ties),
		cmocka_unit_test(test_damage_in_ties),
		cmocka_unit_test(test_branches_in_ties),
		cmocka_unit_test(test_fold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
