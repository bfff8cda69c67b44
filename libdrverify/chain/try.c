/* try.c: hashes single entries and tells how, so that a person can find a recipe's mistake */
#include "chain/try.h"

#include <stdlib.h>
#include <string.h>

#include "chain/reader.h"
#include "chain/verify.h"

/* An entry as the caller sees it, with what drv_chain_entry_piece() needs behind it. */
struct entry {
	struct drv_chain_entry public;  /* first */
	struct drv_chain_piece *pieces; /* owned */
	size_t capacity;
};

struct trying {
	const struct drvp_measure *m;
	struct drvp_try *what;
	struct drvp_chain_reader reader;
	struct drvp_arena arena;        /* of one entry */
	struct entry entry;
	bool failed;                    /* out of memory */
	bool unchecked;                 /* the recipe says that these bytes are not stored */
	uint64_t row;
	struct drvp_link before;        /* the hash of the row before, where it is not stored */
	struct drvp_value before_value;
	char before_text[2 * DRVP_DIGEST_MAX + 1];
	struct drvp_strbuf partition;   /* of the row before */
};

const struct drv_chain_piece *drv_chain_entry_piece(const struct drv_chain_entry *entry,
						    size_t index)
{
	const struct entry *e = (const struct entry *)(const void *)entry;

	return index < entry->piece_count ? &e->pieces[index] : NULL;
}

/* ------------------------------------------------------------------ pieces */

static void keep_piece(const struct drvp_expr *expr, const char *bytes, size_t len, void *user)
{
	struct trying *t = user;
	struct entry *e = &t->entry;
	const char *copy = drvp_arena_copy(&t->arena, bytes, len);

	if (e->public.piece_count == e->capacity) {
		size_t capacity = e->capacity ? 2 * e->capacity : 32;
		struct drv_chain_piece *grown = realloc(e->pieces, capacity * sizeof *grown);

		if (!grown) {
			t->failed = true;
			return;
		}
		e->pieces = grown;
		e->capacity = capacity;
	}
	t->failed |= !copy;
	e->pieces[e->public.piece_count++] = (struct drv_chain_piece){
		expr->kind == DRVP_EXPR_PREVIOUS ? "previous" : expr->u.column.column, copy, len
	};
}

/* ------------------------------------------------------------------ why not */

static const char *const algorithms[] = { "sha256", "sha384", "sha512" };

/* Whether other bytes, or another digest, would give the stored hash. */
static bool gives(const struct drvp_entry *entry, int algorithm, const void *bytes, size_t len)
{
	uint8_t digest[DRVP_DIGEST_MAX];
	struct drvp_digester *digester;
	bool same;

	if (drvp_algorithm_size(algorithm) != entry->hash.size ||
	    drvp_digester_new(&digester, algorithm, NULL, 0, NULL))
		return false;
	same = !drvp_digest(digester, bytes, len, digest) &&
	       !memcmp(digest, entry->hash.bytes, entry->hash.size);
	drvp_digester_free(&digester);
	return same;
}

static const char *keep_text(struct trying *t, struct drvp_strbuf *text)
{
	const char *copy = text->failed ? NULL :
		drvp_arena_copy(&t->arena, drvp_strbuf_text(text), text->len);

	drvp_strbuf_free(text);
	t->failed |= !copy;
	return copy ? copy : "";
}

/* The hash is of no size that this chain has. */
static const char *why_malformed(struct trying *t, const struct drvp_value *stored)
{
	static const char *const encodings[] = { "hex", "base64", "bytes" };
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	uint8_t bytes[DRVP_DIGEST_MAX];

	for (int i = 0; i <= DRVP_ENCODING_BYTES; i++) {
		long size = i == DRVP_ENCODING_BYTES ?
			(stored->kind == DRVP_BYTES ? (long)stored->len : -1) :
			stored->kind != DRVP_TEXT ? -1 :
			i == DRVP_ENCODING_HEX ?
			drvp_hex_decode(stored->bytes, stored->len, bytes, sizeof bytes) :
			drvp_base64_decode(stored->bytes, stored->len, bytes, sizeof bytes);

		if (size != 32 && size != 48 && size != 64)
			continue;
		if (i != t->reader.recipe->encoding.value)
			drvp_strbuf_printf(&text, "the hash is stored in the encoding \"%s\"",
					   encodings[i]);
		else
			drvp_strbuf_printf(&text, "the stored hash has %ld bytes, as sha%ld gives: "
					   "look at \"digest\"", size, 8 * size);
		return keep_text(t, &text);
	}
	return "what is stored is no hash in any encoding: look at \"hash\"";
}

