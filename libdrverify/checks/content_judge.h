/* content_judge.h: what the digests of a table's rows mean */
#ifndef DRVP_CONTENT_JUDGE_H
#define DRVP_CONTENT_JUDGE_H

#include "checks/check.h"

/* The judge of drvp_check_content. */
void drvp_content_judge(const struct drvp_item *item, const struct drvp_tally *tally,
			const struct drvp_circumstances *c, struct drvp_verdict *out);

#endif
