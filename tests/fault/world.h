/* world.h: two scripted sources with all that checks look at, so that whole runs need no server */
#ifndef DRV_TEST_WORLD_H
#define DRV_TEST_WORLD_H

#include <stdbool.h>

#include "drverify.h"

/* A document that has every check. The sources are reached by any address. */
extern const char world_document[];

/* What its audit chains and contents need besides. */
extern const char world_key[];

/* Fills the tables, once. */
void world_make(void);

/* Whether rows were lost, edited and added since; off at first. */
void world_damage(bool damaged);

void world_free(void);

/*
 * The linker leads here who looks for a store by its name, and who starts a thread (--wrap): the
 * scripted sources stand for both stores, and a thread is done before the call that started it
 * returns, so that the calls of a run have one order.
 */

#endif
