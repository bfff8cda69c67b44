/*
 * test_chain_exhaustive.c: every way to damage a short chain, alone and in pairs, read in every
 * split into ranges, gives the findings, rows and verdict that a naive look at all pairs gives;
 * so do chains of which only the links can be checked, and one beside an intact one
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain/verify.h"
#include "chain_damage.h"
#include "chain_run.h"

/* ------------------------------------------------------------------ the naive oracle */

enum way {
	WHOLE,                           /* contents and links */
	LINKS,                           /* only the links */
	BESIDE                           /* the chain of one of two partitions */
};

static enum way way;

/* How many rows the intact chain beside it has; they come first in the table. */
#define OTHERS 2

static size_t others(void)
{
	return way == BESIDE ? OTHERS : 0;
}

struct expectation {
	const char *code;
	int effect;
	uint64_t count;
	int first;                       /* index of the row that is named first; -1: none */
};

struct oracle {
	const struct chain *chain;
	struct expectation expected[16];
	size_t count;
	bool damaged;                    /* other than forked */
	int64_t first_bad;
};

static bool before(const struct chain *c, size_t a, size_t b)
{
	if (c->entries[a].seq != c->entries[b].seq)
		return c->entries[a].seq < c->entries[b].seq;
	return a < b;
}

static bool mismatches(const struct chain *c, size_t row)
{
	char right[65];

	if (way == LINKS)
		return false;
	hash_of(right, &c->entries[row]);
	return strcmp(right, c->entries[row].hash) != 0;
}

static bool is_copy(const struct chain *c, size_t row)
{
	for (size_t i = 0; i < c->count; i++)
		if (before(c, i, row) && !strcmp(c->entries[i].hash, c->entries[row].hash))
			return true;
	return false;
}

/* A different, earlier row claims the same predecessor (or likewise none). */
static bool is_rival(const struct chain *c, size_t row)
{
	bool rival = false;

	for (size_t i = 0; i < c->count; i++) {
		if (!before(c, i, row) || strcmp(c->entries[i].previous, c->entries[row].previous))
			continue;
		if (!strcmp(c->entries[i].hash, c->entries[row].hash))
			return false;
		rival = true;
	}
	return rival;
}

static bool is_genesis(const struct chain *c, size_t row)
{
	return !c->entries[row].previous[0];
}

static bool second_genesis(const struct chain *c, size_t row)
{
	return is_genesis(c, row) && is_rival(c, row);
}

static bool is_fork(const struct chain *c, size_t row)
{
	return !is_genesis(c, row) && is_rival(c, row);
}

/* The first of those that claim a predecessor that is not there. */
static bool is_gap(const struct chain *c, size_t row)
{
	if (is_genesis(c, row))
		return false;
	for (size_t i = 0; i < c->count; i++) {
		if (!strcmp(c->entries[i].hash, c->entries[row].previous))
			return false;
		if (before(c, i, row) && !strcmp(c->entries[i].previous, c->entries[row].previous))
			return false;
	}
	return true;
}

static bool any_genesis(const struct chain *c)
{
	for (size_t i = 0; i < c->count; i++)
		if (is_genesis(c, i))
			return true;
	return false;
}

static int first_gap(const struct chain *c)
{
	int first = -1;

	for (size_t i = 0; i < c->count; i++)
		if (is_gap(c, i) && (first < 0 || before(c, i, (size_t)first)))
			first = (int)i;
	return first;
}

/* Where no row is the first, the first gap is the front. */
static bool inner_gap(const struct chain *c, size_t row)
{
	return is_gap(c, row) && (any_genesis(c) || (int)row != first_gap(c));
}

/* The first row that has the hash it claims comes after it: only order shows that. */
static bool is_backward(const struct chain *c, size_t row)
{
	int holder = -1;

	for (size_t i = 0; i < c->count; i++)
		if (!strcmp(c->entries[i].hash, c->entries[row].previous) &&
		    (holder < 0 || before(c, i, (size_t)holder)))
			holder = (int)i;
	return way == LINKS && !is_genesis(c, row) && holder >= 0 &&
	       c->entries[row].seq < c->entries[holder].seq;
}

