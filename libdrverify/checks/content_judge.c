/* content_judge.c: what the digests of a table's rows mean */
#include "checks/content_judge.h"

#include <string.h>
#include <unistd.h>

#include "content/comparable.h"
#include "content/selected.h"
#include "content/server.h"

#define NAMED_COLUMNS 3

static const char *amount(const struct drvp_content_judging *j, uint64_t number)
{
	static const char *const nouns[2][2] = { { "rows", "row" }, { "documents", "document" } };
	bool documents = !j->c->relation->schema;
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	const char *kept;

	drvp_strbuf_grouped(&text, number);
	drvp_strbuf_printf(&text, " %s", nouns[documents][number == 1]);
	kept = drvp_arena_copy(&j->out->arena, drvp_strbuf_text(&text), text.len);
	j->out->failed |= !kept || text.failed;
	drvp_strbuf_free(&text);
	return kept ? kept : "";
}

/* ------------------------------------------------------------------ findings */

static bool is_same(const struct drvp_content_judging *j)
{
	uint8_t digest[DRVP_SUM256_SIZE];

	drvp_sum256_bytes(&j->total.sum, digest);
	return j->total.rows == (uint64_t)j->recorded->rows.value &&
	       !memcmp(digest, j->recorded->digest.bytes, sizeof digest);
}

/* The number of rows can be held against the baseline even where their digests cannot. */
static void tell_number(const struct drvp_content_judging *j)
{
	uint64_t was = (uint64_t)j->recorded->rows.value, is = j->total.rows;

	if (is < was)
		drvp_find(j->out, "content.missing", was - is, NULL, "at least %s missing",
			  amount(j, was - is));
	else if (is > was && !drvp_content_is_newer(j))
		drvp_find(j->out, "content.extra", is - was, NULL, "at least %s too many",
			  amount(j, is - was));
}

/* The first few columns; each has a warning of its own besides. */
static void tell_types(const struct drvp_content_judging *j)
{
	const struct drvp_relation *relation = j->c->relation;
	struct drvp_strbuf names = DRVP_STRBUF_INIT;
	size_t found = 0;

	for (size_t i = 0; i < j->recorded->columns.count; i++) {
		const struct drvp_recorded_column *was = &j->recorded->columns.list[i];

		if (!drvp_content_travels_otherwise(was, relation) || found++ >= NAMED_COLUMNS)
			continue;
		drvp_strbuf_printf(&names, "%s\"%s\" was %s, and is %s", names.len ? ", " : "",
				   was->name, was->type,
				   drvp_relation_column(relation, was->name)->type);
	}
	if (found > NAMED_COLUMNS)
		drvp_strbuf_printf(&names, ", and %zu more", found - NAMED_COLUMNS);
	j->out->failed |= names.failed;
	drvp_verdict_undecided(j->out, "content.types_differ", "", "the content is not that of the "
			       "baseline, but columns have other types: %s",
			       drvp_strbuf_text(&names));
	drvp_strbuf_free(&names);
}

/* Says why a difference cannot be held against what came back. */
static void tell_incomparable(const struct drvp_content_judging *j, int why)
{
	switch (why) {
	case DRVP_OTHER_MOMENT:
		drvp_verdict_undecided(j->out, drvp_lineage_doubt(j->c->lineage), "", "the content is "
				       "not that of the baseline; %s", j->c->lineage->text);
		return;
	case DRVP_LATER_MOMENT:
		drvp_verdict_undecided(j->out, "lineage.newer", "", "the content is not that of the "
				       "baseline; it is not stated what may have changed since");
		return;
	case DRVP_OTHER_HASHING:
		drvp_verdict_undecided(j->out, "content.hashing_differs", "", "the digest is not that "
				       "of the baseline, but this server hashes otherwise than that "
				       "one did");
		break;
	case DRVP_OTHER_ENCODING:
		drvp_verdict_undecided(j->out, "content.encoding_differs", "", "the content is not that "
				       "of the baseline, but texts were stored as %s then, and are as "
				       "%s now", j->recorded->encoding, j->c->relation->encoding);
		return;
	default:
		tell_types(j);
	}
	tell_number(j);
}