/* The bytes may be right, and only what is done with them wrong. */
static const char *why_digest(struct trying *t, const struct drvp_entry *entry)
{
	const struct drvp_strbuf *out = &t->reader.preimage->out;
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	struct drvp_strbuf line = DRVP_STRBUF_INIT;
	const char *reason = NULL;
	uint8_t digest[DRVP_DIGEST_MAX];
	struct drvp_digester *digester;

	for (int i = 0; i <= DRVP_SHA512 && !reason; i++)
		if (gives(entry, i, drvp_strbuf_text(out), out->len)) {
			drvp_strbuf_printf(&text, "these bytes agree under plain %s: look at "
					   "\"digest\"", algorithms[i]);
			reason = keep_text(t, &text);
		}
	drvp_strbuf_add(&line, drvp_strbuf_text(out), out->len);
	drvp_strbuf_char(&line, '\n');
	for (int i = 0; i <= DRVP_SHA512 && !reason && !line.failed; i++)
		if (gives(entry, i, line.data, line.len))
			reason = "it agrees with a newline at the end of the bytes";
	drvp_strbuf_clear(&line);
	if (!reason && !drvp_digester_new(&digester, DRVP_SHA256, NULL, 0, NULL)) {
		if (!drvp_digest(digester, drvp_strbuf_text(out), out->len, digest))
			drvp_strbuf_hex(&line, digest, drvp_digest_size(digester));
		drvp_digester_free(&digester);
		for (int i = 0; i <= DRVP_SHA512 && !reason && !line.failed; i++)
			if (gives(entry, i, drvp_strbuf_text(&line), line.len))
				reason = "it agrees when the hexadecimal hash is hashed once more: "
					 "put \"digest\" around the preimage";
	}
	drvp_strbuf_free(&line);
	return reason;
}

/* What stood for the predecessor of the first entry is easily mistaken. */
static const char *why_genesis(struct trying *t, const struct drvp_row *row,
			       const struct drvp_entry *entry)
{
	static const struct {
		int kind;
		const char *text, *said;
	} words[] = {
		{ DRVP_GENESIS_TEXT, "", "\"\"" },
		{ DRVP_GENESIS_ABSENT, "", "\"absent\"" },
		{ DRVP_GENESIS_AS_STORED, "", "\"as stored\"" },
		{ DRVP_GENESIS_TEXT, "GENESIS", "\"GENESIS\"" },
		{ DRVP_GENESIS_TEXT, "genesis", "\"genesis\"" },
		{ DRVP_GENESIS_TEXT, "0", "\"0\"" },
		{ DRVP_GENESIS_TEXT, "null", "\"null\"" },
		{ DRVP_GENESIS_TEXT, "None", "\"None\"" },
		{ DRVP_GENESIS_TEXT,
		  "0000000000000000000000000000000000000000000000000000000000000000",
		  "64 zeros" },
	};
	const struct drvp_recipe *recipe = t->reader.recipe;
	const char *reason = NULL;

	for (size_t i = 0; i < sizeof words / sizeof *words && !reason; i++) {
		struct drvp_recipe other = *recipe;
		struct drvp_strbuf text = DRVP_STRBUF_INIT;
		int content;

		other.genesis.hashed = (struct drvp_genesis_text){
			words[i].kind, { words[i].text, strlen(words[i].text) }
		};
		t->reader.preimage->recipe = &other;
		if (!drvp_chain_reader_compare(&t->reader, row, entry, &content) &&
		    content == DRVP_CONTENT_MATCHES) {
			drvp_strbuf_printf(&text, "it agrees when \"genesis\" says \"hashed\": %s",
					   words[i].said);
			reason = keep_text(t, &text);
		}
		t->reader.preimage->recipe = recipe;
	}
	return reason;
}

