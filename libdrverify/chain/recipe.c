/* recipe.c: how an application chains its audit log: the members of an audit_chain check */
#include "chain/recipe.h"

#include <string.h>

#include "chain/expr_value.h"

/* ------------------------------------------------------------------ readers */

static const struct drvp_field text_form[] = {
	{ .name = "text", .kind = DRVP_FIELD_CUSTOM, .flags = DRVP_REQUIRED,
	  .read = drvp_text_read, .schema = "text" },
	{ 0 }
};

static const struct drvp_field hex_form[] = {
	{ .name = "hex", .kind = DRVP_FIELD_CUSTOM, .flags = DRVP_REQUIRED,
	  .read = drvp_hex_read, .schema = "hex" },
	{ 0 }
};

static int read_stored(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	struct drvp_genesis_stored *stored = out;

	stored->set = value->type != DRVP_JSON_NULL;
	if (!stored->set)
		return 0;
	if (value->type == DRVP_JSON_OBJECT)
		return drvp_fields_read_one(reader, value, hex_form, &stored->value);
	return drvp_text_read(reader, value, &stored->value);
}

static int read_hashed(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	struct drvp_genesis_text *hashed = out;

	if (value->type == DRVP_JSON_OBJECT && drvp_json_member(value, "hex")) {
		hashed->kind = DRVP_GENESIS_BYTES;
		return drvp_fields_read_one(reader, value, hex_form, &hashed->value);
	}
	hashed->kind = drvp_json_is(value, "absent") ? DRVP_GENESIS_ABSENT :
		       drvp_json_is(value, "as stored") ? DRVP_GENESIS_AS_STORED :
							  DRVP_GENESIS_TEXT;
	if (value->type == DRVP_JSON_OBJECT)
		return drvp_fields_read_one(reader, value, text_form, &hashed->value);
	return drvp_text_read(reader, value, &hashed->value);
}

static const char *const algorithms[] = { "sha256", "sha384", "sha512", NULL };

struct written_hmac {
	struct drvp_number hmac;
	const char *key;
};

const struct drvp_field drvp_hmac_fields[] = {
	{ .name = "hmac", .kind = DRVP_FIELD_CHOICE, .flags = DRVP_REQUIRED, .choices = algorithms,
	  .offset = offsetof(struct written_hmac, hmac), .help = "The hash under the HMAC." },
	{ .name = "key", .kind = DRVP_FIELD_TEXT, .flags = DRVP_REQUIRED,
	  .offset = offsetof(struct written_hmac, key),
	  .help = "The name under which the key is given; the key itself never stands here." },
	{ 0 }
};

static int read_digest(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	struct drvp_digest_spec *spec = out;
	struct written_hmac written = { 0 };
	int status;

	for (int i = 0; algorithms[i]; i++)
		if (drvp_json_is(value, algorithms[i])) {
			spec->algorithm = i;
			return 0;
		}
	if (value->type != DRVP_JSON_OBJECT)
		return drvp_document_fail(reader, value, "expected \"sha256\", \"sha384\", "
					  "\"sha512\" or { \"hmac\": one of them, \"key\": NAME }");
	status = drvp_fields_read_one(reader, value, drvp_hmac_fields, &written);
	spec->algorithm = (int)written.hmac.value;
	spec->key = written.key;
	return status;
}

static int refuse(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	(void)out;
	return drvp_document_fail(reader, value, "\"%s\" is not supported by this version",
				  value->key);
}

/* ------------------------------------------------------------------ fields */

#define FIELD(type, member_name) .offset = offsetof(struct type, member_name)
#define CUSTOM(reader, definition) \
	.kind = DRVP_FIELD_CUSTOM, .read = reader, .schema = definition

static const char *const encodings[] = { "hex", "base64", "bytes", NULL };
static const char *const fronts[] = { "genesis", "pruned", NULL };

const struct drvp_field drvp_genesis_fields[] = {
	{ .name = "stored", CUSTOM(read_stored, "genesis_stored"), FIELD(drvp_genesis, stored),
	  .help = "The previous hash that the first entry stores: null when absent." },
	{ .name = "hashed", CUSTOM(read_hashed, "genesis_hashed"), FIELD(drvp_genesis, hashed),
	  .help = "What stood for it when the first entry was hashed." },
	{ 0 }
};

static const struct drvp_field head_fields[] = {
	{ .name = "rows", .kind = DRVP_FIELD_UINT, .flags = DRVP_REQUIRED,
	  FIELD(drvp_recorded_head, rows), .help = "How many entries the chain had." },
	{ .name = "hash", CUSTOM(drvp_hex_read, "hex"), .flags = DRVP_REQUIRED,
	  FIELD(drvp_recorded_head, hash), .help = "The hash of its last entry." },
	{ 0 }
};

