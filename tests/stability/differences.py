"""differences.py: what a digest must tell apart: damage to one row, near values, single bits"""
import pathlib
import random
import struct

import shapes
import values

# What must be found. A row that is another row now may have moved to another part of the table,
# where one is too many then, while one is missing where it was.
CHANGED, FEWER, MORE = "a change", "content.missing", "content.extra"
CODES = {"content.changed", FEWER, MORE}
HANGUL_TABLE = '"한글 스키마"."표 ""이름"".x"'

# name: (statements, { table: code })
DAMAGE = {
    "a row twice": ("INSERT INTO stable.twins SELECT * FROM stable.twins LIMIT 1", {"twins": MORE}),
    "a row lost": ("DELETE FROM stable.keyed WHERE a = 250", {"keyed": FEWER}),
    "one of twins lost, another row three times": (
        "DELETE FROM stable.twins WHERE ctid = (SELECT min(ctid) FROM stable.twins WHERE a = 1);"
        "INSERT INTO stable.twins VALUES (2, 'b')", {"twins": CHANGED}),
    "a pair of twins more": (
        "UPDATE stable.twins SET a = 4 WHERE ctid IN (SELECT ctid FROM stable.twins WHERE a = 3"
        " LIMIT 2)", {"twins": CHANGED}),
    "a column exchanged by two rows": (
        "UPDATE stable.keyed k SET d = o.d FROM stable.keyed o"
        " WHERE k.a IN (1, 2) AND o.a = 3 - k.a", {"keyed": CHANGED}),
    "columns exchanged in a row": (
        "UPDATE stable.keyed SET b = h, h = b WHERE a = 5", {"keyed": CHANGED}),
    "a boundary between columns moved": (
        "UPDATE stable.keyed SET b = b || 'x' WHERE a = 8;"
        "UPDATE stable.keyed SET b = left(b, -1), h = right(b, 1) || h WHERE a = 8",
        {"keyed": CHANGED}),
    "sums kept": (
        "UPDATE stable.keyed SET d = d + CASE a WHEN 1 THEN 1 ELSE -1 END WHERE a IN (1, 2)",
        {"keyed": CHANGED}),
    "a value in a partition": (
        "UPDATE stable.parts SET note = note || '.' WHERE k = 1 AND note IS NOT NULL",
        {"parts": CHANGED, "parts_b": CHANGED}),
    "a row to another partition": (
        "UPDATE stable.parts SET region = 'a' WHERE k = 3",
        {"parts": CHANGED}),
    "a value in a child": ("UPDATE stable.child_other SET b = b || '.' WHERE z = 40",
                           {"parent": CHANGED, "child_other": CHANGED}),
    "a value far in TOAST": (
        "UPDATE stable.toasted SET outside = overlay(outside PLACING '#' FROM 3000) WHERE k ="
        " (SELECT k FROM stable.toasted ORDER BY length(outside) DESC NULLS LAST LIMIT 1)",
        {"toasted": CHANGED}),
    "one of 1,600 columns": (
        "UPDATE stable.wide SET c1600 = c1600 + 1 WHERE c1 IS NOT NULL AND c1600 IS NOT NULL"
        " AND c2 IS NOT NULL", {"wide": CHANGED}),
    "a row into an empty table": ("INSERT INTO stable.empty (a) VALUES (1)", {"empty": MORE}),
    "a row without columns": ("INSERT INTO stable.nothing DEFAULT VALUES", {"nothing": MORE}),
    "a default instead of NULL": (
        "UPDATE stable.altered SET c = 'was there before' WHERE a = 61", {"altered": CHANGED}),
    "NULL in another column": (
        "UPDATE stable.all_null SET a = 0 WHERE ctid = (SELECT min(ctid) FROM stable.all_null)",
        {"all_null": CHANGED}),
    "the sign of zero": ("UPDATE stable.computed SET a = 0 WHERE a = 0", {"computed": CHANGED}),
    "letters that a collation calls equal": (
        "UPDATE stable.collated SET b = lower(b) WHERE c = 'n5'", {"collated": CHANGED}),
    "Hangul decomposed": (
        f'UPDATE {HANGUL_TABLE} SET "select" = normalize("select", NFD) WHERE "열 1" = 3',
        {'표 "이름".x': CHANGED}),
    "a generated value's source": ("UPDATE stable.generated SET a = a + 1 WHERE a = 7",
                                   {"generated": CHANGED}),
}

