/* pieces.c: every value of a sample in every way in which applications write it */
#include <stdlib.h>
#include <string.h>

#include "propose/propose.h"

/* ------------------------------------------------------------------ formats */

/* The most usual first: the search takes them in this order. */
static const struct drvp_piece_format plain_formats[] = { { "" }, { NULL } };

#define ISO(digits, zone, separator) \
	{ "\"time\": \"iso8601\", \"digits\": " digits ", \"zone\": \"" zone \
	  "\", \"separator\": \"" separator "\"" }
#define EPOCH(unit) { "\"time\": \"epoch\", \"unit\": \"" unit "\"" }

static const struct drvp_piece_format time_formats[] = {
	{ "\"time\": \"iso8601\"" },
	ISO("\"python\"", "+00:00", "T"), EPOCH("ms"), ISO("\"trim\"", "Z", "T"),
	ISO("0", "Z", "T"), EPOCH("s"), ISO("6", "Z", "T"), ISO("\"python\"", "+00:00", " "),
	ISO("\"python\"", "none", "T"), ISO("\"thousands\"", "Z", "T"), ISO("6", "none", "T"),
	ISO("6", "+00:00", "T"), ISO("0", "+00:00", "T"), EPOCH("ns"), EPOCH("us"),
	ISO("9", "Z", "T"), ISO("7", "Z", "T"),
	ISO("\"thousands\"", "+00:00", "T"), ISO("\"trim\"", "+00:00", "T"),
	ISO("0", "none", " "), ISO("\"python\"", "none", " "), ISO("6", "none", " "),
	ISO("0", "none", "T"), ISO("3", "none", "T"), ISO("3", "none", " "),
	ISO("9", "+00:00", "T"), ISO("7", "none", "T"),
	ISO("7", "+00:00", "T"), ISO("3", "+00:00", "T"), ISO("3", "+00:00", " "),
	ISO("0", "+00:00", " "), ISO("6", "+00:00", " "), ISO("0", "Z", " "), ISO("3", "Z", " "),
	ISO("6", "Z", " "), ISO("\"python\"", "Z", "T"), ISO("\"trim\"", "none", "T"),
	ISO("\"trim\"", "none", " "), ISO("\"trim\"", "+00:00", " "),
	{ "\"time\": \"epoch\", \"unit\": \"s\", \"rounding\": \"round\"" },
	{ "\"time\": \"epoch\", \"unit\": \"ms\", \"rounding\": \"round\"" },
	{ "\"time\": \"dotnet-ticks\"" },
	{ "\"time\": \"js-date\"" },
	{ NULL }
};

static const struct drvp_piece_format bool_formats[] = {
	{ "" },
	{ "\"true\": \"True\", \"false\": \"False\"" },
	{ "\"true\": \"t\", \"false\": \"f\"" },
	{ "\"true\": \"1\", \"false\": \"0\"" },
	{ "\"true\": \"1\", \"false\": \"\"" },
	{ NULL }
};

static const struct drvp_piece_format uuid_formats[] = {
	{ "" }, { "\"uuid\": \"plain\"" }, { "\"case\": \"upper\"" }, { NULL }
};

/* Where applications live that write local times into columns without zone. */
static const char *const zones[] = {
	"Asia/Seoul", "Asia/Shanghai", "Asia/Kolkata", "Europe/London", "Europe/Berlin",
	"America/New_York", "America/Chicago", "America/Los_Angeles", "America/Sao_Paulo",
	"Australia/Sydney"
};

/* So many of the most usual formats are tried in other zones too. */
#define ZONED_FORMATS 4

static const struct drvp_piece_format number_formats[] = {
	{ "" },
	{ "\"as\": \"number\"" },
	{ "\"as\": \"text\"" },
	{ "\"decimal\": \"strip zeros\"" },
	{ "\"decimal\": \"strip zeros\", \"as\": \"number\"" },
	{ NULL }
};

