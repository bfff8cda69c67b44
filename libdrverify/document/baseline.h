/* baseline.h: a parsed drverify/1 document: sources and typed checks */
#ifndef DRVP_BASELINE_H
#define DRVP_BASELINE_H

#include <stdatomic.h>

#include "base/digest.h"
#include "document/fields.h"
#include "document/signature.h"
#include "store/store.h"

struct drvp_check;

/* What a capture wrote down about the moment and place of a source. */
struct drvp_recorded_identity {
	const char *system_identifier;          /* decimal text: JSON readers lose 64-bit numbers */
	struct drvp_number timeline;
	const char *lsn;                        /* "0/3000060" */
	struct drvp_number next_transaction;
	struct drvp_number database_oid;
	struct drvp_number server_started;
	const char *set_name;
	const char *process;
	const char *operation_time;             /* "seconds.increment" */
	struct drvp_number moment;              /* instant by which all of it had been read */
};

enum drvp_restored_by { DRVP_RESTORED_PHYSICAL, DRVP_RESTORED_LOGICAL };

struct drvp_source {
	const char *name;
	const struct drvp_json *node;
	const char *store;                      /* "postgresql" or "mongodb" */
	const char *database;
	struct drvp_number restored_by;         /* enum drvp_restored_by */
	struct drvp_recorded_identity identity;
};

/* One entry of "checks". */
struct drvp_item {
	const struct drvp_check *check;
	size_t index;                           /* in the document */
	const struct drvp_json *node;
	const struct drvp_source *source;
	const char *id;                         /* "row_count:main:public.users" */
	const char *target_name;                /* "public.users", "reviews", or "" */
	struct drvp_target target;              /* name NULL: the check has none */
	int priority;
	bool required;
	void *config;                           /* the check's own struct */
};

struct drvp_objectives {
	struct drvp_number rto, rpo;            /* microseconds */
};

struct drv_baseline {
	atomic_uint references;
	struct drv_baseline *parent;            /* shared: what it was derived from, or NULL */
	struct drvp_arena arena;
	const char *file;                       /* what messages call it */
	char sha256[DRVP_SHA256_TEXT];          /* of its bytes */
	const struct drvp_json *root;
	const char *name;
	struct drvp_number captured_at;
	struct drvp_objectives objectives;
	struct drvp_source *sources;
	size_t source_count;
	struct drvp_item *items;
	size_t item_count;
	const char *verdict;                    /* of a report: its verdict, else NULL */
	const char *choice;                     /* why it was chosen among several, or NULL */
	struct drvp_signer signer;              /* name NULL: nobody was asked to have signed it */
};

/* Shares a baseline; drv_baseline_free() gives the share back. */
struct drv_baseline *drvp_baseline_share(const struct drv_baseline *baseline);

/* Reads sources and checks from the tree at root. */
int drvp_baseline_read(struct drvp_reader *reader, struct drv_baseline *baseline);

/*
 * The same document, to which one check is added as if it stood there: an object whose members end
 * with member NULL. members NULL: none is added. The document that it is made from stays as it is.
 */
struct drvp_check_member {
	const char *name;
	const char *text;            /* NULL: left out */
	bool number;
};

int drvp_baseline_derive(struct drv_baseline **out, const struct drv_baseline *from,
			 const struct drvp_check_member *members, struct drv_error *err);

/* Fails for the report of a run that neither passed nor merely warned. */
int drvp_baseline_refuse_failed(const struct drv_baseline *baseline, struct drv_error *err);

/* Fails when something is still to do in the document; the message says where, and what. */
int drvp_baseline_refuse_todo(const struct drv_baseline *baseline, struct drv_error *err);

/* What the schema says of the two members that are for people, wherever they stand. */
#define DRVP_NOTE_HELP "A remark for people."
#define DRVP_TODO_HELP \
	"What a person still has to fill in or to decide: nothing is verified by a document that " \
	"holds one."

/* NULL when the document has no such source. */
const struct drvp_source *drvp_baseline_source(const struct drv_baseline *baseline,
					       const char *name);

/* Which members a document and a source may have, for the schema. */
extern const struct drvp_field drvp_document_fields[];
extern const struct drvp_field drvp_source_fields[];

#endif
