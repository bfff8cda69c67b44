/* test_golden.c: JSON, numbers and times are printed as the languages printed them in *.jsonl */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "../unit/vectors.h"
#include "base/digest.h"
#include "chain/expr_value.h"

static const char *const files[] = { "javascript", "python", "go",  "serde", "serde-zmij",
				     "java",       "php",    "dotnet" };

#define FILES (sizeof files / sizeof *files)

/* A file's lines, each an object. */
struct lines {
	struct drvp_arena arena;
	const struct drvp_json *line[128];
	size_t count;
};

static struct lines inputs;

static void read_lines(struct lines *lines, const char *name)
{
	static const struct drvp_json_limits limits = { 1 << 24, 100, DRVP_JSON_DUPLICATES };
	char path[1000], *text;
	size_t len = 0;

	*lines = (struct lines){ 0 };
	snprintf(path, sizeof path, "%s/tests/golden/%s.jsonl", DRV_SOURCE_ROOT, name);
	text = vectors_file(path, &len);
	if (!text)
		fail_msg("%s cannot be read", path);
	for (char *line = text, *end; line < text + len; line = end + 1) {
		struct drvp_json *root = NULL;

		end = strchr(line, '\n');
		assert_non_null(end);
		assert_true(lines->count < sizeof lines->line / sizeof *lines->line);
		assert_int_equal(0, drvp_json_parse(&root, &lines->arena, line,
						    (size_t)(end - line), &limits, NULL));
		lines->line[lines->count++] = root;
	}
	free(text);
}

/* What the inputs call by this name. */
static const struct drvp_json *input(const char *name)
{
	for (size_t i = 0; i < inputs.count; i++) {
		const struct drvp_json *list = drvp_json_member(inputs.line[i], name);

		if (list)
			return list;
	}
	fail_msg("no %s", name);
	return NULL;
}

static size_t index_in(const char *const *names, const struct drvp_json *name)
{
	size_t i = 0;

	while (names[i] && !drvp_json_is(name, names[i]))
		i++;
	if (!names[i])
		fail_msg("%s has no row", name->text);
	return i;
}

/* ------------------------------------------------------------------ printing one input */

struct printer {
	struct drvp_strbuf out, bytes;
	struct drvp_arena arena;
	const struct drvp_json_style *style;
	int numbers;
	struct drvp_time_format time;
};

static void print_document(struct printer *p, const struct drvp_json *in)
{
	static const struct drvp_json_limits limits = { 1 << 24, 100, DRVP_JSON_DUPLICATES };
	struct drvp_json_printer printer = { .out = &p->out, .style = p->style };
	struct drvp_json *root = NULL;

	assert_int_equal(0, drvp_json_parse(&root, &p->arena, in->text, in->len, &limits, NULL));
	drvp_json_print_value(&printer, root);
	drvp_json_printer_free(&printer);
}

static void decode(struct printer *p, const struct drvp_json *hex)
{
	drvp_strbuf_clear(&p->bytes);
	assert_true(drvp_strbuf_reserve(&p->bytes, hex->len / 2));
	p->bytes.len = hex->len / 2;
	p->bytes.data[p->bytes.len] = '\0';
	assert_int_equal(p->bytes.len, drvp_hex_decode(hex->text, hex->len,
						       (uint8_t *)p->bytes.data, p->bytes.len));
}

static void print_string(struct printer *p, const struct drvp_json *in)
{
	decode(p, in);
	drvp_json_print_string(&p->out, p->style, p->bytes.data, p->bytes.len);
}

static double double_of(const struct drvp_json *in)
{
	uint64_t bits = strtoull(in->text, NULL, 16);
	double number;

	memcpy(&number, &bits, sizeof number);
	return number;
}

static void print_double(struct printer *p, const struct drvp_json *in)
{
	drvp_number_print_double(&p->out, p->numbers, double_of(in));
}

static void print_instant(struct printer *p, const struct drvp_json *in)
{
	drvp_time_print(&p->out, &p->time, strtoll(in->text, NULL, 10));
}

/* ------------------------------------------------------------------ reading one line */

static const struct drvp_json_style *read_style(struct printer *p, const struct drvp_json *style)
{
	struct drv_error err = DRV_ERROR_INIT;
	struct drvp_reader reader = { &p->arena, &err, "golden" };
	const struct drvp_json_style *out = NULL;

	if (drvp_json_style_read(&reader, style, &out))
		fail_msg("%s", err.message);
	return out;
}

