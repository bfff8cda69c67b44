/* expected_count.c: how many there should be, and what it means when there are not */
#include "checks/expected_count.h"

#include <inttypes.h>
#include <string.h>

/* A percentage allows whole rows only: 2% of 49 is 0. */
static uint64_t allowed(const struct drvp_tolerance *tolerance, uint64_t amount)
{
	__extension__ unsigned __int128 share;

	if (!tolerance->set)
		return 0;
	if (!tolerance->percent)
		return (uint64_t)tolerance->amount;
	share = amount;
	share = share * (uint64_t)tolerance->amount / 100000;
	return share > UINT64_MAX ? UINT64_MAX : (uint64_t)share;
}

static const struct drvp_tolerance *tolerance_below(const struct drvp_expected_count *expected)
{
	return expected->below.set ? &expected->below : &expected->tolerance;
}

static const struct drvp_tolerance *tolerance_above(const struct drvp_expected_count *expected)
{
	return expected->above.set ? &expected->above : &expected->tolerance;
}

static void judge_bounds(const struct drvp_expected_count *expected,
			 const struct drvp_count_words *words, uint64_t rows,
			 struct drvp_verdict *out)
{
	if (expected->min.set && rows < (uint64_t)expected->min.value)
		drvp_find(out, words->below, (uint64_t)expected->min.value - rows, NULL,
			  "%s %s; at least %s are required", drvp_grouped(out, rows), words->noun,
			  drvp_grouped(out, (uint64_t)expected->min.value));
	if (expected->max.set && rows > (uint64_t)expected->max.value)
		drvp_find(out, words->above, rows - (uint64_t)expected->max.value, NULL,
			  "%s %s; at most %s are allowed", drvp_grouped(out, rows), words->noun,
			  drvp_grouped(out, (uint64_t)expected->max.value));
}

/*
 * A difference beyond what is allowed. After a later restore point it is only damage where the
 * document says what may have changed since: by a tolerance for this direction, or by append_only,
 * which allows any growth and no loss.
 */
static void judge_difference(const struct drvp_expected_count *expected, bool append_only,
			     const struct drvp_count_words *words, uint64_t rows,
			     const struct drvp_circumstances *c, struct drvp_verdict *out)
{
	uint64_t amount = (uint64_t)expected->amount.value;
	bool fewer = rows < amount;
	uint64_t distance = fewer ? amount - rows : rows - amount;
	const struct drvp_tolerance *tolerance =
		fewer ? tolerance_below(expected) : tolerance_above(expected);
	uint64_t slack = allowed(tolerance, amount);
	bool newer = c->lineage->relation == DRVP_LINEAGE_NEWER;

	if (distance <= slack || (newer && append_only && !fewer && !tolerance->set))
		return;
	if (newer && !tolerance->set && !append_only)
		drvp_verdict_undecided(out, "lineage.newer", "", "%s %s %s than the baseline has; it is "
				       "not stated what may have changed since",
				       drvp_grouped(out, distance), words->noun,
				       fewer ? "fewer" : "more");
	else
		drvp_find(out, fewer ? words->below : words->above, distance, NULL,
			  "%s %s %s (allowed %s)", drvp_grouped(out, distance), words->noun,
			  fewer ? "are missing" : "too many", drvp_grouped(out, slack));
}

static void summarise(const struct drvp_expected_count *expected,
		      const struct drvp_count_words *words, uint64_t rows,
		      const struct drvp_circumstances *c, struct drvp_verdict *out)
{
	uint64_t amount = (uint64_t)expected->amount.value;
	const char *against = c->captured ? "baseline" : "expected";

	if (!expected->amount.set)
		drvp_summarise(out, "%s %s", drvp_grouped(out, rows), words->noun);
	else if (rows == amount)
		drvp_summarise(out, "%s %s, as %s", drvp_grouped(out, rows), words->noun,
			       c->captured ? "in the baseline" : "expected");
	else
		drvp_summarise(out, "%s %s, %s %s (%s%s; allowed %s)", drvp_grouped(out, rows),
			       words->noun, against, drvp_grouped(out, amount),
			       rows < amount ? "-" : "+",
			       drvp_grouped(out, rows < amount ? amount - rows : rows - amount),
			       drvp_grouped(out, allowed(rows < amount ? tolerance_below(expected) :
									 tolerance_above(expected),
							 amount)));
}

