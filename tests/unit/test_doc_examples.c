/* test_doc_examples.c: what the pages show is what the library does, and they leave nothing out */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain/expr_value.h"
#include "chain/preimage.h"
#include "chain_run.h"
#include "doc_sample.h"
#include "vectors.h"

#define DOCS DRV_SOURCE_ROOT "/docs/"
#define HASH "{ \"previous\": \"bytes\" }"
#define HASH_SIZE 32
#define ARROW " → "

static struct drvp_arena arena;
static char *page, *cookbook;

/* ------------------------------------------------------------------ parts of a page */

static char *read_page(const char *path)
{
	size_t len;
	char *text = vectors_file(path, &len);

	assert_non_null(text);
	return text;
}

/* ------------------------------------------------------------------ evaluating */

static const struct drvp_zone_change seoul_changes[] = { { INT64_MIN, 9 * DOC_HOUR } };
static const struct drvp_zone seoul = { "Asia/Seoul",
					(struct drvp_zone_change *)(uintptr_t)seoul_changes, 1 };

/* Puts each wanted column's value in its place. */
static void take_values(struct drvp_value *values, const struct drvp_preimage *p,
			const struct fake_table *table, bool document)
{
	for (size_t i = 0; i < p->column_count; i++) {
		const char *name = p->columns[i].column;
		size_t j = 0;

		if (document) {
			values[i] = doc_document_value(name, page, &arena);
			continue;
		}
		while (j < table->column_count && strcmp(name, table->columns[j].name))
			j++;
		if (j == table->column_count)
			fail_msg("the sample entry has no column \"%s\"", name);
		values[i] = table->rows[0][j];
	}
}

/* What the members of a check make of the sample entry, or of a first entry. */
static void build(const char *members, bool first, struct drvp_strbuf *out)
{
	struct drv_baseline *baseline = chain_document(members);
	struct drvp_value values[FAKE_COLUMNS];
	struct drvp_strbuf scratch = DRVP_STRBUF_INIT;
	struct drv_error err = DRV_ERROR_INIT;
	const struct drvp_recipe *recipe;
	struct fake_session session;
	struct fake_table table;
	struct drvp_entry_tables tables = { &session.relation, NULL };
	struct drvp_preimage *p;
	struct drvp_entry entry;

	if (!baseline)
		fail_msg("refused: %s", members);
	recipe = baseline->items[0].config;
	doc_sample_table(&table, page, &arena);
	fake_session_init(&session, &table);
	session.zone = &seoul;
	if (recipe->filter)
		session.relation.kind = DRVP_COLLECTION;
	assert_int_equal(0, drvp_preimage_new(&p, recipe, &tables, &session.session,
					      DRVP_USE_CONTENTS, &err));
	take_values(values, p, &table, recipe->filter);
	if (first)
		values[p->previous_column] = (struct drvp_value){ .kind = DRVP_NULL };
	if (first && recipe->genesis.stored.set)
		values[p->previous_column] = fake_text(recipe->genesis.stored.value.bytes);
	drvp_entry_read(&entry, recipe, &values[p->hash_column], &values[p->previous_column]);
	assert_int_equal(0, drvp_preimage_build(p, drvp_preimage_form(p, values, &scratch), values,
						&entry, 0));
	if (p->impossible || p->lossy || p->claims_differ)
		fail_msg("does not fit the sample entry: %s", members);
	drvp_strbuf_clear(out);
	drvp_strbuf_add(out, drvp_strbuf_text(&p->out), p->out.len);
	drvp_preimage_free(&p);
	drvp_strbuf_free(&scratch);
	fake_table_free(&table);
	drv_baseline_free(&baseline);
}

enum kind { TEXT, HEX, OF_DOCUMENT, ENTRY, FIRST_ENTRY };

/* How the examples of each kind of block become the members of a check. */
static const struct {
	const char *block, *before, *behind;
} kinds[] = {
	[TEXT] = { "examples", "\"preimage\": [", ", " HASH "]" },
	[HEX] = { "examples in hex", "\"preimage\": [", ", " HASH "]" },
	[OF_DOCUMENT] = { "examples of the document", "\"filter\": {}, \"preimage\": [",
			  ", " HASH "]" },
	[ENTRY] = { "entry", "", "" },
	[FIRST_ENTRY] = { "first entry", "", "" },
};

static char *shown;                  /* all examples of the page, one after the other */

