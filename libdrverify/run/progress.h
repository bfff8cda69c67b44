/* progress.h: how far the work on one source is, how fast it goes, and what will not fit */
#ifndef DRVP_PROGRESS_H
#define DRVP_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#define DRVP_LEAST_PRIORITY 9

/* A server counts rows by itself about so many times as fast as it sends them. */
#define DRVP_COUNTING 8

/* What a piece of work is expected to cost, in rows to be read; sized false: nobody knows. */
struct drvp_weight {
	double rows;
	bool sized;
	bool streamed;               /* its rows are counted while they come */
};

/* All zero at first. The caller sees to it that one thread uses it at a time. */
struct drvp_progress {
	int64_t started;             /* by drvp_monotonic(); 0: no work yet */
	uint64_t counted;            /* rows that the server counted by itself */
	uint64_t streamed;           /* rows that came in pieces that are finished */
	double whole, whole_weight;  /* of those read to their end: rows, and what was expected */
	double done, running;        /* the cost of finished pieces, of streamed ones under way */
	double left[DRVP_LEAST_PRIORITY + 1];   /* of those not finished, by priority */
	unsigned unsized;            /* how many pieces of unknown cost are not finished */
	int64_t looked_at;           /* for the speed: when … */
	uint64_t rows_then;          /* … and how many rows there were */
	double rows_per_second;
};

/* What can be said of it. Below 0: not known. */
struct drvp_outlook {
	uint64_t rows;
	double done, left;           /* the cost of all pieces */
	double rows_per_second;
	double seconds_left;
	int unreached;               /* the first priority that will not be reached by until; 0: none */
};

void drvp_progress_add(struct drvp_progress *p, const struct drvp_weight *weight, int priority);
void drvp_progress_begin(struct drvp_progress *p, const struct drvp_weight *weight);

/*
 * streamed rows came in this piece; counted rows the server counted by itself. whole tells whether
 * it was read to its end. A piece that the end of the run cut off is not ended.
 */
void drvp_progress_end(struct drvp_progress *p, const struct drvp_weight *weight, int priority,
		       uint64_t streamed, uint64_t counted, bool whole);

/* came: all rows that have been streamed; now and until by drvp_monotonic(), until 0: no limit. */
void drvp_progress_look(struct drvp_progress *p, uint64_t came, int64_t now, int64_t until,
			struct drvp_outlook *out);

#endif
