/* sidecar_write.c: writes the traces of a spool as the file beside a document */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>               /* renameat() alone */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/strbuf.h"
#include "content/file.h"
#include "content/sidecar.h"
#include "content/sidecar_format.h"

#define DIGITS 16                    /* of the digest, in the name */

struct writer {
	const char *dir;
	int dir_fd, fd;
	struct drvp_strbuf name;     /* for as long as the file is not whole */
	bool named;                  /* a file of that name is there */
	bool texts;
	struct drvp_digester *digester;
	uint8_t *chunk;
	struct drvp_chunk_entry entry;       /* of the chunk that is being filled */
	struct drvp_strbuf index;    /* header and directory */
	uint32_t chunks;
	uint64_t rows, offset;
	struct drv_error *err;
};

static int cannot(struct writer *w, const char *what)
{
	return drvp_fail_errno(w->err, DRV_E_IO, "cannot %s a sidecar in %s", what, w->dir);
}

static int open_writer(struct writer *w)
{
	static const uint8_t no_header[DRVP_HEADER_SIZE];
	uint8_t random[DIGITS / 2];
	int status = drvp_random(random, sizeof random, w->err);

	if (!status)
		status = drvp_digester_new(&w->digester, DRVP_SHA256, NULL, 0, w->err);
	if (status)
		return status;
	w->chunk = malloc(DRVP_CHUNK_SIZE);
	drvp_strbuf_add(&w->index, no_header, sizeof no_header);
	drvp_strbuf_str(&w->name, ".drverify-");
	drvp_strbuf_hex(&w->name, random, sizeof random);
	if (!w->chunk || w->index.failed || w->name.failed)
		return drvp_fail_nomem(w->err);
	w->offset = DRVP_HEADER_SIZE;
	w->dir_fd = open(w->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w->dir_fd < 0)
		return cannot(w, "make");
	w->fd = openat(w->dir_fd, w->name.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	w->named = w->fd >= 0;
	return w->named ? 0 : cannot(w, "make");
}

/* ------------------------------------------------------------------ chunks */

static int end_chunk(struct writer *w)
{
	uint8_t entry[DRVP_CHUNK_ENTRY_SIZE], digest[DRVP_DIGEST_MAX];

	if (!w->entry.rows)
		return 0;
	if (w->chunks == DRVP_CHUNKS_MAX)
		return drvp_fail(w->err, DRV_E_UNSUPPORTED,
				 "%llu rows are more than a sidecar can hold; leave the keys out, "
				 "or do not keep rows of this table",
				 (unsigned long long)w->rows);
	if (drvp_digest(w->digester, w->chunk, w->entry.bytes, digest))
		return drvp_fail(w->err, DRV_E_INTERNAL, "OpenSSL cannot hash a sidecar");
	drvp_put_chunk_entry(entry, &w->entry);
	memcpy(entry + DRVP_CHUNK_ENTRY_SIZE - DRVP_SIDECAR_DIGEST, digest, DRVP_SIDECAR_DIGEST);
	drvp_strbuf_add(&w->index, entry, sizeof entry);
	if (w->index.failed)
		return drvp_fail_nomem(w->err);
	if (drvp_file_write(w->fd, w->chunk, w->entry.bytes, w->offset))
		return cannot(w, "write");
	w->offset += w->entry.bytes;
	w->chunks++;
	w->entry = (struct drvp_chunk_entry){ 0 };
	return 0;
}

static int write_trace(struct writer *w, const struct drvp_trace *trace)
{
	size_t size = drvp_trace_size(trace, w->texts);
	int status = 0;

	if (w->entry.bytes + size > DRVP_CHUNK_SIZE)
		status = end_chunk(w);
	if (status)
		return status;
	if (!w->entry.rows++)
		w->entry.first = trace->key;
	drvp_trace_encode(trace, w->texts, w->chunk + w->entry.bytes);
	w->entry.bytes += (uint32_t)size;
	return 0;
}

static int write_chunks(struct writer *w, struct drvp_spool *spool)
{
	struct drvp_trace trace;
	int status = drvp_spool_rewind(spool, w->err);

	if (status)
		return status;
	while ((status = drvp_spool_next(spool, &trace, w->err)) > 0) {
		status = write_trace(w, &trace);
		if (status)
			return status;
	}
	return status ? status : end_chunk(w);
}

/* ------------------------------------------------------------------ header, directory, name */

static int write_index(struct writer *w, struct drvp_sidecar_info *info)
{
	struct drvp_sidecar_header header = { w->texts ? DRVP_FLAG_TEXTS : 0, w->chunks, w->rows };
	size_t directory = w->index.len - DRVP_HEADER_SIZE;
	uint8_t digest[DRVP_DIGEST_MAX];

	drvp_put_header((uint8_t *)w->index.data, &header);
	if (drvp_digest(w->digester, w->index.data, w->index.len, digest))
		return drvp_fail(w->err, DRV_E_INTERNAL, "OpenSSL cannot hash a sidecar");
	if (drvp_file_write(w->fd, w->index.data, DRVP_HEADER_SIZE, 0) ||
	    drvp_file_write(w->fd, w->index.data + DRVP_HEADER_SIZE, directory, w->offset) ||
	    fsync(w->fd))
		return cannot(w, "write");
	memcpy(info->digest, digest, sizeof info->digest);
	info->rows = w->rows;
	info->bytes = w->offset + directory;
	return 0;
}

static int set_name(struct writer *w, struct drvp_sidecar_info *info)
{
	struct drvp_strbuf name = DRVP_STRBUF_INIT;
	struct stat there;
	bool replaces;

	drvp_strbuf_hex(&name, info->digest, DIGITS / 2);
	drvp_strbuf_str(&name, ".rows");
	if (name.failed || name.len >= sizeof info->name) {
		drvp_strbuf_free(&name);
		return drvp_fail_nomem(w->err);
	}
	memcpy(info->name, name.data, name.len + 1);
	drvp_strbuf_free(&name);
	replaces = !fstatat(w->dir_fd, info->name, &there, AT_SYMLINK_NOFOLLOW);
	if (renameat(w->dir_fd, w->name.data, w->dir_fd, info->name))
		return cannot(w, "rename");
	w->named = false;
	/* Not every file system lets folders be synced. */
	if (!fsync(w->dir_fd) || errno == EINVAL)
		return 0;
	cannot(w, "keep");
	if (!replaces)
		unlinkat(w->dir_fd, info->name, 0);
	return DRV_E_IO;
}

static void close_writer(struct writer *w)
{
	if (w->named)
		unlinkat(w->dir_fd, w->name.data, 0);
	if (w->fd >= 0)
		close(w->fd);
	if (w->dir_fd >= 0)
		close(w->dir_fd);
	drvp_strbuf_free(&w->name);
	drvp_strbuf_free(&w->index);
	drvp_digester_free(&w->digester);
	free(w->chunk);
}

int drvp_sidecar_write(struct drvp_sidecar_info *info, struct drvp_spool *spool, const char *dir,
		       struct drv_error *err)
{
	struct writer w = { .dir = dir, .dir_fd = -1, .fd = -1, .err = err,
			    .texts = drvp_spool_keeps_texts(spool),
			    .rows = drvp_spool_rows(spool) };
	int status = open_writer(&w);

	memset(info, 0, sizeof *info);
	if (!status)
		status = write_chunks(&w, spool);
	if (!status)
		status = write_index(&w, info);
	if (!status)
		status = set_name(&w, info);
	close_writer(&w);
	return status;
}
