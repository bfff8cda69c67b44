/* recipe.c: how an application chains its audit log: the members of an audit_chain check */
#include "chain/recipe.h"

#include <string.h>

#include "chain/expr_value.h"
#include "chain/json_text.h"
#include "chain/recipe_read.h"

/* ------------------------------------------------------------------ fields */

#define FIELD(type, member_name) .offset = offsetof(struct type, member_name)
#define CUSTOM(reader, definition) \
	.kind = DRVP_FIELD_CUSTOM, .read = reader, .schema = definition

static const char *const encodings[] = { "hex", "base64", "bytes", NULL };
static const char *const fronts[] = { "genesis", "pruned", NULL };
static const char *const modes[] = { "content", "links", "rows", NULL };

static const struct drvp_field genesis_fields[] = {
	{ .name = "stored", CUSTOM(drvp_genesis_stored_read, "genesis_stored"),
	  FIELD(drvp_genesis, stored),
	  .help = "The previous hash that the first entry stores: null when absent." },
	{ .name = "hashed", CUSTOM(drvp_genesis_hashed_read, "genesis_hashed"),
	  FIELD(drvp_genesis, hashed),
	  .help = "What stood for it when the first entry was hashed." },
	{ 0 }
};

static const struct drvp_field expect_fields[] = {
	{ .name = "head", .kind = DRVP_FIELD_OBJECT, .fields = drvp_head_fields,
	  FIELD(drvp_chain_expect, head),
	  .help = "Where the chain ended; without it a cut tail cannot be seen." },
	{ .name = "heads", CUSTOM(drvp_recorded_heads_read, "partition_heads"),
	  FIELD(drvp_chain_expect, heads), .help = "The same for the chain of each partition." },
	{ .name = "checkpoints", CUSTOM(drvp_checkpoints_read, "checkpoints"),
	  .help = "Where the chain was before, in its order." },
	{ .name = "genesis", CUSTOM(drvp_hex_read, "hex"), FIELD(drvp_chain_expect, genesis),
	  .help = "What the first entry refers to, where older ones were pruned." },
	{ 0 }
};

const struct drvp_field drvp_recipe_fields[] = {
	{ .name = "hash", .kind = DRVP_FIELD_COLUMN, FIELD(drvp_recipe, hash),
	  .help = "The column with an entry's own hash; absent where only the next one stores it." },
	{ .name = "previous", .kind = DRVP_FIELD_COLUMN, FIELD(drvp_recipe, previous),
	  .help = "The column with the hash of the entry before; absent where none is stored." },
	{ .name = "preimage", CUSTOM(drvp_expr_read, "expression"), FIELD(drvp_recipe, preimage),
	  .help = "The bytes that were hashed." },
	{ .name = "versions", CUSTOM(drvp_versions_read, "versions"),
	  .help = "Entries that were hashed in another way." },
	{ .name = "genesis", .kind = DRVP_FIELD_OBJECT, .fields = genesis_fields,
	  FIELD(drvp_recipe, genesis), .help = "How the first entry, which has none before, "
	    "does." },
	{ .name = "digest", CUSTOM(drvp_digest_choice_read, "digest"), FIELD(drvp_recipe, digest),
	  .help = "sha256 when absent." },
	{ .name = "encoding", .kind = DRVP_FIELD_CHOICE, .choices = encodings,
	  FIELD(drvp_recipe, encoding), .help = "How hashes are stored: hex when absent." },
	{ .name = "mode", .kind = DRVP_FIELD_CHOICE, .choices = modes, FIELD(drvp_recipe, mode),
	  .help = "links: what was hashed is not stored; rows: entries are not linked." },
	{ .name = "order_by", .kind = DRVP_FIELD_COLUMNS, FIELD(drvp_recipe, order_by),
	  .help = "The order of entries; a chain whose hashes cover the previous one stands "
	    "without it." },
	{ .name = "partition_by", .kind = DRVP_FIELD_COLUMNS, FIELD(drvp_recipe, partition_by),
	  .help = "Each value of these columns has a chain of its own." },
	{ .name = "join", CUSTOM(drvp_body_read, "join"), FIELD(drvp_recipe, body),
	  .help = "PostgreSQL: a second table that holds the rest of each entry." },
	{ .name = "where", CUSTOM(drvp_conditions_read, "where"), FIELD(drvp_recipe, where),
	  .help = "Which rows are entries of the chain." },
	{ .name = "filter", CUSTOM(drvp_filter_read, "filter"), FIELD(drvp_recipe, filter),
	  .help = "MongoDB: which documents are entries of the chain." },
	{ .name = "front", .kind = DRVP_FIELD_CHOICE, .choices = fronts,
	  FIELD(drvp_recipe, front),
	  .help = "pruned: old entries are removed on purpose, so the first may have gone." },
	{ .name = "known_forks", CUSTOM(drvp_hashes_read, "hashes"),
	  FIELD(drvp_recipe, known_forks),
	  .help = "Hashes that several entries are known to claim as their predecessor." },
	{ .name = "expect", .kind = DRVP_FIELD_OBJECT, .fields = expect_fields,
	  FIELD(drvp_recipe, expect), .help = "What was recorded." },
	{ 0 }
};

