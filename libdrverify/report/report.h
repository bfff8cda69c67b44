/* report.h: what a run found out: a verdict a check, and where each source stood */
#ifndef DRVP_REPORT_H
#define DRVP_REPORT_H

#include "checks/check.h"
#include "document/baseline.h"
#include "run/lineage.h"
#include "run/tally.h"

/* A finding with what the public reaches through drv_finding_row(). */
struct drvp_finding {
	struct drv_finding finding;             /* first: the public pointer is to it */
	const struct drv_row_ref *rows;
};

/* A value that stands for data, in hexadecimal; "": none. */
struct drvp_evidence {
	const char *what;            /* "content", "head" */
	const char *recorded, *found;
};

/* As many as a check has: the head of a chain, the content of a table. */
#define DRVP_EVIDENCE_MOST 2

/* The verdict on one check, while it is built and afterwards. */
struct drvp_verdict {
	struct drv_result result;               /* first: the public pointer is to it */
	const struct drvp_item *item;
	struct drvp_strbuf summary;
	struct drvp_finding *findings;          /* result.finding_count; strings in arena */
	size_t finding_capacity;                /* more than there are */
	struct drvp_finding last_word;          /* for one where there was no memory for any */
	struct drvp_arena arena;
	struct drvp_figures figures;
	struct drvp_evidence evidence[DRVP_EVIDENCE_MOST];
	size_t evidence_count;
	struct drvp_tally tally;                /* what record needs */
	bool measured;                          /* the tally is complete and was judged */
	bool failed;                            /* out of memory while building */
};

/* Where one source stood. */
struct drvp_source_report {
	const struct drvp_source *source;
	bool selected;                          /* some selected check reads it */
	bool reached;
	struct drv_error error;                 /* why not */
	struct drvp_identity identity;
	struct drvp_restore_point restored_to;  /* as stated */
	struct drvp_lineage lineage;
};

/* The document that a run was held against, as the run found it. */
struct drvp_basis {
	const char *file;                       /* as messages call it */
	const char *sha256;                     /* "": not known */
	struct drvp_number captured_at;
	const char *signer;                     /* whose key signed it, or "" */
	const char *choice;                     /* why it was chosen among several, or "" */
};

struct drv_report {
	struct drv_baseline *baseline;          /* shared */
	struct drvp_basis basis;
	bool capture;
	bool cancelled;
	bool rehearsal;                         /* nothing was read, so it is no evidence */
	bool was_read;                          /* by drv_report_read(), not made by a run */
	int verdict;
	int64_t started_at, finished_at;        /* instants */
	int64_t elapsed;                        /* microseconds */
	struct drvp_number incident_at;
	struct drvp_source_report *sources;     /* as in the baseline */
	size_t source_count;
	struct drvp_verdict *verdicts;          /* as in the baseline's checks */
	size_t verdict_count;
	const struct drvp_verdict **ordered;    /* by importance */
};

int drvp_report_new(struct drv_report **out, const struct drv_baseline *baseline,
		    struct drv_error *err);

/* Gives each verdict its last touches, the run its own, and sets the order. */
void drvp_report_finish(struct drv_report *report);

int drvp_verdict_init(struct drvp_verdict *verdict, const struct drvp_item *item);
void drvp_verdict_finish(struct drvp_verdict *verdict);

/* Gives the last finding the SQL that would mend its cause; NULL: there is none. */
void drvp_verdict_statement(struct drvp_verdict *verdict, const char *statement);

/*
 * Keeps only damage, which stays true when the rest was not read; only_rows: only where it was seen
 * in rows, which is so where rows are counted.
 */
void drvp_verdict_keep_damage(struct drvp_verdict *verdict, bool only_rows);

/* The writers: each gives the whole text. */
int drvp_report_text(const struct drv_report *report, unsigned flags, struct drvp_strbuf *out);
int drvp_report_json(const struct drv_report *report, unsigned flags, struct drvp_strbuf *out);
int drvp_report_junit(const struct drv_report *report, unsigned flags, struct drvp_strbuf *out);
int drvp_report_prometheus(const struct drv_report *report, unsigned flags,
			   struct drvp_strbuf *out);
int drvp_report_markdown(const struct drv_report *report, unsigned flags, struct drvp_strbuf *out);
int drvp_report_html(const struct drv_report *report, unsigned flags, struct drvp_strbuf *out);
int drvp_report_nagios(const struct drv_report *report, unsigned flags, struct drvp_strbuf *out);

/* What an objective of the document came to; nothing where it has none, or no incident is said. */
void drvp_objectives_text(const struct drv_report *report, struct drvp_strbuf *out);
void drvp_objectives_json(const struct drv_report *report, struct drvp_json_writer *writer);

/* Of a report that was written: a plain number in units of which a whole one has scale (a power of
 * ten); unset if it is none. */
struct drvp_number drvp_report_number(const struct drvp_json *object, const char *name,
				      int64_t scale);

/* That of a code in a result, which may be of a check of the program's own. */
const struct drv_explanation *drvp_verdict_explanation(const struct drv_result *result,
							const char *code);

/* The explanation of a code of any check of the library. */
const struct drv_explanation *drvp_explanation(const char *code);

#endif
