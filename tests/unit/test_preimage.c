/* test_preimage.c: the hashed bytes are rebuilt exactly, construct by construct */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain/preimage.h"
#include "chain_run.h"

#define MINUTE (60 * DRVP_SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* 2026-01-02T03:04:05.678Z */
#define INSTANT INT64_C(1767323045678000)

static struct drvp_arena arena;

static const struct drvp_json *json(const char *text)
{
	static const struct drvp_json_limits limits = { 1 << 20, 100, DRVP_JSON_DUPLICATES };
	struct drvp_json *root = NULL;

	assert_int_equal(0, drvp_json_parse(&root, &arena, text, strlen(text), &limits, NULL));
	return root;
}

/* ------------------------------------------------------------------ the platform's vectors */

#define PLATFORM \
	"\"hash\": \"hash\", \"previous\": \"previousHash\", \"order_by\": [\"timestamp\"]," \
	"\"preimage\": { \"json\": \"javascript\", \"all_except\": [\"id\"], \"keys\": \"sorted\"," \
	"  \"allow_keys\": \"top-level\", \"null\": \"omit\", \"columns\": {" \
	"    \"timestamp\": { \"column\": \"timestamp\", \"time\": \"iso8601\", \"digits\": 3," \
	"      \"zone\": \"Z\", \"column_zone\": \"Asia/Seoul\" } } }"

static const struct drvp_zone_change seoul_changes[] = { { INT64_MIN, 9 * HOUR } };
static const struct drvp_zone seoul = { "Asia/Seoul",
					(struct drvp_zone_change *)(uintptr_t)seoul_changes, 1 };

enum { ID, USER_ID, ACTION, RESOURCE, RESOURCE_ID, PURPOSE, LEGAL_BASIS, IP_ADDRESS, USER_AGENT,
       METADATA, TIMESTAMP, PREVIOUS_HASH, HASH };

static const char hash_1[] = "4611e5335496b86d164ccb364e9b2e304bd37ba9be390941a86823ee7b21c040";
static const char hash_2[] = "09225ad181a9de10cfb91c4d048c353d024771126bf72d9172b86dd109eab136";

static void platform_table(struct fake_table *table)
{
	static const uint8_t user[16] = { 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x41, 0x11,
					  0x81, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11 };
	static const char *const names[] = { "id", "userId", "action", "resource", "resourceId",
					     "purpose", "legalBasis", "ipAddress", "userAgent",
					     "metadata", "timestamp", "previousHash", "hash" };
	struct drvp_value *row;

	fake_table_init(table, 4);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		fake_column(table, names[i], DRVP_TEXT);
	for (int i = 0; i < 2; i++) {
		row = fake_row(table);
		row[ID] = fake_integer(i + 1);
		row[USER_ID] = (struct drvp_value){ .kind = DRVP_UUID,
						    .bytes = (const char *)user, .len = 16 };
		row[LEGAL_BASIS] = fake_text("PIPA Article 15 - Consent");
		row[IP_ADDRESS] = fake_text("203.0.113.5");
		row[USER_AGENT] = fake_text("Mozilla/5.0");
	}
	row = table->rows[0];
	row[ACTION] = fake_text("user_created");
	row[RESOURCE] = fake_text("user");
	row[RESOURCE_ID] = fake_text("11111111-1111-4111-8111-111111111111");
	row[PURPOSE] = fake_text("User registration");
	row[METADATA] = fake_document(json("{}"), true);
	row[TIMESTAMP] = fake_time(DRVP_LOCAL_TIME, INSTANT + 9 * HOUR);
	row[HASH] = fake_text(hash_1);
	row = table->rows[1];
	row[ACTION] = fake_text("view_medical_record");
	row[RESOURCE] = fake_text("health_note_list");
	row[PURPOSE] = fake_text("진료 \"기록\"/조회\n");
	row[METADATA] = fake_document(json("{\"petId\":\"x\",\"userId\":\"nested-kept\","
					   "\"arr\":[{\"action\":\"k\",\"z\":1}],"
					   "\"metadata\":[{\"action\":\"k\",\"z\":1},2]}"), true);
	row[TIMESTAMP] = fake_time(DRVP_LOCAL_TIME, INSTANT + 9 * HOUR + 322000);
	row[PREVIOUS_HASH] = fake_text(hash_1);
	row[HASH] = fake_text(hash_2);
}

static void test_platform_vectors(void **state)
{
	struct drv_baseline *baseline = chain_document(PLATFORM);
	struct fake_table table;
	struct fake_session session;
	struct chain_run run;

	(void)state;
	assert_non_null(baseline);
	platform_table(&table);
	fake_session_init(&session, &table);
	session.zone = &seoul;
	chain_run_init(&run, baseline, &session);
	chain_run(&run);
	assert_string_equal(run.verdict.result.summary,
			    "2 rows, every hash and link holds; not covered by the hash: id");
	assert_int_equal(DRV_PASS, run.verdict.result.verdict);
	assert_int_equal(0, run.verdict.result.finding_count);
	chain_run_done(&run);

	/* Every covered column of row 2, changed, breaks it. */
	for (size_t column = USER_ID; column <= TIMESTAMP; column++) {
		struct drvp_value kept = table.rows[1][column];

		table.rows[1][column] = fake_text("other");
		chain_run_init(&run, baseline, &session);
		chain_run(&run);
		assert_int_equal(DRV_FAIL, run.verdict.result.verdict);
		assert_int_equal(1, chain_finding(&run, "chain.hash_mismatch")->count);
		assert_string_equal("ctid (0,2)",
				    chain_finding(&run, "chain.hash_mismatch")->rows[0].place);
		chain_run_done(&run);
		table.rows[1][column] = kept;
	}
	fake_table_free(&table);
	drv_baseline_free(&baseline);
	drvp_arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_platform_vectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
