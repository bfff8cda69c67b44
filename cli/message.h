/* message.h: what drverify says on standard error */
#ifndef MESSAGE_H
#define MESSAGE_H

/* "drverify: ..." and a newline, with control characters made harmless. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
