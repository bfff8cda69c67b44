/* output.h: reports on standard output and in files */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "drverify.h"
#include "key.h"
#include "options.h"

/*
 * Whether each --write is FORMAT=PATH with a known format, and has a place of its own, and what is
 * to be signed has a file. Returns 0, or -1 after a complaint.
 */
int output_check(const struct options *options, bool capture);

/* Whether --format names a format that goes with the rest. Returns 0, or -1 after a complaint. */
int output_check_format(const struct options *options);

/* Whether some --write puts a report on standard output, or json into a file. */
bool output_uses_stdout(const struct options *options);
bool output_has_json(const struct options *options);

/* The file that the json report goes to, or NULL. */
const char *output_json_path(const struct options *options);

/* The format that a FORMAT=PATH begins with, or NULL; *path receives the rest. */
const char *output_split(const char *write, const char **path);

/* "-", and also /dev/stdout and the file that standard output was redirected to. */
bool output_is_stdout(const char *path);

/* Whether it is one of the files that may be baselines, or in a folder of them. */
bool output_is_baseline(const char *path, const struct options *options);

/* Writes a report to stdout or stderr. Returns 0, or -1 after a complaint. */
int output_stream(const struct drv_report *report, const char *format, unsigned flags,
		  FILE *stream);

/* A finished run. */
struct output {
	const struct drv_report *report;
	const struct options *options;
	bool capture;
	const struct private_key *key;  /* signs the captured baseline; NULL: nothing is signed */
	FILE *people;                /* where it is said what went where; NULL: nowhere */
};

/* Does all that --write asks for. Returns 0, or -1 when something was not written. */
int output_write_all(const struct output *output);

#endif
