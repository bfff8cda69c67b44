/* pg_type.c: how each type of PostgreSQL travels, as it is or cast to text */
#include "store/pg.h"

#define CAST "::pg_catalog.text"
#define ARRAY "pg_catalog.array_to_json("

/* inet's cast to text adds the length of the mask; format() prints what a client would see. */
static const struct drvp_pg_type types[] = {
	{ 16, DRVP_PG_BOOL, DRVP_BOOL, false, "", "" },
	{ 17, DRVP_PG_BYTEA, DRVP_BYTES, false, "", "" },
	{ 19, DRVP_PG_TEXT, DRVP_TEXT, false, "", "" },                 /* name */
	{ 20, DRVP_PG_INT8, DRVP_INTEGER, false, "", "" },
	{ 21, DRVP_PG_INT2, DRVP_INTEGER, false, "", "" },
	{ 23, DRVP_PG_INT4, DRVP_INTEGER, false, "", "" },
	{ 25, DRVP_PG_TEXT, DRVP_TEXT, false, "", "" },
	{ 26, DRVP_PG_OID, DRVP_INTEGER, false, "", "" },
	{ 114, DRVP_PG_JSON, DRVP_DOCUMENT, false, "", "" },
	{ 700, DRVP_PG_FLOAT4, DRVP_FLOAT, false, "", "" },
	{ 701, DRVP_PG_FLOAT8, DRVP_FLOAT, false, "", "" },
	{ 869, DRVP_PG_TEXT, DRVP_TEXT, false, "nullif(pg_catalog.format('%s', ", "), '')" },
	{ 1042, DRVP_PG_TEXT, DRVP_TEXT, false, "", "" },               /* character(n) */
	{ 1043, DRVP_PG_TEXT, DRVP_TEXT, false, "", "" },               /* character varying */
	{ 1082, DRVP_PG_DATE, DRVP_DATE, false, "", "" },
	{ 1114, DRVP_PG_TIMESTAMP, DRVP_LOCAL_TIME, false, "", "" },
	{ 1184, DRVP_PG_TIMESTAMPTZ, DRVP_INSTANT, false, "", "" },
	{ 1700, DRVP_PG_DECIMAL, DRVP_DECIMAL, false, "", CAST },       /* numeric */
	{ 2950, DRVP_PG_UUID, DRVP_UUID, false, "", "" },
	{ DRVP_PG_ANYARRAY, DRVP_PG_ARRAY, DRVP_DOCUMENT, false, ARRAY, ")" },
	{ DRVP_PG_ANYENUM, DRVP_PG_TEXT, DRVP_TEXT, false, "", "" },
	{ 3802, DRVP_PG_JSONB, DRVP_DOCUMENT, true, "", "" },
	{ 3807, DRVP_PG_ARRAY, DRVP_DOCUMENT, true, ARRAY, ")" },       /* jsonb[] */
};

/* Composites carry type OIDs in their binary form, which no restore keeps. */
static const struct drvp_pg_type by_text = { 0, DRVP_PG_TEXT, DRVP_TEXT, false, "", CAST };

const struct drvp_pg_type *drvp_pg_type(uint32_t oid)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (types[i].oid == oid)
			return &types[i];
	return &by_text;
}

bool drvp_pg_is_collated(uint32_t oid)
{
	return oid == 25 || oid == 1042 || oid == 1043;
}
