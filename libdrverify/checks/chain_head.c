/* chain_head.c: whether chains end where they are recorded to have ended */
#include <string.h>

#include "checks/chain_judge.h"

/* How a chain stands to what was recorded of it. */
enum outcome {
	AS_RECORDED,                 /* or grown, where the restored moment may be later */
	CUT,                         /* the recorded last row is not there, and there are fewer */
	REPLACED,                    /* it is not there, but there are no fewer rows */
	SHORT,                       /* it is there, but rows before it are not */
	MOVED,                       /* it is there, but not at its place in the order */
	PADDED,                      /* the chain ends at it, but has more rows */
	GROWN,                       /* more rows follow it, at the very moment that was recorded */
	OUTCOMES
};

/* Chains of one outcome. */
struct group {
	size_t chains;
	uint64_t rows;               /* missing, or more than recorded */
	const struct drvp_recorded_head *first; /* NULL: not recorded */
	const struct drvp_chain *first_chain;   /* NULL: no row is left */
};

static bool ends_at(const struct drvp_chain *chain, const struct drvp_recorded_head *head)
{
	return chain->head_len && chain->head_len == head->hash.len &&
	       !memcmp(chain->head, head->hash.bytes, head->hash.len);
}

static int outcome_of(const struct drvp_chain_judging *j, const struct drvp_chain *chain,
		      const struct drvp_recorded_head *head)
{
	uint64_t recorded = (uint64_t)head->rows.value, now = drvp_chain_rows(chain);
	bool same = j->c->lineage->relation == DRVP_LINEAGE_SAME, at_end;
	bool pruned = j->recipe->front.value == DRVP_FRONT_PRUNED;

	if (!head->hash.len)
		return now < recorded ? CUT : same && now > recorded ? GROWN : AS_RECORDED;
	if (!chain || !chain->head_seen)
		return now < recorded ? CUT : REPLACED;
	if (!drvp_chain_is_sound(j, chain))
		return AS_RECORDED; /* other findings say what is wrong in front of it */
	/* Of several ends at one moment, any may have been taken for the last. */
	at_end = ends_at(chain, head) || (chain->tails > 1 && now == recorded);
	if (now < recorded && (!pruned || same))
		return SHORT;
	if (chain->head_position && chain->head_position != recorded && !pruned && !chain->forks)
		return MOVED;
	/* Before rows were pruned there were more of them. */
	if (at_end && now > recorded && !chain->forks && (!pruned || same))
		return PADDED;
	return same && (!at_end || now > recorded) ? GROWN : AS_RECORDED;
}

/* How far an earlier state was compared with what is recorded. */
static const char *compared(const struct drvp_chain_judging *j)
{
	const struct drvp_checkpoint *passed = drvp_last_passed(j);
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	if (!passed)
		return "";
	drvp_strbuf_printf(&text, "; up to %s it is the recorded chain",
			   drvp_checkpoint_text(j, passed));
	return drvp_keep_text(j, &text);
}

/* What the recorded head says cannot be held against a state that may be an earlier one. */
static bool may_be_earlier(const struct drvp_chain_judging *j, const char *what)
{
	const char *doubt = drvp_lineage_doubt(j->c->lineage);

	if (doubt)
		drvp_find(j->out, doubt, 0, NULL, "%s, but %s%s", what, j->c->lineage->text, compared(j));
	return doubt;
}

/* "", or how many chains it is about, and which is the first. */
static const char *chains_of(const struct drvp_chain_judging *j, const struct group *group)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	if (!j->recipe->partition_by.count)
		return "";
	drvp_strbuf_printf(&text, "in %s", drvp_amount(j, group->chains, "chain", "chains"));
	if (j->c->settings->show_keys)
		drvp_strbuf_printf(&text, " (%s%s)", group->chains > 1 ? "the first is " : "",
				   group->first ? group->first->partition.bytes :
						  group->first_chain->partition);
	drvp_strbuf_str(&text, ": ");
	return drvp_keep_text(j, &text);
}

static void tell_cut(const struct drvp_chain_judging *j, const struct group *group)
{
	const struct drvp_chain *chain = group->first_chain;
	bool intact = chain && drvp_chain_is_sound(j, chain) && !chain->forks;

	if (j->recipe->partition_by.count)
		drvp_find(j->out, "chain.head_missing", group->rows, NULL,
			  "%s%s gone up to the recorded last rows", chains_of(j, group),
			  drvp_amount(j, group->rows, "row is", "rows are"));
	else
		drvp_find(j->out, "chain.head_missing", group->rows, NULL,
			  "%s gone up to the recorded last row: %s of %s left%s",
			  drvp_amount(j, group->rows, "row is", "rows are"),
			  drvp_grouped(j->out, drvp_chain_rows(chain)),
			  drvp_grouped(j->out, (uint64_t)group->first->rows.value),
			  intact ? "; what is left is one intact chain" : "");
}

static void tell_replaced(const struct drvp_chain_judging *j, const struct group *group)
{
	drvp_find(j->out, "chain.head_missing", 0, NULL,
		  "%sthe recorded last row is not there, though there are %s of %s recorded: "
		  "entries were replaced or hashed anew",
		  chains_of(j, group), drvp_amount(j, drvp_chain_rows(group->first_chain), "row", "rows"),
		  drvp_grouped(j->out, (uint64_t)group->first->rows.value));
}

