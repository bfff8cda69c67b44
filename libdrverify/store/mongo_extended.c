/* mongo_extended.c: BSON from JSON, the wrappers of extended JSON included */
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "store/mongo.h"

/* MongoDB itself takes no deeper queries; it also bounds the recursion here. */
#define DEPTH_MAX 100

/* Where a value goes: bson_append_* take document, name and its length. */
struct place {
	bson_t *in;
	const char *key;
	int key_len;
};

static int append(const struct place *to, const struct drvp_json *value, unsigned depth,
		  struct drv_error *err);

static int refuse(const struct drvp_json *value, const char *what, struct drv_error *err)
{
	return drvp_fail(err, DRV_E_USAGE, "filter, line %u column %u: %s", (unsigned)value->line,
			 (unsigned)value->column, what);
}

/* bson_append_* return false when a document would exceed 2 GiB. */
static int appended(bool fits, const struct drvp_json *value, struct drv_error *err)
{
	return fits ? 0 : refuse(value, "the query grows too large", err);
}

/* strtod() would read 1.5 as 1 where the host application uses a comma for the point. */
static bool read_double(double *number, const char *text)
{
	locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	char *end = NULL;

	if (!c)
		return false;
	*number = strtod_l(text, &end, c);
	freelocale(c);
	return end && end != text && *end == '\0';
}

static bool read_int64(int64_t *number, const char *text)
{
	char *end = NULL;

	errno = 0;
	*number = strtoll(text, &end, 10);
	return errno == 0 && end && end != text && *end == '\0';
}

static int append_number(const struct place *to, const struct drvp_json *value,
			 struct drv_error *err)
{
	int64_t integer;
	double number;

	if (!strpbrk(value->text, ".eE")) {
		if (!read_int64(&integer, value->text))
			return refuse(value, "the number exceeds 64 bits; use "
				      "{\"$numberDecimal\": \"…\"}", err);
		if (integer >= INT32_MIN && integer <= INT32_MAX)
			return appended(bson_append_int32(to->in, to->key, to->key_len,
							  (int32_t)integer), value, err);
		return appended(bson_append_int64(to->in, to->key, to->key_len, integer), value,
				err);
	}
	if (!read_double(&number, value->text) || !isfinite(number))
		return refuse(value, "the number is too large", err);
	return appended(bson_append_double(to->in, to->key, to->key_len, number), value, err);
}

static bool is_plain_string(const struct drvp_json *value)
{
	return value->type == DRVP_JSON_STRING && strlen(value->text) == value->len;
}

/* ------------------------------------------------------------------ extended JSON */

static int append_oid(const struct place *to, const struct drvp_json *value, struct drv_error *err)
{
	bson_oid_t oid;

	if (!is_plain_string(value) || !bson_oid_is_valid(value->text, value->len) ||
	    value->len != 24)
		return refuse(value, "$oid takes 24 hexadecimal digits", err);
	bson_oid_init_from_string(&oid, value->text);
	return appended(bson_append_oid(to->in, to->key, to->key_len, &oid), value, err);
}

static int append_date(const struct place *to, const struct drvp_json *value,
		       struct drv_error *err)
{
	const struct drvp_json *number = drvp_json_member(value, "$numberLong");
	int64_t instant, milliseconds;

	if (number && value->count == 1 && is_plain_string(number) &&
	    read_int64(&milliseconds, number->text))
		return appended(bson_append_date_time(to->in, to->key, to->key_len, milliseconds),
				value, err);
	if (value->type != DRVP_JSON_STRING ||
	    !drvp_instant_parse(&instant, value->text, value->len) || instant % 1000)
		return refuse(value, "$date takes a time with zone, to the millisecond, such as "
			      "\"2025-12-30T05:30:00.000Z\"", err);
	return appended(bson_append_date_time(to->in, to->key, to->key_len, instant / 1000), value,
			err);
}

static int append_long(const struct place *to, const struct drvp_json *value,
		       struct drv_error *err)
{
	int64_t integer;

	if (!is_plain_string(value) || !read_int64(&integer, value->text))
		return refuse(value, "$numberLong takes a 64-bit integer in quotes", err);
	return appended(bson_append_int64(to->in, to->key, to->key_len, integer), value, err);
}

static int append_int(const struct place *to, const struct drvp_json *value, struct drv_error *err)
{
	int64_t integer;

	if (!is_plain_string(value) || !read_int64(&integer, value->text) ||
	    integer < INT32_MIN || integer > INT32_MAX)
		return refuse(value, "$numberInt takes a 32-bit integer in quotes", err);
	return appended(bson_append_int32(to->in, to->key, to->key_len, (int32_t)integer), value,
			err);
}

static int append_double(const struct place *to, const struct drvp_json *value,
			 struct drv_error *err)
{
	double number;

	if (!is_plain_string(value) || !read_double(&number, value->text))
		return refuse(value, "$numberDouble takes a number in quotes", err);
	return appended(bson_append_double(to->in, to->key, to->key_len, number), value, err);
}

static int append_decimal(const struct place *to, const struct drvp_json *value,
			  struct drv_error *err)
{
	bson_decimal128_t decimal;

	if (!is_plain_string(value) || !bson_decimal128_from_string(value->text, &decimal))
		return refuse(value, "$numberDecimal takes a number of up to 34 digits in quotes",
			      err);
	return appended(bson_append_decimal128(to->in, to->key, to->key_len, &decimal), value,
			err);
}

static int append_binary(const struct place *to, const struct drvp_json *value,
			 struct drv_error *err)
{
	const struct drvp_json *base64 = drvp_json_member(value, "base64");
	const struct drvp_json *subtype = drvp_json_member(value, "subType");
	uint8_t type, *bytes;
	long len;
	int status;

