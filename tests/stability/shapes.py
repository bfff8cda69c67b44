"""shapes.py: makes a database with tables of many shapes and every type, the same for one seed"""
import random

import values

# What the values of values.py name. Types of no use come first, so that the OIDs of the others
# are not those of a database which was made in another way.
SETUP = """
CREATE SCHEMA stable;
{unused}
-- Of two labels one bit makes another.
CREATE TYPE stable.mood AS ENUM ('sad', 'so-so', '행복', 'sae');
CREATE DOMAIN stable.age AS integer CHECK (VALUE < 151);
CREATE TYPE stable.pair AS (a integer, b text);
CREATE TYPE stable.nest AS (p stable.pair, m stable.mood, l integer[]);
CREATE TYPE stable.span AS RANGE (subtype = double precision);
CREATE DOMAIN stable.moods AS stable.mood[];
CREATE TABLE stable.anchor (a integer);
CREATE FUNCTION stable.twice(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 2 * $1';
CREATE COLLATION stable.plain (LOCALE = 'C');
CREATE COLLATION stable.alike (PROVIDER = icu, LOCALE = 'und-u-ks-level1', DETERMINISTIC = false);
CREATE TEXT SEARCH CONFIGURATION stable.words (COPY = simple);
CREATE TEXT SEARCH DICTIONARY stable.dict (TEMPLATE = simple);
"""

