/* test_json_parsing.c: the JSON parser against the files of JSONTestSuite */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document/json.h"
#include "json_equal.h"

#define FILE_MAX 300000

static char folder[4096];

/*
 * The suite holds RFC 8259 to its letter, which lets a name be repeated: so its verdicts are those
 * of a parser with DRVP_JSON_DUPLICATES. Documents are read without it; what that adds is tested
 * below.
 */
static const struct drvp_json_limits lenient = { 4 * FILE_MAX, 1000, DRVP_JSON_DUPLICATES };
static const struct drvp_json_limits strict = { 4 * FILE_MAX, 1000, 0 };

/* An exact-size allocation, so that a sanitizer sees any read behind its end. */
static char *read_whole(const char *name, size_t *len)
{
	static char buffer[FILE_MAX + 1];
	char path[sizeof folder + 300], *bytes;
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	file = fopen(path, "rb");
	assert_non_null(file);
	*len = fread(buffer, 1, sizeof buffer, file);
	assert_true(feof(file) && !ferror(file));
	fclose(file);
	bytes = malloc(*len ? *len : 1);
	assert_non_null(bytes);
	memcpy(bytes, buffer, *len);
	return bytes;
}

static void assert_round_trip(const char *name, const struct drvp_json *tree,
			      struct drvp_arena *arena)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	struct drvp_json_writer writer = { .out = &text };
	struct drv_error err = DRV_ERROR_INIT;
	struct drvp_json *again;

	drvp_json_put_value(&writer, NULL, tree);
	if (drvp_json_parse(&again, arena, text.data, text.len, &lenient, &err))
		fail_msg("%s: what was written cannot be read: %s", name, err.message);
	if (!json_equal(tree, again))
		fail_msg("%s: reads back differently: %s", name, text.data);
	drvp_strbuf_free(&text);
}

static void judge(const char *name)
{
	struct drvp_arena arena = { 0 };
	struct drv_error err = DRV_ERROR_INIT;
	struct drvp_json *root;
	unsigned line, column;
	size_t len;
	char *bytes = read_whole(name, &len);
	int status = drvp_json_parse(&root, &arena, bytes, len, &lenient, &err);

	free(bytes);
	if (status && *name == 'y')
		fail_msg("%s was refused: %s", name, err.message);
	if (!status && *name == 'n')
		fail_msg("%s was accepted", name);
	if (!status)
		assert_round_trip(name, root, &arena);
	else if (status != DRV_E_DOCUMENT || sscanf(err.message, "%u:%u: ", &line, &column) != 2)
		fail_msg("%s: the message has no position: %s", name, err.message);
	drvp_arena_free(&arena);
}

static void every_file_behaves(void **state)
{
	struct dirent **names;
	int count = scandir(folder, &names, NULL, alphasort);
	unsigned judged[128] = { 0 };

	(void)state;
	assert_true(count > 0);
	for (int i = 0; i < count; i++) {
		const char *name = names[i]->d_name;

		if (strlen(name) > 2 && strchr("yni", *name) && name[1] == '_') {
			judge(name);
			judged[(unsigned char)*name]++;
		}
		free(names[i]);
	}
	free(names);
	print_message("accepted %u, refused %u, either %u\n", judged['y'], judged['n'],
		      judged['i']);
	assert_true(judged['y'] > 90 && judged['n'] > 180 && judged['i'] > 30);
}

static void only_documents_refuse_a_repeated_name(void **state)
{
	static const char *const names[] = { "y_object_duplicated_key.json",
					     "y_object_duplicated_key_and_value.json" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct drvp_arena arena = { 0 };
		struct drv_error err = DRV_ERROR_INIT;
		struct drvp_json *root;
		size_t len;
		char *bytes = read_whole(names[i], &len);

		assert_int_equal(drvp_json_parse(&root, &arena, bytes, len, &lenient, &err), 0);
		assert_int_equal(root->count, 2);
		assert_int_equal(drvp_json_parse(&root, &arena, bytes, len, &strict, &err),
				 DRV_E_DOCUMENT);
		assert_non_null(strstr(err.message, "expected each name once, found \"a\" again"));
		free(bytes);
		drvp_arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_file_behaves),
		cmocka_unit_test(only_documents_refuse_a_repeated_name),
	};
	const char *root = getenv("DRV_CONFORMANCE");
	DIR *found;

	snprintf(folder, sizeof folder, "%s/json-parsing",
		 root ? root : DRV_SOURCE_ROOT "/../shared/conformance");
	found = opendir(folder);
	if (!found) {
		printf("skipped: there is no folder %s; set DRV_CONFORMANCE\n", folder);
		return 77;
	}
	closedir(found);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
