/* baseline.c: a drverify/1 document becomes sources and typed checks */
#include "document/baseline.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "document/item.h"

#define FORMAT "drverify/1"

static const struct drvp_json_limits limits = { (size_t)64 << 20, 64, 0, 4000000 };

static const char *const store_choices[] = { "postgresql", "mongodb", NULL };
static const char *const restored_by_choices[] = { "physical", "logical", NULL };

/* ------------------------------------------------------------------ sources */

struct written_source {
	struct drvp_number store;
	const char *database;
	struct drvp_number restored_by;
	const char *note, *todo;
	struct drvp_recorded_identity identity;
};

static const struct drvp_field identity_fields[] = {
	{ .name = "system_identifier", .kind = DRVP_FIELD_TEXT,
	  .offset = offsetof(struct drvp_recorded_identity, system_identifier),
	  .help = "PostgreSQL: pg_control_system().system_identifier, as text." },
	{ .name = "timeline", .kind = DRVP_FIELD_UINT,
	  .offset = offsetof(struct drvp_recorded_identity, timeline),
	  .help = "PostgreSQL: the timeline." },
	{ .name = "lsn", .kind = DRVP_FIELD_TEXT,
	  .offset = offsetof(struct drvp_recorded_identity, lsn),
	  .help = "PostgreSQL: a WAL position behind all that the snapshot shows." },
	{ .name = "next_transaction", .kind = DRVP_FIELD_UINT,
	  .offset = offsetof(struct drvp_recorded_identity, next_transaction),
	  .help = "PostgreSQL: the snapshot shows what the transactions before it have left, "
		  "and nothing else." },
	{ .name = "database_oid", .kind = DRVP_FIELD_UINT,
	  .offset = offsetof(struct drvp_recorded_identity, database_oid),
	  .help = "PostgreSQL: which database of the server; a physical copy keeps it." },
	{ .name = "server_started", .kind = DRVP_FIELD_TIME,
	  .offset = offsetof(struct drvp_recorded_identity, server_started),
	  .help = "PostgreSQL: when the server was started." },
	{ .name = "set_name", .kind = DRVP_FIELD_TEXT,
	  .offset = offsetof(struct drvp_recorded_identity, set_name),
	  .help = "MongoDB: the replica set." },
	{ .name = "process", .kind = DRVP_FIELD_TEXT,
	  .offset = offsetof(struct drvp_recorded_identity, process),
	  .help = "MongoDB: the server process." },
	{ .name = "operation_time", .kind = DRVP_FIELD_TEXT,
	  .offset = offsetof(struct drvp_recorded_identity, operation_time),
	  .help = "MongoDB: the operation time, \"seconds.increment\"." },
	{ .name = "moment", .kind = DRVP_FIELD_TIME,
	  .offset = offsetof(struct drvp_recorded_identity, moment),
	  .help = "The moment that was captured, by the server's clock." },
	{ 0 }
};

const struct drvp_field drvp_source_fields[] = {
	{ .name = "store", .kind = DRVP_FIELD_CHOICE, .flags = DRVP_REQUIRED,
	  .choices = store_choices, .offset = offsetof(struct written_source, store),
	  .help = "Which kind of database it is." },
	{ .name = "database", .kind = DRVP_FIELD_TEXT,
	  .offset = offsetof(struct written_source, database),
	  .help = "MongoDB: the database, unless the connection names it." },
	{ .name = "restored_by", .kind = DRVP_FIELD_CHOICE, .choices = restored_by_choices,
	  .offset = offsetof(struct written_source, restored_by),
	  .help = "physical: files and WAL, so the system identifier stays; logical: a dump." },
	{ .name = "note", .kind = DRVP_FIELD_TEXT, .offset = offsetof(struct written_source, note),
	  .help = DRVP_NOTE_HELP },
	{ .name = "todo", .kind = DRVP_FIELD_TEXT, .offset = offsetof(struct written_source, todo),
	  .help = DRVP_TODO_HELP },
	{ .name = "identity", .kind = DRVP_FIELD_OBJECT, .fields = identity_fields,
	  .offset = offsetof(struct written_source, identity),
	  .help = "Written by capture: which moment of which server it was." },
	{ 0 }
};

static int read_source(struct drvp_reader *reader, const struct drvp_json *node,
		       struct drvp_source *source)
{
	struct written_source written = { 0 };
	int status;

	if (!node->key_len || strlen(node->key) != node->key_len)
		return drvp_document_fail(reader, node, "a source needs a name without NUL");
	status = drvp_fields_read_one(reader, node, drvp_source_fields, &written);
	if (status)
		return status;
	source->name = node->key;
	source->node = node;
	source->store = store_choices[written.store.value];
	source->database = written.database;
	source->restored_by = written.restored_by;
	source->identity = written.identity;
	if (written.database && written.store.value == 0)
		return drvp_document_fail(reader, drvp_json_member(node, "database"),
					  "a postgresql source takes its database from the "
					  "connection (dbname=…)");
	return 0;
}

