/* test_series.c: of several baselines the right one is chosen, or none */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "document/baseline.h"
#include "drverify.h"

#define MOST 8

struct series {
	struct drv_baseline *list[MOST];
	size_t count;
};

/* A document with a PostgreSQL and a MongoDB source; identity is what is recorded of the first. */
static void add(struct series *s, const char *name, const char *captured_at, const char *identity,
		const char *rest)
{
	struct drv_error error = DRV_ERROR_INIT;
	char text[1024], file[16];
	int len = snprintf(text, sizeof text,
			   "{ \"format\": \"drverify/1\", \"name\": \"%s\", %s%s%s \"sources\": {"
			   " \"main\": { \"store\": \"postgresql\", \"identity\": { %s } },"
			   " \"search\": { \"store\": \"mongodb\" } }, \"checks\": ["
			   " { \"check\": \"connection\", \"source\": \"main\" %s",
			   name, captured_at ? "\"captured_at\": \"" : "", captured_at ? captured_at : "",
			   captured_at ? "\"," : "", identity, rest);

	snprintf(file, sizeof file, "%zu.json", s->count);
	if (drv_baseline_parse(&s->list[s->count++], text, (size_t)len, file, &error))
		fail_msg("%s", error.message);
}

#define IDENTITY(lsn) "\"system_identifier\": \"42\", \"lsn\": \"" lsn "\""
#define PLAIN "} ] }"

/* Three nights, not in their order. */
static struct series nights(void)
{
	struct series s = { .count = 0 };

	add(&s, "x", "2025-12-29T00:00:00Z", IDENTITY("0/2000"), PLAIN);
	add(&s, "x", "2025-12-31T00:00:00Z", IDENTITY("0/4000"), PLAIN);
	add(&s, "x", "2025-12-30T00:00:00Z", IDENTITY("0/3000"), PLAIN);
	return s;
}

static void clear(struct series *s)
{
	for (size_t i = 0; i < s->count; i++)
		drv_baseline_free(&s->list[i]);
	s->count = 0;
}

static void expect(struct series *s, const char *point, const char *other, size_t chosen,
		   const char *why)
{
	const char *const points[] = { point, other };
	struct drv_error error = DRV_ERROR_INIT;
	size_t got = MOST;
	int status = drv_baseline_choose(&got, s->list, s->count, points,
					 (point != NULL) + (size_t)(other != NULL), &error);

	if (status)
		fail_msg("%s", error.message);
	assert_int_equal(got, chosen);
	assert_string_equal(s->list[got]->choice, why);
}

static void refused(struct series *s, const char *point, const char *says)
{
	struct drv_error error = DRV_ERROR_INIT;
	size_t got;

	assert_int_equal(drv_baseline_choose(&got, s->list, s->count, &point, point != NULL, &error),
			 DRV_E_USAGE);
	if (!strstr(error.message, says))
		fail_msg("\"%s\" does not say \"%s\"", error.message, says);
}

static void test_newest_not_after(void **state)
{
	struct series s = nights();

	(void)state;
	expect(&s, "2025-12-30T12:00:00Z", NULL, 2,
	       "the newest of 3 baselines not after 2025-12-30T12:00:00Z");
	expect(&s, "2025-12-30T00:00:00Z", NULL, 2,
	       "the newest of 3 baselines not after 2025-12-30T00:00:00Z");
	expect(&s, "2025-12-29 23:59:59Z", NULL, 0,
	       "the newest of 3 baselines not after 2025-12-29 23:59:59Z");
	expect(&s, "2025-12-31T00:00:01Z", NULL, 1,
	       "the newest of 3 baselines not after 2025-12-31T00:00:01Z");
	expect(&s, "0/3FFF", NULL, 2, "the newest of 3 baselines not after 0/3FFF");
	expect(&s, "main=0/3FFF", "search=2025-12-29T12:00:00Z", 0,
	       "the newest of 3 baselines not after main=0/3FFF and search=2025-12-29T12:00:00Z");
	expect(&s, "now", NULL, 1, "the newest of 3 baselines");
	expect(&s, NULL, NULL, 1, "the newest of 3 baselines, since no restore point is said");
	clear(&s);
}

