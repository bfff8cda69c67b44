/* chain_log.h: a long log in memory, whose entries hash the previous hash and their number */
#ifndef CHAIN_LOG_H
#define CHAIN_LOG_H

#include <openssl/evp.h>

#include "chain_run.h"

#define LOG_RECIPE "\"hash\": \"hash\", \"previous\": \"previous\", \"order_by\": [\"seq\"], " \
	"\"genesis\": { \"hashed\": \"\" }, \"preimage\": [{ \"previous\": \"text\" }, " \
	"{ \"column\": \"seq\" }]"

struct log {
	struct fake_table table;
	struct fake_session session;
	struct drv_baseline *baseline;
	struct chain_run run;
	char (*hashes)[65];
};

enum { SEQ, PREVIOUS, HASH };

static inline void seal(struct log *log, size_t row)
{
	static const char digits[] = "0123456789abcdef";
	struct drvp_value *values = log->table.rows[row];
	unsigned char digest[32];
	unsigned int len;
	char text[100];
	int size = snprintf(text, sizeof text, "%.*s%lld", (int)values[PREVIOUS].len,
			    values[PREVIOUS].bytes ? values[PREVIOUS].bytes : "",
			    (long long)values[SEQ].integer);

	assert_int_equal(1, EVP_Digest(text, (size_t)size, digest, &len, EVP_sha256(), NULL));
	for (size_t i = 0; i < 32; i++) {
		log->hashes[row][2 * i] = digits[digest[i] >> 4];
		log->hashes[row][2 * i + 1] = digits[digest[i] & 15];
	}
	values[HASH] = fake_text(log->hashes[row]);
}

static inline void log_init(struct log *log, size_t rows)
{
	memset(log, 0, sizeof *log);
	fake_table_init(&log->table, 100);
	fake_column(&log->table, "seq", DRVP_INTEGER);
	fake_column(&log->table, "previous", DRVP_TEXT);
	fake_column(&log->table, "hash", DRVP_TEXT);
	log->hashes = calloc(rows, sizeof *log->hashes);
	assert_non_null(log->hashes);
	for (size_t i = 0; i < rows; i++) {
		struct drvp_value *row = fake_row(&log->table);

		row[SEQ] = fake_integer((int64_t)i);
		if (i)
			row[PREVIOUS] = fake_text(log->hashes[i - 1]);
		seal(log, i);
	}
	log->baseline = chain_document(LOG_RECIPE);
	assert_non_null(log->baseline);
}

static inline void log_run(struct log *log)
{
	fake_session_init(&log->session, &log->table);
	chain_run_init(&log->run, log->baseline, &log->session);
	chain_run(&log->run);
	assert_int_equal(0, log->run.status);
}

static inline void log_free(struct log *log)
{
	chain_run_done(&log->run);
	fake_table_free(&log->table);
	drv_baseline_free(&log->baseline);
	free(log->hashes);
}

#endif
