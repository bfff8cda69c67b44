/* prepare.c: makes a recipe ready for the rows of one relation */
#include <stdlib.h>
#include <string.h>

#include "chain/preimage.h"

size_t drvp_preimage_column(struct drvp_preimage *p, const char *name)
{
	for (size_t i = 0; i < p->column_count; i++)
		if (!strcmp(p->columns[i].column, name))
			return i;
	if (p->column_count == p->column_capacity) {
		size_t capacity = p->column_capacity ? 2 * p->column_capacity : 16;
		struct drvp_wanted *grown = realloc(p->columns, capacity * sizeof *grown);

		if (!grown)
			return SIZE_MAX;
		p->columns = grown;
		p->column_capacity = capacity;
	}
	p->columns[p->column_count] = (struct drvp_wanted){ name, DRVP_FORM_VALUE };
	return p->column_count++;
}

/* name NULL: there is no such column. */
static int want(struct drvp_preimage *p, const char *name, size_t *index, struct drv_error *err)
{
	*index = DRVP_NO_COLUMN;
	if (!name)
		return 0;
	*index = drvp_preimage_column(p, name);
	return *index == DRVP_NO_COLUMN ? drvp_fail_nomem(err) : 0;
}

static int want_all(struct drvp_preimage *p, const struct drvp_names *names, size_t **indexes,
		    struct drv_error *err)
{
	int status = 0;

	*indexes = drvp_arena_array(&p->arena, names->count, sizeof **indexes);
	if (!*indexes)
		return drvp_fail_nomem(err);
	for (size_t i = 0; !status && i < names->count; i++)
		status = want(p, names->names[i], &(*indexes)[i], err);
	return status;
}

static int name_order(struct drvp_preimage *p, struct drv_error *err)
{
	const struct drvp_names *parts[] = { &p->recipe->partition_by, &p->recipe->order_by };
	size_t n = 0;

	p->order_by = drvp_arena_array(&p->arena, parts[0]->count + parts[1]->count,
				       sizeof *p->order_by);
	if (!p->order_by)
		return drvp_fail_nomem(err);
	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j < parts[i]->count; j++)
			p->order_by[n++] = parts[i]->names[j];
	return 0;
}

static int want_links(struct drvp_preimage *p, struct drv_error *err)
{
	const struct drvp_recipe *recipe = p->recipe;
	int status = want(p, recipe->hash, &p->hash_column, err);

	if (!status)
		status = want(p, recipe->previous, &p->previous_column, err);
	if (!status)
		status = want(p, recipe->order_by.count ? recipe->order_by.names[0] : NULL,
			      &p->order_column, err);
	if (!status)
		status = want_all(p, &recipe->partition_by, &p->partition_columns, err);
	if (!status && (!recipe->previous || !recipe->committed))
		status = want_all(p, &recipe->order_by, &p->order_columns, err);
	return status ? status : name_order(p, err);
}

static int prepare_form(struct drvp_preimage *p, struct drvp_entry_form *form,
			const struct drvp_version *version, struct drv_error *err)
{
	const struct drvp_expr *preimage = p->recipe->preimage;
	size_t conditions = version ? version->when.count : 0;
	int status;

	form->version = version;
	form->digest = version && version->own_digest ? &version->digest : &p->recipe->digest;
	if (version && version->preimage)
		preimage = version->preimage;
	form->when_columns = drvp_arena_array(&p->arena, conditions, sizeof *form->when_columns);
	if (!form->when_columns)
		return drvp_fail_nomem(err);
	status = want(p, form->digest->column, &form->digest_column, err);
	for (size_t i = 0; !status && i < conditions; i++)
		status = want(p, version->when.list[i].column, &form->when_columns[i], err);
	return status ? status : drvp_step_prepare(p, &form->root, preimage, err);
}

static int prepare_forms(struct drvp_preimage *p, struct drv_error *err)
{
	const struct drvp_recipe *recipe = p->recipe;
	int status = 0;

	p->form_count = recipe->version_count + 1;
	p->forms = drvp_arena_array(&p->arena, p->form_count, sizeof *p->forms);
	if (!p->forms)
		return drvp_fail_nomem(err);
	for (size_t i = 0; !status && i < recipe->version_count; i++)
		status = prepare_form(p, &p->forms[i], &recipe->versions[i], err);
	return status ? status : prepare_form(p, &p->forms[recipe->version_count], NULL, err);
}

int drvp_preimage_new(struct drvp_preimage **out, const struct drvp_recipe *recipe,
		      const struct drvp_entry_tables *tables, struct drvp_session *session, int use,
		      struct drv_error *err)
{
	struct drvp_preimage *p = calloc(1, sizeof *p);
	int status;

	*out = NULL;
	if (!p)
		return drvp_fail_nomem(err);
	p->recipe = recipe;
	p->tables = *tables;
	p->session = session;
	p->printer.out = &p->out;
	status = want_links(p, err);
	if (!status && recipe->preimage && (use == DRVP_USE_CONTENTS || !recipe->hash))
		status = prepare_forms(p, err);
	if (status)
		drvp_preimage_free(&p);
	*out = p;
	return status;
}

void drvp_preimage_free(struct drvp_preimage **preimage)
{
	struct drvp_preimage *p = *preimage;

	if (!p)
		return;
	for (size_t i = 0; i < sizeof p->digesters / sizeof *p->digesters; i++)
		drvp_digester_free(&p->digesters[i]);
	drvp_json_printer_free(&p->printer);
	drvp_strbuf_free(&p->out);
	drvp_strbuf_free(&p->scratch);
	drvp_arena_free(&p->arena);
	drvp_arena_free(&p->row_arena);
	free(p->columns);
	free(p);
	*preimage = NULL;
}
