/* audit_chain.c: a hash-chained log is whole: no entry edited, removed, inserted or moved */
#include <string.h>

#include "chain/links.h"
#include "chain/verify.h"
#include "checks/check.h"
#include "report/report.h"

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
	  "Rebuild one entry's hash by hand with the application's own code and compare; see "
	  "docs/CHAIN-RECIPES.md." },
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

/* ------------------------------------------------------------------ judging contents */

struct judging {
	const struct drvp_item *item;
	const struct drvp_recipe *recipe;
	const struct drvp_tally *tally;
	const struct drvp_circumstances *c;
	struct drvp_verdict *out;
};

static const struct drvp_counter *counter(const struct judging *j, unsigned which)
{
	return &j->tally->counters[which];
}

static uint64_t count(const struct judging *j, unsigned which)
{
	return j->tally->counters[which].count;
}

/* Takes the text over; the verdict keeps it. */
static const char *keep(const struct judging *j, struct drvp_strbuf *text)
{
	const char *kept = text->failed ? NULL :
		drvp_arena_copy(&j->out->arena, drvp_strbuf_text(text), text->len);

	drvp_strbuf_free(text);
	j->out->failed |= !kept;
	return kept ? kept : "";
}

static const char *amount(const struct judging *j, uint64_t number, const char *one,
			  const char *many)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	drvp_strbuf_grouped(&text, number);
	drvp_strbuf_printf(&text, " %s", number == 1 ? one : many);
	return keep(j, &text);
}

static const char *rows(const struct judging *j, uint64_t number)
{
	return amount(j, number, "row", "rows");
}

/*
 * No row matches. Where a capture has recorded a head, the recipe matched then, and only a wrong
 * key can explain it otherwise than by damage.
 */
static bool recipe_is_wrong(const struct judging *j)
{
	uint64_t unmatched = count(j, DRVP_CHAIN_MISMATCH) + count(j, DRVP_CHAIN_UNVERIFIABLE) +
			     count(j, DRVP_CHAIN_NULL_HASH);
	bool proven_once = j->c->captured && j->recipe->expect.head.rows.set;

	return count(j, DRVP_CHAIN_MISMATCH) && unmatched == j->tally->rows &&
	       (!proven_once || j->recipe->digest.key);
}

static void judge_mismatch(const struct judging *j)
{
	uint64_t differ = count(j, DRVP_CHAIN_MISMATCH);
	uint64_t malformed = count(j, DRVP_CHAIN_MALFORMED_HASH);
	const char *hint = differ > j->tally->rows / 2 && differ > 1 ?
		"; that most do may mean that the recipe is wrong" : "";

	if (recipe_is_wrong(j)) {
		drvp_find(j->out, "chain.recipe_mismatch", differ, NULL,
			  malformed == differ ? "no row's hash is a hash of this kind: look at "
						"\"hash\", \"digest\" and \"encoding\"" :
			  j->recipe->digest.key ? "no row matches its hash: the key or the recipe "
						  "is not the application's" :
						  "no row matches its hash: the recipe is not the "
						  "application's");
		return;
	}
	if (differ)
		drvp_find(j->out, "chain.hash_mismatch", 0, counter(j, DRVP_CHAIN_MISMATCH),
			  "%s not what the hash says%s", amount(j, differ, "row is", "rows are"),
			  hint);
}

static void judge_contents(const struct judging *j)
{
	judge_mismatch(j);
	if (count(j, DRVP_CHAIN_NULL_HASH))
		drvp_find(j->out, "chain.null_hash", 0, counter(j, DRVP_CHAIN_NULL_HASH),
			  "%s no hash", amount(j, count(j, DRVP_CHAIN_NULL_HASH), "row has",
					       "rows have"));
	if (count(j, DRVP_CHAIN_NULL_PREVIOUS))
		drvp_find(j->out, "chain.null_previous", 0, counter(j, DRVP_CHAIN_NULL_PREVIOUS),
			  "%s no previous hash, not even the word for none",
			  amount(j, count(j, DRVP_CHAIN_NULL_PREVIOUS), "row has", "rows have"));
	if (count(j, DRVP_CHAIN_UNVERIFIABLE))
		drvp_find(j->out, "chain.unverifiable", 0, counter(j, DRVP_CHAIN_UNVERIFIABLE),
			  "%s be verified: the order of members or the digits of a time that were "
			  "hashed are not stored",
			  amount(j, count(j, DRVP_CHAIN_UNVERIFIABLE), "row cannot",
				 "rows cannot"));
}

