/* file.c: reads and writes all of what was asked for, and says why not */
#include "content/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/strbuf.h"

int drvp_fail_errno(struct drv_error *err, int status, const char *format, ...)
{
	int number = errno;
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	char room[128];
	va_list args;

	va_start(args, format);
	drvp_strbuf_vprintf(&text, format, args);
	va_end(args);
	drvp_fail(err, status, "%s: %s", drvp_strbuf_text(&text),
		  strerror_r(number, room, sizeof room));
	if (err)
		err->native_code = number;
	drvp_strbuf_free(&text);
	return status;
}

int drvp_file_write(int fd, const void *bytes, size_t len, uint64_t offset)
{
	const char *from = bytes;

	while (len) {
		ssize_t n = pwrite(fd, from, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (!n)
			errno = ENOSPC;
		if (n <= 0)
			return -1;
		from += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

ssize_t drvp_file_read(int fd, void *bytes, size_t len, uint64_t offset)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(fd, (char *)bytes + done, len - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (!n)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

/* For file systems that know no files without a name. */
static int named_and_unlinked(const char *dir)
{
	struct drvp_strbuf path = DRVP_STRBUF_INIT;
	int fd = -1;

	drvp_strbuf_printf(&path, "%s/.drverify-XXXXXX", dir);
	if (path.failed) {
		errno = ENOMEM;
	} else {
		fd = mkostemp(path.data, O_CLOEXEC);
		if (fd >= 0 && unlink(path.data)) {
			close(fd);
			fd = -1;
		}
	}
	drvp_strbuf_free(&path);
	return fd;
}

int drvp_file_unnamed(const char *dir)
{
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT))
		fd = named_and_unlinked(dir);
	return fd;
}
