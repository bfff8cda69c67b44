/* progress.c: a few lines redrawn in place on a terminal while a run works */
#include "progress.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "message.h"

#define REDRAW_MS 200
#define NAME_MAX_SHOWN 24
#define LINE_MAX_SHOWN 256
/* To the start of the line, and clear everything from there on. */
#define CLEAR_FROM_HERE "\r\033[J"
#define LINE_UP "\033[A"

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* A line that wraps could not be redrawn. */
static size_t terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || size.ws_col < 20)
		return 79;
	return size.ws_col - 1u;
}

static __attribute__((format(printf, 2, 3))) void append(char line[LINE_MAX_SHOWN],
							 const char *format, ...)
{
	size_t len = strlen(line);
	va_list args;

	va_start(args, format);
	vsnprintf(line + len, LINE_MAX_SHOWN - len, format, args);
	va_end(args);
}

static void append_time(char line[LINE_MAX_SHOWN], int64_t seconds)
{
	if (seconds >= 3600)
		append(line, "%" PRId64 "h%02" PRId64 "m", seconds / 3600, seconds / 60 % 60);
	else if (seconds >= 60)
		append(line, "%" PRId64 "m%02" PRId64 "s", seconds / 60, seconds % 60);
	else
		append(line, "%" PRId64 "s", seconds);
}

/* What sources and the whole run have in common. */
static void append_state(char line[LINE_MAX_SHOWN], const struct drv_event *event)
{
	append(line, "%" PRIu32 " of %" PRIu32 " checks, %" PRIu64 " rows", event->checks_done,
	       event->checks, event->rows);
	if (event->rows_per_second > 0)
		append(line, ", %.0f rows/s", event->rows_per_second);
	if (event->share >= 0)
		append(line, ", about %d%%", (int)(event->share * 100));
	if (event->seconds_left >= 0 && event->seconds_left < 1e9) {
		append(line, ", ");
		append_time(line, (int64_t)event->seconds_left);
		append(line, " left");
	}
}

static void put_line(struct progress *progress, const char *line)
{
	size_t width = terminal_width(), len = strlen(line);

	if (len > width)
		len = width;
	/* Not in the middle of a character. */
	while (len > 0 && ((unsigned char)line[len] & 0xC0) == 0x80)
		len--;
	fprintf(stderr, "%s%.*s", progress->lines ? "\n" : "", (int)len, line);
	progress->lines++;
}

static void clear(struct progress *progress)
{
	for (; progress->lines > 1; progress->lines--)
		fputs(LINE_UP, stderr);
	if (progress->lines)
		fputs(CLEAR_FROM_HERE, stderr);
	progress->lines = 0;
}

static void draw(struct progress *progress, const struct drv_event *all)
{
	unsigned shown = progress->sources < PROGRESS_SOURCES ? progress->sources : PROGRESS_SOURCES;
	int64_t elapsed = (now() - progress->started) / 1000;
	char line[LINE_MAX_SHOWN], name[REPEAT_MAX];

	clear(progress);
	/* One source is the whole run. */
	for (unsigned i = 0; i < shown && progress->sources > 1; i++) {
		repeatable(name, progress->told[i].source);
		disarm(name);
		snprintf(line, sizeof line, "%.*s: ", NAME_MAX_SHOWN, name);
		append_state(line, &progress->told[i]);
		put_line(progress, line);
	}
	line[0] = '\0';
	append_state(line, all);
	if (elapsed >= 1) {
		append(line, ", ");
		append_time(line, elapsed);
		append(line, " so far");
	}
	put_line(progress, line);
	if (all->unreached) {
		line[0] = '\0';
		append(line, "at this speed the budget will not reach all of P%d%s", all->unreached,
		       all->unreached < 9 ? " and below" : "");
		put_line(progress, line);
	}
	fflush(stderr);
}

static void on_event(const struct drv_event *event, void *user)
{
	struct progress *progress = user;
	int64_t time = now();

	if (event->type == DRV_EVENT_SOURCE) {
		if (progress->sources < PROGRESS_SOURCES)
			memcpy(&progress->told[progress->sources], event,
			       event->struct_size < sizeof *event ? event->struct_size
								  : sizeof *event);
		progress->sources++;
		return;
	}
	if (!progress->drawn || time - progress->drawn >= REDRAW_MS) {
		progress->drawn = time;
		draw(progress, event);
	}
	progress->sources = 0;
}

void progress_show(struct progress *progress, struct drv_run *run)
{
	const char *terminal = getenv("TERM");

	*progress = (struct progress){ .started = now() };
	if (isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb"))
		drv_run_on_event(run, on_event, progress);
}

void progress_end(struct progress *progress)
{
	clear(progress);
}
