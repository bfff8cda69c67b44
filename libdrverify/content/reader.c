/* reader.c: reads rows in the form in which they are digested, with their keys and places */
#include "content/reader.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#define DAY (86400 * DRVP_SECOND)

/* Places by hash have so many bits, enough for all the buckets that there may be. */
#define HASH_PLACE_BITS 12

/* ------------------------------------------------------------------ columns */

static int by_name(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* By name, since a restore may bring columns back in another order. */
const char **drvp_content_columns(const struct drvp_content *content,
				  const struct drvp_content_expect *recorded,
				  const struct drvp_relation *relation, size_t *count)
{
	size_t most = recorded ? recorded->columns.count : relation->column_count;
	const char **names = calloc(most + 1, sizeof *names);

	*count = 0;
	if (!names)
		return NULL;
	for (size_t i = 0; recorded && i < most; i++)
		names[(*count)++] = recorded->columns.list[i].name;
	for (size_t i = 0; !recorded && i < most; i++)
		if (!drvp_names_have(&content->exclude, relation->columns[i].name))
			names[(*count)++] = relation->columns[i].name;
	if (!recorded)
		qsort(names, *count, sizeof *names, by_name);
	return names;
}

static const char *key_column(const struct drvp_relation *relation, size_t position)
{
	for (size_t i = 0; i < relation->column_count; i++)
		if (relation->columns[i].key_position == position)
			return relation->columns[i].name;
	return NULL;
}

const char **drvp_content_key(const struct drvp_content *content,
			      const struct drvp_content_expect *recorded,
			      const struct drvp_relation *relation, size_t *count)
{
	const struct drvp_names *given = recorded ? &recorded->key : &content->key;
	const char **names = calloc(given->count + relation->column_count + 1, sizeof *names);
	const char *name;

	*count = 0;
	if (!names)
		return NULL;
	for (size_t i = 0; i < given->count; i++)
		names[(*count)++] = given->names[i];
	while (!recorded && !given->count && (name = key_column(relation, *count + 1)))
		names[(*count)++] = name;
	for (size_t i = 0; !recorded && i < *count; i++)
		if (drvp_names_have(&content->exclude, names[i]))
			*count = 0;
	return names;
}

static int place_of_kind(int kind)
{
	switch (kind) {
	case DRVP_INTEGER:
		return DRVP_BY_NUMBER;
	case DRVP_INSTANT:
	case DRVP_LOCAL_TIME:
	case DRVP_DATE:
		return DRVP_BY_DAY;
	default:
		return DRVP_BY_HASH;
	}
}

static int by_column(const struct drvp_content *content, const struct drvp_relation *relation,
		     int *by, struct drv_error *err)
{
	const struct drvp_column *column = drvp_relation_column(relation, content->bucket_by);

	*by = relation->kind == DRVP_COLLECTION ? DRVP_BY_DAY :
	      column ? place_of_kind(column->kind) : DRVP_BY_HASH;
	if (*by == DRVP_BY_HASH)
		return drvp_fail(err, DRV_E_USAGE, "\"bucket_by\": \"%s\" is no column of whole numbers "
				 "or times", content->bucket_by);
	return 0;
}

/* A column that is not hashed may be gone, or be of another type, without any harm to the rest. */
static int by_recorded(const struct drvp_recorded_buckets *recorded,
		       const struct drvp_relation *relation)
{
	const struct drvp_column *column;
	int by = (int)recorded->by.value;

	if (!recorded->count)
		return DRVP_BY_HASH;
	if (by == DRVP_BY_HASH || relation->kind == DRVP_COLLECTION)
		return by;
	column = drvp_relation_column(relation, recorded->column);
	return column && place_of_kind(column->kind) == by ? by : DRVP_BY_NOTHING;
}

int drvp_content_bucket_by(const struct drvp_content *content,
			   const struct drvp_content_expect *recorded,
			   const struct drvp_relation *relation, int *by, const char **column,
			   struct drv_error *err)
{
	const char **key;
	size_t count;

	*by = DRVP_BY_HASH;
	*column = NULL;
	if (recorded) {
		*by = by_recorded(&recorded->buckets, relation);
		*column = *by == DRVP_BY_NOTHING ? NULL : recorded->buckets.column;
		return 0;
	}
	if (content->bucket_by) {
		*column = content->bucket_by;
		return by_column(content, relation, by, err);
	}
	key = drvp_content_key(content, recorded, relation, &count);
	if (!key)
		return drvp_fail_nomem(err);
	if (count == 1 && place_of_kind(drvp_relation_column(relation, key[0])->kind) ==
				  DRVP_BY_NUMBER) {
		*by = DRVP_BY_NUMBER;
		*column = key[0];
	}
	free(key);
	return 0;
}

/* ------------------------------------------------------------------ opening */

static size_t want(struct drvp_content_reader *r, const char *column, int form)
{
	r->wanted[r->wanted_count] = (struct drvp_wanted){ column, form };
	return r->wanted_count++;
}

/* Keys are hashed by what was read for the digest, so that nothing travels twice. */
static int want_columns(struct drvp_content_reader *r, const char **columns, size_t count,
			const char **key, size_t key_count, struct drv_error *err)
{
	r->wanted = calloc(count + 2, sizeof *r->wanted);
	r->keys = calloc(key_count + 1, sizeof *r->keys);
	if (!r->wanted || !r->keys)
		return drvp_fail_nomem(err);
	for (size_t i = 0; i < count; i++)
		want(r, columns[i], DRVP_FORM_STABLE);
	for (size_t i = 0; i < key_count; i++) {
		size_t at = 0;

		while (at < count && strcmp(columns[at], key[i]))
			at++;
		if (at == count)
			return drvp_fail(err, DRV_E_USAGE, "\"%s\" tells rows apart but is not "
					 "hashed", key[i]);
		r->keys[r->key_count++] = at;
	}
	return 0;
}

static int want_table(struct drvp_content_reader *r, struct drv_error *err)
{
	size_t count, key_count;
	const char **columns = drvp_content_columns(r->content, r->recorded, r->m->relation, &count);
	const char **key = drvp_content_key(r->content, r->recorded, r->m->relation, &key_count);
	int status = columns && key ? want_columns(r, columns, count, key, key_count, err) :
				      drvp_fail_nomem(err);

	free(columns);
	free(key);
	return status;
}

static int want_document(struct drvp_content_reader *r, struct drv_error *err)
{
	static const char *columns[] = { "", "_id" };

	return want_columns(r, columns, 2, &columns[1], 1, err);
}

static int open_digester(struct drvp_content_reader *r, struct drv_error *err)
{
	const struct drvp_secret *secret;
	const char *name;

	if (!drvp_content_secret(r->content, r->m->settings, &secret, &name))
		return drvp_fail(err, DRV_E_USAGE, "the key \"%s\" is needed: --key %s=FILE", name,
				 name);
	/* Which would be called a key, and known to everybody. */
	if (secret && !secret->len)
		return drvp_fail(err, DRV_E_USAGE, "the key \"%s\" is empty; make one with openssl "
				 "rand 32", name);
	return drvp_row_digester_new(&r->digester, secret ? secret->bytes : NULL,
				     secret ? secret->len : 0, err);
}

int drvp_content_reader_open(struct drvp_content_reader *r, const struct drvp_measure *m,
			     struct drv_error *err)
{
	const char *column;
	int status;

	memset(r, 0, sizeof *r);
	r->m = m;
	r->content = m->item->config;
	r->recorded = drvp_content_recorded(r->content, m->settings);
	status = open_digester(r, err);
	if (!status)
		status = m->relation->kind == DRVP_COLLECTION ? want_document(r, err) :
								want_table(r, err);
	if (!status)
		status = drvp_content_bucket_by(r->content, r->recorded, m->relation, &r->by, &column,
						err);
	if (!status && column)
		r->place = want(r, column, DRVP_FORM_VALUE);
	return status;
}

void drvp_content_reader_close(struct drvp_content_reader *r)
{
	drvp_row_digester_free(&r->digester);
	free(r->wanted);
	free(r->keys);
	drvp_strbuf_free(&r->key);
	memset(r, 0, sizeof *r);
}

struct drvp_scan drvp_content_reader_scan(const struct drvp_content_reader *r)
{
	const struct drvp_content *content = r->content;
	bool documents = r->m->relation->kind == DRVP_COLLECTION;

	return (struct drvp_scan){
		.relation = r->m->relation,
		.selection = { content->where.list, content->where.count, content->filter,
			       r->m->settings->allow_sql },
		.range = r->m->range,
		.columns = r->wanted,
		.column_count = r->wanted_count,
		.unplaced = true,
		.except = documents ? content->exclude.names : NULL,
		.except_count = documents ? content->exclude.count : 0,
	};
}

/* ------------------------------------------------------------------ rows */

int drvp_content_reader_digest(struct drvp_content_reader *r, const struct drvp_row *row,
			       uint8_t digest[DRVP_ROW_DIGEST])
{
	return drvp_row_digest(r->digester, row->stable, row->stable_len, digest);
}

uint64_t drvp_digest_word(const uint8_t digest[DRVP_ROW_DIGEST])
{
	uint64_t word;

	memcpy(&word, digest, sizeof word);
	return be64toh(word);
}

/* Each value behind its length, so that "ab", "c" is another key than "a", "bc". */
int drvp_content_reader_key(struct drvp_content_reader *r, const struct drvp_row *row,
			    const uint8_t digest[DRVP_ROW_DIGEST], uint64_t *key)
{
	if (!r->key_count) {
		*key = drvp_digest_word(digest);
		return 0;
	}
	drvp_strbuf_clear(&r->key);
	for (size_t i = 0; i < r->key_count; i++) {
		const struct drvp_value *value = &row->values[r->keys[i]];
		uint64_t len = htobe64(value->kind == DRVP_NULL ? UINT64_MAX : value->len);

		drvp_strbuf_add(&r->key, &len, sizeof len);
		if (value->kind != DRVP_NULL)
			drvp_strbuf_add(&r->key, value->bytes, value->len);
	}
	if (r->key.failed)
		return DRV_E_NOMEM;
	*key = drvp_row_key(r->digester, r->key.data, r->key.len);
	return 0;
}

int64_t drvp_content_hash_place(uint64_t key)
{
	return (int64_t)(key >> (64 - HASH_PLACE_BITS));
}

static int64_t day_of(int64_t instant)
{
	return instant / DAY - (instant % DAY < 0);
}

/* An ObjectId begins with the second in which it was made. */
static int64_t second_of(const char *object_id)
{
	uint32_t seconds;

	memcpy(&seconds, object_id, sizeof seconds);
	return be32toh(seconds);
}

static bool place_of_value(int by, const struct drvp_value *value, int64_t *place)
{
	switch (value->kind) {
	case DRVP_INTEGER:
		*place = value->integer;
		return by == DRVP_BY_NUMBER;
	case DRVP_DATE:
		*place = value->integer;
		return by == DRVP_BY_DAY;
	case DRVP_INSTANT:
	case DRVP_LOCAL_TIME:
		*place = day_of(value->integer);
		return by == DRVP_BY_DAY;
	case DRVP_OBJECT_ID:
		*place = day_of(second_of(value->bytes) * DRVP_SECOND);
		return by == DRVP_BY_DAY;
	default:
		return false;
	}
}

int drvp_content_reader_place(struct drvp_content_reader *r, const struct drvp_row *row,
			      const uint8_t digest[DRVP_ROW_DIGEST], int64_t *place, bool *found)
{
	uint64_t key;
	int status;

	*found = false;
	if (r->by == DRVP_BY_NOTHING)
		return 0;
	if (r->by != DRVP_BY_HASH) {
		*found = place_of_value(r->by, &row->values[r->place], place);
		return 0;
	}
	status = drvp_content_reader_key(r, row, digest, &key);
	*found = true;
	*place = drvp_content_hash_place(key);
	return status;
}
