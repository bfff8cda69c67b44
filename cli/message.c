/* message.c: what drverify says on standard error */
#include "message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Names come from documents and servers: an escape sequence in one must not reach the terminal. */
static void disarm(char *text)
{
	unsigned char *at = (unsigned char *)text;

	for (; *at; at++) {
		if (*at < 0x20 || *at == 0x7F)
			*at = '?';
		else if (at[0] == 0xC2 && at[1] >= 0x80 && at[1] <= 0x9F)
			at[0] = at[1] = '?';
	}
}

static void mask(char *from, const char *to)
{
	while (from < to)
		*from++ = '*';
}

/* A connection string's value: blanks may precede it, and quotes hold blanks in it. */
static char *mask_value(char *at)
{
	char *end;

	at += strspn(at, " \t");
	if (*at == '\'') {
		end = at + 1;
		while (*end && *end != '\'')
			end += *end == '\\' && end[1] ? 2 : 1;
		end += *end == '\'';
	} else {
		end = at + strcspn(at, " &\"");
	}
	mask(at, end);
	return end;
}

/*
 * What stands in a wrong place on the command line is repeated in messages, and may be a URI or a
 * connection string.
 */
static void hide_passwords(char *text)
{
	char *at = text;

	while ((at = strstr(at, "://"))) {
		char *colon, *host;

		at += strlen("://");
		colon = strchr(at, ':');
		host = memrchr(at, '@', strcspn(at, " \""));
		if (colon && host && colon < host)
			mask(colon + 1, host);
	}
	for (at = text; (at = strcasestr(at, "password"));) {
		at += strlen("password");
		at += strspn(at, " \t");
		if (*at == '=')
			at = mask_value(at + 1);
	}
}

void complain(const char *format, ...)
{
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	hide_passwords(text);
	disarm(text);
	fprintf(stderr, "drverify: %s\n", text);
}
