#!/usr/bin/env python3
"""test_embedding.py: the programs of docs/EMBEDDING.md compile and do what the page says

DRV_TEST_POSTGRESQL names a server. The library is found by pkg-config and the linker's and
loader's paths, as another project would find it.
"""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
POSTGRESQL = os.environ["DRV_TEST_POSTGRESQL"]
DATABASE = f"drverify_embedding_{os.getpid()}"
PLACE = f"{POSTGRESQL} dbname={DATABASE}"
COMPILERS = {"c": ["cc", "-std=c11"], "cpp": ["c++", "-std=c++17"]}

with open(os.path.join(ROOT, "docs", "EMBEDDING.md"), encoding="utf-8") as file:
    PAGE = file.read()


def blocks():
    """The programs by name, which their first line says."""
    found = {}
    for text in re.findall(r"(?ms)^```(?:c|cpp|python)\n(.*?)^```$", PAGE):
        found[re.match(r"(?:/\*|//|#) (\S+): ", text).group(1)] = text
    return found


def psql(sql, database=DATABASE):
    return subprocess.run(
        ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set",
         "ON_ERROR_STOP=1", "--dbname", f"{POSTGRESQL} dbname={database}", "--command", sql],
        check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout.strip()


def setUpModule():
    psql(f"CREATE DATABASE {DATABASE}", "postgres")
    unittest.addModuleCleanup(psql, f"DROP DATABASE {DATABASE} WITH (FORCE)", "postgres")
    psql("CREATE TABLE customers (id int PRIMARY KEY);"
         "CREATE TABLE orders (id int PRIMARY KEY, customer_id int, state text, price int);"
         "INSERT INTO customers SELECT generate_series(1, 10);"
         "INSERT INTO orders SELECT i, 1 + i % 10, 'paid', i FROM generate_series(1, 1000) i")


class Programs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        flags = subprocess.check_output(["pkg-config", "--cflags", "--libs", "drverify", "libpq"],
                                        text=True).split()
        for name, text in blocks().items():
            stem, kind = name.split(".")
            with open(os.path.join(cls.folder, name), "w", encoding="utf-8") as file:
                file.write(text)
            if kind in COMPILERS:
                subprocess.run([*COMPILERS[kind], "-Wall", "-Wextra", "-Wpedantic", "-Werror",
                                name, *flags, "-o", f"{stem}-{kind}"], cwd=cls.folder, check=True)
        with open(os.path.join(cls.folder, "document.json"), "w", encoding="utf-8") as file:
            file.write(re.search(r"(?ms)^```json\n(.*?)^```$", PAGE).group(1))

    def command(self, name):
        stem, kind = name.split(".")
        program = [sys.executable, name] if kind == "py" else [f"./{stem}-{kind}"]
        return [*program, "document.json", PLACE]

    def run_program(self, name, status):
        done = subprocess.run(self.command(name), cwd=self.folder, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60, check=False)
        self.assertEqual(done.returncode, status, f"{name}: {done.stdout}{done.stderr}")
        return done.stdout

    def damage(self, sql, undo):
        psql(sql)
        self.addCleanup(psql, undo)

    def test_all_are_known(self):
        """A program that is added to the page needs a test."""
        self.assertEqual(set(blocks()), {"restore.c", "orphans.c", "progress.c", "memory.c",
                                         "verify.cpp", "verify.py"})

    def test_intact(self):
        for name in blocks():
            with self.subTest(name):
                self.run_program(name, 0)

    def test_missing_rows(self):
        self.damage("DELETE FROM orders WHERE id = 7", "INSERT INTO orders VALUES (7, 8, 'paid', 7)")
        for name in blocks():
            with self.subTest(name):
                self.assertIn("999 rows", self.run_program(name, 2))

    def test_no_server(self):
        for name in blocks():
            done = subprocess.run([*self.command(name)[:-1], "host=/nowhere"], cwd=self.folder,
                                  capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 3, f"{name}: {done.stdout}{done.stderr}")

    def test_own_checks(self):
        self.assertIn("1000 orders, 0 without a customer", self.run_program("orphans.c", 0))
        self.damage("UPDATE orders SET customer_id = 99, price = -1 WHERE id IN (5, 6)",
                    "UPDATE orders SET customer_id = 1 + id % 10, price = id WHERE id IN (5, 6)")
        self.assertIn("x.orphans.found", self.run_program("orphans.c", 2))
        self.assertIn("x.prices.negative", self.run_program("verify.py", 2))
        self.run_program("restore.c", 0)

    def test_memory(self):
        report = json.loads(self.run_program("memory.c", 0))
        self.assertEqual(report["report"]["command"], "verify")
        self.assertEqual(report["report"]["verdict"], "pass")
        self.assertIn("captured_at", report)

    def test_cancel(self):
        """While a lock keeps it waiting, which a question of somebody else's shows."""
        holder = subprocess.Popen(["psql", "--no-psqlrc", "--quiet", "--dbname", PLACE],
                                  stdin=subprocess.PIPE, text=True)
        holder.stdin.write("BEGIN; LOCK TABLE orders;\n")
        holder.stdin.flush()
        asked = "SELECT count(*) FROM pg_locks WHERE relation = 'orders'::regclass AND "
        self.wait_for(asked + "granted AND mode = 'AccessExclusiveLock'")
        process = subprocess.Popen(self.command("progress.c"), cwd=self.folder, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.wait_for(asked + "NOT granted")
        process.send_signal(signal.SIGINT)
        out, progress = process.communicate(timeout=30)
        holder.communicate("ROLLBACK;\n", timeout=30)
        self.assertEqual(process.returncode, 3, progress)
        self.assertIn("cancelled", out)
        self.assertIn("0 of 1 checks", progress)

    def wait_for(self, asked):
        until = time.monotonic() + 30
        while psql(asked) != "1":
            self.assertLess(time.monotonic(), until, asked)


if __name__ == "__main__":
    unittest.main()
