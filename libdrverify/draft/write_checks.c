/* write_checks.c: the checks of one table of a draft, and what is said of each */
#include <string.h>

#include "checks/ciphertext.h"
#include "draft/draft.h"

/* As much is read in full without being asked. */
#define CONTENT_ROWS 1000000
#define CONTENT_DOCUMENTS 100000
#define CONTENT_BLOCKS 16384

#define FORMATS 4

/* A check while it is written. */
struct entry {
	struct drvp_json_writer *writer;
	struct drvp_strbuf note, todo;
};

/* ------------------------------------------------------------------ what all have */

static void put_target(struct drvp_json_writer *writer, const struct drvp_relation *relation)
{
	struct drvp_strbuf name = DRVP_STRBUF_INIT;

	if (!relation->schema) {
		drvp_json_put_text(writer, "collection", relation->name);
		return;
	}
	if (strchr(relation->schema, '.') || strchr(relation->name, '.')) {
		drvp_json_open_array(writer, "table", true);
		drvp_json_put_text(writer, NULL, relation->schema);
		drvp_json_put_text(writer, NULL, relation->name);
		drvp_json_close_array(writer);
		return;
	}
	drvp_strbuf_printf(&name, "%s.%s", relation->schema, relation->name);
	writer->out->failed |= name.failed;
	drvp_json_put_text(writer, "table", drvp_strbuf_text(&name));
	drvp_strbuf_free(&name);
}

static void open_entry(struct entry *entry, struct drvp_json_writer *writer, const char *check,
		       const struct drvp_draft *draft, const struct drvp_draft_table *table)
{
	*entry = (struct entry){ .writer = writer };
	drvp_json_open_object(writer, NULL, false);
	drvp_json_put_text(writer, "check", check);
	drvp_json_put_text(writer, "source", draft->source->name);
	put_target(writer, table->relation);
}

static void say(struct drvp_strbuf *text, const char *format, ...) DRVP_PRINTF(2, 3);

/* One more sentence. */
static void say(struct drvp_strbuf *text, const char *format, ...)
{
	va_list args;

	if (text->len)
		drvp_strbuf_char(text, ' ');
	va_start(args, format);
	drvp_strbuf_vprintf(text, format, args);
	va_end(args);
}

static void put_text(struct drvp_json_writer *writer, const char *key, struct drvp_strbuf *text)
{
	writer->out->failed |= text->failed;
	if (text->len)
		drvp_json_put_text(writer, key, text->data);
	drvp_strbuf_free(text);
}

static void close_entry(struct entry *entry)
{
	put_text(entry->writer, "note", &entry->note);
	put_text(entry->writer, "todo", &entry->todo);
	drvp_json_close_object(entry->writer);
}

/* Why a table seems to matter more than others, or NULL. */
static const char *importance(const struct drvp_draft_table *table)
{
	if (table->linked)
		return "it looks like an audit log";
	return table->field_count ? "it has encrypted fields" : NULL;
}

static void put_priority(struct entry *entry, const struct drvp_draft_table *table)
{
	const char *why = importance(table);

	if (!why)
		return;
	drvp_json_put_uint(entry->writer, "priority", 1);
	say(&entry->note, "The priority is a guess: %s.", why);
}

/* ------------------------------------------------------------------ rows */

static bool has_key(const struct drvp_draft_table *table)
{
	for (size_t i = 0; i < table->column_count; i++)
		if (table->columns[i].key_position)
			return true;
	return table->relation->kind == DRVP_COLLECTION;
}

static bool is_small(const struct drvp_draft_table *table)
{
	bool collection = table->relation->kind == DRVP_COLLECTION;

	return table->estimated && table->rows <= (collection ? CONTENT_DOCUMENTS : CONTENT_ROWS) &&
	       table->relation->blocks <= CONTENT_BLOCKS;
}

static bool is_proved(const struct drvp_draft_table *table)
{
	return table->linked && !table->unproved;
}

static void say_of_content(struct entry *entry, const struct drvp_draft_table *table)
{
	bool collection = table->relation->kind == DRVP_COLLECTION;

	if (is_proved(table))
		return;
	if (!has_key(table))
		say(&entry->note, "It has no primary key, so there is no content check.");
	else if (!is_small(table))
		say(&entry->note, "It is large, so there is no content check%s.",
		    collection ? "" : "; with \"method\": \"server\" one is cheap");
}

static void say_of_fields(struct entry *entry, const struct drvp_draft_table *table)
{
	for (size_t i = 0; i < table->field_count; i++)
		if (!table->fields[i].values)
			say(&entry->note, "%s is named as if it were encrypted, but %s: nothing is "
			    "checked of it.", table->fields[i].name,
			    table->sampled ? "was empty in all rows that were sampled" :
					     "there were no rows to sample");
}

