/* json_write.c: the JSON writer, the only place that escapes text */
#include "document/json.h"

#include <inttypes.h>
#include <string.h>

/* put_value keeps an array or object on one line if it takes no more than this. */
#define LINE_WIDTH 100
/* Bytes of a name that a message shows. */
#define NAME_SHOWN 60

/* ------------------------------------------------------------------ text */

static void put_escape(struct drvp_strbuf *out, unsigned code)
{
	static const char controls[] = "\b\t\n\f\r", letters[] = "btnfr";
	const char *control = code ? strchr(controls, (int)code) : NULL;

	if (code == '"' || code == '\\')
		drvp_strbuf_printf(out, "\\%c", (int)code);
	else if (control)
		drvp_strbuf_printf(out, "\\%c", letters[control - controls]);
	else
		drvp_strbuf_printf(out, "\\u%04x", code);
}

/*
 * The code point that must not stand as it is at this place, or 0x110000. Besides what JSON
 * demands: DEL, which acts on terminals, and the two separators that JavaScript takes for ends
 * of line.
 */
static unsigned needs_escape(const char *text, size_t step)
{
	unsigned char c = (unsigned char)*text;

	if (step == 1 && (c < ' ' || c == '"' || c == '\\' || c == 0x7F))
		return c;
	if (step == 3 && !memcmp(text, "\xE2\x80\xA8", 3))
		return 0x2028;
	if (step == 3 && !memcmp(text, "\xE2\x80\xA9", 3))
		return 0x2029;
	return 0x110000;
}

static void put_quoted(struct drvp_strbuf *out, const char *text, size_t len)
{
	size_t plain = 0, at = 0;

	drvp_strbuf_char(out, '"');
	while (at < len) {
		size_t step = drvp_utf8_length(text + at, len - at);
		unsigned code = step ? needs_escape(text + at, step) : 0xFFFD;

		if (code <= 0x10FFFF) {
			drvp_strbuf_add(out, text + plain, at - plain);
			if (step)
				put_escape(out, code);
			else
				drvp_strbuf_str(out, "\xEF\xBF\xBD");
			plain = at + (step ? step : 1);
		}
		at += step ? step : 1;
	}
	drvp_strbuf_add(out, text + plain, len - plain);
	drvp_strbuf_char(out, '"');
}

void drvp_json_print_name(struct drvp_strbuf *out, const char *text, size_t len)
{
	size_t shown = len, step;

	if (len > NAME_SHOWN)
		for (shown = 0; shown < NAME_SHOWN; shown += step ? step : 1)
			step = drvp_utf8_length(text + shown, len - shown);
	put_quoted(out, text, shown);
	if (shown < len)
		drvp_strbuf_str(out, "…");
}

/* ------------------------------------------------------------------ layout */

static void new_line(struct drvp_json_writer *writer)
{
	drvp_strbuf_char(writer->out, '\n');
	for (unsigned i = 0; i < writer->depth; i++)
		drvp_strbuf_str(writer->out, "  ");
}

/* Everything that stands before a value: comma, white space, its name. */
static void begin(struct drvp_json_writer *writer, const char *key, size_t key_len)
{
	if (writer->depth > 0) {
		if (writer->has_members)
			drvp_strbuf_char(writer->out, ',');
		if (!writer->inline_depth)
			new_line(writer);
		else if (writer->has_members || key)
			drvp_strbuf_char(writer->out, ' ');
	}
	writer->has_members = true;
	if (key) {
		put_quoted(writer->out, key, key_len);
		drvp_strbuf_str(writer->out, ": ");
	}
}

static void begin_text(struct drvp_json_writer *writer, const char *key)
{
	begin(writer, key, key ? strlen(key) : 0);
}

static void open_bracket(struct drvp_json_writer *writer, char bracket, bool inline_form)
{
	drvp_strbuf_char(writer->out, bracket);
	writer->depth++;
	writer->has_members = false;
	if (inline_form && !writer->inline_depth)
		writer->inline_depth = writer->depth;
}

static void close_bracket(struct drvp_json_writer *writer, char bracket)
{
	bool one_line = writer->inline_depth > 0;

	if (writer->inline_depth == writer->depth)
		writer->inline_depth = 0;
	writer->depth--;
	if (writer->has_members && !one_line)
		new_line(writer);
	else if (writer->has_members && bracket == '}')
		drvp_strbuf_char(writer->out, ' ');
	drvp_strbuf_char(writer->out, bracket);
	writer->has_members = true;
}

