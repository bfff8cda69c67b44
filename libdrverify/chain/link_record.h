/* link_record.h: that a row has a hash, or claims one as that of its predecessor */
#ifndef DRVP_LINK_RECORD_H
#define DRVP_LINK_RECORD_H

#include <stdint.h>

/* A hash as a number under the run's secret, so that nobody can prepare two that collide. */
struct drvp_fingerprint {
	uint64_t low, high;
};

/* Bit 0 of partner. */
enum drvp_link_role { DRVP_HOLDS = 0, DRVP_CLAIMS = 1 };

struct drvp_link_record {
	struct drvp_fingerprint value;
	uint64_t partner;            /* low half of the row's other fingerprint; bit 0: role */
	int64_t order;
	uint64_t place;              /* tells rows of the same order apart */
	uint32_t chain;              /* index of its chain */
};

#endif
