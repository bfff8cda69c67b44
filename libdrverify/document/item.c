/* item.c: reads the entries of "checks" */
#include "document/item.h"

#include <stdlib.h>
#include <string.h>

#include "checks/custom.h"
#include "document/ids.h"

#define DEFAULT_PRIORITY 5

/* The members that every check has. */
struct written_item {
	const char *check;
	const char *name;
	const char *source;
	struct drvp_target table;
	const char *collection;
	struct drvp_number priority;
	bool required;
	const char *note, *todo;
	const struct drvp_json *result;
};

const struct drvp_field drvp_item_fields[] = {
	{ .name = "check", .kind = DRVP_FIELD_TEXT, .flags = DRVP_REQUIRED,
	  .offset = offsetof(struct written_item, check), .help = "The kind of check." },
	{ .name = "name", .kind = DRVP_FIELD_TEXT, .offset = offsetof(struct written_item, name),
	  .help = "Your own words for it." },
	{ .name = "source", .kind = DRVP_FIELD_TEXT, .flags = DRVP_REQUIRED,
	  .offset = offsetof(struct written_item, source), .help = "A name under \"sources\"." },
	{ .name = "table", .kind = DRVP_FIELD_CUSTOM, .read = drvp_table_read, .schema = "table",
	  .offset = offsetof(struct written_item, table),
	  .help = "PostgreSQL: \"schema.name\", or [\"schema\", \"na.me\"]; exact, as stored." },
	{ .name = "collection", .kind = DRVP_FIELD_TEXT,
	  .offset = offsetof(struct written_item, collection), .help = "MongoDB: its name." },
	{ .name = "priority", .kind = DRVP_FIELD_UINT,
	  .offset = offsetof(struct written_item, priority),
	  .help = "1 (checked and shown first) to 9; 5 when absent." },
	{ .name = "required", .kind = DRVP_FIELD_BOOL,
	  .offset = offsetof(struct written_item, required),
	  .help = "false: when it cannot be decided, the run may still pass." },
	{ .name = "note", .kind = DRVP_FIELD_TEXT, .offset = offsetof(struct written_item, note),
	  .help = DRVP_NOTE_HELP },
	{ .name = "todo", .kind = DRVP_FIELD_TEXT, .offset = offsetof(struct written_item, todo),
	  .help = DRVP_TODO_HELP },
	{ .name = "result", .kind = DRVP_FIELD_ANY,
	  .offset = offsetof(struct written_item, result),
	  .help = "Written by drverify into reports; not read." },
	{ 0 }
};

static int table_name_fail(struct drvp_reader *reader, const struct drvp_json *value)
{
	return drvp_document_fail(reader, value,
				  "expected a table as \"schema.name\", or as [\"schema\", "
				  "\"name\"] when a name contains a dot");
}

int drvp_table_read(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	struct drvp_target *table = out;
	const char *dot;
	int status;

	if (value->type == DRVP_JSON_ARRAY && value->count == 2) {
		status = drvp_document_text(reader, value->first, "a schema name", &table->schema);
		if (!status)
			status = drvp_document_text(reader, value->first->next, "a table name",
						    &table->name);
		return status;
	}
	if (value->type != DRVP_JSON_STRING)
		return table_name_fail(reader, value);
	status = drvp_document_text(reader, value, "a table", &table->name);
	if (status)
		return status;
	dot = strchr(table->name, '.');
	if (!dot || dot == table->name || !dot[1] || strchr(dot + 1, '.'))
		return table_name_fail(reader, value);
	table->schema =
		drvp_arena_copy(reader->arena, table->name, (size_t)(dot - table->name));
	table->name = dot + 1;
	return table->schema ? 0 : drvp_fail_nomem(reader->err);
}

static int unknown_check(struct drvp_reader *reader, const struct drvp_json *value,
			 const char *name)
{
	const char *names[32];
	const char *near;
	size_t count = 0;

	for (; count < sizeof names / sizeof *names && drvp_checks[count]; count++)
		names[count] = drvp_checks[count]->name;
	near = drvp_suggest(name, strlen(name), names, count);
	return drvp_document_fail(reader, value, "there is no check \"%s\"%s%s%s", name,
				  near ? "; did you mean \"" : "", near ? near : "",
				  near ? "\"?" : "");
}

