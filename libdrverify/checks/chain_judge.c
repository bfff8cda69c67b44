/* chain_judge.c: what the tally of an audit chain means */
#include "checks/chain_judge.h"

#include <string.h>

#include "chain/hasher.h"

/* ------------------------------------------------------------------ words */

static uint64_t count(const struct drvp_chain_judging *j, unsigned which)
{
	return j->tally->counters[which].count;
}

const char *drvp_keep_text(const struct drvp_chain_judging *j, struct drvp_strbuf *text)
{
	const char *kept = text->failed ? NULL :
		drvp_arena_copy(&j->out->arena, drvp_strbuf_text(text), text->len);

	drvp_strbuf_free(text);
	j->out->failed |= !kept;
	return kept ? kept : "";
}

const char *drvp_amount(const struct drvp_chain_judging *j, uint64_t number, const char *one,
			const char *many)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	drvp_strbuf_grouped(&text, number);
	drvp_strbuf_printf(&text, " %s", number == 1 ? one : many);
	return drvp_keep_text(j, &text);
}

static const char *rows(const struct drvp_chain_judging *j, uint64_t number)
{
	return drvp_amount(j, number, "row", "rows");
}

/* One finding about the rows of a counter, when there are any: "3 rows" and what they do. */
static void find_rows(const struct drvp_chain_judging *j, const char *code, unsigned which,
		      const char *one, const char *many, const char *rest)
{
	if (count(j, which))
		drvp_find(j->out, code, 0, &j->tally->counters[which], "%s%s",
			  drvp_amount(j, count(j, which), one, many), rest);
}

/* ------------------------------------------------------------------ contents */

static bool head_is_recorded(const struct drvp_chain_judging *j)
{
	return j->recipe->expect.head.rows.set || j->recipe->expect.heads.count;
}

/*
 * No row matches. Where a capture has recorded a head, the recipe matched then, and only a wrong
 * key can explain it otherwise than by damage.
 */
static bool recipe_is_wrong(const struct drvp_chain_judging *j)
{
	uint64_t unmatched = count(j, DRVP_CHAIN_MISMATCH) + count(j, DRVP_CHAIN_UNVERIFIABLE) +
			     count(j, DRVP_CHAIN_NULL_HASH);
	bool proven_once = j->c->captured && head_is_recorded(j);

	return count(j, DRVP_CHAIN_MISMATCH) && unmatched == j->tally->rows &&
	       (!proven_once || drvp_recipe_has_key(j->recipe));
}

static void judge_wrong_recipe(const struct drvp_chain_judging *j)
{
	uint64_t differ = count(j, DRVP_CHAIN_MISMATCH);
	const char *cause = "no row matches its hash: the recipe is not the application's";

	if (count(j, DRVP_CHAIN_MALFORMED_HASH) == differ)
		cause = "no row's hash is a hash of this kind: look at \"hash\", \"digest\" and "
			"\"encoding\"";
	else if (drvp_recipe_has_key(j->recipe))
		cause = "no row matches its hash: the key or the recipe is not the application's";
	drvp_find(j->out, "chain.recipe_mismatch", differ, NULL, "%s; drverify chain-try shows the "
		  "bytes", cause);
}

static void judge_contents(const struct drvp_chain_judging *j)
{
	uint64_t differ = count(j, DRVP_CHAIN_MISMATCH);
	struct drvp_strbuf rest = DRVP_STRBUF_INIT;

	if (drvp_chain_is_ordered(j->recipe))
		drvp_strbuf_str(&rest, ", or the entry before is not the one it was made after");
	if (differ > j->tally->rows / 2 && differ > 1)
		drvp_strbuf_str(&rest, "; that most do may mean that the recipe is wrong");
	if (recipe_is_wrong(j))
		judge_wrong_recipe(j);
	else
		find_rows(j, "chain.hash_mismatch", DRVP_CHAIN_MISMATCH,
			  "row is not what the hash says", "rows are not what the hash says",
			  drvp_strbuf_text(&rest));
	j->out->failed |= rest.failed;
	drvp_strbuf_free(&rest);
	find_rows(j, "chain.preimage_differs", DRVP_CHAIN_CLAIM,
		  "row differs from the bytes that were hashed and stored",
		  "rows differ from the bytes that were hashed and stored", "");
	find_rows(j, "chain.null_hash", DRVP_CHAIN_NULL_HASH, "row has no hash",
		  "rows have no hash", "");
	find_rows(j, "chain.null_previous", DRVP_CHAIN_NULL_PREVIOUS, "row has", "rows have",
		  " no previous hash, not even the word for none");
	find_rows(j, "chain.unverifiable", DRVP_CHAIN_UNVERIFIABLE, "row cannot", "rows cannot",
		  " be verified: the order of members or the digits of a time that were hashed "
		  "are not stored");
}

/* ------------------------------------------------------------------ links */

