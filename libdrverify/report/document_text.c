/* document_text.c: a document for a person: what it checks, and of which moment */
#include "document/json.h"
#include "report/display.h"
#include "report/report.h"

/* A longer value is no longer read in one look. */
#define VALUE_MAX 56

struct page {
	const struct drv_baseline *baseline;
	struct drvp_strbuf *out;
	size_t head;                            /* width of the column on top */
	size_t check, source, target;           /* widths of those of checks */
};

static void widen(size_t *column, const char *text)
{
	size_t width = drvp_display_width(text);

	if (width > *column)
		*column = width < 32 ? width : 32;
}

static void open_line(struct page *page, const char *head)
{
	drvp_display_padded(page->out, head, page->head + 2);
}

static void add(struct page *page, const char *before, const char *text)
{
	if (!text || !text[0])
		return;
	drvp_strbuf_str(page->out, before);
	drvp_display(page->out, text);
}

/* Whole, whatever their length: they are sentences. */
static void print_remarks(struct page *page, const struct drvp_json *node)
{
	static const char *const names[] = { "note", "todo" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct drvp_json *remark = drvp_json_member(node, names[i]);

		if (!remark)
			continue;
		drvp_strbuf_printf(page->out, "    %s  ", names[i]);
		drvp_display(page->out, remark->text);
		drvp_strbuf_char(page->out, '\n');
	}
}

/* ------------------------------------------------------------------ on top */

static void print_moment(struct page *page)
{
	const struct drv_baseline *baseline = page->baseline;

	open_line(page, "document");
	drvp_display(page->out, baseline->name[0] ? baseline->name : baseline->file);
	if (baseline->captured_at.set) {
		drvp_strbuf_str(page->out, ", captured ");
		drvp_instant_print(page->out,
				   baseline->captured_at.value / DRVP_SECOND * DRVP_SECOND);
	} else {
		drvp_strbuf_str(page->out, ", as it was written: nothing was captured yet");
	}
	drvp_strbuf_char(page->out, '\n');
}

static void print_objectives(struct page *page)
{
	const struct drvp_objectives *objectives = &page->baseline->objectives;

	if (!objectives->rto.set && !objectives->rpo.set)
		return;
	open_line(page, "objectives");
	if (objectives->rto.set) {
		drvp_strbuf_str(page->out, "recovery within ");
		drvp_duration_print(page->out, objectives->rto.value);
	}
	if (objectives->rpo.set) {
		drvp_strbuf_str(page->out, objectives->rto.set ? "; " : "");
		drvp_strbuf_str(page->out, "loss of data of at most ");
		drvp_duration_print(page->out, objectives->rpo.value);
	}
	drvp_strbuf_char(page->out, '\n');
}

static void print_source(struct page *page, const struct drvp_source *source)
{
	const struct drvp_recorded_identity *identity = &source->identity;

	open_line(page, source->name);
	add(page, "", source->store);
	add(page, ", database ", source->database);
	if (source->restored_by.set)
		drvp_strbuf_str(page->out, source->restored_by.value == DRVP_RESTORED_PHYSICAL ?
						   ", restored from files and WAL" :
						   ", restored from a dump");
	add(page, ", system ", identity->system_identifier);
	if (identity->timeline.set)
		drvp_strbuf_printf(page->out, ", timeline %lld",
				   (long long)identity->timeline.value);
	add(page, ", WAL position ", identity->lsn);
	add(page, ", replica set ", identity->set_name);
	add(page, ", operation time ", identity->operation_time);
	drvp_strbuf_char(page->out, '\n');
	print_remarks(page, source->node);
}

/* ------------------------------------------------------------------ one line a check */

/* What stands in a column or a line of its own, or is of another run. */
static bool is_told_elsewhere(const char *member)
{
	static const char *const names[] = {
		"check", "source", "table", "collection", "priority", "required", "result", "note",
		"todo",
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(names[i], member))
			return true;
	return false;
}

