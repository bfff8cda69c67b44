/* recipe_validate.c: refuses recipes that make no sense, and fills in what follows from the rest */
#include <string.h>

#include "chain/recipe.h"
#include "document/item.h"

static void note_size(const struct drvp_digest_spec *spec, void *user)
{
	unsigned *sizes = user;

	*sizes |= 1u << drvp_algorithm_size(spec->algorithm) / 8;
}

static int fail_if(struct drvp_reader *reader, bool wrong, const struct drvp_json *node,
		   const char *message)
{
	return wrong ? drvp_document_fail(reader, node, "%s", message) : 0;
}

/* Whether each form of the preimage holds the previous hash. */
static bool commits(const struct drvp_recipe *recipe)
{
	bool all = recipe->preimage && drvp_expr_covers(recipe->preimage, recipe->previous, true);

	for (size_t i = 0; i < recipe->version_count; i++)
		if (recipe->versions[i].preimage || recipe->versions[i].unchecked)
			all = all && recipe->versions[i].preimage &&
			      drvp_expr_covers(recipe->versions[i].preimage, recipe->previous,
					       true);
	return all;
}

static int validate_forms(struct drvp_reader *reader, const struct drvp_recipe *recipe,
			  const struct drvp_json *node)
{
	bool links = recipe->mode.value == DRVP_MODE_LINKS;
	bool rows = recipe->mode.value == DRVP_MODE_ROWS;
	int status = fail_if(reader, !links && !recipe->preimage, node, "\"preimage\" is missing");

	if (!status)
		status = fail_if(reader, links && (recipe->preimage || recipe->version_count), node,
				 "with \"mode\": \"links\" nothing is hashed, so \"preimage\" and "
				 "\"versions\" have no meaning");
	if (!status)
		status = fail_if(reader, links && (!recipe->hash || !recipe->previous), node,
				 "\"mode\": \"links\" needs \"hash\" and \"previous\"");
	if (!status)
		status = fail_if(reader, rows && !recipe->hash, node,
				 "\"mode\": \"rows\" needs \"hash\"");
	if (!status)
		status = fail_if(reader, rows && recipe->previous, node,
				 "with \"mode\": \"rows\" there is no \"previous\"");
	return status;
}

static int validate_links(struct drvp_reader *reader, const struct drvp_recipe *recipe,
			  const struct drvp_json *node)
{
	bool ordered = recipe->order_by.count || recipe->mode.value == DRVP_MODE_ROWS;
	int status = 0;

	if (recipe->hash && recipe->previous && !strcmp(recipe->hash, recipe->previous))
		return drvp_document_fail(reader, node, "\"hash\" and \"previous\" are the same "
					  "column");
	status = fail_if(reader, !recipe->previous && !ordered, node,
			 "where \"previous\" is not stored, \"order_by\" has to say which entry "
			 "comes before");
	if (!status)
		status = fail_if(reader, !recipe->committed && !ordered, node,
				 "the hashed bytes do not hold the previous hash, so links could be "
				 "rewritten unseen; then \"order_by\" is needed to follow them");
	if (!status)
		status = fail_if(reader, !recipe->previous && !recipe->committed &&
				 recipe->mode.value != DRVP_MODE_ROWS, node,
				 "without \"previous\", and without the previous hash in the bytes, "
				 "nothing links the entries: say \"mode\": \"rows\"");
	return status;
}

static int validate_head(struct drvp_reader *reader, const struct drvp_recipe *recipe,
			 const struct drvp_recorded_head *head, const struct drvp_json *node)
{
	if (!drvp_recipe_is_hash_size(recipe, head->hash.len))
		return drvp_document_fail(reader, node, "the recorded head has %zu bytes, which "
					  "this chain's hashes have not", head->hash.len);
	return fail_if(reader, !head->rows.value, node, "a chain of 0 rows has no head");
}

/* Hashes that the document names, heads aside. len 0: none. */
static int validate_hash(struct drvp_reader *reader, const struct drvp_recipe *recipe, size_t len,
			 const struct drvp_json *node)
{
	if (!len || drvp_recipe_is_hash_size(recipe, len))
		return 0;
	return drvp_document_fail(reader, node, "a recorded hash has %zu bytes, which this chain's "
				  "hashes have not", len);
}

