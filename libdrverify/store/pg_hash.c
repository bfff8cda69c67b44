/* pg_hash.c: how the server itself hashes each type's values, the same after any restore */
#include "store/pg.h"

#include <inttypes.h>

/* Times the number of a column, what a NULL in it counts as. */
#define NULL_HASH UINT64_C(0x9e3779b97f4a7c15)

/* So many terms stand in a pair of parentheses, lest the depth exhausts a server's stack. */
#define TERMS 32

/*
 * How a value becomes 64 bits, the number of its column being mixed in. Where PostgreSQL has a hash
 * function that takes all bits of a value into account, and may be called, it is that. Functions
 * that do not are passed by: hash_numeric_extended() takes no notice of the sign, and neither does
 * jsonb_hash_extended() of signs and of some changes of places; hashint8extended(), and with it
 * those of times, first folds 64 bits into 32; hash_array_extended() takes no notice of dimensions,
 * interval_hash_extended() takes 1 day for 24 hours; hashenumextended() and those of reg* types
 * hash an OID, which a restore gives anew.
 *
 * An array of one bytea is hashed as its bytes are, whose own function may not be called before
 * PostgreSQL 18. A bigint is the seed under which the number of its column is hashed: all 64 bits of
 * a seed are mixed in. The functions for floating-point numbers make no difference between 0 and -0.
 */
enum way {
	DIRECT,                      /* function(value as cast, number) */
	SEED,                        /* hashint4extended(number, value) */
	SENT,                        /* the bytes that function(value) gives */
	FLOAT,                       /* likewise, with one NaN for all of them */
	SHOWN                        /* the text that function(value) gives */
};

struct hashed {
	uint32_t oid;
	int way;                     /* enum way */
	const char *function;        /* SHOWN: NULL is the type's own output function */
	const char *cast;            /* DIRECT */
};

#define TEXT "text COLLATE pg_catalog.\"C\""
#define BPCHAR "bpchar COLLATE pg_catalog.\"C\""

static const struct hashed types[] = {
	{ 16, DIRECT, "hashint4extended", "int4" },             /* bool */
	{ 17, SENT, "byteasend", NULL },                        /* bytea */
	{ 18, DIRECT, "hashcharextended", "\"char\"" },         /* "char" */
	{ 19, DIRECT, "hashtextextended", TEXT },               /* name */
	{ 20, SEED, NULL, NULL },                               /* bigint */
	{ 21, DIRECT, "hashint4extended", "int4" },             /* smallint */
	{ 23, DIRECT, "hashint4extended", "int4" },             /* integer */
	{ 25, DIRECT, "hashtextextended", TEXT },               /* text */
	{ 26, DIRECT, "hashoidextended", "oid" },               /* oid */
	{ 114, SHOWN, "json_out", NULL },                       /* json */
	{ 650, SENT, "cidr_send", NULL },                       /* cidr */
	{ 700, FLOAT, "float4send", NULL },                     /* real */
	{ 701, FLOAT, "float8send", NULL },                     /* double precision */
	{ 774, SENT, "macaddr8_send", NULL },                   /* macaddr8 */
	{ 790, SENT, "cash_send", NULL },                       /* money */
	{ 829, SENT, "macaddr_send", NULL },                    /* macaddr */
	{ 869, SENT, "inet_send", NULL },                       /* inet */
	{ 1042, DIRECT, "hashbpcharextended", BPCHAR },         /* character(n) */
	{ 1043, DIRECT, "hashtextextended", TEXT },             /* character varying */
	{ 1082, SENT, "date_send", NULL },                      /* date */
	{ 1083, SENT, "time_send", NULL },                      /* time */
	{ 1114, SENT, "timestamp_send", NULL },                 /* timestamp */
	{ 1184, SENT, "timestamptz_send", NULL },               /* timestamptz */
	{ 1186, SENT, "interval_send", NULL },                  /* interval */
	{ 1266, SENT, "timetz_send", NULL },                    /* timetz */
	{ 1560, SENT, "bit_send", NULL },                       /* bit */
	{ 1562, SENT, "varbit_send", NULL },                    /* bit varying */
	{ 1700, SHOWN, "numeric_out", NULL },                   /* numeric */
	{ 2950, DIRECT, "uuid_hash_extended", "uuid" },         /* uuid */
	{ 3220, SENT, "pg_lsn_send", NULL },                    /* pg_lsn */
	{ 3802, SHOWN, "jsonb_out", NULL },                     /* jsonb */
};

static const struct hashed others = { 0, SHOWN, NULL, NULL };

static const struct hashed *find(uint32_t oid)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (types[i].oid == oid)
			return &types[i];
	return &others;
}

