/* ciphertext.h: whether a stored value can be what an encryption wrote */
#ifndef DRVP_CIPHERTEXT_H
#define DRVP_CIPHERTEXT_H

#include "store/store.h"

enum drvp_ciphertext_state {
	DRVP_CIPHERTEXT_GOOD,
	DRVP_CIPHERTEXT_NOT,         /* something else altogether, such as plain text */
	DRVP_CIPHERTEXT_MALFORMED    /* the right kind of thing, damaged */
};

/* Names of the formats, in the order of the numbers that drvp_ciphertext_examine() takes. */
extern const char *const drvp_ciphertext_formats[];

/* scratch is reset by each call. Returns a state, or a negative status. */
int drvp_ciphertext_examine(int format, const struct drvp_value *value,
			    struct drvp_arena *scratch);

#endif
