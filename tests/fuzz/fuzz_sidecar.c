/* fuzz_sidecar.c: whatever a sidecar with right digests holds, it is read in order or refused */
#include <fcntl.h>
#include <unistd.h>

#include "base/digest.h"
#include "content/compare.h"
#include "content/sidecar_format.h"
#include "fuzz.h"

static char folder[] = "/tmp/drverify-fuzz-XXXXXX";
static int folder_fd = -1;
static struct drvp_digester *digester;

static void remove_folder(void)
{
	unlinkat(folder_fd, "rows", 0);
	rmdir(folder);
}

static void prepare(void)
{
	if (folder_fd >= 0)
		return;
	check(mkdtemp(folder) != NULL);
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	check(folder_fd >= 0);
	check(!drvp_digester_new(&digester, DRVP_SHA256, NULL, 0, NULL));
	atexit(remove_folder);
}

/*
 * The fuzzer cannot guess digests: they are put right, as by somebody who writes the file as well
 * as the document. Says which digest the document would have.
 */
static void sign(uint8_t *file, size_t size, uint8_t *digest)
{
	struct drvp_sidecar_header header;
	size_t directory, at = DRVP_HEADER_SIZE;
	uint8_t *index;

	if (size < DRVP_HEADER_SIZE)
		return;
	memcpy(file, DRVP_SIDECAR_MAGIC, DRVP_MAGIC_SIZE);
	header = drvp_get_header(file);
	directory = (size_t)header.chunks * DRVP_CHUNK_ENTRY_SIZE;
	if (directory > size - DRVP_HEADER_SIZE)
		return;
	for (size_t i = 0; i < header.chunks; i++) {
		uint8_t *entry = file + size - directory + i * DRVP_CHUNK_ENTRY_SIZE;
		size_t bytes = drvp_get_chunk_entry(entry).bytes;

		if (bytes > size - directory - at)
			break;
		check(!drvp_digest(digester, file + at, bytes, digest));
		memcpy(entry + DRVP_CHUNK_ENTRY_SIZE - DRVP_SIDECAR_DIGEST, digest,
		       DRVP_SIDECAR_DIGEST);
		at += bytes;
	}
	index = malloc(DRVP_HEADER_SIZE + directory);
	check(index != NULL);
	memcpy(index, file, DRVP_HEADER_SIZE);
	memcpy(index + DRVP_HEADER_SIZE, file + size - directory, directory);
	check(!drvp_digest(digester, index, DRVP_HEADER_SIZE + directory, digest));
	free(index);
}

/* Reads all of it into a spool; whether that worked. */
static bool read_through(struct drvp_sidecar *sidecar, struct drvp_spool *spool)
{
	struct drvp_trace trace;
	uint64_t last = 0, rows = 0;
	int status;

	while ((status = drvp_sidecar_next(sidecar, &trace, NULL, NULL, NULL)) > 0) {
		check(trace.key >= last && trace.text_len <= DRVP_KEY_TEXT_MAX);
		check(!drvp_spool_add(spool, &trace, NULL));
		last = trace.key;
		rows++;
	}
	check(status == 0 || status == DRV_E_DAMAGED);
	check(status || rows == drvp_sidecar_rows(sidecar));
	return !status;
}

static void check_sidecar(struct drvp_sidecar *sidecar)
{
	struct drvp_comparison sums;
	struct drvp_spool *spool;

	check(!drvp_spool_new(&spool, folder, drvp_sidecar_has_texts(sidecar), NULL));
	if (read_through(sidecar, spool)) {
		check(!drvp_compare(&sums, sidecar, spool, NULL, NULL, NULL, NULL));
		check(sums.same == drvp_sidecar_rows(sidecar));
		check(!sums.changed && !sums.missing && !sums.extra);
	}
	drvp_spool_free(&spool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t digest[DRVP_DIGEST_MAX] = { 0 }, *file = malloc(size + 1);
	uint64_t rows = size < DRVP_HEADER_SIZE ? 0 : drvp_get_header(data).rows;
	struct drvp_sidecar *sidecar;
	int fd, status;

	prepare();
	check(file != NULL);
	if (size)
		memcpy(file, data, size);
	sign(file, size, digest);
	fd = openat(folder_fd, "rows", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	check(fd >= 0 && write(fd, file, size) == (ssize_t)size);
	close(fd);
	free(file);
	status = drvp_sidecar_open(&sidecar, folder, "rows", digest, rows, NULL);
	check(status == 0 || status == DRV_E_DAMAGED);
	if (!status)
		check_sidecar(sidecar);
	drvp_sidecar_free(&sidecar);
	return 0;
}
