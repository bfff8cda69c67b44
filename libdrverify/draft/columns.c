/* columns.c: the columns of a table, or those that some documents of a collection have */
#include <string.h>

#include "draft/draft.h"

/* Documents that are looked at, and paths that are taken from them: more are somebody's data. */
#define DOCUMENTS 64
#define PATHS_MOST 256
#define BYTES_MOST ((uint64_t)16 << 20)
#define DEEPEST 4

struct discovering {
	struct drvp_arena *arena;
	struct drvp_column *columns;
	size_t *seen;                /* in how many documents, one a column */
	size_t count, documents;
	uint64_t bytes;
};

static int kind_of(const struct drvp_json *node)
{
	if (node->origin == DRVP_ORIGIN_DATE)
		return DRVP_INSTANT;
	if (node->origin == DRVP_ORIGIN_BINARY)
		return DRVP_BYTES;
	switch (node->type) {
	case DRVP_JSON_STRING:
		return node->origin == DRVP_ORIGIN_NONE ? DRVP_TEXT : DRVP_OBJECT_ID;
	case DRVP_JSON_OBJECT:
		return DRVP_DOCUMENT;
	case DRVP_JSON_NULL:
		return DRVP_NULL;
	default:
		return DRVP_PRESENT;
	}
}

/* What cannot be asked for is not noted. */
static bool is_usable(const struct drvp_json *member)
{
	return member->key_len && strlen(member->key) == member->key_len &&
	       member->key[0] != '$' && !strchr(member->key, '.');
}

static int note(struct discovering *d, const char *path, size_t len, int kind)
{
	char *copy;

	for (size_t i = 0; i < d->count; i++)
		if (!strcmp(d->columns[i].name, path)) {
			if (d->columns[i].kind == DRVP_NULL || d->columns[i].kind == DRVP_PRESENT)
				d->columns[i].kind = kind;
			d->seen[i]++;
			return 0;
		}
	if (d->count == PATHS_MOST)
		return 0;
	copy = drvp_arena_copy(d->arena, path, len);
	if (!copy)
		return DRV_E_NOMEM;
	d->seen[d->count] = 1;
	d->columns[d->count++] = (struct drvp_column){ .name = copy, .kind = kind };
	return 0;
}

/* Members of ciphertext are its own matter. */
static int discover(struct discovering *d, const struct drvp_json *object, struct drvp_strbuf *path,
		    unsigned depth)
{
	int status = 0;

	for (const struct drvp_json *m = object->first; m && !status; m = m->next) {
		size_t len = path->len;
		int kind = kind_of(m);

		if (!is_usable(m))
			continue;
		drvp_strbuf_printf(path, "%s%s", len ? "." : "", m->key);
		status = path->failed ? DRV_E_NOMEM : note(d, path->data, path->len, kind);
		if (!status && m->type == DRVP_JSON_OBJECT && depth < DEEPEST &&
		    !drvp_names_ciphertext(m->key, kind))
			status = discover(d, m, path, depth + 1);
		path->len = len;
		if (path->data)
			path->data[len] = '\0';
	}
	return status;
}

static int on_document(const struct drvp_row *row, void *user)
{
	struct discovering *d = user;
	struct drvp_strbuf path = DRVP_STRBUF_INIT;
	int status = 0;

	d->documents++;
	d->bytes += row->stable_len;
	if (row->values[0].kind == DRVP_DOCUMENT)
		status = discover(d, row->values[0].json, &path, 1);
	drvp_strbuf_free(&path);
	return status ? status : d->bytes > BYTES_MOST;
}

/* A name that a single document has may be a piece of data. */
static void keep_common(struct discovering *d)
{
	size_t kept = 0;

	for (size_t i = 0; i < d->count; i++)
		if (d->seen[i] > 1 || d->documents == 1)
			d->columns[kept++] = d->columns[i];
	d->count = kept;
}

int drvp_draft_columns(struct drvp_draft *draft, struct drvp_draft_table *table,
		       struct drv_error *err)
{
	const struct drvp_wanted whole = { "", DRVP_FORM_VALUE };
	const struct drvp_scan scan = { .relation = table->relation, .columns = &whole,
					.column_count = 1, .limit = DOCUMENTS };
	struct discovering d = { .arena = &draft->arena };
	uint64_t fed;
	int status;

	table->columns = table->relation->columns;
	table->column_count = table->relation->column_count;
	if (table->relation->kind != DRVP_COLLECTION)
		return 0;
	d.columns = drvp_arena_array(d.arena, PATHS_MOST, sizeof *d.columns);
	d.seen = drvp_arena_array(d.arena, PATHS_MOST, sizeof *d.seen);
	if (!d.columns || !d.seen)
		return drvp_fail_nomem(err);
	status = draft->session->store->scan(draft->session, &scan, on_document, &d, &fed, err);
	if (status == DRV_E_NOMEM)
		drvp_fail_nomem(err);
	keep_common(&d);
	table->sampled = d.documents;
	table->columns = d.columns;
	table->column_count = d.count;
	return status;
}
