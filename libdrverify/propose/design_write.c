/* design_write.c: how a document says the recipe that a search has found */
#include <string.h>

#include "propose/propose.h"

static void put_name(struct drvp_strbuf *out, const char *member, const char *name)
{
	drvp_strbuf_printf(out, "\"%s\": ", member);
	drvp_piece_string(out, name, strlen(name));
}

static void write_previous(const struct drvp_design *design, struct drvp_strbuf *out)
{
	drvp_strbuf_str(out, design->previous_bytes ? "{ \"previous\": \"bytes\" }" :
						      "{ \"previous\": \"text\" }");
}

static void write_part(const struct drvp_design *design, uint8_t column, struct drvp_strbuf *out)
{
	const struct drvp_sample *sample = design->pieces->sample;

	if (design->shape == DRVP_SHAPE_OBJECT) {
		char key[128];

		drvp_strbuf_char(out, '[');
		drvp_piece_string(out, key, drvp_design_key(design, column, key, sizeof key));
		drvp_strbuf_str(out, ", ");
	}
	drvp_strbuf_str(out, design->lengths ? "{ \"length_prefixed\": " : "");
	if (column == DRVP_DESIGN_PREVIOUS)
		write_previous(design, out);
	else
		drvp_piece_expression(out, sample, &sample->columns[column],
				      &drvp_design_variant(design, column)->format,
				      design->nulls[column]->member);
	drvp_strbuf_str(out, design->lengths ? ", \"length\": \"decimal:\" }" : "");
	if (design->shape == DRVP_SHAPE_OBJECT)
		drvp_strbuf_char(out, ']');
}

static bool allows_keys(const struct drvp_design *design)
{
	const struct drvp_piece_variant *documents = design->context->variants[DRVP_PIECE_DOCUMENT];

	return design->shape == DRVP_SHAPE_OBJECT &&
	       documents[design->variant[DRVP_PIECE_DOCUMENT]].format.allow;
}

static void write_parts(const struct drvp_design *design, struct drvp_strbuf *out)
{
	static const char *const shapes[] = { [DRVP_SHAPE_OBJECT] = "object",
					      [DRVP_SHAPE_ARRAY] = "array" };

	if (design->shape == DRVP_SHAPE_TEXT)
		drvp_strbuf_str(out, "{ \"join\": [");
	else
		drvp_strbuf_printf(out, "{ \"json\": %s, \"%s\": [", design->context->style,
				   shapes[design->shape]);
	for (size_t i = 0; i < design->count; i++) {
		drvp_strbuf_str(out, i ? ", " : "");
		write_part(design, design->order[i], out);
	}
	drvp_strbuf_char(out, ']');
	if (design->shape == DRVP_SHAPE_TEXT) {
		drvp_strbuf_str(out, ", \"with\": ");
		drvp_piece_string(out, design->comma, strlen(design->comma));
	}
	drvp_strbuf_str(out, allows_keys(design) ? ", \"allow_keys\": \"top-level\" }" : " }");
}

static void write_glue(const struct drvp_design *design, struct drvp_strbuf *out)
{
	if (!design->glue[0])
		return;
	drvp_strbuf_str(out, ", ");
	drvp_piece_string(out, design->glue, strlen(design->glue));
}

static void write_preimage(const struct drvp_design *design, struct drvp_strbuf *out)
{
	bool before = design->place == DRVP_PLACE_BEFORE, after = design->place == DRVP_PLACE_AFTER;

	drvp_strbuf_str(out, "\"preimage\": ");
	if (design->stored != DRVP_NO_COLUMN) {
		drvp_strbuf_str(out, "{ ");
		put_name(out, "stored", design->pieces->sample->columns[design->stored].name);
		drvp_strbuf_str(out, " }");
		return;
	}
	drvp_strbuf_str(out, before || after ? "[" : "");
	if (before) {
		write_previous(design, out);
		write_glue(design, out);
		drvp_strbuf_str(out, ", ");
	}
	drvp_strbuf_str(out, design->inner_digest ? "{ \"digest\": " : "");
	write_parts(design, out);
	drvp_strbuf_str(out, design->inner_digest ? " }" : "");
	if (after) {
		write_glue(design, out);
		drvp_strbuf_str(out, ", ");
		write_previous(design, out);
	}
	drvp_strbuf_str(out, before || after ? "]" : "");
}