static int choice(const struct drvp_json *how, const char *member, const char *const *names)
{
	const struct drvp_json *value = drvp_json_member(how, member);

	return value ? (int)index_in(names, value) : 0;
}

static void read_time(struct printer *p, const struct drvp_json *how)
{
	static const char *const notations[] = { "iso8601", "epoch", "dotnet-ticks", "fraction",
						 "js-date", NULL };
	static const char *const zones[] = { "Z", "+00:00", "none", NULL };
	static const char *const units[] = { "s", "ms", "us", "ns", NULL };
	static const char *const precisions[] = { "full", "us", "ms", "s", NULL };
	static const char *const separators[] = { "T", " ", NULL };
	const struct drvp_json *digits = drvp_json_member(how, "digits");
	struct drvp_reader reader = { &p->arena, NULL, "golden" };
	struct drvp_number number = { 0 };

	if (digits)
		assert_int_equal(0, drvp_digits_read(&reader, digits, &number));
	p->time = (struct drvp_time_format){
		.notation = choice(how, "notation", notations),
		.digits = (int)number.value,
		.zone = choice(how, "zone", zones),
		.separator = choice(how, "separator", separators) ? ' ' : 'T',
		.unit = choice(how, "unit", units),
		.precision = choice(how, "precision", precisions),
	};
}

/* What lists beside the outputs say of each instant. */
static void read_place(struct printer *p, const struct drvp_json *offset,
		       const struct drvp_json *zone_name)
{
	p->time.offset = offset ? strtoll(offset->text, NULL, 10) * DRVP_SECOND : 0;
	p->time.zone_name = zone_name ? zone_name->text : NULL;
}

static const struct drvp_json *first(const struct drvp_json *line, const char *list)
{
	const struct drvp_json *found = drvp_json_member(line, list);

	return found ? found->first : NULL;
}

static const struct drvp_json *next(const struct drvp_json *element)
{
	return element ? element->next : NULL;
}

/* ------------------------------------------------------------------ comparing */

/* A byte of an output to be changed, or spoil.output < 0. */
struct spoil {
	long output;
	size_t byte;
};

static bool agrees(struct printer *p, const struct drvp_json *expected, bool hex, bool spoiled,
		   size_t byte)
{
	if (hex) {
		decode(p, expected);
	} else {
		drvp_strbuf_clear(&p->bytes);
		drvp_strbuf_add(&p->bytes, expected->text, expected->len);
	}
	if (spoiled)
		p->bytes.data[byte % p->bytes.len] ^= 1;
	return p->out.len == p->bytes.len && !memcmp(p->out.data, p->bytes.data, p->out.len);
}

/* How many outputs of a line differ; null stands for an input that the language refuses. */
static size_t compare(const char *file, const struct drvp_json *line, struct spoil spoil)
{
	static const struct {
		const char *list;
		void (*print)(struct printer *p, const struct drvp_json *in);
		bool hex;
	} kinds[] = {
		{ "documents", print_document, true },
		{ "strings", print_string, true },
		{ "doubles", print_double, false },
		{ "instants", print_instant, false },
	};
	const struct drvp_json *style = drvp_json_member(line, "style"), *in, *expected;
	const struct drvp_json *numbers = drvp_json_member(line, "numbers");
	const struct drvp_json *time = drvp_json_member(line, "time");
	const struct drvp_json *offset = first(line, "offsets"), *name = first(line, "zone_names");
	struct printer p = { 0 };
	size_t kind = 0, wrong = 0;
	long output = 0;

	while (!drvp_json_member(line, kinds[kind].list))
		assert_true(++kind < sizeof kinds / sizeof *kinds);
	p.style = style ? read_style(&p, style) : NULL;
	p.numbers = numbers ? (int)index_in(drvp_number_names, numbers) : 0;
	if (time)
		read_time(&p, time);
	assert_true(style || numbers || time);
	in = input(kinds[kind].list)->first;
	expected = first(line, kinds[kind].list);
	for (; in && expected; in = in->next, expected = expected->next, output++) {
		read_place(&p, offset, name);
		offset = next(offset);
		name = next(name);
		if (expected->type == DRVP_JSON_NULL)
			continue;
		drvp_strbuf_clear(&p.out);
		kinds[kind].print(&p, in);
		if (agrees(&p, expected, kinds[kind].hex, spoil.output == output, spoil.byte))
			continue;
		if (spoil.output < 0)
			print_error("%s, %s of %s: %s instead of %s\n", file, kinds[kind].list,
				    in->text, p.out.data, drvp_strbuf_text(&p.bytes));
		wrong++;
	}
	assert_true(!in && !expected);
	drvp_strbuf_free(&p.out);
	drvp_strbuf_free(&p.bytes);
	drvp_arena_free(&p.arena);
	return wrong;
}

