#!/usr/bin/env python3
"""test_injection.py: no string of a document becomes SQL, or an operator of MongoDB

DRVERIFY names the built program, DRV_TEST_POSTGRESQL a superuser's connection to a throw-away
server, DRV_TEST_MONGODB the URI of one that speaks MongoDB's protocol, MONGO_COMMAND the program
that fills it. What has no server is skipped. The schema of documents says which strings there are,
and the statements that the program sends are read from its connection.
"""
import copy
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from multiprocessing.pool import ThreadPool
from urllib.parse import urlsplit

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fault"))
from liar import Liar  # noqa: E402
from proxy import Proxy  # noqa: E402

PROGRAM = os.path.abspath(os.environ["DRVERIFY"])
POSTGRESQL = os.environ.get("DRV_TEST_POSTGRESQL")
MONGODB = os.environ.get("DRV_TEST_MONGODB")
MONGO_COMMAND = os.environ.get("MONGO_COMMAND")
SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs",
                      "drverify.schema.json")
DATABASE = "drverify_injection"
# Stands in each attempt, and in nothing else.
MARK = "zzcanary"

ATTEMPTS = [
    f'x"; DROP TABLE {MARK}; --',
    f"x'; DROP TABLE {MARK}; --",
    f"x\\'; DROP TABLE {MARK}; --",
    f"$$; DROP TABLE {MARK}; $$",
    f"*/ DROP TABLE {MARK} /*",
    f"x')) OR {MARK}() --",
    f"x\n;DROP TABLE {MARK}\r",
    f"UTC' AT TIME ZONE {MARK}() || '",
    f"%s%n{MARK}%",
    f"\u02bc\uff07; DROP TABLE {MARK}; \u2019",
]

# Every member that a check for PostgreSQL may have, with values that work.
WHERE = [{"column": "a", "is": "not null"}, {"column": "b", "equals": "x"},
         {"column": "doc.k", "equals": "v"}]
CHECKS = [
    {"check": "connection", "source": "m", "name": "n", "priority": 1, "required": False,
     "tls": False, "standby": False},
    {"check": "row_count", "source": "m", "table": ["public", "t"], "name": "n", "where": WHERE,
     "append_only": False, "expect": {"rows": 0}, "priority": 1, "required": False},
    {"check": "encrypted_field", "source": "m", "table": ["public", "t"], "name": "n",
     "ciphertext": "a", "plaintext": "b", "plaintext_policy": "absent", "format": "hex",
     "nullable": True, "priority": 1, "required": False},
    {"check": "freshness", "source": "m", "table": ["public", "t"], "name": "n", "column": "at",
     "column_zone": "Asia/Seoul", "where": WHERE, "max_loss": "1h", "clock_skew": "5s",
     "expect": {"newest": "2025-12-30T05:22:10Z"}, "priority": 1, "required": False},
    {"check": "content", "source": "m", "table": ["public", "t"], "name": "n", "exclude": ["b"],
     "key": ["id"], "bucket_by": "id", "buckets": 4, "where": WHERE, "append_only": False,
     "hmac_key": "k", "detail": "rows", "priority": 1, "required": False},
    {"check": "content", "source": "m", "table": ["public", "t"], "exclude": ["b"], "where": WHERE,
     "method": "server"},
    {"check": "audit_chain", "source": "m", "table": ["public", "t"], "name": "n", "hash": "h",
     "previous": "p", "order_by": ["id", "a"], "partition_by": ["b", "doc.k"], "where": WHERE,
     "join": {"table": ["public", "bodies"], "on": {"id": "entry"}}, "digest": "sha256",
     "encoding": "hex", "front": "pruned", "genesis": {"stored": "", "hashed": "x"},
     "versions": [{"when": {"column": "a", "equals": "z"}, "digest": "sha512"}],
     "known_forks": [], "priority": 1, "required": False,
     "preimage": {"join": [{"previous": "text"}, {"column": "at", "time": "iso8601", "digits": 3,
                                                  "zone": "Z", "column_zone": "Asia/Seoul"},
                           {"column": "doc"}, "text"], "with": "|", "null": ""}},
    {"check": "audit_chain", "source": "m", "table": ["public", "t"], "hash": "h", "previous": "p",
     "mode": "links", "order_by": ["id"]},
    {"check": "assert", "source": "m", "name": "n", "sql": "SELECT 1 WHERE false", "rows": 0,
     "priority": 1, "required": False},
]
# Of MongoDB alone; or for a person to fill in.
OTHERS = {"collection", "filter", "result", "note", "expect", "todo"}


def words_of(database):
    words = [word for word in POSTGRESQL.split() if not word.startswith("dbname=")]
    return words + [f"dbname={database}"]


def psql(sql, database=DATABASE):
    done = subprocess.run(["psql", "-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-d",
                           " ".join(words_of(database)), "-f", "-"], check=True, input=sql,
                          capture_output=True, text=True)
    return done.stdout.strip()


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def setting(name, default=""):
    return dict(word.split("=", 1) for word in words_of(DATABASE)).get(name, default)


