/* attempt.c: reads a proposed recipe as a verification would, and builds rows with it */
#include <stdlib.h>
#include <string.h>

#include "propose/propose.h"

static void put_target(struct drvp_strbuf *out, const struct drvp_relation *relation)
{
	bool dotted = strchr(relation->name, '.') ||
		      (relation->schema && strchr(relation->schema, '.'));

	if (!relation->schema) {
		drvp_strbuf_str(out, "\"collection\": ");
		drvp_piece_string(out, relation->name, strlen(relation->name));
		return;
	}
	drvp_strbuf_str(out, "\"table\": ");
	if (dotted) {
		drvp_strbuf_char(out, '[');
		drvp_piece_string(out, relation->schema, strlen(relation->schema));
		drvp_strbuf_str(out, ", ");
		drvp_piece_string(out, relation->name, strlen(relation->name));
		drvp_strbuf_char(out, ']');
		return;
	}
	drvp_piece_string(out, relation->schema, strlen(relation->schema));
	out->len -= !out->failed;
	drvp_strbuf_char(out, '.');
	drvp_strbuf_str(out, relation->name);
	drvp_strbuf_char(out, '"');
}

void drvp_attempt_text(struct drvp_strbuf *out, const struct drvp_sample *sample,
		       const char *members, bool document)
{
	const struct drvp_propose *ask = sample->ask;

	if (document) {
		drvp_strbuf_str(out, "{ \"format\": \"drverify/1\", \"sources\": { ");
		drvp_piece_string(out, ask->source, strlen(ask->source));
		drvp_strbuf_printf(out, ": { \"store\": \"%s\" } }, \"checks\": [ ",
				   ask->relation->schema ? "postgresql" : "mongodb");
	}
	drvp_strbuf_str(out, "{ \"check\": \"audit_chain\", \"source\": ");
	drvp_piece_string(out, ask->source, strlen(ask->source));
	drvp_strbuf_str(out, ", ");
	put_target(out, ask->relation);
	drvp_strbuf_printf(out, ", %s }", members);
	if (document)
		drvp_strbuf_str(out, " ] }");
}

/* Where each column that the recipe reads stands in a row of the sample. */
static int map_columns(struct drvp_attempt *attempt, struct drv_error *err)
{
	const struct drvp_preimage *p = attempt->preimage;
	const struct drvp_sample *sample = attempt->sample;

	attempt->values = calloc(p->column_count + 1, sizeof *attempt->values);
	attempt->columns = calloc(p->column_count + 1, sizeof *attempt->columns);
	if (!attempt->values || !attempt->columns)
		return drvp_fail_nomem(err);
	for (size_t i = 0; i < p->column_count; i++) {
		attempt->columns[i] = DRVP_NO_COLUMN;
		for (size_t j = 0; j < sample->column_count; j++)
			if (!strcmp(p->columns[i].column, sample->columns[j].name))
				attempt->columns[i] = j;
	}
	return 0;
}

int drvp_attempt_new(struct drvp_attempt **out, const struct drvp_sample *sample,
		     const char *members, struct drv_error *err)
{
	struct drvp_attempt *attempt = calloc(1, sizeof *attempt);
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	int status;

	*out = NULL;
	if (!attempt)
		return drvp_fail_nomem(err);
	attempt->sample = sample;
	drvp_attempt_text(&text, sample, members, true);
	status = text.failed ? drvp_fail_nomem(err) :
		drv_baseline_parse(&attempt->baseline, text.data, text.len, "proposal", err);
	drvp_strbuf_free(&text);
	if (!status)
		status = drvp_preimage_new(&attempt->preimage, attempt->baseline->items[0].config,
					   &(const struct drvp_entry_tables){
						   sample->ask->relation, NULL },
					   sample->ask->session, DRVP_USE_CONTENTS, err);
	if (!status)
		status = map_columns(attempt, err);
	if (status)
		drvp_attempt_free(&attempt);
	*out = attempt;
	return status;
}

void drvp_attempt_free(struct drvp_attempt **attempt)
{
	struct drvp_attempt *a = *attempt;

	*attempt = NULL;
	if (!a)
		return;
	drvp_preimage_free(&a->preimage);
	drv_baseline_free(&a->baseline);
	free(a->values);
	free(a->columns);
	free(a);
}

int drvp_attempt_build(struct drvp_attempt *attempt, const struct drvp_sample_row *row,
		       unsigned fold)
{
	static const struct drvp_value null = { .kind = DRVP_NULL };
	struct drvp_preimage *p = attempt->preimage;
	struct drvp_entry entry;

	for (size_t i = 0; i < p->column_count; i++)
		attempt->values[i] = attempt->columns[i] == DRVP_NO_COLUMN ? null :
			row->values[attempt->columns[i]];
	drvp_entry_read(&entry, p->recipe, &row->values[attempt->sample->hash], &row->previous);
	if (row->genesis)
		entry.previous.state = DRVP_LINK_GENESIS;
	/* A proposal has no versions, so the recipe's own form is all there is. */
	return drvp_preimage_build(p, p->forms, attempt->values, &entry, fold);
}
