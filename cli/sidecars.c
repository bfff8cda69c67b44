/* sidecars.c: the folder of the files that stand beside a document */
#include "sidecars.h"

#include <string.h>

#include "output.h"

char *sidecars_folder(const struct drv_baseline *baseline, const struct options *options,
		      bool capture)
{
	const char *document = capture ? output_json_path(options) : drv_baseline_file(baseline);
	const char *slash;

	if (options->sidecars)
		return strdup(options->sidecars);
	if (!document)
		return NULL;
	slash = strrchr(document, '/');
	if (!slash)
		return strdup(".");
	return strndup(document, slash == document ? 1 : (size_t)(slash - document));
}
