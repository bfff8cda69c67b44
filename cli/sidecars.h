/* sidecars.h: the folder of the files that stand beside a document */
#ifndef SIDECARS_H
#define SIDECARS_H

#include <stdbool.h>

#include "drverify.h"
#include "options.h"

/*
 * The folder that --sidecars names; else that of the document which is read, or which a capture
 * writes. NULL when there is none, or no memory; the caller frees it.
 */
char *sidecars_folder(const struct drv_baseline *baseline, const struct options *options,
		      bool capture);

#endif
