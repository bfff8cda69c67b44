/* measure.h: digests all rows of a table or collection */
#ifndef DRVP_CONTENT_MEASURE_H
#define DRVP_CONTENT_MEASURE_H

#include "checks/check.h"

/* The measure of drvp_check_content. */
int drvp_content_measure(const struct drvp_measure *m, struct drv_error *err);

#endif