# Values that are equal to their type's operators, or look alike, and yet are not the same.
PAIRS = {
    "text": [("", None), ("NULL", None), ("0", None), ("a", "a "),
             (values.COMPOSED, values.DECOMPOSED), ("a", "A"), ("\\", "\\\\"), ("a\nb", "a\r\nb"),
             ("ab", "ab\ufeff")],
    "character varying(40)": [("a", "a "), ("", None)],
    "integer": [("0", None), ("1", "-1")],
    "boolean": [("f", None)],
    "numeric": [("1.10", "1.1"), ("0", "0.00"), ("10000", "10000.0"), ("NaN", None), ("0", None)],
    "double precision": [("0", "-0"), ("NaN", None), ("Infinity", "1.7976931348623157e308")],
    "real": [("0", "-0"), ("0.1", "0.10000001")],
    "bytea": [("\\x", None), ("\\x", "\\x00"), ("\\x30", "\\x3030")],
    "json": [('{"a":1}', '{"a": 1}'), ('{"a":1,"b":2}', '{"b":2,"a":1}'), ("1.0", "1.00"),
             ("null", None), ('"\\u0041"', '"A"')],
    "jsonb": [("1.10", "1.1"), ("null", None), ("{}", "[]"), ('{"a": null}', "{}")],
    "interval": [("1 mon", "30 days"), ("24:00", "1 day"), ("0", None)],
    "time with time zone": [("12:00+00", "13:00+01")],
    "time without time zone": [("00:00:00", "24:00:00")],
    "timestamp with time zone": [("infinity", "294276-12-31 23:59:59.999999+00")],
    "date": [("infinity", "-infinity"), ("0001-01-01", "0001-01-01 BC")],
    "bit varying": [("0", "00"), ("", None), ("1", "10")],
    "integer[]": [("{1}", "[2:2]={1}"), ("{}", "{NULL}"), ("{}", None), ("{1,2}", "{{1,2}}")],
    "text[]": [("{a,b}", '{"a,b"}'), ("{NULL}", '{"NULL"}'), ('{""}', "{}")],
    "inet": [("10.0.0.0/8", "10.0.0.0/9"), ("1.2.3.4", "::ffff:1.2.3.4")],
    "numrange": [("[1,2)", "[1.0,2)"), ("[1,2)", "[1,2]"), ("empty", None), ("(,)", "empty")],
    "path": [("((0,0),(1,1))", "[(0,0),(1,1)]")],
    "lseg": [("[(0,0),(1,1)]", "[(1,1),(0,0)]")],
    "polygon": [("((0,0),(1,1),(1,0))", "((1,1),(1,0),(0,0))")],
    "point": [("(0,0)", "(-0,0)")],
    "xml": [("<a/>", "<a></a>"), ("", None)],
    "tsvector": [("'a':1", "'a':1A"), ("'a':1", "'a'"), ("", None)],
    "stable.pair": [("(,)", None), ('(,"")', "(,)")],
    "stable.mood": [("sad", "so-so"), ("sad", None)],
    "stable.mood[]": [("{}", None), ("{sad}", "{sad,sad}")],
    "hstore": [('"a"=>NULL', '"a"=>"NULL"'), ("", None)],
    "citext": [("Aa", "aA")],
    "regtype": [("integer", "bigint"), ("-", None)],
    "aclitem": [("=r/postgres", "=r*/postgres")],
    "money": [("0", None)],
    "name": [("a", "A")],
}


def pairs(known):
    """[(table, type, before, after)] for the types known here."""
    found = [(kind, *pair) for kind, of_kind in PAIRS.items() for pair in of_kind
             if kind in known or kind.endswith("[]")]
    return [(["stable", f"pair_{number}"], *one) for number, one in enumerate(found)]


