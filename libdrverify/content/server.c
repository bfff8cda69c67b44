/* server.c: content that the server hashes by itself, for huge tables and slow links */
#include "content/server.h"

#include <stdlib.h>
#include <string.h>

#include "content/content_tally.h"
#include "content/reader.h"

/* ------------------------------------------------------------------ the document */

/* There is one digest of the whole, made without a key. */
static const char *refused_member(const struct drvp_content *content)
{
	if (content->detail.value == DRVP_DETAIL_ROWS)
		return "detail";
	if (content->key.count)
		return "key";
	if (content->bucket_by)
		return "bucket_by";
	if (content->buckets.set)
		return "buckets";
	return content->hmac_key ? "hmac_key" : NULL;
}

int drvp_content_validate_server(struct drvp_reader *reader, const struct drvp_content *content,
				 const struct drvp_json *node, bool documents)
{
	const struct drvp_content_expect *expect = &content->expect;
	const struct drvp_json *recorded = drvp_json_member(node, "expect");
	const char *member = refused_member(content);
	bool by_server = expect->method.value == DRVP_CONTENT_SERVER;

	if (recorded && by_server &&
	    (documents || expect->hashing.len != DRVP_HASHING || expect->buckets.count ||
	     expect->key.count || expect->sidecar.file))
		return drvp_document_fail(reader, recorded, "the method server is for PostgreSQL; "
					  "it has \"hashing\" of %d bytes, and no \"buckets\", "
					  "\"key\" or \"sidecar\"", DRVP_HASHING);
	if (recorded && !by_server && expect->hashing.len)
		return drvp_document_fail(reader, recorded, "\"hashing\" belongs to the "
					  "method server");
	if (content->method.value != DRVP_METHOD_SERVER)
		return 0;
	if (documents)
		return drvp_document_fail(reader, drvp_json_member(node, "method"), "a MongoDB "
					  "server cannot hash documents; leave \"method\" out");
	if (member)
		return drvp_document_fail(reader, drvp_json_member(node, member), "\"%s\" needs "
					  "rows, which \"method\": \"server\" does not read; leave "
					  "one of the two out", member);
	return 0;
}

bool drvp_content_method_fits(const struct drvp_content *content,
			      const struct drvp_settings *settings)
{
	const struct drvp_content_expect *recorded = drvp_content_recorded(content, settings);

	return !recorded || (recorded->method.value == DRVP_CONTENT_SERVER) ==
				    (content->method.value == DRVP_METHOD_SERVER);
}

/* ------------------------------------------------------------------ measuring */

static int ask(const struct drvp_measure *m, const char *const *names, size_t count,
	       struct drv_error *err)
{
	const struct drvp_content *content = m->item->config;
	struct drvp_content_tally *own = drvp_content_tally(m->tally);
	struct drvp_server_digest digest;
	const struct drvp_digest_question question = {
		.relation = m->relation,
		.selection = { content->where.list, content->where.count, NULL, false },
		.columns = names,
		.column_count = count,
	};
	int status = m->session->store->digest(m->session, &question, &digest, err);

	if (status)
		return status;
	own->by_server = true;
	if (drvp_content_note_table(own, m->relation, names, count) ||
	    drvp_buckets_open(&own->buckets, 1, 0))
		return drvp_fail_nomem(err);
	m->tally->rows += digest.rows;
	own->hashing = digest.probe;
	own->buckets.unplaced = (struct drvp_bucket){ .rows = digest.rows, .sum = digest.sum };
	return 0;
}

int drvp_content_measure_server(const struct drvp_measure *m, struct drv_error *err)
{
	const struct drvp_content *content = m->item->config;
	size_t count;
	const char **names = drvp_content_columns(content,
						  drvp_content_recorded(content, m->settings),
						  m->relation, &count);
	int status;

	if (!names)
		return drvp_fail_nomem(err);
	if (m->session->store->digest)
		status = ask(m, names, count, err);
	else
		status = drvp_fail(err, DRV_E_UNSUPPORTED,
				   "this server cannot hash rows by itself");
	free(names);
	return status;
}
