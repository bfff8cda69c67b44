#!/usr/bin/env python3
"""test_limits.py: what docs/WHAT-A-PASS-MEANS.md says that a pass cannot tell is what it cannot tell

Each case changes data in just the way that the page admits, and the run passes all the same. Each
statement of the page is that of a case, or is known here with the reason why none shows it.
Environment as for test_operations.py.
"""
import json
import os
import re
import subprocess
import unittest
from typing import NamedTuple

import test_operations
from test_operations import DATABASE, MONGODB, must, psql, source

TABLES = """
DROP SCHEMA public CASCADE; CREATE SCHEMA public;
CREATE TABLE users (id int PRIMARY KEY, name text, secret bytea, code text, at timestamptz, seen int,
    plain text);
CREATE INDEX ON users (name);
INSERT INTO users SELECT n, 'user ' || n, sha256(('s' || n)::bytea) || sha256(('t' || n)::bytea),
    replace(encode(sha256(n::text::bytea) || sha256(n::text::bytea), 'base64'), E'\\n', ''),
    now() - n * interval '1 minute', 0
    FROM generate_series(1, 100) n;
CREATE TABLE other AS SELECT 1 AS id;
"""
LOG = """
CREATE TABLE log (id int PRIMARY KEY, action text, note text, previous text, hash text);
CREATE FUNCTION chain(word text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE last text; made text;
BEGIN
    TRUNCATE log;
    FOR n IN 1..2500 LOOP
        made := encode(sha256(convert_to(coalesce(last, '') || '|' || word || n, 'UTF8')), 'hex');
        INSERT INTO log VALUES (n, word || n, 'note', last, made);
        last := made;
    END LOOP;
END $$;
SELECT chain('action ');
"""

ROLE = "drverify_limits"


def on_users(check, **members):
    return {"check": check, "source": "main", "table": "public.users", **members}


def chain(**members):
    return {"check": "audit_chain", "source": "main", "table": "public.log", "hash": "hash", **members}


LINKED = {"previous": "previous", "order_by": ["id"], "genesis": {"stored": None, "hashed": ""},
          "preimage": {"join": [{"previous": "text"}, {"column": "action"}], "with": "|"}}
ROWS = {"mode": "rows", "preimage": {"join": [{"column": "previous", "null": ""}, {"column": "action"}], "with": "|"}}
COUNT = on_users("row_count")


class Case(NamedTuple):
    section: str
    says: str                    # words of the page
    check: dict
    change: str                  # SQL
    captured: bool = True        # else the document is verified as it was written
    flags: tuple = ()
    place: str = DATABASE        # where it is verified


