/* lineage.c: how the moment that came back relates to the moment that was captured */
#include "run/lineage.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "document/baseline.h"

bool drvp_lsn_parse(uint64_t *lsn, const char *text)
{
	uint64_t part[2] = { 0, 0 };
	int which = 0, digits = 0;

	for (const char *c = text; *c; c++) {
		uint8_t low;
		char pair[3] = { '0', *c, '\0' };

		if (*c == '/' && which == 0 && digits) {
			which = 1;
			digits = 0;
		} else if (++digits > 8 || drvp_hex_decode(pair, 2, &low, 1) != 1) {
			return false;
		} else {
			part[which] = part[which] << 4 | low;
		}
	}
	if (which != 1 || !digits)
		return false;
	*lsn = part[0] << 32 | part[1];
	return true;
}

int drvp_restore_point_parse(struct drvp_restore_point *out, const char *text,
			     struct drv_error *err)
{
	uint64_t lsn;

	*out = (struct drvp_restore_point){ .set = true };
	if (!strcmp(text, "baseline")) {
		out->baseline = true;
	} else if (!strcmp(text, "now")) {
		out->now = true;
	} else if (drvp_lsn_parse(&lsn, text) && lsn <= INT64_MAX) {
		out->lsn = (struct drvp_number){ true, (int64_t)lsn };
	} else if (drvp_instant_parse(&out->time.value, text, strlen(text))) {
		out->time.set = true;
	} else {
		return drvp_fail(err, DRV_E_USAGE,
				 "the restore point \"%.60s\" is not a time with zone (2025-12-30 "
				 "14:30+09), an LSN (0/3000060), or one of the words baseline and now",
				 text);
	}
	return 0;
}

static int compare(int64_t restored, int64_t captured)
{
	if (restored == captured)
		return DRVP_LINEAGE_SAME;
	return restored < captured ? DRVP_LINEAGE_OLDER : DRVP_LINEAGE_NEWER;
}

static void say(struct drvp_lineage *out, int relation, const char *text)
{
	out->relation = relation;
	snprintf(out->text, sizeof out->text, "%s", text);
}

static void decide_by_time(struct drvp_lineage *out, int64_t restored, int64_t captured)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	out->moment = (struct drvp_number){ true, restored };
	if (restored == captured) {
		say(out, DRVP_LINEAGE_SAME, "restored to the very moment of the baseline");
		return;
	}
	drvp_strbuf_str(&text, "restored to ");
	drvp_duration_print(&text, llabs(restored - captured));
	drvp_strbuf_str(&text, restored < captured ? " before the baseline" : " after the baseline");
	say(out, compare(restored, captured), drvp_strbuf_text(&text));
	drvp_strbuf_free(&text);
}

static void decide_by_lsn(struct drvp_lineage *out, uint64_t lsn, uint64_t captured,
			  const char *what)
{
	static const char *const words[] = {
		[DRVP_LINEAGE_SAME] = "at",
		[DRVP_LINEAGE_OLDER] = "before",
		[DRVP_LINEAGE_NEWER] = "past",
	};
	char text[160];

	out->relation = lsn == captured ? DRVP_LINEAGE_SAME :
			lsn < captured	? DRVP_LINEAGE_OLDER :
					  DRVP_LINEAGE_NEWER;
	snprintf(text, sizeof text, "%s %" PRIX32 "/%" PRIX32 " is %s the baseline's", what,
		 (uint32_t)(lsn >> 32), (uint32_t)lsn, words[out->relation]);
	say(out, out->relation, text);
}

static void decide_live(struct drvp_lineage *out, const struct drvp_identity *identity)
{
	say(out, DRVP_LINEAGE_NEWER, "live, as stated");
	out->live = true;
	if (identity)
		out->moment = (struct drvp_number){ true, identity->server_now };
}

