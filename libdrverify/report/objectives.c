/* objectives.c: how long the recovery has taken, against how long it may take */
#include "report/report.h"

static bool is_judged(const struct drv_report *report)
{
	return report->baseline->objectives.rto.set && report->incident_at.set && !report->capture;
}

/* By this machine's clock, when the verdict is known: that is how long somebody has waited for it. */
static int64_t since_incident(const struct drv_report *report)
{
	return report->finished_at - report->incident_at.value;
}

void drvp_objectives_text(const struct drv_report *report, struct drvp_strbuf *out)
{
	int64_t allowed = report->baseline->objectives.rto.value, elapsed = since_incident(report);

	if (!is_judged(report))
		return;
	drvp_duration_print(out, allowed);
	if (elapsed < 0) {
		drvp_strbuf_str(out, ": the incident lies ahead of this machine's clock");
		return;
	}
	drvp_strbuf_str(out, ": ");
	drvp_duration_print(out, elapsed);
	drvp_strbuf_str(out, " since the incident, ");
	drvp_strbuf_str(out, elapsed > allowed ? "exceeded by " : "");
	drvp_duration_print(out, elapsed > allowed ? elapsed - allowed : allowed - elapsed);
	drvp_strbuf_str(out, elapsed > allowed ? "" : " left");
}

void drvp_objectives_json(const struct drv_report *report, struct drvp_json_writer *writer)
{
	int64_t allowed = report->baseline->objectives.rto.value, elapsed = since_incident(report);

	if (!is_judged(report))
		return;
	drvp_json_open_object(writer, "rto", true);
	drvp_json_put_fixed(writer, "allowed_seconds", allowed / 1000);
	drvp_json_put_fixed(writer, "elapsed_seconds", elapsed / 1000);
	if (elapsed >= 0)
		drvp_json_put_bool(writer, "met", elapsed <= allowed);
	drvp_json_close_object(writer);
}