static void print_value(struct page *page, const struct drvp_json *value)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	struct drvp_json_writer writer = { .out = &text };

	if (value->type == DRVP_JSON_STRING) {
		drvp_strbuf_add(&text, value->text, value->len);
	} else if (value->type == DRVP_JSON_NUMBER || value->type == DRVP_JSON_BOOL ||
		   value->type == DRVP_JSON_NULL) {
		drvp_json_put_value(&writer, NULL, value);
	} else {
		drvp_strbuf_str(&text, value->type == DRVP_JSON_ARRAY ? "[…]" : "{…}");
	}
	page->out->failed |= text.failed;
	if (drvp_display_width(drvp_strbuf_text(&text)) > VALUE_MAX)
		drvp_strbuf_str(page->out, "…");
	else
		drvp_display(page->out, drvp_strbuf_text(&text));
	drvp_strbuf_free(&text);
}

/* "expect: rows 50000, tolerance 2%": the members of an object, one level deep. */
static void print_member(struct page *page, const struct drvp_json *member)
{
	const char *separator = ": ";

	drvp_display(page->out, member->key);
	if (member->type != DRVP_JSON_OBJECT) {
		drvp_strbuf_char(page->out, ' ');
		print_value(page, member);
		return;
	}
	for (const struct drvp_json *child = member->first; child; child = child->next) {
		drvp_strbuf_str(page->out, separator);
		drvp_display(page->out, child->key);
		drvp_strbuf_char(page->out, ' ');
		print_value(page, child);
		separator = ", ";
	}
}

static void print_check(struct page *page, const struct drvp_item *item)
{
	const char *separator = "  ";

	drvp_strbuf_printf(page->out, "P%d  ", item->priority);
	drvp_display_padded(page->out, item->check->name, page->check + 1);
	drvp_display_padded(page->out, item->source->name, page->source + 1);
	drvp_display_padded(page->out, item->target_name, page->target);
	if (!item->required) {
		drvp_strbuf_str(page->out, "  optional");
		separator = "; ";
	}
	for (const struct drvp_json *member = item->node->first; member; member = member->next) {
		if (is_told_elsewhere(member->key))
			continue;
		drvp_strbuf_str(page->out, separator);
		print_member(page, member);
		separator = "; ";
	}
	drvp_strbuf_char(page->out, '\n');
	print_remarks(page, item->node);
}

static void print_checks(struct page *page)
{
	const struct drv_baseline *baseline = page->baseline;

	for (size_t i = 0; i < baseline->item_count; i++) {
		widen(&page->check, baseline->items[i].check->name);
		widen(&page->source, baseline->items[i].source->name);
		widen(&page->target, baseline->items[i].target_name);
	}
	for (int priority = 1; priority <= 9; priority++)
		for (size_t i = 0; i < baseline->item_count; i++)
			if (baseline->items[i].priority == priority)
				print_check(page, &baseline->items[i]);
}

int drv_baseline_write(const struct drv_baseline *baseline, drv_write_fn fn, void *user,
		       struct drv_error *error)
{
	struct drvp_strbuf out = DRVP_STRBUF_INIT;
	struct page page = { .baseline = baseline, .out = &out, .head = strlen("objectives") };
	int status = 0;

	for (size_t i = 0; i < baseline->source_count; i++)
		widen(&page.head, baseline->sources[i].name);
	print_moment(&page);
	open_line(&page, "SHA-256");
	drvp_strbuf_printf(&out, "%s\n", baseline->sha256);
	print_objectives(&page);
	print_remarks(&page, baseline->root);
	for (size_t i = 0; i < baseline->source_count; i++)
		print_source(&page, &baseline->sources[i]);
	drvp_strbuf_char(&out, '\n');
	print_checks(&page);
	if (out.failed)
		status = drvp_fail_nomem(error);
	else if (fn(out.data, out.len, user))
		status = drvp_fail(error, DRV_E_IO, "writing the document failed");
	drvp_strbuf_free(&out);
	return status;
}
