/* forecast.c: what reading a source will take, before anything is read, and whether that fits */
#include "run/forecast.h"

/*
 * A guess where no earlier run is known: a connection to a busy server, over a link that others use
 * too. What a server counts by itself goes DRVP_COUNTING times as fast.
 */
#define ROWS_PER_SECOND 200000.0
#define BYTES_PER_SECOND 50e6

/* Longer than anybody waits: a document, or a catalogue, may claim anything. */
#define LONGEST 1e9

static double bounded(double seconds)
{
	return seconds < LONGEST ? seconds : LONGEST;
}

static double greater(double a, double b)
{
	return a > b ? a : b;
}

static uint32_t lesser(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* ------------------------------------------------------------------ one check */

/* In seconds, on one connection. */
struct cost {
	double reading;              /* all of its rows */
	double counting;             /* … by the server, in one piece */
};

static struct cost guess(const struct drv_result *result, bool streamed)
{
	double rows = (double)result->estimated_rows;
	struct cost cost = { 0, rows / ROWS_PER_SECOND / DRVP_COUNTING };

	if (streamed)
		cost.reading = greater(rows / ROWS_PER_SECOND,
				       (double)result->estimated_bytes / BYTES_PER_SECOND);
	return cost;
}

/* As long a row as it took the run that wrote the document; below 0: it does not tell. */
static double earlier(const struct drvp_task *task)
{
	const struct drvp_json *result = drvp_json_member(task->item->node, "result");
	struct drvp_number seconds = drvp_report_number(result, "seconds", DRVP_SECOND);
	struct drvp_number rows = drvp_report_number(result, "rows", 1);
	double took = (double)seconds.value / (double)DRVP_SECOND;

	if (!seconds.set || !rows.set || !rows.value)
		return -1;
	return task->estimated ? took / (double)rows.value * (double)task->estimate : took;
}

/* Not sooner than its rows may come. */
static double at_rate(const struct drv_run *run, const struct drv_result *result)
{
	double seconds = 0;

	if (run->rows_per_second)
		seconds = (double)result->estimated_rows / (double)run->rows_per_second;
	if (run->bytes_per_second)
		seconds = greater(seconds, (double)result->estimated_bytes /
					   (double)run->bytes_per_second);
	return seconds * lesser(result->pieces, result->connections);
}

static void size_up(const struct drvp_task *task, struct drvp_session *session,
		    struct drv_result *result)
{
	const struct drvp_store *store = session->store;

	result->estimated_rows = task->estimated ? task->estimate : 0;
	if (task->estimated && store->size && !session->lost)
		store->size(session, task->relation, &result->estimated_bytes, NULL);
}

static void take_time(const struct drvp_task *task, const struct drv_run *run,
		      const struct drvp_store *store, struct drv_result *result, double *longest)
{
	bool streamed = drvp_task_is_streamed(task);
	struct cost cost = guess(result, streamed);
	double all = cost.reading + cost.counting, known = earlier(task);
	/* Where the store confirms nothing, one piece is the count. */
	uint32_t ranges = result->pieces - !store->confirm;
	double piece = streamed ? cost.reading / ranges : 0;

	*longest = greater(piece, cost.counting);
	result->estimated_seconds = known >= 0 ? known : all;
	if (task->item->check->shape != DRVP_WHOLE_SOURCE && !task->estimated && known < 0)
		result->estimated_seconds = -1;
	else if (known >= 0 && all > 0)
		*longest *= known / all;
	*longest = bounded(*longest);
	if (streamed && result->estimated_seconds >= 0)
		result->estimated_seconds = greater(result->estimated_seconds,
						    at_rate(run, result));
	result->estimated_seconds = bounded(result->estimated_seconds);
}

/* ------------------------------------------------------------------ one source */

static bool is_begun(const struct drvp_task *task)
{
	return task->begun && !task->error.status;
}

static uint32_t plan_connections(const struct drvp_plan *plan, const struct drv_run *run,
				 const struct drvp_session *session)
{
	uint32_t pieces = 0;

	for (size_t i = 0; i < plan->task_count; i++)
		pieces += plan->tasks[i].verdict->result.pieces;
	return session->alone ? lesser(1, pieces) : lesser(run->jobs, pieces);
}

/* When the check that comes last may be done: nothing is shared out better than piece by piece. */
static double done_by(const struct drvp_plan *plan, size_t count)
{
	double sum = 0, longest = 0;

	for (size_t i = 0; i < count; i++) {
		const struct drv_result *result = &plan->tasks[i].verdict->result;

		if (!result->position)
			continue;
		if (result->estimated_seconds < 0)
			return -1;
		sum += result->estimated_seconds / result->connections;
		longest = greater(longest, result->estimated_seconds /
					   lesser(result->pieces, result->connections));
	}
	return bounded(greater(sum, longest));
}

double drvp_forecast(struct drvp_plan *plan, const struct drv_run *run,
		     struct drvp_session *session)
{
	uint32_t position = 0, connections;

	for (size_t i = 0; i < plan->task_count; i++) {
		struct drvp_task *task = &plan->tasks[i];

		if (is_begun(task))
			task->verdict->result.pieces = drvp_task_pieces(task, session, run->jobs);
	}
	connections = plan_connections(plan, run, session);
	for (size_t i = 0; i < plan->task_count; i++) {
		struct drvp_task *task = &plan->tasks[i];
		struct drv_result *result = &task->verdict->result;

		if (!result->pieces)
			continue;
		result->position = ++position;
		result->connections = connections;
		result->streamed = drvp_task_is_streamed(task);
		size_up(task, session, result);
		take_time(task, run, session->store, result, &task->longest);
	}
	return done_by(plan, plan->task_count);
}

/* ------------------------------------------------------------------ what does not fit */

static const char *text(struct drvp_verdict *verdict, double seconds)
{
	return drvp_duration_text(verdict, (int64_t)(seconds * (double)DRVP_SECOND));
}

static void judge_budget(struct drvp_plan *plan, const struct drv_run *run)
{
	double budget = (double)run->budget / (double)DRVP_SECOND;

	for (size_t i = 0; i < plan->task_count && run->budget; i++) {
		struct drvp_verdict *verdict = plan->tasks[i].verdict;
		double seconds = done_by(plan, i + 1);

		if (verdict->result.position && seconds > budget)
			drvp_find(verdict, "forecast.budget", 0, NULL,
				  "it may be done after %s, which is longer than the budget of %s",
				  text(verdict, seconds), drvp_duration_text(verdict, run->budget));
	}
}

static void judge_limit(struct drvp_plan *plan, const struct drv_run *run)
{
	double limit = (double)run->limits.work / (double)DRVP_SECOND;

	for (size_t i = 0; i < plan->task_count; i++) {
		struct drvp_verdict *verdict = plan->tasks[i].verdict;

		if (verdict->result.position && plan->tasks[i].longest > limit)
			drvp_find(verdict, "forecast.timeout", 0, NULL,
				  "one piece of it may take %s, which is longer than the time limit "
				  "of %s", text(verdict, plan->tasks[i].longest),
				  drvp_duration_text(verdict, run->limits.work));
	}
}

/* With the first check that is read. */
static void judge_rto(struct drvp_plan *plan, const struct drv_run *run)
{
	struct drvp_number rto = run->baseline->objectives.rto;
	int64_t gone = run->incident_at.set ? drvp_now() - run->incident_at.value : 0;
	double seconds = done_by(plan, plan->task_count);
	struct drvp_verdict *verdict = plan->tasks[0].verdict;

	if (rto.set && rto.value <= gone)
		drvp_find(verdict, "forecast.rto", 0, NULL, "the RTO of %s is over already",
			  drvp_duration_text(verdict, rto.value));
	else if (rto.set && (double)(rto.value - gone) / (double)DRVP_SECOND < seconds)
		drvp_find(verdict, "forecast.rto", 0, NULL,
			  "reading may take %s, and the RTO of %s leaves %s for it",
			  text(verdict, seconds), drvp_duration_text(verdict, rto.value),
			  drvp_duration_text(verdict, rto.value - gone));
}

void drvp_forecast_judge(struct drvp_plan *plan, const struct drv_run *run)
{
	judge_budget(plan, run);
	judge_limit(plan, run);
	judge_rto(plan, run);
}
