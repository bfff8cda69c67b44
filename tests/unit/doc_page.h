/* doc_page.h: fenced blocks and tables of a page in Markdown */
#ifndef DOC_PAGE_H
#define DOC_PAGE_H

#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

/* The fenced block of that kind behind *at, copied; moves *at behind it. NULL: there is no more. */
static inline char *doc_block(struct drvp_arena *arena, const char **at, const char *kind)
{
	size_t len = strlen(kind);

	for (const char *fence = *at; (fence = strstr(fence, "\n```"));) {
		const char *name = fence + 4, *text = strchr(name, '\n'), *end;

		assert_non_null(text);
		end = strstr(text, "\n```");
		assert_non_null(end);
		*at = fence = end + 4;
		if (text == name + len && !memcmp(name, kind, len))
			return drvp_arena_copy(arena, text + 1, (size_t)(end - text - 1));
	}
	return NULL;
}

static inline const char *doc_next_row(const char *at)
{
	return strchr(at, '\n') + 1;
}

/* The first row of the table whose head begins so. */
static inline const char *doc_table(const char *page, const char *head)
{
	const char *at = strstr(page, head);

	assert_non_null(at);
	return doc_next_row(doc_next_row(at));
}

/* The next cell of a row, without a backtick on either side; NULL at its end. */
static inline char *doc_cell(struct drvp_arena *arena, const char **at)
{
	const char *from = *at + (**at == '|'), *end = from;
	bool code = false;

	while (*end != '\n' && (code || *end != '|'))
		code = *end++ == '`' ? !code : code;
	*at = end;
	if (*end == '\n')
		return NULL;
	for (; *from == ' ' || (*from == '`' && from[1] != ' '); from++)
		;
	for (; end > from && (end[-1] == ' ' || end[-1] == '`'); end--)
		;
	return drvp_arena_copy(arena, from, (size_t)(end - from));
}

#endif
