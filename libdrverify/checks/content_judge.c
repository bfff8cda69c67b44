/* content_judge.c: what the digests of a table's rows mean */
#include "checks/content_judge.h"

#include <inttypes.h>
#include <string.h>

#include "content/content_tally.h"
#include "report/report.h"

#define NAMED_PARTS 3
#define DAY (86400 * DRVP_SECOND)

/* Parts of a table that differ in one way, the first few of them named. */
struct parts {
	size_t count;
	uint64_t rows;               /* by how many they differ */
	struct drvp_strbuf names;
};

struct judging {
	const struct drvp_content *content;
	const struct drvp_content_expect *recorded;
	const struct drvp_tally *tally;
	const struct drvp_content_tally *own;
	const struct drvp_circumstances *c;
	struct drvp_verdict *out;
	struct drvp_bucket total;
	struct parts changed, missing, extra;
	struct parts grown;          /* where more rows are right, and hide whether others changed */
};

static const char *amount(const struct judging *j, uint64_t number)
{
	static const char *const nouns[2][2] = { { "rows", "row" }, { "documents", "document" } };
	bool documents = !j->c->relation->schema;
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	const char *kept;

	drvp_strbuf_grouped(&text, number);
	drvp_strbuf_printf(&text, " %s", nouns[documents][number == 1]);
	kept = drvp_arena_copy(&j->out->arena, drvp_strbuf_text(&text), text.len);
	j->out->failed |= !kept;
	drvp_strbuf_free(&text);
	return kept ? kept : "";
}

/* ------------------------------------------------------------------ parts */

static void print_day(struct drvp_strbuf *out, int64_t day)
{
	const struct drvp_value value = { .kind = DRVP_DATE, .integer = day };

	drvp_value_print(out, &value);
}

static void print_bound(struct drvp_strbuf *out, int by, int64_t place)
{
	if (by == DRVP_BY_DAY)
		print_day(out, place);
	else
		drvp_strbuf_printf(out, "%" PRId64, place);
}

/* "id 4096 to 8191"; parts by hash have no name that would help anybody. */
static void print_part(struct drvp_strbuf *out, const struct drvp_recorded_buckets *recorded,
		       const struct drvp_recorded_bucket *bucket)
{
	int by = (int)recorded->by.value;
	unsigned shift = (unsigned)recorded->shift.value;
	int64_t first = (int64_t)((uint64_t)bucket->number << shift);

	if (bucket->unplaced) {
		drvp_strbuf_printf(out, "no %s", recorded->column);
		return;
	}
	drvp_strbuf_printf(out, "%s ", recorded->column);
	print_bound(out, by, first);
	if (!shift)
		return;
	drvp_strbuf_str(out, " to ");
	print_bound(out, by, (int64_t)((uint64_t)first + ((UINT64_C(1) << shift) - 1)));
}

static void add_part(const struct judging *j, struct parts *parts, uint64_t rows,
		     const struct drvp_recorded_bucket *bucket)
{
	const struct drvp_recorded_buckets *recorded = &j->recorded->buckets;

	parts->count++;
	parts->rows += rows;
	if (recorded->by.value == DRVP_BY_HASH || !bucket || parts->count > NAMED_PARTS)
		return;
	drvp_strbuf_str(&parts->names, parts->names.len ? ", " : ": ");
	print_part(&parts->names, recorded, bucket);
}

/* "; in 2 of 256 parts: id 4096 to 8191, id …" */
static const char *where(const struct judging *j, struct parts *parts)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	const char *kept;

	if (!j->recorded->buckets.count)
		return "";
	drvp_strbuf_printf(&text, ", in %zu of %zu parts%s%s", parts->count,
			   j->recorded->buckets.count, drvp_strbuf_text(&parts->names),
			   parts->names.len && parts->count > NAMED_PARTS ? ", …" : "");
	kept = drvp_arena_copy(&j->out->arena, drvp_strbuf_text(&text), text.len);
	j->out->failed |= !kept || text.failed || parts->names.failed;
	drvp_strbuf_free(&text);
	return kept ? kept : "";
}

static bool newer(const struct judging *j)
{
	return j->c->captured && j->c->lineage->relation == DRVP_LINEAGE_NEWER;
}

static void compare_bucket(struct judging *j, const struct drvp_recorded_bucket *was)
{
	static const struct drvp_bucket none;
	const struct drvp_bucket *is = was->unplaced ? &j->own->buckets.unplaced :
					drvp_buckets_find(&j->own->buckets, was->number);
	uint8_t digest[DRVP_SUM256_SIZE];

	is = is ? is : &none;
	drvp_sum256_bytes(&is->sum, digest);
	if (is->rows < was->rows)
		add_part(j, &j->missing, was->rows - is->rows, was);
	else if (is->rows > was->rows)
		add_part(j, newer(j) ? &j->grown : &j->extra, is->rows - was->rows, was);
	else if (memcmp(digest, was->digest, sizeof was->digest))
		add_part(j, &j->changed, 0, was);
}