static bool front_is_missing(const struct drvp_chain_judging *j, const struct drvp_chain *chain)
{
	bool recorded = drvp_recipe_anchor(j->recipe, chain->partition, chain->partition_len) &&
			!chain->anchor_held &&
			j->c->lineage->relation == DRVP_LINEAGE_SAME && !j->c->settings->capture;

	return chain->rows && !drvp_chain_fronts(chain) && j->recipe->previous &&
	       (j->recipe->front.value != DRVP_FRONT_PRUNED || recorded);
}

bool drvp_chain_is_sound(const struct drvp_chain_judging *j, const struct drvp_chain *chain)
{
	return chain->rows && !chain->unproven && !chain->unlinked && !chain->second_firsts &&
	       !chain->gaps && !chain->copies && !chain->backward && !front_is_missing(j, chain);
}

static bool all_sound(const struct drvp_chain_judging *j)
{
	const struct drvp_chains *chains = &j->own->chains;

	for (size_t i = 0; i < chains->count; i++)
		if (!drvp_chain_is_sound(j, &chains->list[i]))
			return false;
	return j->tally->rows > 0;
}

/* How many rows a gap has swallowed, where that can be told: the recorded moment came back. */
static const char *fewer_than_recorded(const struct drvp_chain_judging *j)
{
	uint64_t recorded = (uint64_t)j->recipe->expect.head.rows.value;
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	if (!j->recipe->expect.head.rows.set || j->tally->rows >= recorded ||
	    j->c->settings->capture || j->c->lineage->relation != DRVP_LINEAGE_SAME)
		return "";
	drvp_strbuf_printf(&text, "; %s fewer than recorded", rows(j, recorded - j->tally->rows));
	return drvp_keep_text(j, &text);
}

static void judge_fronts(const struct drvp_chain_judging *j)
{
	const struct drvp_chains *chains = &j->own->chains;
	uint64_t missing = 0;

	for (size_t i = 0; i < chains->count; i++)
		missing += front_is_missing(j, &chains->list[i]);
	if (!missing)
		return;
	if (j->recipe->partition_by.count)
		drvp_find(j->out, "chain.genesis_missing", missing,
			  &j->tally->counters[DRVP_CHAIN_FRONT], "%s no first row: their fronts "
			  "are gone", drvp_amount(j, missing, "chain has", "chains have"));
	else
		drvp_find(j->out, "chain.genesis_missing", missing,
			  &j->tally->counters[DRVP_CHAIN_FRONT],
			  "no row is the first of the chain: its front is gone");
}

static void judge_links(const struct drvp_chain_judging *j)
{
	judge_fronts(j);
	find_rows(j, "chain.null_previous", DRVP_CHAIN_SECOND_GENESIS, "row begins a chain",
		  "rows begin chains", " besides the first");
	find_rows(j, "chain.link_broken", DRVP_CHAIN_GAP,
		  "row refers to a predecessor that is not there",
		  "rows refer to a predecessor that is not there", fewer_than_recorded(j));
	find_rows(j, "chain.duplicate", DRVP_CHAIN_COPY, "row has the hash", "rows have the hash",
		  " of an earlier row");
	find_rows(j, "chain.order", DRVP_CHAIN_BACKWARD, "row stands", "rows stand",
		  " before the one they refer to");
	find_rows(j, "chain.fork", DRVP_CHAIN_FORK, "row claims", "rows claim",
		  " a predecessor that an earlier row claims");
}

/* ------------------------------------------------------------------ summing up */

static void add_part(struct drvp_strbuf *text, const char *part)
{
	drvp_strbuf_printf(text, "%s%s", text->len ? "; " : "", part);
}

/* Whether every way in which entries were hashed takes in a column. */
static bool is_covered(const struct drvp_recipe *recipe, const char *name)
{
	bool previous = recipe->previous && !strcmp(name, recipe->previous);

	if (!drvp_expr_covers(recipe->preimage, name, previous))
		return false;
	for (size_t i = 0; i < recipe->version_count; i++)
		if (recipe->versions[i].preimage &&
		    !drvp_expr_covers(recipe->versions[i].preimage, name, previous))
			return false;
	return true;
}

static void add_columns(const struct drvp_chain_judging *j, struct drvp_strbuf *names,
			const struct drvp_relation *relation, const char *prefix)
{
	for (size_t i = 0; relation && i < relation->column_count; i++) {
		const char *name = relation->columns[i].name;

		if (!(j->recipe->hash && !strcmp(name, j->recipe->hash)) &&
		    !is_covered(j->recipe, name))
			drvp_strbuf_printf(names, "%s%s%s", names->len ? ", " : "", prefix, name);
	}
}

static void add_uncovered(const struct drvp_chain_judging *j, struct drvp_strbuf *text)
{
	struct drvp_strbuf names = DRVP_STRBUF_INIT;

	add_columns(j, &names, j->c->relation, "");
	add_columns(j, &names, j->c->joined, "body.");
	if (names.len)
		drvp_strbuf_printf(text, "; not covered by the hash: %s", names.data);
	text->failed |= names.failed;
	drvp_strbuf_free(&names);
}

