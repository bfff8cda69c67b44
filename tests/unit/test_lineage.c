/* test_lineage.c: older, same, newer or unknown is decided by the evidence, and only by it */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "document/baseline.h"
#include "run/lineage.h"

#define CAPTURED INT64_C(1767072600000000) /* 2025-12-30T05:30:00Z */

struct scene {
	struct drv_baseline baseline;
	struct drvp_source source;
	struct drvp_identity identity;
	struct drvp_restore_point restored_to;
	struct drvp_lineage lineage;
};

/* A server that is the captured one, at the captured position. */
static struct scene scene(void)
{
	struct scene s = {
		.baseline = { .captured_at = { true, CAPTURED } },
		.source = { .name = "main",
			    .identity = { .system_identifier = "7421230000000000001",
					  .timeline = { true, 1 },
					  .lsn = "0/3000060",
					  .database_oid = { true, 16384 } } },
		.identity = { .system_identifier = 7421230000000000001u,
			      .timeline = 1,
			      .lsn = 0x3000060,
			      .database_oid = 16384,
			      .server_started = CAPTURED - 1 },
	};

	return s;
}

static int decide(struct scene *s)
{
	drvp_lineage_decide(&s->lineage, &s->baseline, &s->source, &s->identity, &s->restored_to);
	assert_true(s->lineage.text[0] != '\0');
	return s->lineage.relation;
}

static int decide_restored_to(const char *text)
{
	struct scene s = scene();

	assert_int_equal(drvp_restore_point_parse(&s.restored_to, text, NULL), 0);
	return decide(&s);
}

static void test_stated_without_capture(void **state)
{
	struct scene s = scene();

	(void)state;
	s.baseline.captured_at.set = false;
	assert_int_equal(decide(&s), DRVP_LINEAGE_STATED);
}

static void test_by_position_on_the_same_timeline(void **state)
{
	struct scene s = scene();

	(void)state;
	assert_int_equal(decide(&s), DRVP_LINEAGE_SAME);
	s.identity.lsn++;
	assert_int_equal(decide(&s), DRVP_LINEAGE_NEWER);
	assert_true(s.lineage.live);
	s.identity.lsn -= 2;
	assert_int_equal(decide(&s), DRVP_LINEAGE_OLDER);
	assert_false(s.lineage.live);
}

/* A disk snapshot keeps its timeline and goes on writing WAL, so its position may lie ahead of a
 * baseline whose data it never had. */
static void test_a_server_started_since_is_not_placed(void **state)
{
	struct scene s = scene();

	(void)state;
	s.identity.server_started = CAPTURED + 1;
	s.identity.lsn += 100;
	assert_int_equal(decide(&s), DRVP_LINEAGE_UNKNOWN);
	s.identity.lsn = 1;
	assert_int_equal(decide(&s), DRVP_LINEAGE_OLDER);
	s = scene();
	s.identity.server_started = CAPTURED + 1;
	s.identity.in_recovery = true;
	s.identity.lsn += 100;
	assert_int_equal(decide(&s), DRVP_LINEAGE_NEWER);
	assert_false(s.lineage.live);
}

static void test_unknown_without_evidence(void **state)
{
	struct scene s = scene();

	(void)state;
	s.identity.timeline = 2;
	assert_int_equal(decide(&s), DRVP_LINEAGE_UNKNOWN);
	s = scene();
	s.identity.system_identifier++;
	assert_int_equal(decide(&s), DRVP_LINEAGE_UNKNOWN);
	assert_true(s.lineage.other_system);
	assert_false(s.lineage.identity_conflict);
	s = scene();
	s.identity.lsn = 0;
	assert_int_equal(decide(&s), DRVP_LINEAGE_UNKNOWN);
	s = scene();
	s.source.identity.lsn = NULL;
	assert_int_equal(decide(&s), DRVP_LINEAGE_UNKNOWN);
	s = scene();
	s.identity.database_oid++;
	assert_int_equal(decide(&s), DRVP_LINEAGE_UNKNOWN);
}

static void test_conflict_when_a_physical_copy_is_another_system(void **state)
{
	struct scene s = scene();

	(void)state;
	s.source.restored_by = (struct drvp_number){ true, DRVP_RESTORED_PHYSICAL };
	decide(&s);
	assert_false(s.lineage.identity_conflict);
	s.identity.system_identifier++;
	decide(&s);
	assert_true(s.lineage.identity_conflict);
}

static void test_by_the_operators_word(void **state)
{
	(void)state;
	assert_int_equal(decide_restored_to("baseline"), DRVP_LINEAGE_SAME);
	assert_int_equal(decide_restored_to("2025-12-30 14:30+09"), DRVP_LINEAGE_SAME);
	assert_int_equal(decide_restored_to("2025-12-30 14:30:02+09"), DRVP_LINEAGE_NEWER);
	assert_int_equal(decide_restored_to("2025-12-30T05:29:59.999999Z"), DRVP_LINEAGE_OLDER);
	assert_int_equal(decide_restored_to("0/3000060"), DRVP_LINEAGE_SAME);
	assert_int_equal(decide_restored_to("0/300005F"), DRVP_LINEAGE_OLDER);
	assert_int_equal(decide_restored_to("1/0"), DRVP_LINEAGE_NEWER);
	assert_int_equal(decide_restored_to("now"), DRVP_LINEAGE_NEWER);
}

static void test_bad_restore_points(void **state)
{
	static const char *const bad[] = { "", "yesterday", "2025-12-30 14:30", "2025-13-30T00:00Z",
					   "0/", "/0", "0/0/0", "0/123456789", "G/0" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct drvp_restore_point point;

		assert_int_equal(drvp_restore_point_parse(&point, bad[i], NULL), DRV_E_USAGE);
	}
}

static void test_unreachable_source_keeps_the_operators_word(void **state)
{
	struct scene s = scene();

	(void)state;
	assert_int_equal(drvp_restore_point_parse(&s.restored_to, "baseline", NULL), 0);
	drvp_lineage_decide(&s.lineage, &s.baseline, &s.source, NULL, &s.restored_to);
	assert_int_equal(s.lineage.relation, DRVP_LINEAGE_SAME);
	s.restored_to.baseline = s.restored_to.set = false;
	drvp_lineage_decide(&s.lineage, &s.baseline, &s.source, NULL, &s.restored_to);
	assert_int_equal(s.lineage.relation, DRVP_LINEAGE_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stated_without_capture),
		cmocka_unit_test(test_by_position_on_the_same_timeline),
		cmocka_unit_test(test_a_server_started_since_is_not_placed),
		cmocka_unit_test(test_unknown_without_evidence),
		cmocka_unit_test(test_conflict_when_a_physical_copy_is_another_system),
		cmocka_unit_test(test_by_the_operators_word),
		cmocka_unit_test(test_bad_restore_points),
		cmocka_unit_test(test_unreachable_source_keeps_the_operators_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
