/* fields.c: the one reader that obeys the tables which say what members an object may have */
#include "document/fields.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define NAMES_MAX 64

bool drvp_names_have(const struct drvp_names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (!strcmp(names->names[i], name))
			return true;
	return false;
}

/* ------------------------------------------------------------------ messages */

static int fail_at(struct drvp_reader *reader, uint32_t line, uint32_t column, const char *format,
		   va_list args)
{
	char text[sizeof reader->err->message];

	vsnprintf(text, sizeof text, format, args);
	return drvp_fail(reader->err, DRV_E_DOCUMENT, "%s:%u:%u: %s", reader->file, line, column,
			 text);
}

int drvp_document_fail(struct drvp_reader *reader, const struct drvp_json *value,
		       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fail_at(reader, value->line, value->column, format, args);
	va_end(args);
	return DRV_E_DOCUMENT;
}

static int fail_at_name(struct drvp_reader *reader, const struct drvp_json *member,
			const char *format, ...) DRVP_PRINTF(3, 4);

static int fail_at_name(struct drvp_reader *reader, const struct drvp_json *member,
			const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fail_at(reader, member->key_line, member->key_column, format, args);
	va_end(args);
	return DRV_E_DOCUMENT;
}

/* The member's name, so that the message can be understood without looking at the place. */
static int fail_expected(struct drvp_reader *reader, const struct drvp_json *value,
			 const char *expected, const char *found)
{
	struct drvp_strbuf name = DRVP_STRBUF_INIT;

	if (value->key) {
		drvp_json_print_name(&name, value->key, value->key_len);
		drvp_strbuf_str(&name, ": ");
	}
	drvp_document_fail(reader, value, "%sexpected %s, found %s", drvp_strbuf_text(&name),
			   expected, found);
	drvp_strbuf_free(&name);
	return DRV_E_DOCUMENT;
}

static int wrong_type(struct drvp_reader *reader, const struct drvp_json *value,
		      const char *expected)
{
	return fail_expected(reader, value, expected, drvp_json_type_name(value->type));
}

/* For a value of the right type whose text does not do. The text itself is not shown. */
static int wrong_text(struct drvp_reader *reader, const struct drvp_json *value,
		      const char *expected)
{
	return fail_expected(reader, value, expected,
			     value->len ? "other text" : "an empty string");
}

/* ------------------------------------------------------------------ values */

int drvp_document_text(struct drvp_reader *reader, const struct drvp_json *value, const char *what,
		       const char **out)
{
	if (value->type != DRVP_JSON_STRING)
		return wrong_type(reader, value, what);
	if (memchr(value->text, '\0', value->len))
		return fail_expected(reader, value, what, "a NUL in it");
	*out = value->text;
	return 0;
}

static int read_bool(struct drvp_reader *reader, const struct drvp_json *value, bool *out)
{
	if (value->type != DRVP_JSON_BOOL)
		return wrong_type(reader, value, "true or false");
	*out = value->truth;
	return 0;
}

/* Digits only: 1.0 and 1e3 would need rounding rules that nobody asked for. */
static int read_amount(struct drvp_reader *reader, const struct drvp_json *value,
		       const char *expected, int64_t *out)
{
	int64_t number = 0;

	if (value->type != DRVP_JSON_NUMBER)
		return wrong_type(reader, value, expected);
	for (size_t i = 0; i < value->len; i++) {
		char c = value->text[i];

		if (c == '-')
			return fail_expected(reader, value, expected, "a negative number");
		if (c < '0' || c > '9')
			return fail_expected(reader, value, expected,
					     "a number with a fraction or an exponent");
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, c - '0', &number))
			return fail_expected(reader, value, expected, "a number above 2^63-1");
	}
	*out = number;
	return 0;
}

static int read_uint(struct drvp_reader *reader, const struct drvp_json *value,
		     struct drvp_number *out)
{
	out->set = true;
	return read_amount(reader, value, "a whole number such as 50000", &out->value);
}

static int read_column(struct drvp_reader *reader, const struct drvp_json *value, const char **out)
{
	int status = drvp_document_text(reader, value, "the name of a column", out);

	if (!status && !value->len)
		return wrong_text(reader, value, "the name of a column");
	return status;
}

