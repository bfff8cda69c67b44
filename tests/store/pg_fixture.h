/* pg_fixture.h: a database of its own on a real PostgreSQL server, for the store's tests */
#ifndef PG_FIXTURE_H
#define PG_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <libpq-fe.h>

#include "store/pg.h"

/*
 * Runs the tests against the server that the connection string in DRV_TEST_POSTGRESQL names
 * ("host=… user=…", a superuser of a throw-away cluster). Without it, says so and returns 77, which
 * meson takes for "skipped". Database and roles are created before and dropped after.
 */
#define PG_RUN(tests) \
	(pg_fixture_missing() ? 77 : \
	 cmocka_run_group_tests(tests, pg_fixture_set_up, pg_fixture_tear_down))

int pg_fixture_missing(void);
int pg_fixture_set_up(void **state);
int pg_fixture_tear_down(void **state);

/* As superuser in the test's database. */
void pg_sql(const char *format, ...) DRVP_PRINTF(1, 2);
uint64_t pg_number(const char *format, ...) DRVP_PRINTF(1, 2);
PGconn *pg_another(void);

/* Connection strings: for the superuser, and for a role with the rights a verifier should have. */
const char *pg_super_uri(void);
const char *pg_reader_uri(void);
const char *pg_reader(void);         /* its name */

/* A session; pg_open_as() fails the test when it cannot be had. Times in milliseconds. */
struct drvp_session *pg_open(void);
struct drvp_session *pg_open_as(const char *uri, int64_t work, const atomic_bool *cancelled);
int pg_try_open(struct drvp_session **out, const char *uri, int64_t connect, struct drv_error *err);
void pg_close(struct drvp_session **session);

/* Freezes one target and expects it to be in that state. */
struct drvp_relation *pg_freeze(struct drvp_session *session, const char *schema, const char *name,
				int state);

uint64_t pg_count(struct drvp_session *session, const struct drvp_relation *relation);

/* Scans some columns; the values as text, "|" between them, "\n" behind each row. */
struct pg_scan {
	struct drvp_strbuf text;     /* left empty when quiet */
	bool quiet;
	uint64_t rows;
	uint64_t stop_at;            /* answers at this row; 0: never */
	int answer;
	void (*at_row)(uint64_t row);           /* or NULL */
	struct drv_error err;
};

int pg_scan(struct pg_scan *scan, struct drvp_session *session,
	    const struct drvp_relation *relation, const struct drvp_range *range, bool keys,
	    const char *const *columns);

/* The same for a question as it stands. */
int pg_run(struct pg_scan *scan, struct drvp_session *session, const struct drvp_scan *question);

/* What a scan of all rows gives, to be freed with free(). */
char *pg_text_of(struct drvp_session *session, const struct drvp_relation *relation,
		 const char *const *columns);

/* For "column", "other": a NULL-terminated list. */
#define PG_COLUMNS(...) ((const char *const[]){ __VA_ARGS__, NULL })

#endif
