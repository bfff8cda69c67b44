#!/usr/bin/env python3
"""test_dying.py: servers that die, hang or are exchanged in mid-run, and runs that are stopped

DRVERIFY names the built program, DRVERIFY_PLAIN one without sanitizers, MONGO_COMMAND the program
that fills a collection, INJECT the library of inject.c, DRV_TEST_POSTGRESQL and DRV_TEST_MONGODB
servers; those that die are made here. With DRV_EVERY=1 signals come at two hundred moments instead
of twenty.
"""
import errno
import json
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import unittest.mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lineage"))
import cluster as clusters
import proxy
import scene

PROGRAM = os.path.abspath(os.environ["DRVERIFY"])
PLAIN = os.environ.get("DRVERIFY_PLAIN")
INJECT = os.environ.get("INJECT")
EVERY = bool(os.environ.get("DRV_EVERY"))
DATABASE = "drverify_dying"

# What happens in the middle of a scan, and the finding of the check that was at work.
ENDS = {
    "killed": "source.lost",
    "shut down": "source.lost",
    "stopped": "check.timeout",
}

SLOW = """
CREATE VIEW public.slow AS SELECT g AS id, encode(sha256(g::text::bytea), 'hex') AS secret
  FROM generate_series(1, 3000) g, LATERAL (SELECT pg_sleep(0.01 + 0 * g)) s;
"""

# How a call that the program makes to write a report may fail.
WRITING = {
    "mkostemp64": [errno.ENOSPC, errno.EACCES, errno.EROFS], "fchmod": [errno.EPERM],
    "write": [errno.ENOSPC, errno.EIO, errno.EDQUOT], "fsync": [errno.EIO, errno.ENOSPC],
    "rename": [errno.EIO, errno.ENOSPC],
}


def wait_until(true, what):
    end = time.monotonic() + 30
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.01)


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="drv-dy.", dir="/tmp"))
        self.folder.chmod(0o755)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def stage(self, written, place, options=(), program=PROGRAM):
        stage = scene.Stage(program, written, place, options)
        self.addCleanup(stage.close)
        return stage

    def captured(self, *arguments, **named):
        stage = self.stage(*arguments, **named)
        stage.capture()
        stage.options += ["--restored-to", "baseline"]
        return stage

    def check(self, outcome, status, codes):
        self.assertEqual((outcome.status, outcome.codes()), (status, codes), outcome.text)


