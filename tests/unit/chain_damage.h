/* chain_damage.h: short chains, and every way to damage one */
#ifndef CHAIN_DAMAGE_H
#define CHAIN_DAMAGE_H

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define LONGEST 6
#define MOST 16                      /* rows after two mutations */

/* ------------------------------------------------------------------ a chain */

struct entry {
	int64_t seq;
	char data[8];
	char previous[65];               /* "": NULL */
	char hash[65];
};

struct chain {
	size_t count;
	struct entry entries[MOST];
	int64_t next_seq;
};

static inline void hash_of(char out[65], const struct entry *e)
{
	unsigned char digest[32];
	unsigned int len;
	char text[128];
	int size = snprintf(text, sizeof text, "%s|%lld|%s", e->previous, (long long)e->seq,
			    e->data);

	assert_int_equal(1, EVP_Digest(text, (size_t)size, digest, &len, EVP_sha256(), NULL));
	for (unsigned int i = 0; i < len; i++)
		sprintf(out + 2 * i, "%02x", digest[i]);
}

static inline void append(struct chain *c, const char *previous, const char *data)
{
	struct entry *e = &c->entries[c->count++];

	assert_true(c->count <= MOST);
	memset(e, 0, sizeof *e);
	e->seq = c->next_seq++;
	strcpy(e->data, data);
	strcpy(e->previous, previous);
	hash_of(e->hash, e);
}

static inline void build(struct chain *c, size_t length)
{
	memset(c, 0, sizeof *c);
	c->next_seq = 10;
	for (size_t i = 0; i < length; i++)
		append(c, i ? c->entries[i - 1].hash : "", "data");
}

/* ------------------------------------------------------------------ damage */

/* Each does its harm at entry i (and j), or returns false when there is nothing to harm. */
static bool intact(struct chain *c, size_t i, size_t j)
{
	(void)c;
	return !i && !j;
}

static bool delete_one(struct chain *c, size_t i, size_t j)
{
	if (j || i >= c->count)
		return false;
	c->count--;
	memmove(&c->entries[i], &c->entries[i + 1], (c->count - i) * sizeof *c->entries);
	return true;
}

static bool duplicate(struct chain *c, size_t i, size_t j)
{
	if (i >= c->count || j >= c->count)
		return false;
	c->entries[c->count++] = c->entries[i];
	return j == 0;
}

static bool swap_previous(struct chain *c, size_t i, size_t j)
{
	char kept[65];

	if (i >= j || j >= c->count)
		return false;
	strcpy(kept, c->entries[i].previous);
	strcpy(c->entries[i].previous, c->entries[j].previous);
	strcpy(c->entries[j].previous, kept);
	return true;
}

static bool swap_rows(struct chain *c, size_t i, size_t j)
{
	struct entry kept;

	if (i >= j || j >= c->count)
		return false;
	kept = c->entries[i];
	c->entries[i] = c->entries[j];
	c->entries[j] = kept;
	return true;
}

static bool edit(struct chain *c, size_t i, size_t j)
{
	if (j || i >= c->count)
		return false;
	strcpy(c->entries[i].data, "edited");
	return true;
}

static bool edit_hash(struct chain *c, size_t i, size_t j)
{
	if (j || i >= c->count)
		return false;
	c->entries[i].hash[5] = c->entries[i].hash[5] == 'a' ? 'b' : 'a';
	return true;
}

static bool edit_and_rehash(struct chain *c, size_t i, size_t j)
{
	if (j || i >= c->count)
		return false;
	strcpy(c->entries[i].data, "edited");
	hash_of(c->entries[i].hash, &c->entries[i]);
	return true;
}

static bool unlink_one(struct chain *c, size_t i, size_t j)
{
	if (j || i >= c->count)
		return false;
	c->entries[i].previous[0] = '\0';
	hash_of(c->entries[i].hash, &c->entries[i]);
	return true;
}

static bool fork_at(struct chain *c, size_t i, size_t j)
{
	if (j || i >= c->count)
		return false;
	append(c, c->entries[i].hash, "fork");
	return true;
}

static bool new_genesis(struct chain *c, size_t i, size_t j)
{
	if (i || j)
		return false;
	append(c, "", "again");
	return true;
}

/* A forged entry between i and the next, which gets a right hash again. */
static bool splice(struct chain *c, size_t i, size_t j)
{
	size_t forged = c->count;

	if (j || i + 1 >= c->count)
		return false;
	append(c, c->entries[i].hash, "forged");
	strcpy(c->entries[i + 1].previous, c->entries[forged].hash);
	hash_of(c->entries[i + 1].hash, &c->entries[i + 1]);
	return true;
}

static bool cut_front(struct chain *c, size_t i, size_t j)
{
	if (j || i >= c->count)
		return false;
	c->count -= i + 1;
	memmove(c->entries, c->entries + i + 1, c->count * sizeof *c->entries);
	return true;
}

static bool cut_tail(struct chain *c, size_t i, size_t j)
{
	if (j || i >= c->count)
		return false;
	c->count -= i + 1;
	return true;
}

static bool grow(struct chain *c, size_t i, size_t j)
{
	if (i || j || !c->count)
		return false;
	append(c, c->entries[c->count - 1].hash, "more");
	return true;
}

typedef bool (*damage_fn)(struct chain *c, size_t i, size_t j);

static const struct {
	const char *name;
	damage_fn damage;
} damages[] = {
	{ "intact", intact }, { "delete", delete_one }, { "duplicate", duplicate },
	{ "swap previous", swap_previous }, { "swap rows", swap_rows }, { "edit", edit },
	{ "edit hash", edit_hash }, { "edit and rehash", edit_and_rehash },
	{ "unlink", unlink_one }, { "fork", fork_at }, { "new genesis", new_genesis },
	{ "splice", splice }, { "cut front", cut_front }, { "cut tail", cut_tail },
	{ "grow", grow },
};

#define DAMAGES (sizeof damages / sizeof *damages)

#endif
