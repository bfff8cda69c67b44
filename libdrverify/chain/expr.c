/* expr.c: the expressions of a recipe: their forms, and the reader that obeys them */
#include "chain/expr.h"

#include <string.h>

#include "base/digest.h"
#include "chain/expr_parts.h"
#include "chain/expr_value.h"

/* ------------------------------------------------------------------ what the tables cannot say */

static int validate_column(struct drvp_reader *reader, const struct drvp_expr *expr)
{
	const struct drvp_column_expr *c = &expr->u.column;
	bool iso = c->time.set && c->time.value == DRVP_TIME_ISO8601;
	bool number = c->time.set && (c->time.value == DRVP_TIME_EPOCH ||
				      c->time.value == DRVP_TIME_FRACTION);

	if ((c->digits.set || c->zone.set || c->separator.set) && !iso)
		return drvp_document_fail(reader, expr->node, "\"digits\", \"zone\" and "
					  "\"separator\" need \"time\": \"iso8601\"");
	if (number != c->unit.set)
		return drvp_document_fail(reader, expr->node, "\"time\": \"epoch\" or \"fraction\", "
					  "and \"unit\" belong together");
	if (c->zone_name && c->time.value != DRVP_TIME_JS_DATE)
		return drvp_document_fail(reader, expr->node, "\"zone_name\" needs \"time\": "
					  "\"js-date\"");
	if (c->rounding.set && !iso && !number)
		return drvp_document_fail(reader, expr->node, "\"rounding\" needs \"time\"");
	if (c->stored_as.set && !c->time.set)
		return drvp_document_fail(reader, expr->node, "\"stored_as\" needs \"time\"");
	if ((c->json != NULL) + c->decimal.set + c->uuid.set + (c->bytes.set || c->time.set) > 1 ||
	    (c->time.set && c->bytes.set && (iso || c->time.value == DRVP_TIME_JS_DATE ||
					     c->bytes.value < DRVP_BYTES_I16BE)))
		return drvp_document_fail(reader, expr->node, "only one of \"time\", \"bytes\", "
					  "\"json\", \"decimal\" and \"uuid\" can be right, "
					  "but for a time as a number of bytes");
	if (c->parse && !c->json)
		return drvp_document_fail(reader, expr->node, "\"parse\" needs \"json\": the style "
					  "in which it was written again");
	return 0;
}

/* Bytes that are no text, or NULL. */
static const char *raw_part(const struct drvp_expr *expr)
{
	const struct drvp_expr_list *list = &expr->u.list;
	const struct drvp_expr *other;

	switch (expr->kind) {
	case DRVP_EXPR_HEX:
		return "\"hex\"";
	case DRVP_EXPR_PREVIOUS:
		return expr->u.previous.value == DRVP_PREVIOUS_BYTES ? "\"previous\": \"bytes\"" :
								       NULL;
	case DRVP_EXPR_DIGEST:
		return expr->u.digest.as.value == DRVP_DIGEST_BYTES ? "\"as\": \"bytes\"" : NULL;
	case DRVP_EXPR_COLUMN:
		return expr->u.column.bytes.set ? "\"bytes\"" : NULL;
	case DRVP_EXPR_UNESCAPE:
		return "\"unescape\"";
	case DRVP_EXPR_PRESENT:
		other = expr->u.present.otherwise;
		return raw_part(expr->u.present.then) ? raw_part(expr->u.present.then) :
		       other ? raw_part(other) : NULL;
	case DRVP_EXPR_LENGTH_PREFIXED:
		return expr->u.length.length.value != DRVP_LENGTH_DECIMAL ? "a binary length" :
			raw_part(expr->u.length.inner);
	case DRVP_EXPR_JOIN:
		list = &expr->u.join.parts;
		break;
	case DRVP_EXPR_LIST:
		break;
	default:
		return NULL;
	}
	for (size_t i = 0; i < list->count; i++)
		if (raw_part(&list->items[i]))
			return raw_part(&list->items[i]);
	return NULL;
}

static int refuse_raw(struct drvp_reader *reader, const struct drvp_expr *expr)
{
	const char *raw = raw_part(expr);

	return raw ? drvp_document_fail(reader, expr->node, "%s gives bytes, which cannot stand in "
					"JSON", raw) : 0;
}

