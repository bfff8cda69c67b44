/* rehearsal.h: what a run that reads nothing found, as doctor and --dry-run show it */
#ifndef REHEARSAL_H
#define REHEARSAL_H

#include <stdbool.h>

#include "drverify.h"

/* Rehearses the run. Returns 0, or a status of the library after a complaint. */
int rehearse(struct drv_report **report, struct drv_run *run, bool capture);

/* On standard output: a check with its findings, the lines of note between them. */
void rehearsal_print_result(const struct drv_result *result, const char *note);

/* Each statement that would mend something, once a source. */
void rehearsal_print_statements(const struct drv_report *report,
				const struct drv_baseline *baseline);

/* The last line: how many checks are ready, and the exit status. */
void rehearsal_print_counts(const struct drv_report *report);

#endif
