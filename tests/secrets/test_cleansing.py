#!/usr/bin/env python3
"""test_cleansing.py: memory that is given back holds no key any more, and no password of our own

DRV_WATCH_FREE names a library that is preloaded and looks into each block before it is freed.
"""
import base64
import os
import subprocess
import unittest
import urllib.parse

from servers import MONGODB, PROGRAM, Case, make_cluster

PASSWORD = "password-to-be-gone-afterwards"
# Below the block of a hash, and above those of both.
SHORT = bytes(range(64, 112))
LONG = bytes((7 * n + 3) % 256 for n in range(200))
SCHEMA = f"""
CREATE TABLE public.people (id int PRIMARY KEY, note text);
INSERT INTO public.people SELECT n, 'note ' || n FROM generate_series(1, 500) n;
CREATE TABLE public.log (id int PRIMARY KEY, note text, previous text, hash text);
INSERT INTO public.log SELECT n, 'note', repeat('a', 128), repeat('b', 128) FROM generate_series(1, 50) n;
CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}';
GRANT SELECT ON public.people, public.log TO reader;
"""


def chain(algorithm):
    return {"check": "audit_chain", "source": "main", "table": "public.log", "hash": "hash",
            "previous": "previous", "order_by": ["id"], "digest": {"hmac": algorithm, "key": "content"},
            "preimage": {"join": [{"previous": "text"}, {"column": "note"}], "with": "|"}}


CONTENT = {"check": "content", "source": "main", "table": "public.people", "detail": "rows"}
DOCUMENT = {"format": "drverify/1", "sources": {"main": {"store": "postgresql"}},
            "checks": [CONTENT, {"check": "row_count", "source": "main", "table": "public.people"}]}
CHAINS = {**DOCUMENT, "checks": [CONTENT, chain("sha256"), chain("sha512"), chain("sha384")]}


def ends(secret):
    """Pieces of a secret that a needle has room for."""
    return [secret[:16], secret[-16:]]


def padded(key):
    """As HMAC mixes it into its two hashes."""
    return [bytes(byte ^ pad for byte in key[:16]) for pad in (0x36, 0x5c)]


class Cleansing(Case):
    @classmethod
    def setUpClass(cls):
        cls.server = make_cluster(cls)
        cls.server.ask(SCHEMA)

    def watch(self, needles, *words, status, env=None):
        """Lines about memory that was given back with one of the needles in it."""
        log = self.folder / "log"
        log.unlink(missing_ok=True)
        self.run_program(*words, status=status, env={
            "LD_PRELOAD": os.environ["DRV_WATCH_FREE"], "DRV_WATCH_LOG": str(log),
            "DRV_WATCH": ",".join(needle.hex() for needle in needles), **(env or {})})
        return log.read_text().splitlines()

    def clean(self, needles, *words, **more):
        self.assertEqual(self.watch(needles, *words, **more), [], words)

    def ours(self, needles, *words, **more):
        """Drivers copy passwords, and free what they copied as they like; what we hold is ours."""
        lines = self.watch(needles, *words, **more)
        self.assertEqual([line for line in lines if "drverify" in line.split()[2]], [], words)

    def place(self):
        return self.server.over_tcp("reader", PASSWORD)

    def test_the_watch_sees(self):
        """A document is no secret, and is freed as it stands."""
        path = self.put("checks.json", DOCUMENT)
        lines = self.watch([path.read_bytes()[:16]], "show", path, status=0)
        self.assertTrue(lines)
        self.assertIn("drverify", lines[0].split()[2])

    def test_keys_of_hmac(self):
        source = ["--source", "main=" + self.place()]
        for key in (SHORT, LONG):
            file, other = self.put("key", key), self.put("other", key[::-1])
            needles = ends(key) + padded(key) + ends(key[::-1]) + padded(key[::-1])
            for document in (DOCUMENT, CHAINS):
                path = self.put("checks.json", document)
                self.clean(needles, "--baseline", path, *source, "--key", f"content={file}",
                           "--jobs", "4", status=None)
            # The second takes the place of the first.
            self.clean(needles, "--baseline", path, *source, "--key", f"content={file}", "--key",
                       f"content={other}", status=None)
            self.clean(needles, "chain-try", "--baseline", path, "--check",
                       "audit_chain:main:public.log", *source, "--key", f"content={file}",
                       status=None)
            self.clean(needles, "chain-propose", "--table", "public.log", "--source", self.place(),
                       "--key", f"audit={file}", "--timeout", "5s", status=None)
            self.clean(needles, "doctor", "--baseline", path, *source, "--key", f"content={file}",
                       status=None)
            self.clean(needles, "--baseline", path, *source, "--key", f"content={file}", "--key",
                       "content=/nonexistent", status=3)

    def test_keys_that_sign(self):
        signer = self.folder / "signer"
        subprocess.run([PROGRAM, "keygen", signer], check=True, capture_output=True)
        text = signer.read_text().splitlines()[1]
        seed = base64.b64decode(text)[-32:]
        needles = ends(seed) + ends(text.encode())
        path = self.put("checks.json", DOCUMENT)
        self.clean(needles, "sign", "--key", signer, path, status=0)
        self.clean(needles, "capture", "--baseline", path, "--source", "main=" + self.place(),
                   "--key", f"content={self.put('key', SHORT)}", "--sign", signer, "--write",
                   "json=kept.json", status=0)
        self.assertTrue((self.folder / "kept.json.sig").exists())
        for name, content in (("torn", signer.read_text()[:-30]), ("long", signer.read_text() * 2)):
            self.watch(needles, "sign", "--key", self.put(name, content), path, status=None)
            self.clean(needles, "sign", "--key", self.put(name, content), path, status=None)
        signer.chmod(0o644)
        self.clean(needles, "sign", "--key", signer, path, status=3)

    def test_passwords(self):
        path = self.put("checks.json", DOCUMENT)
        needles = ends(PASSWORD.encode())
        for words, env in ((["--source", "main=" + self.place()], {}),
                           (["--source", f"main=@{self.put('place', self.place())}"], {}),
                           ([], {"DRVERIFY_SOURCE_MAIN": self.place()}),
                           (["--source", "main=" + self.place().replace("reader", "nobody")], {}),
                           (["--source", "main=" + self.place() + " bad"], {})):
            self.ours(needles, "--baseline", path, "--jobs", "4", *words, status=None, env=env)

    @unittest.skipUnless(MONGODB, "DRV_TEST_MONGODB is not set")
    def test_passwords_of_mongodb(self):
        path = self.put("checks.json", {
            "format": "drverify/1", "sources": {"main": {"store": "mongodb", "database": "none"}},
            "checks": [{"check": "connection", "source": "main"}]})
        at = urllib.parse.urlsplit(MONGODB).netloc
        for place in (f"mongodb://user:{PASSWORD}@{at}/", f"mongodb://user:{PASSWORD}@127.0.0.2:1/",
                      f"mongodb://user:{PASSWORD}@x@{at}/"):
            self.ours(ends(PASSWORD.encode()), "--baseline", path, "--source", "main=" + place,
                      "--timeout", "2s", status=None)


if __name__ == "__main__":
    unittest.main()