static const char *why_not(struct trying *t, const struct drvp_row *row,
			   const struct drvp_entry *entry)
{
	const struct drvp_preimage *p = t->reader.preimage;
	bool lossy = p->lossy, impossible = p->impossible;
	const char *reason;

	if (entry->hash.state == DRVP_LINK_NULL)
		return "no hash is stored";
	if (entry->hash.state == DRVP_LINK_MALFORMED)
		return why_malformed(t, entry->hash.value);
	if (impossible)
		return "a value cannot have been hashed in this way: a local time that the clocks of "
		       "\"column_zone\" skipped, or bytes of another kind";
	reason = why_digest(t, entry);
	if (!reason && entry->previous.state != DRVP_LINK_HASH)
		reason = why_genesis(t, row, entry);
	if (!reason && entry->previous.state == DRVP_LINK_MALFORMED)
		reason = "the previous hash is none of this chain: if it is the word for the first "
			 "entry, say so under \"genesis\"";
	if (!reason && entry->previous.state == DRVP_LINK_NULL)
		reason = "there is no previous hash, and \"genesis\" says that another word stands "
			 "for it";
	if (!reason && lossy)
		reason = "the database does not keep all that these bytes need: the order of members "
			 "in jsonb, or digits below a microsecond";
	if (!reason && drvp_chain_is_ordered(t->reader.recipe))
		reason = "the previous hash was taken from the row above; rows that share a place in the "
			 "order may stand the other way round";
	return reason ? reason : "";
}

/* ------------------------------------------------------------------ one entry */

/* Where the recipe derives the previous hash, it is that of the row before in its partition. */
static void derive_previous(struct trying *t, const struct drvp_row *row, struct drvp_entry *entry)
{
	if (!drvp_chain_is_ordered(t->reader.recipe))
		return;
	drvp_chain_reader_partition(&t->reader, row);
	if (t->before.state == DRVP_LINK_HASH && t->partition.len == t->reader.partition.len &&
	    !memcmp(drvp_strbuf_text(&t->partition), drvp_strbuf_text(&t->reader.partition),
		    t->partition.len))
		entry->previous = t->before;
	else
		entry->previous.state = DRVP_LINK_GENESIS;
}

static void remember(struct trying *t, const struct drvp_entry *entry)
{
	if (!drvp_chain_is_ordered(t->reader.recipe))
		return;
	t->before = entry->hash;
	if (t->before.state == DRVP_LINK_HASH)
		drvp_chain_reader_store_hash(&t->reader, &entry->hash, &t->before_value,
					     t->before_text);
	t->before.value = &t->before_value;
	drvp_strbuf_clear(&t->partition);
	drvp_strbuf_add(&t->partition, drvp_strbuf_text(&t->reader.partition),
			t->reader.partition.len);
}

static const char *hex(struct trying *t, const uint8_t *bytes, size_t size)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	drvp_strbuf_hex(&text, bytes, size);
	return keep_text(t, &text);
}

/* Builds in one form, and keeps what came out. */
static int build(struct trying *t, const struct drvp_row *row, const struct drvp_entry *entry,
		 const struct drvp_entry_form *form, unsigned fold)
{
	struct drvp_preimage *p = t->reader.preimage;
	const struct drvp_digest_spec *spec = drvp_form_digest(form, row->values,
							       &t->reader.scratch);
	struct drv_chain_entry *public = &t->entry.public;
	uint8_t digest[DRVP_DIGEST_MAX];
	size_t size = 0;
	int status;

	public->piece_count = 0;
	status = drvp_preimage_build(p, form, row->values, entry, fold);
	public->agrees = 0;
	public->made = "";
	if (!status && spec && !p->impossible)
		status = drvp_hash(t->reader.hasher, spec, drvp_strbuf_text(&p->out), p->out.len,
				   digest, &size);
	if (status || !size)
		return status;
	public->made = hex(t, digest, size);
	public->agrees = entry->hash.state == DRVP_LINK_HASH && entry->hash.size == size &&
			 !memcmp(digest, entry->hash.bytes, size);
	return 0;
}

/* In its own form, and where that does not match, in those that older entries may have. */
static int build_any(struct trying *t, const struct drvp_row *row, const struct drvp_entry *entry)
{
	struct drvp_preimage *p = t->reader.preimage;
	const struct drvp_entry_form *own = drvp_preimage_form(p, row->values, &t->reader.scratch);
	struct drv_chain_entry *public = &t->entry.public;
	unsigned fold = 0;
	int status;

	t->unchecked = own->version && own->version->unchecked;
	if (t->unchecked) {
		drvp_strbuf_clear(&p->out);
		public->made = "";
		return 0;
	}
	do
		status = build(t, row, entry, own, fold);
	while (!status && !public->agrees && ++fold < 1u << p->folds);
	for (size_t i = 0; !status && !public->agrees && i < p->form_count; i++)
		if (drvp_form_is_fallback(&p->forms[i]))
			status = build(t, row, entry, &p->forms[i], 0);
	if (!status && !public->agrees)
		status = build(t, row, entry, own, 0);
	return status;
}

