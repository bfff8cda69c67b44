/* restore_point.c: the moment that somebody says was restored */
#include "run/restore_point.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"

/* Clocks differ, but a day ahead is a mistake in writing. */
#define FARTHEST_AHEAD (86400 * DRVP_SECOND)

/* ------------------------------------------------------------------ WAL positions */

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

bool drvp_recorded_lsn(uint64_t *lsn, const struct drvp_source *source)
{
	return source->identity.lsn && drvp_lsn_parse(lsn, source->identity.lsn);
}

/*
 * Between two pages of WAL, one record ends where the page before ends and the next one starts
 * behind the header of the page, 24 bytes, or 40 in the first one of a file. Both name one moment,
 * and no record ends at both.
 */
static uint64_t without_header(uint64_t lsn)
{
	uint64_t into = lsn % 8192;

	return into == 24 || into == 40 ? lsn - into : lsn;
}

bool drvp_lsn_before(uint64_t lsn, uint64_t other)
{
	return without_header(lsn) < without_header(other);
}

/* ------------------------------------------------------------------ reading */

static int read_time(struct drvp_number *out, const char *text, struct drv_error *err)
{
	out->set = drvp_instant_parse(&out->value, text, strlen(text));
	if (!out->set)
		return drvp_fail(err, DRV_E_USAGE,
				 "the restore point \"%.60s\" is not a time with zone (2025-12-30 "
				 "14:30+09), an LSN (0/3000060), or one of the words baseline and now",
				 text);
	if (out->value - drvp_now() > FARTHEST_AHEAD)
		return drvp_fail(err, DRV_E_USAGE, "the restore point \"%.60s\" lies in the future",
				 text);
	return 0;
}

int drvp_restore_point_parse(struct drvp_restore_point *out, const char *text,
			     struct drv_error *err)
{
	uint64_t lsn;

	*out = (struct drvp_restore_point){ .set = true };
	if (!strcmp(text, "baseline"))
		out->baseline = true;
	else if (!strcmp(text, "now"))
		out->now = true;
	else if (drvp_lsn_parse(&lsn, text) && lsn <= INT64_MAX)
		out->lsn = (struct drvp_number){ true, (int64_t)lsn };
	else
		return read_time(&out->time, text, err);
	return 0;
}

/* The source that "SOURCE=POINT" names, or source_count. Names may hold "=", so the longest wins. */
static size_t find_source(const struct drv_baseline *baseline, const char *text)
{
	size_t found = baseline->source_count, longest = 0;

	for (size_t i = 0; i < baseline->source_count; i++) {
		size_t len = strlen(baseline->sources[i].name);

		if (len > longest && !strncmp(text, baseline->sources[i].name, len) &&
		    text[len] == '=') {
			found = i;
			longest = len;
		}
	}
	return found;
}

static int no_such_source(const struct drv_baseline *baseline, const char *text,
			  struct drv_error *err)
{
	return drvp_fail(err, DRV_E_USAGE, "%s has no source \"%.*s\" to say a restore point of",
			 baseline->file, (int)strcspn(text, "=") < 60 ? (int)strcspn(text, "=") : 60,
			 text);
}

static bool is_postgresql(const struct drvp_source *source)
{
	return !strcmp(source->store, "postgresql");
}

/* An LSN is a position in the WAL of one server. */
static int check_lsn(const struct drv_baseline *baseline, size_t named, struct drv_error *err)
{
	const struct drvp_source *first = NULL;

	if (named < baseline->source_count)
		return is_postgresql(&baseline->sources[named]) ? 0 :
			drvp_fail(err, DRV_E_USAGE, "an LSN does not place source \"%.60s\", which is "
				  "%s; give a time", baseline->sources[named].name,
				  baseline->sources[named].store);
	for (size_t i = 0; i < baseline->source_count; i++) {
		const struct drvp_source *source = &baseline->sources[i];

		if (!is_postgresql(source))
			continue;
		if (first && (!first->identity.system_identifier || !source->identity.system_identifier ||
			      strcmp(first->identity.system_identifier,
				     source->identity.system_identifier)))
			return drvp_fail(err, DRV_E_USAGE, "an LSN is of one server: say which source "
					 "it is of, as in %.60s=LSN", first->name);
		first = source;
	}
	return first ? 0 : drvp_fail(err, DRV_E_USAGE, "%s has no PostgreSQL source, so an LSN places "
				     "none; give a time", baseline->file);
}

int drvp_restore_points_add(struct drvp_restore_point *points, const struct drv_baseline *baseline,
			    const char *text, struct drv_error *err)
{
	size_t named = find_source(baseline, text);
	struct drvp_restore_point point;
	int status;

	if (named < baseline->source_count)
		text += strlen(baseline->sources[named].name) + 1;
	else if (strchr(text, '='))
		return no_such_source(baseline, text, err);
	status = drvp_restore_point_parse(&point, text, err);
	if (!status && point.lsn.set)
		status = check_lsn(baseline, named, err);
	if (status)
		return status;
	if (point.baseline && !baseline->captured_at.set)
		return drvp_fail(err, DRV_E_USAGE, "%s was not written by a capture, so there is no "
				 "moment of a baseline to restore to", baseline->file);
	if (points[named].set)
		return drvp_fail(err, DRV_E_USAGE, "two restore points are given for %s%.60s%s; give one",
				 named < baseline->source_count ? "source \"" : "all sources",
				 named < baseline->source_count ? baseline->sources[named].name : "",
				 named < baseline->source_count ? "\"" : "");
	points[named] = point;
	return 0;
}

const struct drvp_restore_point *drvp_restore_point_of(const struct drvp_restore_point *points,
						       const struct drv_baseline *baseline,
						       size_t source)
{
	return points[source].set ? &points[source] : &points[baseline->source_count];
}

/* ------------------------------------------------------------------ comparing */

int64_t drvp_captured_moment(const struct drv_baseline *baseline, const struct drvp_source *source)
{
	return source->identity.moment.set ? source->identity.moment.value :
					     baseline->captured_at.value;
}

/* At the recorded time or position there may be a little more than the snapshot showed. */
int drvp_restore_point_relation(const struct drvp_restore_point *point,
				const struct drv_baseline *baseline,
				const struct drvp_source *source)
{
	uint64_t captured;

	if (point->baseline)
		return DRVP_LINEAGE_SAME;
	if (point->now)
		return DRVP_LINEAGE_NEWER;
	if (point->time.set)
		return point->time.value < drvp_captured_moment(baseline, source) ?
			       DRVP_LINEAGE_OLDER : DRVP_LINEAGE_NEWER;
	if (!point->lsn.set || !is_postgresql(source) || !drvp_recorded_lsn(&captured, source))
		return DRVP_LINEAGE_UNKNOWN;
	return drvp_lsn_before((uint64_t)point->lsn.value, captured) ? DRVP_LINEAGE_OLDER :
								       DRVP_LINEAGE_NEWER;
}
