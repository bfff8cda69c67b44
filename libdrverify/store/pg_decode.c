/* pg_decode.c: PostgreSQL's binary COPY stream into rows, checked byte by byte */
#include "store/pg.h"

#include <string.h>

#include "base/big_endian.h"

int drvp_pg_fail_stream(const struct drvp_pg_decoder *d, const char *what, struct drv_error *err)
{
	return drvp_fail(err, DRV_E_INTERNAL, "protocol: %s in row %llu of a binary COPY", what,
			 (unsigned long long)d->rows + 1);
}

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
	*len = (int32_t)drvp_get32(prefix);
	*bytes = NULL;
	return *len == -1 || (*len >= 0 && take(r, (size_t)*len, bytes));
}

static bool take_ctid(struct reader *r, struct drvp_row *row)
{
	char *bytes;
	int32_t len;

	if (!take_field(r, &bytes, &len) || len != 6)
		return false;
	row->ctid.block = drvp_get32(bytes);
	row->ctid.offset = drvp_get16(bytes + 4);
	return true;
}

static bool take_leaf(struct reader *r, const struct drvp_relation *tree, struct drvp_row *row)
{
	char *bytes;
	int32_t len;

	if (!take_field(r, &bytes, &len) || len != 4)
		return false;
	row->leaf = drvp_pg_leaf(tree, drvp_get32(bytes));
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
			status = drvp_pg_decode_value(d, &alias->field, value, err);
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
			return drvp_pg_fail_stream(d, "a field that is cut off", err);
		if (len < 0)
			continue;
		if (field->float_size)
			drvp_pg_unify_nans(field, bytes, (size_t)len);
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
		return drvp_pg_fail_stream(d, "no position", err);
	if (d->tree && !take_leaf(r, d->tree, &d->row))
		return drvp_pg_fail_stream(d, "no table", err);
	status = take_stable(d, r, err);
	for (size_t i = d->stable_count; i < d->field_count && !status; i++) {
		struct drvp_value *value = &d->values[d->fields[i].to];
		char *bytes;
		int32_t len;

		*value = (struct drvp_value){ .kind = DRVP_NULL };
		if (!take_field(r, &bytes, &len))
			return drvp_pg_fail_stream(d, "a field that is cut off", err);
		if (len < 0)
			continue;
		value->bytes = bytes;
		value->len = (size_t)len;
		/* Most columns are text: nothing to decode. */
		if (d->fields[i].form == DRVP_PG_TEXT)
			value->kind = DRVP_TEXT;
		else
			status = drvp_pg_decode_value(d, &d->fields[i], value, err);
	}
	return status ? status : take_aliases(d, err);
}

/* Signature, flags of which none may be set that matters, and an extension to be skipped. */
static bool take_header(struct reader *r)
{
	static const char signature[11] = "PGCOPY\n\377\r\n";
	char *bytes;

	return take(r, 11, &bytes) && !memcmp(bytes, signature, 11) && take(r, 4, &bytes) &&
	       !(drvp_get32(bytes) >> 16) && take(r, 4, &bytes) &&
	       take(r, drvp_get32(bytes), &bytes);
}

int drvp_pg_decode(struct drvp_pg_decoder *d, char *bytes, size_t len, drvp_row_fn fn,
		   void *user, bool *callback, struct drv_error *err)
{
	struct reader r = { bytes, bytes + len };

	*callback = false;
	if (!d->started && !take_header(&r))
		return drvp_pg_fail_stream(d, "no signature", err);
	d->started = true;
	while (r.at < r.end) {
		char *prefix;
		int16_t count;
		int status;

		if (d->ended || !take(&r, 2, &prefix))
			return drvp_pg_fail_stream(d, "bytes that belong to nothing", err);
		count = (int16_t)drvp_get16(prefix);
		d->ended = count == -1;
		if (d->ended)
			continue;
		if (count < 0 || (size_t)count != d->field_count + d->has_ctid + !!d->tree)
			return drvp_pg_fail_stream(d, "a wrong number of fields", err);
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
