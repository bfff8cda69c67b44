/* look.c: looks at one source: what it has, and into each table as far as a few rows tell */
#include <string.h>

#include "draft/draft.h"

static bool is_checked(const struct drvp_listed *listed)
{
	return !drvp_draft_left_out(listed);
}

const char *drvp_draft_left_out(const struct drvp_listed *listed)
{
	/* The name could not be written down. */
	if (!drvp_utf8_valid(listed->name, strlen(listed->name)) ||
	    (listed->schema && !drvp_utf8_valid(listed->schema, strlen(listed->schema))))
		return "named in no known encoding";
	if (listed->of_extension)
		return "of extensions";
	switch (listed->kind) {
	case DRVP_VIEW:
		return "views";
	case DRVP_MATERIALIZED_VIEW:
		return "materialized views";
	case DRVP_FOREIGN_TABLE:
		return "foreign tables";
	default:
		return listed->unlogged ? "unlogged tables, which come back empty" : NULL;
	}
}

/* ------------------------------------------------------------------ one table */

static int keep_text(struct drvp_draft *draft, const char **to, const char *text,
		     struct drv_error *err)
{
	*to = drvp_arena_copy(&draft->arena, text, strlen(text));
	return *to ? 0 : drvp_fail_nomem(err);
}

bool drvp_draft_is_over(const struct drvp_draft *draft, int status)
{
	return draft->session->lost || status == DRV_E_NOMEM || status == DRV_E_CANCELLED ||
	       status == DRV_E_BUDGET;
}

static int look_into(struct drvp_draft *draft, struct drvp_draft_table *table,
		     struct drv_error *err)
{
	static int (*const steps[])(struct drvp_draft *, struct drvp_draft_table *,
				    struct drv_error *) = {
		drvp_draft_columns, drvp_draft_fields, drvp_draft_newest, drvp_draft_chain,
	};
	const struct drvp_store *store = draft->session->store;
	struct drv_error why = DRV_ERROR_INIT;
	int status = 0;

	if (store->estimate)
		table->estimated = !store->estimate(draft->session, table->relation, &table->rows,
						    NULL);
	for (size_t i = 0; i < sizeof steps / sizeof *steps && !status; i++)
		status = steps[i](draft, table, &why);
	if (!status)
		return 0;
	/* What refuses one table does not keep the others from being looked into. */
	if (drvp_draft_is_over(draft, status))
		return drvp_fail(err, status, "%s", drvp_error_text(&why));
	return keep_text(draft, &table->trouble, drvp_error_text(&why), err);
}

static int tell_refusal(struct drvp_draft *draft, struct drvp_draft_table *table,
			struct drv_error *err)
{
	const struct drvp_relation *relation = table->relation;
	const char *remedy = relation->remedy ? relation->remedy : "";
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	int status;

	switch (relation->state) {
	case DRVP_RELATION_DENIED:
		drvp_strbuf_printf(&text, "this role may not read it: %s", remedy);
		break;
	case DRVP_RELATION_HIDDEN:
		drvp_strbuf_printf(&text, "row security hides rows of it from this role: %s", remedy);
		break;
	case DRVP_RELATION_BUSY:
		drvp_strbuf_str(&text, "somebody held a lock on it");
		break;
	default:
		drvp_strbuf_str(&text, "it was dropped meanwhile");
		break;
	}
	status = text.failed ? drvp_fail_nomem(err) :
			       keep_text(draft, &table->trouble, text.data, err);
	drvp_strbuf_free(&text);
	return status;
}

/* ------------------------------------------------------------------ the source */

static int choose_targets(struct drvp_draft *draft, struct drvp_target **targets,
			  struct drv_error *err)
{
	*targets = drvp_arena_array(&draft->arena, draft->listed_count + 1, sizeof **targets);
	draft->tables = drvp_arena_array(&draft->arena, draft->listed_count + 1,
					 sizeof *draft->tables);
	if (!*targets || !draft->tables)
		return drvp_fail_nomem(err);
	for (size_t i = 0; i < draft->listed_count; i++)
		if (is_checked(&draft->listed[i]))
			(*targets)[draft->table_count++] = (struct drvp_target){
				draft->listed[i].schema, draft->listed[i].name
			};
	return 0;
}

static int look_at_tables(struct drvp_draft *draft, const struct drvp_relation *relations,
			  struct drv_error *err)
{
	int status = 0;

	for (size_t i = 0; i < draft->table_count && !status; i++) {
		struct drvp_draft_table *table = &draft->tables[i];

		table->relation = &relations[i];
		status = (relations[i].state == DRVP_RELATION_READY ? look_into : tell_refusal)(
			draft, table, err);
	}
	return status;
}

int drvp_draft_look(struct drvp_draft *draft, struct drv_error *err)
{
	const struct drvp_store *store = drvp_store_find(draft->source->store);
	struct drvp_relation *relations = NULL;
	struct drvp_listed *listed = NULL;
	struct drvp_target *targets = NULL;
	int status;

	if (!store || !store->list)
		return drvp_fail(err, DRV_E_UNSUPPORTED, "this build has no support for %s",
				 draft->source->store);
	if (!drvp_address_is_set(&draft->address))
		return drvp_fail(err, DRV_E_USAGE, "it is not said where it is");
	status = store->open(&draft->session, &draft->address, err);
	if (!status)
		status = store->list(draft->session, &listed, &draft->listed_count, err);
	draft->listed = listed;
	if (!status)
		status = choose_targets(draft, &targets, err);
	if (!status)
		status = store->freeze(draft->session, targets, draft->table_count, &relations,
				       err);
	return status ? status : look_at_tables(draft, relations, err);
}

void drvp_draft_close(struct drvp_draft *draft)
{
	for (size_t i = 0; i < draft->table_count; i++)
		drvp_strbuf_free(&draft->tables[i].proposed.check);
	if (draft->session)
		draft->session->store->close(&draft->session);
	drvp_arena_free(&draft->arena);
}
