/* expr_walk.c: what an expression is made of */
#include <string.h>

#include "chain/expr.h"

/* Calls visit for every expression below expr, and for itself. */
static void walk(const struct drvp_expr *expr,
		 void (*visit)(const struct drvp_expr *expr, void *user), void *user)
{
	const struct drvp_expr_list *list = NULL;

	visit(expr, user);
	switch (expr->kind) {
	case DRVP_EXPR_LIST:
		list = &expr->u.list;
		break;
	case DRVP_EXPR_JOIN:
		list = &expr->u.join.parts;
		break;
	case DRVP_EXPR_DIGEST:
		walk(expr->u.digest.inner, visit, user);
		break;
	case DRVP_EXPR_LENGTH_PREFIXED:
		walk(expr->u.length.inner, visit, user);
		break;
	case DRVP_EXPR_JSON:
		list = &expr->u.json.array;
		for (size_t i = 0; i < expr->u.json.object.count; i++)
			walk(expr->u.json.object.items[i].value, visit, user);
		for (size_t i = 0; i < expr->u.json.columns.count; i++)
			walk(expr->u.json.columns.items[i].value, visit, user);
		break;
	case DRVP_EXPR_STORED:
		for (size_t i = 0; i < expr->u.stored.claims.count; i++)
			walk(expr->u.stored.claims.items[i].value, visit, user);
		break;
	case DRVP_EXPR_PRESENT:
		walk(expr->u.present.then, visit, user);
		if (expr->u.present.otherwise)
			walk(expr->u.present.otherwise, visit, user);
		break;
	case DRVP_EXPR_UNESCAPE:
		walk(expr->u.unescape, visit, user);
		break;
	default:
		break;
	}
	for (size_t i = 0; list && i < list->count; i++)
		walk(&list->items[i], visit, user);
}

struct column_visit {
	void (*visit)(const char *column, void *user);
	void *user;
};

static void visit_column(const struct drvp_expr *expr, void *user)
{
	struct column_visit *v = user;

	if (expr->kind == DRVP_EXPR_COLUMN)
		v->visit(expr->u.column.column, v->user);
	if (expr->kind == DRVP_EXPR_STORED)
		v->visit(expr->u.stored.column, v->user);
	if (expr->kind == DRVP_EXPR_PRESENT)
		v->visit(expr->u.present.column, v->user);
	if (expr->kind == DRVP_EXPR_JSON && expr->u.json.all_except.set)
		for (size_t i = 0; i < expr->u.json.columns.count; i++)
			v->visit(expr->u.json.columns.items[i].key.name, v->user);
}

static void look_for_unstored(const struct drvp_expr *expr, void *user)
{
	const struct drvp_expr **found = user;

	if (expr->kind == DRVP_EXPR_UNSTORED)
		*found = expr;
}

const struct drvp_expr *drvp_expr_unstored(const struct drvp_expr *expr)
{
	const struct drvp_expr *found = NULL;

	walk(expr, look_for_unstored, &found);
	return found;
}

void drvp_expr_columns(const struct drvp_expr *expr,
		       void (*visit)(const char *column, void *user), void *user)
{
	struct column_visit v = { visit, user };

	walk(expr, visit_column, &v);
}
