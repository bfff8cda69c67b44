/* utf8.h: UTF-8 as RFC 3629 has it: no surrogates, no overlong forms, nothing above U+10FFFF */
#ifndef DRVP_UTF8_H
#define DRVP_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Whether all of these bytes are valid. */
bool drvp_utf8_valid(const char *bytes, size_t len);

/* How many of len bytes the character at their start takes, 1 to 4; 0 when it is not valid. */
size_t drvp_utf8_length(const char *bytes, size_t len);

/* Writes one code point, which is no surrogate, and returns how many bytes it took, 1 to 4. */
size_t drvp_utf8_encode(char *to, unsigned code);

#endif
