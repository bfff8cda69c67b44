/* freshness.c: the newest row is not older than the recovery point objective allows */
#include <stddef.h>

#include "checks/check.h"
#include "document/condition.h"

struct freshness_expect {
	struct drvp_number newest;
};

struct freshness {
	const char *column;
	const char *column_zone;
	struct drvp_conditions where;
	struct drvp_number max_loss;
	struct drvp_number clock_skew;
	struct freshness_expect expect;
};

/* Counter. */
enum { ZONE_NEEDED };

static const struct drvp_field expect_fields[] = {
	{ .name = "newest", .kind = DRVP_FIELD_TIME,
	  .offset = offsetof(struct freshness_expect, newest),
	  .help = "Written by capture: the newest row of the captured moment." },
	{ 0 }
};

static const struct drvp_field fields[] = {
	{ .name = "column", .kind = DRVP_FIELD_COLUMN, .flags = DRVP_REQUIRED,
	  .offset = offsetof(struct freshness, column),
	  .help = "The column or path that tells when a row was written." },
	{ .name = "column_zone", .kind = DRVP_FIELD_TEXT,
	  .offset = offsetof(struct freshness, column_zone),
	  .help = "For a column without time zone: the zone of the clock that wrote it, such as "
		  "\"Asia/Seoul\"." },
	{ .name = "where", .kind = DRVP_FIELD_CUSTOM, .read = drvp_conditions_read,
	  .schema = "where", .offset = offsetof(struct freshness, where),
	  .help = "Looks only at these rows." },
	{ .name = "max_loss", .kind = DRVP_FIELD_DURATION,
	  .offset = offsetof(struct freshness, max_loss),
	  .help = "How much older than the incident or restore point the newest row may be; the "
		  "document's rpo when absent." },
	{ .name = "clock_skew", .kind = DRVP_FIELD_DURATION,
	  .offset = offsetof(struct freshness, clock_skew),
	  .help = "How far ahead of the server's clock the writers' clocks may be; 0 when absent." },
	{ .name = "expect", .kind = DRVP_FIELD_OBJECT, .fields = expect_fields,
	  .offset = offsetof(struct freshness, expect), .help = "What the capture saw." },
	{ 0 }
};

static const struct drv_explanation codes[] = {
	{ "freshness.stale", DRV_FAIL,
	  "The newest row is older than the recovery point objective allows: data is lost.",
	  "The restore ended early, for want of WAL or oplog, or an older backup was taken.",
	  "Look for later WAL or a newer backup before going live; tell the owner what is lost." },
	{ "freshness.empty", DRV_FAIL, "No row has a time, so everything may be lost.",
	  "The table came back empty, or only its structure was restored.",
	  "Count the table (row_count); read the restore log for the first error." },
	{ "freshness.future", DRV_INCONCLUSIVE,
	  "The newest row lies in the future, so its age says nothing.",
	  "The zone stated for the column is not the one the application wrote in, or a clock was "
	  "wrong.",
	  "Compare max(column) with the wall clock; mend \"column_zone\" or look at the row." },
	{ "freshness.after_restore_point", DRV_WARN,
	  "The newest row was written after the restore point.",
	  "The application already writes, the restore went further than stated, or \"column_zone\" is "
	  "not the zone that the application wrote in.",
	  "Stop writers until the verdict is in; compare max(column) with the restore point." },
	{ "freshness.zone_needed", DRV_INCONCLUSIVE,
	  "The column has no time zone, so it is not known which moment it means.",
	  "The application stores its local wall clock.",
	  "State \"column_zone\", such as \"Asia/Seoul\" or \"UTC\"." },
	{ "freshness.no_reference", DRV_INCONCLUSIVE,
	  "It is not known when data was lost or which moment was restored, so the loss cannot be "
	  "told.",
	  "A hand-written document has no capture time to compare with.",
	  "Say when: --incident-at TIME or --restored-to TIME." },
	{ NULL, 0, NULL, NULL, NULL }
};

static void columns(const struct drvp_item *item, const struct drvp_settings *settings,
		    void (*visit)(const char *column, void *user), void *user)
{
	const struct freshness *config = item->config;

	(void)settings;
	visit(config->column, user);
	for (size_t i = 0; i < config->where.count; i++)
		visit(config->where.list[i].column, user);
}

static bool zone_needed(const struct freshness *config, const struct drvp_relation *relation)
{
	const struct drvp_column *column = drvp_relation_column(relation, config->column);

	return !config->column_zone && column &&
	       (column->kind == DRVP_LOCAL_TIME || column->kind == DRVP_DATE);
}

static int measure(const struct drvp_measure *m, struct drv_error *err)
{
	const struct freshness *config = m->item->config;
	struct drvp_selection rows = { config->where.list, config->where.count, NULL };

	if (zone_needed(config, m->relation)) {
		m->tally->counters[ZONE_NEEDED].count = 1;
		return 0;
	}
	return m->session->store->newest(m->session, m->relation, &rows, config->column,
					 config->column_zone, &m->tally->newest,
					 &m->tally->newest_set, &m->tally->rows, err);
}

/*
 * What the loss is counted from. The incident comes first: it is what the objective speaks of. A
 * recorded newest row is better than a bare time, since a table may rest for hours without loss;
 * but only for the captured moment, or on the captured server itself, which nobody restored.
 */