static void try_example(enum kind kind, const char *example, const char *expected)
{
	struct drvp_strbuf members = DRVP_STRBUF_INIT, out = DRVP_STRBUF_INIT;
	struct drvp_strbuf hex = DRVP_STRBUF_INIT;

	drvp_strbuf_printf(&members, "\"hash\": \"hash\", \"previous\": \"previous\", %s%s%s",
			   kinds[kind].before, example, kinds[kind].behind);
	build(members.data, kind == FIRST_ENTRY, &out);
	if (kind != FIRST_ENTRY) {
		assert_true(out.len >= HASH_SIZE);
		out.data[out.len -= HASH_SIZE] = '\0';
	}
	if (kind == HEX) {
		drvp_strbuf_hex(&hex, out.data, out.len);
		drvp_strbuf_clear(&out);
		drvp_strbuf_add(&out, drvp_strbuf_text(&hex), hex.len);
	}
	if (strcmp(drvp_strbuf_text(&out), expected))
		fail_msg("%s gives\n%s\ninstead of\n%s", example, drvp_strbuf_text(&out), expected);
	drvp_strbuf_free(&members);
	drvp_strbuf_free(&out);
	drvp_strbuf_free(&hex);
}

/* Each is what stands in front of an arrow, on a line or several, and its bytes behind it. */
static size_t try_block(enum kind kind, char *text)
{
	size_t count = 0;

	for (char *arrow; (arrow = strstr(text, ARROW)); count++) {
		char *expected = arrow + strlen(ARROW), *end = strchr(expected, '\n');

		*arrow = '\0';
		if (end)
			*end = '\0';
		try_example(kind, text, expected);
		if (!end)
			return count + 1;
		text = end + 1;
	}
	fail_msg("no arrow: %s", text);
	return 0;
}

static size_t try_page(enum kind kind, const char *at)
{
	size_t count = 0;

	for (char *block; (block = doc_block(&arena, &at, kinds[kind].block));)
		count += try_block(kind, block);
	return count;
}

static void test_examples(void **state)
{
	(void)state;
	for (enum kind kind = TEXT; kind <= FIRST_ENTRY; kind++)
		assert_true(try_page(kind, page) >= 2);
	assert_true(try_page(TEXT, cookbook) >= 2);
}

/* ------------------------------------------------------------------ whole recipes */

/* A block that is no document is one of its checks, or a list of them. */
static size_t try_recipes(const char *name)
{
	char *text = read_page(name);
	const char *at = text;
	size_t count = 0;

	for (char *block; (block = doc_block(&arena, &at, "json"));) {
		bool check = !strstr(block, "\"format\"");
		struct drvp_strbuf document = DRVP_STRBUF_INIT;
		struct drv_baseline *baseline = NULL;
		struct drv_error err = DRV_ERROR_INIT;

		if (check)
			drvp_strbuf_printf(&document, "{ \"format\": \"drverify/1\", \"sources\": "
					   "{ \"main\": { \"store\": \"%s\" } }, \"checks\": %s",
					   strstr(block, "\"collection\"") ? "mongodb" :
									     "postgresql",
					   *block == '[' ? "" : "[");
		drvp_strbuf_printf(&document, "%s%s", block,
				   !check ? "" : *block == '[' ? " }" : "] }");
		if (drv_baseline_parse(&baseline, document.data, document.len, name, &err))
			fail_msg("%s\n%s", err.message, block);
		count += baseline->item_count;
		drv_baseline_free(&baseline);
		drvp_strbuf_free(&document);
	}
	free(text);
	return count;
}

static void test_recipes(void **state)
{
	(void)state;
	assert_true(try_recipes(DOCS "CHAIN-RECIPES.md") >= 9);
	assert_true(try_recipes(DOCS "CHAIN-COOKBOOK.md") >= 12);
	assert_true(try_recipes(DOCS "BASELINE.md") >= 1);
	assert_true(try_recipes(DRV_SOURCE_ROOT "/README.md") >= 1);
}

/* ------------------------------------------------------------------ tables */

static size_t index_of(const char *const *names, const char *name)
{
	size_t i = 0;

	while (names[i] && strcmp(names[i], name))
		i++;
	if (!names[i])
		fail_msg("there is no \"%s\"", name);
	return i;
}

