/*
 * test_chain_exhaustive.c: every way to damage a short chain, alone and in pairs, read in every
 * split into ranges, gives the findings, rows and verdict that a naive look at all pairs gives
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "chain/verify.h"
#include "chain_run.h"

#define LONGEST 6
#define MOST 16                      /* rows after two mutations */

/* ------------------------------------------------------------------ a chain */

struct entry {
	int64_t seq;
	char data[8];
	char previous[65];               /* "": NULL */
	char hash[65];
};

struct chain {
	size_t count;
	struct entry entries[MOST];
	int64_t next_seq;
};

static void hash_of(char out[65], const struct entry *e)
{
	unsigned char digest[32];
	unsigned int len;
	char text[128];
	int size = snprintf(text, sizeof text, "%s|%lld|%s", e->previous, (long long)e->seq,
			    e->data);

	assert_int_equal(1, EVP_Digest(text, (size_t)size, digest, &len, EVP_sha256(), NULL));
	for (unsigned int i = 0; i < len; i++)
		sprintf(out + 2 * i, "%02x", digest[i]);
}

static void append(struct chain *c, const char *previous, const char *data)
{
	struct entry *e = &c->entries[c->count++];

	assert_true(c->count <= MOST);
	memset(e, 0, sizeof *e);
	e->seq = c->next_seq++;
	strcpy(e->data, data);
	strcpy(e->previous, previous);
	hash_of(e->hash, e);
}

static void build(struct chain *c, size_t length)
{
	memset(c, 0, sizeof *c);
	c->next_seq = 10;
	for (size_t i = 0; i < length; i++)
		append(c, i ? c->entries[i - 1].hash : "", "data");
}

/* ------------------------------------------------------------------ damage */

/* Each does its harm at entry i (and j), or returns false when there is nothing to harm. */
static bool intact(struct chain *c, size_t i, size_t j)
{
	(void)c;
	return !i && !j;
}

static bool delete_one(struct chain *c, size_t i, size_t j)
{
	if (j || i >= c->count)
		return false;
	c->count--;
	memmove(&c->entries[i], &c->entries[i + 1], (c->count - i) * sizeof *c->entries);
	return true;
}

static bool duplicate(struct chain *c, size_t i, size_t j)
{
	if (i >= c->count || j >= c->count)
		return false;
	c->entries[c->count++] = c->entries[i];
	return j == 0;
}

static bool swap_previous(struct chain *c, size_t i, size_t j)
{
	char kept[65];

	if (i >= j || j >= c->count)
		return false;
	strcpy(kept, c->entries[i].previous);
	strcpy(c->entries[i].previous, c->entries[j].previous);
	strcpy(c->entries[j].previous, kept);
	return true;
}

static bool swap_rows(struct chain *c, size_t i, size_t j)
{
	struct entry kept;

	if (i >= j || j >= c->count)
		return false;
	kept = c->entries[i];
	c->entries[i] = c->entries[j];
	c->entries[j] = kept;
	return true;
}

static bool edit(struct chain *c, size_t i, size_t j)
{
	if (j || i >= c->count)
		return false;
	strcpy(c->entries[i].data, "edited");
	return true;
}

static bool edit_hash(struct chain *c, size_t i, size_t j)
{
	if (j || i >= c->count)
		return false;
	c->entries[i].hash[5] = c->entries[i].hash[5] == 'a' ? 'b' : 'a';
	return true;
}

static bool edit_and_rehash(struct chain *c, size_t i, size_t j)
{
	if (j || i >= c->count)
		return false;
	strcpy(c->entries[i].data, "edited");
	hash_of(c->entries[i].hash, &c->entries[i]);
	return true;
}

static bool unlink_one(struct chain *c, size_t i, size_t j)
{
	if (j || i >= c->count)
		return false;
	c->entries[i].previous[0] = '\0';
	hash_of(c->entries[i].hash, &c->entries[i]);
	return true;
}

static bool fork_at(struct chain *c, size_t i, size_t j)
{
	if (j || i >= c->count)
		return false;
	append(c, c->entries[i].hash, "fork");
	return true;
}

static bool new_genesis(struct chain *c, size_t i, size_t j)
{
	if (i || j)
		return false;
	append(c, "", "again");
	return true;
}

/* A forged entry between i and the next, which gets a right hash again. */
static bool splice(struct chain *c, size_t i, size_t j)
{
	size_t forged = c->count;

	if (j || i + 1 >= c->count)
		return false;
	append(c, c->entries[i].hash, "forged");
	strcpy(c->entries[i + 1].previous, c->entries[forged].hash);
	hash_of(c->entries[i + 1].hash, &c->entries[i + 1]);
	return true;
}

static bool cut_front(struct chain *c, size_t i, size_t j)
{
	if (j || i >= c->count)
		return false;
	c->count -= i + 1;
	memmove(c->entries, c->entries + i + 1, c->count * sizeof *c->entries);
	return true;
}

static bool cut_tail(struct chain *c, size_t i, size_t j)
{
	if (j || i >= c->count)
		return false;
	c->count -= i + 1;
	return true;
}

static bool grow(struct chain *c, size_t i, size_t j)
{
	if (i || j || !c->count)
		return false;
	append(c, c->entries[c->count - 1].hash, "more");
	return true;
}

typedef bool (*damage_fn)(struct chain *c, size_t i, size_t j);

static const struct {
	const char *name;
	damage_fn damage;
} damages[] = {
	{ "intact", intact }, { "delete", delete_one }, { "duplicate", duplicate },
	{ "swap previous", swap_previous }, { "swap rows", swap_rows }, { "edit", edit },
	{ "edit hash", edit_hash }, { "edit and rehash", edit_and_rehash },
	{ "unlink", unlink_one }, { "fork", fork_at }, { "new genesis", new_genesis },
	{ "splice", splice }, { "cut front", cut_front }, { "cut tail", cut_tail },
	{ "grow", grow },
};

