/* rehearse.c: what a run that reads nothing says of its sources and checks */
#include "run/rehearse.h"

#include <string.h>

#include "run/forecast.h"

static void note(const char *code, const char *message, const char *statement, void *user)
{
	struct drvp_verdict *verdict = user;

	drvp_find(verdict, code, 0, NULL, "%s", message);
	drvp_verdict_statement(verdict, statement);
}

/* "host:port/database", where a host that is a path is a socket of this machine. */
static bool is_this_machine(const char *address)
{
	static const char *const starts[] = { "/", "@", "localhost:", "localhost/", "127.", "[::1]", "::1" };

	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
		if (!strncmp(address, starts[i], strlen(starts[i])))
			return true;
	return false;
}

static bool has_connection_check(const struct drvp_plan *plan)
{
	for (size_t i = 0; i < plan->task_count; i++)
		if (plan->tasks[i].item->check == &drvp_check_connection)
			return true;
	return false;
}

/* Rights that show which moment came back matter where that is still the question. */
static bool asks_for_moment(const struct drv_run *run, const struct drvp_source_report *source)
{
	return !run->settings.capture && run->baseline->captured_at.set &&
	       source->lineage.relation == DRVP_LINEAGE_UNKNOWN;
}

void drvp_rehearse_source(struct drvp_plan *plan, const struct drv_run *run,
			  const struct drvp_source_report *source, struct drvp_session *session)
{
	const struct drvp_identity *identity = &source->identity;
	struct drvp_verdict *first = plan->tasks[0].verdict;
	struct drv_error err = DRV_ERROR_INIT;
	const struct drvp_prospect prospect = {
		.seconds = drvp_forecast(plan, run, session),
		.moment = asks_for_moment(run, source),
		.connections = first->result.connections,
	};

	/* Findings make it worse. */
	first->result.verdict = DRV_PASS;
	if (!identity->tls && !identity->tls_unknown && !is_this_machine(identity->address))
		note("source.no_tls", "the connection is not encrypted", "", first);
	if (!has_connection_check(plan))
		for (size_t i = 0; i < identity->warning_count; i++)
			note("connection.setting", identity->warnings[i], "", first);
	if (session->lost || !session->store->advise ||
	    !session->store->advise(session, identity, &prospect, note, first, &err))
		return;
	note("check.internal", drvp_error_text(&err), "", first);
}

static void settle(struct drvp_verdict *verdict)
{
	drvp_summarise(verdict, "%s", verdict->result.verdict == DRV_PASS ?
			       "nothing is in the way" : "see its findings");
	if (verdict->result.verdict == DRV_FAIL)
		verdict->result.verdict = DRV_INCONCLUSIVE;
}

void drvp_rehearse_settle(struct drvp_plan *plan, const struct drv_run *run)
{
	drvp_forecast_judge(plan, run);
	for (size_t i = 0; i < plan->task_count; i++)
		settle(plan->tasks[i].verdict);
}
