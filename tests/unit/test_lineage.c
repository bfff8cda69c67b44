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

/* A server that is the captured one, started anew since: it proves nothing by itself. */
static struct scene scene(void)
{
	struct scene s = {
		.baseline = { .file = "test", .captured_at = { true, CAPTURED - DRVP_SECOND },
			      .source_count = 1 },
		.source = { .name = "main", .store = "postgresql",
			    .identity = { .system_identifier = "7421230000000000001",
					  .timeline = { true, 1 },
					  .lsn = "0/3000060",
					  .next_transaction = { true, 771 },
					  .server_started = { true, CAPTURED - 3600 * DRVP_SECOND },
					  .moment = { true, CAPTURED },
					  .database_oid = { true, 16384 } } },
		.identity = { .system_identifier = 7421230000000000001u,
			      .timeline = 1,
			      .timeline_until = UINT64_MAX,
			      .lsn = 0x3000060,
			      .next_transaction = 780,
			      .database_oid = 16384,
			      .server_started = CAPTURED + 1,
			      .server_now = CAPTURED + 60 * DRVP_SECOND },
	};

	return s;
}

static struct scene mongodb(void)
{
	struct scene s = {
		.baseline = { .file = "test", .captured_at = { true, CAPTURED }, .source_count = 1 },
		.source = { .name = "search", .store = "mongodb",
			    .identity = { .set_name = "rs0", .process = "6f0c",
					  .operation_time = "1767072600.7" } },
		.identity = { .set_name = "rs0", .process = "77aa",
			      .operation_time = UINT64_C(1767072600) << 32 | 7,
			      .server_now = CAPTURED + 60 * DRVP_SECOND },
	};

	return s;
}

static int decide(struct scene *s)
{
	drvp_lineage_decide(&s->lineage, &s->baseline, &s->source, &s->identity, &s->restored_to);
	assert_true(s->lineage.text[0] != '\0');
	return s->lineage.relation;
}

static void state_point(struct scene *s, const char *text)
{
	assert_int_equal(drvp_restore_point_parse(&s->restored_to, text, NULL), 0);
}

static void expect(struct scene s, int relation, const char *says)
{
	assert_int_equal(decide(&s), relation);
	if (!strstr(s.lineage.text, says))
		fail_msg("\"%s\" does not say \"%s\"", s.lineage.text, says);
}

static void expect_stated(struct scene s, const char *point, int relation, const char *says)
{
	state_point(&s, point);
	expect(s, relation, says);
}

static void test_stated_without_capture(void **state)
{
	struct scene s = scene();

	(void)state;
	s.baseline.captured_at.set = false;
	expect(s, DRVP_LINEAGE_STATED, "stated");
}

/* Only the process that was captured is the captured server for sure. */
static void test_live(void **state)
{
	struct scene s = scene();

	(void)state;
	s.identity.server_started = CAPTURED - 3600 * DRVP_SECOND;
	expect(s, DRVP_LINEAGE_NEWER, "running ever since");
	decide(&s);
	assert_true(s.lineage.live && s.lineage.moment.value == s.identity.server_now);
	s.identity.next_transaction = 771;
	expect(s, DRVP_LINEAGE_SAME, "no transaction since");
	s.identity.timeline = 2; /* a standby, promoted without a restart */
	s.identity.next_transaction = 780;
	expect(s, DRVP_LINEAGE_NEWER, "running ever since");
	/* A machine that was set back, its memory included. */
	s.identity.lsn = 0x3000000;
	expect(s, DRVP_LINEAGE_OLDER, "before the baseline's");
	/* A copy of the disk that has been running by itself since before the capture. */
	s = scene();
	s.identity.server_started = CAPTURED - 60 * DRVP_SECOND;
	s.identity.lsn += 1000;
	expect(s, DRVP_LINEAGE_UNKNOWN, "set back");
}