static int validate_hashes(struct drvp_reader *reader, const struct drvp_recipe *recipe,
			   const struct drvp_json *node)
{
	const struct drvp_chain_expect *expect = &recipe->expect;
	int status = validate_hash(reader, recipe, expect->genesis.len, node);

	for (size_t i = 0; !status && i < expect->heads.count; i++)
		status = validate_hash(reader, recipe, expect->heads.list[i].genesis.len, node);
	for (size_t i = 0; !status && i < recipe->known_forks.count; i++)
		status = validate_hash(reader, recipe, recipe->known_forks.list[i].len, node);
	for (size_t i = 0; !status && i < expect->checkpoints.count; i++)
		status = validate_hash(reader, recipe, expect->checkpoints.list[i].hash_len, node);
	return status;
}

static int validate_expect(struct drvp_reader *reader, const struct drvp_recipe *recipe,
			   const struct drvp_json *node)
{
	const struct drvp_chain_expect *expect = &recipe->expect;
	bool partitions = recipe->partition_by.count;
	int status = fail_if(reader, partitions ? expect->head.rows.set || expect->genesis.len :
						  expect->heads.count > 0, node,
			     partitions ? "with \"partition_by\", \"expect\" has \"heads\"" :
					  "without \"partition_by\", \"expect\" has one \"head\"");

	if (!status)
		status = validate_hashes(reader, recipe, node);
	if (!status)
		status = fail_if(reader, recipe->mode.value == DRVP_MODE_ROWS && expect->head.rows.set,
				 node, "with \"mode\": \"rows\" there is no chain that has a head");
	if (!status)
		status = fail_if(reader, expect->checkpoints.count &&
				 (partitions || !recipe->order_by.count), node,
				 "\"checkpoints\" need \"order_by\", and one chain");
	if (!status && expect->head.rows.set)
		status = validate_head(reader, recipe, &expect->head, node);
	for (size_t i = 0; !status && i < expect->heads.count; i++)
		status = expect->heads.list[i].hash.len ?
			validate_head(reader, recipe, &expect->heads.list[i], node) : 0;
	return status;
}

/* What is stored in part cannot be hashed. */
static int refuse_unstored(struct drvp_reader *reader, const struct drvp_recipe *recipe)
{
	const struct drvp_expr *part = recipe->preimage ? drvp_expr_unstored(recipe->preimage) :
							  NULL;

	for (size_t i = 0; !part && i < recipe->version_count; i++)
		if (recipe->versions[i].preimage)
			part = drvp_expr_unstored(recipe->versions[i].preimage);
	return fail_if(reader, part != NULL, part ? part->node : NULL,
		       "\"unstored\" stands for the whole preimage of a chain; for some entries, "
		       "say \"mode\": \"links\" in a version");
}

/* Where the hashed bytes are not stored at all, the links are all there is. */
static void take_unstored(struct drvp_recipe *recipe)
{
	if (!recipe->preimage || recipe->preimage->kind != DRVP_EXPR_UNSTORED)
		return;
	recipe->unstored = recipe->preimage->u.unstored;
	recipe->preimage = NULL;
	recipe->mode = (struct drvp_number){ true, DRVP_MODE_LINKS };
}

/* Rows from the last checkpoint on, which is one of them. */
static int prepare_since(struct drvp_reader *reader, struct drvp_recipe *recipe)
{
	size_t count = recipe->where.count + 1;
	struct drvp_condition *list;

	if (!recipe->expect.last_at || !recipe->committed || !recipe->previous)
		return 0;
	list = drvp_arena_array(reader->arena, count, sizeof *list);
	if (!list)
		return drvp_fail_nomem(reader->err);
	for (size_t i = 0; i + 1 < count; i++)
		list[i] = recipe->where.list[i];
	list[count - 1] = (struct drvp_condition){ recipe->order_by.names[0], DRVP_AT_LEAST,
						   recipe->expect.last_at };
	recipe->since = (struct drvp_conditions){ list, count };
	return 0;
}

int drvp_recipe_validate(struct drvp_reader *reader, struct drvp_recipe *recipe,
			 const struct drvp_json *node, bool documents)
{
	int status;

	if (recipe->filter && !documents)
		return drvp_document_fail(reader, recipe->filter, "\"filter\" is for MongoDB; use "
					  "\"where\"");
	if (recipe->body && documents)
		return drvp_document_fail(reader, drvp_json_member(node, "join"),
					  "\"join\" is for PostgreSQL");
	take_unstored(recipe);
	status = refuse_unstored(reader, recipe);
	if (!status)
		status = validate_forms(reader, recipe, node);
	if (status)
		return status;
	recipe->committed = commits(recipe);
	drvp_recipe_digests(recipe, note_size, &recipe->hash_sizes);
	status = validate_links(reader, recipe, node);
	if (!status)
		status = validate_expect(reader, recipe, node);
	return status ? status : prepare_since(reader, recipe);
}
