/* markup.h: whether XML, or HTML that is written as carefully, is well-formed */
#ifndef MARKUP_H
#define MARKUP_H

#include <stdbool.h>
#include <string.h>

#define MARKUP_DEPTH 32

/* What HTML never closes, and what holds no markup. */
static inline bool markup_is(const char *const *names, const char *name, size_t len)
{
	for (; *names; names++)
		if (strlen(*names) == len && !memcmp(*names, name, len))
			return true;
	return false;
}

/* Behind an entity, or NULL. */
static inline const char *markup_entity(const char *at)
{
	static const char *const entities[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&#39;", NULL };

	for (size_t i = 0; entities[i]; i++)
		if (!strncmp(at, entities[i], strlen(entities[i])))
			return at + strlen(entities[i]);
	return NULL;
}

/* Behind the attributes of a tag, at its ">" or "/>"; NULL when they are none. */
static inline const char *markup_attributes(const char *at)
{
	for (;;) {
		at += strspn(at, " \n");
		if (*at == '>' || !strncmp(at, "/>", 2))
			return at;
		at += strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-:");
		if (strncmp(at, "=\"", 2))
			return NULL;
		for (at += 2; at && *at != '"'; at = *at == '&' ? markup_entity(at) : at + 1)
			if (!*at || *at == '<')
				return NULL;
		if (!at)
			return NULL;
		at++;
	}
}

static inline bool markup_is_well_formed(const char *at)
{
	static const char *const never_closed[] = { "meta", "br", "link", NULL };
	static const char *const raw[] = { "style", NULL };
	struct {
		const char *name;
		size_t len;
	} open[MARKUP_DEPTH];
	size_t depth = 0;

	if (!strncmp(at, "<?xml", 5) || !strncmp(at, "<!doctype", 9) || !strncmp(at, "<!DOCTYPE", 9))
		at = strchr(at, '>') + 1;
	while (*at) {
		bool closes;
		size_t len;

		if (*at != '<') {
			at = *at == '&' ? markup_entity(at) : at + 1;
			if (!at)
				return false;
			continue;
		}
		closes = *++at == '/';
		at += closes;
		len = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789-");
		if (!len)
			return false;
		if (closes) {
			if (!depth || open[depth - 1].len != len ||
			    memcmp(open[depth - 1].name, at, len) || at[len] != '>')
				return false;
			depth--;
			at += len + 1;
			continue;
		}
		if (depth == MARKUP_DEPTH)
			return false;
		open[depth].name = at;
		open[depth++].len = len;
		at = markup_attributes(at + len);
		if (!at)
			return false;
		if (*at == '/' || markup_is(never_closed, open[depth - 1].name, len))
			depth--;
		else if (markup_is(raw, open[depth - 1].name, len))
			at = strstr(at, "</");
		if (!at)
			return false;
		if (*at != '<')
			at += *at == '/' ? 2 : 1;
	}
	return depth == 0;
}

#endif