static void test_in_recovery(void **state)
{
	struct scene s = scene();

	(void)state;
	s.identity.in_recovery = true;
	expect(s, DRVP_LINEAGE_NEWER, "not before");
	s.identity.lsn--;
	expect(s, DRVP_LINEAGE_OLDER, "before");
	s.identity.next_transaction = 771;
	expect(s, DRVP_LINEAGE_SAME, "no transaction");
	s.identity.lsn += 100;
	expect(s, DRVP_LINEAGE_SAME, "no transaction since");
	s.identity.next_transaction = 0;
	expect(s, DRVP_LINEAGE_NEWER, "not before");
	s.source.identity.next_transaction.set = false;
	s.identity.next_transaction = 771;
	expect(s, DRVP_LINEAGE_NEWER, "not before");
}

/* What a standby has replayed may be a branch that its control file does not know of yet. */
static void test_timeline_known_in_part(void **state)
{
	struct scene s = scene();

	(void)state;
	s.identity.in_recovery = true;
	s.identity.timeline_until = 0x300005F;
	expect(s, DRVP_LINEAGE_UNKNOWN, "may not see which timeline");
	s.identity.timeline_until++;
	expect(s, DRVP_LINEAGE_NEWER, "not before");
	s.identity.lsn = 0x3000050;
	s.identity.next_transaction = 771;
	expect(s, DRVP_LINEAGE_SAME, "no transaction");
	s.identity.timeline_until = 0x300004F;
	expect(s, DRVP_LINEAGE_OLDER, "before");
}

/* One record ends where a page ends, and the next one begins behind the header of the next page. */
static void test_headers_of_pages_are_no_distance(void **state)
{
	static const char *const same[] = { "0/4000000", "0/4000018", "0/4000028" };

	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (size_t j = 0; j < 3; j++) {
			struct scene s = scene();
			uint64_t lsn;

			assert_true(drvp_lsn_parse(&lsn, same[i]));
			s.identity.in_recovery = true;
			s.identity.lsn = lsn;
			s.source.identity.lsn = same[j];
			expect(s, DRVP_LINEAGE_NEWER, "not before");
		}
}

static void test_a_server_started_since_is_not_placed(void **state)
{
	struct scene s = scene();

	(void)state;
	s.identity.lsn += 100;
	expect(s, DRVP_LINEAGE_UNKNOWN, "set back");
	s.identity.next_transaction = 771;
	expect(s, DRVP_LINEAGE_UNKNOWN, "set back");
	s.identity.lsn = 1;
	expect(s, DRVP_LINEAGE_OLDER, "before");
}

static void test_promoted(void **state)
{
	struct scene s = scene();

	(void)state;
	s.identity.timeline = 3;
	s.identity.lsn += 1000;
	expect(s, DRVP_LINEAGE_UNKNOWN, "may not read where");
	s.identity.history[0] = (struct drvp_switch){ 1, 0x3000060 };
	s.identity.history[1] = (struct drvp_switch){ 2, 0x3000090 };
	s.identity.history_count = 2;
	expect(s, DRVP_LINEAGE_NEWER, "left timeline 1 at 0/3000060");
	s.identity.next_transaction = 771;
	expect(s, DRVP_LINEAGE_SAME, "no transaction since");
	/* It ended before some of them; that none came since proves nothing then. */
	s.identity.history[0].lsn--;
	expect(s, DRVP_LINEAGE_OLDER, "before the baseline's");
	expect_stated(s, "baseline", DRVP_LINEAGE_OLDER, "as stated; but promoted");
	expect_stated(s, "2025-12-30T05:29:00Z", DRVP_LINEAGE_OLDER, "1m00s before");
	s.source.identity.timeline.value = 4;
	expect(s, DRVP_LINEAGE_OLDER, "on timeline 3, before the baseline's 4");
	s.source.identity.timeline.value = 1;
	s.identity.history[0].timeline = 7;
	expect(s, DRVP_LINEAGE_UNKNOWN, "does not name");
}

