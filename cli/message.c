/* message.c: what drverify says on standard error */
#include "message.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define BLANKS " \t\n\v\f\r"

void disarm(char *text)
{
	unsigned char *at = (unsigned char *)text;

	for (; *at; at++) {
		if (*at < 0x20 || *at == 0x7F)
			*at = '?';
		else if (at[0] == 0xC2 && at[1] >= 0x80 && at[1] <= 0x9F)
			at[0] = at[1] = '?';
	}
}

/* One star, however long the secret is. */
static void mask(char *from, const char *to)
{
	if (to <= from)
		return;
	*from = '*';
	memmove(from + 1, to, strlen(to) + 1);
}

/* user:password@host. A password may hold blanks, quotes and even @, so the last @ ends it. */
static void hide_in_uris(char *text)
{
	for (char *at = text; (at = strstr(at, "://"));) {
		char *host, *colon;

		at += strlen("://");
		host = strrchr(at, '@');
		colon = memchr(at, ':', host ? (size_t)(host - at) : strcspn(at, BLANKS));
		if (colon)
			mask(colon + 1, host ? host : colon + 1 + strcspn(colon + 1, BLANKS));
	}
}

/* The end of a value as libpq reads it: in single quotes or up to a blank, \ taking the next. */
static const char *value_end(const char *value)
{
	bool quoted = *value == '\'';
	const char *at = value + quoted;

	for (; *at && (quoted ? *at != '\'' : !strchr(BLANKS, *at)); at++)
		if (*at == '\\' && at[1])
			at++;
	return at + (quoted && *at);
}

/* A URI has no quoting and may hold blanks: what ends it is the quote that the message set. */
static const char *parameter_end(const char *value)
{
	const char *quote = strrchr(value, '"');

	return quote ? quote : value + strlen(value);
}

/* password, sslpassword, oauth_client_secret, scram_client_key and their like. */
static bool is_secret(const char *key, size_t len)
{
	static const char *const ends[] = {
		"password", "passwd", "pass", "secret", "token", "_key"
	};

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		size_t end = strlen(ends[i]);

		if (len >= end && !strncasecmp(key + len - end, ends[i], end))
			return true;
	}
	return false;
}

static void hide_in_assignments(char *text)
{
	const char *uri = strstr(text, "://");

	for (char *at = text; (at = strchr(at, '='));) {
		char *end = at, *key;

		while (end > text && strchr(BLANKS, end[-1]))
			end--;
		for (key = end; key > text && (isalnum((unsigned char)key[-1]) || key[-1] == '_');)
			key--;
		at++;
		if (is_secret(key, (size_t)(end - key))) {
			at += strspn(at, BLANKS);
			mask(at, uri && uri < at ? parameter_end(at) : value_end(at));
		}
	}
}

void complain(const char *format, ...)
{
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	hide_in_uris(text);
	hide_in_assignments(text);
	disarm(text);
	fprintf(stderr, "drverify: %s\n", text);
}

const char *repeatable(char out[REPEAT_MAX], const char *word)
{
	const char *uri = strstr(word, "://");
	size_t len = strcspn(word, "=");
	bool cut;

	if (uri && (size_t)(uri - word) < len)
		len = (size_t)(uri - word);
	cut = word[len];
	if (len > REPEAT_MAX - sizeof "…") {
		len = REPEAT_MAX - sizeof "…";
		cut = true;
	}
	snprintf(out, REPEAT_MAX, "%.*s%s", (int)len, word, cut ? "…" : "");
	return out;
}
