/* suggest.c: "did you mean" */
#include "suggest.h"

#include <string.h>

#define LONGEST 63

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours that turn a into b. */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][LONGEST + 1], a_len = strlen(a), b_len = strlen(b);

	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *now = rows[i % 3], *above = rows[(i + 2) % 3], *higher = rows[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t replaced = above[j - 1] + (a[i - 1] != b[j - 1]);

			now[j] = least(replaced, least(above[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = least(now[j], higher[j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}

const char *nearest(const char *word, candidate_fn candidate, const void *user)
{
	const char *best = NULL, *name;
	size_t len = strlen(word), closest = LONGEST;

	for (size_t i = 0; len <= LONGEST && (name = candidate(i, user)); i++) {
		size_t name_len = strlen(name);
		size_t far = name_len <= LONGEST ? distance(word, name) : LONGEST;

		/* More than a third of the letters wrong is another word, as in documents. */
		if (far <= (len > name_len ? len : name_len) / 3 && far < closest) {
			best = name;
			closest = far;
		}
	}
	return best;
}
