/* escape.h: foreign text in the formats of reports */
#ifndef DRVP_ESCAPE_H
#define DRVP_ESCAPE_H

#include "base/strbuf.h"

/*
 * Each adds text so that whoever reads the format gets the text, and it cannot end where it stands
 * or begin something else. Control characters and wrong bytes come out as drvp_display() has them,
 * so the text takes one line.
 */
void drvp_escape_xml(struct drvp_strbuf *out, const char *text);        /* and HTML, also quoted */
void drvp_escape_label(struct drvp_strbuf *out, const char *text);      /* Prometheus, quoted */
void drvp_escape_markdown(struct drvp_strbuf *out, const char *text);   /* also in a table */

/* Output of a monitoring plug-in, whose numbers begin at the first "|"; the second for labels. */
void drvp_escape_nagios(struct drvp_strbuf *out, const char *text);
void drvp_escape_perfdata(struct drvp_strbuf *out, const char *text);

#endif
