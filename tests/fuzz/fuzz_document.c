/* fuzz_document.c: whatever a document holds, it is refused with a reason or can be used */

#include "base/strbuf.h"
#include "document/baseline.h"
#include "fuzz.h"

static int collect(const void *bytes, size_t len, void *user)
{
	drvp_strbuf_add(user, bytes, len);
	return 0;
}

static int no_difference(const struct drv_difference *difference, void *user)
{
	(void)user;
	fprintf(stderr, "%s %s: %s, %s\n", difference->id, difference->what, difference->before,
		difference->after);
	abort();
}

static void check_text(const struct drv_baseline *baseline)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;

	check(!drv_baseline_write(baseline, collect, &text, NULL));
	check(fuzz_is_plain(drvp_strbuf_text(&text), text.len, "\n"));
	drvp_strbuf_free(&text);
}

static void check_items(const struct drv_baseline *baseline)
{
	for (size_t i = 0; i < baseline->item_count; i++) {
		const struct drvp_item *item = &baseline->items[i];

		check(item->check && item->source && item->id && item->target_name);
		check(item->priority >= 1 && item->priority <= 9);
		for (size_t j = 0; j < i; j++)
			check(strcmp(item->id, baseline->items[j].id) != 0);
	}
}

/* A run over it is refused with a reason, or selects by the ids that the document has. */
static void check_run(const struct drv_baseline *baseline)
{
	struct drv_error err = DRV_ERROR_INIT;
	struct drv_run *run;
	int status = drv_run_new(&run, baseline, NULL, &err);

	check(!status == !!run);
	if (status) {
		fuzz_check_error(&err, status);
		return;
	}
	for (size_t i = 0; i < baseline->source_count; i++) {
		/* Its store may not be built in. */
		status = drv_run_source_uri(run, baseline->sources[i].name, "", NULL);
		check(!status || status == DRV_E_UNSUPPORTED);
	}
	if (baseline->item_count)
		check(!drv_run_only(run, "*", NULL));
	drv_run_free(&run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct drv_error err = DRV_ERROR_INIT;
	struct drv_baseline *baseline;
	int status = drv_baseline_parse(&baseline, size ? (const char *)data : "", size, "fuzz", &err);

	check(!status == !!baseline);
	if (status) {
		fuzz_check_error(&err, status);
		return 0;
	}
	check_items(baseline);
	check_text(baseline);
	check(!drv_baseline_compare(baseline, baseline, no_difference, NULL, NULL));
	check_run(baseline);
	drv_baseline_free(&baseline);
	return 0;
}
