/* fuzz_glob.c: a glob selects what its definition says, told by another way of looking */
#include "fuzz.h"
#include "run/run.h"

#define LONGEST 200

/* reach[i]: whether the glob so far matches the first i bytes. */
static bool matches(const char *glob, const char *id, size_t len)
{
	bool reach[LONGEST + 1] = { true };

	for (; *glob; glob++) {
		if (*glob == '*') {
			for (size_t i = 1; i <= len; i++)
				reach[i] |= reach[i - 1];
			continue;
		}
		for (size_t i = len; i > 0; i--)
			reach[i] = reach[i - 1] && (*glob == '?' || *glob == id[i - 1]);
		reach[0] = false;
	}
	return reach[len];
}

static bool selects(const char *glob, const char *id)
{
	size_t len = strlen(id);

	for (size_t i = 0; i <= len; i++)
		if ((i == len || id[i] == ':') && matches(glob, id, i))
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	char *glob = fuzz_text(&in), *id = fuzz_text(&in);

	if (strlen(id) <= LONGEST)
		check(drvp_glob_selects(glob, id) == selects(glob, id));
	free(glob);
	free(id);
	return 0;
}
