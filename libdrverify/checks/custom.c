/* custom.c: a check of the program that embeds the library: its callback measures, this judges */
#include "checks/custom.h"

#include <stdlib.h>
#include <string.h>

static const struct drvp_field fields[] = { { 0 } };

static void free_finding(struct drvp_custom_finding *finding)
{
	for (size_t i = 0; i < finding->row_count; i++) {
		free(finding->rows[i].place);
		free(finding->rows[i].key);
	}
	free(finding->message);
	free(finding);
}

static void release(void *own)
{
	struct drvp_custom_tally *told = own;
	struct drvp_custom_finding *next;

	for (struct drvp_custom_finding *at = told->first; at; at = next) {
		next = at->next;
		free_finding(at);
	}
	free(told->summary);
	*told = (struct drvp_custom_tally){ 0 };
}

/* There is one unit, so one of the two is empty. */
static void merge(void *into, void *other)
{
	struct drvp_custom_tally *to = into, *from = other;

	if (!from->answers && !from->first && !from->summary)
		return;
	release(to);
	*to = *from;
	*from = (struct drvp_custom_tally){ 0 };
}

static const struct drvp_tally_kind tally_kind = { sizeof(struct drvp_custom_tally), merge, release };

static bool ready(const struct drvp_item *item, const struct drvp_settings *settings)
{
	(void)settings;
	return ((const struct drvp_custom *)item->config)->fn;
}

/* What a callback returns is only as good as the callback. */
static int gave_up(int status, const struct drv_error *why, struct drv_error *err)
{
	if (status > 0 || status < DRV_E_UNTRUSTED)
		status = DRV_E_USAGE;
	drvp_fail(err, status, "%.900s", why->message[0] ? why->message : "the check gave up");
	if (err)
		memcpy(err->sqlstate, why->sqlstate, sizeof err->sqlstate);
	return status;
}

static int measure(const struct drvp_measure *m, struct drv_error *err)
{
	const struct drvp_custom *custom = m->item->config;
	struct drv_session session = { .m = m, .told = m->tally->own, .failed = DRV_ERROR_INIT };
	struct drv_error why = DRV_ERROR_INIT;
	int status;

	/* Nobody but the callback knows what it would ask. */
	if (m->session->rehearsal)
		return 0;
	status = custom->fn(&session, custom->user, &why);
	drvp_arena_free(&session.arena);
	if (status)
		return gave_up(status, why.message[0] ? &why : &session.failed, err);
	/* Whatever the callback made of a question that failed: it has not seen what it asked for. */
	return session.failed.status ? gave_up(session.failed.status, &session.failed, err) : 0;
}

static void judge_nothing(struct drvp_verdict *out, const char *why)
{
	drvp_verdict_undecided(out, "check.judged_nothing", "", "%s", why);
}

static void judge(const struct drvp_item *item, const struct drvp_tally *tally,
		  const struct drvp_circumstances *c, struct drvp_verdict *out)
{
	const struct drvp_custom_tally *told = tally->own;

	(void)c;
	if (!ready(item, NULL)) {
		drvp_verdict_undecided(out, "check.foreign", "", "%s is a check of the program that made "
				       "it; this one cannot do it", item->check->name);
		return;
	}
	if (told->summary)
		drvp_summarise(out, "%s", told->summary);
	else if (told->first)
		drvp_summarise(out, "%s", told->first->message);
	for (const struct drvp_custom_finding *at = told->first; at; at = at->next)
		drvp_find_rows(out, at->code, at->count, at->rows, at->row_count, "%s", at->message);
	if (told->first)
		return;
	if (!told->answers)
		judge_nothing(out, "the check ended without an answer from the source");
	else if (!told->summary)
		judge_nothing(out, "the check neither found anything nor said what it saw");
}

static void foresee(const struct drvp_item *item, const struct drvp_tally *tally,
		    const struct drvp_circumstances *c, struct drvp_verdict *out)
{
	if (!ready(item, NULL))
		judge(item, tally, c, out);
}

const struct drvp_check drvp_check_custom = {
	.name = "x.*",
	.help = "A check of the program that embeds the library; the library alone cannot decide it.",
	.stores = DRVP_ON_BOTH,
	.shape = DRVP_WHOLE_SOURCE,
	.cost = 1,
	.config_size = sizeof(struct drvp_custom),
	.tally = &tally_kind,
	.fields = fields,
	.stands = true,
	.ready = ready,
	.measure = measure,
	.judge = judge,
	.foresee = foresee,
};

bool drvp_custom_is_name(const char *name)
{
	size_t len = strlen(DRVP_CUSTOM_PREFIX);

	return !strncmp(name, DRVP_CUSTOM_PREFIX, len) && name[len] &&
	       !name[len + strspn(name + len, "abcdefghijklmnopqrstuvwxyz0123456789_.")];
}

const struct drvp_check *drvp_custom_check(struct drvp_arena *arena, const char *name,
					   const struct drv_explanation *codes)
{
	static const struct drv_explanation none[] = { { NULL, 0, NULL, NULL, NULL } };
	struct drvp_check *check = drvp_arena_alloc(arena, sizeof *check);

	if (!check)
		return NULL;
	*check = drvp_check_custom;
	check->codes = codes ? codes : none;
	check->name = drvp_arena_copy(arena, name, strlen(name));
	return check->name ? check : NULL;
}

bool drvp_custom_is(const struct drvp_check *check)
{
	return check->judge == judge;
}
