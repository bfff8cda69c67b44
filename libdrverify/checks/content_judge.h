/* content_judge.h: what the digests of a table's rows mean */
#ifndef DRVP_CONTENT_JUDGE_H
#define DRVP_CONTENT_JUDGE_H

#include "checks/check.h"
#include "content/content_tally.h"
#include "report/report.h"

/* The judge of drvp_check_content. */
void drvp_content_judge(const struct drvp_item *item, const struct drvp_tally *tally,
			const struct drvp_circumstances *c, struct drvp_verdict *out);

/* What of it holds before any row is seen. */
void drvp_content_foresee(const struct drvp_item *item, const struct drvp_tally *tally,
			  const struct drvp_circumstances *c, struct drvp_verdict *out);

/* ------------------------------------------------------------------ between its files */

/* Parts of a table that differ in one way, the first few of them named. */
struct drvp_parts {
	size_t count;
	uint64_t rows;               /* by how many they differ */
	struct drvp_strbuf names;
};

struct drvp_content_judging {
	const struct drvp_item *item;
	const struct drvp_content *content;
	const struct drvp_content_expect *recorded;
	const struct drvp_tally *tally;
	const struct drvp_content_tally *own;
	const struct drvp_circumstances *c;
	struct drvp_verdict *out;
	struct drvp_bucket total;
	struct drvp_parts changed, missing, extra;
	struct drvp_parts grown;          /* where more rows are right, and hide whether others changed */
};

/* Whether rows that came since the capture may be there. */
static inline bool drvp_content_is_newer(const struct drvp_content_judging *j)
{
	return j->c->captured && j->c->lineage->relation == DRVP_LINEAGE_NEWER;
}

/* Holds each part against the baseline, or the whole where it has no parts. */
void drvp_content_compare(struct drvp_content_judging *j);

/* ", in 2 of 256 parts: id 4096 to 8191, id …"; the verdict keeps the text. */
const char *drvp_parts_text(const struct drvp_content_judging *j, struct drvp_parts *parts);

#endif
