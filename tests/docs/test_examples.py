#!/usr/bin/env python3
"""test_examples.py: each command that a page or a help text shows is run, or it is said why not

Environment as for test_operations.py. A block of a page in no language is one of commands, or of
something that a program shows; every one is known to a table here.
"""
import glob
import json
import os
import re
import shlex
import shutil
import subprocess
import unittest

import test_operations
from test_operations import DATABASE, MONGODB, PROGRAM, ROOT, blocks, must, psql, source

# What stands in a block of no language and is no command: how it begins, and why it is not run.
SHOWN = {
    "$ drverify verify --baseline report.json --incident-at": "what the demo prints; test_demo.py compares the two",
    " document        run/plan": "a picture",
    "baseline  pet-to-you production": "one line of a verdict",
    "cc program.c $(pkg-config": "how a program is compiled; test_embedding.py does so",
}
# Commands by their beginning, and why they are not run here.
NOT_RUN = {
    "./fixtures/demo.sh": "tests/run.sh --only demo runs it",
    "meson setup build": "tests/run.sh builds so",
    "meson compile": "tests/run.sh builds so",
    "meson install": "tests/run.sh --only embed installs so",
    "./tests/run.sh": "it is what runs this",
    "drverify chain-propose --table public.audit_logs --key": "searches for minutes; tests/survey/propose.py does so",
}
# Pages whose blocks test_operations.py runs, line by line, in a sandbox of their own.
PAGES = ["README.md", *sorted(os.path.relpath(path, ROOT) for path in glob.glob(os.path.join(ROOT, "docs", "*.md")))]
COMMANDS = ("drverify", "openssl", "flock", "meson", "./fixtures/demo.sh")

# How a run ends that understood its command line and could not decide: no moment is said, the baseline
# is younger than the moment, or a draft still asks something.
UNDECIDED = r"exit 3|UNKNOWN|is not known to be from before the restore point|to do"

CHAIN = """
CREATE TABLE public.audit_logs (id bigint PRIMARY KEY, action text, previous_hash text, hash text);
DO $$
DECLARE last text; made text;
BEGIN
    FOR n IN 1..4800 LOOP
        made := encode(sha256(convert_to(coalesce(last, '') || '|action ' || n, 'UTF8')), 'hex');
        INSERT INTO public.audit_logs VALUES (n, 'action ' || n, last, made);
        last := made;
    END LOOP;
END $$;
"""


def known(text, table):
    found = [start for start in table if text.startswith(start)]
    return found[0] if found else None


class Blocks(unittest.TestCase):
    def test_each_is_run_or_explained(self):
        shown, left_out = set(), set()
        for page in PAGES:
            for block in blocks(source(page), "") + blocks(source(page), "sh") + blocks(source(page), "console"):
                first = block.split("\n")[0]
                if known(block, SHOWN):
                    shown.add(known(block, SHOWN))
                    continue
                self.assertIn(first.split(" ")[0], COMMANDS, f"{page}: nobody runs {first}")
                left_out |= {known(line, NOT_RUN) for line in block.splitlines() if known(line, NOT_RUN)}
        self.assertEqual(shown, set(SHOWN), "a row that is no longer needed")
        self.assertTrue(left_out)
        # What is left out there is left out for a reason that stands here.
        for start in test_operations.ELSEWHERE:
            self.assertTrue(any(row.startswith(start) for row in NOT_RUN), start)


