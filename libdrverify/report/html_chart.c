/* html_chart.c: counts against what was expected, a bar each, drawn without a script */
#include "report/escape.h"
#include "report/html.h"
#include "report/words.h"

/*
 * A bar is as long as its count is a share of what was expected, so that a small table shows as well
 * as a big one. The mark stands at all of it; longer than the chart is cut.
 */
#define MARK 100
#define CHART 125

/* The place of a count on the chart, in hundredths of a unit. */
static unsigned place(uint64_t count, uint64_t expected)
{
	double share = expected ? (double)count / (double)expected : count ? CHART : 0;

	if (share * MARK > CHART)
		share = (double)CHART / MARK;
	return (unsigned)(share * MARK * 100 + 0.5);
}

static void add_rect(struct drvp_strbuf *out, const char *class, unsigned from, unsigned to,
		     const char *vertical)
{
	unsigned width = to > from ? to - from : 0;

	drvp_strbuf_printf(out, "<rect class=\"%s\" x=\"%u.%02u\" width=\"%u.%02u\" %s/>", class,
			   from / 100, from % 100, width / 100, width % 100, vertical);
}

static void add_bar(struct drvp_strbuf *out, const struct drvp_verdict *verdict)
{
	const struct drvp_figures *figures = &verdict->figures;
	uint64_t expected = (uint64_t)figures->expected.value;
	unsigned least = figures->least.set ? place((uint64_t)figures->least.value, expected) : 0;
	unsigned most = figures->most.set ? place((uint64_t)figures->most.value, expected)
					  : CHART * 100;

	drvp_strbuf_printf(out, "<svg viewBox=\"0 0 %d 12\" preserveAspectRatio=\"none\" role=\"img\" "
			   "aria-label=\"", CHART);
	drvp_strbuf_grouped(out, verdict->result.rows);
	drvp_strbuf_str(out, " of ");
	drvp_strbuf_grouped(out, expected);
	drvp_strbuf_str(out, "\">");
	add_rect(out, "track", 0, CHART * 100, "y=\"0\" height=\"12\"");
	if (figures->least.set || figures->most.set)
		add_rect(out, "band", least, most, "y=\"0\" height=\"12\"");
	add_rect(out, "bar", 0, place(verdict->result.rows, expected), "y=\"3\" height=\"6\"");
	add_rect(out, "mark", MARK * 100 - 30, MARK * 100 + 30, "y=\"0\" height=\"12\"");
	drvp_strbuf_str(out, "</svg>");
}

static void add_number(struct drvp_strbuf *out, const char *label, uint64_t number)
{
	drvp_strbuf_printf(out, "<td data-label=\"%s\" class=\"number\">", label);
	drvp_strbuf_grouped(out, number);
	drvp_strbuf_str(out, "</td>");
}

static void add_row(struct drvp_strbuf *out, const struct drvp_verdict *verdict)
{
	uint64_t rows = verdict->result.rows, expected = (uint64_t)verdict->figures.expected.value;

	drvp_strbuf_printf(out, "<tr class=\"%s\"><td data-label=\"\"><strong>",
			   drv_verdict_name(verdict->result.verdict));
	drvp_escape_xml(out, verdict->result.target);
	drvp_strbuf_str(out, "</strong> <span class=\"soft\">");
	drvp_escape_xml(out, verdict->result.source);
	drvp_strbuf_str(out, "</span></td>");
	add_number(out, "Expected", expected);
	add_number(out, "Came back", rows);
	drvp_strbuf_printf(out, "<td data-label=\"Difference\" class=\"number\"><span%s>%s",
			   verdict->result.verdict == DRV_PASS ? "" : " class=\"tone\"",
			   rows == expected ? "" : rows < expected ? "−" : "+");
	drvp_strbuf_grouped(out, rows < expected ? expected - rows : rows - expected);
	drvp_strbuf_str(out, "</span></td><td data-label=\"\" class=\"chart\">");
	add_bar(out, verdict);
	drvp_strbuf_str(out, "</td></tr>\n");
}

void drvp_html_chart(struct drvp_strbuf *out, const struct drv_report *report)
{
	size_t count = 0;

	for (size_t i = 0; i < report->verdict_count; i++) {
		if (!report->ordered[i]->figures.expected.set)
			continue;
		if (!count++)
			drvp_strbuf_str(out, "<section>\n<h2>Counts against what was expected</h2>\n"
					"<table><thead><tr><th>Table or collection</th>"
					"<th class=\"number\">Expected</th>"
					"<th class=\"number\">Came back</th>"
					"<th class=\"number\">Difference</th><th></th></tr></thead>"
					"<tbody>\n");
		add_row(out, report->ordered[i]);
	}
	if (count)
		drvp_strbuf_str(out, "</tbody></table>\n<p class=\"soft\">The mark is what was "
				"expected; the shaded range is what passes.</p>\n</section>\n");
}
