/* test_pg_decode.c: binary COPY streams, whole and mutilated, and values as text */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/pg.h"

#define HEADER "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0"
#define HEADER_SIZE 19
#define TRAILER "\377\377"

/* ------------------------------------------------------------------ making streams */

static void put_number(struct drvp_strbuf *out, uint64_t number, unsigned width)
{
	for (unsigned i = width; i > 0; i--)
		drvp_strbuf_char(out, (char)(number >> (8 * (i - 1))));
}

static void put_field(struct drvp_strbuf *out, const void *bytes, size_t len)
{
	put_number(out, len, 4);
	drvp_strbuf_add(out, bytes, len);
}

/* ------------------------------------------------------------------ reading streams */

struct seen {
	uint64_t rows;
	uint64_t stop_at;            /* the callback returns answer at this row; 0: never */
	int answer;
	struct drvp_strbuf text;     /* all values, separated by "|" and "\n" */
	uint32_t block;
	uint16_t offset;
};

static int see(const struct drvp_row *row, void *user)
{
	struct seen *seen = user;

	assert_int_equal(row->ordinal, seen->rows);
	for (size_t i = 0; i < row->value_count; i++) {
		drvp_strbuf_str(&seen->text, i ? "|" : "");
		drvp_value_print(&seen->text, &row->values[i]);
	}
	drvp_strbuf_char(&seen->text, '\n');
	seen->block = row->ctid.block;
	seen->offset = row->ctid.offset;
	return ++seen->rows == seen->stop_at ? seen->answer : 0;
}

struct stream {
	struct drvp_pg_decoder decoder;
	struct drvp_arena arena;
	struct drvp_pg_field fields[4];
	struct drvp_value values[4];
	struct seen seen;
	struct drv_error err;
	bool callback;
};

/* Added to a form: what is at a path. */
#define INSIDE 1000

static void stream_init(struct stream *s, bool has_ctid, size_t count, const int *forms)
{
	memset(s, 0, sizeof *s);
	s->err.struct_size = sizeof s->err;
	for (size_t i = 0; i < count; i++)
		s->fields[i] = (struct drvp_pg_field){ .column = "column", .form = forms[i] % INSIDE,
						       .inside = forms[i] >= INSIDE, .to = i };
	s->decoder.fields = s->fields;
	s->decoder.field_count = count;
	s->decoder.has_ctid = has_ctid;
	s->decoder.values = s->values;
	s->decoder.row.values = s->values;
	s->decoder.row.value_count = count;
	s->decoder.arena = &s->arena;
}

/* A copy of its own, so that reading behind the end is seen by sanitizers. */
static int feed(struct stream *s, const char *bytes, size_t len)
{
	char *copy = malloc(len + !len);
	int status;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	status = drvp_pg_decode(&s->decoder, copy, len, see, &s->seen, &s->callback, &s->err);
	free(copy);
	return status;
}

static void stream_free(struct stream *s)
{
	drvp_strbuf_free(&s->seen.text);
	drvp_arena_free(&s->arena);
}

/* One value of one form through a stream of one row, as text. */
static int decode_one(struct drvp_strbuf *text, struct drvp_value *value, int form,
		      const void *bytes, size_t len)
{
	struct drvp_strbuf out = DRVP_STRBUF_INIT;
	struct stream s;
	int status;

	stream_init(&s, false, 1, &form);
	drvp_strbuf_add(&out, HEADER, HEADER_SIZE);
	put_number(&out, 1, 2);
	put_field(&out, bytes, len);
	drvp_strbuf_str(&out, TRAILER);
	status = feed(&s, out.data, out.len);
	if (!status) {
		assert_true(s.decoder.ended);
		assert_int_equal(s.seen.rows, 1);
		drvp_strbuf_add(text, s.seen.text.data, s.seen.text.len - 1);
	}
	if (value)
		*value = s.values[0];
	stream_free(&s);
	drvp_strbuf_free(&out);
	return status;
}

static void expect_text(int form, const void *bytes, size_t len, const char *expected)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	assert_int_equal(decode_one(&text, NULL, form, bytes, len), 0);
	assert_string_equal(text.data, expected);
	drvp_strbuf_free(&text);
}

static void expect_refusal(int form, const void *bytes, size_t len)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	assert_int_equal(decode_one(&text, NULL, form, bytes, len), DRV_E_INTERNAL);
	drvp_strbuf_free(&text);
}

