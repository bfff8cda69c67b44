/* collection_count.c: a collection has as many documents as it should */
#include <stddef.h>

#include "checks/expected_count.h"
#include "document/condition.h"

struct collection_count {
	const struct drvp_json *filter;
	bool append_only;
	struct drvp_expected_count expect;
};

/* Counters without rows: what the metadata believes, and whether that is not what is there. */
enum { METADATA, METADATA_DIFFERS };

static const struct drvp_field expect_fields[] = { DRVP_EXPECTED_COUNT_FIELDS("documents") };

static const struct drvp_field fields[] = {
	{ .name = "filter", .kind = DRVP_FIELD_CUSTOM, .read = drvp_filter_read,
	  .schema = "filter", .offset = offsetof(struct collection_count, filter),
	  .help = "Counts only documents that match this query." },
	{ .name = "append_only", .kind = DRVP_FIELD_BOOL,
	  .offset = offsetof(struct collection_count, append_only),
	  .help = "Documents are only ever added: after a later restore point growth is right." },
	{ .name = "expect", .kind = DRVP_FIELD_OBJECT, .fields = expect_fields,
	  .offset = offsetof(struct collection_count, expect),
	  .help = "How many documents there should be." },
	{ 0 }
};

static const struct drv_explanation codes[] = {
	{ "collection_count.below", DRV_FAIL, "The collection has fewer documents than it should.",
	  "The restore stopped early, went back further than thought, or skipped documents that it "
	  "could not insert.",
	  "Read the mongorestore log for \"failed to restore\"; restore the collection again." },
	{ "collection_count.above", DRV_FAIL, "The collection has more documents than it should.",
	  "It was restored without --drop over existing documents, or the application already writes.",
	  "Look for duplicates by a natural key; make sure that nothing writes before going live." },
	{ "collection_count.metadata", DRV_WARN,
	  "The server's own count of the collection differs from the documents that are there.",
	  "An unclean shutdown leaves the stored count behind; a sharded cluster has orphans.",
	  "Run validate on the collection, which mends the stored count." },
	{ NULL, 0, NULL, NULL, NULL }
};

static const struct drvp_count_words words = { "documents", "collection_count.below",
					       "collection_count.above" };

/* There is no snapshot here: a difference counts only when a second count shows that nothing was
 * written in between. */
static int measure_metadata(const struct drvp_measure *m, struct drv_error *err)
{
	struct drvp_selection all = { NULL, 0, NULL };
	const struct drvp_store *store = m->session->store;
	uint64_t metadata, again;
	int status = store->estimate(m->session, m->relation, &metadata, err);

	if (status || metadata == m->tally->rows)
		return status;
	status = store->count(m->session, m->relation, &all, &again, err);
	if (status || again != m->tally->rows)
		return status;
	m->tally->counters[METADATA].count = metadata;
	m->tally->counters[METADATA_DIFFERS].count = 1;
	return 0;
}

static int measure(const struct drvp_measure *m, struct drv_error *err)
{
	const struct collection_count *config = m->item->config;
	struct drvp_selection documents = { NULL, 0, config->filter, m->settings->allow_sql };
	const struct drvp_store *store = m->session->store;
	int status;

	status = store->count(m->session, m->relation, &documents, &m->tally->rows, err);
	if (status || config->filter || !store->estimate || m->relation->kind != DRVP_COLLECTION)
		return status;
	return measure_metadata(m, err);
}

static void judge(const struct drvp_item *item, const struct drvp_tally *tally,
		  const struct drvp_circumstances *c, struct drvp_verdict *out)
{
	const struct collection_count *config = item->config;
	uint64_t metadata = tally->counters[METADATA].count;

	drvp_expected_count_judge(&config->expect, config->append_only, &words, tally->rows, c, out);
	if (tally->counters[METADATA_DIFFERS].count)
		drvp_find(out, "collection_count.metadata", 0, NULL,
			  "the server's metadata says %s documents, %s are there",
			  drvp_grouped(out, metadata), drvp_grouped(out, tally->rows));
}

static void foresee(const struct drvp_item *item, const struct drvp_tally *tally,
		    const struct drvp_circumstances *c, struct drvp_verdict *out)
{
	const struct collection_count *config = item->config;

	(void)tally;
	drvp_expected_count_foresee(&config->expect, c, out);
}

static void record(const struct drvp_item *item, const struct drvp_tally *tally,
		   struct drvp_json_writer *writer)
{
	drvp_expected_count_record(item, "documents", tally->rows, writer);
}

const struct drvp_check drvp_check_collection_count = {
	.name = "collection_count",
	.help = "Counts the documents of a collection one by one, and compares the server's metadata.",
	.stores = DRVP_ON_MONGODB,
	.shape = DRVP_ONE_UNIT,
	.cost = 1,
	.config_size = sizeof(struct collection_count),
	.fields = fields,
	.codes = codes,
	.measure = measure,
	.judge = judge,
	.foresee = foresee,
	.record = record,
};
