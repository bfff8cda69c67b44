#!/usr/bin/env python3
"""test_budget.py: a budget ends a run in time wherever it is, and a rate holds

DRVERIFY names the built program, DRV_TEST_POSTGRESQL a superuser's connection to a throw-away
server, DRV_TEST_MONGODB the URI of one that speaks MongoDB's protocol, MONGO_COMMAND the program
that fills it. What has no server is skipped.
"""
import hashlib
import json
import os
import pty
import re
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from proxy import Proxy

PROGRAM = os.path.abspath(os.environ["DRVERIFY"])
POSTGRESQL = os.environ.get("DRV_TEST_POSTGRESQL")
MONGODB = os.environ.get("DRV_TEST_MONGODB")
MONGO_COMMAND = os.environ.get("MONGO_COMMAND")
DATABASE = "drverify_budget"
NAME = "drverify_budget"             # of the connections
ROWS = 300000
DOCUMENTS = 4000

# What a server that answers may take to stop, and one that does not.
SOON, LATE = 2.5, 7

# The view gives a row every 10 ms. The chain lacks an entry, so its links are looked at again.
SCHEMA = f"""
CREATE TABLE public.ten AS SELECT g AS id, encode(sha256(g::text::bytea), 'hex') AS secret
  FROM generate_series(1, 10) g;
CREATE VIEW public.slow AS SELECT g AS id, encode(sha256(g::text::bytea), 'hex') AS secret
  FROM generate_series(1, 5000) g, LATERAL (SELECT pg_sleep(0.01 + 0 * g)) s;
CREATE TABLE public.big AS SELECT g AS id, encode(sha256(g::text::bytea), 'hex') AS secret
  FROM generate_series(1, {ROWS}) g;
CREATE TABLE public.damaged AS SELECT id, CASE WHEN id = 3 THEN 'x' ELSE secret END AS secret
  FROM public.big;
CREATE TABLE public.log (id int PRIMARY KEY, action text NOT NULL, previous text, hash text NOT NULL);
DO $$ DECLARE p text := ''; h text; BEGIN FOR i IN 1..200 LOOP
  h := encode(sha256(convert_to(p || '|a' || i, 'UTF8')), 'hex');
  INSERT INTO public.log VALUES (i, 'a' || i, nullif(p, ''), h); p := h; END LOOP; END $$;
DELETE FROM public.log WHERE id = 100;
ANALYZE;
"""


def at(database, **extra):
    words = [word for word in POSTGRESQL.split() if not word.startswith("dbname=")]
    words += [f"dbname={database}"] + [f"{name}={value}" for name, value in extra.items()]
    return " ".join(words)


