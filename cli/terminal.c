/* terminal.c: what somebody who looks at a stream can see */
#include "terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "drverify.h"

#define NARROWEST 40
#define WIDEST 1000

static unsigned width(int fd)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) || size.ws_col < NARROWEST || size.ws_col > WIDEST)
		return 0;
	return DRV_REPORT_WIDTH(size.ws_col);
}

unsigned terminal_flags(FILE *stream)
{
	const char *terminal = getenv("TERM"), *refused = getenv("NO_COLOR");
	int fd = fileno(stream);

	if (!isatty(fd))
		return 0;
	if (!terminal || !strcmp(terminal, "dumb") || (refused && refused[0]))
		return width(fd);
	return width(fd) | DRV_REPORT_COLOR;
}
