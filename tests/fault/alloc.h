/* alloc.h: makes the allocations of the library fail when a test wants them to */
#ifndef DRV_TEST_ALLOC_H
#define DRV_TEST_ALLOC_H

#include <stdbool.h>

/*
 * The linker leads what the library's files call by these names to alloc.c (--wrap), and nothing
 * else: the C library, libpq, libmongoc and OpenSSL get their memory as ever, and so do the files
 * of a test that were compiled with ALLOC_EXEMPT.
 */

/* The call with this number fails, from 1, and with lasting all that follow; 0: none does. */
void alloc_arm(long at, bool lasting);

/* Stops counting and failing; returns how many calls there were since alloc_arm(). */
long alloc_disarm(void);

/* Says on standard error who made the call that fails. */
void alloc_show(bool show);

/* How many pieces the library holds by now. */
long alloc_held(void);

#endif
