/* generate.c: writes docs/drverify.schema.json or docs/findings.md from the tables of the library */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "content/content.h"
#include "chain/expr_value.h"
#include "chain/recipe.h"
#include "checks/check.h"
#include "document/baseline.h"
#include "document/condition.h"
#include "document/item.h"

#define NO_NUL "^[^\\u0000]*$"
#define CUSTOM_NAME "^x[.][a-z0-9_.]+$"

/* ------------------------------------------------------------------ the schema */

static struct drvp_arena arena;

static void die(const char *why)
{
	fprintf(stderr, "generate: %s\n", why);
	exit(1);
}

static void put_json(struct drvp_json_writer *w, const char *key, const char *text)
{
	static const struct drvp_json_limits limits = { 65536, 32, 0 };
	struct drv_error err = DRV_ERROR_INIT;
	struct drvp_json *value;

	if (drvp_json_parse(&value, &arena, text, strlen(text), &limits, &err))
		die(err.message);
	drvp_json_put_value(w, key, value);
}

static void put_object(struct drvp_json_writer *w, const struct drvp_field *const *tables);

static void put_choices(struct drvp_json_writer *w, const char *const *choices)
{
	drvp_json_open_array(w, "enum", true);
	for (; *choices; choices++)
		drvp_json_put_text(w, NULL, *choices);
	drvp_json_close_array(w);
}

static void put_kind(struct drvp_json_writer *w, const struct drvp_field *field)
{
	const struct drvp_field *nested[] = { field->fields, NULL };
	struct drvp_strbuf ref = DRVP_STRBUF_INIT;

	switch (field->kind) {
	case DRVP_FIELD_BOOL:
		drvp_json_put_text(w, "type", "boolean");
		break;
	case DRVP_FIELD_UINT:
		drvp_json_put_text(w, "type", "integer");
		drvp_json_put_int(w, "minimum", 0);
		drvp_json_put_int(w, "maximum", INT64_MAX);
		break;
	case DRVP_FIELD_TEXT:
	case DRVP_FIELD_COLUMN:
		drvp_json_put_text(w, "type", "string");
		drvp_json_put_text(w, "pattern", NO_NUL);
		break;
	case DRVP_FIELD_CHOICE:
		put_choices(w, field->choices);
		break;
	case DRVP_FIELD_OBJECT:
		put_object(w, nested);
		break;
	case DRVP_FIELD_ANY:
		break;
	default:
		drvp_strbuf_printf(&ref, "#/$defs/%s",
				   field->kind == DRVP_FIELD_CUSTOM	? field->schema :
				   field->kind == DRVP_FIELD_COLUMNS	? "columns_list" :
				   field->kind == DRVP_FIELD_DURATION	? "duration" :
				   field->kind == DRVP_FIELD_TIME	? "time" :
									  "tolerance");
		drvp_json_put_text(w, "$ref", drvp_strbuf_text(&ref));
		drvp_strbuf_free(&ref);
		break;
	}
}

static void put_properties(struct drvp_json_writer *w, const struct drvp_field *const *tables)
{
	drvp_json_open_object(w, "properties", false);
	for (; *tables; tables++)
		for (const struct drvp_field *field = *tables; field->name; field++) {
			drvp_json_open_object(w, field->name, false);
			put_kind(w, field);
			if (field->help)
				drvp_json_put_text(w, "description", field->help);
			drvp_json_close_object(w);
		}
	drvp_json_close_object(w);
}

static void put_required(struct drvp_json_writer *w, const struct drvp_field *const *tables)
{
	drvp_json_open_array(w, "required", true);
	for (; *tables; tables++)
		for (const struct drvp_field *field = *tables; field->name; field++)
			if (field->flags & DRVP_REQUIRED)
				drvp_json_put_text(w, NULL, field->name);
	drvp_json_close_array(w);
}

static void put_object(struct drvp_json_writer *w, const struct drvp_field *const *tables)
{
	drvp_json_put_text(w, "type", "object");
	put_properties(w, tables);
	put_required(w, tables);
	drvp_json_put_bool(w, "additionalProperties", false);
}

