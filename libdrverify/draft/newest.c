/* newest.c: which column says when rows were written, and about how new the newest row is */
#include "draft/draft.h"

/* As many rows the server may be asked to look at for its newest. */
#define ROWS_MOST 50000

/* New rows mostly stand at the end of a table that is too large for that. */
#define LAST_BLOCKS 64

/* How far ahead of this clock a wall clock may be. */
#define AHEAD (24 * 3600 * DRVP_SECOND)

static const struct drvp_column *find_time(const struct drvp_draft_table *table)
{
	const struct drvp_column *best = NULL;
	int best_rank = 0;

	for (size_t i = 0; i < table->column_count; i++) {
		const struct drvp_column *column = &table->columns[i];
		int rank = column->kind == DRVP_INSTANT || column->kind == DRVP_LOCAL_TIME ?
				   drvp_names_writing_time(column->name) : 0;

		if (rank <= best_rank)
			continue;
		best = column;
		best_rank = rank;
	}
	return best;
}

static bool is_finite(int64_t time)
{
	return time != DRVP_TIME_INFINITY && time != DRVP_TIME_MINUS_INFINITY;
}

static int on_row(const struct drvp_row *row, void *user)
{
	struct drvp_draft_table *table = user;
	const struct drvp_value *value = &row->values[0];

	if (value->kind == DRVP_NULL || !is_finite(value->integer) ||
	    (table->newest_set && value->integer <= table->newest))
		return 0;
	table->newest = value->integer;
	table->newest_set = true;
	return 0;
}

/* By the wall clock where the column has no zone, which is near enough to compare tables. */
static int look_at_the_end(struct drvp_draft *draft, struct drvp_draft_table *table,
			   struct drv_error *err)
{
	const struct drvp_relation *relation = table->relation;
	const struct drvp_range range = { (uint32_t)relation->blocks - LAST_BLOCKS, UINT32_MAX };
	const struct drvp_wanted wanted = { table->time->name, DRVP_FORM_VALUE };
	const struct drvp_scan scan = { .relation = relation, .range = &range, .columns = &wanted,
					.column_count = 1 };
	struct drvp_range ranges[2];
	size_t count = 0;
	uint64_t fed;

	if (relation->kind != DRVP_TABLE || !relation->has_ctid ||
	    relation->blocks <= LAST_BLOCKS ||
	    draft->session->store->cut(draft->session, relation, ranges, 2, &count, NULL) ||
	    count < 2)
		return 0;
	return draft->session->store->scan(draft->session, &scan, on_row, table, &fed, err);
}

/* Two kinds of clock are not compared with each other. */
static int64_t *latest_of(struct drvp_draft *draft, const struct drvp_draft_table *table)
{
	return &draft->latest[table->time->kind == DRVP_LOCAL_TIME];
}

bool drvp_draft_is_busy(const struct drvp_draft *draft, const struct drvp_draft_table *table)
{
	int64_t latest = draft->latest[table->time->kind == DRVP_LOCAL_TIME];

	return table->newest_set && latest - table->newest <= DRVP_DRAFT_RPO;
}

/* What lies ahead was not written then. */
static void note_latest(struct drvp_draft *draft, struct drvp_draft_table *table)
{
	int64_t *latest = latest_of(draft, table);

	if (table->newest > drvp_now() + AHEAD)
		table->newest_set = false;
	if (table->newest_set && table->newest > *latest)
		*latest = table->newest;
}

static int look_for_newest(struct drvp_draft *draft, struct drvp_draft_table *table,
			   struct drv_error *err)
{
	const struct drvp_selection all = { 0 };
	bool found = false;
	uint64_t rows;
	int status;

	if (!table->estimated || table->rows > ROWS_MOST)
		return look_at_the_end(draft, table, err);
	status = draft->session->store->newest(draft->session, table->relation, &all,
					       table->time->name, "UTC", &table->newest, &found,
					       &rows, err);
	table->newest_set = !status && found && is_finite(table->newest);
	return status;
}

int drvp_draft_newest(struct drvp_draft *draft, struct drvp_draft_table *table,
		      struct drv_error *err)
{
	int status;

	table->time = find_time(table);
	if (!table->time)
		return 0;
	status = look_for_newest(draft, table, err);
	/* Times of which only some are dates, a scan that took too long: then it is not known. */
	if (status)
		table->newest_set = false;
	note_latest(draft, table);
	return drvp_draft_is_over(draft, status) ? status : 0;
}