static int read_columns(struct drvp_reader *reader, const struct drvp_json *value,
			struct drvp_names *out)
{
	const char **names;
	size_t count = 0;

	if (value->type != DRVP_JSON_ARRAY)
		return wrong_type(reader, value, "a list of columns");
	if (!value->count)
		return fail_expected(reader, value, "at least one column", "none");
	names = drvp_arena_array(reader->arena, value->count, sizeof *names);
	if (!names)
		return drvp_fail_nomem(reader->err);
	for (const struct drvp_json *item = value->first; item; item = item->next) {
		int status = read_column(reader, item, &names[count++]);

		if (status)
			return status;
	}
	out->names = names;
	out->count = count;
	return 0;
}

static int read_duration(struct drvp_reader *reader, const struct drvp_json *value,
			 struct drvp_number *out)
{
	static const char expected[] = "a duration such as \"90m\"";

	if (value->type != DRVP_JSON_STRING)
		return wrong_type(reader, value, expected);
	if (!drvp_duration_parse(&out->value, value->text, value->len))
		return wrong_text(reader, value, expected);
	out->set = true;
	return 0;
}

static int read_time(struct drvp_reader *reader, const struct drvp_json *value,
		     struct drvp_number *out)
{
	static const char expected[] = "a time with its zone such as \"2025-12-30T05:30:00Z\"";

	if (value->type != DRVP_JSON_STRING)
		return wrong_type(reader, value, expected);
	if (!drvp_instant_parse(&out->value, value->text, value->len))
		return wrong_text(reader, value, expected);
	out->set = true;
	return 0;
}

/* "2%", "0.125%", at most "100%"; in thousandths of a percent. */
static bool parse_percentage(const char *text, size_t len, int64_t *thousandths)
{
	size_t at = 0;
	int64_t amount = 0;
	int decimals = 0;

	while (at < len && at < 3 && text[at] >= '0' && text[at] <= '9')
		amount = amount * 10 + (text[at++] - '0');
	if (!at || (at > 1 && text[0] == '0'))
		return false;
	if (at < len && text[at] == '.') {
		for (at++; at < len && text[at] >= '0' && text[at] <= '9'; decimals++)
			if (decimals < 3)
				amount = amount * 10 + (text[at++] - '0');
			else
				return false;
		if (!decimals)
			return false;
	}
	for (; decimals < 3; decimals++)
		amount *= 10;
	*thousandths = amount;
	return at + 1 == len && text[at] == '%' && amount <= 100000;
}

/* More than all of what is compared is no tolerance, and would hide any loss. */
static int read_tolerance(struct drvp_reader *reader, const struct drvp_json *value,
			  struct drvp_tolerance *out)
{
	static const char expected[] = "a whole number or a percentage such as \"2%\"";
	static const char percentage[] =
		"\"0%\" to \"100%\" with at most three decimals, such as \"0.5%\"";

	out->set = true;
	out->percent = value->type == DRVP_JSON_STRING;
	if (!out->percent)
		return read_amount(reader, value, expected, &out->amount);
	if (!parse_percentage(value->text, value->len, &out->amount))
		return wrong_text(reader, value, percentage);
	return 0;
}

static int read_choice(struct drvp_reader *reader, const struct drvp_json *value,
		       const char *const *choices, struct drvp_number *out)
{
	struct drvp_strbuf expected = DRVP_STRBUF_INIT;
	const char *near;
	size_t count;

	for (count = 0; choices[count]; count++)
		if (drvp_json_is(value, choices[count])) {
			*out = (struct drvp_number){ true, (int64_t)count };
			return 0;
		}
	for (size_t i = 0; i < count; i++)
		drvp_strbuf_printf(&expected, "%s\"%s\"", !i ? "" : i + 1 < count ? ", " : " or ",
				   choices[i]);
	near = value->type == DRVP_JSON_STRING
		       ? drvp_suggest(value->text, value->len, choices, count) : NULL;
	if (near)
		drvp_strbuf_printf(&expected, " (did you mean \"%s\"?)", near);
	if (value->type == DRVP_JSON_STRING)
		wrong_text(reader, value, drvp_strbuf_text(&expected));
	else
		wrong_type(reader, value, drvp_strbuf_text(&expected));
	drvp_strbuf_free(&expected);
	return DRV_E_DOCUMENT;
}

