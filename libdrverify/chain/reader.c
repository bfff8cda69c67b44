/* reader.c: reads the entries of chains from rows, and compares them with their hashes */
#include "chain/reader.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static int prepare_join(struct drvp_chain_reader *reader, struct drv_error *err)
{
	const struct drvp_body *body = reader->recipe->body;

	reader->pairs = calloc(body->column_count, sizeof *reader->pairs);
	if (!reader->pairs)
		return drvp_fail_nomem(err);
	for (size_t i = 0; i < body->column_count; i++)
		reader->pairs[i] = (struct drvp_join_pair){ body->columns[i],
							    body->body_columns[i] };
	reader->join = (struct drvp_join){ reader->m->joined, reader->pairs, body->column_count };
	return 0;
}

int drvp_chain_reader_open(struct drvp_chain_reader *reader, const struct drvp_measure *m, int use,
			   struct drv_error *err)
{
	int status;

	*reader = (struct drvp_chain_reader){ .m = m, .recipe = m->item->config };
	status = drvp_preimage_new(&reader->preimage, reader->recipe,
				   &(struct drvp_entry_tables){ m->relation, m->joined },
				   m->session, use, err);
	if (!status && reader->recipe->body)
		status = prepare_join(reader, err);
	if (!status && reader->preimage->form_count)
		status = drvp_hasher_new(&reader->hasher, reader->recipe, m->settings, err);
	return status;
}

void drvp_chain_reader_close(struct drvp_chain_reader *reader)
{
	drvp_preimage_free(&reader->preimage);
	drvp_hasher_free(&reader->hasher);
	free(reader->pairs);
	drvp_strbuf_free(&reader->partition);
	drvp_strbuf_free(&reader->scratch);
}

struct drvp_scan drvp_chain_reader_scan(const struct drvp_chain_reader *reader)
{
	const struct drvp_recipe *recipe = reader->recipe;

	return (struct drvp_scan){
		.relation = reader->m->relation,
		.join = recipe->body ? &reader->join : NULL,
		.selection = drvp_chain_selection(recipe, reader->m->settings),
		.range = reader->m->range,
		.columns = reader->preimage->columns,
		.column_count = reader->preimage->column_count,
		.keys = reader->m->settings->show_keys,
	};
}

struct drvp_scan drvp_chain_reader_scan_ordered(const struct drvp_chain_reader *reader)
{
	struct drvp_scan scan = drvp_chain_reader_scan(reader);

	scan.order_by = reader->preimage->order_by;
	scan.order_count = reader->recipe->partition_by.count + reader->recipe->order_by.count;
	return scan;
}

/* ------------------------------------------------------------------ partition and order */

/* column DRVP_NO_COLUMN: NULL. */
static const struct drvp_value *value_at(const struct drvp_row *row, size_t column)
{
	return column == DRVP_NO_COLUMN ? NULL : &row->values[column];
}

void drvp_chain_reader_partition(struct drvp_chain_reader *reader, const struct drvp_row *row)
{
	const struct drvp_recipe *recipe = reader->recipe;

	drvp_strbuf_clear(&reader->partition);
	for (size_t i = 0; i < recipe->partition_by.count; i++) {
		const struct drvp_value *value =
			&row->values[reader->preimage->partition_columns[i]];

		drvp_strbuf_clear(&reader->scratch);
		if (value->kind != DRVP_NULL)
			drvp_value_print(&reader->scratch, value);
		drvp_partition_put(&reader->partition,
				   value->kind == DRVP_NULL ? NULL :
							      drvp_strbuf_text(&reader->scratch),
				   reader->scratch.len);
	}
	if (recipe->partition_by.count)
		drvp_partition_end(&reader->partition);
}

int64_t drvp_chain_reader_order(const struct drvp_chain_reader *reader, const struct drvp_row *row)
{
	return drvp_entry_order(row, value_at(row, reader->preimage->order_column),
				reader->m->range_index);
}

static bool same_value(const struct drvp_value *a, const struct drvp_value *b)
{
	if (a->kind != b->kind || a->integer != b->integer || a->number != b->number)
		return false;
	return a->len == b->len && (!a->len || !memcmp(a->bytes, b->bytes, a->len));
}

bool drvp_chain_reader_same_place(const struct drvp_chain_reader *reader,
				  const struct drvp_row *a, const struct drvp_row *b)
{
	for (size_t i = 0; i < reader->recipe->order_by.count; i++) {
		size_t column = reader->preimage->order_columns[i];

		if (!same_value(&a->values[column], &b->values[column]))
			return false;
	}
	return true;
}

static bool is_checkpoint(const struct drvp_checkpoint *since, const struct drvp_link *hash)
{
	return hash->state == DRVP_LINK_HASH && hash->size == since->hash_len &&
	       !memcmp(hash->bytes, since->hash, hash->size);
}

bool drvp_chain_reader_is_first(const struct drvp_chain_reader *reader,
				const struct drvp_entry *entry)
{
	const struct drvp_checkpoint *since = drvp_chain_since(reader->recipe,
							       reader->m->settings);

	return since ? is_checkpoint(since, &entry->hash) :
		       entry->previous.state == DRVP_LINK_GENESIS;
}

bool drvp_chain_is_anchored(const struct drvp_recipe *recipe, const struct drvp_chain *chain,
			    const struct drvp_link *link)
{
	const struct drvp_bytes *anchor = drvp_recipe_anchor(recipe, chain->partition,
							     chain->partition_len);

	return anchor && drvp_link_is(link, anchor);
}