class Help(test_operations.Case):
    """The examples of each command's help, which are those of the manual page."""

    @classmethod
    def setUpClass(cls):
        if not MONGODB:
            raise unittest.SkipTest("DRV_TEST_MONGODB is not set")
        super().setUpClass()
        must(psql(CHAIN))
        cls.mongodb = MONGODB + "shop"
        cls.command({"insert": "orders", "documents": [{"_id": 1}, {"_id": 2}]})
        cls.addClassCleanup(cls.command, {"dropDatabase": 1})

    @classmethod
    def command(cls, command):
        subprocess.run([os.environ["DRV_MONGO_COMMAND"], MONGODB, "shop"], input=json.dumps([command]),
                       capture_output=True, text=True, check=True)

    def setUp(self):
        super().setUp()
        words = [word for word in self.place.split() if not word.startswith("dbname=")]
        self.put("services", "".join(
            f"[{name}]\n" + "\n".join([*words, f"dbname={DATABASE}"]) + "\n"
            for name in ("recovery", "production")))
        self.put("hmac.key", "k" * 32)
        document = json.loads(source(self.path("checks.json")))
        document["sources"]["search"] = {"store": "mongodb", "database": "shop"}
        document["checks"] += [
            {"check": "collection_count", "source": "search", "collection": "orders"},
            {"check": "audit_chain", "source": "main", "table": "public.audit_logs", "priority": 1, "hash": "hash",
             "previous": "previous_hash", "order_by": ["id"], "genesis": {"stored": None, "hashed": ""},
             "preimage": {"join": [{"previous": "text"}, {"column": "action"}], "with": "|"}}]
        self.put("checks.json", json.dumps(document))
        self.expect("drverify keygen ops-2025")
        self.capture()
        self.expect("drverify sign --key ops-2025 report.json && mkdir nightly && cp report.json nightly/")
        for name in ("yesterday.json", "today.json"):
            shutil.copy(self.path("report.json"), self.path(name))

    def environment(self, **extra):
        return super().environment(DRVERIFY_SOURCE_SEARCH=MONGODB, PGSERVICEFILE=self.path("services"), **extra)

    @staticmethod
    def examples(command):
        """Each command line of the examples, in their order."""
        text = subprocess.run([PROGRAM, "help", command], capture_output=True, text=True, check=True).stdout
        section = text.partition("\nExamples\n")[2].partition("\n\n")[0].replace("\\\n", " ")
        return [line.strip() for line in section.splitlines() if line.startswith("    ") and line.strip()]

    def moved(self, line):
        for example, here in (("mongodb://dr-host/", MONGODB), ("mongodb://db-host/shop", self.mongodb),
                              ("/var/lib/drverify", "nightly")):
            line = line.replace(example, here)
        return line

    @staticmethod
    def allowed(words):
        """A run of which no restore point was said, or another one, is undecided, and says so."""
        if words[:2] == ["drverify", "diff"]:
            return (0, 1)
        runs = words[1].startswith("-") or words[1] in ("doctor", "capture")
        return (0, 1, 3) if words[0] == "drverify" and runs else (0,)

    def test_every_example(self):
        overview = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True).stdout
        listed = overview.partition("\nCommands\n")[2].partition("\n\n")[0]
        commands = re.findall(r"(?m)^ {2}([a-z-]+) ", listed)
        self.assertIn("verify", commands)
        count, left_out = 0, []
        before = {name: source(self.path(name)) for name in ("checks.json", "report.json")}
        for command in commands:
            for name, text in before.items():
                self.put(name, text)
            for line in self.examples(command):
                if known(line, NOT_RUN):
                    left_out.append(line)
                    continue
                with self.subTest(line):
                    self.try_line(line, command)
                    count += 1
        self.assertGreater(count, 20)
        self.assertEqual(len(left_out), 1)

    def try_line(self, line, command):
        if command == "keygen":
            os.unlink(self.path("ops-2025"))
            os.unlink(self.path("ops-2025.pub"))
        if "init " in line and "--output" in line:
            os.unlink(self.path("checks.json"))
        done = self.run_line(self.moved(line))
        words = shlex.split(line, comments=True)
        self.assertIn(done.returncode, self.allowed(words), done.stdout + done.stderr)
        if done.returncode == 3:
            self.assertRegex(done.stdout + done.stderr, UNDECIDED)


if __name__ == "__main__":
    unittest.main()
