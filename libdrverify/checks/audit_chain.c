/* audit_chain.c: a hash-chained log is whole: no entry edited, removed, inserted or moved */
#include <string.h>

#include "chain/hasher.h"
#include "chain/links.h"
#include "chain/verify.h"
#include "checks/chain_judge.h"

static const struct drv_explanation codes[] = {
	{ "chain.hash_mismatch", DRV_FAIL,
	  "Entries are not what their own hash says: a value that the hash covers was changed.",
	  "Somebody edited the log, a restore filled a column from another version, or a "
	  "migration rewrote values after they had been hashed.",
	  "Look at the rows that are named (--show-keys) and compare them with another backup; "
	  "keep this copy as evidence." },
	{ "chain.link_broken", DRV_FAIL,
	  "Entries refer to a predecessor that is not there.",
	  "Rows were deleted, inserted or moved, the restore lost pages in the middle of the "
	  "table, or a predecessor's hash was overwritten (then chain.hash_mismatch names it).",
	  "The missing entries stood right before the rows that are named; look for them in "
	  "another backup or in a replica." },
	{ "chain.duplicate", DRV_FAIL, "The same entry is there more than once.",
	  "Data was loaded twice, or into a table that was not empty; a missing unique index "
	  "lets it.",
	  "Empty the table and restore it once; compare the row count with the baseline." },
	{ "chain.order", DRV_FAIL,
	  "Entries stand before the one that they refer to.",
	  "Rows were moved or renumbered, or links were rewritten: the hashes of this log do not "
	  "cover the link, so nothing but the order shows it.",
	  "Compare the rows that are named with another backup; keep this copy as evidence." },
	{ "chain.preimage_differs", DRV_FAIL,
	  "The bytes that were hashed are stored, and say something else than the columns.",
	  "Somebody edited a column, and left the stored bytes and their hash alone.",
	  "Look at the rows that are named: the stored bytes are what the application wrote." },
	{ "chain.fork", DRV_WARN,
	  "Several entries claim the same predecessor. Every one of them is intact.",
	  "Two writers read the same latest entry at the same time and both appended to it. It "
	  "happens where the application takes no lock, without anybody tampering.",
	  "Compare the named rows' times: milliseconds apart is two writers; otherwise ask where "
	  "the later one came from. The application should serialise its writers." },
	{ "chain.null_hash", DRV_FAIL, "Entries have no hash.",
	  "The hash column was not restored, or rows were written past the application.",
	  "Look at the rows that are named; restore the column from another backup." },
	{ "chain.null_previous", DRV_FAIL,
	  "More entries than the very first one have no predecessor.",
	  "The application started a new chain because it found the table empty (it ran before "
	  "the restore was complete), or the link was erased.",
	  "Look at the rows that are named: the first of them is where the second chain begins." },
	{ "chain.genesis_missing", DRV_FAIL,
	  "No entry is the first: the front of the chain is not there.",
	  "The restore lost the oldest rows or partitions, or a retention job removed them.",
	  "If a job removes old entries on purpose, say \"front\": \"pruned\" in the document; "
	  "else restore the oldest rows." },
	{ "chain.head_missing", DRV_FAIL,
	  "The last entry that the baseline recorded is not there: the tail of the chain was cut "
	  "off.",
	  "The restore stopped short of the moment that was asked for, or the newest rows were "
	  "deleted. Nothing but a recorded head shows it.",
	  "Compare the newest row with the restore point (freshness); replay further WAL or use "
	  "a newer backup." },
	{ "chain.checkpoint_missing", DRV_FAIL,
	  "The chain does not run through a place that the baseline recorded, although it has later "
	  "entries.",
	  "Entries before that place were removed or added, or the chain was hashed anew from "
	  "some entry on.",
	  "Compare the rows up to that place with another backup; keep this copy as evidence." },
	{ "chain.head_changed", DRV_FAIL,
	  "The chain does not end where the baseline says it ended.",
	  "The application already writes to the restored database, or the chain was rebuilt.",
	  "Stop writers; if the restore point is after the capture, say so with --restored-to." },
	{ "chain.unverifiable", DRV_INCONCLUSIVE,
	  "Entries differ from their hash, but the database does not keep all that was hashed.",
	  "jsonb forgets the order of members, and time columns the digits below a microsecond. "
	  "Such rows could not be verified on the lost server either: it is no sign of tampering.",
	  "Nothing on this server can decide it. Change the application to hash what it stores." },
	{ "chain.recipe_mismatch", DRV_INCONCLUSIVE,
	  "No entry at all matches its hash, so the recipe is more likely wrong than every row "
	  "edited.",
	  "The document describes the hashed bytes wrongly, names another time zone, or the HMAC "
	  "key is not the one that was used.",
	  "Run drverify chain-try with the same document: it shows the bytes that were built for "
	  "some entries, to compare with those of the application. drverify chain-propose looks for "
	  "a recipe that fits; docs/CHAIN-RECIPES.md describes them." },
	{ "chain.key_missing", DRV_INCONCLUSIVE,
	  "The chain is made with an HMAC, and its key was not given.",
	  "Keys never stand in a document; whoever verifies has to bring them.",
	  "Give it with --key NAME=FILE, under the name that the message says." },
	{ "chain.not_followed", DRV_INCONCLUSIVE,
	  "Reading broke off before the links between entries could be followed.",
	  "Another finding of this check says what stopped it.",
	  "Mend that and run drverify again." },
	{ "chain.empty", DRV_INCONCLUSIVE, "There is no entry, so nothing was proved.",
	  "The table was not restored, or the application has never written to it.",
	  "If it is right that it is empty, say \"required\": false." },
	{ NULL, 0, NULL, NULL, NULL }
};

