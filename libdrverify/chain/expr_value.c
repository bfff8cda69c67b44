/* expr_value.c: readers of the values that expressions are made of */
#include "chain/expr_value.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"

static int wrong(struct drvp_reader *reader, const struct drvp_json *value, const char *expected)
{
	return drvp_document_fail(reader, value, "expected %s, found %s", expected,
				  value->type == DRVP_JSON_STRING
					  ? "other text" : drvp_json_type_name(value->type));
}

int drvp_text_read(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	if (value->type != DRVP_JSON_STRING)
		return wrong(reader, value, "a string");
	*(struct drvp_bytes *)out = (struct drvp_bytes){ value->text, value->len };
	return 0;
}

int drvp_digits_read(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	static const struct {
		const char *word;
		int digits;
	} words[] = {
		{ "trim", DRVP_DIGITS_TRIM },
		{ "thousands", DRVP_DIGITS_THOUSANDS },
		{ "python", DRVP_DIGITS_PYTHON },
		{ "java", DRVP_DIGITS_JAVA },
	};
	struct drvp_number *digits = out;

	if (value->type == DRVP_JSON_NUMBER && value->len == 1) {
		*digits = (struct drvp_number){ true, value->text[0] - '0' };
		return 0;
	}
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (drvp_json_is(value, words[i].word)) {
			*digits = (struct drvp_number){ true, words[i].digits };
			return 0;
		}
	return wrong(reader, value, "0 to 9, \"trim\", \"thousands\", \"python\" or \"java\"");
}

int drvp_integer_read(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	struct drvp_number *number = out;

	if (value->type != DRVP_JSON_NUMBER || value->len > 10 || strpbrk(value->text, ".eE"))
		return wrong(reader, value, "a whole number such as -1");
	*number = (struct drvp_number){ true, strtoll(value->text, NULL, 10) };
	return 0;
}

int drvp_null_policy_read(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	static const struct drvp_field fields[] = {
		{ .name = "text", .kind = DRVP_FIELD_CUSTOM, .flags = DRVP_REQUIRED,
		  .read = drvp_text_read, .schema = "text" },
		{ 0 }
	};
	struct drvp_null_policy *policy = out;

	if (value->type == DRVP_JSON_OBJECT) {
		policy->kind = DRVP_MISSING_TEXT;
		return drvp_fields_read_one(reader, value, fields, &policy->text);
	}
	if (value->type != DRVP_JSON_STRING)
		return wrong(reader, value, "\"omit\", \"null\" or the text that stands for NULL");
	policy->kind = drvp_json_is(value, "omit") ? DRVP_MISSING_OMIT :
		       drvp_json_is(value, "null") ? DRVP_MISSING_NULL : DRVP_MISSING_TEXT;
	policy->text = (struct drvp_bytes){ value->text, value->len };
	return 0;
}

int drvp_key_list_read(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	struct drvp_key_list *list = out;
	struct drvp_json_key *keys;

	if (value->type != DRVP_JSON_ARRAY)
		return wrong(reader, value, "a list of names");
	keys = drvp_arena_array(reader->arena, value->count, sizeof *keys);
	if (!keys)
		return drvp_fail_nomem(reader->err);
	*list = (struct drvp_key_list){ .keys = keys, .set = true };
	for (const struct drvp_json *name = value->first; name; name = name->next) {
		if (name->type != DRVP_JSON_STRING)
			return wrong(reader, name, "a name");
		keys[list->count++] = (struct drvp_json_key){ name->text, name->len };
	}
	return 0;
}

int drvp_allow_keys_read(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	struct drvp_key_list *list = out;

	if (drvp_json_is(value, "top-level")) {
		*list = (struct drvp_key_list){ .set = true, .top_level = true };
		return 0;
	}
	if (value->type != DRVP_JSON_ARRAY)
		return wrong(reader, value, "\"top-level\" or a list of names");
	return drvp_key_list_read(reader, value, out);
}

