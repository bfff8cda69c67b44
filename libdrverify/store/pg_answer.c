/* pg_answer.c: the rows of an answer, no more of them than fit into bounded memory */
#include "store/pg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What libpq needs for a row, and for a field of it. */
#define ROW_COST 16

int drvp_pg_gather(struct drvp_pg *s, struct drvp_pg_answer *answer, const PGresult *row,
		   struct drv_error *err)
{
	int at;

	if (!answer->rows)
		answer->rows = PQcopyResult(row, PG_COPYRES_ATTRS);
	if (!answer->rows)
		return drvp_fail_nomem(err);
	at = PQntuples(answer->rows);
	answer->bytes += ROW_COST;
	for (int i = 0; i < PQnfields(row); i++) {
		int len = PQgetisnull(row, 0, i) ? -1 : PQgetlength(row, 0, i);

		answer->bytes += (size_t)(len > 0 ? len : 0) + ROW_COST;
		if (!PQsetvalue(answer->rows, at, i, len < 0 ? NULL : PQgetvalue(row, 0, i), len))
			return drvp_fail_nomem(err);
	}
	if (answer->bytes <= DRVP_PG_ANSWER_MAX)
		return 0;
	return drvp_pg_fail(s, err, DRV_E_INTERNAL, "the server's answer is longer than %zu MB",
			    DRVP_PG_ANSWER_MAX >> 20);
}

int drvp_pg_check_answer(struct drvp_pg *s, const PGresult *answer, int columns,
			 struct drv_error *err)
{
	if (PQnfields(answer) != columns)
		return drvp_pg_fail(s, err, DRV_E_INTERNAL, "the server's answer has %d columns, and "
				    "%d were asked for", PQnfields(answer), columns);
	for (int i = 0; i < PQntuples(answer); i++)
		for (int j = 0; j < columns; j++)
			if (strlen(PQgetvalue(answer, i, j)) != (size_t)PQgetlength(answer, i, j))
				return drvp_pg_fail(s, err, DRV_E_INTERNAL, "the server's answer "
						    "has a NUL in a text");
	return 0;
}

bool drvp_pg_read_number(int64_t *number, const char *text)
{
	char *end;

	errno = 0;
	*number = strtoll(text, &end, 10);
	return !errno && !*end && (*text == '-' ? text[1] : *text) >= '0' &&
	       (*text == '-' ? text[1] : *text) <= '9';
}