static void expect_number(int form, uint64_t number, unsigned width, const char *expected)
{
	struct drvp_strbuf bytes = DRVP_STRBUF_INIT;

	put_number(&bytes, number, width);
	expect_text(form, bytes.data, bytes.len, expected);
	drvp_strbuf_free(&bytes);
}

/* ------------------------------------------------------------------ values */

static void integers(void **state)
{
	(void)state;
	expect_number(DRVP_PG_INT2, 0x8000, 2, "-32768");
	expect_number(DRVP_PG_INT4, 0xFFFFFFFF, 4, "-1");
	expect_number(DRVP_PG_INT8, (uint64_t)INT64_MIN, 8, "-9223372036854775808");
	expect_number(DRVP_PG_OID, 0xFFFFFFFF, 4, "4294967295");
	expect_number(DRVP_PG_BOOL, 1, 1, "true");
	expect_number(DRVP_PG_PRESENCE, 1, 1, "present");
	expect_number(DRVP_PG_PRESENCE, 0, 1, "null");
}

static uint64_t bits_of(double number)
{
	uint64_t bits;

	memcpy(&bits, &number, sizeof bits);
	return bits;
}

static uint32_t bits_of_single(float number)
{
	uint32_t bits;

	memcpy(&bits, &number, sizeof bits);
	return bits;
}

static void floats(void **state)
{
	(void)state;
	expect_number(DRVP_PG_FLOAT8, bits_of(0.1), 8, "0.1");
	expect_number(DRVP_PG_FLOAT8, bits_of(1.0 / 3), 8, "0.3333333333333333");
	expect_number(DRVP_PG_FLOAT8, bits_of((double)NAN), 8, "NaN");
	expect_number(DRVP_PG_FLOAT8, bits_of(-HUGE_VAL), 8, "-Infinity");
	expect_number(DRVP_PG_FLOAT4, bits_of_single(0.1F), 4, "0.1");
	expect_number(DRVP_PG_FLOAT4, bits_of_single(16777216.0F), 4, "16777216");
	expect_number(DRVP_PG_FLOAT4, bits_of_single(3.4028235e38F), 4, "3.4028235e+38");
}

static void times(void **state)
{
	(void)state;
	expect_number(DRVP_PG_TIMESTAMPTZ, 0, 8, "2000-01-01T00:00:00Z");
	expect_number(DRVP_PG_TIMESTAMP, 1, 8, "2000-01-01T00:00:00.000001");
	expect_number(DRVP_PG_TIMESTAMP, (uint64_t)-1, 8, "1999-12-31T23:59:59.999999");
	expect_number(DRVP_PG_TIMESTAMPTZ, INT64_MAX, 8, "infinity");
	expect_number(DRVP_PG_TIMESTAMP, (uint64_t)INT64_MIN, 8, "-infinity");
	expect_number(DRVP_PG_DATE, 0, 4, "2000-01-01");
	expect_number(DRVP_PG_DATE, (uint32_t)-730120, 4, "0000-12-31");
	expect_number(DRVP_PG_DATE, INT32_MAX, 4, "infinity");
	expect_number(DRVP_PG_DATE, (uint32_t)INT32_MIN, 4, "-infinity");
}

static void the_last_years_are_not_infinity(void **state)
{
	struct drvp_strbuf bytes = DRVP_STRBUF_INIT, text = DRVP_STRBUF_INIT;
	struct drvp_value value;

	(void)state;
	put_number(&bytes, INT64_MAX - 1, 8);
	assert_int_equal(decode_one(&text, &value, DRVP_PG_TIMESTAMPTZ, bytes.data, bytes.len), 0);
	assert_true(value.integer == DRVP_TIME_INFINITY - 1);
	drvp_strbuf_free(&bytes);
	drvp_strbuf_free(&text);
}

static void texts_and_bytes(void **state)
{
	(void)state;
	expect_text(DRVP_PG_TEXT, "위염", 6, "위염");
	expect_text(DRVP_PG_TEXT, "", 0, "");
	expect_text(DRVP_PG_DECIMAL, "1.10", 4, "1.10");
	expect_text(DRVP_PG_BYTEA, "\0\377", 2, "00ff");
	expect_text(DRVP_PG_UUID,
		    "\x11\x11\x11\x11\x22\x22\x33\x33\x44\x44\x55\x55\x55\x55\x55\x55",
		    16, "11111111-2222-3333-4444-555555555555");
	expect_text(DRVP_PG_JSON, "{\"a\":1.10,\"a\":2}", 16, "{ \"a\": 1.10, \"a\": 2 }");
	expect_text(DRVP_PG_JSONB, "\1[]", 3, "[]");
}