/* ------------------------------------------------------------------ judging links */

static bool front_is_missing(const struct judging *j)
{
	return !count(j, DRVP_CHAIN_GENESIS) && j->recipe->front.value != DRVP_FRONT_PRUNED;
}

/* How many rows a gap has swallowed, where that can be told: the recorded moment came back. */
static const char *fewer_than_recorded(const struct judging *j)
{
	uint64_t recorded = (uint64_t)j->recipe->expect.head.rows.value;
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	if (!j->recipe->expect.head.rows.set || j->tally->rows >= recorded ||
	    j->c->settings->capture || j->c->lineage->relation != DRVP_LINEAGE_SAME)
		return "";
	drvp_strbuf_printf(&text, "; %s fewer than recorded", rows(j, recorded - j->tally->rows));
	return keep(j, &text);
}

static void judge_links(const struct judging *j)
{
	if (front_is_missing(j))
		drvp_find(j->out, "chain.genesis_missing", 1, counter(j, DRVP_CHAIN_FRONT),
			  "no row is the first of the chain: its front is gone");
	if (count(j, DRVP_CHAIN_SECOND_GENESIS))
		drvp_find(j->out, "chain.null_previous", 0, counter(j, DRVP_CHAIN_SECOND_GENESIS),
			  "%s besides the first",
			  amount(j, count(j, DRVP_CHAIN_SECOND_GENESIS), "row begins a chain",
				 "rows begin chains"));
	if (count(j, DRVP_CHAIN_GAP))
		drvp_find(j->out, "chain.link_broken", 0, counter(j, DRVP_CHAIN_GAP),
			  "%s a predecessor that is not there%s",
			  amount(j, count(j, DRVP_CHAIN_GAP), "row refers to", "rows refer to"),
			  fewer_than_recorded(j));
	if (count(j, DRVP_CHAIN_COPY))
		drvp_find(j->out, "chain.duplicate", 0, counter(j, DRVP_CHAIN_COPY),
			  "%s of an earlier row",
			  amount(j, count(j, DRVP_CHAIN_COPY), "row has the hash",
				 "rows have the hash"));
	if (count(j, DRVP_CHAIN_FORK))
		drvp_find(j->out, "chain.fork", 0, counter(j, DRVP_CHAIN_FORK),
			  "%s a predecessor that an earlier row claims",
			  amount(j, count(j, DRVP_CHAIN_FORK), "row claims", "rows claim"));
}

/* Whether everything was verified, forks aside. */
static bool is_sound(const struct judging *j)
{
	static const unsigned damage[] = {
		DRVP_CHAIN_MISMATCH, DRVP_CHAIN_UNVERIFIABLE, DRVP_CHAIN_NULL_HASH,
		DRVP_CHAIN_NULL_PREVIOUS, DRVP_CHAIN_SECOND_GENESIS, DRVP_CHAIN_GAP,
		DRVP_CHAIN_COPY,
	};

	for (size_t i = 0; i < sizeof damage / sizeof *damage; i++)
		if (count(j, damage[i]))
			return false;
	return j->tally->rows && !front_is_missing(j);
}

/* ------------------------------------------------------------------ judging the head */

