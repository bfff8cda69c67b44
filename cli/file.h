/* file.h: writing files whole */
#ifndef FILE_H
#define FILE_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Puts bytes in the place of a file's contents, by rename, so that nobody ever finds half of them.
 * Links are followed; pipes and devices are written to. A new file is as readable as the umask
 * says, one that exists as it was, both at most as mode says. Returns 0, or -1 with errno set.
 */
int file_replace(const char *path, const void *bytes, size_t len, mode_t mode);

/* As file_replace(), but fails with EEXIST where something of that name exists already. */
int file_place(const char *path, const void *bytes, size_t len, mode_t mode);

/* Makes a file that must not exist yet. Returns 0, or -1 with errno set and no file left. */
int file_create(const char *path, const void *bytes, size_t len, mode_t mode);

#endif
