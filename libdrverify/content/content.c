/* content.c: the members of a content check, and which of them hold in a run */
#include "content/content.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "checks/check.h"
#include "content/buckets.h"
#include "content/server.h"
#include "content/sidecar.h"

#define DEFAULT_BUCKETS 256

#define FIELD(type, member_name) .offset = offsetof(struct type, member_name)

/* ------------------------------------------------------------------ what was recorded */

const struct drvp_field drvp_recorded_column_fields[] = {
	{ .name = "name", .kind = DRVP_FIELD_COLUMN, .flags = DRVP_REQUIRED,
	  FIELD(drvp_recorded_column, name), .help = "The column's name." },
	{ .name = "type", .kind = DRVP_FIELD_TEXT, .flags = DRVP_REQUIRED,
	  FIELD(drvp_recorded_column, type), .help = "Its type at the capture." },
	{ 0 }
};

static int read_recorded_columns(struct drvp_reader *reader, const struct drvp_json *value,
				 void *out)
{
	struct drvp_recorded_columns *columns = out;
	struct drvp_recorded_column *list;

	if (value->type != DRVP_JSON_ARRAY)
		return drvp_document_fail(reader, value, "expected the columns that were hashed");
	/* A table may have none. */
	list = drvp_arena_array(reader->arena, value->count + 1, sizeof *list);
	if (!list)
		return drvp_fail_nomem(reader->err);
	columns->list = list;
	for (const struct drvp_json *one = value->first; one; one = one->next) {
		int status = drvp_fields_read_one(reader, one, drvp_recorded_column_fields,
						  &list[columns->count++]);

		if (status)
			return status;
	}
	return 0;
}

/* A bucket as it is written. */
struct written_bucket {
	const struct drvp_json *number;
	struct drvp_number rows;
	struct drvp_bytes digest;
};

const struct drvp_field drvp_recorded_bucket_fields[] = {
	{ .name = "number", .kind = DRVP_FIELD_ANY, .flags = DRVP_REQUIRED,
	  FIELD(written_bucket, number),
	  .help = "The places of its rows, without the lowest bits; null: rows without a place." },
	{ .name = "rows", .kind = DRVP_FIELD_UINT, .flags = DRVP_REQUIRED,
	  FIELD(written_bucket, rows), .help = "How many rows it had." },
	{ .name = "digest", .kind = DRVP_FIELD_CUSTOM, .read = drvp_hex_read, .schema = "hex",
	  .flags = DRVP_REQUIRED, FIELD(written_bucket, digest),
	  .help = "The first half of the sum of their digests." },
	{ 0 }
};

static bool read_number(const struct drvp_json *value, int64_t *number)
{
	char *end;

	errno = 0;
	if (value->type != DRVP_JSON_NUMBER)
		return false;
	*number = strtoll(value->text, &end, 10);
	return !errno && end == value->text + value->len;
}

static int read_bucket(struct drvp_reader *reader, const struct drvp_json *value,
		       struct drvp_recorded_bucket *out)
{
	struct written_bucket written = { 0 };
	int status = drvp_fields_read_one(reader, value, drvp_recorded_bucket_fields, &written);

	if (status)
		return status;
	out->unplaced = written.number->type == DRVP_JSON_NULL;
	if (!out->unplaced && !read_number(written.number, &out->number))
		return drvp_document_fail(reader, written.number, "expected a whole number or null");
	if (written.digest.len != DRVP_BUCKET_DIGEST)
		return drvp_document_fail(reader, value, "the digest of a bucket has %d bytes",
					  DRVP_BUCKET_DIGEST);
	out->rows = (uint64_t)written.rows.value;
	memcpy(out->digest, written.digest.bytes, DRVP_BUCKET_DIGEST);
	return 0;
}

