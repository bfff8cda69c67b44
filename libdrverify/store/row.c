/* row.c: rows and values as text, for people */
#include "store/store.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY (86400 * DRVP_SECOND)

void drvp_row_print_place(struct drvp_strbuf *out, const struct drvp_row *row)
{
	if (row->ctid.block == UINT32_MAX)
		drvp_strbuf_printf(out, "document %" PRIu64, row->ordinal);
	else
		drvp_strbuf_printf(out, "%s%sctid (%" PRIu32 ",%u)", row->leaf ? row->leaf->name : "",
				   row->leaf ? " " : "", row->ctid.block, row->ctid.offset);
}

void drvp_row_print_key(struct drvp_strbuf *out, const struct drvp_row *row)
{
	for (size_t i = 0; i < row->key_count; i++) {
		if (i)
			drvp_strbuf_char(out, ',');
		if (row->key_names)
			drvp_strbuf_printf(out, "%s=", row->key_names[i]);
		drvp_value_print(out, &row->keys[i]);
	}
}

/* ------------------------------------------------------------------ values */

static bool print_infinity(struct drvp_strbuf *out, int64_t time)
{
	if (time == DRVP_TIME_INFINITY)
		drvp_strbuf_str(out, "infinity");
	else if (time == DRVP_TIME_MINUS_INFINITY)
		drvp_strbuf_str(out, "-infinity");
	else
		return false;
	return true;
}

/* A time without its "Z": nobody knows which zone it is in. */
static void print_local_time(struct drvp_strbuf *out, int64_t time)
{
	drvp_instant_print(out, time);
	if (!out->failed)
		out->data[--out->len] = '\0';
}

static void print_date(struct drvp_strbuf *out, int64_t days)
{
	struct drvp_civil civil;

	if (days > INT64_MAX / DAY || days < INT64_MIN / DAY) {
		drvp_strbuf_printf(out, "day %" PRId64, days);
		return;
	}
	drvp_civil_from_instant(&civil, days * DAY);
	drvp_strbuf_printf(out, "%04" PRId64 "-%02u-%02u", civil.year, civil.month, civil.day);
}

static void print_time(struct drvp_strbuf *out, const struct drvp_value *value)
{
	if (print_infinity(out, value->integer))
		return;
	if (value->kind == DRVP_INSTANT)
		drvp_instant_print(out, value->integer);
	else if (value->kind == DRVP_LOCAL_TIME)
		print_local_time(out, value->integer);
	else
		print_date(out, value->integer);
}

/* The shortest text that reads back as the same number, with a point in every locale. */
static void print_float(struct drvp_strbuf *out, double number)
{
	char text[40];

	if (isnan(number) || isinf(number)) {
		drvp_strbuf_str(out, isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity");
		return;
	}
	for (int digits = DBL_DIG; digits <= DBL_DECIMAL_DIG; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, number);
		if (strtod(text, NULL) == number)
			break;
	}
	for (char *at = text; *at; at++)
		if (!strchr("+-0123456789e", *at))
			*at = '.';
	drvp_strbuf_str(out, text);
}

static void print_uuid(struct drvp_strbuf *out, const char *bytes)
{
	static const size_t parts[] = { 4, 2, 2, 2, 6 };

	for (size_t i = 0; i < 5; i++) {
		if (i)
			drvp_strbuf_char(out, '-');
		drvp_strbuf_hex(out, bytes, parts[i]);
		bytes += parts[i];
	}
}

static void print_document(struct drvp_strbuf *out, const struct drvp_json *json)
{
	/* As if inside something that stands on one line. */
	struct drvp_json_writer writer = { .out = out, .inline_depth = 1 };

	drvp_json_put_value(&writer, NULL, json);
}

void drvp_value_print(struct drvp_strbuf *out, const struct drvp_value *value)
{
	switch (value->kind) {
	case DRVP_NULL:
		drvp_strbuf_str(out, "null");
		break;
	case DRVP_PRESENT:
		drvp_strbuf_str(out, "present");
		break;
	case DRVP_BOOL:
		drvp_strbuf_str(out, value->integer ? "true" : "false");
		break;
	case DRVP_INTEGER:
		drvp_strbuf_printf(out, "%" PRId64, value->integer);
		break;
	case DRVP_FLOAT:
		print_float(out, value->number);
		break;
	case DRVP_BYTES:
	case DRVP_OBJECT_ID:
		drvp_strbuf_hex(out, value->bytes, value->len);
		break;
	case DRVP_UUID:
		print_uuid(out, value->bytes);
		break;
	case DRVP_INSTANT:
	case DRVP_LOCAL_TIME:
	case DRVP_DATE:
		print_time(out, value);
		break;
	case DRVP_DOCUMENT:
		print_document(out, value->json);
		break;
	default:
		drvp_strbuf_add(out, value->bytes, value->len);
		break;
	}
}