/* A style, and the same with its members sorted at every depth. */
static const struct {
	const char *style, *sorted;
	bool spaced;                    /* ", " and ": " instead of "," and ":" */
} styles[] = {
	{ "\"javascript\"", "\"jcs\"", false },
	{ "\"javascript\"", "{ \"like\": \"javascript\", \"sort\": \"integers first, UTF-16\" }", false },
	{ "\"python-compact\"", "{ \"like\": \"python-compact\", \"sort\": \"code points\" }",
	  false },
	{ "\"python\"", "{ \"like\": \"python\", \"sort\": \"code points\" }", true },
	{ "{ \"like\": \"python-compact\", \"escape\": \"minimal\" }",
	  "{ \"like\": \"python-compact\", \"escape\": \"minimal\", \"sort\": \"code points\" }",
	  false },
	{ "{ \"like\": \"python\", \"escape\": \"minimal\" }",
	  "{ \"like\": \"python\", \"escape\": \"minimal\", \"sort\": \"code points\" }", true },
	{ "\"go\"", "{ \"like\": \"go\", \"sort\": \"code points\" }", false },
	{ "\"serde\"", "{ \"like\": \"serde\", \"sort\": \"code points\" }", false },
	{ "\"jackson\"", "{ \"like\": \"jackson\", \"sort\": \"UTF-16\" }", false },
	{ "\"php\"", "{ \"like\": \"php\", \"sort\": \"code points\" }", false },
	{ "{ \"like\": \"php\", \"escape\": \"minimal\" }",
	  "{ \"like\": \"php\", \"escape\": \"minimal\", \"sort\": \"code points\" }", false },
	{ "\"dotnet\"", "{ \"like\": \"dotnet\", \"sort\": \"UTF-16\" }", false },
	{ "\"postgres-jsonb\"", "\"postgres-jsonb\"", true },
};

#define STYLES (sizeof styles / sizeof *styles)

/* ------------------------------------------------------------------ pieces */

