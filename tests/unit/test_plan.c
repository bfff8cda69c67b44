/* test_plan.c: globs select by id and by its leading parts, nothing else */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "run/run.h"

static void test_globs(void **state)
{
	static const char id[] = "row_count:main:public.users";
	static const char *const selecting[] = { "row_count", "row_count:main", id, "row_*", "*",
						 "*users", "*:main", "row_count:*:public.*",
						 "row?count", "**", "row_count:main:public.user?" };
	static const char *const others[] = { "", "row", "main", "users", "row_count:", "row_count?",
					      "*.user", "Row_count", "row_count:main:public.users?" };

	(void)state;
	for (size_t i = 0; i < sizeof selecting / sizeof *selecting; i++)
		if (!drvp_glob_selects(selecting[i], id))
			fail_msg("%s should select %s", selecting[i], id);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (drvp_glob_selects(others[i], id))
			fail_msg("%s should not select %s", others[i], id);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_globs) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