CASES = [
    Case("A pass of any check", "What no check is about.", COUNT, "DROP TABLE other"),
    Case("A pass of any check", "Indexes, constraints, functions, triggers, rights, extensions, settings.", COUNT,
         "DROP INDEX users_name_idx; ALTER TABLE users DROP CONSTRAINT users_pkey"),
    Case("connection", "tell a copy from the original", {"check": "connection", "source": "main"}, "SELECT",
         place=DATABASE + "_copy"),
    Case("row_count", "As many rows lost as added", COUNT,
         "DELETE FROM users WHERE id <= 5; INSERT INTO users (id) SELECT generate_series(101, 105)"),
    Case("row_count", "all values overwritten, pass", COUNT, "UPDATE users SET name = 'x', secret = NULL, at = NULL"),
    Case("row_count", "A tolerance of 2% lets 2% be lost", on_users("row_count", expect={"tolerance": "2%"}),
         "DELETE FROM users WHERE id <= 2"),
    Case("row_count", "With `min` alone anything above it passes", on_users("row_count", expect={"min": 10}),
         "DELETE FROM users WHERE id > 10", captured=False),
    Case("encrypted_field", "Well-formed bytes that no key opens pass",
         on_users("encrypted_field", ciphertext="secret", format="bytes"),
         "UPDATE users SET secret = sha256(id::text::bytea) || sha256('nobody knows')"),
    Case("encrypted_field", "values that were exchanged between rows",
         on_users("encrypted_field", ciphertext="secret", format="bytes"),
         "UPDATE users u SET secret = o.secret FROM users o WHERE o.id = 101 - u.id"),
    Case("encrypted_field", "an encoding of something that does not look like text passes",
         on_users("encrypted_field", ciphertext="code", format="base64"),
         "UPDATE users SET code = replace(encode(decode(repeat('00ff', 40), 'hex'), 'base64'), E'\\n', '')"),
    Case("encrypted_field", "Without `format` anything that is not NULL is taken for ciphertext",
         on_users("encrypted_field", ciphertext="code", plaintext="plain"), "UPDATE users SET code = 'in plain words'"),
    Case("audit_chain", "the **end was cut off**", chain(**LINKED), "DELETE FROM log WHERE id > 2000", captured=False),
    Case("audit_chain", "the **whole chain was hashed anew**", chain(**LINKED), "SELECT chain('other ')",
         captured=False),
    Case("audit_chain", "**columns that the hash does not cover**", chain(**LINKED), "UPDATE log SET note = 'edited'"),
    Case("audit_chain", '`"mode": "links"` proves the links and no contents',
         chain(mode="links", previous="previous", order_by=["id"], genesis={"stored": None}),
         "UPDATE log SET action = 'edited'"),
    Case("audit_chain", '`"mode": "rows"` proves each row and not that none is missing', chain(**ROWS),
         "DELETE FROM log WHERE id BETWEEN 1000 AND 1010", captured=False),
    Case("audit_chain", '`"front": "pruned"` nothing is said of what came before', chain(front="pruned", **LINKED),
         "DELETE FROM log WHERE id < 1000", captured=False),
    Case("audit_chain", "`--since-checkpoint` proves only the entries after the last recorded checkpoint",
         chain(**LINKED), "UPDATE log SET action = 'edited' WHERE id = 7", flags=("--since-checkpoint",)),
    Case("content", "of excluded columns", on_users("content", exclude=["seen"]), "UPDATE users SET seen = 7"),
    Case("content", "of rows outside `where`", on_users("content", where={"column": "name", "equals": "user 1"}),
         "DELETE FROM users WHERE id > 50"),
    Case("freshness", "tell whether older rows are all there",
         on_users("freshness", column="at", max_loss="1h"), "DELETE FROM users WHERE id > 1"),
    Case("assert", "names the wrong value passes", {
        "check": "assert", "source": "main", "sql": "SELECT 1 FROM public.users WHERE name = 'usr 1'", "rows": 0},
         "DELETE FROM users", flags=("--allow-sql",)),
]

# What the page admits and no case shows, with the reason.
NOT_SHOWN = {
    "That the server tells the truth.": "it takes a server that lies about everything",
    "MongoDB has no snapshot across checks.": "what may be seen differs from run to run",
    "What was there before is right.": "nobody asks a capture what was there before it",
    "Of MongoDB it knows the name of the replica set": "the server at hand is no replica set",
    "Use `content` where that matters": "advice",
    "what `row_count` cannot": "that of row_count",
    "Counts of one moment need writers to be still": "what may be seen differs from run to run",
    "To prove that the keys are there": "advice",
    "say that an entry was true when it was written": "no data tells what is true",
    "Known forks that the document lists": "tests/damage has them",
    "use it every night, and not after a restore": "advice",
    "withstand a forger": "it takes a forger with much time",
    "It finds accidents only.": "that of the forger",
    "It believes the clocks that wrote the column": "no data tells whether a clock was right",
    "Together with `row_count`": "advice",
    "be better than the question": "that of the wrong value",
    "Try it once": "advice",
}

# What goes on about the sentence before it.
FOLLOWS = ("Cannot: tell which rows they are", "Cannot: decrypt.", "A table that is not in the document",
           "The data is looked at", "`pg_amcheck`", "A server that lies", "A baseline records", "If that was damaged")