#define DAMAGES (sizeof damages / sizeof *damages)

/* ------------------------------------------------------------------ the naive oracle */

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

	*o = (struct oracle){ .chain = c };
	for (size_t i = 0; i < c->count; i++)
		wrong += mismatches(c, i);
	expect_rows(o, "chain.hash_mismatch", DRV_FAIL, mismatches);
	if (wrong && wrong == c->count)
		o->expected[0] = (struct expectation){ "chain.recipe_mismatch", DRV_INCONCLUSIVE,
						       wrong, -1 };
	if (!c->count)
		expect(o, "chain.empty", DRV_INCONCLUSIVE, 0, -1);
	else if (!any_genesis(c))
		expect(o, "chain.genesis_missing", DRV_FAIL, 1, first_gap(c));
	expect_rows(o, "chain.null_previous", DRV_FAIL, second_genesis);
	expect_rows(o, "chain.link_broken", DRV_FAIL, inner_gap);
	expect_rows(o, "chain.duplicate", DRV_FAIL, is_copy);
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
	snprintf(place, sizeof place, "ctid (%d,1)", e->first);
	return finding->row_count && !strcmp(drv_finding_row(finding, 0)->place, place);
}

static bool agrees(const struct chain_run *run, const struct oracle *o)
{
	const struct drvp_tally *tally = &run->verdict.tally;
	uint64_t intact_rows = 0;

	if (run->status || run->verdict.result.verdict != expected_verdict(o) ||
	    run->verdict.result.finding_count != o->count || tally->rows != o->chain->count)
		return false;
	for (size_t i = 0; i < o->count; i++)
		if (!finding_agrees(run, &o->expected[i]))
			return false;
	if (tally->intact_before_set != o->damaged)
		return false;
	for (size_t i = 0; o->damaged && i < o->chain->count; i++)
		intact_rows += o->chain->entries[i].seq < o->first_bad;
	return tally->intact_before == intact_rows;
}

static size_t cases;

static void fill(struct fake_table *table, struct chain *c)
{
	fake_table_init(table, 1);
	fake_column(table, "seq", DRVP_INTEGER);
	fake_column(table, "data", DRVP_TEXT);
	fake_column(table, "previous", DRVP_TEXT);
	fake_column(table, "hash", DRVP_TEXT);
	for (size_t i = 0; i < c->count; i++) {
		struct drvp_value *row = fake_row(table);

		row[0] = fake_integer(c->entries[i].seq);
		row[1] = fake_text(c->entries[i].data);
		if (c->entries[i].previous[0])
			row[2] = fake_text(c->entries[i].previous);
		row[3] = fake_text(c->entries[i].hash);
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
			    (unsigned long long)run->verdict.tally.intact_before,
			    run->verdict.tally.intact_before_set);
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
	for (size_t a = 0; a <= c->count; a += step)
		for (size_t b = a; b <= c->count; b += step) {
			run->ranges[0] = (struct drvp_range){ 0, (uint32_t)a };
			run->ranges[1] = (struct drvp_range){ (uint32_t)a, (uint32_t)b };
			run->ranges[2] = (struct drvp_range){ (uint32_t)b, UINT32_MAX };
			run->range_count = 3;
			try_ranges(run, c, o, what);
		}
	run->range_count = 0;
	try_ranges(run, c, o, what);
}

#define RECIPE "\"hash\": \"hash\", \"previous\": \"previous\", \"order_by\": [\"seq\"]," \
	"\"genesis\": { \"stored\": null, \"hashed\": \"\" }," \
	"\"preimage\": { \"join\": [{ \"previous\": \"text\" }, { \"column\": \"seq\" }," \
	"{ \"column\": \"data\" }], \"with\": \"|\" }"

static void try_chain(struct chain *c, const struct recorded *r, const char *what, size_t step)
{
	char document[1024];
	struct drv_baseline *baseline;
	struct fake_table table;
	struct fake_session session;
	struct chain_run run;
	struct oracle o;

	snprintf(document, sizeof document, RECIPE "%s", "");
	if (r->set)
		snprintf(document, sizeof document,
			 RECIPE ", \"expect\": { \"head\": { \"rows\": %zu, \"hash\": \"%s\" } }",
			 r->rows, r->hash);
	baseline = chain_document(document);
	assert_non_null(baseline);
	consult(&o, c, r);
	fill(&table, c);
	fake_session_init(&session, &table);
	chain_run_init(&run, baseline, &session);
	run.lineage.relation = r->relation;
	try_splits(&run, c, &o, what, step);
	fake_table_free(&table);
	drv_baseline_free(&baseline);
}

static struct recorded head_of(const struct chain *c, int relation)
{
	struct recorded r = { .set = true, .rows = c->count, .relation = relation };

	strcpy(r.hash, c->entries[c->count - 1].hash);
	return r;
}

static const int relations[] = { DRVP_LINEAGE_STATED, DRVP_LINEAGE_SAME, DRVP_LINEAGE_NEWER,
				 DRVP_LINEAGE_OLDER, DRVP_LINEAGE_UNKNOWN };

static void test_one_damage(void **state)
{
	struct recorded none = { .relation = DRVP_LINEAGE_STATED };

	(void)state;
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

static void test_two_damages(void **state)
{
	(void)state;
	for (size_t d = 1; d < DAMAGES; d++)
		for (size_t i = 0; i < 4; i++)
			for (size_t e = 1; e < DAMAGES; e++)
				for (size_t k = 0; k < 6; k++)
					try_pair(4, d, i, e, k);
	assert_true(cases > 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_damage),
		cmocka_unit_test(test_two_damages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
