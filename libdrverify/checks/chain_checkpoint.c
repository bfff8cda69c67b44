/* chain_checkpoint.c: whether a chain runs through the places that were recorded of it */
#include "checks/chain_judge.h"

/* A recorded checkpoint of the one chain, and what this run has seen of it. */
struct passage {
	const struct drvp_checkpoint *checkpoint;
	uint64_t rows;               /* up to it */
	bool passed;                 /* there are rows behind it, so it has to be there */
	bool holds;
};

static struct passage passage_of(const struct drvp_chain_judging *j, size_t i)
{
	struct passage p = { .checkpoint = &j->recipe->expect.checkpoints.list[i] };

	for (size_t k = 0; k <= i; k++)
		p.rows += j->tally->checkpoint_rows[k];
	p.passed = j->tally->rows > p.rows;
	p.holds = j->tally->checkpoints_seen >> i & 1 &&
		  (p.rows == p.checkpoint->rows ||
		   j->recipe->front.value == DRVP_FRONT_PRUNED);
	return p;
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

	while (i > 0 && !passage_of(j, i - 1).holds)
		i--;
	return i ? &j->recipe->expect.checkpoints.list[i - 1] : NULL;
}

/* Of a run that begins at the last checkpoint: whether it is there to begin with. */
static void judge_start(const struct drvp_chain_judging *j, const struct drvp_checkpoint *since)
{
	if (!j->tally->counters[DRVP_CHAIN_GENESIS].count)
		drvp_find(j->out, "chain.checkpoint_missing", 0, NULL,
			  "the recorded %s is not there", drvp_checkpoint_text(j, since));
}

void drvp_chain_judge_checkpoints(const struct drvp_chain_judging *j)
{
	const struct drvp_checkpoints *recorded = &j->recipe->expect.checkpoints;
	const struct drvp_checkpoint *since = drvp_chain_since(j->recipe, j->c->settings);
	int relation = j->c->lineage->relation;

	if (since) {
		judge_start(j, since);
		return;
	}
	/* At another moment the head tells more. */
	if (relation != DRVP_LINEAGE_OLDER && relation != DRVP_LINEAGE_UNKNOWN)
		return;
	for (size_t i = 0; i < recorded->count; i++) {
		struct passage p = passage_of(j, i);

		if (p.holds || !p.passed)
			continue;
		drvp_find(j->out, "chain.checkpoint_missing", 0, NULL,
			  "the recorded %s is not in its place, although there are later rows",
			  drvp_checkpoint_text(j, p.checkpoint));
		return;
	}
}