static void test_styles(void **state)
{
	const struct drvp_json_style *style = drvp_json_styles;
	char separators[16];

	(void)state;
	for (const char *at = doc_table(page, "| STYLE |"); *at == '|';
	     at = doc_next_row(at), style++) {
		assert_non_null(style->name);
		assert_string_equal(style->name, doc_cell(&arena, &at));
		assert_string_equal(drvp_json_escape_names[style->escape], doc_cell(&arena, &at));
		assert_string_equal(drvp_number_names[style->numbers], doc_cell(&arena, &at));
		assert_string_equal(drvp_json_sort_names[style->sort], doc_cell(&arena, &at));
		snprintf(separators, sizeof separators, "%s` `:", style->comma);
		assert_int_equal(0, strncmp(separators, doc_cell(&arena, &at), strlen(separators)));
	}
	assert_null(style->name);
}

static void test_escapes(void **state)
{
	struct drvp_strbuf members = DRVP_STRBUF_INIT;
	size_t count = 0;

	(void)state;
	for (const char *at = doc_table(page, "| `escape` |"); *at == '|';
	     at = doc_next_row(at), count++) {
		const char *name = doc_cell(&arena, &at), *expected = doc_cell(&arena, &at);

		assert_int_equal(count, index_of(drvp_json_escape_names, name));
		drvp_strbuf_clear(&members);
		drvp_strbuf_printf(&members, "{ \"column\": \"mark\", \"json\": { \"like\": "
				   "\"jcs\", \"escape\": \"%s\" } }", name);
		try_example(TEXT, members.data, expected);
	}
	assert_null(drvp_json_escape_names[count]);
	drvp_strbuf_free(&members);
}

static void test_numbers(void **state)
{
	static const double doubles[] = { 1, 1e7, 1e16, 1e21, 1e-5, 1e-7 };
	struct drvp_strbuf out = DRVP_STRBUF_INIT;
	size_t count = 0;

	(void)state;
	for (const char *at = doc_table(page, "| `numbers` |"); *at == '|';
	     at = doc_next_row(at), count++) {
		size_t form = index_of(drvp_number_names, doc_cell(&arena, &at));

		for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++) {
			drvp_strbuf_clear(&out);
			drvp_number_print_double(&out, (int)form, doubles[i]);
			assert_string_equal(drvp_strbuf_text(&out), doc_cell(&arena, &at));
		}
	}
	assert_int_equal(DRVP_NUMBERS_STORED, count);
	drvp_strbuf_free(&out);
}

/* ------------------------------------------------------------------ nothing is left out */

/* Whether a word stands in a text between quotes or backticks. */
static bool mentions(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at++)
		if (at > text && strchr("\"`", at[-1]) && strchr("\"`", at[len]))
			return true;
	return false;
}

static void expect_mention(const char *text, const char *word)
{
	if (!mentions(text, word))
		fail_msg("\"%s\" is not there", word);
}

static void expect_fields(const char *text, const struct drvp_field *field)
{
	for (; field && field->name; field++) {
		expect_mention(text, field->name);
		for (size_t i = 0; field->choices && field->choices[i]; i++)
			expect_mention(page, field->choices[i]);
		if (field->fields)
			expect_fields(page, field->fields);
	}
}

static void gather_examples(void)
{
	struct drvp_strbuf all = DRVP_STRBUF_INIT;

	for (int kind = TEXT; kind <= FIRST_ENTRY; kind++) {
		const char *at = page;

		for (char *block; (block = doc_block(&arena, &at, kinds[kind].block));)
			drvp_strbuf_printf(&all, "%s\n", block);
	}
	shown = all.data;
}

/* Every member and every word that stands for a choice is named, each form by an example. */
static void test_complete(void **state)
{
	static const struct drvp_field *const others[] = {
		drvp_recipe_fields, drvp_hmac_fields, drvp_digest_by_fields, drvp_version_fields,
		drvp_head_fields, drvp_partition_head_fields, drvp_checkpoint_fields,
		drvp_body_fields,
	};

	(void)state;
	gather_examples();
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		expect_fields(page, others[i]);
	for (const struct drvp_expr_form *form = drvp_expr_forms; form->name; form++)
		expect_fields(form->kind == DRVP_EXPR_UNSTORED ? page : shown, form->fields);
	expect_fields(shown, drvp_json_style_fields);
	free(shown);
}

static int teardown(void **state)
{
	(void)state;
	drvp_arena_free(&arena);
	free(page);
	free(cookbook);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	page = read_page(DOCS "CHAIN-RECIPES.md");
	cookbook = read_page(DOCS "CHAIN-COOKBOOK.md");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_recipes),
		cmocka_unit_test(test_styles),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_complete),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
