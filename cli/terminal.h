/* terminal.h: what somebody who looks at a stream can see */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <stdio.h>

/* The flags of drv_report_write() for a stream: colour and width of a terminal, else 0. */
unsigned terminal_flags(FILE *stream);

#endif
