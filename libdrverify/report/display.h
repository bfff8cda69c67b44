/* display.h: foreign text on a terminal: the columns it takes, and nothing that steers it */
#ifndef DRVP_DISPLAY_H
#define DRVP_DISPLAY_H

#include "base/strbuf.h"

/*
 * Adds text as a terminal may see it: control characters, characters that turn the direction of
 * writing, and bytes that are not UTF-8 come out as \x1b.
 */
void drvp_display(struct drvp_strbuf *out, const char *text);

/* The columns that this takes: a Korean, Chinese or Japanese character takes two. */
size_t drvp_display_width(const char *text);

/* drvp_display(), then spaces until width columns are filled. */
void drvp_display_padded(struct drvp_strbuf *out, const char *text, size_t width);

#endif