static void put_one_nan(struct drvp_pg *s, struct drvp_strbuf *sql,
			const struct drvp_column *column)
{
	drvp_strbuf_str(sql, "CASE WHEN ");
	drvp_pg_put_column(s, sql, DRVP_PG_ROW, column);
	drvp_strbuf_str(sql, " OPERATOR(pg_catalog.=) 'NaN' THEN 'NaN' ELSE ");
	drvp_pg_put_column(s, sql, DRVP_PG_ROW, column);
	drvp_strbuf_str(sql, " END");
}

static void put_value(struct drvp_pg *s, struct drvp_strbuf *sql, const struct hashed *type,
		      const struct drvp_column *column, uint64_t number)
{
	switch (type->way) {
	case DIRECT:
		drvp_strbuf_printf(sql, "pg_catalog.%s(", type->function);
		drvp_pg_put_column(s, sql, DRVP_PG_ROW, column);
		drvp_strbuf_printf(sql, "::pg_catalog.%s, %" PRIu64 ")", type->cast, number);
		break;
	case SEED:
		drvp_strbuf_printf(sql, "pg_catalog.hashint4extended(%" PRIu64 ", ", number);
		drvp_pg_put_column(s, sql, DRVP_PG_ROW, column);
		drvp_strbuf_char(sql, ')');
		break;
	case SENT:
	case FLOAT:
		drvp_strbuf_printf(sql, "pg_catalog.hash_array_extended(ARRAY[pg_catalog.%s(",
				   type->function);
		if (type->way == FLOAT)
			put_one_nan(s, sql, column);
		else
			drvp_pg_put_column(s, sql, DRVP_PG_ROW, column);
		drvp_strbuf_printf(sql, ")], %" PRIu64 ")", number);
		break;
	default:
		drvp_strbuf_printf(sql, "pg_catalog.hashtextextended(%s%s(",
				   type->function ? "pg_catalog.textin(pg_catalog." :
						    "pg_catalog.format('%L', ",
				   type->function ? type->function : "");
		drvp_pg_put_column(s, sql, DRVP_PG_ROW, column);
		drvp_strbuf_printf(sql, ")) COLLATE pg_catalog.\"C\", %" PRIu64 ")", number);
	}
}

/* Most functions know nothing of NULL. An array that holds one is hashed, unlike any value. */
static void put_term(struct drvp_pg *s, struct drvp_strbuf *sql, const struct drvp_column *column,
		     uint64_t number)
{
	drvp_strbuf_str(sql, "coalesce(");
	put_value(s, sql, find(column->type_oid), column, number);
	drvp_strbuf_printf(sql, ", '%" PRId64 "'::pg_catalog.int8)", (int64_t)(NULL_HASH * number));
}

/*
 * XOR of independent hashes, and that as the seed of one more, so that no bit of the sum over all
 * rows is made of columns each for itself. hash_record_extended() is a sum of its columns' hashes,
 * times powers of 31: added up over rows it stays the same when two rows exchange a value.
 */
void drvp_pg_put_row_hash(struct drvp_pg *s, struct drvp_strbuf *sql,
			  const struct drvp_column *const *columns, size_t count)
{
	drvp_strbuf_printf(sql, "pg_catalog.hashint4extended(0, (%s",
			   count ? "" : "0::pg_catalog.int8");
	for (size_t i = 0; i < count; i++) {
		if (i)
			drvp_strbuf_str(sql, i % TERMS ? " OPERATOR(pg_catalog.#) " :
							 ") OPERATOR(pg_catalog.#) (");
		put_term(s, sql, columns[i], i + 1);
	}
	drvp_strbuf_str(sql, "))");
}

/* Each function once, over a value that is not trivial: another processor may hash otherwise. */
void drvp_pg_put_hash_probe(struct drvp_strbuf *sql)
{
	drvp_strbuf_str(
		sql, "pg_catalog.hashint4extended(1, 81985529216486895)"
		" OPERATOR(pg_catalog.#) pg_catalog.hashint4extended(305419896, 2)"
		" OPERATOR(pg_catalog.#) pg_catalog.hashoidextended('19088743', 3)"
		" OPERATOR(pg_catalog.#) pg_catalog.hashcharextended('q', 4)"
		" OPERATOR(pg_catalog.#) pg_catalog.hashtextextended('a text of some length'"
		" COLLATE pg_catalog.\"C\", 5)"
		" OPERATOR(pg_catalog.#) pg_catalog.hashbpcharextended('another text '"
		" COLLATE pg_catalog.\"C\", 6)"
		" OPERATOR(pg_catalog.#) pg_catalog.uuid_hash_extended("
		"'00112233-4455-6677-8899-aabbccddeeff', 7)"
		" OPERATOR(pg_catalog.#) pg_catalog.hash_array_extended("
		"ARRAY[E'\\\\x000102030405060708090a0b0c0d'::pg_catalog.bytea], 8)");
}
