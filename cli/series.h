/* series.h: the baseline to verify with, where several are given */
#ifndef SERIES_H
#define SERIES_H

#include "drverify.h"
#include "options.h"

/*
 * Reads what --baseline names: one document as it is; of several, or of a folder, the one that
 * --restored-to calls for. Returns 0, or non-zero after a complaint.
 */
int series_read_baseline(struct drv_baseline **baseline, const struct options *options);

#endif