static void put_definition(struct drvp_json_writer *w, const char *name,
			   const struct drvp_field *fields)
{
	const struct drvp_field *tables[] = { fields, NULL };

	drvp_json_open_object(w, name, false);
	put_object(w, tables);
	drvp_json_close_object(w);
}

/* Which of table and collection a check needs; the store of its source is beyond a schema. */
static const char *target_rule(const struct drvp_check *check)
{
	if (check->shape == DRVP_WHOLE_SOURCE)
		return "{ \"not\": { \"anyOf\": [{ \"required\": [\"table\"] }, "
		       "{ \"required\": [\"collection\"] }] } }";
	if (check->shape == DRVP_STATEMENT)
		return "{ \"not\": { \"required\": [\"table\"] } }";
	if (check->stores == DRVP_ON_POSTGRESQL)
		return "{ \"required\": [\"table\"], \"not\": { \"required\": [\"collection\"] } }";
	if (check->stores == DRVP_ON_MONGODB)
		return "{ \"required\": [\"collection\"], \"not\": { \"required\": [\"table\"] } }";
	return "{ \"oneOf\": [{ \"required\": [\"table\"] }, { \"required\": [\"collection\"] }] }";
}

static void put_check(struct drvp_json_writer *w, const char *name, const struct drvp_check *check)
{
	const struct drvp_field *tables[] = { drvp_item_fields, check->fields, NULL };

	drvp_json_open_object(w, name, false);
	drvp_json_put_text(w, "description", check->help);
	put_object(w, tables);
	drvp_json_open_array(w, "allOf", false);
	put_json(w, NULL, target_rule(check));
	drvp_json_close_array(w);
	drvp_json_close_object(w);
}

/* "if it is this check, it looks like this": messages of validators then name the right one. */
static void put_checks(struct drvp_json_writer *w)
{
	drvp_json_open_object(w, "checks", false);
	drvp_json_put_text(w, "type", "array");
	drvp_json_open_object(w, "items", false);
	drvp_json_put_text(w, "type", "object");
	put_json(w, "required", "[\"check\"]");
	drvp_json_open_object(w, "properties", false);
	drvp_json_open_object(w, "check", false);
	drvp_json_open_array(w, "anyOf", false);
	drvp_json_open_object(w, NULL, false);
	drvp_json_open_array(w, "enum", true);
	for (const struct drvp_check *const *check = drvp_checks; *check; check++)
		drvp_json_put_text(w, NULL, (*check)->name);
	drvp_json_close_array(w);
	drvp_json_close_object(w);
	put_json(w, NULL, "{ \"type\": \"string\", \"pattern\": \"" CUSTOM_NAME "\" }");
	drvp_json_close_array(w);
	drvp_json_close_object(w);
	drvp_json_close_object(w);
	drvp_json_open_array(w, "allOf", false);
	put_json(w, NULL, "{ \"if\": { \"properties\": { \"check\": { \"type\": \"string\", \"pattern\": \""
			  CUSTOM_NAME "\" } }, \"required\": [\"check\"] }, "
			  "\"then\": { \"$ref\": \"#/$defs/custom\" } }");
	for (const struct drvp_check *const *check = drvp_checks; *check; check++) {
		struct drvp_strbuf text = DRVP_STRBUF_INIT;

		drvp_strbuf_printf(&text, "{ \"if\": { \"properties\": { \"check\": { \"const\": \"%s\" } },"
				   " \"required\": [\"check\"] }, \"then\": { \"$ref\": \"#/$defs/%s\" } }",
				   (*check)->name, (*check)->name);
		put_json(w, NULL, drvp_strbuf_text(&text));
		drvp_strbuf_free(&text);
	}
	drvp_json_close_array(w);
	drvp_json_close_object(w);
	drvp_json_close_object(w);
}