# Tables of a few columns. "%s" stands for the rows of FILL.
PARTITIONED = """
CREATE TABLE stable.parts (k integer, region text, at timestamptz, amount numeric, note text,
	mood stable.mood) PARTITION BY LIST (region);
CREATE TABLE stable.parts_a PARTITION OF stable.parts FOR VALUES IN ('a');
CREATE TABLE stable.parts_b (gone jsonb, note text, mood stable.mood, amount numeric, region text,
	gone_too integer, at timestamptz, k integer);
ALTER TABLE stable.parts_b DROP COLUMN gone;
ALTER TABLE stable.parts_b DROP COLUMN gone_too;
ALTER TABLE stable.parts ATTACH PARTITION stable.parts_b FOR VALUES IN ('b', NULL);
CREATE TABLE stable.parts_c PARTITION OF stable.parts FOR VALUES IN ('c') PARTITION BY RANGE (k);
CREATE TABLE stable.parts_c1 PARTITION OF stable.parts_c FOR VALUES FROM (MINVALUE) TO (200);
CREATE TABLE stable.parts_c2 PARTITION OF stable.parts_c FOR VALUES FROM (200) TO (MAXVALUE);
CREATE TABLE stable.parts_rest PARTITION OF stable.parts DEFAULT;
INSERT INTO stable.parts SELECT i, (ARRAY['a', 'b', 'c', 'd', NULL])[1 + i % 5],
	timestamptz '2020-01-01 00:00+00' + i * interval '7 h', (i * 1.50)::numeric,
	CASE WHEN i % 3 > 0 THEN repeat(md5(i::text), i % 7) END, 'so-so'
	FROM generate_series(1, 400) i;
"""
INHERITED = """
CREATE TABLE stable.parent (a integer, b text);
CREATE TABLE stable.child_more (c timestamptz) INHERITS (stable.parent);
CREATE TABLE stable.child_other (gone integer, b text, z integer, a integer);
ALTER TABLE stable.child_other DROP COLUMN gone;
ALTER TABLE stable.child_other INHERIT stable.parent;
INSERT INTO stable.parent SELECT i, md5(i::text) FROM generate_series(1, 50) i;
INSERT INTO stable.child_more SELECT i, NULL, 'epoch' FROM generate_series(1, 50) i;
INSERT INTO stable.child_other SELECT md5(i::text), i, 2 * i FROM generate_series(40, 90) i;
"""
GENERATED = """
CREATE TABLE stable.generated (a integer, b text, twice integer GENERATED ALWAYS AS (a * 2) STORED,
	upper text GENERATED ALWAYS AS (upper(b)) STORED{virtual});
INSERT INTO stable.generated SELECT i, md5(i::text) FROM generate_series(1, 100) i;
"""
VIRTUAL = ", half integer GENERATED ALWAYS AS (a / 2) VIRTUAL"
TOASTED = """
CREATE TABLE stable.toasted (k integer PRIMARY KEY, outside text, packed text, bytes bytea,
	doc jsonb, list text[]);
ALTER TABLE stable.toasted ALTER outside SET STORAGE EXTERNAL, ALTER bytes SET STORAGE MAIN;
INSERT INTO stable.toasted
	SELECT i, (SELECT string_agg(md5(j::text), '') FROM generate_series(1, n) j),
		repeat('가나다 ' || i, n), decode(repeat(md5(i::text), n), 'hex'),
		jsonb_build_object('k', repeat('x', 9 * n), 'n', i),
		array_fill(md5(i::text), ARRAY[n])
	FROM (SELECT i, (i * i * i) % 4000 AS n FROM generate_series(0, 40) i) s;
"""
ALTERED = """
CREATE TABLE stable.altered (a integer, gone text, b numeric, gone_too stable.mood);
INSERT INTO stable.altered SELECT i, 'x', i / 3.0, 'sad' FROM generate_series(1, 60) i;
ALTER TABLE stable.altered DROP COLUMN gone;
ALTER TABLE stable.altered ADD COLUMN c text DEFAULT 'was there before', ADD COLUMN d integer[];
ALTER TABLE stable.altered DROP COLUMN gone_too;
INSERT INTO stable.altered (a, c) SELECT i, NULL FROM generate_series(61, 90) i;
"""
ODD = """
CREATE TABLE stable.nothing ();
INSERT INTO stable.nothing DEFAULT VALUES;
INSERT INTO stable.nothing DEFAULT VALUES;
CREATE TABLE stable.computed (a double precision, b real, c point, d double precision[],
	e stable.span, f circle, g numeric, h oidvector, i int2vector);
INSERT INTO stable.computed SELECT a, a, point(a, -a), ARRAY[a, -a], stable.span(NULL, a),
	circle(point(a, 1), 1), a::numeric, '', ''
	FROM (VALUES (float8 'inf' - float8 'inf'), (- float8 'nan'), (float8 'nan'),
		(- float8 '0')) v (a);
CREATE TABLE stable.empty (a integer PRIMARY KEY, b stable.mood, c aclitem, d stable.nest[]);
CREATE TABLE stable.all_null (a integer, b text, c stable.pair);
INSERT INTO stable.all_null SELECT FROM generate_series(1, 7);
CREATE TABLE stable.collated (a text COLLATE "C", b text COLLATE stable.alike, c name);
INSERT INTO stable.collated SELECT chr(64 + i), upper(chr(96 + i)), 'n' || i
	FROM generate_series(1, 26) i;
CREATE TABLE stable.keyed (a integer, b text, c timestamptz, d numeric, e jsonb, f double precision,
	g json, h text, PRIMARY KEY (b, a));
INSERT INTO stable.keyed SELECT i, 'key ' || i % 7,
	timestamptz '2024-02-29 12:00+00' + i * interval '1 s', i + 0.10, jsonb_build_object('i', i),
	i / 8.0, json_build_object('i', i), i::text
	FROM generate_series(1, 500) i;
CREATE TABLE stable.twins (a integer, b text);
INSERT INTO stable.twins SELECT i % 10, 'b' FROM generate_series(1, 100) i;
CREATE SCHEMA "한글 스키마";
CREATE TABLE "한글 스키마"."표 ""이름"".x" ("열 1" integer, "select" text, "a.b" date, "CamelCase" bytea);
INSERT INTO "한글 스키마"."표 ""이름"".x" SELECT i, '값 ' || i, date '2024-01-01' + i, decode('00ff', 'hex')
	FROM generate_series(1, 30) i;
"""
TABLES = [["stable", name] for name in
          ("single", "arrays", "textual", "parts", "parts_b", "parts_c", "parent", "child_other",
           "generated", "toasted", "altered", "nothing", "computed", "empty", "all_null",
           "collated", "keyed", "twins", "wide", "anchor")] + [["한글 스키마", '표 "이름".x']]
ROWS = 40
# The most columns that a table can have; NULL costs nothing in a row's size.
MOST_COLUMNS = 1600


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def full_name(table):
    return ".".join(quoted(part) for part in table)


def copy_script(table, rows):
    """A COPY with its data, for psql."""
    lines = ("\t".join(values.copy_field(field) for field in row) for row in rows)
    return f"COPY {table} FROM STDIN;\n" + "".join(line + "\n" for line in lines) + "\\.\n"


