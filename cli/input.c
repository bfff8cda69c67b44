/* input.c: reading files whole */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message.h"

/* Old copies are overwritten, because one of the callers reads keys. */
static char *grow(char *bytes, size_t len, size_t capacity)
{
	char *grown = malloc(capacity);

	if (grown && len)
		memcpy(grown, bytes, len);
	if (bytes)
		explicit_bzero(bytes, len);
	free(bytes);
	if (!grown)
		errno = ENOMEM;
	return grown;
}

static char *read_all(int fd, size_t limit, size_t *len)
{
	size_t capacity = 0;
	char *bytes = NULL;
	ssize_t got = 0;

	*len = 0;
	do {
		if (*len == capacity) {
			capacity = capacity ? 2 * capacity : 16384;
			if (capacity > limit)
				capacity = limit + 1;
			bytes = grow(bytes, *len, capacity);
			if (!bytes)
				return NULL;
		}
		got = read(fd, bytes + *len, capacity - *len);
		if (got > 0)
			*len += (size_t)got;
		if (*len > limit) {
			got = -1;
			errno = EFBIG;
		}
	} while (got > 0 || (got < 0 && errno == EINTR));
	if (got == 0)
		return bytes;
	explicit_bzero(bytes, *len);
	free(bytes);
	return NULL;
}

const char *input_name(const char *path)
{
	return strcmp(path, "-") ? path : "standard input";
}

char *input_read(const char *path, const char *what, size_t limit, size_t *len, struct stat *status)
{
	bool standard = !strcmp(path, "-");
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	char *bytes = NULL;

	if (fd >= 0 && (!status || !fstat(fd, status)))
		bytes = read_all(fd, limit, len);
	if (!bytes)
		complain("cannot read %s: %s", what, strerror(errno));
	if (fd >= 0 && !standard)
		close(fd);
	return bytes;
}
