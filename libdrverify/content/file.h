/* file.h: reads and writes all of what was asked for, and says why not */
#ifndef DRVP_FILE_H
#define DRVP_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* As drvp_fail(), with what errno says added behind a colon, and errno itself as native code. */
int drvp_fail_errno(struct drv_error *err, int status, const char *format, ...)
	DRVP_PRINTF(3, 4);

/* Writes len bytes at offset; 0, or -1 with errno. */
int drvp_file_write(int fd, const void *bytes, size_t len, uint64_t offset);

/* Reads len bytes at offset, or as many as there are before the end; -1 with errno. */
ssize_t drvp_file_read(int fd, void *bytes, size_t len, uint64_t offset);

/* A new file in the folder dir for reading and writing, which never has a name; -1 with errno. */
int drvp_file_unnamed(const char *dir);

#endif
