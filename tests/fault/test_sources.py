#!/usr/bin/env python3
"""test_sources.py: a source that fails in some way is undecided in time, and the other is still checked

DRVERIFY names the built program, DRV_TEST_POSTGRESQL a superuser's connection to a throw-away
server; without it everything is skipped.
"""
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = os.path.abspath(os.environ["DRVERIFY"])
POSTGRESQL = os.environ.get("DRV_TEST_POSTGRESQL")
DATABASE = "drverify_fault"
ROLE = "drverify_fault_reader"

# A view that gives a row every 10 ms, so that something can happen in the middle of its scan.
SCHEMA = f"""
CREATE TABLE public.ten AS SELECT g AS id, 'x' AS secret FROM generate_series(1, 10) g;
CREATE VIEW public.slow AS SELECT g AS id, encode(sha256(g::text::bytea), 'hex') AS secret
  FROM generate_series(1, 2000) g, LATERAL (SELECT pg_sleep(0.01 + 0 * g)) s;
CREATE VIEW public.breaks AS SELECT g AS id, encode(sha256((10 / (g - 5000))::text::bytea), 'hex')
  AS secret FROM generate_series(1, 9000) g;
CREATE TABLE public.private (id int);
CREATE TABLE public.hidden (id int);
ALTER TABLE public.hidden ENABLE ROW LEVEL SECURITY;
CREATE ROLE {ROLE} LOGIN;
GRANT SELECT ON public.ten, public.slow, public.breaks, public.hidden TO {ROLE};
"""


def psql(sql, database=DATABASE):
    done = subprocess.run(
        ["psql", "-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-d", at(database), "-c", sql],
        check=True, stdout=subprocess.PIPE, text=True,
    )
    return done.stdout.strip()


def wait_for(question, database=DATABASE):
    """Until the server answers yes, however busy the machine is."""
    until = time.monotonic() + 30
    while psql(f"SELECT EXISTS ({question})", database) != "t":
        if time.monotonic() > until:
            raise TimeoutError(question)
        time.sleep(0.05)


def wait_for_scan(name):
    """Rows of the slow view are on their way to a session of that name."""
    wait_for("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' "
             f"AND application_name = '{name}'")


def wait_for_end_of_others(name):
    """What is read besides, by sessions of other names, is done."""
    wait_for("SELECT WHERE NOT EXISTS (SELECT FROM pg_stat_activity "
             f"WHERE datname = '{DATABASE}' AND application_name <> '{name}' "
             "AND pid <> pg_backend_pid())")


def at(database, **extra):
    words = [word for word in POSTGRESQL.split() if not word.startswith("dbname=")]
    words.append(f"dbname={database}")
    words += [f"{name}={value}" for name, value in extra.items()]
    return " ".join(words)


def reader(**extra):
    """The connection of the role that may read only some of it."""
    words = [word for word in at(DATABASE, **extra).split() if not word.startswith("user=")]
    return " ".join(words + [f"user={ROLE}"])


def setUpModule():
    if not POSTGRESQL:
        print("skipped: DRV_TEST_POSTGRESQL is not set", file=sys.stderr)
        sys.exit(77)
    tearDownModule()
    psql(f"CREATE DATABASE {DATABASE}", "postgres")
    psql(SCHEMA)


def tearDownModule():
    psql(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)", "postgres")
    psql(f"DROP ROLE IF EXISTS {ROLE}", "postgres")


def document(*bad_checks):
    checks = [{"check": "row_count", "source": "good", "table": "public.ten", "expect": {"rows": 10}}]
    checks += [{"source": "bad", **check} for check in bad_checks]
    return {
        "format": "drverify/1",
        "sources": {"good": {"store": "postgresql"}, "bad": {"store": "postgresql"}},
        "checks": checks,
    }


def count(table):
    return {"check": "row_count", "table": f"public.{table}", "expect": {"rows": 10}}


def examine(table):
    return {"check": "encrypted_field", "table": f"public.{table}", "ciphertext": "secret", "format": "hex"}