static bool any_pruned(const struct drvp_chain_judging *j)
{
	const struct drvp_chains *chains = &j->own->chains;

	for (size_t i = 0; i < chains->count; i++)
		if (!chains->list[i].firsts)
			return true;
	return false;
}

static void add_sound(const struct drvp_chain_judging *j, struct drvp_strbuf *text)
{
	static const char *const held[] = {
		[DRVP_MODE_CONTENT] = "every hash and link holds",
		[DRVP_MODE_LINKS] = "every link holds; what was hashed is not stored, so contents "
				    "were not checked",
		[DRVP_MODE_ROWS] = "every row's hash holds; nothing links them, so missing rows "
				   "would not show",
	};

	const struct drvp_checkpoint *since = drvp_judged_since(j);

	drvp_strbuf_printf(text, "%s%s", text->len ? "; " : "", rows(j, j->tally->rows));
	if (j->recipe->partition_by.count)
		drvp_strbuf_printf(text, " in %s", drvp_amount(j, j->own->chains.count, "chain",
							       "chains"));
	drvp_strbuf_printf(text, ", %s", held[j->recipe->mode.value]);
	if (j->recipe->mode.value == DRVP_MODE_ROWS) {
		add_uncovered(j, text);
		return;
	}
	if (count(j, DRVP_CHAIN_UNCHECKED)) {
		drvp_strbuf_str(text, "; ");
		drvp_strbuf_grouped(text, count(j, DRVP_CHAIN_UNCHECKED));
		drvp_strbuf_str(text, " of them by their links only");
	}
	if (since)
		drvp_strbuf_printf(text, "; those before %s were verified then, not now",
				   drvp_checkpoint_text(j, since));
	if (!since && any_pruned(j))
		add_part(text, "older rows were pruned and are not verified");
	if (!head_is_recorded(j) && !j->c->settings->capture)
		add_part(text, "no head is recorded, so a cut tail would not show");
	if (j->recipe->preimage)
		add_uncovered(j, text);
}

static void summarise(const struct drvp_chain_judging *j)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	for (size_t i = 0; i < j->out->result.finding_count; i++)
		add_part(&text, j->out->findings[i].finding.message);
	if (j->own->intact_before_set)
		drvp_strbuf_printf(&text, "; %s intact before",
				   drvp_grouped(j->out, j->own->intact_before));
	else if (all_sound(j))
		add_sound(j, &text);
	drvp_summarise(j->out, "%s", drvp_strbuf_text(&text));
	j->out->failed |= text.failed;
	drvp_strbuf_free(&text);
}

/* A fold leaves nothing to compare but its end. */
static bool proves_nothing(const struct drvp_chain_judging *j)
{
	return !j->recipe->hash && !j->recipe->previous && !head_is_recorded(j) &&
	       !j->c->settings->capture;
}

static void tell_unstored(const struct drvp_chain_judging *j)
{
	if (j->recipe->unstored)
		drvp_find(j->out, "chain.unverifiable", j->tally->rows, NULL,
			  "the hashed bytes are not stored (%s), so only the links were followed",
			  j->recipe->unstored);
}

static void tell_vacuous(const struct drvp_chain_judging *j)
{
	if (proves_nothing(j))
		drvp_find(j->out, "check.no_expectation", 0, NULL, "entries store neither their own "
			  "hash nor the previous one, and no head is recorded to compare with");
}

void drvp_chain_foresee(const struct drvp_item *item, const struct drvp_tally *tally,
			const struct drvp_circumstances *c, struct drvp_verdict *out)
{
	const struct drvp_chain_judging j = { item->config, tally,
					      drvp_chain_tally(tally), c, out };

	tell_unstored(&j);
	tell_vacuous(&j);
}

void drvp_chain_judge(const struct drvp_item *item, const struct drvp_tally *tally,
		      const struct drvp_circumstances *c, struct drvp_verdict *out)
{
	const struct drvp_chain_judging j = { item->config, tally,
					      drvp_chain_tally(tally), c, out };
	const char *key = drvp_hasher_missing_key(j.recipe, c->settings);

	if (key) {
		drvp_find(out, "chain.key_missing", 0, NULL, "the key \"%s\" is needed: --key "
			  "%s=FILE", key, key);
		return;
	}
	judge_contents(&j);
	tell_unstored(&j);
	if (!count(&j, DRVP_CHAIN_FOLLOWED)) {
		drvp_find(out, "chain.not_followed", 0, NULL, "the links were not followed");
		return;
	}
	tell_vacuous(&j);
	if (tally->rows)
		judge_links(&j);
	else
		drvp_find(out, "chain.empty", 0, NULL, "there is no row");
	drvp_chain_judge_checkpoints(&j);
	drvp_chain_judge_heads(&j);
	summarise(&j);
}
