/* custom.c: adds a check of the embedding program to a run */
#include <stdio.h>
#include <string.h>

#include "base/options.h"
#include "base/utf8.h"
#include "checks/custom.h"
#include "run/progress.h"
#include "run/run.h"

/* ------------------------------------------------------------------ what is refused */

static int check_code(const struct drv_check *check, const struct drv_check_code *code,
		      struct drv_error *err)
{
	if (!code->code || !code->meaning || !code->why || !code->next)
		return drvp_fail(err, DRV_E_USAGE, "a code of %s lacks one of its texts", check->check);
	if (!drvp_custom_is_name(code->code))
		return drvp_fail(err, DRV_E_USAGE, "the code \"%.60s\" has to begin with \""
				 DRVP_CUSTOM_PREFIX "\", and to consist of a-z, 0-9, _ and dots",
				 code->code);
	if (code->effect != DRV_WARN && code->effect != DRV_FAIL && code->effect != DRV_INCONCLUSIVE)
		return drvp_fail(err, DRV_E_USAGE, "the effect of %.60s has to be DRV_WARN, DRV_FAIL or "
				 "DRV_INCONCLUSIVE", code->code);
	return 0;
}

static int check_check(const struct drv_run *run, const struct drv_check *check,
		       struct drv_error *err)
{
	if (!check->check || !check->source || !check->fn)
		return drvp_fail(err, DRV_E_USAGE, "a check needs \"check\", \"source\" and \"fn\"");
	if (!drvp_custom_is_name(check->check))
		return drvp_fail(err, DRV_E_USAGE, "the check \"%.60s\" has to begin with \""
				 DRVP_CUSTOM_PREFIX "\", and to consist of a-z, 0-9, _ and dots",
				 check->check);
	if (check->priority < 0 || check->priority > DRVP_LEAST_PRIORITY)
		return drvp_fail(err, DRV_E_USAGE, "a priority is 1 (most important) to %d",
				 DRVP_LEAST_PRIORITY);
	if (check->name && (!*check->name || !drvp_utf8_valid(check->name, strlen(check->name))))
		return drvp_fail(err, DRV_E_USAGE, "the name of %s is no text", check->check);
	if (!drvp_baseline_source(run->baseline, check->source))
		return drvp_no_such_source(run->baseline, check->source, err);
	return 0;
}

/* ------------------------------------------------------------------ its codes */

/* Each may be shorter or longer than this version knows it; all are of one size. */
static int read_codes(struct drv_explanation *out, struct drvp_arena *arena,
		      const struct drv_check *check, struct drv_error *err)
{
	const char *at = (const char *)check->codes;

	for (size_t i = 0; i < check->code_count; i++, at += check->codes->struct_size) {
		struct drv_check_code code = DRV_CHECK_CODE_INIT;
		int status = drvp_options_read(&code, sizeof code, at, "the codes of a check", err);

		if (!status)
			status = check_code(check, &code, err);
		if (status)
			return status;
		out[i] = (struct drv_explanation){
			drvp_arena_copy(arena, code.code, strlen(code.code)), code.effect,
			drvp_arena_copy(arena, code.meaning, strlen(code.meaning)),
			drvp_arena_copy(arena, code.why, strlen(code.why)),
			drvp_arena_copy(arena, code.next, strlen(code.next)),
		};
		if (!out[i].code || !out[i].meaning || !out[i].why || !out[i].next)
			return drvp_fail_nomem(err);
	}
	return 0;
}

static int bind(struct drv_baseline *baseline, struct drvp_item *item,
		const struct drv_check *check, struct drv_error *err)
{
	struct drv_explanation *codes = drvp_arena_array(&baseline->arena, check->code_count + 1,
							 sizeof *codes);
	struct drvp_custom *custom = item->config;
	int status = codes ? read_codes(codes, &baseline->arena, check, err) : drvp_fail_nomem(err);

	if (status)
		return status;
	item->check = drvp_custom_check(&baseline->arena, check->check, codes);
	if (!item->check)
		return drvp_fail_nomem(err);
	*custom = (struct drvp_custom){ check->fn, check->user };
	if (check->priority)
		item->priority = check->priority;
	return 0;
}

/* ------------------------------------------------------------------ the document with it */

static struct drvp_item *find_item(const struct drv_baseline *baseline, const char *id)
{
	for (size_t i = 0; i < baseline->item_count; i++)
		if (!strcmp(baseline->items[i].id, id))
			return &baseline->items[i];
	return NULL;
}

/* What was added before, to items that stand in the same order. */
static void keep_earlier(struct drv_baseline *baseline, const struct drv_baseline *before)
{
	for (size_t i = 0; i < before->item_count; i++) {
		const struct drvp_custom *custom = before->items[i].config;

		if (!drvp_custom_is(before->items[i].check) || !custom->fn)
			continue;
		baseline->items[i].check = before->items[i].check;
		baseline->items[i].priority = before->items[i].priority;
		*(struct drvp_custom *)baseline->items[i].config = *custom;
	}
}

static int derive(struct drv_run *run, const struct drv_check *check, const char *id,
		  struct drv_error *err)
{
	char priority[12];
	const struct drvp_check_member members[] = {
		{ "check", check->check, false }, { "source", check->source, false },
		{ "name", check->name, false },
		{ "priority", check->priority ? priority : NULL, true }, { NULL, NULL, false },
	};
	const struct drvp_item *there = find_item(run->baseline, id);
	struct drv_baseline *derived;
	int status;

	if (there && ((const struct drvp_custom *)there->config)->fn)
		return drvp_fail(err, DRV_E_USAGE, "%.200s was added before; another one of its kind "
				 "needs a name", id);
	snprintf(priority, sizeof priority, "%d", (int)check->priority);
	status = drvp_baseline_derive(&derived, run->baseline, there ? NULL : members, err);
	if (status)
		return status;
	keep_earlier(derived, run->baseline);
	status = bind(derived, find_item(derived, id), check, err);
	if (status) {
		drv_baseline_free(&derived);
		return status;
	}
	drv_baseline_free(&run->baseline);
	run->baseline = derived;
	return 0;
}

int drv_run_add_check(struct drv_run *run, const struct drv_check *given, struct drv_error *error)
{
	struct drv_check check = DRV_CHECK_INIT;
	struct drvp_strbuf id = DRVP_STRBUF_INIT;
	int status = drvp_options_read(&check, sizeof check, given, "a check's members", error);

	if (!status)
		status = check_check(run, &check, error);
	if (status)
		return status;
	drvp_strbuf_printf(&id, "%s:%s%s%s", check.check, check.source, check.name ? ":" : "",
			   check.name ? check.name : "");
	status = id.failed ? drvp_fail_nomem(error) :
			     derive(run, &check, drvp_strbuf_text(&id), error);
	drvp_strbuf_free(&id);
	return status;
}