def make_pairs(cluster, database, which):
    cluster.psql(database, "SET search_path = public, pg_catalog;\n" + "\n".join(
        f"CREATE TABLE {shapes.full_name(table)} (v {kind});\n"
        + shapes.copy_script(shapes.full_name(table), [[before]])
        for table, kind, before, _ in which))


def change_pairs(cluster, database, which):
    cluster.psql(database, "\n".join(
        f"TRUNCATE {shapes.full_name(table)};\n"
        + shapes.copy_script(shapes.full_name(table), [[after]]) for table, _, _, after in which))


def is_found(codes, wanted):
    """Whether the codes of a table's findings are what must be found, or nothing at all."""
    if not wanted:
        return not codes
    return bool(codes) and set(codes) <= CODES and (wanted == CHANGED or wanted in codes)


# ---------------------------------------------------------------- single bits

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)


def read_fields(data):
    """The values of a column in binary COPY form: bytes, or None."""
    assert data.startswith(HEADER)
    position, found = len(HEADER), []
    while True:
        count, = struct.unpack_from("!h", data, position)
        if count < 0:
            return found
        length, = struct.unpack_from("!i", data, position + 2)
        position += 6
        found.append(None if length < 0 else data[position:position + length])
        position += max(length, 0)


def write_field(field):
    return HEADER + struct.pack("!hi", 1, len(field)) + field + struct.pack("!h", -1)


def flip(fields, rng):
    """(which value, counted from 0; that value with one bit changed)"""
    row = rng.choice([number for number, field in enumerate(fields) if field])
    changed = bytearray(fields[row])
    bit = rng.randrange(8 * len(changed))
    changed[bit // 8] ^= 1 << bit % 8
    return row, bytes(changed)


def make_columns(cluster, database, kinds, seed):
    """A table for each type, a copy of it whose rows are numbered, and the tables' names."""
    tables = [["stable", f"bit_{number}"] for number in range(len(kinds))]
    settings = "SET search_path = public, pg_catalog; SET DateStyle = ISO;\n"
    cluster.psql(database, settings + "\n".join(
        f"CREATE TABLE stable.{table[1]} (v {kind});\n"
        + shapes.copy_script(f"stable.{table[1]}", values.rows([of_kind], shapes.ROWS, seed))
        + f"CREATE TABLE stable.kept_{table[1]} AS"
          f" SELECT row_number() OVER () - 1 AS number, v FROM stable.{table[1]};"
        for table, (kind, of_kind) in zip(tables, kinds)))
    return tables


def flip_script(table, path, row):
    return (f"BEGIN; TRUNCATE stable.{table};\n"
            f"INSERT INTO stable.{table} SELECT v FROM stable.kept_{table} WHERE number <> {row};\n"
            f"\\copy stable.{table} FROM '{path}' (FORMAT binary)\n"
            f"SELECT count(pg_catalog.format('%L', v)) FROM stable.{table};\nCOMMIT;")


def flip_bits(cluster, database, tables, scratch, seed, rounds=400):
    """
    Changes one bit in a value of each table. The server refuses some bits or cannot print what they
    make, and others mean nothing (any but the lowest of a boolean, the bits of a NaN): then another
    is tried, until the text of the value differs. Most take one or two rounds; of an enum only few
    bits make another label. Gives the tables that have not changed after all rounds.
    """
    rng = random.Random(seed)
    before = shapes.fingerprints(cluster, database, tables)
    paths = {tuple(table): pathlib.Path(scratch) / table[1] for table in tables}
    cluster.psql(database, "\n".join(
        f"\\copy (SELECT v FROM stable.kept_{table[1]} ORDER BY number) TO '{path}' (FORMAT binary)"
        for table, path in paths.items()))
    intact = {table: read_fields(path.read_bytes()) for table, path in paths.items()}
    left = [tuple(table) for table in tables]
    for _ in range(rounds):
        lines = []
        for table in left:
            row, changed = flip(intact[table], rng)
            paths[table].write_bytes(write_field(changed))
            lines.append(flip_script(table[1], paths[table], row))
        cluster.psql_bytes(database, "\n".join(lines), stop=False)
        after = shapes.fingerprints(cluster, database, left)
        left = [table for table in left if after[table] == before[table]]
        if not left:
            break
    return left
