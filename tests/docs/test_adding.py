#!/usr/bin/env python3
"""test_adding.py: the check that docs/ADDING-A-CHECK.md adds compiles, finds damage and passes

DRV_BUILD names a build folder: its library is linked with the new file, compiled as its own files
are. DRV_TEST_POSTGRESQL says where a server is; without it the test ends before it would connect.
"""
import json
import os
import re
import shlex
import subprocess
import tempfile
import unittest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BUILD = os.path.abspath(os.environ["DRV_BUILD"])
POSTGRESQL = os.environ.get("DRV_TEST_POSTGRESQL")
DATABASE = "drverify_adding"


def source(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def block(page, language):
    return re.search(rf"(?ms)^```{language}\n(.*?)^```$", page).group(1)


def psql(sql, database):
    subprocess.run(["psql", "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname",
                    f"{POSTGRESQL} dbname={database}", "--command", sql], check=True,
                   stdin=subprocess.DEVNULL)


class Adding(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.page = source("docs", "ADDING-A-CHECK.md")

    def put(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def edit(self):
        """Copies the files that the table names, each with its line."""
        rows = re.findall(r"(?m)^\| `(libdrverify/\S+)` \| `(.+?)` \| `(.+?)` \|$", self.page)
        self.assertEqual(len(rows), 3)
        for name, line, behind in rows:
            text = source(name)
            self.assertEqual(text.count(behind), 1, name)
            self.put(name, text.replace(behind, f"{behind}\n{line}"))

    def compiler(self):
        """How registry.c is compiled, but for input, output and where headers are found first."""
        with open(os.path.join(BUILD, "compile_commands.json"), encoding="utf-8") as file:
            (entry,) = [entry for entry in json.load(file)
                        if entry["file"].endswith("checks/registry.c")]
        words = shlex.split(entry["command"])
        at = next(i for i, word in enumerate(words) if word.startswith(("-I", "-f", "-W", "-D")))
        options = words[at:]
        for word in ("-o", "-MF", "-MQ"):
            if word in options:
                del options[options.index(word):options.index(word) + 2]
        left = [word for word in options if word not in ("-c", "-MD")
                and not word.endswith("registry.c")]
        return [*words[:at], "-I" + os.path.join(self.folder, "libdrverify"), *left, "-Werror"]

    def build(self):
        program = os.path.join(self.folder, "verify")
        files = [os.path.join(self.folder, "libdrverify/checks", name)
                 for name in ("no_nulls.c", "registry.c")]
        there = [name for name in ("libcrypto", "libpq", "libmongoc-1.0")
                 if not subprocess.run(["pkg-config", "--exists", name], check=False).returncode]
        libraries = subprocess.check_output(["pkg-config", "--libs", *there], text=True).split()
        subprocess.run([*self.compiler(), *files, os.path.join(ROOT, "docs/examples/embed.c"),
                        os.path.join(BUILD, "libdrverify/libdrverify.a"), *libraries, "-lpthread",
                        "-o", program], cwd=BUILD, check=True, stdin=subprocess.DEVNULL)
        return program

    def test_example(self):
        self.put("libdrverify/checks/no_nulls.c", block(self.page, "c"))
        document = self.put("document.json", block(self.page, "json"))
        self.edit()
        program = self.build()
        if not POSTGRESQL:
            self.skipTest("DRV_TEST_POSTGRESQL is not set")
        psql(f"DROP DATABASE IF EXISTS {DATABASE}", "postgres")
        psql(f"CREATE DATABASE {DATABASE}", "postgres")
        self.addCleanup(psql, f"DROP DATABASE {DATABASE}", "postgres")
        psql("CREATE TABLE public.users (id int PRIMARY KEY, name text)", DATABASE)
        for sql, status, said in [
            ("SELECT", 1, "no_nulls.vacuous"),
            ("INSERT INTO users SELECT n, 'user' FROM generate_series(1, 9) n", 0,
             "9 rows, 0 of them NULL"),
            ("UPDATE users SET name = NULL WHERE id = 7", 2, "no_nulls.null"),
            ("ALTER TABLE users DROP COLUMN name", 2, "relation.column_missing"),
        ]:
            psql(sql, DATABASE)
            done = subprocess.run([program, document, f"main={POSTGRESQL} dbname={DATABASE}"],
                                  capture_output=True, text=True, check=False,
                                  stdin=subprocess.DEVNULL)
            self.assertEqual(done.returncode, status, done.stdout + done.stderr)
            self.assertIn(said, done.stdout)


if __name__ == "__main__":
    unittest.main()
