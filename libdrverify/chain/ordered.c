/* ordered.c: verifies chains whose entries do not store the previous hash, in their order */
#include "chain/ordered.h"

#include <stdlib.h>
#include <string.h>

#include "chain/chain_tally.h"
#include "chain/place.h"

static int end_chain(struct drvp_ordered *w)
{
	int status = drvp_place_finish(w);

	if (status || !w->last_matched || w->last.link.state != DRVP_LINK_HASH)
		return status;
	memcpy(w->chain->head, w->last.link.bytes, w->last.link.size);
	w->chain->head_len = w->last.link.size;
	return 0;
}

static int next_chain(struct drvp_ordered *w)
{
	const struct drvp_strbuf *partition = &w->reader.partition;
	int status = w->chain ? end_chain(w) : 0;

	if (status)
		return status;
	w->chain = drvp_chains_get(&drvp_chain_tally(w->m->tally)->chains,
				   drvp_strbuf_text(partition), partition->len);
	if (!w->chain)
		return DRV_E_NOMEM;
	w->head = drvp_recipe_head(w->recipe, w->chain->partition, w->chain->partition_len);
	drvp_place_begin_chain(w);
	return 0;
}

static bool in_chain(const struct drvp_ordered *w)
{
	return w->chain && w->chain->partition_len == w->reader.partition.len &&
	       !memcmp(w->chain->partition, drvp_strbuf_text(&w->reader.partition),
		       w->reader.partition.len);
}

static int step(const struct drvp_row *row, void *user)
{
	struct drvp_ordered *w = user;

	drvp_chain_reader_partition(&w->reader, row);
	if (!in_chain(w)) {
		int status = next_chain(w);

		if (status)
			return status;
	}
	w->chain->rows++;
	return drvp_place_add(w, row);
}

static int scan(struct drvp_ordered *w, struct drv_error *err)
{
	const struct drvp_scan question = drvp_chain_reader_scan_ordered(&w->reader);
	int status;

	w->accepted = calloc(DRVP_PLACE_MOST, sizeof *w->accepted);
	w->pending = calloc(DRVP_PLACE_MOST, sizeof *w->pending);
	if (!w->accepted || !w->pending)
		return drvp_fail_nomem(err);
	status = w->m->session->store->scan(w->m->session, &question, step, w, &w->m->tally->rows,
					    err);
	return status || !w->chain ? status : end_chain(w);
}

int drvp_chain_measure_ordered(const struct drvp_measure *m, struct drv_error *err)
{
	struct drvp_ordered w = { .m = m, .recipe = m->item->config };
	int status = drvp_chain_reader_open(&w.reader, m, DRVP_USE_CONTENTS, err);

	if (!status)
		status = scan(&w, err);
	drvp_chain_reader_close(&w.reader);
	drvp_arena_free(&w.arena);
	free(w.accepted);
	free(w.pending);
	return status;
}