static int validate_json(struct drvp_reader *reader, const struct drvp_expr *expr)
{
	const struct drvp_json_expr *j = &expr->u.json;
	int status = 0;

	if (j->object.set + j->has_array + j->all_except.set != 1)
		return drvp_document_fail(reader, expr->node, "\"json\" needs one of \"object\", "
					  "\"array\" and \"all_except\"");
	if (j->columns.set && !j->all_except.set)
		return drvp_document_fail(reader, expr->node, "\"columns\" needs \"all_except\"");
	if (j->has_array && (j->keys.set || j->allow_keys.top_level))
		return drvp_document_fail(reader, expr->node, "an \"array\" has no keys");
	for (size_t i = 0; !status && i < j->object.count; i++)
		status = refuse_raw(reader, j->object.items[i].value);
	for (size_t i = 0; !status && i < j->columns.count; i++)
		status = refuse_raw(reader, j->columns.items[i].value);
	for (size_t i = 0; !status && i < j->array.count; i++)
		status = refuse_raw(reader, &j->array.items[i]);
	return status;
}

/* ------------------------------------------------------------------ forms */

#define FIELD(type, member_name) .offset = offsetof(struct type, member_name)
#define CUSTOM(reader, definition) \
	.kind = DRVP_FIELD_CUSTOM, .read = reader, .schema = definition
#define CHOICE(names) .kind = DRVP_FIELD_CHOICE, .choices = names

static const char *const omit_names[] = { "null", "zero", "falsy", NULL };
static const char *const time_names[] = { "iso8601", "epoch", "dotnet-ticks", "fraction",
					  "js-date", NULL };
static const char *const zone_names[] = { "Z", "+00:00", "none", NULL };
static const char *const separator_names[] = { "T", " ", NULL };
static const char *const unit_names[] = { "s", "ms", "us", "ns", NULL };
static const char *const precision_names[] = { "us", "ms", "s", NULL };
static const char *const rounding_names[] = { "truncate", "round", NULL };
static const char *const case_names[] = { "lower", "upper", NULL };
static const char *const byte_names[] = { "uuid", "bytea", "base64", "i16be", "i32be", "i64be",
					  NULL };
static const char *const uuid_names[] = { "plain", NULL };
static const char *const decimal_names[] = { "strip zeros", NULL };
static const char *const as_names[] = { "number", "text", NULL };
static const char *const previous_names[] = { "text", "bytes", NULL };
static const char *const algorithm_names[] = { "sha256", "sha384", "sha512", NULL };
static const char *const digest_names[] = { "hex", "bytes", NULL };
static const char *const length_names[] = { "decimal:", "u32be", "i32be", "u64be", NULL };
static const char *const keys_names[] = { "listed", "sorted", NULL };

