/* piece_recipe.c: how a recipe says in which format a value is written */
#include <stdlib.h>
#include <string.h>

#include "propose/propose.h"

void drvp_piece_string(struct drvp_strbuf *out, const char *text, size_t len)
{
	drvp_json_print_string(out, drvp_json_style_named("jcs"), text, len);
}

void drvp_piece_expression(struct drvp_strbuf *out, const struct drvp_sample *sample,
			   const struct drvp_column *column,
			   const struct drvp_piece_format *format, const char *null)
{
	const char *zone = column->kind == DRVP_LOCAL_TIME ? sample->ask->column_zone : NULL;
	bool parse = column->kind == DRVP_TEXT && strstr(format->members, "\"json\"");

	drvp_strbuf_str(out, format->string ? "[{ \"column\": " : "{ \"column\": ");
	drvp_piece_string(out, column->name, strlen(column->name));
	if (format->members[0])
		drvp_strbuf_printf(out, ", %s", format->members);
	if (parse)
		drvp_strbuf_str(out, ", \"parse\": true");
	if (zone) {
		drvp_strbuf_str(out, ", \"column_zone\": ");
		drvp_piece_string(out, zone, strlen(zone));
	}
	if (null[0])
		drvp_strbuf_printf(out, ", %s", null);
	drvp_strbuf_str(out, format->string ? " }]" : " }");
}

static int compare_names(const void *left, const void *right)
{
	const char *const *a = left, *const *b = right;

	return strcmp(*a, *b);
}

/* The names of all columns, sorted as applications sort them that allow only some names. */
static void put_allowed(struct drvp_strbuf *out, const struct drvp_sample *sample)
{
	const char **names = calloc(sample->column_count + 1, sizeof *names);

	if (!names) {
		out->failed = true;
		return;
	}
	for (size_t i = 0; i < sample->column_count; i++)
		names[i] = sample->columns[i].name;
	qsort(names, sample->column_count, sizeof *names, compare_names);
	drvp_strbuf_str(out, ", \"allow_keys\": [");
	for (size_t i = 0; i < sample->column_count; i++) {
		drvp_strbuf_str(out, i ? ", " : "");
		drvp_piece_string(out, names[i], strlen(names[i]));
	}
	drvp_strbuf_str(out, "]");
	free(names);
}

void drvp_piece_label(struct drvp_strbuf *out, const struct drvp_sample *sample,
		      const struct drvp_piece_context *context, size_t column,
		      const struct drvp_piece_format *format)
{
	const char *name = sample->columns[column].name;

	if (!context->style)
		return;
	drvp_strbuf_char(out, format->allow ? '{' : '[');
	if (!format->allow)
		return;
	drvp_piece_string(out, name, strlen(name));
	drvp_strbuf_str(out, context->colon);
}

/* One value: alone, or as the only part of an array or object. */
static void put_one(struct drvp_strbuf *out, const struct drvp_sample *sample,
		    const struct drvp_piece_context *context, size_t column,
		    const struct drvp_piece_format *format)
{
	const char *name = sample->columns[column].name;

	drvp_strbuf_str(out, ", { \"length_prefixed\": ");
	if (context->style)
		drvp_strbuf_printf(out, "{ \"json\": %s, \"%s\": [", context->style,
				   format->allow ? "object" : "array");
	if (format->allow) {
		drvp_strbuf_char(out, '[');
		drvp_piece_string(out, name, strlen(name));
		drvp_strbuf_str(out, ", ");
	}
	drvp_piece_expression(out, sample, &sample->columns[column], format, "");
	drvp_strbuf_str(out, format->allow ? "]" : "");
	drvp_strbuf_str(out, context->style ? "]" : "");
	if (format->allow)
		put_allowed(out, sample);
	drvp_strbuf_str(out, context->style ? " }" : "");
	drvp_strbuf_str(out, ", \"length\": \"u32be\" }");
}

void drvp_piece_recipe(struct drvp_strbuf *out, const struct drvp_sample *sample,
		       const struct drvp_piece_context *context, int class,
		       const struct drvp_piece_format *format)
{
	const char *hash = sample->columns[sample->hash].name;

	drvp_strbuf_str(out, "\"hash\": ");
	drvp_piece_string(out, hash, strlen(hash));
	drvp_strbuf_printf(out, ", \"encoding\": \"%s\"",
			   sample->encoding == DRVP_ENCODING_BYTES ? "bytes" :
			   sample->encoding == DRVP_ENCODING_BASE64 ? "base64" : "hex");
	if (sample->previous != DRVP_NO_COLUMN) {
		const char *previous = sample->columns[sample->previous].name;

		drvp_strbuf_str(out, ", \"previous\": ");
		drvp_piece_string(out, previous, strlen(previous));
	}
	if (sample->order != DRVP_NO_COLUMN) {
		const char *order = sample->columns[sample->order].name;

		drvp_strbuf_str(out, ", \"order_by\": [");
		drvp_piece_string(out, order, strlen(order));
		drvp_strbuf_str(out, "]");
	}
	drvp_strbuf_str(out, ", \"preimage\": [\"\"");
	for (size_t i = 0; i < sample->column_count; i++)
		if (sample->classes[i] == class)
			put_one(out, sample, context, i, format);
	/* A preimage without it is refused where nothing else orders the entries. */
	drvp_strbuf_str(out, ", { \"previous\": \"text\" }]");
}