/* Rows in parts that did not exist at the capture have come since. */
static void compare_elsewhere(struct judging *j, uint64_t rows)
{
	if (rows && !newer(j))
		add_part(j, &j->extra, rows, NULL);
}

static void compare_parts(struct judging *j)
{
	const struct drvp_recorded_buckets *recorded = &j->recorded->buckets;
	bool unplaced = recorded->count && recorded->list[recorded->count - 1].unplaced;

	for (size_t i = 0; i < recorded->count; i++)
		compare_bucket(j, &recorded->list[i]);
	compare_elsewhere(j, j->own->buckets.elsewhere.rows);
	if (!unplaced)
		compare_elsewhere(j, j->own->buckets.unplaced.rows);
}

static void compare_whole(struct judging *j)
{
	uint64_t was = (uint64_t)j->recorded->rows.value, is = j->total.rows;

	if (is < was)
		add_part(j, &j->missing, was - is, NULL);
	else if (is > was)
		add_part(j, newer(j) ? &j->grown : &j->extra, is - was, NULL);
	else
		add_part(j, &j->changed, 0, NULL);
}

/* ------------------------------------------------------------------ findings */

static bool is_same(const struct judging *j)
{
	uint8_t digest[DRVP_SUM256_SIZE];

	drvp_sum256_bytes(&j->total.sum, digest);
	return j->total.rows == (uint64_t)j->recorded->rows.value &&
	       !memcmp(digest, j->recorded->digest.bytes, sizeof digest);
}

static bool has_encoded_order(const struct drvp_relation *relation)
{
	for (size_t i = 0; i < relation->column_count; i++)
		if (relation->columns[i].encoded_order)
			return true;
	return false;
}

static bool has_other_type(const struct judging *j, const struct drvp_recorded_column *was)
{
	const struct drvp_column *is = drvp_relation_column(j->c->relation, was->name);

	return is && strcmp(is->type, was->type) != 0;
}

/* The number of rows can be held against the baseline all the same. */
static bool is_retyped(struct judging *j)
{
	uint64_t was = (uint64_t)j->recorded->rows.value, is = j->total.rows;
	size_t i = 0;

	while (i < j->recorded->columns.count && !has_other_type(j, &j->recorded->columns.list[i]))
		i++;
	if (i == j->recorded->columns.count)
		return false;
	drvp_verdict_undecided(j->out, "content.types_differ", "", "the content is not that of the "
			       "baseline, but neither are the types of columns");
	if (is < was)
		drvp_find(j->out, "content.missing", was - is, NULL, "at least %s missing",
			  amount(j, was - is));
	else if (is > was && !newer(j))
		drvp_find(j->out, "content.extra", is - was, NULL, "at least %s too many",
			  amount(j, is - was));
	return true;
}

static bool is_recoded(const struct judging *j)
{
	const char *was = j->recorded->encoding, *is = j->c->relation->encoding;

	if (!was || !is || !strcmp(was, is) || !has_encoded_order(j->c->relation))
		return false;
	drvp_verdict_undecided(j->out, "content.encoding_differs", "", "the content is not that of "
			       "the baseline, but texts were stored as %s then, and are as %s now",
			       was, is);
	return true;
}

/* Whether a difference can be held against what came back. */
static bool is_comparable(struct judging *j)
{
	const char *doubt = j->c->captured ? drvp_lineage_doubt(j->c->lineage) : NULL;

	if (doubt)
		drvp_verdict_undecided(j->out, doubt, "", "the content is not that of the baseline; "
				       "%s", j->c->lineage->text);
	else if (newer(j) && !j->content->append_only)
		drvp_verdict_undecided(j->out, "lineage.newer", "", "the content is not that of the "
				       "baseline; it is not stated what may have changed since");
	else
		return !is_recoded(j) && !is_retyped(j);
	return false;
}

static void tell_kind(struct judging *j, int kind, uint64_t rows, const char *code,
		      const char *what)
{
	const struct drvp_named_rows *named = &j->own->named[kind];

	if (rows)
		drvp_find_rows(j->out, code, rows, named->list, named->count, "%s %s",
			       amount(j, rows), what);
}

/* With a trace of each row: new ones are right where rows may be added. */
static void tell_rows(struct judging *j)
{
	const struct drvp_comparison *compared = &j->own->comparison;

	tell_kind(j, DRVP_ROW_CHANGED, compared->changed, "content.changed", "changed");
	tell_kind(j, DRVP_ROW_MISSING, compared->missing, "content.missing", "missing");
	if (!newer(j))
		tell_kind(j, DRVP_ROW_EXTRA, compared->extra, "content.extra", "too many");
}

