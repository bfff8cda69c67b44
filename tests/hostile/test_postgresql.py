#!/usr/bin/env python3
"""test_postgresql.py: whatever a PostgreSQL server says, no lie passes, hangs, or fills the memory

DRVERIFY names the built program, DRV_TEST_POSTGRESQL a superuser's connection to a throw-away
server, which says the truth until it is twisted; without it everything is skipped.
"""
import itertools
import json
import os
import struct
import subprocess
import sys
import tempfile
import unittest
from multiprocessing.pool import ThreadPool

from liar import Liar, columns, cut_row, error, message, row
from watched import MEMORY_MB, Watched, say

PROGRAM = os.path.abspath(os.environ["DRVERIFY"])
POSTGRESQL = os.environ.get("DRV_TEST_POSTGRESQL")
DATABASE = "drverify_hostile"
ROWS = 2000
TIME_OUT = 2
# The time-out, a second of grace, patience with a cancel, and a machine that is busy.
LONGEST = 20
ESCAPE = b"\x1b]0;owned\x07\x1b[2J\x9b31m\xe2\x80\xae\nfine\r"

SCHEMA = f"""
CREATE TABLE public.t AS SELECT g AS id, encode(sha256(g::text::bytea), 'hex') AS secret
  FROM generate_series(1, {ROWS}) g;
CREATE TABLE public.canary AS SELECT 1 AS id;
ANALYZE;
"""

COUNT = {"check": "row_count", "source": "m", "table": "public.t", "expect": {"rows": ROWS}}
EXAMINE = {"check": "encrypted_field", "source": "m", "table": "public.t", "ciphertext": "secret",
           "format": "hex"}


def words_of(database):
    words = [word for word in POSTGRESQL.split() if not word.startswith("dbname=")]
    return words + [f"dbname={database}"]


def psql(sql, database=DATABASE):
    done = subprocess.run(["psql", "-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-d",
                           " ".join(words_of(database)), "-c", sql], check=True,
                          capture_output=True, text=True)
    return done.stdout.strip()


def address():
    settings = dict(word.split("=", 1) for word in words_of(DATABASE))
    port = settings.get("port", "5432")
    if settings["host"].startswith("/"):
        return f"{settings['host']}/.s.PGSQL.{port}"
    return settings["host"], int(port)


def user():
    settings = dict(word.split("=", 1) for word in words_of(DATABASE))
    return settings["user"]


def setUpModule():
    if not POSTGRESQL:
        print("skipped: DRV_TEST_POSTGRESQL is not set", file=sys.stderr)
        sys.exit(77)
    tearDownModule()
    psql(f"CREATE DATABASE {DATABASE}", "postgres")
    psql(SCHEMA)


def tearDownModule():
    psql(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)", "postgres")


# ---------------------------------------------------------------- lies

def on(kind, words, lie, times=None):
    """Tells the lie in place of each message of that kind in answer to SQL with those words."""
    def twist(connection, got, body):
        if got != kind or words not in connection.sql:
            return None
        if times is not None and connection.twisted >= times:
            return None
        return lie(body) if callable(lie) else lie
    return twist


