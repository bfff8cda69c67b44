/* chain_judge.h: what the tally of an audit chain means */
#ifndef DRVP_CHAIN_JUDGE_H
#define DRVP_CHAIN_JUDGE_H

#include "chain/chain_tally.h"
#include "chain/recipe.h"
#include "chain/verify.h"
#include "checks/check.h"
#include "report/report.h"

/* The judge of drvp_check_audit_chain. */
void drvp_chain_judge(const struct drvp_item *item, const struct drvp_tally *tally,
		      const struct drvp_circumstances *c, struct drvp_verdict *out);

/* What of it holds before any row is seen. */
void drvp_chain_foresee(const struct drvp_item *item, const struct drvp_tally *tally,
			const struct drvp_circumstances *c, struct drvp_verdict *out);

/* ------------------------------------------------------------------ between its files */

struct drvp_chain_judging {
	const struct drvp_recipe *recipe;
	const struct drvp_tally *tally;
	const struct drvp_chain_tally *own;     /* of tally */
	const struct drvp_circumstances *c;
	struct drvp_verdict *out;
};

/* "1 row", "1,234 rows"; the verdict keeps the text. */
const char *drvp_amount(const struct drvp_chain_judging *j, uint64_t number, const char *one,
			const char *many);

/* Takes the text over; the verdict keeps it. */
const char *drvp_keep_text(const struct drvp_chain_judging *j, struct drvp_strbuf *text);

/* Whether all of a chain was verified, forks aside. */
bool drvp_chain_is_sound(const struct drvp_chain_judging *j, const struct drvp_chain *chain);

/* The checkpoint that the run began at, or NULL. */
const struct drvp_checkpoint *drvp_judged_since(const struct drvp_chain_judging *j);

/* Holds the chain against the places that were recorded of it. */
void drvp_chain_judge_checkpoints(const struct drvp_chain_judging *j);

/* The last recorded checkpoint that the chain runs through, or NULL; and how reports name one. */
const struct drvp_checkpoint *drvp_last_passed(const struct drvp_chain_judging *j);
const char *drvp_checkpoint_text(const struct drvp_chain_judging *j,
				 const struct drvp_checkpoint *checkpoint);

/* Holds the ends of the chains against what was recorded of them. */
void drvp_chain_judge_heads(const struct drvp_chain_judging *j);

#endif
