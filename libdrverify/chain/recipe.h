/* recipe.h: how an application chains its audit log: the members of an audit_chain check */
#ifndef DRVP_RECIPE_H
#define DRVP_RECIPE_H

#include "base/digest.h"
#include "chain/expr.h"
#include "document/condition.h"

enum drvp_encoding { DRVP_ENCODING_HEX, DRVP_ENCODING_BASE64, DRVP_ENCODING_BYTES };

/* What stood for the missing previous hash of the first entry when it was hashed. */
enum drvp_genesis_hashed {
	DRVP_GENESIS_DEFAULT,           /* ABSENT where NULL is stored, else AS_STORED */
	DRVP_GENESIS_ABSENT,            /* nothing: no member, no text, no separator */
	DRVP_GENESIS_AS_STORED,
	DRVP_GENESIS_TEXT,
	DRVP_GENESIS_BYTES
};

struct drvp_genesis_stored {
	bool set;                       /* else NULL */
	struct drvp_bytes value;        /* text, or bytes where the encoding is bytes */
};

struct drvp_genesis_text {
	int kind;                       /* enum drvp_genesis_hashed */
	struct drvp_bytes value;
};

struct drvp_genesis {
	struct drvp_genesis_stored stored;
	struct drvp_genesis_text hashed;
};

struct drvp_digest_spec {
	int algorithm;                  /* enum drvp_digest_algorithm */
	const char *key;                /* HMAC: the name under which the key is given, else NULL */
};

enum drvp_front { DRVP_FRONT_GENESIS, DRVP_FRONT_PRUNED };

struct drvp_recorded_head {
	struct drvp_number rows;
	struct drvp_bytes hash;         /* decoded */
};

struct drvp_chain_expect {
	struct drvp_recorded_head head; /* rows not set: none is recorded */
};

/* The config of the check. */
struct drvp_recipe {
	struct drvp_conditions where;
	const struct drvp_json *filter;
	struct drvp_names order_by;
	const char *hash;
	const char *previous;
	struct drvp_genesis genesis;
	struct drvp_digest_spec digest;
	struct drvp_number encoding;    /* enum drvp_encoding */
	struct drvp_number front;       /* enum drvp_front */
	const struct drvp_expr *preimage;
	struct drvp_chain_expect expect;
};

extern const struct drvp_field drvp_recipe_fields[];
extern const struct drvp_field drvp_genesis_fields[];
extern const struct drvp_field drvp_hmac_fields[];

/* What the tables cannot say. node is the check's object; documents: a store of documents. */
int drvp_recipe_validate(struct drvp_reader *reader, const struct drvp_recipe *recipe,
			 const struct drvp_json *node, bool documents);

/* Calls visit for each column that the recipe names. */
void drvp_recipe_columns(const struct drvp_recipe *recipe,
			 void (*visit)(const char *column, void *user), void *user);

/* Bytes of its hashes. */
size_t drvp_recipe_hash_size(const struct drvp_recipe *recipe);

#endif
