/* series.c: which of several baselines says what to expect of the moment that was restored */
#include <stdlib.h>
#include <string.h>

#include "run/restore_point.h"

/* Several documents of one thing, and what is said of the restore. */
struct series {
	struct drv_baseline *const *baselines;
	size_t count;
	const char *const *points;
	size_t point_count;
	bool timeless;               /* no point that is said is a time or a position */
	struct drv_error *err;
};

/* ------------------------------------------------------------------ what may be in it */

static int check_baseline(const struct series *s, const struct drv_baseline *baseline)
{
	int status = drvp_baseline_refuse_failed(baseline, s->err);

	if (status)
		return status;
	if (!baseline->captured_at.set)
		return drvp_fail(s->err, DRV_E_USAGE, "%s was not written by a capture, so it is no "
				 "baseline to choose", baseline->file);
	if (strcmp(baseline->name, s->baselines[0]->name))
		return drvp_fail(s->err, DRV_E_USAGE, "%s is about \"%.60s\" and %s about \"%.60s\"; give "
				 "baselines of one thing", s->baselines[0]->file, s->baselines[0]->name,
				 baseline->file, baseline->name);
	return 0;
}

/* Positions in the WAL of two systems have nothing to do with each other. */
static int check_system(const struct series *s, const struct drv_baseline *baseline,
			const struct drvp_source *source)
{
	const struct drvp_source *first = drvp_baseline_source(s->baselines[0], source->name);
	const char *a = first ? first->identity.system_identifier : NULL;
	const char *b = source->identity.system_identifier;

	if (a && b && !strcmp(a, b))
		return 0;
	return drvp_fail(s->err, DRV_E_USAGE, "%s and %s are not known to be of one server, so an LSN "
			 "does not choose between them; give a time with --restored-to",
			 s->baselines[0]->file, baseline->file);
}

/* ------------------------------------------------------------------ comparing */

/* Whether a baseline says what to expect of all sources whose restore point is said. */
static int compare(const struct series *s, const struct drv_baseline *baseline,
		   const struct drvp_restore_point *points, bool *holds)
{
	*holds = true;
	for (size_t i = 0; i < baseline->source_count; i++) {
		const struct drvp_source *source = &baseline->sources[i];
		const struct drvp_restore_point *point = drvp_restore_point_of(points, baseline, i);
		bool position = point->lsn.set && !strcmp(source->store, "postgresql");
		int relation, status;

		if (point->baseline && s->count > 1)
			return drvp_fail(s->err, DRV_E_USAGE, "of %zu baselines it is not said which one's "
					 "moment was restored; give the one, or a time", s->count);
		if (!point->set || (point->lsn.set && !position))
			continue;
		status = position ? check_system(s, baseline, source) : 0;
		if (status)
			return status;
		relation = drvp_restore_point_relation(point, baseline, source);
		*holds &= relation == DRVP_LINEAGE_SAME || relation == DRVP_LINEAGE_NEWER;
	}
	return 0;
}

static int hold_against(struct series *s, const struct drv_baseline *baseline, bool *holds)
{
	struct drvp_restore_point *points = calloc(baseline->source_count + 1, sizeof *points);
	int status = points ? check_baseline(s, baseline) : drvp_fail_nomem(s->err);

	for (size_t i = 0; i < s->point_count && !status; i++)
		status = drvp_restore_points_add(points, baseline, s->points[i], s->err);
	for (size_t i = 0; i <= baseline->source_count && !status; i++)
		s->timeless &= !points[i].time.set && !points[i].lsn.set;
	if (!status)
		status = compare(s, baseline, points, holds);
	free(points);
	return status;
}

/* ------------------------------------------------------------------ copies of one capture */

static void put_without(struct drvp_json_writer *writer, const struct drvp_json *object,
			const char *one, const char *other)
{
	drvp_json_open_object(writer, NULL, false);
	for (const struct drvp_json *at = object->first; at; at = at->next)
		if (strcmp(at->key, one) && strcmp(at->key, other))
			drvp_json_put_value(writer, at->key, at);
	drvp_json_close_object(writer);
}