def typed_table(name, kinds, seed):
    """A table with a column of each (type, Type)."""
    columns = ", ".join(f"c{number} {kind}" for number, (kind, _) in enumerate(kinds, 1))
    rows = values.rows([kind for _, kind in kinds], ROWS, seed)
    return f"CREATE TABLE stable.{name} ({columns});\n" + copy_script(f"stable.{name}", rows)


def wide_table(seed):
    rng = random.Random(seed)
    columns = ", ".join(f"c{number} smallint" for number in range(1, MOST_COLUMNS + 1))
    rows = [[str(rng.randint(-9, 9)) if rng.random() < share else None
             for _ in range(MOST_COLUMNS)] for share in (0.0, 1.0, 0.5, 0.01)]
    return f"CREATE TABLE stable.wide ({columns});\n" + copy_script("stable.wide", rows)


def kinds_of(major, extensions):
    """Three lists of (type, Type): with binary output, arrays, and without binary output."""
    single = values.columns(major, extensions)
    arrays = [(name + "[]", values.array_of(name, kind)) for name, kind in single
              if not name.endswith("[]") and "." not in name]
    textual = [pair for pair in single + arrays
               if pair[0].removesuffix("[]") in values.WITHOUT_SEND]
    return ([pair for pair in single if pair not in textual],
            [pair for pair in arrays if pair not in textual], textual)


def script(major, extensions, seed, unused=0):
    """Everything, for psql. With more unused types the OIDs of the others are further on."""
    single, arrays, textual = kinds_of(major, extensions)
    junk = "\n".join(f"CREATE TYPE stable.unused{number} AS ENUM ('x');"
                     for number in range(unused))
    parts = ["SET client_min_messages = warning; SET DateStyle = 'ISO, YMD'; SET TimeZone = 'UTC';"]
    parts += [f"CREATE EXTENSION {name} SCHEMA public;" for name in sorted(extensions)]
    parts += ["SET search_path = public, pg_catalog;", SETUP.format(unused=junk)]
    parts += [typed_table("single", single, seed), typed_table("arrays", arrays, seed + 1),
              typed_table("textual", textual, seed + 2), wide_table(seed + 3)]
    parts += [PARTITIONED, INHERITED, GENERATED.format(virtual=VIRTUAL if major >= 18 else ""),
              TOASTED, ALTERED, ODD]
    return "\n".join(parts)


def make(cluster, database, seed, unused=0):
    cluster.psql("postgres", "DO $$ BEGIN CREATE ROLE drv_stable;"
                 " EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    cluster.create(database)
    cluster.psql(database, script(cluster.major, extensions(cluster), seed, unused))


def extensions(cluster):
    """Those of values.EXTENSIONS that this server brings."""
    there = cluster.psql("postgres", "SELECT name FROM pg_available_extensions").split()
    return {name for name in values.EXTENSIONS.values() if name in there}


# So that the text of a value depends on the value alone.
PINNED = ("-c DateStyle=ISO -c IntervalStyle=postgres -c TimeZone=UTC -c search_path="
          " -c bytea_output=hex -c quote_all_identifiers=off -c extra_float_digits=1"
          " -c lc_monetary=C")
MARK = "-- next table"


def fingerprints(cluster, database, tables):
    """
    What each table holds, as the text of its columns by name, rows in order: table → lines. It is
    what a digest is held against.
    """
    lists = cluster.psql(database, "\n".join(f"""
        SELECT string_agg(quote_ident(attname), ', ' ORDER BY attname COLLATE "C")
        FROM pg_attribute WHERE attrelid = $table${full_name(table)}$table$::regclass
            AND attnum > 0 AND NOT attisdropped;""" for table in tables)).split("\n")
    text = "\n".join(f"COPY (SELECT {names} FROM {full_name(table)}) TO STDOUT;\n\\echo {MARK}"
                     for names, table in zip(lists, tables))
    data = cluster.psql_bytes(database, text, {"PGOPTIONS": PINNED})
    found = data.split(MARK.encode() + b"\n")
    if len(found) != len(tables) + 1:
        raise ValueError("not as many tables as were asked for")
    return {tuple(table): sorted(lines.split(b"\n")) for table, lines in zip(tables, found)}
