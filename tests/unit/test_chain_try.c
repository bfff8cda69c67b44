/* test_chain_try.c: single entries are hashed for a person to see, with the reason why they differ */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain/try.h"
#include "chain_run.h"

#define ROWS 6

enum { ID, ACTION, PREVIOUS, HASH };

/* What hashes are made of. */
enum making { PLAIN, WITH_NEWLINE, TWICE, SHA512 };

static char hashes[ROWS][2 * DRVP_DIGEST_MAX + 1];
static char actions[ROWS][16];

static void hash_text(char *out, int algorithm, const char *bytes, size_t len)
{
	struct drvp_strbuf hex = DRVP_STRBUF_INIT;
	struct drvp_digester *digester;
	uint8_t digest[DRVP_DIGEST_MAX];

	assert_int_equal(0, drvp_digester_new(&digester, algorithm, NULL, 0, NULL));
	assert_int_equal(0, drvp_digest(digester, bytes, len, digest));
	drvp_strbuf_hex(&hex, digest, drvp_digest_size(digester));
	strcpy(out, drvp_strbuf_text(&hex));
	drvp_digester_free(&digester);
	drvp_strbuf_free(&hex);
}

/* Entries whose hash is that of previous|id|action, genesis being the word for the first. */
static void make_table(struct fake_table *table, enum making making, const char *genesis)
{
	fake_table_init(table, 4);
	fake_column(table, "id", DRVP_INTEGER);
	fake_column(table, "action", DRVP_TEXT);
	fake_column(table, "previous", DRVP_TEXT);
	fake_column(table, "hash", DRVP_TEXT);
	for (int i = 0; i < ROWS; i++) {
		struct drvp_value *row = fake_row(table);
		char bytes[256];
		int len = snprintf(bytes, sizeof bytes, "%s|%d|action-%d%s",
				   i ? hashes[i - 1] : genesis, i + 1, i,
				   making == WITH_NEWLINE ? "\n" : "");

		hash_text(hashes[i], making == SHA512 ? DRVP_SHA512 : DRVP_SHA256, bytes, (size_t)len);
		if (making == TWICE) {
			memcpy(bytes, hashes[i], sizeof hashes[i]);
			hash_text(hashes[i], DRVP_SHA256, bytes, strlen(bytes));
		}
		snprintf(actions[i], sizeof actions[i], "action-%d", i);
		row[ID] = fake_integer(i + 1);
		row[ACTION] = fake_text(actions[i]);
		if (i)
			row[PREVIOUS] = fake_text(hashes[i - 1]);
		row[HASH] = fake_text(hashes[i]);
	}
}

struct seen {
	uint64_t rows[ROWS];
	bool agrees[ROWS];
	char reasons[ROWS][200], preimages[ROWS][256], pieces[ROWS][256];
	size_t count, stop_after;
};

static int see(const struct drv_chain_entry *entry, void *user)
{
	struct seen *seen = user;
	const struct drv_chain_piece *piece;
	size_t at = seen->count++;

	seen->rows[at] = entry->row;
	seen->agrees[at] = entry->agrees;
	snprintf(seen->reasons[at], sizeof seen->reasons[at], "%s", entry->reason);
	snprintf(seen->preimages[at], sizeof seen->preimages[at], "%.*s", (int)entry->preimage_len,
		 (const char *)entry->preimage);
	for (size_t i = 0; (piece = drv_chain_entry_piece(entry, i)); i++) {
		size_t len = strlen(seen->pieces[at]);

		snprintf(seen->pieces[at] + len, sizeof seen->pieces[at] - len, "%s=%.*s;",
			 piece->column, (int)piece->len, (const char *)piece->bytes);
	}
	return seen->stop_after && seen->count == seen->stop_after;
}

#define PREIMAGE \
	"\"preimage\": { \"join\": [ { \"previous\": \"text\" }, { \"column\": \"id\" }," \
	" { \"column\": \"action\" } ], \"with\": \"|\" }"
#define MEMBERS "\"hash\": \"hash\", \"order_by\": [\"id\"], "
#define LINKED MEMBERS "\"previous\": \"previous\", "
#define EMPTY "\"genesis\": { \"stored\": null, \"hashed\": \"\" }, "

