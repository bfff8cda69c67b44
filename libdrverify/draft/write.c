/* write.c: the document around the checks of a draft */
#include <string.h>

#include "draft/draft.h"

/* Tables that are not checked and named all the same. */
#define NAMED_MOST 20

static const char head_note[] =
	"Drafted by drverify init. It is a start, not an answer: read the notes, which say what is a "
	"guess; fill in each todo and take it out; add what must not be lost. Numbers of rows are left "
	"out on purpose: drverify capture measures them. The rpo is a guess.";

static void put_name(struct drvp_json_writer *writer, const struct drvp_draft *drafts, size_t count)
{
	struct drvp_strbuf name = DRVP_STRBUF_INIT;

	for (size_t i = 0; i < count; i++)
		drvp_strbuf_printf(&name, "%s%s", i ? ", " : "", drafts[i].source->name);
	writer->out->failed |= name.failed;
	drvp_json_put_text(writer, "name", drvp_strbuf_text(&name));
	drvp_strbuf_free(&name);
}

/* ------------------------------------------------------------------ sources */

/* "Not checked: views: a, b; foreign tables: c." */
static void add_left_out(struct drvp_strbuf *out, const struct drvp_draft *draft,
			 const char *reason, const char **separator)
{
	size_t named = 0, more = 0;

	for (size_t i = 0; i < draft->listed_count; i++) {
		const struct drvp_listed *listed = &draft->listed[i];
		const char *why = drvp_draft_left_out(listed);

		if (!why || strcmp(why, reason))
			continue;
		if (named == NAMED_MOST) {
			more++;
			continue;
		}
		if (!named++)
			drvp_strbuf_printf(out, "%s%s: ", *separator, reason);
		else
			drvp_strbuf_str(out, ", ");
		drvp_strbuf_printf(out, "%s%s%s", listed->schema ? listed->schema : "",
				   listed->schema ? "." : "", listed->name);
	}
	if (more)
		drvp_strbuf_printf(out, " and %zu more", more);
	if (named)
		*separator = "; ";
}

/* Each reason once, in the order in which they come up. */
static void put_left_out(struct drvp_strbuf *out, const struct drvp_draft *draft)
{
	const char *separator = " Not checked: ";

	for (size_t i = 0; i < draft->listed_count; i++) {
		const char *reason = drvp_draft_left_out(&draft->listed[i]);
		bool told = !reason;

		for (size_t j = 0; j < i && !told; j++) {
			const char *earlier = drvp_draft_left_out(&draft->listed[j]);

			told = earlier && !strcmp(earlier, reason);
		}
		if (!told)
			add_left_out(out, draft, reason, &separator);
	}
	if (separator[0] == ';')
		drvp_strbuf_char(out, '.');
}

static void put_source(struct drvp_json_writer *writer, const struct drvp_draft *draft)
{
	struct drvp_strbuf note = DRVP_STRBUF_INIT;

	drvp_strbuf_str(&note, "Say how it comes back: \"restored_by\": \"physical\" for files and WAL, "
			       "\"logical\" for a dump.");
	put_left_out(&note, draft);
	writer->out->failed |= note.failed;
	drvp_json_open_object(writer, draft->source->name, false);
	drvp_json_put_text(writer, "store", draft->source->store);
	if (draft->source->database)
		drvp_json_put_text(writer, "database", draft->source->database);
	drvp_json_put_text(writer, "note", drvp_strbuf_text(&note));
	drvp_json_close_object(writer);
	drvp_strbuf_free(&note);
}

/* ------------------------------------------------------------------ all of it */

static void put_connection(struct drvp_json_writer *writer, const struct drvp_draft *draft)
{
	drvp_json_open_object(writer, NULL, true);
	drvp_json_put_text(writer, "check", "connection");
	drvp_json_put_text(writer, "source", draft->source->name);
	drvp_json_put_uint(writer, "priority", 1);
	drvp_json_close_object(writer);
}

void drvp_draft_write(struct drvp_strbuf *out, const struct drvp_draft *drafts, size_t count)
{
	struct drvp_json_writer writer = { .out = out };

	drvp_json_open_object(&writer, NULL, false);
	drvp_json_put_text(&writer, "format", "drverify/1");
	put_name(&writer, drafts, count);
	drvp_json_put_text(&writer, "note", head_note);
	drvp_json_open_object(&writer, "objectives", true);
	drvp_json_put_text(&writer, "rpo", DRVP_DRAFT_RPO_TEXT);
	drvp_json_close_object(&writer);
	drvp_json_open_object(&writer, "sources", false);
	for (size_t i = 0; i < count; i++)
		put_source(&writer, &drafts[i]);
	drvp_json_close_object(&writer);
	drvp_json_open_array(&writer, "checks", false);
	for (size_t i = 0; i < count; i++) {
		put_connection(&writer, &drafts[i]);
		for (size_t j = 0; j < drafts[i].table_count; j++)
			drvp_draft_put_table(&writer, &drafts[i], &drafts[i].tables[j]);
	}
	drvp_json_close_array(&writer);
	drvp_json_close_object(&writer);
}