/* Follows no row that comes before it: nothing else may be wrong with a circle. */
static bool is_stray(const struct chain *c, size_t row)
{
	bool follows = is_genesis(c, row);

	for (size_t i = 0; i < c->count; i++)
		follows |= before(c, i, row) &&
			   !strcmp(c->entries[i].hash, c->entries[row].previous);
	return way == LINKS && !follows;
}

static bool is_first_stray(const struct chain *c, size_t row)
{
	for (size_t i = 0; i < c->count; i++)
		if (before(c, i, row) && is_stray(c, i))
			return false;
	return is_stray(c, row);
}

static void expect(struct oracle *o, const char *code, int effect, uint64_t count, int first)
{
	o->expected[o->count++] = (struct expectation){ code, effect, count, first };
}

static void expect_rows(struct oracle *o, const char *code, int effect,
			bool (*is)(const struct chain *c, size_t row))
{
	const struct chain *c = o->chain;
	uint64_t count = 0;
	int first = -1;

	for (size_t i = 0; i < c->count; i++) {
		if (!is(c, i))
			continue;
		count++;
		if (first < 0 || before(c, i, (size_t)first))
			first = (int)i;
	}
	if (!count)
		return;
	expect(o, code, effect, count, first);
	if (effect == DRV_WARN)
		return;
	if (!o->damaged || c->entries[first].seq < o->first_bad)
		o->first_bad = c->entries[first].seq;
	o->damaged = true;
}

/* The tail that comes last; all are as good where nothing is damaged. */
static const char *last_tail(const struct chain *c)
{
	int last = -1;

	for (size_t i = 0; i < c->count; i++) {
		bool claimed = false;

		for (size_t j = 0; j < c->count; j++)
			claimed |= !strcmp(c->entries[j].previous, c->entries[i].hash);
		if (!claimed && (last < 0 || before(c, (size_t)last, i)))
			last = (int)i;
	}
	return last < 0 ? "" : c->entries[last].hash;
}

struct recorded {
	bool set;
	char hash[65];
	size_t rows;
	int relation;
};

static void expect_head(struct oracle *o, const struct recorded *r)
{
	const struct chain *c = o->chain;
	bool sound = !o->damaged && any_genesis(c);
	bool maybe_older = r->relation == DRVP_LINEAGE_OLDER || r->relation == DRVP_LINEAGE_UNKNOWN;
	const char *doubt = r->relation == DRVP_LINEAGE_OLDER ? "lineage.older" : "lineage.unknown";
	bool seen = false;

	for (size_t i = 0; i < c->count; i++)
		seen |= !strcmp(c->entries[i].hash, r->hash);
	if (!seen || (sound && c->count < r->rows)) {
		if (maybe_older)
			expect(o, doubt, DRV_INCONCLUSIVE, 0, -1);
		else
			expect(o, "chain.head_missing", DRV_FAIL,
			       c->count < r->rows ? r->rows - c->count : 0, -1);
	} else if (sound && r->relation == DRVP_LINEAGE_SAME &&
		   (c->count > r->rows || strcmp(last_tail(c), r->hash))) {
		expect(o, "chain.head_changed", DRV_FAIL, c->count - r->rows, -1);
	}
}

