/* try.c: tries one recipe on one row, and on the others when it fits */
#include <stdlib.h>
#include <string.h>

#include "propose/setup.h"

/* How often the clock is read. */
#define TRIES_A_LOOK 1024

/* After a recipe that fits only some rows, the search for a better one goes on for so long. */
#define SECOND_THOUGHTS (5 * DRVP_SECOND)

static void look_at_clock(struct drvp_setup *s)
{
	const struct drvp_propose *ask = s->search->ask;

	if (s->search->tried % TRIES_A_LOOK)
		return;
	if (drvp_monotonic() > s->deadline || (ask->cancelled && atomic_load(ask->cancelled))) {
		s->search->timed_out = true;
		s->done = true;
	}
}

static char *put(char *at, const struct drvp_setup *s, const struct drvp_setup_part *part)
{
	memcpy(at, s->bytes.data + part->at, part->len);
	return at + part->len;
}

static size_t put_message(struct drvp_setup *s, const uint8_t *order, size_t count)
{
	static const char open[] = { [DRVP_SHAPE_OBJECT] = '{', [DRVP_SHAPE_ARRAY] = '[' };
	static const char close[] = { [DRVP_SHAPE_OBJECT] = '}', [DRVP_SHAPE_ARRAY] = ']' };
	size_t comma = strlen(s->design.comma);
	char *at = put(s->message, s, &s->before), *parts = at;
	bool first = true;

	if (s->design.shape != DRVP_SHAPE_TEXT)
		*at++ = open[s->design.shape];
	for (size_t i = 0; i < count; i++) {
		const struct drvp_setup_part *part = &s->parts[order[i]];

		if (!part->present)
			continue;
		if (!first) {
			memcpy(at, s->design.comma, comma);
			at += comma;
		}
		first = false;
		at = put(at, s, part);
	}
	if (s->design.shape != DRVP_SHAPE_TEXT)
		*at++ = close[s->design.shape];
	if (s->design.inner_digest) {
		uint8_t digest[DRVP_DIGEST_MAX];
		struct drvp_strbuf hex = DRVP_STRBUF_INIT;

		if (drvp_digest(s->search->inner, parts, (size_t)(at - parts), digest))
			return 0;
		drvp_strbuf_hex(&hex, digest, drvp_digest_size(s->search->inner));
		at = parts;
		memcpy(at, drvp_strbuf_text(&hex), hex.len);
		at += hex.len;
		drvp_strbuf_free(&hex);
	}
	at = put(at, s, &s->after);
	return (size_t)(at - s->message);
}

size_t drvp_try_confirm(struct drvp_search *search, const struct drvp_design *design, bool settle)
{
	const struct drvp_sample *sample = search->sample;
	struct drvp_strbuf members = DRVP_STRBUF_INIT;
	struct drvp_attempt *attempt = NULL;
	uint8_t digest[DRVP_DIGEST_MAX];
	size_t count = 0;

	drvp_design_write(design, NULL, &members);
	if (!members.failed)
		drvp_attempt_new(&attempt, sample, members.data, NULL);
	for (size_t i = 0; attempt && i < sample->count; i++) {
		struct drvp_sample_row *row = &sample->rows[i];

		if (!drvp_row_is_open(row) || drvp_attempt_build(attempt, row, 0) ||
		    drvp_digest(design->digester, drvp_strbuf_text(&attempt->preimage->out),
				attempt->preimage->out.len, digest) ||
		    memcmp(digest, row->hash, sample->hash_size) != 0)
			continue;
		count++;
		row->settled = settle;
	}
	drvp_attempt_free(&attempt);
	drvp_strbuf_free(&members);
	return count;
}

size_t drvp_open_rows(const struct drvp_sample *sample)
{
	size_t count = 0;

	for (size_t i = 0; i < sample->count; i++)
		count += drvp_row_is_open(&sample->rows[i]);
	return count;
}

static void keep_if_better(struct drvp_setup *s, struct drvp_design *design)
{
	struct drvp_search *search = s->search;
	size_t agreeing;

	for (size_t i = 0; i < DRVP_DESIGN_COLUMNS; i++)
		design->nulls[i] = s->null;
	if (drvp_design_fit(design, search, s->probe) <= search->best_agrees)
		return;
	agreeing = drvp_try_confirm(search, design, false);
	if (agreeing <= search->best_agrees)
		return;
	search->best = *design;
	search->best_agrees = agreeing;
	s->done = agreeing == drvp_open_rows(search->sample);
}

/* The variant of that format in another context, or the first where it has none. */
static uint8_t same_format(const struct drvp_piece_context *context, int class,
			   const struct drvp_piece_format *format)
{
	for (size_t i = 0; i < context->variant_count[class]; i++)
		if (!strcmp(context->variants[class][i].format.members, format->members))
			return (uint8_t)i;
	return 0;
}

/* Every way of writing documents and numbers in a context, all else staying as it is. */
static void try_context(struct drvp_setup *s, const struct drvp_design *like,
			const struct drvp_piece_context *context)
{
	struct drvp_design design = *like;

	for (int class = 0; class < DRVP_PIECE_CLASSES; class++)
		design.variant[class] = same_format(context, class, &like->context->variants
						    [class][like->variant[class]].format);
	design.context = context;
	if (context->style)
		design.comma = context->comma;
	for (size_t i = 0; i < context->variant_count[DRVP_PIECE_DOCUMENT] && !s->done; i++)
		for (size_t j = 0; j < context->variant_count[DRVP_PIECE_NUMBER] && !s->done; j++) {
			struct drvp_design tried = design;

			tried.variant[DRVP_PIECE_DOCUMENT] = (uint8_t)i;
			tried.variant[DRVP_PIECE_NUMBER] = (uint8_t)j;
			keep_if_better(s, &tried);
		}
}

/* What gives the hash of one row gives others where a language's own habits show. */
static void found(struct drvp_setup *s, const uint8_t *order, size_t count)
{
	const struct drvp_pieces *pieces = s->search->pieces;
	struct drvp_design design = s->design;
	bool first = !s->search->best_agrees;

	memcpy(design.order, order, count);
	design.count = count;
	keep_if_better(s, &design);
	for (size_t i = 0; first && i < pieces->count && !s->done; i++)
		if (!pieces->contexts[i].style == !design.context->style)
			try_context(s, &design, &pieces->contexts[i]);
	if (first && s->search->best_agrees && s->deadline > drvp_monotonic() + SECOND_THOUGHTS)
		s->deadline = drvp_monotonic() + SECOND_THOUGHTS;
}

void drvp_try_order(struct drvp_setup *s, const uint8_t *order, size_t count)
{
	uint8_t digest[DRVP_DIGEST_MAX];
	size_t len = put_message(s, order, count);

	s->search->tried++;
	look_at_clock(s);
	if (drvp_digest(s->design.digester, s->message, len, digest))
		s->status = DRV_E_INTERNAL;
	else if (!memcmp(digest, s->probe->hash, s->search->sample->hash_size))
		found(s, order, count);
	s->done = s->done || s->status;
}
