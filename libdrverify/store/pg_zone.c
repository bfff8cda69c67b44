/* pg_zone.c: the clock changes of a zone, from the server's own zone data */
#include "store/pg.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_DAY "1970-01-01"
#define LAST_DAY "2051-01-01"

/* No zone on earth has had two changes closer than a week less an hour, since 1970. */
#define STEP "6 days"
/* In seconds: far from what was asked for, and from where any clock stands. */
#define FURTHEST (INT64_C(1) << 40)
#define FURTHEST_OFFSET (30 * 3600)

/*
 * Adds the interval by which the zone's clock is ahead of UTC at t, a timestamptz. The session's
 * own zone is UTC, which makes the cast the cheaper way to it.
 */
static void put_offset(struct drvp_strbuf *sql, const char *t, const char *zone)
{
	drvp_strbuf_printf(sql, "(%s AT TIME ZONE %s - %s::pg_catalog.timestamp)", t, zone, t);
}

/*
 * Adds a table that knows each change closer than the one before: the last of the steps from low on
 * at which the clock still stands where it stood before.
 */
static void put_finer(struct drvp_strbuf *sql, const char *table, const char *from,
		      const char *coarse, const char *fine, const char *zone)
{
	drvp_strbuf_printf(sql, ", %s AS (SELECT (SELECT pg_catalog.min(u) FROM "
				"pg_catalog.generate_series(low + '%s'::pg_catalog.interval, "
				"low + '%s'::pg_catalog.interval, '%s'::pg_catalog.interval) u "
				"WHERE ", table, fine, coarse, fine);
	put_offset(sql, "u", zone);
	drvp_strbuf_printf(sql, " <> before) - '%s'::pg_catalog.interval AS low, before, after "
				"FROM %s)", fine, from);
}

static void put_question(struct drvp_strbuf *sql, const char *zone)
{
	drvp_strbuf_str(sql, "WITH sample AS (SELECT t, ");
	put_offset(sql, "t", zone);
	drvp_strbuf_str(sql, " AS now FROM pg_catalog.generate_series('" FIRST_DAY
			     "'::pg_catalog.timestamptz, '" LAST_DAY "'::pg_catalog.timestamptz, "
			     "'" STEP "'::pg_catalog.interval) t), step AS (SELECT t, now, "
			     "pg_catalog.lag(now) OVER (ORDER BY t) AS before FROM sample), "
			     "by_step AS (SELECT t - '" STEP "'::pg_catalog.interval AS low, before, "
			     "now AS after FROM step WHERE now <> before)");
	put_finer(sql, "by_day", "by_step", STEP, "1 day", zone);
	put_finer(sql, "by_hour", "by_day", "1 day", "1 hour", zone);
	put_finer(sql, "by_minute", "by_hour", "1 hour", "1 minute", zone);
	put_finer(sql, "by_second", "by_minute", "1 minute", "1 second", zone);
	drvp_strbuf_str(sql, ", change AS (SELECT low + '1 second'::pg_catalog.interval AS at, "
			     "after FROM by_second UNION ALL SELECT t, now FROM sample "
			     "WHERE t = '" FIRST_DAY "') SELECT EXTRACT(EPOCH FROM at)::pg_catalog.int8, "
			     "EXTRACT(EPOCH FROM ");
	put_offset(sql, "at", zone);
	/* A step's two ends tell only that there was a change: two in one would not add up. */
	drvp_strbuf_str(sql, ")::pg_catalog.int8, after = ");
	put_offset(sql, "at", zone);
	drvp_strbuf_str(sql, " FROM change ORDER BY at");
}

static int fill_zone(struct drvp_pg *s, const char *name, const PGresult *result,
		     struct drvp_zone *out, struct drv_error *err)
{
	size_t count = (size_t)PQntuples(result);

	out->name = drvp_arena_copy(&s->arena, name, strlen(name));
	out->changes = drvp_arena_array(&s->arena, count, sizeof *out->changes);
	if (!out->name || !out->changes)
		return drvp_fail_nomem(err);
	if (!count)
		return drvp_fail(err, DRV_E_INTERNAL, "the server gives no offset for time zone \"%s\"",
				 name);
	for (size_t i = 0; i < count; i++) {
		int64_t instant = 0, offset;

		if ((i && !drvp_pg_read_number(&instant, PQgetvalue(result, (int)i, 0))) ||
		    !drvp_pg_read_number(&offset, PQgetvalue(result, (int)i, 1)) ||
		    instant < -FURTHEST || instant > FURTHEST ||
		    offset < -FURTHEST_OFFSET || offset > FURTHEST_OFFSET)
			return drvp_fail(err, DRV_E_INTERNAL, "the server's changes of time zone "
					 "\"%s\" are no times", name);

		if (*PQgetvalue(result, (int)i, 2) != 't')
			return drvp_fail(err, DRV_E_UNSUPPORTED,
					 "time zone \"%s\" changes twice within " STEP, name);
		out->changes[i].instant = i ? instant * DRVP_SECOND : INT64_MIN;
		out->changes[i].offset = offset * DRVP_SECOND;
	}
	out->count = count;
	return 0;
}

static int ask(struct drvp_pg *s, const char *name, struct drvp_zone *out, struct drv_error *err)
{
	struct drvp_strbuf sql = DRVP_STRBUF_INIT, zone = DRVP_STRBUF_INIT;
	PGresult *result = NULL;
	int status;

	drvp_pg_put_literal(s, &zone, name, strlen(name));
	put_question(&sql, drvp_strbuf_text(&zone));
	status = sql.failed || zone.failed ? drvp_fail_nomem(err) :
					     drvp_pg_query(s, &result, 3, sql.data, err);
	if (status == DRV_E_USAGE)
		drvp_fail(err, status,
			  "the server knows no time zone \"%s\"; name it by place, such as "
			  "Asia/Seoul", name);
	if (!status)
		status = fill_zone(s, name, result, out, err);
	PQclear(result);
	drvp_strbuf_free(&sql);
	drvp_strbuf_free(&zone);
	return status;
}

/* The question keeps the server busy for some 10 ms, and every range of a table needs the answer. */
struct drvp_pg_known_zone {
	struct drvp_zone zone;
	struct drvp_pg_known_zone *next;
};

static const struct drvp_pg_known_zone *find_known(const struct drvp_pg *s, const char *name)
{
	const struct drvp_pg_known_zone *known = s->zones;

	while (known && strcmp(known->zone.name, name))
		known = known->next;
	return known;
}

int drvp_pg_zone(struct drvp_session *session, const char *name, struct drvp_zone *out,
		 struct drv_error *err)
{
	struct drvp_pg *s = drvp_pg(session);
	const struct drvp_pg_known_zone *known = find_known(s, name);
	struct drvp_pg_known_zone *fresh;
	int status;

	memset(out, 0, sizeof *out);
	s->about = NULL;
	if (known) {
		*out = known->zone;
		return 0;
	}
	status = drvp_pg_check_zone_name(name, err);
	if (status)
		return status;
	fresh = drvp_arena_alloc(&s->arena, sizeof *fresh);
	status = fresh ? ask(s, name, &fresh->zone, err) : drvp_fail_nomem(err);
	if (status)
		return status;
	fresh->next = s->zones;
	s->zones = fresh;
	*out = fresh->zone;
	return 0;
}
