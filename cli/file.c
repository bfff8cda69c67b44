/* file.c: writing files whole */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t written = write(fd, bytes, len);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -1;
		bytes += written;
		len -= (size_t)written;
	}
	/* A pipe or device cannot be synchronised, and need not be. */
	return fsync(fd) && errno != EINVAL && errno != EROFS ? -1 : 0;
}

/* Writes and closes; errno is that of what failed first. */
static int fill(int fd, const void *bytes, size_t len)
{
	int failed = write_all(fd, bytes, len), cause = errno;

	if (close(fd) && !failed)
		return -1;
	errno = cause;
	return failed;
}

static void give_up(const char *path)
{
	int cause = errno;

	unlink(path);
	errno = cause;
}

/* So that a power cut after the rename does not bring the old name back. */
static void sync_folder(const char *path)
{
	char *copy = strdup(path);
	int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(copy);
}

/* A new file is as readable as the umask says. */
static mode_t new_mode(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return 0666 & ~mask;
}

/* Some file systems can only replace; there a file that came into being just now is lost. */
static int rename_to_new(const char *from, const char *to)
{
	if (!renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (!access(to, F_OK)) {
		errno = EEXIST;
		return -1;
	}
	return rename(from, to);
}

static int replace(const char *path, const void *bytes, size_t len, mode_t mode, bool new)
{
	char *temporary;
	int fd, failed = -1;

	if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
		return -1;
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd >= 0 && fchmod(fd, mode))
		close(fd);
	else if (fd >= 0)
		failed = fill(fd, bytes, len) ||
			 (new ? rename_to_new : rename)(temporary, path);
	if (failed && fd >= 0)
		give_up(temporary);
	free(temporary);
	if (!failed)
		sync_folder(path);
	return failed ? -1 : 0;
}

/* Renaming over a link would cut it, and over a device would delete the device. */
int file_replace(const char *path, const void *bytes, size_t len, mode_t mode)
{
	char *target = realpath(path, NULL);
	struct stat status;
	int fd, failed;

	if (!target || stat(target, &status))
		failed = replace(path, bytes, len, new_mode() & mode, false);
	else if (S_ISREG(status.st_mode))
		failed = replace(target, bytes, len, status.st_mode & mode, false);
	else {
		fd = open(target, O_WRONLY | O_CLOEXEC);
		failed = fd >= 0 ? fill(fd, bytes, len) : -1;
	}
	free(target);
	return failed;
}

int file_place(const char *path, const void *bytes, size_t len, mode_t mode)
{
	return replace(path, bytes, len, new_mode() & mode, true);
}

int file_create(const char *path, const void *bytes, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	if (fd < 0)
		return -1;
	if (fill(fd, bytes, len)) {
		give_up(path);
		return -1;
	}
	sync_folder(path);
	return 0;
}
