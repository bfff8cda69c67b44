/* content.c: a table or collection holds exactly the rows that it held, whatever their order */
#include <string.h>

#include "checks/content_judge.h"
#include "content/locate.h"
#include "content/measure.h"
#include "content/selected.h"
#include "content/server.h"
#include "document/filter.h"

/* Without a key, a digest of few rows would tell what is in them to whoever guesses. */
#define UNKEYED_BUCKET_ROWS 1000

static const struct drv_explanation codes[] = {
	{ "content.changed", DRV_FAIL, "Rows are there, but they are not what they were.",
	  "Pages were torn or mixed from two moments, a dump or a migration rewrote values, or "
	  "somebody edited the data.",
	  "Compare the rows or parts that are named with another backup; check the restore point." },
	{ "content.missing", DRV_FAIL, "Rows that the baseline has are not there.",
	  "The restore stopped early or went back further than thought, or rows were deleted.",
	  "Look at the parts that are named; compare the newest rows with the restore point." },
	{ "content.extra", DRV_FAIL, "There are rows that the baseline does not have.",
	  "Data was loaded twice or into a table that was not empty, or the application already "
	  "writes.",
	  "Look for duplicates; make sure that nothing writes before going live." },
	{ "content.grown", DRV_INCONCLUSIVE,
	  "Rows were added to a part of the table, so the old rows in it could not be compared.",
	  "The restore point lies after the baseline, and one digest stands for all rows of a part.",
	  "Capture closer to the backup, or with \"detail\": \"rows\", which tells rows apart." },
	{ "content.sidecar", DRV_WARN,
	  "The file beside the baseline that names rows could not be used, so parts are told "
	  "instead.",
	  "It was not copied along with the document, or is not the one that belongs to it.",
	  "Put the file that the message names beside the document, or say --sidecars FOLDER." },
	{ "content.key_missing", DRV_INCONCLUSIVE,
	  "The digests are made with a key, and it was not given.",
	  "Keys never stand in a document; whoever verifies has to bring them.",
	  "Give it with --key NAME=FILE, under the name that the message says." },
	{ "content.key_unused", DRV_WARN,
	  "A key was given, but the baseline was captured without one.",
	  "The capture ran without --key, so its digests find accidents only: whoever may write rows can "
	  "make others with the same sum.",
	  "Capture anew with the key; or leave the key out, where accidents are all that matters." },
	{ "content.key_differs", DRV_INCONCLUSIVE,
	  "The digests of the baseline were made with another key.",
	  "The key was changed since the capture, or another file was given.",
	  "Find the key that has the id in the message, or capture anew." },
	{ "content.method_differs", DRV_INCONCLUSIVE,
	  "The baseline was digested by another method than the document asks for.",
	  "\"method\" was changed after the capture. What the server hashes cannot be compared with "
	  "what is digested here.",
	  "Put \"method\" back to what the capture had, or capture anew." },
	{ "content.selection_differs", DRV_INCONCLUSIVE,
	  "The document is about other rows or columns than were captured.",
	  "\"where\", \"filter\" or \"exclude\" was changed after the capture. A digest of some "
	  "rows or columns tells nothing of others.",
	  "Put the member that the message names back to what the capture had (\"selected\" in "
	  "\"expect\"), or capture anew." },
	{ "content.hashing_differs", DRV_INCONCLUSIVE,
	  "This server hashes otherwise than the one of the capture, so a difference tells nothing.",
	  "It runs on another kind of processor, or is of a version with other hash functions.",
	  "Capture and verify without \"method\": \"server\", which digests the rows themselves." },
	{ "content.encoding_differs", DRV_INCONCLUSIVE,
	  "The database stores texts in another encoding than at the capture, and some values are "
	  "stored in another order for that reason.",
	  "jsonb and hstore sort the names of members by their length in bytes, and tsvector its "
	  "words; a dump that is restored into another encoding brings them back in another order.",
	  "Restore into a database of the encoding that the message names, or exclude those columns." },
	{ "content.type_changed", DRV_WARN, "A column has another type than at the capture.",
	  "The backup is from before or after a migration.",
	  "Compare with \\d in psql; run the missing migration." },
	{ "content.types_differ", DRV_INCONCLUSIVE,
	  "Columns have other types than at the capture, so it cannot be told whether their values "
	  "are still the same.",
	  "The backup is from before or after a migration: 7 as an integer and as a bigint are "
	  "other bytes.",
	  "Run the missing migration, or capture anew; exclude columns that may change." },
	{ "content.not_covered", DRV_WARN, "The table has columns that the baseline does not cover.",
	  "They were added after the capture.",
	  "Make sure that they belong there; then capture anew." },
	{ NULL, 0, NULL, NULL, NULL }
};

