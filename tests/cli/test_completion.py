#!/usr/bin/env python3
"""test_completion.py: shells complete the command line of drverify, tried by typing into them

DRVERIFY_TABLES names the tables, DRVERIFY_COMPLETION the folder with the generated files. What a
shell offers is compared with the tables; a shell that is not installed is skipped.
"""
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "completion"))
from tables import Tables  # noqa: E402

FOLDER = os.path.abspath(os.environ["DRVERIFY_COMPLETION"])
TABLES = Tables(os.environ["DRVERIFY_TABLES"])
READY = "ready> "
LONGEST = 20


class Shell:
    """An interactive shell on a terminal of its own."""

    def __init__(self, command, setup, folder):
        self.process, self.terminal = pty.fork()
        if not self.process:
            os.chdir(folder)
            os.environ.update(PS1=READY, TERM="dumb", HOME=folder, INPUTRC="/dev/null",
                              HISTFILE="")
            os.execvp(command[0], command)
        self.seen = ""
        for line in setup:
            self.type(line + "\n")
        self.type("echo all-\"\"set\n")
        self.wait_for(r"all-set")

    def type(self, text):
        os.write(self.terminal, text.encode())

    def wait_for(self, pattern):
        until = time.monotonic() + LONGEST
        while not (match := re.search(pattern, self.seen)):
            if not select.select([self.terminal], [], [], max(0, until - time.monotonic()))[0]:
                raise AssertionError(f"{pattern} never came: {self.seen!r}")
            self.seen += os.read(self.terminal, 65536).decode(errors="replace")
        self.seen = self.seen[match.end():]
        return match

    def completed(self, line):
        """What becomes of a line by TAB: it is printed between marks instead of run."""
        self.type(line + "\t")
        self.type("\x01echo '<'\"\"\x05 '>'\n")
        return self.wait_for(r"(?m)^< ?(.*?) >\r?$").group(1).strip()

    def close(self):
        os.close(self.terminal)
        os.waitpid(self.process, 0)


class Completion(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        open(os.path.join(self.folder, "report.json"), "w", encoding="utf-8").close()

    def shell(self, name, *arguments, setup):
        if not shutil.which(name):
            self.skipTest(f"{name} is not installed")
        shell = Shell([name, *arguments], setup, self.folder)
        self.addCleanup(shell.close)
        return shell

    def try_all(self, shell):
        for line, expected in [
            ("drverify ver", "drverify verify"),
            ("drverify chain-t", "drverify chain-try"),
            ("drverify --basel", "drverify --baseline"),
            ("drverify --baseline rep", "drverify --baseline report.json"),
            ("drverify --format nag", "drverify --format nagios"),
            ("drverify sign rep", "drverify sign report.json"),
            ("drverify show --form", "drverify show --format"),
            ("drverify explain row_count.b", "drverify explain row_count.below"),
            ("drverify help keyg", "drverify help keygen"),
            ("drverify --write js", "drverify --write json="),
            ("drverify --write json=rep", "drverify --write json=report.json"),
        ]:
            self.assertEqual(shell.completed(line), expected, line)

    def test_bash(self):
        shell = self.shell("bash", "--norc", "--noprofile", "-i",
                           setup=[f"source {FOLDER}/drverify"])
        self.try_all(shell)
        self.assertEqual(shell.completed("drverify --format=nag"), "drverify --format=nagios")

    def test_bash_offers_what_the_tables_say(self):
        def offered(*words):
            script = (f"source {FOLDER}/drverify; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); "
                      "_drverify; printf '%s\\n' \"${COMPREPLY[@]}\"")
            done = subprocess.run(["bash", "-c", script, "bash", "drverify", *words], check=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            return sorted(done.stdout.split())

        self.assertEqual(offered(""), sorted(command.name for command in TABLES.commands))
        for command in TABLES.commands:
            options = {"--" + option.name for option in TABLES.options_of(command.name)}
            self.assertEqual(offered(command.name, "--"), sorted(options), command.name)
        self.assertEqual(offered("explain", ""), sorted(code for code, _ in TABLES.findings))

    def test_zsh(self):
        setup = ["PROMPT='ready> '; unsetopt zle_bracketed_paste; bindkey -e",
                 "autoload -Uz compinit && compinit -D", f"source {FOLDER}/_drverify"]
        self.try_all(self.shell("zsh", "-f", "-i", setup=setup))

    def test_fish(self):
        if not shutil.which("fish"):
            self.skipTest("fish is not installed")

        def offered(line):
            done = subprocess.run(
                ["fish", "--no-config", "-c",
                 f"source {FOLDER}/drverify.fish; complete -C '{line}'"],
                check=True, stdout=subprocess.PIPE, text=True, cwd=self.folder,
                env={**os.environ, "HOME": self.folder})
            return sorted({row.split("\t")[0] for row in done.stdout.splitlines()})

        self.assertEqual(offered("drverify "), sorted(c.name for c in TABLES.commands))
        for command in TABLES.commands:
            options = {"--" + option.name for option in TABLES.options_of(command.name)}
            self.assertEqual(offered(f"drverify {command.name} --"), sorted(options))
        self.assertEqual(offered("drverify --format nag"), ["nagios"])
        self.assertIn("report.json", offered("drverify --baseline rep"))
        self.assertEqual(offered("drverify explain row_count.b"), ["row_count.below"])


if __name__ == "__main__":
    unittest.main()