static void jsonb_has_lost_its_order(void **state)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	struct drvp_value value;

	(void)state;
	assert_int_equal(decode_one(&text, &value, DRVP_PG_JSONB, "\1{}", 3), 0);
	assert_true(value.order_lost);
	assert_int_equal(value.kind, DRVP_DOCUMENT);
	assert_null(value.bytes);
	assert_int_equal(decode_one(&text, &value, DRVP_PG_JSON, "{}", 2), 0);
	assert_false(value.order_lost);
	assert_int_equal(value.len, 2);
	assert_int_equal(decode_one(&text, &value, DRVP_PG_ARRAY, "[{}]", 4), 0);
	assert_false(value.order_lost);
	assert_null(value.bytes);
	drvp_strbuf_free(&text);
}

/* As json and jsonb send it. */
static void expect_inside(int form, const char *bytes, size_t len, int kind, const char *expected)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	struct drvp_value value;

	assert_int_equal(decode_one(&text, &value, form + INSIDE, bytes, len), 0);
	assert_int_equal(value.kind, kind);
	assert_string_equal(drvp_strbuf_text(&text), expected);
	assert_true(value.order_lost == (kind == DRVP_DOCUMENT && form == DRVP_PG_JSONB));
	assert_true(!value.json == (kind != DRVP_DOCUMENT));
	drvp_strbuf_free(&text);
}

static void expect_inside_both(const char *json, int kind, const char *expected)
{
	struct drvp_strbuf jsonb = DRVP_STRBUF_INIT;

	drvp_strbuf_printf(&jsonb, "\1%s", json);
	expect_inside(DRVP_PG_JSON, json, strlen(json), kind, expected);
	expect_inside(DRVP_PG_JSONB, jsonb.data, jsonb.len, kind, expected);
	drvp_strbuf_free(&jsonb);
}

static void scalars_inside_json(void **state)
{
	(void)state;
	expect_inside_both("null", DRVP_NULL, "null");
	expect_inside_both("true", DRVP_BOOL, "true");
	expect_inside_both("false", DRVP_BOOL, "false");
	expect_inside_both("\"\"", DRVP_TEXT, "");
	expect_inside_both("\"\\uc704\\n\"", DRVP_TEXT, "위\n");
	expect_inside_both("-7", DRVP_INTEGER, "-7");
	expect_inside_both("9223372036854775807", DRVP_INTEGER, "9223372036854775807");
	expect_inside_both("-9223372036854775808", DRVP_INTEGER, "-9223372036854775808");
	expect_inside_both("9223372036854775808", DRVP_DECIMAL, "9223372036854775808");
	expect_inside_both("-9223372036854775809", DRVP_DECIMAL, "-9223372036854775809");
	expect_inside_both("-0", DRVP_DECIMAL, "-0");
	expect_inside_both("1.10", DRVP_DECIMAL, "1.10");
	expect_inside_both("1E2", DRVP_DECIMAL, "1E2");
	expect_inside_both("[1]", DRVP_DOCUMENT, "[1]");
	expect_inside_both("{}", DRVP_DOCUMENT, "{}");
	expect_refusal(DRVP_PG_JSONB + INSIDE, "\2true", 5);
	expect_refusal(DRVP_PG_JSONB + INSIDE, "", 0);
}

static void wrong_sizes_are_refused(void **state)
{
	(void)state;
	expect_refusal(DRVP_PG_BOOL, "\2", 1);
	expect_refusal(DRVP_PG_BOOL, "", 0);
	expect_refusal(DRVP_PG_INT2, "123", 3);
	expect_refusal(DRVP_PG_INT8, "1234", 4);
	expect_refusal(DRVP_PG_UUID, "123456789012345", 15);
	expect_refusal(DRVP_PG_TIMESTAMP, "1234567", 7);
	expect_refusal(DRVP_PG_DATE, "12345", 5);
	expect_refusal(DRVP_PG_JSONB, "\2{}", 3);
	expect_refusal(DRVP_PG_JSONB, "", 0);
}