static int read_buckets(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	struct drvp_recorded_buckets *buckets = out;
	struct drvp_recorded_bucket *list;

	if (value->type != DRVP_JSON_ARRAY || value->count > DRVP_BUCKETS_MAX + 1)
		return drvp_document_fail(reader, value, "expected a list of at most %d buckets",
					  DRVP_BUCKETS_MAX + 1);
	list = drvp_arena_array(reader->arena, value->count, sizeof *list);
	if (!list)
		return drvp_fail_nomem(reader->err);
	buckets->list = list;
	for (const struct drvp_json *one = value->first; one; one = one->next) {
		struct drvp_recorded_bucket *last = &list[buckets->count];
		int status = read_bucket(reader, one, last);

		if (status)
			return status;
		if (buckets->count++ &&
		    (last[-1].unplaced || (!last->unplaced && last->number <= last[-1].number)))
			return drvp_document_fail(reader, one, "buckets stand in the order of their "
						  "numbers, null last");
	}
	return 0;
}

static const char *const methods[] = { "hmac-sha256", "sha256", "server", NULL };
static const char *const digesters[] = { "stream", "server", NULL };
static const char *const details[] = { "buckets", "rows", NULL };
static const char *const bys[] = { "hash", "number", "day", NULL };

static const struct drvp_field buckets_fields[] = {
	{ .name = "by", .kind = DRVP_FIELD_CHOICE, .choices = bys, .flags = DRVP_REQUIRED,
	  FIELD(drvp_recorded_buckets, by),
	  .help = "What the place of a row is: hash of its key, number or day of a column." },
	{ .name = "column", .kind = DRVP_FIELD_COLUMN, FIELD(drvp_recorded_buckets, column),
	  .help = "The column of numbers or times." },
	{ .name = "shift", .kind = DRVP_FIELD_UINT, .flags = DRVP_REQUIRED,
	  FIELD(drvp_recorded_buckets, shift),
	  .help = "How many of the lowest bits of a place its bucket's number leaves out." },
	{ .name = "list", .kind = DRVP_FIELD_CUSTOM, .read = read_buckets, .schema = "buckets",
	  .flags = DRVP_REQUIRED, .offset = 0, .help = "The buckets, in order." },
	{ 0 }
};

static const struct drvp_field sidecar_fields[] = {
	{ .name = "file", .kind = DRVP_FIELD_TEXT, .flags = DRVP_REQUIRED,
	  FIELD(drvp_recorded_sidecar, file), .help = "Its name, beside the document." },
	{ .name = "digest", .kind = DRVP_FIELD_CUSTOM, .read = drvp_hex_read, .schema = "hex",
	  .flags = DRVP_REQUIRED, FIELD(drvp_recorded_sidecar, digest),
	  .help = "Vouches for every byte of it." },
	{ .name = "rows", .kind = DRVP_FIELD_UINT, .flags = DRVP_REQUIRED,
	  FIELD(drvp_recorded_sidecar, rows), .help = "How many rows it holds." },
	{ 0 }
};

static const struct drvp_field selected_fields[] = {
	{ .name = "where", .kind = DRVP_FIELD_CUSTOM, .read = drvp_conditions_read,
	  .schema = "where", FIELD(drvp_content_selected, where), .help = "The rows." },
	{ .name = "filter", .kind = DRVP_FIELD_CUSTOM, .read = drvp_filter_read,
	  .schema = "filter", FIELD(drvp_content_selected, filter), .help = "The documents." },
	{ .name = "exclude", .kind = DRVP_FIELD_COLUMNS, FIELD(drvp_content_selected, exclude),
	  .help = "The columns or fields that were not hashed." },
	{ 0 }
};

