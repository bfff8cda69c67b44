/* test_number_text.c: numbers are printed as Node.js and CPython print them */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <locale.h>
#include <math.h>
#include <string.h>

#include "chain/number_text.h"
#include "prng.h"
#include "vectors.h"

static size_t compare(const struct drvp_json *rows, int form)
{
	struct drvp_strbuf out = DRVP_STRBUF_INIT;
	size_t wrong = 0;

	for (const struct drvp_json *row = rows->first; row; row = row->next) {
		const struct drvp_json *in = vectors_at(row, 0), *expected = vectors_at(row, 1);

		drvp_strbuf_clear(&out);
		drvp_number_print_text(&out, form, in->text, in->len);
		if (strcmp(drvp_strbuf_text(&out), expected->text)) {
			print_error("%s gives %s instead of %s\n", in->text, out.data,
				    expected->text);
			wrong++;
		}
	}
	drvp_strbuf_free(&out);
	return wrong;
}

static void test_vectors(void **state)
{
	struct drvp_arena arena = { 0 };
	const struct drvp_json *javascript, *python;

	(void)state;
	javascript = drvp_json_member(vectors_read(&arena, "javascript.json"), "numbers");
	python = drvp_json_member(vectors_read(&arena, "python.json"), "numbers");
	assert_true(javascript->count > 3000 && python->count > 3000);
	assert_int_equal(0, compare(javascript, DRVP_NUMBERS_ES6));
	assert_int_equal(0, compare(python, DRVP_NUMBERS_PYTHON));
	drvp_arena_free(&arena);
}

/* A number that was read from binary prints as the text that reads as it. */
static void test_doubles(void **state)
{
	struct drvp_arena arena = { 0 };
	const struct drvp_json *rows =
		drvp_json_member(vectors_read(&arena, "javascript.json"), "numbers");
	struct drvp_strbuf out = DRVP_STRBUF_INIT;

	(void)state;
	for (const struct drvp_json *row = rows->first; row; row = row->next) {
		drvp_strbuf_clear(&out);
		drvp_number_print_double(&out, DRVP_NUMBERS_ES6,
					 strtod(vectors_at(row, 0)->text, NULL));
		assert_string_equal(vectors_at(row, 1)->text, out.data);
	}
	drvp_strbuf_clear(&out);
	drvp_number_print_double(&out, DRVP_NUMBERS_ES6, (double)NAN);
	drvp_number_print_double(&out, DRVP_NUMBERS_PYTHON, (double)NAN);
	drvp_number_print_double(&out, DRVP_NUMBERS_PYTHON, -(double)INFINITY);
	drvp_number_print_double(&out, DRVP_NUMBERS_PYTHON, -0.0);
	assert_string_equal("nullNaN-Infinity-0.0", out.data);
	drvp_strbuf_free(&out);
	drvp_arena_free(&arena);
}

/* A four-byte float is read by drivers as the decimal text that the server prints for it. */
static void test_singles(void **state)
{
	struct drvp_arena arena = { 0 };
	const struct drvp_json *rows =
		drvp_json_member(vectors_read(&arena, "javascript.json"), "singles");
	struct drvp_strbuf out = DRVP_STRBUF_INIT;

	(void)state;
	for (const struct drvp_json *row = rows->first; row; row = row->next) {
		double single = strtod(vectors_at(row, 0)->text, NULL);

		drvp_strbuf_clear(&out);
		drvp_number_print_double(&out, DRVP_NUMBERS_ES6, drvp_number_from_single(single));
		assert_string_equal(vectors_at(row, 1)->text, out.data);
		drvp_strbuf_clear(&out);
		drvp_number_print_double(&out, DRVP_NUMBERS_ES6, drvp_number_from_single(-single));
		assert_string_equal(vectors_at(row, 1)->text, out.data + 1);
	}
	drvp_strbuf_free(&out);
	drvp_arena_free(&arena);
}

