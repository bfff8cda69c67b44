/* pg_decode.c: PostgreSQL's binary COPY stream into rows, checked byte by byte */
#include "store/pg.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document/json.h"

/* Microseconds and days from 1970, where ours begin, to 2000, where PostgreSQL's do. */
#define EPOCH_MICROSECONDS INT64_C(946684800000000)
#define EPOCH_DAYS 10957

#define JSON_DEPTH 1000

/* ------------------------------------------------------------------ types */

#define CAST "::pg_catalog.text"
#define ARRAY "pg_catalog.array_to_json("

/* inet's cast to text adds the length of the mask; format() prints what a client would see. */
static const struct drvp_pg_type types[] = {
	{ 16, DRVP_PG_BOOL, DRVP_BOOL, false, "", "" },
	{ 17, DRVP_PG_BYTEA, DRVP_BYTES, false, "", "" },
	{ 19, DRVP_PG_TEXT, DRVP_TEXT, false, "", "" },                 /* name */
	{ 20, DRVP_PG_INT8, DRVP_INTEGER, false, "", "" },
	{ 21, DRVP_PG_INT2, DRVP_INTEGER, false, "", "" },
	{ 23, DRVP_PG_INT4, DRVP_INTEGER, false, "", "" },
	{ 25, DRVP_PG_TEXT, DRVP_TEXT, false, "", "" },
	{ 26, DRVP_PG_OID, DRVP_INTEGER, false, "", "" },
	{ 114, DRVP_PG_JSON, DRVP_DOCUMENT, false, "", "" },
	{ 700, DRVP_PG_FLOAT4, DRVP_FLOAT, false, "", "" },
	{ 701, DRVP_PG_FLOAT8, DRVP_FLOAT, false, "", "" },
	{ 869, DRVP_PG_TEXT, DRVP_TEXT, false, "nullif(pg_catalog.format('%s', ", "), '')" },
	{ 1042, DRVP_PG_TEXT, DRVP_TEXT, false, "", "" },               /* character(n) */
	{ 1043, DRVP_PG_TEXT, DRVP_TEXT, false, "", "" },               /* character varying */
	{ 1082, DRVP_PG_DATE, DRVP_DATE, false, "", "" },
	{ 1114, DRVP_PG_TIMESTAMP, DRVP_LOCAL_TIME, false, "", "" },
	{ 1184, DRVP_PG_TIMESTAMPTZ, DRVP_INSTANT, false, "", "" },
	{ 1700, DRVP_PG_DECIMAL, DRVP_DECIMAL, false, "", CAST },       /* numeric */
	{ 2950, DRVP_PG_UUID, DRVP_UUID, false, "", "" },
	{ DRVP_PG_ANYARRAY, DRVP_PG_ARRAY, DRVP_DOCUMENT, false, ARRAY, ")" },
	{ DRVP_PG_ANYENUM, DRVP_PG_TEXT, DRVP_TEXT, false, "", "" },
	{ 3802, DRVP_PG_JSONB, DRVP_DOCUMENT, true, "", "" },
	{ 3807, DRVP_PG_ARRAY, DRVP_DOCUMENT, true, ARRAY, ")" },       /* jsonb[] */
};

/* Composites carry type OIDs in their binary form, which no restore keeps. */
static const struct drvp_pg_type by_text = { 0, DRVP_PG_TEXT, DRVP_TEXT, false, "", CAST };

const struct drvp_pg_type *drvp_pg_type(uint32_t oid)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (types[i].oid == oid)
			return &types[i];
	return &by_text;
}

bool drvp_pg_is_collated(uint32_t oid)
{
	return oid == 25 || oid == 1042 || oid == 1043;
}

/* ------------------------------------------------------------------ numbers off the wire */

static uint16_t read16(const char *bytes)
{
	uint16_t number;

	memcpy(&number, bytes, sizeof number);
	return be16toh(number);
}

static uint32_t read32(const char *bytes)
{
	uint32_t number;

	memcpy(&number, bytes, sizeof number);
	return be32toh(number);
}

static uint64_t read64(const char *bytes)
{
	uint64_t number;

	memcpy(&number, bytes, sizeof number);
	return be64toh(number);
}

static int64_t from_2000(int64_t microseconds)
{
	int64_t instant;

	if (microseconds == INT64_MAX || microseconds == INT64_MIN)
		return microseconds;
	/* The last thirty years of PostgreSQL's calendar, up to 294276, do not fit. */
	if (__builtin_add_overflow(microseconds, EPOCH_MICROSECONDS, &instant) ||
	    instant == DRVP_TIME_INFINITY)
		return DRVP_TIME_INFINITY - 1;
	return instant;
}