static void tell_kind(struct drvp_content_judging *j, int kind, uint64_t rows, const char *code,
		      const char *what)
{
	const struct drvp_named_rows *named = &j->own->named[kind];

	if (rows)
		drvp_find_rows(j->out, code, rows, named->list, named->count, "%s %s",
			       amount(j, rows), what);
}

/* With a trace of each row: new ones are right where rows may be added. */
static void tell_rows(struct drvp_content_judging *j)
{
	const struct drvp_comparison *compared = &j->own->comparison;

	tell_kind(j, DRVP_ROW_CHANGED, compared->changed, "content.changed", "changed");
	tell_kind(j, DRVP_ROW_MISSING, compared->missing, "content.missing", "missing");
	if (!drvp_content_is_newer(j))
		tell_kind(j, DRVP_ROW_EXTRA, compared->extra, "content.extra", "too many");
}

static void tell_parts(struct drvp_content_judging *j)
{
	drvp_content_compare(j);
	if (j->changed.count)
		drvp_find(j->out, "content.changed", 0, NULL,
			  "rows differ, as many as in the baseline%s", drvp_parts_text(j, &j->changed));
	if (j->missing.count)
		drvp_find(j->out, "content.missing", j->missing.rows, NULL, "at least %s missing%s",
			  amount(j, j->missing.rows), drvp_parts_text(j, &j->missing));
	if (j->extra.count)
		drvp_find(j->out, "content.extra", j->extra.rows, NULL, "at least %s too many%s",
			  amount(j, j->extra.rows), drvp_parts_text(j, &j->extra));
	if (j->grown.count)
		drvp_find(j->out, "content.grown", j->grown.rows, NULL,
			  "%s came since the baseline, whose old rows cannot be compared%s",
			  amount(j, j->grown.rows), drvp_parts_text(j, &j->grown));
}

/* Parts and traces hold shortened digests, and the whole one outranks what they say. */
static void tell_difference(struct drvp_content_judging *j)
{
	bool grown = drvp_content_is_newer(j) && j->total.rows > (uint64_t)j->recorded->rows.value;
	size_t told = j->out->result.finding_count;

	if (j->own->compared)
		tell_rows(j);
	else
		tell_parts(j);
	if (j->out->result.finding_count == told && !grown)
		drvp_find(j->out, "content.changed", 0, NULL, "the digest of all rows is not that of "
			  "the baseline, though no %s differs",
			  j->own->compared ? "trace of a row" : "part");
}

static void judge_columns(const struct drvp_content_judging *j)
{
	const struct drvp_relation *relation = j->c->relation;

	for (size_t i = 0; i < j->recorded->columns.count; i++) {
		const struct drvp_recorded_column *was = &j->recorded->columns.list[i];

		if (drvp_content_is_retyped(was, relation))
			drvp_find(j->out, "content.type_changed", 0, NULL,
				  "column \"%s\" was %s, and is %s", was->name, was->type,
				  drvp_relation_column(relation, was->name)->type);
	}
}

static bool is_covered(const struct drvp_content_judging *j, const char *name)
{
	for (size_t i = 0; i < j->recorded->columns.count; i++)
		if (!strcmp(j->recorded->columns.list[i].name, name))
			return true;
	return drvp_names_have(&j->content->exclude, name);
}

static void judge_uncovered(const struct drvp_content_judging *j)
{
	const struct drvp_relation *relation = j->c->relation;

	for (size_t i = 0; j->recorded->columns.list && i < relation->column_count; i++)
		if (!is_covered(j, relation->columns[i].name))
			drvp_find(j->out, "content.not_covered", 0, NULL,
				  "column \"%s\" is not in the baseline", relation->columns[i].name);
}

