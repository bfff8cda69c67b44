/* suggest.c: "did you mean" */
#include "suggest.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define LONGEST 48

/* A word without what people get wrong most: case and the way its parts are joined. */
struct word {
	char letters[LONGEST];
	size_t len;
};

static bool simplify(struct word *word, const char *text)
{
	for (word->len = 0; *text; text++) {
		bool capital = *text >= 'A' && *text <= 'Z';

		if (strchr("_- ", *text))
			continue;
		if (word->len == LONGEST)
			return false;
		word->letters[word->len++] = capital ? (char)(*text - 'A' + 'a') : *text;
	}
	return true;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours that turn one into the other. */
static size_t distance(const struct word *left, const struct word *right)
{
	const char *a = left->letters, *b = right->letters;
	size_t rows[3][LONGEST + 1];

	for (size_t j = 0; j <= right->len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= left->len; i++) {
		size_t *now = rows[i % 3], *above = rows[(i + 2) % 3], *higher = rows[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= right->len; j++) {
			size_t replaced = above[j - 1] + (a[i - 1] != b[j - 1]);

			now[j] = least(replaced, least(above[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = least(now[j], higher[j - 2] + 1);
		}
	}
	return rows[left->len % 3][right->len];
}

/* The rule is the library's, so that both suggest the same. */
const char *nearest(const char *word, candidate_fn candidate, const void *user)
{
	const char *best = NULL, *name;
	size_t least_far = SIZE_MAX;
	struct word wanted, known;

	if (!simplify(&wanted, word) || !wanted.len)
		return NULL;
	for (size_t i = 0; (name = candidate(i, user)); i++) {
		size_t far, most;

		if (!simplify(&known, name))
			continue;
		far = distance(&wanted, &known);
		/* More than a third of the letters wrong is another word. */
		most = (wanted.len > known.len ? wanted.len : known.len) / 3;
		if (far <= most && far < least_far) {
			least_far = far;
			best = name;
		}
	}
	return best;
}
