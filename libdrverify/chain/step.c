/* step.c: makes the expressions of a recipe ready for the rows of one relation */
#include <stdio.h>
#include <string.h>

#include "chain/preimage.h"

/* ------------------------------------------------------------------ columns */

static int find_zone(struct drvp_preimage *p, const char *name, const struct drvp_zone **out,
		     struct drv_error *err)
{
	struct drvp_zone *zone;

	*out = NULL;
	if (!name || !strcmp(name, "UTC") || !strcmp(name, "Z"))
		return 0;
	if (!p->session->store->zone)
		return drvp_fail(err, DRV_E_UNSUPPORTED, "this store knows no zones by name; "
				 "\"local_zone\" takes an offset such as \"+09:00\"");
	zone = drvp_arena_alloc(&p->arena, sizeof *zone);
	if (!zone)
		return drvp_fail_nomem(err);
	*out = zone;
	return p->session->store->zone(p->session, name, zone, err);
}

static struct drvp_time_format time_format(const struct drvp_column_expr *c)
{
	struct drvp_time_format format = drvp_time_javascript;

	if (c->time.set)
		format.notation = (int)c->time.value;
	if (c->digits.set)
		format.digits = (int)c->digits.value;
	if (c->zone.set)
		format.zone = (int)c->zone.value;
	if (c->separator.set && c->separator.value)
		format.separator = ' ';
	format.unit = (int)c->unit.value;
	format.rounding = (int)c->rounding.value;
	format.precision = c->precision.set ? (int)c->precision.value + 1 : DRVP_PRECISION_FULL;
	format.zone_name = c->zone_name;
	return format;
}

/* "+09:00"; false when it is the name of a zone. */
static bool read_offset(const char *text, int64_t *offset)
{
	unsigned hours, minutes;
	char sign;

	if (sscanf(text, "%c%2u:%2u", &sign, &hours, &minutes) != 3 || strlen(text) != 6 ||
	    (sign != '+' && sign != '-') || hours > 18 || minutes > 59)
		return false;
	*offset = (hours * 60 + minutes) * 60 * DRVP_SECOND * (sign == '-' ? -1 : 1);
	return true;
}

static const struct drvp_column *find_column(const struct drvp_preimage *p, const char *name)
{
	const struct drvp_column *column = drvp_relation_column(p->tables.relation, name);

	return column || !p->tables.joined ? column :
					     drvp_relation_column(p->tables.joined, name);
}

static int prepare_column(struct drvp_preimage *p, struct drvp_step *step, struct drv_error *err)
{
	const struct drvp_column_expr *c = &step->expr->u.column;
	const struct drvp_column *column = find_column(p, c->column);
	int status;

	step->column = drvp_preimage_column(p, c->column);
	if (step->column == SIZE_MAX)
		return drvp_fail_nomem(err);
	step->single = column && column->type && !strcmp(column->type, "real");
	step->time = time_format(c);
	step->style = c->json;
	step->plain = !c->json && !c->parse && !c->omit_when.set && !c->bytes.set &&
		      !c->letter_case.set;
	status = find_zone(p, c->column_zone, &step->zone, err);
	if (status || !c->local_zone || read_offset(c->local_zone, &step->time.offset))
		return status;
	return find_zone(p, c->local_zone, &step->local, err);
}

/* ------------------------------------------------------------------ all forms */

int drvp_step_prepare_list(struct drvp_preimage *p, struct drvp_step *step,
			   const struct drvp_expr_list *list, struct drv_error *err)
{
	int status = 0;

	step->child_count = list->count;
	step->children = drvp_arena_array(&p->arena, list->count, sizeof *step->children);
	if (!step->children)
		return drvp_fail_nomem(err);
	for (size_t i = 0; !status && i < list->count; i++)
		status = drvp_step_prepare(p, &step->children[i], &list->items[i], err);
	return status;
}

static int prepare_one(struct drvp_preimage *p, struct drvp_step *step,
		       const struct drvp_expr *inner, struct drv_error *err)
{
	const struct drvp_expr_list list = { inner, 1 };

	return drvp_step_prepare_list(p, step, &list, err);
}

static int prepare_digest(struct drvp_preimage *p, struct drvp_step *step, struct drv_error *err)
{
	int64_t algorithm = step->expr->u.digest.algorithm.value;
	int status = 0;

	if (!p->digesters[algorithm])
		status = drvp_digester_new(&p->digesters[algorithm], (int)algorithm, NULL, 0, err);
	step->digester = p->digesters[algorithm];
	return status ? status : prepare_one(p, step, step->expr->u.digest.inner, err);
}

static int prepare_stored(struct drvp_preimage *p, struct drvp_step *step, struct drv_error *err)
{
	const struct drvp_members *claims = &step->expr->u.stored.claims;
	int status = 0;

	step->column = drvp_preimage_column(p, step->expr->u.stored.column);
	step->child_count = claims->count;
	step->children = drvp_arena_array(&p->arena, claims->count, sizeof *step->children);
	if (step->column == SIZE_MAX || !step->children)
		return drvp_fail_nomem(err);
	for (size_t i = 0; !status && i < claims->count; i++)
		status = drvp_step_prepare(p, &step->children[i], claims->items[i].value, err);
	return status;
}

static int prepare_present(struct drvp_preimage *p, struct drvp_step *step, struct drv_error *err)
{
	const struct drvp_present_expr *present = &step->expr->u.present;
	int status;

	step->column = drvp_preimage_column(p, present->column);
	step->child_count = present->otherwise ? 2 : 1;
	step->children = drvp_arena_array(&p->arena, step->child_count, sizeof *step->children);
	if (step->column == SIZE_MAX || !step->children)
		return drvp_fail_nomem(err);
	status = drvp_step_prepare(p, &step->children[0], present->then, err);
	if (!status && present->otherwise)
		status = drvp_step_prepare(p, &step->children[1], present->otherwise, err);
	return status;
}

int drvp_step_prepare(struct drvp_preimage *p, struct drvp_step *step,
		      const struct drvp_expr *expr, struct drv_error *err)
{
	step->expr = expr;
	switch (expr->kind) {
	case DRVP_EXPR_STORED:
		return prepare_stored(p, step, err);
	case DRVP_EXPR_PRESENT:
		return prepare_present(p, step, err);
	case DRVP_EXPR_UNESCAPE:
		return prepare_one(p, step, expr->u.unescape, err);
	case DRVP_EXPR_COLUMN:
		return prepare_column(p, step, err);
	case DRVP_EXPR_LIST:
		return drvp_step_prepare_list(p, step, &expr->u.list, err);
	case DRVP_EXPR_JOIN:
		return drvp_step_prepare_list(p, step, &expr->u.join.parts, err);
	case DRVP_EXPR_DIGEST:
		return prepare_digest(p, step, err);
	case DRVP_EXPR_LENGTH_PREFIXED:
		return prepare_one(p, step, expr->u.length.inner, err);
	case DRVP_EXPR_JSON:
		return drvp_step_prepare_json(p, step, err);
	default:
		return 0;
	}
}