	if (value->count != 2 || !base64 || !subtype || base64->type != DRVP_JSON_STRING ||
	    !is_plain_string(subtype) || subtype->len > 2)
		return refuse(value, "$binary takes \"base64\" and \"subType\"", err);
	if (drvp_hex_decode(subtype->len == 1 ? (char[]){ '0', subtype->text[0] } : subtype->text,
			    2, &type, 1) != 1)
		return refuse(value, "subType takes two hexadecimal digits", err);
	bytes = malloc(base64->len + 1);
	if (!bytes)
		return drvp_fail_nomem(err);
	len = drvp_base64_decode(base64->text, base64->len, bytes, base64->len + 1);
	if (len < 0 || len > INT32_MAX)
		status = refuse(base64, "this is no padded base64", err);
	else
		status = appended(bson_append_binary(to->in, to->key, to->key_len,
						     (bson_subtype_t)type, bytes, (uint32_t)len),
				  value, err);
	free(bytes);
	return status;
}

static int append_regex(const struct place *to, const struct drvp_json *value,
			struct drv_error *err)
{
	const struct drvp_json *pattern = drvp_json_member(value, "pattern");
	const struct drvp_json *options = drvp_json_member(value, "options");

	if (value->count != 2 || !pattern || !options || !is_plain_string(pattern) ||
	    !is_plain_string(options))
		return refuse(value, "$regularExpression takes \"pattern\" and \"options\"", err);
	return appended(bson_append_regex(to->in, to->key, to->key_len, pattern->text,
					  options->text), value, err);
}

/* Values that JSON has no form for. Other names that begin with $ are query operators. */
static const struct wrapper {
	const char *name;
	int (*append)(const struct place *to, const struct drvp_json *value,
		      struct drv_error *err);
} wrappers[] = {
	{ "$oid", append_oid },
	{ "$date", append_date },
	{ "$numberLong", append_long },
	{ "$numberInt", append_int },
	{ "$numberDouble", append_double },
	{ "$numberDecimal", append_decimal },
	{ "$binary", append_binary },
	{ "$regularExpression", append_regex },
};

static const struct wrapper *wrapper_of(const struct drvp_json *value)
{
	if (value->type != DRVP_JSON_OBJECT || value->count != 1)
		return NULL;
	for (size_t i = 0; i < sizeof wrappers / sizeof *wrappers; i++)
		if (drvp_json_member(value, wrappers[i].name))
			return &wrappers[i];
	return NULL;
}

/* ------------------------------------------------------------------ trees */

static int append_members(bson_t *out, const struct drvp_json *object, unsigned depth,
			  struct drv_error *err)
{
	int status = 0;

	for (const struct drvp_json *at = object->first; at && !status; at = at->next) {
		struct place to = { out, at->key, (int)at->key_len };

		if (at->key_len > INT32_MAX || memchr(at->key, '\0', at->key_len))
			return refuse(at, "a name cannot hold NUL", err);
		status = append(&to, at, depth, err);
	}
	return status;
}

static int append_elements(bson_t *out, const struct drvp_json *array, unsigned depth,
			   struct drv_error *err)
{
	uint32_t index = 0;
	int status = 0;

	for (const struct drvp_json *at = array->first; at && !status; at = at->next) {
		char buffer[16];
		const char *key;
		size_t len = bson_uint32_to_string(index++, &key, buffer, sizeof buffer);
		struct place to = { out, key, (int)len };

		status = append(&to, at, depth, err);
	}
	return status;
}

static int append_tree(const struct place *to, const struct drvp_json *value, unsigned depth,
		       struct drv_error *err)
{
	bool array = value->type == DRVP_JSON_ARRAY;
	bson_t child = BSON_INITIALIZER;
	int status = array ? append_elements(&child, value, depth + 1, err)
			   : append_members(&child, value, depth + 1, err);

	if (!status)
		status = appended(array ? bson_append_array(to->in, to->key, to->key_len, &child)
					: bson_append_document(to->in, to->key, to->key_len,
							       &child), value, err);
	bson_destroy(&child);
	return status;
}

static int append(const struct place *to, const struct drvp_json *value, unsigned depth,
		  struct drv_error *err)
{
	const struct wrapper *wrapper = wrapper_of(value);

	if (depth > DEPTH_MAX)
		return refuse(value, "the query is nested too deeply", err);
	if (wrapper)
		return wrapper->append(to, value->first, err);
	switch (value->type) {
	case DRVP_JSON_NULL:
		return appended(bson_append_null(to->in, to->key, to->key_len), value, err);
	case DRVP_JSON_BOOL:
		return appended(bson_append_bool(to->in, to->key, to->key_len, value->truth),
				value, err);
	case DRVP_JSON_NUMBER:
		return append_number(to, value, err);
	case DRVP_JSON_STRING:
		if (value->len > INT32_MAX)
			return refuse(value, "the string is too long", err);
		return appended(bson_append_utf8(to->in, to->key, to->key_len, value->text,
						 (int)value->len), value, err);
	default:
		return append_tree(to, value, depth, err);
	}
}

int drvp_mongo_append(bson_t *out, const char *key, int key_len, const struct drvp_json *value,
		      struct drv_error *err)
{
	return append(&(struct place){ out, key, key_len }, value, 2, err);
}

int drvp_mongo_filter(bson_t *out, const struct drvp_json *filter, struct drv_error *err)
{
	int status;

	bson_init(out);
	if (!filter)
		return 0;
	if (filter->type != DRVP_JSON_OBJECT)
		return refuse(filter, "a filter is an object", err);
	status = append_members(out, filter, 1, err);
	if (status)
		bson_reinit(out);
	return status;
}