/* Damage without the names that the document promises. */
static void judge_sidecar(const struct drvp_content_judging *j)
{
	const char *why = j->own->not_compared;

	if (!j->recorded || is_same(j) || j->content->detail.value != DRVP_DETAIL_ROWS)
		return;
	if (!j->recorded->sidecar.file)
		why = "the baseline has no file with a trace of each; a capture writes it";
	if (*why)
		drvp_find(j->out, "content.sidecar", 0, NULL, "rows cannot be named: %s", why);
}

/* ------------------------------------------------------------------ the verdict */

/* Documents have no columns that could be. */
static bool is_gone(const struct drvp_content_judging *j, const char *column)
{
	const struct drvp_relation *relation = j->c->relation;

	return relation && relation->kind != DRVP_COLLECTION &&
	       !drvp_relation_column(relation, column);
}

static void summarise(const struct drvp_content_judging *j)
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
	for (size_t i = 0; i < j->content->exclude.count; i++)
		if (is_gone(j, j->content->exclude.names[i]))
			drvp_strbuf_printf(&text, "; \"%s\", which is excluded, is gone",
					   j->content->exclude.names[i]);
	if (j->own->by_server)
		drvp_strbuf_str(&text, "; hashed by the server, which finds accidents only");
	else if (!j->own->key_id[0])
		drvp_strbuf_str(&text, "; without a key this finds accidents only");
	drvp_summarise(j->out, "%s", drvp_strbuf_text(&text));
	j->out->failed |= text.failed;
	drvp_strbuf_free(&text);
}

static void note_evidence(const struct drvp_content_judging *j)
{
	uint8_t digest[DRVP_SUM256_SIZE];

	drvp_sum256_bytes(&j->total.sum, digest);
	drvp_evidence(j->out, "content", j->recorded ? j->recorded->digest.bytes : NULL,
		      j->recorded ? j->recorded->digest.len : 0, digest, sizeof digest);
}

static bool judge_method(const struct drvp_content_judging *j)
{
	if (drvp_content_method_fits(j->content, j->c->settings))
		return true;
	drvp_verdict_undecided(j->out, "content.method_differs", "", "the digest of the baseline was "
			       "made by %s, and the document asks for the other method",
			       j->recorded->method.value == DRVP_CONTENT_SERVER ?
			       "the server" : "reading the rows");
	return false;
}

static void print_names(struct drvp_strbuf *out, const struct drvp_names *names)
{
	drvp_strbuf_str(out, names->count ? "[" : "none");
	for (size_t i = 0; i < names->count; i++) {
		drvp_strbuf_str(out, i ? ", " : "");
		drvp_json_print_name(out, names->names[i], strlen(names->names[i]));
	}
	drvp_strbuf_str(out, names->count ? "]" : "");
}

/* Names of columns may be told; the values of a condition had better not be. */
static bool judge_selected(const struct drvp_content_judging *j)
{
	const char *member = drvp_content_changed_member(j->item, j->c->settings);
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	if (!member)
		return true;
	if (!strcmp(member, "exclude")) {
		print_names(&text, &j->content->expect.selected.exclude);
		drvp_strbuf_str(&text, ", and the document now says ");
		print_names(&text, &j->content->exclude);
	} else {
		drvp_strbuf_str(&text, "other than the document has it now");
	}
	j->out->failed |= text.failed;
	drvp_verdict_undecided(j->out, "content.selection_differs", "", "the baseline was captured with "
			       "\"%s\" %s; put it back, or capture anew", member,
			       drvp_strbuf_text(&text));
	drvp_strbuf_free(&text);
	return false;
}

static bool judge_key_given(const struct drvp_content_judging *j)
{
	const struct drvp_secret *secret;
	const char *name;

	if (!drvp_content_secret(j->content, j->c->settings, &secret, &name)) {
		drvp_verdict_undecided(j->out, "content.key_missing", "", "the key \"%s\" is needed: "
				       "--key %s=FILE", name, name);
		return false;
	}
	return true;
}