/* ------------------------------------------------------------------ digests */

static const struct drvp_digest_spec plain_sha256 = { DRVP_SHA256, NULL };

static void visit_choice(const struct drvp_digest_choice *choice,
			 void (*visit)(const struct drvp_digest_spec *spec, void *user), void *user)
{
	if (!choice->case_count)
		visit(&plain_sha256, user);
	for (size_t i = 0; i < choice->case_count; i++)
		visit(&choice->cases[i].digest, user);
}

void drvp_recipe_digests(const struct drvp_recipe *recipe,
			 void (*visit)(const struct drvp_digest_spec *spec, void *user), void *user)
{
	visit_choice(&recipe->digest, visit, user);
	for (size_t i = 0; i < recipe->version_count; i++)
		if (recipe->versions[i].own_digest)
			visit_choice(&recipe->versions[i].digest, visit, user);
}

static void look_for_key(const struct drvp_digest_spec *spec, void *user)
{
	*(bool *)user |= spec->key != NULL;
}

bool drvp_recipe_has_key(const struct drvp_recipe *recipe)
{
	bool found = false;

	drvp_recipe_digests(recipe, look_for_key, &found);
	return found;
}

/* ------------------------------------------------------------------ partitions */

void drvp_partition_put(struct drvp_strbuf *key, const char *bytes, size_t len)
{
	drvp_strbuf_char(key, key->len ? ',' : '[');
	if (bytes)
		drvp_json_print_string(key, drvp_json_style_named("jcs"), bytes, len);
	else
		drvp_strbuf_str(key, "null");
}

void drvp_partition_end(struct drvp_strbuf *key)
{
	drvp_strbuf_char(key, ']');
}

const struct drvp_recorded_head *drvp_recipe_head(const struct drvp_recipe *recipe,
						  const char *partition, size_t len)
{
	const struct drvp_recorded_heads *heads = &recipe->expect.heads;
	size_t low = 0, high = heads->count;

	if (!recipe->partition_by.count)
		return recipe->expect.head.rows.set ? &recipe->expect.head : NULL;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct drvp_bytes *name = &heads->list[middle].partition;
		int order = memcmp(name->bytes, partition, name->len < len ? name->len : len);

		if (!order && name->len == len)
			return &heads->list[middle];
		if (order < 0 || (!order && name->len < len))
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const struct drvp_bytes *drvp_recipe_anchor(const struct drvp_recipe *recipe,
					    const char *partition, size_t len)
{
	const struct drvp_bytes *anchor = &recipe->expect.genesis;
	const struct drvp_recorded_head *head;

	if (recipe->partition_by.count) {
		head = drvp_recipe_head(recipe, partition, len);
		anchor = head ? &head->genesis : NULL;
	}
	return anchor && anchor->len ? anchor : NULL;
}

/* ------------------------------------------------------------------ columns */

static void visit_name(const char *name, void (*visit)(const char *column, void *user), void *user)
{
	if (name)
		visit(name, user);
}

static void visit_names(const struct drvp_names *names,
			void (*visit)(const char *column, void *user), void *user)
{
	for (size_t i = 0; i < names->count; i++)
		visit(names->names[i], user);
}

static void visit_conditions(const struct drvp_conditions *conditions,
			     void (*visit)(const char *column, void *user), void *user)
{
	for (size_t i = 0; i < conditions->count; i++)
		visit(conditions->list[i].column, user);
}

void drvp_recipe_columns(const struct drvp_recipe *recipe,
			 void (*visit)(const char *column, void *user), void *user)
{
	visit_name(recipe->hash, visit, user);
	visit_name(recipe->previous, visit, user);
	visit_name(recipe->digest.column, visit, user);
	visit_names(&recipe->order_by, visit, user);
	visit_names(&recipe->partition_by, visit, user);
	visit_conditions(&recipe->where, visit, user);
	if (recipe->preimage)
		drvp_expr_columns(recipe->preimage, visit, user);
	for (size_t i = 0; i < recipe->version_count; i++) {
		const struct drvp_version *version = &recipe->versions[i];

		visit_conditions(&version->when, visit, user);
		visit_name(version->digest.column, visit, user);
		if (version->preimage)
			drvp_expr_columns(version->preimage, visit, user);
	}
}
