#!/usr/bin/env python3
"""test_cli.py: drverify as a program: arguments, messages, files, signals, exit statuses

DRVERIFY names the built program. DRV_TEST_POSTGRESQL and DRV_TEST_MONGODB, when set, say where
servers are; tests that need one are skipped without it.
"""
import fcntl
import hashlib
import json
import os
import pty
import re
import signal
import socket
import stat
import struct
import subprocess
import tempfile
import termios
import time
import unittest

from report_sample import sample

PROGRAM = os.path.abspath(os.environ["DRVERIFY"])
POSTGRESQL = os.environ.get("DRV_TEST_POSTGRESQL")
MONGODB = os.environ.get("DRV_TEST_MONGODB")
CANARY = "s3cr3t-canary"
# Nothing listens there.
NOWHERE = "host=/nonexistent connect_timeout=2"


def environment(**extra):
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PG", "DRVERIFY", "MONGODB"))
    }
    return {**kept, **extra}


def document(checks=None, **members):
    return {
        "format": "drverify/1",
        "name": "test",
        "sources": {"main": {"store": "postgresql"}, "search": {"store": "mongodb"}},
        "checks": checks or [{"check": "connection", "source": "main"}],
        **members,
    }


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.baseline = self.put("report.json", document())

    def path(self, name):
        return os.path.join(self.folder, name)

    def put(self, name, content):
        text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def get(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def run_program(self, *arguments, status, env=None, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        done = subprocess.run(
            [PROGRAM, *arguments],
            capture_output="stdout" not in options,
            env=env or environment(),
            timeout=60,
            check=False,
            **options,
        )
        self.out = (done.stdout or b"").decode("utf-8")
        self.err = (done.stderr or b"").decode("utf-8")
        self.assertEqual(done.returncode, status, f"{arguments}\n{self.out}\n{self.err}")

    def verify(self, *arguments, status, **options):
        self.run_program("--baseline", self.baseline, *arguments, status=status, **options)

    def need_postgresql(self):
        self.verify("--source", "main=" + NOWHERE, status=3)
        if "no support" in self.out:
            self.skipTest("built without PostgreSQL")

    def assert_refused(self, *arguments, says, **options):
        """Exit 3, one message on standard error, nothing on standard output."""
        self.run_program(*arguments, status=3, **options)
        self.assertEqual(self.out, "")
        self.assertRegex(self.err, r"\Adrverify: [^\n]*\n\Z")
        self.assertIn(says, self.err)


class Help(Case):
    def test_version(self):
        for word in ("--version", "-V"):
            self.run_program(word, status=0)
            self.assertRegex(self.out, r"\Adrverify \d+\.\d+\.\d+\n\Z")

    def test_overview(self):
        for words in (["--help"], ["-h"], ["help"]):
            self.run_program(*words, status=0)
            for part in ("verify", "capture", "explain", "--baseline report.json", "Exit status"):
                self.assertIn(part, self.out)
            self.assertEqual(self.err, "")

    def test_help_of_a_command(self):
        self.run_program("help", "verify", status=0)
        first = self.out
        self.run_program("verify", "--help", status=0)
        self.assertEqual(first, self.out)
        for option in ("--baseline FILE", "--source NAME=URI", "--restored-to", "--incident-at",
                       "--only", "--skip", "--jobs", "--timeout", "--key", "--allow-sql",
                       "--priority N", "--budget DURATION", "--rate RATE", "--show-keys", "--write", "-q, --quiet", "-v, --verbose"):
            self.assertIn(option, first)
        self.assertIn("Examples", first)
        self.run_program("capture", "-h", status=0)
        self.assertIn("baseline for later", self.out)

    def test_help_fits_a_terminal(self):
        for command in ("verify", "capture", "doctor", "chain-try", "chain-propose", "keygen", "sign", "show",
                        "diff", "explain", "help"):
            self.run_program("help", command, status=0)
            for line in self.out.splitlines():
                self.assertLessEqual(len(line), 100)

    def test_unknown_topic(self):
        self.assert_refused("help", "captrue", says='did you mean "capture"?')


class Arguments(Case):
    def test_nothing(self):
        self.assert_refused(says="--baseline FILE")

    def test_unknown_command(self):
        self.assert_refused("verfy", says='did you mean "verify"?')
        self.assert_refused("xylophone", says="drverify --help")

    def test_document_in_place_of_a_command(self):
        self.assert_refused(self.baseline, says=f"drverify --baseline {self.baseline}")

    def test_unknown_option(self):
        self.assert_refused("--basline", "x", says="did you mean --baseline?")
        self.assert_refused("verify", "--restord-to=x", says="did you mean --restored-to?")
        self.assert_refused("-x", says="no option -x")
        self.assert_refused("--", says="unexpected")

    def test_option_of_another_command(self):
        self.assert_refused("explain", "--jobs", "2", says='means nothing to "explain"')

    def test_missing_value(self):
        self.assert_refused("--baseline", says="--baseline FILE")
        self.assert_refused("--baseline", "--jobs", "3", says="--baseline FILE")
        self.assert_refused("--quiet=yes", says="takes no value")

    def test_given_twice(self):
        self.assert_refused("capture", "--baseline", "a", "--baseline", "b", says="twice")
        self.assert_refused("chain-try", "--baseline", "a", "--baseline", "b", says="twice")
        self.assert_refused("--jobs", "1", "--jobs", "2", says="twice")
        self.assert_refused("--rate", "1MB", "--rate", "2rows", says="twice")

    def test_numbers(self):
        for word in ("0", "65", "-1", "2x", "", "99999999999999999999"):
            self.assert_refused("--jobs=" + word, says="from 1 to 64")
        for word in ("0s", "10", "s", "5y", "1h30", "-5s", "", "50d", "9999999999s", "1.5h"):
            self.assert_refused("--timeout=" + word, says="duration")
            self.assert_refused("--budget=" + word, says="duration")
        for word in ("0", "10", "-1", "1.", ""):
            self.assert_refused("--priority=" + word, says="from 1 to 9")
        for word in ("", "0rows", "20", "rows", "20mb", "20 MB", "20MB/s", "-1MB", "1.5GB", "20MBs"):
            self.assert_refused("--rate=" + word, says="such as 50000rows or 20MB")

    def test_durations_that_are_right(self):
        for word in ("500ms", "90s", "15m", "1h30m", "49d"):
            self.verify("--timeout", word, "--only", "nothing", status=3)
            self.assertNotIn("duration", self.err)

    def test_rates_that_are_right(self):
        for word in ("1rows", "50000rows", "500kB", "20MB", "1GB"):
            self.verify("--rate", word, "--only", "nothing", status=3)
            self.assertNotIn("--rate", self.err)

    def test_command_comes_too_late(self):
        self.assert_refused("--baseline", self.baseline, "capture", says="goes first")

    def test_no_baseline(self):
        self.assert_refused("verify", says="--baseline FILE")

    def test_contradiction(self):
        self.assert_refused("-qv", "--baseline", self.baseline, says="contradict")

    def test_bad_write(self):
        self.assert_refused("--baseline", self.baseline, "--write", "jsn=x",
                            says='did you mean "json"?')
        self.assert_refused("--baseline", self.baseline, "--write", "report.json",
                            says="json=PATH")
        self.assert_refused("--baseline", self.baseline, "--write", "json=-", "--write", "text=-",
                            says="standard output")

    def test_formats_that_do_not_go_together(self):
        self.assert_refused("--baseline", self.baseline, "--format", "jsn",
                            says='did you mean "json"?')
        self.assert_refused("--baseline", self.baseline, "--format", "html", "--write", "json=-",
                            says="only one report can go to standard output")
        self.assert_refused("--baseline", self.baseline, "-q", "--format", "nagios",
                            says="contradict")
        self.assert_refused("capture", "--baseline", self.baseline, "--format", "text",
                            says="--write json=PATH")

    def test_times(self):
        for option in ("--restored-to", "--incident-at"):
            self.verify(option, "yesterday", status=3)
            self.assertIn("yesterday", self.err)


class Documents(Case):
    def test_missing_file(self):
        self.assert_refused("--baseline", self.path("none.json"),
                            says="No such file or directory")
        self.assert_refused("capture", "--baseline", self.folder, says="Is a directory")

    def test_position_of_a_mistake(self):
        bad = self.put("bad.json", '{\n  "format": "drverify/1",\n  "nmae": "x"\n}\n')
        self.run_program("--baseline", bad, status=3)
        self.assertRegex(self.err, r"bad\.json:3:\d+: ")
        self.assertIn("name", self.err)
        bad = self.put("bad.json", '{\n  "format": oops\n}\n')
        self.run_program("--baseline", bad, status=3)
        self.assertRegex(self.err, r"bad\.json:2:\d+: ")

    def test_standard_input(self):
        with open(self.baseline, "rb") as file:
            self.run_program("--baseline", "-", "--source", "main=" + NOWHERE, status=3,
                             stdin=file)
        self.assertIn("UNDECIDED", self.out)
        self.run_program("--baseline", "-", status=3)
        self.assertIn("standard input", self.err)

    def test_failed_report_is_refused(self):
        self.baseline = self.put("failed.json", document(report={"verdict": "fail"}))
        self.verify(status=3)
        self.assertIn("failed.json", self.err)
        self.assertEqual(self.out, "")

    def test_escape_sequences_do_not_reach_the_terminal(self):
        bad = self.put("bad.json", json.dumps({"format": "drverify/1", "\x1b[31mred": 1}))
        self.run_program("--baseline", bad, status=3)
        self.assertNotIn("\x1b", self.err)


class Series(Case):
    """Several baselines, of which the newest not after the restore point is taken."""

    def setUp(self):
        super().setUp()
        os.unlink(self.baseline)
        for day in (28, 29, 30):
            self.put(f"night-{day}.json", self.captured(f"2025-12-{day}T00:00:00Z"))

    def captured(self, when, **members):
        return document(captured_at=when, **members)

    def folder_of(self, *arguments, status=3):
        self.run_program("--baseline", self.folder, "--source", "main=" + NOWHERE, *arguments,
                         status=status)

    def assert_chosen(self, name, why, *arguments):
        self.folder_of(*arguments)
        self.assertIn(f"{self.path(name)}: {why}\n", self.out)

    def test_folder(self):
        self.assert_chosen("night-29.json", "the newest of 3 baselines not after 2025-12-29T12:00Z",
                           "--restored-to", "2025-12-29T12:00Z")
        self.assertEqual(self.err, "")
        self.assert_chosen("night-30.json", "the newest of 3 baselines", "--restored-to", "now")
        self.assert_chosen("night-30.json", "the newest of 3 baselines, since no restore point is said")
        self.folder += "/"
        self.folder_of("--restored-to", "2025-12-29T12:00Z", "--write",
                       "json=" + os.path.join(self.folder, ".out"))
        report = json.loads(self.get(".out"))
        self.assertEqual(report["report"]["baseline"],
                         self.path("night-29.json") +
                         ": the newest of 3 baselines not after 2025-12-29T12:00Z")

    def test_files(self):
        files = [word for day in (30, 28, 29)
                 for word in ("--baseline", self.path(f"night-{day}.json"))]
        self.run_program(*files, "--source", "main=" + NOWHERE, "--restored-to",
                         "2025-12-28T00:00Z", status=3)
        self.assertIn(self.path("night-28.json") + ": the newest of 3 baselines", self.out)
        self.assert_refused(*files, "--restored-to", "2025-12-27T00:00Z", says="none of 3 baselines")
        self.assert_refused(*files, "--restored-to", "baseline", says="of 3 baselines")
        self.assert_refused(*files, "--baseline", self.path("none.json"), says="No such file")
        self.assert_refused(*files, "--baseline", self.put("specification", document()),
                            says="was not written by a capture")
        self.assert_refused(*files, "--baseline", self.put("failed", self.captured(
            "2025-12-31T00:00:00Z", report={"verdict": "inconclusive"})), says="is no baseline")

    def test_what_else_is_in_a_folder(self):
        self.put("z-cut.json", '{ "format": "drverify/1",')
        self.put("z-other.json", '{ "a": 1 }')
        self.put("z-failed.json", self.captured("2025-12-31T00:00:00Z", report={"verdict": "fail"}))
        self.put("z-specification.json", document())
        self.put("night-30.json.sig", "signature")
        self.put(".hidden.json", "hidden")
        os.mkdir(self.path("z-folder.json"))
        self.assert_chosen("night-30.json", "the newest of 3 baselines", "--restored-to", "now")
        for name, why in (("z-cut", "no drverify/1"), ("z-other", "no drverify/1"),
                          ("z-failed", "did not pass"), ("z-specification", "a capture")):
            self.assertRegex(self.err, rf"{name}\.json is skipped: .*{why}")
        self.assertNotIn("sig", self.err)
        self.assertNotIn("hidden", self.err)
        # Damage is news even to those who want none.
        self.folder_of("-q", "--restored-to", "now")
        self.assertIn("z-cut.json is skipped", self.err)
        self.assertNotIn("z-failed", self.err)
        self.put("z-about.json", self.captured("2025-12-30T06:00:00Z", name="other"))
        self.folder_of("--restored-to", "now")
        self.assertIn('z-about.json about "other"', self.err)

    def test_what_may_not_be_read_is_not_skipped(self):
        os.symlink(self.path("gone"), self.path("z-link.json"))
        self.folder_of("--restored-to", "now")
        self.assertIn("z-link.json\": No such file", self.err)
        self.assertEqual(self.out, "")

    def test_empty_folder(self):
        os.mkdir(self.path("empty"))
        self.assert_refused("--baseline", self.path("empty"), says="no baseline is in what")

    def test_a_failed_report_replaces_none(self):
        before = self.get("night-28.json")
        self.folder_of("--restored-to", "now", "--write", "json=" + self.path("night-28.json"))
        self.assertEqual(self.get("night-28.json"), before)


class RestorePoints(Case):
    def setUp(self):
        super().setUp()
        self.baseline = self.put("report.json", document(captured_at="2025-12-30T00:00:00Z"))

    def test_of_one_source(self):
        self.verify("--source", "main=" + NOWHERE, "--restored-to", "main=0/3000060",
                    "--restored-to", "search=2025-12-30 14:30+09", "--restored-to", "now", "--write",
                    "json=" + self.path("out.json"), status=3)
        sources = json.loads(self.get("out.json"))["report"]["sources"]
        self.assertEqual(sources["main"]["restored_to"], "0/3000060")
        self.assertEqual(sources["search"]["restored_to"], "2025-12-30T05:30:00Z")

    def test_mistakes(self):
        for words, says in (
                (["mian=now"], 'no source "mian"'), (["main="], "not a time with zone"),
                (["now", "now"], "two restore points are given for all sources"),
                (["main=now", "main=0/60"], 'two restore points are given for source "main"'),
                (["search=0/60"], "does not place source \"search\""),
                (["2125-12-30T00:00Z"], "lies in the future"),
                (["FFFFFFFF/FFFFFFFF"], "not a time with zone"), (["0/60\x1b[31m"], "not a time")):
            points = [part for word in words for part in ("--restored-to", word)]
            self.assert_refused("--baseline", self.baseline, *points, says=says)
            self.assertNotIn("\x1b", self.err)

    def test_recovery_time(self):
        self.baseline = self.put("report.json", document(objectives={"rto": "90d"}))
        self.verify("--source", "main=" + NOWHERE, "--incident-at", "2025-12-30T00:00Z", status=3)
        self.assertRegex(self.out, r"(?m)^RTO +90d00h: \d+d\d\dh since the incident, exceeded by ")


class Sources(Case):
    def test_unreachable(self):
        self.verify("--source", "main=" + NOWHERE, status=3)
        self.assertIn("????", self.out)
        self.assertIn("UNDECIDED: 1 undecided of 1", self.out)
        self.assertRegex(self.out, r"exit 3\nnext  drverify explain [a-z_.]+\n\Z")
        self.assertEqual(self.err, "")

    def test_unknown_source(self):
        self.assert_refused("--baseline", self.baseline, "--source", "mian=x",
                            says='did you mean "main"?')
        self.assert_refused("--baseline", self.baseline, "--source", "main", says="NAME=URI")
        self.assert_refused("--baseline", self.baseline, "--source", "main=a", "--source",
                            "main=b", says="twice")

    def test_environment(self):
        self.need_postgresql()
        # The mistake in it shows that it was read.
        mistaken = environment(DRVERIFY_SOURCE_MAIN="no-such-keyword=1")
        self.verify(status=3, env=mistaken)
        self.assertIn("connection string", self.out)
        self.verify("--source", "main=" + NOWHERE, status=3, env=mistaken)
        self.assertNotIn("connection string", self.out)

    def test_name_in_a_variable(self):
        named = document([{"check": "connection", "source": "주-db.1"}])
        named["sources"] = {"주-db.1": {"store": "mongodb"}}
        self.baseline = self.put("named.json", named)
        self.verify(status=3)
        self.assertIn("DRVERIFY_SOURCE_____DB_1", self.err)

    def test_two_names_one_variable(self):
        named = document([{"check": "connection", "source": "a-b"}])
        named["sources"] = {"a-b": {"store": "postgresql"}, "a_b": {"store": "postgresql"}}
        self.baseline = self.put("named.json", named)
        both = environment(DRVERIFY_SOURCE_A_B=NOWHERE)
        self.verify(status=3, env=both)
        self.assertIn("would both be read from DRVERIFY_SOURCE_A_B", self.err)
        self.verify("--source", "a-b=" + NOWHERE, "--source", "a_b=" + NOWHERE, status=3, env=both)
        self.assertIn("UNDECIDED", self.out)

    def test_mongodb_without_a_place(self):
        self.baseline = self.put("both.json", document([
            {"check": "connection", "source": "main"},
            {"check": "connection", "source": "search"},
        ]))
        self.verify("--source", "main=" + NOWHERE, status=3)
        for way in ("--source search=mongodb://", "DRVERIFY_SOURCE_SEARCH", "MONGODB_URI"):
            self.assertIn(way, self.err)
        # A source that nothing needs may lack a place.
        self.verify("--source", "main=" + NOWHERE, "--only", "connection:main", status=3)
        self.assertEqual(self.err, "")

    def test_nothing_selected(self):
        self.verify("--only", "nothing", status=3)
        self.assertIn("drverify: ", self.err)
        self.verify("--skip", "*", status=3)


class Secrets(Case):
    def assert_hidden(self):
        self.assertNotIn(CANARY, self.out)
        self.assertNotIn(CANARY, self.err)

    def test_password_draws_a_warning(self):
        for uri in (f"postgresql://u:{CANARY}@127.0.0.1:1/d",
                    f"host=127.0.0.1 port=1 password = {CANARY}",
                    f"postgresql://127.0.0.1:1/d?user=u&password={CANARY}"):
            self.verify("--source", "main=" + uri, "-v", "--write",
                        "json=" + self.path("out.json"), status=3)
            self.assertIn("visible in the process list", self.err)
            self.assertIn("DRVERIFY_SOURCE_MAIN", self.err)
            self.assert_hidden()
            self.assertNotIn(CANARY, self.get("out.json"))

    def test_no_password_no_warning(self):
        for uri in ("postgresql://u@127.0.0.1:1/d", "host=127.0.0.1 port=1 passfile=/none",
                    "postgresql://127.0.0.1:1/d"):
            self.verify("--source", "main=" + uri, status=3)
            self.assertEqual(self.err, "")

    def test_misplaced_uri_is_not_repeated(self):
        uri = f"postgresql://u:{CANARY}@h/d"
        for words in ([uri], ["--source", uri], ["--source", "main", uri], ["--baseline", uri],
                      ["--baseline=" + uri], ["--surce=main=" + uri], ["explain", uri],
                      ["--jobs", f"password={CANARY}"], ["--key", f"password={CANARY}"],
                      ["--write", f"json={uri}", "x"], ["help", uri]):
            self.run_program(*words, status=3)
            self.assertTrue(self.err)
            self.assert_hidden()

    def test_key_file(self):
        key = self.put("key", CANARY + "\n")
        os.chmod(key, 0o644)
        self.verify("--source", "main=" + NOWHERE, "--key", "audit=" + key, status=3)
        self.assertIn("others may read", self.err)
        self.assert_hidden()
        os.chmod(key, 0o600)
        self.verify("--source", "main=" + NOWHERE, "--key", "audit=" + key, status=3)
        self.assertEqual(self.err, "")
        self.verify("--key", "audit=" + self.path("none"), status=3)
        self.assertIn("No such file or directory", self.err)
        self.verify("--key", key, status=3)
        self.assertIn("NAME=FILE", self.err)


class Output(Case):
    def undecided(self, *arguments, **options):
        self.verify("--source", "main=" + NOWHERE, *arguments, status=3, **options)

    def test_files(self):
        self.undecided("--write", "json=" + self.path("out.json"), "--write",
                       "text=" + self.path("out.txt"))
        report = json.loads(self.get("out.json"))
        self.assertEqual(report["report"]["verdict"], "inconclusive")
        self.assertEqual(report["report"]["exit_status"], 3)
        self.assertIn("UNDECIDED", self.get("out.txt"))
        self.assertIn(self.path("out.json"), self.out)
        self.assertEqual(sorted(os.listdir(self.folder)), ["out.json", "out.txt", "report.json"])

    def test_file_modes(self):
        self.undecided("--write", "json=" + self.path("a"), umask=0o027)
        self.assertEqual(stat.S_IMODE(os.stat(self.path("a")).st_mode), 0o640)
        self.undecided("--show-keys", "--write", "json=" + self.path("b"), umask=0o022)
        self.assertEqual(stat.S_IMODE(os.stat(self.path("b")).st_mode), 0o600)
        os.chmod(self.path("a"), 0o604)
        self.undecided("--write", "json=" + self.path("a"))
        self.assertEqual(stat.S_IMODE(os.stat(self.path("a")).st_mode), 0o604)

    def test_link_is_followed(self):
        os.mkdir(self.path("real"))
        self.put("real/out.json", "old")
        os.symlink("real/out.json", self.path("link"))
        self.undecided("--write", "json=" + self.path("link"))
        self.assertTrue(os.path.islink(self.path("link")))
        self.assertIn("drverify/1", self.get("real/out.json"))

    def test_device_is_not_replaced(self):
        self.undecided("--write", "json=/dev/null")
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/null").st_mode))
        self.undecided("--write", "json=/dev/full")
        self.assertIn("No space left", self.err)

    def test_unwritable_path(self):
        self.undecided("--write", "json=" + self.path("none/out.json"))
        self.assertIn("UNDECIDED", self.out)
        self.assertIn("none/out.json", self.err)
        self.assertIn("No such file or directory", self.err)

    def test_document_on_standard_output(self):
        self.undecided("--write", "json=-")
        self.assertEqual(json.loads(self.out)["report"]["command"], "verify")
        self.assertIn("UNDECIDED", self.err)

    def test_baseline_survives_a_run_that_did_not_pass(self):
        before = self.get("report.json")
        self.undecided("--write", "json=" + self.baseline)
        self.assertEqual(self.get("report.json"), before)
        self.assertIn("stays as it is", self.err)
        self.assertIn("inconclusive", self.get("report.json.failed"))

    def test_capture_goes_to_standard_output(self):
        self.run_program("capture", "--baseline", self.baseline, "--source", "main=" + NOWHERE,
                         status=3)
        self.assertEqual(json.loads(self.out)["report"]["command"], "capture")
        self.assertIn("This makes no baseline", self.err)

    def test_full_disk(self):
        with open("/dev/full", "wb") as full:
            self.undecided(stdout=full, stderr=subprocess.PIPE)
            self.assertIn("No space left", self.err)
            for words in (["--help"], ["--version"], ["explain"], ["help", "verify"]):
                self.run_program(*words, status=3, stdout=full, stderr=subprocess.PIPE)
                self.assertIn("standard output", self.err)

    def test_closed_standard_output(self):
        done = subprocess.run(["sh", "-c", 'exec "$0" --version >&-', PROGRAM], check=False,
                              stderr=subprocess.PIPE, env=environment(), timeout=60)
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"standard output", done.stderr)

    def test_reader_that_went_away(self):
        read_end, write_end = os.pipe()
        os.close(read_end)
        with os.fdopen(write_end, "wb") as pipe:
            self.undecided(stdout=pipe, stderr=subprocess.PIPE)
        self.assertIn("Broken pipe", self.err)

    def test_quiet_still_says_what_is_wrong(self):
        self.undecided("-q")
        self.assertIn("UNDECIDED", self.out)

    def test_korean_in_the_c_locale(self):
        self.baseline = self.put("report.json", document(name="펫투유 운영"))
        self.undecided(env=environment(LC_ALL="C"))
        self.assertIn("펫투유 운영", self.out)


class Explain(Case):
    def test_code(self):
        self.run_program("explain", "source.unreachable", status=0)
        self.assertTrue(self.out.startswith("source.unreachable: inconclusive\n"))
        for label in ("meaning", "why", "next"):
            self.assertRegex(self.out, rf"(?m)^{label} +\w")
        for line in self.out.splitlines():
            self.assertLessEqual(len(line), 78)

    def test_every_code_of_the_list(self):
        self.run_program("explain", status=0)
        codes = re.findall(r"(?m)^(\w+\.\w+) +(?:warn|fail|inconclusive)$", self.out)
        self.assertIn("relation.missing", codes)
        self.assertEqual(codes, sorted(set(codes)))
        for code in codes:
            self.run_program("explain", code, status=0)

    def test_unknown_code(self):
        self.assert_refused("explain", "relation.mising", says='did you mean "relation.missing"?')
        self.assert_refused("explain", "nonsense", says="drverify explain lists them")
        self.assert_refused("explain", "a", "b", says="unexpected")


class Chains(Case):
    """chain-try and chain-propose before they reach a server."""

    def chain(self, **members):
        return {"check": "audit_chain", "source": "main", "table": "public.audit_logs",
                "hash": "hash", "previous": "previous", "preimage": {"previous": "text"}, **members}

    def test_help_warns_of_personal_data(self):
        self.run_program("help", "chain-try", status=0)
        self.assertIn("personal data", self.out)
        for option in ("--baseline FILE", "--check ID", "--row N", "--rows N", "--hex", "--key"):
            self.assertIn(option, self.out)
        self.assertNotIn("--write", self.out)
        self.run_program("help", "chain-propose", status=0)
        for option in ("--source URI", "--table SCHEMA.TABLE", "--hash COLUMN", "--previous COLUMN",
                       "--order-by COLUMN", "--column-zone ZONE", "--timeout", "60s"):
            self.assertIn(option, self.out)

    def test_no_document_or_table(self):
        self.assert_refused("chain-try", says="--baseline FILE")
        self.assert_refused("chain-propose", says="--table SCHEMA.TABLE")
        self.assert_refused("chain-propose", "--table", "audit_logs", says="public.audit_logs")

    def test_options_of_other_commands(self):
        self.assert_refused("chain-try", "--baseline", self.baseline, "--table", "a.b",
                            says='--table means nothing to "chain-try"')
        self.assert_refused("chain-propose", "--baseline", self.baseline,
                            says='--baseline means nothing to "chain-propose"')

    def test_numbers_of_rows(self):
        for number in ("0", "-1", "x", "4294967296"):
            self.assert_refused("chain-try", "--baseline", self.baseline, "--row", number,
                                says="a number from 1 on")

    def test_which_check(self):
        self.assert_refused("chain-try", "--baseline", self.baseline, says="no audit_chain check")
        sources = {"sources": {"main": {"store": "postgresql"}}}
        both = self.put("both.json", document([self.chain(), self.chain(table="public.other")],
                                              **sources))
        self.assert_refused("chain-try", "--baseline", both, says="2 audit_chain checks; name one")
        self.assert_refused("chain-try", "--baseline", both, "--check", "audit_chain:main:nowhere",
                            says='no audit_chain check "audit_chain:main:nowhere"')

    def test_a_missing_key(self):
        sources = {"sources": {"main": {"store": "postgresql"}}}
        keyed = self.put("keyed.json", document(
            [self.chain(digest={"hmac": "sha256", "key": "audit"})], **sources))
        self.assert_refused("chain-try", "--baseline", keyed, says='the key "audit" is needed')

    def test_unreachable(self):
        self.need_postgresql()
        sources = {"sources": {"main": {"store": "postgresql"}}}
        path = self.put("chain.json", document([self.chain()], **sources))
        self.assert_refused("chain-try", "--baseline", path, "--source", "main=" + NOWHERE,
                            says="/nonexistent")
        self.assert_refused("chain-propose", "--table", "a.b", "--source", NOWHERE,
                            says="/nonexistent")

    def test_place_of_the_only_source(self):
        self.assert_refused("chain-propose", "--table", "a.b", "--source", "main=" + NOWHERE,
                            says="without a name")
        self.need_postgresql()
        self.run_program("chain-propose", "--table", "a.b", "--source",
                         f"postgresql://user:{CANARY}@/x?host=/nonexistent", status=3)
        self.assertIn("process list", self.err)
        self.assertNotIn(CANARY, self.out + self.err)


def signals_as_usual():
    """Whatever this test itself was started with, such as nohup."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


class Signals(Case):
    """A server that accepts and says nothing keeps a run busy for as long as a test needs."""

    def setUp(self):
        super().setUp()
        listener = socket.socket()
        self.addCleanup(listener.close)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(30)
        self.listener = listener
        self.need_postgresql()
        port = listener.getsockname()[1]
        self.mute = f"main=host=127.0.0.1 port={port} dbname=d user=u sslmode=disable"

    def start(self, *arguments, **options):
        process = subprocess.Popen(
            [PROGRAM, "--baseline", self.baseline, "--source", self.mute, *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environment(TERM="xterm"),
            **{"stderr": subprocess.PIPE, "preexec_fn": signals_as_usual, **options})
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stdout.close)
        connection, _ = self.listener.accept()
        self.addCleanup(connection.close)
        return process

    def test_first_signal_ends_with_a_report(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            process = self.start("--write", "json=" + self.path("out.json"))
            started = time.monotonic()
            process.send_signal(number)
            out, err = process.communicate(timeout=30)
            self.assertEqual(process.returncode, 3, out + err)
            self.assertLess(time.monotonic() - started, 8)
            self.assertIn(b"Cancelled before its end", out)
            self.assertEqual(json.loads(self.get("out.json"))["report"]["verdict"], "inconclusive")
            os.unlink(self.path("out.json"))

    def test_ignored_signal_stays_ignored(self):
        process = self.start("--timeout", "3s", preexec_fn=lambda: signal.signal(signal.SIGINT,
                                                                                signal.SIG_IGN))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 3, out + err)
        self.assertNotIn(b"Cancelled", out)

    def test_timeout_ends_a_mute_server(self):
        started = time.monotonic()
        process = self.start("--timeout", "1s")
        out, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 3, out + err)
        self.assertLess(time.monotonic() - started, 10)
        self.assertEqual(err, b"")      # no progress where nobody looks

    def test_budget_ends_a_mute_server(self):
        started = time.monotonic()
        process = self.start("--budget", "1s")
        out, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 3, out + err)
        self.assertLess(time.monotonic() - started, 8)
        self.assertIn(b"the budget of 1s was spent before this was begun", out)

    def progress_of(self, *arguments):
        leader, follower = pty.openpty()
        self.addCleanup(os.close, leader)
        process = self.start("--timeout", "2s", *arguments, stderr=follower)
        os.close(follower)
        process.communicate(timeout=30)
        shown = b""
        while True:
            try:
                piece = os.read(leader, 4096)
            except OSError:
                return shown
            if not piece:
                return shown
            shown += piece

    def test_progress_on_a_terminal(self):
        shown = self.progress_of()
        self.assertIn(b"0 of 1 checks, 0 rows", shown)
        self.assertTrue(shown.endswith(b"\r\x1b[J"))
        self.assertNotIn(b"\n", shown)
        self.assertEqual(self.progress_of("-q"), b"")


class Traps(Case):
    """Command lines that would quietly do something else than was meant."""

    def test_two_sources_do_not_share_a_default(self):
        two = {"eu": {"store": "postgresql"}, "us": {"store": "postgresql"}}
        checks = [{"check": "connection", "source": name} for name in two]
        self.baseline = self.put("report.json", document(checks, sources=two))
        self.verify("--source", "eu=" + NOWHERE, status=3)
        self.assertIn('nothing says where source "us" is', self.err)
        self.verify("--source", "eu=" + NOWHERE, status=3,
                    env=environment(DRVERIFY_SOURCE_US=NOWHERE))
        self.assertNotIn("nothing says", self.err)

    def test_a_glob_that_selects_nothing(self):
        self.verify("--only", "connection:main", "--only", "conection", status=3)
        self.assertIn('"conection" selects no check', self.err)
        self.assertIn('did you mean "connection"', self.err)

    def test_restored_to_baseline_needs_a_capture(self):
        self.verify("--restored-to", "baseline", "--source", "main=" + NOWHERE, status=3)
        self.assertIn("was not written by a capture", self.err)

    def test_an_empty_place_is_none(self):
        two = {"eu": {"store": "postgresql"}, "us": {"store": "postgresql"}}
        checks = [{"check": "connection", "source": name} for name in two]
        self.assert_refused("--baseline", self.baseline, "--source", "main=",
                            says="--source main= names no place")
        self.baseline = self.put("report.json", document(checks, sources=two))
        self.verify(status=3, env=environment(DRVERIFY_SOURCE_EU="", DRVERIFY_SOURCE_US=""))
        self.assertIn("DRVERIFY_SOURCE_EU", self.err)
        self.assertEqual(self.out, "")

    def test_two_mongodb_sources_do_not_share_a_variable(self):
        two = {"eu": {"store": "mongodb"}, "us": {"store": "mongodb"}}
        checks = [{"check": "connection", "source": name} for name in two]
        self.baseline = self.put("report.json", document(checks, sources=two))
        everywhere = environment(MONGODB_URI="mongodb://127.0.0.1:1/x")
        for words in ([], ["--source", "us=mongodb://127.0.0.1:1/y"]):
            self.assert_refused("--baseline", self.baseline, *words, env=everywhere,
                                says="--source eu=URI, or set DRVERIFY_SOURCE_EU")

    def test_one_text_for_two_sources_may_be_meant(self):
        two = {"eu": {"store": "postgresql"}, "us": {"store": "postgresql"}}
        checks = [{"check": "connection", "source": name} for name in two]
        self.baseline = self.put("report.json", document(checks, sources=two))
        self.verify("--source", "eu=" + NOWHERE, "--source", "us=" + NOWHERE, status=3)
        self.assertIn("2 undecided of 2", self.out)
        self.assertEqual(self.err, "")

    def test_a_long_name_is_a_name(self):
        name = "n" * 200
        self.baseline = self.put("report.json", document(
            [{"check": "connection", "source": name}], sources={name: {"store": "postgresql"}}))
        self.verify("--source", f"{name}={NOWHERE}", status=3)
        self.assertIn("UNDECIDED", self.out)

    def test_a_document_and_a_text_cannot_share_standard_output(self):
        self.run_program("capture", "--baseline", self.baseline, "--write", "text=-", status=3)
        self.assertIn("goes to standard output", self.err)
        self.assertEqual(self.out, "")
        self.assert_refused("capture", "--baseline", self.baseline, "--write", "text=-", "--write",
                            "json=-", says="only one report can go to standard output")

    def test_other_names_of_standard_output(self):
        with open(self.path("out.json"), "wb") as out:
            for other in ("/dev/stdout", self.path("out.json")):
                self.run_program("capture", "--baseline", self.baseline, "--write",
                                 "text=" + other, status=3, stdout=out, stderr=subprocess.PIPE)
                self.assertIn("goes to standard output", self.err)
        # The document arrives where the shell has sent it, and is alone there.
        with open(self.path("out.json"), "wb") as out:
            self.verify("--source", "main=" + NOWHERE, "--write", "json=/dev/stdout", status=3,
                        stdout=out, stderr=subprocess.PIPE)
        self.assertEqual(json.loads(self.get("out.json"))["report"]["command"], "verify")

    def test_two_reports_in_one_file(self):
        path = self.path("out")
        self.assert_refused("--baseline", self.baseline, "--write", "json=" + path, "--write",
                            "text=" + path, says="only one report can go to")
        self.assertFalse(os.path.exists(path))

    def test_passwords_are_masked(self):
        for text in (f"password = {CANARY}", f"password='two {CANARY}'", f"sslpassword={CANARY}",
                     f"postgresql://u:{CANARY}@h/d", f"password='a\\'{CANARY}'"):
            self.verify(text, status=3)
            self.assertNotIn(CANARY, self.err + self.out, text)

    def test_no_way_of_writing_a_password_shows_it(self):
        texts = [
            f"host=h password \t=\t{CANARY}", f"password=a&{CANARY}", f'password=a"{CANARY}',
            f"password=two\\ {CANARY}", f"password='open {CANARY}", f"PASSWORD={CANARY}",
            f"scram_client_key={CANARY}", f"oauth_client_secret='{CANARY}'",
            f"password=first sslpassword={CANARY}",
            f"postgresql://u:two {CANARY}@h/d", f"postgresql://my user:{CANARY}@h/d",
            f"postgresql://u:a@{CANARY}@h/d", f'postgresql://u:a"{CANARY}@h/d',
            f"postgresql://u:{CANARY}", f"postgresql://h/d?user=u&password=two {CANARY}",
            f"postgresql://h/d?sslpassword={CANARY}&user=u", f"mongodb://u:a/{CANARY}@h,g/d",
            f"mongodb://h/?tlsCertificateKeyFilePassword={CANARY}",
        ]
        places = (["--only"], ["--skip"], ["--restored-to"], ["--incident-at"], ["--write"],
                  ["--key"], ["--jobs"], ["--timeout"], ["--source"], [])
        for text in texts:
            for place in places:
                self.verify(*place, text, status=3)
                self.assertTrue(self.err + self.out)
                self.assertNotIn(CANARY, self.err + self.out, (place, text))
            for words in (["--baseline", text], [text], ["help", text], ["explain", text],
                          ["--" + text]):
                self.run_program(*words, status=3)
                self.assertNotIn(CANARY, self.err + self.out, words)

    def test_what_is_no_secret_is_said(self):
        self.assert_refused("--baseline", self.path("day=1/x.json"), says="day=1/x.json")
        self.assert_refused("--baseline", self.baseline, "sslmode=x", says='"sslmode…"')
        self.assert_refused("xylophone", says='"xylophone"')

    def test_a_key_in_place_of_its_file_is_not_repeated(self):
        for words in (["--key", CANARY], ["--key", f"audit={CANARY}"], ["--key", f"={CANARY}"]):
            self.verify(*words, status=3)
            self.assertIn("--key", self.err)
            self.assertNotIn(CANARY, self.err + self.out)

    def test_suggestions_are_those_of_documents(self):
        for word, meant in (("Row_Count", "row_count"), ("rowcount", "row_count"),
                            ("row count", "row_count"), ("row_cuont", "row_count"),
                            ("rxw_cxunt", "row_count"), ("rxw_cxxnt", None)):
            self.baseline = self.put("report.json", document(
                [{"check": word, "source": "main", "table": "public.users"}]))
            self.verify(status=3)
            self.assertEqual('"row_count"' in self.err, meant is not None, self.err)
            self.baseline = self.put("named.json", document(
                [{"check": "connection", "source": "row_count"}],
                sources={"row_count": {"store": "postgresql"}}))
            self.verify("--source", word + "=x", status=3)
            self.assertEqual('did you mean "row_count"' in self.err, meant is not None, self.err)

    def test_readme_shows_a_document(self):
        root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        with open(os.path.join(root, "README.md"), encoding="utf-8") as file:
            shown = re.search(r"```json\n(.*?)```", file.read(), re.DOTALL)[1]
        self.baseline = self.put("checks.json", shown)
        self.verify("--source", "main=" + NOWHERE, status=3)
        self.assertRegex(self.out, r"2 undecided of 2")
        for check in json.loads(shown)["checks"]:
            self.assertIn("expect", check)


class Show(Case):
    def show(self, made, *arguments, status=0, **options):
        self.run_program("show", *arguments, self.put("shown.json", made), status=status, **options)

    def test_specification(self):
        self.show(document([{"check": "row_count", "source": "main", "table": ["public", "a\x1bb"],
                             "priority": 2, "expect": {"rows": 5, "tolerance": "2%"}},
                            {"check": "connection", "source": "search", "priority": 1}],
                           objectives={"rto": "4h", "rpo": "1h"}))
        self.assertIn("document    test, as it was written: nothing was captured yet\n", self.out)
        self.assertIn("objectives  recovery within 4h00m; loss of data of at most 1h00m\n", self.out)
        self.assertIn("main        postgresql\n", self.out)
        self.assertRegex(self.out, r"(?s)P1  connection search .*P2  row_count  main   "
                                   r"public.a\\x1bb  expect: rows 5, tolerance 2%\n")
        digest = hashlib.sha256(self.get("shown.json").encode()).hexdigest()
        self.assertIn(f"SHA-256     {digest}\n", self.out)

    def test_specification_has_no_verdict(self):
        self.show(document(), "--format", "html", status=3)
        self.assertIn("is no report", self.err)

    def test_failed_report(self):
        self.show(sample())
        self.assertIn("report    verified 2025-12-30T14:29:58Z to 2025-12-30T14:42:02Z, "
                      "restored to: 2025-12-30T05:30:00Z\n", self.out)
        self.assertIn("baseline  pet-to-you production, captured 2025-12-30T05:29:58Z (9h00m before)",
                      self.out)
        self.assertIn("search    not verified: no connection\n", self.out)
        self.assertIn("DAMAGE FOUND: 1 failed, 1 undecided, 1 warned, 2 passed, 1 skipped of 6 in "
                      "12m04s. Do not go live on this verdict. exit 2\n", self.out)

    def test_edited_verdict(self):
        made = sample()
        made["report"]["verdict"] = "pass"
        self.show(made, status=3)
        self.assertRegex(self.err, r'shown.json:1:\d+: the report says "pass", but its results come '
                                   r'to "fail"')
        made = sample()
        made["checks"][0]["result"]["verdict"] = "fine"
        self.show(made, status=3)
        self.assertIn('expected "verdict" to be a verdict', self.err)
        del made["checks"][0]["result"]
        self.show(made, status=3)
        self.assertIn('needs its "result"', self.err)

    def test_old_news_is_nothing_for_monitoring(self):
        self.show(sample(), "--format", "nagios", status=3)
        self.assertIn("for a run", self.err)

    def test_usage(self):
        self.assert_refused("show", says="show FILE")
        self.assert_refused("show", "a", "b", says='unexpected "b"')
        self.assert_refused("show", "--format", "htlm", "x", says='did you mean "html"?')
        self.assert_refused("show", self.path("none"), says="No such file")

    def test_width_and_color_of_a_terminal(self):
        path = self.put("shown.json", sample())
        for columns, extra in ((80, {}), (200, {}), (80, {"NO_COLOR": "1"}), (80, {"TERM": "dumb"})):
            page = self.on_terminal(columns, environment(**{"TERM": "xterm", **extra}), "show", path)
            self.assertEqual("\033[1;31mFAIL\033[0m" in page, not extra, extra)
            plain = re.sub(r"\033\[[\d;]*m", "", page)
            self.assertNotIn("\033", plain)
            for line in plain.splitlines():
                self.assertLessEqual(len(line), columns)
            self.assertEqual(re.sub(r"\s+", " ", plain), self.unfolded(path))

    def unfolded(self, path):
        self.run_program("show", path, status=0)
        return re.sub(r"\s+", " ", self.out)

    def on_terminal(self, columns, env, *arguments):
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        with subprocess.Popen([PROGRAM, *arguments], stdout=follower, env=env) as process:
            os.close(follower)
            page = b""
            while True:
                try:
                    page += os.read(leader, 65536)
                except OSError:
                    break
            self.assertEqual(process.wait(60), 0)
        os.close(leader)
        return page.decode().replace("\r\n", "\n")


class Diff(Case):
    def diff(self, before, after, status):
        self.run_program("diff", self.put("a.json", before), self.put("b.json", after),
                         status=status)

    def test_same(self):
        self.diff(sample(), sample(), status=0)
        self.assertEqual(self.out, "no difference\n")

    def test_what_every_run_changes(self):
        after = sample()
        after["captured_at"] = "2026-01-01T00:00:00Z"
        after["report"].update(started_at="2026-01-01T00:00:00Z", finished_at="2026-01-01T00:01:00Z",
                               seconds=60)
        after["checks"][0]["result"].update(seconds=7, summary="other words")
        self.diff(sample(), after, status=0)

    def test_everything_else(self):
        after = sample()
        after["name"] = "other\x1b[2J"
        after["objectives"]["rto"] = "2h"
        after["sources"]["main"]["restored_by"] = "logical"
        after["checks"][0]["expect"] = {"rows": 50000, "tolerance": "2%"}
        after["checks"][0]["result"].update(verdict="pass", rows=49999, findings=[])
        after["checks"][1]["max_loss"] = "30m"
        del after["checks"][5]
        after["checks"].append({"check": "connection", "source": "search", "result": {
            "verdict": "pass", "summary": "", "findings": []}})
        after["report"].update(verdict="warn", exit_status=1)
        self.diff(sample(), after, status=1)
        for block in ("document\n"
                      "  name                   pet-to-you production → other\\x1b[2J\n"
                      "  objectives.rto         4h → 2h\n"
                      "  verdict                fail → warn\n",
                      "main\n  restored_by            physical → logical\n",
                      "row_count:main:public.users\n"
                      "  expect.rows            50002 → 50000\n"
                      "  expect.tolerance       (none) → 2%\n"
                      "  result.verdict         fail → pass\n"
                      "  result.rows            48911 → 49999\n"
                      "  result.finding         row_count.below → (none)\n",
                      "freshness:main:public.health_notes:created_at\n"
                      "  max_loss               (none) → 30m\n",
                      "collection_count:search:daycares\n"
                      "  check                  collection_count → (none)\n",
                      "connection:search\n"
                      "  check                  (none) → connection\n"):
            self.assertIn(block, self.out)
        self.assertTrue(self.out.endswith(
            "\n12 differences: 1 check added, 1 check removed, 1 verdict of the run, "
            "1 verdict of a check, 1 count of rows, 1 finding, 2 expected values, 4 settings\n"), self.out)

    def test_other_servers(self):
        before, after = sample(), sample()
        before["sources"]["main"]["identity"] = {"system_identifier": "7", "timeline": 1}
        after["sources"]["main"]["identity"] = {"system_identifier": "8", "timeline": 2}
        self.diff(before, after, status=1)
        self.assertTrue(self.out.endswith("\n2 differences: 2 members of an identity\n"), self.out)

    def test_a_number_is_no_string(self):
        self.diff(document(name="5", checks=[{"check": "row_count", "source": "main", "table": "a.b",
                                              "expect": {"rows": 5, "tolerance": 5}}]),
                  document(name="5", checks=[{"check": "row_count", "source": "main", "table": "a.b",
                                              "expect": {"rows": 5, "tolerance": "5%"}}]), status=1)
        self.assertIn('tolerance       5 → "5%"', self.out)

    def test_heads_of_chains(self):
        chain = {"check": "audit_chain", "source": "main", "table": "public.log", "hash": "hash",
                 "previous": "prev", "mode": "links", "order_by": ["id"]}
        heads = [{**chain, "expect": {"head": {"rows": 4, "hash": letter * 64}}}
                 for letter in "ab"]
        self.diff(document([heads[0]]), document([heads[1]]), status=1)
        self.assertIn(f"  expect.head.hash       {'a' * 64} → {'b' * 64}\n", self.out)

    def test_results_count_where_both_have_them(self):
        before = sample()
        del before["report"]
        self.diff(before, sample(), status=0)

    def test_cannot_read(self):
        self.assert_refused("diff", self.baseline, self.path("none"), says="No such file")
        self.assert_refused("diff", self.baseline, says="diff A B")
        self.assert_refused("diff", "-", "-", says="standard input")
        self.put("broken.json", "{")
        self.assert_refused("diff", self.baseline, self.path("broken.json"), says="broken.json:1:2")


def counting(table):
    return {"check": "row_count", "source": "main", "table": table, "priority": 1,
            "expect": {"min": 1}}


@unittest.skipUnless(POSTGRESQL, "DRV_TEST_POSTGRESQL is not set")
class WithPostgresql(Case):
    """Counts a catalog table, which every server has; "connection" might warn of test settings."""

    def setUp(self):
        super().setUp()
        self.place = ["--source", "main=" + POSTGRESQL]
        self.baseline = self.put("report.json", document([counting("pg_catalog.pg_am")]))

    def test_pass(self):
        self.verify(*self.place, status=0)
        self.assertRegex(self.out, r"INTACT: 1 passed of 1 in .*\. exit 0\n\Z")
        self.assertIn("PostgreSQL", self.out)

    def test_quiet_pass_says_nothing(self):
        self.verify(*self.place, "-q", "--write", "json=" + self.path("out.json"), status=0)
        self.assertEqual((self.out, self.err), ("", ""))
        self.assertIn('"pass"', self.get("out.json"))

    def test_evidence_of_content(self):
        """The digests of a table stand in the report, and the same ones in what is made of it."""
        table = {"check": "content", "source": "main", "table": "pg_catalog.pg_language"}
        self.put("report.json", {**document([table]), "sources": {"main": {"store": "postgresql"}}})
        kept = self.path("kept.json")
        self.run_program("capture", "--baseline", self.baseline, *self.place, "--write", f"json={kept}", status=0)
        (one,) = json.loads(self.get("kept.json"))["checks"]
        self.assertEqual(one["result"]["evidence"], [{"what": "content", "found": one["expect"]["digest"]}])
        recorded = "12" * 32
        changed = self.get("kept.json").replace(one["expect"]["digest"], recorded)
        self.put("kept.json", changed)
        self.run_program("--baseline", kept, *self.place, "--restored-to", "baseline", "--write",
                         "json=" + self.path("last.json"), "--write", "html=" + self.path("last.html"), status=2)
        (last,) = json.loads(self.get("last.json"))["checks"]
        self.assertEqual(last["result"]["evidence"], [
            {"what": "content", "recorded": recorded, "found": one["expect"]["digest"]}])
        self.run_program("show", "--format", "html", self.path("last.json"), status=0)
        self.assertEqual(self.out, self.get("last.html"))
        self.assertIn(one["expect"]["digest"], self.out)

    def test_environment_places_the_source(self):
        self.verify(status=0, env=environment(DRVERIFY_SOURCE_MAIN=POSTGRESQL))

    def test_all_formats_at_once(self):
        formats = ("json", "junit", "prometheus", "markdown", "html", "nagios", "text")
        for verdict, table in ((0, "pg_catalog.pg_am"), (2, "public.no such table")):
            self.baseline = self.put("checks.json", document([counting(table)]))
            self.verify(*self.place, *(word for form in formats for word in
                                       ("--write", f"{form}={self.path('report.' + form)}")),
                        status=verdict)
            digest = hashlib.sha256(self.get("report.json").encode()).hexdigest()
            for form in ("markdown", "html"):
                self.assertIn(digest, self.get("report." + form))
            baseline = hashlib.sha256(self.get("checks.json").encode()).hexdigest()
            self.assertEqual(json.loads(self.get("report.json"))["report"]["compared_with"],
                             {"file": self.baseline, "sha256": baseline})
            # Written and read again, a report says the same.
            self.run_program("show", "--format", "junit", self.path("report.json"), status=0)
            self.assertEqual(self.out, self.get("report.junit"))
            self.run_program("show", "--format", "markdown", self.path("report.json"), status=0)
            self.assertEqual(self.out, self.get("report.markdown"))
            self.run_program("show", "--format", "html", self.path("report.json"), status=0)
            self.assertEqual(self.out, self.get("report.html"))
            self.assertEqual(sorted(os.listdir(self.folder)),
                             sorted(["checks.json", "report.json"] +
                                    ["report." + form for form in formats[1:]]))

    def test_format_is_all_that_standard_output_gets(self):
        self.verify(*self.place, "--format", "json", "--write", "html=" + self.path("x"), status=0)
        self.assertEqual(json.loads(self.out)["report"]["verdict"], "pass")
        self.assertEqual(self.err, "")
        self.verify(*self.place, "--format", "text", status=0)
        self.assertIn("INTACT", self.out)
        self.verify(*self.place, "-q", "--format", "json", status=0)
        self.assertEqual((self.out, self.err), ("", ""))
        with open("/dev/full", "wb") as full:
            self.verify(*self.place, "--format", "json", status=3, stdout=full,
                        stderr=subprocess.PIPE)

    def test_nagios(self):
        self.verify(*self.place, "--format", "nagios", status=0)
        self.assertRegex(self.out, r"\ADRVERIFY OK - test: 1 passed of 1 in [^|\n]* \| failed=0;;0;0;1 "
                                   r"undecided=0;;;0;1 warned=0;0;;0;1 passed=1;;;0;1 "
                                   r"skipped=0;;;0;1 time=[\d.]+s;;;0 "
                                   r"'rows row_count:main:pg_catalog.pg_am'=\d+;;1:;0\n\Z")
        self.baseline = self.put("checks.json", document([counting("public.no such table")]))
        self.verify(*self.place, "--format", "nagios", status=2)
        self.assertRegex(self.out, r"\ADRVERIFY CRITICAL - test: 1 failed of 1 in [^|;\n]*; P1 fail "
                                   r"row_count:main:public.no such table: [^|\n]* \| failed=1;;0;0;1 ")
        self.verify("--source", "main=" + NOWHERE, "--format", "nagios", status=3)
        self.assertIn("DRVERIFY UNKNOWN", self.out)

    def test_the_last_success_outlives_a_failure(self):
        name = "drverify_last_success_timestamp_seconds{"
        path = self.path("drverify.prom")
        write = [*self.place, "--write", "prometheus=" + path]
        good = self.baseline

        def success():
            return [line for line in self.get("drverify.prom").split("\n") if line.startswith(name)]

        self.baseline = self.put("checks.json", document([counting("public.no such table")]))
        self.verify(*write, status=2)
        self.assertEqual(success(), [])
        self.baseline = good
        self.verify(*write, status=0)
        passed = success()
        self.assertEqual(len(passed), 1)
        self.baseline = self.path("checks.json")
        for _ in range(2):
            self.verify(*write, status=2)
            self.assertEqual(success(), passed)
        # That of another document is not this one's.
        self.baseline = self.put("other.json", {**document([counting("public.no such table")]),
                                                "name": "other"})
        self.verify(*write, status=2)
        self.assertEqual(success(), [])

    def test_a_failed_capture_is_news_for_monitoring(self):
        self.baseline = self.put("checks.json", document([counting("public.no such table")]))
        self.put("old.prom", "")
        self.run_program("capture", "--baseline", self.baseline, *self.place, "--write",
                         "json=" + self.path("x.json"), "--write",
                         "prometheus=" + self.path("old.prom"), status=2)
        self.assertIn('drverify_exit_status{document="test",command="capture"} 2',
                      self.get("old.prom"))

    def test_full_disk_is_no_pass(self):
        with open("/dev/full", "wb") as full:
            self.verify(*self.place, status=3, stdout=full, stderr=subprocess.PIPE)
        self.verify(*self.place, "--write", "json=" + self.path("none/x"), status=3)
        self.assertIn("INTACT", self.out)

    def test_capture_then_verify(self):
        self.run_program("capture", "--baseline", self.baseline, *self.place, "--write",
                         "json=" + self.path("captured.json"), status=0)
        self.assertIn("CAPTURED", self.out)
        captured = json.loads(self.get("captured.json"))
        self.assertGreater(captured["checks"][0]["expect"]["rows"], 0)
        self.assertIn("captured_at", captured)
        self.baseline = self.path("captured.json")
        again = ["--restored-to", "baseline", *self.place]
        self.verify(*again, status=0)
        # A report that passed is the next baseline, also in place of the one it came from.
        self.verify(*again, "--write", "json=" + self.baseline, status=0)
        self.verify(*again, status=0)
        # And one row too many in the expectation is damage.
        captured["checks"][0]["expect"]["rows"] += 1
        self.baseline = self.put("damaged.json", captured)
        self.verify(*again, "--write", "json=" + self.path("evidence.json"), status=2)
        self.assertIn("DAMAGE FOUND: 1 failed of 1", self.out)
        self.assertIn("row_count.below", self.out)
        self.baseline = self.path("evidence.json")
        self.verify(*again, status=3)
        self.assertIn("no baseline", self.err)

    def test_captured_by_redirection(self):
        check = counting("pg_catalog.pg_am")
        del check["expect"]
        self.baseline = self.put("checks.json", document([check]))
        with open(self.path("baseline.json"), "wb") as out:
            self.run_program("capture", "--baseline", self.baseline, *self.place, status=0,
                             stdout=out, stderr=subprocess.PIPE)
        self.assertIn("CAPTURED", self.err)
        self.baseline = self.path("baseline.json")
        self.verify(*self.place, "--restored-to", "baseline", "-v", status=0)
        self.assertIn("as in the baseline", self.out)

    def test_failed_capture_keeps_the_old_baseline(self):
        self.baseline = self.put("checks.json", document([counting("public.no such table")]))
        self.put("old.json", "{}")
        self.run_program("capture", "--baseline", self.baseline, *self.place, "--write",
                         "json=" + self.path("old.json"), status=2)
        self.assertEqual(self.get("old.json"), "{}")
        self.assertIn("relation.missing", self.get("old.json.failed"))

    def test_damage_outweighs_an_unwritten_report(self):
        self.baseline = self.put("checks.json", document([counting("public.no such table")]))
        self.verify(*self.place, "--write", "json=" + self.path("none/x"), status=2)

    def test_skipped_checks_leave_the_document_as_it_was(self):
        both = [counting("pg_catalog.pg_am"), counting("pg_catalog.pg_class")]
        self.baseline = self.put("checks.json", document(both))
        self.verify(*self.place, "--only", "*:pg_catalog.pg_am", "--write",
                    "json=" + self.path("out.json"), status=0)
        self.assertNotIn("captured_at", json.loads(self.get("out.json")))

    def test_capture_takes_all_checks(self):
        self.run_program("capture", "--baseline", self.baseline, *self.place, "--only", "row_count",
                         status=3)
        self.assertIn("takes all checks", self.err)

    def test_priority(self):
        checks = [counting("pg_catalog.pg_am"), {**counting("pg_catalog.pg_class"), "priority": 4}]
        self.baseline = self.put("report.json", document(
            checks, sources={"main": {"store": "postgresql"}}))
        self.verify("--source", "main=" + POSTGRESQL, "--priority", "3", status=0)
        self.assertIn("1 passed, 1 skipped of 2", self.out)
        self.assertIn("What was skipped is not proved", self.out)
        self.run_program("capture", "--baseline", self.baseline, "--source", "main=" + POSTGRESQL,
                         "--priority", "9", status=3)
        self.assertIn("a capture takes all checks", self.err)

    def test_priority_that_nothing_has(self):
        checks = [{"check": "connection", "source": "main", "priority": 4}]
        self.baseline = self.put("report.json", document(
            checks, sources={"main": {"store": "postgresql"}}))
        self.verify("--source", "main=" + POSTGRESQL, "--priority", "3", status=3)
        self.assertIn("--priority leave no check", self.err)

    def test_a_count_without_expectation_proves_nothing(self):
        check = counting("pg_catalog.pg_am")
        del check["expect"]
        self.baseline = self.put("checks.json", document([check]))
        self.verify(*self.place, status=3)
        self.assertIn("check.no_expectation", self.out)

    def test_keys_are_for_the_owner_alone(self):
        path = self.put("out.json", "{}")
        os.chmod(path, 0o644)
        self.verify(*self.place, "--show-keys", "--write", "json=" + path, status=0)
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        # Less than that stays less.
        os.chmod(path, 0o400)
        self.verify(*self.place, "--show-keys", "--write", "json=" + path, status=0)
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o400)


SEARCH = {"search": {"store": "mongodb", "database": "drverify_cli"}}


def psql(text):
    subprocess.run(["psql", "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--file", "-",
                    "--dbname", POSTGRESQL], input=text, text=True, check=True, timeout=60,
                   capture_output=True)


@unittest.skipUnless(POSTGRESQL, "DRV_TEST_POSTGRESQL is not set")
class ChainsWithPostgresql(Case):
    """A chain of 20 entries: SHA-256 of previous|actor|action|time, with a tab in one action."""

    def setUp(self):
        super().setUp()
        self.schema = f"drv_chain_{os.getpid()}"
        self.addCleanup(psql, f"DROP SCHEMA IF EXISTS {self.schema} CASCADE")
        rows, previous = [], ""
        for i in range(1, 21):
            actor, action = f"user-{i % 4}", "a\tb" if i == 2 else f"action-{i}"
            at = f"2026-01-02T03:04:{i:02}.678Z"
            made = hashlib.sha256("|".join([previous, actor, action, at]).encode()).hexdigest()
            rows.append(f"({i}, '{actor}', '{action}', '{at}', nullif('{previous}', ''), '{made}')")
            previous = made
        psql(f"CREATE SCHEMA {self.schema}; CREATE TABLE {self.schema}.log (id int PRIMARY KEY, "
             "actor text, action text, at timestamptz, prev_hash text, hash text); "
             f"INSERT INTO {self.schema}.log VALUES " + ",\n".join(rows))

    def propose(self, *arguments, status, table="log"):
        self.run_program("chain-propose", "--source", POSTGRESQL, "--table",
                         f"{self.schema}.{table}", *arguments, status=status)

    def try_rows(self, check, *arguments, status):
        path = self.put("chain.json", document([check],
                                               sources={"main": {"store": "postgresql"}}))
        self.run_program("chain-try", "--baseline", path, "--source", "main=" + POSTGRESQL,
                         *arguments, status=status)

    def test_a_proposal_verifies(self):
        self.propose(status=0)
        self.assertIn("all 20 rows", self.err)
        check = json.loads(self.out)
        self.assertEqual(check["order_by"], ["id"])
        self.baseline = self.put("chain.json", document(
            [check], sources={"main": {"store": "postgresql"}}))
        self.verify("--source", "main=" + POSTGRESQL, status=0)
        self.assertIn("INTACT: 1 passed", self.out)

    def test_an_edited_entry(self):
        psql(f"UPDATE {self.schema}.log SET action = 'edited' WHERE id = 7")
        self.propose("--timeout", "2s", status=2)
        self.assertIn("19 of 20 rows", self.err)
        self.try_rows(json.loads(self.out), "--rows", "9", status=2)
        self.assertEqual(self.out.count("AGREES"), 8)
        self.assertIn("8 of 9 rows agree", self.out)

    def test_bytes_are_shown(self):
        self.propose(status=0)
        check = json.loads(self.out)
        self.try_rows(check, "--row", "2", status=0)
        self.assertIn("|user-2|a\\tb|2026-01-02T03:04:02.678Z", self.out)
        self.assertIn("id=2", self.out)
        self.assertRegex(self.out, r"\n +action +a\\tb\n")
        self.try_rows(check, "--row", "2", "--hex", status=0)
        self.assertRegex(self.out, r"00000040  7c 75 73 65 72 2d 32 7c")
        self.try_rows(check, status=0)
        self.assertIn("3 of 3 rows agree", self.out)
        self.try_rows(check, "--row", "21", status=3)
        self.assertIn("no row 21", self.err)

    def test_a_wrong_genesis_is_named(self):
        self.propose(status=0)
        check = {**json.loads(self.out), "genesis": {"stored": None, "hashed": "GENESIS"}}
        self.try_rows(check, status=2)
        self.assertIn('DIFFERS: it agrees when "genesis" says "hashed": ""', self.out)

    def test_nothing_fits(self):
        psql(f"UPDATE {self.schema}.log SET actor = 'x' || actor")
        self.propose("--timeout", "1s", status=2)
        self.assertEqual(self.out, "")
        self.assertRegex(self.err, r"No recipe was found: \d+ were tried on 20 rows")

    def test_what_cannot_be_read(self):
        self.propose(table="nowhere", status=3)
        self.assertIn('there is no "nowhere"', self.err)
        self.propose("--hash", "hsah", status=3)
        self.assertIn('no column "hsah"', self.err)
        check = {"check": "audit_chain", "source": "main", "table": f"{self.schema}.log",
                 "hash": "hsah", "previous": "prev_hash", "preimage": {"previous": "text"}}
        self.try_rows(check, status=3)
        self.assertIn('has no column "hsah"', self.err)


@unittest.skipUnless(POSTGRESQL, "DRV_TEST_POSTGRESQL is not set")
class Folders(Case):
    """Files that a capture makes on this machine, into folders that are not there."""

    def setUp(self):
        super().setUp()
        self.schema = f"drv_folders_{os.getpid()}"
        # More rows than are sorted in memory.
        psql(f"CREATE SCHEMA {self.schema}; CREATE TABLE {self.schema}.many AS"
             " SELECT generate_series(1, 70000) AS n")
        self.addCleanup(psql, f"DROP SCHEMA {self.schema} CASCADE")
        self.baseline = self.put("traced.json", document(
            [{"check": "content", "source": "main", "table": f"{self.schema}.many",
              "detail": "rows"}], sources={"main": {"store": "postgresql"}}))

    def capture(self, *arguments, status, **variables):
        self.run_program("capture", "--baseline", self.baseline, "--source", f"main={POSTGRESQL}",
                         "--write", "json=" + self.path("captured.json"), *arguments, status=status,
                         env=environment(**variables))

    def test_folders_that_are_not_there(self):
        gone = self.path("gone")
        self.capture(status=0)
        for arguments, variables in ((["--sidecars", gone], {}), ([], {"TMPDIR": gone})):
            self.capture(*arguments, status=3, **variables)
            self.assertIn("check.local_files", self.out)
            self.assertIn(f"in {gone}: ", self.out)
            self.assertIn("--sidecars FOLDER", self.out)


@unittest.skipUnless(MONGODB, "DRV_TEST_MONGODB is not set")
class WithMongodb(Case):
    def test_pass(self):
        checks = [{"check": "connection", "source": "search"}]
        self.baseline = self.put("report.json", document(checks, sources=SEARCH))
        self.verify("--source", "search=" + MONGODB, status=0)
        self.verify(status=0, env=environment(MONGODB_URI=MONGODB))
        self.assertIn("INTACT", self.out)

    def test_missing_collection(self):
        checks = [{"check": "collection_count", "source": "search", "collection": "없는 것"}]
        self.baseline = self.put("report.json", document(checks, sources=SEARCH))
        self.verify("--source", "search=" + MONGODB, status=2)
        self.assertIn("collection.missing", self.out)


if __name__ == "__main__":
    unittest.main()
