/* vectors.h: reads the golden vectors beside it, and files in general */
#ifndef VECTORS_H
#define VECTORS_H

#include <stdio.h>
#include <stdlib.h>

#include "document/json.h"

/* The bytes of a file, to be freed; NULL when it cannot be read. */
static inline char *vectors_file(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rb");
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	char chunk[4096];
	size_t got;

	if (!file)
		return NULL;
	while ((got = fread(chunk, 1, sizeof chunk, file)) > 0)
		drvp_strbuf_add(&text, chunk, got);
	fclose(file);
	*len = text.len;
	return text.data;
}

/* tests/unit/vectors/NAME as a tree; aborts when it is not there. */
static inline const struct drvp_json *vectors_read(struct drvp_arena *arena, const char *name)
{
	static const struct drvp_json_limits limits = { 1 << 24, 100, 0 };
	struct drvp_json *root = NULL;
	struct drv_error err = DRV_ERROR_INIT;
	char path[1000], *text;
	size_t len = 0;

	snprintf(path, sizeof path, "%s/tests/unit/vectors/%s", DRV_SOURCE_ROOT, name);
	text = vectors_file(path, &len);
	if (!text || drvp_json_parse(&root, arena, text, len, &limits, &err)) {
		fprintf(stderr, "%s: %s\n", path, err.message);
		abort();
	}
	free(text);
	return root;
}

/* Element number index of an array. */
static inline const struct drvp_json *vectors_at(const struct drvp_json *array, size_t index)
{
	const struct drvp_json *element = array->first;

	while (index-- > 0 && element)
		element = element->next;
	if (!element)
		abort();
	return element;
}

#endif
