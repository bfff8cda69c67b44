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

static inline void log_hash(char hash[65], const char *text)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char digest[32];
	unsigned int len;

	assert_int_equal(1, EVP_Digest(text, strlen(text), digest, &len, EVP_sha256(), NULL));
	for (size_t i = 0; i < 32; i++) {
		hash[2 * i] = digits[digest[i] >> 4];
		hash[2 * i + 1] = digits[digest[i] & 15];
	}
	hash[64] = '\0';
}

static inline void seal(struct log *log, size_t row)
{
	struct drvp_value *values = log->table.rows[row];
	char text[100];

	snprintf(text, sizeof text, "%.*s%lld", (int)values[PREVIOUS].len,
		 values[PREVIOUS].bytes ? values[PREVIOUS].bytes : "",
		 (long long)values[SEQ].integer);
	log_hash(log->hashes[row], text);
	values[HASH] = fake_text(log->hashes[row]);
}

/* A log without entries, for so many. */
static inline void log_begin(struct log *log, size_t rows)
{
	memset(log, 0, sizeof *log);
	fake_table_init(&log->table, 100);
	fake_column(&log->table, "seq", DRVP_INTEGER);
	fake_column(&log->table, "previous", DRVP_TEXT);
	fake_column(&log->table, "hash", DRVP_TEXT);
	log->hashes = calloc(rows, sizeof *log->hashes);
	assert_non_null(log->hashes);
}

static inline void log_init(struct log *log, size_t rows)
{
	log_begin(log, rows);
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

/* Runs with a document, anew. */
static inline void log_verify(struct log *log, const char *members, bool capture, bool since,
			      int relation)
{
	drv_baseline_free(&log->baseline);
	log->baseline = chain_document(members);
	assert_non_null(log->baseline);
	fake_session_init(&log->session, &log->table);
	chain_run_init(&log->run, log->baseline, &log->session);
	log->run.settings.capture = capture;
	log->run.settings.since_checkpoint = since;
	log->run.lineage.relation = relation;
	chain_run(&log->run);
	assert_int_equal(0, log->run.status);
}

/* A recipe, and what the run before records beside it. */
static inline void log_record(struct log *log, const char *recipe, struct drvp_strbuf *document)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	struct drvp_json_writer writer = { .out = &text };

	drvp_json_open_object(&writer, NULL, true);
	log->run.item->check->record(log->run.item, &log->run.verdict.tally, &writer);
	drvp_json_close_object(&writer);
	assert_false(text.failed);
	drvp_strbuf_clear(document);
	drvp_strbuf_printf(document, "%s, %.*s", recipe, (int)text.len - 2, text.data + 1);
	drvp_strbuf_free(&text);
}

static inline void log_free(struct log *log)
{
	chain_run_done(&log->run);
	fake_table_free(&log->table);
	drv_baseline_free(&log->baseline);
	free(log->hashes);
}

#endif
