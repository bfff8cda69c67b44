/* names.c: what the names of columns suggest */
#include <string.h>
#include <strings.h>

#include "draft/draft.h"

/* What may stand before or behind the name of a value that is encrypted; longer ones first. */
static const char *const suffixes[] = { "_ciphertext", "_encrypted", "-encrypted", "ciphertext",
					"encrypted", "_cipher", "_enc" };
static const char *const prefixes[] = { "encrypted_", "encrypted" };

#define COUNT(array) (sizeof (array) / sizeof *(array))

/* Whatever the locale of the program. */
static char small_letter(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static const char *last_step(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && dot[1] ? dot + 1 : name;
}

/* The length of the suffix that says "encrypted", or 0. */
static size_t suffix_of(const char *step)
{
	size_t len = strlen(step);

	for (size_t i = 0; i < COUNT(suffixes); i++) {
		size_t own = strlen(suffixes[i]);

		if (len >= own && !strcasecmp(step + len - own, suffixes[i]))
			return own;
	}
	/* phoneEnc, but not fence */
	if (len > 3 && !strcmp(step + len - 3, "Enc") && step[len - 4] >= 'a' && step[len - 4] <= 'z')
		return 3;
	return 0;
}

static size_t prefix_of(const char *step)
{
	for (size_t i = 0; i < COUNT(prefixes); i++)
		if (!strncasecmp(step, prefixes[i], strlen(prefixes[i])))
			return strlen(prefixes[i]);
	return 0;
}

bool drvp_names_ciphertext(const char *name, int kind)
{
	const char *step = last_step(name);

	if (kind != DRVP_TEXT && kind != DRVP_BYTES && kind != DRVP_DOCUMENT)
		return false;
	return suffix_of(step) || prefix_of(step);
}

const char *drvp_name_of_plaintext(struct drvp_arena *arena, const char *name)
{
	const char *step = last_step(name);
	size_t before = (size_t)(step - name), len = strlen(name);
	size_t suffix = suffix_of(step), prefix = suffix ? 0 : prefix_of(step);
	char *plain = drvp_arena_copy(arena, name, len);

	if (!plain)
		return NULL;
	memmove(plain + before, plain + before + prefix, len - before - prefix + 1);
	len -= prefix + suffix;
	plain[len] = '\0';
	/* encryptedClaimDetails goes with claimDetails. */
	if (prefix && plain[before])
		plain[before] = small_letter(plain[before]);
	return len > before ? plain : "";
}

/* ------------------------------------------------------------------ times */

static bool has_word(const char *name, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcasestr(name, words[i]))
			return true;
	return false;
}

int drvp_names_writing_time(const char *name)
{
	static const char *const others[] = { "delet", "expir", "valid", "birth", "sched", "until",
					      "start", "end", "due", "remov", "publish", "next" };
	static const char *const created[] = { "creat", "insert" };
	static const char *const happened[] = { "occurred", "logged", "recorded", "timestamp",
						"received", "event" };
	static const char *const changed[] = { "updat", "modif", "changed" };
	static const char *const short_names[] = { "at", "ts", "time" };

	if (has_word(name, others, COUNT(others)))
		return 0;
	if (has_word(name, created, COUNT(created)))
		return 4;
	if (has_word(name, happened, COUNT(happened)))
		return 3;
	if (has_word(name, changed, COUNT(changed)))
		return 2;
	for (size_t i = 0; i < COUNT(short_names); i++)
		if (!strcasecmp(name, short_names[i]))
			return 1;
	return 0;
}

/* ------------------------------------------------------------------ links */

static const char *const before_words[] = { "previous", "preceding", "parent", "prior", "prev" };
static const char *const hash_words[] = { "hash", "hmac", "digest", "checksum", "signature" };
static const char *const hashed_otherwise[] = { "pass", "token", "mail", "phone", "file", "content",
						"body", "payload", "secret", "key" };

/* In small letters, and without what parts words. */
static void squash(char *out, size_t size, const char *name)
{
	size_t len = 0;

	for (; *name && len + 1 < size; name++)
		if (*name != '_' && *name != '-')
			out[len++] = small_letter(*name);
	out[len] = '\0';
}

static bool may_hold_hash(const struct drvp_column *column)
{
	return column->kind == DRVP_TEXT || column->kind == DRVP_BYTES;
}

static bool names_previous(const struct drvp_column *column)
{
	return may_hold_hash(column) &&
	       has_word(column->name, before_words, COUNT(before_words)) &&
	       has_word(column->name, hash_words, COUNT(hash_words));
}

/* previous_row_hash follows row_hash: 2; any other hash may do: 1. */
static int rate_hash(const struct drvp_column *column, const struct drvp_column *previous)
{
	char own[128], other[128];

	if (!may_hold_hash(column) || column == previous ||
	    !has_word(column->name, hash_words, COUNT(hash_words)) ||
	    has_word(column->name, before_words, COUNT(before_words)))
		return 0;
	squash(own, sizeof own, column->name);
	squash(other, sizeof other, previous->name);
	for (size_t i = 0; i < COUNT(before_words); i++) {
		char *word = strstr(other, before_words[i]);

		if (!word)
			continue;
		memmove(word, word + strlen(before_words[i]),
			strlen(word + strlen(before_words[i])) + 1);
		break;
	}
	if (!strcmp(own, other))
		return 2;
	return !has_word(column->name, hashed_otherwise, COUNT(hashed_otherwise));
}

bool drvp_names_links(const struct drvp_column *columns, size_t count, size_t *hash,
		      size_t *previous)
{
	int best = 0;

	for (size_t p = 0; p < count; p++)
		for (size_t h = 0; names_previous(&columns[p]) && h < count; h++) {
			int rating = rate_hash(&columns[h], &columns[p]);

			if (rating <= best)
				continue;
			best = rating;
			*hash = h;
			*previous = p;
		}
	return best > 0;
}