static void write_genesis(const struct drvp_design *design, struct drvp_strbuf *out)
{
	const struct drvp_sample *sample = design->pieces->sample;
	const struct drvp_value *stored = NULL;
	const char *hashed = design->genesis->member;

	for (size_t i = 0; i < sample->count && !stored; i++)
		if (sample->rows[i].genesis)
			stored = &sample->rows[i].previous;
	if (!stored || (stored->kind == DRVP_NULL && !hashed[0]))
		return;
	drvp_strbuf_str(out, "\"genesis\": { \"stored\": ");
	if (stored->kind == DRVP_NULL) {
		drvp_strbuf_str(out, "null");
	} else if (stored->kind == DRVP_BYTES) {
		drvp_strbuf_str(out, "{ \"hex\": \"");
		drvp_strbuf_hex(out, stored->bytes, stored->len);
		drvp_strbuf_str(out, "\" }");
	} else {
		drvp_piece_string(out, stored->bytes, stored->len);
	}
	drvp_strbuf_printf(out, "%s%s }, ", hashed[0] ? ", " : "", hashed);
}

static void write_digest(const struct drvp_design *design, struct drvp_strbuf *out)
{
	size_t bits = 8 * design->pieces->sample->hash_size;

	if (!design->key) {
		drvp_strbuf_printf(out, "\"digest\": \"sha%zu\", ", bits);
		return;
	}
	drvp_strbuf_printf(out, "\"digest\": { \"hmac\": \"sha%zu\", ", bits);
	put_name(out, "key", design->key);
	drvp_strbuf_str(out, " }, ");
}

/* SHA-256 and hexadecimal need not be said. */
static void write_hash(const struct drvp_design *design, struct drvp_strbuf *out)
{
	static const char *const encodings[] = { "hex", "base64", "bytes" };
	const struct drvp_sample *sample = design->pieces->sample;

	if (design->key || sample->hash_size != drvp_algorithm_size(DRVP_SHA256))
		write_digest(design, out);
	if (sample->encoding != DRVP_ENCODING_HEX)
		drvp_strbuf_printf(out, "\"encoding\": \"%s\", ", encodings[sample->encoding]);
}

static void write_columns(const struct drvp_design *design, struct drvp_strbuf *out)
{
	const struct drvp_sample *sample = design->pieces->sample;

	put_name(out, "hash", sample->columns[sample->hash].name);
	drvp_strbuf_str(out, ", ");
	if (sample->previous != DRVP_NO_COLUMN) {
		put_name(out, "previous", sample->columns[sample->previous].name);
		drvp_strbuf_str(out, ", ");
	}
	if (sample->order != DRVP_NO_COLUMN) {
		drvp_strbuf_str(out, "\"order_by\": [");
		drvp_piece_string(out, sample->columns[sample->order].name,
				  strlen(sample->columns[sample->order].name));
		drvp_strbuf_str(out, "], ");
	}
	if (design->partition != DRVP_NO_COLUMN) {
		drvp_strbuf_str(out, "\"partition_by\": [");
		drvp_piece_string(out, sample->columns[design->partition].name,
				  strlen(sample->columns[design->partition].name));
		drvp_strbuf_str(out, "], ");
	}
	if (sample->null_hashes) {
		drvp_strbuf_str(out, "\"where\": { ");
		put_name(out, "column", sample->columns[sample->hash].name);
		drvp_strbuf_str(out, ", \"is\": \"not null\" }, ");
	}
}

void drvp_design_write(const struct drvp_design *design, const struct drvp_design *version,
		       struct drvp_strbuf *out)
{
	write_columns(design, out);
	write_genesis(design, out);
	write_hash(design, out);
	if (version) {
		drvp_strbuf_str(out, "\"versions\": [{ ");
		if (version->key != design->key)
			write_digest(version, out);
		write_preimage(version, out);
		drvp_strbuf_str(out, " }], ");
	}
	write_preimage(design, out);
}
