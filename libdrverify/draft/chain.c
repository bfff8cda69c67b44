/* chain.c: looks for the recipe of a table whose columns are named like links of an audit chain */
#include <string.h>

#include "draft/draft.h"

/* Fewer entries leave open what stands for what they lack. */
#define FEWEST_ENTRIES 3

static const char *reason_of(const struct drvp_proposed *proposed)
{
	if (!proposed->rows)
		return "there are no entries to try on";
	if (!proposed->agreeing)
		return proposed->complete ? "no usual way of hashing gives the stored hashes" :
					    "no way of hashing gave the stored hashes in the time "
					    "that it was given";
	if (proposed->agreeing < proposed->rows)
		return "the recipe gives the stored hash of only some of the entries that were tried: the "
		       "others were hashed in another way, or changed";
	if (proposed->rows < FEWEST_ENTRIES)
		return "there are too few entries to prove it";
	return NULL;
}

/* What one table is refused for says only that nothing was proved. */
static bool only_unproved(int status)
{
	return status == DRV_E_USAGE || status == DRV_E_UNSUPPORTED || status == DRV_E_MISSING ||
	       status == DRV_E_TIMEOUT;
}

int drvp_draft_chain(struct drvp_draft *draft, struct drvp_draft_table *table,
		     struct drv_error *err)
{
	size_t hash, previous;
	struct drv_error why = DRV_ERROR_INIT;
	struct drvp_propose ask = {
		.session = draft->session,
		.relation = table->relation,
		.source = draft->source->name,
		.column_zone = draft->column_zone,
		.secrets = draft->run->settings.secrets,
		.secret_count = draft->run->settings.secret_count,
		.budget = draft->chain_budget,
		.cancelled = &draft->run->cancelled,
	};
	int status;

	table->linked = drvp_names_links(table->columns, table->column_count, &hash, &previous);
	if (!table->linked)
		return 0;
	table->hash = ask.hash = table->columns[hash].name;
	table->previous = ask.previous = table->columns[previous].name;
	status = drvp_chain_propose(&ask, &table->proposed, &why);
	if (!status && atomic_load(&draft->run->cancelled))
		return drvp_fail(err, DRV_E_CANCELLED, "the search for a recipe was stopped");
	if (status && (!only_unproved(status) || draft->session->lost))
		return drvp_fail(err, status, "%s", drvp_error_text(&why));
	table->unproved = reason_of(&table->proposed);
	if (status)
		table->unproved = drvp_arena_copy(&draft->arena, why.message, strlen(why.message));
	return status && !table->unproved ? drvp_fail_nomem(err) : 0;
}
