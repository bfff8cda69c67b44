/* column_text.c: the value of a column, the way the application wrote it into its hash */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/preimage.h"

/* ------------------------------------------------------------------ missing values */

int drvp_put_missing(struct drvp_preimage *p, const struct drvp_null_policy *policy,
		     const struct drvp_json_place *place)
{
	if (place && policy->kind == DRVP_MISSING_DEFAULT && place->null)
		policy = place->null;
	switch (policy->kind) {
	case DRVP_MISSING_OMIT:
		return DRVP_OMITTED;
	case DRVP_MISSING_TEXT:
		if (place)
			drvp_json_print_string(&p->out, place->style, policy->text.bytes,
					       policy->text.len);
		else
			drvp_strbuf_add(&p->out, policy->text.bytes, policy->text.len);
		return DRVP_WRITTEN;
	case DRVP_MISSING_DEFAULT:
		if (!place)
			return DRVP_WAS_NULL;
		/* fall through */
	default:
		drvp_strbuf_add(&p->out, "null", 4);
		return DRVP_WRITTEN;
	}
}

static bool is_zero(const struct drvp_value *value)
{
	if (value->kind == DRVP_DECIMAL) {
		for (size_t i = 0; i < value->len; i++)
			if (value->bytes[i] != '0' && value->bytes[i] != '.' &&
			    value->bytes[i] != '-')
				return false;
		return true;
	}
	return (value->kind == DRVP_INTEGER && !value->integer) ||
	       (value->kind == DRVP_FLOAT && value->number == 0);
}

bool drvp_column_missing(const struct drvp_step *step, const struct drvp_value *value)
{
	int64_t when = step->expr->u.column.omit_when.value;

	if (value->kind == DRVP_NULL)
		return true;
	if (when >= DRVP_OMIT_ZERO && is_zero(value))
		return true;
	return when == DRVP_OMIT_FALSY && ((value->kind == DRVP_BOOL && !value->integer) ||
					   (value->kind == DRVP_TEXT && !value->len));
}

/* ------------------------------------------------------------------ values as text */

static void put_uuid(struct drvp_strbuf *out, const struct drvp_value *value, bool hyphens)
{
	static const unsigned char groups[] = { 8, 4, 4, 4, 12 };
	char digits[32], text[36], *at = text, *from = digits;

	drvp_hex_encode(digits, value->bytes, 16);
	for (size_t i = 0; hyphens && i < sizeof groups; i++) {
		if (i)
			*at++ = '-';
		memcpy(at, from, groups[i]);
		at += groups[i];
		from += groups[i];
	}
	drvp_strbuf_add(out, hyphens ? text : digits, hyphens ? sizeof text : sizeof digits);
}

static void put_integer(struct drvp_strbuf *out, int64_t number)
{
	char text[24], *at = text + sizeof text;
	uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;

	do
		*--at = (char)('0' + rest % 10);
	while (rest /= 10);
	if (number < 0)
		*--at = '-';
	drvp_strbuf_add(out, at, (size_t)(text + sizeof text - at));
}

static void put_float(struct drvp_preimage *p, const struct drvp_step *step, double number,
		      int numbers)
{
	const struct drvp_number *decimals = &step->expr->u.column.decimals;
	char text[400];

	if (step->single)
		number = drvp_number_from_single(number);
	if (decimals->set && number > -1e15 && number < 1e15) {
		snprintf(text, sizeof text, "%.*f", (int)decimals->value, number);
		number = strtod(text, NULL);
	}
	drvp_number_print_double(&p->out, numbers, number);
}

static void put_bool(struct drvp_preimage *p, const struct drvp_column_expr *c, bool truth)
{
	const struct drvp_bytes *word = truth ? &c->truth : &c->falsehood;

	if (word->bytes)
		drvp_strbuf_add(&p->out, word->bytes, word->len);
	else
		drvp_strbuf_str(&p->out, truth ? "true" : "false");
}

