/* run.h: what verify and capture have in common: from the command line to the exit status */
#ifndef RUN_H
#define RUN_H

#include "options.h"

int run_and_report(const struct options *options, bool capture);

#endif
