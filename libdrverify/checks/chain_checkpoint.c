/* chain_checkpoint.c: whether a chain runs through the places that were recorded of it */
#include "checks/chain_judge.h"

static bool is_seen(const struct drvp_chain_judging *j, size_t i)
{
	return j->own->checkpoints_seen >> i & 1;
}

/* Rows whose order is at most that of a checkpoint. */
static uint64_t rows_up_to(const struct drvp_chain_judging *j, size_t i)
{
	uint64_t rows = 0;

	for (size_t k = 0; k <= i; k++)
		rows += j->own->checkpoint_rows[k];
	return rows;
}

const char *drvp_checkpoint_text(const struct drvp_chain_judging *j,
				 const struct drvp_checkpoint *checkpoint)
{
	const struct drvp_value order = { .kind = checkpoint->kind, .integer = checkpoint->order };
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	drvp_strbuf_str(&text, "row ");
	drvp_strbuf_grouped(&text, checkpoint->rows);
	drvp_strbuf_printf(&text, " (%s ", j->recipe->order_by.names[0]);
	drvp_value_print(&text, &order);
	drvp_strbuf_char(&text, ')');
	return drvp_keep_text(j, &text);
}

const struct drvp_checkpoint *drvp_last_passed(const struct drvp_chain_judging *j)
{
	size_t i = j->recipe->expect.checkpoints.count;

	while (i > 0 && !is_seen(j, i - 1))
		i--;
	return i ? &j->recipe->expect.checkpoints.list[i - 1] : NULL;
}

const struct drvp_checkpoint *drvp_judged_since(const struct drvp_chain_judging *j)
{
	return j->own->since_checkpoint ? drvp_chain_since(j->recipe, j->c->settings) : NULL;
}

/*
 * Whether a checkpoint cannot be missing at any moment of the recorded chain: a later one is there,
 * before which it comes, or all the rows that were up to it are. Rows with its order and before may
 * have been written late, so that fewer of them say nothing.
 */
static bool has_to_be_there(const struct drvp_chain_judging *j, size_t i)
{
	const struct drvp_checkpoints *recorded = &j->recipe->expect.checkpoints;

	for (size_t k = i + 1; k < recorded->count; k++)
		if (is_seen(j, k))
			return true;
	return rows_up_to(j, i) >= recorded->list[i].rows;
}

void drvp_chain_judge_checkpoints(const struct drvp_chain_judging *j)
{
	const struct drvp_checkpoints *recorded = &j->recipe->expect.checkpoints;
	bool head_tells = j->recipe->expect.head.rows.set && !drvp_lineage_doubt(j->c->lineage);

	if (head_tells || drvp_judged_since(j) || j->recipe->front.value == DRVP_FRONT_PRUNED ||
	    (j->c->settings->capture && j->c->captured))
		return;
	for (size_t i = 0; i < recorded->count; i++) {
		if (is_seen(j, i) || !has_to_be_there(j, i))
			continue;
		drvp_find(j->out, "chain.checkpoint_missing", 0, NULL,
			  "the recorded %s is not in its place",
			  drvp_checkpoint_text(j, &recorded->list[i]));
		return;
	}
}