static void put_count(struct drvp_json_writer *writer, const struct drvp_draft *draft,
		      const struct drvp_draft_table *table)
{
	bool collection = table->relation->kind == DRVP_COLLECTION;
	struct entry entry;

	open_entry(&entry, writer, collection ? "collection_count" : "row_count", draft, table);
	put_priority(&entry, table);
	if (table->trouble) {
		say(&entry.todo, "What is in it could not be looked at: %s. Mend that and draft again, "
		    "or decide that it is enough to count its rows.", table->trouble);
	} else {
		say_of_fields(&entry, table);
		say_of_content(&entry, table);
	}
	if (!table->trouble && table->time && !drvp_draft_is_busy(draft, table))
		say(&entry.note, "%s may tell when rows are written, but %s, so there is no freshness "
		    "check.", table->time->name, table->newest_set ?
		    "its newest is well behind that of other tables" :
		    "no newest row was seen");
	close_entry(&entry);
}

/* ------------------------------------------------------------------ encrypted fields */

static int best_format(const struct drvp_draft_field *field)
{
	/* Hexadecimal digits are base64, too, so they come first. */
	static const int order[FORMATS] = { 0, 2, 1, 3 };
	int best = order[0];

	for (size_t i = 1; i < FORMATS; i++)
		if (field->good[order[i]] > field->good[best])
			best = order[i];
	return best;
}

/* One that its values do not fit, so that the check fails should only the todo be taken out. */
static int unfit_format(const struct drvp_draft_field *field)
{
	int best = 0;

	for (int i = 1; i < FORMATS; i++)
		if (field->good[i] < field->good[best])
			best = i;
	return best;
}

static void say_of_plaintext(struct entry *entry, const struct drvp_draft_table *table,
			     const struct drvp_draft_field *field)
{
	if (field->unprotected)
		say(&entry->todo, "%zu of %zu sampled rows have %s in plain text and no ciphertext: encrypt "
		    "them, or say here what is right.", field->unprotected, table->sampled,
		    field->plaintext);
	else if (field->readable)
		say(&entry->note, "%zu of %zu sampled rows have %s in plain text beside the ciphertext: when "
		    "it is gone, state \"plaintext_policy\": \"absent\".", field->readable,
		    table->sampled, field->plaintext);
	else if (field->plaintext)
		say(&entry->note, "No sampled row has %s in plain text.", field->plaintext);
}

static void put_field(struct drvp_json_writer *writer, const struct drvp_draft *draft,
		      const struct drvp_draft_table *table, const struct drvp_draft_field *field)
{
	int format = best_format(field);
	size_t good = field->good[format];
	bool known = good == field->values;
	struct entry entry;

	open_entry(&entry, writer, "encrypted_field", draft, table);
	drvp_json_put_uint(writer, "priority", 1);
	drvp_json_put_text(writer, "ciphertext", field->name);
	if (field->plaintext) {
		drvp_json_put_text(writer, "plaintext", field->plaintext);
		if (!field->readable)
			drvp_json_put_text(writer, "plaintext_policy", "absent");
	}
	drvp_json_put_text(writer, "format", drvp_ciphertext_formats[known ? format :
								      unfit_format(field)]);
	if (field->nulls && !field->plaintext)
		drvp_json_put_bool(writer, "nullable", true);
	if (known)
		say(&entry.note, "All %zu sampled values are of this format.", field->values);
	else
		say(&entry.todo, "%zu of %zu sampled values are no ciphertext of one format that drverify "
		    "knows. If they are plain text, encrypt them and state the right \"format\"; if they "
		    "are encrypted in another way, take this check out.", field->values - good,
		    field->values);
	if (field->nulls && !field->plaintext)
		say(&entry.note, "%zu of %zu sampled rows have none.", field->nulls,
		    field->nulls + field->values);
	say_of_plaintext(&entry, table, field);
	close_entry(&entry);
}

/* ------------------------------------------------------------------ chains */

/* The members of a check that was proposed, but those that are written already. */
static void put_proposed(struct drvp_json_writer *writer, const struct drvp_proposed *proposed)
{
	static const struct drvp_json_limits limits = { 1 << 20, 64, 0 };
	static const char *const written[] = { "check", "source", "table", "collection" };
	struct drvp_arena arena = { 0 };
	struct drvp_json *root = NULL;

	if (drvp_json_parse(&root, &arena, drvp_strbuf_text(&proposed->check), proposed->check.len,
			    &limits, NULL))
		writer->out->failed = true;
	for (const struct drvp_json *member = root ? root->first : NULL; member;
	     member = member->next) {
		bool skip = false;

		for (size_t i = 0; i < sizeof written / sizeof *written; i++)
			skip = skip || !strcmp(member->key, written[i]);
		if (!skip)
			drvp_json_put_value(writer, member->key, member);
	}
	drvp_arena_free(&arena);
}

