/* reader.h: reads the entries of chains from rows, and compares them with their hashes */
#ifndef DRVP_READER_H
#define DRVP_READER_H

#include "chain/chains.h"
#include "chain/hasher.h"
#include "chain/preimage.h"
#include "chain/verify.h"

/* One thread at a time. */
struct drvp_chain_reader {
	const struct drvp_measure *m;
	const struct drvp_recipe *recipe;
	struct drvp_preimage *preimage;
	struct drvp_hasher *hasher;  /* NULL: no contents are read */
	struct drvp_join join;
	struct drvp_join_pair *pairs;   /* owned */
	struct drvp_strbuf partition, scratch;
	struct drvp_value made;      /* a hash that is not stored, as the next entry stores it */
	char made_text[2 * DRVP_DIGEST_MAX + 1];
};

/* use: enum drvp_preimage_use. Close also after an error. */
int drvp_chain_reader_open(struct drvp_chain_reader *reader, const struct drvp_measure *m, int use,
			   struct drv_error *err);
void drvp_chain_reader_close(struct drvp_chain_reader *reader);

/* The question that all scans of a chain ask: its entries, with the columns that are needed. */
struct drvp_scan drvp_chain_reader_scan(const struct drvp_chain_reader *reader);

/* The same, in the order of the entries of each partition. */
struct drvp_scan drvp_chain_reader_scan_ordered(const struct drvp_chain_reader *reader);

/*
 * Reads the links of a row. Where entries do not store their own hash it is made, so contents
 * have to be read. Errors, without words: DRV_E_NOMEM, DRV_E_INTERNAL.
 */
int drvp_chain_reader_links(struct drvp_chain_reader *reader, const struct drvp_row *row,
			    struct drvp_entry *entry);

/* Sets reader->partition. */
void drvp_chain_reader_partition(struct drvp_chain_reader *reader, const struct drvp_row *row);

/* As drvp_entry_order(), by the recipe's first order_by column. */
int64_t drvp_chain_reader_order(const struct drvp_chain_reader *reader, const struct drvp_row *row);

/* Whether two rows have the same values in all columns of order_by. */
bool drvp_chain_reader_same_place(const struct drvp_chain_reader *reader,
				  const struct drvp_row *a, const struct drvp_row *b);

/* Whether nothing comes before an entry: by its word for that, or because the run begins with it. */
bool drvp_chain_reader_is_first(const struct drvp_chain_reader *reader,
				const struct drvp_entry *entry);

/* Whether a link is what the first entry of its chain is recorded to refer to. */
bool drvp_chain_is_anchored(const struct drvp_recipe *recipe, const struct drvp_chain *chain,
			    const struct drvp_link *link);

/* Whether an entry is where its chain begins, once all entries are counted. */
bool drvp_chain_reader_is_front(const struct drvp_chain_reader *reader,
				const struct drvp_chain *chain, const struct drvp_entry *entry);

enum drvp_content {
	DRVP_CONTENT_MATCHES,
	DRVP_CONTENT_DIFFERS,
	DRVP_CONTENT_UNKNOWN,        /* differs, but the store did not keep all that was hashed */
	DRVP_CONTENT_UNCHECKED,      /* the document says that it is not stored */
	DRVP_CONTENT_CLAIMS          /* matches, but the stored bytes say other than the columns */
};

/* Whether an entry's hash is that of its contents, tried in all ways that it may have been made. */
int drvp_chain_reader_compare(struct drvp_chain_reader *reader, const struct drvp_row *row,
			      const struct drvp_entry *entry, int *content);

/* The value by which the next entry stores a hash; text has room for two bytes for each of them. */
void drvp_chain_reader_store_hash(const struct drvp_chain_reader *reader,
				  const struct drvp_link *hash, struct drvp_value *value,
				  char *text);

/* Makes entry->hash from the contents, and reader->made from it. */
int drvp_chain_reader_make_hash(struct drvp_chain_reader *reader, const struct drvp_row *row,
				struct drvp_entry *entry);

#endif