/* The document without what a run thought of it. */
static void put_document(struct drvp_strbuf *out, const struct drv_baseline *baseline)
{
	struct drvp_json_writer writer = { .out = out };

	put_without(&writer, baseline->root, "report", "checks");
	for (size_t i = 0; i < baseline->item_count; i++)
		put_without(&writer, baseline->items[i].node, "result", "result");
}

/* The report of a run that renewed nothing has the capture's moment and expectations. */
static int same_document(const struct series *s, const struct drv_baseline *a,
			 const struct drv_baseline *b, bool *same)
{
	struct drvp_strbuf left = DRVP_STRBUF_INIT, right = DRVP_STRBUF_INIT;
	bool failed;

	put_document(&left, a);
	put_document(&right, b);
	failed = left.failed || right.failed;
	*same = drvp_strbuf_equal(&left, &right);
	drvp_strbuf_free(&left);
	drvp_strbuf_free(&right);
	return failed ? drvp_fail_nomem(s->err) : 0;
}

/* ------------------------------------------------------------------ choosing */

static int choose(struct series *s, size_t *chosen)
{
	*chosen = s->count;
	for (size_t i = 0; i < s->count; i++) {
		const struct drv_baseline *one = s->baselines[i];
		const struct drv_baseline *best = *chosen < s->count ? s->baselines[*chosen] : NULL;
		bool holds, same = true;
		int status = hold_against(s, one, &holds);

		if (!status && holds && best && best->captured_at.value == one->captured_at.value)
			status = same_document(s, best, one, &same);
		if (status)
			return status;
		if (!same)
			return drvp_fail(s->err, DRV_E_USAGE, "%s and %s were captured at one moment and "
					 "expect different things; give one of them", best->file,
					 one->file);
		if (holds && (!best || one->captured_at.value > best->captured_at.value))
			*chosen = i;
	}
	return 0;
}

static int none_holds(const struct series *s)
{
	const struct drv_baseline *first = s->baselines[0];
	struct drvp_strbuf time = DRVP_STRBUF_INIT;

	for (size_t i = 1; i < s->count; i++)
		if (s->baselines[i]->captured_at.value < first->captured_at.value)
			first = s->baselines[i];
	drvp_instant_print(&time, first->captured_at.value);
	if (s->count == 1)
		drvp_fail(s->err, DRV_E_USAGE, "the only baseline is not known to be from before the "
			  "restore point: %s was captured %s. Give an older one", first->file,
			  drvp_strbuf_text(&time));
	else
		drvp_fail(s->err, DRV_E_USAGE, "none of %zu baselines is known to be from before the "
			  "restore point; the earliest, %s, was captured %s. Give an older one",
			  s->count, first->file, drvp_strbuf_text(&time));
	drvp_strbuf_free(&time);
	return DRV_E_USAGE;
}

/* For the report: which one it is, and why. */
static int note_choice(const struct series *s, struct drv_baseline *baseline)
{
	struct drvp_strbuf note = DRVP_STRBUF_INIT;

	if (s->count == 1)
		drvp_strbuf_str(&note, "the only baseline");
	else
		drvp_strbuf_printf(&note, "the newest of %zu baselines", s->count);
	if (!s->point_count)
		drvp_strbuf_str(&note, ", since no restore point is said");
	else if (!s->timeless)
		drvp_strbuf_str(&note, " not after ");
	for (size_t i = 0; i < s->point_count && !s->timeless; i++)
		drvp_strbuf_printf(&note, "%s%s", i ? " and " : "", s->points[i]);
	if (!note.failed)
		baseline->choice = drvp_arena_copy(&baseline->arena, note.data, note.len);
	drvp_strbuf_free(&note);
	return baseline->choice ? 0 : drvp_fail_nomem(s->err);
}

int drv_baseline_choose(size_t *chosen, struct drv_baseline *const *baselines, size_t count,
			const char *const *restored_to, size_t restored_to_count,
			struct drv_error *error)
{
	struct series s = { baselines, count, restored_to, restored_to_count, true, error };
	int status;

	if (!count)
		return drvp_fail(error, DRV_E_USAGE, "there is no baseline to choose from");
	status = choose(&s, chosen);
	if (status)
		return status;
	if (*chosen == count)
		return none_holds(&s);
	return note_choice(&s, baselines[*chosen]);
}