/* What the recorded head says cannot be held against a state that may be an earlier one. */
static bool may_be_earlier(const struct judging *j, const char *what)
{
	switch (j->c->lineage->relation) {
	case DRVP_LINEAGE_OLDER:
		drvp_find(j->out, "lineage.older", 0, NULL,
			  "%s, but the restore point is before the baseline", what);
		return true;
	case DRVP_LINEAGE_UNKNOWN:
		drvp_find(j->out, "lineage.unknown", 0, NULL,
			  "%s, but it is not known which moment was restored", what);
		return true;
	default:
		return false;
	}
}

static void judge_missing_head(const struct judging *j)
{
	uint64_t recorded = (uint64_t)j->recipe->expect.head.rows.value, now = j->tally->rows;
	const char *rest = !is_sound(j) || count(j, DRVP_CHAIN_FORK) ? "" :
			   "; what is left is one intact chain";

	if (may_be_earlier(j, "the recorded last row is not there"))
		return;
	if (now < recorded)
		drvp_find(j->out, "chain.head_missing", recorded - now, NULL,
			  "%s gone up to the recorded last row: %s of %s left%s",
			  amount(j, recorded - now, "row is", "rows are"),
			  drvp_grouped(j->out, now), drvp_grouped(j->out, recorded), rest);
	else
		drvp_find(j->out, "chain.head_missing", 0, NULL,
			  "the recorded last row is not there, though there are %s of %s recorded: "
			  "entries were replaced or hashed anew",
			  rows(j, now), drvp_grouped(j->out, recorded));
}

/* The recorded head is there; how much follows it? */
static void judge_growth(const struct judging *j)
{
	uint64_t recorded = (uint64_t)j->recipe->expect.head.rows.value, now = j->tally->rows;
	bool at_end = j->tally->head_len &&
		      !memcmp(j->tally->head, j->recipe->expect.head.hash.bytes,
			      j->tally->head_len);

	if (!is_sound(j))
		return; /* other findings say what is wrong in front of it */
	if (now < recorded && j->recipe->front.value != DRVP_FRONT_PRUNED) {
		if (!may_be_earlier(j, "fewer rows than recorded"))
			drvp_find(j->out, "chain.head_missing", recorded - now, NULL,
				  "the recorded last row is there, but only %s of %s",
				  drvp_grouped(j->out, now), rows(j, recorded));
		return;
	}
	if (at_end && now > recorded && !count(j, DRVP_CHAIN_FORK))
		drvp_find(j->out, "chain.head_changed", now - recorded, NULL,
			  "the chain ends at the recorded row, but has %s instead of %s",
			  rows(j, now), drvp_grouped(j->out, recorded));
	else if (j->c->lineage->relation == DRVP_LINEAGE_SAME && (!at_end || now > recorded))
		drvp_find(j->out, "chain.head_changed", now > recorded ? now - recorded : 0, NULL,
			  "%s now, recorded were %s, and the restored moment is the recorded one",
			  rows(j, now), drvp_grouped(j->out, recorded));
}

static void judge_head(const struct judging *j)
{
	if (!j->recipe->expect.head.rows.set || (j->c->settings->capture && j->c->captured))
		return;
	if (count(j, DRVP_CHAIN_HEAD_SEEN))
		judge_growth(j);
	else
		judge_missing_head(j);
}

/* ------------------------------------------------------------------ summing up */

static void add_part(struct drvp_strbuf *text, const char *part)
{
	drvp_strbuf_printf(text, "%s%s", text->len ? "; " : "", part);
}

static void add_uncovered(const struct judging *j, struct drvp_strbuf *text)
{
	const struct drvp_relation *relation = j->c->relation;
	bool first = true;

	for (size_t i = 0; relation && i < relation->column_count; i++) {
		const char *name = relation->columns[i].name;
		bool previous = !strcmp(name, j->recipe->previous);

		if (!strcmp(name, j->recipe->hash) ||
		    drvp_expr_covers(j->recipe->preimage, name, previous))
			continue;
		drvp_strbuf_printf(text, "%s%s", first ? "; not covered by the hash: "
		  "" : ", ", name);
		first = false;
	}
}