static const struct drvp_field column_fields[] = {
	{ .name = "column", .kind = DRVP_FIELD_COLUMN, .flags = DRVP_REQUIRED,
	  FIELD(drvp_column_expr, column), .help = "The column, or the dotted path in a "
	    "document." },
	{ .name = "null", CUSTOM(drvp_null_policy_read, "null_policy"),
	  FIELD(drvp_column_expr, null), .help = "What stands for a missing value." },
	{ .name = "omit_when", CHOICE(omit_names), FIELD(drvp_column_expr, omit_when),
	  .help = "Which values count as missing: NULL; also 0; also 0, false and \"\"." },
	{ .name = "time", CHOICE(time_names), FIELD(drvp_column_expr, time),
	  .help = "How a time was written." },
	{ .name = "digits", CUSTOM(drvp_digits_read, "time_digits"),
	  FIELD(drvp_column_expr, digits), .help = "Digits of the second's fraction." },
	{ .name = "zone", CHOICE(zone_names), FIELD(drvp_column_expr, zone),
	  .help = "How UTC was written." },
	{ .name = "separator", CHOICE(separator_names), FIELD(drvp_column_expr, separator),
	  .help = "What stood between date and time." },
	{ .name = "column_zone", .kind = DRVP_FIELD_TEXT, FIELD(drvp_column_expr, column_zone),
	  .help = "For a column without zone: the zone of the application that wrote it." },
	{ .name = "local_zone", .kind = DRVP_FIELD_TEXT, FIELD(drvp_column_expr, local_zone),
	  .help = "The zone in which it was written: \"Asia/Seoul\" or \"+09:00\"." },
	{ .name = "zone_name", .kind = DRVP_FIELD_TEXT, FIELD(drvp_column_expr, zone_name),
	  .help = "What Date.toString() called that zone: \"Korean Standard Time\"." },
	{ .name = "precision", CHOICE(precision_names), FIELD(drvp_column_expr, precision),
	  .help = "To which unit the application had cut the time before." },
	{ .name = "stored_as", CHOICE(unit_names), FIELD(drvp_column_expr, stored_as),
	  .help = "The column is a number: a time in this unit since 1970." },
	{ .name = "unit", CHOICE(unit_names), FIELD(drvp_column_expr, unit),
	  .help = "The unit of an epoch." },
	{ .name = "rounding", CHOICE(rounding_names), FIELD(drvp_column_expr, rounding),
	  .help = "What became of the digits that were not written." },
	{ .name = "case", CHOICE(case_names), FIELD(drvp_column_expr, letter_case),
	  .help = "Changes ASCII letters." },
	{ .name = "bytes", CHOICE(byte_names), FIELD(drvp_column_expr, bytes),
	  .help = "The value as bytes instead of text." },
	{ .name = "decimal", CHOICE(decimal_names), FIELD(drvp_column_expr, decimal),
	  .help = "1.500 was written as 1.5." },
	{ .name = "decimals", .kind = DRVP_FIELD_UINT, FIELD(drvp_column_expr, decimals),
	  .help = "The digits to which a float was rounded." },
	{ .name = "uuid", CHOICE(uuid_names), FIELD(drvp_column_expr, uuid),
	  .help = "plain: without hyphens." },
	{ .name = "true", CUSTOM(drvp_text_read, "text"), FIELD(drvp_column_expr, truth),
	  .help = "In text: what stands for true." },
	{ .name = "false", CUSTOM(drvp_text_read, "text"), FIELD(drvp_column_expr, falsehood),
	  .help = "In text: what stands for false." },
	{ .name = "parse", .kind = DRVP_FIELD_BOOL, FIELD(drvp_column_expr, parse),
	  .help = "The text is JSON, which was read and written again as \"json\" says." },
	{ .name = "as", CHOICE(as_names), FIELD(drvp_column_expr, as),
	  .help = "In JSON: whether it was a number or a string." },
	{ .name = "json", CUSTOM(drvp_json_style_read, "json_style"),
	  FIELD(drvp_column_expr, json), .help = "The value as JSON of this style." },
	{ 0 }
};

static const struct drvp_field join_fields[] = {
	{ .name = "join", CUSTOM(drvp_expr_list_read, "expressions"), .flags = DRVP_REQUIRED,
	  FIELD(drvp_join_expr, parts), .help = "The parts." },
	{ .name = "with", CUSTOM(drvp_text_read, "text"), .flags = DRVP_REQUIRED,
	  FIELD(drvp_join_expr, with), .help = "What stands between them." },
	{ .name = "null", CUSTOM(drvp_null_policy_read, "null_policy"),
	  FIELD(drvp_join_expr, null), .help = "What stands for a missing value: \"\"." },
	{ 0 }
};

static const struct drvp_field hex_fields[] = {
	{ .name = "hex", CUSTOM(drvp_hex_read, "hex"), .flags = DRVP_REQUIRED,
	  .help = "These bytes." },
	{ 0 }
};

static const struct drvp_field text_fields[] = {
	{ .name = "text", CUSTOM(drvp_text_read, "text"), .flags = DRVP_REQUIRED,
	  .help = "This text." },
	{ 0 }
};

static const struct drvp_field previous_fields[] = {
	{ .name = "previous", CHOICE(previous_names), .flags = DRVP_REQUIRED,
	  .help = "The hash of the entry before, as it is stored or as bytes." },
	{ 0 }
};

