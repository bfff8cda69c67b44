/* comparable.c: whether a digest that differs from the recorded one says that rows differ */
#include "content/comparable.h"

#include <string.h>

static bool is_hashed_otherwise(const struct drvp_content_expect *recorded,
				const struct drvp_content_tally *own)
{
	const struct drvp_sum256 number = { { 0, 0, 0, own->hashing } };
	uint8_t is[DRVP_SUM256_SIZE];

	drvp_sum256_bytes(&number, is);
	return own->by_server && memcmp(is, recorded->hashing.bytes, DRVP_HASHING) != 0;
}

static bool has_encoded_order(const struct drvp_relation *relation)
{
	for (size_t i = 0; i < relation->column_count; i++)
		if (relation->columns[i].encoded_order)
			return true;
	return false;
}

static bool is_recoded(const struct drvp_content_expect *recorded,
		       const struct drvp_content_tally *own, const struct drvp_relation *relation)
{
	const char *was = recorded->encoding, *is = relation->encoding;

	return was && is && strcmp(was, is) != 0 && (own->by_server || has_encoded_order(relation));
}

bool drvp_content_is_retyped(const struct drvp_recorded_column *was,
			     const struct drvp_relation *relation)
{
	const struct drvp_column *is = drvp_relation_column(relation, was->name);

	return is && strcmp(is->type, was->type) != 0;
}

static bool is_plain_text(const char *type)
{
	return !strcmp(type, "text") || !strncmp(type, "character varying", 17);
}

/* Texts are the same bytes, however long a column says that they may be. */
bool drvp_content_travels_otherwise(const struct drvp_recorded_column *was,
				    const struct drvp_relation *relation)
{
	return drvp_content_is_retyped(was, relation) &&
	       !(is_plain_text(was->type) &&
		 is_plain_text(drvp_relation_column(relation, was->name)->type));
}

static bool any_travels_otherwise(const struct drvp_content_expect *recorded,
				  const struct drvp_relation *relation)
{
	for (size_t i = 0; i < recorded->columns.count; i++)
		if (drvp_content_travels_otherwise(&recorded->columns.list[i], relation))
			return true;
	return false;
}

int drvp_content_comparable(const struct drvp_content *content,
			    const struct drvp_content_expect *recorded,
			    const struct drvp_content_tally *own,
			    const struct drvp_relation *relation,
			    const struct drvp_lineage *lineage)
{
	if (drvp_lineage_doubt(lineage))
		return DRVP_OTHER_MOMENT;
	if (lineage->relation == DRVP_LINEAGE_NEWER && !content->append_only)
		return DRVP_LATER_MOMENT;
	if (is_hashed_otherwise(recorded, own))
		return DRVP_OTHER_HASHING;
	if (is_recoded(recorded, own, relation))
		return DRVP_OTHER_ENCODING;
	return any_travels_otherwise(recorded, relation) ? DRVP_OTHER_TYPES : DRVP_COMPARABLE;
}