def setUpModule():
    if not POSTGRESQL and not MONGODB:
        print("skipped: neither DRV_TEST_POSTGRESQL nor DRV_TEST_MONGODB is set", file=sys.stderr)
        sys.exit(77)
    tearDownModule()
    if MONGODB:
        mongo({"insert": "things", "documents": [{"_id": 1, "a": 1}]})
    if POSTGRESQL:
        psql(f"CREATE DATABASE {DATABASE}", "postgres")
        # What an attempt names is there, so that it gets as far as it can.
        columns = "".join(f", {quoted(name)} text" for name in ATTEMPTS)
        tables = "".join(f"CREATE TABLE {quoted(name)} (LIKE t INCLUDING ALL);"
                         f"CREATE SCHEMA {quoted(name)};" for name in ATTEMPTS)
        psql(f"CREATE TABLE {MARK} AS SELECT 1 AS id;"
             "CREATE TABLE bodies (entry int);"
             "CREATE TABLE t (id int PRIMARY KEY, a text, b text, h text, p text, at timestamp,"
             f" doc jsonb{columns}); {tables}")


def mongo(*commands):
    subprocess.run([MONGO_COMMAND, MONGODB, DATABASE], check=True, input=json.dumps(commands),
                   text=True)


def tearDownModule():
    if MONGODB:
        mongo({"dropDatabase": 1})
    if POSTGRESQL:
        psql(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)", "postgres")


def strings(value, path=()):
    """The places of all strings, names of members among them."""
    if isinstance(value, str):
        yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(
            value, list) else ():
        yield from strings(inner, path + (key,))
        if path[-1:] == ("on",):
            yield path + (key, None)


def replaced(value, path, text):
    made = copy.deepcopy(value)
    inner = made
    if path[-1] is None:
        path, rename = path[:-1], True
    else:
        rename = False
    for step in path[:-1]:
        inner = inner[step]
    if rename:
        inner[text] = inner.pop(path[-1])
    else:
        inner[path[-1]] = text
    return made


def document(checks, **members):
    return {"format": "drverify/1", "sources": {"m": {"store": "postgresql"}}, "checks": checks,
            **members}


def residue(sql):
    """A statement without what stands in quotes."""
    return re.sub(r"""E'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*\"""", "?", sql,
                  flags=re.DOTALL)


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def put(self, made, name="document.json"):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(made, file)
        return path

    def those_that_parse(self, case):
        """Of checks that differ in one string; one that does not is most often of a kind."""
        number, checks = case
        if self.parses(number, document(checks)):
            return checks
        if len(checks) == 1 or not self.parses(number, document(checks[:1])):
            return []
        half = len(checks) // 2
        return self.those_that_parse((number, checks[:half])) + \
            self.those_that_parse((number, checks[half:]))

    def parses(self, number, made):
        done = subprocess.run([PROGRAM, "show", self.put(made, f"{number}.json")],
                              capture_output=True, check=False)
        self.assertIn(done.returncode, (0, 3), done.stderr)
        return done.returncode == 0