/* ------------------------------------------------------------------ the check */

static int validate(struct drvp_reader *reader, const struct drvp_item *item)
{
	return drvp_recipe_validate(reader, item->config, item->node,
				    !strcmp(item->source->store, "mongodb"));
}

static void columns(const struct drvp_item *item, const struct drvp_settings *settings,
		    void (*visit)(const char *column, void *user), void *user)
{
	(void)settings;
	drvp_recipe_columns(item->config, visit, user);
}

static struct drvp_selection selection(const struct drvp_item *item,
				       const struct drvp_settings *settings)
{
	return drvp_chain_selection(item->config, settings);
}

static bool ready(const struct drvp_item *item, const struct drvp_settings *settings)
{
	return !drvp_hasher_missing_key(item->config, settings);
}

static const struct drvp_target *joined(const struct drvp_item *item)
{
	const struct drvp_recipe *recipe = item->config;

	return recipe->body ? &recipe->body->table : NULL;
}

static bool in_order(const struct drvp_item *item)
{
	return drvp_chain_is_ordered(item->config);
}

static void put_hash(struct drvp_json_writer *writer, const char *name, const uint8_t *hash,
		     size_t len)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	drvp_strbuf_hex(&text, hash, len);
	writer->out->failed |= text.failed;
	drvp_json_put_text(writer, name, drvp_strbuf_text(&text));
	drvp_strbuf_free(&text);
}

static void put_head(struct drvp_json_writer *writer, const struct drvp_chain *chain)
{
	drvp_json_put_uint(writer, "rows", drvp_chain_rows(chain));
	if (chain->head_len)
		put_hash(writer, "hash", chain->head, chain->head_len);
}

/* What the first entry refers to: as found, or as it was recorded and found again. */
static void put_anchor(struct drvp_json_writer *writer, const struct drvp_recipe *recipe,
		       const struct drvp_chain *chain)
{
	const struct drvp_bytes *recorded = drvp_recipe_anchor(recipe, chain->partition,
							       chain->partition_len);

	if (chain->anchor_len)
		put_hash(writer, "genesis", chain->anchor, chain->anchor_len);
	else if (recorded)
		put_hash(writer, "genesis", (const uint8_t *)recorded->bytes, recorded->len);
}

static void put_checkpoint(struct drvp_json_writer *writer, const struct drvp_checkpoint *one)
{
	const struct drvp_value order = { .kind = one->kind, .integer = one->order };
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	drvp_value_print(&text, &order);
	writer->out->failed |= text.failed;
	drvp_json_open_object(writer, NULL, true);
	if (one->kind == DRVP_INTEGER)
		drvp_json_put_int(writer, "at", one->order);
	else
		drvp_json_put_text(writer, "at", drvp_strbuf_text(&text));
	drvp_json_put_uint(writer, "rows", one->rows);
	put_hash(writer, "hash", one->hash, one->hash_len);
	drvp_json_close_object(writer);
	drvp_strbuf_free(&text);
}

