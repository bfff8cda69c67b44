/* todo.c: refuses to verify by a document in which something is still to do */
#include "document/baseline.h"

struct todos {
	const struct drvp_json *first;
	struct drvp_strbuf where;    /* of the first */
	size_t count;
};

static void look(struct todos *todos, const struct drvp_json *node, const char *what,
		 const char *name)
{
	const struct drvp_json *todo = drvp_json_member(node, "todo");

	if (!todo)
		return;
	if (!todos->count++) {
		todos->first = todo;
		drvp_strbuf_printf(&todos->where, "todo%s%.200s", what, name);
	}
}

/* A message is one line. */
static void put_line(struct drvp_strbuf *out, const char *text)
{
	for (; *text; text++)
		drvp_strbuf_char(out, (unsigned char)*text < ' ' || *text == 0x7F ? ' ' : *text);
}

static int refuse(const struct drv_baseline *baseline, struct todos *todos, struct drv_error *err)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	int status;

	put_line(&text, drvp_strbuf_text(&todos->where));
	if (todos->count > 1)
		drvp_strbuf_printf(&text, " and %zu more", todos->count - 1);
	drvp_strbuf_str(&text, ": still to do, and then to be taken out: ");
	put_line(&text, todos->first->text);
	if (text.failed || todos->where.failed)
		status = drvp_fail_nomem(err);
	else
		status = drvp_fail(err, DRV_E_USAGE, "%s:%u:%u: %s", baseline->file,
				   todos->first->key_line, todos->first->key_column, text.data);
	drvp_strbuf_free(&text);
	return status;
}

int drvp_baseline_refuse_todo(const struct drv_baseline *baseline, struct drv_error *err)
{
	struct todos todos = { 0 };
	int status = 0;

	look(&todos, baseline->root, "", "");
	for (size_t i = 0; i < baseline->source_count; i++)
		look(&todos, baseline->sources[i].node, " of source ", baseline->sources[i].name);
	for (size_t i = 0; i < baseline->item_count; i++)
		look(&todos, baseline->items[i].node, " of ", baseline->items[i].id);
	if (todos.count)
		status = refuse(baseline, &todos, err);
	drvp_strbuf_free(&todos.where);
	return status;
}