static void consult(struct oracle *o, const struct chain *c, const struct recorded *r)
{
	size_t wrong = 0;
	bool damaged;

	*o = (struct oracle){ .chain = c };
	for (size_t i = 0; i < c->count; i++)
		wrong += mismatches(c, i);
	expect_rows(o, "chain.hash_mismatch", DRV_FAIL, mismatches);
	if (wrong && wrong == c->count + others())
		o->expected[0] = (struct expectation){ "chain.recipe_mismatch", DRV_INCONCLUSIVE,
						       wrong, -1 };
	if (!c->count && !others())
		expect(o, "chain.empty", DRV_INCONCLUSIVE, 0, -1);
	else if (c->count && !any_genesis(c))
		expect(o, "chain.genesis_missing", DRV_FAIL, 1, first_gap(c));
	expect_rows(o, "chain.null_previous", DRV_FAIL, second_genesis);
	expect_rows(o, "chain.link_broken", DRV_FAIL, inner_gap);
	expect_rows(o, "chain.duplicate", DRV_FAIL, is_copy);
	damaged = o->damaged;
	expect_rows(o, "chain.order", DRV_FAIL, is_backward);
	if (!damaged && !o->damaged && (any_genesis(c) || first_gap(c) < 0))
		expect_rows(o, "chain.order", DRV_FAIL, is_first_stray);
	expect_rows(o, "chain.fork", DRV_WARN, is_fork);
	if (r->set)
		expect_head(o, r);
}

static int expected_verdict(const struct oracle *o)
{
	static const int weight[] = { [DRV_PASS] = 0, [DRV_WARN] = 1, [DRV_FAIL] = 3,
				      [DRV_INCONCLUSIVE] = 2 };
	int verdict = DRV_PASS;

	for (size_t i = 0; i < o->count; i++)
		if (weight[o->expected[i].effect] > weight[verdict])
			verdict = o->expected[i].effect;
	return verdict;
}

/* ------------------------------------------------------------------ one case */

static char *describe(const struct chain *c, const struct chain_run *run, const char *what)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	drvp_strbuf_printf(&text, "%s, %zu ranges\n", what, run->range_count);
	for (size_t i = 0; i < c->count; i++)
		drvp_strbuf_printf(&text, "  row %zu seq %lld %s previous %.8s hash %.8s\n", i,
				   (long long)c->entries[i].seq, c->entries[i].data,
				   c->entries[i].previous, c->entries[i].hash);
	for (size_t i = 0; i < run->verdict.result.finding_count; i++)
		drvp_strbuf_printf(&text, "  found %s %llu: %s\n", run->verdict.findings[i].finding.code,
				   (unsigned long long)run->verdict.findings[i].finding.count,
				   run->verdict.findings[i].finding.message);
	return text.data;
}

static bool finding_agrees(const struct chain_run *run, const struct expectation *e)
{
	const struct drv_finding *finding = chain_finding(run, e->code);
	char place[32];

	if (!finding || finding->count != e->count || finding->effect != e->effect)
		return false;
	if (e->first < 0)
		return !finding->row_count;
	snprintf(place, sizeof place, "ctid (%zu,1)", (size_t)e->first + others());
	return finding->row_count && !strcmp(drv_finding_row(finding, 0)->place, place);
}

static int64_t other_seq(size_t row)
{
	return 9 + 3 * (int64_t)row;
}

static bool agrees(const struct chain_run *run, const struct oracle *o)
{
	const struct drvp_tally *tally = &run->verdict.tally;
	uint64_t intact_rows = 0;

	if (run->status || run->verdict.result.verdict != expected_verdict(o) ||
	    run->verdict.result.finding_count != o->count ||
	    tally->rows != o->chain->count + others())
		return false;
	for (size_t i = 0; i < o->count; i++)
		if (!finding_agrees(run, &o->expected[i]))
			return false;
	if (drvp_chain_tally(tally)->intact_before_set != o->damaged)
		return false;
	for (size_t i = 0; o->damaged && i < others(); i++)
		intact_rows += other_seq(i) < o->first_bad;
	for (size_t i = 0; o->damaged && i < o->chain->count; i++)
		intact_rows += o->chain->entries[i].seq < o->first_bad;
	return drvp_chain_tally(tally)->intact_before == intact_rows;
}

static size_t cases;

static void add_row(struct fake_table *table, const struct entry *e, const char *partition)
{
	struct drvp_value *row = fake_row(table);

	row[0] = fake_integer(e->seq);
	row[1] = fake_text(e->data);
	if (e->previous[0])
		row[2] = fake_text(e->previous);
	row[3] = fake_text(e->hash);
	row[4] = fake_text(partition);
}

