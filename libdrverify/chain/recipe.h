/* recipe.h: how an application chains its audit log: the members of an audit_chain check */
#ifndef DRVP_RECIPE_H
#define DRVP_RECIPE_H

#include "base/digest.h"
#include "chain/checkpoint.h"
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

/* A hash function, or an HMAC. */
struct drvp_digest_spec {
	int algorithm;                  /* enum drvp_digest_algorithm */
	const char *key;                /* HMAC: the name under which the key is given, else NULL */
};

struct drvp_digest_case {
	const char *value;
	struct drvp_digest_spec digest;
};

/* The digest of entries, or which of them an entry's own column chooses. */
struct drvp_digest_choice {
	const char *column;             /* NULL: cases[0] is the one, whatever its value */
	const struct drvp_digest_case *cases;
	size_t case_count;              /* 0: plain SHA-256 */
};

enum drvp_front { DRVP_FRONT_GENESIS, DRVP_FRONT_PRUNED };

enum drvp_chain_mode {
	DRVP_MODE_CONTENT,
	DRVP_MODE_LINKS,                /* what was hashed is not stored: only the links are */
	DRVP_MODE_ROWS                  /* each row has a hash of its own, and no link */
};

/* How some entries differ from what the recipe says of the others. */
struct drvp_version {
	struct drvp_conditions when;    /* none: tried where nothing else matches the hash */
	const struct drvp_expr *preimage;       /* NULL: as the others */
	struct drvp_digest_choice digest;
	bool own_digest;
	bool unchecked;                 /* what was hashed is not stored: only the links are */
};

/* Where a chain ended, and for a pruned one, what its first entry referred to. */
struct drvp_recorded_head {
	struct drvp_number rows;        /* not set: none is recorded */
	struct drvp_bytes hash;         /* decoded */
	struct drvp_bytes genesis;      /* decoded; len 0: none */
	struct drvp_bytes partition;    /* as of drvp_partition_put(); "" without partitions */
};

struct drvp_recorded_heads {
	const struct drvp_recorded_head *list;  /* by partition */
	size_t count;
};

struct drvp_chain_expect {
	struct drvp_recorded_head head;
	struct drvp_checkpoints checkpoints;
	const struct drvp_json *last_at;        /* of the last checkpoint, as written */
	struct drvp_recorded_heads heads;
	struct drvp_bytes genesis;
};

struct drvp_hashes {
	const struct drvp_bytes *list;
	size_t count;
};

/* A table that holds the rest of each entry. */
struct drvp_body {
	struct drvp_target table;
	const char *const *columns;     /* of the entries … */
	const char *const *body_columns;        /* … equal these */
	size_t column_count;
};

/* The config of the check. */
struct drvp_recipe {
	struct drvp_conditions where;
	const struct drvp_json *filter;
	struct drvp_names order_by, partition_by;
	const struct drvp_body *body;   /* NULL: entries are whole */
	const char *hash;               /* NULL: entries do not store their own hash */
	const char *previous;           /* NULL: the hash of the entry before in order_by */
	struct drvp_genesis genesis;
	struct drvp_digest_choice digest;
	struct drvp_number encoding;    /* enum drvp_encoding */
	struct drvp_number front;       /* enum drvp_front */
	struct drvp_number mode;        /* enum drvp_chain_mode */
	const struct drvp_expr *preimage;       /* NULL: LINKS */
	const char *unstored;           /* LINKS: why the hashed bytes cannot be had, or NULL */
	const struct drvp_version *versions;
	size_t version_count;
	struct drvp_hashes known_forks;
	struct drvp_chain_expect expect;
	bool committed;                 /* every hash covers the previous one */
	unsigned hash_sizes;            /* that hashes may have: bit n is 8 n bytes */
	struct drvp_conditions since;   /* where, and not before the last checkpoint; none: no run
					   can begin at one */
};

extern const struct drvp_field drvp_recipe_fields[];

/* What the members that are objects may hold, for the schema. */
extern const struct drvp_field drvp_hmac_fields[], drvp_digest_by_fields[], drvp_version_fields[],
			       drvp_head_fields[], drvp_partition_head_fields[],
			       drvp_checkpoint_fields[], drvp_body_fields[];

/*
 * What the tables cannot say; also fills in what follows from the rest. node is the check's object;
 * documents: a store of documents.
 */
int drvp_recipe_validate(struct drvp_reader *reader, struct drvp_recipe *recipe,
			 const struct drvp_json *node, bool documents);

/* Calls visit for each column that the recipe names. */
void drvp_recipe_columns(const struct drvp_recipe *recipe,
			 void (*visit)(const char *column, void *user), void *user);

/* Whether hashes of this chain may have so many bytes. */
static inline bool drvp_recipe_is_hash_size(const struct drvp_recipe *recipe, size_t size)
{
	return size <= DRVP_DIGEST_MAX && size % 8 == 0 && recipe->hash_sizes >> size / 8 & 1;
}

/* Calls visit for each digest that its entries may have. */
void drvp_recipe_digests(const struct drvp_recipe *recipe,
			 void (*visit)(const struct drvp_digest_spec *spec, void *user), void *user);

/* Whether some of them are HMACs. */
bool drvp_recipe_has_key(const struct drvp_recipe *recipe);

/*
 * Adds a value to the text that names a partition, a JSON array of strings and nulls; NULL stands
 * for NULL. The text begins as "" and is complete after drvp_partition_end().
 */
void drvp_partition_put(struct drvp_strbuf *key, const char *bytes, size_t len);
void drvp_partition_end(struct drvp_strbuf *key);

/* The head that is recorded for a partition, or NULL. */
const struct drvp_recorded_head *drvp_recipe_head(const struct drvp_recipe *recipe,
						  const char *partition, size_t len);

/* What the first entry of a partition is recorded to refer to, or NULL. */
const struct drvp_bytes *drvp_recipe_anchor(const struct drvp_recipe *recipe,
					    const char *partition, size_t len);

#endif