static void tell_difference(struct judging *j)
{
	if (j->own->compared) {
		tell_rows(j);
		return;
	}
	if (j->recorded->buckets.count)
		compare_parts(j);
	else
		compare_whole(j);
	if (j->changed.count)
		drvp_find(j->out, "content.changed", 0, NULL,
			  "rows differ, as many as in the baseline%s", where(j, &j->changed));
	if (j->missing.count)
		drvp_find(j->out, "content.missing", j->missing.rows, NULL, "at least %s missing%s",
			  amount(j, j->missing.rows), where(j, &j->missing));
	if (j->extra.count)
		drvp_find(j->out, "content.extra", j->extra.rows, NULL, "at least %s too many%s",
			  amount(j, j->extra.rows), where(j, &j->extra));
	if (j->grown.count)
		drvp_find(j->out, "content.grown", j->grown.rows, NULL,
			  "%s came since the baseline, whose old rows cannot be compared%s",
			  amount(j, j->grown.rows), where(j, &j->grown));
}

static void judge_columns(const struct judging *j)
{
	const struct drvp_relation *relation = j->c->relation;

	for (size_t i = 0; i < j->recorded->columns.count; i++) {
		const struct drvp_recorded_column *was = &j->recorded->columns.list[i];

		if (has_other_type(j, was))
			drvp_find(j->out, "content.type_changed", 0, NULL,
				  "column \"%s\" was %s, and is %s", was->name, was->type,
				  drvp_relation_column(relation, was->name)->type);
	}
}

static bool is_covered(const struct judging *j, const char *name)
{
	for (size_t i = 0; i < j->recorded->columns.count; i++)
		if (!strcmp(j->recorded->columns.list[i].name, name))
			return true;
	for (size_t i = 0; i < j->content->exclude.count; i++)
		if (!strcmp(j->content->exclude.names[i], name))
			return true;
	return false;
}

static void judge_uncovered(const struct judging *j)
{
	const struct drvp_relation *relation = j->c->relation;

	for (size_t i = 0; j->recorded->columns.list && i < relation->column_count; i++)
		if (!is_covered(j, relation->columns[i].name))
			drvp_find(j->out, "content.not_covered", 0, NULL,
				  "column \"%s\" is not in the baseline", relation->columns[i].name);
}

/* ------------------------------------------------------------------ the verdict */

static void summarise(const struct judging *j)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	bool differs = j->recorded && !is_same(j);

	for (size_t i = 0; i < j->out->result.finding_count; i++)
		drvp_strbuf_printf(&text, "%s%s", text.len ? "; " : "",
				   j->out->findings[i].finding.message);
	if (!differs)
		drvp_strbuf_printf(&text, "%s%s%s", text.len ? "; " : "", amount(j, j->total.rows),
				   j->recorded ? ", the content of the baseline" : " digested");
	else if (text.len)
		drvp_strbuf_printf(&text, "; %s, the baseline has %s", amount(j, j->total.rows),
				   drvp_grouped(j->out, (uint64_t)j->recorded->rows.value));
	else
		drvp_strbuf_printf(&text, "%s; the baseline's %s are among them, unchanged",
				   amount(j, j->total.rows),
				   drvp_grouped(j->out, (uint64_t)j->recorded->rows.value));
	if (!j->own->key_id[0])
		drvp_strbuf_str(&text, "; without a key this finds accidents only");
	drvp_summarise(j->out, "%s", drvp_strbuf_text(&text));
	j->out->failed |= text.failed;
	drvp_strbuf_free(&text);
}

static bool judge_key(const struct judging *j)
{
	const struct drvp_secret *secret;
	const char *name;

	if (!drvp_content_secret(j->content, j->c->settings, &secret, &name)) {
		drvp_verdict_undecided(j->out, "content.key_missing", "", "the key \"%s\" is needed: "
				       "--key %s=FILE", name, name);
		return false;
	}
	if (!j->recorded || j->recorded->method.value == DRVP_CONTENT_PLAIN ||
	    !strcmp(j->recorded->key_id, j->own->key_id))
		return true;
	drvp_verdict_undecided(j->out, "content.key_differs", "", "the key \"%s\" has the id %s; the "
			       "baseline's has %s", name, j->own->key_id, j->recorded->key_id);
	return false;
}

void drvp_content_judge(const struct drvp_item *item, const struct drvp_tally *tally,
			const struct drvp_circumstances *c, struct drvp_verdict *out)
{
	const struct drvp_content *content = item->config;
	struct judging j = {
		.content = content,
		.recorded = drvp_content_recorded(content, c->settings),
		.tally = tally,
		.own = drvp_content_tally(tally),
		.c = c,
		.out = out,
	};

	if (!judge_key(&j))
		return;
	j.total = drvp_buckets_total(&j.own->buckets);
	if (!j.recorded && !c->settings->capture)
		drvp_find(out, "check.no_expectation", 0, NULL, "no content is recorded to compare "
			  "with");
	if (j.recorded && !is_same(&j) && is_comparable(&j))
		tell_difference(&j);
	if (j.own->not_compared[0])
		drvp_find(out, "content.sidecar", 0, NULL, "rows cannot be named: %s",
			  j.own->not_compared);
	if (j.recorded) {
		judge_columns(&j);
		judge_uncovered(&j);
	}
	summarise(&j);
	drvp_strbuf_free(&j.changed.names);
	drvp_strbuf_free(&j.missing.names);
	drvp_strbuf_free(&j.extra.names);
	drvp_strbuf_free(&j.grown.names);
}
