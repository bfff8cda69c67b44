/* options.c: structs that the caller allocates, of this version of the library or another */
#include "base/options.h"

#include <string.h>

#include "base/error.h"

int drvp_options_read(void *out, size_t size, const void *given, const char *what,
		      struct drv_error *err)
{
	const unsigned char *bytes = given;
	uint32_t given_size;

	if (!given)
		return 0;
	memcpy(&given_size, given, sizeof given_size);
	if (given_size < sizeof given_size)
		return drvp_fail(err, DRV_E_USAGE, "struct_size of %s is not set", what);
	for (size_t i = size; i < given_size; i++)
		if (bytes[i])
			return drvp_fail(err, DRV_E_USAGE, "%s ask for something that this version "
					 "lacks", what);
	memcpy(out, given, given_size < size ? given_size : size);
	return 0;
}
