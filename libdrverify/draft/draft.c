/* draft.c: the public function that drafts a document from what the sources of a run hold */
#include "draft/draft.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_CHAIN_BUDGET (20 * DRVP_SECOND)

/* As for the options of a run: what is longer than we know has to be empty. */
static int read_options(struct drv_draft_options *out, const struct drv_draft_options *given,
			struct drv_error *err)
{
	const unsigned char *bytes = (const unsigned char *)given;

	if (!given)
		return 0;
	if (given->struct_size < sizeof given->struct_size)
		return drvp_fail(err, DRV_E_USAGE, "struct_size of the options is not set");
	for (size_t i = sizeof *out; i < given->struct_size; i++)
		if (bytes[i])
			return drvp_fail(err, DRV_E_USAGE,
					 "the options ask for something that this version lacks");
	memcpy(out, given, given->struct_size < sizeof *out ? given->struct_size : sizeof *out);
	return 0;
}

static int look(struct drvp_draft *draft, struct drv_run *run, size_t index,
		const struct drv_draft_options *options, struct drv_error *err)
{
	struct drv_error why = DRV_ERROR_INIT;
	int status;

	draft->run = run;
	draft->source = &run->baseline->sources[index];
	draft->column_zone = options->column_zone;
	draft->chain_budget = options->chain_budget_ms ?
		options->chain_budget_ms * INT64_C(1000) : DEFAULT_CHAIN_BUDGET;
	draft->address = drvp_run_address(run, draft->source);
	status = drvp_draft_look(draft, &why);
	return status ? drvp_fail(err, status, "source \"%.60s\": %s", draft->source->name,
				  drvp_error_text(&why)) : 0;
}

/* Laid out as a person would, and as every other document that is written. */
static int lay_out(struct drvp_strbuf *out, const struct drvp_strbuf *text, struct drv_error *err)
{
	static const struct drvp_json_limits limits = { (size_t)64 << 20, 64, 0 };
	struct drvp_json_writer writer = { .out = out };
	struct drvp_arena arena = { 0 };
	struct drvp_json *root = NULL;
	int status = text->failed ? drvp_fail_nomem(err) : 0;

	if (!status)
		status = drvp_json_parse(&root, &arena, text->data, text->len, &limits, err);
	if (!status) {
		drvp_json_put_value(&writer, NULL, root);
		drvp_strbuf_char(out, '\n');
		status = out->failed ? drvp_fail_nomem(err) : 0;
	}
	drvp_arena_free(&arena);
	return status;
}

/* A draft that could not be read back would be a mistake of ours. */
static int check(const struct drvp_strbuf *text, struct drv_error *err)
{
	struct drv_error why = DRV_ERROR_INIT;
	struct drv_baseline *baseline;
	int status = drv_baseline_parse(&baseline, text->data, text->len, "draft", &why);

	drv_baseline_free(&baseline);
	if (status == DRV_E_DOCUMENT)
		return drvp_fail(err, DRV_E_INTERNAL, "the draft is no document: %s", why.message);
	return status ? drvp_fail(err, status, "%s", drvp_error_text(&why)) : 0;
}

static int deliver(const struct drvp_draft *drafts, size_t count, drv_write_fn fn, void *user,
		   struct drv_error *err)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT, out = DRVP_STRBUF_INIT;
	int status;

	drvp_draft_write(&text, drafts, count);
	status = lay_out(&out, &text, err);
	if (!status)
		status = check(&out, err);
	if (!status && fn(out.data, out.len, user))
		status = drvp_fail(err, DRV_E_IO, "writing the document failed");
	drvp_strbuf_free(&text);
	drvp_strbuf_free(&out);
	return status;
}

int drv_run_draft(struct drv_run *run, const struct drv_draft_options *given, drv_write_fn fn,
		  void *user, struct drv_error *error)
{
	struct drv_draft_options options = DRV_DRAFT_OPTIONS_INIT;
	size_t count = run->baseline->source_count;
	struct drvp_draft *drafts;
	int status = read_options(&options, given, error);

	if (status)
		return status;
	drafts = calloc(count + 1, sizeof *drafts);
	if (!drafts)
		return drvp_fail_nomem(error);
	run->limits.until = run->budget ? drvp_monotonic() + run->budget : 0;
	for (size_t i = 0; i < count && !status; i++)
		status = look(&drafts[i], run, i, &options, error);
	if (!status)
		status = deliver(drafts, count, fn, user, error);
	for (size_t i = 0; i < count; i++)
		drvp_draft_close(&drafts[i]);
	free(drafts);
	return status;
}
