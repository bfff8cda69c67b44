/* preimage.c: rebuilds the bytes that the hash of an entry was made over */
#include "chain/preimage.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct drvp_null_policy no_policy;

/* ------------------------------------------------------------------ the previous hash */

/* Bytes that may be no text of this chain's encoding are taken as they are. */
static void put_previous_bytes(struct drvp_preimage *p, const char *text, size_t len)
{
	uint8_t bytes[DRVP_DIGEST_MAX];
	long decoded = -1;

	if (p->recipe->encoding.value == DRVP_ENCODING_HEX)
		decoded = drvp_hex_decode(text, len, bytes, sizeof bytes);
	else if (p->recipe->encoding.value == DRVP_ENCODING_BASE64)
		decoded = drvp_base64_decode(text, len, bytes, sizeof bytes);
	if (decoded < 0)
		drvp_strbuf_add(&p->out, text, len);
	else
		drvp_strbuf_add(&p->out, bytes, (size_t)decoded);
}

static int put_previous_text(struct drvp_preimage *p, const char *text, size_t len, bool bytes,
			     const struct drvp_json_place *place)
{
	if (place)
		drvp_json_print_string(&p->out, place->style, text, len);
	else if (bytes)
		put_previous_bytes(p, text, len);
	else
		drvp_strbuf_add(&p->out, text, len);
	return DRVP_WRITTEN;
}

static int put_genesis(struct drvp_preimage *p, bool bytes, const struct drvp_json_place *place)
{
	const struct drvp_genesis *genesis = &p->recipe->genesis;
	const struct drvp_bytes *stored = &genesis->stored.value;
	const struct drvp_bytes *hashed = &genesis->hashed.value;

	switch (genesis->hashed.kind) {
	case DRVP_GENESIS_ABSENT:
		return DRVP_OMITTED;
	case DRVP_GENESIS_TEXT:
	case DRVP_GENESIS_BYTES:
		return put_previous_text(p, hashed->bytes, hashed->len, false, place);
	default:
		if (genesis->stored.set)
			return put_previous_text(p, stored->bytes, stored->len, bytes, place);
		return genesis->hashed.kind == DRVP_GENESIS_DEFAULT ? DRVP_OMITTED :
			drvp_put_missing(p, &no_policy, place);
	}
}

static int put_previous(struct drvp_preimage *p, const struct drvp_step *step,
			const struct drvp_json_place *place)
{
	const struct drvp_link *previous = &p->entry->previous;
	bool bytes = step->expr->u.previous.value == DRVP_PREVIOUS_BYTES;

	if (previous->state == DRVP_LINK_GENESIS)
		return put_genesis(p, bytes, place);
	if (previous->state == DRVP_LINK_NULL)
		return drvp_put_missing(p, &no_policy, place);
	if (previous->value->kind != DRVP_BYTES)
		return put_previous_text(p, previous->value->bytes, previous->value->len, bytes,
					 place);
	if (bytes) {
		drvp_strbuf_add(&p->out, previous->value->bytes, previous->value->len);
		return DRVP_WRITTEN;
	}
	if (place)
		drvp_strbuf_char(&p->out, '"');
	drvp_strbuf_hex(&p->out, previous->value->bytes, previous->value->len);
	if (place)
		drvp_strbuf_char(&p->out, '"');
	return DRVP_WRITTEN;
}

/* ------------------------------------------------------------------ text and bytes */

static int put_list(struct drvp_preimage *p, const struct drvp_step *step)
{
	for (size_t i = 0; i < step->child_count; i++)
		drvp_put(p, &step->children[i], NULL);
	return DRVP_WRITTEN;
}

