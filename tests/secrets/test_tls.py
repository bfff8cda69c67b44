#!/usr/bin/env python3
"""test_tls.py: a server that shows a wrong certificate is not talked to, and the message says why

PostgreSQL speaks TLS by itself; in front of the server for the MongoDB protocol, which
DRV_TEST_MONGODB names, stands an end of TLS.
"""
import pathlib
import shutil
import tempfile
import unittest
import urllib.parse

from servers import MONGODB, Case, Certificates, TlsEnd, codes, make_all, make_cluster

CANARY = "tls-s3cr3t-canary"
DOCUMENT = {"format": "drverify/1", "sources": {"main": {"store": "postgresql"}},
            "checks": [{"check": "connection", "source": "main", "tls": True}]}
WRONG = ("wrong-host", "other-authority", "expired", "self-signed")


class Certified(Case):
    @classmethod
    def setUpClass(cls):
        cls.certificates = Certificates(tempfile.mkdtemp(prefix="drv-", dir="/tmp"))
        cls.addClassCleanup(shutil.rmtree, cls.certificates.folder)
        make_all(cls.certificates)

    def check(self, place, status, *says, patience="20s"):
        """Exit status, and words of the only finding."""
        path = self.put("checks.json", self.document)
        self.put("place", place)
        self.run_program("--baseline", path, "--source", "main=@place", "-v", "--write",
                         "json=report.json", "--timeout", patience, status=status)
        for text in (self.out, self.err, pathlib.Path(self.folder, "report.json").read_text()):
            self.assertNotIn(CANARY, text)
        result, = self.results()
        if status == 3:
            self.assertEqual(codes(result), ["source.unreachable"])
        for word in says:
            self.assertIn(word, result["findings"][0]["message"])


class PostgreSQL(Certified):
    document = DOCUMENT

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = make_cluster(cls)
        cls.server.ask(f"CREATE ROLE reader LOGIN PASSWORD '{CANARY}'")

    def place(self, mode, host="localhost", **more):
        more = {"sslrootcert": self.certificates.path("ca.crt"), **more}
        return self.server.over_tcp("reader", CANARY, host=host, sslmode=mode, **more)

    def test_certificates(self):
        cases = [
            # certificate, sslmode, status, what the message says
            ("right", "verify-full", 0, []),
            ("right", "verify-ca", 0, []),
            ("wrong-host", "verify-full", 3, ["does not match the host name",
                                              "connect by the name"]),
            ("wrong-host", "verify-ca", 0, []),
            ("other-authority", "verify-full", 3, ["certificate verify failed", "sslrootcert"]),
            ("other-authority", "verify-ca", 3, ["certificate verify failed", "sslrootcert"]),
            ("expired", "verify-full", 3, ["has expired", "renew"]),
            ("self-signed", "verify-full", 3, ["certificate verify failed", "sslrootcert"]),
            ("self-signed", "require", 3, ["certificate verify failed", "sslrootcert"]),
        ]
        shown = None
        for certificate, mode, status, says in cases:
            if shown != certificate:
                self.server.show(self.certificates.path(certificate))
                shown = certificate
            with self.subTest(certificate=certificate, mode=mode):
                self.check(self.place(mode), status, *says)

    def test_another_name_of_the_same_server(self):
        self.server.show(self.certificates.path("right"))
        self.check(self.place("verify-full", host="127.0.0.1"), 3, "does not match the host name")

    def test_no_authority_is_known(self):
        self.server.show(self.certificates.path("right"))
        for mode in ("verify-full", "verify-ca"):
            self.check(self.place(mode, sslrootcert="/nonexistent/root.crt"), 3,
                       "does not exist", "sslrootcert")

    def test_downgrade(self):
        """Somebody on the way answers that the server speaks no TLS."""
        self.server.show(None)
        for mode in ("verify-full", "verify-ca", "require"):
            self.check(self.place(mode), 3, "does not support SSL", "ssl = on")
        # Asked for by nobody but the document, which says so.
        self.check(self.place("prefer"), 1, "not encrypted")

    def test_all_connections_are_verified(self):
        """Further connections, and the end of a question, go the same way as the first."""
        self.server.show(self.certificates.path("right"))
        self.server.ask("DROP TABLE IF EXISTS public.big; CREATE TABLE public.big AS SELECT g AS id,"
                        " repeat('x', 200) AS t FROM generate_series(1, 150000) g;"
                        "GRANT SELECT ON public.big TO reader;"
                        "DROP TABLE IF EXISTS public.seen; CREATE TABLE public.seen (n int)")
        document = {**DOCUMENT, "checks": [{"check": "encrypted_field", "source": "main", "table": "public.big",
                                           "ciphertext": "t", "format": "hex"}]}
        path = self.put("checks.json", document)
        self.put("place", self.place("verify-full", ssl_min_protocol_version="TLSv1.3"))
        self.server.ask("ALTER SYSTEM SET log_connections = on")
        self.server.ask("SELECT pg_reload_conf()")
        log = self.server.folder / "server.log"
        before = log.stat().st_size
        self.run_program("--baseline", path, "--source", "main=@place", "--jobs", "4", status=2)
        lines = [line for line in log.read_text()[before:].splitlines()
                 if "connection authorized: user=reader" in line]
        self.assertGreater(len(lines), 1)
        for line in lines:
            self.assertIn("SSL enabled (protocol=TLSv1.3", line)