/* An expression written as an object: the first member that names a form decides. */
static void put_expression(struct drvp_json_writer *w)
{
	drvp_json_open_object(w, "expression", false);
	drvp_json_open_array(w, "anyOf", false);
	put_json(w, NULL, "{ \"type\": \"string\" }");
	put_json(w, NULL, "{ \"$ref\": \"#/$defs/expressions\" }");
	for (const struct drvp_expr_form *form = drvp_expr_forms; form->name; form++) {
		const struct drvp_field *tables[] = { form->fields, NULL };

		drvp_json_open_object(w, NULL, false);
		drvp_json_put_text(w, "description", form->help);
		put_object(w, tables);
		drvp_json_close_object(w);
	}
	drvp_json_close_array(w);
	drvp_json_close_object(w);
}

static void put_style(struct drvp_json_writer *w)
{
	drvp_json_open_object(w, "json_style_name", false);
	drvp_json_open_array(w, "enum", true);
	for (const struct drvp_json_style *style = drvp_json_styles; style->name; style++)
		drvp_json_put_text(w, NULL, style->name);
	drvp_json_close_array(w);
	drvp_json_close_object(w);
}

/* What the custom readers accept; fixtures/documents holds both to each other. */
static const struct {
	const char *name, *schema;
} definitions[] = {
	{ "table", "{ \"oneOf\": [{ \"type\": \"string\", \"pattern\": \"^[^.\\u0000]+\\\\.[^.\\u0000]+$\" }, "
		   "{ \"type\": \"array\", \"minItems\": 2, \"maxItems\": 2, "
		   "\"items\": { \"type\": \"string\", \"pattern\": \"" NO_NUL "\" } }] }" },
	{ "columns_list", "{ \"type\": \"array\", \"minItems\": 1, "
			  "\"items\": { \"type\": \"string\", \"pattern\": \"" NO_NUL "\" } }" },
	{ "duration", "{ \"type\": \"string\", \"pattern\": \"^([0-9]+(ms|s|m|h|d))+$\" }" },
	{ "time", "{ \"type\": \"string\", \"pattern\": \"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}"
		  "(:[0-9]{2}([.][0-9]+)?)? ?([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)$\" }" },
	{ "tolerance", "{ \"oneOf\": [{ \"type\": \"integer\", \"minimum\": 0 }, "
		       "{ \"type\": \"string\", \"pattern\": \"^((0|[1-9][0-9]?)([.][0-9]{1,3})?|100([.]0{1,3})?)%$\" }] }" },
	{ "where", "{ \"oneOf\": [{ \"$ref\": \"#/$defs/condition\" }, "
		   "{ \"type\": \"array\", \"minItems\": 1, \"items\": { \"$ref\": \"#/$defs/condition\" } }] }" },
	{ "filter", "{ \"type\": \"object\" }" },
	{ "text", "{ \"type\": \"string\" }" },
	{ "integer", "{ \"type\": \"integer\" }" },
	{ "hex", "{ \"type\": \"string\", \"pattern\": \"^([0-9a-fA-F]{2})*$\" }" },
	{ "digest", "{ \"oneOf\": [{ \"enum\": [\"sha256\", \"sha384\", \"sha512\"] }, "
		    "{ \"$ref\": \"#/$defs/hmac\" }, { \"$ref\": \"#/$defs/digest_by\" }] }" },
	{ "digest_cases", "{ \"type\": \"object\", \"minProperties\": 1, \"additionalProperties\": "
			  "{ \"oneOf\": [{ \"enum\": [\"sha256\", \"sha384\", \"sha512\"] }, "
			  "{ \"$ref\": \"#/$defs/hmac\" }] } }" },
	{ "versions", "{ \"type\": \"array\", \"minItems\": 1, "
		      "\"items\": { \"allOf\": [{ \"$ref\": \"#/$defs/version\" }, { \"anyOf\": ["
		      "{ \"required\": [\"preimage\"] }, { \"required\": [\"digest\"] }, "
		      "{ \"required\": [\"mode\"] }] }] } }" },
	{ "partition", "{ \"type\": \"array\", \"minItems\": 1, "
		       "\"items\": { \"type\": [\"string\", \"null\"] } }" },
	{ "partition_heads", "{ \"type\": \"array\", \"items\": { \"$ref\": \"#/$defs/partition_head\" } }" },
	{ "checkpoints", "{ \"type\": \"array\", \"maxItems\": 16, "
			 "\"items\": { \"$ref\": \"#/$defs/checkpoint\" } }" },
	{ "hashes", "{ \"type\": \"array\", \"items\": { \"$ref\": \"#/$defs/hex\" } }" },
	{ "recorded_columns", "{ \"type\": \"array\", "
			      "\"items\": { \"$ref\": \"#/$defs/recorded_column\" } }" },
	{ "buckets", "{ \"type\": \"array\", \"maxItems\": 4097, "
		     "\"items\": { \"$ref\": \"#/$defs/recorded_bucket\" } }" },
	{ "join", "{ \"$ref\": \"#/$defs/body\" }" },
	{ "join_on", "{ \"type\": \"object\", \"minProperties\": 1, "
		     "\"additionalProperties\": { \"type\": \"string\", \"pattern\": \"" NO_NUL "\" } }" },
	{ "genesis_stored", "{ \"oneOf\": [{ \"type\": [\"null\", \"string\"] }, "
			    "{ \"$ref\": \"#/$defs/hex_object\" }] }" },
	{ "genesis_hashed", "{ \"oneOf\": [{ \"type\": \"string\" }, { \"$ref\": \"#/$defs/hex_object\" }, "
			    "{ \"$ref\": \"#/$defs/text_object\" }] }" },
	{ "hex_object", "{ \"type\": \"object\", \"properties\": { \"hex\": { \"$ref\": \"#/$defs/hex\" } }, "
			"\"required\": [\"hex\"], \"additionalProperties\": false }" },
	{ "text_object", "{ \"type\": \"object\", \"properties\": { \"text\": { \"type\": \"string\" } }, "
			 "\"required\": [\"text\"], \"additionalProperties\": false }" },
	{ "null_policy", "{ \"oneOf\": [{ \"type\": \"string\" }, { \"$ref\": \"#/$defs/text_object\" }] }" },
	{ "time_digits", "{ \"enum\": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, \"trim\", \"thousands\", \"python\", \"java\"] }" },
	{ "json_style", "{ \"oneOf\": [{ \"$ref\": \"#/$defs/json_style_name\" }, "
			"{ \"$ref\": \"#/$defs/json_style_like\" }] }" },
	{ "json_separators", "{ \"type\": \"array\", \"minItems\": 2, \"maxItems\": 2, "
			     "\"items\": { \"type\": \"string\" } }" },
	{ "literal", "{ \"type\": [\"number\", \"boolean\", \"null\"] }" },
	{ "names", "{ \"type\": \"array\", \"items\": { \"type\": \"string\" } }" },
	{ "allow_keys", "{ \"oneOf\": [{ \"const\": \"top-level\" }, { \"$ref\": \"#/$defs/names\" }] }" },
	{ "expressions", "{ \"type\": \"array\", \"items\": { \"$ref\": \"#/$defs/expression\" } }" },
	{ "members", "{ \"type\": \"array\", \"items\": { \"type\": \"array\", \"minItems\": 2, "
		     "\"maxItems\": 2, \"prefixItems\": [{ \"type\": \"string\" }, "
		     "{ \"$ref\": \"#/$defs/expression\" }] } }" },
	{ "columns", "{ \"type\": \"object\", \"additionalProperties\": { \"$ref\": \"#/$defs/expression\" } }" },
	{ "sources", "{ \"type\": \"object\", \"minProperties\": 1, "
		     "\"additionalProperties\": { \"$ref\": \"#/$defs/source\" } }" },
};

