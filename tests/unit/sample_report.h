/* sample_report.h: a report put together by hand, for the tests of what writes reports */
#ifndef SAMPLE_REPORT_H
#define SAMPLE_REPORT_H

#include <stdlib.h>
#include <string.h>

#include "report/report.h"

#define SAMPLE_CHECKS 5
/* Made up. */
#define SAMPLE_SHA256 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define SAMPLE_STARTED INT64_C(1767106800000000)        /* 2025-12-30T15:00:00Z */

/* Members in an unusual order, a number that no double holds, and results of an earlier run. */
static const char sample_document[] =
	"{ \"format\": \"drverify/1\", \"name\": \"pet-to-you 운영\","
	"  \"objectives\": { \"rto\": \"4h\" }, \"captured_at\": \"2025-12-30T05:30:00Z\","
	"  \"sources\": {"
	"    \"main\": { \"store\": \"postgresql\","
	"      \"identity\": { \"system_identifier\": \"42\" }, \"restored_by\": \"physical\" },"
	"    \"검색\": { \"store\": \"mongodb\", \"database\": \"pettoyou\" } },"
	"  \"checks\": ["
	"    { \"check\": \"row_count\", \"source\": \"main\", \"table\": \"public.users\","
	"      \"expect\": { \"rows\": 50000, \"below\": 9007199254740993 }, \"priority\": 4,"
	"      \"result\": { \"verdict\": \"pass\" } },"
	"    { \"check\": \"row_count\", \"source\": \"main\", \"table\": \"public.health_notes\" },"
	"    { \"check\": \"connection\", \"source\": \"main\" },"
	"    { \"check\": \"collection_count\", \"source\": \"검색\", \"collection\": \"병원\" },"
	"    { \"check\": \"freshness\", \"source\": \"main\", \"table\": \"public.health_notes\" } ],"
	"  \"report\": { \"verdict\": \"pass\", \"tool\": \"OLD-REPORT\" } }";

struct sample {
	struct drv_baseline baseline;
	struct drvp_source sources[2];
	struct drvp_item items[SAMPLE_CHECKS];
	struct drv_report report;
	struct drvp_source_report source_reports[2];
	struct drvp_verdict verdicts[SAMPLE_CHECKS];
	const struct drvp_verdict *ordered[SAMPLE_CHECKS];
};

static inline void sample_record(const struct drvp_item *item, const struct drvp_tally *tally,
				 struct drvp_json_writer *writer)
{
	(void)item;
	drvp_json_open_object(writer, "expect", true);
	drvp_json_put_uint(writer, "rows", tally->rows);
	drvp_json_close_object(writer);
}

static const struct drvp_check sample_counting = { .name = "row_count", .record = sample_record };
static const struct drvp_check sample_connection = { .name = "connection" };

/* Sets the verdict of one check; ordered stays as in the document until it is set otherwise. */
static inline void sample_decide(struct sample *s, size_t index, int verdict, const char *summary)
{
	s->verdicts[index].result.verdict = verdict;
	s->verdicts[index].result.summary = summary;
	s->verdicts[index].measured = verdict == DRV_PASS || verdict == DRV_WARN ||
				      verdict == DRV_FAIL;
}

static inline void sample_find(struct sample *s, size_t index, const struct drvp_finding *findings,
			       size_t count)
{
	struct drvp_finding *copies = drvp_arena_array(&s->verdicts[index].arena, count,
						       sizeof *copies);

	if (!copies)
		abort();
	for (size_t i = 0; i < count; i++)
		copies[i] = findings[i];
	s->verdicts[index].findings = copies;
	s->verdicts[index].result.finding_count = count;
}