static void unreadable_json_says_nothing_of_it(void **state)
{
	struct stream s;
	struct drvp_strbuf out = DRVP_STRBUF_INIT;
	const int form = DRVP_PG_JSON;

	(void)state;
	stream_init(&s, false, 1, &form);
	drvp_strbuf_add(&out, HEADER, HEADER_SIZE);
	put_number(&out, 1, 2);
	put_field(&out, "{\"Kim\":\"\\ud800\"}", 16);
	assert_int_equal(feed(&s, out.data, out.len), DRV_E_UNSUPPORTED);
	assert_non_null(strstr(s.err.message, "column \"column\""));
	assert_null(strstr(s.err.message, "Kim"));
	stream_free(&s);
	drvp_strbuf_free(&out);
}

/* ------------------------------------------------------------------ streams */

/* Three rows of ctid, int4 and text; the second text is NULL. */
static void put_three_rows(struct drvp_strbuf *out)
{
	drvp_strbuf_add(out, HEADER, HEADER_SIZE);
	for (unsigned i = 0; i < 3; i++) {
		put_number(out, 3, 2);
		put_number(out, 6, 4);
		put_number(out, 7 + i, 4);
		put_number(out, 1 + i, 2);
		put_number(out, 4, 4);
		put_number(out, 100 + i, 4);
		if (i == 1)
			put_number(out, UINT32_MAX, 4);
		else
			put_field(out, "abc", 3);
	}
	drvp_strbuf_str(out, TRAILER);
}

static const int two_forms[] = { DRVP_PG_INT4, DRVP_PG_TEXT };

static void a_stream_in_one_message(void **state)
{
	struct drvp_strbuf out = DRVP_STRBUF_INIT;
	struct stream s;

	(void)state;
	put_three_rows(&out);
	stream_init(&s, true, 2, two_forms);
	assert_int_equal(feed(&s, out.data, out.len), 0);
	assert_true(s.decoder.ended);
	assert_int_equal(s.decoder.rows, 3);
	assert_string_equal(s.seen.text.data, "100|abc\n101|null\n102|abc\n");
	assert_int_equal(s.seen.block, 9);
	assert_int_equal(s.seen.offset, 3);
	stream_free(&s);
	drvp_strbuf_free(&out);
}

static void an_empty_stream(void **state)
{
	struct stream s;

	(void)state;
	stream_init(&s, false, 2, two_forms);
	assert_int_equal(feed(&s, HEADER TRAILER, 21), 0);
	assert_true(s.decoder.ended);
	assert_int_equal(s.seen.rows, 0);
	stream_free(&s);
}

/* Whatever is cut off: no end, or an error; never a whole stream. */
static void every_prefix_is_incomplete(void **state)
{
	struct drvp_strbuf out = DRVP_STRBUF_INIT;

	(void)state;
	put_three_rows(&out);
	for (size_t len = 0; len < out.len; len++) {
		struct stream s;
		int status;

		stream_init(&s, true, 2, two_forms);
		status = feed(&s, out.data, len);
		assert_true(status == DRV_E_INTERNAL || !s.decoder.ended);
		stream_free(&s);
	}
	drvp_strbuf_free(&out);
}

/* Each byte changed in turn: no crash, and no more rows than there are. */
static void every_changed_byte_is_survived(void **state)
{
	struct drvp_strbuf out = DRVP_STRBUF_INIT;

	(void)state;
	put_three_rows(&out);
	for (size_t at = 0; at < out.len; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			struct stream s;

			out.data[at] = (char)(out.data[at] ^ (1 << bit));
			stream_init(&s, true, 2, two_forms);
			if (feed(&s, out.data, out.len) == 0)
				assert_true(s.seen.rows <= 3);
			stream_free(&s);
			out.data[at] = (char)(out.data[at] ^ (1 << bit));
		}
	}
	drvp_strbuf_free(&out);
}

static void expect_protocol_error(const char *bytes, size_t len)
{
	struct stream s;

	stream_init(&s, false, 2, two_forms);
	assert_int_equal(feed(&s, bytes, len), DRV_E_INTERNAL);
	assert_non_null(strstr(s.err.message, "protocol"));
	assert_false(s.callback);
	stream_free(&s);
}

