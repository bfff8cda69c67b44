/* sidecar.h: the file beside a document that holds the traces of all rows of one table */
#ifndef DRVP_SIDECAR_H
#define DRVP_SIDECAR_H

#include <stdbool.h>
#include <stdint.h>

#include "content/spool.h"

/*
 * In the file are a header, chunks of traces in order, and a directory of the chunks with the
 * SHA-256 of each (sidecar_format.h). The digest of the file is the SHA-256 of header and
 * directory. Whoever has it can check each chunk by itself, and reads no more of the file than it
 * uses. The same traces always give the same bytes.
 */
#define DRVP_SIDECAR_DIGEST 32
#define DRVP_SIDECAR_NAME 24         /* room for its name: 16 digits, ".rows", NUL */

/* What a document records of a sidecar. */
struct drvp_sidecar_info {
	char name[DRVP_SIDECAR_NAME];        /* begins with its digest */
	uint8_t digest[DRVP_SIDECAR_DIGEST];
	uint64_t rows;
	uint64_t bytes;              /* of the file */
};

/*
 * Writes what is in a spool into the folder dir, readable by the owner alone. The file appears
 * under its name when all of it is on disk. One of the same name is replaced: it says the same.
 * After a failure (DRV_E_IO, DRV_E_NOMEM, DRV_E_UNSUPPORTED: too many rows) nothing is left behind.
 */
int drvp_sidecar_write(struct drvp_sidecar_info *info, struct drvp_spool *spool, const char *dir,
		       struct drv_error *err);

struct drvp_sidecar;

/*
 * Opens the file with that name in the folder dir. The name comes from a document, and is refused
 * unless it is that of a plain file in dir itself.
 *   digest, rows   what the document says; anything else in the file is refused
 * Errors: DRV_E_MISSING; DRV_E_DAMAGED: it is not the file that was written, message says in what;
 * DRV_E_IO: it could not be read.
 */
int drvp_sidecar_open(struct drvp_sidecar **out, const char *dir, const char *name,
		      const uint8_t digest[DRVP_SIDECAR_DIGEST], uint64_t rows,
		      struct drv_error *err);

uint64_t drvp_sidecar_rows(const struct drvp_sidecar *sidecar);

bool drvp_sidecar_has_texts(const struct drvp_sidecar *sidecar);

/* Goes to the first trace, where opening left it. */
void drvp_sidecar_rewind(struct drvp_sidecar *sidecar);

/*
 * Whether any key from first to last matters. A chunk of which none does is not read. Asked of
 * ranges and of single keys, where first and last are equal.
 */
typedef bool (*drvp_key_filter_fn)(uint64_t first, uint64_t last, void *user);

/*
 * Gives the next trace in order of a key that matters; filter NULL: any. 1, or 0 after the last, or
 * a negative status, as for opening, after which there is no going on. What it gives was checked
 * against the digest. Its text is borrowed until the next call.
 */
int drvp_sidecar_next(struct drvp_sidecar *sidecar, struct drvp_trace *trace,
		      drvp_key_filter_fn filter, void *user, struct drv_error *err);

void drvp_sidecar_free(struct drvp_sidecar **sidecar);

#endif
