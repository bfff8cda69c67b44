/* pg_stable.c: in which form each type's values stay the same bytes through any restore */
#include "store/pg.h"

/*
 * The binary form of these types tells a value apart from every other, holds no OID of a type and
 * no server's setting, and has been the same since PostgreSQL 13. Those with floating-point
 * numbers say where they are: a dump brings every NaN back as the same one, whichever it was.
 *
 * All other types are printed: arrays, ranges over them and composites carry the OIDs of their
 * parts, which a restore gives anew; reg* types are OIDs of what is restored with another one;
 * what an extension's type sends is the extension's own affair; aclitem has no binary form.
 */
static const struct drvp_pg_stable types[] = {
	{ 16, 0, 0, false },                    /* bool */
	{ 17, 0, 0, false },                    /* bytea */
	{ 18, 0, 0, false },                    /* "char" */
	{ 19, 0, 0, false },                    /* name */
	{ 20, 0, 0, false },                    /* bigint */
	{ 21, 0, 0, false },                    /* smallint */
	{ 23, 0, 0, false },                    /* integer */
	{ 25, 0, 0, false },                    /* text */
	{ 26, 0, 0, false },                    /* oid: a number like another */
	{ 27, 0, 0, false },                    /* tid */
	{ 28, 0, 0, false },                    /* xid */
	{ 29, 0, 0, false },                    /* cid */
	{ 114, 0, 0, false },                   /* json */
	{ 142, 0, 0, false },                   /* xml */
	{ 600, 8, 0, false },                   /* point */
	{ 601, 8, 0, false },                   /* lseg */
	{ 602, 8, 5, false },                   /* path: whether it is closed, and how many points */
	{ 603, 8, 0, false },                   /* box */
	{ 604, 8, 4, false },                   /* polygon: how many points */
	{ 628, 8, 0, false },                   /* line */
	{ 650, 0, 0, false },                   /* cidr */
	{ 700, 4, 0, false },                   /* real */
	{ 701, 8, 0, false },                   /* double precision */
	{ 718, 8, 0, false },                   /* circle */
	{ 774, 0, 0, false },                   /* macaddr8 */
	{ 790, 0, 0, false },                   /* money */
	{ 829, 0, 0, false },                   /* macaddr */
	{ 869, 0, 0, false },                   /* inet */
	{ 1042, 0, 0, false },                  /* character(n) */
	{ 1043, 0, 0, false },                  /* character varying */
	{ 1082, 0, 0, false },                  /* date */
	{ 1083, 0, 0, false },                  /* time */
	{ 1114, 0, 0, false },                  /* timestamp */
	{ 1184, 0, 0, false },                  /* timestamptz */
	{ 1186, 0, 0, false },                  /* interval */
	{ 1266, 0, 0, false },                  /* timetz */
	{ 1560, 0, 0, false },                  /* bit */
	{ 1562, 0, 0, false },                  /* bit varying */
	{ 1700, 0, 0, false },                  /* numeric */
	{ 2950, 0, 0, false },                  /* uuid */
	{ 2970, 0, 0, false },                  /* txid_snapshot */
	{ 3220, 0, 0, false },                  /* pg_lsn */
	{ DRVP_PG_ANYENUM, 0, 0, false },       /* as its label */
	{ 3614, 0, 0, false },                  /* tsvector */
	{ 3615, 0, 0, false },                  /* tsquery */
	{ 3802, 0, 0, false },                  /* jsonb */
	{ 4072, 0, 0, false },                  /* jsonpath */
	{ 5038, 0, 0, false },                  /* pg_snapshot */
	{ 5069, 0, 0, false },                  /* xid8 */
};

static const struct drvp_pg_stable by_print = { 0, 0, 0, true };

const struct drvp_pg_stable *drvp_pg_stable(uint32_t oid)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (types[i].oid == oid)
			return &types[i];
	return &by_print;
}

bool drvp_pg_has_encoded_order(uint32_t oid)
{
	switch (oid) {
	case 3614:                   /* tsvector: its words */
	case 3615:                   /* tsquery */
	case 3802:                   /* jsonb: names of members, by their length in bytes */
	case 3807:
	case DRVP_PG_ANYARRAY:
		return true;
	default:
		return drvp_pg_stable(oid)->printed;
	}
}