@unittest.skipUnless(scene.POSTGRESQL, "DRV_TEST_POSTGRESQL is not set")
class Postgresql(Case):
    """Servers that die."""

    def create(self, name):
        one = clusters.Cluster.create(self.folder / name).start()
        self.addCleanup(one.stop)
        one.ask(f"CREATE DATABASE {DATABASE}")
        one.ask(f"CREATE ROLE {scene.ROLE} LOGIN; GRANT pg_read_all_data TO {scene.ROLE}")
        one.ask(scene.SCHEMA + SLOW, DATABASE)
        # Commits do not wait for the disk here, and the server is about to die.
        one.ask("CHECKPOINT")
        return one

    def answers(self, one):
        """Not while it recovers from a crash."""
        try:
            return one.ask("SELECT 1") == "1"
        except clusters.Failed:
            return False

    def scanned_by(self, one):
        one.wait_for("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep')",
                     "the scan")
        return int(one.ask("SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))

    def test_ends(self):
        one = self.create("one")
        stage = self.stage(scene.document("postgresql", [
            {"check": "row_count", "table": "public.notes", "expect": {"rows": 40}, "priority": 1},
            {"check": "encrypted_field", "table": "public.slow", "ciphertext": "secret",
             "format": "hex", "priority": 2}]), one.conninfo(DATABASE, scene.ROLE),
            ["--jobs", "1", "--timeout", "3s"])
        for how, code in ENDS.items():
            with self.subTest(how):
                process = stage.start(how)
                pid = self.scanned_by(one)
                if how == "shut down":
                    one.stop("immediate")
                else:
                    os.kill(pid, signal.SIGKILL if how == "killed" else signal.SIGSTOP)
                try:
                    self.check(stage.finish(how, process, 20), 3, [[], [code]])
                finally:
                    if how == "stopped":
                        os.kill(pid, signal.SIGCONT)
                if how == "shut down":
                    one.start()
                wait_until(lambda: self.answers(one), "the server")

    def test_another_server_behind_the_name(self):
        """Further connections that lead elsewhere are not used, and the first does all the work."""
        one, other = self.create("one"), self.create("other")
        other.ask("DELETE FROM public.notes", DATABASE)
        stage = self.captured(scene.document("postgresql", scene.ON_POSTGRESQL),
                              one.conninfo(DATABASE, scene.ROLE), ["--allow-sql", "--jobs", "4"])
        intact = stage.run("intact")
        self.assertEqual(intact.status, 0, intact.text)
        cutter = proxy.Cutter(f"{one.folder}/.s.PGSQL.5432", proxy.postgresql_end, headless=True,
                              other=f"{other.folder}/.s.PGSQL.5432")
        self.addCleanup(cutter.close)
        outcome = stage.run("mixed", place=f"host=127.0.0.1 port={cutter.port} dbname={DATABASE} "
                                           f"user={scene.ROLE} sslmode=disable")
        self.assertEqual(outcome.status, 0, outcome.text)
        self.assertEqual(scene.said_of_data(outcome.results()), scene.said_of_data(intact.results()))
        self.assertGreater(cutter.connections, 1)


@unittest.skipUnless(scene.POSTGRESQL, "DRV_TEST_POSTGRESQL is not set")
class Runs(Case):
    """Runs that are stopped, or lack something."""

    @classmethod
    def setUpClass(cls):
        scene.make_postgresql(DATABASE)

    @classmethod
    def tearDownClass(cls):
        scene.psql(f"DROP DATABASE {DATABASE} WITH (FORCE)", "postgres")

    def whole(self, program=PROGRAM):
        stage = self.captured(scene.document("postgresql", scene.ON_POSTGRESQL),
                              scene.reader(DATABASE), ["--allow-sql", "--jobs", "2"],
                              program=program)
        intact = stage.run("intact")
        self.assertEqual(intact.status, 0, intact.text)
        return stage, intact

    def test_signals(self):
        stage, intact = self.whole()
        started = time.monotonic()
        stage.run("timed")
        took = time.monotonic() - started
        for seed in range(200 if EVERY else 20):
            draw = random.Random(seed)
            number = draw.choice((signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
            process = stage.start("it")
            time.sleep(draw.random() * took)
            process.send_signal(number)
            outcome = stage.finish("it", process, 20)
            with self.subTest(seed=seed, signal=number.name):
                # Before there is anything to tell, it ends as any program does.
                if outcome.status == -number:
                    self.assertIsNone(outcome.report, outcome.text)
                    continue
                self.assertEqual(scene.complaint(outcome, intact), "", outcome.text)
                self.assertIsNotNone(outcome.report, outcome.text)
                codes = {code for codes in outcome.codes() for code in codes}
                self.assertLessEqual(codes, {"check.cancelled", "check.blocked"}, outcome.text)

    @unittest.skipUnless(INJECT, "inject.c is for other processors")
    def test_clock(self):
        """The wall clock is set while a run is on its way."""
        stage, intact = self.whole()
        for jump in (3600, -3600, 40 * 86400, -40 * 86400):
            with self.subTest(jump=jump):
                outcome = stage.run(env={"LD_PRELOAD": INJECT, "LD_BIND_NOW": "1",
                                         "DRV_INJECT_CLOCK": str(jump)})
                self.assertEqual(outcome.status, 0, outcome.text)
                self.assertEqual(outcome.results(), intact.results())
                shown = subprocess.run([PROGRAM, "show", stage.report_path("it")], check=False,
                                       capture_output=True, text=True)
                self.assertEqual(shown.returncode, 0, shown.stderr)

    def limited(self, stage, intact, what, value):
        # libpq may wait for more of an answer for which it has no memory: a time limit ends that.
        process = stage.start("it", ["--timeout", "3s"],
                              preexec_fn=lambda: resource.setrlimit(what, (value, value)))
        outcome = stage.finish("it", process)
        # Too little to be loaded at all.
        if outcome.status != 127:
            self.assertEqual(scene.complaint(outcome, intact), "", outcome.text)
        return outcome.status

    def test_files(self):
        stage, intact = self.whole()
        statuses = []
        for most in range(3, 24):
            with self.subTest(most=most):
                statuses.append(self.limited(stage, intact, resource.RLIMIT_NOFILE, most))
        self.assertEqual(statuses[-1], 0)

    @unittest.skipUnless(PLAIN, "DRVERIFY_PLAIN is not set")
    def test_memory(self):
        # The library beside that program, not the one that is to be tested otherwise.
        patched = unittest.mock.patch.dict(os.environ)
        patched.start()
        self.addCleanup(patched.stop)
        os.environ.pop("LD_LIBRARY_PATH", None)
        stage, intact = self.whole(PLAIN)
        statuses = []
        for megabytes in (*range(16, 80, 4), *range(80, 800, 40)):
            with self.subTest(megabytes=megabytes):
                statuses.append(self.limited(stage, intact, resource.RLIMIT_AS, megabytes << 20))
        self.assertEqual(statuses[-1], 0)
        self.assertIn(3, statuses)

    def test_size_of_files(self):
        """A report that grows beyond what a file may be takes nothing else with it."""
        stage, intact = self.whole()
        process = stage.start("it", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE,
                                                                         (1000, 1000)))
        outcome = stage.finish("it", process)
        self.assertEqual((outcome.status, outcome.report), (3, None), outcome.text)
        self.assertIn("INTACT", outcome.text)
        self.assertIn("could not be written", outcome.text)

    @unittest.skipUnless(INJECT, "inject.c is for other processors")
    def test_writing(self):
        """An older report stays whole, and the verdict was told before."""
        stage, _ = self.whole()
        beside = set(os.listdir(stage.folder.name)) | {"report-it.json"}
        for name, numbers in WRITING.items():
            for number in numbers:
                with self.subTest(name, error=errno.errorcode[number]):
                    status, _ = self.write_with(stage, f"{name}:1:-1:{number}")
                    self.assertEqual(status, 3)
                    self.assertEqual(set(os.listdir(stage.folder.name)), beside)
        # Some that are closed are not the report.
        statuses = {self.write_with(stage, f"close:{call}:-1:{errno.EIO}")[0]
                    for call in range(1, 9)}
        self.assertEqual(statuses, {0, 3})

    def write_with(self, stage, wish):
        """The exit status, and whether the new report is there; else the old one has to be."""
        env = {**os.environ, **scene.SANITIZERS, "LD_PRELOAD": INJECT, "LD_BIND_NOW": "1",
               "DRV_INJECT_PROGRAM": "1", "DRV_INJECT": wish}
        with open(stage.report_path("it"), "w", encoding="utf-8") as file:
            json.dump("an older report", file)
        done = subprocess.run(stage.command("it"), env=env, check=False, capture_output=True,
                              text=True, timeout=60, stdin=subprocess.DEVNULL)
        said = done.stdout + done.stderr
        with open(stage.report_path("it"), encoding="utf-8") as file:
            written = json.load(file)
        if done.returncode == 0:
            self.assertEqual(written["report"]["verdict"], "pass", said)
        else:
            self.assertEqual((done.returncode, written), (3, "an older report"), said)
            self.assertIn("could not be written", done.stderr)
        self.assertIn("INTACT", done.stdout)
        return done.returncode, written


class FerretDB:
    """A server of its own, as the other tests have one."""

    def __init__(self, folder):
        root = clusters.ROOT
        script = (f'. "{root}/fixtures/servers/install.sh"; . "{root}/fixtures/servers/mongodb.sh"; '
                  f'drv_mongodb_start "$0" >&2 && echo "$DRV_MONGODB_URI $DRV_MONGODB_PID"')
        build = os.environ.get("DRV_MONGODB_BUILD", f"{root}/build/servers")
        made = subprocess.run(["bash", "-c", script, str(folder)], check=True, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              env={**os.environ, "DRV_MONGODB_BUILD": build})
        self.uri, pid = made.stdout.split()
        self.pid = int(pid)
        host, port = self.uri.split("//", 1)[1].strip("/").split(":")
        self.address = (host, int(port))

    def stop(self):
        for number in (signal.SIGCONT, signal.SIGKILL):
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                pass

    def fill(self, documents):
        subprocess.run([os.environ["MONGO_COMMAND"], self.uri, DATABASE], check=True, text=True,
                       input=json.dumps([{"insert": "texts", "documents": documents}]))


@unittest.skipUnless(scene.MONGODB, "DRV_TEST_MONGODB is not set")
class Mongodb(Case):
    def create(self, name, documents):
        one = FerretDB(self.folder / name)
        self.addCleanup(one.stop)
        one.fill(documents)
        return one

    def place(self, cutter):
        self.addCleanup(cutter.close)
        return f"mongodb://127.0.0.1:{cutter.port}/?directConnection=true"

    def test_ends(self):
        for number, code in ((signal.SIGKILL, "source.lost"), (signal.SIGSTOP, "check.timeout")):
            with self.subTest(number.name):
                one = self.create(number.name, scene.DOCUMENTS * 1)
                cutter = proxy.Cutter(one.address, proxy.mongodb_end)
                stage = self.stage(scene.document("mongodb", [
                    {"check": "encrypted_field", "collection": "texts", "ciphertext": "secret",
                     "format": "hex"}], DATABASE), self.place(cutter),
                    ["--jobs", "1", "--timeout", "3s", "--rate", "8rows"])
                quiet = cutter.counts[False]
                process = stage.start("it")
                wait_until(lambda: cutter.counts[False] > quiet + 6, "the scan")
                os.kill(one.pid, number)
                self.check(stage.finish("it", process, 30), 3, [[code]])
                one.stop()

    def test_another_server_behind_the_name(self):
        """A server takes over in mid-run that has almost the same: no mixture of the two passes."""
        one = self.create("one", scene.DOCUMENTS)
        other = self.create("other", scene.DOCUMENTS[:-1])
        stage = self.captured(scene.document("mongodb", scene.ON_MONGODB, DATABASE), one.uri,
                              ["--jobs", "1"])
        cutter = proxy.Cutter(one.address, proxy.mongodb_end)
        intact = stage.run("intact", place=self.place(cutter))
        self.assertEqual(intact.status, 0, intact.text)
        messages = cutter.counts[False]
        for after in range(0, messages, 1 if EVERY else 3):
            cutter = proxy.Cutter(one.address, proxy.mongodb_end, after=after, reset=True,
                                  for_good=False, other=other.address)
            outcome = stage.run("it", place=self.place(cutter), options=["--timeout", "5s"])
            with self.subTest(after=after):
                if outcome.results() != intact.results():
                    self.assertIn(outcome.status, (2, 3), outcome.text)
                    self.assertIsNotNone(outcome.report)


if __name__ == "__main__":
    if not scene.POSTGRESQL and not scene.MONGODB:
        print("skipped: neither DRV_TEST_POSTGRESQL nor DRV_TEST_MONGODB is set", file=sys.stderr)
        sys.exit(77)
    unittest.main()
