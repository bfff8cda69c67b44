/* fake_store.h: a store whose tables lie in memory, for tests of checks without a server */
#ifndef FAKE_STORE_H
#define FAKE_STORE_H

#include "store/store.h"

#define FAKE_COLUMNS 24

/*
 * Rows in heap order. The first column is the primary key. Each row takes one line pointer of a
 * block of rows_per_block rows.
 */
struct fake_table {
	struct drvp_column columns[FAKE_COLUMNS];
	size_t column_count;
	struct drvp_value **rows;    /* column_count values each: columns come before rows */
	size_t row_count, row_capacity;
	size_t rows_per_block;       /* 0: documents, without heap and declared columns */
};

/* A session on one table, and what it should do wrong. */
struct fake_session {
	struct drvp_session session;            /* first */
	struct fake_table *table;
	struct drvp_relation relation;
	struct fake_table *joined;              /* what a scan's join leads to, or NULL … */
	struct drvp_relation joined_relation;   /* … as the scan has to name it */
	const struct drvp_zone *zone;           /* given for any name but that of no zone, "" */
	size_t scans, counts, zones;            /* how often it was asked */
	uint64_t rows_fed;
	bool fails;                             /* scans fail … */
	size_t fail_scan;                       /* … from this one on (from 0) … */
	uint64_t fail_after;                    /* … after so many rows … */
	int fail_status;                        /* … with this */
};

void fake_table_init(struct fake_table *table, size_t rows_per_block);
void fake_table_free(struct fake_table *table);
void fake_column(struct fake_table *table, const char *name, int kind);

/* A row of NULLs at the end, to be filled in; values borrow what they point at. */
struct drvp_value *fake_row(struct fake_table *table);

/* Takes a row out; those behind it move up. */
void fake_remove(struct fake_table *table, size_t row);

/* Puts a copy of a row in front of position at. */
void fake_insert(struct fake_table *table, size_t at, const struct drvp_value *row);

struct drvp_value fake_text(const char *text);
struct drvp_value fake_integer(int64_t number);
struct drvp_value fake_time(int kind, int64_t microseconds);
struct drvp_value fake_document(const struct drvp_json *json, bool order_lost);
struct drvp_value fake_bytes(const void *bytes, size_t len);

/* Also fills session->relation anew, which is needed after columns were added. */
void fake_session_init(struct fake_session *session, struct fake_table *table);

/* Lets scans join a second table; after fake_session_init(). */
void fake_session_join(struct fake_session *session, struct fake_table *table);

/* Knows scan, count, cut and zone. */
extern const struct drvp_store fake_store;

#endif
