/* pg_lent.c: a connection that the caller lends comes back as it went in */
#include "store/pg.h"

/* Its owner goes on with the connection, so ending what runs on it is worth a longer wait. */
#define LAST_WORD (5 * DRVP_SECOND)

static int refuse(struct drv_error *err, const char *why)
{
	return drvp_fail(err, DRV_E_USAGE, "the connection cannot be borrowed: %s", why);
}

int drvp_pg_accept(void *connection, struct drv_error *err)
{
	PGconn *conn = connection;

	if (PQstatus(conn) != CONNECTION_OK)
		return refuse(err, "it is not connected, or not yet");
	if (PQpipelineStatus(conn) != PQ_PIPELINE_OFF)
		return refuse(err, "it is in pipeline mode; PQexitPipelineMode() ends that");
	switch (PQtransactionStatus(conn)) {
	case PQTRANS_IDLE:
		return 0;
	case PQTRANS_ACTIVE:
		return refuse(err, "a command or a COPY is under way; read all of its results, up to "
			      "the NULL from PQgetResult()");
	default:
		return refuse(err, "it is in a transaction; COMMIT or ROLLBACK it");
	}
}

/*
 * Nothing is set that could not be set back: libpq does not tell the argument of a notice
 * processor, so that one stays, and the server is told to send no notices. The rest is the
 * server's, and local to a transaction.
 */
int drvp_pg_borrow(struct drvp_pg *s, const struct drvp_supply *supply, bool first,
		   struct drv_error *err)
{
	int status = drvp_lent_take(&s->lent, supply, first, err);

	if (!status)
		status = drvp_pg_accept(s->lent.connection, err);
	if (!status)
		status = drvp_pg_check_version(s->lent.connection, err);
	if (status)
		return status;
	s->lent_blocking = !PQisnonblocking(s->lent.connection);
	if (PQsetnonblocking(s->lent.connection, 1))
		return drvp_fail(err, DRV_E_CONNECT, "the connection cannot be borrowed: what was to "
				 "be sent on it cannot be sent");
	s->conn = s->lent.connection;
	return 0;
}

void drvp_pg_give_back(struct drvp_pg *s)
{
	if (s->conn && s->lent_blocking)
		PQsetnonblocking(s->conn, 0);
	drvp_lent_give_back(&s->lent);
	s->conn = NULL;
}

/* How long a server may take to end what it was told to give up. */
int64_t drvp_pg_patience(const struct drvp_pg *s)
{
	return s->lent.connection ? LAST_WORD : DRVP_SECOND;
}

/*
 * A transaction ends with its connection, but a lent one stays, and a pooler is told so before.
 * That the run was cancelled, or its time is up, must not keep it from being said.
 */
void drvp_pg_end_transaction(struct drvp_pg *s)
{
	if (PQtransactionStatus(s->conn) == PQTRANS_ACTIVE)
		drvp_pg_abandon(s);
	/* A lent one that only this session has given up may stand in a transaction. */
	if (s->session.lost && !s->lent.connection)
		return;
	s->session.lost = false;
	s->pinned = false;
	s->about = NULL;
	s->limits = (struct drvp_limits){ .work = drvp_pg_patience(s) };
	if (PQtransactionStatus(s->conn) == PQTRANS_INTRANS ||
	    PQtransactionStatus(s->conn) == PQTRANS_INERROR)
		drvp_pg_batch(s, "ROLLBACK", NULL);
}