static void test_unknown_without_evidence(void **state)
{
	struct scene s = scene();

	(void)state;
	s.identity.system_identifier++;
	expect(s, DRVP_LINEAGE_UNKNOWN, "another server");
	decide(&s);
	assert_true(s.lineage.other_system);
	assert_false(s.lineage.identity_conflict);
	s = scene();
	s.identity.lsn = 0;
	expect(s, DRVP_LINEAGE_UNKNOWN, "does not say");
	s = scene();
	s.source.identity.lsn = NULL;
	expect(s, DRVP_LINEAGE_UNKNOWN, "does not say");
	s = scene();
	s.identity.database_oid++;
	expect(s, DRVP_LINEAGE_UNKNOWN, "another database");
	s = scene();
	s.identity.server_started = s.source.identity.server_started.value;
	s.source.restored_by = (struct drvp_number){ true, DRVP_RESTORED_LOGICAL };
	expect(s, DRVP_LINEAGE_UNKNOWN, "dump");
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

/* At the captured time or position there may be a little more than the snapshot showed. */
static void test_by_the_operators_word(void **state)
{
	(void)state;
	expect_stated(scene(), "baseline", DRVP_LINEAGE_SAME, "as stated");
	expect_stated(scene(), "2025-12-30 14:30+09", DRVP_LINEAGE_NEWER, "the baseline's moment");
	expect_stated(scene(), "2025-12-30 14:30:02+09", DRVP_LINEAGE_NEWER, "2s after");
	expect_stated(scene(), "2025-12-30T05:29:59.999999Z", DRVP_LINEAGE_OLDER, "before");
	expect_stated(scene(), "0/3000060", DRVP_LINEAGE_NEWER, "not before the baseline's 0/3000060");
	expect_stated(scene(), "0/300005F", DRVP_LINEAGE_OLDER, "before the baseline's");
	expect_stated(scene(), "1/0", DRVP_LINEAGE_NEWER, "1/0, not before");
	expect_stated(scene(), "now", DRVP_LINEAGE_NEWER, "live");
}

static void test_word_and_proof(void **state)
{
	struct scene s = scene();

	(void)state;
	s.identity.next_transaction = 771;
	expect_stated(s, "2025-12-30T06:00:00Z", DRVP_LINEAGE_SAME, "no transaction between");
	expect_stated(s, "now", DRVP_LINEAGE_NEWER, "live");
	s.identity.database_oid++;
	expect_stated(s, "2025-12-30T06:00:00Z", DRVP_LINEAGE_NEWER, "30m00s after");
	s = scene();
	s.identity.lsn = 0x2000000;
	expect_stated(s, "2025-12-30T06:00:00Z", DRVP_LINEAGE_OLDER, "but same server");
	expect_stated(s, "baseline", DRVP_LINEAGE_OLDER, "but same server");
	expect_stated(s, "now", DRVP_LINEAGE_OLDER, "live, as stated; but");
	state_point(&s, "now");
	decide(&s);
	assert_false(s.lineage.live || s.lineage.moment.set);
	s.identity.lsn = 0x4000000;
	s.identity.in_recovery = true;
	expect_stated(s, "2025-12-30T05:00:00Z", DRVP_LINEAGE_UNKNOWN, "before the baseline; but");
	expect_stated(s, "baseline", DRVP_LINEAGE_SAME, "as stated");
	/* Somebody may have loaded an old dump into the captured server itself. */
	s = scene();
	s.identity.server_started = s.source.identity.server_started.value;
	expect_stated(s, "2025-12-30T05:00:00Z", DRVP_LINEAGE_OLDER, "30m00s before");
}

static void test_mongodb(void **state)
{
	struct scene s = mongodb();

	(void)state;
	expect(s, DRVP_LINEAGE_UNKNOWN, "does not say");
	s.identity.operation_time--;
	expect(s, DRVP_LINEAGE_OLDER, "before the baseline's");
	expect_stated(s, "now", DRVP_LINEAGE_OLDER, "but same set");
	strcpy(s.identity.set_name, "rs1");
	expect(s, DRVP_LINEAGE_UNKNOWN, "another replica set");
	s = mongodb();
	strcpy(s.identity.process, "6f0c");
	expect(s, DRVP_LINEAGE_SAME, "no operation since");
	s.identity.operation_time++;
	expect(s, DRVP_LINEAGE_NEWER, "running ever since");
	s.source.restored_by = (struct drvp_number){ true, DRVP_RESTORED_LOGICAL };
	expect(s, DRVP_LINEAGE_UNKNOWN, "dump");
	s = mongodb();
	s.source.identity = (struct drvp_recorded_identity){ .operation_time = "1.2.3" };
	expect(s, DRVP_LINEAGE_UNKNOWN, "does not say");
	expect_stated(s, "0/3000060", DRVP_LINEAGE_UNKNOWN, "does not say");
	expect_stated(s, "2025-12-30T05:30:00Z", DRVP_LINEAGE_NEWER, "the baseline's moment");
}

static void test_points_of_sources(void **state)
{
	struct drvp_source sources[] = { { .name = "main", .store = "postgresql" },
					 { .name = "main=2", .store = "mongodb" },
					 { .name = "other", .store = "postgresql" } };
	struct drv_baseline baseline = { .file = "test", .sources = sources, .source_count = 3,
					 .captured_at = { true, CAPTURED } };
	struct drvp_restore_point points[4] = { { 0 } };
	static const char *const bad[] = { "mian=now", "=now", "main=", "main=2=0/60", "main=2=x",
					   "0/60", "main=0/60", "main=now" };

	(void)state;
	assert_int_equal(drvp_restore_points_add(points, &baseline, "main=0/60", NULL), 0);
	assert_int_equal(drvp_restore_points_add(points, &baseline, "2025-12-30T05:30:00Z", NULL), 0);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(drvp_restore_points_add(points, &baseline, bad[i], NULL), DRV_E_USAGE);
	assert_int_equal(drvp_restore_points_add(points, &baseline, "main=2=baseline", NULL), 0);
	assert_true(drvp_restore_point_of(points, &baseline, 0)->lsn.value == 0x60);
	assert_true(drvp_restore_point_of(points, &baseline, 1)->baseline);
	assert_true(drvp_restore_point_of(points, &baseline, 2)->time.value == CAPTURED);
	/* Two databases of one server share its positions. */
	sources[0].identity.system_identifier = sources[2].identity.system_identifier = "42";
	memset(points, 0, sizeof points);
	assert_int_equal(drvp_restore_points_add(points, &baseline, "0/60", NULL), 0);
	sources[2].identity.system_identifier = "43";
	memset(points, 0, sizeof points);
	assert_int_equal(drvp_restore_points_add(points, &baseline, "0/60", NULL), DRV_E_USAGE);
	baseline.captured_at.set = false;
	assert_int_equal(drvp_restore_points_add(points, &baseline, "baseline", NULL), DRV_E_USAGE);
}

static void test_bad_restore_points(void **state)
{
	static const char *const bad[] = { "", "yesterday", "2025-12-30 14:30", "2025-13-30T00:00Z",
					   "0/", "/0", "0/0/0", "0/123456789", "G/0",
					   "FFFFFFFF/FFFFFFFF", "2199-01-01T00:00:00Z", "0/ 1",
					   "-1/0", "0x1/0", "0/1\n", "Now", "baseline ",
					   "2025-12-30T05:30:00Z\n", "0/%n", "00000000000/0",
					   "2025-02-30T00:00:00Z", "2025-12-30T24:00:00Z" };

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
	state_point(&s, "baseline");
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
		cmocka_unit_test(test_live),
		cmocka_unit_test(test_in_recovery),
		cmocka_unit_test(test_timeline_known_in_part),
		cmocka_unit_test(test_headers_of_pages_are_no_distance),
		cmocka_unit_test(test_a_server_started_since_is_not_placed),
		cmocka_unit_test(test_promoted),
		cmocka_unit_test(test_unknown_without_evidence),
		cmocka_unit_test(test_conflict_when_a_physical_copy_is_another_system),
		cmocka_unit_test(test_by_the_operators_word),
		cmocka_unit_test(test_word_and_proof),
		cmocka_unit_test(test_mongodb),
		cmocka_unit_test(test_points_of_sources),
		cmocka_unit_test(test_bad_restore_points),
		cmocka_unit_test(test_unreachable_source_keeps_the_operators_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
