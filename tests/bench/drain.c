/* drain.c: the reference for benchmarks: reads columns by COPY and throws them away */
#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct part {
	const char *conninfo, *select, *format;
	long first, end;             /* blocks; end -1: open */
	unsigned long long bytes, rows;
};

static void die(PGconn *conn, const char *what)
{
	fprintf(stderr, "drain: %s: %s", what, PQerrorMessage(conn));
	exit(1);
}

static void *drain(void *user)
{
	struct part *part = user;
	PGconn *conn = PQconnectdb(part->conninfo);
	char sql[4096], end[64] = "";
	PGresult *result;
	char *buffer;
	int len;

	if (PQstatus(conn) != CONNECTION_OK)
		die(conn, "connect");
	if (part->end >= 0)
		snprintf(end, sizeof end, " AND ctid < '(%ld,0)'", part->end);
	snprintf(sql, sizeof sql, "COPY (%s WHERE ctid >= '(%ld,0)'%s) TO STDOUT (FORMAT %s)",
		 part->select, part->first, end, part->format);
	result = PQexec(conn, sql);
	if (PQresultStatus(result) != PGRES_COPY_OUT)
		die(conn, sql);
	PQclear(result);
	while ((len = PQgetCopyData(conn, &buffer, 0)) > 0) {
		part->bytes += (unsigned long long)len;
		part->rows++;
		PQfreemem(buffer);
	}
	result = PQgetResult(conn);
	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		die(conn, "copy");
	PQclear(result);
	PQfinish(conn);
	return NULL;
}

static long blocks_of(const char *conninfo, const char *table)
{
	PGconn *conn = PQconnectdb(conninfo);
	PGresult *result = PQexecParams(conn, "SELECT pg_relation_size($1::regclass) / 8192", 1, NULL,
					&table, NULL, NULL, 0);
	long blocks;

	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		die(conn, "size");
	blocks = atol(PQgetvalue(result, 0, 0));
	PQclear(result);
	PQfinish(conn);
	return blocks;
}

int main(int argc, char **argv)
{
	struct part parts[16];
	pthread_t threads[16];
	unsigned long long bytes = 0;
	long blocks, count;

	if (argc != 6 || (count = atol(argv[4])) < 1 || count > 16) {
		fprintf(stderr, "usage: drain CONNINFO TABLE 'SELECT columns FROM TABLE' CONNECTIONS "
			"binary|text\n");
		return 2;
	}
	blocks = blocks_of(argv[1], argv[2]);
	for (long i = 0; i < count; i++) {
		parts[i] = (struct part){ argv[1], argv[3], argv[5], blocks * i / count,
					  i + 1 < count ? blocks * (i + 1) / count : -1, 0, 0 };
		if (pthread_create(&threads[i], NULL, drain, &parts[i]))
			return 1;
	}
	for (long i = 0; i < count; i++) {
		pthread_join(threads[i], NULL);
		bytes += parts[i].bytes;
	}
	printf("%llu bytes\n", bytes);
	return 0;
}
