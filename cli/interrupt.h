/* interrupt.h: Ctrl-C ends a run with what it has; a second one ends the program */
#ifndef INTERRUPT_H
#define INTERRUPT_H

#include "drverify.h"

void interrupt_watch(struct drv_run *run);

/* Before the run is freed. */
void interrupt_forget(void);

#endif