static void tell_short(const struct drvp_chain_judging *j, const struct group *group)
{
	drvp_find(j->out, "chain.head_missing", group->rows, NULL,
		  "%sthe recorded last row is there, but only %s of %s", chains_of(j, group),
		  drvp_grouped(j->out, drvp_chain_rows(group->first_chain)),
		  drvp_amount(j, (uint64_t)group->first->rows.value, "row", "rows"));
}

static void tell_moved(const struct drvp_chain_judging *j, const struct group *group)
{
	drvp_find(j->out, "chain.head_changed", 0, NULL,
		  "%sthe recorded last row is number %s in the order, recorded was %s",
		  chains_of(j, group), drvp_grouped(j->out, group->first_chain->head_position),
		  drvp_grouped(j->out, (uint64_t)group->first->rows.value));
}

static void tell_padded(const struct drvp_chain_judging *j, const struct group *group)
{
	drvp_find(j->out, "chain.head_changed", group->rows, NULL,
		  "%sthe chain ends at the recorded row, but has %s instead of %s",
		  chains_of(j, group), drvp_amount(j, drvp_chain_rows(group->first_chain), "row", "rows"),
		  drvp_grouped(j->out, (uint64_t)group->first->rows.value));
}

static void tell_grown(const struct drvp_chain_judging *j, const struct group *group)
{
	drvp_find(j->out, "chain.head_changed", group->rows, NULL,
		  "%s%s now, recorded were %s, and the restored moment is the recorded one",
		  chains_of(j, group), drvp_amount(j, drvp_chain_rows(group->first_chain), "row", "rows"),
		  drvp_grouped(j->out,
			       group->first ? (uint64_t)group->first->rows.value : 0));
}

/*
 * A recorded last row that is not there may not have been written yet, or have been pruned since,
 * as that of a chain is to which nothing is added.
 */
static bool may_be_another(const struct drvp_chain_judging *j, const struct group *group)
{
	if (j->recipe->front.value != DRVP_FRONT_PRUNED ||
	    j->c->lineage->relation != DRVP_LINEAGE_NEWER)
		return may_be_earlier(j, "the recorded last row is not there");
	drvp_find(j->out, "lineage.newer", 0, NULL,
		  "%sthe recorded last row is not there; it may have been pruned since",
		  chains_of(j, group));
	return true;
}

static void tell(const struct drvp_chain_judging *j, int outcome, const struct group *group)
{
	switch (outcome) {
	case CUT:
		if (!may_be_another(j, group))
			tell_cut(j, group);
		break;
	case REPLACED:
		if (!may_be_another(j, group))
			tell_replaced(j, group);
		break;
	case SHORT:
		if (!may_be_earlier(j, "fewer rows than recorded"))
			tell_short(j, group);
		break;
	case MOVED:
		tell_moved(j, group);
		break;
	case PADDED:
		tell_padded(j, group);
		break;
	case GROWN:
		tell_grown(j, group);
		break;
	default:
		break;
	}
}

static void add(struct group *group, const struct drvp_chain *chain,
		const struct drvp_recorded_head *head)
{
	uint64_t recorded = head ? (uint64_t)head->rows.value : 0, now = drvp_chain_rows(chain);

	if (!group->chains++) {
		group->first = head;
		group->first_chain = chain;
	}
	group->rows += now > recorded ? now - recorded : recorded - now;
}

static void group_recorded(const struct drvp_chain_judging *j, struct group groups[OUTCOMES])
{
	const struct drvp_chain_expect *expect = &j->recipe->expect;
	bool partitions = j->recipe->partition_by.count;
	const struct drvp_recorded_head *heads = partitions ? expect->heads.list : &expect->head;
	size_t count = partitions ? expect->heads.count : expect->head.rows.set;

	for (size_t i = 0; i < count; i++) {
		const struct drvp_chain *chain =
			drvp_chains_find(&j->own->chains, heads[i].partition.bytes,
					 heads[i].partition.len);

		add(&groups[outcome_of(j, chain, &heads[i])], chain, &heads[i]);
	}
}

/* At the recorded moment there was no chain that is not recorded. */
static void group_new(const struct drvp_chain_judging *j, struct group groups[OUTCOMES])
{
	const struct drvp_chains *chains = &j->own->chains;

	if (!j->recipe->expect.heads.count || j->c->lineage->relation != DRVP_LINEAGE_SAME)
		return;
	for (size_t i = 0; i < chains->count; i++)
		if (!drvp_recipe_head(j->recipe, chains->list[i].partition,
				      chains->list[i].partition_len))
			add(&groups[GROWN], &chains->list[i], NULL);
}

/* Of one chain only: partitions are told by values of rows. */
static void note_evidence(const struct drvp_chain_judging *j)
{
	const struct drvp_bytes *recorded = &j->recipe->expect.head.hash;
	const struct drvp_chain *chain = drvp_chains_find(&j->own->chains, "", 0);

	if (!j->recipe->partition_by.count && ((chain && chain->head_len) || recorded->len))
		drvp_evidence(j->out, "head", recorded->bytes, recorded->len,
			      chain ? chain->head : NULL, chain ? chain->head_len : 0);
}

void drvp_chain_judge_heads(const struct drvp_chain_judging *j)
{
	struct group groups[OUTCOMES] = { { 0 } };

	note_evidence(j);
	if (j->c->settings->capture && j->c->captured)
		return;
	group_recorded(j, groups);
	group_new(j, groups);
	for (int outcome = CUT; outcome < OUTCOMES; outcome++)
		if (groups[outcome].chains)
			tell(j, outcome, &groups[outcome]);
}