static int read_sources(struct drvp_reader *reader, const struct drvp_json *object,
			struct drv_baseline *baseline)
{
	if (object->type != DRVP_JSON_OBJECT || !object->count)
		return drvp_document_fail(reader, object, "expected an object with at least one "
					  "source, such as { \"main\": { \"store\": \"postgresql\" } }");
	baseline->sources = drvp_arena_array(reader->arena, object->count,
					     sizeof *baseline->sources);
	if (!baseline->sources)
		return drvp_fail_nomem(reader->err);
	for (const struct drvp_json *node = object->first; node; node = node->next) {
		int status = read_source(reader, node,
					 &baseline->sources[baseline->source_count]);

		if (status)
			return status;
		baseline->source_count++;
	}
	return 0;
}

/* ------------------------------------------------------------------ the whole document */

struct written_document {
	const char *format;
	const char *name;
	const char *note, *todo;
	struct drvp_number captured_at;
	struct drvp_objectives objectives;
	const struct drvp_json *sources, *checks, *report;
};

static const struct drvp_field objective_fields[] = {
	{ .name = "rto", .kind = DRVP_FIELD_DURATION, .offset = offsetof(struct drvp_objectives, rto),
	  .help = "How long a recovery may take." },
	{ .name = "rpo", .kind = DRVP_FIELD_DURATION, .offset = offsetof(struct drvp_objectives, rpo),
	  .help = "How much data, counted in time, may be lost." },
	{ 0 }
};

const struct drvp_field drvp_document_fields[] = {
	{ .name = "format", .kind = DRVP_FIELD_TEXT, .flags = DRVP_REQUIRED,
	  .offset = offsetof(struct written_document, format),
	  .help = "\"drverify/1\"." },
	{ .name = "name", .kind = DRVP_FIELD_TEXT, .offset = offsetof(struct written_document, name),
	  .help = "What this document is about, for people." },
	{ .name = "note", .kind = DRVP_FIELD_TEXT, .offset = offsetof(struct written_document, note),
	  .help = DRVP_NOTE_HELP },
	{ .name = "todo", .kind = DRVP_FIELD_TEXT, .offset = offsetof(struct written_document, todo),
	  .help = DRVP_TODO_HELP },
	{ .name = "captured_at", .kind = DRVP_FIELD_TIME,
	  .offset = offsetof(struct written_document, captured_at),
	  .help = "Written by capture: when the expectations were measured." },
	{ .name = "objectives", .kind = DRVP_FIELD_OBJECT, .fields = objective_fields,
	  .offset = offsetof(struct written_document, objectives),
	  .help = "The recovery objectives." },
	{ .name = "sources", .kind = DRVP_FIELD_ANY, .flags = DRVP_REQUIRED,
	  .offset = offsetof(struct written_document, sources),
	  .help = "The databases, by name. Where they are is said on the command line." },
	{ .name = "checks", .kind = DRVP_FIELD_ANY, .flags = DRVP_REQUIRED,
	  .offset = offsetof(struct written_document, checks), .help = "What to verify." },
	{ .name = "report", .kind = DRVP_FIELD_ANY,
	  .offset = offsetof(struct written_document, report),
	  .help = "Written by drverify into reports: the verdict and its circumstances." },
	{ 0 }
};

static int read_report(struct drvp_reader *reader, const struct drvp_json *report,
		       struct drv_baseline *baseline)
{
	const struct drvp_json *verdict = drvp_json_member(report, "verdict");

	if (!report)
		return 0;
	if (!verdict)
		return drvp_document_fail(reader, report, "a report needs its \"verdict\"");
	return drvp_document_text(reader, verdict, "the verdict", &baseline->verdict);
}

int drvp_baseline_read(struct drvp_reader *reader, struct drv_baseline *baseline)
{
	const struct drvp_json *format = drvp_json_member(baseline->root, "format");
	struct written_document written = { 0 };
	int status;

	if (format && !drvp_json_is(format, FORMAT))
		return drvp_document_fail(reader, format, "expected the format \"" FORMAT "\"");
	status = drvp_fields_read_one(reader, baseline->root, drvp_document_fields, &written);
	if (status)
		return status;
	baseline->name = written.name ? written.name : "";
	baseline->captured_at = written.captured_at;
	baseline->objectives = written.objectives;
	status = read_sources(reader, written.sources, baseline);
	if (!status)
		status = drvp_items_read(reader, written.checks, baseline);
	if (!status)
		status = read_report(reader, written.report, baseline);
	return status;
}

/* The JSON reader knows no file name; its messages start with line:column. */
static int parse_tree(struct drv_baseline *baseline, const char *bytes, size_t len,
		      struct drv_error *err)
{
	struct drv_error inner = DRV_ERROR_INIT;
	struct drvp_json *root = NULL;
	int status = drvp_json_parse(&root, &baseline->arena, bytes, len, &limits, &inner);

