/* test_documents.c: every fixture document is accepted, or refused with its exact position and words */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "document/baseline.h"
#include "drverify.h"

#define DOCUMENTS DRV_SOURCE_ROOT "/fixtures/documents"

static char *read_file(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rb");
	char *text = calloc(1, 65536);

	assert_non_null(file);
	assert_non_null(text);
	*len = fread(text, 1, 65535, file);
	fclose(file);
	return text;
}

/* Calls fn for each .json of a folder, and checks that there are some. */
static void for_each_document(const char *folder, void (*fn)(const char *folder, const char *name))
{
	DIR *dir = opendir(folder);
	size_t count = 0;

	assert_non_null(dir);
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
		size_t len = strlen(entry->d_name);

		if (len < 5 || strcmp(entry->d_name + len - 5, ".json"))
			continue;
		fn(folder, entry->d_name);
		count++;
	}
	closedir(dir);
	assert_true(count >= 2);
}

static int parse(const char *folder, const char *name, struct drv_baseline **baseline,
		 struct drv_error *err)
{
	char path[512];
	size_t len;
	char *text;
	int status;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	text = read_file(path, &len);
	status = drv_baseline_parse(baseline, text, len, name, err);
	free(text);
	return status;
}

static void expect_good(const char *folder, const char *name)
{
	struct drv_error err = DRV_ERROR_INIT;
	struct drv_baseline *baseline;

	if (parse(folder, name, &baseline, &err))
		fail_msg("%s was refused: %s", name, err.message);
	drv_baseline_free(&baseline);
	assert_null(baseline);
}

static void expect_bad(const char *folder, const char *name)
{
	struct drv_error err = DRV_ERROR_INIT;
	struct drv_baseline *baseline;
	char path[512], *expected;
	size_t len;

	assert_int_equal(parse(folder, name, &baseline, &err), DRV_E_DOCUMENT);
	assert_null(baseline);
	assert_int_equal(err.status, DRV_E_DOCUMENT);
	snprintf(path, sizeof path, "%s/%.*s.error", folder, (int)strlen(name) - 5, name);
	expected = read_file(path, &len);
	expected[strcspn(expected, "\n")] = '\0';
	if (strncmp(err.message, expected, strlen(expected)))
		fail_msg("%s: expected \"%s…\", got \"%s\"", name, expected, err.message);
	free(expected);
}

static void test_good(void **state)
{
	(void)state;
	for_each_document(DOCUMENTS "/good", expect_good);
}

static void test_bad(void **state)
{
	(void)state;
	for_each_document(DOCUMENTS "/bad", expect_bad);
	for_each_document(DOCUMENTS "/bad/beyond-schema", expect_bad);
}

static void test_ids_are_unique_and_stable(void **state)
{
	struct drv_error err = DRV_ERROR_INIT;
	struct drv_baseline *baseline;
	static const char *const expected[] = {
		"connection:main",
		"connection:search",
		"row_count:main:public.users",
		"row_count:main:odd schema.na.me:a name with a dot",
		"row_count:main:public.pets",
		"row_count:main:public.pets#2",
		"collection_count:search:hospitals",
		"encrypted_field:main:public.health_notes:diagnosis_encrypted",
		"encrypted_field:search:reviews:author.contactEncrypted",
		"freshness:main:public.health_notes:created_at",
		"assert:main",
		"assert:search:reviews",
		"audit_chain:main:public.audit_logs",
	};

	(void)state;
	assert_int_equal(parse(DOCUMENTS "/good", "every-check.json", &baseline, &err), 0);
	assert_int_equal(baseline->item_count, sizeof expected / sizeof *expected);
	for (size_t i = 0; i < baseline->item_count; i++)
		assert_string_equal(baseline->items[i].id, expected[i]);
	drv_baseline_free(&baseline);
}

static void test_sources_are_told(void **state)
{
	struct drv_error err = DRV_ERROR_INIT;
	struct drv_baseline *baseline;

	(void)state;
	assert_int_equal(parse(DOCUMENTS "/good", "every-check.json", &baseline, &err), 0);
	assert_int_equal(drv_baseline_source_count(baseline), 2);
	assert_string_equal(drv_baseline_source_name(baseline, 1), "search");
	assert_string_equal(drv_baseline_source_store(baseline, 1), "mongodb");
	assert_null(drv_baseline_source_name(baseline, 2));
	assert_string_equal(drv_baseline_name(baseline), "모든 검사");
	drv_baseline_free(&baseline);
}

/* Each prefix of a good document is refused, and none is read beyond its end. */
static void test_every_truncation_is_refused(void **state)
{
	size_t len;
	char *text = read_file(DOCUMENTS "/good/every-check.json", &len);
	size_t end = len;

	(void)state;
	while (end > 0 && text[end - 1] != '}')
		end--;
	for (size_t cut = 0; cut < end; cut += 7) {
		struct drv_error err = DRV_ERROR_INIT;
		struct drv_baseline *baseline;
		char *copy = malloc(cut + 1);

		assert_non_null(copy);
		memcpy(copy, text, cut);
		assert_int_equal(drv_baseline_parse(&baseline, copy, cut, "cut.json", &err),
				 DRV_E_DOCUMENT);
		free(copy);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_ids_are_unique_and_stable),
		cmocka_unit_test(test_sources_are_told),
		cmocka_unit_test(test_every_truncation_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