static const struct drvp_field digest_fields[] = {
	{ .name = "digest", CUSTOM(drvp_expr_read, "expression"), .flags = DRVP_REQUIRED,
	  FIELD(drvp_digest_expr, inner), .help = "What is hashed." },
	{ .name = "algorithm", CHOICE(algorithm_names), FIELD(drvp_digest_expr, algorithm),
	  .help = "sha256 when absent." },
	{ .name = "as", CHOICE(digest_names), FIELD(drvp_digest_expr, as),
	  .help = "hex when absent." },
	{ 0 }
};

static const struct drvp_field length_fields[] = {
	{ .name = "length_prefixed", CUSTOM(drvp_expr_read, "expression"), .flags = DRVP_REQUIRED,
	  FIELD(drvp_length_expr, inner), .help = "What follows its own length in bytes." },
	{ .name = "length", CHOICE(length_names), .flags = DRVP_REQUIRED,
	  FIELD(drvp_length_expr, length), .help = "How the length is written." },
	{ .name = "null", CUSTOM(drvp_integer_read, "integer"), FIELD(drvp_length_expr, null),
	  .help = "The length that stands for a missing value: 0 when absent." },
	{ 0 }
};

static const struct drvp_field json_fields[] = {
	{ .name = "json", CUSTOM(drvp_json_style_read, "json_style"), .flags = DRVP_REQUIRED,
	  FIELD(drvp_json_expr, style), .help = "Whose printer wrote it." },
	{ .name = "object", CUSTOM(drvp_expr_object_read, "members"), FIELD(drvp_json_expr, object),
	  .help = "Names and values, in order." },
	{ .name = "array", CUSTOM(drvp_expr_array_read, "expressions"), .help = "Values, in order." },
	{ .name = "all_except", CUSTOM(drvp_key_list_read, "names"),
	  FIELD(drvp_json_expr, all_except),
	  .help = "All columns of the table but these and the hash." },
	{ .name = "columns", CUSTOM(drvp_expr_columns_read, "columns"), FIELD(drvp_json_expr, columns),
	  .help = "With all_except: how some of them were written." },
	{ .name = "null", CUSTOM(drvp_null_policy_read, "null_policy"),
	  FIELD(drvp_json_expr, null), .help = "What stands for missing values: null." },
	{ .name = "keys", CHOICE(keys_names), FIELD(drvp_json_expr, keys),
	  .help = "The order of this object's members." },
	{ .name = "allow_keys", CUSTOM(drvp_allow_keys_read, "allow_keys"),
	  FIELD(drvp_json_expr, allow_keys),
	  .help = "Only members of these names, at every depth and in this order." },
	{ .name = "drop_keys", CUSTOM(drvp_key_list_read, "names"),
	  FIELD(drvp_json_expr, drop_keys), .help = "No member of these names, at any depth." },
	{ .name = "drop_empty", .kind = DRVP_FIELD_BOOL, FIELD(drvp_json_expr, drop_empty),
	  .help = "No member whose value is an empty object, at any depth." },
	{ 0 }
};

static const struct drvp_field stored_fields[] = {
	{ .name = "stored", .kind = DRVP_FIELD_COLUMN, .flags = DRVP_REQUIRED,
	  FIELD(drvp_stored_expr, column), .help = "The column with the very bytes." },
	{ .name = "claims", CUSTOM(drvp_expr_object_read, "members"), FIELD(drvp_stored_expr, claims),
	  .help = "Members of that JSON, and what they have to be." },
	{ 0 }
};

static const struct drvp_field present_fields[] = {
	{ .name = "present", .kind = DRVP_FIELD_COLUMN, .flags = DRVP_REQUIRED,
	  FIELD(drvp_present_expr, column), .help = "The column to look at." },
	{ .name = "then", CUSTOM(drvp_expr_read, "expression"), .flags = DRVP_REQUIRED,
	  FIELD(drvp_present_expr, then), .help = "What was hashed when it is not NULL." },
	{ .name = "else", CUSTOM(drvp_expr_read, "expression"),
	  FIELD(drvp_present_expr, otherwise), .help = "What was hashed when it is NULL." },
	{ 0 }
};

