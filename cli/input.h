/* input.h: reading files whole */
#ifndef INPUT_H
#define INPUT_H

#include <stddef.h>
#include <sys/stat.h>

/* The largest document, and the largest file with a key. */
#define DOCUMENT_LIMIT ((size_t)64 << 20)
#define KEY_LIMIT ((size_t)64 << 10)

/* What messages call the file of that path: "-" is standard input. */
const char *input_name(const char *path);

/*
 * Reads at most limit bytes of a file, or of standard input when path is "-". what names it in
 * messages. Returns malloc'ed bytes, or NULL after a complaint; status, if not NULL, receives
 * what kind of file it is.
 */
char *input_read(const char *path, const char *what, size_t limit, size_t *len,
		 struct stat *status);

#endif