@unittest.skipUnless(MONGODB, "DRV_TEST_MONGODB is not set")
class MongoDB(Certified):
    document = {**DOCUMENT, "sources": {"main": {"store": "mongodb", "database": "drverify_tls"}}}

    def end(self, certificate):
        at = urllib.parse.urlsplit(MONGODB)
        end = TlsEnd(self.certificates.path(certificate), (at.hostname, at.port))
        self.addCleanup(end.close)
        return end.port

    def place(self, port, host="localhost", **more):
        more = {"tls": "true", "tlsCAFile": self.certificates.path("ca.crt"),
                "tlsCertificateKeyFilePassword": CANARY, **more}
        words = "&".join(f"{name}={value}" for name, value in more.items() if value)
        return f"mongodb://{host}:{port}/?{words}"

    def test_certificates(self):
        cases = [
            # certificate, further options, status, what the message says
            ("right", {}, 0, []),
            ("wrong-host", {}, 3, ["is not for the name", "connect by the name"]),
            ("wrong-host", {"tlsAllowInvalidHostnames": "true"}, 0, []),
            ("other-authority", {}, 3, ["signed by a known authority", "tlsCAFile"]),
            ("other-authority", {"tlsAllowInvalidHostnames": "true"}, 3, ["known authority"]),
            ("expired", {}, 3, ["has expired", "renew"]),
            ("self-signed", {}, 3, ["signed by a known authority", "tlsCAFile"]),
            ("right", {"tlsCAFile": None}, 3, ["known authority", "tlsCAFile"]),
            ("right", {"tlsCAFile": "/nonexistent"}, 3, ["tlsCAFile"]),
            # What the operator says is done, and nobody else may say it.
            ("self-signed", {"tlsInsecure": "true"}, 0, []),
        ]
        for certificate, more, status, says in cases:
            with self.subTest(certificate=certificate, more=more):
                self.check(self.place(self.end(certificate), **more), status, *says)

    def test_another_name_of_the_same_server(self):
        self.check(self.place(self.end("right"), host="127.0.0.1"), 3, "is not for the name")

    def test_a_server_without_tls(self):
        at = urllib.parse.urlsplit(MONGODB)
        self.check(self.place(at.port), 3, "TLS", patience="2s")

    def test_a_client_without_tls(self):
        self.check(f"mongodb://localhost:{self.end('right')}/", 3, patience="2s")
        self.check(MONGODB, 1, "not encrypted")


if __name__ == "__main__":
    unittest.main()
