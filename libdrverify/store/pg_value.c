/* pg_value.c: one field of a binary COPY stream into a value, checked byte by byte */
#include "store/pg.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/big_endian.h"
#include "document/json.h"

/* Microseconds and days from 1970, where ours begin, to 2000, where PostgreSQL's do. */
#define EPOCH_MICROSECONDS INT64_C(946684800000000)
#define EPOCH_DAYS 10957

#define JSON_DEPTH 1000

/* ------------------------------------------------------------------ numbers */

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
	uint32_t bits = drvp_get32(bytes);
	float single;

	memcpy(&single, &bits, sizeof single);
	return widen(single);
}

static double float8(const char *bytes)
{
	uint64_t bits = drvp_get64(bytes);
	double number;

	memcpy(&number, &bits, sizeof number);
	return number;
}

/* ------------------------------------------------------------------ values */

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
		value->integer = (int16_t)drvp_get16(bytes);
		return DRVP_INTEGER;
	case DRVP_PG_INT4:
		value->integer = (int32_t)drvp_get32(bytes);
		return DRVP_INTEGER;
	case DRVP_PG_INT8:
		value->integer = (int64_t)drvp_get64(bytes);
		return DRVP_INTEGER;
	case DRVP_PG_OID:
		value->integer = drvp_get32(bytes);
		return DRVP_INTEGER;
	case DRVP_PG_FLOAT4:
		value->number = float4(bytes);
		return DRVP_FLOAT;
	case DRVP_PG_FLOAT8:
		value->number = float8(bytes);
		return DRVP_FLOAT;
	case DRVP_PG_TIMESTAMP:
		value->integer = from_2000((int64_t)drvp_get64(bytes));
		return DRVP_LOCAL_TIME;
	case DRVP_PG_TIMESTAMPTZ:
		value->integer = from_2000((int64_t)drvp_get64(bytes));
		return DRVP_INSTANT;
	case DRVP_PG_DATE:
		value->integer = date_from_2000((int32_t)drvp_get32(bytes));
		return DRVP_DATE;
	default:
		return DRVP_UUID;
	}
}

int drvp_pg_decode_value(const struct drvp_pg_decoder *d, const struct drvp_pg_field *field,
			 struct drvp_value *value, struct drv_error *err)
{
	size_t width = widths[field->form];

	if (width) {
		bool boolean = width == 1;

		if (value->len != width || (boolean && (unsigned char)*value->bytes > 1))
			return drvp_pg_fail_stream(d, "a value of the wrong size", err);
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
			return drvp_pg_fail_stream(d, "jsonb of an unknown version", err);
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

	if (size == 4 && (drvp_get32(bytes) & 0x7fffffff) > 0x7f800000)
		memcpy(bytes, nan4, sizeof nan4);
	else if (size == 8 && (drvp_get64(bytes) & INT64_MAX) > UINT64_C(0x7ff0000000000000))
		memcpy(bytes, nan8, sizeof nan8);
}

void drvp_pg_unify_nans(const struct drvp_pg_field *field, char *bytes, size_t len)
{
	for (size_t at = field->float_skip; at + field->float_size <= len; at += field->float_size)
		unify_nan(bytes + at, field->float_size);
}