/* Whether a recorded amount can be held against what came back. */
static bool comparable(const struct drvp_circumstances *c, struct drvp_verdict *out)
{
	const char *doubt = drvp_lineage_doubt(c->lineage);

	if (doubt)
		drvp_verdict_undecided(out, doubt, "", "%s", c->lineage->text);
	return !doubt;
}

/* The range of counts that pass, as judge_bounds() and judge_difference() have it. */
static void note_figures(const struct drvp_expected_count *expected, bool append_only,
			 const struct drvp_circumstances *c, struct drvp_figures *figures)
{
	int64_t amount = expected->amount.value;
	uint64_t below = allowed(tolerance_below(expected), (uint64_t)amount);
	uint64_t above = allowed(tolerance_above(expected), (uint64_t)amount);
	bool newer = c->captured && c->lineage->relation == DRVP_LINEAGE_NEWER;
	bool compared = expected->amount.set && !(c->settings->capture && c->captured) &&
			(!c->captured || newer || c->lineage->relation == DRVP_LINEAGE_SAME);

	figures->expected = expected->amount;
	figures->least = expected->min;
	figures->most = expected->max;
	if (compared && (!newer || append_only || tolerance_below(expected)->set) &&
	    (uint64_t)amount >= below && amount - (int64_t)below >= figures->least.value)
		figures->least = (struct drvp_number){ true, amount - (int64_t)below };
	if (compared && (!newer || tolerance_above(expected)->set) &&
	    above <= (uint64_t)(INT64_MAX - amount) &&
	    (!figures->most.set || amount + (int64_t)above < figures->most.value))
		figures->most = (struct drvp_number){ true, amount + (int64_t)above };
}

static bool expects_nothing(const struct drvp_expected_count *expected,
			    const struct drvp_circumstances *c)
{
	return !expected->amount.set && !expected->min.set && !expected->max.set &&
	       !c->settings->capture;
}

void drvp_expected_count_foresee(const struct drvp_expected_count *expected,
				 const struct drvp_circumstances *c, struct drvp_verdict *out)
{
	if (expected->amount.set && !(c->settings->capture && c->captured))
		comparable(c, out);
	if (expects_nothing(expected, c))
		drvp_find(out, "check.no_expectation", 0, NULL,
			  "it is not stated how many there should be");
}

void drvp_expected_count_judge(const struct drvp_expected_count *expected, bool append_only,
			       const struct drvp_count_words *words, uint64_t rows,
			       const struct drvp_circumstances *c, struct drvp_verdict *out)
{
	bool recapture = c->settings->capture && c->captured;

	summarise(expected, words, rows, c, out);
	note_figures(expected, append_only, c, drvp_figures(out));
	judge_bounds(expected, words, rows, out);
	if (expected->amount.set && !recapture && comparable(c, out))
		judge_difference(expected, append_only, words, rows, c, out);
	if (expects_nothing(expected, c))
		drvp_find(out, "check.no_expectation", 0, NULL,
			  "%s %s, but it is not stated how many there should be",
			  drvp_grouped(out, rows), words->noun);
}

void drvp_expected_count_record(const struct drvp_item *item, const char *noun, uint64_t rows,
				struct drvp_json_writer *writer)
{
	const struct drvp_json *expect = drvp_json_member(item->node, "expect");

	drvp_json_open_object(writer, "expect", true);
	drvp_json_put_uint(writer, noun, rows);
	for (const struct drvp_json *member = expect ? expect->first : NULL; member;
	     member = member->next)
		if (strcmp(member->key, noun))
			drvp_json_put_value(writer, member->key, member);
	drvp_json_close_object(writer);
}
