/* locate.c: keeps traces of all rows at a capture, and names the rows that differ from them later */
#include "content/locate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "content/comparable.h"

/* ------------------------------------------------------------------ traces */

bool drvp_content_keeps_traces(const struct drvp_content *content,
			       const struct drvp_settings *settings)
{
	return settings->capture && content->detail.set &&
	       content->detail.value == DRVP_DETAIL_ROWS;
}

int drvp_content_add_trace(struct drvp_spool *spool, struct drvp_content_reader *reader,
			   const struct drvp_row *row, const uint8_t digest[DRVP_ROW_DIGEST],
			   struct drvp_strbuf *text, struct drv_error *err)
{
	struct drvp_trace trace = { .digest = drvp_digest_word(digest) };
	int status = drvp_content_reader_key(reader, row, digest, &trace.key);

	if (status)
		return drvp_fail_nomem(err);
	if (drvp_spool_keeps_texts(spool) && row->key_count) {
		drvp_strbuf_clear(text);
		drvp_row_print_key(text, row);
		if (text->failed)
			return drvp_fail_nomem(err);
		trace.text = drvp_strbuf_text(text);
		trace.text_len = text->len;
	}
	return drvp_spool_add(spool, &trace, err);
}

/* ------------------------------------------------------------------ comparing */

/* Rows that differ, alike and of one kind, and how many of them are still to be named. */
struct wanted {
	uint64_t key, digest;
	int kind;                    /* enum drvp_difference_kind */
	uint64_t rows;
};

struct locating {
	const struct drvp_measure *m;
	struct drvp_content_tally *own;
	const struct drvp_content_expect *recorded;
	struct drvp_content_reader reader;
	struct drvp_spool *spool;
	struct drvp_strbuf text;
	struct wanted *wanted;       /* in order of keys and digests */
	size_t wanted_count;
	uint64_t unnamed;            /* rows of wanted that are still to be named */
	struct drv_error *err;
};

static int spool_row(const struct drvp_row *row, void *user)
{
	struct locating *l = user;
	uint8_t digest[DRVP_ROW_DIGEST];
	int status = drvp_content_reader_digest(&l->reader, row, digest);

	return status ? status :
			drvp_content_add_trace(l->spool, &l->reader, row, digest, &l->text, l->err);
}

static int spool_all(struct locating *l)
{
	const struct drvp_measure *m = l->m;
	const struct drvp_scan question = drvp_content_reader_scan(&l->reader);
	uint64_t rows = 0;
	int status = drvp_spool_new(&l->spool, m->settings->temporary_dir, false, l->err);

	if (!status)
		status = m->session->store->scan(m->session, &question, spool_row, l, &rows, l->err);
	if (!status && rows != m->tally->rows)
		status = drvp_fail(l->err, DRV_E_BUSY, "%s changed between two looks at it",
				   m->item->target_name);
	return status;
}

static int tell_missing(struct locating *l, struct drvp_named_rows *named,
			const struct drvp_difference *difference)
{
	named->told++;
	if (!l->m->settings->show_keys || !difference->text_len)
		return 0;
	return drvp_named_rows_add(named, "", difference->text, difference->text_len);
}

/* A row of that key and digest more; those that are alike come one after the other. */
static int want(struct locating *l, uint64_t key, uint64_t digest, int kind)
{
	struct wanted *last = l->wanted_count ? &l->wanted[l->wanted_count - 1] : NULL;

	l->unnamed++;
	if (last && last->key == key && last->digest == digest && last->kind == kind) {
		last->rows++;
		return 0;
	}
	if (!(l->wanted_count & (l->wanted_count - 1))) {
		size_t room = l->wanted_count ? 2 * l->wanted_count : 1;
		struct wanted *grown = realloc(l->wanted, room * sizeof *grown);

		if (!grown)
			return DRV_E_NOMEM;
		l->wanted = grown;
	}
	l->wanted[l->wanted_count++] = (struct wanted){ key, digest, kind, 1 };
	return 0;
}

/* The first that differ are named, of each kind so many. */
static int tell(const struct drvp_difference *difference, void *user)
{
	struct locating *l = user;
	struct drvp_named_rows *named = &l->own->named[difference->kind];
	int status = 0;

	_Static_assert(DRVP_NAMED_MAX <= DRVP_DIFFERENCE_DIGESTS, "too few digests to name rows by");
	if (difference->kind == DRVP_ROW_MISSING)
		return named->told < DRVP_NAMED_MAX ? tell_missing(l, named, difference) : 0;
	for (size_t i = 0; !status && i < difference->digest_count && named->told < DRVP_NAMED_MAX;
	     i++, named->told++)
		status = want(l, difference->key, difference->digests[i], difference->kind);
	return status;
}

/* ------------------------------------------------------------------ naming */

static int by_row(const void *left, const void *right)
{
	const struct wanted *a = left, *b = right;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return a->digest < b->digest ? -1 : a->digest > b->digest;
}

/* Rows that are alike may be wanted as rows that changed and, behind that, as too many. */
static struct wanted *find_wanted(const struct locating *l, uint64_t key, uint64_t digest)
{
	const struct wanted like = { .key = key, .digest = digest };
	struct wanted *end = l->wanted + l->wanted_count;
	struct wanted *found = bsearch(&like, l->wanted, l->wanted_count, sizeof like, by_row);

	while (found && found > l->wanted && !by_row(found - 1, &like))
		found--;
	while (found && found < end && !by_row(found, &like) && !found->rows)
		found++;
	return found && found < end && !by_row(found, &like) ? found : NULL;
}

