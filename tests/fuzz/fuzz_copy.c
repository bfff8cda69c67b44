/* fuzz_copy.c: a stream of binary COPY is refused, or its values lie within what was sent */
#include "document/json.h"
#include "fuzz.h"
#include "store/pg.h"

#define FIELDS_MOST 6

/* The input: how many fields and of what form, whether there is a position, and the messages. */
struct stream {
	struct drvp_pg_decoder decoder;
	struct drvp_arena arena;
	struct drvp_pg_field fields[FIELDS_MOST];
	struct drvp_pg_alias aliases[1];
	struct drvp_value values[FIELDS_MOST + 1];
	const char *bytes;           /* of the message that is being decoded */
	size_t len;
	uint64_t rows;
};

static bool lies_within(const struct stream *s, const char *bytes, size_t len)
{
	return bytes >= s->bytes && len <= s->len && bytes + len <= s->bytes + s->len;
}

static void check_value(const struct stream *s, const struct drvp_value *value)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	check(value->kind >= DRVP_NULL && value->kind <= DRVP_PRESENT);
	if (value->kind == DRVP_DOCUMENT)
		check(value->json != NULL);
	else if (value->kind == DRVP_TEXT || value->kind == DRVP_BYTES)
		check((s->decoder.fields == s->fields && !value->len) ||
		      lies_within(s, value->bytes, value->len) || value->json);
	drvp_value_print(&text, value);
	check(!text.failed);
	drvp_strbuf_free(&text);
}

static int see(const struct drvp_row *row, void *user)
{
	struct stream *s = user;
	struct drvp_strbuf place = DRVP_STRBUF_INIT;

	check(row->ordinal == s->rows++);
	check(lies_within(s, row->stable, row->stable_len));
	for (size_t i = 0; i < row->value_count; i++)
		if (!s->fields[i].inside)
			check_value(s, &row->values[i]);
	drvp_row_print_place(&place, row);
	check(fuzz_is_plain(drvp_strbuf_text(&place), place.len, ""));
	drvp_strbuf_free(&place);
	return 0;
}

static void take_fields(struct stream *s, struct fuzz_input *in)
{
	struct drvp_pg_decoder *d = &s->decoder;
	size_t count = fuzz_byte(in) % (FIELDS_MOST + 1), stable = fuzz_byte(in) % 3;

	if (stable > count)
		stable = count;
	for (size_t i = 0; i < count; i++) {
		uint8_t form = fuzz_byte(in);

		s->fields[i] = (struct drvp_pg_field){
			.column = "column", .to = i,
			.form = i < stable ? DRVP_PG_STABLE : form % DRVP_PG_STABLE,
			.inside = i >= stable && form % DRVP_PG_STABLE == DRVP_PG_JSON && form & 0x80,
			.float_size = i < stable ? (uint8_t)(form % 3 * 4) : 0,
			.float_skip = i < stable ? form >> 4 : 0,
		};
	}
	d->fields = s->fields;
	d->field_count = count;
	d->stable_count = stable;
	d->has_ctid = fuzz_byte(in) & 1;
	if (stable) {
		s->aliases[0] = (struct drvp_pg_alias){
			.field = { .column = "alias", .to = count,
				   .form = fuzz_byte(in) % DRVP_PG_STABLE },
			.from = 0,
		};
		d->aliases = s->aliases;
		d->alias_count = 1;
	}
	d->values = s->values;
	d->row.values = s->values;
	d->row.value_count = count + d->alias_count;
	d->arena = &s->arena;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct stream s = { 0 };
	struct drv_error err = DRV_ERROR_INIT;
	int status = 0;

	take_fields(&s, &in);
	/* Each message is led by its length in two bytes. */
	while (in.left && !status) {
		size_t len = (size_t)fuzz_byte(&in) << 8;
		bool callback = false;
		char *message;

		len |= fuzz_byte(&in);
		s.len = len < in.left ? len : in.left;
		message = fuzz_bytes(&in, len);
		s.bytes = message;
		status = drvp_pg_decode(&s.decoder, message, s.len, see, &s, &callback, &err);
		check(!callback);
		free(message);
	}
	check(s.rows == s.decoder.rows);
	if (status)
		fuzz_check_error(&err, status);
	drvp_arena_free(&s.arena);
	return 0;
}
