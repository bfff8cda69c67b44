/* compare.c: what differs between two documents, member by member */
#include <string.h>

#include "report/display.h"
#include "report/report.h"

struct comparison {
	drv_difference_fn fn;
	void *user;
	const char *id;              /* of the check or source that is being compared, or "" */
	int stop;                    /* what fn returned, or DRV_E_NOMEM */
};

/* ------------------------------------------------------------------ values */

/*
 * Strings as they are, where that can be told from what they are compared with, everything else as
 * JSON; "" for what is not there.
 */
static void print(struct drvp_strbuf *out, const struct drvp_json *value,
		  const struct drvp_json *other)
{
	struct drvp_json_writer writer = { .out = out, .inline_depth = 1 };

	if (value && value->type == DRVP_JSON_STRING && value->len &&
	    (!other || other->type == DRVP_JSON_STRING))
		drvp_strbuf_add(out, value->text, value->len);
	else if (value)
		drvp_json_put_value(&writer, NULL, value);
}

/* Only what is different is told, and so that a terminal may see it. */
static void tell_texts(struct comparison *c, const char *what, const char *before, const char *after)
{
	const char *const texts[] = { c->id, what, before, after };
	struct drvp_strbuf shown[4] = { 0 };
	bool failed = false;

	if (c->stop || !strcmp(before, after))
		return;
	for (size_t i = 0; i < 4; i++) {
		drvp_display(&shown[i], texts[i]);
		failed |= shown[i].failed;
	}
	if (failed) {
		c->stop = DRV_E_NOMEM;
	} else {
		const struct drv_difference difference = {
			drvp_strbuf_text(&shown[0]), drvp_strbuf_text(&shown[1]),
			drvp_strbuf_text(&shown[2]), drvp_strbuf_text(&shown[3]),
		};

		c->stop = c->fn(&difference, c->user) ? DRV_E_IO : 0;
	}
	for (size_t i = 0; i < 4; i++)
		drvp_strbuf_free(&shown[i]);
}

static void tell(struct comparison *c, const char *what, const struct drvp_json *before,
		 const struct drvp_json *after)
{
	struct drvp_strbuf a = DRVP_STRBUF_INIT, b = DRVP_STRBUF_INIT;

	print(&a, before, after);
	print(&b, after, before);
	if (a.failed || b.failed)
		c->stop = DRV_E_NOMEM;
	else
		tell_texts(c, what, drvp_strbuf_text(&a), drvp_strbuf_text(&b));
	drvp_strbuf_free(&a);
	drvp_strbuf_free(&b);
}

static bool is_object(const struct drvp_json *value)
{
	return value && value->type == DRVP_JSON_OBJECT;
}

static void compare(struct comparison *c, const char *path, const struct drvp_json *before,
		    const struct drvp_json *after);

static void compare_member(struct comparison *c, const char *path, const char *name,
			   const struct drvp_json *before, const struct drvp_json *after)
{
	struct drvp_strbuf longer = DRVP_STRBUF_INIT;

	drvp_strbuf_printf(&longer, "%s%s%s", path, path[0] ? "." : "", name);
	if (longer.failed)
		c->stop = DRV_E_NOMEM;
	else
		compare(c, longer.data, before, after);
	drvp_strbuf_free(&longer);
}

/* Objects member by member, anything else as a whole. No deeper than the parser allows. */
static void compare(struct comparison *c, const char *path, const struct drvp_json *before,
		    const struct drvp_json *after)
{
	if (!is_object(before) && !is_object(after)) {
		tell(c, path, before, after);
		return;
	}
	for (const struct drvp_json *member = is_object(before) ? before->first : NULL; member;
	     member = member->next)
		compare_member(c, path, member->key, member, drvp_json_member(after, member->key));
	for (const struct drvp_json *member = is_object(after) ? after->first : NULL; member;
	     member = member->next)
		if (!drvp_json_member(before, member->key))
			compare_member(c, path, member->key, NULL, member);
}

/* ------------------------------------------------------------------ results of runs */

/* How many findings, and rows, there are of each code that either run found. */
static uint64_t count_of(const struct drvp_json *findings, const char *code)
{
	uint64_t count = 0;

	for (const struct drvp_json *node = findings ? findings->first : NULL; node;
	     node = node->next)
		if (drvp_json_is(drvp_json_member(node, "code"), code))
			count++;
	return count;
}

static void compare_finding(struct comparison *c, const struct drvp_json *findings,
			    const struct drvp_json *before, const struct drvp_json *after)
{
	const struct drvp_json *code;
	uint64_t a, b;

	for (const struct drvp_json *node = findings ? findings->first : NULL; node;
	     node = node->next) {
		code = drvp_json_member(node, "code");
		if (!code || code->type != DRVP_JSON_STRING)
			continue;
		a = count_of(before, code->text);
		b = count_of(after, code->text);
		/* Those of the first are told when it is walked; of the second only what is new. */
		if ((findings == after && a) || (a && b))
			continue;
		tell_texts(c, "result.finding", a ? code->text : "", b ? code->text : "");
	}
}

