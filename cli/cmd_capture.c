/* cmd_capture.c: drverify capture --baseline FILE */
#include "command.h"
#include "run.h"

int cmd_capture(const struct options *options)
{
	return run_and_report(options, true);
}