static void summarise(const struct judging *j)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	for (size_t i = 0; i < j->out->result.finding_count; i++)
		add_part(&text, j->out->findings[i].finding.message);
	if (j->tally->intact_before_set) {
		drvp_strbuf_printf(&text, "; %s intact before",
				   drvp_grouped(j->out, j->tally->intact_before));
	} else if (is_sound(j)) {
		drvp_strbuf_printf(&text, "%s%s, every hash and link holds", text.len ? "; " : "",
				   rows(j, j->tally->rows));
		if (!count(j, DRVP_CHAIN_GENESIS))
			add_part(&text, "older rows were pruned and are not verified");
		if (!j->recipe->expect.head.rows.set && !j->c->settings->capture)
			add_part(&text, "no head is recorded, so a cut tail would not show");
		add_uncovered(j, &text);
	}
	drvp_summarise(j->out, "%s", drvp_strbuf_text(&text));
	j->out->failed |= text.failed;
	drvp_strbuf_free(&text);
}

static void judge(const struct drvp_item *item, const struct drvp_tally *tally,
		  const struct drvp_circumstances *c, struct drvp_verdict *out)
{
	const struct judging j = { item, item->config, tally, c, out };

	if (drvp_chain_key_missing(j.recipe, c->settings)) {
		drvp_find(out, "chain.key_missing", 0, NULL, "the key \"%s\" is needed: --key "
		  "%s=FILE",
			  j.recipe->digest.key, j.recipe->digest.key);
		return;
	}
	judge_contents(&j);
	if (!count(&j, DRVP_CHAIN_FOLLOWED)) {
		drvp_find(out, "chain.not_followed", 0, NULL, "the links were not followed");
		return;
	}
	if (tally->rows)
		judge_links(&j);
	else
		drvp_find(out, "chain.empty", 0, NULL, "there is no row");
	judge_head(&j);
	summarise(&j);
}

/* ------------------------------------------------------------------ the check */

static int validate(struct drvp_reader *reader, const struct drvp_item *item)
{
	return drvp_recipe_validate(reader, item->config, item->node,
				    !strcmp(item->source->store, "mongodb"));
}

static void columns(const struct drvp_item *item, void (*visit)(const char *column, void *user),
		    void *user)
{
	drvp_recipe_columns(item->config, visit, user);
}

static struct drvp_selection selection(const struct drvp_item *item)
{
	const struct drvp_recipe *recipe = item->config;

	return (struct drvp_selection){ recipe->where.list, recipe->where.count, recipe->filter };
}

/* Where the chain has no end that a later run could look for, none is recorded: an old one would be
 * of another moment. */
static void record(const struct drvp_item *item, const struct drvp_tally *tally,
		   struct drvp_json_writer *writer)
{
	struct drvp_strbuf hash = DRVP_STRBUF_INIT;

	(void)item;
	if (!tally->head_len)
		return;
	drvp_strbuf_hex(&hash, tally->head, tally->head_len);
	writer->out->failed |= hash.failed;
	drvp_json_open_object(writer, "expect", true);
	drvp_json_open_object(writer, "head", true);
	drvp_json_put_uint(writer, "rows", tally->rows);
	drvp_json_put_text(writer, "hash", drvp_strbuf_text(&hash));
	drvp_json_close_object(writer);
	drvp_json_close_object(writer);
	drvp_strbuf_free(&hash);
}

const struct drvp_check drvp_check_audit_chain = {
	.name = "audit_chain",
	.help = "Recomputes the hash of every entry of a hash-chained log and proves its links.",
	.stores = DRVP_ON_BOTH,
	.shape = DRVP_RANGES,
	.cost = 2,
	.config_size = sizeof(struct drvp_recipe),
	.fields = drvp_recipe_fields,
	.codes = codes,
	.validate = validate,
	.columns = columns,
	.selection = selection,
	.measure = drvp_chain_measure,
	.locate = drvp_chain_locate,
	.judge = judge,
	.record = record,
};
