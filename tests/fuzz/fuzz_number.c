/* fuzz_number.c: every language prints a number that reads as the same one, and prints it again so */
#include <math.h>

#include "chain/number_text.h"
#include "document/json.h"
#include "fuzz.h"

static struct drvp_arena arena;

/* The text of a JSON number, or NULL. */
static const struct drvp_json *number_of(const char *text, size_t len)
{
	static const struct drvp_json_limits limits = { 4096, 1, 0 };
	struct drvp_json *root;

	if (drvp_json_parse(&root, &arena, text, len, &limits, NULL) ||
	    root->type != DRVP_JSON_NUMBER)
		return NULL;
	return root;
}

static bool is_integer(const struct drvp_json *number)
{
	return !strpbrk(number->text, ".eE");
}

/* By the double that both read as. Integers keep digits that no double has. */
static void check_form(int form, const struct drvp_json *number)
{
	struct drvp_strbuf out = DRVP_STRBUF_INIT, again = DRVP_STRBUF_INIT, scratch = DRVP_STRBUF_INIT;
	double value = drvp_number_read(&scratch, number->text, number->len);
	const struct drvp_json *printed;

	drvp_number_print_text(&out, form, number->text, number->len);
	check(!out.failed && out.len);
	printed = number_of(out.data, out.len);
	if (printed) {
		check(drvp_number_read(&scratch, printed->text, printed->len) == value);
		drvp_number_print_text(&again, form, printed->text, printed->len);
		/* A float's -0 looks like an integer, which has no such sign in most languages. */
		check(value == 0 || drvp_strbuf_equal(&out, &again));
	} else {
		check(!isfinite(value));
	}
	drvp_strbuf_clear(&out);
	drvp_number_print_float(&out, form, number->text, number->len);
	drvp_number_may_be_float(form, number->text, number->len);
	check(!out.failed && out.len);
	drvp_strbuf_free(&out);
	drvp_strbuf_free(&again);
	drvp_strbuf_free(&scratch);
}

static void check_zeros(const struct drvp_json *number)
{
	struct drvp_strbuf out = DRVP_STRBUF_INIT, scratch = DRVP_STRBUF_INIT;

	drvp_number_strip_zeros(&out, number->text, number->len);
	check(!out.failed && out.len && out.len <= number->len);
	if (is_integer(number) || !strpbrk(number->text, "eE")) {
		check(number_of(out.data, out.len) != NULL);
		check(drvp_number_read(&scratch, out.data, out.len) ==
		      drvp_number_read(&scratch, number->text, number->len));
	}
	drvp_strbuf_free(&out);
	drvp_strbuf_free(&scratch);
}

static void check_double(int form, double number)
{
	struct drvp_strbuf out = DRVP_STRBUF_INIT, scratch = DRVP_STRBUF_INIT;

	drvp_number_print_double(&out, form, number);
	check(!out.failed && out.len);
	if (isfinite(number) && number_of(out.data, out.len))
		check(drvp_number_read(&scratch, out.data, out.len) == number);
	else
		check(!isfinite(number));
	drvp_strbuf_free(&out);
	drvp_strbuf_free(&scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	char *text = fuzz_text(&in);
	const struct drvp_json *number = number_of(text, strlen(text));
	uint64_t bits = fuzz_number(&in);
	double value;

	memcpy(&value, &bits, sizeof value);
	for (int form = DRVP_NUMBERS_ES6; form <= DRVP_NUMBERS_STORED; form++) {
		if (number)
			check_form(form, number);
		check_double(form, value);
	}
	if (number)
		check_zeros(number);
	drvp_arena_free(&arena);
	arena = (struct drvp_arena){ 0 };
	free(text);
	return 0;
}
