/* message.h: what drverify says on standard error */
#ifndef MESSAGE_H
#define MESSAGE_H

#define REPEAT_MAX 128

/*
 * "drverify: ..." and a newline, with control characters made harmless, and with passwords in URIs
 * and connection strings masked.
 */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Names come from documents and servers: neither an escape sequence in one, nor what turns the
 * direction of writing, nor bytes that are no UTF-8 must reach the terminal.
 */
void disarm(char *text);

/*
 * What may be repeated of a word that stands in a wrong place: the part before "://" or "=", since
 * a connection string has its secrets behind them. Returns out.
 */
const char *repeatable(char out[REPEAT_MAX], const char *word);

#endif
