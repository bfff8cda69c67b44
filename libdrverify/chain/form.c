/* form.c: which of a recipe's ways of hashing an entry was made in */
#include <stdlib.h>
#include <string.h>

#include "chain/preimage.h"

/* Numbers are equal when JavaScript prints them alike: 1, 1.0 and 1e0. */
static bool same_number(const struct drvp_value *value, const struct drvp_json *expected,
			struct drvp_strbuf *text)
{
	size_t middle;
	bool same;

	drvp_strbuf_clear(text);
	drvp_number_print_text(text, DRVP_NUMBERS_ES6, expected->text, expected->len);
	middle = text->len;
	if (value->kind == DRVP_FLOAT)
		drvp_number_print_double(text, DRVP_NUMBERS_ES6, value->number);
	else if (value->kind == DRVP_DECIMAL)
		drvp_number_print_text(text, DRVP_NUMBERS_ES6, value->bytes, value->len);
	else
		drvp_strbuf_printf(text, "%lld", (long long)value->integer);
	same = !text->failed && text->len == 2 * middle &&
	       !memcmp(text->data, text->data + middle, middle);
	return same;
}

static bool equals(const struct drvp_value *value, const struct drvp_json *expected,
		   struct drvp_strbuf *text)
{
	if (value->kind == DRVP_BOOL)
		return expected->type == DRVP_JSON_BOOL && expected->truth == (value->integer != 0);
	if (value->kind == DRVP_INTEGER || value->kind == DRVP_FLOAT || value->kind == DRVP_DECIMAL)
		return expected->type == DRVP_JSON_NUMBER && same_number(value, expected, text);
	if (expected->type != DRVP_JSON_STRING)
		return false;
	drvp_strbuf_clear(text);
	drvp_value_print(text, value);
	return !text->failed && text->len == expected->len &&
	       !memcmp(drvp_strbuf_text(text), expected->text, expected->len);
}

static bool holds(const struct drvp_condition *condition, const struct drvp_value *value,
		  struct drvp_strbuf *text)
{
	switch (condition->op) {
	case DRVP_IS_NULL:
		return value->kind == DRVP_NULL;
	case DRVP_NOT_NULL:
		return value->kind != DRVP_NULL;
	default:
		return value->kind != DRVP_NULL && equals(value, condition->value, text);
	}
}

static bool applies(const struct drvp_entry_form *form, const struct drvp_value *values,
		    struct drvp_strbuf *text)
{
	const struct drvp_conditions *when = &form->version->when;

	for (size_t i = 0; i < when->count; i++)
		if (!holds(&when->list[i], &values[form->when_columns[i]], text))
			return false;
	return true;
}

bool drvp_form_is_fallback(const struct drvp_entry_form *form)
{
	return form->version && !form->version->when.count;
}

const struct drvp_entry_form *drvp_preimage_form(const struct drvp_preimage *p,
					   const struct drvp_value *values,
					   struct drvp_strbuf *scratch)
{
	for (size_t i = 0; i + 1 < p->form_count; i++)
		if (!drvp_form_is_fallback(&p->forms[i]) && applies(&p->forms[i], values, scratch))
			return &p->forms[i];
	return &p->forms[p->form_count - 1];
}

const struct drvp_digest_spec *drvp_form_digest(const struct drvp_entry_form *form,
						const struct drvp_value *values,
						struct drvp_strbuf *scratch)
{
	static const struct drvp_digest_spec sha256 = { DRVP_SHA256, NULL };
	const struct drvp_digest_choice *choice = form->digest;

	if (!choice->case_count)
		return &sha256;
	if (!choice->column)
		return &choice->cases[0].digest;
	drvp_strbuf_clear(scratch);
	drvp_value_print(scratch, &values[form->digest_column]);
	for (size_t i = 0; i < choice->case_count; i++)
		if (!strcmp(drvp_strbuf_text(scratch), choice->cases[i].value))
			return &choice->cases[i].digest;
	return NULL;
}