static const struct drvp_field unescape_fields[] = {
	{ .name = "unescape", CUSTOM(drvp_expr_read, "expression"), .flags = DRVP_REQUIRED,
	  .help = "Text that PostgreSQL's text::bytea turned into bytes." },
	{ 0 }
};

static const struct drvp_field literal_fields[] = {
	{ .name = "literal", CUSTOM(drvp_expr_literal_read, "literal"), .flags = DRVP_REQUIRED,
	  .help = "In JSON: this number, true, false or null." },
	{ 0 }
};

static const struct drvp_field unstored_fields[] = {
	{ .name = "unstored", .kind = DRVP_FIELD_TEXT, .flags = DRVP_REQUIRED,
	  .help = "Why what was hashed cannot be had." },
	{ 0 }
};

/* "column" comes before "json", which a column may have too. */
const struct drvp_expr_form drvp_expr_forms[] = {
	{ "column", DRVP_EXPR_COLUMN, "The value of a column.", column_fields, validate_column },
	{ "join", DRVP_EXPR_JOIN, "Parts with a separator between them.", join_fields, NULL },
	{ "previous", DRVP_EXPR_PREVIOUS, "The hash of the entry before.", previous_fields, NULL },
	{ "digest", DRVP_EXPR_DIGEST, "The hash of something.", digest_fields, NULL },
	{ "length_prefixed", DRVP_EXPR_LENGTH_PREFIXED, "Something after its length.",
	  length_fields, NULL },
	{ "json", DRVP_EXPR_JSON, "JSON as a language prints it.", json_fields, validate_json },
	{ "hex", DRVP_EXPR_HEX, "Bytes.", hex_fields, NULL },
	{ "text", DRVP_EXPR_TEXT, "Text; a bare string is the same.", text_fields, NULL },
	{ "stored", DRVP_EXPR_STORED, "The bytes as they are stored.", stored_fields, NULL },
	{ "present", DRVP_EXPR_PRESENT, "One of two, by whether a column is NULL.",
	  present_fields, NULL },
	{ "unescape", DRVP_EXPR_UNESCAPE, "Text as PostgreSQL's text::bytea reads it.",
	  unescape_fields, NULL },
	{ "literal", DRVP_EXPR_LITERAL, "The same value in every entry.", literal_fields, NULL },
	{ "unstored", DRVP_EXPR_UNSTORED, "Nothing: the hashed bytes are not stored.",
	  unstored_fields, NULL },
	{ NULL, 0, NULL, NULL, NULL }
};

static int read_form(struct drvp_reader *reader, const struct drvp_json *value,
		     struct drvp_expr *expr)
{
	struct drvp_strbuf names = DRVP_STRBUF_INIT;
	const struct drvp_expr_form *form;
	int status;

	for (form = drvp_expr_forms; form->name; form++) {
		if (!drvp_json_member(value, form->name))
			continue;
		expr->kind = form->kind;
		status = drvp_fields_read_one(reader, value, form->fields, &expr->u);
		return status || !form->validate ? status : form->validate(reader, expr);
	}
	for (form = drvp_expr_forms; form->name; form++)
		drvp_strbuf_printf(&names, "%s\"%s\"", names.len ? ", " : "", form->name);
	status = drvp_document_fail(reader, value, "an expression needs one of %s",
				    drvp_strbuf_text(&names));
	drvp_strbuf_free(&names);
	return status;
}

int drvp_expr_read(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	struct drvp_expr *expr = drvp_arena_alloc(reader->arena, sizeof *expr);

	if (!expr)
		return drvp_fail_nomem(reader->err);
	*(const struct drvp_expr **)out = expr;
	expr->node = value;
	switch (value->type) {
	case DRVP_JSON_STRING:
		expr->kind = DRVP_EXPR_TEXT;
		return drvp_text_read(reader, value, &expr->u.bytes);
	case DRVP_JSON_ARRAY:
		expr->kind = DRVP_EXPR_LIST;
		return drvp_expr_list_read(reader, value, &expr->u.list);
	case DRVP_JSON_OBJECT:
		return read_form(reader, value, expr);
	default:
		return drvp_document_fail(reader, value, "expected an expression (a string, a list "
					  "or an object), found %s",
					  drvp_json_type_name(value->type));
	}
}
