/* escape.c: foreign text in the formats of reports */
#include "report/escape.h"

#include "report/display.h"

/* Adds what a character at this place turns into; text is what the place is in. */
typedef void (*escape_fn)(struct drvp_strbuf *out, const char *text, size_t at);

static void escape(struct drvp_strbuf *out, const char *text, escape_fn one)
{
	struct drvp_strbuf shown = DRVP_STRBUF_INIT;
	const char *clean;

	drvp_display(&shown, text);
	out->failed |= shown.failed;
	clean = drvp_strbuf_text(&shown);
	for (size_t i = 0; clean[i]; i++)
		one(out, clean, i);
	drvp_strbuf_free(&shown);
}

static void xml(struct drvp_strbuf *out, const char *text, size_t at)
{
	switch (text[at]) {
	case '&':
		drvp_strbuf_str(out, "&amp;");
		break;
	case '<':
		drvp_strbuf_str(out, "&lt;");
		break;
	case '>':
		drvp_strbuf_str(out, "&gt;");
		break;
	case '"':
		drvp_strbuf_str(out, "&quot;");
		break;
	case '\'':
		drvp_strbuf_str(out, "&#39;");
		break;
	default:
		drvp_strbuf_char(out, text[at]);
	}
}

static void label(struct drvp_strbuf *out, const char *text, size_t at)
{
	if (text[at] == '\\' || text[at] == '"')
		drvp_strbuf_char(out, '\\');
	drvp_strbuf_char(out, text[at]);
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* What stands for itself is left alone, because people read the source as well. */
static void markdown(struct drvp_strbuf *out, const char *text, size_t at)
{
	bool inside = at && is_word(text[at - 1]) && is_word(text[at + 1]);
	bool meant = text[at] == '_' ? !inside :
		     text[at] == ':' ? text[at + 1] == '/' :
				       strchr("\\`*[]<>|&~#$!", text[at]) != NULL;

	if (meant)
		drvp_strbuf_char(out, '\\');
	drvp_strbuf_char(out, text[at]);
}

static void nagios(struct drvp_strbuf *out, const char *text, size_t at)
{
	if (text[at] == '|')
		drvp_strbuf_str(out, "\\x7c");
	else
		drvp_strbuf_char(out, text[at]);
}

static void perfdata(struct drvp_strbuf *out, const char *text, size_t at)
{
	if (text[at] == '=' || text[at] == '|')
		drvp_strbuf_char(out, '_');
	else if (text[at] == '\'')
		drvp_strbuf_str(out, "''");
	else
		drvp_strbuf_char(out, text[at]);
}

void drvp_escape_xml(struct drvp_strbuf *out, const char *text)
{
	escape(out, text, xml);
}

void drvp_escape_label(struct drvp_strbuf *out, const char *text)
{
	escape(out, text, label);
}

void drvp_escape_markdown(struct drvp_strbuf *out, const char *text)
{
	escape(out, text, markdown);
}

void drvp_escape_nagios(struct drvp_strbuf *out, const char *text)
{
	escape(out, text, nagios);
}

void drvp_escape_perfdata(struct drvp_strbuf *out, const char *text)
{
	escape(out, text, perfdata);
}
