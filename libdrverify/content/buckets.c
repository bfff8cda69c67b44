/* buckets.c: digests of the rows in each part of a table, in whatever order they come */
#include "content/buckets.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define SHIFT_MAX 63

static size_t slot_of(const struct drvp_buckets *b, int64_t number)
{
	uint64_t mixed = (uint64_t)number * UINT64_C(0x9e3779b97f4a7c15);

	return (size_t)(mixed >> 32) & (b->slot_count - 1);
}

/* The slot that holds the number, or the free one where it would go. */
static size_t probe(const struct drvp_buckets *b, int64_t number)
{
	size_t slot = slot_of(b, number);

	while (b->slots[slot] && b->list[b->slots[slot] - 1].number != number)
		slot = (slot + 1) & (b->slot_count - 1);
	return slot;
}

static struct drvp_bucket *insert(struct drvp_buckets *b, int64_t number)
{
	size_t slot = probe(b, number);

	if (!b->slots[slot]) {
		b->list[b->count] = (struct drvp_bucket){ .number = number };
		b->slots[slot] = (uint16_t)++b->count;
	}
	return &b->list[b->slots[slot] - 1];
}

static void add(struct drvp_bucket *into, const struct drvp_bucket *other)
{
	into->rows += other->rows;
	drvp_sum256_merge(&into->sum, &other->sum);
}

/* Numbers only ever fall together, so the list is rebuilt within itself. */
static void widen_once(struct drvp_buckets *b)
{
	size_t count = b->count;

	memset(b->slots, 0, b->slot_count * sizeof *b->slots);
	b->count = 0;
	b->shift++;
	for (size_t i = 0; i < count; i++) {
		struct drvp_bucket old = b->list[i];

		add(insert(b, old.number >> 1), &old);
	}
	b->last = NULL;
}

void drvp_buckets_widen(struct drvp_buckets *b, size_t most)
{
	while (b->count > most && b->count > 1 && b->shift < SHIFT_MAX)
		widen_once(b);
}

int drvp_buckets_open(struct drvp_buckets *b, size_t most, unsigned shift)
{
	memset(b, 0, sizeof *b);
	b->most = most;
	b->shift = shift;
	for (b->slot_count = 4; b->slot_count < 2 * (most + 1);)
		b->slot_count *= 2;
	/* One more than most, for the one that is too many. */
	b->list = calloc(most + 1, sizeof *b->list);
	b->slots = calloc(b->slot_count, sizeof *b->slots);
	if (b->list && b->slots)
		return 0;
	drvp_buckets_free(b);
	return DRV_E_NOMEM;
}

int drvp_buckets_open_fixed(struct drvp_buckets *b, const struct drvp_recorded_buckets *recorded)
{
	int status = drvp_buckets_open(b, recorded->count + DRVP_BUCKETS_MAX,
				       (unsigned)recorded->shift.value);

	if (status)
		return status;
	for (size_t i = 0; i < recorded->count; i++)
		if (!recorded->list[i].unplaced)
			insert(b, recorded->list[i].number);
	b->fixed = true;
	return 0;
}

static struct drvp_bucket *at_number(struct drvp_buckets *b, int64_t number)
{
	size_t slot;

	if (b->last && b->last->number == number)
		return b->last;
	slot = probe(b, number);
	if (!b->slots[slot] && b->fixed && b->count == b->most)
		return &b->elsewhere;
	b->last = insert(b, number);
	return b->last;
}

struct drvp_bucket *drvp_buckets_at(struct drvp_buckets *b, int64_t place)
{
	struct drvp_bucket *bucket = at_number(b, place >> b->shift);

	if (b->count <= b->most)
		return bucket;
	drvp_buckets_widen(b, b->most);
	return at_number(b, place >> b->shift);
}

const struct drvp_bucket *drvp_buckets_find(const struct drvp_buckets *b, int64_t number)
{
	size_t slot = b->list ? probe(b, number) : 0;

	return b->list && b->slots[slot] ? &b->list[b->slots[slot] - 1] : NULL;
}

void drvp_bucket_add(struct drvp_bucket *bucket, const uint8_t digest[DRVP_SUM256_SIZE])
{
	bucket->rows++;
	drvp_sum256_add(&bucket->sum, digest);
}

void drvp_buckets_merge(struct drvp_buckets *into, struct drvp_buckets *other)
{
	if (!other->list)
		return;
	if (!into->list) {
		*into = *other;
		memset(other, 0, sizeof *other);
		return;
	}
	while (into->shift < other->shift)
		widen_once(into);
	for (size_t i = 0; i < other->count; i++) {
		/* Its numbers are of its own width, and into may become wider on the way. */
		int64_t number = other->list[i].number >> (into->shift - other->shift);

		add(at_number(into, number), &other->list[i]);
		drvp_buckets_widen(into, into->most);
	}
	add(&into->elsewhere, &other->elsewhere);
	add(&into->unplaced, &other->unplaced);
	drvp_buckets_free(other);
}

static int by_number(const void *left, const void *right)
{
	const struct drvp_bucket *a = left, *b = right;

	return a->number < b->number ? -1 : a->number > b->number;
}

void drvp_buckets_sort(struct drvp_buckets *b)
{
	if (!b->list)
		return;
	qsort(b->list, b->count, sizeof *b->list, by_number);
	memset(b->slots, 0, b->slot_count * sizeof *b->slots);
	b->last = NULL;
	for (size_t i = 0; i < b->count; i++)
		b->slots[probe(b, b->list[i].number)] = (uint16_t)(i + 1);
}

struct drvp_bucket drvp_buckets_total(const struct drvp_buckets *b)
{
	struct drvp_bucket total = { .number = 0 };

	for (size_t i = 0; i < b->count; i++)
		add(&total, &b->list[i]);
	add(&total, &b->elsewhere);
	add(&total, &b->unplaced);
	return total;
}

void drvp_buckets_free(struct drvp_buckets *b)
{
	free(b->list);
	free(b->slots);
	memset(b, 0, sizeof *b);
}