static inline void sample_checks(struct sample *s)
{
	static const char *const ids[SAMPLE_CHECKS] = {
		"row_count:main:public.users", "row_count:main:public.health_notes",
		"connection:main", "collection_count:검색:병원",
		"freshness:main:public.health_notes",
	};
	static const char *const targets[SAMPLE_CHECKS] = {
		"public.users", "public.health_notes", "", "병원", "public.health_notes",
	};

	for (size_t i = 0; i < SAMPLE_CHECKS; i++) {
		struct drv_result *result = &s->verdicts[i].result;

		s->items[i].check = i == 2 ? &sample_connection : &sample_counting;
		s->items[i].index = i;
		s->verdicts[i].item = &s->items[i];
		s->verdicts[i].tally.rows = 100 + i;
		s->ordered[i] = &s->verdicts[i];
		*result = (struct drv_result){
			.id = ids[i], .check = s->items[i].check->name,
			.source = s->sources[i == 3].name, .target = targets[i],
			.priority = i == 1 ? 1 : 4, .required = 1, .blocked_by = "",
			.rows = 100 + i, .seconds = 1.25,
		};
		sample_decide(s, i, DRV_PASS, "as expected");
	}
}

/* Everything passed. Returns NULL when the document does not parse. */
static inline struct sample *sample_new(void)
{
	static const struct drvp_json_limits limits = { 1 << 20, 64, 0 };
	struct sample *s = calloc(1, sizeof *s);
	struct drvp_json *root;

	if (!s || drvp_json_parse(&root, &s->baseline.arena, sample_document,
				  sizeof sample_document - 1, &limits, NULL))
		abort();
	s->baseline.root = root;
	s->baseline.file = "report.json";
	s->baseline.name = drvp_json_member(root, "name")->text;
	s->baseline.captured_at = (struct drvp_number){ true, SAMPLE_STARTED - 9 * 3600 * DRVP_SECOND };
	s->sources[0] = (struct drvp_source){ .name = "main", .store = "postgresql" };
	s->sources[1] = (struct drvp_source){ .name = "검색", .store = "mongodb" };
	s->report = (struct drv_report){
		.baseline = &s->baseline,
		.basis = { "report.json", SAMPLE_SHA256, s->baseline.captured_at, "", "" },
		.started_at = SAMPLE_STARTED,
		.finished_at = SAMPLE_STARTED + 724 * DRVP_SECOND, .elapsed = 724 * DRVP_SECOND,
		.sources = s->source_reports, .source_count = 2,
		.verdicts = s->verdicts, .verdict_count = SAMPLE_CHECKS, .ordered = s->ordered,
	};
	for (size_t i = 0; i < 2; i++)
		s->source_reports[i] = (struct drvp_source_report){
			.source = &s->sources[i], .selected = true, .reached = true,
			.error = DRV_ERROR_INIT,
			.lineage = { .relation = DRVP_LINEAGE_NEWER,
				     .moment = { true, SAMPLE_STARTED } },
		};
	s->source_reports[0].identity = (struct drvp_identity){
		.server = "PostgreSQL 15.10", .address = "recovery/pettoyou", .tls = true,
		.system_identifier = UINT64_C(18446744073709551615), .timeline = 2,
		.lsn = UINT64_C(0x100000060), .next_transaction = 771,
		.server_started = SAMPLE_STARTED - 60 * DRVP_SECOND, .consistency = "one snapshot",
		.warnings = { "setting fsync is off" }, .warning_count = 1,
	};
	s->source_reports[1].identity = (struct drvp_identity){
		.server = "MongoDB 7.0", .address = "dr/pettoyou", .set_name = "rs0", .process = "6f0c",
		.operation_time = UINT64_C(1767106800) << 32 | 7, .consistency = "quiescent",
	};
	s->source_reports[0].identity.server_now = SAMPLE_STARTED + DRVP_SECOND;
	s->source_reports[1].identity.server_now = SAMPLE_STARTED;
	strcpy(s->source_reports[0].lineage.text, "restored 2 s after the baseline");
	sample_checks(s);
	return s;
}

static inline void sample_free(struct sample *s)
{
	for (size_t i = 0; i < SAMPLE_CHECKS; i++)
		drvp_arena_free(&s->verdicts[i].arena);
	drvp_arena_free(&s->baseline.arena);
	free(s);
}

#endif
