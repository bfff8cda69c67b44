/* recorded_read.c: readers of what a capture recorded of a chain */
#include "chain/recipe_read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "document/item.h"

#define FIELD(type, member_name) .offset = offsetof(struct type, member_name)
#define CUSTOM(reader, definition) \
	.kind = DRVP_FIELD_CUSTOM, .read = reader, .schema = definition

static int read_partition(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	struct drvp_bytes *partition = out;
	struct drvp_strbuf key = DRVP_STRBUF_INIT;
	const struct drvp_json *one = value->first;

	if (value->type != DRVP_JSON_ARRAY || !value->count)
		return drvp_document_fail(reader, value, "expected the values of the columns of "
					  "\"partition_by\"");
	for (; one && (one->type == DRVP_JSON_STRING || one->type == DRVP_JSON_NULL);
	     one = one->next)
		drvp_partition_put(&key, one->text, one->len);
	drvp_partition_end(&key);
	partition->len = key.len;
	partition->bytes = key.failed ? NULL : drvp_arena_copy(reader->arena, key.data, key.len);
	drvp_strbuf_free(&key);
	if (one)
		return drvp_document_fail(reader, one, "expected a string or null");
	return partition->bytes ? 0 : drvp_fail_nomem(reader->err);
}

#define ROWS_FIELD \
	{ .name = "rows", .kind = DRVP_FIELD_UINT, .flags = DRVP_REQUIRED, \
	  FIELD(drvp_recorded_head, rows), .help = "How many entries the chain had." }

const struct drvp_field drvp_head_fields[] = {
	ROWS_FIELD,
	{ .name = "hash", CUSTOM(drvp_hex_read, "hex"), .flags = DRVP_REQUIRED,
	  FIELD(drvp_recorded_head, hash), .help = "The hash of its last entry." },
	{ 0 }
};

const struct drvp_field drvp_partition_head_fields[] = {
	ROWS_FIELD,
	{ .name = "hash", CUSTOM(drvp_hex_read, "hex"), FIELD(drvp_recorded_head, hash),
	  .help = "The hash of its last entry; absent where it had no single one." },
	{ .name = "partition", CUSTOM(read_partition, "partition"), .flags = DRVP_REQUIRED,
	  FIELD(drvp_recorded_head, partition), .help = "The values of \"partition_by\"." },
	{ .name = "genesis", CUSTOM(drvp_hex_read, "hex"), FIELD(drvp_recorded_head, genesis),
	  .help = "What its first entry refers to, where older ones were pruned." },
	{ 0 }
};

static int compare_heads(const void *left, const void *right)
{
	const struct drvp_recorded_head *a = left, *b = right;

	return strcmp(a->partition.bytes, b->partition.bytes);
}

int drvp_recorded_heads_read(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	struct drvp_recorded_heads *heads = out;
	struct drvp_recorded_head *list;

	if (value->type != DRVP_JSON_ARRAY)
		return drvp_document_fail(reader, value, "expected a list of heads, found %s",
					  drvp_json_type_name(value->type));
	list = drvp_arena_array(reader->arena, value->count, sizeof *list);
	if (!list)
		return drvp_fail_nomem(reader->err);
	for (const struct drvp_json *one = value->first; one; one = one->next) {
		int status = drvp_fields_read_one(reader, one, drvp_partition_head_fields,
						  &list[heads->count++]);

		if (status)
			return status;
	}
	heads->list = list;
	qsort(list, heads->count, sizeof *list, compare_heads);
	for (size_t i = 1; i < heads->count; i++)
		if (!compare_heads(&list[i - 1], &list[i]))
			return drvp_document_fail(reader, value, "the partition %s is listed twice",
						  list[i].partition.bytes);
	return 0;
}

struct written_checkpoint {
	struct drvp_recorded_head head;
	struct drvp_checkpoint checkpoint;
	const struct drvp_json *at;
};

const struct drvp_field drvp_checkpoint_fields[] = {
	{ .name = "rows", .kind = DRVP_FIELD_UINT, .flags = DRVP_REQUIRED,
	  FIELD(written_checkpoint, head.rows), .help = "How many entries there were up to it." },
	{ .name = "hash", CUSTOM(drvp_hex_read, "hex"), .flags = DRVP_REQUIRED,
	  FIELD(written_checkpoint, head.hash), .help = "The hash of the last of them." },
	{ .name = "at", .kind = DRVP_FIELD_ANY, .flags = DRVP_REQUIRED,
	  FIELD(written_checkpoint, at), .help = "Its value of the first column of \"order_by\"." },
	{ 0 }
};

static bool read_integer(const char *text, int64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoll(text, &end, 10);
	return !errno && !*end;
}

/* As drvp_value_print() writes it: a number, a date, a time with Z, or one without a zone. */
static bool read_order(struct drvp_checkpoint *out, const struct drvp_json *at)
{
	char text[64];
	int written;

	out->kind = DRVP_INTEGER;
	if (at->type == DRVP_JSON_NUMBER)
		return read_integer(at->text, &out->order);
	if (at->type != DRVP_JSON_STRING || at->len > 40)
		return false;
	out->kind = DRVP_INSTANT;
	if (drvp_instant_parse(&out->order, at->text, at->len))
		return true;
	out->kind = at->len == strlen("2026-01-02") ? DRVP_DATE : DRVP_LOCAL_TIME;
	written = snprintf(text, sizeof text, "%s%sZ", at->text,
			   out->kind == DRVP_DATE ? "T00:00:00" : "");
	if (!drvp_instant_parse(&out->order, text, (size_t)written))
		return false;
	if (out->kind == DRVP_DATE)
		out->order /= 86400 * DRVP_SECOND;
	return true;
}

static int read_checkpoint(struct drvp_reader *reader, const struct drvp_json *value,
			   struct drvp_checkpoint *out)
{
	struct written_checkpoint written = { 0 };
	int status = drvp_fields_read_one(reader, value, drvp_checkpoint_fields, &written);

	if (status)
		return status;
	if (!written.head.rows.value || !written.head.hash.len ||
	    written.head.hash.len > sizeof out->hash)
		return drvp_document_fail(reader, value, "a checkpoint has at least one row, and a hash");
	*out = (struct drvp_checkpoint){ .rows = (uint64_t)written.head.rows.value,
					 .hash_len = written.head.hash.len };
	memcpy(out->hash, written.head.hash.bytes, written.head.hash.len);
	return read_order(out, written.at) ? 0 :
		drvp_document_fail(reader, written.at, "expected a whole number, a date or a time");
}

int drvp_checkpoints_read(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	struct drvp_chain_expect *expect = out;
	struct drvp_checkpoints *checkpoints = &expect->checkpoints;

	if (value->type != DRVP_JSON_ARRAY || value->count > DRVP_CHECKPOINTS)
		return drvp_document_fail(reader, value, "expected a list of at most %d checkpoints",
					  DRVP_CHECKPOINTS);
	for (const struct drvp_json *one = value->first; one; one = one->next) {
		struct drvp_checkpoint *last = &checkpoints->list[checkpoints->count];
		int status = read_checkpoint(reader, one, last);

		if (status)
			return status;
		if (checkpoints->count++ && last->order <= last[-1].order)
			return drvp_document_fail(reader, one, "checkpoints stand in their order");
		expect->last_at = drvp_json_member(one, "at");
	}
	return 0;
}
