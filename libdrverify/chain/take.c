/* take.c: reads a proven chain in its order to record checkpoints of it */
#include "chain/take.h"

#include "chain/chain_tally.h"
#include "chain/reader.h"

struct taking {
	struct drvp_chain_reader reader;
	struct drvp_checkpoint_taker taker;
	const struct drvp_chain *chain;
	bool unordered;              /* some row has an order that cannot be compared */
};

static int step(const struct drvp_row *row, void *user)
{
	struct taking *t = user;
	const struct drvp_value *order = &row->values[t->reader.preimage->order_column];
	struct drvp_entry entry;
	bool first;
	int status = drvp_chain_reader_links(&t->reader, row, &entry);

	if (status)
		return status;
	t->unordered = !drvp_orders_rows(order->kind) || order->integer == DRVP_TIME_INFINITY ||
		       order->integer == DRVP_TIME_MINUS_INFINITY;
	if (t->unordered)
		return 1;
	first = drvp_chain_reader_is_front(&t->reader, t->chain, &entry);
	drvp_checkpoint_taker_add(&t->taker, order->kind, order->integer, entry.hash.bytes,
				  first ? NULL : entry.previous.bytes, entry.previous.size,
				  entry.hash.size);
	return 0;
}

static int scan(struct taking *t, struct drv_error *err)
{
	const struct drvp_measure *m = t->reader.m;
	const struct drvp_scan question = drvp_chain_reader_scan_ordered(&t->reader);
	struct drvp_checkpoints *taken = &drvp_chain_tally(m->tally)->taken;
	uint64_t rows = 0;
	int status;

	t->chain = &drvp_chain_tally(m->tally)->chains.list[0];
	drvp_checkpoint_taker_init(&t->taker, taken, &m->settings->multiset_key, t->chain->rows,
				   t->chain->rows_before);
	status = m->session->store->scan(m->session, &question, step, t, &rows, err);
	if (!status && !t->unordered && rows != m->tally->rows)
		return drvp_fail(err, DRV_E_BUSY, "%s changed between two looks at it",
				 m->item->target_name);
	if (!status)
		drvp_checkpoint_taker_end(&t->taker);
	if (t->unordered)
		taken->count = 0;
	return status;
}

int drvp_chain_take_checkpoints(const struct drvp_measure *m, struct drv_error *err)
{
	struct taking t = { .unordered = false };
	int status = drvp_chain_reader_open(&t.reader, m, DRVP_USE_LINKS, err);

	if (!status)
		status = scan(&t, err);
	drvp_chain_reader_close(&t.reader);
	return status;
}
