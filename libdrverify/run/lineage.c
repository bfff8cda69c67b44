/* lineage.c: how the moment that came back relates to the moment that was captured */
#include "run/lineage.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the server itself proves. */
struct proof {
	int relation;                /* UNKNOWN: nothing; text says why */
	bool live;
	bool same_place;             /* the captured server and database, or a physical copy */
	char text[160];
};

static void prove(struct proof *proof, int relation, const char *format, ...) DRVP_PRINTF(3, 4);

static void prove(struct proof *proof, int relation, const char *format, ...)
{
	va_list args;

	proof->relation = relation;
	va_start(args, format);
	vsnprintf(proof->text, sizeof proof->text, format, args);
	va_end(args);
}

#define FROM_A_DUMP "a dump carries no moment that the server could tell"

static bool is_logical(const struct drvp_source *source)
{
	return source->restored_by.set && source->restored_by.value == DRVP_RESTORED_LOGICAL;
}

#define LSN "%" PRIX32 "/%" PRIX32
#define LSN_PARTS(lsn) (uint32_t)((lsn) >> 32), (uint32_t)(lsn)

/* ------------------------------------------------------------------ PostgreSQL */

static bool other_system(const struct drvp_source *source, const struct drvp_identity *identity)
{
	char now[32];

	if (!identity->system_identifier || !source->identity.system_identifier)
		return false;
	snprintf(now, sizeof now, "%" PRIu64, identity->system_identifier);
	return strcmp(now, source->identity.system_identifier) != 0;
}

/* Why the server cannot be compared with the captured one at all, or NULL. */
static const char *why_incomparable(const struct drvp_source *source,
				    const struct drvp_identity *identity)
{
	const struct drvp_recorded_identity *recorded = &source->identity;
	uint64_t lsn;

	if (is_logical(source))
		return FROM_A_DUMP;
	if (other_system(source, identity))
		return "another server than the baseline's";
	if (!identity->system_identifier || !recorded->system_identifier || !identity->lsn ||
	    !drvp_recorded_lsn(&lsn, source))
		return "the server does not say which moment it holds";
	if (!recorded->database_oid.set ||
	    (uint64_t)recorded->database_oid.value != identity->database_oid)
		return "another database than the baseline's";
	return NULL;
}

/*
 * Both snapshots show what all transactions before one and the same have left. On one history no
 * row can differ then, whatever else was written to the WAL.
 */
static bool same_transactions(const struct drvp_recorded_identity *recorded,
			      const struct drvp_identity *identity)
{
	return recorded->next_transaction.set && identity->next_transaction &&
	       (uint64_t)recorded->next_transaction.value == identity->next_transaction;
}

/* On the captured history at or behind the captured position. */
static void prove_not_older(struct proof *proof, const struct drvp_source *source,
			    const struct drvp_identity *identity, const char *how)
{
	if (same_transactions(&source->identity, identity))
		prove(proof, DRVP_LINEAGE_SAME, "%s; no transaction since the baseline", how);
	else
		prove(proof, DRVP_LINEAGE_NEWER, "%s", how);
}

/* A server on a later timeline: whether it left the captured one before or after the capture. */
static void prove_by_history(struct proof *proof, const struct drvp_source *source,
			     const struct drvp_identity *identity, uint64_t captured)
{
	const struct drvp_recorded_identity *recorded = &source->identity;
	const struct drvp_switch *left = NULL;
	char how[160];

	for (size_t i = 0; i < identity->history_count; i++)
		if (recorded->timeline.set &&
		    identity->history[i].timeline == (uint64_t)recorded->timeline.value)
			left = &identity->history[i];
	if (!left) {
		prove(proof, DRVP_LINEAGE_UNKNOWN, "same server, but on timeline %" PRIu32 "; %s",
		      identity->timeline, identity->history_count ?
		      "its history does not name the baseline's" :
		      "this role may not read where it left the baseline's");
		return;
	}
	snprintf(how, sizeof how, "%s: it left timeline %" PRIu32 " at " LSN ", %s the baseline's "
		 LSN, identity->in_recovery ? "on another timeline" : "promoted", left->timeline, LSN_PARTS(left->lsn),
		 drvp_lsn_before(left->lsn, captured) ? "before" : "not before", LSN_PARTS(captured));
	if (drvp_lsn_before(left->lsn, captured))
		prove(proof, DRVP_LINEAGE_OLDER, "%s", how);
	else
		prove_not_older(proof, source, identity, how);
}

/*
 * A standby stands where its replay stands, and the process that was captured can only have gone
 * on. But a primary that was started later may be a copy that was set back and has written WAL of
 * its own since; its position then says nothing, unless it has not even come to the baseline's.
 */
