/* fuzz.h: what the fuzz targets share: the entry point, and ways to take an input apart */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "drverify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold whatever the input is; a target that finds otherwise ends here. */
#define check(holds) \
	do { \
		if (!(holds)) \
			fuzz_fail(__FILE__, __LINE__, #holds); \
	} while (0)

static inline _Noreturn void fuzz_fail(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}

/* An input from which pieces are taken off the front; what is not there any more is zero. */
struct fuzz_input {
	const uint8_t *at;
	size_t left;
};

static inline uint8_t fuzz_byte(struct fuzz_input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->at++;
}

static inline uint64_t fuzz_number(struct fuzz_input *in)
{
	uint64_t number = 0;

	for (int i = 0; i < 8; i++)
		number = number << 8 | fuzz_byte(in);
	return number;
}

/* So many bytes, in memory of exactly that size, so that reading behind them shows; free() it. */
static inline char *fuzz_bytes(struct fuzz_input *in, size_t len)
{
	char *bytes;

	if (len > in->left)
		len = in->left;
	bytes = malloc(len + !len);
	check(bytes != NULL);
	if (len)
		memcpy(bytes, in->at, len);
	in->at += len;
	in->left -= len;
	return bytes;
}

/* Up to the next NUL, which is taken too, as a text of its own; free() it. */
static inline char *fuzz_text(struct fuzz_input *in)
{
	size_t len = in->left ? strnlen((const char *)in->at, in->left) : 0;
	char *text = malloc(len + 1);

	check(text != NULL);
	if (len)
		memcpy(text, in->at, len);
	text[len] = '\0';
	in->at += len + (len < in->left);
	in->left -= len + (len < in->left);
	return text;
}

/* Whether a text is one that may be shown: valid, and with no control character but those. */
static inline bool fuzz_is_plain(const char *text, size_t len, const char *but)
{
	if (!drvp_utf8_valid(text, len))
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c < ' ' || c == 0x7F) && (!c || !strchr(but, c)))
			return false;
		if (c == 0xC2 && (unsigned char)text[i + 1] < 0xA0)
			return false;
		/* U+202A to U+202E and U+2066 to U+2069 turn the direction of writing. */
		if (c == 0xE2 && (!memcmp(text + i + 1, "\x80\xAE", 2) ||
				  !memcmp(text + i + 1, "\x81\xA6", 2)))
			return false;
	}
	return true;
}

/* What every failure has to be: told, in one line for a person. */
static inline void fuzz_check_error(const struct drv_error *err, int status)
{
	check(status < 0 && err->status == status && err->message[0]);
	check(fuzz_is_plain(err->message, strlen(err->message), ""));
}

#endif
