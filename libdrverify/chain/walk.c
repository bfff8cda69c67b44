/* walk.c: whether the links of a chain follow the order of its entries */
#include <string.h>

#include "chain/ordered.h"
#include "chain/reader.h"

struct walk {
	struct drvp_chain_reader reader;
	struct drvp_strbuf partition;        /* of the row before */
	struct drvp_link before;             /* the hash of the row before; state NULL: none */
	uint64_t rows;
};

static int stop(struct walk *walk)
{
	walk->rows = UINT64_MAX;
	return 1;
}

static int step(const struct drvp_row *row, void *user)
{
	struct walk *walk = user;
	struct drvp_chain_reader *reader = &walk->reader;
	const struct drvp_chain *chain;
	struct drvp_entry entry;
	int status;

	drvp_chain_reader_partition(reader, row);
	if (walk->rows++ && !drvp_strbuf_equal(&walk->partition, &reader->partition))
		walk->before.state = DRVP_LINK_NULL;
	status = drvp_chain_reader_links(reader, row, &entry);
	if (status)
		return status;
	chain = drvp_chains_find(&reader->m->tally->chains, drvp_strbuf_text(&reader->partition),
				 reader->partition.len);
	if (!chain || entry.hash.state != DRVP_LINK_HASH)
		return stop(walk);
	if (walk->before.state == DRVP_LINK_NULL) {
		if (!drvp_chain_reader_is_first(reader, chain, &entry))
			return stop(walk);
	} else if (entry.previous.state != DRVP_LINK_HASH ||
		   entry.previous.size != walk->before.size ||
		   memcmp(entry.previous.bytes, walk->before.bytes, walk->before.size) != 0) {
		return stop(walk);
	}
	walk->before = entry.hash;
	drvp_strbuf_clear(&walk->partition);
	drvp_strbuf_add(&walk->partition, drvp_strbuf_text(&reader->partition),
			reader->partition.len);
	return walk->partition.failed ? DRV_E_NOMEM : 0;
}

int drvp_chain_walk(const struct drvp_measure *m, bool *unbroken, struct drv_error *err)
{
	struct walk walk = { .partition = DRVP_STRBUF_INIT };
	uint64_t rows = 0;
	int status = drvp_chain_reader_open(&walk.reader, m, DRVP_USE_LINKS, err);

	if (!status) {
		const struct drvp_scan question = drvp_chain_reader_scan_ordered(&walk.reader);

		status = m->session->store->scan(m->session, &question, step, &walk, &rows, err);
	}
	*unbroken = !status && walk.rows == m->tally->rows;
	drvp_chain_reader_close(&walk.reader);
	drvp_strbuf_free(&walk.partition);
	return status;
}