static struct drvp_try run(struct fake_table *table, const char *members, uint64_t first,
			   uint64_t count, struct seen *seen)
{
	struct drv_baseline *baseline = chain_document(members);
	struct drvp_try what = { .first = first, .count = count, .fn = see, .user = seen };
	struct drv_error err = DRV_ERROR_INIT;
	struct drvp_settings settings = { .show_keys = true };
	struct fake_session session;
	struct drvp_measure m = { .session = &session.session, .relation = &session.relation,
				  .settings = &settings };

	fake_session_init(&session, table);
	m.item = &baseline->items[0];
	assert_int_equal(0, drvp_chain_try(&m, &what, &err));
	assert_int_equal(seen->count, what.given);
	drv_baseline_free(&baseline);
	return what;
}

static void test_entries_agree(void **state)
{
	struct fake_table table;
	struct seen seen = { .count = 0 };
	char expected[256];

	(void)state;
	make_table(&table, PLAIN, "");
	run(&table, LINKED EMPTY PREIMAGE, 2, 3, &seen);
	assert_int_equal(3, seen.count);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(i + 2, seen.rows[i]);
		assert_true(seen.agrees[i]);
		assert_string_equal("", seen.reasons[i]);
	}
	snprintf(expected, sizeof expected, "%s|2|action-1", hashes[0]);
	assert_string_equal(expected, seen.preimages[0]);
	snprintf(expected, sizeof expected, "previous=%s;id=2;action=action-1;", hashes[0]);
	assert_string_equal(expected, seen.pieces[0]);
	fake_table_free(&table);
}

static void test_an_edited_entry_differs(void **state)
{
	struct fake_table table;
	struct seen seen = { .count = 0 };

	(void)state;
	make_table(&table, PLAIN, "");
	table.rows[2][ACTION] = fake_text("edited");
	run(&table, LINKED EMPTY PREIMAGE, 1, 100, &seen);
	assert_int_equal(ROWS, seen.count);
	for (size_t i = 0; i < ROWS; i++)
		assert_int_equal(i != 2, seen.agrees[i]);
	assert_string_equal("", seen.reasons[2]);
	assert_non_null(strstr(seen.preimages[2], "|3|edited"));
	fake_table_free(&table);
}

