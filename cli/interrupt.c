/* interrupt.c: Ctrl-C ends a run with what it has; a second one ends the program */
#include "interrupt.h"

#include <signal.h>
#include <stdatomic.h>

static _Atomic(struct drv_run *) watched;

static void on_signal(int number)
{
	struct drv_run *run = atomic_load(&watched);

	(void)number;
	if (run)
		drv_run_cancel(run);
}

static void catch_signal(int number)
{
	/* SA_RESETHAND: the second signal of its kind does what it always does. */
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };
	struct sigaction before;

	/* A shell starts background jobs with SIGINT ignored, and means it. */
	if (!sigaction(number, NULL, &before) && before.sa_handler != SIG_IGN)
		sigaction(number, &action, NULL);
}

void interrupt_watch(struct drv_run *run)
{
	atomic_store(&watched, run);
	catch_signal(SIGHUP);
	catch_signal(SIGINT);
	catch_signal(SIGTERM);
}

void interrupt_forget(void)
{
	atomic_store(&watched, NULL);
}