static void compare_results(struct comparison *c, const struct drvp_json *before,
			    const struct drvp_json *after)
{
	static const char *const members[] = { "verdict", "rows", NULL };
	const struct drvp_json *a = drvp_json_member(before, "findings");
	const struct drvp_json *b = drvp_json_member(after, "findings");

	for (const char *const *name = members; *name; name++)
		compare_member(c, "result", *name, drvp_json_member(before, *name),
			       drvp_json_member(after, *name));
	compare_finding(c, a, a, b);
	compare_finding(c, b, a, b);
}

/* ------------------------------------------------------------------ checks and sources */

/* A document without its one member of that name is compared by the rest of it. */
static void compare_without(struct comparison *c, const char *without,
			    const struct drvp_json *before, const struct drvp_json *after)
{
	for (const struct drvp_json *member = before->first; member; member = member->next)
		if (strcmp(member->key, without))
			compare_member(c, "", member->key, member,
				       drvp_json_member(after, member->key));
	for (const struct drvp_json *member = after->first; member; member = member->next)
		if (strcmp(member->key, without) && !drvp_json_member(before, member->key))
			compare_member(c, "", member->key, NULL, member);
}

static const struct drvp_item *find_item(const struct drv_baseline *baseline, const char *id)
{
	for (size_t i = 0; i < baseline->item_count; i++)
		if (!strcmp(baseline->items[i].id, id))
			return &baseline->items[i];
	return NULL;
}

static void compare_checks(struct comparison *c, const struct drv_baseline *before,
			   const struct drv_baseline *after)
{
	bool both_ran = before->verdict && after->verdict;

	for (size_t i = 0; i < before->item_count; i++) {
		const struct drvp_item *item = &before->items[i];
		const struct drvp_item *other = find_item(after, item->id);

		c->id = item->id;
		if (!other) {
			tell_texts(c, "check", item->check->name, "");
			continue;
		}
		compare_without(c, "result", item->node, other->node);
		if (both_ran)
			compare_results(c, drvp_json_member(item->node, "result"),
					drvp_json_member(other->node, "result"));
	}
	for (size_t i = 0; i < after->item_count; i++) {
		c->id = after->items[i].id;
		if (!find_item(before, c->id))
			tell_texts(c, "check", "", after->items[i].check->name);
	}
}

/* Positions move on while a server runs; which server it is does not. */
static void compare_source(struct comparison *c, const struct drvp_source *before,
			   const struct drvp_source *after)
{
	static const char *const members[] = {
		"system_identifier", "timeline", "database_oid", "set_name", NULL,
	};
	const struct drvp_json *a = drvp_json_member(before->node, "identity");
	const struct drvp_json *b = drvp_json_member(after->node, "identity");

	c->id = before->name;
	compare_without(c, "identity", before->node, after->node);
	for (const char *const *name = members; a && b && *name; name++)
		compare_member(c, "identity", *name, drvp_json_member(a, *name),
			       drvp_json_member(b, *name));
}

static void compare_sources(struct comparison *c, const struct drv_baseline *before,
			    const struct drv_baseline *after)
{
	for (size_t i = 0; i < before->source_count; i++) {
		const struct drvp_source *source = &before->sources[i];
		const struct drvp_source *other = drvp_baseline_source(after, source->name);

		c->id = source->name;
		if (other)
			compare_source(c, source, other);
		else
			tell_texts(c, "source", source->store, "");
	}
	for (size_t i = 0; i < after->source_count; i++) {
		c->id = after->sources[i].name;
		if (!drvp_baseline_source(before, c->id))
			tell_texts(c, "source", "", after->sources[i].store);
	}
}

int drv_baseline_compare(const struct drv_baseline *before, const struct drv_baseline *after,
			 drv_difference_fn fn, void *user, struct drv_error *error)
{
	struct comparison c = { .fn = fn, .user = user, .id = "" };

	tell_texts(&c, "name", before->name, after->name);
	compare(&c, "objectives", drvp_json_member(before->root, "objectives"),
		drvp_json_member(after->root, "objectives"));
	if (before->verdict && after->verdict)
		tell_texts(&c, "verdict", before->verdict, after->verdict);
	compare_sources(&c, before, after);
	compare_checks(&c, before, after);
	if (c.stop == DRV_E_NOMEM)
		return drvp_fail_nomem(error);
	return c.stop ? drvp_fail(error, DRV_E_IO, "the comparison was stopped") : 0;
}