static int validate(struct drvp_reader *reader, const struct drvp_item *item)
{
	return drvp_content_validate(reader, item->config, item->node,
				     !strcmp(item->source->store, "mongodb"));
}

static void visit_all(const struct drvp_names *names, void (*visit)(const char *column, void *user),
		      void *user)
{
	for (size_t i = 0; i < names->count; i++)
		visit(names->names[i], user);
}

static void columns(const struct drvp_item *item, const struct drvp_settings *settings,
		    void (*visit)(const char *column, void *user), void *user)
{
	const struct drvp_content *content = item->config;
	const struct drvp_content_expect *recorded = drvp_content_recorded(content, settings);

	for (size_t i = 0; i < content->where.count; i++)
		visit(content->where.list[i].column, user);
	for (size_t i = 0; recorded && i < recorded->columns.count; i++)
		visit(recorded->columns.list[i].name, user);
	if (recorded)
		return;
	visit_all(&content->key, visit, user);
	visit_all(&content->exclude, visit, user);
	if (content->bucket_by)
		visit(content->bucket_by, user);
}

static struct drvp_selection selection(const struct drvp_item *item,
				       const struct drvp_settings *settings)
{
	const struct drvp_content *content = item->config;

	return (struct drvp_selection){ content->where.list, content->where.count,
					content->filter, settings->allow_sql };
}

static bool ready(const struct drvp_item *item, const struct drvp_settings *settings)
{
	const struct drvp_secret *secret;
	const char *name;

	return drvp_content_method_fits(item->config, settings) &&
	       !drvp_content_changed_member(item, settings) &&
	       drvp_content_secret(item->config, settings, &secret, &name);
}

static bool by_server(const struct drvp_item *item)
{
	const struct drvp_content *content = item->config;

	return content->method.value == DRVP_METHOD_SERVER;
}

/* ------------------------------------------------------------------ recording */

static void put_hex(struct drvp_json_writer *writer, const char *name,
		    const struct drvp_sum256 *sum, size_t len)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	uint8_t bytes[DRVP_SUM256_SIZE];

	drvp_sum256_bytes(sum, bytes);
	drvp_strbuf_hex(&text, bytes, len);
	writer->out->failed |= text.failed;
	drvp_json_put_text(writer, name, drvp_strbuf_text(&text));
	drvp_strbuf_free(&text);
}

static void put_hashing(struct drvp_json_writer *writer, uint64_t hashing)
{
	const struct drvp_sum256 number = { { 0, 0, 0, hashing } };

	put_hex(writer, "hashing", &number, DRVP_HASHING);
}

static const char *method_of(const struct drvp_content_tally *own)
{
	if (own->by_server)
		return "server";
	return own->key_id[0] ? "hmac-sha256" : "sha256";
}

static void put_columns(struct drvp_json_writer *writer, const struct drvp_content_tally *own)
{
	if (!own->columns.list)
		return;
	drvp_json_open_array(writer, "columns", false);
	for (size_t i = 0; i < own->columns.count; i++) {
		drvp_json_open_object(writer, NULL, true);
		drvp_json_put_text(writer, "name", own->columns.list[i].name);
		drvp_json_put_text(writer, "type", own->columns.list[i].type);
		drvp_json_close_object(writer);
	}
	drvp_json_close_array(writer);
	if (!own->key.count)
		return;
	drvp_json_open_array(writer, "key", true);
	for (size_t i = 0; i < own->key.count; i++)
		drvp_json_put_text(writer, NULL, own->key.names[i]);
	drvp_json_close_array(writer);
}

static void put_bucket(struct drvp_json_writer *writer, const struct drvp_bucket *bucket,
		       bool unplaced)
{
	if (!bucket->rows)
		return;
	drvp_json_open_object(writer, NULL, true);
	if (unplaced)
		drvp_json_put_null(writer, "number");
	else
		drvp_json_put_int(writer, "number", bucket->number);
	drvp_json_put_uint(writer, "rows", bucket->rows);
	put_hex(writer, "digest", &bucket->sum, DRVP_BUCKET_DIGEST);
	drvp_json_close_object(writer);
}