/* ------------------------------------------------------------------ styles */

struct written_style {
	const struct drvp_json_style *like;
	struct drvp_number escape, numbers, sort;
	struct drvp_json_key separators[2];
	bool has_separators;
	bool typed;
};

static int read_style_name(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	const struct drvp_json_style *style = drvp_json_styles;
	struct drvp_strbuf names = DRVP_STRBUF_INIT;
	int status;

	for (; style->name; style++)
		if (drvp_json_is(value, style->name)) {
			*(const struct drvp_json_style **)out = style;
			return 0;
		}
	for (style = drvp_json_styles; style->name; style++)
		drvp_strbuf_printf(&names, "%s\"%s\"", names.len ? ", " : "", style->name);
	status = drvp_document_fail(reader, value, "expected a style of JSON that this version "
				    "knows: %s, or { \"like\": one of them, … }",
				    drvp_strbuf_text(&names));
	drvp_strbuf_free(&names);
	return status;
}

static int read_separators(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	struct written_style *written = out;
	const struct drvp_json *comma = value->first;

	if (value->type != DRVP_JSON_ARRAY || value->count != 2 ||
	    comma->type != DRVP_JSON_STRING || comma->next->type != DRVP_JSON_STRING ||
	    strlen(comma->text) != comma->len || strlen(comma->next->text) != comma->next->len)
		return wrong(reader, value, "two strings such as [\",\", \": \"]");
	written->separators[0] = (struct drvp_json_key){ comma->text, comma->len };
	written->separators[1] = (struct drvp_json_key){ comma->next->text, comma->next->len };
	written->has_separators = true;
	return 0;
}

const struct drvp_field drvp_json_style_fields[] = {
	{ .name = "like", .kind = DRVP_FIELD_CUSTOM, .flags = DRVP_REQUIRED,
	  .read = read_style_name, .schema = "json_style_name",
	  .offset = offsetof(struct written_style, like),
	  .help = "The style that this one differs from." },
	{ .name = "escape", .kind = DRVP_FIELD_CHOICE, .choices = drvp_json_escape_names,
	  .offset = offsetof(struct written_style, escape),
	  .help = "Which characters are written as \\u…." },
	{ .name = "numbers", .kind = DRVP_FIELD_CHOICE, .choices = drvp_number_names,
	  .offset = offsetof(struct written_style, numbers), .help = "How numbers are written." },
	{ .name = "sort", .kind = DRVP_FIELD_CHOICE, .choices = drvp_json_sort_names,
	  .offset = offsetof(struct written_style, sort),
	  .help = "The order of members, at every depth." },
	{ .name = "separators", .kind = DRVP_FIELD_CUSTOM, .read = read_separators,
	  .schema = "json_separators",
	  .help = "What stands between members, and between a name and its value." },
	{ .name = "typed", .kind = DRVP_FIELD_BOOL, .offset = offsetof(struct written_style, typed),
	  .help = "Within MongoDB's documents dates become {\"$date\": …}, ObjectIds {\"$oid\": …}." },
	{ 0 }
};

int drvp_json_style_read(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	struct written_style written = { 0 };
	struct drvp_json_style *style;
	int status;

	if (value->type != DRVP_JSON_OBJECT)
		return read_style_name(reader, value, out);
	status = drvp_fields_read_one(reader, value, drvp_json_style_fields, &written);
	if (status)
		return status;
	style = drvp_arena_alloc(reader->arena, sizeof *style);
	if (!style)
		return drvp_fail_nomem(reader->err);
	*style = *written.like;
	if (written.escape.set)
		style->escape = (int)written.escape.value;
	if (written.numbers.set)
		style->numbers = (int)written.numbers.value;
	if (written.sort.set)
		style->sort = (int)written.sort.value;
	style->typed = written.typed;
	if (written.has_separators) {
		style->comma = written.separators[0].name;
		style->colon = written.separators[1].name;
	}
	*(const struct drvp_json_style **)out = style;
	return 0;
}