static void test_vectors(void **state)
{
	const struct spoil none = { -1, 0 };
	size_t wrong = 0;

	(void)state;
	read_lines(&inputs, "inputs");
	for (size_t i = 0; i < FILES; i++) {
		struct lines lines;

		read_lines(&lines, files[i]);
		assert_non_null(drvp_json_member(lines.line[0], "made_by"));
		assert_true(lines.count > 5);
		for (size_t k = 1; k < lines.count; k++)
			if (!drvp_json_member(lines.line[k], "sort"))
				wrong += compare(files[i], lines.line[k], none);
		drvp_arena_free(&lines.arena);
	}
	assert_int_equal(0, wrong);
	drvp_arena_free(&inputs.arena);
}

/* One changed byte of any output that a language gave makes one difference. */
static void test_changed_byte(void **state)
{
	(void)state;
	read_lines(&inputs, "inputs");
	for (size_t i = 0; i < FILES; i++) {
		struct lines lines;

		read_lines(&lines, files[i]);
		for (size_t k = 1; k < lines.count; k++) {
			struct spoil spoil = { 0, k };
			const struct drvp_json *list = first(lines.line[k], "documents");

			if (drvp_json_member(lines.line[k], "sort"))
				continue;
			for (; next(list) && list->type == DRVP_JSON_NULL; list = next(list))
				spoil.output++;
			assert_int_equal(1, compare(files[i], lines.line[k], spoil));
		}
		drvp_arena_free(&lines.arena);
	}
	drvp_arena_free(&inputs.arena);
}

/* A number in binary and the same number as text are printed alike. */
static void test_doubles_as_text(void **state)
{
	struct printer p = { 0 };

	(void)state;
	read_lines(&inputs, "inputs");
	for (p.numbers = 0; p.numbers < DRVP_NUMBERS_STORED; p.numbers++)
		for (const struct drvp_json *in = input("doubles")->first; in; in = in->next) {
			char text[64];

			snprintf(text, sizeof text, "%.20e", double_of(in));
			drvp_strbuf_clear(&p.out);
			drvp_strbuf_clear(&p.bytes);
			print_double(&p, in);
			drvp_number_print_text(&p.bytes, p.numbers, text, strlen(text));
			assert_string_equal(p.out.data, p.bytes.data);
		}
	drvp_strbuf_free(&p.out);
	drvp_strbuf_free(&p.bytes);
	drvp_arena_free(&inputs.arena);
}

/* Which of two names comes first. */
static void test_orders(void **state)
{
	struct lines lines;
	size_t pairs = 0;

	(void)state;
	read_lines(&lines, "php");
	for (size_t i = 0; i < lines.count; i++) {
		const struct drvp_json *sort = drvp_json_member(lines.line[i], "sort");
		const struct drvp_json *a = first(lines.line[i], "names");
		const struct drvp_json *row = first(lines.line[i], "first");

		for (; sort && a; a = a->next, row = row->next) {
			const struct drvp_json *b = first(lines.line[i], "names");
			const struct drvp_json_key x = { a->text, a->len };

			for (size_t k = 0; b; b = b->next, k++, pairs++) {
				const struct drvp_json_key y = { b->text, b->len };
				int order = drvp_json_compare_keys(
					(int)index_in(drvp_json_sort_names, sort), &x, &y);

				if ((order <= 0) != (row->text[k] == '1'))
					fail_msg("\"%s\" and \"%s\"", a->text, b->text);
			}
		}
	}
	assert_true(pairs > 500);
	drvp_arena_free(&lines.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_changed_byte),
		cmocka_unit_test(test_doubles_as_text),
		cmocka_unit_test(test_orders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
