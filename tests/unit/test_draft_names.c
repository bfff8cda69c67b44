/* test_draft_names.c: what names of columns suggest, and what they do not */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "draft/draft.h"

static void test_ciphertext(void **state)
{
	static const struct {
		const char *name, *plaintext;   /* NULL: it is no name for ciphertext */
	} rows[] = {
		{ "diagnosis_encrypted", "diagnosis" },
		{ "diagnosisEncrypted", "diagnosis" },
		{ "DIAGNOSIS_ENCRYPTED", "DIAGNOSIS" },
		{ "encryptedClaimDetails", "claimDetails" },
		{ "encrypted_claim", "claim" },
		{ "phoneEnc", "phone" },
		{ "phone_enc", "phone" },
		{ "ssn_ciphertext", "ssn" },
		{ "ssnCiphertext", "ssn" },
		{ "note_cipher", "note" },
		{ "author.contactEncrypted", "author.contact" },
		{ "author.encryptedContact", "author.contact" },
		{ "진단_encrypted", "진단" },
		{ "encrypted", "" },
		{ "contact.encrypted", "" },
		{ "fence", NULL },
		{ "Enc", NULL },
		{ "ENc", NULL },
		{ "encryption_key_id", NULL },
		{ "essence", NULL },
		{ "", NULL },
	};
	struct drvp_arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool is = drvp_names_ciphertext(rows[i].name, DRVP_TEXT);

		if (is != (rows[i].plaintext != NULL))
			fail_msg("%s: %d", rows[i].name, is);
		if (is)
			assert_string_equal(drvp_name_of_plaintext(&arena, rows[i].name),
					    rows[i].plaintext);
	}
	drvp_arena_free(&arena);
}

static void test_kinds_that_hold_none(void **state)
{
	(void)state;
	assert_true(drvp_names_ciphertext("a_encrypted", DRVP_BYTES));
	assert_true(drvp_names_ciphertext("a_encrypted", DRVP_DOCUMENT));
	assert_false(drvp_names_ciphertext("is_encrypted", DRVP_BOOL));
	assert_false(drvp_names_ciphertext("when_encrypted", DRVP_INSTANT));
	assert_false(drvp_names_ciphertext("times_encrypted", DRVP_INTEGER));
}

static void test_times(void **state)
{
	static const char *const better[] = { "created_at", "occurredAt", "updated_at", "ts" };
	static const char *const none[] = { "deleted_at", "expires_at", "birthday", "valid_from",
					    "scheduled_at", "startedAt", "last_login", "" };

	(void)state;
	for (size_t i = 1; i < sizeof better / sizeof *better; i++)
		assert_true(drvp_names_writing_time(better[i - 1]) >
			    drvp_names_writing_time(better[i]));
	assert_true(drvp_names_writing_time("ts") > 0);
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		assert_int_equal(drvp_names_writing_time(none[i]), 0);
}

/* Names in order, all texts. Returns "hash<previous", or "". */
static const char *links(const char *const *names)
{
	static char text[128];
	struct drvp_column columns[8] = { { 0 } };
	size_t count = 0, hash, previous;

	for (; names[count]; count++)
		columns[count] = (struct drvp_column){ .name = names[count], .kind = DRVP_TEXT };
	if (!drvp_names_links(columns, count, &hash, &previous))
		return "";
	snprintf(text, sizeof text, "%s<%s", names[hash], names[previous]);
	return text;
}

#define LINKS(...) links((const char *const[]){ __VA_ARGS__, NULL })

static void test_links(void **state)
{
	struct drvp_column numbers[] = { { .name = "hash", .kind = DRVP_INTEGER },
					 { .name = "previous_hash", .kind = DRVP_INTEGER } };
	size_t hash, previous;

	(void)state;
	assert_string_equal(LINKS("id", "previous_hash", "hash"), "hash<previous_hash");
	assert_string_equal(LINKS("previousHash", "hash"), "hash<previousHash");
	assert_string_equal(LINKS("payload_hash", "prev_row_hash", "row_hash"), "row_hash<prev_row_hash");
	assert_string_equal(LINKS("row_hmac", "prev_hmac"), "row_hmac<prev_hmac");
	assert_string_equal(LINKS("file_hash", "parent_digest", "digest"), "digest<parent_digest");
	assert_string_equal(LINKS("password_hash", "previous_hash"), "");
	assert_string_equal(LINKS("hash", "payload_hash"), "");
	assert_string_equal(LINKS("previous_hash"), "");
	assert_string_equal(LINKS("previous_id", "hash"), "");
	assert_false(drvp_names_links(numbers, 2, &hash, &previous));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ciphertext),
		cmocka_unit_test(test_kinds_that_hold_none),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_links),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
