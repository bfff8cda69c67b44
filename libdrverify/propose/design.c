/* design.c: a recipe as the search sees it: the bytes that it gives */
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

const struct drvp_piece_variant *drvp_design_variant(const struct drvp_design *design,
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
	piece = &drvp_design_variant(design, column)->pieces[(size_t)(row - sample->rows) *
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