static const struct drvp_field expect_fields[] = {
	{ .name = "rows", .kind = DRVP_FIELD_UINT, .flags = DRVP_REQUIRED,
	  FIELD(drvp_content_expect, rows), .help = "How many rows there were." },
	{ .name = "method", .kind = DRVP_FIELD_CHOICE, .choices = methods, .flags = DRVP_REQUIRED,
	  FIELD(drvp_content_expect, method), .help = "How each row was digested." },
	{ .name = "key_id", .kind = DRVP_FIELD_TEXT, FIELD(drvp_content_expect, key_id),
	  .help = "Which key it was done with; tells nothing about the key." },
	{ .name = "digest", .kind = DRVP_FIELD_CUSTOM, .read = drvp_hex_read, .schema = "hex",
	  .flags = DRVP_REQUIRED, FIELD(drvp_content_expect, digest),
	  .help = "The sum of the digests of all rows, modulo 2^256." },
	{ .name = "hashing", .kind = DRVP_FIELD_CUSTOM, .read = drvp_hex_read, .schema = "hex",
	  FIELD(drvp_content_expect, hashing),
	  .help = "Method server: tells servers apart whose hash functions differ." },
	{ .name = "encoding", .kind = DRVP_FIELD_TEXT, FIELD(drvp_content_expect, encoding),
	  .help = "In which encoding the server stored texts." },
	{ .name = "columns", .kind = DRVP_FIELD_CUSTOM, .read = read_recorded_columns,
	  .schema = "recorded_columns", FIELD(drvp_content_expect, columns),
	  .help = "The columns of the table that were hashed, in that order." },
	{ .name = "key", .kind = DRVP_FIELD_COLUMNS, FIELD(drvp_content_expect, key),
	  .help = "The columns that told rows apart." },
	{ .name = "buckets", .kind = DRVP_FIELD_OBJECT, .fields = buckets_fields,
	  FIELD(drvp_content_expect, buckets), .help = "The same for each part of the table." },
	{ .name = "sidecar", .kind = DRVP_FIELD_OBJECT, .fields = sidecar_fields,
	  FIELD(drvp_content_expect, sidecar), .help = "The file that holds a trace of each row." },
	{ .name = "selected", .kind = DRVP_FIELD_OBJECT, .fields = selected_fields,
	  FIELD(drvp_content_expect, selected),
	  .help = "Which rows and columns the document was about." },
	{ 0 }
};

/* ------------------------------------------------------------------ what is told */

const struct drvp_field drvp_content_fields[] = {
	{ .name = "where", .kind = DRVP_FIELD_CUSTOM, .read = drvp_conditions_read,
	  .schema = "where", FIELD(drvp_content, where), .help = "Which rows it is about." },
	{ .name = "filter", .kind = DRVP_FIELD_CUSTOM, .read = drvp_filter_read,
	  .schema = "filter", FIELD(drvp_content, filter),
	  .help = "MongoDB: which documents it is about." },
	{ .name = "exclude", .kind = DRVP_FIELD_COLUMNS, FIELD(drvp_content, exclude),
	  .help = "Columns, or fields of documents, that are not hashed." },
	{ .name = "key", .kind = DRVP_FIELD_COLUMNS, FIELD(drvp_content, key),
	  .help = "The columns that tell rows apart; the primary key when absent." },
	{ .name = "bucket_by", .kind = DRVP_FIELD_COLUMN, FIELD(drvp_content, bucket_by),
	  .help = "A column of whole numbers or times, by whose ranges or days differences are "
	    "told." },
	{ .name = "buckets", .kind = DRVP_FIELD_UINT, FIELD(drvp_content, buckets),
	  .help = "In how many parts at most, 1 to 4096; 256 when absent." },
	{ .name = "method", .kind = DRVP_FIELD_CHOICE, .choices = digesters,
	  FIELD(drvp_content, method),
	  .help = "server: PostgreSQL adds up hashes by itself, which is fast and finds accidents "
	    "only; stream, when absent: rows are read and digested here." },
	{ .name = "detail", .kind = DRVP_FIELD_CHOICE, .choices = details,
	  FIELD(drvp_content, detail),
	  .help = "rows: a capture keeps 16 bytes a row beside the document, to name each row that "
	    "differs." },
	{ .name = "hmac_key", .kind = DRVP_FIELD_TEXT, FIELD(drvp_content, hmac_key),
	  .help = "The name of the key, which then has to be given; \"content\" when absent." },
	{ .name = "append_only", .kind = DRVP_FIELD_BOOL, FIELD(drvp_content, append_only),
	  .help = "Rows are only ever added: after a later restore point old ones must be there." },
	{ .name = "expect", .kind = DRVP_FIELD_OBJECT, .fields = expect_fields,
	  FIELD(drvp_content, expect), .help = "What a capture recorded." },
	{ 0 }
};

