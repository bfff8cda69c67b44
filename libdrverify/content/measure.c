/* measure.c: digests all rows of a range and adds them up in buckets */
#include "content/measure.h"

#include <stdlib.h>
#include <string.h>

#include "content/locate.h"
#include "content/server.h"

/* So many keys that are whole numbers share a bucket at least, or its number would be a key. */
#define NUMBER_SHIFT 4

struct measuring {
	struct drvp_content_reader reader;
	struct drvp_content_tally *own;
	struct drvp_strbuf text;     /* scratch */
	struct drv_error *err;
};

/* ------------------------------------------------------------------ the form */

static int note_table(struct drvp_content_tally *own, const struct drvp_content_reader *r)
{
	const struct drvp_relation *relation = r->m->relation;
	const char **columns;
	size_t count;
	int status;

	if (relation->kind == DRVP_COLLECTION)
		return 0;
	columns = drvp_content_columns(r->content, r->recorded, relation, &count);
	status = columns ? drvp_content_note_table(own, relation, columns, count) : DRV_E_NOMEM;
	free(columns);
	return status;
}

static int note_key(struct drvp_content_tally *own, const struct drvp_content_reader *r)
{
	const char **names;

	if (r->m->relation->kind == DRVP_COLLECTION || !r->key_count)
		return 0;
	names = drvp_arena_array(&own->names, r->key_count, sizeof *names);
	for (size_t i = 0; names && i < r->key_count; i++)
		names[i] = own->columns.list[r->keys[i]].name;
	own->key = (struct drvp_names){ names, names ? r->key_count : 0 };
	return names ? 0 : DRV_E_NOMEM;
}

static int note_form(struct drvp_content_tally *own, const struct drvp_content_reader *r)
{
	int status = note_table(own, r);

	if (!status)
		status = note_key(own, r);
	own->by = r->by;
	if (!status && (r->by == DRVP_BY_NUMBER || r->by == DRVP_BY_DAY)) {
		const char *column = r->wanted[r->place].column;

		own->column = drvp_arena_copy(&own->names, column, strlen(column));
		status = own->column ? 0 : DRV_E_NOMEM;
	}
	strcpy(own->key_id, drvp_row_digester_key_id(r->digester));
	return status;
}

static int open_buckets(struct drvp_content_tally *own, const struct drvp_content_reader *r)
{
	if (r->recorded && r->recorded->buckets.count && r->by != DRVP_BY_NOTHING)
		return drvp_buckets_open_fixed(&own->buckets, &r->recorded->buckets);
	return drvp_buckets_open(&own->buckets, drvp_content_most_buckets(r->content),
				 r->by == DRVP_BY_NUMBER ? NUMBER_SHIFT : 0);
}

/* ------------------------------------------------------------------ rows */

static int feed(const struct drvp_row *row, void *user)
{
	struct measuring *m = user;
	uint8_t digest[DRVP_ROW_DIGEST];
	int64_t place = 0;
	bool found;
	int status = drvp_content_reader_digest(&m->reader, row, digest);

	if (!status)
		status = drvp_content_reader_place(&m->reader, row, digest, &place, &found);
	if (status)
		return status;
	drvp_bucket_add(found ? drvp_buckets_at(&m->own->buckets, place) :
				&m->own->buckets.unplaced, digest);
	if (!m->own->spool)
		return 0;
	return drvp_content_add_trace(m->own->spool, &m->reader, row, digest, &m->text, m->err);
}

static int open_spool(struct measuring *m, struct drv_error *err)
{
	const struct drvp_settings *settings = m->reader.m->settings;

	if (!drvp_content_keeps_traces(m->reader.content, settings))
		return 0;
	if (!settings->sidecar_dir)
		return drvp_fail(err, DRV_E_USAGE, "\"detail\": \"rows\" writes a file, and it was "
				 "not said into which folder");
	return drvp_spool_new(&m->own->spool, settings->temporary_dir, settings->keep_keys, err);
}

static int scan(struct measuring *m, struct drv_error *err)
{
	const struct drvp_measure *measure = m->reader.m;
	struct drvp_scan question = drvp_content_reader_scan(&m->reader);
	int status = open_spool(m, err);

	if (status)
		return status;
	question.keys = m->own->spool && drvp_spool_keeps_texts(m->own->spool);
	if (note_form(m->own, &m->reader) || open_buckets(m->own, &m->reader))
		return drvp_fail_nomem(err);
	return measure->session->store->scan(measure->session, &question, feed, m,
					     &measure->tally->rows, err);
}

int drvp_content_measure(const struct drvp_measure *m, struct drv_error *err)
{
	const struct drvp_content *content = m->item->config;
	struct measuring measuring = { .own = drvp_content_tally(m->tally),
				       .text = DRVP_STRBUF_INIT, .err = err };
	int status;

	if (content->method.value == DRVP_METHOD_SERVER)
		return drvp_content_measure_server(m, err);
	status = drvp_content_reader_open(&measuring.reader, m, err);
	if (!status)
		status = scan(&measuring, err);
	drvp_content_reader_close(&measuring.reader);
	drvp_strbuf_free(&measuring.text);
	return status;
}