static void test_none(void **state)
{
	struct series s = nights();
	size_t got;

	(void)state;
	refused(&s, "2025-12-28T23:59:59Z",
		"the earliest, 0.json, was captured 2025-12-29T00:00:00Z. Give an older one");
	refused(&s, "0/1FFF", "none of 3 baselines");
	refused(&s, "baseline", "of 3 baselines it is not said which");
	refused(&s, "yesterday", "not a time with zone");
	refused(&s, "mian=now", "no source \"mian\"");
	assert_int_equal(drv_baseline_choose(&got, s.list, 0, NULL, 0, NULL), DRV_E_USAGE);
	clear(&s);
}

/* A source that was read late is not covered by the moment that the first one stood at. */
static void test_moment_of_each_source(void **state)
{
	struct series s = { .count = 0 };

	(void)state;
	add(&s, "x", "2025-12-29T00:00:00Z", IDENTITY("0/2000"), PLAIN);
	add(&s, "x", "2025-12-30T00:00:00Z",
	    IDENTITY("0/3000") ", \"moment\": \"2025-12-30T00:10:00Z\"", PLAIN);
	expect(&s, "2025-12-30T00:09:59Z", NULL, 0,
	       "the newest of 2 baselines not after 2025-12-30T00:09:59Z");
	expect(&s, "2025-12-30T00:10:00Z", NULL, 1,
	       "the newest of 2 baselines not after 2025-12-30T00:10:00Z");
	clear(&s);
}

static void test_what_does_not_belong(void **state)
{
	struct series s = nights();

	(void)state;
	add(&s, "y", "2025-12-30T06:00:00Z", IDENTITY("0/3000"), PLAIN);
	refused(&s, "now", "0.json is about \"x\" and 3.json about \"y\"");
	clear(&s);
	s = nights();
	add(&s, "x", NULL, "", PLAIN);
	refused(&s, "now", "3.json was not written by a capture");
	clear(&s);
	s = nights();
	add(&s, "x", "2025-12-30T06:00:00Z", IDENTITY("0/3000"),
	    "} ], \"report\": { \"verdict\": \"fail\" } }");
	assert_string_equal(drv_baseline_verdict(s.list[3]), "fail");
	refused(&s, "now", "3.json is the report of a run that ended in \"fail\"");
	clear(&s);
	/* Of another system, or of none that is known: an LSN compares with nothing. */
	s = nights();
	add(&s, "x", "2025-12-30T06:00:00Z", "\"system_identifier\": \"43\", \"lsn\": \"0/10\"", PLAIN);
	refused(&s, "0/3FFF", "not known to be of one server");
	expect(&s, "2025-12-30T12:00:00Z", NULL, 3,
	       "the newest of 4 baselines not after 2025-12-30T12:00:00Z");
	clear(&s);
	s = nights();
	add(&s, "x", "2025-12-30T06:00:00Z", "\"system_identifier\": \"42\"", PLAIN);
	expect(&s, "0/3FFF", NULL, 2, "the newest of 4 baselines not after 0/3FFF");
	clear(&s);
}

/* The report of a night on which nothing was renewed has the moment of its baseline. */
static void test_copies_of_one_capture(void **state)
{
	struct series s = nights();

	(void)state;
	add(&s, "x", "2025-12-31T00:00:00Z", IDENTITY("0/4000"),
	    ", \"result\": { \"verdict\": \"pass\" } } ], \"report\": { \"verdict\": \"pass\" } }");
	expect(&s, "now", NULL, 1, "the newest of 4 baselines");
	assert_string_equal(drv_baseline_captured_at(s.list[3]), "2025-12-31T00:00:00Z");
	assert_string_equal(drv_baseline_verdict(s.list[3]), "pass");
	add(&s, "x", "2025-12-31T00:00:00Z", IDENTITY("0/4000"), ", \"priority\": 2 } ] }");
	refused(&s, "now", "1.json and 4.json were captured at one moment and expect different things");
	expect(&s, "2025-12-30T12:00:00Z", NULL, 2,
	       "the newest of 5 baselines not after 2025-12-30T12:00:00Z");
	clear(&s);
}

static void test_only_one(void **state)
{
	struct series s = { .count = 0 };

	(void)state;
	add(&s, "x", "2025-12-29T00:00:00Z", IDENTITY("0/2000"), PLAIN);
	expect(&s, "baseline", NULL, 0, "the only baseline");
	expect(&s, NULL, NULL, 0, "the only baseline, since no restore point is said");
	refused(&s, "0/1", "the only baseline is not known to be from before the restore point: 0.json");
	clear(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_newest_not_after),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_moment_of_each_source),
		cmocka_unit_test(test_what_does_not_belong),
		cmocka_unit_test(test_copies_of_one_capture),
		cmocka_unit_test(test_only_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