static int validate_buckets(struct drvp_reader *reader, const struct drvp_content_expect *expect,
			    const struct drvp_json *node)
{
	const struct drvp_recorded_buckets *buckets = &expect->buckets;
	uint64_t rows = 0;

	if (!node)
		return 0;
	if ((buckets->by.value == DRVP_BY_HASH) != !buckets->column || buckets->shift.value > 63)
		return drvp_document_fail(reader, node, "a \"column\" belongs to buckets by number or "
					  "day; \"shift\" is at most 63");
	for (size_t i = 0; i < buckets->count; i++)
		rows += buckets->list[i].rows;
	if (!buckets->count || rows != (uint64_t)expect->rows.value)
		return drvp_document_fail(reader, node, "the buckets do not hold as many rows as the "
					  "whole; use the document as it was captured");
	return 0;
}

static int validate_sidecar(struct drvp_reader *reader, const struct drvp_content_expect *expect,
			    const struct drvp_json *node)
{
	if (!node)
		return 0;
	if (expect->sidecar.digest.len != DRVP_SIDECAR_DIGEST)
		return drvp_document_fail(reader, node, "the digest has %d bytes",
					  DRVP_SIDECAR_DIGEST);
	if (expect->sidecar.rows.value != expect->rows.value)
		return drvp_document_fail(reader, node, "the file does not hold as many rows as there "
					  "were; use the document as it was captured");
	return 0;
}

static int validate_expect(struct drvp_reader *reader, const struct drvp_content_expect *expect,
			   const struct drvp_json *node, bool documents)
{
	int status;

	if (expect->digest.len != DRVP_SUM256_SIZE)
		return drvp_document_fail(reader, node, "the digest has %d bytes", DRVP_SUM256_SIZE);
	if ((expect->method.value == DRVP_CONTENT_HMAC) != (expect->key_id != NULL))
		return drvp_document_fail(reader, node, "\"key_id\" belongs to the method "
					  "hmac-sha256, and to no other");
	if (documents == (expect->columns.list != NULL))
		return drvp_document_fail(reader, node, "\"columns\" are recorded of tables, and of "
					  "nothing else");
	status = validate_buckets(reader, expect, drvp_json_member(node, "buckets"));
	return status ? status :
			validate_sidecar(reader, expect, drvp_json_member(node, "sidecar"));
}

int drvp_content_validate(struct drvp_reader *reader, const struct drvp_content *content,
			  const struct drvp_json *node, bool documents)
{
	const struct drvp_json *expect = drvp_json_member(node, "expect");

	if (content->filter && !documents)
		return drvp_document_fail(reader, content->filter, "\"filter\" is for MongoDB; use "
					  "\"where\"");
	if (content->key.count && documents)
		return drvp_document_fail(reader, drvp_json_member(node, "key"), "documents are told "
					  "apart by \"_id\"; \"key\" is for tables");
	if (content->buckets.set &&
	    (content->buckets.value < 1 || content->buckets.value > DRVP_BUCKETS_MAX))
		return drvp_document_fail(reader, drvp_json_member(node, "buckets"),
					  "expected 1 to %d", DRVP_BUCKETS_MAX);
	if (drvp_content_validate_server(reader, content, node, documents))
		return DRV_E_DOCUMENT;
	if (expect && content->hmac_key && content->expect.method.value == DRVP_CONTENT_PLAIN)
		return drvp_document_fail(reader, expect, "it was recorded without a key, though "
					  "\"hmac_key\" asks for one; take it out and capture anew");
	return expect ? validate_expect(reader, &content->expect, expect, documents) : 0;
}

size_t drvp_content_most_buckets(const struct drvp_content *content)
{
	return content->buckets.set ? (size_t)content->buckets.value : DEFAULT_BUCKETS;
}

const struct drvp_content_expect *drvp_content_recorded(const struct drvp_content *content,
							const struct drvp_settings *settings)
{
	return content->expect.digest.len && !settings->capture ? &content->expect : NULL;
}

bool drvp_content_secret(const struct drvp_content *content, const struct drvp_settings *settings,
			 const struct drvp_secret **secret, const char **name)
{
	const struct drvp_content_expect *recorded = drvp_content_recorded(content, settings);

	*name = content->hmac_key ? content->hmac_key : "content";
	*secret = drvp_secret_find(settings, *name);
	if (content->method.value == DRVP_METHOD_SERVER ||
	    (recorded && recorded->method.value != DRVP_CONTENT_HMAC)) {
		*secret = NULL;
		return true;
	}
	return *secret || (!recorded && !content->hmac_key);
}
