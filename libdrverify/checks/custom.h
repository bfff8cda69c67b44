/* custom.h: checks of the program that embeds the library, in C and with codes that begin "x." */
#ifndef DRVP_CUSTOM_H
#define DRVP_CUSTOM_H

#include "checks/check.h"

#define DRVP_CUSTOM_PREFIX "x."

/* What such a check is for a run; fn NULL: a document names it, and nobody here can do it. */
struct drvp_custom {
	drv_check_fn fn;
	void *user;
};

/* Whether a check of that name is a program's own: "x." and lower-case letters, digits, "_", ".". */
bool drvp_custom_is_name(const char *name);

/* A check of that name with those codes, which end with code NULL, in arena; NULL: out of memory. */
const struct drvp_check *drvp_custom_check(struct drvp_arena *arena, const char *name,
					   const struct drv_explanation *codes);

/* Whether a check is one, whichever its name is. */
bool drvp_custom_is(const struct drvp_check *check);

/* What it said, in the order in which it said it. */
struct drvp_custom_finding {
	struct drvp_custom_finding *next;
	const char *code;            /* of the check's codes */
	char *message;
	uint64_t count;
	struct drvp_spot rows[DRVP_SPOTS];
	size_t row_count;
};

struct drvp_custom_tally {
	struct drvp_custom_finding *first, *last;
	size_t findings;
	char *summary;
	uint64_t answers;            /* questions that the source answered in full */
};

/* What the callback asks and tells by. Of one call, on one thread. */
struct drv_session {
	const struct drvp_measure *m;
	struct drvp_custom_tally *told;
	struct drvp_arena arena;
	bool asking;                 /* rows of a question are on their way */
	struct drv_error failed;     /* the first call that failed */
};

#endif
