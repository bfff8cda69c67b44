/* run.h: what commands have in common: from the command line to the exit status */
#ifndef RUN_H
#define RUN_H

#include "drverify.h"
#include "options.h"

/*
 * Reads one document, which one of the trusted keys must have signed unless trust is NULL. Returns 0,
 * or a status of the library after a complaint.
 */
int run_read_document(struct drv_baseline **baseline, const char *path,
		      const struct drv_trust *trust, const struct options *options);

/* Reads the document that --baseline names. Returns 0, or non-zero after a complaint. */
int run_read_baseline(struct drv_baseline **baseline, const struct options *options);

/* Gives the run what each --key names. Returns 0, or non-zero after a complaint. */
int run_give_keys(struct drv_run *run, const struct options *options);

/*
 * Reads the document, or chooses one to verify against, and makes a run of it with all that the
 * command line says. Returns 0, or non-zero after a complaint; what was made is the caller's to free.
 */
int run_prepare(struct drv_run **run, struct drv_baseline **baseline, const struct options *options,
		bool capture);

int run_and_report(const struct options *options, bool capture);

#endif
