/* steer.h: characters that steer a terminal, which foreign text may not bring there */
#ifndef DRVP_STEER_H
#define DRVP_STEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One character of a text. */
struct drvp_character {
	size_t len;                  /* bytes, at least 1 */
	uint32_t point;
	bool steers;                 /* moves the cursor, starts a sequence, turns the direction of
					writing, is forbidden in XML, or is no UTF-8 at all */
};

/* The first character of a text that is not empty. */
struct drvp_character drvp_character(const char *text);

/* Puts "?" for each byte of what steers. */
void drvp_disarm(char *text);

struct drvp_span {
	uint32_t first, last;
};

bool drvp_is_in_spans(const struct drvp_span *spans, size_t count, uint32_t point);

#endif