static int put_join(struct drvp_preimage *p, const struct drvp_step *step)
{
	const struct drvp_join_expr *join = &step->expr->u.join;
	bool first = true;

	for (size_t i = 0; i < step->child_count; i++) {
		size_t mark = p->out.len;
		int outcome;

		if (!first)
			drvp_strbuf_add(&p->out, join->with.bytes, join->with.len);
		outcome = drvp_put(p, &step->children[i], NULL);
		if (outcome == DRVP_WAS_NULL && join->null.kind != DRVP_MISSING_DEFAULT)
			outcome = drvp_put_missing(p, &join->null, NULL);
		if (outcome == DRVP_OMITTED)
			p->out.len = mark;
		else
			first = false;
	}
	return DRVP_WRITTEN;
}

static int put_digest(struct drvp_preimage *p, const struct drvp_step *step)
{
	uint8_t digest[DRVP_DIGEST_MAX];
	size_t mark = p->out.len;

	drvp_put(p, &step->children[0], NULL);
	if (p->out.failed)
		return DRVP_WRITTEN;
	if (drvp_digest(step->digester, p->out.data ? p->out.data + mark : "", p->out.len - mark,
			digest)) {
		p->broken = true;
		return DRVP_WRITTEN;
	}
	p->out.len = mark;
	if (step->expr->u.digest.as.value == DRVP_DIGEST_BYTES)
		drvp_strbuf_add(&p->out, digest, drvp_digest_size(step->digester));
	else
		drvp_strbuf_hex(&p->out, digest, drvp_digest_size(step->digester));
	return DRVP_WRITTEN;
}

/* What goes in front of len bytes; returns how many bytes that takes. */
static size_t length_prefix(char prefix[32], int64_t form, int64_t len)
{
	size_t size = form == DRVP_LENGTH_U64BE ? 8 : 4;

	if (form == DRVP_LENGTH_DECIMAL)
		return (size_t)snprintf(prefix, 32, "%" PRId64 ":", len);
	for (size_t i = size; i-- > 0; len >>= 8)
		prefix[i] = (char)(len & 0xFF);
	return size;
}

static int put_length_prefixed(struct drvp_preimage *p, const struct drvp_step *step)
{
	const struct drvp_length_expr *length = &step->expr->u.length;
	size_t mark = p->out.len, len, size;
	int outcome = drvp_put(p, &step->children[0], NULL);
	char prefix[32];

	if (p->out.failed || outcome == DRVP_OMITTED)
		return outcome;
	len = p->out.len - mark;
	size = length_prefix(prefix, length->length.value,
			     outcome == DRVP_WAS_NULL ? length->null.value : (int64_t)len);
	if (!drvp_strbuf_reserve(&p->out, size))
		return DRVP_WRITTEN;
	memmove(p->out.data + mark + size, p->out.data + mark, len + 1);
	memcpy(p->out.data + mark, prefix, size);
	p->out.len += size;
	return DRVP_WRITTEN;
}

static int put_present(struct drvp_preimage *p, const struct drvp_step *step,
		       const struct drvp_json_place *place)
{
	if (p->values[step->column].kind != DRVP_NULL)
		return drvp_put(p, &step->children[0], place);
	return step->child_count > 1 ? drvp_put(p, &step->children[1], place) : DRVP_OMITTED;
}

static unsigned octal(const char *digits)
{
	unsigned value = 0;

	for (int i = 0; i < 3; i++) {
		if (digits[i] < '0' || digits[i] > '7')
			return UINT8_MAX + 1;
		value = value * 8 + (unsigned)(digits[i] - '0');
	}
	return value;
}

/* The escape format of bytea: two backslashes are one, and three octal digits are a byte. */
static int put_unescaped(struct drvp_preimage *p, const struct drvp_step *step)
{
	size_t from = p->out.len, to = from;

	drvp_put(p, &step->children[0], NULL);
	if (p->out.failed)
		return DRVP_WRITTEN;
	for (size_t i = from; i < p->out.len; i++, to++) {
		const char *at = p->out.data + i;
		unsigned byte;

		if (*at != '\\') {
			p->out.data[to] = *at;
			continue;
		}
		byte = p->out.len - i > 3 ? octal(at + 1) : UINT8_MAX + 1;
		p->impossible |= byte > UINT8_MAX && at[1] != '\\';
		p->out.data[to] = byte > UINT8_MAX ? '\\' : (char)byte;
		i += byte > UINT8_MAX ? 1 : 3;
	}
	p->out.len = to;
	return DRVP_WRITTEN;
}

