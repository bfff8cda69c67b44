/* json.h: what the two files that write reports as JSON share */
#ifndef DRVP_REPORT_JSON_H
#define DRVP_REPORT_JSON_H

#include "report/report.h"

void drvp_json_put_instant(struct drvp_json_writer *writer, const char *key, int64_t instant);
void drvp_json_put_formatted(struct drvp_json_writer *writer, const char *key, const char *format,
			     ...) DRVP_PRINTF(3, 4);
void drvp_json_put_text_unless_empty(struct drvp_json_writer *writer, const char *key,
				     const char *text);
void drvp_json_put_lsn(struct drvp_json_writer *writer, const char *key, uint64_t lsn);

/* The members that a run adds to a document: "result" of a check, and "report". */
void drvp_json_put_result(struct drvp_json_writer *writer, const struct drvp_verdict *verdict);
void drvp_json_put_report(struct drvp_json_writer *writer, const struct drv_report *report);

#endif
