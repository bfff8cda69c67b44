/* comparable.h: whether a digest that differs from the recorded one says that rows differ */
#ifndef DRVP_COMPARABLE_H
#define DRVP_COMPARABLE_H

#include "checks/check.h"
#include "content/content_tally.h"

enum drvp_content_comparable {
	DRVP_COMPARABLE,
	DRVP_OTHER_MOMENT,           /* an earlier one came back, or one that is not known */
	DRVP_LATER_MOMENT,           /* and it is not stated what may have changed since */
	DRVP_OTHER_HASHING,          /* the server hashes otherwise */
	DRVP_OTHER_ENCODING,         /* which has values stored in another order */
	DRVP_OTHER_TYPES             /* of columns, whose values travel otherwise */
};

/* Pure. recorded is not NULL; own has been merged. */
int drvp_content_comparable(const struct drvp_content *content,
			    const struct drvp_content_expect *recorded,
			    const struct drvp_content_tally *own,
			    const struct drvp_relation *relation,
			    const struct drvp_lineage *lineage);

/* Whether a recorded column has another type now. */
bool drvp_content_is_retyped(const struct drvp_recorded_column *was,
			     const struct drvp_relation *relation);

/* Whether its values are other bytes for that reason. */
bool drvp_content_travels_otherwise(const struct drvp_recorded_column *was,
				    const struct drvp_relation *relation);

#endif