static int find_check(struct drvp_reader *reader, const struct drvp_json *node,
		      struct drvp_item *item)
{
	const struct drvp_json *member = drvp_json_member(node, "check");
	const char *name;
	int status;

	if (node->type != DRVP_JSON_OBJECT)
		return drvp_document_fail(reader, node, "expected a check (an object), found %s",
					  drvp_json_type_name(node->type));
	if (!member)
		return drvp_document_fail(reader, node, "\"check\" is missing: which kind is it?");
	status = drvp_document_text(reader, member, "the kind of check", &name);
	if (status)
		return status;
	item->check = drvp_custom_is_name(name) ? drvp_custom_check(reader->arena, name, NULL) :
						  drvp_check_find(name);
	if (!item->check && drvp_custom_is_name(name))
		return drvp_fail_nomem(reader->err);
	return item->check ? 0 : unknown_check(reader, member, name);
}

static int find_source(struct drvp_reader *reader, const struct drvp_json *node,
		       const struct drv_baseline *baseline, const char *name,
		       struct drvp_item *item)
{
	unsigned store;

	item->source = drvp_baseline_source(baseline, name);
	if (!item->source)
		return drvp_document_fail(reader, drvp_json_member(node, "source"),
					  "there is no source \"%s\" under \"sources\"", name);
	store = strcmp(item->source->store, "mongodb") ? DRVP_ON_POSTGRESQL : DRVP_ON_MONGODB;
	if (!(item->check->stores & store))
		return drvp_document_fail(reader, node, "%s is not for %s", item->check->name,
					  item->source->store);
	return 0;
}

static bool needs_target(const struct drvp_item *item, bool mongodb)
{
	if (item->check->shape == DRVP_STATEMENT)
		return mongodb;
	return item->check->shape != DRVP_WHOLE_SOURCE;
}

static int find_target(struct drvp_reader *reader, const struct drvp_json *node,
		       const struct written_item *written, struct drvp_item *item)
{
	bool mongodb = !strcmp(item->source->store, "mongodb");
	bool needed = needs_target(item, mongodb);
	const char *member = mongodb ? "collection" : "table";
	struct drvp_strbuf name = DRVP_STRBUF_INIT;

	if (needed && !drvp_json_member(node, member))
		return drvp_document_fail(reader, node, "\"%s\" is missing: %s on a %s source needs one",
					  member, item->check->name, item->source->store);
	if (drvp_json_member(node, mongodb ? "table" : "collection"))
		return drvp_document_fail(reader, drvp_json_member(node, mongodb ? "table" : "collection"),
					  "source \"%s\" is %s: it has \"%s\"", item->source->name,
					  item->source->store, mongodb ? "collection" : "table");
	if (!needed && drvp_json_member(node, member))
		return drvp_document_fail(reader, drvp_json_member(node, member),
					  "%s takes no \"%s\" here", item->check->name, member);
	item->target_name = "";
	if (!needed)
		return 0;
	item->target = mongodb ? (struct drvp_target){ NULL, written->collection } :
				 written->table;
	if (item->target.schema)
		drvp_strbuf_printf(&name, "%s.", item->target.schema);
	drvp_strbuf_str(&name, item->target.name);
	item->target_name = drvp_arena_copy(reader->arena, drvp_strbuf_text(&name), name.len);
	drvp_strbuf_free(&name);
	return item->target_name ? 0 : drvp_fail_nomem(reader->err);
}

/* The value of the field that tells two checks of one table apart. */
static const char *subject_of(const struct drvp_item *item)
{
	if (!item->check->subject)
		return NULL;
	for (const struct drvp_field *field = item->check->fields; field->name; field++)
		if (!strcmp(field->name, item->check->subject))
			return *(const char *const *)((const char *)item->config + field->offset);
	return NULL;
}

