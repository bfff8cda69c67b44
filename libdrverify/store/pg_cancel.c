/* pg_cancel.c: asks a server to stop, without waiting for a server that answers nothing */
#include "store/pg.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* Owned by the thread: the caller may be long gone when a hanging PQcancel() returns. */
struct request {
	PGcancel *cancel;
	int done;                    /* closing it tells the caller */
};

static void *send_request(void *user)
{
	struct request *request = user;
	char unused[256];

	PQcancel(request->cancel, unused, sizeof unused);
	PQfreeCancel(request->cancel);
	close(request->done);
	free(request);
	return NULL;
}

/* Signals belong to the host application's threads. */
static int start_quietly(pthread_t *thread, struct request *request)
{
	sigset_t all, before;
	int failed;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	failed = pthread_create(thread, NULL, send_request, request);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed;
}

static void wait_a_moment(pthread_t thread, int done, int64_t patience)
{
	struct pollfd fd = { done, POLLIN, 0 };
	int64_t until = drvp_monotonic() + patience;
	int n;

	do {
		int64_t left = until - drvp_monotonic();

		n = poll(&fd, 1, left > 0 ? (int)(left / 1000) : 0);
	} while (n < 0 && drvp_monotonic() < until);
	if (n > 0)
		pthread_join(thread, NULL);
	else
		pthread_detach(thread);
}

/*
 * PQcancel() connects and waits without any limit, and libpq before 17 has no other way; so it gets
 * a thread. If it does not even start, the server's statement_timeout ends the work.
 */
void drvp_pg_cancel(PGconn *conn, int64_t patience)
{
	struct request *request = malloc(sizeof *request);
	int ends[2];
	pthread_t thread;

	if (!request || pipe2(ends, O_CLOEXEC)) {
		free(request);
		return;
	}
	request->cancel = PQgetCancel(conn);
	request->done = ends[1];
	if (!request->cancel || start_quietly(&thread, request)) {
		PQfreeCancel(request->cancel);
		free(request);
		close(ends[1]);
	} else {
		wait_a_moment(thread, ends[0], patience);
	}
	close(ends[0]);
}
