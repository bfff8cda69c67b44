/* walk.c: whether the links of a chain follow the order of its entries */
#include "chain/walk.h"

#include <stdlib.h>
#include <string.h>

#include "chain/chain_tally.h"
#include "chain/reader.h"
#include "store/row_copy.h"

/* So many entries of one place in the order are put into theirs. */
#define PENDING 1024

/* So many entries back another may fork off: two writers that read the same latest entry. */
#define RECENT 64

/* An entry that waits for the one before it. */
struct pending {
	struct drvp_row row;
	struct drvp_link hash, previous;
	bool first;
};

struct walk {
	struct drvp_chain_reader reader;
	struct drvp_strbuf partition;        /* of the row before */
	struct drvp_link recent[RECENT];     /* hashes of the last entries, a ring */
	uint64_t taken;                      /* entries of the chain that have come */
	struct drvp_link *open;              /* known forks that have been passed */
	size_t open_count;
	bool forked;
	struct drvp_arena arena;             /* of the rows of the present place */
	struct drvp_row *place;              /* one of them; NULL: none yet */
	struct pending *pending;
	size_t pending_count;
	uint64_t rows;
	bool broken;
};

static bool same_link(const struct drvp_link *a, const struct drvp_link *b)
{
	return a->state == DRVP_LINK_HASH && b->state == DRVP_LINK_HASH && a->size == b->size &&
	       !memcmp(a->bytes, b->bytes, a->size);
}

static bool is_known_fork(const struct walk *walk, const struct drvp_link *hash)
{
	const struct drvp_hashes *known = &walk->reader.recipe->known_forks;

	for (size_t i = 0; i < known->count; i++)
		if (drvp_link_is(hash, &known->list[i]))
			return true;
	return false;
}

/* Whether an entry refers to one that has come; far back only where that is known. */
static bool has_come(struct walk *walk, const struct drvp_link *previous)
{
	uint64_t back = walk->taken < RECENT ? walk->taken : RECENT;

	for (uint64_t i = 1; i <= back; i++)
		if (same_link(&walk->recent[(walk->taken - i) % RECENT], previous)) {
			walk->forked |= i > 1;
			return true;
		}
	for (size_t i = 0; i < walk->open_count; i++)
		if (same_link(&walk->open[i], previous))
			return true;
	return false;
}

/* The one whose entries come; NULL when it is new. */
static struct drvp_chain *present_chain(const struct walk *walk)
{
	return drvp_chains_find(&drvp_chain_tally(walk->reader.m->tally)->chains,
				drvp_strbuf_text(&walk->partition), walk->partition.len);
}

/* Nothing but its place in the order shows that rows before the recorded head are all there. */
static void note_head(struct walk *walk, const struct drvp_link *hash)
{
	const struct drvp_recorded_head *head = drvp_recipe_head(
		walk->reader.recipe, drvp_strbuf_text(&walk->partition), walk->partition.len);
	struct drvp_chain *chain;

	if (!head || !drvp_link_is(hash, &head->hash))
		return;
	chain = present_chain(walk);
	if (chain)
		chain->head_position = walk->taken;
}

static bool comes_next(struct walk *walk, const struct pending *entry)
{
	if (entry->hash.state != DRVP_LINK_HASH)
		return false;
	if (entry->first ? walk->taken > 0 : !has_come(walk, &entry->previous))
		return false;
	walk->recent[walk->taken++ % RECENT] = entry->hash;
	note_head(walk, &entry->hash);
	if (walk->open_count < walk->reader.recipe->known_forks.count &&
	    is_known_fork(walk, &entry->hash))
		walk->open[walk->open_count++] = entry->hash;
	return true;
}

/* Puts those that wait into their order, as far as they have one. */
static void retry(struct walk *walk)
{
	for (size_t i = 0; i < walk->pending_count;) {
		if (!comes_next(walk, &walk->pending[i])) {
			i++;
			continue;
		}
		walk->pending_count--;
		memmove(&walk->pending[i], &walk->pending[i + 1],
			(walk->pending_count - i) * sizeof *walk->pending);
		i = 0;
	}
}

/* The first entry that does not follow its place's others is named; one is enough. */
static int give_up(struct walk *walk, const struct drvp_row *row)
{
	const struct drvp_measure *m = walk->reader.m;
	struct drvp_chain *chain = present_chain(walk);

	walk->broken = true;
	if (chain)
		chain->strayed = true;
	return drvp_tally_count_row(m->tally, DRVP_CHAIN_STRAY, row,
				    drvp_chain_reader_order(&walk->reader, row),
				    m->settings->show_keys);
}

