/* html.h: the parts of the page that have files of their own */
#ifndef DRVP_HTML_H
#define DRVP_HTML_H

#include "report/report.h"

/* Everything up to the content, and what ends it. */
void drvp_html_open(struct drvp_strbuf *out, const char *title);
void drvp_html_close(struct drvp_strbuf *out);

/* The section that draws the counts; nothing when there are none. */
void drvp_html_chart(struct drvp_strbuf *out, const struct drv_report *report);

#endif
