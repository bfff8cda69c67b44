/* expected_count.h: how many there should be, and what it means when there are not */
#ifndef DRVP_EXPECTED_COUNT_H
#define DRVP_EXPECTED_COUNT_H

#include "checks/check.h"

/* The "expect" of row_count and collection_count. */
struct drvp_expected_count {
	struct drvp_number amount;              /* "rows" or "documents" */
	struct drvp_tolerance tolerance;        /* both ways, unless the next two say otherwise */
	struct drvp_tolerance below, above;
	struct drvp_number min, max;
};

/* Their codes differ only in the check's name. */
struct drvp_count_words {
	const char *noun;                       /* "rows" */
	const char *below, *above;              /* finding codes */
};

#define DRVP_EXPECTED_COUNT_FIELDS(noun_)                                                          \
	{ .name = noun_, .kind = DRVP_FIELD_UINT,                                                  \
	  .offset = offsetof(struct drvp_expected_count, amount),                                  \
	  .help = "How many there were, or should be." },                                          \
	{ .name = "tolerance", .kind = DRVP_FIELD_TOLERANCE,                                       \
	  .offset = offsetof(struct drvp_expected_count, tolerance),                               \
	  .help = "How far off it may be, both ways: 5 or \"2%\"." },                              \
	{ .name = "below", .kind = DRVP_FIELD_TOLERANCE,                                           \
	  .offset = offsetof(struct drvp_expected_count, below),                                   \
	  .help = "How many may be missing." },                                                    \
	{ .name = "above", .kind = DRVP_FIELD_TOLERANCE,                                           \
	  .offset = offsetof(struct drvp_expected_count, above),                                   \
	  .help = "How many may have come in addition." },                                         \
	{ .name = "min", .kind = DRVP_FIELD_UINT,                                                  \
	  .offset = offsetof(struct drvp_expected_count, min), .help = "The fewest there may be." },\
	{ .name = "max", .kind = DRVP_FIELD_UINT,                                                  \
	  .offset = offsetof(struct drvp_expected_count, max), .help = "The most there may be." }, \
	{ 0 }

/*
 * Judges a count that was measured. append_only: rows are only ever added, so after a newer restore
 * point any growth is right.
 */
void drvp_expected_count_judge(const struct drvp_expected_count *expected, bool append_only,
			       const struct drvp_count_words *words, uint64_t rows,
			       const struct drvp_circumstances *c, struct drvp_verdict *out);

/* What would keep it from being judged, whatever the count. */
void drvp_expected_count_foresee(const struct drvp_expected_count *expected,
				 const struct drvp_circumstances *c, struct drvp_verdict *out);

/* Writes "expect" with the measured amount and the stated tolerances, unless there was none. */
void drvp_expected_count_record(const struct drvp_item *item, const char *noun, uint64_t rows,
				struct drvp_json_writer *writer);

#endif
