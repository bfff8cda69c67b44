/* design.c: a recipe as the search sees it: its bytes, and how a document says it */
#include <stdio.h>
#include <string.h>

#include "propose/propose.h"

const struct drvp_design_word drvp_design_nulls[] = {
	{ "", "", "null" },
	{ "\"null\": \"omit\"", NULL, NULL },
	{ "\"null\": \"null\"", "null", "null" },
	{ "\"null\": \"\"", "", "\"\"" },
	{ "\"null\": \"NULL\"", "NULL", "\"NULL\"" },
	{ "\"null\": \"None\"", "None", "\"None\"" },
	{ "\"null\": \"-\"", "-", "\"-\"" },
	{ "\"null\": \"{}\"", "{}", "\"{}\"" },
	{ "\"null\": \"[]\"", "[]", "\"[]\"" },
	{ "\"null\": \"0\"", "0", "\"0\"" },
	{ "\"null\": \"NONE\"", "NONE", "\"NONE\"" },
	{ "\"null\": \"none\"", "none", "\"none\"" },
	{ "\"null\": \"nil\"", "nil", "\"nil\"" },
	{ "\"null\": \"N/A\"", "N/A", "\"N/A\"" },
	{ "\"null\": \"undefined\"", "undefined", "\"undefined\"" },
	{ "\"null\": \"system\"", "system", "\"system\"" },
	{ "\"null\": \"SYSTEM\"", "SYSTEM", "\"SYSTEM\"" },
	{ "\"null\": \"anonymous\"", "anonymous", "\"anonymous\"" },
	{ "\"null\": \"unknown\"", "unknown", "\"unknown\"" },
	{ NULL, NULL, NULL }
};

#define ZEROS_8 "00000000"
#define ZEROS_64 ZEROS_8 ZEROS_8 ZEROS_8 ZEROS_8 ZEROS_8 ZEROS_8 ZEROS_8 ZEROS_8
#define BYTES_32 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define WORD(text) { "\"hashed\": \"" text "\"", text, "\"" text "\"" }

/* The first two are taken from what is stored, see put_genesis(). */
const struct drvp_design_word drvp_design_geneses[] = {
	{ "", NULL, NULL },
	{ "\"hashed\": \"as stored\"", NULL, NULL },
	{ "\"hashed\": \"absent\"", NULL, NULL },
	WORD(""), WORD("GENESIS"), WORD("genesis"), WORD("0"), WORD(ZEROS_64), WORD("null"),
	WORD("None"), WORD("NULL"), WORD("undefined"), WORD("ROOT"), WORD("root"), WORD("INIT"),
	WORD("genesis_hash"), WORD("GENESIS_HASH"), WORD("START"), WORD("none"), WORD("N/A"),
	WORD(ZEROS_64 ZEROS_64), WORD(ZEROS_64 ZEROS_8 ZEROS_8 ZEROS_8 ZEROS_8),
	{ "\"hashed\": { \"hex\": \"" ZEROS_64 "\" }", BYTES_32, NULL },
	{ NULL, NULL, NULL }
};

enum { GENESIS_DEFAULT, GENESIS_AS_STORED, GENESIS_ABSENT };

/* ------------------------------------------------------------------ names */

static size_t to_camel(const char *name, char *out, size_t size)
{
	size_t len = 0;

	for (; *name && len + 1 < size; name++) {
		bool upper = *name == '_' && len && name[1] >= 'a' && name[1] <= 'z';

		if (upper)
			name++;
		out[len++] = upper ? (char)(*name - 'a' + 'A') : *name;
	}
	out[len] = '\0';
	return len;
}

static size_t to_snake(const char *name, char *out, size_t size)
{
	size_t len = 0;

	for (; *name && len + 2 < size; name++) {
		bool upper = *name >= 'A' && *name <= 'Z';

		if (upper && len)
			out[len++] = '_';
		out[len++] = upper ? (char)(*name - 'A' + 'a') : *name;
	}
	out[len] = '\0';
	return len;
}

static const char *column_name(const struct drvp_design *design, uint8_t column)
{
	const struct drvp_sample *sample = design->pieces->sample;

	if (column != DRVP_DESIGN_PREVIOUS)
		return sample->columns[column].name;
	return sample->previous == DRVP_NO_COLUMN ? "previous_hash" :
		sample->columns[sample->previous].name;
}

size_t drvp_design_key(const struct drvp_design *design, uint8_t column, char *out, size_t size)
{
	const struct drvp_sample *sample = design->pieces->sample;
	const char *name = column_name(design, column);
	bool previous = column == DRVP_DESIGN_PREVIOUS;

	if (previous && design->previous_key)
		name = design->previous_key;
	else if (!previous && design->time_key &&
		 sample->classes[column] == DRVP_PIECE_TIME)
		name = design->time_key;
	else if (design->naming == DRVP_NAMES_CAMEL)
		return to_camel(name, out, size);
	else if (design->naming == DRVP_NAMES_SNAKE)
		return to_snake(name, out, size);
	out[0] = '\0';
	strncat(out, name, size - 1);
	return strlen(out);
}