static void odd_streams_are_refused(void **state)
{
	(void)state;
	expect_protocol_error("PGCOPX\n\377\r\n\0\0\0\0\0\0\0\0\0\377\377", 21);
	expect_protocol_error("PGCOPY\n\377\r\n\0\0\1\0\0\0\0\0\0\377\377", 21);  /* flag: OIDs */
	expect_protocol_error("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\7\377\377", 21);  /* extension */
	expect_protocol_error(HEADER TRAILER TRAILER, 23);
	expect_protocol_error(HEADER "\0\1\0\0\0\4abcd" TRAILER, 31);    /* one field of two */
	expect_protocol_error(HEADER "\377\376", 21);
	expect_protocol_error(HEADER "\0\2\377\377\377\376", 25);        /* length -2 */
}

static void the_callback_decides(void **state)
{
	struct drvp_strbuf out = DRVP_STRBUF_INIT;

	(void)state;
	put_three_rows(&out);
	for (int answer = -5; answer <= 1; answer += 6) {
		struct stream s;

		stream_init(&s, true, 2, two_forms);
		s.seen.stop_at = 2;
		s.seen.answer = answer;
		assert_int_equal(feed(&s, out.data, out.len), answer);
		assert_true(s.callback);
		assert_int_equal(s.decoder.rows, 2);
		stream_free(&s);
	}
	drvp_strbuf_free(&out);
}

/* ------------------------------------------------------------------ bytes that stay the same */

/* What the last row of a stream had, copied: the stream's bytes do not outlive it. */
struct kept {
	struct drvp_strbuf stable;   /* all of its STABLE fields */
	struct drvp_value values[3];
};

static int keep(const struct drvp_row *row, void *user)
{
	struct kept *kept = user;

	drvp_strbuf_clear(&kept->stable);
	drvp_strbuf_add(&kept->stable, row->stable, row->stable_len);
	memcpy(kept->values, row->values, row->value_count * sizeof *row->values);
	return 0;
}

/* One row of fields, the first stable of which are STABLE. */
static int decode_row(struct stream *s, struct kept *kept, size_t stable, const void *fields,
		      size_t len)
{
	struct drvp_strbuf out = DRVP_STRBUF_INIT;
	char *copy;
	int status;

	s->decoder.stable_count = stable;
	drvp_strbuf_add(&out, HEADER, HEADER_SIZE);
	put_number(&out, s->decoder.field_count + s->decoder.has_ctid, 2);
	drvp_strbuf_add(&out, fields, len);
	copy = malloc(out.len);
	assert_non_null(copy);
	memcpy(copy, out.data, out.len);
	status = drvp_pg_decode(&s->decoder, copy, out.len, keep, kept, &s->callback, &s->err);
	free(copy);
	drvp_strbuf_free(&out);
	return status;
}

/* The bytes of a type's value as they are digested. */
static void expect_stable(uint32_t oid, const void *sent, size_t len, const void *digested)
{
	static const int form = DRVP_PG_STABLE;
	const struct drvp_pg_stable *type = drvp_pg_stable(oid);
	struct drvp_strbuf field = DRVP_STRBUF_INIT;
	struct kept kept = { .stable = DRVP_STRBUF_INIT };
	struct stream s;

	stream_init(&s, false, 1, &form);
	s.fields[0].float_size = type->float_size;
	s.fields[0].float_skip = type->float_skip;
	put_field(&field, sent, len);
	assert_int_equal(decode_row(&s, &kept, 1, field.data, field.len), 0);
	assert_int_equal(kept.stable.len, 4 + len);
	assert_memory_equal(kept.stable.data, field.data, 4);
	assert_memory_equal(kept.stable.data + 4, digested, len);
	drvp_strbuf_free(&field);
	drvp_strbuf_free(&kept.stable);
	stream_free(&s);
}

#define NAN4 "\x7f\xc0\0\0"
#define NAN8 "\x7f\xf8\0\0\0\0\0\0"
#define ODD4 "\xff\xc0\0\1"
#define ODD8 "\xff\xf8\0\0\0\0\0\0"
#define LOW8 "\x7f\xf0\0\0\0\0\0\1"
#define INFINITY8 "\xff\xf0\0\0\0\0\0\0"
#define ZERO8 "\x80\0\0\0\0\0\0\0"

