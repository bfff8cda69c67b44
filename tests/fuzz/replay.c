/* replay.c: runs a fuzz target over files, where there is no libFuzzer to do it */
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

#include "fuzz.h"

static char path[4096];

/* So that the input is known after an abort, too. */
static void replay_file(void)
{
	FILE *file = fopen(path, "rb");
	struct stat status;
	uint8_t *bytes;

	check(file && !fstat(fileno(file), &status));
	fprintf(stderr, "%s\n", path);
	bytes = malloc((size_t)status.st_size + !status.st_size);
	check(bytes && fread(bytes, 1, (size_t)status.st_size, file) == (size_t)status.st_size);
	LLVMFuzzerTestOneInput(bytes, (size_t)status.st_size);
	free(bytes);
	fclose(file);
}

int main(int argc, char **argv)
{
	unsigned files = 0;

	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	for (int i = 1; i < argc; i++) {
		DIR *folder = opendir(argv[i]);

		if (!folder) {
			fprintf(stderr, "cannot open %s\n", argv[i]);
			return 1;
		}
		for (struct dirent *entry; (entry = readdir(folder));) {
			if (entry->d_name[0] == '.')
				continue;
			snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name);
			replay_file();
			files++;
		}
		closedir(folder);
	}
	printf("%u inputs\n", files);
	return files ? 0 : 1;
}
