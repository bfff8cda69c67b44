/* message.c: what drverify says on standard error */
#include "message.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define BLANKS " \t\n\v\f\r"
/* The library says "?" for what would steer a terminal, such as a tab. */
#define BLANKS_SAID BLANKS "?"

/* How many bytes the UTF-8 character at the start of a text takes; 0: it is none. */
static size_t character(const unsigned char *at)
{
	size_t len = at[0] < 0x80 ? 1 : at[0] < 0xC2 ? 0 : at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 :
		     at[0] < 0xF5 ? 4 : 0;

	for (size_t i = 1; i < len; i++)
		if ((at[i] & 0xC0) != 0x80)
			return 0;
	/* Written too long, surrogates, and beyond the last of all. */
	if ((at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xED && at[1] > 0x9F) ||
	    (at[0] == 0xF0 && at[1] < 0x90) || (at[0] == 0xF4 && at[1] > 0x8F))
		return 0;
	return len;
}

/*
 * Control characters, among them those of two bytes, and what turns the direction of writing or
 * ends a line: U+061C, U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069, U+FEFF.
 */
static bool steers(const unsigned char *at)
{
	if (at[0] < 0x80)
		return at[0] < 0x20 || at[0] == 0x7F;
	if (at[0] == 0xC2)
		return at[1] < 0xA0;
	if (at[0] == 0xE2 && at[1] == 0x80)
		return at[2] == 0x8E || at[2] == 0x8F || (at[2] >= 0xA8 && at[2] <= 0xAE);
	if (at[0] == 0xE2 && at[1] == 0x81)
		return at[2] >= 0xA6 && at[2] <= 0xA9;
	return (at[0] == 0xD8 && at[1] == 0x9C) || (at[0] == 0xEF && at[1] == 0xBB && at[2] == 0xBF);
}

void disarm(char *text)
{
	unsigned char *at = (unsigned char *)text;

	while (*at) {
		size_t len = character(at);

		if (!len || steers(at))
			memset(at, '?', len ? len : 1);
		at += len ? len : 1;
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

		while (end > text && strchr(BLANKS_SAID, end[-1]))
			end--;
		for (key = end; key > text && (isalnum((unsigned char)key[-1]) || key[-1] == '_');)
			key--;
		at++;
		if (is_secret(key, (size_t)(end - key))) {
			at += strspn(at, BLANKS_SAID);
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
