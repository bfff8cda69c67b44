/* test_content_server.c: what a digest of the server's own means, against one of a baseline */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "checks/content_judge.h"
#include "content/content_tally.h"
#include "report/report.h"

#define HASHING UINT64_C(0x0102030405060708)

/* What was recorded of 1,000 rows; each test changes one thing of what is measured. */
struct scene {
	int method;                  /* of the document; enum drvp_content_by */
	int recorded;                /* enum drvp_content_method */
	uint64_t rows, sum, hashing;
	const char *encoding;        /* of the server */
	bool capture;
};

static const struct scene same = { DRVP_METHOD_SERVER, DRVP_CONTENT_SERVER, 1000, 77, HASHING,
				   "UTF8", false };

static void measure(struct drvp_tally *tally, const struct scene *scene)
{
	struct drvp_content_tally *own = drvp_content_tally(tally);

	own->by_server = scene->method == DRVP_METHOD_SERVER;
	own->hashing = scene->hashing;
	assert_int_equal(drvp_buckets_open(&own->buckets, 1, 0), 0);
	own->buckets.unplaced.rows = scene->rows;
	own->buckets.unplaced.sum.words[0] = scene->sum;
}

static void describe(struct drvp_content *content, const struct scene *scene)
{
	static const char hashing[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	static const char digest[DRVP_SUM256_SIZE] = { [DRVP_SUM256_SIZE - 1] = 77 };

	*content = (struct drvp_content){ .method.value = scene->method };
	content->expect.rows.value = 1000;
	content->expect.method.value = scene->recorded;
	content->expect.encoding = "UTF8";
	content->expect.digest.bytes = digest;
	content->expect.digest.len = sizeof digest;
	content->expect.hashing.bytes = hashing;
	content->expect.hashing.len = sizeof hashing;
}

/* The verdict; the codes of all findings and the summary stand in told. */
static int judge(struct scene scene, char told[500])
{
	static const struct drvp_source source = { .name = "main" };
	struct drvp_content content;
	struct drvp_item item = { .check = &drvp_check_content, .id = "id", .source = &source,
				  .target_name = "t", .config = &content };
	struct drvp_settings settings = { .capture = scene.capture };
	struct drvp_relation relation = { .schema = "public", .encoding = scene.encoding };
	struct drvp_lineage lineage = { .relation = DRVP_LINEAGE_SAME };
	struct drvp_circumstances c = { .settings = &settings, .lineage = &lineage,
					.relation = &relation, .captured = true };
	struct drvp_verdict verdict;
	int result;

	describe(&content, &scene);
	assert_int_equal(0, drvp_verdict_init(&verdict, &item));
	measure(&verdict.tally, &scene);
	verdict.result.verdict = DRV_PASS;
	drvp_content_judge(&item, &verdict.tally, &c, &verdict);
	*told = '\0';
	for (size_t i = 0; i < verdict.result.finding_count; i++) {
		strcat(told, verdict.findings[i].finding.code);
		strcat(told, " ");
	}
	strncat(told, drvp_strbuf_text(&verdict.summary), 300);
	result = verdict.result.verdict;
	drvp_tally_free(&verdict.tally);
	drvp_strbuf_free(&verdict.summary);
	free(verdict.findings);
	drvp_arena_free(&verdict.arena);
	return result;
}

static void expect(struct scene scene, int verdict, const char *begins)
{
	char told[500];
	int result = judge(scene, told);

	if (result != verdict || strncmp(told, begins, strlen(begins)) != 0)
		fail_msg("verdict %d: %s", result, told);
}

static void test_same(void **state)
{
	struct scene capture = same;

	(void)state;
	expect(same, DRV_PASS, "1,000 rows, the content of the baseline; hashed by the server, which "
	       "finds accidents only");
	capture.capture = true;
	capture.sum = 78;
	expect(capture, DRV_PASS, "1,000 rows digested; hashed by the server");
}

static void test_damage(void **state)
{
	struct scene changed = same, missing = same, extra = same;

	(void)state;
	changed.sum = 78;
	expect(changed, DRV_FAIL, "content.changed rows differ");
	missing.rows = 999;
	expect(missing, DRV_FAIL, "content.missing at least 1 row missing");
	extra.rows = 1001;
	expect(extra, DRV_FAIL, "content.extra at least 1 row too many");
}

/* Only a difference is in doubt then; and how many rows there are is known nevertheless. */
static void test_another_server(void **state)
{
	struct scene other = same;

	(void)state;
	other.hashing++;
	expect(other, DRV_PASS, "1,000 rows, the content of the baseline");
	other.sum = 78;
	expect(other, DRV_INCONCLUSIVE, "content.hashing_differs the digest");
	other.rows = 999;
	expect(other, DRV_FAIL, "content.hashing_differs content.missing");
	other = same;
	other.encoding = "EUC_KR";
	expect(other, DRV_PASS, "1,000 rows, the content of the baseline");
	other.sum = 78;
	expect(other, DRV_INCONCLUSIVE, "content.encoding_differs the content");
}

/* However the numbers compare. */
static void test_other_method(void **state)
{
	struct scene other = same;

	(void)state;
	other.recorded = DRVP_CONTENT_PLAIN;
	expect(other, DRV_INCONCLUSIVE, "content.method_differs the digest of the baseline was made by "
	       "reading the rows");
	other.recorded = DRVP_CONTENT_HMAC;
	expect(other, DRV_INCONCLUSIVE, "content.method_differs");
	other.recorded = DRVP_CONTENT_SERVER;
	other.method = DRVP_METHOD_STREAM;
	expect(other, DRV_INCONCLUSIVE, "content.method_differs the digest of the baseline was made by "
	       "the server");
	other.capture = true;
	expect(other, DRV_PASS, "1,000 rows digested");
}

static void test_decimal(void **state)
{
	static const struct {
		const char *text;
		uint64_t words[4];
	} numbers[] = {
		{ "0", { 0, 0, 0, 0 } },
		{ "-1", { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX } },
		{ "18446744073709551616", { 0, 1, 0, 0 } },
		{ "-18446744073709551616", { 0, UINT64_MAX, UINT64_MAX, UINT64_MAX } },
		{ "340282366920938463463374607431768211457", { 1, 0, 1, 0 } },
	};
	struct drvp_sum256 sum;

	(void)state;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		assert_true(drvp_sum256_read(&sum, numbers[i].text));
		assert_memory_equal(sum.words, numbers[i].words, sizeof sum.words);
	}
	assert_false(drvp_sum256_read(&sum, ""));
	assert_false(drvp_sum256_read(&sum, "-"));
	assert_false(drvp_sum256_read(&sum, "1e5"));
	assert_false(drvp_sum256_read(&sum, "NaN"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_another_server),
		cmocka_unit_test(test_other_method),
		cmocka_unit_test(test_decimal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