static void prove_by_position(struct proof *proof, const struct drvp_source *source,
			      const struct drvp_identity *identity)
{
	const struct drvp_recorded_identity *recorded = &source->identity;
	bool same_timeline = recorded->timeline.set &&
			     (uint64_t)recorded->timeline.value == identity->timeline;
	uint64_t captured = 0;
	char how[160];

	drvp_recorded_lsn(&captured, source);
	snprintf(how, sizeof how, "same server and timeline; WAL position " LSN " is not before the "
		 "baseline's " LSN, LSN_PARTS(identity->lsn), LSN_PARTS(captured));
	if (drvp_lsn_before(identity->lsn, captured)) {
		if (identity->in_recovery && same_timeline &&
		    identity->lsn <= identity->timeline_until && same_transactions(recorded, identity))
			prove(proof, DRVP_LINEAGE_SAME, "same server and timeline; WAL position " LSN
			      ", and no transaction until the baseline", LSN_PARTS(identity->lsn));
		else
			prove(proof, DRVP_LINEAGE_OLDER, "same server; WAL position " LSN " is before "
			      "the baseline's " LSN, LSN_PARTS(identity->lsn), LSN_PARTS(captured));
	} else if (recorded->server_started.set &&
		   recorded->server_started.value == identity->server_started) {
		proof->live = true;
		prove_not_older(proof, source, identity, "the captured server, running ever since");
	} else if (recorded->timeline.set && !identity->in_recovery &&
		   identity->timeline < (uint64_t)recorded->timeline.value) {
		prove(proof, DRVP_LINEAGE_OLDER, "same server, but on timeline %" PRIu32 ", before the "
		      "baseline's %" PRId64, identity->timeline, recorded->timeline.value);
	} else if (!same_timeline) {
		prove_by_history(proof, source, identity, captured);
	} else if (identity->in_recovery && identity->timeline_until < captured) {
		prove(proof, DRVP_LINEAGE_UNKNOWN, "same server, but this role may not see which timeline it "
		      "follows (GRANT pg_monitor)");
	} else if (identity->in_recovery) {
		prove_not_older(proof, source, identity, how);
	} else {
		prove(proof, DRVP_LINEAGE_UNKNOWN, "it was started after the capture, so it may be a copy "
		      "that was set back");
	}
}

/* ------------------------------------------------------------------ MongoDB */

static bool read_operation_time(uint64_t *out, const char *text)
{
	unsigned seconds, increment;
	int len = 0;

	if (!text || sscanf(text, "%10u.%10u%n", &seconds, &increment, &len) != 2 || text[len])
		return false;
	*out = (uint64_t)seconds << 32 | increment;
	return true;
}

/*
 * Operation times are wall clock: a member whose last one is before the capture cannot hold it. One
 * that is behind says nothing, since a set that was put back goes on with the time of day.
 */
static void prove_by_operation(struct proof *proof, const struct drvp_source *source,
			       const struct drvp_identity *identity)
{
	const struct drvp_recorded_identity *recorded = &source->identity;
	uint64_t captured = 0;
	bool timed = read_operation_time(&captured, recorded->operation_time) &&
		     identity->operation_time;
	bool same_set = recorded->set_name && !strcmp(recorded->set_name, identity->set_name);

	if (is_logical(source)) {
		prove(proof, DRVP_LINEAGE_UNKNOWN, FROM_A_DUMP);
	} else if (timed && same_set && identity->operation_time < captured) {
		prove(proof, DRVP_LINEAGE_OLDER, "same set; its last operation is before the baseline's");
	} else if (recorded->process && !strcmp(recorded->process, identity->process)) {
		proof->live = true;
		if (timed && identity->operation_time == captured)
			prove(proof, DRVP_LINEAGE_SAME, "the captured server, and no operation since");
		else
			prove(proof, DRVP_LINEAGE_NEWER, "the captured server, running ever since");
	} else {
		prove(proof, DRVP_LINEAGE_UNKNOWN, "%s", recorded->set_name && !same_set ?
		      "another replica set than the baseline's" :
		      "the server does not say which moment it holds");
	}
}

/* ------------------------------------------------------------------ what was said */

static void say(struct drvp_lineage *out, int relation, const char *format, ...) DRVP_PRINTF(3, 4);

static void say(struct drvp_lineage *out, int relation, const char *format, ...)
{
	va_list args;

	out->relation = relation;
	va_start(args, format);
	vsnprintf(out->text, sizeof out->text, format, args);
	va_end(args);
}

static void say_time(struct drvp_lineage *out, int relation, int64_t restored, int64_t captured)
{
	struct drvp_strbuf distance = DRVP_STRBUF_INIT;

	out->moment = (struct drvp_number){ true, restored };
	drvp_duration_print(&distance, llabs(restored - captured));
	if (restored == captured)
		say(out, relation, "restored to the baseline's moment");
	else
		say(out, relation, "restored to %s %s the baseline", drvp_strbuf_text(&distance),
		    restored < captured ? "before" : "after");
	drvp_strbuf_free(&distance);
}