static int finish_place(struct walk *walk)
{
	int status = 0;

	retry(walk);
	if (walk->pending_count)
		status = give_up(walk, &walk->pending[0].row);
	walk->pending_count = 0;
	walk->place = NULL;
	drvp_arena_reset(&walk->arena);
	return status;
}

static int enter_place(struct walk *walk, const struct drvp_row *row)
{
	struct drvp_chain_reader *reader = &walk->reader;
	bool same_chain = drvp_strbuf_equal(&walk->partition, &reader->partition);
	int status = 0;

	if (walk->place &&
	    (!same_chain || !drvp_chain_reader_same_place(reader, walk->place, row)))
		status = finish_place(walk);
	if (walk->rows && !same_chain)
		walk->taken = walk->open_count = 0;
	if (status || walk->broken || walk->place)
		return status;
	drvp_strbuf_clear(&walk->partition);
	drvp_strbuf_add(&walk->partition, drvp_strbuf_text(&reader->partition),
			reader->partition.len);
	walk->place = drvp_arena_alloc(&walk->arena, sizeof *walk->place);
	return walk->place && !walk->partition.failed &&
		       !drvp_row_copy(walk->place, row, &walk->arena) ? 0 : DRV_E_NOMEM;
}

static int read_entry(struct walk *walk, const struct drvp_row *row, struct pending *out)
{
	struct drvp_chain_reader *reader = &walk->reader;
	const struct drvp_chain *chain =
		drvp_chains_find(&drvp_chain_tally(reader->m->tally)->chains,
				 drvp_strbuf_text(&reader->partition), reader->partition.len);
	struct drvp_entry entry;
	int status = drvp_chain_reader_links(reader, row, &entry);

	if (status || !chain)
		return status ? status : DRV_E_BUSY;
	out->row = *row;
	out->hash = entry.hash;
	out->previous = entry.previous;
	out->first = drvp_chain_reader_is_front(reader, chain, &entry) ||
		     (!walk->taken && !drvp_chain_fronts(chain) &&
		      reader->recipe->front.value == DRVP_FRONT_PRUNED);
	return 0;
}

static int step(const struct drvp_row *row, void *user)
{
	struct walk *walk = user;
	struct pending entry;
	int status;

	drvp_chain_reader_partition(&walk->reader, row);
	status = enter_place(walk, row);
	if (!status && !walk->broken)
		status = read_entry(walk, row, &entry);
	if (status || walk->broken)
		return status ? status : 1;
	walk->rows++;
	if (comes_next(walk, &entry)) {
		retry(walk);
		return 0;
	}
	if (walk->pending_count == PENDING) {
		status = give_up(walk, row);
		return status ? status : 1;
	}
	walk->pending[walk->pending_count] = entry;
	return drvp_row_copy(&walk->pending[walk->pending_count++].row, row, &walk->arena);
}

static int scan(struct walk *walk, struct drv_error *err)
{
	const struct drvp_measure *m = walk->reader.m;
	const struct drvp_scan question = drvp_chain_reader_scan_ordered(&walk->reader);
	uint64_t rows = 0;
	int status;

	walk->pending = calloc(PENDING, sizeof *walk->pending);
	walk->open = calloc(walk->reader.recipe->known_forks.count + 1, sizeof *walk->open);
	if (!walk->pending || !walk->open)
		return drvp_fail_nomem(err);
	status = m->session->store->scan(m->session, &question, step, walk, &rows, err);
	if (!status && !walk->broken)
		status = finish_place(walk);
	return status;
}

int drvp_chain_walk(const struct drvp_measure *m, int *walked, struct drv_error *err)
{
	struct walk walk = { .partition = DRVP_STRBUF_INIT };
	int status = drvp_chain_reader_open(&walk.reader, m, DRVP_USE_LINKS, err);

	if (!status)
		status = scan(&walk, err);
	*walked = status || walk.broken || walk.rows != m->tally->rows ? DRVP_WALK_BROKEN :
		  walk.forked ? DRVP_WALK_FORKED : DRVP_WALK_STRAIGHT;
	drvp_chain_reader_close(&walk.reader);
	drvp_strbuf_free(&walk.partition);
	drvp_arena_free(&walk.arena);
	free(walk.pending);
	free(walk.open);
	return status;
}