/* Why the server's own WAL position does not place it, or NULL when it does. */
static const char *why_unplaced(const struct drvp_lineage *lineage,
				const struct drvp_recorded_identity *recorded,
				const struct drvp_identity *identity)
{
	uint64_t captured_lsn;

	if (lineage->other_system)
		return "another server than the baseline's";
	if (!identity->system_identifier || !recorded->system_identifier || !recorded->lsn ||
	    !identity->lsn || !drvp_lsn_parse(&captured_lsn, recorded->lsn))
		return "the server does not say which moment it holds";
	if (!recorded->database_oid.set ||
	    (uint64_t)recorded->database_oid.value != identity->database_oid)
		return "another database than the baseline's";
	if (!recorded->timeline.set || (uint64_t)recorded->timeline.value != identity->timeline)
		return "same lineage, but on another timeline: it was promoted";
	return NULL;
}

/*
 * Without a word from the operator: a standby stands where its replay stands, and a server that has
 * been running since the capture is the captured one. But a primary that was started later may be
 * a copy that was set back and has written WAL of its own since; its position then says nothing,
 * unless it has not even come to the baseline's.
 */
static void decide_by_server(struct drvp_lineage *out, const struct drv_baseline *baseline,
			     const struct drvp_source *source, const struct drvp_identity *identity)
{
	const char *unplaced = why_unplaced(out, &source->identity, identity);
	bool since = identity->server_started && identity->server_started < baseline->captured_at.value;
	uint64_t captured_lsn = 0;
	char text[160];

	if (!unplaced)
		drvp_lsn_parse(&captured_lsn, source->identity.lsn);
	if (!unplaced && !identity->in_recovery && !since && identity->lsn >= captured_lsn)
		unplaced = "it was started after the capture, so it may be a copy that was set back";
	if (unplaced) {
		snprintf(text, sizeof text, "%s; say the restore point with --restored-to", unplaced);
		say(out, DRVP_LINEAGE_UNKNOWN, text);
		return;
	}
	decide_by_lsn(out, identity->lsn, captured_lsn, "same server and timeline; WAL position");
	out->live = !identity->in_recovery && since && identity->lsn >= captured_lsn;
	if (out->live)
		out->moment = (struct drvp_number){ true, identity->server_now };
}

static void compare_systems(struct drvp_lineage *out, const struct drvp_source *source,
			    const struct drvp_identity *identity)
{
	char now[32];

	if (!identity || !identity->system_identifier || !source->identity.system_identifier)
		return;
	snprintf(now, sizeof now, "%" PRIu64, identity->system_identifier);
	out->other_system = strcmp(now, source->identity.system_identifier) != 0;
	out->identity_conflict = out->other_system && source->restored_by.set &&
				 source->restored_by.value == DRVP_RESTORED_PHYSICAL;
}

void drvp_lineage_decide(struct drvp_lineage *out, const struct drv_baseline *baseline,
			 const struct drvp_source *source, const struct drvp_identity *identity,
			 const struct drvp_restore_point *restored_to)
{
	uint64_t captured_lsn;

	memset(out, 0, sizeof *out);
	compare_systems(out, source, identity);
	if (!baseline->captured_at.set)
		say(out, DRVP_LINEAGE_STATED, "expectations are stated, not captured");
	else if (restored_to->baseline)
		decide_by_time(out, baseline->captured_at.value, baseline->captured_at.value);
	else if (restored_to->now)
		decide_live(out, identity);
	else if (restored_to->time.set)
		decide_by_time(out, restored_to->time.value, baseline->captured_at.value);
	else if (restored_to->lsn.set && source->identity.lsn &&
		 drvp_lsn_parse(&captured_lsn, source->identity.lsn))
		decide_by_lsn(out, (uint64_t)restored_to->lsn.value, captured_lsn, "restore point");
	else if (!identity)
		say(out, DRVP_LINEAGE_UNKNOWN, "the source could not be asked");
	else
		decide_by_server(out, baseline, source, identity);
}