/* All but documents, texts and NULL. */
static void put_scalar(struct drvp_preimage *p, const struct drvp_step *step,
		       const struct drvp_value *value, int numbers)
{
	switch (value->kind) {
	case DRVP_BOOL:
		put_bool(p, &step->expr->u.column, value->integer != 0);
		break;
	case DRVP_INTEGER:
		if (step->expr->u.column.stored_as.set)
			drvp_put_time(p, step, value);
		else
			put_integer(&p->out, value->integer);
		break;
	case DRVP_FLOAT:
		put_float(p, step, value->number, numbers);
		break;
	case DRVP_DECIMAL:
		if (step->expr->u.column.decimal.set)
			drvp_number_strip_zeros(&p->out, value->bytes, value->len);
		else
			drvp_strbuf_add(&p->out, value->bytes, value->len);
		break;
	case DRVP_UUID:
		put_uuid(&p->out, value, !step->expr->u.column.uuid.set);
		break;
	case DRVP_BYTES:
	case DRVP_OBJECT_ID:
		drvp_strbuf_hex(&p->out, value->bytes, value->len);
		break;
	default:
		drvp_put_time(p, step, value);
	}
}

static void change_case(char *bytes, size_t len, bool upper)
{
	for (size_t i = 0; i < len; i++)
		if (upper && bytes[i] >= 'a' && bytes[i] <= 'z')
			bytes[i] = (char)(bytes[i] - 'a' + 'A');
		else if (!upper && bytes[i] >= 'A' && bytes[i] <= 'Z')
			bytes[i] = (char)(bytes[i] - 'A' + 'a');
}

/* ------------------------------------------------------------------ values as bytes */

/* A UUID that is stored as text. */
static bool put_uuid_text(struct drvp_strbuf *out, const struct drvp_value *value)
{
	char digits[32];
	uint8_t bytes[16];
	size_t count = 0;

	for (size_t i = 0; i < value->len; i++)
		if (value->bytes[i] != '-') {
			if (count == sizeof digits)
				return false;
			digits[count++] = value->bytes[i];
		}
	if (drvp_hex_decode(digits, count, bytes, sizeof bytes) != (long)sizeof bytes)
		return false;
	drvp_strbuf_add(out, bytes, sizeof bytes);
	return true;
}

static bool put_base64(struct drvp_strbuf *out, const struct drvp_value *value)
{
	size_t most = value->len / 4 * 3;
	long len;

	if (!drvp_strbuf_reserve(out, most + 1))
		return true;
	len = drvp_base64_decode(value->bytes, value->len, (uint8_t *)out->data + out->len, most);
	out->len += len > 0 ? (size_t)len : 0;
	return len >= 0;
}

static bool put_bytes(struct drvp_strbuf *out, const struct drvp_value *value, int64_t form)
{
	if (form >= DRVP_BYTES_I16BE) {
		drvp_put_big_endian(out, (uint64_t)value->integer, form);
		return value->kind == DRVP_INTEGER;
	}
	if (form == DRVP_BYTES_UUID && value->kind == DRVP_TEXT)
		return put_uuid_text(out, value);
	if (form == DRVP_BYTES_BASE64)
		return value->kind == DRVP_TEXT && put_base64(out, value);
	if (value->kind != DRVP_UUID && value->kind != DRVP_BYTES && value->kind != DRVP_TEXT &&
	    value->kind != DRVP_OBJECT_ID)
		return false;
	drvp_strbuf_add(out, value->bytes, value->len);
	return true;
}

/* ------------------------------------------------------------------ one column */

static bool is_number(const struct drvp_step *step, const struct drvp_value *value,
		      const struct drvp_json_style *style)
{
	const struct drvp_column_expr *c = &step->expr->u.column;
	bool time = drvp_is_time(value) || c->stored_as.set;
	bool number = (value->kind == DRVP_INTEGER && !time) || value->kind == DRVP_FLOAT ||
		      value->kind == DRVP_BOOL ||
		      (value->kind == DRVP_DECIMAL && style->decimals_are_numbers) ||
		      (time && c->time.set && c->time.value != DRVP_TIME_ISO8601 &&
		       c->time.value != DRVP_TIME_JS_DATE);

	if (!c->as.set)
		return number;
	return c->as.value == DRVP_AS_NUMBER && (number || value->kind == DRVP_DECIMAL);
}

/* A numeric column as a JSON number goes through the language's own number type. */
static void put_decimal_number(struct drvp_preimage *p, size_t mark, int numbers)
{
	drvp_strbuf_clear(&p->scratch);
	drvp_strbuf_add(&p->scratch, p->out.data + mark, p->out.len - mark);
	p->out.len = mark;
	drvp_number_print_text(&p->out, numbers, drvp_strbuf_text(&p->scratch), p->scratch.len);
}