def psql(sql, database=DATABASE):
    done = subprocess.run(["psql", "-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-d", at(database),
                           "-c", sql], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def wait_for(sql, answer):
    until = time.monotonic() + 30
    while psql(sql, "postgres") != answer:
        if time.monotonic() > until:
            raise TimeoutError(sql)
        time.sleep(0.05)


def setUpModule():
    if not POSTGRESQL and not MONGODB:
        print("skipped: neither DRV_TEST_POSTGRESQL nor DRV_TEST_MONGODB is set", file=sys.stderr)
        sys.exit(77)
    tearDownModule()
    if POSTGRESQL:
        psql(f"CREATE DATABASE {DATABASE}", "postgres")
        psql(SCHEMA)
    if MONGODB:
        fill_mongodb()


def tearDownModule():
    if POSTGRESQL:
        psql(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)", "postgres")
    if MONGODB:
        mongo({"dropDatabase": 1})


def mongo(*commands):
    subprocess.run([MONGO_COMMAND, MONGODB, DATABASE], check=True,
                   input=json.dumps(commands), text=True)


def fill_mongodb():
    documents = [{"_id": i, "secret": hashlib.sha256(b"%d" % i).hexdigest()} for i in range(DOCUMENTS)]
    mongo(*({"insert": "big", "documents": documents[i:i + 1000]}
            for i in range(0, DOCUMENTS, 1000)))


def count(table, priority=5, rows=10):
    return {"check": "row_count", "table": f"public.{table}", "priority": priority,
            "expect": {"rows": rows}}


def examine(table, priority=5):
    return {"check": "encrypted_field", "table": f"public.{table}", "ciphertext": "secret",
            "format": "hex", "priority": priority}


def chain(priority=5):
    return {"check": "audit_chain", "table": "public.log", "hash": "hash", "previous": "previous",
            "genesis": {"stored": None, "hashed": "as stored"}, "priority": priority,
            "preimage": {"join": [{"previous": "text"}, {"column": "action"}], "with": "|"}}


def documents_examined(priority=5):
    return {"check": "encrypted_field", "collection": "big", "ciphertext": "secret",
            "format": "hex", "priority": priority}


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def command(self, place, checks, options, store="postgresql"):
        path = os.path.join(self.folder, "document.json")
        source = {"store": store}
        if store == "mongodb":
            source["database"] = DATABASE
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"format": "drverify/1", "sources": {"main": source},
                       "checks": [{"source": "main", **check} for check in checks]}, file)
        return [PROGRAM, "--baseline", path, "--source", f"main={place}",
                "--write", f"json={self.folder}/report.json", *options]

    def verify(self, place, *checks, budget, within, status=3, options=(), store="postgresql"):
        """Runs to the end of the budget, or at most so long behind it."""
        options = ["--budget", f"{budget}s", *options]
        started = time.monotonic()
        done = subprocess.run(self.command(place, checks, options, store), check=False, timeout=60,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        self.took = time.monotonic() - started
        self.text = done.stdout.decode()
        self.assertEqual(done.returncode, status, self.text)
        self.assertLess(self.took, budget + within, self.text)
        with open(f"{self.folder}/report.json", encoding="utf-8") as file:
            self.report = json.load(file)
        self.results = [check["result"] for check in self.report["checks"]]
        self.codes = [[finding["code"] for finding in result["findings"]]
                      for result in self.results]
        self.verdicts = [result["verdict"] for result in self.results]

    def summary(self, index):
        return self.results[index]["summary"]

    def proxy(self, server, hush):
        proxy = Proxy(server, hush)
        self.addCleanup(proxy.close)
        return proxy


@unittest.skipUnless(POSTGRESQL, "DRV_TEST_POSTGRESQL is not set")
class WithPostgresql(Case):
    def through(self, proxy):
        words = dict(word.split("=", 1) for word in at(DATABASE).split())
        words.update(host="127.0.0.1", port=proxy.port, sslmode="disable")
        return " ".join(f"{name}={value}" for name, value in words.items())

    def server_socket(self):
        words = dict(word.split("=", 1) for word in POSTGRESQL.split())
        return f"{words['host']}/.s.PGSQL.{words.get('port', '5432')}"

    def test_in_mid_scan(self):
        self.verify(at(DATABASE, application_name=NAME), count("ten", 1), examine("slow", 2),
                    count("big", 3, ROWS), budget=2, within=SOON, options=["--jobs", "1"])
        self.assertEqual(self.codes, [[], ["budget.spent"], ["budget.spent"]])
        self.assertEqual(self.verdicts, ["pass", "inconclusive", "inconclusive"])
        self.assertRegex(self.summary(1), r"the budget of 2s was spent when \d+ rows had been read")
        self.assertIn("before this was begun", self.summary(2))
        self.assertGreater(self.results[1]["rows"], 50)
        self.assertGreaterEqual(self.took, 2)
        self.assertIn("The budget was spent before its end", self.text)
        self.assertIn("; one snapshot", self.text)
        wait_for("SELECT count(*) FROM pg_stat_activity WHERE application_name = "
                 f"'{NAME}' AND state = 'active'", "0")

    def test_how_much_of_a_table(self):
        self.verify(at(DATABASE), examine("big"), budget=2, within=SOON,
                    options=["--rate", "20000rows"])
        self.assertRegex(self.summary(0), r"\d+,\d+ of an estimated 300,000 rows had been read")

    def test_what_a_server_counts(self):
        self.verify(at(DATABASE), count("slow"), budget=1, within=SOON)
        self.assertIn("before there was an answer", self.summary(0))

    def test_important_checks_first(self):
        """A costly check of a high priority goes before cheap ones of a low one."""
        self.verify(at(DATABASE), count("ten", 5), examine("slow", 1), budget=1, within=SOON,
                    options=["--jobs", "1"])
        self.assertEqual(self.codes, [["budget.spent"], ["budget.spent"]])
        self.verify(at(DATABASE), count("ten", 1), examine("slow", 5), budget=1, within=SOON,
                    options=["--jobs", "1"])
        self.assertEqual(self.codes, [[], ["budget.spent"]])

    def test_several_connections_keep_the_order(self):
        self.verify(at(DATABASE), examine("big", 5), examine("damaged", 1), budget=2, within=SOON,
                    status=2, options=["--rate", "20000rows", "--jobs", "3"])
        self.assertIn("before this was begun", self.summary(0))
        self.assertEqual(self.codes[1], ["encrypted_field.not_ciphertext", "budget.spent"])

    def test_the_second_look_comes_before_less_important_checks(self):
        self.verify(at(DATABASE), examine("slow", 2), chain(1), budget=2, within=SOON, status=2,
                    options=["--jobs", "1"])
        self.assertEqual(self.codes[0], ["budget.spent"])
        self.assertIn("chain.link_broken", self.codes[1])
        self.assertNotIn("budget.spent", self.codes[1])

    def test_in_a_lock_wait(self):
        blocker = subprocess.Popen(
            ["psql", "-X", "-q", "-d", at(DATABASE, application_name="blocker"), "-c",
             "BEGIN; LOCK TABLE public.ten IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(60)"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(blocker.wait)
        self.addCleanup(psql, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE application_name = 'blocker'", "postgres")
        wait_for("SELECT count(*) FROM pg_locks WHERE granted AND mode = 'AccessExclusiveLock' AND "
                 f"database = (SELECT oid FROM pg_database WHERE datname = '{DATABASE}')", "1")
        self.verify(at(DATABASE), count("ten"), count("big", rows=ROWS), budget=1, within=SOON)
        self.assertEqual(self.codes, [["budget.spent"], ["budget.spent"]])
        self.assertIn("locking public.ten", self.summary(0))

    def test_while_connecting(self):
        with socket.create_server(("127.0.0.1", 0)) as mute:
            port = mute.getsockname()[1]
            self.verify(f"host=127.0.0.1 port={port} dbname=x", count("ten"), count("big"),
                        budget=1, within=SOON)
        self.assertEqual(self.codes, [["budget.spent"], ["budget.spent"]])
        self.assertIn("while connecting", self.summary(0))

    def test_a_server_that_falls_silent_in_mid_scan(self):
        proxy = self.proxy(self.server_socket(), lambda sent, received: received > 1 << 20)
        self.verify(self.through(proxy), count("ten", 1), examine("big", 2), budget=2, within=LATE,
                    options=["--jobs", "1"])
        self.assertTrue(proxy.silent.is_set())
        self.assertEqual(self.codes, [[], ["budget.spent"]])

    def test_a_server_that_falls_silent_in_the_second_look(self):
        """The entries are read again in their order to find where the links break."""
        proxy = self.proxy(self.server_socket(),
                           lambda sent, received: sent.count(b"COPY (SELECT") > 1)
        self.verify(self.through(proxy), chain(), count("ten"), budget=2, within=LATE,
                    options=["--jobs", "1"])
        self.assertTrue(proxy.silent.is_set())
        self.assertEqual(self.codes[0], ["budget.spent"])
        self.assertIn("all 199 rows had been read, but not yet looked at together",
                      self.summary(0))

    def test_a_server_that_falls_silent_at_the_end(self):
        """The settings are looked at when the snapshot is taken, and last of all."""
        proxy = self.proxy(self.server_socket(),
                           lambda sent, received: sent.count(b"current_setting('search_path')") > 1)
        self.verify(self.through(proxy), count("ten"), budget=2, within=LATE, status=0,
                    options=["--jobs", "1"])
        self.assertTrue(proxy.silent.is_set())
        self.assertIn("; unknown: ", self.text)

    def measured_rate(self, rate, jobs):
        self.verify(at(DATABASE), examine("big"), budget=4, within=SOON,
                    options=["--rate", rate, "--jobs", str(jobs)])
        # All connections were at work from when they were there to the end.
        return self.results[0]["rows"] / self.results[0]["seconds"] * jobs

    def test_rate_in_rows(self):
        for jobs in (1, 3):
            rate = self.measured_rate("20000rows", jobs)
            self.assertTrue(18000 < rate < 22000, rate)

    def test_rate_in_bytes(self):
        # A field has its length before it, a row the number of its fields and its place.
        row = 2 + (4 + 6) + (4 + 64)
        rate = self.measured_rate("2MB", 1) * row
        self.assertTrue(1.8e6 < rate < 2.2e6, rate)

    def test_a_rate_does_not_use_up_the_time_limit(self):
        self.verify(at(DATABASE), examine("big"), budget=30, within=0, status=0,
                    options=["--rate", "100000rows", "--timeout", "1s", "--jobs", "1"])
        self.assertGreater(self.took, 2.5)

    def test_progress(self):
        """What a terminal shows while rows come, and before it is over what will not be reached."""
        leader, follower = pty.openpty()
        self.addCleanup(os.close, leader)
        options = ["--rate", "20000rows", "--budget", "5s"]
        process = subprocess.Popen(
            self.command(at(DATABASE), [examine("damaged", 2), examine("big", 7)], options),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=follower,
            env={**os.environ, "TERM": "xterm"})
        self.addCleanup(process.wait)
        os.close(follower)
        shown = b""
        while True:
            try:
                piece = os.read(leader, 4096)
            except OSError:
                break
            if not piece:
                break
            shown += piece
        text = shown.decode()
        states = re.findall(r"0 of 2 checks, (\d+) rows, (\d+) rows/s, about (\d+)%, ([\dms]+) left",
                            text)
        self.assertGreater(len(states), 5, text)
        rows = [int(state[0]) for state in states]
        self.assertEqual(rows, sorted(rows))
        self.assertGreater(rows[-1], 60000)
        self.assertTrue(all(15000 < int(state[1]) < 30000 for state in states), states)
        # Each of the tables is counted as well as read, the counts going first.
        self.assertLess(int(states[-1][2]), 50)
        self.assertIn("at this speed the budget will not reach all of P2 and below", text)
        self.assertTrue(text.endswith("\r\x1b[J"))


@unittest.skipUnless(MONGODB, "DRV_TEST_MONGODB is not set")
class WithMongodb(Case):
    def through(self, proxy):
        return f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true"

    def server_address(self):
        host, port = re.search(r"@?([^/@:]+):(\d+)/", MONGODB.split("//", 1)[1]).groups()
        return host, int(port)

    def test_in_mid_scan(self):
        self.verify(MONGODB, documents_examined(1),
                    {"check": "collection_count", "collection": "big", "priority": 2,
                     "expect": {"documents": DOCUMENTS}},
                    budget=2, within=SOON, options=["--rate", "1000rows", "--jobs", "1"],
                    store="mongodb")
        self.assertEqual(self.codes, [["budget.spent"], ["budget.spent"]])
        self.assertRegex(self.summary(0), r"[\d,]+ of an estimated 4,000 rows had been read")
        self.assertIn("before this was begun", self.summary(1))

    # A busy server may take a good part of so short a run for its first answer, so only the upper
    # bound is sharp here; the unit tests hold both with a clock of their own.

    def test_rate_in_rows(self):
        self.verify(MONGODB, documents_examined(), budget=4, within=SOON, store="mongodb",
                    options=["--rate", "100rows"])
        rate = self.results[0]["rows"] / self.results[0]["seconds"]
        self.assertTrue(50 < rate < 110, rate)

    def test_rate_in_bytes(self):
        document = 4 + (1 + 7 + 4 + 64 + 1) + 1         # the field alone is asked for
        self.verify(MONGODB, documents_examined(), budget=4, within=SOON, store="mongodb",
                    options=["--rate", "8kB"])
        rate = self.results[0]["rows"] * document / self.results[0]["seconds"]
        self.assertTrue(4000 < rate < 8800, rate)

    def test_while_connecting(self):
        with socket.create_server(("127.0.0.1", 0)) as mute:
            port = mute.getsockname()[1]
            self.verify(f"mongodb://127.0.0.1:{port}/", documents_examined(), budget=1, within=SOON,
                        store="mongodb")
        self.assertEqual(self.codes, [["budget.spent"]])

    def test_a_server_that_falls_silent_in_mid_scan(self):
        proxy = self.proxy(self.server_address(), lambda sent, received: received > 50000)
        self.verify(self.through(proxy), documents_examined(), budget=3, within=LATE,
                    store="mongodb")
        self.assertTrue(proxy.silent.is_set())
        self.assertEqual(self.codes, [["budget.spent"]])


if __name__ == "__main__":
    unittest.main()
