/* input.h: reading files whole */
#ifndef INPUT_H
#define INPUT_H

#include <stddef.h>
#include <sys/stat.h>

/*
 * Reads at most limit bytes of a file, or of standard input when path is "-". what names it in
 * messages. Returns malloc'ed bytes, or NULL after a complaint; status, if not NULL, receives
 * what kind of file it is.
 */
char *input_read(const char *path, const char *what, size_t limit, size_t *len,
		 struct stat *status);

#endif
