/* stored.c: preimages that the application kept, held against the columns beside them */
#include <string.h>

#include "chain/json_same.h"
#include "chain/preimage.h"

/* Stored text is no deeper than this, or no application's JSON. */
#define DEPTH 512

const struct drvp_json *drvp_parse_text(struct drvp_preimage *p, const char *text, size_t len)
{
	const struct drvp_json_limits limits = { len, DEPTH, DRVP_JSON_DUPLICATES };
	struct drvp_json *tree = NULL;

	return drvp_json_parse(&tree, &p->row_arena, text, len, &limits, NULL) ? NULL : tree;
}

void drvp_put_document(struct drvp_preimage *p, const struct drvp_json *document, bool order_lost,
		       const struct drvp_json_style *style, const struct drvp_json_filter *filter)
{
	p->printer.style = style;
	p->printer.filter = filter ? *filter : (struct drvp_json_filter){ 0 };
	p->printer.order_lost = order_lost;
	drvp_json_print_value(&p->printer, document);
}

static bool is_float(const struct drvp_preimage *p, const struct drvp_step *step)
{
	return step->expr->kind == DRVP_EXPR_COLUMN &&
	       p->values[step->column].kind == DRVP_FLOAT;
}

/* Whether a member says what is expected, which is printed and read again to be compared. */
static bool says(struct drvp_preimage *p, const struct drvp_json *member,
		 const struct drvp_step *expected)
{
	static const struct drvp_json_style exact = {
		.name = "exact", .escape = DRVP_ESCAPE_MINIMAL, .numbers = DRVP_NUMBERS_STORED,
		.sort = DRVP_SORT_UTF16, .comma = ",", .colon = ":",
	};
	const struct drvp_json_filter no_filter = { 0 };
	const struct drvp_null_policy null = { DRVP_MISSING_NULL, { NULL, 0 } };
	const struct drvp_json_place place = { &exact, &no_filter, &null };
	size_t mark = p->out.len;
	const struct drvp_json *value = NULL;

	if (drvp_put(p, expected, &place) != DRVP_OMITTED && !p->out.failed)
		value = drvp_parse_text(p, p->out.data + mark, p->out.len - mark);
	p->out.len = mark;
	if (!member || !value)
		return !member && !value;
	return drvp_json_same(member, value, is_float(p, expected));
}

/* Of a name that comes twice, parsers keep the last. */
static const struct drvp_json *last_member(const struct drvp_json *object,
					   const struct drvp_json_key *key)
{
	const struct drvp_json *found = NULL;

	for (const struct drvp_json *m = object->first; m; m = m->next)
		if (m->key_len == key->len && !memcmp(m->key, key->name, key->len))
			found = m;
	return found;
}

static void compare_claims(struct drvp_preimage *p, const struct drvp_step *step, const char *text,
			   size_t len)
{
	const struct drvp_members *claims = &step->expr->u.stored.claims;
	const struct drvp_json *stored = drvp_parse_text(p, text, len);
	bool lossy = p->lossy, printer_lossy = p->printer.lossy;

	p->claims_differ |= !stored || stored->type != DRVP_JSON_OBJECT;
	for (size_t i = 0; i < claims->count && !p->claims_differ; i++)
		p->claims_differ = !says(p, last_member(stored, &claims->items[i].key),
					 &step->children[i]);
	p->lossy = lossy;
	p->printer.lossy = printer_lossy;
}

int drvp_put_stored(struct drvp_preimage *p, const struct drvp_step *step)
{
	const struct drvp_value *value = &p->values[step->column];

	if (value->kind == DRVP_NULL)
		return DRVP_WAS_NULL;
	if (value->kind == DRVP_DOCUMENT && !value->bytes) {
		p->lossy = true; /* jsonb and BSON keep no text */
		return DRVP_WRITTEN;
	}
	if (step->child_count)
		compare_claims(p, step, value->bytes, value->len);
	drvp_strbuf_add(&p->out, value->bytes, value->len);
	return DRVP_WRITTEN;
}