static bool find_reference(const struct freshness *config, const struct drvp_circumstances *c,
			   int64_t *reference, const char **what)
{
	bool recorded = c->captured && config->expect.newest.set;
	bool kept = c->lineage->relation == DRVP_LINEAGE_SAME || c->lineage->live;

	if (c->incident_at.set) {
		*reference = c->incident_at.value;
		*what = "the incident";
	} else if (recorded && kept) {
		*reference = config->expect.newest.value;
		*what = "the baseline's newest";
	} else if (c->restored_to.set) {
		*reference = c->restored_to.value;
		*what = "the restore point";
	} else {
		return false;
	}
	return true;
}

static void judge_loss(const struct freshness *config, int64_t newest,
		       const struct drvp_circumstances *c, struct drvp_verdict *out)
{
	struct drvp_number most = config->max_loss.set ? config->max_loss : c->objectives.rpo;
	const char *what = "";
	int64_t reference = 0, loss;

	if (!most.set) {
		drvp_find(out, "check.no_expectation", 0, NULL, "newest %s; state \"max_loss\", or "
			  "\"rpo\" under \"objectives\"", drvp_time_text(out, newest));
		return;
	}

	if (!find_reference(config, c, &reference, &what)) {
		drvp_find(out, "freshness.no_reference", 0, NULL,
			  "newest %s; say when data was lost: --incident-at or --restored-to",
			  drvp_time_text(out, newest));
		return;
	}
	loss = reference > newest ? reference - newest : 0;
	drvp_figures(out)->loss = (struct drvp_number){ true, loss };
	drvp_figures(out)->most_loss = most;
	if (c->restored_to.set && c->lineage->relation != DRVP_LINEAGE_SAME &&
	    newest > c->restored_to.value + config->clock_skew.value)
		drvp_find(out, "freshness.after_restore_point", 0, NULL,
			  "newest row is %s younger than the restore point",
			  drvp_duration_text(out, newest - c->restored_to.value));
	if (loss)
		drvp_summarise(out, "newest %s, %s before %s (allowed %s)",
			       drvp_time_text(out, newest), drvp_duration_text(out, loss), what,
			       drvp_duration_text(out, most.value));
	else
		drvp_summarise(out, "newest %s, not before %s", drvp_time_text(out, newest), what);
	if (loss > most.value)
		drvp_find(out, "freshness.stale", 0, NULL,
			  "newest row is %s older than %s; allowed are %s",
			  drvp_duration_text(out, loss), what,
			  drvp_duration_text(out, most.value));
}

static void tell_zone(const struct freshness *config, struct drvp_verdict *out)
{
	drvp_verdict_undecided(out, "freshness.zone_needed", "",
			       "%s has no time zone; state its \"column_zone\"", config->column);
}

static void judge(const struct drvp_item *item, const struct drvp_tally *tally,
		  const struct drvp_circumstances *c, struct drvp_verdict *out)
{
	const struct freshness *config = item->config;

	if (tally->counters[ZONE_NEEDED].count) {
		tell_zone(config, out);
		return;
	}
	if (!tally->newest_set || tally->newest == DRVP_TIME_MINUS_INFINITY) {
		drvp_find(out, "freshness.empty", 0, NULL, "no row has a %s", config->column);
		drvp_summarise(out, "no row has a %s", config->column);
		return;
	}
	if (tally->newest == DRVP_TIME_INFINITY) {
		drvp_find(out, "freshness.future", 0, NULL, "newest %s is infinity", config->column);
		drvp_summarise(out, "newest %s is infinity", config->column);
		return;
	}
	drvp_summarise(out, "newest %s", drvp_time_text(out, tally->newest));
	if (tally->newest > c->identity->server_now + config->clock_skew.value)
		drvp_find(out, "freshness.future", 0, NULL, "newest row is %s ahead of the server's clock",
			  drvp_duration_text(out, tally->newest - c->identity->server_now));
	else if (!c->settings->capture)
		judge_loss(config, tally->newest, c, out);
}

static void foresee(const struct drvp_item *item, const struct drvp_tally *tally,
		    const struct drvp_circumstances *c, struct drvp_verdict *out)
{
	const struct freshness *config = item->config;
	const char *what;
	int64_t reference;

	(void)tally;
	if (zone_needed(config, c->relation))
		tell_zone(config, out);
	else if (c->settings->capture)
		return;
	else if (!config->max_loss.set && !c->objectives.rpo.set)
		drvp_find(out, "check.no_expectation", 0, NULL, "state \"max_loss\", or \"rpo\" under "
			  "\"objectives\"");
	else if (!find_reference(config, c, &reference, &what))
		drvp_find(out, "freshness.no_reference", 0, NULL,
			  "say when data was lost: --incident-at or --restored-to");
}

static void record(const struct drvp_item *item, const struct drvp_tally *tally,
		   struct drvp_json_writer *writer)
{
	struct drvp_strbuf newest = DRVP_STRBUF_INIT;

	(void)item;
	if (!tally->newest_set || tally->newest == DRVP_TIME_INFINITY ||
	    tally->newest == DRVP_TIME_MINUS_INFINITY)
		return;
	drvp_instant_print(&newest, tally->newest);
	writer->out->failed |= newest.failed;
	drvp_json_open_object(writer, "expect", true);
	drvp_json_put_text(writer, "newest", drvp_strbuf_text(&newest));
	drvp_json_close_object(writer);
	drvp_strbuf_free(&newest);
}

const struct drvp_check drvp_check_freshness = {
	.name = "freshness",
	.help = "Compares the newest row with the incident, the restore point or the baseline.",
	.stores = DRVP_ON_BOTH,
	.shape = DRVP_ONE_UNIT,
	.cost = 1,
	.subject = "column",
	.config_size = sizeof(struct freshness),
	.fields = fields,
	.codes = codes,
	.columns = columns,
	.measure = measure,
	.judge = judge,
	.foresee = foresee,
	.record = record,
};