/* What is no JSON number; and what the text -0 becomes, which is an integer in most languages. */
static void test_specials(void **state)
{
	static const char *const rows[][4] = {
		[DRVP_NUMBERS_ES6] = { "null", "null", "null", "0" },
		[DRVP_NUMBERS_PYTHON] = { "NaN", "Infinity", "-Infinity", "0" },
		[DRVP_NUMBERS_SERDE] = { "null", "null", "null", "-0.0" },
		[DRVP_NUMBERS_JAVA] = { "\"NaN\"", "\"Infinity\"", "\"-Infinity\"", "0" },
		[DRVP_NUMBERS_STORED] = { "NaN", "null", "null", "-0" },
	};
	struct drvp_strbuf out = DRVP_STRBUF_INIT;

	(void)state;
	for (size_t form = 0; form < sizeof rows / sizeof *rows; form++) {
		const double numbers[] = { (double)NAN, (double)INFINITY, -(double)INFINITY };

		for (size_t i = 0; i < 3 && rows[form][i]; i++) {
			drvp_strbuf_clear(&out);
			drvp_number_print_double(&out, (int)form, numbers[i]);
			assert_string_equal(rows[form][i], out.data);
		}
		drvp_strbuf_clear(&out);
		drvp_number_print_text(&out, (int)form, "-0", 2);
		if (rows[form][3])
			assert_string_equal(rows[form][3], out.data);
	}
	drvp_strbuf_free(&out);
}

static void test_decimals(void **state)
{
	static const char *const rows[][2] = {
		{ "1.500", "1.5" }, { "10.00", "10" }, { "10", "10" }, { "0.00", "0" },
		{ "-0.10", "-0.1" }, { "100", "100" }, { "NaN", "NaN" },
	};
	struct drvp_strbuf out = DRVP_STRBUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		drvp_strbuf_clear(&out);
		drvp_number_strip_zeros(&out, rows[i][0], strlen(rows[i][0]));
		assert_string_equal(rows[i][1], out.data);
	}
	drvp_strbuf_clear(&out);
	drvp_number_print_text(&out, DRVP_NUMBERS_STORED, "1.10", 4);
	drvp_number_print_text(&out, DRVP_NUMBERS_ES6, "NaN", 3);
	assert_string_equal("1.10NaN", out.data);
	drvp_strbuf_free(&out);
}

/*
 * Integers too wide for a double, against their definition: what is printed reads back as the same
 * double, and no shorter text does.
 */
static void test_wide_integers(void **state)
{
	struct drvp_strbuf out = DRVP_STRBUF_INIT;
	uint64_t seed = 7;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		unsigned digits = 16 + (unsigned)prng_below(&seed, 22);
		char text[40], shorter[40];
		double number;
		int kept;

		text[0] = (char)('1' + prng_below(&seed, 9));
		for (unsigned i = 1; i < digits; i++)
			text[i] = (char)('0' + prng_below(&seed, 10));
		text[digits] = '\0';
		number = strtod(text, NULL);
		drvp_strbuf_clear(&out);
		drvp_number_print_text(&out, DRVP_NUMBERS_ES6, text, digits);
		assert_true(strtod(out.data, NULL) == number);
		for (kept = 1; kept < 17; kept++) {
			snprintf(shorter, sizeof shorter, "%.*e", kept - 1, number);
			if (strtod(shorter, NULL) == number)
				break;
		}
		/* As many significant digits as the shortest that reads back. */
		snprintf(shorter, sizeof shorter, "%.*e", kept - 1, strtod(out.data, NULL));
		assert_true(strtod(shorter, NULL) == number);
		for (size_t i = digits = 0; i < out.len && out.data[i] != 'e'; i++)
			digits += out.data[i] != '.';
		if (strchr(out.data, 'e'))
			assert_true((int)digits <= kept);
	}
	drvp_strbuf_free(&out);
}

/* The host's locale may write 1,5: it has no say here. */
static void test_locale(void **state)
{
	static const char *const names[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "de_DE@euro" };
	const char *set = NULL;

	for (size_t i = 0; i < sizeof names / sizeof *names && !set; i++)
		set = setlocale(LC_ALL, names[i]);
	if (!set)
		skip(); /* this machine has none that writes a comma */
	test_vectors(state);
	test_doubles(state);
	setlocale(LC_ALL, "C");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors), cmocka_unit_test(test_doubles),
		cmocka_unit_test(test_specials), cmocka_unit_test(test_singles), cmocka_unit_test(test_decimals),
		cmocka_unit_test(test_wide_integers),
		cmocka_unit_test(test_locale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
