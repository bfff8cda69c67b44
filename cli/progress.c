/* progress.c: one redrawn line on a terminal while a run works */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define REDRAW_MS 200
/* To the start of the line, and clear it. */
#define CLEAR_LINE "\r\033[K"

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Short enough for a narrow terminal: a line that wraps cannot be redrawn. */
static void on_event(const struct drv_event *event, void *user)
{
	struct progress *progress = user;
	int64_t time = now(), elapsed = time - progress->started;

	if (progress->drawn && time - progress->drawn < REDRAW_MS)
		return;
	progress->drawn = time;
	fprintf(stderr, CLEAR_LINE "%" PRIu32 " of %" PRIu32 " checks, %" PRIu64 " rows",
		event->checks_done, event->checks, event->rows);
	if (elapsed >= 1000)
		fprintf(stderr, ", %" PRIu64 " rows/s, %" PRId64 "m%02" PRId64 "s",
			event->rows * 1000 / (uint64_t)elapsed, elapsed / 60000,
			elapsed / 1000 % 60);
	fflush(stderr);
}

void progress_show(struct progress *progress, struct drv_run *run)
{
	const char *terminal = getenv("TERM");

	progress->started = now();
	progress->drawn = 0;
	if (isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb"))
		drv_run_on_event(run, on_event, progress);
}

void progress_end(struct progress *progress)
{
	if (progress->drawn)
		fputs(CLEAR_LINE, stderr);
}
