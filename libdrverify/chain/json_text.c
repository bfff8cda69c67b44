/* json_text.c: JSON printed the way a programming language prints it */
#include "chain/json_text.h"

#include <math.h>
#include <string.h>

const struct drvp_json_style drvp_json_styles[] = {
	{ "javascript", "JSON.stringify of JavaScript",
	  DRVP_ESCAPE_MINIMAL, DRVP_NUMBERS_ES6, DRVP_SORT_INTEGERS_FIRST, ",", ":", false },
	{ "jcs", "RFC 8785, which is also JSON.stringify of recursively sorted objects",
	  DRVP_ESCAPE_MINIMAL, DRVP_NUMBERS_ES6, DRVP_SORT_UTF16, ",", ":", false },
	{ "python", "json.dumps of Python with its default arguments",
	  DRVP_ESCAPE_ASCII, DRVP_NUMBERS_PYTHON, DRVP_SORT_NONE, ", ", ": ", false },
	{ "python-compact", "json.dumps of Python with separators=(',', ':')",
	  DRVP_ESCAPE_ASCII, DRVP_NUMBERS_PYTHON, DRVP_SORT_NONE, ",", ":", false },
	{ "go", "json.Marshal of Go, maps and any",
	  DRVP_ESCAPE_HTML, DRVP_NUMBERS_GO, DRVP_SORT_CODE_POINTS, ",", ":", false },
	{ "serde", "serde_json of Rust, to_string of a Value",
	  DRVP_ESCAPE_MINIMAL, DRVP_NUMBERS_SERDE, DRVP_SORT_CODE_POINTS, ",", ":", false },
	{ "jackson", "ObjectMapper of Jackson for Java, writeValueAsString",
	  DRVP_ESCAPE_UPPER, DRVP_NUMBERS_JAVA, DRVP_SORT_NONE, ",", ":", false },
	{ "php", "json_encode of PHP without flags",
	  DRVP_ESCAPE_PHP, DRVP_NUMBERS_PHP, DRVP_SORT_NONE, ",", ":", false },
	{ "dotnet", "System.Text.Json of .NET with its default options",
	  DRVP_ESCAPE_DOTNET, DRVP_NUMBERS_DOTNET, DRVP_SORT_NONE, ",", ":", false },
	{ "postgres-jsonb", "jsonb cast to text by PostgreSQL", DRVP_ESCAPE_MINIMAL,
	  DRVP_NUMBERS_STORED, DRVP_SORT_JSONB, ", ", ": ", true },
	{ NULL }
};

const struct drvp_json_style *drvp_json_style_named(const char *name)
{
	const struct drvp_json_style *style = drvp_json_styles;

	while (style->name && strcmp(style->name, name))
		style++;
	return style->name ? style : NULL;
}

/* ------------------------------------------------------------------ printing */

static void print_object(struct drvp_json_printer *p, const struct drvp_json *value)
{
	size_t comma = strlen(p->style->comma), colon = strlen(p->style->colon);
	size_t from = p->member_count, count;

	count = drvp_json_choose_members(p, value);
	drvp_strbuf_char(p->out, '{');
	for (size_t i = 0; i < count && !p->out->failed; i++) {
		const struct drvp_json *m = p->members[from + i];

		drvp_json_print_labelled(p->out, p->style, p->style->comma, i ? comma : 0, m->key,
					 m->key_len);
		if (m->type == DRVP_JSON_STRING && !m->origin) {
			drvp_json_print_labelled(p->out, p->style, p->style->colon, colon, m->text,
						 m->len);
			continue;
		}
		drvp_strbuf_add(p->out, p->style->colon, colon);
		drvp_json_print_value(p, m);
	}
	drvp_strbuf_char(p->out, '}');
	p->member_count = from;
}

/* What JSON has no form for; each language prints it in its own way. */
static void print_special(struct drvp_json_printer *p, const struct drvp_json *value)
{
	double number = *value->text == 'N' ? (double)NAN :
			*value->text == '-' ? -(double)INFINITY : (double)INFINITY;

	drvp_number_print_double(p->out, p->style->numbers, number);
}

/* A string, whatever it was in its document. */
static void print_string(struct drvp_json_printer *p, const struct drvp_json *value)
{
	const char *tag = value->origin == DRVP_ORIGIN_DATE ? "{\"$date\"" :
			  value->origin == DRVP_ORIGIN_OBJECT_ID ? "{\"$oid\"" : NULL;

	if (value->origin == DRVP_ORIGIN_DOUBLE && p->style->numbers != DRVP_NUMBERS_STORED) {
		print_special(p, value);
		return;
	}
	if (!tag || !p->style->typed) {
		drvp_json_print_string(p->out, p->style, value->text, value->len);
		return;
	}
	drvp_strbuf_str(p->out, tag);
	drvp_json_print_labelled(p->out, p->style, p->style->colon, strlen(p->style->colon),
				 value->text, value->len);
	drvp_strbuf_char(p->out, '}');
}

static void print_array(struct drvp_json_printer *p, const struct drvp_json *value)
{
	drvp_strbuf_char(p->out, '[');
	p->arrays++;
	for (const struct drvp_json *e = value->first; e; e = e->next) {
		if (e != value->first)
			drvp_strbuf_str(p->out, p->style->comma);
		drvp_json_print_value(p, e);
	}
	p->arrays--;
	drvp_strbuf_char(p->out, ']');
}

static void print_number(struct drvp_json_printer *p, const struct drvp_json *value)
{
	if (value->origin == DRVP_ORIGIN_DOUBLE) {
		drvp_number_print_float(p->out, p->style->numbers, value->text, value->len);
		return;
	}
	if (p->order_lost && drvp_number_may_be_float(p->style->numbers, value->text, value->len))
		p->lossy = true;
	drvp_number_print_text(p->out, p->style->numbers, value->text, value->len);
}

void drvp_json_print_value(struct drvp_json_printer *p, const struct drvp_json *value)
{
	switch (value->type) {
	case DRVP_JSON_NULL:
		drvp_strbuf_add(p->out, "null", 4);
		break;
	case DRVP_JSON_BOOL:
		drvp_strbuf_str(p->out, value->truth ? "true" : "false");
		break;
	case DRVP_JSON_NUMBER:
		print_number(p, value);
		break;
	case DRVP_JSON_STRING:
		print_string(p, value);
		break;
	case DRVP_JSON_ARRAY:
		print_array(p, value);
		break;
	default:
		print_object(p, value);
	}
}