/* ------------------------------------------------------------------ bytes */

static void put_bytes(const struct drvp_design *design, const struct drvp_value *value,
		      struct drvp_strbuf *out)
{
	uint8_t bytes[DRVP_DIGEST_MAX];
	int encoding = design->pieces->sample->encoding;
	long len = encoding == DRVP_ENCODING_HEX ?
		drvp_hex_decode(value->bytes, value->len, bytes, sizeof bytes) :
		drvp_base64_decode(value->bytes, value->len, bytes, sizeof bytes);

	drvp_strbuf_add(out, len < 0 ? (const void *)value->bytes : bytes,
			len < 0 ? value->len : (size_t)len);
}

static void put_value(const struct drvp_design *design, const struct drvp_value *value,
		      struct drvp_strbuf *out, bool json)
{
	if (value->kind == DRVP_BYTES && design->previous_bytes && !json)
		drvp_strbuf_add(out, value->bytes, value->len);
	else if (value->kind == DRVP_BYTES) {
		drvp_strbuf_str(out, json ? "\"" : "");
		drvp_strbuf_hex(out, value->bytes, value->len);
		drvp_strbuf_str(out, json ? "\"" : "");
	} else if (json)
		drvp_piece_string(out, value->bytes, value->len);
	else if (design->previous_bytes)
		put_bytes(design, value, out);
	else
		drvp_strbuf_add(out, value->bytes, value->len);
}

/* False: nothing stands for it, not even a separator. */
static bool put_genesis(const struct drvp_design *design, const struct drvp_sample_row *row,
			struct drvp_strbuf *out, bool json)
{
	long choice = design->genesis - drvp_design_geneses;
	bool stored = row->previous.kind != DRVP_NULL;

	if (choice == GENESIS_ABSENT || (choice == GENESIS_DEFAULT && !stored))
		return false;
	if (choice == GENESIS_DEFAULT || (choice == GENESIS_AS_STORED && stored)) {
		put_value(design, &row->previous, out, json);
		return true;
	}
	if (choice == GENESIS_AS_STORED)
		drvp_strbuf_str(out, json ? "null" : "");
	else if (design->genesis->json)
		drvp_strbuf_str(out, json ? design->genesis->json : design->genesis->text);
	else
		drvp_strbuf_add(out, design->genesis->text, sizeof BYTES_32);
	return true;
}

static bool put_previous(const struct drvp_design *design, const struct drvp_sample_row *row,
			 struct drvp_strbuf *out, bool json)
{
	if (row->genesis)
		return put_genesis(design, row, out, json);
	put_value(design, &row->previous, out, json);
	return true;
}

void drvp_design_previous(const struct drvp_design *design, const struct drvp_sample_row *row,
			  struct drvp_strbuf *out)
{
	put_previous(design, row, out, false);
}

static const struct drvp_piece_variant *variant_of(const struct drvp_design *design,
						   uint8_t column)
{
	int class = design->pieces->sample->classes[column];

	return &design->context->variants[class][design->variant[class]];
}

static bool put_column(const struct drvp_design *design, const struct drvp_sample_row *row,
		       uint8_t column, struct drvp_strbuf *out)
{
	const struct drvp_sample *sample = design->pieces->sample;
	const struct drvp_design_word *null = design->nulls[column];
	const struct drvp_bytes *piece;

	if (row->values[column].kind == DRVP_NULL) {
		const char *word = design->context->style ? null->json : null->text;

		drvp_strbuf_str(out, word ? word : "");
		return word;
	}
	piece = &variant_of(design, column)->pieces[(size_t)(row - sample->rows) *
						    sample->column_count + column];
	drvp_strbuf_add(out, piece->bytes, piece->len);
	return true;
}

/* Puts the number of bytes since mark, and a colon, in front of them. */
static void put_length(struct drvp_strbuf *out, size_t mark)
{
	char length[32];
	size_t size = out->len - mark;
	size_t len = (size_t)snprintf(length, sizeof length, "%zu:", size);

	drvp_strbuf_add(out, length, len);
	if (out->failed)
		return;
	memmove(out->data + mark + len, out->data + mark, size);
	memcpy(out->data + mark, length, len);
}

bool drvp_design_part(const struct drvp_design *design, const struct drvp_sample_row *row,
		      uint8_t column, struct drvp_strbuf *out)
{
	size_t mark = out->len;
	bool written;

	if (design->shape == DRVP_SHAPE_OBJECT) {
		char key[128];

		drvp_piece_string(out, key, drvp_design_key(design, column, key, sizeof key));
		drvp_strbuf_str(out, design->context->colon);
	}
	written = column == DRVP_DESIGN_PREVIOUS ?
		put_previous(design, row, out, design->context->style) :
		put_column(design, row, column, out);
	if (!written)
		out->len = mark;
	else if (design->lengths)
		put_length(out, mark);
	return written;
}

/* ------------------------------------------------------------------ the recipe */

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
				      &variant_of(design, column)->format,
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
