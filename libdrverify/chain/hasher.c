/* hasher.c: the digests that the entries of a chain are made with */
#include "chain/hasher.h"

#include <stdlib.h>
#include <string.h>

struct slot {
	const struct drvp_digest_spec *spec;
	struct drvp_digester *digester;
};

struct drvp_hasher {
	struct slot *slots;
	size_t count;
	const struct drvp_settings *settings;
	struct drv_error *err;       /* while it is made */
	int status;
};

static bool same_key(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static struct drvp_digester *find(const struct drvp_hasher *hasher,
				  const struct drvp_digest_spec *spec)
{
	for (size_t i = 0; i < hasher->count; i++)
		if (hasher->slots[i].spec == spec ||
		    (hasher->slots[i].spec->algorithm == spec->algorithm &&
		     same_key(hasher->slots[i].spec->key, spec->key)))
			return hasher->slots[i].digester;
	return NULL;
}

/* ------------------------------------------------------------------ keys */

struct key_search {
	const struct drvp_settings *settings;
	const char *missing;
};

static void look_for_key(const struct drvp_digest_spec *spec, void *user)
{
	struct key_search *search = user;

	if (!search->missing && spec->key && !drvp_secret_find(search->settings, spec->key))
		search->missing = spec->key;
}

const char *drvp_hasher_missing_key(const struct drvp_recipe *recipe,
				    const struct drvp_settings *settings)
{
	struct key_search search = { settings, NULL };

	if (recipe->mode.value != DRVP_MODE_LINKS)
		drvp_recipe_digests(recipe, look_for_key, &search);
	return search.missing;
}

/* ------------------------------------------------------------------ making one */

static int open_digester(struct drvp_hasher *hasher, const struct drvp_digest_spec *spec,
			 struct drvp_digester **out)
{
	const struct drvp_secret *secret;

	if (!spec->key)
		return drvp_digester_new(out, spec->algorithm, NULL, 0, hasher->err);
	secret = drvp_secret_find(hasher->settings, spec->key);
	/* An empty key is still a key, and no plain hash. */
	return drvp_digester_new(out, spec->algorithm,
				 secret->len ? (const void *)secret->bytes : "", secret->len,
				 hasher->err);
}

static void add(const struct drvp_digest_spec *spec, void *user)
{
	struct drvp_hasher *hasher = user;
	struct slot *grown;

	if (hasher->status || find(hasher, spec))
		return;
	grown = realloc(hasher->slots, (hasher->count + 1) * sizeof *grown);
	if (!grown) {
		hasher->status = drvp_fail_nomem(hasher->err);
		return;
	}
	hasher->slots = grown;
	grown[hasher->count] = (struct slot){ spec, NULL };
	hasher->status = open_digester(hasher, spec, &grown[hasher->count].digester);
	if (!hasher->status)
		hasher->count++;
}

int drvp_hasher_new(struct drvp_hasher **out, const struct drvp_recipe *recipe,
		    const struct drvp_settings *settings, struct drv_error *err)
{
	struct drvp_hasher *hasher = calloc(1, sizeof *hasher);
	int status;

	*out = NULL;
	if (!hasher)
		return drvp_fail_nomem(err);
	hasher->settings = settings;
	hasher->err = err;
	drvp_recipe_digests(recipe, add, hasher);
	status = hasher->status;
	if (status)
		drvp_hasher_free(&hasher);
	*out = hasher;
	return status;
}

void drvp_hasher_free(struct drvp_hasher **hasher)
{
	struct drvp_hasher *h = *hasher;

	if (!h)
		return;
	for (size_t i = 0; i < h->count; i++)
		drvp_digester_free(&h->slots[i].digester);
	free(h->slots);
	free(h);
	*hasher = NULL;
}

int drvp_hash(struct drvp_hasher *hasher, const struct drvp_digest_spec *spec, const void *bytes,
	      size_t len, uint8_t *out, size_t *size)
{
	struct drvp_digester *digester = find(hasher, spec);

	*size = drvp_digest_size(digester);
	return drvp_digest(digester, bytes, len, out);
}
