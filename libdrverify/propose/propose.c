/* propose.c: finds out how the entries of a hash chain are hashed, by trying */
#include "propose/propose.h"

#include <stdlib.h>

/* Rows of another form that have to agree before it is one: a single one may be chance's work. */
#define FORM_ROWS 2

/* The rows that are left may as well be damaged, which no search explains. */
#define FORM_TIME (10 * DRVP_SECOND)

/* The check the way a person would lay it out. */
static int write_check(struct drvp_proposed *out, const struct drvp_design *design,
		       const struct drvp_design *version, struct drv_error *err)
{
	static const struct drvp_json_limits limits = { 1 << 20, 64, 0 };
	struct drvp_json_writer writer = { .out = &out->check };
	struct drvp_strbuf members = DRVP_STRBUF_INIT, text = DRVP_STRBUF_INIT;
	struct drvp_arena arena = { 0 };
	struct drvp_json *root = NULL;
	int status;

	drvp_design_write(design, version, &members);
	drvp_attempt_text(&text, design->pieces->sample, drvp_strbuf_text(&members), false);
	status = members.failed || text.failed ? drvp_fail_nomem(err) :
		drvp_json_parse(&root, &arena, text.data, text.len, &limits, err);
	if (!status) {
		drvp_json_put_value(&writer, NULL, root);
		status = out->check.failed ? drvp_fail_nomem(err) : 0;
	}
	drvp_arena_free(&arena);
	drvp_strbuf_free(&members);
	drvp_strbuf_free(&text);
	return status;
}

static struct drvp_search *new_search(const struct drvp_propose *ask, struct drvp_sample *sample,
				      const struct drvp_pieces *pieces)
{
	struct drvp_search *search = calloc(1, sizeof *search);

	if (!search)
		return NULL;
	search->ask = ask;
	search->sample = sample;
	search->pieces = pieces;
	search->deadline = drvp_monotonic() + ask->budget;
	return search;
}

static void free_search(struct drvp_search *search)
{
	if (!search)
		return;
	drvp_digester_free(&search->inner);
	for (size_t i = 0; i < search->digester_count; i++)
		drvp_digester_free(&search->digesters[i]);
	free(search);
}

static void add_up(struct drvp_proposed *out, const struct drvp_search *search)
{
	out->tried += search->tried;
	out->complete = !search->timed_out;
	out->agreeing += search->best_agrees;
}

/* Applications change how they hash; the entries from before stay as they are. */
static int search_other(struct drvp_search *search, const struct drvp_search *first,
			struct drvp_proposed *out, struct drv_error *err)
{
	bool more, form;
	int status;

	if (search->deadline > drvp_monotonic() + FORM_TIME)
		search->deadline = drvp_monotonic() + FORM_TIME;
	status = drvp_search_run(search, err);
	if (status)
		return status;
	more = search->best_agrees > first->best_agrees;
	form = search->best_agrees >= FORM_ROWS &&
	       search->best.partition == first->best.partition;
	if (!form)
		search->best_agrees = 0;
	add_up(out, search);
	if (!form)
		return write_check(out, &first->best, NULL, err);
	return write_check(out, more ? &search->best : &first->best,
			   more ? &first->best : &search->best, err);
}

static int search(const struct drvp_propose *ask, struct drvp_sample *sample,
		  const struct drvp_pieces *pieces, struct drvp_proposed *out,
		  struct drv_error *err)
{
	struct drvp_search *first = new_search(ask, sample, pieces);
	struct drvp_search *other = new_search(ask, sample, pieces);
	int status = first && other ? drvp_search_run(first, err) : drvp_fail_nomem(err);

	if (!status) {
		add_up(out, first);
		if (first->best_agrees && first->best_agrees < out->rows &&
		    sample->previous != DRVP_NO_COLUMN)
			status = search_other(other, first, out, err);
		else if (first->best_agrees)
			status = write_check(out, &first->best, NULL, err);
	}
	free_search(first);
	free_search(other);
	return status;
}

int drvp_chain_propose(const struct drvp_propose *ask, struct drvp_proposed *out,
		       struct drv_error *err)
{
	struct drvp_pieces pieces = { 0 };
	struct drvp_sample sample;
	int status = drvp_sample_take(&sample, ask, err);

	if (!status)
		status = drvp_pieces_make(&pieces, &sample, err);
	for (size_t i = 0; !status && i < sample.count; i++)
		out->rows += !sample.rows[i].unlinked;
	if (!status)
		status = search(ask, &sample, &pieces, out, err);
	drvp_pieces_free(&pieces);
	drvp_sample_free(&sample);
	return status;
}
