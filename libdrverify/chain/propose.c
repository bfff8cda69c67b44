/* propose.c: finds out how the entries of a hash chain are hashed, by trying */
#include "chain/propose.h"

#include <stdlib.h>

/* The check the way a person would lay it out. */
static int write_check(struct drvp_proposed *out, const struct drvp_search *search,
		       struct drv_error *err)
{
	static const struct drvp_json_limits limits = { 1 << 20, 64, 0 };
	struct drvp_json_writer writer = { .out = &out->check };
	struct drvp_strbuf members = DRVP_STRBUF_INIT, text = DRVP_STRBUF_INIT;
	struct drvp_arena arena = { 0 };
	struct drvp_json *root = NULL;
	int status;

	drvp_design_write(&search->best, &members);
	drvp_attempt_text(&text, search->sample, drvp_strbuf_text(&members), false);
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

static int search(const struct drvp_propose *ask, struct drvp_sample *sample,
		  const struct drvp_pieces *pieces, struct drvp_proposed *out,
		  struct drv_error *err)
{
	struct drvp_search *search = calloc(1, sizeof *search);
	int status;

	if (!search)
		return drvp_fail_nomem(err);
	search->ask = ask;
	search->sample = sample;
	search->pieces = pieces;
	status = drvp_search_run(search, err);
	out->tried = search->tried;
	out->agreeing = search->best_agrees;
	out->complete = !search->timed_out;
	if (!status && search->best_agrees)
		status = write_check(out, search, err);
	drvp_digester_free(&search->inner);
	for (size_t i = 0; i < search->digester_count; i++)
		drvp_digester_free(&search->digesters[i]);
	free(search);
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
