/* locate.h: keeps traces of all rows at a capture, and names the rows that differ from them later */
#ifndef DRVP_CONTENT_LOCATE_H
#define DRVP_CONTENT_LOCATE_H

#include "checks/check.h"
#include "content/content_tally.h"
#include "content/reader.h"

/* Whether a run keeps a trace of each row. */
bool drvp_content_keeps_traces(const struct drvp_content *content,
			       const struct drvp_settings *settings);

/* Keeps the trace of a row, whose key is named where that is wanted. */
int drvp_content_add_trace(struct drvp_spool *spool, struct drvp_content_reader *reader,
			   const struct drvp_row *row, const uint8_t digest[DRVP_ROW_DIGEST],
			   struct drvp_strbuf *text, struct drv_error *err);

/* The locate of drvp_check_content. */
int drvp_content_locate(const struct drvp_measure *m, struct drv_error *err);

#endif