static void put_json(struct drvp_preimage *p, const struct drvp_step *step,
		     const struct drvp_value *value, const struct drvp_json_style *style)
{
	bool number = is_number(step, value, style);
	size_t mark;

	if (!number)
		drvp_strbuf_char(&p->out, '"');
	mark = p->out.len;
	put_scalar(p, step, value, style->numbers);
	if (step->expr->u.column.letter_case.set && !p->out.failed)
		change_case(p->out.data + mark, p->out.len - mark,
			    step->expr->u.column.letter_case.value == DRVP_CASE_UPPER);
	if (number && value->kind == DRVP_DECIMAL && !p->out.failed)
		put_decimal_number(p, mark, style->numbers);
	if (!number)
		drvp_strbuf_char(&p->out, '"');
}

static void put_json_text(struct drvp_preimage *p, const struct drvp_step *step,
			  const struct drvp_value *value, const struct drvp_json_style *style)
{
	const struct drvp_column_expr *c = &step->expr->u.column;

	if (!c->letter_case.set) {
		drvp_json_print_string(&p->out, style, value->bytes, value->len);
		return;
	}
	drvp_strbuf_clear(&p->scratch);
	drvp_strbuf_add(&p->scratch, value->bytes, value->len);
	if (p->scratch.failed) {
		p->out.failed = true;
		return;
	}
	change_case(p->scratch.data, p->scratch.len, c->letter_case.value == DRVP_CASE_UPPER);
	drvp_json_print_string(&p->out, style, p->scratch.data, p->scratch.len);
}

static void put_text(struct drvp_preimage *p, const struct drvp_step *step,
		     const struct drvp_value *value)
{
	const struct drvp_column_expr *c = &step->expr->u.column;
	size_t mark = p->out.len;

	if (value->kind == DRVP_TEXT)
		drvp_strbuf_add(&p->out, value->bytes, value->len);
	else
		put_scalar(p, step, value, DRVP_NUMBERS_ES6);
	if (c->letter_case.set && !p->out.failed)
		change_case(p->out.data + mark, p->out.len - mark,
			    c->letter_case.value == DRVP_CASE_UPPER);
}

/* Text that was read as JSON and written again. */
static void put_parsed(struct drvp_preimage *p, const struct drvp_value *value,
		       const struct drvp_json_style *style, const struct drvp_json_place *place)
{
	const struct drvp_json *tree = value->kind == DRVP_TEXT ?
		drvp_parse_text(p, value->bytes, value->len) : NULL;

	if (tree)
		drvp_put_document(p, tree, false, style, place ? place->filter : NULL);
	else
		p->impossible = true;
}

int drvp_put_column(struct drvp_preimage *p, const struct drvp_step *step,
		    const struct drvp_json_place *place)
{
	const struct drvp_column_expr *c = &step->expr->u.column;
	const struct drvp_value *value = &p->values[step->column];
	const struct drvp_json_style *style = step->style ? step->style :
					      place ? place->style : NULL;
	struct drvp_null_policy policy = c->null;

	if (drvp_column_missing(step, value)) {
		if (policy.kind == DRVP_MISSING_DEFAULT && c->omit_when.set)
			policy.kind = DRVP_MISSING_OMIT;
		return drvp_put_missing(p, &policy, place);
	}
	if (value->kind == DRVP_DOCUMENT && !style && value->bytes)
		drvp_strbuf_add(&p->out, value->bytes, value->len);
	else if (value->kind == DRVP_DOCUMENT)
		drvp_put_document(p, value->json, value->order_lost,
				  style ? style : drvp_json_style_named("postgres-jsonb"),
				  place ? place->filter : NULL);
	else if (c->parse)
		put_parsed(p, value, style, place);
	else if (c->bytes.set && !c->time.set)
		p->impossible |= !put_bytes(&p->out, value, c->bytes.value);
	else if (style && value->kind == DRVP_TEXT)
		put_json_text(p, step, value, style);
	else if (style)
		put_json(p, step, value, style);
	else
		put_text(p, step, value);
	return DRVP_WRITTEN;
}