/* What is text by itself becomes a string when it stands in JSON. */
static int put_string(struct drvp_preimage *p, const struct drvp_step *step,
		      const struct drvp_json_place *place)
{
	size_t mark = p->out.len;
	int outcome = drvp_put(p, step, NULL);

	if (outcome != DRVP_WRITTEN || p->out.failed)
		return outcome == DRVP_WAS_NULL ? drvp_put_missing(p, &no_policy, place) : outcome;
	drvp_strbuf_clear(&p->scratch);
	drvp_strbuf_add(&p->scratch, p->out.data ? p->out.data + mark : "", p->out.len - mark);
	if (p->scratch.failed)
		p->out.failed = true;
	p->out.len = mark;
	drvp_json_print_string(&p->out, place->style, drvp_strbuf_text(&p->scratch),
			       p->scratch.len);
	return DRVP_WRITTEN;
}

/* Where somebody wants to know, he hears of what was written. */
static int tell(const struct drvp_preimage *p, const struct drvp_step *step, size_t mark,
		int outcome)
{
	if (p->on_piece && !p->out.failed)
		p->on_piece(step->expr, drvp_strbuf_text(&p->out) + mark, p->out.len - mark,
			    p->piece_user);
	return outcome;
}

int drvp_put(struct drvp_preimage *p, const struct drvp_step *step,
	     const struct drvp_json_place *place)
{
	size_t mark = p->out.len;

	switch (step->expr->kind) {
	case DRVP_EXPR_COLUMN:
		return tell(p, step, mark, drvp_put_column(p, step, place));
	case DRVP_EXPR_PREVIOUS:
		return tell(p, step, mark, put_previous(p, step, place));
	case DRVP_EXPR_JSON:
		return drvp_put_json(p, step);
	case DRVP_EXPR_PRESENT:
		return put_present(p, step, place);
	case DRVP_EXPR_LITERAL:
		drvp_put_document(p, step->expr->u.literal, false,
				  place ? place->style : drvp_json_style_named("jcs"), NULL);
		return DRVP_WRITTEN;
	default:
		break;
	}
	if (place && step->expr->kind == DRVP_EXPR_TEXT) {
		drvp_json_print_string(&p->out, place->style, step->expr->u.bytes.bytes,
				       step->expr->u.bytes.len);
		return DRVP_WRITTEN;
	}
	if (place)
		return put_string(p, step, place);
	switch (step->expr->kind) {
	case DRVP_EXPR_LIST:
		return put_list(p, step);
	case DRVP_EXPR_JOIN:
		return put_join(p, step);
	case DRVP_EXPR_DIGEST:
		return put_digest(p, step);
	case DRVP_EXPR_LENGTH_PREFIXED:
		return put_length_prefixed(p, step);
	case DRVP_EXPR_STORED:
		return drvp_put_stored(p, step);
	case DRVP_EXPR_UNESCAPE:
		return put_unescaped(p, step);
	default:
		drvp_strbuf_add(&p->out, step->expr->u.bytes.bytes, step->expr->u.bytes.len);
		return DRVP_WRITTEN;
	}
}

int drvp_preimage_build(struct drvp_preimage *p, const struct drvp_entry_form *form,
			const struct drvp_value *values, const struct drvp_entry *entry,
			unsigned fold)
{
	drvp_strbuf_clear(&p->out);
	if (p->row_arena.first)
		drvp_arena_reset(&p->row_arena);
	p->values = values;
	p->entry = entry;
	p->fold = fold;
	p->folds = 0;
	p->lossy = p->impossible = p->broken = p->claims_differ = p->printer.lossy = false;
	drvp_put(p, &form->root, NULL);
	p->lossy = p->lossy || p->printer.lossy;
	if (p->broken)
		return DRV_E_INTERNAL;
	return p->out.failed ? DRV_E_NOMEM : 0;
}
