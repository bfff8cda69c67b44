/* chain_run.h: runs an audit_chain check over a table in memory, as the engine does */
#ifndef CHAIN_RUN_H
#define CHAIN_RUN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/chain_tally.h"
#include "chain/recipe.h"
#include "fake_store.h"
#include "report/report.h"

/* A document with one check, whose members besides the usual ones are given. */
static inline struct drv_baseline *chain_document(const char *members)
{
	struct drv_baseline *baseline = NULL;
	struct drv_error err = DRV_ERROR_INIT;
	char *text = NULL;

	if (asprintf(&text,
		     "{ \"format\": \"drverify/1\", \"sources\": { \"main\": { \"store\": \"%s\" "
		     "} },"
		     " \"checks\": [ { \"check\": \"audit_chain\", \"source\": \"main\","
		     " \"%s\": \"%s\", %s } ] }",
		     strstr(members, "\"filter\"") ? "mongodb" : "postgresql",
		     strstr(members, "\"filter\"") ? "collection" : "table",
		     strstr(members, "\"filter\"") ? "entries" : "public.entries", members) < 0)
		abort();
	if (drv_baseline_parse(&baseline, text, strlen(text), "test", &err))
		fprintf(stderr, "%s\n", err.message);
	free(text);
	return baseline;
}

/* Why a document is refused; "" when it is not. */
static inline const char *chain_refusal(const char *members, struct drv_error *err)
{
	struct drv_baseline *baseline = NULL;
	char *text = NULL;

	*err = (struct drv_error)DRV_ERROR_INIT;
	if (asprintf(&text,
		     "{ \"format\": \"drverify/1\", \"sources\": { \"main\": { \"store\": "
		     "\"postgresql\" } }, \"checks\": [ { \"check\": \"audit_chain\", \"source\": "
		     "\"main\", \"table\": \"public.entries\", %s } ] }", members) < 0)
		abort();
	drv_baseline_parse(&baseline, text, strlen(text), "test", err);
	drv_baseline_free(&baseline);
	free(text);
	return err->message;
}

/* One run: what it is about, and what came out. */
struct chain_run {
	const struct drvp_item *item;
	struct fake_session *session;
	struct drvp_settings settings;
	struct drvp_lineage lineage;
	bool captured;
	struct drvp_range ranges[8];
	size_t range_count;          /* 0: the whole table at once */
	struct drvp_verdict verdict;
	struct drv_error err;        /* of measuring or locating */
	int status;
};

static inline void chain_run_init(struct chain_run *run, const struct drv_baseline *baseline,
				  struct fake_session *session)
{
	memset(run, 0, sizeof *run);
	run->item = &baseline->items[0];
	run->session = session;
	run->lineage.relation = DRVP_LINEAGE_STATED;
	if (drvp_multiset_key_random(&run->settings.multiset_key, NULL))
		abort();
}

static inline struct drvp_measure chain_measure(struct chain_run *run, struct drvp_tally *tally)
{
	return (struct drvp_measure){
		.session = &run->session->session,
		.item = run->item,
		.relation = &run->session->relation,
		.settings = &run->settings,
		.lineage = &run->lineage,
		.tally = tally,
	};
}

static inline void chain_measure_range(struct chain_run *run, size_t index)
{
	struct drvp_tally tally;
	struct drvp_measure m = chain_measure(run, &tally);
	int status;

	if (drvp_tally_init(&tally, run->item->check->tally))
		abort();
	m.range = run->range_count ? &run->ranges[index] : NULL;
	m.range_index = index;
	status = run->item->check->measure(&m, &run->err);
	run->status = run->status ? run->status : status;
	drvp_tally_merge(&run->verdict.tally, &tally);
}

/* Measures, merges, locates and judges. Ranges are merged last to first: the order must not
 * matter. */
static inline void chain_run(struct chain_run *run)
{
	struct drvp_measure m = chain_measure(run, &run->verdict.tally);
	struct drvp_circumstances c = { .settings = &run->settings, .lineage = &run->lineage,
					.relation = &run->session->relation,
					.captured = run->captured };
	bool ready;

	if (drvp_verdict_init(&run->verdict, run->item))
		abort();
	run->verdict.result.verdict = DRV_PASS;
	run->err = (struct drv_error)DRV_ERROR_INIT;
	run->status = 0;
	ready = run->item->check->ready(run->item, &run->settings);
	for (size_t i = run->range_count ? run->range_count : 1; ready && i-- > 0;)
		chain_measure_range(run, i);
	run->verdict.tally.counted = run->verdict.tally.rows;
	if (ready && !run->status)
		run->status = run->item->check->locate(&m, &run->err);
	run->item->check->judge(run->item, &run->verdict.tally, &c, &run->verdict);
}

/* Where nothing ran since, it does nothing. */
static inline void chain_run_done(struct chain_run *run)
{
	drvp_strbuf_free(&run->verdict.summary);
	free(run->verdict.findings);
	drvp_arena_free(&run->verdict.arena);
	drvp_tally_free(&run->verdict.tally);
	memset(&run->verdict, 0, sizeof run->verdict);
}

/* NULL when there is no such finding. */
static inline const struct drv_finding *chain_finding(const struct chain_run *run, const char *code)
{
	for (size_t i = 0; i < run->verdict.result.finding_count; i++)
		if (!strcmp(run->verdict.findings[i].finding.code, code))
			return &run->verdict.findings[i].finding;
	return NULL;
}

#endif
