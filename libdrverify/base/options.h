/* options.h: structs that the caller allocates, of this version of the library or another */
#ifndef DRVP_OPTIONS_H
#define DRVP_OPTIONS_H

#include <stddef.h>

#include "drverify.h"

/*
 * Copies given over out, which has the defaults and is size long. Both begin with struct_size. A
 * program that was built for a newer library may pass a longer struct, but may not use what we
 * lack. given NULL: nothing is copied. what names it in messages: "the run options".
 */
int drvp_options_read(void *out, size_t size, const void *given, const char *what,
		      struct drv_error *err);

#endif
