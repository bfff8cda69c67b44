#!/usr/bin/env python3
"""test_limits.py: what is too large or too deep is refused soon, and without much memory

DRVERIFY names the built program. No server is needed.
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

from watched import MEMORY_MB, Watched, say

PROGRAM = os.path.abspath(os.environ["DRVERIFY"])
# Of a machine that is busy, and of a program that is slowed down by sanitizers.
SECONDS = 120 if os.environ.get("DRV_SANITIZED") else 30
SOURCES = b'{"format":"drverify/1","sources":{"m":{"store":"postgresql"}},"checks":['
MIB = 2**20


def document(*checks, **members):
    return json.dumps({"format": "drverify/1", "sources": {"m": {"store": "postgresql"}},
                       "checks": checks, **members}).encode()


def chain(preimage):
    return {"check": "audit_chain", "source": "m", "table": "s.t", "hash": "h", "previous": "p",
            "preimage": preimage}


def counts(number, name):
    return b",".join(b'{"check":"row_count","source":"m","table":"s.%b"}' % name(i)
                     for i in range(number))


class Limits(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def put(self, content, name="document.json"):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            for piece in [content] if isinstance(content, bytes) else content:
                file.write(piece)
        return path

    def run_with(self, *arguments, status, says="", memory_mb=MEMORY_MB):
        done = Watched([PROGRAM, *arguments], within=SECONDS)
        say(f"{self.id().split('.')[-1]}: {done.status}, {done.seconds:.1f} s, "
            f"{done.memory_mb:.0f} MB")
        self.assertFalse(done.hung, "it hung")
        self.assertEqual(done.status, status, done.raw[-2000:])
        self.assertIn(says, done.err)
        self.assertIsNone(done.steers())
        self.assertLess(done.memory_mb, memory_mb)
        self.assertLess(len(done.err), 4000)

    def test_document_of_100_mb(self):
        path = self.put(SOURCES if i == 0 else b" " * MIB for i in range(100))
        self.run_with("show", path, status=3)

    def test_document_without_end(self):
        with open("/dev/zero", "rb") as zeros:
            done = subprocess.run([PROGRAM, "--baseline", "-"], stdin=zeros, capture_output=True,
                                  check=False, timeout=SECONDS)
        self.assertEqual(done.returncode, 3)

    def test_depth_of_10000(self):
        for opening in (b"[", b'{"a":'):
            self.run_with("show", self.put(opening * 10000), status=3, says="levels of nesting")

    def test_expression_of_that_depth(self):
        preimage = b'{"join":[' * 10000
        self.run_with("show", self.put(
            SOURCES + b'{"check":"audit_chain","source":"m","table":"s.t","preimage":' + preimage),
            status=3, says="levels of nesting")

    def test_as_large_as_it_may_be(self):
        """Nodes are larger than their text: the densest JSON that fits."""
        path = self.put(SOURCES if i == 0 else b"[]]}" if i == 64 else b"[]," * (MIB // 3)
                        for i in range(65))
        self.run_with("show", path, status=3, says="values", memory_mb=5 * MEMORY_MB)

    def test_recipe_of_100000_parts(self):
        parts = [{"previous": "text"}] + [{"column": f"c{i}"} for i in range(100000)]
        self.run_with("show", self.put(document(chain({"join": parts, "with": "|"}))), status=0)

    def test_100000_checks(self):
        self.run_with("show", self.put([SOURCES, counts(100000, lambda i: b"t%d" % i), b"]}"]),
                      status=0, memory_mb=4 * MEMORY_MB)

    def test_20000_checks_that_are_alike(self):
        """Ids are told apart by numbers."""
        self.run_with("show", self.put([SOURCES, counts(20000, lambda i: b"t"), b"]}"]),
                      status=0)

    def test_20000_sources(self):
        sources = {f"s{i}": {"store": "postgresql"} for i in range(20000)}
        checks = [{"check": "connection", "source": f"s{i}"} for i in range(20000)]
        self.run_with("show", self.put(json.dumps({
            "format": "drverify/1", "sources": sources, "checks": checks}).encode()), status=0)

    def test_two_documents_that_are_compared(self):
        one = self.put([SOURCES, counts(20000, lambda i: b"t%d" % i), b"]}"])
        two = self.put([SOURCES, counts(20000, lambda i: b"u%d" % i), b"]}"], "other.json")
        done = Watched([PROGRAM, "diff", one, two], within=SECONDS)
        say(f"diff: {done.status}, {done.seconds:.1f} s, {done.memory_mb:.0f} MB")
        self.assertFalse(done.hung)

    def test_glob_that_backtracks(self):
        path = self.put(document({"check": "row_count", "source": "m", "table": "s." + "a" * 5000}))
        self.run_with("--baseline", path, "--only", "*a" * 2000 + "b", status=3, says="selects no check")

    def test_text_of_a_restore_point(self):
        path = self.put(document())
        self.run_with("--baseline", path, "--restored-to", "9" * 100000, status=3)

    def test_signature_and_key(self):
        path = self.put(document())
        self.put((b"x" * MIB for _ in range(100)), "document.json.sig")
        key = self.put((b"-----BEGIN PUBLIC KEY-----\n" + b"A" * MIB for _ in range(100)), "key.pub")
        os.chmod(key, 0o644)
        self.run_with("--baseline", path, "--trust", key, status=3)
        subprocess.run([PROGRAM, "keygen", f"{self.folder}/good"], check=True, capture_output=True)
        self.run_with("--baseline", path, "--trust", f"{self.folder}/good.pub", status=3)

    def test_key_of_an_hmac(self):
        path = self.put(document())
        secret = self.put((b"k" * MIB for _ in range(100)), "secret")
        self.run_with("--baseline", path, "--key", f"k={secret}", status=3)


if __name__ == "__main__":
    unittest.main()