static void fill(struct fake_table *table, struct chain *c, struct chain *other)
{
	fake_table_init(table, 1);
	fake_column(table, "seq", DRVP_INTEGER);
	fake_column(table, "data", DRVP_TEXT);
	fake_column(table, "previous", DRVP_TEXT);
	fake_column(table, "hash", DRVP_TEXT);
	fake_column(table, "tenant", DRVP_TEXT);
	for (size_t i = 0; i < others(); i++)
		add_row(table, &other->entries[i], "other");
	for (size_t i = 0; i < c->count; i++)
		add_row(table, &c->entries[i], "one");
}

/* An intact chain whose entries come before and between those of the first. */
static void build_other(struct chain *other)
{
	memset(other, 0, sizeof *other);
	for (size_t i = 0; i < OTHERS; i++) {
		other->next_seq = other_seq(i);
		append(other, i ? other->entries[i - 1].hash : "", "other");
	}
}

static void try_ranges(struct chain_run *run, const struct chain *c, const struct oracle *o,
		       const char *what)
{
	chain_run(run);
	cases++;
	if (!agrees(run, o)) {
		char *text = describe(c, run, what);

		for (size_t i = 0; i < o->count; i++)
			print_error("expected %s %llu, first row %d\n", o->expected[i].code,
				    (unsigned long long)o->expected[i].count, o->expected[i].first);
		print_error("%s  intact before: %llu, set %d\n", text,
			    (unsigned long long)drvp_chain_tally(&run->verdict.tally)->intact_before,
			    drvp_chain_tally(&run->verdict.tally)->intact_before_set);
		free(text);
		chain_run_done(run);
		fail_msg("disagrees with the oracle");
	}
	chain_run_done(run);
}

/* Cuts at a and b; every split into up to three ranges is one choice of 0 ≤ a ≤ b ≤ rows. */
static void try_splits(struct chain_run *run, const struct chain *c, const struct oracle *o,
		       const char *what, size_t step)
{
	size_t rows = c->count + others();

	for (size_t a = 0; a <= rows; a += step)
		for (size_t b = a; b <= rows; b += step) {
			run->ranges[0] = (struct drvp_range){ 0, (uint32_t)a };
			run->ranges[1] = (struct drvp_range){ (uint32_t)a, (uint32_t)b };
			run->ranges[2] = (struct drvp_range){ (uint32_t)b, UINT32_MAX };
			run->range_count = 3;
			try_ranges(run, c, o, what);
		}
	run->range_count = 0;
	try_ranges(run, c, o, what);
}

#define COLUMNS "\"hash\": \"hash\", \"previous\": \"previous\", \"order_by\": [\"seq\"]," \
	"\"genesis\": { \"stored\": null, \"hashed\": \"\" }"
#define PREIMAGE ", \"preimage\": { \"join\": [{ \"previous\": \"text\" }, { \"column\": \"seq\" }," \
	"{ \"column\": \"data\" }], \"with\": \"|\" }"

static void print_recipe(struct drvp_strbuf *document, const struct recorded *r,
			 const struct chain *other)
{
	static const char *const ways[] = {
		[WHOLE] = PREIMAGE,
		[LINKS] = ", \"mode\": \"links\"",
		[BESIDE] = PREIMAGE ", \"partition_by\": [\"tenant\"]",
	};

	drvp_strbuf_printf(document, "%s%s", COLUMNS, ways[way]);
	if (r->set && way != BESIDE)
		drvp_strbuf_printf(document, ", \"expect\": { \"head\": { \"rows\": %zu, \"hash\": "
				   "\"%s\" } }", r->rows, r->hash);
	else if (r->set)
		drvp_strbuf_printf(document, ", \"expect\": { \"heads\": [{ \"partition\": [\"other\"], "
				   "\"rows\": %zu, \"hash\": \"%s\" }, { \"partition\": [\"one\"], "
				   "\"rows\": %zu, \"hash\": \"%s\" }] }", other->count,
				   other->entries[other->count - 1].hash, r->rows, r->hash);
}

