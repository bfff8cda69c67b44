/* sidecar_read.c: reads the file beside a document and believes nothing that was not checked */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "content/file.h"
#include "content/sidecar.h"
#include "content/sidecar_format.h"

struct drvp_sidecar {
	struct drvp_strbuf path;     /* for messages */
	int fd;
	bool texts;
	uint64_t rows, size;
	uint32_t chunks;
	uint8_t *index;              /* header and directory */
	struct drvp_digester *digester;
	uint32_t next;               /* chunk to be read next */
	uint64_t offset;             /* where it is */
	uint8_t *chunk;              /* the one that is being given out */
	size_t at, len;              /* bytes of it */
	uint32_t left;               /* rows of it */
	struct drvp_trace last;      /* key and digest that cannot come after what follows */
};

static struct drvp_chunk_entry entry_of(const struct drvp_sidecar *s, uint32_t chunk)
{
	return drvp_get_chunk_entry(s->index + DRVP_HEADER_SIZE +
				    (size_t)chunk * DRVP_CHUNK_ENTRY_SIZE);
}

static int damaged(const struct drvp_sidecar *s, struct drv_error *err, const char *what)
{
	return drvp_fail(err, DRV_E_DAMAGED,
			 "the sidecar %s %s; copy it anew from where the document came from",
			 drvp_strbuf_text(&s->path), what);
}

static int cannot_read(const struct drvp_sidecar *s, struct drv_error *err)
{
	return drvp_fail_errno(err, DRV_E_IO, "cannot read the sidecar %s",
			       drvp_strbuf_text(&s->path));
}

static int read_bytes(const struct drvp_sidecar *s, void *bytes, size_t len, uint64_t offset,
		      struct drv_error *err)
{
	ssize_t n = drvp_file_read(s->fd, bytes, len, offset);

	if (n < 0)
		return cannot_read(s, err);
	return (size_t)n == len ? 0 : damaged(s, err, "became shorter while it was read");
}

/* ------------------------------------------------------------------ opening the file */

/* Neither a path nor what a message could not show. */
static bool plain_name(const char *name)
{
	size_t len = strlen(name);

	if (!len || len > NAME_MAX || name[0] == '.' || !drvp_utf8_valid(name, len))
		return false;
	for (size_t i = 0; i < len; i++)
		if (name[i] == '/' || (unsigned char)name[i] < 0x20 || name[i] == 0x7F)
			return false;
	return true;
}

static int missing(const struct drvp_sidecar *s, struct drv_error *err)
{
	return drvp_fail_errno(err, DRV_E_MISSING,
			       "the sidecar %s, which the document names, is not there",
			       drvp_strbuf_text(&s->path));
}

/*
 * What is no regular file is not opened at all, since opening a device may do things. It is asked
 * again once the file is open, and opening waits for nobody, in case it was exchanged in between.
 */
