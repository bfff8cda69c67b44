/* source.h: where the sources of a document are: options, environment, defaults */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdbool.h>

#include "drverify.h"
#include "options.h"

/* Tells the run where each source is. Returns 0, or -1 after a complaint. */
int sources_place(struct drv_run *run, const struct drv_baseline *baseline,
		  const struct options *options);

/* After the run: says how to name a place for sources that had none and were needed. */
void sources_hint(const struct drv_report *report, const struct drv_baseline *baseline,
		  const struct options *options);

/*
 * The place that was stated, or what stands in the file where that was "@FILE"; what names the file
 * in messages. Returns NULL after a complaint.
 */
char *source_text(const char *stated, const char *what, const struct options *options);

void source_text_free(char *text);

/* Whether a URI or connection string has a password, which the process list would show. */
bool source_holds_password(const char *uri);

#endif