static const struct drvp_field expect_fields[] = {
	{ .name = "head", .kind = DRVP_FIELD_OBJECT, .fields = head_fields,
	  FIELD(drvp_chain_expect, head),
	  .help = "Where the chain ended; without it a cut tail cannot be seen." },
	{ 0 }
};

const struct drvp_field drvp_recipe_fields[] = {
	{ .name = "hash", .kind = DRVP_FIELD_COLUMN, .flags = DRVP_REQUIRED,
	  FIELD(drvp_recipe, hash), .help = "The column with an entry's own hash." },
	{ .name = "previous", .kind = DRVP_FIELD_COLUMN, .flags = DRVP_REQUIRED,
	  FIELD(drvp_recipe, previous), .help = "The column with the hash of the entry before." },
	{ .name = "preimage", CUSTOM(drvp_expr_read, "expression"), .flags = DRVP_REQUIRED,
	  FIELD(drvp_recipe, preimage), .help = "The bytes that were hashed." },
	{ .name = "genesis", .kind = DRVP_FIELD_OBJECT, .fields = drvp_genesis_fields,
	  FIELD(drvp_recipe, genesis), .help = "How the first entry, which has none before, "
	    "does." },
	{ .name = "digest", CUSTOM(read_digest, "digest"), FIELD(drvp_recipe, digest),
	  .help = "sha256 when absent." },
	{ .name = "encoding", .kind = DRVP_FIELD_CHOICE, .choices = encodings,
	  FIELD(drvp_recipe, encoding), .help = "How hashes are stored: hex when absent." },
	{ .name = "order_by", .kind = DRVP_FIELD_COLUMNS, FIELD(drvp_recipe, order_by),
	  .help = "The order of entries, to say where damage begins; links do not depend on it." },
	{ .name = "where", CUSTOM(drvp_conditions_read, "where"), FIELD(drvp_recipe, where),
	  .help = "Which rows are entries of the chain." },
	{ .name = "filter", CUSTOM(drvp_filter_read, "filter"), FIELD(drvp_recipe, filter),
	  .help = "MongoDB: which documents are entries of the chain." },
	{ .name = "front", .kind = DRVP_FIELD_CHOICE, .choices = fronts,
	  FIELD(drvp_recipe, front),
	  .help = "pruned: old entries are removed on purpose, so the first may have gone." },
	{ .name = "expect", .kind = DRVP_FIELD_OBJECT, .fields = expect_fields,
	  FIELD(drvp_recipe, expect), .help = "What was recorded." },
	{ .name = "join", CUSTOM(refuse, "unsupported"), .help = "Not in this version." },
	{ .name = "partition_by", CUSTOM(refuse, "unsupported"), .help = "Not in this version." },
	{ .name = "versions", CUSTOM(refuse, "unsupported"), .help = "Not in this version." },
	{ .name = "mode", CUSTOM(refuse, "unsupported"), .help = "Not in this version." },
	{ 0 }
};

/* ------------------------------------------------------------------ the rest */

size_t drvp_recipe_hash_size(const struct drvp_recipe *recipe)
{
	static const size_t sizes[] = { [DRVP_SHA256] = 32, [DRVP_SHA384] = 48,
					[DRVP_SHA512] = 64 };

	return sizes[recipe->digest.algorithm];
}

int drvp_recipe_validate(struct drvp_reader *reader, const struct drvp_recipe *recipe,
			 const struct drvp_json *node, bool documents)
{
	const struct drvp_recorded_head *head = &recipe->expect.head;

	if (recipe->filter && !documents)
		return drvp_document_fail(reader, recipe->filter, "\"filter\" is for MongoDB; use "
					  "\"where\"");
	if (!strcmp(recipe->hash, recipe->previous))
		return drvp_document_fail(reader, node, "\"hash\" and \"previous\" are the same "
					  "column");
	if (!drvp_expr_covers(recipe->preimage, recipe->previous, true))
		return drvp_document_fail(reader, recipe->preimage->node, "the hashed bytes do not "
					  "hold the previous hash, so that links could be "
					  "rewritten "
					  "unseen; such chains are not supported by this version");
	if (head->rows.set && head->hash.len != drvp_recipe_hash_size(recipe))
		return drvp_document_fail(reader, node, "the recorded head has %zu bytes, but this "
					  "chain's hashes have %zu", head->hash.len,
					  drvp_recipe_hash_size(recipe));
	if (head->rows.set && !head->rows.value)
		return drvp_document_fail(reader, node, "a chain of 0 rows has no head");
	return 0;
}

void drvp_recipe_columns(const struct drvp_recipe *recipe,
			 void (*visit)(const char *column, void *user), void *user)
{
	visit(recipe->hash, user);
	visit(recipe->previous, user);
	for (size_t i = 0; i < recipe->order_by.count; i++)
		visit(recipe->order_by.names[i], user);
	for (size_t i = 0; i < recipe->where.count; i++)
		visit(recipe->where.list[i].column, user);
	drvp_expr_columns(recipe->preimage, visit, user);
}