static int open_regular(struct drvp_sidecar *s, int dir, const char *name, struct drv_error *err)
{
	struct stat there;

	if (fstatat(dir, name, &there, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? missing(s, err) : cannot_read(s, err);
	if (S_ISREG(there.st_mode)) {
		s->fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
					  O_CLOEXEC);
		if (s->fd < 0 || fstat(s->fd, &there))
			return cannot_read(s, err);
	}
	if (!S_ISREG(there.st_mode))
		return damaged(s, err, "is not a regular file");
	s->size = (uint64_t)there.st_size;
	return 0;
}

static int open_file(struct drvp_sidecar *s, const char *dir, const char *name,
		     struct drv_error *err)
{
	int dir_fd, status;

	if (!plain_name(name))
		return drvp_fail(err, DRV_E_DAMAGED,
				 "the document names a sidecar by what is not the plain name of a "
				 "file; use the document as it was captured");
	drvp_strbuf_printf(&s->path, "%s/%s", dir, name);
	if (s->path.failed)
		return drvp_fail_nomem(err);
	dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? missing(s, err) : cannot_read(s, err);
	status = open_regular(s, dir_fd, name, err);
	close(dir_fd);
	return status;
}

/* ------------------------------------------------------------------ header and directory */

static int read_index(struct drvp_sidecar *s, const uint8_t *expected, struct drv_error *err)
{
	struct drvp_sidecar_header header;
	uint8_t start[DRVP_HEADER_SIZE], digest[DRVP_DIGEST_MAX];
	size_t directory;
	int status;

	if (s->size < sizeof start)
		return damaged(s, err, "is too short");
	status = read_bytes(s, start, sizeof start, 0, err);
	if (status)
		return status;
	header = drvp_get_header(start);
	if (memcmp(start, DRVP_SIDECAR_MAGIC, DRVP_MAGIC_SIZE))
		return damaged(s, err, "does not begin as this version writes them");
	directory = (size_t)header.chunks * DRVP_CHUNK_ENTRY_SIZE;
	if (header.chunks > DRVP_CHUNKS_MAX || directory > s->size - sizeof start)
		return damaged(s, err, "is shorter than it says");
	s->index = malloc(sizeof start + directory);
	if (!s->index)
		return drvp_fail_nomem(err);
	memcpy(s->index, start, sizeof start);
	status = read_bytes(s, s->index + sizeof start, directory, s->size - directory, err);
	if (status)
		return status;
	if (drvp_digest(s->digester, s->index, sizeof start + directory, digest))
		return drvp_fail(err, DRV_E_INTERNAL, "OpenSSL cannot hash a sidecar");
	if (memcmp(digest, expected, DRVP_SIDECAR_DIGEST))
		return damaged(s, err, "is not the one of this document: its digest is another");
	s->texts = header.flags == DRVP_FLAG_TEXTS;
	s->rows = header.rows;
	s->chunks = header.chunks;
	return header.flags > DRVP_FLAG_TEXTS ? damaged(s, err, "has flags unknown here") : 0;
}

/* Who made the document may have made the file as well: the digest alone promises no sense. */
static int check_directory(struct drvp_sidecar *s, uint64_t expected_rows, struct drv_error *err)
{
	uint64_t rows = 0, bytes = DRVP_HEADER_SIZE, first = 0;
	size_t largest = 1;

	for (uint32_t i = 0; i < s->chunks; i++) {
		struct drvp_chunk_entry entry = entry_of(s, i);

		if (!entry.rows || entry.bytes > DRVP_CHUNK_SIZE || entry.first < first)
			return damaged(s, err, "has a directory that makes no sense");
		rows += entry.rows;
		bytes += entry.bytes;
		first = entry.first;
		largest = entry.bytes > largest ? entry.bytes : largest;
	}
	bytes += (uint64_t)s->chunks * DRVP_CHUNK_ENTRY_SIZE;
	if (bytes != s->size)
		return damaged(s, err, bytes < s->size ? "is longer than it says"
						       : "is shorter than it says");
	if (rows != s->rows || rows != expected_rows)
		return damaged(s, err, "holds another number of rows than the document says");
	s->chunk = malloc(largest);
	return s->chunk ? 0 : drvp_fail_nomem(err);
}

int drvp_sidecar_open(struct drvp_sidecar **out, const char *dir, const char *name,
		      const uint8_t digest[DRVP_SIDECAR_DIGEST], uint64_t rows,
		      struct drv_error *err)
{
	struct drvp_sidecar *s = calloc(1, sizeof *s);
	int status;

	*out = NULL;
	if (!s)
		return drvp_fail_nomem(err);
	s->fd = -1;
	status = drvp_digester_new(&s->digester, DRVP_SHA256, NULL, 0, err);
	if (!status)
		status = open_file(s, dir, name, err);
	if (!status)
		status = read_index(s, digest, err);
	if (!status)
		status = check_directory(s, rows, err);
	if (status)
		drvp_sidecar_free(&s);
	else
		drvp_sidecar_rewind(s);
	*out = s;
	return status;
}

uint64_t drvp_sidecar_rows(const struct drvp_sidecar *sidecar)
{
	return sidecar->rows;
}

bool drvp_sidecar_has_texts(const struct drvp_sidecar *sidecar)
{
	return sidecar->texts;
}

/* ------------------------------------------------------------------ chunks */

void drvp_sidecar_rewind(struct drvp_sidecar *s)
{
	s->next = 0;
	s->offset = DRVP_HEADER_SIZE;
	s->left = 0;
	s->at = s->len = 0;
	s->last = (struct drvp_trace){ 0 };
}

static bool matters(const struct drvp_sidecar *s, uint32_t chunk, drvp_key_filter_fn filter,
		    void *user)
{
	uint64_t last = chunk + 1 < s->chunks ? entry_of(s, chunk + 1).first : UINT64_MAX;

	return !filter || filter(entry_of(s, chunk).first, last, user);
}

static int load(struct drvp_sidecar *s, const struct drvp_chunk_entry *entry,
		struct drv_error *err)
{
	uint8_t digest[DRVP_DIGEST_MAX];
	int status = read_bytes(s, s->chunk, entry->bytes, s->offset, err);

	if (status)
		return status;
	if (drvp_digest(s->digester, s->chunk, entry->bytes, digest))
		return drvp_fail(err, DRV_E_INTERNAL, "OpenSSL cannot hash a sidecar");
	if (memcmp(digest, entry->digest, DRVP_SIDECAR_DIGEST))
		return damaged(s, err, "was altered: a part of it has another digest");
	s->at = 0;
	s->len = entry->bytes;
	s->left = entry->rows;
	return 0;
}

/* 1, or 0 after the last chunk that matters. */
static int next_chunk(struct drvp_sidecar *s, drvp_key_filter_fn filter, void *user,
		      struct drv_error *err)
{
	for (; s->next < s->chunks; s->next++) {
		struct drvp_chunk_entry entry = entry_of(s, s->next);
		int status;

		if (matters(s, s->next, filter, user)) {
			status = load(s, &entry, err);
			if (status)
				return status;
			s->next++;
			s->offset += entry.bytes;
			return 1;
		}
		s->offset += entry.bytes;
		s->last = (struct drvp_trace){ .key = entry.first };
	}
	return 0;
}

/* Takes the next trace from the chunk. */
static int take(struct drvp_sidecar *s, struct drvp_trace *trace, struct drv_error *err)
{
	bool first = !s->at;
	size_t size = drvp_trace_decode(trace, s->texts, s->chunk + s->at, s->len - s->at);

	s->at += size;
	s->left--;
	if (!size || (!s->left && s->at != s->len) ||
	    (first && trace->key != entry_of(s, s->next - 1).first) || trace->key < s->last.key ||
	    (trace->key == s->last.key && trace->digest < s->last.digest))
		return damaged(s, err, "has a part that makes no sense");
	s->last = *trace;
	return 1;
}

int drvp_sidecar_next(struct drvp_sidecar *s, struct drvp_trace *trace, drvp_key_filter_fn filter,
		      void *user, struct drv_error *err)
{
	do {
		int status = s->left ? 1 : next_chunk(s, filter, user, err);

		if (status > 0)
			status = take(s, trace, err);
		if (status <= 0)
			return status;
	} while (filter && !filter(trace->key, trace->key, user));
	return 1;
}

void drvp_sidecar_free(struct drvp_sidecar **sidecar)
{
	struct drvp_sidecar *s = *sidecar;

	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	drvp_digester_free(&s->digester);
	drvp_strbuf_free(&s->path);
	free(s->index);
	free(s->chunk);
	free(s);
	*sidecar = NULL;
}