static int64_t date_from_2000(int32_t days)
{
	if (days == INT32_MAX)
		return DRVP_TIME_INFINITY;
	if (days == INT32_MIN)
		return DRVP_TIME_MINUS_INFINITY;
	return (int64_t)days + EPOCH_DAYS;
}

/*
 * The number that the server's own text of it stands for: 0.1 in four bytes is 0.1 for everybody
 * who reads it as text, and not 0.10000000149011612.
 */
static double widen(float single)
{
	char text[32];

	for (int digits = 6; digits < 9; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, (double)single);
		if (strtof(text, NULL) == single)
			return strtod(text, NULL);
	}
	snprintf(text, sizeof text, "%.9g", (double)single);
	return strtod(text, NULL);
}

static double float4(const char *bytes)
{
	uint32_t bits = read32(bytes);
	float single;

	memcpy(&single, &bits, sizeof single);
	return widen(single);
}

static double float8(const char *bytes)
{
	uint64_t bits = read64(bytes);
	double number;

	memcpy(&number, &bits, sizeof number);
	return number;
}

/* ------------------------------------------------------------------ values */

static int fail_protocol(const struct drvp_pg_decoder *d, const char *what, struct drv_error *err)
{
	return drvp_fail(err, DRV_E_INTERNAL, "protocol: %s in row %llu of a binary COPY", what,
			 (unsigned long long)d->rows + 1);
}

/* -0 is no integer of ours. */
static bool is_integer(const struct drvp_json *json, int64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoll(json->text, &end, 10);
	return !errno && end == json->text + json->len && (*number || json->text[0] != '-');
}

/* Makes a value of its own of JSON that is no document. */
static void unwrap(struct drvp_value *value)
{
	const struct drvp_json *json = value->json;

	if (json->type == DRVP_JSON_ARRAY || json->type == DRVP_JSON_OBJECT)
		return;
	memset(value, 0, sizeof *value);
	if (json->type == DRVP_JSON_BOOL) {
		value->kind = DRVP_BOOL;
		value->integer = json->truth;
	} else if (json->type == DRVP_JSON_NUMBER && is_integer(json, &value->integer)) {
		value->kind = DRVP_INTEGER;
	} else if (json->type != DRVP_JSON_NULL) {
		*value = (struct drvp_value){
			.kind = json->type == DRVP_JSON_NUMBER ? DRVP_DECIMAL : DRVP_TEXT,
			.bytes = json->text, .len = json->len };
	}
}

static int decode_json(const struct drvp_pg_decoder *d, const struct drvp_pg_field *field,
		       struct drvp_value *value, struct drv_error *err)
{
	static const struct drvp_json_limits limits = { SIZE_MAX, JSON_DEPTH,
							DRVP_JSON_DUPLICATES };
	struct drvp_json *root;
	/* The parser's own message may quote what is stored. */
	int status = drvp_json_parse(&root, d->arena, value->bytes, value->len, &limits, NULL);

	value->kind = DRVP_DOCUMENT;
	value->json = root;
	/* Only that of json is the stored text; the server wrote the others. */
	if (field->form != DRVP_PG_JSON) {
		value->bytes = NULL;
		value->len = 0;
	}
	if (!status && field->inside)
		unwrap(value);
	if (!status)
		return 0;
	if (status == DRV_E_NOMEM)
		return drvp_fail_nomem(err);
	return drvp_fail(err, DRV_E_UNSUPPORTED,
			 "column \"%s\" holds JSON, in row %llu as read, that is nested deeper "
			 "than %d or has a lone surrogate or invalid UTF-8",
			 field->column, (unsigned long long)d->rows + 1, JSON_DEPTH);
}

/* Bytes that each form takes; 0: any number. */
static const uint8_t widths[] = {
	[DRVP_PG_BOOL] = 1, [DRVP_PG_PRESENCE] = 1, [DRVP_PG_INT2] = 2, [DRVP_PG_INT4] = 4,
	[DRVP_PG_INT8] = 8, [DRVP_PG_OID] = 4, [DRVP_PG_FLOAT4] = 4, [DRVP_PG_FLOAT8] = 8,
	[DRVP_PG_UUID] = 16, [DRVP_PG_TIMESTAMP] = 8, [DRVP_PG_TIMESTAMPTZ] = 8,
	[DRVP_PG_DATE] = 4, [DRVP_PG_STABLE] = 0
};