def sentences(section):
    """What the page admits of a check, sentence by sentence."""
    page = source("docs", "WHAT-A-PASS-MEANS.md")
    text = re.search(rf"(?ms)^## {section}\n(.*?)(?=^### |^## |\Z)", page).group(1)
    admitted = re.search(r"(?ms)^(?:Cannot|Not proved).*?(?=^Not part of a pass|^What SQL from a document|\Z)", text).group(0)
    admitted = re.sub(r"\n- ", "\n\n", admitted)
    for paragraph in admitted.split("\n\n"):
        for one in re.split(r"(?<=[.;])\s+(?=[A-Z`\"*])", " ".join(paragraph.split())):
            if one and not re.fullmatch(r"Cannot:|Not proved:", one):
                yield one


def squeezed(text):
    return " ".join(text.split())


class Statements(unittest.TestCase):
    def test_each_has_a_case_or_a_reason(self):
        page = squeezed(source("docs", "WHAT-A-PASS-MEANS.md"))
        known = [case.says for case in CASES] + list(NOT_SHOWN)
        for words in known:
            self.assertIn(words, page)
        for section in dict.fromkeys(["A pass of any check", *re.findall(r"(?m)^## (\w+)$", source(
                "docs", "WHAT-A-PASS-MEANS.md"))]):
            for sentence in sentences(section):
                # "A table that is not in the document may be gone." explains what stands before it.
                if not any(words in sentence for words in known) and not sentence.startswith(FOLLOWS):
                    self.fail(f"{section}: no case shows, and no reason is given: {sentence}")


class Passes(test_operations.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.addClassCleanup(psql, f"DROP DATABASE IF EXISTS {DATABASE}_copy;", "postgres")
        must(psql(f"CREATE ROLE {ROLE} LOGIN; GRANT pg_read_all_data TO {ROLE};"))
        cls.addClassCleanup(psql, f"DROP OWNED BY {ROLE}; DROP ROLE {ROLE};")

    def setUp(self):
        super().setUp()
        self.place += f" user={ROLE}"

    def test_all(self):
        for case in CASES:
            with self.subTest(case.says):
                self.try_case(case)

    def try_case(self, case):
        must(psql(TABLES + (LOG if case.check.get("table") == "public.log" else "")))
        self.put("checks.json", json.dumps({
            "format": "drverify/1", "name": "limits", "sources": {"main": {"store": "postgresql"}},
            "checks": [case.check]}))
        flags = " ".join(case.flags)
        document = "checks.json"
        if case.captured:
            document = "report.json"
            self.expect("drverify capture --baseline checks.json --write json=report.json " +
                        flags.replace("--since-checkpoint", ""), status=0)
        must(psql(case.change))
        if case.place != DATABASE:
            must(psql(f"CREATE DATABASE {case.place} TEMPLATE {DATABASE};", "postgres"))
        said = "--restored-to baseline" if case.captured else ""
        self.expect(f"drverify --baseline {document} {said} {flags}",
                    DRVERIFY_SOURCE_MAIN=f"{test_operations.POSTGRESQL} dbname={case.place} user={ROLE}")


@unittest.skipUnless(MONGODB, "DRV_TEST_MONGODB is not set")
class PassesMongoDB(test_operations.Case):
    def command(self, *commands):
        subprocess.run([os.environ["DRV_MONGO_COMMAND"], MONGODB, "limits"], input=json.dumps(commands),
                       capture_output=True, text=True, check=True)

    def test_documents_exchanged_for_others(self):
        self.addCleanup(self.command, {"dropDatabase": 1})
        self.command({"insert": "things", "documents": [{"_id": n} for n in range(9)]})
        self.put("checks.json", json.dumps({
            "format": "drverify/1", "name": "limits",
            "sources": {"search": {"store": "mongodb", "database": "limits"}},
            "checks": [{"check": "collection_count", "source": "search", "collection": "things"}]}))
        place = {"DRVERIFY_SOURCE_SEARCH": MONGODB}
        self.expect("drverify capture --baseline checks.json --write json=report.json", **place)
        self.command({"delete": "things", "deletes": [{"q": {}, "limit": 0}]},
                     {"insert": "things", "documents": [{"_id": n + 100} for n in range(9)]})
        self.expect("drverify --baseline report.json --restored-to baseline", **place)


if __name__ == "__main__":
    unittest.main()
