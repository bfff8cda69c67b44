/* content_parts.c: which parts of a table differ from the baseline, and what they are called */
#include <inttypes.h>
#include <string.h>

#include "checks/content_judge.h"

#define NAMED_PARTS 3

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

static void add_part(const struct drvp_content_judging *j, struct drvp_parts *parts, uint64_t rows,
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

/* Moves a text into the verdict. */
static const char *keep(const struct drvp_content_judging *j, struct drvp_strbuf *text)
{
	const char *kept = drvp_arena_copy(&j->out->arena, drvp_strbuf_text(text), text->len);

	j->out->failed |= !kept || text->failed;
	drvp_strbuf_free(text);
	return kept ? kept : "";
}

const char *drvp_parts_text(const struct drvp_content_judging *j, struct drvp_parts *parts)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	if (!j->recorded->buckets.count)
		return "";
	if (j->own->by == DRVP_BY_NOTHING) {
		drvp_strbuf_str(&text, "; in which parts cannot be told without column ");
		drvp_json_print_name(&text, j->recorded->buckets.column,
				     strlen(j->recorded->buckets.column));
		return keep(j, &text);
	}
	drvp_strbuf_printf(&text, ", in %zu of %zu parts%s%s", parts->count,
			   j->recorded->buckets.count, drvp_strbuf_text(&parts->names),
			   parts->names.len && parts->count > NAMED_PARTS ? ", …" : "");
	j->out->failed |= parts->names.failed;
	return keep(j, &text);
}

static void compare_bucket(struct drvp_content_judging *j, const struct drvp_recorded_bucket *was)
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
		add_part(j, drvp_content_is_newer(j) ? &j->grown : &j->extra, is->rows - was->rows, was);
	else if (memcmp(digest, was->digest, sizeof was->digest))
		add_part(j, &j->changed, 0, was);
}

/* Rows in a part that did not exist at the capture have come since. */
static void compare_new_part(struct drvp_content_judging *j, const struct drvp_bucket *is,
			     bool unplaced)
{
	const struct drvp_recorded_bucket part = { .number = is->number, .unplaced = unplaced };

	if (is->rows && !drvp_content_is_newer(j))
		add_part(j, &j->extra, is->rows, &part);
}

static bool is_recorded(const struct drvp_recorded_buckets *recorded, int64_t number)
{
	size_t first = 0, end = recorded->count;

	while (first < end) {
		size_t middle = first + (end - first) / 2;

		if (!recorded->list[middle].unplaced && recorded->list[middle].number < number)
			first = middle + 1;
		else
			end = middle;
	}
	return first < recorded->count && !recorded->list[first].unplaced &&
	       recorded->list[first].number == number;
}

static void compare_new_parts(struct drvp_content_judging *j)
{
	const struct drvp_buckets *buckets = &j->own->buckets;

	for (size_t i = 0; i < buckets->count; i++)
		if (!is_recorded(&j->recorded->buckets, buckets->list[i].number))
			compare_new_part(j, &buckets->list[i], false);
	if (buckets->elsewhere.rows && !drvp_content_is_newer(j))
		add_part(j, &j->extra, buckets->elsewhere.rows, NULL);
}

static void compare_parts(struct drvp_content_judging *j)
{
	const struct drvp_recorded_buckets *recorded = &j->recorded->buckets;
	bool unplaced = recorded->count && recorded->list[recorded->count - 1].unplaced;

	for (size_t i = 0; i < recorded->count; i++)
		compare_bucket(j, &recorded->list[i]);
	compare_new_parts(j);
	if (!unplaced)
		compare_new_part(j, &j->own->buckets.unplaced, true);
}

static void compare_whole(struct drvp_content_judging *j)
{
	uint64_t was = (uint64_t)j->recorded->rows.value, is = j->total.rows;

	/* There are no old rows that those which came since could hide. */
	if (!was && drvp_content_is_newer(j))
		return;
	if (is < was)
		add_part(j, &j->missing, was - is, NULL);
	else if (is > was)
		add_part(j, drvp_content_is_newer(j) ? &j->grown : &j->extra, is - was, NULL);
	else
		add_part(j, &j->changed, 0, NULL);
}

void drvp_content_compare(struct drvp_content_judging *j)
{
	if (j->recorded->buckets.count && j->own->by != DRVP_BY_NOTHING)
		compare_parts(j);
	else
		compare_whole(j);
}