/*
 * Whether a recorded checkpoint is recorded again: a run that began at the last one has relied on
 * them, one that read all rows has seen which are still there, and a capture takes new ones.
 */
static bool keeps(const struct drvp_chain_tally *tally, size_t i)
{
	if (tally->since_checkpoint)
		return i >= tally->taken.count;
	return !tally->taken.count && tally->checkpoints_seen >> i & 1;
}

static void put_checkpoints(struct drvp_json_writer *writer, const struct drvp_recipe *recipe,
			    const struct drvp_chain_tally *tally)
{
	const struct drvp_checkpoints *old = &recipe->expect.checkpoints, *taken = &tally->taken;

	if (!old->count && !taken->count)
		return;
	drvp_json_open_array(writer, "checkpoints", false);
	for (size_t i = 0; i < old->count; i++)
		if (keeps(tally, i) &&
		    (!taken->count || old->list[i].order < taken->list[0].order))
			put_checkpoint(writer, &old->list[i]);
	for (size_t i = 0; i < taken->count; i++)
		put_checkpoint(writer, &taken->list[i]);
	drvp_json_close_array(writer);
}

static void record_one(const struct drvp_recipe *recipe, const struct drvp_chain_tally *tally,
		       struct drvp_json_writer *writer)
{
	const struct drvp_chain *chain = &tally->chains.list[0];

	drvp_json_open_object(writer, "expect", false);
	drvp_json_open_object(writer, "head", true);
	put_head(writer, chain);
	drvp_json_close_object(writer);
	put_anchor(writer, recipe, chain);
	put_checkpoints(writer, recipe, tally);
	drvp_json_close_object(writer);
}

static void put_partition(struct drvp_json_writer *writer, const struct drvp_chain *chain)
{
	const struct drvp_json_limits limits = { chain->partition_len, 2, 0 };
	struct drvp_arena arena = { 0 };
	struct drvp_json *values;

	if (drvp_json_parse(&values, &arena, chain->partition, chain->partition_len, &limits, NULL))
		writer->out->failed = true;
	else
		drvp_json_put_value(writer, "partition", values);
	drvp_arena_free(&arena);
}

static void record_all(const struct drvp_recipe *recipe, const struct drvp_chains *chains,
		       struct drvp_json_writer *writer)
{
	drvp_json_open_object(writer, "expect", false);
	drvp_json_open_array(writer, "heads", false);
	for (size_t i = 0; i < chains->count; i++) {
		const struct drvp_chain *chain = &chains->list[i];

		drvp_json_open_object(writer, NULL, true);
		put_partition(writer, chain);
		put_head(writer, chain);
		put_anchor(writer, recipe, chain);
		drvp_json_close_object(writer);
	}
	drvp_json_close_array(writer);
	drvp_json_close_object(writer);
}

/* Where a chain has no end that a later run could look for, none is recorded: an old one would be
 * of another moment. */
static void record(const struct drvp_item *item, const struct drvp_tally *tally,
		   struct drvp_json_writer *writer)
{
	const struct drvp_recipe *recipe = item->config;
	const struct drvp_chains *chains = &drvp_chain_tally(tally)->chains;

	if (recipe->partition_by.count)
		record_all(recipe, chains, writer);
	else if (chains->count && chains->list[0].head_len)
		record_one(recipe, drvp_chain_tally(tally), writer);
}

const struct drvp_check drvp_check_audit_chain = {
	.name = "audit_chain",
	.help = "Recomputes the hash of every entry of a hash-chained log and proves its links.",
	.stores = DRVP_ON_BOTH,
	.shape = DRVP_RANGES,
	.cost = 2,
	.config_size = sizeof(struct drvp_recipe),
	.tally = &drvp_chain_tally_kind,
	.fields = drvp_recipe_fields,
	.codes = codes,
	.validate = validate,
	.columns = columns,
	.selection = selection,
	.ready = ready,
	.joined = joined,
	.in_order = in_order,
	.measure = drvp_chain_measure,
	.locate = drvp_chain_locate,
	.judge = drvp_chain_judge,
	.foresee = drvp_chain_foresee,
	.record = record,
};
