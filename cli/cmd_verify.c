/* cmd_verify.c: drverify [verify] --baseline FILE */
#include "command.h"
#include "run.h"

int cmd_verify(const struct options *options)
{
	return run_and_report(options, false);
}