def endless(piece):
    return lambda body: itertools.repeat(piece * max(1, 65536 // len(piece)))


COUNTING = b'count(*) FROM "public"."t"'
COPYING = b"COPY ("
SNAPSHOT = b"pg_export_snapshot"
CATALOG = b"pg_attribute"
PLENTY = 2**31 - 1


def twice(kind):
    return lambda body: message(kind, body) * 2


def longer(kind, by):
    return lambda body: message(kind, body, len(body) + 4 + by)


def copy_field(length, more=b""):
    """A row of COPY whose second field lies about its length."""
    return message("d", struct.pack(">hi", 2, 6) + bytes(6) + struct.pack(">i", length) + more)


COPIED = message("d", struct.pack(">hi", 2, 6) + struct.pack(">IH", 0, 1) + struct.pack(">i", 64) +
                 b"ab" * 32)
# Exit status, and the codes of the check that counts and of the one that reads.
LOST, SCAN_LOST = (3, "source.lost", "source.lost"), (3, "", "source.lost")
BUG, SCAN_BUG = (3, "check.internal", "check.internal"), (3, "", "check.internal")
CATALOG_BUG = (3, "check.internal", "check.blocked")
LATE, SCAN_LATE = (3, "check.timeout", "check.timeout"), (3, "", "check.timeout")
# What could as well be true.
NO_COLUMN, FEWER = (2, "", "relation.column_missing"), (2, "row_count.below", "check.rows_differ")
# What changes nothing of what was asked for.
HARMLESS = (0, "", "")

# What a server says. Each lie in one line, with how the run has to end.
LIES = {
    # lengths
    "a row that announces 3 bytes": (LOST, on("D", COUNTING, lambda body: message("D", body, 3))),
    "a row that announces 2 GB": (LOST, on("D", COUNTING, lambda body: message("D", body, PLENTY))),
    "a row that announces more than it has": (LOST, on("D", COUNTING, longer("D", 4))),
    "a field that announces 2 GB": (BUG,
        on("D", COUNTING, message("D", struct.pack(">hi", 1, PLENTY) + b"1"))),
    "a field of negative length": (BUG,
        on("D", COUNTING, message("D", struct.pack(">hi", 1, -7) + b"1"))),
    "columns that announce 2 GB": (LOST,
        on("T", COUNTING, lambda body: message("T", body, PLENTY))),
    "an end of 2 GB": (LOST, on("C", COUNTING, lambda body: message("C", body, PLENTY))),
    "a copied row that announces 2 GB": (SCAN_LOST,
        on("d", COPYING, lambda body: message("d", body, PLENTY))),
    "a copied field that announces 2 GB": (SCAN_BUG, on("d", COPYING, copy_field(PLENTY), 1)),
    "a copied field of negative length": (SCAN_BUG, on("d", COPYING, copy_field(-2), 1)),
    "copied bytes without their head": (SCAN_BUG, on("d", COPYING, COPIED, 1)),
    "a copied row without fields": (SCAN_BUG, on("d", COPYING, message("d", b""), 1)),
    # shapes
    "no rows": (BUG, on("D", COUNTING, b"")),
    "two rows": (BUG, on("D", COUNTING, twice("D"))),
    "no columns": (BUG, on("T", COUNTING, columns())),
    "columns that are too many": (BUG, on("T", COUNTING, columns(b"a", b"b", b"c"))),
    "a row with too many fields": (BUG, on("D", COUNTING, row(b"2000", b"2000"))),
    "a row with no fields": (BUG, on("D", COUNTING, row())),
    "columns in the catalogue that are missing": (CATALOG_BUG, on("T", CATALOG, columns(b"a"))),
    "a catalogue without rows": (NO_COLUMN, on("D", CATALOG, b"")),
    "a catalogue of NULLs": (NO_COLUMN,
        on("D", CATALOG, lambda body: row(*[None] * len(cut_row(body))))),
    "a catalogue with types that are none": (NO_COLUMN, on(
        "D", CATALOG, lambda body: row(*[b"x"] * len(cut_row(body))))),
    # counts
    "a count that is NULL": (BUG, on("D", COUNTING, row(None))),
    "a count that is no number": (BUG, on("D", COUNTING, row(b"many"))),
    "a negative count": (BUG, on("D", COUNTING, row(b"-1"))),
    "a count beyond 64 bits": (BUG, on("D", COUNTING, row(b"99999999999999999999"))),
    "a count with a NUL": (BUG, on("D", COUNTING, row(b"2000\0" b"0"))),
    "a count in hexadecimal": (BUG, on("D", COUNTING, row(b"0x7d0"))),
    "a count with blanks": (BUG, on("D", COUNTING, row(b" 2000 "))),
    "a count that is empty": (BUG, on("D", COUNTING, row(b""))),
    "a count of one less": (FEWER, on("D", COUNTING, row(b"1999"))),
    "a copy that counts more than it sent": (SCAN_BUG,
        on("C", COPYING, message("C", b"COPY 2001\0"))),
    "a copy that counts none": (SCAN_BUG, on("C", COPYING, message("C", b"COPY\0"))),
    "a copy that counts a word": (SCAN_BUG, on("C", COPYING, message("C", b"COPY many\0"))),
    # order
    "an end before the rows": (BUG, on("D", COUNTING, message("C", b"SELECT 1\0"))),
    "ready before the rows": (BUG, on("D", COUNTING, message("Z", b"T"))),
    "ready twice": (HARMLESS, on("Z", COUNTING, twice("Z"))),
    "a copy that wants to be fed": (SCAN_BUG, on("H", COPYING, lambda body: message("G", body))),
    "a copy both ways": (SCAN_BUG, on("H", COPYING, lambda body: message("W", body))),
    "a copy that ends at once": (SCAN_BUG, on("H", COPYING, message("c", b""))),
    "rows in place of a copy": (SCAN_BUG, on("H", COPYING, columns(b"a") + row(b"1"))),
    "a copy in place of rows": (BUG,
        on("T", COUNTING, message("H", struct.pack(">bhh", 1, 1, 1)))),
    "a copy that ends without its end": (SCAN_BUG, on("C", COPYING, b"")),
    "a message of no kind": (BUG, on("D", COUNTING, message("~", b"what"))),
    "an answer to another question": (HARMLESS, on("1", COUNTING, message("2", b""))),
    # words
    "a snapshot that is none": (HARMLESS, on("D", SNAPSHOT, lambda body: row(
        *[b"'; DELETE FROM public.canary; --" if i == 0 else one
          for i, one in enumerate(cut_row(body))]))),
    "an error with escapes": (BUG, on("D", COUNTING, error(ESCAPE))),
    "an error without a code": (BUG, on("D", COUNTING, error(ESCAPE, b""))),
    "an error with a code of escapes": (BUG, on("D", COUNTING, error(b"x", b"\x1b[2J\x07"))),
    "an error of 1 MB": (BUG, on("D", COUNTING, error(b"x" * 2**20))),
    "an error without an end": (BUG, on("D", COUNTING, message("E", b"SERROR\0M" + ESCAPE))),
    "an error without fields": (BUG, on("D", COUNTING, message("E", b"\0"))),
    "the end of the connection": (LOST, on("D", COUNTING, error(ESCAPE, b"57P01", b"FATAL"))),
    "an error in mid-copy": (SCAN_BUG, on("d", COPYING, error(ESCAPE), 1)),
    # without end
    "rows without end": (BUG, on("D", COUNTING, endless(row(b"2000")))),
    "columns without end": (LATE, on("T", COUNTING, endless(columns(*[b"column"] * 500)))),
    "notices without end": (LATE,
        on("D", COUNTING, endless(error(ESCAPE, kind="N", severity=b"NOTICE")))),
    "settings without end": (LATE,
        on("D", COUNTING, endless(message("S", b"a\0" + ESCAPE + b"\0")))),
    "other settings without end": (LATE, on("D", COUNTING, lambda body: (
        message("S", b"s%d\0" % i + b"x" * 20000 + b"\0") for i in itertools.count()))),
    "notifications without end": (LATE,
        on("D", COUNTING, endless(message("A", bytes(4) + b"channel\0x\0")))),
    "copied rows without end": (SCAN_LATE, on("d", COPYING, lambda body: itertools.chain(
        [message("d", body)], itertools.repeat(COPIED * 500)), 1)),
    "ends without end": (LATE, on("C", COUNTING, endless(message("C", b"SELECT 1\0")))),
    "catalogue without end": (CATALOG_BUG,
        on("D", CATALOG, lambda body: itertools.repeat(message("D", body) * 100))),
}


# So much of a question tells it from others.
SHOWN = 300
# What any answer may be turned into.
SHAPES = {
    "no rows": b"",
    "twice": twice("D"),
    "no fields": row(),
    "NULLs": lambda body: row(*[None] * len(cut_row(body))),
    "empty texts": lambda body: row(*[b""] * len(cut_row(body))),
    "great numbers": lambda body: row(*[b"4294967297"] * len(cut_row(body))),
    "numbers below 0": lambda body: row(*[b"-9223372036854775808"] * len(cut_row(body))),
    "escapes": lambda body: row(*[ESCAPE] * len(cut_row(body))),
    "long texts": lambda body: row(*[b"x" * 100000] * len(cut_row(body))),
}

TOO_LONG = {"rows without end", "catalogue without end"}
# libpq keeps every setting that a server names: only the time-out bounds those.
KEPT = {"other settings without end"}


class Told(Watched):
    """A run whose server is twisted: also the codes of each check, and how many lies were told."""

    def __init__(self, twist, time_out=TIME_OUT):
        with tempfile.TemporaryDirectory() as folder:
            path, report = f"{folder}/document.json", f"{folder}/report.json"
            with open(path, "w", encoding="utf-8") as file:
                json.dump({"format": "drverify/1", "sources": {"m": {"store": "postgresql"}},
                           "checks": [COUNT, EXAMINE]}, file)
            liar = Liar(address(), twist)
            try:
                super().__init__([
                    PROGRAM, "--baseline", path, "--jobs", "2", "--timeout", f"{time_out}s",
                    "--source", f"m=host=127.0.0.1 port={liar.port} user={user()} "
                    f"dbname={DATABASE} sslmode=disable gssencmode=disable",
                    "--write", f"json={report}", "-v"])
            finally:
                liar.close()
            self.lies = liar.lies
            self.codes = []
            if os.path.exists(report):
                with open(report, encoding="utf-8") as file:
                    self.codes = [" ".join(one["code"] for one in check["result"]["findings"])
                                  for check in json.load(file)["checks"]]


def tell(name, case):
    # An answer that is too long is one before the time is up.
    return Told(case[1], LONGEST if name in TOO_LONG else TIME_OUT)


class Lies(unittest.TestCase):
    def test_the_truth_passes(self):
        done = Told(lambda connection, kind, body: None)
        self.assertEqual((done.status, done.codes), (0, ["", ""]), done.raw)

    def test_lies(self):
        with ThreadPool(4) as pool:
            told = pool.starmap(tell, LIES.items())
        for (name, (expected, _)), done in zip(LIES.items(), told):
            with self.subTest(name):
                say(f"{name}: {done.status}, {done.seconds:.1f} s, {done.memory_mb:.0f} MB")
                self.assertGreater(done.lies, 0, "nothing was twisted")
                self.assertEqual((done.status, *done.codes), expected, done.raw)
                self.assertIsNone(done.steers())
                self.assertFalse(done.hung)
                self.assertLess(done.seconds, LONGEST)
                self.assertLess(done.memory_mb, MEMORY_MB * (5 if name in KEPT else 1))
        self.assertEqual(psql("SELECT count(*) FROM canary"), "1")

    def questions(self):
        """The beginnings of all questions that are answered with rows."""
        found = {}

        def listen(connection, kind, body):
            if kind == "D":
                found[connection.sql.lstrip(b"\0")[:SHOWN]] = len(cut_row(body))
        self.assertEqual(Told(listen).status, 0)
        return found

    @unittest.skipUnless(os.environ.get("DRV_HOSTILE_LONG"), "DRV_HOSTILE_LONG is not set")
    def test_every_answer_twisted(self):
        cases = [(question, shape) for question in self.questions() for shape in SHAPES]

        def tell_shape(case):
            question, shape = case
            return Told(on("D", question, SHAPES[shape]))
        with ThreadPool(4) as pool:
            told = pool.map(tell_shape, cases)
        for (question, shape), done in zip(cases, told):
            with self.subTest(f"{shape}: {question.decode()}"):
                say(f"{done.status} {done.codes}  {shape}: {question.decode()}")
                self.assertIn(done.status, (0, 2, 3), done.raw)
                self.assertIsNone(done.steers())
                self.assertFalse(done.hung)
                self.assertLess(done.memory_mb, MEMORY_MB)


if __name__ == "__main__":
    unittest.main()
