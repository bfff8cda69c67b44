/* trust.h: documents that a trusted key must have signed */
#ifndef TRUST_H
#define TRUST_H

#include "drverify.h"
#include "options.h"

/*
 * Reads the keys that --trust names; without any, *trust is NULL. Returns 0, or non-zero after a
 * complaint.
 */
int trust_read(struct drv_trust **trust, const struct options *options);

/*
 * Parses a document whose bytes were read from path, "-" for standard input. With trust not NULL its
 * signature is read and checked before. Returns 0, or a status of the library after a complaint.
 */
int trust_parse(struct drv_baseline **baseline, const struct drv_trust *trust,
		const struct options *options, const char *path, const char *bytes, size_t len);

#endif