static void put_buckets(struct drvp_json_writer *writer, const struct drvp_content_tally *own)
{
	static const char *const by[] = { "hash", "number", "day" };
	const struct drvp_buckets *buckets = &own->buckets;

	drvp_json_open_object(writer, "buckets", false);
	drvp_json_put_text(writer, "by", by[own->by]);
	if (own->column)
		drvp_json_put_text(writer, "column", own->column);
	drvp_json_put_uint(writer, "shift", buckets->shift);
	drvp_json_open_array(writer, "list", false);
	for (size_t i = 0; i < buckets->count; i++)
		put_bucket(writer, &buckets->list[i], false);
	put_bucket(writer, &buckets->unplaced, true);
	drvp_json_close_array(writer);
	drvp_json_close_object(writer);
}

static void put_file(struct drvp_json_writer *writer, const char *name, const void *digest,
		     size_t len, uint64_t rows)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	drvp_strbuf_hex(&text, digest, len);
	writer->out->failed |= text.failed;
	drvp_json_open_object(writer, "sidecar", false);
	drvp_json_put_text(writer, "file", name);
	drvp_json_put_text(writer, "digest", drvp_strbuf_text(&text));
	drvp_json_put_uint(writer, "rows", rows);
	drvp_json_close_object(writer);
	drvp_strbuf_free(&text);
}

/* What a capture wrote; or what an earlier one did, as long as the content is the same. */
static void put_sidecar(struct drvp_json_writer *writer, const struct drvp_content *content,
			const struct drvp_content_tally *own, const struct drvp_bucket *total)
{
	const struct drvp_recorded_sidecar *old = &content->expect.sidecar;
	uint8_t digest[DRVP_SUM256_SIZE];

	drvp_sum256_bytes(&total->sum, digest);
	if (own->sidecar.name[0])
		put_file(writer, own->sidecar.name, own->sidecar.digest,
			 sizeof own->sidecar.digest, own->sidecar.rows);
	else if (old->file && content->expect.digest.len == sizeof digest &&
		 !memcmp(digest, content->expect.digest.bytes, sizeof digest))
		put_file(writer, old->file, old->digest.bytes, old->digest.len,
			 (uint64_t)old->rows.value);
}

/* Rows of no part leave none of them a digest that says anything. */
static bool has_parts(const struct drvp_content_tally *own)
{
	return own->buckets.count + (own->buckets.unplaced.rows > 0) > 1 &&
	       !own->buckets.elsewhere.rows;
}

static size_t most_buckets(const struct drvp_content *content, const struct drvp_content_tally *own,
			   uint64_t rows)
{
	size_t most = drvp_content_most_buckets(content);

	if (!own->key_id[0] && rows / UNKEYED_BUCKET_ROWS < most)
		most = (size_t)(rows / UNKEYED_BUCKET_ROWS) + 1;
	return most;
}

static void record(const struct drvp_item *item, const struct drvp_tally *tally,
		   struct drvp_json_writer *writer)
{
	struct drvp_content_tally *own = drvp_content_tally(tally);
	struct drvp_bucket total = drvp_buckets_total(&own->buckets);

	drvp_buckets_widen(&own->buckets, most_buckets(item->config, own, total.rows));
	drvp_buckets_sort(&own->buckets);
	drvp_json_open_object(writer, "expect", false);
	drvp_content_put_selected(item, writer);
	drvp_json_put_uint(writer, "rows", total.rows);
	drvp_json_put_text(writer, "method", method_of(own));
	if (own->key_id[0])
		drvp_json_put_text(writer, "key_id", own->key_id);
	put_hex(writer, "digest", &total.sum, DRVP_SUM256_SIZE);
	if (own->by_server)
		put_hashing(writer, own->hashing);
	if (own->encoding)
		drvp_json_put_text(writer, "encoding", own->encoding);
	put_columns(writer, own);
	if (has_parts(own))
		put_buckets(writer, own);
	put_sidecar(writer, item->config, own, &total);
	drvp_json_close_object(writer);
}

const struct drvp_check drvp_check_content = {
	.name = "content",
	.help = "Digests every row, so that any change of any value shows, without the source.",
	.stores = DRVP_ON_BOTH,
	.shape = DRVP_RANGES,
	.cost = 2,
	.config_size = sizeof(struct drvp_content),
	.tally = &drvp_content_tally_kind,
	.fields = drvp_content_fields,
	.codes = codes,
	.validate = validate,
	.columns = columns,
	.selection = selection,
	.ready = ready,
	.by_server = by_server,
	.measure = drvp_content_measure,
	.locate = drvp_content_locate,
	.judge = drvp_content_judge,
	.foresee = drvp_content_foresee,
	.record = record,
};