	if (status == DRV_E_DOCUMENT)
		return drvp_fail(err, status, "%s:%s", baseline->file, inner.message);
	if (status)
		return drvp_fail(err, status, "%s", inner.message);
	baseline->root = root;
	return 0;
}

int drv_baseline_parse(struct drv_baseline **out, const char *bytes, size_t len, const char *name,
		       struct drv_error *error)
{
	struct drv_baseline *baseline = calloc(1, sizeof *baseline);
	struct drvp_reader reader;
	int status;

	*out = NULL;
	if (!baseline)
		return drvp_fail_nomem(error);
	atomic_init(&baseline->references, 1);
	baseline->file = drvp_arena_copy(&baseline->arena, name, strlen(name));
	status = baseline->file ? parse_tree(baseline, bytes, len, error) : drvp_fail_nomem(error);
	if (!status)
		status = drvp_sha256_print(baseline->sha256, bytes, len, error);
	reader = (struct drvp_reader){ &baseline->arena, error, baseline->file };
	if (!status)
		status = drvp_baseline_read(&reader, baseline);
	if (status)
		drv_baseline_free(&baseline);
	*out = baseline;
	return status;
}

/* Copies what belongs to the trust, which may be freed earlier. */
static int keep_signer(struct drv_baseline *baseline, const struct drvp_signer *signer,
		       struct drv_error *err)
{
	struct drvp_signer *kept = &baseline->signer;

	kept->fingerprint = drvp_arena_copy(&baseline->arena, signer->fingerprint,
					    strlen(signer->fingerprint));
	kept->name = drvp_arena_copy(&baseline->arena, signer->name, strlen(signer->name));
	return kept->fingerprint && kept->name ? 0 : drvp_fail_nomem(err);
}

int drv_baseline_parse_signed(struct drv_baseline **out, const char *bytes, size_t len,
			      const char *name, const void *signature, size_t signature_len,
			      const struct drv_trust *trust, struct drv_error *error)
{
	const struct drvp_signed document = { name, bytes, len, signature, signature_len };
	struct drvp_signer signer;
	int status = drvp_signature_check(&signer, trust, &document, error);

	*out = NULL;
	if (!status)
		status = drv_baseline_parse(out, bytes, len, name, error);
	if (!status)
		status = keep_signer(*out, &signer, error);
	if (status)
		drv_baseline_free(out);
	return status;
}

struct drv_baseline *drvp_baseline_share(const struct drv_baseline *baseline)
{
	struct drv_baseline *shared = (struct drv_baseline *)(uintptr_t)baseline;

	atomic_fetch_add(&shared->references, 1);
	return shared;
}

void drv_baseline_free(struct drv_baseline **baseline)
{
	struct drv_baseline *b = *baseline;

	*baseline = NULL;
	if (!b || atomic_fetch_sub(&b->references, 1) != 1)
		return;
	drvp_arena_free(&b->arena);
	drv_baseline_free(&b->parent);
	free(b);
}

/* Yesterday's damage must not become today's expectation. */
int drvp_baseline_refuse_failed(const struct drv_baseline *baseline, struct drv_error *err)
{
	if (!baseline->verdict || !strcmp(baseline->verdict, "pass") ||
	    !strcmp(baseline->verdict, "warn"))
		return 0;
	return drvp_fail(err, DRV_E_USAGE, "%s is the report of a run that ended in \"%.20s\"; it is "
			 "no baseline. Use the last one that passed", baseline->file,
			 baseline->verdict);
}

const struct drvp_source *drvp_baseline_source(const struct drv_baseline *baseline,
					       const char *name)
{
	for (size_t i = 0; i < baseline->source_count; i++)
		if (!strcmp(baseline->sources[i].name, name))
			return &baseline->sources[i];
	return NULL;
}

const char *drv_baseline_file(const struct drv_baseline *baseline)
{
	return baseline->file;
}

const char *drv_baseline_name(const struct drv_baseline *baseline)
{
	return baseline->name;
}

const char *drv_baseline_captured_at(const struct drv_baseline *baseline)
{
	const struct drvp_json *time = drvp_json_member(baseline->root, "captured_at");

	return time ? time->text : "";
}

const char *drv_baseline_verdict(const struct drv_baseline *baseline)
{
	return baseline->verdict ? baseline->verdict : "";
}

const char *drv_baseline_signer(const struct drv_baseline *baseline)
{
	return baseline->signer.name ? baseline->signer.name : "";
}

size_t drv_baseline_source_count(const struct drv_baseline *baseline)
{
	return baseline->source_count;
}

const char *drv_baseline_source_name(const struct drv_baseline *baseline, size_t index)
{
	return index < baseline->source_count ? baseline->sources[index].name : NULL;
}

const char *drv_baseline_source_store(const struct drv_baseline *baseline, size_t index)
{
	return index < baseline->source_count ? baseline->sources[index].store : NULL;
}