/* Those that are alike get numbers, from 2. */
static int take_id(struct drvp_reader *reader, const struct drvp_ids *ids, struct drvp_strbuf *id,
		   struct drvp_item *item)
{
	struct drvp_id_slot *first = id->failed ? NULL : drvp_ids_find(ids, id->data), *slot = first;
	size_t stem = id->len;

	while (slot && slot->id) {
		id->len = stem;
		drvp_strbuf_printf(id, "#%u", first->next++);
		slot = id->failed ? NULL : drvp_ids_find(ids, id->data);
	}
	item->id = slot ? drvp_arena_copy(reader->arena, id->data, id->len) : NULL;
	if (!item->id)
		return drvp_fail_nomem(reader->err);
	*slot = (struct drvp_id_slot){ item->id, 2 };
	return 0;
}

static int make_id(struct drvp_reader *reader, const struct drvp_ids *ids, const char *name,
		   struct drvp_item *item)
{
	struct drvp_strbuf id = DRVP_STRBUF_INIT;
	const char *subject = subject_of(item);
	int status;

	drvp_strbuf_printf(&id, "%s:%s", item->check->name, item->source->name);
	if (item->target_name[0])
		drvp_strbuf_printf(&id, ":%s", item->target_name);
	if (subject)
		drvp_strbuf_printf(&id, ":%s", subject);
	else if (name)
		drvp_strbuf_printf(&id, ":%s", name);
	status = take_id(reader, ids, &id, item);
	drvp_strbuf_free(&id);
	return status;
}

static int set_importance(struct drvp_reader *reader, const struct drvp_json *node,
			  const struct written_item *written, struct drvp_item *item)
{
	int64_t priority = written->priority.set ? written->priority.value : DEFAULT_PRIORITY;

	if (priority < 1 || priority > 9)
		return drvp_document_fail(reader, drvp_json_member(node, "priority"),
					  "a priority is 1 (most important) to 9");
	item->priority = (int)priority;
	item->required = written->required;
	return 0;
}

static int read_item(struct drvp_reader *reader, const struct drvp_json *node,
		     const struct drv_baseline *baseline, const struct drvp_ids *ids,
		     struct drvp_item *item)
{
	struct written_item written = { .required = true };
	const struct drvp_field *tables[3] = { drvp_item_fields, NULL, NULL };
	void *outs[2] = { &written, NULL };
	int status = find_check(reader, node, item);

	if (status)
		return status;
	item->node = node;
	item->config = drvp_arena_alloc(reader->arena, item->check->config_size + 1);
	if (!item->config)
		return drvp_fail_nomem(reader->err);
	tables[1] = item->check->fields;
	outs[1] = item->config;
	status = drvp_fields_read(reader, node, tables, outs);
	if (!status)
		status = find_source(reader, node, baseline, written.source, item);
	if (!status)
		status = find_target(reader, node, &written, item);
	if (!status)
		status = set_importance(reader, node, &written, item);
	if (!status && item->check->validate)
		status = item->check->validate(reader, item);
	return status ? status : make_id(reader, ids, written.name, item);
}

int drvp_items_read(struct drvp_reader *reader, const struct drvp_json *array,
		    struct drv_baseline *baseline)
{
	struct drvp_ids ids;
	int status;

	if (array->type != DRVP_JSON_ARRAY)
		return drvp_document_fail(reader, array, "expected a list of checks, found %s",
					  drvp_json_type_name(array->type));
	baseline->items = drvp_arena_array(reader->arena, array->count + 1,
					   sizeof *baseline->items);
	if (!baseline->items)
		return drvp_fail_nomem(reader->err);
	status = drvp_ids_init(&ids, reader->arena, array->count, reader->err);
	if (status)
		return status;
	for (const struct drvp_json *node = array->first; node; node = node->next) {
		struct drvp_item *item = &baseline->items[baseline->item_count];

		item->index = baseline->item_count;
		status = read_item(reader, node, baseline, &ids, item);
		if (status)
			return status;
		baseline->item_count++;
	}
	return 0;
}