static void every_nan_is_one(void **state)
{
	(void)state;
	expect_stable(700, ODD4, 4, NAN4);
	expect_stable(700, "\x7f\x80\0\1", 4, NAN4);
	expect_stable(700, "\xff\x80\0\0", 4, "\xff\x80\0\0");         /* -Infinity */
	expect_stable(701, ODD8, 8, NAN8);
	expect_stable(701, LOW8, 8, NAN8);
	expect_stable(701, INFINITY8, 8, INFINITY8);
	expect_stable(701, ZERO8, 8, ZERO8);
	expect_stable(600, ODD8 LOW8, 16, NAN8 NAN8);                   /* point */
	expect_stable(601, ZERO8 ODD8 ZERO8 ODD8, 32, ZERO8 NAN8 ZERO8 NAN8);
	expect_stable(603, ODD8 ZERO8 ODD8 ZERO8, 32, NAN8 ZERO8 NAN8 ZERO8);
	expect_stable(628, ODD8 ODD8 ODD8, 24, NAN8 NAN8 NAN8);         /* line */
	expect_stable(718, ZERO8 ZERO8 ODD8, 24, ZERO8 ZERO8 NAN8);     /* circle */
	expect_stable(602, "\1\0\0\0\1" ODD8 ZERO8, 21, "\1\0\0\0\1" NAN8 ZERO8);
	expect_stable(604, "\0\0\0\1" ZERO8 ODD8, 20, "\0\0\0\1" ZERO8 NAN8);
}

static void what_only_looks_like_nan_is_left(void **state)
{
	(void)state;
	expect_stable(20, ODD8, 8, ODD8);
	expect_stable(17, ODD8, 8, ODD8);
	expect_stable(25, ODD4, 4, ODD4);
	expect_stable(602, "\xff\xff\xff\xff\xff" ZERO8, 13, "\xff\xff\xff\xff\xff" ZERO8);
	/* Shorter than a number of its type. */
	expect_stable(701, "\xff\xf8\0", 3, "\xff\xf8\0");
	expect_stable(602, "\1", 1, "\1");
	expect_stable(700, "", 0, "");
}

static const int three_stable[] = { DRVP_PG_STABLE, DRVP_PG_STABLE, DRVP_PG_INT4 };

/* NULL is told apart from an empty value, and what is not STABLE is not among them. */
static void stable_fields_stand_in_one_piece(void **state)
{
	static const char fields[] = "\0\0\0\6\0\0\0\7\0\1" "\377\377\377\377" "\0\0\0\0"
				     "\0\0\0\4\0\0\0\12";
	struct kept kept = { .stable = DRVP_STRBUF_INIT };
	struct stream s;

	(void)state;
	stream_init(&s, true, 3, three_stable);
	assert_int_equal(decode_row(&s, &kept, 2, fields, sizeof fields - 1), 0);
	assert_int_equal(kept.stable.len, 8);
	assert_memory_equal(kept.stable.data, fields + 10, 8);
	assert_int_equal(kept.values[0].kind, DRVP_NULL);
	assert_int_equal(kept.values[1].kind, DRVP_BYTES);
	assert_int_equal(kept.values[1].len, 0);
	assert_int_equal(kept.values[2].integer, 10);
	stream_free(&s);
	stream_init(&s, false, 3, three_stable);
	assert_int_equal(decode_row(&s, &kept, 0, "\377\377\377\377\377\377\377\377\377\377\377\377",
				    12), 0);
	assert_int_equal(kept.stable.len, 0);
	stream_free(&s);
	drvp_strbuf_free(&kept.stable);
}

static void a_cut_stable_row_is_refused(void **state)
{
	static const char fields[] = "\0\0\0\3abc" "\377\377\377\377" "\0\0\0\4\0\0\0\12";
	struct kept kept = { .stable = DRVP_STRBUF_INIT };

	(void)state;
	for (size_t len = 0; len < sizeof fields - 1; len++) {
		struct stream s;

		stream_init(&s, false, 3, three_stable);
		assert_int_equal(decode_row(&s, &kept, 2, fields, len), DRV_E_INTERNAL);
		assert_int_equal(s.decoder.rows, 0);
		assert_int_equal(kept.stable.len, 0);
		stream_free(&s);
	}
	drvp_strbuf_free(&kept.stable);
}