/* A chain that still has its first entry has not been pruned, whatever is recorded. */
bool drvp_chain_reader_is_front(const struct drvp_chain_reader *reader,
				const struct drvp_chain *chain, const struct drvp_entry *entry)
{
	return drvp_chain_reader_is_first(reader, entry) ||
	       (drvp_chain_begins_anchored(chain) &&
		drvp_chain_is_anchored(reader->recipe, chain, &entry->previous));
}

/* ------------------------------------------------------------------ making hashes */

/* Builds and hashes in one form; *size 0: no application can have hashed this. */
static int make(struct drvp_chain_reader *reader, const struct drvp_entry_form *form,
		const struct drvp_row *row, const struct drvp_entry *entry, unsigned fold,
		uint8_t *digest, size_t *size)
{
	struct drvp_preimage *p = reader->preimage;
	const struct drvp_digest_spec *spec = drvp_form_digest(form, row->values, &reader->scratch);
	int status = drvp_preimage_build(p, form, row->values, entry, fold);

	*size = 0;
	if (status || p->impossible || !spec)
		return status;
	return drvp_hash(reader->hasher, spec, drvp_strbuf_text(&p->out), p->out.len, digest, size);
}

void drvp_chain_reader_store_hash(const struct drvp_chain_reader *reader,
				  const struct drvp_link *hash, struct drvp_value *value,
				  char *text)
{
	struct drvp_strbuf hex = DRVP_STRBUF_INIT;

	*value = (struct drvp_value){ .kind = DRVP_TEXT, .bytes = text };
	switch (reader->recipe->encoding.value) {
	case DRVP_ENCODING_BYTES:
		value->kind = DRVP_BYTES;
		memcpy(text, hash->bytes, hash->size);
		value->len = hash->size;
		break;
	case DRVP_ENCODING_BASE64:
		value->len = (size_t)EVP_EncodeBlock((unsigned char *)text, hash->bytes,
						     (int)hash->size);
		break;
	default:
		drvp_strbuf_hex(&hex, hash->bytes, hash->size);
		memcpy(text, drvp_strbuf_text(&hex), hex.len);
		value->len = hex.len;
		drvp_strbuf_free(&hex);
	}
}

int drvp_chain_reader_make_hash(struct drvp_chain_reader *reader, const struct drvp_row *row,
				struct drvp_entry *entry)
{
	const struct drvp_entry_form *form = drvp_preimage_form(reader->preimage, row->values,
							  &reader->scratch);
	int status = make(reader, form, row, entry, 0, entry->hash.bytes, &entry->hash.size);

	entry->hash.state = entry->hash.size ? DRVP_LINK_HASH : DRVP_LINK_MALFORMED;
	drvp_chain_reader_store_hash(reader, &entry->hash, &reader->made, reader->made_text);
	entry->hash.value = &reader->made;
	return status;
}

int drvp_chain_reader_links(struct drvp_chain_reader *reader, const struct drvp_row *row,
			    struct drvp_entry *entry)
{
	const struct drvp_preimage *p = reader->preimage;

	drvp_entry_read(entry, reader->recipe, value_at(row, p->hash_column),
			value_at(row, p->previous_column));
	if (reader->recipe->hash || !reader->recipe->previous)
		return 0;
	return drvp_chain_reader_make_hash(reader, row, entry);
}

/* ------------------------------------------------------------------ comparing */

/* An ambiguous local time is tried both ways before a difference counts. */
static int compare_form(struct drvp_chain_reader *reader, const struct drvp_entry_form *form,
			const struct drvp_row *row, const struct drvp_entry *entry, int *content)
{
	const struct drvp_preimage *p = reader->preimage;
	uint8_t digest[DRVP_DIGEST_MAX];
	unsigned fold = 0;
	size_t size;

	do {
		int status = make(reader, form, row, entry, fold, digest, &size);

		if (status)
			return status;
		if (size && size == entry->hash.size && !memcmp(digest, entry->hash.bytes, size)) {
			*content = p->claims_differ ? DRVP_CONTENT_CLAIMS : DRVP_CONTENT_MATCHES;
			return 0;
		}
	} while (++fold < 1u << p->folds);
	*content = p->lossy && !p->impossible ? DRVP_CONTENT_UNKNOWN : DRVP_CONTENT_DIFFERS;
	return 0;
}

static bool agrees(int content)
{
	return content == DRVP_CONTENT_MATCHES || content == DRVP_CONTENT_CLAIMS;
}

int drvp_chain_reader_compare(struct drvp_chain_reader *reader, const struct drvp_row *row,
			      const struct drvp_entry *entry, int *content)
{
	struct drvp_preimage *p = reader->preimage;
	const struct drvp_entry_form *form = drvp_preimage_form(p, row->values, &reader->scratch);
	int status, other;

	if (form->version && form->version->unchecked) {
		*content = DRVP_CONTENT_UNCHECKED;
		return 0;
	}
	status = compare_form(reader, form, row, entry, content);
	for (size_t i = 0; !status && !agrees(*content) && i < p->form_count; i++) {
		if (!drvp_form_is_fallback(&p->forms[i]))
			continue;
		status = compare_form(reader, &p->forms[i], row, entry, &other);
		if (!status && other != DRVP_CONTENT_DIFFERS)
			*content = other;
	}
	return status;
}
