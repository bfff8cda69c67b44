/* suggest.c: finds the word that a misspelt one was probably meant to be */
#include <stdint.h>
#include <string.h>

#include "document/fields.h"

#define WORD_MAX 48

/* A word without what people get wrong most: case and the way its parts are joined. */
struct word {
	unsigned char letters[WORD_MAX];
	size_t len;
};

static bool normalise(struct word *word, const char *text, size_t len)
{
	word->len = 0;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '_' || c == '-' || c == ' ')
			continue;
		if (word->len == WORD_MAX)
			return false;
		word->letters[word->len++] = c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
	}
	return true;
}

static size_t least(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Letters to insert, remove, replace, or swap with their neighbour. */
static size_t distance(const struct word *a, const struct word *b)
{
	size_t rows[3][WORD_MAX + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b->len; j++)
		above[j] = j;
	for (size_t i = 1; i <= a->len; i++) {
		size_t *free_row = before;

		row[0] = i;
		for (size_t j = 1; j <= b->len; j++) {
			size_t replace = above[j - 1] + (a->letters[i - 1] != b->letters[j - 1]);

			row[j] = least(above[j] + 1, row[j - 1] + 1, replace);
			if (i > 1 && j > 1 && a->letters[i - 1] == b->letters[j - 2] &&
			    a->letters[i - 2] == b->letters[j - 1] && before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
		before = above;
		above = row;
		row = free_row;
	}
	return above[b->len];
}

const char *drvp_suggest(const char *word, size_t len, const char *const *candidates, size_t count)
{
	const char *nearest = NULL;
	size_t best = SIZE_MAX;
	struct word wanted, candidate;

	if (!normalise(&wanted, word, len) || !wanted.len)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t far, most;

		if (!normalise(&candidate, candidates[i], strlen(candidates[i])))
			continue;
		far = distance(&wanted, &candidate);
		/* More than a third of the letters wrong is another word. */
		most = (wanted.len > candidate.len ? wanted.len : candidate.len) / 3;
		if (far <= most && far < best) {
			best = far;
			nearest = candidates[i];
		}
	}
	return nearest;
}