class Faults(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def start(self, bad, *checks, options=()):
        path = os.path.join(self.folder, "document.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(document(*checks), file)
        return subprocess.Popen(
            [PROGRAM, "--baseline", path, "--source", f"good={at(DATABASE)}", "--source", f"bad={bad}",
             "--write", f"json={self.folder}/report.json", *options],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )

    def finish(self, process, within, status=3):
        started = time.monotonic()
        out, _ = process.communicate(timeout=within + 60)
        self.assertLess(time.monotonic() - started, within, out.decode())
        self.assertEqual(process.returncode, status, out.decode())
        with open(f"{self.folder}/report.json", encoding="utf-8") as file:
            self.report = json.load(file)
        good, *self.bad = [check["result"] for check in self.report["checks"]]
        self.assertEqual(good["verdict"], "pass")
        self.codes = [[finding["code"] for finding in result["findings"]] for result in self.bad]
        self.text = out.decode()

    def test_refused(self):
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            port = closed.getsockname()[1]
        self.finish(self.start(f"host=127.0.0.1 port={port} dbname=x", count("ten"), count("slow")), 5)
        self.assertEqual(self.codes, [["source.unreachable"], ["check.blocked"]])

    def test_mute(self):
        with socket.socket() as mute:
            mute.bind(("127.0.0.1", 0))
            mute.listen()
            port = mute.getsockname()[1]
            process = self.start(f"host=127.0.0.1 port={port} dbname=x", count("ten"),
                                 options=["--timeout", "2s"])
            self.finish(process, 6)
        self.assertEqual(self.codes, [["source.unreachable"]])

    def test_no_such_database(self):
        self.finish(self.start(at("drverify_nothing"), count("ten")), 5)
        self.assertEqual(self.codes, [["source.unreachable"]])

    def test_no_rights(self):
        self.finish(self.start(reader(), count("private"), count("hidden"), count("ten")), 5)
        self.assertEqual(self.codes, [["relation.denied"], ["relation.rows_hidden"], []])
        self.assertIn("GRANT SELECT ON", self.text)
        self.assertIn("BYPASSRLS", self.text)

    def test_error_in_mid_scan(self):
        self.finish(self.start(at(DATABASE), examine("breaks"), count("ten")), 10)
        self.assertEqual(len(self.codes[0]), 1)
        self.assertEqual([result["verdict"] for result in self.bad], ["inconclusive", "pass"])

    def test_time_out_in_mid_scan(self):
        process = self.start(at(DATABASE), examine("slow"), count("ten"), options=["--timeout", "2s"])
        self.finish(process, 12)
        self.assertEqual(self.codes[0], ["check.timeout"])
        self.assertEqual(self.bad[1]["verdict"], "pass")

    def test_dies_in_mid_scan(self):
        process = self.start(at(DATABASE, application_name="doomed"), examine("slow"))
        wait_for_scan("doomed")
        psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
             "WHERE application_name = 'doomed'", "postgres")
        self.finish(process, 15)
        self.assertEqual(self.codes, [["source.lost"]])

    def test_interrupted_in_mid_scan(self):
        process = self.start(at(DATABASE, application_name="stopped"), examine("slow"))
        wait_for_scan("stopped")
        wait_for_end_of_others("stopped")
        process.send_signal(signal.SIGINT)
        self.finish(process, 5)
        self.assertEqual(self.codes, [["check.cancelled"]])

    def test_locked_table(self):
        blocker = subprocess.Popen(
            ["psql", "-X", "-q", "-d", at(DATABASE), "-c",
             "BEGIN; LOCK TABLE public.private IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(30)"],
            stdout=subprocess.DEVNULL,
        )
        self.addCleanup(blocker.wait)
        self.addCleanup(blocker.kill)
        wait_for("SELECT FROM pg_locks WHERE relation = 'public.private'::regclass "
                 "AND mode = 'AccessExclusiveLock' AND granted")
        process = self.start(at(DATABASE), count("private"), count("ten"), options=["--timeout", "4s"])
        self.finish(process, 12)
        self.assertEqual(self.codes, [["relation.busy"], []])


if __name__ == "__main__":
    unittest.main()
