#!/usr/bin/env python3
"""test_doctor.py: drverify doctor on real servers: what it foresees is what verify then says

Environment as for test_cli.py.
"""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

from test_cli import CANARY, MONGODB, NOWHERE, POSTGRESQL, Case, document

if POSTGRESQL:
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lineage"))
    import cluster

ROLE = "doctor_reader"
# What is under test may be shared by other suites, so that rights are changed in its own database.
DATABASE = "doctor"


def psql(text, database=DATABASE):
    subprocess.run(["psql", "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--file", "-",
                    f"{POSTGRESQL} dbname={database}"], input=text, encoding="utf-8", check=True)


def ask(text, database="postgres"):
    return subprocess.run(["psql", "--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--command", text,
                           f"{POSTGRESQL} dbname={database}"], capture_output=True, encoding="utf-8",
                          check=True).stdout


def count(table, **members):
    return {"check": "row_count", "source": "main", "table": table, "expect": {"min": 1}, **members}


def content(table, **members):
    return {"check": "content", "source": "main", "table": table, **members}


class Doctor(Case):
    def doctor(self, checks, *arguments, status, **members):
        self.baseline = self.put("checks.json", {**document(checks), **members})
        self.run_program("doctor", "--baseline", self.baseline, *arguments, status=status)

    def said_of(self, check):
        """The word about a check, and the codes under it."""
        found = re.search(rf"^P\d (\S+) +{re.escape(check)}\n((?:    .*\n)*)", self.out, re.M)
        self.assertIsNotNone(found, f"{check}\n{self.out}")
        return found[1], re.findall(r"^    ([a-z_.]+): ", found[2], re.M)


class WithoutServers(Doctor):
    def test_help(self):
        self.run_program("help", "doctor", status=0)
        for part in ("--baseline FILE", "--source NAME=URI", "--capture", "Exit status"):
            self.assertIn(part, self.out)
        for line in self.out.splitlines():
            self.assertLessEqual(len(line), 100)

    def test_no_reports(self):
        self.assert_refused("doctor", "--baseline", self.baseline, "--write", "json=x",
                            says="--write")

    def test_unreachable(self):
        self.need_postgresql()
        self.doctor([count("public.a"), content("public.a")],
                    "--source", f"main={NOWHERE} password={CANARY}", status=3)
        self.assertEqual(self.said_of("row_count:main:public.a"), ("UNDECIDED", ["source.unreachable"]))
        self.assertEqual(self.said_of("content:main:public.a"), ("UNDECIDED", ["check.blocked"]))
        self.assertNotIn(CANARY, self.out + self.err)


@unittest.skipUnless(POSTGRESQL, "needs DRV_TEST_POSTGRESQL")
class OnPostgreSQL(Doctor):
    """A database of its own, and a role that may read one of its tables."""

    place = ["--source", f"main={POSTGRESQL} dbname={DATABASE} user={ROLE}"]

    def setUp(self):
        super().setUp()
        psql(f"CREATE ROLE {ROLE} LOGIN", "postgres")
        self.addCleanup(psql, f"DROP ROLE {ROLE}", "postgres")
        psql(f"CREATE DATABASE {DATABASE}", "postgres")
        self.addCleanup(psql, f"DROP DATABASE {DATABASE} WITH (FORCE)", "postgres")
        psql(f"CREATE SCHEMA shop; CREATE TABLE shop.orders AS SELECT 1 AS id, 'x' AS note;"
             f"CREATE TABLE open AS SELECT 1 AS id, now()::timestamp AS at, 'x' AS note;"
             f"GRANT SELECT ON open TO {ROLE}")


