/* suggest.h: "did you mean" */
#ifndef SUGGEST_H
#define SUGGEST_H

#include <stddef.h>

/* The candidate at an index; NULL behind the last. */
typedef const char *(*candidate_fn)(size_t index, const void *user);

/* The candidate nearest to a misspelt word, or NULL when none is near. */
const char *nearest(const char *word, candidate_fn candidate, const void *user);

#endif