static int decode_fixed(const struct drvp_pg_field *field, struct drvp_value *value)
{
	const char *bytes = value->bytes;

	switch (field->form) {
	case DRVP_PG_BOOL:
		value->integer = *bytes;
		return DRVP_BOOL;
	case DRVP_PG_PRESENCE:
		return *bytes ? DRVP_PRESENT : DRVP_NULL;
	case DRVP_PG_INT2:
		value->integer = (int16_t)read16(bytes);
		return DRVP_INTEGER;
	case DRVP_PG_INT4:
		value->integer = (int32_t)read32(bytes);
		return DRVP_INTEGER;
	case DRVP_PG_INT8:
		value->integer = (int64_t)read64(bytes);
		return DRVP_INTEGER;
	case DRVP_PG_OID:
		value->integer = read32(bytes);
		return DRVP_INTEGER;
	case DRVP_PG_FLOAT4:
		value->number = float4(bytes);
		return DRVP_FLOAT;
	case DRVP_PG_FLOAT8:
		value->number = float8(bytes);
		return DRVP_FLOAT;
	case DRVP_PG_TIMESTAMP:
		value->integer = from_2000((int64_t)read64(bytes));
		return DRVP_LOCAL_TIME;
	case DRVP_PG_TIMESTAMPTZ:
		value->integer = from_2000((int64_t)read64(bytes));
		return DRVP_INSTANT;
	case DRVP_PG_DATE:
		value->integer = date_from_2000((int32_t)read32(bytes));
		return DRVP_DATE;
	default:
		return DRVP_UUID;
	}
}

static int decode_value(const struct drvp_pg_decoder *d, const struct drvp_pg_field *field,
			struct drvp_value *value, struct drv_error *err)
{
	size_t width = widths[field->form];

	if (width) {
		bool boolean = width == 1;

		if (value->len != width || (boolean && (unsigned char)*value->bytes > 1))
			return fail_protocol(d, "a value of the wrong size", err);
		value->kind = decode_fixed(field, value);
		return 0;
	}
	switch (field->form) {
	case DRVP_PG_DECIMAL:
		value->kind = DRVP_DECIMAL;
		return 0;
	case DRVP_PG_BYTEA:
		value->kind = DRVP_BYTES;
		return 0;
	case DRVP_PG_JSONB:
		if (!value->len || *value->bytes != 1)
			return fail_protocol(d, "jsonb of an unknown version", err);
		value->bytes++;
		value->len--;
		value->order_lost = true;
		return decode_json(d, field, value, err);
	case DRVP_PG_ARRAY:
		value->order_lost = field->order_lost;
		return decode_json(d, field, value, err);
	case DRVP_PG_JSON:
		return decode_json(d, field, value, err);
	default:
		value->kind = DRVP_TEXT;
		return 0;
	}
}

/* ------------------------------------------------------------------ bytes that stay the same */

/* A dump prints every NaN alike, whatever its sign and payload, and it comes back as this one. */
static void unify_nan(char *bytes, size_t size)
{
	static const unsigned char nan4[] = { 0x7f, 0xc0, 0, 0 };
	static const unsigned char nan8[] = { 0x7f, 0xf8, 0, 0, 0, 0, 0, 0 };

	if (size == 4 && (read32(bytes) & 0x7fffffff) > 0x7f800000)
		memcpy(bytes, nan4, sizeof nan4);
	else if (size == 8 && (read64(bytes) & INT64_MAX) > UINT64_C(0x7ff0000000000000))
		memcpy(bytes, nan8, sizeof nan8);
}

static void unify_nans(const struct drvp_pg_field *field, char *bytes, size_t len)
{
	for (size_t at = field->float_skip; at + field->float_size <= len; at += field->float_size)
		unify_nan(bytes + at, field->float_size);
}

/* ------------------------------------------------------------------ the stream */

struct reader {
	char *at, *end;
};

static bool take(struct reader *r, size_t len, char **bytes)
{
	if ((size_t)(r->end - r->at) < len)
		return false;
	*bytes = r->at;
	r->at += len;
	return true;
}

/* Takes a field's length and bytes; *len is -1 for NULL. */
static bool take_field(struct reader *r, char **bytes, int32_t *len)
{
	char *prefix;

	if (!take(r, 4, &prefix))
		return false;
	*len = (int32_t)read32(prefix);
	*bytes = NULL;
	return *len == -1 || (*len >= 0 && take(r, (size_t)*len, bytes));
}

