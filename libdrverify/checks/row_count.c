/* row_count.c: a table has as many rows as it should */
#include <stddef.h>

#include "checks/expected_count.h"
#include "document/condition.h"

struct row_count {
	struct drvp_conditions where;
	bool append_only;
	struct drvp_expected_count expect;
};

static const struct drvp_field expect_fields[] = { DRVP_EXPECTED_COUNT_FIELDS("rows") };

static const struct drvp_field fields[] = {
	{ .name = "where", .kind = DRVP_FIELD_CUSTOM, .read = drvp_conditions_read,
	  .schema = "where", .offset = offsetof(struct row_count, where),
	  .help = "Counts only these rows." },
	{ .name = "append_only", .kind = DRVP_FIELD_BOOL,
	  .offset = offsetof(struct row_count, append_only),
	  .help = "Rows are only ever added: after a later restore point growth is right." },
	{ .name = "expect", .kind = DRVP_FIELD_OBJECT, .fields = expect_fields,
	  .offset = offsetof(struct row_count, expect), .help = "How many rows there should be." },
	{ 0 }
};

static const struct drv_explanation codes[] = {
	{ "row_count.below", DRV_FAIL, "The table has fewer rows than it should.",
	  "The restore stopped early, went back further than thought, or a filter dropped rows.",
	  "Compare the newest rows with the restore point (freshness); restore the table again." },
	{ "row_count.above", DRV_FAIL, "The table has more rows than it should.",
	  "Data was loaded twice, into a table that was not empty, or the application already writes.",
	  "Look for duplicates by primary key; make sure that nothing writes before going live." },
	{ NULL, 0, NULL, NULL, NULL }
};

static const struct drvp_count_words words = { "rows", "row_count.below", "row_count.above" };

static void columns(const struct drvp_item *item, const struct drvp_settings *settings,
		    void (*visit)(const char *column, void *user), void *user)
{
	const struct row_count *config = item->config;

	(void)settings;
	for (size_t i = 0; i < config->where.count; i++)
		visit(config->where.list[i].column, user);
}

static int measure(const struct drvp_measure *m, struct drv_error *err)
{
	const struct row_count *config = m->item->config;
	struct drvp_selection rows = { config->where.list, config->where.count, NULL };

	return m->session->store->count(m->session, m->relation, &rows, &m->tally->rows, err);
}

static void judge(const struct drvp_item *item, const struct drvp_tally *tally,
		  const struct drvp_circumstances *c, struct drvp_verdict *out)
{
	const struct row_count *config = item->config;

	drvp_expected_count_judge(&config->expect, config->append_only, &words, tally->rows, c, out);
}

static void foresee(const struct drvp_item *item, const struct drvp_tally *tally,
		    const struct drvp_circumstances *c, struct drvp_verdict *out)
{
	const struct row_count *config = item->config;

	(void)tally;
	drvp_expected_count_foresee(&config->expect, c, out);
}

static void record(const struct drvp_item *item, const struct drvp_tally *tally,
		   struct drvp_json_writer *writer)
{
	drvp_expected_count_record(item, "rows", tally->rows, writer);
}

const struct drvp_check drvp_check_row_count = {
	.name = "row_count",
	.help = "Counts the rows of a table by reading its heap, not an index that may be broken.",
	.stores = DRVP_ON_POSTGRESQL,
	.shape = DRVP_ONE_UNIT,
	.cost = 1,
	.config_size = sizeof(struct row_count),
	.fields = fields,
	.codes = codes,
	.columns = columns,
	.measure = measure,
	.judge = judge,
	.foresee = foresee,
	.record = record,
};