static int read_value(struct drvp_reader *reader, const struct drvp_field *field,
		      const struct drvp_json *value, void *out)
{
	switch (field->kind) {
	case DRVP_FIELD_BOOL:
		return read_bool(reader, value, out);
	case DRVP_FIELD_UINT:
		return read_uint(reader, value, out);
	case DRVP_FIELD_TEXT:
		return drvp_document_text(reader, value, "a string", out);
	case DRVP_FIELD_COLUMN:
		return read_column(reader, value, out);
	case DRVP_FIELD_COLUMNS:
		return read_columns(reader, value, out);
	case DRVP_FIELD_DURATION:
		return read_duration(reader, value, out);
	case DRVP_FIELD_TIME:
		return read_time(reader, value, out);
	case DRVP_FIELD_TOLERANCE:
		return read_tolerance(reader, value, out);
	case DRVP_FIELD_CHOICE:
		return read_choice(reader, value, field->choices, out);
	case DRVP_FIELD_OBJECT:
		return drvp_fields_read_one(reader, value, field->fields, out);
	case DRVP_FIELD_ANY:
		*(const struct drvp_json **)out = value;
		return 0;
	case DRVP_FIELD_CUSTOM:
		return field->read(reader, value, out);
	default:
		return drvp_fail(reader->err, DRV_E_INTERNAL, "field \"%s\" has no kind",
				 field->name);
	}
}

/* ------------------------------------------------------------------ tables */

static int fail_unknown(struct drvp_reader *reader, const struct drvp_json *member,
			const struct drvp_field *const *tables)
{
	const char *names[NAMES_MAX], *near;
	struct drvp_strbuf unknown = DRVP_STRBUF_INIT, known = DRVP_STRBUF_INIT;
	size_t count = 0;

	for (; *tables; tables++)
		for (const struct drvp_field *field = *tables; field->name; field++)
			if (count < NAMES_MAX) {
				drvp_strbuf_printf(&known, "%s%s", count ? ", " : "", field->name);
				names[count++] = field->name;
			}
	drvp_json_print_name(&unknown, member->key, member->key_len);
	near = drvp_suggest(member->key, member->key_len, names, count);
	if (near)
		fail_at_name(reader, member, "unknown member %s; did you mean \"%s\"?",
			     drvp_strbuf_text(&unknown), near);
	else
		fail_at_name(reader, member, "unknown member %s; expected one of: %s",
			     drvp_strbuf_text(&unknown), drvp_strbuf_text(&known));
	drvp_strbuf_free(&unknown);
	drvp_strbuf_free(&known);
	return DRV_E_DOCUMENT;
}

static int read_member(struct drvp_reader *reader, const struct drvp_json *member,
		       const struct drvp_field *const *tables, void *const *outs)
{
	for (size_t i = 0; tables[i]; i++)
		for (const struct drvp_field *field = tables[i]; field->name; field++)
			if (strlen(field->name) == member->key_len &&
			    !memcmp(field->name, member->key, member->key_len))
				return read_value(reader, field, member,
						  (char *)outs[i] + field->offset);
	return fail_unknown(reader, member, tables);
}

int drvp_fields_read(struct drvp_reader *reader, const struct drvp_json *object,
		     const struct drvp_field *const *tables, void *const *outs)
{
	if (object->type != DRVP_JSON_OBJECT)
		return wrong_type(reader, object, "an object");
	for (const struct drvp_json *m = object->first; m; m = m->next) {
		int status = read_member(reader, m, tables, outs);

		if (status)
			return status;
	}
	for (; *tables; tables++)
		for (const struct drvp_field *field = *tables; field->name; field++)
			if (field->flags & DRVP_REQUIRED && !drvp_json_member(object, field->name))
				return drvp_document_fail(reader, object, "\"%s\" is missing",
							  field->name);
	return 0;
}

int drvp_fields_read_one(struct drvp_reader *reader, const struct drvp_json *object,
			 const struct drvp_field *table, void *out)
{
	const struct drvp_field *const tables[] = { table, NULL };
	void *const outs[] = { out };

	return drvp_fields_read(reader, object, tables, outs);
}
