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

/*
 * drvp_display() in lines of at most width columns, broken between words: the first starts in column
 * at, the others are indented. A word that is longer stays whole. width 0: one line.
 */
void drvp_display_folded(struct drvp_strbuf *out, const char *text, size_t at, size_t indent,
			 size_t width);

#endif
