/* pg_session.c: PostgreSQL sessions from connecting to closing, and the table of the store */
#include "store/pg.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"

static struct drvp_pg *session_new(const struct drvp_limits *limits)
{
	struct drvp_pg *s = calloc(1, sizeof *s);

	if (s) {
		s->session.store = &drvp_store_postgresql;
		s->limits = *limits;
		drvp_flow_init(&s->session.flow, limits);
	}
	return s;
}

/* The copied parameters hold the password. */
static void cleanse(struct drvp_pg_pin *pin)
{
	for (size_t i = 0; pin->values && pin->values[i]; i++)
		drvp_cleanse(pin->values[i], strlen(pin->values[i]));
}

static void close_session(struct drvp_session **session)
{
	struct drvp_pg *s = *session ? drvp_pg(*session) : NULL;

	*session = NULL;
	if (!s)
		return;
	if (s->conn)
		drvp_pg_end_transaction(s);
	if (s->supply)
		drvp_pg_give_back(s);
	else
		PQfinish(s->conn);
	cleanse(&s->pin);
	drvp_arena_free(&s->arena);
	drvp_arena_free(&s->row);
	free(s);
}

static int open_session(struct drvp_session **out, const struct drvp_address *address,
			struct drv_error *err)
{
	struct drvp_pg *s = session_new(&address->limits);
	struct drvp_session *session = s ? &s->session : NULL;
	int status;

	if (s && !address->uri)
		s->supply = &address->supply;
	if (!s)
		status = drvp_fail_nomem(err);
	else if (s->supply)
		status = drvp_pg_borrow(s, s->supply, true, err);
	else
		status = drvp_pg_dial_uri(&s->conn, address->uri, &s->limits, err);

	if (status)
		close_session(&session);
	*out = session;
	return status;
}

/* ------------------------------------------------------------------ a second connection */

static int join_snapshot(struct drvp_pg *s, const struct drvp_pg_pin *pin, struct drv_error *err)
{
	struct drvp_strbuf sql = DRVP_STRBUF_INIT;
	struct drv_error why = DRV_ERROR_INIT;
	int status;

	drvp_pg_put_begin(s, &sql, pin->snapshot);
	drvp_strbuf_str(&sql, pin->locks);
	drvp_strbuf_str(&sql, drvp_pg_ready);
	status = sql.failed ? drvp_fail_nomem(&why) : drvp_pg_batch(s, sql.data, &why);
	drvp_strbuf_free(&sql);
	/* An unknown snapshot has no code of its own that all versions agree on. */
	if (status == DRV_E_USAGE || status == DRV_E_MISSING || status == DRV_E_UNSUPPORTED)
		status = DRV_E_CONNECT;
	if (status) {
		drvp_fail(err, status, "a further connection cannot see the same snapshot: %s; "
			  "connect to one server, not to a group", why.message);
		if (err)
			memcpy(err->sqlstate, why.sqlstate, sizeof err->sqlstate);
	}
	return status;
}

static int compare_server(struct drvp_pg *s, const struct drvp_pg_pin *pin, struct drv_error *err)
{
	int status = drvp_pg_ask_server(s, &s->pin.system_identifier, &s->pin.started, err);

	if (!status && (strcmp(s->pin.system_identifier, pin->system_identifier) != 0 ||
			strcmp(s->pin.started, pin->started) != 0))
		status = drvp_fail(err, DRV_E_CONNECT,
				   "a further connection reached another server than the first; "
				   "connect to one server, not to a group");
	return status;
}

static int attach_to(struct drvp_pg *s, const struct drvp_pg *pinned, struct drv_error *err)
{
	const struct drvp_pg_pin *pin = &pinned->pin;
	const char *const *values = (const char *const *)pin->values;
	int status;

	if (!pin->snapshot)
		return drvp_fail(err, DRV_E_UNSUPPORTED,
				 "this server cannot share a snapshot between connections");
	s->supply = pinned->supply;
	status = s->supply ? drvp_pg_borrow(s, s->supply, false, err) :
		 drvp_pg_dial(&s->conn, pin->keywords, values, 0, &s->limits, err);
	if (!status)
		status = join_snapshot(s, pin, err);
	if (status)
		return status;
	s->pinned = true;
	s->superuser = pinned->superuser;
	s->in_recovery = pinned->in_recovery;
	s->server_now = pinned->server_now;
	status = drvp_pg_check_settings(s, err);
	return status ? status : compare_server(s, pin, err);
}

static int attach_session(struct drvp_session **out, struct drvp_session *pinned,
			  struct drv_error *err)
{
	/* Only what freeze left behind is read: pinned may be at work in another thread. */
	const struct drvp_pg *first = drvp_pg(pinned);
	struct drvp_pg *s = session_new(&first->limits);
	struct drvp_session *session = s ? &s->session : NULL;
	int status = s ? attach_to(s, first, err) : drvp_fail_nomem(err);

	if (status)
		close_session(&session);
	*out = session;
	return status;
}

/* While the first connection stands in its transaction, snapshot and locks have held. */
static int finish(struct drvp_session *session, struct drvp_identity *identity,
		  struct drv_error *err)
{
	struct drvp_pg *s = drvp_pg(session);

	(void)identity;
	s->about = NULL;
	/* What was decided in time should not be doubted because the budget is spent by now. */
	if (s->limits.until) {
		s->limits.until = 0;
		s->limits.work = s->limits.work < DRVP_LAST_WORD ? s->limits.work : DRVP_LAST_WORD;
	}
	return drvp_pg_check_settings(s, err);
}

const struct drvp_store drvp_store_postgresql = {
	.name = "postgresql",
	.accept = drvp_pg_accept,
	.open = open_session,
	.list = drvp_pg_list,
	.freeze = drvp_pg_freeze,
	.identify = drvp_pg_identify,
	.attach = attach_session,
	.cut = drvp_pg_cut,
	.count = drvp_pg_count,
	.estimate = drvp_pg_estimate,
	.size = drvp_pg_size,
	.newest = drvp_pg_newest,
	.scan = drvp_pg_scan,
	.digest = drvp_pg_digest,
	.ask = drvp_pg_ask,
	.query = drvp_pg_rows,
	.zone = drvp_pg_zone,
	.advise = drvp_pg_advise,
	.finish = finish,
	.close = close_session,
};