static void say_what_was_said(struct drvp_lineage *out, const struct drv_baseline *baseline,
			      const struct drvp_source *source, const struct drvp_identity *identity,
			      const struct drvp_restore_point *point, int relation)
{
	int64_t captured = drvp_captured_moment(baseline, source);

	if (point->baseline) {
		out->moment = (struct drvp_number){ true, captured };
		say(out, relation, "restored to the very moment of the baseline, as stated");
	} else if (point->now) {
		out->live = true;
		if (identity)
			out->moment = (struct drvp_number){ true, identity->server_now };
		say(out, relation, "live, as stated");
	} else if (point->time.set) {
		say_time(out, relation, point->time.value, captured);
	} else {
		say(out, relation, "restored to " LSN ", %s the baseline's %s",
		    LSN_PARTS((uint64_t)point->lsn.value),
		    relation == DRVP_LINEAGE_OLDER ? "before" : "not before", source->identity.lsn);
	}
}

/* ------------------------------------------------------------------ both together */

static void take_proof(struct drvp_lineage *out, const struct proof *proof,
		       const struct drvp_identity *identity)
{
	say(out, proof->relation, "%s%s", proof->text, proof->relation == DRVP_LINEAGE_UNKNOWN ?
	    "; say the restore point with --restored-to" : "");
	out->live = proof->live;
	if (proof->live)
		out->moment = (struct drvp_number){ true, identity->server_now };
}

/*
 * What is proved outranks what is said, but for the captured server while it runs: somebody may
 * have loaded older data into it. Where less was asked for than came back, nothing is decided.
 */
static void weigh(struct drvp_lineage *out, const struct proof *proof, bool same_transactions)
{
	struct drvp_lineage said = *out;
	int proved = proof->relation;

	/* What is said to be later has the captured history in it. */
	if (proved == DRVP_LINEAGE_UNKNOWN && same_transactions && said.relation == DRVP_LINEAGE_NEWER)
		proved = DRVP_LINEAGE_SAME;
	if (proof->live || proved == said.relation)
		return;
	if (proved == DRVP_LINEAGE_OLDER)
		say(out, DRVP_LINEAGE_OLDER, "%.110s; but %s", said.text, proof->text);
	else if (proved == DRVP_LINEAGE_NEWER && said.relation == DRVP_LINEAGE_OLDER)
		say(out, DRVP_LINEAGE_UNKNOWN, "%.110s; but %s", said.text, proof->text);
	else if (proved == DRVP_LINEAGE_SAME && !said.live)
		say(out, DRVP_LINEAGE_SAME, "%s; no transaction between the two", said.text);
	else
		return;
	out->live = out->moment.set = false;
}

static void compare_systems(struct drvp_lineage *out, const struct drvp_source *source,
			    const struct drvp_identity *identity)
{
	out->other_system = identity && other_system(source, identity);
	out->identity_conflict = out->other_system && source->restored_by.set &&
				 source->restored_by.value == DRVP_RESTORED_PHYSICAL;
}

static void prove_by_server(struct proof *proof, const struct drvp_source *source,
			    const struct drvp_identity *identity)
{
	const char *why;

	if (!strcmp(source->store, "mongodb")) {
		prove_by_operation(proof, source, identity);
		return;
	}
	why = why_incomparable(source, identity);
	if (why) {
		prove(proof, DRVP_LINEAGE_UNKNOWN, "%s", why);
		return;
	}
	proof->same_place = true;
	prove_by_position(proof, source, identity);
}

void drvp_lineage_decide(struct drvp_lineage *out, const struct drv_baseline *baseline,
			 const struct drvp_source *source, const struct drvp_identity *identity,
			 const struct drvp_restore_point *restored_to)
{
	struct proof proof = { .relation = DRVP_LINEAGE_UNKNOWN,
			       .text = "the source could not be asked" };
	int said = DRVP_LINEAGE_UNKNOWN;

	memset(out, 0, sizeof *out);
	compare_systems(out, source, identity);
	if (!baseline->captured_at.set) {
		say(out, DRVP_LINEAGE_STATED, "expectations are stated, not captured");
		return;
	}
	if (identity)
		prove_by_server(&proof, source, identity);
	if (restored_to->set)
		said = drvp_restore_point_relation(restored_to, baseline, source);
	if (said == DRVP_LINEAGE_UNKNOWN) {
		take_proof(out, &proof, identity);
		return;
	}
	say_what_was_said(out, baseline, source, identity, restored_to, said);
	weigh(out, &proof, proof.same_place && same_transactions(&source->identity, identity));
}

const char *drvp_lineage_doubt(const struct drvp_lineage *lineage)
{
	switch (lineage->relation) {
	case DRVP_LINEAGE_OLDER:
		return "lineage.older";
	case DRVP_LINEAGE_UNKNOWN:
		return "lineage.unknown";
	default:
		return NULL;
	}
}
