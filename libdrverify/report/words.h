/* words.h: what all writers of reports say in the same words */
#ifndef DRVP_WORDS_H
#define DRVP_WORDS_H

#include "report/report.h"

/* The document's name, or that of its file. */
const char *drvp_report_title(const struct drv_report *report);

/* "DAMAGE FOUND", and what follows from it, or "". */
const char *drvp_report_headline(const struct drv_report *report);
const char *drvp_report_advice(const struct drv_report *report);

/* A result's summary, or else its first finding. */
const char *drvp_result_says(const struct drv_result *result);

/* How many results there are of each verdict; and in words, "1 failed, 3 passed of 4 in 12m04s". */
void drvp_report_count(const struct drv_report *report, size_t counts[DRV_SKIPPED + 1]);
void drvp_report_print_counts(struct drvp_strbuf *out, const struct drv_report *report);

/* What must not be overlooked besides, each sentence after a space. */
void drvp_report_print_remarks(struct drvp_strbuf *out, const struct drv_report *report);

/* "12.345", whatever the locale; and the time that a check took, in whole milliseconds as the JSON
 * report has it. */
void drvp_print_seconds(struct drvp_strbuf *out, int64_t microseconds);
int64_t drvp_result_time(const struct drv_result *result);

/* The SHA-256 of the report as JSON: of the file, when that is where the report comes from. */
int drvp_report_digest(const struct drv_report *report, char digest[DRVP_SHA256_TEXT]);

/* That of all sources, or each after its name where they differ: foreign text. */
void drvp_report_print_restore_point(struct drvp_strbuf *out, const struct drv_report *report);

/* The verdict whose loss of data, counted in time, exceeds what is allowed by most, or comes nearest
 * to it; NULL when none tells of any. */
const struct drvp_verdict *drvp_report_worst_loss(const struct drv_report *report);

#endif