static bool judge_key_same(const struct drvp_content_judging *j)
{
	const struct drvp_secret *secret;
	const char *name;

	drvp_content_secret(j->content, j->c->settings, &secret, &name);
	if (!j->recorded || j->recorded->method.value != DRVP_CONTENT_HMAC ||
	    !strcmp(j->recorded->key_id, j->own->key_id))
		return true;
	drvp_verdict_undecided(j->out, "content.key_differs", "", "the key \"%s\" has the id %s; the "
			       "baseline's has %s", name, j->own->key_id, j->recorded->key_id);
	return false;
}

/* Whoever gives a key counts on what only a key can do. */
static void judge_key_used(const struct drvp_content_judging *j)
{
	const struct drvp_secret *secret;
	const char *name;

	drvp_content_secret(j->content, j->c->settings, &secret, &name);
	if (j->recorded && j->recorded->method.value == DRVP_CONTENT_PLAIN &&
	    drvp_secret_find(j->c->settings, name))
		drvp_find(j->out, "content.key_unused", 0, NULL, "the key \"%s\" was given, but the "
			  "baseline was captured without one", name);
}

static void tell_unrecorded(const struct drvp_content_judging *j)
{
	if (!j->recorded && !j->c->settings->capture)
		drvp_find(j->out, "check.no_expectation", 0, NULL, "no content is recorded to compare "
			  "with");
}

/* Whether it is the recorded file shows when it is read. */
static void look_for_sidecar(const struct drvp_content_judging *j)
{
	const char *folder = j->c->settings->sidecar_dir ? j->c->settings->sidecar_dir : ".";
	const char *file = j->recorded ? j->recorded->sidecar.file : NULL;
	struct drvp_strbuf path = DRVP_STRBUF_INIT;

	if (!file)
		return;
	drvp_strbuf_printf(&path, "%s/%s", folder, file);
	j->out->failed |= path.failed;
	if (!path.failed && access(drvp_strbuf_text(&path), R_OK))
		drvp_find(j->out, "content.sidecar", 0, NULL,
			  "rows could not be named: \"%s\" cannot be read in the folder \"%s\"",
			  file, folder);
	drvp_strbuf_free(&path);
}

void drvp_content_foresee(const struct drvp_item *item, const struct drvp_tally *tally,
			  const struct drvp_circumstances *c, struct drvp_verdict *out)
{
	const struct drvp_content *content = item->config;
	const struct drvp_content_judging j = {
		.item = item,
		.content = content,
		.recorded = drvp_content_recorded(content, c->settings),
		.tally = tally,
		.own = drvp_content_tally(tally),
		.c = c,
		.out = out,
	};

	/* Without columns it was not even rehearsed. */
	if (judge_method(&j) && judge_selected(&j) && judge_key_given(&j) && j.own->columns.count)
		judge_key_same(&j);
	judge_key_used(&j);
	tell_unrecorded(&j);
	look_for_sidecar(&j);
}

void drvp_content_judge(const struct drvp_item *item, const struct drvp_tally *tally,
			const struct drvp_circumstances *c, struct drvp_verdict *out)
{
	const struct drvp_content *content = item->config;
	struct drvp_content_judging j = {
		.item = item,
		.content = content,
		.recorded = drvp_content_recorded(content, c->settings),
		.tally = tally,
		.own = drvp_content_tally(tally),
		.c = c,
		.out = out,
	};

	if (!judge_method(&j) || !judge_selected(&j) || !judge_key_given(&j) || !judge_key_same(&j))
		return;
	j.total = drvp_buckets_total(&j.own->buckets);
	note_evidence(&j);
	tell_unrecorded(&j);
	if (j.recorded && !is_same(&j)) {
		int comparable = drvp_content_comparable(content, j.recorded, j.own, c->relation,
							 c->lineage);

		if (comparable == DRVP_COMPARABLE)
			tell_difference(&j);
		else
			tell_incomparable(&j, comparable);
	}
	judge_sidecar(&j);
	judge_key_used(&j);
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
