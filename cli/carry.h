/* carry.h: what a file of metrics has to remember of the runs before */
#ifndef CARRY_H
#define CARRY_H

#include <stddef.h>

/*
 * The sample that says when a run last passed, newline included, as the file at previous has it for
 * the labels of these metrics. NULL where there is none; else to be freed.
 */
char *carry_last_success(const char *metrics, size_t len, const char *previous);

#endif
