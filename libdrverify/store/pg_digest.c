/* pg_digest.c: lets the server hash all rows of a relation, and give their sum alone */
#include "store/pg.h"

#include <stdlib.h>
#include <string.h>

static int find_columns(const struct drvp_digest_question *question,
			const struct drvp_column **columns, struct drv_error *err)
{
	for (size_t i = 0; i < question->column_count; i++) {
		struct drvp_place place;
		int status = drvp_pg_find_place(&place, question->relation, question->columns[i],
						err);

		if (!status && place.path)
			status = drvp_fail(err, DRV_E_INTERNAL, "\"%s\" is no column",
					   question->columns[i]);
		if (status)
			return status;
		columns[i] = place.column;
	}
	return 0;
}

/* The count and the sum come from the same reading of the same rows. */
static int put_question(struct drvp_pg *s, struct drvp_strbuf *sql,
			const struct drvp_digest_question *question,
			const struct drvp_column *const *columns, struct drv_error *err)
{
	int status;

	drvp_strbuf_str(sql, drvp_pg_beginning(s));
	drvp_strbuf_str(sql, "SELECT pg_catalog.count(*), coalesce(pg_catalog.sum(");
	drvp_pg_put_row_hash(s, sql, columns, question->column_count);
	drvp_strbuf_str(sql, "), 0), ");
	drvp_pg_put_hash_probe(sql);
	status = drvp_pg_put_from(s, sql, question->relation, NULL, err);
	if (!status)
		status = drvp_pg_put_where(s, sql, question->relation, &question->selection, NULL,
					   err);
	return !status && sql->failed ? drvp_fail_nomem(err) : status;
}

static int read_answer(struct drvp_pg *s, const PGresult *result, struct drvp_server_digest *out,
		       struct drv_error *err)
{
	int64_t rows, probe;

	if (PQntuples(result) != 1)
		return drvp_pg_fail(s, err, DRV_E_INTERNAL, "the server's digest is not one row");
	if (!drvp_pg_read_number(&rows, PQgetvalue(result, 0, 0)) || rows < 0 ||
	    !drvp_pg_read_number(&probe, PQgetvalue(result, 0, 2)) ||
	    !drvp_sum256_read(&out->sum, PQgetvalue(result, 0, 1)))
		return drvp_pg_fail(s, err, DRV_E_INTERNAL, "the server's digest is no number");
	out->rows = (uint64_t)rows;
	out->probe = (uint64_t)probe;
	return 0;
}

int drvp_pg_digest(struct drvp_session *session, const struct drvp_digest_question *question,
		   struct drvp_server_digest *out, struct drv_error *err)
{
	struct drvp_pg *s = drvp_pg(session);
	const struct drvp_column **columns = calloc(question->column_count + 1, sizeof *columns);
	struct drvp_strbuf sql = DRVP_STRBUF_INIT;
	PGresult *result = NULL;
	int status = columns ? find_columns(question, columns, err) : drvp_fail_nomem(err);

	memset(out, 0, sizeof *out);
	s->about = question->relation;
	if (!status)
		status = put_question(s, &sql, question, columns, err);
	if (!status)
		status = drvp_pg_query(s, &result, session->rehearsal ? 1 : 3, sql.data, err);
	if (!status && !session->rehearsal)
		status = read_answer(s, result, out, err);
	PQclear(result);
	drvp_strbuf_free(&sql);
	free(columns);
	return status;
}