static void put_definitions(struct drvp_json_writer *w)
{
	drvp_json_open_object(w, "$defs", false);
	put_definition(w, "source", drvp_source_fields);
	for (const struct drvp_check *const *check = drvp_checks; *check; check++)
		put_check(w, (*check)->name, *check);
	put_check(w, "custom", &drvp_check_custom);
	put_definition(w, "condition", drvp_condition_fields);
	put_definition(w, "hmac", drvp_hmac_fields);
	put_definition(w, "digest_by", drvp_digest_by_fields);
	put_definition(w, "version", drvp_version_fields);
	put_definition(w, "partition_head", drvp_partition_head_fields);
	put_definition(w, "checkpoint", drvp_checkpoint_fields);
	put_definition(w, "body", drvp_body_fields);
	put_definition(w, "recorded_column", drvp_recorded_column_fields);
	put_definition(w, "recorded_bucket", drvp_recorded_bucket_fields);
	put_definition(w, "json_style_like", drvp_json_style_fields);
	put_style(w);
	put_expression(w);
	for (size_t i = 0; i < sizeof definitions / sizeof *definitions; i++)
		put_json(w, definitions[i].name, definitions[i].schema);
	drvp_json_close_object(w);
}

/* The three members whose readers are not field tables come by reference. */
static void put_document_properties(struct drvp_json_writer *w)
{
	drvp_json_open_object(w, "properties", false);
	for (const struct drvp_field *field = drvp_document_fields; field->name; field++) {
		if (!strcmp(field->name, "checks")) {
			put_checks(w);
			continue;
		}
		drvp_json_open_object(w, field->name, false);
		if (!strcmp(field->name, "format"))
			drvp_json_put_text(w, "const", "drverify/1");
		else if (!strcmp(field->name, "sources"))
			drvp_json_put_text(w, "$ref", "#/$defs/sources");
		else
			put_kind(w, field);
		drvp_json_put_text(w, "description", field->help);
		drvp_json_close_object(w);
	}
	drvp_json_close_object(w);
}