static bool take_ctid(struct reader *r, struct drvp_row *row)
{
	char *bytes;
	int32_t len;

	if (!take_field(r, &bytes, &len) || len != 6)
		return false;
	row->ctid.block = read32(bytes);
	row->ctid.offset = read16(bytes + 4);
	return true;
}

static int take_aliases(const struct drvp_pg_decoder *d, struct drv_error *err)
{
	int status = 0;

	for (size_t i = 0; i < d->alias_count && !status; i++) {
		const struct drvp_pg_alias *alias = &d->aliases[i];
		struct drvp_value *value = &d->values[alias->field.to];

		*value = d->values[alias->from];
		if (value->kind != DRVP_NULL)
			status = decode_value(d, &alias->field, value, err);
	}
	return status;
}

/* The fields whose bytes are digested, which stand in one piece. */
static int take_stable(struct drvp_pg_decoder *d, struct reader *r, struct drv_error *err)
{
	d->row.stable = r->at;
	for (size_t i = 0; i < d->stable_count; i++) {
		const struct drvp_pg_field *field = &d->fields[i];
		struct drvp_value *value = &d->values[field->to];
		char *bytes;
		int32_t len;

		*value = (struct drvp_value){ .kind = DRVP_NULL };
		if (!take_field(r, &bytes, &len))
			return fail_protocol(d, "a field that is cut off", err);
		if (len < 0)
			continue;
		if (field->float_size)
			unify_nans(field, bytes, (size_t)len);
		value->kind = DRVP_BYTES;
		value->bytes = bytes;
		value->len = (size_t)len;
	}
	d->row.stable_len = (size_t)(r->at - d->row.stable);
	return 0;
}

static int take_row(struct drvp_pg_decoder *d, struct reader *r, struct drv_error *err)
{
	int status;

	drvp_arena_reset(d->arena);
	d->row.ctid.block = UINT32_MAX;
	d->row.ordinal = d->rows;
	if (d->has_ctid && !take_ctid(r, &d->row))
		return fail_protocol(d, "no position", err);
	status = take_stable(d, r, err);
	for (size_t i = d->stable_count; i < d->field_count && !status; i++) {
		struct drvp_value *value = &d->values[d->fields[i].to];
		char *bytes;
		int32_t len;

		*value = (struct drvp_value){ .kind = DRVP_NULL };
		if (!take_field(r, &bytes, &len))
			return fail_protocol(d, "a field that is cut off", err);
		if (len < 0)
			continue;
		value->bytes = bytes;
		value->len = (size_t)len;
		/* Most columns are text: nothing to decode. */
		if (d->fields[i].form == DRVP_PG_TEXT)
			value->kind = DRVP_TEXT;
		else
			status = decode_value(d, &d->fields[i], value, err);
	}
	return status ? status : take_aliases(d, err);
}

/* Signature, flags of which none may be set that matters, and an extension to be skipped. */
static bool take_header(struct reader *r)
{
	static const char signature[11] = "PGCOPY\n\377\r\n";
	char *bytes;

	return take(r, 11, &bytes) && !memcmp(bytes, signature, 11) && take(r, 4, &bytes) &&
	       !(read32(bytes) >> 16) && take(r, 4, &bytes) &&
	       take(r, read32(bytes), &bytes);
}

int drvp_pg_decode(struct drvp_pg_decoder *d, char *bytes, size_t len, drvp_row_fn fn,
		   void *user, bool *callback, struct drv_error *err)
{
	struct reader r = { bytes, bytes + len };

	*callback = false;
	if (!d->started && !take_header(&r))
		return fail_protocol(d, "no signature", err);
	d->started = true;
	while (r.at < r.end) {
		char *prefix;
		int16_t count;
		int status;

		if (d->ended || !take(&r, 2, &prefix))
			return fail_protocol(d, "bytes that belong to nothing", err);
		count = (int16_t)read16(prefix);
		d->ended = count == -1;
		if (d->ended)
			continue;
		if (count < 0 || (size_t)count != d->field_count + d->has_ctid)
			return fail_protocol(d, "a wrong number of fields", err);
		status = take_row(d, &r, err);
		if (status)
			return status;
		d->rows++;
		status = fn(&d->row, user);
		if (status) {
			*callback = true;
			return status;
		}
	}
	return 0;
}
