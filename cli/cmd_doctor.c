/* cmd_doctor.c: drverify doctor --baseline FILE */
#include <stdio.h>

#include "command.h"
#include "drverify.h"
#include "rehearsal.h"
#include "run.h"

static void print_report(const struct drv_report *report, const struct drv_baseline *baseline,
			 const struct options *options)
{
	const struct drv_result *result;

	for (size_t i = 0; (result = drv_report_result(report, i)); i++)
		if (!options->quiet || result->verdict == DRV_INCONCLUSIVE ||
		    result->verdict == DRV_WARN)
			rehearsal_print_result(result, "");
	rehearsal_print_statements(report, baseline);
	if (options->quiet && !drv_report_exit_status(report))
		return;
	putchar('\n');
	rehearsal_print_counts(report);
}

int cmd_doctor(const struct options *options)
{
	struct drv_baseline *baseline = NULL;
	struct drv_report *report = NULL;
	struct drv_run *run = NULL;
	int status = EXIT_UNDECIDED;

	if (!run_prepare(&run, &baseline, options, options->for_capture) &&
	    !rehearse(&report, run, options->for_capture)) {
		print_report(report, baseline, options);
		status = drv_report_exit_status(report);
	}
	drv_report_free(&report);
	drv_run_free(&run);
	drv_baseline_free(&baseline);
	return status;
}