static int name_row(const struct drvp_row *row, void *user)
{
	struct locating *l = user;
	struct drvp_strbuf place = DRVP_STRBUF_INIT;
	uint8_t digest[DRVP_ROW_DIGEST];
	struct wanted *wanted;
	uint64_t key;
	int status = drvp_content_reader_digest(&l->reader, row, digest);

	if (!status)
		status = drvp_content_reader_key(&l->reader, row, digest, &key);
	wanted = status ? NULL : find_wanted(l, key, drvp_digest_word(digest));
	if (!wanted)
		return status;
	drvp_strbuf_clear(&l->text);
	drvp_row_print_place(&place, row);
	if (l->m->settings->show_keys)
		drvp_row_print_key(&l->text, row);
	status = place.failed || l->text.failed ? DRV_E_NOMEM :
		 drvp_named_rows_add(&l->own->named[wanted->kind], drvp_strbuf_text(&place),
				     drvp_strbuf_text(&l->text), l->text.len);
	drvp_strbuf_free(&place);
	wanted->rows--;
	return status ? status : --l->unnamed == 0;
}

/* Rows are found again by key and digest, now with what a person can look them up by. */
static int name_rows(struct locating *l)
{
	const struct drvp_measure *m = l->m;
	struct drvp_scan question = drvp_content_reader_scan(&l->reader);
	uint64_t rows;

	if (!l->unnamed)
		return 0;
	qsort(l->wanted, l->wanted_count, sizeof *l->wanted, by_row);
	question.unplaced = false;
	question.keys = m->settings->show_keys;
	return m->session->store->scan(m->session, &question, name_row, l, &rows, l->err);
}

/* ------------------------------------------------------------------ locating */

static bool differs(const struct drvp_content_tally *own, const struct drvp_content_expect *recorded)
{
	const struct drvp_bucket total = drvp_buckets_total(&own->buckets);
	uint8_t digest[DRVP_SUM256_SIZE];

	drvp_sum256_bytes(&total.sum, digest);
	return total.rows != (uint64_t)recorded->rows.value ||
	       memcmp(digest, recorded->digest.bytes, sizeof digest) != 0;
}

static int compare_with(struct locating *l, struct drvp_sidecar *sidecar)
{
	int status = spool_all(l);

	if (!status)
		status = drvp_compare(&l->own->comparison, sidecar, l->spool, NULL, tell, l, l->err);
	l->own->compared = !status;
	return status ? status : name_rows(l);
}

/* Rows that cannot be named are damage all the same; it is only told less closely. */
static int compare(struct locating *l)
{
	const struct drvp_recorded_sidecar *recorded = &l->recorded->sidecar;
	const char *folder = l->m->settings->sidecar_dir;
	struct drvp_sidecar *sidecar = NULL;
	int status = drvp_sidecar_open(&sidecar, folder ? folder : ".", recorded->file,
				       (const uint8_t *)recorded->digest.bytes,
				       (uint64_t)recorded->rows.value, l->err);

	if (!status)
		status = compare_with(l, sidecar);
	drvp_sidecar_free(&sidecar);
	if (!status || status == DRV_E_NOMEM)
		return status;
	snprintf(l->own->not_compared, sizeof l->own->not_compared, "%s", drvp_error_text(l->err));
	return 0;
}

static int locate_differences(const struct drvp_measure *m,
			      const struct drvp_content_expect *recorded, struct drv_error *err)
{
	struct locating l = { .m = m, .own = drvp_content_tally(m->tally), .recorded = recorded,
			      .text = DRVP_STRBUF_INIT };
	struct drv_error why = DRV_ERROR_INIT;
	int status = drvp_content_reader_open(&l.reader, m, err);

	l.err = &why;
	if (!status)
		status = compare(&l);
	drvp_content_reader_close(&l.reader);
	drvp_spool_free(&l.spool);
	drvp_strbuf_free(&l.text);
	free(l.wanted);
	return status;
}

static int write_traces(const struct drvp_measure *m, struct drv_error *err)
{
	struct drvp_content_tally *own = drvp_content_tally(m->tally);

	if (own->spool_error.status) {
		if (err)
			*err = own->spool_error;
		return own->spool_error.status;
	}
	if (!own->spool || m->tally->rows != m->tally->counted)
		return 0;
	return drvp_sidecar_write(&own->sidecar, own->spool, m->settings->sidecar_dir, err);
}

/* Digests made with another key differ in every row, which says nothing. */
static bool is_same_form(const struct drvp_content_tally *own,
			 const struct drvp_content_expect *recorded)
{
	return !strcmp(own->key_id, recorded->key_id ? recorded->key_id : "");
}

int drvp_content_locate(const struct drvp_measure *m, struct drv_error *err)
{
	const struct drvp_content *content = m->item->config;
	const struct drvp_content_expect *recorded = drvp_content_recorded(content, m->settings);
	const struct drvp_content_tally *own = drvp_content_tally(m->tally);

	if (drvp_content_keeps_traces(content, m->settings))
		return write_traces(m, err);
	if (!recorded || !recorded->sidecar.file || !is_same_form(own, recorded) ||
	    !differs(own, recorded))
		return 0;
	/* Two more looks at all rows would name some that nothing can be said about. */
	if (drvp_content_comparable(content, recorded, own, m->relation, m->lineage))
		return 0;
	return locate_differences(m, recorded, err);
}