void drvp_json_open_object(struct drvp_json_writer *writer, const char *key, bool inline_form)
{
	begin_text(writer, key);
	open_bracket(writer, '{', inline_form);
}

void drvp_json_close_object(struct drvp_json_writer *writer)
{
	close_bracket(writer, '}');
}

void drvp_json_open_array(struct drvp_json_writer *writer, const char *key, bool inline_form)
{
	begin_text(writer, key);
	open_bracket(writer, '[', inline_form);
}

void drvp_json_close_array(struct drvp_json_writer *writer)
{
	close_bracket(writer, ']');
}

/* ------------------------------------------------------------------ values */

void drvp_json_put_string(struct drvp_json_writer *writer, const char *key, const char *text,
			  size_t len)
{
	begin_text(writer, key);
	put_quoted(writer->out, text, len);
}

void drvp_json_put_text(struct drvp_json_writer *writer, const char *key, const char *text)
{
	drvp_json_put_string(writer, key, text, strlen(text));
}

void drvp_json_put_uint(struct drvp_json_writer *writer, const char *key, uint64_t number)
{
	begin_text(writer, key);
	drvp_strbuf_printf(writer->out, "%" PRIu64, number);
}

void drvp_json_put_int(struct drvp_json_writer *writer, const char *key, int64_t number)
{
	begin_text(writer, key);
	drvp_strbuf_printf(writer->out, "%" PRId64, number);
}

void drvp_json_put_fixed(struct drvp_json_writer *writer, const char *key, int64_t thousandths)
{
	uint64_t size = thousandths < 0 ? -(uint64_t)thousandths : (uint64_t)thousandths;
	unsigned fraction = (unsigned)(size % 1000);
	int digits = 3;

	begin_text(writer, key);
	drvp_strbuf_printf(writer->out, "%s%" PRIu64, thousandths < 0 ? "-" : "", size / 1000);
	if (!fraction)
		return;
	for (; fraction % 10 == 0; fraction /= 10)
		digits--;
	drvp_strbuf_printf(writer->out, ".%0*u", digits, fraction);
}

void drvp_json_put_bool(struct drvp_json_writer *writer, const char *key, bool truth)
{
	begin_text(writer, key);
	drvp_strbuf_str(writer->out, truth ? "true" : "false");
}

void drvp_json_put_null(struct drvp_json_writer *writer, const char *key)
{
	begin_text(writer, key);
	drvp_strbuf_str(writer->out, "null");
}

/* ------------------------------------------------------------------ trees */

/* What is left of room after this value, about; negative when it does not fit. Looks at no more
 * than fits. */
static long room_after(const struct drvp_json *value, long room)
{
	room -= 4;
	if (value->key)
		room -= value->key_len < LINE_WIDTH ? (long)value->key_len + 4 : LINE_WIDTH;
	if (value->text)
		room -= value->len < LINE_WIDTH ? (long)value->len : LINE_WIDTH;
	for (const struct drvp_json *child = value->first; child && room >= 0; child = child->next)
		room = room_after(child, room);
	return room;
}

static void put_tree(struct drvp_json_writer *writer, const char *key, size_t key_len,
		     const struct drvp_json *value)
{
	bool object = value->type == DRVP_JSON_OBJECT;

	begin(writer, key, key_len);
	switch (value->type) {
	case DRVP_JSON_STRING:
		put_quoted(writer->out, value->text, value->len);
		return;
	case DRVP_JSON_NUMBER:
		drvp_strbuf_add(writer->out, value->text, value->len);
		return;
	case DRVP_JSON_BOOL:
		drvp_strbuf_str(writer->out, value->truth ? "true" : "false");
		return;
	case DRVP_JSON_NULL:
		drvp_strbuf_str(writer->out, "null");
		return;
	default:
		break;
	}
	open_bracket(writer, object ? '{' : '[', room_after(value, LINE_WIDTH) >= 0);
	for (const struct drvp_json *child = value->first; child; child = child->next)
		put_tree(writer, child->key, child->key_len, child);
	close_bracket(writer, object ? '}' : ']');
}

void drvp_json_put_value(struct drvp_json_writer *writer, const char *key,
			 const struct drvp_json *value)
{
	put_tree(writer, key, key ? strlen(key) : 0, value);
}