/* What may order entries as they were written: a number that counts up, else a time, else a key. */
static const char *guess_order(const struct drvp_draft_table *table)
{
	const struct drvp_column *number = NULL, *key = NULL;

	for (size_t i = 0; i < table->column_count; i++) {
		const struct drvp_column *column = &table->columns[i];

		if (column->key_position == 1)
			key = column;
		if (column->kind == DRVP_INTEGER &&
		    (column->key_position == 1 || strcasestr(column->name, "seq")))
			number = column;
	}
	if (number)
		return number->name;
	if (table->time)
		return table->time->name;
	return key ? key->name : table->hash;
}

static void put_links(struct drvp_json_writer *writer, const struct drvp_draft_table *table)
{
	drvp_json_put_text(writer, "hash", table->hash);
	drvp_json_put_text(writer, "previous", table->previous);
	drvp_json_put_text(writer, "mode", "links");
	drvp_json_open_array(writer, "order_by", true);
	drvp_json_put_text(writer, NULL, guess_order(table));
	drvp_json_close_array(writer);
}

static void put_chain(struct drvp_json_writer *writer, const struct drvp_draft *draft,
		      const struct drvp_draft_table *table)
{
	const struct drvp_proposed *proposed = &table->proposed;
	struct entry entry;

	open_entry(&entry, writer, "audit_chain", draft, table);
	drvp_json_put_uint(writer, "priority", 1);
	if (proposed->check.len) {
		put_proposed(writer, proposed);
		say(&entry.note, "This recipe gives the stored hash of %zu of %zu entries that were "
		    "tried; drverify capture tries all.", proposed->agreeing, proposed->rows);
	} else {
		put_links(writer, table);
	}
	if (table->unproved)
		say(&entry.todo, "How its entries are hashed was not proved: %s. Say it: drverify "
		    "chain-propose looks longer, drverify chain-try shows the bytes. As it stands, "
		    "%s.", table->unproved, proposed->check.len ?
		    "entries that it does not fit count as damaged" :
		    "only the links are verified, not what the entries say, and \"order_by\" is a guess");
	close_entry(&entry);
}

/* ------------------------------------------------------------------ times, content */

static void put_freshness(struct drvp_json_writer *writer, const struct drvp_draft *draft,
			  const struct drvp_draft_table *table)
{
	struct entry entry;

	open_entry(&entry, writer, "freshness", draft, table);
	put_priority(&entry, table);
	drvp_json_put_text(writer, "column", table->time->name);
	if (table->time->kind == DRVP_LOCAL_TIME && draft->column_zone)
		drvp_json_put_text(writer, "column_zone", draft->column_zone);
	say(&entry.note, "A guess, as its newest row is about as new as that of any table.");
	if (table->time->kind == DRVP_LOCAL_TIME && !draft->column_zone)
		say(&entry.todo, "%s has no time zone: state the zone of the clock that wrote it as "
		    "\"column_zone\", such as \"Asia/Seoul\" or \"UTC\". The option --column-zone of drverify "
		    "init does so everywhere.", table->time->name);
	close_entry(&entry);
}

static void put_key(struct drvp_json_writer *writer, const struct drvp_draft_table *table)
{
	if (table->relation->kind == DRVP_COLLECTION)
		return;
	drvp_json_open_array(writer, "key", true);
	for (unsigned position = 1; position <= table->column_count; position++)
		for (size_t i = 0; i < table->column_count; i++)
			if (table->columns[i].key_position == position)
				drvp_json_put_text(writer, NULL, table->columns[i].name);
	drvp_json_close_array(writer);
}

/* What is written to all the time cannot be the same later, but what came back can. */
static void put_content(struct drvp_json_writer *writer, const struct drvp_draft *draft,
			const struct drvp_draft_table *table)
{
	struct entry entry;

	open_entry(&entry, writer, "content", draft, table);
	put_key(writer, table);
	drvp_json_put_uint(writer, "priority", 7);
	drvp_json_put_bool(writer, "required", false);
	say(&entry.note, "Optional: rows that change after the capture leave it undecided.");
	close_entry(&entry);
}

void drvp_draft_put_table(struct drvp_json_writer *writer, const struct drvp_draft *draft,
			  const struct drvp_draft_table *table)
{
	put_count(writer, draft, table);
	if (table->trouble)
		return;
	for (size_t i = 0; i < table->field_count; i++)
		if (table->fields[i].values)
			put_field(writer, draft, table, &table->fields[i]);
	if (table->linked)
		put_chain(writer, draft, table);
	if (table->time && drvp_draft_is_busy(draft, table))
		put_freshness(writer, draft, table);
	if (has_key(table) && is_small(table) && !is_proved(table))
		put_content(writer, draft, table);
}
