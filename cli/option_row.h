/* option_row.h: a row of the table of options, for the files that read and print it */
#ifndef OPTION_ROW_H
#define OPTION_ROW_H

#include "options.h"

enum option_kind { FLAG, TEXT, LIST, JOBS, PRIORITY, COUNT, DURATION, RATE };

struct option_row {
	const char *name;
	char letter;                 /* 0: none */
	enum option_kind kind;
	unsigned sets;
	size_t offset;               /* of its member in struct options */
	const char *argument;        /* NULL: takes none */
	const char *help;            /* lines after the first are set under it */
};

extern const struct option_row option_rows[];
extern const size_t option_row_count;

/*
 * Reads the value of an option, NULL for a flag. A list is given room for as many as most the first
 * time. Returns 0, or -1 after a complaint.
 */
int option_value_set(struct options *options, const struct option_row *row, const char *value,
		     size_t most);

#endif