static void describe(struct trying *t, const struct drvp_row *row, const struct drvp_entry *entry)
{
	struct drv_chain_entry *public = &t->entry.public;
	struct drvp_strbuf text = DRVP_STRBUF_INIT, *out = &t->reader.preimage->out;

	public->preimage = drvp_arena_copy(&t->arena, drvp_strbuf_text(out), out->len);
	public->preimage_len = out->len;
	t->failed |= !public->preimage;
	drvp_row_print_place(&text, row);
	public->place = keep_text(t, &text);
	text = (struct drvp_strbuf)DRVP_STRBUF_INIT;
	drvp_row_print_key(&text, row);
	public->key = keep_text(t, &text);
	text = (struct drvp_strbuf)DRVP_STRBUF_INIT;
	if (t->reader.recipe->hash && entry->hash.value && entry->hash.value->kind != DRVP_NULL)
		drvp_value_print(&text, entry->hash.value);
	public->stored = keep_text(t, &text);
	public->reason = "";
	t->reader.preimage->on_piece = NULL;
	if (t->unchecked)
		public->reason = "the recipe says that what this entry was hashed from is not stored";
	else if (public->agrees && t->reader.preimage->claims_differ)
		public->reason = "the bytes that are stored agree, but columns say something else";
	else if (!t->reader.recipe->hash)
		public->reason = "entries of this chain store no hash to compare with";
	else if (!public->agrees)
		public->reason = why_not(t, row, entry);
	public->agrees = public->agrees && !public->reason[0];
	t->reader.preimage->on_piece = keep_piece;
}

static int feed(const struct drvp_row *row, void *user)
{
	struct trying *t = user;
	struct drvp_try *what = t->what;
	struct drvp_entry entry;
	int status;

	if (++t->row >= what->first + what->count)
		return 1;
	drvp_arena_reset(&t->arena);
	t->entry.public = (struct drv_chain_entry){ .row = t->row };
	drvp_entry_read(&entry, t->reader.recipe,
			t->reader.preimage->hash_column == DRVP_NO_COLUMN ? NULL :
			&row->values[t->reader.preimage->hash_column],
			t->reader.preimage->previous_column == DRVP_NO_COLUMN ? NULL :
			&row->values[t->reader.preimage->previous_column]);
	derive_previous(t, row, &entry);
	status = build_any(t, row, &entry);
	if (!status && t->row >= what->first) {
		describe(t, row, &entry);
		if (t->failed || t->reader.preimage->out.failed)
			return DRV_E_NOMEM;
		what->given++;
		what->stopped = what->fn(&t->entry.public, what->user) != 0;
	}
	if (!t->reader.recipe->hash) {
		t->reader.preimage->on_piece = NULL;
		status = status ? status : drvp_chain_reader_make_hash(&t->reader, row, &entry);
		t->reader.preimage->on_piece = keep_piece;
	}
	remember(t, &entry);
	return status ? status : what->stopped;
}

static int open(struct trying *t, struct drv_error *err)
{
	int status = drvp_chain_reader_open(&t->reader, t->m, DRVP_USE_CONTENTS, err);

	if (status)
		return status;
	t->reader.preimage->on_piece = keep_piece;
	t->reader.preimage->piece_user = t;
	return 0;
}

int drvp_chain_try(const struct drvp_measure *m, struct drvp_try *what, struct drv_error *err)
{
	const struct drvp_recipe *recipe = m->item->config;
	struct trying t = { .m = m, .what = what };
	struct drvp_scan scan;
	uint64_t rows;
	int status;

	if (!recipe->preimage && !recipe->version_count)
		return drvp_fail(err, DRV_E_USAGE, "%s says nothing of the bytes that were hashed",
				 m->item->id);
	status = open(&t, err);
	if (!status) {
		scan = recipe->order_by.count || recipe->partition_by.count ?
			drvp_chain_reader_scan_ordered(&t.reader) :
			drvp_chain_reader_scan(&t.reader);
		scan.limit = what->first + what->count - 1;
		status = m->session->store->scan(m->session, &scan, feed, &t, &rows, err);
	}
	drvp_chain_reader_close(&t.reader);
	drvp_strbuf_free(&t.partition);
	drvp_arena_free(&t.arena);
	free(t.entry.pieces);
	return status;
}