static size_t read_length(const char *at)
{
	const unsigned char *bytes = (const unsigned char *)at;

	return (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
}

/* Takes the values out of one row's bytes, without what stands around them. */
static bool take_apart(struct drvp_pieces *pieces, const struct drvp_piece_context *context,
		       int class, const struct drvp_piece_format *format,
		       const struct drvp_strbuf *built, struct drvp_bytes *row)
{
	const struct drvp_sample *sample = pieces->sample;
	struct drvp_strbuf label = DRVP_STRBUF_INIT;
	const char *at = built->data;
	size_t bracket = context->style ? 1 : 0;
	bool ok = true;

	for (size_t i = 0; i < sample->column_count && ok; i++) {
		size_t len;

		if (sample->classes[i] != class)
			continue;
		drvp_strbuf_clear(&label);
		drvp_piece_label(&label, sample, context, i, format);
		len = read_length(at);
		/* Where no member was allowed, not even the label is there. */
		if (len >= label.len + bracket) {
			row[i].len = len - label.len - bracket;
			row[i].bytes = drvp_arena_copy(&pieces->arena, at + 4 + label.len,
						       row[i].len);
			ok = row[i].bytes && !label.failed;
		}
		at += 4 + len;
	}
	drvp_strbuf_free(&label);
	return ok;
}

/* A format that this version cannot read is none; *made receives NULL. */
static int make_pieces(struct drvp_pieces *pieces, const struct drvp_piece_context *context,
		       int class, const struct drvp_piece_format *format,
		       const struct drvp_bytes **made, struct drv_error *err)
{
	const struct drvp_sample *sample = pieces->sample;
	struct drvp_bytes *table = drvp_arena_array(&pieces->arena,
						    sample->count * sample->column_count + 1,
						    sizeof *table);
	struct drvp_strbuf recipe = DRVP_STRBUF_INIT;
	struct drvp_attempt *attempt;
	int status;

	*made = NULL;
	drvp_piece_recipe(&recipe, sample, context, class, format);
	status = recipe.failed || !table ? drvp_fail_nomem(err) :
		drvp_attempt_new(&attempt, sample, drvp_strbuf_text(&recipe), err);
	drvp_strbuf_free(&recipe);
	if (status)
		return status == DRV_E_DOCUMENT || status == DRV_E_UNSUPPORTED ? 0 : status;
	for (size_t i = 0; i < sample->count && !status; i++) {
		status = drvp_attempt_build(attempt, &sample->rows[i], 0);
		if (!status && !take_apart(pieces, context, class, format, &attempt->preimage->out,
					   &table[i * sample->column_count]))
			status = DRV_E_NOMEM;
	}
	drvp_attempt_free(&attempt);
	*made = table;
	return status ? drvp_fail(err, status, "the values could not be written") : 0;
}

static bool same_pieces(const struct drvp_sample *sample, const struct drvp_bytes *a,
			const struct drvp_bytes *b)
{
	for (size_t i = 0; i < sample->count * sample->column_count; i++)
		if (a[i].len != b[i].len || (a[i].len && memcmp(a[i].bytes, b[i].bytes, a[i].len)))
			return false;
	return true;
}

static int add_variant(struct drvp_pieces *pieces, struct drvp_piece_context *context, int class,
		       const struct drvp_piece_format *format, struct drv_error *err)
{
	struct drvp_piece_variant *list = context->variants[class];
	size_t *count = &context->variant_count[class];
	const struct drvp_bytes *made;
	int status = make_pieces(pieces, context, class, format, &made, err);

	if (status || !made || *count == DRVP_PIECE_VARIANTS)
		return status;
	for (size_t i = 0; i < *count; i++)
		if (same_pieces(pieces->sample, list[i].pieces, made))
			return 0;
	list[(*count)++] = (struct drvp_piece_variant){ *format, made };
	return 0;
}

static int add_variants(struct drvp_pieces *pieces, struct drvp_piece_context *context, int class,
			const struct drvp_piece_format *formats, struct drv_error *err)
{
	int status = 0;

	for (; formats->members && !status; formats++)
		status = add_variant(pieces, context, class, formats, err);
	return status;
}

static bool has_local_times(const struct drvp_sample *sample)
{
	for (size_t i = 0; i < sample->column_count; i++)
		if (sample->columns[i].kind == DRVP_LOCAL_TIME)
			return !sample->ask->column_zone;
	return false;
}

static int add_zones(struct drvp_pieces *pieces, struct drvp_piece_context *context,
		     struct drv_error *err)
{
	int status = 0;

	if (!has_local_times(pieces->sample))
		return 0;
	for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
		for (size_t j = 0; j < ZONED_FORMATS && !status; j++) {
			struct drvp_strbuf text = DRVP_STRBUF_INIT;
			struct drvp_piece_format format = { .zoned = true };

			drvp_strbuf_printf(&text, "%s, \"column_zone\": \"%s\"",
					   time_formats[j].members, zones[i]);
			if (!text.failed)
				format.members = drvp_arena_copy(&pieces->arena, text.data, text.len);
			drvp_strbuf_free(&text);
			status = format.members ?
				add_variant(pieces, context, DRVP_PIECE_TIME, &format, err) :
				drvp_fail_nomem(err);
		}
	return status;
}

static const char *json_member(struct drvp_pieces *pieces, const char *style)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	const char *copy;

	drvp_strbuf_printf(&text, "\"json\": %s", style);
	copy = text.failed ? "" : drvp_arena_copy(&pieces->arena, text.data, text.len);
	drvp_strbuf_free(&text);
	return copy ? copy : "";
}