static void aliases_decode_what_travelled_once(void **state)
{
	static const char fields[] = "\0\0\0\4\377\377\377\376" "\377\377\377\377";
	const struct drvp_pg_alias aliases[] = {
		{ { .column = "number", .form = DRVP_PG_INT4, .to = 2 }, 0 },
		{ { .column = "nothing", .form = DRVP_PG_INT4, .to = 3 }, 1 },
	};
	struct drvp_pg_alias wrong = { { .column = "wrong", .form = DRVP_PG_INT8, .to = 2 }, 0 };
	struct kept kept = { .stable = DRVP_STRBUF_INIT };
	struct stream s;

	(void)state;
	stream_init(&s, false, 2, three_stable);
	s.decoder.aliases = aliases;
	s.decoder.alias_count = 2;
	s.decoder.row.value_count = 3;
	assert_int_equal(decode_row(&s, &kept, 2, fields, sizeof fields - 1), 0);
	assert_int_equal(kept.values[0].kind, DRVP_BYTES);
	assert_int_equal(kept.values[2].kind, DRVP_INTEGER);
	assert_int_equal(kept.values[2].integer, -2);
	assert_int_equal(s.values[3].kind, DRVP_NULL);
	assert_memory_equal(kept.stable.data, fields, sizeof fields - 1);
	stream_free(&s);
	stream_init(&s, false, 2, three_stable);
	s.decoder.aliases = &wrong;
	s.decoder.alias_count = 1;
	assert_int_equal(decode_row(&s, &kept, 2, fields, sizeof fields - 1), DRV_E_INTERNAL);
	stream_free(&s);
	drvp_strbuf_free(&kept.stable);
}

/* ------------------------------------------------------------------ rows as text */

static void rows_are_named(void **state)
{
	const char *const names[] = { "id", "n" };
	struct drvp_value keys[2] = {
		{ .kind = DRVP_TEXT, .bytes = "6f0c", .len = 4 },
		{ .kind = DRVP_INTEGER, .integer = 4 },
	};
	struct drvp_row row = { .keys = keys, .key_names = names, .key_count = 2,
				.ctid = { 12, 3 }, .ordinal = 17 };
	struct drvp_strbuf out = DRVP_STRBUF_INIT;

	(void)state;
	drvp_row_print_place(&out, &row);
	assert_string_equal(out.data, "ctid (12,3)");
	drvp_strbuf_clear(&out);
	row.ctid.block = UINT32_MAX;
	drvp_row_print_place(&out, &row);
	assert_string_equal(out.data, "document 17");
	drvp_strbuf_clear(&out);
	drvp_row_print_key(&out, &row);
	assert_string_equal(out.data, "id=6f0c,n=4");
	drvp_strbuf_free(&out);
}

static void types_are_known(void **state)
{
	(void)state;
	assert_int_equal(drvp_pg_type(1700)->kind, DRVP_DECIMAL);
	assert_int_equal(drvp_pg_type(1184)->kind, DRVP_INSTANT);
	assert_int_equal(drvp_pg_type(DRVP_PG_ANYENUM)->kind, DRVP_TEXT);
	assert_int_equal(drvp_pg_type(DRVP_PG_ANYARRAY)->kind, DRVP_DOCUMENT);
	assert_false(drvp_pg_type(DRVP_PG_ANYARRAY)->order_lost);
	assert_true(drvp_pg_type(3807)->order_lost);
	assert_int_equal(drvp_pg_type(1186)->kind, DRVP_TEXT);
	assert_string_equal(drvp_pg_type(1186)->suffix, "::pg_catalog.text");
	assert_true(drvp_pg_is_collated(1043));
	assert_false(drvp_pg_is_collated(23));
	assert_string_equal(drvp_pg_type(23)->suffix, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers),
		cmocka_unit_test(floats),
		cmocka_unit_test(times),
		cmocka_unit_test(the_last_years_are_not_infinity),
		cmocka_unit_test(texts_and_bytes),
		cmocka_unit_test(jsonb_has_lost_its_order),
		cmocka_unit_test(scalars_inside_json),
		cmocka_unit_test(wrong_sizes_are_refused),
		cmocka_unit_test(unreadable_json_says_nothing_of_it),
		cmocka_unit_test(a_stream_in_one_message),
		cmocka_unit_test(an_empty_stream),
		cmocka_unit_test(every_prefix_is_incomplete),
		cmocka_unit_test(every_changed_byte_is_survived),
		cmocka_unit_test(odd_streams_are_refused),
		cmocka_unit_test(the_callback_decides),
		cmocka_unit_test(every_nan_is_one),
		cmocka_unit_test(what_only_looks_like_nan_is_left),
		cmocka_unit_test(stable_fields_stand_in_one_piece),
		cmocka_unit_test(a_cut_stable_row_is_refused),
		cmocka_unit_test(aliases_decode_what_travelled_once),
		cmocka_unit_test(rows_are_named),
		cmocka_unit_test(types_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