static void test_reasons(void **state)
{
	static const struct {
		enum making making;
		const char *genesis, *members, *reason;
		size_t row;
	} cases[] = {
		{ PLAIN, "GENESIS", LINKED EMPTY PREIMAGE, "\"hashed\": \"GENESIS\"", 0 },
		{ PLAIN, "", LINKED PREIMAGE, "\"hashed\": \"\"", 0 },
		{ WITH_NEWLINE, "", LINKED EMPTY PREIMAGE, "newline", 1 },
		{ TWICE, "", LINKED EMPTY PREIMAGE, "once more", 1 },
		{ SHA512, "", LINKED EMPTY PREIMAGE, "64 bytes, as sha512 gives", 1 },
		{ PLAIN, "", LINKED EMPTY "\"encoding\": \"base64\", " PREIMAGE, "\"hex\"", 1 },
		{ PLAIN, "", "\"hash\": \"action\", \"previous\": \"previous\", " EMPTY PREIMAGE,
		  "no hash in any encoding", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct seen seen = { .count = 0 };
		struct fake_table table;

		make_table(&table, cases[i].making, cases[i].genesis);
		run(&table, cases[i].members, 1, 2, &seen);
		assert_false(seen.agrees[cases[i].row]);
		if (!strstr(seen.reasons[cases[i].row], cases[i].reason))
			fail_msg("%zu: %s", i, seen.reasons[cases[i].row]);
		fake_table_free(&table);
	}
}

static void test_a_missing_hash(void **state)
{
	struct fake_table table;
	struct seen seen = { .count = 0 };

	(void)state;
	make_table(&table, PLAIN, "");
	table.rows[1][HASH] = (struct drvp_value){ .kind = DRVP_NULL };
	run(&table, LINKED EMPTY PREIMAGE, 2, 1, &seen);
	assert_int_equal(1, seen.count);
	assert_false(seen.agrees[0]);
	assert_string_equal("no hash is stored", seen.reasons[0]);
	fake_table_free(&table);
}

/* Without a previous column it is the hash of the row before, also of one that is not shown. */
static void test_derived_links(void **state)
{
	struct fake_table table;
	struct seen seen = { .count = 0 };

	(void)state;
	make_table(&table, PLAIN, "");
	run(&table, MEMBERS EMPTY PREIMAGE, 1, ROWS, &seen);
	assert_int_equal(ROWS, seen.count);
	for (size_t i = 0; i < ROWS; i++)
		assert_true(seen.agrees[i]);
	seen.count = 0;
	run(&table, MEMBERS EMPTY PREIMAGE, 4, 1, &seen);
	assert_int_equal(1, seen.count);
	assert_true(seen.agrees[0]);
	fake_table_free(&table);
}

/* Older entries that were hashed in another way are shown in that way. */
static void test_versions(void **state)
{
	struct fake_table table;
	struct seen seen = { .count = 0 };

	(void)state;
	make_table(&table, WITH_NEWLINE, "");
	run(&table, LINKED EMPTY "\"versions\": [ { \"preimage\": [ { \"join\": [ { \"previous\": "
	    "\"text\" }, { \"column\": \"id\" }, { \"column\": \"action\" } ], \"with\": \"|\" }, "
	    "\"\\n\" ] } ], " PREIMAGE, 2, 2, &seen);
	assert_true(seen.agrees[0] && seen.agrees[1]);
	assert_non_null(strchr(seen.preimages[0], '\n'));
	fake_table_free(&table);
}

static void test_contents_that_are_not_stored(void **state)
{
	struct fake_table table;
	struct seen seen = { .count = 0 };

	(void)state;
	make_table(&table, PLAIN, "");
	run(&table, LINKED EMPTY "\"versions\": [ { \"when\": { \"column\": \"id\", \"equals\": 2 }, "
	    "\"mode\": \"links\" } ], " PREIMAGE, 2, 2, &seen);
	assert_false(seen.agrees[0]);
	assert_non_null(strstr(seen.reasons[0], "not stored"));
	assert_string_equal("", seen.preimages[0]);
	assert_true(seen.agrees[1]);
	fake_table_free(&table);
}

/* The column holds the hashed bytes, which name an action that another column does not have. */
static void test_claims_of_stored_bytes(void **state)
{
	static char bytes[ROWS][64];
	struct fake_table table;
	struct seen seen = { .count = 0 };

	(void)state;
	make_table(&table, PLAIN, "");
	fake_table_free(&table);
	fake_table_init(&table, 4);
	fake_column(&table, "id", DRVP_INTEGER);
	fake_column(&table, "action", DRVP_TEXT);
	fake_column(&table, "bytes", DRVP_TEXT);
	fake_column(&table, "hash", DRVP_TEXT);
	for (int i = 0; i < ROWS; i++) {
		struct drvp_value *row = fake_row(&table);

		snprintf(bytes[i], sizeof bytes[i], "{\"action\":\"%s\"}", actions[i]);
		hash_text(hashes[i], DRVP_SHA256, bytes[i], strlen(bytes[i]));
		row[0] = fake_integer(i + 1);
		row[1] = fake_text(i == 1 ? "edited" : actions[i]);
		row[2] = fake_text(bytes[i]);
		row[3] = fake_text(hashes[i]);
	}
	run(&table, MEMBERS "\"mode\": \"rows\", \"preimage\": { \"stored\": \"bytes\", \"claims\": [ "
	    "[\"action\", { \"column\": \"action\" }] ] }", 1, 3, &seen);
	assert_true(seen.agrees[0] && !seen.agrees[1] && seen.agrees[2]);
	assert_non_null(strstr(seen.reasons[1], "columns say something else"));
	fake_table_free(&table);
}

static void test_the_caller_stops(void **state)
{
	struct fake_table table;
	struct seen seen = { .count = 0, .stop_after = 2 };
	struct drvp_try what;

	(void)state;
	make_table(&table, PLAIN, "");
	what = run(&table, LINKED EMPTY PREIMAGE, 1, ROWS, &seen);
	assert_true(what.stopped);
	assert_int_equal(2, seen.count);
	fake_table_free(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries_agree),
		cmocka_unit_test(test_an_edited_entry_differs),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_a_missing_hash),
		cmocka_unit_test(test_derived_links),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_contents_that_are_not_stored),
		cmocka_unit_test(test_claims_of_stored_bytes),
		cmocka_unit_test(test_the_caller_stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