@unittest.skipUnless(POSTGRESQL, "DRV_TEST_POSTGRESQL is not set")
class Sql(Folder):
    def sent(self, made, source="m", options=()):
        """What the program sends while it verifies, and how it ends."""
        host, port = setting("host"), setting("port", "5432")
        liar = Liar(f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, int(port)),
                    lambda connection, kind, body: None)
        with open(os.path.join(self.folder, "key"), "wb") as file:
            file.write(b"k" * 32)
        try:
            done = subprocess.run(
                [PROGRAM, "--baseline", self.put(made), "--timeout", "20s", "--jobs", "2",
                 "--key", f"k={self.folder}/key", "--source",
                 f"{source}=host=127.0.0.1 port={liar.port} user={setting('user')} "
                 f"dbname={DATABASE} sslmode=disable gssencmode=disable", *options],
                capture_output=True, check=False, timeout=300)
        finally:
            liar.close()
        return liar.asked, done

    def check(self, asked):
        for statement in asked:
            text = statement.strip(b"\0").split(b"\0")[0].decode()
            self.assertNotIn(MARK, residue(text), text)
        self.assertEqual(psql(f"SELECT id FROM {MARK}"), "1")

    def test_every_member_of_the_schema_is_tried(self):
        with open(SCHEMA, encoding="utf-8") as file:
            definitions = json.load(file)["$defs"]
        for name in {check["check"] for check in CHECKS}:
            tried = {member for check in CHECKS if check["check"] == name for member in check}
            known = set(definitions[name]["properties"])
            whole = {"table"} if name in ("connection", "assert") else set()
            self.assertEqual(known - tried - OTHERS - whole, set(), name)

    def test_strings_of_checks(self):
        groups = [[replaced(check, path, before + text) for text in ATTEMPTS]
                  for check in CHECKS for path in strings(check)
                  if path not in (("check",), ("source",), ("sql",))
                  # A path inside of a document, too.
                  for before in (("", "doc.") if "where" in path else ("",))]
        with ThreadPool(4) as pool:
            taken = sum(pool.map(self.those_that_parse, enumerate(groups)), [])
        self.assertGreater(len(taken), len(groups) * len(ATTEMPTS) // 4)
        asked, done = self.sent(document(taken + CHECKS))
        self.assertGreater(len(asked), 100, done.stderr)
        self.check(asked)
        self.assertIn(done.returncode, (2, 3), done.stderr)
        # They got there: attempts stand in statements, within quotes.
        self.assertGreater(len([one for one in asked if MARK.encode() in one]), 100)

    def test_strings_around_the_checks(self):
        mixed = f"x'\";$$*/ DROP TABLE {MARK}; --"
        whole = document(CHECKS[:2], name="n", captured_at="2025-12-30T05:30:00Z", sources={
            "m": {"store": "postgresql", "restored_by": "physical", "identity": {
                "system_identifier": "7", "lsn": "0/3000060",
                "server_started": "2025-12-30T05:30:00Z", "moment": "2025-12-30T05:30:00Z"}}})
        for path in strings({key: whole[key] for key in ("name", "captured_at", "sources")}):
            made = replaced(whole, path, mixed)
            if self.parses(0, made):
                asked, _ = self.sent(made)
                self.check(asked)
        named = json.loads(json.dumps(whole).replace('"m"', json.dumps(mixed)))
        asked, _ = self.sent(named, source=mixed)
        self.check(asked)

    def test_sql_of_a_document_is_not_run(self):
        made = document([{"check": "assert", "source": "m", "sql": f"SELECT 1 FROM {MARK}"}])
        asked, done = self.sent(made)
        self.check(asked)
        self.assertEqual(done.returncode, 3, done.stdout)
        # This is how it would look.
        asked, _ = self.sent(made, options=["--allow-sql"])
        self.assertFalse(any(MARK in residue(one.decode()) for one in asked),
                         "a superuser may not run it either")


@unittest.skipUnless(MONGODB, "DRV_TEST_MONGODB is not set")
class Operators(Folder):
    CODE = {"$function": {"body": "function() { return true }", "args": [], "lang": "js"}}
    FILTERS = [
        {"$where": "true"},
        {"$where": {"$code": "true"}},
        {"a": 1, "$and": [{"b": 2}, {"$or": [{"$where": "true"}]}]},
        {"$nor": [{"$where": "true"}]},
        {"$expr": CODE},
        {"$expr": {"$and": [{"$eq": ["$a", 1]}, CODE]}},
        {"$expr": {"$let": {"vars": {"x": CODE}, "in": "$$x"}}},
        {"a": {"$elemMatch": {"$where": "true"}}},
        {"a": {"$not": {"$elemMatch": {"$where": "true"}}}},
        {"$expr": {"$accumulator": {"init": "function() {}", "accumulate": "function() {}",
                                    "accumulateArgs": [], "merge": "function() {}", "lang": "js"}}},
        {"$jsonSchema": {"a": 1}, "$expr": {"$cond": [True, CODE, 1]}},
    ]

    def test_code_is_not_sent(self):
        parts = urlsplit(MONGODB)
        sent = []

        def listen(bytes_sent, _):
            if not sent or len(bytes_sent) >= len(sent[-1]):
                sent.append(bytes_sent)
            return False
        for kind, collection in (("collection_count", "things"), ("assert", "things"),
                                 ("content", "things"), ("audit_chain", "things")):
            for query in self.FILTERS:
                more = {"hash": "h", "previous": "p", "mode": "links"} if kind == "audit_chain" else {}
                if kind == "collection_count":
                    more = {"expect": {"documents": 0}}
                made = {"format": "drverify/1",
                        "sources": {"d": {"store": "mongodb", "database": DATABASE}},
                        "checks": [{"check": kind, "source": "d", "collection": collection,
                                    "filter": query, **more}]}
                sent.clear()
                proxy = Proxy((parts.hostname, parts.port), listen)
                role = f"{parts.username}:{parts.password}@" if parts.username else ""
                uri = f"mongodb://{role}127.0.0.1:{proxy.port}/?{parts.query}"
                try:
                    done = subprocess.run([PROGRAM, "--baseline", self.put(made), "--timeout", "20s",
                                           "--source", f"d={uri}"], capture_output=True, check=False,
                                          timeout=120)
                finally:
                    proxy.close()
                with self.subTest(kind=kind, query=query):
                    self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
                    for word in (b"$where", b"$function", b"$accumulator"):
                        self.assertNotIn(word, b"".join(sent[-1:]))


if __name__ == "__main__":
    unittest.main()