class PostgreSQL(OnPostgreSQL):
    def statements(self):
        return [line for line in self.out.splitlines() if line.endswith(";")]

    def agrees(self, *arguments):
        """Verify decides what doctor calls ready, and nothing else."""
        foreseen = dict((check, word) for word, check in
                        re.findall(r"^P\d (\S+) +(\S+)$", self.out, re.M))
        path = self.path("agrees.json")
        subprocess.run([os.environ["DRVERIFY"], "--baseline", self.baseline, "--write",
                        f"json={path}", "-q", *arguments, *self.place],
                       capture_output=True, check=False, timeout=60)
        with open(path, encoding="utf-8") as file:
            results = [check["result"] for check in json.load(file)["checks"]]
        self.assertEqual(len(results), len(foreseen))
        for result, check in zip(results, json.loads(self.get("checks.json"))["checks"]):
            name = f"{check['check']}:main" + (":" + check["table"] if "table" in check else "") + (
                ":" + check["column"] if "column" in check else "")
            undecided = result["verdict"] == "inconclusive" or any(
                finding["code"] in ("relation.missing", "relation.column_missing")
                for finding in result.get("findings", []))
            self.assertEqual(foreseen[name] == "UNDECIDED", undecided, f"{name}: {result}\n{self.out}")

    def test_ready(self):
        self.doctor([count("public.open")], *self.place, status=0)
        self.assertEqual(self.said_of("row_count:main:public.open"), ("ready", []))
        self.assertEqual(self.statements(), [])
        self.agrees()
        self.run_program("doctor", "-q", "--baseline", self.baseline, *self.place, status=0)
        self.assertEqual(self.out, "")

    def test_rights_are_granted_by_what_is_printed(self):
        psql(f"CREATE TABLE shop.items AS SELECT 1 AS id; CREATE TABLE \"q\"\"t; DROP\" (id int);"
             f"CREATE TABLE columns AS SELECT 1 AS id, 2 AS secret; GRANT SELECT (id) ON columns TO {ROLE}")
        checks = [count("shop.orders"), count("shop.items"), count(["public", 'q"t; DROP'], expect={"min": 0}),
                  content("public.columns")]
        self.doctor(checks, "--capture", *self.place, status=3)
        self.assertEqual(self.said_of("row_count:main:shop.orders"), ("UNDECIDED", ["relation.denied"]))
        # Some columns can be read, which is enough to count, but not to digest.
        self.assertEqual(self.said_of("content:main:public.columns"), ("UNDECIDED", ["source.denied"]))
        self.assertIn(f'GRANT USAGE ON SCHEMA "shop" TO "{ROLE}"; GRANT SELECT ON "shop"."orders" TO "{ROLE}";',
                      self.statements())
        self.assertIn(f'-- or at once, from PostgreSQL 14 on: GRANT pg_read_all_data TO "{ROLE}";',
                      self.statements())
        psql("\n".join(line for line in self.statements()))
        self.doctor(checks, "--capture", *self.place, status=0)

    def test_row_security(self):
        psql(f"ALTER TABLE open ENABLE ROW LEVEL SECURITY")
        self.doctor([count("public.open")], *self.place, status=3)
        self.assertEqual(self.said_of("row_count:main:public.open"),
                         ("UNDECIDED", ["relation.rows_hidden"]))
        self.assertEqual(self.statements(), [f'ALTER ROLE "{ROLE}" BYPASSRLS;'])
        self.agrees()
        psql("\n".join(self.statements()))
        self.doctor([count("public.open")], *self.place, status=0)

    def test_what_is_missing(self):
        checks = [
            count("public.gone"),
            count("shop.orders", expect={}),
            {"check": "freshness", "source": "main", "table": "public.open", "column": "gone", "max_loss": "1h"},
            {"check": "freshness", "source": "main", "table": "public.open", "column": "at", "max_loss": "1h"},
            {"check": "assert", "source": "main", "sql": "SELECT 1 WHERE false"},
            content("public.open", hmac_key="paper"),
        ]
        self.doctor(checks, *self.place, status=3)
        self.assertEqual(self.said_of("row_count:main:public.gone"), ("UNDECIDED", ["relation.missing"]))
        self.assertEqual(self.said_of("freshness:main:public.open:gone"),
                         ("UNDECIDED", ["relation.column_missing", "freshness.no_reference"]))
        self.assertEqual(self.said_of("freshness:main:public.open:at"),
                         ("UNDECIDED", ["freshness.zone_needed"]))
        self.assertEqual(self.said_of("assert:main"), ("UNDECIDED", ["check.not_allowed"]))
        self.assertEqual(self.said_of("row_count:main:shop.orders"),
                         ("UNDECIDED", ["relation.denied", "check.no_expectation"]))
        self.assertEqual(self.said_of("content:main:public.open"), ("UNDECIDED", ["content.key_missing"]))
        self.assertIn("--key paper=FILE", self.out)
        self.agrees()

    def test_what_is_not_stated(self):
        checks = [
            count("public.open", expect={}),
            content("public.open"),
            {"check": "freshness", "source": "main", "table": "public.open", "column": "at",
             "column_zone": "UTC"},
        ]
        self.doctor(checks, *self.place, status=3)
        for check in ("row_count:main:public.open", "content:main:public.open",
                      "freshness:main:public.open:at"):
            self.assertEqual(self.said_of(check), ("UNDECIDED", ["check.no_expectation"]))
        self.agrees()
        checks[2]["max_loss"] = "1h"
        self.doctor(checks, *self.place, status=3)
        self.assertEqual(self.said_of("freshness:main:public.open:at"),
                         ("UNDECIDED", ["freshness.no_reference"]))
        self.agrees()
        self.doctor(checks, "--incident-at", "2020-01-01T00:00:00Z", *self.place, status=3)
        self.assertEqual(self.said_of("freshness:main:public.open:at"), ("ready", []))
        self.doctor(checks, "--capture", *self.place, status=0)

    def test_own_sql(self):
        checks = [{"check": "assert", "source": "main", "sql": "SELECT 1 FROM shop.orders"}]
        self.doctor(checks, "--allow-sql", *self.place, status=3)
        self.assertEqual(self.said_of("assert:main"), ("UNDECIDED", ["source.denied"]))
        self.agrees("--allow-sql")
        checks[0]["sql"] = "SELECT nonsense"
        self.doctor(checks, "--allow-sql", *self.place, status=3)
        self.assertEqual(self.said_of("assert:main"), ("UNDECIDED", ["check.not_possible"]))
        checks[0]["sql"] = "SELECT 1 FROM public.open WHERE id > 1"
        self.doctor(checks, "--allow-sql", *self.place, status=0)
        self.agrees("--allow-sql")

    def test_nothing_is_read(self):
        psql("CREATE FUNCTION trap() RETURNS int LANGUAGE plpgsql VOLATILE AS"
             " $$BEGIN RAISE 'a row was read'; END$$;"
             "CREATE VIEW trapped AS SELECT id, trap() AS value, at FROM open WHERE trap() = 1;"
             "CREATE VIEW hashed AS SELECT * FROM trapped;"
             f"GRANT SELECT ON trapped, hashed TO {ROLE}")
        checks = [count("public.trapped"), content("public.trapped"),
                  content("public.hashed", method="server"),
                  {"check": "freshness", "source": "main", "table": "public.trapped", "column": "at",
                   "column_zone": "UTC", "max_loss": "1h"},
                  {"check": "assert", "source": "main", "sql": "SELECT public.trap()"}]
        self.doctor(checks, "--capture", "--allow-sql", *self.place, status=0)
        self.run_program("capture", "--allow-sql", "--baseline", self.baseline, *self.place, status=3)
        self.assertEqual(len(re.findall(r"^P5 \?\?\?\? .* raised an error", self.err, re.M)), 5, self.err)

    def test_after_a_capture(self):
        kept = self.path("kept.json")
        self.put("checks.json", document([count("public.open"), content("public.open", detail="rows", key=["id"])]))
        self.run_program("capture", "--baseline", self.path("checks.json"), "--write", f"json={kept}",
                         *self.place, status=0)
        self.run_program("doctor", "--baseline", kept, *self.place, status=0)
        # Another key than that of the capture, and the right one.
        self.run_program("capture", "--baseline", self.path("checks.json"), "--write", f"json={kept}",
                         "--key", "content=" + self.put("a.key", "k" * 32), *self.place, status=0)
        self.run_program("doctor", "--baseline", kept, *self.place, "--key",
                         "content=" + self.put("b.key", "x" * 32), status=3)
        self.assertEqual(self.said_of("content:main:public.open"), ("UNDECIDED", ["content.key_differs"]))
        self.run_program("doctor", "--baseline", kept, *self.place, status=3)
        self.assertEqual(self.said_of("content:main:public.open"), ("UNDECIDED", ["content.key_missing"]))
        key = ["--key", "content=" + self.path("a.key")]
        self.run_program("doctor", "--baseline", kept, *self.place, *key, status=0)
        file = json.loads(self.get("kept.json"))["checks"][1]["expect"]["sidecar"]["file"]
        os.remove(self.path(file))
        self.run_program("doctor", "--baseline", kept, *self.place, *key, status=1)
        self.assertEqual(self.said_of("content:main:public.open"), ("warning", ["content.sidecar"]))
        # Of a dump nothing proves which moment it holds.
        text = json.loads(self.get("kept.json"))
        text["sources"]["main"]["restored_by"] = "logical"
        self.put("kept.json", text)
        self.run_program("doctor", "--baseline", kept, *self.place, *key, status=3)
        self.assertEqual(self.said_of("row_count:main:public.open"), ("UNDECIDED", ["lineage.unknown"]))
        self.run_program("doctor", "--baseline", kept, "--restored-to", "baseline", *self.place, *key, status=1)

    def test_settings_and_rights_to_tell_the_moment(self):
        psql("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
        psql(f"ALTER DATABASE {DATABASE} SET default_transaction_read_only = on", "postgres")
        self.doctor([count("public.open")], *self.place, status=1)
        self.assertEqual(self.said_of("row_count:main:public.open"),
                         ("warning", ["connection.setting", "source.rights"]))
        self.assertIn("default_transaction_read_only is on, for this database", self.out)
        psql(f"ALTER DATABASE {DATABASE} RESET ALL", "postgres")
        psql("\n".join(self.statements()))
        self.doctor([count("public.open")], *self.place, status=0)

    def test_settings_of_the_role_are_no_trace_of_a_restore(self):
        place = ["--source", self.place[1] + " options='-c default_transaction_read_only=on'"]
        self.doctor([count("public.open")], *place, status=0)
        psql(f"ALTER ROLE {ROLE} SET default_transaction_read_only = on;"
             f"ALTER ROLE {ROLE} IN DATABASE {DATABASE} SET default_transaction_read_only = on")
        self.doctor([count("public.open")], *self.place, status=0)
        self.agrees()

    def test_time_outs_of_the_role_are_set_aside(self):
        psql(f"ALTER ROLE {ROLE} SET statement_timeout = '300ms'; ALTER ROLE {ROLE} SET lock_timeout = 1;"
             f"ALTER ROLE {ROLE} SET idle_in_transaction_session_timeout = '300ms'")
        checks = [{"check": "assert", "source": "main", "sql": "SELECT 1 FROM pg_catalog.pg_sleep(0.5)",
                   "rows": 1}]
        self.doctor(checks, "--allow-sql", *self.place, status=0)
        self.agrees("--allow-sql")

    def test_extension_without_its_files(self):
        """As if the data had been copied to a server that lacks the package."""
        if not ask("SELECT count(*) FROM pg_available_extensions WHERE name = 'hstore'").startswith("1"):
            self.skipTest("no extension on this machine")
        psql("CREATE EXTENSION hstore; CREATE EXTENSION pg_trgm; CREATE TABLE labels (id int, label hstore)")
        self.doctor([count("public.open")], *self.place, status=0)
        psql("SET allow_system_table_mods = on; UPDATE pg_extension SET extname = 'gone_' || extname WHERE extname IN ('hstore', 'pg_trgm')")
        self.doctor([count("public.open")], *self.place, status=1)
        self.assertEqual(self.said_of("row_count:main:public.open"), ("warning", ["source.extension"]))
        self.assertRegex(self.out, r"extension gone_hstore [\d.]+ is not installed .* hstore of labels.label\)")

    def test_pooler(self):
        for mode in ("transaction", "session"):
            self.look_through_pooler(mode)

    def look_through_pooler(self, mode):
        program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
        if not program:
            self.skipTest("no pgbouncer on this machine")
        host = re.search(r"host=(\S+)", POSTGRESQL)[1]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        users = self.put("users.txt", f'"{ROLE}" ""\n')
        settings = self.put("pgbouncer.ini", (
            f"[databases]\n{DATABASE} = host={host} dbname={DATABASE}\n[pgbouncer]\n"
            f"listen_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = trust\nauth_file = {users}\n"
            f"pool_mode = {mode}\nunix_socket_dir =\nlogfile = /dev/null\n"))
        os.chmod(self.folder, 0o755)
        # The socket's folder is open to the server's user alone.
        user = ["-u", "postgres"] if os.geteuid() == 0 else []
        pooler = subprocess.Popen([program, *user, settings], stderr=subprocess.PIPE, text=True)
        self.addCleanup(pooler.stderr.close)
        self.addCleanup(pooler.wait)
        self.addCleanup(pooler.terminate)
        for line in pooler.stderr:
            if "process up" in line:
                break
        # The second address leads here too, but does not say so.
        for address, codes in (("127.0.0.1", ["source.pooler"]),
                               ("0.0.0.0", ["source.no_tls", "source.pooler"])):
            self.doctor([count("public.open")], "--source",
                        f"main=host={address} port={port} dbname={DATABASE} user={ROLE}", status=1)
            self.assertEqual(self.said_of("row_count:main:public.open"), ("warning", codes))
            self.assertEqual("a connection pooler in transaction mode stands" in self.out,
                             mode == "transaction", self.out)


class DryRun(OnPostgreSQL):
    """drverify --dry-run: the same look, and besides what would be read, when, and for how long."""

    def dry_run(self, checks, *arguments, status, command=(), **members):
        self.baseline = self.put("checks.json", {**document(checks), **members})
        self.run_program(*command, "--dry-run", "--baseline", self.baseline, *self.place, *arguments,
                         status=status)

    def turns(self):
        return re.findall(r"^P\d \S+ +(\S+)\n    (?:reads|asks)", self.out, re.M)

    @staticmethod
    def pretend(rows):
        """What the catalogue says of the table, whatever is in it."""
        psql(f"ANALYZE open; UPDATE pg_class SET reltuples = {rows} WHERE relname = 'open'")

    def test_order_and_sizes(self):
        psql("INSERT INTO open SELECT n, now(), 'note' FROM generate_series(2, 2000) n; ANALYZE open")
        self.dry_run([count("public.open"), count("public.gone", priority=1), content("public.open", priority=2),
                      {"check": "connection", "source": "main", "priority": 2}],
                     "--jobs", "3", "--write", f"json={self.path('report.json.new')}", status=3, command=["capture"])
        self.assertIn("source main: by 3 connections, in this order\n", self.out)
        self.assertEqual(self.turns(), ["connection:main", "content:main:public.open", "row_count:main:public.open"])
        self.assertRegex(self.out, r"content:main:public.open\n    reads about 2,000 rows, \d+ kB, in 2 pieces; less than 1s\n")
        self.assertRegex(self.out, r"\nabout 2,000 rows, \d+ kB would be sent; less than 1s in all, by a guess")
        self.assertEqual(self.said_of("row_count:main:public.gone"), ("UNDECIDED", ["relation.missing"]))
        self.assertIn(f"would write json={self.path('report.json.new')}\n", self.out)
        self.assertFalse(os.path.exists(self.path("report.json.new")))

    def test_important_before_cheap(self):
        psql("CREATE TABLE second AS SELECT 1 AS id; CREATE TABLE third AS SELECT 1 AS id;"
             f"GRANT SELECT ON second, third TO {ROLE}")
        self.dry_run([count("public.third", priority=3), content("public.third", priority=2),
                      count("public.second", priority=2), content("public.open", priority=1)],
                     status=0, command=["capture"])
        self.assertEqual(self.turns(), ["content:main:public.open", "row_count:main:public.second",
                                        "content:main:public.third", "row_count:main:public.third"])

    def test_nothing_is_read(self):
        psql("CREATE FUNCTION trap() RETURNS int LANGUAGE plpgsql VOLATILE AS"
             " $$BEGIN RAISE 'a row was read'; END$$;"
             "CREATE VIEW trapped AS SELECT id, trap() AS value FROM open WHERE trap() = 1;"
             f"GRANT SELECT ON trapped TO {ROLE}")
        self.dry_run([count("public.trapped"), content("public.trapped")], status=0, command=["capture"])
        self.assertIn("how long is not known", self.out)
        self.dry_run([count("public.trapped")], "--budget", "1h", status=0)
        self.assertIn("whether it fits into the budget is not known\n", self.out)

    def test_what_does_not_fit(self):
        self.pretend(4e9)
        checks = [count("public.open", priority=1), content("public.open", priority=2)]
        self.dry_run(checks, "--jobs", "1", "--budget", "1h", status=1, command=["capture"])
        self.assertEqual(self.said_of("row_count:main:public.open"), ("warning", ["forecast.timeout"]))
        self.assertEqual(self.said_of("content:main:public.open"), ("warning", ["forecast.budget", "forecast.timeout"]))
        self.assertIn("\nit does not fit into the budget\n", self.out)
        self.dry_run(checks, "--jobs", "1", "--budget", "10h", "--timeout", "9h", status=0, command=["capture"])
        self.assertIn("\nit fits into the budget\n", self.out)
        self.dry_run(checks, "--timeout", "9h", status=1, command=["capture"], objectives={"rto": "1h"})
        self.assertEqual(self.said_of("row_count:main:public.open"), ("warning", ["forecast.rto"]))
        # The same question of the doctor, who has no budget.
        self.run_program("doctor", "--capture", "--baseline", self.baseline, *self.place, status=1)
        self.assertEqual(self.said_of("row_count:main:public.open"),
                         ("warning", ["forecast.timeout", "forecast.rto"]))

    def test_recovery_objective(self):
        checks = [count("public.open")]
        self.dry_run(checks, "--incident-at", "2020-01-01T00:00:00Z", status=1, objectives={"rto": "4h"})
        self.assertIn("forecast.rto: the RTO of 4h00m is over already\n", self.out)
        self.dry_run(checks, status=0, objectives={"rto": "4h"})

    def test_rate(self):
        self.pretend(1e6)
        checks = [content("public.open")]
        self.dry_run(checks, "--budget", "30m", status=0, command=["capture"])
        self.dry_run(checks, "--budget", "30m", "--rate", "100rows", "--timeout", "9h", status=1, command=["capture"])
        self.assertEqual(self.said_of("content:main:public.open"), ("warning", ["forecast.budget"]))

    def test_speed_of_the_earlier_run(self):
        kept = self.path("kept.json")
        self.put("checks.json", document([count("public.open")]))
        self.run_program("capture", "--baseline", self.path("checks.json"), "--write", f"json={kept}",
                         *self.place, status=0)
        text = json.loads(self.get("kept.json"))
        text["checks"][0]["result"].update(rows=1, seconds=7200)
        self.baseline = self.put("kept.json", text)
        self.pretend(2)
        self.run_program("--dry-run", "--baseline", kept, "--restored-to", "baseline", "--timeout", "9h", *self.place,
                         status=0)
        self.assertIn("2 rows, 8.2 kB; about 4h00m\n", self.out)
        self.assertIn("about 4h00m in all, at the speed of the run that wrote the document\n", self.out)

    def test_claims_beyond_measure(self):
        kept = self.path("kept.json")
        self.put("checks.json", document([count("public.open")]))
        self.run_program("capture", "--baseline", self.path("checks.json"), "--write", f"json={kept}",
                         *self.place, status=0)
        text = json.loads(self.get("kept.json"))
        text["checks"][0]["result"].update(rows=1, seconds=9000000000000)
        self.put("kept.json", text)
        self.pretend(1e18)
        self.run_program("--dry-run", "--baseline", kept, "--restored-to", "baseline", "--budget", "1h", *self.place,
                         status=1)
        self.assertIn("; about 277777h46m\n", self.out)
        self.assertEqual(self.said_of("row_count:main:public.open"),
                         ("warning", ["forecast.budget", "forecast.timeout"]))

    def test_no_report(self):
        self.run_program("--dry-run", "--baseline", self.baseline, "--format", "json", status=3)
        self.assertIn("--dry-run makes no report", self.err)
        self.dry_run([count("public.open")], "-q", status=0)
        self.assertEqual(self.out + self.err, "")


@unittest.skipUnless(POSTGRESQL, "needs DRV_TEST_POSTGRESQL")
class Standby(Doctor):
    """A primary and a standby that follows it, of their own."""

    @classmethod
    def setUpClass(cls):
        # A short name, for its sockets; the server's user passes through it.
        folder = pathlib.Path(tempfile.mkdtemp(prefix="drv-doctor.", dir="/tmp"))
        cls.addClassCleanup(shutil.rmtree, folder)
        folder.chmod(0o755)
        primary = cluster.Cluster.create(folder / "primary")
        primary.set({"archive_mode": "off"})
        primary.start()
        cls.addClassCleanup(primary.stop)
        primary.ask("CREATE TABLE open AS SELECT 1 AS id; ANALYZE open")
        (folder / "standby").mkdir()
        primary.back_up(folder / "standby" / "data")
        cls.standby = cluster.Cluster.adopt(folder / "standby")
        (cls.standby.data / "standby.signal").touch()
        cls.standby.set({"primary_conninfo": primary.conninfo("postgres")})
        cls.standby.start()
        cls.addClassCleanup(cls.standby.stop)
        cls.standby.wait_for("SELECT count(*) = 1 FROM pg_stat_wal_receiver", "the stream")

    def set(self, name, value):
        self.standby.ask(f"ALTER SYSTEM SET {name} = '{value}'; SELECT pg_reload_conf()")
        self.standby.wait_for(f"SELECT current_setting('{name}') = '{value}'", name)

    def look(self, *arguments, status):
        self.doctor([count("public.open", expect={"min": 1})], "--source",
                    "main=" + self.standby.conninfo("postgres"), *arguments, status=status)
        return self.said_of("row_count:main:public.open")[1]

    def test_time_of_grace(self):
        self.set("hot_standby_feedback", "off")
        # A table that takes no time at all.
        self.set("max_standby_streaming_delay", "30s")
        self.assertEqual(self.look(status=0), [])
        self.set("max_standby_streaming_delay", "0")
        self.assertEqual(self.look(status=1), ["source.standby"])
        self.assertIn("reading that takes longer than 0 (max_standby_streaming_delay) may be cancelled; it may take ",
                      self.out)
        self.set("hot_standby_feedback", "on")
        self.assertEqual(self.look(status=0), [])
        self.set("hot_standby_feedback", "off")
        self.set("max_standby_streaming_delay", "-1")
        self.assertEqual(self.look(status=0), [])

    def test_what_is_paused_cancels_nobody(self):
        self.set("hot_standby_feedback", "off")
        self.set("max_standby_streaming_delay", "0")
        self.standby.ask("SELECT pg_wal_replay_pause()")
        self.addCleanup(self.standby.ask, "SELECT pg_wal_replay_resume()")
        self.assertEqual(self.look(status=0), [])


@unittest.skipUnless(MONGODB, "needs DRV_TEST_MONGODB")
class MongoDB(Doctor):
    def test_collections(self):
        self.doctor([{"check": "connection", "source": "search"},
                     {"check": "collection_count", "source": "search", "collection": "gone"}],
                    "--source", f"search={MONGODB}",
                    sources={"search": {"store": "mongodb", "database": "doctor"}}, status=3)
        self.assertEqual(self.said_of("connection:search"), ("ready", []))
        self.assertEqual(self.said_of("collection_count:search:gone"),
                         ("UNDECIDED", ["collection.missing", "check.no_expectation"]))


if __name__ == "__main__":
    unittest.main()
