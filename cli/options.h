/* options.h: the options of the command line: one table reads them and describes them */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct command;

enum option_set {
	FOR_RUNS = 1, FOR_EXPLAIN = 2, FOR_HELP = 4, FOR_TRY = 8, FOR_PROPOSE = 16,
	FOR_CAPTURE = 32, FOR_SIGN = 64, FOR_KEYGEN = 128, FOR_SHOW = 256,
	FOR_DIFF = 512, FOR_DOCTOR = 1024, FOR_INIT = 2048, FOR_ALL = 4095
};

struct texts {
	const char **items;
	size_t count;
};

/* What the command line said. Texts point into argv. */
struct options {
	struct texts baselines;      /* files and folders */
	struct texts restored_to;    /* POINT or SOURCE=POINT */
	const char *incident_at;
	struct texts sources;        /* NAME=URI */
	const char *place;           /* URI of the only source */
	const char *check, *table, *hash, *previous, *order_by, *column_zone;
	struct texts only, skip;
	struct texts keys;           /* NAME=FILE */
	struct texts writes;         /* FORMAT=PATH */
	struct texts trusted;        /* files with public keys */
	const char *signature;       /* of the document on standard input */
	const char *sign, *key;      /* files with a private key */
	const char *sidecars;        /* folder */
	const char *output;          /* file */
	uint32_t jobs;               /* 0: not given; likewise below */
	uint32_t timeout_ms, budget_ms;
	uint32_t priority;
	struct rate {
		uint64_t rows, bytes;   /* a second; one of them, or neither */
	} rate;
	uint32_t row, rows;
	bool allow_sql, for_capture, dry_run, show_keys, since_checkpoint, keep_keys, overwrite;
	bool quiet, verbose, help, version, hex;
	const char *format;
	const char *operand, *second;
};

/* Returns 0, or -1 after a complaint. options_free() is due in both cases. */
int options_parse(struct options *options, const struct command *command, int argc, char **argv);

void options_free(struct options *options);

/* A row of the table, as text. */
struct option_text {
	const char *name, *argument, *help;
	char letter;                 /* 0: none */
	unsigned sets;
};

/* Returns false behind the last one. */
bool option_at(size_t index, struct option_text *out);

/* Lists the options of these sets on standard output. */
void options_print(unsigned sets);

#endif