/* In JSON a document is nested, or a string of JSON; in text it is JSON of any style. */
static int add_documents(struct drvp_pieces *pieces, struct drvp_piece_context *context,
			 size_t style, struct drv_error *err)
{
	struct drvp_piece_format formats[2 * STYLES + 2] = { { "" } };
	size_t count = 1;

	if (context->style) {
		const char *plain = json_member(pieces, styles[style].style);
		const char *sorted = json_member(pieces, styles[style].sorted);

		formats[count++] = (struct drvp_piece_format){ sorted, false };
		formats[count++] = (struct drvp_piece_format){ "", false, true, false };
		formats[0].unsorted = strcmp(styles[style].style, styles[style].sorted) != 0;
		formats[count++] = (struct drvp_piece_format){ plain, true, false,
							       formats[0].unsorted };
		formats[count++] = (struct drvp_piece_format){ sorted, true };
	} else {
		for (size_t i = 0; i < STYLES; i++) {
			formats[count++].members = json_member(pieces, styles[i].sorted);
			formats[count].unsorted = strcmp(styles[i].style, styles[i].sorted) != 0;
			formats[count++].members = json_member(pieces, styles[i].style);
		}
	}
	formats[count].members = NULL;
	return add_variants(pieces, context, DRVP_PIECE_DOCUMENT, formats, err);
}

static int fill_context(struct drvp_pieces *pieces, struct drvp_piece_context *context,
			size_t style, struct drv_error *err)
{
	int status = add_variants(pieces, context, DRVP_PIECE_PLAIN, plain_formats, err);

	if (status || !context->variant_count[DRVP_PIECE_PLAIN])
		return status;
	status = add_variants(pieces, context, DRVP_PIECE_TIME, time_formats, err);
	if (!status)
		status = add_variants(pieces, context, DRVP_PIECE_NUMBER, number_formats, err);
	if (!status)
		status = add_variants(pieces, context, DRVP_PIECE_BOOL, bool_formats, err);
	if (!status)
		status = add_variants(pieces, context, DRVP_PIECE_UUID, uuid_formats, err);
	if (!status)
		status = add_zones(pieces, context, err);
	if (!status)
		status = add_documents(pieces, context, style, err);
	return status;
}

/* ------------------------------------------------------------------ contexts */

static bool same_context(const struct drvp_sample *sample, const struct drvp_piece_context *a,
			 const struct drvp_piece_context *b)
{
	if (!a->style || !b->style || strcmp(a->comma, b->comma) || strcmp(a->colon, b->colon))
		return false;
	for (int class = 0; class < DRVP_PIECE_CLASSES; class++) {
		if (a->variant_count[class] != b->variant_count[class])
			return false;
		for (size_t i = 0; i < a->variant_count[class]; i++)
			if (!same_pieces(sample, a->variants[class][i].pieces,
					 b->variants[class][i].pieces))
				return false;
	}
	return true;
}

/* Keeps the context at the end, unless it writes the sample as an earlier one does. */
static void keep_context(struct drvp_pieces *pieces)
{
	const struct drvp_piece_context *last = &pieces->contexts[pieces->count];

	if (!last->variant_count[DRVP_PIECE_PLAIN])
		return;
	for (size_t i = 0; i < pieces->count; i++)
		if (same_context(pieces->sample, &pieces->contexts[i], last))
			return;
	pieces->count++;
}

int drvp_pieces_make(struct drvp_pieces *pieces, const struct drvp_sample *sample,
		     struct drv_error *err)
{
	int status = 0;

	*pieces = (struct drvp_pieces){ .sample = sample };
	pieces->contexts = drvp_arena_array(&pieces->arena, STYLES + 1, sizeof *pieces->contexts);
	if (!pieces->contexts)
		return drvp_fail_nomem(err);
	for (size_t i = 0; i <= STYLES && !status; i++) {
		struct drvp_piece_context *context = &pieces->contexts[pieces->count];

		memset(context, 0, sizeof *context);
		/* Text comes first: it has fewer choices than JSON, and is soon done with. */
		if (i > 0) {
			context->style = styles[i - 1].style;
			context->comma = styles[i - 1].spaced ? ", " : ",";
			context->colon = styles[i - 1].spaced ? ": " : ":";
		}
		status = fill_context(pieces, context, i > 0 ? i - 1 : 0, err);
		if (!status)
			keep_context(pieces);
	}
	return status;
}

void drvp_pieces_free(struct drvp_pieces *pieces)
{
	drvp_arena_free(&pieces->arena);
}