static void try_chain(struct chain *c, const struct recorded *r, const char *what, size_t step)
{
	struct drvp_strbuf document = DRVP_STRBUF_INIT;
	struct drv_baseline *baseline;
	struct fake_table table;
	struct fake_session session;
	struct chain_run run;
	struct chain other;
	struct oracle o;

	build_other(&other);
	print_recipe(&document, r, &other);
	baseline = chain_document(document.data);
	assert_non_null(baseline);
	consult(&o, c, r);
	fill(&table, c, &other);
	fake_session_init(&session, &table);
	chain_run_init(&run, baseline, &session);
	run.lineage.relation = r->relation;
	try_splits(&run, c, &o, what, step);
	fake_table_free(&table);
	drv_baseline_free(&baseline);
	drvp_strbuf_free(&document);
}

static struct recorded head_of(const struct chain *c, int relation)
{
	struct recorded r = { .set = true, .rows = c->count, .relation = relation };

	strcpy(r.hash, c->entries[c->count - 1].hash);
	return r;
}

static const int relations[] = { DRVP_LINEAGE_STATED, DRVP_LINEAGE_SAME, DRVP_LINEAGE_NEWER,
				 DRVP_LINEAGE_OLDER, DRVP_LINEAGE_UNKNOWN };

static void one_damage(enum way w)
{
	struct recorded none = { .relation = DRVP_LINEAGE_STATED };

	way = w;
	cases = 0;
	for (size_t length = 1; length <= LONGEST; length++)
		for (size_t d = 0; d < DAMAGES; d++)
			for (size_t i = 0; i < LONGEST; i++)
				for (size_t j = 0; j < LONGEST; j++) {
					struct chain original, c;

					build(&original, length);
					c = original;
					if (!damages[d].damage(&c, i, j))
						continue;
					try_chain(&c, &none, damages[d].name, 1);
					for (size_t k = 0; k < 5; k++) {
						struct recorded r =
							head_of(&original, relations[k]);

						try_chain(&c, &r, damages[d].name, c.count + 1);
					}
				}
	assert_true(cases > 1000);
}

static void try_pair(size_t length, size_t d, size_t i, size_t e, size_t k)
{
	struct chain original, c;
	struct recorded r;
	char what[64];

	build(&original, length);
	c = original;
	if (!damages[d].damage(&c, i, damages[d].damage == swap_previous ||
				   damages[d].damage == swap_rows ? i + 1 : 0) ||
	    !damages[e].damage(&c, k, damages[e].damage == swap_previous ||
				   damages[e].damage == swap_rows ? k + 1 : 0))
		return;
	snprintf(what, sizeof what, "%s %zu then %s %zu", damages[d].name, i, damages[e].name, k);
	r = head_of(&original, DRVP_LINEAGE_SAME);
	try_chain(&c, &r, what, c.count ? c.count : 1);
}

static void two_damages(enum way w)
{
	way = w;
	cases = 0;
	for (size_t d = 1; d < DAMAGES; d++)
		for (size_t i = 0; i < 4; i++)
			for (size_t e = 1; e < DAMAGES; e++)
				for (size_t k = 0; k < 6; k++)
					try_pair(4, d, i, e, k);
	assert_true(cases > 5000);
}

static void test_one_damage(void **state)
{
	(void)state;
	one_damage(WHOLE);
}

static void test_two_damages(void **state)
{
	(void)state;
	two_damages(WHOLE);
}

static void test_links_one_damage(void **state)
{
	(void)state;
	one_damage(LINKS);
}

static void test_links_two_damages(void **state)
{
	(void)state;
	two_damages(LINKS);
}

static void test_partition_one_damage(void **state)
{
	(void)state;
	one_damage(BESIDE);
}

static void test_partition_two_damages(void **state)
{
	(void)state;
	two_damages(BESIDE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_damage),
		cmocka_unit_test(test_two_damages),
		cmocka_unit_test(test_links_one_damage),
		cmocka_unit_test(test_links_two_damages),
		cmocka_unit_test(test_partition_one_damage),
		cmocka_unit_test(test_partition_two_damages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
