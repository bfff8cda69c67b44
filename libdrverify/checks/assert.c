/* assert.c: the user's own question gives as many rows as it should */
#include <inttypes.h>
#include <stddef.h>

#include "checks/check.h"
#include "document/condition.h"

/* A question that gives far more rows than it may is not counted to its end. */
#define MOST_EXTRA 1000000

struct assertion {
	const char *sql;
	const struct drvp_json *filter;
	struct drvp_number rows;
};

static const struct drvp_field fields[] = {
	{ .name = "sql", .kind = DRVP_FIELD_TEXT, .offset = offsetof(struct assertion, sql),
	  .help = "PostgreSQL: one statement, run read-only, and only if a trusted key has signed "
		  "the document or with --allow-sql; never as superuser. Names need their schema." },
	{ .name = "filter", .kind = DRVP_FIELD_CUSTOM, .read = drvp_filter_read,
	  .schema = "filter", .offset = offsetof(struct assertion, filter),
	  .help = "MongoDB: a query document." },
	{ .name = "rows", .kind = DRVP_FIELD_UINT, .offset = offsetof(struct assertion, rows),
	  .help = "How many rows or documents it must give; 0 when absent." },
	{ 0 }
};

static const struct drv_explanation codes[] = {
	{ "assert.rows", DRV_FAIL, "Your own question gave another number of rows than it must.",
	  "What the document's author wanted to be told about has happened.",
	  "Run the statement by hand to see the rows." },
	{ NULL, 0, NULL, NULL, NULL }
};

static int validate(struct drvp_reader *reader, const struct drvp_item *item)
{
	const struct assertion *config = item->config;
	bool mongodb = item->target.name != NULL;

	if (mongodb && (!config->filter || config->sql))
		return drvp_document_fail(reader, item->node,
					  "assert on a mongodb source needs \"filter\"");
	if (!mongodb && (!config->sql || config->filter))
		return drvp_document_fail(reader, item->node,
					  "assert on a postgresql source needs \"sql\"");
	return 0;
}

static int measure(const struct drvp_measure *m, struct drv_error *err)
{
	const struct assertion *config = m->item->config;
	const struct drvp_store *store = m->session->store;
	struct drvp_selection documents = { NULL, 0, config->filter, m->settings->allow_sql };

	if (config->sql && !m->settings->allow_sql)
		return drvp_fail(err, DRV_E_NOT_ALLOWED, "SQL from the document is not run, unless a "
				 "trusted key has signed it (--trust), or the operator allows it "
				 "(--allow-sql)");
	if (config->sql)
		return store->ask(m->session, config->sql, (uint64_t)config->rows.value + MOST_EXTRA,
				  &m->tally->rows, err);
	return store->count(m->session, m->relation, &documents, &m->tally->rows, err);
}

static void judge(const struct drvp_item *item, const struct drvp_tally *tally,
		  const struct drvp_circumstances *c, struct drvp_verdict *out)
{
	const struct assertion *config = item->config;
	uint64_t expected = (uint64_t)config->rows.value;

	(void)c;
	drvp_summarise(out, "%s rows, %s expected", drvp_grouped(out, tally->rows),
		       drvp_grouped(out, expected));
	if (tally->rows != expected)
		drvp_find(out, "assert.rows", tally->rows, NULL, "%s%s rows, %s expected",
			  tally->rows > expected + MOST_EXTRA ? "more than " : "",
			  drvp_grouped(out, tally->rows), drvp_grouped(out, expected));
}

const struct drvp_check drvp_check_assert = {
	.name = "assert",
	.help = "Runs your own SQL, or a MongoDB filter, that must give so many rows (none by default).",
	.stores = DRVP_ON_BOTH,
	.shape = DRVP_STATEMENT,
	.cost = 1,
	.config_size = sizeof(struct assertion),
	.fields = fields,
	.codes = codes,
	.validate = validate,
	.measure = measure,
	.judge = judge,
};