static void write_schema(struct drvp_strbuf *out)
{
	const struct drvp_field *tables[] = { drvp_document_fields, NULL };
	struct drvp_json_writer w = { .out = out };

	drvp_json_open_object(&w, NULL, false);
	drvp_json_put_text(&w, "$schema", "https://json-schema.org/draft/2020-12/schema");
	drvp_json_put_text(&w, "title", "drverify/1: specification, baseline and report");
	drvp_json_put_text(&w, "type", "object");
	put_document_properties(&w);
	put_required(&w, tables);
	drvp_json_put_bool(&w, "additionalProperties", false);
	put_definitions(&w);
	drvp_json_close_object(&w);
	drvp_strbuf_char(out, '\n');
}

/* ------------------------------------------------------------------ the findings */

static const char *effect_text(int effect)
{
	switch (effect) {
	case DRV_FAIL:
		return "damage (exit 2)";
	case DRV_WARN:
		return "warning (exit 1)";
	default:
		return "undecided (exit 3)";
	}
}

static void write_findings(struct drvp_strbuf *out)
{
	const struct drv_explanation *row;

	drvp_strbuf_str(out, "# Findings\n\nEvery finding that a report can hold, in alphabetical order. "
			"Codes and their effects are permanent;\n`drverify explain CODE` prints the "
			"same. This page is generated from the tables of the checks.\n");
	for (size_t i = 0; (row = drv_finding_at(i)); i++)
		drvp_strbuf_printf(out, "\n## %s\n%s\n\n- **Meaning.** %s\n- **Why after a restore.** %s\n"
				   "- **Next.** %s\n", row->code, effect_text(row->effect), row->meaning,
				   row->why, row->next);
}

int main(int argc, char **argv)
{
	struct drvp_strbuf out = DRVP_STRBUF_INIT;

	if (argc != 2)
		die("usage: generate schema|findings");
	if (!strcmp(argv[1], "schema"))
		write_schema(&out);
	else
		write_findings(&out);
	if (out.failed || fwrite(out.data, 1, out.len, stdout) != out.len || fflush(stdout))
		die("cannot write");
	drvp_strbuf_free(&out);
	drvp_arena_free(&arena);
	return 0;
}
