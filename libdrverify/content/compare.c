/* compare.c: names the rows in which a table differs from its sidecar */
#include "content/compare.h"

#include <stdlib.h>
#include <string.h>

/* The key of the rows of one side that have no equal on the other. */
struct label {
	bool known, ambiguous;
	size_t len;
	char text[DRVP_KEY_TEXT_MAX];
};

struct side {
	struct drvp_trace now;
	bool there;                  /* now holds the next row */
	uint64_t alone;              /* rows with the current key without an equal */
	struct label label;
};

struct compare {
	struct drvp_sidecar *sidecar;
	struct drvp_spool *spool;
	drvp_key_filter_fn filter;
	drvp_difference_fn tell;
	void *user;
	struct drvp_comparison *sums;
	struct drv_error *err;
	struct side was, is;
	uint64_t *lone;              /* digests of the first rows of is that are alone */
};

/* Enough to name as many that changed, and as many that are extra. */
#define LONE_MAX ((size_t)2 * DRVP_DIFFERENCE_DIGESTS)

static int next_was(struct compare *c)
{
	int status = drvp_sidecar_next(c->sidecar, &c->was.now, c->filter, c->user, c->err);

	c->was.there = status > 0;
	return status < 0 ? status : 0;
}

static int next_is(struct compare *c)
{
	int status;

	do
		status = drvp_spool_next(c->spool, &c->is.now, c->err);
	while (status > 0 && c->filter && !c->filter(c->is.now.key, c->is.now.key, c->user));
	c->is.there = status > 0;
	return status < 0 ? status : 0;
}

/* ------------------------------------------------------------------ rows with one key */

static void note_alone(struct side *side)
{
	const struct drvp_trace *now = &side->now;
	struct label *label = &side->label;

	if (!side->alone++) {
		label->known = now->text != NULL;
		label->ambiguous = false;
		label->len = now->text_len;
		if (now->text)
			memcpy(label->text, now->text, now->text_len);
	} else if (label->known != !!now->text || label->len != now->text_len ||
		   (now->text && memcmp(label->text, now->text, now->text_len))) {
		label->ambiguous = true;
	}
}

static void note_alone_now(struct compare *c)
{
	if (c->is.alone < LONE_MAX)
		c->lone[c->is.alone] = c->is.now.digest;
	note_alone(&c->is);
}

static bool has(const struct side *side, uint64_t key)
{
	return side->there && side->now.key == key;
}

/* Puts equal digests together, in one pass, as both sides are in order of them. */
static int pair(struct compare *c, uint64_t key)
{
	bool was = has(&c->was, key), is = has(&c->is, key);
	int status = 0;

	c->was.alone = c->is.alone = 0;
	while (!status && (was || is)) {
		bool no_is = was && (!is || c->was.now.digest < c->is.now.digest);
		bool no_was = is && (!was || c->is.now.digest < c->was.now.digest);

		if (no_is)
			note_alone(&c->was);
		else if (no_was)
			note_alone_now(c);
		else
			c->sums->same++;
		if (!no_was)
			status = next_was(c);
		if (!no_is && !status)
			status = next_is(c);
		was = has(&c->was, key);
		is = has(&c->is, key);
	}
	return status;
}

/* ------------------------------------------------------------------ telling */

static bool names(const struct label *label)
{
	return label->known && !label->ambiguous;
}

/* The label of rows that changed; NULL when it is not known, or not which of two. */
static const struct label *changed_label(const struct compare *c)
{
	const struct label *was = &c->was.label, *is = &c->is.label;

	if (was->ambiguous || is->ambiguous)
		return NULL;
	if (was->known && is->known &&
	    (was->len != is->len || memcmp(was->text, is->text, was->len)))
		return NULL;
	return was->known ? was : is->known ? is : NULL;
}

/* Rows that changed come first among those that are alone, as far as their digests are kept. */
static void give_digests(struct drvp_difference *difference, const struct compare *c)
{
	size_t kept = c->is.alone < LONE_MAX ? (size_t)c->is.alone : LONE_MAX;
	uint64_t changed = c->was.alone < c->is.alone ? c->was.alone : c->is.alone;
	size_t first = changed < DRVP_DIFFERENCE_DIGESTS ? (size_t)changed : DRVP_DIFFERENCE_DIGESTS;

	if (difference->kind == DRVP_ROW_CHANGED) {
		difference->digests = c->lone;
		difference->digest_count = first;
	} else if (difference->kind == DRVP_ROW_EXTRA) {
		difference->digests = c->lone + first;
		difference->digest_count = kept - first < DRVP_DIFFERENCE_DIGESTS ?
						   kept - first : DRVP_DIFFERENCE_DIGESTS;
	}
}

static int tell(struct compare *c, int kind, uint64_t key, uint64_t rows,
		const struct label *label)
{
	struct drvp_difference difference = { .kind = kind, .key = key, .rows = rows };

	if (!rows || !c->tell)
		return 0;
	give_digests(&difference, c);
	if (label && names(label)) {
		difference.text = label->text;
		difference.text_len = label->len;
	}
	return c->tell(&difference, c->user);
}

static int judge(struct compare *c, uint64_t key)
{
	uint64_t was = c->was.alone, is = c->is.alone, changed = was < is ? was : is;
	int status = 0;

	c->sums->changed += changed;
	c->sums->missing += was - changed;
	c->sums->extra += is - changed;
	if (changed)
		status = tell(c, DRVP_ROW_CHANGED, key, changed, changed_label(c));
	if (!status)
		status = tell(c, DRVP_ROW_MISSING, key, was - changed, &c->was.label);
	if (!status)
		status = tell(c, DRVP_ROW_EXTRA, key, is - changed, &c->is.label);
	return status;
}

int drvp_compare(struct drvp_comparison *out, struct drvp_sidecar *was, struct drvp_spool *is,
		 drvp_key_filter_fn filter, drvp_difference_fn tell_fn, void *user,
		 struct drv_error *err)
{
	struct compare c = { .sidecar = was, .spool = is, .filter = filter, .tell = tell_fn,
			     .user = user, .sums = out, .err = err };
	int status = drvp_spool_rewind(is, err);

	memset(out, 0, sizeof *out);
	drvp_sidecar_rewind(was);
	c.lone = calloc(LONE_MAX, sizeof *c.lone);
	if (!c.lone && !status)
		status = drvp_fail_nomem(err);
	if (!status)
		status = next_was(&c);
	if (!status)
		status = next_is(&c);
	while (!status && (c.was.there || c.is.there)) {
		uint64_t key = c.was.there ? c.was.now.key : c.is.now.key;

		if (c.is.there && c.is.now.key < key)
			key = c.is.now.key;
		status = pair(&c, key);
		if (!status)
			status = judge(&c, key);
	}
	free(c.lone);
	return status;
}
